//! An endpoint that is no queue: how long it takes, and when it fails.

use crate::engine::{Distribution, Span, Stream, Time};
use crate::wire::draw_span;

/// What SNS hears of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// The endpoint has it.
    Delivered,
    /// A fault that may pass: a status of 5xx or 429, or no answer in time.
    ServerError,
    /// A fault that stays: any other status, no permission, a message that is too large. Never tried again.
    ClientError,
    /// The endpoint is not there any more: never tried again either.
    Gone,
}

impl Response {
    /// What a status code means ("Amazon SNS message delivery retries").
    pub fn of_status(status: u32) -> Self {
        match status {
            200..=299 => Response::Delivered,
            429 | 500..=599 => Response::ServerError,
            404 | 410 => Response::Gone,
            _ => Response::ClientError,
        }
    }
}

/// How long SNS waits for an answer ("Making sure your endpoint is ready to process Amazon SNS messages").
pub const TIMEOUT: Span = Span::from_seconds(15);

/// A time in which an endpoint does not work.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// What it answers; `None`: nothing, so that SNS waits in vain.
    pub status: Option<u32>,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// How long it takes to answer, in nanoseconds.
    pub latency: Distribution,
    /// Probability that it fails.
    pub failure_rate: f64,
    /// What it answers then.
    pub failure_status: u32,
}

impl Default for Endpoint {
    /// One that always answers, after a tenth of a second.
    fn default() -> Self {
        let latency = Distribution::constant(1e8).expect("a tenth of a second is a latency");
        Self { latency, failure_rate: 0.0, failure_status: 503 }
    }
}

impl Endpoint {
    /// An attempt that begins at `now`: how long it takes and what comes of it. An answer after the timeout is none.
    pub fn attempt(
        &self,
        outage: Option<&Outage>,
        latency: &mut Stream,
        failure: &mut Stream,
    ) -> (Span, Response) {
        let takes = draw_span(&self.latency, latency);
        let fails = failure.chance(self.failure_rate);
        let response = match outage {
            Some(Outage { status: Some(status), .. }) => Response::of_status(*status),
            Some(Outage { status: None, .. }) => return (TIMEOUT, Response::ServerError),
            None if fails => Response::of_status(self.failure_status),
            None => Response::Delivered,
        };
        if takes >= TIMEOUT { (TIMEOUT, Response::ServerError) } else { (takes, response) }
    }
}
