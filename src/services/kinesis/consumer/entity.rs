//! A consumer of a stream: an application made with the Kinesis Client Library, on a fixed number of instances.

use super::assignment::Assignment;
use super::handoff::Leaving;
use super::lease::Lease;
use super::load::Loads;
use super::metrics::ConsumerMetrics;
use super::processing::Finished;
use super::settings::StreamConsumerSettings;
use super::threads::Threads;
use crate::engine::{Stream, Time};
use crate::wire::{Forwarder, IteratorStart, KeyOrder, Purpose};

/// A worker: the library on one instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    pub(super) runs: bool,
    /// Counts its starts.
    pub(super) life: u32,
    /// When this life began.
    pub(super) since: Time,
    /// When it last looked at the lease table.
    pub(super) scanned_at: Option<Time>,
}

/// The consumer's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) processing: Stream,
    pub(super) failure: Stream,
    pub(super) lease: Stream,
    pub(super) crash: Stream,
}

/// A consumer of a stream.
#[derive(Debug)]
pub struct StreamConsumer {
    pub(super) settings: StreamConsumerSettings,
    /// By shard.
    pub(super) leases: Vec<Lease>,
    pub(super) workers: Vec<Worker>,
    /// Where shards without a checkpoint are begun.
    pub(super) start: IteratorStart,
    pub(super) replays_left: u32,
    pub(super) busy: u64,
    pub(super) received: u64,
    pub(super) order: KeyOrder,
    /// What was processed just now.
    pub(super) finished: Vec<Finished>,
    pub(super) forwarder: Option<Forwarder>,
    pub(super) loads: Loads,
    /// By worker, when there is a limit.
    pub(super) threads: Vec<Threads>,
    pub(super) assignment: Assignment,
    /// Workers that shut down in order.
    pub(super) leaving: Vec<Leaving>,
    pub(super) chance: Chance,
    pub(super) metrics: ConsumerMetrics,
}

impl StreamConsumer {
    /// A consumer that has read nothing yet.
    pub fn new(settings: StreamConsumerSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "stream_consumer", &settings.name);
        let chance = Chance {
            processing: stream(Purpose::ProcessingTime),
            failure: stream(Purpose::Failure),
            lease: stream(Purpose::Lease),
            crash: stream(Purpose::Crash),
        };
        let forwarder = settings
            .forward
            .clone()
            .map(|forward| Forwarder::new(forward, seed, replication, "stream_consumer", &settings.name));
        let worker = Worker { runs: true, life: 0, since: Time::ZERO, scanned_at: None };
        Self {
            leases: Vec::new(),
            workers: vec![worker; settings.workers as usize],
            start: settings.start,
            replays_left: settings.replays.len() as u32,
            busy: 0,
            received: 0,
            order: KeyOrder::default(),
            finished: Vec::new(),
            forwarder,
            loads: Loads::default(),
            threads: Vec::new(),
            assignment: Assignment::default(),
            leaving: Vec::new(),
            chance,
            metrics: ConsumerMetrics::default(),
            settings,
        }
    }
}
