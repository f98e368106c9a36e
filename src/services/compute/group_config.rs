//! The Auto Scaling group of a consumer in a scenario, and its policies.

use super::settings::{GroupSettings, Termination, TerminationPolicy};
use crate::engine::{Distribution, Span};
use crate::language::{
    DistributionOf, DistributionSpec, Duration, Files, Problems, choice, keyword, section,
};
use crate::scaling::PolicyConfig;
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
        /// From the decision to launch an instance to its first receive call. AWS publishes no such time: an assumption.
        pub launch_time: DistributionOf<Duration> = default_launch_time();
        /// How an instance is taken out of service; by default gracefully.
        pub termination: TerminationConfig = TerminationConfig::Graceful(None);
        /// How long an instance exists after its threads have stopped. An assumption.
        pub termination_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(30));
        /// Which instance goes first.
        pub termination_policy: TerminationPolicyConfig = TerminationPolicyConfig::OldestInstance;
        /// Simple scaling waits this long after an activity (`DefaultCooldown`).
        pub default_cooldown: Duration = Duration::from_seconds(300);
        /// How long an instance counts as warming up after it is in service (`DefaultInstanceWarmup`).
        pub instance_warmup: Duration = Duration::from_seconds(300), within (Duration::ZERO, Duration::from_hours(1));
        /// What changes the desired capacity.
        pub policies: Vec<PolicyConfig> = Vec::new();
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

keyword! {
    /// Which instance goes first when the group shrinks.
    pub enum TerminationPolicyConfig {
        /// The one launched first.
        OldestInstance = "OldestInstance",
        /// The one launched last.
        NewestInstance = "NewestInstance",
    }
}

fn default_launch_time() -> DistributionOf<Duration> {
    let seconds = |seconds: u64| Duration::from_seconds(seconds).as_nanos() as f64;
    DistributionOf::from_spec(
        DistributionSpec::LognormalMeanP95 { mean: seconds(95), p95: seconds(150) },
        None,
    )
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
        let (launch, gone) =
            (self.launch_time.build(files, problems), self.termination_time.build(files, problems));
        Some(GroupSettings {
            min_size: self.min_size,
            max_size: self.max_size,
            desired_capacity: self.desired_capacity.unwrap_or(self.min_size),
            launch_time: launch?,
            termination_time: gone?,
            termination: match &self.termination {
                TerminationConfig::Graceful(config) => Termination::Graceful(span(
                    config.as_ref().map_or(DEFAULT_GRACE, |config| config.timeout),
                )),
                TerminationConfig::Kill => Termination::Kill,
            },
            termination_policy: match self.termination_policy {
                TerminationPolicyConfig::OldestInstance => TerminationPolicy::OldestInstance,
                TerminationPolicyConfig::NewestInstance => TerminationPolicy::NewestInstance,
            },
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
        termination_policy: TerminationPolicy::OldestInstance,
        default_cooldown: Span::ZERO,
        instance_warmup: Span::ZERO,
        policies: Vec::new(),
    })
}
