//! `fabricsim validate`: is this program right?

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{counted, note, print};
use super::run::not_written;
use super::{Outcome, WrongInput};
use crate::report::validate::{Asked, validate_json, validate_page, write_validate};
use crate::study::validate::{Cost, ORACLES, Oracle, Row};

/// Arguments of `validate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim validate --quick              the cheap oracles, some seconds\n  \
        fabricsim validate                      all of them, some minutes\n  \
        fabricsim validate --only months,rules  oracles whose names contain one of these words\n\n\
        Exit code 1 when a figure is not what it must be. docs/validation.md says what is held against what.")]
pub(super) struct Validate {
    /// Leave out what takes minutes.
    #[arg(long)]
    quick: bool,
    /// Ask only the oracles whose names contain one of these words.
    #[arg(long, value_name = "WORD", value_delimiter = ',')]
    only: Vec<String>,
    /// Folder for the results.
    #[arg(long, value_name = "DIR", default_value = "results/validate")]
    out: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// No progress and no notes.
    #[arg(long)]
    quiet: bool,
}

impl Validate {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let oracles = self.oracles()?;
        // Before the work, so that nobody waits for a result that cannot be kept.
        std::fs::create_dir_all(&self.out).map_err(|error| not_written(&self.out, &error))?;
        let asked = self.ask(&oracles);
        print(&if self.json { validate_json(&asked) } else { validate_page(&asked) })?;
        let files = write_validate(&self.out, &asked).map_err(|error| not_written(&self.out, &error))?;
        if !self.quiet {
            note(&format!("{} written to {}", counted(files.len(), "file"), self.out.display()));
        }
        let holds = asked.iter().flat_map(|(_, rows)| rows).all(Row::holds);
        Ok(if holds { Outcome::Done } else { Outcome::NotMet })
    }

    fn oracles(&self) -> Result<Vec<Oracle>, WrongInput> {
        let named =
            |oracle: &Oracle| self.only.is_empty() || self.only.iter().any(|word| oracle.name.contains(word.as_str()));
        let affordable = |oracle: &Oracle| !self.quick || oracle.cost == Cost::Seconds;
        let chosen: Vec<Oracle> =
            ORACLES.iter().filter(|oracle| named(oracle) && affordable(oracle)).copied().collect();
        if chosen.is_empty() {
            let names: Vec<&str> = ORACLES.iter().map(|oracle| oracle.name).collect();
            return Err(WrongInput(format!("--only: no oracle has this name; there are {}", names.join(", "))));
        }
        Ok(chosen)
    }

    /// One after another, so that each may use all cores.
    fn ask(&self, oracles: &[Oracle]) -> Vec<Asked> {
        let target = if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  {elapsed} gone").expect("a valid template");
        let bar = ProgressBar::with_draw_target(Some(oracles.len() as u64), target).with_style(style);
        let ask = |oracle: &Oracle| {
            bar.set_message(oracle.name);
            bar.tick();
            let rows = (oracle.rows)();
            bar.inc(1);
            (*oracle, rows)
        };
        let asked = oracles.iter().map(ask).collect();
        bar.finish_and_clear();
        asked
    }
}
