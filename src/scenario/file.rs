//! The scenario as written: every key optional, every leaf still the value that stands in the file.
//!
//! Templates and defaults produce the same structs, so `show` is nothing but their serialization. What the keys
//! mean is told in `docs/scenario-reference.md`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::{Table, Value};

use super::problem::Problem;
use super::source::{item_place, join};

/// The sections whose tables carry names.
pub(super) const SECTIONS: [&str; 21] = [
    "providers",
    "fabrics",
    "facilities",
    "ducts",
    "cards",
    "routers",
    "links",
    "interconnects",
    "connections",
    "link_groups",
    "attachments",
    "queueing",
    "policies",
    "sessions",
    "flows",
    "monitors",
    "rules",
    "failures",
    "maintenance",
    "changes",
    "provisioning",
];

/// A leaf: whatever stands in the file.
pub(super) type Leaf = Option<Value>;

/// A sub-table that can be turned off with a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Switch<T> {
    /// A word, such as "off".
    Word(Value),
    /// The table.
    Table(Box<T>),
}

impl<T: Serialize> Serialize for Switch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Word(word) => word.serialize(serializer),
            Self::Table(table) => table.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Switch<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table or a word")
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Switch::Word(Value::String(text.to_owned())))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Switch::Word(Value::Boolean(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Switch::Word(Value::Integer(value)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|table| Switch::Table(Box::new(table)))
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident { $($leaf:ident),* $(; $($field:ident: $type:ty),*)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub(super) struct $name {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $leaf: Leaf,)*
            $($(#[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*)?
        }

        impl Keys for $name {
            const KEYS: &'static [&'static str] = &[$(stringify!($leaf),)* $($(stringify!($field),)*)?];

            fn leaves(&self) -> Vec<(&'static str, &Leaf)> {
                vec![$((stringify!($leaf), &self.$leaf),)*]
            }
        }
    )*};
}

/// The keys that a table knows, for suggestions.
pub(super) trait Keys {
    /// In order of declaration.
    const KEYS: &'static [&'static str];

    /// Every leaf with its key, in order of declaration.
    fn leaves(&self) -> Vec<(&'static str, &Leaf)>;
}

tables! {
    /// The keys outside every section.
    TopTable { title, description, horizon, warm_up, bin, seed, fidelity, sharing }
    /// `[auto]`
    AutoTable { lead, settle }
    /// `[providers.x]`
    ProviderTable {
        asn, profile, interior_convergence, fib_install, fib_per_prefix, fib, processing, processing_per_message,
        processing_per_prefix, decision_delay, announce, forwarding_latency, carrier_down, carrier_up,
        internal_sessions, reflectors, bfd_runs_in;
        bgp: BgpTable, decision: DecisionTable, bfd: Switch<BfdTable>, guidance: GuidanceTable,
        channel_guidance: BTreeMap<String, GuidanceTable>
    }
    /// What a provider can offer features; `until` belongs to the guidance of one channel.
    GuidanceTable {
        vlans, mtus, asns, ipv4, ipv4_exclude, ipv4_preferred, ipv4_lengths, ipv6, ipv6_exclude, ipv6_preferred,
        ipv6_lengths, until
    }
    /// How routers choose among routes.
    DecisionTable { med, age, multipath }
    /// BGP timers, and what sessions do.
    BgpTable {
        hold, keepalive, connect_retry, advertisement_interval, internal_advertisement_interval,
        advertisement_clock, max_prefixes, graceful_restart, restart_time, stale_time, on_bfd_down, withdrawals,
        first_update, jitter, loop_avoidance, route_flap_damping
    }
    /// BFD parameters.
    BfdTable { interval, multiplier }
    /// `[facilities.x]`
    FacilityTable { title, operator }
    /// `[routers.x]`
    RouterTable {
        provider, facility, role, address, forwarding_latency, hash, fib_install, fib_per_prefix, fib, processing,
        processing_per_message, processing_per_prefix, decision_delay, announce, bfd_runs_in, feeds, responsible
    }
    /// `[ducts.x]`
    DuctTable { links }
    /// `[cards.x]`
    CardTable { router, ports }
    /// `[links.x]`
    LinkTable {
        between, interconnect, members, min_links, lacp, rate, length, delay, buffer, queueing, mtu, framing, carrier_down,
        carrier_up, responsible, cross_connect_manager, macsec_manager;
        macsec: Switch<MacsecTable>, bfd: Switch<BfdTable>, micro_bfd: Switch<BfdTable>
    }
    /// MACsec on every member of a link.
    MacsecTable {
        suite, sci, latency, encrypt_latency, decrypt_latency, key, first_packet_number, key_agreement, key_life,
        hello, sak_retire, rekey, key_install, key_server_priority, install_order, policy, reflect_macsec_on_line,
        validate, replay_window, protection
    }
    /// `[interconnects.x]`; all but `kind` belong to a template.
    InterconnectTable { kind, template, code, channel_rate, channel_length, members }
    /// `[connections.x]`
    ConnectionTable {
        interconnect, bandwidth, attachments, timers;
        rate_limit: RateLimitTable, bgp: BgpTable, bfd: Switch<BfdTable>
    }
    /// How a purchased rate is enforced; `bandwidth` belongs to attachments, the first three keys to connections.
    RateLimitTable {
        per_link, aggregate_at, control, bandwidth, burst, excess, queue, standard, peak, peak_burst, colours
    }
    /// `[link_groups.x]`
    LinkGroupTable { links, rule, target, price }
    /// `[attachments.x]`
    AttachmentTable {
        provider, prefixes, routers, rate, length, delay, buffer, queueing, mtu, framing, carrier_down, carrier_up,
        hash, forwarding_latency, fib_install, processing, responsible;
        bfd: Switch<BfdTable>, rate_limit: RateLimitTable
    }
    /// `[policies.x]`
    PolicyTable { otherwise; terms: Vec<TermTable> }
    /// One of `policies.x.terms`
    TermTable { prefixes, communities, as_path, local_pref, med, prepend, add_communities, remove_communities, then }
    /// `[sessions.x]`: ends of sessions, and what they do otherwise than their provider.
    SessionTable { provider, router, peer, connection, import, export; bgp: BgpTable }
    /// `[queueing.x]`
    QueueingTable { control; classes: BTreeMap<String, ClassTable> }
    /// `[queueing.x.classes.y]`
    ClassTable { scheduler, priority, quantum, code_points, reserved, limit, threshold; red: RedTable }
    /// Random early detection.
    RedTable { min, max, probability, weight, ecn; medium: CurveTable, high: CurveTable }
    /// Another curve for packets of a higher drop precedence.
    CurveTable { min, max, probability }
    /// `[fabrics.x]`, which stands for routers, links and attachments.
    FabricTable {
        provider, shape, leaves, spines, prefix, rate, delay, rack_rate, rack_delay, buffer, queueing, mtu, framing, bfd,
        macsec, hash, forwarding_latency, fib_install, processing
    }
    /// `[flows.x]`
    FlowTable {
        from, to, rate, count, direction, arrivals, trace, on, off, diurnal, size, start, stop, protocol, source_port,
        target_port, ttl, dscp, ecn, transfer, interval, congestion_control, receive_window, initial_window,
        request, response, service, think, workers, backlog, timeout, retries
    }
    /// `[monitors.x]`
    MonitorTable { from, to, period, interval, timeout, size, protocol, target_port, ttl }
    /// `[[failures]]`
    FailureTable {
        name, kind, at, lasts, every, times, link, member, from, router, peer, facility, feed, duct, card, provider,
        interconnect, connection, links, routers, policy, share, fault, interval, to, rate, size, count, dscp, model, probability,
        burst, good_to_bad, bad_to_good, loss_good, loss_bad, bit_error_rate, fcs, jitter, order, hit, delay, length,
        responsible, excluded, detected_after, detected_by, mitigation, drain
    }
    /// `[[maintenance]]`
    MaintenanceTable { name, router, notice, at, lasts, drain, restore, every, times, emergency }
    /// `[[changes]]`
    ChangeTable {
        name, at, kind, connection, bandwidth, link, rate, rotate_keys, bake, delay, former_key, router, lasts, peer,
        import, export
    }
    /// `[provisioning.x]`
    ProvisioningTable {
        at, created_at, accept, call, feature, configure, verify, conflict, disabled, enabled, defer,
        deferral_timeout, triage, report_after, delete, delete_peer, clean_up
    }
    /// `[reliability]`
    ReliabilityTable { pack, basis, level, start; classes: BTreeMap<String, LifeTable>, crews: BTreeMap<String, CrewTable> }
    /// `[reliability.classes.x]`
    LifeTable {
        of, kind, probability, level, per_km, in_turn, begins, up, up_mean, up_law, up_shape, up_sigma, detection,
        detection_mean, detection_law, detection_shape, detection_sigma, detected_by, mitigation, drain, down, down_mean,
        down_law, down_shape, down_sigma, shared, coverage, crew, source
    }
    /// `[reliability.crews.x]`
    CrewTable { size }
    /// `[study]`
    StudyTable { periods, precision, episodes, degraded, joint, demand, demand_levels; vary: Table }
    /// `[sla]`
    SlaTable { rule, rules, minimum_run, dead_direction, target, period, epoch, price }
    /// `[rules.x]`
    RuleTable {
        based_on, basis, measure, bin, loss_above, loss_at_least, dead_longer, dead_direction, enter, leave, onset,
        minimum_run, rounding, rounding_unit, charged_to, excludes, notice, period, target, owed_by;
        credits: Vec<CreditTable>
    }
    /// One of `rules.x.credits`
    CreditTable { below, credit }
}

/// The whole scenario as written, or as filled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct File {
    #[serde(skip)]
    pub top: TopTable,
    pub providers: BTreeMap<String, ProviderTable>,
    pub facilities: BTreeMap<String, FacilityTable>,
    pub ducts: BTreeMap<String, DuctTable>,
    pub cards: BTreeMap<String, CardTable>,
    pub routers: BTreeMap<String, RouterTable>,
    pub links: BTreeMap<String, LinkTable>,
    pub interconnects: BTreeMap<String, InterconnectTable>,
    pub connections: BTreeMap<String, ConnectionTable>,
    pub link_groups: BTreeMap<String, LinkGroupTable>,
    pub attachments: BTreeMap<String, AttachmentTable>,
    pub queueing: BTreeMap<String, QueueingTable>,
    pub policies: BTreeMap<String, PolicyTable>,
    pub sessions: BTreeMap<String, SessionTable>,
    pub flows: BTreeMap<String, FlowTable>,
    pub monitors: BTreeMap<String, MonitorTable>,
    pub rules: BTreeMap<String, RuleTable>,
    pub failures: Vec<FailureTable>,
    pub maintenance: Vec<MaintenanceTable>,
    pub changes: Vec<ChangeTable>,
    pub provisioning: BTreeMap<String, ProvisioningTable>,
    pub auto: AutoTable,
    pub reliability: ReliabilityTable,
    pub study: StudyTable,
    pub sla: SlaTable,
    pub expect: Table,
}

impl File {
    /// Reads every table by itself, so that one wrong table hides no other.
    pub fn read(mut table: Table, problems: &mut Vec<Problem>) -> Self {
        let mut file = Self::default();
        macro_rules! section {
            ($($name:ident),*) => {$(
                if let Some(value) = table.remove(stringify!($name)) {
                    file.$name = named(stringify!($name), value, problems);
                }
            )*};
        }
        section!(providers, facilities, routers, links, interconnects, connections, attachments, queueing);
        section!(link_groups, policies, sessions, flows, monitors, rules, ducts, cards, provisioning);
        if let Some(value) = table.remove("failures") {
            file.failures = array("failures", value, problems);
        }
        if let Some(value) = table.remove("maintenance") {
            file.maintenance = array("maintenance", value, problems);
        }
        if let Some(value) = table.remove("changes") {
            file.changes = array("changes", value, problems);
        }
        if let Some(value) = table.remove("auto") {
            file.auto = one("auto", value, problems).unwrap_or_default();
        }
        if let Some(value) = table.remove("reliability") {
            file.reliability = one("reliability", value, problems).unwrap_or_default();
        }
        if let Some(value) = table.remove("study") {
            file.study = one("study", value, problems).unwrap_or_default();
        }
        if let Some(value) = table.remove("sla") {
            file.sla = one("sla", value, problems).unwrap_or_default();
        }
        match table.remove("expect") {
            Some(Value::Table(expect)) => file.expect = expect,
            Some(_) => problems.push(not_a_table("expect")),
            None => {}
        }
        for key in table.keys().filter(|key| !TopTable::KEYS.contains(&key.as_str())) {
            let known: Vec<&str> = TopTable::KEYS
                .iter()
                .chain(&SECTIONS)
                .chain(&["auto", "reliability", "study", "sla", "expect"])
                .copied()
                .collect();
            problems.push(unknown_key(key, key, &known));
        }
        table.retain(|key, _| TopTable::KEYS.contains(&key));
        file.top = one("", Value::Table(table), problems).unwrap_or_default();
        file
    }
}

/// Every table of a section.
pub(super) fn named<T>(section: &str, value: Value, problems: &mut Vec<Problem>) -> BTreeMap<String, T>
where
    T: for<'de> Deserialize<'de> + Keys,
{
    let Value::Table(tables) = value else {
        problems.push(not_a_table(section));
        return BTreeMap::new();
    };
    let read = |(name, value): (String, Value)| {
        if name.chars().any(char::is_control) {
            let message = format!("the name {name:?} has a control character");
            problems.push(Problem::error(section, message, "write letters, digits and signs"));
        }
        let table = one(&join(section, &name), value, problems)?;
        Some((name, table))
    };
    tables.into_iter().filter_map(read).collect()
}

fn array<T>(section: &str, value: Value, problems: &mut Vec<Problem>) -> Vec<T>
where
    T: for<'de> Deserialize<'de> + Keys,
{
    let Value::Array(items) = value else {
        let remedy = format!("write each one under its own [[{section}]]");
        problems.push(Problem::error(section, "is not an array of tables", remedy));
        return Vec::new();
    };
    let read = |(index, value): (usize, Value)| {
        let place = item_place(section, index, value.get("name").and_then(Value::as_str));
        one(&place, value, problems)
    };
    items.into_iter().enumerate().filter_map(read).collect()
}

fn one<T: for<'de> Deserialize<'de> + Keys>(place: &str, value: Value, problems: &mut Vec<Problem>) -> Option<T> {
    if !value.is_table() {
        problems.push(not_a_table(place));
        return None;
    }
    let mut unknown = Vec::new();
    let read = serde_ignored::deserialize(value, |path| unknown.push(path.to_string()));
    for path in unknown {
        // serde_ignored marks each Option on the way with a "?".
        let path: Vec<&str> = path.split('.').filter(|part| *part != "?").collect();
        let key = path.last().copied().unwrap_or_default();
        let known = match path.as_slice() {
            [.., "macsec", _] => MacsecTable::KEYS,
            [.., "bfd" | "micro_bfd", _] => BfdTable::KEYS,
            [.., "bgp", _] => BgpTable::KEYS,
            [.., "decision", _] => DecisionTable::KEYS,
            [.., "guidance", _] | ["channel_guidance", _, _] => GuidanceTable::KEYS,
            [.., "rate_limit", _] => RateLimitTable::KEYS,
            [.., "red", _] => RedTable::KEYS,
            [.., "medium" | "high", _] => CurveTable::KEYS,
            ["classes", _, _] if place == "reliability" => LifeTable::KEYS,
            ["crews", _, _] => CrewTable::KEYS,
            [.., "classes", _, _] => ClassTable::KEYS,
            [.., "terms", _, _] => TermTable::KEYS,
            [.., "credits", _, _] => CreditTable::KEYS,
            _ => T::KEYS,
        };
        problems.push(unknown_key(&join(place, &path.join(".")), key, known));
    }
    match read {
        Ok(table) => Some(table),
        Err(error) => {
            problems.push(Problem::error(place, error.message().replace('\n', " "), ""));
            None
        }
    }
}

fn not_a_table(place: &str) -> Problem {
    Problem::error(place, "is not a table", format!("write [{place}] above its keys"))
}

/// An unknown key, with the nearest known one when it is near.
fn unknown_key(place: &str, key: &str, known: &[&str]) -> Problem {
    let remedy = suggestion(key, known)
        .map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean \"{near}\"?"));
    Problem::error(place, "unknown key", remedy)
}

/// The known word nearest to `word`, when at most a third of its letters differ.
pub(super) fn suggestion<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|candidate| (distance(word, candidate), *candidate)).min()?;
    (near.0 <= (word.len() / 3).max(1)).then_some(near.1)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
