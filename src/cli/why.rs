//! `fabricsim why`: where, of what and in which incident one packet died, and what routers knew at that moment.

use clap::Args;

use super::pause::{Answer, Instant, refuse};
use super::{Outcome, WrongInput};
use crate::ids::{AttachmentId, FlowId, Id};
use crate::network::{DestinationKind, Fidelity, Network};
use crate::report::inspect;
use crate::sim::snapshot::{FateSnapshot, PathQuery, PathSnapshot, RoutingSnapshot};
use crate::units::{Bytes, Span};

/// A packet that was sent is somewhere within this time, or has died.
const LONGEST_WAY: Span = Span::from_s(10);

/// Arguments of `why`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim why scenarios/quickstart.toml --flow web#3 --at 30.05s\n  \
        fabricsim why my.toml --flow web --packet 1876\n\n\
        The first packet of the five-tuple that is sent at --at or after it, or the one with this number. A flow entry \
        stands for its first five-tuple. Traffic goes as packets, whatever the scenario's fidelity.")]
pub(super) struct Why {
    #[command(flatten)]
    instant: Instant,
    /// The flow entry, or one of its five-tuples, such as web#3.
    #[arg(long, value_name = "NAME")]
    flow: String,
    /// The packet's number in its five-tuple, from 1, instead of a time.
    #[arg(long, value_name = "N", conflicts_with = "at", value_parser = clap::value_parser!(u32).range(1..))]
    packet: Option<u32>,
}

/// A packet with what was around it when it died.
pub(super) struct Answered {
    fate: FateSnapshot,
    /// The way of its five-tuple then, and the tables of the router where it died.
    around: Option<(PathSnapshot, RoutingSnapshot)>,
}

impl Why {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let mut loaded = self.instant.load()?;
        loaded.network.fidelity = Fidelity::Packet;
        let network = &loaded.network;
        let flow = flow(network, &self.flow);
        refuse(self.instant.problem(&loaded).into_iter().chain(flow.clone().err()).collect())?;
        let Ok(flow) = flow else { return Ok(Outcome::Done) };
        let Some(answered) = self.look(network, flow, loaded.seed) else { return Ok(Outcome::Interrupted) };
        let (fate, around) = (&answered.fate, answered.around.as_ref());
        self.instant.print(&Answer {
            text: &|| inspect::fate_page(&network.title, fate, around),
            json: &|| inspect::fate_json(fate, around),
        })
    }

    /// Runs to the packet, on until its fate is known, and once more to where it died.
    fn look(&self, network: &Network, flow: FlowId, seed: u64) -> Option<Answered> {
        let horizon = network.horizon;
        let asked = self.instant.at();
        let (number, until) = match self.packet {
            Some(number) => (number, horizon),
            None => {
                // What is sent at the very instant is still to come.
                let before = asked.saturating_sub(Span::from_ps(1));
                let sent = match asked {
                    Span::ZERO => 0,
                    _ => self.instant.pause_at(network, seed, before, None)?.packets_sent(flow),
                };
                (sent + 1, horizon.min(asked + LONGEST_WAY))
            }
        };
        let fate = self.instant.pause_at(network, seed, until, Some(flow))?.fate(flow, number);
        let around = match &fate.death {
            None => None,
            Some(death) => {
                let mut paused = self.instant.pause_at(network, seed, death.at, None)?;
                let query = query(network, flow);
                let mut paths = paused.paths(&query);
                paths.paths.retain(|path| !path.flows.is_empty());
                let mut routes = paused.routes();
                let prefix = network.destinations[network.flows[flow].destination].prefix.to_string();
                routes.routers.retain(|table| table.router == death.router);
                routes.routers.iter_mut().for_each(|table| table.entries.retain(|entry| entry.prefix == prefix));
                Some((paths, routes))
            }
        };
        Some(Answered { fate, around })
    }
}

/// The five-tuple of a name: "web#0003", "web#3", or the first one of "web".
fn flow(network: &Network, name: &str) -> Result<FlowId, String> {
    let (entry, index) = match name.rsplit_once('#') {
        Some((entry, digits)) if digits.parse::<usize>().is_ok() => (entry, digits.parse().unwrap_or(0)),
        Some(_) | None => (name, 0),
    };
    let is_of_entry = |of: &crate::network::Flow| of.entry.is_some_and(|of| network.flow_entries[of].name == entry);
    let mut of_entry = network.flows.enumerate().filter(|(_, flow)| is_of_entry(flow)).map(|(id, _)| id);
    of_entry.nth(index).ok_or_else(|| {
        let names: Vec<&str> = network.flow_entries.iter().map(|entry| entry.name.as_str()).collect();
        format!("--flow: {name} is no five-tuple; there are those of {}, counted from 0: web#3", names.join(", "))
    })
}

fn query(network: &Network, flow: FlowId) -> PathQuery {
    let configured = &network.flows[flow];
    let from = network.attachments.ids().find(|id| network.attachments[*id].edge == configured.edge);
    let to = match network.destinations[configured.destination].kind {
        DestinationKind::Attachment(attachment) => attachment,
        DestinationKind::Loopback => AttachmentId::from_index(0),
    };
    let (bytes, packets) = configured.sizes.mean();
    let size = Bytes(bytes.div_ceil(packets.max(1)));
    PathQuery { from: from.unwrap_or(AttachmentId::from_index(0)), to, flows: vec![flow], size }
}
