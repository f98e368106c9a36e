//! The charts of a sweep: results over one setting, over two, and the cost of a better result.

use super::knob::numbers;
use super::label;
use super::part::Part;
use crate::record::Unit;
use crate::report::{Drawing, HeatMap, Line, LineChart, LinePoint, Mark, Positions, Scatter, file_name};

/// A result at one point.
#[derive(Debug, Clone, Copy)]
struct Result {
    estimate: f64,
    low: f64,
    high: f64,
    unit: Unit,
}

/// The result of a part: `name.metric.statistic`.
fn result(part: &Part, metric: &str) -> Option<Result> {
    let row = part.intervals.iter().find(|row| format!("{}.{}.{}", row[1], row[2], row[3]) == metric)?;
    let number = |cell: usize| row[cell].parse::<f64>().ok();
    let estimate = number(8)?;
    Some(Result {
        estimate,
        low: number(9).unwrap_or(estimate),
        high: number(10).unwrap_or(estimate),
        unit: Unit::named(&row[4])?,
    })
}

/// Unique values in the order they come.
fn values(parts: &[Part], knob: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in parts {
        if !found.contains(&part.head.values[knob]) {
            found.push(part.head.values[knob].clone());
        }
    }
    found
}

/// All charts, with their file names.
pub(super) fn draw(parts: &[Part]) -> Vec<(String, Drawing)> {
    let head = &parts[0].head;
    let subtitle = format!("sweep {}, {} points", head.name, head.points);
    let mut charts = Vec::new();
    // A metric may be missing where nothing was processed; it is charted if any point has it.
    let mut metrics: Vec<&String> = Vec::new();
    for metric in parts.iter().flat_map(|part| &part.head.metrics) {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    for metric in &metrics {
        let Some(unit) = parts.iter().find_map(|part| result(part, metric)).map(|result| result.unit) else {
            continue;
        };
        if head.knobs.is_empty() || head.knobs.len() > 2 {
            continue;
        }
        let name = file_name(metric);
        charts.push((format!("line-{name}"), lines(parts, metric, unit, &subtitle)));
        let full = values(parts, 0).len() * head.knobs.get(1).map_or(0, |_| values(parts, 1).len());
        if head.knobs.len() == 2 && full == parts.len() {
            charts.push((format!("map-{name}"), map(parts, metric, unit, &subtitle)));
        }
    }
    let cost = metrics.iter().find(|metric| metric.ends_with(".estimated_cost.sum"));
    if let Some(cost) = cost {
        for metric in metrics
            .iter()
            .filter(|metric| metric.rsplit_once('.').is_some_and(|(_, statistic)| statistic == "p99"))
        {
            let drawing = cost_against(parts, cost, metric, &subtitle);
            charts.push((format!("cost-against-{}", file_name(metric)), drawing));
        }
    }
    charts
}

/// The result over the first knob, a line for each value of the second.
fn lines(parts: &[Part], metric: &str, unit: Unit, subtitle: &str) -> Drawing {
    let head = &parts[0].head;
    let first = values(parts, 0);
    let words: Vec<&str> = first.iter().map(String::as_str).collect();
    let places = numbers(&words);
    let x = match &places {
        Some((_, true)) => Positions::Numbers(Unit::Seconds),
        // Not a count: a sweep may have halves of something.
        Some((_, false)) => Positions::Numbers(Unit::PerSecond),
        None => Positions::Words(first.clone()),
    };
    let place = |value: &String| {
        let index = first.iter().position(|other| other == value).unwrap_or(0);
        places.as_ref().map_or(index as f64, |(numbers, _)| numbers[index])
    };
    let second = if head.knobs.len() > 1 { values(parts, 1) } else { vec![String::new()] };
    let line = |value: &String| {
        let own = parts.iter().filter(|part| part.head.values.get(1).is_none_or(|other| other == value));
        let mut points: Vec<LinePoint> = own
            .filter_map(|part| {
                let Result { estimate, low, high, .. } = result(part, metric)?;
                Some(LinePoint { x: place(&part.head.values[0]), y: estimate, low, high })
            })
            .collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let name = head
            .knobs
            .get(1)
            .map_or_else(String::new, |knob| label(std::slice::from_ref(knob), std::slice::from_ref(value)));
        Line { name, points }
    };
    Drawing::Lines(LineChart {
        title: metric.to_owned(),
        subtitle: format!("{subtitle}; with confidence intervals"),
        x_title: head.knobs[0].clone(),
        x,
        y_title: metric.to_owned(),
        unit,
        lines: second.iter().map(line).collect(),
    })
}

fn map(parts: &[Part], metric: &str, unit: Unit, subtitle: &str) -> Drawing {
    let head = &parts[0].head;
    let (first, second) = (values(parts, 0), values(parts, 1));
    let value = |x: &String, y: &String| {
        let part = parts.iter().find(|part| part.head.values[0] == *x && part.head.values[1] == *y);
        part.and_then(|part| result(part, metric)).map_or(f64::NAN, |result| result.estimate)
    };
    let rows = second.iter().map(|y| first.iter().map(|x| value(x, y)).collect()).collect();
    Drawing::Map(HeatMap {
        title: metric.to_owned(),
        subtitle: subtitle.to_owned(),
        x: (head.knobs[0].clone(), first.clone()),
        y: (head.knobs[1].clone(), second.clone()),
        values: rows,
        unit,
    })
}

fn cost_against(parts: &[Part], cost: &str, metric: &str, subtitle: &str) -> Drawing {
    let found: Vec<(f64, f64, String)> = parts
        .iter()
        .filter_map(|part| {
            let (cost, metric) = (result(part, cost)?, result(part, metric)?);
            Some((cost.estimate, metric.estimate, label(&part.head.knobs, &part.head.values)))
        })
        .collect();
    let is_best = |x: f64, y: f64| !found.iter().any(|(a, b, _)| *a <= x && *b <= y && (*a < x || *b < y));
    let marks =
        found.iter().map(|(x, y, name)| Mark { x: *x, y: *y, name: name.clone(), is_best: is_best(*x, *y) });
    Drawing::Scatter(Scatter {
        title: format!("Cost against {metric}"),
        subtitle: subtitle.to_owned(),
        x: ("Estimated cost (USD)".to_owned(), Unit::Dollars),
        y: (metric.to_owned(), Unit::Seconds),
        marks: marks.collect(),
    })
}
