//! A script with its names looked up: what a client plays.

use super::broker_calls::{BrokerCall, BrokerDestination};
use super::config::{ClientConfig, SendEntryConfig, SendMessageConfig, StepConfig};
use super::publishing::Publishing;
use super::show::{Cell, entries, text};
use super::stream_script::StreamCall;
use super::topic_config::{PublishTarget, SetSubscriptionAttributesConfig};
use super::video_calls::VideoStep;
use crate::engine::{Span, Time};
use crate::filter::json;
use crate::language::{Bytes, Duration, Located, Place, Problems, Reference};
use crate::wire::{Content, Deduplication, Detail, EntityId, GroupId, QueueAttribute, TextId, Texts, span};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A receipt handle of a script.
#[derive(Debug, Clone, Copy)]
pub enum Handle {
    /// One that SQS never gave.
    Unknown,
    /// What a receive returned.
    Of {
        /// The receive, by the number of its name.
        name: usize,
        /// Which of its messages.
        index: usize,
    },
}

/// A message to send.
#[derive(Debug, Clone, Copy)]
pub struct Send {
    /// Its size.
    pub bytes: u32,
    /// `DelaySeconds`.
    pub delay_seconds: Option<i64>,
    /// Body, group and deduplication id.
    pub detail: Detail,
    /// How many attributes it has.
    pub attributes: u16,
}

/// A call, its names looked up.
#[derive(Debug, Clone)]
pub enum Call {
    /// `SendMessage`.
    Send(Send),
    /// `SendMessageBatch`, with the ids of the entries.
    SendBatch(Vec<Send>, Vec<TextId>, Vec<String>),
    /// `ReceiveMessage`.
    Receive {
        /// `MaxNumberOfMessages`.
        maximum: Option<i64>,
        /// `WaitTimeSeconds`.
        wait_seconds: Option<i64>,
        /// `VisibilityTimeout`.
        visibility_timeout_seconds: Option<i64>,
        /// `ReceiveRequestAttemptId`.
        attempt: Option<TextId>,
    },
    /// `DeleteMessage`.
    Delete(Handle),
    /// `DeleteMessageBatch`.
    DeleteBatch(Vec<Handle>),
    /// `ChangeMessageVisibility`.
    Change(Handle, i64),
    /// `ChangeMessageVisibilityBatch`.
    ChangeBatch(Vec<(Handle, i64)>),
    /// `PurgeQueue`.
    Purge,
    /// `SetQueueAttributes`.
    SetAttributes(Vec<QueueAttribute>),
    /// `GetQueueAttributes`.
    GetAttributes,
    /// `StartMessageMoveTask`.
    StartTask {
        /// `DestinationArn`.
        destination: Option<EntityId>,
        /// `MaxNumberOfMessagesPerSecond`.
        maximum_per_second: Option<i64>,
    },
    /// `ListMessageMoveTasks`.
    ListTasks,
    /// `CancelMessageMoveTask`, by the number of the task's name.
    CancelTask(usize),
    /// `Publish`.
    Publish(Send),
    /// `PublishBatch`, with the ids of the entries.
    PublishBatch(Vec<Send>, Vec<TextId>, Vec<String>),
    /// `Subscribe`, by the number of the subscription.
    Subscribe(u32),
    /// `Unsubscribe`.
    Unsubscribe(u32),
    /// `SetSubscriptionAttributes`, by the numbers of subscription and change.
    SetSubscription(u32, u32),
    /// What an endpoint has received.
    ReadDeliveries(u32),
    /// A call to a stream.
    Stream(StreamCall),
    /// `PutRecordBatch` of Firehose, or `PutRecord` if it is a single one.
    PutToDeliveryStream(Vec<Send>, bool),
    /// A call to a video stream.
    Video(VideoStep),
    /// A call to the client library of a broker.
    Broker(BrokerCall),
}

/// What is known of topics.
pub trait Topics {
    /// The topic a reference means; a problem is told when there is none.
    fn topic(&self, topic: &Reference, problems: &mut Problems) -> Option<EntityId>;
    /// What is published to; a problem is told when there is none of the name.
    fn target(&self, target: PublishTarget<'_>, problems: &mut Problems) -> Option<EntityId>;
    /// The number of one of its subscriptions.
    fn subscription(
        &self,
        topic: &Reference,
        subscription: &Reference,
        problems: &mut Problems,
    ) -> Option<u32>;
    /// The number of a change of a subscription.
    fn change(&mut self, change: &SetSubscriptionAttributesConfig, problems: &mut Problems) -> Option<u32>;
    /// A message with these attributes and this body may come: filter policies must be able to read it. Gives the text of
    /// the attributes, and their size in bytes.
    fn message(
        &mut self,
        body: TextId,
        attributes: Option<&serde_json::Value>,
        place: Place,
        texts: &mut Texts,
        problems: &mut Problems,
    ) -> (TextId, u32);
    /// A body with a text for each protocol (`MessageStructure`) may come.
    fn structure(&mut self, body: TextId, texts: &mut Texts);
}

/// A call about a subscription, by its number.
type SubscriptionCall = fn(u32) -> Call;

/// What must come of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The step.
    pub step: u32,
    /// The outcome, if it matters.
    pub outcome: Option<String>,
    /// The bodies, if they matter.
    pub bodies: Option<Vec<String>>,
    /// When the answer is there, if that matters.
    pub answered_at: Option<Span>,
    /// The line of the scenario file it stands in; `None` when it stands elsewhere.
    pub line: Option<u32>,
}

/// A step of a script.
#[derive(Debug, Clone)]
pub struct Step {
    /// When it is played.
    pub at: Time,
    /// The queue it calls.
    pub queue: EntityId,
    /// That queue's name.
    pub queue_name: String,
    /// The call.
    pub call: Call,
    /// Its parameters, for people.
    pub request: String,
    /// Under which number its result is remembered.
    pub name: Option<usize>,
}

/// What a script needs to have looked up.
pub struct Lookup<'a> {
    /// The queue a reference means; a problem is told when there is none.
    pub queue: &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<EntityId>,
    /// The stream a reference means; a problem is told when there is none.
    pub stream: &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<EntityId>,
    /// The topics.
    pub topics: &'a mut dyn Topics,
    /// The delivery stream a reference means; a problem is told when there is none.
    pub delivery_stream: &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<EntityId>,
    /// The video stream a reference means; a problem is told when there is none.
    pub video_stream: &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<EntityId>,
    /// The destination of a broker; a problem is told when there is none.
    pub destination: &'a mut dyn FnMut(BrokerDestination<'_>, &mut Problems) -> Option<EntityId>,
    /// The texts of the scenario.
    pub texts: &'a mut Texts,
}

/// Who is called, with the name.
pub(super) type Called = (EntityId, String);

/// What a step gives a name to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultKind {
    /// Messages that were received.
    Messages,
    /// A message move task.
    Task,
    /// Records that were put on a stream.
    Records,
    /// An iterator.
    Iterator,
}

impl ResultKind {
    /// What such a step is, and a name for its result.
    fn example(self) -> (&'static str, &'static str) {
        match self {
            ResultKind::Messages => ("receive", "first"),
            ResultKind::Task => ("message move task", "task"),
            ResultKind::Records => ("put", "first"),
            ResultKind::Iterator => ("iterator", "place"),
        }
    }
}

/// Names that steps gave to their results.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// The name, what it is a name of, and who was called.
    names: Vec<(String, ResultKind, Option<Called>)>,
}

impl ClientConfig {
    /// The script, names looked up, and what it expects; `None` when a problem was told.
    pub fn script(
        &self,
        lookup: &mut Lookup<'_>,
        problems: &mut Problems,
    ) -> Option<(Vec<Step>, Vec<Expected>)> {
        let mut results = Results::default();
        let steps: Vec<Option<Step>> =
            self.script.iter().map(|step| step.build(lookup, &mut results, problems)).collect();
        let expected = self.script.iter().zip(0..).filter_map(|(step, number)| {
            let expect = step.expect.as_ref()?;
            let (outcome, bodies) = (expect.outcome.clone(), expect.bodies.clone());
            let answered_at = expect.answered_at.map(span);
            Some(Expected { step: number, outcome, bodies, answered_at, line: expect.place.line_in_file() })
        });
        Some((steps.into_iter().collect::<Option<_>>()?, expected.collect()))
    }
}

impl Results {
    /// Who was called for a result.
    pub(super) fn called(&self, result: usize) -> Option<Called> {
        self.names[result].2.clone()
    }

    /// A step gives its result a name.
    pub(super) fn define(
        &mut self,
        name: Option<&Located<String>>,
        kind: ResultKind,
        queue: Option<(EntityId, String)>,
        problems: &mut Problems,
    ) -> Option<usize> {
        let name = name?;
        if name.value == "unknown" || name.value.contains(['[', ']', ' ']) || name.value.is_empty() {
            problems.error(name.place, format!("a result cannot be called `{}`", name.value));
        }
        if self.names.iter().any(|(known, ..)| *known == name.value) {
            problems.error(name.place, format!("an earlier step called its result `{}`", name.value));
        }
        self.names.push((name.value.clone(), kind, queue));
        Some(self.names.len() - 1)
    }

    pub(super) fn find(
        &self,
        name: &str,
        kind: ResultKind,
        place: &Located<String>,
        problems: &mut Problems,
    ) -> Option<usize> {
        let position = self.names.iter().position(|(known, of, _)| known == name && *of == kind);
        if position.is_none() {
            let known: Vec<&str> =
                self.names.iter().filter(|(_, of, _)| *of == kind).map(|(name, ..)| name.as_str()).collect();
            let (what, example) = kind.example();
            let help = if known.is_empty() {
                format!("give the {what} a name: `as: {example}`")
            } else {
                problems.suggest(name, &known, "names")
            };
            problems
                .error(place.place, format!("no earlier step of this client is a {what} called `{name}`"))
                .help(help);
        }
        position
    }

    pub(super) fn handle(
        &self,
        written: &Located<String>,
        kind: ResultKind,
        problems: &mut Problems,
    ) -> Option<Handle> {
        if written.value == "unknown" {
            return Some(Handle::Unknown);
        }
        let parts = written.value.strip_suffix(']').and_then(|text| text.split_once('['));
        let parts = parts.and_then(|(name, index)| Some((name, index.parse::<usize>().ok()?)));
        let Some((name, index)) = parts else {
            let (what, of) = match kind {
                ResultKind::Records => ("sequence number", "record of the put"),
                _ => ("receipt handle", "message of the receive"),
            };
            problems
                .error(written.place, format!("`{}` is no {what}", written.value))
                .help(format!("write `first[0]` for the first {of} called `first`, or `unknown`"));
            return None;
        };
        Some(Handle::Of { name: self.find(name, kind, written, problems)?, index })
    }
}

pub(super) fn seconds(duration: Duration) -> i64 {
    duration.as_seconds() as i64
}

/// A message of a script: what it says, and what it is compared by.
pub(super) fn send(
    body: &str,
    (delay, size): (Option<Duration>, Option<Bytes>),
    (group, id): (Option<&String>, Option<&String>),
    texts: &mut Texts,
) -> Send {
    let deduplication = if let Some(id) = id {
        Deduplication::Id(texts.number(id))
    } else {
        let hash = Sha256::digest(body.as_bytes());
        let hash = hash.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Deduplication::Body(texts.number(&hash))
    };
    Send {
        bytes: size.map_or(body.len() as u64, Bytes::as_u64).min(u64::from(u32::MAX / 2)) as u32,
        delay_seconds: delay.map(seconds),
        detail: Detail {
            group: group.map_or(GroupId::NONE, |group| texts.group(group)),
            content: Content::Text(texts.number(body)),
            deduplication,
            attributes: TextId::IMPOSSIBLE,
            event_offset_millis: 0,
        },
        attributes: 0,
    }
}

impl SendMessageConfig {
    fn send(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Send {
        let ids = (self.message_group_id.as_ref(), self.message_deduplication_id.as_ref());
        let sent = send(&self.body, (self.delay, self.size), ids, lookup.texts);
        if self.attributes.is_none() {
            return sent;
        }
        let (attributes, size) = (self.attributes.as_ref(), (self.size, self.place));
        sent.with_attributes(&self.body, attributes, size, lookup, problems)
    }

    fn cell(&self) -> Cell {
        Cell::default()
            .with("body", Some(text(&self.body)))
            .with("delay", self.delay)
            .with("message_group_id", self.message_group_id.as_deref().map(text))
            .with("message_deduplication_id", self.message_deduplication_id.as_deref().map(text))
            .with("attributes", self.attributes.as_ref().map(|attributes| text(&attributes.0.to_string())))
            .with("size", self.size)
    }
}

impl SendEntryConfig {
    fn send(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Send {
        let ids = (self.message_group_id.as_ref(), self.message_deduplication_id.as_ref());
        let sent = send(&self.body, (self.delay, self.size), ids, lookup.texts);
        if self.attributes.is_none() {
            return sent;
        }
        let (attributes, size) = (self.attributes.as_ref(), (self.size, self.place));
        sent.with_attributes(&self.body, attributes, size, lookup, problems)
    }

    fn cell(&self) -> Cell {
        Cell::default()
            .with("id", self.id.as_deref().map(text))
            .with("body", Some(text(&self.body)))
            .with("delay", self.delay)
            .with("message_group_id", self.message_group_id.as_deref().map(text))
            .with("message_deduplication_id", self.message_deduplication_id.as_deref().map(text))
            .with("attributes", self.attributes.as_ref().map(|attributes| text(&attributes.0.to_string())))
            .with("size", self.size)
    }
}

/// Whether a text may be the id of a batch entry ("`SendMessageBatchRequestEntry`").
fn is_entry_id(id: &str) -> bool {
    (1..=80).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl StepConfig {
    fn build(&self, lookup: &mut Lookup<'_>, results: &mut Results, problems: &mut Problems) -> Option<Step> {
        let (queue, call, cell, name) = self
            .message_call(lookup, results, problems)
            .or_else(|| self.topic_call(lookup, problems))
            .or_else(|| self.delivery_call(lookup, problems))
            .or_else(|| self.video_call(lookup, problems))
            .or_else(|| self.broker_call(lookup, results, problems))
            .or_else(|| self.queue_call(lookup, results, problems))
            .or_else(|| self.stream_call(lookup, results, problems))?;
        let (queue, queue_name) = queue?;
        Some(Step {
            at: Time::ZERO + span(self.at),
            queue,
            queue_name,
            call: call?,
            request: cell.to_string(),
            name,
        })
    }

    /// Calls about messages.
    fn message_call(
        &self,
        lookup: &mut Lookup<'_>,
        results: &mut Results,
        problems: &mut Problems,
    ) -> Option<Built> {
        let sends = self.send_message_batch.iter().flat_map(|batch| &batch.entries);
        let sends = sends.map(|entry| entry.send(lookup, problems)).collect();
        let send = self.send_message.as_ref().map(|config| (config, config.send(lookup, problems)));
        let mut queue = |reference: &Reference, problems: &mut Problems| {
            (lookup.queue)(reference, problems).map(|id| (id, reference.text.clone()))
        };
        let texts = &mut *lookup.texts;
        if let Some((config, send)) = send {
            return Some((queue(&config.queue, problems), Some(Call::Send(send)), config.cell(), None));
        }
        if let Some(config) = &self.send_message_batch {
            let written = config.entries.iter().zip(0..);
            let names: Vec<String> = written
                .map(|(entry, number): (_, u32)| entry.id.clone().unwrap_or(number.to_string()))
                .collect();
            let number = |id: &String| if is_entry_id(id) { texts.number(id) } else { TextId::IMPOSSIBLE };
            let ids = names.iter().map(number).collect();
            let cell = entries(config.entries.iter().map(SendEntryConfig::cell));
            let call = Call::SendBatch(sends, ids, names);
            return Some((queue(&config.queue, problems), Some(call), cell, None));
        }
        if let Some(config) = &self.receive_message {
            let queue = queue(&config.queue, problems);
            let attempt = config.receive_request_attempt_id.as_ref();
            let call = Call::Receive {
                maximum: config.max_number_of_messages,
                wait_seconds: config.wait_time.map(seconds),
                visibility_timeout_seconds: config.visibility_timeout.map(seconds),
                attempt: attempt.map(|id| texts.number(id)),
            };
            let cell = Cell::default()
                .with("max_number_of_messages", config.max_number_of_messages)
                .with("wait_time", config.wait_time)
                .with("visibility_timeout", config.visibility_timeout)
                .with("receive_request_attempt_id", attempt.map(|id| text(id)));
            let name = results.define(config.r#as.as_ref(), ResultKind::Messages, queue.clone(), problems);
            return Some((queue, Some(call), cell, name));
        }
        if let Some(config) = &self.delete_message {
            let call = results.handle(&config.handle, ResultKind::Messages, problems).map(Call::Delete);
            let cell = Cell::default().with("handle", Some(&config.handle.value));
            return Some((queue(&config.queue, problems), call, cell, None));
        }
        if let Some(config) = &self.delete_message_batch {
            let handles: Vec<_> = config
                .handles
                .iter()
                .map(|handle| results.handle(handle, ResultKind::Messages, problems))
                .collect();
            let call = handles.into_iter().collect::<Option<_>>().map(Call::DeleteBatch);
            let cell = entries(config.handles.iter().map(|handle| Cell::of(&handle.value)));
            return Some((queue(&config.queue, problems), call, cell, None));
        }
        if let Some(config) = &self.change_message_visibility {
            let handle = results.handle(&config.handle, ResultKind::Messages, problems);
            let call = handle.map(|handle| Call::Change(handle, seconds(config.visibility_timeout)));
            let cell = Cell::default()
                .with("handle", Some(&config.handle.value))
                .with("visibility_timeout", Some(config.visibility_timeout));
            return Some((queue(&config.queue, problems), call, cell, None));
        }
        let config = self.change_message_visibility_batch.as_ref()?;
        let mut changes = Vec::new();
        for entry in &config.entries {
            let handle = results.handle(&entry.handle, ResultKind::Messages, problems);
            changes.push(handle.map(|handle| (handle, seconds(entry.visibility_timeout))));
        }
        let call = changes.into_iter().collect::<Option<_>>().map(Call::ChangeBatch);
        let cell = entries(config.entries.iter().map(|entry| {
            Cell::default()
                .with("handle", Some(&entry.handle.value))
                .with("visibility_timeout", Some(entry.visibility_timeout))
        }));
        Some((queue(&config.queue, problems), call, cell, None))
    }

    /// Calls to topics.
    fn topic_call(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Option<Built> {
        let called = |topic: &Reference, lookup: &Lookup<'_>, problems: &mut Problems| {
            lookup.topics.topic(topic, problems).map(|id| (id, topic.text.clone()))
        };
        let target = |target: PublishTarget<'_>, lookup: &Lookup<'_>, problems: &mut Problems| {
            let name = target.reference()?.text.clone();
            lookup.topics.target(target, problems).map(|id| (id, name))
        };
        if let Some(config) = &self.publish {
            let message = Publishing {
                message: &config.message,
                structure: config.message_structure,
                attributes: config.attributes.as_ref(),
                ids: (config.message_group_id.as_ref(), config.message_deduplication_id.as_ref()),
                size: config.size,
                place: config.place,
            };
            let call = Call::Publish(message.send(lookup, problems));
            return Some((target(config.target(), lookup, problems), Some(call), message.cell(), None));
        }
        if let Some(config) = &self.publish_batch {
            let messages: Vec<Publishing<'_>> = config.entries.iter().map(Publishing::of_entry).collect();
            let names: Vec<String> = config
                .entries
                .iter()
                .zip(0..)
                .map(|(entry, number): (_, u32)| entry.id.clone().unwrap_or(number.to_string()))
                .collect();
            let number = |id: &String, texts: &mut Texts| {
                if is_entry_id(id) { texts.number(id) } else { TextId::IMPOSSIBLE }
            };
            let ids = names.iter().map(|id| number(id, lookup.texts)).collect();
            let sends = messages.iter().map(|message| message.send(lookup, problems)).collect();
            let cell = entries(messages.iter().map(Publishing::cell));
            let call = Call::PublishBatch(sends, ids, names);
            return Some((called(&config.topic, lookup, problems), Some(call), cell, None));
        }
        if let Some(config) = &self.set_subscription_attributes {
            let number = lookup.topics.subscription(&config.topic, &config.subscription, problems);
            let change = lookup.topics.change(config, problems);
            let call = number.zip(change).map(|(number, change)| Call::SetSubscription(number, change));
            let policy = config.filter_policy.as_ref().map(|policy| text(&json(&policy.0).to_string()));
            let cell = Cell::default()
                .with("subscription", Some(&config.subscription))
                .with("filter_policy", policy)
                .with("raw_message_delivery", config.raw_message_delivery);
            return Some((called(&config.topic, lookup, problems), call, cell, None));
        }
        if let Some(config) = &self.read_deliveries {
            // What is published to directly has one endpoint.
            let number = match (&config.topic, &config.subscription) {
                (Some(topic), Some(subscription)) => {
                    lookup.topics.subscription(topic, subscription, problems)
                }
                _ => Some(0),
            };
            let cell = Cell::default().with("subscription", config.subscription.as_ref());
            let called = target(config.target(), lookup, problems);
            return Some((called, number.map(Call::ReadDeliveries), cell, None));
        }
        let calls: [(_, SubscriptionCall); 2] =
            [(&self.subscribe, Call::Subscribe), (&self.unsubscribe, Call::Unsubscribe)];
        let (config, call) = calls.into_iter().find_map(|(config, call)| Some((config.as_ref()?, call)))?;
        let number = lookup.topics.subscription(&config.topic, &config.subscription, problems);
        let cell = Cell::default().with("subscription", Some(&config.subscription));
        Some((called(&config.topic, lookup, problems), number.map(call), cell, None))
    }
}

/// Queue, call, parameters for people, and the number of the result's name.
pub(super) type Built = (Option<Called>, Option<Call>, Cell, Option<usize>);
