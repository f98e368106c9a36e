//! One instance of a group, and the census of all of them.

use crate::engine::Time;

/// Where an instance is in its life ("Amazon EC2 Auto Scaling instance lifecycle").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LifeCycle {
    /// Being launched, or waiting for lifecycle hooks of the launch.
    Pending,
    /// In service.
    InService,
    /// Terminating: its threads finish what they have in hand, or lifecycle hooks are waited for.
    Draining,
    /// Terminating, its threads stopped.
    Terminating,
    /// Gone; its place may be used again.
    Terminated,
    /// Taken out of service by hand, and still part of the group.
    Standby,
    /// Being prepared for the warm pool.
    WarmedPending,
    /// In the warm pool.
    Warmed,
    /// Leaving the warm pool for good.
    WarmedTerminating,
}

impl LifeCycle {
    const NUMBER: usize = Self::WarmedTerminating as usize + 1;
}

/// What the application on an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Application {
    /// Not running: the instance is not, or its process crashed or hangs.
    Down,
    /// The operating system boots, or the application starts.
    Starting,
    /// Ready for messages.
    Up,
}

/// Why an instance is no longer what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Its application hangs; the instance itself runs.
    Application,
    /// The instance does not run any more.
    Instance,
}

/// The lifecycle hooks an instance waits for; a bit for each hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct HookWait {
    /// Hooks whose actions are not complete.
    pub(super) waiting: u64,
    /// Those of them that the application completes, when it is ready or has finished.
    pub(super) by_application: u64,
    /// Whether the waiting is over: what comes takes its course.
    pub(super) proceeds: bool,
    /// Changes with each wait: timers of a former one are void.
    pub(super) round: u16,
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
    pub(super) launched_at: Time,
    pub(super) in_service_since: Time,
    /// Workers that have not stopped yet.
    pub(super) running_workers: u32,
    /// The scaling activity (a policy's cooldown may wait for it) it was launched or terminated for.
    pub(super) activity: u32,
    /// Its Availability Zone.
    pub(super) zone: u8,
    /// A Spot Instance, at a lower price.
    pub(super) is_spot: bool,
    pub(super) application: Application,
    /// Changes whenever the application starts or stops: timers of a former start are void.
    pub(super) start: u32,
    /// Changes whenever it joins the group: failures that waited for a former stay are void.
    pub(super) stint: u32,
    /// Whether its threads ask for messages.
    pub(super) takes_messages: bool,
    /// Whether its software was installed before, so that the application needs no bootstrap any more.
    pub(super) is_prepared: bool,
    pub(super) failure: Option<Failure>,
    /// Protected from scale-in.
    pub(super) is_protected: bool,
    /// It terminates, and the group launches its replacement only when it is gone.
    pub(super) keeps_place: bool,
    /// It goes as soon as a replacement is in service.
    pub(super) is_outgoing: bool,
    /// It goes as soon as an instance refresh can do without it.
    pub(super) awaits_refresh: bool,
    /// The version of the launch template it was launched with.
    pub(super) version: u16,
    /// EC2 recommended to replace it.
    pub(super) is_at_risk: bool,
    /// It goes back to the warm pool instead of being terminated.
    pub(super) returns_to_pool: bool,
    /// The number of the warm-up it is in, if it is in service: it is not counted yet in what metrics aggregate. 0: in none.
    pub(super) warm_up: u32,
    pub(super) hooks: HookWait,
}

impl Instance {
    pub(super) fn vacant(first_worker: u32) -> Self {
        Self {
            life: LifeCycle::Terminated,
            epoch: 0,
            first_worker,
            launch: 0,
            launched_at: Time::ZERO,
            in_service_since: Time::ZERO,
            running_workers: 0,
            activity: 0,
            zone: 0,
            is_spot: false,
            application: Application::Down,
            start: 0,
            stint: 0,
            takes_messages: false,
            is_prepared: false,
            failure: None,
            is_protected: false,
            keeps_place: false,
            is_outgoing: false,
            awaits_refresh: false,
            version: 0,
            is_at_risk: false,
            returns_to_pool: false,
            warm_up: 0,
            hooks: HookWait::default(),
        }
    }

    /// Whether it counts against the desired capacity and stays.
    pub(super) fn is_member(&self) -> bool {
        matches!(self.life, LifeCycle::Pending | LifeCycle::InService) && !self.is_outgoing
    }

    /// Whether it is in service and warms up.
    pub(super) fn warms_up(&self) -> bool {
        self.warm_up != 0 && self.life == LifeCycle::InService
    }

    /// Threads that exist: all of them while its process belongs to the service, also while it restarts after a crash;
    /// otherwise those that still finish something.
    fn threads(&self, each: u32) -> u32 {
        let serves = self.life == LifeCycle::InService
            && self.failure.is_none()
            && self.application != Application::Starting;
        if serves { each } else { self.running_workers }
    }
}

/// AWS's name of the state an instance is in.
pub(super) fn state_name(instance: &Instance, pool_state: PoolState) -> &'static str {
    let (waits, proceeds) = (instance.hooks.waiting != 0, instance.hooks.proceeds);
    match instance.life {
        LifeCycle::Pending if waits => "Pending:Wait",
        LifeCycle::Pending if proceeds => "Pending:Proceed",
        LifeCycle::Pending => "Pending",
        LifeCycle::InService => "InService",
        LifeCycle::Draining if waits => "Terminating:Wait",
        LifeCycle::Terminating if proceeds => "Terminating:Proceed",
        LifeCycle::Draining | LifeCycle::Terminating => "Terminating",
        LifeCycle::Terminated => "Terminated",
        LifeCycle::Standby => "Standby",
        LifeCycle::WarmedPending if waits => "Warmed:Pending:Wait",
        LifeCycle::WarmedPending if proceeds => "Warmed:Pending:Proceed",
        LifeCycle::WarmedPending => "Warmed:Pending",
        LifeCycle::Warmed => match pool_state {
            PoolState::Stopped => "Warmed:Stopped",
            PoolState::Running => "Warmed:Running",
            PoolState::Hibernated => "Warmed:Hibernated",
        },
        LifeCycle::WarmedTerminating => "Warmed:Terminating",
    }
}

/// What instances of a warm pool do while they wait ("`PutWarmPool`", `PoolState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PoolState {
    /// They are stopped, and cost nothing but their disks.
    #[default]
    Stopped,
    /// They run.
    Running,
    /// They are stopped with their memory kept.
    Hibernated,
}

/// Most Availability Zones of a group: as many as the largest region has.
pub(super) const MOST_ZONES: usize = 6;

/// How many instances are where: kept up to date with each change, so that nobody counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Census {
    by_life: [u32; LifeCycle::NUMBER],
    /// Members of the group by zone.
    pub(super) by_zone: [u32; MOST_ZONES],
    /// Instances of the warm pool by zone.
    pub(super) pool_by_zone: [u32; MOST_ZONES],
    /// Those that leave service and return to the warm pool.
    pub(super) returning: u32,
    /// Those that go as soon as a replacement is in service.
    pub(super) outgoing: u32,
    /// Those that terminate and keep their place until they are gone.
    pub(super) keeping_place: u32,
    /// Spot Instances among the members.
    pub(super) spot_members: u32,
    /// On-demand instances that cost money.
    pub(super) billed: u32,
    /// Spot Instances that cost money.
    pub(super) billed_spot: u32,
    /// Threads that exist.
    pub(super) threads: u64,
    /// Instances in service that warm up.
    pub(super) warming: u32,
    /// Their threads.
    pub(super) warming_threads: u64,
}

impl Census {
    pub(super) fn count(&self, life: LifeCycle) -> u32 {
        self.by_life[life as usize]
    }

    /// Instances that count against the desired capacity and stay, and those whose place is kept.
    pub(super) fn present(&self) -> u32 {
        self.count(LifeCycle::Pending) + self.count(LifeCycle::InService) + self.keeping_place - self.outgoing
    }

    pub(super) fn add(&mut self, instance: &Instance, threads: u32, pool_state: PoolState) {
        self.tally(instance, pool_state, |count| *count += 1);
        self.threads += u64::from(instance.threads(threads));
        if instance.warms_up() {
            self.warming_threads += u64::from(instance.threads(threads));
        }
    }

    pub(super) fn remove(&mut self, instance: &Instance, threads: u32, pool_state: PoolState) {
        self.tally(instance, pool_state, |count| *count -= 1);
        self.threads -= u64::from(instance.threads(threads));
        if instance.warms_up() {
            self.warming_threads -= u64::from(instance.threads(threads));
        }
    }

    fn tally(&mut self, instance: &Instance, pool_state: PoolState, step: impl Fn(&mut u32)) {
        step(&mut self.by_life[instance.life as usize]);
        if instance.is_member() {
            step(&mut self.by_zone[usize::from(instance.zone)]);
            if instance.is_spot {
                step(&mut self.spot_members);
            }
        }
        if matches!(instance.life, LifeCycle::WarmedPending | LifeCycle::Warmed) {
            step(&mut self.pool_by_zone[usize::from(instance.zone)]);
        }
        if instance.returns_to_pool && instance.life == LifeCycle::Draining {
            step(&mut self.returning);
        }
        let is_alive = matches!(instance.life, LifeCycle::Pending | LifeCycle::InService);
        if instance.is_outgoing && is_alive {
            step(&mut self.outgoing);
        }
        if instance.keeps_place && !is_alive && instance.life != LifeCycle::Terminated {
            step(&mut self.keeping_place);
        }
        if instance.warms_up() {
            step(&mut self.warming);
        }
        let sleeps = instance.life == LifeCycle::Warmed && pool_state != PoolState::Running;
        if instance.life != LifeCycle::Terminated && !sleeps {
            step(if instance.is_spot { &mut self.billed_spot } else { &mut self.billed });
        }
    }
}
