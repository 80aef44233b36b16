//! The command line: arguments in, text and an exit code out. One file per command.
//!
//! ```text
//! argv -> Arguments -> command -> Outcome -> exit code
//! ```

mod bench;
mod check;
mod gate;
mod input;
mod interrupt;
mod new;
mod output;
mod pause;
mod progress;
mod repeat;
mod routes;
mod run;
mod show;
mod study;
mod sweep;
mod trace;
mod validate;
mod why;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Packet-level simulator of MACsec-protected multicloud interconnects: latency, loss and availability.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Example, from nothing to a report:\n  \
        fabricsim new quickstart my.toml\n  \
        fabricsim run my.toml          writes results/my/report.html\n\n\
        Exit codes: 0 done; 1 an expectation or the gate failed; 2 the input is wrong; 130 interrupted."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Validate scenarios without running them; folders are searched for *.toml.
    Check(check::Check),
    /// Run a scenario, print the verdict and write the report.
    Run(run::Run),
    /// Print the effective scenario with every default written out; the result can be run again.
    Show(show::Show),
    /// Print the routing and forwarding tables at one instant, and why each route won or lost.
    Routes(routes::Routes),
    /// Print by which ways packets go at one instant, hop by hop with delays.
    Trace(trace::Trace),
    /// Ask in how many SLA periods a design keeps its promise, what breaks it, and what decides that.
    Study(Box<study::Study>),
    /// Print why one packet was lost: where, of what, in which incident, and what routers knew.
    Why(why::Why),
    /// Run a grid of values, each point with the same seeds, and compare them.
    Sweep(sweep::Sweep),
    /// Print or write a commented starter scenario.
    New(new::New),
    /// Measure this program: speed beside a bare loop, waits against theory, other simulators.
    Bench(bench::Bench),
    /// Hold this program against figures that are known from outside it.
    Validate(validate::Validate),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Done,
    /// The run is complete, but an `[expect]` or the gate failed.
    NotMet,
    /// The user stopped it; what there was is written.
    Interrupted,
}

/// Why a command could not do what was asked: a sentence with the remedy, for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WrongInput(String);

impl Outcome {
    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotMet => 1,
            // 128 + SIGINT, as shells report it.
            Self::Interrupted => 130,
        }
    }
}

/// The exit code of wrong input; clap uses the same for wrong arguments.
const WRONG_INPUT: u8 = 2;

/// Reads the process's arguments, does what they ask, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check(check) => check.execute(),
        Command::Run(run) => run.execute(),
        Command::Show(show) => show.execute(),
        Command::Routes(routes) => routes.execute(),
        Command::Trace(trace) => trace.execute(),
        Command::Study(study) => study.execute(),
        Command::Why(why) => why.execute(),
        Command::Sweep(sweep) => sweep.execute(),
        Command::New(new) => new.execute(),
        Command::Bench(bench) => bench.execute(),
        Command::Validate(validate) => validate.execute(),
    };
    match result {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(WrongInput(message)) => {
            output::note(&message);
            ExitCode::from(WRONG_INPUT)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent_and_each_help_has_an_example() {
        let mut command = Arguments::command();
        command.clone().debug_assert();
        for name in ["check", "run", "show", "routes", "trace", "study", "sweep", "new", "bench", "validate"] {
            let help = command.find_subcommand_mut(name).expect(name).render_long_help().to_string();
            assert!(help.contains("Example"), "{name}: {help}");
        }
    }
}
