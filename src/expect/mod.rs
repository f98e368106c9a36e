//! Expectations: what a run must show, judged on its tape.
//!
//! ```yaml
//! expect:
//!   workers.end_to_end_latency: ["p99 < 30s", "max <= 2m"]
//!   orders-dlq.messages_received: ["sum == 0"]
//!   orders.expired: ["messages == 0"]        # a row of the ledger
//! ```
//!
//! The left side names a metric of a thing; an expression names one of its statistics, as in `summary.csv`, or
//! `messages`, as in `ledger.csv`. Everything is checked before the run: names, statistics, units.

mod expression;
mod format;

pub use expression::{Catalog, CatalogRow, Expectation, Operator};
pub use format::show;

use crate::record::{ExpectationResult, Tape};

/// Judges every expectation. One without anything to observe (no message was processed, say) does not hold.
pub fn judge(expectations: &[Expectation], tape: &Tape) -> Vec<ExpectationResult> {
    expectations
        .iter()
        .map(|expectation| {
            let observed = observe(expectation, tape);
            ExpectationResult {
                name: expectation.target.clone(),
                expression: expectation.text.clone(),
                observed: observed
                    .map_or_else(|| "nothing to observe".to_owned(), |value| show(value, expectation.unit)),
                passed: observed.is_some_and(|value| expectation.operator.holds(value, expectation.value)),
            }
        })
        .collect()
}

fn observe(expectation: &Expectation, tape: &Tape) -> Option<f64> {
    let Expectation { kind, name, metric, statistic, .. } = expectation;
    if statistic == "messages" {
        return tape.ledger.get(kind, name, metric).map(|messages| messages as f64);
    }
    tape.summary
        .iter()
        .find(|row| {
            row.kind == *kind
                && row.name == *name
                && row.metric == *metric
                && row.statistic == statistic.as_str()
        })
        .map(|row| row.value)
}
