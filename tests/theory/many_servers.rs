//! M/M/c against Erlang's formula.

use super::{REPLICATIONS, SERVICE, Verdict, estimate, replicate, station, value};

/// The probability that all `servers` are busy when a message arrives (Erlang C), by the stable recursion of Erlang B.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let offered = load * f64::from(servers);
    let blocked = (1..=servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
    blocked / (1.0 - load * (1.0 - blocked))
}

#[test]
fn erlang_c_agrees_with_printed_values() {
    // M/M/1: the load itself. M/M/2: 2ρ²/(1+ρ). Call-centre tables: ten lines, offered load 8.
    assert!((erlang_c(1, 0.8) - 0.8).abs() < 1e-12);
    assert!((erlang_c(2, 0.5) - 2.0 * 0.25 / 1.5).abs() < 1e-12);
    assert!((erlang_c(10, 0.8) - 0.409).abs() < 5e-4);
}

/// Servers, load, messages a replication, and the widest intervals for wait and queue, for the share that waits, and
/// for busy threads. Waits are rare events in a large fleet at half load, and slow to average near saturation.
const CASES: [(u32, f64, f64, [f64; 3]); 12] = [
    (1, 0.5, 30_000.0, [0.03, 0.01, 0.01]),
    (1, 0.8, 40_000.0, [0.05, 0.01, 0.01]),
    (1, 0.95, 120_000.0, [0.1, 0.01, 0.01]),
    (2, 0.5, 30_000.0, [0.03, 0.02, 0.01]),
    (2, 0.8, 40_000.0, [0.05, 0.01, 0.01]),
    (2, 0.95, 120_000.0, [0.1, 0.01, 0.01]),
    (10, 0.5, 120_000.0, [0.05, 0.05, 0.01]),
    (10, 0.8, 60_000.0, [0.05, 0.02, 0.01]),
    (10, 0.95, 120_000.0, [0.1, 0.02, 0.01]),
    (50, 0.5, 500_000.0, [1.0, 1.0, 0.01]),
    (50, 0.8, 400_000.0, [0.05, 0.05, 0.01]),
    (50, 0.95, 160_000.0, [0.1, 0.03, 0.01]),
];

#[test]
fn waits_are_those_of_erlang() {
    let mut verdict = Verdict::default();
    let processing_time = format!("{{ exponential: {{ mean: {SERVICE}s }} }}");
    for (seed, (servers, load, messages, [wide, wide_share, wide_busy])) in (1..).zip(CASES) {
        let rows = replicate(&station(servers, load, &processing_time, messages), seed, |tape| {
            [
                value(tape, "q", "queue_wait", "mean"),
                value(tape, "q", "messages_visible", "mean"),
                value(tape, "q", "queue_wait", "share_above_zero"),
                value(tape, "w", "busy_threads", "mean"),
            ]
        });
        assert_eq!(rows.len(), REPLICATIONS as usize);
        let share = erlang_c(servers, load);
        let wait = share * SERVICE / (f64::from(servers) * (1.0 - load));
        let waiting = wait * load * f64::from(servers) / SERVICE;
        let what = |metric: &str| format!("M/M/{servers} at {load}, {metric}");
        verdict.check(&what("mean wait"), wait, estimate(&rows, 0), wide);
        verdict.check(&what("number waiting"), waiting, estimate(&rows, 1), wide);
        verdict.check(&what("share that waits"), share, estimate(&rows, 2), wide_share);
        verdict.check(&what("busy threads"), load * f64::from(servers), estimate(&rows, 3), wide_busy);
    }
    verdict.judge(48);
}

/// Threads of one instance are servers like instances of one thread: the same draws, the same history.
#[test]
fn threads_and_instances_are_the_same_servers() {
    let read = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let text = b"
name: station
duration: 1h
api_latency: none
assumptions: { duplicate_probability: 0, ordering_jitter: 0s }
queues: { q: { visibility_timeout: 1h, receive_message_wait_time: 20s } }
producers: { p: { publishes_to: { queue: q }, arrivals: { poisson: { rate: 45/s } } } }
consumers:
  w: { receives_from: { queue: q }, processing_time: { exponential: { mean: 100ms } } }
";
        let scenario = queuelab::scenario::Scenario::load("x", text, &sets, &queuelab::language::NoFiles)
            .expect("the scenario is in order");
        let tape = scenario.run_with(1, 0, &mut |_| true).expect("the run succeeds");
        ["mean", "p99", "max"].map(|statistic| value(&tape, "q", "queue_wait", statistic))
    };
    let instances = read(&["consumers.w.instances=5"]);
    let threads = read(&["consumers.w.threads=5"]);
    let fewer = read(&["consumers.w.threads=6"]);
    assert!(instances[0] > 0.0);
    assert_eq!(instances.map(f64::to_bits), threads.map(f64::to_bits));
    assert!(fewer[0] < instances[0], "a sixth server shortens the wait");
}
