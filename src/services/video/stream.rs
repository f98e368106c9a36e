//! The streams of a section: fragments come in, are acknowledged, kept, and handed to whoever reads them.

use super::archive::{Archive, Fragment, Keeping};
use super::ingest::{Ingest, Offered, Refusal};
use super::metrics::VideoStreamMetrics;
use super::outgoing::MediaConnection;
use super::playback::Pools;
use super::settings::{StorageTier, VideoStreamSettings};
use super::{Timer, VideoStreams};
use crate::engine::{Span, Time};
use crate::wire::{
    AckError, ApiError, Context, EntityId, FragmentAck, MessageId, Messages, Outbox, Purpose, SentFragment,
    Signal, draw_span,
};

/// One stream.
#[derive(Debug)]
pub(super) struct VideoStream {
    pub(super) archive: Archive,
    pub(super) ingest: Ingest,
    /// Who is being sent fragments.
    pub(super) media: Vec<MediaConnection>,
    pub(super) pools: Pools,
    /// `DataRetentionInHours`.
    pub(super) retention: Span,
    pub(super) exists: bool,
    /// Connections of scripts that read.
    pub(super) scripted_readers: u32,
    /// When the last fragment was, or will be, in the archive.
    persisted_at: Time,
}

/// What the streams have counted besides their metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) kept: u64,
    pub(super) bytes_kept: u64,
    pub(super) connections: u64,
    /// Seconds that the bytes of the warm tier would have had to stay to be paid for 30 days.
    pub(super) warm_byte_seconds_short: f64,
}

/// What became of a fragment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) number: u32,
    /// From its last byte to `RECEIVED`.
    pub(super) received_after: Span,
    /// From its last byte to `PERSISTED`; `None` where nothing is retained.
    pub(super) persisted_after: Option<Span>,
}

/// Bytes in the warm tier are paid for so long at least ("Amazon Kinesis Video Streams Tiered Storage").
const SHORTEST_WARM: Span = Span::from_days(30);

impl VideoStreams {
    /// Streams without a fragment.
    pub fn new(settings: VideoStreamSettings, seed: u64, replication: u32) -> Self {
        let chance = |purpose: Purpose| purpose.stream(seed, replication, "video_stream", &settings.name);
        let model = settings.assumptions.limit_model;
        let stream = |_| VideoStream {
            archive: Archive::default(),
            ingest: Ingest::new(&settings.quotas, model),
            media: Vec::new(),
            pools: Pools::new(&settings.quotas, model),
            retention: settings.retention,
            exists: settings.created,
            scripted_readers: 0,
            persisted_at: Time::ZERO,
        };
        let mut metrics = VideoStreamMetrics::default();
        metrics.active_connections.set(Time::ZERO, 0);
        metrics.fragments_stored.set(Time::ZERO, 0);
        metrics.bytes_stored.set(Time::ZERO, 0);
        Self {
            streams: (0..settings.count).map(stream).collect(),
            latency: chance(Purpose::AckLatency),
            failure: chance(Purpose::Failure),
            counts: Counts::default(),
            short_at_warm_up: 0.0,
            scripted: 0,
            metrics,
            settings,
        }
    }

    /// A camera calls `PutMedia`.
    pub(super) fn open_put_media<O: Outbox<Timer>>(
        &mut self,
        camera: EntityId,
        (stream, connection): (u32, u16),
        cx: &mut Context<'_, O>,
    ) {
        let error = self.connect(stream, connection, cx.now).err();
        cx.outbox.send(camera, Span::ZERO, Signal::MediaConnection { stream, connection, error });
    }

    /// A connection is opened, if there may be one more.
    pub(super) fn connect(&mut self, stream: u32, connection: u16, now: Time) -> Result<(), ApiError> {
        if !self.streams[stream as usize].exists {
            return Err(ApiError::ResourceNotFoundException);
        }
        self.metrics.put_media_requests.add(1);
        let quotas = &self.settings.quotas;
        let one = &mut self.streams[stream as usize];
        if one.ingest.close_idle(now, quotas) {
            self.metrics.idle_connections_closed.add(1);
            self.counts.connections -= 1;
        }
        let opened = one.ingest.open(connection, now);
        match opened {
            Ok(()) => self.counts.connections += 1,
            Err(_) => self.metrics.put_media_connection_errors.add(1),
        }
        self.metrics.active_connections.set(now, self.counts.connections);
        opened
    }

    /// No more bytes come through a connection.
    pub(super) fn end_put_media(&mut self, stream: u32, connection: u16, is_closed: bool, now: Time) {
        let ingest = &mut self.streams[stream as usize].ingest;
        let was_open = ingest.is_open();
        ingest.end(connection, is_closed, now);
        if was_open && !ingest.is_open() {
            self.counts.connections -= 1;
            self.metrics.active_connections.set(now, self.counts.connections);
        }
    }

    /// The last byte of a fragment arrives; the stream takes over the hold on its message.
    pub(super) fn put_fragment<O: Outbox<Timer>>(
        &mut self,
        camera: EntityId,
        sent: SentFragment,
        cx: &mut Context<'_, O>,
    ) {
        let taken = self.take(sent, self.settings.tracks, cx);
        let (delay, ack) = match taken {
            Ok(taken) => {
                self.pump_all(sent.stream, cx);
                (taken.persisted_after.unwrap_or(taken.received_after), FragmentAck::Done)
            }
            Err(Refusal::Error(error)) => (Span::ZERO, FragmentAck::Error(error)),
            Err(Refusal::Closed) => (Span::ZERO, FragmentAck::Closed),
        };
        let SentFragment { stream, connection, message, .. } = sent;
        cx.outbox.send(camera, delay, Signal::FragmentAcknowledged { stream, connection, message, ack });
    }

    /// A fragment is judged and, if all is well, kept.
    pub(super) fn take<O>(
        &mut self,
        sent: SentFragment,
        tracks: u8,
        cx: &mut Context<'_, O>,
    ) -> Result<Taken, Refusal> {
        let now = cx.now;
        self.expire(sent.stream, now, cx.messages);
        let bytes = cx.messages.bytes(sent.message);
        let transfer = Span::from_millis(u64::from(sent.transfer_milliseconds));
        let offered = Offered {
            connection: sent.connection,
            begun_at: now.saturating_sub(transfer),
            taken_at: cx.messages.published_at(sent.message),
            duration: Span::from_millis(u64::from(sent.milliseconds)),
            bytes,
            tracks,
        };
        let stream = &mut self.streams[sent.stream as usize];
        let was_open = stream.ingest.is_open();
        let mut judged = stream.ingest.judge(&offered, now, &self.settings.quotas);
        if was_open && !stream.ingest.is_open() {
            self.counts.connections -= 1;
            self.metrics.active_connections.set(now, self.counts.connections);
        }
        if judged.is_ok()
            && stream.retention > Span::ZERO
            && self.failure.chance(self.settings.assumptions.archival_failures)
        {
            judged = Err(Refusal::Error(AckError::ArchivalError));
        }
        match judged {
            Ok(()) => Ok(self.keep(sent, (bytes, transfer), cx)),
            Err(refusal) => {
                self.refuse(refusal, bytes);
                cx.messages.release(sent.message);
                Err(refusal)
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal, bytes: u32) {
        match refusal {
            Refusal::Closed => self.metrics.fragments_lost.add(1),
            Refusal::Error(_) => {
                self.metrics.incoming_bytes.add(u64::from(bytes));
                self.metrics.refused_bytes.add(u64::from(bytes));
                self.metrics.error_ack_count.add(1);
                self.metrics.put_media_success.record(0);
            }
        }
    }

    fn keep<O>(
        &mut self,
        sent: SentFragment,
        (bytes, transfer): (u32, Span),
        cx: &mut Context<'_, O>,
    ) -> Taken {
        let now = cx.now;
        let assumptions = &self.settings.assumptions;
        let buffering = draw_span(&assumptions.buffering_ack, &mut self.latency);
        let received_after = draw_span(&assumptions.received_ack, &mut self.latency);
        let mut archived_after = draw_span(&assumptions.persisted_ack, &mut self.latency);
        if self.settings.tier == StorageTier::Warm {
            archived_after += assumptions.warm_delay;
        }
        let stream = &mut self.streams[sent.stream as usize];
        let is_retained = stream.retention > Span::ZERO;
        // The archive is in order.
        stream.persisted_at = stream.persisted_at.max(now + archived_after);
        let archived_after = stream.persisted_at - now;
        let fragment = Fragment {
            message: sent.message,
            received_at: now,
            persisted_at: stream.persisted_at,
            milliseconds: sent.milliseconds,
            frames: sent.frames,
        };
        let number = stream.archive.push(fragment, bytes);
        let metrics = &mut self.metrics;
        metrics.incoming_bytes.add(u64::from(bytes));
        metrics.incoming_fragments.add(1);
        metrics.incoming_frames.add(u64::from(sent.frames));
        metrics.put_media_success.record(1);
        metrics.fragment_ingestion_latency.record(transfer.as_nanos());
        metrics.buffering_ack_latency.record(buffering.as_nanos());
        metrics.received_ack_latency.record(received_after.as_nanos());
        if is_retained {
            metrics.fragment_persist_latency.record(archived_after.as_nanos());
            metrics.persisted_ack_latency.record(archived_after.as_nanos());
        }
        metrics.copies.add(u64::from(!cx.messages.mark_streamed(sent.message)));
        self.counts.kept += 1;
        self.counts.bytes_kept += u64::from(bytes);
        self.expire(sent.stream, now, cx.messages);
        self.update_levels(now);
        Taken { number, received_after, persisted_after: is_retained.then_some(archived_after) }
    }

    /// Fragments whose time is over leave a stream.
    pub(super) fn expire(&mut self, stream: u32, now: Time, messages: &mut Messages) {
        let one = &mut self.streams[stream as usize];
        let quotas = &self.settings.quotas;
        let keeping = if one.retention > Span::ZERO {
            Keeping::Retained(one.retention)
        } else {
            Keeping::HostBuffer(quotas.host_buffer_time, quotas.host_buffer_bytes)
        };
        while let Some((fragment, bytes)) = one.archive.pop_expired(keeping, now, messages) {
            messages.mark_expired(fragment.message);
            messages.release(fragment.message);
            self.metrics.fragments_expired.add(1);
            self.metrics.bytes_expired.add(u64::from(bytes));
            self.counts.kept -= 1;
            self.counts.bytes_kept -= u64::from(bytes);
            if self.settings.tier == StorageTier::Warm && one.retention < SHORTEST_WARM {
                let short = SHORTEST_WARM.saturating_sub(now.saturating_since(fragment.received_at));
                self.counts.warm_byte_seconds_short += f64::from(bytes) * short.as_seconds_f64();
            }
        }
    }

    fn update_levels(&mut self, now: Time) {
        self.metrics.fragments_stored.set(now, self.counts.kept);
        self.metrics.bytes_stored.set(now, self.counts.bytes_kept);
        self.metrics.active_connections.set(now, self.counts.connections);
    }

    /// Fragments whose time is over leave all streams.
    pub(super) fn expire_all(&mut self, now: Time, messages: &mut Messages) {
        for stream in 0..self.streams.len() as u32 {
            self.expire(stream, now, messages);
        }
    }

    /// What ends by itself has ended.
    pub(super) fn look_at_all(&mut self, now: Time, messages: &mut Messages) {
        self.expire_all(now, messages);
        for stream in &mut self.streams {
            if stream.ingest.close_idle(now, &self.settings.quotas) {
                self.metrics.idle_connections_closed.add(1);
                self.counts.connections -= 1;
            }
        }
        self.update_levels(now);
    }

    /// Every message that is kept.
    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.streams.iter().flat_map(|stream| stream.archive.iter()).map(|fragment| fragment.message)
    }
}
