//! The far end of a wire on which something befalls frames: chance, lateness, and the MACsec receiver that may mind.
//!
//! A wire that never was impaired has none of this: its frames arrive in order, and a receiver that sees numbers in
//! order passes them all.

use crate::dataplane::{
    Association, Associations, ChannelIdentifier, ChannelKnown, Cover, Frame, Icv, Impairments, InCounter, LateFrames,
    PacketStore, Received, SecureFrame, SecureReceiver, Tag, Taken, Unkeyed,
};
use crate::ids::{FailureId, PortId};
use crate::message::{DropReason, Packet, PacketKind};
use crate::network::{DeliveryOrder, MacsecConfig, Protection, ValidateFrames};
use crate::sim::event::Event;
use crate::sim::facts::Facts;
use crate::sim::partition::{Partition, Wire};
use crate::sim::recorder::EntryIndex;
use crate::units::Time;

/// What must be known at the far end of a wire that is or was impaired.
#[derive(Debug, Default)]
pub(in crate::sim) struct FarEnd {
    pub impairments: Impairments,
    pub late: LateFrames,
    pub macsec: Option<(MacsecConfig, SecureReceiver)>,
    /// Frames that the receiver took before, all in order.
    before: u64,
    /// Frames that it has judged since.
    judged: u64,
}

/// What a MACsec receiver has counted.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sim) struct InFrames {
    pub ok: u64,
    pub late: u64,
    pub not_valid: u64,
    pub invalid: u64,
    pub unchecked: u64,
    pub unkeyed: Unkeyed,
}

impl FarEnd {
    /// Of a wire whose frames were not looked at so far.
    pub fn new(wire: &Wire, config: Option<&MacsecConfig>) -> Self {
        let receiver = |config: &MacsecConfig| {
            let mut receiver = SecureReceiver::new(config);
            if wire.port.arrived_number() < config.first_packet_number {
                receiver.rekey();
            }
            receiver.catch_up(wire.port.arrived_number());
            (*config, receiver)
        };
        Self { macsec: config.map(receiver), before: wire.port.arrived() - wire.unheard, ..Self::default() }
    }

    /// The MACsec receiver judges a frame.
    fn judge(&mut self, frame: &Frame, association: Association) -> Result<(), (DropReason, Option<FailureId>)> {
        let Some((config, receiver)) = &mut self.macsec else { return Ok(()) };
        self.judged += 1;
        let channel = ChannelIdentifier::Carried(ChannelKnown::Yes);
        let received = receiver.receive(&SecureFrame {
            tag: Tag::Good,
            channel: if config.sci { channel } else { ChannelIdentifier::Inferred },
            association,
            protection: config.protection,
            icv: if frame.damaged.is_some() { Icv::Bad } else { Icv::Good },
            number: frame.number,
        });
        match received {
            Received::Passed(_) => Ok(()),
            Received::Dropped(InCounter::Late) => Err((DropReason::MacsecLate, None)),
            Received::Dropped(
                InCounter::NotValid
                | InCounter::Ok
                | InCounter::Unchecked
                | InCounter::Invalid
                | InCounter::NotUsingSa
                | InCounter::UnusedSa
                | InCounter::NoSci
                | InCounter::UnknownSci
                | InCounter::NoTag
                | InCounter::Untagged
                | InCounter::BadTag,
            ) => Err((DropReason::MacsecIcv, frame.damaged)),
        }
    }
}

/// What became of a packet at the end of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(in crate::sim) enum Arrived {
    /// It is at the router.
    Packet(Packet),
    /// It was lost on the way.
    Lost,
    /// It will be at the router at this instant.
    Late(Time),
}

impl Partition<'_> {
    /// The end of a wire whose frames must be looked at.
    #[cold]
    pub fn watched_arrival(
        &mut self,
        id: PortId,
        packet: Packet,
        transmission: (Time, Time),
        facts: &Facts,
    ) -> Arrived {
        let wire = &mut self.wires[id];
        let cover = wire.covered(&packet, transmission.0);
        if let Some((reason, failure)) = wire.port.meets_dead_time(transmission) {
            wire.misses(&packet);
            self.drop_at(id, &packet, reason, facts.incidents[failure]);
            return Arrived::Lost;
        }
        wire.port.forget_dead_times(transmission.0);
        let mut frame = Frame { packet, number: wire.port.arrived_number(), cover, damaged: None };
        let Some(far_end) = &mut wire.far_end else { return self.enter(id, &frame, facts) };
        let fate = far_end.impairments.befall(&packet);
        if let Some((reason, failure)) = fate.lost {
            wire.misses(&packet);
            self.drop_at(id, &packet, reason, facts.incidents[failure]);
            return Arrived::Lost;
        }
        frame.damaged = fate.damaged;
        let due = far_end.late.due(self.now, fate.late, fate.order);
        if due > self.now {
            far_end.late.keep(due, fate.order, frame);
        }
        if fate.copied.is_some() && !packet.kind.is_control() {
            self.copy(id, &frame, (due, fate.order));
        }
        if due > self.now { Arrived::Late(due) } else { self.enter(id, &frame, facts) }
    }

    /// A second frame follows one at once. Control messages are not doubled: their protocols discard copies.
    fn copy(&mut self, id: PortId, frame: &Frame, (due, order): (Time, DeliveryOrder)) {
        let packet = Packet { kind: PacketKind::Duplicate, ..frame.packet };
        self.recorder.sent(&packet);
        let wire = &mut self.wires[id];
        let serial = wire.next_serial();
        if let Some(far_end) = &mut wire.far_end {
            far_end.late.keep(due, order, Frame { packet, ..*frame });
        }
        self.schedule(Event::Late(id), due, serial);
    }

    /// A frame has reached the router at the end of a watched wire.
    fn enter(&mut self, id: PortId, frame: &Frame, facts: &Facts) -> Arrived {
        let wire = &mut self.wires[id];
        let blame = facts.link_blame[wire.link].entry();
        if let Some(failure) = facts.power_causes[wire.to].last() {
            wire.misses(&frame.packet);
            return self.refuse(id, frame, DropReason::RouterDown, facts.incidents[*failure]);
        }
        if frame.packet.kind == PacketKind::Uncontrolled {
            return Arrived::Packet(frame.packet);
        }
        if let Err((reason, failure)) = wire.unprotect(frame) {
            let entry = failure.map_or(blame, |failure| facts.incidents[failure]);
            return self.refuse(id, frame, reason, entry);
        }
        if wire.port.is_receiver_closed() && frame.packet.kind != PacketKind::ControlMember {
            return self.refuse(id, frame, DropReason::PortDown, blame);
        }
        self.packet_hops += 1;
        Arrived::Packet(frame.packet)
    }

    fn refuse(&mut self, id: PortId, frame: &Frame, reason: DropReason, entry: Option<EntryIndex>) -> Arrived {
        self.drop_at(id, &frame.packet, reason, entry);
        Arrived::Lost
    }

    /// Late packets of flows are due.
    #[cold]
    pub fn late_arrives(&mut self, id: PortId, facts: &Facts) {
        while let Some(frame) = self.take_late(id, |kind| !kind.is_control()) {
            if let Arrived::Packet(mut packet) = self.enter(id, &frame, facts) {
                let to = self.wires[id].to;
                self.receive(to, &mut packet, facts);
            }
        }
    }

    /// A late control packet that is due; none when it was lost at the end of the wire, or none is due.
    pub fn take_late_control(&mut self, id: PortId, facts: &Facts) -> Option<(Packet, Arrived)> {
        let frame = self.take_late(id, PacketKind::is_control)?;
        Some((frame.packet, self.enter(id, &frame, facts)))
    }

    fn take_late(&mut self, id: PortId, wanted: fn(PacketKind) -> bool) -> Option<Frame> {
        let now = self.now;
        self.wires[id].far_end.as_mut()?.late.take(now, wanted)
    }
}

impl Wire {
    /// Gives the wire a far end, if it has none yet.
    pub fn watch(&mut self, config: Option<&MacsecConfig>) -> &mut FarEnd {
        if self.far_end.is_none() {
            self.far_end = Some(Box::new(FarEnd::new(self, config)));
            self.port.impair(crate::dataplane::Impairment::Watched);
        }
        self.far_end.as_mut().expect("it was just made")
    }

    /// A frame is lost before a MACsec receiver hears it.
    fn misses(&mut self, packet: &Packet) {
        // Messages of the uncontrolled port are none of its business, and were left out at once.
        if packet.kind != PacketKind::Uncontrolled {
            self.unheard += 1;
        }
    }

    /// A message of the uncontrolled port arrives: it has no packet number.
    pub fn passes_unnumbered(&mut self) {
        self.unheard += 1;
        self.port.arrived_unnumbered();
    }

    /// What covers the latest arrival, whose transmission began at `begin`; none where that is always the same.
    fn covered(&mut self, packet: &Packet, begin: Time) -> Option<Cover> {
        let keys = self.keys.as_mut()?;
        let cover = keys.arrives(begin);
        if keys.is_settled() {
            self.port.rekeying(false);
        }
        if packet.kind == PacketKind::Uncontrolled {
            return None;
        }
        if keys.begins(cover) {
            self.port.renumber_latest();
            if let Some((_, receiver)) = self.far_end.as_mut().and_then(|far_end| far_end.macsec.as_mut()) {
                receiver.rekey();
            }
        }
        if cover == Cover::Clear {
            self.port.arrived_unnumbered();
        }
        Some(cover)
    }

    /// A frame meets the MACsec entity: its key first, then replay protection and ICV.
    fn unprotect(&mut self, frame: &Frame) -> Result<(), (DropReason, Option<FailureId>)> {
        let taken = self.keys.as_mut().zip(frame.cover).map_or(Taken::Latest, |(keys, cover)| keys.take(cover));
        let association = match taken {
            Taken::Latest => Association::InUse,
            Taken::Former => Association::Former,
            Taken::Clear => {
                self.unheard += 1;
                return Ok(());
            }
            Taken::No => {
                self.unheard += 1;
                return Err((DropReason::MacsecNoSa, None));
            }
        };
        self.far_end.as_mut().map_or(Ok(()), |far_end| far_end.judge(frame, association))
    }

    /// Changes the keys on either side of the wire.
    pub fn change_keys(&mut self, change: impl Fn(&mut Associations)) {
        if let Some(keys) = &mut self.keys {
            change(keys);
            let settled = keys.is_settled();
            self.port.rekeying(!settled);
        }
    }

    /// What the MACsec receiver at the far end has counted.
    pub fn in_frames(&self, config: &MacsecConfig) -> InFrames {
        let far_end = self.far_end.as_ref();
        let before = far_end.map_or(self.port.arrived() - self.unheard, |far_end| far_end.before);
        let judged = far_end.map_or(0, |far_end| far_end.judged);
        let receiver = far_end.and_then(|far_end| far_end.macsec.as_ref());
        let [late, not_valid, invalid, unchecked] = receiver.map_or([0; 4], |(_, receiver)| receiver.counters());
        let ok = judged - late - not_valid - invalid - unchecked;
        let unkeyed = self.keys.as_ref().map_or_else(Unkeyed::default, |keys| keys.counters());
        let frames = InFrames { ok, late, not_valid, invalid, unchecked, unkeyed };
        // In order and undamaged, a frame passes; whether it was looked at is a matter of configuration.
        if config.validate == ValidateFrames::Disabled && config.protection == Protection::Integrity {
            InFrames { unchecked: unchecked + before, ..frames }
        } else {
            InFrames { ok: frames.ok + before, ..frames }
        }
    }

    /// Packets that went by as a rate arrive.
    pub fn came_by(&mut self, packets: u64) {
        self.port.came_by(packets);
        if let Some(far_end) = &mut self.far_end {
            far_end.before += packets;
        }
    }

    /// Messages of the uncontrolled port that went by as a rate arrive.
    pub fn came_by_unnumbered(&mut self, messages: u64) {
        self.port.came_by_unnumbered(messages);
        self.unheard += messages;
    }

    /// Of the packets that came by, so many died before a MACsec receiver heard them.
    pub fn died_unheard(&mut self, packets: u64) {
        self.unheard += packets;
        if let Some(far_end) = &mut self.far_end {
            far_end.before -= packets;
        }
    }

    /// A new key is in use on the wire.
    pub fn rekey(&mut self) {
        self.port.renumber();
        if let Some((_, receiver)) = self.far_end.as_mut().and_then(|far_end| far_end.macsec.as_mut()) {
            receiver.rekey();
        }
    }

    /// The packets in the queue, on the wire, and late at its end.
    pub fn packets<'a>(&'a self, store: &'a PacketStore) -> impl Iterator<Item = &'a Packet> {
        let late = self.far_end.iter().flat_map(|far_end| far_end.late.iter()).map(|frame| &frame.packet);
        self.port.packets(store).chain(late)
    }
}
