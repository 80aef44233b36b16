//! Interconnect templates: one line that expands to facilities, routers, channels and backbones.
//!
//! A template is text in the same language as a scenario, made from a row of data, so whatever it says can be
//! said, and overridden, by explicit tables.

mod aws_google;

use toml::Table;

/// One template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What stands in `template = "..."`.
    pub name: &'static str,
    /// One line that tells what it is.
    pub summary: &'static str,
}

/// What a template lets one choose.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    /// The interconnect's name.
    pub interconnect: String,
    /// Stands in the names of everything made; the template's own when absent.
    pub code: Option<String>,
    pub channel_rate: String,
    pub channel_length: String,
    pub members: i64,
}

/// All templates.
#[must_use]
pub fn template_names() -> Vec<Template> {
    aws_google::REGIONS.iter().map(|region| Template { name: region.name, summary: region.summary }).collect()
}

/// The tables of a template, or `None` when there is no such template.
pub(super) fn instantiate(name: &str, parameters: &Parameters) -> Option<Table> {
    let region = aws_google::REGIONS.iter().find(|region| region.name == name)?;
    let text = aws_google::text(region, parameters);
    Some(toml::from_str(&text).expect("templates are valid TOML, which a test holds"))
}
