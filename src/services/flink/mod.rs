//! Amazon Managed Service for Apache Flink: applications that compute over streams.
//!
//! # What it is
//!
//! An application reads a data stream, sends records through a chain of operators, and gives what comes out to sinks. Its
//! operators keep state; checkpoints save it together with the places in the stream, so that a failure loses nothing.
//!
//! # What is modelled
//!
//! The source: polls each 200 ms or enhanced fan-out, resharding. Filters, maps, keys, tumbling, sliding and session windows
//! in event time and in processing time, allowed lateness, late data, watermarks with bounded out-of-orderness and idleness,
//! windows behind windows. Slots and KPUs: how long work takes, hot keys, back pressure, automatic scaling with its
//! downtime. Checkpoints, snapshots, failures, replays, results that reach sinks twice. Data streams, delivery streams and functions as sinks.
//! Metrics and price. SQL applications, as they were until January 2026.
//!
//! # What is not, yet
//!
//! Joins of streams, tables, other sources than data streams (and delivery streams in SQL); transactional sinks; memory as a limit; single
//! subtasks that fail; maintenance windows.
//!
//! # Quotas
//!
//! [`FlinkQuotas`](crate::wire::FlinkQuotas), with the titles of their AWS pages.

mod aggregate;
mod application;
mod checkpoint;
mod config;
mod life;
mod metrics;
mod operator;
mod operator_config;
mod processing;
mod reading;
mod report;
mod rows;
mod says;
mod scaling;
mod settings;
mod sink;
mod sink_config;
mod slots;
mod sql_config;
mod watermark;
mod window;

pub use application::Application;
pub use config::{
    ApplicationStopConfig, CheckpointsConfig, FailureConfig, FlinkApplicationConfig, FlinkDefaults,
    FlinkSource, FlinkSourceStream, FlinkSurroundings, OnPoisonConfig, UpdateConfig, WatermarksConfig,
};
pub use metrics::{FlinkMetrics, SqlMetrics};
pub use operator_config::{
    AggregateConfig, FilterConfig, KeyByConfig, MapConfig, OperatorConfig, SessionConfig, SlidingConfig,
    TimeConfig, TumblingConfig, WindowConfig,
};
pub use says::Questions;
pub use settings::{ApplicationSettings, FlinkAssumptions};
pub use sink_config::{SinkConfig, SinkEnd};
pub use sql_config::{SqlApplicationConfig, SqlAssumptions, SqlSource, SqlWindowConfig};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, SummaryRow};
use crate::wire::{
    Answer, Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Service, ShardRead, Signal,
};

/// Why an application wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The next `GetRecords` of a shard is due.
    Poll {
        /// The shard.
        shard: u32,
        /// In this life.
        life: u32,
    },
    /// A subscription is over.
    Subscribe {
        /// The shard.
        shard: u32,
        /// In this life.
        life: u32,
    },
    /// The source can take up the next slice of a shard.
    Slice {
        /// The shard.
        shard: u32,
        /// In this life.
        life: u32,
    },
    /// A slice of a shard is done.
    Applied {
        /// The shard.
        shard: u32,
        /// In this life.
        life: u32,
    },
    /// Watermarks are emitted.
    Watermark {
        /// In this life.
        life: u32,
    },
    /// A shard may have become idle.
    Idle {
        /// In this life.
        life: u32,
    },
    /// A window of processing time ends.
    Processing {
        /// In this life.
        life: u32,
    },
    /// A checkpoint begins.
    Checkpoint {
        /// In this life.
        life: u32,
    },
    /// Its barrier has reached the sinks.
    Cut {
        /// In this life.
        life: u32,
    },
    /// It is complete.
    Completed {
        /// In this life.
        life: u32,
    },
    /// Results have waited long enough.
    Sink {
        /// The sink.
        sink: u32,
    },
    /// A failure as planned.
    Failure(u32),
    /// A failure by chance.
    Crash,
    /// The job goes on.
    Resume {
        /// In this life.
        life: u32,
    },
    /// It is stopped.
    Stop(u32),
    /// It is started again.
    Start,
    /// It is updated.
    Update(u32),
    /// A minute is over.
    Minute,
}

impl Service for Application {
    type Timer = Timer;
    const KIND: &'static str = Self::KIND;

    fn kind(&self) -> &'static str {
        self.kind_of()
    }

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Records { shard, epoch, outcome, milliseconds_behind, shard_end } => {
                self.take_read(ShardRead { shard, epoch, outcome, milliseconds_behind, shard_end }, cx);
            }
            Signal::Response { request } => {
                if let Some(Answer::Shards(shards)) = cx.requests.close(request).answer {
                    self.take_shards(&shards, cx);
                }
            }
            Signal::Refused { batch, error } => self.take_refused(from, batch, error, cx),
            // A delivery stream hands on what it takes.
            Signal::Put { batch } => self.take_pushed(batch, cx),
            other => unreachable!("an application is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Poll { shard, life } => self.poll(shard, life, cx),
            Timer::Subscribe { shard, life } => self.subscribe_again(shard, life, cx),
            Timer::Slice { shard, life } => self.next_slice(shard, life, cx),
            Timer::Applied { shard, life } => self.apply(shard, life, cx),
            Timer::Watermark { life } => self.tick_watermark(life, false, cx),
            Timer::Idle { life } => self.tick_watermark(life, true, cx),
            Timer::Processing { life } => self.tick_processing(life, cx),
            Timer::Checkpoint { life } => self.checkpoint(life, cx),
            Timer::Cut { life } => self.cut(life, cx),
            Timer::Completed { life } => self.complete(life, cx),
            Timer::Sink { sink } => self.sink_due(sink, cx),
            Timer::Failure(_) => self.fail(cx),
            Timer::Crash => self.fail_by_chance(cx),
            Timer::Resume { life } => self.resume(life, cx),
            Timer::Stop(index) => self.stop(index, cx),
            Timer::Start => self.start_again(cx),
            Timer::Update(index) => self.update(index, cx),
            Timer::Minute => self.end_minute(cx),
        }
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        self.update_levels(now);
    }

    fn end_warm_up(&mut self, now: Time) {
        self.bill.end_warm_up(now);
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&FlinkMetrics::DEFINITIONS[position], instrument));
        if let Some(sql) = &mut self.sql_metrics {
            sql.visit(&mut |position, instrument| visitor(&SqlMetrics::DEFINITIONS[position], instrument));
        }
    }

    fn publishes(&self, metric: &MetricDefinition) -> bool {
        // CloudWatch knows other metrics of SQL applications, apart from their KPUs.
        self.sql_metrics.is_none()
            || metric.name == "kpus"
            || SqlMetrics::DEFINITIONS.iter().any(|own| own.name == metric.name)
    }

    fn balance(&self) -> Balance {
        self.books()
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.mark_held(batches, mark);
    }

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        self.summarise_cost(now, rows);
    }
}
