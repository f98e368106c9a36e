//! What functions, event source mappings and the account measure.

crate::metrics! {
    /// The metrics of one function ("Types of metrics for Lambda functions"), and those of whoever processes messages.
    pub struct FunctionMetrics in "AWS/Lambda", by "FunctionName" {
        /// Times the code ran, whether well or badly; throttled requests are not counted.
        pub invocations: Counter [Count] as "Invocations",
        /// Invocations that ended with an error of the function: raised, or out of time.
        pub errors: Counter [Count] as "Errors",
        /// Requests that were throttled: no concurrency was left, or none could come fast enough.
        pub throttles: Counter [Count] as "Throttles",
        /// How long the code ran, without the initialisation of its environment.
        pub duration: Distribution [Seconds] as "Duration",
        /// Executions now.
        pub concurrent_executions: Level [Count] as "ConcurrentExecutions",
        /// Executions in provisioned environments now.
        pub provisioned_concurrent_executions: Level [Count] as "ProvisionedConcurrentExecutions",
        /// Times the code ran in a provisioned environment.
        pub provisioned_concurrency_invocations: Counter [Count] as "ProvisionedConcurrencyInvocations",
        /// Times the code ran outside because all provisioned environments were in use.
        pub provisioned_concurrency_spillover_invocations: Counter [Count] as "ProvisionedConcurrencySpilloverInvocations",
        /// Events that Lambda queued for asynchronous invocation.
        pub async_events_received: Counter [Count] as "AsyncEventsReceived",
        /// From the queueing of an event to its invocation, at each attempt.
        pub async_event_age: Distribution [Seconds] as "AsyncEventAge",
        /// Events given up without a successful execution; those with a destination went there.
        pub async_events_dropped: Counter [Count] as "AsyncEventsDropped",
        /// Events that could not be sent to the dead-letter queue.
        pub dead_letter_errors: Counter [Count] as "DeadLetterErrors",
        /// Events that could not be sent to the destination.
        pub destination_delivery_failures: Counter [Count] as "DestinationDeliveryFailures",
        /// Invocations that ran out of time.
        pub timeouts: Counter [Count],
        /// Invocations that had to wait for a new environment.
        pub cold_starts: Counter [Count],
        /// How long new environments initialised.
        pub init_duration: Distribution [Seconds],
        /// Milliseconds on the bill, each invocation rounded up.
        pub billed_milliseconds: Counter [Count],
        /// Of them, those in provisioned environments.
        pub provisioned_billed_milliseconds: Counter [Count],
        /// Messages processed successfully for the first time.
        pub messages_processed: Counter [Count],
        /// Successful processings of messages that had been processed before.
        pub duplicates: Counter [Count],
        /// Messages begun after a later one of the same producer.
        pub out_of_order: Counter [Count],
        /// Messages of invocations that did not process them: they failed, or their turn never came.
        pub failures: Counter [Count],
        /// Messages sent on to another queue.
        pub messages_forwarded: Counter [Count],
        /// Forwarded messages the other queue refused.
        pub messages_rejected: Counter [Count],
        /// From first publish to the end of the first successful processing.
        pub end_to_end_latency: Distribution [Seconds],
        /// Records changed for a delivery stream, which delivers them.
        pub messages_transformed: Counter [Count],
        /// Share of the allocated provisioned environments that ran code, the mean of a minute; nothing in a minute without
        /// any.
        pub provisioned_concurrency_utilization: Level [Ratio] as "ProvisionedConcurrencyUtilization",
        /// Provisioned environments that are allocated.
        pub allocated_provisioned_concurrency: Level [Count],
    }
}

impl FunctionMetrics {
    /// Those that only a function with provisioned concurrency has.
    pub(super) const OF_PROVISIONED: [&'static str; 2] =
        ["provisioned_concurrency_utilization", "allocated_provisioned_concurrency"];
}

crate::metrics! {
    /// The metrics of all functions of the account together ("Types of metrics for Lambda functions").
    pub struct AccountMetrics in "AWS/Lambda", by "Account" {
        /// Executions of all functions.
        pub concurrent_executions: Level [Count] as "ConcurrentExecutions",
        /// Executions of functions without reserved concurrency.
        pub unreserved_concurrent_executions: Level [Count] as "UnreservedConcurrentExecutions",
    }
}
