//! Reading the instruments: each minute for CloudWatch, at each step for the charts.

use super::observers::Observers;
use super::{Entity, Seat};
use super::{WatchedMetric, watched_metric};
use crate::engine::{Span, Time};
use crate::record::{
    Datapoint, DistributionCurve, Instrument, MetricDefinition, MetricSeries, QuantilePoint, QuantileSeries,
    RunHeader, Series, SeriesPoint,
};
use crate::services::cloudwatch::{CloudWatch, MetricId};
use crate::wire::EntityId;

/// Where the readings of one instrument go.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) definition: &'static MetricDefinition,
    kind: &'static str,
    name: String,
    /// The metric alarms know it by, if they watch it.
    pub(super) watched: Option<MetricId>,
    /// Whether CloudWatch gets its datapoints.
    is_published: bool,
    datapoints: Vec<Datapoint>,
    points: Vec<SeriesPoint>,
    quantiles: Vec<QuantilePoint>,
}

/// Reads all instruments of all entities, always in the same order.
#[derive(Debug)]
pub(super) struct Sampler {
    warm_up: Span,
    chart_step: Span,
    last_minute: Time,
    last_step: Time,
    tracks: Vec<Track>,
    parts: Vec<WatchedPart>,
    observers: Observers,
}

/// A metric of a part of an entity that alarms watch.
#[derive(Debug)]
struct WatchedPart {
    id: MetricId,
    entity: EntityId,
    part: u32,
    metric: &'static str,
}

fn watched_parts(watched: &[WatchedMetric]) -> Vec<WatchedPart> {
    let parts = watched.iter().enumerate().filter_map(|(position, watched)| {
        let (entity, part) = (watched.entity?, watched.part?);
        Some(WatchedPart { id: watched_metric(position), entity, part, metric: watched.metric })
    });
    parts.collect()
}

/// Charts have at most this many steps.
const CHART_STEPS: u64 = 720;

/// Seconds between two steps that a reader can follow without a pocket calculator.
const ROUND_STEPS: &[u64] =
    &[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

fn chart_step(duration: Span) -> Span {
    if duration < Span::from_minutes(1) {
        return Span::from_nanos(duration.as_nanos().div_ceil(60).max(1));
    }
    let least = duration.as_nanos().div_ceil(CHART_STEPS);
    let round =
        ROUND_STEPS.iter().map(|seconds| Span::from_seconds(*seconds)).find(|step| step.as_nanos() >= least);
    round.unwrap_or(Span::from_nanos(least))
}

impl Sampler {
    pub(super) fn new(header: &RunHeader, seats: &mut [Seat], watched: &[WatchedMetric]) -> Self {
        let mut tracks = Vec::new();
        for (index, seat) in seats.iter_mut().enumerate() {
            let (kind, name) = (seat.entity.kind(), seat.name.clone());
            let me = EntityId(index as u32);
            seat.entity.visit_metrics(&mut |definition, instrument| {
                let position = watched.iter().position(|watched| {
                    watched.entity == Some(me) && watched.part.is_none() && watched.metric == definition.name
                });
                if let Some(position) = position
                    && watched[position].keeps_values
                    && let Instrument::Distribution(distribution) = instrument
                {
                    distribution.keep_values();
                }
                tracks.push(Track {
                    definition,
                    kind,
                    name: name.clone(),
                    watched: position.map(watched_metric),
                    is_published: true,
                    datapoints: Vec::new(),
                    points: Vec::new(),
                    quantiles: Vec::new(),
                });
            });
            for track in tracks.iter_mut().filter(|track| track.name == name && track.kind == kind) {
                track.is_published = seat.entity.publishes(track.definition);
            }
        }
        Self {
            warm_up: header.warm_up,
            chart_step: chart_step(header.duration),
            last_minute: Time::ZERO,
            last_step: Time::ZERO,
            tracks,
            parts: watched_parts(watched),
            observers: Observers::new(watched, seats),
        }
    }

    pub(super) fn warm_up(&self) -> Span {
        self.warm_up
    }

    pub(super) fn chart_step(&self) -> Span {
        self.chart_step
    }

    fn each(&mut self, seats: &mut [Seat], mut read: impl FnMut(&mut Track, Instrument<'_>)) {
        let mut tracks = self.tracks.iter_mut();
        for seat in seats {
            seat.entity.visit_metrics(&mut |_, instrument| {
                let track = tracks.next().expect("an entity shows the same instruments each time");
                read(track, instrument);
            });
        }
    }

    pub(super) fn end_warm_up(&mut self, now: Time, seats: &mut [Seat]) {
        for seat in seats.iter_mut() {
            seat.entity.end_warm_up(now);
        }
        self.each(seats, |_, instrument| match instrument {
            Instrument::Counter(counter) => counter.end_warm_up(),
            Instrument::Level(level) => level.end_warm_up(now),
            Instrument::Distribution(distribution) => distribution.end_warm_up(),
        });
    }

    /// Closes the CloudWatch period that ends now: every metric of an active resource with something to tell gets a
    /// datapoint, and those that alarms watch are published.
    pub(super) fn take_minute(&mut self, now: Time, seats: &mut [Seat]) {
        if now == self.last_minute {
            return;
        }
        let time = self.last_minute;
        self.observers.look(&self.tracks, seats);
        let mut published = Vec::new();
        let mut tracks = self.tracks.iter_mut();
        for (index, seat) in seats.iter_mut().enumerate() {
            let publication = seat.entity.publish(now);
            let parts = self.parts.iter().filter(|watched| watched.entity.index() == index);
            for WatchedPart { id, part, metric, .. } in parts {
                let found = seat.entity.part_datapoint(*part, metric, time);
                published.extend(found.zip(publication).map(|((definition, datapoint), publication)| {
                    (*id, definition.namespace, datapoint, publication.readable_from)
                }));
            }
            seat.entity.visit_metrics(&mut |definition, instrument| {
                let track = tracks.next().expect("an entity shows the same instruments each time");
                let datapoint = read_minute(definition, instrument, time);
                let (Some(datapoint), Some(publication)) = (datapoint, publication) else { return };
                let is_left_out =
                    datapoint.sum == 0.0 && publication.without_zeros.contains(&definition.name);
                if is_left_out || !track.is_published {
                    return;
                }
                if definition.cloudwatch_name.is_some() {
                    track.datapoints.push(datapoint);
                }
                published.extend(
                    track
                        .watched
                        .map(|metric| (metric, definition.namespace, datapoint, publication.readable_from)),
                );
            });
        }
        self.last_minute = now;
        if let Some(cloudwatch) = cloudwatch(seats) {
            cloudwatch.draw_metric_delays();
            for (metric, namespace, datapoint, readable_from) in published {
                let visible_from = now + cloudwatch.metric_delay(namespace);
                let values = self.observers.take_minute(metric);
                cloudwatch.put(metric, datapoint, values, visible_from.max(readable_from));
            }
        }
        self.observers.end_minute();
    }

    /// When the next custom metric is published; the end of time without any.
    pub(super) fn next_publication(&self) -> Time {
        self.observers.next_publication()
    }

    /// Programs whose time it is publish their metrics.
    pub(super) fn publish(&mut self, now: Time, seats: &mut [Seat]) {
        self.observers.look(&self.tracks, seats);
        self.observers.publish(now, seats);
    }

    /// Closes the step of the charts that ends now.
    pub(super) fn take_chart_step(&mut self, now: Time, seats: &mut [Seat]) {
        let seconds = (now - self.last_step).as_seconds_f64();
        if seconds <= 0.0 {
            return;
        }
        self.last_step = now;
        self.each(seats, |track, instrument| {
            let parts = track.definition.unit.parts();
            match instrument {
                Instrument::Counter(counter) => {
                    let value = counter.take_tick() as f64 / seconds;
                    track.points.push(SeriesPoint { time: now, value, minimum: value, maximum: value });
                }
                Instrument::Level(level) => {
                    track.points.extend(level.take_tick().map(|(value, minimum, maximum)| SeriesPoint {
                        time: now,
                        value: value as f64 / parts,
                        minimum: minimum as f64 / parts,
                        maximum: maximum as f64 / parts,
                    }));
                }
                Instrument::Distribution(distribution) => {
                    track.quantiles.extend(distribution.take_tick().map(|taken| QuantilePoint {
                        time: now,
                        count: taken.count,
                        p50: taken.p50 as f64 / parts,
                        p90: taken.p90 as f64 / parts,
                        p99: taken.p99 as f64 / parts,
                        maximum: taken.maximum as f64 / parts,
                    }));
                }
            }
        });
    }

    /// Everything that was read, for the tape.
    pub(super) fn into_readings(mut self, seats: &mut [Seat]) -> Readings {
        let mut readings = Readings::default();
        self.each(seats, |track, instrument| {
            let Instrument::Distribution(distribution) = instrument else { return };
            let parts = track.definition.unit.parts();
            readings.distributions.push(DistributionCurve {
                kind: track.kind,
                name: track.name.clone(),
                definition: track.definition,
                buckets: distribution
                    .histogram()
                    .buckets()
                    .map(|(value, n)| (value as f64 / parts, n))
                    .collect(),
            });
        });
        for track in self.tracks {
            let Track { definition, kind, name, datapoints, points, quantiles, is_published, .. } = track;
            if !points.is_empty() {
                readings.series.push(Series { kind, name: name.clone(), definition, points });
            }
            if !quantiles.is_empty() {
                readings.quantiles.push(QuantileSeries {
                    kind,
                    name: name.clone(),
                    definition,
                    points: quantiles,
                });
            }
            if definition.cloudwatch_name.is_some() && is_published {
                readings.metrics.push(MetricSeries { definition, kind, name, datapoints });
            }
        }
        readings.metrics.extend(seats.iter_mut().flat_map(|seat| seat.entity.take_own_series()));
        readings
    }
}

/// The one seat of CloudWatch.
pub(super) fn cloudwatch(seats: &mut [Seat]) -> Option<&mut CloudWatch> {
    seats.iter_mut().find_map(|seat| match &mut seat.entity {
        Entity::CloudWatch(cloudwatch) => Some(cloudwatch),
        _ => None,
    })
}

/// What the sampler leaves for the tape.
#[derive(Debug, Default)]
pub(super) struct Readings {
    pub(super) metrics: Vec<MetricSeries>,
    pub(super) series: Vec<Series>,
    pub(super) quantiles: Vec<QuantileSeries>,
    pub(super) distributions: Vec<DistributionCurve>,
}

/// One CloudWatch period of one instrument. Counters and levels are published as one sample a minute; a distribution
/// as the statistic set of its values.
fn read_minute(definition: &MetricDefinition, instrument: Instrument<'_>, time: Time) -> Option<Datapoint> {
    let parts = definition.unit.parts();
    let one = |value: f64| Datapoint {
        time,
        period: Span::from_minutes(1),
        sample_count: 1.0,
        sum: value,
        minimum: value,
        maximum: value,
    };
    match instrument {
        Instrument::Counter(counter) => Some(one(counter.take_minute() as f64)),
        Instrument::Level(level) => level.value().map(|value| one(value as f64 / parts)),
        Instrument::Distribution(distribution) => {
            distribution.take_minute().map(|(count, sum, minimum, maximum)| Datapoint {
                sample_count: count as f64,
                sum: sum as f64 / parts,
                minimum: minimum as f64 / parts,
                maximum: maximum as f64 / parts,
                ..one(0.0)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chart_steps_are_round_and_few() {
        let cases = [
            (Span::from_seconds(6), Span::from_millis(100)),
            (Span::from_minutes(10), Span::from_seconds(1)),
            (Span::from_hours(4), Span::from_seconds(30)),
            (Span::from_hours(24), Span::from_minutes(2)),
            (Span::from_days(14), Span::from_minutes(30)),
        ];
        for (duration, step) in cases {
            assert_eq!(chart_step(duration), step, "{duration}");
        }
    }
}
