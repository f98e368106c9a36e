//! Who may do what with each queue: policies and keys, held against everybody in the scenario.

use super::config::ScenarioConfig;
use super::directory::{Directory, Names};
use crate::language::{Name, Problems, Reference};
use crate::services::sqs::{EncryptionConfig, KeyConfig, QueueConfig};
use crate::wire::{Access, EntityId, Identity, IdentityConfig, check_policy, is_account};

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
        let mut everybody = Self { account, all: Vec::new() };
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
        everybody
    }

    fn enter(&mut self, name: &'a Name, identity: Option<&IdentityConfig>, names: &Names<'_>) {
        let Some(id) = names.entity(name.as_str()) else { return };
        let own = || Identity::Role { account: self.account.to_owned(), name: name.text.clone() };
        let identity = identity.map_or_else(own, |given| given.identity(name.as_str(), self.account));
        self.all.push(Principal { id, name: name.as_str(), identity });
    }

    /// What the policy of a queue refuses to whom.
    pub(super) fn access(&self, queue: &QueueConfig, problems: &mut Problems) -> Access {
        let names: Vec<&str> = self.all.iter().map(|principal| principal.name).collect();
        check_policy(&queue.policy, queue.places.key("policy"), problems);
        for statement in &queue.policy {
            statement.check_principals(&names, problems);
        }
        let mut access = Access::default();
        for principal in &self.all {
            access.judge(principal.id, &principal.identity, self.account, &queue.policy);
        }
        access
    }

    /// Who may not use the key of a queue: those it refuses, and, since the policy of the key that AWS manages lets
    /// nobody else in, services and other accounts ("Key management" of Amazon SQS).
    pub(super) fn refused_key(&self, queue: &QueueConfig, problems: &mut Problems) -> Vec<EntityId> {
        let EncryptionConfig::SseKms(kms) = &queue.encryption else { return Vec::new() };
        let mut refused: Vec<EntityId> =
            kms.refused.iter().filter_map(|reference| self.find(reference, problems)).collect();
        if kms.key == KeyConfig::AwsManaged {
            let strangers = self.all.iter().filter(|one| !one.identity.is_of_account(self.account));
            refused.extend(strangers.map(|principal| principal.id));
        }
        refused
    }

    fn find(&self, reference: &Reference, problems: &mut Problems) -> Option<EntityId> {
        let found = self.all.iter().find(|principal| principal.name == reference.as_str());
        if found.is_none() {
            let names: Vec<&str> = self.all.iter().map(|principal| principal.name).collect();
            let help = problems.suggest(reference.as_str(), &names, "names");
            problems
                .error(reference.place, format!("there is no producer, consumer or client `{reference}`"))
                .help(help);
        }
        found.map(|principal| principal.id)
    }
}
