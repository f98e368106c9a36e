//! The parts every chart has: title, legend, plot with grid and axes, lines in it.

use super::axis::Axis;
use super::font;
use super::picture::{Align, HEIGHT, Ink, Pen, Picture, Point, Type, WIDTH, ink};
use super::trace::{Step, Trace};
use crate::engine::Time;
use crate::record::Tape;
use crate::report::human;
use crate::report::number::WallClock;

/// Left and right end of every plot.
pub(super) const LEFT: f64 = 104.0;
pub(super) const RIGHT: f64 = WIDTH - 44.0;
/// The first legend's middle, below title and subtitle.
pub(super) const BELOW_TITLE: f64 = 96.0;
/// The lower end of the lowest plot: ticks and title of the time axis fit below.
pub(super) const BOTTOM: f64 = HEIGHT - 66.0;
/// As many points as a plot is wide.
pub(super) const COLUMNS: f64 = RIGHT - LEFT;

const SMALL: Type = Type::new(13.0, ink::GREY, Align::Left);

/// Begins a chart: title, and a subtitle with what is special and which run it is.
pub(super) fn begin(tape: &Tape, title: &str, remark: &str) -> Picture {
    let header = &tape.header;
    // A long name must not push out what follows.
    let scenario = font::shortened(&header.scenario, 14.0, false, 420.0);
    let separator = if remark.is_empty() { "" } else { " · " };
    let replication = match header.replication {
        0 => String::new(),
        number => format!(", replication {number}"),
    };
    let simulated = human::span(header.duration.as_seconds_f64());
    let subtitle = format!(
        "{remark}{separator}scenario {scenario}, seed {}{replication}, {simulated} simulated",
        header.seed
    );
    titled(title, &subtitle)
}

/// Begins a chart with a title and a subtitle.
pub(super) fn titled(title: &str, subtitle: &str) -> Picture {
    let mut picture = Picture::new(title, subtitle);
    let room = RIGHT - 30.0;
    let face = Type { bold: true, ..Type::new(23.0, ink::BLACK, Align::Left) };
    picture.text((30.0, 36.0), &font::shortened(title, 23.0, true, room), face);
    picture.text((30.0, 64.0), &font::shortened(subtitle, 14.0, false, room), Type { size: 14.0, ..SMALL });
    picture
}

/// The pen for a trace: a ragged line is drawn solid, because its dashes could not be told from its gaps.
pub(super) fn pen_for(trace: &Trace, pen: Pen) -> Pen {
    const SMOOTH: usize = 200;
    if trace.steps().count() > SMOOTH { Pen { dash: None, ..pen } } else { pen }
}

/// How an entry of a legend looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sample {
    Line(Pen),
    Area(Ink),
    Nothing,
    Up(Ink),
    Down(Ink),
}

/// Draws a legend in one line or more; `bottom` is the middle of the last. Returns the height it took above that.
pub(super) fn legend(picture: &mut Picture, top: f64, entries: &[(Sample, String)]) -> f64 {
    const ROW: f64 = 22.0;
    let (mut x, mut y) = (LEFT, top);
    for (sample, name) in entries {
        let name = font::shortened(name, 13.0, false, 420.0);
        let width = 36.0 + font::width(&name, 13.0, false);
        if x > LEFT && x + width > RIGHT {
            x = LEFT;
            y += ROW;
        }
        match sample {
            Sample::Line(pen) => picture.line(&[(x, y), (x + 28.0, y)], *pen),
            Sample::Area(ink) => picture.rectangle((x, y - 6.0), (x + 28.0, y + 6.0), *ink),
            Sample::Nothing => x -= 36.0,
            Sample::Up(ink) => picture.triangle((x + 14.0, y), 6.0, true, *ink),
            Sample::Down(ink) => picture.triangle((x + 14.0, y), 6.0, false, *ink),
        }
        picture.text((x + 36.0, y), &name, Type { ink: ink::BLACK, ..SMALL });
        x += width + 26.0;
    }
    y
}

/// A plot: a rectangle with an axis on its left and one below.
#[derive(Debug)]
pub(super) struct Panel {
    top: f64,
    bottom: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Panel {
    /// Draws grid, ticks and titles. The time axis is named only where `named`, for two plots above each other.
    pub(super) fn draw(
        picture: &mut Picture,
        (top, bottom): (f64, f64),
        x: Axis,
        y: Axis,
        named: bool,
    ) -> Self {
        let panel = Self { top, bottom, x, y };
        for (value, name) in &panel.y.ticks {
            let y = crisp(panel.y_at(*value));
            picture.line(&[(LEFT, y), (RIGHT, y)], Pen::solid(ink::GRID, 1.0));
            picture.text((LEFT - 10.0, y), name, Type { align: Align::Right, ..SMALL });
        }
        for (value, name) in &panel.x.ticks {
            let x = crisp(panel.x_at(*value));
            picture.line(&[(x, top), (x, bottom)], Pen::solid(ink::GRID, 1.0));
            picture.line(&[(x, bottom), (x, bottom + 5.0)], Pen::solid(ink::AXIS, 1.0));
            if named {
                picture.text((x, bottom + 18.0), name, Type { align: Align::Middle, ..SMALL });
            }
        }
        let middle = f64::midpoint(top, bottom);
        let title = Type { align: Align::Middle, ink: ink::BLACK, ..SMALL };
        picture.text((26.0, middle), &panel.y.title, Type { upright: true, ..title });
        if named {
            picture.text((f64::midpoint(LEFT, RIGHT), bottom + 44.0), &panel.x.title, title);
        }
        panel
    }

    /// Draws the frame; last, so that it lies above the data.
    pub(super) fn finish(&self, picture: &mut Picture) {
        let (top, bottom) = (self.top.floor() + 0.5, crisp(self.bottom));
        picture
            .line(&[(crisp(LEFT), top), (crisp(LEFT), bottom), (RIGHT, bottom)], Pen::solid(ink::AXIS, 1.0));
    }

    /// Where a value of the lower axis is, in pixels.
    pub(super) fn x_at(&self, value: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * self.x.scale.position(value)
    }

    /// Where a value of the left axis is, in pixels.
    pub(super) fn y_at(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * self.y.scale.position(value)
    }

    fn at(&self, time: f64, value: f64) -> Point {
        (self.x_at(time), self.y_at(value))
    }

    /// The upper and the lower end, in pixels.
    pub(super) fn rows(&self) -> (f64, f64) {
        (self.top, self.bottom)
    }

    /// Shades the part of the run that is left out of the statistics.
    pub(super) fn warm_up(&self, picture: &mut Picture, tape: &Tape) {
        let end = tape.header.warm_up.as_seconds_f64();
        if end > 0.0 {
            let right = self.x_at(end);
            picture.rectangle((LEFT, self.top), (right, self.bottom), Ink(0x80, 0x86, 0x8b, 0.13));
            // Above the plot, where no data can be.
            let face = Type { size: 11.0, ..SMALL };
            picture.text((LEFT + 2.0, self.top - 8.0), "warm-up, not in the statistics", face);
        }
    }

    /// Says that there is nothing to show, and why.
    pub(super) fn no_data(&self, picture: &mut Picture, why: &str) {
        let at = (f64::midpoint(LEFT, RIGHT), f64::midpoint(self.top, self.bottom));
        let face = Type { size: 17.0, align: Align::Middle, ..SMALL };
        picture.label(at, &format!("no data: {why}"), face);
    }

    /// A line through the values, with a faint band from lowest to highest.
    pub(super) fn line(&self, picture: &mut Picture, trace: &Trace, pen: Pen) {
        for stretch in &trace.stretches {
            if let [only] = stretch.as_slice() {
                picture.dot(self.at(only.time, only.value), (pen.width * 0.9).max(2.0), pen.ink);
                continue;
            }
            // A band thinner than the line would only blur it.
            let tall = |step: &Step| self.y_at(step.low) - self.y_at(step.high) > pen.width;
            if stretch.iter().any(tall) {
                let upper = stretch.iter().map(|step| self.at(step.time, step.high));
                let lower = stretch.iter().rev().map(|step| self.at(step.time, step.low));
                picture.area(upper.chain(lower).collect(), pen.ink.faint(0.25));
            }
            let points: Vec<Point> = stretch.iter().map(|step| self.at(step.time, step.value)).collect();
            picture.line(&points, pen);
        }
    }

    /// What lies below a line.
    pub(super) fn below(&self, picture: &mut Picture, trace: &Trace, ink: Ink) {
        for stretch in &trace.stretches {
            let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
            let mut outline = vec![self.at(first.time, 0.0)];
            outline.extend(stretch.iter().map(|step| self.at(step.time, step.value)));
            outline.push(self.at(last.time, 0.0));
            picture.area(outline, ink);
        }
    }

    /// The corners of a level that holds its value until it changes, in pixels.
    fn stairs(&self, stretch: &[Step]) -> Vec<Point> {
        let mut corners: Vec<Point> = Vec::with_capacity(stretch.len() * 2);
        let mut before: Option<f64> = None;
        for (index, step) in stretch.iter().enumerate() {
            let last = index + 1 == stretch.len();
            if before.is_none_or(|value| value.total_cmp(&step.value).is_ne()) || last {
                corners.extend(before.map(|value| self.at(step.time, value)));
                corners.push(self.at(step.time, step.value));
            }
            before = Some(step.value);
        }
        corners
    }

    /// A level as a line of steps.
    pub(super) fn step_line(&self, picture: &mut Picture, trace: &Trace, pen: Pen) {
        for stretch in &trace.stretches {
            picture.line(&self.stairs(stretch), pen);
        }
    }

    /// What lies below the steps of a level.
    pub(super) fn below_steps(&self, picture: &mut Picture, trace: &Trace, ink: Ink) {
        for stretch in &trace.stretches {
            let mut outline = self.stairs(stretch);
            if let (Some(first), Some(last)) = (outline.first().copied(), outline.last().copied()) {
                outline.insert(0, (first.0, self.bottom));
                outline.push((last.0, self.bottom));
                picture.area(outline, ink);
            }
        }
    }
}

/// The middle of a pixel, where a line one pixel wide fills it.
fn crisp(value: f64) -> f64 {
    value.floor() + 0.5
}

/// The axis below every chart over time.
pub(super) fn time_axis(tape: &Tape) -> Axis {
    let start = WallClock::new(tape.header.start_unix_millis).timestamp(Time::ZERO);
    let start = start.split_at_checked(16).map_or(start.clone(), |(minutes, _)| minutes.replace('T', " "));
    let title = format!("Simulated time since {start} UTC");
    Axis::time(tape.header.duration.as_seconds_f64(), &title, 11.0)
}

/// The highest finite value, 0 when there is none.
pub(super) fn highest<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> f64 {
    traces
        .into_iter()
        .filter_map(Trace::peak)
        .map(|peak| peak.high)
        .filter(|high| high.is_finite())
        .fold(0.0, f64::max)
}
