//! Reading arrival traces: lines of "time in picoseconds, number of the five-tuple, size in bytes".

use std::sync::Arc;

use super::Resolver;
use crate::network::{Arrival, Trace};
use crate::rng::named_hash;
use crate::scenario::file::Leaf;
use crate::units::Span;

/// Lines told of one by one; the rest is only counted.
const LINES_TOLD: usize = 5;
/// What a line looks like.
const EXAMPLE: &str = "write for example \"171428,0,1500\": picoseconds, five-tuple, bytes";

impl Resolver<'_> {
    /// The trace that a leaf names, relative to the scenario's folder, for `count` five-tuples.
    pub(super) fn trace(&mut self, place: &str, leaf: &Leaf, count: u32) -> Arc<Trace> {
        let mut packets = Vec::new();
        if let Some(file) = self.reader.text(place, leaf, "arrivals.csv") {
            match std::fs::read_to_string(self.folder.join(file)) {
                Ok(text) => {
                    packets = self.lines(place, file, &text, count);
                    self.network.traces_hash = named_hash(&[&format!("{:x}", self.network.traces_hash), &text]);
                }
                Err(error) => {
                    let remedy = "name a file, relative to the scenario's folder";
                    self.reader.error(place, format!("{file:?} cannot be read: {error}"), remedy);
                }
            }
        }
        Arc::new(Trace::new(packets, count))
    }

    fn lines(&mut self, place: &str, file: &str, text: &str, count: u32) -> Vec<(u32, Arrival)> {
        let mut packets = Vec::new();
        let horizon = self.network.horizon;
        let mut wrong = 0;
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match packet(line, count) {
                // What lies behind the end of the run is never sent.
                Ok((flow, Arrival { at, size })) => packets.push((flow, Arrival { at: at.min(horizon), size })),
                Err(message) => {
                    wrong += 1;
                    if wrong <= LINES_TOLD {
                        self.reader.error(place, format!("{file}:{}: {message}", index + 1), EXAMPLE);
                    }
                }
            }
        }
        if wrong > LINES_TOLD {
            self.reader.error(place, format!("{file}: {} more lines are wrong", wrong - LINES_TOLD), EXAMPLE);
        }
        if packets.is_empty() && wrong == 0 {
            self.reader.error(place, format!("{file} has no packet"), EXAMPLE);
        }
        packets
    }
}

/// One line of a trace for `count` five-tuples, or what is wrong with it.
fn packet(line: &str, count: u32) -> Result<(u32, Arrival), String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [at, flow, size] = fields[..] else { return Err(format!("{line:?} has not three fields")) };
    let at = at.parse().map_err(|_| format!("{at:?} is not a time in picoseconds"))?;
    let flow = flow.parse().ok().filter(|flow| *flow < count);
    let flow = flow.ok_or_else(|| format!("{:?} is not a five-tuple from 0 to {}", fields[1], count - 1))?;
    // An IPv4 header has 20 bytes; the length field 16 bits.
    let size = size.parse().ok().filter(|size| (20..=65_535).contains(size));
    let size = size.ok_or_else(|| format!("{:?} is not a size from 20 to 65535 bytes", fields[2]))?;
    Ok((flow, Arrival { at: Span::from_ps(at), size }))
}
