//! What a stream is billed for: something else in each capacity mode, from the moment at which it is there ("Amazon Kinesis Data
//! Streams pricing").

use super::settings::{CapacityMode, KinesisPrices};
use super::stream::DataStream;
use crate::engine::{Span, Time};
use crate::wire::StreamStatus;

const GIBIBYTE: f64 = (1_u64 << 30) as f64;
const NANOSECONDS_OF_HOUR: f64 = 3.6e12;
/// Retention without a price of its own.
const FREE_RETENTION: Span = Span::from_hours(24);

/// What the stream has counted, in whatever mode.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    at: Time,
    payload_units: u64,
    rounded_bytes: u64,
    polled_bytes: u64,
    pushed_bytes: u64,
}

/// What is paid for with provisioned shards.
#[derive(Debug, Clone, Copy, Default)]
struct Provisioned {
    shard_nanos: u128,
    extended_shard_nanos: u128,
    fan_out_shard_nanos: u128,
    payload_units: u64,
    pushed_bytes: u64,
}

/// What is paid for on demand.
#[derive(Debug, Clone, Copy, Default)]
struct OnDemand {
    nanos: u128,
    rounded_bytes: u64,
    polled_bytes: u64,
    pushed_bytes: u64,
}

/// The bill since the warm-up ended.
#[derive(Debug, Default)]
pub(super) struct Bill {
    /// Up to where everything stands on it.
    read: Reading,
    provisioned: Provisioned,
    on_demand: OnDemand,
}

impl Bill {
    /// Begins a new one.
    pub(super) fn restart(&mut self) {
        *self = Self { read: self.read, ..Self::default() };
    }

    /// In dollars.
    pub(super) fn dollars(&self, prices: &KinesisPrices) -> f64 {
        let hours = |nanos: u128| nanos as f64 / NANOSECONDS_OF_HOUR;
        let gigabytes = |bytes: u64| bytes as f64 / GIBIBYTE;
        let (shards, stream) = (&self.provisioned, &self.on_demand);
        hours(shards.shard_nanos) * prices.shard_hour
            + hours(shards.extended_shard_nanos) * prices.extended_retention_shard_hour
            + hours(shards.fan_out_shard_nanos) * prices.fan_out_shard_hour
            + shards.payload_units as f64 / 1e6 * prices.million_payload_units
            + gigabytes(shards.pushed_bytes) * prices.fan_out_gigabyte
            + hours(stream.nanos) * prices.on_demand_stream_hour
            + gigabytes(stream.rounded_bytes) * prices.on_demand_gigabyte_in
            + gigabytes(stream.polled_bytes) * prices.on_demand_gigabyte_out
            + gigabytes(stream.pushed_bytes) * prices.on_demand_fan_out_gigabyte
    }
}

impl DataStream {
    /// Enters what came about since the last time, before anything changes that says what is paid: the mode, the shards, the
    /// retention period.
    pub(super) fn charge(&mut self, now: Time) {
        let reading = Reading {
            at: now,
            payload_units: self.counts.payload_units,
            rounded_bytes: self.counts.rounded_bytes,
            polled_bytes: self.metrics.get_records_bytes.total(),
            pushed_bytes: self.metrics.fan_out_bytes.total(),
        };
        let bill = &mut self.counts.bill;
        let before = std::mem::replace(&mut bill.read, reading);
        if self.status == StreamStatus::Creating {
            return;
        }
        let nanos = u128::from((now - before.at).as_nanos());
        let pushed_bytes = reading.pushed_bytes - before.pushed_bytes;
        match self.mode {
            CapacityMode::Provisioned => {
                let subscribers =
                    self.readers.iter().filter(|reader| reader.enhanced_fan_out).count() as u128;
                let shard_nanos = nanos * self.open.len() as u128;
                let shards = &mut bill.provisioned;
                shards.shard_nanos += shard_nanos;
                shards.extended_shard_nanos += if self.retention > FREE_RETENTION { shard_nanos } else { 0 };
                shards.fan_out_shard_nanos += shard_nanos * subscribers;
                shards.payload_units += reading.payload_units - before.payload_units;
                shards.pushed_bytes += pushed_bytes;
            }
            CapacityMode::OnDemand => {
                let stream = &mut bill.on_demand;
                stream.nanos += nanos;
                stream.rounded_bytes += reading.rounded_bytes - before.rounded_bytes;
                stream.polled_bytes += reading.polled_bytes - before.polled_bytes;
                stream.pushed_bytes += pushed_bytes;
            }
        }
    }
}
