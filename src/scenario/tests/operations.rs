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
