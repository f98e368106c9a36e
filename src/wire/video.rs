//! What cameras, video streams and their viewers say to each other; the limits and the prices of Amazon Kinesis Video
//! Streams.

use super::{ApiError, MessageId, PriceList, span};
use crate::engine::{Span, Time};
use crate::language::{Duration, choice};

/// A fragment whose last byte arrives at its stream. Its message says when its first frame was taken and how large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentFragment {
    /// Which stream of the fleet.
    pub stream: u32,
    /// The fragment.
    pub message: MessageId,
    /// How long it is, in milliseconds: the timecode scale of the producer libraries.
    pub milliseconds: u32,
    /// From its first byte to its last, in milliseconds.
    pub transfer_milliseconds: u32,
    /// Its frames.
    pub frames: u16,
    /// The `PutMedia` connection it comes through.
    pub connection: u16,
}

/// What a stream tells a camera of a fragment, when that lets the camera forget it or makes it act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FragmentAck {
    /// `RECEIVED` or `PERSISTED`, whichever is the last one of the stream.
    Done,
    /// `ERROR`.
    Error(AckError),
    /// No answer at all: the connection is closed.
    Closed,
}

/// The errors that an `ERROR` acknowledgement tells ("`PutMedia`").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckError {
    /// 4001: the fragment is larger than it may be.
    MaxFragmentSizeReached,
    /// 4002: it is longer than it may be.
    MaxFragmentDurationReached,
    /// 4003: the connection is older than it may be.
    MaxConnectionDurationReached,
    /// 4004: it begins before the fragment before it ends.
    FragmentTimecodeLesserThanPrevious,
    /// 4005: it has more tracks than it may have.
    MoreThanAllowedTracksFound,
    /// It is shorter than it may be; the page of quotas names the acknowledgement and no number.
    MinFragmentDurationReached,
    /// 5001: it could not be stored.
    ArchivalError,
}

impl AckError {
    /// AWS's name of the error.
    pub fn code(self) -> &'static str {
        match self {
            AckError::MaxFragmentSizeReached => "MAX_FRAGMENT_SIZE_REACHED",
            AckError::MaxFragmentDurationReached => "MAX_FRAGMENT_DURATION_REACHED",
            AckError::MaxConnectionDurationReached => "MAX_CONNECTION_DURATION_REACHED",
            AckError::FragmentTimecodeLesserThanPrevious => "FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS",
            AckError::MoreThanAllowedTracksFound => "MORE_THAN_ALLOWED_TRACKS_FOUND",
            AckError::MinFragmentDurationReached => "MIN_FRAGMENT_DURATION_REACHED",
            AckError::ArchivalError => "ARCHIVAL_ERROR",
        }
    }

    /// AWS's number of the error, where there is one.
    pub fn id(self) -> Option<u16> {
        match self {
            AckError::MaxFragmentSizeReached => Some(4001),
            AckError::MaxFragmentDurationReached => Some(4002),
            AckError::MaxConnectionDurationReached => Some(4003),
            AckError::FragmentTimecodeLesserThanPrevious => Some(4004),
            AckError::MoreThanAllowedTracksFound => Some(4005),
            AckError::MinFragmentDurationReached => None,
            AckError::ArchivalError => Some(5001),
        }
    }
}

/// Where a `GetMedia` connection begins (`StartSelectorType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaStart {
    /// The next fragment to come.
    Now,
    /// The oldest fragment that is kept.
    Earliest,
    /// The fragment of this number.
    FragmentNumber(u32),
    /// The first fragment that arrived then or later, in milliseconds of the run.
    ServerTimestamp(u32),
    /// The first fragment whose first frame was taken then or later, in milliseconds of the run.
    ProducerTimestamp(u32),
}

choice! {
    /// A place in a video stream (`StartSelectorType`).
    pub enum StartSelectorConfig {
        /// The next fragment.
        Now = "now",
        /// The oldest fragment that is kept.
        Earliest = "earliest",
        /// The fragment of this number; the first one of a stream is 0.
        FragmentNumber(u32) = "fragment_number",
        /// The first fragment that arrived then, counted from the start of the run, or later.
        ServerTimestamp(Duration) = "server_timestamp",
        /// The first fragment that was filmed then or later.
        ProducerTimestamp(Duration) = "producer_timestamp",
    }
}

impl StartSelectorConfig {
    /// Where a connection begins.
    pub fn start(&self) -> MediaStart {
        let at = |time: &Duration| milliseconds(Time::ZERO + span(*time));
        match self {
            StartSelectorConfig::Now => MediaStart::Now,
            StartSelectorConfig::Earliest => MediaStart::Earliest,
            StartSelectorConfig::FragmentNumber(number) => MediaStart::FragmentNumber(*number),
            StartSelectorConfig::ServerTimestamp(time) => MediaStart::ServerTimestamp(at(time)),
            StartSelectorConfig::ProducerTimestamp(time) => MediaStart::ProducerTimestamp(at(time)),
        }
    }
}

/// What a viewer asks of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCall {
    /// `GetMedia`.
    GetMedia {
        /// Where it begins.
        start: MediaStart,
    },
    /// A viewer that works on fragments one after another can take the next one.
    Taken,
    /// `GetHLSStreamingSessionURL` or `GetDASHStreamingSessionURL`.
    OpenSession,
    /// `GetHLSMediaPlaylist` of so many tracks, or `GetDASHManifest`.
    Playlist {
        /// Calls.
        calls: u8,
        /// Most fragments that each lists: the metadata points it takes.
        points: u16,
    },
    /// `GetMP4MediaFragment` of so many tracks.
    Fragment {
        /// The number of the fragment.
        number: u32,
        /// Tracks.
        tracks: u8,
    },
    /// `ListFragments` by server timestamp, and `GetMediaForFragmentList` of what it lists.
    Archive {
        /// From this number on.
        next: u32,
        /// Up to this millisecond of the run.
        to: u32,
    },
}

/// What a stream answers a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoAnswer {
    /// The call was refused.
    Refused(ApiError),
    /// A session is open.
    Session,
    /// The fragments of a playlist: numbers below `end`, `count` of them, the last one so many milliseconds long.
    Playlist {
        /// One more than the newest number.
        end: u32,
        /// How many it lists.
        count: u16,
        /// Length of the newest one.
        milliseconds: u16,
    },
    /// A fragment has arrived whole. The viewer holds its message.
    Media {
        /// The fragment.
        message: MessageId,
        /// Its number.
        number: u32,
        /// Its frames.
        frames: u16,
    },
    /// A fragment that was asked for is not kept any more.
    Gone,
    /// All fragments of a list have been sent.
    End {
        /// Whether there are more than a list holds.
        more: bool,
    },
}

/// The limits of video streams ("Amazon Kinesis Video Streams service quotas").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoQuotas {
    /// Shortest fragment.
    pub shortest_fragment: Span,
    /// Longest fragment.
    pub longest_fragment: Span,
    /// Largest fragment, in bytes.
    pub fragment_bytes: u32,
    /// Most tracks of a fragment.
    pub tracks: u8,
    /// Fragments a second that a `PutMedia` connection takes, and a `GetMedia` connection gives.
    pub fragments_per_second: u64,
    /// `PutMedia` calls a second to a stream, and as many of `GetMedia`.
    pub calls_per_second: u64,
    /// Bytes a second that a stream reads.
    pub put_bytes_per_second: u64,
    /// `GetMedia` connections of a stream.
    pub get_media_connections: u32,
    /// Bytes a second of a connection that gives media.
    pub get_bytes_per_second: u64,
    /// `GetMediaForFragmentList` connections of a stream.
    pub fragment_list_connections: u32,
    /// Most fragments of such a call.
    pub listed_fragments: u32,
    /// Metadata points a second of a stream.
    pub metadata_points_per_second: u64,
    /// Media points a second of a stream.
    pub media_points_per_second: u64,
    /// Playback sessions that may be opened in a second on a stream.
    pub sessions_per_second: u64,
    /// Longest connection of a producer.
    pub longest_connection: Span,
    /// How long a connection may be without data ("`PutMedia`").
    pub idle_time: Span,
    /// How long fragments stay on the host when nothing is retained ("`CreateStream`").
    pub host_buffer_time: Span,
    /// How many bytes stay there.
    pub host_buffer_bytes: u64,
}

impl VideoQuotas {
    /// The limits, which are not known to have been others in 2022.
    pub const CURRENT: Self = Self {
        shortest_fragment: Span::from_seconds(1),
        longest_fragment: Span::from_seconds(20),
        fragment_bytes: 50_000_000,
        tracks: 3,
        fragments_per_second: 5,
        calls_per_second: 5,
        put_bytes_per_second: 12_500_000,
        get_media_connections: 3,
        get_bytes_per_second: 25_000_000,
        fragment_list_connections: 5,
        listed_fragments: 1_000,
        metadata_points_per_second: 10_000,
        media_points_per_second: 500,
        sessions_per_second: 25,
        longest_connection: Span::from_minutes(45),
        idle_time: Span::from_seconds(30),
        host_buffer_time: Span::from_minutes(5),
        host_buffer_bytes: 200_000_000,
    };
}

/// What video streams cost, in dollars ("Amazon Kinesis Video Streams pricing").
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoPrices {
    /// A gigabyte that comes in.
    pub ingested_gigabyte: f64,
    /// A gigabyte that goes out.
    pub consumed_gigabyte: f64,
    /// A gigabyte that goes out by HLS or DASH.
    pub played_gigabyte: f64,
    /// A gigabyte stored for a month.
    pub stored_gigabyte_month: f64,
    /// A thousand fragments that come into the warm tier.
    pub warm_thousand_fragments: f64,
    /// A gigabyte stored there for a month.
    pub warm_gigabyte_month: f64,
}

impl VideoPrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            ingested_gigabyte: list.dollars("video_ingested_gigabyte"),
            consumed_gigabyte: list.dollars("video_consumed_gigabyte"),
            played_gigabyte: list.dollars("video_hls_gigabyte"),
            stored_gigabyte_month: list.dollars("video_stored_gigabyte_month"),
            warm_thousand_fragments: list.dollars("video_warm_per_thousand_fragments"),
            warm_gigabyte_month: list.dollars("video_warm_stored_gigabyte_month"),
        }
    }
}

/// A time of the run in whole milliseconds, as AWS's timestamps are.
pub fn milliseconds(time: Time) -> u32 {
    (time.since_start().as_nanos() / 1_000_000).min(u64::from(u32::MAX)) as u32
}

/// The time of such a timestamp.
pub fn time_of_milliseconds(milliseconds: u32) -> Time {
    Time::ZERO + Span::from_millis(u64::from(milliseconds))
}
