//! Failures of instances, and how the group finds and replaces what is not well ("Health checks for instances in an Auto
//! Scaling group").

use super::Timer;
use super::fleet::{Activity, Fleet};
use super::instance::{Application, Failure, LifeCycle};
use super::life_settings::{FailureKind, Process};
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox};

impl Fleet {
    /// What may happen to an instance that has joined the group.
    pub(super) fn await_failures<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let stint = self.instances[index as usize].stint.wrapping_add(1);
        self.instances[index as usize].stint = stint;
        for number in 0..self.settings.group.life.failures.len() {
            let (what, mean) = self.settings.group.life.failures[number];
            let time = self.chance.instance_failure.exponential() * mean.as_seconds_f64();
            if let Some(at) = cx.now.checked_add(Span::from_seconds_f64(time)) {
                cx.outbox.wake(at, Timer::Fails { instance: index, stint, what });
            }
        }
        self.await_interruption(index, stint, cx);
    }

    /// Something fails on an instance.
    pub(super) fn fail<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        stint: u32,
        what: FailureKind,
        cx: &mut Context<'_, O>,
    ) {
        if self.instances[index as usize].stint == stint {
            self.break_down(index, what, cx);
        }
    }

    pub(super) fn break_down<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        what: FailureKind,
        cx: &mut Context<'_, O>,
    ) {
        match what {
            FailureKind::Instance => self.lose(index, "instance failure", cx),
            FailureKind::Application => {
                let instance = self.instances[index as usize];
                if instance.life == LifeCycle::InService && instance.failure.is_none() {
                    self.stop_application(index, Failure::Application, cx);
                }
            }
        }
        self.update_group_metrics(cx.now);
    }

    fn stop_application<O: Outbox<Timer>>(&mut self, index: u32, failure: Failure, cx: &mut Context<'_, O>) {
        self.alter(index, "failure", cx, |instance| {
            instance.failure = Some(failure);
            instance.application = Application::Down;
            instance.start = instance.start.wrapping_add(1);
            instance.takes_messages = false;
        });
        self.stop_workers(index, cx);
        self.update_group_metrics(cx.now);
        self.look_for_surplus(index, cx);
    }

    /// An instance does not run any more. One in service is found by the next health check.
    pub(super) fn lose<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) {
        match self.instances[index as usize].life {
            LifeCycle::InService | LifeCycle::Standby => {
                self.stop_application(index, Failure::Instance, cx);
            }
            LifeCycle::Pending => {
                self.alter(index, cause, cx, |instance| instance.failure = Some(Failure::Instance));
                self.abandon_launch(index, cause, cx);
            }
            LifeCycle::Draining | LifeCycle::WarmedPending | LifeCycle::Warmed => {
                self.alter(index, cause, cx, |instance| instance.failure = Some(Failure::Instance));
                self.leave(index, cause, cx);
            }
            LifeCycle::Terminating | LifeCycle::Terminated | LifeCycle::WarmedTerminating => {}
        }
    }

    /// The group looks at its instances: the unhealthy and the old are replaced, zones are balanced.
    pub(super) fn check<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let may_replace = !self.is_suspended(Process::ReplaceUnhealthy, cx.now)
            && !self.is_suspended(Process::Terminate, cx.now);
        if may_replace && !self.is_suspended(Process::HealthCheck, cx.now) {
            for index in 0..self.instances.len() as u32 {
                if let Some(why) = self.finding(index, cx.now) {
                    self.replace(index, why, cx);
                }
            }
        }
        if may_replace {
            self.replace_oldest(cx);
        }
        self.replace_all_at_risk(cx);
        self.rebalance(cx);
        self.reconcile(cx);
        cx.outbox.wake(cx.now + self.settings.group.life.health.interval, Timer::Check);
    }

    /// Why an instance is not well, if it is not. One that does not run has no grace ("Set the health check grace period
    /// for an Auto Scaling group").
    fn finding(&self, index: u32, now: Time) -> Option<&'static str> {
        let instance = self.instances[index as usize];
        if instance.life != LifeCycle::InService {
            return None;
        }
        if instance.failure == Some(Failure::Instance) {
            return Some("an EC2 health check found that it does not run");
        }
        let health = self.settings.group.life.health;
        let has_grace = instance.in_service_since.saturating_add(health.grace_period) > now;
        let answers = instance.application == Application::Up;
        (health.ask_application && !answers && !has_grace).then_some("its application failed a health check")
    }

    /// First it is terminated, then its replacement is launched.
    fn replace<O: Outbox<Timer>>(&mut self, index: u32, why: &'static str, cx: &mut Context<'_, O>) {
        self.capacity_metrics.instances_replaced.add(1);
        let instance = self.instances[index as usize];
        let cause = format!("Terminating EC2 instance: {}: {why}.", super::instance_id(instance.launch));
        self.tell(cause, self.desired, "Successful", cx);
        // The replacement of an instance that was about to go is on its way.
        let keeps_place = !instance.is_outgoing;
        self.instances[index as usize].activity = Activity::NONE;
        self.alter(index, why, cx, |instance| instance.keeps_place = keeps_place);
        self.terminate(index, why, cx);
    }

    /// Instances that are too old go one at a time ("Replace Auto Scaling instances based on maximum instance lifetime").
    fn replace_oldest<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(lifetime) = self.settings.group.life.max_instance_lifetime else { return };
        if self.census.keeping_place > 0 || self.count(LifeCycle::Pending) > 0 {
            return;
        }
        let serving = (0_u32..).zip(&self.instances).filter(|(_, one)| one.life == LifeCycle::InService);
        let Some((index, oldest)) = serving.min_by_key(|(_, one)| one.launch) else { return };
        if oldest.launched_at.saturating_add(lifetime) <= cx.now {
            self.replace(index, "it reached its maximum lifetime", cx);
        }
    }
}
