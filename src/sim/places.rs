//! Where things are in a run: which partition holds a router's table, a wire's sides and the packets on it.

use crate::dataplane::{Forwarder, PacketStore};
use crate::ids::{PortId, RouterId};
use crate::message::{Packet, PacketKind};
use crate::sim::partition::{Partition, Wire};
use crate::sim::run::Run;
use crate::units::Time;

impl<'n> Run<'n> {
    /// The forwarding table of a router.
    pub fn forwarder(&self, router: RouterId) -> &Forwarder {
        &self.partitions[self.layout.of(router).0].forwarders[router]
    }

    /// The forwarding table of a router, to change it.
    pub fn forwarder_mut(&mut self, router: RouterId) -> &mut Forwarder {
        &mut self.partitions[self.layout.of(router).0].forwarders[router]
    }

    /// The partition in which a port sends.
    pub fn sender(&mut self, port: PortId) -> &mut Partition<'n> {
        &mut self.partitions[self.layout.of(self.network.ports[port].from).0]
    }

    /// The sending side of a wire.
    pub fn wire(&self, port: PortId) -> &Wire {
        &self.partitions[self.layout.of(self.network.ports[port].from).0].wires[port]
    }

    /// The sending side of a wire, to change it.
    pub fn wire_mut(&mut self, port: PortId) -> &mut Wire {
        &mut self.sender(port).wires[port]
    }

    /// Where the packets of a port are.
    pub fn store(&self, port: PortId) -> &PacketStore {
        &self.partitions[self.layout.of(self.network.ports[port].from).0].packets
    }

    /// The sending side of a wire with the packets on it, to change both.
    pub fn wire_and_store(&mut self, port: PortId) -> (&mut Wire, &mut PacketStore) {
        let sender = self.sender(port);
        (&mut sender.wires[port], &mut sender.packets)
    }

    /// Both sides of a wire, which are one unless it leads to another partition: for what befalls packets under way.
    pub fn on_wire(&mut self, port: PortId, change: impl Fn(&mut Wire)) {
        let configured = &self.network.ports[port];
        self.wake_link(configured.link);
        let (from, to) = (self.layout.of(configured.from), self.layout.of(configured.to));
        change(&mut self.partitions[from.0].wires[port]);
        if from != to {
            change(&mut self.partitions[to.0].wires[port]);
        }
    }

    /// What departed by border wires until `now` continues in the partition at the far end.
    pub fn hand_over(&mut self, now: Time) {
        for port in self.layout.borders() {
            let configured = &self.network.ports[*port];
            let sides = [self.layout.of(configured.from).0, self.layout.of(configured.to).0];
            let [near, far] = self.partitions.get_disjoint_mut(sides).expect("a border has two sides");
            let wire = &mut far.wires[*port];
            let stores = (&mut near.packets, &mut far.packets);
            let moved = |packet: &mut Packet| {
                if packet.kind == PacketKind::Content {
                    packet.payload = far.contents.insert(near.contents.take(packet.payload));
                }
            };
            if let Some(at) = near.wires[*port].port.hand_over(stores, now, &mut wire.port, moved) {
                far.await_head(*port, at);
            }
        }
    }
}
