//! The services: one folder each, and none of them knows another.

pub mod client;
pub mod cloudwatch;
pub mod compute;
pub mod firehose;
pub mod flink;
pub mod kinesis;
pub mod lambda;
pub mod mq;
pub mod object_store;
pub mod producer;
pub mod requester;
pub mod sns;
pub mod sqs;
pub mod video;
