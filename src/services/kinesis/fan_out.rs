//! Consumers with a throughput of their own ("Develop enhanced fan-out consumers with dedicated throughput"): the stream
//! pushes records to whoever has subscribed to a shard.

use super::Timer;
use super::log::Wanted;
use super::read::milliseconds;
use super::stream::DataStream;
use crate::engine::{Span, Time};
use crate::wire::{
    Context, EntityId, IteratorStart, LimitBucket, LimitModel, Outbox, PollOutcome, SUBSCRIPTION_LIFE,
    ShardId, Signal, draw_span,
};

/// Events under way to a subscriber that has not worked on them yet: as many as the KCL's publisher holds.
const MOST_EVENTS: u8 = 10;
/// Least bytes that are worth an event once a subscriber is at its limit.
const WORTH_AN_EVENT: u64 = 65_536;
/// Most bytes of an event.
const MOST_EVENT_BYTES: u64 = 1 << 20;

/// A subscription of a consumer to a shard.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    since: Time,
    events_under_way: u8,
    /// Events arrive in their order.
    delivered_at: Time,
    throughput: LimitBucket,
    /// A wake-up is on its way.
    waiting: bool,
    told_end: bool,
}

impl DataStream {
    /// `SubscribeToShard`: a later subscription takes the place of the one before.
    pub(super) fn subscribe<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        shard: ShardId,
        epoch: u32,
        start: IteratorStart,
        cx: &mut Context<'_, O>,
    ) {
        self.expire(shard.0, cx.now, cx.messages);
        let reader = self.reader(from);
        let position = self.position_of(reader, shard.0, start);
        let per_second = u64::from(self.settings.quotas.shard_read_bytes_per_second);
        self.metrics.subscriptions.add(1);
        let cursor = self.readers[reader].cursor(shard.0);
        cursor.position = position;
        let former = cursor.subscription.take().filter(|_| cursor.epoch == epoch);
        cursor.epoch = epoch;
        cursor.subscription = Some(Subscription {
            since: cx.now,
            events_under_way: former.as_ref().map_or(0, |former| former.events_under_way),
            delivered_at: former.as_ref().map_or(cx.now, |former| former.delivered_at),
            throughput: former
                .as_ref()
                .map_or(LimitBucket::full(per_second, per_second, LimitModel::TokenBucket), |former| {
                    former.throughput
                }),
            waiting: former.is_some_and(|former| former.waiting),
            told_end: false,
        });
        self.push(reader, shard.0, cx);
    }

    /// A subscriber has room for another event.
    pub(super) fn event_taken<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        shard: ShardId,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let reader = self.reader(from);
        let cursor = self.readers[reader].cursor(shard.0);
        if cursor.epoch != epoch {
            return;
        }
        if let Some(subscription) = &mut cursor.subscription {
            subscription.events_under_way = subscription.events_under_way.saturating_sub(1);
        }
        self.push(reader, shard.0, cx);
    }

    /// The throughput of a subscriber may have recovered.
    pub(super) fn push_again<O: Outbox<Timer>>(&mut self, reader: u32, shard: u32, cx: &mut Context<'_, O>) {
        if let Some(subscription) = &mut self.readers[reader as usize].cursor(shard).subscription {
            subscription.waiting = false;
        }
        self.push(reader as usize, shard, cx);
    }

    /// A shard has new records, or was closed.
    #[inline]
    pub(super) fn push_to_subscribers<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        for reader in 0..self.readers.len() {
            if self.readers[reader].enhanced_fan_out {
                self.push(reader, shard, cx);
            }
        }
    }

    /// Pushes what there is, as far as the subscriber's throughput goes.
    fn push<O: Outbox<Timer>>(&mut self, reader: usize, shard: u32, cx: &mut Context<'_, O>) {
        self.expire(shard, cx.now, cx.messages);
        let entity = self.readers[reader].entity;
        let source = &mut self.shards[shard as usize];
        let cursor = self.readers[reader].cursor(shard);
        let (epoch, position) = (cursor.epoch, cursor.position.max(source.log.trim_horizon()));
        let Some(subscription) = &mut cursor.subscription else { return };
        let at_end = position >= source.log.end();
        let is_over = cx.now >= subscription.since + SUBSCRIPTION_LIFE;
        let nothing_new = at_end && (!source.closed || subscription.told_end);
        if is_over || nothing_new || subscription.waiting || subscription.events_under_way >= MOST_EVENTS {
            return;
        }
        let mut taken = None;
        if !at_end {
            if !subscription.throughput.has(1, cx.now) {
                let worth = WORTH_AN_EVENT;
                let at = subscription.throughput.time_of(worth, cx.now);
                subscription.waiting = true;
                let reader = reader as u32;
                cx.outbox.wake(at, Timer::Push { reader, shard });
                return;
            }
            let batch = cx.batches.open();
            let wanted = Wanted { position, records: u64::MAX, bytes: MOST_EVENT_BYTES };
            let read = source.log.read(wanted, batch, cx.batches, cx.messages);
            subscription.throughput.take(read.bytes, cx.now);
            source.traffic.outgoing_records += read.records;
            source.traffic.outgoing_bytes += read.bytes;
            self.metrics.fan_out_events.add(1);
            self.metrics.fan_out_records.add(read.records);
            self.metrics.fan_out_bytes.add(read.bytes);
            taken = Some((batch, read));
        }
        let position = taken.map_or(position, |(_, read)| read.position);
        let at_end = position >= source.log.end();
        let behind = match taken {
            Some((_, read)) if !at_end => cx.now - read.newest,
            _ => Span::ZERO,
        };
        self.metrics.fan_out_behind.record(behind.as_nanos());
        cursor.position = position;
        subscription.events_under_way += 1;
        let delay = draw_span(&self.settings.push_delay, &mut self.chance.push_delay);
        subscription.delivered_at = subscription.delivered_at.max(cx.now + delay);
        subscription.told_end = at_end && source.closed;
        let signal = Signal::Records {
            shard: ShardId(shard),
            epoch,
            outcome: taken.map_or(PollOutcome::Empty, |(batch, _)| PollOutcome::Messages(batch)),
            milliseconds_behind: milliseconds(behind),
            shard_end: at_end && source.closed,
        };
        let delay = subscription.delivered_at - cx.now;
        cx.outbox.send(entity, delay, signal);
        if !at_end {
            self.push(reader, shard, cx);
        }
    }
}
