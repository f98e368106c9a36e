//! A player of live video: playlists, the fragments they list, and what is on the screen.
//!
//! Like players of "HTTP Live Streaming" (RFC 8216) it asks for the next playlist after the length of a fragment, or after half
//! of it when the last one told nothing new.

use super::VideoConsumerTimer;
use super::entity::VideoConsumer;
use super::settings::{Method, Playback};
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox, VideoCall};

impl VideoConsumer {
    /// A session has an address.
    pub(super) fn open_session<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        session: u32,
        cx: &mut Context<'_, O>,
    ) {
        let one = &mut self.sessions[session as usize];
        one.opened_at = cx.now;
        if !one.is_open {
            one.is_open = true;
            self.open += 1;
            self.metrics.sessions.set(cx.now, self.open);
        }
        self.next(session, cx);
    }

    /// A player fetches what it knows of, or asks what there is.
    pub(super) fn play_on<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        session: u32,
        playback: &Playback,
        cx: &mut Context<'_, O>,
    ) {
        let tracks = self.settings.source.tracks;
        let one = self.sessions[session as usize];
        if !one.is_open || cx.now >= one.opened_at + playback.expires {
            self.call(session, VideoCall::OpenSession, cx);
            return;
        }
        if let Some(number) = one.next.filter(|next| *next < one.known) {
            self.call(session, VideoCall::Fragment { number, tracks }, cx);
            return;
        }
        let wait = if one.is_unchanged { one.fragment / 2 } else { one.fragment };
        let due_at = if one.polled_at == Time::ZERO { cx.now } else { one.polled_at + wait };
        if due_at > cx.now {
            cx.outbox.wake(due_at, VideoConsumerTimer::Next { session });
            return;
        }
        self.sessions[session as usize].polled_at = cx.now;
        let calls = if playback.is_dash { 1 } else { tracks };
        self.call(session, VideoCall::Playlist { calls, points: playback.listed }, cx);
    }

    /// A playlist has come: it lists `count` fragments below `end`.
    pub(super) fn take_playlist<O: Outbox<VideoConsumerTimer>>(
        &mut self,
        session: u32,
        (end, count, milliseconds): (u32, u16, u16),
        cx: &mut Context<'_, O>,
    ) {
        let Method::Playback(playback) = self.settings.method else { return };
        let one = &mut self.sessions[session as usize];
        one.is_unchanged = end == one.known;
        one.known = end;
        if milliseconds > 0 {
            one.fragment = Span::from_millis(u64::from(milliseconds));
        }
        let oldest = end - u32::from(count);
        if count == 0 {
            one.is_unchanged = true;
        } else if let Some(next) = one.next {
            // A player that is later than the playlist goes on with what is listed.
            self.metrics.fragments_missed.add(u64::from(oldest.saturating_sub(next)));
            one.next = Some(next.max(oldest));
        } else {
            one.next = Some(end.saturating_sub(playback.behind).max(oldest));
        }
        self.play_on(session, &playback, cx);
    }

    /// A fragment is not there any more.
    pub(super) fn miss<O: Outbox<VideoConsumerTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        self.metrics.fragments_missed.add(1);
        let one = &mut self.sessions[session as usize];
        one.next = one.next.map(|next| next + 1);
        self.next(session, cx);
    }

    /// When a fragment that has arrived comes on the screen: after those before it.
    pub(super) fn show(&mut self, session: u32, now: Time) -> Time {
        let one = &mut self.sessions[session as usize];
        let shown_at = match one.shown_until {
            Some(until) if until >= now => until,
            Some(until) => {
                self.metrics.stalls.add(1);
                self.metrics.stall_time.record((now - until).as_nanos());
                now
            }
            None => now,
        };
        one.shown_until = Some(shown_at + one.fragment);
        shown_at
    }
}
