//! The vocabulary of messaging: what services say to each other, and the trait each of them implements.
//!
//! A service is a closed state machine. It is told [`Signal`]s and timers, changes itself, and posts the
//! consequences to an [`Outbox`]; it never calls another service. Refusals are values on the wire, as in AWS.
//! Messages live in one arena ([`Messages`]) and travel by index, in [`Batches`] that are recycled: nothing is
//! allocated for a message once a run has warmed up.

mod access;
mod activity;
mod batch;
mod body_reader;
mod broker;
mod broker_client;
mod bucket;
mod config;
mod contents;
mod deadline;
mod deduplication;
mod detail;
mod error;
mod firehose;
mod flink;
mod forward;
mod groups;
mod hash_key;
mod hash_places;
mod invocation;
mod journal;
mod kms;
mod lambda;
mod latency;
mod message;
mod message_state;
mod notice;
mod payload;
mod places;
mod price;
mod processing;
mod purpose;
mod quota;
mod region;
mod request;
mod retry;
mod service;
mod signal;
mod sns;
mod stream;
mod stream_reading;
mod stream_request;
mod video;
mod video_request;

pub use access::{
    Access, AccessAction, ActionConfig, Conditions, EffectConfig, Identity, IdentityConfig,
    PolicyStatementConfig, check_policy, check_principals, check_statement, is_account,
};
pub use activity::{Activity, ActivitySettings, Publication};
pub use batch::{BatchId, Batches, DelaySeconds, Entry, Receipt};
pub use body_reader::{BodyReader, ValueGroups};
pub use broker::{BrokerAction, BrokerEvent};
pub use broker_client::{
    AcknowledgementConfig, BrokerProtocolConfig, BrokerReaderConfig, BrokerSenderConfig, ReconnectConfig,
    RedeliveryPolicyConfig,
};
pub use bucket::{Budget, LimitBucket, LimitModel};
pub use config::{ApiLatencyConfig, check_fifo_name, span, whole_seconds};
pub use contents::{Body, Column, Contents, Envelope, Part, Shape, Structure};
pub use deadline::DeadlineList;
pub use deduplication::{DeduplicationMemory, Identity as DeduplicationIdentity, identity};
pub use detail::{Content, Correlation, Deduplication, Detail, GroupId, Number, TextId, Texts};
pub use error::ApiError;
pub use firehose::{FirehosePrices, FirehoseQuotas};
pub use flink::{FlinkPrices, FlinkQuotas};
pub use forward::{Forward, ForwardConfig, ForwardTarget, Forwarder};
pub use groups::{DrawnGroupConfig, GroupConfig, MessageGroups, ZipfConfig};
pub use hash_key::{HashRange, NumberedHashes, partition_hash};
pub use hash_places::HashPlaces;
pub use invocation::{EventSource, InvokeOutcome};
pub use journal::{AlarmReport, Journal, JudgedDatapoint};
pub use kms::{KeyConfig, Keys, KmsSettings, Use};
pub use lambda::{LambdaAccount, LambdaPrices, LambdaQuotas, Pool, ScalingRate, request_bucket};
pub use latency::{ApiLatency, draw_bytes, draw_span};
pub use message::{Fate, MessageId, Messages, NewMessage};
pub use notice::Notice;
pub use payload::{Payload, PayloadStore};
pub use places::Shelf;
pub use price::{PriceFileConfig, PriceList, PricesConfig};
pub use processing::{ProcessedTally, ProcessingConfig, ProcessingMode, ProcessingOrder};
pub use purpose::Purpose;
pub use quota::{QuotaProfile, SqsQuotas};
pub use region::Region;
pub use request::{
    Action, Answer, EntryAnswer, QueueAttribute, QueueCounts, Received, Request, RequestId, Requests,
    SendEntry, TaskState, TaskStatus, VisibilityEntry,
};
pub use retry::{JitterConfig, Retries, RetriesConfig};
pub use service::{Account, Balance, Context, EntityId, Outbox, Service};
pub use signal::{AlarmState, PollOutcome, PollerId, Signal};
pub use sns::{Pace, SmsType, SnsAccount, SnsQuotas};
pub use stream::{
    AGGREGATE_BYTES, AGGREGATED_RECORD_BYTES, BEGUN_RECORD, COPIED_RECORD, DONE_RECORD, FAILED_RECORD,
    IteratorStart, IteratorType, KinesisQuotas, POISON_RECORD, ShardId, ShardInfo,
};
pub use stream_reading::{KeyOrder, RetrievalConfig, SUBSCRIPTION_LIFE, ShardRead, StartingPositionConfig};
pub use stream_request::{
    IteratorPlace, RecordKey, RecordPlace, RecordRead, RecordsRead, ShardIterator, StreamDescription,
    StreamStatus,
};
pub use video::{
    AckError, FragmentAck, MediaStart, SentFragment, StartSelectorConfig, VideoAnswer, VideoCall,
    VideoPrices, VideoQuotas, milliseconds, time_of_milliseconds,
};
pub use video_request::{
    FragmentPart, FragmentRead, FragmentRefused, FragmentTaken, VideoAction, VideoReply,
};
