//! Topics: their subscriptions looked up, and what messages say made readable for filter policies.

use super::access::Principals;
use super::config::{AssumptionsConfig, ScenarioConfig};
use super::directory::Directory;
use crate::engine::Distribution;
use crate::filter::{Atom, Dialect, Document, Number, Policy, Vocabulary};
use crate::language::{Files, Json, Place, Problems, Reference};
use crate::services::client::{self, SetSubscriptionAttributesConfig};
use crate::services::cloudwatch::{AlarmId, NotifyConfig};
use crate::services::producer::{Attribute, AttributeValue, ProducerSettings};
use crate::services::sns::{
    Endpoints, FunctionTarget, QueueTarget, SnsPrices, SubscriptionChange, TopicConfig, TopicDefaults,
    TopicSettings, is_fifo_topic,
};
use crate::services::sqs::{EncryptionConfig, QueueSettings, is_fifo};
use crate::wire::{
    ActivitySettings, AlarmState, ApiLatencyConfig, Column, Contents, EntityId, Part, PriceList, Shape,
    SnsQuotas, Structure, TextId, Texts,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an alarm publishes when it enters a state.
#[derive(Debug)]
pub(super) struct AlarmMessage {
    /// The alarm: by its position among those of its kind in the scenario.
    pub(super) alarm: AlarmId,
    /// The state.
    pub(super) state: AlarmState,
    /// A topic, or a function.
    pub(super) to: EntityId,
    /// The text, and its size.
    pub(super) message: (TextId, u32),
}

/// How long a publish takes, and SNS until its first attempt: medians in nanoseconds. Assumptions.
const PUBLISH_MEDIAN: f64 = 15e6;
const DELIVERY_MEDIAN: f64 = 20e6;
/// Nothing takes longer than this.
const LONGEST: f64 = 2e9;

/// How long a publish takes in this scenario, in nanoseconds.
pub(super) fn publish_latency(config: &ScenarioConfig) -> Option<Distribution> {
    latency(config, PUBLISH_MEDIAN, 0.6)
}

/// Latencies follow those of the other calls: realistic, always the median, or none.
fn latency(config: &ScenarioConfig, median: f64, sigma: f64) -> Option<Distribution> {
    match config.api_latency {
        ApiLatencyConfig::None => Distribution::constant(0.0).ok(),
        ApiLatencyConfig::Fixed => Distribution::constant(median).ok(),
        _ => Distribution::lognormal_median_sigma(median, sigma, Some(LONGEST)).ok(),
    }
}

/// The topics of a scenario on their way to settings.
pub(super) struct Topics<'a> {
    config: &'a ScenarioConfig,
    directory: Directory<'a>,
    dialect: Dialect,
    contents: Contents,
    /// By topic: what scripts change in subscriptions.
    changes: Vec<Vec<SubscriptionChange>>,
    quotas: SnsQuotas,
}

impl<'a> Topics<'a> {
    pub(super) fn new(config: &'a ScenarioConfig, directory: Directory<'a>) -> Self {
        let quotas = quotas(config);
        Self {
            config,
            directory,
            dialect: config.quotas.filter_dialect(),
            contents: Contents::default(),
            changes: vec![Vec::new(); config.topics.len()],
            quotas,
        }
    }

    /// The messages of a producer may come: filter policies must be able to read them.
    pub(super) fn enter_producer(&mut self, id: EntityId, producer: &ProducerSettings) {
        let vocabulary = &mut self.contents.vocabulary;
        let own = producer.attributes.len();
        self.contents.most_attributes = self.contents.most_attributes.max(own);
        let shape = Shape {
            attributes: parts(&producer.attributes, 0, vocabulary),
            body: producer.body.as_ref().map(|body| parts(body, own, vocabulary)),
        };
        let shapes = &mut self.contents.shapes;
        if shapes.len() <= id.index() {
            shapes.resize(id.index() + 1, None);
        }
        shapes[id.index()] = Some(shape);
    }

    /// What alarms publish, by alarm, state and taker: a JSON object, as filter policies over the body read it ("Using Amazon
    /// CloudWatch alarms").
    pub(super) fn alarm_messages(&mut self, texts: &mut Texts, problems: &mut Problems) -> Vec<AlarmMessage> {
        let config = self.config;
        let metric = (0..).map(AlarmId::Metric).zip(config.alarms.iter()).flat_map(|(id, (name, alarm))| {
            alarm.actions().map(move |(state, action)| (id, name, None, state, action))
        });
        let composites = config.composite_alarms.iter();
        let composite = (0..).map(AlarmId::Composite).zip(composites).flat_map(|(id, (name, alarm))| {
            let rule = Some(alarm.alarm_rule.value.as_str());
            alarm.actions().map(move |(state, action)| (id, name, rule, state, action))
        });
        let mut messages = Vec::new();
        for (alarm, name, rule, state, action) in metric.chain(composite) {
            let Some(to) = self.taker(action, problems) else { continue };
            let body = match rule {
                None => serde_json::json!({ "AlarmName": name.text, "NewStateValue": state.name() }),
                Some(rule) => serde_json::json!({
                    "AlarmName": name.text, "NewStateValue": state.name(), "AlarmRule": rule
                }),
            };
            messages.push(AlarmMessage { alarm, state, to, message: self.notice(&body, texts) });
        }
        messages
    }

    /// Whom an action tells.
    fn taker(&self, action: &NotifyConfig, problems: &mut Problems) -> Option<EntityId> {
        match action {
            NotifyConfig::Function(function) => Some(self.directory.functions.find(function, problems)?.1),
            NotifyConfig::Topic(topic) => {
                let (_, id) = self.directory.topics.find(topic, problems)?;
                if is_fifo_topic(topic.as_str()) {
                    problems
                        .error(topic.place, format!("an alarm cannot publish to the FIFO topic `{topic}`"))
                        .why("its messages have no group");
                }
                Some(id)
            }
        }
    }

    /// A text that a service publishes by itself, and its size.
    pub(super) fn notice(&mut self, body: &Json, texts: &mut Texts) -> (TextId, u32) {
        let body = body.to_string();
        let text = texts.number(&body);
        self.contents.enter_body(text, &body);
        (text, body.len() as u32)
    }

    /// Any text may come as a body, and somebody other than a topic reads it.
    pub(super) fn enter_texts(&mut self, texts: &Texts) {
        for (text, body) in texts.all() {
            if !self.contents.bodies.contains_key(&text) {
                self.contents.enter_body(text, body);
            }
        }
        self.contents.enter_envelopes(texts.all());
    }

    /// What all messages say, once everything has been entered.
    pub(super) fn contents(&mut self) -> Arc<Contents> {
        Arc::new(std::mem::take(&mut self.contents))
    }

    /// The settings of all topics and of what is published to without one. The queues are those of the scenario, in their
    /// order.
    pub(super) fn settings(
        self,
        contents: &Arc<Contents>,
        (assumptions, prices): (&AssumptionsConfig, &PriceList),
        queues: &[Option<QueueSettings>],
        files: &dyn Files,
        problems: &mut Problems,
    ) -> SnsResources {
        let Self { config, directory, dialect, changes, quotas, .. } = self;
        check_number(config, &quotas, problems);
        let duplicate_delay = assumptions.duplicate_delay.build(files, problems);
        let change_time = assumptions.filter_policy_change_time.build(files, problems);
        let delivery = assumptions
            .sns_delivery_latency
            .as_ref()
            .map_or_else(|| latency(config, DELIVERY_MEDIAN, 0.7), |latency| latency.build(files, problems));
        let none = Distribution::constant(0.0).ok();
        let (Some(duplicate_delay), Some(policy_change_time), Some(delivery), Some(none)) =
            (duplicate_delay, change_time, delivery, none)
        else {
            let nothing = || vec![None];
            return SnsResources {
                topics: nothing(),
                phone_numbers: nothing(),
                platform_endpoints: nothing(),
            };
        };
        let is_given = |key: &str| config.assumptions.is_some() && assumptions.places.key(key).is_some();
        let delivery_streams = Arc::new(delivery_streams(config, &directory));
        // What a script calls is ideal as long as nobody says otherwise.
        let defaults = |is_scripted: bool| {
            let ideal = |key: &str| is_scripted && !is_given(key);
            TopicDefaults {
                quotas,
                dialect,
                delivery_latency: if ideal("sns_delivery_latency") { none.clone() } else { delivery.clone() },
                envelope_bytes: assumptions.sns_envelope_size.as_u64() as u32,
                duplicate_probability: if ideal("sns_duplicate_probability") {
                    0.0
                } else {
                    assumptions.sns_duplicate_probability.as_f64()
                },
                duplicate_delay: duplicate_delay.clone(),
                retry_jitter: assumptions.sns_retry_jitter,
                policy_change_time: policy_change_time.clone(),
                prices: SnsPrices::of(prices),
                sms_spend_limit: assumptions.sms_monthly_spend_limit,
                activity: ActivitySettings {
                    is_active_at_start: assumptions.active_at_start,
                    // AWS tells of late datapoints of queues only.
                    wake_up_delay: none.clone(),
                },
                contents: Arc::clone(contents),
                is_read: is_scripted,
                delivery_streams: Arc::clone(&delivery_streams),
            }
        };
        let principals = Principals::new(config, &directory, &mut Problems::new());
        let mut resources = SnsResources::default();
        for ((name, topic), changes) in config.topics.iter().zip(changes) {
            let endpoints = TopicEndpoints { config, directory: &directory, queues, topic: name.as_str() };
            let defaults = defaults(is_scripted(config, name.as_str()));
            let built = topic.settings(name, &defaults, &endpoints, files, problems);
            let access = principals.topic_access(topic, &alarms_of(config, name.as_str()), problems);
            let kms = principals.topic_key(topic, problems);
            resources.topics.push(built.map(|settings| TopicSettings { changes, access, kms, ..settings }));
        }
        for (name, number) in config.phone_numbers.iter() {
            let defaults = defaults(is_scripted(config, name.as_str()));
            resources.phone_numbers.push(number.settings(name.as_str(), &defaults, files, problems));
        }
        for (name, endpoint) in config.platform_endpoints.iter() {
            let defaults = defaults(is_scripted(config, name.as_str()));
            resources.platform_endpoints.push(endpoint.settings(name.as_str(), &defaults, files, problems));
        }
        resources
    }
}

/// The topics of a scenario, and what is published to without one; `None` where a problem was told.
#[derive(Debug, Default)]
pub(super) struct SnsResources {
    pub(super) topics: Vec<Option<TopicSettings>>,
    pub(super) phone_numbers: Vec<Option<TopicSettings>>,
    pub(super) platform_endpoints: Vec<Option<TopicSettings>>,
}

/// The alarms that publish to a topic.
fn alarms_of<'a>(config: &'a ScenarioConfig, topic: &str) -> Vec<&'a str> {
    let is_it = |(_, action): (AlarmState, &NotifyConfig)| matches!(action, NotifyConfig::Topic(to) if to.as_str() == topic);
    let alarms = config.alarms.iter().filter(|(_, alarm)| alarm.actions().any(is_it));
    let composites = config.composite_alarms.iter().filter(|(_, alarm)| alarm.actions().any(is_it));
    let names = alarms.map(|(name, _)| name.as_str());
    names.chain(composites.map(|(name, _)| name.as_str())).collect()
}

/// Who can subscribe to a topic.
struct TopicEndpoints<'a> {
    config: &'a ScenarioConfig,
    directory: &'a Directory<'a>,
    queues: &'a [Option<QueueSettings>],
    topic: &'a str,
}

impl Endpoints for TopicEndpoints<'_> {
    fn queue(&self, reference: &Reference, problems: &mut Problems) -> Option<QueueTarget> {
        let (position, id) = self.directory.queues.find(reference, problems)?;
        let settings = self.queues.get(position).and_then(Option::as_ref);
        let takes_up_to =
            settings.and_then(|settings| surely_takes(self.config, self.directory, self.topic, settings));
        Some(QueueTarget { id, is_fifo: is_fifo(reference.as_str()), takes_up_to })
    }

    fn function(&self, reference: &Reference, problems: &mut Problems) -> Option<FunctionTarget> {
        let (_, id) = self.directory.functions.find(reference, problems)?;
        let quotas = self.config.quotas.lambda(self.config.region);
        Some(FunctionTarget { id, takes_up_to: quotas.maximum_event_bytes as u32 })
    }
}

/// The delivery streams, and whether each takes records that are put.
fn delivery_streams(
    config: &ScenarioConfig,
    directory: &Directory<'_>,
) -> BTreeMap<String, (EntityId, bool)> {
    let streams = config.delivery_streams.iter();
    let known = streams.filter_map(|(name, stream)| {
        let id = directory.delivery_streams.entity(name.as_str())?;
        Some((name.text.clone(), (id, stream.reads_from.is_none())))
    });
    known.collect()
}

/// Whether a script calls the topic.
fn is_scripted(config: &ScenarioConfig, topic: &str) -> bool {
    let steps = config.clients.iter().flat_map(|(_, client)| &client.script);
    steps.filter_map(client::StepConfig::topic).any(|called| called.as_str() == topic)
}

/// The largest message that a queue takes from a topic without ever refusing one: a standard queue without a key of its
/// own, whose policy lets the topic in and that no script changes.
fn surely_takes(
    config: &ScenarioConfig,
    directory: &Directory<'_>,
    topic: &str,
    queue: &QueueSettings,
) -> Option<u32> {
    let topic = directory.topics.entity(topic)?;
    let given = config.queues.get(&queue.name)?;
    let is_sure = queue.fifo.is_none()
        && config.clients.is_empty()
        && !matches!(given.encryption, EncryptionConfig::SseKms(_))
        && !queue.access.refuses(topic, crate::wire::AccessAction::SendMessage);
    is_sure.then_some(queue.maximum_message_size)
}

fn parts(attributes: &[Attribute], first: usize, vocabulary: &mut Vocabulary) -> Vec<Part> {
    let part = |(attribute, position): (&Attribute, usize)| {
        let key = vocabulary.word(&attribute.name);
        let mut atoms = |value: &Json| atoms(value, vocabulary);
        let column = match &attribute.value {
            AttributeValue::Number(_) => Column::Number,
            AttributeValue::Constant(_) => {
                Column::Constant(attribute.says.iter().flat_map(&mut atoms).collect())
            }
            AttributeValue::OneOf(..) => Column::OneOf(attribute.says.iter().flat_map(&mut atoms).collect()),
        };
        Part { key, column, position }
    };
    attributes.iter().zip(first..).map(part).collect()
}

/// A value as policies see it; a list has several.
fn atoms(value: &Json, vocabulary: &mut Vocabulary) -> Vec<Atom> {
    match value {
        Json::Null => vec![Atom::Null],
        Json::Bool(value) => vec![Atom::of_bool(*value)],
        Json::Number(number) => vec![Atom::Number(Number::new(number.as_f64().unwrap_or_default()))],
        Json::String(text) => vec![Atom::Word(vocabulary.word(text))],
        Json::Array(items) => items.iter().flat_map(|item| atoms(item, vocabulary)).collect(),
        Json::Object(_) => Vec::new(),
    }
}

/// A text for each protocol, as SNS reads it: a JSON object of texts, one of them called `default` ("`Publish`",
/// `MessageStructure`).
fn structure(written: &str, texts: &mut Texts) -> Option<Structure> {
    let read: std::collections::BTreeMap<String, String> = serde_json::from_str(written).ok()?;
    let read: std::collections::BTreeMap<String, (TextId, u32)> = read
        .into_iter()
        .map(|(protocol, text)| (protocol, (texts.number(&text), text.len() as u32)))
        .collect();
    Some(Structure { bytes: written.len() as u32, default: *read.get("default")?, texts: read })
}

/// Bytes of attributes as they count towards the size of a message: name, type, value ("Amazon SQS message metadata").
fn attribute_bytes(attributes: &Json) -> u32 {
    let entries = attributes.as_object().into_iter().flatten();
    let bytes = entries.map(|(name, value)| {
        let value = match value {
            Json::String(text) => "String".len() + text.len(),
            Json::Array(_) => "String.Array".len() + value.to_string().len(),
            Json::Object(entries) => {
                let text = |key: &str| entries.get(key).and_then(Json::as_str).map_or(0, str::len);
                ["Type", "DataType", "Value", "StringValue", "BinaryValue"].into_iter().map(text).sum()
            }
            _ => "Number".len() + value.to_string().len(),
        };
        name.len() + value
    });
    bytes.sum::<usize>() as u32
}

impl client::Topics for Topics<'_> {
    fn topic(&self, topic: &Reference, problems: &mut Problems) -> Option<EntityId> {
        Some(self.directory.topics.find(topic, problems)?.1)
    }

    fn target(&self, target: client::PublishTarget<'_>, problems: &mut Problems) -> Option<EntityId> {
        let kinds = [
            (target.topic, &self.directory.topics),
            (target.phone_number, &self.directory.phone_numbers),
            (target.platform_endpoint, &self.directory.platform_endpoints),
        ];
        let (reference, names) = kinds.into_iter().find_map(|(given, names)| Some((given?, names)))?;
        Some(names.find(reference, problems)?.1)
    }

    fn structure(&mut self, body: TextId, texts: &mut Texts) {
        let written = texts.get(body).to_owned();
        let structure = structure(&written, texts);
        if let Some(structure) = &structure {
            let default = texts.get(structure.default.0).to_owned();
            self.contents.enter_body(structure.default.0, &default);
        }
        self.contents.structures.insert(body, structure);
    }

    fn subscription(
        &self,
        topic: &Reference,
        subscription: &Reference,
        problems: &mut Problems,
    ) -> Option<u32> {
        let (position, _) = self.directory.topics.find(topic, problems)?;
        let config: &TopicConfig = &self.config.topics.entries[position].1;
        // What is wrong with the names themselves is told where the topic is read.
        let names = config.names(&mut Problems::new());
        let found = names.iter().position(|name| name == subscription.as_str());
        if found.is_none() {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let help = problems.suggest(subscription.as_str(), &known, "subscriptions");
            problems
                .error(subscription.place, format!("`{topic}` has no subscription `{subscription}`"))
                .help(help);
        }
        found.map(|number| number as u32)
    }

    fn change(&mut self, change: &SetSubscriptionAttributesConfig, problems: &mut Problems) -> Option<u32> {
        let (position, _) = self.directory.topics.find(&change.topic, problems)?;
        let filter = match &change.filter_policy {
            None => None,
            Some(policy) if policy.0.mapping().is_some_and(<[_]>::is_empty) => Some(None),
            Some(policy) => {
                let scope = change.filter_policy_scope.scope();
                let policy = Policy::read(&policy.0, scope, self.dialect, problems)?;
                Some(Some(Arc::new(policy)))
            }
        };
        let changes = &mut self.changes[position];
        changes.push(SubscriptionChange { filter, is_raw: change.raw_message_delivery });
        Some(changes.len() as u32 - 1)
    }

    fn message(
        &mut self,
        body: TextId,
        attributes: Option<&Json>,
        place: Place,
        texts: &mut Texts,
        problems: &mut Problems,
    ) -> (TextId, u32) {
        let text = texts.get(body).to_owned();
        self.contents.enter_body(body, &text);
        let Some(attributes) = attributes else { return (TextId::IMPOSSIBLE, 0) };
        let text = texts.number(&attributes.to_string());
        let number = attributes.as_object().map_or(0, serde_json::Map::len);
        self.contents.numbers_of_attributes.insert(text, number);
        self.contents.most_attributes = self.contents.most_attributes.max(number);
        match Document::of_attributes(attributes, &mut self.contents.vocabulary) {
            Ok(document) => {
                self.contents.attributes.insert(text, document);
            }
            Err(what) => {
                problems.error(place, format!("AWS would refuse this message: {what}"));
            }
        }
        (text, attribute_bytes(attributes))
    }
}

/// Tells topics beyond the account's quota.
fn check_number(config: &ScenarioConfig, quotas: &SnsQuotas, problems: &mut Problems) {
    for (is_fifo, kind, key) in [(false, "standard", "sns_topics"), (true, "FIFO", "sns_fifo_topics")] {
        let most = quotas.topics_of(is_fifo);
        let names = config.topics.entries.iter().map(|(name, _)| name);
        let extra = names.filter(|name| is_fifo_topic(name.as_str()) == is_fifo).nth(most as usize);
        if let Some(extra) = extra {
            problems
                .error(extra.place, format!("an account has at most {most} {kind} topics in a Region"))
                .why("\"Amazon Simple Notification Service endpoints and quotas\"")
                .help(format!("`quotas: {{ {key}: … }}`"));
        }
    }
}

/// The quotas that all topics share.
pub(super) fn quotas(config: &ScenarioConfig) -> SnsQuotas {
    config.quotas.sns(config.region)
}
