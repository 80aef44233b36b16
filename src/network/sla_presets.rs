//! The counting rules that come with the program, as far as their texts were found.

use super::sla_rule::{BadTest, ChargedTo, CreditTier, DeadDirection, Exclusion, LegalText, Measure, SlaRule};
use crate::units::{CalendarSpan, Share};

/// Credit tables: (uptime below, share of the charge), both in percent.
type Credits = [(&'static str, &'static str)];

const AWS_9999: &Credits = &[("99.99%", "10%"), ("99%", "25%"), ("95%", "100%")];
const AWS_999: &Credits = &[("99.9%", "10%"), ("99%", "25%"), ("95%", "100%")];
const AWS_95: &Credits = &[("95%", "10%"), ("92.5%", "25%"), ("90%", "100%")];
const AWS_VPN: &Credits = &[("99.95%", "10%"), ("99%", "25%"), ("95%", "100%")];
const GOOGLE_9999: &Credits = &[("99.99%", "10%"), ("99%", "25%")];
const GOOGLE_999: &Credits = &[("99.9%", "10%"), ("99%", "25%")];
const AZURE: &Credits = &[("99.95%", "10%"), ("99%", "25%")];

impl SlaRule {
    /// The preset that scenarios start from; promise and credits are those of the AWS Interconnect SLA of 15 April 2026.
    #[must_use]
    pub fn aws_interconnect() -> Self {
        Self {
            charged_to: all_but_the_customer(),
            ..sold(
                "aws-interconnect",
                "assumed from sibling SLAs: the service's own definition of unavailable was not found",
                LegalText::Assumed,
                "aws",
            )
        }
        .with_credits(AWS_9999)
    }

    /// Every preset, the default first, each with the promise that its family makes first.
    #[must_use]
    pub fn presets() -> Vec<Self> {
        vec![
            Self::aws_interconnect(),
            aws_direct_connect(),
            google_interconnect(),
            azure_expressroute(),
            aws_site_to_site_vpn(),
            itu_g826(),
            mef_soam(),
            experienced(),
            Self::default(),
        ]
    }

    /// The preset of this name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Self::presets().into_iter().find(|rule| rule.name == name)
    }

    /// The same rule for another promise: where its family sells one with a table of credits of its own, with that.
    #[must_use]
    pub fn promising(self, target: Share) -> Self {
        let credits = match (self.name.as_str(), target.as_ppb()) {
            ("aws-direct-connect", 999_900_000) => AWS_9999,
            ("aws-direct-connect", 999_000_000) => AWS_999,
            ("aws-direct-connect", 950_000_000) => AWS_95,
            ("google-interconnect", 999_900_000) => GOOGLE_9999,
            ("google-interconnect", 999_000_000) => GOOGLE_999,
            _ => return Self { target, ..self },
        };
        Self { target, ..self }.with_credits(credits)
    }

    fn with_credits(self, credits: &Credits) -> Self {
        let share = |text: &str| text.parse::<Share>().expect("a percentage");
        let tier = |(below, credit): &(&str, &str)| CreditTier { below: share(below), credit: share(credit) };
        Self { credits: credits.iter().map(tier).collect(), ..self }
    }
}

fn all_but_the_customer() -> ChargedTo {
    ChargedTo::Parties(["provider", "facility-operator", "carrier"].map(str::to_owned).to_vec())
}

/// What most SLAs have in common: no data at all for 120 s or more, maintenance and force majeure excepted.
fn sold(name: &str, basis: &str, text: LegalText, owed_by: &str) -> SlaRule {
    SlaRule {
        name: name.to_owned(),
        basis: basis.to_owned(),
        text,
        minimum_run: CalendarSpan::from_s(120),
        charged_to: ChargedTo::Parties(["provider", "facility-operator"].map(str::to_owned).to_vec()),
        excludes: vec![Exclusion::Maintenance, Exclusion::ForceMajeure],
        owed_by: owed_by.to_owned(),
        ..SlaRule::default()
    }
}

fn aws_direct_connect() -> SlaRule {
    sold(
        "aws-direct-connect",
        "AWS Direct Connect SLA as quoted by others: no data can be sent or received for 120 s or more; the lower bands \
         of the 99.9% tier are inferred",
        LegalText::Assumed,
        "aws",
    )
    .with_credits(AWS_9999)
}

fn google_interconnect() -> SlaRule {
    SlaRule {
        dead: DeadDirection::Both,
        ..sold(
            "google-interconnect",
            "Google Cloud Interconnect SLA: no traffic served for 120 s or more; shorter gaps do not add up",
            LegalText::Confirmed,
            "google",
        )
    }
    .with_credits(GOOGLE_9999)
}

fn azure_expressroute() -> SlaRule {
    SlaRule {
        bin: Some(CalendarSpan::from_s(60)),
        bad: BadTest::DeadLonger(CalendarSpan::from_s(30)),
        minimum_run: CalendarSpan::ZERO,
        target: share("99.95%"),
        ..sold(
            "azure-expressroute",
            "Azure ExpressRoute SLA, text not found: minutes with more than 30 s without connectivity are assumed",
            LegalText::Assumed,
            "azure",
        )
    }
    .with_credits(AZURE)
}

fn aws_site_to_site_vpn() -> SlaRule {
    SlaRule {
        bin: Some(CalendarSpan::from_s(60)),
        minimum_run: CalendarSpan::ZERO,
        target: share("99.95%"),
        ..sold(
            "aws-site-to-site-vpn",
            "AWS Site-to-Site VPN SLA, text not found: minutes without connectivity through any tunnel are assumed",
            LegalText::Assumed,
            "aws",
        )
    }
    .with_credits(AWS_VPN)
}

fn itu_g826() -> SlaRule {
    SlaRule {
        name: "itu-g826".to_owned(),
        basis:
            "ITU-T G.826: unavailable from the first of 10 severely errored seconds (30% or more lost) to the first \
                of 10 that are not"
                .to_owned(),
        measure: Measure::Packets,
        bin: Some(CalendarSpan::from_s(1)),
        bad: BadTest::LossAtLeast(share("30%")),
        enter: 10,
        leave: 10,
        ..SlaRule::default()
    }
}

fn mef_soam() -> SlaRule {
    SlaRule {
        name: "mef-soam".to_owned(),
        basis:
            "MEF 10.2.1 and SOAM-PM: frame loss ratio above 50% in 10 consecutive short intervals, the defaults of the \
                MIB; intervals of 1 s are assumed; maintenance is excluded"
                .to_owned(),
        text: LegalText::Assumed,
        measure: Measure::Packets,
        bin: Some(CalendarSpan::from_s(1)),
        bad: BadTest::LossAbove(share("50%")),
        enter: 10,
        leave: 10,
        excludes: vec![Exclusion::Maintenance],
        ..SlaRule::default()
    }
}

fn experienced() -> SlaRule {
    SlaRule {
        name: "experienced".to_owned(),
        basis: "nobody's SLA: every second in which more than 1% of the packets were lost".to_owned(),
        measure: Measure::Packets,
        bin: Some(CalendarSpan::from_s(1)),
        bad: BadTest::LossAbove(share("1%")),
        ..SlaRule::default()
    }
}

fn share(text: &str) -> Share {
    text.parse().expect("a percentage")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_those_of_the_published_tables() {
        let credits = |name: &str, target: &str| -> Vec<String> {
            let rule = SlaRule::preset(name).unwrap().promising(share(target));
            rule.credits.iter().map(|tier| format!("<{}: {}", tier.below, tier.credit)).collect()
        };
        assert_eq!(credits("aws-interconnect", "99.99%"), ["<99.99%: 10%", "<99%: 25%", "<95%: 100%"]);
        assert_eq!(credits("aws-direct-connect", "99.9%"), ["<99.9%: 10%", "<99%: 25%", "<95%: 100%"]);
        assert_eq!(credits("aws-direct-connect", "95%"), ["<95%: 10%", "<92.5%: 25%", "<90%: 100%"]);
        assert_eq!(credits("google-interconnect", "99.9%"), ["<99.9%: 10%", "<99%: 25%"]);
        assert!(credits("itu-g826", "99.99%").is_empty());
    }

    #[test]
    fn presets_have_names_of_their_own_and_say_what_is_assumed() {
        let presets = SlaRule::presets();
        for (index, rule) in presets.iter().enumerate() {
            assert!(presets[..index].iter().all(|other| other.name != rule.name), "{}", rule.name);
            assert_eq!(
                rule.text == LegalText::Assumed,
                rule.basis.contains("assumed") || rule.basis.contains("inferred")
            );
            assert!(rule.credits.is_sorted_by(|one, other| one.below > other.below && one.credit < other.credit));
        }
    }
}
