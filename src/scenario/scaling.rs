//! Alarms and scaling policies: who watches what, and who invokes whom.

use super::config::{AssumptionsConfig, ScenarioConfig};
use super::directory::{Directory, Names};
use crate::engine::{Distribution, Span};
use crate::language::{Problems, Reference};
use crate::record::MetricDefinition;
use crate::scaling::{
    Binding, MetricChoice, Policy, PolicyConfig, PolicyKind, ScalingAssumptions, ScalingSettings,
    SimpleScalingConfig, StepConfig, StepScalingConfig, TargetTrackingConfig,
};
use crate::services::cloudwatch::{
    AlarmMetricConfig, AlarmSettings, Comparison, MetricId, Statistic, TreatMissingData, Watched,
};
use crate::services::compute::{ConsumerMetrics, ConsumerSource, GroupMetrics};
use crate::services::producer::ProducerMetrics;
use crate::services::sqs::QueueMetrics;
use crate::wire::{EntityId, span};
use crate::world::watched_metric;

/// Alarms and policies of a scenario, on their way to being resolved.
pub(super) struct Scaling<'a> {
    config: &'a ScenarioConfig,
    assumptions: &'a AssumptionsConfig,
    scheduled_action_delay: Option<Distribution>,
    directory: Directory<'a>,
    alarm_names: Names<'a>,
    alarms: Vec<Option<AlarmSettings>>,
    watched: Vec<(EntityId, &'static str)>,
}

impl<'a> Scaling<'a> {
    pub(super) fn new(
        config: &'a ScenarioConfig,
        assumptions: &'a AssumptionsConfig,
        scheduled_action_delay: Option<Distribution>,
        directory: Directory<'a>,
    ) -> Self {
        let alarm_names = Names::new("alarm", config.alarms.names(), 0);
        Self {
            config,
            assumptions,
            scheduled_action_delay,
            directory,
            alarm_names,
            alarms: Vec::new(),
            watched: Vec::new(),
        }
    }

    /// The metric as alarms know it.
    fn watch(&mut self, entity: EntityId, metric: &'static str) -> MetricId {
        let known = self.watched.iter().position(|watched| *watched == (entity, metric));
        watched_metric(known.unwrap_or_else(|| {
            self.watched.push((entity, metric));
            self.watched.len() - 1
        }))
    }

    /// The alarms of the scenario.
    pub(super) fn resolve_alarms(&mut self, problems: &mut Problems) {
        for (name, alarm) in self.config.alarms.iter() {
            let watched = self.watched_by(&alarm.metric, alarm.statistic.into(), problems);
            let settings = watched.map(|watched| AlarmSettings {
                name: name.text.clone(),
                watched,
                period: span(alarm.period),
                evaluation_periods: alarm.evaluation_periods,
                datapoints_to_alarm: alarm.datapoints_to_alarm.unwrap_or(alarm.evaluation_periods),
                threshold: alarm.threshold,
                comparison: alarm.comparison_operator.into(),
                treat_missing_data: alarm.treat_missing_data.into(),
                policies: Vec::new(),
            });
            self.alarms.push(settings);
        }
    }

    fn watched_by(
        &mut self,
        metric: &AlarmMetricConfig,
        statistic: Statistic,
        problems: &mut Problems,
    ) -> Option<Watched> {
        if let Some(consumer) = &metric.backlog_per_instance {
            return self.backlog_per_instance(consumer, problems);
        }
        let name = metric.name.as_ref()?;
        let (id, tables): (_, &[&'static [MetricDefinition]]) = if let Some(queue) = &metric.queue {
            (self.directory.queues.find(queue, problems)?.1, &[QueueMetrics::DEFINITIONS])
        } else if let Some(consumer) = &metric.consumer {
            (
                self.directory.consumers.find(consumer, problems)?.1,
                &[ConsumerMetrics::DEFINITIONS, GroupMetrics::DEFINITIONS],
            )
        } else {
            (
                self.directory.producers.find(metric.producer.as_ref()?, problems)?.1,
                &[ProducerMetrics::DEFINITIONS],
            )
        };
        let definitions = || tables.iter().copied().flatten();
        let found = definitions().find(|definition| {
            definition.name == name.value || definition.cloudwatch_name == Some(&name.value)
        });
        let Some(definition) = found else {
            let names: Vec<&str> = definitions().map(|d| d.cloudwatch_name.unwrap_or(d.name)).collect();
            let help = problems.suggest(&name.value, &names, "metrics");
            problems.error(name.place, format!("there is no metric `{}`", name.value)).help(help);
            return None;
        };
        Some(Watched::Metric(self.watch(id, definition.name), statistic))
    }

    /// "Scaling based on Amazon SQS": visible messages (Sum) over instances in service (Average), as metric math.
    fn backlog_per_instance(&mut self, consumer: &Reference, problems: &mut Problems) -> Option<Watched> {
        let (position, group) = self.directory.consumers.find(consumer, problems)?;
        let ConsumerSource::Queue(queue) = &self.config.consumers.entries[position].1.receives_from;
        let (_, queue) = self.directory.queues.find(queue, problems)?;
        Some(Watched::Ratio {
            numerator: (self.watch(queue, "messages_visible"), Statistic::Sum),
            denominator: (self.watch(group, "instances_in_service"), Statistic::Average),
        })
    }

    /// What changes each consumer's capacity, in the order of consumers.
    pub(super) fn resolve_scaling(&mut self, problems: &mut Problems) -> Vec<ScalingSettings> {
        let config = self.config;
        let assumptions = self.assumptions();
        let mut all = Vec::new();
        for (name, consumer) in config.consumers.iter() {
            let reference = Reference { text: name.text.clone(), place: name.place };
            let settings = match &consumer.auto_scaling_group {
                Some(group) => {
                    let mut settings = group.scaling(config.start.timestamp());
                    settings.policies = self.policies(&reference, &group.policies, problems);
                    settings
                }
                None => {
                    let instances = consumer.instances.unwrap_or(1);
                    ScalingSettings::fixed(instances, instances)
                }
            };
            all.push(ScalingSettings { assumptions: assumptions.clone(), ..settings });
        }
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
            };
            if let Some(policy) = policy {
                policies.push(policy);
            }
        }
        policies
    }

    fn group_of(&self, consumer: &Reference, problems: &mut Problems) -> Option<EntityId> {
        self.directory.consumers.find(consumer, problems).map(|(_, id)| id)
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
        let MetricChoice::BacklogPerInstance = config.metric;
        let watched = self.backlog_per_instance(consumer, problems)?;
        let group = self.group_of(consumer, problems)?;
        let name = config.name.clone().unwrap_or_else(|| "target-tracking".to_owned());
        let suffix = if one_of_several { format!("-{name}") } else { String::new() };
        let target_value = config.target_value;
        let alarm = |low: bool, periods: u32, threshold: f64, comparison| AlarmSettings {
            name: format!("TargetTracking-{consumer}-Alarm{}{suffix}", if low { "Low" } else { "High" }),
            watched,
            period: Span::from_minutes(1),
            evaluation_periods: periods,
            datapoints_to_alarm: periods,
            threshold,
            comparison,
            treat_missing_data: TreatMissingData::Missing,
            policies: vec![(group, Binding { policy: index, low }.number())],
        };
        let above = Comparison::GreaterThanThreshold;
        self.alarms.push(Some(alarm(false, config.high_evaluation_periods, target_value, above)));
        if !config.disable_scale_in {
            let threshold = target_value * self.assumptions.target_tracking_low_fraction.as_f64();
            let below = Comparison::LessThanThreshold;
            self.alarms.push(Some(alarm(true, config.low_evaluation_periods, threshold, below)));
        }
        let disable_scale_in = config.disable_scale_in;
        let kind = PolicyKind::TargetTracking { target_value, disable_scale_in, pace: config.pace() };
        Some(Policy { name, kind })
    }

    /// The alarm invokes the policy of this index; gives the alarm's threshold.
    fn invoke(
        &mut self,
        alarm: &Reference,
        consumer: &Reference,
        policy: usize,
        problems: &mut Problems,
    ) -> Option<f64> {
        let (position, _) = self.alarm_names.find(alarm, problems)?;
        let group = self.group_of(consumer, problems)?;
        let settings = self.alarms.get_mut(position)?.as_mut()?;
        settings.policies.push((group, Binding { policy, low: false }.number()));
        Some(settings.threshold)
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

    /// The alarms, and what they watch.
    pub(super) fn into_alarms(self) -> (Vec<AlarmSettings>, Vec<(EntityId, &'static str)>) {
        (self.alarms.into_iter().flatten().collect(), self.watched)
    }
}
