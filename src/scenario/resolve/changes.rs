//! Scripted changes.

use super::{Names, Resolver};
use crate::ids::LinkId;
use crate::network::{Change, ChangeKind};
use crate::scenario::file::ChangeTable;
use crate::scenario::read::peek;
use crate::scenario::source::{item_place, join};

impl Resolver<'_> {
    pub(super) fn changes(&mut self) {
        let mut changes: Vec<Change> = Vec::new();
        for (index, table) in self.file.changes.iter().enumerate() {
            let place = item_place("changes", index, peek(&table.name));
            let name = self.reader.text(&join(&place, "name"), &table.name, "upgrade").unwrap_or_default().to_owned();
            if changes.iter().any(|other| other.name == name) {
                self.reader.error(join(&place, "name"), "another change has this name", "give it another");
            }
            let at = self.reader.span_or_zero(&join(&place, "at"), &table.at, "30 s");
            if at >= self.network.horizon && table.at.is_some() {
                let message = format!("{at} is not before the end of the run at {}", self.network.horizon);
                self.reader.error(join(&place, "at"), message, "change earlier, or make the horizon longer");
            }
            if let Some(kind) = self.change_kind(&place, table) {
                changes.push(Change { name, at, kind });
            }
        }
        // At one instant they happen in the order of their names.
        changes.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        self.network.changes = changes;
    }

    fn change_kind(&mut self, place: &str, table: &ChangeTable) -> Option<ChangeKind> {
        let remedy = "name a connection with its bandwidth, or a link with its rate";
        match (&table.connection, &table.link) {
            (Some(_), None) => {
                if table.rate.is_some() {
                    self.reader.error(
                        join(place, "rate"),
                        "is not read with a connection",
                        "write bandwidth = \"...\"",
                    );
                }
                let at = join(place, "connection");
                let connection = self.refer(&at, &table.connection, "connection", |n: &Names| &n.connections);
                let rate = self.reader.quantity(&join(place, "bandwidth"), &table.bandwidth, "5 Gbps");
                Some(ChangeKind::Bandwidth { connection: connection?, rate: rate? })
            }
            (None, Some(_)) => {
                if table.bandwidth.is_some() {
                    self.reader.error(join(place, "bandwidth"), "is not read with a link", "write rate = \"...\"");
                }
                let link: Option<LinkId> = self.refer(&join(place, "link"), &table.link, "link", |n: &Names| &n.links);
                let rate = self.link_rate(&join(place, "rate"), &table.rate);
                Some(ChangeKind::LinkRate { link: link?, rate: rate? })
            }
            (Some(_), Some(_)) => {
                self.reader.error(place, "names a connection and a link", remedy);
                None
            }
            (None, None) => {
                self.reader.error(place, "changes nothing", remedy);
                None
            }
        }
    }
}
