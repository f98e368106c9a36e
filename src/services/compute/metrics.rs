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
        /// CPU utilisation of the instances over the last minute, from their busy threads: an assumption.
        pub cpu_utilization: Level [Percent] as "CPUUtilization",
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

crate::metrics! {
    /// The metrics of a consumer's ECS service, in place of those of a group ("Amazon ECS Container Insights metrics").
    pub struct ServiceMetrics in "ECS/ContainerInsights", by "ServiceName" {
        /// Tasks the service tries to have.
        pub desired_tasks: Level [Count] as "DesiredTaskCount",
        /// Tasks that run.
        pub running_tasks: Level [Count] as "RunningTaskCount",
        /// Tasks that are being started.
        pub pending_tasks: Level [Count] as "PendingTaskCount",
        /// Tasks that are being stopped.
        pub stopping_tasks: Level [Count],
        /// Tasks that exist, in any of these states.
        pub tasks_total: Level [Count],
    }
}

impl GroupMetrics {
    /// How the metric at this position is declared: as that of a group, or that of a service.
    pub(super) fn declared(position: usize, is_service: bool) -> &'static crate::record::MetricDefinition {
        if is_service { &ServiceMetrics::DEFINITIONS[position] } else { &Self::DEFINITIONS[position] }
    }
}

const _: () = assert!(
    GroupMetrics::DEFINITIONS.len() == ServiceMetrics::DEFINITIONS.len(),
    "a service's metrics are a group's by other names"
);

crate::metrics! {
    /// More metrics of an Auto Scaling group ("Amazon CloudWatch metrics for Amazon EC2 Auto Scaling"). An instance is one
    /// unit of capacity: groups without weights.
    pub struct GroupCapacityMetrics in "AWS/AutoScaling", by "AutoScalingGroupName" {
        /// Fewest instances of the group.
        pub min_size: Level [Count] as "GroupMinSize",
        /// Most instances of the group.
        pub max_size: Level [Count] as "GroupMaxSize",
        /// Instances in standby.
        pub instances_standby: Level [Count] as "GroupStandbyInstances",
        /// Capacity units in service.
        pub capacity_in_service: Level [Count] as "GroupInServiceCapacity",
        /// Capacity units being launched.
        pub capacity_pending: Level [Count] as "GroupPendingCapacity",
        /// Capacity units in standby.
        pub capacity_standby: Level [Count] as "GroupStandbyCapacity",
        /// Capacity units being terminated.
        pub capacity_terminating: Level [Count] as "GroupTerminatingCapacity",
        /// Capacity units in any of these states.
        pub capacity_total: Level [Count] as "GroupTotalCapacity",
        /// Launches that EC2 refused, or that a lifecycle hook abandoned.
        pub launches_failed: Counter [Count],
        /// Instances that were replaced because they were not well or too old.
        pub instances_replaced: Counter [Count],
        /// Spot Instances that got an interruption notice.
        pub spot_interruptions: Counter [Count],
        /// Instances that instance refreshes replaced, also when they were rolled back.
        pub instances_refreshed: Counter [Count],
        /// Instances in service that warm up. AWS has no such metric.
        pub instances_warming: Level [Count],
    }
}

crate::metrics! {
    /// The metrics of a warm pool ("Amazon CloudWatch metrics for Amazon EC2 Auto Scaling").
    pub struct WarmPoolMetrics in "AWS/AutoScaling", by "AutoScalingGroupName" {
        /// Fewest instances of the pool.
        pub pool_min_size: Level [Count] as "WarmPoolMinSize",
        /// Instances the pool tries to have.
        pub pool_desired: Level [Count] as "WarmPoolDesiredCapacity",
        /// Instances that are being prepared for the pool.
        pub pool_pending: Level [Count] as "WarmPoolPendingCapacity",
        /// Instances that are ready to be taken.
        pub pool_warmed: Level [Count] as "WarmPoolWarmedCapacity",
        /// Instances of the pool that are being terminated.
        pub pool_terminating: Level [Count] as "WarmPoolTerminatingCapacity",
        /// Instances of the pool in any of these states.
        pub pool_total: Level [Count] as "WarmPoolTotalCapacity",
        /// Instances that group and pool try to have.
        pub group_and_pool_desired: Level [Count] as "GroupAndWarmPoolDesiredCapacity",
        /// Instances of group and pool, in any state.
        pub group_and_pool_total: Level [Count] as "GroupAndWarmPoolTotalCapacity",
    }
}
