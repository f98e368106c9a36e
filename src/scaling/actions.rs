//! Changes that no alarm asks for: scheduled actions, and calls of `SetDesiredCapacity`.

use super::controller::{Change, Controller, Facts, SimpleWait};
use super::policy::ScalingService;
use super::schedule::ScheduledSizes;
use crate::engine::{Span, Stream, Time};
use crate::record::ScalingActivity;
use crate::wire::draw_span;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Why a host of policies wakes for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalingTimer {
    /// What alarms invoked is to be decided.
    Decide,
    /// A scheduled action runs.
    Scheduled(u32),
    /// `SetDesiredCapacity` is called.
    Manual(u32),
    /// A forecast takes effect.
    Forecast,
}

impl Controller {
    fn begin(&self) -> Timestamp {
        Timestamp::from_millisecond(self.settings.start_unix_millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn in_the_run(&self, instant: Timestamp) -> Option<Time> {
        let since = instant.as_nanosecond() - self.begin().as_nanosecond();
        u64::try_from(since).ok().map(|nanoseconds| Time::ZERO + Span::from_nanos(nanoseconds))
    }

    /// What is to happen for certain: the first run of each scheduled action, calls, the first forecast.
    pub fn first_timers(&mut self) -> Vec<(Time, ScalingTimer)> {
        let mut timers = Vec::new();
        for action in 0..self.settings.scheduled_actions.len() {
            self.planned[action] = self.settings.scheduled_actions[action].first(self.begin());
            let at = self.planned[action].and_then(|instant| self.in_the_run(instant));
            timers.extend(at.map(|at| (at, ScalingTimer::Scheduled(action as u32))));
        }
        let changes = self.settings.manual_changes.iter().zip(0..);
        timers.extend(changes.map(|(change, index)| (change.at, ScalingTimer::Manual(index))));
        if !self.forecasts.is_empty() {
            timers.push((Time::ZERO, ScalingTimer::Forecast));
        }
        timers
    }

    /// When its host wakes for what is due `at`. Scheduled actions "may be delayed up to two minutes" ("Scheduled scaling
    /// for Amazon EC2 Auto Scaling"): `chance` says by how much.
    pub fn wakes_at(&self, at: Time, timer: ScalingTimer, chance: &mut Stream) -> Time {
        match (timer, &self.settings.assumptions.scheduled_action_delay) {
            (ScalingTimer::Scheduled(_), Some(delay)) => at + draw_span(delay, chance),
            _ => at,
        }
    }

    /// When a scheduled action that runs now is due the next time.
    pub fn next_run(&mut self, action: u32) -> Option<Time> {
        let action = action as usize;
        let last = self.planned.get(action).copied().flatten()?;
        self.planned[action] = self.settings.scheduled_actions[action].next(last);
        self.planned[action].and_then(|instant| self.in_the_run(instant))
    }

    /// A scheduled action runs. No cooldown delays it ("Scaling cooldowns"). An action of Application Auto Scaling moves
    /// only the sizes ("Scheduled scaling for Application Auto Scaling").
    pub fn run_scheduled_action(
        &mut self,
        action: u32,
        facts: &Facts,
        now: Time,
        rows: &mut Vec<ScalingActivity>,
    ) -> Option<Change> {
        let action = self.settings.scheduled_actions.get(action as usize)?;
        let ScheduledSizes { min_size, max_size, desired_capacity } = action.sizes;
        let name = action.name.clone();
        let (min, max) = (min_size.unwrap_or(self.min_size), max_size.unwrap_or(self.own_max_size));
        let wanted = desired_capacity.unwrap_or(facts.desired);
        let mut row = ScalingActivity {
            time: now,
            group: facts.name.clone(),
            policy: name.clone(),
            cause: String::new(),
            old_desired: facts.desired,
            new_desired: facts.desired,
            status: "Failed",
        };
        if min > max || desired_capacity.is_some_and(|desired| !(min..=max).contains(&desired)) {
            row.cause = format!(
                "scheduled action {name}: {} does not lie between the minimum {min} and the maximum {max}",
                if min > max { max } else { wanted }
            );
            rows.push(row);
            return None;
        }
        let constraints = match self.settings.service {
            ScalingService::Ec2AutoScaling => "AutoScalingGroup constraints",
            ScalingService::ApplicationAutoScaling => "the scalable target's capacity",
        };
        row.new_desired = wanted.clamp(min, max);
        row.cause = format!(
            "a scheduled action {name} update of {constraints} to min: {min}, max: {max}, desired: {}",
            row.new_desired
        );
        if row.new_desired != facts.desired {
            let _ = write!(
                row.cause,
                " changing the desired capacity from {} to {}",
                facts.desired, row.new_desired
            );
        }
        row.status = "Successful";
        (self.min_size, self.max_size, self.own_max_size) = (min, max, max);
        let desired = row.new_desired;
        rows.push(row);
        (desired != facts.desired).then_some(Change { desired, cooldown: None })
    }

    /// `SetDesiredCapacity` is called.
    pub fn set_desired_capacity(
        &mut self,
        index: u32,
        facts: &Facts,
        now: Time,
        rows: &mut Vec<ScalingActivity>,
    ) -> Option<Change> {
        let change = *self.settings.manual_changes.get(index as usize)?;
        let desired = change.desired_capacity;
        let refusal = if !(self.min_size..=self.max_size).contains(&desired) {
            Some(format!(
                "ValidationError: {desired} does not lie between the minimum {} and the maximum {}",
                self.min_size, self.max_size
            ))
        } else if change.honor_cooldown {
            facts.waits_for.map(|wait| match wait {
                SimpleWait::Activity => "ScalingActivityInProgress".to_owned(),
                SimpleWait::Cooldown(left) => {
                    format!("ScalingActivityInProgress: cooldown, for another {left}")
                }
            })
        } else {
            None
        };
        let cause = match &refusal {
            Some(error) => format!("SetDesiredCapacity to {desired} is refused: {error}"),
            None => format!(
                "a user request explicitly set group desired capacity changing the desired capacity from {} to {desired}",
                facts.desired
            ),
        };
        rows.push(ScalingActivity {
            time: now,
            group: facts.name.clone(),
            policy: String::new(),
            cause,
            old_desired: facts.desired,
            new_desired: if refusal.is_none() { desired } else { facts.desired },
            status: if refusal.is_none() { "Successful" } else { "Failed" },
        });
        (refusal.is_none() && desired != facts.desired).then_some(Change { desired, cooldown: None })
    }
}
