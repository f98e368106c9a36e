//! What a stream measures.

crate::metrics! {
    /// The metrics of one stream. Those with a CloudWatch name follow "Monitor the Amazon Kinesis Data Streams service with Amazon CloudWatch".
    pub struct StreamMetrics in "AWS/Kinesis", by "StreamName" {
        /// Records taken, aggregated ones counted once.
        pub incoming_records: Counter [Count] as "IncomingRecords",
        /// Bytes taken, partition keys included.
        pub incoming_bytes: Counter [Bytes] as "IncomingBytes",
        /// User records taken: those inside of aggregated records counted each.
        pub user_records: Counter [Count],
        /// Copies among them: their producer had sent them before and did not know that they arrived.
        pub copies: Counter [Count],
        /// Records not taken because a shard was at its limit.
        pub write_throttled: Counter [Count] as "WriteProvisionedThroughputExceeded",
        /// `PutRecord` calls.
        pub put_record_calls: Counter [Count],
        /// `PutRecord` calls that succeeded.
        pub put_record_successes: Counter [Count] as "PutRecord.Success",
        /// Bytes taken from `PutRecord` calls.
        pub put_record_bytes: Counter [Bytes] as "PutRecord.Bytes",
        /// Bytes taken from `PutRecords` calls.
        pub put_records_bytes: Counter [Bytes] as "PutRecords.Bytes",
        /// `PutRecords` calls.
        pub put_records_calls: Counter [Count],
        /// `PutRecords` calls of which at least one record was taken.
        pub put_records_successes: Counter [Count] as "PutRecords.Success",
        /// Records of `PutRecords` calls.
        pub put_records_total: Counter [Count] as "PutRecords.TotalRecords",
        /// Those taken.
        pub put_records_successful: Counter [Count] as "PutRecords.SuccessfulRecords",
        /// Those not taken because of an internal failure.
        pub put_records_failed: Counter [Count] as "PutRecords.FailedRecords",
        /// Those not taken because a shard was at its limit.
        pub put_records_throttled: Counter [Count] as "PutRecords.ThrottledRecords",
        /// Records of calls that were refused as a whole: too large, too many, invalid.
        pub records_refused: Counter [Count],
        /// `GetRecords` calls.
        pub get_records_calls: Counter [Count],
        /// `GetRecords` calls that succeeded.
        pub get_records_successes: Counter [Count] as "GetRecords.Success",
        /// Those of them that returned nothing.
        pub get_records_empty: Counter [Count],
        /// Records returned by `GetRecords`.
        pub get_records_records: Counter [Count] as "GetRecords.Records",
        /// Bytes returned by `GetRecords`.
        pub get_records_bytes: Counter [Bytes] as "GetRecords.Bytes",
        /// How long `GetRecords` calls took.
        pub get_records_latency: Distribution [Milliseconds] as "GetRecords.Latency",
        /// Age of the last record that a `GetRecords` call returned; zero for a call that found nothing new.
        pub iterator_age: Distribution [Milliseconds] as "GetRecords.IteratorAgeMilliseconds",
        /// `GetRecords` calls refused because the shard was at its limit.
        pub read_throttled: Counter [Count] as "ReadProvisionedThroughputExceeded",
        /// `GetRecords` calls refused because their iterator was older than five minutes.
        pub iterators_expired: Counter [Count],
        /// Subscriptions made or renewed.
        pub subscriptions: Counter [Count] as "SubscribeToShard.Success",
        /// Events pushed to subscribers.
        pub fan_out_events: Counter [Count] as "SubscribeToShardEvent.Success",
        /// Records pushed to subscribers.
        pub fan_out_records: Counter [Count] as "SubscribeToShardEvent.Records",
        /// Bytes pushed to subscribers.
        pub fan_out_bytes: Counter [Bytes] as "SubscribeToShardEvent.Bytes",
        /// How far behind the newest record an event was.
        pub fan_out_behind: Distribution [Milliseconds] as "SubscribeToShardEvent.MillisBehindLatest",
        /// User records that outlived the retention period before every consumer had read them.
        pub records_expired: Counter [Count],
        /// The same, counted once for each consumer that never got them.
        pub records_expired_unread: Counter [Count],
        /// Shards that take records.
        pub open_shards: Level [Count],
        /// Shards that take no more records and still hold some.
        pub closed_shards: Level [Count],
        /// Shards split.
        pub splits: Counter [Count],
        /// Pairs of shards merged.
        pub merges: Counter [Count],
        /// Calls to change the stream that were refused.
        pub changes_refused: Counter [Count],
    }
}
