//! From the decision to launch an instance to its threads asking for messages.

use super::Timer;
use super::fleet::{Activity, Fleet};
use super::instance::{Application, HookWait, Instance, LifeCycle};
use super::life_settings::{Process, Transition};
use super::notify::GroupEvent;
use super::worker::{Doing, Worker};
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox, draw_span};

impl Fleet {
    /// A place for a new instance, which is in this state from now on.
    pub(super) fn new_instance<O>(
        &mut self,
        life: LifeCycle,
        zone: u8,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) -> u32 {
        self.launches += 1;
        let index = self.free_places.pop().unwrap_or_else(|| self.new_place());
        let is_spot = matches!(life, LifeCycle::Pending | LifeCycle::InService) && self.is_next_spot();
        let (launch, activity, version) = (self.launches, self.activity.number, self.launch_version());
        self.alter(index, cause, cx, |instance| {
            *instance = Instance {
                life,
                epoch: instance.epoch.wrapping_add(1),
                start: instance.start.wrapping_add(1),
                stint: instance.stint.wrapping_add(1),
                hooks: HookWait { round: instance.hooks.round.wrapping_add(1), ..HookWait::default() },
                launch,
                activity,
                zone,
                is_spot,
                version,
                ..Instance::vacant(instance.first_worker)
            };
        });
        self.instances[index as usize].launched_at = cx.now;
        index
    }

    fn new_place(&mut self) -> u32 {
        let index = self.instances.len() as u32;
        let first_worker = self.workers.len() as u32;
        self.workers.extend(std::iter::repeat_n(Worker::new(index), self.settings.threads as usize));
        let vacant = Instance::vacant(first_worker);
        self.census.add(&vacant, self.settings.threads, self.settings.group.life.pool_state());
        self.instances.push(vacant);
        index
    }

    /// Instances are missing: they are taken from the warm pool, or launched where EC2 has capacity.
    pub(super) fn launch_missing<O: Outbox<Timer>>(&mut self, missing: u32, cx: &mut Context<'_, O>) {
        if self.is_suspended(Process::Launch, cx.now) {
            return;
        }
        for _ in 0..missing {
            if self.take_from_pool(cx) {
                continue;
            }
            let Some(index) = self.launch(LifeCycle::Pending, "launch", cx) else { return };
            self.instances[index as usize].activity = self.activity.number;
            self.activity.unfinished += 1;
        }
    }

    /// Launches an instance, if EC2 lets it.
    pub(super) fn launch<O: Outbox<Timer>>(
        &mut self,
        life: LifeCycle,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) -> Option<u32> {
        if self.no_launch_until > cx.now {
            return None;
        }
        let Some(zone) = self.find_zone(life, cx) else {
            self.notify(GroupEvent::LaunchError, cx);
            self.wait_for_launches(true, cx);
            return None;
        };
        let index = self.new_instance(life, zone, cause, cx);
        let time = draw_span(&self.settings.group.launch_time, &mut self.chance.launch);
        let epoch = self.instances[index as usize].epoch;
        cx.outbox.wake(cx.now + time, Timer::Launched { instance: index, epoch });
        Some(index)
    }

    /// A launch failed: the group waits before the next one, the longer the more of them failed in a row.
    pub(super) fn wait_for_launches<O: Outbox<Timer>>(
        &mut self,
        also_at_first: bool,
        cx: &mut Context<'_, O>,
    ) {
        let life = &self.settings.group.life;
        self.failed_launches = self.failed_launches.saturating_add(1);
        if self.failed_launches == 1 && !also_at_first {
            return;
        }
        let doublings = self.failed_launches.saturating_sub(if also_at_first { 1 } else { 2 }).min(20);
        let wait = life.launch_retry_interval.saturating_mul(1 << doublings).min(life.launch_retry_maximum);
        self.no_launch_until = cx.now.saturating_add(wait);
        cx.outbox.wake(self.no_launch_until, Timer::Retry);
    }

    /// An instance runs, as EC2 sees it: its system boots, and lifecycle hooks begin.
    pub(super) fn end_launch<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        let is_launching = matches!(instance.life, LifeCycle::Pending | LifeCycle::WarmedPending);
        if instance.epoch != epoch || !is_launching || instance.hooks.waiting != 0 {
            return;
        }
        self.begin_boot(index, cx);
        if instance.life == LifeCycle::Pending {
            self.await_failures(index, cx);
        }
        if !self.begin_hooks(index, Transition::Launching, cx) {
            self.arrive(index, cx);
        }
        self.update_group_metrics(cx.now);
    }

    /// The operating system boots and the application starts. Nothing of the group waits for that by itself ("Amazon EC2
    /// Auto Scaling instance lifecycle").
    fn begin_boot<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.application != Application::Down {
            return;
        }
        let life = &self.settings.group.life;
        let mut time = Span::ZERO;
        if let Some(boot) = &life.os_boot {
            time += draw_span(boot, &mut self.chance.boot);
        }
        if let Some(start) = life.application_start.as_ref().filter(|_| !instance.is_prepared) {
            time += draw_span(start, &mut self.chance.application_start);
        }
        let start = instance.start.wrapping_add(1);
        let application = if time == Span::ZERO { Application::Up } else { Application::Starting };
        self.alter(index, "launch", cx, |instance| {
            instance.start = start;
            instance.application = application;
        });
        if application == Application::Starting {
            cx.outbox.wake(cx.now + time, Timer::Ready { instance: index, start });
        }
    }

    /// The application on an instance is ready for messages.
    pub(super) fn end_boot<O: Outbox<Timer>>(&mut self, index: u32, start: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.start != start || instance.application != Application::Starting {
            return;
        }
        self.alter(index, "application ready", cx, |instance| instance.application = Application::Up);
        match instance.life {
            LifeCycle::InService => self.open_for_work(index, cx),
            LifeCycle::Pending | LifeCycle::WarmedPending => self.complete_by_application(index, cx),
            _ => {}
        }
        self.update_group_metrics(cx.now);
    }

    /// Nothing holds the instance up any more: it enters service, or the warm pool.
    pub(super) fn arrive<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.life == LifeCycle::WarmedPending {
            self.enter_pool(index, cx);
            return;
        }
        self.failed_launches = 0;
        self.enter_service(index, cx);
        self.notify(GroupEvent::Launch, cx);
        self.finish_activity(instance.activity, cx.now);
        if self.census.outgoing > 0 || self.surplus_waits {
            self.reconcile(cx);
        }
    }

    pub(super) fn enter_service<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let is_protected = self.settings.group.life.new_instances_protected;
        self.alter(index, "in service", cx, |instance| {
            instance.life = LifeCycle::InService;
            instance.is_protected = is_protected;
            instance.hooks.proceeds = false;
            instance.warm_up = 0;
        });
        self.instances[index as usize].in_service_since = cx.now;
        self.begin_warm_up(index, cx);
        self.tell_refresh(cx);
        if self.instances[index as usize].application == Application::Up {
            self.open_for_work(index, cx);
        }
    }

    /// The threads of an instance begin to ask for messages.
    pub(super) fn open_for_work<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        self.instances[index as usize].takes_messages = true;
        self.start_workers(index, cx);
        self.await_crash(index, cx);
    }

    fn start_workers<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let first = self.instances[index as usize].first_worker;
        let idle = |fleet: &Self, worker: u32| fleet.workers[worker as usize].doing == Doing::Nothing;
        let workers = first..first + self.settings.threads;
        let started = workers.clone().filter(|worker| idle(self, *worker)).count() as u32;
        self.alter(index, "in service", cx, |instance| instance.running_workers += started);
        for worker in workers {
            if idle(self, worker) {
                self.poll(worker, cx);
            }
        }
    }

    fn await_crash<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if let Some(crashes) = self.settings.crashes {
            let mean = crashes.mean_time_between.as_seconds_f64();
            let time = Span::from_seconds_f64(mean * self.chance.crash.exponential());
            let start = self.instances[index as usize].start;
            if let Some(at) = cx.now.checked_add(time) {
                cx.outbox.wake(at, Timer::Crash { instance: index, start });
            }
        }
    }

    /// The process of an instance crashes: what it had in hand is lost to it.
    pub(super) fn crash<O: Outbox<Timer>>(&mut self, index: u32, start: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        let Some(crashes) = self.settings.crashes else { return };
        if instance.start != start || instance.life != LifeCycle::InService {
            return;
        }
        self.metrics.crashes.add(1);
        let start = start.wrapping_add(1);
        self.alter(index, "crash", cx, |instance| {
            instance.application = Application::Down;
            instance.start = start;
        });
        self.stop_workers(index, cx);
        self.look_for_surplus(index, cx);
        cx.outbox.wake(cx.now + crashes.restart_time, Timer::Restarted { instance: index, start });
    }

    /// The process of an instance is up again.
    pub(super) fn restart<O: Outbox<Timer>>(&mut self, index: u32, start: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.start == start && instance.life == LifeCycle::InService {
            self.alter(index, "restart", cx, |instance| instance.application = Application::Up);
            if instance.takes_messages {
                self.open_for_work(index, cx);
            }
        }
    }

    /// A launch came to nothing: the instance is terminated, and the group launches another one.
    pub(super) fn abandon_launch<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) {
        let instance = self.instances[index as usize];
        self.capacity_metrics.launches_failed.add(1);
        let what = format!("Launching a new EC2 instance: {}. {cause}.", super::instance_id(instance.launch));
        self.tell(what, self.desired, "Failed", cx);
        self.notify(GroupEvent::LaunchError, cx);
        self.instances[index as usize].activity = Activity::NONE;
        self.wait_for_launches(false, cx);
        self.leave(index, cause, cx);
        self.reconcile(cx);
        self.finish_activity(instance.activity, cx.now);
    }

    /// One instance of an activity is ready (or gone); after the last one the cooldown begins ("Scaling cooldowns").
    pub(super) fn finish_activity(&mut self, number: u32, now: Time) {
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
