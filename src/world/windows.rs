//! Stretches of a run that are measured on their own: opened and closed at their boundaries, read like the whole.

use super::Seat;
use super::statistics::{About, Measured, tell};
use crate::engine::Time;
use crate::record::{
    Histogram, Instrument, MetricDefinition, Unit, WindowMetric, WindowReading, WindowRequest,
};

/// All windows of a run.
#[derive(Debug, Default)]
pub(super) struct Windows {
    requests: Vec<WindowRequest>,
    /// What was noted of each instrument when a window was opened, in the order of the instruments.
    noted: Vec<Vec<Noted>>,
    readings: Vec<WindowReading>,
    /// All beginnings and ends, in the order of time.
    boundaries: Vec<Time>,
}

/// What is noted of an instrument at the beginning of a window.
#[derive(Debug)]
enum Noted {
    Count(u64),
    Level,
    Values(Box<Histogram>),
}

impl Windows {
    pub(super) fn new(requests: Vec<WindowRequest>) -> Self {
        let mut boundaries: Vec<Time> = requests.iter().flat_map(|one| [one.from, one.to]).collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        let readings = requests
            .iter()
            .map(|request| WindowReading { from: request.from, to: request.to, rows: Vec::new() })
            .collect();
        Self { noted: requests.iter().map(|_| Vec::new()).collect(), requests, readings, boundaries }
    }

    /// When windows begin or end, after the start.
    pub(super) fn boundaries(&self) -> Vec<Time> {
        self.boundaries.iter().copied().filter(|at| *at > Time::ZERO).collect()
    }

    /// The first of those after `now`.
    pub(super) fn next_boundary(&self, now: Time) -> Time {
        let next = self.boundaries.partition_point(|at| *at <= now);
        self.boundaries.get(next).copied().unwrap_or(Time::MAX)
    }

    /// Closes what ends now, then opens what begins now.
    pub(super) fn turn(&mut self, now: Time, seats: &mut [Seat]) {
        if !self.boundaries.contains(&now) {
            return;
        }
        for id in 0..self.requests.len() {
            if self.requests[id].to == now {
                self.close(id, now, seats);
            }
        }
        for id in 0..self.requests.len() {
            if self.requests[id].from == now {
                self.open(id, now, seats);
            }
        }
    }

    fn open(&mut self, id: usize, now: Time, seats: &mut [Seat]) {
        let request = &self.requests[id];
        let noted = &mut self.noted[id];
        each(request.of.as_ref(), seats, &mut |_, instrument| {
            noted.push(match instrument {
                Instrument::Counter(counter) => Noted::Count(counter.total()),
                Instrument::Level(level) => {
                    level.open(id as u32, request.bound, now);
                    Noted::Level
                }
                Instrument::Distribution(distribution) => {
                    Noted::Values(Box::new(distribution.histogram().clone()))
                }
            });
        });
    }

    fn close(&mut self, id: usize, now: Time, seats: &mut [Seat]) {
        let request = &self.requests[id];
        let seconds = (request.to - request.from).as_seconds_f64();
        let rows = &mut self.readings[id].rows;
        let mut noted = std::mem::take(&mut self.noted[id]).into_iter();
        each(request.of.as_ref(), seats, &mut |about, instrument| match (instrument, noted.next()) {
            (Instrument::Counter(counter), Some(Noted::Count(before))) => {
                tell(about, &Measured::Count(counter.total() - before), seconds, rows);
            }
            (Instrument::Level(level), Some(Noted::Level)) => {
                let last = level.value();
                let Some(watch) = level.close(id as u32, now) else { return };
                let measured = Measured::Level { mean: watch.mean(), extremes: watch.extremes(), last };
                tell(about, &measured, seconds, rows);
                let (above, below) = watch.beyond();
                if request.bound.is_some() {
                    rows.push(about.row("time_above", above, Unit::Seconds));
                    rows.push(about.row("time_below", below, Unit::Seconds));
                }
                let drained = watch.drained().map(|time| time.since_start().as_seconds_f64());
                rows.push(about.row("drained", drained.unwrap_or(f64::INFINITY), Unit::Seconds));
            }
            (Instrument::Distribution(distribution), Some(Noted::Values(before))) => {
                let values = distribution.histogram().since(&before);
                tell(about, &Measured::Values(&values), seconds, rows);
                if let Some(share) = request.bound.and_then(|bound| values.share_above(bound)) {
                    rows.push(about.row("share_above", share, Unit::Ratio));
                }
            }
            _ => unreachable!("an entity shows the same instruments each time"),
        });
    }

    pub(super) fn into_readings(self) -> Vec<WindowReading> {
        self.readings
    }
}

/// The instruments that are meant.
fn each(of: Option<&WindowMetric>, seats: &mut [Seat], read: &mut dyn FnMut(About<'_>, Instrument<'_>)) {
    for seat in seats {
        let (kind, name) = (seat.entity.kind(), seat.name.as_str());
        if of.is_some_and(|of| of.kind != kind || of.name != name) {
            continue;
        }
        seat.entity.visit_metrics(&mut |definition: &'static MetricDefinition, instrument| {
            if of.is_none_or(|of| of.metric == definition.name) {
                read(About { kind, name, definition }, instrument);
            }
        });
    }
}
