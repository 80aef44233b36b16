//! Flows of requests and responses.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::Resolver;
use super::traffic::Offer;
use super::transfers::TcpDraft;
use crate::network::{ArrivalLaw, ExchangeConfig, SizeLaw, SpanLaw, VolumeLaw};
use crate::scenario::file::{FlowTable, Leaf};
use crate::scenario::read::peek;
use crate::scenario::source::join;
use crate::units::{Bytes, Rate, Span};

/// IPv4 or IPv6, and UDP.
const HEADERS: [u32; 2] = [20 + 8, 40 + 8];

/// Exchanges as read, before it is known whether they go over IPv4 or IPv6.
#[derive(Debug, Clone)]
pub(super) struct ExchangeDraft {
    request: VolumeLaw,
    response: VolumeLaw,
    interval: Span,
    service: SpanLaw,
    workers: Option<NonZeroU32>,
    backlog: Option<u32>,
    timeout: Span,
    retries: u32,
    /// Size of a full IP packet.
    packet: u32,
}

impl ExchangeDraft {
    /// Keys of flow entries that are read only for exchanges.
    pub const fn keys(table: &FlowTable) -> [(&str, &Leaf); 7] {
        [
            ("response", &table.response),
            ("service", &table.service),
            ("think", &table.think),
            ("workers", &table.workers),
            ("backlog", &table.backlog),
            ("timeout", &table.timeout),
            ("retries", &table.retries),
        ]
    }

    /// The parameters over IPv4 or IPv6.
    pub fn config(&self, is_ipv6: bool) -> Arc<ExchangeConfig> {
        let headers = HEADERS[usize::from(is_ipv6)];
        Arc::new(ExchangeConfig {
            request: self.request.clone(),
            response: self.response.clone(),
            interval: self.interval,
            service: self.service,
            workers: self.workers,
            backlog: self.backlog,
            timeout: self.timeout,
            retries: self.retries,
            piece: self.packet - headers,
            headers,
        })
    }

    /// What requests and responses of `count` five-tuples offer, packets taken to be of the mean size. Where each
    /// exchange waits for the one before, this is what an unloaded network of no length would see.
    pub fn offers(&self, count: u32) -> [Offer; 2] {
        [&self.request, &self.response].map(|law| {
            let (bytes, messages) = law.mean().unwrap_or((1, 1));
            let mean = bytes.div_ceil(messages.max(1)).max(1);
            let [headers, _] = HEADERS.map(u64::from);
            let packets = mean.div_ceil(u64::from(self.packet) - headers);
            let on_ip = mean + packets * headers;
            let bits = u128::from(on_ip) * 8 * u128::from(count) * 1_000_000_000_000;
            let bps = bits.checked_div(u128::from(self.interval.as_ps())).unwrap_or(u128::MAX);
            let rate = Rate::from_bps(u64::try_from(bps).unwrap_or(u64::MAX).max(1));
            let rate = rate.filter(|_| self.interval > Span::ZERO);
            Offer { sizes: SizeLaw::Constant(Bytes(on_ip.div_ceil(packets))), rate }
        })
    }
}

impl Resolver<'_> {
    /// A flow of exchanges: when they begin, and how they behave.
    pub(super) fn exchanges(&mut self, place: &str, table: &FlowTable) -> (ArrivalLaw, ExchangeDraft) {
        self.refuse_foreign(place, table);
        let words = [("closed", Begins::Closed), ("poisson", Begins::Poisson), ("constant", Begins::Constant)];
        let begins = self.reader.word(&join(place, "arrivals"), &table.arrivals, &words);
        let service = self.span_law(&join(place, "service"), &table.service, "exponential 2 ms");
        let (arrivals, interval) = match begins {
            Begins::Closed => {
                self.refuse(place, "arrivals = \"poisson\" or \"constant\"", &[("interval", &table.interval)]);
                let think = self.span_law(&join(place, "think"), &table.think, "exponential 1 s");
                let cycle = think.mean().checked_add(service.mean()).unwrap_or(Span::MAX);
                (ArrivalLaw::Closed(think), cycle)
            }
            Begins::Poisson | Begins::Constant => {
                self.refuse(place, "arrivals = \"closed\"", &[("think", &table.think)]);
                let interval = self.positive_span(&join(place, "interval"), &table.interval, "10 ms");
                let law = if begins == Begins::Poisson { ArrivalLaw::Poisson } else { ArrivalLaw::Constant };
                (law, interval)
            }
        };
        let draft = ExchangeDraft {
            request: self.message(&join(place, "request"), &table.request),
            response: self.message(&join(place, "response"), &table.response),
            interval,
            service,
            workers: self.or_unlimited(&join(place, "workers"), &table.workers, 1).and_then(NonZeroU32::new),
            backlog: self.or_unlimited(&join(place, "backlog"), &table.backlog, 0),
            timeout: self.positive_span(&join(place, "timeout"), &table.timeout, "2 s"),
            retries: u32::try_from(self.reader.number(&join(place, "retries"), &table.retries, 0, 30)).unwrap_or(0),
            packet: self.full_packet(place, table),
        };
        (arrivals, draft)
    }

    /// Keys of flows without exchanges.
    fn refuse_foreign(&mut self, place: &str, table: &FlowTable) {
        self.refuse(
            place,
            "request is left out",
            &[
                ("rate", &table.rate),
                ("trace", &table.trace),
                ("on", &table.on),
                ("off", &table.off),
                ("diurnal", &table.diurnal),
                ("transfer", &table.transfer),
            ],
        );
        self.refuse(place, "transfer is given", &TcpDraft::keys(table));
        if peek(&table.direction) == Some("both") {
            let message = "is for flows without request: responses go back by themselves";
            self.reader.error(join(place, "direction"), message, "write a second flow for requests the other way");
        }
        if peek(&table.protocol) != Some("udp") {
            self.reader.error(join(place, "protocol"), "is not what exchanges go over", "write \"udp\"");
        }
    }

    /// Bytes of data of a request or a response.
    fn message(&mut self, place: &str, leaf: &Leaf) -> VolumeLaw {
        let law = self.volume(place, leaf);
        if peek(leaf) == Some("unlimited") {
            self.reader.error(place, "never ends, so nothing can follow it", "write for example \"10 kB\"");
        }
        law
    }

    /// A number, or `None` for "unlimited".
    fn or_unlimited(&mut self, place: &str, leaf: &Leaf, least: u64) -> Option<u32> {
        if peek(leaf) == Some("unlimited") {
            return None;
        }
        u32::try_from(self.reader.number(place, leaf, least, 1_000_000)).ok()
    }
}

/// The words for when exchanges begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Closed,
    Poisson,
    Constant,
}
