//! Alarms and scaling policies: who watches what, and who invokes whom.

use super::config::{AssumptionsConfig, ScenarioConfig};
use super::directory::{Directory, Names};
use crate::engine::Span;
use crate::language::{Problems, Reference};
use crate::record::MetricDefinition;
use crate::scaling::{
    MetricChoice, Policy, PolicyConfig, PolicyKind, SimpleScalingConfig, StepConfig, StepScalingConfig,
    TargetTrackingConfig,
};
use crate::services::cloudwatch::{
    AlarmMetricConfig, AlarmSettings, Comparison, MetricId, Statistic, TreatMissingData, Watched,
};
use crate::services::compute::{ConsumerMetrics, ConsumerSource, GroupMetrics};
use crate::services::kinesis::{StreamConsumerMetrics, StreamMetrics};
use crate::services::producer::ProducerMetrics;
use crate::services::sqs::QueueMetrics;
use crate::wire::{EntityId, span};
use crate::world::watched_metric;

/// Alarms and policies of a scenario, on their way to being resolved.
pub(super) struct Scaling<'a> {
    config: &'a ScenarioConfig,
    assumptions: &'a AssumptionsConfig,
    directory: Directory<'a>,
    alarm_names: Names<'a>,
    alarms: Vec<Option<AlarmSettings>>,
    watched: Vec<(EntityId, &'static str)>,
}

/// Evaluation periods of target tracking's alarms, observed in accounts: 3 of 3 minutes above, 15 of 15 below.
const HIGH_PERIODS: u32 = 3;
const LOW_PERIODS: u32 = 15;

impl<'a> Scaling<'a> {
    pub(super) fn new(
        config: &'a ScenarioConfig,
        assumptions: &'a AssumptionsConfig,
        directory: Directory<'a>,
    ) -> Self {
        let alarm_names = Names::new("alarm", config.alarms.names(), 0);
        Self { config, assumptions, directory, alarm_names, alarms: Vec::new(), watched: Vec::new() }
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
        } else if let Some(stream) = &metric.stream {
            (self.directory.streams.find(stream, problems)?.1, &[StreamMetrics::DEFINITIONS])
        } else if let Some(consumer) = &metric.stream_consumer {
            (
                self.directory.stream_consumers.find(consumer, problems)?.1,
                &[StreamConsumerMetrics::DEFINITIONS],
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
        self.directory.consumers.find(consumer, problems).map(|(_, id)| id)
    }

    fn track(
        &mut self,
        consumer: &Reference,
        config: &TargetTrackingConfig,
        policies: &mut Vec<Policy>,
        problems: &mut Problems,
    ) {
        let MetricChoice::BacklogPerInstance = config.metric;
        let watched = self.backlog_per_instance(consumer, problems);
        let Some((watched, group)) = watched.zip(self.group_of(consumer, problems)) else { return };
        let policy_name = config.name.clone().unwrap_or_else(|| "target-tracking".to_owned());
        let minute = Span::from_minutes(1);
        let instance_warmup = config.instance_warmup.map(span);
        let target_value = config.target_value;
        let alarm = |side: &str, periods: u32, threshold: f64, comparison, policy: usize| AlarmSettings {
            name: format!("TargetTracking-{consumer}-Alarm{side}"),
            watched,
            period: minute,
            evaluation_periods: periods,
            datapoints_to_alarm: periods,
            threshold,
            comparison,
            treat_missing_data: TreatMissingData::Missing,
            policies: vec![(group, policy as u32)],
        };
        let above = Comparison::GreaterThanThreshold;
        self.alarms.push(Some(alarm("High", HIGH_PERIODS, target_value, above, policies.len())));
        let kind = PolicyKind::TrackHigh { target_value, instance_warmup };
        policies.push(Policy { name: policy_name.clone(), kind });
        if !config.disable_scale_in {
            let threshold = target_value * self.assumptions.target_tracking_low_fraction.as_f64();
            let below = Comparison::LessThanThreshold;
            self.alarms.push(Some(alarm("Low", LOW_PERIODS, threshold, below, policies.len())));
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
        let (position, _) = self.alarm_names.find(alarm, problems)?;
        let group = self.group_of(consumer, problems)?;
        let settings = self.alarms.get_mut(position)?.as_mut()?;
        settings.policies.push((group, policy as u32));
        Some(settings.threshold)
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

    /// The alarms, and what they watch.
    pub(super) fn into_alarms(self) -> (Vec<AlarmSettings>, Vec<(EntityId, &'static str)>) {
        (self.alarms.into_iter().flatten().collect(), self.watched)
    }
}
