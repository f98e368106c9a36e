//! What holds in every single run, exactly: Little's law, and the draining of a burst.

use super::{load_scenario, value};
use queuelab::record::Tape;

const NANOSECONDS: f64 = 1e9;

/// In a run that begins and ends empty, the area under the number of messages is the sum of their times: Little's law
/// without a limit. Both sides are kept as integers of nanoseconds, so they differ by the rounding of the means only.
#[test]
fn littles_law_is_an_identity() {
    // One row: what is different, and whether each message is received once only.
    let cases = [
        ("instances: 3, processing_time: { exponential: { mean: 100ms } }", true),
        ("instances: 1, processing_time: { lognormal: { mean: 30ms, p95: 90ms } }", true),
        ("instances: 3, batch_size: 10, processing_time: { erlang: { k: 2, mean: 100ms } }", true),
        ("instances: 5, failure_rate: 10%, processing_time: { exponential: { mean: 100ms } }", false),
    ];
    for (consumer, received_once) in cases {
        let scenario = load_scenario(&format!(
            "name: drained
duration: 2h
api_latency: none
assumptions: {{ duplicate_probability: 0, ordering_jitter: 0s }}
queues: {{ q: {{ visibility_timeout: 30s, receive_message_wait_time: 20s }} }}
producers:
  p:
    publishes_to: {{ queue: q }}
    arrivals: {{ piecewise: {{ points: [{{ at: 0s, rate: 28/s }}, {{ at: 1h, rate: 0/s }}] }} }}
consumers: {{ w: {{ receives_from: {{ queue: q }}, {consumer} }} }}
"
        ));
        for replication in 0..5 {
            let tape = scenario.run_with(7, replication, &mut |_| true).expect("the run succeeds");
            check_little(&tape, consumer, received_once);
        }
    }
}

fn check_little(tape: &Tape, consumer: &str, received_once: bool) {
    let seconds = 7_200.0;
    let area = |name, level| value(tape, name, level, "mean") * seconds;
    let sum = |name, times| value(tape, name, times, "count") * value(tape, name, times, "mean");
    let close = |left: f64, right: f64, what: &str| {
        assert!(right > 100.0, "{consumer}: nothing to compare, {what} is {right}");
        assert!((left / right - 1.0).abs() < 1e-12, "{consumer}: {what}: {left} is not {right}");
    };
    let produced = value(tape, "p", "messages_produced", "sum");
    assert!(produced > 90_000.0, "{produced}");
    assert!((value(tape, "w", "messages_processed", "sum") - produced).abs() < 0.5, "the run ends empty");
    close(area("w", "busy_threads"), sum("w", "processing_time"), "busy threads and processing times");
    let there = area("q", "messages_visible") + area("q", "messages_in_flight");
    close(there, sum("w", "end_to_end_latency"), "messages and their times in the system");
    if received_once {
        close(area("q", "messages_visible"), sum("q", "queue_wait"), "visible messages and their waits");
    }
}

/// A burst of `messages` at 500 ms, drained by `workers` that take `batch` at a time.
struct Burst {
    messages: u64,
    workers: u64,
    batch: u64,
    /// Messages of one send call.
    sent_together: u64,
}

const BEGAN: u64 = 500_000_000;
const LONG_POLL: u64 = 20_000_000_000;
const RUN: u64 = 600_000_000_000;

/// What must come of a burst, by counting on one's fingers: worker by worker, batch by batch.
struct Drained {
    /// When each message is picked, and when it is done, in nanoseconds after the burst.
    picked: Vec<u64>,
    done: Vec<u64>,
    receives: u64,
    empty_receives: u64,
}

impl Burst {
    fn drain(&self, work: u64) -> Drained {
        let mut free: Vec<u64> = vec![0; self.workers as usize];
        let (mut picked, mut done) = (Vec::new(), Vec::new());
        let (mut left, mut receives) = (self.messages, 0);
        while left > 0 {
            // The workers that wait at the burst get what one send call brings; afterwards all is there at once.
            let first_round = receives < self.workers;
            let now = *free.iter().min().expect("there are workers");
            let worker = free.iter_mut().find(|free| **free == now).expect("the earliest is there");
            let taken = left.min(self.batch).min(if first_round { self.sent_together } else { u64::MAX });
            picked.extend((0..taken).map(|_| now));
            done.extend((1..=taken).map(|nth| now + nth * work));
            // A worker that takes its first batch is done later than all that still wait, work being above zero.
            *worker = now + taken * work;
            left -= taken;
            receives += 1;
        }
        done.sort_unstable();
        // A worker that got nothing has waited since the start of the run.
        let waited = |end: &u64| if *end == 0 { RUN } else { RUN - BEGAN - end };
        let empty_receives = free.iter().map(|end| waited(end) / LONG_POLL).sum();
        Drained { picked, done, receives, empty_receives }
    }
}

#[test]
fn a_burst_drains_to_the_message_and_the_nanosecond() {
    let cases =
        [(1000, 3, 1, 1), (1000, 7, 1, 1), (1003, 4, 10, 1), (1000, 4, 10, 10), (997, 1, 7, 1), (5, 9, 3, 1)];
    for (messages, workers, batch, sent_together) in cases {
        let burst = Burst { messages, workers, batch, sent_together };
        let work = 234_567_891;
        let expected = burst.drain(work);
        let scenario = load_scenario(&format!(
            "name: burst
duration: {RUN}ns
api_latency: none
assumptions: {{ duplicate_probability: 0, ordering_jitter: 0s }}
queues: {{ q: {{ visibility_timeout: 1h, receive_message_wait_time: 20s }} }}
producers:
  p:
    publishes_to: {{ queue: q }}
    arrivals: {{ bursts: [{{ at: {BEGAN}ns, messages: {messages} }}] }}
    batching: {{ max_entries: {sent_together} }}
consumers:
  w: {{ receives_from: {{ queue: q }}, threads: {workers}, batch_size: {batch}, processing_time: {work}ns }}
"
        ));
        let tape = scenario.run_with(1, 0, &mut |_| true).expect("the run succeeds");
        check_burst(
            &tape,
            &expected,
            work,
            &format!("{messages} messages, {workers} workers, batches of {batch}"),
        );
    }
}

fn check_burst(tape: &Tape, expected: &Drained, work: u64, what: &str) {
    let count = |name, metric| value(tape, name, metric, "sum") as u64;
    let nanos = |name, metric, statistic| (value(tape, name, metric, statistic) * NANOSECONDS).round() as u64;
    let messages = expected.done.len() as u64;
    assert_eq!(count("w", "messages_processed"), messages, "{what}");
    assert_eq!(count("q", "delete_calls"), messages, "{what}");
    assert_eq!(count("q", "messages_received"), messages, "{what}");
    assert_eq!(count("q", "empty_receives"), expected.empty_receives, "{what}");
    // Every worker waits in a call of its own when the run ends.
    let waiting = value(tape, "w", "threads", "last") as u64;
    let calls = expected.receives + expected.empty_receives + waiting;
    assert_eq!(count("q", "receive_calls"), calls, "{what}");
    assert_eq!(nanos("w", "end_to_end_latency", "max"), *expected.done.last().unwrap(), "{what}: drain time");
    assert_eq!(nanos("w", "end_to_end_latency", "min"), work, "{what}");
    let mean = |times: &[u64]| times.iter().sum::<u64>() as f64 / messages as f64 / NANOSECONDS;
    for (name, metric, times) in
        [("q", "queue_wait", &expected.picked), ("w", "end_to_end_latency", &expected.done)]
    {
        assert!((value(tape, name, metric, "mean") - mean(times)).abs() < 1e-9, "{what}: {metric}");
    }
    let busy = messages * work;
    let found = value(tape, "w", "busy_threads", "mean") * RUN as f64;
    assert!((found / busy as f64 - 1.0).abs() < 1e-12, "{what}: busy for {found} ns");
    check_backlog(tape, expected, what);
}

/// The backlog at each second of the run, message by message.
fn check_backlog(tape: &Tape, expected: &Drained, what: &str) {
    for (metric, gone) in [("messages_visible", &expected.picked), ("messages_in_flight", &expected.done)] {
        let series = tape.series.iter().find(|series| series.name == "q" && series.definition.name == metric);
        let points = &series.expect("the gauge is charted").points;
        assert_eq!(points.len() as u64, RUN / 1_000_000_000, "{what}: a point a second");
        for point in points {
            let after = point.time.as_nanos() - BEGAN;
            let left = |times: &[u64]| times.iter().filter(|time| **time > after).count();
            let number =
                if metric == "messages_visible" { left(gone) } else { left(gone) - left(&expected.picked) };
            assert_eq!(point.value as usize, number, "{what}: {metric} at {}", point.time);
        }
    }
}

#[test]
fn groups_of_arrivals_wait_for_each_other() {
    // Three at once each second, 100 ms each: they wait 0, 100 and 200 ms.
    let scenario = super::load_scenario(
        "name: groups
duration: 100s
api_latency: none
assumptions: { duplicate_probability: 0, ordering_jitter: 0s }
queues: { q: { visibility_timeout: 12h, receive_message_wait_time: 20s } }
producers: { p: { publishes_to: { queue: q }, arrivals: { renewal: { interval: 1s, messages: 3 } } } }
consumers: { w: { receives_from: { queue: q }, processing_time: 100ms } }
",
    );
    let tape = scenario.run().expect("the run succeeds");
    assert!((value(&tape, "q", "queue_wait", "mean") - 0.1).abs() < 0.002);
    assert_eq!(value(&tape, "q", "queue_wait", "max"), 0.2);
    assert_eq!(value(&tape, "q", "messages_visible", "max"), 2.0);
}
