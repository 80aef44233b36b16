//! How the ends of a link come by their MACsec keys.

use toml::Value;

use super::Resolver;
use crate::network::{Agreement, InstallOrder, MkaConfig, Reflection, SecurePolicy};
use crate::scenario::file::{Leaf, MacsecTable};
use crate::scenario::read::peek;
use crate::scenario::source::join;
use crate::units::{Bytes, Span};

/// Of one link: the agreement by sending end, and what a member without a key does.
pub(super) struct Keying {
    pub agreement: [Agreement; 2],
    pub policy: SecurePolicy,
    pub reflection: Reflection,
}

impl Resolver<'_> {
    /// `key_agreement` is a duration or "mka"; other keys are read with "mka" only.
    pub(super) fn keying(&mut self, place: &str, table: &MacsecTable) -> Keying {
        let life = self.reader.span_or_zero(&join(place, "key_life"), &table.key_life, "6 s");
        if peek(&table.key_agreement) == Some("mka") {
            return self.mka(place, table, life);
        }
        for (key, leaf) in only_mka(table) {
            if leaf.is_some() {
                let remedy = "write key_agreement = \"mka\"";
                self.reader.error(join(place, key), "is read only where MKA agrees on keys", remedy);
            }
        }
        let at = join(place, "key_agreement");
        let agreement = self.reader.span_or_zero(&at, &table.key_agreement, "3.2 s");
        let timed = Agreement::Timed { agreement, life };
        Keying { agreement: [timed; 2], policy: SecurePolicy::MustSecure, reflection: Reflection::Nobody }
    }

    fn mka(&mut self, place: &str, table: &MacsecTable, life: Span) -> Keying {
        let hello = self.reader.span_or_zero(&join(place, "hello"), &table.hello, "2 s");
        if hello < Span::from_ms(1) && table.hello.is_some() {
            self.reader.error(join(place, "hello"), "is below 1 ms", "write \"2 s\", or \"0.5 s\" (IEEE 802.1X)");
        }
        if life <= hello {
            let message = format!("is not above hello ({hello}), so that peers come and go");
            self.reader.error(join(place, "key_life"), message, "three times hello is usual: \"6 s\"");
        }
        let retire = self.reader.span_or_zero(&join(place, "sak_retire"), &table.sak_retire, "3 s");
        let install = self.reader.span_or_zero(&join(place, "key_install"), &table.key_install, "15 ms");
        let rekey = if peek(&table.rekey) == Some("off") {
            None
        } else {
            self.reader.span(&join(place, "rekey"), &table.rekey, "8 h")
        };
        let orders = [("receive-first", InstallOrder::ReceiveFirst), ("transmit-first", InstallOrder::TransmitFirst)];
        let order = self.reader.word(&join(place, "install_order"), &table.install_order, &orders);
        let policies = [("must-secure", SecurePolicy::MustSecure), ("should-secure", SecurePolicy::ShouldSecure)];
        let policy = self.reader.word(&join(place, "policy"), &table.policy, &policies);
        let priorities = self.priorities(&join(place, "key_server_priority"), &table.key_server_priority);
        let distributed = distributed(peek(&table.suite).unwrap_or_default());
        let reflection = self.reflection(&join(place, "reflect_macsec_on_line"), &table.reflect_macsec_on_line);
        let end =
            |priority| Agreement::Mka(MkaConfig { priority, hello, life, retire, install, rekey, order, distributed });
        Keying { agreement: priorities.map(end), policy, reflection }
    }

    fn reflection(&mut self, place: &str, leaf: &Leaf) -> Reflection {
        match leaf.as_ref().and_then(Value::as_bool) {
            Some(true) => Reflection::OnLine,
            Some(false) => Reflection::Nobody,
            None => {
                self.reader.error(place, "is neither true nor false", "write true");
                Reflection::Nobody
            }
        }
    }

    /// One number for both ends, or a list of two in the order of `between`.
    fn priorities(&mut self, place: &str, leaf: &Leaf) -> [u8; 2] {
        let ends = match leaf.as_ref().and_then(Value::as_array).map(Vec::as_slice) {
            Some([first, second]) => [Some(first.clone()), Some(second.clone())],
            Some(other) => {
                let message = format!("has {} priorities for two ends", other.len());
                self.reader.error(place, message, "write one number, or [16, 128]");
                return [0; 2];
            }
            None => [leaf.clone(), leaf.clone()],
        };
        // 255 would mean: never a key server, so that nobody makes keys.
        ends.map(|end| u8::try_from(self.reader.number(place, &end, 0, 254)).unwrap_or(0))
    }
}

fn only_mka(table: &MacsecTable) -> [(&'static str, &Leaf); 8] {
    [
        ("hello", &table.hello),
        ("sak_retire", &table.sak_retire),
        ("rekey", &table.rekey),
        ("key_install", &table.key_install),
        ("key_server_priority", &table.key_server_priority),
        ("install_order", &table.install_order),
        ("policy", &table.policy),
        ("reflect_macsec_on_line", &table.reflect_macsec_on_line),
    ]
}

/// The Distributed SAK parameter set (IEEE 802.1X-2020 11.11.3): header 4 and key number 4, the suite's identifier 8
/// unless it is the default one, and the wrapped key, 8 bytes longer than the key.
fn distributed(suite: &str) -> Bytes {
    match suite {
        "GCM-AES-128" => Bytes(32),
        "GCM-AES-XPN-128" => Bytes(40),
        _ => Bytes(56),
    }
}
