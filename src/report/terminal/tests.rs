//! What people read, as they read it (without colours).

use super::*;
use crate::engine::Span;
use crate::record::{ExpectationResult, Flow, SummaryRow, Unit};
use crate::report::sample;
use insta::assert_snapshot;

/// Without ANSI styles.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out += before;
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// Kind, name, metric, statistic, value and unit.
const SUMMARY: &str = "
producer checkout messages_produced sum 552013 count
producer checkout messages_produced rate 40.001 per_s
producer checkout messages_rejected sum 0 count
queue fulfilment messages_sent sum 552013 count
queue fulfilment messages_received sum 553120 count
queue fulfilment messages_deleted sum 551998 count
queue fulfilment empty_receives sum 12 count
queue fulfilment messages_visible mean 812.25 count
queue fulfilment messages_visible max 12345 count
queue fulfilment age_of_oldest_message max 187.2 s
queue fulfilment messages_expired sum 0 count
queue fulfilment messages_dead_lettered sum 15 count
queue fulfilment estimated_cost sum 0.4423 USD
queue fulfilment-dlq messages_sent sum 15 count
queue fulfilment-dlq messages_received sum 0 count
queue fulfilment-dlq messages_deleted sum 0 count
queue fulfilment-dlq messages_visible mean 7.5 count
queue fulfilment-dlq messages_visible max 15 count
consumer workers messages_processed sum 551998 count
consumer workers messages_processed rate 39.9998 per_s
consumer workers end_to_end_latency p50 0.412 s
consumer workers end_to_end_latency p90 1.2 s
consumer workers end_to_end_latency p99 21.9 s
consumer workers end_to_end_latency max 187.9 s
consumer workers duplicates sum 3 count
consumer workers failures sum 1104 count
consumer workers out_of_order sum 0 count
consumer workers instances_in_service min 2 count
consumer workers instances_in_service mean 4.316 count
consumer workers instances_in_service max 14 count
consumer workers instance_hours sum 16.53 h
consumer workers utilization mean 0.624 ratio
consumer workers estimated_cost sum 1.3885 USD
run order-pipeline api_calls sum 231117 count
run order-pipeline estimated_cost sum 1.8308 USD
";

fn row(line: &'static str) -> SummaryRow {
    const UNITS: [Unit; 6] =
        [Unit::Count, Unit::Seconds, Unit::Ratio, Unit::PerSecond, Unit::Hours, Unit::Dollars];
    let cells: Vec<&'static str> = line.split(' ').collect();
    SummaryRow {
        kind: cells[0],
        name: cells[1].to_owned(),
        metric: cells[2].to_owned(),
        statistic: cells[3],
        value: cells[4].parse().unwrap(),
        unit: UNITS.into_iter().find(|unit| unit.name() == cells[5]).unwrap(),
    }
}

fn shop() -> Tape {
    let mut tape = sample::empty();
    tape.header.scenario = "order-pipeline".to_owned();
    tape.header.description = "Orders fan out; fulfilment scales on backlog per instance.\n".to_owned();
    tape.header.duration = Span::from_hours(4);
    tape.header.warm_up = Span::from_minutes(10);
    tape.summary = SUMMARY.trim().lines().map(row).collect();
    tape.flows = vec![Flow {
        from_kind: "queue",
        from: "fulfilment".to_owned(),
        to_kind: "queue",
        to: "fulfilment-dlq".to_owned(),
    }];
    let expected = |name: &str, expression: &str, observed: &str, passed| ExpectationResult {
        name: name.to_owned(),
        expression: expression.to_owned(),
        observed: observed.to_owned(),
        passed,
        ..ExpectationResult::default()
    };
    tape.expectations = vec![
        expected("workers.end_to_end_latency", "p99 < 30s", "21.9s", true),
        expected("fulfilment-dlq.messages_sent", "sum == 0", "15", false),
        expected("analytics.queue_wait", "p99 < 1s", "", false),
    ];
    tape.notes = vec!["The trace has no data between 2026-03-02T09:00:00Z and 2026-03-02T09:05:00Z; that stretch was played as silence.".to_owned()];
    tape
}

#[test]
fn a_run_at_eighty_columns() {
    let files = [
        "summary.csv",
        "metrics.csv",
        "ledger.csv",
        "charts/latency-workers.svg",
        "charts/latency-workers.png",
        "manifest.json",
    ];
    let files: Vec<PathBuf> =
        files.iter().map(|name| Path::new("reports/order-pipeline").join(name)).collect();
    let text = plain(&summary(&shop(), 80, &files));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_snapshot!(text, @r"
    order-pipeline
    Orders fan out; fulfilment scales on backlog per instance.
    seed 42, 4h simulated from 2026-03-02T08:00:00Z, the first 10m not in the
    statistics

    Producers  produced  rate
    checkout    552,013  40/s

    Queues             sent  received  deleted  backlog    peak  oldest  to DLQ
    fulfilment      552,013   553,120  551,998      812  12,345    3m7s      15
    fulfilment-dlq       15         0        0      7.5      15       –       –
    Queues          empty receives
    fulfilment                  12
    fulfilment-dlq               –

    Consumers  processed  rate     p50    p90     p99  slowest  duplicates  failures
    workers      551,998  40/s  412 ms  1.2 s  21.9 s     3m8s           3     1,104
    Consumers         instances  inst. hours    busy
    workers    2–14 (mean 4.32)       16.5 h  62.4 %

    15 messages were moved from fulfilment to dead-letter queue fulfilment-dlq.

    231,117 API calls, estimated cost $1.83 (workers $1.39, fulfilment $0.4423)

    Expectations  2 of 3 failed
    ✓ workers.end_to_end_latency p99 < 30s   was 21.9s
    ✗ fulfilment-dlq.messages_sent sum == 0  was 15
    ✗ analytics.queue_wait p99 < 1s          nothing to observe

    Note: The trace has no data between 2026-03-02T09:00:00Z and
          2026-03-02T09:05:00Z; that stretch was played as silence.

    Report  reports/order-pipeline
    summary.csv, metrics.csv, ledger.csv, manifest.json
    1 chart as SVG and PNG in reports/order-pipeline/charts
    ");
}

#[test]
fn a_wide_terminal_needs_no_second_block() {
    let text = plain(&summary(&shop(), 160, &[]));
    assert_snapshot!(text, @r"
    order-pipeline
    Orders fan out; fulfilment scales on backlog per instance.
    seed 42, 4h simulated from 2026-03-02T08:00:00Z, the first 10m not in the statistics

    Producers  produced  rate
    checkout    552,013  40/s

    Queues             sent  received  deleted  backlog    peak  oldest  to DLQ  empty receives
    fulfilment      552,013   553,120  551,998      812  12,345    3m7s      15              12
    fulfilment-dlq       15         0        0      7.5      15       –       –               –

    Consumers  processed  rate     p50    p90     p99  slowest  duplicates  failures         instances  inst. hours    busy
    workers      551,998  40/s  412 ms  1.2 s  21.9 s     3m8s           3     1,104  2–14 (mean 4.32)       16.5 h  62.4 %

    15 messages were moved from fulfilment to dead-letter queue fulfilment-dlq.

    231,117 API calls, estimated cost $1.83 (workers $1.39, fulfilment $0.4423)

    Expectations  2 of 3 failed
    ✓ workers.end_to_end_latency p99 < 30s   was 21.9s
    ✗ fulfilment-dlq.messages_sent sum == 0  was 15
    ✗ analytics.queue_wait p99 < 1s          nothing to observe

    Note: The trace has no data between 2026-03-02T09:00:00Z and 2026-03-02T09:05:00Z; that stretch was played as silence.
    ");
}

#[test]
fn a_run_without_anything() {
    assert_snapshot!(plain(&summary(&sample::empty(), 80, &[])), @r"
    nothing
    seed 42, 10m simulated from 2026-03-02T08:00:00Z
    ");
}

#[test]
fn styles_are_closed() {
    let text = summary(&shop(), 80, &[]);
    assert!(text.contains("\u{1b}[31m") && text.contains("\u{1b}[32m"), "red and green are there");
    let last = text.rsplit('\u{1b}').next().unwrap_or_default();
    assert!(last.starts_with("[0m"), "the terminal is left as it was");
}
