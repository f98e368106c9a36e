//! Archived media: playlists, fragments and lists of fragments, paid for with the points of two quotas that all calls of a
//! stream share ("Amazon Kinesis Video Streams service quotas", fragment-metadata and fragment-media quotas).

use super::outgoing::transfer_time;
use super::{Timer, VideoStreams};
use crate::engine::{Span, Time};
use crate::record::{Counter, Distribution};
use crate::wire::{
    ApiError, Context, EntityId, LimitBucket, LimitModel, Outbox, Signal, VideoAnswer, VideoQuotas,
};

/// What calls of viewers to one stream take from.
#[derive(Debug)]
pub(super) struct Pools {
    metadata: LimitBucket,
    media: LimitBucket,
    sessions: LimitBucket,
    get_media: LimitBucket,
    endpoint: LimitBucket,
}

impl Pools {
    pub(super) fn new(quotas: &VideoQuotas, model: LimitModel) -> Self {
        let full = |per_second| LimitBucket::full(per_second, per_second, model);
        Self {
            metadata: full(quotas.metadata_points_per_second),
            media: full(quotas.media_points_per_second),
            sessions: full(quotas.sessions_per_second),
            get_media: full(quotas.calls_per_second),
            endpoint: full(quotas.calls_per_second),
        }
    }

    pub(super) fn take_get_media(&mut self, now: Time) -> bool {
        take(&mut self.get_media, 1, now)
    }

    pub(super) fn take_endpoint(&mut self, now: Time) -> bool {
        take(&mut self.endpoint, 1, now)
    }
}

/// Takes points if all of them are there.
fn take(bucket: &mut LimitBucket, points: u64, now: Time) -> bool {
    let has = bucket.has(points, now);
    if has {
        bucket.spend(points);
    }
    has
}

/// A call is counted as made, and as successful or not.
fn count(requests: &mut Counter, success: &mut Distribution, is_taken: bool) {
    requests.add(1);
    success.record(u64::from(is_taken));
}

impl VideoStreams {
    /// An answer on its way to a viewer.
    pub(super) fn answer<O: Outbox<Timer>>(
        &self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        answer: VideoAnswer,
        cx: &mut Context<'_, O>,
    ) {
        let delay = self.settings.assumptions.call_latency;
        cx.outbox.send(viewer, delay, Signal::VideoAnswered { stream, session, answer });
    }

    fn is_dash(&self, viewer: EntityId) -> bool {
        self.settings.viewers.iter().any(|one| one.entity == viewer && one.is_dash)
    }

    /// `GetHLSStreamingSessionURL` or `GetDASHStreamingSessionURL`: not for a stream that retains nothing.
    pub(super) fn admit_session(&mut self, stream: u32, is_dash: bool, now: Time) -> Result<(), ApiError> {
        let one = &mut self.streams[stream as usize];
        let admitted = if !take(&mut one.pools.sessions, 1, now) {
            Err(ApiError::ClientLimitExceededException)
        } else if one.retention.is_zero() {
            Err(ApiError::NoDataRetentionException)
        } else {
            Ok(())
        };
        let metrics = &mut self.metrics;
        if is_dash {
            count(&mut metrics.dash_session_requests, &mut metrics.dash_session_success, admitted.is_ok());
        } else {
            count(&mut metrics.hls_session_requests, &mut metrics.hls_session_success, admitted.is_ok());
        }
        admitted
    }

    pub(super) fn open_session<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        cx: &mut Context<'_, O>,
    ) {
        let is_dash = self.is_dash(viewer);
        let answer = match self.admit_session(stream, is_dash, cx.now) {
            Ok(()) => VideoAnswer::Session,
            Err(error) => VideoAnswer::Refused(error),
        };
        self.answer(viewer, (stream, session), answer, cx);
    }

    /// Takes metadata points, if they are there.
    pub(super) fn take_metadata(&mut self, stream: u32, points: u64, now: Time) -> Result<(), ApiError> {
        let one = &mut self.streams[stream as usize];
        if !take(&mut one.pools.metadata, points, now) {
            return Err(ApiError::ClientLimitExceededException);
        }
        self.metrics.archived_metadata.add(points);
        Ok(())
    }

    /// Takes media points, if they are there.
    pub(super) fn take_media(&mut self, stream: u32, points: u64, now: Time) -> Result<(), ApiError> {
        let one = &mut self.streams[stream as usize];
        if !take(&mut one.pools.media, points, now) {
            return Err(ApiError::ClientLimitExceededException);
        }
        self.metrics.archived_media.add(points);
        Ok(())
    }

    /// `GetHLSMediaPlaylist` of each track, or `GetDASHManifest`: the newest fragments that are archived. Each call takes as
    /// many points as it may list, however many it lists.
    pub(super) fn playlist<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        (calls, points): (u8, u16),
        cx: &mut Context<'_, O>,
    ) {
        let now = cx.now;
        self.expire(stream, now, cx.messages);
        let is_dash = self.is_dash(viewer);
        let mut taken = Ok(());
        for _ in 0..calls {
            taken = self.take_metadata(stream, u64::from(points), now);
            let metrics = &mut self.metrics;
            if is_dash {
                count(&mut metrics.manifest_requests, &mut metrics.manifest_success, taken.is_ok());
            } else {
                count(&mut metrics.playlist_requests, &mut metrics.playlist_success, taken.is_ok());
            }
            if taken.is_err() {
                break;
            }
        }
        let archive = &self.streams[stream as usize].archive;
        let (first, end) = (archive.first(), archive.persisted_end(now));
        let newest = end.checked_sub(1).and_then(|number| archive.get(number));
        let answer = match taken {
            Err(error) => VideoAnswer::Refused(error),
            Ok(()) => VideoAnswer::Playlist {
                end,
                count: (end - first).min(u32::from(points)) as u16,
                milliseconds: newest.map_or(0, |one| one.milliseconds.min(u32::from(u16::MAX)) as u16),
            },
        };
        self.answer(viewer, (stream, session), answer, cx);
    }

    /// `GetMP4MediaFragment` of each track: one media point each.
    pub(super) fn play_fragment<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        (number, tracks): (u32, u8),
        cx: &mut Context<'_, O>,
    ) {
        let now = cx.now;
        self.expire(stream, now, cx.messages);
        let mut taken = Ok(());
        for _ in 0..tracks {
            taken = self.take_media(stream, 1, now);
            let metrics = &mut self.metrics;
            count(&mut metrics.media_fragment_requests, &mut metrics.media_fragment_success, taken.is_ok());
            if taken.is_err() {
                break;
            }
        }
        if let Err(error) = taken {
            self.answer(viewer, (stream, session), VideoAnswer::Refused(error), cx);
            return;
        }
        let Some(fragment) = self.streams[stream as usize].archive.get(number).copied() else {
            self.answer(viewer, (stream, session), VideoAnswer::Gone, cx);
            return;
        };
        let bytes = u64::from(cx.messages.bytes(fragment.message));
        self.metrics.media_fragment_bytes.add(bytes);
        cx.messages.hold(fragment.message);
        let known = self.settings.viewers.iter().find(|one| one.entity == viewer);
        let transfer = known.map_or(Span::ZERO, |one| transfer_time(bytes, one.bytes_per_second));
        let answer = VideoAnswer::Media { message: fragment.message, number, frames: fragment.frames };
        let delay = transfer + self.settings.assumptions.call_latency;
        cx.outbox.send(viewer, delay, Signal::VideoAnswered { stream, session, answer });
    }

    /// `ListFragments`: those archived of the numbers from `first` on, up to a server timestamp. Takes as many points as it
    /// may list. Gives the first number, one more than the last, and whether there are more.
    pub(super) fn list_fragments(
        &mut self,
        stream: u32,
        (first, to): (u32, Time),
        most: u32,
        now: Time,
    ) -> Result<(u32, u32, bool), ApiError> {
        let taken = self.take_metadata(stream, u64::from(most), now);
        let metrics = &mut self.metrics;
        count(&mut metrics.list_fragments_requests, &mut metrics.list_fragments_success, taken.is_ok());
        taken?;
        let one = &self.streams[stream as usize];
        let archive = &one.archive;
        let first = first.max(archive.first());
        if one.retention.is_zero() {
            return Ok((first, first, false));
        }
        let end = archive.received_from(to).min(archive.persisted_end(now)).max(first);
        Ok((first, end.min(first + most), end > first + most))
    }

    /// `GetMediaForFragmentList` is allowed or not: connections, and a media point for each fragment.
    pub(super) fn admit_fragment_list(
        &mut self,
        stream: u32,
        fragments: u32,
        now: Time,
    ) -> Result<(), ApiError> {
        self.metrics.fragment_list_requests.add(1);
        let allowed = if fragments > self.settings.quotas.listed_fragments || fragments == 0 {
            Err(ApiError::InvalidArgumentException)
        } else if self.media_connections(stream, true) >= self.settings.quotas.fragment_list_connections {
            Err(ApiError::ConnectionLimitExceededException)
        } else {
            self.take_media(stream, u64::from(fragments), now)
        };
        if allowed.is_err() {
            self.metrics.fragment_list_success.record(0);
        }
        allowed
    }

    /// What arrived in a time is listed and sent, in one call each. A list has no more fragments than the quota of media
    /// points holds, or it would be refused for ever.
    pub(super) fn read_archive<O: Outbox<Timer>>(
        &mut self,
        viewer: EntityId,
        (stream, session): (u32, u32),
        (next, to): (u32, Time),
        cx: &mut Context<'_, O>,
    ) {
        self.expire(stream, cx.now, cx.messages);
        let quotas = self.settings.quotas;
        let most = u64::from(quotas.listed_fragments).min(quotas.media_points_per_second) as u32;
        let listed = self.list_fragments(stream, (next, to), most, cx.now);
        let (first, end, more) = match listed {
            Ok((first, end, more)) if end > first => (first, end, more),
            Ok(_) => {
                self.answer(viewer, (stream, session), VideoAnswer::End { more: false }, cx);
                return;
            }
            Err(error) => {
                self.answer(viewer, (stream, session), VideoAnswer::Refused(error), cx);
                return;
            }
        };
        match self.admit_fragment_list(stream, end - first, cx.now) {
            Ok(()) => self.open_media(viewer, (stream, session), (first, Some(end), more), cx),
            Err(error) => self.answer(viewer, (stream, session), VideoAnswer::Refused(error), cx),
        }
    }
}
