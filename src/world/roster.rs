//! The only list of services: one line each. It makes the enum of entities, the enum of their timers, and the one
//! `match` that dispatches to them.

use super::Desk;
use crate::record::{Instrument, MetricDefinition, MetricSeries, SummaryRow};
use crate::services::{
    client, cloudwatch, compute, firehose, flink, kinesis, lambda, mq, object_store, producer, requester,
    sns, sqs, video,
};
use crate::wire::{
    Account, Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Publication, Service, Signal,
};

/// Hands a signal to a service. A function of its own for each, or the frame of the largest service, with all its
/// saved registers, would be laid out for every event of the smallest.
#[inline(never)]
fn receive<'a, S: Service>(service: &mut S, from: EntityId, signal: Signal, cx: &mut Context<'_, Desk<'a>>)
where
    Desk<'a>: Outbox<S::Timer>,
{
    service.receive(from, signal, cx);
}

/// Hands a timer to a service; see [`receive`].
#[inline(never)]
fn wake<'a, S: Service>(service: &mut S, timer: S::Timer, cx: &mut Context<'_, Desk<'a>>)
where
    Desk<'a>: Outbox<S::Timer>,
{
    service.wake(timer, cx);
}

#[cold]
fn no_such_timer(entity: &Entity, timer: Timer) -> ! {
    unreachable!("a {} has no timer {timer:?}", entity.kind())
}

macro_rules! roster {
    ($( $(#[$documentation:meta])* $name:ident: $service:ty ),* $(,)?) => {
        /// Everything that lives in a world.
        #[derive(Debug)]
        #[allow(clippy::large_enum_variant, reason = "entities are few and never move during a run")]
        pub enum Entity {
            $( $(#[$documentation])* $name($service), )*
        }

        $(
            impl From<$service> for Entity {
                fn from(service: $service) -> Self {
                    Entity::$name(service)
                }
            }
        )*

        /// Why any entity wakes.
        #[derive(Debug, Clone, Copy)]
        pub(super) enum Timer {
            $( $name(<$service as Service>::Timer), )*
        }

        $(
            impl From<<$service as Service>::Timer> for Timer {
                #[inline]
                fn from(timer: <$service as Service>::Timer) -> Self {
                    Timer::$name(timer)
                }
            }
        )*

        impl Entity {
            /// What kind of thing it is, as reports call it.
            pub(super) fn kind(&self) -> &'static str {
                match self { $( Entity::$name(service) => service.kind(), )* }
            }

            pub(super) fn start(&mut self, cx: &mut Context<'_, Desk<'_>>) {
                match self { $( Entity::$name(service) => service.start(cx), )* }
            }

            #[inline]
            pub(super) fn receive(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, Desk<'_>>) {
                match self { $( Entity::$name(service) => receive(service, from, signal, cx), )* }
            }

            #[inline]
            pub(super) fn wake(&mut self, timer: Timer, cx: &mut Context<'_, Desk<'_>>) {
                match (self, timer) {
                    $( (Entity::$name(service), Timer::$name(timer)) => wake(service, timer, cx), )*
                    (entity, timer) => no_such_timer(entity, timer),
                }
            }

            pub(super) fn sample(&mut self, now: crate::engine::Time, messages: &mut Messages) {
                match self { $( Entity::$name(service) => service.sample(now, messages), )* }
            }

            pub(super) fn catch_up(&mut self, now: crate::engine::Time, messages: &mut Messages) {
                match self { $( Entity::$name(service) => service.catch_up(now, messages), )* }
            }

            pub(super) fn publish(&mut self, now: crate::engine::Time) -> Option<Publication> {
                match self { $( Entity::$name(service) => service.publish(now), )* }
            }

            pub(super) fn part_datapoint(
                &self,
                part: u32,
                metric: &str,
                minute: crate::engine::Time,
            ) -> Option<(&'static MetricDefinition, crate::record::Datapoint)> {
                match self { $( Entity::$name(service) => service.part_datapoint(part, metric, minute), )* }
            }

            pub(super) fn take_own_series(&mut self) -> Vec<MetricSeries> {
                match self { $( Entity::$name(service) => service.take_own_series(), )* }
            }

            pub(super) fn end_warm_up(&mut self, now: crate::engine::Time) {
                match self { $( Entity::$name(service) => service.end_warm_up(now), )* }
            }

            pub(super) fn visit_metrics(
                &mut self,
                visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>),
            ) {
                match self { $( Entity::$name(service) => service.visit_metrics(visitor), )* }
            }

            pub(super) fn publishes(&self, metric: &MetricDefinition) -> bool {
                match self { $( Entity::$name(service) => service.publishes(metric), )* }
            }

            pub(super) fn balance(&self) -> Balance {
                match self { $( Entity::$name(service) => service.balance(), )* }
            }

            pub(super) fn accounts(&self) -> Vec<Account> {
                match self { $( Entity::$name(service) => service.accounts(), )* }
            }

            pub(super) fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
                match self { $( Entity::$name(service) => service.holdings(batches, mark), )* }
            }

            pub(super) fn summarise(
                &mut self,
                now: crate::engine::Time,
                seconds: f64,
                rows: &mut Vec<SummaryRow>,
            ) {
                match self { $( Entity::$name(service) => service.summarise(now, seconds, rows), )* }
            }
        }
    };
}

roster! {
    /// Somebody who sends messages.
    Producer: producer::Producer,
    /// An SQS queue.
    Queue: sqs::Queue,
    /// A consumer with its instances.
    Consumer: compute::Fleet,
    /// Somebody who plays a script.
    Client: client::Client,
    /// Somebody who sends requests and waits for replies.
    Requester: requester::Requester,
    /// A store for payloads that are too large for messages.
    ObjectStore: object_store::ObjectStore,
    /// An SNS topic, or what is published to without one.
    Topic: sns::Topic,
    /// A Kinesis data stream.
    Stream: kinesis::DataStream,
    /// A consumer of a stream with its workers.
    StreamConsumer: kinesis::StreamConsumer,
    /// CloudWatch.
    CloudWatch: cloudwatch::CloudWatch,
    /// A Lambda function.
    Function: lambda::Function,
    /// An event source mapping.
    EventSourceMapping: lambda::EventSourceMapping,
    /// What all Lambda functions use together.
    Account: lambda::Account,
    /// An event source mapping of a stream.
    StreamMapping: lambda::StreamMapping,
    /// A delivery stream of Amazon Data Firehose.
    DeliveryStream: firehose::DeliveryStream,
    /// Video streams.
    VideoStreams: video::VideoStreams,
    /// Cameras.
    Cameras: video::Cameras,
    /// A consumer of video.
    VideoConsumer: video::VideoConsumer,
    /// An application that computes over streams.
    Application: flink::Application,
    /// A broker of Amazon MQ.
    Broker: mq::Broker,
    /// A queue of a broker, or a subscription of one of its topics.
    BrokerQueue: mq::BrokerQueue,
    /// A topic of a broker, or an exchange.
    BrokerTopic: mq::BrokerTopic,
}
