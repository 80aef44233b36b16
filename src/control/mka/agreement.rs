//! MKA at one port (the KaY of IEEE 802.1X clause 9): who is there, which keys are wanted, and the order of their use.
//!
//! ```text
//! key server: SAK made -> distributed -> all receive (LRX) -> server transmits (LTX) -> others transmit -> old retired
//! ```
//! The ends of a member are two participants of one association, or, while a CAK is rotated, of two.

use super::peers::{Heard, Participant, Standing};
use crate::message::{ConnectivityKey, KeyIdentifier, Mkpdu, Sak, SakUse};
use crate::network::{FormerKey, InstallOrder, MkaConfig};
use crate::rng::Stream;
use crate::units::{Bytes, Span, Time};

/// How far the packet numbers of the keys in use are spent, in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhaustion {
    /// Not so far that anything follows.
    Far,
    /// Beyond the threshold: a fresh key is wanted.
    Pending,
}

/// What MKA is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Light is there: messages can be sent.
    LightUp,
    /// Light is gone.
    LightDown,
    /// The timer fired.
    Timer(Exhaustion),
    /// A message arrived.
    Message(Mkpdu),
    /// This end is given a CAK.
    Key(ConnectivityKey, FormerKey),
    /// The router lost its power: all is forgotten but the CAKs.
    PowerLoss,
}

/// What MKA wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Arm the one timer, or move it.
    SetTimer {
        /// When it fires.
        at: Time,
    },
    /// Disarm the timer.
    CancelTimer,
    /// Send a message whose frame has so many bytes, without FCS.
    Send(Mkpdu, Bytes),
    /// Frames under this key are received from now on.
    Receive(Sak),
    /// Frames are sent under this key from now on.
    Transmit(Sak),
    /// Frames under this key are no longer received.
    Retire(Sak),
    /// A key is in use: the controlled port opens.
    Secured,
    /// There is no key left: the controlled port closes.
    Unsecured,
}

/// Messages, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MkpduCounters {
    /// Sent.
    pub sent: u64,
    /// Received, proven and read.
    pub received: u64,
    /// Received under a name (CKN) that is not known here.
    pub unknown_key: u64,
    /// Received under a known name, but proven by another key.
    pub not_valid: u64,
    /// SAKs that came into use for sending, the first included.
    pub keys_used: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Light {
    Off,
    On,
}

/// An installation under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Receive,
    Transmit,
}

/// Whether the key server has reason to make a fresh SAK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fresh {
    NotWanted,
    Wanted,
}

/// MKA at one port.
#[derive(Debug, Clone)]
pub struct KeyAgreement {
    config: MkaConfig,
    /// Whose messages are those of this port.
    port: crate::ids::PortId,
    random: Stream,
    light: Light,
    /// The longest held CAK first.
    participants: Vec<Participant>,
    /// Member identifier of the participant whose SAK is in use, or about to be.
    principal: Option<u64>,
    latest: Option<SakUse>,
    old: Option<SakUse>,
    fresh: Fresh,
    installs: Option<(Time, Step)>,
    retires: Option<Time>,
    /// When the next periodic messages are due; none without power.
    hello: Option<Time>,
    /// When the latest SAK was first distributed, and how many this end has made.
    distributed: Option<Time>,
    made: u32,
    /// Of the latest SAK, whether it is still there or not.
    association_number: u8,
    counters: MkpduCounters,
}

impl KeyAgreement {
    /// An end that holds one CAK, in the dark.
    #[must_use]
    pub fn new(config: MkaConfig, port: crate::ids::PortId, key: ConnectivityKey, mut random: Stream) -> Self {
        let participants = vec![Participant::new(key, random.below(u64::MAX))];
        Self {
            config,
            port,
            random,
            light: Light::Off,
            participants,
            principal: None,
            latest: None,
            old: None,
            fresh: Fresh::NotWanted,
            installs: None,
            retires: None,
            hello: None,
            distributed: None,
            made: 0,
            association_number: 3,
            counters: MkpduCounters::default(),
        }
    }

    /// Both ends know each other and use one SAK, as if they had agreed on it some time ago; its name.
    pub fn establish(ends: [&mut Self; 2], now: Time) -> Sak {
        let [one, other] = ends;
        let server = usize::from(other.rank() < one.rank());
        let members = [one.participants[0].member.0, other.participants[0].member.0];
        let sak = Sak { key: KeyIdentifier { server: members[server], number: 1 }, association_number: 0 };
        let ranks = [one.rank(), other.rank()];
        for (index, end) in [one, other].into_iter().enumerate() {
            let expires = now + end.config.life;
            end.participants[0].meet(members[1 - index], ranks[1 - index], expires);
            end.principal = Some(members[index]);
            end.latest = Some(SakUse { sak, receives: true, transmits: true });
            end.distributed = Some(now);
            end.made = u32::from(index == server);
            end.association_number = 0;
            end.counters.keys_used = 1;
        }
        sak
    }

    /// Whether a key is in use in both directions.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        [self.latest, self.old].into_iter().flatten().any(|used| used.receives && used.transmits)
    }

    /// What was sent and heard.
    #[must_use]
    pub const fn counters(&self) -> MkpduCounters {
        self.counters
    }

    /// The SAKs in use, or about to be: the latest and the old one.
    #[must_use]
    pub const fn uses(&self) -> [Option<SakUse>; 2] {
        [self.latest, self.old]
    }

    /// Priority and SCI: the lowest of all live participants is the key server.
    fn rank(&self) -> (u8, u64) {
        (self.config.priority, u64::from(self.port.0))
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::LightUp => {
                self.light = Light::On;
                if self.hello.is_some() {
                    // What was missed in the dark shows at once, before the line is used again.
                    self.periodic(now, Exhaustion::Far, out);
                }
                // The first message comes at a random time within a Hello Time, as in wpa_supplicant.
                let phase = Span::from_ps(self.random.below(self.config.hello.as_ps().max(1)));
                self.hello.get_or_insert(now + phase);
            }
            Input::LightDown => self.light = Light::Off,
            Input::Timer(exhaustion) => self.timer(now, exhaustion, out),
            Input::Message(message) => self.hear(now, &message, out),
            Input::Key(key, former) => self.given(key, former, out),
            Input::PowerLoss => self.forget(out),
        }
        self.proceed(now);
        let due = [self.installs.map(|(at, _)| at), self.retires, self.hello].into_iter().flatten().min();
        out.push(due.map_or(Action::CancelTimer, |at| Action::SetTimer { at }));
    }

    fn timer(&mut self, now: Time, exhaustion: Exhaustion, out: &mut Vec<Action>) {
        if let Some((_, step)) = self.installs.take_if(|(at, _)| *at <= now) {
            self.installed(now, step, out);
        }
        if self.retires.take_if(|at| *at <= now).is_some() {
            self.retire(out);
        }
        if self.hello.is_some_and(|at| at <= now) {
            self.hello = Some(now + self.config.hello);
            self.periodic(now, exhaustion, out);
        }
    }

    /// Peers are looked at, keys made and messages sent once a Hello Time.
    fn periodic(&mut self, now: Time, exhaustion: Exhaustion, out: &mut Vec<Action>) {
        for participant in &mut self.participants {
            participant.expire(now);
        }
        if self.principal().is_some_and(|principal| !principal.has_live_peer()) {
            self.close(out);
        }
        let due = |(every, since): (Span, Time)| since + every <= now;
        let by_time = self.latest.is_some() && self.config.rekey.zip(self.distributed).is_some_and(due);
        let by_number = self.latest.is_some() && exhaustion == Exhaustion::Pending;
        if by_time || by_number {
            self.fresh = Fresh::Wanted;
        }
        self.make_key(now, out);
        for index in 0..self.participants.len() {
            self.send(now, index, out);
        }
    }

    fn principal(&self) -> Option<&Participant> {
        self.participants.iter().find(|participant| Some(participant.member.0) == self.principal)
    }

    /// The key server makes a SAK under the newest CAK that a live peer shares (IEEE 802.1X 9.8.1).
    fn make_key(&mut self, now: Time, out: &mut Vec<Action>) {
        let Some(participant) = self.participants.iter().rev().find(|participant| participant.has_live_peer()) else {
            return;
        };
        let (member, rank) = (participant.member.0, self.rank());
        let wanted = self.fresh == Fresh::Wanted || self.principal != Some(member);
        let waits = participant.has_potential_peer() && self.distributed.is_some_and(|at| now < at + self.config.life);
        // A key gives way once its own predecessor is retired, or when it never came into use.
        let in_turn = self.old.is_none() || self.latest.is_none_or(|latest| !latest.transmits);
        if !wanted || waits || !in_turn || !participant.is_server(rank) {
            return;
        }
        self.made += 1;
        let association_number = (self.association_number + 1) % 4;
        let sak = Sak { key: KeyIdentifier { server: member, number: self.made }, association_number };
        self.fresh = Fresh::NotWanted;
        self.distributed = Some(now);
        self.adopt(member, sak, out);
    }

    /// A SAK becomes the latest; it is in use once it is installed.
    fn adopt(&mut self, principal: u64, sak: Sak, out: &mut Vec<Action>) {
        self.principal = Some(principal);
        self.association_number = sak.association_number;
        match self.latest {
            Some(latest) if latest.transmits => self.old = Some(latest),
            Some(latest) if latest.receives => out.push(Action::Retire(latest.sak)),
            Some(_) | None => {}
        }
        self.latest = Some(SakUse { sak, receives: false, transmits: false });
        self.installs = None;
    }

    fn hear(&mut self, now: Time, message: &Mkpdu, out: &mut Vec<Action>) {
        let life = self.config.life;
        let Some(index) = self.participants.iter().position(|own| own.key.name == message.key.name) else {
            self.counters.unknown_key += 1;
            return;
        };
        let participant = &mut self.participants[index];
        if participant.key != message.key {
            self.counters.not_valid += 1;
            return;
        }
        self.counters.received += 1;
        match participant.hear(now, message, life) {
            Heard::Stale => return,
            Heard::Known => {}
            Heard::NewlyLive => self.fresh = Fresh::Wanted,
        }
        let rank = self.rank();
        let (member, follows) = (self.participants[index].member.0, self.participants[index].follows(message, rank));
        let overruled = self.participants[index + 1..].iter().any(Participant::has_live_peer);
        let Some(sak) = message.distributed.filter(|_| follows && !overruled) else { return };
        if [self.latest, self.old].into_iter().flatten().all(|used| used.sak != sak) {
            self.fresh = Fresh::NotWanted;
            self.distributed = Some(now);
            self.adopt(member, sak, out);
        }
    }

    /// Begins the next installation that is allowed.
    fn proceed(&mut self, now: Time) {
        let Some(latest) = self.latest.filter(|_| self.installs.is_none()) else { return };
        let step = match (self.config.order, latest.receives, latest.transmits) {
            (_, true, true) => return,
            (InstallOrder::ReceiveFirst, false, _) | (InstallOrder::TransmitFirst, false, true) => Step::Receive,
            (InstallOrder::TransmitFirst, _, false) => Step::Transmit,
            (InstallOrder::ReceiveFirst, true, false) => {
                // The server waits for all, the others wait for the server (IEEE 802.1X 9.8.3).
                let key = latest.sak.key;
                let may = self.principal().is_some_and(|principal| {
                    if principal.is_server(self.rank()) {
                        principal.all_receive(key)
                    } else {
                        principal.server_transmits(key)
                    }
                });
                if !may {
                    return;
                }
                Step::Transmit
            }
        };
        self.installs = Some((now + self.config.install, step));
    }

    fn installed(&mut self, now: Time, step: Step, out: &mut Vec<Action>) {
        let Some(latest) = &mut self.latest else { return };
        match step {
            Step::Receive => {
                latest.receives = true;
                out.push(Action::Receive(latest.sak));
            }
            Step::Transmit => {
                latest.transmits = true;
                out.push(Action::Transmit(latest.sak));
                self.counters.keys_used += 1;
                if let Some(old) = &mut self.old {
                    old.transmits = false;
                }
            }
        }
        if latest.receives && latest.transmits {
            self.retires = Some(now + self.config.retire);
            out.push(Action::Secured);
        }
        let principal = self.participants.iter().position(|own| Some(own.member.0) == self.principal);
        if let Some(index) = principal {
            self.send(now, index, out);
        }
    }

    /// The old key has served: frames under it are no longer received, and CAKs older than the principal's go.
    fn retire(&mut self, out: &mut Vec<Action>) {
        if let Some(old) = self.old.take() {
            out.push(Action::Retire(old.sak));
        }
        let principal = self.participants.iter().position(|own| Some(own.member.0) == self.principal);
        self.participants.drain(..principal.unwrap_or(0));
    }

    /// Nobody is left who shares the keys.
    fn close(&mut self, out: &mut Vec<Action>) {
        let used = [self.latest.take(), self.old.take()].into_iter().flatten();
        out.extend(used.filter(|used| used.receives).map(|used| Action::Retire(used.sak)));
        out.push(Action::Unsecured);
        (self.principal, self.installs, self.retires) = (None, None, None);
    }

    fn given(&mut self, key: ConnectivityKey, former: FormerKey, out: &mut Vec<Action>) {
        let identifier = self.random.below(u64::MAX);
        if former == FormerKey::Forgotten {
            self.participants.clear();
        }
        // A key of the same name takes the place of the one before.
        self.participants.retain(|own| own.key.name != key.name);
        self.participants.push(Participant::new(key, identifier));
        if self.principal.is_some() && self.principal().is_none() {
            self.close(out);
        }
    }

    fn forget(&mut self, out: &mut Vec<Action>) {
        if self.principal.is_some() {
            self.close(out);
        }
        for index in 0..self.participants.len() {
            let identifier = self.random.below(u64::MAX);
            self.participants[index] = Participant::new(self.participants[index].key, identifier);
        }
        self.fresh = Fresh::NotWanted;
        (self.light, self.hello, self.distributed) = (Light::Off, None, None);
    }

    fn send(&mut self, now: Time, index: usize, out: &mut Vec<Action>) {
        if self.light == Light::Off {
            return;
        }
        let rank = self.rank();
        let uses = [self.latest, self.old];
        let life = self.config.life;
        let participant = &mut self.participants[index];
        let member = participant.number(now, life);
        let is_principal = Some(member.0) == self.principal;
        let offered = self.latest.filter(|latest| is_principal && !participant.all_receive(latest.sak.key));
        let message = Mkpdu {
            port: self.port,
            key: participant.key,
            member,
            sci: rank.1,
            priority: rank.0,
            live: participant.list(Standing::Live),
            potential: participant.list(Standing::Potential),
            uses: is_principal.then_some(uses),
            distributed: offered.filter(|_| participant.is_server(rank)).map(|latest| latest.sak),
        };
        let bytes = length(&message, self.config.distributed);
        self.counters.sent += 1;
        out.push(Action::Send(message, bytes));
    }
}

/// Bytes of a message's frame without FCS, with a CKN of 32 bytes: Ethernet and EAPOL headers 18, Basic Parameter Set 64,
/// ICV 16; each list 4 and 16 a peer, SAK Use 44 (IEEE 802.1X 11.11, and as measured on the wire).
fn length(message: &Mkpdu, distributed: Bytes) -> Bytes {
    let list = |peers: &Vec<_>| if peers.is_empty() { 0 } else { 4 + 16 * peers.len() as u64 };
    let uses = if message.uses.is_some() { 44 } else { 0 };
    let key = message.distributed.map_or(0, |_| distributed.0);
    Bytes(18 + 64 + 16 + list(&message.live) + list(&message.potential) + uses + key)
}

mod repeats;

#[cfg(test)]
#[path = "agreement_tests.rs"]
mod tests;
