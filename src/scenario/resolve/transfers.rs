//! Flows whose data goes by TCP.

use std::sync::Arc;

use super::Resolver;
use super::exchanges::ExchangeDraft;
use super::traffic::Offer;
use crate::network::{ArrivalLaw, CongestionControl, EcnUse, SizeLaw, TcpConfig, VolumeLaw};
use crate::scenario::file::{FlowTable, Leaf};
use crate::scenario::read::peek;
use crate::scenario::source::join;
use crate::units::{Bytes, Rate, Span};

/// IPv4 or IPv6, TCP, and the timestamps option with its padding (RFC 7323).
const HEADERS: [u32; 2] = [20 + 20 + 12, 40 + 20 + 12];

/// TCP as read, before it is known whether it goes over IPv4 or IPv6.
#[derive(Debug, Clone)]
pub(super) struct TcpDraft {
    volume: VolumeLaw,
    interval: Span,
    /// Size of a full IP packet.
    packet: u32,
    congestion_control: CongestionControl,
    ecn: EcnUse,
    receive_window: Bytes,
    initial_window: u32,
    /// Of each five-tuple.
    application_rate: Option<Rate>,
}

impl TcpDraft {
    /// Keys of flow entries that are read only for transfers.
    pub const fn keys(table: &FlowTable) -> [(&str, &Leaf); 3] {
        [
            ("congestion_control", &table.congestion_control),
            ("receive_window", &table.receive_window),
            ("initial_window", &table.initial_window),
        ]
    }

    /// The parameters over IPv4 or IPv6.
    pub fn config(&self, is_ipv6: bool) -> Arc<TcpConfig> {
        let headers = HEADERS[usize::from(is_ipv6)];
        let segment = self.packet - headers;
        let window = self.receive_window.0 / u64::from(segment);
        Arc::new(TcpConfig {
            volume: self.volume.clone(),
            interval: self.interval,
            segment,
            headers,
            congestion_control: self.congestion_control,
            ecn: self.ecn,
            receive_window: u32::try_from(window).unwrap_or(u32::MAX).max(1),
            initial_window: self.initial_window,
            application_rate: self.application_rate,
            // Linux TCP_RTO_MIN.
            minimum_timeout: Span::from_ms(200),
        })
    }

    /// The rate of all `count` five-tuples together as far as the scenario tells it.
    fn rate(&self, count: u32) -> Option<Rate> {
        let count = u64::from(count);
        if let Some(rate) = self.application_rate {
            return Rate::from_bps(rate.as_bps().saturating_mul(count));
        }
        let (bytes, transfers) = self.volume.mean()?;
        let bits = u128::from(bytes) * 8 * u128::from(count) * 1_000_000_000_000;
        let bps = bits / (u128::from(self.interval.as_ps()) * u128::from(transfers)).max(1);
        Rate::from_bps(u64::try_from(bps).unwrap_or(u64::MAX).max(1))
    }

    /// What `count` five-tuples offer, all packets taken to be full ones.
    pub fn offer(&self, count: u32) -> Offer {
        Offer { sizes: SizeLaw::Constant(Bytes(u64::from(self.packet))), rate: self.rate(count) }
    }
}

impl Resolver<'_> {
    /// A flow of transfers: when they begin, and how they behave.
    pub(super) fn tcp(&mut self, place: &str, table: &FlowTable, count: u32) -> (ArrivalLaw, TcpDraft) {
        self.refuse(
            place,
            "transfer is left out",
            &[("trace", &table.trace), ("on", &table.on), ("off", &table.off), ("diurnal", &table.diurnal)],
        );
        self.refuse(place, "request is given", &ExchangeDraft::keys(table));
        if peek(&table.direction) == Some("both") {
            let message = "is for flows without transfer: acknowledgements go back by themselves";
            self.reader.error(join(place, "direction"), message, "write a second flow for transfers the other way");
        }
        let at = join(place, "arrivals");
        let starts = [("once", Starts::Once), ("constant", Starts::Constant), ("poisson", Starts::Poisson)];
        let arrivals = match self.reader.word(&at, &table.arrivals, &starts) {
            Starts::Once => ArrivalLaw::Once,
            Starts::Constant => ArrivalLaw::Constant,
            Starts::Poisson => ArrivalLaw::Poisson,
        };
        let once = matches!(arrivals, ArrivalLaw::Once);
        let at = join(place, "interval");
        let interval = match (once, &table.interval) {
            (true, None) => self.network.horizon,
            (true, Some(_)) => {
                self.reader.error(at, "is not read with arrivals = \"once\"", "write arrivals = \"poisson\"");
                self.network.horizon
            }
            (false, leaf) => self.positive_span(&at, leaf, "1 s"),
        };
        let volume = self.volume(&join(place, "transfer"), &table.transfer);
        if !once && matches!(volume, VolumeLaw::Unlimited) {
            let message = "never ends, so no other can follow it";
            self.reader.error(join(place, "transfer"), message, "write arrivals = \"once\"");
        }
        let draft = TcpDraft {
            volume,
            interval,
            packet: self.full_packet(place, table),
            congestion_control: self.congestion_control(place, table),
            ecn: if peek(&table.ecn) == Some("off") { EcnUse::Off } else { EcnUse::On },
            receive_window: self.receive_window(place, table),
            initial_window: u32::try_from(self.reader.number(
                &join(place, "initial_window"),
                &table.initial_window,
                1,
                1_000,
            ))
            .unwrap_or(10),
            application_rate: self.application_rate(place, table, count),
        };
        (arrivals, draft)
    }

    fn congestion_control(&mut self, place: &str, table: &FlowTable) -> CongestionControl {
        let words = [("cubic", CongestionControl::Cubic), ("new-reno", CongestionControl::NewReno)];
        self.reader.word(&join(place, "congestion_control"), &table.congestion_control, &words)
    }

    pub(super) fn full_packet(&mut self, place: &str, table: &FlowTable) -> u32 {
        let at = join(place, "size");
        let size: Option<Bytes> = self.reader.quantity(&at, &table.size, "1500 B");
        let size = size.unwrap_or(Bytes(1500));
        if !(200..=65_535).contains(&size.0) {
            self.reader.error(at, "is not the size of a full packet", "write 200 B to 65535 B");
        }
        u32::try_from(size.0.clamp(200, 65_535)).expect("within the limits")
    }

    fn receive_window(&mut self, place: &str, table: &FlowTable) -> Bytes {
        let at = join(place, "receive_window");
        let window: Option<Bytes> = self.reader.quantity(&at, &table.receive_window, "6 MiB");
        let window = window.unwrap_or(Bytes(6 << 20));
        // RFC 7323 2.3: a window scale of 14 at most.
        if !(1..=1 << 30).contains(&window.0) {
            self.reader.error(at, "is not a window that TCP can offer", "write for example \"6 MiB\", 1 GiB at most");
        }
        window
    }

    fn application_rate(&mut self, place: &str, table: &FlowTable, count: u32) -> Option<Rate> {
        table.rate.as_ref()?;
        let rate: Option<Rate> = self.reader.quantity(&join(place, "rate"), &table.rate, "10 Mbps");
        rate.and_then(|rate| Rate::from_bps((rate.as_bps() / u64::from(count)).max(1)))
    }
}

/// The words for when transfers begin.
#[derive(Debug, Clone, Copy)]
enum Starts {
    Once,
    Constant,
    Poisson,
}
