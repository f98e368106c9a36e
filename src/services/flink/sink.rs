//! Sinks: results wait for others, go out in calls, and are sent again when they are refused for now ("Async Sink",
//! nightlies.apache.org/flink). A sink gets everything at least once.

use super::Timer;
use super::application::Application;
use super::settings::SinkKind;
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, EntityId, Entry, GroupId, MessageId, Outbox, Signal, draw_span,
    partition_hash,
};
use std::collections::{BTreeMap, VecDeque};

/// Results that wait at most before operators are held back (`maxBufferedRequests`).
const MOST_WAITING: usize = 10_000;

/// Results that are under way at a time at most: 50 calls (`maxInFlightRequests`) of 500.
const LARGEST_WINDOW: usize = 25_000;
/// What the window grows by with each call that is not refused; a refusal halves it ("`AIMDScalingStrategy`").
const WINDOW_GROWTH: usize = 10;

/// A result that waits.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    entry: Entry,
    /// How often state had been saved before: what is older than the last save is part of it.
    cut: u32,
}

/// A sink.
#[derive(Debug)]
pub(super) struct Sink {
    waiting: VecDeque<Waiting>,
    armed: bool,
    /// Most results that are sent at once: the fewer, the more were refused.
    window: usize,
    /// When something was refused last.
    refused_at: Option<Time>,
    /// Nothing is sent before.
    pause_until: Time,
    /// Hash keys of partition keys, as they come up.
    hashes: BTreeMap<GroupId, u128>,
}

impl Sink {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            armed: false,
            window: LARGEST_WINDOW,
            refused_at: None,
            pause_until: Time::ZERO,
            hashes: BTreeMap::new(),
        }
    }

    /// The messages that wait.
    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> + '_ {
        self.waiting.iter().map(|waiting| waiting.entry.message)
    }
}

impl Application {
    /// A result goes to a sink.
    pub(super) fn give<O: Outbox<Timer>>(
        &mut self,
        number: usize,
        message: MessageId,
        key: GroupId,
        cx: &mut Context<'_, O>,
    ) {
        let settings = &self.settings.sinks[number];
        let sink = &mut self.sinks[number];
        let entry = if settings.kind == SinkKind::Stream {
            let texts = &self.settings.texts;
            let hash = if key == GroupId::NONE {
                partition_hash(&self.counts.made.to_string())
            } else {
                *sink.hashes.entry(key).or_insert_with(|| partition_hash(&key.name(texts)))
            };
            // The key counts towards the record.
            let bytes = cx.messages.bytes(message);
            cx.messages.set_bytes(message, bytes + key.key_bytes(texts));
            Entry::for_stream(message, hash, cx.messages)
        } else {
            Entry::new(message)
        };
        sink.waiting.push_back(Waiting { entry, cut: self.cuts });
        if sink.waiting.len() >= settings.batch_size {
            self.flush(number, false, cx);
        }
        self.arm_sink(number, cx);
    }

    fn arm_sink<O: Outbox<Timer>>(&mut self, number: usize, cx: &mut Context<'_, O>) {
        let wait = self.settings.sinks[number].time_in_buffer;
        let sink = &mut self.sinks[number];
        if !sink.armed && !sink.waiting.is_empty() {
            sink.armed = true;
            cx.outbox.wake((cx.now + wait).max(sink.pause_until), Timer::Sink { sink: number as u32 });
        }
    }

    /// The first result has waited long enough.
    pub(super) fn sink_due<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        self.sinks[number as usize].armed = false;
        self.flush(number as usize, true, cx);
        let sink = &mut self.sinks[number as usize];
        if sink.waiting.len() >= self.settings.sinks[number as usize].batch_size && !sink.armed {
            // More than the window lets out at once.
            sink.armed = true;
            let next = cx.now + self.settings.assumptions.sink_retry_pause;
            cx.outbox.wake(next, Timer::Sink { sink: number });
        }
        self.arm_sink(number as usize, cx);
        self.unblock(cx);
    }

    /// Sends what waits: all of it, or only whole calls.
    pub(super) fn flush<O: Outbox<Timer>>(&mut self, number: usize, all: bool, cx: &mut Context<'_, O>) {
        let settings = &self.settings.sinks[number];
        let (most, most_bytes) = (settings.batch_size, settings.batch_bytes);
        if cx.now < self.sinks[number].pause_until {
            return;
        }
        let mut room = self.sinks[number].window;
        while room > 0 && self.sinks[number].waiting.len() >= if all { 1 } else { most } {
            let batch = cx.batches.open();
            let mut bytes = 0;
            while let Some(waiting) = self.sinks[number].waiting.front() {
                let size = u64::from(cx.messages.bytes(waiting.entry.message));
                let sent = cx.batches.entries(batch).len();
                if sent >= most.min(room) || (sent > 0 && bytes + size > most_bytes) {
                    break;
                }
                bytes += size;
                cx.batches.entries_mut(batch).push(waiting.entry);
                self.sinks[number].waiting.pop_front();
            }
            room -= cx.batches.entries(batch).len();
            let sink = &mut self.sinks[number];
            sink.window = (sink.window + WINDOW_GROWTH).min(LARGEST_WINDOW);
            self.send(number, batch, cx);
        }
    }

    fn send<O: Outbox<Timer>>(&mut self, number: usize, batch: BatchId, cx: &mut Context<'_, O>) {
        let settings = &self.settings.sinks[number];
        self.metrics.results_sent.add(cx.batches.entries(batch).len() as u64);
        let latency = draw_span(&settings.latency, &mut self.chance.send_latency);
        let signal = match settings.kind {
            SinkKind::Function => Signal::Put { batch },
            SinkKind::Stream | SinkKind::DeliveryStream => Signal::PutRecords { batch, single: false },
        };
        cx.outbox.send(settings.target, latency, signal);
    }

    /// Results come back: those that were refused for now wait in front of the others, the rest is lost.
    pub(super) fn take_refused<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        error: ApiError,
        cx: &mut Context<'_, O>,
    ) {
        let number = self.settings.sinks.iter().position(|sink| sink.target == from);
        let is_for_now = matches!(
            error,
            ApiError::ProvisionedThroughputExceededException
                | ApiError::ServiceUnavailableException
                | ApiError::InternalFailure
        );
        let Some(number) = number.filter(|_| is_for_now) else {
            self.metrics.results_rejected.add(cx.reject(batch));
            return;
        };
        let pause: Span = self.settings.assumptions.sink_retry_pause;
        let sink = &mut self.sinks[number];
        let entries = cx.batches.entries(batch);
        self.metrics.results_sent_again.add(entries.len() as u64);
        for entry in entries.iter().rev() {
            // It was sent before the last save, or will be made again: either way it must not get lost.
            sink.waiting.push_front(Waiting { entry: *entry, cut: 0 });
        }
        cx.batches.close(batch);
        sink.pause_until = cx.now + pause;
        if sink.refused_at.replace(cx.now) != Some(cx.now) {
            sink.window = (sink.window / 2).max(1);
        }
        if !sink.armed {
            sink.armed = true;
            cx.outbox.wake(sink.pause_until, Timer::Sink { sink: number as u32 });
        }
    }

    pub(super) fn sinks_are_full(&self) -> bool {
        self.sinks.iter().any(|sink| sink.waiting.len() >= MOST_WAITING)
    }

    /// Sources that were held back by full sinks go on.
    pub(super) fn unblock<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if !self.runs() || self.sinks_are_full() {
            return;
        }
        for shard in 0..self.lanes.len() as u32 {
            let lane = &self.lanes[shard as usize];
            if !lane.is_busy && !lane.waiting.is_empty() {
                self.begin_slice(shard, cx);
                self.read_on(shard, cx);
            }
        }
    }

    /// A failure: what was given to sinks since the last save and not sent yet is lost, and will be made again.
    pub(super) fn lose_waiting<O>(&mut self, saved: u32, cx: &mut Context<'_, O>) {
        for sink in &mut self.sinks {
            let before = sink.waiting.len();
            sink.waiting.retain(|waiting| {
                let stays = waiting.cut < saved;
                if !stays {
                    cx.messages.release(waiting.entry.message);
                }
                stays
            });
            self.counts.lost += (before - sink.waiting.len()) as u64;
        }
    }

    /// Results that wait in sinks.
    pub(super) fn waiting_in_sinks(&self) -> u64 {
        self.sinks.iter().map(|sink| sink.waiting.len() as u64).sum()
    }
}
