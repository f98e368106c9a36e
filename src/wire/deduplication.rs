//! What a FIFO queue or topic remembers of the messages it took, so that it takes none twice ("Exactly-once processing in
//! Amazon SQS", "Using the message deduplication ID in Amazon SQS", "Message deduplication for FIFO topics").

use super::{Deduplication, EntityId, GroupId, TextId};
use crate::engine::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// What two sends are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// An id, given or made from the body.
    Text(TextId),
    /// An id of the message's own: its producer, and its number there.
    Own(EntityId, u64),
}

/// An identity, and the group within which it counts (none: the whole queue).
type Key = (Identity, GroupId);

/// The messages taken within the deduplication interval.
#[derive(Debug)]
pub struct DeduplicationMemory {
    interval: Span,
    sequences: BTreeMap<Key, u64>,
    /// When each is forgotten, earliest first.
    ends: VecDeque<(Time, Key)>,
}

impl DeduplicationMemory {
    /// Nothing yet.
    pub fn new(interval: Span) -> Self {
        Self { interval, sequences: BTreeMap::new(), ends: VecDeque::new() }
    }

    /// The sequence number under which such a message was taken before, if that was within the interval. The interval
    /// begins with the first send; repeats do not extend it (an assumption).
    pub fn earlier(&mut self, key: Key, now: Time) -> Option<u64> {
        while let Some((_, key)) = self.ends.front().filter(|(end, _)| *end <= now) {
            self.sequences.remove(key);
            self.ends.pop_front();
        }
        self.sequences.get(&key).copied()
    }

    /// A message was taken.
    pub fn remember(&mut self, key: Key, sequence: u64, now: Time) {
        self.sequences.insert(key, sequence);
        self.ends.push_back((now + self.interval, key));
    }

    /// Everything is forgotten ("`PurgeQueue`": observed, not documented).
    pub fn clear(&mut self) {
        self.sequences.clear();
        self.ends.clear();
    }
}

/// The identity of a message, or `None` when it need not be remembered. Without an id the body counts, if the queue may
/// take it (`ContentBasedDeduplication`); else the send is an error.
///
/// # Errors
///
/// There is no id, and the body may not be taken.
#[allow(clippy::result_unit_err, reason = "there is one error, and its name depends on the service")]
pub fn identity(
    deduplication: Deduplication,
    origin: (EntityId, u64),
    content_based: bool,
) -> Result<Option<Identity>, ()> {
    match deduplication {
        Deduplication::Once => Ok(None),
        Deduplication::Own => Ok(Some(Identity::Own(origin.0, origin.1))),
        Deduplication::Id(text) => Ok(Some(Identity::Text(text))),
        Deduplication::Body(text) if content_based => Ok(Some(Identity::Text(text))),
        Deduplication::Body(_) => Err(()),
    }
}
