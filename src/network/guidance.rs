//! What a provider can offer a feature on a channel, and what two of them can agree on: `FeatureGuidance` and
//! `L3BaseConfig` of the public Interconnect specification (github.com/aws/Interconnect, `schemas/`).

use std::collections::BTreeMap;
use std::fmt;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::ids::{IdVec, LinkId, ProviderId};
use crate::units::{Bytes, Span};

/// The guidance of every provider, for all channels and for single ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guidance {
    /// For channels without one of their own.
    pub general: IdVec<ProviderId, L3BaseGuidance>,
    /// For one channel, until a scenario time; `None` to the end.
    pub channels: BTreeMap<(ProviderId, LinkId), (L3BaseGuidance, Option<Span>)>,
}

impl Guidance {
    /// What a provider can offer on a channel at a scenario time.
    #[must_use]
    pub fn of(&self, provider: ProviderId, channel: LinkId, at: Span) -> &L3BaseGuidance {
        let own = self.channels.get(&(provider, channel));
        own.filter(|(_, until)| until.is_none_or(|until| at < until)).map_or(&self.general[provider], |(own, _)| own)
    }

    /// When a provider begins to offer something else on a channel.
    #[must_use]
    pub fn changes(&self, provider: ProviderId, channel: LinkId) -> Option<Span> {
        self.channels.get(&(provider, channel)).and_then(|(_, until)| *until)
    }
}

/// `l3BaseGuidance`: ranges with both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L3BaseGuidance {
    /// `vlanRanges`, in 1025..=4094.
    pub vlans: Vec<(u16, u16)>,
    /// `mtuRanges`, in bytes of IP packets.
    pub mtus: Vec<(u32, u32)>,
    /// `asnRanges`: what the provider's own end can use.
    pub asns: Vec<(u32, u32)>,
    /// `ipv4SubnetGuidance` with `ipv4AllowedSubnetPrefixLengths`.
    pub ipv4: Subnets,
    /// `ipv6SubnetGuidance` with `ipv6AllowedSubnetPrefixLengths`; empty: none is offered.
    pub ipv6: Subnets,
}

/// Where the subnet of a feature may lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subnets {
    /// `includeSubnet`.
    pub include: Vec<IpNet>,
    /// `excludeSubnets`.
    pub exclude: Vec<IpNet>,
    /// `preferredSubnet`.
    pub preferred: Option<IpNet>,
    /// Allowed prefix lengths.
    pub lengths: Vec<u8>,
}

/// VLAN IDs up to here are reserved (`l3_base_config.yaml`).
pub const RESERVED_VLANS: u16 = 1024;
/// 4095 is reserved (IEEE 802.1Q 9.6).
pub const LAST_VLAN: u16 = 4094;

impl Default for L3BaseGuidance {
    /// All that the specification leaves: every VLAN that is not reserved, its example subnets with their lengths, any AS
    /// number, and every MTU from the smallest of IPv4 (RFC 791 3.2).
    fn default() -> Self {
        let subnets = |include, lengths| Subnets { include, lengths, ..Subnets::default() };
        let link_local = Ipv4Net::new_assert([169, 254, 0, 0].into(), 16);
        let unique_local = Ipv6Net::new_assert([0xfd20, 0, 0, 0, 0, 0, 0, 0].into(), 16).trunc();
        Self {
            vlans: vec![(RESERVED_VLANS + 1, LAST_VLAN)],
            mtus: vec![(68, 65_535)],
            asns: vec![(1, u32::MAX)],
            ipv4: subnets(vec![link_local.into()], vec![29]),
            ipv6: subnets(vec![unique_local.into()], vec![64]),
        }
    }
}

/// `l3BaseConfig`: what both providers set up on one channel for one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L3BaseConfig {
    /// `vlanId`.
    pub vlan: u16,
    /// `mtuBytes`: the largest IP packet at the hand-off.
    pub mtu: Bytes,
    /// `ipv4Subnet` with `ipv4SubnetPrefixLength`; the first two hosts are `hostIpv4` of either side.
    pub ipv4: IpNet,
    /// `ipv6Subnet` with `ipv6SubnetPrefixLength`.
    pub ipv6: Option<IpNet>,
    /// `asn` of either side.
    pub asns: [u32; 2],
}

/// What a feature is to be agreed on for.
#[derive(Debug, Clone, Copy)]
pub struct FeatureRequest<'a> {
    /// Of both sides.
    pub guidance: [&'a L3BaseGuidance; 2],
    /// The AS numbers of the two.
    pub asns: [u32; 2],
    /// The side that gives its guidance to the one that proposes: the subnet that it prefers goes first.
    pub answering: usize,
    /// The largest IP packet that the channel carries.
    pub largest: Bytes,
    /// VLANs of other connections on the channel.
    pub vlans_taken: &'a [u16],
    /// Subnets in use on the interconnect.
    pub subnets_taken: &'a [IpNet],
}

/// Why there is no feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCommonGround {
    /// No VLAN is in the ranges of both.
    Vlan,
    /// Those that are, other connections have.
    VlansTaken,
    /// No MTU is in the ranges of both and carried by the channel.
    Mtu,
    /// The AS number of one side is not in its own ranges.
    Asn(usize),
    /// No IPv4 subnet is offered by both, with a length that both allow.
    Ipv4,
    /// Those that are, are in use.
    Ipv4Taken,
}

impl fmt::Display for NoCommonGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vlan => "vlanRanges have no VLAN in common",
            Self::VlansTaken => "every VLAN in the vlanRanges of both is taken",
            Self::Mtu => "mtuRanges have nothing in common that the channel carries",
            Self::Asn(_) => "the AS number of a side is not in its asnRanges",
            Self::Ipv4 => "ipv4SubnetGuidance has no subnet in common",
            Self::Ipv4Taken => "every IPv4 subnet that both offer is in use",
        })
    }
}

impl fmt::Display for L3BaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vlanId {}, {}", self.vlan, self.ipv4)?;
        if let Some(ipv6) = self.ipv6 {
            write!(f, ", {ipv6}")?;
        }
        write!(f, ", mtuBytes {}, ASN {} and {}", self.mtu.0, self.asns[0], self.asns[1])
    }
}

/// What two providers agree on: the lowest free VLAN, the highest common MTU (as the specification asks), a preferred
/// subnet where both allow it and it is free, else the lowest free one of the greatest common length.
///
/// # Errors
///
/// The first parameter that has no common ground. IPv6 is optional: without common ground it is left out.
pub fn negotiate(request: &FeatureRequest<'_>) -> Result<L3BaseConfig, NoCommonGround> {
    let [one, other] = request.guidance;
    for (side, guidance) in request.guidance.into_iter().enumerate() {
        let asn = request.asns[side];
        if !guidance.asns.iter().any(|(low, high)| (*low..=*high).contains(&asn)) {
            return Err(NoCommonGround::Asn(side));
        }
    }
    let vlans = common(&one.vlans, &other.vlans);
    if vlans.is_empty() {
        return Err(NoCommonGround::Vlan);
    }
    let mut free = vlans.into_iter().flat_map(|(low, high)| low..=high).filter(|id| !request.vlans_taken.contains(id));
    let vlan = free.next().ok_or(NoCommonGround::VlansTaken)?;
    let carried = [(0, u32::try_from(request.largest.0).unwrap_or(u32::MAX))];
    let mtus = common(&common(&one.mtus, &other.mtus), &carried);
    let mtu = mtus.into_iter().map(|(_, high)| high).max().ok_or(NoCommonGround::Mtu)?;
    let free = |sides: [&Subnets; 2], taken| subnet(sides, request.answering, taken);
    free([&one.ipv4, &other.ipv4], &[]).ok_or(NoCommonGround::Ipv4)?;
    let ipv4 = free([&one.ipv4, &other.ipv4], request.subnets_taken).ok_or(NoCommonGround::Ipv4Taken)?;
    let ipv6 = free([&one.ipv6, &other.ipv6], request.subnets_taken);
    Ok(L3BaseConfig { vlan, mtu: Bytes(u64::from(mtu)), ipv4, ipv6, asns: request.asns })
}

/// Where two lists of ranges overlap, in order.
fn common<T: Copy + Ord>(ones: &[(T, T)], others: &[(T, T)]) -> Vec<(T, T)> {
    let overlap = |one: &(T, T), other: &(T, T)| (one.0.max(other.0), one.1.min(other.1));
    let pairs = ones.iter().flat_map(|one| others.iter().map(move |other| overlap(one, other)));
    let mut ranges: Vec<(T, T)> = pairs.filter(|(low, high)| low <= high).collect();
    ranges.sort_unstable();
    ranges
}

/// A free subnet that both sides offer.
fn subnet([one, other]: [&Subnets; 2], answering: usize, taken: &[IpNet]) -> Option<IpNet> {
    let blocked: Vec<IpNet> = [&one.exclude[..], &other.exclude, taken].concat();
    let mut lengths: Vec<u8> = one.lengths.iter().copied().filter(|length| other.lengths.contains(length)).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let is_offered =
        |net: &IpNet| [one, other].iter().all(|side| side.include.iter().any(|within| within.contains(net)));
    let is_free = |net: &IpNet| !blocked.iter().any(|other| other.contains(net) || net.contains(other));
    let preferred = [answering, 1 - answering].map(|side| [one, other][side].preferred).into_iter().flatten();
    let mut preferred = preferred.filter(|net| lengths.contains(&net.prefix_len()) && is_offered(net) && is_free(net));
    preferred.next().or_else(|| {
        let nested = |a: &IpNet, b: &IpNet| {
            if a.contains(b) { Some(*b) } else { b.contains(a).then_some(*a) }
        };
        let mut within: Vec<IpNet> =
            one.include.iter().flat_map(|a| other.include.iter().filter_map(move |b| nested(a, b))).collect();
        within.sort_unstable();
        lengths.iter().find_map(|length| within.iter().find_map(|net| lowest_free(*net, *length, &blocked)))
    })
}

/// The lowest subnet of a length within another that overlaps nothing that is blocked.
fn lowest_free(within: IpNet, length: u8, blocked: &[IpNet]) -> Option<IpNet> {
    let bits = within.max_prefix_len();
    if length < within.prefix_len() || length > bits {
        return None;
    }
    let step = 1u128 << (bits - length);
    let (mut at, last) = range(within);
    let mut in_the_way: Vec<(u128, u128)> =
        blocked.iter().filter(|other| other.max_prefix_len() == bits).map(|other| range(*other)).collect();
    in_the_way.sort_unstable();
    for (low, high) in in_the_way {
        if low > at.saturating_add(step - 1) {
            break;
        }
        if high >= at {
            // Behind it, at the next multiple of the length.
            at = high.checked_add(1)?.checked_next_multiple_of(step)?;
        }
    }
    let end = at.checked_add(step - 1)?;
    (end <= last).then(|| net_at(at, length, within))
}

/// The first and the last address.
fn range(net: IpNet) -> (u128, u128) {
    match net {
        IpNet::V4(net) => (u32::from(net.network()).into(), u32::from(net.broadcast()).into()),
        IpNet::V6(net) => (net.network().into(), net.broadcast().into()),
    }
}

fn net_at(address: u128, length: u8, like: IpNet) -> IpNet {
    match like {
        IpNet::V4(_) => {
            let address = u32::try_from(address).expect("within a subnet of IPv4");
            Ipv4Net::new_assert(address.into(), length).into()
        }
        IpNet::V6(_) => Ipv6Net::new_assert(address.into(), length).into(),
    }
}

#[cfg(test)]
mod tests;
