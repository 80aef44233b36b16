//! What became of one packet of a flow that is watched, and of those around it.

use crate::ids::{FlowId, PortId, RouterId};
use crate::message::{DropReason, Packet, PacketKind};
use crate::network::Network;
use crate::sim::record::LedgerEntry;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// What became of one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FateSnapshot {
    /// Its flow.
    pub flow: String,
    /// Its number in the flow, counted from 1.
    pub number: u32,
    /// Packets that the flow has sent so far.
    pub sent: u32,
    /// Its death; `None` when it has not died so far.
    pub death: Option<DeathRecord>,
    /// The next packet of the flow that died.
    pub next: Option<DeathRecord>,
    /// The last one before it that died.
    pub before: Option<DeathRecord>,
}

/// The death of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeathRecord {
    /// Its number in its flow.
    pub number: u32,
    /// When it was sent, in scenario time.
    pub sent: Span,
    /// When it died.
    pub at: Span,
    /// The router where it died, or that sent it on the wire where it did.
    pub router: String,
    /// The port whose queue or wire it was in; `None` when it was in none.
    pub port: Option<String>,
    /// Why.
    pub reason: DropReason,
    /// The incident or return behind it, as far as it is known when the run stands still.
    pub incident: Option<LedgerEntry>,
}

/// Keeps the deaths of one flow.
#[derive(Debug)]
pub(in crate::sim) struct Watch {
    pub flow: FlowId,
    deaths: Vec<Death>,
}

#[derive(Debug, Clone, Copy)]
struct Death {
    number: u32,
    sent: Time,
    at: Time,
    place: DeathPlace,
    reason: DropReason,
    entry: Option<EntryIndex>,
}

/// Where a packet dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum DeathPlace {
    /// At a port, or on the wire behind it.
    Port(PortId),
    /// Inside a router.
    Router(RouterId),
}

impl Watch {
    pub const fn new(flow: FlowId) -> Self {
        Self { flow, deaths: Vec::new() }
    }

    /// A packet, with its number in its flow, dies.
    pub fn died(&mut self, at: Time, packet: &Packet, place: DeathPlace, why: (DropReason, Option<EntryIndex>)) {
        if packet.flow == self.flow && packet.kind == PacketKind::Data {
            let (reason, entry) = why;
            self.deaths.push(Death { number: packet.payload, sent: packet.sent, at, place, reason, entry });
        }
    }
}

/// How many packets a flow has sent.
pub(super) fn sent(run: &Run<'_>, flow: FlowId) -> u32 {
    let edge = run.network.flows[flow].edge;
    run.partitions[run.layout.of(edge).0].sources[flow].number
}

/// What became of a packet of the flow that is watched.
pub(super) fn fate(run: &mut Run<'_>, flow: FlowId, number: u32) -> FateSnapshot {
    run.settle_losses();
    let mut deaths: Vec<Death> = run
        .partitions
        .iter()
        .filter_map(|partition| partition.watch.as_ref())
        .flat_map(|watch| watch.deaths.clone())
        .collect();
    deaths.sort_by_key(|death| (death.number, death.at));
    let entries = run.journal.ledger.records(run.network, run.origin);
    let record = |death: &Death| record(run.network, run.origin, death, &entries);
    FateSnapshot {
        flow: run.network.flows[flow].name.clone(),
        number,
        sent: sent(run, flow),
        death: deaths.iter().find(|death| death.number == number).map(record),
        next: deaths.iter().find(|death| death.number > number).map(record),
        before: deaths.iter().rfind(|death| death.number < number).map(record),
    }
}

fn record(network: &Network, origin: Time, death: &Death, entries: &[LedgerEntry]) -> DeathRecord {
    let (router, port) = match death.place {
        DeathPlace::Port(port) => (network.ports[port].from, Some(network.ports[port].name.clone())),
        DeathPlace::Router(router) => (router, None),
    };
    DeathRecord {
        number: death.number,
        sent: death.sent.since(origin),
        at: death.at.since(origin),
        router: network.routers[router].name.clone(),
        port,
        reason: death.reason,
        incident: death.entry.map(|entry| entries[entry.index()].clone()),
    }
}
