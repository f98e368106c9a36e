//! A client that receives ahead of its application ("Enabling client-side buffering and request batching with Amazon SQS").
//!
//! Each instance has a buffer. Receive calls in the background fill it with batches of up to ten messages; workers take their
//! messages from it. What lies in the buffer is in flight: its visibility timeout runs. The client reckons that a batch may be
//! used until its timeout has passed since the *begin* of its call, which is earlier than SQS does, and forgets it after that.

use super::Timer;
use super::fleet::Fleet;
use crate::engine::{Span, Time};
use crate::wire::{ApiError, BatchId, Batches, Context, MessageId, Outbox, PollOutcome, PollerId, Signal};
use std::collections::VecDeque;

/// Most messages of a receive call of the client (`maxBatchSize`).
const MOST_MESSAGES: u8 = 10;

/// How a client receives ahead.
#[derive(Debug, Clone, Copy)]
pub struct Prefetch {
    /// Most receive calls under way (`maxInflightReceiveBatches`).
    pub maximum_in_flight: u32,
    /// Most batches in the buffer (`maxDoneReceiveBatches`).
    pub maximum_done: u32,
    /// `WaitTimeSeconds`; `None` leaves it to the queue.
    pub wait_seconds: Option<u8>,
    /// `VisibilityTimeout` of the calls, in seconds; `None` leaves it to the queue.
    pub visibility_seconds: Option<u16>,
    /// The visibility timeout that the client reckons with.
    pub timeout: Span,
}

/// A receive call that has ended.
#[derive(Debug, Clone, Copy)]
struct Done {
    /// Its messages; the client hands out the last ones first.
    batch: Option<BatchId>,
    /// Why it was refused.
    refused: Option<ApiError>,
    arrived: Time,
    deadline: Time,
}

/// What the client of an instance has received ahead.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    done: VecDeque<Done>,
    /// When the receive calls under way began; a free place is empty.
    calls: Vec<Option<Time>>,
    /// The workers that wait for messages.
    waiting: VecDeque<u32>,
    /// Changes when the process ends: answers to its calls are void.
    epoch: u32,
}

impl Buffer {
    fn in_flight(&self) -> usize {
        self.calls.iter().flatten().count()
    }

    /// The messages in it.
    pub(super) fn messages<'a>(&'a self, batches: &'a Batches) -> impl Iterator<Item = MessageId> + 'a {
        let all = self.done.iter().filter_map(|done| done.batch);
        all.flat_map(|batch| batches.entries(batch)).map(|entry| entry.message)
    }
}

/// Tells the calls of buffers from those of workers.
const OF_BUFFER: u64 = 1 << 63;
const EPOCHS: u32 = (1 << 23) - 1;

fn poller(instance: u32, epoch: u32, call: usize) -> PollerId {
    PollerId(OF_BUFFER | u64::from(epoch & EPOCHS) << 40 | (call as u64) << 32 | u64::from(instance))
}

/// Whether a receive call was made by a buffer.
#[inline]
pub(super) fn is_of_buffer(poller: PollerId) -> bool {
    poller.0 & OF_BUFFER != 0
}

impl Fleet {
    fn buffer(&mut self, instance: u32) -> &mut Buffer {
        let index = instance as usize;
        if self.buffers.len() <= index {
            self.buffers.resize_with(index + 1, Buffer::default);
        }
        &mut self.buffers[index]
    }

    /// A worker asks its client for messages.
    pub(super) fn ask_buffer<O: Outbox<Timer>>(&mut self, worker: u32, cx: &mut Context<'_, O>) {
        let instance = self.workers[worker as usize].instance;
        self.buffer(instance).waiting.push_back(worker);
        self.serve_from_buffer(instance, cx);
        self.receive_ahead(instance, cx);
    }

    /// A worker that waited is stopped.
    pub(super) fn leave_buffer(&mut self, worker: u32) {
        let instance = self.workers[worker as usize].instance;
        self.buffer(instance).waiting.retain(|waiting| *waiting != worker);
    }

    /// One more receive call begins, unless enough batches are there or under way. An empty buffer always asks.
    fn receive_ahead<O: Outbox<Timer>>(&mut self, instance: u32, cx: &mut Context<'_, O>) {
        let Some(prefetch) = self.settings.prefetch else { return };
        if self.is_draining(instance) {
            return;
        }
        let queue = self.settings.queue;
        let buffer = self.buffer(instance);
        let (done, in_flight) = (buffer.done.len(), buffer.in_flight());
        let wanted = prefetch.maximum_done.max(1) as usize;
        let is_full = done >= wanted || (done > 0 && done + in_flight >= wanted);
        if is_full || in_flight >= prefetch.maximum_in_flight.max(1) as usize {
            return;
        }
        let free = buffer.calls.iter().position(Option::is_none);
        let call = free.unwrap_or(buffer.calls.len());
        if free.is_none() {
            buffer.calls.push(None);
        }
        buffer.calls[call] = Some(cx.now);
        let signal = Signal::Poll {
            poller: poller(instance, buffer.epoch, call),
            maximum: MOST_MESSAGES,
            wait_seconds: prefetch.wait_seconds,
            visibility_seconds: prefetch.visibility_seconds,
        };
        cx.outbox.send(queue, Span::ZERO, signal);
    }

    /// A receive call of a buffer has its answer.
    pub(super) fn take_ahead<O: Outbox<Timer>>(
        &mut self,
        poller: PollerId,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let Some(prefetch) = self.settings.prefetch else { return };
        let (instance, call) = (poller.0 as u32, (poller.0 >> 32) as u8);
        let epoch = (poller.0 >> 40) as u32 & EPOCHS;
        let mut batch = match outcome {
            PollOutcome::Messages(batch) => Some(batch),
            PollOutcome::Empty | PollOutcome::Refused(_) => None,
        };
        self.received += batch.map_or(0, |batch| cx.batches.entries(batch).len() as u64);
        let is_alive = self.buffer(instance).epoch & EPOCHS == epoch;
        let is_lost = batch.is_some() && self.chance.loss.chance(self.settings.lost_receives);
        self.metrics.receives_lost.add(u64::from(is_lost && is_alive));
        if let Some(lost) = batch.take_if(|_| is_lost || !is_alive) {
            self.forget(lost, cx);
        }
        if !is_alive {
            return;
        }
        let refused = if let PollOutcome::Refused(error) = outcome { Some(error) } else { None };
        let now = cx.now;
        let buffer = self.buffer(instance);
        let began = buffer.calls[usize::from(call)].take().unwrap_or(now);
        let deadline = began.saturating_add(prefetch.timeout);
        buffer.done.push_back(Done { batch, refused, arrived: now, deadline });
        self.prefetched += batch.map_or(0, |batch| cx.batches.entries(batch).len() as u64);
        self.prefetch_metrics.prefetched_messages.set(now, self.prefetched);
        self.serve_from_buffer(instance, cx);
        self.receive_ahead(instance, cx);
    }

    /// Workers that wait get messages, each from one batch, as long as there are both.
    fn serve_from_buffer<O: Outbox<Timer>>(&mut self, instance: u32, cx: &mut Context<'_, O>) {
        loop {
            let buffer = self.buffer(instance);
            if buffer.waiting.is_empty() || buffer.done.is_empty() {
                return;
            }
            self.forget_expired(instance, cx);
            let buffer = self.buffer(instance);
            let Some(&done) = buffer.done.front() else { return };
            let Some(worker) = buffer.waiting.pop_front() else { return };
            let outcome = self.take_from(instance, done, cx);
            self.hand_over(worker, outcome, cx);
        }
    }

    /// The next messages of the first batch, the last ones first. A batch that is used up leaves the buffer.
    fn take_from<O>(&mut self, instance: u32, done: Done, cx: &mut Context<'_, O>) -> PollOutcome {
        let most = usize::from(self.settings.batch_size);
        let Some(batch) = done.batch else {
            self.buffer(instance).done.pop_front();
            return done.refused.map_or(PollOutcome::Empty, PollOutcome::Refused);
        };
        let taken = cx.batches.open();
        for _ in 0..most {
            let Some(entry) = cx.batches.entries_mut(batch).pop() else { break };
            cx.batches.entries_mut(taken).push(entry);
            self.prefetch_metrics.buffer_time.record((cx.now - done.arrived).as_nanos());
            self.prefetched -= 1;
        }
        self.prefetch_metrics.prefetched_messages.set(cx.now, self.prefetched);
        if cx.batches.entries(batch).is_empty() {
            cx.batches.close(batch);
            self.buffer(instance).done.pop_front();
        }
        PollOutcome::Messages(taken)
    }

    /// Batches at the front whose timeout has run out are forgotten; their messages come back by themselves.
    fn forget_expired<O>(&mut self, instance: u32, cx: &mut Context<'_, O>) {
        let mut any = false;
        while let Some(&Done { batch, refused, deadline, .. }) = self.buffer(instance).done.front() {
            // After an expired batch the empty ones behind it go as well.
            let goes = refused.is_none() && (cx.now > deadline || (any && batch.is_none()));
            if !goes {
                return;
            }
            any = true;
            self.buffer(instance).done.pop_front();
            if let Some(batch) = batch {
                let messages = cx.batches.entries(batch).len() as u64;
                self.prefetch_metrics.prefetched_messages_expired.add(messages);
                self.prefetched -= messages;
                self.prefetch_metrics.prefetched_messages.set(cx.now, self.prefetched);
                self.forget(batch, cx);
            }
        }
    }

    /// Received messages that no worker will ever see.
    fn forget<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        self.metrics.messages_abandoned.add(cx.batches.entries(batch).len() as u64);
        for entry in cx.batches.entries(batch) {
            cx.messages.release(entry.message);
        }
        cx.batches.close(batch);
    }

    /// The process of an instance ends: what its client holds is lost to it until the visibility timeouts run out.
    pub(super) fn end_buffer<O: Outbox<Timer>>(&mut self, instance: u32, cx: &mut Context<'_, O>) {
        if self.settings.prefetch.is_none() {
            return;
        }
        let queue = self.settings.queue;
        let buffer = std::mem::take(self.buffer(instance));
        self.buffer(instance).epoch = buffer.epoch.wrapping_add(1);
        for (call, _) in buffer.calls.iter().enumerate().filter(|(_, began)| began.is_some()) {
            let signal = Signal::HangUp { poller: poller(instance, buffer.epoch, call) };
            cx.outbox.send(queue, Span::ZERO, signal);
        }
        for batch in buffer.done.iter().filter_map(|done| done.batch) {
            self.prefetched -= cx.batches.entries(batch).len() as u64;
            self.forget(batch, cx);
        }
        self.prefetch_metrics.prefetched_messages.set(cx.now, self.prefetched);
    }
}
