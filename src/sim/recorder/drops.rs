//! Counts of drops by cause.

use crate::dataplane::Port;
use crate::message::{DropReason, Packet};

/// Packets dropped, by index of the cause.
pub(in crate::sim) type Drops = [u64; DropReason::ALL.len()];

/// Counts one drop.
pub(in crate::sim) const fn count_drops(drops: &mut Drops, reason: DropReason) {
    drops[reason.index()] += 1;
}

/// Counts so many drops.
pub(in crate::sim) const fn count_many_drops(drops: &mut Drops, reason: DropReason, count: u64) {
    drops[reason.index()] += count;
}

/// What was dropped at a port or on its wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct WireDrops {
    pub all: Drops,
    /// By class, where the port has several; what went by as a rate has none.
    pub by_class: Vec<Drops>,
}

impl WireDrops {
    /// Counts a packet.
    pub fn count(&mut self, port: &Port, packet: &Packet, reason: DropReason) {
        count_drops(&mut self.all, reason);
        if let Some(class) = port.class_of(packet) {
            if self.by_class.len() <= class {
                self.by_class.resize(class + 1, Drops::default());
            }
            count_drops(&mut self.by_class[class], reason);
        }
    }
}

/// All of some counts.
pub(super) fn sum<'d>(all: impl IntoIterator<Item = &'d Drops>) -> Drops {
    all.into_iter().fold(Drops::default(), |mut total, drops| {
        total.iter_mut().zip(drops).for_each(|(total, count)| *total += count);
        total
    })
}
