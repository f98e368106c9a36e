//! Charts of experiments: how a result follows from settings, one result against another, one scenario beside another.

use super::axis::{Axis, Scale};
use super::font;
use super::panel::{BELOW_TITLE, BOTTOM, LEFT, Panel, RIGHT, Sample, legend, titled};
use super::picture::{Align, Ink, Pen, Picture, Type, ink};
use crate::record::Unit;
use crate::report::human;

/// A chart of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub enum Drawing {
    /// Lines with intervals.
    Lines(LineChart),
    /// A value for each pair of settings.
    Map(HeatMap),
    /// One result against another.
    Scatter(Scatter),
}

/// What stands along the lower axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    /// Numbers of this unit.
    Numbers(Unit),
    /// Simulated time up to so many seconds.
    Time(f64),
    /// Words: a position is an index.
    Words(Vec<String>),
}

/// Lines, each with an interval around it.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// Of which experiment.
    pub subtitle: String,
    /// What stands along the lower axis.
    pub x_title: String,
    /// And how.
    pub x: Positions,
    /// What stands along the left axis, and its unit.
    pub y_title: String,
    /// What it is counted in.
    pub unit: Unit,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is of; empty when there is only one.
    pub name: String,
    /// Its points from left to right.
    pub points: Vec<LinePoint>,
}

/// A point of a line with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinePoint {
    /// Where it is along the lower axis.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// The ends of the interval.
    pub low: f64,
    /// The upper one.
    pub high: f64,
}

/// A value for each pair of settings.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// What it shows.
    pub title: String,
    /// Of which experiment.
    pub subtitle: String,
    /// The setting along the lower axis and its values.
    pub x: (String, Vec<String>),
    /// The setting along the left axis and its values.
    pub y: (String, Vec<String>),
    /// The values: a row for each value of `y`.
    pub values: Vec<Vec<f64>>,
    /// What they are counted in.
    pub unit: Unit,
}

/// One result against another; those that nothing else beats in both are joined by a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// What it shows.
    pub title: String,
    /// Of which experiment.
    pub subtitle: String,
    /// What stands along the lower axis, and its unit.
    pub x: (String, Unit),
    /// What stands along the left axis, and its unit.
    pub y: (String, Unit),
    /// The points.
    pub marks: Vec<Mark>,
}

/// A point of a [`Scatter`].
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Along the lower axis.
    pub x: f64,
    /// Along the left axis.
    pub y: f64,
    /// What it is.
    pub name: String,
    /// Whether nothing else is at least as good in both and better in one: it is on the Pareto front.
    pub is_best: bool,
}

const INKS: [Ink; 8] =
    [ink::BLUE, ink::VERMILION, ink::GREEN, ink::ORANGE, ink::PURPLE, ink::SKY, ink::YELLOW, ink::BLACK];

impl Drawing {
    pub(super) fn draw(&self) -> Picture {
        match self {
            Drawing::Lines(chart) => chart.draw(),
            Drawing::Map(map) => map.draw(),
            Drawing::Scatter(scatter) => scatter.draw(),
        }
    }
}

fn highest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

fn words(title: &str, words: &[String]) -> Axis {
    let last = words.len().saturating_sub(1).max(1) as f64;
    // A little room at both ends.
    let scale = Scale::Linear { low: -0.05 * last, high: 1.05 * last };
    let every = words.len().div_ceil(16).max(1);
    let ticks = words.iter().enumerate().step_by(every);
    let room = (RIGHT - LEFT) / words.len().clamp(1, 16) as f64;
    let ticks = ticks.map(|(index, word)| (index as f64, font::shortened(word, 13.0, false, room))).collect();
    Axis { scale, ticks, title: title.to_owned() }
}

impl LineChart {
    fn draw(&self) -> Picture {
        let mut picture = titled(&self.title, &self.subtitle);
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let pen = |index: usize| Pen::solid(INKS[index % INKS.len()], 2.2);
        let entries: Vec<(Sample, String)> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.name.is_empty())
            .map(|(index, line)| (Sample::Line(pen(index)), line.name.clone()))
            .collect();
        let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
        let x = match &self.x {
            Positions::Numbers(unit) => {
                Axis::from_zero(&self.x_title, highest(points().map(|point| point.x)), *unit, 11.0)
            }
            Positions::Time(seconds) => Axis::time(*seconds, &self.x_title, 11.0),
            Positions::Words(list) => words(&self.x_title, list),
        };
        let y = Axis::from_zero(&self.y_title, highest(points().map(|point| point.high)), self.unit, 8.0);
        let panel = Panel::draw(&mut picture, (top, BOTTOM), x, y, true);
        if points().next().is_none() {
            panel.no_data(&mut picture, "there is nothing to compare");
        }
        let many = matches!(self.x, Positions::Time(_));
        for (index, line) in self.lines.iter().enumerate() {
            let pen = pen(index);
            let at = |x: f64, y: f64| (panel.x_at(x), panel.y_at(y));
            let finite = || line.points.iter().filter(|point| point.y.is_finite());
            let upper = finite().map(|point| at(point.x, point.high));
            let lower = finite().rev().map(|point| at(point.x, point.low));
            picture.area(upper.chain(lower).collect(), pen.ink.faint(0.18));
            picture.line(&finite().map(|point| at(point.x, point.y)).collect::<Vec<_>>(), pen);
            if many {
                continue;
            }
            for point in finite() {
                let (x, y) = at(point.x, point.y);
                let (low, high) = (panel.y_at(point.low), panel.y_at(point.high));
                picture.line(&[(x, low), (x, high)], Pen::solid(pen.ink, 1.4));
                picture.dot((x, y), 4.0, pen.ink);
            }
        }
        panel.finish(&mut picture);
        picture
    }
}

impl HeatMap {
    fn draw(&self) -> Picture {
        let finite = || self.values.iter().flatten().copied().filter(|value| value.is_finite());
        let (low, high) =
            (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let subtitle = if low.is_finite() {
            let (low, high) = (human::value(low, self.unit), human::value(high, self.unit));
            format!("{} · from {low} (light) to {high} (dark)", self.subtitle)
        } else {
            self.subtitle.clone()
        };
        let mut picture = titled(&self.title, &subtitle);
        let (columns, rows) = (self.x.1.len().max(1), self.y.1.len().max(1));
        let (top, left) = (BELOW_TITLE, LEFT + 40.0);
        let (width, height) = ((RIGHT - left) / columns as f64, (BOTTOM - top) / rows as f64);
        let face = Type::new(13.0, ink::GREY, Align::Middle);
        for (row, values) in self.values.iter().enumerate() {
            // The first value is the lowest row, as on an axis.
            let y = BOTTOM - (row + 1) as f64 * height;
            let name = font::shortened(&self.y.1[row], 13.0, false, 90.0);
            picture.text((left - 10.0, y + height / 2.0), &name, Type { align: Align::Right, ..face });
            for (column, value) in values.iter().enumerate() {
                let x = left + column as f64 * width;
                // Costs and latencies of ten times as much are common: shades follow the logarithm.
                let shade = if *value > 0.0 && low > 0.0 && high > low {
                    libm::log(value / low) / libm::log(high / low)
                } else if high > low {
                    (value - low) / (high - low)
                } else {
                    0.0
                };
                let ink = if value.is_finite() { ink::BLUE.faint(0.06 + 0.84 * shade) } else { ink::GRID };
                picture.rectangle((x + 1.0, y + 1.0), (x + width - 1.0, y + height - 1.0), ink);
                if width > 46.0 && height > 16.0 {
                    let dark = shade > 0.55;
                    let text =
                        if value.is_finite() { human::value(*value, self.unit) } else { "–".to_owned() };
                    let text = font::shortened(&text, 13.0, false, width - 6.0);
                    let ink = if dark { ink::WHITE } else { ink::BLACK };
                    picture.text((x + width / 2.0, y + height / 2.0), &text, Type { ink, ..face });
                }
            }
        }
        let every = columns.div_ceil(20).max(1);
        for (column, name) in self.x.1.iter().enumerate().step_by(every) {
            let x = left + (column as f64 + 0.5) * width;
            let name = font::shortened(name, 13.0, false, (width * every as f64 - 4.0).max(20.0));
            picture.text((x, BOTTOM + 18.0), &name, face);
        }
        let title = Type { ink: ink::BLACK, ..face };
        picture.text((f64::midpoint(left, RIGHT), BOTTOM + 44.0), &self.x.0, title);
        picture.text((26.0, f64::midpoint(top, BOTTOM)), &self.y.0, Type { upright: true, ..title });
        picture
    }
}

impl Scatter {
    fn draw(&self) -> Picture {
        let mut picture = titled(&self.title, &self.subtitle);
        let best = Pen::solid(ink::VERMILION, 2.0);
        let entries = [(Sample::Line(best), "Pareto front: no setting is better in both".to_owned())];
        let top = legend(&mut picture, BELOW_TITLE, &entries) + 32.0;
        let axis = |(title, unit): &(String, Unit), peak, ticks| Axis::from_zero(title, peak, *unit, ticks);
        let x = axis(&self.x, highest(self.marks.iter().map(|mark| mark.x)), 11.0);
        let y = axis(&self.y, highest(self.marks.iter().map(|mark| mark.y)), 8.0);
        let panel = Panel::draw(&mut picture, (top, BOTTOM), x, y, true);
        let finite = || self.marks.iter().filter(|mark| mark.x.is_finite() && mark.y.is_finite());
        let at = |mark: &Mark| (panel.x_at(mark.x), panel.y_at(mark.y));
        let mut front: Vec<&Mark> = finite().filter(|mark| mark.is_best).collect();
        front.sort_by(|a, b| a.x.total_cmp(&b.x).then(b.y.total_cmp(&a.y)));
        for mark in finite().filter(|mark| !mark.is_best) {
            picture.dot(at(mark), 4.0, ink::BLUE.faint(0.55));
        }
        picture.line(&front.iter().map(|mark| at(mark)).collect::<Vec<_>>(), best);
        let mut last = f64::NEG_INFINITY;
        for mark in &front {
            let (x, y) = at(mark);
            picture.dot((x, y), 5.5, ink::VERMILION);
            // Names that would stand on each other are left out.
            if x - last > 120.0 {
                let name = font::shortened(&mark.name, 12.0, false, 240.0);
                let face = Type::new(12.0, ink::BLACK, Align::Left);
                if x + 250.0 > RIGHT {
                    picture.label((x - 9.0, y - 12.0), &name, Type { align: Align::Right, ..face });
                } else {
                    picture.label((x + 9.0, y - 12.0), &name, face);
                }
                last = x;
            }
        }
        panel.finish(&mut picture);
        picture
    }
}
