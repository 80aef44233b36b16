//! Fills every key that was left open, so that the effective scenario says all there is to know.

mod failures;
mod provisioning;

pub(super) use failures::detection;

use std::collections::BTreeMap;

use toml::Value;

use super::file::{
    AttachmentTable, BfdTable, BgpTable, ConnectionTable, DecisionTable, File, FlowTable, Leaf, LinkTable, MacsecTable,
    MonitorTable, ProviderTable, QueueingTable, RateLimitTable, RouterTable, SlaTable, Switch,
};
use super::packs;
use super::profiles::{FAST_BFD, estimate, profile};
use super::read::peek;
use crate::network::SlaRule;
use crate::rng::named_hash;
use crate::units::Span;

fn default(leaf: &mut Leaf, value: impl Into<Value>) {
    leaf.get_or_insert_with(|| value.into());
}

/// A default that another table gives.
fn inherit(leaf: &mut Leaf, from: Option<&Leaf>, value: &str) {
    leaf.get_or_insert_with(|| from.cloned().flatten().unwrap_or_else(|| value.into()));
}

/// Fills all keys; what is wrong with them is told later, when they are resolved.
pub(super) fn fill(file: &mut File) {
    for (name, provider) in &mut file.providers {
        fill_provider(name, provider);
    }
    let owners = owners(file);
    let sold: Vec<String> =
        file.connections.values().filter_map(|c| peek(&c.interconnect).map(str::to_owned)).collect();
    let borders = borders(file, &owners);
    for (name, router) in &mut file.routers {
        fill_router(router, &file.providers, if borders.contains(name) { "border" } else { "backbone" });
    }
    // Without a connection there is no routing protocol to tell, so no liveness protocol either.
    let interior_bfd = if sold.is_empty() { None } else { Some(estimate::INTERIOR_BFD) };
    for link in file.links.values_mut() {
        fill_link(link, &file.providers, &owners, interior_bfd);
    }
    for interconnect in file.interconnects.values_mut() {
        default(&mut interconnect.kind, "custom");
    }
    for connection in file.connections.values_mut() {
        fill_connection(connection);
    }
    let backbones = backbones(file);
    for attachment in file.attachments.values_mut() {
        let provider = peek(&attachment.provider).unwrap_or_default().to_owned();
        let nearby = backbones.get(&provider).cloned().unwrap_or_default();
        fill_attachment(attachment, file.providers.get(&provider), nearby, interior_bfd);
    }
    file.queueing.values_mut().for_each(fill_queueing);
    fill_top(file);
    let horizon = peek(&file.top.horizon).unwrap_or_default().to_owned();
    failures::fill(file);
    for (name, flow) in &mut file.flows {
        fill_flow(name, flow, &horizon);
    }
    for policy in file.policies.values_mut() {
        default(&mut policy.otherwise, "accept");
        policy.terms.iter_mut().flatten().for_each(|term| default(&mut term.then, "accept"));
    }
    for monitor in file.monitors.values_mut() {
        fill_monitor(monitor);
    }
    file.rules.values_mut().for_each(|rule| default(&mut rule.based_on, "every-moment"));
    for (index, change) in file.changes.iter_mut().enumerate() {
        default(&mut change.name, format!("change-{}", index + 1));
        if change.rotate_keys.is_some() {
            default(&mut change.bake, estimate::BAKE);
            default(&mut change.delay, estimate::KEY_DELAY);
            default(&mut change.former_key, "kept");
        }
    }
    provisioning::fill(file);
    packs::fill(file);
    fill_sla(&mut file.sla);
}

/// Router -> provider, as far as written.
fn owners(file: &File) -> BTreeMap<String, String> {
    let owner = |(name, router): (&String, &RouterTable)| Some((name.clone(), peek(&router.provider)?.to_owned()));
    file.routers.iter().filter_map(owner).collect()
}

/// The two names of a link's `between`, when it has two.
pub(super) fn between(link: &LinkTable) -> Option<[&str; 2]> {
    let ends = link.between.as_ref()?.as_array()?;
    match ends.as_slice() {
        [a, b] => Some([a.as_str()?, b.as_str()?]),
        _ => None,
    }
}

/// A link whose ends have two owners: a channel of an interconnect, or a peering link.
fn is_foreign(link: &LinkTable, owners: &BTreeMap<String, String>) -> bool {
    between(link).is_some_and(|[a, b]| match (owners.get(a), owners.get(b)) {
        (Some(a), Some(b)) => a != b,
        (Some(_) | None, None) | (None, Some(_)) => false,
    })
}

fn borders(file: &File, owners: &BTreeMap<String, String>) -> Vec<String> {
    let channels = file.links.values().filter(|link| is_foreign(link, owners));
    channels.filter_map(between).flatten().map(str::to_owned).collect()
}

/// Provider -> its backbone routers, or all its routers when it has none of these.
fn backbones(file: &File) -> BTreeMap<String, Vec<String>> {
    let mut by_provider: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for wanted in ["backbone", "border"] {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, router) in &file.routers {
            if peek(&router.role) == Some(wanted) {
                found.entry(peek(&router.provider).unwrap_or_default().to_owned()).or_default().push(name.clone());
            }
        }
        for (provider, routers) in found {
            by_provider.entry(provider).or_insert(routers);
        }
    }
    by_provider
}

fn fill_provider(name: &str, provider: &mut ProviderTable) {
    // A private four-octet number (RFC 6996) from the name, so that an added provider moves no other's.
    let asn = 4_200_000_000 + named_hash(&["provider", name, "asn"]) % 94_967_295;
    default(&mut provider.asn, i64::try_from(asn).expect("ten digits fit"));
    default(&mut provider.profile, "rfc4271");
    default(&mut provider.internal_sessions, "borders-to-others");
    default(&mut provider.interior_convergence, estimate::INTERIOR_CONVERGENCE);
    default(&mut provider.forwarding_latency, estimate::FORWARDING_LATENCY);
    default(&mut provider.carrier_down, estimate::CARRIER_DOWN);
    default(&mut provider.carrier_up, estimate::CARRIER_UP);
    default(&mut provider.bfd_runs_in, estimate::BFD_RUNS_IN);
    let Some(profile) = peek(&provider.profile).and_then(profile) else { return };
    default(&mut provider.processing, profile.processing);
    default(&mut provider.processing_per_message, "0 s");
    default(&mut provider.processing_per_prefix, "0 s");
    default(&mut provider.decision_delay, profile.decision_delay);
    default(&mut provider.announce, profile.announce);
    default(&mut provider.fib_install, profile.fib_install);
    default(&mut provider.fib_per_prefix, profile.fib_per_prefix);
    default(&mut provider.fib, profile.fib);
    let decision = provider.decision.get_or_insert_with(DecisionTable::default);
    default(&mut decision.med, "same-neighbour");
    default(&mut decision.age, profile.age);
    default(&mut decision.multipath, "same-neighbour");
    let bgp = provider.bgp.get_or_insert_with(BgpTable::default);
    default(&mut bgp.hold, profile.hold);
    default(&mut bgp.keepalive, profile.keepalive);
    default(&mut bgp.connect_retry, profile.connect_retry);
    default(&mut bgp.advertisement_interval, profile.advertisement_interval[0]);
    default(&mut bgp.internal_advertisement_interval, profile.advertisement_interval[1]);
    default(&mut bgp.advertisement_clock, profile.advertisement_clock);
    default(&mut bgp.withdrawals, profile.withdrawals);
    default(&mut bgp.first_update, profile.first_update);
    default(&mut bgp.jitter, profile.jitter);
    default(&mut bgp.loop_avoidance, "none");
    default(&mut bgp.graceful_restart, "off");
    default(&mut bgp.restart_time, "120 s");
    default(&mut bgp.stale_time, "360 s");
    default(&mut bgp.on_bfd_down, "drop-routes");
    fill_bfd(&mut provider.bfd, profile.bfd);
}

/// A table with keys left open takes them from the default, or from "fast" where the default is off.
fn fill_bfd(bfd: &mut Option<Switch<BfdTable>>, otherwise: Option<(&str, i64)>) {
    match (bfd, otherwise) {
        (Some(Switch::Word(_)), _) => {}
        (Some(Switch::Table(table)), otherwise) => {
            let (interval, multiplier) = otherwise.or(FAST_BFD).unwrap_or(estimate::INTERIOR_BFD);
            default(&mut table.interval, interval);
            default(&mut table.multiplier, multiplier);
        }
        (bfd @ None, Some((interval, multiplier))) => {
            let table = BfdTable { interval: Some(interval.into()), multiplier: Some(multiplier.into()) };
            *bfd = Some(Switch::Table(Box::new(table)));
        }
        (bfd @ None, None) => *bfd = Some(Switch::Word("off".into())),
    }
}

fn fill_router(router: &mut RouterTable, providers: &BTreeMap<String, ProviderTable>, role: &str) {
    let provider = peek(&router.provider).and_then(|name| providers.get(name));
    default(&mut router.role, role);
    default(&mut router.hash, "five-tuple");
    inherit(&mut router.forwarding_latency, provider.map(|p| &p.forwarding_latency), estimate::FORWARDING_LATENCY);
    inherit(&mut router.fib_install, provider.map(|p| &p.fib_install), estimate::FIB_INSTALL);
    inherit(&mut router.fib_per_prefix, provider.map(|p| &p.fib_per_prefix), "0 s");
    inherit(&mut router.fib, provider.map(|p| &p.fib), "prefix-independent");
    inherit(&mut router.processing, provider.map(|p| &p.processing), estimate::PROCESSING);
    inherit(&mut router.processing_per_message, provider.map(|p| &p.processing_per_message), "0 s");
    inherit(&mut router.processing_per_prefix, provider.map(|p| &p.processing_per_prefix), "0 s");
    inherit(&mut router.decision_delay, provider.map(|p| &p.decision_delay), "0 s");
    inherit(&mut router.announce, provider.map(|p| &p.announce), "when-installed");
    inherit(&mut router.bfd_runs_in, provider.map(|p| &p.bfd_runs_in), estimate::BFD_RUNS_IN);
}

/// The longer of the two owners' values: the link is usable when both ends say so.
fn longer(values: [Option<&Leaf>; 2], otherwise: &str) -> Value {
    let spans = values.map(|value| value.and_then(peek).and_then(|text| text.parse::<Span>().ok()));
    let longest = spans.into_iter().flatten().max();
    longest.map_or_else(|| otherwise.into(), |span| span.to_string().into())
}

fn fill_link(
    link: &mut LinkTable,
    providers: &BTreeMap<String, ProviderTable>,
    owners: &BTreeMap<String, String>,
    interior_bfd: Option<(&str, i64)>,
) {
    let foreign = is_foreign(link, owners);
    let channel = foreign && link.interconnect.is_some();
    let ends = between(link).map(|ends| ends.map(|end| owners.get(end).and_then(|owner| providers.get(owner))));
    let [a, b] = ends.unwrap_or([None, None]);
    let down = longer([a.map(|p| &p.carrier_down), b.map(|p| &p.carrier_down)], estimate::CARRIER_DOWN);
    let up = longer([a.map(|p| &p.carrier_up), b.map(|p| &p.carrier_up)], estimate::CARRIER_UP);
    default(&mut link.members, 1);
    default(&mut link.min_links, 1);
    default(&mut link.lacp, "off");
    fill_bfd(&mut link.micro_bfd, None);
    default(&mut link.rate, estimate::RATE);
    if link.length.is_none() && link.delay.is_none() {
        // Routers of two providers meet in one building.
        if foreign { default(&mut link.length, "100 m") } else { default(&mut link.delay, estimate::BACKBONE_DELAY) }
    }
    default(&mut link.buffer, estimate::BUFFER);
    default(&mut link.framing, "ethernet");
    default(&mut link.carrier_down, down);
    default(&mut link.carrier_up, up);
    match &mut link.macsec {
        Some(Switch::Table(macsec)) => fill_macsec(macsec),
        Some(Switch::Word(_)) => {}
        None if channel => {
            let mut macsec = MacsecTable::default();
            fill_macsec(&mut macsec);
            link.macsec = Some(Switch::Table(Box::new(macsec)));
        }
        None => link.macsec = Some(Switch::Word("off".into())),
    }
    // What MACsec adds counts against the MTU; a customer's 8500 bytes still pass.
    let secured = matches!(link.macsec, Some(Switch::Table(_)));
    default(&mut link.mtu, if secured { "8532 B" } else { "8500 B" });
    // A channel carries many logical links, each with a BFD session of its own: see `connections`.
    if !channel || link.bfd.is_some() {
        fill_bfd(&mut link.bfd, if foreign { None } else { interior_bfd });
    }
}

fn fill_macsec(macsec: &mut MacsecTable) {
    default(&mut macsec.suite, "GCM-AES-XPN-256");
    default(&mut macsec.sci, true);
    default(&mut macsec.latency, estimate::MACSEC_LATENCY);
    inherit(&mut macsec.encrypt_latency, Some(&macsec.latency), estimate::MACSEC_LATENCY);
    inherit(&mut macsec.decrypt_latency, Some(&macsec.latency), estimate::MACSEC_LATENCY);
    default(&mut macsec.key, "agreed");
    default(&mut macsec.first_packet_number, 1);
    default(&mut macsec.key_agreement, estimate::KEY_AGREEMENT);
    default(&mut macsec.key_life, estimate::KEY_LIFE);
    if peek(&macsec.key_agreement) == Some("mka") {
        default(&mut macsec.hello, estimate::MKA_HELLO);
        default(&mut macsec.sak_retire, estimate::SAK_RETIRE);
        default(&mut macsec.rekey, estimate::REKEY);
        default(&mut macsec.key_install, estimate::KEY_INSTALL);
        default(&mut macsec.key_server_priority, estimate::KEY_SERVER_PRIORITY);
        default(&mut macsec.install_order, "receive-first");
        default(&mut macsec.policy, "must-secure");
        default(&mut macsec.reflect_macsec_on_line, false);
    }
    default(&mut macsec.validate, "strict");
    default(&mut macsec.replay_window, 0);
    default(&mut macsec.protection, "confidentiality");
}

fn fill_connection(connection: &mut ConnectionTable) {
    default(&mut connection.timers, "aws-google");
    let limit = connection.rate_limit.get_or_insert_with(RateLimitTable::default);
    default(&mut limit.per_link, "full");
    default(&mut limit.aggregate_at, "vpc-edge");
    default(&mut limit.control, "exempt");
    fill_bucket(limit);
    // Left open, each end uses its own provider's values; these stand under [providers].
    if connection.bfd.is_some() || peek(&connection.timers) == Some("fast") {
        fill_bfd(&mut connection.bfd, FAST_BFD);
    }
}

fn fill_bucket(limit: &mut RateLimitTable) {
    default(&mut limit.burst, estimate::BURST);
    default(&mut limit.excess, "drop");
    match peek(&limit.excess) {
        Some("delay") => default(&mut limit.queue, estimate::BUFFER),
        Some("mark") => {
            default(&mut limit.standard, "rfc2698");
            default(&mut limit.peak_burst, estimate::BURST);
            default(&mut limit.colours, "blind");
        }
        Some(_) | None => {}
    }
}

fn fill_queueing(queueing: &mut QueueingTable) {
    for class in queueing.classes.iter_mut().flat_map(BTreeMap::values_mut) {
        default(&mut class.scheduler, "deficit-round-robin");
        if peek(&class.scheduler) == Some("deficit-round-robin") {
            default(&mut class.quantum, estimate::QUANTUM);
        }
        if let Some(red) = &mut class.red {
            default(&mut red.probability, estimate::RED_PROBABILITY);
            default(&mut red.weight, estimate::RED_WEIGHT);
            default(&mut red.ecn, "off");
            for curve in [&mut red.medium, &mut red.high].into_iter().flatten() {
                default(&mut curve.probability, estimate::RED_PROBABILITY);
            }
        }
    }
}

fn fill_attachment(
    attachment: &mut AttachmentTable,
    provider: Option<&ProviderTable>,
    routers: Vec<String>,
    interior_bfd: Option<(&str, i64)>,
) {
    default(&mut attachment.routers, routers);
    default(&mut attachment.rate, estimate::RATE);
    if attachment.length.is_none() {
        default(&mut attachment.delay, estimate::ATTACHMENT_DELAY);
    }
    default(&mut attachment.buffer, estimate::BUFFER);
    default(&mut attachment.mtu, "8500 B");
    if let Some(limit) = &mut attachment.rate_limit {
        fill_bucket(limit);
    }
    default(&mut attachment.framing, "ethernet");
    default(&mut attachment.hash, "five-tuple");
    inherit(&mut attachment.carrier_down, provider.map(|p| &p.carrier_down), estimate::CARRIER_DOWN);
    inherit(&mut attachment.carrier_up, provider.map(|p| &p.carrier_up), estimate::CARRIER_UP);
    inherit(&mut attachment.forwarding_latency, provider.map(|p| &p.forwarding_latency), estimate::FORWARDING_LATENCY);
    inherit(&mut attachment.fib_install, provider.map(|p| &p.fib_install), estimate::FIB_INSTALL);
    inherit(&mut attachment.processing, provider.map(|p| &p.processing), estimate::PROCESSING);
    fill_bfd(&mut attachment.bfd, interior_bfd);
}

fn fill_top(file: &mut File) {
    let keepalives = |bgp: Option<&BgpTable>| bgp.and_then(|bgp| peek(&bgp.keepalive)?.parse::<Span>().ok());
    let providers = file.providers.values().map(|provider| keepalives(provider.bgp.as_ref()));
    let connections = file.connections.values().map(|connection| keepalives(connection.bgp.as_ref()));
    let longest = providers.chain(connections).flatten().max().unwrap_or(Span::ZERO);
    // Sessions start at random phases of their keepalive interval, then need some seconds to come up.
    let owners = owners(file);
    let talks = !file.connections.is_empty() || file.links.values().any(|link| is_foreign(link, &owners));
    let warm_up = if talks { longest + Span::from_s(10) } else { Span::ZERO };
    let top = &mut file.top;
    default(&mut top.title, "");
    default(&mut top.description, "");
    default(&mut top.horizon, "10 s");
    default(&mut top.warm_up, warm_up.to_string());
    default(&mut top.seed, 1);
    default(&mut top.fidelity, "packet");
    default(&mut top.sharing, "drop-proportional");
    default(&mut file.auto.lead, "1 s");
    default(&mut file.auto.settle, "2 s");
    let horizon = peek(&top.horizon).and_then(|text| text.parse::<Span>().ok()).unwrap_or(Span::from_s(10));
    default(&mut top.bin, neat_bin(horizon).to_string());
}

/// A three-hundredth of the horizon, rounded up to 1, 2 or 5 times a power of ten; at least 10 ms.
fn neat_bin(horizon: Span) -> Span {
    let least = horizon.as_ps().div_ceil(300);
    let neat = |ps: &u64| *ps >= least;
    let steps = (0..9).flat_map(|power| [1, 2, 5].map(|step| step * 10u64.pow(power) * Span::from_ms(10).as_ps()));
    Span::from_ps(steps.into_iter().find(neat).unwrap_or(least))
}

fn fill_flow(name: &str, flow: &mut FlowTable, horizon: &str) {
    default(&mut flow.count, 1);
    default(&mut flow.direction, "one-way");
    if flow.transfer.is_some() {
        fill_transfer(flow);
    }
    if flow.request.is_some() {
        fill_exchanges(flow);
    }
    default(&mut flow.arrivals, "constant");
    if peek(&flow.arrivals) != Some("trace") {
        default(&mut flow.size, "1400 B");
    }
    default(&mut flow.start, "0 s");
    default(&mut flow.stop, horizon);
    default(&mut flow.protocol, "udp");
    // An ephemeral port (RFC 6335 section 6) from the name, in the lower half of the range.
    let port = 49_152 + named_hash(&["flow", name, "source port"]) % 8_192;
    default(&mut flow.source_port, i64::try_from(port).expect("a port fits"));
    default(&mut flow.target_port, 443);
    default(&mut flow.ttl, 64);
    default(&mut flow.dscp, 0);
    default(&mut flow.ecn, "off");
}

/// Linux's defaults: CUBIC, at most 6 MiB of receive buffer (tcp_rmem), and RFC 6928's initial window.
fn fill_transfer(flow: &mut FlowTable) {
    default(&mut flow.arrivals, "once");
    default(&mut flow.size, "1500 B");
    default(&mut flow.protocol, "tcp");
    default(&mut flow.congestion_control, "cubic");
    default(&mut flow.receive_window, "6 MiB");
    default(&mut flow.initial_window, 10);
}

/// RFC 7252 4.8: the first request is waited for 2 s, and four more are sent.
fn fill_exchanges(flow: &mut FlowTable) {
    default(&mut flow.arrivals, "closed");
    if peek(&flow.arrivals) == Some("closed") {
        default(&mut flow.think, "0 s");
    }
    default(&mut flow.size, "1500 B");
    default(&mut flow.service, "0 s");
    default(&mut flow.workers, "unlimited");
    default(&mut flow.backlog, "unlimited");
    default(&mut flow.timeout, "2 s");
    default(&mut flow.retries, 4);
}

fn fill_monitor(monitor: &mut MonitorTable) {
    default(&mut monitor.period, "60 s");
    default(&mut monitor.interval, estimate::PROBE_INTERVAL);
    default(&mut monitor.timeout, "1 s");
    default(&mut monitor.size, "56 B");
    default(&mut monitor.protocol, "icmp");
    default(&mut monitor.target_port, if peek(&monitor.protocol) == Some("tcp") { 443 } else { 0 });
    default(&mut monitor.ttl, 64);
}

fn fill_sla(sla: &mut SlaTable) {
    default(&mut sla.rule, "aws-interconnect");
    default(&mut sla.period, if sla.epoch.is_some() { "calendar month" } else { "30 days" });
    // The scenario's own rules say themselves what they ask for.
    let preset = match peek(&sla.rule) {
        Some("custom") => Some(SlaRule::aws_interconnect()),
        Some(name) => SlaRule::preset(name),
        None => None,
    };
    if let Some(preset) = preset {
        default(&mut sla.minimum_run, preset.minimum_run.to_string());
        default(&mut sla.dead_direction, preset.dead.word());
        default(&mut sla.target, preset.target.to_string());
    }
}
