//! What a requester measures.

crate::metrics! {
    /// The metrics of one requester.
    pub struct RequesterMetrics in "queuelab", by "RequesterName" {
        /// Requests that came up; one that is tried again counts once.
        pub requests: Counter [Count] as "Requests",
        /// Request messages sent, each attempt for itself.
        pub requests_sent: Counter [Count] as "RequestsSent",
        /// Request messages the request queue refused.
        pub messages_rejected: Counter [Count] as "MessagesRejected",
        /// Requests that got their reply, matched by correlation id.
        pub replies_received: Counter [Count] as "RepliesReceived",
        /// From a request to its reply, further attempts included.
        pub response_time: Distribution [Seconds] as "ResponseTime",
        /// Attempts that got no reply in time.
        pub timeouts: Counter [Count] as "Timeouts",
        /// Requests that were given up after their last attempt.
        pub requests_failed: Counter [Count] as "RequestsFailed",
        /// Replies for which nobody waits: they came after the timeout, or a second time. They are dropped.
        pub late_replies: Counter [Count] as "LateReplies",
        /// Crashes of the requester's process.
        pub crashes: Counter [Count] as "Crashes",
        /// Requests that were waiting for their reply when the process crashed.
        pub requests_abandoned: Counter [Count] as "RequestsAbandoned",
        /// Requests that wait for their reply.
        pub requests_waiting: Level [Count] as "RequestsWaiting",
    }
}

crate::metrics! {
    /// The metrics of a requester's temporary queues: the calls that go to no queue of the scenario.
    pub struct TemporaryQueueMetrics in "queuelab", by "RequesterName" {
        /// Temporary queues that exist: virtual ones, or real ones with those nobody uses any more.
        pub temporary_queues: Level [Count] as "TemporaryQueues",
        /// Virtual queues deleted because they were idle for their retention period while their request still waited.
        pub virtual_queues_expired: Counter [Count],
        /// CreateQueue calls.
        pub create_queue_calls: Counter [Count],
        /// DeleteQueue calls.
        pub delete_queue_calls: Counter [Count],
        /// TagQueue calls, which mark queues that are in use.
        pub tag_queue_calls: Counter [Count],
        /// ListQueues and ListQueueTags calls, which look for queues nobody uses any more.
        pub list_calls: Counter [Count],
        /// Temporary queues of crashed processes that were found and deleted.
        pub orphans_deleted: Counter [Count],
        /// SendMessage calls to temporary queues.
        pub send_calls: Counter [Count],
        /// ReceiveMessage calls to temporary queues.
        pub receive_calls: Counter [Count],
        /// Receives from temporary queues that returned no message.
        pub empty_receives: Counter [Count],
        /// DeleteMessage calls to temporary queues.
        pub delete_calls: Counter [Count],
        /// Requests on the bill, for all of these calls.
        pub billed_requests: Counter [Count],
    }
}
