//! MACsec keys of member links: agreed by MKA messages, or after a time, and what both sides of a wire then do.
//!
//! ```text
//! MKPDU, timer, light -> key agreement of a port -> its own wire sends under ..., the opposite one is received under ...
//! ```

use crate::control::mka::{
    Action, Exhaustion, Input, KeyAgreement, MkpduCounters, TimedAction, TimedInput, TimedKeys, TimedState,
};
use crate::dataplane::{Associations, Cover, SecureTransmitter};
use crate::ids::{FailureId, Id, LinkId, PortId};
use crate::message::{ConnectivityKey, Control, KeyIdentifier, Mkpdu, Sak};
use crate::network::{
    Agreement, FormerKey, MacsecConfig, Network, PacketNumberWidth, Reflection, SecureKey, SecurePolicy, WrongKey,
};
use crate::rng::RunSeed;
use crate::sim::control_packets::ControlWay;
use crate::sim::event::Event;
use crate::sim::partition::Wire;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// The keys of one end of a member.
#[derive(Debug, Clone)]
pub(in crate::sim) enum Keys {
    /// They come after a time.
    Timed(TimedKeys),
    /// They are agreed by messages.
    Mka(Box<KeyAgreement>, MacsecConfig),
}

impl Keys {
    /// Of the end that sends by a port; none without MACsec.
    pub fn new(network: &Network, port: PortId, seed: RunSeed) -> Option<Self> {
        let configured = &network.ports[port];
        let config = configured.macsec?;
        Some(match config.agreement {
            Agreement::Timed { agreement, life } => Self::Timed(TimedKeys::new(config.key, agreement, life)),
            Agreement::Mka(mka) => {
                let secret = match config.key {
                    SecureKey::Agreed => 0,
                    SecureKey::Mismatched => u32::try_from(configured.end).expect("0 or 1"),
                };
                let random = seed.stream(&configured.name, "mka");
                let keys = KeyAgreement::new(mka, port, ConnectivityKey { name: 0, secret }, random);
                Self::Mka(Box::new(keys), config)
            }
        })
    }

    /// Whether the keys let a member be up that has its carrier. Those that can never agree leave it up, and it drops
    /// all. Keys are agreed before a member comes up; that they are lost takes it down only where the line shows it.
    pub fn let_up(&self, is_up: bool) -> bool {
        match self {
            Self::Timed(keys) => match keys.state() {
                TimedState::Secured | TimedState::Failed => true,
                TimedState::Dark | TimedState::Agreeing(_) | TimedState::Retained(_) => is_up,
            },
            Self::Mka(keys, config) => {
                keys.is_secured()
                    || match (config.policy, config.reflection) {
                        (SecurePolicy::ShouldSecure, _) => true,
                        (SecurePolicy::MustSecure, Reflection::Nobody) => is_up,
                        (SecurePolicy::MustSecure, Reflection::OnLine) => false,
                    }
            }
        }
    }
}

/// Which connectivity association key an end holds, and what is wrong with keys and messages.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct KeyRing {
    /// How often it was rotated.
    name: u32,
    /// Failures by which it is wrong, and by which those that it is given are.
    wrong_held: u32,
    wrong_given: u32,
    /// Failures that lose the messages it sends.
    pub unheard: Vec<FailureId>,
}

impl Run<'_> {
    /// At the beginning of time keys are agreed and in use, unless they differ.
    pub fn start_keys(&mut self, link: LinkId) {
        let network = self.network;
        for member in &network.links[link].members {
            self.establish(member.ports);
            for port in member.ports {
                self.keys_see_light(port, true);
                self.tell_timed(port, TimedInput::Timer);
                if !self.can_agree(port) {
                    self.transmit_without_key(port);
                }
            }
        }
    }

    /// The two ends of a member that use MKA know each other and a SAK.
    fn establish(&mut self, ports: [PortId; 2]) {
        let Some(config) = self.network.ports[ports[0]].macsec else { return };
        let (link, member) = (self.network.ports[ports[0]].link, self.network.ports[ports[0]].member);
        let ends = self.link_ends[link].each_mut().map(|end| end.members[member].keys.as_mut());
        let [Some(Keys::Mka(one, _)), Some(Keys::Mka(other, _))] = ends else { return };
        let keys = match config.key {
            SecureKey::Agreed => {
                Associations::new(config.policy, KeyAgreement::establish([one, other], Time::ZERO).key)
            }
            SecureKey::Mismatched => {
                let nobodys = KeyIdentifier { server: 0, number: 0 };
                let mut keys = Associations::new(config.policy, nobodys);
                keys.retire(nobodys);
                keys
            }
        };
        for port in ports {
            self.on_wire(port, |wire| wire.keys = Some(Box::new(keys.clone())));
            self.on_wire(port, |wire| wire.change_keys(|_| ()));
        }
    }

    /// Whether the ends of a member hold keys that can be agreed on at the beginning.
    pub fn can_agree(&self, port: PortId) -> bool {
        self.network.ports[port].macsec.is_none_or(|config| config.key == SecureKey::Agreed)
    }

    /// Light comes or goes at an end of a member.
    pub fn keys_see_light(&mut self, port: PortId, light: bool) {
        self.tell_timed(port, if light { TimedInput::LightUp } else { TimedInput::LightDown });
        self.tell_mka(port, if light { Input::LightUp } else { Input::LightDown });
    }

    /// The keys' timer of this end fires.
    pub fn key_timer_fires(&mut self, port: PortId) {
        let fired = self.key_timers.fire(port.index(), self.now);
        if self.expired(fired, Event::KeyAgreement(port)) {
            if self.wake_keys(port) {
                return;
            }
            self.blame_link(self.network.ports[port].link);
            self.tell_timed(port, TimedInput::Timer);
            if self.keys_rest(port) {
                return;
            }
            let exhaustion = self.exhaustion(port);
            self.tell_mka(port, Input::Timer(exhaustion));
        }
    }

    /// A key agreement message reaches the other end of its member.
    pub fn mkpdu_arrives(&mut self, message: Mkpdu) {
        self.tell_mka(self.network.opposite(message.port), Input::Message(message));
    }

    /// What MKA counted at the end that sends by a port.
    pub fn mkpdu_counters(&self, port: PortId) -> Option<MkpduCounters> {
        let at = &self.network.ports[port];
        match self.link_ends[at.link][at.end].members[at.member].keys.as_ref()? {
            Keys::Timed(_) => None,
            Keys::Mka(keys, _) => Some(keys.counters()),
        }
    }

    /// The end that sends by a port is given its next key.
    pub fn key_rotates(&mut self, port: PortId, former: FormerKey) {
        let ring = &mut self.key_rings[port];
        ring.name += 1;
        let is_wrong = ring.wrong_held + ring.wrong_given > 0;
        self.give_key(port, is_wrong, former);
    }

    /// A failure gives the end that sends by a port a wrong key, at once or with the next rotation.
    pub fn key_goes_wrong(&mut self, port: PortId, which: WrongKey) {
        match which {
            WrongKey::Held => {
                self.key_rings[port].wrong_held += 1;
                self.give_key(port, true, FormerKey::Forgotten);
            }
            WrongKey::Given => self.key_rings[port].wrong_given += 1,
        }
    }

    /// The failure is over: the end is given the right key.
    pub fn key_is_right(&mut self, port: PortId, which: WrongKey) {
        let ring = &mut self.key_rings[port];
        let former = match which {
            WrongKey::Held => {
                ring.wrong_held -= 1;
                FormerKey::Forgotten
            }
            WrongKey::Given => {
                ring.wrong_given -= 1;
                FormerKey::Kept
            }
        };
        if ring.wrong_held + ring.wrong_given == 0 {
            self.give_key(port, false, former);
        }
    }

    fn give_key(&mut self, port: PortId, is_wrong: bool, former: FormerKey) {
        let end = u32::try_from(self.network.ports[port].end).expect("0 or 1");
        let secret = if is_wrong { 1 + end } else { 0 };
        let key = ConnectivityKey { name: self.key_rings[port].name, secret };
        self.tell_mka(port, Input::Key(key, former));
    }

    /// The latest failure that loses the messages sent by a port.
    pub fn loses_mkpdus(&self, port: PortId) -> Option<FailureId> {
        self.key_rings[port].unheard.last().copied()
    }

    /// How far the packet numbers of both directions are spent: the other end tells its own in its messages.
    fn exhaustion(&mut self, port: PortId) -> Exhaustion {
        let Some(config) = self.network.ports[port].macsec else { return Exhaustion::Far };
        if self.flow_level.is_rates() && config.packet_numbers == PacketNumberWidth::Bits32 {
            self.account(self.now);
        }
        let pending = config.pending_packet_number();
        let next = |port: PortId| self.wire(port).port.secure().and_then(SecureTransmitter::next);
        let is_far = |port: PortId| next(port).is_some_and(|next| next < pending);
        if is_far(port) && is_far(self.network.opposite(port)) { Exhaustion::Far } else { Exhaustion::Pending }
    }

    pub fn arm_keys(&mut self, port: PortId, at: Time) {
        let at = at.max(self.after(Span::ZERO));
        if let Some(serial) = self.key_timers.set(port.index(), at) {
            self.schedule(Event::KeyAgreement(port), at, serial);
        }
    }

    fn tell_timed(&mut self, port: PortId, input: TimedInput) {
        let now = self.now;
        let mut actions = Vec::new();
        let Some(Keys::Timed(keys)) = &mut self.member_end(port).keys else { return };
        let before = keys.state();
        keys.handle(now, input, &mut actions);
        for action in actions {
            match action {
                TimedAction::SetTimer { at } => self.arm_keys(port, at),
                TimedAction::CancelTimer => self.key_timers.cancel(port.index()),
                // At the beginning of time the configured first packet number holds.
                TimedAction::Secured if matches!(before, TimedState::Retained(_)) || now == Time::ZERO => {
                    self.on_secured_port(port, SecureTransmitter::secure);
                    self.settle_member(port);
                }
                TimedAction::Secured => {
                    self.on_secured_port(port, |secure| secure.rekey(0));
                    self.on_wire(port, Wire::rekey);
                    self.note(port, "keys");
                    self.settle_member(port);
                }
                TimedAction::Unsecured => {
                    self.on_secured_port(port, SecureTransmitter::unsecure);
                    self.settle_member(port);
                }
            }
        }
    }

    /// Gives the MKA of an end an input and does what it wants.
    pub fn tell_mka(&mut self, port: PortId, input: Input) {
        self.wake_keys(port);
        let now = self.now;
        let mut actions = Vec::new();
        let Some(Keys::Mka(keys, _)) = &mut self.member_end(port).keys else { return };
        let was_secured = keys.is_secured();
        keys.handle(now, input, &mut actions);
        for action in actions {
            match action {
                Action::SetTimer { at } => self.arm_keys(port, at),
                Action::CancelTimer => self.key_timers.cancel(port.index()),
                Action::Send(message, bytes) => {
                    let size = self.wire(port).port.uncontrolled_size(bytes);
                    self.send_control(ControlWay::Uncontrolled(port), Control::Mka(message), size);
                }
                Action::Receive(sak) => {
                    self.receive_under(port, |keys| keys.receive(sak.key));
                    self.receive_before_sending(port);
                }
                Action::Retire(sak) => self.receive_under(port, |keys| keys.retire(sak.key)),
                Action::Transmit(sak) => self.transmit_under(port, sak),
                Action::Secured => {
                    if !was_secured {
                        self.note(port, "keys");
                    }
                    self.settle_member(port);
                }
                Action::Unsecured => self.transmit_without_key(port),
            }
        }
    }

    /// The wire towards this end is received under other keys.
    fn receive_under(&mut self, port: PortId, change: impl Fn(&mut Associations)) {
        self.paths_changed = true;
        self.on_wire(self.network.opposite(port), |wire| wire.change_keys(&change));
    }

    /// The other end may send first: what it sends is taken although this end is not up yet.
    fn receive_before_sending(&mut self, port: PortId) {
        if self.member_end(port).carrier {
            self.on_wire(self.network.opposite(port), |wire| wire.port.receiver_opened());
        }
    }

    /// This end sends under a key from now on.
    fn transmit_under(&mut self, port: PortId, sak: Sak) {
        let now = self.now;
        // What was sent before is not numbered under this key.
        self.wake_link(self.network.ports[port].link);
        let is_new = self.wire(port).keys.as_ref().is_none_or(|keys| keys.latest() != sak.key);
        if is_new {
            let (wire, store) = self.wire_and_store(port);
            wire.port.rekey(store, now);
        }
        self.on_secured_port(port, SecureTransmitter::secure);
        let cover = Cover::Key(sak.key);
        self.on_wire(port, |wire| wire.change_keys(|keys| keys.send(now, cover)));
    }

    /// This end has no key left: fail closed, or send in clear.
    fn transmit_without_key(&mut self, port: PortId) {
        let now = self.now;
        match self.network.ports[port].macsec.map(|config| config.policy) {
            Some(SecurePolicy::ShouldSecure) => {
                self.on_secured_port(port, SecureTransmitter::pass_clear);
                self.on_wire(port, |wire| wire.change_keys(|keys| keys.send(now, Cover::Clear)));
            }
            Some(SecurePolicy::MustSecure) | None => self.on_secured_port(port, SecureTransmitter::unsecure),
        }
        if self.is_powered(self.network.ports[port].from) && now > Time::ZERO {
            self.note(port, "mka");
        }
        self.settle_member(port);
    }

    /// Keys do not survive a loss of power. Where a time stands for messages both ends agree anew when light is back.
    pub fn lose_keys(&mut self, link: LinkId, end: usize) {
        let network = self.network;
        for member in &network.links[link].members {
            self.tell_mka(member.ports[end], Input::PowerLoss);
            for port in member.ports {
                if let Some(Keys::Timed(_)) = &self.member_end(port).keys {
                    self.key_timers.cancel(port.index());
                    let seed = self.seed;
                    self.member_end(port).keys = Keys::new(network, port, seed);
                }
            }
        }
    }

    fn on_secured_port(&mut self, port: PortId, change: fn(&mut SecureTransmitter)) {
        self.paths_changed = true;
        self.wake_link(self.network.ports[port].link);
        self.used_up[port] = false;
        let wire = self.wire_mut(port);
        wire.used_up = false;
        if let Some(secure) = wire.port.secure_mut() {
            change(secure);
        }
    }
}
