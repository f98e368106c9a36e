//! What an event source mapping measures.

crate::metrics! {
    /// The metrics of one event source mapping ("Types of metrics for Lambda functions").
    pub struct MappingMetrics in "AWS/Lambda", by "EventSourceMappingUUID" {
        /// Messages received from the queue.
        pub polled_events: Counter [Count] as "PolledEventCount",
        /// Messages deleted because they match no filter.
        pub filtered_out_events: Counter [Count] as "FilteredOutEventCount",
        /// Messages the function was invoked with.
        pub invoked_events: Counter [Count] as "InvokedEventCount",
        /// Messages the function did not process: it failed, named them in its answer, or was throttled until they were no longer hidden.
        pub failed_invoke_events: Counter [Count] as "FailedInvokeEventCount",
        /// Messages deleted after they were processed.
        pub deleted_events: Counter [Count] as "DeletedEventCount",
        /// Pollers in provisioned mode.
        pub provisioned_pollers: Level [Count] as "ProvisionedPollers",
        /// Batches it may process at once: each is polled, or with the function, or being deleted.
        pub batches_at_once: Level [Count],
        /// Receive calls that waited in vain.
        pub empty_polls: Counter [Count],
        /// Receive calls that were refused.
        pub receive_errors: Counter [Count],
    }
}
