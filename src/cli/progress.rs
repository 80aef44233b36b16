//! The progress bar, on standard error and only for a person who is watching.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::sim::Progress;
use crate::units::Span;

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// On a terminal.
    OnTerminal,
    /// Never.
    Never,
}

/// Progress of one run or of several at once.
pub(super) struct Meter {
    bar: ProgressBar,
    /// Simulated milliseconds and packet-hops so far, per run.
    runs: Vec<(AtomicU64, AtomicU64)>,
}

impl Meter {
    /// A meter for `runs` runs of `horizon` each.
    pub(super) fn new(shown: Shown, runs: u32, horizon: Span) -> Self {
        let visible = shown == Shown::OnTerminal && std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let length = milliseconds(horizon).saturating_mul(u64::from(runs));
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {elapsed} gone, {eta} to go")
            .expect("a valid template");
        let bar = ProgressBar::with_draw_target(Some(length), target).with_style(style);
        Self { bar, runs: (0..runs).map(|_| Default::default()).collect() }
    }

    /// Run `index` has come this far.
    pub(super) fn update(&self, index: u32, progress: &Progress) {
        let Some((done, hops)) = self.runs.get(index as usize) else { return };
        done.store(milliseconds(progress.now.min(progress.horizon)), Ordering::Relaxed);
        hops.store(progress.packet_hops, Ordering::Relaxed);
        if !self.bar.is_hidden() {
            let total = |pick: fn(&(AtomicU64, AtomicU64)) -> &AtomicU64| {
                self.runs.iter().map(|run| pick(run).load(Ordering::Relaxed)).sum::<u64>()
            };
            self.bar.set_position(total(|run| &run.0));
            self.bar.set_message(message(total(|run| &run.0), total(|run| &run.1)));
        }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn milliseconds(span: Span) -> u64 {
    span.as_ps() / 1_000_000_000
}

/// "12.5 s simulated, 3.4 million packet-hops".
fn message(simulated_ms: u64, hops: u64) -> String {
    let seconds = format!("{}.{} s", simulated_ms / 1_000, simulated_ms % 1_000 / 100);
    format!("{seconds} simulated, {}.{} million packet-hops", hops / 1_000_000, hops % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_how_much_was_simulated() {
        assert_eq!(message(12_549, 3_499_999), "12.5 s simulated, 3.4 million packet-hops");
    }
}
