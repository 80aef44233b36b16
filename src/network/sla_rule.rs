//! Counting rules as data: when a connection counts as unavailable, what of that is charged, and what it earns.

use crate::units::{CalendarSpan, Date, Share};

/// A counting rule. `sla::evaluate` applies it to the loss timelines of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaRule {
    /// Name of the preset or of the scenario's own table, or "custom".
    pub name: String,
    /// What the rule is and where it comes from.
    pub basis: String,
    /// Whether the legal text behind it was read.
    pub text: LegalText,
    /// What losses are taken from.
    pub measure: Measure,
    /// Width of the bins, which follow one another from time 0 on; `None` judges every moment by itself.
    pub bin: Option<CalendarSpan>,
    /// When a bin, or a moment, is bad.
    pub bad: BadTest,
    /// In which directions.
    pub dead: DeadDirection,
    /// Consecutive bad bins that make the connection unavailable; 1 without bins.
    pub enter: u32,
    /// Consecutive good bins that make it available again; 1 without bins.
    pub leave: u32,
    /// Which of these bins count as unavailable.
    pub onset: Onset,
    /// An unavailable run shorter than this is not charged at all; one at least this long is charged whole.
    pub minimum_run: CalendarSpan,
    /// How much of a run counts.
    pub rounding: Rounding,
    /// Whose failures are charged.
    pub charged_to: ChargedTo,
    /// What else is not charged, in order.
    pub excludes: Vec<Exclusion>,
    /// Maintenance is excluded only when it was announced so long before its window.
    pub notice: CalendarSpan,
    /// The SLA period; a run is always judged against whole periods.
    pub period: Period,
    /// The promise, such as 99.99%.
    pub target: Share,
    /// Credits, best uptime first.
    pub credits: Vec<CreditTier>,
    /// Who owes the credit.
    pub owed_by: String,
}

/// Whether a rule's legal text could be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalText {
    /// The counting is in a published text, or is a standard or a definition of ours.
    Confirmed,
    /// A part of it is an assumption.
    Assumed,
}

/// What the losses of a rule are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The share of the equal-cost paths that lead nowhere.
    Paths,
    /// Packets lost of those sent, second by second; in a second without packets, the paths.
    Packets,
}

/// When a bin or a moment is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTest {
    /// Its mean loss is above this.
    LossAbove(Share),
    /// Its mean loss is this or more; 100% is "nothing passed".
    LossAtLeast(Share),
    /// It holds more time than this without any path. A moment has none or all of it.
    DeadLonger(CalendarSpan),
}

impl BadTest {
    /// Whether any bin or moment can be bad where never more than this is lost.
    #[must_use]
    pub fn can_follow(&self, most: Share) -> bool {
        match self {
            Self::LossAbove(share) => most > *share,
            Self::LossAtLeast(share) => most >= *share,
            Self::DeadLonger(_) => most == Share::ONE,
        }
    }
}

/// When a connection counts as having no usable path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadDirection {
    /// In at least one direction.
    Either,
    /// In both directions.
    Both,
}

/// Which of the bins that decide a change of state belong to the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onset {
    /// All: the state changes back when the first of them began (ITU-T G.826 Annex A).
    FirstBin,
    /// The last: the state changes when the bin begins that completes them.
    DecidingBin,
}

/// How the ends of a charged run are set; its length is tested against the minimum before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// As they are.
    Exact,
    /// Only units that lie wholly in the run count; units follow one another from time 0 on.
    Whole(CalendarSpan),
    /// Every unit that the run touches counts, once.
    Touched(CalendarSpan),
}

/// Whose failures a rule charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargedTo {
    /// Everybody's.
    Everybody,
    /// Those of these parties, by name or by role ("provider", "facility-operator", "carrier", "customer").
    Parties(Vec<String>),
}

/// What a rule may leave out whoever is responsible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// Maintenance of which notice was given.
    Maintenance,
    /// What nobody could prevent.
    ForceMajeure,
}

/// The SLA period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// So long, one after another from time 0 on.
    Rolling(CalendarSpan),
    /// Calendar months; time 0 is the midnight (UTC) at which this day begins.
    Months(Date),
}

/// Below this uptime, so much of the period's charge comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditTier {
    /// The uptime.
    pub below: Share,
    /// The share of the charge.
    pub credit: Share,
}

impl Default for SlaRule {
    /// Every moment without a usable path, held against 99.99% of 30 days.
    fn default() -> Self {
        Self {
            name: "every-moment".to_owned(),
            basis: "nobody's SLA: every moment without a usable path counts, however short".to_owned(),
            text: LegalText::Confirmed,
            measure: Measure::Paths,
            bin: None,
            bad: BadTest::LossAtLeast(Share::ONE),
            dead: DeadDirection::Either,
            enter: 1,
            leave: 1,
            onset: Onset::FirstBin,
            minimum_run: CalendarSpan::ZERO,
            rounding: Rounding::Exact,
            charged_to: ChargedTo::Everybody,
            excludes: Vec::new(),
            // The last of AWS Direct Connect's notices (14, 7 and 1 days before); what else an SLA asks is not published.
            notice: CalendarSpan::from_days(1),
            period: Period::Rolling(CalendarSpan::from_days(30)),
            target: Share::from_ppb(999_900_000),
            credits: Vec::new(),
            owed_by: "nobody".to_owned(),
        }
    }
}

impl BadTest {
    /// Whether it can only be met by having no path at all, so that "usable path" is the word for its contrary.
    #[must_use]
    pub fn is_dead(self) -> bool {
        match self {
            Self::LossAbove(_) => false,
            Self::LossAtLeast(share) => share == Share::ONE,
            Self::DeadLonger(_) => true,
        }
    }
}

impl DeadDirection {
    /// Its word in scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Either => "either",
            Self::Both => "both",
        }
    }

    /// Both directions as one.
    #[must_use]
    pub const fn of(self, bad: [bool; 2]) -> bool {
        match self {
            Self::Either => bad[0] || bad[1],
            Self::Both => bad[0] && bad[1],
        }
    }
}

impl LegalText {
    /// "confirmed" or "assumed".
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Assumed => "assumed",
        }
    }
}

impl Exclusion {
    /// Its word in scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::ForceMajeure => "force-majeure",
        }
    }
}
