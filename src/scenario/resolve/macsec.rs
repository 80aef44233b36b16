//! MACsec on the members of a link.

use toml::Value;

use super::Resolver;
use crate::network::{MacsecConfig, PacketNumberWidth, Protection, ReplayProtection, SecureKey, ValidateFrames};
use crate::scenario::file::{Leaf, MacsecTable, Switch};
use crate::scenario::source::join;
use crate::units::Span;

impl Resolver<'_> {
    /// The configuration of both directions, by sending end.
    pub(super) fn macsec(&mut self, place: &str, switch: Option<&Switch<MacsecTable>>) -> Option<[MacsecConfig; 2]> {
        let table = self.switch(place, switch)?;
        let suites = [
            ("GCM-AES-XPN-256", PacketNumberWidth::Bits64),
            ("GCM-AES-XPN-128", PacketNumberWidth::Bits64),
            ("GCM-AES-256", PacketNumberWidth::Bits32),
            ("GCM-AES-128", PacketNumberWidth::Bits32),
        ];
        let packet_numbers = self.reader.word(&join(place, "suite"), &table.suite, &suites);
        let sci = table.sci.as_ref().and_then(Value::as_bool).unwrap_or_else(|| {
            self.reader.error(join(place, "sci"), "is neither true nor false", "write true");
            true
        });
        let common = self.latency_of_end(&join(place, "latency"), &table.latency);
        let mut latency = |key: &str, leaf: &Leaf| {
            // Left open it is a copy of the common one, which has been read.
            if *leaf == table.latency { [common; 2] } else { self.latency_of_ends(&join(place, key), leaf) }
        };
        let encrypt = latency("encrypt_latency", &table.encrypt_latency);
        let decrypt = latency("decrypt_latency", &table.decrypt_latency);
        let keys = [("agreed", SecureKey::Agreed), ("mismatched", SecureKey::Mismatched)];
        let key = self.reader.word(&join(place, "key"), &table.key, &keys);
        let last = match packet_numbers {
            PacketNumberWidth::Bits32 => u64::from(u32::MAX),
            // TOML integers have 63 bits.
            PacketNumberWidth::Bits64 => i64::MAX as u64,
        };
        let at = join(place, "first_packet_number");
        let first_packet_number = self.reader.number(&at, &table.first_packet_number, 1, last);
        let keying = self.keying(place, table);
        let validations = [
            ("strict", ValidateFrames::Strict),
            ("check", ValidateFrames::Check),
            ("disabled", ValidateFrames::Disabled),
        ];
        let validate = self.reader.word(&join(place, "validate"), &table.validate, &validations);
        let replay = self.replay(&join(place, "replay_window"), &table.replay_window, packet_numbers);
        let protections = [("confidentiality", Protection::Confidentiality), ("integrity", Protection::Integrity)];
        let protection = self.reader.word(&join(place, "protection"), &table.protection, &protections);
        Some([0, 1].map(|end| MacsecConfig {
            sci,
            packet_numbers,
            encrypt_latency: encrypt[end],
            decrypt_latency: decrypt[1 - end],
            key,
            first_packet_number,
            agreement: keying.agreement[end],
            policy: keying.policy,
            reflection: keying.reflection,
            validate,
            replay,
            protection,
        }))
    }

    /// One duration for both ends, or a list of two in the order of `between`.
    fn latency_of_ends(&mut self, place: &str, leaf: &Leaf) -> [Span; 2] {
        let ends: [Leaf; 2] = match leaf.as_ref().and_then(Value::as_array).map(Vec::as_slice) {
            Some([first, second]) => [Some(first.clone()), Some(second.clone())],
            Some(other) => {
                let remedy = "write one duration, or [\"0.4 us\", \"0.6 us\"]";
                self.reader.error(place, format!("has {} durations for two ends", other.len()), remedy);
                return [Span::ZERO; 2];
            }
            None => [leaf.clone(), None],
        };
        let first = self.latency_of_end(place, &ends[0]);
        let second = if ends[1].is_some() { self.latency_of_end(place, &ends[1]) } else { first };
        [first, second]
    }

    fn latency_of_end(&mut self, place: &str, leaf: &Leaf) -> Span {
        let latency = self.reader.span_or_zero(place, leaf, "0.5 us");
        if !(Span::from_ns(200)..=Span::from_us(3)).contains(&latency) {
            let message = format!("{latency} is outside the 0.2 us to 3 us of real MACsec hardware (an estimate)");
            self.reader.warning(place, message, "0.5 us is usual");
        }
        latency
    }

    /// A number of frames, or "off".
    fn replay(&mut self, place: &str, leaf: &Leaf, width: PacketNumberWidth) -> ReplayProtection {
        if leaf.as_ref().and_then(Value::as_str) == Some("off") {
            return ReplayProtection::Off;
        }
        let most = match width {
            PacketNumberWidth::Bits32 => u64::from(u32::MAX),
            // IEEE 802.1AEbw: the receiver recovers the upper half of a number from the window.
            PacketNumberWidth::Bits64 => (1 << 30) - 1,
        };
        if leaf.as_ref().is_some_and(Value::is_str) {
            self.reader.error(place, "is neither a number of frames nor \"off\"", "write for example 0");
            return ReplayProtection::Off;
        }
        let window = self.reader.number(place, leaf, 0, most);
        ReplayProtection::Window(u32::try_from(window).unwrap_or(u32::MAX))
    }
}
