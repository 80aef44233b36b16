//! `fabricsim bench`: how fast and how right this program is on this machine.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::output::{counted, note, print};
use super::run::not_written;
use super::{Outcome, WrongInput};
use crate::report::benchmark::{BENCHMARK_FILE, Measured, benchmark_page, write_benchmark};
use crate::study::benchmark::peers::{Peer, PeerKind};
use crate::study::benchmark::{Accuracy, Effort, measure};

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim bench --quick              under half a minute\n  \
        fabricsim bench                      some minutes, with 50 million packets held against theory\n  \
        fabricsim bench --peers --out /tmp/b in turn with ns-3 and SimPy, where they can be installed\n\n\
        Speeds are medians of rounds in which the engine and a bare hand-written loop take turns: a machine's\n\
        speed drifts, their ratio does not. Run it on an idle machine. Exit code 1 when packets do not wait as\n\
        theory says.")]
pub(super) struct Bench {
    /// Fewer rounds and packets; the 99th percentile is not judged.
    #[arg(long)]
    quick: bool,
    /// Also build and run ns-3 (Debian's libns3-dev) and SimPy (by pip) on the same workloads.
    #[arg(long)]
    peers: bool,
    /// Folder for the results; an earlier benchmark.json there is compared with, then replaced.
    #[arg(long, value_name = "DIR", default_value = "results/benchmark")]
    out: PathBuf,
    /// No notes on what is being measured.
    #[arg(long)]
    quiet: bool,
}

impl Bench {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        // Before the measurement, so that nobody waits for a result that cannot be kept.
        std::fs::create_dir_all(&self.out).map_err(|error| not_written(&self.out, &error))?;
        let earlier = earlier(&self.out);
        let scratch = tempfile::tempdir().map_err(|error| not_written(&std::env::temp_dir(), &error))?;
        let (peers, absent) = self.prepare(scratch.path());
        let effort = if self.quick { Effort::Quick } else { Effort::Full };
        let now = measure(effort, &peers, &mut |what| self.tell(what));
        let holds = |accuracy: &Accuracy| accuracy.mean_holds() && accuracy.p99_holds() != Some(false);
        let outcome = if now.accuracies.iter().all(holds) { Outcome::Done } else { Outcome::NotMet };
        let measured = Measured { now, absent, earlier };
        print(&benchmark_page(&measured))?;
        let files = write_benchmark(&self.out, &measured).map_err(|error| not_written(&self.out, &error))?;
        self.tell(&format!("{} written to {}", counted(files.len(), "file"), self.out.display()));
        Ok(outcome)
    }

    /// The peers that can be had, and why the others cannot.
    fn prepare(&self, folder: &Path) -> (Vec<Peer>, Vec<(&'static str, String)>) {
        let (mut peers, mut absent) = (Vec::new(), Vec::new());
        for kind in PeerKind::ALL.into_iter().filter(|_| self.peers) {
            self.tell(&format!("{}: preparing", kind.name()));
            match kind.prepare(folder) {
                Ok(peer) => peers.push(peer),
                Err(reason) => absent.push((kind.name(), reason)),
            }
        }
        (peers, absent)
    }

    fn tell(&self, what: &str) {
        if !self.quiet {
            note(what);
        }
    }
}

/// What an earlier benchmark left; a file that cannot be read is nothing to compare with.
fn earlier(folder: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(folder.join(BENCHMARK_FILE)).ok()?;
    serde_json::from_str(&text).ok()
}
