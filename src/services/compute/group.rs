//! The life of a group's instances: launched, in service, crashed, drained, terminated.

use super::Timer;
use super::fleet::{Fleet, Instance, LifeCycle};
use super::settings::{Termination, TerminationPolicy};
use super::worker::{Doing, Worker};
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox, draw_span};

impl Fleet {
    /// Time zero: the desired instances exist already and are in service, as long as warmed up.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for _ in 0..self.desired {
            let index = self.new_instance();
            self.enter_service(index, cx);
        }
        self.update_group_metrics(cx.now);
        self.begin_scaling(cx);
    }

    fn new_instance(&mut self) -> u32 {
        self.launches += 1;
        let reused = self.free_places.pop();
        let index = reused.map_or(self.instances.len(), |index| index as usize);
        if reused.is_none() {
            let first_worker = self.workers.len() as u32;
            let new = Worker::new(index as u32);
            self.workers.extend(std::iter::repeat_n(new, self.settings.threads as usize));
            self.instances.push(Instance {
                life: LifeCycle::Terminated,
                epoch: 0,
                first_worker,
                launch: 0,
                in_service_since: Time::ZERO,
                running_workers: 0,
                activity: 0,
            });
        }
        let instance = &mut self.instances[index];
        instance.life = LifeCycle::Pending;
        instance.epoch = instance.epoch.wrapping_add(1);
        instance.launch = self.launches;
        instance.activity = self.activity.number;
        index as u32
    }

    /// Instances are launched or terminated until there are as many as desired.
    pub(super) fn reconcile<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let present = self.count(LifeCycle::Pending) + self.count(LifeCycle::InService);
        for _ in present..self.desired {
            let index = self.new_instance();
            self.activity.unfinished += 1;
            let time = draw_span(&self.settings.group.launch_time, &mut self.chance.launch);
            let epoch = self.instances[index as usize].epoch;
            cx.outbox.wake(cx.now + time, Timer::Launched { instance: index, epoch });
        }
        for _ in self.desired..present {
            let Some(index) = self.next_to_terminate() else { break };
            self.instances[index as usize].activity = self.activity.number;
            self.activity.unfinished += 1;
            self.terminate(index, cx);
        }
        self.update_group_metrics(cx.now);
    }

    /// Instances in service go before those still being launched.
    fn next_to_terminate(&self) -> Option<u32> {
        let candidates = |life| {
            let of_life =
                self.instances.iter().enumerate().filter(move |(_, instance)| instance.life == life);
            match self.settings.group.termination_policy {
                TerminationPolicy::OldestInstance => of_life.min_by_key(|(_, instance)| instance.launch),
                TerminationPolicy::NewestInstance => of_life.max_by_key(|(_, instance)| instance.launch),
            }
        };
        candidates(LifeCycle::InService)
            .or_else(|| candidates(LifeCycle::Pending))
            .map(|(index, _)| index as u32)
    }

    /// An instance has been launched.
    pub(super) fn end_launch<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.epoch == epoch && instance.life == LifeCycle::Pending {
            self.enter_service(index, cx);
            self.finish_activity(instance.activity, cx.now);
            self.update_group_metrics(cx.now);
        }
    }

    fn enter_service<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = &mut self.instances[index as usize];
        instance.life = LifeCycle::InService;
        instance.in_service_since = cx.now;
        self.start_workers(index, cx);
        self.await_crash(index, cx);
    }

    fn start_workers<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let threads = self.settings.threads;
        let instance = &mut self.instances[index as usize];
        instance.running_workers = threads;
        let first = instance.first_worker;
        for worker in first..first + threads {
            self.poll(worker, cx);
        }
    }

    fn await_crash<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if let Some(crashes) = self.settings.crashes {
            let mean = crashes.mean_time_between.as_seconds_f64();
            let time = Span::from_seconds_f64(mean * self.chance.crash.exponential());
            let epoch = self.instances[index as usize].epoch;
            if let Some(at) = cx.now.checked_add(time) {
                cx.outbox.wake(at, Timer::Crash { instance: index, epoch });
            }
        }
    }

    /// The process of an instance crashes: what it had in hand is lost to it.
    pub(super) fn crash<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        let Some(crashes) = self.settings.crashes else { return };
        if instance.epoch != epoch || instance.life != LifeCycle::InService {
            return;
        }
        self.metrics.crashes.add(1);
        self.stop_workers(index, cx);
        cx.outbox.wake(cx.now + crashes.restart_time, Timer::Restarted { instance: index, epoch });
    }

    /// The process of an instance is up again.
    pub(super) fn restart<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.epoch == epoch && instance.life == LifeCycle::InService {
            self.start_workers(index, cx);
            self.await_crash(index, cx);
        }
    }

    fn stop_workers<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let first = self.instances[index as usize].first_worker;
        for worker in first..first + self.settings.threads {
            self.stop_worker(worker, cx);
        }
    }

    /// An instance is taken out of service.
    fn terminate<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = &mut self.instances[index as usize];
        let epoch = instance.epoch;
        let was_in_service = instance.life == LifeCycle::InService;
        instance.life = LifeCycle::Draining;
        match self.settings.group.termination {
            Termination::Graceful(limit) if was_in_service && instance.running_workers > 0 => {
                cx.outbox.wake(cx.now + limit, Timer::DrainEnded { instance: index, epoch });
                let first = instance.first_worker;
                for worker in first..first + self.settings.threads {
                    if matches!(self.workers[worker as usize].doing, Doing::Polling | Doing::Pausing) {
                        self.stop_worker(worker, cx);
                    }
                }
            }
            Termination::Graceful(_) | Termination::Kill => {
                self.stop_workers(index, cx);
                self.shut_down(index, cx);
            }
        }
    }

    /// A worker of an instance has stopped; the last one of a draining instance lets it go.
    pub(super) fn worker_stopped<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = &mut self.instances[index as usize];
        instance.running_workers -= 1;
        if instance.life == LifeCycle::Draining {
            let threads = self.metrics.threads.value().unwrap_or(0);
            self.metrics.threads.set(cx.now, threads.saturating_sub(1));
        }
        if instance.running_workers == 0
            && instance.life == LifeCycle::Draining
            && self.settings.group.termination != Termination::Kill
        {
            self.shut_down(index, cx);
        }
    }

    /// The time for finishing is over: what is still in hand is lost to the instance.
    pub(super) fn end_drain<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.epoch == epoch && instance.life == LifeCycle::Draining {
            self.stop_workers(index, cx);
            self.update_group_metrics(cx.now);
        }
    }

    fn shut_down<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = &mut self.instances[index as usize];
        if instance.life != LifeCycle::Draining {
            return;
        }
        instance.life = LifeCycle::Terminating;
        let time = draw_span(&self.settings.group.termination_time, &mut self.chance.termination);
        cx.outbox.wake(cx.now + time, Timer::Terminated { instance: index, epoch: instance.epoch });
    }

    /// An instance is gone.
    pub(super) fn end_termination<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let instance = &mut self.instances[index as usize];
        if instance.epoch == epoch && instance.life == LifeCycle::Terminating {
            instance.life = LifeCycle::Terminated;
            self.free_places.push(index);
            let activity = instance.activity;
            self.finish_activity(activity, cx.now);
            self.update_group_metrics(cx.now);
        }
    }

    /// One instance of an activity is ready (or gone); after the last one the cooldown begins ("Scaling cooldowns").
    fn finish_activity(&mut self, number: u32, now: Time) {
        if number != self.activity.number || self.activity.unfinished == 0 {
            return;
        }
        self.activity.unfinished -= 1;
        if self.activity.unfinished == 0 {
            let until = now.saturating_add(self.activity.cooldown);
            self.activity.cooldown_until = self.activity.cooldown_until.max(Some(until));
        }
    }
}
