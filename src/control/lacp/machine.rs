//! The receive, periodic and mux machines of one member, with collecting and distributing apart (6.4.15).

use crate::ids::PortId;
use crate::message::{LacpTimeout, Lacpdu};
use crate::network::LacpRate;
use crate::rng::Stream;
use crate::units::{Bytes, Span, Time};

/// Data of an LACPDU behind the Ethernet header.
pub const PDU_SIZE: Bytes = Bytes(110);

/// Aggregate_Wait_Time (6.4.4).
const AGGREGATE_WAIT: Span = Span::from_s(2);
/// Fast_Periodic_Time and Slow_Periodic_Time (6.4.4).
const FAST: Span = Span::from_s(1);
const SLOW: Span = Span::from_s(30);

/// The receive machine (6.4.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receive {
    /// No carrier.
    Disabled,
    /// The partner was not heard in time; another Short Timeout is waited.
    Expired,
    /// Nothing is known of a partner.
    Defaulted,
    /// The partner is heard.
    Current,
}

/// The mux machine (6.4.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mux {
    /// Not in the aggregate.
    Detached,
    /// Until this time, so that other members can join with it.
    Waiting(Time),
    /// In the aggregate.
    Attached,
    /// Frames are taken.
    Collecting,
    /// Frames are taken and sent.
    Distributing,
}

/// What LACP is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The member has carrier.
    PortUp,
    /// It has none.
    PortDown,
    /// A message arrived.
    Message(Lacpdu),
    /// The timer fired.
    Timer,
}

/// What LACP wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Arm the one timer, or move it.
    SetTimer {
        /// When it fires.
        at: Time,
    },
    /// Disarm it.
    CancelTimer,
    /// Send a message of [`PDU_SIZE`].
    Send(Lacpdu),
    /// The mux machine changed its state.
    Changed(Mux),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Partner {
    timeout: LacpTimeout,
    synchronized: bool,
    collecting: bool,
}

/// LACP at one end of one member.
#[derive(Debug, Clone)]
pub struct Lacp {
    port: PortId,
    timeout: LacpTimeout,
    receive: Receive,
    mux: Mux,
    partner: Option<Partner>,
    /// current_while: when the partner is missed.
    missed: Option<Time>,
    periodic: Option<Time>,
    random: Stream,
}

impl Lacp {
    /// An end without carrier.
    #[must_use]
    pub const fn new(port: PortId, rate: LacpRate, random: Stream) -> Self {
        let timeout = match rate {
            LacpRate::Fast => LacpTimeout::Short,
            LacpRate::Slow => LacpTimeout::Long,
        };
        let (receive, mux) = (Receive::Disabled, Mux::Detached);
        Self { port, timeout, receive, mux, partner: None, missed: None, periodic: None, random }
    }

    /// The member has carried traffic for some time, with a partner of the same timeout.
    pub fn establish(&mut self, now: Time, out: &mut Vec<Action>) {
        (self.receive, self.mux) = (Receive::Current, Mux::Distributing);
        self.partner = Some(Partner { timeout: self.timeout, synchronized: true, collecting: true });
        self.missed = Some(now + self.patience());
        self.periodic = Some(now + Span::from_ps(self.random.below(self.period().as_ps())));
        self.arm(out);
    }

    /// Whether the member may carry what this end sends.
    #[must_use]
    pub fn is_distributing(&self) -> bool {
        self.mux == Mux::Distributing
    }

    /// Whether this end takes what the other sends on the member.
    #[must_use]
    pub const fn is_collecting(&self) -> bool {
        matches!(self.mux, Mux::Collecting | Mux::Distributing)
    }

    /// Its two machines.
    #[must_use]
    pub const fn states(&self) -> (Receive, Mux) {
        (self.receive, self.mux)
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Action>) {
        let before = (self.receive, self.mux);
        let mut due = false;
        match input {
            Input::PortDown => {
                (self.receive, self.partner, self.missed, self.periodic) = (Receive::Disabled, None, None, None);
            }
            Input::PortUp => {
                self.receive = Receive::Expired;
                self.missed = Some(now + FAST.times(3));
                self.periodic = Some(now + FAST);
            }
            Input::Message(message) if self.receive != Receive::Disabled => self.record(now, &message),
            Input::Message(_) => {}
            Input::Timer => due = self.timer(now),
        }
        while let Some(mux) = self.next(now) {
            self.mux = mux;
            out.push(Action::Changed(mux));
        }
        let changed = before != (self.receive, self.mux);
        if self.receive != Receive::Disabled && (due || changed) {
            self.periodic = Some(now + self.period());
            out.push(Action::Send(self.message()));
        }
        self.arm(out);
    }

    fn record(&mut self, now: Time, message: &Lacpdu) {
        self.receive = Receive::Current;
        self.missed = Some(now + self.patience());
        self.partner = Some(Partner {
            timeout: message.timeout,
            synchronized: message.synchronized && message.heard,
            collecting: message.collecting && message.heard,
        });
    }

    /// True when a periodic message is due.
    fn timer(&mut self, now: Time) -> bool {
        if self.missed.take_if(|at| *at <= now).is_some() {
            match self.receive {
                Receive::Current => {
                    self.receive = Receive::Expired;
                    self.missed = Some(now + FAST.times(3));
                }
                Receive::Expired => {
                    self.receive = Receive::Defaulted;
                    self.partner = None;
                }
                Receive::Disabled | Receive::Defaulted => {}
            }
        }
        self.periodic.take_if(|at| *at <= now).is_some()
    }

    /// The next state of the mux machine, unless it stays.
    fn next(&self, now: Time) -> Option<Mux> {
        let partner = self.partner.filter(|_| self.receive == Receive::Current);
        let synchronized = partner.is_some_and(|partner| partner.synchronized);
        let collecting = partner.is_some_and(|partner| partner.collecting);
        match (self.mux, self.receive) {
            (Mux::Detached, Receive::Current) => Some(Mux::Waiting(now + AGGREGATE_WAIT)),
            (Mux::Detached, Receive::Disabled | Receive::Expired | Receive::Defaulted) => None,
            (_, Receive::Disabled | Receive::Defaulted | Receive::Expired) => Some(Mux::Detached),
            (Mux::Waiting(until), Receive::Current) => (until <= now).then_some(Mux::Attached),
            (Mux::Attached, Receive::Current) => synchronized.then_some(Mux::Collecting),
            (Mux::Collecting, Receive::Current) if !synchronized => Some(Mux::Attached),
            (Mux::Collecting, Receive::Current) => collecting.then_some(Mux::Distributing),
            (Mux::Distributing, Receive::Current) => (!collecting).then_some(Mux::Collecting),
        }
    }

    /// How long this end waits for a message.
    const fn patience(&self) -> Span {
        match self.timeout {
            LacpTimeout::Short => FAST.times(3),
            LacpTimeout::Long => SLOW.times(3),
        }
    }

    /// How often the partner wants to hear this end; one that is not heard gets a message a second.
    fn period(&self) -> Span {
        match self.partner.filter(|_| self.receive == Receive::Current).map(|partner| partner.timeout) {
            Some(LacpTimeout::Long) => SLOW,
            Some(LacpTimeout::Short) | None => FAST,
        }
    }

    const fn message(&self) -> Lacpdu {
        let synchronized = matches!(self.mux, Mux::Attached | Mux::Collecting | Mux::Distributing);
        let heard = matches!(self.receive, Receive::Current);
        Lacpdu { port: self.port, timeout: self.timeout, heard, synchronized, collecting: self.is_collecting() }
    }

    fn arm(&self, out: &mut Vec<Action>) {
        let waiting = match self.mux {
            Mux::Waiting(until) => Some(until),
            Mux::Detached | Mux::Attached | Mux::Collecting | Mux::Distributing => None,
        };
        let due = [self.missed, self.periodic, waiting].into_iter().flatten().min();
        out.push(due.map_or(Action::CancelTimer, |at| Action::SetTimer { at }));
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
