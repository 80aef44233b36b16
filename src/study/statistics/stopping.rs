//! When enough was simulated: looked at in doubling steps only, in block order, so that the answer is the same on one
//! core and on a thousand, and intervals keep their coverage.

/// What a study asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Half width of the interval over the estimate, such as 0.1.
    pub relative_half_width: f64,
    /// Outages that must stand behind the number; below 100 even the log interval covers less than it says.
    pub least_outages: u64,
    /// Blocks after which it stops whatever was reached.
    pub budget_blocks: u64,
}

/// What the first blocks gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoFar {
    /// Blocks done, without a gap from block 0 on.
    pub blocks: u64,
    /// Outages seen in them.
    pub outages: u64,
    /// Half width over estimate; none as long as there is no interval.
    pub relative_half_width: Option<f64>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on, and look again when this many blocks are done.
    Continue {
        /// The next checkpoint, in blocks from the start.
        until_blocks: u64,
    },
    /// The goal is reached.
    Enough,
    /// The budget is used up before the goal; the report says so.
    StoppedOnBudget,
}

/// The rule. Between checkpoints it never stops, whatever the numbers say.
#[must_use]
pub fn decide(goal: &Goal, so_far: &SoFar) -> Decision {
    let checkpoint = next_checkpoint(so_far.blocks.saturating_sub(1)).min(goal.budget_blocks);
    if so_far.blocks < checkpoint {
        return Decision::Continue { until_blocks: checkpoint };
    }
    let narrow = so_far.relative_half_width.is_some_and(|half| half <= goal.relative_half_width);
    if so_far.blocks > 0 && narrow && so_far.outages >= goal.least_outages {
        Decision::Enough
    } else if so_far.blocks >= goal.budget_blocks {
        Decision::StoppedOnBudget
    } else {
        Decision::Continue { until_blocks: next_checkpoint(so_far.blocks).min(goal.budget_blocks) }
    }
}

/// The checkpoint after so many blocks: the least power of two above.
#[must_use]
pub const fn next_checkpoint(blocks: u64) -> u64 {
    (blocks + 1).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOAL: Goal = Goal { relative_half_width: 0.1, least_outages: 100, budget_blocks: 100 };

    fn after(blocks: u64, outages: u64, half: f64) -> Decision {
        decide(&GOAL, &SoFar { blocks, outages, relative_half_width: Some(half) })
    }

    #[test]
    fn it_looks_at_powers_of_two_only() {
        let mut checkpoints = Vec::new();
        let mut blocks = 0;
        while let Decision::Continue { until_blocks } =
            decide(&GOAL, &SoFar { blocks, outages: 0, relative_half_width: None })
        {
            checkpoints.push(until_blocks);
            blocks = until_blocks;
        }
        assert_eq!(checkpoints, [1, 2, 4, 8, 16, 32, 64, 100]);
        assert_eq!(after(5, 1_000_000, 0.0), Decision::Continue { until_blocks: 8 });
        assert_eq!(after(64, 1_000, 0.05), Decision::Enough);
        assert_eq!(after(65, 1_000, 0.05), Decision::Continue { until_blocks: 100 });
    }

    #[test]
    fn both_precision_and_outages_are_needed() {
        assert_eq!(after(8, 99, 0.05), Decision::Continue { until_blocks: 16 });
        assert_eq!(after(8, 100, 0.11), Decision::Continue { until_blocks: 16 });
        assert_eq!(after(8, 100, 0.1), Decision::Enough);
        assert_eq!(after(100, 99, 0.05), Decision::StoppedOnBudget);
        assert_eq!(after(100, 100, 0.05), Decision::Enough);
    }
}
