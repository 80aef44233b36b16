//! What BGP speakers do, and how long routers take for it.

use super::Resolver;
use crate::network::{
    AdvertisementClock, Announces, BgpTiming, ControlTiming, FibSharing, Jitter, LoopAvoidance, SessionEnd, Withdrawals,
};
use crate::scenario::file::{AttachmentTable, BgpTable, Leaf, ProviderTable, RouterTable};
use crate::scenario::source::join;
use crate::units::Span;

/// BGP of one provider, or of some of its sessions.
#[derive(Debug, Clone, Copy)]
pub(super) struct BgpDraft {
    /// Towards other providers.
    pub timing: BgpTiming,
    /// What the advertisement interval is inside.
    internal_advertisement_interval: Span,
    pub loop_avoidance: LoopAvoidance,
}

impl BgpDraft {
    /// Stands in for what is wrong; no run follows.
    const FALLBACK: Self = Self {
        timing: BgpTiming {
            hold: Span::from_s(90),
            keepalive: Span::from_s(30),
            connect_retry: Span::from_s(120),
            advertisement_interval: Span::ZERO,
            advertisement_clock: AdvertisementClock::FromSent,
            withdrawals: Withdrawals::AtOnce,
            first_update: Span::ZERO,
            jitter: Jitter::Rfc4271,
        },
        internal_advertisement_interval: Span::ZERO,
        loop_avoidance: LoopAvoidance::None,
    };

    /// What an end of a session does already.
    pub fn of(end: &SessionEnd, provider: &Self) -> Self {
        Self { timing: end.timing, loop_avoidance: end.loop_avoidance, ..*provider }
    }

    /// The same inside a provider.
    pub fn internal(self) -> Self {
        let timing = BgpTiming { advertisement_interval: self.internal_advertisement_interval, ..self.timing };
        Self { timing, ..self }
    }

    /// Sets what an end of a session does.
    pub fn apply(self, end: &mut SessionEnd) {
        end.timing = self.timing;
        end.loop_avoidance = self.loop_avoidance;
    }
}

/// The keys that say how long a router's routing takes; those of an attachment's edge are in part its provider's.
pub(super) struct ControlLeaves<'a> {
    processing: &'a Leaf,
    processing_per_message: &'a Leaf,
    processing_per_prefix: &'a Leaf,
    decision_delay: &'a Leaf,
    announce: &'a Leaf,
    fib_install: &'a Leaf,
    fib_per_prefix: &'a Leaf,
    fib: &'a Leaf,
}

macro_rules! control_leaves {
    ($table:expr) => {
        ControlLeaves {
            processing: &$table.processing,
            processing_per_message: &$table.processing_per_message,
            processing_per_prefix: &$table.processing_per_prefix,
            decision_delay: &$table.decision_delay,
            announce: &$table.announce,
            fib_install: &$table.fib_install,
            fib_per_prefix: &$table.fib_per_prefix,
            fib: &$table.fib,
        }
    };
}

impl<'a> ControlLeaves<'a> {
    pub fn of_provider(table: &'a ProviderTable) -> Self {
        control_leaves!(table)
    }

    pub fn of_router(table: &'a RouterTable) -> Self {
        control_leaves!(table)
    }

    pub fn of_edge(table: &'a AttachmentTable, provider: &'a ProviderTable) -> Self {
        Self { processing: &table.processing, fib_install: &table.fib_install, ..Self::of_provider(provider) }
    }
}

impl Resolver<'_> {
    /// BGP of a provider, every key of which is filled.
    pub(super) fn provider_bgp(&mut self, place: &str, table: &BgpTable) -> BgpDraft {
        self.bgp(place, table, BgpDraft::FALLBACK)
    }

    /// BGP as written; keys that are left open are those of `otherwise`.
    pub(super) fn bgp(&mut self, place: &str, table: &BgpTable, otherwise: BgpDraft) -> BgpDraft {
        let mut bgp = otherwise;
        let timing = &mut bgp.timing;
        // RFC 4271 4.2: no timers at all, or at least three seconds.
        let remedy = "RFC 4271 4.2 allows \"0 s\" (no timers) and \"3 s\" or more";
        let allowed = |hold| hold == Span::ZERO || hold >= Span::from_s(3);
        self.bgp_timer(&join(place, "hold"), &table.hold, allowed, remedy, &mut timing.hold);
        let a_second = |span| span >= Span::from_s(1);
        let remedy = "RFC 4271 4.4 allows one a second at most: write for example \"30 s\"";
        self.bgp_timer(&join(place, "keepalive"), &table.keepalive, a_second, remedy, &mut timing.keepalive);
        let remedy = "write \"1 s\" or more; RFC 4271 section 10 suggests \"120 s\"";
        let at = join(place, "connect_retry");
        self.bgp_timer(&at, &table.connect_retry, a_second, remedy, &mut timing.connect_retry);
        for (key, leaf, span) in [
            ("advertisement_interval", &table.advertisement_interval, &mut timing.advertisement_interval),
            (
                "internal_advertisement_interval",
                &table.internal_advertisement_interval,
                &mut bgp.internal_advertisement_interval,
            ),
            ("first_update", &table.first_update, &mut timing.first_update),
        ] {
            self.bgp_timer(&join(place, key), leaf, |_| true, "", span);
        }
        let words = [("at-once", Withdrawals::AtOnce), ("limited", Withdrawals::Limited)];
        self.choice(&join(place, "withdrawals"), &table.withdrawals, &words, &mut timing.withdrawals);
        let words = [("from-sent", AdvertisementClock::FromSent), ("from-queued", AdvertisementClock::FromQueued)];
        let at = join(place, "advertisement_clock");
        self.choice(&at, &table.advertisement_clock, &words, &mut timing.advertisement_clock);
        let words = [("rfc4271", Jitter::Rfc4271), ("none", Jitter::None)];
        self.choice(&join(place, "jitter"), &table.jitter, &words, &mut timing.jitter);
        let words = [
            ("none", LoopAvoidance::None),
            ("split-horizon", LoopAvoidance::SplitHorizon),
            ("sender-side", LoopAvoidance::SenderSide),
        ];
        self.choice(&join(place, "loop_avoidance"), &table.loop_avoidance, &words, &mut bgp.loop_avoidance);
        bgp
    }

    /// A timer as written; one that is left open, or wrong with a problem, stays.
    fn bgp_timer(&mut self, place: &str, leaf: &Leaf, allowed: fn(Span) -> bool, remedy: &str, timer: &mut Span) {
        if leaf.is_none() {
            return;
        }
        let Some(span) = self.reader.span(place, leaf, "30 s") else { return };
        if allowed(span) {
            *timer = span;
        } else {
            self.reader.error(place, format!("{span} is too short"), remedy);
        }
    }

    /// A word as written; one that is left open stays.
    fn choice<T: Copy>(&mut self, place: &str, leaf: &Leaf, words: &[(&str, T)], choice: &mut T) {
        if leaf.is_some() {
            *choice = self.reader.word(place, leaf, words);
        }
    }

    /// How long a router's routing takes.
    pub(super) fn control(&mut self, place: &str, leaves: &ControlLeaves<'_>) -> ControlTiming {
        let mut span = |key, leaf, example| self.reader.span_or_zero(&join(place, key), leaf, example);
        let processing = span("processing", leaves.processing, "20 ms");
        let processing_per_message = span("processing_per_message", leaves.processing_per_message, "100 us");
        let processing_per_prefix = span("processing_per_prefix", leaves.processing_per_prefix, "10 us");
        let decision_delay = span("decision_delay", leaves.decision_delay, "50 ms");
        let fib_install = span("fib_install", leaves.fib_install, "100 ms");
        let fib_per_prefix = span("fib_per_prefix", leaves.fib_per_prefix, "30 us");
        let words = [("when-installed", Announces::WhenInstalled), ("when-decided", Announces::WhenDecided)];
        let announces = self.reader.word(&join(place, "announce"), leaves.announce, &words);
        let words = [("prefix-independent", FibSharing::PrefixIndependent), ("per-prefix", FibSharing::PerPrefix)];
        let fib = self.reader.word(&join(place, "fib"), leaves.fib, &words);
        ControlTiming {
            processing,
            processing_per_message,
            processing_per_prefix,
            decision_delay,
            announces,
            fib_install,
            fib_per_prefix,
            fib,
        }
    }
}
