//! Ctrl-C: the first one ends the run cleanly, the second one kills.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Outcome, output};

/// Whether the user asked to stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C from now on.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        let flag = Arc::clone(&interrupt.0);
        // Without a handler Ctrl-C simply kills, which is acceptable: a failure here stops no run.
        let _ = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(Outcome::Interrupted.code()));
            }
            output::note("\ninterrupted: ending the run; once more stops at once and writes nothing");
        });
        interrupt
    }

    pub(super) fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
