//! Sources of packets.
