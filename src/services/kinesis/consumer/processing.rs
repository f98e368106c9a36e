//! How records are processed: one after another in each shard, in batches as they were read.

use super::ConsumerTimer;
use super::entity::StreamConsumer;
use super::lease::Waiting;
use super::settings::{Checkpointing, OnFailure};
use crate::engine::{Span, Time};
use crate::wire::{
    BatchId, COPIED_RECORD, Context, EntityId, Entry, FAILED_RECORD, GroupId, Messages, Outbox,
    POISON_RECORD, draw_span,
};

/// A batch in hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processing {
    pub(super) batch: BatchId,
    /// The first record that is not accounted for yet.
    next: usize,
    /// Records up to here are accounted for when the timer runs out.
    slice_end: usize,
}

impl Processing {
    /// The first record of the batch that is still held.
    pub(super) fn held_from(&self) -> usize {
        self.next
    }
}

/// A long batch is accounted for in slices of this, so that metrics follow it.
const SLICE: Span = Span::from_seconds(1);

impl StreamConsumer {
    /// The next batch of a shard is taken up, or the shard is finished.
    pub(super) fn process_next<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let lease = self.lease(shard);
        if lease.handoff.is_some() {
            return;
        }
        if lease.waiting.is_empty() {
            if lease.end_read && !lease.finished {
                self.finish_shard(shard, cx);
            }
            return;
        }
        if !self.take_thread(shard) {
            return;
        }
        let lease = self.lease(shard);
        let Some(Waiting { batch, bytes }) = lease.waiting.pop_front() else { return };
        let records = cx.batches.entries(batch).len();
        lease.waiting_records -= records as u64;
        lease.waiting_bytes -= bytes;
        lease.began = cx.now;
        lease.in_hand = records as u64;
        lease.processing = Some(Processing { batch, next: 0, slice_end: 0 });
        self.busy += 1;
        self.metrics.busy_shards.set(cx.now, self.busy);
        self.plan(batch, cx);
        self.next_slice(shard, cx);
    }

    /// When each record of a batch will be done, and which will fail: `enqueued_at` becomes the former.
    fn plan<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let (time, settings) = (&self.settings.processing_time, &self.settings);
        let entries = cx.batches.entries_mut(batch);
        let mut at = cx.now;
        let mut skipping = false;
        if settings.per_batch {
            at += draw_span(time, &mut self.chance.processing);
        }
        for entry in entries.iter_mut() {
            let poison = entry.receive_count & POISON_RECORD != 0;
            let attempts = match settings.on_failure {
                OnFailure::Retry(attempts) => attempts.max(1),
                OnFailure::SkipBatch | OnFailure::SkipRecord => 1,
            };
            let mut failed = true;
            if !skipping {
                for _ in 0..attempts {
                    if !settings.per_batch {
                        at += draw_span(time, &mut self.chance.processing);
                    }
                    failed = poison | self.chance.failure.chance(settings.failure_rate);
                    if !failed {
                        break;
                    }
                }
            }
            skipping |= failed && settings.on_failure == OnFailure::SkipBatch;
            entry.enqueued_at = at;
            entry.receive_count |= if failed { FAILED_RECORD } else { 0 };
        }
    }

    /// Asks to be woken when the next records will be done.
    fn next_slice<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let lease = &mut self.leases[shard as usize];
        let Some(processing) = &mut lease.processing else { return };
        let entries = cx.batches.entries(processing.batch);
        let next = processing.next;
        let latest = entries[next].enqueued_at.max(cx.now + SLICE);
        // Completion times never decrease.
        processing.slice_end = next + entries[next..].partition_point(|entry| entry.enqueued_at <= latest);
        let at = entries[processing.slice_end - 1].enqueued_at;
        cx.outbox.wake(at, ConsumerTimer::Processed { shard, epoch: lease.epoch });
    }

    /// Records have been processed.
    pub(super) fn end_slice<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let lease = &self.leases[shard as usize];
        let Some(processing) = lease.processing.filter(|_| lease.epoch == epoch) else { return };
        self.account(shard, processing.slice_end, cx);
        if processing.slice_end < cx.batches.entries(processing.batch).len() {
            self.next_slice(shard, cx);
            return;
        }
        self.note_work(shard, cx.now);
        let lease = self.lease(shard);
        lease.processing = None;
        self.busy -= 1;
        self.metrics.busy_shards.set(cx.now, self.busy);
        let last = cx.batches.entries(processing.batch).last().map(|entry| entry.receipt.position());
        cx.batches.close(processing.batch);
        let done = last.map_or(0, |last| last + 1);
        self.lease(shard).done = Some(done);
        self.checkpoint(shard, done, cx);
        self.free_thread(shard, cx);
        if self.lease(shard).handoff.is_some() {
            self.end_handoff(shard, cx);
            return;
        }
        self.read_on(shard, cx);
        self.process_next(shard, cx);
    }

    /// Enters what became of the records of the batch in hand, up to `end`.
    fn account<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, end: usize, cx: &mut Context<'_, O>) {
        self.forward(shard, end, cx);
        let lease = &mut self.leases[shard as usize];
        let Some(processing) = &mut lease.processing else { return };
        let entries = &cx.batches.entries(processing.batch)[processing.next..end];
        processing.next = end;
        lease.in_hand -= entries.len() as u64;
        let (mut duplicates, mut failures, mut late) = (0, 0, 0);
        // One thing after another for all of them: the processor asks for what many need at once.
        self.finished.clear();
        for entry in entries {
            cx.messages.fetch(entry.message);
        }
        for entry in entries {
            let position = entry.receipt.position();
            if entry.receive_count & FAILED_RECORD != 0 {
                failures += 1;
            } else if position < lease.processed_to || entry.receive_count & COPIED_RECORD != 0 {
                duplicates += 1;
                cx.messages.mark_processed(entry.message);
            } else {
                cx.messages.mark_processed(entry.message);
                self.finished.push(Finished::of(entry, cx.messages));
            }
            lease.processed_to = lease.processed_to.max(position + 1);
            cx.messages.release(entry.message);
        }
        for finished in &self.finished {
            self.order.fetch(finished.producer, finished.key);
        }
        for finished in &self.finished {
            late += u64::from(self.order.is_late(finished.producer, finished.key, finished.sequence));
        }
        for finished in &self.finished {
            self.metrics.end_to_end_latency.record(finished.latency);
        }
        self.metrics.messages_processed.add(self.finished.len() as u64);
        self.metrics.duplicates.add(duplicates);
        self.metrics.failures.add(failures);
        self.metrics.out_of_order.add(late);
    }

    /// The results of records that are accounted for now are sent on, also of those that are processed again: nobody knows.
    fn forward<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, end: usize, cx: &mut Context<'_, O>) {
        let Some(forwarder) = &mut self.forwarder else { return };
        let Some(processing) = self.leases[shard as usize].processing else { return };
        let results = cx.batches.open();
        cx.batches.copy(processing.batch, processing.next..end, results);
        let failed: Vec<bool> = cx
            .batches
            .entries(results)
            .iter()
            .map(|entry| entry.receive_count & FAILED_RECORD != 0)
            .collect();
        let latency = forwarder.draw_latency();
        let sent = forwarder.send(results, |position| !failed[position], latency, cx);
        self.metrics.messages_forwarded.add(sent);
        cx.batches.close(results);
    }

    fn checkpoint<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, position: u64, cx: &mut Context<'_, O>) {
        let checkpointing = self.settings.checkpointing;
        let lease = self.lease(shard);
        let is_due = match checkpointing {
            Checkpointing::EachBatch => true,
            Checkpointing::Every(interval) => cx.now >= lease.checkpointed_at + interval,
        };
        if is_due {
            lease.checkpoint = Some(position);
            lease.checkpointed_at = cx.now;
            self.metrics.checkpoints.add(1);
            self.tell_stream(shard, position, cx);
        }
    }

    /// Reading and processing of a shard end at once: what is not processed yet is abandoned.
    pub(super) fn stop_reading<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let now = cx.now;
        if let Some(processing) = self.leases[shard as usize].processing {
            let entries = cx.batches.entries(processing.batch);
            let done = entries.partition_point(|entry| entry.enqueued_at <= now).max(processing.next);
            self.account(shard, done, cx);
            self.abandon(processing.batch, done, cx);
            self.leases[shard as usize].processing = None;
            self.leases[shard as usize].in_hand = 0;
            self.busy -= 1;
            self.metrics.busy_shards.set(now, self.busy);
            self.free_thread(shard, cx);
        }
        let lease = &mut self.leases[shard as usize];
        lease.epoch += 1;
        lease.fetching = false;
        lease.paused = false;
        lease.handoff = None;
        lease.done = None;
        self.abandon_waiting(shard, cx);
    }

    /// What was read ahead is left to whoever reads the shard next.
    pub(super) fn abandon_waiting<O>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let lease = &mut self.leases[shard as usize];
        (lease.waiting_records, lease.waiting_bytes) = (0, 0);
        for waiting in std::mem::take(&mut lease.waiting) {
            self.abandon(waiting.batch, 0, cx);
        }
    }
}

/// What is measured of a record that was processed for the first time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finished {
    producer: EntityId,
    key: GroupId,
    sequence: u64,
    /// Nanoseconds from publish to the end of processing.
    latency: u64,
}

impl Finished {
    #[inline]
    fn of(entry: &Entry, messages: &Messages) -> Self {
        let done: Time = entry.enqueued_at;
        let (producer, sequence) = messages.origin(entry.message);
        let latency = (done - messages.published_at(entry.message)).as_nanos();
        Self { producer, key: messages.group(entry.message), sequence, latency }
    }
}
