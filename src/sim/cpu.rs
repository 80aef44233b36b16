//! Processors that hang: what they should do waits, what they are told is lost, and line cards go on.

use crate::ids::{Id, IdVec, RouterId, SessionId};
use crate::message::Control;
use crate::network::{LivenessPlace, Network};
use crate::sim::event::{BFD_TIMERS, BGP_TIMERS, Event};
use crate::sim::run::Run;
use crate::units::Span;

/// The processors of all routers.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Processors {
    /// Failures by which each hangs.
    hung: IdVec<RouterId, u32>,
    /// What came up meanwhile, in order.
    waiting: Vec<(RouterId, Work)>,
}

/// Work of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Inputs of BGP.
    Inputs,
    /// BGP's choice among what it has learned.
    Decision,
    /// A timer: session, end, kind.
    Bgp(SessionId, usize, usize),
    /// A timer: session, end, kind.
    Bfd(usize, usize, usize),
}

impl Processors {
    /// All run.
    pub fn new(network: &Network) -> Self {
        Self { hung: network.routers.iter().map(|_| 0).collect(), waiting: Vec::new() }
    }

    pub fn hangs(&self, router: RouterId) -> bool {
        self.hung[router] > 0
    }
}

impl Run<'_> {
    /// A router's processor hangs: BGP there, and BFD where it runs on the processor, stand still.
    pub fn processor_hangs(&mut self, router: RouterId) {
        self.cpus.hung[router] += 1;
    }

    /// It goes on with what came up meanwhile.
    pub fn processor_resumes(&mut self, router: RouterId) {
        self.cpus.hung[router] -= 1;
        if self.cpus.hangs(router) {
            return;
        }
        let at = self.after(Span::ZERO);
        for (of, work) in std::mem::take(&mut self.cpus.waiting) {
            if of != router {
                self.cpus.waiting.push((of, work));
                continue;
            }
            let (event, serial) = match work {
                Work::Inputs => (Event::Process(router), self.processors[router].put_off(at)),
                Work::Decision => (Event::Decide(router), Some(0)),
                Work::Bgp(session, end, kind) => {
                    let timer = (session.index() * 2 + end) * BGP_TIMERS + kind;
                    (Event::BgpTimer(session, end, kind), self.bgp_timers.put_off(timer, at))
                }
                Work::Bfd(session, end, kind) => {
                    let timer = (session * 2 + end) * BFD_TIMERS + kind;
                    (Event::BfdTimer(session, end, kind), self.bfd_timers.put_off(timer, at))
                }
            };
            if let Some(serial) = serial {
                self.schedule(event, at, serial);
            }
        }
    }

    /// Keeps what a processor that hangs should do; true when it is kept.
    pub fn waits_for_processor(&mut self, event: Event) -> bool {
        let (router, work) = match event {
            Event::Process(router) => (router, Work::Inputs),
            Event::Decide(router) => (router, Work::Decision),
            Event::BgpTimer(session, end, kind) => {
                (self.network.sessions[session].ends[end].router, Work::Bgp(session, end, kind))
            }
            Event::BfdTimer(session, end, kind) if self.on_processor(self.bfd_router(session, end)) => {
                (self.bfd_router(session, end), Work::Bfd(session, end, kind))
            }
            Event::BfdTimer(..)
            | Event::SecondBegins
            | Event::FailureBegins(_)
            | Event::FailureEnds(_)
            | Event::StageBegins(_)
            | Event::StageEnds(_)
            | Event::Change(_)
            | Event::Coordination(_)
            | Event::Migration(_)
            | Event::Carrier(_)
            | Event::KeyAgreement(_)
            | Event::Lacp(_)
            | Event::Interior(_)
            | Event::Install(_)
            | Event::Control(_)
            | Event::Wire(_)
            | Event::Release(_)
            | Event::Late(_)
            | Event::Source(_)
            | Event::FlowTimer(_)
            | Event::Rates
            | Event::Fidelity => return false,
        };
        let hangs = self.cpus.hangs(router);
        if hangs {
            self.cpus.waiting.push((router, work));
        }
        hangs
    }

    /// Whether a control message is lost on a processor that hangs.
    pub fn is_lost_on_processor(&self, router: RouterId, control: &Control) -> bool {
        self.cpus.hangs(router)
            && match control {
                Control::Bgp(_) => true,
                Control::Bfd(_) => self.on_processor(router),
                Control::Mka(_) | Control::Lacp(_) => false,
            }
    }

    /// Whether BFD of a router stands still with its processor.
    pub fn liveness_hangs(&self, router: RouterId) -> bool {
        self.cpus.hangs(router) && self.on_processor(router)
    }

    fn on_processor(&self, router: RouterId) -> bool {
        self.network.routers[router].liveness == LivenessPlace::Processor
    }
}
