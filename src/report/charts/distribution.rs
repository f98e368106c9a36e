//! The distribution of the latency: which share of the messages was at least so fast.

use super::axis::{Axis, Scale};
use super::panel::{BELOW_TITLE, BOTTOM, LEFT, Panel, RIGHT, Sample, begin, legend};
use super::picture::{Align, Ink, Pen, Picture, Type, ink};
use super::source;
use crate::record::Tape;
use crate::report::human;

const MARKS: [(f64, &str, Ink); 3] =
    [(0.5, "p50", ink::BLUE), (0.9, "p90", ink::ORANGE), (0.99, "p99", ink::VERMILION)];

/// The chart of one consumer or function.
pub(super) fn draw(tape: &Tape, kind: &str, consumer: &str) -> Picture {
    let buckets: Vec<(f64, u64)> = source::distribution(tape, kind, consumer, "end_to_end_latency")
        .map_or(&[][..], |curve| &curve.buckets)
        .iter()
        .copied()
        .filter(|(value, count)| value.is_finite() && *count > 0)
        .collect();
    let total: u64 = buckets.iter().map(|(_, count)| count).sum();
    let remark = format!("{} messages after the warm-up", human::count(total as f64));
    let mut picture = begin(tape, &format!("Latency distribution: {consumer}"), &remark);
    let (lowest, highest) = match (buckets.first(), buckets.last()) {
        (Some(first), Some(last)) => (first.0, last.0),
        _ => (0.01, 10.0),
    };
    // Zeros have no place on a logarithmic axis: the curve begins at the first value that has one.
    let positive = buckets.iter().map(|(value, _)| *value).find(|value| *value > 0.0).unwrap_or(0.01);
    let x = Axis::log_seconds("End-to-end latency", lowest.max(positive), highest.max(positive), 13);
    let curve = Pen::solid(ink::BLACK, 2.4);
    let entries = if total == 0 { vec![] } else { entries(&buckets, total, curve) };
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let panel = Panel::draw(&mut picture, (top, BOTTOM), x, percent_axis(), true);
    if total == 0 {
        panel.no_data(&mut picture, "no message was processed after the warm-up");
    } else {
        picture.line(&points(&panel, &buckets, total), curve);
        for mark in MARKS {
            quantile_mark(&mut picture, &panel, mark, quantile(&buckets, total, mark.0));
        }
    }
    panel.finish(&mut picture);
    picture
}

fn entries(buckets: &[(f64, u64)], total: u64, curve: Pen) -> Vec<(Sample, String)> {
    let mut entries = vec![(Sample::Line(curve), "Share of messages processed within this time".to_owned())];
    for (share, name, ink) in MARKS {
        let text = format!("{name}: {}", human::seconds(quantile(buckets, total, share)));
        entries.push((Sample::Line(Pen::dashed(ink, 2.0, 5.0, 3.0)), text));
    }
    let slowest = buckets.last().map_or(0.0, |bucket| bucket.0);
    entries.push((Sample::Nothing, format!("slowest: {}", human::seconds(slowest))));
    entries
}

fn percent_axis() -> Axis {
    Axis {
        scale: Scale::Linear { low: 0.0, high: 1.0 },
        ticks: (0..=10).map(|tenth| (f64::from(tenth) / 10.0, format!("{} %", tenth * 10))).collect(),
        title: "Share of messages".to_owned(),
    }
}

/// The value that a share of the messages does not exceed.
fn quantile(buckets: &[(f64, u64)], total: u64, share: f64) -> f64 {
    let rank = (total as f64 * share).ceil() as u64;
    let mut seen = 0;
    let found = buckets.iter().find(|(_, count)| {
        seen += count;
        seen >= rank
    });
    found.or(buckets.last()).map_or(0.0, |bucket| bucket.0)
}

/// The curve, a point a pixel at most.
fn points(panel: &Panel, buckets: &[(f64, u64)], total: u64) -> Vec<(f64, f64)> {
    let mut points = vec![(panel.x_at(buckets[0].0), panel.y_at(0.0))];
    let mut seen = 0;
    for (index, (value, count)) in buckets.iter().enumerate() {
        seen += count;
        let at = (panel.x_at(*value), panel.y_at(seen as f64 / total as f64));
        let last = points[points.len() - 1];
        if index + 1 == buckets.len() || at.0 - last.0 >= 0.5 || last.1 - at.1 >= 0.5 {
            points.push(at);
        }
    }
    points.push((RIGHT, panel.y_at(1.0)));
    points
}

fn quantile_mark(picture: &mut Picture, panel: &Panel, (share, name, ink): (f64, &str, Ink), value: f64) {
    let (x, y) = (panel.x_at(value), panel.y_at(share));
    let bottom = panel.rows().1;
    picture.line(&[(LEFT, y), (x, y), (x, bottom)], Pen::dashed(ink, 1.6, 5.0, 3.0));
    picture.dot((x, y), 5.0, ink);
    // A rising curve leaves room above on its left, and below on its right.
    let text = format!("{name} {}", human::seconds(value));
    let face = Type { bold: true, ..Type::new(13.0, ink::BLACK, Align::Right) };
    if x - LEFT > 130.0 {
        picture.label((x - 12.0, y - 12.0), &text, face);
    } else {
        picture.label((x + 12.0, y + 12.0), &text, Type { align: Align::Left, ..face });
    }
}
