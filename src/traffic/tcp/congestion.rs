//! The congestion window: slow start, CUBIC (RFC 9438) and NewReno (RFC 5681), in segments.

use crate::network::CongestionControl;
use crate::units::{Span, Time};

/// RFC 9438 section 5: aggressiveness, in segments per second cubed.
const C: f64 = 0.4;
/// RFC 9438 4.6: what a loss leaves of the window.
const CUBIC_BETA: f64 = 0.7;
/// RFC 9438 4.3: additive increase that is fair to Reno, 3 (1 - beta) / (1 + beta).
const ALPHA: f64 = 3.0 * (1.0 - CUBIC_BETA) / (1.0 + CUBIC_BETA);
/// RFC 5681 section 3.1, equation 4.
const RENO_BETA: f64 = 0.5;
/// RFC 5681 3.1: never below two segments.
const LEAST: f64 = 2.0;

/// A congestion window and what it has learnt.
#[derive(Debug, Clone)]
pub struct Congestion {
    law: CongestionControl,
    window: f64,
    threshold: f64,
    /// The window before the latest reduction, less when it had not yet recovered (RFC 9438 4.7).
    window_max: f64,
    /// The window before the latest reduction.
    window_prior: f64,
    epoch: Option<Epoch>,
}

/// A stretch of congestion avoidance.
#[derive(Debug, Clone, Copy)]
struct Epoch {
    began: Time,
    /// K: seconds until the cubic is back at its plateau.
    until_plateau: f64,
    /// The plateau.
    plateau: f64,
    /// What Reno would have (RFC 9438 4.3).
    reno: f64,
}

impl Congestion {
    /// A window of `initial` segments in slow start.
    #[must_use]
    pub fn new(law: CongestionControl, initial: u32) -> Self {
        Self {
            law,
            window: f64::from(initial),
            threshold: f64::INFINITY,
            window_max: 0.0,
            window_prior: 0.0,
            epoch: None,
        }
    }

    /// Whole segments that may be in flight.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn window(&self) -> u32 {
        self.window as u32
    }

    /// Whether the window still grows by one segment for each one acknowledged.
    #[must_use]
    pub fn in_slow_start(&self) -> bool {
        self.window < self.threshold
    }

    /// What a reduction leaves, in whole segments.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn threshold(&self) -> u32 {
        self.threshold as u32
    }

    /// Segments were acknowledged while the window was what held the sender back.
    pub fn acknowledged(&mut self, now: Time, segments: u32, round_trip: Span) {
        let mut segments = f64::from(segments);
        if self.in_slow_start() {
            // RFC 5681 3.1, with RFC 3465's counting of what was acknowledged.
            let step = segments.min(self.threshold - self.window);
            self.window += step;
            segments -= step;
        }
        if segments > 0.0 {
            match self.law {
                CongestionControl::NewReno => self.window += segments / self.window,
                CongestionControl::Cubic => self.cubic(now, segments, round_trip),
            }
        }
    }

    /// RFC 9438 section 4.2 to 4.5.
    fn cubic(&mut self, now: Time, segments: f64, round_trip: Span) {
        let epoch = self.epoch.get_or_insert_with(|| {
            let plateau = self.window_max.max(self.window);
            let until_plateau = libm::cbrt((plateau - self.window) / C);
            Epoch { began: now, until_plateau, plateau, reno: self.window }
        });
        let cubic = |seconds: f64| {
            let t = seconds - epoch.until_plateau;
            C * t * t * t + epoch.plateau
        };
        // 4.3: once Reno's window is back where it was, it grows by one segment a round trip.
        let alpha = if epoch.reno < self.window_prior { ALPHA } else { 1.0 };
        epoch.reno += alpha * segments / self.window;
        let elapsed = now.since(epoch.began);
        if cubic(elapsed.as_seconds()) < epoch.reno {
            self.window = self.window.max(epoch.reno);
        } else {
            let target = cubic((elapsed + round_trip).as_seconds()).clamp(self.window, 1.5 * self.window);
            self.window += (target - self.window) * segments / self.window;
        }
    }

    /// Loss was detected or a mark echoed: what the window is to shrink to. It shrinks on the caller's word.
    pub fn reduce(&mut self) {
        self.epoch = None;
        self.window_prior = self.window;
        let beta = match self.law {
            CongestionControl::NewReno => RENO_BETA,
            CongestionControl::Cubic => {
                // RFC 9438 4.7, fast convergence: a flow that lost below its last peak leaves room to others.
                let falls = self.window < self.window_max;
                self.window_max = if falls { self.window * (1.0 + CUBIC_BETA) / 2.0 } else { self.window };
                CUBIC_BETA
            }
        };
        self.threshold = (self.window * beta).max(LEAST);
    }

    /// The window as recovery wants it.
    pub fn set_window(&mut self, segments: u32) {
        self.window = f64::from(segments);
    }

    /// The window becomes what the latest reduction left.
    pub fn settle(&mut self) {
        self.window = self.threshold;
    }

    /// Nothing was sent for longer than a timeout: the window is no longer known to fit (RFC 5681 4.1).
    pub fn restart(&mut self, initial: u32) {
        self.window = self.window.min(f64::from(initial));
        self.epoch = None;
    }

    /// The sender, not the window, was what held back: the cubic does not grow over such time (RFC 9438 5.8).
    pub const fn idle(&mut self) {
        self.epoch = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Span = Span::from_ms(100);

    /// The window after `rounds` round trips without loss, all of it acknowledged in each.
    fn grow(congestion: &mut Congestion, from: Time, rounds: u64) {
        for round in 1..=rounds {
            for _ in 0..congestion.window() {
                congestion.acknowledged(from + RTT.times(round), 1, RTT);
            }
        }
    }

    fn after_loss_at(law: CongestionControl, window: u32) -> Congestion {
        let mut congestion = Congestion::new(law, window);
        congestion.reduce();
        congestion.settle();
        congestion
    }

    #[test]
    fn slow_start_doubles_each_round_trip() {
        let mut congestion = Congestion::new(CongestionControl::Cubic, 10);
        grow(&mut congestion, Time::ZERO, 3);
        assert_eq!(congestion.window(), 80);
    }

    #[test]
    fn new_reno_halves_and_then_grows_by_one_segment_a_round_trip() {
        let mut congestion = after_loss_at(CongestionControl::NewReno, 100);
        assert_eq!(congestion.window(), 50);
        grow(&mut congestion, Time::ZERO, 20);
        assert!((69..=70).contains(&congestion.window()), "{}", congestion.window());
    }

    #[test]
    fn cubic_is_back_at_its_peak_after_k() {
        let mut congestion = after_loss_at(CongestionControl::Cubic, 1_000);
        assert_eq!(congestion.window(), 700);
        // RFC 9438 4.2: K = cbrt(W_max (1 - beta) / C) = cbrt(750) = 9.086 s.
        grow(&mut congestion, Time::ZERO, 90);
        assert!((990..=1_000).contains(&congestion.window()), "{}", congestion.window());
        // W(K + 5 s) = 1000 + 0.4 x 125.
        grow(&mut congestion, Time::ZERO + Span::from_s(9), 51);
        assert!((1_040..=1_055).contains(&congestion.window()), "{}", congestion.window());
    }

    #[test]
    fn cubic_is_never_slower_than_reno_at_a_short_round_trip() {
        // 10 segments: the cubic needs cbrt(7.5) = 1.96 s to its peak, Reno-friendly growth 3 / 0.529 round trips.
        let mut congestion = after_loss_at(CongestionControl::Cubic, 10);
        for round in 1..=6u64 {
            (0..congestion.window()).for_each(|_| congestion.acknowledged(Time::ZERO + Span::from_ms(round), 1, RTT));
        }
        assert!((9..=10).contains(&congestion.window()), "{}", congestion.window());
    }

    #[test]
    fn losing_below_the_last_peak_leaves_room() {
        let mut congestion = after_loss_at(CongestionControl::Cubic, 1_000);
        congestion.reduce();
        // 700 x (1 + 0.7) / 2.
        assert!((congestion.window_max - 595.0).abs() < 1e-9);
    }
}
