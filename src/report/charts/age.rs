//! How long the oldest message of each queue has been waiting.

use super::axis::Axis;
use super::panel::{BELOW_TITLE, BOTTOM, Panel, Sample, begin, highest, legend, pen_for, time_axis};
use super::picture::{Ink, Pen, Picture, ink};
use super::source;
use super::trace::{Thin, Trace};
use crate::record::{Tape, Unit};

/// More lines cannot be told apart.
const MOST: usize = 8;

const LINES: [(Ink, Option<(f64, f64)>); MOST] = [
    (ink::BLUE, None),
    (ink::VERMILION, None),
    (ink::GREEN, None),
    (ink::ORANGE, None),
    (ink::PURPLE, None),
    (ink::SKY, Some((9.0, 4.0))),
    (ink::BLACK, Some((9.0, 4.0))),
    (ink::GREY, Some((3.0, 3.0))),
];

/// The chart of all queues that ever held a message.
pub(super) fn draw(tape: &Tape) -> Picture {
    let mut held: Vec<(&str, Trace)> = source::queues(tape)
        .into_iter()
        .map(|queue| (queue, source::of_queue(tape, queue, "age_of_oldest_message", Thin::Highest)))
        .filter(|(_, trace)| !trace.is_empty())
        .collect();
    let all = held.len();
    // Stable: equal peaks stay in the tape's order.
    held.sort_by(|a, b| highest([&b.1]).total_cmp(&highest([&a.1])));
    held.truncate(MOST);
    let remark = if all > MOST { format!("the {MOST} highest of {all} queues") } else { String::new() };
    let mut picture = begin(tape, "Age of the oldest message", &remark);
    let pens = || {
        let pens = LINES.into_iter().map(|(ink, dash)| Pen { ink, width: 2.0, dash });
        held.iter().zip(pens).map(|((_, trace), pen)| pen_for(trace, pen))
    };
    let entries: Vec<_> =
        held.iter().zip(pens()).map(|((queue, _), pen)| (Sample::Line(pen), (*queue).to_owned())).collect();
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let high = highest(held.iter().map(|(_, trace)| trace));
    let y = Axis::from_zero("Age of the oldest message", high, Unit::Seconds, 8.0);
    let panel = Panel::draw(&mut picture, (top, BOTTOM), time_axis(tape), y, true);
    panel.warm_up(&mut picture, tape);
    for ((_, trace), pen) in held.iter().zip(pens()).rev() {
        panel.line(&mut picture, trace, pen);
    }
    if held.is_empty() {
        panel.no_data(&mut picture, "no queue held a message when it was looked at");
    }
    panel.finish(&mut picture);
    picture
}
