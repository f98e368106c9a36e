//! What several services' sections share: latencies of calls, and spans from the scenario.

use super::ApiLatency;
use crate::engine::Span;
use crate::language::{DistributionOf, Duration, Files, Name, Place, Problems, choice, section};

choice! {
    /// How long API calls take. AWS publishes no latencies: an assumption.
    pub enum ApiLatencyConfig {
        /// Log-normal, medians of 8 ms (send, receive) and 6 ms (delete, change of visibility).
        Realistic = "realistic",
        /// Always those medians.
        Fixed = "fixed",
        /// No time at all: the queue of queueing theory.
        None = "none",
        /// Each call as given; calls not given are realistic.
        Custom(CustomLatency) = "custom",
    }
}

section! {
    /// Latencies of single calls.
    pub struct CustomLatency {
        /// `SendMessage` and `SendMessageBatch`.
        pub send: Option<DistributionOf<Duration>>;
        /// `ReceiveMessage`, besides the time it waits for messages.
        pub receive: Option<DistributionOf<Duration>>;
        /// `DeleteMessage` and `DeleteMessageBatch`.
        pub delete: Option<DistributionOf<Duration>>;
        /// `ChangeMessageVisibility` and its batch.
        pub change_visibility: Option<DistributionOf<Duration>>;
    }
}

impl ApiLatencyConfig {
    /// The latencies; `None` when a problem was told.
    pub fn build(&self, files: &dyn Files, problems: &mut Problems) -> Option<ApiLatency> {
        let mut latency = match self {
            ApiLatencyConfig::Fixed => ApiLatency::fixed(),
            ApiLatencyConfig::None => ApiLatency::none(),
            ApiLatencyConfig::Realistic | ApiLatencyConfig::Custom(_) => ApiLatency::realistic(),
        };
        if let ApiLatencyConfig::Custom(custom) = self {
            let calls = [
                (&custom.send, &mut latency.send),
                (&custom.receive, &mut latency.receive),
                (&custom.delete, &mut latency.delete),
                (&custom.change_visibility, &mut latency.change_visibility),
            ];
            for (given, call) in calls {
                if let Some(given) = given {
                    *call = given.build(files, problems)?;
                }
            }
        }
        Some(latency)
    }
}

/// Tells when what a scenario says of a queue or topic being FIFO (and where) contradicts its name: AWS takes no
/// `FifoQueue` or `FifoTopic` without the suffix ("CreateQueue", "CreateTopic").
pub fn check_fifo_name(name: &Name, (said, place): (Option<bool>, Option<Place>), problems: &mut Problems) {
    let stem = name.as_str().strip_suffix(".fifo");
    match (said, stem) {
        (Some(true), None) => {
            problems
                .error(place, format!("`{name}` is no name of something FIFO"))
                .help(format!("the name ends in `.fifo`: `{name}.fifo`"));
        }
        (Some(false), Some(stem)) => {
            problems
                .error(place, format!("what is named `{name}` is FIFO"))
                .help(format!("the suffix `.fifo` makes it so; call it `{stem}`"));
        }
        _ => {}
    }
}

/// A duration of the scenario as a span of simulated time.
pub fn span(duration: Duration) -> Span {
    Span::from_nanos(duration.as_nanos())
}

/// AWS takes this duration in whole seconds; tells a problem when it is not, and gives the seconds.
pub fn whole_seconds(duration: Duration, place: Option<Place>, name: &str, problems: &mut Problems) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    if !duration.as_nanos().is_multiple_of(SECOND) {
        problems
            .error(place, format!("`{name}` must be a whole number of seconds, as AWS takes it"))
            .label(format!("{duration} is not"));
    }
    duration.as_nanos() / SECOND
}
