//! How a worker reads a shard: iterators, polls with their pauses, subscriptions, and batches read ahead
//! ("`PrefetchRecordsPublisher`" and "`FanOutRecordsPublisher`" in awslabs/amazon-kinesis-client).

use super::ConsumerTimer;
use super::entity::StreamConsumer;
use super::lease::Waiting;
use super::settings::Retrieval;
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, IteratorStart, Outbox, PollOutcome, SUBSCRIPTION_LIFE, ShardId, ShardRead,
    Signal,
};

/// Reading pauses while so many batches wait to be processed (`maxPendingProcessRecordsInput`).
const MOST_WAITING_BATCHES: usize = 4;
/// Or so many records (`maxRecordsCount`).
const MOST_WAITING_RECORDS: u64 = 30_000;
/// Or so many bytes (`maxByteSize`).
const MOST_WAITING_BYTES: u64 = 8 << 20;

impl StreamConsumer {
    /// The owner of a lease begins to read the shard: at the checkpoint, or where the application begins.
    pub(super) fn begin_reading<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let from_start = self.start;
        let has_parents = self.lease(shard).has_parents();
        let lease = self.lease(shard);
        lease.end_read = false;
        lease.checkpointed_at = cx.now;
        let start = match (lease.checkpoint, from_start) {
            (Some(checkpoint), _) => IteratorStart::At(checkpoint),
            // Nothing of a child is left out, also when the application began with the newest records.
            (None, IteratorStart::Latest) if has_parents => IteratorStart::TrimHorizon,
            (None, start) => start,
        };
        lease.expected = lease.checkpoint;
        let epoch = lease.epoch;
        let (stream, id) = (self.settings.stream, ShardId(shard));
        match self.settings.retrieval {
            Retrieval::Polling { idle_time, .. } => {
                let (start, value) = start.parts();
                let signal = Signal::GetShardIterator { shard: id, epoch, start, value };
                cx.outbox.send(stream, Span::ZERO, signal);
                // Polls of different shards and consumers do not fall on the same instants.
                let phase = self.chance.lease.below(idle_time.as_nanos().max(1));
                let timer = ConsumerTimer::Poll { shard, epoch };
                cx.outbox.wake(cx.now + Span::from_nanos(phase), timer);
            }
            Retrieval::FanOut => {
                let (start, value) = start.parts();
                let signal = Signal::SubscribeToShard { shard: id, epoch, start, value };
                cx.outbox.send(stream, Span::ZERO, signal);
                cx.outbox.wake(cx.now + SUBSCRIPTION_LIFE, ConsumerTimer::Subscribe { shard, epoch });
            }
        }
    }

    /// A subscription is over: the next one goes on where it was.
    pub(super) fn subscribe_again<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.lease(shard).epoch != epoch || self.lease(shard).finished {
            return;
        }
        let (start, value) = IteratorStart::Current.parts();
        let signal = Signal::SubscribeToShard { shard: ShardId(shard), epoch, start, value };
        cx.outbox.send(self.settings.stream, Span::ZERO, signal);
        cx.outbox.wake(cx.now + SUBSCRIPTION_LIFE, ConsumerTimer::Subscribe { shard, epoch });
    }

    /// It is time for the next `GetRecords`.
    pub(super) fn poll<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let Retrieval::Polling { max_records, .. } = self.settings.retrieval else { return };
        let lease = self.lease(shard);
        let is_over = lease.end_read || lease.handoff.is_some();
        if lease.epoch != epoch || lease.fetching || is_over || lease.is_full() {
            return;
        }
        lease.fetching = true;
        self.metrics.get_records_calls.add(1);
        let signal = Signal::GetRecords { shard: ShardId(shard), epoch, limit: max_records };
        cx.outbox.send(self.settings.stream, Span::ZERO, signal);
    }

    /// A pause of the whole idle time, or of what is left of it.
    fn poll_later<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, since: Time, cx: &mut Context<'_, O>) {
        let Retrieval::Polling { idle_time, .. } = self.settings.retrieval else { return };
        let epoch = self.lease(shard).epoch;
        let at = (since + idle_time).max(cx.now);
        cx.outbox.wake(at, ConsumerTimer::Poll { shard, epoch });
    }

    /// Records arrive, or a call was refused.
    pub(super) fn take_read<O: Outbox<ConsumerTimer>>(&mut self, read: ShardRead, cx: &mut Context<'_, O>) {
        let shard = read.shard.0;
        if let PollOutcome::Messages(batch) = read.outcome {
            self.received += cx.batches.entries(batch).len() as u64;
        }
        let is_fan_out = self.settings.retrieval == Retrieval::FanOut;
        let lease = self.lease(shard);
        if lease.epoch != read.epoch || lease.handoff.is_some() {
            if let PollOutcome::Messages(batch) = read.outcome {
                self.abandon(batch, 0, cx);
            }
            return;
        }
        lease.fetching = false;
        let now = cx.now;
        match read.outcome {
            PollOutcome::Refused(error) => {
                self.metrics.get_records_errors.add(1);
                if error == ApiError::ExpiredIteratorException {
                    self.metrics.expired_iterators.add(1);
                    let (start, value) = IteratorStart::Current.parts();
                    let signal =
                        Signal::GetShardIterator { shard: read.shard, epoch: read.epoch, start, value };
                    cx.outbox.send(self.settings.stream, Span::ZERO, signal);
                }
                self.poll_later(shard, now, cx);
                return;
            }
            PollOutcome::Messages(batch) => self.take_batch(shard, batch, cx),
            PollOutcome::Empty => {
                if is_fan_out {
                    self.tell_event_taken(shard, cx);
                }
            }
        }
        self.metrics.milliseconds_behind_latest.record(u64::from(read.milliseconds_behind) * 1_000_000);
        let lease = self.lease(shard);
        lease.fetched_at = now;
        lease.end_read = read.shard_end;
        lease.paused = lease.is_full();
        if !read.shard_end && !lease.paused {
            self.poll_later(shard, now, cx);
        }
        if self.lease(shard).processing.is_none() {
            self.process_next(shard, cx);
        }
    }

    /// A batch waits for its turn.
    fn take_batch<O>(&mut self, shard: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let entries = cx.batches.entries(batch);
        let lease = &mut self.leases[shard as usize];
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            let missed =
                lease.expected.map_or(0, |expected| first.receipt.position().saturating_sub(expected));
            self.metrics.records_missed.add(missed);
            lease.expected = Some(last.receipt.position() + 1);
            for entry in entries {
                self.metrics.propagation_delay.record((cx.now - entry.enqueued_at).as_nanos());
            }
        }
        let bytes = entries.iter().map(|entry| u64::from(entry.bytes)).sum();
        lease.waiting_records += entries.len() as u64;
        lease.waiting_bytes += bytes;
        lease.read_bytes += bytes;
        lease.waiting.push_back(Waiting { batch, bytes });
    }

    /// A batch has been worked on: there is room to read on.
    pub(super) fn read_on<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        match self.settings.retrieval {
            Retrieval::FanOut => self.tell_event_taken(shard, cx),
            Retrieval::Polling { .. } => {
                let lease = self.lease(shard);
                let since = lease.fetched_at;
                if lease.paused && !lease.is_full() {
                    lease.paused = false;
                    if !lease.end_read {
                        self.poll_later(shard, since, cx);
                    }
                }
            }
        }
    }

    fn tell_event_taken<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let epoch = self.lease(shard).epoch;
        let signal = Signal::EventTaken { shard: ShardId(shard), epoch };
        cx.outbox.send(self.settings.stream, Span::ZERO, signal);
    }

    /// The stream need not keep what comes before, unless it is to be read again some day.
    pub(super) fn tell_stream<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        position: u64,
        cx: &mut Context<'_, O>,
    ) {
        if self.replays_left == 0 {
            let signal = Signal::ReadUpTo { shard: ShardId(shard), position };
            cx.outbox.send(self.settings.stream, Span::ZERO, signal);
        }
    }

    /// Records of a batch, from one position on, will never be processed from here.
    pub(super) fn abandon<O>(&mut self, batch: BatchId, from: usize, cx: &mut Context<'_, O>) {
        let entries = cx.batches.entries(batch);
        self.metrics.messages_abandoned.add((entries.len() - from) as u64);
        entries[from..].iter().for_each(|entry| cx.messages.release(entry.message));
        cx.batches.close(batch);
    }
}

impl super::lease::Lease {
    /// Whether as much waits as is read ahead.
    fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_WAITING_BATCHES
            || self.waiting_records >= MOST_WAITING_RECORDS
            || self.waiting_bytes >= MOST_WAITING_BYTES
    }
}
