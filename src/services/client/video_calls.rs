//! Calls of a script to video streams, as they are written and with their names looked up.

use super::config::StepConfig;
use super::script::{Built, Call, Lookup, Send, send};
use super::show::{Cell, entries, text};
use crate::engine::Time;
use crate::language::{Bytes, Duration, Problems, Reference, section};
use crate::wire::{FragmentPart, StartSelectorConfig, Texts, VideoAction, milliseconds, span};

section! {
    /// A call about a video stream as a whole.
    pub struct VideoStreamCallConfig {
        /// The video stream; of several, the first one.
        pub video_stream: Reference;
    }
}

section! {
    /// A video stream to create.
    pub struct VideoCreateStreamConfig {
        /// The video stream, declared with `created: false`.
        pub video_stream: Reference;
        /// `DataRetentionInHours`.
        pub data_retention_in_hours: Option<i64>;
    }
}

section! {
    /// A connection of a producer, and what comes through it.
    pub struct VideoPutMediaConfig {
        /// The video stream.
        pub video_stream: Reference;
        /// The fragments, one after another.
        pub fragments: Vec<VideoFragmentConfig> = Vec::new();
        /// Whether the connection stays open, without data; otherwise it ends with the last fragment.
        pub keep_open: bool = false;
    }
}

section! {
    /// A fragment to put.
    pub struct VideoFragmentConfig {
        /// What tells this fragment from others.
        pub data: String;
        /// When its first frame was taken, from the start of the run; by default so that it ends now.
        pub timecode: Option<Duration>;
        /// How long it is.
        pub duration: Duration = Duration::from_seconds(2);
        /// Its size.
        pub size: Bytes = Bytes::new(500_000);
        /// Its tracks.
        pub tracks: u32 = 1, within (1, 255);
    }
}

section! {
    /// A read: what there is now.
    pub struct VideoGetMediaConfig {
        /// The video stream.
        pub video_stream: Reference;
        /// `StartSelector`.
        pub start_selector: StartSelectorConfig;
        /// Whether the connection stays open.
        pub keep_open: bool = false;
    }
}

section! {
    /// A list of fragments.
    pub struct VideoListFragmentsConfig {
        /// The video stream.
        pub video_stream: Reference;
        /// Server timestamps from here on, counted from the start of the run.
        pub from: Option<Duration>;
        /// Up to here.
        pub to: Option<Duration>;
        /// `MaxResults`.
        pub max_results: Option<i64>;
    }
}

section! {
    /// Fragments to get by their numbers.
    pub struct VideoFragmentListCallConfig {
        /// The video stream.
        pub video_stream: Reference;
        /// Their numbers; the first one of a stream is 0.
        pub fragments: Vec<i64>;
    }
}

section! {
    /// A change of the retention period.
    pub struct VideoUpdateDataRetentionConfig {
        /// The video stream.
        pub video_stream: Reference;
        /// `DataRetentionChangeInHours` of `INCREASE_DATA_RETENTION`.
        pub increase_in_hours: Option<i64>;
        /// The same of `DECREASE_DATA_RETENTION`.
        pub decrease_in_hours: Option<i64>;
    }
    check VideoUpdateDataRetentionConfig::check;
}

impl VideoUpdateDataRetentionConfig {
    fn check(&self, problems: &mut Problems) {
        if self.increase_in_hours.is_some() == self.decrease_in_hours.is_some() {
            problems.error(self.place, "give `increase_in_hours` or `decrease_in_hours`");
        }
    }
}

/// A fragment of a script.
#[derive(Debug, Clone, Copy)]
pub struct ScriptedFragment {
    /// Its message.
    pub send: Send,
    /// When its first frame was taken.
    pub taken_at: Time,
    /// What else it is.
    pub part: FragmentPart,
}

/// A call to a video stream, its names looked up.
#[derive(Debug, Clone)]
pub enum VideoStep {
    /// One without messages.
    Plain(VideoAction),
    /// `PutMedia`.
    PutMedia(Vec<ScriptedFragment>, bool),
}

/// Frames of a second of a scripted fragment.
const FRAMES_PER_SECOND: u64 = 25;

impl VideoFragmentConfig {
    fn fragment(&self, at: Duration, texts: &mut Texts) -> ScriptedFragment {
        let length = milliseconds(Time::ZERO + span(self.duration));
        let now = Time::ZERO + span(at);
        let taken_at =
            self.timecode.map_or(now.saturating_sub(span(self.duration)), |at| Time::ZERO + span(at));
        let frames = (u64::from(length) * FRAMES_PER_SECOND / 1_000).min(u64::from(u16::MAX));
        ScriptedFragment {
            send: send(&self.data, (None, Some(self.size)), (None, None), texts),
            taken_at,
            part: FragmentPart { milliseconds: length, frames: frames as u16, tracks: self.tracks as u8 },
        }
    }

    fn cell(&self) -> Cell {
        Cell::default()
            .with("data", Some(text(&self.data)))
            .with("timecode", self.timecode)
            .with("duration", Some(self.duration))
            .with("size", Some(self.size))
    }
}

impl StepConfig {
    /// Calls to video streams.
    pub(super) fn video_call(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Option<Built> {
        let cell = Cell::default();
        if let Some(config) = &self.video_put_media {
            let fragments = config.fragments.iter();
            let built = fragments.clone().map(|one| one.fragment(self.at, lookup.texts)).collect();
            let called = (lookup.video_stream)(&config.video_stream, problems);
            let called = called.map(|id| (id, config.video_stream.text.clone()));
            let call = Call::Video(VideoStep::PutMedia(built, config.keep_open));
            return Some((called, Some(call), entries(fragments.map(VideoFragmentConfig::cell)), None));
        }
        let (reference, action, cell) = self.plain_video_call(cell)?;
        let called = (lookup.video_stream)(reference, problems).map(|id| (id, reference.text.clone()));
        Some((called, Some(Call::Video(VideoStep::Plain(action))), cell, None))
    }

    /// Those without messages.
    fn plain_video_call(&self, cell: Cell) -> Option<(&Reference, VideoAction, Cell)> {
        if let Some(config) = &self.video_create_stream {
            let hours = config.data_retention_in_hours;
            let cell = cell.with("data_retention_in_hours", hours);
            return Some((&config.video_stream, VideoAction::CreateStream(hours), cell));
        }
        if let Some(config) = &self.video_describe_stream {
            return Some((&config.video_stream, VideoAction::DescribeStream, cell));
        }
        if let Some(config) = &self.video_get_data_endpoint {
            return Some((&config.video_stream, VideoAction::GetDataEndpoint, cell));
        }
        if let Some(config) = &self.video_get_media {
            let (start, keeps_open) = (config.start_selector.start(), config.keep_open);
            let cell = cell.with("start_selector", Some(format!("{start:?}")));
            return Some((&config.video_stream, VideoAction::GetMedia { start, keeps_open }, cell));
        }
        if let Some(config) = &self.video_list_fragments {
            let time = |time: Option<Duration>| time.map(|time| Time::ZERO + span(time));
            let action = VideoAction::ListFragments {
                from: time(config.from),
                to: time(config.to),
                most: config.max_results,
            };
            let cell = cell.with("from", config.from).with("to", config.to);
            return Some((&config.video_stream, action, cell.with("max_results", config.max_results)));
        }
        if let Some(config) = &self.video_get_media_for_fragment_list {
            let numbers: Vec<String> = config.fragments.iter().map(i64::to_string).collect();
            let action = VideoAction::GetMediaForFragmentList(config.fragments.clone());
            return Some((&config.video_stream, action, cell.with("fragments", Some(numbers.join(",")))));
        }
        if let Some(config) = &self.video_update_data_retention {
            let increases = config.increase_in_hours.is_some();
            let hours = config.increase_in_hours.or(config.decrease_in_hours).unwrap_or(0);
            let cell = cell
                .with("increase_in_hours", config.increase_in_hours)
                .with("decrease_in_hours", config.decrease_in_hours);
            let action = VideoAction::UpdateDataRetention { increases, hours };
            return Some((&config.video_stream, action, cell));
        }
        let (config, is_dash) =
            match (&self.video_get_hls_streaming_session_url, &self.video_get_dash_streaming_session_url) {
                (Some(config), _) => (config, false),
                (None, Some(config)) => (config, true),
                (None, None) => return None,
            };
        Some((&config.video_stream, VideoAction::GetStreamingSessionUrl { is_dash }, cell))
    }
}
