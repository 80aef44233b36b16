//! A packet's part of a request or a response.

/// Which message a packet belongs to. How much data it carries is in the packet's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Which exchange of its five-tuple, counted from 0.
    pub exchange: u32,
    /// The request, counted from 0: each one sent again has its own response.
    pub attempt: u32,
    /// Packets of the whole message.
    pub pieces: u32,
}
