//! `fabricsim routes`: what every router knows at one instant, and why.

use std::net::IpAddr;

use clap::Args;
use ipnet::IpNet;

use super::pause::{Answer, Instant, named, refuse};
use super::{Outcome, WrongInput};
use crate::network::Network;
use crate::report::inspect;
use crate::sim::snapshot::{RouteEntry, RoutingSnapshot, Target};

/// Arguments of `routes`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim routes scenarios/quickstart.toml --at 31s --router aws-iad-a1\n  \
        fabricsim routes my.toml --at 31s --prefix 10.128.0.0/16 --json\n  \
        fabricsim routes my.toml --sessions       every session with its effective values")]
pub(super) struct Routes {
    #[command(flatten)]
    instant: Instant,
    /// Only this router.
    #[arg(long, value_name = "NAME")]
    router: Option<String>,
    /// Only prefixes that hold this one or lie in it; an address is a prefix. Without this, those of attachments.
    #[arg(long, value_name = "PREFIX", value_parser = parse_prefix)]
    prefix: Option<IpNet>,
    /// The BGP and BFD sessions with their state and every effective value, instead of routes.
    #[arg(long, conflicts_with = "prefix")]
    sessions: bool,
}

impl Routes {
    /// What `show --sessions` asks: all sessions when the first packet is sent.
    pub(super) const fn sessions_at(instant: Instant) -> Self {
        Self { instant, router: None, prefix: None, sessions: true }
    }

    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let loaded = self.instant.load()?;
        refuse(self.problems(&self.instant.problem(&loaded), &loaded.network))?;
        let title = &loaded.network.title;
        let Some(paused) = self.instant.pause(&loaded) else { return Ok(Outcome::Interrupted) };
        if self.sessions {
            let mut snapshot = paused.sessions();
            snapshot.bgp.retain(|end| self.wants(&end.router));
            snapshot.bfd.retain(|end| self.wants(&end.router));
            snapshot.routers.retain(|router| self.wants(&router.router));
            return self.instant.print(&Answer {
                text: &|| inspect::sessions_page(title, &snapshot),
                json: &|| inspect::sessions_json(&snapshot),
            });
        }
        let snapshot = self.selected(paused.routes());
        self.instant.print(&Answer {
            text: &|| inspect::routes_page(title, &snapshot),
            json: &|| inspect::routes_json(&snapshot),
        })
    }

    fn problems(&self, time: &Option<String>, network: &Network) -> Vec<String> {
        let mut problems: Vec<String> = time.iter().cloned().collect();
        let routers = || network.routers.iter().map(|router| router.name.as_str());
        problems.extend(self.router.iter().filter_map(|name| named("--router", "router", name, routers()).err()));
        let is_met = |wanted: &IpNet| network.destinations.iter().any(|known| overlap(wanted, &known.prefix));
        problems.extend(self.prefix.iter().filter(|wanted| !is_met(wanted)).map(|wanted| {
            format!("--prefix: no prefix of the scenario holds {wanted} or lies in it; see its [attachments]")
        }));
        problems
    }

    fn wants(&self, router: &str) -> bool {
        self.router.as_ref().is_none_or(|name| name == router)
    }

    fn selected(&self, mut snapshot: RoutingSnapshot) -> RoutingSnapshot {
        snapshot.routers.retain(|table| self.wants(&table.router));
        let wanted = |entry: &RouteEntry| match &self.prefix {
            Some(wanted) => entry.prefix.parse().is_ok_and(|prefix| overlap(wanted, &prefix)),
            None => matches!(entry.target, Target::Attachment(_)),
        };
        for table in &mut snapshot.routers {
            table.entries.retain(wanted);
        }
        snapshot
    }
}

fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

fn parse_prefix(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let prefix = text.parse::<IpNet>().or_else(|_| address());
    prefix.map(|prefix| prefix.trunc()).map_err(|_| "write a prefix such as 10.0.0.0/16, or an address".to_owned())
}
