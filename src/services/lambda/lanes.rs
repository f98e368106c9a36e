//! Lanes: a mapping works on as many batches at once as it has lanes, each of which polls, invokes and deletes in turn.

use crate::engine::Time;
use crate::wire::{BatchId, PollerId};

/// What a lane is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It does not exist now.
    Nothing,
    /// Waiting for the answer to a receive call.
    Polling,
    /// Waiting before the next receive call.
    Pausing,
    /// Waiting for the function.
    Invoking,
    /// Waiting before a throttled batch is tried again.
    Retrying,
    /// Waiting for the end of delete calls.
    Deleting,
}

/// One lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    /// Changes whenever the lane stops: timers and answers of its former life are void.
    pub(super) epoch: u32,
    pub(super) doing: Doing,
    /// Messages gathered, or waiting to be tried again.
    pub(super) batch: Option<BatchId>,
    /// What did not fit into a payload with the rest.
    pub(super) rest: Option<BatchId>,
    /// The payload gathered.
    pub(super) bytes: u64,
    /// When the batching window ends.
    pub(super) window_ends: Time,
    /// When the first message of the batch may be received again.
    pub(super) hidden_until: Time,
    /// When the receive call under way began.
    pub(super) since: Time,
    /// When it last had something to do.
    pub(super) found_at: Time,
    /// Throttles of the batch in hand.
    pub(super) throttles: u32,
}

/// The lanes of a mapping.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    free: Vec<u32>,
}

/// The poller of a lane, as the queue sees it.
pub(super) fn poller(lane: u32, epoch: u32) -> PollerId {
    PollerId(u64::from(epoch) << 32 | u64::from(lane))
}

/// The lane and the life of it that a poller stands for.
pub(super) fn lane_of(poller: PollerId) -> (u32, u32) {
    (poller.0 as u32, (poller.0 >> 32) as u32)
}

impl Lanes {
    pub(super) fn len(&self) -> u32 {
        self.lanes.len() as u32
    }

    /// How many there are now.
    pub(super) fn active(&self) -> u32 {
        (self.lanes.len() - self.free.len()) as u32
    }

    pub(super) fn get(&self, index: u32) -> &Lane {
        &self.lanes[index as usize]
    }

    pub(super) fn get_mut(&mut self, index: u32) -> &mut Lane {
        &mut self.lanes[index as usize]
    }

    /// One more.
    pub(super) fn begin(&mut self, now: Time) -> u32 {
        if let Some(index) = self.free.pop() {
            let lane = self.get_mut(index);
            lane.doing = Doing::Pausing;
            lane.found_at = now;
            return index;
        }
        self.lanes.push(Lane {
            epoch: 0,
            doing: Doing::Pausing,
            batch: None,
            rest: None,
            bytes: 0,
            window_ends: now,
            hidden_until: now,
            since: now,
            found_at: now,
            throttles: 0,
        });
        self.len() - 1
    }

    /// One less.
    pub(super) fn end(&mut self, index: u32) {
        let lane = self.get_mut(index);
        lane.epoch = lane.epoch.wrapping_add(1);
        lane.doing = Doing::Nothing;
        self.free.push(index);
    }

    /// Whether one has polled in vain since `since`.
    pub(super) fn any_waits_since(&self, since: Time) -> bool {
        self.lanes.iter().any(|lane| lane.doing == Doing::Polling && lane.since <= since)
    }

    /// Whether all do nothing but poll.
    pub(super) fn all_wait(&self) -> bool {
        self.lanes
            .iter()
            .all(|lane| matches!(lane.doing, Doing::Nothing | Doing::Polling) && lane.batch.is_none())
    }

    /// The batches in hand.
    pub(super) fn batches(&self) -> impl Iterator<Item = BatchId> + '_ {
        self.lanes.iter().flat_map(|lane| [lane.batch, lane.rest]).flatten()
    }
}
