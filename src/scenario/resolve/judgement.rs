//! What the scenario expects of itself.

use toml::{Table, Value};

use super::Resolver;
use crate::message::DropReason;
use crate::network::{Bound, ExchangeMetric, Expectation, Metric, ProvisioningMetric, TransferMetric};
use crate::scenario::file::{FlowTable, suggestion};
use crate::scenario::source::join;
use crate::units::{Share, Span};

/// The unit of an expectation's limits.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Span,
    Count,
    Share,
}

impl Unit {
    const fn example(self) -> &'static str {
        match self {
            Self::Span => "\"10 ms\"",
            Self::Count => "0",
            Self::Share => "\"0.1%\"",
        }
    }
}

/// Quantiles of latency in parts per billion.
const QUANTILES: [(&str, u64); 6] = [
    ("min", 0),
    ("p50", 500_000_000),
    ("p90", 900_000_000),
    ("p99", 990_000_000),
    ("p999", 999_000_000),
    ("max", 1_000_000_000),
];

/// Keys with keys of their own.
const SECTIONS: [&str; 9] =
    ["latency", "drops", "incidents", "returns", "transfers", "exchanges", "rules", "link_groups", "provisioning"];

/// Keys of `provisioning.NAME`.
const LIFE: [(&str, ProvisioningMetric, Unit); 13] = [
    ("requested", ProvisioningMetric::Reached("requested"), Unit::Span),
    ("pending", ProvisioningMetric::Reached("pending"), Unit::Span),
    ("available", ProvisioningMetric::Reached("available"), Unit::Span),
    ("down", ProvisioningMetric::Reached("down"), Unit::Span),
    ("recovered", ProvisioningMetric::Recovered, Unit::Span),
    ("deleting", ProvisioningMetric::Reached("deleting"), Unit::Span),
    ("deleted", ProvisioningMetric::Reached("deleted"), Unit::Span),
    ("failed", ProvisioningMetric::Reached("failed"), Unit::Span),
    ("updated", ProvisioningMetric::Updated, Unit::Span),
    ("conflicts", ProvisioningMetric::Conflicts, Unit::Count),
    ("features", ProvisioningMetric::Features, Unit::Count),
    ("issues", ProvisioningMetric::Issues, Unit::Count),
    ("issues_left", ProvisioningMetric::IssuesLeft, Unit::Count),
];

/// Keys of `incidents.NAME` and `returns.NAME`.
const ENTRY_KEYS: [&str; 7] = ["blackout", "lost", "converged", "updates", "detected", "shut", "noticed"];

const PLAIN: [(&str, Metric, Unit); 7] = [
    ("loss", Metric::Loss, Unit::Share),
    ("delivered", Metric::Delivered, Unit::Count),
    ("charged", Metric::Charged, Unit::Span),
    ("flow_seconds_lost", Metric::FlowSecondsLost, Unit::Share),
    ("mean_queueing", Metric::MeanQueueing, Unit::Span),
    ("oscillations", Metric::Oscillations, Unit::Count),
    ("false_detections", Metric::FalseDetections, Unit::Count),
];

const TRANSFERS: [(&str, TransferMetric, Unit); 6] = [
    ("completed", TransferMetric::Completed, Unit::Count),
    ("retransmissions", TransferMetric::Retransmissions, Unit::Count),
    ("timeouts", TransferMetric::Timeouts, Unit::Count),
    ("probes", TransferMetric::Probes, Unit::Count),
    ("longest_stall", TransferMetric::LongestStall, Unit::Span),
    ("longest_completion", TransferMetric::LongestCompletion, Unit::Span),
];

const EXCHANGES: [(&str, ExchangeMetric, Unit); 12] = [
    ("completed", ExchangeMetric::Completed, Unit::Count),
    ("retries", ExchangeMetric::Retries, Unit::Count),
    ("given_up", ExchangeMetric::GivenUp, Unit::Count),
    ("refused", ExchangeMetric::Refused, Unit::Count),
    ("latency_mean", ExchangeMetric::MeanLatency, Unit::Span),
    ("latency_min", ExchangeMetric::Latency(0), Unit::Span),
    ("latency_p50", ExchangeMetric::Latency(500_000_000), Unit::Span),
    ("latency_p90", ExchangeMetric::Latency(900_000_000), Unit::Span),
    ("latency_p99", ExchangeMetric::Latency(990_000_000), Unit::Span),
    ("latency_p999", ExchangeMetric::Latency(999_000_000), Unit::Span),
    ("latency_max", ExchangeMetric::Latency(1_000_000_000), Unit::Span),
    ("wait_mean", ExchangeMetric::MeanWait, Unit::Span),
];

fn transfer_metric(flow: &str, word: &str) -> Option<(Metric, Unit)> {
    let (_, metric, unit) = TRANSFERS.into_iter().find(|(known, ..)| *known == word)?;
    Some((Metric::Transfers(flow.to_owned(), metric), unit))
}

fn exchange_metric(flow: &str, word: &str) -> Option<(Metric, Unit)> {
    let (_, metric, unit) = EXCHANGES.into_iter().find(|(known, ..)| *known == word)?;
    Some((Metric::Exchanges(flow.to_owned(), metric), unit))
}

impl Resolver<'_> {
    pub(super) fn expectations(&mut self) {
        for (key, value) in &self.file.expect {
            let place = join("expect", key);
            if let Some((_, metric, unit)) = PLAIN.into_iter().find(|(name, ..)| name == key) {
                self.expect(key.clone(), metric, unit, value);
                continue;
            }
            match (key.as_str(), value) {
                ("latency", Value::Table(table)) => self.expect_latency(table),
                ("drops", Value::Table(table)) => self.expect_drops(table),
                ("incidents" | "returns", Value::Table(table)) => self.expect_entries(key, table),
                ("transfers" | "exchanges", Value::Table(table)) => self.expect_of_flows(key, table),
                ("rules", Value::Table(table)) => self.expect_rules(table),
                ("link_groups", Value::Table(table)) => self.expect_link_groups(table),
                ("provisioning", Value::Table(table)) => self.expect_provisioning(table),
                (key, _) if SECTIONS.contains(&key) => {
                    self.reader.error(place, "is not a table", "write its keys below it");
                }
                (..) => {
                    let mut known: Vec<&str> = PLAIN.iter().map(|(name, ..)| *name).collect();
                    known.extend(SECTIONS);
                    self.unknown(&place, key, &known);
                }
            }
        }
    }

    fn unknown(&mut self, place: &str, key: &str, known: &[&str]) {
        let remedy = suggestion(key, known)
            .map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean \"{near}\"?"));
        self.reader.error(place, "unknown key", remedy);
    }

    fn expect_latency(&mut self, table: &Table) {
        for (key, value) in table {
            match QUANTILES.into_iter().find(|(name, _)| name == key) {
                Some((_, quantile)) => {
                    self.expect(join("latency", key), Metric::Latency(quantile), Unit::Span, value);
                }
                None => {
                    let known: Vec<&str> = QUANTILES.iter().map(|(name, _)| *name).collect();
                    self.unknown(&join("expect.latency", key), key, &known);
                }
            }
        }
    }

    fn expect_drops(&mut self, table: &Table) {
        for (key, value) in table {
            if DropReason::ALL.iter().any(|reason| reason.word() == key) {
                self.expect(join("drops", key), Metric::Drops(key.clone()), Unit::Count, value);
            } else {
                let known: Vec<&str> = DropReason::ALL.iter().map(|reason| reason.word()).collect();
                self.unknown(&join("expect.drops", key), key, &known);
            }
        }
    }

    /// `transfers.FLOW` and `exchanges.FLOW`.
    fn expect_of_flows(&mut self, section: &str, table: &Table) {
        let is_transfers = section == "transfers";
        let has = |flow: &FlowTable| if is_transfers { flow.transfer.is_some() } else { flow.request.is_some() };
        let kind = if is_transfers { "flow with transfer" } else { "flow with request" };
        let declared: Vec<&str> =
            self.file.flows.iter().filter(|(_, flow)| has(flow)).map(|(name, _)| name.as_str()).collect();
        for (name, value) in table {
            let key = join(section, name);
            let place = join("expect", &key);
            if !declared.contains(&name.as_str()) {
                self.reader.dangling(&place, name, kind, &declared);
                continue;
            }
            let Value::Table(metrics) = value else {
                self.reader.error(place, "is not a table", "write its keys below it");
                continue;
            };
            for (metric, value) in metrics {
                let key = join(&key, metric);
                let found = if is_transfers { transfer_metric(name, metric) } else { exchange_metric(name, metric) };
                match found {
                    Some((metric, unit)) => self.expect(key, metric, unit, value),
                    None if is_transfers => {
                        self.unknown(&join("expect", &key), metric, &TRANSFERS.map(|(word, ..)| word));
                    }
                    None => self.unknown(&join("expect", &key), metric, &EXCHANGES.map(|(word, ..)| word)),
                }
            }
        }
    }

    /// `incidents.NAME` and `returns.NAME`.
    fn expect_entries(&mut self, section: &str, table: &Table) {
        for (name, value) in table {
            let key = join(section, name);
            let place = join("expect", &key);
            let failures: Vec<String> = self.network.failures.iter().map(|failure| failure.name.clone()).collect();
            // "flap #2" is the second time that flap happens.
            let failure = name.split_once(" #").map_or(name.as_str(), |(failure, _)| failure);
            if !failures.iter().any(|known| known == failure) {
                let declared: Vec<&str> = failures.iter().map(String::as_str).collect();
                self.reader.dangling(&place, name, "failure", &declared);
                continue;
            }
            let Value::Table(metrics) = value else {
                self.reader.error(place, "is not a table", "write its keys below it");
                continue;
            };
            let entry = if section == "returns" { format!("{name} (return)") } else { name.clone() };
            for (metric, value) in metrics {
                let key = join(&key, metric);
                match (metric.as_str(), value) {
                    ("blackout", _) => self.expect(key, Metric::Blackout(entry.clone()), Unit::Span, value),
                    ("lost", _) => self.expect(key, Metric::Lost(entry.clone()), Unit::Count, value),
                    ("converged", _) => self.expect(key, Metric::Converged(entry.clone()), Unit::Span, value),
                    ("updates", _) => self.expect(key, Metric::Updates(entry.clone()), Unit::Count, value),
                    ("detected", _) => self.expect(key, Metric::Detected(entry.clone()), Unit::Span, value),
                    ("shut", _) => self.expect(key, Metric::Shut(entry.clone()), Unit::Span, value),
                    ("noticed", Value::Table(routers)) => self.expect_noticed(&key, &entry, routers),
                    (..) => self.unknown(&join("expect", &key), metric, &ENTRY_KEYS),
                }
            }
        }
    }

    /// `rules.NAME`, of the rules that count.
    fn expect_rules(&mut self, table: &Table) {
        let counted: Vec<String> = self.network.availability.rules.iter().map(|rule| rule.name.clone()).collect();
        for (name, value) in table {
            let key = join("rules", name);
            let place = join("expect", &key);
            if !counted.contains(name) {
                let remedy = format!("add it to rules under [sla]; counted here: {}", counted.join(", "));
                self.reader.error(&place, format!("no rule {name:?} is evaluated"), remedy);
                continue;
            }
            let Value::Table(metrics) = value else {
                self.reader.error(place, "is not a table", "write its keys below it");
                continue;
            };
            for (metric, value) in metrics {
                let key = join(&key, metric);
                match metric.as_str() {
                    "charged" => self.expect(key, Metric::ChargedBy(name.clone()), Unit::Span, value),
                    "credit" => self.expect(key, Metric::CreditBy(name.clone()), Unit::Share, value),
                    _ => self.unknown(&join("expect", &key), metric, &["charged", "credit"]),
                }
            }
        }
    }

    /// `link_groups.NAME`, by the group's own rule.
    fn expect_link_groups(&mut self, table: &Table) {
        let known: Vec<&str> = self.file.link_groups.keys().map(String::as_str).collect();
        for (name, value) in table {
            let key = join("link_groups", name);
            let place = join("expect", &key);
            if !known.contains(&name.as_str()) {
                self.reader.dangling(&place, name, "link group", &known);
                continue;
            }
            let Value::Table(metrics) = value else {
                self.reader.error(place, "is not a table", "write its keys below it");
                continue;
            };
            for (metric, value) in metrics {
                let key = join(&key, metric);
                match metric.as_str() {
                    "charged" => self.expect(key, Metric::GroupCharged(name.clone()), Unit::Span, value),
                    "credit" => self.expect(key, Metric::GroupCredit(name.clone()), Unit::Share, value),
                    _ => self.unknown(&join("expect", &key), metric, &["charged", "credit"]),
                }
            }
        }
    }

    /// `provisioning.NAME`, of connections that are provisioned.
    fn expect_provisioning(&mut self, table: &Table) {
        let known: Vec<&str> = self.file.provisioning.keys().map(String::as_str).collect();
        for (name, value) in table {
            let key = join("provisioning", name);
            let place = join("expect", &key);
            if !known.contains(&name.as_str()) {
                self.reader.dangling(&place, name, "provisioned connection", &known);
                continue;
            }
            let Value::Table(metrics) = value else {
                self.reader.error(place, "is not a table", "write its keys below it");
                continue;
            };
            for (metric, value) in metrics {
                let key = join(&key, metric);
                match LIFE.into_iter().find(|(word, ..)| word == metric) {
                    Some((_, metric, unit)) => {
                        self.expect(key, Metric::Provisioning(name.clone(), metric), unit, value);
                    }
                    None => self.unknown(&join("expect", &key), metric, &LIFE.map(|(word, ..)| word)),
                }
            }
        }
    }

    fn expect_noticed(&mut self, key: &str, incident: &str, routers: &Table) {
        for (router, value) in routers {
            let key = join(key, router);
            if self.names.routers.binary_search(router).is_err() {
                let known = self.names.routers.clone();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.reader.dangling(&join("expect", &key), router, "router", &known);
                continue;
            }
            let metric = Metric::Noticed { incident: incident.to_owned(), router: router.clone() };
            self.expect(key, metric, Unit::Span, value);
        }
    }

    /// Limits, or one value that stands for both.
    fn expect(&mut self, key: String, metric: Metric, unit: Unit, value: &Value) {
        let place = join("expect", &key);
        let bound = if let Value::Table(limits) = value {
            for wrong in limits.keys().filter(|limit| *limit != "min" && *limit != "max") {
                self.unknown(&join(&place, wrong), wrong, &["min", "max"]);
            }
            let mut limit =
                |name: &str| limits.get(name).and_then(|value| self.limit(&join(&place, name), unit, value));
            Bound { min: limit("min"), max: limit("max") }
        } else {
            let exact = self.limit(&place, unit, value);
            Bound { min: exact, max: exact }
        };
        match bound {
            Bound { min: None, max: None } => {
                if value.as_table().is_some_and(Table::is_empty) {
                    let remedy = format!("write for example {{ max = {} }}", unit.example());
                    self.reader.error(place, "has no limit", remedy);
                }
            }
            Bound { min: Some(min), max: Some(max) } if min > max => {
                self.reader.error(place, "its min is above its max", "nothing can meet it");
            }
            Bound { .. } => self.network.expectations.push(Expectation { key, metric, bound }),
        }
    }

    fn limit(&mut self, place: &str, unit: Unit, value: &Value) -> Option<u64> {
        let leaf = Some(value.clone());
        match unit {
            Unit::Span => self.reader.span(place, &leaf, "10 ms").map(Span::as_ps),
            Unit::Share => self.reader.quantity::<Share>(place, &leaf, "0.1%").map(Share::as_ppb),
            Unit::Count => {
                let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
                if number.is_none() {
                    self.reader.error(place, format!("{value} is not a count"), "write for example 0");
                }
                number
            }
        }
    }
}
