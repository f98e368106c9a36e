//! One camera: the film it keeps until the stream has it, and how it sends it.

use crate::engine::{Span, Time};
use crate::wire::{LimitBucket, MessageId};
use std::collections::VecDeque;

/// A fragment in a camera's buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Film {
    pub(super) message: MessageId,
    pub(super) taken_at: Time,
    pub(super) milliseconds: u32,
    pub(super) frames: u16,
    pub(super) bytes: u32,
    /// Whether it has been sent to its end before.
    pub(super) sent: bool,
}

impl Film {
    pub(super) fn duration(&self) -> Span {
        Span::from_millis(u64::from(self.milliseconds))
    }
}

/// The network and the connection of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// No network.
    Offline,
    /// A network and no connection: it tries again later, or it has just begun.
    Unconnected,
    /// It has called `PutMedia`.
    Connecting,
    /// Connected, and sending nothing.
    Ready,
    /// Sending the fragment at the cursor, since then.
    Sending(Time),
}

/// One camera.
#[derive(Debug)]
pub(super) struct Camera {
    pub(super) link: Link,
    /// Numbers its connections.
    pub(super) connection: u16,
    /// The first connection since everything was to be sent again: acknowledgements of earlier ones are lost.
    heard_from: u16,
    pub(super) connected_at: Time,
    /// When its connection last carried data.
    pub(super) fed_until: Time,
    /// Counts what makes timers stale.
    pub(super) epoch: u32,
    /// Film that is not acknowledged yet, oldest first.
    pub(super) buffer: VecDeque<Film>,
    pub(super) bytes: u64,
    /// Which of it is sent now, or next.
    pub(super) cursor: usize,
    /// Fragments it may begin to send.
    pub(super) rate: LimitBucket,
    /// When the last fragment arrives at its stream.
    pub(super) arrives_at: Time,
    pub(super) produced: u64,
}

impl Camera {
    pub(super) fn new(rate: LimitBucket) -> Self {
        Self {
            link: Link::Unconnected,
            connection: 0,
            heard_from: 1,
            connected_at: Time::ZERO,
            fed_until: Time::ZERO,
            epoch: 0,
            buffer: VecDeque::new(),
            bytes: 0,
            cursor: 0,
            rate,
            arrives_at: Time::ZERO,
            produced: 0,
        }
    }

    /// Whether it has a connection.
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.link, Link::Ready | Link::Sending(_))
    }

    /// What it has more of than it may keep, oldest first; never what it is sending, and never the last one.
    pub(super) fn overflow(&mut self, duration: Span, bytes: u64) -> Option<Film> {
        let (oldest, newest) = (*self.buffer.front()?, self.buffer.back()?);
        let held = (newest.taken_at + newest.duration()) - oldest.taken_at;
        let is_sending = self.cursor == 0 && matches!(self.link, Link::Sending(_));
        if (held <= duration && self.bytes <= bytes) || is_sending || self.buffer.len() == 1 {
            return None;
        }
        self.remove(0)
    }

    /// Takes a fragment out of the buffer.
    fn remove(&mut self, position: usize) -> Option<Film> {
        let film = self.buffer.remove(position)?;
        self.bytes -= u64::from(film.bytes);
        self.cursor -= usize::from(position < self.cursor);
        Some(film)
    }

    /// A fragment is acknowledged, or refused.
    pub(super) fn settle(&mut self, message: MessageId) -> Option<Film> {
        let position = self.buffer.iter().position(|film| film.message == message)?;
        self.remove(position)
    }

    /// The connection is lost with all acknowledgements on their way: what has none is to be sent once more.
    pub(super) fn roll_back(&mut self) {
        self.cursor = 0;
        self.heard_from = self.connection.wrapping_add(1);
    }

    /// Whether acknowledgements of a connection reach it.
    pub(super) fn hears(&self, connection: u16) -> bool {
        // Before it has called again there is no connection that it hears.
        let newest = self.connection.wrapping_sub(self.heard_from);
        newest != u16::MAX && connection.wrapping_sub(self.heard_from) <= newest
    }
}
