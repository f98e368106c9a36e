//! What a queue is given and what is taken from it, per second.

use super::axis::Axis;
use super::panel::{BELOW_TITLE, BOTTOM, Panel, Sample, begin, highest, legend, time_axis};
use super::picture::{Ink, Pen, Picture, ink};
use super::source;
use super::trace::Thin;
use crate::record::{Tape, Unit};

const SENT: Ink = ink::SKY.faint(0.45);

/// The chart of one queue.
pub(super) fn draw(tape: &Tape, queue: &str) -> Picture {
    let mut picture =
        begin(tape, &format!("Throughput: {queue}"), "messages per second, averaged over each step");
    let read = |metric| source::of_queue(tape, queue, metric, Thin::Mean);
    let lines = [
        (read("messages_sent"), Pen::solid(ink::SKY, 1.0), "Sent"),
        (read("messages_received"), Pen::solid(ink::ORANGE, 2.8), "Received"),
        (read("messages_deleted"), Pen::solid(ink::GREEN, 1.2), "Deleted"),
    ];
    let samples = [Sample::Area(SENT), Sample::Line(lines[1].1), Sample::Line(lines[2].1)];
    let shown = lines.iter().zip(samples).filter(|(line, _)| !line.0.is_empty());
    let entries: Vec<_> = shown.map(|(line, sample)| (sample, line.2.to_owned())).collect();
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let high = highest(lines.iter().map(|line| &line.0));
    let y = Axis::from_zero("Messages per second", high, Unit::PerSecond, 8.0);
    let panel = Panel::draw(&mut picture, (top, BOTTOM), time_axis(tape), y, true);
    panel.warm_up(&mut picture, tape);
    // In a queue that keeps up all three are one: area, broad line and narrow line can be seen through each other.
    panel.below(&mut picture, &lines[0].0, SENT);
    for (trace, pen, _) in &lines {
        panel.line(&mut picture, trace, *pen);
    }
    if entries.is_empty() {
        panel.no_data(&mut picture, "the throughput was not recorded");
    }
    panel.finish(&mut picture);
    picture
}
