//! Routing policy as data: what a router does with the routes that pass one of its sessions, one way.

use std::fmt;
use std::str::FromStr;

use crate::ids::DestinationId;
use crate::units::Community;

/// Terms, tried in order; the first one whose verdict is final ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePolicy {
    /// Name in the scenario; empty for [`RoutePolicy::ACCEPT`].
    pub name: String,
    /// The terms.
    pub terms: Vec<PolicyTerm>,
    /// What becomes of a route that no term decided on.
    pub otherwise: Ruling,
}

/// One term of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTerm {
    /// Which routes it is about.
    pub matches: RouteMatch,
    /// What it changes in them, unless it rejects them.
    pub changes: RouteChanges,
    /// What becomes of them.
    pub verdict: TermVerdict,
}

/// Which routes a term is about: those that meet every condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteMatch {
    /// The destinations.
    pub destinations: Destinations,
    /// All of these must be there.
    pub communities: Vec<Community>,
    /// The whole `AS_PATH` must fit.
    pub as_path: AsPathPattern,
}

/// Destinations of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destinations {
    /// All.
    All,
    /// These, in id order.
    Only(Vec<DestinationId>),
}

/// What a term changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteChanges {
    /// A new `LOCAL_PREF`.
    pub local_pref: Option<u32>,
    /// A new `MULTI_EXIT_DISC`.
    pub med: Option<u32>,
    /// How often the own AS number is put before the path once more; on import the neighbour's is.
    pub prepend: u32,
    /// Communities to add.
    pub add_communities: Vec<Community>,
    /// Communities to take away.
    pub remove_communities: Vec<Community>,
}

/// What becomes of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It passes.
    Accept,
    /// It does not.
    Reject,
}

/// What a term says of a route that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermVerdict {
    /// That is final.
    Final(Ruling),
    /// The next term looks at the changed route.
    Next,
}

/// A pattern for a whole `AS_PATH`: "65002 65001", "65002 *", "* 65001", "?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsPathPattern(Vec<AsPathItem>);

/// An item of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AsPathItem {
    /// This number.
    Number(u32),
    /// "?": any one number.
    One,
    /// "*": any numbers, or none.
    Any,
}

impl RoutePolicy {
    /// Lets everything pass as it is.
    pub const ACCEPT: Self = Self { name: String::new(), terms: Vec::new(), otherwise: Ruling::Accept };
}

impl RouteMatch {
    /// Every route.
    #[must_use]
    pub fn everything() -> Self {
        Self { destinations: Destinations::All, communities: Vec::new(), as_path: AsPathPattern::any() }
    }
}

impl Destinations {
    /// Whether a destination is among them.
    #[must_use]
    pub fn contain(&self, destination: DestinationId) -> bool {
        match self {
            Self::All => true,
            Self::Only(list) => list.binary_search(&destination).is_ok(),
        }
    }
}

impl AsPathPattern {
    /// Fits every path.
    #[must_use]
    pub fn any() -> Self {
        Self(vec![AsPathItem::Any])
    }

    /// Whether the whole path fits.
    #[must_use]
    pub fn fits(&self, path: &[u32]) -> bool {
        // Which lengths of the path the pattern so far can have taken.
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for item in &self.0 {
            let before = std::mem::replace(&mut reached, vec![false; path.len() + 1]);
            for taken in 0..=path.len() {
                let follows = |fits: bool| taken > 0 && before[taken - 1] && fits;
                reached[taken] = match item {
                    AsPathItem::Number(asn) => follows(taken > 0 && path[taken - 1] == *asn),
                    AsPathItem::One => follows(true),
                    AsPathItem::Any => before[..=taken].contains(&true),
                };
            }
        }
        reached[path.len()]
    }
}

/// Not a pattern: the word that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongPattern(pub String);

impl FromStr for AsPathPattern {
    type Err = WrongPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let item = |word: &str| match word {
            "*" => Ok(AsPathItem::Any),
            "?" => Ok(AsPathItem::One),
            number => number.parse().map(AsPathItem::Number).map_err(|_| WrongPattern(word.to_owned())),
        };
        text.split_whitespace().map(item).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for AsPathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            match item {
                AsPathItem::Number(asn) => write!(f, "{space}{asn}")?,
                AsPathItem::One => write!(f, "{space}?")?,
                AsPathItem::Any => write!(f, "{space}*")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_path() {
        let fits = |pattern: &str, path: &[u32]| pattern.parse::<AsPathPattern>().unwrap().fits(path);
        for (pattern, yes, no) in [
            ("2 1", &[2, 1][..], &[2, 1, 1][..]),
            ("2 *", &[2], &[1, 2]),
            ("2 *", &[2, 1, 3], &[]),
            ("* 1", &[3, 2, 1], &[1, 2]),
            ("* 2 *", &[3, 2, 1], &[3, 1]),
            ("? 1", &[9, 1], &[1]),
            ("?", &[7], &[7, 7]),
            ("", &[], &[1]),
            ("* * 1", &[1], &[1, 2]),
            ("1 * ? 2", &[1, 5, 2], &[1, 2]),
        ] {
            assert!(fits(pattern, yes), "{pattern:?} {yes:?}");
            assert!(!fits(pattern, no), "{pattern:?} {no:?}");
        }
        assert_eq!("65001 x".parse::<AsPathPattern>(), Err(WrongPattern("x".to_owned())));
        assert_eq!("2 ?  *".parse::<AsPathPattern>().unwrap().to_string(), "2 ? *");
    }
}
