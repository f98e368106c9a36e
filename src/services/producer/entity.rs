//! A producer: makes messages when its arrivals say so and hands them to its target.

use super::Timer;
use super::attributes::Attribute;
use super::kpl::Kpl;
use super::library::{Library, RecordSettings};
use super::metrics::ProducerMetrics;
use super::partition_keys::{Key, KeysAhead};
use super::payload::LargePayloads;
use super::serial::Serial;
use crate::engine::{Distribution, Span, Stream, Time};
use crate::traffic::Arrivals;
use crate::wire::{
    ApiError, BatchId, Context, Deduplication, DelaySeconds, Detail, EntityId, Entry, GroupId, MessageGroups,
    Messages, NewMessage, Outbox, PayloadStore, Purpose, Retries, Shelf, Signal, draw_bytes, draw_span,
};
use std::collections::VecDeque;

/// Name of an attribute's data type, which counts towards the message's size ("Amazon SQS message metadata").
const TYPE_BYTES: u32 = "String".len() as u32;

/// A message timer: drawn in nanoseconds, rounded to whole seconds, at most 15 minutes ("Amazon SQS message timers").
#[derive(Debug, Clone)]
pub struct MessageDelay {
    /// The delay.
    pub nanoseconds: Distribution,
}

/// When several messages go in one call (`SendMessageBatch`).
#[derive(Debug, Clone, Copy)]
pub struct Batching {
    /// Most messages in a call.
    pub maximum_entries: usize,
    /// Most bytes in a call.
    pub maximum_bytes: u32,
    /// A message waits no longer than this for others.
    pub linger: Span,
    /// Most calls under way at once; `None` for any number.
    pub maximum_in_flight: Option<u32>,
}

/// Everything that is fixed about a producer during a run.
#[derive(Debug, Clone)]
pub struct ProducerSettings {
    /// Its name.
    pub name: String,
    /// Where its messages go.
    pub target: EntityId,
    /// How long a send call takes, in nanoseconds.
    pub send_latency: Distribution,
    /// Size of the body, in bytes.
    pub body_size: Distribution,
    /// Attributes of every message.
    pub attributes: Vec<Attribute>,
    /// The keys of the body of every message; `None` when bodies say nothing anybody reads.
    pub body: Option<Vec<Attribute>>,
    /// Probability that a message is poison: processing it always fails.
    pub poison_rate: f64,
    /// `DelaySeconds` of each message; `None` leaves it to the queue.
    pub delay_seconds: Option<MessageDelay>,
    /// Whether messages go in batches.
    pub batching: Option<Batching>,
    /// Which payloads go to an object store.
    pub large_payloads: Option<LargePayloads>,
    /// The groups of the messages.
    pub groups: Option<MessageGroups>,
    /// How often a call is tried, and how long between.
    pub retries: Retries,
    /// Probability that the answer to a send gets lost.
    pub lost_responses: f64,
    /// How long the producer waits for such an answer.
    pub response_timeout: Span,
    /// What it needs besides to write to a stream.
    pub records: Option<RecordSettings>,
    /// The object store it uploads to.
    pub upload: Option<PayloadStore>,
    /// How long before its publish an event happened, in nanoseconds.
    pub event_delay: Option<Distribution>,
}

/// A producer.
#[derive(Debug)]
pub struct Producer {
    pub(super) settings: ProducerSettings,
    pub(super) arrivals: Arrivals,
    pub(super) chance: Chance,
    sequence: u64,
    /// The batch being filled, and its bytes so far.
    pub(super) filling: Option<BatchId>,
    pub(super) filling_bytes: u32,
    /// When the batch for a stream is sent at the latest.
    pub(super) filling_until: Time,
    /// Tells the linger timer of one batch from those of batches already sent.
    pub(super) batches_begun: u32,
    keys_ahead: KeysAhead,
    pub(super) kpl: Option<Kpl>,
    pub(super) serial: Option<Serial>,
    /// From now to the answer of the last call that was made, its repetition after a lost answer included.
    pub(super) answered_in: Span,
    pub(super) waiting: u64,
    /// Batches that are closed and wait for an earlier call to end, and the calls under way.
    closed: VecDeque<BatchId>,
    calls_in_flight: u32,
    /// Batches that were refused and wait to be sent again; a free place is empty.
    pub(super) refused: Vec<Option<BatchId>>,
    pub(super) waiting_for_retry: u64,
    pub(super) handed_over: u64,
    pub(super) metrics: ProducerMetrics,
}

#[derive(Debug)]
pub(super) struct Chance {
    size: Stream,
    attributes: Stream,
    body: Stream,
    poison: Stream,
    delay: Stream,
    latency: Stream,
    group: Stream,
    retry: Stream,
    loss: Stream,
    key: Stream,
    event: Stream,
    pub(super) object_store: Stream,
}

/// The partition key of a record.
#[derive(Debug, Clone, Copy)]
struct RecordKey {
    group: GroupId,
    bytes: u32,
    hash: u128,
    shelf: Shelf,
}

impl Producer {
    /// A producer that has made nothing yet.
    pub fn new(settings: ProducerSettings, arrivals: Arrivals, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "producer", &settings.name);
        let chance = Chance {
            size: stream(Purpose::MessageSize),
            attributes: stream(Purpose::Attributes),
            body: stream(Purpose::Body),
            poison: stream(Purpose::Poison),
            delay: stream(Purpose::Delay),
            latency: stream(Purpose::SendLatency),
            group: stream(Purpose::MessageGroup),
            retry: stream(Purpose::Retry),
            loss: stream(Purpose::Loss),
            key: stream(Purpose::PartitionKey),
            event: stream(Purpose::EventDelay),
            object_store: stream(Purpose::ObjectStore),
        };
        let kpl = match settings.records.as_ref().map(|records| &records.library) {
            Some(Library::Kpl(kpl)) => Some(Kpl::new(kpl.clone())),
            _ => None,
        };
        let keeps_order = settings.records.as_ref().is_some_and(|records| records.keeps_order);
        Self {
            kpl,
            serial: keeps_order.then(Serial::default),
            answered_in: Span::ZERO,
            settings,
            arrivals,
            chance,
            sequence: 0,
            keys_ahead: KeysAhead::default(),
            filling: None,
            filling_bytes: 0,
            filling_until: Time::ZERO,
            batches_begun: 0,
            waiting: 0,
            closed: VecDeque::new(),
            calls_in_flight: 0,
            refused: Vec::new(),
            waiting_for_retry: 0,
            handed_over: 0,
            metrics: ProducerMetrics::default(),
        }
    }

    /// Asks to be woken for the next message, if there is one.
    #[inline]
    pub(super) fn await_next<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(at) = self.arrivals.next_arrival() {
            cx.outbox.wake(at, Timer::Arrival);
        }
    }

    /// A message is due.
    #[inline]
    pub(super) fn produce<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(RecordSettings { library: Library::PutRecords(gathering), .. }) = &self.settings.records {
            self.gather(*gathering, cx);
            return;
        }
        if self.settings.batching.is_some() {
            let entry = self.make_message(cx.now, cx);
            self.add_to_batch(entry, cx);
            self.await_next(cx);
            return;
        }
        if self.serial.is_some() {
            self.produce_in_order(cx);
            return;
        }
        // A producer waits for nobody, so messages that come before anybody looks can be made now, and only the
        // ends of their send calls need events.
        let mut at = cx.now;
        for _ in 0..MESSAGES_AHEAD {
            let entry = self.make_message(at, cx);
            let batch = cx.batches.open();
            cx.batches.entries_mut(batch).push(entry);
            let _ = self.send(batch, at, cx);
            match self.arrivals.next_arrival() {
                Some(next) if next < cx.unobserved_until => at = next,
                Some(next) => {
                    cx.outbox.wake(next, Timer::Arrival);
                    return;
                }
                None => return,
            }
        }
        cx.outbox.wake(at, Timer::Arrival);
    }

    #[inline]
    pub(super) fn make_message<O>(&mut self, at: Time, cx: &mut Context<'_, O>) -> Entry {
        let body = draw_bytes(&self.settings.body_size, &mut self.chance.size);
        let mut bytes = body;
        let poison = self.chance.poison.chance(self.settings.poison_rate);
        let key = self.next_key(cx.messages);
        if let Some(key) = key {
            bytes = bytes.saturating_add(key.bytes);
        }
        let detail = match &self.settings.groups {
            _ if key.is_some() => {
                Detail { group: key.map_or(GroupId::NONE, |key| key.group), ..Detail::NONE }
            }
            Some(groups) => Detail {
                group: groups.draw(self.sequence, &mut self.chance.group),
                deduplication: self.deduplication(),
                ..Detail::NONE
            },
            None => Detail::NONE,
        };
        let detail = match &self.settings.event_delay {
            Some(delay) => {
                let ago = draw_span(delay, &mut self.chance.event).as_nanos() / 1_000_000;
                Detail { event_offset_millis: i32::try_from(ago).map_or(i32::MIN, |ago| -ago), ..detail }
            }
            None => detail,
        };
        let new =
            NewMessage { published_at: at, producer: cx.me, sequence: self.sequence, bytes, poison, detail };
        let message = match key {
            Some(key) => cx.messages.create_beside(key.shelf, new),
            None => cx.messages.create(new),
        };
        self.sequence += 1;
        if !self.settings.attributes.is_empty() {
            let values = cx.messages.attributes_mut(message);
            for (attribute, value) in self.settings.attributes.iter().zip(values) {
                let value_bytes;
                (*value, value_bytes) = attribute.value.draw(&mut self.chance.attributes);
                bytes += attribute.name.len() as u32 + TYPE_BYTES + value_bytes;
            }
            cx.messages.set_bytes(message, bytes);
        }
        if let Some(keys) = &self.settings.body {
            let values = &mut cx.messages.attributes_mut(message)[self.settings.attributes.len()..];
            for (key, value) in keys.iter().zip(values) {
                (*value, _) = key.value.draw(&mut self.chance.body);
            }
        }
        self.point_to_payload(message, body, bytes, cx);
        self.metrics.messages_produced.add(1);
        self.metrics.message_size.record(u64::from(bytes));
        if let Some(key) = key {
            return Entry::for_stream(message, key.hash, cx.messages);
        }
        let mut entry = Entry::new(message);
        if let Some(delay) = &self.settings.delay_seconds {
            let seconds = delay.nanoseconds.sample(&mut self.chance.delay) / 1e9;
            entry.delay_seconds = Some(DelaySeconds::new(seconds.round().clamp(0.0, 900.0) as u16));
        }
        entry
    }

    /// The partition key of the next message, if it goes to a stream.
    #[inline]
    fn next_key(&mut self, messages: &Messages) -> Option<RecordKey> {
        let records = self.settings.records.as_ref()?;
        let of = |key: &Key| {
            let hash = records.explicit_hash_key.unwrap_or(key.hash);
            RecordKey {
                group: key.group,
                bytes: key.bytes,
                hash,
                shelf: Shelf::of_hash_key(hash, records.shards),
            }
        };
        let foresee = |keys: &[Key]| keys.iter().for_each(|key| messages.fetch_shelf(of(key).shelf));
        Some(of(self.keys_ahead.next(records.keys.as_ref()?, self.sequence, &mut self.chance.key, foresee)))
    }

    /// The hash key of the record that comes so many after the last, if it is known already.
    #[inline]
    pub(super) fn coming_hash_key(&self, records: usize) -> Option<u128> {
        self.keys_ahead.coming(records).map(|key| key.hash)
    }

    fn add_to_batch<O: Outbox<Timer>>(&mut self, entry: Entry, cx: &mut Context<'_, O>) {
        let Some(batching) = self.settings.batching else { return };
        let bytes = cx.messages.bytes(entry.message);
        if self.filling_bytes.saturating_add(bytes) > batching.maximum_bytes {
            self.send_batch(cx);
        }
        let batch = if let Some(batch) = self.filling {
            batch
        } else {
            let batch = cx.batches.open();
            self.filling = Some(batch);
            self.batches_begun = self.batches_begun.wrapping_add(1);
            cx.outbox.wake(cx.now + batching.linger, Timer::Linger(self.batches_begun));
            batch
        };
        cx.batches.entries_mut(batch).push(entry);
        self.waiting += 1;
        self.filling_bytes = self.filling_bytes.saturating_add(bytes);
        if cx.batches.entries(batch).len() >= batching.maximum_entries {
            self.send_batch(cx);
        }
    }

    /// The first message of a batch has waited long enough.
    pub(super) fn end_linger<O: Outbox<Timer>>(&mut self, batch: u32, cx: &mut Context<'_, O>) {
        if batch != self.batches_begun {
            return;
        }
        if self.settings.records.is_some() {
            self.send_gathered(cx.now, cx);
        } else {
            self.send_batch(cx);
        }
    }

    fn send_batch<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(batch) = self.filling.take() else { return };
        self.filling_bytes = 0;
        self.closed.push_back(batch);
        self.send_closed(cx);
    }

    /// Closed batches are sent as long as another call may be under way.
    fn send_closed<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let most = self.settings.batching.and_then(|batching| batching.maximum_in_flight);
        while most.is_none_or(|most| self.calls_in_flight < most) {
            let Some(batch) = self.closed.pop_front() else { return };
            self.waiting -= cx.batches.entries(batch).len() as u64;
            let duration = self.send(batch, cx.now, cx);
            if most.is_some() {
                self.calls_in_flight += 1;
                cx.outbox.wake(cx.now + duration, Timer::Sent);
            }
        }
    }

    /// One of a limited number of calls has ended.
    pub(super) fn end_call<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.calls_in_flight -= 1;
        self.send_closed(cx);
    }

    /// The send call begins at `at`; the messages reach the target when it ends. Tells how long it takes.
    #[inline]
    pub(super) fn send<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        at: Time,
        cx: &mut Context<'_, O>,
    ) -> Span {
        self.metrics.send_calls.add(1);
        self.handed_over += cx.batches.entries(batch).len() as u64;
        let uploads = self.store_payloads(batch, at - cx.now, cx);
        let call = match &self.settings.upload {
            Some(_) => self.upload_time(batch, cx),
            None => draw_span(&self.settings.send_latency, &mut self.chance.latency),
        };
        let delay = uploads + call;
        self.answered_in = delay;
        if self.settings.lost_responses > 0.0 {
            self.lose_response((at - cx.now) + delay, batch, cx);
        }
        let signal = self.sending(batch);
        cx.outbox.send(self.settings.target, (at - cx.now) + delay, signal);
        delay
    }

    /// The call that hands a batch over.
    #[inline]
    fn sending(&self, batch: BatchId) -> Signal {
        match &self.settings.records {
            None => Signal::Put { batch },
            Some(records) => {
                Signal::PutRecords { batch, single: matches!(records.library, Library::PutRecord) }
            }
        }
    }

    /// A message that may be sent twice is told apart by an id of its own.
    fn deduplication(&self) -> Deduplication {
        if self.settings.lost_responses > 0.0 { Deduplication::Own } else { Deduplication::Once }
    }

    /// Perhaps the answer to this call, which ends in `ends`, gets lost: then the same messages are sent once more after
    /// the timeout.
    fn lose_response<O: Outbox<Timer>>(&mut self, ends: Span, batch: BatchId, cx: &mut Context<'_, O>) {
        if !self.chance.loss.chance(self.settings.lost_responses) {
            return;
        }
        let again = cx.batches.open();
        cx.batches.copy(batch, 0..cx.batches.entries(batch).len(), again);
        for entry in cx.batches.entries(again) {
            cx.messages.hold(entry.message);
        }
        self.metrics.messages_sent_again.add(cx.batches.entries(again).len() as u64);
        self.metrics.send_calls.add(1);
        let latency = draw_span(&self.settings.send_latency, &mut self.chance.loss);
        let delay = ends + self.settings.response_timeout + latency;
        self.answered_in = delay;
        let signal = self.sending(again);
        cx.outbox.send(self.settings.target, delay, signal);
    }

    /// A call was refused: it is tried again when that makes sense, else its messages are lost.
    #[cold]
    pub(super) fn take_refusal<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        error: ApiError,
        cx: &mut Context<'_, O>,
    ) {
        self.metrics.send_errors.add(1);
        if self.kpl.is_some() {
            self.retry_in_kpl(batch, error, cx);
            return;
        }
        // A message that is being sent has no receives: the field counts the attempts.
        let entries = cx.batches.entries_mut(batch);
        let attempts = 1 + entries.first().map_or(0, |entry| entry.receive_count);
        let retries = self.settings.retries;
        let pause = if error.is_retryable() { retries.pause(attempts, &mut self.chance.retry) } else { None };
        let Some(pause) = pause else {
            self.metrics.messages_rejected.add(cx.reject(batch));
            return;
        };
        for entry in entries.iter_mut() {
            entry.receive_count = attempts;
        }
        let messages = entries.len() as u64;
        self.handed_over -= messages;
        self.waiting_for_retry += messages;
        self.metrics.records_retried.add(if self.settings.records.is_some() { messages } else { 0 });
        let free = self.refused.iter().position(Option::is_none);
        let place = free.unwrap_or(self.refused.len());
        if free.is_none() {
            self.refused.push(None);
        }
        self.refused[place] = Some(batch);
        if self.serial.is_some()
            && let Some(entry) = cx.batches.entries(batch).first()
        {
            self.note_refusal(cx.messages.detail(entry.message).group);
        }
        cx.outbox.wake(cx.now + pause, Timer::Retry(place as u32));
    }

    /// A refused call is tried again.
    pub(super) fn retry<O: Outbox<Timer>>(&mut self, place: u32, cx: &mut Context<'_, O>) {
        if let Some(batch) = self.refused[place as usize].take() {
            self.waiting_for_retry -= cx.batches.entries(batch).len() as u64;
            match cx.batches.entries(batch).first() {
                Some(entry) if self.serial.is_some() => {
                    self.call_in_order(cx.messages.detail(entry.message).group, batch, cx);
                }
                _ => {
                    self.send(batch, cx.now, cx);
                }
            }
        }
    }

    /// The batches that are not sent yet.
    pub(super) fn unsent(&self) -> impl Iterator<Item = BatchId> {
        self.filling.into_iter().chain(self.closed.iter().copied())
    }

    /// When its first message is due is asked at time zero.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        debug_assert_eq!(cx.now, Time::ZERO);
        if self.kpl.is_some() {
            self.begin_kpl(cx);
        } else {
            self.await_next(cx);
        }
    }
}

/// Most messages made ahead of their time.
const MESSAGES_AHEAD: usize = 32;
