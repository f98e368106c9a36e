//! A shard: a range of hash keys, the log of its records, and what it takes and gives in a second.

use super::enhanced::Ages;
use super::log::Log;
use super::settings::StreamSettings;
use super::sizing::HotKeys;
use crate::engine::Time;
use crate::wire::{HashRange, LimitBucket, LimitModel, ShardId};

/// What one shard has seen since the run began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) incoming_records: u64,
    pub(super) incoming_bytes: u64,
    pub(super) write_throttled: u64,
    pub(super) outgoing_records: u64,
    pub(super) outgoing_bytes: u64,
    pub(super) read_throttled: u64,
}

/// A shard.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) range: HashRange,
    pub(super) parents: [Option<ShardId>; 2],
    pub(super) closed: bool,
    pub(super) log: Log,
    pub(super) write_records: LimitBucket,
    pub(super) write_bytes: LimitBucket,
    pub(super) read_calls: LimitBucket,
    pub(super) read_bytes: LimitBucket,
    /// `GetShardIterator` calls of scripts.
    pub(super) iterator_calls: LimitBucket,
    /// A reader took more than was there: nothing is given until then.
    pub(super) read_blocked_until: Time,
    /// Bytes of the call that is being taken.
    pub(super) call_bytes: u64,
    pub(super) traffic: Traffic,
    /// Ages of what was read in this minute.
    pub(super) ages: Ages,
    /// The traffic when the minute began.
    pub(super) at_minute: Traffic,
    /// The traffic when the warm-up ended.
    pub(super) at_warm_up: Traffic,
    pub(super) hot_keys: HotKeys,
    /// Whether it is to be split already (on demand).
    pub(super) splitting: bool,
}

impl Shard {
    pub(super) fn new(range: HashRange, parents: [Option<ShardId>; 2], settings: &StreamSettings) -> Self {
        let quotas = &settings.quotas;
        let (records, bytes) = (
            u64::from(quotas.shard_write_records_per_second),
            u64::from(quotas.shard_write_bytes_per_second),
        );
        let reads = u64::from(quotas.shard_read_bytes_per_second);
        let calls = u64::from(quotas.shard_read_calls_per_second);
        let model = settings.limit_model;
        // "Handling large records": a shard of a stream that takes larger records than a second's worth bursts up to the largest
        // there are, 10 MiB, and takes a second's worth on average.
        let burst = if u64::from(settings.max_record_bytes) > bytes {
            bytes.max(u64::from(quotas.largest_record_bytes))
        } else {
            bytes
        };
        Self {
            range,
            parents,
            closed: false,
            log: Log::default(),
            write_records: LimitBucket::full(records, records, model),
            write_bytes: LimitBucket::full(bytes, burst, model),
            read_calls: LimitBucket::full(calls, calls, model),
            read_bytes: LimitBucket::full(reads, reads, LimitModel::TokenBucket),
            iterator_calls: LimitBucket::full(calls, calls, model),
            read_blocked_until: Time::ZERO,
            call_bytes: 0,
            traffic: Traffic::default(),
            ages: Ages::default(),
            at_minute: Traffic::default(),
            at_warm_up: Traffic::default(),
            hot_keys: HotKeys::default(),
            splitting: false,
        }
    }

    /// Whether the shard takes one more record of so many bytes now; takes the tokens if so.
    #[inline]
    pub(super) fn admits(&mut self, bytes: u64, now: Time) -> bool {
        if self.write_records.has(1, now) && self.write_bytes.has(bytes, now) {
            self.write_records.spend(1);
            self.write_bytes.spend(bytes);
            return true;
        }
        self.traffic.write_throttled += 1;
        false
    }

    /// Brings near what decides whether a record is taken (see [`Messages::fetch`](crate::wire::Messages::fetch)).
    #[inline]
    pub(super) fn fetch_limits(&self) {
        std::hint::black_box((self.write_records.owes(), self.hot_keys.all()));
    }

    /// Brings near where a record is put that is taken.
    #[inline]
    pub(super) fn fetch_log(&self) {
        std::hint::black_box((self.log.newest(), self.call_bytes, self.traffic.incoming_records));
    }
}
