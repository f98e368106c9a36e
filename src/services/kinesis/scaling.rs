//! Shards scaled by policies and schedules: Application Auto Scaling does it by way of a custom resource that calls
//! `UpdateShardCount` ("Scale Amazon Kinesis Data Streams with AWS Application Auto Scaling"). The limits of that call hold.

use super::Timer;
use super::settings::Change;
use super::stream::DataStream;
use crate::engine::Time;
use crate::language::{Named, Problems, section};
use crate::scaling::{
    Binding, Controller, Facts, PolicyConfig, ScalableTargetActionConfig, ScalingService, ScalingSettings,
    ScalingTimer,
};
use crate::wire::{AlarmState, Context, Outbox};

section! {
    /// Application Auto Scaling of the number of shards.
    pub struct StreamScalingConfig {
        /// Fewest shards (`MinCapacity`).
        pub minimum_capacity: u32 = 1, within (1, 10_000);
        /// Most shards (`MaxCapacity`).
        pub maximum_capacity: u32, within (1, 10_000);
        /// What changes the number: step scaling, and target tracking of a customized metric.
        pub policies: Vec<PolicyConfig> = Vec::new();
        /// What changes the bounds at given times.
        pub scheduled_actions: Named<ScalableTargetActionConfig>;
    }
    check StreamScalingConfig::check;
}

impl StreamScalingConfig {
    fn check(&self, problems: &mut Problems) {
        if self.minimum_capacity > self.maximum_capacity {
            problems.error(
                self.places.of("maximum_capacity"),
                format!(
                    "the most shards ({}) are fewer than the fewest ({})",
                    self.maximum_capacity, self.minimum_capacity
                ),
            );
        }
        PolicyConfig::check_all(&self.policies, ScalingService::ApplicationAutoScaling, problems);
        for policy in &self.policies {
            if let PolicyConfig::TargetTracking(config) = policy
                && config.metric.is_some()
            {
                problems
                    .error(config.places.of("metric"), "a stream has no predefined metric to track")
                    .help("give a `customized_metric`: { metric: { stream: …, name: IncomingRecords }, statistic: Sum }");
            }
        }
    }

    /// What changes the number of shards, besides its policies.
    pub fn scaling(&self, begin: jiff::Timestamp) -> ScalingSettings {
        let sizes = (self.minimum_capacity, self.maximum_capacity);
        ScalingSettings::scalable_target(sizes, &self.scheduled_actions, begin)
    }
}

impl DataStream {
    /// Time zero: what is to happen for certain is put into the calendar.
    pub(super) fn begin_scaling<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let timers = self.scaling.as_mut().map(Controller::first_timers);
        for (at, timer) in timers.into_iter().flatten() {
            self.wake_for(at, timer, cx);
        }
    }

    fn wake_for<O: Outbox<Timer>>(&mut self, at: Time, timer: ScalingTimer, cx: &mut Context<'_, O>) {
        let Some(scaling) = &self.scaling else { return };
        let at = scaling.wakes_at(at, timer, &mut self.chance.schedule);
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
        let facts = self.facts();
        let Some(scaling) = &mut self.scaling else { return };
        let Some(report) = cx.journal.alarm_reports.get(alarm as usize) else { return };
        let rows = &mut cx.journal.activities;
        if let Some(at) = scaling.hear((Binding::of(policy), state), report, &facts, cx.now, rows) {
            self.wake_for(at, ScalingTimer::Decide, cx);
        }
    }

    /// It is time for a decision.
    pub(super) fn scale<O: Outbox<Timer>>(&mut self, timer: ScalingTimer, cx: &mut Context<'_, O>) {
        let facts = self.facts();
        let Some(scaling) = &mut self.scaling else { return };
        let rows = &mut cx.journal.activities;
        let (change, next) = match timer {
            ScalingTimer::Decide => (scaling.decide(&facts, cx.now, rows), None),
            ScalingTimer::Scheduled(action) => {
                let change = scaling.run_scheduled_action(action, &facts, cx.now, rows);
                (change, scaling.next_run(action))
            }
            ScalingTimer::Manual(_) | ScalingTimer::Forecast => return,
        };
        if let Some(at) = next {
            self.wake_for(at, timer, cx);
        }
        if let Some(change) = change {
            // More than one call of `UpdateShardCount` can do is done as far as it goes, and then again.
            let present = self.open.len() as u32;
            let target = change.desired.clamp(present.div_ceil(2), present.saturating_mul(2));
            if target != present {
                // What is refused stands in the journal.
                let _ = self.change(Change::UpdateShardCount(target), cx);
            }
        }
    }

    fn facts(&self) -> Facts {
        let present = self.open.len() as u32;
        Facts {
            name: self.settings.name.clone(),
            desired: self.changes.target(present),
            in_service: present,
            ..Facts::default()
        }
    }
}
