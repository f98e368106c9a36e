//! What is promised of intervals and baselines, measured: long, so not run with the others.
//!
//!     cargo test --release --test main experiments -- --ignored --nocapture

use super::load;
use queuelab::experiment::{Baseline, Crew, ReplicationPlan, Strictness};

fn go_on() -> bool {
    true
}

#[test]
#[ignore = "ten thousand runs"]
fn intervals_cover_what_they_promise() {
    // M/M/1 at a load of 0.8: the mean wait is 0.4 s.
    let text = super::STATION.replace("duration: 6m", "duration: 16m");
    let scenario = load(&text);
    let crew = Crew::new(None).expect("threads");
    let plan = ReplicationPlan::exactly(20, 0.95);
    const EXPERIMENTS: u64 = 500;
    let mut covered = 0;
    for seed in 0..EXPERIMENTS {
        let runs = plan.play(&scenario, seed, &crew, &go_on).expect("it runs");
        let estimates = runs.estimates(0.95);
        let wait = estimates.iter().find(|one| one.metric == "queue_wait" && one.statistic == "mean");
        let interval = wait.and_then(|one| one.interval).expect("it was measured");
        covered += u32::from(interval.low() <= 0.4 && 0.4 <= interval.high());
    }
    let share = f64::from(covered) / EXPERIMENTS as f64;
    println!(
        "{covered} of {EXPERIMENTS} nominal 95 % intervals cover the true mean ({:.1} %)",
        100.0 * share
    );
    assert!((0.93..=0.97).contains(&share), "{share}");
}

/// Workers of a fixed size under a steady load, ten minutes.
fn fleet(processing: &str) -> String {
    format!(
        "name: fleet\nduration: 11m\nwarm_up: 1m\nqueues: {{ jobs: {{ visibility_timeout: 2m, receive_message_wait_time: 20s }} }}\n\
         producers: {{ shop: {{ publishes_to: {{ queue: jobs }}, arrivals: {{ poisson: {{ rate: 20/s }} }} }} }}\n\
         consumers: {{ workers: {{ receives_from: {{ queue: jobs }}, instances: 4, threads: 4, processing_time: {{ exponential: {{ \
         mean: {processing} }} }} }} }}\n"
    )
}

#[test]
#[ignore = "four thousand runs"]
fn baselines_seldom_fail_by_chance_and_notice_what_is_slower() {
    let crew = Crew::new(None).expect("threads");
    let plan = ReplicationPlan::exactly(10, 0.95);
    let measure = |text: &str, seed: u64| {
        let scenario = load(text);
        let runs = plan.play(&scenario, seed, &crew, &go_on).expect("it runs");
        Baseline::of(&runs.estimates(0.95), scenario.hash(), seed)
    };
    let (same, slower) = (fleet("500ms"), fleet("550ms"));
    const CHECKS: u64 = 200;
    let (mut false_alarms, mut caught) = (0, 0);
    // A baseline of its own for every ten checks: one lucky baseline must not decide.
    let mut accepted = measure(&same, 0);
    for check in 0..CHECKS {
        if check % 10 == 0 {
            accepted = measure(&same, 1_000_000 + check);
        }
        let differs = |text: &str, seed: u64| {
            let changes = accepted.compare(&measure(text, seed), Strictness::default());
            changes.iter().any(|change| change.is_real)
        };
        false_alarms += u32::from(differs(&same, 1 + check));
        caught += u32::from(differs(&slower, 2_000_000 + check));
    }
    println!(
        "{false_alarms} of {CHECKS} checks of an unchanged scenario failed; a service slower by 10 % was caught in {caught} of \
         {CHECKS}"
    );
    assert!(u64::from(false_alarms) * 100 <= 2 * CHECKS, "{false_alarms}");
    assert!(u64::from(caught) * 100 >= 95 * CHECKS, "{caught}");
}
