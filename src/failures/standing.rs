//! What is left of the connections when some components are down and routing has settled: no packets, no protocols.
//!
//! A channel serves a connection while it, its routers and a way inside both providers stand. Of the channels that serve
//! a connection each carries an equal share; a channel that loses frames loses its share of them.

use std::collections::VecDeque;

use super::capacity::{Carrier, Claim, shortages};
use super::effect::{Effect, stages};
use super::lives::{Aspect, Transition, Turn};
use crate::ids::{AttachmentId, ComponentId, ConnectionId, IdVec, LinkId, RouterId};
use crate::network::{
    Component, Connection, Failure, FailureKind, Impairment, LinkKind, Members, Network, RouterRole, Sharing, When,
    Wires,
};
use crate::rng::{RunSeed, mix, named_hash};
use crate::units::{Share, Span};

/// How a component is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// Routing takes over from what failed, as far as it can know of it.
    Failover,
    /// It does not: what failed goes on to attract its share of packets.
    NoFailover,
    /// Somebody has noticed what no protocol does, and has taken it out of service.
    OutOfService,
}

impl Manner {
    /// Of a failure from which routing takes over, or not.
    #[must_use]
    pub const fn of_failure(covered: bool) -> Self {
        if covered { Self::Failover } else { Self::NoFailover }
    }
}

/// What a connection has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionState {
    /// Channels that serve it.
    pub usable: u16,
    /// Share of its packets that is lost, routing settled; all of them without a usable channel.
    pub loss: Share,
    /// Share of its demand that arrives.
    pub carried: Share,
    /// Share of its demand that does not because the channels that serve it are too small for it.
    pub short: Share,
}

/// One thing in the fabric that failures take away; it stands again when all of them have returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Router(RouterId),
    Link(LinkId),
    Member(LinkId, usize),
    /// The link loses this share.
    Grey(LinkId, Share),
    /// Routing goes on to use the router or link that is gone.
    StuckRouter(RouterId),
    StuckLink(LinkId),
}

/// What all replications of a network share.
#[derive(Debug, Clone)]
pub struct StandingPlan<'n> {
    network: &'n Network,
    elements: Vec<Element>,
    /// Random numbers of the elements: a state is the sum of those that are gone (Zobrist).
    keys: Vec<u128>,
    /// Per component and turn: the elements that it takes, by [`Manner`].
    blows: IdVec<ComponentId, Vec<[Vec<u32>; 3]>>,
    /// By connection: parts per billion of its demand for which even the whole fabric is too small. No failure takes them.
    oversold: Vec<u64>,
}

/// The fabric at one moment.
#[derive(Debug)]
pub struct Standing<'p> {
    plan: &'p StandingPlan<'p>,
    /// Failures that hold each element down.
    causes: Vec<u16>,
    key: u128,
    /// States that were met, by hash; each place holds the latest.
    cache: Vec<Option<(u128, Box<[ConnectionState]>)>>,
}

const CACHE: usize = 1 << 10;

impl<'n> StandingPlan<'n> {
    /// Prepares the failure model of a network.
    #[must_use]
    pub fn new(network: &'n Network) -> Self {
        let mut plan =
            Self { network, elements: Vec::new(), keys: Vec::new(), blows: IdVec::new(), oversold: Vec::new() };
        for component in &network.reliability.components {
            let blows = component.turns.iter().map(|kinds| plan.blows_of(component, kinds)).collect();
            plan.blows.push(blows);
        }
        plan.oversold = Gone::new(&Standing::new(&plan)).all().1;
        plan
    }

    fn blows_of(&mut self, component: &Component, kinds: &[FailureKind]) -> [Vec<u32>; 3] {
        let network = self.network;
        let effects = |kind: &FailureKind| {
            let when = When::once(Span::ZERO, None);
            let failure = Failure { name: component.name.clone(), kind: kind.clone(), when, detection: None };
            // What passes by itself is part of routing's way to rest.
            stages(network, &failure, RunSeed(0)).into_iter().filter(|stage| stage.until.is_none())
        };
        let faults: Vec<Element> =
            kinds.iter().flat_map(effects).flat_map(|stage| taken(network, stage.effect)).collect();
        let covered = self.places(faults.iter().copied());
        let stuck = self.places(faults.iter().map(|element| match *element {
            Element::Router(router) => Element::StuckRouter(router),
            Element::Link(link) => Element::StuckLink(link),
            other @ (Element::Member(..) | Element::Grey(..) | Element::StuckRouter(_) | Element::StuckLink(_)) => {
                other
            }
        }));
        // Light that is off on purpose is off; what is wrong on the wires no longer matters.
        let shut = kinds.iter().filter(|_| component.detection.is_some()).filter_map(FailureKind::wires_out_of_service);
        let shut: Vec<Element> = shut.flat_map(|wires| taken(network, Effect::AdminDown(wires))).collect();
        [covered, stuck, self.places(shut.into_iter())]
    }

    fn places(&mut self, elements: impl Iterator<Item = Element>) -> Vec<u32> {
        let mut places: Vec<u32> = elements.map(|element| self.place(element)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn place(&mut self, element: Element) -> u32 {
        let found = self.elements.iter().position(|known| *known == element);
        let place = found.unwrap_or_else(|| {
            let name = format!("{element:?}");
            let half = |part: &str| u128::from(named_hash(&[part, &name]));
            self.elements.push(element);
            self.keys.push((half("high") << 64) | half("low"));
            self.elements.len() - 1
        });
        u32::try_from(place).expect("fewer than 2^32 elements")
    }
}

/// What an effect takes away once routing has settled.
fn taken(network: &Network, effect: Effect) -> Vec<Element> {
    let of_wires = |wires: Wires| match wires.members {
        Members::All => vec![Element::Link(wires.link)],
        Members::One(member) => vec![Element::Member(wires.link, member)],
    };
    match effect {
        Effect::Dark(wires, _)
        | Effect::Silent(wires)
        | Effect::AdminDown(wires)
        | Effect::MkpduLoss(wires)
        | Effect::WrongKey(wires, _) => of_wires(wires),
        // Control messages pass, so nobody routes around it.
        Effect::Impaired(wires, Impairment::BlackHole) => vec![Element::StuckLink(wires.link)],
        Effect::Impaired(wires, impairment) => lost_share(&impairment)
            .map(|share| if share == Share::ONE { Element::Link(wires.link) } else { Element::Grey(wires.link, share) })
            .into_iter()
            .collect(),
        Effect::PowerLoss(router) | Effect::NoBgp(router) => vec![Element::Router(router)],
        // Line cards go on to forward; and of the others no class of components has one.
        Effect::CpuHang(_)
        | Effect::FeedLoss(_)
        | Effect::HostsDown(_)
        | Effect::Drained(_)
        | Effect::CostedOut(_)
        | Effect::Exports(_) => Vec::new(),
        Effect::SessionDown(_, session) => network.external_link(session).map(Element::Link).into_iter().collect(),
        Effect::SegmentsRefused(between) => {
            let joins = |link: &LinkId| network.links[*link].ends.iter().all(|end| between.contains(end));
            network.links.ids().filter(joins).map(Element::Link).collect()
        }
    }
}

/// The long-run share of frames that an impairment takes; `None` when it takes none.
fn lost_share(impairment: &Impairment) -> Option<Share> {
    match impairment {
        Impairment::Loss(law) => Some(law.mean()),
        Impairment::Corruption { share, .. } => Some(*share),
        // What a rate of errors loses depends on the size of frames; no class of components has one.
        Impairment::BlackHole
        | Impairment::BitErrors(_)
        | Impairment::Duplication { .. }
        | Impairment::Jitter { .. }
        | Impairment::Propagation(_) => None,
    }
}

impl<'p> Standing<'p> {
    /// Everything stands.
    #[must_use]
    pub fn new(plan: &'p StandingPlan<'p>) -> Self {
        Self { plan, causes: vec![0; plan.elements.len()], key: 0, cache: vec![None; CACHE] }
    }

    /// A component fails or comes back, or is taken out of service.
    pub fn turns(&mut self, transition: &Transition) {
        let Transition { component, turn, aspect, entry, covered, .. } = *transition;
        let (entry, fault) = (entry as usize, Manner::of_failure(covered));
        match (turn, aspect) {
            (Turn::Down, Aspect::Fault) => self.fails(component, entry, fault),
            (Turn::Up, Aspect::Fault) => self.returns(component, entry, fault),
            (Turn::Down, Aspect::OutOfService) => {
                self.returns(component, entry, fault);
                self.fails(component, entry, Manner::OutOfService);
            }
            (Turn::Up, Aspect::OutOfService) => self.returns(component, entry, Manner::OutOfService),
        }
    }

    /// A component is gone, for the entry of [`crate::network::Component::turns`] that is due.
    pub fn fails(&mut self, component: ComponentId, entry: usize, manner: Manner) {
        let plan = self.plan;
        for place in &plan.blows[component][entry][manner as usize] {
            let place = *place as usize;
            self.causes[place] += 1;
            if self.causes[place] == 1 {
                self.key = self.key.wrapping_add(plan.keys[place]);
            }
        }
    }

    /// A component that was gone so is back.
    pub fn returns(&mut self, component: ComponentId, entry: usize, manner: Manner) {
        let plan = self.plan;
        for place in &plan.blows[component][entry][manner as usize] {
            let place = *place as usize;
            self.causes[place] -= 1;
            if self.causes[place] == 0 {
                self.key = self.key.wrapping_sub(plan.keys[place]);
            }
        }
    }

    /// Everything stands again.
    pub fn reset(&mut self) {
        self.causes.fill(0);
        self.key = 0;
    }

    /// A number that tells this state from every other.
    #[must_use]
    pub const fn key(&self) -> u128 {
        self.key
    }

    /// What the connections have left, in order of id.
    pub fn states(&mut self) -> &[ConnectionState] {
        #[expect(clippy::cast_possible_truncation, reason = "a hash of the key")]
        let slot = mix(self.key as u64 ^ (self.key >> 64) as u64) as usize % CACHE;
        if self.cache[slot].as_ref().is_none_or(|(key, _)| *key != self.key) {
            self.cache[slot] = Some((self.key, self.compute()));
        }
        self.cache[slot].as_ref().map(|(_, states)| &**states).expect("just written")
    }

    fn compute(&self) -> Box<[ConnectionState]> {
        let network = self.plan.network;
        let (mut states, shortages) = Gone::new(self).all();
        for ((state, short), oversold) in states.iter_mut().zip(shortages).zip(&self.plan.oversold) {
            state.short = Share::from_ppb(short.saturating_sub(*oversold));
            state.carried = Share::from_ppb(state.carried.as_ppb().saturating_sub(state.short.as_ppb()));
            // Where senders adapt, what they do not send is not lost.
            if network.sharing == Sharing::DropProportional {
                state.loss = state.carried.complement();
            }
        }
        states.into()
    }
}

/// What is gone, by component: for one look at the whole fabric.
struct Gone<'n> {
    network: &'n Network,
    routers: IdVec<RouterId, Fate>,
    links: IdVec<LinkId, Fate>,
    members: IdVec<LinkId, usize>,
    /// Parts per billion that pass.
    passing: IdVec<LinkId, u64>,
}

/// How a router or link stands. What is stuck looks up and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Up,
    Stuck,
    Down,
}

impl<'n> Gone<'n> {
    fn new(standing: &Standing<'n>) -> Self {
        let network = standing.plan.network;
        let mut gone = Self {
            network,
            routers: network.routers.iter().map(|_| Fate::Up).collect(),
            links: network.links.iter().map(|_| Fate::Up).collect(),
            members: network.links.iter().map(|_| 0).collect(),
            passing: network.links.iter().map(|_| Share::ONE.as_ppb()).collect(),
        };
        let held = standing.plan.elements.iter().zip(&standing.causes).filter(|(_, causes)| **causes > 0);
        for (element, _) in held {
            match *element {
                Element::Router(router) => gone.routers[router] = Fate::Down,
                Element::Link(link) => gone.links[link] = Fate::Down,
                Element::Member(link, _) => gone.members[link] += 1,
                Element::StuckRouter(router) => gone.routers[router] = gone.routers[router].max(Fate::Stuck),
                Element::StuckLink(link) => gone.links[link] = gone.links[link].max(Fate::Stuck),
                Element::Grey(link, share) => {
                    let passes = gone.passing[link] * share.complement().as_ppb() / Share::ONE.as_ppb();
                    gone.passing[link] = passes;
                }
            }
        }
        for (id, link) in network.links.enumerate() {
            if link.members.len() - gone.members[id] < link.min_links.max(1) {
                gone.links[id] = Fate::Down;
            }
        }
        gone
    }

    /// What stands of every connection while capacity is never short, and the parts per billion of its demand for which
    /// it is.
    fn all(&self) -> (Vec<ConnectionState>, Vec<u64>) {
        let (states, claims): (Vec<_>, Vec<_>) = self.network.connections.ids().map(|id| self.state(id)).unzip();
        let shortages = shortages(&claims, |link| self.capacity(link), self.network.sharing);
        (states, shortages)
    }

    /// Of one direction of a link, in thousandths of a bit a second.
    fn capacity(&self, link: LinkId) -> u64 {
        let members = &self.network.links[link].members;
        let whole: u64 = members.iter().map(|member| self.network.ports[member.ports[0]].rate.as_bps()).sum();
        let standing = (members.len() - self.members[link]) as u64;
        (u128::from(whole) * 1_000 * u128::from(standing) / members.len() as u128).try_into().unwrap_or(u64::MAX)
    }

    /// The best over the connection's pairs of attachments, as runs with packets judge it, and what it asks of its channels.
    fn state(&self, id: ConnectionId) -> (ConnectionState, Claim) {
        let connection = &self.network.connections[id];
        let demand = u128::from(connection.bandwidth.as_bps()) * u128::from(self.network.study.demand.as_ppb());
        let demand = u64::try_from(demand / 1_000_000).unwrap_or(u64::MAX);
        let reached = [0, 1].map(|side| -> Vec<IdVec<RouterId, bool>> {
            connection.attachments[side].iter().map(|attachment| self.reached(*attachment)).collect()
        });
        let none = ConnectionState { usable: 0, loss: Share::ONE, carried: Share::ZERO, short: Share::ZERO };
        let mut best = (none, Claim { demand, used: 0, channels: Vec::new() });
        for near in &reached[0] {
            for far in &reached[1] {
                let (state, claim) = self.over(connection, demand, [near, far]);
                if state.usable > best.0.usable || (state.usable == best.0.usable && state.loss < best.0.loss) {
                    best = (state, claim);
                }
            }
        }
        best
    }

    /// The state between two attachments, each channel an equal share of the packets.
    fn over(
        &self,
        connection: &Connection,
        demand: u64,
        [near, far]: [&IdVec<RouterId, bool>; 2],
    ) -> (ConnectionState, Claim) {
        let mut claim = Claim { demand, used: 0, channels: Vec::new() };
        for channel in self.network.interconnects[connection.interconnect].channels.iter().copied() {
            let [a, b] = self.network.links[channel].ends;
            let joined = (near[a] && far[b]) || (near[b] && far[a]);
            let fate = self.links[channel].max(self.routers[a]).max(self.routers[b]);
            match fate {
                Fate::Up if joined => {
                    claim.used += 1;
                    let limit = self.limit(connection, channel);
                    claim.channels.push(Carrier { link: channel, limit, passing: self.passing[channel] });
                }
                Fate::Stuck if joined => claim.used += 1,
                Fate::Up | Fate::Stuck | Fate::Down => {}
            }
        }
        let passing: u64 = claim.channels.iter().map(|carrier| carrier.passing).sum();
        let usable = u16::try_from(claim.channels.len()).expect("few channels");
        let carried = Share::from_ppb(passing / claim.used.max(1));
        (ConnectionState { usable, loss: carried.complement(), carried, short: Share::ZERO }, claim)
    }

    /// What a connection may send over a channel, in thousandths of a bit a second.
    fn limit(&self, connection: &Connection, channel: LinkId) -> u64 {
        let mut own = connection.logical_links.iter().map(|link| &self.network.logical_links[*link]);
        let limit = own.find(|link| link.channel == channel).and_then(|link| link.limit);
        limit.map_or(u64::MAX, |limit| limit.as_bps().saturating_mul(1_000))
    }

    /// The routers of an attachment's provider that it reaches.
    fn reached(&self, attachment: AttachmentId) -> IdVec<RouterId, bool> {
        let edge = self.network.attachments[attachment].edge;
        let mut reached: IdVec<RouterId, bool> = self.network.routers.iter().map(|_| false).collect();
        reached[edge] = true;
        let mut next = VecDeque::from([edge]);
        while let Some(router) = next.pop_front() {
            for link in &self.network.routers[router].links {
                let stays_inside = match self.network.links[*link].kind {
                    LinkKind::Backbone | LinkKind::Attachment => true,
                    LinkKind::Channel(_) | LinkKind::Peering => false,
                };
                let end = self.network.end_of(*link, router);
                let other = self.network.links[*link].ends[1 - end];
                let is_edge = matches!(self.network.routers[other].role, RouterRole::Edge(_));
                let stands = self.links[*link] != Fate::Down && self.routers[other] != Fate::Down;
                if stays_inside && stands && !is_edge && !reached[other] {
                    reached[other] = true;
                    next.push_back(other);
                }
            }
        }
        reached
    }
}

/// Whether a component's failure changes anything that is seen here.
impl StandingPlan<'_> {
    /// Components whose failures take nothing away, such as a hung processor.
    #[must_use]
    pub fn is_harmless(&self, component: &ComponentId) -> bool {
        self.blows[*component].iter().all(|[covered, _, shut]| covered.is_empty() && shut.is_empty())
    }

    /// Whether the failures themselves leave every channel usable, whatever share of packets they lose.
    #[must_use]
    pub fn spares_channels(&self, component: &ComponentId) -> bool {
        let spared = |place: &u32| matches!(self.elements[*place as usize], Element::Grey(..));
        self.blows[*component].iter().all(|[covered, stuck, _]| covered.iter().chain(stuck).all(spared))
    }
}
