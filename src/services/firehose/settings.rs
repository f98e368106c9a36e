//! Everything that is fixed about a delivery stream during a run.

use super::buffer::Carries;
use super::partition::PartitionSettings;
use crate::engine::{Distribution, Span, Time};
use crate::wire::{Contents, EntityId, FirehosePrices, FirehoseQuotas, LimitModel, PayloadStore, Texts};
use std::sync::Arc;

/// Where records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Whoever calls `PutRecord` or `PutRecordBatch`.
    DirectPut,
    /// A data stream.
    Stream {
        /// The stream.
        id: EntityId,
        /// Its shards at the beginning.
        shards: u32,
        /// Most records of a `GetRecords` call.
        limit: u32,
        /// From one `GetRecords` call of a shard to the next.
        interval: Span,
        /// How long the stream keeps records.
        retention: Span,
    },
}

/// When buffered records are delivered ("Configure buffering hints").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// Once there are so many bytes.
    pub bytes: u64,
    /// Or the first of them has waited so long.
    pub interval: Span,
    /// How far the buffer grows when deliveries fall behind: the largest size the destination can be given.
    pub largest: u64,
    /// Most records of a delivery.
    pub records: u64,
}

/// A time in which a bucket, cluster or endpoint does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// The status an endpoint answers; `None`: it does not answer.
    pub status: Option<u32>,
    /// Whether the data arrives all the same.
    pub data_arrives: bool,
}

/// A bucket of S3, as a delivery stream writes to it.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// The bucket.
    pub store: PayloadStore,
    /// When objects are written.
    pub hints: Hints,
    /// Share of its size that an object keeps when it is compressed.
    pub compressed_size: f64,
    /// When it cannot be written to.
    pub outages: Vec<Outage>,
}

/// Endpoints differ in what an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// A domain of Amazon OpenSearch Service.
    OpenSearch,
    /// A collection of Amazon OpenSearch Serverless.
    OpenSearchServerless,
    /// An HTTP endpoint.
    Http,
    /// A Splunk HTTP Event Collector.
    Splunk,
    /// Tables of Apache Iceberg.
    Iceberg,
    /// A table of Snowflake.
    Snowflake,
}

impl EndpointKind {
    /// Whether it looks at each record of a delivery, and may reject single ones.
    pub(super) fn checks_records(self) -> bool {
        self.takes_documents() || matches!(self, EndpointKind::Iceberg | EndpointKind::Snowflake)
    }

    /// Whether records are documents there: a rejected one is tried again.
    pub(super) fn takes_documents(self) -> bool {
        matches!(self, EndpointKind::OpenSearch | EndpointKind::OpenSearchServerless)
    }

    /// Whether what is delivered once more is known there, and not stored twice ("Understand data delivery in Amazon Data
    /// Firehose").
    pub(super) fn is_exactly_once(self) -> bool {
        matches!(self, EndpointKind::Iceberg | EndpointKind::Snowflake)
    }
}

/// An endpoint that is sent batches of records.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What it is.
    pub kind: EndpointKind,
    /// How long it takes to answer, in nanoseconds.
    pub latency: Distribution,
    /// How long Firehose waits for an answer, or for Splunk's acknowledgement.
    pub timeout: Span,
    /// Probability that it answers with an error.
    pub failure_rate: f64,
    /// What it answers then.
    pub failure_status: u32,
    /// Probability that it takes a delivery and rejects a record of it.
    pub rejected_records: f64,
    /// Probability that the answer gets lost although the data arrived.
    pub lost_responses: f64,
    /// How long failed deliveries are tried again.
    pub retry_duration: Span,
    /// When it does not work.
    pub outages: Vec<Outage>,
    /// Availability Zones of the VPC it is in; zero outside of one.
    pub vpc_zones: u32,
}

/// A data warehouse that copies objects from the bucket.
#[derive(Debug, Clone)]
pub struct Warehouse {
    /// How long a `COPY` takes, in nanoseconds.
    pub copy_time: Distribution,
    /// Probability that it fails.
    pub failure_rate: f64,
    /// How long it is tried again.
    pub retry_duration: Span,
    /// When it does not work.
    pub outages: Vec<Outage>,
}

/// Where records go. All destinations have a bucket, too.
#[derive(Debug, Clone)]
pub enum Destination {
    /// Objects in the bucket.
    S3,
    /// Objects in the bucket, copied by Amazon Redshift.
    Redshift(Warehouse),
    /// An endpoint; the bucket takes what it does not.
    Endpoint(Endpoint),
}

/// A transformation by a Lambda function ("Transform source data in Amazon Data Firehose").
#[derive(Debug, Clone)]
pub struct Transformation {
    /// The function.
    pub function: EntityId,
    /// It is invoked once there are so many bytes.
    pub bytes: u64,
    /// Or the first of them has waited so long.
    pub interval: Span,
    /// How often a failed invocation is tried again.
    pub retries: u32,
    /// From a failed invocation to the next.
    pub retry_pause: Span,
    /// Invocations at a time, for each shard.
    pub outstanding: u32,
    /// Probability that the code drops a record (`Dropped`).
    pub dropped: f64,
    /// Size of a record that it returns, as a share of the one it was given.
    pub output_size: f64,
}

/// A conversion to a columnar format ("Convert input data format in Amazon Data Firehose").
#[derive(Debug, Clone, Copy)]
pub struct Conversion {
    /// Probability that a record cannot be converted.
    pub failure_rate: f64,
    /// Share of its size that a record keeps.
    pub converted_size: f64,
}

/// Pauses between attempts.
#[derive(Debug, Clone, Copy)]
pub struct RetryPauses {
    /// After the first failure; twice as long after each further one.
    pub first: Span,
    /// The longest.
    pub longest: Span,
    /// How much they are moved at random, up and down, with HTTP endpoints.
    pub jitter: f64,
}

/// Everything that is fixed about a delivery stream during a run.
#[derive(Debug, Clone)]
pub struct DeliveryStreamSettings {
    /// Its name.
    pub name: String,
    /// The SQL applications that read what it takes.
    pub analysed_by: Vec<EntityId>,
    /// Where records come from.
    pub source: Source,
    /// Where they go.
    pub destination: Destination,
    /// When they are delivered.
    pub hints: Hints,
    /// The bucket of the destination, or for what failed.
    pub bucket: Bucket,
    /// Where all records go as they came in, if they do.
    pub source_backup: Option<Bucket>,
    /// What changes records on their way.
    pub transformation: Option<Transformation>,
    /// How they are sorted into partitions.
    pub partitioning: Option<PartitionSettings>,
    /// Into what they are converted.
    pub conversion: Option<Conversion>,
    /// Whether a line break follows each record.
    pub delimiter: bool,
    /// How long records wait without an interval, in nanoseconds.
    pub zero_buffering_delay: Distribution,
    /// The longest wait of a partition's records, in intervals.
    pub partitioning_delay: f64,
    /// Pauses between attempts.
    pub retry_pauses: RetryPauses,
    /// After so much continuous throttling the limits of Direct PUT double; `None`: never.
    pub limit_raise_time: Option<Span>,
    /// How limits per second are measured.
    pub limit_model: LimitModel,
    /// AWS's limits.
    pub quotas: FirehoseQuotas,
    /// What it costs.
    pub prices: FirehosePrices,
    /// What partition keys of data streams are called; known once all of the scenario is read.
    pub texts: Arc<Texts>,
    /// What records say, for inline parsing; known then too.
    pub contents: Arc<Contents>,
}

impl DeliveryStreamSettings {
    /// How long data is kept that cannot be delivered.
    pub(super) fn retention(&self) -> Span {
        match self.source {
            Source::DirectPut => self.quotas.retention,
            Source::Stream { retention, .. } => retention,
        }
    }

    /// The bucket that a channel's objects go to.
    pub(super) fn bucket(&self, carries: Carries) -> &Bucket {
        match (carries, &self.source_backup) {
            (Carries::SourceBackup, Some(backup)) => backup,
            _ => &self.bucket,
        }
    }

    /// Whether records come from a data stream.
    pub(super) fn reads_stream(&self) -> bool {
        matches!(self.source, Source::Stream { .. })
    }
}

/// The outage of a time, if there is one.
pub(super) fn outage_at(outages: &[Outage], now: Time) -> Option<Outage> {
    outages.iter().copied().find(|outage| (outage.from..outage.until).contains(&now))
}
