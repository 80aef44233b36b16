//! What BGP speakers do, and how long routers take for it.

use super::Resolver;
use crate::network::{
    AdvertisementClock, Age, Announces, BgpTiming, ControlTiming, DecisionRules, FibSharing, GracefulRestart, Jitter,
    LoopAvoidance, MedComparison, Multipath, OnBfdDown, RouteFlapDamping, SessionEnd, Withdrawals,
};
use crate::scenario::file::{AttachmentTable, BgpTable, DecisionTable, Leaf, ProviderTable, RouterTable};
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
    pub max_prefixes: u32,
    pub damping: RouteFlapDamping,
    pub graceful: Graceful,
}

/// Graceful restart as written; its times stay when it is off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Graceful {
    on: bool,
    restart_time: Span,
    stale_time: Span,
    on_bfd_down: OnBfdDown,
}

impl Graceful {
    pub const fn resolved(self) -> GracefulRestart {
        let Self { on, restart_time, stale_time, on_bfd_down } = self;
        if on { GracefulRestart::On { restart_time, stale_time, on_bfd_down } } else { GracefulRestart::Off }
    }
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
        max_prefixes: u32::MAX,
        damping: RouteFlapDamping::Off,
        graceful: Graceful {
            on: false,
            restart_time: Span::from_s(120),
            stale_time: Span::from_s(360),
            on_bfd_down: OnBfdDown::DropRoutes,
        },
    };

    /// What an end of a session does already.
    pub fn of(end: &SessionEnd, provider: &Self) -> Self {
        let mut graceful = provider.graceful;
        graceful.on = false;
        if let GracefulRestart::On { restart_time, stale_time, on_bfd_down } = end.graceful_restart {
            graceful = Graceful { on: true, restart_time, stale_time, on_bfd_down };
        }
        let (timing, loop_avoidance, max_prefixes) = (end.timing, end.loop_avoidance, end.max_prefixes);
        Self { timing, loop_avoidance, max_prefixes, damping: end.damping, graceful, ..*provider }
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
        end.max_prefixes = self.max_prefixes;
        end.damping = self.damping;
        end.graceful_restart = self.graceful.resolved();
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
        if table.max_prefixes.is_some() {
            let most = self.reader.number(&join(place, "max_prefixes"), &table.max_prefixes, 1, u64::from(u32::MAX));
            bgp.max_prefixes = u32::try_from(most).unwrap_or(u32::MAX);
        }
        let words = [
            ("off", RouteFlapDamping::Off),
            ("cisco", RouteFlapDamping::CISCO),
            ("rfc7196", RouteFlapDamping::RFC_7196),
        ];
        self.choice(&join(place, "route_flap_damping"), &table.route_flap_damping, &words, &mut bgp.damping);
        self.graceful(place, table, &mut bgp.graceful);
        bgp
    }

    fn graceful(&mut self, place: &str, table: &BgpTable, graceful: &mut Graceful) {
        let at = join(place, "graceful_restart");
        self.choice(&at, &table.graceful_restart, &[("off", false), ("on", true)], &mut graceful.on);
        // RFC 4724 section 3: twelve bits of seconds.
        let twelve_bits = |span: Span| span >= Span::from_s(1) && span <= Span::from_s(4095);
        let remedy = "RFC 4724 section 3 has 12 bits of seconds: write \"1 s\" to \"4095 s\"";
        let at = join(place, "restart_time");
        self.bgp_timer(&at, &table.restart_time, twelve_bits, remedy, &mut graceful.restart_time);
        let at = join(place, "stale_time");
        self.bgp_timer(&at, &table.stale_time, |_| true, "", &mut graceful.stale_time);
        let words = [
            ("drop-routes", OnBfdDown::DropRoutes),
            ("keep-routes", OnBfdDown::KeepRoutes),
            ("as-peer-says", OnBfdDown::AsPeerSays),
        ];
        self.choice(&join(place, "on_bfd_down"), &table.on_bfd_down, &words, &mut graceful.on_bfd_down);
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
            let what = if span > *timer { "too long" } else { "too short" };
            self.reader.error(place, format!("{span} is {what}"), remedy);
        }
    }

    /// A word as written; one that is left open stays.
    fn choice<T: Copy>(&mut self, place: &str, leaf: &Leaf, words: &[(&str, T)], choice: &mut T) {
        if leaf.is_some() {
            *choice = self.reader.word(place, leaf, words);
        }
    }

    /// How a provider's routers choose among routes; what is left open is deterministic.
    pub(super) fn decision(&mut self, place: &str, table: &DecisionTable) -> DecisionRules {
        let mut rules = DecisionRules::DETERMINISTIC;
        let words = [("same-neighbour", MedComparison::SameNeighbour), ("always", MedComparison::Always)];
        self.choice(&join(place, "med"), &table.med, &words, &mut rules.med);
        let words = [("ignored", Age::Ignored), ("older-first", Age::OlderFirst), ("in-use-first", Age::InUseFirst)];
        self.choice(&join(place, "age"), &table.age, &words, &mut rules.age);
        let words = [
            ("same-neighbour", Multipath::SameNeighbour),
            ("any-neighbour", Multipath::AnyNeighbour),
            ("off", Multipath::Off),
        ];
        self.choice(&join(place, "multipath"), &table.multipath, &words, &mut rules.multipath);
        rules
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
