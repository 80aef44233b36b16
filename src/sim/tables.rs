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

impl Run<'_> {
    /// Decides anew on every destination.
    pub fn decide_all(&mut self, router: RouterId) {
        for index in 0..self.routed.len() {
            self.decide(router, self.routed[index]);
        }
    }

    /// Computes the next hops of a destination; when they differ from the last decision, they are installed after
    /// the router's FIB delay.
    pub fn decide(&mut self, router: RouterId, destination: DestinationId) {
        if self.settling.is_held(destination) {
            return;
        }
        let group = self.next_hops(router, destination);
        let decided = self.decided[router].group(destination);
        if decided == group {
            return;
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
        if gone || begins_to_leave {
            // Neighbours are told at once of what is gone, and of something new only when it is installed.
            self.speak(router, Input::Forwarding { destination, installed: Installed::No });
        }
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
            for session in self.speakers[router].best(destination) {
                match self.network.sessions[*session].kind {
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
                        let end = self.session_end(router, *session);
                        self.interior_hops(router, self.network.sessions[*session].ends[1 - end].router, &mut hops);
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
        while let Some((cause, (destination, group))) = self.installs[router].pop(self.now) {
            self.cause = cause;
            self.install(router, destination, &group);
        }
        if let Some((at, serial)) = self.installs[router].head() {
            self.schedule(Event::Install(router), at, serial);
        }
    }

    /// At the beginning of time everything decided is installed.
    pub fn install_now(&mut self, router: RouterId) {
        self.installs[router].clear();
        let decided: Vec<DestinationId> = self.decided[router].destinations().collect();
        for destination in decided {
            let group = self.decided[router].group(destination).to_vec();
            self.install(router, destination, &group);
        }
    }

    fn install(&mut self, router: RouterId, destination: DestinationId, group: &[NextHop]) {
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
        if is_latest {
            self.speak(router, Input::Forwarding { destination, installed: Installed::Yes });
        }
        if is_new && network.destinations[destination].kind == DestinationKind::Loopback {
            self.peer_comes_into_reach(router, network.destinations[destination].router);
        }
        self.check_transit(router);
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
