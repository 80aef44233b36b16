//! The transmitting half: packet numbers and fail-closed protection.

use crate::message::DropReason;
use crate::network::MacsecConfig;

/// Gives each frame its packet number, or says why it may not leave.
#[derive(Debug, Clone)]
pub struct SecureTransmitter {
    next: u64,
    last: u64,
    used_up: bool,
    keyed: bool,
    /// Numbers of the key, while frames go in clear and are counted in their place.
    kept: Option<(u64, u64, bool)>,
    clear: u64,
}

impl SecureTransmitter {
    /// A transmitter with a key in use.
    #[must_use]
    pub const fn new(config: &MacsecConfig) -> Self {
        Self {
            next: config.first_packet_number,
            last: config.last_packet_number(),
            used_up: false,
            keyed: true,
            kept: None,
            clear: 0,
        }
    }

    /// The key that was kept is used again: the controlled port opens.
    pub const fn secure(&mut self) {
        self.end_clear();
        self.keyed = true;
    }

    /// A new key was agreed: packet numbers begin at 1 (IEEE 802.1AE 10.5.2), and the controlled port opens. So many
    /// frames wait and were numbered before: they leave under the new key.
    pub const fn rekey(&mut self, waiting: u64) {
        self.end_clear();
        self.next = 1 + waiting;
        self.used_up = false;
        self.keyed = true;
    }

    /// No key, but frames may pass: they go in clear, and are counted.
    pub const fn pass_clear(&mut self) {
        self.end_clear();
        self.kept = Some((self.next, self.last, self.used_up));
        (self.next, self.last, self.used_up, self.keyed) = (0, u64::MAX, false, true);
    }

    const fn end_clear(&mut self) {
        if let Some((next, last, used_up)) = self.kept.take() {
            self.clear += self.next;
            (self.next, self.last, self.used_up) = (next, last, used_up);
        }
    }

    /// OutPktsUntagged: frames sent in clear.
    #[must_use]
    pub const fn clear(&self) -> u64 {
        self.clear + if self.kept.is_some() { self.next } else { 0 }
    }

    /// So many numbered frames were thrown away before they left: their numbers are free.
    pub const fn give_back(&mut self, frames: u64) {
        if frames > 0 {
            self.next = self.next.saturating_sub(if self.used_up { frames - 1 } else { frames });
            self.used_up = false;
        }
    }

    /// No key: the controlled port closes.
    pub const fn unsecure(&mut self) {
        self.end_clear();
        self.keyed = false;
    }

    /// Whether a key is in use.
    #[must_use]
    pub const fn is_keyed(&self) -> bool {
        self.keyed
    }

    /// Whether a frame offered now would pass.
    ///
    /// # Errors
    /// The cause of the drop.
    #[inline]
    pub const fn permits(&self) -> Result<(), DropReason> {
        if !self.keyed {
            Err(DropReason::MacsecNoKey)
        } else if self.used_up {
            // IEEE 802.1AE 10.5.2: a packet number is never used twice under one key.
            Err(DropReason::MacsecPacketNumbers)
        } else {
            Ok(())
        }
    }

    /// The number that the next frame gets; none when all are used up.
    #[must_use]
    pub const fn next(&self) -> Option<u64> {
        match self.kept {
            Some((_, _, true)) => None,
            Some((next, _, false)) => Some(next),
            None if self.used_up => None,
            None => Some(self.next),
        }
    }

    /// Frames that may yet be numbered.
    #[must_use]
    pub const fn frames_left(&self) -> u64 {
        if self.used_up { 0 } else { (self.last - self.next).saturating_add(1) }
    }

    /// Numbers so many frames, or as many as there are numbers.
    pub const fn protect_all(&mut self, frames: u64) {
        if frames >= self.frames_left() {
            self.next = self.last;
            self.used_up = true;
        } else {
            self.next += frames;
        }
    }

    /// Numbers a frame that [`Self::permits`] let pass.
    #[inline]
    pub const fn protect(&mut self) {
        if self.next == self.last {
            self.used_up = true;
        } else {
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{
        Agreement, PacketNumberWidth, Protection, Reflection, ReplayProtection, SecureKey, SecurePolicy, ValidateFrames,
    };
    use crate::units::Span;

    fn config(packet_numbers: PacketNumberWidth, first_packet_number: u64) -> MacsecConfig {
        MacsecConfig {
            sci: true,
            packet_numbers,
            encrypt_latency: Span::ZERO,
            decrypt_latency: Span::ZERO,
            key: SecureKey::Agreed,
            first_packet_number,
            agreement: Agreement::Timed { agreement: Span::ZERO, life: Span::ZERO },
            policy: SecurePolicy::MustSecure,
            reflection: Reflection::Nobody,
            validate: ValidateFrames::Strict,
            replay: ReplayProtection::Window(0),
            protection: Protection::Confidentiality,
        }
    }

    fn frames_until_exhaustion(packet_numbers: PacketNumberWidth) -> usize {
        // Linux from packet number 4294967291: exactly 5 frames pass, then all are dropped.
        let mut transmitter = SecureTransmitter::new(&config(packet_numbers, 4_294_967_291));
        (0..100).take_while(|_| transmitter.permits().is_ok().then(|| transmitter.protect()).is_some()).count()
    }

    #[test]
    fn a_32_bit_suite_stops_at_its_last_number_and_xpn_goes_on() {
        assert_eq!(frames_until_exhaustion(PacketNumberWidth::Bits32), 5);
        assert_eq!(frames_until_exhaustion(PacketNumberWidth::Bits64), 100);
    }

    #[test]
    fn a_new_key_begins_at_one_and_flushed_frames_give_their_numbers_back() {
        let mut transmitter = SecureTransmitter::new(&config(PacketNumberWidth::Bits32, 4_294_967_291));
        (0..5).for_each(|_| transmitter.protect());
        assert_eq!(transmitter.permits(), Err(DropReason::MacsecPacketNumbers));
        transmitter.give_back(2);
        assert_eq!((0..9).take_while(|_| transmitter.permits().map(|()| transmitter.protect()).is_ok()).count(), 2);
        transmitter.rekey(0);
        assert_eq!((0..9).take_while(|_| transmitter.permits().map(|()| transmitter.protect()).is_ok()).count(), 9);
    }

    #[test]
    fn frames_in_clear_are_counted_and_take_no_numbers() {
        let mut transmitter = SecureTransmitter::new(&config(PacketNumberWidth::Bits32, 7));
        transmitter.pass_clear();
        (0..3).for_each(|_| transmitter.protect());
        assert_eq!((transmitter.permits(), transmitter.clear(), transmitter.next()), (Ok(()), 3, Some(7)));
        transmitter.secure();
        assert_eq!((transmitter.clear(), transmitter.next()), (3, Some(7)));
    }

    #[test]
    fn no_key_no_traffic() {
        let mut transmitter = SecureTransmitter::new(&config(PacketNumberWidth::Bits64, 1));
        transmitter.unsecure();
        assert_eq!(transmitter.permits(), Err(DropReason::MacsecNoKey));
        transmitter.secure();
        assert_eq!(transmitter.permits(), Ok(()));
    }
}
