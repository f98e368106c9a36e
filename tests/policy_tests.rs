//! Policy tests: the bundled ones hold, faults are told with their places, and what does not hold is noticed. Then what
//! no policy test can give: forecasts, from the load of a run.

use crate::scenarios::Beside;
use queuelab::language::NoFiles;
use queuelab::scenario::{PolicyTests, Scenario, TestResult, is_policy_test, policy_test_schema};
use std::fs;
use std::path::{Path, PathBuf};

fn bundled() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy-tests");
    let entries = fs::read_dir(folder).expect("the policy tests can be listed");
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    assert!(found.len() >= 7, "{found:?}");
    found
}

fn run(text: &str) -> Vec<TestResult> {
    let tests =
        PolicyTests::load("test.yaml", text.as_bytes(), &NoFiles).unwrap_or_else(|error| panic!("{error}"));
    tests.run().expect("the tests run")
}

#[test]
fn the_bundled_policy_tests_hold() {
    let (mut tests, mut unmet) = (0, Vec::new());
    for path in bundled() {
        let text = fs::read_to_string(&path).expect("a policy test can be read");
        assert!(is_policy_test(text.as_bytes()), "{}", path.display());
        assert!(
            text.starts_with("# ") && text.contains("queuelab check policy-tests/"),
            "{}",
            path.display()
        );
        let loaded = PolicyTests::load(&path.display().to_string(), text.as_bytes(), &Beside(path.clone()))
            .unwrap_or_else(|error| panic!("{error}"));
        for result in loaded.run().expect("the tests run") {
            tests += 1;
            assert!(!result.expectations.is_empty(), "{}", result.name);
            for expectation in result.expectations.into_iter().filter(|expectation| !expectation.passed) {
                let (name, wanted) = (expectation.name, expectation.expression);
                unmet.push(format!("{}: {name} {wanted}: observed {}", result.name, expectation.observed));
            }
        }
    }
    assert!(unmet.is_empty(), "\n{}", unmet.join("\n"));
    assert!(tests >= 25, "{tests} tests");
}

const TEST: &str = "policy_test: a small one
group: { min_size: 1, max_size: 10 }
policies: [target_tracking: { metric: backlog_per_instance, target_value: 100 }]
input_series: { BacklogPerInstance: \"300x5\" }
expect_at: { 3m: { desired_capacity: 3 } }
";

#[test]
fn what_does_not_hold_is_noticed() {
    let observed = |text: &str| {
        let result = run(text).remove(0);
        let expectation = result.expectations.into_iter().next().expect("one is expected");
        (expectation.passed, expectation.observed)
    };
    assert_eq!(observed(TEST), (true, "3".to_owned()));
    assert_eq!(
        observed(&TEST.replace("desired_capacity: 3", "desired_capacity: 4")),
        (false, "3".to_owned())
    );
    // A nanosecond before its minute nothing has happened yet.
    assert_eq!(observed(&TEST.replace("3m:", "2m59s:")), (false, "1".to_owned()));
    let (passed, observed) = observed(&TEST.replace("desired_capacity: 3", "alarm: { AlarmMiddle: OK }"));
    assert!(!passed && observed.contains("AlarmHigh"), "{observed}");
}

#[test]
fn what_cannot_be_run_says_where_and_why() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "group: { min_size: 1",
            "group: { min_sise: 1",
            &["test.yaml:2:10", "unknown key `min_sise`", "min_size"],
        ),
        ("BacklogPerInstance: \"300x5\"", "BacklogPerInstance: \"300y5\"", &["test.yaml:4:", "`300y5`"]),
        ("BacklogPerInstance", "Backlog", &["no metric"]),
        ("3m:", "soon:", &["test.yaml:5:", "`soon` is no time since the start"]),
        ("{ desired_capacity: 3 }", "{}", &["nothing is expected here"]),
        (
            "expect_at: { 3m: { desired_capacity: 3 } }",
            "expect_at: {}",
            &["a test that expects nothing cannot fail"],
        ),
        (
            "max_size: 10 }",
            "max_size: 10, scheduled_actions: { a: { recurrence: \"0 25 * * *\", min_size: 2 } } }",
            &["the hour `25`"],
        ),
        (
            "max_size: 10 }",
            "max_size: 10, scheduled_actions: { a: { recurrence: \"0 5 * * *\", time_zone: Europe/Berlim, min_size: 2 } } }",
            &["Europe/Berlin"],
        ),
        (
            "max_size: 10 }",
            "max_size: 10, scheduled_actions: { a: { start_time: 5m } } }",
            &["at least one of"],
        ),
        ("metric: backlog_per_instance, ", "", &["exactly one of `metric`"]),
        ("metric: backlog_per_instance", "metric: ECSServiceAverageCPUUtilization", &["does not fit here"]),
        (
            "target_value: 100",
            "target_value: 100, scale_in_cooldown: 60s",
            &["`scale_in_cooldown` does not fit here"],
        ),
        ("group: {", "service: { desired_count: 2 }\ngroup: {", &["either a `group` or a `service`"]),
    ];
    for (from, to, wanted) in cases {
        let text = TEST.replacen(from, to, 1);
        assert_ne!(text, TEST, "{from}");
        // Without the series of that name the backlog is that of the queue, which is silent: nothing is wrong then.
        if *to == "Backlog" {
            assert!(!run(&text)[0].expectations[0].passed);
            continue;
        }
        let error = PolicyTests::load("test.yaml", text.as_bytes(), &NoFiles).expect_err(to).to_string();
        for wanted in *wanted {
            assert!(error.contains(wanted), "`{wanted}` is told of `{to}`:\n{error}");
        }
    }
    let several = "policy_tests: []\nname: x\n";
    let error = PolicyTests::load("t", several.as_bytes(), &NoFiles).expect_err("two kinds").to_string();
    assert!(error.contains("does not fit beside `policy_tests`"), "{error}");
}

#[test]
fn policy_tests_have_a_schema() {
    let schema = policy_test_schema().to_string();
    for word in ["expect_at", "input_series", "policy_test", "AutoScalingGroupConfig"] {
        assert!(schema.contains(word), "{word}");
    }
    assert!(!is_policy_test(b"name: x\nduration: 1h\n"));
}

/// Two messages a second from ten to eleven, one every five seconds otherwise.
const DAYS: &str = "name: days
duration: 50h
queues: { q: { visibility_timeout: 2m, receive_message_wait_time: 20s } }
producers:
  p:
    publishes_to: { queue: q }
    arrivals: { piecewise: { spacing: evenly, repeat_every: 24h, points: [
      { at: 0s, rate: 0.2/s }, { at: 10h, rate: 2/s }, { at: 11h, rate: 0.2/s }] } }
consumers:
  w:
    receives_from: { queue: q }
    processing_time: 100ms
    auto_scaling_group:
      min_size: 1
      max_size: 20
      launch_time: 60s
      policies:
        - predictive_scaling: { load_metric: { queue: q, name: NumberOfMessagesSent }, target_value: 1000, mode: ForecastAndScale }
";

#[test]
fn a_forecast_has_capacity_ready_before_its_hour() {
    let changes = |text: &str| {
        let scenario = Scenario::load("days.yaml", text.as_bytes(), &[], &NoFiles);
        let tape = scenario.unwrap_or_else(|error| panic!("{error}")).run().expect("the run succeeds");
        let changed =
            tape.activities.into_iter().filter(|activity| activity.old_desired != activity.new_desired);
        let minutes = |nanoseconds: u64| nanoseconds / 60_000_000_000;
        changed.map(|activity| (minutes(activity.time.as_nanos()), activity.new_desired)).collect::<Vec<_>>()
    };
    // 7,200 messages at 1,000 an instance; five minutes ahead; from the second day on.
    assert_eq!(changes(DAYS), [(33 * 60 + 55, 8)]);
    assert_eq!(changes(&DAYS.replace("ForecastAndScale", "ForecastOnly")), []);
    assert_eq!(changes(&DAYS.replace("max_size: 20", "max_size: 5")), [(33 * 60 + 55, 5)]);
    let raised = DAYS.replace("max_size: 20", "max_size: 5").replace(
        "mode: ",
        "max_capacity_breach_behavior: IncreaseMaxCapacity, scheduling_buffer_time: 10m, mode: ",
    );
    assert_eq!(changes(&raised)[0], (33 * 60 + 50, 8));
}
