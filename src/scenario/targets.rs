//! Where messages go: the targets of producers, and of results that are sent on.

use super::resolve::Resolver;
use super::topics;
use crate::language::{Bytes, Name, Problems, Reference};
use crate::services::firehose::DeliveryStream;
use crate::services::lambda::Function;
use crate::services::producer::{Producer, ProducerTarget, SendTarget};
use crate::services::sns::{Topic, is_fifo_topic};
use crate::services::sqs::{Queue, is_fifo};
use crate::wire::{EntityId, ForwardConfig, ForwardTarget, Service, SqsQuotas};

impl Resolver<'_> {
    /// Where a producer's messages go, and whether that is known. Also without it the rest is looked at, so that all
    /// problems are told at once.
    pub(super) fn send_target(
        &mut self,
        producer: &Name,
        target: &ProducerTarget,
        problems: &mut Problems,
    ) -> (bool, Option<SendTarget>) {
        let quotas = self.defaults.quotas;
        match target {
            ProducerTarget::Stream(reference) => self.stream_target(producer, reference, problems),
            ProducerTarget::DeliveryStream(reference) => self.delivery_target(producer, reference, problems),
            ProducerTarget::Queue(reference) => {
                let found = self.directory.queues.find(reference, problems);
                self.flow(Producer::KIND, producer.as_str(), Queue::KIND, reference.as_str());
                let (position, id) = found.unwrap_or((0, EntityId(0)));
                let target = self.latencies.get(position).map(|latency| SendTarget {
                    id,
                    send_latency: latency.send.clone(),
                    quotas,
                    is_fifo: is_fifo(reference.as_str()),
                    payload_store: None,
                    delivery_stream: None,
                    stream: None,
                });
                (found.is_some(), target)
            }
            ProducerTarget::Topic(reference) => {
                let found = self.directory.topics.find(reference, problems);
                self.flow(Producer::KIND, producer.as_str(), Topic::KIND, reference.as_str());
                let topic = found.map(|(position, _)| &self.config.topics.entries[position].1);
                let sns = topics::quotas(self.config);
                let usual = u64::from(sns.maximum_message_bytes);
                let largest = topic.and_then(|topic| topic.maximum_message_size).map_or(usual, Bytes::as_u64);
                let quotas = SqsQuotas {
                    maximum_message_bytes: largest as u32,
                    maximum_batch_bytes: largest as u32,
                    fair_queues: sns.groups_on_standard_topics,
                    ..quotas
                };
                let id = found.map_or(EntityId(0), |(_, id)| id);
                let target = topics::publish_latency(self.config).map(|send_latency| SendTarget {
                    id,
                    send_latency,
                    quotas,
                    is_fifo: is_fifo_topic(reference.as_str()),
                    payload_store: None,
                    delivery_stream: None,
                    stream: None,
                });
                (found.is_some(), target)
            }
            ProducerTarget::Function(reference) => {
                let found = self.directory.functions.find(reference, problems);
                self.flow(Producer::KIND, producer.as_str(), Function::KIND, reference.as_str());
                let largest = self.config.quotas.lambda(self.config.region).maximum_event_bytes;
                let target = SendTarget {
                    id: found.map_or(EntityId(0), |(_, id)| id),
                    send_latency: self.defaults.latency.send.clone(),
                    quotas: SqsQuotas { maximum_message_bytes: largest as u32, ..quotas },
                    is_fifo: false,
                    payload_store: None,
                    delivery_stream: None,
                    stream: None,
                };
                (found.is_some(), Some(target))
            }
        }
    }

    /// Who gets messages from topics.
    pub(super) fn topic_flows(&mut self) {
        let config = self.config;
        for (name, topic) in config.topics.iter() {
            for subscription in &topic.subscriptions {
                let dead_letters =
                    subscription.redrive_policy.as_ref().map(|policy| &policy.dead_letter_queue);
                for queue in subscription.queue.iter().chain(dead_letters) {
                    self.flow(Topic::KIND, name.as_str(), Queue::KIND, queue.as_str());
                }
                if let Some(stream) = &subscription.firehose {
                    self.flow(Topic::KIND, name.as_str(), DeliveryStream::KIND, stream.as_str());
                }
            }
        }
    }

    /// The queue that the results of messages from `sources` go to.
    pub(super) fn forward_target(
        &self,
        forward: &ForwardConfig,
        sources: &[&Reference],
        problems: &mut Problems,
    ) -> Option<ForwardTarget> {
        let (position, id) = self.directory.queues.find(&forward.queue, problems)?;
        let is_fifo = is_fifo(forward.queue.as_str());
        let has_groups = !sources.is_empty() && sources.iter().all(|source| self.has_groups(source));
        if is_fifo && forward.message_group_id.is_none() && !has_groups {
            problems
                .error(forward.place, format!("messages to `{}` need a `message_group_id`", forward.queue))
                .why(match sources.iter().find(|source| !self.has_groups(source)) {
                    Some(source) => {
                        format!("it is a FIFO queue, and the messages of `{source}` have no groups")
                    }
                    None => "it is a FIFO queue".to_owned(),
                });
        }
        Some(ForwardTarget { id, latency: self.latencies[position].clone(), is_fifo })
    }
}
