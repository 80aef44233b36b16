//! What a study costs: events of the failure model, whole periods, and each way to an answer of 10% half width.
//!
//! `cargo bench --bench studies`; elements are transitions of components, periods, or states.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fabricsim::failures::{Lives, LivesPlan, StandingPlan};
use fabricsim::network::{Network, SlaRule};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::study::benchmark::biased;
use fabricsim::study::exact::enumeration::{Limits, enumerate};
use fabricsim::study::reference::{components, paths};
use fabricsim::study::structure::Structure;
use fabricsim::study::years::Plan;
use fabricsim::study::years::engine::{self, BLOCK};
use fabricsim::units::CalendarSpan;

fn quad() -> Network {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/studies/quad-month.toml");
    scenario::load(path.as_ref(), &[]).expect("a shipped scenario").network
}

/// What fails and returns in lives of a hundred years in one piece, and in as many months, on one core.
fn failure_model(criterion: &mut Criterion) {
    let network = quad();
    let mut group = criterion.benchmark_group("failure model");
    for (name, days, blocks) in [("lives of 100 years", 36_500, 1), ("months", 30, 1_216)] {
        let plan = LivesPlan::new(&network.reliability, CalendarSpan::from_days(days));
        let mut lives = Lives::new(&plan);
        let mut draw = || -> u64 {
            let of_block = |block| lives.block(RunSeed(1), block).iter().map(Vec::len).sum::<usize>();
            (0..blocks).map(of_block).sum::<usize>() as u64
        };
        group.throughput(Throughput::Elements(draw()));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(draw())));
    }
    group.finish();
}

/// Months of the quad fabric judged by one rule, on all cores, without episodes.
fn periods(criterion: &mut Criterion) {
    let network = quad();
    let plan = Plan::new(&network, vec![SlaRule::preset("google-interconnect").expect("a preset")], None);
    let mut group = criterion.benchmark_group("periods");
    group.sample_size(10).throughput(Throughput::Elements(64 * BLOCK));
    group.bench_function("64 blocks of months", |bencher| {
        bencher.iter(|| black_box(engine::blocks(&plan, RunSeed(1), 0, 64)));
    });
    group.finish();
}

/// The reference fabric without a path (4.27e-8) and below two (4.93e-6), to 10%. Crude simulation needs 3,300,000 and
/// 42,800 years of some 47 transitions each; its time follows from the rate of the failure model.
fn rare_outages(criterion: &mut Criterion) {
    let components = components();
    let mut group = criterion.benchmark_group("to 10% half width");
    group.sample_size(10);
    for below in [1, 2] {
        group.bench_function(BenchmarkId::new("failure biasing, below", below), |bencher| {
            bencher.iter(|| black_box(biased(below)));
        });
    }
    let limits = Limits { remainder: 0.0, relative: 0.1, states: usize::MAX };
    group.bench_function("enumeration", |bencher| {
        bencher.iter(|| black_box(enumerate(&components, &[], &limits, &paths).states));
    });
    group.finish();
}

/// All that a study says exactly about the quad fabric: 72 components.
fn structure(criterion: &mut Criterion) {
    let network = quad();
    let standing = StandingPlan::new(&network);
    let connection = network.connections.ids().next().expect("a connection");
    let mut group = criterion.benchmark_group("structure");
    group.sample_size(10);
    group.bench_function("quad fabric", |bencher| {
        bencher.iter(|| black_box(Structure::new(&network, &standing).connection(connection)));
    });
    group.finish();
}

criterion_group!(benches, failure_model, periods, rare_outages, structure);
criterion_main!(benches);
