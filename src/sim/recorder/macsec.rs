//! What MACsec and its key agreement counted, from both sides of every wire.

use crate::dataplane::Unkeyed;
use crate::ids::PortId;
use crate::network::Port;
use crate::sim::far_end::InFrames;
use crate::sim::record::{MacsecRecord, MkaRecord, PacketNumbers};
use crate::sim::run::Run;

/// Both directions of every member with MACsec.
pub(super) fn macsec(run: &Run<'_>) -> Vec<MacsecRecord> {
    let network = run.network;
    let record = |(id, port): (PortId, &Port)| {
        let config = port.macsec.as_ref()?;
        let secure = run.wire(id).port.secure()?;
        let next_packet_number = secure.next();
        // A wire between partitions has its arrivals in one of them.
        let sides = run.partitions.iter().map(|partition| partition.wires[id].in_frames(config));
        let received = sides.fold(InFrames::default(), sum);
        let mka = run.mkpdu_counters(id).map(|counters| MkaRecord {
            sent: counters.sent,
            received: counters.received,
            unknown_key: counters.unknown_key,
            not_valid: counters.not_valid,
            keys_used: counters.keys_used,
        });
        Some(MacsecRecord {
            member: format!("{}/{}", network.links[port.link].name, port.member),
            from: network.routers[port.from].name.clone(),
            to: network.routers[port.to].name.clone(),
            protected: run.wire(id).port.protected(),
            clear: secure.clear(),
            ok: received.ok,
            late: received.late,
            not_valid: received.not_valid,
            invalid: received.invalid,
            unchecked: received.unchecked,
            not_using_sa: received.unkeyed.not_using_sa,
            no_tag: received.unkeyed.no_tag,
            untagged: received.unkeyed.untagged,
            mka,
            next_packet_number,
            packet_numbers: match next_packet_number {
                None => PacketNumbers::UsedUp,
                Some(next) if next >= config.pending_packet_number() => PacketNumbers::Pending,
                Some(_) => PacketNumbers::Plenty,
            },
        })
    };
    network.ports.enumerate().filter_map(record).collect()
}

fn sum(one: InFrames, other: InFrames) -> InFrames {
    InFrames {
        ok: one.ok + other.ok,
        late: one.late + other.late,
        not_valid: one.not_valid + other.not_valid,
        invalid: one.invalid + other.invalid,
        unchecked: one.unchecked + other.unchecked,
        unkeyed: Unkeyed {
            not_using_sa: one.unkeyed.not_using_sa + other.unkeyed.not_using_sa,
            no_tag: one.unkeyed.no_tag + other.unkeyed.no_tag,
            untagged: one.unkeyed.untagged + other.unkeyed.untagged,
        },
    }
}
