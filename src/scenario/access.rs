//! Who may do what with each queue: policies and keys, held against everybody in the scenario.

use super::config::ScenarioConfig;
use super::directory::{Directory, Names};
use crate::engine::Span;
use crate::language::{Name, Problems, Reference};
use crate::services::sns::{
    ALARMS, QueuePolicyConfig, TopicAccess, TopicActionConfig, TopicConfig, TopicEncryptionConfig, refuses,
};
use crate::services::sqs::{EncryptionConfig, QueueConfig};
use crate::wire::{
    Access, EntityId, Identity, IdentityConfig, KeyConfig, KmsSettings, check_policy, check_principals,
    is_account,
};

/// Somebody who calls queues.
struct Principal<'a> {
    id: EntityId,
    name: &'a str,
    identity: Identity,
}

/// Everybody who calls queues, and the account that the queues are in.
pub(super) struct Principals<'a> {
    account: &'a str,
    all: Vec<Principal<'a>>,
    /// Queues, and topics that the policies of these queues let in because they subscribe.
    let_in: Vec<(&'a str, EntityId)>,
}

impl<'a> Principals<'a> {
    /// Everybody, with the entities their names stand for.
    pub(super) fn new(
        config: &'a ScenarioConfig,
        directory: &Directory<'_>,
        problems: &mut Problems,
    ) -> Self {
        let account = config.account.as_str();
        if !is_account(account) {
            problems
                .error(config.places.of("account"), format!("`{account}` is no AWS account"))
                .help("an account has 12 digits, in quotes: \"123456789012\"");
        }
        let mut everybody = Self { account, all: Vec::new(), let_in: Vec::new() };
        for (name, producer) in config.producers.iter() {
            everybody.enter(name, producer.identity.as_ref(), &directory.producers);
        }
        for (name, consumer) in config.consumers.iter() {
            everybody.enter(name, consumer.identity.as_ref(), &directory.consumers);
        }
        for (name, client) in config.clients.iter() {
            everybody.enter(name, client.identity.as_ref(), &directory.clients);
        }
        for (name, requester) in config.requesters.iter() {
            everybody.enter(name, requester.identity.as_ref(), &directory.requesters);
        }
        for (name, topic) in config.topics.iter() {
            everybody.enter_topic(name, topic, directory);
        }
        for (name, function) in config.functions.iter() {
            everybody.enter(name, function.identity.as_ref(), &directory.functions);
        }
        // A mapping calls its queue with the execution role of its function.
        for (name, mapping) in config.event_source_mappings.iter() {
            let role =
                config.functions.iter().find(|(function, _)| function.as_str() == mapping.function.as_str());
            if let (Some((function, role)), Some(id)) = (role, directory.mappings.entity(name.as_str())) {
                everybody.enter_as(id, function, role.identity.as_ref());
            }
        }
        for name in config.object_stores.names() {
            if let Some(id) = directory.object_stores.entity(name) {
                everybody.enter_service(id, name, "s3.amazonaws.com", Some(name));
            }
        }
        everybody.enter_service(directory.cloudwatch(config), "cloudwatch", ALARMS, None);
        everybody
    }

    fn enter_service(&mut self, id: EntityId, name: &'a str, principal: &str, source: Option<&str>) {
        let source = source.map(str::to_owned);
        let identity = Identity::Service { principal: principal.to_owned(), source };
        self.all.push(Principal { id, name, identity });
    }

    fn enter(&mut self, name: &'a Name, identity: Option<&IdentityConfig>, names: &Names<'_>) {
        if let Some(id) = names.entity(name.as_str()) {
            self.enter_as(id, name, identity);
        }
    }

    fn enter_as(&mut self, id: EntityId, name: &'a Name, identity: Option<&IdentityConfig>) {
        let own = || Identity::Role {
            account: self.account.to_owned(),
            name: name.text.clone(),
            secure_transport: true,
        };
        let identity = identity.map_or_else(own, |given| given.identity(name.as_str(), self.account));
        self.all.push(Principal { id, name: name.as_str(), identity });
    }

    /// A topic calls queues as SNS, for itself (`aws:SourceArn`). The console adds a statement to the policy of a queue that
    /// subscribes, and of a dead-letter queue ("Subscribing an Amazon SQS queue to an Amazon SNS topic").
    fn enter_topic(&mut self, name: &'a Name, topic: &'a TopicConfig, directory: &Directory<'_>) {
        let Some(id) = directory.topics.entity(name.as_str()) else { return };
        let identity =
            Identity::Service { principal: "sns.amazonaws.com".to_owned(), source: Some(name.text.clone()) };
        self.all.push(Principal { id, name: name.as_str(), identity });
        for subscription in &topic.subscriptions {
            let is_added = subscription.queue_policy == QueuePolicyConfig::Automatic;
            let dead_letters = subscription.redrive_policy.as_ref().map(|policy| &policy.dead_letter_queue);
            let queues = subscription.queue.iter().filter(|_| is_added).chain(dead_letters);
            self.let_in.extend(queues.map(|queue| (queue.as_str(), id)));
        }
    }

    /// What the policy of a queue refuses to whom.
    pub(super) fn access(&self, name: &Name, queue: &QueueConfig, problems: &mut Problems) -> Access {
        let names: Vec<&str> = self.all.iter().map(|principal| principal.name).collect();
        check_policy(queue.policy.len(), "queue", queue.places.key("policy"), problems);
        for statement in &queue.policy {
            check_principals(&statement.principals, &names, problems);
        }
        let mut access = Access::default();
        for principal in &self.all {
            // A policy that is written down is all there is; without one a subscription brings its statement.
            let is_let_in = queue.policy.is_empty() && self.let_in.contains(&(name.as_str(), principal.id));
            if !is_let_in {
                access.judge(principal.id, &principal.identity, self.account, &queue.policy);
            }
        }
        access
    }

    /// What a topic refuses to whom. Alarms have one entity in all, so it publishes if any of its alarms (`alarms`: those that
    /// publish to the topic) may.
    pub(super) fn topic_access(
        &self,
        topic: &TopicConfig,
        alarms: &[&str],
        problems: &mut Problems,
    ) -> TopicAccess {
        let names: Vec<&str> = self.all.iter().map(|principal| principal.name).collect();
        check_policy(topic.policy.len(), "topic", topic.places.key("policy"), problems);
        for statement in &topic.policy {
            check_principals(&statement.principals, &names, problems);
        }
        let judge = |action: TopicActionConfig| {
            let is_refused = |who: &&Principal<'_>| {
                let refuses = |identity: &Identity| refuses(&topic.policy, action, identity, self.account);
                match &who.identity {
                    Identity::Service { principal, .. } if principal == ALARMS && !alarms.is_empty() => {
                        alarms.iter().all(|alarm| {
                            let source = Some((*alarm).to_owned());
                            refuses(&Identity::Service { principal: principal.clone(), source })
                        })
                    }
                    identity => refuses(identity),
                }
            };
            self.all.iter().filter(is_refused).map(|who| who.id).collect()
        };
        TopicAccess {
            publish: judge(TopicActionConfig::Publish),
            subscribe: judge(TopicActionConfig::Subscribe),
        }
    }

    /// The key of a topic, with those who may not use it.
    pub(super) fn topic_key(&self, topic: &TopicConfig, problems: &mut Problems) -> Option<KmsSettings> {
        let TopicEncryptionConfig::SseKms(kms) = &topic.encryption else { return None };
        Some(KmsSettings {
            // "Amazon SNS encryption at rest": fixed.
            data_key_reuse_period: Span::from_minutes(5),
            refused: self.refused(kms.key, &kms.refused, problems),
            requests_per_second: kms.requests_per_second,
        })
    }

    /// Who may not use the key of a queue.
    pub(super) fn refused_key(&self, queue: &QueueConfig, problems: &mut Problems) -> Vec<EntityId> {
        match &queue.encryption {
            EncryptionConfig::SseKms(kms) => self.refused(kms.key, &kms.refused, problems),
            EncryptionConfig::None | EncryptionConfig::SseSqs => Vec::new(),
        }
    }

    /// Who may not use a key: those it refuses, and, since the policy of the key that AWS manages lets nobody else in,
    /// services and other accounts ("Key management" of Amazon SQS).
    fn refused(&self, key: KeyConfig, given: &[Reference], problems: &mut Problems) -> Vec<EntityId> {
        let mut refused: Vec<EntityId> =
            given.iter().flat_map(|reference| self.find(reference, problems)).collect();
        if key == KeyConfig::AwsManaged {
            let strangers = self.all.iter().filter(|one| !one.identity.is_of_account(self.account));
            refused.extend(strangers.map(|principal| principal.id));
        }
        refused
    }

    /// Everybody of a name: a function has its own calls and those of its mappings.
    fn find(&self, reference: &Reference, problems: &mut Problems) -> Vec<EntityId> {
        let named = self.all.iter().filter(|principal| principal.name == reference.as_str());
        let found: Vec<EntityId> = named.map(|principal| principal.id).collect();
        if found.is_empty() {
            let names: Vec<&str> = self.all.iter().map(|principal| principal.name).collect();
            let help = problems.suggest(reference.as_str(), &names, "names");
            problems
                .error(
                    reference.place,
                    format!("there is no producer, consumer, function or client `{reference}`"),
                )
                .help(help);
        }
        found
    }
}
