//! How long the calls of an API take.

use crate::engine::{Distribution, Span, Stream};

/// The durations of the calls to one service, in nanoseconds.
///
/// AWS publishes no latencies ("Amazon SQS message quotas" speaks of a nearly unlimited number of calls;
/// "Increasing throughput using horizontal scaling and action batching" takes 20 ms a call as an example), so these
/// are assumptions: see `docs/assumptions.md`. A send or delete takes effect at the end of its call, a receive picks
/// its messages at the beginning and hands them over at the end.
#[derive(Debug, Clone)]
pub struct ApiLatency {
    /// `SendMessage`, `SendMessageBatch`.
    pub send: Distribution,
    /// `ReceiveMessage`, on top of the time it waits for messages.
    pub receive: Distribution,
    /// `DeleteMessage`, `DeleteMessageBatch`.
    pub delete: Distribution,
    /// `ChangeMessageVisibility` and its batch.
    pub change_visibility: Distribution,
}

const MILLISECOND: f64 = 1e6;
/// No call takes longer than this.
const LONGEST: f64 = 2_000.0 * MILLISECOND;

impl ApiLatency {
    /// Log-normal durations whose medians add up to a send-to-receive time of 16 ms, as once measured in public.
    pub fn realistic() -> Self {
        let call = |median: f64, sigma: f64| {
            Distribution::lognormal_median_sigma(median * MILLISECOND, sigma, Some(LONGEST))
                .expect("the built-in latencies are valid")
        };
        Self {
            send: call(8.0, 0.6),
            receive: call(8.0, 0.7),
            delete: call(6.0, 0.6),
            change_visibility: call(6.0, 0.6),
        }
    }

    /// Every call takes the median of [`realistic`](Self::realistic): for teaching, and for tests by hand.
    pub fn fixed() -> Self {
        let call = |median: f64| {
            Distribution::constant(median * MILLISECOND).expect("the built-in latencies are valid")
        };
        Self { send: call(8.0), receive: call(8.0), delete: call(6.0), change_visibility: call(6.0) }
    }

    /// Calls take no time: queueing theory's queue.
    pub fn none() -> Self {
        let zero = || Distribution::constant(0.0).expect("zero is a valid latency");
        Self { send: zero(), receive: zero(), delete: zero(), change_visibility: zero() }
    }
}

/// Draws a size in whole bytes, at least one, from `distribution`.
#[inline]
pub fn draw_bytes(distribution: &Distribution, stream: &mut Stream) -> u32 {
    ((distribution.sample(stream) + 0.5) as u32).clamp(1, u32::MAX / 2)
}

/// Draws a duration in nanoseconds from `distribution`.
#[inline]
pub fn draw_span(distribution: &Distribution, stream: &mut Stream) -> Span {
    // The cast cuts off, and makes zero of what is negative: half a nanosecond more rounds.
    Span::from_nanos((distribution.sample(stream) + 0.5) as u64)
}
