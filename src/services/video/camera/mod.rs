//! Cameras: producers of video.

mod config;
mod entity;
mod metrics;
mod one;
mod settings;

pub use config::{CameraConfig, CameraTarget};
pub use entity::Cameras;
pub use metrics::CameraMetrics;
pub use settings::{CameraSettings, CameraStream, Outage, RandomOutages};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side};
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Service, Signal};

/// Why cameras wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraTimer {
    /// The next fragment begins.
    Film {
        /// The camera.
        camera: u32,
    },
    /// The last byte of a fragment is sent.
    Sent {
        /// The camera.
        camera: u32,
        /// What it was for.
        epoch: u32,
    },
    /// A refused connection is tried again.
    Connect {
        /// The camera.
        camera: u32,
        /// What it was for.
        epoch: u32,
    },
    /// An outage begins that was planned.
    Outage {
        /// Which.
        index: u32,
    },
    /// A camera loses its network by chance.
    Lose {
        /// The camera.
        camera: u32,
    },
    /// A camera has its network again.
    Back {
        /// The camera.
        camera: u32,
    },
}

impl Service for Cameras {
    type Timer = CameraTimer;
    const KIND: &'static str = "camera";

    fn start<O: Outbox<CameraTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<CameraTimer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::FragmentAcknowledged { stream, connection, message, ack } => {
                self.take_ack((stream, connection), message, ack, cx);
            }
            Signal::MediaConnection { stream, connection, error } => {
                self.take_connection((stream, connection), error, cx);
            }
            other => unreachable!("a camera is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<CameraTimer>>(&mut self, timer: CameraTimer, cx: &mut Context<'_, O>) {
        match timer {
            CameraTimer::Film { camera } => self.film(camera, cx),
            CameraTimer::Sent { camera, epoch } => self.end_sending(camera, epoch, cx),
            CameraTimer::Connect { camera, epoch } => self.try_again(camera, epoch, cx),
            CameraTimer::Outage { index } => self.begin_outage(index, cx),
            CameraTimer::Lose { camera } => self.lose_by_chance(camera, cx),
            CameraTimer::Back { camera } => self.come_back(camera, cx),
        }
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        self.update_levels(now);
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&CameraMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        vec![
            (Side::In, "produced", metrics.messages_produced.total()),
            (Side::Out, "acknowledged", metrics.fragments_acknowledged.total()),
            (Side::Out, "refused", metrics.fragments_refused.total()),
            (Side::Out, "dropped", metrics.fragments_dropped.total()),
            (Side::Out, "buffered", self.buffered),
            (Side::Memo, "sent_again", metrics.fragments_sent_again.total()),
        ]
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for camera in &self.cameras {
            camera.buffer.iter().for_each(|film| mark(film.message));
        }
    }
}
