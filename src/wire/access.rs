//! Who may do what with a queue: queue policies and the identities of callers ("Identity and access management in Amazon
//! SQS", "Basic examples of Amazon SQS policies").
//!
//! A principal of the queue's own account is taken to have identity-based permissions, so it may do everything that no
//! policy denies. Other accounts and AWS services need a statement that allows them; a statement that denies wins over
//! all. Some actions cannot be granted to other accounts at all ("Limitations of Amazon SQS custom policies").

use super::EntityId;
use crate::language::{Located, Place, Problems, keyword, section};

section! {
    /// Who a producer, consumer or client is to the queues it calls; by default a role of their own account.
    pub struct IdentityConfig {
        /// The AWS account, 12 digits.
        pub account: Option<Located<String>>;
        /// The AWS service that calls, such as `s3.amazonaws.com` or `sns.amazonaws.com`.
        pub service: Option<Located<String>>;
        /// For a service: what it acts for (`aws:SourceArn`), such as the name of a bucket or topic.
        pub source: Option<String>;
        /// Whether a role calls over HTTPS (`aws:SecureTransport`), as every SDK does; services always do.
        pub secure_transport: bool = true;
    }
    check IdentityConfig::check;
}

section! {
    /// A statement of a queue policy.
    pub struct PolicyStatementConfig {
        /// Whether it allows or denies.
        pub effect: EffectConfig = EffectConfig::Allow;
        /// Accounts (12 digits), services (`s3.amazonaws.com`), names of producers, consumers and clients of the
        /// scenario, or `*` for everybody.
        pub principals: Vec<Located<String>>;
        /// The actions it is about; `all` for every one.
        pub actions: Vec<ActionConfig> = vec![ActionConfig::All];
        /// Only calls of a service for this source (`aws:SourceArn`).
        pub source: Option<String>;
        /// Only calls over HTTPS, or only those over plain HTTP (`aws:SecureTransport`; "Amazon SQS security best
        /// practices", encryption of data in transit).
        pub secure_transport: Option<bool>;
    }
    check PolicyStatementConfig::check;
}

keyword! {
    /// What a statement does.
    pub enum EffectConfig {
        /// It allows.
        Allow = "allow",
        /// It denies, whatever others allow.
        Deny = "deny",
    }
}

keyword! {
    /// An action of a policy. Permission for a single action is permission for its batch.
    pub enum ActionConfig {
        /// Every action.
        All = "all",
        /// `sqs:SendMessage`.
        SendMessage = "send_message",
        /// `sqs:ReceiveMessage`.
        ReceiveMessage = "receive_message",
        /// `sqs:DeleteMessage`.
        DeleteMessage = "delete_message",
        /// `sqs:ChangeMessageVisibility`.
        ChangeMessageVisibility = "change_message_visibility",
        /// `sqs:PurgeQueue`.
        PurgeQueue = "purge_queue",
        /// `sqs:GetQueueAttributes`.
        GetQueueAttributes = "get_queue_attributes",
    }
}

/// An action on a queue, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessAction {
    /// `SendMessage` and its batch.
    SendMessage,
    /// `ReceiveMessage`.
    ReceiveMessage,
    /// `DeleteMessage` and its batch.
    DeleteMessage,
    /// `ChangeMessageVisibility` and its batch.
    ChangeMessageVisibility,
    /// `PurgeQueue`.
    PurgeQueue,
    /// `GetQueueAttributes`.
    GetQueueAttributes,
    /// `SetQueueAttributes` and message move tasks: never for other accounts.
    Manage,
}

impl AccessAction {
    const ALL: [Self; 7] = [
        Self::SendMessage,
        Self::ReceiveMessage,
        Self::DeleteMessage,
        Self::ChangeMessageVisibility,
        Self::PurgeQueue,
        Self::GetQueueAttributes,
        Self::Manage,
    ];

    fn is_meant_by(self, action: ActionConfig) -> bool {
        match action {
            ActionConfig::All => true,
            ActionConfig::SendMessage => self == Self::SendMessage,
            ActionConfig::ReceiveMessage => self == Self::ReceiveMessage,
            ActionConfig::DeleteMessage => self == Self::DeleteMessage,
            ActionConfig::ChangeMessageVisibility => self == Self::ChangeMessageVisibility,
            ActionConfig::PurgeQueue => self == Self::PurgeQueue,
            ActionConfig::GetQueueAttributes => self == Self::GetQueueAttributes,
        }
    }
}

/// Who calls, for a policy to judge.
#[derive(Debug, Clone)]
pub enum Identity {
    /// A role of an account, by its name in the scenario.
    Role {
        /// The account.
        account: String,
        /// The name.
        name: String,
        /// Whether it calls over HTTPS.
        secure_transport: bool,
    },
    /// An AWS service.
    Service {
        /// Its principal: `s3.amazonaws.com`.
        principal: String,
        /// What it acts for.
        source: Option<String>,
    },
}

impl Identity {
    /// Whether it is somebody of this account; services never are.
    pub fn is_of_account(&self, account: &str) -> bool {
        matches!(self, Identity::Role { account: mine, .. } if mine == account)
    }

    fn is_named(&self, principal: &str) -> bool {
        match self {
            Identity::Role { account, name, .. } => {
                principal == "*" || principal == account || principal == name
            }
            Identity::Service { principal: mine, .. } => principal == "*" || principal == mine,
        }
    }

    /// Whether a statement with these principals and conditions is about it.
    pub fn fits(&self, principals: &[Located<String>], conditions: Conditions<'_>) -> bool {
        let names = principals.iter().any(|principal| self.is_named(&principal.value));
        let source = match (conditions.source, self) {
            (None, _) => true,
            (Some(wanted), Identity::Service { source, .. }) => source.as_ref() == Some(wanted),
            (Some(_), Identity::Role { .. }) => false,
        };
        let is_secure = !matches!(self, Identity::Role { secure_transport: false, .. });
        names && source && conditions.secure_transport.is_none_or(|wanted| wanted == is_secure)
    }
}

/// What a statement asks of a call besides its caller; what it does not name it does not ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    /// A service acts for this source (`aws:SourceArn`).
    pub source: Option<&'a String>,
    /// It comes over HTTPS, or over plain HTTP (`aws:SecureTransport`).
    pub secure_transport: Option<bool>,
}

/// Who may not do what with one queue.
#[derive(Debug, Clone, Default)]
pub struct Access {
    refused: Vec<(EntityId, u8)>,
}

impl Access {
    /// Works out what `who` may not do with a queue of this account and policy.
    pub fn judge(
        &mut self,
        who: EntityId,
        identity: &Identity,
        account: &str,
        policy: &[PolicyStatementConfig],
    ) {
        let is_own = identity.is_of_account(account);
        let mut refused = 0;
        for action in AccessAction::ALL {
            let says = |effect: EffectConfig| {
                policy.iter().any(|statement| {
                    statement.effect == effect
                        && identity.fits(&statement.principals, statement.conditions())
                        && statement.actions.iter().any(|meant| action.is_meant_by(*meant))
                })
            };
            let allowed = is_own || (action != AccessAction::Manage && says(EffectConfig::Allow));
            if !allowed || says(EffectConfig::Deny) {
                refused |= 1 << action as u8;
            }
        }
        if refused != 0 {
            self.refused.push((who, refused));
        }
    }

    /// Whether a call of `who` is refused.
    #[inline]
    pub fn refuses(&self, who: EntityId, action: AccessAction) -> bool {
        self.refused.iter().any(|(one, actions)| *one == who && actions & (1 << action as u8) != 0)
    }

    /// Whether nobody is refused anything.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.refused.is_empty()
    }
}

/// Whether the text is an account id: 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The suffix of service principals.
const SERVICE_SUFFIX: &str = ".amazonaws.com";
/// Most principals of a statement ("Amazon SQS policy quotas").
const MOST_PRINCIPALS: usize = 50;
/// Most statements of a policy (same page).
const MOST_STATEMENTS: usize = 20;

/// Tells when a policy has too many statements.
pub fn check_policy(statements: usize, of: &str, place: Option<Place>, problems: &mut Problems) {
    if statements > MOST_STATEMENTS {
        problems.error(
            place,
            format!("a {of} policy has {MOST_STATEMENTS} statements at most, this has {statements}"),
        );
    }
}

impl IdentityConfig {
    fn check(&self, problems: &mut Problems) {
        if let Some(account) = self.account.as_ref().filter(|account| !is_account(&account.value)) {
            problems
                .error(account.place, format!("`{}` is no AWS account", account.value))
                .help("an account has 12 digits, in quotes: \"123456789012\"");
        }
        if let Some(service) =
            self.service.as_ref().filter(|service| !service.value.ends_with(SERVICE_SUFFIX))
        {
            let name = service.value.split("amazonaws").next().unwrap_or_default().trim_end_matches('.');
            problems
                .error(service.place, format!("`{}` is no service principal", service.value))
                .help(format!("write `{name}{SERVICE_SUFFIX}`"));
        }
        if let (Some(_), Some(service)) = (&self.account, &self.service) {
            problems.error(service.place, "somebody is a role of an `account` or a `service`, not both");
        }
        if !self.secure_transport && self.service.is_some() {
            problems
                .error(self.places.of("secure_transport"), "AWS services call each other over HTTPS only");
        }
        if self.source.is_some() && self.service.is_none() {
            problems.error(
                self.places.key("source"),
                "`source` is what a `service` acts for; there is no service",
            );
        }
    }

    /// Who this is, under its name in the scenario; without an account of the scenario's own.
    pub fn identity(&self, name: &str, account: &str) -> Identity {
        match &self.service {
            Some(service) => {
                Identity::Service { principal: service.value.clone(), source: self.source.clone() }
            }
            None => Identity::Role {
                account: self.account.as_ref().map_or(account, |account| &account.value).to_owned(),
                name: name.to_owned(),
                secure_transport: self.secure_transport,
            },
        }
    }
}

impl PolicyStatementConfig {
    fn conditions(&self) -> Conditions<'_> {
        Conditions { source: self.source.as_ref(), secure_transport: self.secure_transport }
    }

    fn check(&self, problems: &mut Problems) {
        check_statement(&self.principals, self.place, problems);
    }
}

/// Tells when a statement of a policy names nobody, or too many.
pub fn check_statement(principals: &[Located<String>], place: Place, problems: &mut Problems) {
    if principals.is_empty() {
        problems
            .error(place, "a statement names at least one principal")
            .help("`principals: [\"*\"]` means everybody");
    }
    if let Some(extra) = principals.get(MOST_PRINCIPALS) {
        problems.error(extra.place, format!("a statement has {MOST_PRINCIPALS} principals at most"));
    }
}

/// Tells principals that are nobody: neither account nor service nor a name of the scenario.
pub fn check_principals(principals: &[Located<String>], names: &[&str], problems: &mut Problems) {
    for principal in principals {
        let text = principal.value.as_str();
        if text == "*" || is_account(text) || text.ends_with(SERVICE_SUFFIX) || names.contains(&text) {
            continue;
        }
        let help = problems.suggest(text, names, "names");
        problems
            .error(principal.place, format!("there is no principal `{text}`"))
            .why("a principal is an account of 12 digits, a service such as `s3.amazonaws.com`, the name of a producer, consumer or client, or `*`")
            .help(help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::decode_text;

    const ACCOUNT: &str = "111111111111";

    /// What `who` may not do with a queue of this policy.
    fn refused(policy: &str, who: &str) -> Vec<AccessAction> {
        let policy: Vec<PolicyStatementConfig> = decode_text("policy", policy).expect("a policy");
        let who: IdentityConfig = decode_text("who", who).expect("an identity");
        let mut access = Access::default();
        access.judge(EntityId(3), &who.identity("checkout", ACCOUNT), ACCOUNT, &policy);
        AccessAction::ALL.into_iter().filter(|action| access.refuses(EntityId(3), *action)).collect()
    }

    const ALLOW_PARTNER: &str =
        "[ { principals: [\"222222222222\"], actions: [send_message, get_queue_attributes] } ]";

    #[test]
    fn the_owner_may_do_everything_that_is_not_denied() {
        assert_eq!(refused("[]", "{}"), []);
        assert_eq!(
            refused("[ { effect: deny, principals: [checkout], actions: [purge_queue] } ]", "{}"),
            [AccessAction::PurgeQueue]
        );
        assert_eq!(refused("[ { effect: deny, principals: [other] } ]", "{}"), []);
    }

    #[test]
    fn another_account_needs_to_be_let_in() {
        let partner = "account: \"222222222222\"";
        assert_eq!(refused("[]", partner), AccessAction::ALL);
        let refused_to_partner = refused(ALLOW_PARTNER, partner);
        assert!(!refused_to_partner.contains(&AccessAction::SendMessage));
        assert!(refused_to_partner.contains(&AccessAction::ReceiveMessage));
        assert_eq!(refused(ALLOW_PARTNER, "account: \"333333333333\""), AccessAction::ALL);
        assert_eq!(refused("[ { principals: [\"*\"] } ]", partner), [AccessAction::Manage]);
        let denied = "[ { principals: [\"*\"] }, { effect: deny, principals: [\"222222222222\"] } ]";
        assert_eq!(refused(denied, partner), AccessAction::ALL, "a denial wins");
    }

    #[test]
    fn a_service_is_let_in_for_its_source() {
        let policy = "[ { principals: [s3.amazonaws.com], actions: [send_message], source: photos } ]";
        let may_send = |who| !refused(policy, who).contains(&AccessAction::SendMessage);
        assert!(may_send("{ service: s3.amazonaws.com, source: photos }"));
        assert!(!may_send("{ service: s3.amazonaws.com, source: videos }"));
        assert!(!may_send("{ service: s3.amazonaws.com }"));
        assert!(!may_send("{ service: sns.amazonaws.com, source: photos }"));
    }

    #[test]
    fn a_denial_of_plain_http_is_about_nobody_else() {
        let policy = "[ { effect: deny, principals: [\"*\"], secure_transport: false } ]";
        assert_eq!(refused(policy, "{}"), []);
        assert_eq!(refused(policy, "secure_transport: false"), AccessAction::ALL);
        let only_secure = "[ { principals: [\"222222222222\"], secure_transport: true } ]";
        assert_eq!(refused(only_secure, "account: \"222222222222\""), [AccessAction::Manage]);
        let plain = "{ account: \"222222222222\", secure_transport: false }";
        assert_eq!(refused(only_secure, plain), AccessAction::ALL);
        let denied = format!("[ {{ principals: [s3.amazonaws.com] }}, {} ]", &policy[1..policy.len() - 1]);
        assert_eq!(
            refused(&denied, "service: s3.amazonaws.com"),
            [AccessAction::Manage],
            "services use HTTPS"
        );
    }

    #[test]
    fn an_impossible_identity_is_told() {
        let wrong = |text| decode_text::<IdentityConfig>("who", text).expect_err("it is wrong");
        assert!(wrong("account: 12345").contains("12 digits"));
        assert!(wrong("service: s3").contains("s3.amazonaws.com"));
        assert!(wrong("source: photos").contains("there is no service"));
        let plain = wrong("{ service: s3.amazonaws.com, secure_transport: false }");
        assert!(plain.contains("over HTTPS only"));
    }
}
