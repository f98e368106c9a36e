//! Brokers of Amazon MQ, whole runs.

mod clients;
mod destinations;
mod outages;
mod properties;
mod routing;
mod rules;
mod sending;

use crate::play::{self, sum, value};
use queuelab::record::{ApiCall, Tape};
use queuelab::scenario::Scenario;

/// A broker of ActiveMQ with a queue `q`.
const ACTIVEMQ: &str =
    "brokers: { b: { host_instance_type: mq.m5.large } }\nbroker_queues: { q: { broker: b } }\n";
/// A broker of RabbitMQ with a quorum queue `q`.
const RABBITMQ: &str = "brokers: { b: { engine_type: rabbitmq, host_instance_type: mq.m5.large } }\nbroker_queues: { q: { broker: b } }\n";

fn load(text: &str) -> Result<Scenario, String> {
    play::load("mq", ("duration", "10m"), text)
}

/// Runs a scenario with these lines.
fn run(text: &str) -> Tape {
    play::run(load(text))
}

/// What is told about a scenario that is wrong.
fn problems(text: &str) -> String {
    play::problems(load(text))
}

/// A fate of messages of a queue.
fn fate(tape: &Tape, queue: &str, fate: &str) -> u64 {
    tape.ledger.get("broker_queue", queue, fate).unwrap_or_else(|| panic!("there is the fate {fate}"))
}

/// The calls of the client `c`, in order.
fn calls(tape: &Tape) -> Vec<&ApiCall> {
    tape.api_calls.iter().filter(|call| call.client == "c").collect()
}

/// The bodies that each receive of the client `c` got.
fn received(tape: &Tape) -> Vec<Vec<String>> {
    calls(tape).into_iter().filter(|call| call.action == "Receive").map(|call| call.bodies.clone()).collect()
}

/// A client `c` with these steps, each a time in seconds and a call.
fn script(steps: &[(f64, &str)]) -> String {
    let lines: Vec<String> =
        steps.iter().map(|(at, call)| format!("      - {{ at: {at}s, {call} }}\n")).collect();
    format!("clients:\n  c:\n    script:\n{}", lines.concat())
}

/// A send of a body to `q`.
fn send(body: &str) -> String {
    format!("broker_send: {{ broker_queue: q, body: {body} }}")
}

/// A receive from `q`, with a name.
fn receive(name: &str) -> String {
    format!("broker_receive: {{ broker_queue: q, as: {name} }}")
}
