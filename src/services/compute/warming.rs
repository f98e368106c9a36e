//! Instances that warm up: they are in service, and what the group's metrics aggregate does not count them yet ("Set the
//! default instance warmup for an Auto Scaling group").

use super::Timer;
use super::fleet::Fleet;
use super::worker::Doing;
use crate::engine::{Span, Time};
use crate::record::Level;
use crate::wire::{Context, Outbox};

/// Warm-ups, and the threads of instances in them, so that the group's CPU utilisation can leave them out.
#[derive(Debug, Default)]
pub(super) struct Warming {
    /// Warm-ups begun: each has a number.
    begun: u32,
    /// Threads that process a message.
    busy: u64,
    pub(super) busy_threads: Level,
    pub(super) threads: Level,
}

impl Fleet {
    /// An instance came into service: it warms up, unless it was there when the run began.
    pub(super) fn begin_warm_up<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let group = &self.settings.group;
        let time = group.scaling.instance_warmup;
        let was_there = self.instances[index as usize].launch <= u64::from(group.desired_capacity);
        if was_there || time == Span::ZERO || !group.is_auto_scaling || self.is_service() {
            return;
        }
        self.warming.begun = self.warming.begun.wrapping_add(1).max(1);
        let number = self.warming.begun;
        self.alter(index, "in service", cx, |instance| instance.warm_up = number);
        cx.outbox.wake(cx.now.saturating_add(time), Timer::WarmedUp { instance: index, number });
    }

    /// A warm-up is over, if its instance is still in it.
    pub(super) fn end_instance_warm_up<O>(&mut self, index: u32, number: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.warms_up() && instance.warm_up == number {
            self.alter(index, "warmed up", cx, |instance| instance.warm_up = 0);
            self.update_group_metrics(cx.now);
        }
    }

    /// An instance begins to warm up, or does no longer.
    pub(super) fn warm_up_changed(&mut self, index: u32, warms_up: bool, now: Time) {
        let first = self.instances[index as usize].first_worker;
        let workers = &self.workers[first as usize..(first + self.settings.threads) as usize];
        let busy = workers.iter().filter(|worker| worker.doing == Doing::Processing).count() as u64;
        let warming = &mut self.warming;
        warming.busy = if warms_up { warming.busy + busy } else { warming.busy - busy };
        warming.busy_threads.set(now, warming.busy);
    }

    /// A thread takes up a message (`+1`) or is done with it (`-1`). It is asked before the worker knows.
    #[inline]
    pub(super) fn change_busy(&mut self, worker: u32, by: i64, now: Time) {
        self.busy = self.busy.wrapping_add_signed(by);
        self.metrics.busy_threads.set(now, self.busy);
        if self.census.warming > 0 {
            let instance = self.workers[worker as usize].instance;
            if self.instances[instance as usize].warms_up() {
                self.warming.busy = self.warming.busy.wrapping_add_signed(by);
                self.warming.busy_threads.set(now, self.warming.busy);
            }
        }
    }
}
