//! Receives that can be repeated: `ReceiveRequestAttemptId` of FIFO queues ("`ReceiveMessage`").

use crate::engine::{Span, Time};
use crate::wire::{Receipt, TextId};
use std::collections::BTreeMap;

/// How long a receive can be repeated.
pub(super) const REPEATABLE: Span = Span::from_minutes(5);

/// A receive that returned messages.
#[derive(Debug)]
pub(super) struct Attempt {
    /// When it was asked for first.
    pub(super) first: Time,
    /// What it returned, and until when that was hidden.
    pub(super) returned: Vec<(Receipt, Time)>,
}

/// The receives with an attempt id.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    attempts: BTreeMap<TextId, Attempt>,
}

impl Attempts {
    /// The receive with this id, if it is not too long ago.
    pub(super) fn get_mut(&mut self, id: TextId, now: Time) -> Option<&mut Attempt> {
        self.attempts.retain(|_, attempt| now < attempt.first + REPEATABLE);
        self.attempts.get_mut(&id)
    }

    /// A receive has returned messages.
    pub(super) fn remember(&mut self, id: TextId, first: Time, returned: Vec<(Receipt, Time)>) {
        self.attempts.insert(id, Attempt { first, returned });
    }
}
