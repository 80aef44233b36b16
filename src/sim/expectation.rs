//! What a scenario expects of itself, held against the record of its run.

use super::record::{
    AvailabilityRecord, DETECTED, Distribution, ExchangeRecord, ExpectationRecord, ExpectationUnit, LedgerEntry,
    LedgerKind, LinkGroupRecord, RunRecord, TransferRecord,
};
use crate::message::DropReason;
use crate::network::{Bound, ExchangeMetric, Expectation, Metric, ProvisioningMetric, TransferMetric};
use crate::units::{CalendarSpan, Share, Span};

/// How a metric names the return entry of a failure: "cut (return)".
const RETURN_SUFFIX: &str = " (return)";

/// One result per expectation, in order. An expectation with nothing to measure is not met.
#[must_use]
pub fn evaluate(record: &RunRecord, expectations: &[Expectation]) -> Vec<ExpectationRecord> {
    expectations
        .iter()
        .map(|expectation| {
            let measured = measure(record, &expectation.metric);
            ExpectationRecord {
                key: expectation.key.clone(),
                bound: expectation.bound,
                unit: unit(&expectation.metric),
                measured,
                met: measured.is_some_and(|value| holds(expectation.bound, value)),
            }
        })
        .collect()
}

fn holds(bound: Bound, value: u64) -> bool {
    bound.min.is_none_or(|min| value >= min) && bound.max.is_none_or(|max| value <= max)
}

fn unit(metric: &Metric) -> ExpectationUnit {
    match metric {
        Metric::Loss | Metric::FlowSecondsLost | Metric::CreditBy(_) | Metric::GroupCredit(_) => {
            ExpectationUnit::PartsPerBillion
        }
        Metric::Drops(_) | Metric::Delivered | Metric::Lost(_) => ExpectationUnit::Packets,
        Metric::Oscillations | Metric::FalseDetections | Metric::Updates(_) => ExpectationUnit::Number,
        Metric::Transfers(_, metric) => match metric {
            TransferMetric::Completed
            | TransferMetric::Retransmissions
            | TransferMetric::Timeouts
            | TransferMetric::Probes => ExpectationUnit::Number,
            TransferMetric::LongestStall | TransferMetric::LongestCompletion => ExpectationUnit::Picoseconds,
        },
        Metric::Exchanges(_, metric) => match metric {
            ExchangeMetric::Completed | ExchangeMetric::Retries | ExchangeMetric::GivenUp | ExchangeMetric::Refused => {
                ExpectationUnit::Number
            }
            ExchangeMetric::Latency(_) | ExchangeMetric::MeanLatency | ExchangeMetric::MeanWait => {
                ExpectationUnit::Picoseconds
            }
        },
        Metric::Provisioning(_, metric) => match metric {
            ProvisioningMetric::Conflicts
            | ProvisioningMetric::Features
            | ProvisioningMetric::Issues
            | ProvisioningMetric::IssuesLeft => ExpectationUnit::Number,
            ProvisioningMetric::Reached(_) | ProvisioningMetric::Updated | ProvisioningMetric::Recovered => {
                ExpectationUnit::Picoseconds
            }
        },
        Metric::Charged
        | Metric::ChargedBy(_)
        | Metric::GroupCharged(_)
        | Metric::Latency(_)
        | Metric::MeanQueueing
        | Metric::Blackout(_)
        | Metric::Converged(_)
        | Metric::Detected(_)
        | Metric::Shut(_)
        | Metric::Noticed { .. } => ExpectationUnit::Picoseconds,
    }
}

/// The raw number, or `None` when the record has nothing to measure it on.
fn measure(record: &RunRecord, metric: &Metric) -> Option<u64> {
    let totals = &record.totals;
    let data = &totals.data;
    match metric {
        Metric::Loss => (data.sent > 0).then(|| Share::of(data.dropped.values().sum(), data.sent).as_ppb()),
        Metric::Drops(word) => {
            let reason = DropReason::ALL.into_iter().find(|reason| reason.word() == word)?;
            Some(data.dropped.get(&reason).copied().unwrap_or(0))
        }
        Metric::Delivered => Some(data.delivered),
        Metric::ChargedBy(name) => by_rule(record, name).map(|rule| picoseconds(rule.charged)).max(),
        Metric::CreditBy(name) => by_rule(record, name).map(|rule| rule.worst().credit.as_ppb()).max(),
        Metric::Charged => record.connections.iter().map(|one| picoseconds(one.availability.charged)).max(),
        Metric::GroupCharged(name) => Some(picoseconds(group(record, name)?.availability.charged)),
        Metric::GroupCredit(name) => Some(group(record, name)?.availability.worst().credit.as_ppb()),
        Metric::FlowSecondsLost => (data.sent > 0).then_some(totals.flow_seconds_lost.as_ppb()),
        Metric::Latency(quantile) => quantile_of(&totals.latency, *quantile).map(Span::as_ps),
        Metric::MeanQueueing => (totals.queueing.count > 0).then_some(totals.queueing.mean.as_ps()),
        Metric::Blackout(name) => Some(entry(record, name)?.blackout.map_or(0, |spread| spread.max.as_ps())),
        Metric::Lost(name) => Some(entry(record, name)?.dropped.values().sum()),
        Metric::Oscillations => Some(record.routing.oscillations.len() as u64),
        Metric::FalseDetections => Some(record.routing.false_detections),
        Metric::Converged(name) => {
            let entry = entry(record, name)?;
            Some(entry.forwarding?.1.saturating_sub(entry.at).as_ps())
        }
        Metric::Updates(name) => Some(entry(record, name)?.updates),
        Metric::Transfers(name, metric) => {
            let entry = record.flow_entries.iter().find(|entry| entry.name == *name)?;
            of_transfers(entry.transfers.as_ref()?, *metric)
        }
        Metric::Exchanges(name, metric) => {
            let entry = record.flow_entries.iter().find(|entry| entry.name == *name)?;
            of_exchanges(entry.exchanges.as_ref()?, *metric)
        }
        Metric::Provisioning(name, metric) => of_life(record, &format!("connection {name}"), *metric),
        Metric::Detected(name) => {
            let entry = entry(record, name)?;
            let first = entry.notices.iter().find(|notice| notice.how == DETECTED)?;
            Some(first.at.saturating_sub(entry.at).as_ps())
        }
        Metric::Shut(name) => {
            let entry = entry(record, name)?;
            Some(entry.shut?.saturating_sub(entry.at).as_ps())
        }
        Metric::Noticed { incident, router } => {
            let entry = entry(record, incident)?;
            let first = entry.notices.iter().filter(|notice| notice.router == *router).map(|notice| notice.at).min()?;
            Some(first.saturating_sub(entry.at).as_ps())
        }
    }
}

fn group<'r>(record: &'r RunRecord, name: &str) -> Option<&'r LinkGroupRecord> {
    record.link_groups.iter().find(|group| group.name == name)
}

/// Every connection as one rule sees it.
fn by_rule<'r>(record: &'r RunRecord, name: &'r str) -> impl Iterator<Item = &'r AvailabilityRecord> {
    let rules = record.connections.iter().flat_map(|one| std::iter::once(&one.availability).chain(&one.other_rules));
    rules.filter(move |rule| rule.rule.name == name)
}

const fn picoseconds(span: CalendarSpan) -> u64 {
    span.as_ns().saturating_mul(1_000)
}

fn of_transfers(transfers: &TransferRecord, metric: TransferMetric) -> Option<u64> {
    match metric {
        TransferMetric::Completed => Some(transfers.completion.count),
        TransferMetric::Retransmissions => Some(transfers.retransmissions),
        TransferMetric::Timeouts => Some(transfers.timeouts),
        TransferMetric::Probes => Some(transfers.probes),
        TransferMetric::LongestStall => Some(transfers.longest_stall.as_ps()),
        TransferMetric::LongestCompletion => quantile_of(&transfers.completion, u64::MAX).map(Span::as_ps),
    }
}

fn of_life(record: &RunRecord, component: &str, metric: ProvisioningMetric) -> Option<u64> {
    let count =
        |step: &'static str| record.operations.iter().filter(move |one| one.component == component && one.step == step);
    match metric {
        ProvisioningMetric::Reached(state) => count(state).map(|one| one.at.as_ps()).next(),
        ProvisioningMetric::Updated => available_after(record, component, "updating"),
        ProvisioningMetric::Recovered => available_after(record, component, "down"),
        ProvisioningMetric::Conflicts => Some(count("409").count() as u64),
        ProvisioningMetric::Issues => Some(count("STATE_OPEN").count() as u64),
        ProvisioningMetric::IssuesLeft => Some((count("STATE_OPEN").count() - count("STATE_CLOSED").count()) as u64),
        ProvisioningMetric::Features => Some(count("PROVISIONING_STATE_FINAL").count() as u64),
    }
}

/// When a connection was last available directly after another state.
fn available_after(record: &RunRecord, component: &str, before: &str) -> Option<u64> {
    let states = record.operations.iter().filter(|one| one.component == component);
    let states: Vec<_> = states.filter(|one| [before, "available", "down"].contains(&one.step)).collect();
    let turns = states.windows(2).filter(|pair| pair[0].step == before && pair[1].step == "available");
    turns.map(|pair| pair[1].at.as_ps()).next_back()
}

fn of_exchanges(exchanges: &ExchangeRecord, metric: ExchangeMetric) -> Option<u64> {
    let mean = |of: &Distribution| (of.count > 0).then_some(of.mean.as_ps());
    match metric {
        ExchangeMetric::Completed => Some(exchanges.latency.count),
        ExchangeMetric::Retries => Some(exchanges.retries),
        ExchangeMetric::GivenUp => Some(exchanges.given_up),
        ExchangeMetric::Refused => Some(exchanges.refused),
        ExchangeMetric::Latency(quantile) => quantile_of(&exchanges.latency, quantile).map(Span::as_ps),
        ExchangeMetric::MeanLatency => mean(&exchanges.latency),
        ExchangeMetric::MeanWait => mean(&exchanges.wait),
    }
}

/// The incident of this name, or with [`RETURN_SUFFIX`] its return.
fn entry<'a>(record: &'a RunRecord, name: &str) -> Option<&'a LedgerEntry> {
    let exact =
        |wanted: LedgerKind, name: &str| record.ledger.iter().find(|entry| entry.kind == wanted && entry.name == name);
    // A failure may itself be called "x (return)", so the plain name goes first.
    exact(LedgerKind::Incident, name).or_else(|| exact(LedgerKind::Return, name.strip_suffix(RETURN_SUFFIX)?))
}

/// The kept quantiles directly, any other from the buckets: the upper edge of the one that holds it.
fn quantile_of(latency: &Distribution, ppb: u64) -> Option<Span> {
    if latency.count == 0 {
        return None;
    }
    match ppb {
        0 => Some(latency.min),
        500_000_000 => Some(latency.p50),
        900_000_000 => Some(latency.p90),
        990_000_000 => Some(latency.p99),
        999_000_000 => Some(latency.p999),
        1_000_000_000.. => Some(latency.max),
        _ => {
            let rank = u128::from(latency.count) * u128::from(ppb);
            let rank = u64::try_from(rank.div_ceil(u128::from(Share::ONE.as_ppb()))).ok()?;
            let mut seen = 0;
            latency.buckets.iter().find_map(|(edge, count)| {
                seen += count;
                (seen >= rank).then_some(*edge)
            })
        }
    }
}

#[cfg(test)]
mod tests;
