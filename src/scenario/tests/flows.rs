//! What flows may ask for, and what they are told when it is wrong.

use std::fs;

use super::TWO_ROUTERS;
use crate::network::ArrivalLaw;
use crate::scenario::{Loaded, Problems, parse};

/// Two routers, with the flow `f` as given.
fn with_flow(flow: &str) -> String {
    TWO_ROUTERS.replace("rate = \"10 Mbps\"", flow)
}

/// Loads a scenario of which `f` sends as the trace says.
fn traced(flow: &str, trace: &str) -> Result<Loaded, Problems> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), trace).unwrap();
    let file = folder.path().join("x.toml");
    let flow = format!("arrivals = \"trace\"\ntrace = \"a.csv\"\n{flow}");
    parse(&with_flow(&flow), file.to_str().unwrap(), &[])
}

fn told(loaded: Result<Loaded, Problems>) -> Vec<String> {
    match loaded {
        Ok(_) => panic!("loaded"),
        Err(problems) => problems.iter().map(|problem| format!("{}: {}", problem.place, problem.message)).collect(),
    }
}

#[test]
fn a_trace_lies_beside_its_scenario_and_says_when_and_how_long() {
    let loaded = traced("count = 2", "# time,flow,size\n\n3000,1,1500\n1000,0,40\n2000, 1, 100\n").unwrap();
    let network = &loaded.network;
    let of = |index: usize| match &network.flows.iter().nth(index).unwrap().arrivals {
        ArrivalLaw::Trace(trace) => {
            trace.arrivals().iter().map(|arrival| (arrival.at.as_ps(), arrival.size)).collect::<Vec<_>>()
        }
        ArrivalLaw::Constant | ArrivalLaw::Poisson | ArrivalLaw::OnOff(_) | ArrivalLaw::Once => panic!("not traced"),
    };
    assert_eq!([of(0), of(1)], [vec![(1_000, 40)], vec![(2_000, 100), (3_000, 1_500)]]);
    // 1640 bytes in 10 s.
    assert_eq!(network.flow_entries.iter().next().unwrap().rate.as_bps(), 1_640 * 8 / 10);
    let other = traced("count = 2", "3000,1,1500\n1000,0,40\n2000,1,101\n").unwrap();
    assert_ne!(loaded.hash, other.hash, "what a trace says is part of the scenario");
}

#[test]
fn a_wrong_trace_is_told_line_by_line() {
    let wrong = "1,0,1500\n1,2,1500\n-1,0,1500\n1,0,19\n1,0\n1,0,65536\nx\n";
    let wanted = [
        "flows.f.trace: a.csv:2: \"2\" is not a five-tuple from 0 to 1",
        "flows.f.trace: a.csv:3: \"-1\" is not a time in picoseconds",
        "flows.f.trace: a.csv:4: \"19\" is not a size from 20 to 65535 bytes",
        "flows.f.trace: a.csv:5: \"1,0\" has not three fields",
        "flows.f.trace: a.csv:6: \"65536\" is not a size from 20 to 65535 bytes",
        "flows.f.trace: a.csv: 1 more lines are wrong",
    ];
    assert_eq!(told(traced("count = 2", wrong)), wanted);
    assert_eq!(told(traced("", "# nothing\n")), ["flows.f.trace: a.csv has no packet"]);
    let twice = ["flows.f.rate: stands in the trace", "flows.f.size: stands in the trace"];
    assert_eq!(told(traced("rate = \"1 Mbps\"\nsize = \"100 B\"", "1,0,1500\n")), twice);
    let missing = told(parse(&with_flow("arrivals = \"trace\"\ntrace = \"none.csv\""), "x.toml", &[]));
    assert!(missing[0].starts_with("flows.f.trace: \"none.csv\" cannot be read"), "{missing:?}");
    let unread = told(parse(&with_flow("rate = \"1 Mbps\"\ntrace = \"a.csv\""), "x.toml", &[]));
    assert_eq!(unread, ["flows.f.trace: is read only when arrivals = \"trace\""]);
}
