//! What each kind of provider does when the scenario does not say.

/// Timers and delays of one kind of provider, as the texts that stand in a scenario.
pub(super) struct Profile {
    pub name: &'static str,
    pub hold: &'static str,
    pub keepalive: &'static str,
    pub connect_retry: &'static str,
    /// Towards other providers, and inside.
    pub advertisement_interval: [&'static str; 2],
    pub advertisement_clock: &'static str,
    pub withdrawals: &'static str,
    pub first_update: &'static str,
    pub jitter: &'static str,
    pub processing: &'static str,
    pub decision_delay: &'static str,
    pub announce: &'static str,
    pub age: &'static str,
    pub fib_install: &'static str,
    pub fib_per_prefix: &'static str,
    pub fib: &'static str,
    /// Interval and multiplier; `None` when BFD is off.
    pub bfd: Option<(&'static str, i64)>,
}

/// BGP and BFD as each provider documents them for its customers; what AWS and Google use between each other is
/// not published. `connect_retry` of the clouds, all of "fast", and what is left as in [`CLOUD`], are estimates.
pub(super) const PROFILES: [Profile; 6] = [
    // RFC 4271 section 10: hold 90 s, keepalive a third of it, ConnectRetryTime 120 s, MinRouteAdvertisementInterval
    // 30 s to other providers and 5 s inside; 9.2.1.1: withdrawals wait, too.
    Profile {
        name: "rfc4271",
        connect_retry: "120 s",
        advertisement_interval: ["30 s", "5 s"],
        withdrawals: "limited",
        bfd: None,
        ..CLOUD
    },
    // FRR 8.4.4: defaults of bgpd. Measured in namespaces of one machine: 1 ms to take an UPDATE in, best paths in
    // turns of 50 ms (process_queue hold), 10 ms more to the kernel, 1.05 to 1.15 s from Established to the first
    // UPDATE (coalesce-time), the interval as bgp_adjust_routeadv counts it, 24 to 43 us for each of 10,000 prefixes, intervals that are not jittered.
    Profile {
        name: "frr",
        hold: "180 s",
        keepalive: "60 s",
        connect_retry: "120 s",
        advertisement_clock: "from-queued",
        first_update: "1.1 s",
        jitter: "none",
        processing: "1 ms",
        decision_delay: "50 ms",
        announce: "when-decided",
        age: "in-use-first",
        fib_install: "10 ms",
        fib_per_prefix: "32 us",
        fib: "per-prefix",
        bfd: None,
        ..CLOUD
    },
    Profile { name: "aws-direct-connect", ..CLOUD },
    Profile { name: "google-cloud-router", hold: "60 s", keepalive: "20 s", bfd: Some(("1 s", 5)), ..CLOUD },
    Profile { name: "azure-expressroute", hold: "180 s", keepalive: "60 s", ..CLOUD },
    Profile { name: "fast", hold: "30 s", keepalive: "10 s", connect_retry: "5 s", ..CLOUD },
];

/// What a provider is taken to do where it tells nothing else.
const CLOUD: Profile = Profile {
    name: "",
    hold: "90 s",
    keepalive: "30 s",
    connect_retry: "10 s",
    advertisement_interval: ["0 s", "0 s"],
    advertisement_clock: "from-sent",
    withdrawals: "at-once",
    first_update: "0 s",
    jitter: "rfc4271",
    processing: estimate::PROCESSING,
    decision_delay: "0 s",
    announce: "when-installed",
    age: "ignored",
    fib_install: estimate::FIB_INSTALL,
    fib_per_prefix: "0 s",
    fib: "prefix-independent",
    bfd: FAST_BFD,
};

/// BFD at both ends of every logical link under `timers = "fast"`: an estimate.
pub(super) const FAST_BFD: Option<(&str, i64)> = Some(("300 ms", 3));

/// The profile of a name.
pub(super) fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// Estimates that hold for every provider, since none publishes its own.
pub(super) mod estimate {
    pub const INTERIOR_CONVERGENCE: &str = "200 ms";
    pub const FIB_INSTALL: &str = "100 ms";
    pub const PROCESSING: &str = "20 ms";
    pub const FORWARDING_LATENCY: &str = "5 us";
    /// Of a range of 10 to 50 ms.
    pub const CARRIER_DOWN: &str = "10 ms";
    /// A vendor's default hold-up time.
    pub const CARRIER_UP: &str = "200 ms";
    /// Between two buildings of a region, some 20 km of fibre.
    pub const BACKBONE_DELAY: &str = "98 us";
    pub const ATTACHMENT_DELAY: &str = "50 us";
    pub const BFD_RUNS_IN: &str = "line-card";
    pub const INTERIOR_BFD: (&str, i64) = ("100 ms", 3);
    pub const BUFFER: &str = "16 MiB";
    pub const RATE: &str = "100 Gbps";
    pub const MACSEC_LATENCY: &str = "0.5 us";
    /// By messages; a duration stands for them, 3.2 s as measured on a real MKA implementation.
    pub const KEY_AGREEMENT: &str = "mka";
    /// IEEE 802.1X table 9-3: MKA Life Time.
    pub const KEY_LIFE: &str = "6 s";
    /// IEEE 802.1X table 9-3: MKA Hello Time and SAK Retire Time.
    pub const MKA_HELLO: &str = "2 s";
    pub const SAK_RETIRE: &str = "3 s";
    /// Google's MACsec for Cloud Interconnect: 28,800 s.
    pub const REKEY: &str = "8 h";
    /// The Interconnect specification: bake time after the rotation of one channel.
    pub const BAKE: &str = "2 h";
    /// A customer goes from one provider's console to the other's.
    pub const ACCEPT: &str = "300 s";
    /// One call of the other provider's API, answer included.
    pub const CALL: &str = "1 s";
    /// Both providers agree on one feature: addresses, VLAN, size.
    pub const FEATURE: &str = "5 s";
    /// A provider sets its routers up. AWS's own client waits 30 s five times for a connection to change its state.
    pub const CONFIGURE: &str = "60 s";
    /// A provider's local check: it sees sessions come up, and looks once in 30 s as AWS's own client does.
    pub const VERIFY: &str = "30 s";
    /// How long a provider waits for the one to which it deferred; the specification leaves `deferralTimeoutHours` open.
    pub const DEFERRAL_TIMEOUT: &str = "24 h";
    /// A provider takes up an issue that the other one has opened.
    pub const TRIAGE: &str = "300 s";
    /// A logical link that is down for so long is an issue.
    pub const REPORT_AFTER: &str = "300 s";
    /// The Interconnect specification: what is never finalised, or is one-sided, may be deleted after seven days.
    pub const CLEAN_UP: &str = "604800 s";
    /// Traffic leaves a device before work on it begins.
    pub const DRAIN: &str = "60 s";
    /// A device is looked at after work on it, before traffic returns.
    pub const RESTORE: &str = "60 s";
    /// How long a session that is reset is kept down.
    pub const RESET: &str = "1 s";
    /// ITU-T G.841: protection switching completes within 50 ms.
    pub const PROTECTION_HIT: &str = "50 ms";
    /// From one provider to the other.
    pub const KEY_DELAY: &str = "1 s";
    /// Three installations one after another: 47 ms on a real MKA implementation.
    pub const KEY_INSTALL: &str = "15 ms";
    /// Google's MACsec for Cloud Interconnect.
    pub const KEY_SERVER_PRIORITY: i64 = 15;
    pub const BURST: &str = "20 ms";
    /// A full packet and some: Shreedhar and Varghese ask for no less.
    pub const QUANTUM: &str = "9000 B";
    /// Floyd's later advice ("RED: Discussions of Setting Parameters", 1997).
    pub const RED_PROBABILITY: &str = "10%";
    /// 2^-9, near the 0.002 of Floyd and Jacobson 1993.
    pub const RED_WEIGHT: i64 = 9;
    pub const PROBE_INTERVAL: &str = "1 s";
}
