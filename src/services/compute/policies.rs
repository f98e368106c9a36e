//! The consumer as the host of its scaling: it says what its group looks like, and carries out what is decided.

use super::Timer;
use super::fleet::Fleet;
use super::instance::LifeCycle;
use super::life_settings::Process;
use crate::engine::Time;
use crate::scaling::{Binding, Change, Facts, ScalingService, ScalingTimer, SimpleWait};
use crate::wire::{AlarmState, Context, Outbox};

impl Fleet {
    /// Time zero: what is to happen for certain is put into the calendar.
    pub(super) fn begin_scaling<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for (at, timer) in self.scaling.first_timers() {
            self.wake_for(at, timer, cx);
        }
    }

    fn wake_for<O: Outbox<Timer>>(&mut self, at: Time, timer: ScalingTimer, cx: &mut Context<'_, O>) {
        let at = self.scaling.wakes_at(at, timer, &mut self.chance.schedule);
        cx.outbox.wake(at, Timer::Scaling(timer));
    }

    /// CloudWatch tells a policy the state of its alarm.
    pub(super) fn hear_alarm<O: Outbox<Timer>>(
        &mut self,
        policy: u32,
        state: AlarmState,
        alarm: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.is_suspended(Process::AlarmNotification, cx.now) {
            return;
        }
        let facts = self.facts(cx.now);
        let Some(report) = cx.journal.alarm_reports.get(alarm as usize) else { return };
        let rows = &mut cx.journal.activities;
        let decide = self.scaling.hear((Binding::of(policy), state), report, &facts, cx.now, rows);
        if let Some(at) = decide {
            self.wake_for(at, ScalingTimer::Decide, cx);
        }
    }

    /// The load of an hour that a forecast is made from.
    pub(super) fn hear_load(&mut self, policy: u32, hour: u32, load: f64) {
        self.scaling.hear_load(policy as usize, hour, load);
    }

    /// It is time for a decision.
    pub(super) fn scale<O: Outbox<Timer>>(&mut self, timer: ScalingTimer, cx: &mut Context<'_, O>) {
        let facts = self.facts(cx.now);
        let rows = &mut cx.journal.activities;
        let (change, next) = match timer {
            ScalingTimer::Decide => (self.scaling.decide(&facts, cx.now, rows), None),
            // What is missed is lost ("Suspend and resume Amazon EC2 Auto Scaling processes").
            ScalingTimer::Scheduled(action) if self.is_suspended(Process::ScheduledActions, cx.now) => {
                (None, self.scaling.next_run(action))
            }
            ScalingTimer::Scheduled(action) => {
                let change = self.scaling.run_scheduled_action(action, &facts, cx.now, rows);
                (change, self.scaling.next_run(action))
            }
            ScalingTimer::Manual(index) => {
                (self.scaling.set_desired_capacity(index, &facts, cx.now, rows), None)
            }
            ScalingTimer::Forecast => {
                (self.scaling.foresee(&facts, cx.now, rows), self.scaling.next_forecast(cx.now))
            }
        };
        if let Some(at) = next {
            self.wake_for(at, timer, cx);
        }
        if let Some(change) = change {
            self.carry_out(change, cx);
        } else {
            // The sizes may have changed, and with them the warm pool.
            self.settle_pool(cx);
            self.update_group_metrics(cx.now);
        }
    }

    fn carry_out<O: Outbox<Timer>>(&mut self, change: Change, cx: &mut Context<'_, O>) {
        self.desired = change.desired;
        self.activity.begin(change.cooldown);
        self.reconcile(cx);
    }

    /// What the group looks like now.
    fn facts(&self, now: Time) -> Facts {
        // Instances that were there at the start are warm; those that replace them are not.
        let launched = self
            .instances
            .iter()
            .filter(|instance| instance.life == LifeCycle::InService)
            .filter(|instance| instance.launch > u64::from(self.settings.group.desired_capacity))
            .map(|instance| instance.in_service_since);
        Facts {
            name: self.settings.name.clone(),
            desired: self.desired,
            in_service: self.count(LifeCycle::InService),
            pending: self.count(LifeCycle::Pending),
            terminating: self.count(LifeCycle::Draining) + self.count(LifeCycle::Terminating),
            launched: launched.collect(),
            waits_for: self.waits_for(now),
            is_deploying: self.is_deploying(now),
        }
    }

    /// Whether its instances are tasks of an ECS service.
    pub(super) fn is_service(&self) -> bool {
        self.settings.group.scaling.service == ScalingService::ApplicationAutoScaling
    }

    fn is_deploying(&self, now: Time) -> bool {
        let since = now.since_start();
        let mut deployments = self.settings.group.deployments.iter();
        deployments.any(|(at, duration)| (*at..at.saturating_add(*duration)).contains(&since))
    }

    /// Simple policies wait until the last activity is finished and its cooldown has run out.
    fn waits_for(&self, now: Time) -> Option<SimpleWait> {
        if self.activity.unfinished > 0 {
            return Some(SimpleWait::Activity);
        }
        let until = self.activity.cooldown_until.filter(|until| *until > now)?;
        Some(SimpleWait::Cooldown(until - now))
    }
}
