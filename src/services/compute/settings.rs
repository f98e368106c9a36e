//! Everything that is fixed about a consumer during a run.

use super::life_settings::LifeSettings;
use super::notify::GroupEvent;
use super::prefetch::Prefetch;
use crate::engine::{Distribution, Span};
use crate::scaling::ScalingSettings;
use crate::wire::{ApiLatency, EntityId, Forward, Notice, PayloadStore, ProcessingMode, Retries};

/// When processed messages are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteMode {
    /// Each after its own processing (`DeleteMessage`).
    EachMessage,
    /// All of a batch in one call at its end (`DeleteMessageBatch`).
    WholeBatch,
}

/// What happens to a message whose processing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureMode {
    /// Nothing: it becomes visible again when its visibility timeout runs out.
    WaitForTimeout,
    /// The consumer makes it visible again at once (`ChangeMessageVisibility` with 0).
    MakeVisibleAgain,
}

/// Regular extension of the visibility timeout while a batch is in hand.
#[derive(Debug, Clone, Copy)]
pub struct Heartbeat {
    /// Time between two extensions.
    pub interval: Span,
    /// The timeout each of them sets, from its own time on.
    pub visibility_timeout: Span,
}

/// Replies to the requests that are processed.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Size of a reply with its attributes, in bytes.
    pub size: Distribution,
    /// Where the replies to each requester go.
    pub addresses: Vec<ReplyAddress>,
}

/// Where the replies to a requester go.
#[derive(Debug, Clone)]
pub struct ReplyAddress {
    /// The requester.
    pub requester: EntityId,
    /// The queue that takes its replies, or the requester itself when it has a temporary queue for each request.
    pub queue: EntityId,
    /// How long a send call to it takes, in nanoseconds.
    pub send_latency: Distribution,
}

/// Payloads in an object store.
#[derive(Debug, Clone)]
pub struct Payloads {
    /// The store.
    pub store: PayloadStore,
    /// Whether a payload is deleted with its message.
    pub delete: bool,
}

/// Crashes of the process on an instance.
#[derive(Debug, Clone, Copy)]
pub struct Crashes {
    /// Mean time between two crashes of one instance (exponential).
    pub mean_time_between: Span,
    /// How long the process is down.
    pub restart_time: Span,
}

/// How an instance is taken out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Termination {
    /// Its threads finish the batches in hand, at most for this long, and take no new ones.
    Graceful(Span),
    /// It stops at once, in the middle of its messages.
    Kill,
}

/// Which instance goes first when the group shrinks ("Configure termination policies for Amazon EC2 Auto Scaling").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminationPolicy {
    /// The one closest to the next hour of its bill, then any.
    Default,
    /// The one launched first.
    OldestInstance,
    /// The one launched last.
    NewestInstance,
    /// The one closest to the next hour of its bill.
    ClosestToNextInstanceHour,
    /// One of Spot or on-demand instances, whichever there are too many of.
    AllocationStrategy,
}

/// The group of instances a consumer runs on.
#[derive(Debug, Clone)]
pub struct GroupSettings {
    /// Fewest instances.
    pub min_size: u32,
    /// Most instances.
    pub max_size: u32,
    /// Instances wanted at the beginning; they are in service at time zero.
    pub desired_capacity: u32,
    /// From the decision to launch an instance to its being in service, in nanoseconds.
    pub launch_time: Distribution,
    /// How long an instance stays `Terminating` after its threads have stopped, in nanoseconds.
    pub termination_time: Distribution,
    /// How an instance is taken out of service.
    pub termination: Termination,
    /// Which instance goes first: each policy chooses among those that the former ones left.
    pub termination_policies: Vec<TerminationPolicy>,
    /// What changes its size.
    pub scaling: ScalingSettings,
    /// Deployments of a service: since the start, and how long each takes.
    pub deployments: Vec<(Span, Span)>,
    /// Whether it is an Auto Scaling group; otherwise a fleet of fixed size.
    pub is_auto_scaling: bool,
    /// The life of its instances.
    pub life: LifeSettings,
    /// What it publishes when an instance comes or goes.
    pub notices: Vec<(GroupEvent, Notice)>,
}

/// Everything that is fixed about a consumer during a run.
#[derive(Debug, Clone)]
pub struct ConsumerSettings {
    /// Its name.
    pub name: String,
    /// The queue it receives from.
    pub queue: EntityId,
    /// Whether that is an application that finishes what it has in hand on an instance that is told to go.
    pub source_shuts_down: bool,
    /// How long calls to the queue take.
    pub latency: ApiLatency,
    /// `MaxNumberOfMessages`, 1..=10.
    pub batch_size: u8,
    /// `WaitTimeSeconds`; `None` leaves it to the queue.
    pub wait_seconds: Option<u8>,
    /// Pause after a receive that returned nothing.
    pub pause_after_empty_receive: Span,
    /// Threads of an instance, each with its own receive loop.
    pub threads: u32,
    /// How long processing takes, in nanoseconds.
    pub processing_time: Distribution,
    /// Share of messages whose processing takes another time, and that time.
    pub outliers: Option<(f64, Distribution)>,
    /// What a processing time is drawn for.
    pub processing_mode: ProcessingMode,
    /// When processed messages are deleted.
    pub delete_mode: DeleteMode,
    /// Probability that a processing fails.
    pub failure_rate: f64,
    /// How often throttled receives and deletes are tried; without, a receive is repeated after 200 ms, and a delete every
    /// 200 ms until it is taken.
    pub retries: Option<Retries>,
    /// Probability that a delete call never reaches the queue.
    pub lost_deletes: f64,
    /// Probability that the answer to a receive call never comes.
    pub lost_receives: f64,
    /// What happens then.
    pub on_failure: FailureMode,
    /// Whether a worker has a connection to the queue, with which everything goes back that it had.
    pub keeps_connection: bool,
    /// Regular extension of the visibility timeout.
    pub heartbeat: Option<Heartbeat>,
    /// Where results go.
    pub forward: Option<Forward>,
    /// Replies to requests.
    pub answers: Option<Answers>,
    /// Payloads in an object store.
    pub payloads: Option<Payloads>,
    /// How the client receives ahead of the workers.
    pub prefetch: Option<Prefetch>,
    /// Crashes.
    pub crashes: Option<Crashes>,
    /// The instances it runs on.
    pub group: GroupSettings,
    /// CPU utilisation of an instance all of whose threads are busy, a share.
    pub cpu_utilization_when_busy: f64,
    /// Price of an instance, dollars an hour.
    pub instance_price_per_hour: f64,
}
