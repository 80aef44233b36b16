//! `[providers.x.guidance]` and `[providers.x.channel_guidance.y]`: what provider x can offer features, on all channels
//! and on channel y.

use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;

use super::{Names, Resolver};
use crate::ids::{Id, ProviderId};
use crate::network::{L3BaseGuidance, LAST_VLAN, RESERVED_VLANS, Subnets};
use crate::scenario::file::{GuidanceTable, Leaf};
use crate::scenario::read::{peek, peek_list};
use crate::scenario::source::join;

impl Resolver<'_> {
    pub(super) fn guidance(&mut self) {
        let file = self.file;
        for (index, (name, table)) in file.providers.iter().enumerate() {
            let place = join("providers", name);
            let (at, at_channels) = (join(&place, "guidance"), join(&place, "channel_guidance"));
            let general = table.guidance.clone().unwrap_or_default();
            if general.until.is_some() {
                let message = "is read only in the guidance of one channel";
                self.reader.error(join(&at, "until"), message, "write it under channel_guidance.CHANNEL");
            }
            let general = self.l3_base_guidance(&at, &general, &L3BaseGuidance::default());
            for (channel, table) in table.channel_guidance.iter().flatten() {
                let at = join(&at_channels, channel);
                let own = self.l3_base_guidance(&at, table, &general);
                let until = self.order(&join(&at, "until"), &table.until);
                let link = self.named(&at, channel, "link", |n: &Names| &n.links);
                if let Some(link) = link {
                    self.network.guidance.channels.insert((ProviderId::from_index(index), link), (own, until));
                }
            }
            self.network.guidance.general.push(general);
        }
        if file.provisioning.is_empty() {
            self.unread_guidance();
        }
    }

    /// Guidance is compared when connections are provisioned.
    fn unread_guidance(&mut self) {
        for (name, table) in &self.file.providers {
            let place = join("providers", name);
            for (key, is_written) in
                [("guidance", table.guidance.is_some()), ("channel_guidance", table.channel_guidance.is_some())]
            {
                if is_written {
                    let message = "is read only where a connection is provisioned";
                    self.reader.error(join(&place, key), message, "add [provisioning.x] for connection x");
                }
            }
        }
    }

    fn l3_base_guidance(&mut self, place: &str, table: &GuidanceTable, general: &L3BaseGuidance) -> L3BaseGuidance {
        let vlan = u16::from(1u8)..=u16::MAX;
        let vlans = self.ranges(&join(place, "vlans"), &table.vlans, vlan, "[\"1025-4094\"]", &general.vlans);
        let reserved = |(low, high): &(u16, u16)| *low <= RESERVED_VLANS || *high > LAST_VLAN;
        if let Some((low, high)) = vlans.iter().find(|range| reserved(range)) {
            let message =
                format!("{low}-{high} has reserved VLANs: {RESERVED_VLANS} and lower (the specification), 4095");
            self.reader.error(join(place, "vlans"), message, "write VLANs from 1025 to 4094");
        }
        let mtu = 68..=65_535;
        L3BaseGuidance {
            vlans,
            mtus: self.ranges(&join(place, "mtus"), &table.mtus, mtu, "[\"1500\", \"8500\"]", &general.mtus),
            asns: self.ranges(&join(place, "asns"), &table.asns, 1..=u32::MAX, "[\"64512-65534\"]", &general.asns),
            ipv4: self.subnets(
                [(place, "ipv4"), ("169.254.0.0/16", "169.254.1.0/28")],
                [&table.ipv4, &table.ipv4_exclude, &table.ipv4_preferred, &table.ipv4_lengths],
                &general.ipv4,
            ),
            ipv6: self.subnets(
                [(place, "ipv6"), ("fd20::/16", "fd20::/48")],
                [&table.ipv6, &table.ipv6_exclude, &table.ipv6_preferred, &table.ipv6_lengths],
                &general.ipv6,
            ),
        }
    }

    /// Ranges such as "1500-2000" or "1500"; without the key those of the general guidance.
    fn ranges<T>(
        &mut self,
        place: &str,
        leaf: &Leaf,
        limits: RangeInclusive<T>,
        example: &str,
        general: &[(T, T)],
    ) -> Vec<(T, T)>
    where
        T: Copy + Ord + FromStr + std::fmt::Display,
    {
        if leaf.is_none() {
            return general.to_vec();
        }
        let texts = self.reader.list(place, leaf, example);
        if texts.is_empty() && peek_list(leaf).is_some_and(<[_]>::is_empty) {
            self.reader.error(place, "offers nothing", format!("write for example {example}, or leave it out"));
        }
        let mut ranges = Vec::new();
        for text in texts {
            let (low, high) = text.split_once('-').unwrap_or((&text, &text));
            match (low.trim().parse::<T>(), high.trim().parse::<T>()) {
                (Ok(low), Ok(high)) if low <= high && limits.contains(&low) && limits.contains(&high) => {
                    ranges.push((low, high));
                }
                (Ok(_) | Err(_), _) => {
                    let message = format!("{text:?} is not a range from {} to {}", limits.start(), limits.end());
                    self.reader.error(place, message, format!("write for example {example}"));
                }
            }
        }
        ranges
    }

    /// Where subnets of one family may lie: the keys `x`, `x_exclude`, `x_preferred` and `x_lengths`.
    fn subnets(
        &mut self,
        [(place, family), (include, exclude)]: [(&str, &str); 2],
        leaves: [&Leaf; 4],
        general: &Subnets,
    ) -> Subnets {
        let key = |suffix: &str| join(place, &format!("{family}{suffix}"));
        let [included, excluded, preferred, lengths] = leaves;
        let mut list = |suffix: &str, leaf: &Leaf, example: &str, general: &[IpNet]| match leaf {
            None => general.to_vec(),
            Some(_) => self.prefix_list(&key(suffix), leaf, family, example),
        };
        let include = list("", included, include, &general.include);
        let exclude = list("_exclude", excluded, exclude, &general.exclude);
        let preferred = match preferred {
            None => general.preferred,
            Some(_) => {
                let text = peek(preferred).map(str::to_owned).map(toml::Value::String);
                let one = Some(toml::Value::Array(text.into_iter().collect()));
                self.prefix_list(&key("_preferred"), &one, family, "169.254.1.16/29").first().copied()
            }
        };
        let lengths = match lengths {
            None => general.lengths.clone(),
            Some(_) => self.lengths(&key("_lengths"), lengths, if family == "ipv4" { 30 } else { 126 }),
        };
        Subnets { include, exclude, preferred, lengths }
    }

    fn prefix_list(&mut self, place: &str, leaf: &Leaf, family: &str, example: &str) -> Vec<IpNet> {
        let mut nets = Vec::new();
        for text in self.reader.list(place, leaf, &format!("[{example:?}]")) {
            match text.parse::<IpNet>() {
                Ok(net) if net.trunc() == net && matches!(net, IpNet::V4(_)) == (family == "ipv4") => nets.push(net),
                Ok(_) | Err(_) => {
                    let kind = if family == "ipv4" { "IPv4" } else { "IPv6" };
                    let message = format!("{text:?} is not an {kind} prefix without host bits");
                    self.reader.error(place, message, format!("write for example {example:?}"));
                }
            }
        }
        nets
    }

    /// Prefix lengths that leave room for two hosts.
    fn lengths(&mut self, place: &str, leaf: &Leaf, most: u8) -> Vec<u8> {
        let mut lengths = Vec::new();
        for item in peek_list(leaf).unwrap_or_default() {
            match item
                .as_integer()
                .and_then(|length| u8::try_from(length).ok())
                .filter(|length| (1..=most).contains(length))
            {
                Some(length) => lengths.push(length),
                None => {
                    let message = format!("{item} is not a prefix length from 1 to {most}");
                    self.reader.error(place, message, "write for example [29]");
                }
            }
        }
        if lengths.is_empty() && peek_list(leaf).is_none_or(<[_]>::is_empty) {
            self.reader.error(place, "has no prefix length", "write for example [29]");
        }
        lengths
    }
}
