//! Metrics that programs publish with PutMetricData: "Publish custom metrics".

use super::store::{MetricId, Values};
use super::watched::Watched;
use crate::engine::{Distribution, Span, Stream, Time};
use crate::record::{CustomMetricSeries, Datapoint};
use crate::series::Samples;
use crate::series::math::{Grid, kept};
use crate::wire::{Purpose, draw_span};

/// In which form a program publishes what it has measured ("MetricDatum").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishAs {
    /// One value: the statistic of what was measured.
    Value,
    /// Sample count, sum, minimum and maximum: percentiles are lost.
    StatisticSet,
    /// All values, with how often each was measured.
    Values,
}

/// Where the values of a custom metric come from.
#[derive(Debug, Clone)]
pub enum CustomSource {
    /// A metric of the scenario, or metric math over several, as the program sees them when it publishes.
    Series(Watched),
    /// Values given beforehand, one for each time; after the last there are none.
    Values(Vec<Option<f64>>),
}

/// Everything that is fixed about a custom metric during a run.
#[derive(Debug, Clone)]
pub struct CustomMetricSettings {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its dimensions, as reports show them: `Queue=orders`.
    pub dimensions: String,
    /// Its unit, as reports show it.
    pub unit: String,
    /// The metric in the store.
    pub metric: MetricId,
    /// Where values come from.
    pub source: CustomSource,
    /// In which form.
    pub publish_as: PublishAs,
    /// How often.
    pub interval: Span,
    /// 1 s (high resolution) or 60 s.
    pub storage_resolution: Span,
    /// How long after publishing a datapoint can be read, in nanoseconds.
    pub delay: Distribution,
}

/// A custom metric.
#[derive(Debug)]
pub(super) struct CustomMetric {
    settings: CustomMetricSettings,
    delay_stream: Stream,
    /// How often it was published, or should have been.
    times: usize,
    calls: u64,
    /// What each operand of an expression was the time before.
    before: Vec<Option<f64>>,
    datapoints: Vec<Datapoint>,
}

impl CustomMetric {
    pub(super) fn new(settings: CustomMetricSettings, seed: u64, replication: u32) -> Self {
        let delay_stream = Purpose::MetricDelay.stream(seed, replication, "custom_metric", &settings.name);
        Self { settings, delay_stream, times: 0, calls: 0, before: Vec::new(), datapoints: Vec::new() }
    }

    pub(super) fn interval(&self) -> Span {
        self.settings.interval
    }

    pub(super) fn metric(&self) -> MetricId {
        self.settings.metric
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    pub(super) fn draw_delay(&mut self) -> Span {
        draw_span(&self.settings.delay, &mut self.delay_stream)
    }

    pub(super) fn operands(&self) -> Vec<MetricId> {
        match &self.settings.source {
            CustomSource::Series(watched) => {
                watched.metrics().into_iter().map(|(metric, _)| metric).collect()
            }
            CustomSource::Values(_) => Vec::new(),
        }
    }

    /// What is published now; `None` when there is nothing to publish.
    pub(super) fn publish(
        &mut self,
        now: Time,
        start_unix_millis: i64,
        read: &mut dyn FnMut(MetricId) -> Samples,
    ) -> Option<(Datapoint, Option<Values>)> {
        let time = self.times;
        self.times += 1;
        let samples = match &self.settings.source {
            CustomSource::Values(values) => one(values.get(time).copied().flatten()?)?,
            CustomSource::Series(Watched::Metric(metric, statistic)) => {
                let samples = read(*metric);
                match self.settings.publish_as {
                    PublishAs::Value => one(statistic.of(samples)?)?,
                    PublishAs::StatisticSet => Samples { values: None, ..samples },
                    PublishAs::Values => samples,
                }
            }
            CustomSource::Series(Watched::Math(watched)) => {
                // The program remembers what it saw the time before: RATE and DIFF have two points to compare.
                let mut seen = Vec::new();
                for operand in &watched.metrics {
                    seen.push(operand.and_then(|(metric, statistic)| statistic.of(read(metric))));
                }
                let before = std::mem::replace(&mut self.before, seen.clone());
                let grid = Grid::ending(now, self.settings.interval, 2, start_unix_millis);
                let points = watched
                    .math
                    .evaluate(&grid, &mut |query| vec![before.get(query).copied().flatten(), seen[query]]);
                one(points[1]?)?
            }
        };
        if samples.count <= 0.0 {
            return None;
        }
        self.calls += 1;
        let datapoint = Datapoint {
            time: now.floor_to(self.settings.storage_resolution),
            period: self.settings.storage_resolution,
            sample_count: samples.count,
            sum: kept(samples.sum)?,
            minimum: samples.minimum,
            maximum: samples.maximum,
        };
        self.record(datapoint);
        Some((datapoint, samples.values.map(Vec::into_boxed_slice)))
    }

    /// The datapoint as the reports show it: those of one period are one.
    fn record(&mut self, datapoint: Datapoint) {
        match self.datapoints.last_mut().filter(|last| last.time == datapoint.time) {
            Some(last) => {
                last.sample_count += datapoint.sample_count;
                last.sum += datapoint.sum;
                last.minimum = last.minimum.min(datapoint.minimum);
                last.maximum = last.maximum.max(datapoint.maximum);
            }
            None => self.datapoints.push(datapoint),
        }
    }

    pub(super) fn take_series(&mut self) -> CustomMetricSeries {
        CustomMetricSeries {
            name: self.settings.name.clone(),
            namespace: self.settings.namespace.clone(),
            dimensions: self.settings.dimensions.clone(),
            unit: self.settings.unit.clone(),
            datapoints: std::mem::take(&mut self.datapoints),
        }
    }
}

/// One value; `None` when CloudWatch would not take it.
fn one(value: f64) -> Option<Samples> {
    kept(value).map(Samples::one)
}
