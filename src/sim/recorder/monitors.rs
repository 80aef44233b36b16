//! Synthetic monitors: every probe, the logical links it rode, and whether its reply came in time.

use crate::ids::{FlowId, Id, IdVec, LogicalLinkId, MonitorId};
use crate::message::{Packet, PacketKind};
use crate::network::{Monitor, Network};
use crate::sim::record::{Distribution, MonitorPoint, MonitorRecord};
use crate::units::{Span, Time};

use super::latency::Sample;
use super::ledger::Ledger;

/// All probes of all monitors.
pub(in crate::sim) struct Monitors {
    probes: IdVec<MonitorId, Vec<Probe>>,
    /// Which probe, in which of its directions, rode which logical link: told apart from the probes, because it may
    /// have been in another partition.
    rides: Vec<(MonitorId, u32, PacketKind, LogicalLinkId)>,
    by_flow: Vec<(FlowId, MonitorId)>,
}

#[derive(Clone, Copy)]
struct Probe {
    sent: Time,
    round_trip: Option<Span>,
    forward: Option<LogicalLinkId>,
    reverse: Option<LogicalLinkId>,
}

impl Monitors {
    pub fn new(network: &Network) -> Self {
        let mut by_flow: Vec<(FlowId, MonitorId)> = network
            .monitors
            .enumerate()
            .flat_map(|(id, monitor)| [(monitor.request, id), (monitor.reply, id)])
            .collect();
        by_flow.sort_unstable();
        Self { probes: network.monitors.iter().map(|_| Vec::new()).collect(), rides: Vec::new(), by_flow }
    }

    /// The monitor of a probe's flow.
    pub fn of_flow(&self, flow: FlowId) -> MonitorId {
        let index = self.by_flow.binary_search_by_key(&flow, |(flow, _)| *flow).expect("probes belong to a monitor");
        self.by_flow[index].1
    }

    /// A request leaves; returns its number.
    pub fn request(&mut self, now: Time, flow: FlowId) -> u32 {
        let monitor = self.of_flow(flow);
        let probes = &mut self.probes[monitor];
        probes.push(Probe { sent: now, round_trip: None, forward: None, reverse: None });
        u32::try_from(probes.len() - 1).expect("fewer than 2^32 probes")
    }

    /// A reply arrives.
    pub fn reply(&mut self, now: Time, packet: &Packet) {
        let monitor = self.of_flow(packet.flow);
        let probe = &mut self.probes[monitor][packet.payload as usize];
        probe.round_trip = Some(now - probe.sent);
    }

    /// A probe enters a logical link.
    pub fn rode(&mut self, packet: &Packet, logical_link: LogicalLinkId) {
        self.rides.push((self.of_flow(packet.flow), packet.payload, packet.kind, logical_link));
    }

    /// Adds what another partition saw; each monitor's probes begin and end in one of them.
    pub fn add(&mut self, mut other: Self) {
        for id in other.probes.ids() {
            self.probes[id].append(&mut other.probes[id]);
        }
        self.rides.append(&mut other.rides);
    }

    /// Books rides to their probes.
    pub fn settle(&mut self) {
        for (monitor, number, kind, logical_link) in self.rides.drain(..) {
            let probe = &mut self.probes[monitor][number as usize];
            let side = if kind == PacketKind::ProbeRequest { &mut probe.forward } else { &mut probe.reverse };
            *side = Some(logical_link);
        }
    }

    pub fn records(&self, network: &Network, ledger: &Ledger, origin: Time, end: Time) -> Vec<MonitorRecord> {
        let record = |(id, monitor): (MonitorId, &Monitor)| {
            // A probe whose time-out lies behind the end is not judged.
            let judged: Vec<&Probe> =
                self.probes[id].iter().filter(|probe| probe.sent + monitor.timeout <= end).collect();
            let mut round_trip = Sample::new();
            judged.iter().filter_map(|probe| answered(probe, monitor)).for_each(|rtt| round_trip.record(rtt));
            let round_trip: Distribution = round_trip.distribution();
            MonitorRecord {
                name: monitor.name.clone(),
                from: network.routers[network.flows[monitor.request].edge].name.clone(),
                to: network.routers[network.flows[monitor.reply].edge].name.clone(),
                period: monitor.period,
                points: points(network, monitor, &self.probes[id], origin, end),
                sent: judged.len() as u64,
                lost: judged.len() as u64 - round_trip.count,
                round_trip,
                forward_links: links(network, judged.iter().map(|probe| probe.forward)),
                reverse_links: links(network, judged.iter().map(|probe| probe.reverse)),
                missed: ledger.missed_by(network, id),
            }
        };
        network.monitors.enumerate().map(record).collect()
    }
}

fn answered(probe: &Probe, monitor: &Monitor) -> Option<Span> {
    probe.round_trip.filter(|round_trip| *round_trip <= monitor.timeout)
}

/// One point per period that ended within the run. A probe sent in the last instants of the run, whose time-out
/// lies behind the end, counts when it was answered and is left out otherwise.
fn points(network: &Network, monitor: &Monitor, probes: &[Probe], origin: Time, end: Time) -> Vec<MonitorPoint> {
    let mut points = Vec::new();
    let mut from = origin;
    while from + monitor.period <= end {
        let until = from + monitor.period;
        let counts = |probe: &&Probe| answered(probe, monitor).is_some() || probe.sent + monitor.timeout <= end;
        let inside: Vec<&Probe> =
            probes.iter().filter(|probe| probe.sent >= from && probe.sent < until).filter(counts).collect();
        let trips: Vec<u64> = inside.iter().filter_map(|probe| answered(probe, monitor)).map(Span::as_ps).collect();
        let sum: u128 = trips.iter().map(|ps| u128::from(*ps)).sum();
        let mean_us = (!trips.is_empty()).then(|| sum / trips.len() as u128 / 1_000_000);
        points.push(MonitorPoint {
            at: from.since(origin),
            rtt_us: mean_us.map(|us| u64::try_from(us).unwrap_or(u64::MAX)),
            sent: inside.len() as u64,
            lost: (inside.len() - trips.len()) as u64,
            forward_links: links(network, inside.iter().map(|probe| probe.forward)),
            reverse_links: links(network, inside.iter().map(|probe| probe.reverse)),
        });
        from = until;
    }
    points
}

/// Names of logical links in order of first use.
fn links(network: &Network, ridden: impl Iterator<Item = Option<LogicalLinkId>>) -> Vec<String> {
    let mut seen: Vec<LogicalLinkId> = Vec::new();
    for link in ridden.flatten() {
        if !seen.iter().any(|known| known.index() == link.index()) {
            seen.push(link);
        }
    }
    seen.into_iter().map(|link| network.logical_links[link].name.clone()).collect()
}
