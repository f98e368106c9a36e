//! A consumer of a queue: a connection with one session, and the client library that receives ahead for its program.

use super::settings::{Acknowledgement, ReaderSettings};
use crate::engine::Time;
use crate::wire::{EntityId, PollerId, RequestId};
use std::collections::VecDeque;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// A thread of a consumer.
    Worker(PollerId),
    /// A scripted client, and which of its sessions.
    Script,
}

/// A receive of the program that waits for messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    /// A thread, which wants at most so many.
    Worker(u8),
    /// A script, whose call this is.
    Script(RequestId, u8),
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) from: EntityId,
    pub(super) program: Program,
    pub(super) settings: ReaderSettings,
    pub(super) node: u8,
    pub(super) is_connected: bool,
    pub(super) lost_at: Time,
    /// Counts connections: timers of former ones are void.
    pub(super) epoch: u32,
    /// What the client has received ahead.
    pub(super) buffer: VecDeque<u32>,
    /// What the program has or had, and what is not acknowledged.
    pub(super) delivered: Vec<u32>,
    /// What of it the program is done with: to be acknowledged together.
    pub(super) done: Vec<u32>,
    pub(super) ask: Option<Ask>,
    /// Which receive of a script waits.
    pub(super) waits: u32,
    /// Nothing is handed to the program before: the pause of a redelivery.
    pub(super) held_until: Time,
    /// It had as much as it may have, and is given more once half of it is acknowledged.
    is_full: bool,
    /// Whether it stands in the line of those that can take messages.
    pub(super) is_in_line: bool,
    /// Whether somebody looks at how old its unacknowledged messages are.
    pub(super) is_watched: bool,
}

impl Session {
    pub(super) fn new(from: EntityId, program: Program, settings: ReaderSettings, now: Time) -> Self {
        Self {
            from,
            program,
            settings,
            node: 0,
            is_connected: false,
            lost_at: now,
            epoch: 0,
            buffer: VecDeque::new(),
            delivered: Vec::new(),
            done: Vec::new(),
            ask: None,
            waits: 0,
            held_until: Time::ZERO,
            is_full: false,
            is_in_line: false,
            is_watched: false,
        }
    }

    /// Messages that it has without having acknowledged them.
    pub(super) fn unacknowledged(&self) -> usize {
        self.buffer.len() + self.delivered.len()
    }

    /// Whether the broker may give it another message ("What is the Prefetch Limit For?", "Consumer Prefetch").
    pub(super) fn has_room(&mut self, is_rabbitmq: bool) -> bool {
        if !self.is_connected {
            return false;
        }
        let Some(prefetch) = self.settings.prefetch else { return true };
        if prefetch == 0 {
            return self.ask.is_some() && self.buffer.is_empty();
        }
        let (has, prefetch) = (self.unacknowledged(), prefetch as usize);
        if has >= prefetch {
            self.is_full = !is_rabbitmq;
            return false;
        }
        // A session that was full gets more when half of it is acknowledged.
        if self.is_full && has > prefetch / 2 {
            return false;
        }
        self.is_full = false;
        true
    }

    /// How many done messages are acknowledged together.
    pub(super) fn acknowledges_together(&self) -> usize {
        match self.settings.acknowledgement {
            Acknowledgement::Individual | Acknowledgement::Cumulative | Acknowledgement::None => 1,
            Acknowledgement::Transacted(size) => size as usize,
            Acknowledgement::DupsOk => {
                let prefetch = self.settings.prefetch.unwrap_or(2).max(2);
                (prefetch / 2) as usize
            }
        }
    }

    /// The connection is gone, with everything that the client had; gives what was in the program's hands, and what was not.
    pub(super) fn cut_off(&mut self, now: Time) -> (Vec<u32>, VecDeque<u32>) {
        self.is_connected = false;
        self.lost_at = now;
        self.epoch = self.epoch.wrapping_add(1);
        self.held_until = Time::ZERO;
        self.is_full = false;
        self.is_watched = false;
        self.done.clear();
        (std::mem::take(&mut self.delivered), std::mem::take(&mut self.buffer))
    }
}
