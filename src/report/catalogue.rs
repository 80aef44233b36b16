//! Every kind of report, one line each.

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it is made from and says.
    pub summary: &'static str,
    /// The files it writes.
    pub files: &'static [&'static str],
}

/// All reports.
pub const REPORTS: [Entry; 5] = [
    Entry {
        name: "run",
        summary: "one run: what the customer saw, what each incident cost, what the rule charges",
        files: &[
            "summary.json",
            "flows.csv",
            "links.csv",
            "classes.csv",
            "macsec.csv",
            "ledger.csv",
            "blackouts.csv",
            "monitor.csv",
            "series.csv",
            "latency.svg",
            "latency-distribution.svg",
            "throughput.svg",
            "loss.svg",
            "report.html",
        ],
    },
    Entry {
        name: "repeat",
        summary: "many seeds of one scenario: each incident's blackout as min, median, p95 and max",
        files: &["repeat.json", "repeat.csv", "repeat-runs.csv", "repeat.html"],
    },
    Entry {
        name: "sweep",
        summary: "a grid of values, the same seeds at each point: blackout, loss, false BFD detections, charge",
        files: &["sweep.json", "sweep.csv", "sweep-runs.csv", "sweep.svg", "sweep.html"],
    },
    Entry {
        name: "study",
        summary: "many periods of a failure model: in how many the promise is kept, what for not, what decides it",
        files: &[
            "study.json",
            "study-causes.csv",
            "study-sensitivity.csv",
            "study-charged.svg",
            "study-causes.svg",
            "study-sensitivity.svg",
            "study-budget.svg",
            "study.html",
        ],
    },
    Entry {
        name: "benchmark",
        summary: "this program itself: speed beside a bare loop, waits against theory, other simulators",
        files: &["benchmark.json", "benchmark.md", "benchmark.html", "speeds.svg", "event-queue.svg"],
    },
];
