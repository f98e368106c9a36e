//! The warm pool: instances that were launched before they are needed ("Warm pools for Amazon EC2 Auto Scaling").

use super::Timer;
use super::fleet::Fleet;
use super::instance::{Application, LifeCycle, PoolState};
use super::life_settings::Process;
use crate::wire::{Context, Outbox, draw_span};

impl Fleet {
    /// Time zero: the pool is as full as it wants to be.
    pub(super) fn fill_pool_at_start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for _ in 0..self.pool_desired() {
            let zone = self.emptiest_zone(LifeCycle::Warmed);
            let index = self.new_instance(LifeCycle::Warmed, zone, "start of the run", cx);
            let runs = self.settings.group.life.pool_state() == PoolState::Running;
            let instance = &mut self.instances[index as usize];
            instance.is_prepared = true;
            if runs {
                instance.application = Application::Up;
            }
        }
    }

    fn pool_desired(&self) -> u32 {
        let most = self.scaling.max_size();
        self.settings.group.life.warm_pool.as_ref().map_or(0, |pool| pool.desired(self.desired, most))
    }

    /// Instances in the pool, or on their way into it.
    fn pool_size(&self) -> u32 {
        self.count(LifeCycle::WarmedPending) + self.count(LifeCycle::Warmed) + self.census.returning
    }

    /// Whether an instance that leaves service may return to the pool (`ReuseOnScaleIn`).
    pub(super) fn has_room_in_pool(&self) -> bool {
        let reuses = self.settings.group.life.warm_pool.as_ref().is_some_and(|pool| pool.reuse_on_scale_in);
        reuses && self.pool_size() < self.pool_desired()
    }

    /// Instances are launched into the pool, or terminated in it, until it has its size.
    pub(super) fn settle_pool<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.settings.group.life.warm_pool.is_none() {
            return;
        }
        if !self.is_suspended(Process::Launch, cx.now) {
            for _ in self.pool_size()..self.pool_desired() {
                if self.launch(LifeCycle::WarmedPending, "launch into the warm pool", cx).is_none() {
                    break;
                }
            }
        }
        if self.is_suspended(Process::Terminate, cx.now) {
            return;
        }
        for _ in self.pool_desired()..self.pool_size() {
            let Some(index) = self.oldest_warmed() else { break };
            self.leave(index, "the warm pool is too large", cx);
        }
    }

    fn oldest_warmed(&self) -> Option<u32> {
        let warmed = (0..).zip(&self.instances).filter(|(_, instance)| instance.life == LifeCycle::Warmed);
        warmed.min_by_key(|(_, instance)| instance.launch).map(|(index, _)| index)
    }

    /// An instance of the pool joins the group, of the zone that has the fewest; gives whether there was one.
    pub(super) fn take_from_pool<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) -> bool {
        let Some(pool) = &self.settings.group.life.warm_pool else { return false };
        let now = cx.now;
        let warmed = (0_u32..)
            .zip(&self.instances)
            .filter(|(_, instance)| instance.life == LifeCycle::Warmed && self.is_open(instance.zone, now));
        let best = warmed
            .min_by_key(|(_, instance)| (self.census.by_zone[usize::from(instance.zone)], instance.launch));
        let Some((index, _)) = best else { return false };
        let time = draw_span(&pool.start_time, &mut self.chance.warm_start);
        let activity = self.activity.number;
        self.alter(index, "taken from the warm pool", cx, |instance| {
            instance.life = LifeCycle::Pending;
            instance.activity = activity;
        });
        self.activity.unfinished += 1;
        let epoch = self.instances[index as usize].epoch;
        cx.outbox.wake(now + time, Timer::Launched { instance: index, epoch });
        true
    }

    /// An instance is prepared, as far as it came: it waits in the pool.
    pub(super) fn enter_pool<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let runs = self.settings.group.life.pool_state() == PoolState::Running;
        self.alter(index, "in the warm pool", cx, |instance| {
            instance.life = LifeCycle::Warmed;
            instance.is_prepared |= instance.application == Application::Up;
            instance.hooks.proceeds = false;
            if !runs {
                // What was still starting is cut off, and starts anew when the instance is needed.
                instance.application = Application::Down;
                instance.start = instance.start.wrapping_add(1);
            }
        });
        self.failed_launches = 0;
        self.reconcile(cx);
    }

    /// An instance that left service is back in the pool.
    pub(super) fn end_return<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        if instance.epoch != epoch || instance.life != LifeCycle::WarmedPending {
            return;
        }
        let runs = self.settings.group.life.pool_state() == PoolState::Running;
        self.alter(index, "back in the warm pool", cx, |instance| {
            instance.life = LifeCycle::Warmed;
            instance.is_prepared = true;
            instance.is_protected = false;
            instance.application = if runs { Application::Up } else { Application::Down };
        });
        self.finish_activity(instance.activity, cx.now);
        self.reconcile(cx);
    }
}
