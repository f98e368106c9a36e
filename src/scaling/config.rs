//! Scaling policies in a scenario.

use super::policy::{AdjustmentType, ManualChange, MetricAggregation, Pace, ScalingService, StepAdjustment};
use super::schedule::MomentConfig;
use crate::engine::{Span, Time};
use crate::language::{Duration, Problems, Reference, choice, keyword, section};
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
    }
}

keyword! {
    /// A metric a group can track.
    pub enum MetricChoice {
        /// Visible messages of the consumer's queue, divided by the instances in service.
        BacklogPerInstance = "backlog_per_instance",
    }
}

section! {
    /// Target tracking: the group makes two alarms of its own, one above the target (3 of 3 minutes), one some way
    /// below (15 of 15 minutes), and adds or removes capacity in proportion.
    pub struct TargetTrackingConfig {
        /// The policy's name; by default `target-tracking`.
        pub name: Option<String>;
        /// The metric to keep at the target.
        pub metric: MetricChoice;
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
        /// Of how many minutes the high alarm judges all; by default 3. AWS publishes no number: an assumption.
        pub high_evaluation_periods: u32 = 3, within (1, 100);
        /// Of how many minutes the low alarm judges all; by default 15. AWS publishes no number: an assumption.
        pub low_evaluation_periods: u32 = 15, within (1, 100);
    }
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

impl TargetTrackingConfig {
    /// What it waits for.
    pub fn pace(&self) -> Pace {
        Pace {
            instance_warmup: self.instance_warmup.map(span),
            scale_out_cooldown: span(self.scale_out_cooldown.unwrap_or(COOLDOWN)),
            scale_in_cooldown: span(self.scale_in_cooldown.unwrap_or(COOLDOWN)),
        }
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
    }

    /// Where it stands.
    pub fn place(&self) -> crate::language::Place {
        match self {
            PolicyConfig::TargetTracking(policy) => policy.place,
            PolicyConfig::StepScaling(policy) => policy.place,
            PolicyConfig::SimpleScaling(policy) => policy.place,
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
        };
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

/// Most steps of a policy ("Amazon EC2 Auto Scaling service quotas").
const MOST_STEPS: usize = 20;

impl StepScalingConfig {
    /// The rules of "`PutScalingPolicy`": no gaps, no overlaps, one open end on each side at most.
    fn check(&self, problems: &mut Problems) {
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
