//! Kinesis Video Streams: cameras that send fragments of video, the streams that keep them, and whoever watches.
//!
//! # What it is
//!
//! A camera films without a pause, cuts its film into fragments of some seconds, and sends them through one long `PutMedia`
//! connection to a stream of its own. The stream acknowledges each fragment, numbers it, and keeps it for its retention period.
//! Viewers read whole fragments: live, one after another (`GetMedia`), in playlists (HLS, MPEG-DASH), or from the archive
//! (`ListFragments`, `GetMediaForFragmentList`).
//!
//! # What is modelled
//!
//! Fleets of streams with a camera each; fragments with their duration and bit rate; uplinks with a bandwidth, outages, the
//! buffer of the producer library, reconnects, and fragments sent again; the limits of `PutMedia` and its acknowledgements;
//! retention, the host's buffer, storage tiers; `GetMedia` with its start selectors, connections and rates; live playback with
//! the two quotas of points; reading of the archive; results handed on; prices.
//!
//! # What is not
//!
//! Frames are counted, not sent one by one: a fragment is seen when its last byte has arrived. Playback on demand, `GetClip`,
//! `GetImages`, WebRTC, edge agents, quotas of the account's control plane, KMS keys.
//!
//! # Quotas
//!
//! [`VideoQuotas`](crate::wire::VideoQuotas), from "Amazon Kinesis Video Streams service quotas".

mod archive;
mod calls;
mod camera;
mod config;
mod ingest;
mod metrics;
mod outgoing;
mod playback;
mod report;
mod settings;
mod stream;
mod viewer;

pub use camera::{
    CameraConfig, CameraMetrics, CameraSettings, CameraStream, CameraTarget, CameraTimer, Cameras, Outage,
    RandomOutages,
};
pub use config::{StorageTierConfig, VideoStreamConfig, VideoStreamDefaults};
pub use metrics::VideoStreamMetrics;
pub use settings::{StorageTier, VideoAssumptions, VideoStreamSettings, ViewerOf};
pub use viewer::{
    Method, Playback, VideoConsumer, VideoConsumerConfig, VideoConsumerMetrics, VideoConsumerSettings,
    VideoConsumerTimer, VideoSource, WatchedStreams,
};

use crate::engine::{Stream, Time};
use crate::record::{Instrument, MetricDefinition, SummaryRow};
use crate::wire::{
    Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Service, Signal, VideoCall,
    time_of_milliseconds,
};

/// Why video streams wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Connections of a stream can go on sending.
    SendOn {
        /// The stream.
        stream: u32,
    },
}

/// The video streams of a section.
#[derive(Debug)]
pub struct VideoStreams {
    settings: VideoStreamSettings,
    streams: Vec<stream::VideoStream>,
    latency: Stream,
    failure: Stream,
    counts: stream::Counts,
    short_at_warm_up: f64,
    /// Connections that scripts have opened.
    scripted: u16,
    metrics: VideoStreamMetrics,
}

impl Service for VideoStreams {
    type Timer = Timer;
    const KIND: &'static str = "video_stream";

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::PutFragment { fragment } => self.put_fragment(from, fragment, cx),
            Signal::PutMedia { stream, connection } => self.open_put_media(from, (stream, connection), cx),
            Signal::MediaEnds { stream, connection, is_closed } => {
                self.end_put_media(stream, connection, is_closed, cx.now);
            }
            Signal::Video { stream, session, call } => {
                let to = (stream, session);
                match call {
                    VideoCall::GetMedia { start } => self.get_media(from, to, start, cx),
                    VideoCall::Taken => self.taken(from, to, cx),
                    VideoCall::OpenSession => self.open_session(from, to, cx),
                    VideoCall::Playlist { calls, points } => self.playlist(from, to, (calls, points), cx),
                    VideoCall::Fragment { number, tracks } => {
                        self.play_fragment(from, to, (number, tracks), cx);
                    }
                    VideoCall::Archive { next, to: end } => {
                        self.read_archive(from, to, (next, time_of_milliseconds(end)), cx);
                    }
                }
            }
            Signal::Request { request } => self.ask(from, request, cx),
            other => unreachable!("a video stream is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::SendOn { stream } => self.send_on(stream, cx),
        }
    }

    fn sample(&mut self, now: Time, messages: &mut Messages) {
        self.look_at_all(now, messages);
    }

    fn catch_up(&mut self, now: Time, messages: &mut Messages) {
        self.expire_all(now, messages);
    }

    fn end_warm_up(&mut self, _now: Time) {
        self.short_at_warm_up = self.counts.warm_byte_seconds_short;
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics.visit(&mut |position, instrument| {
            visitor(&VideoStreamMetrics::DEFINITIONS[position], instrument);
        });
    }

    fn balance(&self) -> Balance {
        self.books()
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.messages().for_each(mark);
    }

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        self.summarise_cost(now, rows);
    }
}
