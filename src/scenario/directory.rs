//! Who is who: the names of a scenario, by kind, and the entities they stand for.

use super::config::ScenarioConfig;
use crate::language::{Place, Problems, Reference, plural};
use crate::wire::EntityId;

/// Names of one kind, in the order of their entities.
#[derive(Debug, Clone)]
pub(super) struct Names<'a> {
    noun: &'static str,
    pub(super) names: Vec<&'a str>,
    /// The entity of the first of them.
    first: u32,
}

impl<'a> Names<'a> {
    pub(super) fn new(noun: &'static str, names: impl Iterator<Item = &'a str>, first: u32) -> Self {
        Self { noun, names: names.collect(), first }
    }

    /// The entity of a name.
    pub(super) fn entity(&self, name: &str) -> Option<EntityId> {
        let position = self.names.iter().position(|known| *known == name);
        position.map(|position| EntityId(self.first + position as u32))
    }

    /// The position among its kind and the entity a reference means; a problem is told when there is none.
    pub(super) fn find(&self, reference: &Reference, problems: &mut Problems) -> Option<(usize, EntityId)> {
        let found = self.names.iter().position(|name| *name == reference.as_str());
        if found.is_none() {
            no_such(reference.as_str(), reference.place, (&self.names, self.noun), problems);
        }
        found.map(|position| (position, EntityId(self.first + position as u32)))
    }
}

/// Tells that nothing of a kind has a name; `names` are those of the kind, `noun` is what one of it is called.
pub(super) fn no_such(name: &str, place: Place, (names, noun): (&[&str], &str), problems: &mut Problems) {
    let help = if names.is_empty() {
        format!("the scenario defines no {noun}")
    } else {
        problems.suggest(name, names, &plural(noun))
    };
    problems.error(place, format!("there is no {noun} `{name}`")).label(format!("no such {noun}")).help(help);
}

/// All names, each kind with the entities that follow those of the kind before it. [`super::Scenario::plan`] seats them in
/// the same order.
#[derive(Debug, Clone)]
pub(super) struct Directory<'a> {
    pub(super) queues: Names<'a>,
    pub(super) consumers: Names<'a>,
    pub(super) producers: Names<'a>,
    pub(super) clients: Names<'a>,
    pub(super) requesters: Names<'a>,
    pub(super) object_stores: Names<'a>,
    pub(super) topics: Names<'a>,
    pub(super) functions: Names<'a>,
    pub(super) mappings: Names<'a>,
    pub(super) streams: Names<'a>,
    pub(super) stream_consumers: Names<'a>,
    pub(super) stream_mappings: Names<'a>,
    pub(super) phone_numbers: Names<'a>,
    pub(super) platform_endpoints: Names<'a>,
    pub(super) delivery_streams: Names<'a>,
    pub(super) video_streams: Names<'a>,
    pub(super) cameras: Names<'a>,
    pub(super) video_consumers: Names<'a>,
    pub(super) flink_applications: Names<'a>,
    pub(super) sql_applications: Names<'a>,
    pub(super) brokers: Names<'a>,
    pub(super) broker_queues: Names<'a>,
    pub(super) broker_subscriptions: Names<'a>,
    pub(super) broker_topics: Names<'a>,
}

impl<'a> Directory<'a> {
    pub(super) fn new(config: &'a ScenarioConfig) -> Self {
        let mut next = 0;
        let mut number = |noun, names: Vec<&'a str>| {
            let first = next;
            next += names.len() as u32;
            Names::new(noun, names.into_iter(), first)
        };
        Self {
            queues: number("queue", config.queues.names().collect()),
            consumers: number("consumer", config.consumers.names().collect()),
            producers: number("producer", config.producers.names().collect()),
            clients: number("client", config.clients.names().collect()),
            requesters: number("requester", config.requesters.names().collect()),
            object_stores: number("object store", config.object_stores.names().collect()),
            topics: number("topic", config.topics.names().collect()),
            functions: number("function", config.functions.names().collect()),
            mappings: number("event source mapping", config.event_source_mappings.names().collect()),
            streams: number("stream", config.streams.names().collect()),
            stream_consumers: number("stream consumer", config.stream_consumers.names().collect()),
            stream_mappings: number("stream mapping", config.stream_mappings.names().collect()),
            phone_numbers: number("phone number", config.phone_numbers.names().collect()),
            platform_endpoints: number("platform endpoint", config.platform_endpoints.names().collect()),
            delivery_streams: number("delivery stream", config.delivery_streams.names().collect()),
            video_streams: number("video stream", config.video_streams.names().collect()),
            cameras: number("camera", config.cameras.names().collect()),
            video_consumers: number("video consumer", config.video_consumers.names().collect()),
            flink_applications: number("Flink application", config.flink_applications.names().collect()),
            sql_applications: number("SQL application", config.sql_applications.names().collect()),
            brokers: number("broker", config.brokers.names().collect()),
            broker_queues: number("queue of a broker", config.broker_queues.names().collect()),
            broker_subscriptions: number("subscription", config.broker_subscriptions.names().collect()),
            broker_topics: number("topic of a broker", config.broker_topics.names().collect()),
        }
    }

    /// All kinds, in the order of their entities.
    fn kinds(&self) -> [&Names<'a>; 24] {
        [
            &self.queues,
            &self.consumers,
            &self.producers,
            &self.clients,
            &self.requesters,
            &self.object_stores,
            &self.topics,
            &self.functions,
            &self.mappings,
            &self.streams,
            &self.stream_consumers,
            &self.stream_mappings,
            &self.phone_numbers,
            &self.platform_endpoints,
            &self.delivery_streams,
            &self.video_streams,
            &self.cameras,
            &self.video_consumers,
            &self.flink_applications,
            &self.sql_applications,
            &self.brokers,
            &self.broker_queues,
            &self.broker_subscriptions,
            &self.broker_topics,
        ]
    }

    /// The account of the Lambda functions: it follows all that have names.
    pub(super) fn account(&self) -> EntityId {
        EntityId(self.kinds().iter().map(|kind| kind.names.len() as u32).sum())
    }

    /// CloudWatch: it is the last one.
    pub(super) fn cloudwatch(&self, config: &ScenarioConfig) -> EntityId {
        EntityId(self.account().0 + u32::from(!config.functions.is_empty()))
    }

    /// The names of all entities, by entity.
    pub(super) fn entities(&self) -> Vec<String> {
        self.kinds().iter().flat_map(|kind| &kind.names).map(|name| (*name).to_owned()).collect()
    }
}
