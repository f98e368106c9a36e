//! How a mapping reads a shard: a poll a second, more often while records are left, or a subscription ("Using Lambda to
//! process records from Amazon Kinesis Data Streams", polling and batching streams).

use super::StreamMappingTimer;
use super::entity::StreamMapping;
use super::record::{LANE_OF_AGGREGATES, count, is_part, payload};
use crate::engine::{Span, Time};
use crate::wire::{
    Answer, ApiError, BatchId, Context, GroupId, IteratorStart, Outbox, PollOutcome, RequestId,
    SUBSCRIPTION_LIFE, ShardId, ShardInfo, ShardRead, Signal,
};

/// "Lambda polls shards at a base rate of once per second."
const POLL_INTERVAL: Span = Span::from_seconds(1);
/// Most records of a call ("`GetRecords`").
const MOST_RECORDS: u32 = 10_000;
/// Records of a shard that wait for their batches at least before reading pauses.
const READ_AHEAD: u64 = 10_000;
/// A mapping reads a shard once: its calls need no numbers.
const EPOCH: u32 = 0;

/// Which of so many lanes the records of a partition key go to. AWS does not say how it chooses: each key has one lane.
pub(super) fn lane_of(key: GroupId, lanes: u32) -> u32 {
    // A multiplication mixes the bits upwards, so the upper ones choose.
    let mixed = u64::from(key.0 ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (((mixed >> 32) * u64::from(lanes)) >> 32) as u32
}

impl StreamMapping {
    /// A shard is read from its beginning for this mapping on. Nothing of a child is left out.
    pub(super) fn begin_shard<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        self.open_lanes(shard);
        let has_parents = self.shard(shard).parents.iter().any(Option::is_some);
        let start = match self.settings.start {
            IteratorStart::Latest if has_parents => IteratorStart::TrimHorizon,
            start => start,
        };
        self.place_iterator(shard, start, cx);
        if self.settings.enhanced_fan_out {
            cx.outbox.wake(cx.now + SUBSCRIPTION_LIFE, StreamMappingTimer::Subscribe(shard));
        } else {
            // Polls of different shards and mappings do not fall on the same instants.
            let phase = Span::from_nanos(self.phase.below(POLL_INTERVAL.as_nanos()));
            self.poll_at(shard, cx.now + phase, cx);
        }
    }

    fn place_iterator<O: Outbox<StreamMappingTimer>>(
        &mut self,
        shard: u32,
        start: IteratorStart,
        cx: &mut Context<'_, O>,
    ) {
        let (start, value) = start.parts();
        let shard = ShardId(shard);
        let signal = if self.settings.enhanced_fan_out {
            Signal::SubscribeToShard { shard, epoch: EPOCH, start, value }
        } else {
            Signal::GetShardIterator { shard, epoch: EPOCH, start, value }
        };
        cx.outbox.send(self.settings.stream, Span::ZERO, signal);
    }

    /// A subscription is over: the next one goes on where it was.
    pub(super) fn subscribe_again<O: Outbox<StreamMappingTimer>>(
        &mut self,
        shard: u32,
        cx: &mut Context<'_, O>,
    ) {
        if !self.shard(shard).finished {
            self.place_iterator(shard, IteratorStart::Current, cx);
            cx.outbox.wake(cx.now + SUBSCRIPTION_LIFE, StreamMappingTimer::Subscribe(shard));
        }
    }

    fn poll_at<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, at: Time, cx: &mut Context<'_, O>) {
        let state = self.shard(shard);
        if !state.armed && !state.fetching && !state.end_read {
            state.armed = true;
            cx.outbox.wake(at.max(cx.now), StreamMappingTimer::Poll(shard));
        }
    }

    /// It is time for the next `GetRecords`.
    pub(super) fn poll<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let is_full = self.is_full(shard);
        let enabled = self.enabled;
        let state = self.shard(shard);
        state.armed = false;
        state.paused = is_full || !enabled;
        if state.paused {
            return;
        }
        state.fetching = true;
        state.fetched_at = cx.now;
        self.metrics.get_records_calls.add(1);
        let signal = Signal::GetRecords { shard: ShardId(shard), epoch: EPOCH, limit: MOST_RECORDS };
        cx.outbox.send(self.settings.stream, Span::ZERO, signal);
    }

    /// Whether enough waits.
    fn is_full(&self, shard: u32) -> bool {
        let settings = &self.settings;
        let needed = u64::from(settings.batch_size) * u64::from(settings.parallelization_factor);
        self.shards[shard as usize].waiting >= needed.max(READ_AHEAD)
    }

    /// Records arrive, or a call was refused.
    pub(super) fn take_read<O: Outbox<StreamMappingTimer>>(
        &mut self,
        read: ShardRead,
        cx: &mut Context<'_, O>,
    ) {
        let shard = read.shard.0;
        let backlog_interval = self.settings.assumptions.backlog_poll_interval;
        let is_polled = !self.settings.enhanced_fan_out;
        let state = self.shard(shard);
        state.fetching = false;
        let fetched_at = state.fetched_at;
        match read.outcome {
            PollOutcome::Refused(error) => {
                self.metrics.get_records_errors.add(1);
                if error == ApiError::ExpiredIteratorException {
                    self.place_iterator(shard, IteratorStart::Current, cx);
                }
                self.poll_at(shard, fetched_at + POLL_INTERVAL, cx);
                return;
            }
            PollOutcome::Messages(batch) => {
                self.shard(shard).events_owed += u32::from(!is_polled);
                self.sort(shard, batch, cx);
            }
            PollOutcome::Empty => self.shard(shard).events_owed += u32::from(!is_polled),
        }
        if read.shard_end {
            self.end_shard(shard, cx);
        } else if is_polled {
            let interval = if read.milliseconds_behind > 0 { backlog_interval } else { POLL_INTERVAL };
            self.poll_at(shard, fetched_at + interval, cx);
        }
        self.read_on(shard, cx);
        self.note_progress(shard, cx);
    }

    /// The records of a read go to the lanes of their keys.
    fn sort<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let (factor, window) = (self.settings.parallelization_factor, self.settings.window);
        let mut touched = 0_u32;
        let state = &mut self.shards[shard as usize];
        if let [first, .., last] | [first @ last] = cx.batches.entries(batch) {
            let position = first.receipt.position();
            let missed = state.read_to.map_or(0, |expected| position.saturating_sub(expected));
            self.metrics.missed_events.add(missed);
            state.read_to = Some(last.receipt.position() + 1);
        }
        if self.settings.enhanced_fan_out {
            let parts = cx.batches.entries(batch).len();
            self.metrics.polled_events.add(parts as u64);
            self.take_apart(batch, cx);
        } else {
            self.metrics.polled_events.add(count(cx.batches.entries(batch)) as u64);
        }
        self.filter_out(batch, cx);
        let records = count(cx.batches.entries(batch)) as u64;
        let state = &mut self.shards[shard as usize];
        for record in cx.batches.entries(batch).chunk_by(|_, next| next.aggregated) {
            let key = cx.messages.group(record[0].message);
            let index = if record.len() > 1 { LANE_OF_AGGREGATES } else { lane_of(key, factor) };
            touched |= 1 << index;
            let lane = &mut state.lanes[index as usize];
            if lane.waiting.is_empty() {
                lane.gather_until = cx.now + window;
            }
            lane.waiting_bytes += payload(record.iter(), cx.messages, &self.settings.assumptions);
            lane.waiting_records += 1;
            lane.waiting.extend(record);
        }
        state.waiting += records;
        self.in_hand += records;
        cx.batches.close(batch);
        for lane in (0..factor).filter(|lane| touched & (1 << lane) != 0) {
            self.gather(shard * factor + lane, cx);
        }
    }

    /// Records that satisfy no filter are passed over, before they can join a batch ("Control which events Lambda sends to your
    /// function"). Of aggregated records a poll sees the whole, which is no JSON ("Using event filtering with a Kinesis event
    /// source").
    fn filter_out<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let Some(filter) = &mut self.filter else { return };
        let read = cx.batches.entries(batch).len();
        let (mut wanted, all) = (0, count(cx.batches.entries(batch)));
        for position in 0..read {
            let entry = cx.batches.entries(batch)[position];
            if !is_part(cx.batches.entries(batch), position) && filter.passes(entry.message, cx.messages) {
                cx.batches.entries_mut(batch)[wanted] = entry;
                wanted += 1;
            } else {
                cx.messages.mark_filtered(entry.message);
                cx.messages.release(entry.message);
            }
        }
        cx.batches.entries_mut(batch).truncate(wanted);
        self.metrics.filtered_out_events.add((all - wanted) as u64);
    }

    /// The last record of a shard has been read: what waits need not wait any longer.
    fn end_shard<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        self.shard(shard).end_read = true;
        let factor = self.settings.parallelization_factor;
        for lane in shard * factor..(shard + 1) * factor {
            self.gather(lane, cx);
        }
    }

    /// There may be room to read on.
    pub(super) fn read_on<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        if !self.enabled || self.is_full(shard) {
            return;
        }
        let backlog_interval = self.settings.assumptions.backlog_poll_interval;
        let state = &mut self.shards[shard as usize];
        for _ in 0..std::mem::take(&mut state.events_owed) {
            let signal = Signal::EventTaken { shard: ShardId(shard), epoch: EPOCH };
            cx.outbox.send(self.settings.stream, Span::ZERO, signal);
        }
        if std::mem::take(&mut state.paused) {
            let at = state.fetched_at + backlog_interval;
            self.poll_at(shard, at, cx);
        }
    }

    /// The stream answers a question.
    pub(super) fn take_response<O: Outbox<StreamMappingTimer>>(
        &mut self,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        match cx.requests.close(request).answer {
            Some(Answer::Shards(shards)) => self.take_shards(&shards, cx),
            Some(Answer::Stream(description)) => self.retention = description.retention,
            _ => {}
        }
    }

    /// Shards whose parents are finished have their turn.
    fn take_shards<O: Outbox<StreamMappingTimer>>(&mut self, shards: &[ShardInfo], cx: &mut Context<'_, O>) {
        for info in shards {
            let parents = [info.parent, info.adjacent_parent];
            let is_read =
                |parent: &ShardId| self.shards.get(parent.index()).is_some_and(|parent| parent.finished);
            let is_ready = parents.iter().flatten().all(is_read);
            let state = self.shard(info.shard.0);
            state.parents = parents;
            if is_ready && !state.begun {
                self.begin_shard(info.shard.0, cx);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_spread_over_the_lanes_and_each_keeps_its_own() {
        for lanes in 1..=10 {
            let mut counts = vec![0_u32; lanes as usize];
            for key in 0..10_000 {
                counts[lane_of(GroupId(key), lanes) as usize] += 1;
                assert_eq!(lane_of(GroupId(key), lanes), lane_of(GroupId(key), lanes));
            }
            let even = 10_000 / lanes;
            assert!(counts.iter().all(|count| count.abs_diff(even) < even / 5 + 1), "{lanes}: {counts:?}");
        }
    }
}
