//! What an application that computes over a stream does: records a second, how far it is behind, and its KPUs.

use super::axis::Axis;
use super::backlog::marks;
use super::panel::{BELOW_TITLE, BOTTOM, Panel, Sample, begin, highest, legend, time_axis};
use super::picture::{Pen, Picture, ink};
use super::source;
use super::trace::{Step, Thin, Trace};
use crate::record::{Tape, Unit};

/// The chart of one application.
pub(super) fn draw(tape: &Tape, kind: &str, application: &str) -> Picture {
    let title = format!("Work: {application}");
    let mut picture = begin(tape, &title, "records, lag and capacity over time");
    let height = BOTTOM - BELOW_TITLE;
    let (first, second) = (BELOW_TITLE + height * 0.40, BELOW_TITLE + height * 0.74);
    let records = records(tape, kind, application, &mut picture, first - 34.0);
    let lag = lag(tape, kind, application, &mut picture, (first, second - 34.0));
    let capacity = capacity(tape, kind, application, &mut picture, second);
    marks(tape, application, &mut picture, &[&records, &lag, &capacity]);
    for panel in [&records, &lag, &capacity] {
        panel.finish(&mut picture);
    }
    picture
}

fn records(tape: &Tape, kind: &str, name: &str, picture: &mut Picture, bottom: f64) -> Panel {
    let read = |metric| source::series(tape, kind, name, metric, Thin::Mean);
    let lines = [
        (read("records_in"), Pen::solid(ink::BLUE, 2.2), "Records in"),
        (read("records_out"), Pen::solid(ink::ORANGE, 1.6), "Records and results out"),
    ];
    panel_of(tape, picture, &lines, (BELOW_TITLE, bottom), ("Per second", Unit::PerSecond))
}

fn lag(tape: &Tape, kind: &str, name: &str, picture: &mut Picture, rows: (f64, f64)) -> Panel {
    let behind = source::quantiles(tape, kind, name, "milliseconds_behind_latest")
        .map_or(&[][..], |series| &series.points);
    let seconds = behind.iter().map(|point| Step::new(point.time.as_seconds_f64(), point.maximum / 1e3));
    let lines = [
        (
            source::trace(tape, seconds, Thin::Highest),
            Pen::solid(ink::VERMILION, 1.8),
            "Reads behind the newest record",
        ),
        (
            source::series(tape, kind, name, "watermark_lag", Thin::Highest),
            Pen::solid(ink::PURPLE, 1.8),
            "Watermark behind the clock",
        ),
    ];
    panel_of(tape, picture, &lines, rows, ("Lag", Unit::Seconds))
}

fn panel_of(
    tape: &Tape,
    picture: &mut Picture,
    lines: &[(Trace, Pen, &str)],
    (top, bottom): (f64, f64),
    (what, unit): (&'static str, Unit),
) -> Panel {
    let shown = lines.iter().filter(|line| !line.0.is_empty());
    let entries: Vec<_> = shown.map(|(_, pen, name)| (Sample::Line(*pen), (*name).to_owned())).collect();
    let top = legend(picture, top, &entries) + 28.0;
    let y = Axis::from_zero(what, highest(lines.iter().map(|line| &line.0)), unit, 4.0);
    let panel = Panel::draw(picture, (top, bottom), time_axis(tape), y, false);
    panel.warm_up(picture, tape);
    for (trace, pen, _) in lines.iter().rev() {
        panel.line(picture, trace, *pen);
    }
    if entries.is_empty() {
        panel.no_data(picture, "nothing was recorded");
    }
    panel
}

fn capacity(tape: &Tape, kind: &str, name: &str, picture: &mut Picture, top: f64) -> Panel {
    let kpus = source::series(tape, kind, name, "kpus", Thin::Last);
    let fill = ink::GREEN.faint(0.40);
    let entries = [(Sample::Area(fill), "KPUs that process".to_owned())];
    let top = legend(picture, top, if kpus.is_empty() { &[] } else { &entries }) + 34.0;
    let y = Axis::from_zero("KPUs", highest([&kpus]), Unit::Count, 3.0);
    let panel = Panel::draw(picture, (top, BOTTOM), time_axis(tape), y, true);
    panel.below_steps(picture, &kpus, fill);
    panel.step_line(picture, &kpus, Pen::solid(ink::GREEN, 1.8));
    if kpus.is_empty() {
        panel.no_data(picture, "the capacity was not recorded");
    }
    panel
}
