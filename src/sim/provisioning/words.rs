//! What a coordination tells, in the words of the specification and in sentences.

use crate::control::provisioning::{Call, Issue, State, Subject, Told};
use crate::ids::{ConnectionId, LinkId};
use crate::network::Network;
use crate::sim::run::Run;

/// The word of the specification.
pub(super) fn step(told: Told) -> &'static str {
    match told {
        Told::State(state) => state.word(),
        Told::KeyIssued => "activationKey",
        Told::Answered(call) => word(call),
        Told::Conflict(..) | Told::Queued(..) => "409",
        Told::NotFound(_) => "404",
        Told::Deferred(_) => "deferProvisioning",
        Told::DeferralOver => "deferralTimeoutHours",
        Told::NoCommonGround(..) => "no common ground",
        Told::TooFew(..) => "too few",
        Told::Unverified(..) => "VERIFICATION_STATE_UNVERIFIED",
        Told::Issue(issue) => issue.state.word(),
        Told::FeatureFinal(..) => "PROVISIONING_STATE_FINAL",
        Told::Ready(..) => "ready",
        Told::Configured(_) => "configured",
        Told::Verified => "VERIFICATION_STATE_VERIFIED",
        Told::CleanedUp => "clean-up",
    }
}

const fn word(call: Call) -> &'static str {
    match call {
        Call::ConfirmActivationKey => "ConfirmActivationKey",
        Call::CreateConnection => "CreateConnection",
        Call::GenerateFeatureGuidance => "GenerateFeatureGuidance",
        Call::CreateFeature(_) => "CreateFeature",
        Call::NotifyConnectionStatus(_) | Call::NotifyUpdated(_) => "NotifyConnectionStatus",
        Call::UpdateConnection(_) => "UpdateConnection",
        Call::DeleteConnection => "DeleteConnection",
    }
}

/// What happened, in words.
pub(super) fn text(run: &Run<'_>, index: usize, told: Told) -> String {
    let (network, plan) = (run.network, &run.network.provisioning[index]);
    let providers = network.interconnects[network.connections[plan.connection].interconnect].providers;
    // Side 0 of a coordination is where the connection was created.
    let side = |side: usize| &network.providers[providers[side ^ plan.initiator]].name;
    let (one, other) = (side(0), side(1));
    let link = |link: LinkId| &network.links[link].name;
    match told {
        Told::State(State::Requested) => format!("created at {one} with {}", plan.bandwidth),
        Told::State(State::Down) => "state down: no session of its logical links is up".to_owned(),
        Told::State(state) => format!("state {}", state.word()),
        Told::KeyIssued => format!("{one} gives out an activation key for {}", plan.bandwidth),
        Told::Answered(Call::ConfirmActivationKey) => format!("{other} has the key confirmed by {one}: keyValid"),
        Told::Answered(Call::CreateConnection) => format!("{other} has a connection, and creates its half at {one}"),
        Told::Answered(Call::GenerateFeatureGuidance) => guidance(network, plan.connection),
        Told::Answered(Call::CreateFeature(at)) => {
            let channel = run.coordinations[index].channel(at);
            // Nothing is left of it when the connection has failed at the same instant.
            let config =
                run.features.get(&(plan.connection, channel)).map_or_else(String::new, |one| format!("{one}: "));
            format!("{}: {config}PROVISIONING_STATE_PENDING", link(channel))
        }
        Told::Answered(Call::NotifyConnectionStatus(from)) => {
            format!("{} is verified and has told {}", side(from), side(1 - from))
        }
        Told::Answered(Call::NotifyUpdated(from)) => {
            format!("{} has told {} that the update is done", side(from), side(1 - from))
        }
        Told::Answered(Call::UpdateConnection(purchase)) => format!("{} accepted by both", purchase.rate),
        Told::Answered(Call::DeleteConnection) => "deleted on the other side too".to_owned(),
        Told::Conflict(call, times, wait) => {
            format!("{} answered 409 (conflict {times}), again in {wait}", word(call))
        }
        Told::Queued(purchase, before) => format!("{} ordered, after {before} that wait", purchase.rate),
        Told::NotFound(call) => format!("{} answered 404: there is no connection", word(call)),
        Told::Deferred(timeout) => {
            format!("{other} leaves the negotiation to {one} (deferProvisioning), for {timeout} at most")
        }
        Told::DeferralOver => format!("{other} has waited for {one} long enough, and rolls back"),
        Told::NoCommonGround(channel, reason) => format!("{}: no feature: {reason}", link(channel)),
        Told::TooFew(possible, all) => format!("only {possible} of {all} features can be negotiated"),
        Told::Unverified(at, up) => format!("{} is not verified: {up} sessions are up", side(at)),
        Told::Issue(issue) => issue_text(run, index, issue),
        Told::FeatureFinal(channel, finals) => {
            let all = run.coordinations[index].channels();
            format!("{}: {finals} of {all} features are final", link(channel))
        }
        Told::Ready(finals, all) => format!("{finals} of {all} features suffice to provision"),
        Told::Configured(at) => format!("{} has set its routers up", side(at)),
        Told::Verified => "verified by both sides".to_owned(),
        Told::CleanedUp => "never finalised, or left on one side only: deleted".to_owned(),
    }
}

/// Which side opens an issue, and what it says: its title.
fn issue_text(run: &Run<'_>, index: usize, issue: Issue) -> String {
    let (network, plan) = (run.network, &run.network.provisioning[index]);
    let coordination = &run.coordinations[index];
    let providers = network.interconnects[network.connections[plan.connection].interconnect].providers;
    let side = |side: usize| &network.providers[providers[side ^ plan.initiator]].name;
    let link = |link: LinkId| &network.links[link].name;
    let (opened_by, title) = match issue.subject {
        Subject::NoCommonGround(at) => {
            (coordination.negotiator(), format!("no common ground for a feature on {}", link(at)))
        }
        Subject::Verification(at) => (at, "the connection cannot be verified".to_owned()),
        Subject::ChannelDown(at) => {
            // Who manages the cross-connect is asked; when neither does, the other side of who sold it first.
            let manager = &network.responsibility.links[at].name;
            let asked = [0, 1].into_iter().find(|at| side(*at) == manager).unwrap_or(1);
            (1 - asked, format!("{} is down", link(at)))
        }
    };
    let (number, priority, state) = (issue.number, issue.priority.word(), issue.state.word());
    format!("issue {number} of {} to {}, {priority}: {title}: {state}", side(opened_by), side(1 - opened_by))
}

/// What guidance is for, and how many prefixes each side takes (`maxReceivedBgpRoutePrefixes`).
fn guidance(network: &Network, connection: ConnectionId) -> String {
    let connection = &network.connections[connection];
    let channels = network.channels_of(connection);
    let limits: Vec<String> = connection.logical_links.first().map_or_else(Vec::new, |logical| {
        let ends = network.sessions[network.logical_links[*logical].session].ends.iter();
        let limit =
            |most| if most == u32::MAX { "any number of prefixes".to_owned() } else { format!("{most} prefixes") };
        let takes = |(router, most)| {
            let provider: &str = &network.providers[network.routers[router].provider].name;
            format!("{provider} takes {}", limit(most))
        };
        ends.map(|end| takes((end.router, end.max_prefixes))).collect()
    });
    format!("guidance for {channels} channels; {}", limits.join(", "))
}
