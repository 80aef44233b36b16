//! Do sessions come up, exchange routes, survive loss and end when they must? Speakers on wires moved by hand.

mod decisions;
mod gadgets;
mod options;
mod routes;
mod sessions;
mod withdrawals;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::control::fixture::{self, AWS, GOOGLE};
use crate::ids::{Id, IdVec};
use crate::message::{BgpSegment, ControlPlane, NotificationReason};
use crate::network::{Maintenance, RouterRole};
use crate::units::Span;

/// One-way delay of every wire.
const DELAY: Span = Span::from_ms(1);

/// Speakers, their timers, and segments on the way.
struct Fabric {
    network: Network,
    speakers: IdVec<RouterId, Speaker>,
    timers: BTreeMap<(RouterId, SessionId, TimerKind), Time>,
    wire: BTreeMap<(Time, u64), (RouterId, BgpSegment)>,
    serial: u64,
    now: Time,
    /// Segments from (session, end) are lost while it is in here.
    cut: BTreeSet<(SessionId, usize)>,
    decisions: BTreeMap<RouterId, Time>,
    sent: Vec<(Time, BgpSegment)>,
    changes: Vec<(Time, RouterId, SessionId, State, SessionCause)>,
    routes: Vec<(Time, RouterId, DestinationId)>,
}

impl Fabric {
    fn new(network: Network, seed: u64) -> Self {
        let speakers = network.routers.ids().map(|router| Speaker::new(&network, router, RunSeed(seed))).collect();
        Self {
            network,
            speakers,
            timers: BTreeMap::new(),
            wire: BTreeMap::new(),
            serial: 0,
            now: Time::ZERO,
            cut: BTreeSet::new(),
            decisions: BTreeMap::new(),
            sent: Vec::new(),
            changes: Vec::new(),
            routes: Vec::new(),
        }
    }

    fn input(&mut self, router: u32, input: Input) {
        let router = RouterId(router);
        let mut out = Vec::new();
        self.speakers[router].handle(self.now, input, &mut out);
        for action in out {
            match action {
                Action::Send { session, segment } => {
                    self.sent.push((self.now, segment.clone()));
                    if !self.cut.contains(&(session, segment.end)) {
                        let peer = self.network.sessions[session].ends[1 - segment.end].router;
                        self.serial += 1;
                        self.wire.insert((self.now + DELAY, self.serial), (peer, segment));
                    }
                }
                Action::SetTimer { session, kind, at } => {
                    self.timers.insert((router, session, kind), at);
                }
                Action::CancelTimer { session, kind } => {
                    self.timers.remove(&(router, session, kind));
                }
                Action::DecideAt(at) => {
                    assert_eq!(self.decisions.insert(router, at), None, "asked for once");
                }
                Action::RouteChanged(destination) => self.routes.push((self.now, router, destination)),
                Action::SessionChanged { session, to, cause, .. } => {
                    self.changes.push((self.now, router, session, to, cause));
                }
            }
        }
    }

    fn run_until(&mut self, stop: Time) {
        loop {
            let timer = self.timers.iter().map(|(key, at)| (*at, *key)).min();
            let arrival = self.wire.keys().next().copied();
            let decision = self.decisions.iter().map(|(router, at)| (*at, *router)).min();
            if let Some((at, router)) = decision
                && at <= stop
                && timer.is_none_or(|(fires, _)| at <= fires)
                && arrival.is_none_or(|(arrives, _)| at <= arrives)
            {
                self.now = at;
                self.decisions.remove(&router);
                self.input(router.0, Input::Decide);
                continue;
            }
            match (timer, arrival) {
                (timer, Some((at, serial))) if at <= stop && timer.is_none_or(|(fires, _)| at <= fires) => {
                    self.now = at;
                    let (router, segment) = self.wire.remove(&(at, serial)).unwrap();
                    self.input(router.0, Input::Segment(segment));
                }
                (Some((at, key)), _) if at <= stop => {
                    self.now = at;
                    self.timers.remove(&key);
                    self.input(key.0.0, Input::Timer(key.1, key.2));
                }
                _ => break,
            }
        }
        self.now = stop;
    }

    fn up(&mut self, session: u32) {
        for router in self.ends(session) {
            self.input(router, Input::TransportUp(SessionId(session)));
        }
    }

    fn down(&mut self, session: u32, lost: Lost) {
        for router in self.ends(session) {
            self.input(router, Input::TransportDown(SessionId(session), lost));
        }
    }

    fn ends(&self, session: u32) -> [u32; 2] {
        [0, 1].map(|end: usize| self.network.sessions[SessionId(session)].ends[end].router.0)
    }

    fn forward(&mut self, router: u32, destination: DestinationId, installed: Installed) {
        self.input(router, Input::Forwarding { destinations: vec![destination], installed });
    }

    fn states(&self, session: u32) -> [State; 2] {
        self.ends(session).map(|router| self.speakers[RouterId(router)].state(SessionId(session)))
    }

    fn best(&self, router: u32, destination: DestinationId) -> Vec<u32> {
        self.speakers[RouterId(router)].best(destination).iter().map(|session| session.0).collect()
    }

    /// When a router sent UPDATEs on a session since `since`, repetitions included.
    fn updates_at(&self, session: u32, end: usize, since: Time) -> Vec<Time> {
        let is_update = |message: &Option<BgpMessage>| matches!(message, Some(BgpMessage::Update { .. }));
        let sent = self.sent.iter().filter(|(at, segment)| *at >= since && is_update(&segment.message));
        sent.filter(|(_, segment)| segment.session.0 == session && segment.end == end).map(|(at, _)| *at).collect()
    }

    /// UPDATEs sent by a router since `since`, as (session, withdrawn, announced).
    fn updates(&self, router: u32, since: Time) -> Vec<(u32, Vec<DestinationId>, Vec<DestinationId>)> {
        let mut updates = Vec::new();
        for (at, segment) in &self.sent {
            let from = self.network.sessions[segment.session].ends[segment.end].router;
            if let Some(BgpMessage::Update { withdrawn, announced }) = &segment.message
                && *at >= since
                && from.0 == router
            {
                let announced = announced.as_ref().map_or(Vec::new(), |(_, destinations)| destinations.clone());
                updates.push((segment.session.0, withdrawn.clone(), announced));
            }
        }
        updates
    }
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Span::from_s(seconds)
}

const ESTABLISHED: [State; 2] = [State::Established; 2];

/// Two providers, each with one border router and two prefixes; two parallel sessions 0 and 1 between them.
fn pair() -> (Network, [DestinationId; 4]) {
    let mut network = fixture::providers(&["aws", "google"]);
    let a = fixture::router(&mut network, 0, RouterRole::Border);
    let g = fixture::router(&mut network, 1, RouterRole::Border);
    let prefixes = [(0, "10.0.0.0/16"), (0, "10.1.0.0/16"), (1, "10.8.0.0/16"), (1, "10.9.0.0/16")];
    let destinations = prefixes.map(|(owner, prefix)| fixture::destination(&mut network, owner, prefix));
    for _ in 0..2 {
        fixture::session(&mut network, [(a, AWS), (g, GOOGLE)]);
    }
    (network, destinations)
}

/// A pair whose sessions are up and whose routes are exchanged, at 60 s.
fn converged(seed: u64) -> (Fabric, [DestinationId; 4]) {
    let (network, destinations) = pair();
    let mut fabric = Fabric::new(network, seed);
    for (router, destination) in
        [(0, destinations[0]), (0, destinations[1]), (1, destinations[2]), (1, destinations[3])]
    {
        fabric.forward(router, destination, Installed::Yes);
    }
    fabric.up(0);
    fabric.up(1);
    fabric.run_until(at(60));
    assert_eq!([fabric.states(0), fabric.states(1)], [ESTABLISHED; 2]);
    (fabric, destinations)
}
