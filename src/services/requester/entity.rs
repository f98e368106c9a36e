//! A requester: its requests, from the first attempt to the reply or the last timeout.

use super::Timer;
use super::metrics::{RequesterMetrics, TemporaryQueueMetrics};
use super::settings::{Replies, RequesterSettings};
use super::temporary::{Mailbox, Orphan};
use crate::engine::{Span, Stream, Time};
use crate::traffic::Arrivals;
use crate::wire::{
    BatchId, Content, Context, Correlation, Deduplication, Detail, Entry, GroupId, MessageId, NewMessage,
    Outbox, Purpose, Signal, draw_bytes, draw_span,
};
use std::collections::VecDeque;

/// A request that waits for its reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// When the request came up: its first attempt began.
    pub(super) began: Time,
    /// When this attempt began.
    pub(super) attempted: Time,
    /// Which attempt this is, from one.
    pub(super) attempt: u32,
    /// What is in its temporary queue.
    pub(super) mailbox: Mailbox,
}

/// The requester's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    size: Stream,
    send: Stream,
    pub(super) receive: Stream,
    pub(super) delete: Stream,
    pub(super) create: Stream,
    crash: Stream,
}

/// A requester.
#[derive(Debug)]
pub struct Requester {
    pub(super) settings: RequesterSettings,
    arrivals: Arrivals,
    pub(super) chance: Chance,
    /// The requests under way, by number: that of the first one is `first`.
    pub(super) waiting: VecDeque<Option<Waiting>>,
    pub(super) first: u32,
    /// How many of them there are.
    pub(super) open: u64,
    /// Queues that a crashed process left behind.
    pub(super) orphans: Vec<Orphan>,
    /// Changes with each crash: answers to calls of the former process are void.
    pub(super) epoch: u32,
    /// Replies that came in.
    pub(super) replies: u64,
    pub(super) metrics: RequesterMetrics,
    pub(super) queue_metrics: TemporaryQueueMetrics,
}

impl Requester {
    /// A requester that has asked for nothing yet.
    pub fn new(settings: RequesterSettings, arrivals: Arrivals, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "requester", &settings.name);
        let chance = Chance {
            size: stream(Purpose::MessageSize),
            send: stream(Purpose::SendLatency),
            receive: stream(Purpose::ReceiveLatency),
            delete: stream(Purpose::DeleteLatency),
            create: stream(Purpose::CreateQueue),
            crash: stream(Purpose::Crash),
        };
        Self {
            settings,
            arrivals,
            chance,
            waiting: VecDeque::new(),
            first: 0,
            open: 0,
            orphans: Vec::new(),
            epoch: 0,
            replies: 0,
            metrics: RequesterMetrics::default(),
            queue_metrics: TemporaryQueueMetrics::default(),
        }
    }

    /// Time zero.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.update_levels(cx.now);
        self.start_pollers(cx);
        self.await_next(cx);
        self.await_crash(cx);
        if self.settings.clean_up_interval.is_some() {
            self.clean_up(cx);
        }
    }

    fn await_next<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(at) = self.arrivals.next_arrival() {
            cx.outbox.wake(at, Timer::Arrival);
        }
    }

    /// A request comes up.
    pub(super) fn arrive<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.metrics.requests.add(1);
        self.attempt(cx.now, 1, cx);
        self.await_next(cx);
    }

    /// An attempt begins, with a number of its own: a reply to an earlier one cannot be taken for its reply.
    fn attempt<O: Outbox<Timer>>(&mut self, began: Time, attempt: u32, cx: &mut Context<'_, O>) {
        let number = self.first.wrapping_add(self.waiting.len() as u32);
        let mailbox = Mailbox::default();
        self.waiting.push_back(Some(Waiting { began, attempted: cx.now, attempt, mailbox }));
        self.open += 1;
        match self.create_temporary_queue() {
            Some(time) => cx.outbox.wake(cx.now + time, Timer::Ready(number)),
            None => self.send_request(number, cx),
        }
        self.update_levels(cx.now);
    }

    /// The request is sent: whoever answers it finds the reply queue in it.
    pub(super) fn send_request<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Some(&mut Waiting { began, .. }) = self.find(number) else { return };
        let group = if self.settings.is_fifo {
            GroupId(GroupId::FIRST_SINGLE | (number & (GroupId::FIRST_SINGLE - 1)))
        } else {
            GroupId::NONE
        };
        let content = Content::Request(Correlation { requester: cx.me, number });
        let message = cx.messages.create(NewMessage {
            published_at: began,
            producer: cx.me,
            sequence: self.metrics.requests_sent.total(),
            bytes: draw_bytes(&self.settings.size, &mut self.chance.size),
            poison: false,
            detail: Detail { group, content, deduplication: Deduplication::Once, ..Detail::NONE },
        });
        self.metrics.requests_sent.add(1);
        let batch = cx.batches.open();
        cx.batches.entries_mut(batch).push(Entry::new(message));
        let latency = draw_span(&self.settings.send_latency, &mut self.chance.send);
        cx.outbox.send(self.settings.queue, latency, Signal::Put { batch });
        // The timeout counts from the end of the send call, and so does the wait for the reply.
        cx.outbox.wake((cx.now + latency).saturating_add(self.settings.timeout), Timer::Timeout(number));
        if matches!(self.settings.replies, Replies::QueuePerRequest(_)) {
            cx.outbox.wake(cx.now + latency, Timer::Receive(number));
        }
    }

    /// The request with this number, if it still waits for its reply.
    pub(super) fn find(&mut self, number: u32) -> Option<&mut Waiting> {
        let position = number.wrapping_sub(self.first) as usize;
        self.waiting.get_mut(position).and_then(Option::as_mut)
    }

    /// A request waits no longer. Its place is given up when all before it are.
    pub(super) fn close(&mut self, number: u32) -> Option<Waiting> {
        let position = number.wrapping_sub(self.first) as usize;
        let closed = self.waiting.get_mut(position).and_then(Option::take)?;
        self.open -= 1;
        while let Some(None) = self.waiting.front() {
            self.waiting.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        Some(closed)
    }

    /// A reply has reached the requester.
    pub(super) fn take_reply<O>(&mut self, number: u32, reply: MessageId, cx: &mut Context<'_, O>) {
        if let Some(waiting) = self.close(number) {
            cx.messages.mark_processed(reply);
            self.metrics.replies_received.add(1);
            self.metrics.response_time.record((cx.now - waiting.began).as_nanos());
            self.update_levels(cx.now);
        } else {
            self.metrics.late_replies.add(1);
        }
        cx.messages.release(reply);
    }

    /// No reply came in time: the request is tried again, or given up.
    pub(super) fn time_out<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Some(waiting) = self.close(number) else { return };
        self.metrics.timeouts.add(1);
        self.delete_temporary_queue(&waiting, cx);
        self.try_again(&waiting, cx);
    }

    fn try_again<O: Outbox<Timer>>(&mut self, waiting: &Waiting, cx: &mut Context<'_, O>) {
        if waiting.attempt < self.settings.max_attempts {
            self.attempt(waiting.began, waiting.attempt + 1, cx);
        } else {
            self.metrics.requests_failed.add(1);
            self.update_levels(cx.now);
        }
    }

    /// The request queue refused a request.
    pub(super) fn take_refusal<O: Outbox<Timer>>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let number = cx.batches.entries(batch).first().and_then(|entry| {
            match cx.messages.detail(entry.message).content {
                Content::Request(correlation) => Some(correlation.number),
                _ => None,
            }
        });
        self.metrics.messages_rejected.add(cx.reject(batch));
        if let Some(waiting) = number.and_then(|number| self.close(number)) {
            self.delete_temporary_queue(&waiting, cx);
            self.try_again(&waiting, cx);
        }
    }

    fn await_crash<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(mean) = self.settings.mean_time_between_crashes {
            let time = Span::from_seconds_f64(mean.as_seconds_f64() * self.chance.crash.exponential());
            if let Some(at) = cx.now.checked_add(time) {
                cx.outbox.wake(at, Timer::Crash);
            }
        }
    }

    /// The process crashes and is started anew at once: it knows nothing of the requests that were under way.
    pub(super) fn crash<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.metrics.crashes.add(1);
        self.metrics.requests_abandoned.add(self.open);
        self.hang_up(cx);
        self.leave_orphans(cx);
        self.first = self.first.wrapping_add(self.waiting.len() as u32);
        self.waiting.clear();
        self.open = 0;
        self.epoch = self.epoch.wrapping_add(1);
        self.start_pollers(cx);
        self.await_crash(cx);
        self.update_levels(cx.now);
    }

    pub(super) fn update_levels(&mut self, now: Time) {
        self.metrics.requests_waiting.set(now, self.open);
        let has_queues = match &self.settings.replies {
            Replies::Host(host) => host.idle_retention.is_some(),
            Replies::QueuePerRequest(_) => true,
        };
        let queues = if has_queues { self.open + self.orphans.len() as u64 } else { 0 };
        self.queue_metrics.temporary_queues.set(now, queues);
    }
}
