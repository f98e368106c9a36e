//! Who may use a topic, and the key that encrypts it, in a scenario.

use crate::language::{Located, Problems, Reference, choice, keyword, section};
use crate::wire::{Conditions, EffectConfig, Identity, KeyConfig, check_statement};

section! {
    /// A statement of a topic policy ("Example cases for Amazon SNS access control").
    pub struct TopicStatementConfig {
        /// Whether it allows or denies.
        pub effect: EffectConfig = EffectConfig::Allow;
        /// Accounts (12 digits), services (`s3.amazonaws.com`), names of producers, consumers and clients of the scenario, or
        /// `*` for everybody.
        pub principals: Vec<Located<String>>;
        /// The actions it is about; `all` for every one.
        pub actions: Vec<TopicActionConfig> = vec![TopicActionConfig::All];
        /// Only calls of a service for this source (`aws:SourceArn`): an alarm, an object store.
        pub source: Option<String>;
        /// Only calls over HTTPS, or only those over plain HTTP (`aws:SecureTransport`).
        pub secure_transport: Option<bool>;
    }
    check TopicStatementConfig::check;
}

keyword! {
    /// An action of a topic policy. Permission for a single action is permission for its batch.
    pub enum TopicActionConfig {
        /// Every action.
        All = "all",
        /// `sns:Publish`.
        Publish = "publish",
        /// `sns:Subscribe`, and what is done with a subscription afterwards.
        Subscribe = "subscribe",
    }
}

choice! {
    /// Encryption of a topic at rest.
    pub enum TopicEncryptionConfig {
        /// None but that of the disks.
        None = "none",
        /// With a key of AWS KMS.
        SseKms(TopicKmsConfig) = "sse_kms",
    }
}

section! {
    /// Encryption of a topic with a key of AWS KMS. A publisher needs `kms:GenerateDataKey*` and `kms:Decrypt`.
    pub struct TopicKmsConfig {
        /// Which key: only the policy of a customer managed key can let other accounts and AWS services in.
        pub key: KeyConfig = KeyConfig::AwsManaged;
        /// Producers, clients, object stores, or `cloudwatch`, that must not use the key.
        pub refused: Vec<Reference> = Vec::new();
        /// Calls that KMS takes a second; by default all. Beyond it publishes are refused (`KMSThrottling`).
        pub requests_per_second: Option<u32>, at_least (1);
    }
}

/// The service that alarms publish as: the policy that a new topic has lets it in for alarms of the topic's account.
pub const ALARMS: &str = "cloudwatch.amazonaws.com";

impl TopicStatementConfig {
    fn check(&self, problems: &mut Problems) {
        check_statement(&self.principals, self.place, problems);
    }

    fn says(&self, effect: EffectConfig, action: TopicActionConfig, identity: &Identity) -> bool {
        let conditions = Conditions { source: self.source.as_ref(), secure_transport: self.secure_transport };
        let is_meant = self.actions.iter().any(|meant| [TopicActionConfig::All, action].contains(meant));
        self.effect == effect && is_meant && identity.fits(&self.principals, conditions)
    }
}

/// Whether a topic of this account and policy refuses an action. A principal of the account is taken to have
/// identity-based permissions, so it may do what no statement denies. Without a policy of its own a topic has the one that
/// `CreateTopic` gives it: everybody of the owner's account, and alarms.
pub fn refuses(
    policy: &[TopicStatementConfig],
    action: TopicActionConfig,
    identity: &Identity,
    account: &str,
) -> bool {
    let says = |effect| policy.iter().any(|statement| statement.says(effect, action, identity));
    let is_alarm = matches!(identity, Identity::Service { principal, .. } if principal == ALARMS);
    let is_own = identity.is_of_account(account) || (policy.is_empty() && is_alarm);
    says(EffectConfig::Deny) || !(is_own || says(EffectConfig::Allow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::decode_text;
    use crate::wire::IdentityConfig;

    const ACCOUNT: &str = "111111111111";

    /// Whether `who` may publish, and subscribe.
    fn may(policy: &str, who: &str) -> [bool; 2] {
        let policy: Vec<TopicStatementConfig> = decode_text("policy", policy).expect("a policy");
        let who: IdentityConfig = decode_text("who", who).expect("an identity");
        let who = who.identity("shop", ACCOUNT);
        [TopicActionConfig::Publish, TopicActionConfig::Subscribe]
            .map(|action| !refuses(&policy, action, &who, ACCOUNT))
    }

    #[test]
    fn without_a_policy_the_owner_and_its_alarms_may() {
        assert_eq!(may("[]", "{}"), [true, true]);
        assert_eq!(may("[]", "account: \"222222222222\""), [false, false]);
        assert!(may("[]", "service: cloudwatch.amazonaws.com")[0]);
        assert_eq!(may("[]", "{ service: s3.amazonaws.com, source: photos }"), [false, false]);
    }

    #[test]
    fn a_policy_lets_in_and_a_denial_wins() {
        let partner = "account: \"222222222222\"";
        let lets_in = "{ principals: [\"222222222222\"], actions: [publish] }";
        assert_eq!(may(&format!("[{lets_in}]"), partner), [true, false]);
        assert_eq!(may(&format!("[{lets_in}]"), "account: \"333333333333\""), [false, false]);
        assert_eq!(may(&format!("[{lets_in}]"), "{}"), [true, true], "the owner's roles have permissions");
        let denies = "{ effect: deny, principals: [\"*\"], actions: [publish] }";
        assert_eq!(may(&format!("[{lets_in}, {denies}]"), partner), [false, false]);
        assert_eq!(may(&format!("[{denies}]"), "{}"), [false, true]);
        let by_name = "[{ principals: [shop] }, { effect: deny, principals: [other] }]";
        assert_eq!(may(by_name, partner), [true, true], "a role can be let in by its name");
    }

    #[test]
    fn a_policy_that_is_written_down_is_all_that_services_have() {
        let s3 = "[{ principals: [s3.amazonaws.com], actions: [publish], source: photos }]";
        assert_eq!(may(s3, "{ service: s3.amazonaws.com, source: photos }"), [true, false]);
        assert_eq!(may(s3, "{ service: s3.amazonaws.com, source: videos }"), [false, false]);
        assert_eq!(may(s3, "service: cloudwatch.amazonaws.com"), [false, false]);
    }
}
