//! Results of processing: sent on to another queue by whoever processed a message.

use super::{
    ApiLatency, BatchId, Content, Context, Deduplication, EntityId, Entry, GroupConfig, GroupId,
    MessageGroups, MessageId, NewMessage, Outbox, Purpose, Signal, Texts, draw_bytes, draw_span,
    partition_hash,
};
use crate::engine::{Distribution, Span, Stream};
use crate::language::{Bytes, DistributionOf, Files, Probability, Problems, Reference, section};
use std::collections::BTreeMap;
use std::sync::Arc;

section! {
    /// Sending results on: to a queue, a topic or a stream.
    pub struct ForwardConfig {
        /// The queue they go to.
        pub queue: Option<Reference>;
        /// Or the topic.
        pub topic: Option<Reference>;
        /// Or the stream: a result keeps the partition key of what it was made of, or has that of `message_group_id`.
        pub stream: Option<Reference>;
        /// Or the queue of a broker.
        pub broker_queue: Option<Reference>;
        /// Or the topic, or exchange, of a broker.
        pub broker_topic: Option<Reference>;
        /// Share of the processed messages that have a result.
        pub share: Probability = Probability::ONE;
        /// Size of a result; by default that of the message.
        pub size: Option<DistributionOf<Bytes>>;
        /// The message group of a result (`MessageGroupId`): a name, `each_message`, or drawn; by default that of the message.
        pub message_group_id: Option<GroupConfig>;
    }
    check ForwardConfig::check;
}

/// Where results go.
#[derive(Debug, Clone)]
pub struct ForwardTarget {
    /// The queue, topic or stream.
    pub id: EntityId,
    /// How long calls to it take.
    pub latency: ApiLatency,
    /// Whether it is a FIFO queue or topic.
    pub is_fifo: bool,
    /// Whether it is a stream.
    pub is_stream: bool,
}

impl ForwardConfig {
    fn check(&self, problems: &mut Problems) {
        let targets = [&self.queue, &self.topic, &self.stream, &self.broker_queue, &self.broker_topic];
        if targets.into_iter().flatten().count() != 1 {
            problems.error(
                self.place,
                "results go to a `queue`, a `topic`, a `stream`, a `broker_queue` or a `broker_topic`: give one of them",
            );
        }
    }

    /// The settings, the queue looked up; `None` when a problem was told.
    pub fn settings(
        &self,
        target: ForwardTarget,
        texts: &mut Texts,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Forward> {
        let size = self.size.as_ref().map(|size| size.build(files, problems));
        let groups = self.message_group_id.as_ref().map(|groups| groups.build(texts, problems));
        Some(Forward {
            queue: target.id,
            is_fifo: target.is_fifo,
            is_stream: target.is_stream,
            share: self.share.as_f64(),
            size: size.map_or(Some(None), |size| size.map(Some))?,
            latency: target.latency.send,
            groups: groups.map_or(Some(None), |groups| groups.map(Some))?,
            texts: Arc::default(),
        })
    }
}

/// Sending results on to another queue.
#[derive(Debug, Clone)]
pub struct Forward {
    /// The other queue, or the topic or stream.
    pub queue: EntityId,
    /// Share of the processed messages that is sent on, 0..=1.
    pub share: f64,
    /// Size of the results in bytes; `None` keeps the message's.
    pub size: Option<Distribution>,
    /// How long the send call takes, in nanoseconds.
    pub latency: Distribution,
    /// Whether that is a FIFO queue or topic.
    pub is_fifo: bool,
    /// Whether that is a stream.
    pub is_stream: bool,
    /// The groups of the results; `None` keeps the message's.
    pub groups: Option<MessageGroups>,
    /// What groups are called that have names; known once all of the scenario is read.
    pub texts: Arc<Texts>,
}

/// Somebody who sends results on.
#[derive(Debug)]
pub struct Forwarder {
    settings: Forward,
    latency: Stream,
    content: Stream,
    group: Stream,
    /// Results sent so far: their sequence numbers.
    sent: u64,
    /// The hash keys of partition keys, as they come up.
    hashes: BTreeMap<GroupId, u128>,
}

impl Forwarder {
    /// The forwarder of an entity.
    pub fn new(settings: Forward, seed: u64, replication: u32, kind: &str, name: &str) -> Self {
        Self {
            settings,
            latency: Purpose::SendLatency.stream(seed, replication, kind, name),
            content: Purpose::Forwarding.stream(seed, replication, kind, name),
            group: Purpose::MessageGroup.stream(seed, replication, kind, name),
            sent: 0,
            hashes: BTreeMap::new(),
        }
    }

    /// How long the next send call takes.
    pub fn draw_latency(&mut self) -> Span {
        draw_span(&self.settings.latency, &mut self.latency)
    }

    /// Makes the result of processing `ancestor`, if it has one; the caller holds it.
    fn result<O>(&mut self, ancestor: MessageId, cx: &mut Context<'_, O>) -> Option<Entry> {
        if !self.content.chance(self.settings.share) {
            return None;
        }
        let bytes = match &self.settings.size {
            Some(size) => draw_bytes(size, &mut self.content),
            None => {
                cx.messages.payload(ancestor).map_or(cx.messages.bytes(ancestor), |payload| payload.bytes)
            }
        };
        let mut detail = cx.messages.detail(ancestor);
        if matches!(detail.content, Content::Pointer { .. }) {
            // A result is not the payload it was made of.
            detail.content = Content::Own;
        }
        if let Some(groups) = &self.settings.groups {
            detail.group = groups.draw(self.sent, &mut self.group);
        }
        if !self.settings.is_fifo {
            // A standard queue takes no deduplication ids.
            detail.deduplication = Deduplication::Once;
        }
        let message = cx.messages.create(NewMessage {
            published_at: cx.messages.published_at(ancestor),
            producer: cx.me,
            sequence: self.sent,
            bytes,
            poison: false,
            detail,
        });
        self.sent += 1;
        if self.settings.is_stream {
            return Some(Entry::for_stream(message, self.hash_of(detail.group), cx.messages));
        }
        Some(Entry::new(message))
    }

    /// The hash key of a partition key. A result without one has the number of the result.
    fn hash_of(&mut self, key: GroupId) -> u128 {
        if key == GroupId::NONE {
            return partition_hash(&self.sent.to_string());
        }
        *self.hashes.entry(key).or_insert_with(|| partition_hash(&key.name(&self.settings.texts)))
    }

    /// Results arrive where they go.
    fn hand_over<T, O: Outbox<T>>(&self, results: BatchId, delay: Span, cx: &mut Context<'_, O>) {
        let signal = if self.settings.is_stream {
            Signal::PutRecords { batch: results, single: false }
        } else {
            Signal::Put { batch: results }
        };
        cx.outbox.send(self.settings.queue, delay, signal);
    }

    /// Sends the results of the chosen messages of a batch, in calls of up to ten that arrive after `delay`; gives the
    /// number of results.
    pub fn send<T, O: Outbox<T>>(
        &mut self,
        batch: BatchId,
        chosen: impl Fn(usize) -> bool,
        delay: Span,
        cx: &mut Context<'_, O>,
    ) -> u64 {
        const MOST_ENTRIES: usize = 10;
        let (mut sent, mut open) = (0, None);
        for position in 0..cx.batches.entries(batch).len() {
            if !chosen(position) {
                continue;
            }
            let ancestor = cx.batches.entries(batch)[position].message;
            let Some(entry) = self.result(ancestor, cx) else { continue };
            let results = *open.get_or_insert_with(|| cx.batches.open());
            cx.batches.entries_mut(results).push(entry);
            sent += 1;
            if cx.batches.entries(results).len() == MOST_ENTRIES {
                self.hand_over(results, delay, cx);
                open = None;
            }
        }
        if let Some(results) = open {
            self.hand_over(results, delay, cx);
        }
        sent
    }
}
