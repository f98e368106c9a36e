//! A consumer: workers on the instances of a group.

use super::cpu::CpuSoFar;
use super::instance::{Census, Instance, LifeCycle, MOST_ZONES, state_name};
use super::metrics::{
    ConsumerMetrics, GroupCapacityMetrics, GroupMetrics, PayloadMetrics, PrefetchMetrics, ReplyMetrics,
    WarmPoolMetrics,
};
use super::prefetch::Buffer;
use super::refresh::Refresh;
use super::settings::ConsumerSettings;
use super::warming::Warming;
use super::worker::Worker;
use crate::engine::{Span, Stream, Time};
use crate::record::{InstanceChange, Level, ScalingActivity};
use crate::scaling::Controller;
use crate::wire::{Context, Forwarder, ProcessingOrder, Purpose};
use std::sync::Arc;

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
    pub(super) reply: Stream,
    pub(super) object_store: Stream,
    pub(super) crash: Stream,
    pub(super) launch: Stream,
    pub(super) termination: Stream,
    pub(super) schedule: Stream,
    pub(super) boot: Stream,
    pub(super) application_start: Stream,
    pub(super) hook: Stream,
    pub(super) warm_start: Stream,
    pub(super) capacity: Stream,
    pub(super) instance_failure: Stream,
    pub(super) interruption: Stream,
    pub(super) termination_choice: Stream,
}

/// A consumer.
#[derive(Debug)]
pub struct Fleet {
    pub(super) settings: ConsumerSettings,
    pub(super) workers: Vec<Worker>,
    pub(super) instances: Vec<Instance>,
    pub(super) census: Census,
    /// Places of instances that are gone.
    pub(super) free_places: Vec<u32>,
    pub(super) desired: u32,
    pub(super) launches: u64,
    /// Notifications published so far.
    pub(super) notified: u64,
    /// Launches that failed since one last succeeded, and when the group tries again.
    pub(super) failed_launches: u32,
    pub(super) no_launch_until: Time,
    /// When EC2 last refused a launch, by zone.
    pub(super) refused_at: [Option<Time>; MOST_ZONES],
    /// More instances are there than desired, because they are protected.
    pub(super) surplus_waits: bool,
    /// The instance refresh under way.
    pub(super) refresh: Option<Refresh>,
    /// It waits for an instance that is protected.
    pub(super) refresh_waits: bool,
    /// The version of the group's launch template.
    pub(super) version: u16,
    /// Its policies and scheduled actions.
    pub(super) scaling: Controller,
    /// Simple policies wait until this activity has ended and its cooldown has run out.
    pub(super) activity: Activity,
    /// What the clients of the instances have received ahead, by instance.
    pub(super) buffers: Vec<Buffer>,
    /// Messages in all of them.
    pub(super) prefetched: u64,
    pub(super) busy: u64,
    pub(super) received: u64,
    pub(super) forwarder: Option<Forwarder>,
    pub(super) heartbeats_begun: u32,
    pub(super) order: ProcessingOrder,
    pub(super) chance: Chance,
    pub(super) metrics: ConsumerMetrics,
    pub(super) reply_metrics: ReplyMetrics,
    pub(super) payload_metrics: PayloadMetrics,
    pub(super) prefetch_metrics: PrefetchMetrics,
    pub(super) group_metrics: GroupMetrics,
    pub(super) capacity_metrics: GroupCapacityMetrics,
    pub(super) pool_metrics: WarmPoolMetrics,
    /// Instances that cost the on-demand price, and those that cost the Spot price.
    pub(super) billed: Level,
    pub(super) billed_spot: Level,
    pub(super) cpu_so_far: CpuSoFar,
    pub(super) warming: Warming,
    /// The consumer's name, for the rows of its instances.
    pub(super) name: Arc<str>,
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
    /// The number of no activity: what is not done for a policy, no cooldown waits for.
    pub(super) const NONE: u32 = u32::MAX;

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
            reply: stream(Purpose::Reply),
            object_store: stream(Purpose::ObjectStore),
            crash: stream(Purpose::Crash),
            launch: stream(Purpose::Launch),
            termination: stream(Purpose::Termination),
            schedule: stream(Purpose::Schedule),
            boot: stream(Purpose::Boot),
            application_start: stream(Purpose::ApplicationStart),
            hook: stream(Purpose::LifecycleHook),
            warm_start: stream(Purpose::WarmStart),
            capacity: stream(Purpose::Capacity),
            instance_failure: stream(Purpose::InstanceFailure),
            interruption: stream(Purpose::SpotInterruption),
            termination_choice: stream(Purpose::TerminationChoice),
        };
        let forwarder = settings
            .forward
            .clone()
            .map(|forward| Forwarder::new(forward, seed, replication, "consumer", &settings.name));
        let scaling = Controller::new(settings.group.scaling.clone());
        Self {
            desired: settings.group.desired_capacity,
            name: settings.name.as_str().into(),
            settings,
            workers: Vec::new(),
            instances: Vec::new(),
            census: Census::default(),
            free_places: Vec::new(),
            launches: 0,
            notified: 0,
            failed_launches: 0,
            no_launch_until: Time::ZERO,
            refused_at: [None; MOST_ZONES],
            surplus_waits: false,
            refresh: None,
            refresh_waits: false,
            version: 0,
            scaling,
            activity: Activity::default(),
            cpu_so_far: CpuSoFar::default(),
            warming: Warming::default(),
            buffers: Vec::new(),
            prefetched: 0,
            busy: 0,
            received: 0,
            forwarder,
            heartbeats_begun: 0,
            order: ProcessingOrder::default(),
            chance,
            metrics: ConsumerMetrics::default(),
            reply_metrics: ReplyMetrics::default(),
            payload_metrics: PayloadMetrics::default(),
            prefetch_metrics: PrefetchMetrics::default(),
            group_metrics: GroupMetrics::default(),
            capacity_metrics: GroupCapacityMetrics::default(),
            pool_metrics: WarmPoolMetrics::default(),
            billed: Level::default(),
            billed_spot: Level::default(),
        }
    }

    /// Instances in this stage of life.
    pub(super) fn count(&self, life: LifeCycle) -> u32 {
        self.census.count(life)
    }

    /// Changes an instance. Every change of what the census counts goes through here; a new state is a row of
    /// `instances.csv`.
    pub(super) fn alter<O>(
        &mut self,
        index: u32,
        cause: &'static str,
        cx: &mut Context<'_, O>,
        change: impl FnOnce(&mut Instance),
    ) {
        let (threads, pool_state) = (self.settings.threads, self.settings.group.life.pool_state());
        let instance = &mut self.instances[index as usize];
        self.census.remove(instance, threads, pool_state);
        let before = (instance.launch, state_name(instance, pool_state));
        let warmed_up = !instance.warms_up();
        change(instance);
        self.census.add(instance, threads, pool_state);
        let after = (instance.launch, state_name(instance, pool_state));
        let (zone, warms_up) = (instance.zone, instance.warms_up());
        if warms_up == warmed_up {
            self.warm_up_changed(index, warms_up, cx.now);
        }
        if before != after && self.settings.group.is_auto_scaling {
            cx.journal.instances.push(InstanceChange {
                time: cx.now,
                group: Arc::clone(&self.name),
                instance: after.0,
                zone,
                state: after.1,
                cause,
            });
        }
    }

    /// Tells an activity of the group that no policy decided.
    pub(super) fn tell<O>(
        &mut self,
        cause: String,
        old_desired: u32,
        status: &'static str,
        cx: &mut Context<'_, O>,
    ) {
        cx.journal.activities.push(ScalingActivity {
            time: cx.now,
            group: self.settings.name.clone(),
            policy: String::new(),
            cause,
            old_desired,
            new_desired: self.desired,
            status,
        });
    }

    /// Whether the threads of an instance stop instead of asking for messages.
    #[inline]
    pub(super) fn is_draining(&self, instance: u32) -> bool {
        !self.instances[instance as usize].takes_messages
    }

    /// Messages in hand whose processing has not ended yet.
    pub(super) fn unfinished(&self) -> u64 {
        self.workers.iter().map(|worker| worker.unfinished(self.settings.processing_mode)).sum()
    }

    /// The levels of the group's metrics follow its instances.
    pub(super) fn update_group_metrics(&mut self, now: Time) {
        let count = |life| u64::from(self.census.count(life));
        let (pending, in_service) = (count(LifeCycle::Pending), count(LifeCycle::InService));
        let terminating = count(LifeCycle::Draining) + count(LifeCycle::Terminating);
        let standby = count(LifeCycle::Standby);
        let total = pending + in_service + terminating + standby;
        let desired = u64::from(self.desired);
        let metrics = &mut self.group_metrics;
        metrics.desired_capacity.set(now, desired);
        metrics.instances_pending.set(now, pending);
        metrics.instances_in_service.set(now, in_service);
        metrics.instances_terminating.set(now, terminating);
        metrics.instances_total.set(now, total);
        self.metrics.threads.set(now, self.census.threads);
        self.warming.threads.set(now, self.census.warming_threads);
        self.billed.set(now, u64::from(self.census.billed));
        self.billed_spot.set(now, u64::from(self.census.billed_spot));
        let group = &self.settings.group;
        if !group.is_auto_scaling {
            return;
        }
        let capacity = &mut self.capacity_metrics;
        capacity.min_size.set(now, u64::from(self.scaling.min_size()));
        capacity.max_size.set(now, u64::from(self.scaling.max_size()));
        capacity.instances_standby.set(now, standby);
        capacity.capacity_in_service.set(now, in_service);
        capacity.capacity_pending.set(now, pending);
        capacity.capacity_standby.set(now, standby);
        capacity.capacity_terminating.set(now, terminating);
        capacity.capacity_total.set(now, total);
        capacity.instances_warming.set(now, u64::from(self.census.warming));
        let Some(pool) = &group.life.warm_pool else { return };
        let wanted = u64::from(pool.desired(self.desired, self.scaling.max_size()));
        let (preparing, warmed) = (count(LifeCycle::WarmedPending), count(LifeCycle::Warmed));
        let leaving = count(LifeCycle::WarmedTerminating);
        let metrics = &mut self.pool_metrics;
        metrics.pool_min_size.set(now, u64::from(pool.min_size));
        metrics.pool_desired.set(now, wanted);
        metrics.pool_pending.set(now, preparing);
        metrics.pool_warmed.set(now, warmed);
        metrics.pool_terminating.set(now, leaving);
        metrics.pool_total.set(now, preparing + warmed + leaving);
        metrics.group_and_pool_desired.set(now, desired + wanted);
        metrics.group_and_pool_total.set(now, total + preparing + warmed + leaving);
    }
}
