//! What an object store measures.

crate::metrics! {
    /// The metrics of one object store.
    pub struct ObjectStoreMetrics in "AWS/S3", by "BucketName" {
        /// PUT requests: payloads uploaded.
        pub put_requests: Counter [Count] as "PutRequests",
        /// GET requests, those for objects that were gone included.
        pub get_requests: Counter [Count] as "GetRequests",
        /// DELETE requests.
        pub delete_requests: Counter [Count] as "DeleteRequests",
        /// GET requests for objects that were gone: an earlier receiver had deleted them.
        pub get_errors: Counter [Count] as "4xxErrors",
        /// Objects in the store.
        pub objects: Level [Count] as "NumberOfObjects",
        /// Their size in all.
        pub bytes_stored: Level [Bytes] as "BucketSizeBytes",
        /// Objects whose message is gone (expired, rejected, deleted by somebody else): nobody will ever delete them.
        pub orphaned_objects: Level [Count],
        /// Events that were published to a topic, queue or function.
        pub notifications_sent: Counter [Count],
        /// Times that such a destination refused one for now, and it was published again later.
        pub notifications_retried: Counter [Count],
    }
}
