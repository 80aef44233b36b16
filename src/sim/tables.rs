//! Forwarding tables: what a router decides, and when packets feel it.
//!
//! ```text
//! routes, interior paths -> decide -> (FIB delay) -> install -> Forwarding -> Speaker
//! ```

use crate::control::bgp::{Input, Installed};
use crate::ids::{DestinationId, RouterId};
use crate::message::{NO_LOGICAL_LINK, NextHop};
use crate::network::{DestinationKind, FibSharing, SessionKind};
use crate::sim::control_packets::first_port;
use crate::sim::event::Event;
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// Whether a table had a way to a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    New,
    Known,
}

/// What neighbours are to be told of a decision at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Nothing,
    Gone,
}

impl Run<'_> {
    /// Decides anew on every destination.
    pub fn decide_all(&mut self, router: RouterId) {
        let routed = std::mem::take(&mut self.routed);
        self.decide_on(router, &routed);
        self.routed = routed;
    }

    /// Decides anew on some destinations. Neighbours are told at once of what is gone, in one go, and of something new
    /// only when it is installed.
    pub fn decide_on(&mut self, router: RouterId, destinations: &[DestinationId]) {
        let gone: Vec<DestinationId> = destinations
            .iter()
            .copied()
            .filter(|destination| self.decide(router, *destination) == Word::Gone)
            .collect();
        if !gone.is_empty() {
            self.speak(router, Input::Forwarding { destinations: gone, installed: Installed::No });
        }
    }

    /// Computes the next hops of a destination; when they differ from the last decision, they are installed after
    /// the router's FIB delay.
    fn decide(&mut self, router: RouterId, destination: DestinationId) -> Word {
        if self.settling.is_held(destination) {
            return Word::Nothing;
        }
        let group = self.next_hops(router, destination);
        let decided = self.decided[router].group(destination);
        if decided == group {
            return Word::Nothing;
        }
        let leaves_provider = |group: &[NextHop]| group.iter().any(|hop| self.leaves_provider(*hop));
        let decided_before = if decided.is_empty() { Entry::New } else { Entry::Known };
        let begins_to_leave = leaves_provider(&group) && !leaves_provider(decided);
        self.decided[router].set(destination, &group);
        self.settling.decided(self.now, destination, router, &group);
        self.decision_cause[router] = self.cause;
        self.routing.decisions += u64::from(self.now >= self.origin);
        let gone = group.is_empty();
        let at = self.written_at(router, decided_before, &group);
        if !gone && self.now >= self.origin {
            self.next_hops_chosen(destination, at);
        }
        if let Some(serial) = self.installs[router].push(at, (self.cause, (destination, group))) {
            self.schedule(Event::Install(router), at, serial);
        }
        if gone || begins_to_leave { Word::Gone } else { Word::Nothing }
    }

    fn next_hops_chosen(&mut self, destination: DestinationId, written: Time) {
        let cause = self.cause.or_else(|| self.journal.ledger.latest().map(Cause::from));
        self.journal.ledger.moved(self.now, cause, destination, written);
        self.lull_begins();
    }

    fn leaves_provider(&self, hop: NextHop) -> bool {
        let port = &self.network.ports[hop.port];
        self.network.routers[port.from].provider != self.network.routers[port.to].provider
    }

    /// When a changed entry will have been written: one after the other, but for prefixes that share their next hops
    /// and get others, which is one write for all of them.
    fn written_at(&mut self, router: RouterId, entry: Entry, group: &[NextHop]) -> Time {
        let control = self.network.routers[router].control;
        let earliest = self.after(control.fib_install);
        let shares = entry == Entry::Known && !group.is_empty();
        let cost = match control.fib {
            FibSharing::PrefixIndependent if shares => Span::ZERO,
            FibSharing::PrefixIndependent | FibSharing::PerPrefix => control.fib_per_prefix,
        };
        let at = earliest.max(self.written_until[router]) + cost;
        self.written_until[router] = at;
        at
    }

    /// Equal next hops of a destination at a router: interior paths to its own provider's routers and attachments,
    /// learned routes to those of others.
    fn next_hops(&self, router: RouterId, destination: DestinationId) -> Vec<NextHop> {
        let target = &self.network.destinations[destination];
        let provider = self.network.routers[router].provider;
        let mut hops = Vec::new();
        if target.provider == provider {
            self.interior_hops(router, target.router, &mut hops);
        } else {
            for (session, originator) in self.speakers[router].exits(destination) {
                match self.network.sessions[session].kind {
                    SessionKind::External(logical_link) => {
                        let channel = self.network.logical_links[logical_link].channel;
                        let port = first_port(self.network, channel, self.network.end_of(channel, router));
                        hops.push(NextHop { port, logical_link });
                    }
                    SessionKind::Peering(link) => {
                        let port = first_port(self.network, link, self.network.end_of(link, router));
                        hops.push(NextHop { port, logical_link: NO_LOGICAL_LINK });
                    }
                    SessionKind::Internal(_) => {
                        let reflected = originator.and_then(|identifier| self.speaker_of.get(&(provider, identifier)));
                        let peer = || {
                            let end = self.session_end(router, session);
                            self.network.sessions[session].ends[1 - end].router
                        };
                        self.interior_hops(router, reflected.copied().unwrap_or_else(peer), &mut hops);
                    }
                }
            }
        }
        hops.sort_unstable();
        hops.dedup();
        hops
    }

    fn interior_hops(&self, router: RouterId, target: RouterId, hops: &mut Vec<NextHop>) {
        let paths = &self.interiors[self.network.routers[router].provider].paths;
        hops.extend(paths.first_hops(router, target).iter().map(|link| NextHop {
            port: first_port(self.network, *link, self.network.end_of(*link, router)),
            logical_link: NO_LOGICAL_LINK,
        }));
    }

    /// Forwarding entries that are due are installed.
    pub fn installs_due(&mut self, router: RouterId) {
        let mut installed = Vec::new();
        while let Some((cause, (destination, group))) = self.installs[router].pop(self.now) {
            if self.cause != cause {
                self.tell_installed(router, std::mem::take(&mut installed));
                self.cause = cause;
            }
            installed.extend(self.install(router, destination, &group));
        }
        self.tell_installed(router, installed);
        if let Some((at, serial)) = self.installs[router].head() {
            self.schedule(Event::Install(router), at, serial);
        }
    }

    /// At the beginning of time everything decided is installed.
    pub fn install_now(&mut self, router: RouterId) {
        self.installs[router].clear();
        let decided: Vec<DestinationId> = self.decided[router].destinations().collect();
        let mut installed = Vec::new();
        for destination in decided {
            let group = self.decided[router].group(destination).to_vec();
            installed.extend(self.install(router, destination, &group));
        }
        self.tell_installed(router, installed);
    }

    /// The speaker hears of entries that were written at once.
    fn tell_installed(&mut self, router: RouterId, destinations: Vec<DestinationId>) {
        if !destinations.is_empty() {
            self.speak(router, Input::Forwarding { destinations, installed: Installed::Yes });
        }
        self.check_transit(router);
    }

    /// Writes an entry; returns the destination when the router may announce it now.
    fn install(&mut self, router: RouterId, destination: DestinationId, group: &[NextHop]) -> Option<DestinationId> {
        let network = self.network;
        self.paths_changed = true;
        let entry = self.cause.map(|cause| cause.entry).or_else(|| self.journal.ledger.latest());
        self.lull_begins();
        match entry {
            Some(entry) => drop(self.facts.route_blame.insert((router, destination), entry)),
            None => drop(self.facts.route_blame.remove(&(router, destination))),
        }
        self.journal.ledger.installed(self.now, entry);
        let prefix = network.destinations[destination].prefix.to_string();
        let name = crate::rng::named_hash(&[&network.routers[router].name, &prefix]);
        self.journal.chain_event(self.now, 130 + group.len() as u64, name);
        let is_new = !self.forwarder(router).has_entry(destination) && !group.is_empty();
        // What a later decision has replaced already is not announced any more.
        let is_latest = !group.is_empty() && self.decided[router].group(destination) == group;
        self.forwarder_mut(router).install(destination, group);
        if is_new && network.destinations[destination].kind == DestinationKind::Loopback {
            self.peer_comes_into_reach(router, network.destinations[destination].router);
        }
        is_latest.then_some(destination)
    }

    /// Messages to a router of the provider find their way from now on.
    fn peer_comes_into_reach(&mut self, router: RouterId, reached: RouterId) {
        for index in 0..self.peers[router].len() {
            let (session, peer) = self.peers[router][index];
            if peer == reached {
                self.tell_processor(router, Input::TransportUp(session));
            }
        }
    }
}
