//! A participant: one end's part in one connectivity association, and the peers that it hears.

use std::collections::VecDeque;

use crate::message::{ConnectivityKey, KeyIdentifier, Member, Mkpdu, SakUse};
use crate::units::{Span, Time};

/// Whether a peer has proven that it hears this end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is heard.
    Potential,
    /// It is heard, and it named this end with a recent number (IEEE 802.1X 9.4.2).
    Live,
}

/// What a message was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Heard {
    /// It is of use; the peer stands as it stood.
    Known,
    /// Its sender has become live by it.
    NewlyLive,
    /// An old one, or a copy: not read.
    Stale,
}

#[derive(Debug, Clone)]
pub(super) struct Peer {
    member: Member,
    sci: u64,
    priority: u8,
    pub standing: Standing,
    expires: Time,
    /// How it uses its latest key.
    pub latest: Option<SakUse>,
}

/// One end's part in one connectivity association.
#[derive(Debug, Clone)]
pub(super) struct Participant {
    pub key: ConnectivityKey,
    /// This end, with the number of its latest message.
    pub member: Member,
    /// When its latest messages were sent, newest last, as far back as a Life Time.
    sent: VecDeque<Time>,
    peers: Vec<Peer>,
}

impl Participant {
    pub const fn new(key: ConnectivityKey, identifier: u64) -> Self {
        Self { key, member: (identifier, 0), sent: VecDeque::new(), peers: Vec::new() }
    }

    /// Knows a peer as live without having heard it.
    pub fn meet(&mut self, member: u64, rank: (u8, u64), expires: Time) {
        let (priority, sci) = rank;
        self.peers.push(Peer { member: (member, 0), sci, priority, standing: Standing::Live, expires, latest: None });
    }

    /// Another message is sent: its number.
    pub fn number(&mut self, now: Time, life: Span) -> Member {
        self.member.1 += 1;
        self.sent.push_back(now);
        while self.sent.front().is_some_and(|sent| *sent + life < now) {
            self.sent.pop_front();
        }
        self.member
    }

    /// Whether a peer's list names this end with a message not older than a Life Time.
    fn is_named(&self, message: &Mkpdu, now: Time, life: Span) -> bool {
        let recent = |(member, number): &Member| {
            let age = self.member.1.checked_sub(*number).map(|age| age as usize);
            let sent = age.and_then(|age| self.sent.len().checked_sub(age + 1)).and_then(|at| self.sent.get(at));
            *member == self.member.0 && sent.is_some_and(|sent| *sent + life >= now)
        };
        message.live.iter().chain(&message.potential).any(recent)
    }

    /// Whether the other end is this one's only peer, live, heard up to its latest message, with its latest key.
    pub fn knows_only(&self, other: &Self, latest: Option<SakUse>) -> bool {
        let [peer] = self.peers.as_slice() else { return false };
        (peer.member, peer.standing, peer.latest) == (other.member, Standing::Live, latest)
    }

    /// Whether at least half of the message numbers are left.
    pub const fn has_numbers_left(&self) -> bool {
        self.member.1 < u32::MAX / 2
    }

    /// So many messages were sent and heard, as before.
    pub fn pass_over(&mut self, messages: u64, gone: Span) {
        let messages = u32::try_from(messages).expect("message numbers have 32 bits (IEEE 802.1X 9.4.2)");
        self.member.1 += messages;
        self.sent.iter_mut().for_each(|at| *at += gone);
        for peer in &mut self.peers {
            peer.member.1 += messages;
            peer.expires += gone;
        }
    }

    /// A message that this participant's key proves.
    pub fn hear(&mut self, now: Time, message: &Mkpdu, life: Span) -> Heard {
        let named = self.is_named(message, now, life);
        let standing = if named { Standing::Live } else { Standing::Potential };
        let latest = message.uses.and_then(|uses| uses[0]);
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.member.0 == message.member.0) else {
            let (member, sci, priority) = (message.member, message.sci, message.priority);
            // A peer that began anew takes the place of its former self.
            self.peers.retain(|peer| peer.sci != sci);
            self.peers.push(Peer { member, sci, priority, standing, expires: now + life, latest });
            return if named { Heard::NewlyLive } else { Heard::Known };
        };
        if message.member.1 <= peer.member.1 {
            return Heard::Stale;
        }
        peer.member = message.member;
        peer.latest = latest;
        if named || peer.standing == Standing::Potential {
            peer.expires = now + life;
        }
        match (peer.standing, standing) {
            (Standing::Potential, Standing::Live) => {
                peer.standing = Standing::Live;
                Heard::NewlyLive
            }
            (Standing::Potential, Standing::Potential) | (Standing::Live, Standing::Live | Standing::Potential) => {
                Heard::Known
            }
        }
    }

    /// Removes the peers whose Life Time is over.
    pub fn expire(&mut self, now: Time) {
        self.peers.retain(|peer| peer.expires > now);
    }

    pub fn live(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().filter(|peer| peer.standing == Standing::Live)
    }

    pub fn has_live_peer(&self) -> bool {
        self.live().next().is_some()
    }

    pub fn has_potential_peer(&self) -> bool {
        self.peers.iter().any(|peer| peer.standing == Standing::Potential)
    }

    /// The peers of a standing, as a list says them.
    pub fn list(&self, standing: Standing) -> Vec<Member> {
        self.peers.iter().filter(|peer| peer.standing == standing).map(|peer| peer.member).collect()
    }

    /// Whether this end, of this priority and SCI, is the key server: the lowest among the live (IEEE 802.1X 9.5).
    pub fn is_server(&self, rank: (u8, u64)) -> bool {
        self.live().all(|peer| rank < (peer.priority, peer.sci))
    }

    /// Whether the sender of a message is the key server of this end's live peers, and of this end.
    pub fn follows(&self, message: &Mkpdu, rank: (u8, u64)) -> bool {
        let server = self.live().min_by_key(|peer| (peer.priority, peer.sci));
        server.is_some_and(|server| server.member.0 == message.member.0) && !self.is_server(rank)
    }

    /// Whether every live peer receives frames under a key.
    pub fn all_receive(&self, key: KeyIdentifier) -> bool {
        self.live().all(|peer| peer.latest.is_some_and(|latest| latest.sak.key == key && latest.receives))
    }

    /// Whether the key server, a peer, sends frames under a key.
    pub fn server_transmits(&self, key: KeyIdentifier) -> bool {
        let server = self.live().min_by_key(|peer| (peer.priority, peer.sci));
        let latest = server.and_then(|server| server.latest);
        latest.is_some_and(|latest| latest.sak.key == key && latest.transmits)
    }
}
