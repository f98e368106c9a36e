//! Calls whose answer is read, as scripted clients make them: parameters are checked as AWS checks them.

use super::Timer;
use super::calls::{Asked, Caller, RefusalOf};
use super::queue::{Order, Queue};
use super::slots::State;
use crate::engine::{Span, Time};
use crate::wire::{
    AccessAction, Action, Answer, ApiError, Context, EntityId, EntryAnswer, GroupId, Outbox, PollOutcome,
    QueueCounts, Receipt, Received, RequestId, SendEntry, TextId, VisibilityEntry,
};

/// Longest `VisibilityTimeout`, seconds ("Amazon SQS visibility timeout").
pub(super) const LONGEST_VISIBILITY: i64 = 43_200;
/// Longest `WaitTimeSeconds` ("Amazon SQS short and long polling").
pub(super) const LONGEST_WAIT: i64 = 20;
/// Most attributes of a message ("Amazon SQS message quotas").
const MOST_ATTRIBUTES: u16 = 10;
/// Most messages of a receive ("`ReceiveMessage`").
const MOST_RECEIVED: i64 = 10;

impl Queue {
    /// A call begins; it is answered at once unless it is a receive that waits.
    pub(super) fn ask<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        self.catch_up(cx);
        let action = cx.requests.action(request).clone();
        let answer = match action {
            Action::ReceiveMessage { maximum, wait_seconds, visibility_timeout_seconds, attempt } => {
                let visibility =
                    visibility_timeout_seconds.map(|seconds| Span::from_seconds(seconds.max(0) as u64));
                let asked = Asked { request, visibility, attempt, at: cx.now };
                let in_range = maximum.is_none_or(|maximum| (1..=MOST_RECEIVED).contains(&maximum))
                    && wait_seconds.is_none_or(|wait| (0..=LONGEST_WAIT).contains(&wait))
                    && visibility_timeout_seconds
                        .is_none_or(|seconds| (0..=LONGEST_VISIBILITY).contains(&seconds))
                    && (attempt.is_none() || self.settings.fifo.is_some());
                if !in_range {
                    self.metrics.receive_calls.add(1);
                    self.bill(0);
                    Some(Answer::Failed(ApiError::InvalidParameterValue))
                } else if let Some(answer) = self.repeat(asked, cx) {
                    Some(answer)
                } else {
                    let wait = wait_seconds.map(|wait| wait as u8);
                    self.poll(from, Caller::Request(asked), maximum.unwrap_or(1) as u8, wait, cx);
                    None
                }
            }
            Action::SendMessage(entry) => Some(self.ask_send(from, &[entry], None, cx)),
            Action::SendMessageBatch(entries, ids) => Some(self.ask_send(from, &entries, Some(&ids), cx)),
            Action::DeleteMessage(receipt) => Some(self.ask_delete(from, &[receipt], false, cx)),
            Action::DeleteMessageBatch(receipts) => Some(self.ask_delete(from, &receipts, true, cx)),
            Action::ChangeMessageVisibility(entry) => Some(self.ask_change(from, &[entry], false, cx)),
            Action::ChangeMessageVisibilityBatch(entries) => Some(self.ask_change(from, &entries, true, cx)),
            other => Some(self.ask_about_queue(from, &other, cx)),
        };
        if let Some(answer) = answer {
            cx.answer((from, request), answer, Span::ZERO);
        }
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// Calls about the queue as a whole.
    fn ask_about_queue<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        action: &Action,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        self.metrics.management_calls.add(1);
        self.bill(0);
        let permission = match action {
            Action::PurgeQueue => AccessAction::PurgeQueue,
            Action::GetQueueAttributes => AccessAction::GetQueueAttributes,
            _ => AccessAction::Manage,
        };
        if self.refuses(from, permission) {
            return Answer::Failed(ApiError::AccessDenied);
        }
        match action {
            Action::PurgeQueue => self.purge(cx),
            Action::SetQueueAttributes(attributes) => self.set_attributes(attributes, cx),
            Action::GetQueueAttributes => Answer::Counts(QueueCounts {
                visible: self.counts.visible,
                in_flight: self.counts.in_flight,
                delayed: self.counts.delayed,
            }),
            Action::StartMessageMoveTask { destination, maximum_per_second } => {
                self.start_move_task(*destination, *maximum_per_second, cx)
            }
            Action::ListMessageMoveTasks => self.list_move_tasks(),
            Action::CancelMessageMoveTask(task) => self.cancel_move_task(*task),
            _ => unreachable!("the calls about messages are answered elsewhere"),
        }
    }

    /// `SendMessage`, or `SendMessageBatch` with the ids of its entries.
    fn ask_send<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        entries: &[SendEntry],
        ids: Option<&[TextId]>,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        self.metrics.send_calls.add(1);
        let bytes: u64 = entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).sum();
        if let Some(error) = self.wrong_batch(entries.len(), ids, bytes) {
            self.bill(0);
            return Answer::Failed(error);
        }
        let groups = entries.iter().map(|entry| cx.messages.group(entry.message));
        if let Some(error) = self.refusal(from, RefusalOf::Send, groups, cx.now) {
            self.bill(0);
            self.metrics.messages_refused.add(entries.len() as u64);
            return Answer::Failed(error);
        }
        self.bill(bytes);
        let accept = |entry: &SendEntry| {
            if entry.attributes > MOST_ATTRIBUTES {
                return Err(ApiError::InvalidParameterValue);
            }
            self.accept(from, entry.message, entry.delay_seconds, cx)
        };
        let answers: Vec<EntryAnswer> = entries.iter().map(accept).collect();
        self.metrics.messages_refused.add(answers.iter().filter(|answer| answer.is_err()).count() as u64);
        Answer::Entries(answers)
    }

    /// What is wrong with a batch of sends as a whole ("`SendMessageBatch`"); a single send has no ids.
    fn wrong_batch(&self, entries: usize, ids: Option<&[TextId]>, bytes: u64) -> Option<ApiError> {
        let ids = ids?;
        if let Some(error) = self.wrong_count(entries) {
            return Some(error);
        }
        if ids.contains(&TextId::IMPOSSIBLE) {
            return Some(ApiError::InvalidBatchEntryId);
        }
        let is_repeated = |(index, id): (usize, &TextId)| ids[..index].contains(id);
        if ids.iter().enumerate().any(is_repeated) {
            return Some(ApiError::BatchEntryIdsNotDistinct);
        }
        (bytes > u64::from(self.settings.quotas.maximum_batch_bytes)).then_some(ApiError::BatchRequestTooLong)
    }

    fn wrong_count(&self, entries: usize) -> Option<ApiError> {
        match entries {
            0 => Some(ApiError::EmptyBatchRequest),
            more if more > self.settings.quotas.maximum_batch_entries as usize => {
                Some(ApiError::TooManyEntriesInBatchRequest)
            }
            _ => None,
        }
    }

    /// `DeleteMessage` or `DeleteMessageBatch`. What a script deletes counts as processed.
    fn ask_delete<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        receipts: &[Receipt],
        is_batch: bool,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        self.metrics.delete_calls.add(1);
        self.bill(0);
        if let Some(error) = self.wrong_count(receipts.len()).filter(|_| is_batch) {
            return Answer::Failed(error);
        }
        let groups: Vec<GroupId> = receipts
            .iter()
            .filter(|receipt| self.slots.is_known(**receipt))
            .map(|receipt| self.group(receipt.slot))
            .collect();
        if let Some(error) = self.refusal(from, RefusalOf::Delete, groups.into_iter(), cx.now) {
            return Answer::Failed(error);
        }
        Answer::Entries(
            receipts.iter().map(|receipt| self.delete_one(*receipt, true, cx).map(|()| None)).collect(),
        )
    }

    /// `ChangeMessageVisibility` or its batch.
    fn ask_change<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        entries: &[VisibilityEntry],
        is_batch: bool,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        self.metrics.change_visibility_calls.add(1);
        self.bill(0);
        if let Some(error) = self.wrong_count(entries.len()).filter(|_| is_batch) {
            return Answer::Failed(error);
        }
        if self.refuses(from, AccessAction::ChangeMessageVisibility) {
            return Answer::Failed(ApiError::AccessDenied);
        }
        let change = |entry: &VisibilityEntry| {
            if entry.receipt == Receipt::NONE {
                return Err(ApiError::ReceiptHandleIsInvalid);
            }
            if !(0..=LONGEST_VISIBILITY).contains(&entry.timeout_seconds) {
                return Err(ApiError::InvalidParameterValue);
            }
            let timeout = Span::from_seconds(entry.timeout_seconds as u64);
            self.change_one(entry.receipt, timeout, cx.now).map(|()| None)
        };
        Answer::Entries(entries.iter().map(change).collect())
    }

    /// A receive that is asked for once more: the same messages with the same handles, hidden anew, as long as none of
    /// them was touched and none came back ("`ReceiveMessage`", `ReceiveRequestAttemptId`).
    fn repeat<O>(&mut self, asked: Asked, cx: &mut Context<'_, O>) -> Option<Answer> {
        let Order::Fifo(fifo) = &mut self.order else { return None };
        let attempt = fifo.attempts.get_mut(asked.attempt?, cx.now)?;
        let slots = &self.slots;
        let is_untouched = |(receipt, until): &(Receipt, Time)| slots.is_in_flight_until(*until, *receipt);
        if !attempt.returned.iter().all(is_untouched) {
            return None;
        }
        let until = cx.now + asked.visibility.unwrap_or(self.settings.visibility_timeout);
        let mut receipts = Vec::new();
        for (receipt, end) in &mut attempt.returned {
            *end = until;
            receipts.push(*receipt);
        }
        self.metrics.receive_calls.add(1);
        let mut bytes = 0;
        let mut received = Vec::new();
        for receipt in receipts {
            let slot = self.slots.get_mut(receipt.slot);
            slot.hidden_until = until;
            bytes += u64::from(cx.messages.bytes(slot.message));
            self.watch_in_flight(until, receipt);
            received.push(self.received(receipt, cx));
        }
        self.metrics.messages_received.add(received.len() as u64);
        self.bill(bytes);
        Some(Answer::Messages(received))
    }

    /// A message in flight, as a receive tells it.
    fn received<O>(&self, receipt: Receipt, cx: &Context<'_, O>) -> Received {
        let slot = self.slots.get(receipt.slot);
        let detail = cx.messages.detail(slot.message);
        let extra = self.extras.get(receipt.slot as usize);
        Received {
            content: detail.content,
            origin: cx.messages.origin(slot.message),
            group: detail.group,
            receipt,
            receive_count: slot.receive_count,
            sent_at: slot.enqueued_at,
            first_received_at: extra.map_or(slot.since, |extra| extra.first_received_at),
            sequence: self.settings.fifo.map(|_| slot.sequence),
        }
    }

    /// The answer to a receive, in the words of a request. Whoever asked does not hold the messages.
    pub(super) fn answer_request<O: Outbox<Timer>>(
        &mut self,
        to: EntityId,
        asked: Asked,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let answer = match outcome {
            PollOutcome::Refused(error) => Answer::Failed(error),
            PollOutcome::Empty => Answer::Messages(Vec::new()),
            PollOutcome::Messages(batch) => {
                let receipts: Vec<Receipt> =
                    cx.batches.entries(batch).iter().map(|entry| entry.receipt).collect();
                if let (Order::Fifo(fifo), Some(attempt)) = (&mut self.order, asked.attempt) {
                    let until = |receipt: &Receipt| (*receipt, self.slots.get(receipt.slot).hidden_until);
                    fifo.attempts.remember(attempt, asked.at, receipts.iter().map(until).collect());
                }
                let received = receipts.into_iter().map(|receipt| self.received(receipt, cx)).collect();
                for entry in cx.batches.entries(batch) {
                    cx.messages.release(entry.message);
                }
                cx.batches.close(batch);
                Answer::Messages(received)
            }
        };
        cx.answer((to, asked.request), answer, Span::ZERO);
    }

    /// `PurgeQueue`: everything goes; when, `changes.rs` says.
    fn purge<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) -> Answer {
        let interval = self.settings.quotas.purge_interval;
        if self.purged_at.is_some_and(|at| cx.now < at + interval) {
            return Answer::Failed(ApiError::PurgeQueueInProgress);
        }
        self.purged_at = Some(cx.now);
        self.begin_purge(cx);
        Answer::Done
    }

    /// A purge deletes all messages up to the one with this number.
    pub(super) fn delete_all<O>(&mut self, last: u64, cx: &mut Context<'_, O>) {
        for index in self.slots.in_use() {
            let slot = self.slots.get(index);
            // A copy on a server that is away is not met by a purge.
            if slot.state == State::Returning || slot.sequence > last {
                continue;
            }
            cx.messages.release(self.slots.get(index).message);
            self.remove(index, cx.now);
            self.counts.purged += 1;
        }
        if let Order::Fifo(fifo) = &mut self.order {
            fifo.memory.clear();
        }
    }
}
