//! Charts of ordinary, empty and absurd runs. `cargo test report::charts -- --ignored` draws them to `target/charts`.

use super::*;
use crate::engine::Span;
use crate::record::{QuantilePoint, QuantileSeries, SeriesPoint, Side};
use crate::report::sample;

fn drawn(tape: &Tape) -> Vec<(String, String, Vec<u8>)> {
    let mut charts = Vec::new();
    each(tape, &mut |name, picture| {
        charts.push((name.to_owned(), picture.svg(), picture.png()));
        Ok(())
    })
    .unwrap();
    charts
}

#[test]
fn every_consumer_and_queue_has_its_charts() {
    let names: Vec<String> = drawn(&sample::busy()).into_iter().map(|chart| chart.0).collect();
    assert_eq!(
        names,
        [
            "backlog-and-capacity-workers",
            "latency-workers",
            "latency-distribution-workers",
            "throughput-orders",
            "throughput-orders-dlq",
            "age-of-oldest-message"
        ]
    );
}

#[test]
fn an_application_has_a_chart_of_its_work() {
    let mut tape = sample::busy();
    let latency =
        QuantileSeries { kind: "flink_application", name: "counts".to_owned(), ..tape.quantiles[0].clone() };
    tape.quantiles.push(latency);
    let charts = drawn(&tape);
    let (_, svg, _) = charts.iter().find(|chart| chart.0 == "work-counts").expect("a chart");
    for words in ["Work: counts", "the capacity was not recorded"] {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn a_topic_has_a_bar_for_each_subscription() {
    let mut tape = sample::busy();
    let fates = |delivered, filtered, lost| {
        [
            (Side::In, "published", 100),
            (Side::Out, "delivered", delivered),
            (Side::Out, "filtered_out", filtered),
            (Side::Out, "discarded", lost),
        ]
    };
    tape.ledger.enter("topic", "news", &[(Side::In, "notifications", 300)]);
    tape.ledger.enter("subscription", "news.all", &fates(100, 0, 0));
    tape.ledger.enter("subscription", "news.picky", &fates(1, 99, 0));
    tape.ledger.enter("subscription", "news.gone", &fates(0, 0, 100));
    tape.ledger.enter("topic", "new", &[(Side::In, "notifications", 0)]);
    let charts = drawn(&tape);
    let (_, svg, _) = charts.iter().find(|chart| chart.0 == "deliveries-news").expect("a chart");
    for words in ["all", "100 delivered", "1 delivered, 99 filtered out", "100 failed and lost"] {
        assert!(svg.contains(words), "{words}");
    }
    assert!(!charts.iter().any(|chart| chart.0 == "deliveries-new"), "nobody subscribes");
}

#[test]
fn the_same_tape_gives_the_same_pictures() {
    assert!(drawn(&sample::busy()) == drawn(&sample::busy()));
}

#[test]
fn an_empty_run_says_so() {
    let mut tape = sample::busy();
    tape.series.clear();
    tape.quantiles.clear();
    tape.distributions.clear();
    tape.activities.clear();
    let charts = drawn(&tape);
    assert_eq!(charts.len(), 5, "the queue that only series knew is gone");
    for (name, svg, _) in charts {
        assert!(svg.contains("no data: "), "{name} shows nothing and says nothing");
    }
    assert!(drawn(&sample::empty()).is_empty());
}

#[test]
fn absurd_values_are_drawn() {
    for value in [0.0, -0.0, 1e-9, 1.0, 1e12, 1e300, -5.0, f64::NAN, f64::INFINITY] {
        for (points, duration) in [(1, 60), (2, 0), (50, 1), (50, 1_000_000_000)] {
            let mut tape = sample::busy();
            tape.header.duration = Span::from_seconds(duration);
            tape.header.warm_up = Span::from_seconds(duration * 2);
            let time = |i: u64| sample::at(i * (duration / points).max(1));
            for series in &mut tape.series {
                series.points = (0..points)
                    .map(|i| SeriesPoint { time: time(i), value, minimum: value, maximum: value })
                    .collect();
            }
            for series in &mut tape.quantiles {
                let step = |i| QuantilePoint {
                    time: time(i),
                    count: 1,
                    p50: value,
                    p90: value,
                    p99: value,
                    maximum: value,
                };
                series.points = (0..points).map(step).collect();
            }
            for curve in &mut tape.distributions {
                curve.buckets = (0..points).map(|_| (value, 1)).collect();
            }
            for (name, svg, png) in drawn(&tape) {
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name} with {value}: {svg}");
                assert!(png.ends_with(b"IEND\xae\x42\x60\x82"), "{name} with {value}");
            }
        }
    }
}

#[test]
fn names_are_safe_on_every_file_system() {
    let mut names = Names::default();
    assert_eq!(names.of("latency", "a/b c"), "latency-a-b-c");
    assert_eq!(names.of("latency", "A b/c"), "latency-A-b-c-2");
    assert_eq!(names.of("latency", "orders.fifo"), "latency-orders.fifo");
    assert!(names.of("latency", &"x".repeat(1000)).len() < 200);
}

#[test]
#[ignore = "draws pictures to look at"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/charts");
    std::fs::create_dir_all(&folder).unwrap();
    for (prefix, tape) in sample::gallery() {
        for (name, svg, png) in drawn(&tape) {
            std::fs::write(folder.join(format!("{prefix}-{name}.svg")), svg).unwrap();
            std::fs::write(folder.join(format!("{prefix}-{name}.png")), png).unwrap();
        }
    }
}
