//! Requesters: where their requests go, where the replies come back, and who answers.

use super::WithArrivals;
use super::config::ScenarioConfig;
use super::resolve::Resolver;
use crate::language::{Name, Problems};
use crate::services::compute::{Fleet, ReplyAddress};
use crate::services::requester::{
    RequestTarget, Requester, RequesterConfig, RequesterSettings, RequesterSurroundings,
};
use crate::services::sqs::{Queue, is_fifo};
use crate::wire::{EntityId, Service};

/// The name of the queue that the requests of a requester go to.
fn request_queue(requester: &RequesterConfig) -> &str {
    let RequestTarget::Queue(queue) = &requester.sends_requests_to;
    queue.as_str()
}

impl Resolver<'_> {
    /// Where the replies to each requester go.
    pub(super) fn reply_addresses(&self) -> Vec<ReplyAddress> {
        let requesters = self.config.requesters.iter();
        requesters
            .filter_map(|(name, requester)| {
                let me = self.directory.requesters.entity(name.as_str())?;
                let (queue, latency) = match requester.replies_through.queue() {
                    Some(reference) => {
                        let queue = self.directory.queues.entity(reference.as_str())?;
                        (queue, &self.latencies[queue.index()])
                    }
                    None => (me, &self.defaults.latency),
                };
                Some(ReplyAddress { requester: me, queue, send_latency: latency.send.clone() })
            })
            .collect()
    }

    /// The requesters, their references looked up.
    pub(super) fn requesters(
        &mut self,
        problems: &mut Problems,
    ) -> Vec<Option<WithArrivals<RequesterSettings>>> {
        let config = self.config;
        let mut resolved = Vec::new();
        for (name, requester) in config.requesters.iter() {
            let RequestTarget::Queue(reference) = &requester.sends_requests_to;
            let target = self.directory.queues.find(reference, problems);
            let reply_queue = self.reply_queue(name, requester, problems);
            let source = self.arrivals_source(name, &requester.arrivals, problems);
            self.requester_flows(name, requester);
            check_answers(config, name, requester, problems);
            // Also without a target the rest is looked at, so that all problems are told at once.
            let (position, queue) = target.unwrap_or((0, EntityId(0)));
            let Some(latency) = self.latencies.get(position) else { continue };
            let around = RequesterSurroundings {
                queue,
                send_latency: latency.send.clone(),
                is_fifo: is_fifo(reference.as_str()),
                reply_queue,
                latency: self.defaults.latency.clone(),
                price_per_million_requests: self.prices.dollars("sqs_standard_per_million_requests"),
            };
            let settings = requester.settings(name.as_str(), &around, self.files, problems);
            resolved.push(target.and(settings).zip(source).map(|(settings, source)| WithArrivals {
                settings,
                arrivals: requester.arrivals.clone(),
                source,
            }));
        }
        resolved
    }

    fn reply_queue(
        &self,
        name: &Name,
        requester: &RequesterConfig,
        problems: &mut Problems,
    ) -> Option<(EntityId, crate::wire::ApiLatency)> {
        let reference = requester.replies_through.queue()?;
        let (position, queue) = self.directory.queues.find(reference, problems)?;
        if is_fifo(reference.as_str()) {
            problems
                .error(reference.place, "replies cannot go through a FIFO queue")
                .why("whoever answers sends them without a message group id");
        }
        if request_queue(requester) == reference.as_str() {
            problems
                .error(reference.place, format!("`{reference}` is the queue for the requests of `{name}`"))
                .help("give the replies a queue of their own");
        }
        let others = self.config.requesters.iter().filter(|(other, _)| other.as_str() != name.as_str());
        let mut sharing = others.filter(|(_, other)| {
            other.replies_through.queue().is_some_and(|theirs| theirs.as_str() == reference.as_str())
        });
        if let Some((other, _)) = sharing.next() {
            problems
                .warning(reference.place, format!("`{other}` takes its replies from `{reference}` as well"))
                .why("each of them receives, and drops, replies that the other one waits for")
                .help("give each requester a reply queue of its own");
        }
        Some((queue, self.latencies[position].clone()))
    }

    fn requester_flows(&mut self, name: &Name, requester: &RequesterConfig) {
        let queue = request_queue(requester);
        self.flow(Requester::KIND, name.as_str(), Queue::KIND, queue);
        let (kind, replies) = match requester.replies_through.queue() {
            Some(reference) => (Queue::KIND, reference.as_str()),
            None => (Requester::KIND, name.as_str()),
        };
        for (consumer, _) in answerers(self.config, queue) {
            self.flow(Fleet::KIND, consumer.as_str(), kind, replies);
        }
        if kind == Queue::KIND {
            self.flow(kind, replies, Requester::KIND, name.as_str());
        }
    }
}

/// The consumers of a queue that answer requests.
fn answerers<'a>(
    config: &'a ScenarioConfig,
    queue: &'a str,
) -> impl Iterator<Item = (&'a Name, &'a crate::services::compute::ConsumerConfig)> {
    config.consumers.iter().filter(move |(_, consumer)| {
        let source = consumer.receives_from.queue();
        source.is_some_and(|source| source.as_str() == queue) && consumer.answers_requests.is_some()
    })
}

/// Requests that no consumer of their queue answers, though one takes them, are mostly a slip.
fn check_answers(config: &ScenarioConfig, name: &Name, requester: &RequesterConfig, problems: &mut Problems) {
    let queue = request_queue(requester);
    let taken = config
        .consumers
        .iter()
        .find(|(_, consumer)| consumer.receives_from.queue().is_some_and(|source| source.as_str() == queue));
    let Some((consumer, _)) = taken.filter(|_| answerers(config, queue).next().is_none()) else { return };
    problems
        .warning(name.place, format!("`{consumer}` takes the requests of `{name}`, but answers none"))
        .help(format!("give `{consumer}` the key `answers_requests: {{}}`"));
}
