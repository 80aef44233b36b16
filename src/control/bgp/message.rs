//! Sizes of BGP messages on the wire, and the packing of routes into UPDATEs.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::ids::{DestinationId, IdVec};
use crate::message::{BgpMessage, PathAttributes};
use crate::network::Network;
use crate::units::Bytes;

/// Largest message that is made. RFC 4271 4.1 allows 4096 bytes; here a message is one TCP segment, and with up to 72
/// bytes of headers it must fit the smallest MTU of a link that carries BGP, 576 bytes.
const LARGEST: u64 = 500;
/// Message header (RFC 4271 4.1).
const HEADER: u64 = 19;
/// OPEN with the optional parameters FRR 8.4 sends (measured: a frame of 160 bytes).
const OPEN: u64 = 94;
/// NOTIFICATION without data: header, code, subcode.
const NOTIFICATION: u64 = HEADER + 2;
/// ROUTE-REFRESH: header, AFI, a reserved byte, SAFI (RFC 2918 3).
const ROUTE_REFRESH: u64 = HEADER + 4;
/// UPDATE with nothing in it: header and two lengths.
const UPDATE: u64 = HEADER + 4;
/// MP_UNREACH_NLRI before its prefixes (RFC 4760 4): extended attribute header, AFI, SAFI.
const MP_UNREACH: u64 = 4 + 3;
/// MP_REACH_NLRI before its prefixes (RFC 4760 3): as above, with one next hop and a reserved byte.
const MP_REACH: u64 = 4 + 3 + 1 + 16 + 1;

/// Bytes of IP and TCP (with the timestamp option) around each message to `address`.
pub(super) fn headers(address: IpAddr) -> Bytes {
    Bytes(32 + if address.is_ipv4() { 20 } else { 40 })
}

/// The prefixes behind destinations, for their sizes.
#[derive(Debug, Clone)]
pub(super) struct Prefixes(IdVec<DestinationId, IpNet>);

impl Prefixes {
    pub(super) fn new(network: &Network) -> Self {
        Self(network.destinations.iter().map(|destination| destination.prefix).collect())
    }

    /// Bytes of the IPv4 and of the IPv6 prefixes (RFC 4271 4.3: a length and as few bytes as hold it).
    fn bytes(&self, destinations: &[DestinationId]) -> (u64, u64) {
        let mut sizes = (0, 0);
        for destination in destinations {
            let prefix = &self.0[*destination];
            let bytes = 1 + u64::from(prefix.prefix_len().div_ceil(8));
            match prefix {
                IpNet::V4(_) => sizes.0 += bytes,
                IpNet::V6(_) => sizes.1 += bytes,
            }
        }
        sizes
    }

    /// Size of a message with its header.
    pub(super) fn size(&self, message: &BgpMessage) -> Bytes {
        Bytes(match message {
            BgpMessage::Open { .. } => OPEN,
            BgpMessage::Keepalive => HEADER,
            BgpMessage::EndOfRib => UPDATE,
            BgpMessage::RouteRefresh => ROUTE_REFRESH,
            BgpMessage::Notification(_) => NOTIFICATION,
            BgpMessage::ConnectionReset => 0,
            BgpMessage::Update { withdrawn, announced } => {
                let (gone4, gone6) = self.bytes(withdrawn);
                let gone = gone4 + if gone6 > 0 { MP_UNREACH + gone6 } else { 0 };
                let announced = announced.as_ref().map_or(0, |(attributes, destinations)| {
                    let (new4, new6) = self.bytes(destinations);
                    let next_hop = if new4 > 0 { 7 } else { 0 };
                    attribute_bytes(attributes) + next_hop + new4 + if new6 > 0 { MP_REACH + new6 } else { 0 }
                });
                UPDATE + gone + announced
            }
        })
    }

    /// UPDATEs for one peer: withdrawals first, then one message for each attribute set, split where too large.
    pub(super) fn pack(
        &self,
        withdrawn: &[DestinationId],
        groups: Vec<(Arc<PathAttributes>, Vec<DestinationId>)>,
    ) -> Vec<BgpMessage> {
        let mut messages = Vec::new();
        for part in self.split(withdrawn, UPDATE + MP_UNREACH) {
            messages.push(BgpMessage::Update { withdrawn: part, announced: None });
        }
        for (attributes, destinations) in groups {
            let around = UPDATE + attribute_bytes(&attributes) + 7 + MP_REACH;
            for part in self.split(&destinations, around) {
                let announced = Some((Arc::clone(&attributes), part));
                messages.push(BgpMessage::Update { withdrawn: Vec::new(), announced });
            }
        }
        messages
    }

    /// The destinations in parts that fit a message with `around` other bytes.
    fn split(&self, destinations: &[DestinationId], around: u64) -> Vec<Vec<DestinationId>> {
        let mut parts: Vec<Vec<DestinationId>> = Vec::new();
        let mut room = 0;
        for destination in destinations {
            let (four, six) = self.bytes(&[*destination]);
            if parts.is_empty() || four + six > room {
                parts.push(Vec::new());
                room = LARGEST - around;
            }
            room -= four + six;
            parts.last_mut().expect("just pushed").push(*destination);
        }
        parts
    }
}

/// ORIGIN, AS_PATH (4-byte numbers and extended length, as FRR sends it) and what else there is.
fn attribute_bytes(attributes: &PathAttributes) -> u64 {
    let segment = if attributes.as_path.is_empty() { 0 } else { 2 + 4 * attributes.as_path.len() as u64 };
    let optional = |value: Option<u32>| if value.is_some() { 7 } else { 0 };
    // RFC 1997 and RFC 4456: a header of 3 bytes and 4 for each.
    let list = |items: usize| if items == 0 { 0 } else { 3 + 4 * items as u64 };
    let reflected = optional(attributes.originator) + list(attributes.cluster_list.len());
    let policy = optional(attributes.med) + optional(attributes.local_pref) + list(attributes.communities.len());
    4 + 4 + segment + policy + reflected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{NotificationReason, RestartState};
    use crate::units::Span;

    /// Header of an Ethernet frame without FCS, as captures count it.
    const ETHERNET: u64 = 14;

    fn prefixes(texts: &[&str]) -> Prefixes {
        Prefixes(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn frame(prefixes: &Prefixes, message: &BgpMessage) -> u64 {
        ETHERNET + headers("10.0.0.1".parse().unwrap()).0 + prefixes.size(message).0
    }

    fn attributes(as_path: &[u32], med: Option<u32>) -> Arc<PathAttributes> {
        Arc::new(PathAttributes { as_path: as_path.to_vec(), med, ..PathAttributes::default() })
    }

    #[test]
    fn frames_are_as_large_as_frr_puts_them_on_the_wire() {
        let hosts = prefixes(&["192.0.2.1/32"]);
        let one = vec![DestinationId(0)];
        let update = |as_path: &[u32], med| BgpMessage::Update {
            withdrawn: vec![],
            announced: Some((attributes(as_path, med), one.clone())),
        };
        // Captured from FRR 8.4.4 with IPv4, TCP timestamps and no FCS.
        assert_eq!(frame(&hosts, &BgpMessage::Keepalive), 85);
        let (hold, restart_time, restart_state) = (Span::from_s(90), Span::ZERO, RestartState::Running);
        assert_eq!(frame(&hosts, &BgpMessage::Open { asn: 1, hold, restart_time, restart_state }), 160);
        // RFC 2918 section 3.
        assert_eq!(hosts.size(&BgpMessage::RouteRefresh), Bytes(23));
        assert_eq!(frame(&hosts, &BgpMessage::EndOfRib), 89);
        assert_eq!(frame(&hosts, &BgpMessage::Update { withdrawn: one.clone(), announced: None }), 94);
        assert_eq!(frame(&hosts, &update(&[1, 2], None)), 119);
        assert_eq!(frame(&hosts, &update(&[1, 2, 3], None)), 119 + 4);
        assert_eq!(frame(&hosts, &update(&[1, 2], Some(5))), 119 + 7);
        // RFC 4271 4.5: 21 bytes without data.
        assert_eq!(hosts.size(&BgpMessage::Notification(NotificationReason::HoldTimerExpired)), Bytes(21));
    }

    #[test]
    fn prefixes_take_as_few_bytes_as_hold_them() {
        let update = |text: &str| {
            let table = prefixes(&[text]);
            table.size(&BgpMessage::Update { withdrawn: vec![DestinationId(0)], announced: None }).0
        };
        assert_eq!(update("10.0.0.0/8") - UPDATE, 2);
        assert_eq!(update("10.0.0.0/9") - UPDATE, 3);
        assert_eq!(update("10.0.0.0/24") - UPDATE, 4);
        // RFC 4760: IPv6 prefixes travel in an attribute of 7 bytes before them.
        assert_eq!(update("2001:db8::/32") - UPDATE, 7 + 5);
    }

    #[test]
    fn a_thousand_prefixes_are_split_into_messages_that_fit_any_link() {
        let table = Prefixes(
            (0..1000u32).map(|index| IpNet::V4(ipnet::Ipv4Net::new((index << 8).into(), 24).unwrap())).collect(),
        );
        let all: Vec<_> = (0..1000).map(DestinationId).collect();
        let messages = table.pack(&all, vec![(attributes(&[1, 2], None), all.clone())]);
        // 4 bytes for each prefix of 24 bits. Withdrawals: (500 - 23 - 7) / 4 = 117 in each of 9 messages;
        // announcements: (500 - 23 - 18 of attributes - 7 - 25) / 4 = 106 in each of 10.
        let kinds: Vec<_> = messages.iter().map(|m| matches!(m, BgpMessage::Update { announced: None, .. })).collect();
        assert_eq!(kinds, [[true; 9].as_slice(), &[false; 10]].concat(), "withdrawals first");
        let packet = |message| headers("10.0.0.1".parse().unwrap()).0 + table.size(message).0;
        assert!(messages.iter().all(|message| table.size(message).0 <= 500 && packet(message) <= 576));
        let mut carried = [Vec::new(), Vec::new()];
        for message in messages {
            let BgpMessage::Update { withdrawn, announced } = message else { panic!("{message:?}") };
            carried[0].extend(withdrawn);
            carried[1].extend(announced.into_iter().flat_map(|(_, destinations)| destinations));
        }
        assert_eq!(carried, [all.clone(), all], "each prefix once");
    }
}
