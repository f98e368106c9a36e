//! Scaling policies: which alarms invoke them, and the alarms that target tracking makes for itself.

use super::alarms::Alarms;
use super::config::{AssumptionsConfig, ScenarioConfig};
use crate::engine::{Distribution, Span};
use crate::language::{Files, Problems, Reference};
use crate::scaling::{
    Binding, MetricChoice, Policy, PolicyConfig, PolicyKind, PredictiveScalingConfig, ScalingAssumptions,
    ScalingSettings, SimpleScalingConfig, StepConfig, StepScalingConfig, TargetTrackingConfig,
};
use crate::series::Statistic;
use crate::services::cloudwatch::{AlarmSettings, Comparison, Watched};
use crate::services::lambda::PROVISIONED_CONCURRENCY_COOLDOWN;
use crate::wire::{EntityId, span};
use crate::world::Load;

/// The policies of a scenario, on their way to being resolved.
pub(super) struct Scaling<'a, 'b> {
    config: &'a ScenarioConfig,
    assumptions: &'a AssumptionsConfig,
    scheduled_action_delay: Option<Distribution>,
    alarms: &'b mut Alarms<'a>,
    files: &'a dyn Files,
    /// What forecasts are made from.
    pub(super) loads: Vec<Load>,
    /// The stream or function whose policies are looked at; without one they are a consumer's.
    target: Option<EntityId>,
}

impl<'a, 'b> Scaling<'a, 'b> {
    pub(super) fn new(
        config: &'a ScenarioConfig,
        assumptions: &'a AssumptionsConfig,
        scheduled_action_delay: Option<Distribution>,
        alarms: &'b mut Alarms<'a>,
        files: &'a dyn Files,
    ) -> Self {
        Self { config, assumptions, scheduled_action_delay, alarms, files, loads: Vec::new(), target: None }
    }

    /// What changes each consumer's capacity, in the order of consumers.
    pub(super) fn resolve_scaling(&mut self, problems: &mut Problems) -> Vec<ScalingSettings> {
        let config = self.config;
        let assumptions = self.assumptions();
        let mut all = Vec::new();
        for (name, consumer) in config.consumers.iter() {
            let reference = Reference { text: name.text.clone(), place: name.place };
            let settings = match (&consumer.ecs_service, &consumer.auto_scaling_group) {
                (Some(service), _) => {
                    let mut settings = service.scaling(config.start.timestamp());
                    settings.policies = self.policies(&reference, &service.policies, problems);
                    settings
                }
                (None, Some(group)) => {
                    let mut settings = group.scaling(config.start.timestamp());
                    settings.policies = self.policies(&reference, &group.policies, problems);
                    if let Some(id) = self.group_of(&reference, problems) {
                        for alarm in group.refresh_alarms() {
                            self.alarms.watch_for_refresh(alarm, id, problems);
                        }
                    }
                    settings
                }
                (None, None) => {
                    let instances = consumer.instances.unwrap_or(1);
                    ScalingSettings::fixed(instances, instances)
                }
            };
            all.push(ScalingSettings { assumptions: assumptions.clone(), ..settings });
        }
        all
    }

    /// What changes the number of shards of each stream, in the order of streams.
    pub(super) fn resolve_streams(&mut self, problems: &mut Problems) -> Vec<Option<ScalingSettings>> {
        let config = self.config;
        let assumptions = self.assumptions();
        let mut all = Vec::new();
        for (name, stream) in config.streams.iter() {
            let scaled = stream.application_auto_scaling.as_ref().map(|scaling| {
                self.target = self.alarms.watching.directory.streams.entity(name.as_str());
                let reference = Reference { text: name.text.clone(), place: name.place };
                let policies = self.policies(&reference, &scaling.policies, problems);
                let assumptions = assumptions.clone();
                ScalingSettings { policies, assumptions, ..scaling.scaling(config.start.timestamp()) }
            });
            all.push(scaled);
        }
        self.target = None;
        all
    }

    /// What changes the provisioned concurrency of each function, in the order of functions.
    pub(super) fn resolve_functions(&mut self, problems: &mut Problems) -> Vec<Option<ScalingSettings>> {
        let config = self.config;
        let assumptions = self.assumptions();
        let mut all = Vec::new();
        for (name, function) in config.functions.iter() {
            let scaled = function.application_auto_scaling.as_ref().map(|scaling| {
                self.target = self.alarms.watching.directory.functions.entity(name.as_str());
                let reference = Reference { text: name.text.clone(), place: name.place };
                let mut policies = self.policies(&reference, &scaling.policies, problems);
                for (policy, config) in policies.iter_mut().zip(&scaling.policies) {
                    if let (PolicyKind::TargetTracking { pace, .. }, PolicyConfig::TargetTracking(config)) =
                        (&mut policy.kind, config)
                    {
                        *pace = config.pace_after(PROVISIONED_CONCURRENCY_COOLDOWN);
                    }
                }
                let assumptions = assumptions.clone();
                ScalingSettings { policies, assumptions, ..scaling.scaling(config.start.timestamp()) }
            });
            all.push(scaled);
        }
        self.target = None;
        all
    }

    fn assumptions(&self) -> ScalingAssumptions {
        ScalingAssumptions {
            scale_in_interval: span(self.assumptions.target_tracking_scale_in_interval),
            scale_in_share: self.assumptions.target_tracking_scale_in_share.as_f64(),
            gathering_time: span(self.assumptions.policy_gathering_time),
            scheduled_action_delay: self.scheduled_action_delay.clone(),
        }
    }

    fn policies(
        &mut self,
        consumer: &Reference,
        configs: &[PolicyConfig],
        problems: &mut Problems,
    ) -> Vec<Policy> {
        let tracking =
            configs.iter().filter(|config| matches!(config, PolicyConfig::TargetTracking(_))).count();
        let mut policies: Vec<Policy> = Vec::new();
        for config in configs {
            let index = policies.len();
            let policy = match config {
                PolicyConfig::TargetTracking(config) => {
                    self.track(consumer, config, index, tracking > 1, problems)
                }
                PolicyConfig::StepScaling(config) => self.step(consumer, config, index, problems),
                PolicyConfig::SimpleScaling(config) => self.simple(consumer, config, index, problems),
                PolicyConfig::PredictiveScaling(config) => self.predict(consumer, config, index, problems),
            };
            if let Some(policy) = policy {
                policies.push(policy);
            }
        }
        policies
    }

    fn group_of(&self, consumer: &Reference, problems: &mut Problems) -> Option<EntityId> {
        if self.target.is_some() {
            return self.target;
        }
        self.alarms.watching.directory.consumers.find(consumer, problems).map(|(_, id)| id)
    }

    /// Target tracking: "creates and manages the CloudWatch alarms" itself, one above the target, one below.
    fn track(
        &mut self,
        consumer: &Reference,
        config: &TargetTrackingConfig,
        index: usize,
        one_of_several: bool,
        problems: &mut Problems,
    ) -> Option<Policy> {
        let (watched, period) = self.tracked(consumer, config, problems)?;
        let group = self.group_of(consumer, problems)?;
        let name = config.name.clone().unwrap_or_else(|| "target-tracking".to_owned());
        let suffix = if one_of_several { format!("-{name}") } else { String::new() };
        let target_value = config.target_value;
        let label = label(config);
        let alarm = |low: bool, periods: u32, threshold: f64, comparison| {
            let side = if low { "Low" } else { "High" };
            let alarm = format!("TargetTracking-{consumer}-Alarm{side}{suffix}");
            let mut alarm = AlarmSettings::new(alarm, watched.clone(), label.clone(), periods, threshold);
            alarm.period = period;
            alarm.comparison = comparison;
            alarm.actions.add_policy(group, Binding { policy: index, low }.number());
            alarm
        };
        let above = Comparison::GreaterThanThreshold;
        self.alarms.add(alarm(false, config.high_evaluation_periods, target_value, above));
        if !config.disable_scale_in {
            let is_service = self.target.is_some()
                || self.config.consumers.get(consumer.as_str()).is_some_and(|c| c.ecs_service.is_some());
            let fraction = if is_service {
                self.assumptions.application_target_tracking_low_fraction
            } else {
                self.assumptions.target_tracking_low_fraction
            };
            let threshold = decimal(target_value * fraction.as_f64());
            let below = Comparison::LessThanThreshold;
            self.alarms.add(alarm(true, config.low_evaluation_periods, threshold, below));
        }
        let disable_scale_in = config.disable_scale_in;
        let kind = PolicyKind::TargetTracking { target_value, disable_scale_in, pace: config.pace() };
        Some(Policy { name, kind })
    }

    /// Predictive scaling: the world tells the policy the load of each hour.
    fn predict(
        &mut self,
        consumer: &Reference,
        config: &PredictiveScalingConfig,
        index: usize,
        problems: &mut Problems,
    ) -> Option<Policy> {
        let settings = config.settings(self.files, problems);
        let source = self.alarms.watching.source(&config.load_metric, problems)?;
        let group = self.group_of(consumer, problems)?;
        self.loads.push(Load { source, group, policy: index as u32 });
        let name = config.name.clone().unwrap_or_else(|| "predictive-scaling".to_owned());
        Some(Policy { name, kind: PolicyKind::Predictive(settings?) })
    }

    /// The time series that a policy keeps at its target, and its period.
    fn tracked(
        &mut self,
        consumer: &Reference,
        config: &TargetTrackingConfig,
        problems: &mut Problems,
    ) -> Option<(Watched, Span)> {
        let watching = &mut self.alarms.watching;
        let minute = Span::from_minutes(1);
        if let Some(custom) = &config.customized_metric {
            let statistic = custom.statistic.map_or(Statistic::Average, |statistic| statistic.0);
            return Some((watching.series(&custom.metric, statistic, problems)?, span(custom.period)));
        }
        if let Some(queries) = &config.metrics {
            let (watched, period) = watching.queries(queries, config.places.key("metrics"), problems)?;
            return Some((watched, period.map_or(minute, |period| span(period.value))));
        }
        let watched = match config.metric? {
            MetricChoice::BacklogPerInstance => watching.backlog_per_instance(consumer, problems)?,
            MetricChoice::AsgAverageCpuUtilization | MetricChoice::EcsServiceAverageCpuUtilization => {
                watching.cpu_utilization(consumer, problems)?
            }
            MetricChoice::LambdaProvisionedConcurrencyUtilization => {
                watching.provisioned_concurrency_utilization(self.target?)
            }
        };
        Some((watched, minute))
    }

    /// The alarm invokes the policy of this index; gives the alarm's threshold.
    fn invoke(
        &mut self,
        alarm: &Reference,
        consumer: &Reference,
        policy: usize,
        problems: &mut Problems,
    ) -> Option<f64> {
        let group = self.group_of(consumer, problems)?;
        self.alarms.invoke(alarm, group, Binding { policy, low: false }.number(), problems)
    }

    fn step(
        &mut self,
        consumer: &Reference,
        config: &StepScalingConfig,
        index: usize,
        problems: &mut Problems,
    ) -> Option<Policy> {
        let threshold = self.invoke(&config.alarm, consumer, index, problems)?;
        Some(Policy {
            name: config.name.clone().unwrap_or_else(|| config.alarm.text.clone()),
            kind: PolicyKind::Step {
                adjustment_type: config.adjustment_type.into(),
                steps: config.step_adjustments.iter().map(StepConfig::adjustment).collect(),
                min_adjustment_magnitude: config.min_adjustment_magnitude,
                threshold,
                aggregation: config.metric_aggregation_type.into(),
                pace: config.pace(),
            },
        })
    }

    fn simple(
        &mut self,
        consumer: &Reference,
        config: &SimpleScalingConfig,
        index: usize,
        problems: &mut Problems,
    ) -> Option<Policy> {
        self.invoke(&config.alarm, consumer, index, problems)?;
        Some(Policy {
            name: config.name.clone().unwrap_or_else(|| config.alarm.text.clone()),
            kind: PolicyKind::Simple {
                adjustment_type: config.adjustment_type.into(),
                scaling_adjustment: config.scaling_adjustment as f64,
                min_adjustment_magnitude: config.min_adjustment_magnitude,
                cooldown: config.cooldown.map(span),
            },
        })
    }
}

/// A product as people reckon it: 90 % of 13 are 11.7, not a hair more.
fn decimal(product: f64) -> f64 {
    format!("{product:.14e}").parse().unwrap_or(product)
}

/// What reports call the metric of a policy.
fn label(config: &TargetTrackingConfig) -> String {
    match (&config.metric, &config.customized_metric) {
        (Some(MetricChoice::BacklogPerInstance), _) => "backlog per instance".to_owned(),
        (Some(metric), _) => metric.to_string(),
        (None, Some(custom)) => custom
            .metric
            .name
            .as_ref()
            .map_or_else(|| "customized metric".to_owned(), |name| name.value.clone()),
        (None, None) => "metric math".to_owned(),
    }
}
