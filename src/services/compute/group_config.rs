//! The Auto Scaling group of a consumer in a scenario, and its policies.

use super::life_config::{
    CapacityErrorsConfig, HealthCheckConfig, Hooks, InstanceFailureConfig, ProtectionChangeConfig,
    SpotConfig, StandbyConfig, SuspendedProcessesConfig, TerminateInstancesConfig, TerminationPolicyConfig,
    WarmPoolConfig, ZoneOutageConfig,
};
use super::life_resolve::MetricsCollectionConfig;
use super::life_settings::LifeSettings;
use super::scaling::{AdjustmentType, StepAdjustment};
use super::settings::{GroupSettings, Termination, TerminationPolicy};
use crate::engine::{Distribution, Span};
use crate::language::{
    DistributionOf, DistributionSpec, Duration, Files, Problems, Reference, choice, keyword, section,
};
use crate::wire::span;

section! {
    /// An Auto Scaling group.
    pub struct AutoScalingGroupConfig {
        /// Fewest instances.
        pub min_size: u32 = 1, within (0, 100_000);
        /// Most instances.
        pub max_size: u32, within (0, 100_000);
        /// Instances at the start, in service from the beginning; by default `min_size`.
        pub desired_capacity: Option<u32>;
        /// From the decision to launch an instance to its running, which puts it in service unless a lifecycle hook holds it
        /// up. The default is the whole time to the first receive call; when `os_boot` or `application_start` is given, it is
        /// `{ triangular: [5s, 17s, 35s] }`. AWS publishes no such time: an assumption.
        pub launch_time: DistributionOf<Duration> = default_launch_time();
        /// How an instance is taken out of service; by default gracefully.
        pub termination: TerminationConfig = TerminationConfig::Graceful(None);
        /// How long an instance exists after its threads have stopped. An assumption.
        pub termination_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(30));
        /// Which instance goes first when the group shrinks.
        pub termination_policy: TerminationPolicyConfig = TerminationPolicyConfig::OldestInstance;
        /// Simple scaling waits this long after an activity (`DefaultCooldown`).
        pub default_cooldown: Duration = Duration::from_seconds(300);
        /// How long an instance counts as warming up after it is in service (`DefaultInstanceWarmup`).
        pub instance_warmup: Duration = Duration::from_seconds(300), within (Duration::ZERO, Duration::from_hours(1));
        /// What changes the desired capacity.
        pub policies: Vec<PolicyConfig> = Vec::new();
        /// From running to the operating system being up; by default part of `launch_time`.
        pub os_boot: Option<DistributionOf<Duration>>;
        /// From there to the first receive call. An instance is in service meanwhile, and does nothing; by default part of
        /// `launch_time`.
        pub application_start: Option<DistributionOf<Duration>>;
        /// Lifecycle hooks by name, 50 at most.
        pub lifecycle_hooks: Hooks;
        /// Instances that were launched before they are needed.
        pub warm_pool: Option<WarmPoolConfig>;
        /// Availability Zones of the group: `a`, `b` and so on.
        pub availability_zones: u32 = 1, within (1, 6);
        /// Zones that go down.
        pub zone_outages: Vec<ZoneOutageConfig> = Vec::new();
        /// Launches that EC2 has no capacity for.
        pub capacity_errors: Option<CapacityErrorsConfig>;
        /// Wait after a launch that failed, doubled with each one more. An assumption.
        pub launch_retry_interval: Duration = Duration::from_seconds(60), at_least (Duration::from_seconds(1));
        /// The longest such wait. An assumption.
        pub launch_retry_maximum: Duration = Duration::from_minutes(15), at_least (Duration::from_seconds(1));
        /// How the group finds out that an instance is not well.
        pub health_check: Option<HealthCheckConfig>;
        /// What fails on instances.
        pub instance_failures: Vec<InstanceFailureConfig> = Vec::new();
        /// Instances older than this are replaced, one at a time (`MaxInstanceLifetime`).
        pub max_instance_lifetime: Option<Duration>, within (Duration::from_days(1), Duration::from_days(365));
        /// Several termination policies, instead of one (`TerminationPolicies`): each chooses among the instances that the
        /// former ones left. `Default` must be the last.
        pub termination_policies: Vec<TerminationPolicyConfig> = Vec::new();
        /// Whether instances are protected from scale-in as soon as they are in service
        /// (`NewInstancesProtectedFromScaleIn`).
        pub new_instances_protected_from_scale_in: bool = false;
        /// Whether an instance protects itself from scale-in while it has messages in hand.
        pub protect_while_processing: bool = false;
        /// Protection of instances set or lifted.
        pub instance_protection: Vec<ProtectionChangeConfig> = Vec::new();
        /// Spot Instances.
        pub spot: Option<SpotConfig>;
        /// Instances that leave service for a time.
        pub standby: Vec<StandbyConfig> = Vec::new();
        /// Instances that are terminated by hand.
        pub terminate_instances: Vec<TerminateInstancesConfig> = Vec::new();
        /// Processes that are suspended for a time.
        pub suspended_processes: Vec<SuspendedProcessesConfig> = Vec::new();
        /// Which metrics of the group CloudWatch gets (`MetricsCollection`). AWS's default is none, queuelab's all.
        pub metrics_collection: MetricsCollectionConfig = MetricsCollectionConfig::All;
    }
    check AutoScalingGroupConfig::check;
}

choice! {
    /// How an instance is taken out of service.
    pub enum TerminationConfig {
        /// Its threads finish their batches and take no new ones; after the timeout (30s) they are cut off.
        Graceful(Option<GracefulConfig>) = "graceful",
        /// It stops at once; messages in hand come back when their visibility timeout runs out.
        Kill = "kill",
    }
}

section! {
    /// Time to finish.
    pub struct GracefulConfig {
        /// After this time the instance goes, finished or not.
        pub timeout: Duration = DEFAULT_GRACE;
    }
}

const DEFAULT_GRACE: Duration = Duration::from_seconds(30);

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
        /// Warm-up of instances for this policy; by default the group's.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
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
        /// Warm-up of instances for this policy; by default the group's.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
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

fn default_launch_time() -> DistributionOf<Duration> {
    let seconds = |seconds: u64| Duration::from_seconds(seconds).as_nanos() as f64;
    DistributionOf::from_spec(
        DistributionSpec::LognormalMeanP95 { mean: seconds(95), p95: seconds(150) },
        None,
    )
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

impl AutoScalingGroupConfig {
    fn check(&self, problems: &mut Problems) {
        if self.min_size > self.max_size {
            problems.error(
                self.places.of("max_size"),
                format!("`max_size` ({}) is below `min_size` ({})", self.max_size, self.min_size),
            );
        } else if let Some(desired) = self.desired_capacity
            && !(self.min_size..=self.max_size).contains(&desired)
        {
            problems.error(
                self.places.of("desired_capacity"),
                format!(
                    "`desired_capacity` must lie between `min_size` {} and `max_size` {}",
                    self.min_size, self.max_size
                ),
            );
        }
        self.check_life(problems);
        // "Target tracking scaling policies": several of them must each use a different metric, and there is one metric.
        let tracking = self.policies.iter().filter_map(|policy| match policy {
            PolicyConfig::TargetTracking(policy) => Some(policy.place),
            PolicyConfig::StepScaling(_) | PolicyConfig::SimpleScaling(_) => None,
        });
        for place in tracking.skip(1) {
            problems
                .error(place, "a group can have only one target tracking policy of the same metric")
                .label("the second one");
        }
    }

    pub(super) fn settings(&self, files: &dyn Files, problems: &mut Problems) -> Option<GroupSettings> {
        let (launch, gone) = (self.launch(files, problems), self.termination_time.build(files, problems));
        let life = self.life(files, problems);
        Some(GroupSettings {
            min_size: self.min_size,
            max_size: self.max_size,
            desired_capacity: self.desired_capacity.unwrap_or(self.min_size),
            launch_time: launch?,
            termination_time: gone?,
            is_auto_scaling: true,
            life: life?,
            termination: match &self.termination {
                TerminationConfig::Graceful(config) => Termination::Graceful(span(
                    config.as_ref().map_or(DEFAULT_GRACE, |config| config.timeout),
                )),
                TerminationConfig::Kill => Termination::Kill,
            },
            termination_policies: self.chosen_termination_policies(),
            default_cooldown: span(self.default_cooldown),
            instance_warmup: span(self.instance_warmup),
            policies: Vec::new(),
        })
    }
}

/// A fleet of fixed size is a group whose sizes are equal.
pub(super) fn fixed_group(instances: u32) -> Option<GroupSettings> {
    Some(GroupSettings {
        min_size: instances,
        max_size: instances,
        desired_capacity: instances,
        launch_time: Distribution::constant(0.0).ok()?,
        termination_time: Distribution::constant(0.0).ok()?,
        termination: Termination::Kill,
        termination_policies: vec![TerminationPolicy::OldestInstance],
        is_auto_scaling: false,
        life: LifeSettings::default(),
        default_cooldown: Span::ZERO,
        instance_warmup: Span::ZERO,
        policies: Vec::new(),
    })
}
