//! Make before break: a connection moves to another interconnect, and no packet is lost on the way.

use crate::units::{Span, Time};

/// How often is looked whether the new sessions are up, and how long their routes have to spread.
pub const LOOK: Span = Span::from_s(5);
/// Traffic leaves the old logical links once their routes are worse; the same as before maintenance.
pub const DRAIN: Span = Span::from_s(60);

/// How far a migration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migration {
    /// Sessions on the new channels come up.
    Joining,
    /// They are up, and routes spread: both are used.
    Settling,
    /// The old routes are worse than the new ones.
    Draining,
}

/// Whether every session on the new channels is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewSessions {
    /// Not all.
    Awaited,
    /// All.
    Up,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// To look again at this time.
    Wait(Time),
    /// To make the old routes worse than the new ones (RFC 8326), and to look again at this time.
    Deprefer(Time),
    /// To take the old sessions down: the migration is over.
    Leave,
}

impl Migration {
    /// It is looked at.
    #[must_use]
    pub fn look(&mut self, now: Time, new: NewSessions) -> Move {
        match (*self, new) {
            // A session that is lost again is waited for again: before it is left the old way stays whole.
            (Self::Joining | Self::Settling, NewSessions::Awaited) => {
                *self = Self::Joining;
                Move::Wait(now + LOOK)
            }
            (Self::Joining, NewSessions::Up) => {
                *self = Self::Settling;
                Move::Wait(now + LOOK)
            }
            (Self::Settling, NewSessions::Up) => {
                *self = Self::Draining;
                Move::Deprefer(now + DRAIN)
            }
            (Self::Draining, NewSessions::Awaited) => Move::Wait(now + LOOK),
            (Self::Draining, NewSessions::Up) => Move::Leave,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_way_is_left_only_while_the_new_one_is_whole() {
        let (awaited, up) = (NewSessions::Awaited, NewSessions::Up);
        let at = |seconds| Time::ZERO + Span::from_s(seconds);
        let mut migration = Migration::Joining;
        assert_eq!(migration.look(at(0), awaited), Move::Wait(at(5)));
        assert_eq!(migration.look(at(5), up), Move::Wait(at(10)));
        assert_eq!(migration.look(at(10), awaited), Move::Wait(at(15)), "one was lost again");
        assert_eq!(migration.look(at(15), up), Move::Wait(at(20)));
        assert_eq!(migration.look(at(20), up), Move::Deprefer(at(80)));
        assert_eq!(migration.look(at(80), awaited), Move::Wait(at(85)));
        assert_eq!(migration.look(at(85), up), Move::Leave);
    }
}
