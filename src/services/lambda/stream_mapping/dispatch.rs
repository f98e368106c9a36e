//! When a batch is full enough, and what goes into it; tumbling windows.

use super::StreamMappingTimer;
use super::entity::{Doing, Lane, StreamMapping, Window};
use super::record::{count, payload};
use crate::engine::{Span, Time};
use crate::wire::{BatchId, Context, EventSource, Outbox, Signal};

/// Most bytes of the state that a tumbling window hands on ("Using Lambda to process Amazon Kinesis Data Streams records",
/// stateful processing): a window with more ends early.
const MOST_STATE_BYTES: u64 = 1 << 20;

/// Why records never reach the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// They are older than the mapping, or the stream, allows.
    Age,
    /// The function has failed too often.
    Attempts,
    /// They do not fit into a payload.
    Size,
}

impl StreamMapping {
    /// The number of the tumbling window of a record that arrived then.
    fn window_of(&self, arrived_at: Time) -> Option<u64> {
        let length = self.settings.tumbling_window?.length;
        Some(arrived_at.since_start() / length)
    }

    /// When a tumbling window ends.
    fn end_of(&self, number: u64) -> Time {
        let length = self.settings.tumbling_window.map_or(Span::ZERO, |window| window.length);
        Time::ZERO + length * (number + 1)
    }

    /// Whether a record that arrived then is too old: older than `MaximumRecordAgeInSeconds`, or expired.
    pub(super) fn is_too_old(&self, arrived_at: Time, now: Time) -> bool {
        let age = now - arrived_at;
        age >= self.retention || self.settings.maximum_record_age.is_some_and(|most| age > most)
    }

    /// A lane that gathers invokes the function as soon as it may: with a full batch, at the end of the batching window, of
    /// a tumbling window or of the shard.
    pub(super) fn gather<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, cx: &mut Context<'_, O>) {
        if !self.enabled || self.lane(lane).doing != Doing::Gathering {
            return;
        }
        self.drop_old(lane, cx);
        if self.close_window(lane, cx) {
            return;
        }
        let (shard, _) = self.place(lane);
        let end_read = self.shards[shard].end_read;
        let found = self.lane(lane);
        let (Some(first), Some(last)) = (found.waiting.front(), found.waiting.back()) else { return };
        let (first, last) = (first.enqueued_at, last.enqueued_at);
        let (records, bytes, until) = (found.waiting_records, found.waiting_bytes, found.gather_until);
        let is_full = records >= self.settings.batch_size as usize
            || bytes >= self.settings.maximum_payload_bytes
            || self.window_of(first) != self.window_of(last);
        if is_full || end_read || cx.now >= until {
            self.dispatch(lane, cx);
        } else {
            self.wake_lane(lane, until, cx);
        }
    }

    /// Closes the tumbling window of a lane when it is over; whether that keeps the lane busy. The end of a window is seen
    /// by a record of a later one; without records it comes later.
    fn close_window<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, cx: &mut Context<'_, O>) -> bool {
        let Some(window) = self.lane(lane).window else { return false };
        let (shard, _) = self.place(lane);
        let idle_until = self.end_of(window.number) + self.settings.assumptions.idle_window_delay;
        let next = self.lane(lane).waiting.front().map(|entry| entry.enqueued_at);
        let is_over = match next {
            Some(arrived_at) => self.window_of(arrived_at) != Some(window.number),
            None => self.shards[shard].end_read || cx.now >= idle_until,
        };
        let is_early = window.state_bytes > MOST_STATE_BYTES;
        if !is_over && !is_early {
            if next.is_none() {
                self.wake_lane(lane, idle_until, cx);
            }
            return next.is_none();
        }
        self.metrics.windows_closed_early.add(u64::from(is_early && !is_over));
        self.lane(lane).window = Some(Window { closing: true, ..window });
        let nothing = cx.batches.open();
        self.start_batch(lane);
        self.invoke(lane, nothing, cx);
        true
    }

    /// Records that have become too old are given up.
    fn drop_old<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, cx: &mut Context<'_, O>) {
        let front = self.lane(lane).waiting.front().map(|entry| entry.enqueued_at);
        if front.is_none_or(|arrived_at| !self.is_too_old(arrived_at, cx.now)) {
            return;
        }
        let old = cx.batches.open();
        while let Some(entry) = self.lane(lane).waiting.front().copied() {
            if !self.is_too_old(entry.enqueued_at, cx.now) {
                break;
            }
            self.take_waiting(lane, old, cx);
        }
        self.discard(old, Reason::Age, cx);
    }

    /// What the first record that waits needs of a payload.
    fn payload_of_front<O>(&mut self, lane: u32, cx: &Context<'_, O>) -> u64 {
        let assumptions = self.settings.assumptions;
        payload(self.lane(lane).front(), cx.messages, &assumptions)
    }

    /// The first record that waits goes into a batch.
    fn take_waiting<O>(&mut self, lane: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let (shard, _) = self.place(lane);
        let bytes = self.payload_of_front(lane, cx);
        let found = self.lane(lane);
        let parts = found.front().count();
        cx.batches.entries_mut(batch).extend(found.waiting.drain(..parts));
        found.waiting_bytes -= bytes;
        found.waiting_records -= 1;
        self.shards[shard].waiting -= 1;
    }

    /// The function is invoked with what waits, as much as a batch and a payload take.
    fn dispatch<O: Outbox<StreamMappingTimer>>(&mut self, lane: u32, cx: &mut Context<'_, O>) {
        let (batch, mut records, mut bytes, mut window) = (cx.batches.open(), 0, 0, None);
        while let Some(entry) = self.lane(lane).waiting.front().copied() {
            let size = self.payload_of_front(lane, cx);
            if records == 0 && size > self.settings.maximum_payload_bytes {
                let single = cx.batches.open();
                self.take_waiting(lane, single, cx);
                self.discard(single, Reason::Size, cx);
                continue;
            }
            let number = self.window_of(entry.enqueued_at);
            let fits =
                bytes + size <= self.settings.maximum_payload_bytes && (records == 0 || number == window);
            if records >= self.settings.batch_size as usize || !fits {
                break;
            }
            self.take_waiting(lane, batch, cx);
            records += 1;
            bytes += size;
            window = number;
        }
        let gather_until = cx.now + self.settings.window;
        self.lane(lane).gather_until = gather_until;
        let (shard, _) = self.place(lane);
        if cx.batches.entries(batch).is_empty() {
            cx.batches.close(batch);
            self.note_progress(shard as u32, cx);
            return;
        }
        if let Some(number) = window {
            let found = self.lane(lane);
            found.window.get_or_insert(Window { number, state_bytes: 0, closing: false });
        }
        self.start_batch(lane);
        self.invoke(lane, batch, cx);
        self.read_on(shard as u32, cx);
    }

    /// A lane takes up a batch.
    pub(super) fn start_batch(&mut self, lane: u32) {
        let found = self.lane(lane);
        (found.attempts, found.pauses) = (0, 0);
    }

    /// Invokes the function and waits for its answer.
    pub(super) fn invoke<O: Outbox<StreamMappingTimer>>(
        &mut self,
        lane: u32,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let entries = cx.batches.entries(batch);
        if let Some(last) = entries.last() {
            self.metrics.iterator_age.record((cx.now - last.enqueued_at).as_nanos());
            self.metrics.batch_records.record(count(entries) as u64);
        }
        self.metrics.invocations.add(1);
        let first = entries.first().map_or(u64::MAX, |entry| entry.receipt.position());
        let was_busy = self.set_doing(lane, Doing::Invoking) != Doing::Gathering;
        self.lane(lane).first = first;
        if !was_busy {
            self.busy += 1;
            self.metrics.batches_at_once.set(cx.now, self.busy);
        }
        let signal = Signal::Invoke { batch, call: lane, source: EventSource::Stream, transforms: false };
        cx.outbox.send(self.settings.function, Span::ZERO, signal);
    }

    /// What a lane does from now on; gives what it did. Its timers are void.
    pub(super) fn set_doing(&mut self, lane: u32, doing: Doing) -> Doing {
        let found: &mut Lane = self.lane(lane);
        found.epoch = found.epoch.wrapping_add(1);
        found.wakes_at = None;
        std::mem::replace(&mut found.doing, doing)
    }

    /// A lane is looked at again then, unless something happens before.
    pub(super) fn wake_lane<O: Outbox<StreamMappingTimer>>(
        &mut self,
        lane: u32,
        at: Time,
        cx: &mut Context<'_, O>,
    ) {
        let found = self.lane(lane);
        if found.wakes_at == Some(at) {
            return;
        }
        found.epoch = found.epoch.wrapping_add(1);
        found.wakes_at = Some(at);
        let epoch = found.epoch;
        cx.outbox.wake(at, StreamMappingTimer::Lane { lane, epoch });
    }

    /// A lane has waited long enough.
    pub(super) fn end_wait<O: Outbox<StreamMappingTimer>>(
        &mut self,
        lane: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let found = self.lane(lane);
        if found.epoch != epoch {
            return;
        }
        found.wakes_at = None;
        match found.doing {
            Doing::Gathering => self.gather(lane, cx),
            Doing::Pausing => self.try_again(lane, cx),
            Doing::Invoking => {}
        }
        let (shard, _) = self.place(lane);
        self.note_progress(shard as u32, cx);
    }
}
