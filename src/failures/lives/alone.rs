//! A component whose life hangs on nobody else's.

use super::{Aspect, Transition, Turn};
use crate::failures::law::{Age, First, Sampler};
use crate::ids::ComponentId;
use crate::network::{Component, Start};
use crate::rng::{BriefStream, BriefStreams, StreamName};
use crate::units::{CalendarSpan, Share};

/// What its replications share.
#[derive(Debug, Clone)]
pub(super) struct Alone {
    id: ComponentId,
    /// Streams: whether anything happens to it, its up times, its down times.
    names: [StreamName; 3],
    /// Chance that something happens to it within the length of time, of 2^64; `None` when only drawing its life tells.
    odds: Option<u64>,
    /// Chance that it is down when time begins, given that something happens.
    begins_down: f64,
    first: First,
    up: Sampler,
    /// Until somebody notices a failure that no protocol does.
    silence: Option<Silence>,
    down: Sampler,
    coverage: Share,
    turns: u32,
}

/// How long failures go on unnoticed.
#[derive(Debug, Clone)]
struct Silence {
    name: StreamName,
    law: Sampler,
    /// Part of the time from a failure to its return.
    share: f64,
}

/// Where in its outage a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// It has just failed.
    Failed,
    /// Somewhere in the time in which nobody notices it.
    Silent,
    /// Somewhere in its repair.
    InRepair,
}

impl Alone {
    pub(super) fn new(id: ComponentId, component: &Component, start: Start, length: u64) -> Self {
        let (age, is_down) = match start {
            Start::New => (Age::New, 0.0),
            Start::Stationary => (Age::Stationary, component.unavailability()),
        };
        let up = Sampler::new(&component.up);
        let first = up.first(age, length);
        let touched = is_down + (1.0 - is_down) * first.chance();
        Self {
            id,
            names: ["touched", "up", "down"].map(|purpose| StreamName::new(&component.name, purpose)),
            odds: (touched < 1.0).then(|| of_two_to_64(touched)),
            begins_down: if touched > 0.0 { is_down / touched } else { 0.0 },
            first,
            up,
            silence: component.detection.as_ref().map(|detection| Silence {
                name: StreamName::new(&component.name, "detection"),
                law: Sampler::new(&detection.law),
                share: component.mean_silence() / component.mean_outage(),
            }),
            down: Sampler::new(&component.down),
            coverage: component.coverage,
            turns: u32::try_from(component.turns.len()).expect("few turns"),
        }
    }

    /// In which replications of a block something may happen to it, one bit each.
    pub(super) fn touched(&self, block: BriefStreams) -> u64 {
        self.odds.map_or(u64::MAX, |odds| block.stream(self.names[0]).trials(odds))
    }

    /// What happens to it in a replication in which something may happen.
    pub(super) fn live(&self, streams: BriefStreams, length: u64, out: &mut Vec<Transition>) {
        let (mut up, mut down) = (streams.stream(self.names[1]), streams.stream(self.names[2]));
        let begins_down = up.uniform() < self.begins_down;
        let mut at = if begins_down { 0 } else { self.first.draw(&self.up, &mut up) };
        // Which of several turns it is in is as random as its phase.
        let mut entry = match self.turns {
            1 => 0,
            turns => u32::try_from(up.below(turns.into())).expect("below a number of 32 bits"),
        };
        let mut silence = self.silence.as_ref().map(|silence| (silence, streams.stream(silence.name)));
        let mut stands = match &mut silence {
            _ if !begins_down => Stands::Failed,
            Some((silence, stream)) => match stream.uniform() < silence.share {
                true => Stands::Silent,
                false => Stands::InRepair,
            },
            None => Stands::InRepair,
        };
        while at < length {
            let covered = self.is_covered(&mut down);
            let mut tell = |at: u64, turn: Turn, aspect: Aspect| {
                let at = CalendarSpan::from_ns(at);
                out.push(Transition { at, component: self.id, turn, aspect, entry, covered });
            };
            tell(at, Turn::Down, Aspect::Fault);
            if let Some((silence, stream)) = &mut silence {
                at = at.saturating_add(match stands {
                    Stands::Failed => silence.law.draw(stream),
                    Stands::Silent => silence.law.residual(stream),
                    Stands::InRepair => 0,
                });
                if at >= length {
                    return;
                }
                tell(at, Turn::Down, Aspect::OutOfService);
            }
            let takes = match stands {
                Stands::Failed | Stands::Silent => self.down.draw(&mut down),
                Stands::InRepair => self.down.residual(&mut down),
            };
            at = at.saturating_add(takes);
            if at >= length {
                return;
            }
            let aspect = if silence.is_some() { Aspect::OutOfService } else { Aspect::Fault };
            tell(at, Turn::Up, aspect);
            stands = Stands::Failed;
            entry = (entry + 1) % self.turns;
            at = at.saturating_add(self.up.draw(&mut up));
        }
    }

    fn is_covered(&self, down: &mut BriefStream) -> bool {
        self.coverage == Share::ONE || down.chance(self.coverage.as_ppb())
    }
}

/// A share below 1 in parts of 2^64.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn of_two_to_64(share: f64) -> u64 {
    (share * 18_446_744_073_709_551_616.0) as u64
}
