//! The octet of an IP header that says how a packet wants to be treated.

/// The Traffic Class octet (RFC 8200 section 7; IPv4's former Type of Service): six bits of Differentiated Services
/// Code Point (RFC 2474 section 3), then two of ECN (RFC 3168 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TrafficClass(u8);

impl TrafficClass {
    /// Best effort, not ECN-capable.
    pub const DEFAULT: Self = Self(0);
    /// CS6, what routers mark their own protocols with (RFC 4594 section 3.2).
    pub const NETWORK_CONTROL: Self = Self(48 << 2);

    /// The lowest of the three drop precedences: green.
    pub const LOW_DROP: u8 = 0;
    /// Yellow.
    pub const MEDIUM_DROP: u8 = 1;
    /// Red.
    pub const HIGH_DROP: u8 = 2;

    /// Number of code points.
    pub const CODE_POINTS: u8 = 64;

    /// The octet of a code point below 64; panics (our bug) beyond.
    #[must_use]
    pub const fn new(code_point: u8, ecn: Ecn) -> Self {
        assert!(code_point < Self::CODE_POINTS, "a code point has six bits");
        Self(code_point << 2 | ecn as u8)
    }

    /// The Differentiated Services Code Point, 0 to 63.
    #[must_use]
    #[inline]
    pub const fn code_point(self) -> u8 {
        self.0 >> 2
    }

    /// The ECN field.
    #[must_use]
    #[inline]
    pub const fn ecn(self) -> Ecn {
        match self.0 & 0b11 {
            0b00 => Ecn::NotCapable,
            0b01 => Ecn::Capable1,
            0b10 => Ecn::Capable0,
            _ => Ecn::CongestionExperienced,
        }
    }

    /// Drop precedence of an assured-forwarding code point (RFC 2597 section 6), 0 to 2; 0 of any other.
    #[must_use]
    pub const fn drop_precedence(self) -> u8 {
        if self.is_assured() { (self.code_point() >> 1 & 0b11) - 1 } else { Self::LOW_DROP }
    }

    /// The same assured-forwarding class with a drop precedence of 0 to 2; any other code point stays as it is.
    #[must_use]
    pub const fn with_drop_precedence(self, precedence: u8) -> Self {
        if !self.is_assured() {
            return self;
        }
        Self(self.0 & 0b1110_0011 | (precedence + 1) << 3)
    }

    /// `cccdd0` with class 1 to 4 and precedence 1 to 3.
    const fn is_assured(self) -> bool {
        let (class, precedence) = (self.code_point() >> 3, self.code_point() >> 1 & 0b11);
        1 <= class && class <= 4 && precedence > 0 && self.code_point() & 1 == 0
    }

    /// The same code point with another ECN field.
    #[must_use]
    #[inline]
    pub const fn with_ecn(self, ecn: Ecn) -> Self {
        Self(self.0 & !0b11 | ecn as u8)
    }
}

/// The ECN field (RFC 3168 section 5), by its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ecn {
    /// Not-ECT: the transport does not understand marks, so congestion drops its packets.
    NotCapable = 0b00,
    /// ECT(1).
    Capable1 = 0b01,
    /// ECT(0), what RFC 3168 senders use.
    Capable0 = 0b10,
    /// CE: a router on the way was congested.
    CongestionExperienced = 0b11,
}

impl Ecn {
    /// Whether a congested router may mark the packet where it would drop it otherwise.
    #[must_use]
    #[inline]
    pub const fn is_capable(self) -> bool {
        !matches!(self, Self::NotCapable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octet_has_the_bits_of_the_rfcs() {
        // Expedited forwarding is 101110 (RFC 3246 section 2.7); with ECT(0) the octet is 0xba.
        let class = TrafficClass::new(0b10_1110, Ecn::Capable0);
        assert_eq!(class, TrafficClass(0xba));
        assert_eq!((class.code_point(), class.ecn()), (46, Ecn::Capable0));
        let marked = class.with_ecn(Ecn::CongestionExperienced);
        assert_eq!(marked, TrafficClass(0xbb));
        assert_eq!((marked.code_point(), marked.ecn()), (46, Ecn::CongestionExperienced));
        assert_eq!(TrafficClass::NETWORK_CONTROL, TrafficClass(0xc0));
    }

    #[test]
    fn assured_forwarding_has_three_drop_precedences() {
        // RFC 2597 section 6: AF11 10, AF12 12, AF13 14; AF41 34, AF42 36, AF43 38.
        let class = |code_point| TrafficClass::new(code_point, Ecn::Capable0);
        for (low, medium, high) in [(10, 12, 14), (18, 20, 22), (26, 28, 30), (34, 36, 38)] {
            assert_eq!([low, medium, high].map(|point| class(point).drop_precedence()), [0, 1, 2]);
            assert_eq!([0, 1, 2].map(|to| class(medium).with_drop_precedence(to)), [low, medium, high].map(class));
        }
        // CS1 (8), EF (46), and 11, which is nobody's.
        for other in [0, 8, 11, 46, 48] {
            assert_eq!(class(other).drop_precedence(), 0);
            assert_eq!(class(other).with_drop_precedence(2), class(other));
        }
    }

    #[test]
    fn only_a_packet_that_says_so_may_be_marked() {
        let capable = [Ecn::NotCapable, Ecn::Capable1, Ecn::Capable0, Ecn::CongestionExperienced].map(Ecn::is_capable);
        assert_eq!(capable, [false, true, true, true]);
        assert_eq!(TrafficClass::DEFAULT.ecn(), Ecn::NotCapable);
    }
}
