//! What queueing theory says in closed form, the simulator must find.
//!
//! An SQS queue without latency, disorder and duplicates, drained by long polls that take one message at a time, is the
//! queue of the textbooks: first come, first served, c servers. Every comparison is a confidence interval over
//! independent replications with a fixed seed, so the tests are deterministic; `Verdict` says how many intervals may
//! miss.

mod exact;
mod general_service;
mod many_servers;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;
use std::fmt::Write as _;

/// Replications behind every interval.
const REPLICATIONS: u32 = 30;
/// Quantiles of Student's t with 29 degrees of freedom, two-sided 99 % and 99.9 %.
const T_99: f64 = 2.7564;
const T_999: f64 = 3.6594;
/// Mean service time in seconds, in every scenario.
const SERVICE: f64 = 0.1;

/// A queue `q` and a consumer `w` with `servers` instances, at this load.
fn station(servers: u32, load: f64, processing_time: &str, arrivals: f64) -> Scenario {
    let rate = load * f64::from(servers) / SERVICE;
    // The influence of the empty start decays at least this fast ("relaxation time"); five of them are removed, and
    // as many service times as it takes to fill the servers.
    let distance = 1.0 - load.sqrt();
    let relaxation = SERVICE / f64::from(servers) / (distance * distance);
    let warm_up = 5.0 * relaxation + 20.0 * SERVICE;
    let nanoseconds = |seconds: f64| (seconds * 1e9).round() as u64;
    load_scenario(&format!(
        "name: station
duration: {}ns
warm_up: {}ns
api_latency: none
assumptions: {{ duplicate_probability: 0, ordering_jitter: 0s }}
queues: {{ q: {{ visibility_timeout: 12h, receive_message_wait_time: 20s }} }}
producers: {{ p: {{ publishes_to: {{ queue: q }}, arrivals: {{ poisson: {{ rate: {rate}/s }} }} }} }}
consumers:
  w: {{ receives_from: {{ queue: q }}, instances: {servers}, processing_time: {processing_time} }}
",
        nanoseconds(warm_up + arrivals / rate),
        nanoseconds(warm_up),
    ))
}

fn load_scenario(text: &str) -> Scenario {
    Scenario::load("theory.yaml", text.as_bytes(), &[], &NoFiles)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("no {name}.{metric} {statistic}"))
}

/// Runs every replication and reads the same numbers from each: one row a replication.
///
/// Each scenario of a verdict needs a `seed` of its own: equal ones would draw the same gaps and service times, and
/// the intervals would all err together.
fn replicate<const N: usize>(scenario: &Scenario, seed: u64, read: fn(&Tape) -> [f64; N]) -> Vec<[f64; N]> {
    let run = |replication| {
        let tape = scenario.run_with(seed, replication, &mut |_| true).expect("the run succeeds");
        read(&tape)
    };
    std::thread::scope(|scope| {
        let half =
            |parity| move || (0..REPLICATIONS).filter(|r| r % 2 == parity).map(run).collect::<Vec<_>>();
        let (even, odd) = (scope.spawn(half(0)), scope.spawn(half(1)));
        let mut rows = even.join().expect("no replication panics");
        rows.extend(odd.join().expect("no replication panics"));
        rows
    })
}

/// Mean and standard error of one number over the replications.
fn estimate<const N: usize>(rows: &[[f64; N]], column: usize) -> (f64, f64) {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|row| row[column]).sum::<f64>() / n;
    let squares: f64 = rows.iter().map(|row| (row[column] - mean) * (row[column] - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// Collects intervals and judges them together.
///
/// A correct simulator misses each 99 % interval one time in a hundred, so to ask that all of some fifty hold would
/// fail it every other seed; to widen the intervals would let a wrong one pass. Therefore: at most one miss of the 99 %
/// intervals, none of the 99.9 % intervals, and each interval must be tight, or it would prove nothing.
#[derive(Default)]
struct Verdict {
    intervals: u32,
    missed_99: u32,
    missed_999: u32,
    too_wide: u32,
    report: String,
}

impl Verdict {
    /// `widest` is the largest half width allowed, as a share of the exact value.
    fn check(&mut self, what: &str, exact: f64, (mean, error): (f64, f64), widest: f64) {
        let sigmas = (mean - exact).abs() / error;
        let width = T_99 * error / exact;
        self.intervals += 1;
        let beyond = |value: f64, limit: f64| u32::from(value.is_nan() || value > limit);
        self.missed_99 += beyond(sigmas, T_99);
        self.missed_999 += beyond(sigmas, T_999);
        self.too_wide += beyond(width, widest);
        let _ = writeln!(
            self.report,
            "{what}: {mean:.6} ± {:.1} % where theory has {exact:.6} ({sigmas:.2} standard errors; at most ± {:.1} %)",
            width * 100.0,
            widest * 100.0
        );
    }

    fn judge(&self, intervals: u32) {
        assert_eq!(self.intervals, intervals, "{}", self.report);
        assert_eq!(self.too_wide, 0, "intervals too wide to prove anything\n{}", self.report);
        assert_eq!(self.missed_999, 0, "outside the 99.9 % interval\n{}", self.report);
        assert!(self.missed_99 <= 1, "{} outside the 99 % interval\n{}", self.missed_99, self.report);
    }
}
