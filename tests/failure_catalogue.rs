//! Is every kind of failure shown by a scenario, explained in the docs, and told as an engineer would?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fabricsim::network::{FailureKind, Impairment, LossLaw, RouterFault, Urgency, WireFault, WrongKey};
use fabricsim::report::run::happened;
use fabricsim::scenario;

/// The kinds as written in scenarios, from one exhaustive match: a new kind does not compile until it stands here, and
/// what stands here must be shown.
macro_rules! kinds {
    ($($kind:pat => $word:literal,)*) => {
        const KINDS: &[&str] = &[$($word),*];

        fn word(kind: &FailureKind) -> &'static str {
            match kind { $($kind => $word),* }
        }
    };
}

kinds! {
    FailureKind::Wires { fault: WireFault::Cut, .. } => "fibre_cut",
    FailureKind::Wires { fault: WireFault::SilentCut, .. } => "silent_cut",
    FailureKind::Wires { fault: WireFault::MkpduLoss, .. } => "mkpdu_loss",
    FailureKind::Wires { fault: WireFault::WrongKey(WrongKey::Held), .. } => "wrong_key",
    FailureKind::Wires { fault: WireFault::WrongKey(WrongKey::Given), .. } => "rotation_error",
    FailureKind::Wires { fault: WireFault::Switched { .. }, .. } => "protection_switch",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::Loss(_)), .. } => "grey_loss",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::BitErrors(_)), .. } => "optics_brownout",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::BlackHole), .. } => "black_hole",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::Corruption { .. }), .. } => "corruption",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::Duplication { .. }), .. } => "duplication",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::Jitter { .. }), .. } => "jitter",
    FailureKind::Wires { fault: WireFault::Impaired(Impairment::Propagation(_)), .. } => "delay_change",
    FailureKind::Router { fault: RouterFault::PowerLoss, .. } => "router_down",
    FailureKind::Router { fault: RouterFault::CpuHang, .. } => "cpu_hang",
    FailureKind::Router { fault: RouterFault::BgpRestart, .. } => "bgp_restart",
    FailureKind::DuctCut { .. } => "duct_cut",
    FailureKind::LineCard { .. } => "line_card",
    FailureKind::WrongPassword { .. } => "wrong_password",
    FailureKind::SessionReset { .. } => "session_reset",
    FailureKind::FailoverTest { .. } => "failover_test",
    FailureKind::Maintenance { urgency: Urgency::Planned, .. } => "maintenance",
    FailureKind::Maintenance { urgency: Urgency::Emergency, .. } => "emergency_maintenance",
    FailureKind::FacilityOutage { .. } => "facility_outage",
    FailureKind::PowerFeed { .. } => "power_feed",
    FailureKind::Cooling { .. } => "cooling",
    FailureKind::ZoneOutage { .. } => "zone_outage",
    FailureKind::EdgeOutage { .. } => "edge_outage",
    FailureKind::SoftwarePush { .. } => "software_push",
    FailureKind::PolicyPush { .. } => "policy_push",
    FailureKind::Surge { .. } => "congestion_surge",
}

/// Of every scenario in `scenarios/failures` (by its name), the kinds that happen and the line that reports print.
fn shown() -> BTreeMap<String, Vec<(FailureKind, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/failures");
    let mut shown = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        let told = loaded.network.failures.iter().map(|failure| {
            assert_eq!(failure.kind.word(), word(&failure.kind), "one word in scenarios and reports");
            let component = loaded.network.failing_component(&failure.kind);
            (failure.kind.clone(), happened(failure.kind.word(), &component))
        });
        shown.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), told.collect());
    }
    shown
}

/// The rows of the tables in `docs/failures.md` by their first cell.
fn rows() -> Vec<(Vec<String>, Vec<String>)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/failures.md")).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    page.lines().filter(|line| line.starts_with("| `")).map(|line| (quoted(&cells(line)[0]), cells(line))).collect()
}

#[test]
fn every_kind_of_failure_has_a_scenario_and_a_line_in_the_docs() {
    let (shown, rows) = (shown(), rows());
    for kind in KINDS {
        let is_shown = shown.values().flatten().any(|(failure, _)| word(failure) == *kind);
        assert!(is_shown, "no scenario in scenarios/failures has a {kind}");
        let has =
            |of: fn(&[String]) -> bool| rows.iter().any(|(kinds, row)| kinds.iter().any(|one| one == kind) && of(row));
        assert!(has(|row| row.len() == 4), "docs/failures.md does not say what the operators see of a {kind}");
        assert!(has(|row| row.len() == 3), "docs/failures.md has no scenario and report line for a {kind}");
    }
}

/// The second table of `docs/failures.md` is the list: kind, scenario, and what the report says.
#[test]
fn the_docs_quote_what_the_reports_say_of_each_kind() {
    let shown = shown();
    for (kinds, row) in rows().iter().filter(|(_, row)| row.len() == 3) {
        let name = row[1].trim_matches('`');
        let told = shown.get(name).unwrap_or_else(|| panic!("there is no scenario {name}"));
        let is_told = told.iter().any(|(kind, line)| word(kind) == kinds[0] && *line == row[2]);
        assert!(is_told, "{row:?} is not among {told:?}");
    }
}

/// Each law of loss is a failure of its own to a customer: single frames, bursts, and two states after Gilbert and Elliott.
#[test]
fn every_law_of_loss_has_a_scenario() {
    let law = |(kind, _): &(FailureKind, String)| {
        let FailureKind::Wires { fault: WireFault::Impaired(Impairment::Loss(law)), .. } = kind else { return None };
        Some(match law {
            LossLaw::Bernoulli(_) => "independent",
            LossLaw::Bursts { .. } => "bursts",
            LossLaw::GilbertElliott { .. } => "gilbert-elliott",
        })
    };
    let laws: Vec<&str> = shown().values().flatten().filter_map(law).collect();
    for law in ["independent", "bursts", "gilbert-elliott"] {
        assert!(laws.contains(&law), "no scenario loses by {law}: {laws:?}");
    }
}
