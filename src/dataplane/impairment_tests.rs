//! Impairments against their formulas, and against ns-3's published error-model tests.

use super::*;
use crate::ids::{DestinationId, FlowId};
use crate::message::PacketKind;
use crate::rng::RunSeed;
use crate::units::{Share, TrafficClass};

const FAILURE: FailureId = FailureId(0);
const PACKET: Packet = Packet {
    sent: Time::ZERO,
    waited: Span::ZERO,
    flow: FlowId(0),
    destination: DestinationId(0),
    hash: 0,
    size: 1_500,
    payload: 0,
    ttl: 64,
    kind: PacketKind::Data,
    traffic_class: TrafficClass::DEFAULT,
};

fn of(impairment: Impairment) -> Impairments {
    let mut impairments = Impairments::default();
    impairments.begin(FAILURE, impairment, RunSeed(1).stream("l/0 a>b", "test"));
    impairments
}

fn ppb(share: f64) -> Share {
    format!("{}%", share * 100.0).parse().unwrap()
}

/// Whether each of `frames` frames is lost.
fn losses(law: LossLaw, frames: usize) -> Vec<bool> {
    let mut impairments = of(Impairment::Loss(law));
    (0..frames).map(|_| impairments.befall(&PACKET).lost == Some((DropReason::GreyLoss, FAILURE))).collect()
}

fn share(losses: &[bool]) -> f64 {
    losses.iter().filter(|lost| **lost).count() as f64 / losses.len() as f64
}

/// Mean number of frames of the runs of losses.
fn mean_burst(losses: &[bool]) -> f64 {
    let begins = losses.windows(2).filter(|pair| pair[1] && !pair[0]).count() + usize::from(losses[0]);
    losses.iter().filter(|lost| **lost).count() as f64 / begins as f64
}

/// ns-3's error-model test: rate 0.001 over 10,000 packets (9 drops on its stream). Binomial: mean 10, standard
/// deviation 3.16; ours stays within four of them for a thousandfold of packets, and within 24 for the same number.
#[test]
fn independent_loss_is_binomial() {
    let few = losses(LossLaw::Bernoulli(ppb(0.001)), 10_000);
    let count = few.iter().filter(|lost| **lost).count();
    assert!((1..=24).contains(&count), "{count}");
    let many = share(&losses(LossLaw::Bernoulli(ppb(0.001)), 10_000_000));
    assert!((many - 0.001).abs() < 4.0 * (0.001f64 * 0.999 / 1e7).sqrt(), "{many}");
}

/// ns-3's burst error model: rate 0.01 and bursts of 1 to 4 over 10,000 packets, 260 drops on its stream against an
/// expectation of 250. A sum of Poisson(100) lengths has the variance 100 x E[L^2] = 750.
#[test]
fn bursts_have_their_number_and_their_mean_length() {
    let law = LossLaw::Bursts { begin: ppb(0.01), shortest: 1, longest: 4 };
    let few = share(&losses(law, 10_000)) * 10_000.0;
    assert!((few - 250.0).abs() < 4.0 * 750f64.sqrt(), "{few}");
    // Of every frame that is outside a burst or begins one, 0.01 begin one of 2.5 frames and 0.99 pass.
    let many = losses(law, 4_000_000);
    let expected = 0.025 / (0.025 + 0.99);
    let bursts = 4e6 * expected / 2.5;
    assert!((share(&many) / expected - 1.0).abs() < 4.0 * (7.5f64 / 6.25 / bursts).sqrt(), "{}", share(&many));
    // Two bursts meet with probability 0.01, so that a run of losses is 1/0.99 bursts long.
    let burst = mean_burst(&many) * 0.99;
    assert!((burst - 2.5).abs() < 4.0 * (1.25 / bursts).sqrt(), "{burst}");
}

/// Loss = pi_B e_B + pi_G e_G with pi_B = p/(p + r); the mean stay in the bad state is 1/r frames.
#[test]
fn gilbert_elliott_meets_its_formula() {
    let frames = 4_000_000;
    for (p, r, loss_good, loss_bad) in
        [(0.01, 0.1, 0.0, 1.0), (0.002, 0.05, 0.000_1, 0.5), (0.1, 0.3, 0.01, 0.2), (0.5, 0.5, 0.0, 1.0)]
    {
        let law = LossLaw::GilbertElliott {
            good_to_bad: ppb(p),
            bad_to_good: ppb(r),
            loss_good: ppb(loss_good),
            loss_bad: ppb(loss_bad),
        };
        let bad = p / (p + r);
        let expected = bad * loss_bad + (1.0 - bad) * loss_good;
        let lost = losses(law, frames);
        // The state's correlation 1 - p - r inflates the variance of its share by (2 - p - r)/(p + r).
        let of_state = bad * (1.0 - bad) * (loss_bad - loss_good) * (loss_bad - loss_good) * (2.0 - p - r) / (p + r);
        let error = ((of_state + expected * (1.0 - expected)) / frames as f64).sqrt();
        assert!((share(&lost) - expected).abs() < 4.0 * error, "p {p} r {r}: {} not {expected}", share(&lost));
        if loss_good == 0.0 && loss_bad == 1.0 {
            let stays = frames as f64 * bad * r;
            // Geometric: variance (1 - r)/r^2.
            let error = ((1.0 - r) / (r * r) / stays).sqrt();
            assert!((mean_burst(&lost) - 1.0 / r).abs() < 4.0 * error, "p {p} r {r}: {}", mean_burst(&lost));
        }
    }
}

#[test]
fn damage_dies_at_the_fcs_unless_that_was_renewed() {
    let mut on_fibre = of(Impairment::Corruption { share: Share::ONE, fcs: BrokenFcs::Yes });
    assert_eq!(on_fibre.befall(&PACKET).lost, Some((DropReason::CorruptedFcs, FAILURE)));
    assert!(on_fibre.loses_all());
    let mut in_gear = of(Impairment::Corruption { share: Share::ONE, fcs: BrokenFcs::Renewed });
    assert_eq!(in_gear.befall(&PACKET), Fate { damaged: Some(FAILURE), ..Fate::UNHARMED });
    assert!(!in_gear.loses_all());
    in_gear.end(FAILURE);
    assert!(in_gear.is_empty());
    assert_eq!(in_gear.befall(&PACKET), Fate::UNHARMED);
}

fn frame(number: u64) -> Frame {
    let packet = Packet {
        sent: Time::ZERO,
        waited: Span::ZERO,
        flow: FlowId(0),
        destination: DestinationId(0),
        hash: 0,
        size: 100,
        payload: 0,
        ttl: 64,
        kind: PacketKind::Data,
        traffic_class: TrafficClass::DEFAULT,
    };
    Frame { packet, number, cover: None, damaged: None }
}

/// Numbers in order of arrival of frames sent 1 us apart under jitter of up to 10 us, with their lateness.
fn jittered(order: DeliveryOrder, frames: u64) -> Vec<(u64, Span)> {
    let mut impairments = of(Impairment::Jitter { most: Span::from_us(10), order });
    let mut late = LateFrames::default();
    let mut heard = Vec::new();
    let sent = |number| Time::ZERO + Span::from_us(number);
    for number in 0..frames {
        while let Some(head) = late.head().filter(|head| *head <= sent(number)) {
            let frame = late.take(head, |_| true).unwrap();
            heard.push((frame.number, head - sent(frame.number)));
        }
        let fate = impairments.befall(&PACKET);
        let due = late.due(sent(number), fate.late, fate.order);
        late.keep(due, fate.order, frame(number));
    }
    while let Some(head) = late.head() {
        let frame = late.take(head, |_| true).unwrap();
        heard.push((frame.number, head - sent(frame.number)));
    }
    heard
}

/// Uniform lateness has the mean 5 us and the variance 100/12; a frame overtakes the one 1 us before it when its
/// lateness is smaller by more than that: (1 - 1/10)^2 / 2 = 40.5% of all.
#[test]
fn free_jitter_reorders_as_often_as_it_should() {
    let frames = 100_000;
    let heard = jittered(DeliveryOrder::Free, frames);
    assert_eq!(heard.len() as u64, frames);
    let mean = heard.iter().map(|(_, late)| late.as_ps() as f64 / 1e6).sum::<f64>() / frames as f64;
    assert!((mean - 5.0).abs() < 4.0 * (100.0 / 12.0 / frames as f64).sqrt(), "{mean}");
    let mut place = vec![0; heard.len()];
    heard.iter().enumerate().for_each(|(at, (number, _))| place[usize::try_from(*number).unwrap()] = at);
    let overtaken = place.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64 / frames as f64;
    assert!((overtaken - 0.405).abs() < 0.01, "{overtaken}");
}

/// A frame in order is as late as the latest of max(own, earlier - distance): never early, never overtaking.
#[test]
fn kept_order_never_reorders_and_never_hurries() {
    let heard = jittered(DeliveryOrder::Kept, 10_000);
    assert!(heard.iter().map(|(number, _)| *number).eq(0..10_000));
    assert!(heard.iter().all(|(_, late)| *late <= Span::from_us(10)));
    assert!(heard.windows(2).all(|pair| pair[1].1 + Span::from_us(1) >= pair[0].1));
}

#[test]
fn a_frame_after_the_jitter_waits_for_those_before_it() {
    let mut late = LateFrames::default();
    let at = |us| Time::ZERO + Span::from_us(us);
    let due = late.due(at(0), Span::from_us(9), DeliveryOrder::Kept);
    late.keep(due, DeliveryOrder::Kept, frame(1));
    // The jitter has ended, but the next frame cannot pass the late one.
    assert_eq!(late.due(at(3), Span::ZERO, DeliveryOrder::Kept), at(9));
    late.keep(at(9), DeliveryOrder::Kept, frame(2));
    assert_eq!(late.take(at(8), |_| true), None);
    // Control packets are taken by whoever awaits them.
    assert_eq!(late.take(at(9), PacketKind::is_control), None);
    assert_eq!([late.take(at(9), |_| true), late.take(at(9), |_| true)].map(|frame| frame.unwrap().number), [1, 2]);
    assert_eq!(late.due(at(20), Span::ZERO, DeliveryOrder::Kept), at(20));
}

/// 1 - (1 - 1e-6)^12000 = 1.1928% of 1,500-byte frames: 100,000 frames lose 1,193, standard deviation 34.
#[test]
fn fading_optics_lose_frames_by_their_bits() {
    let mut fading = of(Impairment::BitErrors("1e-6".parse().unwrap()));
    let lost = (0..100_000).filter(|_| fading.befall(&PACKET).lost.is_some()).count();
    assert!((1_193 - 4 * 34..1_193 + 4 * 34).contains(&lost), "{lost}");
    let expected: Vec<Expected> = fading.expected(Bytes(1_500)).collect();
    let Expected::Lost { reason, parts_per_billion, .. } = expected[0] else { panic!("{expected:?}") };
    assert_eq!((reason, parts_per_billion / 1_000), (DropReason::CorruptedFcs, 11_928));
}

#[test]
fn a_black_hole_takes_data_and_lets_control_pass() {
    let mut hole = of(Impairment::BlackHole);
    assert_eq!(hole.befall(&PACKET).lost, Some((DropReason::SilentCut, FAILURE)));
    let control = Packet { kind: PacketKind::ControlNeighbour, ..PACKET };
    assert_eq!(hole.befall(&control), Fate::UNHARMED);
    assert!(hole.loses_all());
}
