//! Kinesis Video Streams, whole runs.

mod calls;
mod ingest;
mod playback;
mod properties;
mod viewers;

use crate::play::{self, sum, value};
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

fn load(text: &str) -> Result<Scenario, String> {
    play::load("video", ("api_latency", "none"), text)
}

/// Runs a scenario with these lines.
fn run(text: &str) -> Tape {
    play::run(load(text))
}

/// What is told about a scenario that is wrong.
fn problems(text: &str) -> String {
    play::problems(load(text))
}

/// A time in whole milliseconds, of a metric in seconds.
fn milliseconds(tape: &Tape, name: &str, metric: &str, statistic: &str) -> u64 {
    (value(tape, name, metric, statistic) * 1e3).round() as u64
}

/// One stream `s` that retains a day, and its camera `c` with these further keys.
fn camera(duration: &str, keys: &str) -> String {
    format!(
        "duration: {duration}\nvideo_streams: {{ s: {{ data_retention: 24h }} }}\n\
         cameras: {{ c: {{ sends_to: {{ video_stream: s }}, {keys} }} }}\n"
    )
}
