//! Interconnects, connections, flows and monitors.

use std::net::IpAddr;
use std::sync::Arc;

use super::RateLimit;
use super::exchange::ExchangeConfig;
use super::laws::{ArrivalLaw, Profile, SizeLaw};
use super::transfer::TcpConfig;
use crate::ids::{
    AttachmentId, ConnectionId, DestinationId, FlowEntryId, FlowId, InterconnectId, LinkId, LogicalLinkId, MonitorId,
    ProviderId, RouterId, SessionId,
};
use crate::units::{Rate, Span, TrafficClass};

/// A redundancy group of channels.
#[derive(Debug, Clone)]
pub struct Interconnect {
    /// Name in the scenario.
    pub name: String,
    /// Whether the specification's rules were enforced.
    pub kind: InterconnectKind,
    /// The two providers, in order of name.
    pub providers: [ProviderId; 2],
    /// Its channels, in id order.
    pub channels: Vec<LinkId>,
}

/// Who designs an interconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterconnectKind {
    /// The service: at least four channels, device diversity, two facilities.
    Managed,
    /// Any design.
    Custom,
}

/// One customer's purchase on an interconnect.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Name in the scenario.
    pub name: String,
    /// The interconnect it is sold on.
    pub interconnect: InterconnectId,
    /// Purchased rate in each direction, in bits of IP packets.
    pub bandwidth: Rate,
    /// How the purchased rate is enforced.
    pub rate_limit: RateLimit,
    /// The attachments it joins: those of `interconnect.providers[0]`, then of `[1]`.
    pub attachments: [Vec<AttachmentId>; 2],
    /// Its VLANs, one per channel, in order of channel.
    pub logical_links: Vec<LogicalLinkId>,
}

/// A connection's VLAN on one channel.
#[derive(Debug, Clone)]
pub struct LogicalLink {
    /// "connection/channel".
    pub name: String,
    /// Whose it is.
    pub connection: ConnectionId,
    /// The channel that carries it.
    pub channel: LinkId,
    /// VLAN id.
    pub vlan: u16,
    /// Its eBGP session.
    pub session: SessionId,
    /// What each sending end passes; `None` when not limited.
    pub limit: Option<Rate>,
}

/// A flow entry of the scenario: `count` five-tuples of one kind in one direction.
#[derive(Debug, Clone)]
pub struct FlowEntry {
    /// Name in the scenario; the reverse direction of a two-way entry is "name (reverse)".
    pub name: String,
    /// Where packets begin, in id order; five-tuples take them in turn.
    pub from: Vec<AttachmentId>,
    /// Where they end, in id order.
    pub to: Vec<AttachmentId>,
    /// The connection that carries it, when it crosses one.
    pub connection: Option<ConnectionId>,
    /// Offered rate of all its five-tuples together, in bits of IP packets.
    pub rate: Rate,
    /// Its first five-tuple; the others follow.
    pub first: FlowId,
    /// Number of five-tuples.
    pub count: u32,
}

impl FlowEntry {
    /// Its five-tuples.
    pub fn flows(&self) -> impl DoubleEndedIterator<Item = FlowId> + use<> {
        (self.first.0..self.first.0 + self.count).map(FlowId)
    }
}

/// One five-tuple.
#[derive(Debug, Clone)]
pub struct Flow {
    /// "entry#index": keys its random streams.
    pub name: String,
    /// Its entry, or `None` for a monitor's probes.
    pub entry: Option<FlowEntryId>,
    /// What it is for.
    pub role: FlowRole,
    /// Source address.
    pub source: IpAddr,
    /// Target address.
    pub target: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// Source port.
    pub source_port: u16,
    /// Target port.
    pub target_port: u16,
    /// The edge that sends.
    pub edge: RouterId,
    /// The prefix that it is sent to (longest match of the target address).
    pub destination: DestinationId,
    /// The connection that carries it, when it crosses one.
    pub connection: Option<ConnectionId>,
    /// Time between packets; between transfers or exchanges when it has these.
    pub arrivals: ArrivalLaw,
    /// Mean time between packets; with transfers or exchanges an estimate, for dividing work.
    pub interval: Span,
    /// Packet sizes.
    pub sizes: SizeLaw,
    /// How the rate changes over the day; `None` when it does not.
    pub diurnal: Option<Arc<Profile>>,
    /// What makes packets of its data.
    pub transport: Transport,
    /// First possible packet, in scenario time.
    pub start: Span,
    /// No packet at or after this, in scenario time.
    pub stop: Span,
    /// Initial hop limit.
    pub ttl: u8,
    /// Code point and ECN field of its packets.
    pub traffic_class: TrafficClass,
    /// The five-tuple of the other direction, when the entry is two-way or has transfers or exchanges.
    pub reverse: Option<FlowId>,
}

impl Flow {
    /// Whether it begins what depends on the fate of its packets: transfers or exchanges.
    #[must_use]
    pub const fn listens(&self) -> bool {
        match (self.role, &self.transport) {
            (FlowRole::Data, Transport::Tcp(_) | Transport::Exchanges(_)) => true,
            (FlowRole::Data, Transport::Datagrams)
            | (FlowRole::Answers | FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_), _) => false,
        }
    }

    /// Whether it can go by as a rate: data that is sent whatever becomes of it.
    #[must_use]
    pub const fn is_rated(&self) -> bool {
        match (self.role, &self.transport) {
            (FlowRole::Data, Transport::Datagrams) => true,
            (FlowRole::Data, Transport::Tcp(_) | Transport::Exchanges(_))
            | (FlowRole::Answers | FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_), _) => false,
        }
    }
}

/// What makes packets of a flow's data.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Each packet is sent when it is drawn.
    Datagrams,
    /// Transfers over TCP: packets are sent as the network lets them.
    Tcp(Arc<TcpConfig>),
    /// Requests and responses: packets of a message are sent together, and again when no response comes.
    Exchanges(Arc<ExchangeConfig>),
}

/// What a five-tuple is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowRole {
    /// Customer traffic.
    Data,
    /// What comes back for the data of its reverse five-tuple: acknowledgements, or responses.
    Answers,
    /// Requests of a monitor.
    ProbeRequest(MonitorId),
    /// Replies of a monitor, sent when a request arrives.
    ProbeReply(MonitorId),
}

/// A synthetic monitor: probes one target from one source, as a provider's own monitor does.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// Name in the scenario.
    pub name: String,
    /// Aggregation period: 30 s or 60 s.
    pub period: Span,
    /// Time between probes.
    pub interval: Span,
    /// A probe is lost when its reply has not come after this time.
    pub timeout: Span,
    /// The flow of its requests.
    pub request: FlowId,
    /// The flow of its replies.
    pub reply: FlowId,
}
