//! Sessions with every value that they run by.

use serde_json::{Value, json};

use crate::control::bgp::State;
use crate::message::BfdState;
use crate::network::{
    AdvertisementClock, Announces, ControlTiming, FibSharing, GracefulRestart, Jitter, LoopAvoidance, OnBfdDown,
    RouteFlapDamping, RouteReflection, Scope, Withdrawals,
};
use crate::report::document::{Block, Report, Section, Table};
use crate::report::run::microseconds;
use crate::report::words::span;
use crate::sim::snapshot::{BfdEnd, BgpEnd, RouterTiming, SessionSnapshot};

/// The sessions, then each set of values once, however many sessions run by it.
pub fn report(title: &str, snapshot: &SessionSnapshot) -> Report {
    let mut report = super::page(title, "sessions and their effective values", snapshot.at);
    let up = snapshot.bgp.iter().filter(|end| end.state == State::Established).count();
    let alive = snapshot.bfd.iter().filter(|end| end.state == BfdState::Up).count();
    report.verdict.push(format!(
        "{up} of {} BGP session ends are Established, {alive} of {} BFD session ends Up.",
        snapshot.bgp.len(),
        snapshot.bfd.len()
    ));
    report.sections = sections(snapshot);
    report
}

/// The tables of both protocols, each only where there are sessions of it.
pub fn sections(snapshot: &SessionSnapshot) -> Vec<Section> {
    let mut sections = Vec::new();
    if !snapshot.bgp.is_empty() {
        let mut sets = Sets::default();
        let table = bgp(&snapshot.bgp, &mut sets);
        sections.push(section("BGP session ends (prefixes in use, rejected, announced)", Block::Table(table)));
        sections.push(section("Values of BGP session ends", sets.block()));
        sections.push(section("From a message to the forwarding table", routers(&snapshot.routers)));
    }
    if !snapshot.bfd.is_empty() {
        sections.push(section("BFD session ends", Block::Table(bfd(&snapshot.bfd))));
    }
    sections
}

fn section(heading: &str, block: Block) -> Section {
    Section { heading: heading.to_owned(), blocks: vec![block] }
}

/// Sets of values that several have in common, numbered from 1.
#[derive(Default)]
struct Sets(Vec<String>);

impl Sets {
    fn number(&mut self, values: String) -> usize {
        let known = self.0.iter().position(|known| *known == values);
        known.unwrap_or_else(|| {
            self.0.push(values);
            self.0.len() - 1
        }) + 1
    }

    fn block(self) -> Block {
        Block::Facts((1..).zip(self.0).map(|(number, values): (usize, String)| (number.to_string(), values)).collect())
    }
}

fn bgp(ends: &[BgpEnd], sets: &mut Sets) -> Table {
    let columns = [
        ("router", "router"),
        ("peer", "peer"),
        ("link", "link"),
        ("state", "state"),
        ("values", "values"),
        ("accepted", "in"),
        ("rejected", "rej"),
        ("announced", "out"),
    ];
    let mut table = Table::new("bgp-sessions", &columns);
    for end in ends {
        table.push(vec![
            end.router.as_str().into(),
            end.peer.as_str().into(),
            end.link.as_deref().unwrap_or("internal").into(),
            state_word(end.state).into(),
            (sets.number(values(end)) as u64).into(),
            (end.routes.accepted as u64).into(),
            (end.routes.rejected as u64).into(),
            (end.routes.announced as u64).into(),
        ]);
    }
    table
}

fn values(end: &BgpEnd) -> String {
    let timing = end.timing;
    let policy = |name: &Option<String>| name.clone().unwrap_or_else(|| "accepts all".to_owned());
    format!(
        "{} session of AS {} with AS {}\n\
         hold {} (offers {}), keepalive {}, connect retry {}\n\
         advertisement interval {}, counted {}; withdrawals {}\n\
         first update after {}; timer jitter {}\n\
         announces {}; loop avoidance {}; reflects {}\n\
         import {}; export {}\n\
         graceful restart {}; most prefixes {}; route-flap damping {}",
        end.kind,
        end.asn,
        end.peer_asn,
        span(end.hold),
        span(timing.hold),
        span(end.keepalive),
        span(timing.connect_retry),
        span(timing.advertisement_interval),
        clock_word(timing.advertisement_clock),
        withdrawals_word(timing.withdrawals),
        span(timing.first_update),
        jitter_word(timing.jitter),
        scope_word(end.scope),
        loop_word(end.loop_avoidance),
        reflection_word(end.reflection),
        policy(&end.import),
        policy(&end.export),
        graceful(end.graceful_restart),
        limit(end.max_prefixes).map_or_else(|| "without limit".to_owned(), |most| most.to_string()),
        damping_word(end.damping)
    )
}

fn graceful(restart: GracefulRestart) -> String {
    match restart {
        GracefulRestart::Off => "off".to_owned(),
        GracefulRestart::On { restart_time, stale_time, on_bfd_down } => format!(
            "on: restart time {}, stale routes for {}, when BFD goes down {}",
            span(restart_time),
            span(stale_time),
            bfd_down_word(on_bfd_down)
        ),
    }
}

/// As a value for programs.
fn graceful_value(restart: GracefulRestart) -> Value {
    match restart {
        GracefulRestart::Off => Value::Null,
        GracefulRestart::On { restart_time, stale_time, on_bfd_down } => json!({
            "restart_time_s": restart_time.as_seconds(),
            "stale_time_s": stale_time.as_seconds(),
            "on_bfd_down": bfd_down_word(on_bfd_down),
        }),
    }
}

const fn limit(max_prefixes: u32) -> Option<u32> {
    if max_prefixes == u32::MAX { None } else { Some(max_prefixes) }
}

fn routers(routers: &[RouterTiming]) -> Block {
    let mut sets: Vec<(ControlTiming, Vec<String>)> = Vec::new();
    for router in routers {
        match sets.iter_mut().find(|(control, _)| *control == router.control) {
            Some((_, names)) => names.push(router.router.clone()),
            None => sets.push((router.control, vec![router.router.clone()])),
        }
    }
    let text = |control: ControlTiming| {
        format!(
            "acts on a message after {}; its processor takes {} for each, and {} for each prefix\n\
             decides {} after a change; announces {}\n\
             forwarding table: {} after the decision, {} for each prefix ({})",
            span(control.processing),
            span(control.processing_per_message),
            span(control.processing_per_prefix),
            span(control.decision_delay),
            announces_word(control.announces),
            span(control.fib_install),
            span(control.fib_per_prefix),
            fib_word(control.fib)
        )
    };
    let several = |names: &[String]| match names {
        [only] => only.clone(),
        names => format!("{} and {} more", names[0], names.len() - 1),
    };
    Block::Facts(sets.into_iter().map(|(control, names)| (several(&names), text(control))).collect())
}

fn bfd(ends: &[BfdEnd]) -> Table {
    let columns = [
        ("link", "link"),
        ("router", "router"),
        ("peer", "peer"),
        ("state", "state"),
        ("transmit_us", "sends"),
        ("multiplier", "mult"),
        ("detection_us", "misses"),
    ];
    let mut table = Table::new("bfd", &columns);
    for end in ends {
        table.push(vec![
            end.link.as_str().into(),
            end.router.as_str().into(),
            end.peer.as_str().into(),
            bfd_word(end.state).into(),
            end.transmit.into(),
            u64::from(end.multiplier).into(),
            end.detection.into(),
        ]);
    }
    table
}

const fn state_word(state: State) -> &'static str {
    match state {
        State::Idle => "Idle",
        State::Connect => "Connect",
        State::Active => "Active",
        State::OpenSent => "OpenSent",
        State::OpenConfirm => "OpenConfirm",
        State::Established => "Established",
    }
}

const fn bfd_word(state: BfdState) -> &'static str {
    match state {
        BfdState::AdminDown => "AdminDown",
        BfdState::Down => "Down",
        BfdState::Init => "Init",
        BfdState::Up => "Up",
    }
}

// The words of the scenario's own keys.

const fn clock_word(clock: AdvertisementClock) -> &'static str {
    match clock {
        AdvertisementClock::FromSent => "from-sent",
        AdvertisementClock::FromQueued => "from-queued",
    }
}

const fn withdrawals_word(withdrawals: Withdrawals) -> &'static str {
    match withdrawals {
        Withdrawals::AtOnce => "at-once",
        Withdrawals::Limited => "limited",
    }
}

const fn jitter_word(jitter: Jitter) -> &'static str {
    match jitter {
        Jitter::Rfc4271 => "rfc4271",
        Jitter::None => "none",
    }
}

const fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "own",
        Scope::All => "all",
    }
}

const fn loop_word(avoidance: LoopAvoidance) -> &'static str {
    match avoidance {
        LoopAvoidance::None => "none",
        LoopAvoidance::SplitHorizon => "split-horizon",
        LoopAvoidance::SenderSide => "sender-side",
    }
}

const fn reflection_word(reflection: RouteReflection) -> &'static str {
    match reflection {
        RouteReflection::None => "no",
        RouteReflection::Client => "client",
    }
}

const fn bfd_down_word(on_bfd_down: OnBfdDown) -> &'static str {
    match on_bfd_down {
        OnBfdDown::KeepRoutes => "keep-routes",
        OnBfdDown::AsPeerSays => "as-peer-says",
        OnBfdDown::DropRoutes => "drop-routes",
    }
}

fn damping_word(damping: RouteFlapDamping) -> &'static str {
    match damping {
        RouteFlapDamping::Off => "off",
        RouteFlapDamping::CISCO => "cisco",
        RouteFlapDamping::On { .. } => "rfc7196",
    }
}

const fn announces_word(announces: Announces) -> &'static str {
    match announces {
        Announces::WhenInstalled => "when-installed",
        Announces::WhenDecided => "when-decided",
    }
}

const fn fib_word(fib: FibSharing) -> &'static str {
    match fib {
        FibSharing::PrefixIndependent => "prefix-independent",
        FibSharing::PerPrefix => "per-prefix",
    }
}

pub fn value(snapshot: &SessionSnapshot) -> Value {
    json!({
        "at_s": snapshot.at.as_seconds(),
        "bgp": snapshot.bgp.iter().map(bgp_value).collect::<Vec<_>>(),
        "bfd": snapshot.bfd.iter().map(|end| json!({
            "session": end.session,
            "link": end.link,
            "router": end.router,
            "peer": end.peer,
            "state": bfd_word(end.state),
            "transmit_us": microseconds(end.transmit),
            "multiplier": end.multiplier,
            "detection_us": microseconds(end.detection),
        })).collect::<Vec<_>>(),
        "routers": snapshot.routers.iter().map(|router| json!({
            "router": router.router,
            "processing_us": microseconds(router.control.processing),
            "processing_per_message_us": microseconds(router.control.processing_per_message),
            "processing_per_prefix_us": microseconds(router.control.processing_per_prefix),
            "decision_delay_us": microseconds(router.control.decision_delay),
            "announces": announces_word(router.control.announces),
            "fib_install_us": microseconds(router.control.fib_install),
            "fib_per_prefix_us": microseconds(router.control.fib_per_prefix),
            "fib": fib_word(router.control.fib),
        })).collect::<Vec<_>>(),
    })
}

fn bgp_value(end: &BgpEnd) -> Value {
    let timing = end.timing;
    json!({
        "session": end.session,
        "kind": end.kind,
        "link": end.link,
        "router": end.router,
        "peer": end.peer,
        "state": state_word(end.state),
        "address": end.address.to_string(),
        "asn": end.asn,
        "peer_asn": end.peer_asn,
        "hold_s": end.hold.as_seconds(),
        "hold_offered_s": timing.hold.as_seconds(),
        "keepalive_s": end.keepalive.as_seconds(),
        "connect_retry_s": timing.connect_retry.as_seconds(),
        "advertisement_interval_s": timing.advertisement_interval.as_seconds(),
        "advertisement_clock": clock_word(timing.advertisement_clock),
        "withdrawals": withdrawals_word(timing.withdrawals),
        "first_update_s": timing.first_update.as_seconds(),
        "jitter": jitter_word(timing.jitter),
        "scope": scope_word(end.scope),
        "loop_avoidance": loop_word(end.loop_avoidance),
        "reflection": reflection_word(end.reflection),
        "import": end.import,
        "export": end.export,
        "graceful_restart": graceful_value(end.graceful_restart),
        "max_prefixes": limit(end.max_prefixes),
        "route_flap_damping": damping_word(end.damping),
        "prefixes_accepted": end.routes.accepted,
        "prefixes_rejected": end.routes.rejected,
        "prefixes_announced": end.routes.announced,
    })
}
