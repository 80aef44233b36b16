//! `fabricsim trace`: by which ways packets go at one instant, hop by hop.

use clap::Args;

use super::pause::{Answer, Instant, named, refuse};
use super::{Outcome, WrongInput};
use crate::ids::{AttachmentId, FlowId, Id};
use crate::network::Network;
use crate::report::inspect::{self, Detail};
use crate::sim::snapshot::{PathQuery, flows_between};
use crate::units::Bytes;

/// Size of a packet when no five-tuple and no option says another.
const USUAL_SIZE: Bytes = Bytes(1_000);

/// Arguments of `trace`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim trace scenarios/quickstart.toml --from vpc-aws --to vpc-google --at 31s\n  \
        fabricsim trace my.toml --from vpc-aws --to vpc-google --at 31s --flow web#3\n  \
        fabricsim trace my.toml --from vpc-aws --to vpc-google --all      every way hop by hop")]
pub(super) struct Trace {
    #[command(flatten)]
    instant: Instant,
    /// The attachment where packets begin.
    #[arg(long, value_name = "NAME")]
    from: String,
    /// The attachment where they end.
    #[arg(long, value_name = "NAME")]
    to: String,
    /// Only the ways of this flow entry, or of one of its five-tuples, such as web#3.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// Size of the IP packets in bytes [default: the mean of the first five-tuple between the two, else 1000].
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(20..=65_535))]
    size: Option<u32>,
    /// Tell every way hop by hop, not only the widest.
    #[arg(long)]
    all: bool,
}

impl Trace {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let loaded = self.instant.load()?;
        let query = self.query(&loaded.network, self.instant.problem(&loaded))?;
        let Some(mut paused) = self.instant.pause(&loaded) else { return Ok(Outcome::Interrupted) };
        let mut snapshot = paused.paths(&query);
        if self.flow.is_some() {
            snapshot.paths.retain(|path| !path.flows.is_empty());
        }
        let detail = if self.all { Detail::All } else { Detail::First };
        self.instant.print(&Answer {
            text: &|| inspect::paths_page(&loaded.network.title, &snapshot, detail),
            json: &|| inspect::paths_json(&snapshot),
        })
    }

    fn query(&self, network: &Network, time: Option<String>) -> Result<PathQuery, WrongInput> {
        let attachment = |option, name: &str| {
            let names = network.attachments.iter().map(|attachment| attachment.name.as_str());
            named(option, "attachment", name, names).map(AttachmentId::from_index)
        };
        let (from, to) = (attachment("--from", &self.from), attachment("--to", &self.to));
        let mut problems: Vec<String> = time.into_iter().collect();
        problems.extend([&from, &to].into_iter().filter_map(|end| end.clone().err()));
        let (Ok(from), Ok(to)) = (from, to) else { return Err(WrongInput(problems.join("\n"))) };
        if from == to {
            problems.push(format!("--to: packets from {} to itself go nowhere; name another attachment", self.to));
        }
        let flows = flows_between(network, from, to, self.flow.as_deref());
        if let (Some(flow), []) = (&self.flow, &flows[..]) {
            let all = flows_between(network, from, to, None);
            problems.push(format!(
                "--flow: {flow} is no flow from {} to {}; {}",
                self.from,
                self.to,
                some(network, &all)
            ));
        }
        refuse(problems)?;
        let size = self.size.map(|size| Bytes(size.into())).or_else(|| mean_size(network, flows.first().copied()));
        Ok(PathQuery { from, to, flows, size: size.unwrap_or(USUAL_SIZE) })
    }
}

fn mean_size(network: &Network, flow: Option<FlowId>) -> Option<Bytes> {
    let (bytes, packets) = network.flows[flow?].sizes.mean();
    Some(Bytes(bytes.div_ceil(packets.max(1))))
}

/// The entries of some flows, for the user who named another.
fn some(network: &Network, flows: &[FlowId]) -> String {
    let entries = flows.iter().filter_map(|flow| network.flows[*flow].entry);
    let mut names: Vec<&str> = entries.map(|entry| network.flow_entries[entry].name.as_str()).collect();
    names.dedup();
    if names.is_empty() { "there is none".to_owned() } else { format!("there are: {}", names.join(", ")) }
}
