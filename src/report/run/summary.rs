//! `summary.json`: every number of a run but the long series, units in the names of the keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::tables::kind_word;
use super::tables::packet_numbers_word;
use super::{availability, bits_per_second, link_group, lost};
use crate::message::DropReason;
use crate::report::{Provenance, SCHEMA_VERSION, inspect};
use crate::sim::record::{
    ClassRecord, ConnectionRecord, Counts, Distribution, ExchangeRecord, ExpectationRecord, ExpectationUnit,
    FlowEntryRecord, LedgerEntry, LinkDirectionRecord, LogicalLinkRecord, LostIn, MacsecRecord, MonitorRecord,
    RunRecord, Spread, TransferRecord,
};
use crate::units::{CalendarSpan, Rate, Share, Span};

/// The summary as a tree; `results/README.md` explains every key.
#[must_use]
pub fn summary(record: &RunRecord, provenance: &Provenance) -> Value {
    let totals = &record.totals;
    let sent_bytes = record.flow_entries.iter().map(|entry| entry.sent_bytes.0).sum();
    let delivered_bytes = record.flow_entries.iter().map(|entry| entry.delivered_bytes.0).sum();
    json!({
        "schema_version": SCHEMA_VERSION,
        "title": record.title,
        "description": record.description,
        "provenance": provenance_value(provenance),
        "run": {
            "seed": record.seed,
            "horizon_s": seconds(record.horizon),
            "warm_up_s": seconds(record.warm_up),
            "ended_s": seconds(record.ended),
            "interrupted": record.ended < record.horizon,
            "bin_s": seconds(record.bin),
            "fidelity": record.fidelity.word(),
            "packet_hops": totals.packet_hops,
            "events": totals.events,
            "fingerprint": format!("{:016x}", record.fingerprint),
        },
        "totals": {
            "sent_bytes": sent_bytes,
            "delivered_bytes": delivered_bytes,
            "offered_bps": bits_per_second(sent_bytes, record.ended),
            "delivered_bps": bits_per_second(delivered_bytes, record.ended),
            "data": counts(&totals.data),
            "probes": counts(&totals.probes),
            "control": counts(&totals.control),
            "duplicates": counts(&totals.duplicates),
            "latency": distribution(&totals.latency),
            "queueing": distribution(&totals.queueing),
        },
        "experienced": {
            "bad_seconds": totals.bad_seconds,
            "seconds": totals.seconds,
            "flow_seconds_lost_percent": percent(totals.flow_seconds_lost),
        },
        "connections": all(&record.connections, |one| connection(record, one)),
        "link_groups": all(&record.link_groups, link_group::value),
        "logical_links": all(&record.logical_links, |link| logical_link(record, link)),
        "links": all(&record.links, |link| link_direction(record, link)),
        "macsec": all(&record.macsec, macsec),
        "flow_entries": all(&record.flow_entries, flow_entry),
        "monitors": all(&record.monitors, monitor),
        "routing": super::routing::value(record),
        "sessions": inspect::session_values(&record.sessions),
        "ledger": all(&record.ledger, ledger_entry),
        "operations": all(&record.operations, super::operations::value),
        "features": all(&record.features, super::operations::feature_value),
        "expectations": all(&record.expectations, expectation),
    })
}

/// Where a result comes from; the effective scenario is the last key.
pub fn provenance_value(provenance: &Provenance) -> Value {
    json!({
        "program": "fabricsim",
        "version": provenance.version,
        "scenario": provenance.scenario,
        "scenario_hash": provenance.hash,
        "seed": provenance.seed,
        "overrides": provenance.overrides,
        "command": provenance.command,
        "effective_scenario_toml": provenance.effective,
    })
}

fn all<T>(items: &[T], value: impl Fn(&T) -> Value) -> Value {
    items.iter().map(value).collect()
}

// Division of two integers below 2^53 is rounded the same everywhere (IEEE 754), so these floats are stable.
pub fn seconds(span: Span) -> f64 {
    span.as_seconds()
}

pub fn calendar(span: CalendarSpan) -> f64 {
    span.as_seconds()
}

pub fn microseconds(span: Span) -> f64 {
    span.as_ps() as f64 / 1e6
}

pub fn percent(share: Share) -> f64 {
    share.as_percent()
}

fn causes(dropped: &BTreeMap<DropReason, u64>) -> Value {
    dropped.iter().map(|(reason, count)| (reason.word().to_owned(), json!(count))).collect::<Map<_, _>>().into()
}

fn counts(counts: &Counts) -> Value {
    let lost = lost(&counts.dropped);
    json!({
        "sent_packets": counts.sent,
        "delivered_packets": counts.delivered,
        "dropped_packets": lost,
        "dropped_by_cause_packets": causes(&counts.dropped),
        "in_flight_packets": counts.in_flight,
        "loss_percent": percent(Share::of(lost, counts.sent)),
    })
}

fn distribution(of: &Distribution) -> Value {
    if of.count == 0 {
        return json!({ "count": 0 });
    }
    json!({
        "count": of.count,
        "min_us": microseconds(of.min),
        "mean_us": microseconds(of.mean),
        "p50_us": microseconds(of.p50),
        "p90_us": microseconds(of.p90),
        "p99_us": microseconds(of.p99),
        "p999_us": microseconds(of.p999),
        "max_us": microseconds(of.max),
    })
}

fn connection(record: &RunRecord, one: &ConnectionRecord) -> Value {
    let directions: Vec<Value> = one
        .directions
        .iter()
        .enumerate()
        .map(|(index, direction)| {
            let offered = bits_per_second(direction.sent_bytes.0, record.ended);
            let delivered = bits_per_second(direction.delivered_bytes.0, record.ended);
            let of_provisioned = |rate: u64| rate as f64 * 100.0 / one.provisioned.as_bps() as f64;
            json!({
                "from": one.providers[index],
                "to": one.providers[1 - index],
                "offered_bps": offered,
                "offered_percent_of_provisioned": of_provisioned(offered),
                "delivered_bps": delivered,
                "delivered_percent_of_provisioned": of_provisioned(delivered),
                "sent_bytes": direction.sent_bytes.0,
                "delivered_bytes": direction.delivered_bytes.0,
                "packets": counts(&direction.counts),
                "latency": distribution(&direction.latency),
                "usable_paths": direction.usable_paths.iter().map(|(from, share)| {
                    json!({ "from_s": seconds(*from), "percent": percent(*share) })
                }).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "name": one.name,
        "interconnect": one.interconnect,
        "provisioned_bps": one.provisioned.as_bps(),
        "directions": directions,
        "availability": availability::value(&one.availability),
        "other_rules": all(&one.other_rules, availability::value),
    })
}

fn logical_link(record: &RunRecord, link: &LogicalLinkRecord) -> Value {
    let directions: Vec<Value> = [0, 1]
        .into_iter()
        .map(|way| {
            let rate = bits_per_second(link.bytes[way].0, record.ended);
            json!({
                "from": link.routers[way],
                "to": link.routers[1 - way],
                "packets": link.packets[way],
                "bytes": link.bytes[way].0,
                "mean_bps": rate,
                "mean_percent_of_provisioned": rate as f64 * 100.0 / link.provisioned.as_bps() as f64,
            })
        })
        .collect();
    let up: Vec<Value> =
        link.session_up.iter().map(|(from, to)| json!({ "from_s": seconds(*from), "to_s": seconds(*to) })).collect();
    json!({
        "name": link.name,
        "connection": link.connection,
        "channel": link.channel,
        "directions": directions,
        "session_up": up,
    })
}

fn link_direction(record: &RunRecord, link: &LinkDirectionRecord) -> Value {
    let rate = bits_per_second(link.wire_bytes.0, record.ended);
    json!({
        "link": link.link,
        "kind": link.kind,
        "from": link.from,
        "to": link.to,
        "rate_bps": link.rate.as_bps(),
        "packets": link.packets,
        "wire_bytes": link.wire_bytes.0,
        "utilisation_percent": rate as f64 * 100.0 / link.rate.as_bps() as f64,
        "dropped_packets": lost(&link.dropped),
        "dropped_by_cause_packets": causes(&link.dropped),
        "queue_max_bytes": link.queue_max.0,
        "macsec_frames": link.macsec_frames,
        "classes": all(&link.classes, class),
    })
}

fn class(class: &ClassRecord) -> Value {
    json!({
        "class": class.name,
        "offered_packets": class.offered,
        "packets": class.packets,
        "wire_bytes": class.wire_bytes.0,
        "dropped_packets": lost(&class.dropped),
        "dropped_by_cause_packets": causes(&class.dropped),
        "marked_packets": class.marked,
        "queue_max_bytes": class.queue_max.0,
        "wait_mean_us": microseconds(class.wait_mean),
        "wait_max_us": microseconds(class.wait_max),
    })
}

fn macsec(member: &MacsecRecord) -> Value {
    json!({
        "member": member.member,
        "from": member.from,
        "to": member.to,
        "out_protected_frames": member.protected,
        "in_ok_frames": member.ok,
        "in_late_frames": member.late,
        "in_not_valid_frames": member.not_valid,
        "in_invalid_frames": member.invalid,
        "in_unchecked_frames": member.unchecked,
        "in_not_using_sa_frames": member.not_using_sa,
        "in_no_tag_frames": member.no_tag,
        "in_untagged_frames": member.untagged,
        "out_untagged_frames": member.clear,
        "mka": member.mka.map(|mka| json!({
            "mkpdus_sent": mka.sent,
            "mkpdus_received": mka.received,
            "mkpdus_unknown_key": mka.unknown_key,
            "mkpdus_not_valid": mka.not_valid,
            "keys_used": mka.keys_used,
        })),
        "next_packet_number": member.next_packet_number,
        "packet_numbers": packet_numbers_word(member.packet_numbers),
    })
}

fn flow_entry(entry: &FlowEntryRecord) -> Value {
    json!({
        "name": entry.name,
        "from": entry.from,
        "to": entry.to,
        "connection": entry.connection,
        "rate_bps": entry.rate.as_bps(),
        "five_tuples": entry.five_tuples,
        "sent_bytes": entry.sent_bytes.0,
        "delivered_bytes": entry.delivered_bytes.0,
        "packets": counts(&entry.counts),
        "transfers": entry.transfers.as_ref().map(transfers),
        "exchanges": entry.exchanges.as_ref().map(exchanges),
    })
}

fn exchanges(exchanges: &ExchangeRecord) -> Value {
    json!({
        "begun": exchanges.begun,
        "completed": exchanges.latency.count,
        "latency": distribution(&exchanges.latency),
        "histogram": exchanges.latency.buckets.iter().map(|(up_to, count)| {
            json!({ "up_to_us": microseconds(*up_to), "count": count })
        }).collect::<Vec<_>>(),
        "retries": exchanges.retries,
        "given_up": exchanges.given_up,
        "refused": exchanges.refused,
        "open": exchanges.open,
        "wait": distribution(&exchanges.wait),
    })
}

fn transfers(transfers: &TransferRecord) -> Value {
    json!({
        "asked": transfers.asked,
        "completed": transfers.completion.count,
        "completion": distribution(&transfers.completion),
        "acknowledged_bytes": transfers.acknowledged.0,
        "goodput_bps": transfers.goodput.map(Rate::as_bps),
        "segments": transfers.segments,
        "retransmissions": transfers.retransmissions,
        "timeouts": transfers.timeouts,
        "probes": transfers.probes,
        "recoveries": transfers.recoveries,
        "marks": transfers.marks,
        "longest_stall_s": seconds(transfers.longest_stall),
    })
}

fn monitor(monitor: &MonitorRecord) -> Value {
    let points: Vec<Value> = monitor
        .points
        .iter()
        .map(|point| {
            json!({
                "at_s": seconds(point.at),
                "rtt_us": point.rtt_us,
                "loss_percent": percent(Share::of(point.lost, point.sent)),
                "sent_probes": point.sent,
                "lost_probes": point.lost,
                "forward_links": point.forward_links,
                "reverse_links": point.reverse_links,
            })
        })
        .collect();
    json!({
        "name": monitor.name,
        "from": monitor.from,
        "to": monitor.to,
        "period_s": seconds(monitor.period),
        "sent_probes": monitor.sent,
        "lost_probes": monitor.lost,
        "round_trip": distribution(&monitor.round_trip),
        "forward_links": monitor.forward_links,
        "reverse_links": monitor.reverse_links,
        "missed_incidents": monitor.missed,
        "points": points,
    })
}

fn spread(spread: Option<Spread>) -> Value {
    spread.map_or(Value::Null, |spread| {
        json!({
            "min_us": microseconds(spread.min),
            "median_us": microseconds(spread.median),
            "max_us": microseconds(spread.max),
        })
    })
}

fn ledger_entry(entry: &LedgerEntry) -> Value {
    let after = |at: Span| microseconds(at.saturating_sub(entry.at));
    let notices: Vec<Value> = entry
        .notices
        .iter()
        .map(|notice| {
            json!({
                "after_us": after(notice.at),
                "router": notice.router,
                "subject": notice.subject,
                "how": notice.how,
            })
        })
        .collect();
    let phases: Vec<Value> = entry
        .phases
        .iter()
        .map(|step| json!({ "phase": step.phase.word(), "first_after_us": after(step.first), "last_after_us": after(step.last) }))
        .collect();
    let mut told = json!({
        "failure": entry.name,
        "entry": kind_word(entry.kind),
        "kind": entry.what,
        "component": entry.component,
        "responsible": entry.responsible,
        "charged_by_rule_s": entry.charged.iter().map(|(rule, charged)| {
            (rule.clone(), json!(calendar(*charged)))
        }).collect::<Map<_, _>>(),
        "at_s": seconds(entry.at),
        "during": entry.during,
        "notices": notices,
        "phases": phases,
        "lost_in_phase_packets": lost_in(&entry.lost_in),
        "forwarding_first_after_us": entry.forwarding.map(|(first, _)| after(first)),
        "forwarding_last_after_us": entry.forwarding.map(|(_, last)| after(last)),
        "fib_changes": entry.fib_changes,
        "updates": entry.updates,
        "dropped_packets": lost(&entry.dropped),
        "dropped_by_cause_packets": causes(&entry.dropped),
        "flows_hit": entry.flows_hit,
        "flows_unended": entry.unended,
        "blackout": spread(entry.blackout),
        "blackout_round_trip": spread(entry.blackout_round_trip),
    });
    if let Some(at) = entry.shut {
        told["shut_after_us"] = json!(after(at));
    }
    told
}

fn lost_in(lost: &LostIn) -> Value {
    json!({ "detection": lost.detection, "routes": lost.routes, "fib": lost.fib, "load": lost.load })
}

fn expectation(one: &ExpectationRecord) -> Value {
    let (unit, number): (&str, fn(u64) -> Value) = match one.unit {
        ExpectationUnit::Picoseconds => ("us", |value| json!(microseconds(Span::from_ps(value)))),
        ExpectationUnit::Packets => ("packets", |value| json!(value)),
        ExpectationUnit::Number => ("number", |value| json!(value)),
        ExpectationUnit::PartsPerBillion => ("percent", |value| json!(percent(Share::from_ppb(value)))),
    };
    json!({
        "key": one.key,
        "unit": unit,
        "min": one.bound.min.map(number),
        "max": one.bound.max.map(number),
        "measured": one.measured.map(number),
        "met": one.met,
    })
}
