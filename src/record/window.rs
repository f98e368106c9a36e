//! Windows: stretches of a run that are measured on their own, asked for before it begins.

use super::SummaryRow;
use crate::engine::Time;

/// Whose metric a window measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowMetric {
    /// Kind of the owner: `queue`, `consumer`, ….
    pub kind: &'static str,
    /// Name of the owner.
    pub name: String,
    /// The metric, as it is declared.
    pub metric: String,
}

/// A stretch to be measured.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowRequest {
    /// What is measured; everything when `None`.
    pub of: Option<WindowMetric>,
    /// Its beginning; not within the warm-up.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// For how long a level is above and below this, or the share of a distribution's values above it: in the unit that
    /// the instrument counts in.
    pub bound: Option<f64>,
}

/// What was measured in a stretch: the statistics that `summary.csv` has of the whole run, and of a level with a bound
/// `time_above` and `time_below` (seconds), of a distribution with one `share_above`; of every level `drained`, the time
/// (seconds since the start of the run) at which it was zero for the first time after its highest value.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowReading {
    /// Its beginning.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// The statistics.
    pub rows: Vec<SummaryRow>,
}
