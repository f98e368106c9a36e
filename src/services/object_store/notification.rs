//! Events of a bucket, published to a topic, a queue or a function ("Amazon S3 Event Notifications").

use crate::engine::Distribution;
use crate::language::{
    DistributionOf, DistributionSpec, Duration, Place, Problems, Reference, keyword, section,
};
use crate::wire::Notice;

section! {
    /// Who is told of the events of an object store.
    pub struct NotificationConfig {
        /// A topic. Its policy must let `s3.amazonaws.com` publish.
        pub topic: Option<Reference>;
        /// A queue. Its policy must let `s3.amazonaws.com` send.
        pub queue: Option<Reference>;
        /// A function; its policy is taken to let S3 invoke it.
        pub function: Option<Reference>;
        /// Which events.
        pub events: Vec<ObjectEventConfig> = vec![ObjectEventConfig::Created];
    }
    check NotificationConfig::check;
}

keyword! {
    /// An event of an object store.
    pub enum ObjectEventConfig {
        /// `s3:ObjectCreated:Put`.
        Created = "object_created",
        /// `s3:ObjectRemoved:Delete`.
        Removed = "object_removed",
    }
}

impl ObjectEventConfig {
    /// S3's name of the event, in the message.
    pub fn event_name(self) -> &'static str {
        match self {
            ObjectEventConfig::Created => "ObjectCreated:Put",
            ObjectEventConfig::Removed => "ObjectRemoved:Delete",
        }
    }
}

/// What a store publishes.
#[derive(Debug, Clone)]
pub struct Notifications {
    /// When an object is created.
    pub created: Option<Notice>,
    /// When an object is removed.
    pub removed: Option<Notice>,
    /// How long after the event, in nanoseconds.
    pub latency: Distribution,
}

/// "Typically seconds, sometimes a minute or longer": an assumption.
pub(super) fn default_event_latency() -> DistributionOf<Duration> {
    let seconds = |value: u64| Duration::from_seconds(value).as_nanos() as f64;
    let spec = DistributionSpec::LognormalMeanP95 { mean: seconds(1), p95: seconds(3) };
    DistributionOf::from_spec(spec, None)
}

impl NotificationConfig {
    fn check(&self, problems: &mut Problems) {
        let given = [&self.topic, &self.queue, &self.function];
        if given.into_iter().flatten().count() != 1 {
            problems.error(
                self.place,
                "a notification has one destination: a `topic`, a `queue` or a `function`",
            );
        }
        if self.events.is_empty() {
            problems.error(self.places.of("events"), "a notification is about one event at least");
        }
    }
}

/// An event has one destination ("Configuring event notifications": configurations must not overlap).
pub(super) fn check_overlap(notifications: &[NotificationConfig], problems: &mut Problems) {
    let mut seen: Vec<(ObjectEventConfig, Place)> = Vec::new();
    for notification in notifications {
        for event in &notification.events {
            if seen.iter().any(|(one, _)| one == event) {
                problems
                    .error(notification.place, format!("`{}` is published already", event.event_name()))
                    .why("S3 refuses notifications that overlap")
                    .help("let one of them go to a topic, and fan out from there");
            }
            seen.push((*event, notification.place));
        }
    }
}
