//! Payloads that are too large for a message: they lie in an object store, and the message carries a pointer.

use super::EntityId;
use crate::engine::{Distribution, Span, Stream};

/// An object store, as those who call it see it.
#[derive(Debug, Clone)]
pub struct PayloadStore {
    /// The store.
    pub id: EntityId,
    /// How long it takes to begin with an upload, in nanoseconds.
    pub put_latency: Distribution,
    /// How long it takes until the first byte of a download, in nanoseconds.
    pub get_latency: Distribution,
    /// How long a delete takes, in nanoseconds.
    pub delete_latency: Distribution,
    /// How many bytes of an object are carried in a second.
    pub bytes_per_second: f64,
}

/// What a message points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// Where it is.
    pub store: EntityId,
    /// Its size.
    pub bytes: u32,
    /// Whether somebody has deleted it.
    pub is_deleted: bool,
}

impl PayloadStore {
    fn time(&self, latency: &Distribution, bytes: u32, stream: &mut Stream) -> Span {
        super::draw_span(latency, stream) + Span::from_seconds_f64(f64::from(bytes) / self.bytes_per_second)
    }

    /// How long a PUT takes.
    pub fn put_time(&self, bytes: u32, stream: &mut Stream) -> Span {
        self.time(&self.put_latency, bytes, stream)
    }

    /// How long a GET takes.
    pub fn get_time(&self, bytes: u32, stream: &mut Stream) -> Span {
        self.time(&self.get_latency, bytes, stream)
    }

    /// How long a DELETE takes.
    pub fn delete_time(&self, stream: &mut Stream) -> Span {
        super::draw_span(&self.delete_latency, stream)
    }
}
