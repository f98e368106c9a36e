//! A data stream in a scenario.

use super::enhanced::{ShardMetricConfig, chosen};
use super::scaling::StreamScalingConfig;
use super::settings::{
    CapacityMode, Change, KinesisPrices, ReaderSettings, RecordDistribution, StreamSettings,
};
use crate::engine::{Distribution, Span, Time};
use crate::language::{Bytes, Duration, Located, Place, Problems, choice, keyword, section};
use crate::wire::{HashRange, KinesisQuotas, LimitModel, ShardId, span};

keyword! {
    /// How a stream's capacity is chosen.
    pub enum CapacityModeConfig {
        /// By its owner, in shards.
        Provisioned = "provisioned",
        /// By AWS, which follows the load.
        OnDemand = "on_demand",
    }
}

keyword! {
    /// How records find their shards (`RecordDistributionStrategy`).
    pub enum RecordDistributionConfig {
        /// By their partition keys, or explicit hash keys: records of a key are in one shard, in their order.
        UserPartitionKey = "user_partition_key",
        /// The stream spreads them evenly and ignores keys: a hot key harms nobody, and no key has an order.
        Auto = "auto",
    }
}

section! {
    /// A data stream.
    pub struct StreamConfig {
        /// How its capacity is chosen (`StreamMode`).
        pub capacity_mode: CapacityModeConfig = CapacityModeConfig::Provisioned;
        /// Shards at the beginning (`ShardCount`), of a provisioned stream: 1 by default.
        pub shards: Option<u32>, within (1, 10_000);
        /// Bytes a second that a stream on demand took at most in the last 30 days: it has shards for twice as much, at
        /// least for 4 MiB a second as a new stream.
        pub peak_write_throughput: Option<Bytes>;
        /// How a stream on demand distributes records over its shards (`RecordDistributionStrategy`).
        pub record_distribution_strategy: RecordDistributionConfig = RecordDistributionConfig::UserPartitionKey;
        /// Whether it is there at the beginning; otherwise a client creates it (`create_stream`).
        pub created: bool = true;
        /// How long records are kept (`RetentionPeriodHours`).
        pub retention_period: Duration = Duration::from_hours(24),
            within (Duration::from_hours(24), Duration::from_hours(8760));
        /// Largest record, partition key included (`MaxRecordSizeInKiB`).
        pub max_record_size: Bytes = Bytes::from_mib(1), within (Bytes::from_mib(1), Bytes::from_mib(10));
        /// Metrics of single shards that CloudWatch gets (`ShardLevelMetrics`): rows of `metrics.csv`.
        pub enhanced_monitoring: Vec<ShardMetricConfig> = Vec::new();
        /// Policies and schedules that change the number of shards.
        pub application_auto_scaling: Option<StreamScalingConfig>;
        /// Calls that change the stream while it runs.
        pub changes: Vec<ScheduledChangeConfig> = Vec::new();
    }
    check StreamConfig::check;
}

section! {
    /// A call that changes a stream.
    pub struct ScheduledChangeConfig {
        /// When, counted from the start.
        pub at: Duration;
        /// What is called.
        pub call: ChangeConfig;
    }
}

choice! {
    /// A call that changes a stream. What AWS refuses at that moment changes nothing; `scaling_activities.csv` says why.
    pub enum ChangeConfig {
        /// One shard becomes two (`SplitShard`).
        SplitShard(SplitShardConfig) = "split_shard",
        /// Two adjacent shards become one (`MergeShards`).
        MergeShards(MergeShardsConfig) = "merge_shards",
        /// So many equal shards (`UpdateShardCount`), half to double the present ones.
        UpdateShardCount(u32) = "update_shard_count",
        /// The other capacity mode (`UpdateStreamMode`).
        UpdateStreamMode(CapacityModeConfig) = "update_stream_mode",
        /// A longer or shorter retention period (`IncreaseStreamRetentionPeriod`, `DecreaseStreamRetentionPeriod`).
        RetentionPeriod(Duration) = "retention_period",
        /// Bytes a second that a stream on demand is to take at once (`UpdateStreamWarmThroughput`).
        WarmThroughput(Bytes) = "update_stream_warm_throughput",
        /// How a stream on demand distributes records, from now on (`UpdateStreamRecordDistributionStrategy`).
        RecordDistribution(RecordDistributionConfig) = "update_stream_record_distribution_strategy",
    }
}

section! {
    /// A split.
    pub struct SplitShardConfig {
        /// The shard, by its number: 7 is `shardId-000000000007`.
        pub shard: u32;
        /// The hash key that becomes the first of the upper child; by default the middle.
        pub new_starting_hash_key: Option<Located<String>>;
    }
}

section! {
    /// A merge.
    pub struct MergeShardsConfig {
        /// The shard, by its number.
        pub shard: u32;
        /// The other one.
        pub adjacent_shard: u32;
    }
}

/// What streams have in common unless they say otherwise.
#[derive(Debug, Clone)]
pub struct StreamDefaults {
    /// AWS's limits.
    pub quotas: KinesisQuotas,
    /// What things cost.
    pub prices: KinesisPrices,
    /// How long `GetRecords` takes, in nanoseconds.
    pub read_latency: Distribution,
    /// From the arrival of a record to its arrival at a subscriber, in nanoseconds.
    pub push_delay: Distribution,
    /// How long a split or a merge takes.
    pub reshard_time: Span,
    /// How long creating a stream takes.
    pub create_time: Span,
    /// Splits and merges at a time.
    pub reshard_parallel: u32,
    /// How long a shard of a stream on demand is warm before it is split, in nanoseconds.
    pub split_delay: Distribution,
    /// How limits per second are measured.
    pub limit_model: LimitModel,
    /// Probability of an internal failure, for each record.
    pub internal_failures: f64,
}

/// Write throughput of a new stream on demand, in shards ("Choose the right mode to stream in": 4 MB a second).
pub(super) const NEW_ON_DEMAND_SHARDS: u32 = 4;

impl From<CapacityModeConfig> for CapacityMode {
    fn from(mode: CapacityModeConfig) -> Self {
        match mode {
            CapacityModeConfig::Provisioned => CapacityMode::Provisioned,
            CapacityModeConfig::OnDemand => CapacityMode::OnDemand,
        }
    }
}

impl From<RecordDistributionConfig> for RecordDistribution {
    fn from(strategy: RecordDistributionConfig) -> Self {
        match strategy {
            RecordDistributionConfig::UserPartitionKey => RecordDistribution::UserPartitionKey,
            RecordDistributionConfig::Auto => RecordDistribution::Auto,
        }
    }
}

/// Tells that the service distributes no records with these quotas.
fn check_distribution(
    strategy: RecordDistributionConfig,
    place: impl Into<Option<Place>>,
    quotas: &KinesisQuotas,
    problems: &mut Problems,
) -> bool {
    let is_known = strategy == RecordDistributionConfig::UserPartitionKey || quotas.record_distribution;
    if !is_known {
        problems
            .error(place, "streams find shards by partition keys only with these quotas")
            .why("`RecordDistributionStrategy` is there since autumn 2026, after the profile `2022`");
    }
    is_known
}

impl StreamConfig {
    fn check(&self, problems: &mut Problems) {
        let is_on_demand = self.capacity_mode == CapacityModeConfig::OnDemand;
        if is_on_demand && self.shards.is_some() {
            problems
                .error(self.places.key("shards"), "a stream on demand chooses its shards itself")
                .help("give its `peak_write_throughput`, or `capacity_mode: provisioned`");
        }
        if !is_on_demand && self.record_distribution_strategy == RecordDistributionConfig::Auto {
            problems
                .error(
                    self.places.of("record_distribution_strategy"),
                    "a provisioned stream finds shards by partition keys",
                )
                .why("AUTO is for streams on demand (`UpdateStreamRecordDistributionStrategy`)")
                .help("give `capacity_mode: on_demand`");
        }
        if !is_on_demand && self.peak_write_throughput.is_some() {
            problems
                .error(
                    self.places.key("peak_write_throughput"),
                    "a provisioned stream has the shards it is given, whatever it took before",
                )
                .help("give `shards`, or `capacity_mode: on_demand`");
        }
        if let Some(scaling) = &self.application_auto_scaling {
            let place = self.places.of("application_auto_scaling");
            let shards = self.shards.unwrap_or(1);
            if is_on_demand {
                problems.error(place, "a stream on demand scales by itself");
            } else if !(scaling.minimum_capacity..=scaling.maximum_capacity).contains(&shards) {
                problems.error(
                    place,
                    format!("the {shards} shards of the beginning are outside of these bounds"),
                );
            }
        }
    }

    /// Shards at the beginning.
    pub fn initial_shards(&self, quotas: &KinesisQuotas) -> u32 {
        if self.capacity_mode == CapacityModeConfig::Provisioned {
            return self.shards.unwrap_or(1);
        }
        let each = u64::from(quotas.shard_write_bytes_per_second);
        let peak = self.peak_write_throughput.map_or(0, Bytes::as_u64);
        let wanted = peak.saturating_mul(2).min(quotas.on_demand_write_bytes_per_second).div_ceil(each);
        (wanted as u32).max(NEW_ON_DEMAND_SHARDS)
    }

    /// The ranges of its shards at the beginning.
    pub fn initial_ranges(&self, quotas: &KinesisQuotas) -> Vec<HashRange> {
        HashRange::even(self.initial_shards(quotas))
    }

    /// The stream's settings; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        (readers, is_scripted): (Vec<ReaderSettings>, bool),
        defaults: &StreamDefaults,
        problems: &mut Problems,
    ) -> Option<StreamSettings> {
        let errors = problems.errors();
        let quotas = &defaults.quotas;
        let strategy = self.record_distribution_strategy;
        check_distribution(strategy, self.places.of("record_distribution_strategy"), quotas, problems);
        if self.max_record_size.as_u64() > u64::from(quotas.largest_record_bytes) {
            let most = Bytes::new(u64::from(quotas.largest_record_bytes));
            problems
                .error(
                    self.places.of("max_record_size"),
                    format!("a record has {most} at most with these quotas"),
                )
                .why("records of up to 10 MiB are there since October 2025, after the profile `2022`");
        }
        if !self.created && !readers.is_empty() {
            problems
                .error(
                    self.places.of("created"),
                    format!("`{name}` has consumers and is not there at the beginning"),
                )
                .help("leave out `created`, or let a client read the stream");
        }
        let subscribed = readers.iter().filter(|reader| reader.enhanced_fan_out).count();
        if subscribed > quotas.fan_out_consumers as usize {
            problems
                .error(
                    self.place,
                    format!(
                        "`{name}` has {subscribed} consumers with enhanced fan-out, a stream takes {}",
                        quotas.fan_out_consumers
                    ),
                )
                .why("`RegisterStreamConsumer`");
        }
        let changes = self.changes.iter().map(|change| {
            Some((Time::ZERO + span(change.at), change.call.change(change, quotas, problems)?))
        });
        let mut changes: Vec<(Time, Change)> = changes.collect::<Option<_>>()?;
        changes.sort_by_key(|(at, _)| *at);
        (problems.errors() == errors).then(|| StreamSettings {
            name: name.to_owned(),
            mode: self.capacity_mode.into(),
            distribution: strategy.into(),
            created: self.created,
            is_scripted,
            shards: self.initial_shards(quotas),
            retention: span(self.retention_period),
            max_record_bytes: self.max_record_size.as_u64() as u32,
            changes,
            scaling: None,
            readers,
            read_latency: defaults.read_latency.clone(),
            push_delay: defaults.push_delay.clone(),
            reshard_time: defaults.reshard_time,
            create_time: defaults.create_time,
            reshard_parallel: defaults.reshard_parallel,
            split_delay: defaults.split_delay.clone(),
            limit_model: defaults.limit_model,
            internal_failures: defaults.internal_failures,
            shard_metrics: chosen(&self.enhanced_monitoring),
            quotas: *quotas,
            prices: defaults.prices,
        })
    }
}

impl ChangeConfig {
    fn change(
        &self,
        scheduled: &ScheduledChangeConfig,
        quotas: &KinesisQuotas,
        problems: &mut Problems,
    ) -> Option<Change> {
        Some(match self {
            ChangeConfig::SplitShard(split) => {
                let at = match &split.new_starting_hash_key {
                    Some(text) => Some(HashRange::read_key(text, problems)?),
                    None => None,
                };
                Change::Split(ShardId(split.shard), at)
            }
            ChangeConfig::MergeShards(merge) => {
                Change::Merge(ShardId(merge.shard), ShardId(merge.adjacent_shard))
            }
            ChangeConfig::UpdateShardCount(target) => Change::UpdateShardCount(*target),
            ChangeConfig::UpdateStreamMode(mode) => Change::UpdateStreamMode((*mode).into()),
            ChangeConfig::RetentionPeriod(period) => {
                let (shortest, longest) = (Duration::from_hours(24), Duration::from_hours(8760));
                if *period < shortest || *period > longest {
                    problems.error(
                        scheduled.place,
                        format!("a stream keeps records for {shortest} to {longest}"),
                    );
                    return None;
                }
                Change::Retention(span(*period))
            }
            ChangeConfig::WarmThroughput(bytes) => {
                if !quotas.warm_throughput {
                    problems.error(scheduled.place, "a stream cannot be warmed up with these quotas").why(
                        "`UpdateStreamWarmThroughput` is there since November 2025, after the profile `2022`",
                    );
                    return None;
                }
                Change::WarmThroughput(bytes.as_u64())
            }
            ChangeConfig::RecordDistribution(strategy) => {
                check_distribution(*strategy, scheduled.place, quotas, problems)
                    .then(|| Change::RecordDistribution((*strategy).into()))?
            }
        })
    }
}
