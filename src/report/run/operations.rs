//! What operators and customers did on purpose, step by step.

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::report::document::{Block, Section};
use crate::report::words::seconds;
use crate::sim::record::{FeatureRecord, OperationRecord, RunRecord};

/// One line per step; none without an operation.
pub fn section(record: &RunRecord) -> Option<Section> {
    let line = |one: &OperationRecord| (seconds(one.at), format!("{}: {}", one.component, one.text));
    let facts: Vec<(String, String)> = record.operations.iter().map(line).collect();
    (!facts.is_empty()).then(|| Section { heading: "Operations".to_owned(), blocks: vec![Block::Facts(facts)] })
}

/// A step in the summary.
pub fn value(one: &OperationRecord) -> Value {
    json!({ "at_s": one.at.as_seconds(), "component": one.component, "step": one.step, "text": one.text })
}

/// A feature in the summary, by the names of the specification (`L3BaseConfig`).
pub fn feature_value(one: &FeatureRecord) -> Value {
    let config = &one.config;
    // The first address of an IPv6 subnet is that of its routers (RFC 4291 2.6.1), so hosts begin behind it.
    let host = |net: IpNet, side: usize| {
        net.hosts().filter(|host| *host != net.network()).nth(side).map(|host| host.to_string())
    };
    let end = |side: usize| {
        json!({
            "provider": one.providers[side],
            "asn": config.asns[side],
            "hostIpv4": host(config.ipv4, side),
            "hostIpv6": config.ipv6.and_then(|net| host(net, side)),
        })
    };
    json!({
        "connection": one.connection,
        "channel": one.channel,
        "vlanId": config.vlan,
        "mtuBytes": config.mtu.0,
        "ipv4Subnet": config.ipv4.network().to_string(),
        "ipv4SubnetPrefixLength": config.ipv4.prefix_len(),
        "ipv6Subnet": config.ipv6.map(|net| net.network().to_string()),
        "ipv6SubnetPrefixLength": config.ipv6.map(|net| net.prefix_len()),
        "providerBgpConfigs": [end(0), end(1)],
    })
}
