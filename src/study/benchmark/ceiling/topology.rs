//! What the bare loop runs on: links, paths over them, and flows on the paths.

/// One direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Time to send one packet, in picoseconds.
    pub service_ps: u64,
    /// Propagation delay in picoseconds.
    pub delay_ps: u64,
}

/// A Poisson flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Which path it takes.
    pub path: u32,
    /// Mean time between its packets, in picoseconds.
    pub interval_ps: f64,
}

/// Links, paths and flows, all packets of one size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// The links.
    pub links: Vec<Link>,
    /// Every path as the links that it crosses.
    pub paths: Vec<Vec<u32>>,
    /// The flows.
    pub flows: Vec<Flow>,
}

/// 1500 bytes at 100 and at 400 Gbit/s.
const SERVICE_100G: u64 = 120_000;
const SERVICE_400G: u64 = 30_000;
const MICROSECOND: u64 = 1_000_000;

/// Parallel paths of a fabric.
const PATHS: u32 = 4;

impl Topology {
    /// Workload W1: nine links of 100 Gbit/s and 50 us in a row, one flow at load 0.7.
    #[must_use]
    pub fn chain() -> Self {
        let link = Link { service_ps: SERVICE_100G, delay_ps: 50 * MICROSECOND };
        Self {
            links: vec![link; 9],
            paths: vec![(0..9).collect()],
            flows: vec![Flow { path: 0, interval_ps: SERVICE_100G as f64 / 0.7 }],
        }
    }

    /// Workload W2: two clusters joined by four parallel paths of five links, 1000 flows, load 0.6.
    #[must_use]
    pub fn fabric() -> Self {
        Self::fabrics(1, 1_000)
    }

    /// `blocks` fabrics as in W2, ten routers each, that share `flows` flows; the load is 0.6 whatever their number.
    #[must_use]
    pub fn fabrics(blocks: u32, flows: u32) -> Self {
        let mut topology = Self::default();
        (0..blocks).for_each(|_| topology.add_fabric());
        // A direction of a block has 240 Gbit/s, a packet every 50 ns, from its share of the flows.
        let directions = u64::from(blocks) * 2;
        let interval_ps = 50_000.0 * f64::from(flows) / directions as f64;
        // As the scenario numbers them: blocks and directions in order, and in each the flow's number modulo 4.
        let per_direction = u64::from(flows).div_ceil(directions);
        for flow in 0..u64::from(flows) {
            let (direction, number) = (flow / per_direction, flow % per_direction);
            let path = direction * u64::from(PATHS) + number % u64::from(PATHS);
            topology.flows.push(Flow { path: u32::try_from(path).expect("fewer than 2^32 paths"), interval_ps });
        }
        topology
    }

    /// Both directions of one fabric: access, four times (towards, across, down), access.
    fn add_fabric(&mut self) {
        let access = Link { service_ps: SERVICE_400G, delay_ps: MICROSECOND };
        let inside = Link { service_ps: SERVICE_100G, delay_ps: MICROSECOND };
        let across = Link { service_ps: SERVICE_100G, delay_ps: 50 * MICROSECOND };
        for _ in 0..2 {
            let first = u32::try_from(self.links.len()).expect("fewer than 2^32 links");
            self.links.push(access);
            (0..PATHS).for_each(|_| self.links.extend([inside, across, inside]));
            self.links.push(access);
            for path in 0..PATHS {
                let up = first + 1 + 3 * path;
                self.paths.push(vec![first, up, up + 1, up + 2, first + 1 + 3 * PATHS]);
            }
        }
    }

    /// The delay of an empty path in picoseconds.
    #[must_use]
    pub fn unloaded_ps(&self, path: u32) -> u64 {
        let crossed = self.paths[path as usize].iter().map(|link| self.links[*link as usize]);
        crossed.map(|link| link.service_ps + link.delay_ps).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The unloaded delays that the workloads' definitions state: 451.08 us and 54.42 us.
    #[test]
    fn empty_paths_take_the_stated_time() {
        assert_eq!(Topology::chain().unloaded_ps(0), 451_080_000);
        let fabric = Topology::fabric();
        assert!((0..8).all(|path| fabric.unloaded_ps(path) == 54_420_000));
    }

    /// 125 flows and load 0.6 per logical link and direction, by the workload's definition.
    #[test]
    fn every_link_of_any_fabric_has_load_six_tenths() {
        for (blocks, flows) in [(1, 1_000), (3, 2_400), (10, 8_000)] {
            let fabric = Topology::fabrics(blocks, flows);
            let mut packets_per_second = vec![0.0; fabric.links.len()];
            for flow in &fabric.flows {
                for link in &fabric.paths[flow.path as usize] {
                    packets_per_second[*link as usize] += 1e12 / flow.interval_ps;
                }
            }
            for (link, rate) in fabric.links.iter().zip(packets_per_second) {
                let load = rate * link.service_ps as f64 / 1e12;
                assert!((load - 0.6).abs() < 1e-12, "{load}");
            }
        }
    }
}
