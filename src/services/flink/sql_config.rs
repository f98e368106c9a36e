//! An application of the discontinued SQL kind in a scenario ("Amazon Kinesis Data Analytics for SQL Applications").

use super::config::{FlinkDefaults, FlinkSurroundings};
use super::operator::{Operator, OperatorKind, TimeCharacteristic, WindowOperator};
use super::operator_config::{AggregateConfig, FilterConfig, KeyByConfig, OperatorConfig, milliseconds};
use super::says::Questions;
use super::settings::{ApplicationSettings, Billing, CheckpointSettings, OnPoison, Runtime, SourceSettings};
use super::sink_config::SinkConfig;
use super::window::Assigner;
use crate::engine::{Span, Time};
use crate::language::{Bytes, Duration, Located, Problems, Reference, choice, section};
use crate::wire::{StartingPositionConfig, span};
use std::sync::Arc;

section! {
    /// An application of Kinesis Data Analytics for SQL, as there were until January 2026: only with `quotas: 2022`.
    pub struct SqlApplicationConfig {
        /// Where rows come from.
        pub reads_from: SqlSource;
        /// Where it begins (`InputStartingPosition`): `latest` is `NOW`.
        pub starting_position: StartingPositionConfig = StartingPositionConfig::Latest;
        /// In-application streams that rows are read into (`InputParallelism`).
        pub input_parallelism: u32 = 1, within (1, 64);
        /// Which rows the query looks at (`WHERE`).
        pub filter: Option<FilterConfig>;
        /// What rows are grouped by besides time.
        pub group_by: KeyByConfig = KeyByConfig::PartitionKey;
        /// The window of the query; without one each row gives a row.
        pub window: Option<SqlWindowConfig>;
        /// Where the rows of the result go, at least once.
        pub sinks: Vec<SinkConfig> = Vec::new();
        /// Where the error stream goes: rows that do not fit the schema (`poison_rate` of a producer), or are larger than 512 KB.
        pub error_stream: Option<SinkConfig>;
        /// Failures at given times: it goes on from where its slowest destination was.
        pub failures: Vec<super::config::FailureConfig> = Vec::new();
        /// How long a row takes in its in-application stream; by default as `assumptions` say.
        pub row_time: Option<Duration>;
        /// Most results of windows that are written to `window_results.csv`.
        pub table_rows: u32 = 100_000;
    }
    check SqlApplicationConfig::check;
}

choice! {
    /// Where rows come from.
    pub enum SqlSource {
        /// A data stream.
        Stream(Reference) = "stream",
        /// A delivery stream of Firehose: the records that it takes.
        DeliveryStream(Reference) = "delivery_stream",
    }
}

section! {
    /// A window of `ROWTIME`, the time at which a row enters the application. Exactly one of `tumbling`, `sliding` and `stagger`
    /// is given.
    pub struct SqlWindowConfig {
        /// Windows one after another (`GROUP BY … STEP(ROWTIME BY INTERVAL …)`): how long each is.
        pub tumbling: Option<Duration>, at_least (Duration::from_milliseconds(1));
        /// The rows of the last while, looked at whenever a row comes (`RANGE INTERVAL … PRECEDING`).
        pub sliding: Option<Duration>, within (Duration::from_milliseconds(1), Duration::from_minutes(60));
        /// Windows that open with the first row of their group (`WINDOWED BY STAGGER`): how long each is.
        pub stagger: Option<Duration>, at_least (Duration::from_milliseconds(1));
        /// Group by steps of event time too (`STEP(event_time BY INTERVAL …)`); not with `sliding`.
        pub event_time_step: Option<Duration>, at_least (Duration::from_milliseconds(1));
        /// What a result says.
        pub aggregate: AggregateConfig = AggregateConfig::Count;
        /// The column whose number `aggregate` is about: a key of the JSON of rows. Rows without it are left out. By default the bytes of
        /// a row.
        pub value: Option<Located<String>>;
        /// Size of a row of the result.
        pub result_size: Bytes = Bytes::new(100), within (Bytes::new(1), Bytes::from_kib(512));
    }
    check SqlWindowConfig::check;
}

impl SqlWindowConfig {
    fn check(&self, problems: &mut Problems) {
        let given = [self.tumbling.is_some(), self.sliding.is_some(), self.stagger.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            problems.error(
                self.place,
                "a window is `tumbling`, `sliding` or `stagger`: give exactly one of them",
            );
        }
        if self.sliding.is_some() && self.event_time_step.is_some() {
            problems.error(
                self.places.of("event_time_step"),
                "a sliding window looks at rows one by one: `event_time_step` is for the others",
            );
        }
    }

    fn operator(&self, time: Span, questions: &mut Questions) -> Operator {
        let result_bytes = self.result_size.as_u64() as u32;
        let value = self.value.as_ref().map(|key| questions.key(&key.value));
        if let Some(range) = self.sliding {
            let (range, aggregate) = (milliseconds(range), self.aggregate);
            let kind = OperatorKind::Rows { range, aggregate, value, result_bytes };
            return Operator { kind, time };
        }
        let assigner = match (self.tumbling, self.stagger) {
            (None, Some(size)) => Assigner::Stagger { size: milliseconds(size) },
            (size, _) => {
                let size = size.map_or(1, milliseconds);
                Assigner::Sliding { size, slide: size, offset: 0 }
            }
        };
        let kind = OperatorKind::Window(WindowOperator {
            assigner,
            time: TimeCharacteristic::Processing,
            lateness: 0,
            aggregate: self.aggregate,
            value,
            result_bytes,
            event_step: self.event_time_step.map(milliseconds),
        });
        Operator { kind, time }
    }
}

/// What AWS does not publish of SQL applications.
#[derive(Debug, Clone, Copy)]
pub struct SqlAssumptions {
    /// How long a row takes in an in-application stream.
    pub time: Span,
    /// From one `GetRecords` call of a shard to the next.
    pub interval: Span,
}

impl SqlApplicationConfig {
    fn check(&self, problems: &mut Problems) {
        if let (SqlSource::DeliveryStream(stream), false) = (&self.reads_from, self.failures.is_empty()) {
            problems
                .error(
                    self.places.of("failures"),
                    format!("failures need a source that can be read again, and `{stream}` cannot"),
                )
                .help("read the records from a data stream");
        }
    }

    /// Whether anybody may have such an application; if not, it says what to do.
    pub fn check_profile(&self, exist: bool, problems: &mut Problems) {
        if exist {
            return;
        }
        problems
            .error(self.place, "there are no SQL applications any more")
            .why(
                "Amazon Kinesis Data Analytics for SQL Applications discontinuation: no new ones since October 15, 2025, all \
                 deleted from January 27, 2026",
            )
            .help("write it as one of `flink_applications`, or go back in time: `quotas: 2022`");
    }

    /// Whether the query reads what rows say.
    pub fn reads_bodies(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.pattern.is_some())
            || matches!(self.group_by, KeyByConfig::Body(_))
            || self.window.as_ref().is_some_and(|window| window.value.is_some())
    }

    /// All sinks: that of errors last.
    pub fn all_sinks(&self) -> impl Iterator<Item = &SinkConfig> {
        self.sinks.iter().chain(&self.error_stream)
    }

    /// The application's settings.
    pub fn settings(
        &self,
        name: &str,
        around: FlinkSurroundings<'_>,
        defaults: &FlinkDefaults,
        row: SqlAssumptions,
    ) -> ApplicationSettings {
        let (mut operators, mut questions) = (Vec::new(), Questions::default());
        if let Some(filter) = &self.filter {
            operators.push(OperatorConfig::Filter(filter.clone()).build(
                Span::ZERO,
                around.texts,
                &mut questions,
            ));
        }
        if let Some(window) = &self.window {
            let group_by = OperatorConfig::KeyBy(self.group_by.clone());
            operators.push(group_by.build(Span::ZERO, around.texts, &mut questions));
            operators.push(window.operator(Span::ZERO, &mut questions));
        }
        let mut assumptions = defaults.assumptions.clone();
        assumptions.source_time = self.row_time.map_or(row.time, span);
        let kpus = defaults.quotas.sql_kpus;
        ApplicationSettings {
            name: name.to_owned(),
            runtime: Runtime::Sql,
            source: SourceSettings {
                stream: around.source.id,
                shards: around.source.shards,
                is_pushed: matches!(self.reads_from, SqlSource::DeliveryStream(_)),
                fan_out: false,
                interval: row.interval,
                limit: 10_000,
                start: self.starting_position.start(),
            },
            out_of_orderness: 0,
            idleness: None,
            watermark_interval: Span::from_millis(200),
            operators,
            sinks: self.all_sinks().zip(around.ends).map(|(sink, end)| sink.settings(end)).collect(),
            has_side_output: self.error_stream.is_some(),
            parallelism: self.input_parallelism,
            // All in-application streams share what there is of KPUs.
            parallelism_per_kpu: self.input_parallelism.div_ceil(kpus),
            auto_scaling: false,
            maximum_parallelism: self.input_parallelism,
            key_groups: 128,
            cpu_share: 1.0,
            on_poison: OnPoison::ErrorStream,
            checkpoints: Some(CheckpointSettings {
                interval: Span::from_seconds(60),
                minimum_pause: Span::from_seconds(5),
                timeout: Span::from_minutes(60),
            }),
            snapshots: true,
            failures: self.failures.iter().map(|one| Time::ZERO + span(one.at)).collect(),
            mean_time_between_failures: None,
            stops: Vec::new(),
            updates: Vec::new(),
            table_rows: self.table_rows,
            assumptions,
            prices: defaults.prices,
            billing: Billing { orchestration_kpus: 0, minimum: Span::ZERO, hourly: false, storage: false },
            start_unix_millis: defaults.start_unix_millis,
            texts: Arc::default(),
            questions,
            contents: Arc::default(),
            groups: Arc::default(),
        }
    }
}
