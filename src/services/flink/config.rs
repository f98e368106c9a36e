//! An application in a scenario.

use super::operator::{Operator, OperatorKind};
use super::operator_config::{OperatorConfig, milliseconds};
use super::says::Questions;
use super::settings::{
    ApplicationSettings, Billing, CheckpointSettings, FlinkAssumptions, OnPoison, Runtime, SourceSettings,
    StopSettings, UpdateSettings,
};
use super::sink_config::{SinkConfig, SinkEnd};
use crate::engine::Time;
use crate::language::{Duration, Problems, Reference, choice, keyword, section};
use crate::wire::{EntityId, FlinkPrices, FlinkQuotas, RetrievalConfig, StartingPositionConfig, Texts, span};
use std::sync::Arc;

section! {
    /// An application of Amazon Managed Service for Apache Flink: it reads a stream, sends what it makes of it on, and keeps
    /// its state through failures.
    pub struct FlinkApplicationConfig {
        /// Where records come from.
        pub reads_from: FlinkSource;
        /// How they are read.
        pub retrieval: RetrievalConfig = RetrievalConfig::Polling;
        /// From one `GetRecords` call of a shard to the next, when polling (`SHARD_GETRECORDS_INTERVAL_MILLIS`).
        pub get_records_interval: Duration = Duration::from_milliseconds(200), at_least (Duration::from_milliseconds(1));
        /// Most records of a call, when polling (`SHARD_GETRECORDS_MAX`).
        pub get_records_max: u32 = 10_000, within (1, 10_000);
        /// Where it begins without a checkpoint (`STREAM_INITIAL_POSITION`).
        pub starting_position: StartingPositionConfig = StartingPositionConfig::Latest;
        /// How it learns how far event time has come.
        pub watermarks: Option<WatermarksConfig>;
        /// What it does with records, one after another.
        pub operators: Vec<OperatorConfig> = Vec::new();
        /// Where results go. Sinks get them at least once.
        pub sinks: Vec<SinkConfig> = Vec::new();
        /// Where records go that are too late for their windows (a side output); by default they are dropped.
        pub late_data: Option<SinkConfig>;
        /// Slots (`Parallelism`).
        pub parallelism: u32 = 1, at_least (1);
        /// Slots of a KPU (`ParallelismPerKPU`). They share its processor.
        pub parallelism_per_kpu: u32 = 1, within (1, 8);
        /// Whether AWS changes the parallelism with the load (`AutoScalingEnabled`).
        pub auto_scaling: bool = true;
        /// The most slots that keyed state can be shared out to (Flink's `maxParallelism`).
        pub maximum_parallelism: u32 = 128, within (1, 32_768);
        /// Share of its time in which an operator uses the processor; the rest it waits, and other slots of the KPU run.
        pub cpu_share: f64 = 1.0, within (0.001, 1.0);
        /// What becomes of a record whose processing always fails (`poison_rate` of a producer).
        pub on_poison_record: OnPoisonConfig = OnPoisonConfig::FailJob;
        /// Checkpoints.
        pub checkpoints: Option<CheckpointsConfig>;
        /// Whether state is kept when it is stopped, updated or scaled (`SnapshotsEnabled`).
        pub snapshots: bool = true;
        /// Failures of the job at given times.
        pub failures: Vec<FailureConfig> = Vec::new();
        /// Failures by chance: the mean time between two (exponential).
        pub mean_time_between_failures: Option<Duration>, above (Duration::ZERO);
        /// When it is stopped (`StopApplication`).
        pub stops: Vec<ApplicationStopConfig> = Vec::new();
        /// When it is updated (`UpdateApplication`): it goes on from a snapshot.
        pub updates: Vec<UpdateConfig> = Vec::new();
        /// Most results of windows that are written to `window_results.csv`.
        pub table_rows: u32 = 100_000;
    }
    check FlinkApplicationConfig::check;
}

choice! {
    /// Where records come from.
    pub enum FlinkSource {
        /// A data stream.
        Stream(Reference) = "stream",
    }
}

keyword! {
    /// What becomes of a record whose processing always fails.
    pub enum OnPoisonConfig {
        /// Its exception fails the job, which restarts from its last checkpoint, and fails again.
        FailJob = "fail_job",
        /// The code catches the exception and drops the record.
        Drop = "drop",
    }
}

section! {
    /// Watermarks.
    pub struct WatermarksConfig {
        /// How much later than a newer record another may come (`forBoundedOutOfOrderness`).
        pub bounded_out_of_orderness: Duration = Duration::ZERO;
        /// After so long without records a shard does not hold the others back (`withIdleness`); by default it does for ever.
        pub idleness: Option<Duration>, at_least (Duration::from_milliseconds(1));
        /// How often watermarks are emitted (`setAutoWatermarkInterval`).
        pub interval: Duration = Duration::from_milliseconds(200), at_least (Duration::from_milliseconds(1));
    }
}

section! {
    /// Checkpoints of the state.
    pub struct CheckpointsConfig {
        /// Whether there are any (`CheckpointingEnabled`). Without them a failure loses the state.
        pub enabled: bool = true;
        /// From the start of one to that of the next (`CheckpointInterval`).
        pub interval: Duration = Duration::from_seconds(60), at_least (Duration::from_milliseconds(1));
        /// From the end of one to the start of the next at least (`MinPauseBetweenCheckpoints`).
        pub minimum_pause: Duration = Duration::from_seconds(5);
        /// After so long one has failed.
        pub timeout: Duration = Duration::from_minutes(60), above (Duration::ZERO);
    }
}

section! {
    /// A failure of the job.
    pub struct FailureConfig {
        /// When, counted from the start.
        pub at: Duration;
    }
}

section! {
    /// A stop of the application.
    pub struct ApplicationStopConfig {
        /// When, counted from the start.
        pub at: Duration;
        /// When it is started again, counted from then; by default never.
        pub down_for: Option<Duration>;
        /// Whether it is stopped without a snapshot (`Force`).
        pub force: bool = false;
    }
}

section! {
    /// An update of the application.
    pub struct UpdateConfig {
        /// When, counted from the start.
        pub at: Duration;
        /// Its `Parallelism` from then on; by default as before.
        pub parallelism: Option<u32>, at_least (1);
    }
}

/// The stream of an application, looked up.
#[derive(Debug, Clone, Copy)]
pub struct FlinkSourceStream {
    /// The stream.
    pub id: EntityId,
    /// Its shards at the beginning.
    pub shards: u32,
}

/// What an application needs to know of the rest of the scenario.
#[derive(Debug)]
pub struct FlinkSurroundings<'a> {
    /// Its stream.
    pub source: FlinkSourceStream,
    /// Its sinks, looked up; that of late records last.
    pub ends: Vec<SinkEnd>,
    /// The texts of the scenario.
    pub texts: &'a mut Texts,
}

/// What all applications have in common.
#[derive(Debug, Clone)]
pub struct FlinkDefaults {
    /// Limits.
    pub quotas: FlinkQuotas,
    /// Prices.
    pub prices: FlinkPrices,
    /// What AWS does not publish.
    pub assumptions: FlinkAssumptions,
    /// How long a slot needs for a record in an operator that does not say.
    pub operator_time: crate::engine::Span,
    /// The simulated wall clock at time zero, milliseconds since 1970.
    pub start_unix_millis: i64,
}

impl FlinkApplicationConfig {
    fn check(&self, problems: &mut Problems) {
        for key in ["get_records_interval", "get_records_max"] {
            if self.retrieval == RetrievalConfig::EnhancedFanOut
                && let Some(place) = self.places.key(key)
            {
                problems.error(place, format!("`{key}` is for `retrieval: polling`; here the stream pushes"));
            }
        }
        let has_windows = self.operators.iter().any(|one| matches!(one, OperatorConfig::Window(_)));
        if let (Some(late), false) = (&self.late_data, has_windows) {
            problems.error(late.place, "`late_data` comes from windows, and there is none");
        }
        self.check_bodies(problems);
        if self.parallelism > self.maximum_parallelism {
            problems.error(
                self.places.of("parallelism"),
                format!("more slots than `maximum_parallelism`, {}", self.maximum_parallelism),
            );
        }
    }

    /// Behind the first window there are results, which say a number and nothing else.
    fn check_bodies(&self, problems: &mut Problems) {
        let is_window = |one: &OperatorConfig| matches!(one, OperatorConfig::Window(_));
        let first = self.operators.iter().position(is_window).unwrap_or(self.operators.len());
        for place in self.operators.iter().skip(first + 1).filter_map(OperatorConfig::reads_body) {
            problems
                .error(place, "behind a window there are results, which have no JSON that could be read")
                .help("ask for it in front of the first window");
        }
    }

    /// Whether operators read what records say.
    pub fn reads_bodies(&self) -> bool {
        self.operators.iter().any(|one| one.reads_body().is_some())
    }

    /// Whether it has a throughput of its own.
    pub fn is_fan_out(&self) -> bool {
        self.retrieval == RetrievalConfig::EnhancedFanOut
    }

    /// All sinks: that of late records last.
    pub fn all_sinks(&self) -> impl Iterator<Item = &SinkConfig> {
        self.sinks.iter().chain(&self.late_data)
    }

    fn check_quota(&self, quotas: &FlinkQuotas, problems: &mut Problems) {
        let given = [(self.parallelism, self.places.of("parallelism"))].into_iter().chain(
            self.updates
                .iter()
                .filter_map(|update| Some((update.parallelism?, update.places.of("parallelism")))),
        );
        for (parallelism, place) in given {
            let kpus = parallelism.div_ceil(self.parallelism_per_kpu);
            if kpus > quotas.kpus {
                problems
                    .error(
                        place,
                        format!(
                            "{parallelism} slots need {kpus} KPUs, an application has {} at most",
                            quotas.kpus
                        ),
                    )
                    .why("Managed Service for Apache Flink and Studio notebook quota")
                    .help("give more slots to a KPU: `parallelism_per_kpu`");
            } else if parallelism > self.maximum_parallelism {
                problems.error(
                    place,
                    format!("more slots than `maximum_parallelism`, {}", self.maximum_parallelism),
                );
            }
        }
    }

    /// The application's settings.
    pub fn settings(
        &self,
        name: &str,
        around: FlinkSurroundings<'_>,
        defaults: &FlinkDefaults,
        problems: &mut Problems,
    ) -> ApplicationSettings {
        self.check_quota(&defaults.quotas, problems);
        let mut questions = Questions::default();
        let operators: Vec<Operator> = (self.operators.iter())
            .map(|one| one.build(defaults.operator_time, around.texts, &mut questions))
            .collect();
        let watermarks = self.watermarks.as_ref();
        let checkpoints = self.checkpoints.as_ref();
        let most = (defaults.quotas.kpus * self.parallelism_per_kpu).min(self.maximum_parallelism);
        ApplicationSettings {
            name: name.to_owned(),
            runtime: Runtime::Flink,
            source: SourceSettings {
                stream: around.source.id,
                shards: around.source.shards,
                is_pushed: false,
                fan_out: self.is_fan_out(),
                interval: span(self.get_records_interval),
                limit: self.get_records_max,
                start: self.starting_position.start(),
            },
            out_of_orderness: watermarks.map_or(0, |one| milliseconds(one.bounded_out_of_orderness)),
            idleness: watermarks.and_then(|one| one.idleness).map(milliseconds),
            watermark_interval: span(watermarks.map_or(Duration::from_milliseconds(200), |one| one.interval)),
            operators,
            sinks: self.all_sinks().zip(around.ends).map(|(sink, end)| sink.settings(end)).collect(),
            has_side_output: self.late_data.is_some(),
            parallelism: self.parallelism,
            parallelism_per_kpu: self.parallelism_per_kpu,
            auto_scaling: self.auto_scaling,
            maximum_parallelism: most,
            key_groups: self.maximum_parallelism,
            cpu_share: self.cpu_share,
            on_poison: match self.on_poison_record {
                OnPoisonConfig::FailJob => OnPoison::FailJob,
                OnPoisonConfig::Drop => OnPoison::Drop,
            },
            checkpoints: checkpoints.is_none_or(|one| one.enabled).then(|| CheckpointSettings {
                interval: span(checkpoints.map_or(Duration::from_seconds(60), |one| one.interval)),
                minimum_pause: span(checkpoints.map_or(Duration::from_seconds(5), |one| one.minimum_pause)),
                timeout: span(checkpoints.map_or(Duration::from_minutes(60), |one| one.timeout)),
            }),
            snapshots: self.snapshots,
            failures: self.failures.iter().map(|one| Time::ZERO + span(one.at)).collect(),
            mean_time_between_failures: self.mean_time_between_failures.map(span),
            stops: self
                .stops
                .iter()
                .map(|stop| StopSettings {
                    at: Time::ZERO + span(stop.at),
                    down_for: stop.down_for.map(span),
                    force: stop.force,
                })
                .collect(),
            updates: self
                .updates
                .iter()
                .map(|one| UpdateSettings { at: Time::ZERO + span(one.at), parallelism: one.parallelism })
                .collect(),
            table_rows: self.table_rows,
            assumptions: defaults.assumptions.clone(),
            prices: defaults.prices,
            billing: Billing {
                orchestration_kpus: defaults.quotas.orchestration_kpus,
                minimum: defaults.quotas.minimum_billed_time,
                hourly: defaults.quotas.billed_by_the_hour,
                storage: true,
            },
            start_unix_millis: defaults.start_unix_millis,
            texts: Arc::default(),
            questions,
            contents: Arc::default(),
            groups: Arc::default(),
        }
    }
}

/// Where the keyed part of a chain of operators begins: what is before runs with the source.
pub(super) fn front(operators: &[Operator]) -> usize {
    let begins = |operator: &Operator| {
        matches!(operator.kind, OperatorKind::KeyBy(_) | OperatorKind::Window(_) | OperatorKind::Rows { .. })
    };
    operators.iter().position(begins).unwrap_or(operators.len())
}
