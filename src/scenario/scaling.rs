//! Scaling policies: which alarms invoke them, and the alarms that target tracking makes for itself.

use super::alarms::Alarms;
use super::config::{AssumptionsConfig, ScenarioConfig};
use crate::language::{Problems, Reference};
use crate::scaling::{
    MetricChoice, Policy, PolicyConfig, PolicyKind, SimpleScalingConfig, StepConfig, StepScalingConfig,
    TargetTrackingConfig,
};
use crate::services::cloudwatch::{AlarmSettings, Comparison};
use crate::wire::{EntityId, span};

/// The policies of a scenario, on their way to being resolved.
pub(super) struct Scaling<'a, 'b> {
    config: &'a ScenarioConfig,
    assumptions: &'a AssumptionsConfig,
    alarms: &'b mut Alarms<'a>,
}

/// Evaluation periods of target tracking's alarms, observed in accounts: 3 of 3 minutes above, 15 of 15 below.
const HIGH_PERIODS: u32 = 3;
const LOW_PERIODS: u32 = 15;

impl<'a, 'b> Scaling<'a, 'b> {
    pub(super) fn new(
        config: &'a ScenarioConfig,
        assumptions: &'a AssumptionsConfig,
        alarms: &'b mut Alarms<'a>,
    ) -> Self {
        Self { config, assumptions, alarms }
    }

    /// The policies of each consumer, in the order of consumers.
    pub(super) fn resolve_policies(&mut self, problems: &mut Problems) -> Vec<Vec<Policy>> {
        let config = self.config;
        let mut all = Vec::new();
        for (name, consumer) in config.consumers.iter() {
            let reference = Reference { text: name.text.clone(), place: name.place };
            let mut policies = Vec::new();
            for policy in consumer.auto_scaling_group.iter().flat_map(|group| &group.policies) {
                match policy {
                    PolicyConfig::TargetTracking(policy) => {
                        self.track(&reference, policy, &mut policies, problems);
                    }
                    PolicyConfig::StepScaling(policy) => {
                        self.step(&reference, policy, &mut policies, problems);
                    }
                    PolicyConfig::SimpleScaling(policy) => {
                        self.simple(&reference, policy, &mut policies, problems);
                    }
                }
            }
            all.push(policies);
        }
        all
    }

    fn group_of(&self, consumer: &Reference, problems: &mut Problems) -> Option<EntityId> {
        self.alarms.watching.directory.consumers.find(consumer, problems).map(|(_, id)| id)
    }

    fn track(
        &mut self,
        consumer: &Reference,
        config: &TargetTrackingConfig,
        policies: &mut Vec<Policy>,
        problems: &mut Problems,
    ) {
        let MetricChoice::BacklogPerInstance = config.metric;
        let watched = self.alarms.watching.backlog_per_instance(consumer, problems);
        let Some((watched, group)) = watched.zip(self.group_of(consumer, problems)) else { return };
        let policy_name = config.name.clone().unwrap_or_else(|| "target-tracking".to_owned());
        let instance_warmup = config.instance_warmup.map(span);
        let target_value = config.target_value;
        let alarm = |side: &str, periods: u32, threshold: f64, comparison, policy: usize| {
            let name = format!("TargetTracking-{consumer}-Alarm{side}");
            let label = "backlog per instance".to_owned();
            let mut alarm = AlarmSettings::new(name, watched.clone(), label, periods, threshold);
            alarm.comparison = comparison;
            alarm.actions.add_policy(group, policy as u32);
            alarm
        };
        let above = Comparison::GreaterThanThreshold;
        self.alarms.add(alarm("High", HIGH_PERIODS, target_value, above, policies.len()));
        let kind = PolicyKind::TrackHigh { target_value, instance_warmup };
        policies.push(Policy { name: policy_name.clone(), kind });
        if !config.disable_scale_in {
            let threshold = target_value * self.assumptions.target_tracking_low_fraction.as_f64();
            let below = Comparison::LessThanThreshold;
            self.alarms.add(alarm("Low", LOW_PERIODS, threshold, below, policies.len()));
            let scale_in_interval = span(self.assumptions.target_tracking_scale_in_interval);
            let kind = PolicyKind::TrackLow { target_value, instance_warmup, scale_in_interval };
            policies.push(Policy { name: policy_name, kind });
        }
    }

    /// The alarm invokes the policy that comes next; gives the alarm's threshold.
    fn invoke(
        &mut self,
        alarm: &Reference,
        consumer: &Reference,
        policy: usize,
        problems: &mut Problems,
    ) -> Option<f64> {
        let group = self.group_of(consumer, problems)?;
        self.alarms.invoke(alarm, group, policy, problems)
    }

    fn step(
        &mut self,
        consumer: &Reference,
        config: &StepScalingConfig,
        policies: &mut Vec<Policy>,
        problems: &mut Problems,
    ) {
        let Some(threshold) = self.invoke(&config.alarm, consumer, policies.len(), problems) else { return };
        policies.push(Policy {
            name: config.name.clone().unwrap_or_else(|| config.alarm.text.clone()),
            kind: PolicyKind::Step {
                adjustment_type: config.adjustment_type.into(),
                steps: config.step_adjustments.iter().map(StepConfig::adjustment).collect(),
                min_adjustment_magnitude: config.min_adjustment_magnitude,
                threshold,
                instance_warmup: config.instance_warmup.map(span),
            },
        });
    }

    fn simple(
        &mut self,
        consumer: &Reference,
        config: &SimpleScalingConfig,
        policies: &mut Vec<Policy>,
        problems: &mut Problems,
    ) {
        if self.invoke(&config.alarm, consumer, policies.len(), problems).is_none() {
            return;
        }
        policies.push(Policy {
            name: config.name.clone().unwrap_or_else(|| config.alarm.text.clone()),
            kind: PolicyKind::Simple {
                adjustment_type: config.adjustment_type.into(),
                scaling_adjustment: config.scaling_adjustment as f64,
                min_adjustment_magnitude: config.min_adjustment_magnitude,
                cooldown: config.cooldown.map(span),
            },
        });
    }
}
