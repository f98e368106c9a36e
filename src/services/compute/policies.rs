//! Scaling policies at work: an alarm speaks, the policy answers with a desired capacity, or says why not.

use super::Timer;
use super::fleet::{Activity, Fleet, LifeCycle};
use crate::engine::{Span, Time};
use crate::record::ScalingActivity;
use crate::scaling::{
    Capacity, Policy, PolicyKind, adjusted, adjustment, step_for, tracked, tracked_in, tracked_out,
};
use crate::wire::{AlarmState, Context, Outbox};

/// What a policy decided.
struct Decision {
    desired: u32,
    /// The arithmetic behind it, or what kept it from happening.
    cause: String,
}

impl Fleet {
    /// CloudWatch invokes a policy. Auto Scaling actions come with the change to a state and then once a minute while
    /// it lasts ("Using Amazon CloudWatch alarms"), so a policy that could not act gets its chance later.
    pub(super) fn invoke_policy<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        state: AlarmState,
        value: f64,
        cx: &mut Context<'_, O>,
    ) {
        let index = index as usize;
        if state != AlarmState::Alarm {
            self.policies[index].told_why_not = false;
            return;
        }
        let policy = self.settings.group.policies[index].clone();
        let decision = self.decide(index, &policy, value, cx.now);
        let old_desired = self.desired;
        let changed = decision.desired != old_desired;
        if !changed && std::mem::replace(&mut self.policies[index].told_why_not, true) {
            return;
        }
        cx.journal.activities.push(ScalingActivity {
            time: cx.now,
            group: self.settings.name.clone(),
            policy: policy.name.clone(),
            cause: decision.cause,
            old_desired,
            new_desired: decision.desired,
            status: if changed { "Successful" } else { "NotScaled" },
        });
        if !changed {
            return;
        }
        let state = &mut self.policies[index];
        state.told_why_not = false;
        if decision.desired < old_desired {
            state.scaled_in_at = Some(cx.now);
        }
        let cooldown = match policy.kind {
            PolicyKind::Simple { cooldown, .. } => cooldown.unwrap_or(self.settings.group.default_cooldown),
            _ => Span::ZERO,
        };
        self.desired = decision.desired;
        self.activity = Activity {
            number: self.activity.number.wrapping_add(1),
            unfinished: 0,
            cooldown_until: None,
            cooldown,
        };
        self.reconcile(cx);
    }

    fn capacity(&self, instance_warmup: Span, now: Time) -> Capacity {
        let warming = self
            .instances
            .iter()
            .filter(|instance| instance.life == LifeCycle::InService)
            .filter(|instance| instance.launch > u64::from(self.settings.group.desired_capacity))
            .filter(|instance| instance.in_service_since.saturating_add(instance_warmup) > now)
            .count() as u32;
        Capacity {
            desired: self.desired,
            in_service: self.count(LifeCycle::InService),
            warming,
            terminating: self.count(LifeCycle::Draining) + self.count(LifeCycle::Terminating),
            min_size: self.settings.group.min_size,
            max_size: self.settings.group.max_size,
        }
    }

    fn decide(&self, index: usize, policy: &Policy, value: f64, now: Time) -> Decision {
        match &policy.kind {
            PolicyKind::Simple { adjustment_type, scaling_adjustment, min_adjustment_magnitude, .. } => {
                if let Some(why) = self.cooling_down(now) {
                    return Decision { desired: self.desired, cause: why };
                }
                let capacity = self.capacity(Span::ZERO, now);
                let change = adjustment(
                    *adjustment_type,
                    *scaling_adjustment,
                    *min_adjustment_magnitude,
                    self.desired,
                );
                let wanted = f64::from(self.desired) + change;
                let desired = wanted.clamp(f64::from(capacity.min_size), f64::from(capacity.max_size)) as u32;
                let cause = format!("simple scaling: {} {change:+} makes {wanted}", self.desired);
                self.within_sizes(desired, wanted, cause)
            }
            PolicyKind::Step {
                adjustment_type,
                steps,
                min_adjustment_magnitude,
                threshold,
                instance_warmup,
            } => {
                let capacity =
                    self.capacity(instance_warmup.unwrap_or(self.settings.group.instance_warmup), now);
                let Some(step) = step_for(steps, *threshold, value) else {
                    let cause =
                        format!("step scaling: no step holds {value}, with the threshold at {threshold}");
                    return Decision { desired: self.desired, cause };
                };
                let number = step.scaling_adjustment;
                let desired = adjusted(*adjustment_type, number, *min_adjustment_magnitude, capacity);
                let settled = capacity.settled();
                let cause = format!(
                    "step scaling: {value} against a threshold of {threshold} asks for {adjustment_type:?} {number:+} \
                     with {settled} of {} instances warmed up",
                    capacity.in_service
                );
                if desired < self.desired && self.is_warming(capacity) {
                    return self.blocked_by_warm_up(&cause);
                }
                self.within_sizes(desired, f64::from(desired), cause)
            }
            PolicyKind::TrackHigh { target_value, instance_warmup } => {
                let capacity =
                    self.capacity(instance_warmup.unwrap_or(self.settings.group.instance_warmup), now);
                let wanted = tracked(value, *target_value, capacity.settled());
                let cause = track_cause(value, *target_value, capacity.settled(), wanted);
                self.within_sizes(tracked_out(value, *target_value, capacity), wanted, cause)
            }
            PolicyKind::TrackLow { target_value, instance_warmup, scale_in_interval } => {
                let capacity =
                    self.capacity(instance_warmup.unwrap_or(self.settings.group.instance_warmup), now);
                let wanted = tracked(value, *target_value, capacity.in_service);
                let cause = track_cause(value, *target_value, capacity.in_service, wanted);
                if self.is_warming(capacity) {
                    return self.blocked_by_warm_up(&cause);
                }
                let last = self.policies[index].scaled_in_at;
                if last.is_some_and(|last| last.saturating_add(*scale_in_interval) > now) {
                    let cause = format!("{cause}; not before {scale_in_interval} after the last scale-in");
                    return Decision { desired: self.desired, cause };
                }
                self.within_sizes(tracked_in(value, *target_value, capacity), wanted, cause)
            }
        }
    }

    /// Scale-in is held back while launched instances are not yet warmed up ("Default instance warmup").
    fn is_warming(&self, capacity: Capacity) -> bool {
        capacity.warming > 0 || self.count(LifeCycle::Pending) > 0
    }

    fn blocked_by_warm_up(&self, cause: &str) -> Decision {
        Decision { desired: self.desired, cause: format!("{cause}; not while instances warm up") }
    }

    fn within_sizes(&self, desired: u32, wanted: f64, cause: String) -> Decision {
        let group = &self.settings.group;
        let bound = if wanted > f64::from(group.max_size) {
            format!("; max_size is {}", group.max_size)
        } else if wanted < f64::from(group.min_size) {
            format!("; min_size is {}", group.min_size)
        } else {
            String::new()
        };
        Decision { desired, cause: cause + &bound }
    }

    /// Simple policies wait until the last activity is finished and its cooldown has run out.
    fn cooling_down(&self, now: Time) -> Option<String> {
        if self.activity.unfinished > 0 {
            return Some("simple scaling: the last activity is still in progress".to_owned());
        }
        let until = self.activity.cooldown_until.filter(|until| *until > now)?;
        Some(format!("simple scaling: cooling down for another {}", until - now))
    }
}

fn track_cause(value: f64, target: f64, instances: u32, wanted: f64) -> String {
    format!(
        "target tracking: {value} against a target of {target} with {instances} warmed up asks for {wanted}"
    )
}
