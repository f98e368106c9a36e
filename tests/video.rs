//! Kinesis Video Streams, whole runs.

mod calls;
mod ingest;
mod playback;
mod properties;
mod viewers;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

fn load(text: &str) -> Result<Scenario, String> {
    let yaml = format!("name: video\napi_latency: none\n{text}");
    Scenario::load("video.yaml", yaml.as_bytes(), &[], &NoFiles).map_err(|error| error.to_string())
}

/// Runs a scenario with these lines.
fn run(text: &str) -> Tape {
    let scenario = load(text).unwrap_or_else(|error| panic!("{error}"));
    scenario.run().unwrap_or_else(|error| panic!("{error}"))
}

/// What is told about a scenario that is wrong.
fn problems(text: &str) -> String {
    load(text).expect_err("the scenario is wrong")
}

/// A statistic of `summary.csv`.
fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("{name}.{metric} has {statistic}"))
}

/// The sum of a counter.
fn sum(tape: &Tape, name: &str, metric: &str) -> u64 {
    value(tape, name, metric, "sum") as u64
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
