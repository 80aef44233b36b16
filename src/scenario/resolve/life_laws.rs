//! The laws of up times, of the time until a fault is detected, and of repairs.

use toml::Value;

use super::Resolver;
use crate::network::{DetectionLaw, Level, LifeLaw, LifeShape};
use crate::scenario::file::{Keys, Leaf, LifeTable};
use crate::scenario::read::{peek, peek_list};
use crate::scenario::source::join;
use crate::units::{CalendarSpan, Hours};

/// Kinds of failures that no protocol may notice.
const SILENT: [&str; 2] = ["grey_loss", "silent_cut"];

impl Resolver<'_> {
    /// The law of a time: `up`, `up_mean`, `up_law`, `up_shape`, `up_sigma`, and alike for `detection` and `down`.
    pub(super) fn law(&mut self, place: &str, key: &str, table: &LifeTable, level: Level) -> Option<LifeLaw> {
        let (value, stands_for, law, shape, sigma) = match key {
            "up" => (&table.up, &table.up_mean, &table.up_law, &table.up_shape, &table.up_sigma),
            "detection" => (
                &table.detection,
                &table.detection_mean,
                &table.detection_law,
                &table.detection_shape,
                &table.detection_sigma,
            ),
            _ => (&table.down, &table.down_mean, &table.down_law, &table.down_shape, &table.down_sigma),
        };
        let at = join(place, key);
        let words = [("exponential", 0), ("weibull", 1), ("lognormal", 2), ("constant", 3), ("empirical", 4)];
        let law = self.reader.word(&format!("{at}_law"), law, &words);
        let needed = [("shape", shape, law == 1), ("sigma", sigma, law == 2)];
        for (name, leaf, read) in needed {
            if leaf.is_some() && !read {
                self.reader.error(format!("{at}_{name}"), "is not read by this law", "leave it out");
            }
        }
        if law == 4 {
            return self.empirical(&at, value);
        }
        let given = self.mean(&at, value, level)?;
        let shape = match law {
            1 => LifeShape::Weibull(self.positive_number(&format!("{at}_shape"), shape, 0.1, 20.0)?),
            2 => LifeShape::LogNormal(self.positive_number(&format!("{at}_sigma"), sigma, 0.01, 5.0)?),
            3 => LifeShape::Constant,
            _ => LifeShape::Exponential,
        };
        let is_median = self.reader.word(&format!("{at}_mean"), stands_for, &[("mean", false), ("median", true)]);
        let mean = if is_median { mean_of_median(given, &shape) } else { given };
        Some(LifeLaw { mean, shape })
    }

    /// A span, or one for each level of risk.
    fn mean(&mut self, at: &str, leaf: &Leaf, level: Level) -> Option<Hours> {
        let word = match level {
            Level::Low => "low",
            Level::Base => "base",
            Level::High => "high",
        };
        let (at, leaf) = match leaf {
            Some(Value::Table(levels)) => (join(at, word), levels.get(word).cloned()),
            other => (at.to_owned(), other.clone()),
        };
        self.reader.quantity(&at, &leaf, "100000 h")
    }

    fn empirical(&mut self, at: &str, leaf: &Leaf) -> Option<LifeLaw> {
        let items = peek_list(leaf).unwrap_or_default();
        let values: Option<Vec<CalendarSpan>> = items.iter().map(|item| item.as_str()?.parse().ok()).collect();
        let values = values.filter(|values| !values.is_empty() && values.iter().any(|value| value.as_ns() > 0));
        let Some(values) = values else {
            self.reader.error(at, "is not a list of durations", "write for example [\"2 h\", \"5 h\", \"26 h\"]");
            return None;
        };
        let hours: f64 = values.iter().map(|value| value.as_seconds() / 3_600.0).sum();
        let mean = Hours::new(hours / values.len() as f64)?;
        Some(LifeLaw { mean, shape: LifeShape::Empirical(values.into()) })
    }

    fn positive_number(&mut self, at: &str, leaf: &Leaf, low: f64, high: f64) -> Option<f64> {
        let number = leaf.as_ref().and_then(|value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64)));
        let found = number.filter(|number| (low..=high).contains(number));
        if found.is_none() {
            let message = format!("is not a number from {low} to {high}");
            self.reader.error(at, message, "write for example 0.8");
        }
        found
    }

    /// How faults of a class are detected: `Some(None)` where protocols do it.
    pub(super) fn detection_law(
        &mut self,
        place: &str,
        table: &LifeTable,
        level: Level,
    ) -> Option<Option<DetectionLaw>> {
        if table.detection.is_none() {
            let only =
                |key: &str| key.starts_with("detection_") || ["detected_by", "mitigation", "drain"].contains(&key);
            for (key, _) in table.leaves().into_iter().filter(|(key, leaf)| leaf.is_some() && only(key)) {
                self.reader.error(join(place, key), "is read only with detection", "write detection = \"2 h\"");
            }
            return Some(None);
        }
        let at = join(place, "detection");
        if !peek(&table.kind).is_some_and(|kind| SILENT.contains(&kind)) {
            let remedy = format!("leave it out; kinds that nobody may notice are {}", SILENT.join(", "));
            self.reader.error(&at, "is not read by this kind, which protocols notice", remedy);
        }
        if peek(&table.begins) == Some("drained") {
            self.reader.error(
                &at,
                "is not read with begins = \"drained\"",
                "planned work is known to all; leave it out",
            );
        }
        if peek(&table.of) == Some("member-ends") && peek(&table.mitigation) == Some("drain") {
            let message = "a member of a link has no routes of its own that could be moved away";
            self.reader.error(join(place, "mitigation"), message, "write mitigation = \"admin-down\"");
        }
        let law = self.law(place, "detection", table, level);
        let by = self.reader.text(&join(place, "detected_by"), &table.detected_by, "monitoring").map(str::to_owned);
        let mitigation = self.mitigation(place, [&table.mitigation, &table.drain]);
        Some(Some(DetectionLaw { law: law?, by: by?, mitigation }))
    }
}

/// The mean of a law with this median.
fn mean_of_median(median: Hours, shape: &LifeShape) -> Hours {
    let factor = match shape {
        // ln 2 is the median of the exponential law of mean 1.
        LifeShape::Exponential => 1.0 / std::f64::consts::LN_2,
        LifeShape::Weibull(shape) => libm::tgamma(1.0 + 1.0 / shape) / libm::pow(std::f64::consts::LN_2, 1.0 / shape),
        LifeShape::LogNormal(sigma) => libm::exp(sigma * sigma / 2.0),
        LifeShape::Constant | LifeShape::Empirical(_) => 1.0,
    };
    median.times(factor)
}
