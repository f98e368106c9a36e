//! The Kinesis Producer Library ("Developing producers using the Amazon Kinesis Producer Library", "KPL retries and rate
//! limiting"; its source, awslabs/amazon-kinesis-producer): records are packed by the shard they are predicted for, pass
//! that shard's limiter, and are collected into calls.

use super::Timer;
use super::entity::Producer;
use super::library::KplSettings;
use crate::engine::{Span, Time};
use crate::wire::{
    AGGREGATE_BYTES, AGGREGATED_RECORD_BYTES, Action, ApiError, BatchId, Context, Entry, HashPlaces,
    HashRange, LimitBucket, LimitModel, MessageId, Outbox, ShardInfo, Signal,
};
use std::collections::VecDeque;

/// So many records are made in one event, that a run can be interrupted whatever the rate.
const MOST_AT_ONCE: u32 = 64;
/// How often shards whose limiter holds something back are looked at.
const DRAIN_INTERVAL: Span = Span::from_millis(25);
/// The pack of a record is brought near so many records before.
const PACKS_AHEAD: usize = 4;
/// Bytes that the limiter of a shard saves up.
const LIMITER_BYTES: u64 = 10 << 20;

/// Records that become one record of the stream.
#[derive(Debug)]
struct Packed {
    entries: Vec<Entry>,
    bytes: u32,
    deadline: Time,
    /// When the oldest of them was made.
    made_at: Time,
}

/// The records that are being packed for a shard. What each record changes lies in one line of the processor's cache.
#[derive(Debug)]
#[repr(align(64))]
struct OpenPack {
    entries: Vec<Entry>,
    bytes: u32,
    /// When the oldest of them was made.
    made_at: Time,
}

impl OpenPack {
    const EMPTY: Self = Self { entries: Vec::new(), bytes: 0, made_at: Time::MAX };
}

/// What the library knows about a shard besides.
#[derive(Debug)]
struct Lane {
    held_back: VecDeque<Packed>,
    records: LimitBucket,
    bytes: LimitBucket,
}

impl Lane {
    fn new(settings: &KplSettings, now: Time) -> Self {
        let (records, bytes) = settings.rates;
        let bucket = |rate: u64, kept: u64| {
            let mut bucket = LimitBucket::full(rate, kept, LimitModel::TokenBucket).empty();
            // A new limiter begins without tokens.
            let _ = bucket.has(1, now);
            bucket.empty()
        };
        Self {
            held_back: VecDeque::new(),
            records: bucket(records, records.clamp(1, 1000)),
            bytes: bucket(bytes, LIMITER_BYTES),
        }
    }
}

/// The library's state.
#[derive(Debug)]
pub(super) struct Kpl {
    settings: KplSettings,
    shards: HashPlaces,
    /// By shard, in the order of their ranges: the open pack, when it must go, and what else the library knows.
    open: Vec<OpenPack>,
    lanes: Vec<Lane>,
    deadlines: Vec<Time>,
    /// Memory of packs that are gone.
    spare: Vec<Vec<Entry>>,
    /// The call being collected: its records, bytes, and when it must go.
    call: Option<BatchId>,
    call_records: u32,
    call_bytes: u32,
    call_deadline: Time,
    /// No open pack has an earlier deadline.
    earliest: Time,
    held_back: u64,
    /// The next record's time, once it is known.
    next_arrival: Option<Time>,
    /// Tells the latest wake-up from earlier ones.
    wake: u32,
    /// A list of shards was asked for.
    refreshing: bool,
}

impl Kpl {
    pub(super) fn new(settings: KplSettings) -> Self {
        let lanes = settings.shards.iter().map(|_| Lane::new(&settings, Time::ZERO)).collect();
        Self {
            shards: HashPlaces::new(&settings.shards),
            open: settings.shards.iter().map(|_| OpenPack::EMPTY).collect(),
            lanes,
            deadlines: vec![Time::MAX; settings.shards.len()],
            spare: Vec::new(),
            settings,
            call: None,
            call_records: 0,
            call_bytes: 0,
            call_deadline: Time::MAX,
            earliest: Time::MAX,
            held_back: 0,
            next_arrival: None,
            wake: 0,
            refreshing: false,
        }
    }

    /// Brings near the pack that a record with this hash key will join (see [`Messages::fetch`](crate::wire::Messages::fetch)).
    #[inline]
    fn fetch(&self, hash_key: u128) {
        let pack = &self.open[self.shards.of(hash_key)];
        std::hint::black_box(pack.entries.last().map(|entry| entry.bytes));
    }

    /// When something is to be done next, besides taking records.
    fn next_event(&self, now: Time) -> Time {
        let drain = if self.held_back > 0 { now + DRAIN_INTERVAL } else { Time::MAX };
        self.earliest.min(self.call_deadline).min(drain)
    }

    /// The messages that wait here.
    pub(super) fn messages<'a>(
        &'a self,
        batches: &'a crate::wire::Batches,
    ) -> impl Iterator<Item = MessageId> + 'a {
        let packed = self.open.iter().flat_map(|pack| &pack.entries);
        let held_back =
            self.lanes.iter().flat_map(|lane| lane.held_back.iter().flat_map(|packed| &packed.entries));
        let call = self.call.into_iter().flat_map(|batch| batches.entries(batch));
        packed.chain(held_back).chain(call).map(|entry| entry.message)
    }
}

impl Producer {
    /// The library does what is due, and takes the records that come meanwhile.
    pub(super) fn run_kpl<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(mut kpl) = self.kpl.take() else { return };
        let mut at = cx.now;
        self.do_due(&mut kpl, at, cx);
        // Not farther ahead than answers to earlier calls may come and matter.
        let horizon = cx.unobserved_until.min(cx.now + DRAIN_INTERVAL);
        let mut room = MOST_AT_ONCE;
        loop {
            let event = kpl.next_event(at);
            match kpl.next_arrival {
                Some(next) if room > 0 && next <= event && (next <= cx.now || next < horizon) => {
                    room -= 1;
                    at = at.max(next);
                    let entry = self.make_message(next, cx);
                    if let Some(hash_key) = self.coming_hash_key(PACKS_AHEAD) {
                        kpl.fetch(hash_key);
                    }
                    self.waiting += 1;
                    kpl.next_arrival = self.arrivals.next_arrival();
                    let deadline = next + kpl.settings.buffered_time;
                    self.pack(&mut kpl, entry, deadline, at, cx);
                }
                next => {
                    let first = next.map_or(event, |next| next.min(event));
                    if room > 0 && event == first && event < horizon {
                        at = at.max(event);
                        self.do_due(&mut kpl, at, cx);
                        continue;
                    }
                    if first < Time::MAX {
                        kpl.wake = kpl.wake.wrapping_add(1);
                        cx.outbox.wake(first.max(cx.now), Timer::Library(kpl.wake));
                    }
                    break;
                }
            }
        }
        self.kpl = Some(kpl);
    }

    /// Time zero: when the first record comes.
    pub(super) fn begin_kpl<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(kpl) = &mut self.kpl {
            kpl.next_arrival = self.arrivals.next_arrival();
        }
        self.run_kpl(cx);
    }

    /// A wake-up, unless a later one was asked for since.
    pub(super) fn wake_kpl<O: Outbox<Timer>>(&mut self, wake: u32, cx: &mut Context<'_, O>) {
        if self.kpl.as_ref().is_some_and(|kpl| kpl.wake == wake) {
            self.run_kpl(cx);
        }
    }

    /// A record joins the pack of its shard.
    fn pack<O: Outbox<Timer>>(
        &mut self,
        kpl: &mut Kpl,
        entry: Entry,
        deadline: Time,
        at: Time,
        cx: &mut Context<'_, O>,
    ) {
        let index = kpl.shards.of(entry.hash_key());
        let size = entry.bytes;
        let made_at = cx.messages.published_at(entry.message);
        let packed_size = size.saturating_add(AGGREGATED_RECORD_BYTES);
        let most = kpl.settings.aggregation_bytes.filter(|most| packed_size + AGGREGATE_BYTES <= *most);
        let Some(most) = most else {
            let entries = vec![Entry { aggregated: false, ..entry }];
            kpl.lanes[index].held_back.push_back(Packed { entries, bytes: size, deadline, made_at });
            kpl.held_back += 1;
            self.drain(kpl, index, at, cx);
            return;
        };
        let pack = &kpl.open[index];
        if !pack.entries.is_empty() && pack.bytes + packed_size > most {
            self.close_pack(kpl, index, at, cx);
        }
        let (pack, due) = (&mut kpl.open[index], &mut kpl.deadlines[index]);
        if pack.entries.is_empty() {
            pack.bytes = AGGREGATE_BYTES;
            pack.made_at = made_at;
            *due = deadline;
        }
        pack.made_at = pack.made_at.min(made_at);
        *due = deadline.min(*due);
        kpl.earliest = kpl.earliest.min(*due);
        pack.entries.push(Entry { aggregated: !pack.entries.is_empty(), ..entry });
        pack.bytes += packed_size;
        if pack.entries.len() as u32 >= kpl.settings.aggregation_count {
            self.close_pack(kpl, index, at, cx);
        }
    }

    fn close_pack<O: Outbox<Timer>>(
        &mut self,
        kpl: &mut Kpl,
        index: usize,
        at: Time,
        cx: &mut Context<'_, O>,
    ) {
        let pack = &mut kpl.open[index];
        let entries = std::mem::replace(&mut pack.entries, kpl.spare.pop().unwrap_or_default());
        let deadline = std::mem::replace(&mut kpl.deadlines[index], Time::MAX);
        let (bytes, made_at) = (pack.bytes, pack.made_at);
        kpl.lanes[index].held_back.push_back(Packed { entries, bytes, deadline, made_at });
        kpl.held_back += 1;
        self.drain(kpl, index, at, cx);
    }

    /// What the limiter of a shard lets pass goes into the next call; what is too old fails.
    fn drain<O: Outbox<Timer>>(&mut self, kpl: &mut Kpl, index: usize, at: Time, cx: &mut Context<'_, O>) {
        while let Some(packed) = kpl.lanes[index].held_back.front() {
            let ttl = kpl.settings.ttl;
            let messages = &*cx.messages;
            let is_old = |entry: &Entry| at > messages.published_at(entry.message) + ttl;
            let (bytes, has_old) = (u64::from(packed.bytes), at > packed.made_at + ttl);
            let lane = &mut kpl.lanes[index];
            if has_old {
                let packed = lane.held_back.pop_front().map(|packed| packed.entries).unwrap_or_default();
                kpl.held_back -= 1;
                let (old, fresh): (Vec<Entry>, Vec<Entry>) = packed.into_iter().partition(is_old);
                self.waiting -= old.len() as u64;
                self.handed_over += old.len() as u64;
                self.give_up(&old, cx);
                for entry in fresh {
                    let deadline = at + kpl.settings.buffered_time / 2;
                    self.pack(kpl, entry, deadline, at, cx);
                }
                continue;
            }
            if !lane.records.has(1, at) || !lane.bytes.has(bytes, at) {
                return;
            }
            lane.records.take(1, at);
            lane.bytes.take(bytes, at);
            if let Some(packed) = lane.held_back.pop_front() {
                kpl.held_back -= 1;
                self.collect(kpl, packed, at, cx);
            }
        }
    }

    fn collect<O: Outbox<Timer>>(
        &mut self,
        kpl: &mut Kpl,
        packed: Packed,
        at: Time,
        cx: &mut Context<'_, O>,
    ) {
        let (most_records, most_bytes) = kpl.settings.collection;
        if kpl.call_records > 0 && kpl.call_bytes.saturating_add(packed.bytes) > most_bytes {
            self.send_call(kpl, at, cx);
        }
        let batch = *kpl.call.get_or_insert_with(|| cx.batches.open());
        if packed.entries.len() > 1 {
            self.metrics.records_aggregated.add(packed.entries.len() as u64);
        }
        cx.batches.entries_mut(batch).extend_from_slice(&packed.entries);
        kpl.call_records += 1;
        kpl.call_bytes = kpl.call_bytes.saturating_add(packed.bytes);
        kpl.call_deadline = kpl.call_deadline.min(packed.deadline);
        let mut entries = packed.entries;
        entries.clear();
        kpl.spare.push(entries);
        if kpl.call_records >= most_records {
            self.send_call(kpl, at, cx);
        }
    }

    fn send_call<O: Outbox<Timer>>(&mut self, kpl: &mut Kpl, at: Time, cx: &mut Context<'_, O>) {
        kpl.call_deadline = Time::MAX;
        if let Some(batch) = kpl.call.take() {
            self.waiting -= cx.batches.entries(batch).len() as u64;
            (kpl.call_records, kpl.call_bytes) = (0, 0);
            self.send(batch, at, cx);
        }
    }

    /// Packs and calls whose time has come; limiters that may have tokens again.
    fn do_due<O: Outbox<Timer>>(&mut self, kpl: &mut Kpl, at: Time, cx: &mut Context<'_, O>) {
        if kpl.earliest <= at {
            for index in 0..kpl.lanes.len() {
                if kpl.deadlines[index] <= at {
                    self.close_pack(kpl, index, at, cx);
                }
            }
            kpl.earliest = kpl.deadlines.iter().copied().min().unwrap_or(Time::MAX);
        }
        if kpl.held_back > 0 {
            (0..kpl.lanes.len()).for_each(|index| self.drain(kpl, index, at, cx));
        }
        if kpl.call_deadline <= at {
            self.send_call(kpl, at, cx);
        }
    }

    /// Records that the stream did not take: they wait again, a shorter time, unless they are too old by now.
    pub(super) fn retry_in_kpl<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        error: ApiError,
        cx: &mut Context<'_, O>,
    ) {
        let Some(mut kpl) = self.kpl.take() else { return };
        let entries = std::mem::take(cx.batches.entries_mut(batch));
        cx.batches.close(batch);
        let throttled = error == ApiError::ProvisionedThroughputExceededException;
        let fails = !error.is_retryable() || (throttled && kpl.settings.fail_if_throttled);
        if error == ApiError::WrongShard && !kpl.refreshing {
            kpl.refreshing = true;
            let request = cx.requests.open(Action::ListShards);
            cx.outbox.send(self.settings.target, Span::ZERO, Signal::Request { request });
        }
        for entry in entries {
            let deadline = cx.now + kpl.settings.buffered_time / 2;
            if fails || cx.now > cx.messages.published_at(entry.message) + kpl.settings.ttl {
                self.give_up(&[entry], cx);
                continue;
            }
            self.handed_over -= 1;
            self.waiting += 1;
            self.metrics.records_retried.add(1);
            let attempts = entry.receive_count + 1;
            let entry = Entry { aggregated: false, receive_count: attempts, ..entry };
            self.pack(&mut kpl, entry, deadline, cx.now, cx);
        }
        self.kpl = Some(kpl);
        self.run_kpl(cx);
    }

    /// The stream's shards are known anew: what waits is packed for them.
    pub(super) fn take_shards<O: Outbox<Timer>>(&mut self, shards: &[ShardInfo], cx: &mut Context<'_, O>) {
        let mut ranges: Vec<HashRange> =
            shards.iter().filter(|shard| !shard.closed).map(|shard| shard.range).collect();
        ranges.sort_unstable_by_key(|range| range.first);
        let Some(mut kpl) = self.kpl.take() else { return };
        kpl.refreshing = false;
        if !ranges.is_empty() {
            self.pack_anew(&mut kpl, &ranges, cx);
        }
        self.kpl = Some(kpl);
        self.run_kpl(cx);
    }

    fn pack_anew<O: Outbox<Timer>>(&mut self, kpl: &mut Kpl, ranges: &[HashRange], cx: &mut Context<'_, O>) {
        let lanes = ranges.iter().map(|_| Lane::new(&kpl.settings, cx.now)).collect();
        let former = std::mem::replace(&mut kpl.lanes, lanes);
        let open = ranges.iter().map(|_| OpenPack::EMPTY).collect();
        let open = std::mem::replace(&mut kpl.open, open);
        let deadlines = std::mem::replace(&mut kpl.deadlines, vec![Time::MAX; ranges.len()]);
        kpl.shards = HashPlaces::new(ranges);
        kpl.earliest = Time::MAX;
        kpl.held_back = 0;
        for ((lane, pack), deadline) in former.into_iter().zip(open).zip(deadlines) {
            for packed in lane.held_back {
                for entry in packed.entries {
                    self.pack(kpl, entry, packed.deadline, cx.now, cx);
                }
            }
            for entry in pack.entries {
                self.pack(kpl, entry, deadline, cx.now, cx);
            }
        }
    }

    /// Records that will not be put any more.
    fn give_up<O>(&mut self, entries: &[Entry], cx: &mut Context<'_, O>) {
        for entry in entries {
            cx.messages.mark_rejected(entry.message);
            cx.messages.release(entry.message);
        }
        self.metrics.messages_rejected.add(entries.len() as u64);
    }
}
