//! Deliveries one by one: attempts, retries, dead letters.

use super::Timer;
use super::endpoint::{Outage, Response};
use super::retry::RetryPolicy;
use super::settings::Protocol;
use super::topic::{Subscription, Topic};
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, EntityId, Entry, GroupId, MessageId, Outbox, Receipt, Signal, draw_span,
};

/// What a delivery is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It waits for its turn or for its next attempt.
    Waiting,
    /// An attempt is under way, and this will be the answer.
    Attempting(Response),
    /// A queue has it, unless the queue refuses it at once.
    HandedOver,
    /// The dead-letter queue has it, unless that refuses it at once.
    Redriving,
}

/// A message on its way to a subscriber.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    message: MessageId,
    subscription: u32,
    accepted_at: Time,
    group: GroupId,
    attempts: u32,
    state: State,
    /// Why the queue refused it.
    refused: Option<ApiError>,
    /// Whether it is a second delivery, which comes later.
    is_late: bool,
    /// Whether its turn has come, where attempts have a least distance.
    has_turn: bool,
    /// Whether SNS itself discards it: more attributes than raw delivery takes.
    is_impossible: bool,
}

impl Delivery {
    /// A delivery that begins.
    pub(super) fn new(message: MessageId, subscription: u32, accepted_at: Time, group: GroupId) -> Self {
        Self {
            message,
            subscription,
            accepted_at,
            group,
            attempts: 0,
            state: State::Waiting,
            refused: None,
            is_late: false,
            has_turn: false,
            is_impossible: false,
        }
    }

    /// The same delivery, which SNS itself discards.
    pub(super) fn impossible(self) -> Self {
        Self { is_impossible: true, ..self }
    }

    /// The same delivery, later.
    pub(super) fn once_more(self) -> Self {
        Self { is_late: true, ..self }
    }
}

/// The deliveries under way. Their places are used again.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    all: Vec<Option<Delivery>>,
    free: Vec<u32>,
}

impl Deliveries {
    fn enter(&mut self, delivery: Delivery) -> u32 {
        if let Some(place) = self.free.pop() {
            self.all[place as usize] = Some(delivery);
            return place;
        }
        self.all.push(Some(delivery));
        self.all.len() as u32 - 1
    }

    fn get(&self, place: u32) -> Delivery {
        match self.all.get(place as usize) {
            Some(Some(delivery)) => *delivery,
            _ => unreachable!("a delivery is looked at while it is under way"),
        }
    }

    fn get_mut(&mut self, place: u32) -> &mut Delivery {
        match self.all.get_mut(place as usize) {
            Some(Some(delivery)) => delivery,
            _ => unreachable!("a delivery is changed while it is under way"),
        }
    }

    fn end(&mut self, place: u32) {
        self.all[place as usize] = None;
        self.free.push(place);
    }

    /// How many are under way.
    pub(super) fn number(&self) -> u64 {
        (self.all.len() - self.free.len()) as u64
    }

    /// The messages that the topic holds.
    pub(super) fn held(&self) -> impl Iterator<Item = MessageId> {
        let is_held = |delivery: &&Delivery| match delivery.state {
            State::Waiting | State::Attempting(_) => true,
            State::HandedOver | State::Redriving => delivery.refused.is_some(),
        };
        self.all.iter().flatten().filter(is_held).map(|delivery| delivery.message)
    }
}

/// What a queue's refusal means to SNS ("Amazon SNS dead-letter queues": client-side errors are not retried).
fn response_of(error: ApiError) -> Response {
    match error {
        ApiError::RequestThrottled
        | ApiError::KmsThrottled
        | ApiError::OverLimit
        | ApiError::ServiceUnavailableException => Response::ServerError,
        _ => Response::ClientError,
    }
}

fn outage(subscription: &Subscription, now: Time) -> Option<Outage> {
    let outages = subscription.settings.outages.iter();
    outages.copied().find(|outage| (outage.from..outage.until).contains(&now))
}

impl Topic {
    /// A delivery begins: at once, or in its group's turn.
    pub(super) fn begin_delivery<O: Outbox<Timer>>(&mut self, delivery: Delivery, cx: &mut Context<'_, O>) {
        let place = self.deliveries.enter(delivery);
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        subscription.counts.pending += 1;
        if self.fifo.is_some() {
            let lane = subscription.lanes.entry(delivery.group).or_default();
            lane.push_back(place);
            if lane.len() > 1 {
                return;
            }
        }
        self.await_first_attempt(place, cx);
    }

    fn await_first_attempt<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        let mut latency = draw_span(&subscription.settings.latency, &mut subscription.latency);
        if delivery.is_late {
            latency += draw_span(&self.settings.duplicate_delay, &mut self.duplication);
        }
        self.await_attempt(place, latency, cx);
    }

    /// The next attempt is due after `pause`.
    fn await_attempt<O: Outbox<Timer>>(&mut self, place: u32, pause: Span, cx: &mut Context<'_, O>) {
        self.deliveries.get_mut(place).state = State::Waiting;
        cx.outbox.wake(cx.now + pause, Timer::Attempt(place));
    }

    /// When an attempt that is due has its turn: mails and SMS share the rates of the account, HTTP endpoints have one of
    /// their own.
    fn turn<O>(&mut self, place: u32, cx: &mut Context<'_, O>) -> Time {
        let subscription = &mut self.subscriptions[self.deliveries.get(place).subscription as usize];
        match &subscription.settings.protocol {
            Protocol::Email(_) => cx.sns.emails.turn(cx.now),
            Protocol::Sms(_, kind) => cx.sns.sms(*kind).turn(cx.now),
            _ => subscription.pace.turn(cx.now),
        }
    }

    /// An attempt begins, when it has its turn.
    pub(super) fn attempt<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        if !std::mem::take(&mut self.deliveries.get_mut(place).has_turn) {
            let turn = self.turn(place, cx);
            if turn > cx.now {
                self.deliveries.get_mut(place).has_turn = true;
                cx.outbox.wake(turn, Timer::Attempt(place));
                return;
            }
        }
        let delivery = self.deliveries.get_mut(place);
        delivery.attempts += 1;
        let delivery = *delivery;
        self.metrics.delivery_attempts.add(1);
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        let outage = outage(subscription, cx.now);
        let is_permitted = match subscription.settings.protocol {
            Protocol::Lambda { is_permitted, .. } => is_permitted,
            _ => !delivery.is_impossible,
        };
        if let (Some((taker, _)), None, true) = (subscription.settings.protocol.taker(), outage, is_permitted)
        {
            self.hand_over(place, taker, State::HandedOver, cx);
            return;
        }
        let (takes, response) = if is_permitted {
            self.try_endpoint(delivery, outage.as_ref(), cx)
        } else {
            (Span::ZERO, Response::ClientError)
        };
        self.deliveries.get_mut(place).state = State::Attempting(response);
        cx.outbox.wake(cx.now + takes, Timer::Answered(place));
    }

    /// What comes of an attempt at an endpoint that is not handed the message, and how long it takes.
    fn try_endpoint<O>(
        &mut self,
        delivery: Delivery,
        outage: Option<&Outage>,
        cx: &mut Context<'_, O>,
    ) -> (Span, Response) {
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        let (latency, failure) = (&mut subscription.latency, &mut subscription.failure);
        let bytes = cx.messages.bytes(delivery.message);
        match &subscription.settings.protocol {
            Protocol::Sqs { .. } | Protocol::Lambda { .. } | Protocol::Firehose { .. } => {
                let status = outage.and_then(|outage| outage.status);
                (Span::ZERO, status.map_or(Response::ServerError, Response::of_status))
            }
            Protocol::Application(endpoint, time_to_live) => {
                let is_over = time_to_live.is_some_and(|time| cx.now - delivery.accepted_at > time);
                let is_disabled = subscription.is_disabled || cx.now >= subscription.settings.disabled_at;
                if is_over || is_disabled || bytes > MOST_PUSH_BYTES {
                    return (Span::ZERO, Response::ClientError);
                }
                let (takes, response) = endpoint.attempt(outage, latency, failure);
                subscription.is_disabled |= response == Response::Gone;
                (takes, response)
            }
            Protocol::Sms(endpoint, _) => {
                let parts = bytes.div_ceil(CHARACTERS_OF_A_PART);
                let cost = f64::from(parts) * self.settings.prices.sms;
                let is_too_dear = cx.sns.sms_spent + cost > self.settings.sms_spend_limit;
                if is_too_dear || bytes > LONGEST_SMS {
                    return (Span::ZERO, Response::ClientError);
                }
                let (takes, response) = endpoint.attempt(outage, latency, failure);
                if response == Response::Delivered {
                    cx.sns.sms_spent += cost;
                    let spent = (cx.sns.sms_spent * 1e6).round() as u64;
                    self.metrics.sms_month_to_date_spent.set(cx.now, spent);
                    self.bill.spend(cost);
                    self.metrics.sms_parts.add(u64::from(parts));
                }
                (takes, response)
            }
            Protocol::Http(endpoint) | Protocol::Email(endpoint) => {
                endpoint.attempt(outage, latency, failure)
            }
        }
    }

    /// A queue or function gets the message. It answers only when it refuses, and then at this very instant.
    fn hand_over<O: Outbox<Timer>>(
        &mut self,
        place: u32,
        taker: EntityId,
        state: State,
        cx: &mut Context<'_, O>,
    ) {
        let delivery = self.deliveries.get_mut(place);
        delivery.state = state;
        delivery.refused = None;
        let batch = cx.batches.open();
        // What it refuses comes back with this receipt.
        let receipt = Receipt { slot: place, generation: 0 };
        cx.batches.entries_mut(batch).push(Entry { receipt, ..Entry::new(delivery.message) });
        cx.outbox.send(taker, Span::ZERO, Signal::Put { batch });
        cx.outbox.wake(cx.now, Timer::HandedOver(place, LOOKS));
    }

    /// A queue refuses messages.
    pub(super) fn take_refusal<O>(&mut self, batch: BatchId, error: ApiError, cx: &mut Context<'_, O>) {
        for entry in cx.batches.entries(batch) {
            self.deliveries.get_mut(entry.receipt.slot).refused = Some(error);
        }
        cx.batches.close(batch);
    }

    /// The queue has had its say.
    pub(super) fn handed_over<O: Outbox<Timer>>(&mut self, place: u32, looks: u8, cx: &mut Context<'_, O>) {
        if looks > 0 {
            cx.outbox.wake(cx.now, Timer::HandedOver(place, looks - 1));
            return;
        }
        let delivery = self.deliveries.get(place);
        let counts = &mut self.subscriptions[delivery.subscription as usize].counts;
        match (delivery.state, delivery.refused) {
            (State::Redriving, None) => {
                counts.redriven += 1;
                self.metrics.notifications_redriven_to_dlq.add(1);
                self.end(place, cx);
            }
            (State::Redriving, Some(_)) => {
                self.metrics.notifications_failed_to_redrive.add(1);
                cx.messages.mark_redriven(delivery.message);
                self.discard(place, cx);
            }
            (_, None) => self.succeed(place, cx),
            (_, Some(error)) => self.fail(place, response_of(error), cx),
        }
    }

    /// An endpoint has answered, or the time for it is over.
    pub(super) fn answered<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        match self.deliveries.get(place).state {
            State::Attempting(Response::Delivered) => self.succeed(place, cx),
            State::Attempting(response) => self.fail(place, response, cx),
            state => unreachable!("an endpoint answers an attempt, not {state:?}"),
        }
    }

    fn succeed<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        self.metrics.notifications_delivered.add(1);
        self.metrics.delivery_time.record((cx.now - delivery.accepted_at).as_nanos());
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        subscription.counts.delivered += 1;
        if matches!(subscription.settings.protocol, Protocol::Sms(..)) {
            self.metrics.sms_success_rate.record(1_000_000);
        }
        if subscription.settings.is_read && !matches!(subscription.settings.protocol, Protocol::Sqs { .. }) {
            let (detail, origin) =
                (cx.messages.detail(delivery.message), cx.messages.origin(delivery.message));
            subscription.received.push((detail, origin, cx.now));
        }
        if subscription.settings.protocol.taker().is_none() {
            cx.messages.mark_processed(delivery.message);
            cx.messages.release(delivery.message);
        }
        self.end(place, cx);
    }

    fn fail<O: Outbox<Timer>>(&mut self, place: u32, response: Response, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        let is_http = matches!(subscription.settings.protocol, Protocol::Http(_));
        if is_http {
            self.metrics.notifications_failed.add(1);
        }
        // "Amazon SNS message delivery retries": a delivery stream that throttles is tried as often as what customers manage.
        let is_throttled = delivery.refused == Some(ApiError::ServiceUnavailableException);
        let retries =
            if is_throttled { &RetryPolicy::CUSTOMER_MANAGED } else { &subscription.settings.retries };
        if response == Response::ServerError
            && let Some(mut pause) = retries.pause(delivery.attempts)
        {
            if self.settings.retry_jitter {
                let part = 0.5 + subscription.jitter.unit() / 2.0;
                pause = Span::from_seconds_f64(pause.as_seconds_f64() * part);
            }
            self.await_attempt(place, pause, cx);
            return;
        }
        if !is_http {
            self.metrics.notifications_failed.add(1);
        }
        if matches!(subscription.settings.protocol, Protocol::Sms(..)) {
            self.metrics.sms_success_rate.record(0);
        }
        match subscription.settings.dead_letter_queue {
            Some(queue) => {
                cx.messages.mark_dead_lettered(delivery.message);
                self.hand_over(place, queue, State::Redriving, cx);
            }
            None => self.discard(place, cx),
        }
    }

    /// Nobody gets the message.
    fn discard<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        self.subscriptions[delivery.subscription as usize].counts.discarded += 1;
        cx.messages.release(delivery.message);
        self.end(place, cx);
    }

    /// A delivery is over; the next one of its group has its turn.
    fn end<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        self.deliveries.end(place);
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        subscription.counts.pending -= 1;
        if self.fifo.is_none() {
            return;
        }
        let Some(lane) = subscription.lanes.get_mut(&delivery.group) else { return };
        lane.pop_front();
        match lane.front().copied() {
            Some(next) => self.await_turn(next, cx),
            None => {
                subscription.lanes.remove(&delivery.group);
            }
        }
    }

    /// The first attempt of a message whose group was busy: it has been on its way meanwhile.
    fn await_turn<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        let subscription = &mut self.subscriptions[delivery.subscription as usize];
        let latency = draw_span(&subscription.settings.latency, &mut subscription.latency);
        let at = (delivery.accepted_at + latency).max(cx.now);
        self.await_attempt(place, at - cx.now, cx);
    }
}

/// How often a hand-over is looked at: the queue's refusal is one signal away.
const LOOKS: u8 = 1;
/// Characters of a part of an SMS in the GSM alphabet ("`Publish`").
const CHARACTERS_OF_A_PART: u32 = 160;
/// The longest SMS, all its parts together (same page).
pub const LONGEST_SMS: u32 = 1_600;
/// The largest payload that the push services of Apple and Google take; theirs, not SNS's.
const MOST_PUSH_BYTES: u32 = 4_096;
