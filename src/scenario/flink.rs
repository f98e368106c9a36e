//! Applications that compute over streams: references looked up, settings built.

use super::config::ScenarioConfig;
use super::directory::Directory;
use super::resolve::Resolver;
use super::topics;
use crate::engine::Distribution;
use crate::language::{Name, Problems, Reference};
use crate::services::firehose::{DeliveryStream, RecordSource};
use crate::services::flink::{
    Application, ApplicationSettings, FlinkApplicationConfig, FlinkAssumptions, FlinkDefaults, FlinkSource,
    FlinkSourceStream, FlinkSurroundings, SinkConfig, SinkEnd, SqlApplicationConfig, SqlAssumptions,
    SqlSource,
};
use crate::services::kinesis::{DataStream, ReaderSettings};
use crate::services::lambda::Function;
use crate::wire::{EntityId, FlinkPrices, Service, span};

/// The applications that read a stream.
pub(super) fn readers<'a>(
    stream: &'a Name,
    config: &'a ScenarioConfig,
    directory: &'a Directory<'_>,
) -> impl Iterator<Item = ReaderSettings> + 'a {
    let flink = config.flink_applications.iter().filter_map(move |(name, application)| {
        let FlinkSource::Stream(source) = &application.reads_from;
        let entity = directory.flink_applications.entity(name.as_str())?;
        (source.as_str() == stream.as_str())
            .then_some(ReaderSettings { entity, enhanced_fan_out: application.is_fan_out() })
    });
    let sql = config.sql_applications.iter().filter_map(move |(name, application)| {
        let SqlSource::Stream(source) = &application.reads_from else { return None };
        let entity = directory.sql_applications.entity(name.as_str())?;
        (source.as_str() == stream.as_str()).then_some(ReaderSettings { entity, enhanced_fan_out: false })
    });
    flink.chain(sql)
}

/// The SQL applications that read a delivery stream.
pub(super) fn analysed_by(name: &Name, config: &ScenarioConfig, directory: &Directory<'_>) -> Vec<EntityId> {
    let reads = |application: &SqlApplicationConfig| matches!(&application.reads_from, SqlSource::DeliveryStream(source) if source.as_str() == name.as_str());
    let theirs = config.sql_applications.iter().filter(|(_, application)| reads(application));
    theirs.filter_map(|(name, _)| directory.sql_applications.entity(name.as_str())).collect()
}

/// Whether any application reads what records say.
pub(super) fn reads_bodies(config: &ScenarioConfig) -> bool {
    config.flink_applications.iter().any(|(_, application)| application.reads_bodies())
        || config.sql_applications.iter().any(|(_, application)| application.reads_bodies())
}

impl Resolver<'_> {
    /// The applications; `None` when a problem was told.
    pub(super) fn flink_applications(&mut self, problems: &mut Problems) -> Option<Vec<ApplicationSettings>> {
        let config = self.config;
        if config.flink_applications.is_empty() && config.sql_applications.is_empty() {
            return Some(Vec::new());
        }
        let defaults = self.flink_defaults(problems)?;
        let mut settings = Vec::new();
        for (name, application) in config.flink_applications.iter() {
            settings.push(self.flink_application(name, application, &defaults, problems));
        }
        for (name, application) in config.sql_applications.iter() {
            application.check_profile(defaults.quotas.sql_applications, problems);
            settings.push(self.sql_application(name, application, &defaults, problems));
        }
        settings.into_iter().collect()
    }

    fn flink_defaults(&self, problems: &mut Problems) -> Option<FlinkDefaults> {
        let assumptions = self.assumptions;
        Some(FlinkDefaults {
            quotas: self.config.quotas.flink(),
            prices: FlinkPrices::of(self.prices),
            assumptions: FlinkAssumptions {
                source_time: span(assumptions.flink_source_time),
                restart_delay: span(assumptions.flink_restart_delay),
                scaling_time: assumptions.flink_scaling_time.build(self.files, problems)?,
                state_entry_bytes: assumptions.flink_state_size.as_u64(),
                state_bytes_per_second: assumptions.flink_state_throughput.as_u64(),
                checkpoint_overhead: span(assumptions.flink_checkpoint_overhead),
                buffered_work: span(assumptions.flink_buffered_work),
                sink_retry_pause: span(assumptions.flink_sink_retry_pause),
            },
            operator_time: span(assumptions.flink_operator_time),
            start_unix_millis: self.config.start.timestamp().as_millisecond(),
        })
    }

    fn flink_application(
        &mut self,
        name: &Name,
        config: &FlinkApplicationConfig,
        defaults: &FlinkDefaults,
        problems: &mut Problems,
    ) -> Option<ApplicationSettings> {
        let FlinkSource::Stream(reference) = &config.reads_from;
        self.flow(DataStream::KIND, reference.as_str(), Application::KIND, name.as_str());
        let source = self.flink_source(reference, problems);
        let ends: Vec<Option<SinkEnd>> =
            config.all_sinks().map(|sink| self.flink_sink(name, Application::KIND, sink, problems)).collect();
        // Also without a stream the rest is looked at, so that all problems are told at once.
        let any = FlinkSourceStream { id: EntityId(0), shards: 1 };
        let is_known = source.is_some() && ends.iter().all(Option::is_some);
        let around = FlinkSurroundings {
            source: source.unwrap_or(any),
            ends: ends.into_iter().flatten().collect(),
            texts: &mut self.texts,
        };
        let settings = config.settings(name.as_str(), around, defaults, problems);
        is_known.then_some(settings)
    }

    fn sql_application(
        &mut self,
        name: &Name,
        config: &SqlApplicationConfig,
        defaults: &FlinkDefaults,
        problems: &mut Problems,
    ) -> Option<ApplicationSettings> {
        const KIND: &str = Application::SQL_KIND;
        let source = match &config.reads_from {
            SqlSource::Stream(reference) => {
                self.flow(DataStream::KIND, reference.as_str(), KIND, name.as_str());
                self.flink_source(reference, problems)
            }
            SqlSource::DeliveryStream(reference) => {
                self.flow(DeliveryStream::KIND, reference.as_str(), KIND, name.as_str());
                let found = self.directory.delivery_streams.find(reference, problems);
                found.map(|(_, id)| FlinkSourceStream { id, shards: 1 })
            }
        };
        let ends: Vec<Option<SinkEnd>> =
            config.all_sinks().map(|sink| self.flink_sink(name, KIND, sink, problems)).collect();
        let is_known = source.is_some() && ends.iter().all(Option::is_some);
        let around = FlinkSurroundings {
            source: source.unwrap_or(FlinkSourceStream { id: EntityId(0), shards: 1 }),
            ends: ends.into_iter().flatten().collect(),
            texts: &mut self.texts,
        };
        let row = SqlAssumptions {
            time: span(self.assumptions.sql_row_time),
            interval: span(self.assumptions.sql_get_records_interval),
        };
        let settings = config.settings(name.as_str(), around, defaults, row);
        is_known.then_some(settings)
    }

    fn flink_source(&self, reference: &Reference, problems: &mut Problems) -> Option<FlinkSourceStream> {
        let (position, id) = self.directory.streams.find(reference, problems)?;
        let quotas = self.config.quotas.kinesis(self.config.region);
        let shards = self.config.streams.entries[position].1.initial_shards(&quotas);
        Some(FlinkSourceStream { id, shards })
    }

    /// Who takes the results.
    fn flink_sink(
        &mut self,
        name: &Name,
        kind: &'static str,
        sink: &SinkConfig,
        problems: &mut Problems,
    ) -> Option<SinkEnd> {
        let send = self.defaults.latency.send.clone();
        let (target, latency): (EntityId, Distribution) =
            match (&sink.stream, &sink.delivery_stream, &sink.function) {
                (Some(stream), ..) => {
                    self.flow(kind, name.as_str(), DataStream::KIND, stream.as_str());
                    (self.directory.streams.find(stream, problems)?.1, send)
                }
                (None, Some(stream), _) => {
                    self.flow(kind, name.as_str(), DeliveryStream::KIND, stream.as_str());
                    let (position, id) = self.directory.delivery_streams.find(stream, problems)?;
                    if let Some(RecordSource::Stream(source)) =
                        &self.config.delivery_streams.entries[position].1.reads_from
                    {
                        problems
                            .error(stream.place, format!("`{stream}` takes no records from applications"))
                            .why(format!(
                                "it reads the data stream `{source}`, and AWS then refuses `PutRecordBatch`"
                            ));
                    }
                    (id, send)
                }
                (None, None, Some(function)) => {
                    self.flow(kind, name.as_str(), Function::KIND, function.as_str());
                    let latency = topics::publish_latency(self.config)?;
                    (self.directory.functions.find(function, problems)?.1, latency)
                }
                // Told already.
                (None, None, None) => return None,
            };
        Some(SinkEnd { target, latency })
    }
}
