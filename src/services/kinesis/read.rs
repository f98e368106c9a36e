//! How records go out to consumers that share a shard: iterators and `GetRecords`.

use super::Timer;
use super::fan_out::Subscription;
use super::log::Wanted;
use super::settings::ReaderSettings;
use super::stream::DataStream;
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, EntityId, IteratorStart, Outbox, PollOutcome, ShardId, Signal, draw_span,
};

/// How long an iterator can be used ("`GetShardIterator`").
const ITERATOR_LIFE: Span = Span::from_minutes(5);

/// Where a consumer is in a shard. The stream keeps its iterator for it: the one that the last answer brought.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    pub(super) epoch: u32,
    pub(super) position: u64,
    issued_at: Time,
    /// The consumer will never ask for anything before.
    kept_from: u64,
    pub(super) subscription: Option<Subscription>,
}

impl Cursor {
    const NEW: Self = Self { epoch: 0, position: 0, issued_at: Time::ZERO, kept_from: 0, subscription: None };
}

/// A consumer of the stream.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) entity: EntityId,
    pub(super) enhanced_fan_out: bool,
    cursors: Vec<Cursor>,
}

impl Reader {
    pub(super) fn new(settings: ReaderSettings) -> Self {
        Self { entity: settings.entity, enhanced_fan_out: settings.enhanced_fan_out, cursors: Vec::new() }
    }

    pub(super) fn cursor(&mut self, shard: u32) -> &mut Cursor {
        let index = shard as usize;
        if self.cursors.len() <= index {
            self.cursors.resize(index + 1, Cursor::NEW);
        }
        &mut self.cursors[index]
    }

    /// How many records between two positions it has not read.
    pub(super) fn unread(&mut self, shard: u32, from: u64, to: u64) -> u64 {
        let position = self.cursor(shard).position;
        to.saturating_sub(position.max(from))
    }

    /// From where on it may still read the shard.
    pub(super) fn kept_from(&self, shard: u32) -> u64 {
        self.cursors.get(shard as usize).map_or(0, |cursor| cursor.kept_from)
    }
}

/// What came of a read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadShard {
    /// Where the next read begins.
    pub(super) position: u64,
    /// `MillisBehindLatest`.
    pub(super) milliseconds_behind: u32,
    /// Whether the shard is closed and has been read to its end.
    pub(super) shard_end: bool,
}

impl DataStream {
    /// Which of the readers this is.
    #[inline]
    pub(super) fn reader(&self, entity: EntityId) -> usize {
        let found = self.readers.iter().position(|reader| reader.entity == entity);
        found.expect("a stream knows its consumers")
    }

    /// The place in the shard where an iterator begins.
    pub(super) fn position_of(&self, reader: usize, shard: u32, start: IteratorStart) -> u64 {
        let log = &self.shards[shard as usize].log;
        match start {
            IteratorStart::TrimHorizon => log.trim_horizon(),
            IteratorStart::Latest => log.end(),
            IteratorStart::AtTimestamp(time) => log.position_at(time),
            IteratorStart::At(position) => position,
            IteratorStart::Current => {
                let cursors = &self.readers[reader].cursors;
                cursors.get(shard as usize).map_or(0, |cursor| cursor.position)
            }
        }
    }

    /// `GetShardIterator`.
    pub(super) fn get_shard_iterator<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        shard: ShardId,
        epoch: u32,
        start: IteratorStart,
        cx: &mut Context<'_, O>,
    ) {
        self.expire(shard.0, cx.now, cx.messages);
        let reader = self.reader(from);
        let position = self.position_of(reader, shard.0, start);
        let cursor = self.readers[reader].cursor(shard.0);
        cursor.epoch = epoch;
        cursor.position = position;
        cursor.issued_at = cx.now;
    }

    /// `GetRecords`: the records are picked when the call begins, and are there when it ends.
    pub(super) fn get_records<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        shard: ShardId,
        epoch: u32,
        limit: u32,
        cx: &mut Context<'_, O>,
    ) {
        self.expire(shard.0, cx.now, cx.messages);
        self.metrics.get_records_calls.add(1);
        let reader = self.reader(from);
        let latency = draw_span(&self.settings.read_latency, &mut self.chance.read_latency);
        let answer = |outcome, milliseconds_behind, shard_end, outbox: &mut O| {
            let signal = Signal::Records { shard, epoch, outcome, milliseconds_behind, shard_end };
            outbox.send(from, latency, signal);
        };
        let cursor = self.readers[reader].cursor(shard.0);
        let (position, issued_at) = (cursor.position, cursor.issued_at);
        if self.is_iterator_old(issued_at, cx.now) {
            answer(PollOutcome::Refused(ApiError::ExpiredIteratorException), 0, false, cx.outbox);
            return;
        }
        let quotas = &self.settings.quotas;
        let records = u64::from(limit.min(quotas.get_records_entries));
        let wanted = Wanted { position, records, bytes: u64::from(quotas.get_records_bytes) };
        let (batch, read) = match self.read_shard(shard, wanted, latency, cx) {
            Ok(read) => read,
            Err(error) => {
                answer(PollOutcome::Refused(error), 0, false, cx.outbox);
                return;
            }
        };
        let cursor = self.readers[reader].cursor(shard.0);
        cursor.position = read.position;
        cursor.issued_at = cx.now + latency;
        let outcome = if cx.batches.entries(batch).is_empty() {
            cx.batches.close(batch);
            PollOutcome::Empty
        } else {
            PollOutcome::Messages(batch)
        };
        answer(outcome, read.milliseconds_behind, read.shard_end, cx.outbox);
    }

    /// Whether an iterator that was given then can no longer be used.
    pub(super) fn is_iterator_old(&mut self, issued_at: Time, now: Time) -> bool {
        let is_old = now > issued_at + ITERATOR_LIFE;
        self.metrics.iterators_expired.add(u64::from(is_old));
        is_old
    }

    /// Reads from a shard what its limits let out now; `latency` is how long the call takes.
    pub(super) fn read_shard<O>(
        &mut self,
        shard: ShardId,
        wanted: Wanted,
        latency: Span,
        cx: &mut Context<'_, O>,
    ) -> Result<(BatchId, ReadShard), ApiError> {
        let source = &mut self.shards[shard.index()];
        if cx.now < source.read_blocked_until || !source.read_calls.has(1, cx.now) {
            self.metrics.read_throttled.add(1);
            source.traffic.read_throttled += 1;
            return Err(ApiError::ProvisionedThroughputExceededException);
        }
        source.read_calls.take(1, cx.now);
        let batch = cx.batches.open();
        let taken = source.log.read(wanted, batch, cx.batches, cx.messages);
        source.read_bytes.take(taken.bytes, cx.now);
        if source.read_bytes.owes() {
            // "`GetRecords`": after 10 MiB the next 5 seconds, in general the next second.
            source.read_blocked_until = source.read_bytes.time_full(cx.now);
        }
        source.traffic.outgoing_records += taken.records;
        source.traffic.outgoing_bytes += taken.bytes;
        let (end, closed) = (source.log.end(), source.closed);
        let age = if taken.records > 0 { cx.now - taken.newest } else { Span::ZERO };
        source.ages.note(age);
        let metrics = &mut self.metrics;
        metrics.get_records_successes.add(1);
        metrics.get_records_empty.add(u64::from(taken.records == 0));
        metrics.get_records_records.add(taken.records);
        metrics.get_records_bytes.add(taken.bytes);
        metrics.get_records_latency.record(latency.as_nanos());
        metrics.iterator_age.record(age.as_nanos());
        let behind = if taken.position < end { age } else { Span::ZERO };
        let read = ReadShard {
            position: taken.position,
            milliseconds_behind: milliseconds(behind),
            shard_end: closed && taken.position >= end,
        };
        Ok((batch, read))
    }

    /// A consumer needs nothing before a position any more.
    pub(super) fn read_up_to<O>(
        &mut self,
        from: EntityId,
        shard: ShardId,
        position: u64,
        cx: &mut Context<'_, O>,
    ) {
        self.expire(shard.0, cx.now, cx.messages);
        let reader = self.reader(from);
        let cursor = self.readers[reader].cursor(shard.0);
        cursor.kept_from = cursor.kept_from.max(position);
        self.forget(shard.0, cx.messages);
    }
}

/// A time as `MillisBehindLatest`.
pub(super) fn milliseconds(span: Span) -> u32 {
    u32::try_from(span.as_nanos() / 1_000_000).unwrap_or(u32::MAX)
}
