//! M/G/1 against Pollaczek and Khinchine: the wait depends on the service time's mean and variance only.

use super::{SERVICE, Verdict, estimate, replicate, station, value};

/// A service time of mean `SERVICE`, and its squared coefficient of variation.
fn services() -> Vec<(&'static str, String, f64)> {
    let sigma: f64 = 0.8;
    // The mean of a lognormal lies a factor of exp(σ²/2) above its median.
    let median = SERVICE / libm::exp(sigma * sigma / 2.0);
    vec![
        ("D", format!("{SERVICE}s"), 0.0),
        ("E4", format!("{{ erlang: {{ k: 4, mean: {SERVICE}s }} }}"), 0.25),
        (
            "lognormal",
            format!("{{ lognormal: {{ median: {}ns, sigma: {sigma} }} }}", (median * 1e9).round()),
            libm::exp(sigma * sigma) - 1.0,
        ),
        (
            // Nine in ten take 50 ms, one in ten 550 ms: mean 100 ms, variance 0.9 · 50² + 0.1 · 450² = 22,500 ms².
            "two values",
            "{ mixture: [{ weight: 9, distribution: 50ms }, { weight: 1, distribution: 550ms }] }".to_owned(),
            2.25,
        ),
    ]
}

#[test]
fn waits_are_those_of_pollaczek_and_khinchine() {
    let mut verdict = Verdict::default();
    let mut seeds = 100..;
    for (name, processing_time, variation) in services() {
        for (load, messages, widest) in [(0.5, 40_000.0, 0.03), (0.8, 60_000.0, 0.05)] {
            let seed = seeds.next().expect("seeds do not end");
            let rows = replicate(&station(1, load, &processing_time, messages), seed, |tape| {
                [
                    value(tape, "q", "queue_wait", "mean"),
                    value(tape, "q", "messages_visible", "mean"),
                    value(tape, "q", "queue_wait", "share_above_zero"),
                    value(tape, "w", "processing_time", "mean"),
                    value(tape, "w", "end_to_end_latency", "mean"),
                ]
            });
            let wait = load * SERVICE * (1.0 + variation) / (2.0 * (1.0 - load));
            let what = |metric: &str| format!("M/G/1 with {name} at {load}, {metric}");
            verdict.check(&what("mean wait"), wait, estimate(&rows, 0), widest);
            verdict.check(&what("number waiting"), wait * load / SERVICE, estimate(&rows, 1), widest);
            // Arrivals of a Poisson process see time averages: they wait as often as the server is busy.
            verdict.check(&what("share that waits"), load, estimate(&rows, 2), 0.01);
            verdict.check(&what("time in the system"), wait + SERVICE, estimate(&rows, 4), widest);
            let (service, error) = estimate(&rows, 3);
            if variation > 0.0 {
                verdict.check(&what("service time"), SERVICE, (service, error), 0.01);
            } else {
                assert!((service - SERVICE).abs() < 1e-12, "a constant is a constant: {service}");
            }
        }
    }
    verdict.judge(4 * 8 + 6);
}

/// M/D/1 in more detail: not only the mean of the wait is right, but also its second moment.
#[test]
fn the_wait_of_a_constant_service_has_the_second_moment_of_takacs() {
    let load = 0.8;
    let rows = replicate(&station(1, load, &format!("{SERVICE}s"), 60_000.0), 200, |tape| {
        let mean = value(tape, "q", "queue_wait", "mean");
        let deviation = value(tape, "q", "queue_wait", "stddev");
        [mean * mean + deviation * deviation]
    });
    let wait = load * SERVICE / (2.0 * (1.0 - load));
    let second = 2.0 * wait * wait + load * SERVICE * SERVICE / (3.0 * (1.0 - load));
    let mut verdict = Verdict::default();
    verdict.check("M/D/1 at 0.8, mean square of the wait", second, estimate(&rows, 0), 0.06);
    verdict.judge(1);
}
