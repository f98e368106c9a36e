//! Event source mappings of data streams ("Using Lambda to process records from Amazon Kinesis Data Streams").
//!
//! # What is modelled
//!
//! A mapping reads every shard, by polls or by a subscription, and invokes its function with batches of one shard: one at a
//! time, or as many as the parallelization factor says, each partition key in one of them. Batching windows, the payload's
//! limit, filter criteria, tumbling windows with their state, partial batch responses, splits of failed batches, retries until
//! the records are too old or the attempts used up, on-failure destinations, parents before children.
//!
//! # What is not
//!
//! Aggregated records of which some belong to another shard (Lambda drops those).

mod answers;
mod config;
mod dispatch;
mod entity;
mod metrics;
mod reading;
mod record;
mod settings;

pub use config::{StreamDestinationConfig, StreamMappingConfig, StreamMappingEnds};
pub use entity::StreamMapping;
pub use metrics::StreamMappingMetrics;
pub use settings::{StreamDestination, StreamMappingAssumptions, StreamMappingSettings};

use crate::record::{Instrument, MetricDefinition, Side};
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Outbox, Service, ShardRead, Signal};

/// Why an event source mapping of a stream wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamMappingTimer {
    /// The next `GetRecords` of a shard is due.
    Poll(u32),
    /// The subscription to a shard is over.
    Subscribe(u32),
    /// A batching window ends, or a pause.
    Lane {
        /// The lane.
        lane: u32,
        /// Which of its timers.
        epoch: u32,
    },
    /// It is enabled, or disabled.
    Switch(bool),
    /// It looks how long the stream keeps records.
    Look,
}

impl Service for StreamMapping {
    type Timer = StreamMappingTimer;
    const KIND: &'static str = "stream_mapping";

    fn start<O: Outbox<StreamMappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<StreamMappingTimer>>(
        &mut self,
        _from: EntityId,
        signal: Signal,
        cx: &mut Context<'_, O>,
    ) {
        match signal {
            Signal::Records { shard, epoch, outcome, milliseconds_behind, shard_end } => {
                self.take_read(ShardRead { shard, epoch, outcome, milliseconds_behind, shard_end }, cx);
            }
            Signal::Returned { batch, call, outcome } => self.take_answer(batch, call, outcome, cx),
            Signal::Response { request } => self.take_response(request, cx),
            Signal::Refused { batch, .. } => {
                let refused = cx.reject(batch);
                self.metrics.on_failure_refused.add(refused);
            }
            other => unreachable!("an event source mapping of a stream is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<StreamMappingTimer>>(&mut self, timer: StreamMappingTimer, cx: &mut Context<'_, O>) {
        match timer {
            StreamMappingTimer::Poll(shard) => self.poll(shard, cx),
            StreamMappingTimer::Subscribe(shard) => self.subscribe_again(shard, cx),
            StreamMappingTimer::Lane { lane, epoch } => self.end_wait(lane, epoch, cx),
            StreamMappingTimer::Switch(enabled) => self.switch(enabled, cx),
            StreamMappingTimer::Look => self.look(cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics.visit(&mut |position, instrument| {
            visitor(&StreamMappingMetrics::DEFINITIONS[position], instrument);
        });
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        vec![
            (Side::In, "polled", metrics.polled_events.total()),
            (Side::In, "produced", self.told),
            (Side::Out, "succeeded", metrics.succeeded_events.total()),
            (Side::Out, "dropped", metrics.dropped_events.total()),
            (Side::Out, "filtered_out", metrics.filtered_out_events.total()),
            (Side::Out, "misplaced", metrics.misplaced_events.total()),
            (Side::Out, "in_hand", self.in_hand),
            (Side::Out, "told", self.told),
            (Side::Memo, "missed", metrics.missed_events.total()),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.mark_held(batches, mark);
    }
}
