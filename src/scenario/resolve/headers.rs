//! Fields of packet headers.

use toml::Value;

use super::Resolver;
use crate::scenario::file::Leaf;
use crate::scenario::source::join;
use crate::units::{Ecn, TrafficClass};

impl Resolver<'_> {
    pub(super) fn octet(&mut self, place: &str, leaf: &Leaf) -> u8 {
        u8::try_from(self.reader.number(place, leaf, 1, 255)).unwrap_or(u8::MAX)
    }

    pub(super) fn port_number(&mut self, place: &str, leaf: &Leaf) -> u16 {
        u16::try_from(self.reader.number(place, leaf, 0, 65_535)).unwrap_or(u16::MAX)
    }

    pub(super) fn protocol(&mut self, place: &str, leaf: &Leaf) -> u8 {
        if leaf.as_ref().is_some_and(toml::Value::is_integer) {
            return u8::try_from(self.reader.number(place, leaf, 0, 255)).unwrap_or(u8::MAX);
        }
        // IANA protocol numbers.
        self.reader.word(place, leaf, &[("udp", 17), ("tcp", 6), ("icmp", 1)])
    }

    /// A Differentiated Services Code Point by number or by name.
    pub(super) fn code_point(&mut self, place: &str, value: &Value) -> Option<u8> {
        let number = value.as_integer().and_then(|number| u8::try_from(number).ok()).filter(|number| *number < 64);
        let point = number.or_else(|| value.as_str().and_then(named_code_point));
        if point.is_none() {
            let remedy = "write 0 to 63, \"EF\", \"AF11\" to \"AF43\", \"CS0\" to \"CS7\", \"VA\" or \"LE\"";
            self.reader.error(place, format!("{value} is not a code point"), remedy);
        }
        point
    }

    /// The octet of a flow's packets.
    pub(super) fn traffic_class(&mut self, place: &str, code_point: &Leaf, ecn: &Leaf) -> TrafficClass {
        let at = join(place, "dscp");
        let code_point = code_point.as_ref().and_then(|value| self.code_point(&at, value)).unwrap_or(0);
        let words = [("off", Ecn::NotCapable), ("ect0", Ecn::Capable0), ("ect1", Ecn::Capable1)];
        TrafficClass::new(code_point, self.reader.word(&join(place, "ecn"), ecn, &words))
    }
}

/// Code points by name: class selectors (RFC 2474), expedited (RFC 3246) and assured forwarding (RFC 2597),
/// voice-admit (RFC 5865), lower effort (RFC 8622).
fn named_code_point(name: &str) -> Option<u8> {
    match name {
        "EF" => return Some(46),
        "VA" => return Some(44),
        "LE" => return Some(1),
        _ => {}
    }
    let digits: Vec<u8> = name.get(2..)?.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    match (name.get(..2)?, digits.as_slice()) {
        ("CS", [selector @ 0..=7]) => Some(selector << 3),
        ("AF", [class @ 1..=4, precedence @ 1..=3]) => Some(class << 3 | precedence << 1),
        _ => None,
    }
}
