//! The calls of fleets and producers: sends, deletes, changes of visibility. Receives have a room of their own.

use super::Timer;
use super::queue::{Order, Queue};
use super::slots::State;
use super::throughput::Limited;
use crate::engine::{Span, Time};
use crate::wire::{
    AccessAction, ApiError, BatchId, Context, Deduplication, EntityId, Entry, GroupId, MessageId, Outbox,
    PollerId, Receipt, RequestId, Signal, TextId, Use, identity,
};

/// Longest total time a message may stay hidden after one receive ("Amazon SQS visibility timeout").
pub(super) const LONGEST_HIDDEN: Span = Span::from_hours(12);
/// Longest `DelaySeconds` ("Amazon SQS message timers").
pub(super) const LONGEST_DELAY_SECONDS: i64 = 900;

/// Who waits for the answer to a receive.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caller {
    /// A poller of a fleet, and how long it wants messages to be hidden, in seconds.
    Poller(PollerId, Option<u16>),
    /// A call whose answer is read.
    Request(Asked),
}

/// A receive whose answer is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) request: RequestId,
    /// `VisibilityTimeout` of the call.
    pub(super) visibility: Option<Span>,
    /// `ReceiveRequestAttemptId`.
    pub(super) attempt: Option<TextId>,
    /// When the call was made.
    pub(super) at: Time,
}

impl Caller {
    pub(super) fn visibility(&self) -> Option<Span> {
        match self {
            Caller::Poller(_, seconds) => seconds.map(|seconds| Span::from_seconds(u64::from(seconds))),
            Caller::Request(asked) => asked.visibility,
        }
    }
}

/// What a call asks for, as far as a queue may refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalOf {
    Send,
    Receive,
    Delete,
}

/// A message the queue took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted {
    pub(super) slot: u32,
    pub(super) sequence: u64,
}

impl Queue {
    /// Whether the queue refuses a call as a whole, and why: permission first, then throughput, then the key.
    #[inline]
    pub(super) fn refusal(
        &mut self,
        from: EntityId,
        call: RefusalOf,
        groups: impl Iterator<Item = GroupId>,
        now: Time,
    ) -> Option<ApiError> {
        let (action, limited, purpose) = match call {
            RefusalOf::Send => (AccessAction::SendMessage, Limited::Send, Some(Use::Send)),
            RefusalOf::Receive => {
                let purpose = (self.counts.visible > 0).then_some(Use::Receive);
                (AccessAction::ReceiveMessage, Limited::Receive, purpose)
            }
            RefusalOf::Delete => (AccessAction::DeleteMessage, Limited::Delete, None),
        };
        if self.refuses(from, action) {
            return Some(ApiError::AccessDenied);
        }
        if let Order::Fifo(fifo) = &mut self.order
            && !fifo.throughput.admit(limited, groups, now)
        {
            self.metrics.throttled_calls.add(1);
            return Some(ApiError::RequestThrottled);
        }
        let (settings, purpose) = (self.settings.kms.as_ref()?, purpose?);
        match self.keys.need(settings, from, purpose, now) {
            Ok(calls) => {
                self.metrics.kms_calls.add(calls);
                None
            }
            Err(error) => {
                self.metrics.kms_errors.add(1);
                Some(error)
            }
        }
    }

    /// Whether the caller has no permission ("Basic examples of Amazon SQS policies").
    #[inline]
    pub(super) fn refuses(&mut self, from: EntityId, action: AccessAction) -> bool {
        let refused = self.settings.access.refuses(from, action);
        if refused {
            self.metrics.access_denied.add(1);
        }
        refused
    }

    /// `SendMessage` or `SendMessageBatch` takes effect. What is refused goes back to the sender, each message for itself.
    pub(super) fn put<O: Outbox<Timer>>(&mut self, from: EntityId, batch: BatchId, cx: &mut Context<'_, O>) {
        self.catch_up(cx);
        self.metrics.send_calls.add(1);
        let entries = cx.batches.entries(batch);
        let groups = entries.iter().map(|entry| cx.messages.group(entry.message));
        if let Some(error) = self.refusal(from, RefusalOf::Send, groups, cx.now) {
            self.metrics.messages_refused.add(entries.len() as u64);
            self.bill(0);
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
            return;
        }
        let mut bytes = 0;
        let mut refused: Option<(ApiError, BatchId)> = None;
        for index in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[index];
            bytes += u64::from(cx.messages.bytes(entry.message));
            let Err(error) =
                self.accept(from, entry.message, entry.delay_seconds.map(|delay| i64::from(delay.get())), cx)
            else {
                continue;
            };
            self.metrics.messages_refused.add(1);
            // One answer for each kind of error.
            if let Some((_, batch)) = refused.take_if(|(other, _)| *other != error) {
                cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
            }
            let (_, refused) = *refused.get_or_insert_with(|| (error, cx.batches.open()));
            cx.batches.entries_mut(refused).push(entry);
        }
        cx.batches.close(batch);
        self.bill(bytes);
        if let Some((error, batch)) = refused {
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
        }
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// Takes a message in, or says why not. Gives the sequence number of a FIFO queue; of a duplicate that of the
    /// message it repeats, which is all that becomes of it.
    #[inline]
    pub(super) fn accept<O>(
        &mut self,
        from: EntityId,
        message: MessageId,
        delay_seconds: Option<i64>,
        cx: &mut Context<'_, O>,
    ) -> Result<Option<u64>, ApiError> {
        let bytes = cx.messages.bytes(message);
        if bytes == 0 {
            return Err(ApiError::MissingParameter);
        }
        let detail = cx.messages.detail(message);
        let key = match &self.order {
            Order::Standard(_) => {
                if matches!(detail.deduplication, Deduplication::Id(_))
                    || (detail.group != GroupId::NONE && !self.settings.quotas.fair_queues)
                {
                    return Err(ApiError::InvalidParameterValue);
                }
                None
            }
            Order::Fifo(fifo) => {
                if detail.group == GroupId::NONE {
                    return Err(ApiError::MissingParameter);
                }
                let content_based = fifo.settings.content_based_deduplication;
                let identity = identity(detail.deduplication, cx.messages.origin(message), content_based)
                    .map_err(|()| ApiError::InvalidParameterValue)?;
                let scope = if fifo.settings.deduplicates_by_group { detail.group } else { GroupId::NONE };
                identity.map(|identity| (identity, scope))
            }
        };
        let is_fifo = self.settings.fifo.is_some();
        let longest = if is_fifo { 0 } else { LONGEST_DELAY_SECONDS };
        if delay_seconds.is_some_and(|seconds| !(0..=longest).contains(&seconds))
            || bytes > self.settings.maximum_message_size
        {
            return Err(ApiError::InvalidParameterValue);
        }
        if let (Some(key), Order::Fifo(fifo)) = (key, &mut self.order)
            && let Some(sequence) = fifo.memory.earlier(key, cx.now)
        {
            self.metrics.messages_deduplicated.add(1);
            cx.messages.mark_deduplicated(message);
            cx.messages.release(message);
            return Ok(Some(sequence));
        }
        let delay = match delay_seconds {
            Some(seconds) if !is_fifo => Span::from_seconds(seconds as u64),
            _ => self.settings.delay,
        };
        self.metrics.messages_sent.add(1);
        self.metrics.sent_message_size.record(u64::from(bytes));
        let entry = Entry { enqueued_at: cx.now, ..Entry::new(message) };
        let admitted = self.admit(&entry, delay, detail.group, from, cx.now);
        if let (Some(key), Order::Fifo(fifo)) = (key, &mut self.order) {
            fifo.memory.remember(key, admitted.sequence, cx.now);
        }
        Ok(is_fifo.then_some(admitted.sequence))
    }

    /// `DeleteMessage` or `DeleteMessageBatch` takes effect.
    pub(super) fn delete<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        self.catch_up(cx);
        self.metrics.delete_calls.add(1);
        self.bill(0);
        if self.settings.fifo.is_some() || !self.settings.access.is_empty() {
            let groups = cx.batches.entries(batch).iter().map(|entry| cx.messages.group(entry.message));
            match self.refusal(from, RefusalOf::Delete, groups, cx.now) {
                None => {}
                Some(ApiError::RequestThrottled) => {
                    cx.outbox.send(from, Span::ZERO, Signal::DeleteThrottled { batch });
                    return;
                }
                Some(_) => {
                    cx.batches.close(batch);
                    return;
                }
            }
        }
        for index in 0..cx.batches.entries(batch).len() {
            let receipt = cx.batches.entries(batch)[index].receipt;
            // Nobody reads the answer.
            let _ = self.delete_one(receipt, false, cx);
        }
        cx.batches.close(batch);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// Deletes the message of a receipt handle.
    ///
    /// In a standard queue the handle works while the message is in flight and also after its timeout ran out, as long
    /// as nobody received it again; then the call still succeeds but the message stays ("`DeleteMessage`"). In a FIFO
    /// queue a handle is good as long as its message is in flight, or within the millisecond of its receive ("Amazon SQS
    /// visibility timeout"). Deleting twice succeeds twice, and is counted twice.
    pub(super) fn delete_one<O>(
        &mut self,
        receipt: Receipt,
        processed: bool,
        cx: &mut Context<'_, O>,
    ) -> Result<(), ApiError> {
        if receipt == Receipt::NONE {
            return Err(ApiError::ReceiptHandleIsInvalid);
        }
        if !self.slots.is_known(receipt) {
            self.metrics.messages_deleted.add(1);
            return Ok(());
        }
        let slot = self.slots.get(receipt.slot);
        let is_current = slot.generation == receipt.generation;
        if self.settings.fifo.is_some() {
            let millisecond = |time: Time| time.since_start() / Span::from_millis(1);
            let works = is_current
                && (slot.state == State::InFlight || millisecond(slot.since) == millisecond(cx.now));
            if !works {
                self.metrics.stale_deletes.add(1);
                return Err(ApiError::InvalidParameterValue);
            }
        } else if !is_current {
            self.metrics.stale_deletes.add(1);
            return Ok(());
        }
        self.metrics.messages_deleted.add(1);
        if processed {
            cx.messages.mark_processed(slot.message);
        }
        self.delete_message(receipt.slot, cx);
        Ok(())
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
    pub(super) fn change_visibility<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        timeout: Span,
        cx: &mut Context<'_, O>,
    ) {
        self.catch_up(cx);
        self.metrics.change_visibility_calls.add(1);
        self.bill(0);
        if !self.refuses(from, AccessAction::ChangeMessageVisibility) {
            for index in 0..cx.batches.entries(batch).len() {
                // Nobody reads the answer.
                let _ = self.change_one(cx.batches.entries(batch)[index].receipt, timeout, cx.now);
            }
        }
        cx.batches.close(batch);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// Changes how long the message of a receipt handle stays hidden.
    ///
    /// A timeout that would keep a message hidden for more than 12 hours after its receive is an error and changes
    /// nothing ("Amazon SQS visibility timeout"); so is a handle whose message is gone or was received again. A call
    /// that comes after the timeout ran out, but before anybody received the message again, hides it once more: that
    /// was observed of standard queues, AWS does not document it. In a FIFO queue such a message is not in flight.
    pub(super) fn change_one(&mut self, receipt: Receipt, timeout: Span, now: Time) -> Result<(), ApiError> {
        if receipt == Receipt::NONE {
            return Err(ApiError::ReceiptHandleIsInvalid);
        }
        if !self.slots.is_known(receipt) || self.slots.get(receipt.slot).generation != receipt.generation {
            return Err(ApiError::InvalidParameterValue);
        }
        let slot = self.slots.get(receipt.slot);
        let lapsed = slot.state == State::Visible;
        if lapsed && self.settings.fifo.is_some() {
            return Err(ApiError::MessageNotInflight);
        }
        if now + timeout > slot.since + LONGEST_HIDDEN {
            return Err(ApiError::InvalidParameterValue);
        }
        if timeout == Span::ZERO {
            if !lapsed {
                self.leave_state(receipt.slot, now);
                self.show_again(receipt.slot, now);
            }
            return Ok(());
        }
        if lapsed {
            self.leave_state(receipt.slot, now);
            self.enter_flight(receipt.slot, now);
        }
        let until = now + timeout;
        self.slots.get_mut(receipt.slot).hidden_until = until;
        self.watch_in_flight(until, receipt);
        Ok(())
    }

    /// The connection of a waiting poll is gone.
    pub(super) fn hang_up(&mut self, from: EntityId, poller: PollerId) {
        self.waiters.hang_up(from, poller);
    }

    /// Each 64 KiB of payload is one request on the bill, each call at least one ("Amazon SQS pricing").
    #[inline]
    pub(super) fn bill(&mut self, bytes: u64) {
        let chunk = u64::from(self.settings.quotas.billing_chunk_bytes);
        self.metrics.billed_requests.add(if bytes <= chunk { 1 } else { bytes.div_ceil(chunk) });
    }
}
