//! What everybody who processes messages has in common: what a processing time is drawn for, and what is counted.

use super::{EntityId, MessageId, Messages};
use crate::engine::Time;
use crate::language::keyword;
use crate::record::{Counter, Distribution};

keyword! {
    /// What a processing time is drawn for.
    pub enum ProcessingConfig {
        /// Each message of a batch, one after another.
        PerMessage = "per_message",
        /// The batch as a whole, which succeeds or fails as a whole.
        PerBatch = "per_batch",
    }
}

/// What a processing time is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessingMode {
    /// Each message of a batch, one after another.
    PerMessage,
    /// The batch as a whole; it succeeds or fails as a whole.
    PerBatch,
}

impl From<ProcessingConfig> for ProcessingMode {
    fn from(config: ProcessingConfig) -> Self {
        match config {
            ProcessingConfig::PerMessage => ProcessingMode::PerMessage,
            ProcessingConfig::PerBatch => ProcessingMode::PerBatch,
        }
    }
}

/// Messages are late when a later one of the same producer was begun before.
#[derive(Debug, Default)]
pub struct ProcessingOrder {
    /// By producer: one more than the highest number begun.
    begun: Vec<u64>,
}

impl ProcessingOrder {
    /// Notes that a message is begun; whether it is late.
    #[inline]
    pub fn is_late(&mut self, producer: EntityId, sequence: u64) -> bool {
        if producer.index() >= self.begun.len() {
            self.begun.resize(producer.index() + 1, 0);
        }
        let begun = &mut self.begun[producer.index()];
        let late = sequence < *begun;
        *begun = (*begun).max(sequence + 1);
        late
    }
}

/// The instruments of messages processed successfully.
#[derive(Debug)]
pub struct ProcessedTally<'a> {
    /// First successes.
    pub processed: &'a mut Counter,
    /// Further successes of the same message.
    pub duplicates: &'a mut Counter,
    /// From first publish to first success.
    pub latency: &'a mut Distribution,
}

impl ProcessedTally<'_> {
    /// A message was processed successfully at `at`.
    #[inline]
    pub fn note(&mut self, message: MessageId, at: Time, messages: &mut Messages) {
        if messages.mark_processed(message) {
            self.processed.add(1);
            self.latency.record((at - messages.published_at(message)).as_nanos());
        } else {
            self.duplicates.add(1);
        }
    }

    /// A record of a stream was processed successfully at `at`. Others may have processed it before: whether this is the
    /// first time is for the caller to know.
    #[inline]
    pub fn note_record(&mut self, message: MessageId, is_first: bool, at: Time, messages: &mut Messages) {
        messages.mark_processed(message);
        if is_first {
            self.processed.add(1);
            self.latency.record((at - messages.published_at(message)).as_nanos());
        } else {
            self.duplicates.add(1);
        }
    }
}
