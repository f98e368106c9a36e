//! Where an application's results go, in a scenario.

use super::settings::{SinkKind, SinkSettings};
use crate::engine::Distribution;
use crate::language::{Bytes, Duration, Problems, Reference, section};
use crate::wire::{EntityId, span};

section! {
    /// A sink. Exactly one of `stream`, `delivery_stream` and `function` is given.
    pub struct SinkConfig {
        /// A data stream: results keep their key as partition key.
        pub stream: Option<Reference>;
        /// A delivery stream that takes records with Direct PUT.
        pub delivery_stream: Option<Reference>;
        /// A Lambda function, invoked asynchronously for each result.
        pub function: Option<Reference>;
        /// How long a result waits for others (`maxTimeInBufferMS`).
        pub time_in_buffer: Duration = Duration::from_seconds(5);
        /// Most results of a call (`maxBatchSize`).
        pub batch_size: u32 = 500, within (1, 500);
        /// Most bytes of a call (`maxBatchSizeInBytes`); by default the 4 MiB that both kinds of streams take.
        pub batch_bytes: Bytes = Bytes::from_mib(4), within (Bytes::from_kib(1), Bytes::from_mib(5));
    }
    check SinkConfig::check;
}

/// A sink, looked up.
#[derive(Debug, Clone)]
pub struct SinkEnd {
    /// Who takes results.
    pub target: EntityId,
    /// How long calls take, in nanoseconds.
    pub latency: Distribution,
}

impl SinkConfig {
    fn check(&self, problems: &mut Problems) {
        let given = [self.stream.is_some(), self.delivery_stream.is_some(), self.function.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            problems.error(
                self.place,
                "results go to a `stream`, a `delivery_stream` or a `function`: give one of them",
            );
        }
    }

    /// Its settings.
    pub(super) fn settings(&self, end: SinkEnd) -> SinkSettings {
        let kind = match (&self.stream, &self.delivery_stream) {
            (Some(_), _) => SinkKind::Stream,
            (None, Some(_)) => SinkKind::DeliveryStream,
            (None, None) => SinkKind::Function,
        };
        SinkSettings {
            target: end.target,
            kind,
            latency: end.latency,
            time_in_buffer: span(self.time_in_buffer),
            batch_size: self.batch_size as usize,
            batch_bytes: self.batch_bytes.as_u64(),
        }
    }
}
