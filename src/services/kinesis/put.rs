//! How records come in: `PutRecord` and `PutRecords`.

use super::Timer;
use super::log::{RecordMarks, Stored};
use super::settings::RecordDistribution;
use super::stream::DataStream;
use crate::engine::{Span, Time};
use crate::wire::{
    AGGREGATE_BYTES, AGGREGATED_RECORD_BYTES, ApiError, BatchId, Context, EntityId, Entry, Outbox,
    RecordPlace, ShardId, Signal, StreamStatus,
};

const PAYLOAD_UNIT: u64 = 25 * 1024;
const KIBIBYTE: u64 = 1024;

/// Records of a call that are dealt with together.
const AT_ONCE: usize = 32;

impl DataStream {
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
    fn unpack<O>(&mut self, batch: BatchId, incoming: &mut Vec<Incoming>, cx: &Context<'_, O>) {
        incoming.clear();
        let entries = cx.batches.entries(batch);
        let mut first = 0;
        while first < entries.len() {
            let (end, bytes) = extent(entries, first);
            let shard = match self.distribution {
                RecordDistribution::UserPartitionKey => self.open.shard_of(entries[first].hash_key()),
                RecordDistribution::Auto => self.open.next_in_turn(),
            };
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
        let taken_before = self.metrics.incoming_bytes.total();
        self.offered.count(records, bytes, cx.now);
        let mut refused = Refusals::default();
        for some in incoming.chunks(AT_ONCE) {
            self.put_some(batch, some, single, (&mut refused, each), cx);
        }
        self.charge_rounding(cx.now);
        let throttled = self.metrics.write_throttled.total() - throttled;
        let failed = self.metrics.put_records_failed.total() - failed;
        let taken = self.metrics.incoming_bytes.total() - taken_before;
        if single {
            self.metrics.put_record_bytes.add(taken);
            self.metrics.put_record_successes.add(1 - throttled - failed);
        } else {
            self.metrics.put_records_bytes.add(taken);
            self.metrics.put_records_throttled.add(throttled);
            self.metrics.put_records_successful.add(records - throttled - failed);
            self.metrics.put_records_successes.add(u64::from(throttled + failed < records));
        }
        Ok(refused)
    }

    /// Some records of a call. What is done to all of them is done in turn, so that the processor can ask for the memory of many
    /// at once.
    fn put_some<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        some: &[Incoming],
        single: bool,
        (refused, each): (&mut Refusals, &mut impl FnMut(Result<RecordPlace, ApiError>)),
        cx: &mut Context<'_, O>,
    ) {
        for record in some {
            self.shards[record.shard as usize].fetch_limits();
        }
        let mut verdicts = [Ok(()); AT_ONCE];
        for (record, verdict) in some.iter().zip(&mut verdicts) {
            let hash_key = cx.batches.entries(batch)[record.first as usize].hash_key();
            *verdict = self.admit(*record, hash_key, single, cx.now);
        }
        for (record, _) in some.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_ok()) {
            self.shards[record.shard as usize].fetch_log();
            cx.messages.fetch_state(cx.batches.entries(batch)[record.first as usize].message);
        }
        for (record, verdict) in some.iter().zip(verdicts) {
            match verdict {
                Ok(()) => self.keep(batch, *record, single, (refused, each), cx),
                Err(error) => {
                    each(Err(error));
                    refused.take(error, batch, record.first as usize..record.end as usize, cx);
                }
            }
        }
    }

    /// Whether a record is taken.
    #[inline]
    fn admit(&mut self, record: Incoming, hash_key: u128, single: bool, now: Time) -> Result<(), ApiError> {
        if self.chance.failure.chance(self.settings.internal_failures) {
            self.metrics.put_records_failed.add(1);
            return Err(ApiError::InternalFailure);
        }
        let shard = &mut self.shards[record.shard as usize];
        if self.distribution == RecordDistribution::UserPartitionKey {
            shard.hot_keys.count(hash_key, record.bytes);
        }
        if !shard.admits(record.charged(single), now) {
            self.metrics.write_throttled.add(1);
            return Err(ApiError::ProvisionedThroughputExceededException);
        }
        Ok(())
    }

    /// A record that is taken, aggregated or not, goes to the end of its shard.
    #[inline]
    fn keep<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        record: Incoming,
        single: bool,
        (refused, each): (&mut Refusals, &mut impl FnMut(Result<RecordPlace, ApiError>)),
        cx: &mut Context<'_, O>,
    ) {
        let Incoming { shard: index, bytes, .. } = record;
        let (first, end) = (record.first as usize, record.end as usize);
        let shard = &mut self.shards[index as usize];
        if shard.call_bytes == 0 {
            self.touched.push(index);
        }
        shard.call_bytes += record.charged(single);
        shard.traffic.incoming_records += 1;
        shard.traffic.incoming_bytes += bytes;
        self.metrics.incoming_records.add(1);
        self.metrics.incoming_bytes.add(bytes);
        self.counts.payload_units += bytes.div_ceil(PAYLOAD_UNIT);
        self.counts.rounded_bytes += bytes.next_multiple_of(KIBIBYTE);
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
}

/// A record of a call: its entries, which are more than one when it is aggregated, its shard and its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming {
    first: u32,
    end: u32,
    shard: u32,
    bytes: u64,
}

impl Incoming {
    /// The bytes that count towards the limit of the shard. "Troubleshoot Kinesis Data Streams producers": `PutRecord` rounds each
    /// record up, `PutRecords` the sum.
    #[inline]
    fn charged(self, single: bool) -> u64 {
        if single { self.bytes.next_multiple_of(KIBIBYTE) } else { self.bytes }
    }
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
