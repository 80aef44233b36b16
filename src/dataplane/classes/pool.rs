//! Who may use how much of a port's buffer.

use crate::network::{Buffer, Room};

/// A buffer of which classes have parts of their own and share the rest. Lengths are in bytes or packets, as its size.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    unit: Unit,
    /// What nobody has reserved; `None` without a limit.
    size: Option<u64>,
    /// How much of that is taken; classes whose packets are never refused may take more than there is.
    taken: u64,
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Bytes,
    Packets,
}

impl Pool {
    pub fn new(buffer: Buffer, rooms: impl Iterator<Item = Room>) -> Self {
        let reserved: u64 = rooms.map(reserved).sum();
        let (unit, size) = match buffer {
            Buffer::Bytes(bytes) => (Unit::Bytes, Some(bytes.0)),
            Buffer::Packets(packets) => (Unit::Packets, Some(u64::from(packets))),
            Buffer::Unlimited => (Unit::Bytes, None),
        };
        Self { unit, size: size.map(|size| size.saturating_sub(reserved)), taken: 0 }
    }

    /// The room that a packet of so many bytes takes.
    #[inline]
    pub const fn room_of(&self, bytes: u64) -> u64 {
        match self.unit {
            Unit::Bytes => bytes,
            Unit::Packets => 1,
        }
    }

    /// Whether a class whose queue has `length` has room for `more`.
    pub fn admits(&self, room: Room, length: u64, more: u64) -> bool {
        let Room::Limited { reserved, limit, threshold } = room else { return true };
        let after = length + more;
        if limit.is_some_and(|limit| after > limit) {
            return false;
        }
        let Some(size) = self.size else { return true };
        if after <= reserved {
            return true;
        }
        let extra = shared(room, after) - shared(room, length);
        let free = size.saturating_sub(self.taken);
        // Choudhury and Hahne 1998: a queue may grow while it is below alpha times the free room.
        let below = |alpha: crate::network::Threshold| {
            let (after, free) = (u128::from(shared(room, after)), u128::from(free));
            after * u128::from(alpha.denominator) <= free * u128::from(alpha.numerator)
        };
        extra <= free && threshold.is_none_or(below)
    }

    /// A class's queue has grown or shrunk.
    #[inline]
    pub fn moved(&mut self, room: Room, from: u64, to: u64) {
        self.taken = self.taken + shared(room, to) - shared(room, from);
    }
}

const fn reserved(room: Room) -> u64 {
    match room {
        Room::Exempt => 0,
        Room::Limited { reserved, .. } => reserved,
    }
}

/// How much of a queue's length lies in the shared part.
#[inline]
const fn shared(room: Room, length: u64) -> u64 {
    length.saturating_sub(reserved(room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Threshold;
    use crate::units::Bytes;

    fn limited(reserved: u64, limit: Option<u64>, alpha: Option<(u32, u32)>) -> Room {
        let threshold = alpha.map(|(numerator, denominator)| Threshold { numerator, denominator });
        Room::Limited { reserved, limit, threshold }
    }

    /// Fills the queues in turn, one byte each, until none may grow.
    fn filled(size: u64, rooms: &[Room]) -> Vec<u64> {
        let mut pool = Pool::new(Buffer::Bytes(Bytes(size)), rooms.iter().copied());
        let mut lengths = vec![0; rooms.len()];
        loop {
            let before = lengths.clone();
            for (length, room) in lengths.iter_mut().zip(rooms) {
                if pool.admits(*room, *length, 1) {
                    pool.moved(*room, *length, *length + 1);
                    *length += 1;
                }
            }
            if lengths == before {
                return lengths;
            }
        }
    }

    /// Choudhury and Hahne 1998, equation 2: S saturated queues each get alpha B / (1 + alpha S), and
    /// B / (1 + alpha S) stays free.
    #[test]
    fn saturated_queues_get_alpha_times_what_stays_free() {
        for (count, alpha, expected) in
            [(1, (1, 1), 50_000), (2, (1, 1), 33_333), (3, (1, 2), 20_000), (1, (8, 1), 88_888), (4, (2, 1), 22_222)]
        {
            let lengths = filled(100_000, &vec![limited(0, None, Some(alpha)); count]);
            assert!(lengths.iter().all(|length| length.abs_diff(expected) <= 1), "{count}, {alpha:?}: {lengths:?}");
        }
    }

    #[test]
    fn what_is_reserved_is_there_whatever_others_take() {
        let (greedy, modest) = (limited(0, None, None), limited(30_000, None, Some((1, 1))));
        let mut pool = Pool::new(Buffer::Bytes(Bytes(100_000)), [greedy, modest].into_iter());
        assert!(pool.admits(greedy, 0, 70_000) && !pool.admits(greedy, 0, 70_001));
        pool.moved(greedy, 0, 70_000);
        assert!(pool.admits(modest, 0, 30_000) && !pool.admits(modest, 0, 30_001));
        assert_eq!(filled(100_000, &[greedy, limited(0, Some(20_000), None)]), [80_000, 20_000]);
    }

    #[test]
    fn packets_that_are_never_refused_take_room_from_the_others() {
        let data = limited(0, None, None);
        let mut pool = Pool::new(Buffer::Packets(2), [Room::Exempt, data].into_iter());
        assert_eq!(pool.room_of(9_000), 1);
        for length in 0..3 {
            assert!(pool.admits(Room::Exempt, length, 1));
            pool.moved(Room::Exempt, length, length + 1);
        }
        assert!(!pool.admits(data, 0, 1));
    }
}
