//! Does interior routing find all equal paths, and only those that routers may carry?

use super::*;
use crate::control::fixture;
use crate::ids::AttachmentId;
use crate::network::Network;

/// Edge - two backbones - border, with two parallel links from the first backbone to the border, and a peer's
/// router behind a channel.
///
/// ```text
/// edge --l0-- bb1 ==l2,l3== border --l5(channel)-- peer
///     \--l1-- bb2 ---l4----/
/// ```
fn diamond() -> (Network, [RouterId; 5]) {
    let mut network = fixture::providers(&["aws", "google"]);
    let edge = fixture::router(&mut network, 0, RouterRole::Edge(AttachmentId(0)));
    let first = fixture::router(&mut network, 0, RouterRole::Backbone);
    let second = fixture::router(&mut network, 0, RouterRole::Backbone);
    let border = fixture::router(&mut network, 0, RouterRole::Border);
    let peer = fixture::router(&mut network, 1, RouterRole::Border);
    for (a, b) in [(edge, first), (edge, second), (first, border), (first, border), (second, border), (border, peer)] {
        fixture::link(&mut network, a, b);
    }
    (network, [edge, first, second, border, peer])
}

fn links(numbers: &[u32]) -> Vec<LinkId> {
    numbers.iter().copied().map(LinkId).collect()
}

#[test]
fn equal_paths_and_parallel_links_are_all_used() {
    let (network, [edge, first, _, border, peer]) = diamond();
    let paths = Interior::new(&network, ProviderId(0)).paths(&network);
    assert_eq!(paths.first_hops(edge, border), links(&[0, 1]));
    assert_eq!(paths.first_hops(first, border), links(&[2, 3]));
    assert_eq!(paths.first_hops(border, edge), links(&[2, 3, 4]));
    assert_eq!(paths.hops(edge, border), Some(2));
    assert_eq!(paths.first_hops(border, peer), []);
    assert_eq!(paths.first_hops(edge, edge), []);
}

#[test]
fn an_unusable_link_is_left_out_until_it_is_back() {
    let (network, [edge, first, _, border, _]) = diamond();
    let mut interior = Interior::new(&network, ProviderId(0));
    interior.set_link(LinkId(2), Usable::No);
    assert_eq!(interior.paths(&network).first_hops(first, border), links(&[3]));
    interior.set_link(LinkId(3), Usable::No);
    let paths = interior.paths(&network);
    assert_eq!(paths.first_hops(edge, border), links(&[1]));
    // The edge carries no transit, so the first backbone does not reach the border through it.
    assert_eq!(paths.first_hops(first, border), []);
    assert_eq!(paths.hops(first, border), None);
    interior.set_link(LinkId(3), Usable::Yes);
    assert_eq!(interior.paths(&network).first_hops(edge, border), links(&[0, 1]));
}

#[test]
fn a_router_that_is_not_ready_is_an_end_but_no_way() {
    let (network, [edge, first, second, border, _]) = diamond();
    let mut interior = Interior::new(&network, ProviderId(0));
    interior.set_transit(first, Transit::No);
    let paths = interior.paths(&network);
    assert_eq!(paths.first_hops(edge, border), links(&[1]));
    assert_eq!(paths.first_hops(edge, first), links(&[0]));
    assert_eq!(paths.first_hops(first, second), links(&[2, 3]));
    interior.set_transit(first, Transit::Yes);
    assert_eq!(interior.paths(&network).first_hops(edge, border), links(&[0, 1]));
    interior.set_transit(edge, Transit::Yes);
    interior.set_link(LinkId(2), Usable::No);
    interior.set_link(LinkId(3), Usable::No);
    assert_eq!(interior.paths(&network).first_hops(first, border), [], "an edge never carries transit");
}
