//! Classes of packets at output ports.

use std::collections::BTreeMap;

use super::Resolver;
use crate::network::{Buffer, DropCurve, EarlyDetection, Marking, QueueClass, Queueing, Room, Service, Threshold};
use crate::scenario::file::{ClassTable, CurveTable, Leaf, QueueingTable, RedTable};
use crate::scenario::read::{peek, peek_list};
use crate::scenario::source::join;
use crate::units::{Bytes, Share};

/// The class that control messages have when no other is named for them.
const CONTROL: &str = "control";

/// A profile of queues as read.
#[derive(Debug, Clone)]
pub(super) struct QueueingDraft {
    queueing: Queueing,
    /// What its lengths are told in; nothing when it has none.
    unit: Option<Unit>,
    reserved: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Packets,
}

impl Unit {
    const fn words(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Packets => "packets",
        }
    }
}

/// A class as read, before classes are put in order.
struct ClassDraft {
    class: QueueClass,
    priority: u64,
    code_points: Vec<u8>,
}

impl Resolver<'_> {
    pub(super) fn queueing(&mut self) {
        for (name, table) in &self.file.queueing {
            let draft = self.profile(&join("queueing", name), table);
            self.queueing.insert(name.clone(), draft);
        }
    }

    fn profile(&mut self, place: &str, table: &QueueingTable) -> QueueingDraft {
        let mut unit = None;
        let mut drafts = Vec::new();
        let tables = table.classes.clone().unwrap_or_default();
        for (name, class) in &tables {
            drafts.push(self.class(&join(&join(place, "classes"), name), name, class, &mut unit));
        }
        if drafts.is_empty() {
            self.reader.error(place, "has no class", format!("add [{place}.classes.data]"));
        }
        self.same_priorities(place, &drafts);
        self.class_of_the_rest(place, &drafts);
        self.control_class(place, table, &mut drafts);
        drafts.sort_by_key(|draft| (draft.class.service != Service::Strict, draft.priority));
        let by_code_point = self.code_point_map(place, &drafts);
        let named = peek(&table.control).unwrap_or(CONTROL);
        let control = drafts.iter().position(|draft| draft.class.name == named).unwrap_or(0);
        let classes: Vec<QueueClass> = drafts.into_iter().map(|draft| draft.class).collect();
        let reserved = classes.iter().map(|class| reserved(class.room)).sum();
        QueueingDraft { queueing: Queueing { classes, by_code_point, control }, unit, reserved }
    }

    fn class(&mut self, place: &str, name: &str, table: &ClassTable, unit: &mut Option<Unit>) -> ClassDraft {
        let schedulers = [("deficit-round-robin", false), ("strict", true)];
        let strict = self.reader.word(&join(place, "scheduler"), &table.scheduler, &schedulers);
        let (service, priority) = if strict {
            self.unread(place, "quantum", &table.quantum, "strict classes have no turns");
            (Service::Strict, self.reader.number(&join(place, "priority"), &table.priority, 1, 64))
        } else {
            self.unread(place, "priority", &table.priority, "write scheduler = \"strict\"");
            let at = join(place, "quantum");
            let quantum: Bytes = self.reader.quantity(&at, &table.quantum, "9000 B").unwrap_or(Bytes(9_000));
            if !(64..=1_000_000_000).contains(&quantum.0) {
                self.reader.error(at, "is not a turn of 64 B to 1 GB", "write for example \"9000 B\"");
            }
            (Service::DeficitRoundRobin { quantum: u32::try_from(quantum.0).unwrap_or(9_000) }, 0)
        };
        let reserved = table.reserved.is_some().then(|| self.amount(&join(place, "reserved"), &table.reserved, unit));
        let limit = table.limit.is_some().then(|| self.amount(&join(place, "limit"), &table.limit, unit));
        if limit.zip(reserved).is_some_and(|(limit, reserved)| reserved > limit) {
            self.reader.error(join(place, "reserved"), "is above its limit", "reserve less, or raise the limit");
        }
        let threshold = table.threshold.is_some().then(|| self.threshold(&join(place, "threshold"), &table.threshold));
        let early = table.red.as_ref().map(|red| self.early(&join(place, "red"), red, unit));
        let room = Room::Limited { reserved: reserved.unwrap_or(0), limit, threshold };
        let class = QueueClass { name: name.to_owned(), service, room, early };
        ClassDraft { class, priority, code_points: self.code_points(&join(place, "code_points"), &table.code_points) }
    }

    fn unread(&mut self, place: &str, key: &str, leaf: &Leaf, remedy: &str) {
        if leaf.is_some() {
            self.reader.error(join(place, key), "is not read by this scheduler", remedy);
        }
    }

    /// A length of a queue; all of a profile are in one unit.
    fn amount(&mut self, place: &str, leaf: &Leaf, unit: &mut Option<Unit>) -> u64 {
        let (amount, its) = match self.buffer(place, leaf) {
            Buffer::Bytes(bytes) => (bytes.0, Unit::Bytes),
            Buffer::Packets(packets) => (u64::from(packets), Unit::Packets),
            Buffer::Unlimited => {
                self.reader.error(place, "is not a length of a queue", "write for example \"1 MiB\" or \"64 packets\"");
                return 1;
            }
        };
        if *unit.get_or_insert(its) != its {
            let message = format!("is in {}, others of the profile are not", its.words());
            self.reader.error(place, message, "write all in bytes or all in packets");
        }
        // Averages are kept with their fractions in 64 bits.
        if amount > 1 << 40 {
            self.reader.error(place, "is above 1 TiB", "write for example \"1 MiB\"");
        }
        amount
    }

    /// Alpha of a dynamic threshold: 2 or "1/4".
    fn threshold(&mut self, place: &str, leaf: &Leaf) -> Threshold {
        let text = leaf.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let text = text.unwrap_or_default();
        let (above, below) = text.split_once('/').unwrap_or((&text, "1"));
        match (above.trim().parse::<u32>(), below.trim().parse::<u32>()) {
            (Ok(numerator @ 1..=1024), Ok(denominator @ 1..=1024)) => Threshold { numerator, denominator },
            (_, _) => {
                let remedy = "write a multiple of the free room, such as 2 or \"1/4\"";
                self.reader.error(place, format!("{text:?} is not a threshold"), remedy);
                Threshold { numerator: 1, denominator: 1 }
            }
        }
    }

    fn early(&mut self, place: &str, table: &RedTable, unit: &mut Option<Unit>) -> EarlyDetection {
        let (min, max, probability) = (table.min.clone(), table.max.clone(), table.probability.clone());
        let low = self.curve(place, &CurveTable { min, max, probability }, unit);
        let mut other = |key: &str, curve: Option<&CurveTable>| {
            curve.map_or(low, |curve| self.curve(&join(place, key), curve, unit))
        };
        let curves = [low, other("medium", table.medium.as_ref()), other("high", table.high.as_ref())];
        let weight = self.reader.number(&join(place, "weight"), &table.weight, 0, 15);
        let markings = [("off", Marking::Off), ("mark", Marking::Ecn)];
        EarlyDetection {
            curves,
            weight: u8::try_from(weight).unwrap_or(9),
            marking: self.reader.word(&join(place, "ecn"), &table.ecn, &markings),
        }
    }

    fn curve(&mut self, place: &str, table: &CurveTable, unit: &mut Option<Unit>) -> DropCurve {
        let min = self.amount(&join(place, "min"), &table.min, unit);
        let max = self.amount(&join(place, "max"), &table.max, unit);
        if max <= min && table.max.is_some() {
            self.reader.error(join(place, "max"), "is not above its min", "make it larger");
        }
        let at = join(place, "probability");
        let probability = self.reader.quantity(&at, &table.probability, "10%").unwrap_or(Share::ONE);
        if probability == Share::ZERO {
            self.reader.error(at, "is zero, so nothing is dropped early", "write for example \"10%\"");
        }
        DropCurve { min, max: max.max(min + 1), probability }
    }

    fn code_points(&mut self, place: &str, leaf: &Leaf) -> Vec<u8> {
        if leaf.is_none() {
            return Vec::new();
        }
        let Some(items) = peek_list(leaf).filter(|items| !items.is_empty()) else {
            self.reader.error(place, "is not a list of code points", "write for example [\"EF\", \"AF41\", 8]");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.code_point(place, item)).collect()
    }

    fn same_priorities(&mut self, place: &str, drafts: &[ClassDraft]) {
        let mut seen: BTreeMap<u64, &str> = BTreeMap::new();
        for draft in drafts.iter().filter(|draft| draft.priority > 0) {
            if let Some(other) = seen.insert(draft.priority, &draft.class.name) {
                let at = join(&join(&join(place, "classes"), &draft.class.name), "priority");
                self.reader.error(at, format!("is that of {other:?} too"), "give each strict class its own");
            }
        }
    }

    fn class_of_the_rest(&mut self, place: &str, drafts: &[ClassDraft]) {
        let rest: Vec<&str> =
            drafts.iter().filter(|draft| draft.code_points.is_empty()).map(|draft| draft.class.name.as_str()).collect();
        match rest.as_slice() {
            [_] => {}
            [] if drafts.is_empty() => {}
            [] => self.reader.error(place, "no class takes the other code points", "leave code_points out of one"),
            [_, ..] => {
                let message = format!("{} all take every other code point", rest.join(", "));
                self.reader.error(place, message, "leave code_points out of one class only");
            }
        }
    }

    /// Control messages have a class of their own ahead of all, unless another is named for them.
    fn control_class(&mut self, place: &str, table: &QueueingTable, drafts: &mut Vec<ClassDraft>) {
        let at = join(place, "control");
        if table.control.is_some() {
            let known: Vec<String> = drafts.iter().map(|draft| draft.class.name.clone()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            if let Some(name) = self.reader.text(&at, &table.control, "control")
                && !known.contains(&name)
            {
                self.reader.error(
                    at,
                    format!("no class is named {name:?}"),
                    format!("there are: {}", known.join(", ")),
                );
            }
            return;
        }
        if drafts.iter().any(|draft| draft.class.name == CONTROL) {
            let message = "is the name of the class that control messages have by themselves";
            self.reader.error(join(&join(place, "classes"), CONTROL), message, "write control = \"control\" to use it");
        }
        let class = QueueClass { name: CONTROL.to_owned(), service: Service::Strict, room: Room::Exempt, early: None };
        drafts.push(ClassDraft { class, priority: 0, code_points: Vec::new() });
    }

    fn code_point_map(&mut self, place: &str, drafts: &[ClassDraft]) -> [u8; 64] {
        let takes_rest = |draft: &ClassDraft| draft.code_points.is_empty() && draft.class.room != Room::Exempt;
        let rest = drafts.iter().position(takes_rest).unwrap_or(0);
        let mut map = [u8::try_from(rest).unwrap_or(0); 64];
        let mut owner: BTreeMap<u8, &str> = BTreeMap::new();
        for (index, draft) in drafts.iter().enumerate() {
            for point in &draft.code_points {
                map[usize::from(*point)] = u8::try_from(index).unwrap_or(0);
                if let Some(other) = owner.insert(*point, &draft.class.name) {
                    let at = join(&join(&join(place, "classes"), &draft.class.name), "code_points");
                    let message = format!("code point {point} is of {other:?} already");
                    self.reader.error(at, message, "name it once");
                }
            }
        }
        map
    }

    /// The queues of a port, by the name that its link gives.
    pub(super) fn queueing_of(&mut self, place: &str, leaf: &Leaf, buffer: Buffer) -> Option<Queueing> {
        let name = leaf.as_ref().and_then(|_| self.reader.text(place, leaf, "x"))?;
        let Some(draft) = self.queueing.get(name).cloned() else {
            let known: Vec<String> = self.queueing.keys().cloned().collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.reader.dangling(place, name, "queueing", &known);
            return None;
        };
        let (unit, size) = match buffer {
            Buffer::Bytes(bytes) => (Unit::Bytes, bytes.0),
            Buffer::Packets(packets) => (Unit::Packets, u64::from(packets)),
            Buffer::Unlimited => (Unit::Bytes, u64::MAX),
        };
        if let Some(its) = draft.unit.filter(|its| *its != unit) {
            let message = format!("its queues are told in {}, the buffer in {}", its.words(), unit.words());
            self.reader.error(place, message, "tell both in one unit");
        } else if draft.reserved > size {
            self.reader.error(place, "its classes reserve more than the buffer", "reserve less, or enlarge the buffer");
        }
        Some(draft.queueing)
    }
}

const fn reserved(room: Room) -> u64 {
    match room {
        Room::Exempt => 0,
        Room::Limited { reserved, .. } => reserved,
    }
}
