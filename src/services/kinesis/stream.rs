//! A data stream: its shards, and how records come in.

use super::Timer;
use super::change::Changes;
use super::enhanced::ShardSeries;
use super::log::{RecordMarks, Stored};
use super::metrics::StreamMetrics;
use super::on_demand::LastHour;
use super::read::Reader;
use super::routes::Routes;
use super::settings::{CapacityMode, StreamSettings};
use super::shard::{Shard, Traffic};
use super::sizing::Offered;
use crate::engine::{Span, Stream as Randomness, Time};
use crate::scaling::Controller;
use crate::wire::{
    AGGREGATE_BYTES, AGGREGATED_RECORD_BYTES, ApiError, BatchId, Context, EntityId, Entry, HashRange,
    Messages, Outbox, Purpose, RecordPlace, ShardId, ShardInfo, Signal, StreamDescription, StreamStatus,
};

/// The stream's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) read_latency: Randomness,
    pub(super) push_delay: Randomness,
    pub(super) splitting: Randomness,
    failure: Randomness,
    pub(super) schedule: Randomness,
}

/// A data stream.
#[derive(Debug)]
pub struct DataStream {
    pub(super) settings: StreamSettings,
    pub(super) shards: Vec<Shard>,
    /// The open shards.
    pub(super) open: Routes,
    pub(super) mode: CapacityMode,
    pub(super) retention: Span,
    pub(super) readers: Vec<Reader>,
    pub(super) changes: Changes,
    pub(super) chance: Chance,
    pub(super) metrics: StreamMetrics,
    pub(super) counts: Counts,
    pub(super) offered: Offered,
    /// What a stream on demand took, minute by minute.
    pub(super) hour: LastHour,
    /// What CloudWatch has of single shards, if anybody asks.
    pub(super) shard_series: Vec<ShardSeries>,
    /// Policies and schedules that change the number of shards.
    pub(super) scaling: Option<Controller>,
    /// Records of the call that is being taken, and the shards that it brings some to.
    incoming: Vec<Incoming>,
    touched: Vec<u32>,
    /// `CREATING`, or `ACTIVE` and `UPDATING`.
    pub(super) status: StreamStatus,
    /// Whether it is there at all.
    pub(super) exists: bool,
}

/// What the books need besides the metrics.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// User records that every consumer has read and that are not kept any more.
    pub(super) read_by_all: u64,
    /// `PUT` payload units, retrieved bytes and so on, since the warm-up ended.
    pub(super) bill: Bill,
    pub(super) bill_at_warm_up: Bill,
}

/// What is paid for, besides shard-hours.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bill {
    /// Chunks of 25 KB ("Amazon Kinesis Data Streams pricing").
    pub(super) payload_units: u64,
    /// Bytes in, each record rounded up to a whole KB.
    pub(super) rounded_bytes: u64,
}

const PAYLOAD_UNIT: u64 = 25 * 1024;
const KIBIBYTE: u64 = 1024;

/// Records whose shards are brought near before they are put there.
const FETCHED_AHEAD: usize = 32;

impl DataStream {
    /// A stream without records.
    pub fn new(settings: StreamSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "stream", &settings.name);
        let chance = Chance {
            read_latency: stream(Purpose::ReceiveLatency),
            push_delay: stream(Purpose::PushDelay),
            splitting: stream(Purpose::Splitting),
            failure: stream(Purpose::Failure),
            schedule: stream(Purpose::Schedule),
        };
        let ranges = HashRange::even(settings.shards);
        let shards: Vec<Shard> =
            ranges.iter().map(|range| Shard::new(*range, [None; 2], &settings)).collect();
        let open = Routes::new(&ranges);
        let readers = settings.readers.iter().map(|reader| Reader::new(*reader)).collect();
        Self {
            mode: settings.mode,
            retention: settings.retention,
            shards,
            open,
            readers,
            changes: Changes::default(),
            chance,
            metrics: StreamMetrics::default(),
            counts: Counts::default(),
            offered: Offered::default(),
            hour: LastHour::default(),
            shard_series: Vec::new(),
            scaling: settings.scaling.clone().map(Controller::new),
            incoming: Vec::new(),
            touched: Vec::new(),
            status: if settings.created { StreamStatus::Active } else { StreamStatus::Creating },
            exists: settings.created,
            settings,
        }
    }

    /// A `PutRecord` or `PutRecords` call takes effect.
    pub(super) fn put<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        single: bool,
        cx: &mut Context<'_, O>,
    ) {
        let taken = self.take_call(batch, single, |_| {}, cx);
        let refused = match taken {
            Err(error) => {
                cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
                return;
            }
            Ok(refused) => refused,
        };
        cx.batches.close(batch);
        refused.send(from, cx);
        self.push_what_came(cx);
    }

    /// Subscribers get what the call that was taken last brought.
    pub(super) fn push_what_came<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let mut touched = std::mem::take(&mut self.touched);
        for shard in touched.drain(..) {
            self.push_to_subscribers(shard, cx);
        }
        self.touched = touched;
    }

    /// Takes the records of a call, as far as limits go, and tells `each` where they lie or why they do not; gives those
    /// that were refused, or the reason why the whole call is.
    pub(super) fn take_call<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        single: bool,
        mut each: impl FnMut(Result<RecordPlace, ApiError>),
        cx: &mut Context<'_, O>,
    ) -> Result<Refusals, ApiError> {
        if self.status == StreamStatus::Creating {
            return Err(ApiError::ResourceNotFoundException);
        }
        let mut incoming = std::mem::take(&mut self.incoming);
        self.unpack(batch, &mut incoming, cx);
        let taken = self.take_records(batch, &incoming, single, &mut each, cx);
        self.incoming = incoming;
        taken
    }

    /// Finds the records of a call, and their shards.
    fn unpack<O>(&self, batch: BatchId, incoming: &mut Vec<Incoming>, cx: &Context<'_, O>) {
        incoming.clear();
        let entries = cx.batches.entries(batch);
        let mut first = 0;
        while first < entries.len() {
            let (end, bytes) = extent(entries, first);
            let shard = self.open.shard_of(entries[first].hash_key());
            incoming.push(Incoming { first: first as u32, end: end as u32, shard, bytes });
            first = end;
        }
    }

    /// Takes the records of a call unless they are too much.
    fn take_records<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        incoming: &[Incoming],
        single: bool,
        each: &mut impl FnMut(Result<RecordPlace, ApiError>),
        cx: &mut Context<'_, O>,
    ) -> Result<Refusals, ApiError> {
        let records = incoming.len() as u64;
        let bytes: u64 = incoming.iter().map(|record| record.bytes).sum();
        let largest = incoming.iter().map(|record| record.bytes).max().unwrap_or(0);
        if single {
            self.metrics.put_record_calls.add(1);
        } else {
            self.metrics.put_records_calls.add(1);
            self.metrics.put_records_total.add(records);
        }
        let quotas = &self.settings.quotas;
        let is_too_much = !single
            && (records > u64::from(quotas.put_records_entries)
                || bytes > u64::from(quotas.put_records_bytes));
        if is_too_much || largest > u64::from(self.settings.max_record_bytes) {
            self.metrics.records_refused.add(records);
            return Err(ApiError::InvalidArgumentException);
        }
        let (throttled, failed) =
            (self.metrics.write_throttled.total(), self.metrics.put_records_failed.total());
        self.offered.count(records, bytes, cx.now);
        let mut refused = Refusals::default();
        for some in incoming.chunks(FETCHED_AHEAD) {
            for record in some {
                self.shards[record.shard as usize].fetch();
                cx.messages.fetch_state(cx.batches.entries(batch)[record.first as usize].message);
            }
            for record in some {
                self.put_record(batch, *record, single, (&mut refused, each), cx);
            }
        }
        self.charge_rounding(cx.now);
        let throttled = self.metrics.write_throttled.total() - throttled;
        let failed = self.metrics.put_records_failed.total() - failed;
        if single {
            self.metrics.put_record_successes.add(1 - throttled - failed);
        } else {
            self.metrics.put_records_throttled.add(throttled);
            self.metrics.put_records_successful.add(records - throttled - failed);
            self.metrics.put_records_successes.add(u64::from(throttled + failed < records));
        }
        Ok(refused)
    }

    /// One record, aggregated or not.
    #[inline]
    fn put_record<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        record: Incoming,
        single: bool,
        (refused, each): (&mut Refusals, &mut impl FnMut(Result<RecordPlace, ApiError>)),
        cx: &mut Context<'_, O>,
    ) {
        let Incoming { shard: index, bytes, .. } = record;
        let (first, end) = (record.first as usize, record.end as usize);
        let hash_key = cx.batches.entries(batch)[first].hash_key();
        if self.chance.failure.chance(self.settings.internal_failures) {
            self.metrics.put_records_failed.add(1);
            each(Err(ApiError::InternalFailure));
            refused.take(ApiError::InternalFailure, batch, first..end, cx);
            return;
        }
        let shard = &mut self.shards[index as usize];
        shard.hot_keys.count(hash_key, bytes);
        // "Troubleshoot Kinesis Data Streams producers": `PutRecord` rounds each record up, `PutRecords` the sum.
        let charged = if single { bytes.next_multiple_of(KIBIBYTE) } else { bytes };
        if !shard.admits(charged, cx.now) {
            self.metrics.write_throttled.add(1);
            each(Err(ApiError::ProvisionedThroughputExceededException));
            refused.take(ApiError::ProvisionedThroughputExceededException, batch, first..end, cx);
            return;
        }
        if shard.call_bytes == 0 {
            self.touched.push(index);
        }
        shard.call_bytes += charged;
        shard.traffic.incoming_records += 1;
        shard.traffic.incoming_bytes += bytes;
        self.metrics.incoming_records.add(1);
        self.metrics.incoming_bytes.add(bytes);
        self.counts.bill.payload_units += bytes.div_ceil(PAYLOAD_UNIT);
        self.counts.bill.rounded_bytes += bytes.next_multiple_of(KIBIBYTE);
        let range = shard.range;
        each(Ok(RecordPlace { shard: ShardId(index), position: shard.log.end() }));
        let mut continues = false;
        for position in first..end {
            let entry = cx.batches.entries(batch)[position];
            // A library with an old list of shards aggregates records that belong to another shard by now. Consumers
            // drop them when they take the record apart, and the library sends them again.
            if position > first && !range.contains(entry.hash_key()) {
                refused.take(ApiError::WrongShard, batch, position..position + 1, cx);
                continue;
            }
            let is_copy = !cx.messages.mark_streamed(entry.message);
            let marks = RecordMarks { continues, is_copy, is_poison: cx.messages.is_poison(entry.message) };
            self.metrics.user_records.add(1);
            self.metrics.copies.add(u64::from(is_copy));
            shard.log.push(Stored::new(cx.now, entry.message, entry.bytes, marks));
            continues = true;
        }
    }

    /// `PutRecords` counts the sum of what it brings to a shard in whole KB. Where that is more than was left, the next records
    /// find less.
    fn charge_rounding(&mut self, now: Time) {
        for index in &self.touched {
            let shard = &mut self.shards[*index as usize];
            let rest = shard.call_bytes.next_multiple_of(KIBIBYTE) - shard.call_bytes;
            shard.write_bytes.take(rest, now);
            shard.call_bytes = 0;
        }
    }

    /// The stream, as `DescribeStream` tells it.
    pub(super) fn describe(&self) -> StreamDescription {
        StreamDescription {
            status: if self.changes.is_updating() { StreamStatus::Updating } else { self.status },
            on_demand: self.mode == CapacityMode::OnDemand,
            open_shards: self.open.len() as u32,
            retention: self.retention,
        }
    }

    /// The shards, as `ListShards` tells them.
    pub(super) fn list_shards(&self) -> Vec<ShardInfo> {
        let info = |(shard, index): (&Shard, u32)| ShardInfo {
            shard: ShardId(index),
            range: shard.range,
            parent: shard.parents[0],
            adjacent_parent: shard.parents[1],
            closed: shard.closed,
        };
        self.shards.iter().zip(0..).map(info).collect()
    }

    /// Lets go of what has outlived the retention period in one shard.
    pub(super) fn expire(&mut self, shard: u32, now: Time, messages: &mut Messages) {
        let Some(horizon) = now.checked_sub(self.retention) else { return };
        let index = shard as usize;
        // A record expires when its age reaches the period.
        let horizon = horizon.saturating_add(Span::from_nanos(1));
        let expired = self.shards[index].log.older_than(horizon);
        if expired == 0 {
            return;
        }
        let from = self.shards[index].log.trim_horizon();
        for reader in &mut self.readers {
            let lost = reader.unread(shard, from, from + expired);
            self.metrics.records_expired_unread.add(lost);
        }
        self.metrics.records_expired.add(expired);
        self.shards[index].log.drop_until(from + expired, |message| {
            messages.mark_expired(message);
            messages.release(message);
        });
    }

    /// Lets go of what every reader has read and none will read again.
    pub(super) fn forget(&mut self, shard: u32, messages: &mut Messages) {
        if self.settings.is_scripted {
            return;
        }
        let Some(kept_from) = self.readers.iter().map(|reader| reader.kept_from(shard)).min() else { return };
        let end = self.shards[shard as usize].log.end();
        let gone = self.shards[shard as usize]
            .log
            .drop_until(kept_from.min(end), |message| messages.release(message));
        self.counts.read_by_all += gone;
    }

    /// User records that are kept.
    pub(super) fn kept(&self) -> u64 {
        self.shards.iter().map(|shard| shard.log.kept()).sum()
    }

    /// The levels of shards follow them.
    pub(super) fn update_levels(&mut self, now: Time) {
        let closed = self.shards.iter().filter(|shard| shard.closed && shard.log.kept() > 0).count();
        self.metrics.open_shards.set(now, self.open.len() as u64);
        self.metrics.closed_shards.set(now, closed as u64);
    }

    /// What a shard took in the minute that ends now.
    pub(super) fn minute_of(shard: &mut Shard) -> Traffic {
        let (then, now) = (shard.at_minute, shard.traffic);
        shard.at_minute = now;
        Traffic {
            incoming_records: now.incoming_records - then.incoming_records,
            incoming_bytes: now.incoming_bytes - then.incoming_bytes,
            ..Traffic::default()
        }
    }
}

/// A record of a call: its entries, which are more than one when it is aggregated, its shard and its bytes.
#[derive(Debug, Clone, Copy)]
struct Incoming {
    first: u32,
    end: u32,
    shard: u32,
    bytes: u64,
}

/// Where the record that begins at `first` ends, and its bytes.
#[inline]
fn extent(entries: &[Entry], first: usize) -> (usize, u64) {
    let mut bytes = u64::from(entries[first].bytes);
    let mut end = first + 1;
    while end < entries.len() && entries[end].aggregated {
        bytes += u64::from(entries[end].bytes + AGGREGATED_RECORD_BYTES);
        end += 1;
    }
    if end > first + 1 {
        bytes += u64::from(AGGREGATE_BYTES + AGGREGATED_RECORD_BYTES);
    }
    (end, bytes)
}

/// What a call did not take, by reason.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    throttled: Option<BatchId>,
    failed: Option<BatchId>,
    misplaced: Option<BatchId>,
}

impl Refusals {
    /// Nobody is told of them; their messages belong to whoever held them before.
    pub(super) fn forget<O>(self, cx: &mut Context<'_, O>) {
        for batch in [self.throttled, self.failed, self.misplaced].into_iter().flatten() {
            cx.batches.close(batch);
        }
    }

    fn take<O>(
        &mut self,
        error: ApiError,
        batch: BatchId,
        range: std::ops::Range<usize>,
        cx: &mut Context<'_, O>,
    ) {
        let place = match error {
            ApiError::ProvisionedThroughputExceededException => &mut self.throttled,
            ApiError::WrongShard => &mut self.misplaced,
            _ => &mut self.failed,
        };
        let refused = *place.get_or_insert_with(|| cx.batches.open());
        cx.batches.copy(batch, range, refused);
        if error == ApiError::WrongShard
            && let Some(entry) = cx.batches.entries_mut(refused).last_mut()
        {
            *entry = Entry { aggregated: false, ..*entry };
        }
    }

    fn send<O: Outbox<Timer>>(self, to: EntityId, cx: &mut Context<'_, O>) {
        let refusals = [
            (self.throttled, ApiError::ProvisionedThroughputExceededException),
            (self.failed, ApiError::InternalFailure),
            (self.misplaced, ApiError::WrongShard),
        ];
        for (batch, error) in refusals {
            if let Some(batch) = batch {
                cx.outbox.send(to, Span::ZERO, Signal::Refused { batch, error });
            }
        }
    }
}
