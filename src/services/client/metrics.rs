//! What a scripted client measures.

crate::metrics! {
    /// The metrics of one scripted client.
    pub struct ClientMetrics in "queuelab", by "ClientName" {
        /// Calls made.
        pub calls: Counter [Count],
        /// Messages made, each when its send call began.
        pub messages_produced: Counter [Count],
        /// Calls, and entries of batches, that were refused.
        pub errors: Counter [Count],
        /// Messages that queues took.
        pub messages_sent: Counter [Count],
        /// Messages that receives returned.
        pub messages_received: Counter [Count],
    }
}
