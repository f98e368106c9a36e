//! Requesters: whoever sends a request through a queue and waits for the reply.
//!
//! # What it is
//!
//! A requester sends a request message whenever its arrivals say so, and waits for a reply with the same correlation id,
//! up to a timeout. A consumer that `answers_requests` sends the reply to where the request wants it: to a host queue
//! that carries many virtual queues, to the requester's own queue, or to a temporary queue made for this one request.
//!
//! # What is modelled
//!
//! - Virtual queues ("Amazon SQS temporary queues"): background threads poll the host queue with long polls for ten messages,
//!   and hand each to the request that waits for it. Creating and deleting a virtual queue is no call. Each reply is
//!   deleted from the host queue by a call of its own. A virtual queue that is idle for its retention period is deleted.
//! - One real queue for each request: CreateQueue, TagQueue, a second until it can be used, long polls for this one
//!   reply, DeleteMessage, DeleteQueue. The calls are counted and priced like those of any queue.
//! - Orphans: a process that crashes leaves its queues behind. Every five minutes the client lists all queues with its prefix
//!   and deletes those that nobody tagged for their retention period.
//! - Timeouts, further attempts (each a request with an id of its own), replies that come too late.
//!
//! # What is not
//!
//! Threads: a requester may have any number of requests under way. The prefetch of the client's internal work queue, which
//! only spares several clients the same clean-up.

mod config;
mod entity;
mod metrics;
mod replies;
mod settings;
mod temporary;

pub use config::{
    HostQueueConfig, QueuePerRequestConfig, QueuePerRequesterConfig, RepliesConfig, RequestTarget,
    RequesterConfig, RequesterSurroundings,
};
pub use entity::Requester;
pub use metrics::{RequesterMetrics, TemporaryQueueMetrics};
pub use settings::{HostQueue, Replies, RequesterSettings, TemporaryQueues};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Outbox, Service, Signal};

/// Why a requester wakes. Requests are named by their numbers: a timer of one that is over means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A request comes up.
    Arrival,
    /// The temporary queue of a request can be used.
    Ready(u32),
    /// A request has waited long enough for its reply.
    Timeout(u32),
    /// A receive call from the temporary queue of a request begins.
    Receive(u32),
    /// A receive call from the temporary queue of a request returns its reply.
    Received(u32),
    /// A poller of the host queue that was refused asks again.
    Poll {
        /// The thread.
        thread: u32,
        /// Its process.
        epoch: u32,
    },
    /// The process crashes.
    Crash,
    /// Queues in use are tagged, and those that nobody uses any more looked for.
    CleanUp,
}

impl Service for Requester {
    type Timer = Timer;
    const KIND: &'static str = "requester";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Delivery { poller, outcome } => self.take_delivery(poller, outcome, cx),
            Signal::Put { batch } => self.take_put(from, batch, cx),
            Signal::Refused { batch, .. } => self.take_refusal(batch, cx),
            Signal::DeleteThrottled { batch } => cx.batches.close(batch),
            other => unreachable!("a requester is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Arrival => self.arrive(cx),
            Timer::Ready(number) => self.send_request(number, cx),
            Timer::Timeout(number) => self.time_out(number, cx),
            Timer::Receive(number) => self.receive_from_temporary_queue(number, cx),
            Timer::Received(number) => self.take_from_temporary_queue(number, cx),
            Timer::Poll { thread, epoch } => self.poll_again(thread, epoch, cx),
            Timer::Crash => self.crash(cx),
            Timer::CleanUp => self.clean_up(cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&RequesterMetrics::DEFINITIONS[position], instrument));
        self.queue_metrics.visit(&mut |position, instrument| {
            visitor(&TemporaryQueueMetrics::DEFINITIONS[position], instrument);
        });
    }

    fn balance(&self) -> Balance {
        vec![
            (Side::In, "produced", self.metrics.requests_sent.total()),
            (Side::In, "replies", self.replies),
            (Side::Out, "handed_over", self.metrics.requests_sent.total()),
            (Side::Out, "replies_matched", self.metrics.replies_received.total()),
            (Side::Out, "replies_late", self.metrics.late_replies.total()),
            (Side::Out, "replies_waiting", self.replies_waiting()),
            (Side::Memo, "rejected", self.metrics.messages_rejected.total()),
        ]
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.held_replies().for_each(mark);
    }

    fn summarise(&mut self, _now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        let requests = self.queue_metrics.billed_requests.since_warm_up() as f64;
        rows.push(SummaryRow::sum(
            Self::KIND,
            &self.settings.name,
            "estimated_cost",
            requests / 1e6 * self.settings.price_per_million_requests,
            Unit::Dollars,
        ));
    }
}
