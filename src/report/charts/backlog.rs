//! Backlog above, capacity below: whether a consumer keeps up, and what its scaling did about it.

use super::axis::Axis;
use super::panel::{BELOW_TITLE, BOTTOM, LEFT, Panel, RIGHT, Sample, begin, highest, legend, time_axis};
use super::picture::{Align, Ink, Pen, Picture, Type, ink};
use super::source;
use super::trace::{Thin, Trace};
use crate::record::{ScalingActivity, Tape, Unit};
use crate::report::human;

const COLOURS: [Ink; 4] = [ink::BLUE, ink::ORANGE, ink::GREEN, ink::PURPLE];
const OUT: Ink = ink::VERMILION;
const IN: Ink = ink::BLUE;

/// The chart of one consumer and the queues it reads.
pub(super) fn draw(tape: &Tape, consumer: &str, queues: &[&str]) -> Picture {
    let title = format!("Backlog and capacity: {consumer}");
    let (shown, more) = queues.split_at(queues.len().min(COLOURS.len()));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more, not shown", more.len()) };
    let remark = format!("reads {}{more}", shown.join(", "));
    let queues = shown;
    let mut picture = begin(tape, &title, &remark);
    let middle = BELOW_TITLE + (BOTTOM - BELOW_TITLE) * 0.56;
    let (backlog, visible) = backlog(tape, queues, &mut picture, middle - 36.0);
    let capacity = capacity(tape, consumer, &mut picture, middle);
    marks(tape, consumer, &mut picture, &[&backlog, &capacity]);
    if let [only] = visible.as_slice() {
        peak(&mut picture, &backlog, only);
    }
    backlog.finish(&mut picture);
    capacity.finish(&mut picture);
    picture
}

pub(super) fn backlog(
    tape: &Tape,
    queues: &[&str],
    picture: &mut Picture,
    bottom: f64,
) -> (Panel, Vec<Trace>) {
    let visible: Vec<Trace> =
        queues.iter().map(|queue| source::of_queue(tape, queue, "messages_visible", Thin::Highest)).collect();
    let in_flight: Vec<Trace> = queues
        .iter()
        .map(|queue| source::of_queue(tape, queue, "messages_in_flight", Thin::Highest))
        .collect();
    let only = queues.len() == 1;
    let mut entries = Vec::new();
    for ((queue, ink), index) in queues.iter().zip(COLOURS.into_iter().cycle()).zip(0..) {
        let name =
            if only { "Messages visible (the backlog)".to_owned() } else { format!("Visible in {queue}") };
        if !visible[index].is_empty() {
            let sample =
                if only { Sample::Area(ink.faint(0.35)) } else { Sample::Line(Pen::solid(ink, 2.2)) };
            entries.push((sample, name));
        }
        if only && !in_flight[index].is_empty() {
            entries.push((Sample::Line(in_flight_pen()), "In flight (received, not yet deleted)".to_owned()));
        }
    }
    let top = legend(picture, BELOW_TITLE, &entries) + 30.0;
    let shown = visible.iter().chain(in_flight.iter().filter(|_| only));
    // Room for the label of the peak above it.
    let y = Axis::from_zero("Messages", highest(shown) * 1.12, Unit::Count, 5.0);
    let panel = Panel::draw(picture, (top, bottom), time_axis(tape), y, false);
    panel.warm_up(picture, tape);
    for (trace, ink) in visible.iter().zip(COLOURS.into_iter().cycle()) {
        if only {
            panel.below(picture, trace, ink.faint(0.22));
        }
        panel.line(picture, trace, Pen::solid(ink, 2.0));
    }
    if only {
        panel.line(picture, &in_flight[0], in_flight_pen());
    }
    if visible.iter().all(Trace::is_empty) {
        panel.no_data(picture, "the backlog was not recorded");
    }
    (panel, visible)
}

fn in_flight_pen() -> Pen {
    Pen::solid(ink::ORANGE, 2.0)
}

fn peak(picture: &mut Picture, panel: &Panel, trace: &Trace) {
    let Some(peak) = trace.peak().filter(|peak| peak.high > 0.0) else { return };
    let at = (panel.x_at(peak.time), panel.y_at(peak.high));
    picture.dot(at, 5.0, ink::WHITE);
    picture.dot(at, 3.5, ink::BLACK);
    // Among hours, seconds are noise.
    let when = if peak.time >= 3600.0 { (peak.time / 60.0).round() * 60.0 } else { peak.time.round() };
    let text = format!("peak {} at {}", human::count(peak.high), human::span(when));
    let align = match at.0 {
        x if x < LEFT + 120.0 => Align::Left,
        x if x > RIGHT - 120.0 => Align::Right,
        _ => Align::Middle,
    };
    picture.label((at.0, at.1 - 16.0), &text, Type::new(13.0, ink::BLACK, align));
}

pub(super) fn capacity(tape: &Tape, consumer: &str, picture: &mut Picture, top: f64) -> Panel {
    let read = |metric| source::series(tape, "consumer", consumer, metric, Thin::Last);
    let (desired, in_service, pending) =
        (read("desired_capacity"), read("instances_in_service"), read("instances_pending"));
    // Pending on top of in service: where the two reach the line of the desired capacity, all are asked for.
    let both = sum(&in_service, &pending);
    let waited = highest([&pending]) > 0.0;
    let warming = read("instances_warming");
    let warms_up = highest([&warming]) > 0.0;
    let warm = difference(&in_service, &warming);
    let mut entries = Vec::new();
    let (served, coming) = (ink::GREEN.faint(0.40), ink::YELLOW.faint(0.45));
    let warming_up = ink::SKY.faint(0.45);
    let outline = Pen::solid(ink::BLACK, 1.8);
    if !desired.is_empty() {
        entries.push((Sample::Line(outline), "Desired capacity".to_owned()));
    }
    if !in_service.is_empty() {
        let name = if warms_up { "In service, warm" } else { "In service" };
        entries.push((Sample::Area(served), name.to_owned()));
    }
    if warms_up {
        entries.push((Sample::Area(warming_up), "In service, warming up".to_owned()));
    }
    if waited {
        entries.push((Sample::Area(coming), "Pending (launching)".to_owned()));
    }
    let (out, shrink) = changes(tape, consumer);
    if !out.is_empty() {
        entries.push((Sample::Up(OUT), format!("Scale out ({})", out.len())));
    }
    if !shrink.is_empty() {
        entries.push((Sample::Down(IN), format!("Scale in ({})", shrink.len())));
    }
    let top = legend(picture, top, &entries) + 34.0;
    let y = Axis::from_zero("Instances", highest([&desired, &in_service, &both]), Unit::Count, 4.0);
    let panel = Panel::draw(picture, (top, BOTTOM), time_axis(tape), y, true);
    if waited {
        panel.below_steps(picture, &both, coming);
        panel.below_steps(picture, &in_service, ink::WHITE);
    }
    if warms_up {
        panel.below_steps(picture, &in_service, warming_up);
        panel.below_steps(picture, &warm, ink::WHITE);
        panel.below_steps(picture, &warm, served);
    } else {
        panel.below_steps(picture, &in_service, served);
    }
    panel.step_line(picture, &desired, outline);
    if desired.is_empty() && in_service.is_empty() {
        panel.no_data(picture, "this consumer has no instances to count");
    }
    panel
}

/// The sum of two levels read at the same steps.
fn sum(a: &Trace, b: &Trace) -> Trace {
    combined(a, b, |a, b| a + b)
}

/// What one level exceeds another by, read at the same steps.
fn difference(a: &Trace, b: &Trace) -> Trace {
    combined(a, b, |a, b| (a - b).max(0.0))
}

fn combined(a: &Trace, b: &Trace, combine: impl Fn(f64, f64) -> f64) -> Trace {
    let mut others = b.steps().peekable();
    let mut total = a.clone();
    for step in total.stretches.iter_mut().flatten() {
        while others.next_if(|other| other.time < step.time).is_some() {}
        if let Some(other) = others.next_if(|other| other.time <= step.time) {
            step.value = combine(step.value, other.value);
            step.low = step.value;
            step.high = step.value;
        }
    }
    total
}

/// The activities that raised and that lowered the desired capacity.
fn changes<'a>(tape: &'a Tape, group: &str) -> (Vec<&'a ScalingActivity>, Vec<&'a ScalingActivity>) {
    tape.activities
        .iter()
        .filter(|activity| activity.group == group && activity.new_desired != activity.old_desired)
        .partition(|activity| activity.new_desired > activity.old_desired)
}

/// Where the desired capacity changed, through all panels; the lowest has the triangles.
pub(super) fn marks(tape: &Tape, consumer: &str, picture: &mut Picture, panels: &[&Panel]) {
    let (out, shrink) = changes(tape, consumer);
    // Hundreds of lines would hide what they explain.
    let faint = if out.len() + shrink.len() > 60 { 0.12 } else { 0.45 };
    for (activities, ink, up) in [(out, OUT, true), (shrink, IN, false)] {
        for activity in activities {
            let x = panels[0].x_at(activity.time.as_seconds_f64());
            for panel in panels {
                let (top, bottom) = panel.rows();
                picture.line(&[(x, top), (x, bottom)], Pen::solid(ink.faint(faint), 1.2));
            }
            if let Some(lowest) = panels.last() {
                picture.triangle((x, lowest.rows().0 - 8.0), 5.0, up, ink);
            }
        }
    }
}
