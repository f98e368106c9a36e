//! Backlog above, concurrency in the middle, throttles and errors below: whether a function keeps up, and what holds it back.

use super::axis::Axis;
use super::backlog::backlog;
use super::panel::{BELOW_TITLE, BOTTOM, Panel, Sample, begin, highest, legend, time_axis};
use super::picture::{Ink, Pen, Picture, ink};
use super::source;
use super::trace::{Thin, Trace};
use crate::record::{Tape, Unit};

const RUNNING: Ink = ink::GREEN.faint(0.40);

/// The chart of one function and the queues it is fed from.
pub(super) fn draw(tape: &Tape, function: &str, queues: &[&str]) -> Picture {
    let title = format!("Backlog and concurrency: {function}");
    let remark = if queues.is_empty() { String::new() } else { format!("fed from {}", queues.join(", ")) };
    let mut picture = begin(tape, &title, &remark);
    let height = BOTTOM - BELOW_TITLE;
    let (first, second) = (BELOW_TITLE + height * 0.40, BELOW_TITLE + height * 0.70);
    let (backlog, _) = backlog(tape, &queues[..queues.len().min(4)], &mut picture, first - 36.0);
    let concurrency = concurrency(tape, function, &mut picture, (first, second - 36.0));
    let failures = failures(tape, function, &mut picture, (second, BOTTOM));
    for panel in [backlog, concurrency, failures] {
        panel.finish(&mut picture);
    }
    picture
}

/// Executions, and how many of them there might be by the mapping's polls.
fn concurrency(tape: &Tape, function: &str, picture: &mut Picture, (top, bottom): (f64, f64)) -> Panel {
    let running = source::series(tape, "function", function, "concurrent_executions", Thin::Highest);
    let provisioned =
        source::series(tape, "function", function, "provisioned_concurrent_executions", Thin::Highest);
    let pen = Pen::solid(ink::BLACK, 1.6);
    let mut entries = vec![(Sample::Area(RUNNING), "Executions at once".to_owned())];
    let any_provisioned = highest([&provisioned]) > 0.0;
    if any_provisioned {
        entries.push((Sample::Line(pen), "Of them in provisioned environments".to_owned()));
    }
    let top = legend(picture, top, &entries) + 28.0;
    let y = Axis::from_zero("Executions", highest([&running]), Unit::Count, 4.0);
    let panel = Panel::draw(picture, (top, bottom), time_axis(tape), y, false);
    panel.warm_up(picture, tape);
    panel.below(picture, &running, RUNNING);
    panel.line(picture, &running, Pen::solid(ink::GREEN, 1.4));
    if any_provisioned {
        panel.line(picture, &provisioned, pen);
    }
    if running.is_empty() {
        panel.no_data(picture, "the executions were not recorded");
    }
    panel
}

/// What was throttled and what failed, per second.
fn failures(tape: &Tape, function: &str, picture: &mut Picture, (top, bottom): (f64, f64)) -> Panel {
    let read = |metric| source::series(tape, "function", function, metric, Thin::Mean);
    let lines = [
        (read("invocations"), Pen::solid(ink::BLUE, 1.2), "Invocations"),
        (read("throttles"), Pen::solid(ink::VERMILION, 2.0), "Throttles"),
        (read("errors"), Pen::solid(ink::PURPLE, 2.0), "Errors"),
    ];
    let entries: Vec<_> =
        lines.iter().map(|(_, pen, name)| (Sample::Line(*pen), (*name).to_owned())).collect();
    let top = legend(picture, top, &entries) + 28.0;
    let high = highest(lines.iter().map(|line| &line.0));
    let panel = Panel::draw(
        picture,
        (top, bottom),
        time_axis(tape),
        Axis::from_zero("Per second", high, Unit::PerSecond, 4.0),
        true,
    );
    panel.warm_up(picture, tape);
    for (trace, pen, _) in &lines {
        panel.line(picture, trace, *pen);
    }
    if lines.iter().all(|(trace, ..)| Trace::is_empty(trace)) {
        panel.no_data(picture, "invocations were not recorded");
    }
    panel
}
