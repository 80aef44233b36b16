//! `fabricsim new`: a starter scenario to edit.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::print;
use super::{Outcome, WrongInput};
use crate::scenario::{self, Starter};

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fabricsim new --list\n  fabricsim new quickstart my.toml")]
pub(super) struct New {
    /// Which starter; --list names them.
    #[arg(value_name = "TEMPLATE", required_unless_present = "list")]
    template: Option<String>,
    /// Where to write it; without it the starter is printed. Never overwrites.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// List the starters, and the interconnect templates that a scenario may name.
    #[arg(long, conflicts_with_all = ["template", "file"])]
    list: bool,
}

impl New {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let Some(template) = &self.template else {
            print(&list())?;
            return Ok(Outcome::Done);
        };
        let starter = find(template)?;
        match &self.file {
            None => print(starter.text)?,
            Some(file) => {
                write_new(file, starter.text)?;
                print(&format!("{0} written; try: fabricsim run {0}\n", file.display()))?;
            }
        }
        Ok(Outcome::Done)
    }
}

fn find(template: &str) -> Result<&'static Starter, WrongInput> {
    let starters = scenario::starters();
    starters.iter().find(|starter| starter.name == template).ok_or_else(|| {
        let known: Vec<&str> = starters.iter().map(|starter| starter.name).collect();
        WrongInput(format!("{template:?} is not a starter; known: {}", known.join(", ")))
    })
}

fn list() -> String {
    let mut text = String::from("Starters (fabricsim new NAME):\n");
    for starter in scenario::starters() {
        let _ = writeln!(text, "  {:<24} {}", starter.name, starter.summary);
    }
    text.push_str("\nInterconnect templates (template = \"NAME\" under [interconnects.x]):\n");
    for template in scenario::template_names() {
        let _ = writeln!(text, "  {:<24} {}", template.name, template.summary);
    }
    text
}

/// Writes a file that must not exist yet.
fn write_new(path: &Path, text: &str) -> Result<(), WrongInput> {
    let shown = path.display();
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
        WrongInput(if error.kind() == ErrorKind::AlreadyExists {
            format!("{shown}: exists already and is left as it is; choose another name")
        } else {
            format!("{shown}: cannot be written: {error}")
        })
    })?;
    file.write_all(text.as_bytes()).map_err(|error| WrongInput(format!("{shown}: cannot be written: {error}")))
}
