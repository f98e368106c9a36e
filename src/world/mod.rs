//! The world: all entities of a scenario, wired together, and the run that plays them.
//!
//! The only floor that sees every service. It hands signals and timers to the entities, reads their metrics each
//! minute, and at the end writes the tape and balances the books.

mod books;
mod loads;
mod observers;
mod roster;
mod sampling;
mod statistics;
mod test_bench;
mod windows;

pub use books::{instruments, rows};
pub use loads::Load;
pub use roster::Entity;
pub use test_bench::Feed;

use crate::engine::{Calendar, Handler, Span, Time};
use crate::record::{Flow, Probe, RunHeader, Tape, WindowRequest};
use crate::services::cloudwatch::MetricId;
use crate::wire::{
    Batches, Context, EntityId, Journal, LambdaAccount, Messages, Outbox, Requests, Signal, SnsAccount,
};
use loads::Loads;
use roster::Timer;
use sampling::Sampler;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use windows::Windows;

/// An entity with its name in the scenario.
#[derive(Debug)]
pub struct Seat {
    /// Its name.
    pub name: String,
    /// The entity.
    pub entity: Entity,
}

/// Everything a world is made of.
#[derive(Debug)]
pub struct Plan {
    /// Which run it is.
    pub header: RunHeader,
    /// The entities; an [`EntityId`] is a position in this list.
    pub seats: Vec<Seat>,
    /// Who hands messages to whom.
    pub flows: Vec<Flow>,
    /// What alarms watch: a [`MetricId`] is a position in this list.
    pub watched: Vec<WatchedMetric>,
    /// Most attribute values a message carries.
    pub attributes_each: usize,
    /// What a reader of the results should know.
    pub notes: Vec<String>,
    /// What the topics of the account have in common.
    pub sns: SnsAccount,
    /// The concurrency of the account's Lambda functions.
    pub lambda: LambdaAccount,
    /// Metrics that are given from outside.
    pub feed: Feed,
    /// What forecasts are made from.
    pub loads: Vec<Load>,
    /// When all levels are read, for a test.
    pub probes: Vec<Time>,
    /// Stretches that are measured on their own.
    pub windows: Vec<WindowRequest>,
}

/// A metric that alarms or programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedMetric {
    /// Whose it is; `None` for one that a program publishes.
    pub entity: Option<EntityId>,
    /// Which part of the entity, when the metric is that of a part: a shard of a stream.
    pub part: Option<u32>,
    /// Its name, as it is declared.
    pub metric: &'static str,
    /// Whether somebody needs its single values: for a percentile, or because a program publishes them.
    pub keeps_values: bool,
}

/// What the calendar holds.
#[derive(Debug, Clone, Copy)]
struct Event {
    to: EntityId,
    from: EntityId,
    stimulus: Stimulus,
}

#[derive(Debug, Clone, Copy)]
enum Stimulus {
    Signal(Signal),
    Timer(Timer),
    Tick(Tick),
}

/// The world's own wake-ups.
#[derive(Debug, Clone, Copy)]
enum Tick {
    EndOfWarmUp,
    Minute,
    Chart,
    Feed,
    Probe,
    Publication,
    Window,
}

const _: () = assert!(std::mem::size_of::<Event>() <= 32, "events are copied through the calendar");

/// Where an entity's consequences go: into the calendar, with the entity as the sender.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    calendar: &'a mut Calendar<Event>,
    me: EntityId,
}

impl<T: Into<Timer>> Outbox<T> for Desk<'_> {
    #[inline]
    fn send(&mut self, to: EntityId, delay: Span, signal: Signal) {
        let event = Event { to, from: self.me, stimulus: Stimulus::Signal(signal) };
        if delay == Span::ZERO {
            self.calendar.post_now(event);
        } else {
            self.calendar.post(self.calendar.now() + delay, event);
        }
    }

    #[inline]
    fn wake(&mut self, at: Time, timer: T) {
        self.calendar.post(at, Event { to: self.me, from: self.me, stimulus: Stimulus::Timer(timer.into()) });
    }
}

/// All entities of a scenario, wired together.
#[derive(Debug)]
struct World {
    seats: Vec<Seat>,
    messages: Messages,
    batches: Batches,
    requests: Requests,
    journal: Journal,
    sns: SnsAccount,
    lambda: LambdaAccount,
    sampler: Sampler,
    loads: Loads,
    feed: Feed,
    probes: Vec<Time>,
    probed: Vec<Probe>,
    windows: Windows,
    end: Time,
    /// When the next tick, or the end, comes.
    unobserved_until: Time,
    next_minute: Time,
    next_chart_step: Time,
    /// Who is being told something: named when something goes wrong.
    told: EntityId,
}

impl World {
    /// Tells an entity something.
    #[inline]
    fn tell(
        &mut self,
        me: EntityId,
        calendar: &mut Calendar<Event>,
        say: impl FnOnce(&mut Entity, &mut Context<'_, Desk<'_>>),
    ) {
        self.told = me;
        let now = calendar.now();
        let mut cx = Context {
            now,
            me,
            unobserved_until: self.unobserved_until,
            outbox: &mut Desk { calendar, me },
            messages: &mut self.messages,
            batches: &mut self.batches,
            requests: &mut self.requests,
            journal: &mut self.journal,
            sns: &mut self.sns,
            lambda: &mut self.lambda,
        };
        say(&mut self.seats[me.index()].entity, &mut cx);
    }

    fn start(&mut self, calendar: &mut Calendar<Event>) {
        self.next_minute = Time::ZERO + Span::from_minutes(1);
        self.next_chart_step = Time::ZERO + self.sampler.chart_step();
        self.windows.turn(Time::ZERO, &mut self.seats);
        self.look_ahead(Time::ZERO);
        // Before everybody else: what is given for an interval is there when its end comes.
        if self.feed.interval > Span::ZERO {
            self.post_tick(Time::ZERO + self.feed.interval, Tick::Feed, calendar);
        }
        for index in 0..self.seats.len() {
            self.tell(EntityId(index as u32), calendar, Entity::start);
        }
        let warm_up = self.sampler.warm_up();
        if warm_up > Span::ZERO {
            self.post_tick(Time::ZERO + warm_up, Tick::EndOfWarmUp, calendar);
        }
        // After the end of the warm-up, which begins the statistics anew.
        for at in self.windows.boundaries() {
            self.post_tick(at, Tick::Window, calendar);
        }
        self.post_tick(self.next_minute, Tick::Minute, calendar);
        self.post_tick(self.next_chart_step, Tick::Chart, calendar);
        for at in self.probes.clone() {
            self.post_tick(at, Tick::Probe, calendar);
        }
        self.post_tick(self.sampler.next_publication(), Tick::Publication, calendar);
    }

    /// What falls on the end of the run is done when the run is finished.
    fn post_tick(&self, at: Time, tick: Tick, calendar: &mut Calendar<Event>) {
        if at < self.end {
            calendar.post(at, Event { to: NOBODY, from: NOBODY, stimulus: Stimulus::Tick(tick) });
        }
    }

    #[cold]
    fn tick(&mut self, tick: Tick, calendar: &mut Calendar<Event>) {
        let now = calendar.now();
        for seat in &mut self.seats {
            match tick {
                Tick::Window => seat.entity.catch_up(now, &mut self.messages),
                _ => seat.entity.sample(now, &mut self.messages),
            }
        }
        match tick {
            Tick::EndOfWarmUp => self.sampler.end_warm_up(now, &mut self.seats),
            Tick::Minute => {
                self.loads.read(&mut self.seats);
                for (to, signal) in self.loads.due(now) {
                    let stimulus = Stimulus::Signal(signal);
                    calendar.post_now(Event { to, from: to, stimulus });
                }
                self.sampler.take_minute(now, &mut self.seats);
                self.next_minute = now + Span::from_minutes(1);
                self.post_tick(self.next_minute, tick, calendar);
            }
            Tick::Feed => {
                self.feed.publish(now, &mut self.seats);
                self.post_tick(now + self.feed.interval, tick, calendar);
            }
            Tick::Probe => self.probed.push(test_bench::probe(now, &mut self.seats)),
            Tick::Chart => {
                self.sampler.take_chart_step(now, &mut self.seats);
                self.next_chart_step = now + self.sampler.chart_step();
                self.post_tick(self.next_chart_step, tick, calendar);
            }
            Tick::Window => self.windows.turn(now, &mut self.seats),
            Tick::Publication => {
                self.sampler.publish(now, &mut self.seats);
                self.post_tick(self.sampler.next_publication(), tick, calendar);
            }
        }
        self.look_ahead(now);
    }

    /// Until when nobody will read metrics.
    fn look_ahead(&mut self, now: Time) {
        let warm_up = Time::ZERO + self.sampler.warm_up();
        let warm_up = if warm_up > now { warm_up } else { Time::MAX };
        let publication = self.sampler.next_publication();
        let window = self.windows.next_boundary(now);
        let next = self.next_minute.min(self.next_chart_step).min(publication).min(window);
        self.unobserved_until = next.min(warm_up).min(self.end);
    }
}

const NOBODY: EntityId = EntityId(u32::MAX);

impl Handler for World {
    type Event = Event;

    #[inline]
    fn handle(&mut self, event: Event, calendar: &mut Calendar<Event>) {
        let from = event.from;
        match event.stimulus {
            Stimulus::Signal(signal) => {
                self.tell(event.to, calendar, |entity, cx| entity.receive(from, signal, cx));
            }
            Stimulus::Timer(timer) => self.tell(event.to, calendar, |entity, cx| entity.wake(timer, cx)),
            Stimulus::Tick(tick) => self.tick(tick, calendar),
        }
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy)]
pub struct RunProgress {
    /// Simulated time so far.
    pub now: Time,
    /// Simulated time in all.
    pub end: Time,
    /// Events handled so far.
    pub events: u64,
}

/// Why a run left no tape.
#[derive(Debug)]
pub enum RunError {
    /// The caller asked it to stop.
    Interrupted,
    /// So many events fell on one instant that simulated time will hardly ever move on: a fault of the scenario.
    StandsStill {
        /// The entity that was being told something.
        entity: String,
        /// The instant.
        time: Time,
    },
    /// The books do not balance: a fault of queuelab. One sentence for each resource concerned.
    Unbalanced(Vec<String>),
    /// An assertion failed: a fault of queuelab.
    Fault {
        /// What was asserted.
        what: String,
        /// The entity that was being told something.
        entity: String,
        /// When, in simulated time.
        time: Time,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Interrupted => f.write_str("the run was interrupted"),
            RunError::StandsStill { entity, time } => write!(
                f,
                "time stands still at {time}: {} million events at this one instant, the last of them at `{entity}`; \
                 give calls, processing or pauses a duration above zero",
                SLICES_AT_ONE_INSTANT * EVENTS_AT_A_TIME / 1_000_000
            ),
            RunError::Unbalanced(sentences) => {
                write!(f, "the ledger does not balance, so nothing is reported (a fault of queuelab)")?;
                sentences.iter().try_for_each(|sentence| write!(f, "\n  {sentence}"))
            }
            RunError::Fault { what, entity, time } => {
                write!(f, "a fault of queuelab at {time} in `{entity}`: {what}")
            }
        }
    }
}

impl std::error::Error for RunError {}

/// Events between two looks at whether the caller wants the run to stop.
const EVENTS_AT_A_TIME: u64 = 100_000;

/// Slices that may pass without time moving on.
const SLICES_AT_ONE_INSTANT: u64 = 500;

/// How playing a world ended.
enum Played {
    ToTheEnd,
    Interrupted,
    StandingStill,
}

/// Plays a world to its end. `watch` is asked now and then; when it says `false` the run stops.
///
/// # Errors
///
/// See [`RunError`].
pub fn run(plan: Plan, watch: &mut dyn FnMut(RunProgress) -> bool) -> Result<Tape, RunError> {
    let mut calendar = Calendar::new();
    let end = Time::ZERO + plan.header.duration;
    let mut seats = plan.seats;
    let sampler = Sampler::new(&plan.header, &mut seats, &plan.watched);
    let mut world = World {
        seats,
        messages: Messages::new(plan.attributes_each),
        batches: Batches::default(),
        requests: Requests::default(),
        journal: Journal::default(),
        sns: plan.sns,
        lambda: plan.lambda,
        sampler,
        loads: Loads::new(plan.loads),
        feed: plan.feed,
        probes: plan.probes,
        probed: Vec::new(),
        windows: Windows::new(plan.windows),
        end,
        unobserved_until: Time::ZERO,
        next_minute: Time::ZERO,
        next_chart_step: Time::ZERO,
        told: NOBODY,
    };
    let mut events = 0;
    let played = guarded(|| {
        world.start(&mut calendar);
        let (mut slices, mut instant) = (0, calendar.now());
        loop {
            let progress = crate::engine::run(&mut world, &mut calendar, end, EVENTS_AT_A_TIME);
            events += progress.handled;
            if progress.finished {
                return Played::ToTheEnd;
            }
            if !watch(RunProgress { now: calendar.now(), end, events }) {
                return Played::Interrupted;
            }
            slices = if calendar.now() == instant { slices + 1 } else { 0 };
            instant = calendar.now();
            if slices >= SLICES_AT_ONE_INSTANT {
                return Played::StandingStill;
            }
        }
    });
    let told = world.seats.get(world.told.index()).map_or("the world", |seat| &seat.name).to_owned();
    let now = calendar.now();
    match played {
        Ok(Played::ToTheEnd) => {}
        Ok(Played::Interrupted) => return Err(RunError::Interrupted),
        Ok(Played::StandingStill) => return Err(RunError::StandsStill { entity: told, time: now }),
        Err(what) => return Err(RunError::Fault { what, entity: told, time: now }),
    }
    let header = RunHeader { events, ..plan.header };
    guarded(|| world.finish(calendar, header, plan.flows, plan.notes)).unwrap_or_else(|what| {
        Err(RunError::Fault { what, entity: "the end of the run".to_owned(), time: now })
    })
}

/// A failed assertion becomes a sentence, so that a fault can be told with its entity and time.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("an unknown panic").to_owned()
    })
}

/// A metric an alarm can watch, by its position in [`Plan::watched`].
pub fn watched_metric(position: usize) -> MetricId {
    MetricId(position as u32)
}
