use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::*;
use crate::report::fixture::{provenance, record};
use crate::sim::record::UnavailableRun;
use crate::sla::{Exempt, Ruling};
use crate::units::{CalendarSpan, Share, Span};

/// `FABRICSIM_PICTURES=folder cargo test --lib report::tests` leaves the fixture's files there to look at.
fn written() -> BTreeMap<String, String> {
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("FABRICSIM_PICTURES").map_or(temporary.path().to_owned(), PathBuf::from);
    let files = write_results(&folder, &record(), &provenance()).unwrap();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let names: Vec<String> = files.iter().map(name).collect();
    assert_eq!(names, catalogue::REPORTS[0].files);
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn the_terminal_page_is_the_golden_one() {
    let page = terminal_page(&record(), &provenance());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/fixture.golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &page).unwrap();
    }
    assert_eq!(page, fs::read_to_string(golden).unwrap(), "UPDATE_GOLDEN=1 rewrites it");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "a terminal has 80 columns");
}

#[test]
fn the_verdict_says_what_went_wrong() {
    let mut record = record();
    record.ended = Span::from_s(42);
    let rule = &mut record.connections[0].availability;
    rule.periods[0].charged = CalendarSpan::from_s(2);
    rule.periods[0].charged_rest = CalendarSpan::from_ns(2_591_958_000_000_000);
    record.totals.bad_seconds = 1;
    let page = terminal_page(&record, &provenance());
    for text in [
        "INTERRUPTED after 42 s of 150 s",
        "2 s of it in the run, 2,591,958 s for the rest of the period",
        "OVER  prod: charged 2,591,960 s of the 259.2 s",
        "FAIL  incidents.cut.blackout: 131 ms, expected at most 130 ms",
    ] {
        assert!(page.contains(text), "{text:?} is missing in\n{page}");
    }
}

#[test]
fn a_scenario_without_connections_or_packets_has_a_report() {
    let mut record = record();
    record.connections.clear();
    record.logical_links.clear();
    assert!(terminal_page(&record, &provenance()).contains("queueing delay"));
    record.totals = crate::sim::record::Totals::default();
    record.loss_series.clear();
    record.ended = Span::ZERO;
    let folder = tempfile::tempdir().unwrap();
    write_results(folder.path(), &record, &provenance()).unwrap();
    assert!(terminal_page(&record, &provenance()).contains("No packet was lost."));
}

#[test]
fn the_summary_carries_the_numbers_of_the_record() {
    let summary: Value = serde_json::from_str(&summary_json(&record(), &provenance())).unwrap();
    // Every value is the fixture's, in the unit that its key names.
    let expected = [
        ("/schema_version", "1"),
        ("/provenance/scenario_hash", "\"0123456789abcdef\""),
        ("/provenance/overrides/0", "\"flows.web.rate=150 Mbps\""),
        ("/run/horizon_s", "150.0"),
        ("/run/warm_up_s", "40.0"),
        ("/run/bin_s", "0.5"),
        ("/run/packet_hops", "20134221"),
        ("/run/events", "21004518"),
        ("/run/fingerprint", "\"0123456789abcdef\""),
        ("/totals/data/sent_packets", "4017858"),
        ("/totals/data/delivered_packets", "4015863"),
        ("/totals/data/dropped_by_cause_packets/fibre-cut", "330"),
        ("/totals/data/in_flight_packets", "3"),
        ("/totals/probes/sent_packets", "300"),
        ("/totals/control/in_flight_packets", "12"),
        ("/totals/latency/mean_us", "1029.876543"),
        ("/totals/latency/p999_us", "1087.0"),
        ("/totals/queueing/min_us", "0.0"),
        ("/experienced/bad_seconds", "4"),
        ("/experienced/seconds", "150"),
        ("/experienced/flow_seconds_lost_percent", "0.0497"),
        ("/connections/0/provisioned_bps", "500000000"),
        ("/connections/0/directions/1/from", "\"google\""),
        ("/connections/0/directions/0/sent_bytes", "2812500600"),
        ("/connections/0/directions/0/offered_bps", "150000032"),
        ("/connections/0/directions/0/latency/p50_us", "1028.0"),
        ("/connections/0/directions/0/usable_paths/1/from_s", "30.01"),
        ("/connections/0/directions/0/usable_paths/1/percent", "75.0"),
        ("/connections/0/availability/budget_s", "259.2"),
        ("/connections/0/availability/charged_s", "0.0"),
        ("/connections/0/availability/minimum_run_s", "120.0"),
        ("/connections/0/availability/period_s", "2592000.0"),
        ("/connections/0/availability/target_percent", "99.99"),
        ("/logical_links/0/session_up/1/from_s", "61.5"),
        ("/links/0/packets", "502345"),
        ("/links/0/wire_bytes", "734567890"),
        ("/links/0/queue_max_bytes", "4356"),
        ("/links/0/macsec_frames", "502345"),
        ("/flow_entries/1/five_tuples", "200"),
        ("/flow_entries/1/rate_bps", "150000000"),
        ("/monitors/0/points/0/rtt_us", "2101"),
        ("/monitors/0/points/2/rtt_us", "null"),
        ("/monitors/0/points/2/loss_percent", "100.0"),
        ("/monitors/0/lost_probes", "30"),
        ("/monitors/0/missed_incidents/0", "\"cut\""),
        ("/ledger/0/at_s", "30.0"),
        ("/ledger/0/notices/0/after_us", "10000.0"),
        ("/ledger/0/forwarding_last_after_us", "131000.0"),
        ("/ledger/0/fib_changes", "6"),
        ("/ledger/0/phases/0/last_after_us", "10000.0"),
        ("/ledger/0/lost_in_phase_packets/detection", "330"),
        ("/ledger/0/dropped_packets", "1534"),
        ("/ledger/0/flows_hit", "98"),
        ("/ledger/0/blackout/median_us", "112000.0"),
        ("/ledger/0/blackout_round_trip/max_us", "134000.0"),
        ("/ledger/3/flows_unended", "1"),
        ("/expectations/1/measured", "0.0496"),
        ("/expectations/3/max", "130000.0"),
        ("/expectations/3/met", "false"),
    ];
    for (pointer, value) in expected {
        let found = summary.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing"));
        assert_eq!(found.to_string(), value, "{pointer}");
    }
    let readme = include_str!("../../results/README.md");
    undocumented(&summary, readme);
}

/// Every key of the summary stands in the guide to the results, but names of causes.
fn undocumented(value: &Value, readme: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                assert!(key.contains('-') || readme.contains(&format!("`{key}`")), "{key} is not in results/README.md");
                undocumented(value, readme);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| undocumented(item, readme)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn csv_files_have_their_headers_and_a_line_per_item() {
    let files = written();
    let expected = [
        ("flows.csv", "flow,five_tuple,sent_packets,delivered_packets,sent_bytes,delivered_bytes,delivered_bps,", 40),
        ("links.csv", "link,kind,from,to,rate_bps,packets,wire_bytes,utilisation_percent,queue_max_bytes,", 8),
        ("classes.csv", "link,from,class,offered_packets,packets,wire_bytes,marked_packets,queue_max_bytes,", 2),
        ("macsec.csv", "member,from,to,out_protected_frames,in_ok_frames,in_late_frames,in_not_valid_frames,", 1),
        ("ledger.csv", "at_s,failure,entry,kind,component,responsible,noticed_after_us,noticed_by,noticed_how,", 4),
        ("blackouts.csv", "at_s,failure,entry,flow,lost_packets,from_s,to_s,blackout_us,detected_after_us,", 1),
        ("monitor.csv", "monitor,at_s,period_s,rtt_us,sent_probes,lost_probes,loss_percent,", 5),
        // 300 bins: sent; four values each way, of which one bin has only one; four links each way. And five drops.
        ("series.csv", "from_s,to_s,component,direction,quantity,value", 300 + 2 * (1_200 - 3) + 2_400 + 5),
    ];
    let readme = include_str!("../../results/README.md");
    for (name, header, lines) in expected {
        let text = &files[name];
        let first = text.lines().next().unwrap();
        assert!(first.starts_with(header), "{name}: {first}");
        assert_eq!(text.lines().count() - 1, lines, "{name}");
        for key in first.split(',').filter(|key| !key.starts_with("dropped_") && !key.starts_with("charged_")) {
            assert!(readme.contains(&format!("`{key}`")), "{name}: {key} is not in results/README.md");
        }
    }
    let flow = "web#0003,10.0.0.3:20003>10.1.0.3:443/udp,10044,10041,14061600,14057400,749728,1020,1031,1270,24000,3,";
    assert!(files["flows.csv"].lines().nth(4).is_some_and(|line| line.starts_with(flow)));
    let hit = "115,building-dark,return,web#0003,54,115.531,115.931,400000,900000,aws-iad-b-1,carrier,920000,,50,0,0,4";
    assert_eq!(files["blackouts.csv"].lines().nth(1), Some(hit));
}

/// Checks that every tag is closed by its like, in order, and that no `<` or `>` stands outside of a tag.
fn balanced(name: &str, markup: &str) {
    const EMPTY: [&str; 3] = ["meta", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut pieces = markup.split('<');
    assert_eq!(pieces.next().unwrap().trim(), "");
    for piece in pieces {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("{name}: <{piece} has no end"));
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{name}: a bare > after <{tag}>");
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: quotes of <{tag}>");
        let word = tag.split(|c: char| c.is_whitespace() || c == '/').find(|word| !word.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(word), "{name}: </{word}>");
        } else if !tag.ends_with('/') && !EMPTY.contains(&word) {
            open.push(word);
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} stay open");
}

#[test]
fn pages_and_plots_are_well_formed_and_ask_no_server() {
    let files = written();
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".svg") || name.ends_with(".html")) {
        balanced(name, text);
    }
    let page = &files["report.html"];
    for asks in ["http", "src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(asks), "{asks} in the page");
    }
    assert!(page.contains("&lt;b&gt;A &amp; B&lt;/b&gt;"), "the scenario's text is escaped");
    assert!(page.contains("&lt;over four links&gt;"));
    assert_eq!(page.matches("<svg").count(), 4);
}

#[test]
fn every_file_stands_in_the_guide_to_the_results() {
    let readme = include_str!("../../results/README.md");
    for report in catalogue::REPORTS {
        for file in report.files {
            assert!(readme.contains(&format!("`{file}`")), "{file} of the report on a {}", report.name);
        }
    }
}

/// Unavailable from one second to another.
fn unavailable(from: u64, to: u64, ruling: Ruling) -> UnavailableRun {
    UnavailableRun {
        from: CalendarSpan::from_s(from),
        to: CalendarSpan::from_s(to),
        ruling,
        charged: CalendarSpan::ZERO,
        incidents: vec!["cut".to_owned()],
        responsible: vec!["aws".to_owned()],
        booked: Vec::new(),
    }
}

/// The page in one line: where lines break is not asked.
fn unwrapped(record: &RunRecord) -> String {
    terminal_page(record, &provenance()).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_time_not_in_service_is_no_time_without_a_usable_path() {
    let mut record = record();
    let absent = Ruling::Exempt(Exempt::NotInService);
    record.connections[0].availability.runs = vec![unavailable(0, 60, absent)];
    let page = unwrapped(&record);
    assert!(page.contains("Connection prod always had a usable path while in service; 0 s charged"), "{page}");
    assert!(page.contains("at 0 s for 60 s (cut; aws): not charged, not in service"), "{page}");
    assert!(!page.contains("without a usable path"), "{page}");
    record.connections[0].availability.runs.push(unavailable(70, 80, Ruling::TooShort));
    let page = unwrapped(&record);
    assert!(page.contains("Connection prod had no usable path for 10 s while in service; 0 s charged"), "{page}");
    assert!(page.contains("1 time without a usable path, 0 charged"), "{page}");
}

#[test]
fn a_dead_connection_is_said_to_be_dead() {
    let mut record = record();
    let rule = &mut record.connections[0].availability;
    let run = unavailable;
    rule.runs = vec![run(5, 126, Ruling::Charged)];
    rule.periods[0].charged = CalendarSpan::from_s(121);
    let page = unwrapped(&record);
    assert!(
        page.contains("Connection prod had no usable path for 121 s; 121 s charged of the 259.2 s budget."),
        "{page}"
    );
    assert!(page.contains("1 time without a usable path, 1 charged"), "{page}");
    record.connections[0].availability.runs.push(run(130, 140, Ruling::TooShort));
    let page = unwrapped(&record);
    assert!(page.contains("Connection prod had no usable path 2 times, for 131 s in all;"), "{page}");
    assert!(page.contains("at 130 s for 10 s (cut; aws): not charged, shorter than 120 s"), "{page}");
}

/// Of an incident what each rule charges, of a return nothing.
#[test]
fn the_ledger_tells_who_answers_for_an_incident_and_what_each_rule_charges() {
    let mut record = record();
    let rule = record.connections[0].availability.rule.name.clone();
    let other = record.connections[0].availability.clone();
    record.connections[0].other_rules.push(other);
    record.connections[0].other_rules[0].rule.name = "our-own".to_owned();
    record.ledger[2].charged = vec![(rule.clone(), CalendarSpan::from_ns(121_500_000_000))];
    let tables = run::tables(&record);
    let ledger = tables.iter().find(|table| table.name == "ledger").expect("a ledger");
    let cells = |key: &str| {
        let column = ledger.columns.iter().position(|column| column.key == key).expect("a column");
        ledger.rows.iter().map(|row| row[column].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(cells(&format!("charged_{}_s", rule.replace('-', "_"))), ["0", "-", "121.5", "-"]);
    assert_eq!(cells("charged_our_own_s"), ["0", "-", "0", "-"]);
    assert_eq!(cells("responsible"), ["aws"; 4]);
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    assert_eq!(written(), written());
}

#[test]
fn repeated_runs_have_a_page_and_files() {
    use crate::sim::record::LedgerKind;
    use crate::study::repeat::*;
    let quantiles = |ms| Quantiles {
        min: Span::from_ms(ms),
        median: Span::from_ms(ms + 10),
        p95: Span::from_ms(ms + 20),
        max: Span::from_ms(ms + 30),
    };
    let digest = |seed| RunDigest { seed, loss: Share::from_ppb(10_000 * seed), packet_hops: 5, fingerprint: seed };
    let summary = RepeatSummary {
        title: "A fibre is cut".into(),
        horizon: Span::from_s(20),
        planned: 3,
        runs: vec![digest(7), digest(8)],
        entries: vec![RepeatEntry {
            name: "cut".into(),
            kind: LedgerKind::Incident,
            what: "fibre_cut",
            component: "link l1".into(),
            at: Span::from_s(5),
            runs_hit: 2,
            runs_unended: 1,
            blackout: quantiles(100),
            blackout_median: quantiles(50),
            round_trip: Some(quantiles(200)),
            round_trip_median: None,
            lost: CountQuantiles { min: 3, median: 4, max: 5 },
        }],
        loss: ShareQuantiles::default(),
        connections: vec![RepeatCharge {
            name: "prod".into(),
            rule: "aws-interconnect".into(),
            budget: CalendarSpan::from_ns(259_200_000_000),
            period: CalendarSpan::from_days(30),
            charged_max: CalendarSpan::from_ns(300_000_000_000),
            runs_over_budget: 1,
        }],
        link_groups: Vec::new(),
        expectations: vec![RepeatExpectation { key: "loss".into(), runs_met: 2 }],
    };
    let page = repeat_page(&summary, &provenance());
    for text in [
        "INTERRUPTED: 2 of 3 runs finished.",
        "cut, one way                       2  100 ms  110 ms  120 ms  130 ms",
        "cut, round trip                    2  200 ms  210 ms  220 ms  230 ms",
        "in 1 run a flow was still dark at the end",
        "OVER  prod: at most 300 s charged in a run, of the 259.2 s budget",
        "PASS  loss: met in 2 of 2 runs",
    ] {
        assert!(page.contains(text), "{text:?} is missing in\n{page}");
    }
    let folder = tempfile::tempdir().unwrap();
    let files = write_repeat(folder.path(), &summary, &provenance()).unwrap();
    let names: Vec<&str> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, catalogue::REPORTS[1].files);
    let value: Value = serde_json::from_str(&fs::read_to_string(&files[0]).unwrap()).unwrap();
    assert_eq!(value.pointer("/entries/0/round_trip/p95_us"), Some(&serde_json::json!(220_000.0)));
    undocumented(&value, include_str!("../../results/README.md"));
    balanced("repeat.html", &fs::read_to_string(&files[3]).unwrap());
}
