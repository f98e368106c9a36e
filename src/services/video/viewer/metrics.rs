//! What a consumer of video measures.

crate::metrics! {
    /// The metrics of one consumer of video, all its sessions together.
    pub struct VideoConsumerMetrics in "queuelab", by "VideoConsumerName" {
        /// Fragments watched or processed, once for each session.
        pub messages_processed: Counter [Count] as "FragmentsProcessed",
        /// Fragments that came once more to a session: their camera had sent them again.
        pub duplicates: Counter [Count] as "Duplicates",
        /// Fragments received.
        pub fragments_received: Counter [Count] as "FragmentsReceived",
        /// Their bytes.
        pub bytes_received: Counter [Bytes] as "BytesReceived",
        /// Fragments of a stream that a session never saw although it had begun: they expired, or the player was too late.
        pub fragments_missed: Counter [Count] as "FragmentsMissed",
        /// From the first frame of a fragment to the end of its processing, or to its beginning on a player's screen.
        pub end_to_end_latency: Distribution [Seconds] as "EndToEndLatency",
        /// From the first frame of a fragment to its arrival here.
        pub arrival_latency: Distribution [Seconds] as "ArrivalLatency",
        /// Times that a player had nothing to show.
        pub stalls: Counter [Count] as "Stalls",
        /// How long it had nothing to show.
        pub stall_time: Distribution [Seconds] as "StallTime",
        /// Calls that were refused.
        pub calls_refused: Counter [Count] as "CallsRefused",
        /// Sessions that are open.
        pub sessions: Level [Count] as "Sessions",
        /// Results sent on.
        pub messages_forwarded: Counter [Count] as "MessagesForwarded",
        /// Results that were refused where they went.
        pub messages_rejected: Counter [Count] as "MessagesRejected",
    }
}
