//! An ECS service in a scenario: its tasks take the place of instances, and Application Auto Scaling that of the group.

use super::group_config::fixed_group;
use super::settings::{GroupSettings, Termination};
use crate::language::{Bytes, DistributionOf, Duration, Files, Named, Problems, section};
use crate::scaling::{
    MetricChoice, PolicyConfig, ScalableTargetActionConfig, ScalingService, ScalingSettings,
};
use crate::wire::{PriceList, span};

section! {
    /// An Amazon ECS service on AWS Fargate: its tasks, and what Application Auto Scaling does with their number.
    pub struct EcsServiceConfig {
        /// Tasks at the start, running from the beginning; by default `minimum_capacity`.
        pub desired_count: Option<u32>, within (0, 100_000);
        /// Fewest tasks (`MinCapacity`); by default `desired_count`.
        pub minimum_capacity: Option<u32>, within (0, 100_000);
        /// Most tasks (`MaxCapacity`); by default `desired_count`.
        pub maximum_capacity: Option<u32>, within (0, 100_000);
        /// From the decision to start a task to its first receive call. AWS publishes no such time: an assumption.
        pub task_start_up: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(30));
        /// A task that is stopped gets SIGTERM, finishes what it has in hand, and is killed after this time (`stopTimeout`).
        pub stop_timeout: Duration = Duration::from_seconds(30), within (Duration::ZERO, Duration::from_seconds(120));
        /// How long a task exists after its threads have stopped. An assumption.
        pub deprovisioning_time: DistributionOf<Duration> = DistributionOf::constant(Duration::ZERO);
        /// vCPUs of a task, for its price.
        pub cpu: f64 = 1.0, within (0.25, 16.0);
        /// Memory of a task, for its price.
        pub memory: Bytes = Bytes::new(2 << 30);
        /// What changes the desired count: target tracking and step scaling.
        pub policies: Vec<PolicyConfig> = Vec::new();
        /// What changes its bounds at given times.
        pub scheduled_actions: Named<ScalableTargetActionConfig>;
        /// Deployments: while one is in progress, nothing scales in. The replacement of tasks itself is not modelled.
        pub deployments: Vec<DeploymentConfig> = Vec::new();
    }
    check EcsServiceConfig::check;
}

section! {
    /// A deployment.
    pub struct DeploymentConfig {
        /// When it begins, since the start of the run.
        pub at: Duration;
        /// How long it takes.
        pub duration: Duration;
    }
}

impl EcsServiceConfig {
    /// Fewest tasks, most tasks, and those at the start.
    fn sizes(&self) -> (u32, u32, u32) {
        let desired = self.desired_count.or(self.minimum_capacity).unwrap_or(1);
        (self.minimum_capacity.unwrap_or(desired), self.maximum_capacity.unwrap_or(desired), desired)
    }

    /// Most tasks.
    pub(super) fn most_tasks(&self) -> u32 {
        self.sizes().1
    }

    fn check(&self, problems: &mut Problems) {
        // "Quotas for Application Auto Scaling".
        const MOST_ACTIONS: usize = 200;
        let (min, max, desired) = self.sizes();
        if min > max {
            problems.error(
                self.places.of("maximum_capacity").or(self.places.of("minimum_capacity")),
                format!("the most tasks ({max}) are fewer than the fewest ({min})"),
            );
        } else if !(min..=max).contains(&desired) {
            problems.error(
                self.places.of("desired_count"),
                format!("`desired_count` must lie between {min} and {max}, the capacity's bounds"),
            );
        }
        PolicyConfig::check_all(&self.policies, ScalingService::ApplicationAutoScaling, problems);
        for policy in &self.policies {
            if let PolicyConfig::TargetTracking(config) = policy
                && config.metric == Some(MetricChoice::LambdaProvisionedConcurrencyUtilization)
            {
                config.refuse_metric(MetricChoice::LambdaProvisionedConcurrencyUtilization, problems);
            }
        }
        if let Some((name, _)) = self.scheduled_actions.entries.get(MOST_ACTIONS) {
            problems.error(name.place, format!("a service has {MOST_ACTIONS} scheduled actions at most"));
        }
    }

    /// Dollars for an hour of a task.
    pub(super) fn price_per_hour(&self, prices: &PriceList) -> f64 {
        let gib = self.memory.as_u64() as f64 / f64::from(1 << 30);
        self.cpu * prices.dollars("fargate_per_vcpu_hour") + gib * prices.dollars("fargate_per_gib_hour")
    }

    /// What changes the number of tasks, besides its policies.
    pub fn scaling(&self, begin: jiff::Timestamp) -> ScalingSettings {
        let (min, max, _) = self.sizes();
        ScalingSettings::scalable_target((min, max), &self.scheduled_actions, begin)
    }

    /// Its tasks, as a group of instances.
    pub(super) fn settings(&self, files: &dyn Files, problems: &mut Problems) -> Option<GroupSettings> {
        let (min_size, max_size, desired_capacity) = self.sizes();
        let (start_up, gone) =
            (self.task_start_up.build(files, problems), self.deprovisioning_time.build(files, problems));
        Some(GroupSettings {
            notices: Vec::new(),
            min_size,
            max_size,
            desired_capacity,
            launch_time: start_up?,
            termination_time: gone?,
            termination: Termination::Graceful(span(self.stop_timeout)),
            deployments: self
                .deployments
                .iter()
                .map(|deployment| (span(deployment.at), span(deployment.duration)))
                .collect(),
            ..fixed_group(desired_capacity)?
        })
    }
}
