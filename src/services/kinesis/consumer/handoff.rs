//! Leases that are handed on in order ("`startGracefulShutdown`" and graceful lease hand-off in "KCL concepts"): the owner takes
//! no further batch, finishes the one in hand, writes its progress down (`shutdownRequested`) and lets the lease go.

use super::ConsumerTimer;
use super::entity::StreamConsumer;
use super::lease::renewal_interval;
use crate::engine::{Span, Time};
use crate::wire::{Context, EntityId, Outbox, PollOutcome, PollerId, Signal};

/// What becomes of a lease when its owner has written its progress down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handoff {
    /// Nobody has it: whoever looks first takes it.
    Free,
    /// It goes to this worker.
    To(u32),
}

/// A worker that shuts down in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    worker: u32,
    /// The instance that waits until it has.
    host: Option<(EntityId, PollerId)>,
    /// When it comes back, counted from the end of its shutdown.
    down_for: Option<Span>,
}

/// How often a worker looks which leases are its own: half of the leader's interval, less 25 ms ("`DynamoDBLeaseCoordinator`").
fn discovery_interval(failover: Span) -> Span {
    failover.saturating_sub(Span::from_millis(25)).max(Span::from_millis(1))
}

/// The next of the times that lie `interval` apart, the first of them at `first`.
fn next_tick(first: Time, interval: Span, now: Time) -> Time {
    first + interval * ((now - first) / interval + 1)
}

impl StreamConsumer {
    /// Whether a worker shuts down in order.
    pub(super) fn is_leaving(&self, worker: u32) -> bool {
        self.leaving.iter().any(|leaving| leaving.worker == worker)
    }

    /// A worker is told to stop: it hands its leases back first.
    pub(super) fn shut_down<O: Outbox<ConsumerTimer>>(
        &mut self,
        worker: u32,
        host: Option<(EntityId, PollerId)>,
        down_for: Option<Span>,
        cx: &mut Context<'_, O>,
    ) {
        let Some(found) = self.workers.get(worker as usize).copied().filter(|worker| worker.runs) else {
            return;
        };
        if self.is_leaving(worker) {
            return;
        }
        self.leaving.push(Leaving { worker, host, down_for });
        self.assignment.release_leadership((worker, found.life));
        for shard in 0..self.leases.len() as u32 {
            if self.lease(shard).owner == Some((worker, found.life)) {
                self.begin_handoff(shard, Handoff::Free, cx);
            }
        }
        self.finish_leaving(cx);
    }

    /// The owner of a lease begins to let it go.
    fn begin_handoff<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        handoff: Handoff,
        cx: &mut Context<'_, O>,
    ) {
        let lease = self.lease(shard);
        lease.handoff = Some(handoff);
        let is_busy = lease.processing.is_some();
        self.abandon_waiting(shard, cx);
        if !is_busy {
            self.end_handoff(shard, cx);
        }
    }

    /// Nothing of the shard is in hand any more, or the time for it is over: the lease is let go.
    pub(super) fn end_handoff<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let lease = self.lease(shard);
        let Some(handoff) = lease.handoff else { return };
        let done = lease.done.filter(|_| lease.processing.is_none());
        self.stop_reading(shard, cx);
        if let Some(done) = done {
            let lease = self.lease(shard);
            lease.checkpoint = Some(done);
            self.metrics.checkpoints.add(1);
            self.metrics.leases_handed_over.add(1);
            self.tell_stream(shard, done, cx);
        }
        match handoff {
            Handoff::Free => self.lease(shard).owner = None,
            Handoff::To(worker) => self.give_lease(shard, worker, cx),
        }
        self.finish_leaving(cx);
        self.update_levels(cx.now);
    }

    /// A lease is to go to another worker: its owner learns of it when it next renews the lease.
    pub(super) fn move_lease<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        to: u32,
        cx: &mut Context<'_, O>,
    ) {
        self.metrics.leases_stolen.add(1);
        let Some((owner, _)) = self.lease(shard).owner else { return };
        if self.settings.library.graceful_timeout().is_none() {
            self.stop_reading(shard, cx);
            self.give_lease(shard, to, cx);
            return;
        }
        let (since, epoch) = (self.workers[owner as usize].since, self.lease(shard).epoch);
        let at = next_tick(since, renewal_interval(self.settings.failover_time), cx.now);
        cx.outbox.wake(at, ConsumerTimer::HandOver { shard, epoch, to });
    }

    /// The owner of a lease that is to go to another worker learns of it.
    pub(super) fn hand_over<O: Outbox<ConsumerTimer>>(
        &mut self,
        (shard, epoch): (u32, u32),
        to: u32,
        cx: &mut Context<'_, O>,
    ) {
        let lease = self.lease(shard);
        if lease.epoch != epoch || lease.handoff.is_some() || lease.finished {
            return;
        }
        if let Some(timeout) = self.settings.library.graceful_timeout() {
            cx.outbox.wake(cx.now + timeout, ConsumerTimer::HandOffEnds { shard, epoch });
        }
        self.begin_handoff(shard, Handoff::To(to), cx);
    }

    /// The time for handing a lease over is over: what is in hand is lost to its owner.
    pub(super) fn force_handoff<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.lease(shard).epoch == epoch {
            self.end_handoff(shard, cx);
        }
    }

    /// The lease table names a new owner, who begins when it next looks for what it owns.
    pub(super) fn give_lease<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        worker: u32,
        cx: &mut Context<'_, O>,
    ) {
        let found = self.workers[worker as usize];
        let at = next_tick(found.since, discovery_interval(self.settings.failover_time), cx.now);
        if self.is_leaving(worker) {
            self.lease(shard).owner = None;
            return;
        }
        let lease = self.lease(shard);
        lease.owner = Some((worker, found.life));
        lease.orphaned_at = None;
        if !found.runs {
            lease.orphaned_at = Some(cx.now);
            return;
        }
        let epoch = lease.epoch;
        cx.outbox.wake(at, ConsumerTimer::Begin { shard, epoch });
    }

    /// A worker finds that it owns a lease.
    pub(super) fn discover<O: Outbox<ConsumerTimer>>(
        &mut self,
        shard: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.lease(shard).epoch == epoch {
            self.begin_reading(shard, cx);
        }
    }

    /// Workers that have let all their leases go are gone.
    pub(super) fn finish_leaving<O: Outbox<ConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let mut position = 0;
        while let Some(leaving) = self.leaving.get(position).copied() {
            let life = self.workers[leaving.worker as usize].life;
            if self.leases.iter().any(|lease| lease.owner == Some((leaving.worker, life))) {
                position += 1;
                continue;
            }
            self.leaving.remove(position);
            self.workers[leaving.worker as usize].runs = false;
            if let Some((host, poller)) = leaving.host {
                let signal = Signal::Delivery { poller, outcome: PollOutcome::Empty };
                cx.outbox.send(host, Span::ZERO, signal);
            }
            if let Some(down_for) = leaving.down_for {
                cx.outbox.wake(cx.now + down_for, ConsumerTimer::Restart(leaving.worker));
            }
            self.update_levels(cx.now);
        }
    }

    /// A worker is gone before it could shut down in order.
    pub(super) fn forget_leaving(&mut self, worker: u32) {
        self.leaving.retain(|leaving| leaving.worker != worker);
    }
}
