//! A group on its way to its desired capacity: who is launched, who goes.

use super::Timer;
use super::fleet::Fleet;
use super::instance::{Application, LifeCycle};
use super::life_settings::Process;
use super::notify::GroupEvent;
use crate::wire::{Context, Outbox};

impl Fleet {
    /// Time zero: the desired instances exist already and are in service, as long as warmed up; the warm pool is full.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for _ in 0..self.desired {
            let zone = self.emptiest_zone(LifeCycle::Pending);
            let index = self.new_instance(LifeCycle::InService, zone, "start of the run", cx);
            self.instances[index as usize].application = Application::Up;
            self.enter_service(index, cx);
            self.await_failures(index, cx);
        }
        self.fill_pool_at_start(cx);
        for index in 0..self.settings.group.life.orders.len() {
            let at = self.settings.group.life.orders[index].0;
            cx.outbox.wake(at, Timer::Order { index: index as u32 });
        }
        if self.settings.group.life.needs_checks() {
            cx.outbox.wake(cx.now + self.settings.group.life.health.interval, Timer::Check);
        }
        self.update_group_metrics(cx.now);
        self.begin_scaling(cx);
        self.notify(GroupEvent::Test, cx);
    }

    /// Instances are launched or terminated until there are as many as desired, in the group and in its warm pool.
    pub(super) fn reconcile<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.census.present() < self.desired {
            self.launch_missing(self.desired - self.census.present(), cx);
        }
        self.release_outgoing(cx);
        self.surplus_waits = false;
        while self.census.present() > self.desired {
            if self.census.keeping_place > 0 {
                self.give_up_place(cx);
                continue;
            }
            if self.is_suspended(Process::Terminate, cx.now) {
                break;
            }
            let Some(index) = self.next_to_terminate(cx.now) else {
                // All are protected: the group waits until one is not ("Use instance scale-in protection").
                self.surplus_waits = true;
                break;
            };
            let returns = self.has_room_in_pool();
            self.instances[index as usize].activity = self.activity.number;
            self.activity.unfinished += 1;
            self.alter(index, "scale-in", cx, |instance| instance.returns_to_pool = returns);
            self.terminate(index, "scale-in", cx);
        }
        self.settle_pool(cx);
        self.update_group_metrics(cx.now);
    }

    /// An instance that is being replaced needs no replacement any more.
    fn give_up_place<O>(&mut self, cx: &mut Context<'_, O>) {
        let keeps = |life| matches!(life, LifeCycle::Draining | LifeCycle::Terminating);
        let index = self.instances.iter().position(|one| one.keeps_place && keeps(one.life));
        if let Some(index) = index {
            self.alter(index as u32, "scale-in", cx, |instance| instance.keeps_place = false);
        }
    }

    /// Instances that are to go once they are replaced go as soon as enough others are in service.
    fn release_outgoing<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        while self.census.outgoing > 0 && self.count(LifeCycle::InService) > self.desired {
            if self.is_suspended(Process::Terminate, cx.now) {
                return;
            }
            let outgoing = self.instances.iter().enumerate();
            let oldest = outgoing
                .filter(|(_, instance)| {
                    instance.life == LifeCycle::InService && instance.is_outgoing && !instance.awaits_refresh
                })
                .min_by_key(|(_, instance)| instance.launch);
            let Some((index, _)) = oldest else { return };
            self.instances[index].activity = super::fleet::Activity::NONE;
            self.terminate(index as u32, "its replacement is in service", cx);
        }
    }

    /// How many instances may be there beyond `max_size` while others are replaced: a tenth of it, and one at least
    /// ("Benefits of Auto Scaling for application architecture", rebalancing activities).
    pub(super) fn margin(&self) -> u32 {
        (self.scaling.max_size() / 10).max(1)
    }

    /// Whether one more instance may have its replacement launched before it goes.
    pub(super) fn may_go_beyond(&self) -> bool {
        let limit = self.scaling.max_size().saturating_add(self.margin());
        self.desired + self.census.outgoing < limit && self.census.outgoing < self.margin()
    }

    pub(super) fn is_suspended(&self, process: Process, now: crate::engine::Time) -> bool {
        self.settings.group.life.is_suspended(process, now)
    }
}
