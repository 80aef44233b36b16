//! Runs of the engine behind a study, kept in the user's cache: the next study of the same fabric finds them again.

use std::fs;
use std::path::PathBuf;

use crate::report::write::files;
use crate::rng::mix;
use crate::study::years::Cache;

/// A folder of small files, one a run. A run belongs to this very program: another build of it finds none of them.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// `$FABRICSIM_CACHE`, else the user's cache; `None` where there is neither, or this program cannot be read.
    pub(super) fn of_user() -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = variable("FABRICSIM_CACHE")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("fabricsim")))
            .or_else(|| Some(variable("HOME")?.join(".cache").join("fabricsim")))?;
        let program = fs::read(std::env::current_exe().ok()?).ok()?;
        let version = format!("{}-{:016x}", env!("CARGO_PKG_VERSION"), fingerprint(&program));
        let path = base.join("episodes").join(version);
        fs::create_dir_all(&path).ok()?;
        Some(Self { path })
    }
}

/// A hash of bytes, eight at a time.
fn fingerprint(bytes: &[u8]) -> u64 {
    let word = |chunk: &[u8]| chunk.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    bytes.chunks(8).fold(bytes.len() as u64, |hash, chunk| mix(hash.rotate_left(5) ^ word(chunk)))
}

impl Cache for Folder {
    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path.join(name)).ok()
    }

    fn keep(&self, name: &str, text: &str) {
        // A disk that is full stops no study.
        let _ = files(&self.path, &[(name.to_owned(), text.to_owned())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_in_a_program_makes_it_another() {
        let program: Vec<u8> = (0..100).collect();
        for place in 0..100 {
            let mut other = program.clone();
            other[place] ^= 4;
            assert_ne!(fingerprint(&program), fingerprint(&other), "byte {place}");
        }
        assert_ne!(fingerprint(&[0; 8]), fingerprint(&[0; 16]));
    }
}
