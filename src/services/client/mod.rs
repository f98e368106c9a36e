//! Scripted clients: exact calls at exact times.
//!
//! # What it is
//!
//! A client plays a script: at each of its times it makes one call to a queue. Every call and its answer is a row of
//! `api_calls.csv`, so that a behaviour can be shown, and proved, one call at a time.
//!
//! # What is modelled
//!
//! Every action of Amazon SQS that a message can live through, and those of Kinesis Data Streams that make, fill, read and
//! change a stream, with AWS's parameters and error codes; calls of a program to the client library of a message broker. Parameters are sent
//! as they are written: what AWS refuses is refused at the time of the call. Without a latency of its own a call takes
//! no time; steps of the same instant are played one after another, each with the answers of those before it.
//!
//! # What is not
//!
//! Creating and deleting queues: a scenario's queues exist from the start to the end.

mod broker_calls;
mod config;
mod delivery_calls;
mod entity;
mod metrics;
mod publishing;
mod queue_script;
mod script;
mod show;
mod stream_config;
mod stream_script;
mod topic_config;
mod video_calls;

pub use broker_calls::{BrokerCall, BrokerDestination};
pub use config::{ClientConfig, StepConfig};
pub use entity::{Client, ClientSettings};
pub use metrics::ClientMetrics;
pub use script::{Call, Expected, Handle, Lookup, Send, Step, Topics};
pub use show::Names;
pub use stream_script::StreamCall;
pub use topic_config::{PublishTarget, SetSubscriptionAttributesConfig};

use crate::record::{Instrument, MetricDefinition, Side};
use crate::wire::{Balance, Context, EntityId, Outbox, RequestId, Service, Signal};

/// Why a client wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The next step is due, after so many more looks at what else happens at this instant.
    Step(u8),
    /// The answer to a receive has travelled to the client.
    Answered(RequestId),
}

impl Service for Client {
    type Timer = Timer;
    const KIND: &'static str = "client";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.await_step(cx);
    }

    fn receive<O: Outbox<Timer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Response { request } => self.take_response(request, cx),
            other => unreachable!("a client is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Step(0) => self.play(cx),
            Timer::Step(looks) => cx.outbox.wake(cx.now, Timer::Step(looks - 1)),
            Timer::Answered(request) => self.end_call(request, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&ClientMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        vec![
            (Side::In, "produced", self.metrics.messages_produced.total()),
            (Side::Out, "handed_over", self.metrics.messages_sent.total()),
            (Side::Out, "rejected", self.rejected),
            (
                Side::Out,
                "in_call",
                self.metrics.messages_produced.total() - self.metrics.messages_sent.total() - self.rejected,
            ),
            (Side::Memo, "received", self.metrics.messages_received.total()),
        ]
    }
}
