//! A function: what it is asked to do, what it executes now, what it leaves.

use super::Timer;
use super::asynchronous::Events;
use super::environments::{Concurrency, Environments, Start};
use super::handler::{Ending, Finished, HandlerChance, NEVER, play};
use super::metrics::FunctionMetrics;
use super::scaling::{Chance, Provisioning, UtilizationSoFar};
use super::settings::{FunctionSettings, OnMessageFailure};
use crate::engine::{Span, Stream, Time};
use crate::wire::{
    BEGUN_RECORD, BatchId, Batches, COPIED_RECORD, Context, DONE_RECORD, EntityId, EventSource, Forwarder,
    InvokeOutcome, KeyOrder, MessageId, Outbox, Pool, ProcessedTally, ProcessingOrder, Purpose, Signal,
    draw_span, request_bucket,
};

/// Who an execution is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// Somebody who waits for the answer to this call.
    Waiting { who: EntityId, call: u32 },
    /// Somebody who waits for the answer, and passes the messages on.
    Transforming { who: EntityId, call: u32 },
    /// An event of the queue of asynchronous invocations.
    Event(u32),
}

/// One execution.
#[derive(Debug)]
struct Execution {
    /// The messages; `None` when the place is free.
    batch: Option<BatchId>,
    caller: Caller,
    pool: Pool,
    source: EventSource,
    /// When the code began, after the initialisation of a new environment.
    began: Time,
    /// Initialisation before it.
    init: Span,
    ending: Ending,
    /// When each message is done; its memory is kept for the next execution.
    finished: Finished,
}

/// A function.
#[derive(Debug)]
pub struct Function {
    pub(super) settings: FunctionSettings,
    executions: Vec<Execution>,
    free: Vec<u32>,
    environments: Environments,
    pub(super) concurrency: Concurrency,
    /// What changes its provisioned concurrency.
    pub(super) provisioning: Option<Provisioning>,
    pub(super) utilization_so_far: UtilizationSoFar,
    pub(super) events: Events,
    order: ProcessingOrder,
    /// Of records of streams.
    key_order: KeyOrder,
    handler: HandlerChance,
    init: Stream,
    forwarder: Option<Forwarder>,
    pub(super) counts: Counts,
    pub(super) metrics: FunctionMetrics,
}

/// Messages, for the books.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    /// Of invocations that were begun.
    pub(super) invoked: u64,
    /// Of invocations that have not ended.
    pub(super) executing: u64,
    /// Of asynchronous events, one each: accepted, done, and still there.
    pub(super) accepted: u64,
    pub(super) done: u64,
    pub(super) waiting: u64,
}

impl Function {
    /// A function nobody has invoked yet.
    pub fn new(settings: FunctionSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "function", &settings.name);
        let forwarder = settings
            .forward
            .clone()
            .map(|forward| Forwarder::new(forward, seed, replication, "function", &settings.name));
        let requests = settings
            .reserved
            .map(|reserved| request_bucket(reserved, settings.quotas.requests_per_concurrency));
        let provisioning = settings.scaling.clone().map(|scaling| {
            let chance = Chance {
                schedule: stream(Purpose::Schedule),
                allocation: stream(Purpose::ProvisionedAllocation),
            };
            Provisioning::new(scaling, settings.provisioned, settings.allocation_delay.clone(), chance)
        });
        Self {
            provisioning,
            utilization_so_far: UtilizationSoFar::default(),
            executions: Vec::new(),
            free: Vec::new(),
            environments: Environments::new(
                settings.environment_idle_time,
                settings.quotas.scaling.of_function(),
            ),
            concurrency: Concurrency::new(settings.reserved, settings.provisioned, requests),
            events: Events::default(),
            order: ProcessingOrder::default(),
            key_order: KeyOrder::default(),
            handler: HandlerChance {
                processing: stream(Purpose::ProcessingTime),
                failure: stream(Purpose::Failure),
            },
            init: stream(Purpose::InitDuration),
            forwarder,
            counts: Counts::default(),
            metrics: FunctionMetrics::default(),
            settings,
        }
    }

    /// Somebody invokes the function and waits for the answer.
    pub(super) fn take_invoke<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        caller: Caller,
        source: EventSource,
        cx: &mut Context<'_, O>,
    ) {
        let fits = self.concurrency.take_request(cx.now, cx.lambda);
        if !fits || !self.begin(batch, caller, source, cx) {
            self.metrics.throttles.add(u64::from(!fits));
            answer(caller, batch, InvokeOutcome::Throttled, cx);
        }
    }

    /// Begins an execution, if there is concurrency and an environment for it; otherwise the request is throttled.
    pub(super) fn begin<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        caller: Caller,
        source: EventSource,
        cx: &mut Context<'_, O>,
    ) -> bool {
        let Some((pool, start)) = self.find_environment(cx) else {
            self.metrics.throttles.add(1);
            return false;
        };
        let init = match start {
            Start::Warm => Span::ZERO,
            Start::Cold => {
                let init = draw_span(&self.settings.init_duration, &mut self.init);
                self.metrics.cold_starts.add(1);
                self.metrics.init_duration.record(init.as_nanos());
                init
            }
        };
        let entries = cx.batches.entries(batch);
        let messages = entries.len() as u64;
        let in_order = source != EventSource::Standard;
        let place = self.free_place();
        let execution = &mut self.executions[place as usize];
        let (time, ending, begun) =
            play(&self.settings, entries, in_order, cx.messages, &mut self.handler, &mut execution.finished);
        // What is only changed here keeps no order of its own.
        let counted = if matches!(caller, Caller::Transforming { .. }) { 0 } else { begun };
        for entry in &mut cx.batches.entries_mut(batch)[..counted] {
            let (producer, sequence) = cx.messages.origin(entry.message);
            let late = match source {
                EventSource::Standard | EventSource::Fifo => self.order.is_late(producer, sequence),
                // What was begun before is not late when it is begun again.
                EventSource::Stream if entry.receive_count & (COPIED_RECORD | BEGUN_RECORD) != 0 => false,
                EventSource::Stream => {
                    entry.receive_count |= BEGUN_RECORD;
                    self.key_order.is_late(producer, cx.messages.group(entry.message), sequence)
                }
            };
            self.metrics.out_of_order.add(u64::from(late));
        }
        execution.batch = Some(batch);
        execution.caller = caller;
        execution.pool = pool;
        execution.source = source;
        execution.began = cx.now + init;
        execution.init = init;
        execution.ending = ending;
        self.counts.invoked += messages;
        self.counts.executing += messages;
        self.metrics.invocations.add(1);
        if pool == Pool::Provisioned {
            self.metrics.provisioned_concurrency_invocations.add(1);
        } else if self.concurrency.provisioned() > 0 {
            self.metrics.provisioned_concurrency_spillover_invocations.add(1);
        }
        self.concurrency.begin(pool);
        cx.lambda.begin(pool);
        self.tell_executions(cx);
        cx.outbox.wake(cx.now + init + time, Timer::Ended(place));
        true
    }

    /// The concurrency and the environment for one more execution.
    fn find_environment<O>(&mut self, cx: &mut Context<'_, O>) -> Option<(Pool, Start)> {
        let pool = self.concurrency.free(cx.lambda)?;
        if pool == Pool::Provisioned {
            return Some((pool, Start::Warm));
        }
        Some((pool, self.environments.take(cx.now, cx.lambda)?))
    }

    fn free_place(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            return place;
        }
        self.executions.push(Execution {
            batch: None,
            caller: Caller::Event(0),
            pool: Pool::Unreserved,
            source: EventSource::Standard,
            began: Time::ZERO,
            init: Span::ZERO,
            ending: Ending::Returned,
            finished: Finished::new(),
        });
        self.executions.len() as u32 - 1
    }

    /// An execution has come to its end.
    pub(super) fn end<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let execution = &mut self.executions[place as usize];
        let Some(batch) = execution.batch.take() else { return };
        let (caller, pool, ending) = (execution.caller, execution.pool, execution.ending);
        let (began, init, source) = (execution.began, execution.init, execution.source);
        let finished = std::mem::take(&mut execution.finished);
        self.free.push(place);
        self.concurrency.end(pool);
        cx.lambda.end(pool);
        // An environment that ran out of time is reset: the next invocation initialises it anew.
        if pool != Pool::Provisioned && ending != Ending::TimedOut {
            self.environments.give_back(cx.now);
        }
        self.tell_executions(cx);
        self.metrics.duration.record((cx.now - began).as_nanos());
        self.bill(pool, cx.now - began, init);
        self.metrics.errors.add(u64::from(ending != Ending::Returned));
        self.metrics.timeouts.add(u64::from(ending == Ending::TimedOut));
        let failed = match caller {
            Caller::Transforming { .. } => self.count_transformed(&finished),
            _ => self.count_messages(batch, (began, source), &finished, cx),
        };
        match caller {
            Caller::Event(event) => self.end_event(event, batch, ending == Ending::Returned, cx),
            Caller::Waiting { .. } | Caller::Transforming { .. } => {
                let outcome = match ending {
                    Ending::Raised | Ending::TimedOut => InvokeOutcome::FunctionError,
                    Ending::Returned if failed == 0 => InvokeOutcome::Success,
                    Ending::Returned => InvokeOutcome::ItemFailures(report(batch, &finished, cx.batches)),
                };
                answer(caller, batch, outcome, cx);
            }
        }
        self.executions[place as usize].finished = finished;
    }

    /// Messages that were changed are on their way; gives the number of those that were not.
    fn count_transformed(&mut self, finished: &Finished) -> u64 {
        let failed = finished.iter().filter(|end| **end == NEVER).count() as u64;
        self.metrics.failures.add(failed);
        self.metrics.messages_transformed.add(finished.len() as u64 - failed);
        self.counts.executing -= finished.len() as u64;
        failed
    }

    /// Every message of the event is processed or not; gives the number of those that are not.
    fn count_messages<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        (began, source): (Time, EventSource),
        finished: &Finished,
        cx: &mut Context<'_, O>,
    ) -> u64 {
        let metrics = &mut self.metrics;
        let mut tally = ProcessedTally {
            processed: &mut metrics.messages_processed,
            duplicates: &mut metrics.duplicates,
            latency: &mut metrics.end_to_end_latency,
        };
        let mut failed = 0;
        let is_stream = source == EventSource::Stream;
        for (entry, end) in cx.batches.entries_mut(batch).iter_mut().zip(finished) {
            if *end == NEVER {
                failed += 1;
                continue;
            }
            let at = began + Span::from_nanos(*end);
            if is_stream {
                let is_first = entry.receive_count & (COPIED_RECORD | DONE_RECORD) == 0;
                tally.note_record(entry.message, is_first, at, cx.messages);
                entry.receive_count |= DONE_RECORD;
            } else {
                tally.note(entry.message, at, cx.messages);
            }
        }
        self.metrics.failures.add(failed);
        self.counts.executing -= finished.len() as u64;
        if let Some(forwarder) = &mut self.forwarder {
            let sent = forwarder.send(batch, |position| finished[position] != NEVER, Span::ZERO, cx);
            self.metrics.messages_forwarded.add(sent);
        }
        failed
    }

    /// Each invocation is rounded up to a millisecond ("AWS Lambda pricing").
    fn bill(&mut self, pool: Pool, duration: Span, init: Span) {
        let billed = if self.settings.quotas.init_is_billed { duration + init } else { duration };
        let milliseconds = billed.as_nanos().div_ceil(1_000_000);
        self.metrics.billed_milliseconds.add(milliseconds);
        if pool == Pool::Provisioned {
            self.metrics.provisioned_billed_milliseconds.add(milliseconds);
        }
    }

    fn tell_executions<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.metrics.concurrent_executions.set(cx.now, u64::from(self.concurrency.executions()));
        let provisioned = u64::from(self.concurrency.in_provisioned());
        self.metrics.provisioned_concurrent_executions.set(cx.now, provisioned);
        let (unreserved, total) = cx.lambda.executions();
        cx.outbox.send(self.settings.account, Span::ZERO, Signal::Executions { unreserved, total });
    }

    /// What a function costs, in dollars: requests, gigabyte-seconds, and provisioned concurrency for `seconds`.
    pub(super) fn cost(&mut self, now: Time, seconds: f64) -> f64 {
        let kept = if self.provisioning.is_some() {
            self.metrics.allocated_provisioned_concurrency.area_seconds(now)
        } else {
            f64::from(self.settings.provisioned) * seconds
        };
        let prices = &self.settings.prices;
        let gigabytes = f64::from(self.settings.memory_megabytes) / 1_024.0;
        let provisioned = self.metrics.provisioned_billed_milliseconds.since_warm_up();
        let on_demand = self.metrics.billed_milliseconds.since_warm_up() - provisioned;
        let price = if self.settings.is_arm { prices.gb_second_arm } else { prices.gb_second };
        self.metrics.invocations.since_warm_up() as f64 * prices.request
            + on_demand as f64 / 1e3 * gigabytes * price
            + provisioned as f64 / 1e3 * gigabytes * prices.provisioned_duration_gb_second
            + kept * gigabytes * prices.provisioned_gb_second
    }

    /// Whether it has provisioned concurrency, or may get it.
    pub(super) fn is_provisioned(&self) -> bool {
        self.settings.provisioned > 0 || self.provisioning.is_some()
    }

    /// Whether its code names failed messages in its answers.
    pub fn reports_failures(settings: &FunctionSettings) -> bool {
        settings.on_message_failure == OnMessageFailure::Report
    }

    pub(super) fn mark_held(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        let executing = self.executions.iter().filter_map(|execution| execution.batch);
        for batch in executing.chain(self.events.waiting()) {
            batches.entries(batch).iter().for_each(|entry| mark(entry.message));
        }
    }
}

/// Whoever waits has the messages back.
fn answer<O: Outbox<Timer>>(caller: Caller, batch: BatchId, outcome: InvokeOutcome, cx: &mut Context<'_, O>) {
    if let Caller::Waiting { who, call } | Caller::Transforming { who, call } = caller {
        cx.outbox.send(who, Span::ZERO, Signal::Returned { batch, call, outcome });
    }
}

/// The messages that were not processed: `batchItemFailures`.
fn report(batch: BatchId, finished: &Finished, batches: &mut Batches) -> BatchId {
    let failures = batches.open();
    for (position, end) in finished.iter().enumerate() {
        if *end == NEVER {
            batches.copy(batch, position..position + 1, failures);
        }
    }
    failures
}
