//! A real temporary queue for each request, and what becomes of those that nobody uses any more.
//!
//! Such a queue holds one message at most and has one receiver, so the requester keeps it itself, and counts the calls.

use super::Timer;
use super::entity::{Requester, Waiting};
use super::settings::{Replies, TemporaryQueues};
use crate::engine::{Span, Time};
use crate::wire::{ApiError, BatchId, Content, Context, EntityId, MessageId, Outbox, Signal, draw_span};

/// The temporary queue of one request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mailbox {
    /// The reply, from its arrival until a receive returns it.
    reply: Option<MessageId>,
    /// A receive waits.
    is_receiving: bool,
    /// The reply is on its way to the requester.
    is_returning: bool,
}

/// A queue that a crashed process left behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Orphan {
    /// The number of its request.
    number: u32,
    /// When it was tagged last.
    tagged_at: Time,
}

/// Bytes of payload that make one request on the bill ("Amazon SQS pricing").
const CHUNK: u64 = 64 * 1024;
/// Queues that one call to ListQueues returns ("ListQueues").
const QUEUES_LISTED: u64 = 1_000;

impl Requester {
    fn temporary(&self) -> Option<&TemporaryQueues> {
        match &self.settings.replies {
            Replies::QueuePerRequest(queues) => Some(queues),
            Replies::Host(_) => None,
        }
    }

    /// CreateQueue and TagQueue, when each request has a queue of its own; tells how long it takes until that can be used.
    pub(super) fn create_temporary_queue(&mut self) -> Option<Span> {
        let Replies::QueuePerRequest(queues) = &self.settings.replies else { return None };
        let time = draw_span(&queues.create_latency, &mut self.chance.create) + queues.ready_after;
        self.queue_metrics.create_queue_calls.add(1);
        self.queue_metrics.tag_queue_calls.add(1);
        self.queue_metrics.billed_requests.add(2);
        Some(time)
    }

    /// DeleteQueue: a reply that is still in the queue goes with it.
    pub(super) fn delete_temporary_queue<O>(&mut self, waiting: &Waiting, cx: &mut Context<'_, O>) {
        if self.temporary().is_none() {
            return;
        }
        self.queue_metrics.delete_queue_calls.add(1);
        self.queue_metrics.billed_requests.add(1);
        if let Some(reply) = waiting.mailbox.reply {
            self.metrics.late_replies.add(1);
            cx.messages.release(reply);
        }
    }

    /// Replies reach temporary queues.
    pub(super) fn take_put<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let bytes: u64 =
            cx.batches.entries(batch).iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).sum();
        self.queue_metrics.send_calls.add(1);
        self.queue_metrics.billed_requests.add(bytes.div_ceil(CHUNK).max(1));
        let refused = cx.batches.open();
        for index in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[index];
            if !self.accept(entry.message, cx) {
                cx.batches.entries_mut(refused).push(entry);
            }
        }
        cx.batches.close(batch);
        if cx.batches.entries(refused).is_empty() {
            cx.batches.close(refused);
        } else {
            let error = ApiError::QueueDoesNotExist;
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch: refused, error });
        }
    }

    /// A reply reaches the temporary queue of its request, if that still exists.
    fn accept<O: Outbox<Timer>>(&mut self, reply: MessageId, cx: &mut Context<'_, O>) -> bool {
        let Content::Reply(correlation) = cx.messages.detail(reply).content else { return false };
        let number = correlation.number;
        let Some(waiting) = self.find(number) else {
            // The queue of a crashed process takes it, and nobody ever receives it.
            let is_orphan = self.orphans.iter().any(|orphan| orphan.number == number);
            if is_orphan {
                self.replies += 1;
                self.metrics.late_replies.add(1);
                cx.messages.release(reply);
            }
            return is_orphan;
        };
        if waiting.mailbox.reply.is_some() {
            // A second one: it is still there when the queue is deleted.
            self.replies += 1;
            self.metrics.late_replies.add(1);
            cx.messages.release(reply);
            return true;
        }
        waiting.mailbox.reply = Some(reply);
        let is_receiving = waiting.mailbox.is_receiving;
        self.replies += 1;
        if is_receiving {
            self.return_reply(number, cx);
        }
        true
    }

    /// A receive call begins: it returns the reply that is there, or waits for it.
    pub(super) fn receive_from_temporary_queue<O: Outbox<Timer>>(
        &mut self,
        number: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Replies::QueuePerRequest(queues) = &self.settings.replies else { return };
        let wait = queues.wait;
        let Some(waiting) = self.find(number) else { return };
        if waiting.mailbox.is_returning {
            return;
        }
        let was_empty = std::mem::replace(&mut waiting.mailbox.is_receiving, true);
        let has_reply = waiting.mailbox.reply.is_some();
        self.queue_metrics.empty_receives.add(u64::from(was_empty));
        self.queue_metrics.receive_calls.add(1);
        self.queue_metrics.billed_requests.add(1);
        if has_reply {
            self.return_reply(number, cx);
        } else {
            let latency = self.receive_latency();
            cx.outbox.wake(cx.now + wait + latency, Timer::Receive(number));
        }
    }

    fn receive_latency(&mut self) -> Span {
        let Replies::QueuePerRequest(queues) = &self.settings.replies else { return Span::ZERO };
        draw_span(&queues.latency.receive, &mut self.chance.receive)
    }

    /// The receive that waits answers with the reply.
    fn return_reply<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let latency = self.receive_latency();
        if let Some(waiting) = self.find(number) {
            waiting.mailbox.is_returning = true;
            cx.outbox.wake(cx.now + latency, Timer::Received(number));
        }
    }

    /// The reply is there; message and queue are deleted.
    pub(super) fn take_from_temporary_queue<O>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Some(reply) = self.find(number).and_then(|waiting| waiting.mailbox.reply.take()) else { return };
        let bytes = u64::from(cx.messages.bytes(reply));
        self.take_reply(number, reply, cx);
        let metrics = &mut self.queue_metrics;
        metrics.delete_calls.add(1);
        metrics.delete_queue_calls.add(1);
        // The receive that returned it was counted as one request.
        metrics.billed_requests.add(2 + bytes.div_ceil(CHUNK).max(1) - 1);
    }

    /// Queues of a crashed process: nobody deletes them, and what is in them is lost.
    pub(super) fn leave_orphans<O>(&mut self, cx: &mut Context<'_, O>) {
        if self.temporary().is_none() {
            return;
        }
        let (first, interval) = (self.first, self.settings.clean_up_interval);
        for (offset, waiting) in self.waiting.iter().enumerate() {
            let Some(waiting) = waiting else { continue };
            if let Some(reply) = waiting.mailbox.reply {
                self.metrics.late_replies.add(1);
                cx.messages.release(reply);
            }
            // Tagged at its creation, and then at each round.
            let rounds = interval.map_or(0, |interval| cx.now.since_start() / interval);
            let last_round = interval.map_or(Time::ZERO, |interval| Time::ZERO + interval * rounds);
            let tagged_at = waiting.attempted.max(last_round);
            self.orphans.push(Orphan { number: first.wrapping_add(offset as u32), tagged_at });
        }
    }

    /// Every five minutes: queues in use are tagged, all are listed, and those that nobody tagged for their retention period
    /// are deleted ("Amazon SQS temporary queues", "Cleaning up queues").
    pub(super) fn clean_up<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(interval) = self.settings.clean_up_interval else { return };
        cx.outbox.wake(cx.now + interval, Timer::CleanUp);
        let (in_use, retention) = match &self.settings.replies {
            Replies::Host(_) => (1, Span::MAX),
            Replies::QueuePerRequest(queues) => (self.open, queues.idle_retention),
        };
        let before = self.orphans.len() as u64;
        self.orphans.retain(|orphan| cx.now - orphan.tagged_at < retention);
        let deleted = before - self.orphans.len() as u64;
        let lists = (in_use + before).div_ceil(QUEUES_LISTED).max(1) + in_use + before;
        let metrics = &mut self.queue_metrics;
        metrics.tag_queue_calls.add(in_use);
        metrics.list_calls.add(lists);
        metrics.orphans_deleted.add(deleted);
        metrics.delete_queue_calls.add(deleted);
        metrics.billed_requests.add(in_use + lists + deleted);
        self.update_levels(cx.now);
    }

    /// The replies in temporary queues.
    pub(super) fn held_replies(&self) -> impl Iterator<Item = MessageId> {
        self.waiting.iter().flatten().filter_map(|waiting| waiting.mailbox.reply)
    }

    /// How many there are.
    pub(super) fn replies_waiting(&self) -> u64 {
        self.held_replies().count() as u64
    }
}
