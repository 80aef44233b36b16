//! RFC 7252 4.2 is the law of sending again; what workers do is checked against a hand-made course.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::workers::Served;
use super::{Action, Client, Input, Message, Workers};
use crate::message::Piece;
use crate::network::{ExchangeConfig, SpanLaw, VolumeLaw};
use crate::units::{Bytes, Span, Time};

const VOLUME: Bytes = Bytes(100);

fn config(retries: u32, workers: Option<u32>, backlog: Option<u32>) -> ExchangeConfig {
    ExchangeConfig {
        request: VolumeLaw::Constant(VOLUME),
        response: VolumeLaw::Constant(VOLUME),
        interval: Span::from_s(1),
        service: SpanLaw::Constant(Span::ZERO),
        workers: workers.and_then(NonZeroU32::new),
        backlog,
        timeout: Span::from_s(2),
        retries,
        piece: 1_472,
        headers: 28,
    }
}

fn client(retries: u32) -> Client {
    Client::new(Arc::new(config(retries, None, None)))
}

fn s(seconds: u64) -> Time {
    Time::ZERO + Span::from_s(seconds)
}

fn handle(client: &mut Client, now: Time, input: Input<'_>) -> Vec<Action> {
    let mut out = Vec::new();
    client.handle(now, input, &mut out);
    out
}

const fn request(exchange: u32, attempt: u32) -> Message {
    Message { exchange, attempt, volume: VOLUME }
}

/// RFC 7252 4.8.2: with 2 s and 4 retransmissions and no random factor, MAX_TRANSMIT_WAIT is 2 s x 31 = 62 s.
#[test]
fn a_request_is_sent_again_after_2_4_8_and_16_s_and_given_up_after_62() {
    let mut client = client(4);
    assert_eq!(handle(&mut client, s(0), Input::Begin(VOLUME)), [Action::Send(request(0, 0))]);
    for (attempt, at) in [(1, 2), (2, 6), (3, 14), (4, 30)] {
        assert_eq!(client.deadline(), Some(s(at)));
        assert_eq!(handle(&mut client, s(at), Input::Timer), [Action::SendAgain(request(0, attempt))]);
    }
    assert_eq!((client.deadline(), client.open()), (Some(s(62)), 1));
    assert_eq!(handle(&mut client, s(62), Input::Timer), [Action::GiveUp]);
    assert_eq!((client.deadline(), client.open()), (None, 0));
}

#[test]
fn a_response_to_any_request_ends_the_exchange_and_later_ones_are_nothing() {
    let mut client = client(4);
    handle(&mut client, s(0), Input::Begin(VOLUME));
    handle(&mut client, s(2), Input::Timer);
    let to_the_first = Piece { exchange: 0, attempt: 0, pieces: 1 };
    assert_eq!(handle(&mut client, s(3), Input::Piece(&to_the_first)), [Action::Done(Span::from_s(3))]);
    let to_the_second = Piece { attempt: 1, ..to_the_first };
    assert_eq!(handle(&mut client, s(4), Input::Piece(&to_the_second)), []);
    assert_eq!(client.deadline(), None);
}

#[test]
fn packets_of_two_responses_make_no_whole_one() {
    let mut client = client(4);
    handle(&mut client, s(0), Input::Begin(VOLUME));
    let of = |attempt| Piece { exchange: 0, attempt, pieces: 2 };
    assert_eq!(handle(&mut client, s(1), Input::Piece(&of(0))), []);
    assert_eq!(handle(&mut client, s(2), Input::Timer), [Action::SendAgain(request(0, 1))]);
    assert_eq!(handle(&mut client, s(3), Input::Piece(&of(1))), []);
    assert_eq!(handle(&mut client, s(3), Input::Piece(&of(1))), [Action::Done(Span::from_s(3))]);
}

#[test]
fn a_message_is_full_packets_and_a_last_one() {
    let lengths = |volume| -> Vec<u32> {
        let message = Message { exchange: 0, attempt: 0, volume: Bytes(volume) };
        message.pieces(1_000).map(|(_, bytes)| bytes).collect()
    };
    assert_eq!(lengths(1), [1]);
    assert_eq!(lengths(1_000), [1_000]);
    assert_eq!(lengths(2_001), [1_000, 1_000, 1]);
    // 65,535 packets at most.
    assert_eq!(lengths(u64::MAX).len(), 65_535);
}

#[test]
fn requests_wait_for_the_first_worker_that_is_free() {
    let mut two = Workers::new(&config(0, Some(2), None));
    let mut serve = |at, long| {
        let Served { begins, ends } = two.serve(s(at), Span::from_s(long)).expect("any number may wait");
        (begins, ends)
    };
    assert_eq!(serve(0, 10), (s(0), s(10)));
    assert_eq!(serve(1, 3), (s(1), s(4)));
    assert_eq!(serve(2, 5), (s(4), s(9)));
    assert_eq!(serve(3, 1), (s(9), s(10)));
    assert_eq!(serve(20, 1), (s(20), s(21)));
    let mut many = Workers::new(&config(0, None, None));
    for at in [0, 1] {
        assert_eq!(many.serve(s(at), Span::from_s(9)).map(|served| served.begins), Some(s(at)));
    }
}

#[test]
fn a_request_is_refused_when_as_many_wait_as_may() {
    let mut one = Workers::new(&config(0, Some(1), Some(1)));
    let mut begins = |at| one.serve(s(at), Span::from_s(10)).map(|served| served.begins);
    assert_eq!([begins(0), begins(1), begins(2)], [Some(s(0)), Some(s(10)), None]);
    // The one that waited is in service: another may wait.
    assert_eq!([begins(10), begins(11)], [Some(s(20)), None]);
}
