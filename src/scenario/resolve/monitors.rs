//! Monitors, down to the five-tuples of their probes.

use super::Resolver;
use super::addresses::host;
use super::traffic::{Law, Way};
use crate::ids::{AttachmentId, Id, MonitorId};
use crate::network::{ArrivalLaw, Flow, FlowRole, Monitor, SizeLaw};
use crate::rng::named_hash;
use crate::scenario::file::{Leaf, MonitorTable};
use crate::scenario::source::join;
use crate::units::{Bytes, Span, TrafficClass};

/// A monitor as read.
#[derive(Debug)]
pub(super) struct MonitorDraft {
    name: String,
    ends: Option<[AttachmentId; 2]>,
    period: Span,
    interval: Span,
    timeout: Span,
    protocol: u8,
    target_port: u16,
    law: Law,
}

impl Resolver<'_> {
    pub(super) fn monitors(&mut self) -> Vec<MonitorDraft> {
        self.file.monitors.iter().map(|(name, table)| self.monitor(name, table)).collect()
    }

    fn monitor(&mut self, name: &str, table: &MonitorTable) -> MonitorDraft {
        let place = join("monitors", name);
        let ends = self.flow_ends(&place, &table.from, &table.to);
        let at = join(&place, "period");
        let period = self.reader.span(&at, &table.period, "60 s");
        if period.is_some_and(|period| period != Span::from_s(30) && period != Span::from_s(60)) {
            self.reader.error(at, "the service aggregates over 30 s or 60 s", "write \"30 s\" or \"60 s\"");
        }
        let interval = self.probe_span(&join(&place, "interval"), &table.interval);
        let at = join(&place, "size");
        let size: Option<Bytes> = self.reader.quantity(&at, &table.size, "56 B");
        let size = size.unwrap_or(Bytes(56));
        if !(56..=8500).contains(&size.0) {
            self.reader.error(at, "the service sends 56 B to 8500 B", "write for example \"56 B\"");
        }
        let law = Law {
            arrivals: ArrivalLaw::Constant,
            sizes: SizeLaw::Constant(size),
            diurnal: None,
            start: Span::ZERO,
            stop: self.network.horizon,
            ttl: self.octet(&join(&place, "ttl"), &table.ttl),
            traffic_class: TrafficClass::DEFAULT,
        };
        MonitorDraft {
            name: name.to_owned(),
            ends,
            interval,
            period: period.unwrap_or(Span::from_s(60)),
            timeout: self.probe_span(&join(&place, "timeout"), &table.timeout),
            protocol: self.protocol(&join(&place, "protocol"), &table.protocol),
            target_port: self.port_number(&join(&place, "target_port"), &table.target_port),
            law,
        }
    }

    fn probe_span(&mut self, place: &str, leaf: &Leaf) -> Span {
        let span = self.positive_span(place, leaf, "1 s");
        if span < Span::from_ms(1) {
            self.reader.error(place, format!("{span} is below 1 ms"), "write for example \"1 s\"");
        }
        span
    }

    /// Monitors and their two five-tuples each.
    pub(super) fn build_monitors(&mut self, drafts: &[MonitorDraft]) {
        for draft in drafts {
            let Some(ends) = draft.ends else { continue };
            let place = join("monitors", &draft.name);
            let Some(prefixes) = self.prefix_pair(ends) else {
                self.no_family(&place, ends);
                continue;
            };
            let Some(connection) = self.connection_between(&place, ends) else { continue };
            let monitor = MonitorId::from_index(self.network.monitors.len());
            let number = |end| named_hash(&["monitor", &draft.name, end]);
            let hosts = [host(&prefixes[0].0, number("source")), host(&prefixes[1].0, number("target"))];
            let port = u16::try_from(57_344 + number("source port") % 8_192).expect("a port");
            let ports = [port, draft.target_port];
            let what = (draft.protocol, &draft.law, draft.interval);
            let way = Way { ends, connection };
            let name = format!("{}/request", draft.name);
            let request = self.make_flow(name, FlowRole::ProbeRequest(monitor), &way, hosts, ports, what);
            let way = Way { ends: [ends[1], ends[0]], connection };
            let (hosts, ports) = ([hosts[1], hosts[0]], [ports[1], ports[0]]);
            let name = format!("{}/reply", draft.name);
            let reply = self.make_flow(name, FlowRole::ProbeReply(monitor), &way, hosts, ports, what);
            let request = self.network.flows.push(request);
            let reply = self.network.flows.push(Flow { reverse: Some(request), ..reply });
            self.network.flows[request].reverse = Some(reply);
            self.network.monitors.push(Monitor {
                name: draft.name.clone(),
                period: draft.period,
                interval: draft.interval,
                timeout: draft.timeout,
                request,
                reply,
            });
        }
    }
}
