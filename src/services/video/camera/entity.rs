//! The cameras of a section: they film, send, lose the network, come back, and send again.

use super::CameraTimer;
use super::metrics::CameraMetrics;
use super::one::{Camera, Film, Link};
use super::settings::CameraSettings;
use crate::engine::{Span, Stream, Time};
use crate::wire::{
    AckError, ApiError, Context, Detail, FragmentAck, LimitBucket, MessageId, NewMessage, Outbox, Purpose,
    SentFragment, Signal, draw_span,
};

/// A library renews its connection so long before its longest duration is over ("Producer SDK quotas": within this time).
const RENEWAL_MARGIN: Span = Span::from_minutes(5);

/// The cameras of a section.
#[derive(Debug)]
pub struct Cameras {
    pub(super) settings: CameraSettings,
    pub(super) cameras: Vec<Camera>,
    film: Stream,
    latency: Stream,
    uplink: Stream,
    beginning: Stream,
    pub(super) buffered: u64,
    pub(super) bytes_buffered: u64,
    pub(super) offline: u64,
    pub(super) metrics: CameraMetrics,
}

impl Cameras {
    /// Cameras that have not begun.
    pub fn new(settings: CameraSettings, seed: u64, replication: u32) -> Self {
        let chance = |purpose: Purpose| purpose.stream(seed, replication, "camera", &settings.name);
        let per_second = settings.stream.quotas.fragments_per_second;
        let rate = LimitBucket::full(per_second, per_second, settings.stream.limit_model);
        let mut metrics = CameraMetrics::default();
        metrics.fragments_buffered.set(Time::ZERO, 0);
        metrics.bytes_buffered.set(Time::ZERO, 0);
        metrics.cameras_offline.set(Time::ZERO, 0);
        Self {
            cameras: (0..settings.stream.count).map(|_| Camera::new(rate)).collect(),
            film: chance(Purpose::Fragment),
            latency: chance(Purpose::SendLatency),
            uplink: chance(Purpose::Uplink),
            beginning: chance(Purpose::Beginning),
            buffered: 0,
            bytes_buffered: 0,
            offline: 0,
            metrics,
            settings,
        }
    }

    /// Every camera begins, and outages are planned.
    pub(super) fn begin<O: Outbox<CameraTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for camera in 0..self.cameras.len() as u32 {
            let begins = cx.now + draw_span(&self.settings.starts_after, &mut self.beginning);
            cx.outbox.wake(begins, CameraTimer::Film { camera });
            self.plan_outage(camera, begins, cx);
        }
        for (index, outage) in self.settings.outages.iter().enumerate() {
            cx.outbox.wake(outage.at, CameraTimer::Outage { index: index as u32 });
        }
    }

    fn plan_outage<O: Outbox<CameraTimer>>(&mut self, camera: u32, from: Time, cx: &mut Context<'_, O>) {
        if let Some(random) = &self.settings.random_outages {
            let at = from + draw_span(&random.interval, &mut self.uplink);
            cx.outbox.wake(at, CameraTimer::Lose { camera });
        }
    }

    /// A camera begins to film a fragment.
    pub(super) fn film<O: Outbox<CameraTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let settings = &self.settings;
        let milliseconds =
            (settings.fragment_duration.sample(&mut self.film) / 1e6 + 0.5).clamp(1.0, 1e9) as u32;
        let rate = settings.bytes_per_second.sample(&mut self.film);
        let seconds = f64::from(milliseconds) / 1e3;
        let bytes = (rate * seconds + 0.5).clamp(1.0, f64::from(u32::MAX / 2)) as u32;
        let frames = (settings.frames_per_second * seconds + 0.5).clamp(1.0, f64::from(u16::MAX)) as u16;
        let camera = &mut self.cameras[number as usize];
        let message = cx.messages.create(NewMessage {
            published_at: cx.now,
            producer: cx.me,
            sequence: camera.produced,
            bytes,
            poison: false,
            detail: Detail::NONE,
        });
        camera.produced += 1;
        camera.buffer.push_back(Film { message, taken_at: cx.now, milliseconds, frames, bytes, sent: false });
        camera.bytes += u64::from(bytes);
        self.buffered += 1;
        self.bytes_buffered += u64::from(bytes);
        self.metrics.messages_produced.add(1);
        self.metrics.bytes_produced.add(u64::from(bytes));
        while let Some(film) =
            self.cameras[number as usize].overflow(self.settings.buffer_duration, self.settings.buffer_bytes)
        {
            self.metrics.fragments_dropped.add(1);
            self.forget(film);
            cx.messages.release(film.message);
        }
        self.update_levels(cx.now);
        let next = cx.now + Span::from_millis(u64::from(milliseconds));
        cx.outbox.wake(next, CameraTimer::Film { camera: number });
        self.go_on(number, cx);
    }

    /// A fragment is not in a buffer any more.
    fn forget(&mut self, film: Film) {
        self.buffered -= 1;
        self.bytes_buffered -= u64::from(film.bytes);
    }

    pub(super) fn update_levels(&mut self, now: Time) {
        self.metrics.fragments_buffered.set(now, self.buffered);
        self.metrics.bytes_buffered.set(now, self.bytes_buffered);
    }

    /// A camera does what there is to do next: connect, or send.
    fn go_on<O: Outbox<CameraTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let quotas = &self.settings.stream.quotas;
        let camera = &mut self.cameras[number as usize];
        if camera.cursor >= camera.buffer.len() {
            return;
        }
        match camera.link {
            Link::Unconnected => self.connect(number, cx),
            Link::Ready => {
                let is_idle = cx.now.saturating_since(camera.fed_until) >= quotas.idle_time;
                let age = cx.now.saturating_since(camera.connected_at);
                if is_idle || age + RENEWAL_MARGIN >= quotas.longest_connection {
                    // The stream still acknowledges what came through the old connection.
                    self.hang_up(number, true, cx);
                    self.connect(number, cx);
                } else {
                    self.begin_to_send(number, cx);
                }
            }
            Link::Offline | Link::Connecting | Link::Sending(_) => {}
        }
    }

    /// `PutMedia`.
    fn connect<O: Outbox<CameraTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let delay = draw_span(&self.settings.latency, &mut self.latency);
        let camera = &mut self.cameras[number as usize];
        let delay = delay.max(camera.arrives_at.saturating_since(cx.now));
        camera.link = Link::Connecting;
        camera.connection = camera.connection.wrapping_add(1);
        let signal = Signal::PutMedia { stream: number, connection: camera.connection };
        cx.outbox.send(self.settings.stream.id, delay, signal);
    }

    /// The answer to `PutMedia`.
    pub(super) fn take_connection<O: Outbox<CameraTimer>>(
        &mut self,
        (number, connection): (u32, u16),
        error: Option<ApiError>,
        cx: &mut Context<'_, O>,
    ) {
        let camera = &mut self.cameras[number as usize];
        if camera.connection != connection || camera.link != Link::Connecting {
            if error.is_none() {
                // The network failed meanwhile: the stream keeps the connection until it is idle too long.
                let signal = Signal::MediaEnds { stream: number, connection, is_closed: false };
                cx.outbox.send(self.settings.stream.id, Span::ZERO, signal);
            }
            return;
        }
        if error.is_some() {
            self.metrics.connections_refused.add(1);
            camera.epoch += 1;
            let timer = CameraTimer::Connect { camera: number, epoch: camera.epoch };
            cx.outbox.wake(cx.now + self.settings.reconnect_interval, timer);
            return;
        }
        self.metrics.connections.add(1);
        camera.link = Link::Ready;
        (camera.connected_at, camera.fed_until) = (cx.now, cx.now);
        self.go_on(number, cx);
    }

    /// It is time to try to connect once more.
    pub(super) fn try_again<O: Outbox<CameraTimer>>(
        &mut self,
        number: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.cameras[number as usize].epoch == epoch {
            self.connect(number, cx);
        }
    }

    /// The first byte of a fragment is sent, as soon as the stream takes one more.
    fn begin_to_send<O: Outbox<CameraTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let camera = &mut self.cameras[number as usize];
        let Some(film) = camera.buffer.get(camera.cursor).copied() else { return };
        let begins = camera.rate.time_of(1, cx.now);
        camera.rate.take(1, begins);
        camera.link = Link::Sending(begins);
        camera.epoch += 1;
        let bytes = u64::from(film.bytes);
        let carried = super::super::outgoing::transfer_time(bytes, self.settings.uplink_bytes_per_second);
        // What is being filmed cannot be sent before it is.
        let ends = (begins + carried).max(film.taken_at + film.duration());
        cx.outbox.wake(ends, CameraTimer::Sent { camera: number, epoch: camera.epoch });
    }

    /// The last byte of a fragment is sent.
    pub(super) fn end_sending<O: Outbox<CameraTimer>>(
        &mut self,
        number: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let camera = &mut self.cameras[number as usize];
        let Link::Sending(began) = camera.link else { return };
        if camera.epoch != epoch {
            return;
        }
        let delay = draw_span(&self.settings.latency, &mut self.latency);
        camera.link = Link::Ready;
        camera.fed_until = cx.now;
        // What is sent in order arrives in order.
        camera.arrives_at = camera.arrives_at.max(cx.now + delay);
        let Some(film) = camera.buffer.get_mut(camera.cursor) else { return };
        self.metrics.fragments_sent.add(1);
        self.metrics.fragments_sent_again.add(u64::from(film.sent));
        film.sent = true;
        cx.messages.hold(film.message);
        let transfer = (cx.now - began).as_nanos() / 1_000_000;
        let fragment = SentFragment {
            stream: number,
            message: film.message,
            milliseconds: film.milliseconds,
            transfer_milliseconds: transfer.min(u64::from(u32::MAX)) as u32,
            frames: film.frames,
            connection: camera.connection,
        };
        camera.cursor += 1;
        let after = camera.arrives_at - cx.now;
        cx.outbox.send(self.settings.stream.id, after, Signal::PutFragment { fragment });
        self.go_on(number, cx);
    }

    /// An acknowledgement arrives; one of a connection that is gone does not.
    pub(super) fn take_ack<O: Outbox<CameraTimer>>(
        &mut self,
        (number, connection): (u32, u16),
        message: MessageId,
        ack: FragmentAck,
        cx: &mut Context<'_, O>,
    ) {
        let camera = &mut self.cameras[number as usize];
        if !camera.hears(connection) {
            return;
        }
        match ack {
            FragmentAck::Done => {
                let Some(film) = camera.settle(message) else { return };
                self.metrics.fragments_acknowledged.add(1);
                self.metrics.acknowledgement_latency.record((cx.now - film.taken_at).as_nanos());
                self.forget(film);
                cx.messages.release(message);
                self.update_levels(cx.now);
            }
            // It comes again, with everything after it, through a new connection.
            FragmentAck::Closed
            | FragmentAck::Error(AckError::ArchivalError | AckError::MaxConnectionDurationReached) => {
                self.metrics.connections_lost.add(1);
                self.hang_up(number, true, cx);
                self.cameras[number as usize].roll_back();
                self.connect(number, cx);
            }
            FragmentAck::Error(_) => {
                let Some(film) = camera.settle(message) else { return };
                self.metrics.fragments_refused.add(1);
                self.forget(film);
                cx.messages.mark_rejected(message);
                cx.messages.release(message);
                self.update_levels(cx.now);
            }
        }
    }

    /// A connection ends, after what is on its way through it.
    fn hang_up<O: Outbox<CameraTimer>>(&mut self, number: u32, is_closed: bool, cx: &mut Context<'_, O>) {
        let camera = &mut self.cameras[number as usize];
        let connection = camera.connection;
        let signal = Signal::MediaEnds { stream: number, connection, is_closed };
        cx.outbox.send(self.settings.stream.id, camera.arrives_at.saturating_since(cx.now), signal);
        camera.link = Link::Unconnected;
        camera.epoch += 1;
    }

    /// An outage at a given time.
    pub(super) fn begin_outage<O: Outbox<CameraTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let outage = self.settings.outages[index as usize];
        let concerned = (self.cameras.len() as f64 * outage.share + 0.5) as u32;
        for camera in 0..concerned {
            self.lose(camera, outage.lasts, cx);
        }
    }

    /// An outage by chance, and the next one.
    pub(super) fn lose_by_chance<O: Outbox<CameraTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Some(random) = &self.settings.random_outages else { return };
        let lasts = draw_span(&random.lasts, &mut self.uplink).max(Span::from_nanos(1));
        self.lose(number, lasts, cx);
        self.plan_outage(number, cx.now + lasts, cx);
    }

    /// A camera loses its network.
    fn lose<O: Outbox<CameraTimer>>(&mut self, number: u32, lasts: Span, cx: &mut Context<'_, O>) {
        let camera = &mut self.cameras[number as usize];
        if camera.link == Link::Offline {
            return;
        }
        if camera.is_connected() {
            self.metrics.connections_lost.add(1);
            self.hang_up(number, false, cx);
        }
        let camera = &mut self.cameras[number as usize];
        camera.link = Link::Offline;
        camera.epoch += 1;
        camera.roll_back();
        self.offline += 1;
        self.metrics.cameras_offline.set(cx.now, self.offline);
        cx.outbox.wake(cx.now + lasts, CameraTimer::Back { camera: number });
    }

    /// A camera has its network again.
    pub(super) fn come_back<O: Outbox<CameraTimer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let camera = &mut self.cameras[number as usize];
        camera.link = Link::Unconnected;
        self.offline -= 1;
        self.metrics.cameras_offline.set(cx.now, self.offline);
        self.go_on(number, cx);
    }
}
