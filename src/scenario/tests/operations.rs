//! Operations as written, and what is wrong with them.

use super::*;
use crate::network::AdminState;

/// A connection on four channels, and `tables`.
fn with(tables: &str) -> String {
    format!(
        r#"
        horizon = "1 h"
        [interconnects.i]
        template = "aws-google/us-east-1"
        [connections.shop]
        interconnect = "i"
        bandwidth = "1 Gbps"
        attachments = ["vpc-aws", "vpc-google"]
        [attachments.vpc-aws]
        provider = "aws"
        prefixes = ["10.0.0.0/16"]
        [attachments.vpc-google]
        provider = "google"
        prefixes = ["10.128.0.0/16"]
        [flows.f]
        from = "vpc-aws"
        to = "vpc-google"
        rate = "1 Mbps"
        {tables}
        "#
    )
}

#[test]
fn a_provisioned_connection_takes_the_orders_of_its_bandwidth() {
    let tables = "[provisioning.shop]\nat = \"1 s\"\ncreated_at = \"google\"\ndisabled = [\"iad-channel-b2\"]\n\
                  [[changes]]\nat = \"10 min\"\nconnection = \"shop\"\nbandwidth = \"2 Gbps\"\n";
    let network = good(&with(tables)).network;
    let [plan] = network.provisioning.as_slice() else { panic!("one connection is provisioned") };
    assert_eq!((plan.initiator, plan.updates.len(), network.changes.len()), (1, 1, 0));
    let disabled = plan.channels.iter().filter(|channel| channel.admin == AdminState::Disabled(None));
    assert_eq!((plan.channels.len(), disabled.count()), (4, 1));
    // The specification's clean-up.
    assert_eq!(plan.times.clean_up, "7 days".parse().unwrap());
}

#[test]
fn provisioning_that_cannot_be_is_refused_with_its_reason() {
    let wrong = [
        ("[provisioning.shup]\n", "provisioning.shup: no connection is named \"shup\""),
        ("[provisioning.shop]\naccept = \"1 s\"\n", "provisioning.shop: says how the connection is created, but not"),
        ("[provisioning.shop]\nat = \"2 h\"\n", "provisioning.shop.at: 7200 s is not before the end of the run"),
        (
            "[provisioning.shop]\nat = \"2 s\"\ndelete = \"1 s\"\n",
            "provisioning.shop.delete: is not after its creation",
        ),
        ("[provisioning.shop]\nconflict = \"100%\"\n", "provisioning.shop.conflict: lets no call ever succeed"),
        ("[provisioning.shop]\nenabled = \"1 s\"\n", "provisioning.shop.enabled: is read only with disabled"),
        ("[provisioning.shop]\ndisabled = [\"x\"]\n", "provisioning.shop.disabled: no link is named \"x\""),
        ("[provisioning.shop]\nverify = \"soon\"\n", "provisioning.shop.verify: \"soon\" is not a law of duration"),
        ("[expect]\nprovisioning.shop.available = \"1 s\"\n", "expect.provisioning.shop: no provisioned connection"),
    ];
    for (tables, message) in wrong {
        let found = problems_of(&with(tables), &[]);
        assert!(found.contains(message), "{tables}: {found}");
    }
}

/// Interconnects between two providers, each on one link from every one of its devices.
fn fabric(sets: &[&[&str]], maintenance: &str) -> String {
    let mut text = "horizon = \"1 h\"\n[providers]\nleft = { asn = 64512 }\nright = { asn = 64513 }\n\
                    [facilities.x]\n[facilities.y]\n[interconnects]\n"
        .to_owned();
    let mut devices: Vec<&str> = sets.concat();
    devices.sort_unstable();
    devices.dedup();
    for index in 0..sets.len() {
        text += &format!("i{index} = {{}}\n");
    }
    text += "[routers]\n";
    for device in &devices {
        text += &format!("{device} = {{ provider = \"left\", facility = \"x\" }}\n");
    }
    for index in 0..sets.len() {
        text += &format!("peer{index} = {{ provider = \"right\", facility = \"y\" }}\n");
    }
    text += "[links]\n";
    for (index, set) in sets.iter().enumerate() {
        for device in *set {
            text += &format!(
                "{device}-{index} = {{ between = [\"{device}\", \"peer{index}\"], interconnect = \"i{index}\" }}\n"
            );
        }
    }
    let first = devices[0];
    text + &format!(
        "[attachments.l]\nprovider = \"left\"\nprefixes = [\"10.0.0.0/16\"]\nrouters = [\"{first}\"]\n\
         [attachments.r]\nprovider = \"right\"\nprefixes = [\"10.1.0.0/16\"]\nrouters = [\"peer0\"]\n\
         [connections.c]\ninterconnect = \"i0\"\nbandwidth = \"1 Gbps\"\nattachments = [\"l\", \"r\"]\n\
         [flows.f]\nfrom = \"l\"\nto = \"r\"\nrate = \"1 Mbps\"\n\
         [[maintenance]]\nname = \"work\"\nrouter = \"{first}\"\nat = \"30 min\"\nlasts = \"1 min\"\n{maintenance}\n"
    )
}

#[test]
fn device_sets_that_deadlock_maintenance_are_refused_with_who_shares_what() {
    let example: [&[&str]; 3] = [&["a", "b", "c", "d"], &["a", "e", "c", "d"], &["b", "e"]];
    let found = problems_of(&fabric(&example, ""), &[]);
    let shares = "maintenance.work.router: interconnects overlap in a ring (i0 and i1 share a, i1 and i2 share e, i2 and i0 share b)";
    assert!(found.contains(shares), "{found}");
    // Four in a ring, of which no three make one.
    let four: [&[&str]; 4] = [&["a", "b"], &["b", "c"], &["c", "d"], &["d", "a"]];
    let found = problems_of(&fabric(&four, ""), &[]);
    assert!(found.contains("(i0 and i3 share a, i3 and i2 share d, i2 and i1 share c, i1 and i0 share b)"), "{found}");
    // Open at one place; and an emergency waits for nobody.
    good(&fabric(&four[..3], ""));
    good(&fabric(&four, "emergency = true"));
}

#[test]
fn a_bandwidth_that_fits_nowhere_is_told() {
    let change = "[[changes]]\nat = \"10 s\"\nconnection = \"shop\"\nbandwidth = \"200 Gbps\"\n";
    let warnings = good(&with(change)).warnings;
    let told = warnings.iter().any(|problem| problem.to_string().contains("200 Gbps does not fit its interconnect"));
    assert!(told, "{warnings:?}");
    let fits = good(&with(&change.replace("200", "100"))).warnings;
    assert!(fits.iter().all(|problem| !problem.to_string().contains("does not fit")), "{fits:?}");
}
