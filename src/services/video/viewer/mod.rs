//! Consumers of video: applications that process fragments, players that show them, archivists.

mod config;
mod entity;
mod metrics;
mod player;
mod settings;

pub use config::{VideoConsumerConfig, VideoSource};
pub use entity::VideoConsumer;
pub use metrics::VideoConsumerMetrics;
pub use settings::{Method, Playback, VideoConsumerSettings, WatchedStreams};

use crate::record::{Instrument, MetricDefinition, Side};
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Outbox, Service, Signal};

/// Why a consumer of video wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoConsumerTimer {
    /// A session goes on.
    Next {
        /// Which.
        session: u32,
    },
    /// A session has processed a fragment.
    Processed {
        /// Which.
        session: u32,
    },
}

impl Service for VideoConsumer {
    type Timer = VideoConsumerTimer;
    const KIND: &'static str = "video_consumer";

    fn start<O: Outbox<VideoConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        _from: EntityId,
        signal: Signal,
        cx: &mut Context<'_, O>,
    ) {
        match signal {
            Signal::VideoAnswered { session, answer, .. } => self.take_answer(session, answer, cx),
            Signal::Refused { batch, .. } => self.metrics.messages_rejected.add(cx.reject(batch)),
            other => unreachable!("a consumer of video is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<VideoConsumerTimer>>(&mut self, timer: VideoConsumerTimer, cx: &mut Context<'_, O>) {
        match timer {
            VideoConsumerTimer::Next { session } => self.next(session, cx),
            VideoConsumerTimer::Processed { session } => self.finish(session, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics.visit(&mut |position, instrument| {
            visitor(&VideoConsumerMetrics::DEFINITIONS[position], instrument);
        });
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        vec![
            (Side::In, "received", metrics.fragments_received.total()),
            (Side::Out, "processed", metrics.messages_processed.total()),
            (Side::Out, "processed_again", metrics.duplicates.total()),
            (Side::Out, "in_hand", self.in_hand().count() as u64),
            (Side::Memo, "missed", metrics.fragments_missed.total()),
            (Side::Memo, "forwarded", metrics.messages_forwarded.total()),
            (Side::Memo, "rejected", metrics.messages_rejected.total()),
        ]
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.in_hand().for_each(mark);
    }
}
