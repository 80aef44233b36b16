//! Where text goes: results to standard output, notes to standard error.

use std::io::{ErrorKind, Write};

use super::WrongInput;

/// Writes a result to standard output. A reader that stops reading (`| head`) is not an error.
pub(super) fn print(text: &str) -> Result<(), WrongInput> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(WrongInput(format!("standard output: cannot be written: {error}")))
        }
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Writes a note to standard error, on lines of its own.
pub(super) fn note(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nobody is left to tell when standard error itself fails.
    let _ = stderr.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stderr.write_all(b"\n");
    }
}

/// "1 scenario", "2 scenarios".
pub(super) fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_right() {
        assert_eq!(counted(0, "problem"), "0 problems");
        assert_eq!(counted(1, "problem"), "1 problem");
        assert_eq!(counted(2, "problem"), "2 problems");
    }
}
