//! The keys of one member link, as far as packets feel them.

use crate::network::SecureKey;
use crate::units::{Span, Time};

/// Whether a member link has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimedState {
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
pub enum TimedInput {
    /// Light is there.
    LightUp,
    /// Light is gone.
    LightDown,
    /// The timer fired.
    Timer,
}

/// What key agreement wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimedAction {
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
pub struct TimedKeys {
    state: TimedState,
    agreement: Span,
    life: Span,
}

impl TimedKeys {
    /// Dark at first, or failed for good when the keys differ.
    #[must_use]
    pub fn new(key: SecureKey, agreement: Span, life: Span) -> Self {
        let state = match key {
            SecureKey::Agreed => TimedState::Dark,
            SecureKey::Mismatched => TimedState::Failed,
        };
        Self { state, agreement, life }
    }

    /// Whether there is a key.
    #[must_use]
    pub fn state(&self) -> TimedState {
        self.state
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: TimedInput, out: &mut Vec<TimedAction>) {
        self.state = match (self.state, input) {
            (TimedState::Dark, TimedInput::LightUp) => {
                let at = now + self.agreement;
                out.push(TimedAction::SetTimer { at });
                TimedState::Agreeing(at)
            }
            (TimedState::Agreeing(_), TimedInput::LightDown) => {
                out.push(TimedAction::CancelTimer);
                TimedState::Dark
            }
            (TimedState::Agreeing(_), TimedInput::Timer) => {
                out.push(TimedAction::Secured);
                TimedState::Secured
            }
            (TimedState::Secured, TimedInput::LightDown) => {
                let at = now + self.life;
                out.push(TimedAction::SetTimer { at });
                TimedState::Retained(at)
            }
            (TimedState::Retained(_), TimedInput::LightUp) => {
                out.extend([TimedAction::CancelTimer, TimedAction::Secured]);
                TimedState::Secured
            }
            (TimedState::Retained(_), TimedInput::Timer) => {
                out.push(TimedAction::Unsecured);
                TimedState::Dark
            }
            (state @ (TimedState::Dark | TimedState::Retained(_)), TimedInput::LightDown)
            | (state @ (TimedState::Dark | TimedState::Secured), TimedInput::Timer)
            | (state @ (TimedState::Agreeing(_) | TimedState::Secured), TimedInput::LightUp)
            | (state @ TimedState::Failed, TimedInput::LightUp | TimedInput::LightDown | TimedInput::Timer) => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn timed(key: SecureKey) -> TimedKeys {
        // Measured cold start of two wpa_supplicants 3.2 s; MKA Life Time 6.0 s (IEEE 802.1X table 9-3).
        TimedKeys::new(key, Span::from_ms(3_200), Span::from_s(6))
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_s(seconds)
    }

    fn drive(keys: &mut TimedKeys, now: Time, input: TimedInput) -> Vec<TimedAction> {
        let mut out = Vec::new();
        keys.handle(now, input, &mut out);
        out
    }

    #[test]
    fn a_cold_link_agrees_first_and_a_short_darkness_costs_nothing() {
        let mut keys = timed(SecureKey::Agreed);
        let agreed = Time::ZERO + Span::from_ms(3_200);
        assert_eq!(drive(&mut keys, Time::ZERO, TimedInput::LightUp), [TimedAction::SetTimer { at: agreed }]);
        assert_eq!(drive(&mut keys, agreed, TimedInput::Timer), [TimedAction::Secured]);
        assert_eq!(drive(&mut keys, at(10), TimedInput::LightDown), [TimedAction::SetTimer { at: at(16) }]);
        assert_eq!(keys.state(), TimedState::Retained(at(16)));
        assert_eq!(drive(&mut keys, at(15), TimedInput::LightUp), [TimedAction::CancelTimer, TimedAction::Secured]);
        assert_eq!(keys.state(), TimedState::Secured);
    }

    #[test]
    fn a_long_darkness_costs_the_key() {
        let mut keys = timed(SecureKey::Agreed);
        drive(&mut keys, Time::ZERO, TimedInput::LightUp);
        drive(&mut keys, at(4), TimedInput::Timer);
        drive(&mut keys, at(10), TimedInput::LightDown);
        assert_eq!(drive(&mut keys, at(16), TimedInput::Timer), [TimedAction::Unsecured]);
        let agreed = at(20) + Span::from_ms(3_200);
        assert_eq!(drive(&mut keys, at(20), TimedInput::LightUp), [TimedAction::SetTimer { at: agreed }]);
        assert_eq!(drive(&mut keys, at(21), TimedInput::LightDown), [TimedAction::CancelTimer]);
        assert_eq!(keys.state(), TimedState::Dark);
    }

    #[test]
    fn different_keys_never_secure() {
        let mut keys = timed(SecureKey::Mismatched);
        for (second, input) in
            [TimedInput::LightUp, TimedInput::Timer, TimedInput::LightDown, TimedInput::LightUp].into_iter().enumerate()
        {
            assert_eq!(drive(&mut keys, at(second as u64), input), []);
            assert_eq!(keys.state(), TimedState::Failed);
        }
    }
}
