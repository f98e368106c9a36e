//! A delivery stream in a scenario.

use super::destination_config::{Built, DestinationConfig};
use super::partition::{PartitionBy, PartitionSettings};
use super::settings::{DeliveryStreamSettings, RetryPauses, Source, Transformation};
use crate::engine::{Distribution, Span};
use crate::language::{
    Bytes, DistributionOf, Duration, Files, Located, Name, Probability, Problems, Ratio, Reference, choice,
    section,
};
use crate::wire::{
    EntityId, FirehosePrices, FirehoseQuotas, GroupConfig, LimitModel, PayloadStore, Texts, span,
};
use std::sync::Arc;

section! {
    /// A delivery stream of Amazon Data Firehose.
    pub struct DeliveryStreamConfig {
        /// The data stream that records come from; by default producers, topics and clients put them (Direct PUT).
        pub reads_from: Option<RecordSource>;
        /// Where they go.
        pub destination: DestinationConfig;
        /// A Lambda function that changes them on the way (`ProcessingConfiguration`).
        pub data_transformation: Option<TransformationConfig>;
        /// Objects of their own for each value of some keys, with S3 only (`DynamicPartitioningConfiguration`).
        pub dynamic_partitioning: Option<DynamicPartitioningConfig>;
    }
}

choice! {
    /// Where records come from.
    pub enum RecordSource {
        /// A data stream.
        Stream(Reference) = "stream",
    }
}

section! {
    /// A transformation by a Lambda function. Records that the function reports as failed (`on_message_failure: report`) have the
    /// status `ProcessingFailed`; an invocation that raises an error, is throttled, or takes more than 5 minutes is repeated.
    pub struct TransformationConfig {
        /// The function.
        pub function: Reference;
        /// It is invoked once there are so many bytes (`BufferSizeInMBs`), 0.2 to 3 MiB: by default 1 MiB, 256 KiB for Splunk and Snowflake.
        pub buffer_size: Option<Bytes>, at_most (Bytes::from_mib(3));
        /// Or once the first record has waited so long (`BufferIntervalInSeconds`): by default 60 s, 30 s for Snowflake.
        pub buffer_interval: Option<Duration>, at_most (Duration::from_seconds(900));
        /// How often a failed invocation is repeated (`NumberOfRetries`).
        pub number_of_retries: u32 = 3, at_most (300);
        /// Probability that the code drops a record on purpose (`Dropped`).
        pub dropped: Probability = Probability::ZERO;
        /// Size of a record that it returns, as a share of the one it was given.
        pub output_size: Ratio = Ratio::ONE, above (Ratio::ZERO);
    }
}

section! {
    /// Dynamic partitioning: each partition has a buffer of its own.
    pub struct DynamicPartitioningConfig {
        /// What tells the partition of a record.
        pub partition_by: PartitionByConfig;
        /// How many records a record consists of that comes in ("Multi record deaggregation"); by default one.
        pub records_in_one: Option<DistributionOf<f64>>;
    }
}

choice! {
    /// What tells the partition of a record. Poison records have none.
    pub enum PartitionByConfig {
        /// Inline parsing of these keys of its JSON, as its producer's `message: { body: … }` declares them or a script writes it.
        Body(Vec<Located<String>>) = "body",
        /// The partition key that it had in the data stream, which the function of the transformation returns.
        PartitionKey = "partition_key",
        /// Something that is drawn, as message groups are: `{ uniform: 100 }`.
        Drawn(GroupConfig) = "drawn",
    }
}

/// A data stream as a delivery stream must know it.
#[derive(Debug, Clone, Copy)]
pub struct SourceStream {
    /// The stream.
    pub id: EntityId,
    /// Its shards at the beginning.
    pub shards: u32,
    /// Most records of a `GetRecords` call.
    pub limit: u32,
    /// How long it keeps records.
    pub retention: Span,
    /// The largest record it takes.
    pub max_record_bytes: u32,
}

/// What delivery streams have in common.
#[derive(Debug, Clone)]
pub struct DeliveryStreamDefaults {
    /// AWS's limits.
    pub quotas: FirehoseQuotas,
    /// What things cost.
    pub prices: FirehosePrices,
    /// How limits per second are measured.
    pub limit_model: LimitModel,
    /// How long records wait without an interval, in nanoseconds.
    pub zero_buffering_delay: Distribution,
    /// The longest wait of a partition's records, in intervals.
    pub partitioning_delay: f64,
    /// Pauses between attempts.
    pub retry_pauses: RetryPauses,
    /// From a failed invocation to the next.
    pub transformation_retry_pause: Span,
    /// After so much continuous throttling limits double.
    pub limit_raise_time: Option<Span>,
}

/// What must be looked up for a delivery stream.
pub struct DeliveryStreamSurroundings<'a> {
    /// Finds a bucket.
    pub bucket: &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<PayloadStore>,
    /// The data stream it reads; a problem was told where it is missing.
    pub stream: Option<SourceStream>,
    /// The function that transforms records.
    pub function: Option<EntityId>,
    /// The texts of the scenario.
    pub texts: &'a mut Texts,
    /// The SQL applications that read what it takes.
    pub analysed_by: Vec<EntityId>,
}

/// From one `GetRecords` call to the next ("Write to Firehose using Kinesis Data Streams").
const POLL_INTERVAL: Span = Span::from_seconds(1);
/// Invocations at a time for each shard, and with Splunk ("Amazon Data Firehose Quota").
const OUTSTANDING: u32 = 5;
const OUTSTANDING_SPLUNK: u32 = 10;
/// Default buffer of a transformation for Splunk and Snowflake ("Transform source data in Amazon Data Firehose").
const SMALL_TRANSFORM_BUFFER: u64 = 256 << 10;
/// Its default intervals, the shorter one for Snowflake (same page).
const TRANSFORM_INTERVAL: Duration = Duration::from_seconds(60);
const SHORT_TRANSFORM_INTERVAL: Duration = Duration::from_seconds(30);
/// What dynamic partitioning and format conversion need at least.
const LEAST_LARGE_BUFFER: Bytes = Bytes::from_mib(64);
/// Most partition keys ("Amazon Data Firehose Quota").
const MOST_KEYS: usize = 50;
/// Records that only some destinations take ("Handling large records" of data streams).
const ORDINARY_RECORD: u32 = 1 << 20;

impl DeliveryStreamConfig {
    /// The settings; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &Name,
        around: DeliveryStreamSurroundings<'_>,
        defaults: &DeliveryStreamDefaults,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<DeliveryStreamSettings> {
        let errors = problems.errors();
        let DeliveryStreamSurroundings { bucket, stream, function, texts, analysed_by } = around;
        let built = self.destination.build(&defaults.quotas, bucket, files, problems);
        if let Some(stream) = stream {
            self.check_large_records(stream, problems);
        }
        if let Some(since) = self.destination.is_new().filter(|_| !defaults.quotas.new_destinations) {
            let what = self.destination.key();
            problems
                .error(self.places.of("destination"), format!("there was no destination `{what}` in 2022"))
                .why(format!("it exists since {since} (\"Document history\")"))
                .help("take `quotas: current`");
        }
        let transformation = self
            .data_transformation
            .as_ref()
            .map(|config| config.build(function, &self.destination, defaults, problems));
        let partitioning = self.dynamic_partitioning.as_ref().map(|config| {
            self.check_partitioning(config, problems);
            config.build(texts, files, problems)
        });
        let Built { destination, hints, bucket, source_backup } = built?;
        let transformation = transformation.map_or(Some(None), |one| one.map(Some))?;
        let partitioning = partitioning.map_or(Some(None), |one| one.map(Some))?;
        let s3 = self.destination.s3();
        // "Write to Firehose using Kinesis Data Streams": with a full source backup the shard is read twice.
        let interval = if source_backup.is_some() { POLL_INTERVAL / 2 } else { POLL_INTERVAL };
        let source = stream.map_or(Source::DirectPut, |stream| Source::Stream {
            id: stream.id,
            shards: stream.shards,
            limit: stream.limit,
            interval,
            retention: stream.retention,
        });
        (problems.errors() == errors && (self.reads_from.is_none() || stream.is_some())).then(|| {
            DeliveryStreamSettings {
                name: name.text.clone(),
                analysed_by,
                source,
                destination,
                hints,
                bucket,
                source_backup,
                transformation,
                partitioning,
                conversion: s3.and_then(super::destination_config::S3DestinationConfig::conversion),
                delimiter: s3.is_some_and(|s3| s3.append_delimiter),
                zero_buffering_delay: defaults.zero_buffering_delay.clone(),
                partitioning_delay: defaults.partitioning_delay,
                retry_pauses: defaults.retry_pauses,
                limit_raise_time: defaults.limit_raise_time.filter(|_| defaults.quotas.limits_rise),
                limit_model: defaults.limit_model,
                quotas: defaults.quotas,
                prices: defaults.prices,
                texts: Arc::default(),
                contents: Arc::default(),
            }
        })
    }

    /// "Handling large records": records above 1 MiB go to S3, and not into partitions.
    fn check_large_records(&self, stream: SourceStream, problems: &mut Problems) {
        if stream.max_record_bytes <= ORDINARY_RECORD {
            return;
        }
        let place = self.reads_from.as_ref().map(|RecordSource::Stream(stream)| stream.place);
        let why = "\"Handling large records\" of Amazon Kinesis Data Streams";
        if self.destination.s3().is_none() {
            let what = self.destination.key();
            problems
                .warning(place, format!("the stream takes records above 1 MiB, `{what}` does not"))
                .why(why);
        }
        if self.dynamic_partitioning.is_some() {
            problems
                .warning(place, "the stream takes records above 1 MiB, dynamic partitioning does not")
                .why(why);
        }
    }

    fn check_partitioning(&self, config: &DynamicPartitioningConfig, problems: &mut Problems) {
        let Some(s3) = self.destination.s3() else {
            problems
                .error(config.place, "dynamic partitioning is for S3 only")
                .why("\"Partition streaming data in Amazon Data Firehose\"");
            return;
        };
        if let Some(hints) = s3.buffering_hints.as_ref().filter(|hints| hints.interval == Duration::ZERO) {
            problems
                .error(hints.places.of("interval"), "dynamic partitioning has no zero buffering")
                .why("\"Buffer data for dynamic partitioning\"");
        }
        if let Some(hints) = s3.buffering_hints.as_ref().filter(|hints| hints.size < LEAST_LARGE_BUFFER) {
            problems
                .warning(
                    hints.places.of("size"),
                    format!("AWS takes no less than {LEAST_LARGE_BUFFER} with dynamic partitioning"),
                )
                .why("`CreateDeliveryStream` answers so, though no page of the guide says it");
        }
        if let PartitionByConfig::PartitionKey = config.partition_by {
            if self.reads_from.is_none() {
                problems.error(config.place, "records that are put have no partition key of a data stream");
            }
            if self.data_transformation.is_none() {
                problems
                    .error(config.place, "only a function can tell the partition key of the data stream")
                    .why("inline parsing reads the record itself; the event of a function has the key beside it")
                    .help("give a `data_transformation`, or partition by keys of the `body`");
            }
        }
    }
}

impl TransformationConfig {
    fn build(
        &self,
        function: Option<EntityId>,
        destination: &DestinationConfig,
        defaults: &DeliveryStreamDefaults,
        problems: &mut Problems,
    ) -> Option<Transformation> {
        let quotas = &defaults.quotas;
        let is_splunk = matches!(destination, DestinationConfig::Splunk(_));
        let is_snowflake = matches!(destination, DestinationConfig::Snowflake(_));
        let usual = if (is_splunk || is_snowflake) && quotas.default_transform_buffer < (3 << 20) {
            SMALL_TRANSFORM_BUFFER
        } else {
            quotas.default_transform_buffer
        };
        let usual_interval = if is_snowflake { SHORT_TRANSFORM_INTERVAL } else { TRANSFORM_INTERVAL };
        let bytes = self.buffer_size.map_or(usual, Bytes::as_u64);
        if bytes < quotas.smallest_transform_buffer {
            problems
                .error(
                    self.places.of("buffer_size"),
                    format!(
                        "a transformation gathers at least {}",
                        Bytes::new(quotas.smallest_transform_buffer)
                    ),
                )
                .why("\"Transform source data in Amazon Data Firehose\"");
        }
        Some(Transformation {
            function: function?,
            bytes,
            interval: span(self.buffer_interval.unwrap_or(usual_interval)),
            retries: self.number_of_retries,
            retry_pause: defaults.transformation_retry_pause,
            outstanding: if is_splunk { OUTSTANDING_SPLUNK } else { OUTSTANDING },
            dropped: self.dropped.as_f64(),
            output_size: self.output_size.as_f64(),
        })
    }
}

impl DynamicPartitioningConfig {
    fn build(
        &self,
        texts: &mut Texts,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<PartitionSettings> {
        let by = match &self.partition_by {
            PartitionByConfig::Body(keys) => {
                if keys.is_empty() || keys.len() > MOST_KEYS {
                    problems.error(self.place, format!("a partition has 1 to {MOST_KEYS} keys"));
                }
                Some(PartitionBy::Body(keys.iter().map(|key| key.value.clone()).collect()))
            }
            PartitionByConfig::PartitionKey => Some(PartitionBy::PartitionKey),
            PartitionByConfig::Drawn(groups) => groups.build(texts, problems).map(PartitionBy::Drawn),
        };
        let records_in_one = self.records_in_one.as_ref().map(|number| {
            let built = number.build(files, problems)?;
            if built.minimum() < 1.0 {
                problems.error(number.place, "a record consists of at least one");
            }
            Some(built)
        });
        Some(PartitionSettings {
            by: by?,
            records_in_one: records_in_one.map_or(Some(None), |number| number.map(Some))?,
        })
    }

    /// Whether inline parsing reads what records say.
    pub fn reads_bodies(&self) -> bool {
        matches!(self.partition_by, PartitionByConfig::Body(_))
    }
}
