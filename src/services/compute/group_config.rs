//! The Auto Scaling group of a consumer in a scenario, and its policies.

use super::life_config::{
    CapacityErrorsConfig, HealthCheckConfig, Hooks, InstanceFailureConfig, ProtectionChangeConfig,
    SpotConfig, StandbyConfig, SuspendedProcessesConfig, TerminateInstancesConfig, TerminationPolicyConfig,
    WarmPoolConfig, ZoneOutageConfig,
};
use super::life_resolve::MetricsCollectionConfig;
use super::life_settings::LifeSettings;
use super::notify::GroupNotificationConfig;
use super::refresh_config::InstanceRefreshConfig;
use super::settings::{GroupSettings, Termination, TerminationPolicy};
use crate::engine::Distribution;
use crate::language::{DistributionOf, DistributionSpec, Duration, Files, Named, Problems, choice, section};
use crate::scaling::{
    ManualChange, PolicyConfig, ScalingService, ScalingSettings, ScheduledActionConfig,
    SetDesiredCapacityConfig,
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
        /// Which instance goes first.
        pub termination_policy: TerminationPolicyConfig = TerminationPolicyConfig::OldestInstance;
        /// Simple scaling waits this long after an activity (`DefaultCooldown`).
        pub default_cooldown: Duration = Duration::from_seconds(300);
        /// How long an instance counts as warming up after it is in service (`DefaultInstanceWarmup`); by default
        /// `default_cooldown`.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
        /// What changes the desired capacity.
        pub policies: Vec<PolicyConfig> = Vec::new();
        /// What changes its sizes at given times.
        pub scheduled_actions: Named<ScheduledActionConfig>;
        /// Calls of `SetDesiredCapacity` at given times.
        pub set_desired_capacity: Vec<SetDesiredCapacityConfig> = Vec::new();
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
        /// Topics that hear of instances that come and go (`PutNotificationConfiguration`).
        pub notifications: Vec<GroupNotificationConfig> = Vec::new();
        /// Processes that are suspended for a time.
        pub suspended_processes: Vec<SuspendedProcessesConfig> = Vec::new();
        /// Which metrics of the group CloudWatch gets (`MetricsCollection`). AWS's default is none, queuelab's all.
        pub metrics_collection: MetricsCollectionConfig = MetricsCollectionConfig::All;
        /// The version of the launch template that instances have at the start.
        pub launch_template_version: String = "1".to_owned();
        /// Instance refreshes.
        pub instance_refreshes: Vec<InstanceRefreshConfig> = Vec::new();
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

fn default_launch_time() -> DistributionOf<Duration> {
    let seconds = |seconds: u64| Duration::from_seconds(seconds).as_nanos() as f64;
    DistributionOf::from_spec(
        DistributionSpec::LognormalMeanP95 { mean: seconds(95), p95: seconds(150) },
        None,
    )
}

impl AutoScalingGroupConfig {
    fn check(&self, problems: &mut Problems) {
        // "Quotas for Amazon EC2 Auto Scaling".
        const MOST_ACTIONS: usize = 125;
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
        PolicyConfig::check_all(&self.policies, ScalingService::Ec2AutoScaling, problems);
        // "Scheduled scaling": two actions of a group cannot have the same start time.
        let starts: Vec<_> =
            self.scheduled_actions.iter().filter_map(|(name, one)| Some((name, one.start_time?))).collect();
        for (index, (name, start)) in starts.iter().enumerate() {
            if let Some((other, _)) = starts[..index].iter().find(|(_, other)| other == start) {
                problems.error(name.place, format!("`{name}` and `{other}` have the same `start_time`"));
            }
        }
        if let Some((name, _)) = self.scheduled_actions.entries.get(MOST_ACTIONS) {
            problems.error(name.place, format!("a group has {MOST_ACTIONS} scheduled actions at most"));
        }
    }

    /// What changes the group's capacity, besides its policies.
    pub fn scaling(&self, begin: jiff::Timestamp) -> ScalingSettings {
        let mut manual_changes: Vec<ManualChange> =
            self.set_desired_capacity.iter().map(|change| change.resolve(begin)).collect();
        manual_changes.sort_by_key(|change| change.at);
        let cooldown = span(self.default_cooldown);
        ScalingSettings {
            default_cooldown: cooldown,
            instance_warmup: self.instance_warmup.map_or(cooldown, span),
            scheduled_actions: self
                .scheduled_actions
                .iter()
                .filter_map(|(name, action)| action.resolve(name, begin))
                .collect(),
            manual_changes,
            start_unix_millis: begin.as_millisecond(),
            ..ScalingSettings::fixed(self.min_size, self.max_size)
        }
    }

    pub(super) fn settings(&self, files: &dyn Files, problems: &mut Problems) -> Option<GroupSettings> {
        let (launch, gone) = (self.launch(files, problems), self.termination_time.build(files, problems));
        let life = self.life(files, problems);
        Some(GroupSettings {
            notices: Vec::new(),
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
            termination_policies: self.chosen_termination_policies(),
            deployments: Vec::new(),
            is_auto_scaling: true,
            life: life?,
            // The scenario puts in what changes them.
            scaling: ScalingSettings::fixed(self.min_size, self.max_size),
        })
    }
}

/// A fleet of fixed size is a group whose sizes are equal.
pub(super) fn fixed_group(instances: u32) -> Option<GroupSettings> {
    Some(GroupSettings {
        notices: Vec::new(),
        min_size: instances,
        max_size: instances,
        desired_capacity: instances,
        launch_time: Distribution::constant(0.0).ok()?,
        termination_time: Distribution::constant(0.0).ok()?,
        termination: Termination::Kill,
        termination_policies: vec![TerminationPolicy::OldestInstance],
        deployments: Vec::new(),
        is_auto_scaling: false,
        life: LifeSettings::default(),
        scaling: ScalingSettings::fixed(instances, instances),
    })
}
