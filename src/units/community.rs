//! BGP communities (RFC 1997).

use std::fmt;
use std::str::FromStr;

use super::ParseQuantityError;

/// A community, "65535:0": an AS number and a value that it gives a meaning, 16 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community(pub u32);

impl Community {
    /// `GRACEFUL_SHUTDOWN` (RFC 8326): the session is about to go.
    pub const GRACEFUL_SHUTDOWN: Self = Self(0xffff_0000);
    /// `NO_EXPORT` (RFC 1997): not to other autonomous systems.
    pub const NO_EXPORT: Self = Self(0xffff_ff01);
    /// `NO_ADVERTISE` (RFC 1997): to nobody.
    pub const NO_ADVERTISE: Self = Self(0xffff_ff02);

    /// Those with a name, as implementations write them.
    const NAMED: [(&'static str, Self); 3] = [
        ("graceful-shutdown", Self::GRACEFUL_SHUTDOWN),
        ("no-export", Self::NO_EXPORT),
        ("no-advertise", Self::NO_ADVERTISE),
    ];
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(_, known)| known == self) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "{}:{}", self.0 >> 16, self.0 & 0xffff),
        }
    }
}

impl FromStr for Community {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((_, known)) = Self::NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(*known);
        }
        let halves = text.split_once(':').and_then(|(asn, value)| {
            Some(u32::from(asn.parse::<u16>().ok()?) << 16 | u32::from(value.parse::<u16>().ok()?))
        });
        halves.map(Self).ok_or_else(|| ParseQuantityError {
            text: text.to_owned(),
            what: "community",
            example: "65001:80",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn communities_are_read_as_they_are_written() {
        for text in ["0:0", "65001:80", "65535:65535", "graceful-shutdown", "no-export", "no-advertise"] {
            assert_eq!(text.parse::<Community>().unwrap().to_string(), text);
        }
        // RFC 8326 section 4 and RFC 1997 give the numbers.
        assert_eq!("65535:0".parse(), Ok(Community::GRACEFUL_SHUTDOWN));
        assert_eq!("65535:65281".parse(), Ok(Community::NO_EXPORT));
        assert_eq!("65535:65282".parse(), Ok(Community::NO_ADVERTISE));
        for wrong in ["", "65536:1", "1:65536", "1", "1:2:3", "a:b", "-1:0"] {
            assert!(wrong.parse::<Community>().is_err(), "{wrong}");
        }
    }
}
