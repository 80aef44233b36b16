//! Typed ids, and vectors that only their own id type can index.
//!
//! Ids follow sorted names, so adding a component or reordering a file moves no other's behaviour.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A small integer that names one component of one kind.
pub trait Id: Copy + Eq + Ord {
    /// The id of the component at `index`; panics (our bug) beyond 32 bits.
    fn from_index(index: usize) -> Self;
    /// The component's place in its [`IdVec`].
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl Id for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("fewer than 2^32 components"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A cloud or network operator.
    ProviderId;
    /// A building.
    FacilityId;
    /// A router, or the distributed edge of an attachment.
    RouterId;
    /// A point-to-point link; a channel is one.
    LinkId;
    /// One direction of one member of a link: the transmitter, its queue and its wire.
    PortId;
    /// A redundancy group of channels.
    InterconnectId;
    /// One customer's purchase on an interconnect.
    ConnectionId;
    /// A connection's VLAN on one channel.
    LogicalLinkId;
    /// Peering links that one SLA holds for.
    LinkGroupId;
    /// A VPC or the like, where flows begin and end.
    AttachmentId;
    /// Something packets are routed to: a prefix of an attachment, or a router itself.
    DestinationId;
    /// One routing session between two routers.
    SessionId;
    /// One five-tuple.
    FlowId;
    /// A scenario's flow entry, which stands for `count` five-tuples.
    FlowEntryId;
    /// A synthetic monitor.
    MonitorId;
    /// A power feed of a building.
    FeedId;
    /// A line card.
    CardId;
    /// A duct.
    DuctId;
    /// A scripted failure.
    FailureId;
    /// Something that fails by itself, at random.
    ComponentId;
}

/// A vector indexed by one id type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdVec<I, T> {
    items: Vec<T>,
    ids: PhantomData<I>,
}

impl<I, T> Default for IdVec<I, T> {
    fn default() -> Self {
        Self { items: Vec::new(), ids: PhantomData }
    }
}

impl<I: Id, T> IdVec<I, T> {
    /// An empty vector.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an item and returns its id.
    pub fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::from_index(self.items.len() - 1)
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All ids in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }

    /// The items in id order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The items in id order, mutable.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// Ids and items in order.
    pub fn enumerate(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (I::from_index(index), item))
    }

    /// The item of this id, if there is one.
    #[must_use]
    pub fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    #[inline]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<Iter: IntoIterator<Item = T>>(items: Iter) -> Self {
        Self { items: items.into_iter().collect(), ids: PhantomData }
    }
}

impl<'a, I, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}
