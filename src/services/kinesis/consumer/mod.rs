//! Applications that read a stream with the Kinesis Client Library ("Developing consumers with the KCL"): workers share the
//! shards of a stream by leases, and each shard is read and processed by one of them.
//!
//! The workers run on instances of their own, or on those of a consumer (`services/compute`): an instance in service asks
//! for work like that of a queue, and the application takes it as a worker until it hangs up.
//!
//! At time zero the leases are shared out evenly. Version 2 of the library lets each worker take leases by number, version 3 has
//! a leader that shares them out by load. A worker that loses a lease stops at once, unless it is handed over in order: that
//! two workers process the same shard for a moment is not modelled.

mod assignment;
mod config;
mod entity;
mod handoff;
mod lease;
mod load;
mod metrics;
mod processing;
mod reading;
mod settings;
mod threads;

pub use config::{SourceStream, StreamConsumerConfig, StreamSource};
pub use entity::StreamConsumer;
pub use metrics::ConsumerMetrics;
pub use settings::StreamConsumerSettings;

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{
    Answer, Balance, Batches, Context, EntityId, MessageId, Outbox, Service, ShardRead, Signal,
};

/// Why a consumer of a stream wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumerTimer {
    /// The next `GetRecords` is due.
    Poll {
        /// The shard.
        shard: u32,
        /// Its reader's life.
        epoch: u32,
    },
    /// A subscription is over.
    Subscribe {
        /// The shard.
        shard: u32,
        /// Its reader's life.
        epoch: u32,
    },
    /// Records have been processed.
    Processed {
        /// The shard.
        shard: u32,
        /// Its reader's life.
        epoch: u32,
    },
    /// A worker looks for leases.
    Scan {
        /// The worker.
        worker: u32,
        /// Its life.
        life: u32,
    },
    /// A worker crashes by chance.
    Crash {
        /// The worker.
        worker: u32,
        /// Its life.
        life: u32,
    },
    /// A worker crashes as planned.
    Stop(u32),
    /// A worker is back.
    Restart(u32),
    /// Everything is read again.
    Replay(u32),
    /// The leader looks at leases and workers; the number says whether it is still the one.
    Assign(u32),
    /// The owner of a lease learns that it is to go to another worker.
    HandOver {
        /// The shard.
        shard: u32,
        /// Its reader's life.
        epoch: u32,
        /// The worker.
        to: u32,
    },
    /// The time for handing a lease over is over.
    HandOffEnds {
        /// The shard.
        shard: u32,
        /// Its reader's life.
        epoch: u32,
    },
    /// The new owner of a lease finds that it has it.
    Begin {
        /// The shard.
        shard: u32,
        /// Its reader's life.
        epoch: u32,
    },
}

impl Service for StreamConsumer {
    type Timer = ConsumerTimer;
    const KIND: &'static str = "stream_consumer";

    fn start<O: Outbox<ConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<ConsumerTimer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Records { shard, epoch, outcome, milliseconds_behind, shard_end } => {
                self.take_read(ShardRead { shard, epoch, outcome, milliseconds_behind, shard_end }, cx);
            }
            Signal::Response { request } => {
                if let Some(Answer::Shards(shards)) = cx.requests.close(request).answer {
                    self.take_shards(&shards, cx);
                }
            }
            Signal::Poll { poller, .. } => self.host(poller, cx),
            Signal::HangUp { poller } => self.lose_host(poller, cx),
            Signal::ShutDown { poller } => self.shut_down(poller.0 as u32, Some((from, poller)), None, cx),
            Signal::Refused { batch, .. } => self.metrics.messages_rejected.add(cx.reject(batch)),
            other => unreachable!("a consumer of a stream is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<ConsumerTimer>>(&mut self, timer: ConsumerTimer, cx: &mut Context<'_, O>) {
        match timer {
            ConsumerTimer::Poll { shard, epoch } => self.poll(shard, epoch, cx),
            ConsumerTimer::Subscribe { shard, epoch } => self.subscribe_again(shard, epoch, cx),
            ConsumerTimer::Processed { shard, epoch } => self.end_slice(shard, epoch, cx),
            ConsumerTimer::Scan { worker, life } => self.scan(worker, life, cx),
            ConsumerTimer::Crash { worker, life } => self.crash_by_chance(worker, life, cx),
            ConsumerTimer::Stop(index) => {
                let stop = self.settings.stops[index as usize];
                if stop.is_graceful {
                    self.shut_down(stop.worker, None, stop.down_for, cx);
                } else {
                    self.crash(stop.worker, stop.down_for, cx);
                }
            }
            ConsumerTimer::Restart(worker) => self.restart(worker, cx),
            ConsumerTimer::Replay(index) => self.replay(index, cx),
            ConsumerTimer::Assign(epoch) => self.assign(epoch, cx),
            ConsumerTimer::HandOver { shard, epoch, to } => self.hand_over((shard, epoch), to, cx),
            ConsumerTimer::HandOffEnds { shard, epoch } => self.force_handoff(shard, epoch, cx),
            ConsumerTimer::Begin { shard, epoch } => self.discover(shard, epoch, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&ConsumerMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        let held = |lease: &lease::Lease| lease.waiting_records + lease.in_hand;
        vec![
            (Side::In, "received", self.received),
            (Side::Out, "processed", metrics.messages_processed.total()),
            (Side::Out, "processed_again", metrics.duplicates.total()),
            (Side::Out, "failed", metrics.failures.total()),
            (Side::Out, "abandoned", metrics.messages_abandoned.total()),
            (Side::Out, "in_hand", self.leases.iter().map(held).sum()),
            (Side::Memo, "missed", metrics.records_missed.total()),
            (Side::Memo, "forwarded", metrics.messages_forwarded.total()),
            (Side::Memo, "rejected", metrics.messages_rejected.total()),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for lease in &self.leases {
            for waiting in &lease.waiting {
                batches.entries(waiting.batch).iter().for_each(|entry| mark(entry.message));
            }
            if let Some(processing) = lease.processing {
                let held = &batches.entries(processing.batch)[processing.held_from()..];
                for entry in held {
                    mark(entry.message);
                }
            }
        }
    }

    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let hours = self.metrics.workers.area_seconds(now) / 3_600.0;
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
        // Instances that it is a guest of are counted there.
        if !self.settings.is_hosted {
            row("instance_hours", "sum", hours, Unit::Hours);
            row("estimated_cost", "sum", hours * self.settings.instance_price_per_hour, Unit::Dollars);
        }
    }
}
