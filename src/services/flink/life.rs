//! How a job lives: failures and restarts, stops and starts, updates and scaling.

use super::Timer;
use super::application::{Application, Given};
use super::slots::Slots;
use super::watermark::Watermarks;
use crate::engine::{Span, Time};
use crate::wire::{Action, Context, Outbox, Signal, draw_span};

/// What an application is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// `RUNNING`, and the job runs.
    Running {
        /// Since when.
        since: Time,
    },
    /// The job is down and will go on: after a failure, or because it is scaled (`AUTOSCALING`) or updated (`UPDATING`).
    Down {
        /// Since when.
        since: Time,
    },
    /// `READY`: it was stopped.
    Stopped,
}

impl Application {
    /// Time zero: it has been running for a while, with nothing in its state.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for shard in 0..self.settings.source.shards {
            self.lane(shard);
        }
        for (index, at) in self.settings.failures.iter().enumerate() {
            cx.outbox.wake(*at, Timer::Failure(index as u32));
        }
        for (index, stop) in self.settings.stops.iter().enumerate() {
            cx.outbox.wake(stop.at, Timer::Stop(index as u32));
        }
        for (index, update) in self.settings.updates.iter().enumerate() {
            cx.outbox.wake(update.at, Timer::Update(index as u32));
        }
        self.await_failure(cx);
        cx.outbox.wake(cx.now + Span::from_minutes(1), Timer::Minute);
        self.metrics.current_output_watermark.clear(cx.now);
        self.metrics.current_input_watermark.clear(cx.now);
        self.metrics.watermark_lag.clear(cx.now);
        self.metrics.last_checkpoint_duration.clear(cx.now);
        self.metrics.last_checkpoint_size.clear(cx.now);
        self.start_job(cx);
    }

    fn await_failure<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(mean) = self.settings.mean_time_between_failures {
            let seconds = self.chance.crash.exponential() * mean.as_seconds_f64();
            let at = cx.now.saturating_add(Span::from_seconds_f64(seconds));
            cx.outbox.wake(at, Timer::Crash);
        }
    }

    /// The job runs, with the state that was saved last.
    fn start_job<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.life += 1;
        self.status = Status::Running { since: cx.now };
        self.marks =
            Watermarks::new(self.settings.out_of_orderness, self.settings.idleness, self.parallelism);
        self.counts.busy += self.slots.busy(cx.now);
        self.slots = Slots::new(self.parallelism, self.settings.key_groups, cx.now);
        for shard in self.restore() {
            self.begin_reading(shard, cx);
        }
        if self.lanes.len() as u32 > self.settings.source.shards {
            // Children whose parents are finished have their turn.
            let request = cx.requests.open(Action::ListShards);
            cx.outbox.send(self.settings.source.stream, Span::ZERO, Signal::Request { request });
        }
        self.begin_checkpoints(cx);
        self.arm_processing(cx);
        self.use_kpus(cx.now);
    }

    /// The job ends at once: what is under way is dropped.
    fn halt<O: Outbox<Timer>>(&mut self, status: Status, cx: &mut Context<'_, O>) {
        self.life += 1;
        self.status = status;
        for shard in 0..self.lanes.len() {
            let slices: Vec<_> = self.lanes[shard].slices().collect();
            for slice in slices {
                self.counts.in_hand -= cx.batches.entries(slice).len() as u64;
                self.abandon(slice, cx);
            }
            self.lanes[shard].stop();
            self.lanes[shard].last_done = cx.now;
        }
        // What the slots had not done yet they never do.
        self.counts.busy += self.slots.busy(cx.now);
        self.slots = Slots::new(self.parallelism, self.settings.key_groups, cx.now);
        self.taking = None;
        self.watermark_armed = false;
        self.idle_armed = false;
        self.processing_armed = None;
        self.metrics.current_output_watermark.clear(cx.now);
        self.metrics.current_input_watermark.clear(cx.now);
        self.metrics.watermark_lag.clear(cx.now);
    }

    /// The job fails, and restarts from its last checkpoint: what came after it is done once more.
    pub(super) fn fail<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if !self.runs() {
            return;
        }
        if self.taking.is_some() {
            self.fail_checkpoint(cx.now);
        }
        self.halt(Status::Down { since: cx.now }, cx);
        self.go_back(cx);
        let down = self.settings.assumptions.restart_delay + self.saved_transfer_time();
        self.resume_after(down, cx);
    }

    /// Everything since the last save is void, but not for whoever is behind the sinks.
    fn go_back<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let saved = self.saved.as_ref().map_or(0, |saved| saved.cut);
        self.lose_waiting(saved, cx);
        for (key, times) in std::mem::take(&mut self.given_since_saved) {
            let before = self.given_before.entry(key).or_default();
            *before = (*before).max(times);
        }
        self.given_since_cut = Given::new();
    }

    fn saved_transfer_time(&self) -> Span {
        let entries = self.saved.as_ref().map_or(0, |saved| saved.pipeline.state_entries());
        let bytes = (entries * self.settings.assumptions.state_entry_bytes) as f64;
        Span::from_seconds_f64(bytes / self.settings.assumptions.state_bytes_per_second.max(1) as f64)
    }

    fn resume_after<O: Outbox<Timer>>(&mut self, down: Span, cx: &mut Context<'_, O>) {
        let restarts = self.metrics.full_restarts.value().unwrap_or(0);
        self.metrics.full_restarts.set(cx.now, restarts + 1);
        cx.outbox.wake(cx.now + down, Timer::Resume { life: self.life });
    }

    /// The job goes on.
    pub(super) fn resume<O: Outbox<Timer>>(&mut self, life: u32, cx: &mut Context<'_, O>) {
        if life == self.life {
            self.start_job(cx);
        }
    }

    pub(super) fn fail_by_chance<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.fail(cx);
        self.await_failure(cx);
    }

    /// State is saved, or given up, as `SnapshotsEnabled` says.
    fn take_snapshot<O: Outbox<Timer>>(&mut self, keeps: bool, cx: &mut Context<'_, O>) {
        if keeps {
            let saved = Box::new(self.save(cx));
            self.given_since_saved = Given::new();
            self.keep(saved, cx);
        } else {
            self.saved = None;
            self.go_back(cx);
        }
    }

    /// Another parallelism, or another version: a snapshot, a new deployment, and state is restored.
    pub(super) fn redeploy<O: Outbox<Timer>>(&mut self, parallelism: u32, cx: &mut Context<'_, O>) {
        if !self.runs() {
            return;
        }
        self.take_snapshot(self.settings.snapshots, cx);
        self.halt(Status::Down { since: cx.now }, cx);
        self.parallelism = parallelism;
        let down = draw_span(&self.settings.assumptions.scaling_time, &mut self.chance.change);
        self.use_kpus(cx.now);
        self.resume_after(down, cx);
    }

    pub(super) fn update<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let parallelism = self.settings.updates[index as usize].parallelism.unwrap_or(self.parallelism);
        self.settings.parallelism =
            self.settings.updates[index as usize].parallelism.unwrap_or(self.settings.parallelism);
        match self.status {
            Status::Running { .. } => self.redeploy(parallelism, cx),
            // A stopped application is updated at once, and one that is restarting goes on as the new one.
            Status::Down { .. } | Status::Stopped => {
                self.parallelism = parallelism;
                self.use_kpus(cx.now);
            }
        }
    }

    /// `StopApplication`.
    pub(super) fn stop<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let stop = self.settings.stops[index as usize];
        match self.status {
            Status::Stopped => {}
            Status::Running { .. } => {
                self.take_snapshot(self.settings.snapshots && !stop.force, cx);
                self.halt(Status::Stopped, cx);
            }
            // Its job is down already: what was saved last is all there is.
            Status::Down { .. } => {
                self.life += 1;
                self.status = Status::Stopped;
            }
        }
        self.use_kpus(cx.now);
        if let Some(down) = stop.down_for {
            cx.outbox.wake(cx.now + down, Timer::Start);
        }
    }

    /// `StartApplication`.
    pub(super) fn start_again<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.status == Status::Stopped {
            self.bill.started_at = Some(cx.now);
            self.start_job(cx);
        }
    }
}
