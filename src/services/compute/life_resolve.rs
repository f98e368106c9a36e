//! From what a scenario says about the life of instances to the settings of a run, and what AWS would refuse of it.

use super::group_config::{AutoScalingGroupConfig, TerminationConfig};
use super::instance::PoolState;
use super::life_config::{
    ActionResultConfig, CompletionConfig, FailureKindConfig, HealthCheckTypeConfig, InterruptionNoticeConfig,
    LifecycleHookConfig, PoolStateConfig, ProcessConfig, TerminationPolicyConfig, TransitionConfig,
    WarmPoolConfig, ZoneConfig,
};
use super::life_settings::{
    ActionResult, CapacityErrors, Completion, FailureKind, HealthChecks, LifeSettings, LifecycleHook, Order,
    Process, Spot, Transition, WarmPool,
};
use super::refresh_settings::InstanceRefresh;
use super::settings::TerminationPolicy;
use crate::engine::{Distribution, Span, Time};
use crate::language::{Duration, Files, Name, Place, Problems, choice, keyword};
use crate::wire::span;

/// Most lifecycle hooks of a group ("Amazon EC2 Auto Scaling quotas").
const MOST_HOOKS: usize = 50;

choice! {
    /// Which metrics of a group CloudWatch gets. A metric that is not collected has no datapoints: an alarm on it has
    /// insufficient data, and without `GroupInServiceInstances` there is no backlog per instance.
    pub enum MetricsCollectionConfig {
        /// All of them.
        All = "all",
        /// None, as AWS has it until somebody enables them.
        None = "none",
        /// Only these.
        Only(Vec<GroupMetricConfig>) = "only",
    }
}

macro_rules! group_metrics {
    ($( $(#[$documentation:meta])* $name:ident = $word:literal ),* $(,)?) => {
        keyword! {
            /// A metric of an Auto Scaling group.
            pub enum GroupMetricConfig {
                $( $(#[$documentation])* $name = $word ),*
            }
        }
    };
}

group_metrics! {
    /// `GroupMinSize`.
    MinSize = "GroupMinSize",
    /// `GroupMaxSize`.
    MaxSize = "GroupMaxSize",
    /// `GroupDesiredCapacity`.
    DesiredCapacity = "GroupDesiredCapacity",
    /// `GroupInServiceInstances`.
    InServiceInstances = "GroupInServiceInstances",
    /// `GroupPendingInstances`.
    PendingInstances = "GroupPendingInstances",
    /// `GroupStandbyInstances`.
    StandbyInstances = "GroupStandbyInstances",
    /// `GroupTerminatingInstances`.
    TerminatingInstances = "GroupTerminatingInstances",
    /// `GroupTotalInstances`.
    TotalInstances = "GroupTotalInstances",
    /// `GroupInServiceCapacity`.
    InServiceCapacity = "GroupInServiceCapacity",
    /// `GroupPendingCapacity`.
    PendingCapacity = "GroupPendingCapacity",
    /// `GroupStandbyCapacity`.
    StandbyCapacity = "GroupStandbyCapacity",
    /// `GroupTerminatingCapacity`.
    TerminatingCapacity = "GroupTerminatingCapacity",
    /// `GroupTotalCapacity`.
    TotalCapacity = "GroupTotalCapacity",
    /// `WarmPoolMinSize`.
    PoolMinSize = "WarmPoolMinSize",
    /// `WarmPoolDesiredCapacity`.
    PoolDesiredCapacity = "WarmPoolDesiredCapacity",
    /// `WarmPoolPendingCapacity`.
    PoolPendingCapacity = "WarmPoolPendingCapacity",
    /// `WarmPoolTerminatingCapacity`.
    PoolTerminatingCapacity = "WarmPoolTerminatingCapacity",
    /// `WarmPoolWarmedCapacity`.
    PoolWarmedCapacity = "WarmPoolWarmedCapacity",
    /// `WarmPoolTotalCapacity`.
    PoolTotalCapacity = "WarmPoolTotalCapacity",
    /// `GroupAndWarmPoolDesiredCapacity`.
    GroupAndPoolDesiredCapacity = "GroupAndWarmPoolDesiredCapacity",
    /// `GroupAndWarmPoolTotalCapacity`.
    GroupAndPoolTotalCapacity = "GroupAndWarmPoolTotalCapacity",
}

fn at(duration: Duration) -> Time {
    Time::ZERO + span(duration)
}

/// `[at, at + duration)`; without a duration for ever.
fn window(from: Duration, duration: Option<Duration>) -> (Time, Time) {
    let from = at(from);
    (from, duration.map_or(Time::MAX, |duration| from.saturating_add(span(duration))))
}

fn seconds(seconds: f64) -> f64 {
    seconds * Span::from_seconds(1).as_nanos() as f64
}

impl From<ZoneConfig> for u8 {
    fn from(zone: ZoneConfig) -> Self {
        zone as u8
    }
}

impl From<FailureKindConfig> for FailureKind {
    fn from(what: FailureKindConfig) -> Self {
        match what {
            FailureKindConfig::Instance => FailureKind::Instance,
            FailureKindConfig::Application => FailureKind::Application,
        }
    }
}

impl From<ActionResultConfig> for ActionResult {
    fn from(result: ActionResultConfig) -> Self {
        match result {
            ActionResultConfig::Continue => ActionResult::Continue,
            ActionResultConfig::Abandon => ActionResult::Abandon,
        }
    }
}

impl From<ProcessConfig> for Process {
    fn from(process: ProcessConfig) -> Self {
        match process {
            ProcessConfig::Launch => Process::Launch,
            ProcessConfig::Terminate => Process::Terminate,
            ProcessConfig::HealthCheck => Process::HealthCheck,
            ProcessConfig::ReplaceUnhealthy => Process::ReplaceUnhealthy,
            ProcessConfig::AzRebalance => Process::AzRebalance,
            ProcessConfig::AlarmNotification => Process::AlarmNotification,
            ProcessConfig::ScheduledActions => Process::ScheduledActions,
            ProcessConfig::InstanceRefresh => Process::InstanceRefresh,
        }
    }
}

impl From<TerminationPolicyConfig> for TerminationPolicy {
    fn from(policy: TerminationPolicyConfig) -> Self {
        match policy {
            TerminationPolicyConfig::Default => TerminationPolicy::Default,
            TerminationPolicyConfig::OldestInstance => TerminationPolicy::OldestInstance,
            TerminationPolicyConfig::NewestInstance => TerminationPolicy::NewestInstance,
            TerminationPolicyConfig::ClosestToNextInstanceHour => {
                TerminationPolicy::ClosestToNextInstanceHour
            }
            TerminationPolicyConfig::AllocationStrategy => TerminationPolicy::AllocationStrategy,
        }
    }
}

impl LifecycleHookConfig {
    fn settings(&self, name: &Name, files: &dyn Files, problems: &mut Problems) -> Option<LifecycleHook> {
        Some(LifecycleHook {
            name: name.text.clone(),
            transition: match self.transition {
                TransitionConfig::Launching => Transition::Launching,
                TransitionConfig::Terminating => Transition::Terminating,
            },
            heartbeat_timeout: span(self.heartbeat_timeout),
            heartbeat_interval: self.heartbeat_interval.map(span),
            default_result: self.default_result.into(),
            completion: match &self.completed {
                CompletionConfig::ByApplication => Completion::ByApplication,
                CompletionConfig::After(time) => Completion::After(time.build(files, problems)?),
            },
            result: self.result.into(),
            never_completed: self.never_completed.as_f64(),
        })
    }
}

impl WarmPoolConfig {
    fn settings(&self, files: &dyn Files, problems: &mut Problems) -> Option<WarmPool> {
        let state = match self.pool_state {
            PoolStateConfig::Stopped => PoolState::Stopped,
            PoolStateConfig::Running => PoolState::Running,
            PoolStateConfig::Hibernated => PoolState::Hibernated,
        };
        let start_time = match (&self.start_time, state) {
            (Some(time), _) => time.build(files, problems)?,
            (None, PoolState::Running) => Distribution::constant(seconds(2.0)).ok()?,
            // Four fifths of a cold launch, as measured.
            (None, _) => Distribution::triangular(seconds(4.0), seconds(14.0), seconds(28.0)).ok()?,
        };
        Some(WarmPool {
            state,
            min_size: self.min_size,
            max_group_prepared_capacity: self.max_group_prepared_capacity,
            reuse_on_scale_in: self.reuse_on_scale_in,
            start_time,
        })
    }
}

impl AutoScalingGroupConfig {
    /// How long a launch takes: the whole way to the first receive call, unless its pieces are given.
    pub(super) fn launch(&self, files: &dyn Files, problems: &mut Problems) -> Option<Distribution> {
        let has_pieces = self.os_boot.is_some() || self.application_start.is_some();
        if has_pieces && self.places.key("launch_time").is_none() {
            return Distribution::triangular(seconds(5.0), seconds(17.0), seconds(35.0)).ok();
        }
        self.launch_time.build(files, problems)
    }

    pub(super) fn chosen_termination_policies(&self) -> Vec<TerminationPolicy> {
        if self.termination_policies.is_empty() {
            return vec![self.termination_policy.into()];
        }
        self.termination_policies.iter().map(|policy| (*policy).into()).collect()
    }

    /// The life of its instances as the run takes it.
    pub(super) fn life(&self, files: &dyn Files, problems: &mut Problems) -> Option<LifeSettings> {
        let os_boot = self.os_boot.as_ref().map(|time| time.build(files, problems));
        let application_start = self.application_start.as_ref().map(|time| time.build(files, problems));
        let hooks: Vec<_> =
            self.lifecycle_hooks.iter().map(|(name, hook)| hook.settings(name, files, problems)).collect();
        let warm_pool = self.warm_pool.as_ref().map(|pool| pool.settings(files, problems));
        let (refreshes, versions) = self.refreshes(files, problems)?;
        let defaults = LifeSettings::default();
        Some(LifeSettings {
            os_boot: os_boot.map_or(Some(None), |time| time.map(Some))?,
            application_start: application_start.map_or(Some(None), |time| time.map(Some))?,
            hooks: hooks.into_iter().collect::<Option<_>>()?,
            warm_pool: warm_pool.map_or(Some(None), |pool| pool.map(Some))?,
            zones: self.availability_zones as u8,
            orders: self.orders(&refreshes),
            capacity_errors: self.closed(),
            launch_retry_interval: span(self.launch_retry_interval),
            launch_retry_maximum: span(self.launch_retry_maximum),
            health: self.health_check.as_ref().map_or(defaults.health, |check| HealthChecks {
                ask_application: check.r#type != HealthCheckTypeConfig::Ec2,
                grace_period: span(check.grace_period),
                interval: span(check.interval),
            }),
            failures: self
                .instance_failures
                .iter()
                .filter_map(|failure| Some((failure.what.into(), span(failure.mean_time_between?))))
                .collect(),
            max_instance_lifetime: self.max_instance_lifetime.map(span),
            new_instances_protected: self.new_instances_protected_from_scale_in,
            protect_while_processing: self.protect_while_processing,
            spot: self.spot(),
            suspended: self.suspended(),
            collected: match &self.metrics_collection {
                MetricsCollectionConfig::All => None,
                MetricsCollectionConfig::None => Some(Vec::new()),
                MetricsCollectionConfig::Only(metrics) => {
                    Some(metrics.iter().map(|metric| metric.as_str()).collect())
                }
            },
            refreshes,
            versions,
        })
    }

    fn spot(&self) -> Option<Spot> {
        let spot = self.spot.as_ref()?;
        Some(Spot {
            on_demand_base_capacity: spot.on_demand_base_capacity,
            on_demand_share_above_base: spot.on_demand_percentage_above_base_capacity.as_f64(),
            mean_time_to_interruption: spot.mean_time_to_interruption.map(span),
            capacity_rebalance: spot.capacity_rebalance,
            recommendation_lead: span(spot.recommendation_lead),
            drains_on_notice: spot.on_interruption_notice == InterruptionNoticeConfig::Drain,
            price_share: spot.price_share.as_f64(),
        })
    }

    /// When and where nothing can be launched; a zone that is down has no capacity.
    fn closed(&self) -> CapacityErrors {
        let errors = self.capacity_errors.as_ref();
        let mut windows: Vec<_> = errors
            .iter()
            .flat_map(|errors| &errors.windows)
            .map(|closed| {
                let (from, until) = window(closed.at, Some(closed.duration));
                (from, until, closed.zone.map(u8::from))
            })
            .collect();
        windows.extend(self.zone_outages.iter().map(|outage| {
            let (from, until) = window(outage.at, Some(outage.duration));
            (from, until, Some(outage.zone.into()))
        }));
        CapacityErrors { probability: errors.map_or(0.0, |errors| errors.probability.as_f64()), windows }
    }

    fn suspended(&self) -> Vec<(Process, Time, Time)> {
        let mut suspended = Vec::new();
        for section in &self.suspended_processes {
            let (from, until) = window(section.at, section.duration);
            suspended.extend(section.processes.iter().map(|process| ((*process).into(), from, until)));
        }
        suspended
    }

    /// What happens to the group at given times, in their order; of one instant in the order of the keys.
    fn orders(&self, refreshes: &[InstanceRefresh]) -> Vec<(Time, Order)> {
        let mut orders = Vec::new();
        for outage in &self.zone_outages {
            orders.push((at(outage.at), Order::ZoneDown(outage.zone.into())));
        }
        for failure in &self.instance_failures {
            if let Some(when) = failure.at {
                let what = failure.what.into();
                orders.push((at(when), Order::Fail { what, instances: failure.instances }));
            }
        }
        for interruption in self.spot.iter().flat_map(|spot| &spot.interruptions) {
            orders.push((at(interruption.at), Order::Interrupt { instances: interruption.instances }));
        }
        for change in &self.instance_protection {
            orders.push((at(change.at), Order::Protect(change.protected)));
        }
        for standby in &self.standby {
            let instances = standby.instances;
            let (from, until) = window(standby.at, standby.duration);
            orders.push((from, Order::EnterStandby { instances, decrement: standby.decrement }));
            orders.push((until, Order::ExitStandby { instances }));
        }
        for order in &self.terminate_instances {
            let (instances, decrement) = (order.instances, order.decrement);
            orders.push((at(order.at), Order::Terminate { instances, decrement }));
        }
        for (refresh, index) in refreshes.iter().zip(0..) {
            orders.push((refresh.at, Order::StartRefresh(index)));
            orders.extend(refresh.cancelled_at.map(|at| (at, Order::CancelRefresh)));
            orders.extend(refresh.rolled_back_at.map(|at| (at, Order::RollBackRefresh)));
        }
        orders.extend(self.suspended().into_iter().map(|(_, _, until)| (until, Order::Reconcile)));
        orders.retain(|(when, _)| *when < Time::MAX);
        orders.sort_by_key(|(when, _)| *when);
        orders
    }

    /// What AWS would not create.
    pub(super) fn check_life(&self, problems: &mut Problems) {
        self.check_hooks(problems);
        self.check_zones(problems);
        if !self.termination_policies.is_empty() {
            self.check_termination_policies(problems);
        }
        if let (Some(spot), Some(pool)) = (&self.spot, &self.warm_pool) {
            problems
                .error(pool.place, "a group with Spot Instances cannot have a warm pool")
                .label("the pool")
                .why(format!(
                    "`spot` asks for them{}",
                    if spot.on_demand_base_capacity > 0 { ", too" } else { "" }
                ));
        }
        if self.launch_retry_maximum < self.launch_retry_interval {
            problems.error(
                self.places.of("launch_retry_maximum"),
                "`launch_retry_maximum` is below `launch_retry_interval`",
            );
        }
        let counts = match &self.metrics_collection {
            MetricsCollectionConfig::All => true,
            MetricsCollectionConfig::None => false,
            MetricsCollectionConfig::Only(metrics) => {
                metrics.contains(&GroupMetricConfig::InServiceInstances)
            }
        };
        if !counts && !self.policies.is_empty() {
            problems
                .warning(
                    self.places.of("metrics_collection"),
                    "without the metric GroupInServiceInstances there is no backlog per instance",
                )
                .why("a policy that tracks it has no data, and never scales");
        }
    }

    fn check_hooks(&self, problems: &mut Problems) {
        if let Some((extra, _)) = self.lifecycle_hooks.iter().nth(MOST_HOOKS) {
            problems.error(extra.place, format!("a group has {MOST_HOOKS} lifecycle hooks at most"));
        }
        let is_killed = matches!(self.termination, TerminationConfig::Kill);
        for (name, hook) in self.lifecycle_hooks.iter() {
            let is_terminating = hook.transition == TransitionConfig::Terminating;
            if is_terminating && is_killed && matches!(hook.completed, CompletionConfig::ByApplication) {
                problems
                    .error(
                        name.place,
                        format!("nobody completes the action of `{name}`: with `termination: kill` the application is not told"),
                    )
                    .help("give `termination: graceful`, or say when it is completed: `completed: { after: 30s }`");
            }
        }
    }

    fn check_zones(&self, problems: &mut Problems) {
        let letters = "abcdef".chars().take(self.availability_zones as usize);
        let known = letters.map(String::from).collect::<Vec<_>>().join(", ");
        let outages = self.zone_outages.iter().map(|outage| (Some(outage.zone), outage.places.of("zone")));
        let windows = self.capacity_errors.iter().flat_map(|errors| &errors.windows);
        let windows = windows.map(|window| (window.zone, window.places.of("zone")));
        let named: Vec<(Option<ZoneConfig>, Option<Place>)> = outages.chain(windows).collect();
        for (zone, place) in named {
            if let Some(zone) = zone.filter(|zone| u32::from(u8::from(*zone)) >= self.availability_zones) {
                problems
                    .error(place, format!("the group has no zone `{zone}`"))
                    .help(format!("`availability_zones` is {}: {known}", self.availability_zones));
            }
        }
    }

    fn check_termination_policies(&self, problems: &mut Problems) {
        let place = self.places.of("termination_policies");
        if self.places.key("termination_policy").is_some() {
            problems.error(place, "a group has either `termination_policy` or `termination_policies`");
        }
        let last = self.termination_policies.len() - 1;
        let default =
            self.termination_policies.iter().position(|one| *one == TerminationPolicyConfig::Default);
        if default.is_some_and(|position| position != last) {
            problems.error(place, "`Default` must be the last of the termination policies");
        }
        for (position, policy) in self.termination_policies.iter().enumerate() {
            if self.termination_policies[..position].contains(policy) {
                problems.error(place, format!("the termination policy `{policy}` is there twice"));
            }
        }
    }
}
