//! Consumers of video in a scenario.

use super::settings::{Method, Playback, VideoConsumerSettings, WatchedStreams};
use crate::language::{
    Bytes, DistributionOf, DistributionSpec, Duration, Files, Problems, Reference, choice, section,
};
use crate::wire::{Forward, ForwardConfig, StartSelectorConfig, span};

section! {
    /// Somebody who reads video streams: an application, or players of viewers.
    pub struct VideoConsumerConfig {
        /// Where the fragments come from.
        pub reads_from: VideoSource;
        /// How they are read.
        pub retrieval: VideoRetrievalConfig;
        /// How many streams of the section it reads, the first ones; by default all.
        pub streams: Option<u32>, at_least (1);
        /// Sessions for each stream: connections, or players.
        pub viewers: u32 = 1, within (1, 100_000);
        /// How long after the start a session begins; drawn for each.
        pub starts_after: DistributionOf<Duration> = DistributionOf::constant(Duration::ZERO);
        /// Bytes a second that a session takes; by default as many as AWS sends.
        pub bytes_per_second: Option<Bytes>, at_least (Bytes::new(1_000));
        /// How long it works on a fragment, one after another in each session; players take no time.
        pub processing_time: DistributionOf<Duration> = DistributionOf::constant(Duration::ZERO);
        /// Send a message on for each fragment that was processed.
        pub forwards_to: Option<ForwardConfig>;
        /// Send one on for every so many of its frames instead.
        pub every_nth_frame: Option<u32>, at_least (1);
        /// From a refused call to the next try.
        pub retry_interval: Duration = Duration::from_seconds(1), above (Duration::ZERO);
    }
    check VideoConsumerConfig::check;
}

choice! {
    /// Where fragments come from.
    pub enum VideoSource {
        /// From video streams.
        VideoStream(Reference) = "video_stream",
    }
}

choice! {
    /// How fragments are read.
    pub enum VideoRetrievalConfig {
        /// `GetMedia`: the stream sends one fragment after another, from this place on.
        GetMedia(StartSelectorConfig) = "get_media",
        /// HLS, live: a playlist for each track, then its fragments.
        Hls(PlaybackConfig) = "hls",
        /// MPEG-DASH, live: one manifest for all tracks.
        Dash(PlaybackConfig) = "dash",
        /// `ListFragments` and `GetMediaForFragmentList`: every so often what has arrived since.
        FragmentList(FragmentListConfig) = "fragment_list",
    }
}

section! {
    /// Live playback.
    pub struct PlaybackConfig {
        /// `MaxMediaPlaylistFragmentResults` or `MaxManifestFragmentResults`: each playlist takes as many metadata points.
        pub max_fragment_results: u32 = 5, within (1, 5_000);
        /// So many fragments behind the newest one a player begins, and stays.
        pub behind: u32 = 3, at_least (1);
        /// How long a session is good for (`Expires`); then the player opens a new one.
        pub expires: Duration = Duration::from_minutes(5),
            within (Duration::from_minutes(5), Duration::from_hours(12));
    }
    check PlaybackConfig::check;
}

section! {
    /// Reading of the archive.
    pub struct FragmentListConfig {
        /// How often.
        pub every: Duration = Duration::from_minutes(1), above (Duration::ZERO);
    }
}

impl PlaybackConfig {
    fn check(&self, problems: &mut Problems) {
        if self.behind > self.max_fragment_results {
            problems
                .error(self.places.of("behind"), "a player cannot begin with a fragment no playlist lists")
                .help(format!("give `max_fragment_results` {} or more", self.behind));
        }
    }

    fn playback(&self, is_dash: bool) -> Playback {
        Playback {
            is_dash,
            listed: self.max_fragment_results as u16,
            behind: self.behind,
            expires: span(self.expires),
        }
    }
}

impl VideoConsumerConfig {
    fn check(&self, problems: &mut Problems) {
        if self.every_nth_frame.is_some() && self.forwards_to.is_none() {
            problems
                .error(
                    self.places.of("every_nth_frame"),
                    "`every_nth_frame` says how many messages are sent on",
                )
                .help("say where: `forwards_to: { queue: … }`");
        }
    }

    /// Whether its players speak MPEG-DASH.
    pub fn is_dash(&self) -> bool {
        matches!(self.retrieval, VideoRetrievalConfig::Dash(_))
    }

    /// Whether it works on one fragment after another, and the stream waits for it.
    pub fn is_paced(&self) -> bool {
        let takes_time = !matches!(self.processing_time.spec, DistributionSpec::Constant(0.0));
        takes_time && !matches!(self.retrieval, VideoRetrievalConfig::Hls(_) | VideoRetrievalConfig::Dash(_))
    }

    fn method(&self) -> Method {
        match &self.retrieval {
            VideoRetrievalConfig::GetMedia(start) => Method::Live(start.start()),
            VideoRetrievalConfig::Hls(playback) => Method::Playback(playback.playback(false)),
            VideoRetrievalConfig::Dash(playback) => Method::Playback(playback.playback(true)),
            VideoRetrievalConfig::FragmentList(list) => Method::Archive(span(list.every)),
        }
    }

    /// The settings; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        source: WatchedStreams,
        forward: Option<Forward>,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<VideoConsumerSettings> {
        let starts_after = self.starts_after.build(files, problems);
        let processing_time = self.processing_time.build(files, problems);
        let streams = self.streams.unwrap_or(source.count);
        if streams > source.count {
            problems.error(
                self.places.of("streams"),
                format!("the section has {} streams, not {streams}", source.count),
            );
            return None;
        }
        Some(VideoConsumerSettings {
            name: name.to_owned(),
            source,
            streams,
            viewers: self.viewers,
            method: self.method(),
            starts_after: starts_after?,
            processing_time: processing_time?,
            is_paced: self.is_paced(),
            forward,
            every_nth_frame: self.every_nth_frame,
            retry_interval: span(self.retry_interval),
        })
    }
}
