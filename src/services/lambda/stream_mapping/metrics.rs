//! What an event source mapping of a stream measures.

crate::metrics! {
    /// The metrics of one event source mapping of a stream ("Types of metrics for Lambda functions"; AWS publishes `IteratorAge` by function).
    pub struct StreamMappingMetrics in "AWS/Lambda", by "EventSourceMappingUUID" {
        /// Records read from the stream: an aggregated one is one of a poll, and as many as it has of a subscription.
        pub polled_events: Counter [Count] as "PolledEventCount",
        /// Records that satisfied no filter and were passed over.
        pub filtered_out_events: Counter [Count] as "FilteredOutEventCount",
        /// User records of aggregated ones that Lambda drops without a word: their partition key does not belong to the batch that the whole is in (enhanced fan-out with a parallelization factor).
        pub misplaced_events: Counter [Count],
        /// Records the function was invoked with, each counted at its first invocation.
        pub invoked_events: Counter [Count] as "InvokedEventCount",
        /// Records of invocations that failed or were throttled, or that the function named in its answer.
        pub failed_invoke_events: Counter [Count] as "FailedInvokeEventCount",
        /// Records given up: tried too often, too old, too large.
        pub dropped_events: Counter [Count] as "DroppedEventCount",
        /// Of them, those that expired in the stream, or were older than `maximum_record_age`, before they were processed.
        pub expired_events: Counter [Count],
        /// Records that expired in the stream before the mapping read them.
        pub missed_events: Counter [Count],
        /// Messages about discarded records that went to the on-failure destination, or objects with them.
        pub on_failure_delivered: Counter [Count] as "OnFailureDestinationDeliveredEventCount",
        /// Messages about discarded records that the on-failure destination refused.
        pub on_failure_refused: Counter [Count],
        /// Records done with: processed, or passed over because the function's answer does not count.
        pub succeeded_events: Counter [Count],
        /// From the arrival of the last record of a batch to the invocation.
        pub iterator_age: Distribution [Milliseconds] as "IteratorAge",
        /// Invocations.
        pub invocations: Counter [Count],
        /// Records of an invocation.
        pub batch_records: Distribution [Count],
        /// Invocations that were throttled, each time.
        pub throttled_invocations: Counter [Count],
        /// Batches that were tried again after the function failed.
        pub retries: Counter [Count],
        /// Batches split in two after the function failed.
        pub bisections: Counter [Count],
        /// Tumbling windows closed, each by a last invocation.
        pub windows_closed: Counter [Count],
        /// Of them, those closed before their end because their state had grown too large.
        pub windows_closed_early: Counter [Count],
        /// `GetRecords` calls.
        pub get_records_calls: Counter [Count],
        /// `GetRecords` calls that were refused.
        pub get_records_errors: Counter [Count],
        /// Shards read to their end.
        pub shards_finished: Counter [Count],
        /// Batches with the function, or waiting to be tried again.
        pub batches_at_once: Level [Count],
    }
}
