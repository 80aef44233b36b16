//! What the channels that are left can carry of what connections ask for.
//!
//! A connection spreads its demand evenly over the channels that it uses. On each it meets its own limit and the demand of
//! others. What is too much there is lost or never sent, as rates do it in a run; lines carry their rate, framing not counted.

use crate::ids::LinkId;
use crate::network::Sharing;

/// One connection's demand.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// In thousandths of a bit a second.
    pub demand: u64,
    /// Channels over which it is spread, those included that lose all of it.
    pub used: u64,
    /// Of those that carry it.
    pub channels: Vec<Carrier>,
}

/// A channel that carries a part of a demand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier {
    /// Which.
    pub link: LinkId,
    /// What the connection may send over it.
    pub limit: u64,
    /// Parts per billion that arrive of what it carries.
    pub passing: u64,
}

const WHOLE: u64 = 1_000_000_000;

/// By connection: parts per billion of its demand that arrive nowhere because channels or limits are full.
pub(super) fn shortages(claims: &[Claim], capacity: impl Fn(LinkId) -> u64, sharing: Sharing) -> Vec<u64> {
    let wish = |claim: &Claim, carrier: &Carrier| (claim.demand / claim.used.max(1)).min(carrier.limit);
    let wishes = |link: LinkId| {
        let on_it = |claim| move |carrier: &Carrier| (carrier.link == link).then(|| wish(claim, carrier));
        claims.iter().flat_map(|claim| claim.channels.iter().filter_map(on_it(claim))).collect::<Vec<u64>>()
    };
    let of = |claim: &Claim| {
        let lacks = |carrier: &Carrier| {
            let gets = granted(wish(claim, carrier), &wishes(carrier.link), capacity(carrier.link), sharing);
            u128::from(claim.demand / claim.used.max(1) - gets) * u128::from(carrier.passing)
        };
        let lacking: u128 = claim.channels.iter().map(lacks).sum();
        let demand = u128::from(claim.demand.max(1));
        u64::try_from((lacking + demand / 2) / demand).unwrap_or(WHOLE).min(WHOLE)
    };
    claims.iter().map(of).collect()
}

/// What one of several gets of a capacity.
fn granted(wish: u64, wishes: &[u64], capacity: u64, sharing: Sharing) -> u64 {
    let load: u128 = wishes.iter().map(|wish| u128::from(*wish)).sum();
    if load <= capacity.into() {
        return wish;
    }
    match sharing {
        Sharing::DropProportional => {
            u64::try_from(u128::from(wish) * u128::from(capacity) / load).expect("less than it wishes")
        }
        Sharing::MaxMin => wish.min(fair_level(wishes, capacity)),
    }
}

/// Up to this all wishes are granted: the least first, for it leaves more to the others.
fn fair_level(wishes: &[u64], capacity: u64) -> u64 {
    let mut sorted = wishes.to_vec();
    sorted.sort_unstable();
    let mut left = capacity;
    for (index, wish) in sorted.iter().enumerate() {
        let level = left / (sorted.len() - index) as u64;
        if *wish >= level {
            return level;
        }
        left -= wish;
    }
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    fn claim(demand: u64, channels: &[usize], limit: u64) -> Claim {
        let carrier = |index: &usize| Carrier { link: LinkId::from_index(*index), limit, passing: WHOLE };
        Claim { demand, used: channels.len() as u64, channels: channels.iter().map(carrier).collect() }
    }

    /// 600 and 900 come to 1,000: each keeps two thirds; or by max-min 500 each (Bertsekas and Gallager 6.5.2).
    #[test]
    fn a_full_channel_is_shared_as_rates_share_it() {
        let claims = [claim(600, &[0], 1_000), claim(900, &[0], 1_000)];
        let lacks = |sharing| shortages(&claims, |_| 1_000, sharing);
        assert_eq!(lacks(Sharing::DropProportional), [333_333_333, 333_333_333]);
        assert_eq!(lacks(Sharing::MaxMin), [166_666_667, 444_444_444]);
    }

    #[test]
    fn what_asks_for_little_gets_it_under_max_min_and_limits_hold_under_both() {
        let claims = [claim(200, &[0], 1_000), claim(900, &[0], 1_000), claim(900, &[0, 1], 300)];
        // The last sends 300 of 450 over each; 200 + 900 + 300 come to 1,000, and 300 is what three share fairly of 800.
        assert_eq!(shortages(&claims, |_| 1_000, Sharing::MaxMin), [0, 444_444_444, 333_333_333]);
        assert_eq!(shortages(&claims[2..], |_| 1_000, Sharing::DropProportional), [333_333_333]);
    }
}
