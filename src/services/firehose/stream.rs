//! A delivery stream: what it consists of, and the way of a record from its acceptance to a buffer.

use super::Timer;
use super::admission::Admission;
use super::buffer::{Carries, Channel, Load, Places, record, size};
use super::copy::Copies;
use super::delivery::Delivery;
use super::metrics::{BackupMetrics, DeliveryMetrics, DeliveryStreamMetrics};
use super::partition::Partition;
use super::settings::{DeliveryStreamSettings, Destination, EndpointKind, Source};
use super::source::Lane;
use super::transform::Invocation;
use crate::engine::{Span, Stream, Time};
use crate::wire::{Batches, BodyReader, Context, Entry, MessageId, Outbox, Purpose, Signal, draw_span};
use std::collections::BTreeMap;

/// The random streams of a delivery stream.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) poll_phase: Stream,
    pub(super) buffering: Stream,
    pub(super) transformation: Stream,
    pub(super) partition: Stream,
    pub(super) store: Stream,
    pub(super) latency: Stream,
    pub(super) failure: Stream,
    pub(super) retry: Stream,
}

/// Records, for the books.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    /// More records than came in, because one held several.
    pub(super) split_off: u64,
    pub(super) buffered: u64,
    pub(super) in_transformation: u64,
    pub(super) in_delivery: u64,
    pub(super) in_copy: u64,
    /// Of the source backup: begun, and still there.
    pub(super) backup: u64,
    pub(super) backup_pending: u64,
    pub(super) backup_lost: u64,
    /// Bytes of the bill, each record rounded up.
    pub(super) billed_bytes: u64,
    /// Bytes delivered through partitions.
    pub(super) partitioned_bytes: u64,
    pub(super) partitioned_objects: u64,
    pub(super) endpoint_bytes: u64,
}

/// A delivery stream.
#[derive(Debug)]
pub struct DeliveryStream {
    pub(super) settings: DeliveryStreamSettings,
    pub(super) admission: Admission,
    /// One for each shard of the data stream that it reads; one in all with Direct PUT.
    pub(super) lanes: Vec<Lane>,
    pub(super) channels: Places<Channel>,
    /// The channel of what could not be processed.
    pub(super) errors: u32,
    pub(super) partitions: BTreeMap<u64, Partition>,
    /// When the throughput of partitions was measured last.
    pub(super) partitions_measured: Time,
    /// Records that were sorted into partitions.
    pub(super) partitioned: u64,
    /// Who reads the keys that tell them apart, with inline parsing.
    pub(super) reader: Option<BodyReader>,
    pub(super) deliveries: Places<Delivery>,
    /// Records of the call that is being taken, for the applications that read them.
    to_analyse: Vec<MessageId>,
    pub(super) invocations: Places<Invocation>,
    pub(super) copies: Copies,
    /// Deliveries that failed at least once and are not done yet.
    pub(super) failing: u32,
    /// Nothing is delivered until the error prefix can be written to again.
    pub(super) is_blocked: bool,
    pub(super) epochs: u32,
    pub(super) chance: Chance,
    pub(super) counts: Counts,
    pub(super) counts_at_warm_up: Counts,
    pub(super) metrics: DeliveryStreamMetrics,
    pub(super) delivery_metrics: DeliveryMetrics,
    /// Of the objects that Amazon Redshift copies from.
    pub(super) bucket_metrics: DeliveryMetrics,
    pub(super) backup_metrics: BackupMetrics,
}

/// What a record is rounded up to on the bill ("Amazon Data Firehose pricing").
const BILLED_CHUNK: u64 = 5 * 1_024;

impl DeliveryStream {
    /// A delivery stream without records.
    pub fn new(settings: DeliveryStreamSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "delivery_stream", &settings.name);
        let chance = Chance {
            poll_phase: stream(Purpose::PollPhase),
            buffering: stream(Purpose::Buffering),
            transformation: stream(Purpose::Transformation),
            partition: stream(Purpose::Partition),
            store: stream(Purpose::ObjectStore),
            latency: stream(Purpose::DeliveryLatency),
            failure: stream(Purpose::DeliveryFailure),
            retry: stream(Purpose::Retry),
        };
        let mut channels = Places::default();
        let errors = channels.enter(Channel::new(Carries::Errors));
        let mut made = Self {
            admission: Admission::new(&settings),
            lanes: Vec::new(),
            channels,
            errors,
            partitions: BTreeMap::new(),
            partitions_measured: Time::ZERO,
            partitioned: 0,
            reader: settings.partitioning.as_ref().and_then(|one| one.reader(&settings.contents)),
            deliveries: Places::default(),
            invocations: Places::default(),
            copies: Copies::default(),
            failing: 0,
            is_blocked: false,
            epochs: 0,
            chance,
            to_analyse: Vec::new(),
            counts: Counts::default(),
            counts_at_warm_up: Counts::default(),
            metrics: DeliveryStreamMetrics::default(),
            delivery_metrics: DeliveryMetrics::default(),
            bucket_metrics: DeliveryMetrics::default(),
            backup_metrics: BackupMetrics::default(),
            settings,
        };
        match made.settings.source {
            Source::DirectPut => {
                made.add_lane(None);
            }
            Source::Stream { shards, .. } => {
                for shard in 0..shards {
                    made.add_lane(Some(crate::wire::ShardId(shard)));
                }
            }
        }
        made
    }

    /// A lane with the channels it needs: hints hold for each shard, unless partitions have buffers of their own ("Configure
    /// buffering hints").
    pub(super) fn add_lane(&mut self, shard: Option<crate::wire::ShardId>) -> u32 {
        let records =
            self.settings.partitioning.is_none().then(|| self.channels.enter(Channel::new(Carries::Records)));
        let backup = self
            .settings
            .source_backup
            .is_some()
            .then(|| self.channels.enter(Channel::new(Carries::SourceBackup)));
        self.lanes.push(Lane::new(shard, records, backup));
        self.lanes.len() as u32 - 1
    }

    /// A record is accepted: from here on somebody must account for it. `billed` are the bytes it counts on the bill, in
    /// whole chunks; none when an earlier record pays for it.
    pub(super) fn accept<O: Outbox<Timer>>(
        &mut self,
        lane: u32,
        message: MessageId,
        bytes: u32,
        cx: &mut Context<'_, O>,
    ) {
        self.counts.accepted += 1;
        if !self.settings.analysed_by.is_empty() {
            cx.messages.hold(message);
            self.to_analyse.push(message);
        }
        self.metrics.incoming_records.add(1);
        self.metrics.incoming_bytes.add(u64::from(bytes));
        let entry = record(message, bytes, cx.now);
        if let Some(backup) = self.lanes[lane as usize].backup {
            cx.messages.hold(message);
            self.counts.backup += 1;
            self.counts.backup_pending += 1;
            self.push(backup, entry, cx);
        }
        self.split(lane, entry, cx);
    }

    /// Applications that read this stream get what came in ("Configuring application input": a delivery stream as the
    /// streaming source).
    pub(super) fn hand_on<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.to_analyse.is_empty() {
            return;
        }
        for (place, application) in (1..).zip(&self.settings.analysed_by) {
            let batch = cx.batches.open();
            for message in &self.to_analyse {
                if place < self.settings.analysed_by.len() {
                    cx.messages.hold(*message);
                }
                cx.batches.entries_mut(batch).push(Entry::new(*message));
            }
            cx.outbox.send(*application, Span::ZERO, Signal::Put { batch });
        }
        self.to_analyse.clear();
    }

    /// What a record that comes in costs: the call does not matter, the record does.
    pub(super) fn charge(&mut self, bytes: u64) {
        self.counts.billed_bytes += bytes.max(1).next_multiple_of(BILLED_CHUNK);
    }

    /// "Multi record deaggregation": a record that holds several is taken apart before anything else is done with it.
    fn split<O: Outbox<Timer>>(&mut self, lane: u32, entry: Entry, cx: &mut Context<'_, O>) {
        let several = self.settings.partitioning.as_ref().and_then(|one| one.records_in_one.as_ref());
        let Some(several) = several else {
            self.process(lane, entry, cx);
            return;
        };
        let number =
            (several.sample(&mut self.chance.transformation).round() as u32).clamp(1, size(&entry).max(1));
        let (each, more) = (size(&entry) / number, size(&entry) % number);
        for part in 0..number {
            let message = if part + 1 == number { entry.message } else { cx.messages.copy(entry.message) };
            let bytes = each + u32::from(part < more);
            self.process(lane, record(message, bytes, entry.enqueued_at), cx);
        }
        self.counts.split_off += u64::from(number - 1);
        self.metrics.records_split_off.add(u64::from(number - 1));
    }

    /// A record goes on: to the transformation, or to a buffer.
    #[inline]
    fn process<O: Outbox<Timer>>(&mut self, lane: u32, entry: Entry, cx: &mut Context<'_, O>) {
        if self.settings.transformation.is_some() {
            self.gather(lane, entry, cx);
        } else {
            self.route(lane, entry, cx);
        }
    }

    /// A record goes to the buffer it belongs to.
    #[inline]
    pub(super) fn route<O: Outbox<Timer>>(&mut self, lane: u32, entry: Entry, cx: &mut Context<'_, O>) {
        match self.lanes[lane as usize].records {
            Some(channel) => self.push(channel, entry, cx),
            None => self.partition(entry, cx),
        }
    }

    /// A record that cannot be processed goes to the error prefix of the bucket.
    pub(super) fn fail_record<O: Outbox<Timer>>(&mut self, entry: Entry, cx: &mut Context<'_, O>) {
        self.push(self.errors, entry, cx);
    }

    /// A record waits in the buffer of a channel.
    #[inline]
    pub(super) fn push<O: Outbox<Timer>>(&mut self, place: u32, entry: Entry, cx: &mut Context<'_, O>) {
        let channel = self.channels.get(place);
        let carries = channel.carries;
        let is_first = channel.buffer.push(entry, cx.batches);
        if carries != Carries::SourceBackup {
            self.counts.buffered += 1;
        }
        if is_first {
            self.epochs = self.epochs.wrapping_add(1);
            let epoch = self.epochs;
            let channel = self.channels.get(place);
            channel.epoch = epoch;
            channel.is_due = false;
            let waits = self.waits(carries);
            cx.outbox.wake(cx.now + waits, Timer::Due { channel: place, epoch });
        }
        if self.is_full(place, cx.batches) {
            self.carry_off(place, cx);
        }
    }

    /// How long the first record of a buffer waits at most.
    fn waits(&mut self, carries: Carries) -> Span {
        let interval = self.hints(carries).interval;
        match carries {
            Carries::Partition(_) if self.settings.partitioning_delay > 1.0 => {
                // "Buffer data for dynamic partitioning": several stages of buffering, up to 1.5 intervals.
                let more = (self.settings.partitioning_delay - 1.0) * self.chance.buffering.unit();
                interval + Span::from_seconds_f64(interval.as_seconds_f64() * more)
            }
            _ if interval.is_zero() => {
                draw_span(&self.settings.zero_buffering_delay, &mut self.chance.buffering)
            }
            _ => interval,
        }
    }

    /// When the oldest record got into Firehose that has not been delivered yet.
    pub(super) fn oldest(&self) -> Option<Time> {
        let buffered = self.channels.iter().filter(|channel| channel.carries.to_destination());
        let buffered = buffered.filter_map(|channel| channel.buffer.load().map(|load| load.oldest));
        let delivering = self.deliveries.iter().filter(|delivery| delivery.carries.to_destination());
        let gathered = self.lanes.iter().flat_map(Lane::loads).map(|load| load.oldest);
        buffered
            .chain(delivering.map(|delivery| delivery.load.oldest))
            .chain(gathered)
            .chain(self.invocations.iter().map(|invocation| invocation.oldest))
            .chain(self.copies.loads().map(|load| load.oldest))
            .min()
    }

    /// The same of the source backup.
    pub(super) fn oldest_of_backup(&self) -> Option<Time> {
        let is_backup = |carries| carries == Carries::SourceBackup;
        let buffered = self.channels.iter().filter(|channel| is_backup(channel.carries));
        let buffered = buffered.filter_map(|channel| channel.buffer.load().map(|load| load.oldest));
        let delivering = self.deliveries.iter().filter(|delivery| is_backup(delivery.carries));
        buffered.chain(delivering.map(|delivery| delivery.load.oldest)).min()
    }

    pub(super) fn mark_held(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        let loads = self.channels.iter().filter_map(|channel| channel.buffer.load());
        let loads = loads.chain(self.deliveries.iter().map(|delivery| &delivery.load));
        let loads = loads.chain(self.lanes.iter().flat_map(Lane::loads)).chain(self.copies.loads());
        let held = loads.map(|load: &Load| load.batch);
        // What is with the function is the function's.
        for batch in held.chain(self.invocations.iter().filter_map(|invocation| invocation.batch)) {
            batches.entries(batch).iter().for_each(|entry| mark(entry.message));
        }
    }

    /// The endpoint of the destination, if it has one.
    pub(super) fn endpoint_kind(&self) -> Option<EndpointKind> {
        match &self.settings.destination {
            Destination::Endpoint(endpoint) => Some(endpoint.kind),
            Destination::S3 | Destination::Redshift(_) => None,
        }
    }
}
