//! Does memory stay in proportion to flows when packets are lost? The only test of its process, since a process has one
//! peak.

mod common;

use common::run;
use fabricsim::message::DropReason;
use fabricsim::study::benchmark::peak_memory;

/// Two flows that send twice what the line carries.
fn overload(horizon: &str) -> String {
    common::path(
        horizon,
        "rate = \"10 Gbps\"\ndelay = \"10 us\"\nbuffer = \"1 MB\"",
        &common::flow("f", "rate = \"20 Gbps\"\ncount = 2\narrivals = \"poisson\"\nsize = \"1000 B\""),
    )
}

/// A flow that loses half of its packets at a limit, and the others in an outage that nobody notices: one blackout, of two
/// causes in turn.
fn outage(horizon: &str) -> String {
    let text = common::path(
        horizon,
        "rate = \"10 Gbps\"\ndelay = \"10 us\"",
        &(common::flow("f", "rate = \"4 Gbps\"\nsize = \"1000 B\"")
            + &common::failure("silent_cut", "at = \"1 ms\"\nlasts = \"9 s\"")),
    );
    text.replace(
        "[attachments.left]\n",
        "[attachments.left]\nrate_limit = { bandwidth = \"2 Gbps\", burst = \"1 ms\" }\n",
    )
}

/// From a run to one ten times as long the peak of the process grows by next to nothing: a loss that was kept would take 40
/// bytes and more, 45 MB and 90 MB for what these lose.
#[test]
fn memory_does_not_grow_with_the_packets_that_are_lost() {
    let cases = [
        ([overload("200 ms"), overload("2 s")], [DropReason::BufferFull; 2]),
        ([outage("500 ms"), outage("5 s")], [DropReason::RateLimit, DropReason::SilentCut]),
    ];
    for ([short, long], causes) in cases {
        let lost = |text: &str| causes.map(|cause| run(text).totals.data.dropped[&cause]).into_iter().min().unwrap();
        let few = lost(&short);
        let before = peak_memory();
        let many = lost(&long);
        assert!(few > 100_000 && many > 9 * few, "{few} and {many}");
        let (Some(before), Some(after)) = (before, peak_memory()) else { return };
        assert!(after.0 < before.0 + (4 << 20), "{before} for {few} lost, {after} for {many}");
    }
}
