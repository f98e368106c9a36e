//! Consumers: workers on EC2 instances, in an Auto Scaling group or in a fleet of fixed size.
//!
//! # What it is
//!
//! Each thread of each instance receives, processes and deletes in a loop. The group launches and terminates
//! instances as its policies want.
//!
//! # What is modelled
//!
//! Batches, processing for each message or for the whole batch, slow outliers, failures, poison, crashes,
//! heartbeats that extend the visibility timeout, deletes one by one or together, results sent on to another queue;
//! launch times, graceful and abrupt termination, cooldown, warm-up; simple, step and target tracking policies.
//!
//! # What is not, yet
//!
//! Life-cycle hooks, warm pools, health checks, Spot instances, Availability Zones, scheduled and predictive scaling,
//! ECS services.

mod config;
mod fleet;
mod group;
mod group_config;
mod metrics;
mod policies;
mod settings;
mod worker;

pub use config::{ConsumerConfig, ConsumerSource, SourceQueue};
pub use fleet::Fleet;
pub use group_config::AutoScalingGroupConfig;
pub use metrics::{ConsumerMetrics, GroupMetrics};
pub use settings::{
    ConsumerSettings, Crashes, DeleteMode, FailureMode, Forward, GroupSettings, Heartbeat, ProcessingMode,
    Termination, TerminationPolicy,
};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Outbox, Service, Signal};

/// Why a consumer wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A worker's processing has come to its end.
    Processed {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// The calls a worker made after processing have ended.
    Called {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// A worker has paused long enough.
    Paused {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// A worker's heartbeat is due.
    Heartbeat {
        /// The worker.
        worker: u32,
        /// The heartbeat.
        beat: u32,
    },
    /// An instance has been launched.
    Launched {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// The process of an instance crashes.
    Crash {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// The process of an instance is up again.
    Restarted {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// A draining instance has had its time.
    DrainEnded {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// An instance is gone.
    Terminated {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
}

impl Service for Fleet {
    type Timer = Timer;
    const KIND: &'static str = "consumer";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Delivery { poller, outcome } => self.take_delivery(poller, outcome, cx),
            Signal::AlarmAction { policy, state, value } => self.invoke_policy(policy, state, value, cx),
            Signal::DeleteThrottled { batch } => self.delete_again(batch, cx),
            Signal::Refused { batch, .. } => self.metrics.messages_rejected.add(cx.reject(batch)),
            other => unreachable!("a consumer is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Processed { worker, epoch } => self.end_processing(worker, epoch, cx),
            Timer::Called { worker, epoch } => self.end_calls(worker, epoch, cx),
            Timer::Paused { worker, epoch } => self.end_pause(worker, epoch, cx),
            Timer::Heartbeat { worker, beat } => self.beat(worker, beat, cx),
            Timer::Launched { instance, epoch } => self.end_launch(instance, epoch, cx),
            Timer::Crash { instance, epoch } => self.crash(instance, epoch, cx),
            Timer::Restarted { instance, epoch } => self.restart(instance, epoch, cx),
            Timer::DrainEnded { instance, epoch } => self.end_drain(instance, epoch, cx),
            Timer::Terminated { instance, epoch } => self.end_termination(instance, epoch, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&ConsumerMetrics::DEFINITIONS[position], instrument));
        self.group_metrics
            .visit(&mut |position, instrument| visitor(&GroupMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        vec![
            (Side::In, "received", self.received),
            (Side::Out, "processed", metrics.messages_processed.total()),
            (Side::Out, "processed_again", metrics.duplicates.total()),
            (Side::Out, "failed", metrics.failures.total()),
            (Side::Out, "abandoned", metrics.messages_abandoned.total()),
            (Side::Out, "in_hand", self.unfinished()),
            (Side::Memo, "forwarded", metrics.messages_forwarded.total()),
            (Side::Memo, "rejected", metrics.messages_rejected.total()),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for worker in &self.workers {
            if let Some(batch) = worker.batch {
                batches.entries(batch)[worker.held_from()..].iter().for_each(|entry| mark(entry.message));
            }
        }
    }

    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let hours = self.group_metrics.instances_total.area_seconds(now) / 3_600.0;
        let threads = self.metrics.threads.area_seconds(now);
        let busy = self.metrics.busy_threads.area_seconds(now);
        let processed = self.metrics.messages_processed.since_warm_up() as f64;
        let mut row = |metric: &str, statistic, value, unit| {
            rows.push(SummaryRow {
                kind: Self::KIND,
                name: self.settings.name.clone(),
                metric: metric.to_owned(),
                statistic,
                value,
                unit,
            });
        };
        row("throughput", "mean", if seconds > 0.0 { processed / seconds } else { 0.0 }, Unit::PerSecond);
        row("utilization", "mean", if threads > 0.0 { busy / threads } else { 0.0 }, Unit::Ratio);
        row("instance_hours", "sum", hours, Unit::Hours);
        row("estimated_cost", "sum", hours * self.settings.instance_price_per_hour, Unit::Dollars);
    }
}
