//! Amazon Data Firehose: delivery streams, which gather records and deliver them in batches.
//!
//! # What it is
//!
//! A delivery stream takes records from whoever puts them (Direct PUT), or reads them from a data stream. It buffers them
//! until there are enough or they have waited long enough, changes them on the way if it is told to, and delivers them.
//!
//! # What is modelled
//!
//! Direct PUT with the limits of call, record and second, partial failures of `PutRecordBatch`, limits that rise; a data
//! stream as the source: one `GetRecords` a second and shard, resharding, aggregated records, data that stays in the stream
//! while nothing can be delivered. Buffers by size and time, for each shard or partition, zero buffering, buffers that grow
//! when deliveries fall behind. Transformation by a Lambda function: batches, statuses, retries, limits of payload and time.
//! Dynamic partitioning by keys of the record; records that hold several; format conversion; compression. Amazon S3, Amazon Redshift
//! (through S3 and `COPY`), Amazon OpenSearch Service, HTTP endpoints, Splunk, Apache Iceberg and Snowflake, with outages, lost
//! answers, single records that are rejected, retries, duplicates, backup of all or of failed records, and loss. Metrics and
//! price.
//!
//! # What is not, yet
//!
//! Amazon MSK and databases as sources; decompression of CloudWatch Logs; what AWS does with a partition that gets more than its
//! throughput; the further requests of multipart uploads.
//!
//! # Quotas
//!
//! [`FirehoseQuotas`](crate::wire::FirehoseQuotas), with the titles of their AWS pages.

mod admission;
mod attempt;
mod bucket_config;
mod buffer;
mod config;
mod copy;
mod delivery;
mod destination_config;
mod metrics;
mod partition;
mod rejection;
mod report;
mod settings;
mod source;
mod stream;
mod transform;

pub use bucket_config::{
    BucketConfig, BufferingHintsConfig, CompressionFormatConfig, FirehoseOutageConfig, S3BackupConfig,
    S3BackupModeConfig,
};
pub use config::{
    DeliveryStreamConfig, DeliveryStreamDefaults, DeliveryStreamSurroundings, DynamicPartitioningConfig,
    PartitionByConfig, RecordSource, SourceStream, TransformationConfig,
};
pub use destination_config::{
    DestinationConfig, FirehoseEndpointConfig, FormatConversionConfig, HttpDestinationConfig,
    HttpProviderConfig, IcebergDestinationConfig, OpenSearchDestinationConfig, OutputFormatConfig,
    RedshiftDestinationConfig, S3DestinationConfig, SnowflakeDestinationConfig, SplunkDestinationConfig,
};
pub use metrics::{BackupMetrics, DeliveryMetrics, DeliveryStreamMetrics};
pub use partition::{PartitionBy, PartitionSettings};
pub use settings::{
    Bucket, Conversion, DeliveryStreamSettings, Destination, Endpoint, EndpointKind, Hints, Outage,
    RetryPauses, Source, Transformation, Warehouse,
};
pub use stream::DeliveryStream;
pub use transform::LONGEST_INVOCATION;

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, SummaryRow};
use crate::wire::{
    Answer, Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Service, Signal,
};

/// Why a delivery stream wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The first record of a buffer has waited long enough.
    Due {
        /// The channel.
        channel: u32,
        /// Its buffer.
        epoch: u32,
    },
    /// A delivery is attempted once more.
    Attempt {
        /// The delivery.
        delivery: u32,
    },
    /// An attempt has its answer.
    Answered {
        /// The delivery.
        delivery: u32,
    },
    /// A shard is asked for records.
    Poll {
        /// The lane of the shard.
        lane: u32,
    },
    /// The first record that waits for the transformation has waited long enough.
    Gathered {
        /// The lane.
        lane: u32,
        /// Its buffer.
        epoch: u32,
    },
    /// A function is invoked once more.
    Invoke {
        /// The invocation.
        call: u32,
    },
    /// A `COPY` begins once more.
    Copy,
    /// A `COPY` ends.
    Copied,
}

impl Service for DeliveryStream {
    type Timer = Timer;
    const KIND: &'static str = "delivery_stream";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::PutRecords { batch, single } => self.put(from, batch, single, cx),
            // A topic delivers with `PutRecordBatch`.
            Signal::Put { batch } => self.put(from, batch, false, cx),
            Signal::Records { shard, outcome, milliseconds_behind, shard_end, .. } => {
                self.take_read(shard, outcome, (milliseconds_behind, shard_end), cx);
            }
            Signal::Returned { batch, call, outcome } => self.take_answer(batch, call, outcome, cx),
            Signal::Request { request } => self.ask(from, request, cx),
            Signal::Response { request } => {
                if let Some(Answer::Shards(shards)) = cx.requests.close(request).answer {
                    self.take_shards(&shards, cx);
                }
            }
            other => unreachable!("a delivery stream is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Due { channel, epoch } => self.due(channel, epoch, cx),
            Timer::Attempt { delivery } => self.attempt(delivery, cx),
            Timer::Answered { delivery } => self.answered(delivery, cx),
            Timer::Poll { lane } => self.poll(lane, cx),
            Timer::Gathered { lane, epoch } => self.gathered(lane, epoch, cx),
            Timer::Invoke { call } => self.invoke(call, cx),
            Timer::Copy => self.copy(cx),
            Timer::Copied => self.copied(cx),
        }
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        self.update_levels(now);
    }

    fn end_warm_up(&mut self, _now: Time) {
        self.counts_at_warm_up = self.counts;
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.show_metrics(visitor);
    }

    fn balance(&self) -> Balance {
        self.books()
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.mark_held(batches, mark);
    }

    fn summarise(&mut self, _now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        self.summarise_cost(seconds, rows);
    }
}
