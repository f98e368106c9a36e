//! Asynchronous invocations: Lambda queues events, invokes the function, and tries again ("How Lambda handles errors and
//! retries with asynchronous invocation").

use super::Timer;
use super::function::{Caller, Function};
use super::settings::Destination;
use crate::engine::{Span, Time};
use crate::wire::{ApiError, BatchId, Context, EntityId, Entry, EventSource, Outbox, Signal};

/// After an error of the function the first retry waits a minute, the second two.
const RETRY_PAUSES: [Span; 2] = [Span::from_minutes(1), Span::from_minutes(2)];
/// After a throttle the retry waits a second, then twice as long each time, up to five minutes.
const THROTTLE_PAUSE: Span = Span::from_seconds(1);
const LONGEST_THROTTLE_PAUSE: Span = Span::from_minutes(5);

/// An event that Lambda has accepted and not yet done with.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// Its messages; `None` while an execution has them, or when the place is free.
    batch: Option<BatchId>,
    accepted_at: Time,
    /// Executions that ended with an error.
    errors: u32,
    /// Throttles since the last execution.
    throttles: u32,
}

/// The events of a function that wait or are being executed.
#[derive(Debug, Default)]
pub(super) struct Events {
    events: Vec<Event>,
    free: Vec<u32>,
}

impl Events {
    fn enter(&mut self, event: Event) -> u32 {
        if let Some(place) = self.free.pop() {
            self.events[place as usize] = event;
            return place;
        }
        self.events.push(event);
        self.events.len() as u32 - 1
    }

    /// The batches that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = BatchId> + '_ {
        self.events.iter().filter_map(|event| event.batch)
    }
}

impl Function {
    /// Messages arrive, each an event of its own. One that is too large is refused at once ("Lambda quotas").
    pub(super) fn take_events<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let mut refused = None;
        for position in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[position];
            let fits =
                u64::from(cx.messages.bytes(entry.message)) <= self.settings.quotas.maximum_event_bytes;
            let single =
                if fits { cx.batches.open() } else { *refused.get_or_insert_with(|| cx.batches.open()) };
            // What is refused goes back as it came: a topic knows it by its receipt.
            cx.batches.entries_mut(single).push(if fits { Entry::new(entry.message) } else { entry });
            if fits {
                self.accept_event(single, cx);
            }
        }
        cx.batches.close(batch);
        if let Some(batch) = refused {
            let error = ApiError::RequestTooLarge;
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
        }
    }

    fn accept_event<O: Outbox<Timer>>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        self.counts.accepted += 1;
        self.counts.waiting += 1;
        self.metrics.async_events_received.add(1);
        let event =
            self.events.enter(Event { batch: Some(batch), accepted_at: cx.now, errors: 0, throttles: 0 });
        self.attempt(event, cx);
    }

    /// Lambda tries to execute an event, unless it has become too old.
    pub(super) fn attempt<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let event = self.events.events[place as usize];
        let Some(batch) = event.batch else { return };
        let age = cx.now - event.accepted_at;
        // Without any concurrency an event is given up at once.
        if age >= self.settings.asynchronous.maximum_event_age || self.concurrency.is_off() {
            self.give_up(place, batch, cx);
            return;
        }
        if self.begin(batch, Caller::Event(place), EventSource::Standard, cx) {
            self.metrics.async_event_age.record(age.as_nanos());
            let event = &mut self.events.events[place as usize];
            event.batch = None;
            event.throttles = 0;
            return;
        }
        let doublings = event.throttles.min(9);
        let pause = (THROTTLE_PAUSE * (1 << doublings)).min(LONGEST_THROTTLE_PAUSE);
        self.events.events[place as usize].throttles += 1;
        self.wait(place, pause, cx);
    }

    /// The event waits before it is tried again, at most until it is too old.
    fn wait<O: Outbox<Timer>>(&mut self, place: u32, pause: Span, cx: &mut Context<'_, O>) {
        let oldest =
            self.events.events[place as usize].accepted_at + self.settings.asynchronous.maximum_event_age;
        cx.outbox.wake((cx.now + pause).min(oldest.max(cx.now)), Timer::Attempt(place));
    }

    /// The execution of an event has ended.
    pub(super) fn end_event<O: Outbox<Timer>>(
        &mut self,
        place: u32,
        batch: BatchId,
        succeeded: bool,
        cx: &mut Context<'_, O>,
    ) {
        if succeeded {
            self.counts.done += 1;
            self.counts.waiting -= 1;
            self.forget(place, batch, cx);
            return;
        }
        let event = &mut self.events.events[place as usize];
        event.batch = Some(batch);
        event.errors += 1;
        if event.errors > self.settings.asynchronous.maximum_retry_attempts {
            self.give_up(place, batch, cx);
            return;
        }
        let pause = RETRY_PAUSES[(event.errors as usize - 1).min(RETRY_PAUSES.len() - 1)];
        self.wait(place, pause, cx);
    }

    /// The event is given up: it goes to its destination, or nowhere.
    fn give_up<O: Outbox<Timer>>(&mut self, place: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        self.metrics.async_events_dropped.add(1);
        self.counts.waiting -= 1;
        let Some(destination) = self.settings.asynchronous.destination else {
            self.forget(place, batch, cx);
            return;
        };
        for entry in cx.batches.entries_mut(batch) {
            *entry = Entry::new(entry.message);
            cx.messages.mark_dead_lettered(entry.message);
        }
        cx.outbox.send(destination.queue(), Span::ZERO, Signal::Put { batch });
        self.events.events[place as usize].batch = None;
        self.events.free.push(place);
    }

    /// Nobody needs the event any more.
    fn forget<O>(&mut self, place: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        for entry in cx.batches.entries(batch) {
            cx.messages.release(entry.message);
        }
        cx.batches.close(batch);
        self.events.events[place as usize].batch = None;
        self.events.free.push(place);
    }

    /// A queue refused results, or an event that was given up.
    pub(super) fn take_refusal<O>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let is_result = cx
            .batches
            .entries(batch)
            .first()
            .is_some_and(|entry| cx.messages.origin(entry.message).0 == cx.me);
        let refused = cx.reject(batch);
        if is_result {
            self.metrics.messages_rejected.add(refused);
            return;
        }
        match self.settings.asynchronous.destination {
            Some(Destination::DeadLetterQueue(_)) => self.metrics.dead_letter_errors.add(1),
            _ => self.metrics.destination_delivery_failures.add(1),
        }
    }
}
