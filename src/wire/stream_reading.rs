//! What all who read streams have in common: how and from where on they read, and order as they see it.

use super::{EntityId, GroupId, IteratorStart, PollOutcome, ShardId, span};
use crate::engine::{Span, Time};
use crate::language::{Duration, choice, keyword};
use std::collections::BTreeMap;

keyword! {
    /// How records are read.
    pub enum RetrievalConfig {
        /// `GetRecords`: the shard's throughput is shared with all others that poll.
        Polling = "polling",
        /// Enhanced fan-out: the stream pushes, and each consumer has a throughput of its own.
        EnhancedFanOut = "enhanced_fan_out",
    }
}

choice! {
    /// A place in a stream.
    pub enum StartingPositionConfig {
        /// The oldest record that is kept.
        TrimHorizon = "trim_horizon",
        /// Behind the newest record.
        Latest = "latest",
        /// The first record that arrived then, counted from the start of the run, or later.
        AtTimestamp(Duration) = "at_timestamp",
    }
}

impl StartingPositionConfig {
    /// Where an iterator begins.
    pub fn start(&self) -> IteratorStart {
        match self {
            StartingPositionConfig::TrimHorizon => IteratorStart::TrimHorizon,
            StartingPositionConfig::Latest => IteratorStart::Latest,
            StartingPositionConfig::AtTimestamp(time) => IteratorStart::AtTimestamp(Time::ZERO + span(*time)),
        }
    }
}

/// How long a subscription with enhanced fan-out lasts ("`SubscribeToShard`"): then whoever reads subscribes anew.
pub const SUBSCRIPTION_LIFE: Span = Span::from_minutes(5);

/// What came of a read: of `Signal::Records`, whose fields lie closer together.
#[derive(Debug, Clone, Copy)]
pub struct ShardRead {
    /// The shard.
    pub shard: ShardId,
    /// The reader's life with this shard.
    pub epoch: u32,
    /// What came.
    pub outcome: PollOutcome,
    /// `MillisBehindLatest`.
    pub milliseconds_behind: u32,
    /// Whether the shard is closed and has been read to its end.
    pub shard_end: bool,
}

/// What was begun last, by producer and partition key.
#[derive(Debug, Default)]
pub struct KeyOrder {
    /// By producer and number of the key: one more than the highest number of a record begun.
    numbered: Vec<Vec<u64>>,
    /// The same of keys that have names or very high numbers.
    others: BTreeMap<(u32, u32), u64>,
}

/// Keys up to this number are looked up by it.
const MOST_NUMBERED: u32 = 1 << 22;

impl KeyOrder {
    /// Brings near what is known of a key (see [`Messages::fetch`](super::Messages::fetch)).
    #[inline]
    pub fn fetch(&self, producer: EntityId, key: GroupId) {
        let keys = self.numbered.get(producer.index());
        std::hint::black_box(keys.and_then(|keys| keys.get(key.0 as usize)).copied());
    }

    /// Whether a record comes after a later one of its producer and key.
    #[inline]
    pub fn is_late(&mut self, producer: EntityId, key: GroupId, sequence: u64) -> bool {
        let begun = match key.0 {
            number if number < MOST_NUMBERED => {
                let (producer, number) = (producer.index(), number as usize);
                if self.numbered.len() <= producer {
                    self.numbered.resize_with(producer + 1, Vec::new);
                }
                let keys = &mut self.numbered[producer];
                if keys.len() <= number {
                    keys.resize(number + 1, 0);
                }
                &mut keys[number]
            }
            // A key that only one record has.
            number if (GroupId::FIRST_SINGLE..GroupId::FIRST_SINGLE << 1).contains(&number) => return false,
            number => self.others.entry((producer.0, number)).or_default(),
        };
        let late = sequence < *begun;
        *begun = (*begun).max(sequence + 1);
        late
    }
}
