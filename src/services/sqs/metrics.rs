//! What a queue measures.

crate::metrics! {
    /// The metrics of one queue. Those with a CloudWatch name follow "Available CloudWatch metrics for Amazon SQS".
    pub struct QueueMetrics in "AWS/SQS", by "QueueName" {
        /// Messages that a consumer could receive now.
        pub messages_visible: Level [Count] as "ApproximateNumberOfMessagesVisible",
        /// Messages in flight: received, not yet deleted, their visibility timeout still running.
        pub messages_in_flight: Level [Count] as "ApproximateNumberOfMessagesNotVisible",
        /// Messages that cannot be received yet because of a delay.
        pub messages_delayed: Level [Count] as "ApproximateNumberOfMessagesDelayed",
        /// Age of the oldest message that was received fewer than three times; absent while there is none. In a dead-letter queue it counts from the move.
        pub age_of_oldest_message: Level [Seconds] as "ApproximateAgeOfOldestMessage",
        /// Messages added by producers; moves from another queue are not counted.
        pub messages_sent: Counter [Count] as "NumberOfMessagesSent",
        /// Messages returned by receives, redeliveries included.
        pub messages_received: Counter [Count] as "NumberOfMessagesReceived",
        /// Receives that returned no message.
        pub empty_receives: Counter [Count] as "NumberOfEmptyReceives",
        /// Deletes with a valid receipt handle, repeated ones included.
        pub messages_deleted: Counter [Count] as "NumberOfMessagesDeleted",
        /// Sizes of the messages sent, attributes included.
        pub sent_message_size: Distribution [Bytes] as "SentMessageSize",
        /// How long messages were available before their first receive.
        pub queue_wait: Distribution [Seconds],
        /// Messages lost because they outlived the retention period; AWS tells nobody.
        pub messages_expired: Counter [Count],
        /// Messages moved to the dead-letter queue.
        pub messages_dead_lettered: Counter [Count],
        /// Messages that arrived here because this is a dead-letter queue.
        pub messages_redriven_in: Counter [Count],
        /// Messages that became visible again because their visibility timeout ran out.
        pub visibility_timeouts: Counter [Count],
        /// Deleted messages that came back, as a standard queue may do.
        pub copies_returned: Counter [Count],
        /// Deletes whose handle was stale because the message had been received again: the message stays.
        pub stale_deletes: Counter [Count],
        /// Messages refused because they were too large.
        pub messages_refused: Counter [Count],
        /// Receives refused with OverLimit: too many messages in flight.
        pub over_limit_errors: Counter [Count],
        /// SendMessage and SendMessageBatch calls.
        pub send_calls: Counter [Count],
        /// ReceiveMessage calls.
        pub receive_calls: Counter [Count],
        /// DeleteMessage and DeleteMessageBatch calls.
        pub delete_calls: Counter [Count],
        /// ChangeMessageVisibility calls and batches.
        pub change_visibility_calls: Counter [Count],
        /// Requests on the bill: one a call, or one for each 64 KiB of payload.
        pub billed_requests: Counter [Count],
    }
}
