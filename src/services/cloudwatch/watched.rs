//! What an alarm watches: one time series, of a metric or of metric math.

use super::store::{MetricId, Store, Window};
use crate::series::Statistic;
use crate::series::math::{MetricMath, Points};
use std::sync::Arc;

/// One time series.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// A statistic of a metric.
    Metric(MetricId, Statistic),
    /// Metric math.
    Math(Arc<WatchedMath>),
}

/// Metric math over metrics of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedMath {
    /// The queries and the one that is watched.
    pub math: MetricMath,
    /// What each query reads; `None` for expressions.
    pub metrics: Vec<Option<(MetricId, Statistic)>>,
}

impl Watched {
    /// Every metric it reads, with the statistic.
    pub fn metrics(&self) -> Vec<(MetricId, Statistic)> {
        match self {
            Watched::Metric(metric, statistic) => vec![(*metric, *statistic)],
            Watched::Math(math) => math.metrics.iter().flatten().copied().collect(),
        }
    }

    /// The points of the window's periods, oldest first.
    pub(super) fn points(&self, store: &Store, window: &Window) -> Points {
        match self {
            Watched::Metric(metric, statistic) => store.points(*metric, *statistic, window),
            Watched::Math(watched) => {
                watched.math.evaluate(&window.grid(), &mut |query| match watched.metrics[query] {
                    Some((metric, statistic)) => store.points(metric, statistic, window),
                    None => vec![None; window.slots],
                })
            }
        }
    }
}
