//! The keys of one member link, as far as packets feel them.

use crate::network::{MacsecConfig, SecureKey};
use crate::units::{Span, Time};

/// Whether a member link has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No light and no key.
    Dark,
    /// Light, and keys are being agreed until this time.
    Agreeing(Time),
    /// Light and a key.
    Secured,
    /// No light; the key is kept until this time (MKA Life Time).
    Retained(Time),
    /// The two ends hold different keys: never secured.
    Failed,
}

/// What key agreement is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Light is there.
    LightUp,
    /// Light is gone.
    LightDown,
    /// The timer fired.
    Timer,
}

/// What key agreement wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Arm the one timer, or move it.
    SetTimer {
        /// When it fires.
        at: Time,
    },
    /// Disarm the timer.
    CancelTimer,
    /// A key is there: frames may pass. Also said when a kept key is used again.
    Secured,
    /// The key is gone: fail closed.
    Unsecured,
}

/// Key agreement on one member link, both ends taken together.
#[derive(Debug, Clone)]
pub struct KeyAgreement {
    state: State,
    agreement: Span,
    life: Span,
}

impl KeyAgreement {
    /// Dark at first, or failed for good when the keys differ.
    #[must_use]
    pub fn new(config: &MacsecConfig) -> Self {
        let state = match config.key {
            SecureKey::Agreed => State::Dark,
            SecureKey::Mismatched => State::Failed,
        };
        Self { state, agreement: config.key_agreement, life: config.key_life }
    }

    /// Whether there is a key.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Action>) {
        self.state = match (self.state, input) {
            (State::Dark, Input::LightUp) => {
                let at = now + self.agreement;
                out.push(Action::SetTimer { at });
                State::Agreeing(at)
            }
            (State::Agreeing(_), Input::LightDown) => {
                out.push(Action::CancelTimer);
                State::Dark
            }
            (State::Agreeing(_), Input::Timer) => {
                out.push(Action::Secured);
                State::Secured
            }
            (State::Secured, Input::LightDown) => {
                let at = now + self.life;
                out.push(Action::SetTimer { at });
                State::Retained(at)
            }
            (State::Retained(_), Input::LightUp) => {
                out.extend([Action::CancelTimer, Action::Secured]);
                State::Secured
            }
            (State::Retained(_), Input::Timer) => {
                out.push(Action::Unsecured);
                State::Dark
            }
            (state @ (State::Dark | State::Retained(_)), Input::LightDown)
            | (state @ (State::Dark | State::Secured), Input::Timer)
            | (state @ (State::Agreeing(_) | State::Secured), Input::LightUp)
            | (state @ State::Failed, Input::LightUp | Input::LightDown | Input::Timer) => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{PacketNumberWidth, Protection, ReplayProtection, ValidateFrames};

    fn config(key: SecureKey) -> MacsecConfig {
        MacsecConfig {
            sci: true,
            packet_numbers: PacketNumberWidth::Bits64,
            encrypt_latency: Span::ZERO,
            decrypt_latency: Span::ZERO,
            key,
            first_packet_number: 1,
            // Measured cold start of two wpa_supplicants 3.2 s; MKA Life Time 6.0 s (IEEE 802.1X table 9-3).
            key_agreement: Span::from_ms(3_200),
            key_life: Span::from_s(6),
            validate: ValidateFrames::Strict,
            replay: ReplayProtection::Window(0),
            protection: Protection::Confidentiality,
        }
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_s(seconds)
    }

    fn drive(keys: &mut KeyAgreement, now: Time, input: Input) -> Vec<Action> {
        let mut out = Vec::new();
        keys.handle(now, input, &mut out);
        out
    }

    #[test]
    fn a_cold_link_agrees_first_and_a_short_darkness_costs_nothing() {
        let mut keys = KeyAgreement::new(&config(SecureKey::Agreed));
        let agreed = Time::ZERO + Span::from_ms(3_200);
        assert_eq!(drive(&mut keys, Time::ZERO, Input::LightUp), [Action::SetTimer { at: agreed }]);
        assert_eq!(drive(&mut keys, agreed, Input::Timer), [Action::Secured]);
        assert_eq!(drive(&mut keys, at(10), Input::LightDown), [Action::SetTimer { at: at(16) }]);
        assert_eq!(keys.state(), State::Retained(at(16)));
        assert_eq!(drive(&mut keys, at(15), Input::LightUp), [Action::CancelTimer, Action::Secured]);
        assert_eq!(keys.state(), State::Secured);
    }

    #[test]
    fn a_long_darkness_costs_the_key() {
        let mut keys = KeyAgreement::new(&config(SecureKey::Agreed));
        drive(&mut keys, Time::ZERO, Input::LightUp);
        drive(&mut keys, at(4), Input::Timer);
        drive(&mut keys, at(10), Input::LightDown);
        assert_eq!(drive(&mut keys, at(16), Input::Timer), [Action::Unsecured]);
        let agreed = at(20) + Span::from_ms(3_200);
        assert_eq!(drive(&mut keys, at(20), Input::LightUp), [Action::SetTimer { at: agreed }]);
        assert_eq!(drive(&mut keys, at(21), Input::LightDown), [Action::CancelTimer]);
        assert_eq!(keys.state(), State::Dark);
    }

    #[test]
    fn different_keys_never_secure() {
        let mut keys = KeyAgreement::new(&config(SecureKey::Mismatched));
        for (second, input) in [Input::LightUp, Input::Timer, Input::LightDown, Input::LightUp].into_iter().enumerate()
        {
            assert_eq!(drive(&mut keys, at(second as u64), input), []);
            assert_eq!(keys.state(), State::Failed);
        }
    }
}
