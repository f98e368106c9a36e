//! A data stream: its shards, and how records come in.

use super::bill::Bill;
use super::change::Changes;
use super::enhanced::ShardSeries;
use super::metrics::StreamMetrics;
use super::on_demand::LastHour;
use super::put::Incoming;
use super::read::Reader;
use super::routes::Routes;
use super::settings::{CapacityMode, RecordDistribution, StreamSettings};
use super::shard::{Shard, Traffic};
use super::sizing::Offered;
use crate::engine::{Span, Stream as Randomness, Time};
use crate::scaling::Controller;
use crate::wire::{HashRange, Messages, Purpose, ShardId, ShardInfo, StreamDescription, StreamStatus};

/// The stream's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) read_latency: Randomness,
    pub(super) push_delay: Randomness,
    pub(super) splitting: Randomness,
    pub(super) failure: Randomness,
    pub(super) schedule: Randomness,
}

/// A data stream.
#[derive(Debug)]
pub struct DataStream {
    pub(super) settings: StreamSettings,
    pub(super) shards: Vec<Shard>,
    /// The open shards.
    pub(super) open: Routes,
    pub(super) mode: CapacityMode,
    pub(super) distribution: RecordDistribution,
    pub(super) retention: Span,
    pub(super) readers: Vec<Reader>,
    pub(super) changes: Changes,
    pub(super) chance: Chance,
    pub(super) metrics: StreamMetrics,
    pub(super) counts: Counts,
    pub(super) offered: Offered,
    /// What a stream on demand took, minute by minute.
    pub(super) hour: LastHour,
    /// What CloudWatch has of single shards, if anybody asks.
    pub(super) shard_series: Vec<ShardSeries>,
    /// Policies and schedules that change the number of shards.
    pub(super) scaling: Option<Controller>,
    /// Records of the call that is being taken, and the shards that it brings some to.
    pub(super) incoming: Vec<Incoming>,
    pub(super) touched: Vec<u32>,
    /// `CREATING`, or `ACTIVE` and `UPDATING`.
    pub(super) status: StreamStatus,
    /// Whether it is there at all.
    pub(super) exists: bool,
}

/// What the books need besides the metrics.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// User records that every consumer has read and that are not kept any more.
    pub(super) read_by_all: u64,
    /// Chunks of 25 KB that were put ("Amazon Kinesis Data Streams pricing").
    pub(super) payload_units: u64,
    pub(super) payload_units_at_warm_up: u64,
    /// Bytes in, each record rounded up to a whole KB.
    pub(super) rounded_bytes: u64,
    /// What is to be paid for.
    pub(super) bill: Bill,
}

impl DataStream {
    /// A stream without records.
    pub fn new(settings: StreamSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "stream", &settings.name);
        let chance = Chance {
            read_latency: stream(Purpose::ReceiveLatency),
            push_delay: stream(Purpose::PushDelay),
            splitting: stream(Purpose::Splitting),
            failure: stream(Purpose::Failure),
            schedule: stream(Purpose::Schedule),
        };
        let ranges = HashRange::even(settings.shards);
        let shards: Vec<Shard> =
            ranges.iter().map(|range| Shard::new(*range, [None; 2], &settings)).collect();
        let open = Routes::new(&ranges);
        let readers = settings.readers.iter().map(|reader| Reader::new(*reader)).collect();
        Self {
            mode: settings.mode,
            distribution: settings.distribution,
            retention: settings.retention,
            shards,
            open,
            readers,
            changes: Changes::default(),
            chance,
            metrics: StreamMetrics::default(),
            counts: Counts::default(),
            offered: Offered::default(),
            hour: LastHour::default(),
            shard_series: Vec::new(),
            scaling: settings.scaling.clone().map(Controller::new),
            incoming: Vec::new(),
            touched: Vec::new(),
            status: if settings.created { StreamStatus::Active } else { StreamStatus::Creating },
            exists: settings.created,
            settings,
        }
    }

    /// The stream, as `DescribeStream` tells it.
    pub(super) fn describe(&self) -> StreamDescription {
        StreamDescription {
            status: if self.changes.is_updating() { StreamStatus::Updating } else { self.status },
            on_demand: self.mode == CapacityMode::OnDemand,
            distributes_records: self.distribution == RecordDistribution::Auto,
            open_shards: self.open.len() as u32,
            retention: self.retention,
        }
    }

    /// The shards, as `ListShards` tells them.
    pub(super) fn list_shards(&self) -> Vec<ShardInfo> {
        let info = |(shard, index): (&Shard, u32)| ShardInfo {
            shard: ShardId(index),
            range: shard.range,
            parent: shard.parents[0],
            adjacent_parent: shard.parents[1],
            closed: shard.closed,
        };
        self.shards.iter().zip(0..).map(info).collect()
    }

    /// Lets go of what has outlived the retention period in one shard.
    pub(super) fn expire(&mut self, shard: u32, now: Time, messages: &mut Messages) {
        let Some(horizon) = now.checked_sub(self.retention) else { return };
        let index = shard as usize;
        // A record expires when its age reaches the period.
        let horizon = horizon.saturating_add(Span::from_nanos(1));
        let expired = self.shards[index].log.older_than(horizon);
        if expired == 0 {
            return;
        }
        let from = self.shards[index].log.trim_horizon();
        for reader in &mut self.readers {
            let lost = reader.unread(shard, from, from + expired);
            self.metrics.records_expired_unread.add(lost);
        }
        self.metrics.records_expired.add(expired);
        self.shards[index].log.drop_until(from + expired, |message| {
            messages.mark_expired(message);
            messages.release(message);
        });
    }

    /// Lets go of what every reader has read and none will read again.
    pub(super) fn forget(&mut self, shard: u32, messages: &mut Messages) {
        if self.settings.is_scripted {
            return;
        }
        let Some(kept_from) = self.readers.iter().map(|reader| reader.kept_from(shard)).min() else { return };
        let end = self.shards[shard as usize].log.end();
        let gone = self.shards[shard as usize]
            .log
            .drop_until(kept_from.min(end), |message| messages.release(message));
        self.counts.read_by_all += gone;
    }

    /// User records that are kept.
    pub(super) fn kept(&self) -> u64 {
        self.shards.iter().map(|shard| shard.log.kept()).sum()
    }

    /// The levels of shards follow them.
    pub(super) fn update_levels(&mut self, now: Time) {
        let closed = self.shards.iter().filter(|shard| shard.closed && shard.log.kept() > 0).count();
        let open = if self.status == StreamStatus::Creating { 0 } else { self.open.len() as u64 };
        self.metrics.open_shards.set(now, open);
        self.metrics.closed_shards.set(now, closed as u64);
    }

    /// What a shard took in the minute that ends now.
    pub(super) fn minute_of(shard: &mut Shard) -> Traffic {
        let (then, now) = (shard.at_minute, shard.traffic);
        shard.at_minute = now;
        Traffic {
            incoming_records: now.incoming_records - then.incoming_records,
            incoming_bytes: now.incoming_bytes - then.incoming_bytes,
            ..Traffic::default()
        }
    }
}
