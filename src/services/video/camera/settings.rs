//! Everything that is fixed about the cameras of a section during a run.

use crate::engine::{Distribution, Span, Time};
use crate::wire::{EntityId, LimitModel, VideoQuotas};

/// What cameras must know about their streams.
#[derive(Debug, Clone, Copy)]
pub struct CameraStream {
    /// The streams.
    pub id: EntityId,
    /// How many there are, and so how many cameras.
    pub count: u32,
    /// Their limits.
    pub quotas: VideoQuotas,
    /// How the limits are measured.
    pub limit_model: LimitModel,
}

/// An outage at a given time.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// When it begins.
    pub at: Time,
    /// How long it lasts.
    pub lasts: Span,
    /// Which share of the cameras it concerns.
    pub share: f64,
}

/// Outages by chance, in nanoseconds.
#[derive(Debug, Clone)]
pub struct RandomOutages {
    /// From the end of one to the next.
    pub interval: Distribution,
    /// How long one lasts.
    pub lasts: Distribution,
}

/// Cameras, all alike.
#[derive(Debug, Clone)]
pub struct CameraSettings {
    /// What they are called together.
    pub name: String,
    /// Where they send.
    pub stream: CameraStream,
    /// Length of a fragment, in nanoseconds.
    pub fragment_duration: Distribution,
    /// Bytes of a second of film.
    pub bytes_per_second: Distribution,
    /// Frames of a second of film.
    pub frames_per_second: f64,
    /// When each begins, in nanoseconds.
    pub starts_after: Distribution,
    /// Bytes a second that reach the stream at most.
    pub uplink_bytes_per_second: u64,
    /// From camera to stream, in nanoseconds.
    pub latency: Distribution,
    /// Outages at given times, in their order.
    pub outages: Vec<Outage>,
    /// Outages by chance.
    pub random_outages: Option<RandomOutages>,
    /// Film that is kept until it is acknowledged.
    pub buffer_duration: Span,
    /// Bytes that this takes at most.
    pub buffer_bytes: u64,
    /// From a refused connection to the next try.
    pub reconnect_interval: Span,
}
