//! Records that an endpoint rejects one by one: documents that do not fit an index, rows that do not fit a table ("Handle data
//! delivery failures").

use super::Timer;
use super::buffer::{Load, size};
use super::delivery::{Delivery, Stage};
use super::settings::Destination;
use super::stream::DeliveryStream;
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox};

impl DeliveryStream {
    /// The endpoint has answered well: most records are delivered, and perhaps some of them rejected. Documents are tried again
    /// for as long as deliveries are; rows are not.
    pub(super) fn settle<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = *self.deliveries.get(place);
        let entries = cx.batches.entries(delivery.load.batch);
        let has_poison = entries.iter().any(|entry| cx.messages.is_poison(entry.message));
        let checks = self.checks().filter(|(_, rate)| has_poison || *rate > 0.0 || delivery.is_rejected);
        let Some((retry_duration, rate)) = checks else {
            self.succeed(place, cx);
            return;
        };
        if !delivery.is_rejected {
            let accepted = self.part(place, rate, cx);
            if cx.batches.entries(delivery.load.batch).is_empty() {
                cx.batches.close(delivery.load.batch);
                self.deliveries.get(place).load = accepted;
                self.succeed(place, cx);
                return;
            }
            self.deliver_part(&delivery, accepted, cx);
            self.recover(place, cx);
        }
        let delivery = self.deliveries.get(place);
        let since = *delivery.failing_since.get_or_insert(cx.now);
        let attempts = delivery.attempts;
        let pause = self.pause(attempts, Stage::Endpoint);
        if cx.now + pause <= since + retry_duration {
            cx.outbox.wake(cx.now + pause, Timer::Attempt { delivery: place });
        } else {
            self.back_up(place, cx);
        }
    }

    /// A delivery of which only rejected records are left holds nothing up any more.
    fn recover<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        let channel = delivery.channel;
        delivery.failing_since = None;
        if std::mem::take(&mut delivery.is_failing) {
            self.failing -= 1;
            self.channels.get(channel).failing -= 1;
            self.carry_off(channel, cx);
        }
    }

    /// How long the destination is asked again for records it rejects, and how often it rejects one, if it looks at them.
    fn checks(&self) -> Option<(Span, f64)> {
        match &self.settings.destination {
            Destination::Endpoint(endpoint) if endpoint.kind.checks_records() => {
                let tries_again = endpoint.kind.takes_documents();
                let retry_duration = if tries_again { endpoint.retry_duration } else { Span::ZERO };
                Some((retry_duration, endpoint.rejected_records))
            }
            _ => None,
        }
    }

    /// Takes the accepted records out of a delivery, which keeps the rejected ones.
    fn part<O>(&mut self, place: u32, rate: f64, cx: &mut Context<'_, O>) -> Load {
        let load = self.deliveries.get(place).load;
        let batch = cx.batches.open();
        let mut accepted = Load { batch, bytes: 0, oldest: Time::MAX };
        let mut rejected = Load { bytes: 0, oldest: Time::MAX, ..load };
        let mut kept = 0;
        for position in 0..cx.batches.entries(load.batch).len() {
            let entry = cx.batches.entries(load.batch)[position];
            let drawn = rate > 0.0 && self.chance.failure.chance(rate);
            let is_rejected = drawn | cx.messages.is_poison(entry.message);
            let part = if is_rejected { &mut rejected } else { &mut accepted };
            part.bytes += u64::from(size(&entry));
            part.oldest = part.oldest.min(entry.enqueued_at);
            if is_rejected {
                cx.batches.entries_mut(load.batch)[kept] = entry;
                kept += 1;
            } else {
                cx.batches.entries_mut(batch).push(entry);
            }
        }
        cx.batches.entries_mut(load.batch).truncate(kept);
        self.metrics.records_rejected.add(kept as u64);
        let carries = self.deliveries.get(place).carries;
        let object_bytes = self.object_bytes(carries, &rejected, kept as u64);
        let delivery = self.deliveries.get(place);
        if kept > 0 {
            delivery.object_bytes = object_bytes;
        }
        delivery.load = rejected;
        delivery.is_rejected = kept > 0;
        accepted
    }

    /// The accepted records of a delivery are where they should be; the others stay in it.
    fn deliver_part<O>(&mut self, before: &Delivery, accepted: Load, cx: &mut Context<'_, O>) {
        let records = cx.batches.entries(accepted.batch).len() as u64;
        let bytes = self.object_bytes(before.carries, &accepted, records);
        if records == 0 {
            cx.batches.close(accepted.batch);
            return;
        }
        self.counts.in_delivery -= records;
        self.delivery_metrics.records.add(records);
        self.delivery_metrics.bytes.add(bytes);
        self.counts.endpoint_bytes += bytes;
        self.count_object(&Delivery { load: accepted, object_bytes: bytes, ..*before }, records);
        self.note_delivered(&accepted, cx);
    }
}
