//! Everything that is fixed about a requester during a run.

use crate::engine::{Distribution, Span};
use crate::wire::{ApiLatency, EntityId};

/// A queue that carries the replies to all requests of a requester.
#[derive(Debug, Clone)]
pub struct HostQueue {
    /// The queue.
    pub queue: EntityId,
    /// How long calls to it take.
    pub latency: ApiLatency,
    /// Threads that poll it.
    pub polling_threads: u32,
    /// How long a poll waits, in seconds.
    pub wait_seconds: u8,
    /// How long a virtual queue may be idle; `None` when the replies are matched without virtual queues.
    pub idle_retention: Option<Span>,
}

/// A temporary queue for each request.
#[derive(Debug, Clone)]
pub struct TemporaryQueues {
    /// How long calls take.
    pub latency: ApiLatency,
    /// How long CreateQueue and DeleteQueue take, in nanoseconds.
    pub create_latency: Distribution,
    /// From the end of CreateQueue until the queue can be used.
    pub ready_after: Span,
    /// How long a receive waits for the reply.
    pub wait: Span,
    /// How long a queue may go without a tag before it is deleted as an orphan.
    pub idle_retention: Span,
}

/// How replies come back.
#[derive(Debug, Clone)]
pub enum Replies {
    /// Through one queue for all requests.
    Host(HostQueue),
    /// Through a queue for each request.
    QueuePerRequest(TemporaryQueues),
}

/// Everything that is fixed about a requester during a run.
#[derive(Debug, Clone)]
pub struct RequesterSettings {
    /// Its name.
    pub name: String,
    /// The queue its requests go to.
    pub queue: EntityId,
    /// How long a send call to it takes, in nanoseconds.
    pub send_latency: Distribution,
    /// Whether that is a FIFO queue: then each request is a message group of its own.
    pub is_fifo: bool,
    /// Size of a request with its attributes, in bytes.
    pub size: Distribution,
    /// How long it waits for a reply, from the end of the send call.
    pub timeout: Span,
    /// How often a request is tried.
    pub max_attempts: u32,
    /// How replies come back.
    pub replies: Replies,
    /// Mean time between two crashes of its process (exponential).
    pub mean_time_between_crashes: Option<Span>,
    /// Time between two rounds of tagging and looking for orphans; `None` without such a client.
    pub clean_up_interval: Option<Span>,
    /// Dollars for a million requests to its temporary queues.
    pub price_per_million_requests: f64,
}
