//! A consumer of video: its sessions, and what becomes of fragments.

use super::VideoConsumerTimer;
use super::metrics::VideoConsumerMetrics;
use super::settings::{Method, VideoConsumerSettings};
use crate::engine::{Span, Stream, Time};
use crate::wire::{
    Context, Entry, Forwarder, MessageId, Outbox, Purpose, Signal, VideoAnswer, VideoCall, draw_span,
    milliseconds,
};

/// One reader of one stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) is_open: bool,
    /// When it was opened.
    pub(super) opened_at: Time,
    /// One more than the highest number of the camera's that it has seen.
    seen: u64,
    /// The next number of the stream it expects.
    pub(super) next: Option<u32>,
    /// One more than the newest number it knows of.
    pub(super) known: u32,
    /// When its player has shown everything it has.
    pub(super) shown_until: Option<Time>,
    /// Length of a fragment.
    pub(super) fragment: Span,
    /// Whether a playlist told nothing new.
    pub(super) is_unchanged: bool,
    /// When it last asked for a playlist.
    pub(super) polled_at: Time,
    /// What it works on, and its frames.
    in_hand: Option<(MessageId, u16)>,
}

/// A consumer of video.
#[derive(Debug)]
pub struct VideoConsumer {
    pub(super) settings: VideoConsumerSettings,
    pub(super) sessions: Vec<Session>,
    processing: Stream,
    beginning: Stream,
    forwarder: Option<Forwarder>,
    pub(super) open: u64,
    pub(super) metrics: VideoConsumerMetrics,
}

impl VideoConsumer {
    /// A consumer that has not begun.
    pub fn new(settings: VideoConsumerSettings, seed: u64, replication: u32) -> Self {
        let chance = |purpose: Purpose| purpose.stream(seed, replication, "video_consumer", &settings.name);
        let session = Session {
            is_open: false,
            opened_at: Time::ZERO,
            seen: 0,
            next: None,
            known: 0,
            shown_until: None,
            fragment: Span::from_seconds(1),
            is_unchanged: false,
            polled_at: Time::ZERO,
            in_hand: None,
        };
        let forwarder = settings
            .forward
            .clone()
            .map(|forward| Forwarder::new(forward, seed, replication, "video_consumer", &settings.name));
        let mut metrics = VideoConsumerMetrics::default();
        metrics.sessions.set(Time::ZERO, 0);
        Self {
            sessions: vec![session; (settings.streams * settings.viewers) as usize],
            processing: chance(Purpose::ProcessingTime),
            beginning: chance(Purpose::Beginning),
            forwarder,
            open: 0,
            metrics,
            settings,
        }
    }

    pub(super) fn begin<O: Outbox<VideoConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for session in 0..self.sessions.len() as u32 {
            let at = cx.now + draw_span(&self.settings.starts_after, &mut self.beginning);
            cx.outbox.wake(at, VideoConsumerTimer::Next { session });
        }
    }

    /// The stream of a session.
    pub(super) fn stream(&self, session: u32) -> u32 {
        session / self.settings.viewers
    }

    /// A call of a session.
    pub(super) fn call<O: Outbox<VideoConsumerTimer>>(
        &self,
        session: u32,
        call: VideoCall,
        cx: &mut Context<'_, O>,
    ) {
        let stream = self.stream(session);
        cx.outbox.send(self.settings.source.id, Span::ZERO, Signal::Video { stream, session, call });
    }

    /// A session goes on: it opens, asks what there is, or reads.
    pub(super) fn next<O: Outbox<VideoConsumerTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        match self.settings.method {
            Method::Live(start) => self.call(session, VideoCall::GetMedia { start }, cx),
            Method::Playback(playback) => self.play_on(session, &playback, cx),
            Method::Archive(every) => {
                let one = &mut self.sessions[session as usize];
                if !one.is_open {
                    // The first part is complete after the first interval.
                    (one.is_open, one.opened_at) = (true, cx.now);
                    self.open += 1;
                    self.metrics.sessions.set(cx.now, self.open);
                    cx.outbox.wake(cx.now + every, VideoConsumerTimer::Next { session });
                    return;
                }
                let (next, to) = (one.next.unwrap_or(0), milliseconds(one.opened_at + every));
                self.call(session, VideoCall::Archive { next, to }, cx);
            }
        }
    }

    /// A stream answers.
    pub(super) fn take_answer<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        session: u32,
        answer: VideoAnswer,
        cx: &mut Context<'_, O>,
    ) {
        match answer {
            VideoAnswer::Refused(_) => {
                self.metrics.calls_refused.add(1);
                cx.outbox.wake(cx.now + self.settings.retry_interval, VideoConsumerTimer::Next { session });
            }
            VideoAnswer::Session => self.open_session(session, cx),
            VideoAnswer::Playlist { end, count, milliseconds } => {
                self.take_playlist(session, (end, count, milliseconds), cx);
            }
            VideoAnswer::Media { message, number, frames } => {
                self.take_media(session, (message, frames), number, cx);
            }
            VideoAnswer::Gone => self.miss(session, cx),
            VideoAnswer::End { more } => self.end_list(session, more, cx),
        }
    }

    /// A part of the archive has been read.
    fn end_list<O: Outbox<VideoConsumerTimer>>(&mut self, session: u32, more: bool, cx: &mut Context<'_, O>) {
        let Method::Archive(every) = self.settings.method else { return };
        if more {
            self.next(session, cx);
            return;
        }
        let one = &mut self.sessions[session as usize];
        one.opened_at += every;
        let at = (one.opened_at + every).max(cx.now);
        cx.outbox.wake(at, VideoConsumerTimer::Next { session });
    }

    /// A fragment has arrived.
    fn take_media<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        session: u32,
        (message, frames): (MessageId, u16),
        number: u32,
        cx: &mut Context<'_, O>,
    ) {
        let one = &mut self.sessions[session as usize];
        if !one.is_open {
            one.is_open = true;
            self.open += 1;
            self.metrics.sessions.set(cx.now, self.open);
        }
        if let Some(next) = one.next {
            self.metrics.fragments_missed.add(u64::from(number.saturating_sub(next)));
        }
        one.next = Some(number + 1);
        let produced = cx.messages.published_at(message);
        self.metrics.fragments_received.add(1);
        self.metrics.bytes_received.add(u64::from(cx.messages.bytes(message)));
        self.metrics.arrival_latency.record(cx.now.saturating_since(produced).as_nanos());
        if matches!(self.settings.method, Method::Playback(_)) {
            let shown_at = self.show(session, cx.now);
            self.account(session, (message, frames), shown_at, cx);
            self.next(session, cx);
        } else if self.settings.is_paced {
            self.sessions[session as usize].in_hand = Some((message, frames));
            let time = draw_span(&self.settings.processing_time, &mut self.processing);
            cx.outbox.wake(cx.now + time, VideoConsumerTimer::Processed { session });
        } else {
            self.account(session, (message, frames), cx.now, cx);
        }
    }

    /// A fragment has been processed: the next one may come.
    pub(super) fn finish<O: Outbox<VideoConsumerTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        if let Some(film) = self.sessions[session as usize].in_hand.take() {
            self.account(session, film, cx.now, cx);
            self.call(session, VideoCall::Taken, cx);
        }
    }

    /// What became of a fragment is entered, and its results are sent on.
    fn account<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        session: u32,
        (message, frames): (MessageId, u16),
        done_at: Time,
        cx: &mut Context<'_, O>,
    ) {
        let one = &mut self.sessions[session as usize];
        let (_, sequence) = cx.messages.origin(message);
        cx.messages.mark_processed(message);
        if sequence < one.seen {
            self.metrics.duplicates.add(1);
        } else {
            one.seen = sequence + 1;
            self.metrics.messages_processed.add(1);
            let taken_at = cx.messages.published_at(message);
            self.metrics.end_to_end_latency.record(done_at.saturating_since(taken_at).as_nanos());
        }
        self.forward((message, frames), cx);
        cx.messages.release(message);
    }

    fn forward<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        (message, frames): (MessageId, u16),
        cx: &mut Context<'_, O>,
    ) {
        let Some(forwarder) = &mut self.forwarder else { return };
        let results = match self.settings.every_nth_frame {
            None => 1,
            Some(nth) => u32::from(frames) / nth,
        };
        let batch = cx.batches.open();
        cx.batches.entries_mut(batch).extend((0..results).map(|_| Entry::new(message)));
        let latency = forwarder.draw_latency();
        self.metrics.messages_forwarded.add(forwarder.send(batch, |_| true, latency, cx));
        cx.batches.close(batch);
    }

    /// What it holds.
    pub(super) fn in_hand(&self) -> impl Iterator<Item = MessageId> {
        self.sessions.iter().filter_map(|session| session.in_hand).map(|(message, _)| message)
    }
}
