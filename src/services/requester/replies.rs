//! Replies through a queue that carries them for all requests: pollers in the background hand them out.

use super::Timer;
use super::entity::Requester;
use super::settings::Replies;
use crate::engine::Span;
use crate::wire::{Content, Context, Entry, Outbox, PollOutcome, PollerId, Signal, draw_span};

/// Most messages of a receive call: one call feeds up to ten virtual queues ("Amazon SQS temporary queues").
const MOST_MESSAGES: u8 = 10;
/// Pause after a receive call that was refused.
const PAUSE_AFTER_REFUSAL: Span = Span::from_millis(200);

impl Requester {
    fn poller(&self, thread: u32) -> PollerId {
        PollerId(u64::from(self.epoch) << 32 | u64::from(thread))
    }

    fn threads(&self) -> u32 {
        match &self.settings.replies {
            Replies::Host(host) => host.polling_threads,
            Replies::QueuePerRequest(_) => 0,
        }
    }

    /// The background threads begin to poll.
    pub(super) fn start_pollers<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for thread in 0..self.threads() {
            self.poll(thread, cx);
        }
    }

    fn poll<O: Outbox<Timer>>(&mut self, thread: u32, cx: &mut Context<'_, O>) {
        let poller = self.poller(thread);
        if let Replies::Host(host) = &self.settings.replies {
            let wait_seconds = Some(host.wait_seconds);
            let signal =
                Signal::Poll { poller, maximum: MOST_MESSAGES, wait_seconds, visibility_seconds: None };
            cx.outbox.send(host.queue, Span::ZERO, signal);
        }
    }

    /// A poller that was refused asks again.
    pub(super) fn poll_again<O: Outbox<Timer>>(&mut self, thread: u32, epoch: u32, cx: &mut Context<'_, O>) {
        if epoch == self.epoch {
            self.poll(thread, cx);
        }
    }

    /// The process is gone, and with it the connections of its pollers.
    pub(super) fn hang_up<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for thread in 0..self.threads() {
            let poller = self.poller(thread);
            if let Replies::Host(host) = &self.settings.replies {
                cx.outbox.send(host.queue, Span::ZERO, Signal::HangUp { poller });
            }
        }
    }

    /// The answer to a receive call: each message goes to the request that waits for it, and is deleted.
    pub(super) fn take_delivery<O: Outbox<Timer>>(
        &mut self,
        poller: PollerId,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let (thread, epoch) = (poller.0 as u32, (poller.0 >> 32) as u32);
        let is_alive = epoch == self.epoch;
        match outcome {
            PollOutcome::Messages(batch) => {
                for index in 0..cx.batches.entries(batch).len() {
                    let entry = cx.batches.entries(batch)[index];
                    self.replies += 1;
                    if is_alive {
                        self.dispatch(entry, cx);
                    } else {
                        // Nobody is there to take it: it comes back when its visibility timeout runs out.
                        self.metrics.late_replies.add(1);
                        cx.messages.release(entry.message);
                    }
                }
                cx.batches.close(batch);
            }
            PollOutcome::Refused(_) if is_alive => {
                cx.outbox.wake(cx.now + PAUSE_AFTER_REFUSAL, Timer::Poll { thread, epoch });
                return;
            }
            PollOutcome::Empty | PollOutcome::Refused(_) => {}
        }
        if is_alive {
            self.poll(thread, cx);
        }
    }

    /// A message of the host queue, by its correlation id. One that nobody waits for is dropped, and deleted as well.
    fn dispatch<O: Outbox<Timer>>(&mut self, entry: Entry, cx: &mut Context<'_, O>) {
        let mine = match cx.messages.detail(entry.message).content {
            Content::Reply(correlation) if correlation.requester == cx.me => Some(correlation.number),
            _ => None,
        };
        if let Some(number) = mine.filter(|number| !self.has_expired(*number, cx.now)) {
            self.take_reply(number, entry.message, cx);
        } else {
            self.metrics.late_replies.add(1);
            cx.messages.release(entry.message);
        }
        let Replies::Host(host) = &self.settings.replies else { return };
        let latency = draw_span(&host.latency.delete, &mut self.chance.delete);
        let receipt = cx.batches.open();
        cx.batches.entries_mut(receipt).push(entry);
        cx.outbox.send(host.queue, latency, Signal::Delete { batch: receipt });
    }

    /// Whether the virtual queue of a request was deleted because it was idle. The receives of the request keep it in
    /// use, one wait after the other: only a retention period shorter than a wait can run out in between.
    fn has_expired(&mut self, number: u32, now: crate::engine::Time) -> bool {
        let Replies::Host(host) = &self.settings.replies else { return false };
        let (wait, retention) = (Span::from_seconds(u64::from(host.wait_seconds)), host.idle_retention);
        let Some(retention) = retention.filter(|retention| *retention < wait) else { return false };
        let Some(waiting) = self.find(number) else { return false };
        let expired = now - waiting.attempted > retention;
        if expired {
            self.queue_metrics.virtual_queues_expired.add(1);
        }
        expired
    }
}
