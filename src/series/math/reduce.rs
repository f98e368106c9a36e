//! Functions that make one number of a series, or one series of an array: AVG, SUM, MIN, MAX, STDDEV, DATAPOINT_COUNT.

use super::function::Function;
use super::{Points, kept};

/// What a function makes of a series. Of no points there is no number, but their count is 0 and so is their sum.
pub(super) fn reduce_along(function: Function, points: &[Option<f64>]) -> Option<f64> {
    let values: Vec<f64> = points.iter().flatten().copied().collect();
    reduce(function, &values)
}

/// What a function makes of an array, slot by slot; a slot in which all are missing has no point. A missing point
/// counts as 0 in AVG, as its page says; the extremes and the deviation are those of the points there are.
pub(super) fn reduce_across(function: Function, array: &[Points], slots: usize) -> Points {
    (0..slots)
        .map(|slot| {
            let mut values: Vec<f64> = array.iter().filter_map(|points| points[slot]).collect();
            if values.is_empty() {
                return None;
            }
            if function == Function::Avg {
                values.resize(array.len(), 0.0);
            }
            reduce(function, &values)
        })
        .collect()
}

fn reduce(function: Function, values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let sum: f64 = values.iter().sum();
    let some = (!values.is_empty()).then_some(());
    match function {
        Function::DatapointCount => Some(count),
        Function::Sum => kept(sum),
        Function::Avg => some.and_then(|()| kept(sum / count)),
        Function::Min => values.iter().copied().reduce(f64::min),
        Function::Max => values.iter().copied().reduce(f64::max),
        _ => some.and_then(|()| {
            let mean = sum / count;
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            kept(libm::sqrt(squares / count))
        }),
    }
}
