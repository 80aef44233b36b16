//! `[provisioning.x]`: how connection x is ordered, changed and deleted.

use super::{Names, Resolver};
use crate::ids::{ConnectionId, Id, LinkId, ProviderId};
use crate::network::{AdminState, ChangeKind, Deferral, OfferedChannel, Provisioning, ProvisioningTimes, SpanLaw};
use crate::scenario::file::{Leaf, ProvisioningTable};
use crate::scenario::read::{peek, peek_list};
use crate::scenario::source::join;
use crate::units::{Share, Span};

/// A provisioning as read.
#[derive(Debug)]
pub(super) struct ProvisioningDraft {
    place: String,
    plan: Provisioning,
    created_at: Option<ProviderId>,
    disabled: Vec<LinkId>,
    /// When those are enabled.
    enabled: Option<Span>,
}

impl Resolver<'_> {
    pub(super) fn provisioning(&mut self) {
        let file = self.file;
        for (name, table) in &file.provisioning {
            let place = join("provisioning", name);
            let Some(connection) = self.named(&place, name, "connection", |n: &Names| &n.connections) else { continue };
            let draft = self.provisioning_draft(place, connection, table);
            self.provisioning.push(draft);
        }
    }

    fn provisioning_draft(
        &mut self,
        place: String,
        connection: ConnectionId,
        table: &ProvisioningTable,
    ) -> ProvisioningDraft {
        let of_creation = [("accept", &table.accept), ("created_at", &table.created_at), ("defer", &table.defer)];
        let create = self.order(&join(&place, "at"), &table.at);
        if table.at.is_none() && of_creation.iter().any(|(_, leaf)| leaf.is_some()) {
            self.reader.error(&place, "says how the connection is created, but not when", "write at = \"10 s\"");
        }
        let delete = self.order(&join(&place, "delete"), &table.delete);
        if let (Some(create), Some(delete)) = (create, delete)
            && delete <= create
        {
            self.reader.error(join(&place, "delete"), "is not after its creation", "delete it later");
        }
        let mut law = |key: &str, leaf: &Leaf, example: &str| self.span_law(&join(&place, key), leaf, example);
        let times = ProvisioningTimes {
            call: law("call", &table.call, "1 s"),
            feature: law("feature", &table.feature, "10 s"),
            configure: law("configure", &table.configure, "exponential 60 s"),
            verify: law("verify", &table.verify, "10 s"),
            triage: law("triage", &table.triage, "10 min"),
            report_after: self.positive_span(&join(&place, "report_after"), &table.report_after, "10 min"),
            clean_up: self.positive_span(&join(&place, "clean_up"), &table.clean_up, "7 days"),
        };
        let conflict = self.reader.quantity::<Share>(&join(&place, "conflict"), &table.conflict, "10%");
        if conflict == Some(Share::ONE) {
            self.reader.error(join(&place, "conflict"), "lets no call ever succeed", "write less than 100%");
        }
        let plan = Provisioning {
            connection,
            initiator: 0,
            create,
            accept: self.law_or_never(&join(&place, "accept"), &table.accept),
            bandwidth: self.connections[connection.index()].bandwidth,
            updates: Vec::new(),
            deferral: self.deferral(&place, table),
            delete,
            delete_peer: self.law_or_never(&join(&place, "delete_peer"), &table.delete_peer),
            channels: Vec::new(),
            times,
            conflict: conflict.unwrap_or(Share::ZERO),
        };
        let created_at = table.created_at.as_ref().and_then(|_| {
            self.refer(&join(&place, "created_at"), &table.created_at, "provider", |n: &Names| &n.providers)
        });
        let (disabled, enabled) = self.disabled(&place, table);
        ProvisioningDraft { place, plan, created_at, disabled, enabled }
    }

    /// Who negotiates, and how long the other one is waited for.
    fn deferral(&mut self, place: &str, table: &ProvisioningTable) -> Deferral {
        if table.defer.is_none() {
            if table.deferral_timeout.is_some() {
                let remedy = "write defer = \"10 min\" or \"never\": when the other provider takes it up";
                self.reader.error(join(place, "deferral_timeout"), "is read only with defer", remedy);
            }
            return Deferral::No;
        }
        let taken_up = self.law_or_never(&join(place, "defer"), &table.defer);
        let timeout = self.positive_span(&join(place, "deferral_timeout"), &table.deferral_timeout, "24 h");
        Deferral::Yes { taken_up, timeout }
    }

    /// When the customer does something; `None` when never.
    pub(super) fn order(&mut self, place: &str, leaf: &Leaf) -> Option<Span> {
        leaf.as_ref()?;
        let at = self.reader.span(place, leaf, "10 s")?;
        if at >= self.network.horizon {
            let message = format!("{at} is not before the end of the run at {}", self.network.horizon);
            self.reader.error(place, message, "order earlier, or make the horizon longer");
        }
        Some(at)
    }

    fn law_or_never(&mut self, place: &str, leaf: &Leaf) -> Option<SpanLaw> {
        (leaf.is_some() && peek(leaf) != Some("never")).then(|| self.span_law(place, leaf, "5 min"))
    }

    /// Channels that guidance does not offer, and until when.
    fn disabled(&mut self, place: &str, table: &ProvisioningTable) -> (Vec<LinkId>, Option<Span>) {
        let at = join(place, "disabled");
        let names: Vec<String> = match &table.disabled {
            Some(_) => self.reader.list(&at, &table.disabled, "[\"channel-1\"]"),
            None => Vec::new(),
        };
        if names.is_empty() && peek_list(&table.disabled).is_none() && table.enabled.is_some() {
            let remedy = "name the channels under disabled";
            self.reader.error(join(place, "enabled"), "is read only with disabled", remedy);
        }
        let links = names.iter().filter_map(|name| self.named(&at, name, "link", |n: &Names| &n.links)).collect();
        (links, self.order(&join(place, "enabled"), &table.enabled))
    }

    /// Channels and sides, which are known once connections are; changes of bandwidth become orders.
    pub(super) fn build_provisioning(&mut self) {
        for draft in std::mem::take(&mut self.provisioning) {
            let ProvisioningDraft { place, mut plan, created_at, disabled, enabled } = draft;
            let interconnect = &self.network.interconnects[self.network.connections[plan.connection].interconnect];
            let (channels, providers) = (interconnect.channels.clone(), interconnect.providers);
            if let Some(provider) = created_at {
                match providers.iter().position(|one| *one == provider) {
                    Some(side) => plan.initiator = side,
                    None => {
                        let message = "is not a provider of the connection's interconnect";
                        self.reader.error(join(&place, "created_at"), message, "name one of its two");
                    }
                }
            }
            for link in disabled.iter().filter(|link| !channels.contains(link)) {
                let message = format!("{:?} is no channel of its interconnect", self.network.links[*link].name);
                self.reader.error(join(&place, "disabled"), message, "name channels of the interconnect");
            }
            let admin = |link| match disabled.contains(&link) {
                true => AdminState::Disabled(enabled),
                false => AdminState::Enabled,
            };
            let guidance = &self.network.guidance;
            let reconsidered =
                |link| providers.into_iter().filter_map(|provider| guidance.changes(provider, link)).max();
            let offered = |link| OfferedChannel { link, admin: admin(link), reconsidered: reconsidered(link) };
            plan.channels = channels.into_iter().map(offered).collect();
            self.network.changes.retain(|change| match change.kind {
                ChangeKind::Bandwidth { connection, purchase } if connection == plan.connection => {
                    plan.updates.push((change.at, purchase));
                    false
                }
                ChangeKind::Bandwidth { .. }
                | ChangeKind::LinkRate { .. }
                | ChangeKind::NewKey { .. }
                | ChangeKind::Policies { .. }
                | ChangeKind::GracefulShutdown { .. } => true,
            });
            self.network.provisioning.push(plan);
        }
    }
}
