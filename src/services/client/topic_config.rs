//! The calls of a script to topics, and to what is published to without one, as they are written.

use crate::filter::{JsonConfig, PolicyConfig, ScopeConfig};
use crate::language::{Bytes, Place, Problems, Reference, keyword, section};

section! {
    /// A message to publish.
    pub struct PublishConfig {
        /// The topic.
        pub topic: Option<Reference>;
        /// Instead of a topic: a telephone number.
        pub phone_number: Option<Reference>;
        /// Instead of a topic: an app on a device (`TargetArn`).
        pub platform_endpoint: Option<Reference>;
        /// The body: what tells this message from others.
        pub message: String;
        /// `json`: the body is a JSON object with a text for each protocol (`MessageStructure`).
        pub message_structure: Option<MessageStructureConfig>;
        /// Its attributes: texts, numbers, lists (`String.Array`).
        pub attributes: Option<JsonConfig>;
        /// Its group (`MessageGroupId`).
        pub message_group_id: Option<String>;
        /// Its deduplication id (`MessageDeduplicationId`).
        pub message_deduplication_id: Option<String>;
        /// Its size; by default that of body and attributes.
        pub size: Option<Bytes>;
    }
    check PublishConfig::check;
}

keyword! {
    /// What a body is made of.
    pub enum MessageStructureConfig {
        /// A JSON object: a text by protocol (`sqs`, `lambda`, `http`, `https`, `email`, `sms`, `application`), and one for
        /// all others by the name of `default`.
        Json = "json",
    }
}

section! {
    /// Messages to publish in one call.
    pub struct PublishBatchConfig {
        /// The topic.
        pub topic: Reference;
        /// The messages.
        pub entries: Vec<PublishEntryConfig>;
    }
}

section! {
    /// One message of a batch to publish.
    pub struct PublishEntryConfig {
        /// What the answer calls it (`Id`); by default its position.
        pub id: Option<String>;
        /// The body: what tells this message from others.
        pub message: String;
        /// `json`: the body is a JSON object with a text for each protocol (`MessageStructure`).
        pub message_structure: Option<MessageStructureConfig>;
        /// Its attributes: texts, numbers, lists (`String.Array`).
        pub attributes: Option<JsonConfig>;
        /// Its group (`MessageGroupId`).
        pub message_group_id: Option<String>;
        /// Its deduplication id (`MessageDeduplicationId`).
        pub message_deduplication_id: Option<String>;
        /// Its size; by default that of body and attributes.
        pub size: Option<Bytes>;
    }
}

section! {
    /// An endpoint whose deliveries are read.
    pub struct ReadDeliveriesConfig {
        /// The topic.
        pub topic: Option<Reference>;
        /// The subscription, by its name in the topic.
        pub subscription: Option<Reference>;
        /// Instead of a subscription: a telephone number that is published to directly.
        pub phone_number: Option<Reference>;
        /// Instead of a subscription: a device that is published to directly.
        pub platform_endpoint: Option<Reference>;
    }
    check ReadDeliveriesConfig::check;
}

section! {
    /// A call about a subscription.
    pub struct SubscriptionCallConfig {
        /// The topic.
        pub topic: Reference;
        /// The subscription, by its name in the topic.
        pub subscription: Reference;
    }
}

section! {
    /// Attributes of a subscription to set; those not given stay.
    pub struct SetSubscriptionAttributesConfig {
        /// The topic.
        pub topic: Reference;
        /// The subscription, by its name in the topic.
        pub subscription: Reference;
        /// `FilterPolicy`; `{}` takes it away.
        pub filter_policy: Option<PolicyConfig>;
        /// `FilterPolicyScope` of this policy.
        pub filter_policy_scope: ScopeConfig = ScopeConfig::MessageAttributes;
        /// `RawMessageDelivery`.
        pub raw_message_delivery: Option<bool>;
    }
}

/// What is published to: exactly one of them should be given.
#[derive(Debug, Clone, Copy)]
pub struct PublishTarget<'a> {
    /// A topic.
    pub topic: Option<&'a Reference>,
    /// A telephone number.
    pub phone_number: Option<&'a Reference>,
    /// A device.
    pub platform_endpoint: Option<&'a Reference>,
}

impl<'a> PublishTarget<'a> {
    pub(super) fn reference(self) -> Option<&'a Reference> {
        self.topic.or(self.phone_number).or(self.platform_endpoint)
    }

    fn check(self, place: Place, problems: &mut Problems) {
        let given = [self.topic, self.phone_number, self.platform_endpoint];
        if given.into_iter().flatten().count() != 1 {
            problems.error(place, "give one of `topic`, `phone_number` and `platform_endpoint`");
        }
    }
}

impl PublishConfig {
    pub(super) fn target(&self) -> PublishTarget<'_> {
        PublishTarget {
            topic: self.topic.as_ref(),
            phone_number: self.phone_number.as_ref(),
            platform_endpoint: self.platform_endpoint.as_ref(),
        }
    }

    fn check(&self, problems: &mut Problems) {
        self.target().check(self.place, problems);
    }
}

impl ReadDeliveriesConfig {
    pub(super) fn target(&self) -> PublishTarget<'_> {
        PublishTarget {
            topic: self.topic.as_ref(),
            phone_number: self.phone_number.as_ref(),
            platform_endpoint: self.platform_endpoint.as_ref(),
        }
    }

    fn check(&self, problems: &mut Problems) {
        self.target().check(self.place, problems);
        if self.topic.is_some() != self.subscription.is_some() {
            problems.error(self.place, "a `subscription` is one of a `topic`: give both, or neither");
        }
    }
}
