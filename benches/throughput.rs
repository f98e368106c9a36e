//! Messages per second of processor time, and as a ratio to the barest loop that plays the same workload.
//!
//!     cargo bench --bench throughput              the table
//!     cargo bench --bench throughput -- --check   exit status 1 when the plain scenario needs more than
//!                                                 LIMIT times the processor time of the bare loop, or that
//!                                                 with a FIFO queue of 10,000 groups more than FIFO_LIMIT,
//!                                                 or that through a stream more than STREAM_LIMIT,
//!                                                 or that of 1,000 shards more than BIG_STREAM_LIMIT;
//!                                                 also holds what topics do against TOPIC_LIMITS
//!     cargo bench --bench throughput -- --day     a simulated day of 1,000 messages a second as well
//!
//! The workload: a Poisson producer of 900 messages a second, 100 workers, each of which polls, waits while the
//! queue is empty (longest idle first), takes up to 10 messages and serves them one after another, exponentially with
//! a mean of 100 ms; the time from send to end of service of every message goes into a histogram. The bare loop
//! does just that, with the standard heap; queuelab also keeps visibility deadlines, retention, receipts,
//! levels over time, metrics by the minute and a ledger. Figures of one machine do not travel; the ratio does.
#![allow(clippy::print_stdout, missing_docs)]

use cpu_time::ProcessTime;
use queuelab::engine::{Span, Stream};
use queuelab::filter::{Dialect, Document, Matcher, Policy, Scope, Vocabulary};
use queuelab::language::NoFiles;
use queuelab::record::Histogram;
use queuelab::scenario::Scenario;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt::Write as _;
use std::process::ExitCode;

/// How much processor time of the bare loop for a message these may take: a match of a policy of three keys, a delivery of a
/// topic with five filtered queues, and a publish to a topic with 10,000 filtered subscriptions, two of which want it.
const TOPIC_LIMITS: [f64; 3] = [0.6, 9.0, 3.0];
/// How much more processor time than the bare loop the plain scenario may take.
const LIMIT: f64 = 8.5;
/// The same through a FIFO queue.
const FIFO_LIMIT: f64 = 10.5;
/// The same records through a stream of 100 shards, read by one consumer.
const STREAM_LIMIT: f64 = 3.5;
/// A record of a million a second that are offered to a stream of 1,000 shards.
const BIG_STREAM_LIMIT: f64 = 5.5;
const ROUNDS: usize = 5;
const RATE: f64 = 900.0;
const WORKERS: u32 = 100;
const BATCH: usize = 10;
const SERVICE: f64 = 0.1;
/// Simulated seconds of one measurement.
const SECONDS: u64 = 1_000;

/// The same workload through a FIFO queue with 10,000 groups, its quotas of calls out of the way.
fn fifo_scenario(duration: &str, producer: &str, consumer: &str) -> Scenario {
    let plain = text(duration, "none", producer, consumer);
    let fifo = plain
        .replace("orders", "orders.fifo")
        .replace("arrivals:", "message: { message_group_id: { uniform: 10000 } }, arrivals:")
        + "quotas: { sqs_fifo_calls_per_second: 1000000 }\n";
    load(&fifo)
}

/// As many records through a stream with 100 shards and 10,000 partition keys.
fn stream_scenario(duration: &str, rate: &str) -> Scenario {
    load(&stream_text(duration, (100, 10_000), &[("clients", rate)], "10ms"))
}

/// What a large system brings: as many records a second as 1,000 shards take and no cache has room for, from four producers
/// with a million partition keys, read by one consumer.
fn big_stream_scenario(duration: &str, rate: &str) -> Scenario {
    let producers = ["a", "b", "c", "d"].map(|name| (name, rate));
    load(&stream_text(duration, (1_000, 1_000_000), &producers, "10us"))
}

fn stream_text(
    duration: &str,
    (shards, keys): (u32, u32),
    producers: &[(&str, &str)],
    processing: &str,
) -> String {
    let mut text = format!(
        "name: bench
duration: {duration}
api_latency: none
streams: {{ orders: {{ shards: {shards} }} }}
stream_consumers:
  workers:
    reads_from: {{ stream: orders }}
    instances: 10
    processing_time: {{ exponential: {{ mean: {processing} }} }}
producers:
"
    );
    for (name, rate) in producers {
        write!(
            text,
            "  {name}:
    publishes_to: {{ stream: orders }}
    arrivals: {{ poisson: {{ rate: {rate} }} }}
    message: {{ size: 500B, partition_key: {{ uniform: {keys} }} }}
    library: {{ put_records: {{}} }}
"
        )
        .expect("a text takes everything");
    }
    text
}

fn scenario(duration: &str, api_latency: &str, producer: &str, consumer: &str) -> Scenario {
    load(&text(duration, api_latency, producer, consumer))
}

fn text(duration: &str, api_latency: &str, producer: &str, consumer: &str) -> String {
    format!(
        "name: bench
duration: {duration}
api_latency: {api_latency}
queues: {{ orders: {{ receive_message_wait_time: 20s }} }}
producers: {{ clients: {{ publishes_to: {{ queue: orders }}, arrivals: {{ poisson: {{ rate: {producer} }} }} }} }}
consumers:
  workers:
    receives_from: {{ queue: orders }}
    batch_size: 10
    processing_time: {{ exponential: {{ mean: 100ms }} }}
    {consumer}
"
    )
}

fn load(text: &str) -> Scenario {
    match Scenario::load("bench.yaml", text.as_bytes(), &[], &NoFiles) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{problems}"),
    }
}

/// Messages processed and processor seconds.
type Measured = (f64, f64);

fn simulate(scenario: &Scenario) -> Measured {
    let begun = ProcessTime::now();
    let tape = scenario.run().expect("the bench scenario runs");
    let seconds = begun.elapsed().as_secs_f64();
    (tape.value("workers", "messages_processed", "sum").expect("the metric exists"), seconds)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Done(u32),
}

/// The same workload with nothing around it.
fn bare_loop() -> Measured {
    let begun = ProcessTime::now();
    let (mut arrivals, mut services) = (Stream::new(42, 0, "p", "a"), Stream::new(42, 0, "w", "s"));
    let span =
        |mean: f64, stream: &mut Stream| Span::from_seconds_f64(mean * stream.exponential()).as_nanos();
    let mut heap = BinaryHeap::new();
    let mut order = 0_u64;
    let mut waiting: VecDeque<u64> = VecDeque::new();
    let mut idle: VecDeque<u32> = (0..WORKERS).collect();
    let mut batches = vec![VecDeque::with_capacity(BATCH); WORKERS as usize];
    let mut latency = Histogram::new();
    heap.push(Reverse((span(1.0 / RATE, &mut arrivals), order, Event::Arrival)));
    while let Some(Reverse((now, _, event))) =
        heap.pop().filter(|Reverse((now, ..))| *now <= SECONDS * 1_000_000_000)
    {
        order += 1;
        let free = match event {
            Event::Arrival => {
                waiting.push_back(now);
                heap.push(Reverse((now + span(1.0 / RATE, &mut arrivals), order, Event::Arrival)));
                idle.pop_front()
            }
            Event::Done(worker) => {
                let batch = &mut batches[worker as usize];
                latency.record(now - batch.pop_front().unwrap_or(now));
                if batch.is_empty() {
                    Some(worker)
                } else {
                    heap.push(Reverse((now + span(SERVICE, &mut services), order, Event::Done(worker))));
                    None
                }
            }
        };
        if let Some(worker) = free {
            let take = waiting.len().min(BATCH);
            if take == 0 {
                idle.push_back(worker);
            } else {
                batches[worker as usize].extend(waiting.drain(..take));
                order += 1;
                heap.push(Reverse((now + span(SERVICE, &mut services), order, Event::Done(worker))));
            }
        }
    }
    (latency.count() as f64, begun.elapsed().as_secs_f64())
}

/// A policy of three keys against messages of which half pass: matches, and processor seconds.
fn matches(rounds: usize) -> Measured {
    let text = r#"{ "type": ["order_placed", "order_changed"], "amount": [{ "numeric": [">", 100, "<=", 900] }],
                    "country": [{ "prefix": "d" }, "fr"] }"#;
    let policy = Policy::from_text("policy", text, Scope::MessageAttributes, Dialect::Sns).expect("a policy");
    let mut vocabulary = Vocabulary::default();
    let types = ["order_placed", "order_changed", "order_cancelled"];
    let countries = ["de", "dk", "fr", "us"];
    let documents: Vec<Document> = (0..1_024)
        .map(|number| {
            let message = serde_json::json!({
                "type": types[number % 3], "amount": number, "country": countries[number % 4], "shop": "main",
            });
            Document::of_attributes(&message, &mut vocabulary).expect("attributes")
        })
        .collect();
    let mut matcher = Matcher::new([(0, &policy)], &mut vocabulary);
    let begun = ProcessTime::now();
    let mut passed = 0;
    for _ in 0..rounds {
        passed += documents.iter().filter(|document| matcher.passes(document)).count();
    }
    let seconds = begun.elapsed().as_secs_f64();
    assert!(passed > 0 && passed < rounds * documents.len(), "some pass, some do not");
    ((rounds * documents.len()) as f64, seconds)
}

/// Publishes to a topic with five queues, each of which wants three of five types.
fn fan_out_scenario(publishes: u64, api_latency: &str) -> Scenario {
    let seconds = publishes.div_ceil(10_000);
    let names = ["a", "b", "c", "d", "e"];
    let mut text = format!(
        "name: fan-out
duration: {seconds}s
api_latency: {api_latency}
producers:
  shop:
    publishes_to: {{ topic: orders }}
    arrivals: {{ constant: {{ rate: 10000/s }} }}
    message: {{ attributes: {{ type: {{ one_of: {{ a: 1, b: 1, c: 1, d: 1, e: 1 }} }}, amount: {{ uniform: [1, 500] }} }} }}
queues: {{ a: {{}}, b: {{}}, c: {{}}, d: {{}}, e: {{}} }}
topics:
  orders:
    subscriptions:
"
    );
    for (number, name) in names.iter().enumerate() {
        let wanted = [names[number], names[(number + 1) % 5], names[(number + 3) % 5]].join(", ");
        writeln!(text, "      - {{ queue: {name}, filter_policy: {{ type: [{wanted}] }} }}")
            .expect("a text takes everything");
    }
    load(&text)
}

fn fan_out(scenario: &Scenario) -> Measured {
    let begun = ProcessTime::now();
    let tape = scenario.run().expect("the bench scenario runs");
    let seconds = begun.elapsed().as_secs_f64();
    (tape.value("orders", "notifications_delivered", "sum").expect("the metric exists"), seconds)
}

/// A topic with many filtered subscriptions, each of which wants one customer: publishes, and processor seconds.
fn many_policies(policies: u32, rounds: usize) -> Measured {
    let mut vocabulary = Vocabulary::default();
    let documents: Vec<Document> = (0..1_000)
        .map(|number| {
            let message =
                serde_json::json!({ "customer": format!("c{}", number * 7 % policies), "amount": number });
            Document::of_attributes(&message, &mut vocabulary).expect("attributes")
        })
        .collect();
    let written = (0..policies).map(|number| {
        let text = format!(
            r#"{{ "customer": ["c{number}", "c{}"], "amount": [{{ "numeric": [">=", 0] }}] }}"#,
            (number + 1) % policies
        );
        Policy::from_text("policy", &text, Scope::MessageAttributes, Dialect::Sns).expect("a policy")
    });
    let written: Vec<Policy> = written.collect();
    let mut matcher = Matcher::new((0..).zip(&written), &mut vocabulary);
    let mut found = Vec::new();
    let begun = ProcessTime::now();
    let mut wanted = 0;
    for _ in 0..rounds {
        for document in &documents {
            found.clear();
            matcher.matching(document, &mut found);
            wanted += found.len();
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(wanted, rounds * documents.len() * 2, "two want each");
    ((rounds * documents.len()) as f64, seconds)
}

/// What topics cost, in units of the bare loop's cost of a message; whether all keep their limits.
fn topics(rounds: usize, publishes: u64, bare: f64) -> bool {
    let scenario = fan_out_scenario(publishes, "none");
    let many = (publishes / 1_000).max(1) as usize;
    let contestants: [(&str, &dyn Fn() -> Measured); 3] = [
        ("matches, policy of three keys", &|| matches(many)),
        ("deliveries, five filtered queues", &|| fan_out(&scenario)),
        ("publishes, 10,000 policies", &|| many_policies(10_000, many / 10 + 1)),
    ];
    println!("{:<34} {:>18} {:>8}", "topics", "per CPU s", "cost");
    let mut keeps = true;
    for ((name, contestant), limit) in contestants.iter().zip(TOPIC_LIMITS) {
        let costs = (0..rounds).map(|_| contestant()).map(|(number, seconds)| seconds / number);
        let cost = least(costs.collect());
        println!("{name:<34} {:>18.0} {:>7.2}x", 1.0 / cost, cost / bare);
        if cost / bare > limit {
            println!("{name}: more than {limit} times what a message of the bare loop costs");
            keeps = false;
        }
    }
    keeps
}

/// The least of several measurements: a neighbour can only add to them.
fn least(values: Vec<f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}

fn main() -> ExitCode {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    // `cargo test --all-targets` starts benches too, to see that they work.
    let (rounds, seconds) = if asked("--bench") || asked("--check") { (ROUNDS, SECONDS) } else { (1, 10) };
    let fleet = format!("instances: {WORKERS}");
    let duration = format!("{seconds}s");
    let rate = format!("{RATE}/s");
    let plain = scenario(&duration, "none", &rate, &fleet);
    let realistic = scenario(&duration, "realistic", &rate, &fleet);
    let fifo = fifo_scenario(&duration, &rate, &fleet);
    let stream = stream_scenario(&duration, &rate);
    // Some seconds of the whole rate, or a little of everything.
    let big_stream = big_stream_scenario("10s", if seconds == SECONDS { "250000/s" } else { "1000/s" });
    let contestants: [(&str, &dyn Fn() -> Measured); 6] = [
        ("bare loop", &bare_loop),
        ("queuelab, calls without latency", &|| simulate(&plain)),
        ("queuelab, calls with latency", &|| simulate(&realistic)),
        ("queuelab, FIFO, 10,000 groups", &|| simulate(&fifo)),
        ("queuelab, a stream of 100 shards", &|| simulate(&stream)),
        ("queuelab, 1,000 shards, 1 million/s", &|| simulate(&big_stream)),
    ];
    // Rounds alternate, so that a noisy neighbour disturbs all of them.
    let mut costs = [const { Vec::new() }; 6];
    for _ in 0..rounds {
        for (cost, (_, contestant)) in costs.iter_mut().zip(&contestants) {
            let (messages, seconds) = contestant();
            cost.push(seconds / messages);
        }
    }
    let costs = costs.map(least);
    println!("{:<34} {:>18} {:>8}", "workload of 100 workers", "messages/CPU s", "cost");
    for ((name, _), cost) in contestants.iter().zip(costs) {
        println!("{name:<34} {:>18.0} {:>7.2}x", 1.0 / cost, cost / costs[0]);
    }
    if asked("--day") {
        let group = "auto_scaling_group: { min_size: 110, max_size: 200, desired_capacity: 120, policies: \
                     [ { target_tracking: { metric: backlog_per_instance, target_value: 100 } } ] }";
        for latency in ["none", "realistic"] {
            let (messages, seconds) = simulate(&scenario("1d", latency, "1000/s", group));
            println!("a day of 1,000/s, latency {latency:<9} {:>17.0}  ({seconds:.1} s)", messages / seconds);
        }
    }
    let publishes = if rounds == ROUNDS { 1_000_000 } else { 10_000 };
    let keeps = topics(rounds.min(3), publishes, costs[0]);
    if asked("--check") && !keeps {
        return ExitCode::FAILURE;
    }
    if asked("--check") && costs[1] / costs[0] > LIMIT {
        println!("the plain scenario costs more than {LIMIT} times the bare loop");
        return ExitCode::FAILURE;
    }
    if asked("--check") && costs[3] / costs[0] > FIFO_LIMIT {
        println!("the scenario with a FIFO queue costs more than {FIFO_LIMIT} times the bare loop");
        return ExitCode::FAILURE;
    }
    if asked("--check") && costs[4] / costs[0] > STREAM_LIMIT {
        println!("the scenario with a stream costs more than {STREAM_LIMIT} times the bare loop");
        return ExitCode::FAILURE;
    }
    if asked("--check") && costs[5] / costs[0] > BIG_STREAM_LIMIT {
        println!("the stream of 1,000 shards costs more than {BIG_STREAM_LIMIT} times the bare loop");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
