//! How purchased rates are enforced.

use super::Resolver;
use crate::network::{
    AggregateLimit, AttachmentLimit, Buffer, ColourMode, ControlLimit, Excess, MarkerStandard, PerLinkLimit, RateLimit,
    TokenBucket, TwoRates,
};
use crate::scenario::file::{ConnectionTable, Leaf, RateLimitTable};
use crate::scenario::read::peek;
use crate::scenario::source::join;
use crate::units::Rate;

/// The words for `excess`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Drop,
    Delay,
    Mark,
}

impl Resolver<'_> {
    /// The limits of a connection.
    pub(super) fn rate_limit(&mut self, place: &str, table: &ConnectionTable, bandwidth: Option<Rate>) -> RateLimit {
        let limit = table.rate_limit.clone().unwrap_or_default();
        let per_link = [("full", PerLinkLimit::Full), ("equal-share", PerLinkLimit::EqualShare)];
        let aggregate = [("vpc-edge", AggregateLimit::VpcEdge), ("none", AggregateLimit::None)];
        if limit.bandwidth.is_some() {
            let message = "is not read in the limit of a connection";
            self.reader.error(join(place, "bandwidth"), message, "write it beside rate_limit");
        }
        let bucket = self.token_bucket(place, &limit, bandwidth);
        RateLimit {
            per_link: self.reader.word(&join(place, "per_link"), &limit.per_link, &per_link),
            aggregate_at: self.reader.word(&join(place, "aggregate_at"), &limit.aggregate_at, &aggregate),
            bucket,
            control: self.control_limit(&join(place, "control"), &limit.control, bucket.excess),
        }
    }

    fn control_limit(&mut self, at: &str, leaf: &Leaf, excess: Excess) -> ControlLimit {
        let words = [("exempt", ControlLimit::Exempt), ("counted", ControlLimit::Counted)];
        let control = self.reader.word(at, leaf, &words);
        if (control, matches!(excess, Excess::Delay { .. })) == (ControlLimit::Counted, true) {
            let message = "no shaper here makes control messages wait";
            self.reader.error(at, message, "write excess = \"drop\" or \"mark\" beside it, or \"exempt\"");
        }
        control
    }

    /// The limit of an attachment; none when it has no table.
    pub(super) fn attachment_limit(&mut self, place: &str, table: Option<&RateLimitTable>) -> Option<AttachmentLimit> {
        let limit = table?;
        let of_connections =
            [("per_link", &limit.per_link), ("aggregate_at", &limit.aggregate_at), ("control", &limit.control)];
        for (key, leaf) in of_connections {
            if leaf.is_some() {
                self.reader.error(join(place, key), "is not read in the limit of an attachment", "leave it out");
            }
        }
        let bandwidth = self.reader.quantity(&join(place, "bandwidth"), &limit.bandwidth, "10 Gbps");
        let bucket = self.token_bucket(place, limit, bandwidth);
        Some(AttachmentLimit { bandwidth: bandwidth?, bucket })
    }

    fn token_bucket(&mut self, place: &str, limit: &RateLimitTable, bandwidth: Option<Rate>) -> TokenBucket {
        let depth = self.positive_span(&join(place, "burst"), &limit.burst, "20 ms");
        let words = [("drop", Word::Drop), ("delay", Word::Delay), ("mark", Word::Mark)];
        let word = self.reader.word(&join(place, "excess"), &limit.excess, &words);
        self.unread_keys(place, limit, word);
        let excess = match word {
            Word::Drop => Excess::Drop,
            Word::Delay => Excess::Delay { queue: self.buffer(&join(place, "queue"), &limit.queue) },
            Word::Mark => self.two_rates(place, limit, bandwidth).map_or(Excess::Drop, Excess::Mark),
        };
        if matches!(excess, Excess::Delay { queue: Buffer::Packets(0) }) {
            self.reader.error(join(place, "queue"), "has no room", "write excess = \"drop\"");
        }
        TokenBucket { depth, excess }
    }

    fn two_rates(&mut self, place: &str, limit: &RateLimitTable, bandwidth: Option<Rate>) -> Option<TwoRates> {
        let standards = [("rfc2698", MarkerStandard::Rfc2698), ("rfc4115", MarkerStandard::Rfc4115)];
        let standard = self.reader.word(&join(place, "standard"), &limit.standard, &standards);
        let modes = [("blind", ColourMode::Blind), ("aware", ColourMode::Aware)];
        let colours = self.reader.word(&join(place, "colours"), &limit.colours, &modes);
        let depth = self.positive_span(&join(place, "peak_burst"), &limit.peak_burst, "20 ms");
        let at = join(place, "peak");
        let peak: Rate = self.reader.quantity(&at, &limit.peak, "10 Gbps")?;
        let beyond = peak.as_bps().checked_sub(bandwidth?.as_bps()).and_then(Rate::from_bps);
        let Some(beyond) = beyond else {
            self.reader.error(at, "is not above the bandwidth", "write a higher rate, or excess = \"drop\"");
            return None;
        };
        let rate = match standard {
            MarkerStandard::Rfc2698 => peak,
            MarkerStandard::Rfc4115 => beyond,
        };
        Some(TwoRates { standard, rate, depth, colours })
    }

    fn unread_keys(&mut self, place: &str, limit: &RateLimitTable, word: Word) {
        let keys: [(&str, &Leaf, Word); 5] = [
            ("queue", &limit.queue, Word::Delay),
            ("standard", &limit.standard, Word::Mark),
            ("peak", &limit.peak, Word::Mark),
            ("peak_burst", &limit.peak_burst, Word::Mark),
            ("colours", &limit.colours, Word::Mark),
        ];
        for (key, leaf, reader) in keys {
            if leaf.is_some() && word != reader {
                let excess = peek(&limit.excess).unwrap_or("drop");
                let remedy = if reader == Word::Delay { "delay" } else { "mark" };
                let message = format!("is not read with excess = \"{excess}\"");
                self.reader.error(join(place, key), message, format!("write excess = \"{remedy}\""));
            }
        }
    }
}
