//! Provisioned concurrency scaled by target tracking and schedules: Application Auto Scaling registers a function as a scalable
//! target ("Configuring provisioned concurrency for a function").
//!
//! What it asks for is set aside at once, and allocated after a time that the scenario gives; meanwhile policies wait.
//! Environments that are given back are gone at once, except for those that still run code. All of that are assumptions.

use super::Timer;
use super::function::Function;
use crate::engine::{Distribution, Span, Stream, Time};
use crate::language::{Duration, Named, Problems, section};
use crate::scaling::{
    Binding, Controller, Facts, MetricChoice, PolicyConfig, ScalableTargetActionConfig, ScalingService,
    ScalingSettings, ScalingTimer,
};
use crate::wire::{AlarmState, Context, Outbox, draw_span};

section! {
    /// Application Auto Scaling of a function's provisioned concurrency.
    pub struct ProvisionedScalingConfig {
        /// Least provisioned concurrency (`MinCapacity`).
        pub minimum_capacity: u32 = 1, at_most (100_000);
        /// Most provisioned concurrency (`MaxCapacity`).
        pub maximum_capacity: u32, within (1, 100_000);
        /// What changes it: target tracking.
        pub policies: Vec<PolicyConfig> = Vec::new();
        /// What changes the bounds at given times.
        pub scheduled_actions: Named<ScalableTargetActionConfig>;
    }
    check ProvisionedScalingConfig::check;
}

/// "0" is the default of both cooldowns for Lambda's provisioned concurrency ("TargetTrackingScalingPolicyConfiguration").
pub const PROVISIONED_CONCURRENCY_COOLDOWN: Duration = Duration::ZERO;

impl ProvisionedScalingConfig {
    fn check(&self, problems: &mut Problems) {
        if self.minimum_capacity > self.maximum_capacity {
            problems.error(
                self.places.of("maximum_capacity"),
                format!(
                    "the most environments ({}) are fewer than the fewest ({})",
                    self.maximum_capacity, self.minimum_capacity
                ),
            );
        }
        PolicyConfig::check_all(&self.policies, ScalingService::ApplicationAutoScaling, problems);
        for policy in &self.policies {
            match policy {
                PolicyConfig::TargetTracking(config) => {
                    if config
                        .metric
                        .is_some_and(|m| m != MetricChoice::LambdaProvisionedConcurrencyUtilization)
                    {
                        problems
                            .error(config.places.of("metric"), "a function has another predefined metric")
                            .help("metric: LambdaProvisionedConcurrencyUtilization");
                    }
                }
                PolicyConfig::StepScaling(config) => {
                    problems
                        .error(config.place, "step scaling is not offered for Lambda")
                        .why("Step scaling policies for Application Auto Scaling")
                        .help("write a `target_tracking` policy");
                }
                // Told already.
                PolicyConfig::SimpleScaling(_) | PolicyConfig::PredictiveScaling(_) => {}
            }
        }
    }

    /// What changes the provisioned concurrency, besides its policies.
    pub fn scaling(&self, begin: jiff::Timestamp) -> ScalingSettings {
        let sizes = (self.minimum_capacity, self.maximum_capacity);
        ScalingSettings::scalable_target(sizes, &self.scheduled_actions, begin)
    }
}

/// The provisioned concurrency of a function during a run.
#[derive(Debug)]
pub(super) struct Provisioning {
    controller: Controller,
    /// What was asked for, and set aside.
    requested: u32,
    /// Allocations that came to nothing have another number.
    round: u32,
    delay: Distribution,
    chance: Chance,
}

/// Its random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) schedule: Stream,
    pub(super) allocation: Stream,
}

impl Provisioning {
    pub(super) fn new(
        settings: ScalingSettings,
        requested: u32,
        delay: Distribution,
        chance: Chance,
    ) -> Self {
        Self { controller: Controller::new(settings), requested, round: 0, delay, chance }
    }
}

/// What was executed in provisioned environments, and what they could have, up to the last minute.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct UtilizationSoFar {
    minute: Time,
    busy: f64,
    allocated: f64,
}

impl Function {
    /// Time zero: what is to happen for certain is put into the calendar.
    pub(super) fn begin_scaling<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let allocated = u64::from(self.concurrency.provisioned());
        self.metrics.allocated_provisioned_concurrency.set(cx.now, allocated);
        let timers = self.provisioning.as_mut().map(|own| own.controller.first_timers());
        for (at, timer) in timers.into_iter().flatten() {
            self.wake_for(at, timer, cx);
        }
    }

    fn wake_for<O: Outbox<Timer>>(&mut self, at: Time, timer: ScalingTimer, cx: &mut Context<'_, O>) {
        let Some(own) = &mut self.provisioning else { return };
        let at = own.controller.wakes_at(at, timer, &mut own.chance.schedule);
        cx.outbox.wake(at, Timer::Scaling(timer));
    }

    /// CloudWatch tells a policy the state of its alarm. While environments are being allocated nothing else is begun: the
    /// metric is still that of those before.
    pub(super) fn hear_alarm<O: Outbox<Timer>>(
        &mut self,
        policy: u32,
        state: AlarmState,
        alarm: u32,
        cx: &mut Context<'_, O>,
    ) {
        let facts = self.facts();
        if state == AlarmState::Alarm && facts.pending > 0 {
            return;
        }
        let Some(own) = &mut self.provisioning else { return };
        let Some(report) = cx.journal.alarm_reports.get(alarm as usize) else { return };
        let rows = &mut cx.journal.activities;
        if let Some(at) = own.controller.hear((Binding::of(policy), state), report, &facts, cx.now, rows) {
            self.wake_for(at, ScalingTimer::Decide, cx);
        }
    }

    /// It is time for a decision.
    pub(super) fn scale<O: Outbox<Timer>>(&mut self, timer: ScalingTimer, cx: &mut Context<'_, O>) {
        let facts = self.facts();
        let Some(own) = &mut self.provisioning else { return };
        let rows = &mut cx.journal.activities;
        let (change, next) = match timer {
            ScalingTimer::Decide => (own.controller.decide(&facts, cx.now, rows), None),
            ScalingTimer::Scheduled(action) => {
                let change = own.controller.run_scheduled_action(action, &facts, cx.now, rows);
                (change, own.controller.next_run(action))
            }
            ScalingTimer::Manual(_) | ScalingTimer::Forecast => return,
        };
        if let Some(at) = next {
            self.wake_for(at, timer, cx);
        }
        if let Some(change) = change {
            self.request_provisioned(change.desired, cx);
        }
    }

    /// `PutProvisionedConcurrencyConfig`.
    fn request_provisioned<O: Outbox<Timer>>(&mut self, wanted: u32, cx: &mut Context<'_, O>) {
        let reserves = self.settings.reserved.is_some();
        let Some(own) = &mut self.provisioning else { return };
        if !reserves {
            cx.lambda.set_aside_instead(own.requested, wanted);
        }
        own.requested = wanted;
        own.round = own.round.wrapping_add(1);
        if wanted > self.concurrency.provisioned() {
            let delay = draw_span(&own.delay, &mut own.chance.allocation);
            cx.outbox.wake(cx.now + delay, Timer::Allocated(own.round));
        } else {
            self.allocate(wanted, cx.now);
        }
    }

    /// The environments that were asked for are ready, if nobody has asked for others since.
    pub(super) fn allocated(&mut self, round: u32, now: Time) {
        let requested = self.provisioning.as_ref().filter(|own| own.round == round).map(|own| own.requested);
        if let Some(requested) = requested {
            self.allocate(requested, now);
        }
    }

    fn allocate(&mut self, environments: u32, now: Time) {
        self.concurrency.provision(environments);
        self.metrics.allocated_provisioned_concurrency.set(now, u64::from(environments));
    }

    fn facts(&self) -> Facts {
        let allocated = self.concurrency.provisioned();
        let requested = self.provisioning.as_ref().map_or(allocated, |own| own.requested);
        Facts {
            name: self.settings.name.clone(),
            desired: requested,
            in_service: allocated,
            pending: requested.saturating_sub(allocated),
            ..Facts::default()
        }
    }

    /// At the end of a minute its average becomes the level that CloudWatch reads. A function that runs no code tells nothing.
    pub(super) fn sample_utilization(&mut self, now: Time) {
        let so_far = self.utilization_so_far;
        if now <= so_far.minute || now.floor_to(Span::from_minutes(1)) != now {
            return;
        }
        let metrics = &mut self.metrics;
        let busy = metrics.provisioned_concurrent_executions.area_seconds(now);
        let allocated = metrics.allocated_provisioned_concurrency.area_seconds(now);
        self.utilization_so_far = UtilizationSoFar { minute: now, busy, allocated };
        let could = allocated - so_far.allocated;
        if could > 0.0 && busy > so_far.busy {
            // Kept in millionths.
            let share = (busy - so_far.busy) / could;
            metrics.provisioned_concurrency_utilization.set(now, (share * 1e6).round() as u64);
        } else {
            metrics.provisioned_concurrency_utilization.clear(now);
        }
    }

    /// The statistics of executions start anew.
    pub(super) fn end_utilization_warm_up(&mut self, now: Time) {
        let minute = now.floor_to(Span::from_minutes(1));
        self.utilization_so_far = UtilizationSoFar { minute, busy: 0.0, allocated: 0.0 };
    }
}
