//! The functions of metric math and what each takes and gives: the table of "Metric math syntax and functions".

use super::Kind;

/// A function of metric math.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names are AWS's
pub enum Function {
    Abs,
    Avg,
    Ceil,
    DatapointCount,
    Date,
    Day,
    Diff,
    DiffTime,
    Epoch,
    Fill,
    First,
    Floor,
    Hour,
    If,
    Last,
    Log,
    Log10,
    Max,
    MetricCount,
    Metrics,
    Min,
    Minute,
    Month,
    Period,
    Rate,
    RemoveEmpty,
    RunningSum,
    Slice,
    Sort,
    Stddev,
    Sum,
    TimeSeries,
    Year,
}

use Function as F;

/// Names of all functions.
const NAMES: &[(&str, Function)] = &[
    ("ABS", F::Abs),
    ("AVG", F::Avg),
    ("CEIL", F::Ceil),
    ("DATAPOINT_COUNT", F::DatapointCount),
    ("DATE", F::Date),
    ("DAY", F::Day),
    ("DIFF", F::Diff),
    ("DIFF_TIME", F::DiffTime),
    ("EPOCH", F::Epoch),
    ("FILL", F::Fill),
    ("FIRST", F::First),
    ("FLOOR", F::Floor),
    ("HOUR", F::Hour),
    ("IF", F::If),
    ("LAST", F::Last),
    ("LOG", F::Log),
    ("LOG10", F::Log10),
    ("MAX", F::Max),
    ("METRICS", F::Metrics),
    ("METRIC_COUNT", F::MetricCount),
    ("MIN", F::Min),
    ("MINUTE", F::Minute),
    ("MONTH", F::Month),
    ("PERIOD", F::Period),
    ("RATE", F::Rate),
    ("REMOVE_EMPTY", F::RemoveEmpty),
    ("RUNNING_SUM", F::RunningSum),
    ("SLICE", F::Slice),
    ("SORT", F::Sort),
    ("STDDEV", F::Stddev),
    ("SUM", F::Sum),
    ("TIME_SERIES", F::TimeSeries),
    ("YEAR", F::Year),
];

/// Functions that AWS has and an alarm, or queuelab, has not, and why.
const REFUSED: &[(&str, &str)] = &[
    ("SEARCH", "an alarm watches one time series, and SEARCH finds any number of them"),
    ("ANOMALY_DETECTION_BAND", "bands of anomaly detection are not modelled"),
    ("INSIGHT_RULE_METRIC", "Contributor Insights is not modelled"),
    ("SERVICE_QUOTA", "usage metrics are not modelled"),
    ("DB_PERF_INSIGHTS", "databases are not modelled"),
    ("LAMBDA", "metrics from a Lambda data source are not modelled"),
];

/// How a function treats what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Point by point: a series gives a series, an array an array.
    Pointwise,
    /// A series gives a scalar, an array a series.
    Reducer,
    /// A series gives a series made of its slots' times.
    Calendar,
    /// It has rules of its own.
    Special,
}

impl Function {
    /// The function of this name.
    pub fn find(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }

    /// The names of all functions.
    pub fn names() -> Vec<&'static str> {
        NAMES.iter().map(|(name, _)| *name).collect()
    }

    /// Why a function of AWS cannot be used here.
    pub(super) fn refused(name: &str) -> Option<&'static str> {
        REFUSED.iter().find(|(known, _)| *known == name).map(|(_, why)| *why)
    }

    pub(super) fn shape(self) -> Shape {
        match self {
            F::Abs
            | F::Ceil
            | F::Floor
            | F::Log
            | F::Log10
            | F::Diff
            | F::DiffTime
            | F::Rate
            | F::RunningSum => Shape::Pointwise,
            F::Avg | F::Max | F::Min | F::Sum | F::Stddev | F::DatapointCount => Shape::Reducer,
            F::Minute | F::Hour | F::Day | F::Date | F::Month | F::Year | F::Epoch => Shape::Calendar,
            _ => Shape::Special,
        }
    }

    /// Fewest and most arguments.
    pub(super) fn arguments(self) -> (usize, usize) {
        match self {
            F::Metrics => (0, 1),
            F::Fill => (2, 2),
            F::If | F::Slice => (2, 3),
            F::Sort => (3, 4),
            _ => (1, 1),
        }
    }

    /// What it gives for a first argument of this kind; `None` when it does not take that.
    pub(super) fn gives(self, argument: Kind) -> Option<Kind> {
        use Kind::{Array, Scalar, Series};
        match (self.shape(), self, argument) {
            (Shape::Pointwise, _, Series | Array) => Some(argument),
            (Shape::Reducer, _, Series) | (_, F::MetricCount, Array) => Some(Scalar),
            (Shape::Reducer, _, Array)
            | (_, F::First | F::Last, Array)
            | (Shape::Calendar, _, Series)
            | (_, F::TimeSeries, Scalar) => Some(Series),
            (_, F::RemoveEmpty, Array) => Some(Array),
            _ => None,
        }
    }
}
