//! Alarms: whole runs against a second evaluator that shares no code with the first (`tests/alarms/`), metric math against
//! a naive one, and what scenarios may say about them.

mod math;
mod naive;

use naive::{Setting, reference};
use queuelab::engine::Stream;
use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;
use queuelab::services::cloudwatch::{TreatMissingData, evaluate};
use queuelab::wire::AlarmState;
use std::fmt::Write as _;

fn load(text: &str) -> Result<Scenario, String> {
    let text = format!("name: alarms\nqueues: {{ jobs: {{}} }}\n{text}");
    Scenario::load("alarms.yaml", text.as_bytes(), &[], &NoFiles).map_err(|error| error.to_string())
}

fn run(text: &str) -> Tape {
    load(text).unwrap_or_else(|error| panic!("{error}")).run().expect("a run")
}

/// The states an alarm went through: seconds from the start and the new state.
fn states(tape: &Tape, alarm: &str) -> Vec<(u64, &'static str)> {
    let changes = tape.alarms.iter().filter(|change| change.alarm == alarm);
    changes.map(|change| (change.time.as_nanos() / 1_000_000_000, change.new_state)).collect()
}

fn names(tape: &Tape, alarm: &str) -> Vec<&'static str> {
    states(tape, alarm).into_iter().map(|(_, state)| state).collect()
}

fn stream(purpose: &str) -> Stream {
    Stream::new(7, 0, "tests/alarms", purpose)
}

const TREATMENTS: [(&str, TreatMissingData); 4] = [
    ("missing", TreatMissingData::Missing),
    ("ignore", TreatMissingData::Ignore),
    ("breaching", TreatMissingData::Breaching),
    ("notBreaching", TreatMissingData::NotBreaching),
];

const STATES: [AlarmState; 3] = [AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData];

/// The tables of "Configuring how CloudWatch alarms treat missing data": five points, oldest first, `X` breaching; the
/// state by treatment in the order of [`TREATMENTS`], `K` where it is kept.
const PUBLISHED: [(usize, &str, &str); 10] = [
    (3, "0-X-X", "OOOO"),
    (3, "0----", "OOOO"),
    (3, "-----", "IKAO"),
    (3, "0XX-X", "AAAA"),
    (3, "--X--", "AKAO"),
    (2, "0-X-X", "AAAA"),
    (2, "00X0X", "AAAA"),
    (2, "0-X--", "OOAO"),
    (2, "----0", "OOAO"),
    (2, "---X-", "AKAO"),
];

#[test]
fn the_forty_published_cells_by_both_evaluators() {
    for (m, points, states) in PUBLISHED {
        for ((word, treat), wanted) in TREATMENTS.into_iter().zip(states.chars()) {
            for present in STATES {
                let wanted = match wanted {
                    'O' => AlarmState::Ok,
                    'A' => AlarmState::Alarm,
                    'I' => AlarmState::InsufficientData,
                    _ => present,
                };
                let setting = Setting { n: 3, m, treat: word };
                assert_eq!(reference(points, setting, present.name()), wanted.name(), "{points} {m} {word}");
                let range: Vec<Option<bool>> =
                    points.chars().map(|point| (point != '-').then_some(point == 'X')).collect();
                assert_eq!(evaluate(&range, 3, m, treat, present), wanted, "{points} {m} {word}");
            }
        }
    }
}

#[test]
fn two_evaluators_agree_on_random_series() {
    let mut draw = stream("series");
    for _ in 0..20_000 {
        let n = 1 + draw.below(8) as usize;
        let m = 1 + draw.below(n as u64) as usize;
        let slots = n + draw.below(6) as usize;
        let missing = draw.below(10);
        let points: String = (0..slots)
            .map(|_| {
                if draw.below(10) < missing {
                    '-'
                } else if draw.below(2) == 0 {
                    '0'
                } else {
                    'X'
                }
            })
            .collect();
        let range: Vec<Option<bool>> =
            points.chars().map(|point| (point != '-').then_some(point == 'X')).collect();
        for (word, treat) in TREATMENTS {
            let present = STATES[draw.below(3) as usize];
            let found = evaluate(&range, n, m, treat, present);
            let wanted = reference(&points, Setting { n, m, treat: word }, present.name());
            assert_eq!(found.name(), wanted, "{points}: {m} of {n}, {word}, from {}", present.name());
        }
    }
}

/// Alarms in a run, on series that a program publishes, go through the states that the second evaluator says, minute
/// by minute.
#[test]
fn runs_follow_the_reference_minute_by_minute() {
    const MINUTES: usize = 120;
    let mut draw = stream("runs");
    let mut metrics = String::new();
    let mut alarms = String::new();
    let mut settings = Vec::new();
    for index in 0..60 {
        let n = 1 + draw.below(6) as usize;
        let m = 1 + draw.below(n as u64) as usize;
        let (treat, _) = TREATMENTS[index % 4];
        let mut values = Vec::new();
        let mut points = String::new();
        while points.len() < MINUTES {
            // Stretches of heat, of quiet and of silence.
            let kind = draw.below(3);
            for _ in 0..=draw.below(9) {
                let (value, point) = match kind {
                    0 => ("null".to_owned(), '-'),
                    1 => (format!("{}", draw.below(10)), '0'),
                    _ => (format!("{}", 11 + draw.below(10)), 'X'),
                };
                values.push(value);
                points.push(point);
            }
        }
        let _ = writeln!(metrics, "  m{index}: {{ values: [{}], metric_delay: 0s }}", values.join(", "));
        let _ = writeln!(
            alarms,
            "  a{index}: {{ metric: {{ custom_metric: m{index} }}, threshold: 10, evaluation_periods: {n}, datapoints_to_alarm: {m}, treat_missing_data: {treat} }}"
        );
        settings.push((n, m, treat, points));
    }
    let tape = run(&format!(
        "duration: {MINUTES}m\nstart: 2026-01-01T00:00:00Z\ncustom_metrics:\n{metrics}alarms:\n{alarms}"
    ));
    for (index, (n, m, treat, points)) in settings.into_iter().enumerate() {
        // The value published at minute k lies in the period [k, k + 1): there is none before the first minute.
        let published = format!("-{points}");
        let mut state = "INSUFFICIENT_DATA";
        let mut wanted = Vec::new();
        let range = n + usize::max(n / 3, 2);
        for minute in 1..MINUTES {
            let before = "-".repeat(range.saturating_sub(minute));
            let seen = format!("{before}{}", &published[minute.saturating_sub(range)..minute]);
            let next = reference(&seen, Setting { n, m, treat }, state);
            if next != state {
                wanted.push((minute as u64, next));
                state = next;
            }
        }
        let found = states(&tape, &format!("a{index}"));
        let found: Vec<_> = found.into_iter().map(|(second, state)| (second / 60, state)).collect();
        assert_eq!(found, wanted, "a{index}: {m} of {n}, {treat}: {points}");
    }
}

/// One alarm on a list of values, one a minute from the first minute on, readable at once.
fn on_values(values: &str, alarm: &str) -> Tape {
    run(&format!(
        "duration: 30m\ncustom_metrics: {{ m: {{ values: [{values}], metric_delay: 0s }} }}\n\
         alarms: {{ a: {{ metric: {{ custom_metric: m }}, threshold: 10, {alarm} }} }}"
    ))
}

#[test]
fn a_breach_of_less_than_its_periods_is_no_alarm() {
    let short = on_values("1, 1, 1, 20, 20, 1, 1, 1", "evaluation_periods: 3");
    assert_eq!(names(&short, "a")[0], "OK");
    assert!(!names(&short, "a").contains(&"ALARM"));
    let long = on_values("1, 1, 1, 20, 20, 20, 1, 1", "evaluation_periods: 3");
    assert_eq!(names(&long, "a")[..3], ["OK", "ALARM", "OK"]);
}

#[test]
fn a_state_change_says_what_was_judged() {
    let tape = on_values("1, 1, 20, 21.5, 22", "evaluation_periods: 3");
    let reasons: Vec<&str> = tape.alarms.iter().map(|change| change.reason.as_str()).collect();
    assert!(
        reasons[0].contains("of the last 1 datapoints") || reasons[0].contains("0 of the last"),
        "{reasons:?}"
    );
    let alarm = tape.alarms.iter().find(|change| change.new_state == "ALARM").expect("an alarm");
    assert_eq!(
        alarm.reason,
        "3 of the last 3 datapoints are above the threshold 10: 20 at 00:03, 21.5 at 00:04, 22 at 00:05 (3 of 3 make an alarm)"
    );
    assert_eq!(alarm.actions, "performed");
    let lost = tape.alarms.last().expect("changes");
    assert_eq!(lost.reason, "no datapoint in the last 5 periods; missing data is treated as `missing`");
}

#[test]
fn a_warm_up_keeps_an_alarm_still() {
    let values = "20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20";
    let first = |alarm: &str| states(&on_values(values, alarm), "a")[0];
    let (without, _) = first("evaluation_periods: 2");
    assert!((120..240).contains(&without), "{without}");
    // It ends as soon as two datapoints fill the window.
    let (early, _) = first("evaluation_periods: 2, warm_up: { duration: 10m }");
    assert!((180..240).contains(&early), "{early}");
    let (full, _) = first(
        "evaluation_periods: 2, warm_up: { duration: 10m, only_start_evaluating_after_warm_up_period_ends: true }",
    );
    assert!((600..660).contains(&full), "{full}");
}

#[test]
fn a_wall_clock_window_judges_whole_periods_of_the_clock() {
    // Hot from minute 3 to minute 7: a sliding window of five minutes has an average above 10, no aligned one has.
    let values = "0, 0, 0, 14, 14, 14, 14, 0, 0, 0, 0, 0, 0, 0, 0";
    let sliding = on_values(values, "period: 5m");
    assert!(names(&sliding, "a").contains(&"ALARM"));
    let aligned = on_values(values, "period: 5m, evaluation_window: { wall_clock_window: {} }");
    assert!(!names(&aligned, "a").contains(&"ALARM"), "{:?}", states(&aligned, "a"));
    assert!(names(&aligned, "a").contains(&"OK"));
}

#[test]
fn a_short_period_finds_gaps_in_a_metric_of_minutes() {
    let tape = run(
        "duration: 10m\ncustom_metrics: { m: { values: [20, 20, 20, 20, 20, 20, 20, 20, 20], metric_delay: 0s } }\n\
         alarms:\n  one: { metric: { custom_metric: m }, period: 10s, threshold: 10 }\n  \
         six: { metric: { custom_metric: m }, period: 10s, threshold: 10, evaluation_periods: 6, datapoints_to_alarm: 6 }",
    );
    let one = names(&tape, "one");
    assert!(one.contains(&"ALARM") && one.contains(&"INSUFFICIENT_DATA"), "{one:?}");
    // Six points never come together; the premature rule may still alarm, but no judgement of six does.
    assert!(tape.alarms.iter().all(|change| change.alarm != "six" || !change.reason.starts_with("6 of")));
}

#[test]
fn a_statistic_set_loses_its_percentiles() {
    let text = |form: &str| {
        format!(
            "duration: 10m\nproducers: {{ p: {{ publishes_to: {{ queue: jobs }}, arrivals: {{ constant: {{ rate: 2/s }} }} }} }}\n\
             consumers: {{ c: {{ receives_from: {{ queue: jobs }}, threads: 20, processing_time: {{ uniform: [1s, 2s] }} }} }}\n\
             custom_metrics: {{ t: {{ metric: {{ consumer: c, name: ProcessingTime }}, publish_as: {form} }} }}\n\
             alarms:\n  p: {{ metric: {{ custom_metric: t }}, statistic: p90, threshold: 1.5 }}\n  \
             max: {{ metric: {{ custom_metric: t }}, statistic: Maximum, threshold: 1.5 }}"
        )
    };
    let set = run(&text("statistic_set"));
    assert_eq!(names(&set, "p"), Vec::<&str>::new(), "p90 has no datapoint");
    assert_eq!(names(&set, "max"), ["ALARM"]);
    let values = run(&text("values"));
    assert_eq!(names(&values, "p"), ["ALARM"]);
    let series = &values.custom_metrics[0];
    // What would fall on the end of the run is not published any more.
    assert_eq!(series.datapoints.len(), 9);
    assert!(series.datapoints[1].sample_count > 100.0 && series.datapoints[1].minimum >= 1.0);
}

#[test]
fn percentiles_of_a_service_are_those_of_its_values() {
    // Nine in ten take 1 s, one in ten 3 s: p80 is 1 s, p95 is 3 s.
    let tape = run(
        "duration: 20m\nproducers: { p: { publishes_to: { queue: jobs }, arrivals: { constant: { rate: 10/s } } } }\n\
         consumers: { c: { receives_from: { queue: jobs }, threads: 40, processing_time: \
         { mixture: [ { weight: 90, distribution: 1s }, { weight: 10, distribution: 3s } ] } } }\n\
         alarms:\n  p80: { metric: { consumer: c, name: ProcessingTime }, statistic: p80, threshold: 1.5 }\n  \
         p95: { metric: { consumer: c, name: ProcessingTime }, statistic: p95, threshold: 1.5 }\n  \
         tm80: { metric: { consumer: c, name: ProcessingTime }, statistic: tm80, threshold: 1.01 }\n  \
         rank: { metric: { consumer: c, name: ProcessingTime }, statistic: \"PR(:2)\", threshold: 95 }",
    );
    assert_eq!(names(&tape, "p80"), ["OK"]);
    assert_eq!(names(&tape, "p95"), ["ALARM"]);
    assert_eq!(names(&tape, "tm80"), ["OK"]);
    assert_eq!(names(&tape, "rank"), ["OK"]);
}

#[test]
fn metric_math_over_missing_operands() {
    // Sheet vectors: m1 = 500 over m2 = 0 has no datapoint; m1 missing over m2 = 3 is 0.
    let math = |one: &str, two: &str| {
        run(&format!(
            "duration: 10m\ncustom_metrics:\n  one: {{ values: [{one}], metric_delay: 0s }}\n  two: {{ values: [{two}], metric_delay: 0s }}\n\
             alarms:\n  a:\n    threshold: -1\n    metrics:\n    \
             - {{ id: m1, metric: {{ custom_metric: one }}, return_data: false }}\n    \
             - {{ id: m2, metric: {{ custom_metric: two }}, return_data: false }}\n    \
             - {{ id: e1, expression: m1 / m2 }}"
        ))
    };
    assert_eq!(names(&math("500, 500, 500, 500, 500, 500", "0, 0, 0, 0, 0, 0"), "a"), Vec::<&str>::new());
    let zero = math("null, null, null, null, null, null", "3, 3, 3, 3, 3, 3");
    assert_eq!(names(&zero, "a")[0], "ALARM");
    assert!(zero.alarms[0].reason.contains(": 0 at 00:01"), "{}", zero.alarms[0].reason);
}

#[test]
fn composite_alarms_follow_at_once_and_are_held_back() {
    let tape = run("duration: 30m\ncustom_metrics:\n  \
           hot: { values: [1, 1, 20, 20, 20, 20, 1, 1, 1, 20, 20, 20, 20, 20, 20, 20, 20], metric_delay: 0s }\n  \
           work: { values: [0, 0, 0, 0, 0, 0, 0, 0, 20, 20, 20, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], metric_delay: 0s }\n\
         alarms:\n  hot: { metric: { custom_metric: hot }, threshold: 10, treat_missing_data: ignore }\n  \
           work: { metric: { custom_metric: work }, threshold: 10, treat_missing_data: notBreaching }\n\
         composite_alarms:\n  \
           above: { alarm_rule: ALARM(page) }\n  \
           page: { alarm_rule: ALARM(hot), actions_suppressor: work, actions_suppressor_wait_period: 30s, actions_suppressor_extension_period: 90s }");
    let hot: Vec<_> = states(&tape, "hot").into_iter().filter(|(_, state)| *state == "ALARM").collect();
    let page: Vec<_> = tape.alarms.iter().filter(|change| change.alarm == "page").collect();
    assert_eq!((page[0].time.as_nanos(), page[0].new_state), (0, "OK"), "judged when it is created");
    let alarms: Vec<u64> = page
        .iter()
        .filter(|change| change.new_state == "ALARM" && change.old_state != "ALARM")
        .map(|change| change.time.as_nanos() / 1_000_000_000)
        .collect();
    assert_eq!(alarms, hot.iter().map(|(second, _)| *second).collect::<Vec<_>>());
    let actions: Vec<&str> = page.iter().map(|change| change.actions.as_str()).collect();
    assert!(
        actions.contains(&"suppressed by WaitPeriod") && actions.contains(&"suppressed by work"),
        "{actions:?}"
    );
    // What was held back is done when the suppressor is gone for 90 s.
    let done = page.last().expect("changes");
    assert_eq!((done.old_state, done.new_state, done.actions.as_str()), ("ALARM", "ALARM", "performed"));
    // One above another follows at the same instant.
    assert_eq!(names(&tape, "above").iter().filter(|state| **state == "ALARM").count(), 2);
}

/// A composite alarm that goes off twice, with these keys, and what its topic and its function get.
fn notified(keys: &str) -> (Vec<String>, u64, u64, u64) {
    let text = format!(
        "duration: 30m\nqueues: {{ tickets: {{}}, jobs: {{}} }}\n\
         topics: {{ people: {{ subscriptions: [{{ name: rule, queue: tickets, filter_policy_scope: message_body, filter_policy: {{ AlarmRule: [{{ prefix: ALARM }}], NewStateValue: [ALARM] }} }}] }} }}\n\
         functions: {{ heal: {{ processing_time: 1s }} }}\n\
         custom_metrics:\n  \
           hot: {{ values: [1, 1, 20, 20, 20, 20, 1, 1, 1, 20, 20, 20, 20, 20, 20, 20, 20], metric_delay: 0s }}\n  \
           work: {{ values: [0, 0, 0, 0, 0, 0, 0, 0, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20], metric_delay: 0s }}\n\
         alarms:\n  hot: {{ metric: {{ custom_metric: hot }}, threshold: 10, treat_missing_data: ignore }}\n  \
           work: {{ metric: {{ custom_metric: work }}, threshold: 10, treat_missing_data: notBreaching }}\n\
         composite_alarms:\n  \
           page: {{ alarm_rule: ALARM(hot), alarm_actions: [{{ topic: people }}, {{ function: heal }}], ok_actions: [{{ topic: people }}], insufficient_data_actions: [{{ topic: people }}]{keys} }}"
    );
    let text = format!("name: alarms\n{text}");
    let scenario = Scenario::load("alarms.yaml", text.as_bytes(), &[], &NoFiles)
        .unwrap_or_else(|error| panic!("{error}"));
    let tape = scenario.run().expect("a run");
    let sum = |name: &str, metric: &str| tape.value(name, metric, "sum").expect("it is counted") as u64;
    let actions = tape.alarms.iter().filter(|change| change.alarm == "page");
    let delivered = tape.ledger.get("subscription", "people.rule", "delivered");
    (
        actions.map(|change| change.actions.clone()).collect(),
        sum("people", "messages_published"),
        sum("heal", "async_events_received"),
        delivered.expect("the subscription has books"),
    )
}

#[test]
fn a_composite_alarm_tells_topics_and_functions() {
    // OK when it is created, ALARM, OK, ALARM.
    let (actions, published, invoked, alarms) = notified("");
    assert_eq!(actions, ["performed"; 4]);
    assert_eq!((published, invoked, alarms), (4, 2, 2));
    // The suppressor comes before the second ALARM, within the wait period of the second OK at the latest.
    let suppressed = ", actions_suppressor: work, actions_suppressor_wait_period: 1s, actions_suppressor_extension_period: 60s";
    let (actions, published, invoked, alarms) = notified(suppressed);
    assert!(actions.contains(&"suppressed by work".to_owned()), "{actions:?}");
    assert_eq!((published, invoked, alarms), (3, 1, 1), "what the suppressor holds back nobody hears of");
    let (actions, published, invoked, _) = notified(", actions_enabled: false");
    assert_eq!((actions, published, invoked), (vec!["disabled".to_owned(); 4], 0, 0));
}

/// The whole text that is told about a scenario that is wrong.
fn wrong(text: &str) -> String {
    load(&format!("duration: 10m\n{text}")).expect_err("a problem")
}

#[test]
fn what_aws_refuses_is_told_with_its_place() {
    let metric = "metric: { queue: jobs, name: NumberOfMessagesSent }";
    let alarm = |keys: &str| wrong(&format!("alarms: {{ a: {{ threshold: 1, {keys} }} }}"));
    let queries = |queries: &str| {
        wrong(&format!(
            "alarms: {{ a: {{ threshold: 1, metrics: [ {{ id: m1, {metric}, return_data: false }}, {queries} ] }} }}"
        ))
    };
    let cases = [
        (alarm(""), "an alarm watches one time series"),
        (alarm("metric: { queue: jobs, name: NumberOfMesagesSent }"), "did you mean `NumberOfMessagesSent`"),
        (alarm(&format!("{metric}, statistic: P99")), "there is no statistic `P99`"),
        (alarm(&format!("{metric}, period: 15s")), "a period is 10s, 20s, 30s or a multiple of 60s"),
        (alarm(&format!("{metric}, period: 1h, evaluation_periods: 169")), "may be a day at most"),
        (alarm(&format!("{metric}, evaluation_periods: 3, datapoints_to_alarm: 4")), "cannot exceed"),
        (
            alarm(&format!("{metric}, evaluation_periods: 3, evaluation_range: 2")),
            "`evaluation_range` is at least",
        ),
        (
            alarm(&format!("{metric}, period: 2m, evaluation_window: {{ wall_clock_window: {{}} }}")),
            "a wall clock window has a period of",
        ),
        (
            alarm(&format!(
                "{metric}, evaluation_window: {{ wall_clock_window: {{ time_zone: Europe/Berln }} }}"
            )),
            "there is no time zone `Europe/Berln`",
        ),
        (
            alarm(&format!("{metric}, evaluate_low_sample_count_percentile: ignore")),
            "only alarms on a percentile can ignore low samples",
        ),
        (alarm("metric: { custom_metric: nothing }"), "the scenario defines no custom metric"),
        (queries("{ id: e1, expression: m1 + m3 }"), "no query has the id `m3`"),
        (queries("{ id: e1, expression: MAXX(m1) }"), "did you mean `MAX`"),
        (queries("{ id: e1, expression: SUM(m1) }"), "the result must be one time series"),
        (queries("{ id: E1, expression: m1 }"), "cannot be the id of a query"),
        (queries("{ id: m1, expression: m1 }"), "two queries have the id `m1`"),
        (queries("{ id: e1 }"), "a query reads a metric or computes an expression"),
        (queries("{ id: e1, expression: m1, statistic: Sum }"), "an expression has no `statistic`"),
        (
            queries(&format!("{{ id: m2, {metric} }}, {{ id: e1, expression: m1 }}")),
            "only one of the queries can be watched",
        ),
        (
            queries(&format!(
                "{{ id: m2, {metric}, period: 5m, return_data: false }}, {{ id: m3, {metric}, period: 1m, return_data: false }}, {{ id: e1, expression: m2 / m3 }}"
            )),
            "all metrics of an expression have the same period",
        ),
        (wrong("custom_metrics: { c: {} }"), "a custom metric has one source"),
        (wrong("custom_metrics: { c: { values: [1], namespace: AWS/SQS } }"), "belong to AWS"),
        (wrong("custom_metrics: { c: { values: [1], storage_resolution: 5s } }"), "`1s` or `60s`"),
        (
            wrong("custom_metrics: { a: { values: [1] }, b: { metric: { custom_metric: a } } }"),
            "is computed from another custom metric",
        ),
    ];
    for (told, wanted) in &cases {
        assert!(told.contains(wanted), "{wanted:?} is told:\n{told}");
    }
    // An error in an expression points into it: line 3 of this text, at `m3`.
    let told =
        wrong("alarms:\n  a:\n    threshold: 1\n    metrics:\n      - { id: e1, expression: 'abc + m3' }");
    assert!(told.contains("alarms.yaml:8:"), "{told}");
}

#[test]
fn what_aws_refuses_of_composite_alarms_is_told() {
    let metric = "metric: { queue: jobs, name: NumberOfMessagesSent }";
    let cases = [
        (wrong("composite_alarms: { c: { alarm_rule: ALARM(x) } }"), "there is no alarm `x`"),
        (
            wrong("composite_alarms: { c: { alarm_rule: \"TRUE\", alarm_actions: [{ policy: grow }] } }"),
            "`topic`",
        ),
        (
            wrong("composite_alarms: { c: { alarm_rule: \"TRUE\", ok_actions: [{ topic: nobody }] } }"),
            "no topic",
        ),
        (
            wrong(
                "functions: { f: { processing_time: 1s } }\ncomposite_alarms: { c: { alarm_rule: \"TRUE\", ok_actions: [{ function: f }, { function: f }, { function: f }, { function: f }, { function: f }, { function: f }] } }",
            ),
            "`ok_actions` takes 5 actions at most",
        ),
        (
            wrong(
                "consumers: { w: { receives_from: { queue: jobs }, processing_time: 1s, auto_scaling_group: { max_size: 3, policies: [{ simple_scaling: { alarm: c, adjustment_type: ChangeInCapacity, scaling_adjustment: 1 } }] } } }\ncomposite_alarms: { c: { alarm_rule: \"TRUE\" } }",
            ),
            "the composite alarm `c` cannot invoke a scaling policy",
        ),
        (
            wrong("composite_alarms: { c: { alarm_rule: ALARM(d) }, d: { alarm_rule: NOT OK(c) } }"),
            "would follow from itself",
        ),
        (
            wrong("composite_alarms: { c: { alarm_rule: \"TRUE\", actions_suppressor: c } }"),
            "`actions_suppressor_wait_period` must be given",
        ),
        (
            wrong(&format!(
                "alarms: {{ c: {{ threshold: 1, {metric} }} }}\ncomposite_alarms: {{ c: {{ alarm_rule: ALARM(c) }} }}"
            )),
            "there is an alarm `c` already",
        ),
    ];
    for (told, wanted) in &cases {
        assert!(told.contains(wanted), "{wanted:?} is told:\n{told}");
    }
}

#[test]
fn more_than_ten_metrics_are_too_many() {
    let query = |index: usize| {
        format!(
            "{{ id: m{index}, metric: {{ queue: jobs, name: NumberOfMessagesSent }}, return_data: false }}"
        )
    };
    let list = |count: usize| {
        let queries: Vec<String> = (0..count).map(query).collect();
        format!(
            "duration: 10m\nalarms: {{ a: {{ threshold: 1, metrics: [ {}, {{ id: e, expression: SUM(METRICS()) }} ] }} }}",
            queries.join(", ")
        )
    };
    assert!(load(&list(10)).is_ok());
    assert!(load(&list(11)).expect_err("too many").contains("at most 10 metrics"));
}

#[test]
fn a_namespace_may_have_a_delay_of_its_own() {
    let first = |assumptions: &str| {
        let tape = run(&format!(
            "duration: 10m\nassumptions: {{ {assumptions} }}\n\
             producers: {{ p: {{ publishes_to: {{ queue: jobs }}, arrivals: {{ constant: {{ rate: 1/s }} }} }} }}\n\
             alarms: {{ a: {{ metric: {{ queue: jobs, name: NumberOfMessagesSent }}, threshold: 0 }} }}"
        ));
        states(&tape, "a")[0]
    };
    let (late, state) = first("metric_delays: { aws_auto_scaling: 0s }");
    assert!(late >= 120 && state == "ALARM", "{late} {state}");
    let (early, state) = first("metric_delays: { aws_sqs: 0s }");
    assert!(early < 120 && state == "ALARM", "{early} {state}");
}
