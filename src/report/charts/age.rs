//! How long the oldest message of each queue, and the oldest record in each delivery stream, has been waiting.

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
    let held = source::queues(tape)
        .into_iter()
        .map(|queue| (queue, source::of_queue(tape, queue, "age_of_oldest_message", Thin::Highest)));
    let words = Words {
        title: "Age of the oldest message",
        things: "queues",
        nothing: "no queue held a message when it was looked at",
    };
    lines(tape, &words, held.collect())
}

/// The chart of all delivery streams: how old the oldest record is that is not delivered yet (`DataFreshness`).
pub(super) fn draw_freshness(tape: &Tape) -> Option<Picture> {
    let is_shown = |name: &str| name.starts_with("delivery_to_") && name.ends_with("_data_freshness");
    let series = tape.series.iter().filter(|series| is_shown(series.definition.name));
    let held: Vec<(&str, Trace)> = series
        .map(|series| {
            let (kind, name) = (series.kind, series.name.as_str());
            (name, source::series(tape, kind, name, series.definition.name, Thin::Highest))
        })
        .collect();
    let words = Words {
        title: "Data freshness",
        things: "delivery streams",
        nothing: "no delivery stream held a record when it was looked at",
    };
    (!held.is_empty()).then(|| lines(tape, &words, held))
}

/// What a chart calls its things.
struct Words {
    title: &'static str,
    things: &'static str,
    nothing: &'static str,
}

/// A line for each thing that has a value.
fn lines(tape: &Tape, words: &Words, mut held: Vec<(&str, Trace)>) -> Picture {
    held.retain(|(_, trace)| !trace.is_empty());
    let all = held.len();
    // Stable: equal peaks stay in the tape's order.
    held.sort_by(|a, b| highest([&b.1]).total_cmp(&highest([&a.1])));
    held.truncate(MOST);
    let remark =
        if all > MOST { format!("the {MOST} highest of {all} {}", words.things) } else { String::new() };
    let mut picture = begin(tape, words.title, &remark);
    let pens = || {
        let pens = LINES.into_iter().map(|(ink, dash)| Pen { ink, width: 2.0, dash });
        held.iter().zip(pens).map(|((_, trace), pen)| pen_for(trace, pen))
    };
    let entries: Vec<_> =
        held.iter().zip(pens()).map(|((queue, _), pen)| (Sample::Line(pen), (*queue).to_owned())).collect();
    let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
    let high = highest(held.iter().map(|(_, trace)| trace));
    let y = Axis::from_zero(words.title, high, Unit::Seconds, 8.0);
    let panel = Panel::draw(&mut picture, (top, BOTTOM), time_axis(tape), y, true);
    panel.warm_up(&mut picture, tape);
    for ((_, trace), pen) in held.iter().zip(pens()).rev() {
        panel.line(&mut picture, trace, pen);
    }
    if held.is_empty() {
        panel.no_data(&mut picture, words.nothing);
    }
    panel.finish(&mut picture);
    picture
}
