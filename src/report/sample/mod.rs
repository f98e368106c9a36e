//! Small and large tapes made by hand for the tests of this floor.

mod busy;

use crate::engine::{Span, Time};
use crate::record::{
    AlarmChange, Datapoint, ExpectationResult, Flow, InstrumentKind, Ledger, MetricDefinition, MetricSeries,
    RunHeader, ScalingActivity, Side, SummaryRow, Tape, Unit,
};

/// Seconds after the start.
pub(super) fn at(seconds: u64) -> Time {
    Time::ZERO + Span::from_seconds(seconds)
}

/// Declares a metric for a tape made by hand.
pub(super) const fn metric(
    name: &'static str,
    cloudwatch_name: Option<&'static str>,
    unit: Unit,
    kind: InstrumentKind,
) -> MetricDefinition {
    MetricDefinition {
        name,
        cloudwatch_name,
        namespace: "AWS/SQS",
        dimension: "QueueName",
        unit,
        kind,
        documentation: "",
    }
}

static SENT: MetricDefinition =
    metric("messages_sent", Some("NumberOfMessagesSent"), Unit::Count, InstrumentKind::Counter);
static AGE: MetricDefinition = metric(
    "age_of_oldest_message",
    Some("ApproximateAgeOfOldestMessage"),
    Unit::Seconds,
    InstrumentKind::Level,
);
static HIDDEN: MetricDefinition = metric("send_calls", None, Unit::Count, InstrumentKind::Counter);

/// A tape on which nothing happened.
pub(super) fn empty() -> Tape {
    Tape {
        header: RunHeader {
            scenario: "nothing".to_owned(),
            description: String::new(),
            scenario_hash: "00".repeat(32),
            seed: 42,
            replication: 0,
            start_unix_millis: 1_772_438_400_000,
            duration: Span::from_minutes(10),
            warm_up: Span::ZERO,
            quota_profile: "current".to_owned(),
            events: 0,
        },
        summary: Vec::new(),
        metrics: Vec::new(),
        ledger: Ledger::default(),
        alarms: Vec::new(),
        alarm_series: Vec::new(),
        custom_metrics: Vec::new(),
        activities: Vec::new(),
        window_results: Vec::new(),
        api_calls: Vec::new(),
        instances: Vec::new(),
        series: Vec::new(),
        quantiles: Vec::new(),
        distributions: Vec::new(),
        expectations: Vec::new(),
        windows: Vec::new(),
        theory: Vec::new(),
        flows: Vec::new(),
        probes: Vec::new(),
        notes: Vec::new(),
    }
}

fn datapoint(time: u64, sum: f64, count: f64) -> Datapoint {
    Datapoint {
        time: at(time),
        period: Span::from_minutes(1),
        sample_count: count,
        sum,
        minimum: sum / count,
        maximum: sum,
    }
}

fn series(definition: &'static MetricDefinition, name: &str, datapoints: Vec<Datapoint>) -> MetricSeries {
    MetricSeries { definition, kind: "queue", name: name.to_owned(), datapoints }
}

/// A few rows of everything.
pub(super) fn small() -> Tape {
    let mut tape = empty();
    tape.header.scenario = "orders".to_owned();
    tape.header.warm_up = Span::from_millis(1_500);
    tape.header.events = 1_234;
    let row = |kind, name: &str, metric: &str, statistic, value, unit| SummaryRow {
        kind,
        name: name.to_owned(),
        metric: metric.to_owned(),
        statistic,
        value,
        unit,
    };
    tape.summary = vec![
        row("queue", "orders", "messages_sent", "sum", 1200.0, Unit::Count),
        row("queue", "orders", "messages_sent", "rate", 2.0, Unit::PerSecond),
        row("queue", "orders", "age_of_oldest_message", "mean", 0.000_000_125, Unit::Seconds),
    ];
    tape.metrics = vec![
        series(&SENT, "orders", vec![datapoint(0, 120.0, 120.0), datapoint(60, 7.0, 2.0)]),
        series(&AGE, "orders", vec![datapoint(60, 0.75, 1.0)]),
        series(&HIDDEN, "orders", vec![datapoint(0, 1.0, 1.0)]),
        series(&SENT, "orders, \"late\"", vec![datapoint(0, 0.0, 1.0)]),
    ];
    tape.ledger.enter("queue", "orders", &[(Side::In, "sent", 127), (Side::Out, "deleted", 127)]);
    tape.ledger.enter("run", "orders", &[(Side::In, "produced", 127), (Side::Out, "processed", 127)]);
    tape.alarms = vec![AlarmChange {
        time: at(180),
        alarm: "too old".to_owned(),
        old_state: "OK",
        new_state: "ALARM",
        reason: "Threshold Crossed: 1 datapoint [0.75] was above 0.5, \"said\" the alarm".to_owned(),
        actions: "performed".to_owned(),
    }];
    tape.activities = vec![ScalingActivity {
        time: Time::from_nanos(180_250_000_000),
        group: "workers".to_owned(),
        policy: "grow".to_owned(),
        cause: "alarm `too old`".to_owned(),
        old_desired: 1,
        new_desired: 3,
        status: "Successful",
    }];
    tape.notes = vec!["The trace has a gap.".to_owned()];
    tape
}

/// [`small`] with expectations, one held and one not.
pub(super) fn judged() -> Tape {
    let mut tape = small();
    tape.expectations = vec![
        ExpectationResult {
            name: "orders.messages_sent".to_owned(),
            expression: "sum > 1000".to_owned(),
            observed: "1200".to_owned(),
            passed: true,
            ..Default::default()
        },
        ExpectationResult {
            name: "orders.age_of_oldest_message".to_owned(),
            expression: "max < 500ms".to_owned(),
            observed: "750ms".to_owned(),
            passed: false,
            ..Default::default()
        },
    ];
    tape
}

/// [`busy::run`] over four hours.
pub(super) fn busy() -> Tape {
    busy::run(4, 15)
}

/// What to look at, each with the beginning of its file names.
pub(super) fn gallery() -> Vec<(&'static str, Tape)> {
    let mut bare = busy();
    bare.series.clear();
    bare.quantiles.clear();
    bare.distributions.clear();
    bare.activities.clear();
    let mut huge = busy();
    huge.header.scenario = "a scenario with a name so long that nobody could ever read it on a chart of a report for a manager without losing patience".to_owned();
    huge.header.warm_up = Span::ZERO;
    for point in huge.series.iter_mut().flat_map(|series| &mut series.points) {
        point.value *= 1e6;
        point.minimum *= 1e6;
        point.maximum *= 1e6;
    }
    for point in huge.quantiles.iter_mut().flat_map(|series| &mut series.points) {
        point.maximum *= 1000.0;
    }
    let mut many = busy();
    let template: Vec<_> = many.series.iter().filter(|series| series.name == "orders").cloned().collect();
    for number in 2..=12_u32 {
        let name = format!("orders-of-region-{number}");
        let scaled = template.iter().cloned().map(|mut series| {
            series.name.clone_from(&name);
            for point in &mut series.points {
                point.value /= f64::from(number);
                point.minimum /= f64::from(number);
                point.maximum /= f64::from(number);
            }
            series
        });
        many.series.extend(scaled);
        if number < 5 {
            many.flows.push(Flow {
                from_kind: "queue",
                from: name,
                to_kind: "consumer",
                to: "workers".to_owned(),
            });
        }
    }
    vec![("many", many), ("busy", busy()), ("week", busy::run(24 * 7, 10)), ("bare", bare), ("huge", huge)]
}
