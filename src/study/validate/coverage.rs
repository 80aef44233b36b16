//! Do intervals hold the truth as often as they say? Many small studies, each with its own interval.

use super::{Cost, Oracle, Row};
use crate::rng::{RunSeed, Stream};
use crate::study::statistics::binomial::clopper_pearson;
use crate::study::statistics::sums::Sums;

pub(super) const INTERVALS: Oracle = Oracle {
    name: "coverage",
    claim: "nominal 95% intervals of 2,000 small studies cover what they say",
    cost: Cost::Seconds,
    rows: coverage,
};

const STUDIES: u64 = 2_000;

fn coverage() -> Vec<Row> {
    let covered = |covers: &dyn Fn(RunSeed) -> bool| {
        let covered = (0..STUDIES).filter(|study| covers(RunSeed(*study))).count();
        covered as f64 / STUDIES as f64
    };
    let share = covered(&|seed| log_t_covers(&mut seed.stream("study", "coverage")));
    let mut rows = vec![Row::lies("log-t, 128 outages expected", "nominal 95%", share, 0.93, 0.97)];
    for truth in [0.004, 0.017_62, 0.331_46] {
        let share = covered(&|seed| clopper_pearson_covers(truth, &mut seed.stream("study", "months")));
        let name = format!("Clopper-Pearson, 300 months, P = {truth}");
        rows.push(Row::lies(name, "at least 95%, Clopper & Pearson 1934", share, 0.94, 1.0));
    }
    rows
}

/// A study of one block of 64 years with two exponential outages a year.
fn log_t_covers(stream: &mut Stream) -> bool {
    const PICOUNITS: f64 = 1e12;
    let mut tally = Sums::default();
    for _ in 0..64 {
        let (mut clock, mut downtime) = (stream.exponential(), 0.0);
        while clock < 2.0 {
            downtime += stream.exponential();
            clock += stream.exponential();
        }
        tally.add(whole(downtime * PICOUNITS));
    }
    tally.moments().log_t(0.95).is_some_and(|interval| interval.contains(2.0 * PICOUNITS))
}

fn clopper_pearson_covers(truth: f64, stream: &mut Stream) -> bool {
    let events = (0..300).filter(|_| stream.uniform() < truth).count() as u64;
    clopper_pearson(events, 300, 0.95).contains(truth)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(value: f64) -> u64 {
    value as u64
}
