//! Ports with classes: equal to the fused port where there is one class, and served as their schedulers say.

use std::fmt::Write as _;

use super::*;
use crate::dataplane::port::Arrival;
use crate::ids::{DestinationId, FlowId, LinkId, RouterId};
use crate::message::PacketKind;
use crate::network::{
    Agreement, Buffer, Framing, MacsecConfig, PacketNumberWidth, Protection, QueueClass, Reflection, ReplayProtection,
    Room, SecureKey, SecurePolicy, Service, Threshold, ValidateFrames,
};
use crate::rng::RunSeed;
use crate::units::{Bytes, Ecn, Rate, TrafficClass};

const MACSEC: MacsecConfig = MacsecConfig {
    sci: true,
    packet_numbers: PacketNumberWidth::Bits32,
    encrypt_latency: Span::from_ns(500),
    decrypt_latency: Span::from_ns(700),
    key: SecureKey::Agreed,
    first_packet_number: (1 << 32) - 3_000,
    agreement: Agreement::Timed { agreement: Span::ZERO, life: Span::ZERO },
    policy: SecurePolicy::MustSecure,
    reflection: Reflection::Nobody,
    validate: ValidateFrames::Strict,
    replay: ReplayProtection::Off,
    protection: Protection::Confidentiality,
};

fn configured(buffer: Buffer, framing: Framing, macsec: Option<MacsecConfig>) -> network::Port {
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
        mtu: Bytes(1_500),
        framing,
        macsec,
        propagation: Span::from_us(5),
    }
}

fn class(name: &str, service: Service, room: Room) -> QueueClass {
    QueueClass { name: name.to_owned(), service, room, early: None }
}

const SHARING: Room = Room::Limited { reserved: 0, limit: None, threshold: None };

const fn round_robin(quantum: u32) -> Service {
    Service::DeficitRoundRobin { quantum }
}

/// Control ahead of one class for all data.
fn one_class() -> Queueing {
    let classes = vec![class("control", Service::Strict, Room::Exempt), class("data", round_robin(1_500), SHARING)];
    Queueing { classes, by_code_point: [1; 64], control: 0 }
}

fn packet(number: u32, size: u32, kind: PacketKind, code_point: u8) -> Packet {
    Packet {
        sent: Time::ZERO,
        waited: Span::ZERO,
        flow: FlowId(number),
        destination: DestinationId(0),
        hash: number,
        size,
        payload: 0,
        ttl: 64,
        kind,
        traffic_class: TrafficClass::new(code_point, Ecn::NotCapable),
    }
}

/// A port with its pending events, and a log of all that is seen from outside.
struct Observed {
    port: Port,
    store: PacketStore,
    event: Option<Time>,
    /// When control packets are awaited.
    controls: Vec<Time>,
    arrivals: Vec<Arrival>,
    log: String,
}

impl Observed {
    fn new(port: Port) -> Self {
        Self {
            port,
            store: PacketStore::new(),
            event: None,
            controls: Vec::new(),
            arrivals: Vec::new(),
            log: String::new(),
        }
    }

    /// Handles what is due by `now`, control packets first, as a run does.
    fn run_to(&mut self, now: Time) {
        loop {
            let control = self.controls.iter().copied().enumerate().map(|(index, at)| (at, index)).min();
            let first = control.map(|(at, _)| at).into_iter().chain(self.event).min();
            let Some(first) = first.filter(|first| *first <= now) else { return };
            if let Some((at, index)) = control.filter(|(at, _)| *at == first) {
                self.controls.swap_remove(index);
                if self.port.head_at(&self.store, at).is_some_and(|head| head.kind.is_control()) {
                    self.takes();
                } else {
                    self.controls.extend(self.port.next_control(&mut self.store, at));
                }
            } else {
                self.event = None;
                if self.port.head_arrival(&self.store) == Some(first) {
                    self.takes();
                }
            }
        }
    }

    fn takes(&mut self) {
        let arrival = self.port.arrive(&mut self.store);
        if arrival.next.is_some() {
            self.event = arrival.next;
        }
        self.arrivals.push(arrival);
    }

    fn offer(&mut self, now: Time, packet: Packet) {
        let is_control = packet.kind.is_control();
        let offer = self.port.offer(&mut self.store, now, &packet);
        match offer {
            Offer::Behind(departure) if is_control => self.controls.push(self.port.arrival_of(departure)),
            Offer::Head(at) if is_control => self.controls.push(at),
            Offer::Head(at) => self.event = Some(at),
            Offer::Behind(_) | Offer::Dropped(_) => {}
        }
        let seen = match offer {
            Offer::Behind(_) if !packet.kind.is_control() => "behind".to_owned(),
            Offer::Behind(_) | Offer::Head(_) | Offer::Dropped(_) => format!("{offer:?}"),
        };
        let _ = writeln!(self.log, "{now:?} {:?}: {seen}", packet.flow);
    }

    fn set_rate(&mut self, now: Time, bits_per_second: u64) {
        let repaced = self.port.set_rate(&mut self.store, now, Rate::from_bps(bits_per_second).expect("not zero"));
        self.controls.extend(repaced.controls);
    }

    fn flushed(&mut self, now: Time, flushed: &[Packet]) {
        let flows: Vec<FlowId> = flushed.iter().map(|packet| packet.flow).collect();
        let _ = writeln!(self.log, "{now:?} flushed {flows:?}");
    }

    /// One random thing happens to the port.
    fn step(&mut self, now: Time, number: u32, dice: [u64; 3]) {
        self.run_to(now);
        match dice[0] {
            0 => {
                let flushed = self.port.close(&mut self.store, now);
                self.flushed(now, &flushed);
            }
            1 => {
                let flushed = self.port.power_off(&mut self.store, now);
                self.flushed(now, &flushed);
            }
            2..=9 => self.port.open(),
            10 => self.set_rate(now, 1_000_000_000 * (6 + dice[1] % 5)),
            _ => {
                let kind = if dice[1].is_multiple_of(10) { PacketKind::ControlRouted } else { PacketKind::Data };
                let size = 40 + u32::try_from(dice[2]).expect("small");
                self.offer(now, packet(number, size, kind, 0));
            }
        }
        if let Some(secure) = self.port.secure_mut()
            && number.is_multiple_of(3_500)
        {
            secure.rekey(0);
        }
    }
}

/// The fused port is the explicit one, through closing and opening, loss of power, rate changes and the end of a key.
#[test]
fn one_class_with_rare_control_is_the_fused_port() {
    let ethernet = Framing::Ethernet { tagged: true };
    let cases = [
        configured(Buffer::Bytes(Bytes(6_000)), Framing::None, None),
        configured(Buffer::Bytes(Bytes(6_000)), ethernet, Some(MACSEC)),
        configured(Buffer::Packets(4), ethernet, None),
        configured(Buffer::Packets(0), Framing::None, None),
        configured(Buffer::Unlimited, Framing::None, Some(MACSEC)),
    ];
    for (case, configured) in cases.iter().enumerate() {
        for seed in 0..8 {
            let mut stream = RunSeed(seed).stream("port", "test");
            let red = RunSeed(seed).stream("port", "red");
            let mut fused = Observed::new(Port::new(configured, Span::from_us(2)));
            let mut classed = Observed::new(Port::with_classes(configured, Span::from_us(2), &one_class(), red));
            let mut now = Time::ZERO;
            for number in 0..10_000 {
                now += Span::from_ns(stream.below(1_900));
                let dice = [stream.below(1_000), stream.below(1_000), stream.below(1_460)];
                fused.step(now, number, dice);
                classed.step(now, number, dice);
                assert_eq!(fused.port.passes(), classed.port.passes());
            }
            for side in [&mut fused, &mut classed] {
                side.run_to(now);
                side.port.audit(&mut side.store, now);
            }
            assert_eq!(fused.port.packets(&fused.store).count(), classed.port.packets(&classed.store).count());
            for side in [&mut fused, &mut classed] {
                side.run_to(now + Span::from_ms(10));
                assert!(side.port.is_idle());
                side.port.audit(&mut side.store, now + Span::from_ms(10));
            }
            let differ = fused.log.lines().zip(classed.log.lines()).find(|(fused, classed)| fused != classed);
            assert_eq!(differ, None, "case {case}, seed {seed}");
            let differ = fused.arrivals.iter().zip(&classed.arrivals).find(|(fused, classed)| fused != classed);
            assert_eq!(differ, None, "case {case}, seed {seed}");
            assert_eq!(fused.arrivals.len(), classed.arrivals.len(), "case {case}, seed {seed}");
            assert_eq!(fused.log.len(), classed.log.len());
            assert_eq!(fused.port.counters(), classed.port.counters());
            assert_eq!(fused.port.chain(), classed.port.chain());
            assert!((1_000..9_900).contains(&fused.arrivals.len()), "{}", fused.arrivals.len());
        }
    }
}

/// A port with these classes behind control, code point n for class n, and room for everything.
fn classed(classes: Vec<QueueClass>, buffer: Buffer) -> Observed {
    let mut queueing = one_class();
    queueing.classes.truncate(1);
    queueing.classes.extend(classes);
    let last = u8::try_from(queueing.classes.len() - 1).expect("few");
    queueing.by_code_point = std::array::from_fn(|point| u8::try_from(point).expect("64").clamp(1, last));
    let red = RunSeed(1).stream("port", "red");
    let port = configured(buffer, Framing::None, None);
    Observed::new(Port::with_classes(&port, Span::ZERO, &queueing, red))
}

#[test]
fn a_rate_change_leaves_the_packet_in_transmission_alone() {
    for mut port in [
        Observed::new(Port::new(&configured(Buffer::Unlimited, Framing::None, None), Span::ZERO)),
        classed(vec![class("data", round_robin(1_500), SHARING)], Buffer::Unlimited),
    ] {
        (0..3).for_each(|number| port.offer(Time::ZERO, packet(number, 1_000, PacketKind::Data, 1)));
        // At 0.5 us the first is half sent: it ends at 1 us; the others take 2 us each at half the rate.
        let now = Time::ZERO + Span::from_ns(500);
        port.set_rate(now, 4_000_000_000);
        port.run_to(Time::ZERO + Span::from_ms(1));
        let times: Vec<[u64; 3]> = port
            .arrivals
            .iter()
            .map(|arrival| {
                let (begin, end) = port.port.transmission(arrival);
                [begin.as_ps(), end.as_ps(), arrival.packet.waited.as_ps()].map(|ps| ps / 1_000_000)
            })
            .collect();
        assert_eq!(times, [[0, 1, 0], [1, 3, 1], [3, 5, 3]]);
    }
}

#[test]
fn a_more_urgent_class_goes_first_but_interrupts_nothing() {
    let strict = |name| class(name, Service::Strict, SHARING);
    let mut port =
        classed(vec![strict("voice"), strict("video"), class("rest", round_robin(1_500), SHARING)], Buffer::Unlimited);
    // The first packet is already being sent when the others come.
    for (number, code_point) in [(0, 3), (1, 3), (2, 2), (3, 3), (4, 1), (5, 2)] {
        port.offer(Time::ZERO, packet(number, 1_000, PacketKind::Data, code_point));
    }
    port.offer(Time::ZERO, packet(6, 100, PacketKind::ControlNeighbour, 0));
    port.run_to(Time::ZERO + Span::from_ms(1));
    let order: Vec<u32> = port.arrivals.iter().map(|arrival| arrival.packet.flow.0).collect();
    assert_eq!(order, [0, 6, 4, 2, 5, 1, 3]);
}

/// Shreedhar and Varghese 1995, lemma 2: a backlogged flow's share never lags more than a quantum and a packet behind
/// its quantum's part of what was sent, whatever the packets' sizes.
#[test]
fn round_robin_shares_bytes_by_quantum_whatever_the_sizes() {
    let quanta = [1_500u32, 3_000, 6_000];
    let classes = quanta.iter().map(|quantum| class("c", round_robin(*quantum), SHARING)).collect();
    let mut port = classed(classes, Buffer::Unlimited);
    let sizes = [1_500, 64, 700];
    for number in 0..30_000u32 {
        let code_point = 1 + u8::try_from(number % 3).expect("small");
        let size = sizes[usize::from(code_point) - 1];
        port.offer(Time::ZERO, packet(number, size, PacketKind::Data, code_point));
    }
    // 640 kB of the class of small packets: all are backlogged until 1.12 ms.
    let now = Time::ZERO + Span::from_us(1_000);
    port.run_to(now);
    let totals: Vec<u64> = port.port.class_totals().skip(1).map(|totals| totals.wire_bytes).collect();
    let sent: u64 = totals.iter().sum();
    for (bytes, quantum) in totals.iter().zip(quanta) {
        let share = sent * u64::from(quantum) / 10_500;
        assert!(bytes.abs_diff(share) <= u64::from(quantum) + 2 * 1_500, "{totals:?}: {bytes} for {share}");
    }
    port.port.audit(&mut port.store, now);
}

#[test]
fn a_class_fills_its_own_room_and_no_other() {
    let limited = Room::Limited { reserved: 2_000, limit: Some(3_000), threshold: None };
    let alpha = Room::Limited { reserved: 0, limit: None, threshold: Some(Threshold { numerator: 1, denominator: 1 }) };
    let classes = vec![class("own", round_robin(1_500), limited), class("pool", round_robin(1_500), alpha)];
    let mut port = classed(classes, Buffer::Bytes(Bytes(10_000)));
    port.offer(Time::ZERO, packet(0, 1_000, PacketKind::Data, 2)); // in transmission
    let mut refused = [0; 2];
    for number in 0..10 {
        for (index, class) in [2, 1].into_iter().enumerate() {
            let before = port.log.len();
            port.offer(Time::ZERO, packet(number, 1_000, PacketKind::Data, class));
            refused[index] += u64::from(port.log[before..].contains("BufferFull"));
        }
    }
    // 8 kB are shared, 1 kB of them taken by "own" when it has its 3 kB. "pool" may grow to what is free: to 4 kB when
    // it has 3, to 3 kB when it has 4.
    let totals: Vec<(u64, u64)> =
        port.port.class_totals().skip(1).map(|totals| (totals.longest, totals.offered)).collect();
    assert_eq!((totals, refused), (vec![(3_000, 10), (4_000, 11)], [6, 7]));
}

/// Control messages in the class of everything else: each is awaited, however often it is overtaken.
#[test]
fn control_messages_in_a_class_that_others_overtake_are_awaited_until_they_come() {
    let strict = class("urgent", Service::Strict, SHARING);
    let queueing = Queueing {
        classes: vec![strict, class("rest", round_robin(1_500), SHARING)],
        by_code_point: std::array::from_fn(|point| u8::from(point == 0)),
        control: 1,
    };
    let red = RunSeed(1).stream("port", "red");
    let port = configured(Buffer::Bytes(Bytes(20_000)), Framing::None, None);
    let mut port = Observed::new(Port::with_classes(&port, Span::ZERO, &queueing, red));
    let mut stream = RunSeed(1).stream("port", "test");
    let (mut now, mut accepted) = (Time::ZERO, 0);
    for number in 0..20_000 {
        now += Span::from_ns(stream.below(1_700));
        port.run_to(now);
        if number % 1_000 == 999 {
            port.set_rate(now, 1_000_000_000 * (7 + stream.below(3)));
        }
        let size = 40 + u32::try_from(stream.below(1_460)).expect("small");
        let urgent = u8::from(stream.below(2) == 0);
        let kind = if urgent == 0 && stream.below(4) == 0 { PacketKind::ControlNeighbour } else { PacketKind::Data };
        let before = port.log.len();
        port.offer(now, packet(number, size, kind, urgent));
        accepted += usize::from(!port.log[before..].contains("Dropped"));
    }
    port.run_to(now + Span::from_ms(1));
    assert!(port.port.is_idle());
    assert_eq!((port.arrivals.len(), port.controls.len()), (accepted, 0));
    let waited = |kind: PacketKind| {
        let of_kind = port.arrivals.iter().filter(|arrival| arrival.packet.kind == kind);
        of_kind.map(|arrival| arrival.packet.waited).max().expect("some")
    };
    assert!(waited(PacketKind::ControlNeighbour) > Span::from_us(10), "they met queues");
    port.port.audit(&mut port.store, now + Span::from_ms(1));
}
