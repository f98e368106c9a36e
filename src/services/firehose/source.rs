//! A data stream as the source: one reader of each shard ("Write to Firehose using Kinesis Data Streams").

use super::Timer;
use super::buffer::{Buffer, Load};
use super::settings::Source;
use super::stream::DeliveryStream;
use crate::engine::Span;
use crate::wire::{
    AGGREGATE_BYTES, AGGREGATED_RECORD_BYTES, Action, ApiError, BatchId, Context, IteratorStart, MessageId,
    Messages, Outbox, PollOutcome, ShardId, ShardInfo, Signal,
};
use std::collections::VecDeque;

/// The way of the records of one shard; with Direct PUT, of all records.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) shard: Option<ShardId>,
    /// The channel of its records, unless each partition has one of its own.
    pub(super) records: Option<u32>,
    /// The channel of the source backup.
    pub(super) backup: Option<u32>,
    /// Records that wait for the transformation.
    pub(super) gathered: Buffer,
    pub(super) epoch: u32,
    /// Full buffers that wait for an invocation to end.
    pub(super) waiting: VecDeque<Load>,
    /// Invocations under way.
    pub(super) outstanding: u32,
    is_fetching: bool,
    /// Whether the shard was read to its end.
    is_finished: bool,
}

impl Lane {
    pub(super) fn new(shard: Option<ShardId>, records: Option<u32>, backup: Option<u32>) -> Self {
        Self {
            shard,
            records,
            backup,
            gathered: Buffer::default(),
            epoch: 0,
            waiting: VecDeque::new(),
            outstanding: 0,
            is_fetching: false,
            is_finished: false,
        }
    }

    /// What waits for the transformation.
    pub(super) fn loads(&self) -> impl Iterator<Item = &Load> {
        self.gathered.load().into_iter().chain(&self.waiting)
    }
}

impl DeliveryStream {
    /// Time zero: Firehose reads from the newest record on.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.tell_limits(cx.now);
        self.metrics.partition_count.set(cx.now, 0);
        if self.settings.reads_stream() {
            for lane in 0..self.lanes.len() as u32 {
                self.begin_reading(lane, IteratorStart::Latest, cx);
            }
        }
    }

    fn begin_reading<O: Outbox<Timer>>(&mut self, lane: u32, start: IteratorStart, cx: &mut Context<'_, O>) {
        let Source::Stream { interval, .. } = self.settings.source else { return };
        self.get_iterator(lane, start, cx);
        // The polls of different shards do not fall on the same instants.
        let phase = Span::from_nanos(self.chance.poll_phase.below(interval.as_nanos().max(1)));
        cx.outbox.wake(cx.now + phase, Timer::Poll { lane });
    }

    fn get_iterator<O: Outbox<Timer>>(&self, lane: u32, start: IteratorStart, cx: &mut Context<'_, O>) {
        let Source::Stream { id, .. } = self.settings.source else { return };
        let Some(shard) = self.lanes[lane as usize].shard else { return };
        let (start, value) = start.parts();
        cx.outbox.send(id, Span::ZERO, Signal::GetShardIterator { shard, epoch: 0, start, value });
    }

    /// Once a second each shard is asked, unless too much waits already or the last call is not answered.
    pub(super) fn poll<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Source::Stream { id, limit, interval, .. } = self.settings.source else { return };
        let is_held_up = self.is_held_up(number);
        let lane = &mut self.lanes[number as usize];
        let Some(shard) = lane.shard.filter(|_| !lane.is_finished) else { return };
        cx.outbox.wake(cx.now + interval, Timer::Poll { lane: number });
        if lane.is_fetching || is_held_up {
            return;
        }
        lane.is_fetching = true;
        cx.outbox.send(id, Span::ZERO, Signal::GetRecords { shard, epoch: 0, limit });
    }

    /// Whether so much cannot be delivered that more stays in the data stream ("Amazon Data Firehose Quota": with a data
    /// stream as the source data is kept there).
    fn is_held_up(&mut self, lane: u32) -> bool {
        if !self.lanes[lane as usize].waiting.is_empty() {
            return true;
        }
        if self.failing == 0 && !self.is_blocked {
            return false;
        }
        let largest = self.settings.hints.largest;
        if let Some(channel) = self.lanes[lane as usize].records {
            return self.channels.get(channel).buffer.bytes() >= largest;
        }
        let partitions = self.channels.iter().filter(|channel| channel.carries.to_destination());
        partitions.map(|channel| channel.buffer.bytes()).sum::<u64>() >= largest
    }

    /// Which lane reads a shard.
    fn lane_of(&self, shard: ShardId) -> Option<u32> {
        // At first lanes and shards have the same numbers.
        let number = self.lanes.get(shard.index()).filter(|lane| lane.shard == Some(shard));
        let position = || self.lanes.iter().position(|lane| lane.shard == Some(shard));
        number.map_or_else(|| position().map(|position| position as u32), |_| Some(shard.0))
    }

    /// `GetRecords` is answered.
    pub(super) fn take_read<O: Outbox<Timer>>(
        &mut self,
        shard: ShardId,
        outcome: PollOutcome,
        (milliseconds_behind, shard_end): (u32, bool),
        cx: &mut Context<'_, O>,
    ) {
        let Some(lane) = self.lane_of(shard) else {
            unreachable!("a delivery stream reads the shards it knows")
        };
        self.lanes[lane as usize].is_fetching = false;
        match outcome {
            PollOutcome::Messages(batch) => self.take_records(lane, batch, cx),
            PollOutcome::Empty => {}
            PollOutcome::Refused(ApiError::ExpiredIteratorException) => {
                self.get_iterator(lane, IteratorStart::Current, cx);
                return;
            }
            PollOutcome::Refused(_) => {
                self.metrics.throttled_get_records.add(1);
                return;
            }
        }
        let behind = u64::from(milliseconds_behind) * 1_000_000;
        self.metrics.kinesis_milliseconds_behind_latest.record(behind);
        if shard_end {
            self.lanes[lane as usize].is_finished = true;
            self.list_shards(cx);
        }
    }

    /// Records of a data stream: their data, without the partition key. Aggregated ones are taken apart, and counted on the bill as
    /// the one they were; its data has the keys of all of them.
    fn take_records<O: Outbox<Timer>>(&mut self, lane: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let entries = cx.batches.entries(batch).len();
        let mut first = 0;
        while first < entries {
            let all = cx.batches.entries(batch);
            let mut bytes = u64::from(cx.messages.bytes(all[first].message));
            let mut end = first + 1;
            while end < entries && all[end].aggregated {
                bytes += u64::from(cx.messages.bytes(all[end].message) + AGGREGATED_RECORD_BYTES);
                end += 1;
            }
            if end > first + 1 {
                bytes += u64::from(AGGREGATE_BYTES + AGGREGATED_RECORD_BYTES);
            } else {
                bytes = u64::from(self.data_bytes(all[first].message, cx.messages));
            }
            self.metrics.records_read.add(1);
            self.metrics.bytes_read.add(bytes);
            self.charge(bytes);
            for position in first..end {
                let message = cx.batches.entries(batch)[position].message;
                let size = self.data_bytes(message, cx.messages);
                self.accept(lane, message, size, cx);
            }
            first = end;
        }
        let last = cx.batches.entries(batch).last().map(|entry| entry.receipt.position());
        cx.batches.close(batch);
        self.hand_on(cx);
        if let (Source::Stream { id, .. }, Some(last), Some(shard)) =
            (self.settings.source, last, self.lanes[lane as usize].shard)
        {
            cx.outbox.send(id, Span::ZERO, Signal::ReadUpTo { shard, position: last + 1 });
        }
    }

    /// Bytes of the data of a record of a data stream.
    fn data_bytes(&self, message: MessageId, messages: &Messages) -> u32 {
        let key = messages.detail(message).group.key_bytes(&self.settings.texts);
        messages.bytes(message).saturating_sub(key)
    }

    fn list_shards<O: Outbox<Timer>>(&self, cx: &mut Context<'_, O>) {
        let Source::Stream { id, .. } = self.settings.source else { return };
        let request = cx.requests.open(Action::ListShards);
        cx.outbox.send(id, Span::ZERO, Signal::Request { request });
    }

    /// Shards whose parents were read to their ends are read from their oldest record on.
    pub(super) fn take_shards<O: Outbox<Timer>>(&mut self, shards: &[ShardInfo], cx: &mut Context<'_, O>) {
        for info in shards {
            if self.lane_of(info.shard).is_some() {
                continue;
            }
            let mut parents = info.parent.into_iter().chain(info.adjacent_parent);
            let is_read =
                |parent| self.lane_of(parent).is_none_or(|lane: u32| self.lanes[lane as usize].is_finished);
            if parents.all(is_read) {
                let lane = self.add_lane(Some(info.shard));
                self.begin_reading(lane, IteratorStart::TrimHorizon, cx);
            }
        }
    }
}
