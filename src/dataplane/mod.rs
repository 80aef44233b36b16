//! What happens to packets: ports, wires, forwarding, MACsec, rate limits.
