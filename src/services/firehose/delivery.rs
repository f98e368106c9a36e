//! Deliveries: a full or due buffer is carried off, attempt by attempt ("Handle data delivery failures").

use super::Timer;
use super::attempt::Outcome;
use super::buffer::{Carries, Load, size};
use super::settings::{Destination, Hints};
use super::stream::DeliveryStream;
use crate::engine::{Span, Time};
use crate::wire::{Batches, Context, Outbox, Signal};

/// What a delivery is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The endpoint of the destination is to take it.
    Endpoint,
    /// The bucket is: of the destination, of the source backup, or for records that failed.
    Bucket,
    /// The endpoint did not take it, the bucket is to.
    Backup,
}

/// Records that are being delivered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    pub(super) channel: u32,
    pub(super) carries: Carries,
    pub(super) load: Load,
    /// Bytes as they are written.
    pub(super) object_bytes: u64,
    pub(super) stage: Stage,
    pub(super) attempts: u32,
    /// What will come of the attempt under way.
    pub(super) outcome: Outcome,
    /// How long that attempt takes.
    pub(super) takes: Span,
    /// When the first attempt at this stage failed.
    pub(super) failing_since: Option<Time>,
    /// How often the endpoint got the data.
    pub(super) arrivals: u32,
    /// Whether an attempt has failed.
    pub(super) is_failing: bool,
    /// Whether the endpoint has rejected each of its records by itself.
    pub(super) is_rejected: bool,
}

impl DeliveryStream {
    /// The hints of a channel.
    pub(super) fn hints(&self, carries: Carries) -> Hints {
        match (carries, &self.settings.source_backup) {
            (Carries::SourceBackup, Some(backup)) => backup.hints,
            (Carries::Errors, _) => self.settings.bucket.hints,
            _ => self.settings.hints,
        }
    }

    /// Whether a buffer has reached its size.
    pub(super) fn is_full(&mut self, place: u32, batches: &Batches) -> bool {
        let channel = self.channels.get(place);
        let (carries, load) = (channel.carries, channel.buffer.load().copied());
        let hints = self.hints(carries);
        load.is_some_and(|load| {
            load.bytes >= hints.bytes || batches.entries(load.batch).len() as u64 >= hints.records
        })
    }

    /// The first record of a buffer has waited long enough.
    pub(super) fn due<O: Outbox<Timer>>(&mut self, place: u32, epoch: u32, cx: &mut Context<'_, O>) {
        let Some(channel) = self.channels.find(place) else { return };
        if channel.epoch == epoch && channel.buffer.load().is_some() {
            channel.is_due = true;
            self.carry_off(place, cx);
        }
    }

    /// Delivers a buffer that is full or due. While an earlier delivery of the channel fails the buffer grows beyond its hint, up to
    /// the largest ("Configure buffering hints": Firehose raises the size when delivery falls behind).
    pub(super) fn carry_off<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let is_full = self.is_full(place, cx.batches);
        let reads_stream = self.settings.reads_stream();
        let channel = self.channels.get(place);
        if !is_full && !channel.is_due {
            return;
        }
        let (carries, failing, bytes) = (channel.carries, channel.failing, channel.buffer.bytes());
        let Some(load) = channel.buffer.load().copied() else { return };
        let hints = self.hints(carries);
        let is_largest =
            bytes >= hints.largest || cx.batches.entries(load.batch).len() as u64 >= hints.records;
        let is_held = carries.to_destination() && self.is_blocked;
        // What comes from a data stream stays there rather than here.
        let grows = reads_stream && bytes < hints.largest.saturating_mul(2);
        if is_held || (failing > 0 && (!is_largest || grows)) {
            return;
        }
        let channel = self.channels.get(place);
        channel.is_due = false;
        self.epochs = self.epochs.wrapping_add(1);
        channel.epoch = self.epochs;
        let Some(load) = channel.buffer.take() else { return };
        if carries != Carries::SourceBackup {
            let records = cx.batches.entries(load.batch).len() as u64;
            self.counts.buffered -= records;
            self.counts.in_delivery += records;
        }
        self.deliver(place, carries, load, cx);
    }

    fn deliver<O: Outbox<Timer>>(
        &mut self,
        place: u32,
        carries: Carries,
        mut load: Load,
        cx: &mut Context<'_, O>,
    ) {
        if carries.to_destination() && self.settings.conversion.is_some() {
            self.convert(&mut load, cx);
        }
        let records = cx.batches.entries(load.batch).len() as u64;
        if records == 0 {
            cx.batches.close(load.batch);
            self.end_partition(place, cx);
            return;
        }
        self.channels.get(place).under_way += 1;
        let to_endpoint =
            carries.to_destination() && matches!(self.settings.destination, Destination::Endpoint(_));
        let delivery = self.deliveries.enter(Delivery {
            channel: place,
            carries,
            load,
            object_bytes: self.object_bytes(carries, &load, records),
            stage: if to_endpoint { Stage::Endpoint } else { Stage::Bucket },
            attempts: 0,
            outcome: Outcome::Delivered,
            takes: Span::ZERO,
            failing_since: None,
            arrivals: 0,
            is_failing: false,
            is_rejected: false,
        });
        self.attempt(delivery, cx);
    }

    /// Bytes of an object: records and line breaks, converted and compressed. Buffers are measured before that.
    pub(super) fn object_bytes(&self, carries: Carries, load: &Load, records: u64) -> u64 {
        let has_delimiter = self.settings.delimiter && carries.to_destination();
        let bytes = load.bytes + if has_delimiter { records } else { 0 };
        let converted = match &self.settings.conversion {
            Some(conversion) if carries.to_destination() => conversion.converted_size,
            _ => 1.0,
        };
        let share = converted * self.settings.bucket(carries).compressed_size;
        ((bytes as f64 * share + 0.5) as u64).max(1)
    }

    /// What cannot be converted goes to the error prefix.
    fn convert<O: Outbox<Timer>>(&mut self, load: &mut Load, cx: &mut Context<'_, O>) {
        let Some(conversion) = self.settings.conversion else { return };
        let (mut kept, records) = (0, cx.batches.entries(load.batch).len());
        for position in 0..records {
            let entry = cx.batches.entries(load.batch)[position];
            let bytes = u64::from(size(&entry));
            let fails = self.chance.transformation.chance(conversion.failure_rate)
                | cx.messages.is_poison(entry.message);
            if fails {
                self.metrics.failed_conversion_records.add(1);
                self.metrics.failed_conversion_bytes.add(bytes);
                self.counts.in_delivery -= 1;
                load.bytes -= bytes;
                self.fail_record(entry, cx);
            } else {
                self.metrics.succeed_conversion_records.add(1);
                self.metrics.succeed_conversion_bytes.add(bytes);
                cx.batches.entries_mut(load.batch)[kept] = entry;
                kept += 1;
            }
        }
        cx.batches.entries_mut(load.batch).truncate(kept);
    }

    /// An attempt has succeeded: records are where they should be, or where they can be.
    pub(super) fn succeed<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let delivery = *self.deliveries.get(place);
        if delivery.stage != Stage::Endpoint {
            let store = self.settings.bucket(delivery.carries).store.id;
            let bytes = u32::try_from(delivery.object_bytes).unwrap_or(u32::MAX);
            cx.outbox.send(store, Span::ZERO, Signal::PutObject { bytes });
        }
        let records = cx.batches.entries(delivery.load.batch).len() as u64;
        match (delivery.carries, delivery.stage) {
            (Carries::SourceBackup, _) => {
                self.counts.backup_pending -= records;
                self.count_backup(&delivery, records);
                release(&delivery, cx);
            }
            (Carries::Errors, _) => {
                self.counts.in_delivery -= records;
                self.metrics.records_failed.add(records);
                self.count_backup(&delivery, records);
                release(&delivery, cx);
            }
            (_, Stage::Backup) => {
                self.counts.in_delivery -= records;
                self.metrics.records_backed_up.add(records);
                self.count_backup(&delivery, records);
                release(&delivery, cx);
            }
            (_, Stage::Bucket) if matches!(self.settings.destination, Destination::Redshift(_)) => {
                self.counts.in_delivery -= records;
                self.counts.in_copy += records;
                self.bucket_metrics.records.add(records);
                self.bucket_metrics.bytes.add(delivery.object_bytes);
                self.count_object(&delivery, records);
                self.copies.push(delivery.load);
                self.copy_next(cx);
            }
            (_, stage) => {
                self.counts.in_delivery -= records;
                self.delivery_metrics.records.add(records);
                self.delivery_metrics.bytes.add(delivery.object_bytes);
                if stage == Stage::Endpoint {
                    self.counts.endpoint_bytes += delivery.object_bytes;
                }
                self.count_object(&delivery, records);
                self.note_delivered(&delivery.load, cx);
            }
        }
        self.end(place, cx);
    }

    fn count_backup(&mut self, delivery: &Delivery, records: u64) {
        self.backup_metrics.backup_bytes.add(delivery.object_bytes);
        self.backup_metrics.backup_records.add(records);
        self.backup_metrics.backup_objects.add(1);
    }

    /// An object, or the request to an endpoint, with which records were delivered.
    pub(super) fn count_object(&mut self, delivery: &Delivery, records: u64) {
        self.metrics.objects_delivered.add(1);
        self.metrics.object_size.record(delivery.object_bytes);
        self.metrics.records_per_object.record(records);
        if matches!(delivery.carries, Carries::Partition(_)) {
            self.counts.partitioned_objects += 1;
            self.counts.partitioned_bytes += delivery.load.bytes;
        }
    }

    /// Records are delivered.
    pub(super) fn note_delivered<O>(&mut self, load: &Load, cx: &mut Context<'_, O>) {
        let oldest = cx.now - load.oldest;
        self.metrics.object_latency.record(oldest.as_nanos());
        for entry in cx.batches.entries(load.batch) {
            let published = cx.messages.published_at(entry.message);
            self.metrics.delivery_latency.record((cx.now - entry.enqueued_at).as_nanos());
            self.metrics.end_to_end_latency.record((cx.now - published).as_nanos());
            cx.messages.mark_processed(entry.message);
            cx.messages.release(entry.message);
        }
        self.metrics.records_delivered.add(cx.batches.entries(load.batch).len() as u64);
        cx.batches.close(load.batch);
    }

    /// Records of a delivery, all or those that are too old, are lost.
    pub(super) fn lose<O>(&mut self, place: u32, before: Option<Time>, cx: &mut Context<'_, O>) {
        let delivery = self.deliveries.get(place);
        let carries = delivery.carries;
        let (mut kept, records) = (0, cx.batches.entries(delivery.load.batch).len());
        let (mut bytes, mut oldest) = (0, Time::MAX);
        for position in 0..records {
            let entry = cx.batches.entries(delivery.load.batch)[position];
            if before.is_none_or(|before| entry.enqueued_at <= before) {
                if carries != Carries::SourceBackup {
                    cx.messages.mark_expired(entry.message);
                }
                cx.messages.release(entry.message);
            } else {
                bytes += u64::from(size(&entry));
                oldest = oldest.min(entry.enqueued_at);
                cx.batches.entries_mut(delivery.load.batch)[kept] = entry;
                kept += 1;
            }
        }
        cx.batches.entries_mut(delivery.load.batch).truncate(kept);
        let lost = (records - kept) as u64;
        if carries == Carries::SourceBackup {
            self.counts.backup_pending -= lost;
            self.counts.backup_lost += lost;
        } else {
            self.counts.in_delivery -= lost;
            self.metrics.records_lost.add(lost);
        }
        if kept > 0 && lost > 0 {
            delivery.load.bytes = bytes;
            delivery.load.oldest = oldest;
            let load = delivery.load;
            let bytes = self.object_bytes(carries, &load, kept as u64);
            self.deliveries.get(place).object_bytes = bytes;
        }
    }

    /// A delivery is over, well or badly: the channel may have its next.
    pub(super) fn end<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        let Delivery { channel, carries, is_failing, .. } = *self.deliveries.get(place);
        self.deliveries.leave(place);
        self.failing -= u32::from(is_failing);
        let ended = self.channels.get(channel);
        ended.under_way -= 1;
        ended.failing -= u32::from(is_failing);
        if carries == Carries::Errors && self.is_blocked {
            self.is_blocked = false;
            for place in self.channels.used() {
                if self.channels.find(place).is_some() {
                    self.carry_off(place, cx);
                }
            }
            return;
        }
        self.carry_off(channel, cx);
        self.end_partition(channel, cx);
    }
}

/// The records of a delivery are let go.
fn release<O>(delivery: &Delivery, cx: &mut Context<'_, O>) {
    cx.batches.entries(delivery.load.batch).iter().for_each(|entry| cx.messages.release(entry.message));
    cx.batches.close(delivery.load.batch);
}
