//! Scripted clients: their names looked up, and what they expect judged.

use super::config::ScenarioConfig;
use super::directory::Directory;
use super::topics::Topics;
use crate::engine::Span;
use crate::language::{Duration, Files, Problems};
use crate::record::{ExpectationResult, Tape};
use crate::services::client::{self, BrokerDestination, ClientSettings, Expected, Lookup};
use crate::wire::Texts;
use std::sync::Arc;

/// The clients of a scenario.
#[derive(Debug)]
pub(super) struct Clients {
    /// All texts of the scenario, and the names of entities.
    pub(super) names: Arc<client::Names>,
    pub(super) settings: Vec<ClientSettings>,
    pub(super) expected: Vec<Vec<Expected>>,
}

/// Looks up the scripts of all clients; `None` when a problem was told.
pub(super) fn resolve(
    config: &ScenarioConfig,
    directory: &Directory<'_>,
    (mut texts, topics): (Texts, &mut Topics<'_>),
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Clients> {
    let mut built = Vec::new();
    for (name, client) in config.clients.iter() {
        let mut find =
            |reference: &_, problems: &mut Problems| Some(directory.queues.find(reference, problems)?.1);
        let mut find_stream =
            |reference: &_, problems: &mut Problems| Some(directory.streams.find(reference, problems)?.1);
        let mut delivery_stream = |reference: &_, problems: &mut Problems| {
            Some(directory.delivery_streams.find(reference, problems)?.1)
        };
        let mut video_stream = |reference: &_, problems: &mut Problems| {
            Some(directory.video_streams.find(reference, problems)?.1)
        };
        let mut destination = |destination: BrokerDestination<'_>, problems: &mut Problems| {
            let (names, reference) = match destination {
                BrokerDestination::Queue(reference) => (&directory.broker_queues, reference),
                BrokerDestination::Topic(reference) => (&directory.broker_topics, reference),
                BrokerDestination::Subscription(reference) => (&directory.broker_subscriptions, reference),
            };
            Some(names.find(reference, problems)?.1)
        };
        let mut lookup = Lookup {
            queue: &mut find,
            stream: &mut find_stream,
            topics: &mut *topics,
            delivery_stream: &mut delivery_stream,
            video_stream: &mut video_stream,
            destination: &mut destination,
            texts: &mut texts,
        };
        let script = client.script(&mut lookup, problems);
        let latency = client.api_latency.build(files, problems);
        built.push(script.zip(latency).map(|(script, latency)| (name.text.clone(), script, latency)));
    }
    let names = Arc::new(client::Names { texts, entities: directory.entities() });
    let mut clients = Clients { names: Arc::clone(&names), settings: Vec::new(), expected: Vec::new() };
    for (name, (steps, expected), latency) in built.into_iter().collect::<Option<Vec<_>>>()? {
        clients.settings.push(ClientSettings { name, steps, latency, names: Arc::clone(&names) });
        clients.expected.push(expected);
    }
    Some(clients)
}

/// Judges what the script of a client expects.
pub(super) fn judge(client: &str, expected: &[Expected], tape: &Tape) -> Vec<ExpectationResult> {
    expected.iter().map(|expected| judge_step(client, expected, tape)).collect()
}

fn judge_step(client: &str, expected: &Expected, tape: &Tape) -> ExpectationResult {
    let call = tape.api_calls.iter().find(|call| call.client == client && call.step == expected.step);
    let (mut expression, mut observed) = (Vec::new(), Vec::new());
    let mut passed = call.is_some();
    let list = |bodies: &[String]| format!("bodies [{}]", bodies.join(", "));
    if let Some(outcome) = &expected.outcome {
        expression.push(format!("outcome {outcome}"));
        observed.extend(call.map(|call| format!("outcome {}", call.outcome)));
        passed &= call.is_some_and(|call| call.outcome == *outcome);
    }
    if let Some(bodies) = &expected.bodies {
        expression.push(list(bodies));
        observed.extend(call.map(|call| {
            if call.outcome == "Success" { list(&call.bodies) } else { format!("outcome {}", call.outcome) }
        }));
        // A receive that was refused returned nothing, but not because there was nothing.
        let answered = call.filter(|call| call.outcome == "Success");
        passed &= answered.is_some_and(|call| call.bodies == *bodies);
    }
    if let Some(at) = expected.answered_at {
        let answered = |at: Span| format!("answered at {}", Duration::from_nanos(at.as_nanos()));
        expression.push(answered(at));
        observed.extend(call.map(|call| answered(call.answered_at.since_start())));
        passed &= call.is_some_and(|call| call.answered_at.since_start() == at);
    }
    if call.is_none() {
        observed.push("no answer".to_owned());
    }
    ExpectationResult {
        name: format!("{client}.script[{}]", expected.step),
        expression: expression.join(", "),
        observed: observed.join(", "),
        passed,
        line: expected.line,
        ..ExpectationResult::default()
    }
}
