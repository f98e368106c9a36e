//! Scaling policies in a scenario.

use super::policy::{
    AdjustmentType, ManualChange, MetricAggregation, Pace, PredictiveSettings, ScalingService, StepAdjustment,
};
use super::schedule::MomentConfig;
use crate::engine::{Span, Time};
use crate::language::{Duration, Files, Located, Place, Problems, Reference, choice, keyword, section};
use crate::series::{MetricConfig, MetricQueryConfig, StatisticConfig};
use crate::wire::span;

choice! {
    /// A scaling policy.
    pub enum PolicyConfig {
        /// Keep a metric at a target value.
        TargetTracking(TargetTrackingConfig) = "target_tracking",
        /// Change the capacity the more, the further an alarm's metric is beyond its threshold.
        StepScaling(StepScalingConfig) = "step_scaling",
        /// Change the capacity once when an alarm goes off, then wait for a cooldown.
        SimpleScaling(SimpleScalingConfig) = "simple_scaling",
        /// Have capacity ready for the load that is forecast.
        PredictiveScaling(PredictiveScalingConfig) = "predictive_scaling",
    }
}

keyword! {
    /// A metric a group can track.
    pub enum MetricChoice {
        /// Visible messages of the consumer's queue, divided by the instances (or tasks) in service.
        BacklogPerInstance = "backlog_per_instance",
        /// CPU utilisation of the group's instances, from their busy threads. An assumption.
        AsgAverageCpuUtilization = "ASGAverageCPUUtilization",
        /// CPU utilisation of the service's tasks, from their busy threads. An assumption.
        EcsServiceAverageCpuUtilization = "ECSServiceAverageCPUUtilization",
        /// Share (0 to 1) of a Lambda function's provisioned concurrency that is in use.
        LambdaProvisionedConcurrencyUtilization = "LambdaProvisionedConcurrencyUtilization",
    }
}

section! {
    /// A metric of the scenario that target tracking keeps at its target. It must fall when capacity grows.
    pub struct CustomizedMetricConfig {
        /// The metric.
        pub metric: MetricConfig;
        /// Its statistic over a period.
        pub statistic: Option<StatisticConfig>;
        /// Length of a period: 10s, 30s or 60s.
        pub period: Duration = Duration::from_seconds(60);
    }
    check CustomizedMetricConfig::check;
}

section! {
    /// Target tracking: the group makes two alarms of its own, one above the target (3 of 3 minutes), one some way
    /// below (15 of 15 minutes), and adds or removes capacity in proportion.
    pub struct TargetTrackingConfig {
        /// The policy's name; by default `target-tracking`.
        pub name: Option<String>;
        /// The metric to keep at the target: one that AWS (or queuelab) knows by name.
        pub metric: Option<MetricChoice>;
        /// A metric of the scenario, instead (`CustomizedMetricSpecification`).
        pub customized_metric: Option<CustomizedMetricConfig>;
        /// Metric math, instead: one of the queries is returned.
        pub metrics: Option<Vec<MetricQueryConfig>>;
        /// The target.
        pub target_value: f64, above (0.0);
        /// Only add, never remove.
        pub disable_scale_in: bool = false;
        /// Warm-up of instances for this policy (`EstimatedInstanceWarmup`); by default the group's. EC2 groups only.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
        /// For this time a scale-out counts as under way: only a larger one adds the difference. Services only; 300s.
        pub scale_out_cooldown: Option<Duration>;
        /// For this time after a scale-in there is no other. Services only; 300s.
        pub scale_in_cooldown: Option<Duration>;
        /// Of how many periods the high alarm judges all; by default 3. AWS publishes no number: an assumption.
        pub high_evaluation_periods: u32 = 3, within (1, 100);
        /// Of how many periods the low alarm judges all; by default 15. AWS publishes no number: an assumption.
        pub low_evaluation_periods: u32 = 15, within (1, 100);
    }
    check TargetTrackingConfig::check;
}

keyword! {
    /// What a forecast is for.
    pub enum PredictiveModeConfig {
        /// It is made, and changes nothing.
        ForecastOnly = "ForecastOnly",
        /// It raises the capacity.
        ForecastAndScale = "ForecastAndScale",
    }
}

keyword! {
    /// What happens when a forecast asks for more than the group's maximum.
    pub enum MaxCapacityBreachBehaviorConfig {
        /// The maximum holds.
        HonorMaxCapacity = "HonorMaxCapacity",
        /// The maximum is raised for the hour.
        IncreaseMaxCapacity = "IncreaseMaxCapacity",
    }
}

section! {
    /// Predictive scaling: needs a day of history, uses two weeks of it, and forecasts the load of the next two days by
    /// hour, every six hours. It only adds capacity. The model of the forecast is an assumption.
    pub struct PredictiveScalingConfig {
        /// The policy's name; by default `predictive-scaling`.
        pub name: Option<String>;
        /// The load: the sum of this metric over an hour.
        pub load_metric: MetricConfig;
        /// How much of the load an instance takes in an hour.
        pub target_value: f64, above (0.0);
        /// Whether it scales.
        pub mode: PredictiveModeConfig = PredictiveModeConfig::ForecastOnly;
        /// How long before its hour a forecast takes effect.
        pub scheduling_buffer_time: Duration = Duration::from_seconds(300),
            within (Duration::ZERO, Duration::from_seconds(3599));
        /// What happens when it asks for more than `max_size`.
        pub max_capacity_breach_behavior: MaxCapacityBreachBehaviorConfig = MaxCapacityBreachBehaviorConfig::HonorMaxCapacity;
        /// By how many percent the raised maximum lies above the forecast.
        pub max_capacity_buffer: u32 = 0, within (0, 100);
        /// A file with the load of the hours before the run, one number a line, the oldest first.
        pub history: Option<Located<String>>;
    }
}

impl PredictiveScalingConfig {
    /// The policy's settings; `None` when a problem was told.
    pub fn settings(&self, files: &dyn Files, problems: &mut Problems) -> Option<PredictiveSettings> {
        let history = match &self.history {
            Some(file) => read_history(file, files, problems)?,
            None => Vec::new(),
        };
        let increases =
            self.max_capacity_breach_behavior == MaxCapacityBreachBehaviorConfig::IncreaseMaxCapacity;
        Some(PredictiveSettings {
            target_value: self.target_value,
            scales: self.mode == PredictiveModeConfig::ForecastAndScale,
            buffer: span(self.scheduling_buffer_time),
            increase_max_capacity: increases.then(|| f64::from(self.max_capacity_buffer) / 100.0),
            history,
        })
    }
}

/// The loads of a file, one a line.
fn read_history(file: &Located<String>, files: &dyn Files, problems: &mut Problems) -> Option<Vec<f64>> {
    let text = match files.read(&file.value) {
        Ok(text) => text,
        Err(why) => {
            problems.error(file.place, format!("`{}` cannot be read", file.value)).why(why);
            return None;
        }
    };
    let mut loads = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(load) = line.parse::<f64>().ok().filter(|load| load.is_finite() && *load >= 0.0) {
            loads.push(load);
        } else {
            problems
                .error(file.place, format!("line {number} of `{}` is no load: `{line}`", file.value))
                .why("each line is one number, the load of an hour");
            return None;
        }
    }
    Some(loads)
}

keyword! {
    /// How an adjustment is meant.
    pub enum AdjustmentTypeConfig {
        /// Add this many instances; remove with a minus.
        ChangeInCapacity = "ChangeInCapacity",
        /// Have exactly this many instances.
        ExactCapacity = "ExactCapacity",
        /// Add this percentage of the present instances; remove with a minus.
        PercentChangeInCapacity = "PercentChangeInCapacity",
    }
}

section! {
    /// Step scaling.
    pub struct StepScalingConfig {
        /// The policy's name; by default that of its alarm.
        pub name: Option<String>;
        /// The alarm that invokes it.
        pub alarm: Reference;
        /// How adjustments are meant.
        pub adjustment_type: AdjustmentTypeConfig;
        /// The steps.
        pub step_adjustments: Vec<StepConfig>;
        /// Least change of a percentage (`MinAdjustmentMagnitude`).
        pub min_adjustment_magnitude: u32 = 0;
        /// How the breaching datapoints of the alarm become one value.
        pub metric_aggregation_type: MetricAggregationConfig = MetricAggregationConfig::Average;
        /// Warm-up of instances for this policy (`EstimatedInstanceWarmup`); by default the group's. EC2 groups only.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
        /// For this time a scale-out counts as under way, and there is no second scale-in. Services only; 300s.
        pub cooldown: Option<Duration>;
    }
    check StepScalingConfig::check;
}

section! {
    /// A step: bounds relative to the alarm's threshold, and the adjustment between them.
    pub struct StepConfig {
        /// `MetricIntervalLowerBound`; without it there is none.
        pub lower_bound: Option<f64>;
        /// `MetricIntervalUpperBound`; without it there is none.
        pub upper_bound: Option<f64>;
        /// `ScalingAdjustment`.
        pub scaling_adjustment: i64;
    }
}

keyword! {
    /// How the datapoints of an alarm become the one value that steps are chosen by.
    pub enum MetricAggregationConfig {
        /// Their mean.
        Average = "Average",
        /// The smallest.
        Minimum = "Minimum",
        /// The largest.
        Maximum = "Maximum",
    }
}

section! {
    /// A call of `SetDesiredCapacity`.
    pub struct SetDesiredCapacityConfig {
        /// When.
        pub at: MomentConfig;
        /// Instances wanted; AWS refuses what lies outside of the sizes of that time.
        pub desired_capacity: u32, within (0, 100_000);
        /// Whether a cooldown makes AWS refuse the call.
        pub honor_cooldown: bool = false;
    }
}

section! {
    /// Simple scaling.
    pub struct SimpleScalingConfig {
        /// The policy's name; by default that of its alarm.
        pub name: Option<String>;
        /// The alarm that invokes it.
        pub alarm: Reference;
        /// How the adjustment is meant.
        pub adjustment_type: AdjustmentTypeConfig;
        /// `ScalingAdjustment`.
        pub scaling_adjustment: i64;
        /// Least change of a percentage (`MinAdjustmentMagnitude`).
        pub min_adjustment_magnitude: u32 = 0;
        /// Wait after an activity of this policy; by default the group's.
        pub cooldown: Option<Duration>;
    }
    check SimpleScalingConfig::check;
}

impl From<AdjustmentTypeConfig> for AdjustmentType {
    fn from(adjustment_type: AdjustmentTypeConfig) -> Self {
        match adjustment_type {
            AdjustmentTypeConfig::ChangeInCapacity => AdjustmentType::ChangeInCapacity,
            AdjustmentTypeConfig::ExactCapacity => AdjustmentType::ExactCapacity,
            AdjustmentTypeConfig::PercentChangeInCapacity => AdjustmentType::PercentChangeInCapacity,
        }
    }
}

impl From<MetricAggregationConfig> for MetricAggregation {
    fn from(aggregation: MetricAggregationConfig) -> Self {
        match aggregation {
            MetricAggregationConfig::Average => MetricAggregation::Average,
            MetricAggregationConfig::Minimum => MetricAggregation::Minimum,
            MetricAggregationConfig::Maximum => MetricAggregation::Maximum,
        }
    }
}

/// "`TargetTrackingScalingPolicyConfiguration`", "`StepScalingPolicyConfiguration`": 300 s for ECS services.
const COOLDOWN: Duration = Duration::from_seconds(300);

impl CustomizedMetricConfig {
    /// "`CustomizedMetricSpecification`": periods of 10, 30 and 60 seconds.
    fn check(&self, problems: &mut Problems) {
        const SECOND: u64 = 1_000_000_000;
        if ![10, 30, 60].contains(&(self.period.as_nanos() / SECOND))
            || !self.period.as_nanos().is_multiple_of(SECOND)
        {
            problems.error(
                self.places.of("period"),
                format!("the period of a customized metric is 10s, 30s or 60s, not {}", self.period),
            );
        }
    }
}

impl TargetTrackingConfig {
    fn check(&self, problems: &mut Problems) {
        let given = [self.metric.is_some(), self.customized_metric.is_some(), self.metrics.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            problems
                .error(
                    self.place,
                    "target tracking has exactly one of `metric`, `customized_metric` and `metrics`",
                )
                .help("write `metric: backlog_per_instance`");
        }
    }

    /// What it waits for.
    pub fn pace(&self) -> Pace {
        self.pace_after(COOLDOWN)
    }

    /// What it waits for, where cooldowns that are not given have this length.
    pub fn pace_after(&self, cooldown: Duration) -> Pace {
        Pace {
            instance_warmup: self.instance_warmup.map(span),
            scale_out_cooldown: span(self.scale_out_cooldown.unwrap_or(cooldown)),
            scale_in_cooldown: span(self.scale_in_cooldown.unwrap_or(cooldown)),
        }
    }
}

impl TargetTrackingConfig {
    /// Tells that what it scales has no such metric.
    pub fn refuse_metric(&self, metric: MetricChoice, problems: &mut Problems) {
        problems.error(self.places.of("metric"), format!("`{metric}` does not fit here")).why(
            "groups have `ASGAverageCPUUtilization`, services `ECSServiceAverageCPUUtilization`, functions \
             `LambdaProvisionedConcurrencyUtilization`",
        );
    }
}

impl StepScalingConfig {
    /// What it waits for.
    pub fn pace(&self) -> Pace {
        let cooldown = span(self.cooldown.unwrap_or(COOLDOWN));
        Pace {
            instance_warmup: self.instance_warmup.map(span),
            scale_out_cooldown: cooldown,
            scale_in_cooldown: cooldown,
        }
    }
}

impl SetDesiredCapacityConfig {
    /// The call, in a run that begins at this time.
    pub fn resolve(&self, begin: jiff::Timestamp) -> ManualChange {
        let since = self.at.resolve(begin).as_nanosecond() - begin.as_nanosecond();
        ManualChange {
            // A call before the run is never made.
            at: u64::try_from(since).map_or(Time::MAX, |since| Time::ZERO + Span::from_nanos(since)),
            desired_capacity: self.desired_capacity,
            honor_cooldown: self.honor_cooldown,
        }
    }
}

/// Most policies of a target ("Amazon EC2 Auto Scaling service quotas", "Quotas for Application Auto Scaling").
const MOST_POLICIES: usize = 50;

impl PolicyConfig {
    /// Tells what does not fit the service that is to carry the policies out.
    pub fn check_all(policies: &[PolicyConfig], service: ScalingService, problems: &mut Problems) {
        for policy in policies {
            policy.check_for(service, problems);
        }
        if policies.len() > MOST_POLICIES {
            let place = policies[MOST_POLICIES].place();
            problems.error(place, format!("there are {MOST_POLICIES} scaling policies at most"));
        }
        // "Target tracking scaling policies": several of them must each use a different metric.
        let mut tracked: Vec<MetricChoice> = Vec::new();
        for policy in policies {
            let PolicyConfig::TargetTracking(TargetTrackingConfig { metric: Some(metric), place, .. }) =
                policy
            else {
                continue;
            };
            if tracked.contains(metric) {
                problems
                    .error(*place, "a group can have only one target tracking policy of the same metric")
                    .label("the second one");
            }
            tracked.push(*metric);
        }
    }

    /// Where it stands.
    pub fn place(&self) -> crate::language::Place {
        match self {
            PolicyConfig::TargetTracking(policy) => policy.place,
            PolicyConfig::StepScaling(policy) => policy.place,
            PolicyConfig::SimpleScaling(policy) => policy.place,
            PolicyConfig::PredictiveScaling(policy) => policy.place,
        }
    }

    fn check_for(&self, service: ScalingService, problems: &mut Problems) {
        let places = match self {
            PolicyConfig::TargetTracking(policy) => &policy.places,
            PolicyConfig::StepScaling(policy) => &policy.places,
            PolicyConfig::SimpleScaling(policy) => {
                if service == ScalingService::ApplicationAutoScaling {
                    problems
                        .error(policy.place, "Application Auto Scaling has no simple scaling")
                        .help("write a `step_scaling` policy with one step");
                }
                return;
            }
            PolicyConfig::PredictiveScaling(policy) => {
                if service == ScalingService::ApplicationAutoScaling {
                    problems.error(policy.place, "predictive scaling of services is not modelled");
                }
                return;
            }
        };
        if let PolicyConfig::TargetTracking(policy) = self {
            let wrong: &[MetricChoice] = match service {
                ScalingService::Ec2AutoScaling => &[
                    MetricChoice::EcsServiceAverageCpuUtilization,
                    MetricChoice::LambdaProvisionedConcurrencyUtilization,
                ],
                ScalingService::ApplicationAutoScaling => &[MetricChoice::AsgAverageCpuUtilization],
            };
            if let Some(metric) = policy.metric.filter(|metric| wrong.contains(metric)) {
                policy.refuse_metric(metric, problems);
            }
        }
        let (foreign, why): (&[&str], _) = match service {
            ScalingService::Ec2AutoScaling => (
                &["scale_out_cooldown", "scale_in_cooldown", "cooldown"],
                "an Auto Scaling group waits for its instances to warm up: give `instance_warmup`",
            ),
            ScalingService::ApplicationAutoScaling => {
                (&["instance_warmup"], "Application Auto Scaling has cooldowns instead of warm-ups")
            }
        };
        for key in foreign {
            if let Some(place) = places.key(key) {
                problems.error(place, format!("`{key}` does not fit here")).why(why);
            }
        }
    }
}

impl StepConfig {
    /// The step as the policy takes it.
    pub fn adjustment(&self) -> StepAdjustment {
        StepAdjustment {
            lower_bound: self.lower_bound,
            upper_bound: self.upper_bound,
            scaling_adjustment: self.scaling_adjustment as f64,
        }
    }
}

/// "`PutScalingPolicy`": an exact capacity is not negative, and only percentages have a least magnitude.
fn check_adjustment(
    kind: AdjustmentTypeConfig,
    numbers: impl Iterator<Item = (i64, Place)>,
    magnitude: Option<Place>,
    problems: &mut Problems,
) {
    for (number, place) in numbers {
        if kind == AdjustmentTypeConfig::ExactCapacity && number < 0 {
            problems.error(place, format!("an exact capacity of {number} cannot be")).help("write 0 or more");
        }
    }
    if let Some(place) = magnitude
        && kind != AdjustmentTypeConfig::PercentChangeInCapacity
    {
        problems
            .error(place, "`min_adjustment_magnitude` does not fit here")
            .why("it belongs to `PercentChangeInCapacity`");
    }
}

impl SimpleScalingConfig {
    fn check(&self, problems: &mut Problems) {
        let number = [(self.scaling_adjustment, self.place)].into_iter();
        check_adjustment(self.adjustment_type, number, self.places.of("min_adjustment_magnitude"), problems);
    }
}

/// Most steps of a policy ("Amazon EC2 Auto Scaling service quotas").
const MOST_STEPS: usize = 20;

impl StepScalingConfig {
    /// The rules of "`PutScalingPolicy`": no gaps, no overlaps, one open end on each side at most.
    fn check(&self, problems: &mut Problems) {
        let numbers = self.step_adjustments.iter().map(|step| (step.scaling_adjustment, step.place));
        check_adjustment(self.adjustment_type, numbers, self.places.of("min_adjustment_magnitude"), problems);
        let steps = &self.step_adjustments;
        let here = self.places.of("step_adjustments");
        if steps.is_empty() || steps.len() > MOST_STEPS {
            problems.error(
                here,
                format!("a step scaling policy has 1 to {MOST_STEPS} steps, not {}", steps.len()),
            );
        }
        let mut sorted: Vec<&StepConfig> = steps.iter().collect();
        let low = |step: &StepConfig| step.lower_bound.unwrap_or(f64::NEG_INFINITY);
        let high = |step: &StepConfig| step.upper_bound.unwrap_or(f64::INFINITY);
        sorted.sort_by(|a, b| low(a).total_cmp(&low(b)));
        for step in &sorted {
            if low(step) >= high(step) {
                problems.error(step.place, "the upper bound of a step must be above its lower bound");
            } else if step.lower_bound.is_none() && step.upper_bound.is_none() {
                problems.error(step.place, "a step needs at least one bound");
            }
        }
        for pair in sorted.windows(2) {
            if high(pair[0]).total_cmp(&low(pair[1])) != std::cmp::Ordering::Equal {
                let what = if high(pair[0]) > low(pair[1]) { "overlap" } else { "leave a gap" };
                problems.error(pair[1].place, format!("the steps {what} below this one")).why(format!(
                    "it begins at {}, the one before ends at {}",
                    low(pair[1]),
                    high(pair[0])
                ));
            }
        }
        if let (Some(first), Some(last)) = (sorted.first(), sorted.last()) {
            if first.lower_bound.is_some_and(|bound| bound < 0.0) {
                problems.error(first.place, "with a negative lower bound one step must have no lower bound");
            }
            if last.upper_bound.is_some_and(|bound| bound > 0.0) {
                problems.error(last.place, "with a positive upper bound one step must have no upper bound");
            }
        }
    }
}
