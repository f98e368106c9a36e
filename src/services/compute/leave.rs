//! From the decision to terminate an instance to its end.

use super::Timer;
use super::fleet::Fleet;
use super::instance::{Application, Failure, HookWait, LifeCycle};
use super::life_settings::Transition;
use super::notify::GroupEvent;
use super::settings::Termination;
use super::worker::Doing;
use crate::wire::{Context, Outbox, draw_span};

impl Fleet {
    /// An instance is taken out of service: lifecycle hooks are waited for, and a worker that is told finishes its work.
    pub(super) fn terminate<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) {
        let instance = self.instances[index as usize];
        let was_in_service = instance.life == LifeCycle::InService;
        let round = instance.hooks.round.wrapping_add(1);
        self.alter(index, cause, cx, |instance| {
            instance.life = LifeCycle::Draining;
            instance.is_outgoing = false;
            instance.awaits_refresh = false;
            instance.hooks = HookWait { round, ..HookWait::default() };
        });
        let runs = instance.failure != Some(Failure::Instance);
        if was_in_service && runs && self.begin_hooks(index, Transition::Terminating, cx) {
            if self.settings.group.termination == Termination::Kill {
                // Nobody tells the worker: it goes on until the instance is shut down.
                return;
            }
            self.stop_asking(index, cx);
            let instance = self.instances[index as usize];
            if instance.life == LifeCycle::Draining
                && instance.running_workers == 0
                && instance.failure.is_none()
            {
                self.end_work(index, cx);
            }
            return;
        }
        match self.settings.group.termination {
            Termination::Graceful(limit) if was_in_service && instance.running_workers > 0 => {
                cx.outbox.wake(cx.now + limit, Timer::DrainEnded { instance: index, epoch: instance.epoch });
                self.stop_asking(index, cx);
            }
            Termination::Graceful(_) | Termination::Kill => self.leave(index, cause, cx),
        }
    }

    /// The threads of an instance take no new messages; those that only wait for some stop at once.
    pub(super) fn stop_asking<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        self.instances[index as usize].takes_messages = false;
        let first = self.instances[index as usize].first_worker;
        for worker in first..first + self.settings.threads {
            match self.workers[worker as usize].doing {
                Doing::Polling if self.settings.source_shuts_down => self.tell_to_go(worker, cx),
                Doing::Polling | Doing::Pausing => self.stop_worker(worker, cx),
                _ => {}
            }
        }
    }

    pub(super) fn stop_workers<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let first = self.instances[index as usize].first_worker;
        for worker in first..first + self.settings.threads {
            self.stop_worker(worker, cx);
        }
    }

    /// A worker of an instance has stopped; the last one of a draining instance lets it go.
    pub(super) fn worker_stopped<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        self.alter(index, "worker stopped", cx, |instance| instance.running_workers -= 1);
        let instance = self.instances[index as usize];
        if instance.life != LifeCycle::InService {
            self.metrics.threads.set(cx.now, self.census.threads);
        }
        if instance.running_workers == 0
            && instance.life == LifeCycle::Draining
            && self.settings.group.termination != Termination::Kill
        {
            self.end_work(index, cx);
        }
    }

    /// A terminating instance has nothing in hand any more.
    fn end_work<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if self.instances[index as usize].hooks.waiting == 0 {
            self.leave(index, "work finished", cx);
        } else {
            self.complete_by_application(index, cx);
        }
    }

    /// The time for finishing is over: what is still in hand is lost to the instance.
    pub(super) fn end_drain<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.epoch == epoch && instance.life == LifeCycle::Draining && instance.hooks.waiting == 0 {
            self.leave(index, "time to finish is over", cx);
            self.update_group_metrics(cx.now);
        }
    }

    /// Nothing holds the instance up any more: it is shut down, or returns to the warm pool.
    pub(super) fn leave<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) {
        let instance = self.instances[index as usize];
        let returns = instance.returns_to_pool && instance.failure.is_none();
        let life = match instance.life {
            LifeCycle::WarmedPending | LifeCycle::Warmed => LifeCycle::WarmedTerminating,
            LifeCycle::Draining if returns => LifeCycle::WarmedPending,
            LifeCycle::Pending | LifeCycle::Draining => LifeCycle::Terminating,
            _ => return,
        };
        let round = instance.hooks.round.wrapping_add(1);
        let proceeds = life == LifeCycle::Terminating
            && instance.life == LifeCycle::Draining
            && instance.hooks.waiting != 0;
        self.alter(index, cause, cx, |instance| {
            instance.life = life;
            instance.is_outgoing = false;
            instance.awaits_refresh = false;
            instance.returns_to_pool = false;
            instance.takes_messages = false;
            instance.application = Application::Down;
            instance.start = instance.start.wrapping_add(1);
            instance.hooks = HookWait { proceeds, round, ..HookWait::default() };
        });
        self.stop_workers(index, cx);
        let time = draw_span(&self.settings.group.termination_time, &mut self.chance.termination);
        let epoch = instance.epoch;
        let timer = if life == LifeCycle::WarmedPending {
            Timer::Returned { instance: index, epoch }
        } else {
            Timer::Terminated { instance: index, epoch }
        };
        cx.outbox.wake(cx.now + time, timer);
    }

    /// An instance is gone.
    pub(super) fn end_termination<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let instance = self.instances[index as usize];
        let is_leaving = matches!(instance.life, LifeCycle::Terminating | LifeCycle::WarmedTerminating);
        if instance.epoch != epoch || !is_leaving {
            return;
        }
        self.alter(index, "terminated", cx, |instance| {
            instance.life = LifeCycle::Terminated;
            instance.keeps_place = false;
        });
        self.free_places.push(index);
        self.notify(GroupEvent::Terminate, cx);
        self.finish_activity(instance.activity, cx.now);
        if instance.keeps_place {
            self.reconcile(cx);
        }
        self.update_group_metrics(cx.now);
    }
}
