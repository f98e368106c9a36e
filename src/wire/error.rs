//! The errors of AWS's APIs, as values.

/// Why a call, or one entry of a batch, was refused: the error codes of the Amazon SQS and Amazon Kinesis Data Streams API
/// References.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiError {
    /// The caller has no permission ("Basic examples of Amazon SQS policies").
    AccessDenied,
    /// A batch has two entries with the same id.
    BatchEntryIdsNotDistinct,
    /// The entries of a batch are larger in all than a batch may be.
    BatchRequestTooLong,
    /// A batch has no entries.
    EmptyBatchRequest,
    /// An attribute has a value it cannot have.
    InvalidAttributeValue,
    /// The id of a batch entry has characters it must not have, or too many.
    InvalidBatchEntryId,
    /// A parameter has a value it cannot have.
    InvalidParameterValue,
    /// The caller may not use the key that encrypts the queue.
    KmsAccessDenied,
    /// AWS KMS has no room for another call.
    KmsThrottled,
    /// The message is not in flight.
    MessageNotInflight,
    /// A parameter that must be given is missing.
    MissingParameter,
    /// Too many messages are in flight.
    OverLimit,
    /// The queue was purged less than a minute ago.
    PurgeQueueInProgress,
    /// There is no queue of this name, or no longer.
    QueueDoesNotExist,
    /// The receipt handle is none.
    ReceiptHandleIsInvalid,
    /// More calls than the queue takes.
    RequestThrottled,
    /// An event is larger than Lambda takes.
    RequestTooLarge,
    /// There is nothing of this name.
    ResourceNotFoundException,
    /// A batch has more than ten entries.
    TooManyEntriesInBatchRequest,
    /// The queue cannot do this.
    UnsupportedOperation,
    /// SNS: the caller has no permission.
    AuthorizationError,
    /// SNS: the device, or the app on it, is disabled.
    EndpointDisabled,
    /// SNS: the caller may not use the key that encrypts the topic.
    TopicKeyAccessDenied,
    /// SNS: AWS KMS has no room for another call.
    TopicKeyThrottled,
    /// SNS: the topic has as many filter policies as it may have.
    FilterPolicyLimitExceeded,
    /// SNS: a parameter is wrong.
    InvalidParameter,
    /// SNS: there is nothing of this name.
    NotFound,
    /// SNS: the topic has as many subscriptions as it may have.
    SubscriptionLimitExceeded,
    /// SNS: more messages than the account may publish.
    Throttled,
    /// An iterator is older than five minutes.
    ExpiredIteratorException,
    /// Something went wrong inside of AWS.
    InternalFailure,
    /// A parameter of a call to a stream has a value it cannot have.
    InvalidArgumentException,
    /// A stream has been changed too often, or would have too many shards.
    LimitExceededException,
    /// A shard, or the calls to it, are at their limit.
    ProvisionedThroughputExceededException,
    /// A stream is being changed.
    ResourceInUseException,
    /// Not of AWS: the Kinesis Producer Library finds a record on a shard it was not meant for ("wrong shard").
    WrongShard,
    /// Firehose: more than a delivery stream takes for now.
    ServiceUnavailableException,
    /// Video streams: more calls, or points of a quota, than a stream has.
    ClientLimitExceededException,
    /// Video streams: more connections than a stream has.
    ConnectionLimitExceededException,
    /// Video streams: playback of a stream that retains nothing.
    NoDataRetentionException,
    /// Amazon MQ: there is no room for a message (`javax.jms.ResourceAllocationException`).
    ResourceAllocation,
    /// Amazon MQ: RabbitMQ does not take a message (`basic.nack`).
    BasicNack,
    /// Amazon MQ: a durable subscription has a subscriber already (`javax.jms.InvalidClientIDException`).
    InvalidClientId,
    /// Amazon MQ: the broker has as many connections as it may have.
    TooManyConnections,
    /// Amazon MQ: the broker is not there.
    NotConnected,
    /// Amazon MQ: an acknowledgement for a message that the consumer does not have, or no longer.
    UnmatchedAcknowledge,
    /// Amazon MQ: a message is larger than the broker takes.
    MessageTooLarge,
}

impl ApiError {
    /// The code AWS gives.
    pub fn code(self) -> &'static str {
        match self {
            ApiError::AccessDenied => "AccessDenied",
            ApiError::BatchEntryIdsNotDistinct => "BatchEntryIdsNotDistinct",
            ApiError::BatchRequestTooLong => "BatchRequestTooLong",
            ApiError::EmptyBatchRequest => "EmptyBatchRequest",
            ApiError::InvalidAttributeValue => "InvalidAttributeValue",
            ApiError::InvalidBatchEntryId => "InvalidBatchEntryId",
            ApiError::InvalidParameterValue => "InvalidParameterValue",
            ApiError::KmsAccessDenied => "KmsAccessDenied",
            ApiError::KmsThrottled => "KmsThrottled",
            ApiError::MessageNotInflight => "MessageNotInflight",
            ApiError::MissingParameter => "MissingParameter",
            ApiError::OverLimit => "OverLimit",
            ApiError::PurgeQueueInProgress => "PurgeQueueInProgress",
            ApiError::QueueDoesNotExist => "QueueDoesNotExist",
            ApiError::ReceiptHandleIsInvalid => "ReceiptHandleIsInvalid",
            ApiError::RequestThrottled => "RequestThrottled",
            ApiError::RequestTooLarge => "RequestTooLargeException",
            ApiError::ResourceNotFoundException => "ResourceNotFoundException",
            ApiError::TooManyEntriesInBatchRequest => "TooManyEntriesInBatchRequest",
            ApiError::UnsupportedOperation => "UnsupportedOperation",
            ApiError::AuthorizationError => "AuthorizationError",
            ApiError::EndpointDisabled => "EndpointDisabled",
            ApiError::TopicKeyAccessDenied => "KMSAccessDenied",
            ApiError::TopicKeyThrottled => "KMSThrottling",
            ApiError::FilterPolicyLimitExceeded => "FilterPolicyLimitExceeded",
            ApiError::InvalidParameter => "InvalidParameter",
            ApiError::NotFound => "NotFound",
            ApiError::SubscriptionLimitExceeded => "SubscriptionLimitExceeded",
            ApiError::Throttled => "Throttled",
            ApiError::ExpiredIteratorException => "ExpiredIteratorException",
            ApiError::InternalFailure => "InternalFailure",
            ApiError::InvalidArgumentException => "InvalidArgumentException",
            ApiError::LimitExceededException => "LimitExceededException",
            ApiError::ProvisionedThroughputExceededException => "ProvisionedThroughputExceededException",
            ApiError::ResourceInUseException => "ResourceInUseException",
            ApiError::WrongShard => "WrongShard",
            ApiError::ServiceUnavailableException => "ServiceUnavailableException",
            ApiError::ClientLimitExceededException => "ClientLimitExceededException",
            ApiError::ConnectionLimitExceededException => "ConnectionLimitExceededException",
            ApiError::NoDataRetentionException => "NoDataRetentionException",
            ApiError::ResourceAllocation => "ResourceAllocationException",
            ApiError::BasicNack => "basic.nack",
            ApiError::InvalidClientId => "InvalidClientIDException",
            ApiError::TooManyConnections => "ExceededMaximumConnectionsException",
            ApiError::NotConnected => "ConnectionFailedException",
            ApiError::UnmatchedAcknowledge => "UnmatchedAcknowledge",
            ApiError::MessageTooLarge => "PRECONDITION_FAILED",
        }
    }

    /// Whether an SDK tries the call again by itself ("Retry behavior", AWS SDKs and Tools Reference Guide).
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            ApiError::RequestThrottled
                | ApiError::KmsThrottled
                | ApiError::Throttled
                | ApiError::TopicKeyThrottled
                | ApiError::InternalFailure
                | ApiError::ProvisionedThroughputExceededException
                | ApiError::WrongShard
                | ApiError::ServiceUnavailableException
                | ApiError::ClientLimitExceededException
                | ApiError::ResourceAllocation
                | ApiError::BasicNack
        )
    }
}
