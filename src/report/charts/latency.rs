//! End-to-end latency over time: median, p90, p99 and the slowest message of each step.

use super::axis::Axis;
use super::panel::{BELOW_TITLE, BOTTOM, Panel, Sample, begin, highest, legend, pen_for, time_axis};
use super::picture::{Pen, Picture, ink};
use super::source;
use super::trace::{Step, Thin, Trace};
use crate::record::{QuantilePoint, Tape, Unit};

/// Above this ratio of slowest to median, a linear axis would press the median onto the ground.
const WIDE: f64 = 40.0;

/// The chart of one consumer or function.
pub(super) fn draw(tape: &Tape, kind: &str, consumer: &str) -> Picture {
    let mut picture = begin(tape, &format!("End-to-end latency: {consumer}"), "from sent to processed");
    let points = source::quantiles(tape, kind, consumer, "end_to_end_latency")
        .map_or(&[][..], |series| &series.points);
    let trace = |value: fn(&QuantilePoint) -> f64, thin| {
        source::trace(
            tape,
            points.iter().map(|point| Step::new(point.time.as_seconds_f64(), value(point))),
            thin,
        )
    };
    let lines = [
        (trace(|point| point.maximum, Thin::Highest), Pen::dashed(ink::GREY, 1.2, 3.0, 3.0), "Slowest"),
        (trace(|point| point.p99, Thin::Mean), Pen::dashed(ink::VERMILION, 1.8, 9.0, 4.0), "p99"),
        (trace(|point| point.p90, Thin::Mean), Pen::solid(ink::ORANGE, 2.2), "p90"),
        (trace(|point| point.p50, Thin::Mean), Pen::solid(ink::BLUE, 3.0), "Median (p50)"),
    ]
    .map(|(trace, pen, name)| (pen_for(&trace, pen), trace, name));
    let shown = lines.iter().rev().filter(|(_, trace, _)| !trace.is_empty());
    let entries: Vec<_> = shown.map(|(pen, _, name)| (Sample::Line(*pen), (*name).to_owned())).collect();
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let y = axis(lines.each_ref().map(|line| &line.1));
    let panel = Panel::draw(&mut picture, (top, BOTTOM), time_axis(tape), y, true);
    panel.warm_up(&mut picture, tape);
    for (pen, trace, _) in &lines {
        panel.line(&mut picture, trace, *pen);
    }
    if entries.is_empty() {
        panel.no_data(&mut picture, "no message was processed");
    }
    panel.finish(&mut picture);
    picture
}

/// Linear where everything can be seen that way.
fn axis(traces: [&Trace; 4]) -> Axis {
    let high = highest(traces);
    let mut medians: Vec<f64> =
        traces[3].steps().map(|step| step.value).filter(|value| *value > 0.0).collect();
    medians.sort_by(f64::total_cmp);
    match (medians.first(), medians.get(medians.len() / 2)) {
        (Some(lowest), Some(median)) if high > median * WIDE => {
            Axis::log_seconds("End-to-end latency", *lowest, high, 12)
        }
        _ => Axis::from_zero("End-to-end latency", high, Unit::Seconds, 8.0),
    }
}
