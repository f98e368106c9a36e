//! Calls whose answer somebody reads: those of scripted clients. The calls of fleets are signals, which say less and cost
//! less; both end in the same code of the service.

use super::{
    ApiError, BrokerAction, Content, EntityId, GroupId, IteratorPlace, MessageId, Receipt, RecordKey,
    RecordPlace, RecordsRead, ShardId, ShardInfo, ShardIterator, StreamDescription, TextId, VideoAction,
    VideoReply,
};
use crate::engine::Time;

/// The address of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(u32);

/// A message to send. Whoever asks holds the message until the answer says that it was taken.
#[derive(Debug, Clone, Copy)]
pub struct SendEntry {
    /// The message.
    pub message: MessageId,
    /// `DelaySeconds`.
    pub delay_seconds: Option<i64>,
    /// How many attributes it has.
    pub attributes: u16,
}

/// A change of visibility.
#[derive(Debug, Clone, Copy)]
pub struct VisibilityEntry {
    /// The receipt handle.
    pub receipt: Receipt,
    /// `VisibilityTimeout` in seconds.
    pub timeout_seconds: i64,
}

/// An attribute of a queue that can be set. Values are as given, valid or not; durations in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueAttribute {
    /// `VisibilityTimeout`.
    VisibilityTimeout(i64),
    /// `DelaySeconds`.
    Delay(i64),
    /// `MessageRetentionPeriod`.
    MessageRetentionPeriod(i64),
    /// `ReceiveMessageWaitTimeSeconds`.
    ReceiveMessageWaitTime(i64),
    /// `MaximumMessageSize`, bytes.
    MaximumMessageSize(i64),
    /// `RedrivePolicy`; `None` takes it away.
    RedrivePolicy(Option<(EntityId, i64)>),
}

/// What is asked for. Parameters are as given, valid or not; durations in seconds.
#[derive(Debug, Clone)]
pub enum Action {
    /// `SendMessage`.
    SendMessage(SendEntry),
    /// `SendMessageBatch`, with the ids of its entries.
    SendMessageBatch(Vec<SendEntry>, Vec<TextId>),
    /// `ReceiveMessage`.
    ReceiveMessage {
        /// `MaxNumberOfMessages`.
        maximum: Option<i64>,
        /// `WaitTimeSeconds`.
        wait_seconds: Option<i64>,
        /// `VisibilityTimeout`.
        visibility_timeout_seconds: Option<i64>,
        /// `ReceiveRequestAttemptId`.
        attempt: Option<TextId>,
    },
    /// `DeleteMessage`.
    DeleteMessage(Receipt),
    /// `DeleteMessageBatch`.
    DeleteMessageBatch(Vec<Receipt>),
    /// `ChangeMessageVisibility`.
    ChangeMessageVisibility(VisibilityEntry),
    /// `ChangeMessageVisibilityBatch`.
    ChangeMessageVisibilityBatch(Vec<VisibilityEntry>),
    /// `PurgeQueue`.
    PurgeQueue,
    /// `SetQueueAttributes`.
    SetQueueAttributes(Vec<QueueAttribute>),
    /// `GetQueueAttributes`: the three approximate counts.
    GetQueueAttributes,
    /// `StartMessageMoveTask`; the queue asked is the source.
    StartMessageMoveTask {
        /// `DestinationArn`; `None` sends each message back to where it came from.
        destination: Option<EntityId>,
        /// `MaxNumberOfMessagesPerSecond`.
        maximum_per_second: Option<i64>,
    },
    /// `ListMessageMoveTasks`.
    ListMessageMoveTasks,
    /// `CancelMessageMoveTask`, by the number `StartMessageMoveTask` answered.
    CancelMessageMoveTask(Option<u32>),
    /// `Publish`.
    Publish(SendEntry),
    /// `PublishBatch`, with the ids of its entries.
    PublishBatch(Vec<SendEntry>, Vec<TextId>),
    /// `Subscribe`, by the number of the subscription.
    Subscribe(u32),
    /// `Unsubscribe`, by the number of the subscription.
    Unsubscribe(u32),
    /// `SetSubscriptionAttributes`.
    SetSubscriptionAttributes {
        /// The number of the subscription.
        subscription: u32,
        /// The number of the change.
        change: u32,
    },
    /// No action of AWS: what the endpoint of a subscription has received.
    ReadDeliveries(u32),
    /// `ListShards`.
    ListShards,
    /// `DescribeStream`.
    DescribeStream,
    /// `CreateStream`.
    CreateStream {
        /// `ShardCount`.
        shards: Option<i64>,
        /// Whether `StreamMode` is `ON_DEMAND`.
        on_demand: bool,
    },
    /// `PutRecord`.
    PutRecord(SendEntry, RecordKey),
    /// `PutRecords`.
    PutRecords(Vec<SendEntry>, Vec<RecordKey>),
    /// `GetShardIterator`.
    GetShardIterator(ShardId, IteratorPlace),
    /// `GetRecords`.
    GetRecords {
        /// `ShardIterator`; `None` is one that nobody gave.
        iterator: Option<ShardIterator>,
        /// `Limit`.
        limit: Option<i64>,
    },
    /// `SplitShard`; without a hash key in the middle.
    SplitShard(ShardId, Option<u128>),
    /// `MergeShards`.
    MergeShards(ShardId, ShardId),
    /// `UpdateShardCount`.
    UpdateShardCount(i64),
    /// `UpdateStreamMode`.
    UpdateStreamMode {
        /// Whether `StreamMode` is `ON_DEMAND`.
        on_demand: bool,
    },
    /// `UpdateStreamWarmThroughput`, in MiB a second.
    UpdateStreamWarmThroughput(i64),
    /// `UpdateStreamRecordDistributionStrategy`.
    UpdateStreamRecordDistributionStrategy {
        /// Whether it is `AUTO`.
        auto: bool,
    },
    /// `IncreaseStreamRetentionPeriod`, in hours.
    IncreaseStreamRetentionPeriod(i64),
    /// `DecreaseStreamRetentionPeriod`, in hours.
    DecreaseStreamRetentionPeriod(i64),
    /// `PutRecordBatch` of Firehose, or `PutRecord` if it is a single one.
    PutToDeliveryStream(Vec<SendEntry>, bool),
    /// A call to a video stream.
    Video(VideoAction),
    /// Something that a client of a message broker does.
    Broker(BrokerAction),
}

impl Action {
    /// The messages it would hand over.
    pub fn sends(&self) -> &[SendEntry] {
        match self {
            Action::SendMessage(entry)
            | Action::Publish(entry)
            | Action::PutRecord(entry, _)
            | Action::Broker(BrokerAction::Send(entry)) => std::slice::from_ref(entry),
            Action::SendMessageBatch(entries, _)
            | Action::PublishBatch(entries, _)
            | Action::PutRecords(entries, _)
            | Action::PutToDeliveryStream(entries, _) => entries,
            Action::Video(action) => action.sends(),
            _ => &[],
        }
    }

    /// AWS's name of the action.
    pub fn name(&self) -> &'static str {
        match self {
            Action::SendMessage(_) => "SendMessage",
            Action::SendMessageBatch(..) => "SendMessageBatch",
            Action::ReceiveMessage { .. } => "ReceiveMessage",
            Action::DeleteMessage(_) => "DeleteMessage",
            Action::DeleteMessageBatch(_) => "DeleteMessageBatch",
            Action::ChangeMessageVisibility(_) => "ChangeMessageVisibility",
            Action::ChangeMessageVisibilityBatch(_) => "ChangeMessageVisibilityBatch",
            Action::PurgeQueue => "PurgeQueue",
            Action::SetQueueAttributes(_) => "SetQueueAttributes",
            Action::GetQueueAttributes => "GetQueueAttributes",
            Action::StartMessageMoveTask { .. } => "StartMessageMoveTask",
            Action::ListMessageMoveTasks => "ListMessageMoveTasks",
            Action::CancelMessageMoveTask(_) => "CancelMessageMoveTask",
            Action::Publish(_) => "Publish",
            Action::PublishBatch(..) => "PublishBatch",
            Action::Subscribe(_) => "Subscribe",
            Action::Unsubscribe(_) => "Unsubscribe",
            Action::SetSubscriptionAttributes { .. } => "SetSubscriptionAttributes",
            Action::ReadDeliveries(_) => "ReadDeliveries",
            Action::ListShards => "ListShards",
            Action::DescribeStream => "DescribeStream",
            Action::CreateStream { .. } => "CreateStream",
            Action::PutRecord(..) | Action::PutToDeliveryStream(_, true) => "PutRecord",
            Action::PutRecords(..) => "PutRecords",
            Action::GetShardIterator(..) => "GetShardIterator",
            Action::GetRecords { .. } => "GetRecords",
            Action::SplitShard(..) => "SplitShard",
            Action::MergeShards(..) => "MergeShards",
            Action::UpdateShardCount(_) => "UpdateShardCount",
            Action::UpdateStreamMode { .. } => "UpdateStreamMode",
            Action::UpdateStreamWarmThroughput(_) => "UpdateStreamWarmThroughput",
            Action::UpdateStreamRecordDistributionStrategy { .. } => "UpdateStreamRecordDistributionStrategy",
            Action::IncreaseStreamRetentionPeriod(_) => "IncreaseStreamRetentionPeriod",
            Action::DecreaseStreamRetentionPeriod(_) => "DecreaseStreamRetentionPeriod",
            Action::PutToDeliveryStream(_, false) => "PutRecordBatch",
            Action::Video(action) => action.name(),
            Action::Broker(action) => action.name(),
        }
    }
}

/// A message as `ReceiveMessage` answers it. The one who asked does not hold it.
#[derive(Debug, Clone, Copy)]
pub struct Received {
    /// What it says.
    pub content: Content,
    /// Who made it, and its number among that producer's messages.
    pub origin: (EntityId, u64),
    /// `MessageGroupId`.
    pub group: GroupId,
    /// `ReceiptHandle`.
    pub receipt: Receipt,
    /// `ApproximateReceiveCount`.
    pub receive_count: u32,
    /// `SentTimestamp`.
    pub sent_at: Time,
    /// `ApproximateFirstReceiveTimestamp`.
    pub first_received_at: Time,
    /// `SequenceNumber`, of FIFO queues.
    pub sequence: Option<u64>,
}

/// What became of one entry of a call.
pub type EntryAnswer = Result<Option<u64>, ApiError>;

/// The states of a message move task ("`ListMessageMoveTasks`").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Messages are being moved.
    Running,
    /// All messages were moved.
    Completed,
    /// It was cancelled.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl TaskState {
    /// AWS's name of the state.
    pub fn name(self) -> &'static str {
        match self {
            TaskState::Running => "RUNNING",
            TaskState::Completed => "COMPLETED",
            TaskState::Cancelled => "CANCELLED",
            TaskState::Failed => "FAILED",
        }
    }
}

/// A message move task, as `ListMessageMoveTasks` tells it.
#[derive(Debug, Clone, Copy)]
pub struct TaskStatus {
    /// Its state.
    pub state: TaskState,
    /// `ApproximateNumberOfMessagesMoved`.
    pub moved: u64,
    /// `ApproximateNumberOfMessagesToMove`: as counted when it began.
    pub to_move: u64,
}

/// The three counts of `GetQueueAttributes`.
#[derive(Debug, Clone, Copy)]
pub struct QueueCounts {
    /// `ApproximateNumberOfMessages`.
    pub visible: u64,
    /// `ApproximateNumberOfMessagesNotVisible`.
    pub in_flight: u64,
    /// `ApproximateNumberOfMessagesDelayed`.
    pub delayed: u64,
}

/// How a request was answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The call was refused as a whole.
    Failed(ApiError),
    /// Entry by entry, as they were given; with the `SequenceNumber` of what a FIFO queue took.
    Entries(Vec<EntryAnswer>),
    /// The messages received.
    Messages(Vec<Received>),
    /// The counts of a queue.
    Counts(QueueCounts),
    /// The number of the message move task that was started.
    Task(u32),
    /// The message move tasks of a queue, newest first.
    Tasks(Vec<TaskStatus>),
    /// The messages a cancelled task had moved.
    Moved(u64),
    /// Done; there is nothing to tell.
    Done,
    /// The shards of a stream.
    Shards(Vec<ShardInfo>),
    /// What is known of a stream.
    Stream(StreamDescription),
    /// Record by record, as they were given: where each lies now.
    Put(Vec<Result<RecordPlace, ApiError>>),
    /// `ShardIterator`.
    Iterator(ShardIterator),
    /// What `GetRecords` returned.
    Records(RecordsRead),
    /// What a video stream answers.
    Video(VideoReply),
}

/// A call and, once it is there, its answer.
#[derive(Debug)]
pub struct Request {
    /// What is asked for.
    pub action: Action,
    /// The answer.
    pub answer: Option<Answer>,
}

/// The requests that are under way.
#[derive(Debug, Default)]
pub struct Requests {
    requests: Vec<Option<Request>>,
    free: Vec<u32>,
}

impl Requests {
    /// Begins a request.
    pub fn open(&mut self, action: Action) -> RequestId {
        let request = Some(Request { action, answer: None });
        if let Some(index) = self.free.pop() {
            self.requests[index as usize] = request;
            return RequestId(index);
        }
        self.requests.push(request);
        RequestId((self.requests.len() - 1) as u32)
    }

    /// What is asked for.
    pub fn action(&self, request: RequestId) -> &Action {
        match &self.requests[request.0 as usize] {
            Some(request) => &request.action,
            None => unreachable!("a request is read while it is under way"),
        }
    }

    /// Answers a request.
    pub fn answer(&mut self, request: RequestId, answer: Answer) {
        if let Some(request) = &mut self.requests[request.0 as usize] {
            request.answer = Some(answer);
        }
    }

    /// Ends a request: whoever asked takes question and answer.
    pub fn close(&mut self, request: RequestId) -> Request {
        self.free.push(request.0);
        match self.requests[request.0 as usize].take() {
            Some(request) => request,
            None => unreachable!("a request ends once"),
        }
    }

    /// Marks every message that a request holds: those not yet handed over, and those that were refused.
    pub fn holdings(&self, mark: &mut dyn FnMut(MessageId)) {
        for request in self.requests.iter().flatten() {
            let sends = request.action.sends().iter().map(|entry| entry.message);
            match &request.answer {
                Some(Answer::Entries(answers)) => {
                    let refused = sends.zip(answers).filter(|(_, answer)| answer.is_err());
                    refused.for_each(|(message, _)| mark(message));
                }
                Some(Answer::Put(places)) => {
                    let refused = sends.zip(places).filter(|(_, place)| place.is_err());
                    refused.for_each(|(message, _)| mark(message));
                }
                Some(Answer::Video(VideoReply::Put(taken))) => {
                    let refused = sends.zip(taken).filter(|(_, taken)| taken.is_err());
                    refused.for_each(|(message, _)| mark(message));
                }
                _ => sends.for_each(&mut *mark),
            }
        }
    }
}
