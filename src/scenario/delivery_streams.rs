//! Delivery streams of Amazon Data Firehose: references looked up, settings built.

use super::config::{AssumptionsConfig, LimitModelConfig, ScenarioConfig};
use super::resolve::Resolver;
use super::watching::Watching;
use crate::language::{Name, Problems, Reference};
use crate::record::MetricDefinition;
use crate::services::firehose::{
    BackupMetrics, DeliveryMetrics, DeliveryStream, DeliveryStreamConfig, DeliveryStreamDefaults,
    DeliveryStreamMetrics, DeliveryStreamSettings, DeliveryStreamSurroundings, DestinationConfig,
    DynamicPartitioningConfig, LONGEST_INVOCATION, RecordSource, RetryPauses, SourceStream,
};
use crate::services::kinesis::DataStream;
use crate::services::lambda::Function;
use crate::services::object_store::ObjectStore;
use crate::services::producer::{DeliveryTarget, Producer, SendTarget};
use crate::wire::{EntityId, FirehosePrices, LimitModel, Service, Texts, span};

/// Whether any delivery stream reads what records say.
pub(super) fn reads_bodies(config: &ScenarioConfig) -> bool {
    let mut partitioned =
        config.delivery_streams.iter().filter_map(|(_, stream)| stream.dynamic_partitioning.as_ref());
    partitioned.any(DynamicPartitioningConfig::reads_bodies)
}

impl Resolver<'_> {
    /// A delivery stream that a producer puts records to, and whether there is such a one.
    pub(super) fn delivery_target(
        &mut self,
        producer: &Name,
        reference: &Reference,
        problems: &mut Problems,
    ) -> (bool, Option<SendTarget>) {
        let found = self.directory.delivery_streams.find(reference, problems);
        self.flow(Producer::KIND, producer.as_str(), DeliveryStream::KIND, reference.as_str());
        if let Some((position, _)) = found
            && let Some(RecordSource::Stream(stream)) =
                &self.config.delivery_streams.entries[position].1.reads_from
        {
            problems
                .error(reference.place, format!("`{reference}` takes no records from producers"))
                .why(format!("it reads the data stream `{stream}`, and AWS then refuses `PutRecord`"))
                .help(format!("publish to the data stream: `{{ stream: {stream} }}`"));
        }
        let quotas = self.config.quotas.firehose(self.config.region);
        let target = SendTarget {
            id: found.map_or(EntityId(0), |(_, id)| id),
            send_latency: self.defaults.latency.send.clone(),
            quotas: self.defaults.quotas,
            is_fifo: false,
            payload_store: None,
            upload: None,
            stream: None,
            delivery_stream: Some(DeliveryTarget { quotas }),
        };
        (found.is_some(), Some(target))
    }

    /// The delivery streams; `None` when a problem was told.
    pub(super) fn delivery_streams(
        &mut self,
        problems: &mut Problems,
    ) -> Option<Vec<DeliveryStreamSettings>> {
        let config = self.config;
        let defaults = self.delivery_defaults(problems)?;
        let mut texts = std::mem::take(&mut self.texts);
        let mut settings = Vec::new();
        for (name, stream) in config.delivery_streams.iter() {
            settings.push(self.delivery_stream(name, stream, &defaults, &mut texts, problems));
        }
        self.texts = texts;
        settings.into_iter().collect()
    }

    fn delivery_defaults(&self, problems: &mut Problems) -> Option<DeliveryStreamDefaults> {
        let assumptions: &AssumptionsConfig = self.assumptions;
        Some(DeliveryStreamDefaults {
            quotas: self.config.quotas.firehose(self.config.region),
            prices: FirehosePrices::of(self.prices),
            limit_model: match assumptions.kinesis_limits {
                LimitModelConfig::TokenBucket => LimitModel::TokenBucket,
                LimitModelConfig::FixedSecond => LimitModel::FixedSecond,
            },
            zero_buffering_delay: assumptions.firehose_zero_buffering_delay.build(self.files, problems)?,
            partitioning_delay: assumptions.firehose_partitioning_delay,
            retry_pauses: RetryPauses {
                first: span(assumptions.firehose_retry_pause),
                longest: span(assumptions.firehose_longest_retry_pause),
                jitter: assumptions.firehose_retry_jitter.as_f64(),
            },
            transformation_retry_pause: span(assumptions.firehose_transformation_retry_pause),
            limit_raise_time: assumptions.firehose_limit_raise_time.map(span),
        })
    }

    fn delivery_stream(
        &mut self,
        name: &Name,
        config: &DeliveryStreamConfig,
        defaults: &DeliveryStreamDefaults,
        texts: &mut Texts,
        problems: &mut Problems,
    ) -> Option<DeliveryStreamSettings> {
        self.delivery_flows(name, config);
        let stream = config.reads_from.as_ref().map(|source| self.source_stream(source, problems));
        let function = config.data_transformation.as_ref().map(|transformation| {
            let (position, id) = self.directory.functions.find(&transformation.function, problems)?;
            let timeout = self.config.functions.entries[position].1.timeout;
            if span(timeout) > LONGEST_INVOCATION {
                problems
                    .warning(
                        transformation.function.place,
                        format!(
                            "Firehose waits 5 minutes for a function, `{}` may take {timeout}",
                            transformation.function
                        ),
                    )
                    .why("\"Transform source data in Amazon Data Firehose\"");
            }
            Some(id)
        });
        let files = self.files;
        let mut bucket =
            |reference: &Reference, problems: &mut Problems| self.payload_store(reference, problems);
        let around = DeliveryStreamSurroundings {
            bucket: &mut bucket,
            stream: stream.flatten(),
            function: function.flatten(),
            texts,
            analysed_by: super::flink::analysed_by(name, self.config, &self.directory),
        };
        config.settings(name, around, defaults, files, problems)
    }

    fn source_stream(&self, source: &RecordSource, problems: &mut Problems) -> Option<SourceStream> {
        let RecordSource::Stream(reference) = source;
        let (position, id) = self.directory.streams.find(reference, problems)?;
        let stream = &self.config.streams.entries[position].1;
        let quotas = self.config.quotas.kinesis(self.config.region);
        Some(SourceStream {
            id,
            shards: stream.initial_shards(&quotas),
            limit: quotas.get_records_entries,
            retention: span(stream.retention_period),
            max_record_bytes: stream.max_record_size.as_u64() as u32,
        })
    }

    /// Who gives it records, and whom it gives them.
    fn delivery_flows(&mut self, name: &Name, config: &DeliveryStreamConfig) {
        if let Some(RecordSource::Stream(stream)) = &config.reads_from {
            self.flow(DataStream::KIND, stream.as_str(), DeliveryStream::KIND, name.as_str());
        }
        if let Some(transformation) = &config.data_transformation {
            let function = transformation.function.as_str();
            self.flow(DeliveryStream::KIND, name.as_str(), Function::KIND, function);
        }
        let bucket = match &config.destination {
            DestinationConfig::S3(s3) => &s3.bucket,
            DestinationConfig::Redshift(redshift) => &redshift.s3.bucket,
            DestinationConfig::OpenSearch(domain) | DestinationConfig::OpenSearchServerless(domain) => {
                &domain.s3_backup.bucket
            }
            DestinationConfig::Http(http) => &http.s3_backup.bucket,
            DestinationConfig::Splunk(splunk) => &splunk.s3_backup.bucket,
            DestinationConfig::Iceberg(tables) => &tables.s3_backup.bucket,
            DestinationConfig::Snowflake(table) => &table.s3_backup.bucket,
        };
        self.flow(DeliveryStream::KIND, name.as_str(), ObjectStore::KIND, bucket.as_str());
    }
}

impl Watching<'_> {
    /// A delivery stream, and the tables of metrics that its destination gives it.
    pub(super) fn delivery_stream(
        &self,
        reference: &Reference,
        problems: &mut Problems,
    ) -> Option<(EntityId, &'static [&'static [MetricDefinition]])> {
        const OWN: &[MetricDefinition] = DeliveryStreamMetrics::DEFINITIONS;
        const BACKUP: &[MetricDefinition] = BackupMetrics::DEFINITIONS;
        let (position, id) = self.directory.delivery_streams.find(reference, problems)?;
        let tables: &'static [&'static [MetricDefinition]] =
            match &self.config.delivery_streams.entries[position].1.destination {
                DestinationConfig::S3(_) => &[OWN, DeliveryMetrics::S3, BACKUP],
                DestinationConfig::Redshift(_) => {
                    &[OWN, DeliveryMetrics::REDSHIFT, DeliveryMetrics::S3, BACKUP]
                }
                DestinationConfig::OpenSearch(_) => &[OWN, DeliveryMetrics::OPENSEARCH, BACKUP],
                DestinationConfig::OpenSearchServerless(_) => {
                    &[OWN, DeliveryMetrics::OPENSEARCH_SERVERLESS, BACKUP]
                }
                DestinationConfig::Http(_) => &[OWN, DeliveryMetrics::HTTP, BACKUP],
                DestinationConfig::Splunk(_) => &[OWN, DeliveryMetrics::SPLUNK, BACKUP],
                DestinationConfig::Iceberg(_) => &[OWN, DeliveryMetrics::ICEBERG, BACKUP],
                DestinationConfig::Snowflake(_) => &[OWN, DeliveryMetrics::SNOWFLAKE, BACKUP],
            };
        Some((id, tables))
    }
}
