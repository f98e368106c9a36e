//! Everything that is fixed about the life of a group's instances during a run.

use super::instance::PoolState;
use super::refresh_settings::{InstanceRefresh, Version};
use crate::engine::{Distribution, Span, Time};

/// Which transition of an instance a lifecycle hook holds up ("`PutLifecycleHook`", `LifecycleTransition`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// `autoscaling:EC2_INSTANCE_LAUNCHING`.
    Launching,
    /// `autoscaling:EC2_INSTANCE_TERMINATING`.
    Terminating,
}

/// How a lifecycle action ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionResult {
    /// The transition goes on.
    Continue,
    /// A launching instance is terminated and replaced; a terminating one goes without waiting for other hooks.
    Abandon,
}

/// Who completes a lifecycle action, and when.
#[derive(Debug, Clone)]
pub enum Completion {
    /// The application: when it is ready, or when its threads have finished.
    ByApplication,
    /// Somebody, this long after the action began, in nanoseconds.
    After(Distribution),
}

/// A lifecycle hook.
#[derive(Debug, Clone)]
pub struct LifecycleHook {
    /// Its name.
    pub name: String,
    /// What it holds up.
    pub transition: Transition,
    /// `HeartbeatTimeout`: how long it waits without a heartbeat.
    pub heartbeat_timeout: Span,
    /// How often a heartbeat is recorded, if at all.
    pub heartbeat_interval: Option<Span>,
    /// `DefaultResult`: what a timeout means.
    pub default_result: ActionResult,
    /// Who completes it.
    pub completion: Completion,
    /// What the completion says.
    pub result: ActionResult,
    /// Probability that an action is never completed.
    pub never_completed: f64,
}

/// The longest an action waits, whatever heartbeats there are ("Amazon EC2 Auto Scaling lifecycle hooks").
const LONGEST_WAIT: Span = Span::from_hours(48);

impl LifecycleHook {
    /// When an action that began now times out, if nobody completes it.
    pub(super) fn timeout(&self, is_cared_for: bool) -> Span {
        let beats = self.heartbeat_interval.is_some_and(|interval| interval < self.heartbeat_timeout);
        if beats && is_cared_for {
            self.heartbeat_timeout.saturating_mul(100).min(LONGEST_WAIT)
        } else {
            self.heartbeat_timeout.min(LONGEST_WAIT)
        }
    }
}

/// A pool of instances that were launched before they are needed.
#[derive(Debug, Clone)]
pub struct WarmPool {
    /// What they do while they wait.
    pub state: PoolState,
    /// Fewest instances in it.
    pub min_size: u32,
    /// `MaxGroupPreparedCapacity`; `None` takes the group's largest size.
    pub max_group_prepared_capacity: Option<u32>,
    /// Whether instances return to it when the group shrinks.
    pub reuse_on_scale_in: bool,
    /// From the decision to take one to its running, in nanoseconds.
    pub start_time: Distribution,
}

impl WarmPool {
    /// How many instances it tries to have ("Warm pools for Amazon EC2 Auto Scaling").
    pub(super) fn desired(&self, desired: u32, max_size: u32) -> u32 {
        let prepared = self.max_group_prepared_capacity.unwrap_or(max_size);
        prepared.saturating_sub(desired).max(self.min_size)
    }
}

/// Launches that EC2 refuses.
#[derive(Debug, Clone, Default)]
pub struct CapacityErrors {
    /// Probability that a launch finds no capacity in a zone.
    pub probability: f64,
    /// When there is none: from, until, in which zone (`None`: in all).
    pub windows: Vec<(Time, Time, Option<u8>)>,
}

/// How the group finds out that an instance is not well.
#[derive(Debug, Clone, Copy)]
pub struct HealthChecks {
    /// Whether the application is asked, or only whether the instance runs.
    pub ask_application: bool,
    /// `HealthCheckGracePeriod`.
    pub grace_period: Span,
    /// Time between two looks at the instances.
    pub interval: Span,
}

/// What fails on an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The instance stops running.
    Instance,
    /// The application hangs.
    Application,
}

/// Spot Instances in the group ("Request Spot Instances for fault-tolerant and flexible applications").
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// On-demand instances that come first.
    pub on_demand_base_capacity: u32,
    /// Share of on-demand instances above that, 0..=1.
    pub on_demand_share_above_base: f64,
    /// Mean time until an instance is interrupted (exponential).
    pub mean_time_to_interruption: Option<Span>,
    /// Whether the group replaces instances at a rebalance recommendation.
    pub capacity_rebalance: bool,
    /// How long before the notice the recommendation comes.
    pub recommendation_lead: Span,
    /// Whether the worker stops asking for messages at the notice.
    pub drains_on_notice: bool,
    /// The Spot price as a share of the on-demand price.
    pub price_share: f64,
}

impl Spot {
    /// How many of `members` are on-demand instances; rounded up ("`InstancesDistribution`").
    pub(super) fn on_demand(&self, members: u32) -> u32 {
        let above = members.saturating_sub(self.on_demand_base_capacity);
        let exact = f64::from(above) * self.on_demand_share_above_base;
        let nearest = exact.round();
        let rounded = if (exact - nearest).abs() < 1e-9 { nearest } else { exact.ceil() };
        members.min(self.on_demand_base_capacity) + rounded as u32
    }
}

/// What a person, or the world, does to the group at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A zone goes down with everything in it.
    ZoneDown(u8),
    /// Something fails on some instances.
    Fail {
        /// What.
        what: FailureKind,
        /// On how many.
        instances: u32,
    },
    /// Some Spot Instances get a notice.
    Interrupt {
        /// How many.
        instances: u32,
    },
    /// Instances leave service and stay in the group ("`EnterStandby`").
    EnterStandby {
        /// How many.
        instances: u32,
        /// `ShouldDecrementDesiredCapacity`.
        decrement: bool,
    },
    /// Instances in standby return ("`ExitStandby`").
    ExitStandby {
        /// How many.
        instances: u32,
    },
    /// Instances are terminated by hand ("`TerminateInstanceInAutoScalingGroup`").
    Terminate {
        /// How many.
        instances: u32,
        /// `ShouldDecrementDesiredCapacity`.
        decrement: bool,
    },
    /// All instances in service are protected from scale-in, or no longer ("`SetInstanceProtection`").
    Protect(bool),
    /// Something changed that the group acts on.
    Reconcile,
    /// An instance refresh starts ("`StartInstanceRefresh`").
    StartRefresh(u32),
    /// It is cancelled.
    CancelRefresh,
    /// It is rolled back.
    RollBackRefresh,
}

/// A process of the group that can be suspended ("Suspend-resume processes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Launching instances.
    Launch,
    /// Terminating instances.
    Terminate,
    /// Looking whether instances are well.
    HealthCheck,
    /// Replacing those that are not.
    ReplaceUnhealthy,
    /// Spreading instances evenly over zones.
    AzRebalance,
    /// Hearing alarms.
    AlarmNotification,
    /// Running scheduled actions.
    ScheduledActions,
    /// Replacing instances in a refresh.
    InstanceRefresh,
}

/// Everything that is fixed about the life of a group's instances.
#[derive(Debug, Clone)]
pub struct LifeSettings {
    /// From running to the operating system being up, in nanoseconds.
    pub os_boot: Option<Distribution>,
    /// From there to the application being ready, in nanoseconds.
    pub application_start: Option<Distribution>,
    /// Lifecycle hooks.
    pub hooks: Vec<LifecycleHook>,
    /// The warm pool.
    pub warm_pool: Option<WarmPool>,
    /// Availability Zones.
    pub zones: u8,
    /// What happens to the group at which time, in order.
    pub orders: Vec<(Time, Order)>,
    /// Launches that fail.
    pub capacity_errors: CapacityErrors,
    /// Wait after a launch that failed.
    pub launch_retry_interval: Span,
    /// The longest such wait.
    pub launch_retry_maximum: Span,
    /// Health checks.
    pub health: HealthChecks,
    /// Failures that come by chance, with their mean time.
    pub failures: Vec<(FailureKind, Span)>,
    /// `MaxInstanceLifetime`.
    pub max_instance_lifetime: Option<Span>,
    /// `NewInstancesProtectedFromScaleIn`.
    pub new_instances_protected: bool,
    /// Whether an instance protects itself while it works.
    pub protect_while_processing: bool,
    /// Spot Instances.
    pub spot: Option<Spot>,
    /// Which processes are suspended, from when until when.
    pub suspended: Vec<(Process, Time, Time)>,
    /// CloudWatch names of the group metrics that are collected; `None`: all.
    pub collected: Option<Vec<&'static str>>,
    /// Instance refreshes, in the order of their times.
    pub refreshes: Vec<InstanceRefresh>,
    /// Versions of the launch template; the first is the group's at the beginning.
    pub versions: Vec<Version>,
}

impl Default for LifeSettings {
    fn default() -> Self {
        Self {
            os_boot: None,
            application_start: None,
            hooks: Vec::new(),
            warm_pool: None,
            zones: 1,
            orders: Vec::new(),
            capacity_errors: CapacityErrors::default(),
            launch_retry_interval: Span::from_minutes(1),
            launch_retry_maximum: Span::from_minutes(15),
            health: HealthChecks {
                ask_application: false,
                grace_period: Span::ZERO,
                interval: Span::from_minutes(1),
            },
            failures: Vec::new(),
            max_instance_lifetime: None,
            new_instances_protected: false,
            protect_while_processing: false,
            spot: None,
            suspended: Vec::new(),
            collected: None,
            refreshes: Vec::new(),
            versions: Vec::new(),
        }
    }
}

impl LifeSettings {
    /// Whether the group has to look at its instances at all.
    pub(super) fn needs_checks(&self) -> bool {
        self.zones > 1
            || self.health.ask_application
            || !self.failures.is_empty()
            || self.max_instance_lifetime.is_some()
            || self.spot.is_some()
            || self.orders.iter().any(|(_, order)| {
                matches!(order, Order::Fail { .. } | Order::ZoneDown(_) | Order::Interrupt { .. })
            })
    }

    pub(super) fn pool_state(&self) -> PoolState {
        self.warm_pool.as_ref().map_or(PoolState::Stopped, |pool| pool.state)
    }

    pub(super) fn is_suspended(&self, process: Process, now: Time) -> bool {
        self.suspended.iter().any(|(which, from, until)| *which == process && *from <= now && now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(timeout: u64, interval: Option<u64>) -> LifecycleHook {
        LifecycleHook {
            name: "hook".to_owned(),
            transition: Transition::Launching,
            heartbeat_timeout: Span::from_seconds(timeout),
            heartbeat_interval: interval.map(Span::from_seconds),
            default_result: ActionResult::Abandon,
            completion: Completion::ByApplication,
            result: ActionResult::Continue,
            never_completed: 0.0,
        }
    }

    #[test]
    fn an_action_waits_for_48_hours_at_most() {
        assert_eq!(hook(7_200, None).timeout(true), Span::from_hours(2));
        assert_eq!(hook(7_200, Some(600)).timeout(true), Span::from_hours(48));
        assert_eq!(hook(7_200, Some(600)).timeout(false), Span::from_hours(2), "nobody cares for it");
        assert_eq!(hook(30, Some(29)).timeout(true), Span::from_seconds(3_000));
        assert_eq!(hook(30, Some(30)).timeout(true), Span::from_seconds(30), "the heartbeat comes too late");
    }

    #[test]
    fn the_share_of_on_demand_instances_is_rounded_up() {
        let spot = |base, share| Spot {
            on_demand_base_capacity: base,
            on_demand_share_above_base: share,
            mean_time_to_interruption: None,
            capacity_rebalance: false,
            recommendation_lead: Span::ZERO,
            drains_on_notice: true,
            price_share: 1.0,
        };
        assert_eq!([0, 1, 2, 3, 7].map(|members| spot(2, 0.0).on_demand(members)), [0, 1, 2, 2, 2]);
        assert_eq!([2, 3, 4, 7].map(|members| spot(2, 0.5).on_demand(members)), [2, 3, 3, 5]);
        assert_eq!(spot(0, 0.3).on_demand(10), 3, "three tenths of ten are three");
    }
}
