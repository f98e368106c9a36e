//! What is left of a long series on a chart: as many points as there are pixels, and every peak.

use crate::record::SeriesPoint;

/// One point of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// Seconds since the start.
    pub(super) time: f64,
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Step {
    /// A point of one value.
    pub(super) fn new(time: f64, value: f64) -> Self {
        Self { time, value, low: value, high: value }
    }
}

impl From<&SeriesPoint> for Step {
    fn from(point: &SeriesPoint) -> Self {
        Self {
            time: point.time.as_seconds_f64(),
            value: point.value,
            low: point.minimum,
            high: point.maximum,
        }
    }
}

/// Which value stands for several that fall on one pixel; lowest and highest are kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thin {
    /// The last: a level that is held until it changes.
    Last,
    /// Their mean: rates and quantiles.
    Mean,
    /// The highest ever reached, also between two points: what matters is the peak.
    Highest,
}

/// A series cut where nothing was measured, and thinned to the pixels it is drawn on.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Trace {
    /// Uninterrupted stretches; none is empty.
    pub(super) stretches: Vec<Vec<Step>>,
}

impl Trace {
    /// Thins `steps` to at most about `columns` columns of `duration` seconds. Each keeps its lowest and highest value.
    pub(super) fn new(steps: impl Iterator<Item = Step>, duration: f64, columns: f64, thin: Thin) -> Self {
        let mut steps: Vec<Step> =
            steps.filter(|step| step.value.is_finite() && step.time.is_finite()).collect();
        if thin == Thin::Highest {
            for step in &mut steps {
                step.value = step.high;
            }
        }
        // Steps are of one length, but for the last; where the next is further away, nothing was measured.
        let mut apart: Vec<f64> = steps.windows(2).map(|pair| pair[1].time - pair[0].time).collect();
        apart.sort_by(f64::total_cmp);
        let step = apart.get(apart.len().saturating_sub(1) / 2).copied().unwrap_or(0.0);
        let column = (duration / columns).max(f64::MIN_POSITIVE);
        let gap = step.max(column) * 1.75;
        let dense = steps.len() as f64 > 2.0 * columns;
        let mut stretches: Vec<Vec<Step>> = Vec::new();
        let (mut last, mut merged) = (f64::NEG_INFINITY, 1.0);
        for step in steps {
            let continues = step.time - last <= gap;
            last = step.time;
            match stretches.last_mut() {
                Some(stretch) if continues => {
                    let end = stretch.len() - 1;
                    if dense && (stretch[end].time / column).floor() >= (step.time / column).floor() {
                        merged += 1.0;
                        let before = stretch[end];
                        stretch[end] = Step {
                            time: before.time,
                            value: match thin {
                                Thin::Last => step.value,
                                Thin::Mean => before.value + (step.value - before.value) / merged,
                                Thin::Highest => before.value.max(step.value),
                            },
                            low: before.low.min(step.low),
                            high: before.high.max(step.high),
                        };
                    } else {
                        merged = 1.0;
                        stretch.push(step);
                    }
                }
                _ => {
                    merged = 1.0;
                    stretches.push(vec![step]);
                }
            }
        }
        Self { stretches }
    }

    /// All points.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stretches.iter().flatten()
    }

    /// Whether there is nothing to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// The first of the highest points.
    pub(super) fn peak(&self) -> Option<Step> {
        self.steps().copied().fold(None, |best: Option<Step>, step| match best {
            Some(best) if best.high >= step.high => Some(best),
            _ => Some(step),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_series_keeps_its_peaks() {
        let steps = (0..100_000).map(|i| Step::new(f64::from(i), if i == 77_777 { 9.0 } else { 1.0 }));
        let trace = Trace::new(steps, 100_000.0, 1000.0, Thin::Mean);
        assert_eq!(trace.stretches.len(), 1);
        assert!(trace.steps().count() <= 1001);
        assert_eq!(trace.peak().map(|peak| (peak.high, (peak.time / 100.0).floor())), Some((9.0, 777.0)));
    }

    #[test]
    fn a_gap_interrupts_and_nonsense_is_left_out() {
        let steps = [(0.0, 1.0), (1.0, 2.0), (9.0, 3.0), (10.0, f64::NAN)]
            .map(|(time, value)| Step::new(time, value));
        let trace = Trace::new(steps.into_iter(), 10.0, 100.0, Thin::Last);
        assert_eq!(trace.stretches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert!(Trace::new(std::iter::empty(), 0.0, 100.0, Thin::Last).is_empty());
    }
}
