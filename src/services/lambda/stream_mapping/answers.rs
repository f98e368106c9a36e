//! What the function answers, and what becomes of records then: done, tried again, split, given up ("Retain discarded batch
//! records for a Kinesis Data Streams event source in Lambda", "Configuring partial batch response with Kinesis Data
//! Streams and Lambda").

use super::StreamMappingTimer;
use super::dispatch::Reason;
use super::entity::{Doing, StreamMapping};
use super::record::{count, end_of, payload_of_all};
use super::settings::StreamDestination;
use crate::engine::Span;
use crate::wire::{BatchId, Context, Detail, EntityId, Entry, InvokeOutcome, NewMessage, Outbox, Signal};

/// The longest pause before a batch is tried again.
const LONGEST_PAUSE: Span = Span::from_minutes(1);
const MOST_DOUBLINGS: u32 = 16;

impl StreamMapping {
    /// The function answers.
    pub(super) fn take_answer<O: Outbox<StreamMappingTimer>>(
        &mut self,
        batch: BatchId,
        lane: u32,
        outcome: InvokeOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let records = count(cx.batches.entries(batch));
        if outcome != InvokeOutcome::Throttled {
            self.metrics.invoked_events.add(records as u64);
        }
        match outcome {
            // It was not invoked: that does not count as an attempt.
            InvokeOutcome::Throttled => {
                self.metrics.throttled_invocations.add(1);
                self.metrics.failed_invoke_events.add(records as u64);
                self.pause(lane, batch, cx);
            }
            InvokeOutcome::Success => self.succeed(lane, batch, cx),
            InvokeOutcome::FunctionError => {
                self.metrics.failed_invoke_events.add(records as u64);
                self.fail(lane, batch, false, cx);
            }
            InvokeOutcome::ItemFailures(failures) => {
                let lowest = cx.batches.entries(failures).first().map(|entry| entry.receipt.position());
                cx.batches.close(failures);
                let entries = cx.batches.entries(batch);
                let done = match lowest.filter(|_| self.settings.reports_failures) {
                    // A part that failed is a failure of the record that it lies in.
                    Some(lowest) => {
                        let before = entries.partition_point(|entry| entry.receipt.position() < lowest);
                        count(&entries[..(before + 1).min(entries.len())]).saturating_sub(1)
                    }
                    None => records,
                };
                if done == records {
                    self.succeed(lane, batch, cx);
                    return;
                }
                // Everything from the lowest failure on is tried again.
                self.release(batch, done, cx);
                self.metrics.succeeded_events.add(done as u64);
                self.metrics.failed_invoke_events.add((records - done) as u64);
                self.fail(lane, batch, done > 0, cx);
            }
        }
    }

    /// The first records of a batch are done with.
    fn release<O>(&mut self, batch: BatchId, records: usize, cx: &mut Context<'_, O>) {
        let entries = cx.batches.entries_mut(batch);
        let end = end_of(entries, records);
        entries.drain(..end).for_each(|entry| cx.messages.release(entry.message));
        self.in_hand -= records as u64;
    }

    fn succeed<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let (records, parts) = (count(cx.batches.entries(batch)), cx.batches.entries(batch).len());
        self.release(batch, records, cx);
        self.metrics.succeeded_events.add(records as u64);
        cx.batches.close(batch);
        let state = self.settings.tumbling_window.map_or(0, |window| window.state_bytes_per_record);
        let found = self.lane(lane);
        if let Some(window) = &mut found.window {
            window.state_bytes += state * parts as u64;
            if window.closing {
                found.window = None;
                self.metrics.windows_closed.add(1);
            }
        }
        self.go_on(lane, cx);
    }

    /// The function failed. A batch that can be split is, and that does not count as an attempt; nor does it when the
    /// function has got further.
    fn fail<O: Outbox<StreamMappingTimer>>(
        &mut self,
        lane: u32,
        batch: BatchId,
        got_further: bool,
        cx: &mut Context<'_, O>,
    ) {
        let records = count(cx.batches.entries(batch));
        if got_further {
            self.start_batch(lane);
        }
        if self.settings.bisects && got_further {
            self.metrics.bisections.add(1);
            self.pause(lane, batch, cx);
            return;
        }
        if self.settings.bisects && records > 1 {
            self.metrics.bisections.add(1);
            let (all, later) = (cx.batches.entries(batch).len(), cx.batches.open());
            let middle = end_of(cx.batches.entries(batch), records.div_ceil(2));
            cx.batches.copy(batch, middle..all, later);
            cx.batches.entries_mut(batch).truncate(middle);
            self.lane(lane).halves.push(later);
            self.start_batch(lane);
            self.pause(lane, batch, cx);
            return;
        }
        let most = self.settings.maximum_retry_attempts;
        let found = self.lane(lane);
        found.attempts += 1;
        if most.is_some_and(|most| found.attempts > most) {
            self.give_up(lane, batch, cx);
            return;
        }
        self.metrics.retries.add(1);
        self.pause(lane, batch, cx);
    }

    /// The batch was tried too often; a tumbling window that cannot be closed is given up.
    fn give_up<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let found = self.lane(lane);
        if found.window.is_some_and(|window| window.closing) {
            found.window = None;
        }
        self.discard(batch, Reason::Attempts, cx);
        self.go_on(lane, cx);
    }

    /// The batch waits before it is tried again.
    fn pause<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        self.set_doing(lane, Doing::Pausing);
        let first = cx.batches.entries(batch).first().map_or(u64::MAX, |entry| entry.receipt.position());
        let base = self.settings.assumptions.retry_pause;
        let found = self.lane(lane);
        found.batch = Some(batch);
        found.first = first;
        let pause = (base * (1 << found.pauses.min(MOST_DOUBLINGS))).min(LONGEST_PAUSE);
        found.pauses += 1;
        let (shard, _) = self.place(lane);
        self.wake_lane(lane, cx.now + pause, cx);
        self.note_progress(shard as u32, cx);
    }

    /// The batch is tried again, without what has become too old.
    pub(super) fn try_again<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, cx: &mut Context<'_, O>) {
        if !self.enabled {
            return;
        }
        let Some(batch) = self.lane(lane).batch.take() else { return };
        let entries = cx.batches.entries(batch);
        let is_closing = entries.is_empty();
        let old = entries.partition_point(|entry| self.is_too_old(entry.enqueued_at, cx.now));
        if old > 0 {
            let given_up = cx.batches.open();
            cx.batches.copy(batch, 0..old, given_up);
            cx.batches.entries_mut(batch).drain(..old);
            self.discard(given_up, Reason::Age, cx);
            self.start_batch(lane);
        }
        if !is_closing && cx.batches.entries(batch).is_empty() {
            cx.batches.close(batch);
            self.go_on(lane, cx);
            return;
        }
        self.invoke(lane, batch, cx);
    }

    /// A batch is done with: what follows it comes next, or new records.
    fn go_on<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, cx: &mut Context<'_, O>) {
        self.start_batch(lane);
        if let Some(batch) = self.lane(lane).halves.pop() {
            self.set_doing(lane, Doing::Pausing);
            self.lane(lane).batch = Some(batch);
            self.try_again(lane, cx);
        } else {
            self.set_doing(lane, Doing::Gathering);
            self.lane(lane).first = u64::MAX;
            self.busy -= 1;
            self.metrics.batches_at_once.set(cx.now, self.busy);
            self.gather(lane, cx);
        }
        let (shard, _) = self.place(lane);
        self.read_on(shard as u32, cx);
        self.note_progress(shard as u32, cx);
    }

    /// Records are given up. An on-failure destination is told which: shard, first and last sequence number; only a bucket gets
    /// what they say as well.
    pub(super) fn discard<O: Outbox<StreamMappingTimer>>(
        &mut self,
        batch: BatchId,
        reason: Reason,
        cx: &mut Context<'_, O>,
    ) {
        let records = count(cx.batches.entries(batch));
        if records == 0 {
            cx.batches.close(batch);
            return;
        }
        let expired = if reason == Reason::Age { records as u64 } else { 0 };
        self.metrics.expired_events.add(expired);
        self.metrics.dropped_events.add(records as u64);
        let assumptions = self.settings.assumptions;
        let bytes = payload_of_all(cx.batches.entries(batch), cx.messages, &assumptions);
        self.release(batch, records, cx);
        cx.batches.close(batch);
        match self.settings.destination {
            None => {}
            Some(StreamDestination::Message(destination)) => self.tell(destination, cx),
            Some(StreamDestination::Object(store)) => {
                let bytes = bytes + u64::from(assumptions.failure_message_bytes);
                let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                self.metrics.on_failure_delivered.add(1);
                cx.outbox.send(store, Span::ZERO, Signal::PutObject { bytes });
            }
        }
    }

    /// A message about discarded records.
    fn tell<O: Outbox<StreamMappingTimer>>(&mut self, destination: EntityId, cx: &mut Context<'_, O>) {
        let message = cx.messages.create(NewMessage {
            published_at: cx.now,
            producer: cx.me,
            sequence: self.told,
            bytes: self.settings.assumptions.failure_message_bytes,
            poison: false,
            detail: Detail::NONE,
        });
        self.told += 1;
        self.metrics.on_failure_delivered.add(1);
        let told = cx.batches.open();
        cx.batches.entries_mut(told).push(Entry::new(message));
        cx.outbox.send(destination, Span::ZERO, Signal::Put { batch: told });
    }
}
