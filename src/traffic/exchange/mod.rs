//! Requests and responses over datagrams, after RFC 7252 (CoAP) section 4: a request is sent again when its whole
//! response has not come in time, and waited for twice as long each time.
//!
//! ```text
//! Client -- pieces of a request --> Server -- workers --> Server -- pieces of a response --> Client
//! ```

mod assembly;
mod client;
mod server;
mod workers;

pub use client::{Action, Client, Input};
pub use server::{Reception, Server};
pub use workers::Workers;

use super::draw;
use crate::message::Piece;
use crate::units::Bytes;

/// Most packets of one message; a longer one is cut off.
const MOST_PIECES: u64 = u16::MAX as u64;

/// A request or a response that leaves now, as packets back to back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Which exchange of its five-tuple.
    pub exchange: u32,
    /// The request, counted from 0.
    pub attempt: u32,
    /// Bytes of data, at least one.
    pub volume: Bytes,
}

impl Message {
    /// Its packets: what each tells, and its bytes of data, when a full one carries `piece`.
    pub fn pieces(&self, piece: u32) -> impl Iterator<Item = (Piece, u32)> + use<> {
        let full = u64::from(piece);
        let volume = self.volume.0.clamp(1, full * MOST_PIECES);
        let pieces = volume.div_ceil(full);
        let last = u32::try_from(volume - (pieces - 1) * full).expect("as long as a full one at most");
        let pieces = u32::try_from(pieces).expect("some thousands at most");
        let told = Piece { exchange: self.exchange, attempt: self.attempt, pieces };
        (1..=pieces).map(move |number| (told, if number == pieces { last } else { piece }))
    }
}

#[cfg(test)]
mod tests;
