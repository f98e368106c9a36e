//! Producers: whoever sends messages into the architecture.
//!
//! # What it is
//!
//! A producer makes messages at times given by a rate, a process or a recording, and sends them one by one or in
//! batches. It does not wait for anybody: load comes from outside, whatever happens inside.
//!
//! # What is modelled
//!
//! Constant and Poisson rates, steps and ramps, daily waves, on/off bursts, spikes, groups at given times, recordings
//! of counts; sizes and attributes by distribution; poison messages; message timers; batches with a linger time and
//! the limits of `SendMessageBatch`; the time a send call takes; message groups; calls that were refused and are tried
//! again as an SDK does it; answers that get lost, so that a message is sent twice.
//!
//! # What is not, yet
//!
//! Producers that wait for an answer before they go on.

mod attributes;
mod config;
mod entity;
mod kpl;
mod library;
mod metrics;
mod partition_keys;
mod payload;
mod records;
mod serial;

pub use attributes::{Attribute, AttributeConfig, AttributeValue, BodyConfig, DrawnAttribute};
pub use config::{ProducerConfig, ProducerTarget, SendTarget};
pub use entity::{Batching, MessageDelay, Producer, ProducerSettings};
pub use library::{
    AgentConfig, DeliveryTarget, Gathering, KplConfig, KplSettings, Library, LibraryConfig,
    PutRecordBatchConfig, PutRecordConfig, PutRecordsConfig, RecordSettings, StreamTarget,
};
pub use metrics::ProducerMetrics;
pub use partition_keys::{DrawnKeyConfig, Key, PartitionKeyConfig, PartitionKeys};
pub use payload::LargePayloads;

use crate::record::{Instrument, MetricDefinition, Side};
use crate::wire::{Answer, Balance, Batches, Context, EntityId, MessageId, Outbox, Service, Signal};

/// Why a producer wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A message is due.
    Arrival,
    /// The first message of this batch has waited long enough.
    Linger(u32),
    /// A call that was refused is tried again.
    Retry(u32),
    /// One of a limited number of calls has ended.
    Sent,
    /// The Kinesis Producer Library has something to do.
    Library(u32),
    /// A call that later records of its partition key wait for has reached the stream.
    Put(u32),
    /// Such a call has its answer.
    Answered(u32),
}

impl Service for Producer {
    type Timer = Timer;
    const KIND: &'static str = "producer";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    fn receive<O: Outbox<Timer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Refused { batch, error } => self.take_refusal(batch, error, cx),
            Signal::Response { request } => {
                if let Some(Answer::Shards(shards)) = cx.requests.close(request).answer {
                    self.take_shards(&shards, cx);
                }
            }
            other => unreachable!("a producer is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Arrival => self.produce(cx),
            Timer::Linger(batch) => self.end_linger(batch, cx),
            Timer::Retry(place) => self.retry(place, cx),
            Timer::Sent => self.end_call(cx),
            Timer::Library(wake) => self.wake_kpl(wake, cx),
            Timer::Put(key) => Self::await_answer(key, cx),
            Timer::Answered(key) => self.end_turn(key, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&ProducerMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        vec![
            (Side::In, "produced", self.metrics.messages_produced.total()),
            (Side::Out, "handed_over", self.handed_over),
            (Side::Out, "waiting_for_batch", self.waiting),
            (Side::Out, "waiting_for_retry", self.waiting_for_retry),
            (Side::Memo, "rejected", self.metrics.messages_rejected.total()),
            (Side::Memo, "sent_again", self.metrics.messages_sent_again.total()),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for batch in self.unsent().chain(self.refused.iter().copied().flatten()) {
            batches.entries(batch).iter().for_each(|entry| mark(entry.message));
        }
        if let Some(kpl) = &self.kpl {
            kpl.messages(batches).for_each(&mut *mark);
        }
        if let Some(serial) = &self.serial {
            serial.messages().for_each(mark);
        }
    }
}
