//! An event source mapping of a stream: what it knows of each shard, and of the batches it works on there.

use super::super::event_filter::EventFilter;
use super::StreamMappingTimer;
use super::metrics::StreamMappingMetrics;
use super::settings::StreamMappingSettings;
use crate::engine::{Span, Stream, Time};
use crate::wire::{Action, BatchId, Batches, Context, Entry, MessageId, Outbox, Purpose, ShardId, Signal};
use std::collections::VecDeque;

/// How often it looks whether the retention period of the stream has changed.
const LOOK_INTERVAL: Span = Span::from_hours(1);

/// What a lane is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Gathering records.
    Gathering,
    /// Waiting for the function.
    Invoking,
    /// Waiting before its batch is tried again.
    Pausing,
}

/// A tumbling window that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// It begins at so many lengths after the start.
    pub(super) number: u64,
    pub(super) state_bytes: u64,
    /// Its last invocation is under way.
    pub(super) closing: bool,
}

/// One of the batches that are processed of a shard at a time, and the records of its partition keys.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) waiting: VecDeque<Entry>,
    /// How many records they are.
    pub(super) waiting_records: usize,
    /// What they need of a payload.
    pub(super) waiting_bytes: u64,
    pub(super) doing: Doing,
    /// The batch that is to be tried again.
    pub(super) batch: Option<BatchId>,
    /// What follows it: the later halves of split batches, nearest last.
    pub(super) halves: Vec<BatchId>,
    /// The first record in hand; `u64::MAX` for none.
    pub(super) first: u64,
    /// How often the batch was tried again after the function had failed.
    pub(super) attempts: u32,
    /// Pauses of the batch so far.
    pub(super) pauses: u32,
    /// When the batching window ends.
    pub(super) gather_until: Time,
    /// Changes with each timer: those of before are void.
    pub(super) epoch: u32,
    /// When its timer runs out.
    pub(super) wakes_at: Option<Time>,
    pub(super) window: Option<Window>,
}

impl Lane {
    fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            waiting_records: 0,
            waiting_bytes: 0,
            doing: Doing::Gathering,
            batch: None,
            halves: Vec::new(),
            first: u64::MAX,
            attempts: 0,
            pauses: 0,
            gather_until: Time::ZERO,
            epoch: 0,
            wakes_at: None,
            window: None,
        }
    }

    /// The first record that is not done with.
    fn low_mark(&self) -> u64 {
        let waiting = self.waiting.front().map_or(u64::MAX, |entry| entry.receipt.position());
        self.first.min(waiting)
    }

    fn is_idle(&self) -> bool {
        self.doing == Doing::Gathering && self.waiting.is_empty() && self.window.is_none()
    }
}

/// A shard, as the mapping sees it.
#[derive(Debug, Default)]
pub(super) struct ShardState {
    /// It is being read, or was.
    pub(super) begun: bool,
    /// Read to its end, and everything of it done with.
    pub(super) finished: bool,
    /// The last read brought the end.
    pub(super) end_read: bool,
    /// A call is under way.
    pub(super) fetching: bool,
    /// When it began.
    pub(super) fetched_at: Time,
    /// The next call has its time.
    pub(super) armed: bool,
    /// Reading pauses because enough waits.
    pub(super) paused: bool,
    /// Pushed events that are not acknowledged yet.
    pub(super) events_owed: u32,
    /// Records that wait in all lanes.
    pub(super) waiting: u64,
    /// The position behind the last record read.
    pub(super) read_to: Option<u64>,
    /// Up to where the stream knows that it is done.
    told: u64,
    pub(super) parents: [Option<ShardId>; 2],
    pub(super) lanes: Vec<Lane>,
}

/// An event source mapping of a stream.
#[derive(Debug)]
pub struct StreamMapping {
    pub(super) settings: StreamMappingSettings,
    pub(super) shards: Vec<ShardState>,
    pub(super) enabled: bool,
    /// How long the stream keeps records.
    pub(super) retention: Span,
    /// Batches in hand.
    pub(super) busy: u64,
    /// Records in hand.
    pub(super) in_hand: u64,
    /// Messages about discarded records.
    pub(super) told: u64,
    pub(super) filter: Option<EventFilter>,
    pub(super) phase: Stream,
    pub(super) metrics: StreamMappingMetrics,
}

impl StreamMapping {
    /// A mapping that has read nothing yet.
    pub fn new(settings: StreamMappingSettings, seed: u64, replication: u32) -> Self {
        Self {
            shards: Vec::new(),
            enabled: settings.enabled,
            retention: settings.retention,
            busy: 0,
            in_hand: 0,
            told: 0,
            filter: settings.filter.as_ref().map(EventFilter::new),
            phase: Purpose::PollPhase.stream(seed, replication, "stream_mapping", &settings.name),
            metrics: StreamMappingMetrics::default(),
            settings,
        }
    }

    /// Time zero: every shard is read.
    pub(super) fn begin<O: Outbox<StreamMappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for (from, until) in self.settings.disabled.clone() {
            cx.outbox.wake(from, StreamMappingTimer::Switch(false));
            cx.outbox.wake(until, StreamMappingTimer::Switch(true));
        }
        for shard in 0..self.settings.shards {
            self.begin_shard(shard, cx);
        }
        self.metrics.batches_at_once.set(cx.now, 0);
        cx.outbox.wake(cx.now + LOOK_INTERVAL, StreamMappingTimer::Look);
    }

    /// Asks how long the stream keeps its records.
    pub(super) fn look<O: Outbox<StreamMappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let request = cx.requests.open(Action::DescribeStream);
        cx.outbox.send(self.settings.stream, Span::ZERO, Signal::Request { request });
        cx.outbox.wake(cx.now + LOOK_INTERVAL, StreamMappingTimer::Look);
    }

    /// A shard, as far as it is known.
    pub(super) fn shard(&mut self, shard: u32) -> &mut ShardState {
        let index = shard as usize;
        if self.shards.len() <= index {
            self.shards.resize_with(index + 1, ShardState::default);
        }
        &mut self.shards[index]
    }

    /// A shard that is to be read from now on has its lanes.
    pub(super) fn open_lanes(&mut self, shard: u32) {
        let lanes = self.settings.parallelization_factor as usize;
        let state = self.shard(shard);
        state.begun = true;
        state.lanes.resize_with(lanes, Lane::new);
    }

    /// The shard and the lane of it that a number stands for.
    pub(super) fn place(&self, lane: u32) -> (usize, usize) {
        let factor = self.settings.parallelization_factor;
        ((lane / factor) as usize, (lane % factor) as usize)
    }

    pub(super) fn lane(&mut self, lane: u32) -> &mut Lane {
        let (shard, index) = self.place(lane);
        &mut self.shards[shard].lanes[index]
    }

    /// It is enabled or disabled (`UpdateEventSourceMapping`). Invocations under way are finished.
    pub(super) fn switch<O: Outbox<StreamMappingTimer>>(&mut self, enabled: bool, cx: &mut Context<'_, O>) {
        if enabled == self.enabled {
            return;
        }
        self.enabled = enabled;
        if !enabled {
            return;
        }
        let factor = self.settings.parallelization_factor;
        for shard in 0..self.shards.len() as u32 {
            let state = &self.shards[shard as usize];
            if !state.begun || state.finished {
                continue;
            }
            for lane in shard * factor..(shard + 1) * factor {
                match self.lane(lane).doing {
                    Doing::Gathering => self.gather(lane, cx),
                    Doing::Pausing => self.try_again(lane, cx),
                    Doing::Invoking => {}
                }
            }
            self.read_on(shard, cx);
            self.note_progress(shard, cx);
        }
    }

    /// The stream is told what nobody here needs any more; a shard of which nothing is left is finished.
    pub(super) fn note_progress<O: Outbox<StreamMappingTimer>>(
        &mut self,
        shard: u32,
        cx: &mut Context<'_, O>,
    ) {
        let state = &mut self.shards[shard as usize];
        let in_hand = state.lanes.iter().map(Lane::low_mark).min().unwrap_or(u64::MAX);
        let Some(mark) = state.read_to.map(|read_to| in_hand.min(read_to)) else {
            self.finish_if_done(shard, cx);
            return;
        };
        if mark > state.told {
            state.told = mark;
            let signal = Signal::ReadUpTo { shard: ShardId(shard), position: mark };
            cx.outbox.send(self.settings.stream, Span::ZERO, signal);
        }
        self.finish_if_done(shard, cx);
    }

    fn finish_if_done<O: Outbox<StreamMappingTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let state = &mut self.shards[shard as usize];
        if !state.end_read || state.finished || !state.lanes.iter().all(Lane::is_idle) {
            return;
        }
        state.finished = true;
        self.metrics.shards_finished.add(1);
        let signal = Signal::ReadUpTo { shard: ShardId(shard), position: u64::MAX };
        cx.outbox.send(self.settings.stream, Span::ZERO, signal);
        let request = cx.requests.open(Action::ListShards);
        cx.outbox.send(self.settings.stream, Span::ZERO, Signal::Request { request });
    }

    pub(super) fn mark_held(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for lane in self.shards.iter().flat_map(|shard| &shard.lanes) {
            lane.waiting.iter().for_each(|entry| mark(entry.message));
            for batch in lane.batch.iter().chain(&lane.halves) {
                batches.entries(*batch).iter().for_each(|entry| mark(entry.message));
            }
        }
    }
}
