//! Reading the laws of traffic: sizes, volumes, stretches of time, and the day.

use std::str::FromStr;
use std::sync::Arc;

use super::Resolver;
use crate::network::{OnOff, Profile, SizeLaw, SpanLaw, VolumeLaw, Weighted};
use crate::scenario::file::{FlowTable, Leaf};
use crate::scenario::source::join;
use crate::units::{Bytes, Span};

/// An IPv4 header has 20 bytes; the length field 16 bits.
const PACKET_BYTES: std::ops::RangeInclusive<u64> = 20..=65_535;

impl Resolver<'_> {
    /// Sizes of IP packets.
    pub(super) fn sizes(&mut self, place: &str, leaf: &Leaf) -> SizeLaw {
        let fallback = SizeLaw::Constant(Bytes(1400));
        if leaf.as_ref().is_some_and(toml::Value::is_array) {
            let sizes = self.weighted(place, leaf, "[\"40 B: 7\", \"576 B: 4\", \"1500 B: 1\"]");
            let Some(sizes) = sizes else { return fallback };
            if sizes.iter().any(|(size, _)| !PACKET_BYTES.contains(&size.0)) {
                self.reader.error(place, "has a size that no IP packet can have", "write 20 B to 65535 B");
                return fallback;
            }
            return self.weights(place, &sizes).map_or(fallback, SizeLaw::Weighted);
        }
        let Some(text) = self.reader.text(place, leaf, "1400 B") else { return fallback };
        if text == "imix" {
            return SizeLaw::Imix;
        }
        let (law, size): (fn(Bytes) -> SizeLaw, &str) = match text.strip_prefix("exponential ") {
            Some(mean) => (SizeLaw::Exponential, mean),
            None => (SizeLaw::Constant, text),
        };
        match size.parse::<Bytes>() {
            Ok(size) if PACKET_BYTES.contains(&size.0) => law(size),
            Ok(_) => {
                self.reader.error(place, format!("{text:?} is not the size of an IP packet"), "write \"1400 B\"");
                fallback
            }
            Err(_) => {
                let remedy = "write for example \"1400 B\", \"exponential 1000 B\" or \"imix\"";
                self.reader.error(place, format!("{text:?} is not a packet size"), remedy);
                fallback
            }
        }
    }

    /// Bytes of data of a transfer.
    pub(super) fn volume(&mut self, place: &str, leaf: &Leaf) -> VolumeLaw {
        if leaf.as_ref().is_some_and(toml::Value::is_array) {
            let sizes = self.weighted(place, leaf, "[\"10 kB: 9\", \"10 MB: 1\"]");
            let weights = sizes.and_then(|sizes| self.weights(place, &sizes));
            return weights.map_or(VolumeLaw::Unlimited, VolumeLaw::Weighted);
        }
        let Some(text) = self.reader.text(place, leaf, "10 MB") else { return VolumeLaw::Unlimited };
        let volume = match text.split_once(' ') {
            None if text == "unlimited" => Some(VolumeLaw::Unlimited),
            Some(("exponential", mean)) => mean.parse().ok().map(VolumeLaw::Exponential),
            Some(("pareto", rest)) => pareto(rest).map(|(mean, shape)| VolumeLaw::Pareto(mean, shape)),
            Some(_) | None => text.parse().ok().map(VolumeLaw::Constant),
        };
        volume.unwrap_or_else(|| {
            let message = format!("{text:?} is not the volume of a transfer");
            let remedy = "write for example \"10 MB\", \"exponential 1 MB\", \"pareto 1 MB 1.2\" or \"unlimited\"";
            self.reader.error(place, message, remedy);
            VolumeLaw::Unlimited
        })
    }

    /// How long a source is on and off.
    pub(super) fn on_off(&mut self, place: &str, table: &FlowTable) -> OnOff {
        let [on, off] = [("on", &table.on), ("off", &table.off)].map(|(key, leaf)| {
            let place = join(place, key);
            let law = self.span_law(&place, leaf, "exponential 100 ms");
            if law.mean() == Span::ZERO {
                self.reader.error(place, "is zero", "write for example \"exponential 100 ms\"");
            }
            law
        });
        OnOff { on, off }
    }

    /// How long something lasts.
    pub(super) fn span_law(&mut self, place: &str, leaf: &Leaf, example: &str) -> SpanLaw {
        let fallback = SpanLaw::Exponential(Span::from_s(1));
        let Some(text) = self.reader.text(place, leaf, example) else { return fallback };
        let law = match text.split_once(' ') {
            Some(("exponential", mean)) => mean.parse().ok().map(SpanLaw::Exponential),
            Some(("pareto", rest)) => pareto(rest).map(|(mean, shape)| SpanLaw::Pareto(mean, shape)),
            Some(_) | None => text.parse().ok().map(SpanLaw::Constant),
        };
        law.unwrap_or_else(|| {
            let remedy = "write for example \"100 ms\", \"exponential 100 ms\" or \"pareto 100 ms 1.5\"";
            self.reader.error(place, format!("{text:?} is not a law of duration"), remedy);
            fallback
        })
    }

    /// The rate over the day, when the flow has one.
    pub(super) fn diurnal(&mut self, place: &str, leaf: &Leaf) -> Option<Arc<Profile>> {
        leaf.as_ref()?;
        let remedy = "write 24 percentages, one for each hour, not all zero, such as \"40%\"";
        let texts = self.reader.list(place, leaf, "[\"40%\", \"35%\", ...]");
        let percents: Option<Vec<u32>> = texts
            .iter()
            .map(|text| text.strip_suffix('%')?.parse().ok().filter(|percent| *percent <= 10_000))
            .collect();
        let percent = percents.and_then(|percents| <[u32; 24]>::try_from(percents).ok());
        let percent = percent.filter(|percent| percent.iter().any(|percent| *percent > 0));
        if percent.is_none() {
            self.reader.error(place, "is not a day", remedy);
        }
        percent.map(|percent| Arc::new(Profile { percent }))
    }

    /// Sizes with their weights as written: "576 B: 4".
    fn weighted(&mut self, place: &str, leaf: &Leaf, example: &str) -> Option<Vec<(Bytes, u32)>> {
        let mut sizes = Vec::new();
        for text in self.reader.list(place, leaf, example) {
            let parts = text.split_once(':');
            let size = parts.and_then(|(size, weight)| Some((size.parse().ok()?, weight.trim().parse().ok()?)));
            if size.is_none() {
                let message = format!("{text:?} is not a size with its weight");
                self.reader.error(place, message, format!("write for example {example}"));
            }
            sizes.push(size);
        }
        sizes.into_iter().collect()
    }

    fn weights(&mut self, place: &str, sizes: &[(Bytes, u32)]) -> Option<Arc<Weighted>> {
        let weights = Weighted::new(sizes);
        if weights.is_none() {
            self.reader.error(place, "has no weight", "give at least one size a weight above zero");
        }
        weights.map(Arc::new)
    }
}

/// A mean and a shape as written, "10 MB 1.2": the shape in thousandths, above one, so that there is a mean.
fn pareto<T: FromStr>(text: &str) -> Option<(T, u32)> {
    let (mean, shape) = text.rsplit_once(' ')?;
    let (whole, fraction) = shape.split_once('.').unwrap_or((shape, "0"));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && (1..=3).contains(&fraction.len());
    let thousandths = format!("{fraction:0<3}").parse::<u32>().ok().filter(|_| digits)?;
    let shape = whole.parse::<u32>().ok()?.checked_mul(1_000)?.checked_add(thousandths)?;
    Some((mean.parse().ok()?, shape)).filter(|(_, shape)| (1_001..=100_000).contains(shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pareto_law_has_a_mean_and_a_shape_above_one() {
        assert_eq!(pareto::<Bytes>("10 MB 1.25"), Some((Bytes(10_000_000), 1_250)));
        assert_eq!(pareto::<Span>("2 s 3"), Some((Span::from_s(2), 3_000)));
        for wrong in ["10 MB", "10 MB 1", "10 MB 0.9", "10 MB 1.2345", "10 MB 1.-2", "x 1.5"] {
            assert_eq!(pareto::<Bytes>(wrong), None, "{wrong}");
        }
    }
}
