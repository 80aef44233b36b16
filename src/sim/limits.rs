//! Rate limits where they stand: at attachments, at the edge of a connection, on logical links.

use crate::dataplane::{Limited, Limiter};
use crate::ids::{AttachmentId, ConnectionId, LogicalLinkId, PortId};
use crate::message::{DropReason, Packet};
use crate::network::{AggregateLimit, Attachment, Connection, LogicalLink, Network, TokenBucket};
use crate::sim::congestion::Congestion;
use crate::sim::control_packets::first_port;
use crate::sim::event::Event;
use crate::sim::facts::Facts;
use crate::sim::partition::Partition;
use crate::sim::recorder::EntryIndex;
use crate::sim::snapshot::DeathPlace;
use crate::units::{Rate, Span, Time};

/// Where a rate limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitPlace {
    /// At the sending end (0 or 1) of a logical link's channel.
    Link(LogicalLinkId, usize),
    /// At the edges of one side of a connection: its direction.
    Edge(ConnectionId, usize),
    /// At the edge of an attachment.
    Attachment(AttachmentId),
}

/// Whether a packet passes a limit at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Passed {
    /// It does.
    Yes,
    /// It is kept for later, or has died.
    No,
}

/// A limiter with its history.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Limit {
    limiter: Limiter,
    congestion: Congestion,
    serial: u32,
}

impl Limit {
    fn new(rate: Rate, bucket: &TokenBucket) -> Self {
        Self { limiter: Limiter::new(rate, bucket), congestion: Congestion::default(), serial: 0 }
    }

    /// At both ends of a logical link.
    pub fn of_link(network: &Network, link: &LogicalLink) -> [Option<Self>; 2] {
        let connection = &network.connections[link.connection];
        let bucket = |rate| connection.rate_limit.bucket.share(rate, connection.bandwidth);
        [0, 1].map(|_| link.limit.map(|rate| Self::new(rate, &bucket(rate))))
    }

    /// In both directions of a connection.
    pub fn of_edge(connection: &Connection) -> [Option<Self>; 2] {
        [0, 1].map(|_| match connection.rate_limit.aggregate_at {
            AggregateLimit::VpcEdge => Some(Self::new(connection.bandwidth, &connection.rate_limit.bucket)),
            AggregateLimit::None => None,
        })
    }

    /// Of what an attachment sends.
    pub fn of_attachment(attachment: &Attachment) -> Option<Self> {
        attachment.limit.as_ref().map(|limit| Self::new(limit.bandwidth, &limit.bucket))
    }

    /// What passes in the long run, and how long those wait that do.
    pub fn passes(&self) -> (Rate, Span) {
        (self.limiter.passes(), self.limiter.full_wait())
    }

    /// The ledger entry behind what a full limit drops.
    pub fn blame(&mut self, lasting: Option<EntryIndex>) -> Option<EntryIndex> {
        self.congestion.entry(lasting)
    }

    /// The packets that wait here.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.limiter.packets()
    }
}

impl Partition<'_> {
    pub fn limit(&mut self, place: LimitPlace) -> Option<&mut Limit> {
        match place {
            LimitPlace::Link(link, end) => self.link_limits[link][end].as_mut(),
            LimitPlace::Edge(connection, direction) => self.edge_limits[connection][direction].as_mut(),
            LimitPlace::Attachment(attachment) => self.attachment_limits[attachment].as_mut(),
        }
    }

    /// All limits, wherever they stand.
    pub fn limits(&self) -> impl Iterator<Item = &Limit> {
        let pairs = self.link_limits.iter().chain(self.edge_limits.iter());
        pairs.flatten().chain(self.attachment_limits.iter()).flatten()
    }

    /// A packet comes to where a limit may stand.
    #[inline]
    pub fn pass(&mut self, place: LimitPlace, packet: &mut Packet, facts: &Facts) -> Passed {
        let (now, network) = (self.now, self.network);
        let Some(limit) = self.limit(place) else { return Passed::Yes };
        match limit.limiter.offer(now, packet) {
            Limited::Pass => return Passed::Yes,
            Limited::Held => {}
            Limited::HeldFirst(at) => self.await_release(place, at),
            Limited::Drop => {
                let entry = limit.congestion.entry(facts.behind_overload(network, packet.flow));
                self.drop_in_limit(place, packet, entry);
            }
        }
        Passed::No
    }

    /// A control message comes to where a logical link's limit counts it, to go on by `port`.
    pub fn pass_control(&mut self, place: LimitPlace, port: PortId, packet: &mut Packet, facts: &Facts) -> Passed {
        let (now, network) = (self.now, self.network);
        let Some(limit) = self.limit(place) else { return Passed::Yes };
        match limit.limiter.offer(now, packet) {
            Limited::Pass => return Passed::Yes,
            Limited::Held | Limited::HeldFirst(_) => unreachable!("shapers count no control message"),
            Limited::Drop => {
                let entry = limit.congestion.entry(facts.behind_overload(network, packet.flow));
                self.drop_at(port, packet, DropReason::RateLimit, entry);
            }
        }
        Passed::No
    }

    /// The first packet that waits at a limit conforms.
    pub fn releases(&mut self, place: LimitPlace, facts: &Facts) {
        let now = self.now;
        let shaper = self.limit(place).and_then(|limit| limit.limiter.shaper_mut());
        let Some(shaper) = shaper.filter(|shaper| shaper.next_release(now) == Some(now)) else {
            self.stale += 1;
            return;
        };
        let mut packet = shaper.release(now);
        if let Some(at) = shaper.next_release(now) {
            self.await_release(place, at);
        }
        match place {
            LimitPlace::Link(link, end) => {
                let port = self.channel_port(link, end, &packet);
                self.ride(link, port, &mut packet, facts);
            }
            LimitPlace::Edge(..) => self.leave_edge(&mut packet, facts),
            LimitPlace::Attachment(_) => self.leave_attachment(&mut packet, facts),
        }
    }

    fn await_release(&mut self, place: LimitPlace, at: Time) {
        let Some(limit) = self.limit(place) else { return };
        limit.serial = limit.serial.wrapping_add(1);
        let serial = limit.serial;
        self.schedule(Event::Release(place), at, serial);
    }

    /// The rate of a limit changes.
    pub fn set_limit(&mut self, place: LimitPlace, rate: Rate) {
        let now = self.now;
        let next = self.limit(place).and_then(|limit| limit.limiter.set_rate(now, rate));
        if let Some(at) = next {
            self.await_release(place, at);
        }
    }

    fn drop_in_limit(&mut self, place: LimitPlace, packet: &Packet, entry: Option<EntryIndex>) {
        match place {
            LimitPlace::Link(link, end) => {
                let port = self.channel_port(link, end, packet);
                self.drop_at(port, packet, DropReason::RateLimit, entry);
            }
            LimitPlace::Edge(..) | LimitPlace::Attachment(_) => {
                let edge = self.sources[packet.flow].edge;
                self.drop_packet(packet, DeathPlace::Router(edge), (DropReason::RateLimit, entry));
            }
        }
    }

    /// The port by which a packet leaves on the channel of a logical link.
    fn channel_port(&self, link: LogicalLinkId, end: usize, packet: &Packet) -> PortId {
        let channel = self.network.logical_links[link].channel;
        let first = first_port(self.network, channel, end);
        self.member(self.network.ports[first].from, first, packet)
    }

    /// Throws out what waits at a limit.
    pub fn flush_limit(&mut self, place: LimitPlace) -> Vec<Packet> {
        let now = self.now;
        let shaper = self.limit(place).and_then(|limit| limit.limiter.shaper_mut());
        shaper.map_or_else(Vec::new, |shaper| shaper.flush(now))
    }

    /// Asserts Little's law on every queue here; nothing in release builds.
    pub fn audit(&mut self, now: Time) {
        self.wires.iter_mut().for_each(|wire| wire.port.audit(&mut self.packets, now));
        self.limits().for_each(|limit| limit.limiter.audit(now));
    }
}
