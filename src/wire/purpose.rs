//! What randomness is drawn for. Each entity has one stream a purpose, so that a new draw never shifts an old one.

use crate::engine::Stream;

/// Purposes of random streams. The names are part of the meaning of a seed: renaming one changes results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// When messages are produced.
    Arrivals,
    /// How large they are.
    MessageSize,
    /// What their attributes say.
    Attributes,
    /// Which of them are poison.
    Poison,
    /// How long each message is delayed.
    Delay,
    /// How long send calls take.
    SendLatency,
    /// How long receive calls take to answer.
    ReceiveLatency,
    /// How long delete calls take.
    DeleteLatency,
    /// How long calls that change the visibility take.
    ChangeVisibilityLatency,
    /// Disorder of a standard queue.
    Ordering,
    /// On which server of a queue a message lies, and which servers a short poll asks.
    Servers,
    /// Which deleted messages come back, and when.
    Duplication,
    /// How long processing takes.
    ProcessingTime,
    /// Which messages fail.
    Failure,
    /// Which messages are slow outliers, and how slow.
    Outlier,
    /// When instances crash.
    Crash,
    /// How long an instance takes to launch.
    Launch,
    /// How long an instance takes to terminate.
    Termination,
    /// At which second of a minute an alarm is evaluated.
    AlarmPhase,
    /// How late a metric becomes visible.
    MetricDelay,
    /// Attributes and sizes of forwarded messages.
    Forwarding,
    /// Which group a message belongs to.
    MessageGroup,
    /// How long a refused call waits before it is tried again.
    Retry,
    /// Which calls, or their answers, get lost.
    Loss,
    /// How late scheduled actions are.
    Schedule,
    /// How late the metrics of a resource are that was inactive.
    WakeUp,
    /// How long changes of a resource take.
    Change,
    /// What message bodies say.
    Body,
    /// How long the delivery of a notification takes.
    DeliveryLatency,
    /// Which deliveries of notifications fail.
    DeliveryFailure,
    /// How much a retry of a delivery is moved.
    DeliveryJitter,
    /// How long the operating system of an instance boots.
    Boot,
    /// How long the application on an instance takes to start.
    ApplicationStart,
    /// When lifecycle actions are completed, and which never are.
    LifecycleHook,
    /// How long an instance of a warm pool takes to start.
    WarmStart,
    /// Which launches find no capacity.
    Capacity,
    /// When instances and their applications fail.
    InstanceFailure,
    /// When Spot Instances are interrupted.
    SpotInterruption,
    /// Which of equal instances is terminated.
    TerminationChoice,
    /// How large replies are, and how long it takes to send them.
    Reply,
    /// How long it takes to create a queue.
    CreateQueue,
    /// How long calls to an object store take.
    ObjectStore,
    /// How long a new execution environment takes to initialise.
    InitDuration,
    /// Which partition key a record has.
    PartitionKey,
    /// How long a stream takes to push records to a subscriber.
    PushDelay,
    /// When warm shards of a stream on demand are split.
    Splitting,
    /// Which leases a worker takes or steals.
    Lease,
    /// When in their interval polls of a shard fall.
    PollPhase,
    /// How long the buffer of a delivery stream waits that has no interval, or several stages.
    Buffering,
    /// Which records code drops or cannot convert.
    Transformation,
    /// Which partition a record is delivered to.
    Partition,
    /// How long fragments of video are, and how large.
    Fragment,
    /// When the network of a camera fails.
    Uplink,
    /// When cameras and viewers begin.
    Beginning,
    /// How long acknowledgements of fragments take.
    AckLatency,
    /// Which records filters let through.
    Filtering,
    /// How long before its publish an event happened.
    EventDelay,
    /// How long an outage lasts, and what it cuts off.
    Outage,
    /// How long it takes to allocate provisioned concurrency.
    ProvisionedAllocation,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Arrivals => "arrivals",
            Purpose::MessageSize => "message size",
            Purpose::Attributes => "attributes",
            Purpose::Poison => "poison",
            Purpose::Delay => "delay",
            Purpose::SendLatency => "send latency",
            Purpose::ReceiveLatency => "receive latency",
            Purpose::DeleteLatency => "delete latency",
            Purpose::ChangeVisibilityLatency => "change visibility latency",
            Purpose::Ordering => "ordering",
            Purpose::Servers => "servers",
            Purpose::Duplication => "duplication",
            Purpose::ProcessingTime => "processing time",
            Purpose::Failure => "failure",
            Purpose::Outlier => "outlier",
            Purpose::Crash => "crash",
            Purpose::Launch => "launch",
            Purpose::Termination => "termination",
            Purpose::AlarmPhase => "alarm phase",
            Purpose::MetricDelay => "metric delay",
            Purpose::Forwarding => "forwarding",
            Purpose::MessageGroup => "message group",
            Purpose::Retry => "retry",
            Purpose::Loss => "loss",
            Purpose::Schedule => "schedule",
            Purpose::WakeUp => "wake up",
            Purpose::Change => "change",
            Purpose::Body => "body",
            Purpose::DeliveryLatency => "delivery latency",
            Purpose::DeliveryFailure => "delivery failure",
            Purpose::DeliveryJitter => "delivery jitter",
            Purpose::Boot => "boot",
            Purpose::ApplicationStart => "application start",
            Purpose::LifecycleHook => "lifecycle hook",
            Purpose::WarmStart => "warm start",
            Purpose::Capacity => "capacity",
            Purpose::InstanceFailure => "instance failure",
            Purpose::SpotInterruption => "spot interruption",
            Purpose::TerminationChoice => "termination choice",
            Purpose::Reply => "reply",
            Purpose::CreateQueue => "create queue",
            Purpose::ObjectStore => "object store",
            Purpose::InitDuration => "init duration",
            Purpose::PartitionKey => "partition key",
            Purpose::PushDelay => "push delay",
            Purpose::Splitting => "splitting",
            Purpose::Lease => "lease",
            Purpose::PollPhase => "poll phase",
            Purpose::Buffering => "buffering",
            Purpose::Transformation => "transformation",
            Purpose::Partition => "partition",
            Purpose::Fragment => "fragment",
            Purpose::Uplink => "uplink",
            Purpose::Beginning => "beginning",
            Purpose::AckLatency => "ack latency",
            Purpose::Filtering => "filtering",
            Purpose::EventDelay => "event delay",
            Purpose::Outage => "outage",
            Purpose::ProvisionedAllocation => "provisioned allocation",
        }
    }

    /// The stream of an entity for this purpose. `kind` and `name` together identify the entity.
    pub fn stream(self, seed: u64, replication: u32, kind: &str, name: &str) -> Stream {
        Stream::new(seed, replication, &format!("{kind}/{name}"), self.name())
    }
}
