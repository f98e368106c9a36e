//! An event source mapping: polls a queue, invokes a function, deletes what was processed.

use super::MappingTimer;
use super::event_filter::EventFilter;
use super::lanes::{Doing, Lanes, lane_of, poller};
use super::mapping_metrics::MappingMetrics;
use super::mapping_settings::{MappingSettings, POLLS_PER_POLLER};
use super::ramp::Ramp;
use crate::engine::{Span, Stream, Time};
use crate::wire::{
    BatchId, Budget, Context, Entry, EventSource, InvokeOutcome, MessageId, Outbox, PollOutcome, PollerId,
    Purpose, Signal, draw_span, request_bucket,
};

/// Pause after a receive or delete call that was refused ("Working with Amazon SQS messages" suggests 200 ms).
const PAUSE_AFTER_REFUSAL: Span = Span::from_millis(200);
/// Most messages of a call to a queue ("`ReceiveMessage`", "`DeleteMessageBatch`").
const MOST_ENTRIES: usize = 10;

/// An event source mapping for a queue.
#[derive(Debug)]
pub struct EventSourceMapping {
    pub(super) settings: MappingSettings,
    pub(super) lanes: Lanes,
    pub(super) ramp: Ramp,
    pub(super) enabled: bool,
    /// Receive calls of provisioned pollers.
    polls: Option<Budget>,
    filter: Option<EventFilter>,
    delete_latency: Stream,
    pub(super) counts: MappingCounts,
    pub(super) metrics: MappingMetrics,
}

/// Messages, for the books.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct MappingCounts {
    /// Left in the queue because they failed.
    pub(super) failed: u64,
    /// Left in the queue because they were throttled for too long, or nobody was there for them any more.
    pub(super) given_up: u64,
    pub(super) in_hand: u64,
}

impl EventSourceMapping {
    /// A mapping that has not polled yet.
    pub fn new(settings: MappingSettings, seed: u64, replication: u32) -> Self {
        let name = &settings.name;
        let polls = settings.is_provisioned.then(|| {
            let pollers = settings.concurrency.maximum / super::mapping_settings::BATCHES_PER_POLLER;
            request_bucket(pollers, POLLS_PER_POLLER)
        });
        Self {
            delete_latency: Purpose::DeleteLatency.stream(seed, replication, "event_source_mapping", name),
            lanes: Lanes::default(),
            ramp: Ramp::new(settings.concurrency),
            enabled: settings.enabled,
            polls,
            filter: settings.filter.as_ref().map(EventFilter::new),
            counts: MappingCounts::default(),
            metrics: MappingMetrics::default(),
            settings,
        }
    }

    pub(super) fn begin<O: Outbox<MappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for (from, until) in self.settings.disabled.clone() {
            cx.outbox.wake(from, MappingTimer::Switch(false));
            cx.outbox.wake(until, MappingTimer::Switch(true));
        }
        self.fit(cx);
    }

    /// It is enabled or disabled (`UpdateEventSourceMapping`). Batches in hand are finished.
    pub(super) fn switch<O: Outbox<MappingTimer>>(&mut self, enabled: bool, cx: &mut Context<'_, O>) {
        if enabled == self.enabled {
            return;
        }
        self.enabled = enabled;
        if enabled {
            self.ramp.restart();
            self.fit(cx);
            return;
        }
        for index in 0..self.lanes.len() {
            if self.lanes.get(index).doing != Doing::Polling {
                continue;
            }
            let signal = Signal::HangUp { poller: poller(index, self.lanes.get(index).epoch) };
            cx.outbox.send(self.settings.queue, Span::ZERO, signal);
            self.lanes.get_mut(index).epoch += 1;
            if self.lanes.get(index).batch.is_some() {
                self.dispatch(index, cx);
            } else {
                self.retire(index, cx.now);
            }
        }
    }

    /// As many batches at once as there may be.
    pub(super) fn fit<O: Outbox<MappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        while self.enabled && self.lanes.active() < self.ramp.allowed() {
            let index = self.lanes.begin(cx.now);
            self.show_lanes(cx.now);
            self.poll(index, cx);
        }
    }

    pub(super) fn retire(&mut self, index: u32, now: Time) {
        self.lanes.end(index);
        self.show_lanes(now);
    }

    /// Asks the queue for messages, for a batch that is begun or a new one.
    pub(super) fn poll<O: Outbox<MappingTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let lane = *self.lanes.get(index);
        let gathered = lane.batch.map_or(0, |batch| cx.batches.entries(batch).len());
        if gathered == 0 && (!self.enabled || self.lanes.active() > self.ramp.allowed()) {
            self.retire(index, cx.now);
            return;
        }
        if self.polls.as_mut().is_some_and(|polls| !polls.take_one(cx.now)) {
            self.pause(index, Span::from_millis(100), Doing::Pausing, cx);
            return;
        }
        let wait = self.poll_wait(gathered > 0, lane.window_ends, cx.now);
        let lane = self.lanes.get_mut(index);
        lane.doing = Doing::Polling;
        lane.since = cx.now;
        let signal = Signal::Poll {
            poller: poller(index, lane.epoch),
            maximum: (self.settings.batch_size as usize - gathered).min(MOST_ENTRIES) as u8,
            wait_seconds: Some(wait),
            visibility_seconds: self.settings.visibility_seconds,
        };
        cx.outbox.send(self.settings.queue, Span::ZERO, signal);
    }

    /// Receive calls wait for as long as a queue lets them. With a batch begun a window that is longer ends in time, a
    /// shorter one only with the call: "Lambda might wait for up to 20 seconds" ("Using Lambda with Amazon SQS").
    fn poll_wait(&self, gathers: bool, window_ends: Time, now: Time) -> u8 {
        let wait = self.settings.assumptions.poll_wait_seconds;
        if !gathers || self.settings.window < Span::from_seconds(u64::from(wait)) {
            return wait;
        }
        let left = window_ends.saturating_since(now).as_nanos().div_ceil(1_000_000_000);
        left.clamp(1, u64::from(wait)) as u8
    }

    pub(super) fn pause<O: Outbox<MappingTimer>>(
        &mut self,
        index: u32,
        pause: Span,
        doing: Doing,
        cx: &mut Context<'_, O>,
    ) {
        let lane = self.lanes.get_mut(index);
        lane.doing = doing;
        cx.outbox.wake(cx.now + pause, MappingTimer::Paused { lane: index, epoch: lane.epoch });
    }

    /// A pause is over: before a poll, before another try, or until the delete calls have ended.
    pub(super) fn end_pause<O: Outbox<MappingTimer>>(
        &mut self,
        index: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let lane = self.lanes.get(index);
        if lane.epoch != epoch {
            return;
        }
        match lane.doing {
            Doing::Retrying => self.dispatch(index, cx),
            Doing::Deleting => self.go_on(index, cx),
            _ => self.poll(index, cx),
        }
    }

    /// The queue answers a receive call.
    pub(super) fn take_delivery<O: Outbox<MappingTimer>>(
        &mut self,
        poller: PollerId,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let (index, epoch) = lane_of(poller);
        let is_there = self.lanes.get(index).epoch == epoch;
        match outcome {
            PollOutcome::Messages(batch) => {
                let messages = cx.batches.entries(batch).len() as u64;
                self.metrics.polled_events.add(messages);
                self.counts.in_hand += messages;
                if is_there {
                    self.gather(index, batch, cx);
                } else {
                    self.give_up(batch, cx);
                }
            }
            _ if !is_there => {}
            PollOutcome::Empty => self.find_nothing(index, cx),
            PollOutcome::Refused(_) => {
                self.metrics.receive_errors.add(1);
                self.pause(index, PAUSE_AFTER_REFUSAL, Doing::Pausing, cx);
            }
        }
    }

    /// Messages came: the batch is invoked when it is full or its window has ended.
    fn gather<O: Outbox<MappingTimer>>(&mut self, index: u32, received: BatchId, cx: &mut Context<'_, O>) {
        self.ramp.found();
        self.arm(cx);
        self.lanes.get_mut(index).found_at = cx.now;
        self.filter_out(received, cx);
        if cx.batches.entries(received).is_empty() {
            cx.batches.close(received);
            self.await_more(index, cx);
            self.fit(cx);
            return;
        }
        let overhead = self.settings.assumptions.record_overhead_bytes;
        let entries = cx.batches.entries(received);
        let bytes: u64 =
            entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message)) + overhead).sum();
        let lane = self.lanes.get_mut(index);
        if let Some(batch) = lane.batch {
            lane.bytes += bytes;
            cx.batches.copy(received, 0..cx.batches.entries(received).len(), batch);
            cx.batches.close(received);
        } else {
            lane.batch = Some(received);
            lane.bytes = bytes;
            lane.window_ends = cx.now + self.settings.window;
            lane.hidden_until = cx.now + self.settings.visibility_timeout;
        }
        let lane = *self.lanes.get(index);
        let gathered = lane.batch.map_or(0, |batch| cx.batches.entries(batch).len());
        let is_full = gathered >= self.settings.batch_size as usize
            || lane.bytes >= self.settings.maximum_payload_bytes;
        if is_full || cx.now >= lane.window_ends {
            self.dispatch(index, cx);
        } else {
            self.poll(index, cx);
        }
        self.fit(cx);
    }

    /// Messages that satisfy no filter leave the batch and are deleted from the queue; each is judged before it can join a
    /// batch ("Control which events Lambda sends to your function").
    fn filter_out<O: Outbox<MappingTimer>>(&mut self, received: BatchId, cx: &mut Context<'_, O>) {
        let Some(filter) = &mut self.filter else { return };
        let (mut wanted, mut unwanted) = (0, None);
        for position in 0..cx.batches.entries(received).len() {
            let entry = cx.batches.entries(received)[position];
            if filter.passes(entry.message, cx.messages) {
                cx.batches.entries_mut(received)[wanted] = entry;
                wanted += 1;
                continue;
            }
            let receipts = *unwanted.get_or_insert_with(|| cx.batches.open());
            cx.batches.entries_mut(receipts).push(entry);
            cx.messages.mark_filtered(entry.message);
            cx.messages.release(entry.message);
        }
        cx.batches.entries_mut(received).truncate(wanted);
        let Some(receipts) = unwanted else { return };
        let number = cx.batches.entries(receipts).len() as u64;
        self.metrics.filtered_out_events.add(number);
        self.counts.in_hand -= number;
        let latency = draw_span(&self.settings.delete_latency, &mut self.delete_latency);
        cx.outbox.send(self.settings.queue, latency, Signal::Delete { batch: receipts });
    }

    /// The batch in hand, if there is one, is invoked when its window has ended; otherwise more messages are asked for.
    fn await_more<O: Outbox<MappingTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let lane = self.lanes.get(index);
        if lane.batch.is_some() && cx.now >= lane.window_ends {
            self.dispatch(index, cx);
        } else {
            self.poll(index, cx);
        }
    }

    /// A receive call waited in vain.
    fn find_nothing<O: Outbox<MappingTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        self.metrics.empty_polls.add(1);
        let lane = *self.lanes.get(index);
        if lane.batch.is_some() {
            self.await_more(index, cx);
            return;
        }
        let idle = cx.now - lane.found_at >= self.settings.assumptions.idle_time;
        if idle && self.lanes.active() > self.settings.concurrency.idle {
            self.retire(index, cx.now);
            self.ramp.shrink_to(self.lanes.active());
        } else {
            self.poll(index, cx);
        }
    }

    /// The function is invoked with as much of the batch as a payload takes.
    fn dispatch<O: Outbox<MappingTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let Some(batch) = self.lanes.get_mut(index).batch.take() else { return };
        let overhead = self.settings.assumptions.record_overhead_bytes;
        let (mut bytes, mut fitting) = (0, 0);
        for entry in cx.batches.entries(batch) {
            bytes += u64::from(cx.messages.bytes(entry.message)) + overhead;
            if fitting > 0 && bytes > self.settings.maximum_payload_bytes {
                break;
            }
            fitting += 1;
        }
        let all = cx.batches.entries(batch).len();
        if fitting < all {
            let rest = cx.batches.open();
            cx.batches.copy(batch, fitting..all, rest);
            cx.batches.entries_mut(batch).truncate(fitting);
            self.lanes.get_mut(index).rest = Some(rest);
        }
        self.lanes.get_mut(index).doing = Doing::Invoking;
        let source = if self.settings.is_fifo { EventSource::Fifo } else { EventSource::Standard };
        let signal = Signal::Invoke { batch, call: index, source, transforms: false };
        cx.outbox.send(self.settings.function, Span::ZERO, signal);
    }

    /// The function answers.
    pub(super) fn take_answer<O: Outbox<MappingTimer>>(
        &mut self,
        batch: BatchId,
        index: u32,
        outcome: InvokeOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let messages = cx.batches.entries(batch).len() as u64;
        let reports = self.settings.reports_failures;
        if outcome == InvokeOutcome::Throttled {
            self.ramp.note(true);
            self.wait_for_concurrency(index, batch, cx);
            return;
        }
        self.metrics.invoked_events.add(messages);
        match outcome {
            InvokeOutcome::FunctionError => {
                // With batch item failures errors do not slow it down ("Handling errors for an SQS event source").
                self.ramp.note(!reports);
                self.leave(batch, messages, cx);
                self.go_on(index, cx);
            }
            InvokeOutcome::ItemFailures(failures) => {
                self.ramp.note(false);
                let failed = if reports { failures } else { cx.batches.open() };
                self.delete(index, batch, failed, cx);
                cx.batches.close(failures);
                if !reports {
                    cx.batches.close(failed);
                }
            }
            InvokeOutcome::Success | InvokeOutcome::Throttled => {
                self.ramp.note(false);
                let none = cx.batches.open();
                self.delete(index, batch, none, cx);
                cx.batches.close(none);
            }
        }
    }

    /// A throttled batch is tried again until its messages are no longer hidden; then it is given up, and they are
    /// received once more ("Handling errors for an SQS event source in Lambda").
    fn wait_for_concurrency<O: Outbox<MappingTimer>>(
        &mut self,
        index: u32,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        const MOST_DOUBLINGS: u32 = 6;
        let lane = self.lanes.get_mut(index);
        let pause = self.settings.assumptions.throttle_pause * (1 << lane.throttles.min(MOST_DOUBLINGS));
        if cx.now + pause >= lane.hidden_until {
            self.metrics.failed_invoke_events.add(cx.batches.entries(batch).len() as u64);
            self.give_up(batch, cx);
            self.go_on(index, cx);
            return;
        }
        lane.throttles += 1;
        lane.batch = Some(batch);
        self.pause(index, pause, Doing::Retrying, cx);
    }

    /// Failed messages stay in the queue: they come back when their visibility timeout ends.
    fn leave<O>(&mut self, batch: BatchId, messages: u64, cx: &mut Context<'_, O>) {
        self.metrics.failed_invoke_events.add(messages);
        self.counts.failed += messages;
        self.counts.in_hand -= messages;
        release(batch, cx);
    }

    fn give_up<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let messages = cx.batches.entries(batch).len() as u64;
        self.counts.given_up += messages;
        self.counts.in_hand -= messages;
        release(batch, cx);
    }

    /// Deletes the messages of a batch, but for those that failed, in calls of ten that run beside each other.
    fn delete<O: Outbox<MappingTimer>>(
        &mut self,
        index: u32,
        batch: BatchId,
        failed: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let latency = draw_span(&self.settings.delete_latency, &mut self.delete_latency);
        let (mut open, mut deleted, mut kept): (Option<BatchId>, u64, usize) = (None, 0, 0);
        for position in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[position];
            // Failures are named in the order of the batch.
            if cx.batches.entries(failed).get(kept).is_some_and(|failed| is_same(failed, &entry)) {
                kept += 1;
                continue;
            }
            let receipts = *open.get_or_insert_with(|| cx.batches.open());
            cx.batches.entries_mut(receipts).push(entry);
            deleted += 1;
            if cx.batches.entries(receipts).len() == MOST_ENTRIES {
                cx.outbox.send(self.settings.queue, latency, Signal::Delete { batch: receipts });
                open = None;
            }
        }
        if let Some(receipts) = open {
            cx.outbox.send(self.settings.queue, latency, Signal::Delete { batch: receipts });
        }
        self.metrics.deleted_events.add(deleted);
        self.metrics.failed_invoke_events.add(kept as u64);
        self.counts.failed += kept as u64;
        self.counts.in_hand -= deleted + kept as u64;
        release(batch, cx);
        if deleted == 0 || latency == Span::ZERO {
            self.go_on(index, cx);
        } else {
            self.pause(index, latency, Doing::Deleting, cx);
        }
    }

    /// A FIFO queue had too many delete calls: it is asked again after a while.
    pub(super) fn delete_again<O: Outbox<MappingTimer>>(
        &mut self,
        receipts: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        cx.outbox.send(self.settings.queue, PAUSE_AFTER_REFUSAL, Signal::Delete { batch: receipts });
    }

    /// A batch is done with: the rest of it comes next, or a new one.
    fn go_on<O: Outbox<MappingTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let lane = self.lanes.get_mut(index);
        lane.throttles = 0;
        lane.found_at = cx.now;
        if let Some(rest) = lane.rest.take() {
            lane.batch = Some(rest);
            self.dispatch(index, cx);
        } else {
            self.poll(index, cx);
        }
    }

    pub(super) fn mark_held(&self, batches: &crate::wire::Batches, mark: &mut dyn FnMut(MessageId)) {
        for batch in self.lanes.batches() {
            batches.entries(batch).iter().for_each(|entry| mark(entry.message));
        }
    }

    fn show_lanes(&mut self, now: Time) {
        let lanes = u64::from(self.lanes.active());
        self.metrics.batches_at_once.set(now, lanes);
        if self.settings.is_provisioned {
            let pollers = lanes.div_ceil(u64::from(super::mapping_settings::BATCHES_PER_POLLER));
            self.metrics.provisioned_pollers.set(now, pollers);
        }
    }
}

fn is_same(one: &Entry, other: &Entry) -> bool {
    one.receipt == other.receipt
}

/// Nobody here needs the messages any more.
fn release<O>(batch: BatchId, cx: &mut Context<'_, O>) {
    for entry in cx.batches.entries(batch) {
        cx.messages.release(entry.message);
    }
    cx.batches.close(batch);
}
