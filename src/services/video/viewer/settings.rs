//! Everything that is fixed about a consumer of video during a run.

use crate::engine::{Distribution, Span};
use crate::wire::{EntityId, Forward, MediaStart};

/// The streams that a consumer reads.
#[derive(Debug, Clone, Copy)]
pub struct WatchedStreams {
    /// Them.
    pub id: EntityId,
    /// How many there are.
    pub count: u32,
    /// Tracks of a fragment.
    pub tracks: u8,
}

/// How fragments are read.
#[derive(Debug, Clone, Copy)]
pub enum Method {
    /// `GetMedia`.
    Live(MediaStart),
    /// Playlists.
    Playback(Playback),
    /// `ListFragments` and `GetMediaForFragmentList` of what arrived since the last time.
    Archive(Span),
}

/// How players play.
#[derive(Debug, Clone, Copy)]
pub struct Playback {
    /// Whether MPEG-DASH; else HLS.
    pub is_dash: bool,
    /// Most fragments of a playlist.
    pub listed: u16,
    /// So many fragments behind the newest one a player begins.
    pub behind: u32,
    /// How long a session is good for.
    pub expires: Span,
}

/// A consumer of video.
#[derive(Debug, Clone)]
pub struct VideoConsumerSettings {
    /// Its name.
    pub name: String,
    /// What it reads.
    pub source: WatchedStreams,
    /// How many of the streams, the first ones.
    pub streams: u32,
    /// Sessions for each.
    pub viewers: u32,
    /// How it reads them.
    pub method: Method,
    /// When each session begins, in nanoseconds.
    pub starts_after: Distribution,
    /// How long it works on a fragment, in nanoseconds.
    pub processing_time: Distribution,
    /// Whether it works on one fragment after another, and the stream waits for it.
    pub is_paced: bool,
    /// Where results go.
    pub forward: Option<Forward>,
    /// Results of a fragment; `None` makes one of every so many frames.
    pub every_nth_frame: Option<u32>,
    /// From a refused call to the next try.
    pub retry_interval: Span,
}
