//! Data streams and their consumers: references looked up, settings built.

use super::config::{AssumptionsConfig, LimitModelConfig, ScenarioConfig};
use super::directory::Directory;
use super::resolve::Resolver;
use crate::engine::Distribution;
use crate::language::{Files, Name, Problems, Reference};
use crate::record::Flow;
use crate::services::compute::ConsumerSource;
use crate::services::firehose::{DeliveryStreamConfig, RecordSource};
use crate::services::kinesis::{
    DataStream, KinesisPrices, ReaderSettings, RecordDistributionConfig, SourceStream, StreamConsumer,
    StreamConsumerSettings, StreamDefaults, StreamSettings, StreamSource,
};
use crate::services::producer::{Producer, SendTarget, StreamTarget};
use crate::wire::{EntityId, Forward, LimitModel, PriceList, Service, span};

/// What streams depend on.
pub(super) struct Surroundings<'a> {
    pub(super) config: &'a ScenarioConfig,
    pub(super) assumptions: &'a AssumptionsConfig,
    pub(super) directory: &'a Directory<'a>,
    pub(super) prices: &'a PriceList,
    pub(super) files: &'a dyn Files,
}

/// The streams; `None` when a problem was told.
pub(super) fn streams(
    around: &Surroundings<'_>,
    read_latency: &Distribution,
    problems: &mut Problems,
) -> Option<Vec<StreamSettings>> {
    let Surroundings { config, assumptions, directory, prices, files } = *around;
    let push_delay = assumptions.kinesis_push_delay.build(files, problems);
    let split_delay = assumptions.kinesis_split_delay.build(files, problems);
    let defaults = StreamDefaults {
        quotas: config.quotas.kinesis(config.region),
        prices: KinesisPrices::of(prices),
        read_latency: read_latency.clone(),
        push_delay: push_delay?,
        reshard_time: span(assumptions.kinesis_reshard_time),
        create_time: span(assumptions.kinesis_create_time),
        reshard_parallel: assumptions.kinesis_reshards_at_a_time,
        split_delay: split_delay?,
        limit_model: match assumptions.kinesis_limits {
            LimitModelConfig::TokenBucket => LimitModel::TokenBucket,
            LimitModelConfig::FixedSecond => LimitModel::FixedSecond,
        },
        internal_failures: assumptions.kinesis_internal_failures.as_f64(),
    };
    let mut settings = Vec::new();
    for (name, stream) in config.streams.iter() {
        let theirs = config.stream_consumers.iter().filter(|(_, consumer)| {
            let StreamSource::Stream(reference) = &consumer.reads_from;
            reference.as_str() == name.as_str()
        });
        let mut readers: Vec<ReaderSettings> = theirs
            .filter_map(|(reader, consumer)| {
                let entity = directory.stream_consumers.entity(reader.as_str())?;
                Some(ReaderSettings { entity, enhanced_fan_out: consumer.is_fan_out() })
            })
            .collect();
        readers.extend(config.stream_mappings.iter().filter_map(|(reader, mapping)| {
            let entity = directory.stream_mappings.entity(reader.as_str())?;
            let enhanced_fan_out = mapping.is_fan_out();
            (mapping.stream.as_str() == name.as_str()).then_some(ReaderSettings { entity, enhanced_fan_out })
        }));
        readers.extend(delivery_streams_of(name, config, directory));
        readers.extend(super::flink::readers(name, config, directory));
        let mut called = config.clients.iter().flat_map(|(_, client)| client.streams());
        let is_scripted = called.any(|reference| reference.as_str() == name.as_str());
        settings.push(stream.settings(name.as_str(), (readers, is_scripted), &defaults, problems));
    }
    settings.into_iter().collect()
}

/// The consumers of streams; `None` when a problem was told.
pub(super) fn consumers(
    around: &Surroundings<'_>,
    flows: &mut Vec<Flow>,
    forwards: Vec<Option<Forward>>,
    problems: &mut Problems,
) -> Option<Vec<StreamConsumerSettings>> {
    let mut forwards = forwards.into_iter();
    let Surroundings { config, directory, prices, files, .. } = *around;
    let quotas = config.quotas.kinesis(config.region);
    let mut settings = Vec::new();
    for (name, consumer) in config.stream_consumers.iter() {
        let StreamSource::Stream(reference) = &consumer.reads_from;
        let found = directory.streams.find(reference, problems);
        let source = found.map(|(position, id)| SourceStream {
            id,
            shards: config.streams.entries[position].1.initial_shards(&quotas),
        });
        // Also without a stream the rest is looked at, so that all problems are told at once.
        let any = SourceStream { id: EntityId(0), shards: 1 };
        let is_hosted = config.consumers.iter().any(|(_, host)| {
            matches!(&host.receives_from, ConsumerSource::StreamConsumer(guest) if guest.as_str() == name.as_str())
        });
        let forward = forwards.next().flatten();
        let built = consumer.settings(
            name.as_str(),
            source.unwrap_or(any),
            (is_hosted, forward),
            prices,
            files,
            problems,
        );
        settings.push(built.filter(|_| source.is_some()));
        flows.push(Flow {
            from_kind: DataStream::KIND,
            from: reference.as_str().to_owned(),
            to_kind: StreamConsumer::KIND,
            to: name.as_str().to_owned(),
        });
    }
    settings.into_iter().collect()
}

/// The delivery streams that read a stream: they poll it as others do.
fn delivery_streams_of<'a>(
    stream: &'a Name,
    config: &'a ScenarioConfig,
    directory: &'a Directory<'_>,
) -> impl Iterator<Item = ReaderSettings> + 'a {
    let reads = |delivery: &DeliveryStreamConfig| {
        delivery
            .reads_from
            .as_ref()
            .is_some_and(|RecordSource::Stream(source)| source.as_str() == stream.as_str())
    };
    let theirs = config.delivery_streams.iter().filter(move |(_, delivery)| reads(delivery));
    theirs.filter_map(|(name, _)| {
        let entity = directory.delivery_streams.entity(name.as_str())?;
        Some(ReaderSettings { entity, enhanced_fan_out: false })
    })
}

impl Resolver<'_> {
    /// A stream that a producer puts records on, and whether there is such a one.
    pub(super) fn stream_target(
        &mut self,
        producer: &Name,
        reference: &Reference,
        problems: &mut Problems,
    ) -> (bool, Option<SendTarget>) {
        let found = self.directory.streams.find(reference, problems);
        self.flow(Producer::KIND, producer.as_str(), DataStream::KIND, reference.as_str());
        let (position, id) = found.unwrap_or((0, EntityId(0)));
        let stream = self.config.streams.entries.get(position).map(|(_, stream)| stream);
        let quotas = self.config.quotas.kinesis(self.config.region);
        let target = SendTarget {
            id,
            send_latency: self.defaults.latency.send.clone(),
            quotas: self.defaults.quotas,
            is_fifo: false,
            payload_store: None,
            upload: None,
            delivery_stream: None,
            stream: Some(StreamTarget {
                quotas,
                max_record_bytes: stream
                    .map_or(quotas.largest_record_bytes, |stream| stream.max_record_size.as_u64() as u32),
                shards: stream.map(|stream| stream.initial_ranges(&quotas)).unwrap_or_default(),
                distributes_records: stream.is_some_and(|stream| {
                    stream.record_distribution_strategy == RecordDistributionConfig::Auto
                }),
            }),
        };
        (found.is_some(), Some(target))
    }

    /// The streams; `None` when a problem was told.
    pub(super) fn streams(&mut self, problems: &mut Problems) -> Option<Vec<StreamSettings>> {
        let latency = &self.defaults.latency;
        let surroundings = Surroundings {
            config: self.config,
            assumptions: self.assumptions,
            directory: &self.directory,
            prices: self.prices,
            files: self.files,
        };
        streams(&surroundings, &latency.receive, problems)
    }

    /// Where the consumers of streams send their results.
    pub(super) fn stream_forwards(&mut self, problems: &mut Problems) -> Vec<Option<Forward>> {
        let config = self.config;
        let mut forwards = Vec::new();
        for (name, consumer) in config.stream_consumers.iter() {
            let forward = consumer.forwards_to.as_ref().and_then(|forward| {
                self.forward_flow(StreamConsumer::KIND, name.as_str(), forward);
                let target = self.forward_target(forward, &[], problems)?;
                // Partition keys make good message groups.
                forward.settings(target, &mut self.texts, self.files, problems)
            });
            forwards.push(forward);
        }
        forwards
    }

    /// The consumers of streams; `None` when a problem was told.
    pub(super) fn stream_consumers(
        &mut self,
        forwards: Vec<Option<Forward>>,
        problems: &mut Problems,
    ) -> Option<Vec<StreamConsumerSettings>> {
        let surroundings = Surroundings {
            config: self.config,
            assumptions: self.assumptions,
            directory: &self.directory,
            prices: self.prices,
            files: self.files,
        };
        consumers(&surroundings, &mut self.flows, forwards, problems)
    }
}
