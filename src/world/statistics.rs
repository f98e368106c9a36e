//! The statistics of an instrument, as its kind has them.

use crate::engine::Time;
use crate::record::{Histogram, Instrument, InstrumentKind, MetricDefinition, SummaryRow, Unit};

/// What an instrument measures, and of whom.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    pub(super) definition: &'static MetricDefinition,
}

/// What an instrument measured over some time.
pub(super) enum Measured<'a> {
    /// A counter's count.
    Count(u64),
    /// A level: mean, extremes, and the value at the end.
    Level { mean: Option<f64>, extremes: Option<(u64, u64)>, last: Option<u64> },
    /// A distribution's values.
    Values(&'a Histogram),
}

/// The statistics of one instrument since the warm-up.
pub(super) fn summarise(
    about: About<'_>,
    instrument: Instrument<'_>,
    now: Time,
    seconds: f64,
    rows: &mut Vec<SummaryRow>,
) {
    let measured = match instrument {
        Instrument::Counter(counter) => Measured::Count(counter.since_warm_up()),
        Instrument::Level(level) => {
            Measured::Level { mean: level.mean(now), extremes: level.extremes(), last: level.value() }
        }
        Instrument::Distribution(distribution) => Measured::Values(distribution.histogram()),
    };
    tell(about, &measured, seconds, rows);
}

/// The rows of what was measured. A distribution without values has only its count.
pub(super) fn tell(about: About<'_>, measured: &Measured<'_>, seconds: f64, rows: &mut Vec<SummaryRow>) {
    let unit = about.definition.unit;
    let parts = unit.parts();
    let mut row = |statistic, value, unit| rows.push(about.row(statistic, value, unit));
    match measured {
        Measured::Count(count) => {
            let sum = *count as f64;
            row("sum", sum, unit);
            row("rate", if seconds > 0.0 { sum / seconds } else { 0.0 }, Unit::PerSecond);
        }
        Measured::Level { mean, extremes, last } => {
            let Some((mean, (minimum, maximum))) = mean.zip(*extremes) else { return };
            row("mean", mean / parts, unit);
            row("min", minimum as f64 / parts, unit);
            row("max", maximum as f64 / parts, unit);
            if let Some(last) = last {
                row("last", *last as f64 / parts, unit);
            }
        }
        Measured::Values(histogram) => {
            row("count", histogram.count() as f64, Unit::Count);
            for statistic in InstrumentKind::Distribution.statistics() {
                let value = match *statistic {
                    "mean" => histogram.mean(),
                    "stddev" => histogram.standard_deviation(),
                    "min" => histogram.minimum().map(|value| value as f64),
                    "max" => histogram.maximum().map(|value| value as f64),
                    "p50" => histogram.quantile(0.5).map(|value| value as f64),
                    "p90" => histogram.quantile(0.9).map(|value| value as f64),
                    "p95" => histogram.quantile(0.95).map(|value| value as f64),
                    "p99" => histogram.quantile(0.99).map(|value| value as f64),
                    "p99.9" => histogram.quantile(0.999).map(|value| value as f64),
                    _ => None,
                };
                if let Some(value) = value {
                    row(statistic, value / parts, unit);
                }
            }
            if let Some(share) = histogram.share_above_zero() {
                row("share_above_zero", share, Unit::Ratio);
            }
        }
    }
}

impl About<'_> {
    /// A statistic of it.
    pub(super) fn row(&self, statistic: &'static str, value: f64, unit: Unit) -> SummaryRow {
        SummaryRow {
            kind: self.kind,
            name: self.name.to_owned(),
            metric: self.definition.name.to_owned(),
            statistic,
            value,
            unit,
        }
    }
}
