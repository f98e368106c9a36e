//! What a producer measures.

crate::metrics! {
    /// The metrics of one producer.
    pub struct ProducerMetrics in "queuelab", by "ProducerName" {
        /// Messages produced, when they were produced: a send call later they reach their target.
        pub messages_produced: Counter [Count] as "MessagesProduced",
        /// Messages a service refused; they are lost.
        pub messages_rejected: Counter [Count] as "MessagesRejected",
        /// Messages sent once more because the answer to the first call got lost.
        pub messages_sent_again: Counter [Count],
        /// Records that a stream did not take and that were sent again.
        pub records_retried: Counter [Count],
        /// Records that went inside of others (aggregation of the Kinesis Producer Library).
        pub records_aggregated: Counter [Count],
        /// Send calls that were refused, each attempt for itself.
        pub send_errors: Counter [Count],
        /// Send calls, batches counted once.
        pub send_calls: Counter [Count] as "SendCalls",
        /// Sizes of the messages, attributes included.
        pub message_size: Distribution [Bytes],
    }
}
