//! Structures, exactly: by enumeration of states, by Markov chains, by conditioning on parts.

use super::{Cost, Oracle, Row};
use crate::study::exact::Component;
use crate::study::exact::enumeration::{Enumeration, Limits, enumerate};
use crate::study::exact::repair::{Pool, QueueOrder, RepairModel, Shock};
use crate::study::reference;

/// Every state.
const ALL: Limits = Limits { remainder: 0.0, relative: 0.0, states: usize::MAX };
const SAME: f64 = 1e-9;

pub(super) const SMALL: Oracle = Oracle {
    name: "small-structures",
    claim: "two of three, pairs with one crew, two crews or a common cause, and a network of eight links are down as printed",
    cost: Cost::Seconds,
    rows: small,
};

pub(super) const QUAD: Oracle = Oracle {
    name: "reference-fabric",
    claim: "enumeration, a chain of 1,024 states and conditioning agree on the reference fabric",
    cost: Cost::Seconds,
    rows: quad,
};

fn pair(up: f64) -> RepairModel {
    RepairModel::new((0..2).map(|i| Component::new(format!("c{i}"), up, 6.0)).collect())
}

fn small() -> Vec<Row> {
    let three: Vec<Component> = (0..3).map(|i| Component::new(format!("c{i}"), 99.0, 1.0)).collect();
    let two_of_three = enumerate(&three, &[], &ALL, &|failed| u32::from(failed.len() < 2)).unavailability(1).low;
    let level = |failed: &[usize]| u32::from(failed.len() < 2);
    let two_crews = pair(1_000.0).solve(10, &level).expect("four states");
    let mut model = pair(1_000.0);
    model.pools.push(Pool { members: vec![0, 1], crews: 1, order: QueueOrder::Fifo });
    let one_crew = model.solve(10, &level).expect("five states");
    let enumerated = enumerate(&pair(1_000.0).components, &[], &ALL, &level).unavailability(1).low;
    let name = "both of 1,000 h up, 6 h down";
    let mut rows = vec![
        Row::near("two of three, 0.01 each", "3 p^2 (1 - p) + p^3", two_of_three, 2.98e-4, 1e-12),
        Row::printed(format!("{name}, one crew"), "balance equations", one_crew.unavailability(1), "7.11411836e-5"),
        Row::printed(format!("{name}, two crews"), "balance equations", two_crews.unavailability(1), "3.55718571e-5"),
        Row::near(format!("{name}, two crews"), "enumeration", two_crews.unavailability(1), enumerated, 1e-12),
        Row::printed(
            "mean time until both are down, h",
            "(3 lambda + mu) / (2 lambda^2)",
            two_crews.mean_hours_to_failure(1),
            "84833.3333",
        ),
    ];
    rows.push(common_cause());
    rows.extend(replication());
    rows
}

/// INET's network for frame replication, with one link between the two branches as here, or one for each direction as there:
/// the same, for whichever is needed, the other is not.
fn replication() -> [Row; 2] {
    let links = reference::replication_links();
    let success = 1.0 - enumerate(&links, &[], &ALL, &reference::replicated).unavailability(1).low;
    // On the first link: both second ones up, and one of two ways; or one of them up, and its way or the link and the other.
    let (link, way) = (0.8, 0.64);
    let both = link * link * (1.0 - (1.0 - way) * (1.0 - way));
    let one = 2.0 * link * (1.0 - link) * (way + (1.0 - way) * link * way);
    let name = "INET's frame replication, links of 80%: the target is reached";
    [
        Row::printed(name, "INET, 7 elements", success, reference::REPLICATION_SUCCESS),
        Row::near(name, "conditioning on the first three links", success, link * (both + one), SAME),
    ]
}

/// A twentieth of the failures of each of a pair hit both. States 0, 1, 2 failed: rates 2 (1 - b) l and b l upwards, l from
/// one to two, repairs m and 2 m; balance over the cuts gives both in closed form.
fn common_cause() -> Row {
    let (failure, repair, share) = (1.0 / 1_000.0, 1.0 / 6.0, 0.05);
    let mut model = pair(1_000.0 / (1.0 - share));
    model.shocks.push(Shock { members: vec![0, 1], every_hours: 1_000.0 / share });
    let solved = model.solve(10, &|failed| u32::from(failed.len() < 2)).expect("three states");
    // Out of 0: p0 (2 (1 - b) l + b l) = p1 m. Into 2: p0 b l + p1 l = p2 2 m.
    let one = (2.0 * (1.0 - share) + share) * failure / repair;
    let two = (share * failure + one * failure) / (2.0 * repair);
    let exact = two / (1.0 + one + two);
    let name = "both of a pair down, beta factor 5%";
    Row::near(name, "balance equations of three states", solved.unavailability(1), exact, SAME)
}

fn quad() -> Vec<Row> {
    let components = reference::components();
    let all = enumerate(&components, &[], &ALL, &reference::paths);
    let chain = RepairModel::new(components.clone()).solve(2_000, &reference::paths).expect("1,024 states");
    let conditioned = by_conditioning(&components);
    let printed = ["4.26663303e-8", "4.92580459e-6", "5.52792057e-4", "2.39089573e-2"];
    let mut rows = Vec::new();
    for (k, printed) in (1..).zip(printed) {
        let value = all.unavailability(k).low;
        let name = format!("fewer than {k} of 4 paths");
        let often = all.failures_per_hour(&components, k).low;
        rows.push(Row::printed(name.clone(), "sum over 1,024 states", value, printed));
        rows.push(Row::near(name.clone(), "Markov chain", chain.unavailability(k), value, SAME));
        rows.push(Row::near(name.clone(), "conditioning on facilities", conditioned[k as usize - 1], value, SAME));
        rows.push(Row::near(format!("{name}, how often"), "Markov chain", chain.failures_per_hour(k), often, SAME));
    }
    rows.extend(printed_rates(&all, &components));
    rows.extend(bounded(&components));
    rows
}

fn printed_rates(all: &Enumeration, components: &[Component]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (k, per_year, hours) in [(1, "2.3296e-4", "1.604"), (2, "1.7955e-2", "2.403"), (3, "1.3789e0", "3.512")] {
        let often = all.failures_per_hour(components, k).low * 8_760.0;
        rows.push(Row::printed(format!("fewer than {k}, a year"), "Birnbaum times failure rates", often, per_year));
        let mean = all.mean_down_hours(components, k).low;
        rows.push(Row::printed(format!("fewer than {k}, mean hours"), "U over frequency", mean, hours));
    }
    rows
}

/// What 386 states leave out.
fn bounded(components: &[Component]) -> [Row; 2] {
    let some = enumerate(components, &[], &Limits { states: 386, ..ALL }, &reference::paths);
    let source = "all sets of at most four failures";
    let width = some.unavailability(1).relative_width();
    [
        Row::lies("386 states: probability left out", source, some.remainder, 0.0, 1.35e-12),
        Row::lies("386 states: width of the bound on no path", source, width, 0.0, 4e-5),
    ]
}

/// A facility offers 0, 1 or 2 paths, and two facilities add up.
fn by_conditioning(components: &[Component]) -> [f64; 4] {
    let path = components[1].availability() * components[3].availability();
    let (no_path, facility) = (1.0 - path, components[0].availability());
    let of_one = [
        components[0].unavailability() + facility * no_path * no_path,
        facility * 2.0 * path * no_path,
        facility * path * path,
    ];
    let exactly = |paths: usize| -> f64 {
        let ways = (0..=2).filter(|one| (paths.saturating_sub(2)..=paths).contains(one));
        ways.map(|one| of_one[one] * of_one[paths - one]).sum()
    };
    [1, 2, 3, 4].map(|k| (0..k).map(exactly).sum())
}
