//! Longest-prefix match, done when flows are made: packets then carry the id of their destination.

use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

use crate::ids::DestinationId;

/// Prefixes of both families and the destinations they lead to.
#[derive(Debug, Clone, Default)]
pub struct PrefixTable(JointPrefixMap<IpNet, DestinationId>);

impl PrefixTable {
    /// The destination of the longest prefix that holds the address.
    #[must_use]
    pub fn longest_match(&self, address: IpAddr) -> Option<DestinationId> {
        self.0.get_lpm(&IpNet::from(address)).map(|(_, destination)| *destination)
    }
}

impl FromIterator<(IpNet, DestinationId)> for PrefixTable {
    fn from_iter<I: IntoIterator<Item = (IpNet, DestinationId)>>(prefixes: I) -> Self {
        Self(prefixes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_in_its_family() {
        let prefixes = ["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"];
        let table: PrefixTable =
            prefixes.iter().zip(0..).map(|(net, id)| (net.parse().unwrap(), DestinationId(id))).collect();
        let find = |address: &str| table.longest_match(address.parse().unwrap()).map(|id| id.0);
        assert_eq!(find("10.1.2.3"), Some(1));
        assert_eq!(find("10.2.2.3"), Some(0));
        assert_eq!(find("2001:db8::1"), Some(2));
        assert_eq!(find("192.0.2.1"), None);
    }
}
