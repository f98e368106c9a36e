//! Metrics of single shards, for streams that ask for them ("`EnableEnhancedMonitoring`").

use super::shard::{Shard, Traffic};
use super::stream::DataStream;
use crate::engine::{Span, Time};
use crate::language::keyword;
use crate::record::{Datapoint, MetricDefinition, MetricSeries};
use crate::wire::ShardId;

crate::metrics! {
    /// The metrics of one shard, with `enhanced_monitoring` ("Monitor the Amazon Kinesis Data Streams service with Amazon CloudWatch", enhanced shard-level metrics).
    pub struct ShardMetrics in "AWS/Kinesis", by "ShardId" {
        /// Bytes taken, partition keys included.
        pub incoming_bytes: Counter [Bytes] as "IncomingBytes",
        /// Records taken.
        pub incoming_records: Counter [Count] as "IncomingRecords",
        /// Age of the last record that a `GetRecords` call returned.
        pub iterator_age: Distribution [Milliseconds] as "IteratorAgeMilliseconds",
        /// Bytes given, to polls and subscribers.
        pub outgoing_bytes: Counter [Bytes] as "OutgoingBytes",
        /// Records given, to polls and subscribers.
        pub outgoing_records: Counter [Count] as "OutgoingRecords",
        /// `GetRecords` calls refused because the shard was at its limit.
        pub read_throttled: Counter [Count] as "ReadProvisionedThroughputExceeded",
        /// Records not taken because the shard was at its limit.
        pub write_throttled: Counter [Count] as "WriteProvisionedThroughputExceeded",
    }
}

keyword! {
    /// A metric of single shards (`ShardLevelMetrics`).
    pub enum ShardMetricConfig {
        /// All of them.
        All = "ALL",
        /// Bytes taken.
        IncomingBytes = "IncomingBytes",
        /// Records taken.
        IncomingRecords = "IncomingRecords",
        /// Age of the last record that a call returned.
        IteratorAge = "IteratorAgeMilliseconds",
        /// Bytes given.
        OutgoingBytes = "OutgoingBytes",
        /// Records given.
        OutgoingRecords = "OutgoingRecords",
        /// Calls refused.
        ReadThrottled = "ReadProvisionedThroughputExceeded",
        /// Records refused.
        WriteThrottled = "WriteProvisionedThroughputExceeded",
    }
}

/// The declarations that a scenario asks for.
pub(super) fn chosen(asked: &[ShardMetricConfig]) -> Vec<&'static MetricDefinition> {
    let is_asked = |definition: &&MetricDefinition| {
        asked
            .iter()
            .any(|one| *one == ShardMetricConfig::All || Some(one.as_str()) == definition.cloudwatch_name)
    };
    ShardMetrics::DEFINITIONS.iter().filter(is_asked).collect()
}

/// The ages of records that calls to one shard returned in a minute, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ages {
    count: u64,
    sum: u64,
    minimum: u64,
    maximum: u64,
}

impl Ages {
    #[inline]
    pub(super) fn note(&mut self, age: Span) {
        let age = age.as_nanos();
        self.minimum = if self.count == 0 { age } else { self.minimum.min(age) };
        self.maximum = self.maximum.max(age);
        self.sum = self.sum.saturating_add(age);
        self.count += 1;
    }
}

/// What CloudWatch has of one shard.
#[derive(Debug, Default)]
pub(super) struct ShardSeries {
    before: Traffic,
    /// By metric that is asked for.
    datapoints: Vec<Vec<Datapoint>>,
}

impl DataStream {
    /// A minute ends: each shard with something to tell gets its datapoints.
    pub(super) fn take_shard_minute(&mut self, now: Time) {
        if self.settings.shard_metrics.is_empty() {
            return;
        }
        let metrics = &self.settings.shard_metrics;
        self.shard_series.resize_with(self.shards.len(), ShardSeries::default);
        for (shard, series) in self.shards.iter_mut().zip(&mut self.shard_series) {
            series.datapoints.resize_with(metrics.len(), Vec::new);
            for (definition, datapoints) in metrics.iter().zip(&mut series.datapoints) {
                datapoints.extend(datapoint(definition, shard, &series.before, now));
            }
            series.before = shard.traffic;
            shard.ages = Ages::default();
        }
    }

    /// The datapoint of a shard for the minute that begins then.
    pub(super) fn shard_datapoint(
        &self,
        shard: u32,
        metric: &str,
        minute: Time,
    ) -> Option<(&'static MetricDefinition, Datapoint)> {
        let metrics = &self.settings.shard_metrics;
        let position = metrics.iter().position(|definition| definition.name == metric)?;
        let datapoints = self.shard_series.get(shard as usize)?.datapoints.get(position)?;
        let last = datapoints.last().filter(|datapoint| datapoint.time == minute)?;
        Some((metrics[position], *last))
    }

    /// Everything that CloudWatch has of the shards.
    pub(super) fn take_shard_series(&mut self) -> Vec<MetricSeries> {
        let mut all = Vec::new();
        for (series, index) in std::mem::take(&mut self.shard_series).into_iter().zip(0..) {
            for (definition, datapoints) in self.settings.shard_metrics.iter().zip(series.datapoints) {
                let name = format!("{}/{}", self.settings.name, ShardId(index));
                all.push(MetricSeries { definition, kind: "shard", name, datapoints });
            }
        }
        all
    }
}

/// What a minute has of one metric; nothing where nothing happened.
fn datapoint(definition: &MetricDefinition, shard: &Shard, before: &Traffic, now: Time) -> Option<Datapoint> {
    let (period, traffic) = (Span::from_minutes(1), &shard.traffic);
    let time = Time::ZERO + now.since_start().saturating_sub(period);
    let one = |sum: u64| {
        let value = sum as f64;
        Datapoint { time, period, sample_count: 1.0, sum: value, minimum: value, maximum: value }
    };
    if definition.cloudwatch_name == Some(ShardMetricConfig::IteratorAge.as_str()) {
        let (ages, parts) = (shard.ages, definition.unit.parts());
        return (ages.count > 0).then(|| Datapoint {
            sample_count: ages.count as f64,
            sum: ages.sum as f64 / parts,
            minimum: ages.minimum as f64 / parts,
            maximum: ages.maximum as f64 / parts,
            ..one(0)
        });
    }
    let sum = match definition.name {
        "incoming_bytes" => traffic.incoming_bytes - before.incoming_bytes,
        "incoming_records" => traffic.incoming_records - before.incoming_records,
        "outgoing_bytes" => traffic.outgoing_bytes - before.outgoing_bytes,
        "outgoing_records" => traffic.outgoing_records - before.outgoing_records,
        "read_throttled" => traffic.read_throttled - before.read_throttled,
        _ => traffic.write_throttled - before.write_throttled,
    };
    (sum > 0).then(|| one(sum))
}
