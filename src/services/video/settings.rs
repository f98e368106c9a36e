//! Everything that is fixed about the video streams of a section during a run.

use crate::engine::{Distribution, Span};
use crate::wire::{EntityId, LimitModel, VideoPrices, VideoQuotas};

/// Where fragments are kept ("Amazon Kinesis Video Streams Tiered Storage").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageTier {
    /// At once at hand.
    Hot,
    /// Cheaper to store, and to be paid for 30 days at least.
    Warm,
}

/// Somebody who reads the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewerOf {
    /// Who.
    pub entity: EntityId,
    /// Bytes a second that it takes through each connection.
    pub bytes_per_second: u64,
    /// Whether it says when it can take the next fragment.
    pub is_paced: bool,
    /// Whether its players speak MPEG-DASH; else HLS.
    pub is_dash: bool,
}

/// What AWS does not publish about video streams.
#[derive(Debug, Clone)]
pub struct VideoAssumptions {
    /// How the limits are measured.
    pub limit_model: LimitModel,
    /// From the first byte of a fragment to its `BUFFERING` acknowledgement, in nanoseconds.
    pub buffering_ack: Distribution,
    /// From the last byte of a fragment to its `RECEIVED` acknowledgement, in nanoseconds.
    pub received_ack: Distribution,
    /// From the last byte of a fragment to its being archived, which the `PERSISTED` acknowledgement tells, in nanoseconds.
    pub persisted_ack: Distribution,
    /// What the warm tier adds to that.
    pub warm_delay: Span,
    /// Probability that a fragment cannot be archived.
    pub archival_failures: f64,
    /// How long a call of a viewer takes.
    pub call_latency: Span,
}

/// The video streams of a section: as many as `count` says, all alike.
#[derive(Debug, Clone)]
pub struct VideoStreamSettings {
    /// What they are called together.
    pub name: String,
    /// How many there are.
    pub count: u32,
    /// `DataRetentionInHours`; zero keeps fragments on the host alone.
    pub retention: Span,
    /// `DefaultStorageTier`.
    pub tier: StorageTier,
    /// Whether they exist from the start.
    pub created: bool,
    /// Tracks of a fragment, as its cameras make them.
    pub tracks: u8,
    /// Who reads them.
    pub viewers: Vec<ViewerOf>,
    /// Their limits.
    pub quotas: VideoQuotas,
    /// What they cost.
    pub prices: VideoPrices,
    /// What AWS does not publish about them.
    pub assumptions: VideoAssumptions,
}
