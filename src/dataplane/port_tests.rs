//! The fused port against an explicit one, packet by packet.

use std::collections::VecDeque;

use super::*;
use crate::ids::{DestinationId, FailureId, FlowId, LinkId, RouterId};
use crate::message::PacketKind;
use crate::network::{
    Agreement, MacsecConfig, PacketNumberWidth, Protection, Reflection, ReplayProtection, SecureKey, SecurePolicy,
    ValidateFrames,
};
use crate::rng::RunSeed;
use crate::units::{Rate, TrafficClass};

fn configured(buffer: Buffer) -> network::Port {
    network::Port {
        name: "l/0 a>b".to_owned(),
        link: LinkId(0),
        member: 0,
        end: 0,
        from: RouterId(0),
        to: RouterId(1),
        rate: Rate::from_bps(8_000_000_000).expect("not zero"), // 1 ns a byte
        buffer,
        queueing: None,
        mtu: Bytes(9_000),
        framing: Framing::None,
        macsec: None,
        propagation: Span::from_us(50),
    }
}

fn packet(number: u32, size: u32, kind: PacketKind) -> Packet {
    Packet {
        sent: Time::ZERO,
        waited: Span::ZERO,
        flow: FlowId(number),
        destination: DestinationId(0),
        hash: 0,
        size,
        payload: 0,
        ttl: 64,
        kind,
        traffic_class: TrafficClass::DEFAULT,
    }
}

/// One server, control ahead of data, no preemption, each step written out: what the fused port must equal.
#[derive(Default)]
struct Explicit {
    control: VecDeque<(Time, Packet)>,
    data: VecDeque<(Time, Packet)>,
    busy_until: Time,
    departures: Vec<(FlowId, Time, Span)>,
}

impl Explicit {
    fn waiting_bytes(&self) -> u64 {
        self.control.iter().chain(&self.data).map(|(_, packet)| u64::from(packet.size)).sum()
    }

    /// Serves everything that can begin at or before `now`.
    fn serve_until(&mut self, now: Time) {
        while self.busy_until <= now {
            let Some((offered, packet)) = self.control.pop_front().or_else(|| self.data.pop_front()) else { return };
            let start = self.busy_until.max(offered);
            self.busy_until = start + Span::from_ns(u64::from(packet.size));
            self.departures.push((packet.flow, self.busy_until, start - offered));
        }
    }

    fn offer(&mut self, now: Time, packet: Packet, limit: u64) -> bool {
        self.serve_until(now);
        let idle = self.busy_until <= now;
        let fits = self.waiting_bytes() + u64::from(packet.size) <= limit;
        if packet.kind.is_control() {
            self.control.push_back((now, packet));
        } else if idle || fits {
            self.data.push_back((now, packet));
        } else {
            return false;
        }
        self.serve_until(now);
        true
    }
}

#[test]
fn the_fused_port_equals_the_explicit_one() {
    const LIMIT: u64 = 6_000;
    for seed in 0..20 {
        let mut stream = RunSeed(seed).stream("port", "test");
        let mut store = PacketStore::new();
        let mut fused = Port::new(&configured(Buffer::Bytes(Bytes(LIMIT))), Span::from_us(5));
        let mut explicit = Explicit::default();
        let mut departures = Vec::new();
        let mut arrivals: Option<Time> = None;
        let mut now = Time::ZERO;
        for number in 0..5_000 {
            now += Span::from_ns(stream.below(1_900));
            while let Some(at) = arrivals.filter(|at| *at <= now) {
                let arrival = fused.arrive(&mut store);
                departures.push((arrival.packet.flow, arrival.departure, arrival.packet.waited));
                assert_eq!(arrival.departure + Span::from_us(55), at);
                arrivals = fused.head_arrival(&store);
            }
            let kind = if stream.below(10) == 0 { PacketKind::ControlRouted } else { PacketKind::Data };
            let size = 40 + u32::try_from(stream.below(1_460)).expect("small");
            let accepted = explicit.offer(now, packet(number, size, kind), LIMIT);
            match fused.offer(&mut store, now, &packet(number, size, kind)) {
                Offer::Behind(_) => assert!(accepted),
                Offer::Head(at) => {
                    assert!(accepted);
                    arrivals = Some(at);
                }
                Offer::Dropped(reason) => {
                    assert_eq!((accepted, reason), (false, DropReason::BufferFull), "packet {number}, seed {seed}");
                }
            }
        }
        explicit.serve_until(Time::MAX);
        while !fused.is_idle() {
            let arrival = fused.arrive(&mut store);
            departures.push((arrival.packet.flow, arrival.departure, arrival.packet.waited));
        }
        assert!(departures.len() > 4_000 && departures.len() < 5_000, "some but not all are dropped");
        let differ = departures.iter().zip(&explicit.departures).find(|(fused, explicit)| fused != explicit);
        assert_eq!((differ, departures.len()), (None, explicit.departures.len()), "seed {seed}");
    }
}

#[test]
fn a_cut_kills_what_is_sent_or_under_way_and_nothing_else() {
    let mut store = PacketStore::new();
    let mut port = Port::new(&configured(Buffer::Unlimited), Span::ZERO);
    // Three packets of 1000 B: sent in [0, 1), [1, 2), [2, 3) us, at the far end at 51, 52, 53 us.
    for number in 0..3 {
        let _ = port.offer(&mut store, Time::ZERO, &packet(number, 1_000, PacketKind::Data));
    }
    let cut = |from_us, to_us| Impairment::Dead {
        failure: FailureId(0),
        reason: DropReason::FibreCut,
        from: Time::ZERO + Span::from_us(from_us),
        to: Time::ZERO + Span::from_us(to_us),
    };
    let lost = |impairment| {
        let (mut port, mut store) = (port.clone(), store.clone());
        port.impair(impairment);
        let arrivals: Vec<Arrival> = (0..3).map(|_| port.arrive(&mut store)).collect();
        arrivals.iter().map(|arrival| port.meets_dead_time(port.transmission(arrival)).is_some()).collect()
    };
    let cases: [(u64, u64, Vec<bool>); 4] = [
        (0, 1, vec![true, false, false]),    // only the first was in transmission
        (51, 60, vec![false, true, true]),   // the first had arrived
        (53, 60, vec![false, false, false]), // all had
        (2, 3, vec![true, true, true]),      // all were sent or under way
    ];
    for (from, to, expected) in cases {
        let got: Vec<bool> = lost(cut(from, to));
        assert_eq!(got, expected, "cut from {from} to {to} us");
    }
}

#[test]
fn a_dark_port_flushes_its_queue_and_refuses_more() {
    let mut store = PacketStore::new();
    let mut port = Port::new(&configured(Buffer::Unlimited), Span::ZERO);
    for number in 0..5 {
        let _ = port.offer(&mut store, Time::ZERO, &packet(number, 1_000, PacketKind::Data));
    }
    let now = Time::ZERO + Span::from_ns(1_500); // the second is in service
    assert_eq!(port.close(&mut store, now).len(), 3);
    assert_eq!(port.packets(&store).count(), 2);
    assert_eq!(port.offer(&mut store, now, &packet(9, 100, PacketKind::Data)), Offer::Dropped(DropReason::PortDown));
    port.open();
    let after = port.offer(&mut store, Time::ZERO + Span::from_ns(1_600), &packet(10, 1_000, PacketKind::Data));
    assert!(matches!(after, Offer::Behind(_)));
    let departures: Vec<Time> = (0..3).map(|_| port.arrive(&mut store).departure).collect();
    assert_eq!(departures, [1, 2, 3].map(|us| Time::ZERO + Span::from_us(us)), "the line is free at 2 us");
}

#[test]
fn a_router_without_power_keeps_only_what_has_left() {
    let mut store = PacketStore::new();
    let mut port = Port::new(&configured(Buffer::Unlimited), Span::ZERO);
    for number in 0..5 {
        let _ = port.offer(&mut store, Time::ZERO, &packet(number, 1_000, PacketKind::Data));
    }
    // At 2.5 us two have left, the third is in service.
    assert_eq!(port.power_off(&mut store, Time::ZERO + Span::from_ns(2_500)).len(), 3);
    assert_eq!(port.packets(&store).count(), 2);
}

#[test]
fn macsec_and_ethernet_bytes_are_on_the_wire() {
    // IEEE 802.3 and 802.1AE: 1400 IP + 14 + 4 VLAN + 32 MACsec + 4 FCS + 20 preamble and gap.
    let mut configured = configured(Buffer::Unlimited);
    configured.framing = Framing::Ethernet { tagged: true };
    configured.macsec = Some(MacsecConfig {
        sci: true,
        packet_numbers: PacketNumberWidth::Bits64,
        encrypt_latency: Span::from_ns(500),
        decrypt_latency: Span::from_ns(500),
        key: SecureKey::Agreed,
        first_packet_number: 1,
        agreement: Agreement::Timed { agreement: Span::ZERO, life: Span::ZERO },
        policy: SecurePolicy::MustSecure,
        reflection: Reflection::Nobody,
        validate: ValidateFrames::Strict,
        replay: ReplayProtection::Window(0),
        protection: Protection::Confidentiality,
    });
    assert_eq!(configured.wire_size(Bytes(1_400)), Bytes(1_400 + 14 + 4 + 32 + 4 + 20));
    // A 20-byte packet is padded only as far as MACsec does not fill the 64 bytes.
    assert_eq!(configured.wire_size(Bytes(0)), Bytes(64 + 20));
    let mut store = PacketStore::new();
    let mut port = Port::new(&configured, Span::from_us(5));
    let sent = port.offer(&mut store, Time::ZERO, &packet(0, 1_400, PacketKind::Data));
    let expected = Span::from_ns(1_474) + Span::from_ns(500 + 50_000 + 500 + 5_000);
    assert_eq!(sent, Offer::Head(Time::ZERO + expected));
    // Of the MTU of 9000 bytes MACsec takes 32.
    assert_eq!(
        port.offer(&mut store, Time::ZERO, &packet(1, 8_969, PacketKind::Data)),
        Offer::Dropped(DropReason::TooBig)
    );
    assert!(matches!(port.offer(&mut store, Time::ZERO, &packet(1, 8_968, PacketKind::Data)), Offer::Behind(_)));
}

#[test]
fn a_buffer_of_k_packets_holds_k_besides_the_one_in_service() {
    let mut store = PacketStore::new();
    let mut port = Port::new(&configured(Buffer::Packets(2)), Span::ZERO);
    let offers: Vec<bool> = (0..4)
        .map(|number| port.offer(&mut store, Time::ZERO, &packet(number, 1_000, PacketKind::Data)))
        .map(|offer| offer != Offer::Dropped(DropReason::BufferFull))
        .collect();
    assert_eq!(offers, [true, true, true, false]);
}
