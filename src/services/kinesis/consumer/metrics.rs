//! What a consumer of a stream measures.

crate::metrics! {
    /// The metrics of one consumer of a stream. Those with a CloudWatch name follow "Monitor the Kinesis Client Library with Amazon CloudWatch".
    pub struct ConsumerMetrics in "queuelab", by "ApplicationName" {
        /// Records processed successfully, each counted once.
        pub messages_processed: Counter [Count] as "RecordsProcessed",
        /// Records processed once more: after a crash, a steal or a replay, or because their producer sent them twice.
        pub duplicates: Counter [Count] as "Duplicates",
        /// Records whose processing began after that of a later record of the same partition key and producer; repeated processing does not count.
        pub out_of_order: Counter [Count] as "OutOfOrder",
        /// Records whose processing failed for good, and those skipped with them: lost to this consumer.
        pub failures: Counter [Count] as "ProcessingFailures",
        /// Records that expired before this consumer read them: lost to it. Counted when it next reads the shard.
        pub records_missed: Counter [Count],
        /// Records received but never finished: a crash, a lease that was stolen.
        pub messages_abandoned: Counter [Count] as "MessagesAbandoned",
        /// From publish to the end of the first successful processing.
        pub end_to_end_latency: Distribution [Seconds] as "EndToEndLatency",
        /// From the arrival of a record in its shard to its arrival here.
        pub propagation_delay: Distribution [Seconds],
        /// How far the answer to a read was behind the newest record.
        pub milliseconds_behind_latest: Distribution [Milliseconds] as "MillisBehindLatest",
        /// `GetRecords` calls.
        pub get_records_calls: Counter [Count],
        /// `GetRecords` calls that were refused.
        pub get_records_errors: Counter [Count],
        /// Iterators that were older than five minutes when they were used.
        pub expired_iterators: Counter [Count] as "ExpiredIterator",
        /// Checkpoints written.
        pub checkpoints: Counter [Count],
        /// Leases taken from nobody: of new shards, or of workers that are gone.
        pub leases_taken: Counter [Count] as "TakenLeases",
        /// Leases taken from a worker that had more.
        pub leases_stolen: Counter [Count],
        /// Leases whose owner finished its batch and wrote its progress down before it let them go.
        pub leases_handed_over: Counter [Count],
        /// How much more the busiest worker had to do than the mean of all, when loads were last measured.
        pub load_imbalance: Level [Percent],
        /// Crashes of workers.
        pub crashes: Counter [Count] as "Crashes",
        /// Shards read to their end.
        pub shards_finished: Counter [Count],
        /// Results sent on.
        pub messages_forwarded: Counter [Count],
        /// Results that were refused where they went.
        pub messages_rejected: Counter [Count],
        /// Workers that run.
        pub workers: Level [Count] as "NumWorkers",
        /// Leases held by workers that run.
        pub leases: Level [Count] as "CurrentLeases",
        /// Shards whose records are being processed now.
        pub busy_shards: Level [Count] as "BusyShards",
    }
}
