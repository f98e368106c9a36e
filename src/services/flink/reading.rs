//! How the source reads shards ("Amazon Kinesis Data Streams Connector", nightlies.apache.org/flink; "Kinesis source
//! throttling" in the developer guide): up to 10,000 records each 200 ms, or a subscription.

use super::Timer;
use super::application::Application;
use crate::engine::{Span, Time};
use crate::wire::{
    Action, ApiError, BatchId, Context, IteratorStart, Outbox, PollOutcome, Receipt, SUBSCRIPTION_LIFE,
    ShardId, ShardInfo, ShardRead, Signal,
};
use std::collections::VecDeque;

/// Records that are worked on at a time: what is read is cut into slices of this.
const SLICE: usize = 500;

/// The way of the records of one shard.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Whether it is read.
    pub(super) begun: bool,
    /// The last read brought the end.
    pub(super) end_read: bool,
    /// Read to its end and processed.
    pub(super) finished: bool,
    parents: [Option<ShardId>; 2],
    /// The next call has its time.
    is_armed: bool,
    /// Calls refused one after another.
    refusals: u32,
    fetching: bool,
    fetched_at: Time,
    /// The next record that a read should bring; `None` when that is not known.
    expected: Option<u64>,
    /// Events of the subscription that are not worked on yet.
    events_owed: u32,
    /// Slices that wait for their slot.
    pub(super) waiting: VecDeque<BatchId>,
    /// Slices that slots work on, in their order.
    pub(super) in_flight: VecDeque<BatchId>,
    /// When the last of them is done.
    pub(super) last_done: Time,
    /// The source works, or is held back.
    pub(super) is_busy: bool,
    /// Which of the watermarks is the shard's.
    pub(super) split: usize,
    /// Everything before is in the state; `None` before the first record.
    pub(super) applied_to: Option<u64>,
    /// Everything before was in it at some time.
    pub(super) processed_to: u64,
}

impl Lane {
    /// The slices that are read and not processed.
    pub(super) fn slices(&self) -> impl Iterator<Item = BatchId> + '_ {
        self.in_flight.iter().chain(&self.waiting).copied()
    }
}

impl Application {
    /// The way of a shard; one that nobody knew says so.
    pub(super) fn lane(&mut self, shard: u32) -> &mut Lane {
        let index = shard as usize;
        if self.lanes.len() <= index {
            self.lanes.resize_with(index + 1, Lane::default);
        }
        &mut self.lanes[index]
    }

    /// Which slot reads a shard.
    pub(super) fn slot_of_shard(&self, shard: u32) -> u32 {
        shard % self.parallelism
    }

    /// A shard is read: from where the state ends, or from the beginning.
    pub(super) fn begin_reading<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        if self.settings.source.is_pushed {
            return;
        }
        let now = self.wall(cx.now);
        let split = self.marks.add_split(self.slot_of_shard(shard), now);
        let from_start = self.settings.source.start;
        let lane = self.lane(shard);
        lane.begun = true;
        lane.split = split;
        lane.expected = lane.applied_to;
        let has_parents = lane.parents.iter().any(Option::is_some);
        let start = match (lane.applied_to, from_start) {
            (Some(position), _) => IteratorStart::At(position),
            // Nothing of a child is left out.
            (None, IteratorStart::Latest) if has_parents => IteratorStart::TrimHorizon,
            (None, start) => start,
        };
        self.place_iterator(shard, start, cx);
        if self.settings.source.fan_out {
            cx.outbox.wake(cx.now + SUBSCRIPTION_LIFE, Timer::Subscribe { shard, life: self.life });
        } else {
            // The polls of different shards do not fall on the same instants.
            let phase = self.chance.poll_phase.below(self.settings.source.interval.as_nanos().max(1));
            self.lane(shard).is_armed = true;
            cx.outbox.wake(cx.now + Span::from_nanos(phase), Timer::Poll { shard, life: self.life });
        }
        self.arm_idle(cx);
    }

    fn place_iterator<O: Outbox<Timer>>(&self, shard: u32, start: IteratorStart, cx: &mut Context<'_, O>) {
        let (start, value) = start.parts();
        let (shard, epoch) = (ShardId(shard), self.life);
        let signal = if self.settings.source.fan_out {
            Signal::SubscribeToShard { shard, epoch, start, value }
        } else {
            Signal::GetShardIterator { shard, epoch, start, value }
        };
        cx.outbox.send(self.settings.source.stream, Span::ZERO, signal);
    }

    /// A subscription is over: the next one goes on where it was.
    pub(super) fn subscribe_again<O: Outbox<Timer>>(
        &mut self,
        shard: u32,
        life: u32,
        cx: &mut Context<'_, O>,
    ) {
        if life == self.life && !self.lane(shard).end_read {
            self.place_iterator(shard, IteratorStart::Current, cx);
            cx.outbox.wake(cx.now + SUBSCRIPTION_LIFE, Timer::Subscribe { shard, life });
        }
    }

    /// It is time for the next `GetRecords`. While records wait for their slot the source does not read on.
    pub(super) fn poll<O: Outbox<Timer>>(&mut self, shard: u32, life: u32, cx: &mut Context<'_, O>) {
        if life != self.life || !self.runs() {
            return;
        }
        self.lane(shard).is_armed = false;
        if self.lane(shard).is_held() {
            return;
        }
        let limit = self.settings.source.limit;
        let lane = self.lane(shard);
        lane.fetching = true;
        lane.fetched_at = cx.now;
        self.metrics.get_records_calls.add(1);
        let signal = Signal::GetRecords { shard: ShardId(shard), epoch: life, limit };
        cx.outbox.send(self.settings.source.stream, Span::ZERO, signal);
    }

    /// Records arrive, or a call was refused.
    pub(super) fn take_read<O: Outbox<Timer>>(&mut self, read: ShardRead, cx: &mut Context<'_, O>) {
        let shard = read.shard.0;
        if read.epoch != self.life || !self.runs() {
            if let PollOutcome::Messages(batch) = read.outcome {
                self.counts.received += cx.batches.entries(batch).len() as u64;
                self.abandon(batch, cx);
            }
            return;
        }
        let fan_out = self.settings.source.fan_out;
        let lane = self.lane(shard);
        lane.fetching = false;
        lane.events_owed += u32::from(fan_out);
        match read.outcome {
            PollOutcome::Refused(error) => {
                self.metrics.get_records_errors.add(1);
                if error == ApiError::ExpiredIteratorException {
                    self.place_iterator(shard, IteratorStart::Current, cx);
                }
                self.back_off(shard, cx);
                return;
            }
            PollOutcome::Messages(batch) => self.take_records(shard, batch, cx),
            PollOutcome::Empty => {}
        }
        self.lane(shard).refusals = 0;
        let behind = u64::from(read.milliseconds_behind) * 1_000_000;
        self.metrics.milliseconds_behind_latest.record(behind);
        if let Some(sql) = &mut self.sql_metrics {
            sql.input_behind_latest.record(behind);
        }
        self.lane(shard).end_read |= read.shard_end;
        self.begin_slice(shard, cx);
        self.read_on(shard, cx);
        self.finish_if_done(shard, cx);
    }

    /// What was read is cut into slices.
    fn take_records<O>(&mut self, shard: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let records = cx.batches.entries(batch).len();
        let lane = &mut self.lanes[shard as usize];
        if let [first, .., last] | [first @ last] = cx.batches.entries(batch) {
            let position = first.receipt.position();
            let missed = lane.expected.map_or(0, |expected| position.saturating_sub(expected));
            self.metrics.records_missed.add(missed);
            lane.expected = Some(last.receipt.position() + 1);
        }
        if let Some(sql) = &mut self.sql_metrics {
            let bytes =
                cx.batches.entries(batch).iter().map(|entry| u64::from(cx.messages.bytes(entry.message)));
            sql.rows_read.add(records as u64);
            sql.bytes_read.add(bytes.sum());
        }
        self.counts.received += records as u64;
        self.counts.in_hand += records as u64;
        if records <= SLICE {
            lane.waiting.push_back(batch);
            return;
        }
        for begin in (0..records).step_by(SLICE) {
            let slice = cx.batches.open();
            cx.batches.copy(batch, begin..records.min(begin + SLICE), slice);
            lane.waiting.push_back(slice);
        }
        cx.batches.close(batch);
    }

    /// A delivery stream hands on records.
    pub(super) fn take_pushed<O: Outbox<Timer>>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        for (entry, position) in cx.batches.entries_mut(batch).iter_mut().zip(self.counts.received..) {
            entry.receipt = Receipt::of_position(position);
        }
        self.lane(0);
        self.take_records(0, batch, cx);
        self.begin_slice(0, cx);
    }

    /// There is room to read on, once nothing waits.
    pub(super) fn read_on<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        if !self.lane(shard).waiting.is_empty() || self.settings.source.is_pushed {
            return;
        }
        if self.settings.source.fan_out {
            let epoch = self.life;
            for _ in 0..std::mem::take(&mut self.lane(shard).events_owed) {
                let signal = Signal::EventTaken { shard: ShardId(shard), epoch };
                cx.outbox.send(self.settings.source.stream, Span::ZERO, signal);
            }
        } else {
            self.poll_later(shard, cx);
        }
    }

    /// A refused call is made again after a random part of a pause that grows ("ConsumerConfigConstants":
    /// `SHARD_GETRECORDS_BACKOFF_BASE`, `_MAX` and `_EXPONENTIAL_CONSTANT`).
    fn back_off<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        const BASE: f64 = 0.3;
        const LONGEST: f64 = 1.0;
        let life = self.life;
        let part = self.chance.retry.unit();
        let lane = self.lane(shard);
        let grown = (0..lane.refusals).fold(BASE, |pause, _| pause * 1.5);
        lane.refusals = (lane.refusals + 1) % 4;
        lane.is_armed = true;
        let pause = Span::from_seconds_f64(grown.min(LONGEST) * part);
        cx.outbox.wake(cx.now + pause, Timer::Poll { shard, life });
    }

    fn poll_later<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let (life, interval) = (self.life, self.settings.source.interval);
        if self.settings.source.fan_out {
            return;
        }
        let lane = self.lane(shard);
        if lane.is_held() || lane.is_armed {
            return;
        }
        lane.is_armed = true;
        let at = (lane.fetched_at + interval).max(cx.now);
        cx.outbox.wake(at, Timer::Poll { shard, life });
    }

    /// Records of a slice will not be processed in this life.
    pub(super) fn abandon<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let entries = cx.batches.entries(batch);
        self.metrics.records_abandoned.add(entries.len() as u64);
        for entry in entries {
            cx.messages.release(entry.message);
        }
        cx.batches.close(batch);
    }

    /// A shard that was read to its end and processed: its children have their turn.
    pub(super) fn finish_if_done<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let lane = self.lane(shard);
        if !lane.end_read || lane.finished || lane.slices().next().is_some() {
            return;
        }
        lane.finished = true;
        let split = lane.split;
        self.marks.finish(split);
        self.arm_watermark(cx);
        let request = cx.requests.open(Action::ListShards);
        cx.outbox.send(self.settings.source.stream, Span::ZERO, Signal::Request { request });
    }

    /// Shards whose parents were read to their ends are read.
    pub(super) fn take_shards<O: Outbox<Timer>>(&mut self, shards: &[ShardInfo], cx: &mut Context<'_, O>) {
        if !self.runs() {
            return;
        }
        for info in shards {
            let parents = [info.parent, info.adjacent_parent];
            let is_read =
                |parent: &ShardId| self.lanes.get(parent.index()).is_some_and(|parent| parent.finished);
            let is_ready = parents.iter().flatten().all(is_read);
            let lane = self.lane(info.shard.0);
            lane.parents = parents;
            if is_ready && !lane.begun && !lane.finished {
                self.begin_reading(info.shard.0, cx);
            }
        }
    }
}

impl Lane {
    /// Whether no call is to be made now.
    fn is_held(&self) -> bool {
        self.fetching || self.end_read || !self.waiting.is_empty()
    }

    /// A life ends: nothing is under way any more.
    pub(super) fn stop(&mut self) {
        self.begun = false;
        self.fetching = false;
        self.is_armed = false;
        self.is_busy = false;
        self.events_owed = 0;
        self.end_read = false;
        self.waiting.clear();
        self.in_flight.clear();
    }
}
