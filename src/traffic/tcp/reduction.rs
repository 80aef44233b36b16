//! Proportional rate reduction: how a window shrinks while losses are repaired.

/// A window on its way down (RFC 6937).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reduction {
    /// Over when everything below this number is acknowledged.
    point: u32,
    /// The window before.
    prior: u32,
    delivered: u32,
    sent: u32,
}

impl Reduction {
    /// A reduction from a window of `prior` segments, over when everything below `point` is acknowledged.
    pub const fn new(point: u32, prior: u32) -> Self {
        Self { point, prior, delivered: 0, sent: 0 }
    }

    /// Over when everything below this number is acknowledged.
    pub const fn point(&self) -> u32 {
        self.point
    }

    /// A segment was sent.
    pub const fn sent(&mut self) {
        self.sent += 1;
    }

    /// Segments that may be sent after `news` more were delivered (RFC 6937 section 3.1).
    pub fn delivered(&mut self, in_flight: u32, threshold: u32, news: u32) -> u32 {
        self.delivered += news;
        let more = if in_flight > threshold {
            let share = u64::from(self.delivered) * u64::from(threshold);
            let due = share.div_ceil(u64::from(self.prior.max(1)));
            u32::try_from(due.saturating_sub(u64::from(self.sent))).unwrap_or(u32::MAX)
        } else {
            let limit = self.delivered.saturating_sub(self.sent).max(news) + 1;
            limit.min(threshold - in_flight)
        };
        // The first lost segment is sent again at once.
        more.max(u32::from(self.sent == 0))
    }
}
