//! Connections through which a stream sends whole fragments: `GetMedia`, which follows the stream, and
//! `GetMediaForFragmentList`, which ends.

use super::{Timer, VideoStreams};
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, Context, EntityId, LimitBucket, MediaStart, Messages, Outbox, Signal, VideoAnswer,
    time_of_milliseconds,
};

/// A connection that a viewer reads from.
#[derive(Debug)]
pub(super) struct MediaConnection {
    viewer: EntityId,
    session: u32,
    /// The next number to send.
    next: u32,
    /// One more than the last number to send; `None` follows the stream.
    end: Option<u32>,
    /// Whether there is more than this list holds.
    more: bool,
    bytes_per_second: u64,
    is_paced: bool,
    /// Whether the viewer still works on the last fragment.
    waits: bool,
    /// When the last fragment has been sent.
    busy_until: Time,
    /// Fragments it may begin.
    rate: LimitBucket,
    wakes_at: Option<Time>,
}

impl MediaConnection {
    fn is_list(&self) -> bool {
        self.end.is_some()
    }
}

impl VideoStreams {
    /// The number that a start selector means.
    pub(super) fn start_of(&mut self, stream: u32, start: MediaStart, messages: &Messages) -> u32 {
        let archive = &self.streams[stream as usize].archive;
        match start {
            MediaStart::Now => archive.end(),
            MediaStart::Earliest => archive.first(),
            MediaStart::FragmentNumber(number) => number,
            MediaStart::ServerTimestamp(time) => archive.received_from(time_of_milliseconds(time)),
            MediaStart::ProducerTimestamp(time) => {
                archive.produced_from(time_of_milliseconds(time), messages)
            }
        }
    }

    /// How many connections of a kind a stream has.
    pub(super) fn media_connections(&self, stream: u32, lists: bool) -> u32 {
        let one = &self.streams[stream as usize];
        let scripted = if lists { 0 } else { one.scripted_readers };
        scripted + one.media.iter().filter(|one| one.is_list() == lists).count() as u32
    }

    /// A `GetMedia` call is counted, and allowed or not.
    pub(super) fn admit_get_media(&mut self, stream: u32, now: Time) -> Result<(), ApiError> {
        if !self.streams[stream as usize].exists {
            return Err(ApiError::ResourceNotFoundException);
        }
        self.metrics.get_media_requests.add(1);
        let allowed = if !self.streams[stream as usize].pools.take_get_media(now) {
            Err(ApiError::ClientLimitExceededException)
        } else if self.media_connections(stream, false) >= self.settings.quotas.get_media_connections {
            Err(ApiError::ConnectionLimitExceededException)
        } else {
            Ok(())
        };
        if allowed.is_err() {
            self.metrics.get_media_connection_errors.add(1);
            self.metrics.get_media_success.record(0);
        }
        allowed
    }

    /// `GetMedia`.
    pub(super) fn get_media<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        start: MediaStart,
        cx: &mut Context<'_, O>,
    ) {
        self.expire(stream, cx.now, cx.messages);
        if let Err(error) = self.admit_get_media(stream, cx.now) {
            self.answer(viewer, (stream, session), VideoAnswer::Refused(error), cx);
            return;
        }
        let next = self.start_of(stream, start, cx.messages);
        self.open_media(viewer, (stream, session), (next, None, false), cx);
    }

    /// A connection begins to send.
    pub(super) fn open_media<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        (next, end, more): (u32, Option<u32>, bool),
        cx: &mut Context<'_, O>,
    ) {
        let quotas = &self.settings.quotas;
        let known = self.settings.viewers.iter().find(|one| one.entity == viewer);
        let rate = quotas.fragments_per_second;
        let connection = MediaConnection {
            viewer,
            session,
            next,
            end,
            more,
            bytes_per_second: known
                .map_or(u64::MAX, |one| one.bytes_per_second)
                .min(quotas.get_bytes_per_second),
            is_paced: known.is_some_and(|one| one.is_paced),
            waits: false,
            busy_until: cx.now,
            rate: LimitBucket::full(rate, rate, self.settings.assumptions.limit_model),
            wakes_at: None,
        };
        let media = &mut self.streams[stream as usize].media;
        media.push(connection);
        let position = media.len() - 1;
        self.pump(stream, position, cx);
    }

    /// A new fragment is there for everybody who waits for one.
    pub(super) fn pump_all<O: Outbox<Timer>>(&mut self, stream: u32, cx: &mut Context<'_, O>) {
        for position in (0..self.streams[stream as usize].media.len()).rev() {
            self.pump(stream, position, cx);
        }
    }

    /// A viewer can take the next fragment.
    pub(super) fn taken<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        cx: &mut Context<'_, O>,
    ) {
        let media = &mut self.streams[stream as usize].media;
        let found = media.iter().position(|one| one.viewer == viewer && one.session == session);
        if let Some(position) = found {
            media[position].waits = false;
            self.pump(stream, position, cx);
        }
    }

    /// Connections of a stream can go on.
    pub(super) fn send_on<O: Outbox<Timer>>(&mut self, stream: u32, cx: &mut Context<'_, O>) {
        for position in (0..self.streams[stream as usize].media.len()).rev() {
            let connection = &mut self.streams[stream as usize].media[position];
            if connection.wakes_at.is_some_and(|at| at <= cx.now) {
                connection.wakes_at = None;
                self.pump(stream, position, cx);
            }
        }
    }

    /// The next fragment of a connection is sent, if there is one and it can be.
    fn pump<O: Outbox<Timer>>(&mut self, stream: u32, position: usize, cx: &mut Context<'_, O>) {
        let now = cx.now;
        self.expire(stream, now, cx.messages);
        let one = &mut self.streams[stream as usize];
        let connection = &mut one.media[position];
        if connection.waits {
            return;
        }
        // What has expired meanwhile is passed over.
        connection.next = connection.next.max(one.archive.first());
        let is_over = connection.end.is_some_and(|end| connection.next >= end);
        let Some(fragment) = one.archive.get(connection.next).copied().filter(|_| !is_over) else {
            if is_over && connection.busy_until <= now {
                let MediaConnection { viewer, session, more, .. } = one.media.swap_remove(position);
                self.answer(viewer, (stream, session), VideoAnswer::End { more }, cx);
            } else if is_over {
                self.wake_at(stream, position, cx);
            }
            return;
        };
        let allowed_at = if connection.is_list() { now } else { connection.rate.time_of(1, now) };
        let ready_at = connection.busy_until.max(allowed_at);
        if ready_at > now {
            connection.busy_until = ready_at;
            self.wake_at(stream, position, cx);
            return;
        }
        if !connection.is_list() {
            connection.rate.take(1, now);
        }
        let bytes = u64::from(cx.messages.bytes(fragment.message));
        let transfer = transfer_time(bytes, connection.bytes_per_second);
        let (viewer, session, number) = (connection.viewer, connection.session, connection.next);
        connection.busy_until = now + transfer;
        connection.next += 1;
        connection.waits = connection.is_paced;
        let goes_on = !connection.is_paced && (connection.is_list() || one.archive.get(number + 1).is_some());
        self.count_sent(stream, position, (bytes, fragment.frames), fragment.received_at, now);
        cx.messages.hold(fragment.message);
        let answer = VideoAnswer::Media { message: fragment.message, number, frames: fragment.frames };
        let delay = transfer + self.settings.assumptions.call_latency;
        cx.outbox.send(viewer, delay, Signal::VideoAnswered { stream, session, answer });
        if goes_on {
            self.wake_at(stream, position, cx);
        }
    }

    fn count_sent(
        &mut self,
        stream: u32,
        position: usize,
        (bytes, frames): (u64, u16),
        received_at: Time,
        now: Time,
    ) {
        let metrics = &mut self.metrics;
        if self.streams[stream as usize].media[position].is_list() {
            metrics.fragment_list_bytes.add(bytes);
            metrics.fragment_list_fragments.add(1);
            metrics.fragment_list_frames.add(u64::from(frames));
            metrics.fragment_list_success.record(1);
        } else {
            metrics.get_media_bytes.add(bytes);
            metrics.get_media_fragments.add(1);
            metrics.get_media_frames.add(u64::from(frames));
            metrics.get_media_success.record(1);
            metrics.millis_behind_now.record((now - received_at).as_nanos());
        }
    }

    /// Looks at a connection again when it has sent what it sends now.
    fn wake_at<O: Outbox<Timer>>(&mut self, stream: u32, position: usize, cx: &mut Context<'_, O>) {
        let connection = &mut self.streams[stream as usize].media[position];
        let at = connection.busy_until;
        if connection.wakes_at.is_none_or(|planned| planned > at || planned < cx.now) {
            connection.wakes_at = Some(at);
            cx.outbox.wake(at, Timer::SendOn { stream });
        }
    }
}

/// How long so many bytes take.
pub(super) fn transfer_time(bytes: u64, per_second: u64) -> Span {
    let nanos = (u128::from(bytes) * 1_000_000_000).div_ceil(u128::from(per_second.max(1)));
    Span::from_nanos(nanos.min(u128::from(u64::MAX / 4)) as u64)
}
