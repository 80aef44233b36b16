//! Lives under laws with memory, begun anew and in equilibrium, by the study engine.

use super::years::{months, share};
use super::{Cost, Oracle, Row};
use crate::study::exact::expected_downtime::{Law, expected_downtime};
use crate::study::reference;

pub(super) const NEW: Oracle = Oracle {
    name: "laws",
    claim: "Weibull and lognormal lives, crews and common causes have the mean downtime that theory gives them",
    cost: Cost::Seconds,
    rows,
};

const MONTH: f64 = 720.0;
const TRANSFORM: &str = "renewal transform, Barlow & Proschan 1965";
const MEANS: &str = "down / (up + down), whatever the laws";

fn rows() -> Vec<Row> {
    let mut rows = vec![
        started("Weibull 0.8 up, lognormal 0.7 down", "stationary", WEIBULL, None),
        started("Weibull 0.8 up, lognormal 0.7 down", "new", WEIBULL, Some(weibull())),
        started("lognormal 1.0 up, constant down", "stationary", LOGNORMAL, None),
        started("lognormal 1.0 up, constant down", "new", LOGNORMAL, Some(lognormal())),
    ];
    rows.extend(coupled());
    rows
}

const WEIBULL: &str = "up_law = \"weibull\", up_shape = 0.8, down_law = \"lognormal\", down_sigma = 0.7";
const LOGNORMAL: &str = "up_law = \"lognormal\", up_sigma = 1.0, down_law = \"constant\"";

fn weibull() -> f64 {
    let up = Law::Weibull { mean: 100.0, shape: 0.8 };
    expected_downtime(up, Law::LogNormal { mean: 4.0, sigma: 0.7 }, MONTH) / MONTH
}

fn lognormal() -> f64 {
    let up = Law::LogNormal { mean: 100.0, sigma: 1.0 };
    expected_downtime(up, Law::Constant { mean: 4.0 }, MONTH) / MONTH
}

/// One router of 100 h up and 4 h down; from a stationary start its share of time down is that of its means.
fn started(laws: &str, start: &str, keys: &str, new: Option<f64>) -> Row {
    let network = reference::network_with(&format!(
        "[reliability]\nstart = {start:?}\n[reliability.classes]\n\
         west = {{ of = [\"w\"], kind = \"router_down\", up = \"100 h\", down = \"4 h\", {keys} }}\n"
    ));
    let tally = months(&network, &["every-moment"], 200);
    let down = share(&tally.connections[0].below[0], tally.periods);
    let (source, truth) = new.map_or((MEANS, 4.0 / 104.0), |truth| (TRANSFORM, truth));
    Row::estimate(format!("down share of a month, {laws}, {start} start"), source, down, truth, 0.03)
}

/// Both facilities of the reference fabric, without which no path is left: a pair that one crew repairs, and one of which a
/// tenth of the failures are common.
fn coupled() -> [Row; 2] {
    let month = |text: &str| {
        let tally = months(&reference::network_with(text), &["every-moment"], 400);
        share(&tally.connections[0].below[0], tally.periods)
    };
    let pair = "of = [\"a\", \"b\"], kind = \"facility_outage\", up = \"100 h\", down = \"10 h\"";
    let crew = month(&format!(
        "[reliability.crews.field]\nsize = 1\n[reliability.classes]\nfacility = {{ {pair}, crew = \"field\" }}\n"
    ));
    let common = month(&format!("[reliability.classes]\nfacility = {{ {pair}, shared = \"10%\" }}\n"));
    // One crew: 2 r^2 / (1 + 2 r + 2 r^2).
    let r: f64 = 0.1;
    let one_crew = 2.0 * r * r / (1.0 + 2.0 * r + 2.0 * r * r);
    // m p1 = p0 (2 (1 - b) l + b l); 2 m p2 = p0 b l + p1 l.
    let (l, m, b): (f64, f64, f64) = (0.01, 0.1, 0.1);
    let one = (2.0 * (1.0 - b) * l + b * l) / m;
    let two = (b * l + one * l) / (2.0 * m);
    [
        Row::estimate("both facilities down, one crew", "balance equations", crew, one_crew, 0.05),
        Row::estimate(
            "both facilities down, beta factor 10%",
            "balance equations",
            common,
            two / (1.0 + one + two),
            0.05,
        ),
    ]
}
