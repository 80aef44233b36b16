//! `fabricsim check`: are these scenarios valid?

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{counted, note, print};
use super::{Outcome, WrongInput, input};

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fabricsim check scenarios my.toml")]
pub(super) struct Check {
    /// Scenario files, or folders that are searched for *.toml; - reads standard input.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
}

impl Check {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let mut files = Vec::new();
        for path in &self.paths {
            files.extend(scenario_files(path)?);
        }
        let (mut problems, mut broken, mut warned) = (0, 0, 0);
        for file in &files {
            match input::load_problems(file, &[]) {
                Ok(Ok(loaded)) => {
                    warned += loaded.warnings.len();
                    if !loaded.warnings.is_empty() {
                        note(&format!("{}:\n{}", file.display(), input::warnings(&loaded)));
                    }
                }
                Ok(Err(found)) => {
                    problems += found.iter().count();
                    broken += 1;
                    note(&found.render());
                }
                Err(WrongInput(message)) => {
                    problems += 1;
                    broken += 1;
                    note(&message);
                }
            }
        }
        let summary = summary(files.len(), problems, broken, warned);
        if broken > 0 {
            return Err(WrongInput(summary));
        }
        print(&format!("{summary}\n"))?;
        Ok(Outcome::Done)
    }
}

fn summary(files: usize, problems: usize, broken: usize, warned: usize) -> String {
    let warnings = if warned == 0 { String::new() } else { format!(" ({})", counted(warned, "warning")) };
    let files = counted(files, "scenario");
    if broken == 0 {
        format!("{files}, no problems{warnings}")
    } else {
        format!("{files}, {} in {broken} of them{warnings}", counted(problems, "problem"))
    }
}

/// The file itself, or every *.toml below a folder, in order of path.
fn scenario_files(path: &Path) -> Result<Vec<PathBuf>, WrongInput> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| WrongInput(format!("{}: cannot be read: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            // The entry's own type: a link to a folder above is not followed round and round.
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "toml") {
                found.push(entry.path());
            }
        }
    }
    if found.is_empty() {
        return Err(WrongInput(format!("{}: no scenario (*.toml) in this folder", path.display())));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_files_problems_and_warnings() {
        assert_eq!(summary(1, 0, 0, 0), "1 scenario, no problems");
        assert_eq!(summary(12, 0, 0, 1), "12 scenarios, no problems (1 warning)");
        assert_eq!(summary(12, 3, 2, 0), "12 scenarios, 3 problems in 2 of them");
    }

    #[test]
    fn folders_are_searched_in_order_and_an_empty_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("b");
        std::fs::create_dir(&inner).unwrap();
        assert!(scenario_files(folder.path()).unwrap_err().0.ends_with("no scenario (*.toml) in this folder"));
        for name in ["c.toml", "a.toml", "b/x.toml", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let expected: Vec<PathBuf> = ["a.toml", "b/x.toml", "c.toml"].map(|name| folder.path().join(name)).into();
        assert_eq!(scenario_files(folder.path()).unwrap(), expected);
    }
}
