//! Members of a LAG that carry traffic: LACP and micro-BFD, where they run.

use crate::control::bfd;
use crate::control::lacp::{Action, Input, Lacp, PDU_SIZE};
use crate::ids::{Id, LinkId, PortId};
use crate::message::{Control, Lacpdu};
use crate::network::Watched;
use crate::sim::control_packets::ControlWay;
use crate::sim::event::Event;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// A micro-BFD session (RFC 7130) as its member sees it.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct MicroSession {
    /// Index of the session.
    pub session: usize,
    /// It is up at this end; at the beginning of time it counts as such.
    pub up: bool,
}

impl Run<'_> {
    /// At the beginning of time every member carries traffic.
    pub fn start_bundle(&mut self, link: LinkId) {
        for end in [0, 1] {
            for port in self.ports_from(link, end) {
                let mut actions = Vec::new();
                if let Some(lacp) = &mut self.member_end(port).lacp {
                    lacp.establish(Time::ZERO, &mut actions);
                }
                self.do_lacp(port, actions);
                if let Some(micro) = self.member_end(port).micro {
                    self.tell_bfd(micro.session, end, bfd::Input::Start);
                }
            }
        }
    }

    /// A member has carrier at this end, or has it no longer.
    pub fn bundle_sees_carrier(&mut self, port: PortId, carrier: bool) {
        self.tell_lacp(port, if carrier { Input::PortUp } else { Input::PortDown });
        if let Some(micro) = self.member_end(port).micro {
            let input = if carrier { bfd::Input::PathUp } else { bfd::Input::PathDown };
            self.tell_bfd(micro.session, self.network.ports[port].end, input);
        }
    }

    /// The timer of LACP at an end of a member fires.
    pub fn lacp_timer_fires(&mut self, port: PortId) {
        let fired = self.lacp_timers.fire(port.index(), self.now);
        if self.expired(fired, Event::Lacp(port)) {
            self.blame_link(self.network.ports[port].link);
            self.tell_lacp(port, Input::Timer);
        }
    }

    /// An LACPDU reaches the other end of its member.
    pub fn lacpdu_arrives(&mut self, message: Lacpdu) {
        self.tell_lacp(self.network.opposite(message.port), Input::Message(message));
    }

    fn tell_lacp(&mut self, port: PortId, input: Input) {
        let now = self.now;
        let mut actions = Vec::new();
        let Some(lacp) = &mut self.member_end(port).lacp else { return };
        lacp.handle(now, input, &mut actions);
        self.do_lacp(port, actions);
    }

    fn do_lacp(&mut self, port: PortId, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::SetTimer { at } => {
                    let at = at.max(self.after(Span::ZERO));
                    if let Some(serial) = self.lacp_timers.set(port.index(), at) {
                        self.schedule(Event::Lacp(port), at, serial);
                    }
                }
                Action::CancelTimer => self.lacp_timers.cancel(port.index()),
                Action::Send(message) => {
                    self.send_control(ControlWay::Member(port), Control::Lacp(message), PDU_SIZE);
                }
                Action::Changed(_) => self.mux_changed(port),
            }
        }
    }

    /// The member takes frames, sends them, or does so no longer.
    fn mux_changed(&mut self, port: PortId) {
        let state = self.member_end(port);
        let (collects, was_up) = (state.lacp.as_ref().is_some_and(Lacp::is_collecting), state.up);
        if collects && state.carrier {
            self.on_wire(self.network.opposite(port), |wire| wire.port.receiver_opened());
        }
        self.settle_member(port);
        let state = self.member_end(port);
        if state.up != was_up && state.carrier {
            self.note(port, "lacp");
        }
    }

    /// A micro-BFD session changed its state at an end.
    pub fn micro_session_changed(&mut self, session: usize, end: usize, up: bool) {
        let configured = &self.network.bfd_sessions[session];
        let Watched::Member(member) = configured.watched else { return };
        let port = self.network.links[configured.link].members[member].ports[end];
        if let Some(micro) = &mut self.member_end(port).micro {
            micro.up = up;
        }
        self.settle_member(port);
    }
}
