//! What flows may ask for, and what they are told when it is wrong.

use std::fs;

use super::TWO_ROUTERS;
use crate::ids::FlowId;
use crate::network::{ArrivalLaw, CongestionControl, FlowRole, SpanLaw, Transport};
use crate::scenario::{Loaded, Problems, parse};
use crate::units::Span;

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
        ArrivalLaw::Constant
        | ArrivalLaw::Poisson
        | ArrivalLaw::OnOff(_)
        | ArrivalLaw::Once
        | ArrivalLaw::Closed(_) => panic!("not traced"),
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

#[test]
fn transfers_have_linux_s_defaults_and_acknowledgements_of_their_own() {
    let loaded =
        parse(&with_flow("transfer = \"10 MB\""), "x.toml", &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let network = &loaded.network;
    let names: Vec<&str> = network.flow_entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["f", "f (reverse)"]);
    let roles: Vec<FlowRole> = network.flows.iter().map(|flow| flow.role).collect();
    assert_eq!(roles, [FlowRole::Data, FlowRole::Answers]);
    let Transport::Tcp(config) = &network.flows.iter().next().unwrap().transport else { panic!("no transfers") };
    // 1500 less IPv4, TCP and timestamps; 6 MiB in whole segments.
    assert_eq!((config.segment, config.headers, config.receive_window), (1_448, 52, (6 << 20) / 1_448));
    assert_eq!((config.congestion_control, config.initial_window), (CongestionControl::Cubic, 10));
}

/// RFC 7252 4.8: ACK_TIMEOUT 2 s, MAX_RETRANSMIT 4.
#[test]
fn exchanges_have_coap_s_defaults_and_responses_of_their_own() {
    let loaded = parse(&with_flow("request = \"100 B\"\nresponse = \"10 kB\""), "x.toml", &[])
        .unwrap_or_else(|problems| panic!("{problems}"));
    let network = &loaded.network;
    let roles: Vec<(FlowRole, Option<FlowId>)> = network.flows.iter().map(|flow| (flow.role, flow.reverse)).collect();
    assert_eq!(roles, [(FlowRole::Data, Some(FlowId(1))), (FlowRole::Answers, Some(FlowId(0)))]);
    let Transport::Exchanges(config) = &network.flows[FlowId(0)].transport else { panic!("no exchanges") };
    // 1500 less IPv4 and UDP.
    assert_eq!((config.piece, config.headers), (1_472, 28));
    assert_eq!((config.timeout, config.retries, config.workers), (Span::from_s(2), 4, None));
    let think = &network.flows[FlowId(0)].arrivals;
    assert!(matches!(think, ArrivalLaw::Closed(SpanLaw::Constant(Span::ZERO))), "{think:?}");
}

#[test]
fn wrong_laws_of_traffic_are_told() {
    let told_of = |flow: &str| told(parse(&with_flow(flow), "x.toml", &[]));
    let rate = "rate = \"1 Mbps\"\n";
    let cases = [
        ("transfer = \"much\"".to_owned(), "flows.f.transfer: \"much\" is not the volume of a transfer"),
        (
            "transfer = \"unlimited\"\narrivals = \"poisson\"\ninterval = \"1 s\"".to_owned(),
            "flows.f.transfer: never ends, so no other can follow it",
        ),
        ("transfer = \"1 MB\"\narrivals = \"poisson\"".to_owned(), "flows.f.interval: is missing"),
        (
            "transfer = \"1 MB\"\ninterval = \"1 s\"".to_owned(),
            "flows.f.interval: is not read with arrivals = \"once\"",
        ),
        ("transfer = \"1 MB\"\nsize = \"60 B\"".to_owned(), "flows.f.size: is not the size of a full packet"),
        (format!("{rate}interval = \"1 s\""), "flows.f.interval: is read only when transfer or request is given"),
        (format!("{rate}think = \"1 s\""), "flows.f.think: is read only when request is given"),
        ("transfer = \"1 MB\"\nretries = 2".to_owned(), "flows.f.retries: is read only when request is given"),
        ("request = \"1 kB\"".to_owned(), "flows.f.response: is missing"),
        ("request = \"unlimited\"".to_owned(), "flows.f.request: never ends, so nothing can follow it"),
        ("request = \"1 kB\"\nworkers = 0".to_owned(), "flows.f.workers: 0 is not a whole number from 1 to 1000000"),
        (
            "request = \"1 kB\"\nbacklog = \"long\"".to_owned(),
            "flows.f.backlog: \"long\" is not a whole number from 0 to 1000000",
        ),
        ("request = \"1 kB\"\ntimeout = \"0 s\"".to_owned(), "flows.f.timeout: is zero"),
        ("request = \"1 kB\"\nrate = \"1 Mbps\"".to_owned(), "flows.f.rate: is read only when request is left out"),
        ("request = \"1 kB\"\nprotocol = \"tcp\"".to_owned(), "flows.f.protocol: is not what exchanges go over"),
        (
            "request = \"1 kB\"\narrivals = \"poisson\"\nthink = \"1 s\"".to_owned(),
            "flows.f.think: is read only when arrivals = \"closed\"",
        ),
        ("request = \"1 kB\"\nservice = \"soon\"".to_owned(), "flows.f.service: \"soon\" is not a law of duration"),
        (format!("{rate}on = \"exponential 1 s\""), "flows.f.on: is read only when arrivals = \"on-off\""),
        (format!("{rate}arrivals = \"on-off\"\non = \"0 s\"\noff = \"pareto 1 s 1.5\""), "flows.f.on: is zero"),
        (format!("{rate}size = [\"40 B\"]"), "flows.f.size: \"40 B\" is not a size with its weight"),
        (format!("{rate}size = [\"10 B: 1\"]"), "flows.f.size: has a size that no IP packet can have"),
        (format!("{rate}diurnal = [\"50%\"]"), "flows.f.diurnal: is not a day"),
    ];
    for (flow, wanted) in cases {
        let told = told_of(&flow);
        assert!(told.iter().any(|problem| problem == wanted), "{wanted} in {told:?}");
    }
}
