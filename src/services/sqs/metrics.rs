//! What a queue measures.

use crate::engine::Time;
use crate::record::{Counter, Instrument, Level, MetricDefinition};

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
        /// FIFO queues: groups with at least one message in flight.
        pub groups_in_flight: Level [Count] as "ApproximateNumberOfGroupsWithInflightMessages",
        /// FIFO queues: messages that were sent again within the deduplication interval, and dropped.
        pub messages_deduplicated: Counter [Count] as "NumberOfDeduplicatedSentMessages",
        /// Fair queues: groups that are noisy neighbours.
        pub noisy_groups: Level [Count] as "ApproximateNumberOfNoisyGroups",
        /// Fair queues: visible messages of groups that are not noisy.
        pub quiet_messages_visible: Level [Count] as "ApproximateNumberOfMessagesVisibleInQuietGroups",
        /// Fair queues: messages in flight of groups that are not noisy.
        pub quiet_messages_in_flight: Level [Count] as "ApproximateNumberOfMessagesNotVisibleInQuietGroups",
        /// Fair queues: delayed messages of groups that are not noisy.
        pub quiet_messages_delayed: Level [Count] as "ApproximateNumberOfMessagesDelayedInQuietGroups",
        /// Fair queues: age of the oldest message of a group that is not noisy.
        pub quiet_age_of_oldest_message: Level [Seconds] as "ApproximateAgeOfOldestMessageInQuietGroups",
        /// Deletes with a handle that no longer was good: the message had been received again, or (FIFO) its timeout had run out. The message stays.
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
        /// Calls about the queue as a whole: attributes, purges, message move tasks.
        pub management_calls: Counter [Count],
        /// Calls refused with RequestThrottled: more than a FIFO queue takes in a second.
        pub throttled_calls: Counter [Count],
        /// Calls refused with AccessDenied.
        pub access_denied: Counter [Count],
        /// Calls of the queue to AWS KMS, for data keys.
        pub kms_calls: Counter [Count],
        /// Calls refused because AWS KMS gave no key.
        pub kms_errors: Counter [Count],
        /// Requests on the bill: one a call, or one for each 64 KiB of payload.
        pub billed_requests: Counter [Count],
    }
}

/// Metrics that only FIFO queues have.
const FIFO_ONLY: &[&str] = &["groups_in_flight", "messages_deduplicated"];
/// Metrics that only standard queues have: those of fair queues.
const STANDARD_ONLY: &[&str] = &[
    "noisy_groups",
    "quiet_messages_visible",
    "quiet_messages_in_flight",
    "quiet_messages_delayed",
    "quiet_age_of_oldest_message",
];

/// Gauges that, by AWS's newer page, are published only while there are such messages.
pub(super) const ONLY_WITH_MESSAGES: &[&str] = &[
    "messages_in_flight",
    "messages_delayed",
    "groups_in_flight",
    "quiet_messages_in_flight",
    "quiet_messages_delayed",
];

impl QueueMetrics {
    /// All calls so far, refused ones included: each of them keeps the queue active.
    pub(super) fn calls(&self) -> u64 {
        let calls = [
            &self.send_calls,
            &self.receive_calls,
            &self.delete_calls,
            &self.change_visibility_calls,
            &self.management_calls,
        ];
        calls.into_iter().map(Counter::total).sum()
    }

    /// The instruments of a queue without messages; what it cannot tell yet is absent.
    pub(super) fn at_start() -> Self {
        Self {
            age_of_oldest_message: Level::absent(),
            noisy_groups: Level::absent(),
            quiet_messages_visible: Level::absent(),
            quiet_messages_in_flight: Level::absent(),
            quiet_messages_delayed: Level::absent(),
            quiet_age_of_oldest_message: Level::absent(),
            ..Self::default()
        }
    }

    /// Shows the instruments that a queue of this type has.
    pub(super) fn visit_type(
        &mut self,
        is_fifo: bool,
        visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>),
    ) {
        let foreign = if is_fifo { STANDARD_ONLY } else { FIFO_ONLY };
        self.visit(&mut |position, instrument| {
            let definition = &Self::DEFINITIONS[position];
            if !foreign.contains(&definition.name) {
                visitor(definition, instrument);
            }
        });
    }

    /// A message with a group has come to a standard queue: there are tenants from now on.
    pub(super) fn show_quiet_groups(&mut self, now: Time) {
        if self.noisy_groups.value().is_none() {
            self.noisy_groups.set(now, 0);
        }
    }
}
