//! The wall clock, the process's memory, and the machine: all that a benchmark knows and a simulation must not.

use std::time::{Duration, Instant};

use crate::units::Bytes;

/// The machine and the compiler, without a name or a path of anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Model of the processor, as the system says it.
    pub processor: String,
    /// Processors that this process may use.
    pub cores: usize,
    /// Operating system and its architecture.
    pub system: String,
    /// The compiler of this program, when it was known at build time.
    pub compiler: Option<String>,
}

/// What `work` returns, and how long it took.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}

impl Machine {
    /// The one this process runs on.
    #[must_use]
    pub fn here() -> Self {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let name = field(&release, "PRETTY_NAME=").map_or(std::env::consts::OS, |name| name.trim_matches('"'));
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = field(&cpu, "model name").map_or("unknown", |name| name.trim_start_matches([':', ' ', '\t']));
        Self {
            processor: processor.trim().to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{name}, {}", std::env::consts::ARCH),
            compiler: option_env!("FABRICSIM_COMPILER").map(str::to_owned),
        }
    }
}

/// The most memory that was resident since the count was last begun anew, on Linux.
#[must_use]
pub fn peak_memory() -> Option<Bytes> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes: u64 = field(&status, "VmHWM:")?.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Bytes(kilobytes * 1024))
}

/// Lets the peak of the memory begin anew; without effect where the system cannot.
pub fn forget_peak() {
    // 5 resets the peak: proc(5), clear_refs.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// What follows `key` in the first line that begins with it.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_the_systems_files() {
        let status = "Name:\tx\nVmHWM:\t  6456 kB\n";
        assert_eq!(field(status, "VmHWM:").map(str::trim), Some("6456 kB"));
        assert_eq!(field(status, "VmPeak:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_in_use_is_seen() {
        forget_peak();
        let filled = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(peak_memory().is_some_and(|peak| peak.0 > filled.len() as u64));
    }
}
