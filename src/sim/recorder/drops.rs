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
    /// By class, where the port has several.
    pub by_class: Vec<Drops>,
}

impl WireDrops {
    /// Counts so many packets like this one.
    pub fn count(&mut self, port: &Port, packet: &Packet, reason: DropReason, count: u64) {
        count_many_drops(&mut self.all, reason, count);
        if let Some(class) = port.class_of(packet) {
            if self.by_class.len() <= class {
                self.by_class.resize(class + 1, Drops::default());
            }
            count_many_drops(&mut self.by_class[class], reason, count);
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
