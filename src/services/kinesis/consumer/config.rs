//! A consumer of a stream in a scenario.

use super::settings::{
    Balancing, Checkpointing, Library, OnFailure, Retrieval, Stop, StreamConsumerSettings, WorkerCrashes,
};
use crate::engine::Time;
use crate::language::{
    DistributionOf, Duration, Files, Probability, Problems, Reference, choice, keyword, section,
};
use crate::wire::{
    EntityId, Forward, ForwardConfig, IteratorStart, PriceList, RetrievalConfig, StartingPositionConfig, span,
};

section! {
    /// An application that reads a stream with the Kinesis Client Library, one worker an instance. The workers share the
    /// shards of the stream.
    pub struct StreamConsumerConfig {
        /// Where the records come from.
        pub reads_from: StreamSource;
        /// How they are read.
        pub retrieval: RetrievalConfig = RetrievalConfig::Polling;
        /// From the end of a `GetRecords` call to the next (`idleTimeBetweenReadsInMillis`), when polling.
        pub idle_time_between_reads: Duration = Duration::from_milliseconds(1500),
            at_least (Duration::from_milliseconds(200));
        /// Most records of a call (`maxRecords`), when polling.
        pub max_records: u32 = 10_000, within (1, 10_000);
        /// Where it begins in shards it has not read yet (`initialPositionInStream`).
        pub starting_position: StartingPositionConfig = StartingPositionConfig::TrimHorizon;
        /// Whether the children of a shard wait until it has been read to its end, as the library does it.
        pub child_shards: ChildShardsConfig = ChildShardsConfig::AfterParents;
        /// How many instances it has; a consumer that receives from this application brings its own.
        pub instances: u32 = 1, within (1, 10_000);
        /// The EC2 instance type, for its price.
        pub instance_type: String = "t3.medium".to_owned();
        /// Dollars for an hour of an instance; by default the list price of the type.
        pub instance_price: Option<f64>, at_least (0.0);
        /// How long processing takes. The records of a shard are processed one after another, different shards at once.
        pub processing_time: DistributionOf<Duration>;
        /// What a processing time is drawn for.
        pub processing: RecordProcessingConfig = RecordProcessingConfig::PerRecord;
        /// When progress is written to the lease table.
        pub checkpoint: CheckpointConfig = CheckpointConfig::EachBatch;
        /// Probability that processing a record fails.
        pub failure_rate: Probability = Probability::ZERO;
        /// What becomes of a record whose processing failed.
        pub on_failure: OnRecordFailureConfig = OnRecordFailureConfig::SkipBatch;
        /// How often a record is tried, with `on_failure: retry`.
        pub max_attempts: u32 = 3, within (1, 10_000);
        /// A lease that was not renewed for this long is taken over (`failoverTimeMillis`).
        pub failover_time: Duration = Duration::from_seconds(10), at_least (Duration::from_seconds(1));
        /// Send a message on for each record that was processed, also when it is processed again.
        pub forwards_to: Option<ForwardConfig>;
        /// Crashes by chance.
        pub crashes: Option<WorkerCrashesConfig>;
        /// Crashes at given times.
        pub stops: Vec<StopConfig> = Vec::new();
        /// Times at which everything is read again.
        pub replays: Vec<ReplayConfig> = Vec::new();
        /// The version of the library, and how it shares out leases.
        pub client_library: ClientLibraryConfig = ClientLibraryConfig::Kcl2;
        /// Whether the worker on an instance that is to be terminated finishes the batch in hand, writes its progress down and
        /// gives its leases back before the instance goes (`startGracefulShutdown`); otherwise they expire. The Auto Scaling
        /// group must let it finish.
        pub graceful_shutdown: bool = false;
        /// Most shards that a worker processes at a time: the threads of its pool. By default all of its own.
        pub processing_threads: Option<u32>, within (1, 10_000);
    }
    check StreamConsumerConfig::check;
}

choice! {
    /// Where records come from.
    pub enum StreamSource {
        /// A data stream.
        Stream(Reference) = "stream",
    }
}

choice! {
    /// The version of the Kinesis Client Library.
    pub enum ClientLibraryConfig {
        /// Version 2: workers take leases until each has the same number.
        Kcl2 = "kcl_2",
        /// Version 3: a leader moves leases until each worker has the same load, and they are handed over in order.
        Kcl3(Kcl3Config) = "kcl_3",
    }
}

section! {
    /// Version 3 of the Kinesis Client Library, by its names ("KCL configurations").
    pub struct Kcl3Config {
        /// Whether the owner of a lease that goes to another worker finishes the batch in hand first
        /// (`isGracefulLeaseHandoffEnabled`).
        pub graceful_lease_handoff_enabled: bool = true;
        /// How long it may take for that (`gracefulLeaseHandoffTimeoutMillis`).
        pub graceful_lease_handoff_timeout: Duration = Duration::from_seconds(30);
        /// How far from the mean a load must be before leases are moved (`reBalanceThresholdPercentage`).
        pub rebalance_threshold_percentage: u32 = 10, within (1, 100);
        /// How much of what a worker has too much is moved at a time (`dampeningPercentage`).
        pub dampening_percentage: u32 = 60, within (1, 100);
        /// Whether a lease is moved that is larger than what is to be moved (`allowThroughputOvershoot`).
        pub allow_throughput_overshoot: bool = true;
        /// At every how many looks of the leader, each twice the failover time from the last, loads are balanced
        /// (`varianceBalancingFrequency`).
        pub variance_balancing_frequency: u32 = 3, at_least (1);
    }
}

impl ClientLibraryConfig {
    fn library(&self) -> Library {
        match self {
            ClientLibraryConfig::Kcl2 => Library::Kcl2,
            ClientLibraryConfig::Kcl3(config) => Library::Kcl3(Balancing {
                graceful_timeout: config
                    .graceful_lease_handoff_enabled
                    .then(|| span(config.graceful_lease_handoff_timeout)),
                threshold: f64::from(config.rebalance_threshold_percentage) / 100.0,
                dampening: f64::from(config.dampening_percentage) / 100.0,
                overshoots: config.allow_throughput_overshoot,
                frequency: config.variance_balancing_frequency,
            }),
        }
    }
}

keyword! {
    /// When the children of a split or merged shard are read.
    pub enum ChildShardsConfig {
        /// When it has been read to its end: the order of each key stays.
        AfterParents = "after_parents",
        /// As soon as the consumer knows of them: it may see later records of a key first.
        AtOnce = "at_once",
    }
}

keyword! {
    /// What a processing time is drawn for.
    pub enum RecordProcessingConfig {
        /// Each record of a batch.
        PerRecord = "per_record",
        /// The batch as a whole.
        PerBatch = "per_batch",
    }
}

choice! {
    /// When progress is written down. What comes after the last checkpoint is processed again by whoever takes over.
    pub enum CheckpointConfig {
        /// After each batch.
        EachBatch = "each_batch",
        /// After the first batch that ends so long after the last checkpoint.
        Every(Duration) = "every",
    }
}

keyword! {
    /// What becomes of a record whose processing failed.
    pub enum OnRecordFailureConfig {
        /// The application lets the exception out: the library skips the rest of the batch.
        SkipBatch = "skip_batch",
        /// The application goes on with the next record.
        SkipRecord = "skip_record",
        /// The application tries again, `max_attempts` times in all, and then goes on; the shard waits meanwhile.
        Retry = "retry",
    }
}

section! {
    /// Crashes of workers; what they have in hand is lost to them.
    pub struct WorkerCrashesConfig {
        /// Mean time between two crashes of one worker (exponential).
        pub mean_time_between: Duration, above (Duration::ZERO);
        /// How long it is down.
        pub restart_time: Duration = Duration::from_seconds(30);
    }
}

section! {
    /// A crash at a given time, or an orderly shutdown.
    pub struct StopConfig {
        /// When, counted from the start.
        pub at: Duration;
        /// Which worker, from 0.
        pub worker: u32 = 0;
        /// How long it is down; by default it never comes back.
        pub down_for: Option<Duration>;
        /// Whether it finishes the batches in hand, writes its progress down and gives its leases back first.
        pub graceful: bool = false;
    }
}

section! {
    /// A replay: everything from a place on is read and processed again.
    pub struct ReplayConfig {
        /// When, counted from the start.
        pub at: Duration;
        /// From where on.
        pub from: StartingPositionConfig;
    }
}

/// What a consumer must know about its stream.
#[derive(Debug, Clone, Copy)]
pub struct SourceStream {
    /// The stream.
    pub id: EntityId,
    /// Its shards at the beginning.
    pub shards: u32,
}

impl StreamConsumerConfig {
    fn check(&self, problems: &mut Problems) {
        for stop in &self.stops {
            if stop.worker >= self.instances {
                problems.error(
                    stop.places.of("worker"),
                    format!(
                        "there is no worker {}: the last of {} is {}",
                        stop.worker,
                        self.instances,
                        self.instances - 1
                    ),
                );
            }
        }
        for key in ["idle_time_between_reads", "max_records"] {
            if self.retrieval == RetrievalConfig::EnhancedFanOut
                && let Some(place) = self.places.key(key)
            {
                problems.error(place, format!("`{key}` is for `retrieval: polling`; here the stream pushes"));
            }
        }
        if self.on_failure != OnRecordFailureConfig::Retry
            && let Some(place) = self.places.key("max_attempts")
        {
            problems.error(place, "`max_attempts` goes with `on_failure: retry`");
        }
        if self.processing == RecordProcessingConfig::PerBatch
            && self.on_failure == OnRecordFailureConfig::Retry
        {
            problems.error(
                self.places.of("on_failure"),
                "records that are processed as a batch cannot be tried again one by one",
            );
        }
    }

    /// Whether it has a throughput of its own.
    pub fn is_fan_out(&self) -> bool {
        self.retrieval == RetrievalConfig::EnhancedFanOut
    }

    fn price(&self, prices: &PriceList, problems: &mut Problems) -> Option<f64> {
        let price = self.instance_price.or_else(|| prices.instance_per_hour(&self.instance_type));
        if price.is_none() {
            let known: Vec<&str> = prices.instance_types().collect();
            let help = problems.suggest(&self.instance_type, &known, "instance types");
            problems
                .error(
                    self.places.of("instance_type"),
                    format!("the price of the instance type `{}` is not known", self.instance_type),
                )
                .why("give `instance_price` in dollars an hour, or `ec2_instances_per_hour` under `prices`")
                .help(help);
        }
        price
    }

    /// The consumer's settings; `None` when a problem was told.
    #[allow(clippy::too_many_arguments, reason = "each comes from another part of the scenario")]
    pub fn settings(
        &self,
        name: &str,
        source: SourceStream,
        (is_hosted, forward): (bool, Option<Forward>),
        prices: &PriceList,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<StreamConsumerSettings> {
        let processing_time = self.processing_time.build(files, problems);
        let price = self.price(prices, problems);
        if let Some(place) = self.places.key("graceful_shutdown").filter(|_| !is_hosted) {
            problems
                .error(
                    place,
                    format!("`graceful_shutdown` is for instances of a consumer, and `{name}` has its own"),
                )
                .help("`stops: [{ at: 10m, graceful: true }]` shuts one of its own down in order");
        }
        if is_hosted {
            for key in ["instances", "instance_type", "instance_price", "crashes", "stops"] {
                if let Some(place) = self.places.key(key) {
                    problems
                        .error(place, format!("`{key}` of `{name}` is that of the consumer it runs on"))
                        .why("a consumer has `receives_from: { stream_consumer: … }`");
                }
            }
        }
        let mut replays: Vec<(Time, IteratorStart)> =
            self.replays.iter().map(|replay| (Time::ZERO + span(replay.at), replay.from.start())).collect();
        replays.sort_by_key(|(at, _)| *at);
        Some(StreamConsumerSettings {
            name: name.to_owned(),
            stream: source.id,
            shards: source.shards,
            retrieval: match self.retrieval {
                RetrievalConfig::Polling => Retrieval::Polling {
                    idle_time: span(self.idle_time_between_reads),
                    max_records: self.max_records,
                },
                RetrievalConfig::EnhancedFanOut => Retrieval::FanOut,
            },
            start: self.starting_position.start(),
            is_hosted,
            forward,
            workers: if is_hosted { 0 } else { self.instances },
            processing_time: processing_time?,
            per_batch: self.processing == RecordProcessingConfig::PerBatch,
            processing_threads: self.processing_threads,
            checkpointing: match self.checkpoint {
                CheckpointConfig::EachBatch => Checkpointing::EachBatch,
                CheckpointConfig::Every(interval) => Checkpointing::Every(span(interval)),
            },
            failure_rate: self.failure_rate.as_f64(),
            on_failure: match self.on_failure {
                OnRecordFailureConfig::SkipBatch => OnFailure::SkipBatch,
                OnRecordFailureConfig::SkipRecord => OnFailure::SkipRecord,
                OnRecordFailureConfig::Retry => OnFailure::Retry(self.max_attempts),
            },
            failover_time: span(self.failover_time),
            library: self.client_library.library(),
            crashes: self.crashes.as_ref().map(|crashes| WorkerCrashes {
                mean_time_between: span(crashes.mean_time_between),
                restart_time: span(crashes.restart_time),
            }),
            stops: self
                .stops
                .iter()
                .map(|stop| Stop {
                    at: Time::ZERO + span(stop.at),
                    worker: stop.worker,
                    down_for: stop.down_for.map(span),
                    is_graceful: stop.graceful,
                })
                .collect(),
            replays,
            parents_first: self.child_shards == ChildShardsConfig::AfterParents,
            instance_price_per_hour: price?,
        })
    }
}
