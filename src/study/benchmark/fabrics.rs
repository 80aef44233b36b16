//! W2 several times side by side, as a scenario of any size.

use std::fmt::Write;

use crate::units::Span;

/// Parallel paths of a fabric.
const PATHS: u32 = 4;

/// What every link here has in common: nothing around the packets, no protocols.
const BARE: &str = "buffer = \"1000 packets\"\nframing = \"none\"\nmtu = \"9000 B\"\n";

/// A scenario of `blocks` fabrics as in W2, each ten routers in two regions, that share `flows` flows; a multiple of
/// twice the blocks keeps the load of each at 0.6. The bare loop's `Topology::fabrics` is the same.
#[must_use]
pub fn fabrics_scenario(blocks: u32, flows: u32, horizon: Span) -> String {
    let mut text = format!("title = \"{blocks} fabrics, {flows} flows\"\nhorizon = \"{horizon}\"\n");
    text.push_str("\n[providers.net]\nasn = 64512\nforwarding_latency = \"0 ps\"\n");
    for block in 0..blocks {
        push_block(&mut text, block, flows / blocks / 2);
    }
    text
}

fn push_block(text: &mut String, block: u32, flows: u32) {
    for side in ["a", "b"] {
        for place in 0..=PATHS {
            put(text, &format!("\n[routers.{}]", router(block, side, place)));
            put(text, "provider = \"net\"\nrole = \"backbone\"\nhash = \"source-port-modulo\"");
        }
    }
    for path in 1..=PATHS {
        push_link(text, &router(block, "a", 0), &router(block, "a", path), "1 us");
        push_link(text, &router(block, "a", path), &router(block, "b", path), "50 us");
        push_link(text, &router(block, "b", path), &router(block, "b", 0), "1 us");
    }
    for (side, net) in [("a", 0), ("b", 1)] {
        let (upper, lower) = ((2 * block + net) / 256, (2 * block + net) % 256);
        put(text, &format!("\n[attachments.{}]\nprovider = \"net\"", cluster(block, side)));
        put(text, &format!("prefixes = [\"10.{upper}.{lower}.0/24\"]"));
        put(text, &format!("routers = [\"{}\"]\nrate = \"400 Gbps\"\ndelay = \"1 us\"", router(block, side, 0)));
        text.push_str(BARE);
    }
    for (name, from, to) in [("there", "a", "b"), ("back", "b", "a")] {
        put(text, &format!("\n[flows.{name}-{block:04}]\nfrom = \"{}\"", cluster(block, from)));
        put(text, &format!("to = \"{}\"\nrate = \"240 Gbps\"\ncount = {flows}", cluster(block, to)));
        put(text, "arrivals = \"poisson\"\nsize = \"1500 B\"\nsource_port = 20000");
    }
}

fn push_link(text: &mut String, from: &str, to: &str, delay: &str) {
    put(text, &format!("\n[links.{from}-{to}]\nbetween = [\"{from}\", \"{to}\"]\nrate = \"100 Gbps\""));
    put(text, &format!("delay = \"{delay}\"\nbfd = \"off\"\nmacsec = \"off\""));
    text.push_str(BARE);
}

fn router(block: u32, side: &str, place: u32) -> String {
    format!("f{block:04}{side}{place}")
}

fn cluster(block: u32, side: &str) -> String {
    format!("cluster-{block:04}-{side}")
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing into memory does not fail");
}
