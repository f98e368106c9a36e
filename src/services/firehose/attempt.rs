//! Attempts of deliveries: what comes of them, and when they are repeated ("Handle data delivery failures").

use super::Timer;
use super::buffer::Carries;
use super::delivery::{Delivery, Stage};
use super::settings::{Destination, Endpoint, EndpointKind, outage_at};
use super::stream::{Chance, DeliveryStream};
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox, draw_span};

/// What comes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The records are there.
    Delivered,
    /// They are not, or nobody knows: it may be tried again.
    Failed,
    /// The endpoint will never take them ("HTTP endpoint delivery specifications": status 413).
    Refused,
}

/// An attempt at an endpoint.
struct EndpointAttempt {
    takes: Span,
    outcome: Outcome,
    /// Whether the data gets there.
    arrives: bool,
}

/// The only status of an HTTP endpoint that means it took the records, and the one after which nobody tries again.
const OK: u32 = 200;
const TOO_LARGE: u32 = 413;

impl DeliveryStream {
    /// An attempt begins.
    pub(super) fn attempt<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        self.expire(place, cx);
        let delivery = *self.deliveries.get(place);
        if cx.batches.entries(delivery.load.batch).is_empty() {
            self.end_lost(place, cx);
            return;
        }
        let (takes, outcome) = if let (Destination::Endpoint(endpoint), Stage::Endpoint) =
            (&self.settings.destination, delivery.stage)
        {
            let attempt = attempt_endpoint(endpoint, &mut self.chance, cx.now);
            if attempt.arrives {
                self.note_arrival(place, cx);
            }
            self.delivery_metrics.processed_records.add(cx.batches.entries(delivery.load.batch).len() as u64);
            self.delivery_metrics.processed_bytes.add(delivery.object_bytes);
            (attempt.takes, attempt.outcome)
        } else {
            let bucket = self.settings.bucket(delivery.carries);
            let is_out = outage_at(&bucket.outages, cx.now).is_some();
            let bytes = u32::try_from(delivery.object_bytes).unwrap_or(u32::MAX);
            let takes = bucket.store.put_time(bytes, &mut self.chance.store);
            (takes, if is_out { Outcome::Failed } else { Outcome::Delivered })
        };
        let delivery = self.deliveries.get(place);
        delivery.attempts += 1;
        delivery.outcome = outcome;
        delivery.takes = takes;
        cx.outbox.wake(cx.now + takes, Timer::Answered { delivery: place });
    }

    /// The endpoint gets the data; perhaps not for the first time.
    fn note_arrival<O>(&mut self, place: u32, cx: &Context<'_, O>) {
        let stores_once = self.endpoint_kind().is_some_and(EndpointKind::is_exactly_once);
        let delivery = self.deliveries.get(place);
        delivery.arrivals += 1;
        if delivery.arrivals > 1 && !stores_once && !delivery.is_rejected {
            self.metrics.duplicates.add(cx.batches.entries(delivery.load.batch).len() as u64);
        }
    }

    /// An attempt has its answer, or the time for it is over.
    pub(super) fn answered<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = *self.deliveries.get(place);
        self.count_attempt(&delivery);
        match delivery.outcome {
            Outcome::Delivered if delivery.stage == Stage::Endpoint => {
                self.delivery_metrics.answer_latency.record(delivery.takes.as_nanos());
                self.settle(place, cx);
            }
            Outcome::Delivered => self.succeed(place, cx),
            Outcome::Failed => self.fail(place, cx),
            Outcome::Refused => {
                self.lose(place, None, cx);
                cx.batches.close(delivery.load.batch);
                self.end(place, cx);
            }
        }
    }

    /// The share of attempts that succeed is a metric of each destination.
    fn count_attempt(&mut self, delivery: &Delivery) {
        let is_refused_again = delivery.is_rejected && delivery.stage == Stage::Endpoint;
        let success = u64::from(delivery.outcome == Outcome::Delivered && !is_refused_again);
        let copies = matches!(self.settings.destination, Destination::Redshift(_));
        let metrics = match (delivery.carries.to_destination(), delivery.stage) {
            (false, _) | (_, Stage::Backup) => {
                self.backup_metrics.backup_success.record(success);
                return;
            }
            (true, Stage::Bucket) if copies => &mut self.bucket_metrics,
            (true, _) => &mut self.delivery_metrics,
        };
        metrics.success.record(success);
    }

    /// An attempt failed: it is repeated until the time for it is over.
    fn fail<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        // What the endpoint rejects anyway tells nothing about whether deliveries fall behind.
        if !delivery.is_failing && !delivery.is_rejected {
            delivery.is_failing = true;
            let channel = delivery.channel;
            self.failing += 1;
            self.channels.get(channel).failing += 1;
        }
        let delivery = self.deliveries.get(place);
        let since = *delivery.failing_since.get_or_insert(cx.now);
        let (attempts, stage, carries) = (delivery.attempts, delivery.stage, delivery.carries);
        let pause = self.pause(attempts, stage);
        if let (Destination::Endpoint(endpoint), Stage::Endpoint) = (&self.settings.destination, stage)
            && cx.now + pause > since + endpoint.retry_duration
        {
            self.back_up(place, cx);
            return;
        }
        if carries == Carries::Errors && self.settings.conversion.is_some() {
            // "Handling errors for data format conversion": retried for ever, and nothing else is delivered meanwhile.
            self.is_blocked = true;
        }
        cx.outbox.wake(cx.now + pause, Timer::Attempt { delivery: place });
    }

    /// The endpoint does not take the records: the bucket gets them.
    pub(super) fn back_up<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        delivery.stage = Stage::Backup;
        delivery.attempts = 0;
        delivery.failing_since = None;
        self.attempt(place, cx);
    }

    /// From a failed attempt to the next.
    pub(super) fn pause(&mut self, attempts: u32, stage: Stage) -> Span {
        let pauses = self.settings.retry_pauses;
        let doubled = pauses.first.saturating_mul(1 << (attempts.max(1) - 1).min(40));
        let pause = doubled.min(pauses.longest);
        if stage != Stage::Endpoint
            || self.endpoint_kind() != Some(EndpointKind::Http)
            || pauses.jitter <= 0.0
        {
            return pause;
        }
        let part = 1.0 + pauses.jitter * (2.0 * self.chance.retry.unit() - 1.0);
        Span::from_seconds_f64(pause.as_seconds_f64() * part)
    }

    /// What is older than data is kept is lost when an attempt to deliver it would begin.
    fn expire<O>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        let (carries, oldest) = (delivery.carries, delivery.load.oldest);
        let never = carries == Carries::Errors && self.settings.conversion.is_some();
        let Some(before) = cx.now.checked_sub(self.settings.retention()).filter(|_| !never) else { return };
        if oldest <= before {
            self.lose(place, Some(before), cx);
        }
    }

    /// Nothing is left to deliver.
    fn end_lost<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = *self.deliveries.get(place);
        cx.batches.close(delivery.load.batch);
        self.end(place, cx);
    }
}

/// What comes of an attempt that begins now.
fn attempt_endpoint(endpoint: &Endpoint, chance: &mut Chance, now: Time) -> EndpointAttempt {
    let takes = draw_span(&endpoint.latency, &mut chance.latency);
    let fails = chance.failure.chance(endpoint.failure_rate);
    let is_lost = chance.failure.chance(endpoint.lost_responses);
    let silent = |arrives| EndpointAttempt { takes: endpoint.timeout, outcome: Outcome::Failed, arrives };
    let answer =
        |status| EndpointAttempt { takes, outcome: outcome_of(endpoint.kind, status), arrives: status == OK };
    match outage_at(&endpoint.outages, now) {
        Some(outage) => match outage.status {
            Some(status) if takes < endpoint.timeout => answer(status),
            _ => silent(outage.data_arrives),
        },
        None if fails && takes < endpoint.timeout => answer(endpoint.failure_status),
        None if is_lost || takes >= endpoint.timeout => silent(!fails),
        None => answer(OK),
    }
}

/// What a status means.
fn outcome_of(kind: EndpointKind, status: u32) -> Outcome {
    match (kind, status) {
        (_, OK) => Outcome::Delivered,
        (EndpointKind::Http, TOO_LARGE) => Outcome::Refused,
        _ => Outcome::Failed,
    }
}
