//! Defaults of `[provisioning.x]`, and of what providers can offer the connections that are provisioned.

use toml::Value;

use super::default;
use crate::scenario::file::{File, GuidanceTable, ProviderTable, ProvisioningTable};
use crate::scenario::profiles::estimate;

pub(super) fn fill(file: &mut File) {
    file.provisioning.values_mut().for_each(fill_provisioning);
    if !file.provisioning.is_empty() {
        file.providers.values_mut().for_each(fill_guidance);
    }
}

/// What the specification and the providers leave open.
fn fill_provisioning(provisioning: &mut ProvisioningTable) {
    if provisioning.at.is_some() {
        default(&mut provisioning.accept, estimate::ACCEPT);
    }
    if provisioning.delete.is_some() {
        default(&mut provisioning.delete_peer, estimate::ACCEPT);
    }
    default(&mut provisioning.call, estimate::CALL);
    default(&mut provisioning.feature, estimate::FEATURE);
    default(&mut provisioning.configure, estimate::CONFIGURE);
    default(&mut provisioning.verify, estimate::VERIFY);
    default(&mut provisioning.conflict, "0%");
    if provisioning.defer.is_some() {
        default(&mut provisioning.deferral_timeout, estimate::DEFERRAL_TIMEOUT);
    }
    default(&mut provisioning.triage, estimate::TRIAGE);
    default(&mut provisioning.report_after, estimate::REPORT_AFTER);
    default(&mut provisioning.clean_up, estimate::CLEAN_UP);
}

/// The specification's reserved VLANs and example subnets; a channel says what differs.
fn fill_guidance(provider: &mut ProviderTable) {
    let asn = provider.asn.as_ref().map_or_else(|| "1".to_owned(), ToString::to_string);
    let general = provider.guidance.get_or_insert_default();
    let texts = |items: &[&str]| Value::Array(items.iter().map(|item| Value::from(*item)).collect());
    default(&mut general.vlans, texts(&["1025-4094"]));
    default(&mut general.mtus, texts(&["68-65535"]));
    default(&mut general.asns, texts(&[&asn]));
    default(&mut general.ipv4, texts(&["169.254.0.0/16"]));
    default(&mut general.ipv4_exclude, texts(&[]));
    default(&mut general.ipv4_lengths, Value::Array(vec![29.into()]));
    default(&mut general.ipv6, texts(&["fd20::/16"]));
    default(&mut general.ipv6_exclude, texts(&[]));
    default(&mut general.ipv6_lengths, Value::Array(vec![64.into()]));
    for own in provider.channel_guidance.iter_mut().flat_map(|channels| channels.values_mut()) {
        inherit_guidance(own, general);
    }
}

fn inherit_guidance(own: &mut GuidanceTable, general: &GuidanceTable) {
    let pairs = [
        (&mut own.vlans, &general.vlans),
        (&mut own.mtus, &general.mtus),
        (&mut own.asns, &general.asns),
        (&mut own.ipv4, &general.ipv4),
        (&mut own.ipv4_exclude, &general.ipv4_exclude),
        (&mut own.ipv4_preferred, &general.ipv4_preferred),
        (&mut own.ipv4_lengths, &general.ipv4_lengths),
        (&mut own.ipv6, &general.ipv6),
        (&mut own.ipv6_exclude, &general.ipv6_exclude),
        (&mut own.ipv6_preferred, &general.ipv6_preferred),
        (&mut own.ipv6_lengths, &general.ipv6_lengths),
    ];
    for (own, general) in pairs {
        *own = own.take().or_else(|| general.clone());
    }
}
