//! What scales a group, on one time axis: the backlog, the metric with its thresholds, the states of the alarms, and the
//! capacity that follows.

use super::axis::Axis;
use super::backlog::{backlog, capacity, marks};
use super::font;
use super::panel::{BELOW_TITLE, BOTTOM, LEFT, Panel, RIGHT, Sample, begin, highest, legend, time_axis};
use super::picture::{Align, Ink, Pen, Picture, Type, ink};
use super::source;
use super::trace::{Step, Thin, Trace};
use crate::record::{AlarmSeries, Tape, Unit};

/// The height of the band that shows the states of an alarm.
const BAND: f64 = 15.0;
/// More alarms would leave no room for what they are about.
const MOST_BANDS: usize = 4;
const THRESHOLDS: [Ink; 4] = [ink::VERMILION, ink::BLUE, ink::PURPLE, ink::BLACK];

/// The chart of one group, the alarms that invoke its policies, and the queues it reads.
pub(super) fn draw(tape: &Tape, group: &str, alarms: &[&AlarmSeries], queues: &[&str]) -> Picture {
    let shown = &alarms[..alarms.len().min(MOST_BANDS)];
    let more = match alarms.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more, not shown"),
    };
    let names: Vec<&str> = shown.iter().map(|alarm| alarm.alarm.as_str()).collect();
    let remark = format!("alarms {}{more}", names.join(", "));
    let mut picture = begin(tape, &format!("Scaling: {group}"), &remark);
    let height = BOTTOM - BELOW_TITLE;
    let (first, second) = (BELOW_TITLE + height * 0.30, BELOW_TITLE + height * 0.58);
    let bands = second + BAND * shown.len() as f64;
    let (backlog, _) = backlog(tape, &queues[..queues.len().min(4)], &mut picture, first - 36.0);
    let metric = metric(tape, shown, &mut picture, (first, second - 26.0));
    for (index, alarm) in shown.iter().enumerate() {
        band(tape, group, alarm, &metric, (&mut picture, second - 14.0 + BAND * index as f64));
    }
    let capacity = capacity(tape, group, &mut picture, bands + 16.0);
    marks(tape, group, &mut picture, &[&backlog, &metric, &capacity]);
    for panel in [backlog, metric, capacity] {
        panel.finish(&mut picture);
    }
    picture
}

/// The metric of the first alarm, and the thresholds of all that watch the same.
fn metric(tape: &Tape, alarms: &[&AlarmSeries], picture: &mut Picture, (top, bottom): (f64, f64)) -> Panel {
    let label = alarms.first().map_or("", |alarm| alarm.label.as_str());
    let same = || alarms.iter().filter(|alarm| alarm.label == label);
    let longest = same().max_by_key(|alarm| alarm.points.len());
    let points = longest.map_or(&[][..], |alarm| &alarm.points);
    let steps = points.iter().map(|(time, value)| Step::new(time.as_seconds_f64(), *value));
    let trace = source::trace(tape, steps, Thin::Highest);
    let line = Pen::solid(ink::SKY, 2.0);
    let mut entries = vec![(Sample::Line(line), label.to_owned())];
    let thresholds: Vec<(f64, Pen)> = same()
        .zip(THRESHOLDS)
        .map(|(alarm, ink)| (alarm.threshold, Pen { dash: Some((7.0, 4.0)), ..Pen::solid(ink, 1.6) }))
        .collect();
    for (alarm, (threshold, pen)) in same().zip(&thresholds) {
        entries.push((Sample::Line(*pen), format!("{} {threshold}", alarm.comparison)));
    }
    let top = legend(picture, top, &entries) + 26.0;
    let high = thresholds.iter().map(|(threshold, _)| *threshold).fold(highest([&trace]), f64::max);
    let panel = Panel::draw(
        picture,
        (top, bottom),
        time_axis(tape),
        Axis::from_zero("Metric", high, Unit::Count, 3.0),
        false,
    );
    panel.warm_up(picture, tape);
    panel.line(picture, &trace, line);
    for (threshold, pen) in thresholds {
        let y = panel.y_at(threshold);
        picture.line(&[(LEFT, y), (RIGHT, y)], pen);
    }
    if Trace::is_empty(&trace) {
        panel.no_data(picture, "the alarms have read no datapoint");
    }
    panel
}

/// The states of an alarm over time.
fn band(tape: &Tape, group: &str, alarm: &AlarmSeries, panel: &Panel, (picture, top): (&mut Picture, f64)) {
    let end = tape.header.duration.as_seconds_f64();
    let changes = tape.alarms.iter().filter(|change| change.alarm == alarm.alarm);
    let (mut state, mut since) = ("INSUFFICIENT_DATA", 0.0);
    let mut stretch = |state: &str, from: f64, to: f64| {
        let ink = match state {
            "ALARM" => ink::VERMILION.faint(0.75),
            "OK" => ink::GREEN.faint(0.30),
            _ => ink::GRID,
        };
        picture.rectangle((panel.x_at(from), top), (panel.x_at(to), top + BAND - 3.0), ink);
    };
    for change in changes {
        let time = change.time.as_seconds_f64();
        stretch(state, since, time);
        (state, since) = (change.new_state, time);
    }
    stretch(state, since, end);
    let face = Type::new(10.0, ink::GREY, Align::Right);
    // What target tracking's alarms have in common would push out what tells them apart.
    let own = alarm.alarm.strip_prefix(&format!("TargetTracking-{group}-")).unwrap_or(&alarm.alarm);
    let name = font::shortened(own, 10.0, false, LEFT - 16.0);
    picture.text((LEFT - 8.0, top + (BAND - 3.0) / 2.0), &name, face);
}
