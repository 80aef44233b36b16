//! Faults that no protocol notices: somebody does at last, and takes the component out of service.

use crate::ids::{FailureId, LinkId};
use crate::message::DropReason;
use crate::network::Wires;
use crate::sim::failing::Turn;
use crate::sim::record::DETECTED;
use crate::sim::run::Run;

impl Run<'_> {
    /// Routes are moved away from a link because of a fault there, or back: while sessions over it announce that they are
    /// about to go, and interior routing leaves it alone, packets still pass.
    pub fn costing_turns(&mut self, link: LinkId, failure: FailureId, turn: Turn) {
        let causes = &mut self.facts.costed_out[link];
        match turn {
            Turn::Begins => {
                causes.push(failure);
                self.is_detected(failure);
            }
            Turn::Ends => causes.retain(|cause| *cause != failure),
        }
        self.exports_over(link);
        self.announce_link(link);
    }

    /// Wires are shut because of a fault there.
    pub fn is_shut(&mut self, wires: Wires, failure: FailureId) {
        self.is_detected(failure);
        if let Some(entry) = self.facts.incidents[failure] {
            self.journal.ledger.shut(entry, self.now);
        }
        self.goes_dark(wires, failure, DropReason::PortDown);
    }

    /// Somebody notices a fault; what is done about it has that notice behind it.
    fn is_detected(&mut self, failure: FailureId) {
        let network = self.network;
        let failing = &network.failures[failure];
        let (Some(entry), Some(detection)) = (self.facts.incidents[failure], &failing.detection) else { return };
        let component = network.failing_component(&failing.kind);
        self.cause = Some(self.journal.ledger.notice(entry, self.now, &detection.by, component, DETECTED));
        self.lull_begins();
    }
}
