//! Calls to a video stream whose answer somebody reads.

use super::{AckError, Content, EntityId, MediaStart, SendEntry};
use crate::engine::{Span, Time};

/// A fragment to put, besides its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentPart {
    /// How long it is, in milliseconds.
    pub milliseconds: u32,
    /// Its frames.
    pub frames: u16,
    /// Its tracks.
    pub tracks: u8,
}

/// What is asked of a video stream. Parameters are as given, valid or not.
#[derive(Debug, Clone)]
pub enum VideoAction {
    /// `CreateStream`, with `DataRetentionInHours`.
    CreateStream(Option<i64>),
    /// `DescribeStream`.
    DescribeStream,
    /// `GetDataEndpoint`.
    GetDataEndpoint,
    /// `PutMedia`: a connection, and fragments that come through it one after another.
    PutMedia {
        /// Their messages.
        entries: Vec<SendEntry>,
        /// What else they are.
        parts: Vec<FragmentPart>,
        /// Whether the connection stays open, without data.
        keeps_open: bool,
    },
    /// `GetMedia`: what is there now.
    GetMedia {
        /// `StartSelector`.
        start: MediaStart,
        /// Whether the connection stays open.
        keeps_open: bool,
    },
    /// `ListFragments`.
    ListFragments {
        /// Server timestamps from here on.
        from: Option<Time>,
        /// Up to here.
        to: Option<Time>,
        /// `MaxResults`.
        most: Option<i64>,
    },
    /// `GetMediaForFragmentList`, by numbers.
    GetMediaForFragmentList(Vec<i64>),
    /// `GetHLSStreamingSessionURL`, or `GetDASHStreamingSessionURL`.
    GetStreamingSessionUrl {
        /// Whether MPEG-DASH.
        is_dash: bool,
    },
    /// `UpdateDataRetention`.
    UpdateDataRetention {
        /// Whether `INCREASE_DATA_RETENTION`; else `DECREASE_DATA_RETENTION`.
        increases: bool,
        /// `DataRetentionChangeInHours`.
        hours: i64,
    },
}

impl VideoAction {
    /// The messages it would hand over.
    pub fn sends(&self) -> &[SendEntry] {
        match self {
            VideoAction::PutMedia { entries, .. } => entries,
            _ => &[],
        }
    }

    /// AWS's name of the action.
    pub fn name(&self) -> &'static str {
        match self {
            VideoAction::CreateStream(_) => "CreateStream",
            VideoAction::DescribeStream => "DescribeStream",
            VideoAction::GetDataEndpoint => "GetDataEndpoint",
            VideoAction::PutMedia { .. } => "PutMedia",
            VideoAction::GetMedia { .. } => "GetMedia",
            VideoAction::ListFragments { .. } => "ListFragments",
            VideoAction::GetMediaForFragmentList(_) => "GetMediaForFragmentList",
            VideoAction::GetStreamingSessionUrl { is_dash: false } => "GetHLSStreamingSessionURL",
            VideoAction::GetStreamingSessionUrl { is_dash: true } => "GetDASHStreamingSessionURL",
            VideoAction::UpdateDataRetention { .. } => "UpdateDataRetention",
        }
    }
}

/// The acknowledgements of a fragment that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentTaken {
    /// Its number.
    pub number: u32,
    /// From its last byte to `RECEIVED`.
    pub received_after: Span,
    /// From its last byte to `PERSISTED`, where something is retained.
    pub persisted_after: Option<Span>,
}

/// Why a fragment of a `PutMedia` call was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FragmentRefused {
    /// With an `ERROR` acknowledgement.
    Error(AckError),
    /// The connection was closed by then.
    Closed,
}

/// A fragment as calls tell it.
#[derive(Debug, Clone, Copy)]
pub struct FragmentRead {
    /// Its number.
    pub number: u32,
    /// What it is called, if a script put it.
    pub content: Content,
    /// Who filmed it, and its number there.
    pub origin: (EntityId, u64),
    /// When its first frame was taken.
    pub produced_at: Time,
    /// When its last byte arrived.
    pub received_at: Time,
    /// Its length in milliseconds.
    pub milliseconds: u32,
    /// Its size.
    pub bytes: u32,
}

/// What a video stream answers.
#[derive(Debug, Clone)]
pub enum VideoReply {
    /// Fragment by fragment, as they were put.
    Put(Vec<Result<FragmentTaken, FragmentRefused>>),
    /// Fragments, listed or sent.
    Fragments(Vec<FragmentRead>),
    /// `DataRetentionInHours` of a stream that is there.
    Described(u64),
}
