//! `fabricsim show`: what will really be simulated?

use std::path::PathBuf;

use clap::Args;

use super::output::{note, print};
use super::pause::Instant;
use super::routes::Routes;
use super::{Outcome, WrongInput, input};
use crate::report::inspect;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "Example, the same run with every default in sight:\n  \
        fabricsim show scenarios/quickstart.toml > explicit.toml\n  \
        fabricsim run explicit.toml\n\n\
        Every BGP and BFD session with the values it runs by:\n  \
        fabricsim show scenarios/quickstart.toml --sessions\n\n\
        What counts as unavailable, by the rules of the scenario and by every preset:\n  \
        fabricsim show scenarios/quickstart.toml --rules")]
pub(super) struct Show {
    /// Scenario file; - reads standard input.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Change one value of the scenario, such as horizon="20 s"; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// The sessions when the first packet is sent, with every effective value; as routes --sessions does.
    #[arg(long)]
    sessions: bool,
    /// The counting rules of the scenario and all presets, each with where it comes from and what of it is assumed.
    #[arg(long, conflicts_with = "sessions")]
    rules: bool,
}

impl Show {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        if self.sessions {
            return Routes::sessions_at(Instant::begin(self.scenario.clone(), self.overrides.clone())).execute();
        }
        let loaded = input::load(&self.scenario, &self.overrides)?;
        if !loaded.warnings.is_empty() {
            note(&input::warnings(&loaded));
        }
        let rules = &loaded.network.availability.rules;
        if self.rules {
            print(&inspect::rules_page(&loaded.network.title, rules))?;
        } else {
            print(&format!("{}\n{}", loaded.effective.trim_end(), inspect::rule_comments(rules)))?;
        }
        Ok(Outcome::Done)
    }
}
