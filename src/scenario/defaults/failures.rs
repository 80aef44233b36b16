//! What failures leave open, and the flow entries that some of them send by.

use toml::Value;

use super::default;
use crate::network::{Again, When};
use crate::scenario::file::{FailureTable, File, FlowTable, Leaf};
use crate::scenario::profiles::estimate;
use crate::scenario::read::peek;
use crate::units::Span;

pub(super) fn fill(file: &mut File) {
    for (index, failure) in file.failures.iter_mut().enumerate() {
        default(&mut failure.name, format!("failure-{}", index + 1));
        fill_kind(failure);
        if failure.detected_after.is_some() {
            let whole = failure.member.is_none();
            detection(whole, [&mut failure.detected_by, &mut failure.mitigation, &mut failure.drain]);
        }
    }
    for (index, work) in file.maintenance.iter_mut().enumerate() {
        default(&mut work.name, format!("maintenance-{}", index + 1));
        let is_emergency = work.emergency.as_ref().and_then(Value::as_bool) == Some(true);
        // AWS Direct Connect announces planned work 14 days ahead, and an emergency about 2 hours.
        default(&mut work.notice, if is_emergency { "7200 s" } else { "1209600 s" });
        default(&mut work.drain, estimate::DRAIN);
        default(&mut work.restore, estimate::RESTORE);
    }
    surges(file);
}

/// Who detects a fault that no protocol notices, and what is done then. A member of a link has no routes of its own.
pub(in crate::scenario) fn detection(whole: bool, [by, mitigation, drain]: [&mut Leaf; 3]) {
    default(by, "monitoring");
    default(mitigation, if whole { "drain" } else { "admin-down" });
    if peek(mitigation) == Some("drain") {
        default(drain, estimate::DRAIN);
    }
}

/// A congestion surge sends by flow entries of its own, one for each time that it happens.
fn surges(file: &mut File) {
    let span = |leaf: &Leaf| peek(leaf).and_then(|text| text.parse::<Span>().ok());
    let horizon = span(&file.top.horizon).unwrap_or(Span::ZERO);
    for surge in file.failures.iter().filter(|failure| peek(&failure.kind) == Some("congestion_surge")) {
        let (Some(name), Some(at)) = (peek(&surge.name), span(&surge.at)) else { continue };
        let times = surge.times.as_ref().and_then(Value::as_integer).and_then(|times| u64::try_from(times).ok());
        let again = span(&surge.every).filter(|every| *every > Span::ZERO);
        let again = again.map(|every| Again { every, count: times.unwrap_or(u64::MAX) });
        let failure = When { at, lasts: span(&surge.lasts), again };
        for (index, begin) in failure.beginnings(horizon).enumerate() {
            let entry = if index == 0 { format!("surge {name}") } else { format!("surge {name} #{}", index + 1) };
            let stop = failure.lasts.map(|lasts| Value::from((begin + lasts).min(horizon).to_string()));
            let flow = FlowTable {
                from: surge.from.clone(),
                to: surge.to.clone(),
                rate: surge.rate.clone(),
                size: surge.size.clone(),
                count: surge.count.clone(),
                dscp: surge.dscp.clone(),
                start: Some(begin.to_string().into()),
                stop,
                ..FlowTable::default()
            };
            file.flows.insert(entry, flow);
        }
    }
}

fn fill_kind(failure: &mut FailureTable) {
    match peek(&failure.kind) {
        Some("grey_loss") => {
            default(&mut failure.model, "independent");
            if peek(&failure.model) == Some("gilbert-elliott") {
                default(&mut failure.loss_good, "0%");
                default(&mut failure.loss_bad, "100%");
            }
        }
        Some("corruption") => default(&mut failure.fcs, "broken"),
        Some("protection_switch") => default(&mut failure.hit, estimate::PROTECTION_HIT),
        Some("software_push") => default(&mut failure.fault, "router_down"),
        // AWS Direct Connect's default for a failover test.
        Some("failover_test") => default(&mut failure.lasts, "10800 s"),
        Some("session_reset") => default(&mut failure.lasts, estimate::RESET),
        Some("jitter") => default(&mut failure.order, "kept"),
        Some(_) | None => {}
    }
}
