//! Checks.
use super::read::Reader;
use crate::network::Network;
pub(super) fn check(_network: &Network, _reader: &mut Reader) {}
