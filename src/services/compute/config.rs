//! A consumer in a scenario.

use super::scaling::{AdjustmentType, StepAdjustment};
use super::settings::{
    ConsumerSettings, Crashes, DeleteMode, FailureMode, Forward, GroupSettings, Heartbeat, ProcessingMode,
    Termination, TerminationPolicy,
};
use crate::engine::{Distribution, Span};
use crate::language::{
    Bytes, DistributionOf, DistributionSpec, Duration, Files, Probability, Problems, Reference, choice,
    keyword, section,
};
use crate::wire::{ApiLatency, EntityId, instance_price_per_hour, instance_types, span, whole_seconds};

section! {
    /// Somebody who receives messages and processes them, on one or more instances.
    pub struct ConsumerConfig {
        /// Where the messages come from.
        pub receives_from: ConsumerSource;
        /// Most messages of a receive call (`MaxNumberOfMessages`).
        pub batch_size: u32 = 1, within (1, 10);
        /// How long a receive call waits for messages (`WaitTimeSeconds`); by default as the queue says.
        pub wait_time: Option<Duration>, within (Duration::ZERO, Duration::from_seconds(20));
        /// Pause after a receive call that returned nothing.
        pub pause_after_empty_receive: Duration = Duration::ZERO;
        /// Threads of an instance, each with a receive loop of its own.
        pub threads: u32 = 1, within (1, 10_000);
        /// How long processing takes.
        pub processing_time: DistributionOf<Duration>;
        /// What a processing time is drawn for.
        pub processing: ProcessingConfig = ProcessingConfig::PerMessage;
        /// Messages that take another time than the rest.
        pub outliers: Option<OutliersConfig>;
        /// Probability that a processing fails; the message then stays in the queue.
        pub failure_rate: Probability = Probability::ZERO;
        /// What the consumer does with a message whose processing failed.
        pub on_failure: OnFailureConfig = OnFailureConfig::WaitForTimeout;
        /// When processed messages are deleted.
        pub delete: DeleteConfig = DeleteConfig::EachMessage;
        /// Extend the visibility timeout at regular times while a batch is in hand (`ChangeMessageVisibility`).
        pub heartbeat: Option<HeartbeatConfig>;
        /// Send a message on for each one that was processed.
        pub forwards_to: Option<ForwardConfig>;
        /// Crashes of the process on an instance.
        pub crashes: Option<CrashesConfig>;
        /// A fleet of fixed size; 1 when neither this nor a group is given.
        pub instances: Option<u32>, within (0, 100_000);
        /// An Auto Scaling group of instances.
        pub auto_scaling_group: Option<AutoScalingGroupConfig>;
        /// The EC2 instance type, for its price.
        pub instance_type: String = "t3.medium".to_owned();
        /// Dollars for an hour of an instance; by default the list price of the type.
        pub instance_price: Option<f64>, at_least (0.0);
    }
    check ConsumerConfig::check;
}

choice! {
    /// Where messages come from.
    pub enum ConsumerSource {
        /// A queue.
        Queue(Reference) = "queue",
    }
}

keyword! {
    /// What a processing time is drawn for.
    pub enum ProcessingConfig {
        /// Each message of a batch, one after another.
        PerMessage = "per_message",
        /// The batch as a whole, which succeeds or fails as a whole.
        PerBatch = "per_batch",
    }
}

keyword! {
    /// When processed messages are deleted.
    pub enum DeleteConfig {
        /// Each after its own processing (`DeleteMessage`).
        EachMessage = "each_message",
        /// All of a batch in one call at its end (`DeleteMessageBatch`).
        WholeBatch = "whole_batch",
    }
}

keyword! {
    /// What becomes of a message whose processing failed.
    pub enum OnFailureConfig {
        /// It stays hidden until its visibility timeout runs out.
        WaitForTimeout = "wait_for_timeout",
        /// The consumer makes it visible again at once (`ChangeMessageVisibility` with 0).
        MakeVisibleAgain = "make_visible_again",
    }
}

section! {
    /// Messages that take another time than the rest.
    pub struct OutliersConfig {
        /// Their share.
        pub share: Probability;
        /// The time they take.
        pub processing_time: DistributionOf<Duration>;
    }
}

section! {
    /// Regular extension of the visibility timeout.
    pub struct HeartbeatConfig {
        /// Time between two extensions.
        pub interval: Duration, above (Duration::ZERO);
        /// The timeout each of them sets, counted from the call.
        pub visibility_timeout: Duration, within (Duration::from_seconds(1), Duration::from_hours(12));
    }
}

section! {
    /// Sending results on.
    pub struct ForwardConfig {
        /// The queue they go to.
        pub queue: Reference;
        /// Share of the processed messages that have a result.
        pub share: Probability = Probability::ONE;
        /// Size of a result; by default that of the message.
        pub size: Option<DistributionOf<Bytes>>;
    }
}

section! {
    /// Crashes of the process on an instance; what it has in hand is lost to it.
    pub struct CrashesConfig {
        /// Mean time between two crashes of one instance (exponential).
        pub mean_time_between: Duration, above (Duration::ZERO);
        /// How long the process is down.
        pub restart_time: Duration = Duration::from_seconds(30);
    }
}

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

    fn settings(&self, files: &dyn Files, problems: &mut Problems) -> Option<GroupSettings> {
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

/// What the queue of a consumer is like, as far as the consumer must know.
#[derive(Debug, Clone)]
pub struct SourceQueue {
    /// The queue.
    pub id: EntityId,
    /// How long its calls take.
    pub latency: ApiLatency,
    /// How long its receives wait by default.
    pub wait_seconds: u8,
    /// How long it hides a received message.
    pub visibility_timeout: Span,
}

impl ConsumerConfig {
    fn check(&self, problems: &mut Problems) {
        if let Some(wait) = self.wait_time {
            whole_seconds(wait, self.places.of("wait_time"), "wait_time", problems);
        }
        if let Some(heartbeat) = &self.heartbeat {
            let place = heartbeat.places.of("visibility_timeout");
            whole_seconds(heartbeat.visibility_timeout, place, "visibility_timeout", problems);
        }
        if self.instances.is_some() && self.auto_scaling_group.is_some() {
            problems
                .error(
                    self.places.key("instances"),
                    "a consumer has either `instances` or an `auto_scaling_group`",
                )
                .help("the group's `desired_capacity` is its size at the start");
        }
        if self.instance_price.is_none() && instance_price_per_hour(&self.instance_type).is_none() {
            let known: Vec<&str> = instance_types().collect();
            let help = problems.suggest(&self.instance_type, &known, "instance types");
            problems
                .error(
                    self.places.of("instance_type"),
                    format!("the price of the instance type `{}` is not known", self.instance_type),
                )
                .why("give `instance_price` in dollars an hour")
                .help(help);
        }
    }

    /// Polls that return at once, cost no time and are followed by no pause would go on for ever at one instant.
    fn check_that_time_passes(&self, queue: &SourceQueue, problems: &mut Problems) {
        let wait = self.wait_time.map_or(u64::from(queue.wait_seconds), Duration::as_nanos);
        let free = |latency: &Distribution| latency.maximum() <= 0.0;
        if wait == 0 && self.pause_after_empty_receive.is_zero() && free(&queue.latency.receive) {
            problems
                .error(
                    self.place,
                    "with short polls that take no time, an empty queue would be polled infinitely often",
                )
                .help("give `pause_after_empty_receive`, a `wait_time`, or an `api_latency` above zero");
        }
        let instant = matches!(&self.processing_time.spec, DistributionSpec::Constant(time) if *time <= 0.0);
        if instant && queue.visibility_timeout == Span::ZERO && free(&queue.latency.receive) {
            problems
                .error(
                    self.place,
                    "a message that is processed in no time and was never hidden would be received infinitely often",
                )
                .help("give the queue a `visibility_timeout`, or a `processing_time` or `api_latency` above zero");
        }
        if instant
            && self.on_failure == OnFailureConfig::MakeVisibleAgain
            && free(&queue.latency.receive)
            && free(&queue.latency.change_visibility)
        {
            problems.error(
                self.places.of("on_failure"),
                "a message that fails in no time and is visible again in no time would fail infinitely often",
            );
        }
    }

    /// The consumer's settings, its references resolved and without scaling policies; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        queue: &SourceQueue,
        forward: Option<(EntityId, &ApiLatency)>,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<ConsumerSettings> {
        self.check_that_time_passes(queue, problems);
        let processing_time = self.processing_time.build(files, problems);
        let outliers = self.outliers.as_ref().map(|outliers| {
            Some((outliers.share.as_f64(), outliers.processing_time.build(files, problems)?))
        });
        let size = self
            .forwards_to
            .as_ref()
            .and_then(|config| config.size.as_ref())
            .map(|s| s.build(files, problems));
        let forward = self.forwards_to.as_ref().zip(forward).map(|(config, (queue, latency))| Forward {
            queue,
            share: config.share.as_f64(),
            size: None,
            latency: latency.send.clone(),
        });
        let forward = match (forward, size) {
            (Some(forward), Some(size)) => Some(Forward { size: Some(size?), ..forward }),
            (forward, _) => forward,
        };
        let group = match &self.auto_scaling_group {
            Some(group) => group.settings(files, problems),
            None => fixed_group(self.instances.unwrap_or(1)),
        };
        Some(ConsumerSettings {
            name: name.to_owned(),
            queue: queue.id,
            latency: queue.latency.clone(),
            batch_size: self.batch_size as u8,
            wait_seconds: self.wait_time.map(|wait| (span(wait) / Span::from_seconds(1)) as u8),
            pause_after_empty_receive: span(self.pause_after_empty_receive),
            threads: self.threads,
            processing_time: processing_time?,
            outliers: outliers.map_or(Some(None), |outliers| outliers.map(Some))?,
            processing_mode: match self.processing {
                ProcessingConfig::PerMessage => ProcessingMode::PerMessage,
                ProcessingConfig::PerBatch => ProcessingMode::PerBatch,
            },
            delete_mode: match self.delete {
                DeleteConfig::EachMessage => DeleteMode::EachMessage,
                DeleteConfig::WholeBatch => DeleteMode::WholeBatch,
            },
            failure_rate: self.failure_rate.as_f64(),
            on_failure: match self.on_failure {
                OnFailureConfig::WaitForTimeout => FailureMode::WaitForTimeout,
                OnFailureConfig::MakeVisibleAgain => FailureMode::MakeVisibleAgain,
            },
            heartbeat: self.heartbeat.as_ref().map(|heartbeat| Heartbeat {
                interval: span(heartbeat.interval),
                visibility_timeout: span(heartbeat.visibility_timeout),
            }),
            forward,
            crashes: self.crashes.as_ref().map(|crashes| Crashes {
                mean_time_between: span(crashes.mean_time_between),
                restart_time: span(crashes.restart_time),
            }),
            group: group?,
            instance_price_per_hour: self
                .instance_price
                .or_else(|| instance_price_per_hour(&self.instance_type))
                .unwrap_or(0.0),
        })
    }
}

/// A fleet of fixed size is a group whose sizes are equal.
fn fixed_group(instances: u32) -> Option<GroupSettings> {
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
