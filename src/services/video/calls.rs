//! Calls of scripts: to the first stream of a section, answered at once.

use super::archive::Fragment;
use super::ingest::Refusal;
use super::{Timer, VideoStreams};
use crate::engine::{Span, Time};
use crate::wire::{
    Action, Answer, ApiError, Context, EntityId, FragmentPart, FragmentRead, FragmentRefused, FragmentTaken,
    MediaStart, Messages, Outbox, RequestId, SendEntry, SentFragment, VideoAction, VideoReply,
};

/// Longest retention ("`CreateStream`"): ten years.
const LONGEST_RETENTION: i64 = 87_600;
/// `MaxResults` of `ListFragments`, when it is not given, and the most it may be.
const USUAL_RESULTS: i64 = 100;
const MOST_RESULTS: i64 = 1_000;
/// Connections of scripts have numbers of their own, far from those of cameras.
const SCRIPTED: u16 = 1 << 15;

impl VideoStreams {
    /// A call is answered at once.
    pub(super) fn ask<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        let action = cx.requests.action(request).clone();
        let answer = match action {
            Action::Video(action) => self.answer_call(action, cx).unwrap_or_else(Answer::Failed),
            _ => Answer::Failed(ApiError::UnsupportedOperation),
        };
        cx.answer((from, request), answer, Span::ZERO);
    }

    fn answer_call<O: Outbox<Timer>>(
        &mut self,
        action: VideoAction,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        self.expire(0, cx.now, cx.messages);
        if let VideoAction::CreateStream(hours) = action {
            return self.create(hours);
        }
        if !self.streams[0].exists {
            return Err(ApiError::ResourceNotFoundException);
        }
        let reply = match action {
            VideoAction::CreateStream(_) => return Err(ApiError::ResourceInUseException),
            VideoAction::DescribeStream => {
                VideoReply::Described(self.streams[0].retention / Span::from_hours(1))
            }
            VideoAction::GetDataEndpoint => {
                let allowed = self.streams[0].pools.take_endpoint(cx.now);
                return if allowed { Ok(Answer::Done) } else { Err(ApiError::ClientLimitExceededException) };
            }
            VideoAction::PutMedia { entries, parts, keeps_open } => {
                self.put_for_script(&entries, &parts, keeps_open, cx)?
            }
            VideoAction::GetMedia { start, keeps_open } => self.read_for_script(start, keeps_open, cx)?,
            VideoAction::ListFragments { from, to, most } => self.list_for_script((from, to), most, cx)?,
            VideoAction::GetMediaForFragmentList(numbers) => self.send_list(&numbers, cx)?,
            VideoAction::GetStreamingSessionUrl { is_dash } => {
                self.admit_session(0, is_dash, cx.now)?;
                return Ok(Answer::Done);
            }
            VideoAction::UpdateDataRetention { increases, hours } => {
                self.change_retention(increases, hours)?;
                self.expire(0, cx.now, cx.messages);
                return Ok(Answer::Done);
            }
        };
        Ok(Answer::Video(reply))
    }

    fn create(&mut self, hours: Option<i64>) -> Result<Answer, ApiError> {
        if self.streams[0].exists {
            return Err(ApiError::ResourceInUseException);
        }
        let hours = hours.unwrap_or(0);
        if !(0..=LONGEST_RETENTION).contains(&hours) {
            return Err(ApiError::InvalidArgumentException);
        }
        let stream = &mut self.streams[0];
        (stream.exists, stream.retention) = (true, Span::from_hours(hours as u64));
        Ok(Answer::Done)
    }

    /// `UpdateDataRetention`: what is too old after a decrease is gone at once; an increase is for what is still there.
    fn change_retention(&mut self, increases: bool, hours: i64) -> Result<(), ApiError> {
        let stream = &mut self.streams[0];
        let old = (stream.retention / Span::from_hours(1)) as i64;
        let new = if increases { old.saturating_add(hours) } else { old.saturating_sub(hours) };
        if hours < 1 || !(0..=LONGEST_RETENTION).contains(&new) {
            return Err(ApiError::InvalidArgumentException);
        }
        stream.retention = Span::from_hours(new as u64);
        Ok(())
    }

    /// `PutMedia`: each fragment arrives at once, as if its bytes had come while it was filmed.
    fn put_for_script<O: Outbox<Timer>>(
        &mut self,
        entries: &[SendEntry],
        parts: &[FragmentPart],
        keeps_open: bool,
        cx: &mut Context<'_, O>,
    ) -> Result<VideoReply, ApiError> {
        self.scripted = self.scripted.wrapping_add(1);
        let connection = SCRIPTED | self.scripted;
        self.connect(0, connection, cx.now)?;
        let mut taken = Vec::new();
        for (entry, part) in entries.iter().zip(parts) {
            let fragment = SentFragment {
                stream: 0,
                message: entry.message,
                milliseconds: part.milliseconds,
                transfer_milliseconds: 0,
                frames: part.frames,
                connection,
            };
            // What is refused stays with the client.
            cx.messages.hold(entry.message);
            let outcome = self.take(fragment, part.tracks, cx);
            if outcome.is_ok() {
                cx.messages.release(entry.message);
                self.pump_all(0, cx);
            }
            taken.push(match outcome {
                Ok(taken) => Ok(FragmentTaken {
                    number: taken.number,
                    received_after: taken.received_after,
                    persisted_after: taken.persisted_after,
                }),
                Err(Refusal::Error(error)) => Err(FragmentRefused::Error(error)),
                Err(Refusal::Closed) => Err(FragmentRefused::Closed),
            });
        }
        self.end_put_media(0, connection, !keeps_open, cx.now);
        Ok(VideoReply::Put(taken))
    }

    /// `GetMedia`: everything there is now.
    fn read_for_script<O>(
        &mut self,
        start: MediaStart,
        keeps_open: bool,
        cx: &mut Context<'_, O>,
    ) -> Result<VideoReply, ApiError> {
        self.admit_get_media(0, cx.now)?;
        let stream = &mut self.streams[0];
        stream.scripted_readers += u32::from(keeps_open);
        let first = self.start_of(0, start, cx.messages);
        let archive = &self.streams[0].archive;
        let first = first.max(archive.first());
        let mut read = Vec::new();
        for number in first..archive.end() {
            let Some(fragment) = archive.get(number) else { continue };
            let told = tell(number, fragment, cx.messages);
            self.metrics.get_media_bytes.add(u64::from(told.bytes));
            self.metrics.get_media_fragments.add(1);
            self.metrics.get_media_frames.add(u64::from(fragment.frames));
            self.metrics.get_media_success.record(1);
            self.metrics.millis_behind_now.record((cx.now - fragment.received_at).as_nanos());
            read.push(told);
        }
        Ok(VideoReply::Fragments(read))
    }

    fn list_for_script<O>(
        &mut self,
        (from, to): (Option<Time>, Option<Time>),
        most: Option<i64>,
        cx: &mut Context<'_, O>,
    ) -> Result<VideoReply, ApiError> {
        let most = most.unwrap_or(USUAL_RESULTS);
        if !(1..=MOST_RESULTS).contains(&most) {
            return Err(ApiError::InvalidArgumentException);
        }
        let first = from.map_or(0, |from| self.streams[0].archive.received_from(from));
        let (first, end, _) =
            self.list_fragments(0, (first, to.unwrap_or(Time::MAX)), most as u32, cx.now)?;
        Ok(VideoReply::Fragments(self.tell_all((first..end).map(i64::from), cx.messages)))
    }

    /// `GetMediaForFragmentList`: numbers that are not archived are refused with the whole call.
    fn send_list<O>(&mut self, numbers: &[i64], cx: &mut Context<'_, O>) -> Result<VideoReply, ApiError> {
        let archived = self.streams[0].archive.persisted_end(cx.now);
        let is_retained = !self.streams[0].retention.is_zero();
        let is_there = |number: &i64| {
            let number = u32::try_from(*number).ok().filter(|number| *number < archived && is_retained);
            number.is_some_and(|number| self.streams[0].archive.get(number).is_some())
        };
        let all_there = numbers.iter().all(is_there);
        self.admit_fragment_list(0, numbers.len() as u32, cx.now)?;
        if !all_there {
            return Err(ApiError::ResourceNotFoundException);
        }
        let sent = self.tell_all(numbers.iter().copied(), cx.messages);
        for fragment in &sent {
            let frames = self.streams[0].archive.get(fragment.number).map_or(0, |one| one.frames);
            self.metrics.fragment_list_bytes.add(u64::from(fragment.bytes));
            self.metrics.fragment_list_fragments.add(1);
            self.metrics.fragment_list_frames.add(u64::from(frames));
            self.metrics.fragment_list_success.record(1);
        }
        Ok(VideoReply::Fragments(sent))
    }

    fn tell_all(&self, numbers: impl Iterator<Item = i64>, messages: &Messages) -> Vec<FragmentRead> {
        let archive = &self.streams[0].archive;
        let one = |number: i64| {
            let number = u32::try_from(number).ok()?;
            Some(tell(number, archive.get(number)?, messages))
        };
        numbers.filter_map(one).collect()
    }
}

fn tell(number: u32, fragment: &Fragment, messages: &Messages) -> FragmentRead {
    FragmentRead {
        number,
        content: messages.detail(fragment.message).content,
        origin: messages.origin(fragment.message),
        produced_at: messages.published_at(fragment.message),
        received_at: fragment.received_at,
        milliseconds: fragment.milliseconds,
        bytes: messages.bytes(fragment.message),
    }
}
