//! Everything that a network is made of, as attributes and references.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Exchange;
use crate::ids::{Id, IdVec};
use crate::network::{Destination, DestinationKind, Network, Provisioning};

/// Fields that only tell things apart.
const NAMES: [&str; 5] = ["name", "address", "identifier", "vlan", "hash_seed"];

/// Something with an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thing {
    /// Its attributes, with a mark for everything that it refers to.
    pub label: String,
    /// What it refers to, in order; members of a list of ids together, since their order says nothing.
    pub refers: Vec<Vec<usize>>,
}

/// What the network is made of.
#[derive(Debug)]
pub(in crate::study::years::library) struct Things {
    pub(super) all: Vec<Thing>,
    /// By the word of its kind: the place of the first one.
    first: BTreeMap<&'static str, usize>,
}

impl Things {
    /// Of a network of which nothing fails; `None` where something refers to what nobody knows.
    pub(super) fn of(network: &Network) -> Option<Self> {
        let (texts, first) = texts(network);
        let mut things = Self { all: Vec::new(), first };
        for text in &texts {
            let (label, refers) = things.parse(text)?;
            things.all.push(Thing { label, refers });
        }
        Some(things)
    }

    /// The place of the first one of a kind.
    pub(super) fn first(&self, kind: &str) -> usize {
        self.first[kind]
    }

    /// Nothing goes anywhere.
    pub(super) fn identity(&self) -> Exchange {
        (0..self.all.len()).collect()
    }

    /// Whether an exchange leaves everything as it was.
    pub(super) fn keeps(&self, exchange: &Exchange) -> bool {
        self.all.iter().zip(exchange).all(|(thing, other)| {
            let other = &self.all[*other];
            thing.label == other.label && image(&thing.refers, exchange) == other.refers
        })
    }

    /// A printed thing as attributes and what it refers to; `None` where it refers to something unknown.
    pub(super) fn parse(&self, text: &str) -> Option<(String, Vec<Vec<usize>>)> {
        let (mut label, mut refers): (String, Vec<Vec<usize>>) = (String::new(), Vec::new());
        // Of every list that is open: where it began, in the label and among what is referred to.
        let mut lists: Vec<(usize, usize)> = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some((thing, length)) = self.reference(rest, &label)? {
                label.push('#');
                refers.push(vec![thing]);
                rest = &rest[length..];
                continue;
            }
            let mut length = next.len_utf8();
            match next {
                '"' => length = quoted(rest),
                '[' => lists.push((label.len(), refers.len())),
                ']' => {
                    let (begin, members) = lists.pop()?;
                    if label[begin..].chars().all(|of| "[#, ".contains(of)) {
                        let mut together: Vec<usize> = refers.drain(members..).flatten().collect();
                        together.sort_unstable();
                        refers.push(together);
                    }
                }
                _ => {}
            }
            label.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        Some((label, refers))
    }

    /// The thing that a text begins with, "RouterId(3)", and the length of that; the outer `None` where its kind is unknown.
    #[expect(clippy::option_option, reason = "nothing here, and something that nobody knows, are two things")]
    fn reference(&self, text: &str, before: &str) -> Option<Option<(usize, usize)>> {
        let word = text.find(|of: char| !of.is_ascii_alphabetic()).unwrap_or(text.len());
        let is_id = text[..word].ends_with("Id") && text[word..].starts_with('(');
        if !is_id || before.ends_with(|of: char| of.is_ascii_alphanumeric()) {
            return Some(None);
        }
        let end = text[word..].find(')')? + word;
        let index: usize = text[word + 1..end].parse().ok()?;
        let first = self.first.get(&text[..word])?;
        Some(Some((first + index, end + 1)))
    }
}

/// Where an exchange takes what something refers to.
pub(super) fn image(refers: &[Vec<usize>], exchange: &Exchange) -> Vec<Vec<usize>> {
    let group = |group: &Vec<usize>| {
        let mut group: Vec<usize> = group.iter().map(|thing| exchange[*thing]).collect();
        group.sort_unstable();
        group
    };
    refers.iter().map(group).collect()
}

/// Everything in print, which leaves no attribute out, and where each kind begins.
fn texts(network: &Network) -> (Vec<String>, BTreeMap<&'static str, usize>) {
    // Whoever adds to a network has to say here what that does to episodes.
    let Network {
        // What happens, what goes by and what judges is not in a run of the library; the rest says nothing of one thing.
        title: _,
        description: _,
        horizon: _,
        warm_up: _,
        bin: _,
        fidelity: _,
        sharing: _,
        flow_entries: _,
        traces_hash: _,
        flows: _,
        monitors: _,
        failures: _,
        responsibility: _,
        changes: _,
        reliability: _,
        study: _,
        availability: _,
        expectations: _,
        providers,
        facilities,
        feeds,
        cards,
        ducts,
        routers,
        links,
        ports,
        interconnects,
        connections,
        logical_links,
        link_groups,
        attachments,
        destinations,
        sessions,
        bfd_sessions,
        guidance,
        provisioning,
    } = network;
    let mut kinds = Kinds::default();
    kinds.fixed("ProviderId", printed(providers));
    kinds.fixed("InterconnectId", printed(interconnects));
    kinds.fixed("ConnectionId", printed(connections));
    kinds.fixed("AttachmentId", printed(attachments));
    kinds.fixed("LinkGroupId", printed(link_groups));
    kinds.free("FacilityId", printed(facilities));
    kinds.free("FeedId", printed(feeds));
    kinds.free("CardId", printed(cards));
    kinds.free("DuctId", printed(ducts));
    kinds.free("RouterId", printed(routers));
    kinds.free("LinkId", printed(links));
    kinds.free("PortId", printed(ports));
    kinds.free("LogicalLinkId", printed(logical_links));
    kinds.free("DestinationId", destinations.iter().map(destination).collect());
    kinds.free("SessionId", printed(sessions));
    kinds.free("bfd", bfd_sessions.iter().map(|one| format!("{one:?}")).collect());
    kinds.fixed("provisioning", provisioning.iter().map(order).collect());
    // Channels that are offered alike have no order.
    let offered = |(place, one): (usize, &Provisioning)| {
        one.channels.iter().map(|channel| format!("{place} {channel:?}")).collect::<Vec<_>>()
    };
    kinds.free("offered", provisioning.iter().enumerate().flat_map(offered).collect());
    kinds.fixed("guidance", printed(&guidance.general));
    kinds.free("guidance of a channel", guidance.channels.iter().map(|one| format!("{one:?}")).collect());
    (kinds.texts, kinds.first)
}

#[derive(Debug, Default)]
struct Kinds {
    texts: Vec<String>,
    first: BTreeMap<&'static str, usize>,
}

impl Kinds {
    /// Things that may go where others are.
    fn free(&mut self, kind: &'static str, of: Vec<String>) {
        self.first.insert(kind, self.texts.len());
        let nameless = |text| NAMES.iter().fold(text, |text: String, name| without(&text, name));
        self.texts.extend(of.into_iter().map(|text| format!("{kind} {}", nameless(text))));
    }

    /// Things that stay where they are.
    fn fixed(&mut self, kind: &'static str, of: Vec<String>) {
        self.free(kind, of.into_iter().enumerate().map(|(place, text)| format!("{place} {text}")).collect());
    }
}

fn printed<I: Id, T: Debug>(of: &IdVec<I, T>) -> Vec<String> {
    of.iter().map(|one| format!("{one:?}")).collect()
}

/// An order without its channels.
fn order(one: &Provisioning) -> String {
    format!("{:?}", Provisioning { channels: Vec::new(), ..one.clone() })
}

/// A router's own address only tells it apart.
fn destination(of: &Destination) -> String {
    let text = format!("{of:?}");
    match of.kind {
        DestinationKind::Loopback => without(&text, "prefix"),
        DestinationKind::Attachment(_) => text,
    }
}

/// A printed form without the values of a field.
fn without(text: &str, field: &str) -> String {
    let key = format!(" {field}: ");
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(&key) {
        kept.push_str(&rest[..at]);
        rest = &rest[at + key.len()..];
        let end = if rest.starts_with('"') { quoted(rest) } else { rest.find([',', ' ', '}']).unwrap_or(rest.len()) };
        rest = &rest[end..];
    }
    kept + rest
}

/// The length of the quoted text that a text begins with.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, of) in text.char_indices().skip(1) {
        match of {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}
