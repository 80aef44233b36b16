//! Does the program answer well? Runs the built program: exact messages and exit codes for wrong input, and the
//! promises of each command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A small real scenario, cut to one second so that a run takes no time.
const SCENARIO: &str = "scenarios/regions/n-virginia.toml";
const SHORT: [&str; 2] = ["--set", "horizon=1 s"];

struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let answer = Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
        assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
        answer
    }

    /// Exit code 2, nothing on standard output, and this line somewhere on standard error.
    fn refused_with(&self, line: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(2), ""), "{}", self.stderr);
        assert!(self.stderr.lines().any(|found| found == line), "no line\n  {line}\nin\n{}", self.stderr);
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fabricsim"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("FABRICSIM_CACHE", env!("CARGO_TARGET_TMPDIR"));
    command
}

fn fabricsim(arguments: &[&str]) -> Answer {
    Answer::of(&program().args(arguments).output().expect("the program starts"))
}

/// Runs a scenario for one second into a folder of its own, with more arguments.
fn run_short(folder: &Path, arguments: &[&str]) -> Answer {
    let out = folder.to_str().expect("UTF-8");
    fabricsim(&[&["run", SCENARIO, "--out", out][..], &SHORT[..], arguments].concat())
}

/// A scenario file with this text.
fn scenario(folder: &Path, text: &str) -> String {
    let path = folder.join("x.toml");
    fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn json(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

#[test]
fn a_missing_file_and_a_folder_are_refused() {
    for command in ["run", "show", "check"] {
        fabricsim(&[command, "nowhere.toml"])
            .refused_with("nowhere.toml: cannot be read: No such file or directory (os error 2); is the path right?");
    }
    fabricsim(&["run", "src"]).refused_with("src: is a folder; name one scenario file in it");
    fabricsim(&["check", "docs"]).refused_with("docs: no scenario (*.toml) in this folder");
}

/// Three mistakes in one file: an unknown key, a dangling name, a bad unit.
const BROKEN: &str = r#"title = "Two routers"
horizont = "1 s"

[providers.p]

[routers.r1]
provider = "p"

[routers.r2]
provider = "q"

[links.l1]
between = ["r1", "r2"]
rate = "400 Gbpss"

[attachments.left]
provider = "p"
prefixes = ["10.1.0.0/24"]
routers = ["r1"]

[attachments.right]
provider = "p"
prefixes = ["10.2.0.0/24"]
routers = ["r1"]

[flows.web]
from = "left"
to = "right"
rate = "1 Mbps"
"#;

#[test]
fn all_problems_of_a_file_are_told_at_once_with_place_and_remedy() {
    let folder = temporary();
    scenario(folder.path(), BROKEN);
    let told = r#"error: horizont: unknown key
 --> x.toml:2:12
  |
2 | horizont = "1 s"
  |            ^^^^^ did you mean "horizon"?
error: routers.r2.provider: no provider is named "q"
  --> x.toml:10:12
   |
10 | provider = "q"
   |            ^^^ did you mean "p"?
error: links.l1.rate: "400 Gbpss" is not a rate
  --> x.toml:14:8
   |
14 | rate = "400 Gbpss"
   |        ^^^^^^^^^^^ write for example "400 Gbps"
"#;
    for command in ["check", "run", "show"] {
        let output = program().args([command, "x.toml"]).current_dir(folder.path()).output().expect("it starts");
        let answer = Answer::of(&output);
        let counted = if command == "check" { "1 scenario, 3 problems in 1 of them\n" } else { "" };
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
        assert_eq!(answer.stderr, format!("{told}{counted}"));
        assert!(!folder.path().join("results").exists(), "nothing is written for a wrong scenario");
    }
}

#[test]
fn wrong_overrides_are_told_as_given() {
    fabricsim(&["show", SCENARIO, "--set", "horizon"])
        .refused_with("error: no \"=\" in the override; write for example \"flows.web.rate=10 Mbps\" (--set horizon)");
    fabricsim(&["run", SCENARIO, "--set", "horizon=5 parsecs"]).refused_with(
        "error: horizon: \"5 parsecs\" is not a duration; write for example \"300 ms\" (--set horizon=5 parsecs)",
    );
    fabricsim(&["run", SCENARIO, "--set", "sla.rule=mine"]).refused_with(
        "error: sla.rule: no rule is named \"mine\"; there are: aws-interconnect, aws-direct-connect, google-interconnect, \
         azure-expressroute, aws-site-to-site-vpn, itu-g826, mef-soam, experienced, every-moment, custom \
         (--set sla.rule=mine)",
    );
}

#[test]
fn input_that_is_no_scenario_is_refused_without_a_panic() {
    let folder = temporary();
    let texts = ["\0", "a = [", "[[failures]]\n[failures]", "title = 3", "horizon = -1", "\u{202e}x"];
    let not_text: [&[u8]; 1] = [&[0xff, 0xfe, 0x00]];
    for bytes in texts.iter().map(|text| text.as_bytes()).chain(not_text) {
        fs::write(folder.path().join("x.toml"), bytes).expect("written");
        for command in ["check", "show", "run"] {
            let output = program().args([command, "x.toml"]).current_dir(folder.path()).output().expect("it starts");
            let answer = Answer::of(&output);
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{bytes:?}: {}", answer.stderr);
            assert!(answer.stderr.contains("x.toml"), "the file is named: {}", answer.stderr);
        }
    }
}

#[test]
fn wrong_arguments_say_what_is_right() {
    fabricsim(&["run", SCENARIO, "--gate", "ninety"]).refused_with(
        "error: invalid value 'ninety' for '--gate <PERCENT>': \
         not a percentage above 1 and up to 100; write for example 99.99",
    );
    fabricsim(&["run", SCENARIO, "--gate", "99.99", "--rule", "mine"]).refused_with(
        "error: sla.rule: no rule is named \"mine\"; there are: aws-interconnect, aws-direct-connect, google-interconnect, \
         azure-expressroute, aws-site-to-site-vpn, itu-g826, mef-soam, experienced, every-moment, custom \
         (--set sla.rule=mine)",
    );
    assert_eq!(fabricsim(&["run", SCENARIO, "--repeat", "0"]).code, Some(2));
    assert_eq!(fabricsim(&["fly"]).code, Some(2));
    assert_eq!(fabricsim(&[]).code, Some(2));
}

#[test]
fn help_has_an_example_for_each_command() {
    for command in ["check", "run", "show", "new"] {
        let answer = fabricsim(&[command, "--help"]);
        assert_eq!(answer.code, Some(0));
        assert!(answer.stdout.contains(&format!("  fabricsim {command} ")), "{}", answer.stdout);
    }
}

#[test]
fn all_shipped_scenarios_are_valid() {
    let answer = fabricsim(&["check", "scenarios"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let (number, rest) = answer.stdout.split_once(' ').expect("a sentence");
    assert!(number.parse::<u32>().expect("a number") >= 20, "{}", answer.stdout);
    assert!(rest.starts_with("scenarios, no problems"), "{}", answer.stdout);
}

#[test]
fn a_run_prints_a_page_and_writes_the_results() {
    let folder = temporary();
    let answer = run_short(folder.path(), &[]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(!answer.stderr.contains('\r'), "no progress bar without a terminal: {}", answer.stderr);
    for file in ["summary.json", "flows.csv", "report.html"] {
        let path = folder.path().join(file);
        assert!(fs::metadata(&path).is_ok_and(|file| file.len() > 0), "{}", path.display());
    }
    assert!(answer.stderr.contains("files written to "), "{}", answer.stderr);
    assert_eq!(run_short(folder.path(), &["--quiet"]).stderr, "");
}

#[test]
fn json_on_standard_output_is_the_summary_that_is_written() {
    let folder = temporary();
    let answer = run_short(folder.path(), &["--format", "json", "--quiet"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let printed: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(printed, json(folder.path().join("summary.json")));
    assert!(printed["schema_version"].is_number());
}

/// The effective scenario is a scenario: every number of its run is the same. Provenance differs by the file's name.
#[test]
fn what_show_prints_runs_to_the_same_numbers() {
    let folder = temporary();
    let shown = fabricsim(&["show", SCENARIO, SHORT[0], SHORT[1]]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let explicit = scenario(folder.path(), &shown.stdout);
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    assert_eq!(run_short(&first, &[]).code, Some(0));
    let out = second.to_str().expect("UTF-8");
    assert_eq!(fabricsim(&["run", &explicit, "--out", out]).code, Some(0));
    let numbers = |folder: &Path| {
        let mut summary = json(folder.join("summary.json"));
        summary.as_object_mut().expect("an object").remove("provenance").expect("provenance");
        summary
    };
    assert_eq!(numbers(&first), numbers(&second));
}

#[test]
fn a_scenario_can_come_from_standard_input() {
    let folder = temporary();
    let shown = fabricsim(&["show", SCENARIO, SHORT[0], SHORT[1]]).stdout;
    let file = fs::File::open(scenario(folder.path(), &shown)).expect("a file");
    let out = folder.path().join("out");
    let output = program().args(["run", "-", "--out"]).arg(&out).stdin(file).output().expect("the program starts");
    assert_eq!(Answer::of(&output).code, Some(0));
    assert!(out.join("summary.json").exists());
    let file = fs::File::open(scenario(folder.path(), &shown)).expect("a file");
    let output = program().args(["check", "-"]).stdin(file).output().expect("the program starts");
    assert_eq!(Answer::of(&output).stdout, "1 scenario, no problems\n");
}

#[test]
fn repeated_runs_print_one_table_whatever_the_number_of_threads() {
    let folder = temporary();
    let with_threads = |threads: &str| {
        let mut command = program();
        command.args(["run", "scenarios/failures/fibre-cut.toml", "--repeat", "3", "--quiet", "--out"]);
        let output = command.arg(folder.path()).env("RAYON_NUM_THREADS", threads).output().expect("it starts");
        let answer = Answer::of(&output);
        assert_eq!(answer.code, Some(0), "{}{}", answer.stdout, answer.stderr);
        answer.stdout
    };
    let page = with_threads("1");
    for word in ["median", "p95", "max"] {
        assert!(page.contains(word), "{page}");
    }
    assert_eq!(page, with_threads("8"));
}

#[test]
fn the_gate_decides_the_exit_code_by_the_named_rule() {
    let folder = temporary();
    let gate = |scenario: &str, more: &[&str]| {
        let out = folder.path().to_str().expect("UTF-8");
        fabricsim(&[&["run", scenario, "--quiet", "--out", out, "--gate"][..], more].concat())
    };
    // Dead for 119 s is charged nothing by the 120 s rule, and 119 s by one that counts every moment.
    let dead = "scenarios/sla/dead-119s.toml";
    let by_its_own_rule = gate(dead, &["99.9999"]);
    assert_eq!(by_its_own_rule.code, Some(0), "{}{}", by_its_own_rule.stdout, by_its_own_rule.stderr);
    assert!(by_its_own_rule.stdout.contains("charged 0 s of 2.592 s in 30 days: passed"), "{}", by_its_own_rule.stdout);
    let every_moment = gate(dead, &["99.9999", "--rule", "every-moment"]);
    assert_eq!(every_moment.code, Some(1), "{}{}", every_moment.stdout, every_moment.stderr);
    assert!(every_moment.stdout.contains("of 2.592 s in 30 days: FAILED"), "{}", every_moment.stdout);
    // A quarter lost for 60 s is above the scenario's own 20%, and below its own 50%; 99.999% allows 25.92 s.
    for (rule, code) in [("above-20", 1), ("above-50", 0)] {
        let answer = gate("scenarios/sla/quarter-lost.toml", &["99.999", "--rule", rule]);
        assert_eq!(answer.code, Some(code), "{rule}: {}{}", answer.stdout, answer.stderr);
    }
}

#[test]
fn an_expectation_that_is_not_met_gives_exit_code_1() {
    let folder = temporary();
    let answer = run_short(folder.path(), &["--set", "expect.delivered.max=0"]);
    assert_eq!(answer.code, Some(1), "{}{}", answer.stdout, answer.stderr);
}

#[test]
fn new_lists_prints_and_never_overwrites() {
    let list = fabricsim(&["new", "--list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.stdout.contains("aws-google/us-east-1"), "{}", list.stdout);
    let name = list.stdout.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("a starter");

    let folder = temporary();
    let path = folder.path().join("mine.toml");
    let file = path.to_str().expect("UTF-8");
    assert_eq!(fabricsim(&["new", name, file]).code, Some(0));
    let text = fs::read_to_string(&path).expect("written");
    assert_eq!(fabricsim(&["new", name]).stdout, text);
    assert!(text.contains('#'), "a starter is commented");
    assert_eq!(fabricsim(&["check", file]).stdout, "1 scenario, no problems\n");

    fs::write(&path, "precious").expect("written");
    fabricsim(&["new", name, file])
        .refused_with(&format!("{file}: exists already and is left as it is; choose another name"));
    assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
    let unknown = fabricsim(&["new", "nothing-like-it"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.starts_with("\"nothing-like-it\" is not a starter; known: "), "{}", unknown.stderr);
}

#[test]
fn results_that_cannot_be_written_are_refused_before_the_run() {
    let folder = temporary();
    let file = scenario(folder.path(), "");
    let answer = fabricsim(&["run", SCENARIO, "--out", &file]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains(": results cannot be written: "), "{}", answer.stderr);
    assert!(answer.stderr.contains("choose another folder with --out"), "{}", answer.stderr);
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let mut child = program()
        .args(["show", SCENARIO])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let answer = Answer::of(&child.wait_with_output().expect("it ends"));
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
}

/// The first Ctrl-C ends a long run cleanly and keeps what there is.
#[cfg(unix)]
#[test]
fn an_interrupted_run_writes_what_there_is() {
    let folder = temporary();
    let out = folder.path().join("out");
    let child = program()
        .args(["run", SCENARIO, "--set", "horizon=5000 s", "--out"])
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The folder is made after the handler is in place and before the run.
    while !out.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let answer = Answer::of(&child.wait_with_output().expect("it ends"));
    assert_eq!(answer.code, Some(130), "{}", answer.stderr);
    assert!(answer.stderr.contains("files written to "), "{}", answer.stderr);
    assert!(answer.stderr.contains("interrupted at "), "{}", answer.stderr);
    assert!(json(out.join("summary.json"))["schema_version"].is_number());
}

#[test]
fn all_problems_of_an_instant_are_told_at_once() {
    let answer = fabricsim(&["trace", SCENARIO, "--from", "nobody", "--to", "nowhere", "--at", "99999 s"]);
    answer.refused_with("--from: no attachment is named \"nobody\"; there are: vpc-aws, vpc-google");
    answer.refused_with("--to: no attachment is named \"nowhere\"; there are: vpc-aws, vpc-google");
    assert!(answer.stderr.contains("--at: 99999 s is after the run's end; it ends at "), "{}", answer.stderr);
    let answer = fabricsim(&["routes", SCENARIO, "--router", "nobody", "--prefix", "192.0.2.0/24"]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains("--router: no router is named \"nobody\"; there are: "), "{}", answer.stderr);
    assert!(answer.stderr.contains("--prefix: no prefix of the scenario holds 192.0.2.0/24"), "{}", answer.stderr);
    let answer = fabricsim(&["trace", SCENARIO, "--from", "vpc-aws", "--to", "vpc-aws", "--flow", "x"]);
    assert!(answer.stderr.contains("--to: packets from vpc-aws to itself go nowhere"), "{}", answer.stderr);
    assert!(answer.stderr.contains("--flow: x is no flow from vpc-aws to vpc-aws"), "{}", answer.stderr);
}

#[test]
fn routes_sessions_and_traces_are_printed_as_text_and_as_json() {
    let parsed = |arguments: &[&str]| -> Value {
        let answer = fabricsim(&[arguments, &["--at", "500ms", "--json"]].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        serde_json::from_str(&answer.stdout).expect("JSON")
    };
    let routes = parsed(&["routes", SCENARIO, "--router", "aws-iad-a1"]);
    assert_eq!(routes["routers"].as_array().map(Vec::len), Some(1));
    assert_eq!(routes["routers"][0]["prefixes"][1]["routes"][0]["standing"], "best");
    let sessions = parsed(&["routes", SCENARIO, "--sessions"]);
    assert!(sessions["bgp"].as_array().expect("ends").iter().all(|end| end["state"] == "Established"));
    let trace = parsed(&["trace", SCENARIO, "--from", "vpc-aws", "--to", "vpc-google"]);
    assert!(trace["paths"].as_array().expect("paths").iter().all(|path| path["end"] == "delivered"));

    let wide = |text: &str| text.lines().filter(|line| line.chars().count() > 80).count();
    for arguments in [
        &["routes", SCENARIO, "--at", "500ms"][..],
        &["show", SCENARIO, "--sessions"],
        &["trace", SCENARIO, "--from", "vpc-aws", "--to", "vpc-google", "--all"],
    ] {
        let answer = fabricsim(arguments);
        assert_eq!((answer.code, answer.stderr.as_str(), wide(&answer.stdout)), (Some(0), "", 0), "{}", answer.stdout);
    }
}

#[test]
fn a_sweep_writes_its_files_whatever_the_threads_and_tells_all_problems_at_once() {
    let folder = temporary();
    let sweep = |threads: &str| {
        let out = folder.path().join(threads);
        let arguments =
            ["sweep", SCENARIO, "--vary", "horizon=1 s,2 s", "--repeat", "2", "--threads", threads, "--out"];
        let answer = fabricsim(&[&arguments[..], &[out.to_str().expect("UTF-8"), "--quiet"]].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        let files = ["sweep.json", "sweep.csv", "sweep-runs.csv", "sweep.svg", "sweep.html"];
        (answer.stdout, files.map(|file| fs::read_to_string(out.join(file)).expect("a file")))
    };
    let (one, two) = (sweep("1"), sweep("2"));
    assert_eq!(one, two, "the same bytes");
    let runs = one.1[2].lines().map(|line| line.split(',').nth(1).expect("a seed").to_owned()).collect::<Vec<_>>();
    assert_eq!((runs.len(), &runs[1..3]), (5, &runs[3..5]), "the same seeds at both points: {runs:?}");

    let answer = fabricsim(&["sweep", SCENARIO, "--vary", "horizont=1 s,2 s", "--vary", "links.nothing.rate=1 Gbpss"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    for part in ["horizont", "1 Gbpss"] {
        assert!(answer.stderr.contains(part), "{}", answer.stderr);
    }
    fabricsim(&["sweep", SCENARIO, "--vary", "horizon"])
        .refused_with("--vary horizon: no \"=\"; write for example horizon=10 s,20 s");
}

const STUDY: [&str; 7] =
    ["study", "scenarios/studies/quad-month.toml", "--periods", "256", "--episodes", "1", "--no-sensitivity"];

#[test]
fn a_study_is_the_same_in_one_piece_and_in_shards_and_its_months_can_be_run_again() {
    let folder = temporary();
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let whole = fabricsim(&[&STUDY[..], &["--json", "--out", &path("whole"), "--threads", "1"]].concat());
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    assert_eq!(whole.stdout, fs::read_to_string(folder.path().join("whole/study.json")).expect("study.json"));
    let answer: Value = serde_json::from_str(&whole.stdout).expect("JSON");
    assert_eq!(answer["periods"], 256);
    let parts: Vec<String> = ["2/3", "3/3", "1/3"]
        .map(|shard| {
            let made = fabricsim(&[&STUDY[..], &["--shard", shard, "--out", &path("parts")]].concat());
            assert_eq!(made.code, Some(0), "{}", made.stderr);
            path(&format!("parts/part-{}.json", shard.replace('/', "-of-")))
        })
        .to_vec();
    let given: Vec<&str> = parts.iter().map(String::as_str).collect();
    let rest = &STUDY[1..];
    let merged = fabricsim(&[&["study", "merge"][..], rest, &["--json", "--out", &path("merged")], &given].concat());
    assert_eq!(merged.stdout, whole.stdout, "{}", merged.stderr);
    let missing =
        fabricsim(&[&["study", "next"][..], rest, &["--out", &path("merged")], &[given[0], given[2]]].concat());
    assert_eq!(missing.code, Some(0), "{}", missing.stderr);
    assert!(missing.stdout.contains(".."), "{}", missing.stdout);
    let refused =
        fabricsim(&[&["study", "merge"][..], rest, &["--seed", "9", "--out", &path("merged")], &given].concat());
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("its seed is 1, not 9"), "{}", refused.stderr);

    // A day of a month: what was down when it began is down in the run.
    let day = ["--set", "sla.period=1 day", "--replay", "3", "--out"];
    let again = fabricsim(&[&STUDY[..], &day, &[&path("again")]].concat());
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(
        again.stderr.contains("shop: the study charged 0 s, this run, its timers in other phases, 0 s"),
        "{}",
        again.stderr
    );
    // Beside the study's own results, not over them.
    assert!(
        folder.path().join("again/replay-3/summary.json").exists()
            && !folder.path().join("again/summary.json").exists()
    );
    fabricsim(&[&STUDY[..], &["--replay", "256", "--out", &path("again")]].concat())
        .refused_with("--replay 256: the study's periods are numbered from 0 to 255");
}

#[test]
fn a_study_finds_its_runs_of_the_engine_again_and_refuses_events_that_come_too_close() {
    let folder = temporary();
    let cache = folder.path().join("cache");
    let study = |more: &[&str]| {
        let fixed =
            ["study", "scenarios/studies/reference-fabric.toml", "--periods", "64", "--no-sensitivity", "--json"];
        let out = folder.path().join("out");
        let mut command = program();
        command.args(fixed).args(["--episodes", "1", "--out"]).arg(out).args(more).env("FABRICSIM_CACHE", &cache);
        command.output().expect("fabricsim runs")
    };
    let versions = || fs::read_dir(cache.join("episodes")).into_iter().flatten().flatten();
    let runs = || versions().map(|one| fs::read_dir(one.path()).expect("a folder").count()).sum::<usize>();
    let without = study(&["--no-cache"]);
    assert_eq!(runs(), 0);
    let first = study(&[]);
    // One run of each kind of event, and one of each event to compare: two facilities, four routers and four links that are alike
    // in the whole fabric, and those in degraded ones that could matter.
    let answer: Value = serde_json::from_slice(&first.stdout).expect("JSON");
    let kinds = answer["episodes"].as_array().expect("kinds of events");
    let events = |kind: &Value| 1 + kind["alike"].as_array().expect("others").len();
    let whole: Vec<usize> = kinds.iter().filter(|kind| kind["setting"] == "whole").map(events).collect();
    assert!(whole == [2, 4, 4] && kinds.len() > 3 && kinds.iter().all(|kind| kind["runs"] == 1), "{kinds:?}");
    let all: usize = kinds.iter().map(events).sum();
    let told = &answer["episode_classes"];
    assert_eq!([&told["classes"], &told["events"], &told["runs_to_compare"]], [kinds.len(), all, all - kinds.len()]);
    assert_eq!(runs(), all);
    let second = study(&[]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stdout, without.stdout);
    assert_eq!(first.stdout, second.stdout);
    // An event every nine seconds, four links together.
    let often = [
        "--set",
        "reliability.classes.link.up=1 min",
        "--set",
        "reliability.classes.link.down=10 s",
        "--set",
        "sla.period=\"1 d\"",
    ];
    let close = study(&[&often[..], &["--set", "study.degraded=0", "--set", "study.joint=0"]].concat());
    assert_eq!(close.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&close.stderr).contains("insist with --force"));
    // How often things fail is nothing to a run; which kinds matter besides those of the whole fabric hangs on it.
    let whole = ["--set", "study.degraded=0", "--set", "study.joint=0", "--force"];
    assert_eq!(study(&[&often[..], &whole].concat()).status.code(), Some(0));
    assert_eq!(runs(), all);
}

#[test]
fn a_study_is_a_check_in_somebodys_ci_and_needs_a_failure_model() {
    let folder = temporary();
    let out = folder.path().to_str().expect("UTF-8");
    let strict = fabricsim(&[&STUDY[..], &["--min-p-sla", "1", "--rule", "every-moment", "--out", out]].concat());
    assert_eq!(strict.code, Some(1), "{}{}", strict.stdout, strict.stderr);
    assert!(strict.stderr.contains("fewer than the 100.0000% asked for"), "{}", strict.stderr);
    let none = fabricsim(&["study", SCENARIO, "--out", out]);
    none.refused_with(&format!(
        "{SCENARIO}: nothing in it fails by itself; add [reliability] with pack = \"planning\""
    ));
    let same = fabricsim(&[&STUDY[..], &["--vs", STUDY[1], "--out", out]].concat());
    assert!(same.stdout.contains("the difference is exactly 0"), "{}{}", same.stdout, same.stderr);
}

#[test]
fn known_figures_are_asked_by_name_and_written() {
    let folder = temporary();
    let out = folder.path().to_str().expect("UTF-8");
    let answer = fabricsim(&["validate", "--only", "rules,first-month", "--json", "--out", out]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let value: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!((value["holds"].as_bool(), value["oracles"].as_array().map(Vec::len)), (Some(true), Some(2)));
    let figure = &value["oracles"][0]["figures"][0];
    assert_eq!((figure["expected"].as_str(), figure["verdict"].as_str()), (Some("0.376143260"), Some("PASS")));
    assert_eq!(answer.stdout, fs::read_to_string(folder.path().join("validate.json")).expect("validate.json"));
    let unknown = fabricsim(&["validate", "--only", "astrology", "--out", out]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("--only: no oracle has this name; there are months"), "{}", unknown.stderr);
}

#[test]
fn a_study_varies_the_keys_that_its_scenario_names_or_the_command_line() {
    let folder = temporary();
    let out = folder.path().to_str().expect("UTF-8");
    let study = ["study", "scenarios/studies/repair-or-diversity.toml", "--periods", "64", "--out", out];
    let answer = fabricsim(&[&study[..], &["--json"]].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let value: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(value["combinations"].as_array().map(Vec::len), Some(6));
    assert_eq!(value["combinations"][0]["values"]["reliability.classes.link.down"], "10 h");
    assert_eq!(value["combinations"][0]["difference_s"]["mean"], 0.0);
    let absent = fabricsim(&[
        "study",
        "scenarios/studies/quad-month.toml",
        "--set",
        "reliability.classes.lynk.down=1 h",
        "--out",
        out,
    ]);
    assert_eq!(absent.code, Some(2));
    let told = ["reliability.classes.lynk: is no class that is there", "the classes are ", "facility, "];
    assert!(told.iter().all(|part| absent.stderr.contains(part)), "{}", absent.stderr);
    let wrong = fabricsim(&[&study[..], &["--vary", "reliability.classes.link.dawn=1 h,2 h"]].concat());
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("dawn"), "{}", wrong.stderr);
}

const CUT: &str = "scenarios/failures/fibre-cut.toml";

/// The cut comes at 5 s and light is missed after 10 ms: what is sent at 5.066 s by web#5, which is on that channel, dies
/// at a port that is known to be dark, as packet 317 of its five-tuple, and the answer is the same by time and by number.
#[test]
fn why_tells_place_cause_and_incident_of_a_packet_by_time_and_by_number() {
    let why = |keys: &[&str]| -> Value {
        let answer = fabricsim(&[&["why", CUT, "--flow", "web#5", "--json"], keys].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        serde_json::from_str(&answer.stdout).expect("JSON")
    };
    let by_time = why(&["--at", "5.05s"]);
    let death = &by_time["death"];
    assert_eq!((&by_time["number"], &death["reason"]), (&Value::from(317), &Value::from("port-down")));
    assert_eq!((&death["incident"], &death["incident_at_s"]), (&Value::from("cut"), &Value::from(5.0)));
    assert_eq!(death["port"], "iad-channel-a1/0 aws-iad-a1>google-iad-a1");
    assert_eq!(by_time["routes"]["routers"][0]["router"], "aws-iad-a1", "the tables of the router where it died");
    let by_number = why(&["--packet", "317"]);
    for part in ["death", "before", "next", "paths", "routes"] {
        assert_eq!(by_number[part], by_time[part], "{part}");
    }
    let page = fabricsim(&["why", CUT, "--flow", "web#5", "--at", "5.05s"]).stdout;
    for line in ["LOST: sent at 5.066 s, died after", "Behind it: cut, ", "fibre cut of link iad-channel-a1"] {
        assert!(page.contains(line), "{line:?} is missing in\n{page}");
    }
}

#[test]
fn why_says_so_when_a_packet_arrived_or_was_never_sent() {
    let why = |packet: &str| fabricsim(&["why", CUT, "--flow", "web#5", "--packet", packet]);
    let arrived = why("1");
    assert_eq!(arrived.code, Some(0));
    assert!(arrived.stdout.contains("It was not lost."), "{}", arrived.stdout);
    // 20 s of a packet each 16 ms.
    assert!(why("99999").stdout.contains("It was never sent: the flow has sent 1,250 until then."));
}

#[test]
fn all_problems_of_a_question_are_told_at_once() {
    let answer = fabricsim(&["why", CUT, "--flow", "nobody", "--at", "99s"]);
    answer.refused_with("--at: 99 s is after the run's end; it ends at 20 s");
    let line = "--flow: nobody is no five-tuple; there are those of web, web (reverse), counted from 0: web#3";
    answer.refused_with(line);
    // 40 five-tuples, counted from 0.
    assert_eq!(fabricsim(&["why", CUT, "--flow", "web#40", "--at", "5s"]).code, Some(2));
    assert_eq!(fabricsim(&["why", CUT, "--flow", "web", "--packet", "0"]).code, Some(2));
}

#[test]
fn show_prints_the_rules_that_judge_and_the_presets_and_says_what_is_assumed() {
    let path = "scenarios/sla/quarter-lost.toml";
    let shown = fabricsim(&["show", path]).stdout;
    assert!(shown.contains("# above-20: more than 20% of the paths lost in at least one direction;"), "{shown}");
    let own = "#   the scenario's own: more than a fifth of the paths lost\n";
    assert!(shown.contains(own), "{shown}");
    let folder = temporary();
    let again = fabricsim(&["show", &scenario(folder.path(), &shown)]);
    assert_eq!((again.code, again.stdout), (Some(0), shown), "what is shown is a scenario, and shows itself");
    let page = fabricsim(&["show", path, "--rules"]).stdout;
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in fabricsim::network::SlaRule::presets() {
        assert!(words.contains(&rule.name), "{} is missing in\n{page}", rule.name);
        let basis = rule.basis.split_whitespace().collect::<Vec<_>>().join(" ");
        let legal = if rule.text.word() == "assumed" { " (legal text not confirmed)" } else { "" };
        assert!(words.contains(&format!("preset: {basis}{legal}")), "{basis} is missing in\n{page}");
    }
}
