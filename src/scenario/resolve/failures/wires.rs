//! What may be wrong with wires of a link.

use crate::ids::{Id, LinkId, RouterId};
use crate::network::{BrokenFcs, DeliveryOrder, Impairment, LossLaw, Members, Ways, WireFault, Wires, WrongKey};
use crate::scenario::file::{FailureTable, Leaf};
use crate::scenario::read::peek_list;
use crate::scenario::resolve::{Names, Resolver};
use crate::scenario::source::join;
use crate::units::Share;

/// Faults of wires with the keys that each reads. The laws of loss are faults here: they read other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Cut,
    SilentCut,
    MkpduLoss,
    WrongKey(WrongKey),
    Loss(Model),
    BitErrors,
    BlackHole,
    Corruption,
    Duplication,
    Jitter,
    DelayChange,
    Switch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Independent,
    GilbertElliott,
    Bursts,
}

pub(super) const MODELS: [(&str, Model); 3] =
    [("independent", Model::Independent), ("gilbert-elliott", Model::GilbertElliott), ("bursts", Model::Bursts)];

impl Fault {
    pub(super) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Cut | Self::SilentCut | Self::MkpduLoss | Self::WrongKey(_) | Self::BlackHole => {
                &["link", "member", "from"]
            }
            Self::Loss(Model::Independent) => &["link", "member", "from", "model", "probability"],
            Self::Loss(Model::Bursts) => &["link", "member", "from", "model", "probability", "burst"],
            Self::Loss(Model::GilbertElliott) => {
                &["link", "member", "from", "model", "good_to_bad", "bad_to_good", "loss_good", "loss_bad"]
            }
            Self::BitErrors => &["link", "member", "from", "bit_error_rate"],
            Self::Corruption => &["link", "member", "from", "probability", "fcs"],
            Self::Duplication => &["link", "member", "from", "probability"],
            Self::Jitter => &["link", "member", "from", "jitter", "order"],
            Self::DelayChange => &["link", "member", "from", "delay", "length"],
            Self::Switch => &["link", "member", "from", "hit", "delay", "length"],
        }
    }
}

impl Resolver<'_> {
    pub(super) fn wire_fault(&mut self, place: &str, fault: Fault, table: &FailureTable) -> Option<WireFault> {
        let impairment = match fault {
            Fault::Cut => return Some(WireFault::Cut),
            Fault::SilentCut => return Some(WireFault::SilentCut),
            Fault::MkpduLoss => return Some(WireFault::MkpduLoss),
            Fault::WrongKey(which) => return Some(WireFault::WrongKey(which)),
            Fault::Switch => {
                let hit = self.positive_span(&join(place, "hit"), &table.hit, "50 ms");
                let propagation = self.propagation(place, &table.length, &table.delay);
                return Some(WireFault::Switched { hit, propagation });
            }
            Fault::Loss(model) => self.loss(place, model, table).map(Impairment::Loss),
            Fault::BitErrors => {
                let at = join(place, "bit_error_rate");
                self.reader.quantity(&at, &table.bit_error_rate, "1e-6").map(Impairment::BitErrors)
            }
            Fault::BlackHole => Some(Impairment::BlackHole),
            Fault::Corruption => {
                let words = [("broken", BrokenFcs::Yes), ("renewed", BrokenFcs::Renewed)];
                let fcs = self.reader.word(&join(place, "fcs"), &table.fcs, &words);
                self.share(place, "probability", &table.probability).map(|share| Impairment::Corruption { share, fcs })
            }
            Fault::Duplication => {
                self.share(place, "probability", &table.probability).map(|share| Impairment::Duplication { share })
            }
            Fault::Jitter => {
                let words = [("kept", DeliveryOrder::Kept), ("free", DeliveryOrder::Free)];
                let order = self.reader.word(&join(place, "order"), &table.order, &words);
                let most = self.reader.span(&join(place, "jitter"), &table.jitter, "50 us");
                most.map(|most| Impairment::Jitter { most, order })
            }
            Fault::DelayChange => Some(Impairment::Propagation(self.propagation(place, &table.length, &table.delay))),
        };
        impairment.map(WireFault::Impaired)
    }

    fn loss(&mut self, place: &str, model: Model, table: &FailureTable) -> Option<LossLaw> {
        match model {
            Model::Independent => self.share(place, "probability", &table.probability).map(LossLaw::Bernoulli),
            Model::GilbertElliott => {
                let good_to_bad = self.share(place, "good_to_bad", &table.good_to_bad);
                let bad_to_good = self.share(place, "bad_to_good", &table.bad_to_good);
                let loss_good = self.share(place, "loss_good", &table.loss_good);
                let loss_bad = self.share(place, "loss_bad", &table.loss_bad);
                Some(LossLaw::GilbertElliott {
                    good_to_bad: good_to_bad?,
                    bad_to_good: bad_to_good?,
                    loss_good: loss_good?,
                    loss_bad: loss_bad?,
                })
            }
            Model::Bursts => {
                let begin = self.share(place, "probability", &table.probability);
                let [shortest, longest] = self.burst(&join(place, "burst"), &table.burst)?;
                Some(LossLaw::Bursts { begin: begin?, shortest, longest })
            }
        }
    }

    /// Shortest and longest burst in frames.
    fn burst(&mut self, place: &str, leaf: &Leaf) -> Option<[u32; 2]> {
        let lengths: Option<Vec<u32>> = peek_list(leaf).and_then(|items| {
            items.iter().map(|item| item.as_integer().and_then(|length| u32::try_from(length).ok())).collect()
        });
        match lengths.as_deref() {
            Some([shortest, longest]) if *shortest > 0 && shortest <= longest => Some([*shortest, *longest]),
            Some(_) | None => {
                self.reader.error(
                    place,
                    "is not the shortest and the longest burst in frames",
                    "write for example [1, 4]",
                );
                None
            }
        }
    }

    pub(super) fn share(&mut self, place: &str, key: &str, leaf: &Leaf) -> Option<Share> {
        self.reader.quantity(&join(place, key), leaf, "5%")
    }

    /// The wires of the link that fails: all, one member's, or what one end sends.
    pub(super) fn wires(&mut self, place: &str, table: &FailureTable) -> Option<Wires> {
        let link: LinkId = self.refer(&join(place, "link"), &table.link, "link", |n: &Names| &n.links)?;
        let (count, ends) = (self.links[link.index()].members, self.links[link.index()].ends);
        let members = if table.member.is_some() {
            let member = self.reader.number(&join(place, "member"), &table.member, 0, count as u64 - 1);
            Members::One(usize::try_from(member).unwrap_or(0))
        } else {
            Members::All
        };
        let ways = if table.from.is_some() {
            let at = join(place, "from");
            let router: RouterId = self.refer(&at, &table.from, "router", |n: &Names| &n.routers)?;
            let Some(end) = ends?.iter().position(|end| *end == router) else {
                let names = ends?.map(|end| format!("{:?}", self.network.routers[end].name));
                let remedy = format!("write {}", names.join(" or "));
                self.reader.error(at, "the link does not end at this router", remedy);
                return None;
            };
            Ways::From(end)
        } else {
            Ways::Both
        };
        Some(Wires { link, members, ways })
    }

    /// The wires of a link whose keys are agreed by MKA.
    pub(super) fn keyed_wires(&mut self, place: &str, table: &FailureTable) -> Option<Wires> {
        let wires = self.wires(place, table)?;
        if !self.links[wires.link.index()].has_mka() {
            let remedy = "write key_agreement = \"mka\" under its macsec";
            self.reader.error(join(place, "link"), "the keys of this link are not agreed by MKA", remedy);
        }
        Some(wires)
    }
}
