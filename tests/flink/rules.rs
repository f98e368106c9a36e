//! What AWS and Flink refuse is told when the scenario is read, all at once.

use super::{app, problems};

fn of(operators: &str, more: &str) -> String {
    problems(&format!("duration: 1m\nstreams: {{ s: {{}} }}\n{}", app(operators, more)))
}

#[test]
fn limits_of_kpus_are_those_of_the_profile() {
    let text = |profile: &str, parallelism: u32, per: u32| {
        let more =
            format!(", parallelism: {parallelism}, parallelism_per_kpu: {per}, maximum_parallelism: 1024");
        format!("quotas: {profile}\nduration: 1m\nstreams: {{ s: {{}} }}\n{}", app("", &more))
    };
    for (profile, parallelism, per) in
        [("current", 64, 1), ("current", 512, 8), ("2022", 32, 1), ("2022", 256, 8)]
    {
        assert!(super::load(&text(profile, parallelism, per)).is_ok(), "{profile} {parallelism}");
        let told = problems(&text(profile, parallelism + 1, per));
        assert!(told.contains("KPUs, an application has"), "{told}");
    }
    assert!(problems(&text("current", 9, 9)).contains("parallelism_per_kpu"));
}

#[test]
fn results_of_windows_have_no_json() {
    let window = "{ window: { tumbling: { size: 1m } } }";
    for behind in ["{ key_by: { body: country } }", "{ filter: { pattern: { country: [de] } } }"] {
        let told = of(&format!("{window}, {behind}"), "");
        assert!(told.contains("behind a window there are results"), "{told}");
    }
    let told = of("{ filter: { pattern: { country: de } } }", "");
    assert!(told.contains("country"), "{told}");
}

#[test]
fn every_problem_is_told_at_once() {
    let told = of(
        "{ window: { tumbling: { size: 1m, offset: 1m }, session: { gap: 1s } } }, { filter: {} }",
        ", sinks: [ { stream: s, function: f } ]",
    );
    for sentence in [
        "give exactly one of them",
        "a filter needs a condition",
        "results go to a `stream`",
        "an `offset` is shorter than a step",
    ] {
        assert!(told.contains(sentence), "{sentence}: {told}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases = [
        (
            "{ window: { tumbling: { size: 1m }, time: processing_time, allowed_lateness: 1s } }",
            "",
            "nothing is late in processing time",
        ),
        ("{ map: {} }", ", late_data: { stream: s }", "`late_data` comes from windows"),
        (
            "{ map: {} }",
            ", parallelism: 200, parallelism_per_kpu: 8",
            "more slots than `maximum_parallelism`",
        ),
        (
            "{ map: {} }",
            ", retrieval: enhanced_fan_out, get_records_max: 10",
            "`get_records_max` is for `retrieval: polling`",
        ),
        ("{ map: {} }", ", sinks: [ { stream: t } ]", "there is no stream `t`"),
        ("{ map: {} }", ", updates: [ { at: 1m, parallelism: 100 } ]", "100 slots need 100 KPUs"),
        ("{ window: { tumbling: { size: 0s } } }", "", "at least"),
    ];
    for (operators, more, sentence) in cases {
        let told = of(operators, more);
        assert!(told.contains(sentence), "{sentence}: {told}");
    }
}

#[test]
fn a_delivery_stream_that_reads_a_stream_takes_no_results() {
    let text = "duration: 1m\nobject_stores: { lake: {} }\nstreams: { s: {} }\ndelivery_streams: { d: { reads_from: { stream: s }, destination: { s3: { bucket: lake } } } }\n";
    let told = problems(&format!("{text}{}", app("", ", sinks: [ { delivery_stream: d } ]")));
    assert!(told.contains("`d` takes no records from applications"), "{told}");
}

#[test]
fn alarms_can_watch_applications() {
    let text = |metric: &str| {
        format!(
            "duration: 20m\nstreams: {{ s: {{}} }}\n{}alarms: {{ down: {{ metric: {{ flink_application: app, name: {metric} }}, statistic: Maximum, threshold: 1000, evaluation_periods: 1 }} }}\n",
            app("", ", failures: [ { at: 4m55s } ]")
        )
    };
    let tape = super::run(&text("downtime"));
    assert!(tape.alarms.iter().any(|change| change.new_state == "ALARM"), "{:?}", tape.alarms);
    let told = problems(&text("downTime"));
    assert!(told.contains("there is no metric `downTime`"), "{told}");
}
