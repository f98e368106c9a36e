//! What a queue is given and what is taken from it, per second.

use super::axis::Axis;
use super::panel::{BELOW_TITLE, BOTTOM, Panel, Sample, begin, highest, legend, time_axis};
use super::picture::{Pen, Picture, ink};
use super::source;
use super::trace::Trace;
use crate::record::{Tape, Unit};

/// The chart of one queue.
pub(super) fn draw(tape: &Tape, queue: &str) -> Picture {
    let mut picture =
        begin(tape, &format!("Throughput: {queue}"), "messages per second, averaged over each step");
    let read = |metric| source::series(tape, "queue", queue, metric);
    let lines = [
        (read("messages_received"), Pen::solid(ink::ORANGE, 2.2), "Received"),
        (read("messages_deleted"), Pen::dashed(ink::GREEN, 2.2, 8.0, 4.0), "Deleted"),
        (read("messages_sent"), Pen::solid(ink::BLUE, 1.6), "Sent"),
    ];
    let entries: Vec<_> = [2, 0, 1]
        .map(|index| &lines[index])
        .into_iter()
        .filter(|line| !line.0.is_empty())
        .map(|line| (Sample::Line(line.1), line.2.to_owned()))
        .collect();
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let high = highest(lines.iter().map(|line| &line.0));
    let y = Axis::from_zero("Messages", high, Unit::PerSecond, 8.0);
    let panel = Panel::draw(&mut picture, (top, BOTTOM), time_axis(tape), y, true);
    panel.warm_up(&mut picture, tape);
    for (trace, pen, _) in &lines {
        panel.line(&mut picture, trace, *pen);
    }
    if lines.iter().all(|line: &(Trace, Pen, &str)| line.0.is_empty()) {
        panel.no_data(&mut picture, "the throughput was not recorded");
    }
    panel.finish(&mut picture);
    picture
}
