//! Expectations: what a run must show, judged on its tape.
//!
//! ```yaml
//! expect:
//!   workers.end_to_end_latency: ["p99 < 30s", "share_above(10s) < 5%", "p99 < 10s after 2h"]
//!   orders.messages_visible: ["time_above(100) < 5m", "drained_by 2h"]
//!   orders-dlq.messages_sent / orders.messages_sent: ["sum < 0.1%"]
//!   orders.expired: ["messages == 0"]                     # a row of the ledger
//!   orders.ApproximateAgeOfOldestMessage: ["Maximum < 5m"]  # as CloudWatch has it
//!   backlog-high.state: ["first_alarm < 10m"]
//!   workers.scale_outs: ["count <= 3"]
//! ```
//!
//! The left side names a metric of a thing, perhaps divided by another; an expression names one of its statistics, as in
//! `summary.csv`, `messages` as in `ledger.csv`, or what only expectations ask for. Everything is checked before the run:
//! names, statistics, units, windows. `docs/expectations.md` has all of it.

mod catalog;
mod expression;
mod format;
mod observe;
mod operator;
#[cfg(test)]
mod tests;
mod value;

pub use catalog::{Catalog, CatalogRow};
pub use format::show;
pub use operator::Operator;

use crate::record::{ExpectationResult, InstrumentKind, Tape, Unit, WindowReading, WindowRequest};

/// Where a quantity is found when the run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the summary, worked out at the end.
    Summary,
    /// In the summary, from an instrument, which can also be read for a part of the run.
    Instrument(InstrumentKind),
    /// In the ledger.
    Ledger,
    /// In CloudWatch's datapoints.
    Series,
    /// In the scaling activities.
    Activities,
    /// In the changes of an alarm's state.
    Alarm,
}

/// Something that can be observed of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Kind of the thing.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its metric, or the fate.
    pub metric: String,
    /// The statistic; `messages` for a fate.
    pub statistic: String,
    /// Where it is found.
    pub origin: Origin,
    /// What values are compared with, in the metric's unit.
    pub bound: Option<f64>,
    /// The part of the run that is meant, in seconds since its start; all after the warm-up when `None`.
    pub window: Option<(f64, f64)>,
    /// Whether it must be measured apart.
    is_apart: bool,
    /// How many of an instrument's whole numbers are one in the metric's unit.
    parts: f64,
}

/// What a run must show.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The left side, as written: `workers.end_to_end_latency`.
    pub target: String,
    /// The expression, as written: `p99 < 30s`.
    pub text: String,
    /// The line of the scenario file it stands in.
    pub line: Option<u32>,
    /// What is observed.
    pub of: Quantity,
    /// What that is divided by.
    pub per: Option<Quantity>,
    /// The comparison.
    pub operator: Operator,
    /// The wanted value, in `unit`.
    pub value: f64,
    /// What it is counted in.
    pub unit: Unit,
}

/// What must be measured apart in a run, for all expectations. The run is from the end of its warm-up to its end, in
/// seconds.
pub fn requests(expectations: &[Expectation], run: (f64, f64)) -> Vec<WindowRequest> {
    let quantities = expectations.iter().flat_map(|one| [Some(&one.of), one.per.as_ref()]).flatten();
    quantities.filter_map(|quantity| quantity.request(run)).collect()
}

/// Judges every expectation. One without anything to observe (no message was processed, say) does not hold. The first
/// windows of the tape are those of [`requests`].
pub fn judge(expectations: &[Expectation], tape: &Tape) -> Vec<ExpectationResult> {
    let mut windows = tape.windows.iter();
    expectations.iter().map(|expectation| judge_one(expectation, tape, &mut windows)).collect()
}

fn judge_one<'a>(
    expectation: &Expectation,
    tape: &Tape,
    windows: &mut impl Iterator<Item = &'a WindowReading>,
) -> ExpectationResult {
    let of = observe::observe(&expectation.of, tape, windows);
    let per = expectation.per.as_ref().map(|per| observe::observe(per, tape, windows));
    let value = match (of, per) {
        (Some(of), Some(Some(per))) => Some(of / per).filter(|quotient| !quotient.is_nan()),
        (of, None) => of,
        (_, Some(None)) | (None, _) => None,
    };
    let observed = match value {
        None => "nothing to observe".to_owned(),
        Some(value) if value.is_infinite() && expectation.unit == Unit::Seconds => "never".to_owned(),
        Some(value) => show(value, expectation.unit),
    };
    ExpectationResult {
        name: expectation.target.clone(),
        expression: expectation.text.clone(),
        observed,
        passed: value.is_some_and(|value| expectation.operator.holds(value, expectation.value)),
        value,
        line: expectation.line,
    }
}
