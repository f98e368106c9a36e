//! Kinesis Data Streams: streams of records in shards, and the consumers that read them.
//!
//! # What it is
//!
//! A stream keeps records for a retention period. The MD5 of a record's partition key says which shard it goes to; a shard
//! keeps its records in the order in which they came. Consumers read each shard for themselves, as often as they want.
//!
//! # What is modelled
//!
//! Routing and explicit hash keys; the limits of a shard in records and bytes, partial failure of `PutRecords`; iterators,
//! `GetRecords` with its limits and penalties, enhanced fan-out with subscriptions; splits, merges, `UpdateShardCount`,
//! streams on demand, records that they distribute themselves; retention and expiry; consumers made with the Kinesis Client Library: leases, checkpoints, take-over
//! after a crash, stealing, prefetching, parents before children, replays.
//!
//! # What is not, yet
//!
//! Queues on a stream, channels, On-demand Advantage's prices.
//!
//! # Quotas
//!
//! [`KinesisQuotas`](crate::wire::KinesisQuotas), with the titles of their AWS pages.

mod bill;
mod calls;
mod change;
mod config;
mod consumer;
mod enhanced;
mod fan_out;
mod log;
mod metrics;
mod on_demand;
mod put;
mod read;
mod report;
mod routes;
mod scaling;
mod settings;
mod shard;
mod sizing;
mod stream;

pub use config::{
    CapacityModeConfig, ChangeConfig, RecordDistributionConfig, ScheduledChangeConfig, StreamConfig,
    StreamDefaults,
};
pub use consumer::{
    ConsumerMetrics as StreamConsumerMetrics, ConsumerTimer, SourceStream, StreamConsumer,
    StreamConsumerConfig, StreamConsumerSettings, StreamSource,
};
pub use enhanced::{ShardMetricConfig, ShardMetrics};
pub use metrics::StreamMetrics;
pub use scaling::StreamScalingConfig;
pub use settings::{CapacityMode, Change, KinesisPrices, ReaderSettings, RecordDistribution, StreamSettings};
pub use stream::DataStream;

use crate::engine::Time;
use crate::record::{Datapoint, Instrument, MetricDefinition, MetricSeries, Side, SummaryRow};
use crate::scaling::ScalingTimer;
use crate::wire::{
    Balance, Batches, Context, EntityId, IteratorStart, MessageId, Messages, Outbox, Publication, Service,
    Signal,
};

/// Why a stream wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A call to change it is made.
    Change(u32),
    /// Splits and merges are done.
    Reshard,
    /// A minute is over.
    Minute,
    /// A warm shard is split.
    Split(u32),
    /// The stream has been created.
    Created,
    /// Something may change the number of shards.
    Scaling(ScalingTimer),
    /// A subscriber's throughput may have recovered.
    Push {
        /// The consumer.
        reader: u32,
        /// The shard.
        shard: u32,
    },
}

impl Service for DataStream {
    type Timer = Timer;
    const KIND: &'static str = "stream";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.update_levels(cx.now);
        self.begin_scaling(cx);
        for (index, (at, _)) in self.settings.changes.iter().enumerate() {
            cx.outbox.wake(*at, Timer::Change(index as u32));
        }
        let becomes =
            |change: &(Time, Change)| matches!(change.1, Change::UpdateStreamMode(CapacityMode::OnDemand));
        if (self.exists && self.mode == CapacityMode::OnDemand) || self.settings.changes.iter().any(becomes) {
            self.begin_watch(cx);
        }
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::PutRecords { batch, single } => self.put(from, batch, single, cx),
            Signal::GetRecords { shard, epoch, limit } => self.get_records(from, shard, epoch, limit, cx),
            Signal::GetShardIterator { shard, epoch, start, value } => {
                self.get_shard_iterator(from, shard, epoch, IteratorStart::of(start, value), cx);
            }
            Signal::SubscribeToShard { shard, epoch, start, value } => {
                self.subscribe(from, shard, epoch, IteratorStart::of(start, value), cx);
            }
            Signal::EventTaken { shard, epoch } => self.event_taken(from, shard, epoch, cx),
            Signal::ReadUpTo { shard, position } => self.read_up_to(from, shard, position, cx),
            Signal::Request { request } => self.ask(from, request, cx),
            Signal::AlarmAction { policy, state, alarm } => self.hear_alarm(policy, state, alarm, cx),
            other => unreachable!("a stream is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            // What is refused stands in the journal.
            Timer::Change(index) => {
                let _ = self.change(self.settings.changes[index as usize].1, cx);
            }
            Timer::Created => self.finish_creation(cx),
            Timer::Scaling(timer) => self.scale(timer, cx),
            Timer::Reshard => self.reshard(cx),
            Timer::Minute => self.watch_shards(cx),
            Timer::Split(shard) => self.split_warm(shard, cx),
            Timer::Push { reader, shard } => self.push_again(reader, shard, cx),
        }
    }

    fn sample(&mut self, now: Time, messages: &mut Messages) {
        self.catch_up(now, messages);
        self.update_levels(now);
    }

    fn publish(&mut self, now: Time) -> Option<Publication> {
        self.take_shard_minute(now);
        Some(Publication::ALL)
    }

    fn part_datapoint(
        &self,
        part: u32,
        metric: &str,
        minute: Time,
    ) -> Option<(&'static MetricDefinition, Datapoint)> {
        self.shard_datapoint(part, metric, minute)
    }

    fn take_own_series(&mut self) -> Vec<MetricSeries> {
        self.take_shard_series()
    }

    fn catch_up(&mut self, now: Time, messages: &mut Messages) {
        for shard in 0..self.shards.len() as u32 {
            self.expire(shard, now, messages);
        }
    }

    fn end_warm_up(&mut self, now: Time) {
        self.charge(now);
        self.counts.bill.restart();
        self.counts.payload_units_at_warm_up = self.counts.payload_units;
        for shard in &mut self.shards {
            shard.at_warm_up = shard.traffic;
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&StreamMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        vec![
            (Side::In, "put", metrics.user_records.total()),
            (Side::Out, "read_by_all", self.counts.read_by_all),
            (Side::Out, "expired", metrics.records_expired.total()),
            (Side::Out, "kept", self.kept()),
            (Side::Memo, "copies", metrics.copies.total()),
            (Side::Memo, "expired_unread", metrics.records_expired_unread.total()),
            (Side::Memo, "throttled", metrics.write_throttled.total()),
            (Side::Memo, "refused", metrics.records_refused.total()),
        ]
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.shards.iter().flat_map(|shard| shard.log.messages()).for_each(mark);
    }

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        self.summarise_sizing(now, rows);
        self.summarise_cost(now, rows);
        self.summarise_shards(rows);
    }
}
