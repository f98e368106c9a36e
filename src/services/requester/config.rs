//! A requester in a scenario.

use super::settings::{HostQueue, Replies, RequesterSettings, TemporaryQueues};
use crate::engine::Distribution;
use crate::language::{Bytes, DistributionOf, Duration, Files, Problems, Reference, choice, section};
use crate::traffic::ArrivalsConfig;
use crate::wire::{ApiLatency, EntityId, IdentityConfig, span, whole_seconds};

section! {
    /// Somebody who sends requests through a queue and waits for the replies.
    pub struct RequesterConfig {
        /// Where the requests go.
        pub sends_requests_to: RequestTarget;
        /// How the replies come back.
        pub replies_through: RepliesConfig;
        /// When requests come up. Requesters wait for nobody: a request comes up whether others have their replies or not.
        pub arrivals: ArrivalsConfig;
        /// Size of a request, attributes included.
        pub request_size: DistributionOf<Bytes> = DistributionOf::constant(Bytes::from_kib(1));
        /// How long a request waits for its reply, from the end of its send call.
        pub timeout: Duration = Duration::from_seconds(20), above (Duration::ZERO);
        /// Attempts in all: a request without a reply in time is sent again, with a new correlation id.
        pub max_attempts: u32 = 1, within (1, 100);
        /// Crashes of the process: it is started anew at once, and knows nothing of the requests that were under way.
        pub crashes: Option<RequesterCrashesConfig>;
        /// Who it is to the queues; by default a role of their account.
        pub identity: Option<IdentityConfig>;
    }
}

choice! {
    /// Where requests go.
    pub enum RequestTarget {
        /// A queue.
        Queue(Reference) = "queue",
    }
}

choice! {
    /// How replies come back.
    pub enum RepliesConfig {
        /// Through a virtual queue for each request, all of them on one host queue (the Temporary Queue Client).
        VirtualQueues(HostQueueConfig) = "virtual_queues",
        /// Through one queue of the requester; the replies are told apart by their correlation ids.
        QueuePerRequester(QueuePerRequesterConfig) = "queue_per_requester",
        /// Through a real queue for each request, created before it and deleted after it.
        QueuePerRequest(QueuePerRequestConfig) = "queue_per_request",
    }
}

section! {
    /// Virtual queues on a host queue ("Amazon SQS temporary queues").
    pub struct HostQueueConfig {
        /// The queue that carries them; each requester needs one of its own.
        pub host_queue: Reference;
        /// Threads that poll the host queue in the background.
        pub polling_threads: u32 = 1, within (1, 100);
        /// How long such a poll waits (`WaitTimeSeconds`).
        pub max_wait_time: Duration = Duration::from_seconds(20), within (Duration::from_seconds(1), Duration::from_seconds(20));
        /// How long a virtual queue may be idle before it is deleted (`IdleQueueRetentionPeriodSeconds`).
        pub idle_queue_retention_period: Duration = Duration::from_minutes(5),
            within (Duration::from_seconds(1), Duration::from_minutes(5));
        /// Time between two rounds of tagging the queues in use and looking for those that nobody uses.
        pub clean_up_interval: Duration = Duration::from_minutes(5), at_least (Duration::from_seconds(1));
    }
    check HostQueueConfig::check;
}

section! {
    /// A queue for the replies to one requester.
    pub struct QueuePerRequesterConfig {
        /// The queue; each requester needs one of its own.
        pub queue: Reference;
        /// Threads that poll it.
        pub polling_threads: u32 = 1, within (1, 100);
        /// How long such a poll waits (`WaitTimeSeconds`).
        pub max_wait_time: Duration = Duration::from_seconds(20), within (Duration::from_seconds(1), Duration::from_seconds(20));
    }
    check QueuePerRequesterConfig::check;
}

section! {
    /// A real queue for each request. Its calls are counted with the requester, not with a queue.
    pub struct QueuePerRequestConfig {
        /// How long CreateQueue takes. An assumption.
        pub create_queue_latency: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(100));
        /// From the end of CreateQueue until the queue can be used ("CreateQueue": a second at least).
        pub ready_after: Duration = Duration::from_seconds(1);
        /// How long a receive waits for the reply (`WaitTimeSeconds`).
        pub max_wait_time: Duration = Duration::from_seconds(20), within (Duration::from_seconds(1), Duration::from_seconds(20));
        /// How long a queue may go without a tag before it is deleted as an orphan (`IdleQueueRetentionPeriodSeconds`).
        pub idle_queue_retention_period: Duration = Duration::from_minutes(5),
            within (Duration::from_seconds(1), Duration::from_minutes(5));
        /// Time between two rounds of tagging the queues in use and looking for those that nobody uses.
        pub clean_up_interval: Duration = Duration::from_minutes(5), at_least (Duration::from_seconds(1));
    }
    check QueuePerRequestConfig::check;
}

section! {
    /// Crashes of a requester's process.
    pub struct RequesterCrashesConfig {
        /// Mean time between two crashes (exponential).
        pub mean_time_between: Duration, above (Duration::ZERO);
    }
}

/// What a requester must know about the queues around it.
#[derive(Debug, Clone)]
pub struct RequesterSurroundings {
    /// The queue its requests go to.
    pub queue: EntityId,
    /// How long a send call to it takes, in nanoseconds.
    pub send_latency: Distribution,
    /// Whether that is a FIFO queue.
    pub is_fifo: bool,
    /// The queue that carries its replies, and how long calls to it take.
    pub reply_queue: Option<(EntityId, ApiLatency)>,
    /// How long calls to other queues take.
    pub latency: ApiLatency,
    /// Dollars for a million requests to a standard queue.
    pub price_per_million_requests: f64,
}

impl HostQueueConfig {
    fn check(&self, problems: &mut Problems) {
        whole_seconds(self.max_wait_time, self.places.of("max_wait_time"), "max_wait_time", problems);
        let place = self.places.of("idle_queue_retention_period");
        whole_seconds(self.idle_queue_retention_period, place, "idle_queue_retention_period", problems);
        if self.idle_queue_retention_period < self.max_wait_time {
            problems
                .warning(place, "a virtual queue is deleted while its request still waits for the reply")
                .why(format!(
                    "only a receive call marks it as used, and one may wait for {}",
                    self.max_wait_time
                ));
        }
    }
}

impl QueuePerRequesterConfig {
    fn check(&self, problems: &mut Problems) {
        whole_seconds(self.max_wait_time, self.places.of("max_wait_time"), "max_wait_time", problems);
    }
}

impl QueuePerRequestConfig {
    fn check(&self, problems: &mut Problems) {
        whole_seconds(self.max_wait_time, self.places.of("max_wait_time"), "max_wait_time", problems);
        let place = self.places.of("idle_queue_retention_period");
        whole_seconds(self.idle_queue_retention_period, place, "idle_queue_retention_period", problems);
    }
}

impl RepliesConfig {
    /// The queue of the scenario that carries the replies, if one does.
    pub fn queue(&self) -> Option<&Reference> {
        match self {
            RepliesConfig::VirtualQueues(host) => Some(&host.host_queue),
            RepliesConfig::QueuePerRequester(own) => Some(&own.queue),
            RepliesConfig::QueuePerRequest(_) => None,
        }
    }

    fn build(
        &self,
        around: &RequesterSurroundings,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Replies> {
        let seconds = |wait: Duration| (wait.as_nanos() / 1_000_000_000) as u8;
        let host = |polling_threads, wait, idle_retention| {
            let (queue, latency) = around.reply_queue.clone()?;
            let wait_seconds = seconds(wait);
            Some(Replies::Host(HostQueue { queue, latency, polling_threads, wait_seconds, idle_retention }))
        };
        match self {
            RepliesConfig::VirtualQueues(config) => {
                let retention = span(config.idle_queue_retention_period);
                host(config.polling_threads, config.max_wait_time, Some(retention))
            }
            RepliesConfig::QueuePerRequester(config) => {
                host(config.polling_threads, config.max_wait_time, None)
            }
            RepliesConfig::QueuePerRequest(config) => Some(Replies::QueuePerRequest(TemporaryQueues {
                latency: around.latency.clone(),
                create_latency: config.create_queue_latency.build(files, problems)?,
                ready_after: span(config.ready_after),
                wait: span(config.max_wait_time),
                idle_retention: span(config.idle_queue_retention_period),
            })),
        }
    }
}

impl RequesterConfig {
    /// The requester's settings, its references resolved; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        around: &RequesterSurroundings,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<RequesterSettings> {
        let size = self.request_size.build(files, problems);
        let replies = self.replies_through.build(around, files, problems);
        let clean_up_interval = match &self.replies_through {
            RepliesConfig::VirtualQueues(config) => Some(span(config.clean_up_interval)),
            RepliesConfig::QueuePerRequest(config) => Some(span(config.clean_up_interval)),
            RepliesConfig::QueuePerRequester(_) => None,
        };
        Some(RequesterSettings {
            name: name.to_owned(),
            queue: around.queue,
            send_latency: around.send_latency.clone(),
            is_fifo: around.is_fifo,
            size: size?,
            timeout: span(self.timeout),
            max_attempts: self.max_attempts,
            replies: replies?,
            mean_time_between_crashes: self.crashes.as_ref().map(|crashes| span(crashes.mean_time_between)),
            clean_up_interval,
            price_per_million_requests: around.price_per_million_requests,
        })
    }
}
