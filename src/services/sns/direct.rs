//! What is published to without a topic: a telephone number, a device ("`Publish`": `PhoneNumber`, `TargetArn`).
//!
//! Each is a topic with one subscription, so attempts, retries, rates and the spending limit are the same; only what it is
//! called, and what it measures, differs.

use super::metrics::TopicMetrics;
use crate::record::MetricDefinition;

/// What is published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A topic.
    Topic,
    /// A telephone number.
    PhoneNumber,
    /// An app on a device.
    PlatformEndpoint,
}

/// What says nothing about what has neither policies nor filters nor dead-letter queues, and delivers once.
const OF_TOPICS_ALONE: [&str; 13] = [
    "notifications_filtered_out",
    "filtered_out_attributes",
    "filtered_out_body",
    "filtered_out_no_attributes",
    "filtered_out_invalid_attributes",
    "filtered_out_invalid_body",
    "notifications_redriven_to_dlq",
    "notifications_failed_to_redrive",
    "duplicates",
    "messages_deduplicated",
    "messages_replayed",
    "access_denied",
    "kms_calls",
];

/// The same of its books.
const FATES_OF_TOPICS_ALONE: [&str; 6] =
    ["duplicates", "replayed", "filtered_out", "redriven_to_dlq", "deduplicated", "copied"];

const METRICS: usize = TopicMetrics::DEFINITIONS.len();

const fn by(dimension: &'static str) -> [MetricDefinition; METRICS] {
    let mut all = [TopicMetrics::DEFINITIONS[0]; METRICS];
    let mut position = 0;
    while position < METRICS {
        all[position] = TopicMetrics::DEFINITIONS[position];
        all[position].dimension = dimension;
        position += 1;
    }
    all
}

static BY_NUMBER: [MetricDefinition; METRICS] = by("PhoneNumber");
static BY_APPLICATION: [MetricDefinition; METRICS] = by("Application");

impl Kind {
    /// What reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Topic => "topic",
            Kind::PhoneNumber => "phone_number",
            Kind::PlatformEndpoint => "platform_endpoint",
        }
    }

    /// Whether it is published to without a topic.
    pub(super) fn is_direct(self) -> bool {
        self != Kind::Topic
    }

    /// The declarations of its metrics, in the order of [`TopicMetrics::DEFINITIONS`].
    pub fn definitions(self) -> &'static [MetricDefinition] {
        match self {
            Kind::Topic => TopicMetrics::DEFINITIONS,
            Kind::PhoneNumber => &BY_NUMBER,
            Kind::PlatformEndpoint => &BY_APPLICATION,
        }
    }

    /// Whether it has a metric.
    pub fn measures(self, metric: &str) -> bool {
        match self {
            Kind::Topic => true,
            Kind::PhoneNumber => !OF_TOPICS_ALONE.contains(&metric),
            Kind::PlatformEndpoint => !metric.starts_with("sms_") && !OF_TOPICS_ALONE.contains(&metric),
        }
    }

    /// Whether its books have a row.
    pub(super) fn has_fate(self, fate: &str) -> bool {
        self == Kind::Topic || !FATES_OF_TOPICS_ALONE.contains(&fate)
    }
}
