//! What a consumer and its group of instances measure.

crate::metrics! {
    /// The metrics of one consumer.
    pub struct ConsumerMetrics in "queuelab", by "ConsumerName" {
        /// Messages processed successfully for the first time.
        pub messages_processed: Counter [Count] as "MessagesProcessed",
        /// Successful processings of messages that had been processed before.
        pub duplicates: Counter [Count] as "DuplicatesProcessed",
        /// Messages begun after a later one of the same producer.
        pub out_of_order: Counter [Count] as "OutOfOrder",
        /// Processings that failed; the message stays in its queue.
        pub failures: Counter [Count] as "ProcessingFailures",
        /// Messages received but never finished: a crash, a kill, an answer that found nobody.
        pub messages_abandoned: Counter [Count] as "MessagesAbandoned",
        /// Deletes that never reached the queue: their messages come back.
        pub deletes_lost: Counter [Count],
        /// Receives whose answer never came: their messages stay hidden until their visibility timeouts run out.
        pub receives_lost: Counter [Count],
        /// Receives that were refused.
        pub receive_errors: Counter [Count],
        /// Crashes of instances.
        pub crashes: Counter [Count] as "Crashes",
        /// Messages sent on to another queue.
        pub messages_forwarded: Counter [Count] as "MessagesForwarded",
        /// Forwarded messages the other queue refused.
        pub messages_rejected: Counter [Count] as "MessagesRejected",
        /// From first publish to the end of the first successful processing.
        pub end_to_end_latency: Distribution [Seconds] as "EndToEndLatency",
        /// How long processing took, failures included.
        pub processing_time: Distribution [Seconds] as "ProcessingTime",
        /// Threads that process a message now.
        pub busy_threads: Level [Count] as "BusyThreads",
        /// Threads that exist: those of instances in service, and those that finish their batches on instances that drain.
        pub threads: Level [Count],
    }
}

crate::metrics! {
    /// What a consumer that answers requests measures besides.
    pub struct ReplyMetrics in "queuelab", by "ConsumerName" {
        /// Replies sent to requesters.
        pub replies_sent: Counter [Count] as "RepliesSent",
    }
}

crate::metrics! {
    /// What a consumer of large payloads measures besides.
    pub struct PayloadMetrics in "queuelab", by "ConsumerName" {
        /// Payloads fetched from the object store.
        pub payloads_fetched: Counter [Count],
        /// Payloads that were gone: somebody had deleted them although the message came once more. Its processing fails.
        pub payloads_missing: Counter [Count],
        /// Payloads deleted together with their messages.
        pub payloads_deleted: Counter [Count],
    }
}

crate::metrics! {
    /// What a consumer that receives ahead measures besides.
    pub struct PrefetchMetrics in "queuelab", by "ConsumerName" {
        /// Messages in the buffers of clients: in flight, and not yet in the hands of a worker.
        pub prefetched_messages: Level [Count] as "PrefetchedMessages",
        /// Messages that clients forgot because their visibility timeout had run out in the buffer.
        pub prefetched_messages_expired: Counter [Count] as "PrefetchedMessagesExpired",
        /// How long messages lay in a buffer before a worker got them.
        pub buffer_time: Distribution [Seconds],
    }
}

crate::metrics! {
    /// The metrics of a consumer's Auto Scaling group ("Amazon CloudWatch metrics for Amazon EC2 Auto Scaling").
    pub struct GroupMetrics in "AWS/AutoScaling", by "AutoScalingGroupName" {
        /// Instances the group tries to have.
        pub desired_capacity: Level [Count] as "GroupDesiredCapacity",
        /// Instances that run as part of the group.
        pub instances_in_service: Level [Count] as "GroupInServiceInstances",
        /// Instances that are being launched.
        pub instances_pending: Level [Count] as "GroupPendingInstances",
        /// Instances that are being terminated.
        pub instances_terminating: Level [Count] as "GroupTerminatingInstances",
        /// Instances that exist, in any of these states.
        pub instances_total: Level [Count] as "GroupTotalInstances",
    }
}
