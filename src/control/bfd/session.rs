//! One end of a BFD session.

use crate::message::{BfdDiagnostic, BfdPacket, BfdState, ControlPlane};
use crate::network::{BfdConfig, LivenessPlace, Network};
use crate::rng::{RunSeed, Stream};
use crate::units::{Bytes, Span, Time};

/// IP packet of a BFD control packet: IPv4 20, UDP 8, BFD 24 (RFC 5880 4.1).
pub const PACKET_SIZE: Bytes = Bytes(20 + 8 + 24);

/// Slowest that an end may ask for while it is not Up (RFC 5880 6.8.3).
const SLOW: Span = Span::from_s(1);
/// What a peer is taken to accept before it has spoken (bfd.RemoteMinRxInterval, RFC 5880 6.8.1).
const UNHEARD: Span = Span::from_us(1);

/// What an endpoint is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Begin to send.
    Start,
    /// A packet arrived.
    Packet(BfdPacket),
    /// The transmit timer fired.
    TransmitTimer,
    /// The detection timer fired.
    DetectionTimer,
    /// The link reports loss of light: nothing is sent or heard from here on.
    PathDown,
    /// Light is back: begin again.
    PathUp,
}

/// What an endpoint wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Put a packet of [`PACKET_SIZE`] on the way to the peer.
    Send(BfdPacket),
    /// Arm the one timer of this kind, or move it.
    SetTimer {
        /// Which timer.
        kind: TimerKind,
        /// When it fires.
        at: Time,
    },
    /// Disarm a timer, if it is armed.
    CancelTimer {
        /// Which timer.
        kind: TimerKind,
    },
    /// The session changed its state.
    StateChanged {
        /// Before.
        from: BfdState,
        /// Now.
        to: BfdState,
        /// Why.
        diagnostic: BfdDiagnostic,
    },
}

/// Timers of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// When the next periodic packet is due.
    Transmit,
    /// When the peer counts as dead.
    Detection,
}

/// Whether the endpoint sends and listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Stopped,
    Running,
}

/// What a poll sequence waits for (RFC 5880 6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    Done,
    AwaitingFinal,
}

/// What the peer last said of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Peer {
    desired_min_tx: Span,
    multiplier: u8,
}

/// One end of a BFD session.
#[derive(Debug, Clone)]
pub struct Endpoint {
    session: usize,
    end: usize,
    config: BfdConfig,
    activity: Activity,
    state: BfdState,
    diagnostic: BfdDiagnostic,
    poll: Poll,
    /// None until the first packet, and again when the peer has been silent for a detection time (6.8.1).
    peer: Option<Peer>,
    control_plane: ControlPlane,
    /// What the peer last said of its own; outlives its silence.
    peer_control_plane: ControlPlane,
    /// What the peer accepts; outlives its silence.
    remote_min_rx: Span,
    jitter: Stream,
    phase: Stream,
}

impl Endpoint {
    /// The endpoint of `network.bfd_sessions[session]` at end `end` of its link: Down and not yet sending.
    #[must_use]
    pub fn new(network: &Network, session: usize, end: usize, seed: RunSeed) -> Self {
        let bfd = &network.bfd_sessions[session];
        let router = network.links[bfd.link].ends[end];
        let component = format!("{} {}", bfd.name, network.routers[router].name);
        Self {
            session,
            end,
            config: bfd.ends[end],
            activity: Activity::Stopped,
            state: BfdState::Down,
            diagnostic: BfdDiagnostic::None,
            poll: Poll::Done,
            peer: None,
            control_plane: match network.routers[router].liveness {
                LivenessPlace::LineCard => ControlPlane::Independent,
                LivenessPlace::Processor => ControlPlane::Shared,
            },
            peer_control_plane: ControlPlane::Independent,
            remote_min_rx: UNHEARD,
            jitter: seed.stream(&component, "jitter"),
            phase: seed.stream(&component, "phase"),
        }
    }

    /// Whether the peer's BFD outlives its control plane, as it last said (C bit).
    #[must_use]
    pub fn peer_control_plane(&self) -> ControlPlane {
        self.peer_control_plane
    }

    /// The session's state.
    #[must_use]
    pub fn state(&self) -> BfdState {
        self.state
    }

    /// How long after the last packet the peer counts as dead: its multiplier times the slower of what this end
    /// accepts and what the peer wants to send (RFC 5880 6.8.4). [`Span::MAX`] while the peer is not heard.
    #[must_use]
    pub fn detection_time(&self) -> Span {
        self.peer
            .map_or(Span::MAX, |peer| self.config.receive.max(peer.desired_min_tx).times(u64::from(peer.multiplier)))
    }

    /// Whether this end is up, has said all it has to say, and would learn nothing new from what `peer` repeats.
    #[must_use]
    pub fn only_repeats(&self, peer: &Self) -> bool {
        let known = Peer { desired_min_tx: peer.desired_min_tx(), multiplier: peer.config.multiplier };
        self.activity == Activity::Running
            && self.state == BfdState::Up
            && self.poll == Poll::Done
            && self.peer == Some(known)
            && self.remote_min_rx == peer.config.receive
    }

    /// The packet that it sends when nothing has changed.
    #[must_use]
    pub fn periodic(&self) -> BfdPacket {
        self.packet(Flag::None)
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Action>) {
        match (self.activity, input) {
            (Activity::Stopped, Input::Start | Input::PathUp) => {
                self.activity = Activity::Running;
                let delay = Span::from_ps(self.phase.below(self.transmit_interval().as_ps()));
                out.push(Action::SetTimer { kind: TimerKind::Transmit, at: now + delay });
            }
            (Activity::Running, Input::Packet(packet)) => self.receive(now, packet, out),
            (Activity::Running, Input::TransmitTimer) => self.transmit(now, out),
            (Activity::Running, Input::DetectionTimer) => {
                self.peer = None;
                self.leave(now, BfdDiagnostic::DetectionTimeExpired, out);
            }
            (Activity::Running, Input::PathDown) => {
                self.activity = Activity::Stopped;
                self.peer = None;
                for kind in [TimerKind::Transmit, TimerKind::Detection] {
                    out.push(Action::CancelTimer { kind });
                }
                self.leave(now, BfdDiagnostic::PathDown, out);
            }
            (Activity::Running, Input::Start | Input::PathUp)
            | (Activity::Stopped, Input::Packet(_) | Input::TransmitTimer | Input::DetectionTimer | Input::PathDown) => {
            }
        }
    }

    /// RFC 5880 6.8.6.
    fn receive(&mut self, now: Time, packet: BfdPacket, out: &mut Vec<Action>) {
        // A zero Your Discriminator is only valid in Down and AdminDown.
        if !packet.heard && matches!(packet.state, BfdState::Init | BfdState::Up) {
            return;
        }
        let before = self.transmit_interval();
        self.peer = Some(Peer { desired_min_tx: packet.desired_min_tx, multiplier: packet.detect_multiplier });
        self.remote_min_rx = packet.required_min_rx;
        self.peer_control_plane = packet.control_plane;
        if packet.r#final {
            self.poll = Poll::Done;
        }
        match next(self.state, packet.state) {
            None => {}
            Some(BfdState::Down | BfdState::AdminDown) => {
                self.leave(now, BfdDiagnostic::NeighbourSignalledDown, out);
            }
            Some(to @ (BfdState::Init | BfdState::Up)) => self.enter(now, to, out),
        }
        if packet.poll {
            // 6.5: answered at once, without regard to the interval.
            out.push(Action::Send(self.packet(Flag::Final)));
        }
        if self.transmit_interval() < before {
            self.arm_transmit(now, out);
        }
        match self.state {
            BfdState::Init | BfdState::Up => {
                let at = now + self.detection_time();
                out.push(Action::SetTimer { kind: TimerKind::Detection, at });
            }
            BfdState::AdminDown | BfdState::Down => out.push(Action::CancelTimer { kind: TimerKind::Detection }),
        }
    }

    /// Towards Up.
    fn enter(&mut self, now: Time, to: BfdState, out: &mut Vec<Action>) {
        let from = std::mem::replace(&mut self.state, to);
        self.diagnostic = BfdDiagnostic::None;
        if to == BfdState::Up && self.config.transmit < SLOW {
            // 6.8.3: a changed interval is announced by a poll sequence.
            self.poll = Poll::AwaitingFinal;
        }
        out.push(Action::StateChanged { from, to, diagnostic: self.diagnostic });
        self.transmit(now, out);
    }

    /// To Down, if not there yet.
    fn leave(&mut self, now: Time, diagnostic: BfdDiagnostic, out: &mut Vec<Action>) {
        let from = std::mem::replace(&mut self.state, BfdState::Down);
        if from == BfdState::Down {
            return;
        }
        self.diagnostic = diagnostic;
        self.poll = Poll::Done;
        out.push(Action::StateChanged { from, to: BfdState::Down, diagnostic });
        match self.activity {
            Activity::Running => self.transmit(now, out),
            Activity::Stopped => {}
        }
    }

    /// Sends now and starts the interval anew; also out of turn when the contents changed (RFC 5880 6.8.7).
    fn transmit(&mut self, now: Time, out: &mut Vec<Action>) {
        let flag = match self.poll {
            Poll::AwaitingFinal => Flag::Poll,
            Poll::Done => Flag::None,
        };
        out.push(Action::Send(self.packet(flag)));
        self.arm_transmit(now, out);
    }

    fn arm_transmit(&mut self, now: Time, out: &mut Vec<Action>) {
        let at = now + self.next_interval();
        out.push(Action::SetTimer { kind: TimerKind::Transmit, at });
    }

    /// Draws the time from one packet to the next.
    pub fn next_interval(&mut self) -> Span {
        // RFC 5880 6.8.7: each interval is shortened by 0 to 25%, by 10 to 25% when the multiplier is 1.
        let interval = self.transmit_interval();
        let longest = if self.config.multiplier == 1 { interval.scaled(9, 10) } else { interval };
        self.jitter.span_between(interval.scaled(3, 4), longest)
    }

    /// The slower of what this end wants and what the peer accepts.
    fn transmit_interval(&self) -> Span {
        self.desired_min_tx().max(self.remote_min_rx)
    }

    fn desired_min_tx(&self) -> Span {
        match self.state {
            BfdState::Up => self.config.transmit,
            BfdState::AdminDown | BfdState::Down | BfdState::Init => self.config.transmit.max(SLOW),
        }
    }

    fn packet(&self, flag: Flag) -> BfdPacket {
        BfdPacket {
            session: self.session,
            end: self.end,
            state: self.state,
            diagnostic: self.diagnostic,
            desired_min_tx: self.desired_min_tx(),
            required_min_rx: self.config.receive,
            detect_multiplier: self.config.multiplier,
            control_plane: self.control_plane,
            poll: flag == Flag::Poll,
            r#final: flag == Flag::Final,
            heard: self.peer.is_some(),
        }
    }
}

/// Which of the two flags a packet carries; never both (RFC 5880 6.8.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    None,
    Poll,
    Final,
}

/// The three-way transitions of RFC 5880 6.8.6; `None` when nothing changes.
pub(super) const fn next(own: BfdState, received: BfdState) -> Option<BfdState> {
    use BfdState::{AdminDown, Down, Init, Up};
    match (own, received) {
        (Down, Down) => Some(Init),
        (Down | Init, Init) | (Init, Up) => Some(Up),
        (Init | Up, AdminDown) | (Up, Down) => Some(Down),
        (AdminDown, AdminDown | Down | Init | Up) | (Down, AdminDown | Up) | (Init, Down) | (Up, Init | Up) => None,
    }
}
