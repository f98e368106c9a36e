//! An application: its slots, its state, and what it is doing now.

use super::checkpoint::{Saved, Taking};
use super::config::front;
use super::life::Status;
use super::metrics::{FlinkMetrics, SqlMetrics};
use super::operator::{Grouping, OperatorKind, Pipeline, TimeCharacteristic, Yield};
use super::reading::Lane;
use super::says::Reader;
use super::settings::{ApplicationSettings, Runtime};
use super::sink::Sink;
use super::slots::{Costs, Slots};
use super::watermark::Watermarks;
use super::window::Fired;
use crate::engine::{Span, Stream, Time};
use crate::wire::{GroupId, Purpose};
use std::collections::BTreeMap;

/// The application's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) poll_phase: Stream,
    pub(super) crash: Stream,
    pub(super) retry: Stream,
    pub(super) change: Stream,
    pub(super) send_latency: Stream,
}

/// Counts that the books need besides the metrics.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Records received.
    pub(super) received: u64,
    /// Records that are read and not processed yet.
    pub(super) in_hand: u64,
    /// Messages made for sinks.
    pub(super) made: u64,
    /// Of those: dropped by failures before they were sent.
    pub(super) lost: u64,
    /// Time that slots of earlier lives were busy.
    pub(super) busy: Span,
    /// Time that sources were held back.
    pub(super) held_back: Span,
}

/// Results given to sinks, by operator and window: how often.
pub(super) type Given = BTreeMap<(usize, GroupId, i64, i64, i64), u32>;

/// What is known of a result.
pub(super) fn given_key(place: usize, fired: &Fired) -> (usize, GroupId, i64, i64, i64) {
    (place, fired.key.group, fired.key.step, fired.start, fired.end)
}

fn kind(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::Flink => Application::KIND,
        Runtime::Sql => Application::SQL_KIND,
    }
}

/// An application.
#[derive(Debug)]
pub struct Application {
    pub(super) settings: ApplicationSettings,
    /// What a record costs.
    pub(super) costs: Costs,
    /// How many operators run with the source.
    pub(super) front: usize,
    /// What decides the slot that a record goes to.
    pub(super) grouping: Grouping,
    /// Reads what records say, where operators ask for it.
    pub(super) reader: Option<Reader>,
    pub(super) has_keyed_part: bool,
    pub(super) uses_event_time: bool,
    pub(super) parallelism: u32,
    pub(super) status: Status,
    /// Counts the stretches in which it runs and does not: timers and answers of before are void.
    pub(super) life: u32,
    pub(super) salt: u64,
    pub(super) pipeline: Pipeline,
    pub(super) marks: Watermarks,
    pub(super) slots: Slots,
    /// By shard.
    pub(super) lanes: Vec<Lane>,
    pub(super) sinks: Vec<Sink>,
    /// The last completed checkpoint or snapshot.
    pub(super) saved: Option<Box<Saved>>,
    pub(super) taking: Option<Taking>,
    /// Counts the points at which state was saved.
    pub(super) cuts: u32,
    /// Results given since the last completed save, since the one under way, and before a failure.
    pub(super) given_since_saved: Given,
    pub(super) given_since_cut: Given,
    pub(super) given_before: Given,
    pub(super) watermark_armed: bool,
    pub(super) idle_armed: bool,
    pub(super) processing_armed: Option<i64>,
    /// What the pipeline gave last: emptied each time.
    pub(super) out: Yield,
    pub(super) table_rows_left: u32,
    pub(super) minutes: super::scaling::Minutes,
    pub(super) bill: super::report::Bill,
    pub(super) counts: Counts,
    pub(super) chance: Chance,
    pub(super) metrics: FlinkMetrics,
    pub(super) sql_metrics: Option<SqlMetrics>,
}

impl Application {
    /// The kind that reports, ledgers and random streams know.
    pub(super) const KIND: &'static str = "flink_application";
    /// The same of a SQL application.
    pub const SQL_KIND: &'static str = "sql_application";

    pub(super) fn kind_of(&self) -> &'static str {
        kind(self.settings.runtime)
    }

    /// An application that has read nothing yet.
    pub fn new(settings: ApplicationSettings, seed: u64, replication: u32) -> Self {
        let stream =
            |purpose: Purpose| purpose.stream(seed, replication, kind(settings.runtime), &settings.name);
        let front = front(&settings.operators);
        let times =
            |part: &[super::operator::Operator]| part.iter().map(|operator| operator.time).sum::<Span>();
        // Slots of a KPU share its processor.
        let crowding = (f64::from(settings.parallelism_per_kpu) * settings.cpu_share).max(1.0);
        let stretch = |time: Span| Span::from_nanos((time.as_nanos() as f64 * crowding + 0.5) as u64);
        let costs = Costs {
            front: stretch(settings.assumptions.source_time + times(&settings.operators[..front])),
            keyed: stretch(times(&settings.operators[front..])),
        };
        let salt = stream(Purpose::Filtering).next_u64();
        let pipeline = Pipeline::new(settings.operators.clone(), salt);
        let grouping = match settings.operators.get(front).map(|operator| &operator.kind) {
            Some(OperatorKind::KeyBy(grouping)) => *grouping,
            _ => Grouping::Nothing,
        };
        Self {
            costs,
            front,
            grouping,
            reader: settings.questions.reader(&settings.contents, &settings.groups),
            has_keyed_part: front < settings.operators.len(),
            uses_event_time: pipeline.uses(TimeCharacteristic::Event),
            parallelism: settings.parallelism,
            status: Status::Running { since: Time::ZERO },
            life: 0,
            salt,
            pipeline,
            marks: Watermarks::new(settings.out_of_orderness, settings.idleness, settings.parallelism),
            slots: Slots::new(settings.parallelism, settings.key_groups, Time::ZERO),
            lanes: Vec::new(),
            sinks: settings.sinks.iter().map(|_| Sink::new()).collect(),
            saved: None,
            taking: None,
            cuts: 0,
            given_since_saved: Given::new(),
            given_since_cut: Given::new(),
            given_before: Given::new(),
            watermark_armed: false,
            idle_armed: false,
            processing_armed: None,
            out: Yield::default(),
            table_rows_left: settings.table_rows,
            minutes: super::scaling::Minutes::default(),
            bill: super::report::Bill::default(),
            counts: Counts::default(),
            chance: Chance {
                poll_phase: stream(Purpose::PollPhase),
                crash: stream(Purpose::Crash),
                retry: stream(Purpose::Retry),
                change: stream(Purpose::Change),
                send_latency: stream(Purpose::SendLatency),
            },
            metrics: FlinkMetrics::default(),
            sql_metrics: (settings.runtime == Runtime::Sql).then(SqlMetrics::default),
            settings,
        }
    }

    /// An instant of the run in milliseconds since 1970.
    pub(super) fn wall(&self, now: Time) -> i64 {
        self.settings.start_unix_millis + (now.as_nanos() / 1_000_000) as i64
    }

    /// The first instant of the run at or after a millisecond since 1970; `None` before its start.
    pub(super) fn instant(&self, wall: i64) -> Option<Time> {
        let millis = u64::try_from(wall.checked_sub(self.settings.start_unix_millis)?).ok()?;
        Some(Time::from_nanos(millis.checked_mul(1_000_000)?))
    }

    pub(super) fn runs(&self) -> bool {
        matches!(self.status, Status::Running { .. })
    }
}
