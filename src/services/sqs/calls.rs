//! The calls a standard queue answers.

use super::Timer;
use super::queue::{Queue, SERVERS};
use super::slots::State;
use super::waiting::Waiter;
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, EntityId, Entry, Messages, Outbox, PollOutcome, PollerId, Receipt, Signal, draw_span,
};

/// Longest total time a message may stay hidden after one receive ("Amazon SQS visibility timeout").
const LONGEST_HIDDEN: Span = Span::from_hours(12);

/// Below this many messages a short poll often misses some ("Amazon SQS short and long polling").
const FEW_MESSAGES: u64 = 1_000;
/// Servers a queue with few messages lies on, in our model.
const FEW_SERVERS: u64 = 8;

impl Queue {
    /// `SendMessage` or `SendMessageBatch` takes effect. Messages that are too large are refused, each for itself.
    pub(super) fn put<O: Outbox<Timer>>(&mut self, from: EntityId, batch: BatchId, cx: &mut Context<'_, O>) {
        self.settle(cx.now, cx.messages);
        self.metrics.send_calls.add(1);
        let mut bytes = 0;
        let mut refused = None;
        for index in 0..cx.batches.entries(batch).len() {
            let mut entry = cx.batches.entries(batch)[index];
            let size = cx.messages.bytes(entry.message);
            bytes += u64::from(size);
            if size > self.settings.maximum_message_size {
                let refused = *refused.get_or_insert_with(|| cx.batches.open());
                cx.batches.entries_mut(refused).push(entry);
                self.metrics.messages_refused.add(1);
                continue;
            }
            entry.enqueued_at = cx.now;
            let delay = entry.delay_seconds.map_or(self.settings.delay, |s| Span::from_seconds(u64::from(s)));
            self.metrics.messages_sent.add(1);
            self.metrics.sent_message_size.record(u64::from(size));
            self.admit(&entry, delay, cx.now);
        }
        cx.batches.close(batch);
        self.bill(bytes);
        if let Some(batch) = refused {
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error: ApiError::InvalidParameterValue });
        }
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// Messages arrive because this is the dead-letter queue of another. The queue's delay does not apply, and the
    /// retention clock goes on from the original send ("Using dead-letter queues in Amazon SQS").
    pub(super) fn take_dead_letters<O: Outbox<Timer>>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        self.settle(cx.now, cx.messages);
        for index in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[index];
            self.metrics.messages_redriven_in.add(1);
            self.admit(&entry, Span::ZERO, cx.now);
        }
        cx.batches.close(batch);
        // A message older than this queue's retention period is lost on arrival.
        self.settle(cx.now, cx.messages);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// `ReceiveMessage` begins: answered at once by a short poll or when messages are there, else it waits.
    pub(super) fn poll<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        poller: PollerId,
        maximum: u8,
        wait_seconds: Option<u8>,
        cx: &mut Context<'_, O>,
    ) {
        self.settle(cx.now, cx.messages);
        self.metrics.receive_calls.add(1);
        let wait = wait_seconds.unwrap_or(self.settings.receive_message_wait_seconds);
        if wait == 0 {
            let outcome = if self.room_in_flight() == 0 {
                self.metrics.over_limit_errors.add(1);
                PollOutcome::Refused(ApiError::OverLimit)
            } else {
                let servers = self.sampled_servers();
                self.take_messages(maximum, servers, cx).map_or(PollOutcome::Empty, PollOutcome::Messages)
            };
            self.answer(from, poller, outcome, cx);
            return;
        }
        let deadline = cx.now + Span::from_seconds(u64::from(wait));
        // Polls that wait already come first; with none waiting the answer may be immediate.
        if self.waiters.is_empty()
            && let Some(batch) = self.take_messages(maximum, u64::MAX, cx)
        {
            self.answer(from, poller, PollOutcome::Messages(batch), cx);
            return;
        }
        self.waiters.push(Waiter { from, poller, maximum, deadline });
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// A deadline has come: messages became visible, or waits ended.
    pub(super) fn meet_deadline<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.armed = Time::MAX;
        self.settle(cx.now, cx.messages);
        self.serve_waiters(cx);
        let mut waiters = std::mem::take(&mut self.waiters);
        waiters
            .take_expired(cx.now, |waiter| self.answer(waiter.from, waiter.poller, PollOutcome::Empty, cx));
        self.waiters = waiters;
        self.arm(cx);
    }

    /// Hands messages to the long polls that wait, as long as there are both.
    #[inline]
    pub(super) fn serve_waiters<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        while self.counts.visible > 0 {
            let Some(&Waiter { from, poller, maximum, .. }) = self.waiters.front() else { return };
            let Some(batch) = self.take_messages(maximum, u64::MAX, cx) else { return };
            self.waiters.pop_front();
            self.answer(from, poller, PollOutcome::Messages(batch), cx);
        }
    }

    /// The answer leaves for the poller; it takes the time of a receive call.
    #[inline]
    fn answer<O: Outbox<Timer>>(
        &mut self,
        to: EntityId,
        poller: PollerId,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let mut bytes = 0;
        match outcome {
            PollOutcome::Messages(batch) => {
                let entries = cx.batches.entries(batch);
                self.metrics.messages_received.add(entries.len() as u64);
                bytes = entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).sum();
            }
            PollOutcome::Empty => self.metrics.empty_receives.add(1),
            PollOutcome::Refused(_) => {}
        }
        self.bill(bytes);
        let delay = draw_span(&self.settings.latency.receive, &mut self.chance.receive_latency);
        cx.outbox.send(to, delay, Signal::Delivery { poller, outcome });
    }

    pub(super) fn room_in_flight(&self) -> u64 {
        self.settings.quotas.maximum_in_flight.saturating_sub(self.counts.in_flight)
    }

    /// The servers a short poll asks: a third of them, drawn anew each time. AWS says only that it is a weighted
    /// random subset ("Amazon SQS short and long polling"); numbers and shares are assumptions.
    fn sampled_servers(&mut self) -> u64 {
        if !self.settings.short_poll_sampling {
            return u64::MAX;
        }
        let few = self.counts.held() < FEW_MESSAGES;
        let servers = if few { FEW_SERVERS } else { SERVERS };
        let mut chosen: u64 = 0;
        for _ in 0..servers.div_ceil(3) {
            let mut pick = self.chance.servers.below(servers);
            while chosen & (1 << pick) != 0 {
                pick = (pick + 1) % servers;
            }
            chosen |= 1 << pick;
        }
        if few {
            (0..SERVERS / FEW_SERVERS).fold(0, |all, copy| all | (chosen << (copy * FEW_SERVERS)))
        } else {
            chosen
        }
    }

    /// Takes up to `maximum` visible messages on the given servers and puts them in flight. Messages received too
    /// often are moved to the dead-letter queue on the way, without taking a place in the answer ("Using dead-letter
    /// queues in Amazon SQS": the count must exceed `maxReceiveCount`, and only a receive finds out).
    fn take_messages<O: Outbox<Timer>>(
        &mut self,
        maximum: u8,
        servers: u64,
        cx: &mut Context<'_, O>,
    ) -> Option<BatchId> {
        if self.counts.visible == 0 {
            return None;
        }
        let room = self.room_in_flight().min(u64::from(maximum));
        let mut taken = None;
        let mut dead = None;
        let mut count = 0;
        while count < room && self.counts.visible > 0 {
            let slots = &self.slots;
            let next = self.visible.pop(
                cx.now,
                |receipt| slots.is_in(receipt, State::Visible),
                |slot| servers & (1 << slots.get(slot).server) != 0,
            );
            let Some(index) = next else { break };
            let receives = self.slots.get(index).receives_here();
            if let Some(redrive) =
                self.settings.redrive.filter(|redrive| receives >= redrive.max_receive_count)
            {
                let (_, batch) = *dead.get_or_insert_with(|| (redrive.dead_letter_queue, cx.batches.open()));
                self.move_to_dead_letters(index, batch, cx);
            } else {
                let batch = *taken.get_or_insert_with(|| cx.batches.open());
                let entry = self.hand_out(index, cx.now, cx.messages);
                cx.batches.entries_mut(batch).push(entry);
                count += 1;
            }
        }
        self.visible.put_back(cx.now);
        if let Some((queue, batch)) = dead {
            cx.outbox.send(queue, Span::ZERO, Signal::DeadLetter { batch });
        }
        taken
    }

    /// The message is received: it is in flight from now on.
    #[inline]
    fn hand_out(&mut self, index: u32, now: Time, messages: &mut Messages) -> Entry {
        self.leave_state(index, now);
        let hidden_until = now + self.settings.visibility_timeout;
        let slot = self.slots.get_mut(index);
        if slot.receives_here() == 0 {
            self.metrics.queue_wait.record((now - slot.since).as_nanos());
        }
        slot.generation = slot.generation.wrapping_add(1);
        slot.receive_count += 1;
        slot.hidden_until = hidden_until;
        slot.since = now;
        let slot = *slot;
        messages.hold(slot.message);
        self.enter_flight(index, now);
        let receipt = self.slots.receipt(index);
        self.watch_in_flight(hidden_until, receipt);
        Entry {
            message: slot.message,
            receipt,
            receive_count: slot.receive_count,
            delay_seconds: None,
            enqueued_at: slot.enqueued_at,
        }
    }

    #[inline]
    fn watch_in_flight(&mut self, until: Time, receipt: Receipt) {
        let slots = &self.slots;
        self.in_flight
            .push(until, receipt, self.counts.in_flight, |at, receipt| slots.is_in_flight_until(at, receipt));
    }

    fn move_to_dead_letters<O>(&mut self, index: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let slot = *self.slots.get(index);
        cx.messages.mark_dead_lettered(slot.message);
        cx.batches.entries_mut(batch).push(Entry {
            message: slot.message,
            receipt: Receipt::NONE,
            receive_count: slot.receive_count,
            delay_seconds: None,
            enqueued_at: slot.enqueued_at,
        });
        self.metrics.messages_dead_lettered.add(1);
        self.remove(index, cx.now);
    }

    /// `DeleteMessage` or `DeleteMessageBatch` takes effect.
    ///
    /// The handle works while the message is in flight and also after its timeout ran out, as long as nobody received
    /// it again; then the call still succeeds but the message stays ("`DeleteMessage`").
    pub(super) fn delete<O: Outbox<Timer>>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        self.settle(cx.now, cx.messages);
        self.metrics.delete_calls.add(1);
        self.bill(0);
        for index in 0..cx.batches.entries(batch).len() {
            let receipt = cx.batches.entries(batch)[index].receipt;
            if !self.slots.is_known(receipt) {
                // Deleting twice succeeds twice, and is counted twice.
                self.metrics.messages_deleted.add(1);
                continue;
            }
            if self.slots.get(receipt.slot).generation != receipt.generation {
                self.metrics.stale_deletes.add(1);
                continue;
            }
            self.metrics.messages_deleted.add(1);
            self.delete_message(receipt.slot, cx);
        }
        cx.batches.close(batch);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    #[inline]
    fn delete_message<O>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        self.counts.deleted += 1;
        if let Some(at) = self.copy_returns_at(cx.now) {
            // The undeleted copy keeps the place: same message, same retention, no handle that works.
            self.metrics.copies_returned.add(1);
            self.leave_state(index, cx.now);
            let slot = self.slots.get_mut(index);
            slot.generation = slot.generation.wrapping_add(1);
            self.hide(index, State::Returning, at, cx.now);
            return;
        }
        cx.messages.release(self.slots.get(index).message);
        self.remove(index, cx.now);
    }

    /// `ChangeMessageVisibility` or its batch takes effect: hidden for `timeout` from now, visible at once with zero.
    ///
    /// A timeout that would keep a message hidden for more than 12 hours after its receive is an error and changes
    /// nothing ("Amazon SQS visibility timeout"); so is a handle whose message is gone or was received again. A call
    /// that comes after the timeout ran out, but before anybody received the message again, hides it once more: that
    /// was observed of standard queues, AWS does not document it.
    pub(super) fn change_visibility<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        timeout: Span,
        cx: &mut Context<'_, O>,
    ) {
        self.settle(cx.now, cx.messages);
        self.metrics.change_visibility_calls.add(1);
        self.bill(0);
        for index in 0..cx.batches.entries(batch).len() {
            let receipt = cx.batches.entries(batch)[index].receipt;
            if self.slots.is_known(receipt)
                && self.slots.get(receipt.slot).generation == receipt.generation
                && cx.now + timeout <= self.slots.get(receipt.slot).since + LONGEST_HIDDEN
            {
                self.change_one(receipt, timeout, cx.now);
            }
        }
        cx.batches.close(batch);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    fn change_one(&mut self, receipt: Receipt, timeout: Span, now: Time) {
        let lapsed = self.slots.get(receipt.slot).state == State::Visible;
        if timeout == Span::ZERO {
            if !lapsed {
                self.leave_state(receipt.slot, now);
                self.show_again(receipt.slot, now);
            }
            return;
        }
        if lapsed {
            self.leave_state(receipt.slot, now);
            self.enter_flight(receipt.slot, now);
        }
        let until = now + timeout;
        self.slots.get_mut(receipt.slot).hidden_until = until;
        self.watch_in_flight(until, receipt);
    }

    #[inline]
    fn enter_flight(&mut self, index: u32, now: Time) {
        self.slots.get_mut(index).state = State::InFlight;
        self.counts.in_flight += 1;
        self.metrics.messages_in_flight.set(now, self.counts.in_flight);
    }

    /// The connection of a waiting poll is gone.
    pub(super) fn hang_up(&mut self, from: EntityId, poller: PollerId) {
        self.waiters.hang_up(from, poller);
    }

    /// Each 64 KiB of payload is one request on the bill, each call at least one ("Amazon SQS pricing").
    #[inline]
    fn bill(&mut self, bytes: u64) {
        let chunk = u64::from(self.settings.quotas.billing_chunk_bytes);
        self.metrics.billed_requests.add(if bytes <= chunk { 1 } else { bytes.div_ceil(chunk) });
    }
}
