//! Telephone numbers and devices in a scenario.

use super::config::TopicDefaults;
use super::delivery::LONGEST_SMS;
use super::direct::Kind;
use super::endpoint::Endpoint;
use super::retry::RetryPolicy;
use super::settings::{Protocol, SubscriptionSettings, TopicSettings};
use super::subscription_config::{EndpointConfig, OutageConfig, SmsTypeConfig};
use crate::engine::{Span, Time};
use crate::language::{DistributionOf, Duration, Files, Problems, section};
use crate::wire::span;

section! {
    /// A telephone number that messages are published to without a topic (`Publish` with `PhoneNumber`).
    pub struct PhoneNumberConfig {
        /// How long the carrier takes, and how often it fails.
        pub carrier: Option<EndpointConfig>;
        /// What the messages are for (`AWS.SNS.SMS.SMSType`).
        pub sms_type: SmsTypeConfig = SmsTypeConfig::Promotional;
        /// When the carrier does not work.
        pub outages: Vec<OutageConfig> = Vec::new();
        /// How long SNS takes until its first attempt; by default as the scenario's assumptions say.
        pub delivery_latency: Option<DistributionOf<Duration>>;
    }
}

section! {
    /// An app on a device that messages are published to without a topic (`Publish` with `TargetArn`).
    pub struct PlatformEndpointConfig {
        /// How long the push service of the platform takes, and how often it fails. An answer of 404 or 410 disables the device.
        pub push_service: Option<EndpointConfig>;
        /// How long after a publish the device still wants a push (TTL); then it is dropped.
        pub time_to_live: Option<Duration>;
        /// From when on the device is disabled (`Enabled: false`); then publishes are refused.
        pub disabled_at: Option<Duration>;
        /// When the push service does not work.
        pub outages: Vec<OutageConfig> = Vec::new();
        /// How long SNS takes until its first attempt; by default as the scenario's assumptions say.
        pub delivery_latency: Option<DistributionOf<Duration>>;
    }
}

/// What numbers and devices have in common.
struct Common<'a> {
    endpoint: Option<&'a EndpointConfig>,
    outages: &'a [OutageConfig],
    latency: Option<&'a DistributionOf<Duration>>,
    kind: Kind,
    protocol_name: &'static str,
    disabled_at: Time,
}

impl Common<'_> {
    fn settings(
        &self,
        name: &str,
        protocol: impl FnOnce(Endpoint) -> Protocol,
        defaults: &TopicDefaults,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<TopicSettings> {
        let endpoint =
            self.endpoint.map_or(Some(Endpoint::default()), |endpoint| endpoint.build(files, problems));
        let latency = match self.latency {
            Some(latency) => latency.build(files, problems),
            None => Some(defaults.delivery_latency.clone()),
        };
        let subscription = SubscriptionSettings {
            name: self.protocol_name.to_owned(),
            protocol: protocol(endpoint?),
            protocol_name: self.protocol_name,
            active_from: Some(Time::ZERO),
            filter: None,
            is_raw: true,
            retries: RetryPolicy::CUSTOMER_MANAGED,
            gap: Span::ZERO,
            disabled_at: self.disabled_at,
            dead_letter_queue: None,
            latency: latency?,
            outages: self.outages.iter().map(OutageConfig::outage).collect(),
            is_read: defaults.is_read,
            replay: None,
        };
        Some(TopicSettings {
            // Duplicates are those of topics.
            duplicate_probability: 0.0,
            kind: self.kind,
            ..defaults.topic(name, vec![subscription])
        })
    }
}

impl PhoneNumberConfig {
    /// Its settings; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        defaults: &TopicDefaults,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<TopicSettings> {
        let common = Common {
            endpoint: self.carrier.as_ref(),
            outages: &self.outages,
            latency: self.delivery_latency.as_ref(),
            kind: Kind::PhoneNumber,
            protocol_name: "sms",
            disabled_at: Time::MAX,
        };
        let settings = common.settings(
            name,
            |carrier| Protocol::Sms(carrier, self.sms_type.into()),
            defaults,
            files,
            problems,
        )?;
        Some(TopicSettings { maximum_message_size: LONGEST_SMS, ..settings })
    }
}

impl PlatformEndpointConfig {
    /// Its settings; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        defaults: &TopicDefaults,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<TopicSettings> {
        let common = Common {
            endpoint: self.push_service.as_ref(),
            outages: &self.outages,
            latency: self.delivery_latency.as_ref(),
            kind: Kind::PlatformEndpoint,
            protocol_name: "application",
            disabled_at: self.disabled_at.map_or(Time::MAX, |at| Time::ZERO + span(at)),
        };
        let time_to_live = self.time_to_live.map(span);
        common.settings(
            name,
            |service| Protocol::Application(service, time_to_live),
            defaults,
            files,
            problems,
        )
    }
}
