//! Data streams, whole runs.

mod calls;
mod costs;
mod distribution;
mod hosting;
mod leases;
mod properties;
mod reading;
mod resharding;
mod rules;
mod writing;

use crate::play::{self, sum, value};
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

fn load(text: &str) -> Result<Scenario, String> {
    play::load("kinesis", ("api_latency", "none"), text)
}

/// Runs a scenario with these lines; its calls take no time unless it says otherwise.
fn run(text: &str) -> Tape {
    play::run(load(text))
}
