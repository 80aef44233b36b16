//! The receiving half: what is passed up, what is dropped, and which counter tells of it.
//!
//! The order of checks is that of IEEE 802.1AE-2018 10.6: tag, SCI, SA in use, replay, ICV. Counters and verdicts are
//! those of Linux 6.1, measured, and stand as a table in the tests.

use crate::network::{MacsecConfig, Protection, ReplayProtection, ValidateFrames};

/// A frame as it reaches a MACsec entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecureFrame {
    /// Its SecTAG.
    pub tag: Tag,
    /// How it names its secure channel.
    pub channel: ChannelIdentifier,
    /// Whether its association number has a key in use here.
    pub association: Association,
    /// What was done to its data.
    pub protection: Protection,
    /// Its integrity check value.
    pub icv: Icv,
    /// Its packet number.
    pub number: u64,
}

/// The SecTAG of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// There is none.
    Missing,
    /// Version 1, packet number 0, or a wrong short length (9.12).
    Malformed,
    /// As it should be.
    Good,
}

/// How a frame names its secure channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelIdentifier {
    /// By an SCI in the SecTAG.
    Carried(ChannelKnown),
    /// Not at all: the only receive channel is meant.
    Inferred,
}

/// Whether a receive channel has the SCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKnown {
    /// One has.
    Yes,
    /// None has.
    No,
}

/// Whether an association number has a key in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Association {
    /// It has.
    InUse,
    /// It has, but newer frames come under another key: a late one.
    Former,
    /// It has not.
    NotInUse,
}

/// The integrity check value of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icv {
    /// It proves the frame.
    Good,
    /// It does not.
    Bad,
}

/// The counters of a receiving MACsec entity, by their names in the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InCounter {
    /// InPktsOK: passed.
    Ok,
    /// InPktsUnchecked: passed unproven, since frames are not validated.
    Unchecked,
    /// InPktsInvalid: passed although the ICV is wrong.
    Invalid,
    /// InPktsNotValid: dropped, the ICV is wrong.
    NotValid,
    /// InPktsLate: dropped by replay protection.
    Late,
    /// InPktsNotUsingSA: dropped, its association has no key in use.
    NotUsingSa,
    /// InPktsUnusedSA: passed without one.
    UnusedSa,
    /// InPktsNoSCI: dropped, its channel is not known.
    NoSci,
    /// InPktsUnknownSCI: passed although its channel is not known.
    UnknownSci,
    /// InPktsNoTag: dropped, it has no SecTAG.
    NoTag,
    /// InPktsUntagged: passed without a SecTAG.
    Untagged,
    /// InPktsBadTag: dropped, its SecTAG is malformed.
    BadTag,
}

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Received {
    /// It reaches the controlled port.
    Passed(InCounter),
    /// It is dropped.
    Dropped(InCounter),
}

/// Receives the frames of one secure channel and counts them.
#[derive(Debug, Clone)]
pub struct SecureReceiver {
    validate: ValidateFrames,
    replay: ReplayProtection,
    /// One more than the highest packet number of a valid frame.
    next: u64,
    /// The same of the key before.
    former_next: u64,
    late: u64,
    not_valid: u64,
    invalid: u64,
    unchecked: u64,
}

impl SecureReceiver {
    /// A receiver that expects the configured first packet number.
    #[must_use]
    pub const fn new(config: &MacsecConfig) -> Self {
        Self {
            validate: config.validate,
            replay: config.replay,
            next: config.first_packet_number,
            former_next: config.first_packet_number,
            late: 0,
            not_valid: 0,
            invalid: 0,
            unchecked: 0,
        }
    }

    /// A new key is in use: packet numbers begin at 1.
    pub const fn rekey(&mut self) {
        self.former_next = self.next;
        self.next = 1;
    }

    /// Frames up to `number` passed in order without being shown, since nothing could have befallen them.
    pub const fn catch_up(&mut self, number: u64) {
        if number >= self.next {
            self.next = number.saturating_add(1);
        }
    }

    /// Frames dropped as late and as not valid, and passed as invalid and as unchecked; all others passed as OK.
    #[must_use]
    pub const fn counters(&self) -> [u64; 4] {
        [self.late, self.not_valid, self.invalid, self.unchecked]
    }

    /// Judges a frame.
    pub fn receive(&mut self, frame: &SecureFrame) -> Received {
        let received = self.judge(frame);
        let (Received::Passed(counter) | Received::Dropped(counter)) = received;
        match counter {
            InCounter::Late => self.late += 1,
            InCounter::NotValid => self.not_valid += 1,
            InCounter::Invalid => self.invalid += 1,
            InCounter::Unchecked => self.unchecked += 1,
            // A simulated wire makes none of the others: they are the table's.
            InCounter::Ok
            | InCounter::NotUsingSa
            | InCounter::UnusedSa
            | InCounter::NoSci
            | InCounter::UnknownSci
            | InCounter::NoTag
            | InCounter::Untagged
            | InCounter::BadTag => {}
        }
        received
    }

    fn judge(&mut self, frame: &SecureFrame) -> Received {
        let strict = self.validate == ValidateFrames::Strict;
        match frame.tag {
            Tag::Missing if strict => return Received::Dropped(InCounter::NoTag),
            Tag::Missing => return Received::Passed(InCounter::Untagged),
            Tag::Malformed => return Received::Dropped(InCounter::BadTag),
            Tag::Good => {}
        }
        // Without its key an encrypted frame is of no use to anybody.
        let needed = strict || frame.protection == Protection::Confidentiality;
        match (frame.channel, needed) {
            (ChannelIdentifier::Carried(ChannelKnown::No), true) => return Received::Dropped(InCounter::NoSci),
            (ChannelIdentifier::Carried(ChannelKnown::No), false) => return Received::Passed(InCounter::UnknownSci),
            (ChannelIdentifier::Carried(ChannelKnown::Yes) | ChannelIdentifier::Inferred, _) => {}
        }
        match (frame.association, needed) {
            (Association::NotInUse, true) => return Received::Dropped(InCounter::NotUsingSa),
            (Association::NotInUse, false) => return Received::Passed(InCounter::UnusedSa),
            (Association::InUse | Association::Former, _) => {}
        }
        if frame.number < self.lowest(frame.association) {
            return Received::Dropped(InCounter::Late);
        }
        self.validated(frame, needed)
    }

    /// The lowest packet number that replay protection lets pass. Not a bitmap: within the window a duplicate passes.
    const fn lowest(&self, association: Association) -> u64 {
        let next = match association {
            Association::InUse | Association::NotInUse => self.next,
            Association::Former => self.former_next,
        };
        match self.replay {
            ReplayProtection::Off => 0,
            ReplayProtection::Window(window) => next.saturating_sub(window as u64),
        }
    }

    fn validated(&mut self, frame: &SecureFrame, needed: bool) -> Received {
        // "disabled" skips the ICV of a frame that can be read without its key.
        if self.validate == ValidateFrames::Disabled && !needed {
            return Received::Passed(InCounter::Unchecked);
        }
        match frame.icv {
            Icv::Good => {
                // Only a valid frame moves the window: a forged number cannot (10.6.5).
                let next = match frame.association {
                    Association::InUse | Association::NotInUse => &mut self.next,
                    Association::Former => &mut self.former_next,
                };
                *next = (*next).max(frame.number.saturating_add(1));
                Received::Passed(InCounter::Ok)
            }
            Icv::Bad if needed => Received::Dropped(InCounter::NotValid),
            Icv::Bad => Received::Passed(InCounter::Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Agreement, PacketNumberWidth, Reflection, SecureKey, SecurePolicy};
    use crate::units::Span;

    fn receiver(validate: ValidateFrames, replay: ReplayProtection) -> SecureReceiver {
        SecureReceiver::new(&MacsecConfig {
            sci: true,
            packet_numbers: PacketNumberWidth::Bits32,
            encrypt_latency: Span::ZERO,
            decrypt_latency: Span::ZERO,
            key: SecureKey::Agreed,
            first_packet_number: 1,
            agreement: Agreement::Timed { agreement: Span::ZERO, life: Span::ZERO },
            policy: SecurePolicy::MustSecure,
            reflection: Reflection::Nobody,
            validate,
            replay,
            protection: Protection::Confidentiality,
        })
    }

    const GOOD: SecureFrame = SecureFrame {
        tag: Tag::Good,
        channel: ChannelIdentifier::Carried(ChannelKnown::Yes),
        association: Association::InUse,
        protection: Protection::Confidentiality,
        icv: Icv::Good,
        number: 1,
    };

    /// The five configurations that were measured on Linux 6.1, one receive channel with one SA.
    const CONFIGURATIONS: [(ValidateFrames, ReplayProtection); 5] = [
        (ValidateFrames::Strict, ReplayProtection::Window(0)),
        (ValidateFrames::Strict, ReplayProtection::Window(32)),
        (ValidateFrames::Strict, ReplayProtection::Off),
        (ValidateFrames::Check, ReplayProtection::Window(0)),
        (ValidateFrames::Disabled, ReplayProtection::Window(0)),
    ];

    use InCounter::{
        BadTag, Invalid, Late, NoSci, NoTag, NotUsingSa, NotValid, Ok, Unchecked, UnknownSci, Untagged, UnusedSa,
    };
    use Received::{Dropped, Passed};

    /// Holds the last outcomes of a sequence against one measured row; each configuration begins afresh.
    fn row(name: &str, injected: &[SecureFrame], expected: [&[Received]; 5]) {
        for ((validate, replay), expected) in CONFIGURATIONS.into_iter().zip(expected) {
            let mut receiver = receiver(validate, replay);
            let outcomes: Vec<Received> = injected.iter().map(|frame| receiver.receive(frame)).collect();
            let judged = &outcomes[outcomes.len() - expected.len()..];
            assert_eq!(judged, expected, "{name}: {validate:?}, {replay:?}");
        }
    }

    fn numbered(numbers: &[u64]) -> Vec<SecureFrame> {
        numbers.iter().map(|number| SecureFrame { number: *number, ..GOOD }).collect()
    }

    #[test]
    fn packet_numbers_in_order_pass() {
        row("PN 1, 2, 3", &numbered(&[1, 2, 3]), [&[Passed(Ok), Passed(Ok), Passed(Ok)]; 5]);
    }

    #[test]
    fn a_duplicate_passes_within_a_window() {
        let (late, passed): (&[_], &[_]) = (&[Dropped(Late)], &[Passed(Ok)]);
        row("PN 3 again", &numbered(&[1, 2, 3, 3]), [late, passed, passed, late, late]);
    }

    #[test]
    fn a_frame_that_was_overtaken_passes_within_a_window() {
        let (late, passed): (&[_], &[_]) = (&[Passed(Ok), Dropped(Late)], &[Passed(Ok), Passed(Ok)]);
        row("PN 5 then 4", &numbered(&[1, 2, 3, 5, 4]), [late, passed, passed, late, late]);
    }

    #[test]
    fn a_window_of_32_reaches_from_21_to_40() {
        let late: &[_] = &[Passed(Ok), Dropped(Late), Dropped(Late)];
        let passed: &[_] = &[Passed(Ok), Passed(Ok), Passed(Ok)];
        row("PN 40, 21, 30", &numbered(&[40, 21, 30]), [late, passed, passed, late, late]);
        // lowestPN = nextPN - window: after 40 the lowest is 41 - 32 = 9.
        let mut receiver = receiver(ValidateFrames::Strict, ReplayProtection::Window(32));
        let outcomes: Vec<Received> = numbered(&[40, 9, 8]).iter().map(|frame| receiver.receive(frame)).collect();
        assert_eq!(outcomes, [Passed(Ok), Passed(Ok), Dropped(Late)]);
    }

    #[test]
    fn a_wrong_icv_of_an_encrypted_frame_is_never_passed() {
        let frame = SecureFrame { icv: Icv::Bad, ..GOOD };
        row("bad ICV, encrypted", &[frame], [&[Dropped(NotValid)]; 5]);
    }

    #[test]
    fn a_wrong_icv_of_a_readable_frame_passes_unless_strict() {
        let frame = SecureFrame { icv: Icv::Bad, protection: Protection::Integrity, ..GOOD };
        let not_valid: &[_] = &[Dropped(NotValid)];
        let expected = [not_valid, not_valid, not_valid, &[Passed(Invalid)], &[Passed(Unchecked)]];
        row("bad ICV, integrity only", &[frame], expected);
    }

    #[test]
    fn a_readable_frame_is_not_checked_when_validation_is_disabled() {
        let frame = SecureFrame { protection: Protection::Integrity, ..GOOD };
        let ok: &[_] = &[Passed(Ok)];
        row("good, integrity only", &[frame], [ok, ok, ok, ok, &[Passed(Unchecked)]]);
    }

    #[test]
    fn an_association_without_a_key_needs_a_readable_frame_and_no_strictness() {
        let frame = SecureFrame { association: Association::NotInUse, ..GOOD };
        row("AN without SA, encrypted", &[frame], [&[Dropped(NotUsingSa)]; 5]);
        let dropped: &[_] = &[Dropped(NotUsingSa)];
        let expected = [dropped, dropped, dropped, &[Passed(UnusedSa)], &[Passed(UnusedSa)]];
        row("AN without SA, readable", &[SecureFrame { protection: Protection::Integrity, ..frame }], expected);
    }

    #[test]
    fn an_unknown_channel_needs_a_readable_frame_and_no_strictness() {
        let frame = SecureFrame { channel: ChannelIdentifier::Carried(ChannelKnown::No), ..GOOD };
        row("unknown SCI, encrypted", &[frame], [&[Dropped(NoSci)]; 5]);
        let dropped: &[_] = &[Dropped(NoSci)];
        let expected = [dropped, dropped, dropped, &[Passed(UnknownSci)], &[Passed(UnknownSci)]];
        row("unknown SCI, readable", &[SecureFrame { protection: Protection::Integrity, ..frame }], expected);
    }

    #[test]
    fn a_frame_without_a_tag_is_handed_up_unless_strict() {
        let frame = SecureFrame { tag: Tag::Missing, ..GOOD };
        let no_tag: &[_] = &[Dropped(NoTag)];
        row("no SecTAG", &[frame], [no_tag, no_tag, no_tag, &[Passed(Untagged)], &[Passed(Untagged)]]);
    }

    #[test]
    fn a_malformed_tag_is_dropped() {
        row("PN 0, V = 1, wrong SL", &[SecureFrame { tag: Tag::Malformed, ..GOOD }; 3], [&[Dropped(BadTag); 3]; 5]);
    }

    #[test]
    fn a_channel_is_inferred_when_there_is_one() {
        let frame = SecureFrame { channel: ChannelIdentifier::Inferred, ..GOOD };
        row("SC = 0, ES = 0", &[frame], [&[Passed(Ok)]; 5]);
    }

    #[test]
    fn a_forged_number_does_not_move_the_window() {
        let mut receiver = receiver(ValidateFrames::Strict, ReplayProtection::Window(0));
        let forged = SecureFrame { icv: Icv::Bad, number: 1_000_000, ..GOOD };
        assert_eq!(receiver.receive(&forged), Dropped(NotValid));
        assert_eq!(receiver.receive(&GOOD), Passed(Ok));
        assert_eq!(receiver.counters(), [0, 1, 0, 0]);
        receiver.rekey();
        assert_eq!(receiver.receive(&GOOD), Passed(Ok));
    }

    #[test]
    fn each_key_has_a_window_of_its_own() {
        let mut receiver = receiver(ValidateFrames::Strict, ReplayProtection::Window(0));
        numbered(&[1, 2, 3]).iter().for_each(|frame| assert_eq!(receiver.receive(frame), Passed(Ok)));
        receiver.rekey();
        assert_eq!(receiver.receive(&GOOD), Passed(Ok));
        let former = |number| SecureFrame { association: Association::Former, number, ..GOOD };
        assert_eq!(receiver.receive(&former(4)), Passed(Ok), "a late frame of the key before");
        assert_eq!(receiver.receive(&former(3)), Dropped(Late));
        assert_eq!(receiver.receive(&SecureFrame { number: 2, ..GOOD }), Passed(Ok), "its number moved no window");
    }
}
