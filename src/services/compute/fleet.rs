//! A consumer: workers on the instances of a group.

use super::metrics::{ConsumerMetrics, GroupMetrics};
use super::settings::ConsumerSettings;
use super::worker::Worker;
use crate::engine::{Span, Stream, Time};
use crate::scaling::Controller;
use crate::wire::{Forwarder, ProcessingOrder, Purpose};

/// Where an instance is in its life ("Amazon EC2 Auto Scaling instance lifecycle").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LifeCycle {
    /// Being launched.
    Pending,
    /// In service.
    InService,
    /// Terminating, its threads finishing what they have in hand.
    Draining,
    /// Terminating, its threads stopped.
    Terminating,
    /// Gone; its place may be used again.
    Terminated,
}

/// One instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance {
    pub(super) life: LifeCycle,
    /// Changes with each tenant of the place: timers of the former one are void.
    pub(super) epoch: u32,
    /// The first of its workers; they lie side by side.
    pub(super) first_worker: u32,
    /// Launches are numbered: the smaller, the older.
    pub(super) launch: u64,
    pub(super) in_service_since: Time,
    /// Workers that have not stopped yet.
    pub(super) running_workers: u32,
    /// The scaling activity (a policy's cooldown may wait for it) it was launched or terminated for.
    pub(super) activity: u32,
}

/// The consumer's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) processing: Stream,
    pub(super) failure: Stream,
    pub(super) loss: Stream,
    pub(super) retry: Stream,
    pub(super) outlier: Stream,
    pub(super) delete_latency: Stream,
    pub(super) change_latency: Stream,
    pub(super) crash: Stream,
    pub(super) launch: Stream,
    pub(super) termination: Stream,
    pub(super) schedule: Stream,
}

/// A consumer.
#[derive(Debug)]
pub struct Fleet {
    pub(super) settings: ConsumerSettings,
    pub(super) workers: Vec<Worker>,
    pub(super) instances: Vec<Instance>,
    /// Places of instances that are gone.
    pub(super) free_places: Vec<u32>,
    pub(super) desired: u32,
    pub(super) launches: u64,
    /// Its policies and scheduled actions.
    pub(super) scaling: Controller,
    /// Simple policies wait until this activity has ended and its cooldown has run out.
    pub(super) activity: Activity,
    pub(super) busy: u64,
    pub(super) received: u64,
    pub(super) forwarder: Option<Forwarder>,
    pub(super) heartbeats_begun: u32,
    pub(super) order: ProcessingOrder,
    pub(super) chance: Chance,
    pub(super) metrics: ConsumerMetrics,
    pub(super) group_metrics: GroupMetrics,
}

/// The latest scaling activity, as simple policies see it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Activity {
    /// Its number.
    pub(super) number: u32,
    /// Instances still being launched or terminated for it.
    pub(super) unfinished: u32,
    /// When its cooldown ends; `None` without a cooldown.
    pub(super) cooldown_until: Option<Time>,
    /// The cooldown that begins when its last instance is ready.
    pub(super) cooldown: Span,
}

impl Activity {
    /// A scaling activity begins. One that is under way goes on in it: its cooldown waits for all of its instances.
    pub(super) fn begin(&mut self, cooldown: Option<Span>) {
        if self.unfinished == 0 {
            self.number = self.number.wrapping_add(1);
            self.cooldown = Span::ZERO;
        }
        if let Some(cooldown) = cooldown {
            self.cooldown = cooldown;
        }
    }
}

impl Fleet {
    /// A consumer whose instances are not yet in service.
    pub fn new(settings: ConsumerSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "consumer", &settings.name);
        let chance = Chance {
            processing: stream(Purpose::ProcessingTime),
            failure: stream(Purpose::Failure),
            loss: stream(Purpose::Loss),
            retry: stream(Purpose::Retry),
            outlier: stream(Purpose::Outlier),
            delete_latency: stream(Purpose::DeleteLatency),
            change_latency: stream(Purpose::ChangeVisibilityLatency),
            crash: stream(Purpose::Crash),
            launch: stream(Purpose::Launch),
            termination: stream(Purpose::Termination),
            schedule: stream(Purpose::Schedule),
        };
        let forwarder = settings
            .forward
            .clone()
            .map(|forward| Forwarder::new(forward, seed, replication, "consumer", &settings.name));
        let scaling = Controller::new(settings.group.scaling.clone());
        Self {
            desired: settings.group.desired_capacity,
            settings,
            workers: Vec::new(),
            instances: Vec::new(),
            free_places: Vec::new(),
            launches: 0,
            scaling,
            activity: Activity::default(),
            busy: 0,
            received: 0,
            forwarder,
            heartbeats_begun: 0,
            order: ProcessingOrder::default(),
            chance,
            metrics: ConsumerMetrics::default(),
            group_metrics: GroupMetrics::default(),
        }
    }

    /// Instances in this stage of life.
    pub(super) fn count(&self, life: LifeCycle) -> u32 {
        self.instances.iter().filter(|instance| instance.life == life).count() as u32
    }

    pub(super) fn is_draining(&self, instance: u32) -> bool {
        self.instances[instance as usize].life != LifeCycle::InService
    }

    /// Messages in hand whose processing has not ended yet.
    pub(super) fn unfinished(&self) -> u64 {
        self.workers.iter().map(|worker| worker.unfinished(self.settings.processing_mode)).sum()
    }

    /// The levels of the group's metrics follow its instances.
    pub(super) fn update_group_metrics(&mut self, now: Time) {
        let (pending, in_service) = (self.count(LifeCycle::Pending), self.count(LifeCycle::InService));
        let terminating = self.count(LifeCycle::Draining) + self.count(LifeCycle::Terminating);
        let metrics = &mut self.group_metrics;
        metrics.desired_capacity.set(now, u64::from(self.desired));
        metrics.instances_pending.set(now, u64::from(pending));
        metrics.instances_in_service.set(now, u64::from(in_service));
        metrics.instances_terminating.set(now, u64::from(terminating));
        metrics.instances_total.set(now, u64::from(pending + in_service + terminating));
        // Threads of a draining instance exist until they stop: they may still be busy.
        let draining = self.instances.iter().filter(|instance| instance.life == LifeCycle::Draining);
        let finishing: u64 = draining.map(|instance| u64::from(instance.running_workers)).sum();
        let threads = u64::from(in_service) * u64::from(self.settings.threads) + finishing;
        self.metrics.threads.set(now, threads);
    }
}
