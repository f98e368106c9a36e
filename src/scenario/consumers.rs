//! Consumers: what they receive from, and what goes on to whom.

use super::resolve::Resolver;
use crate::engine::Span;
use crate::language::{Problems, Reference};
use crate::services::compute::{ConsumerSettings, ConsumerSource, ConsumerSurroundings, Fleet, SourceQueue};
use crate::services::kinesis::StreamConsumer;
use crate::services::mq::BrokerQueue;
use crate::services::sqs::{Queue, is_fifo};
use crate::wire::{ApiLatency, Service, span};

impl Resolver<'_> {
    pub(super) fn consumers(&mut self, problems: &mut Problems) -> Vec<Option<ConsumerSettings>> {
        let config = self.config;
        let addresses = self.reply_addresses();
        let mut settings = Vec::new();
        for (name, consumer) in config.consumers.iter() {
            let reference = consumer.receives_from.reference();
            let source = match &consumer.receives_from {
                ConsumerSource::Queue(queue) => self.source_queue(queue, problems),
                ConsumerSource::StreamConsumer(application) => self.hosted(application, problems),
                ConsumerSource::BrokerQueue(queue) => self.broker_source(queue, false, problems),
                ConsumerSource::BrokerSubscription(subscription) => {
                    self.broker_source(subscription, true, problems)
                }
            };
            let payload_store = consumer
                .large_payloads
                .as_ref()
                .and_then(|large| self.payload_store(&large.object_store, problems));
            let forward = consumer.forwards_to.as_ref().and_then(|forward| {
                let target = self.forward_target(forward, &[reference], problems)?;
                forward.settings(target, &mut self.texts, self.files, problems)
            });
            let instance_price = consumer.instance_price_per_hour(self.prices, problems);
            settings.push(source.as_ref().zip(instance_price).and_then(
                |(source, instance_price_per_hour)| {
                    let around =
                        ConsumerSurroundings { queue: source, forward, addresses: &addresses, payload_store };
                    let settings = consumer.settings(name.as_str(), around, self.files, problems)?;
                    Some(ConsumerSettings { instance_price_per_hour, ..settings })
                },
            ));
            let kind = match &consumer.receives_from {
                ConsumerSource::Queue(_) => Queue::KIND,
                ConsumerSource::StreamConsumer(_) => StreamConsumer::KIND,
                ConsumerSource::BrokerQueue(_) => BrokerQueue::KIND,
                ConsumerSource::BrokerSubscription(_) => "broker_subscription",
            };
            self.flow(kind, reference.as_str(), Fleet::KIND, name.as_str());
            if let Some(forward) = &consumer.forwards_to {
                self.forward_flow(Fleet::KIND, name.as_str(), forward);
            }
        }
        settings
    }

    fn source_queue(&self, reference: &Reference, problems: &mut Problems) -> Option<SourceQueue> {
        let (position, id) = self.directory.queues.find(reference, problems)?;
        let queue = &self.config.queues.entries[position].1;
        Some(SourceQueue {
            id,
            latency: self.latencies[position].clone(),
            wait_seconds: queue.receive_message_wait_time.as_seconds() as u8,
            visibility_timeout: span(queue.visibility_timeout),
            is_fifo: is_fifo(reference.as_str()),
            shuts_down: false,
            keeps_connection: false,
        })
    }

    /// An application whose workers run on the instances of a consumer. To these it looks like a queue that never answers.
    fn hosted(&self, application: &Reference, problems: &mut Problems) -> Option<SourceQueue> {
        let (position, id) = self.directory.stream_consumers.find(application, problems)?;
        Some(SourceQueue {
            id,
            latency: ApiLatency::none(),
            wait_seconds: 20,
            visibility_timeout: Span::from_hours(12),
            is_fifo: false,
            shuts_down: self.config.stream_consumers.entries[position].1.graceful_shutdown,
            keeps_connection: false,
        })
    }
}
