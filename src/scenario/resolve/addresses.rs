//! Addresses that the scenario leaves open: functions of the component's own name, so that an added component
//! moves nobody else's.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::rng::named_hash;

/// How often a default address is drawn before there is none.
const ATTEMPTS: u32 = 300_000;

/// Addresses in use.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    taken: BTreeSet<IpAddr>,
    /// Written somewhere, so no default whoever comes first.
    reserved: BTreeSet<IpAddr>,
}

impl Addresses {
    /// Keeps default addresses off one that is written.
    pub fn reserve(&mut self, address: IpAddr) {
        self.reserved.insert(address);
    }

    /// Takes an address as written; `false` when it is in use.
    #[must_use]
    pub fn take(&mut self, address: IpAddr) -> bool {
        self.taken.insert(address)
    }

    /// An address for a router in 100.64.0.0/10 (RFC 6598, shared address space); `None` when no more are free.
    /// Attachments may use that space too: packets find their destination by the attachment's own table.
    pub fn router(&mut self, name: &str) -> Option<IpAddr> {
        self.first_free(&["router", name, "address"], 1, |hash| 0x6440_0000 | (low_bits(hash, 22)))
    }

    /// A pair of addresses for the two ends of a logical link: a /30 of 169.254.0.0/16 (RFC 3927); `None`
    /// when no more are free.
    pub fn pair(&mut self, name: &str) -> Option<[IpAddr; 2]> {
        let first =
            self.first_free(&["logical link", name, "address"], 2, |hash| 0xa9fe_0001 | (low_bits(hash, 14) << 2))?;
        Some([first, next(first)])
    }

    /// The first candidate whose `count` addresses from it are free.
    fn first_free(&mut self, key: &[&str], count: usize, candidate: impl Fn(u64) -> u32) -> Option<IpAddr> {
        // Enough to find the last free one of the 16384 pairs: what is missed has odds of (1 - 1/16384)^ATTEMPTS.
        for attempt in 0..ATTEMPTS {
            let attempt = attempt.to_string();
            let hash = named_hash(&[key, &[attempt.as_str()]].concat());
            let first = IpAddr::V4(Ipv4Addr::from(candidate(hash)));
            let wanted: Vec<IpAddr> = std::iter::successors(Some(first), |one| Some(next(*one))).take(count).collect();
            let free = |one: &IpAddr| !self.taken.contains(one) && !self.reserved.contains(one);
            if wanted.iter().all(free) {
                self.taken.extend(wanted);
                return Some(first);
            }
        }
        None
    }
}

fn low_bits(hash: u64, bits: u32) -> u32 {
    u32::try_from(hash & ((1 << bits) - 1)).expect("masked")
}

fn next(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address).wrapping_add(1))),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address).wrapping_add(1))),
    }
}

/// How many addresses of a prefix hosts can have, at most 2^32.
pub(super) fn host_count(prefix: &IpNet) -> u64 {
    let bits = u32::from(prefix.max_prefix_len() - prefix.prefix_len());
    match bits {
        0 => 1,
        1 => 2,
        // Neither the network's own address nor the broadcast address.
        2..=32 => (1u64 << bits) - 2,
        _ => 1 << 32,
    }
}

/// A host of a prefix by number, counted round.
pub(super) fn host(prefix: &IpNet, number: u64) -> IpAddr {
    let count = host_count(prefix);
    let offset = number % count + u64::from(count > 2);
    match prefix.network() {
        IpAddr::V4(base) => {
            let offset = u32::try_from(offset).expect("within a 32-bit prefix");
            IpAddr::V4(Ipv4Addr::from(u32::from(base) + offset))
        }
        IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from(u128::from(base) + u128::from(offset))),
    }
}
