//! What a topic measures.

crate::metrics! {
    /// The metrics of one topic. Those with a CloudWatch name follow "Monitoring Amazon SNS topics using CloudWatch".
    pub struct TopicMetrics in "AWS/SNS", by "TopicName" {
        /// Messages published.
        pub messages_published: Counter [Count] as "NumberOfMessagesPublished",
        /// Sizes of the messages published, attributes included.
        pub publish_size: Distribution [Bytes] as "PublishSize",
        /// Messages delivered, each subscription for itself.
        pub notifications_delivered: Counter [Count] as "NumberOfNotificationsDelivered",
        /// Deliveries that failed: when SNS gives up, and of HTTP endpoints each attempt.
        pub notifications_failed: Counter [Count] as "NumberOfNotificationsFailed",
        /// Messages that filter policies held back, each subscription for itself.
        pub notifications_filtered_out: Counter [Count] as "NumberOfNotificationsFilteredOut",
        /// Of these, by policies over attributes.
        pub filtered_out_attributes: Counter [Count] as "NumberOfNotificationsFilteredOut-MessageAttributes",
        /// Of these, by policies over the body.
        pub filtered_out_body: Counter [Count] as "NumberOfNotificationsFilteredOut-MessageBody",
        /// Of these, because the message has no attributes at all.
        pub filtered_out_no_attributes: Counter [Count] as "NumberOfNotificationsFilteredOut-NoMessageAttributes",
        /// Of these, because attributes are no valid JSON.
        pub filtered_out_invalid_attributes: Counter [Count] as "NumberOfNotificationsFilteredOut-InvalidAttributes",
        /// Of these, because the body is no JSON object.
        pub filtered_out_invalid_body: Counter [Count] as "NumberOfNotificationsFilteredOut-InvalidMessageBody",
        /// Messages moved to the dead-letter queue of a subscription.
        pub notifications_redriven_to_dlq: Counter [Count] as "NumberOfNotificationsRedrivenToDlq",
        /// Messages that the dead-letter queue did not take; they are lost.
        pub notifications_failed_to_redrive: Counter [Count] as "NumberOfNotificationsFailedToRedriveToDlq",
        /// From the publish to the end of the delivery that succeeded.
        pub delivery_time: Distribution [Seconds],
        /// Attempts to deliver, first ones and retries.
        pub delivery_attempts: Counter [Count],
        /// Deliveries that SNS makes once more, as a standard topic may do.
        pub duplicates: Counter [Count],
        /// FIFO topics: messages published again within the deduplication interval; no subscription gets them.
        pub messages_deduplicated: Counter [Count],
        /// Messages refused: too large, without a group, and the like.
        pub messages_refused: Counter [Count],
        /// Messages refused with Throttled.
        pub messages_throttled: Counter [Count],
        /// Publish and PublishBatch calls.
        pub publish_calls: Counter [Count],
        /// Requests on the bill: each call to a FIFO topic, and one for each 64 KiB of a call to a standard topic.
        pub billed_publishes: Counter [Count],
        /// Messages of FIFO topics that were delivered once more from the archive.
        pub messages_replayed: Counter [Count],
        /// Parts of SMS messages that were sent.
        pub sms_parts: Counter [Count],
        /// Messages refused because their publisher may not publish, or not use the topic's key.
        pub access_denied: Counter [Count],
        /// Calls to AWS KMS for data keys.
        pub kms_calls: Counter [Count],
        /// Of each SMS, in the end: 1 when it was delivered, 0 when SNS gave it up.
        pub sms_success_rate: Distribution [Ratio] as "SMSSuccessRate",
        /// What SMS of the whole account have cost so far, as it was when this sent its last one.
        pub sms_month_to_date_spent: Level [Dollars] as "SMSMonthToDateSpentUSD",
    }
}
