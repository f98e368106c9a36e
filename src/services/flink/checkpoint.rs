//! Checkpoints and snapshots: state and the places in the stream that belong to it, at one instant ("Implement fault
//! tolerance"; "Checkpointing", nightlies.apache.org/flink).

use super::Timer;
use super::application::{Application, Given};
use super::operator::Pipeline;
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox, ShardId, Signal};

/// Where the source was in a shard.
#[derive(Debug, Clone, Copy)]
pub(super) struct SavedLane {
    applied_to: Option<u64>,
    was_begun: bool,
    was_finished: bool,
}

/// State, as it was saved.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) pipeline: Pipeline,
    lanes: Vec<SavedLane>,
    /// How often state had been saved, this time included.
    pub(super) cut: u32,
}

/// A checkpoint under way.
#[derive(Debug)]
pub(super) struct Taking {
    began_at: Time,
    saved: Option<Box<Saved>>,
}

impl Application {
    /// The first checkpoint of a life.
    pub(super) fn begin_checkpoints<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(checkpoints) = self.settings.checkpoints {
            cx.outbox.wake(cx.now + checkpoints.interval, Timer::Checkpoint { life: self.life });
        }
    }

    /// A checkpoint begins: its barrier goes behind the records under way.
    pub(super) fn checkpoint<O: Outbox<Timer>>(&mut self, life: u32, cx: &mut Context<'_, O>) {
        if life != self.life {
            return;
        }
        self.taking = Some(Taking { began_at: cx.now, saved: None });
        let under_way = self.lanes.iter().filter(|lane| !lane.in_flight.is_empty());
        let aligned = under_way.map(|lane| lane.last_done).max().unwrap_or(cx.now).max(cx.now);
        cx.outbox.wake(aligned, Timer::Cut { life });
    }

    /// The barrier has reached the sinks: these send what they have, and state is written.
    pub(super) fn cut<O: Outbox<Timer>>(&mut self, life: u32, cx: &mut Context<'_, O>) {
        let Some(began_at) = self.taking.as_ref().filter(|_| life == self.life).map(|taking| taking.began_at)
        else {
            return;
        };
        let saved = Box::new(self.save(cx));
        self.given_since_cut = Given::new();
        self.taking = Some(Taking { began_at, saved: Some(saved) });
        let end = cx.now + self.settings.assumptions.checkpoint_overhead + self.transfer_time();
        let timeout = self.settings.checkpoints.map_or(Span::MAX, |checkpoints| checkpoints.timeout);
        cx.outbox.wake(end.min(began_at.saturating_add(timeout)).max(cx.now), Timer::Completed { life });
    }

    /// State as it is now. What waits in sinks is sent first.
    pub(super) fn save<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) -> Saved {
        for sink in 0..self.sinks.len() {
            self.flush(sink, true, cx);
        }
        self.cuts += 1;
        let lanes = self.lanes.iter().map(|lane| SavedLane {
            applied_to: lane.applied_to,
            was_begun: lane.begun,
            was_finished: lane.finished,
        });
        Saved { pipeline: self.pipeline.clone(), lanes: lanes.collect(), cut: self.cuts }
    }

    /// State in bytes.
    pub(super) fn state_bytes(&self) -> u64 {
        self.pipeline.state_entries() * self.settings.assumptions.state_entry_bytes
    }

    /// How long it takes to write or to read the state.
    pub(super) fn transfer_time(&self) -> Span {
        let bytes = self.state_bytes() as f64;
        Span::from_seconds_f64(bytes / self.settings.assumptions.state_bytes_per_second.max(1) as f64)
    }

    /// A checkpoint is complete, or its time is up.
    pub(super) fn complete<O: Outbox<Timer>>(&mut self, life: u32, cx: &mut Context<'_, O>) {
        if life != self.life {
            return;
        }
        let (Some(taking), Some(checkpoints)) = (self.taking.take(), self.settings.checkpoints) else {
            return;
        };
        let duration = cx.now - taking.began_at;
        let next = (taking.began_at + checkpoints.interval).max(cx.now + checkpoints.minimum_pause);
        cx.outbox.wake(next, Timer::Checkpoint { life });
        let Some(saved) = taking.saved.filter(|_| duration < checkpoints.timeout) else {
            self.fail_checkpoint(cx.now);
            return;
        };
        self.metrics.checkpoints.add(1);
        self.metrics.last_checkpoint_duration.set(cx.now, duration.as_nanos());
        let size = saved.pipeline.state_entries() * self.settings.assumptions.state_entry_bytes;
        self.metrics.last_checkpoint_size.set(cx.now, size);
        self.given_since_saved = std::mem::take(&mut self.given_since_cut);
        self.keep(saved, cx);
    }

    pub(super) fn fail_checkpoint(&mut self, now: Time) {
        let failed = self.metrics.failed_checkpoints.value().unwrap_or(0);
        self.metrics.failed_checkpoints.set(now, failed + 1);
    }

    /// From now on this is what a restart goes on from: the stream need not keep what came before.
    pub(super) fn keep<O: Outbox<Timer>>(&mut self, saved: Box<Saved>, cx: &mut Context<'_, O>) {
        for (shard, lane) in (0..).zip(&saved.lanes) {
            let position = if lane.was_finished { Some(u64::MAX) } else { lane.applied_to };
            self.release(shard, position, cx);
        }
        self.saved = Some(saved);
    }

    fn release<O: Outbox<Timer>>(&self, shard: u32, position: Option<u64>, cx: &mut Context<'_, O>) {
        let keeps = self.settings.source.is_pushed || self.settings.may_begin_anew();
        if let Some(position) = position.filter(|_| !keeps) {
            let signal = Signal::ReadUpTo { shard: ShardId(shard), position };
            cx.outbox.send(self.settings.source.stream, Span::ZERO, signal);
        }
    }

    /// Without checkpoints, and when nothing can go wrong, the stream need not keep what was processed.
    pub(super) fn tell_progress<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        if self.settings.checkpoints.is_none() && !self.settings.may_go_back() {
            let position = self.lane(shard).applied_to;
            self.release(shard, position, cx);
        }
    }

    /// The job goes on from what was saved last, or from the beginning: gives the shards to read.
    pub(super) fn restore(&mut self) -> Vec<u32> {
        let lanes = self.lanes.len() as u32;
        let saved = self.saved.take();
        let mut begun = Vec::new();
        if let Some(saved) = &saved {
            self.pipeline = saved.pipeline.clone();
            self.pipeline.forget_time();
            for shard in 0..lanes {
                let was = saved.lanes.get(shard as usize).copied();
                let lane = &mut self.lanes[shard as usize];
                lane.applied_to = was.and_then(|was| was.applied_to);
                lane.finished = was.is_some_and(|was| was.was_finished);
                if was.is_some_and(|was| was.was_begun && !was.was_finished) {
                    begun.push(shard);
                }
            }
        } else {
            self.pipeline = Pipeline::new(self.settings.operators.clone(), self.salt);
            for shard in 0..lanes {
                let lane = &mut self.lanes[shard as usize];
                lane.applied_to = None;
                lane.finished = false;
                if shard < self.settings.source.shards {
                    begun.push(shard);
                }
            }
        }
        self.saved = saved;
        begun
    }
}
