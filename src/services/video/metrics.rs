//! What the streams of a fleet measure.

crate::metrics! {
    /// The metrics of the video streams of one section, all of them together. Those with a CloudWatch name follow "Monitor Amazon Kinesis Video Streams metrics with CloudWatch", which has them for each stream.
    pub struct VideoStreamMetrics in "AWS/KinesisVideo", by "StreamName" {
        /// `PutMedia` calls, refused ones included.
        pub put_media_requests: Counter [Count] as "PutMedia.Requests",
        /// `PutMedia` calls that were refused.
        pub put_media_connection_errors: Counter [Count] as "PutMedia.ConnectionErrors",
        /// Bytes of fragments that arrived whole, those refused included.
        pub incoming_bytes: Counter [Bytes] as "PutMedia.IncomingBytes",
        /// Fragments that arrived whole and were taken.
        pub incoming_fragments: Counter [Count] as "PutMedia.IncomingFragments",
        /// Their frames.
        pub incoming_frames: Counter [Count] as "PutMedia.IncomingFrames",
        /// Connections of producers.
        pub active_connections: Level [Count] as "PutMedia.ActiveConnections",
        /// Connections closed because no data came for 30 seconds.
        pub idle_connections_closed: Counter [Count],
        /// From the first byte of a fragment to its last.
        pub fragment_ingestion_latency: Distribution [Milliseconds] as "PutMedia.FragmentIngestionLatency",
        /// From the last byte of a fragment to its being in the archive.
        pub fragment_persist_latency: Distribution [Milliseconds] as "PutMedia.FragmentPersistLatency",
        /// From the first byte of a fragment to its `BUFFERING` acknowledgement.
        pub buffering_ack_latency: Distribution [Milliseconds] as "PutMedia.BufferingAckLatency",
        /// From the last byte of a fragment to its `RECEIVED` acknowledgement.
        pub received_ack_latency: Distribution [Milliseconds] as "PutMedia.ReceivedAckLatency",
        /// From the last byte of a fragment to its `PERSISTED` acknowledgement, where something is retained.
        pub persisted_ack_latency: Distribution [Milliseconds] as "PutMedia.PersistedAckLatency",
        /// `ERROR` acknowledgements.
        pub error_ack_count: Counter [Count] as "PutMedia.ErrorAckCount",
        /// 1 for each fragment taken, 0 for each one refused: its mean is the share.
        pub put_media_success: Distribution [Count] as "PutMedia.Success",
        /// Bytes of fragments that were refused.
        pub refused_bytes: Counter [Bytes],
        /// Fragments that arrived through a connection that was closed already.
        pub fragments_lost: Counter [Count],
        /// Fragments taken that had been taken before: their camera did not know and sent them again.
        pub copies: Counter [Count],
        /// Fragments that are kept.
        pub fragments_stored: Level [Count],
        /// Their bytes.
        pub bytes_stored: Level [Bytes],
        /// Fragments whose retention ended, or that the host's buffer had no place for.
        pub fragments_expired: Counter [Count],
        /// Their bytes.
        pub bytes_expired: Counter [Bytes],
        /// `GetMedia` calls, refused ones included.
        pub get_media_requests: Counter [Count] as "GetMedia.Requests",
        /// `GetMedia` calls that were refused.
        pub get_media_connection_errors: Counter [Count] as "GetMedia.ConnectionErrors",
        /// Bytes sent by `GetMedia`.
        pub get_media_bytes: Counter [Bytes] as "GetMedia.OutgoingBytes",
        /// Fragments sent by `GetMedia`.
        pub get_media_fragments: Counter [Count] as "GetMedia.OutgoingFragments",
        /// Their frames.
        pub get_media_frames: Counter [Count] as "GetMedia.OutgoingFrames",
        /// How old the server timestamp of a fragment is when it is sent.
        pub millis_behind_now: Distribution [Milliseconds] as "GetMedia.MillisBehindNow",
        /// 1 for each fragment sent, 0 for each call refused.
        pub get_media_success: Distribution [Count] as "GetMedia.Success",
        /// `ListFragments` calls.
        pub list_fragments_requests: Counter [Count] as "ListFragments.Requests",
        /// 1 for each that succeeded, 0 for each refused.
        pub list_fragments_success: Distribution [Count] as "ListFragments.Success",
        /// `GetMediaForFragmentList` calls.
        pub fragment_list_requests: Counter [Count] as "GetMediaForFragmentList.Requests",
        /// Bytes sent by them.
        pub fragment_list_bytes: Counter [Bytes] as "GetMediaForFragmentList.OutgoingBytes",
        /// Fragments sent by them.
        pub fragment_list_fragments: Counter [Count] as "GetMediaForFragmentList.OutgoingFragments",
        /// Their frames.
        pub fragment_list_frames: Counter [Count] as "GetMediaForFragmentList.OutgoingFrames",
        /// 1 for each fragment sent, 0 for each call refused.
        pub fragment_list_success: Distribution [Count] as "GetMediaForFragmentList.Success",
        /// `GetHLSStreamingSessionURL` calls.
        pub hls_session_requests: Counter [Count] as "GetHLSStreamingSessionURL.Requests",
        /// 1 for each that succeeded, 0 for each refused.
        pub hls_session_success: Distribution [Count] as "GetHLSStreamingSessionURL.Success",
        /// `GetDASHStreamingSessionURL` calls.
        pub dash_session_requests: Counter [Count] as "GetDASHStreamingSessionURL.Requests",
        /// 1 for each that succeeded, 0 for each refused.
        pub dash_session_success: Distribution [Count] as "GetDASHStreamingSessionURL.Success",
        /// `GetHLSMediaPlaylist` calls.
        pub playlist_requests: Counter [Count] as "GetHLSMediaPlaylist.Requests",
        /// 1 for each that succeeded, 0 for each refused.
        pub playlist_success: Distribution [Count] as "GetHLSMediaPlaylist.Success",
        /// `GetDASHManifest` calls.
        pub manifest_requests: Counter [Count] as "GetDASHManifest.Requests",
        /// 1 for each that succeeded, 0 for each refused.
        pub manifest_success: Distribution [Count] as "GetDASHManifest.Success",
        /// `GetMP4MediaFragment` calls.
        pub media_fragment_requests: Counter [Count] as "GetMP4MediaFragment.Requests",
        /// 1 for each that succeeded, 0 for each refused.
        pub media_fragment_success: Distribution [Count] as "GetMP4MediaFragment.Success",
        /// Bytes sent by them.
        pub media_fragment_bytes: Counter [Bytes] as "GetMP4MediaFragment.OutgoingBytes",
        /// Metadata points that calls to archived media took.
        pub archived_metadata: Counter [Count] as "ArchivedFragmentsConsumed.Metadata",
        /// Media points that they took.
        pub archived_media: Counter [Count] as "ArchivedFragmentsConsumed.Media",
    }
}
