//! AWS Interconnect - multicloud with Google Cloud: the five region pairs at general availability.
//!
//! ```text
//!   aws zone 1, zone 2          facility a             google zone 1, zone 2
//!        bb1 ------------- a1 ==== channel ==== a1 ------------- bb1
//!          \ \____________ a2 ==== channel ==== a2 ____________/ /
//!           \               (facility b alike)                  /
//!        bb2 +------------ each backbone router reaches all four border routers
//! ```

use std::fmt::Write as _;

use super::Parameters;

/// One region pair. Delays are one way per backbone link, and chosen (an estimate) so that the unloaded round trip
/// from attachment to attachment comes to the summary's figure with the default 50 us of attachment link; facility
/// b is 8 km further than facility a from every zone.
pub(super) struct Region {
    pub name: &'static str,
    pub summary: &'static str,
    /// Stands in component names: the metro of the facilities.
    code: &'static str,
    /// AWS zone to facility a.
    aws_delay_us: u32,
    /// Google zone to facility a.
    google_delay_us: u32,
}

/// How much further facility b is than facility a, one way.
const FACILITY_B_US: u32 = 39;

pub(super) const REGIONS: [Region; 5] = [
    Region {
        name: "aws-google/us-east-1",
        summary: "N. Virginia: AWS us-east-1 and Google us-east4, about 1.5 ms round trip (estimate)",
        code: "iad",
        aws_delay_us: 293,
        google_delay_us: 293,
    },
    // San Jose to Los Angeles: the buildings stand on Google's side, so AWS's backbone is the long one.
    Region {
        name: "aws-google/us-west-1",
        summary: "N. California: AWS us-west-1 and Google us-west2, about 9 ms round trip (estimate)",
        code: "lax",
        aws_delay_us: 3_993,
        google_delay_us: 343,
    },
    Region {
        name: "aws-google/us-west-2",
        summary: "Oregon: AWS us-west-2 and Google us-west1, about 6 ms round trip (estimate)",
        code: "pdx",
        aws_delay_us: 1_718,
        google_delay_us: 1_118,
    },
    Region {
        name: "aws-google/eu-west-2",
        summary: "London: AWS eu-west-2 and Google europe-west2, about 2 ms round trip (estimate)",
        code: "lhr",
        aws_delay_us: 418,
        google_delay_us: 418,
    },
    Region {
        name: "aws-google/eu-central-1",
        summary: "Frankfurt: AWS eu-central-1 and Google europe-west3, about 1.5 ms round trip (estimate)",
        code: "fra",
        aws_delay_us: 293,
        google_delay_us: 293,
    },
];

/// The four places where a border router of each side stands: facility and number.
const PLACES: [(&str, u32); 4] = [("a", 1), ("a", 2), ("b", 1), ("b", 2)];

/// The region as a scenario.
pub(super) fn text(region: &Region, parameters: &Parameters) -> String {
    let code = parameters.code.as_deref().unwrap_or(region.code);
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("writing to a string");
    line("[providers]".to_owned());
    line(r#"aws = { asn = 64512, profile = "aws-direct-connect" }"#.to_owned());
    line(r#"google = { asn = 16550, profile = "google-cloud-router" }"#.to_owned());
    line("[facilities]".to_owned());
    for facility in ["a", "b"] {
        line(format!("{code}-{facility} = {{}}"));
    }
    for side in ["aws", "google"] {
        for zone in [1, 2] {
            line(format!("{side}-{code}-zone{zone} = {{}}"));
        }
    }
    line("[routers]".to_owned());
    for side in ["aws", "google"] {
        for (facility, number) in PLACES {
            line(format!(
                r#"{side}-{code}-{facility}{number} = {{ provider = "{side}", facility = "{code}-{facility}", role = "border" }}"#
            ));
        }
        for zone in [1, 2] {
            line(format!(
                r#"{side}-{code}-bb{zone} = {{ provider = "{side}", facility = "{side}-{code}-zone{zone}", role = "backbone" }}"#
            ));
        }
    }
    line("[links]".to_owned());
    let members = parameters.members;
    let [interconnect, channel_rate, channel_length] =
        [&parameters.interconnect, &parameters.channel_rate, &parameters.channel_length].map(|text| quoted(text));
    for (facility, number) in PLACES {
        let place = format!("{code}-{facility}{number}");
        line(format!(
            r#"{code}-channel-{facility}{number} = {{ between = ["aws-{place}", "google-{place}"], interconnect = {interconnect}, members = {members}, rate = {channel_rate}, length = {channel_length} }}"#
        ));
    }
    for (side, delay) in [("aws", region.aws_delay_us), ("google", region.google_delay_us)] {
        for zone in [1, 2] {
            for (facility, number) in PLACES {
                let delay = delay + if facility == "b" { FACILITY_B_US } else { 0 };
                line(format!(
                    r#"{side}-{code}-bb{zone}-{facility}{number} = {{ between = ["{side}-{code}-bb{zone}", "{side}-{code}-{facility}{number}"], delay = "{delay} us" }}"#
                ));
            }
        }
    }
    line(format!("[interconnects.{interconnect}]"));
    line(r#"kind = "managed""#.to_owned());
    out
}

/// A basic string of TOML 1.0 on one line, which can be a key too. Rust's own escapes are others.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
