//! Does a paused run tell the truth about routes, sessions and paths?

mod common;

use std::fs;

use common::{ms, network};
use fabricsim::control::bgp::{Standing, State};
use fabricsim::ids::{AttachmentId, Id};
use fabricsim::message::DropReason;
use fabricsim::network::{GracefulRestart, Network};
use fabricsim::rng::RunSeed;
use fabricsim::sim::snapshot::{Known, PathEnd, PathQuery, PathSnapshot, Paused, flows_between};
use fabricsim::sim::{Continue, Simulation};
use fabricsim::units::{Bytes, Share, Span};

fn scenario(path: &str) -> Network {
    network(&fs::read_to_string(path).expect("a scenario"))
}

fn pause(network: &Network, at: Span) -> Paused<'_> {
    Simulation::new(network, RunSeed(1)).pause_at(at, &mut |_| Continue::Yes).expect("nobody stops it")
}

fn paths(network: &Network, (from, to): (&str, &str), at: Span) -> PathSnapshot {
    let attachment = |name: &str| {
        let found = network.attachments.iter().position(|attachment| attachment.name == name);
        AttachmentId::from_index(found.expect("an attachment"))
    };
    let (from, to) = (attachment(from), attachment(to));
    let flows = flows_between(network, from, to, None);
    let (bytes, packets) = network.flows[flows[0]].sizes.mean();
    let query = PathQuery { from, to, flows, size: Bytes(bytes.div_ceil(packets)) };
    pause(network, at).paths(&query)
}

/// The oracle is the run itself: packets that met no queue took exactly the sum of the hops of their way.
#[test]
fn the_fastest_and_the_slowest_unqueued_packet_took_the_sums_of_their_hops() {
    let network = scenario("scenarios/regions/n-virginia.toml");
    let record = Simulation::new(&network, RunSeed(1)).run();
    let snapshot = paths(&network, ("vpc-aws", "vpc-google"), ms(500));
    let fastest = snapshot.paths.iter().map(|path| path.unloaded).min();
    assert_eq!(fastest, Some(record.connections[0].directions[0].latency.min));
    for path in &snapshot.paths {
        let parts = |hop: &fabricsim::sim::snapshot::Hop| {
            hop.serialization + hop.encryption + hop.propagation + hop.decryption + hop.forwarding + hop.late
        };
        assert_eq!(path.hops.iter().map(parts).fold(Span::ZERO, |sum, span| sum + span), path.unloaded);
    }
}

/// Two backbone routers, four channels, two backbone routers: 16 equal ways, and every five-tuple is on one of them.
#[test]
fn shares_of_the_hash_space_and_five_tuples_are_complete() {
    let network = scenario("scenarios/quickstart.toml");
    let snapshot = paths(&network, ("vpc-aws", "vpc-google"), ms(500));
    assert_eq!(snapshot.paths.len(), 16);
    assert!(snapshot.paths.iter().all(|path| path.share == Share::of(1, 16) && path.end == PathEnd::Delivered));
    let flows: usize = snapshot.paths.iter().map(|path| path.flows.len()).sum();
    let all = network.flows.iter().filter(|flow| flow.name.starts_with("web#") && !flow.name.contains("reverse"));
    assert!(flows >= all.count() && flows > 0, "{flows}");
    assert_eq!(snapshot.omitted, Share::ZERO);
}

/// The scenario's own arithmetic: dead fibre for 10 ms, a port that knows it until 111 ms, a loop until 310 ms.
#[test]
fn a_cut_a_dark_port_a_loop_and_the_long_way_follow_each_other() {
    let network = scenario("scenarios/failures/micro-loop.toml");
    let end = |at| {
        let mut snapshot = paths(&network, ("left", "right"), at);
        assert_eq!(snapshot.paths.len(), 1);
        snapshot.paths.remove(0)
    };
    let dies = |reason| PathEnd::Dropped { reason, place: "short/0 r1>r5".to_owned() };
    assert_eq!(end(ms(999)).end, PathEnd::Delivered);
    assert_eq!(end(ms(1_005)).end, dies(DropReason::FibreCut));
    assert_eq!(end(ms(1_050)).end, dies(DropReason::PortDown));
    let looping = PathEnd::Loop { routers: vec!["r1".to_owned(), "r2".to_owned()] };
    assert_eq!(end(ms(1_200)).end, looping);
    let around = end(ms(1_400));
    assert_eq!(around.end, PathEnd::Delivered);
    let routers: Vec<&str> = around.hops.iter().map(|hop| hop.to.as_str()).collect();
    assert_eq!(routers, ["r1", "r2", "r3", "r4", "r5", "right"]);
}

/// What a run leaves behind tells how its sessions were set, as they would at its end.
#[test]
fn a_record_has_the_sessions_of_a_run_that_stands_still_at_its_end() {
    let network = scenario("scenarios/failures/graceful-restart-trap.toml");
    let record = Simulation::new(&network, RunSeed(1)).run();
    let paused = pause(&network, network.horizon).sessions();
    assert_eq!(
        (&record.sessions.bgp, &record.sessions.bfd, &record.sessions.routers),
        (&paused.bgp, &paused.bfd, &paused.routers)
    );
    assert!(record.sessions.bgp.iter().any(|end| end.graceful_restart != GracefulRestart::Off));
    assert!(record.sessions.bfd.iter().all(|end| end.detection > Span::ZERO));
}

/// RFC 4271 4.2: the lower hold time of AWS's 90 s and Google's 60 s; 4.4: keepalives at a third of it at most. RFC 5880
/// 6.8.4: the peer's Detect Mult times the slower interval.
#[test]
fn effective_values_are_those_that_the_ends_agreed_on() {
    let network = scenario("scenarios/quickstart.toml");
    let snapshot = pause(&network, Span::ZERO).sessions();
    let external: Vec<_> = snapshot.bgp.iter().filter(|end| end.kind == "external").collect();
    assert_eq!(external.len(), 8);
    for end in external {
        assert_eq!((end.hold, end.keepalive), (Span::from_s(60), Span::from_s(20)), "{}", end.router);
        assert_eq!((end.state, end.routes.accepted, end.routes.announced), (State::Established, 1, 1));
    }
    let watched: Vec<_> = snapshot.bfd.iter().filter(|end| end.link.starts_with("iad-channel")).collect();
    assert_eq!(watched.len(), 8);
    // Google's Detect Mult is 5 and AWS's is 3, and each counts by the other's.
    for end in watched {
        let peers = if end.router.starts_with("aws") { 5 } else { 3 };
        assert_eq!((end.transmit, end.detection), (Span::from_s(1), Span::from_s(peers)), "{}", end.router);
    }
}

/// A full mesh of five systems: the direct route is best, longer ones lose by their length, and with the prefix gone
/// nobody keeps a way to it.
#[test]
fn routes_tell_the_best_the_lost_and_the_rejected() {
    let network = scenario("scenarios/routing/clique.toml");
    let snapshot = pause(&network, ms(5_000)).routes();
    let entry = |router: &str| {
        let table = snapshot.routers.iter().find(|table| table.router == router).expect("a router");
        table.entries.iter().find(|entry| entry.prefix == "10.0.0.0/16").expect("a prefix")
    };
    assert_eq!(entry("r0").known, Known::Interior);
    // A full mesh: the direct route is best, those through the three others lose by their length.
    let routes = &entry("r1").routes;
    let standings: Vec<_> = routes.iter().map(|route| (route.peer.as_str(), route.standing)).collect();
    assert_eq!(standings[0], ("r0", Standing::Best));
    assert!(standings[1..].iter().all(|(_, standing)| *standing != Standing::Best));
    assert_eq!(routes[0].as_path, [65_000]);
    assert!(entry("r1").installed.iter().all(|hop| hop.router == "r0"));
    // After the withdrawal and two advertisement intervals nobody knows a way.
    let snapshot = pause(&network, ms(20_000)).routes();
    let left = snapshot.routers.iter().flat_map(|table| &table.entries).filter(|entry| entry.prefix == "10.0.0.0/16");
    assert!(left.filter(|entry| entry.known == Known::Bgp).all(|entry| entry.installed.is_empty()));
}

#[test]
fn routes_that_are_kept_for_a_restarting_peer_are_marked_as_stale() {
    let seen = |at: &str| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_fabricsim"))
            .args(["routes", "scenarios/failures/bgp-restart.toml", "--json", "--at", at])
            .output()
            .expect("it starts");
        String::from_utf8(done.stdout).expect("JSON is text").matches("\"stale\": true").count()
    };
    // The process is away from 5 s to 10 s; RFC 4724 4.2: End-of-RIB of the new one ends it.
    assert_eq!((seen("4 s"), seen("30 s")), (0, 0));
    assert!(seen("7 s") > 0);
}

/// The oracle is the run that nobody watched: as many deaths, of the same causes, all of the one incident.
#[test]
fn every_lost_packet_of_a_flow_tells_its_place_its_cause_and_its_incident() {
    let network = scenario("scenarios/failures/fibre-cut.toml");
    let record = Simulation::new(&network, RunSeed(1)).run();
    let hit = |way: &str| {
        let of = |(_, flow): &(usize, &fabricsim::sim::record::FlowRecord)| {
            flow.dropped > 0 && flow.name.contains("(reverse)") == (way == "reverse")
        };
        record.flows.iter().enumerate().find(of).map(|(index, _)| index).expect("a flow that was hit")
    };
    for index in [hit("forth"), hit("reverse")] {
        let flow = fabricsim::ids::FlowId::from_index(index);
        let watched = Simulation::new(&network, RunSeed(1)).watching(Some(flow));
        let mut paused = watched.pause_at(network.horizon, &mut |_| Continue::Yes).expect("nobody stops it");
        assert_eq!(u64::from(paused.packets_sent(flow)), record.flows[index].sent);
        let fates: Vec<_> = (1..=paused.packets_sent(flow)).map(|number| paused.fate(flow, number)).collect();
        let deaths: Vec<_> = fates.iter().filter_map(|fate| fate.death.as_ref()).collect();
        assert_eq!(deaths.len() as u64, record.flows[index].dropped);
        for death in &deaths {
            let incident = death.incident.as_ref().expect("an incident");
            assert_eq!((incident.name.as_str(), incident.at), ("cut", network.failures.iter().next().unwrap().when.at));
            assert!(death.sent <= death.at && death.at < incident.at + ms(170), "{death:?}");
            let port = death.port.as_ref().is_some_and(|port| port.starts_with("iad-channel-a1/0 "));
            assert!(port || death.reason == DropReason::NoRoute, "{death:?}");
        }
        // A packet that arrived knows the losses around it.
        let (first, last) = (deaths[0].number, deaths[deaths.len() - 1].number);
        let before = paused.fate(flow, first - 1);
        assert_eq!((before.death, before.before), (None, None));
        assert_eq!(before.next.map(|death| death.number), Some(first));
        assert_eq!(paused.fate(flow, last + 1).before.map(|death| death.number), Some(last));
    }
}
