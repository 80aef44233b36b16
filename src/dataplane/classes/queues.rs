//! The queues of one port and their scheduler.

use std::collections::VecDeque;

use super::pool::Pool;
use super::red::{Judgement, Red};
use crate::dataplane::QueueAudit;
use crate::message::{DropReason, Packet};
use crate::network::{Buffer, QueueClass, Queueing, Room, Service};
use crate::rng::Stream;
use crate::units::{Ecn, Span, Time};

/// Waiting packets by class.
#[derive(Debug, Clone)]
pub struct ClassQueues {
    /// Strict ones first.
    queues: Vec<Queue>,
    strict: usize,
    by_code_point: [u8; 64],
    control: usize,
    pool: Pool,
    waiting_bytes: u64,
    /// The round-robin queue whose turn it is.
    turn: usize,
    stream: Stream,
}

#[derive(Debug, Clone)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// In the pool's unit.
    length: u64,
    /// On the wire.
    bytes: u64,
    room: Room,
    red: Option<Red>,
    quantum: u64,
    /// Bytes that its turn has left.
    deficit: u64,
    totals: ClassTotals,
    audit: QueueAudit,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    packet: Packet,
    offered: Time,
    bytes: u64,
}

/// Packets that left as a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// How many.
    pub packets: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// How long each of them is taken to have waited.
    pub wait: Span,
}

/// What a class of one port has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassTotals {
    /// Packets that came to the port.
    pub offered: u64,
    /// Packets whose transmission began.
    pub packets: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Packets that early detection marked.
    pub marked: u64,
    /// The most bytes on the wire that ever waited.
    pub longest: u64,
    /// What the packets sent had waited together, in picoseconds.
    pub waited: u128,
    /// The longest that one of them had waited.
    pub longest_wait: Span,
}

impl ClassQueues {
    /// Empty queues that share `buffer`.
    #[must_use]
    pub fn new(queueing: &Queueing, buffer: Buffer, stream: Stream) -> Self {
        let queue = |class: &QueueClass| Queue {
            waiting: VecDeque::new(),
            length: 0,
            bytes: 0,
            room: class.room,
            red: class.early.map(Red::new),
            quantum: match class.service {
                Service::Strict => 0,
                Service::DeficitRoundRobin { quantum } => u64::from(quantum),
            },
            deficit: 0,
            totals: ClassTotals::default(),
            audit: QueueAudit::default(),
        };
        let queues: Vec<Queue> = queueing.classes.iter().map(queue).collect();
        let strict = queueing.classes.iter().take_while(|class| class.service == Service::Strict).count();
        Self {
            queues,
            strict,
            by_code_point: queueing.by_code_point,
            control: queueing.control,
            pool: Pool::new(buffer, queueing.classes.iter().map(|class| class.room)),
            waiting_bytes: 0,
            turn: strict,
            stream,
        }
    }

    /// The class of a packet, by its place among the classes.
    #[must_use]
    pub fn class_of(&self, packet: &Packet) -> usize {
        if packet.kind.is_control() {
            self.control
        } else {
            usize::from(self.by_code_point[usize::from(packet.traffic_class.code_point())])
        }
    }

    /// A packet comes to the port.
    pub fn comes(&mut self, packet: &Packet) {
        let class = self.class_of(packet);
        self.queues[class].totals.offered += 1;
    }

    /// Counts packets of a class that came as a rate, and those of them that left.
    pub fn went_by(&mut self, class: usize, offered: u64, passed: &Passed) {
        let totals = &mut self.queues[class].totals;
        totals.offered += offered;
        totals.packets += passed.packets;
        totals.wire_bytes += passed.wire_bytes;
        totals.waited += u128::from(passed.wait.as_ps()) * u128::from(passed.packets);
        totals.longest_wait = totals.longest_wait.max(passed.wait);
    }

    /// Early detection judges an arriving packet, which may come back marked; `time` is its transmission time.
    ///
    /// # Errors
    /// The cause of the drop.
    pub fn judge(&mut self, now: Time, mut packet: Packet, time: Span) -> Result<Packet, DropReason> {
        let class = self.class_of(&packet);
        let Queue { red, length, totals, .. } = &mut self.queues[class];
        let Some(red) = red else { return Ok(packet) };
        match red.judge(now, *length, packet.traffic_class, time, &mut self.stream) {
            Judgement::Pass => {}
            Judgement::Mark => {
                packet.traffic_class = packet.traffic_class.with_ecn(Ecn::CongestionExperienced);
                totals.marked += 1;
            }
            Judgement::Drop => return Err(DropReason::RedDrop),
        }
        Ok(packet)
    }

    /// A packet goes straight to the free line.
    pub fn passes_by(&mut self, packet: &Packet, bytes: u64) {
        let class = self.class_of(packet);
        self.queues[class].totals.sent(bytes, Span::ZERO);
    }

    /// Puts a packet into its queue.
    ///
    /// # Errors
    /// The cause of the drop: no room.
    pub fn enqueue(&mut self, now: Time, packet: Packet, bytes: u64) -> Result<(), DropReason> {
        let class = self.class_of(&packet);
        let queue = &mut self.queues[class];
        let (length, more) = (queue.length, self.pool.room_of(bytes));
        if !self.pool.admits(queue.room, length, more) {
            return Err(DropReason::BufferFull);
        }
        self.pool.moved(queue.room, length, length + more);
        queue.length += more;
        queue.bytes += bytes;
        queue.totals.longest = queue.totals.longest.max(queue.bytes);
        queue.audit.sees(now, queue.waiting.len());
        queue.waiting.push_back(Waiting { packet, offered: now, bytes });
        self.waiting_bytes += bytes;
        Ok(())
    }

    /// Takes the packet that is sent next, at `now`, with the time it waited added to it.
    pub fn dequeue(&mut self, now: Time) -> Option<(Packet, u64)> {
        let class = self.next_class()?;
        let queue = &mut self.queues[class];
        queue.audit.sees(now, queue.waiting.len());
        let Waiting { mut packet, offered, bytes } = queue.waiting.pop_front()?;
        let waited = now - offered;
        packet.waited += waited;
        queue.audit.tells(i128::from(waited.as_ps()));
        queue.totals.sent(bytes, waited);
        queue.deficit = if queue.waiting.is_empty() { 0 } else { queue.deficit.saturating_sub(bytes) };
        let (length, less) = (queue.length, self.pool.room_of(bytes));
        self.pool.moved(queue.room, length, length - less);
        queue.length -= less;
        queue.bytes -= bytes;
        if queue.length == 0
            && let Some(red) = &mut queue.red
        {
            red.emptied(now);
        }
        self.waiting_bytes -= bytes;
        Some((packet, bytes))
    }

    /// The first strict class that waits, or the round-robin class whose turn has enough left for its packet.
    fn next_class(&mut self) -> Option<usize> {
        if self.waiting_bytes == 0 {
            return None;
        }
        if let Some(strict) = (0..self.strict).find(|class| !self.queues[*class].waiting.is_empty()) {
            return Some(strict);
        }
        loop {
            let queue = &mut self.queues[self.turn];
            if queue.waiting.front().is_some_and(|head| head.bytes <= queue.deficit) {
                return Some(self.turn);
            }
            self.turn = if self.turn + 1 == self.queues.len() { self.strict } else { self.turn + 1 };
            let queue = &mut self.queues[self.turn];
            if !queue.waiting.is_empty() {
                queue.deficit += queue.quantum;
            }
        }
    }

    /// Bytes of the packets that are sent before one that joins its queue now; others may be, but in the first class.
    pub fn before(&self, packet: &Packet) -> impl Iterator<Item = u64> + '_ {
        self.queues[self.class_of(packet)].waiting.iter().map(|waiting| waiting.bytes)
    }

    /// The waiting packets of the class of control messages, in order.
    pub fn packets_with_control(&self) -> impl Iterator<Item = &Packet> {
        self.queues[self.control].waiting.iter().map(|waiting| &waiting.packet)
    }

    /// Whether nothing overtakes a control message that waits.
    #[must_use]
    pub const fn control_is_first(&self) -> bool {
        self.control == 0 && self.strict > 0
    }

    /// Empties all queues.
    pub fn flush(&mut self, now: Time) -> Vec<Packet> {
        let mut flushed = Vec::new();
        for queue in &mut self.queues {
            queue.audit.sees(now, queue.waiting.len());
            queue.audit.tells(queue.waited_so_far(now));
            flushed.extend(queue.waiting.drain(..).map(|waiting| waiting.packet));
            self.pool.moved(queue.room, queue.length, 0);
            (queue.length, queue.bytes, queue.deficit) = (0, 0, 0);
            if let Some(red) = &mut queue.red {
                red.emptied(now);
            }
        }
        self.waiting_bytes = 0;
        flushed
    }

    /// Bytes on the wire of all that waits.
    #[must_use]
    pub const fn waiting_bytes(&self) -> u64 {
        self.waiting_bytes
    }

    /// The waiting packets, class by class.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.queues.iter().flat_map(|queue| queue.waiting.iter().map(|waiting| &waiting.packet))
    }

    /// What each class has done, in order of class.
    pub fn totals(&self) -> impl Iterator<Item = ClassTotals> + '_ {
        self.queues.iter().map(|queue| queue.totals)
    }

    /// Asserts Little's law for every queue up to `now`.
    pub fn audit(&self, now: Time) {
        for queue in &self.queues {
            queue.audit.holds(now, queue.waiting.len(), queue.waited_so_far(now));
        }
    }
}

impl Queue {
    /// Picoseconds that the packets in the queue have waited together.
    fn waited_so_far(&self, now: Time) -> i128 {
        self.waiting.iter().map(|waiting| i128::from((now - waiting.offered).as_ps())).sum()
    }
}

impl ClassTotals {
    /// Adds what the same class of another port has done.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.packets += other.packets;
        self.wire_bytes += other.wire_bytes;
        self.marked += other.marked;
        self.longest = self.longest.max(other.longest);
        self.waited += other.waited;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
    }

    fn sent(&mut self, bytes: u64, waited: Span) {
        self.packets += 1;
        self.wire_bytes += bytes;
        self.waited += u128::from(waited.as_ps());
        self.longest_wait = self.longest_wait.max(waited);
    }
}
