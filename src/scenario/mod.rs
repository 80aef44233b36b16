//! What the user wrote, and its way to a checked network.
//!
//! ```text
//! text -> values + where they stand -> --set -> templates -> File (as written) -> defaults -> Network -> checks
//!         source.rs                    overrides expand.rs    file.rs              defaults.rs resolve/   checks.rs
//! ```
//! Nothing stops at the first error: every step notes problems and goes on.

mod checks;
mod defaults;
mod expand;
mod fabrics;
mod file;
mod overrides;
mod packs;
mod problem;
mod profiles;
mod read;
mod resolve;
mod show;
mod source;
mod starters;
mod templates;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use problem::{Origin, Problem, Problems, Severity};
pub use starters::{Starter, starters};
pub use templates::{Template, template_names};

use crate::network::Network;
use crate::rng::named_hash;
use file::File;
use read::Reader;
use source::Source;

/// A scenario that can be run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file's name without its extension.
    pub name: String,
    /// The validated world.
    pub network: Network,
    /// Worth knowing, but no reason not to run.
    pub warnings: Vec<Problem>,
    /// The scenario as TOML with every default written out; loading it gives the same network.
    pub effective: String,
    /// 16 hex digits: a hash of `effective` and of the traces that it names.
    pub hash: String,
    /// The seed that the scenario asks for; 1 unless it says otherwise.
    pub seed: u64,
}

/// Reads and checks a scenario file, after applying overrides such as "flows.web.rate=10 Mbps".
///
/// # Errors
/// Every problem of the file at once.
pub fn load(path: &Path, overrides: &[String]) -> Result<Loaded, Problems> {
    let shown = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, &shown, overrides),
        Err(error) => {
            let remedy = "name a scenario file, or make one with \"fabricsim new\"";
            let mut problem = Problem::error("", format!("cannot be read: {error}"), remedy);
            problem.file = shown;
            Err(Problems::new(vec![problem], ""))
        }
    }
}

/// Checks a scenario given as text; `file_name` is what problems call it, and files it names lie in its folder.
///
/// # Errors
/// Every problem of the text at once.
pub fn parse(text: &str, file_name: &str, overrides: &[String]) -> Result<Loaded, Problems> {
    let (mut source, mut table, mut problems) = Source::parse(text, file_name);
    if !problems.is_empty() {
        return Err(Problems::new(problems, text));
    }
    problems.extend(overrides::apply(&mut table, &mut source, overrides));
    let (table, fabrics) = expand::expand(table, &mut problems);
    let mut file = File::read(table, &mut problems);
    defaults::fill(&mut file);
    let mut reader = Reader { problems };
    let folder = Path::new(file_name).parent().unwrap_or(Path::new(""));
    let network = resolve::resolve(&file, folder, &mut reader);
    let seed = reader.number("seed", &file.top.seed, 0, i64::MAX as u64);
    if let Some(network) = &network {
        checks::check(network, &mut reader);
    }
    fabrics::tell_once(&mut reader.problems, &fabrics, &source);
    let mut problems: Vec<Problem> = reader.problems.into_iter().map(|problem| source.locate(problem)).collect();
    let wrong = problems.iter().any(|problem| problem.severity == Severity::Error);
    match network {
        Some(network) if !wrong => {
            problem::sort(&mut problems);
            let effective = show::show(&file);
            let traces = format!("{:016x}", network.traces_hash);
            let parts = ["scenario", &effective, &traces];
            // Without a trace the hash is that of the text alone.
            let parts = if network.traces_hash == 0 { &parts[..2] } else { &parts[..] };
            let hash = format!("{:016x}", named_hash(parts));
            Ok(Loaded { name: stem(file_name), network, warnings: problems, effective, hash, seed })
        }
        Some(_) | None => {
            assert!(wrong, "a network is missing only after a problem");
            Err(Problems::new(problems, text))
        }
    }
}

fn stem(file_name: &str) -> String {
    let stem = Path::new(file_name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "scenario".to_owned())
}
