//! A script with its names looked up: what a client plays.

use super::config::{
    ClientConfig, PublishEntryConfig, SendEntryConfig, SendMessageConfig, SetSubscriptionAttributesConfig,
    StepConfig, seconds,
};
use super::show::{Cell, entries, text};
use crate::engine::Time;
use crate::filter::{JsonConfig, json};
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
    /// `PutRecordBatch` of Firehose, or `PutRecord` if it is a single one.
    PutToDeliveryStream(Vec<Send>, bool),
}

/// What is known of topics.
pub trait Topics {
    /// The topic a reference means; a problem is told when there is none.
    fn topic(&self, topic: &Reference, problems: &mut Problems) -> Option<EntityId>;
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
    /// The topics.
    pub topics: &'a mut dyn Topics,
    /// The delivery stream a reference means; a problem is told when there is none.
    pub delivery_stream: &'a mut dyn FnMut(&Reference, &mut Problems) -> Option<EntityId>,
    /// The texts of the scenario.
    pub texts: &'a mut Texts,
}

/// A queue with its name.
type Called = (EntityId, String);

/// Names that steps gave to their results.
#[derive(Debug, Default)]
struct Results {
    /// The name, whether it is a task's, and the queue.
    names: Vec<(String, bool, Option<Called>)>,
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
            Some(Expected { step: number, outcome: expect.outcome.clone(), bodies: expect.bodies.clone() })
        });
        Some((steps.into_iter().collect::<Option<_>>()?, expected.collect()))
    }
}

impl Results {
    /// A step gives its result a name.
    fn define(
        &mut self,
        name: Option<&Located<String>>,
        is_task: bool,
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
        self.names.push((name.value.clone(), is_task, queue));
        Some(self.names.len() - 1)
    }

    fn find(
        &self,
        name: &str,
        is_task: bool,
        place: &Located<String>,
        problems: &mut Problems,
    ) -> Option<usize> {
        let position = self.names.iter().position(|(known, task, _)| known == name && *task == is_task);
        if position.is_none() {
            let known: Vec<&str> = self
                .names
                .iter()
                .filter(|(_, task, _)| *task == is_task)
                .map(|(name, ..)| name.as_str())
                .collect();
            let what = if is_task { "message move task" } else { "receive" };
            let help = if known.is_empty() {
                format!("give the {what} a name: `as: {}`", if is_task { "task" } else { "first" })
            } else {
                problems.suggest(name, &known, "names")
            };
            problems
                .error(place.place, format!("no earlier step of this client is a {what} called `{name}`"))
                .help(help);
        }
        position
    }

    fn handle(&self, written: &Located<String>, problems: &mut Problems) -> Option<Handle> {
        if written.value == "unknown" {
            return Some(Handle::Unknown);
        }
        let parts = written.value.strip_suffix(']').and_then(|text| text.split_once('['));
        let parts = parts.and_then(|(name, index)| Some((name, index.parse::<usize>().ok()?)));
        let Some((name, index)) = parts else {
            problems
                .error(written.place, format!("`{}` is no receipt handle", written.value))
                .help("write `first[0]` for the first message of the receive called `first`, or `unknown`");
            return None;
        };
        Some(Handle::Of { name: self.find(name, false, written, problems)?, index })
    }
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
        },
    }
}

impl SendMessageConfig {
    fn send(&self, texts: &mut Texts) -> Send {
        let ids = (self.message_group_id.as_ref(), self.message_deduplication_id.as_ref());
        send(&self.body, (self.delay, self.size), ids, texts)
    }

    fn cell(&self) -> Cell {
        Cell::default()
            .with("body", Some(text(&self.body)))
            .with("delay", self.delay)
            .with("message_group_id", self.message_group_id.as_deref().map(text))
            .with("message_deduplication_id", self.message_deduplication_id.as_deref().map(text))
            .with("size", self.size)
    }
}

impl SendEntryConfig {
    fn send(&self, texts: &mut Texts) -> Send {
        let ids = (self.message_group_id.as_ref(), self.message_deduplication_id.as_ref());
        send(&self.body, (self.delay, self.size), ids, texts)
    }

    fn cell(&self) -> Cell {
        Cell::default()
            .with("id", self.id.as_deref().map(text))
            .with("body", Some(text(&self.body)))
            .with("delay", self.delay)
            .with("message_group_id", self.message_group_id.as_deref().map(text))
            .with("message_deduplication_id", self.message_deduplication_id.as_deref().map(text))
            .with("size", self.size)
    }
}

/// A message of a script to a topic.
struct Publishing<'a> {
    message: &'a str,
    attributes: Option<&'a JsonConfig>,
    ids: (Option<&'a String>, Option<&'a String>),
    size: Option<Bytes>,
    place: Place,
}

impl<'a> Publishing<'a> {
    fn of_entry(entry: &'a PublishEntryConfig) -> Self {
        Self {
            message: &entry.message,
            attributes: entry.attributes.as_ref(),
            ids: (entry.message_group_id.as_ref(), entry.message_deduplication_id.as_ref()),
            size: entry.size,
            place: entry.place,
        }
    }

    fn send(&self, lookup: &mut Lookup<'_>, problems: &mut Problems) -> Send {
        let mut send = send(self.message, (None, self.size), self.ids, lookup.texts);
        let body = lookup.texts.number(self.message);
        let attributes = self.attributes.map(|attributes| &attributes.0);
        let (attributes, bytes) = lookup.topics.message(body, attributes, self.place, lookup.texts, problems);
        send.detail.attributes = attributes;
        if self.size.is_none() {
            send.bytes += bytes;
        }
        send
    }

    fn cell(&self) -> Cell {
        Cell::default()
            .with("message", Some(text(self.message)))
            .with("attributes", self.attributes.map(|attributes| text(&attributes.0.to_string())))
            .with("message_group_id", self.ids.0.map(|id| text(id)))
            .with("message_deduplication_id", self.ids.1.map(|id| text(id)))
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
            .or_else(|| self.queue_call(lookup, results, problems))?;
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
        let mut queue = |reference: &Reference, problems: &mut Problems| {
            (lookup.queue)(reference, problems).map(|id| (id, reference.text.clone()))
        };
        let texts = &mut *lookup.texts;
        if let Some(config) = &self.send_message {
            let call = Call::Send(config.send(texts));
            return Some((queue(&config.queue, problems), Some(call), config.cell(), None));
        }
        if let Some(config) = &self.send_message_batch {
            let sends = config.entries.iter().map(|entry| entry.send(texts)).collect();
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
            let name = results.define(config.r#as.as_ref(), false, queue.clone(), problems);
            return Some((queue, Some(call), cell, name));
        }
        if let Some(config) = &self.delete_message {
            let call = results.handle(&config.handle, problems).map(Call::Delete);
            let cell = Cell::default().with("handle", Some(&config.handle.value));
            return Some((queue(&config.queue, problems), call, cell, None));
        }
        if let Some(config) = &self.delete_message_batch {
            let handles: Vec<_> =
                config.handles.iter().map(|handle| results.handle(handle, problems)).collect();
            let call = handles.into_iter().collect::<Option<_>>().map(Call::DeleteBatch);
            let cell = entries(config.handles.iter().map(|handle| Cell::of(&handle.value)));
            return Some((queue(&config.queue, problems), call, cell, None));
        }
        if let Some(config) = &self.change_message_visibility {
            let handle = results.handle(&config.handle, problems);
            let call = handle.map(|handle| Call::Change(handle, seconds(config.visibility_timeout)));
            let cell = Cell::default()
                .with("handle", Some(&config.handle.value))
                .with("visibility_timeout", Some(config.visibility_timeout));
            return Some((queue(&config.queue, problems), call, cell, None));
        }
        let config = self.change_message_visibility_batch.as_ref()?;
        let mut changes = Vec::new();
        for entry in &config.entries {
            let handle = results.handle(&entry.handle, problems);
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
        if let Some(config) = &self.publish {
            let message = Publishing {
                message: &config.message,
                attributes: config.attributes.as_ref(),
                ids: (config.message_group_id.as_ref(), config.message_deduplication_id.as_ref()),
                size: config.size,
                place: config.place,
            };
            let call = Call::Publish(message.send(lookup, problems));
            return Some((called(&config.topic, lookup, problems), Some(call), message.cell(), None));
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
        let calls: [(_, SubscriptionCall); 3] = [
            (&self.subscribe, Call::Subscribe),
            (&self.unsubscribe, Call::Unsubscribe),
            (&self.read_deliveries, Call::ReadDeliveries),
        ];
        let (config, call) = calls.into_iter().find_map(|(config, call)| Some((config.as_ref()?, call)))?;
        let number = lookup.topics.subscription(&config.topic, &config.subscription, problems);
        let cell = Cell::default().with("subscription", Some(&config.subscription));
        Some((called(&config.topic, lookup, problems), number.map(call), cell, None))
    }

    /// Calls about a queue as a whole.
    fn queue_call(
        &self,
        lookup: &mut Lookup<'_>,
        results: &mut Results,
        problems: &mut Problems,
    ) -> Option<Built> {
        let mut queue = |reference: &Reference, problems: &mut Problems| {
            (lookup.queue)(reference, problems).map(|id| (id, reference.text.clone()))
        };
        let nothing = Cell::default;
        if let Some(config) = &self.purge_queue {
            return Some((queue(&config.queue, problems), Some(Call::Purge), nothing(), None));
        }
        if let Some(config) = &self.get_queue_attributes {
            return Some((queue(&config.queue, problems), Some(Call::GetAttributes), nothing(), None));
        }
        if let Some(config) = &self.list_message_move_tasks {
            return Some((queue(&config.source, problems), Some(Call::ListTasks), nothing(), None));
        }
        if let Some(config) = &self.cancel_message_move_task {
            let task = results.find(&config.task.value, true, &config.task, problems);
            let queue = task.and_then(|task| results.names[task].2.clone());
            let cell = nothing().with("task", Some(&config.task.value));
            return Some((queue, task.map(Call::CancelTask), cell, None));
        }
        if let Some(config) = &self.start_message_move_task {
            let source = queue(&config.source, problems);
            let destination = config.destination.as_ref().map(|reference| queue(reference, problems));
            let is_known = destination.as_ref().is_none_or(Option::is_some);
            let call = is_known.then(|| Call::StartTask {
                destination: destination.flatten().map(|(id, _)| id),
                maximum_per_second: config.max_number_of_messages_per_second,
            });
            let cell = nothing()
                .with("destination", config.destination.as_ref())
                .with("max_number_of_messages_per_second", config.max_number_of_messages_per_second);
            let name = results.define(config.r#as.as_ref(), true, source.clone(), problems);
            return Some((source, call, cell, name));
        }
        let config = self.set_queue_attributes.as_ref()?;
        let policy = config.redrive_policy.as_ref();
        let dead_letter_queue = policy.map(|policy| queue(&policy.dead_letter_queue, problems));
        let redrive = match (policy, dead_letter_queue) {
            (Some(policy), Some(queue)) => {
                let Some((id, _)) = queue else { return Some((None, None, nothing(), None)) };
                Some(QueueAttribute::RedrivePolicy(Some((id, policy.max_receive_count))))
            }
            _ => None,
        };
        let size = config.maximum_message_size.map(|size| i64::try_from(size.as_u64()).unwrap_or(i64::MAX));
        let attributes = [
            config.visibility_timeout.map(|value| QueueAttribute::VisibilityTimeout(seconds(value))),
            config.delay.map(|value| QueueAttribute::Delay(seconds(value))),
            config
                .message_retention_period
                .map(|value| QueueAttribute::MessageRetentionPeriod(seconds(value))),
            config
                .receive_message_wait_time
                .map(|value| QueueAttribute::ReceiveMessageWaitTime(seconds(value))),
            size.map(QueueAttribute::MaximumMessageSize),
            redrive,
        ];
        let cell = nothing()
            .with("visibility_timeout", config.visibility_timeout)
            .with("delay", config.delay)
            .with("message_retention_period", config.message_retention_period)
            .with("receive_message_wait_time", config.receive_message_wait_time)
            .with("maximum_message_size", config.maximum_message_size)
            .with("dead_letter_queue", policy.map(|policy| &policy.dead_letter_queue))
            .with("max_receive_count", policy.map(|policy| policy.max_receive_count));
        let call = Call::SetAttributes(attributes.into_iter().flatten().collect());
        Some((queue(&config.queue, problems), Some(call), cell, None))
    }
}

/// Queue, call, parameters for people, and the number of the result's name.
pub(super) type Built = (Option<Called>, Option<Call>, Cell, Option<usize>);
