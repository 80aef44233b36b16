//! Scenario files as commands take them: a path, or `-` for standard input.

use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use super::WrongInput;
use crate::scenario::{self, Loaded, Problems};

/// The path that means standard input.
const STANDARD_INPUT: &str = "-";

/// The largest scenario that is read; it keeps a wrong file (a disk image) from filling the memory.
const LARGEST_BYTES: u64 = 16 << 20;

/// Loads one scenario with its overrides, or says everything that is wrong with it.
pub(super) fn load(path: &Path, overrides: &[String]) -> Result<Loaded, WrongInput> {
    load_problems(path, overrides)?.map_err(|problems| WrongInput(problems.render()))
}

/// As [`load`], with problems of the scenario kept apart from a file that cannot be read.
pub(super) fn load_problems(path: &Path, overrides: &[String]) -> Result<Result<Loaded, Problems>, WrongInput> {
    if path.as_os_str() == STANDARD_INPUT {
        let text = read_all(std::io::stdin().lock())
            .map_err(|error| WrongInput(format!("standard input: cannot be read: {error}")))?;
        return Ok(scenario::parse(&text, "stdin.toml", overrides));
    }
    let shown = path.display();
    let metadata = std::fs::metadata(path)
        .map_err(|error| WrongInput(format!("{shown}: cannot be read: {error}; is the path right?")))?;
    if metadata.is_dir() {
        return Err(WrongInput(format!("{shown}: is a folder; name one scenario file in it")));
    }
    if metadata.len() > LARGEST_BYTES {
        return Err(WrongInput(format!("{shown}: is larger than 16 MiB; a scenario is a small text file")));
    }
    Ok(scenario::load(path, overrides))
}

fn read_all(mut reader: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    reader.by_ref().take(LARGEST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// The warnings of a scenario, one a line; empty when there is none.
pub(super) fn warnings(loaded: &Loaded) -> String {
    loaded.warnings.iter().fold(String::new(), |mut text, warning| {
        let _ = writeln!(text, "{warning}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_is_not_text_is_an_error_not_a_panic() {
        assert!(read_all(&[0xff, 0xfe, 0x00][..]).is_err());
        assert_eq!(read_all(&b"title = 'x'"[..]).unwrap(), "title = 'x'");
    }
}
