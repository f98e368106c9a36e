//! Where messages go: the targets of producers, and of results that are sent on.

use super::resolve::Resolver;
use super::topics;
use crate::language::{Bytes, Name, Problems, Reference};
use crate::services::firehose::DeliveryStream;
use crate::services::kinesis::DataStream;
use crate::services::lambda::Function;
use crate::services::mq::{BrokerQueue, BrokerTopic};
use crate::services::object_store::{ObjectEventConfig, ObjectStore};
use crate::services::producer::{Producer, ProducerTarget, SendTarget};
use crate::services::sns::{Kind, LONGEST_SMS, Topic, is_fifo_topic};
use crate::services::sqs::{Queue, is_fifo};
use crate::wire::{ApiLatency, EntityId, ForwardConfig, ForwardTarget, Service, SqsQuotas};

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
            ProducerTarget::PhoneNumber(reference) => {
                let found = self.directory.phone_numbers.find(reference, problems);
                self.flow(Producer::KIND, producer.as_str(), Kind::PhoneNumber.name(), reference.as_str());
                self.direct_target(found, Some(LONGEST_SMS))
            }
            ProducerTarget::PlatformEndpoint(reference) => {
                let found = self.directory.platform_endpoints.find(reference, problems);
                self.flow(
                    Producer::KIND,
                    producer.as_str(),
                    Kind::PlatformEndpoint.name(),
                    reference.as_str(),
                );
                self.direct_target(found, None)
            }
            ProducerTarget::BrokerQueue(to) | ProducerTarget::BrokerTopic(to) => {
                self.broker_target(producer, (target, to), problems)
            }
            ProducerTarget::ObjectStore(reference) => self.upload_target(producer, reference, problems),
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
                    upload: None,
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
                    upload: None,
                    delivery_stream: None,
                    stream: None,
                });
                (found.is_some(), target)
            }
            ProducerTarget::Function(reference) => self.function_target(producer, reference, problems),
        }
    }

    /// A function that a producer invokes asynchronously.
    fn function_target(
        &mut self,
        producer: &Name,
        reference: &Reference,
        problems: &mut Problems,
    ) -> (bool, Option<SendTarget>) {
        let found = self.directory.functions.find(reference, problems);
        self.flow(Producer::KIND, producer.as_str(), Function::KIND, reference.as_str());
        let largest = self.config.quotas.lambda(self.config.region).maximum_event_bytes;
        let target = SendTarget {
            id: found.map_or(EntityId(0), |(_, id)| id),
            send_latency: self.defaults.latency.send.clone(),
            quotas: SqsQuotas { maximum_message_bytes: largest as u32, ..self.defaults.quotas },
            is_fifo: false,
            payload_store: None,
            upload: None,
            delivery_stream: None,
            stream: None,
        };
        (found.is_some(), Some(target))
    }

    /// An object store that a producer uploads to: somebody must hear of it.
    fn upload_target(
        &mut self,
        producer: &Name,
        reference: &Reference,
        problems: &mut Problems,
    ) -> (bool, Option<SendTarget>) {
        self.flow(Producer::KIND, producer.as_str(), ObjectStore::KIND, reference.as_str());
        let Some(store) = self.payload_store(reference, problems) else { return (false, None) };
        let created = self.config.object_stores.get(reference.as_str()).is_some_and(|store| {
            store.notifications.iter().any(|one| one.events.contains(&ObjectEventConfig::Created))
        });
        if !created {
            problems
                .error(reference.place, format!("nobody hears of what is uploaded to `{reference}`"))
                .help("give the store `notifications: [{ topic: … }]` of `object_created`");
        }
        let target = SendTarget {
            id: store.id,
            send_latency: store.put_latency.clone(),
            quotas: SqsQuotas { maximum_message_bytes: u32::MAX, fair_queues: false, ..self.defaults.quotas },
            is_fifo: false,
            payload_store: None,
            upload: Some(store),
            delivery_stream: None,
            stream: None,
        };
        (true, Some(target))
    }

    /// What is published to without a topic: message by message, and without groups.
    fn direct_target(
        &self,
        found: Option<(usize, EntityId)>,
        largest: Option<u32>,
    ) -> (bool, Option<SendTarget>) {
        let sns = topics::quotas(self.config);
        let largest = largest.unwrap_or(sns.maximum_message_bytes);
        let quotas = SqsQuotas {
            maximum_message_bytes: largest,
            maximum_batch_bytes: largest,
            fair_queues: false,
            ..self.defaults.quotas
        };
        let target = topics::publish_latency(self.config).map(|send_latency| SendTarget {
            id: found.map_or(EntityId(0), |(_, id)| id),
            send_latency,
            quotas,
            is_fifo: false,
            payload_store: None,
            upload: None,
            delivery_stream: None,
            stream: None,
        });
        (found.is_some(), target)
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
                if let Some(function) = &subscription.function {
                    self.flow(Topic::KIND, name.as_str(), Function::KIND, function.as_str());
                }
                if let Some(stream) = &subscription.firehose {
                    self.flow(Topic::KIND, name.as_str(), DeliveryStream::KIND, stream.as_str());
                }
            }
        }
    }

    /// Where the results of messages from `sources` go.
    pub(super) fn forward_target(
        &self,
        forward: &ForwardConfig,
        sources: &[&Reference],
        problems: &mut Problems,
    ) -> Option<ForwardTarget> {
        if let Some(stream) = &forward.stream {
            let (_, id) = self.directory.streams.find(stream, problems)?;
            let latency = self.defaults.latency.clone();
            return Some(ForwardTarget { id, latency, is_fifo: false, is_stream: true });
        }
        let brokers = [
            (&forward.broker_queue, &self.directory.broker_queues),
            (&forward.broker_topic, &self.directory.broker_topics),
        ];
        if let Some((name, names)) =
            brokers.into_iter().find_map(|(name, names)| Some((name.as_ref()?, names)))
        {
            let (_, id) = names.find(name, problems)?;
            return Some(ForwardTarget { id, latency: ApiLatency::none(), is_fifo: false, is_stream: false });
        }
        let (reference, found, is_fifo) = match (&forward.queue, &forward.topic) {
            (Some(queue), _) => (queue, self.directory.queues.find(queue, problems), is_fifo(queue.as_str())),
            (None, Some(topic)) => {
                (topic, self.directory.topics.find(topic, problems), is_fifo_topic(topic.as_str()))
            }
            // Told already.
            (None, None) => return None,
        };
        let (position, id) = found?;
        let has_groups = !sources.is_empty() && sources.iter().all(|source| self.has_groups(source));
        if is_fifo && forward.message_group_id.is_none() && !has_groups {
            let noun = if forward.queue.is_some() { "queue" } else { "topic" };
            problems
                .error(forward.place, format!("messages to `{reference}` need a `message_group_id`"))
                .why(match sources.iter().find(|source| !self.has_groups(source)) {
                    Some(source) => {
                        format!("it is a FIFO {noun}, and the messages of `{source}` have no groups")
                    }
                    None => format!("it is a FIFO {noun}"),
                });
        }
        let latency = if forward.queue.is_some() {
            self.latencies[position].clone()
        } else {
            let send = topics::publish_latency(self.config)?;
            ApiLatency { send, ..self.defaults.latency.clone() }
        };
        Some(ForwardTarget { id, latency, is_fifo, is_stream: false })
    }

    /// Where the results of somebody go, for those who look at the scenario as a whole.
    pub(super) fn forward_flow(&mut self, from_kind: &'static str, from: &str, forward: &ForwardConfig) {
        let targets = [
            (&forward.queue, Queue::KIND),
            (&forward.topic, Topic::KIND),
            (&forward.stream, DataStream::KIND),
            (&forward.broker_queue, BrokerQueue::KIND),
            (&forward.broker_topic, BrokerTopic::KIND),
        ];
        for (target, kind) in targets {
            if let Some(target) = target {
                self.flow(from_kind, from, kind, target.as_str());
            }
        }
    }
}
