//! Other simulators on the same workloads: built from public packages where these can be had, run in turn with ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Spread, Workload};

/// Rounds of a peer are dear: no more than this many.
const ROUNDS: usize = 3;

/// Another simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerKind {
    /// ns-3, from Debian's libns3-dev.
    Ns3,
    /// SimPy, from the Python package index.
    Simpy,
}

/// Another simulator, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    kind: PeerKind,
    version: String,
    program: PathBuf,
    /// What stands before the workload's arguments.
    arguments: Vec<PathBuf>,
}

/// Another simulator on one workload.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerResult {
    /// Which one.
    pub kind: PeerKind,
    /// Its version.
    pub version: String,
    /// The workload.
    pub workload: Workload,
    /// Packets of each round.
    pub packets: u64,
    /// Links crossed per second of its event loop.
    pub hops_per_second: Spread,
    /// Our speed over its speed, round by round.
    pub ratio: Spread,
    /// Mean wait in nanoseconds that it found.
    pub mean_ns: f64,
}

impl PeerKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ns3, Self::Simpy];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ns3 => "ns-3",
            Self::Simpy => "SimPy",
        }
    }

    /// What it does more or less per hop, so that the ratio is read fairly.
    #[must_use]
    pub const fn difference(self) -> &'static str {
        match self {
            Self::Ns3 => {
                "ns-3 carries real bytes: UDP, IPv4 and point-to-point headers are added and parsed at every node, routes \
                 are looked up in a list, and a hop takes two to three events. It keeps no statistics but the waits. \
                 Debian's package has logging compiled in; a build without is up to twice as fast."
            }
            Self::Simpy => {
                "SimPy is a general library for Python: a process per packet and a resource per link, and nothing else. \
                 No addresses, tables, queue limits or counters."
            }
        }
    }

    /// Packets of a round: some seconds' worth.
    const fn packets(self) -> u64 {
        match self {
            Self::Ns3 => 100_000,
            Self::Simpy => 20_000,
        }
    }

    /// Builds or installs it in `folder`.
    ///
    /// # Errors
    /// Why it cannot be had, in a line.
    pub fn prepare(self, folder: &Path) -> Result<Peer, String> {
        match self {
            Self::Ns3 => prepare_ns3(folder),
            Self::Simpy => prepare_simpy(folder),
        }
    }
}

fn prepare_ns3(folder: &Path) -> Result<Peer, String> {
    let headers = Path::new("/usr/include/ns3/core-module.h");
    if !headers.exists() {
        // Only root may install; for everybody else this fails and is told.
        let _ = output(Command::new("apt-get").args([
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "libns3-dev",
            "g++",
        ]));
    }
    if !headers.exists() {
        return Err("the package libns3-dev is not installed and could not be".to_owned());
    }
    let (source, program) = (folder.join("ns3.cc"), folder.join("ns3"));
    put(&source, include_str!("../../../benches/peers/ns3.cc"))?;
    let mut compiler = Command::new("g++");
    compiler.args(["-O3", "-std=c++17", "-o"]).arg(&program).arg(&source);
    output(compiler.args(["-lns3-point-to-point", "-lns3-internet", "-lns3-network", "-lns3-core"]))?;
    let package = output(Command::new("dpkg-query").args(["-W", "-f=${Version}", "libns3-dev"]));
    let version = package.map_or_else(|_| "of unknown version".to_owned(), |text| format!("{} (Debian)", text.trim()));
    Ok(Peer { kind: PeerKind::Ns3, version, program, arguments: Vec::new() })
}

fn prepare_simpy(folder: &Path) -> Result<Peer, String> {
    let environment = folder.join("python");
    output(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let program = environment.join("bin/python");
    output(Command::new(&program).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "simpy"]))?;
    let asked = "import simpy, platform; print(simpy.__version__ + ', Python ' + platform.python_version())";
    let version = output(Command::new(&program).args(["-c", asked]))?.trim().to_owned();
    let script = folder.join("simpy_workloads.py");
    put(&script, include_str!("../../../benches/peers/simpy_workloads.py"))?;
    Ok(Peer { kind: PeerKind::Simpy, version, program, arguments: vec![script] })
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("its driver cannot be written: {error}"))
}

/// What a command prints, or the last line of its complaint.
fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned();
    let output = command.output().map_err(|error| format!("{name} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{name} failed: {}", complaint.lines().last().unwrap_or("it did not say why")))
}

/// The peers' turns on one workload.
pub(super) struct Turns<'p> {
    workload: Workload,
    peers: Vec<(&'p Peer, Vec<Turn>)>,
}

/// One turn of a peer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turn {
    hops_per_second: f64,
    ratio: f64,
    mean_ns: f64,
}

impl<'p> Turns<'p> {
    pub(super) fn new(workload: Workload, peers: &'p [Peer]) -> Self {
        Self { workload, peers: peers.iter().map(|peer| (peer, Vec::new())).collect() }
    }

    /// Runs every peer once, beside a run of ours at `our_rate`.
    pub(super) fn take(&mut self, our_rate: f64, tell: &mut dyn FnMut(&str)) {
        let Some(word) = word(self.workload) else { return };
        for (peer, turns) in self.peers.iter_mut().filter(|(_, turns)| turns.len() < ROUNDS) {
            tell(&format!("{}: {}", self.workload.title(), peer.kind.name()));
            let mut command = Command::new(&peer.program);
            command.args(&peer.arguments).args([word, &peer.kind.packets().to_string()]);
            match output(&mut command).and_then(|printed| Turn::read(&printed, our_rate)) {
                Ok(turn) => turns.push(turn),
                Err(reason) => tell(&format!("{}: {reason}", peer.kind.name())),
            }
        }
    }

    pub(super) fn results(self) -> impl Iterator<Item = PeerResult> {
        let workload = self.workload;
        self.peers.into_iter().filter(|(_, turns)| !turns.is_empty()).map(move |(peer, turns)| PeerResult {
            kind: peer.kind,
            version: peer.version.clone(),
            workload,
            packets: peer.kind.packets(),
            hops_per_second: Spread::of(turns.iter().map(|turn| turn.hops_per_second).collect()),
            ratio: Spread::of(turns.iter().map(|turn| turn.ratio).collect()),
            mean_ns: turns[0].mean_ns,
        })
    }
}

impl Turn {
    /// Reads "hops seconds mean_wait_ns p99_wait_ns".
    fn read(printed: &str, our_rate: f64) -> Result<Self, String> {
        let numbers: Vec<f64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [hops, seconds, mean_ns, _] = numbers[..] else {
            return Err(format!("its driver printed {printed:?}"));
        };
        let hops_per_second = hops / seconds;
        Ok(Self { hops_per_second, ratio: our_rate / hops_per_second, mean_ns })
    }
}

/// What the drivers call a workload.
const fn word(workload: Workload) -> Option<&'static str> {
    match workload {
        Workload::Chain => Some("w1"),
        Workload::Fabric => Some("w2"),
        Workload::Quickstart => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drivers_line_is_read_and_anything_else_is_told() {
        let turn = Turn::read("900000 2.5 139.25 770\n", 36e5).unwrap();
        assert_eq!(turn, Turn { hops_per_second: 36e4, ratio: 10.0, mean_ns: 139.25 });
        assert!(Turn::read("Segmentation fault", 1.0).is_err());
    }

    #[test]
    fn a_command_that_cannot_be_had_is_a_reason_not_a_panic() {
        let reason = output(&mut Command::new("/no/such/program")).unwrap_err();
        assert!(reason.starts_with("program cannot be started"), "{reason}");
    }
}
