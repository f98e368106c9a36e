//! Workers with a fixed pool of threads (the `ExecutorService` that an application gives the library): so many of a worker's
//! shards are processed at a time, the others wait for their turn.

use super::ConsumerTimer;
use super::entity::StreamConsumer;
use crate::wire::{Context, Outbox};
use std::collections::VecDeque;

/// The threads of one worker.
#[derive(Debug, Default)]
pub(super) struct Threads {
    busy: u32,
    /// Shards with a batch that no thread is free for, in their order.
    ready: VecDeque<u32>,
}

impl StreamConsumer {
    fn threads(&mut self, worker: u32) -> &mut Threads {
        let index = worker as usize;
        if self.threads.len() <= index {
            self.threads.resize_with(index + 1, Threads::default);
        }
        &mut self.threads[index]
    }

    /// Whether the owner of a shard has a thread for its next batch; if not, the shard waits for one.
    #[inline]
    pub(super) fn take_thread(&mut self, shard: u32) -> bool {
        let Some(most) = self.settings.processing_threads else { return true };
        let Some((worker, _)) = self.leases[shard as usize].owner else { return true };
        let threads = self.threads(worker);
        if threads.busy < most {
            threads.busy += 1;
            return true;
        }
        if !threads.ready.contains(&shard) {
            threads.ready.push_back(shard);
        }
        false
    }

    /// A thread of the owner of a shard has nothing to do any more: the shard that has waited longest gets it.
    #[inline]
    pub(super) fn free_thread<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        if self.settings.processing_threads.is_none() {
            return;
        }
        let Some((worker, life)) = self.leases[shard as usize].owner else { return };
        self.threads(worker).busy -= 1;
        while let Some(next) = self.threads(worker).ready.pop_front() {
            let (lease, found) = (&self.leases[next as usize], &self.workers[worker as usize]);
            let is_theirs = lease.owner == Some((worker, life)) && found.runs && found.life == life;
            if is_theirs && lease.processing.is_none() && !lease.waiting.is_empty() {
                self.process_next(next, cx);
                return;
            }
        }
    }
}
