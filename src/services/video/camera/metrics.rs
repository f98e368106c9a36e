//! What cameras measure.

crate::metrics! {
    /// The metrics of the cameras of one section, all of them together.
    pub struct CameraMetrics in "queuelab", by "CameraName" {
        /// Fragments filmed.
        pub messages_produced: Counter [Count] as "FragmentsProduced",
        /// Their bytes.
        pub bytes_produced: Counter [Bytes] as "BytesProduced",
        /// Fragments sent to their end, again ones included.
        pub fragments_sent: Counter [Count] as "FragmentsSent",
        /// Fragments sent again, because their acknowledgement did not arrive.
        pub fragments_sent_again: Counter [Count] as "FragmentsSentAgain",
        /// Fragments acknowledged.
        pub fragments_acknowledged: Counter [Count] as "FragmentsAcknowledged",
        /// Fragments that the stream refused with an error.
        pub fragments_refused: Counter [Count] as "FragmentsRefused",
        /// Fragments dropped because the buffer was full.
        pub fragments_dropped: Counter [Count] as "FragmentsDropped",
        /// From the first frame of a fragment to the acknowledgement that lets the camera forget it.
        pub acknowledgement_latency: Distribution [Seconds] as "AcknowledgementLatency",
        /// Connections opened.
        pub connections: Counter [Count] as "Connections",
        /// Connections refused.
        pub connections_refused: Counter [Count] as "ConnectionsRefused",
        /// Connections lost: outages of the network, or closed by the stream.
        pub connections_lost: Counter [Count] as "ConnectionsLost",
        /// Fragments in the cameras' buffers.
        pub fragments_buffered: Level [Count] as "FragmentsBuffered",
        /// Their bytes.
        pub bytes_buffered: Level [Bytes] as "BytesBuffered",
        /// Cameras without network.
        pub cameras_offline: Level [Count] as "CamerasOffline",
    }
}
