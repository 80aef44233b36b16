//! What rests among rates: sessions whose packets change nothing while nothing is out of order on their way.
//!
//! ```text
//! timer -> may rest? -> when each end sends next ... change on the way -> wake: packets and timers as they would stand
//! ```
//! What they would have sent is drawn, counted and put on its way at once when something on the way changes. They meet
//! no other packet on an otherwise empty port, so this is for runs whose data goes by as rates.
//!
//! | Module | What rests |
//! |---|---|
//! | `liveness` | BFD sessions that are up |
//! | `keys` | members whose ends agree on a key (MKA) |
//! | `routing` | established BGP sessions that exchange keepalives |

mod keys;
mod liveness;
mod routing;

pub(in crate::sim) use liveness::Rest;
pub(in crate::sim) use routing::RestingSession;

use crate::dataplane::Passed;
use crate::ids::{LinkId, PortId};
use crate::message::{Control, Packet};
use crate::sim::event::Event;
use crate::sim::partition::Partition;
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::{Bytes, Span, Time};

/// Whether sessions rest where they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Liveness {
    /// They do, among rates.
    #[default]
    Resting,
    /// Every packet is an event: the same run, more slowly.
    EachPacket,
}

/// A key with fewer numbers left than this may come to their end: its frames are counted one by one.
const PLENTY: u64 = 1 << 40;

impl Run<'_> {
    fn may_rest(&self) -> bool {
        self.liveness == Liveness::Resting && self.flow_level.is_rates()
    }

    /// Whether whatever is sent by a port arrives, and no control packet is on its way.
    fn is_clear(&self, id: PortId) -> bool {
        let wire = self.wire(id);
        let beyond = &self.partitions[self.layout.of(wire.to).0];
        let mut under_way = wire.packets(self.store(id)).chain(beyond.wires[id].packets(&beyond.packets));
        self.is_passable(id) && under_way.all(|packet| !packet.kind.is_control())
    }

    /// Whether whatever is sent by a port arrives.
    fn is_passable(&self, id: PortId) -> bool {
        let wire = self.wire(id);
        let far = &self.partitions[self.layout.of(wire.to).0].wires[id];
        let configured = &self.network.ports[id];
        let plenty = configured.macsec.is_none() || wire.port.frames_left() > PLENTY;
        // A dead time that is over is forgotten at the far end.
        wire.port.passes() && !far.port.is_impaired() && !self.used_up[id] && plenty && configured.queueing.is_none()
    }

    /// All sessions go on packet by packet.
    pub fn wake_all(&mut self) {
        (0..self.resting.len()).for_each(|session| self.wake(session));
        self.network.ports.ids().for_each(|port| {
            self.wake_keys(port);
        });
        self.wake_routing();
    }

    /// Sessions on a link go on packet by packet: something on it is about to change.
    pub fn wake_link(&mut self, link: LinkId) {
        for index in 0..self.link_ends[link][0].bfd.len() {
            self.wake(self.link_ends[link][0].bfd[index]);
        }
        for member in &self.network.links[link].members {
            self.wake_keys(member.ports[0]);
        }
        self.wake_routing();
    }

    /// Counts packets of `size` that were sent by a port meanwhile, and those of them that are at its far end.
    fn count_passed(&mut self, port: PortId, size: Bytes, sent: u64, arrived: u64) {
        let configured = &self.network.ports[port];
        let control = configured.queueing.as_ref().map_or(0, |queueing| queueing.control);
        let passed = Passed { packets: sent, wire_bytes: sent * configured.wire_size(size).0, wait: Span::ZERO };
        let far = self.layout.of(configured.to).0;
        self.partitions[far].wires[port].came_by(arrived);
        self.sender(port).wires[port].port.went_by(control, sent, &passed);
    }

    /// A message that was offered to a port at `at` has not arrived yet.
    fn put_on_wire(&mut self, port: PortId, at: Time, (cause, control): (Option<Cause>, Control), packet: Packet) {
        let now = self.now;
        let packet = Packet { payload: self.payloads.insert((cause, control)), ..packet };
        // What has departed is already seen by the far end, and so are those that departed after it.
        let wire = self.wire(port);
        let departed = at + wire.port.transmission_time(&packet) <= now;
        let router = if departed { wire.to } else { self.network.ports[port].from };
        let Partition { wires, packets, .. } = &mut self.partitions[self.layout.of(router).0];
        let arrival = wires[port].port.put_under_way(packets, now, at, packet);
        let serial = self.wire_mut(port).next_serial();
        self.schedule(Event::Control(port), arrival, serial);
    }
}
