//! The life of a group's instances in a scenario: hooks, the warm pool, zones, health, Spot, and what is done by hand.

use crate::language::{DistributionOf, Duration, Named, Probability, Problems, choice, keyword, section};

keyword! {
    /// A transition that a lifecycle hook holds up.
    pub enum TransitionConfig {
        /// `autoscaling:EC2_INSTANCE_LAUNCHING`: between running and in service.
        Launching = "launching",
        /// `autoscaling:EC2_INSTANCE_TERMINATING`: before the instance is shut down.
        Terminating = "terminating",
    }
}

keyword! {
    /// How a lifecycle action ends.
    pub enum ActionResultConfig {
        /// The transition goes on.
        Continue = "CONTINUE",
        /// A launching instance is terminated and replaced; a terminating one goes without waiting for other hooks.
        Abandon = "ABANDON",
    }
}

choice! {
    /// Who completes a lifecycle action (`CompleteLifecycleAction`), and when.
    pub enum CompletionConfig {
        /// The application: when it is ready for messages, or when its threads have finished their batches.
        ByApplication = "by_application",
        /// Somebody, this long after the action began.
        After(DistributionOf<Duration>) = "after",
    }
}

section! {
    /// A lifecycle hook: the instance waits until its action is complete, or times out.
    pub struct LifecycleHookConfig {
        /// What it holds up (`LifecycleTransition`).
        pub transition: TransitionConfig;
        /// How long it waits without a heartbeat (`HeartbeatTimeout`).
        pub heartbeat_timeout: Duration = Duration::from_hours(1), within (Duration::from_seconds(30), Duration::from_seconds(7_200));
        /// How often a heartbeat restarts that time (`RecordLifecycleActionHeartbeat`); by default never. In all an action
        /// waits for 100 times the timeout, and 48 hours, at most.
        pub heartbeat_interval: Option<Duration>, above (Duration::ZERO);
        /// What a timeout means (`DefaultResult`).
        pub default_result: ActionResultConfig = ActionResultConfig::Abandon;
        /// Who completes the action, and when.
        pub completed: CompletionConfig = CompletionConfig::ByApplication;
        /// What the completion says (`LifecycleActionResult`).
        pub result: ActionResultConfig = ActionResultConfig::Continue;
        /// Probability that an action is never completed and gets no heartbeats.
        pub never_completed: Probability = Probability::ZERO;
    }
}

keyword! {
    /// What instances of a warm pool do while they wait (`PoolState`).
    pub enum PoolStateConfig {
        /// They are stopped: only their disks cost.
        Stopped = "Stopped",
        /// They run, and cost as much as those in service.
        Running = "Running",
        /// They are stopped, and their memory is kept.
        Hibernated = "Hibernated",
    }
}

section! {
    /// A warm pool: instances that were launched before they are needed. Without a launch hook an instance is stopped as
    /// soon as it runs, also when its application has not finished starting.
    pub struct WarmPoolConfig {
        /// What its instances do while they wait (`PoolState`).
        pub pool_state: PoolStateConfig = PoolStateConfig::Stopped;
        /// Fewest instances in it (`MinSize`).
        pub min_size: u32 = 0, within (0, 100_000);
        /// Instances in the pool and in the group together (`MaxGroupPreparedCapacity`); by default `max_size`.
        pub max_group_prepared_capacity: Option<u32>, within (0, 100_000);
        /// Whether instances return to the pool when the group shrinks (`ReuseOnScaleIn`).
        pub reuse_on_scale_in: bool = false;
        /// From the decision to take an instance to its running; by default 4 s to 28 s, or 2 s from a running pool. An
        /// assumption.
        pub start_time: Option<DistributionOf<Duration>>;
    }
}

keyword! {
    /// An Availability Zone.
    pub enum ZoneConfig {
        /// The first.
        A = "a",
        /// The second.
        B = "b",
        /// The third.
        C = "c",
        /// The fourth.
        D = "d",
        /// The fifth.
        E = "e",
        /// The sixth.
        F = "f",
    }
}

section! {
    /// A zone that goes down: its instances are gone at once, and nothing can be launched in it until it is back.
    pub struct ZoneOutageConfig {
        /// Which zone.
        pub zone: ZoneConfig;
        /// When.
        pub at: Duration;
        /// For how long.
        pub duration: Duration, above (Duration::ZERO);
    }
}

section! {
    /// Launches for which EC2 has no capacity (`InsufficientInstanceCapacity`). The group tries the other zones, then waits
    /// and tries again.
    pub struct CapacityErrorsConfig {
        /// Probability that a launch finds no capacity in a zone.
        pub probability: Probability = Probability::ZERO;
        /// Times without any capacity.
        pub windows: Vec<CapacityWindowConfig> = Vec::new();
    }
}

section! {
    /// A time without capacity.
    pub struct CapacityWindowConfig {
        /// From when.
        pub at: Duration;
        /// For how long.
        pub duration: Duration, above (Duration::ZERO);
        /// In which zone; by default in all.
        pub zone: Option<ZoneConfig>;
    }
}

keyword! {
    /// How the group finds out that an instance is not well.
    pub enum HealthCheckTypeConfig {
        /// Whether the instance runs. An application that hangs goes unnoticed.
        Ec2 = "EC2",
        /// Also whether the application answers, as a load balancer asks it.
        Elb = "ELB",
        /// Also whether the application is well, as a check of one's own says (`SetInstanceHealth`).
        Custom = "custom",
    }
}

section! {
    /// Health checks of a group.
    pub struct HealthCheckConfig {
        /// What is asked (`HealthCheckType`).
        pub r#type: HealthCheckTypeConfig = HealthCheckTypeConfig::Ec2;
        /// How long after it is in service an instance's application is not asked (`HealthCheckGracePeriod`): 0 s with the
        /// API, 300 s in the console. An instance that does not run has no grace.
        pub grace_period: Duration = Duration::ZERO;
        /// Time between two looks at the instances. An assumption.
        pub interval: Duration = Duration::from_seconds(60), above (Duration::ZERO);
    }
}

keyword! {
    /// What fails on an instance.
    pub enum FailureKindConfig {
        /// The instance stops running.
        Instance = "instance",
        /// The application hangs, while the instance runs.
        Application = "application",
    }
}

section! {
    /// Failures of instances, by chance or at a time.
    pub struct InstanceFailureConfig {
        /// What fails.
        pub what: FailureKindConfig = FailureKindConfig::Instance;
        /// Mean time until it fails on an instance (exponential).
        pub mean_time_between: Option<Duration>, above (Duration::ZERO);
        /// When it fails.
        pub at: Option<Duration>;
        /// On how many instances, at that time: the oldest in service.
        pub instances: u32 = 1, within (1, 100_000);
    }
    check InstanceFailureConfig::check;
}

keyword! {
    /// Which instance goes first when the group shrinks. With several zones it is one of the zone with the most instances,
    /// whatever the policy.
    pub enum TerminationPolicyConfig {
        /// The one closest to the next hour of its bill, then any: AWS's default with one launch template.
        Default = "Default",
        /// The one launched first.
        OldestInstance = "OldestInstance",
        /// The one launched last.
        NewestInstance = "NewestInstance",
        /// The one closest to the next hour of its bill.
        ClosestToNextInstanceHour = "ClosestToNextInstanceHour",
        /// Spot or on-demand, whichever there is too much of.
        AllocationStrategy = "AllocationStrategy",
    }
}

section! {
    /// Protection of all instances in service, set or lifted at a time (`SetInstanceProtection`).
    pub struct ProtectionChangeConfig {
        /// When.
        pub at: Duration;
        /// Whether they are protected from scale-in from then on.
        pub protected: bool;
    }
}

keyword! {
    /// What a worker does when its Spot Instance is about to be interrupted.
    pub enum InterruptionNoticeConfig {
        /// It takes no new messages.
        Drain = "drain",
        /// It does not look.
        Ignore = "ignore",
    }
}

section! {
    /// Spot Instances of a group (`InstancesDistribution`). Two minutes after its notice an instance is gone.
    pub struct SpotConfig {
        /// On-demand instances that come first (`OnDemandBaseCapacity`).
        pub on_demand_base_capacity: u32 = 0, within (0, 100_000);
        /// Share of on-demand instances above that (`OnDemandPercentageAboveBaseCapacity`).
        pub on_demand_percentage_above_base_capacity: Probability = Probability::ONE;
        /// Mean time until an instance is interrupted (exponential); by default none is.
        pub mean_time_to_interruption: Option<Duration>, above (Duration::ZERO);
        /// Interruptions at given times.
        pub interruptions: Vec<InterruptionConfig> = Vec::new();
        /// Whether the group launches a replacement at the rebalance recommendation (`CapacityRebalance`), or only when the
        /// instance is gone.
        pub capacity_rebalance: bool = false;
        /// How long before the notice the rebalance recommendation comes. An assumption.
        pub recommendation_lead: Duration = Duration::ZERO;
        /// What the worker does at the notice.
        pub on_interruption_notice: InterruptionNoticeConfig = InterruptionNoticeConfig::Drain;
        /// The Spot price as a share of the on-demand price. An assumption.
        pub price_share: Probability = Probability::new(0.35);
    }
}

section! {
    /// Interruptions at a time.
    pub struct InterruptionConfig {
        /// When the notice comes.
        pub at: Duration;
        /// To how many instances: the oldest Spot Instances.
        pub instances: u32 = 1, within (1, 100_000);
    }
}

section! {
    /// Instances that leave service for a time and stay in the group (`EnterStandby`, `ExitStandby`). Their applications
    /// take no messages meanwhile.
    pub struct StandbyConfig {
        /// From when.
        pub at: Duration;
        /// For how long; by default until the end of the run.
        pub duration: Option<Duration>, above (Duration::ZERO);
        /// How many: the oldest in service.
        pub instances: u32 = 1, within (1, 100_000);
        /// Whether the desired capacity goes down by as many; otherwise they are replaced
        /// (`ShouldDecrementDesiredCapacity`).
        pub decrement: bool = true;
    }
}

section! {
    /// Instances that are terminated by hand (`TerminateInstanceInAutoScalingGroup`).
    pub struct TerminateInstancesConfig {
        /// When.
        pub at: Duration;
        /// How many: the oldest in service.
        pub instances: u32 = 1, within (1, 100_000);
        /// Whether the desired capacity goes down by as many; otherwise they are replaced
        /// (`ShouldDecrementDesiredCapacity`).
        pub decrement: bool = false;
    }
}

keyword! {
    /// A process of an Auto Scaling group.
    pub enum ProcessConfig {
        /// Launching instances.
        Launch = "Launch",
        /// Terminating instances.
        Terminate = "Terminate",
        /// Looking whether instances are well.
        HealthCheck = "HealthCheck",
        /// Replacing those that are not.
        ReplaceUnhealthy = "ReplaceUnhealthy",
        /// Spreading instances evenly over zones.
        AzRebalance = "AZRebalance",
        /// Hearing alarms.
        AlarmNotification = "AlarmNotification",
        /// Running scheduled actions.
        ScheduledActions = "ScheduledActions",
        /// Replacing instances in an instance refresh.
        InstanceRefresh = "InstanceRefresh",
    }
}

section! {
    /// Processes that are suspended for a time (`SuspendProcesses`, `ResumeProcesses`).
    pub struct SuspendedProcessesConfig {
        /// From when.
        pub at: Duration = Duration::ZERO;
        /// For how long; by default until the end of the run.
        pub duration: Option<Duration>, above (Duration::ZERO);
        /// Which of them.
        pub processes: Vec<ProcessConfig>;
    }
}

/// Names of the metrics a group can collect, the hooks of a group by name.
pub(super) type Hooks = Named<LifecycleHookConfig>;

impl InstanceFailureConfig {
    fn check(&self, problems: &mut Problems) {
        if self.mean_time_between.is_some() == self.at.is_some() {
            problems
                .error(self.place, "a failure comes either by chance or at a time")
                .help("give `mean_time_between`, or `at`");
        }
    }
}
