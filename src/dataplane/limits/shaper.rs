//! A token bucket before which packets wait instead of being dropped.

use std::collections::VecDeque;

use super::bucket::Bucket;
use crate::dataplane::QueueAudit;
use crate::message::Packet;
use crate::network::Buffer;
use crate::units::{Bytes, Rate, Span, Time};

/// A shaper with its queue. Packets leave in the order in which they came, each as soon as it conforms.
#[derive(Debug, Clone)]
pub struct Shaper {
    /// Tokens are taken when a packet leaves.
    bucket: Bucket,
    queue: VecDeque<Waiting>,
    waiting_bytes: u64,
    room: Buffer,
    audit: QueueAudit,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    packet: Packet,
    offered: Time,
}

/// What a shaper does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Shaped {
    /// It conforms and nobody waits before it.
    Pass,
    /// It waits behind others.
    Behind,
    /// It waits as the first: its release must be scheduled at this instant.
    Head(Time),
    /// There is no room for it.
    Full,
}

impl Shaper {
    /// A full bucket that fills at `rate` and holds what that brings in `depth`.
    #[must_use]
    pub fn new(rate: Rate, depth: Span, room: Buffer) -> Self {
        let bucket = Bucket::new(rate, depth);
        Self { bucket, queue: VecDeque::new(), waiting_bytes: 0, room, audit: QueueAudit::default() }
    }

    /// A packet wants to pass.
    pub fn offer(&mut self, now: Time, packet: Packet) -> Shaped {
        let bytes = u64::from(packet.size);
        if self.queue.is_empty() && self.bucket.ready_at(now, bytes) == now {
            self.bucket.take(now, bytes);
            return Shaped::Pass;
        }
        if self.overflows(bytes) {
            return Shaped::Full;
        }
        self.audit.sees(now, self.queue.len());
        self.queue.push_back(Waiting { packet, offered: now });
        self.waiting_bytes += bytes;
        if self.queue.len() > 1 {
            return Shaped::Behind;
        }
        Shaped::Head(self.bucket.ready_at(now, bytes))
    }

    fn overflows(&self, bytes: u64) -> bool {
        match self.room {
            Buffer::Bytes(limit) => self.waiting_bytes + bytes > limit.0,
            Buffer::Packets(limit) => self.queue.len() >= limit as usize,
            Buffer::Unlimited => false,
        }
    }

    /// When the first packet conforms, at `now` at the earliest; an event at another time is a stale one.
    #[must_use]
    pub fn next_release(&self, now: Time) -> Option<Time> {
        self.queue.front().map(|head| self.bucket.ready_at(now, u64::from(head.packet.size)))
    }

    /// Releases the first packet, at the instant at which it conforms. Panics (our bug) when none waits.
    pub fn release(&mut self, now: Time) -> Packet {
        self.audit.sees(now, self.queue.len());
        let Waiting { mut packet, offered } = self.queue.pop_front().expect("a release has a packet");
        let waited = now - offered;
        packet.waited += waited;
        self.audit.tells(i128::from(waited.as_ps()));
        self.waiting_bytes -= u64::from(packet.size);
        self.bucket.take(now, u64::from(packet.size));
        packet
    }

    /// The rate at which tokens come in.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.bucket.rate()
    }

    /// How long a packet waits behind a full queue; nothing is known of one without limit.
    #[must_use]
    pub fn full_wait(&self) -> Span {
        match self.room {
            Buffer::Bytes(bytes) => self.rate().transmission_time(bytes),
            Buffer::Packets(packets) => self.rate().transmission_time(Bytes(1_500)).times(u64::from(packets)),
            Buffer::Unlimited => Span::ZERO,
        }
    }

    /// The rate changes; the first packet may conform at another instant: see [`Self::next_release`].
    pub fn set_rate(&mut self, now: Time, rate: Rate) {
        self.bucket.set_rate(now, rate);
    }

    /// Throws out everything that waits.
    pub fn flush(&mut self, now: Time) -> Vec<Packet> {
        self.audit.sees(now, self.queue.len());
        self.audit.tells(self.waited_so_far(now));
        self.waiting_bytes = 0;
        self.queue.drain(..).map(|waiting| waiting.packet).collect()
    }

    /// The packets that wait.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.queue.iter().map(|waiting| &waiting.packet)
    }

    /// Asserts Little's law up to `now`; nothing in release builds.
    pub fn audit(&self, now: Time) {
        self.audit.holds(now, self.queue.len(), self.waited_so_far(now));
    }

    fn waited_so_far(&self, now: Time) -> i128 {
        self.queue.iter().map(|waiting| i128::from((now - waiting.offered).as_ps())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DestinationId, FlowId};
    use crate::message::PacketKind;
    use crate::rng::RunSeed;
    use crate::units::TrafficClass;

    fn packet(size: u32) -> Packet {
        Packet {
            sent: Time::ZERO,
            waited: Span::ZERO,
            flow: FlowId(0),
            destination: DestinationId(0),
            hash: 0,
            size,
            payload: 0,
            ttl: 64,
            kind: PacketKind::Data,
            traffic_class: TrafficClass::DEFAULT,
        }
    }

    fn at(us: u64) -> Time {
        Time::ZERO + Span::from_us(us)
    }

    /// Releases with their instants, for offers of so many bytes at instants in microseconds.
    fn shaped(shaper: &mut Shaper, offers: &[(u64, u32)]) -> Vec<(Time, Packet)> {
        let mut released = Vec::new();
        let until = |shaper: &mut Shaper, now: Time, released: &mut Vec<(Time, Packet)>| {
            while let Some(head) = shaper.queue.front().map(|head| head.offered) {
                let Some(at) = shaper.next_release(head.max(released.last().map_or(Time::ZERO, |last| last.0))) else {
                    return;
                };
                if at > now {
                    return;
                }
                let packet = shaper.release(at);
                released.push((at, packet));
            }
        };
        for (us, size) in offers {
            until(shaper, at(*us), &mut released);
            if shaper.offer(at(*us), packet(*size)) == Shaped::Pass {
                released.push((at(*us), packet(*size)));
            }
        }
        until(shaper, Time::MAX, &mut released);
        released
    }

    /// (sigma, rho): what leaves in any interval T is at most sigma + rho T, and a burst of B waits at most
    /// (B - sigma) / rho (Le Boudec and Thiran, "Network Calculus", 1.5.1).
    #[test]
    fn nothing_leaves_faster_than_burst_and_rate_and_nothing_waits_longer_than_it_must() {
        let rate = Rate::from_bps(8_000_000).unwrap(); // 1 byte a microsecond
        let mut stream = RunSeed(1).stream("shaper", "test");
        let mut offers = Vec::new();
        let mut now = 0;
        for _ in 0..400 {
            now += stream.below(900);
            offers.push((now, 100 + u32::try_from(stream.below(900)).unwrap()));
        }
        let mut shaper = Shaper::new(rate, Span::from_ms(5), Buffer::Unlimited);
        let released = shaped(&mut shaper, &offers);
        assert_eq!(released.len(), 400);
        for (first, (from, _)) in released.iter().enumerate() {
            let mut sum = 0;
            for (until, packet) in &released[first..] {
                sum += u64::from(packet.size);
                let bound = 5_000 + (*until - *from).as_ps() / 1_000_000 + 1;
                assert!(sum <= bound, "{sum} bytes within {:?}, {bound} allowed", *until - *from);
            }
        }
        shaper.audit(Time::MAX);
        // 20 packets of 1000 B at once: 5 pass, the last one waits for 15,000 bytes.
        let burst = [(0, 1_000); 20];
        let released = shaped(&mut Shaper::new(rate, Span::from_ms(5), Buffer::Unlimited), &burst);
        assert_eq!(released.iter().filter(|(at, _)| *at == Time::ZERO).count(), 5);
        assert_eq!(released.last().map(|(at, packet)| (*at, packet.waited)), Some((at(15_000), Span::from_ms(15))));
    }

    #[test]
    fn a_full_queue_refuses_and_a_new_rate_re_times() {
        let rate = Rate::from_bps(8_000_000).unwrap();
        let mut shaper = Shaper::new(rate, Span::from_ms(1), Buffer::Bytes(Bytes(2_000)));
        let offers: Vec<Shaped> = (0..4).map(|_| shaper.offer(Time::ZERO, packet(1_000))).collect();
        assert_eq!(offers, [Shaped::Pass, Shaped::Head(at(1_000)), Shaped::Behind, Shaped::Full]);
        // Half of the first one's tokens are there; the other half comes at twice the rate.
        shaper.set_rate(at(500), Rate::from_bps(16_000_000).unwrap());
        assert_eq!(shaper.next_release(at(500)), Some(at(750)));
        assert_eq!(shaper.release(at(750)).waited, Span::from_us(750));
        assert_eq!(shaper.flush(at(800)).len(), 1);
        shaper.audit(at(900));
    }
}
