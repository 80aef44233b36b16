//! Writers: one file per format. They know documents, tables and plots, and nothing of networks.

pub mod csv;
pub mod html;
pub mod json;
pub mod markdown;
pub mod svg;
pub mod terminal;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `files` (name, content) into `folder`, which is made when missing. Every file is whole or not there: it is
/// written beside its place and then renamed. Returns the paths in order.
///
/// # Errors
/// What the file system says, with the path; files before the failing one are complete, and nothing partial stays.
pub fn files(folder: &Path, files: &[(String, String)]) -> io::Result<Vec<PathBuf>> {
    let at = |path: &Path, error: &io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    let mut written = Vec::with_capacity(files.len());
    for (name, content) in files {
        let path = folder.join(name);
        whole(folder, &path, content).map_err(|error| at(&path, &error))?;
        written.push(path);
    }
    Ok(written)
}

fn whole(folder: &Path, path: &Path, content: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fabricsim-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is private by default; a result is as readable as the user's umask says.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failing_write_leaves_whole_files_and_nothing_partial() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("deep/results");
        // The second file cannot be put in place: a folder with something in it stands there.
        fs::create_dir_all(folder.join("b.csv/occupied")).unwrap();
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let error = files(&folder, &[file("a.csv", "a\n"), file("b.csv", "b\n"), file("c.csv", "c\n")]);
        assert!(error.unwrap_err().to_string().contains("b.csv"));
        assert_eq!(names(&folder), ["a.csv", "b.csv"]);
        assert_eq!(fs::read_to_string(folder.join("a.csv")).unwrap(), "a\n");
    }

    #[test]
    fn files_are_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        files(folder.path(), &[("a.txt".into(), "a longer first version".into())]).unwrap();
        let written = files(folder.path(), &[("a.txt".into(), "second".into())]).unwrap();
        assert_eq!(fs::read_to_string(&written[0]).unwrap(), "second");
        assert_eq!(names(folder.path()), ["a.txt"]);
    }
}
