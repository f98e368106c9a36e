//! What services say to each other. Each request that can be refused has an answer.

use super::{ApiError, BatchId, BrokerEvent, EventSource, InvokeOutcome, IteratorType, RequestId, ShardId};
use super::{FragmentAck, MessageId, SentFragment, VideoAnswer, VideoCall};
use crate::engine::Span;

/// A poller of a consumer, as the polled service sees it: opaque, given back with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollerId(pub u64);

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollOutcome {
    /// Messages were returned.
    Messages(BatchId),
    /// Nothing was returned.
    Empty,
    /// The call was refused.
    Refused(ApiError),
}

/// The states of a CloudWatch alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Outside the threshold.
    Alarm,
    /// Too few datapoints to tell.
    InsufficientData,
}

impl AlarmState {
    /// CloudWatch's name of the state.
    pub fn name(self) -> &'static str {
        match self {
            AlarmState::Ok => "OK",
            AlarmState::Alarm => "ALARM",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// What can be said.
#[derive(Debug, Clone, Copy)]
pub enum Signal {
    /// Messages arrive at a service that accepts them: the end of a send call. The taker now holds them. To a Lambda
    /// function each is an event of its own (`InvocationType: Event`).
    Put {
        /// The messages; the taker closes the batch.
        batch: BatchId,
    },
    /// A service refused messages of a `Put`. The taker of this signal holds them again.
    Refused {
        /// The refused messages; the taker closes the batch.
        batch: BatchId,
        /// Why.
        error: ApiError,
    },
    /// A service refused a `Delete` because of too many calls: it may be tried again.
    DeleteThrottled {
        /// The messages' receipts; the taker closes the batch.
        batch: BatchId,
    },
    /// A dead-letter queue moves messages back, or on ("`StartMessageMoveTask`"): they arrive like new ones.
    Redrive {
        /// The messages; the taker closes the batch.
        batch: BatchId,
    },
    /// A call begins whose answer somebody reads.
    Request {
        /// What is asked for.
        request: RequestId,
    },
    /// Such a call has its answer.
    Response {
        /// Question and answer; the taker closes it.
        request: RequestId,
    },
    /// A queue moves messages that were received too often to its dead-letter queue.
    DeadLetter {
        /// The messages, with their original enqueue times; the taker closes the batch.
        batch: BatchId,
    },
    /// A receive call begins.
    Poll {
        /// Who asks.
        poller: PollerId,
        /// The most messages to return, 1..=10.
        maximum: u8,
        /// How long to wait for a message, in seconds (0: short poll); `None` takes the queue's setting.
        wait_seconds: Option<u8>,
        /// How long to hide what is returned, in seconds; `None` takes the queue's visibility timeout.
        visibility_seconds: Option<u16>,
    },
    /// The answer to a `Poll`. The poller holds the messages (besides the queue, which keeps them in flight).
    Delivery {
        /// Who asked.
        poller: PollerId,
        /// What came of it.
        outcome: PollOutcome,
    },
    /// The connection of a waiting poller is gone: it will not take an answer.
    HangUp {
        /// Who asked.
        poller: PollerId,
    },
    /// An instance that works for an application is told to go: the application answers the instance's `Poll` when it has
    /// nothing in hand there any more.
    ShutDown {
        /// Who asked.
        poller: PollerId,
    },
    /// The end of a delete call for messages received earlier. The taker closes the batch, nobody is answered.
    Delete {
        /// The messages' receipts. Their messages stay with the sender.
        batch: BatchId,
    },
    /// The end of a call that changes how long received messages stay hidden, counted from now.
    ChangeVisibility {
        /// The messages' receipts. Their messages stay with the sender.
        batch: BatchId,
        /// The new timeout; zero makes them visible at once.
        timeout: Span,
    },
    /// A queue's redrive policy names the taker as its dead-letter queue, or does no longer.
    RedrivePolicy {
        /// Whether it does.
        named: bool,
    },
    /// An upload to an object store ends.
    PutObject {
        /// Size of the object.
        bytes: u32,
    },
    /// A download from an object store ends.
    GetObject {
        /// Whether the object was there.
        found: bool,
    },
    /// A delete in an object store takes effect.
    DeleteObject {
        /// Size of the object.
        bytes: u32,
    },
    /// The end of a call that puts records on a stream. What the stream does not take comes back as `Refused`, record by
    /// record.
    PutRecords {
        /// The records, with their hash keys; the taker closes the batch.
        batch: BatchId,
        /// Whether it is `PutRecord` (else `PutRecords`).
        single: bool,
    },
    /// A consumer asks a stream for an iterator (`GetShardIterator`). The stream keeps one for each consumer and shard.
    GetShardIterator {
        /// The shard.
        shard: ShardId,
        /// The consumer's life with this shard, given back with answers.
        epoch: u32,
        /// Where it begins: `ShardIteratorType` and its value, the parts of an `IteratorStart`.
        start: IteratorType,
        /// The value.
        value: u64,
    },
    /// A consumer calls `GetRecords` with its iterator of a shard.
    GetRecords {
        /// The shard.
        shard: ShardId,
        /// The consumer's life with this shard.
        epoch: u32,
        /// `Limit`.
        limit: u32,
    },
    /// A consumer subscribes to a shard (`SubscribeToShard`), in place of its former subscription.
    SubscribeToShard {
        /// The shard.
        shard: ShardId,
        /// The consumer's life with this shard.
        epoch: u32,
        /// Where it begins: `ShardIteratorType` and its value, the parts of an `IteratorStart`.
        start: IteratorType,
        /// The value.
        value: u64,
    },
    /// A subscriber has worked on an event and can take another.
    EventTaken {
        /// The shard.
        shard: ShardId,
        /// The consumer's life with this shard.
        epoch: u32,
    },
    /// The answer to `GetRecords`, or an event of a subscription. The consumer holds the records.
    Records {
        /// The shard.
        shard: ShardId,
        /// The consumer's life with this shard.
        epoch: u32,
        /// What came.
        outcome: PollOutcome,
        /// `MillisBehindLatest`.
        milliseconds_behind: u32,
        /// Whether the shard is closed and has been read to its end.
        shard_end: bool,
    },
    /// A consumer will never again ask for records of a shard before this position, nor at all when it is `u64::MAX`:
    /// as far as it is concerned the simulator need not keep them.
    ReadUpTo {
        /// The shard.
        shard: ShardId,
        /// The position.
        position: u64,
    },
    /// CloudWatch invokes a scaling policy: on a state change and once a minute while the alarm stays there.
    AlarmAction {
        /// The policy, and which of its alarms, as its group numbers them.
        policy: u32,
        /// The alarm's state.
        state: AlarmState,
        /// The alarm: its report is in the journal.
        alarm: u32,
    },
    /// CloudWatch tells a predictive scaling policy the load of an hour of the run.
    Load {
        /// The policy, as its group numbers them.
        policy: u32,
        /// The hour of the run, from zero.
        hour: u32,
        /// The sum of the metric in it.
        load: f64,
    },
    /// A Lambda function is invoked with an event of these messages, and the sender waits (`InvocationType:
    /// RequestResponse`). The function holds them until it answers.
    Invoke {
        /// The messages.
        batch: BatchId,
        /// Which call of the sender it is, given back with the answer.
        call: u32,
        /// Where the messages come from.
        source: EventSource,
        /// Whether it changes the messages for somebody who passes them on: then nothing is done with them yet.
        transforms: bool,
    },
    /// A function answers an `Invoke`, and gives the messages back.
    Returned {
        /// The messages.
        batch: BatchId,
        /// Which call it was.
        call: u32,
        /// How it ended.
        outcome: InvokeOutcome,
    },
    /// The executions of the account's functions have changed.
    Executions {
        /// In the concurrency that no function has reserved.
        unreserved: u32,
        /// In all.
        total: u32,
    },
    /// A camera calls `PutMedia`.
    PutMedia {
        /// Which stream of the fleet.
        stream: u32,
        /// The connection, as the camera numbers them.
        connection: u16,
    },
    /// The answer to it.
    MediaConnection {
        /// Which stream of the fleet.
        stream: u32,
        /// The connection.
        connection: u16,
        /// Why it was refused, if it was.
        error: Option<ApiError>,
    },
    /// No more bytes come through a `PutMedia` connection.
    MediaEnds {
        /// Which stream of the fleet.
        stream: u32,
        /// The connection.
        connection: u16,
        /// Whether the stream knows: otherwise the network is gone, and the connection stays open until it is idle too long.
        is_closed: bool,
    },
    /// The last byte of a fragment arrives. The taker now holds its message.
    PutFragment {
        /// The fragment.
        fragment: SentFragment,
    },
    /// The acknowledgement of a fragment. The camera holds its message all the while.
    FragmentAcknowledged {
        /// Which stream of the fleet.
        stream: u32,
        /// The connection.
        connection: u16,
        /// The fragment.
        message: MessageId,
        /// What it says.
        ack: FragmentAck,
    },
    /// A viewer calls a video stream.
    Video {
        /// Which stream of the fleet.
        stream: u32,
        /// The session, as the viewer numbers them.
        session: u32,
        /// What it asks.
        call: VideoCall,
    },
    /// What a video stream answers.
    VideoAnswered {
        /// Which stream of the fleet.
        stream: u32,
        /// The session.
        session: u32,
        /// The answer.
        answer: VideoAnswer,
    },
    /// A topic of a broker passes messages on to one of its queues or subscriptions.
    Routed {
        /// The messages; the taker closes the batch.
        batch: BatchId,
        /// Whether they outlive a restart of the broker.
        is_persistent: bool,
        /// Their priority.
        priority: u8,
    },
    /// Something happened to the broker of a destination.
    Broker {
        /// What.
        event: BrokerEvent,
    },
}

const _: () = assert!(std::mem::size_of::<Signal>() <= 24, "signals are copied through the calendar");
