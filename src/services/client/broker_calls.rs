//! Calls of a script to the client library of a message broker, as they are written and with their names looked up.

use super::config::StepConfig;
use super::publishing::Publishing;
use super::script::{Built, Call, Handle, Lookup, ResultKind, Results, Send};
use super::show::{Cell, text};
use crate::engine::Span;
use crate::filter::JsonConfig;
use crate::language::{Bytes, Duration, Located, Problems, Reference, section};
use crate::wire::span;

section! {
    /// A message to send to a broker.
    pub struct BrokerSendConfig {
        /// The queue.
        pub broker_queue: Option<Reference>;
        /// Or the topic, or exchange.
        pub broker_topic: Option<Reference>;
        /// The body: what tells this message from others.
        pub body: String;
        /// Its attributes (properties of JMS, headers of RabbitMQ): texts and numbers. `routing_key` is the routing key.
        pub attributes: Option<JsonConfig>;
        /// Its size; by default that of body and attributes.
        pub size: Option<Bytes>;
    }
}

section! {
    /// A receive: the session begins with the first one.
    pub struct BrokerReceiveConfig {
        /// The queue.
        pub broker_queue: Option<Reference>;
        /// Or the subscription of a topic.
        pub broker_subscription: Option<Reference>;
        /// Most messages.
        pub max_messages: u32 = 1, within (1, 100);
        /// How long it waits for one.
        pub wait_time: Duration = Duration::ZERO;
        /// What later steps call its result.
        pub r#as: Option<Located<String>>;
    }
}

section! {
    /// An acknowledgement.
    pub struct BrokerAcknowledgeConfig {
        /// The queue.
        pub broker_queue: Option<Reference>;
        /// Or the subscription of a topic.
        pub broker_subscription: Option<Reference>;
        /// The message: `first[0]` is the first one of the receive called `first`.
        pub message: Located<String>;
    }
}

section! {
    /// A call about a session as a whole.
    pub struct BrokerSessionConfig {
        /// The queue.
        pub broker_queue: Option<Reference>;
        /// Or the subscription of a topic.
        pub broker_subscription: Option<Reference>;
    }
}

/// A call to the client library of a broker.
#[derive(Debug, Clone, Copy)]
pub enum BrokerCall {
    /// `send`.
    Send(Send),
    /// `receive`.
    Receive(u8, Span),
    /// `acknowledge`.
    Acknowledge(Handle),
    /// `rollback` or `recover`.
    RollBack,
    /// `commit`.
    Commit,
    /// A session begins.
    Connect,
    /// It ends.
    Disconnect,
}

/// What such a call is for.
#[derive(Debug, Clone, Copy)]
pub enum BrokerDestination<'a> {
    /// A queue.
    Queue(&'a Reference),
    /// A topic, or an exchange.
    Topic(&'a Reference),
    /// A subscription of a topic.
    Subscription(&'a Reference),
}

impl<'a> BrokerDestination<'a> {
    fn name(self) -> &'a Reference {
        match self {
            BrokerDestination::Queue(name)
            | BrokerDestination::Topic(name)
            | BrokerDestination::Subscription(name) => name,
        }
    }

    fn of(
        queue: Option<&'a Reference>,
        topic: Option<&'a Reference>,
        subscription: Option<&'a Reference>,
    ) -> Option<Self> {
        match (queue, topic, subscription) {
            (Some(queue), None, None) => Some(BrokerDestination::Queue(queue)),
            (None, Some(topic), None) => Some(BrokerDestination::Topic(topic)),
            (None, None, Some(subscription)) => Some(BrokerDestination::Subscription(subscription)),
            _ => None,
        }
    }
}

impl StepConfig {
    /// The queue, topic or subscription of a broker that it calls.
    pub(super) fn broker_destination(&self) -> Option<&Reference> {
        let sent = self.broker_send.as_ref().map(|call| [&call.broker_queue, &call.broker_topic]);
        let received =
            self.broker_receive.as_ref().map(|call| [&call.broker_queue, &call.broker_subscription]);
        let settled =
            self.broker_acknowledge.as_ref().map(|call| [&call.broker_queue, &call.broker_subscription]);
        let sessions = self.broker_sessions().into_iter().find_map(|(_, call)| call);
        let session = sessions.map(|call| [&call.broker_queue, &call.broker_subscription]);
        let given = sent.or(received).or(settled).or(session)?;
        given.into_iter().flatten().next()
    }

    /// The calls to brokers that are given, with their keys.
    fn broker_sessions(&self) -> [(BrokerCall, Option<&BrokerSessionConfig>); 4] {
        [
            (BrokerCall::RollBack, self.broker_rollback.as_ref()),
            (BrokerCall::Commit, self.broker_commit.as_ref()),
            (BrokerCall::Connect, self.broker_connect.as_ref()),
            (BrokerCall::Disconnect, self.broker_disconnect.as_ref()),
        ]
    }

    /// Calls to brokers.
    pub(super) fn broker_call(
        &self,
        lookup: &mut Lookup<'_>,
        results: &mut Results,
        problems: &mut Problems,
    ) -> Option<Built> {
        if let Some(config) = &self.broker_send {
            let to = BrokerDestination::of(config.broker_queue.as_ref(), config.broker_topic.as_ref(), None);
            if to.is_none() {
                problems.error(config.place, "a message is sent to a `broker_queue` or a `broker_topic`");
            }
            let called = to.and_then(|to| called(to, lookup, problems));
            let message = Publishing {
                message: &config.body,
                structure: None,
                attributes: config.attributes.as_ref(),
                ids: (None, None),
                size: config.size,
                place: config.place,
            };
            let sent = message.send(lookup, problems);
            let attributes = config.attributes.as_ref().map(|attributes| text(&attributes.0.to_string()));
            let cell = Cell::default()
                .with("body", Some(text(&config.body)))
                .with("attributes", attributes)
                .with("size", config.size);
            return Some((called, Some(Call::Broker(BrokerCall::Send(sent))), cell, None));
        }
        if let Some(config) = &self.broker_receive {
            let from = source(config.broker_queue.as_ref(), config.broker_subscription.as_ref());
            if from.is_none() {
                no_source(config.place, problems);
            }
            let called = from.and_then(|from| called(from, lookup, problems));
            let call = BrokerCall::Receive(config.max_messages as u8, span(config.wait_time));
            let cell = Cell::default()
                .with("max_messages", Some(config.max_messages))
                .with("wait_time", Some(config.wait_time));
            let name = results.define(config.r#as.as_ref(), ResultKind::Messages, called.clone(), problems);
            return Some((called, Some(Call::Broker(call)), cell, name));
        }
        if let Some(config) = &self.broker_acknowledge {
            let from = source(config.broker_queue.as_ref(), config.broker_subscription.as_ref());
            if from.is_none() {
                no_source(config.place, problems);
            }
            let called = from.and_then(|from| called(from, lookup, problems));
            let handle = results.handle(&config.message, ResultKind::Messages, problems);
            let call = handle.map(|handle| Call::Broker(BrokerCall::Acknowledge(handle)));
            let cell = Cell::default().with("message", Some(&config.message.value));
            return Some((called, call, cell, None));
        }
        let sessions = self.broker_sessions();
        let (call, config) = sessions.into_iter().find_map(|(call, config)| Some((call, config?)))?;
        let from = source(config.broker_queue.as_ref(), config.broker_subscription.as_ref());
        if from.is_none() {
            no_source(config.place, problems);
        }
        let called = from.and_then(|from| called(from, lookup, problems));
        Some((called, Some(Call::Broker(call)), Cell::default(), None))
    }
}

fn source<'a>(
    queue: Option<&'a Reference>,
    subscription: Option<&'a Reference>,
) -> Option<BrokerDestination<'a>> {
    BrokerDestination::of(queue, None, subscription)
}

fn no_source(place: crate::language::Place, problems: &mut Problems) {
    problems.error(place, "a session is one of a `broker_queue` or of a `broker_subscription`");
}

fn called(
    destination: BrokerDestination<'_>,
    lookup: &mut Lookup<'_>,
    problems: &mut Problems,
) -> Option<(crate::wire::EntityId, String)> {
    (lookup.destination)(destination, problems).map(|id| (id, destination.name().text.clone()))
}
