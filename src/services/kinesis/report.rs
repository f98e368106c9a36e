//! The rows of a stream in `summary.csv` beyond its instruments: shards, what the stream would need, and what it costs.

use super::sizing::HotKeys;
use super::stream::DataStream;
use crate::engine::Time;
use crate::record::{SummaryRow, Unit};
use crate::wire::{Service, ShardId};

impl DataStream {
    /// Each shard by its name (dimension `ShardId` of the enhanced metrics).
    pub(super) fn summarise_shards(&self, rows: &mut Vec<SummaryRow>) {
        for (shard, index) in self.shards.iter().zip(0..) {
            let (now, then) = (shard.traffic, shard.at_warm_up);
            let values = [
                ("incoming_records", now.incoming_records - then.incoming_records, Unit::Count),
                ("incoming_bytes", now.incoming_bytes - then.incoming_bytes, Unit::Bytes),
                ("write_throttled", now.write_throttled - then.write_throttled, Unit::Count),
                ("outgoing_records", now.outgoing_records - then.outgoing_records, Unit::Count),
                ("outgoing_bytes", now.outgoing_bytes - then.outgoing_bytes, Unit::Bytes),
                ("read_throttled", now.read_throttled - then.read_throttled, Unit::Count),
            ];
            let name = format!("{}/{}", self.settings.name, ShardId(index));
            let row = |(metric, value, unit)| SummaryRow::sum("shard", &name, metric, value as f64, unit);
            rows.extend(values.map(row));
        }
    }

    /// How many shards the busiest minute would need, by each limit alone, and the load of the hottest key.
    pub(super) fn summarise_sizing(&self, now: Time, rows: &mut Vec<SummaryRow>) {
        let quotas = &self.settings.quotas;
        let (records, bytes) = self.offered.peak(now);
        let (most_records, most_bytes) = (
            f64::from(quotas.shard_write_records_per_second),
            f64::from(quotas.shard_write_bytes_per_second),
        );
        let shared = self.readers.iter().filter(|reader| !reader.enhanced_fan_out).count() as f64;
        let reads = shared * bytes / f64::from(quotas.shard_read_bytes_per_second);
        let all = self.offered.all_records;
        let hottest =
            self.shards.iter().map(|shard| HotKeys::hottest(&shard.hot_keys)).max().unwrap_or((0, 0));
        let share = if all > 0 { hottest.0 as f64 / all as f64 } else { 0.0 };
        let key_bytes = if hottest.0 > 0 { hottest.1 as f64 / hottest.0 as f64 } else { 0.0 };
        let key_records = share * records;
        let load = (key_records / most_records).max(key_records * key_bytes / most_bytes);
        let shards = |load: f64| libm::ceil(load - 1e-9).max(1.0);
        let values = [
            ("shards_for_records", "peak", shards(records / most_records), Unit::Count),
            ("shards_for_bytes", "peak", shards(bytes / most_bytes), Unit::Count),
            ("shards_for_consumers", "peak", shards(reads), Unit::Count),
            ("hottest_key_share", "mean", share, Unit::Ratio),
            ("hottest_key_shard_load", "peak", load, Unit::Ratio),
        ];
        rows.extend(values.map(|(metric, statistic, value, unit)| self.row(metric, statistic, value, unit)));
    }

    /// "Amazon Kinesis Data Streams pricing".
    pub(super) fn summarise_cost(&mut self, now: Time, rows: &mut Vec<SummaryRow>) {
        self.charge(now);
        let cost = self.counts.bill.dollars(&self.settings.prices);
        rows.push(self.row("estimated_cost", "sum", cost, Unit::Dollars));
        let units = (self.counts.payload_units - self.counts.payload_units_at_warm_up) as f64;
        rows.push(self.row("payload_units", "sum", units, Unit::Count));
        let shard_hours = self.metrics.open_shards.area_seconds(now) / 3_600.0;
        rows.push(self.row("shard_hours", "sum", shard_hours, Unit::Hours));
    }

    fn row(&self, metric: &str, statistic: &'static str, value: f64, unit: Unit) -> SummaryRow {
        SummaryRow {
            kind: Self::KIND,
            name: self.settings.name.clone(),
            metric: metric.to_owned(),
            statistic,
            value,
            unit,
        }
    }
}
