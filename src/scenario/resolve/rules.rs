//! `[sla]` and `[rules.x]`: which rules count, and what the scenario's own rules are.

use toml::Value;

use super::Resolver;
use crate::network::{
    Availability, BadTest, ChargedTo, CreditTier, DeadDirection, Exclusion, LegalText, Measure, Onset, Period,
    Rounding, SlaRule,
};
use crate::scenario::file::{CreditTable, Leaf, RuleTable};
use crate::scenario::source::join;
use crate::units::{CalendarSpan, Date, Share};

const DIRECTIONS: [(&str, DeadDirection); 2] = [("either", DeadDirection::Either), ("both", DeadDirection::Both)];

/// How `rounding` is written; the unit has a key of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RoundingWord {
    Exact,
    Whole,
    Touched,
}

impl Resolver<'_> {
    pub(super) fn availability(&mut self) {
        let sla = &self.file.sla;
        let epoch: Option<Date> = self.optional("sla.epoch", &sla.epoch, "2026-11-01");
        let default = Period::Rolling(CalendarSpan::from_days(30));
        let period = self.period("sla.period", &sla.period, epoch).unwrap_or(default);
        let known = self.own_rules(period, epoch);
        let mut rules = vec![self.judging_rule(&known, period)];
        if sla.rules.is_some() {
            for name in self.reader.list("sla.rules", &sla.rules, "[\"google-interconnect\", \"experienced\"]") {
                let Some(rule) = self.known_rule("sla.rules", &name, &known) else { continue };
                // The one that judges may be named, too: with `run --rule` it is another one.
                if rules.iter().all(|other| other.name != name) {
                    rules.push(rule);
                }
            }
        }
        let price = self.optional("sla.price", &sla.price, "12.33 USD/h");
        self.network.availability = Availability { rules, price };
        self.link_groups(&known);
    }

    /// Presets and the scenario's own rules, in that order, each with its period.
    fn own_rules(&mut self, period: Period, epoch: Option<Date>) -> Vec<SlaRule> {
        let mut known: Vec<SlaRule> =
            SlaRule::presets().into_iter().map(|preset| SlaRule { period, ..preset }).collect();
        let presets = known.len();
        for (name, table) in &self.file.rules {
            let place = join("rules", name);
            if name == "custom" || known[..presets].iter().any(|preset| preset.name == *name) {
                self.reader.error(&place, "is the name of a rule that comes with the program", "choose another name");
                continue;
            }
            let based_on = join(&place, "based_on");
            let names: Vec<&str> = known[..presets].iter().map(|preset| preset.name.as_str()).collect();
            let words: Vec<(&str, usize)> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
            let base = self.reader.word(&based_on, &table.based_on, &words);
            let basis = format!("the scenario's own, based on {}", known[base].name);
            let base = SlaRule { name: name.clone(), basis, ..self.promise(&place, table, known[base].clone()) };
            let rule = self.own_rule(&place, table, base, epoch);
            self.check_rule(&place, &rule);
            known.push(rule);
        }
        known
    }

    /// The promise first, since a preset's credits follow it.
    fn promise(&mut self, place: &str, table: &RuleTable, base: SlaRule) -> SlaRule {
        match self.optional(&join(place, "target"), &table.target, "99.99%") {
            Some(target) => base.promising(target),
            None => base,
        }
    }

    fn own_rule(&mut self, place: &str, table: &RuleTable, base: SlaRule, epoch: Option<Date>) -> SlaRule {
        let at = |key: &str| join(place, key);
        let mut rule = base;
        if table.basis.is_some() {
            rule.basis =
                self.reader.text(&at("basis"), &table.basis, "our contract, section 4").unwrap_or_default().into();
            rule.text = LegalText::Confirmed;
        }
        let measures = [("paths", Measure::Paths), ("packets", Measure::Packets)];
        self.choose(&at("measure"), &table.measure, &measures, &mut rule.measure);
        if table.bin.is_some() {
            rule.bin = self.bin(&at("bin"), &table.bin);
            if rule.bin.is_none() {
                (rule.enter, rule.leave) = (1, 1);
            }
        }
        self.bad_test(place, table, &mut rule);
        self.choose(&at("dead_direction"), &table.dead_direction, &DIRECTIONS, &mut rule.dead);
        for (key, leaf, bins) in [("enter", &table.enter, &mut rule.enter), ("leave", &table.leave, &mut rule.leave)] {
            if leaf.is_some() {
                *bins = u32::try_from(self.reader.number(&at(key), leaf, 1, 1_000_000)).unwrap_or(1);
            }
        }
        let onsets = [("first-bin", Onset::FirstBin), ("deciding-bin", Onset::DecidingBin)];
        self.choose(&at("onset"), &table.onset, &onsets, &mut rule.onset);
        if table.minimum_run.is_some() {
            rule.minimum_run = self.length(&at("minimum_run"), &table.minimum_run, "120 s").unwrap_or_default();
        }
        self.rounding(place, table, &mut rule);
        if table.charged_to.is_some() {
            rule.charged_to = self.charged_to(&at("charged_to"), &table.charged_to);
        }
        if table.excludes.is_some() {
            rule.excludes = self.excludes(&at("excludes"), &table.excludes);
        }
        if let Some(notice) =
            table.notice.as_ref().and_then(|_| self.reader.quantity(&at("notice"), &table.notice, "1 day"))
        {
            rule.notice = notice;
        }
        if table.period.is_some() {
            rule.period = self.period(&at("period"), &table.period, epoch).unwrap_or(rule.period);
        }
        if let Some(tiers) = &table.credits {
            rule.credits = self.credits(&at("credits"), tiers);
        }
        if table.owed_by.is_some() {
            rule.owed_by = self.reader.text(&at("owed_by"), &table.owed_by, "aws").unwrap_or_default().to_owned();
        }
        rule
    }

    fn judging_rule(&mut self, known: &[SlaRule], period: Period) -> SlaRule {
        let sla = &self.file.sla;
        let name = self.reader.text("sla.rule", &sla.rule, "aws-interconnect").unwrap_or("custom");
        let base = if name == "custom" {
            SlaRule { name: name.to_owned(), basis: "set by the scenario".to_owned(), period, ..SlaRule::default() }
        } else {
            self.known_rule("sla.rule", name, known).unwrap_or_default()
        };
        let mut rule = match self.optional::<Share>("sla.target", &sla.target, "99.99%") {
            Some(target) if target != base.target => base.clone().promising(target),
            Some(_) | None => base.clone(),
        };
        if sla.minimum_run.is_some() {
            rule.minimum_run = self.length("sla.minimum_run", &sla.minimum_run, "120 s").unwrap_or_default();
        }
        self.choose("sla.dead_direction", &sla.dead_direction, &DIRECTIONS, &mut rule.dead);
        // A preset of which a part was changed is no longer what its name says.
        if (rule.minimum_run, rule.dead) != (base.minimum_run, base.dead) && name != "custom" {
            let basis = format!("set by the scenario, based on {name}");
            rule = SlaRule { name: "custom".to_owned(), basis, ..rule };
        }
        rule
    }

    pub(super) fn known_rule(&mut self, place: &str, name: &str, known: &[SlaRule]) -> Option<SlaRule> {
        let found = known.iter().find(|rule| rule.name == name).cloned();
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|rule| rule.name.as_str()).chain(["custom"]).collect();
            self.reader.dangling(place, name, "rule", &names);
        }
        found
    }

    fn choose<T: Copy>(&mut self, place: &str, leaf: &Leaf, words: &[(&str, T)], value: &mut T) {
        if leaf.is_some() {
            *value = self.reader.word(place, leaf, words);
        }
    }

    pub(super) fn optional<T>(&mut self, place: &str, leaf: &Leaf, example: &str) -> Option<T>
    where
        T: std::str::FromStr<Err = crate::units::ParseQuantityError>,
    {
        leaf.as_ref().and_then(|_| self.reader.quantity(place, leaf, example))
    }

    /// A length that an outage may have, in nanoseconds.
    fn length(&mut self, place: &str, leaf: &Leaf, example: &str) -> Option<CalendarSpan> {
        self.reader.span(place, leaf, example).map(crate::units::Span::to_calendar)
    }

    fn width(&mut self, place: &str, leaf: &Leaf) -> Option<CalendarSpan> {
        let width = self.length(place, leaf, "60 s")?;
        if width == CalendarSpan::ZERO {
            self.reader.error(place, "is zero", "write for example \"60 s\"");
            return None;
        }
        Some(width)
    }

    fn bin(&mut self, place: &str, leaf: &Leaf) -> Option<CalendarSpan> {
        let is_off = leaf.as_ref().and_then(Value::as_str) == Some("off");
        if is_off { None } else { self.width(place, leaf) }
    }

    fn bad_test(&mut self, place: &str, table: &RuleTable, rule: &mut SlaRule) {
        let at = |key: &str| join(place, key);
        let above = self.optional(&at("loss_above"), &table.loss_above, "20%").map(BadTest::LossAbove);
        let at_least = self.optional(&at("loss_at_least"), &table.loss_at_least, "30%").map(BadTest::LossAtLeast);
        let longer =
            table.dead_longer.as_ref().and_then(|_| self.length(&at("dead_longer"), &table.dead_longer, "30 s"));
        let tests: Vec<BadTest> = [above, at_least, longer.map(BadTest::DeadLonger)].into_iter().flatten().collect();
        match tests.as_slice() {
            [] => {}
            [one] => rule.bad = *one,
            [..] => {
                let remedy = "keep one of loss_above, loss_at_least and dead_longer";
                self.reader.error(place, "says in several ways what is bad", remedy);
            }
        }
    }

    fn rounding(&mut self, place: &str, table: &RuleTable, rule: &mut SlaRule) {
        let words =
            [("exact", RoundingWord::Exact), ("whole", RoundingWord::Whole), ("touched", RoundingWord::Touched)];
        let unit_place = join(place, "rounding_unit");
        let unit = table.rounding_unit.as_ref().and_then(|_| self.width(&unit_place, &table.rounding_unit));
        if table.rounding.is_none() {
            return;
        }
        let word = self.reader.word(&join(place, "rounding"), &table.rounding, &words);
        rule.rounding = match (word, unit) {
            (RoundingWord::Exact, _) => Rounding::Exact,
            (RoundingWord::Whole, Some(unit)) => Rounding::Whole(unit),
            (RoundingWord::Touched, Some(unit)) => Rounding::Touched(unit),
            (RoundingWord::Whole | RoundingWord::Touched, None) => {
                if table.rounding_unit.is_none() {
                    self.reader.error(unit_place, "is missing", "write for example \"60 s\"");
                }
                Rounding::Exact
            }
        };
    }

    fn charged_to(&mut self, place: &str, leaf: &Leaf) -> ChargedTo {
        if leaf.as_ref().and_then(Value::as_str) == Some("everybody") {
            return ChargedTo::Everybody;
        }
        ChargedTo::Parties(self.reader.list(place, leaf, "[\"provider\"], or \"everybody\""))
    }

    fn excludes(&mut self, place: &str, leaf: &Leaf) -> Vec<Exclusion> {
        let words = [Exclusion::Maintenance, Exclusion::ForceMajeure].map(|exclusion| (exclusion.word(), exclusion));
        let given = self.reader.list(place, leaf, "[\"maintenance\"]");
        let mut excludes: Vec<Exclusion> =
            given.into_iter().map(|word| self.reader.word(place, &Some(Value::String(word)), &words)).collect();
        excludes.sort_unstable();
        excludes.dedup();
        excludes
    }

    fn period(&mut self, place: &str, leaf: &Leaf, epoch: Option<Date>) -> Option<Period> {
        if leaf.as_ref().and_then(Value::as_str) == Some("calendar month") {
            if epoch.is_none() {
                self.reader.error(place, "needs the date of time 0", "add epoch = \"2026-11-01\" under [sla]");
            }
            return epoch.map(Period::Months);
        }
        let length: CalendarSpan = self.reader.quantity(place, leaf, "30 days")?;
        if length == CalendarSpan::ZERO {
            self.reader.error(place, "is zero", "write for example \"30 days\" or \"calendar month\"");
            return None;
        }
        Some(Period::Rolling(length))
    }

    fn credits(&mut self, place: &str, tiers: &[CreditTable]) -> Vec<CreditTier> {
        let read = |tier: &CreditTable| {
            let below = self.reader.quantity(&join(place, "below"), &tier.below, "99.99%")?;
            let credit = self.reader.quantity(&join(place, "credit"), &tier.credit, "10%")?;
            Some(CreditTier { below, credit })
        };
        let credits: Vec<CreditTier> = tiers.iter().filter_map(read).collect();
        if !credits.is_sorted_by(|one, other| one.below > other.below && one.credit < other.credit) {
            self.reader.error(place, "do not grow as the uptime falls", "write the best uptime first");
        }
        credits
    }

    fn check_rule(&mut self, place: &str, rule: &SlaRule) {
        let at = |key: &str| join(place, key);
        let second = CalendarSpan::from_s(1);
        match (rule.measure, rule.bin) {
            (_, None) if (rule.enter, rule.leave) != (1, 1) => {
                self.reader.error(place, "counts bins and has none", "add bin = \"1 s\", or drop enter and leave");
            }
            (Measure::Packets, bin) if bin.is_none_or(|bin| !bin.as_ns().is_multiple_of(second.as_ns())) => {
                let remedy = "write a bin of whole seconds, or measure = \"paths\"";
                self.reader.error(at("bin"), "packets are counted by the second", remedy);
            }
            (Measure::Paths | Measure::Packets, _) => {}
        }
        if let (Some(bin), BadTest::DeadLonger(limit)) = (rule.bin, rule.bad)
            && limit >= bin
        {
            self.reader.error(at("dead_longer"), "no bin is as long", "write less than the bin");
        }
    }
}
