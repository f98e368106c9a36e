//! The tape: what a run leaves behind, and the instruments that write it.
//!
//! Services hold [`Counter`]s, [`Level`]s and [`Distribution`]s, declared once with [`metrics!`](crate::metrics).
//! The world reads them each period and at the end of the run and writes a [`Tape`]; expectations and reports
//! read tapes only, so that a result can be looked at long after the run.
//!
//! Nothing here knows of queues or of AWS: names, units and meanings travel in the declarations.

mod histogram;
mod instrument;
mod ledger;
mod metric;
mod tape;
mod window;

pub use histogram::Histogram;
pub use instrument::{Counter, Distribution, Instrument, IntervalQuantiles, Level, LevelWatch};
pub use ledger::{Ledger, LedgerRow, Side};
pub use metric::{InstrumentKind, MetricDefinition, Unit};
pub use tape::{
    AlarmChange, AlarmSeries, ApiCall, CustomMetricSeries, Datapoint, DistributionCurve, ExpectationResult,
    Flow, InstanceChange, MetricSeries, Probe, QuantilePoint, QuantileSeries, Reading, RunHeader,
    ScalingActivity, Series, SeriesPoint, SummaryRow, Tape, Theory, TheoryRow, WindowResult,
};
pub use window::{WindowMetric, WindowReading, WindowRequest};
