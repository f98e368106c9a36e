//! A worker: one thread of one instance, in its loop of receive, process, delete.

use super::Timer;
use super::fleet::Fleet;
use super::prefetch::is_of_buffer;
use super::settings::{DeleteMode, FailureMode};
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, MessageId, Outbox, PollOutcome, PollerId, ProcessedTally, ProcessingMode,
    Signal, draw_span,
};
use std::ops::Range;

/// What a worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Its instance is not in service, or its process is down.
    Nothing,
    /// Waiting for the answer to a receive call.
    Polling,
    /// Pausing before the next receive call.
    Pausing,
    /// Fetching the payloads of its batch from an object store.
    Fetching,
    /// Processing a message, or a whole batch.
    Processing,
    /// Waiting for the end of a call that follows processing (send on, delete, change of visibility).
    Calling,
}

/// One thread of one instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    pub(super) instance: u32,
    /// Changes whenever the worker is stopped: timers and answers of its former life are void.
    pub(super) epoch: u32,
    pub(super) doing: Doing,
    /// The batch in hand, and which of its messages is being worked on.
    pub(super) batch: Option<BatchId>,
    position: u8,
    /// Receipts to delete in one call at the end of the batch.
    pub(super) to_delete: Option<BatchId>,
    /// When the processing under way began.
    began: Time,
    /// Whether the processing under way will fail.
    fails: bool,
    /// The heartbeat that runs for the batch in hand; zero when none does.
    heartbeat: u32,
    /// Messages in the batch.
    length: u8,
    /// How often in a row its receive call was refused.
    refused: u8,
}

impl Worker {
    pub(super) fn new(instance: u32) -> Self {
        Self {
            instance,
            epoch: 0,
            doing: Doing::Nothing,
            batch: None,
            position: 0,
            to_delete: None,
            began: Time::ZERO,
            fails: false,
            heartbeat: 0,
            length: 0,
            refused: 0,
        }
    }

    /// The messages that are processed at once: the one whose turn it is, or the whole batch.
    #[inline]
    fn at_once(&self, mode: ProcessingMode) -> Range<usize> {
        let position = usize::from(self.position);
        match mode {
            ProcessingMode::PerMessage => position..position + 1,
            ProcessingMode::PerBatch => position..usize::from(self.length),
        }
    }

    /// The first message of the batch the worker still holds.
    pub(super) fn held_from(&self) -> usize {
        usize::from(self.position)
    }

    /// The first message of the batch whose processing has not ended yet.
    fn unfinished_from(&self, mode: ProcessingMode) -> u8 {
        match (self.doing, mode) {
            (Doing::Calling, ProcessingMode::PerMessage) => (self.position + 1).min(self.length),
            (Doing::Calling, ProcessingMode::PerBatch) => self.length,
            _ => self.position,
        }
    }

    /// Messages in hand whose processing has not ended yet.
    pub(super) fn unfinished(&self, mode: ProcessingMode) -> u64 {
        if self.batch.is_some() { u64::from(self.length - self.unfinished_from(mode)) } else { 0 }
    }
}

/// Pause after a receive call that was refused ("Working with Amazon SQS messages" suggests 200 ms).
const PAUSE_AFTER_REFUSAL: Span = Span::from_millis(200);

fn poller(index: u32, epoch: u32) -> PollerId {
    PollerId(u64::from(epoch) << 32 | u64::from(index))
}

impl Fleet {
    /// The worker, if it is still in the life the timer or answer belongs to.
    #[inline]
    fn alive(&mut self, index: u32, epoch: u32) -> Option<&mut Worker> {
        self.workers.get_mut(index as usize).filter(|worker| worker.epoch == epoch)
    }

    /// The worker asks for messages; a draining instance's worker stops instead.
    #[inline]
    pub(super) fn poll<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if self.is_draining(self.workers[index as usize].instance) {
            self.stop_worker(index, cx);
            return;
        }
        let worker = &mut self.workers[index as usize];
        worker.doing = Doing::Polling;
        if self.settings.prefetch.is_some() {
            self.ask_buffer(index, cx);
            return;
        }
        let poller = poller(index, worker.epoch);
        let signal = Signal::Poll {
            poller,
            maximum: self.settings.batch_size,
            wait_seconds: self.settings.wait_seconds,
            visibility_seconds: None,
        };
        cx.outbox.send(self.settings.queue, Span::ZERO, signal);
    }

    /// The answer to a receive call arrives.
    #[inline]
    pub(super) fn take_delivery<O: Outbox<Timer>>(
        &mut self,
        poller: PollerId,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        if is_of_buffer(poller) {
            self.take_ahead(poller, outcome, cx);
            return;
        }
        let (index, epoch) = (poller.0 as u32, (poller.0 >> 32) as u32);
        let received = match outcome {
            PollOutcome::Messages(batch) => cx.batches.entries(batch).len() as u8,
            PollOutcome::Empty | PollOutcome::Refused(_) => 0,
        };
        self.received += u64::from(received);
        if let PollOutcome::Messages(batch) = outcome
            && self.chance.loss.chance(self.settings.lost_receives)
        {
            self.metrics.receives_lost.add(1);
            self.metrics.messages_abandoned.add(u64::from(received));
            Self::drop_batch(batch, 0, cx);
            if self.alive(index, epoch).is_some() {
                self.poll(index, cx);
            }
            return;
        }
        if self.alive(index, epoch).is_none() {
            // Nobody is there any more: the messages come back when their visibility timeout runs out.
            if let PollOutcome::Messages(batch) = outcome {
                self.metrics.messages_abandoned.add(u64::from(received));
                Self::drop_batch(batch, 0, cx);
            }
            return;
        }
        self.hand_over(index, outcome, cx);
    }

    /// What a worker asked for is there.
    #[inline]
    pub(super) fn hand_over<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let pause = self.settings.pause_after_empty_receive;
        match outcome {
            PollOutcome::Messages(batch) => {
                let worker = &mut self.workers[index as usize];
                worker.batch = Some(batch);
                worker.position = 0;
                worker.length = cx.batches.entries(batch).len() as u8;
                worker.refused = 0;
                self.begin_heartbeat(index, cx);
                self.begin_fetching(index, batch, cx);
            }
            PollOutcome::Empty => {
                self.workers[index as usize].refused = 0;
                if pause == Span::ZERO {
                    self.poll(index, cx);
                } else {
                    self.pause(index, pause, cx);
                }
            }
            PollOutcome::Refused(error) => {
                self.metrics.receive_errors.add(1);
                let pause = self.pause_after_refusal(index, error).unwrap_or(pause.max(PAUSE_AFTER_REFUSAL));
                self.pause(index, pause, cx);
            }
        }
    }

    /// How long the worker waits before it repeats a refused receive call; `None` when the call is given up, or was none to
    /// repeat: then the worker's loop begins anew.
    #[cold]
    fn pause_after_refusal(&mut self, index: u32, error: ApiError) -> Option<Span> {
        let worker = &mut self.workers[index as usize];
        let attempts = worker.refused.saturating_add(1);
        worker.refused = 0;
        let retries = self.settings.retries.filter(|_| error.is_retryable())?;
        let pause = retries.pause(u32::from(attempts), &mut self.chance.retry)?;
        worker.refused = attempts;
        Some(pause)
    }

    fn pause<O: Outbox<Timer>>(&mut self, index: u32, pause: Span, cx: &mut Context<'_, O>) {
        let worker = &mut self.workers[index as usize];
        worker.doing = Doing::Pausing;
        cx.outbox.wake(cx.now + pause, Timer::Paused { worker: index, epoch: worker.epoch });
    }

    /// The pause before the next receive call is over.
    pub(super) fn end_pause<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        if self.alive(index, epoch).is_some() {
            self.poll(index, cx);
        }
    }

    /// What the messages point to is fetched before the application sees them.
    #[inline]
    fn begin_fetching<O: Outbox<Timer>>(&mut self, index: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let time = self.fetch_payloads(batch, cx);
        if time == Span::ZERO {
            self.begin_processing(index, cx);
        } else {
            let worker = &mut self.workers[index as usize];
            worker.doing = Doing::Fetching;
            cx.outbox.wake(cx.now + time, Timer::Fetched { worker: index, epoch: worker.epoch });
        }
    }

    /// The payloads are there.
    pub(super) fn end_fetching<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        if self.alive(index, epoch).is_some() {
            self.begin_processing(index, cx);
        }
    }

    /// The next message (or the whole batch) is taken up.
    #[inline]
    fn begin_processing<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let worker = self.workers[index as usize];
        let Some(batch) = worker.batch else { return };
        let entries = cx.batches.entries(batch);
        let mut fails = false;
        for entry in &entries[worker.at_once(self.settings.processing_mode)] {
            let (producer, sequence) = cx.messages.origin(entry.message);
            if self.order.is_late(producer, sequence) {
                self.metrics.out_of_order.add(1);
            }
            fails |= cx.messages.is_poison(entry.message) || self.cannot_read(entry.message, cx.messages);
        }
        let version = self.instances[worker.instance as usize].version;
        fails |= self.chance.failure.chance(self.failure_rate(version));
        let time = self.draw_processing_time(version);
        self.change_busy(index, 1, cx.now);
        let worker = &mut self.workers[index as usize];
        worker.doing = Doing::Processing;
        worker.began = cx.now;
        worker.fails = fails;
        cx.outbox.wake(cx.now + time, Timer::Processed { worker: index, epoch: worker.epoch });
    }

    #[inline]
    fn draw_processing_time(&mut self, version: u16) -> Span {
        match &self.settings.outliers {
            Some((share, time)) if self.chance.outlier.chance(*share) => {
                draw_span(time, &mut self.chance.outlier)
            }
            _ => {
                let own = self.settings.group.life.versions.get(usize::from(version));
                let time = own.and_then(|version| version.processing_time.as_ref());
                draw_span(time.unwrap_or(&self.settings.processing_time), &mut self.chance.processing)
            }
        }
    }

    /// Probability that processing fails on instances of a version.
    #[inline]
    fn failure_rate(&self, version: u16) -> f64 {
        let own = self.settings.group.life.versions.get(usize::from(version));
        own.and_then(|version| version.failure_rate).unwrap_or(self.settings.failure_rate)
    }

    /// Processing has come to its end, well or badly.
    #[inline]
    pub(super) fn end_processing<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Some(worker) = self.alive(index, epoch) else { return };
        let worker = *worker;
        let Some(batch) = worker.batch else { return };
        self.change_busy(index, -1, cx.now);
        self.metrics.processing_time.record((cx.now - worker.began).as_nanos());
        let range = worker.at_once(self.settings.processing_mode);
        self.workers[index as usize].doing = Doing::Calling;
        let mut until = cx.now;
        if worker.fails {
            self.metrics.failures.add(range.len() as u64);
            if self.settings.on_failure == FailureMode::MakeVisibleAgain {
                until = self.call_make_visible(batch, range, cx);
            }
        } else {
            for position in range.clone() {
                let entry = cx.batches.entries(batch)[position];
                self.finish_message(entry.message, cx);
            }
            if self.settings.forward.is_some() {
                until = self.call_forward(batch, range.clone(), cx);
            }
            if self.settings.answers.is_some() {
                until = self.call_replies(batch, range.clone(), until, cx);
            }
            if self.settings.delete_mode == DeleteMode::EachMessage {
                until += self.payload_delete_time(batch, range.clone(), cx);
                until += draw_span(&self.settings.latency.delete, &mut self.chance.delete_latency);
            }
        }
        if until == cx.now {
            self.after_calls(index, cx);
        } else {
            cx.outbox.wake(until, Timer::Called { worker: index, epoch });
        }
    }

    /// A message was processed successfully.
    #[inline]
    fn finish_message<O>(&mut self, message: MessageId, cx: &mut Context<'_, O>) {
        let metrics = &mut self.metrics;
        let mut tally = ProcessedTally {
            processed: &mut metrics.messages_processed,
            duplicates: &mut metrics.duplicates,
            latency: &mut metrics.end_to_end_latency,
        };
        tally.note(message, cx.now, cx.messages);
    }

    /// The calls after processing have ended: what they asked for takes effect.
    #[inline]
    pub(super) fn end_calls<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        if self.alive(index, epoch).is_some() {
            self.after_calls(index, cx);
        }
    }

    #[inline]
    fn after_calls<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let worker = self.workers[index as usize];
        let Some(batch) = worker.batch else { return };
        let length = usize::from(worker.length);
        let range = worker.at_once(self.settings.processing_mode);
        if range.start >= length {
            // The batch is done and its delete call has ended.
            self.end_batch(index, batch, cx);
            return;
        }
        if !worker.fails && self.settings.payloads.is_some() {
            // Until its payload is deleted with it.
            for position in range.clone() {
                cx.messages.hold(cx.batches.entries(batch)[position].message);
            }
        }
        if !worker.fails {
            match self.settings.delete_mode {
                DeleteMode::EachMessage if range.len() == 1 => {
                    let receipts = cx.batches.open();
                    cx.batches.copy(batch, range.clone(), receipts);
                    self.send_delete(receipts, cx);
                }
                // A batch processed as a whole is deleted as a whole.
                DeleteMode::EachMessage | DeleteMode::WholeBatch => {
                    let receipts =
                        *self.workers[index as usize].to_delete.get_or_insert_with(|| cx.batches.open());
                    cx.batches.copy(batch, range.clone(), receipts);
                }
            }
        }
        // The message is out of the worker's hands.
        for position in range.clone() {
            let entry = cx.batches.entries(batch)[position];
            cx.messages.release(entry.message);
        }
        let worker = &mut self.workers[index as usize];
        worker.position = range.end as u8;
        if range.end < length {
            self.begin_processing(index, cx);
            return;
        }
        // The whole batch has been worked on: what is left is the delete call for all of it.
        let (receipts, epoch) = (worker.to_delete, worker.epoch);
        let receipts = receipts.filter(|_| self.settings.delete_mode == DeleteMode::WholeBatch);
        let latency = receipts.map_or(Span::ZERO, |receipts| {
            let payloads = self.payload_delete_time(receipts, 0..cx.batches.entries(receipts).len(), cx);
            payloads + draw_span(&self.settings.latency.delete, &mut self.chance.delete_latency)
        });
        if latency == Span::ZERO {
            self.end_batch(index, batch, cx);
        } else {
            cx.outbox.wake(cx.now + latency, Timer::Called { worker: index, epoch });
        }
    }

    /// The worker has nothing left of its batch and asks for more.
    fn end_batch<O: Outbox<Timer>>(&mut self, index: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        if let Some(receipts) = self.workers[index as usize].to_delete.take() {
            self.send_delete(receipts, cx);
        }
        let worker = &mut self.workers[index as usize];
        worker.batch = None;
        worker.heartbeat = 0;
        cx.batches.close(batch);
        if self.surplus_waits {
            let worker = &mut self.workers[index as usize];
            worker.doing = Doing::Pausing;
            let instance = worker.instance;
            self.look_for_surplus(instance, cx);
        }
        self.poll(index, cx);
    }

    /// The delete call takes effect, unless it gets lost: then nobody notices.
    #[inline]
    fn send_delete<O: Outbox<Timer>>(&mut self, receipts: BatchId, cx: &mut Context<'_, O>) {
        self.delete_payloads(receipts, cx);
        if self.chance.loss.chance(self.settings.lost_deletes) {
            self.metrics.deletes_lost.add(1);
            cx.batches.close(receipts);
            return;
        }
        if self.settings.retries.is_some() {
            cx.batches.entries_mut(receipts)[0].receive_count = 0;
        }
        cx.outbox.send(self.settings.queue, Span::ZERO, Signal::Delete { batch: receipts });
    }

    /// A FIFO queue had too many delete calls: it is asked again after a while, or given up; then the messages come back.
    pub(super) fn delete_again<O: Outbox<Timer>>(&mut self, receipts: BatchId, cx: &mut Context<'_, O>) {
        if let Some(retries) = self.settings.retries {
            // The receives of a message say nothing to a delete call: the field of its first one counts the attempts.
            let first = &mut cx.batches.entries_mut(receipts)[0];
            first.receive_count += 1;
            if let Some(pause) = retries.pause(first.receive_count, &mut self.chance.retry) {
                cx.outbox.send(self.settings.queue, pause, Signal::Delete { batch: receipts });
            } else {
                self.metrics.deletes_lost.add(1);
                cx.batches.close(receipts);
            }
            return;
        }
        cx.outbox.send(self.settings.queue, PAUSE_AFTER_REFUSAL, Signal::Delete { batch: receipts });
    }

    /// After a failure the messages are made visible again at once; returns when that call ends.
    fn call_make_visible<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        range: Range<usize>,
        cx: &mut Context<'_, O>,
    ) -> Time {
        let latency = draw_span(&self.settings.latency.change_visibility, &mut self.chance.change_latency);
        let receipts = cx.batches.open();
        cx.batches.copy(batch, range, receipts);
        let signal = Signal::ChangeVisibility { batch: receipts, timeout: Span::ZERO };
        cx.outbox.send(self.settings.queue, latency, signal);
        cx.now + latency
    }

    /// The result of processing is sent on to another queue; returns when that call ends.
    fn call_forward<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        range: Range<usize>,
        cx: &mut Context<'_, O>,
    ) -> Time {
        let Some(forwarder) = &mut self.forwarder else { return cx.now };
        let latency = forwarder.draw_latency();
        let messages = forwarder.send(batch, |position| range.contains(&position), latency, cx);
        self.metrics.messages_forwarded.add(messages);
        if messages == 0 { cx.now } else { cx.now + latency }
    }

    /// While a batch is in hand, its visibility is extended at regular times, if the consumer does that.
    fn begin_heartbeat<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if let Some(heartbeat) = self.settings.heartbeat {
            self.heartbeats_begun = self.heartbeats_begun.wrapping_add(1).max(1);
            self.workers[index as usize].heartbeat = self.heartbeats_begun;
            let timer = Timer::Heartbeat { worker: index, beat: self.heartbeats_begun };
            cx.outbox.wake(cx.now + heartbeat.interval, timer);
        }
    }

    /// A heartbeat is due: the messages still in hand are hidden for longer (`ChangeMessageVisibilityBatch`), also those
    /// that are processed but wait for the delete call of their batch.
    pub(super) fn beat<O: Outbox<Timer>>(&mut self, index: u32, beat: u32, cx: &mut Context<'_, O>) {
        let worker = self.workers[index as usize];
        let (Some(heartbeat), Some(batch)) = (self.settings.heartbeat, worker.batch) else { return };
        if worker.heartbeat != beat {
            return;
        }
        let receipts = cx.batches.open();
        if let Some(processed) = worker.to_delete {
            cx.batches.copy(processed, 0..cx.batches.entries(processed).len(), receipts);
        }
        cx.batches.copy(batch, usize::from(worker.position)..usize::from(worker.length), receipts);
        if cx.batches.entries(receipts).is_empty() {
            cx.batches.close(receipts);
            return;
        }
        let latency = draw_span(&self.settings.latency.change_visibility, &mut self.chance.change_latency);
        let signal = Signal::ChangeVisibility { batch: receipts, timeout: heartbeat.visibility_timeout };
        cx.outbox.send(self.settings.queue, latency, signal);
        cx.outbox.wake(cx.now + heartbeat.interval, Timer::Heartbeat { worker: index, beat });
    }

    /// The application that the worker is a part of is to finish what it has in hand on this instance.
    pub(super) fn tell_to_go<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let poller = poller(index, self.workers[index as usize].epoch);
        cx.outbox.send(self.settings.queue, Span::ZERO, Signal::ShutDown { poller });
    }

    /// The worker stops at once, whatever it is doing: its messages are abandoned.
    pub(super) fn stop_worker<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let worker = self.workers[index as usize];
        match worker.doing {
            Doing::Nothing => return,
            Doing::Polling if self.settings.prefetch.is_some() => self.leave_buffer(index),
            Doing::Polling => {
                let signal = Signal::HangUp { poller: poller(index, worker.epoch) };
                cx.outbox.send(self.settings.queue, Span::ZERO, signal);
            }
            Doing::Processing => self.change_busy(index, -1, cx.now),
            Doing::Pausing | Doing::Fetching | Doing::Calling => {}
        }
        if self.settings.keeps_connection && worker.doing != Doing::Polling {
            let signal = Signal::HangUp { poller: poller(index, worker.epoch) };
            cx.outbox.send(self.settings.queue, Span::ZERO, signal);
        }
        if let Some(batch) = worker.batch {
            // They stay in flight until their visibility timeout runs out.
            self.metrics.messages_abandoned.add(worker.unfinished(self.settings.processing_mode));
            Self::drop_batch(batch, usize::from(worker.position), cx);
        }
        if let Some(receipts) = worker.to_delete {
            if self.settings.payloads.is_some() {
                cx.batches.entries(receipts).iter().for_each(|entry| cx.messages.release(entry.message));
            }
            cx.batches.close(receipts);
        }
        self.workers[index as usize] =
            Worker { epoch: worker.epoch.wrapping_add(1), ..Worker::new(worker.instance) };
        self.worker_stopped(worker.instance, cx);
        if self.instances[worker.instance as usize].running_workers == 0 {
            self.end_buffer(worker.instance, cx);
        }
    }

    /// The messages of a batch leave the worker's hands, from `position` on.
    fn drop_batch<O>(batch: BatchId, position: usize, cx: &mut Context<'_, O>) {
        for entry in &cx.batches.entries(batch)[position..] {
            cx.messages.release(entry.message);
        }
        cx.batches.close(batch);
    }
}
