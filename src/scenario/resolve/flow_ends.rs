//! Where the five-tuples of a flow entry begin and end.

use super::{Names, Resolver};
use crate::ids::{AttachmentId, Id};
use crate::scenario::fabrics::RACKS_OF;
use crate::scenario::file::Leaf;
use crate::scenario::read::peek;
use crate::scenario::source::join;

impl Resolver<'_> {
    /// Where the five-tuples of an entry begin and end: an attachment, or a list of them.
    pub(super) fn flow_groups(&mut self, place: &str, from: &Leaf, to: &Leaf) -> Option<[Vec<AttachmentId>; 2]> {
        let from = self.attachment_group(&join(place, "from"), from);
        let to = self.attachment_group(&join(place, "to"), to);
        if from.as_ref().is_some_and(|from| from.len() == 1) && from == to {
            self.reader.error(join(place, "to"), "is where it comes from", "name another attachment");
            self.all_named = false;
        }
        Some([from?, to?])
    }

    fn attachment_group(&mut self, place: &str, leaf: &Leaf) -> Option<Vec<AttachmentId>> {
        if let Some(fabric) = peek(leaf).and_then(|text| text.strip_prefix(RACKS_OF)) {
            self.reader.error(place, format!("no fabric is named {fabric:?}"), format!("add [fabrics.{fabric}]"));
            self.all_named = false;
            return None;
        }
        if !leaf.as_ref().is_some_and(toml::Value::is_array) {
            return self.refer(place, leaf, "attachment", |n: &Names| &n.attachments).map(|only| vec![only]);
        }
        let names = self.reader.list(place, leaf, "[\"vpc-a\", \"vpc-b\"]");
        let named = |name: &String| self.named(place, name, "attachment", |n: &Names| &n.attachments);
        let mut group: Vec<AttachmentId> = names.iter().map(named).collect::<Option<_>>()?;
        group.sort_unstable();
        if group.is_empty() {
            self.reader.error(place, "is empty", "name an attachment");
            self.all_named = false;
            return None;
        }
        if let Some(twice) = group.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("names {:?} twice", self.names.attachments[twice[0].index()]);
            self.reader.error(place, message, "name each attachment once");
        }
        Some(group)
    }
}

/// Where a five-tuple of an entry begins and ends. Sources take turns; each sends to every target but itself before it
/// begins again, and in every turn the targets differ, so that the load is as even as the lists allow.
pub(super) fn pair([from, to]: &[Vec<AttachmentId>; 2], index: u32) -> [AttachmentId; 2] {
    let index = index as usize;
    let (number, turn) = (index % from.len(), index / from.len());
    let source = from[number];
    let target = match to.binary_search(&source) {
        Ok(own) => to[(own + 1 + turn % (to.len() - 1).max(1)) % to.len()],
        Err(_) => to[(number + turn) % to.len()],
    };
    [source, target]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<u32>) -> Vec<AttachmentId> {
        range.map(AttachmentId).collect()
    }

    /// A round of n (n - 1) five-tuples has every ordered pair once, and every turn loads all ends alike.
    #[test]
    fn a_group_sends_to_itself_evenly() {
        let ends = [ids(0..5), ids(0..5)];
        let mut pairs: Vec<_> = (0..20).map(|index| pair(&ends, index)).collect();
        for turn in pairs.chunks(5) {
            let mut targets: Vec<_> = turn.iter().map(|[_, target]| *target).collect();
            targets.sort_unstable();
            assert_eq!(targets, ids(0..5));
        }
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), 20);
        assert!(pairs.iter().all(|[from, to]| from != to));
    }

    /// Two groups of 2 and 3: after six five-tuples every pair had one.
    #[test]
    fn a_group_sends_to_another_evenly() {
        let ends = [ids(0..2), ids(2..5)];
        let mut pairs: Vec<_> = (0..6).map(|index| pair(&ends, index)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), 6);
        assert_eq!(pair(&[ids(0..1), ids(1..2)], 7), [AttachmentId(0), AttachmentId(1)]);
    }
}
