//! The closed-form companion: where a queue and its fleet are a model of queueing theory, what the model says beside what
//! the run showed.
//!
//! A consumer of a fixed size that takes one message at a time, fed by producers alone, is a station of c servers. Calls
//! take time too: their means are added to the service time. What else the scenario has (failures, disorder, crashes)
//! theory leaves out. Where the load is one or more there is no steady state, and the backlog grows; where rates change,
//! a fluid says how high it gets and when it is gone.

mod formulas;

use super::{Scenario, WithArrivals};
use crate::engine::Distribution;
use crate::language::DistributionSpec;
use crate::record::{Tape, Theory, TheoryRow, Unit};
use crate::services::compute::ConsumerSettings;
use crate::services::producer::ProducerSettings;
use crate::services::sqs::Queue;
use crate::traffic::{ArrivalsConfig, ArrivalsSource};
use crate::wire::{EntityId, ProcessingMode, Service as _};
use formulas::{Station, fluid};

/// What theory says of each consumer that it can say something of.
pub(super) fn companions(scenario: &Scenario, tape: &Tape) -> Vec<Theory> {
    scenario.consumers.iter().filter_map(|consumer| companion(scenario, consumer, tape)).collect()
}

fn companion(scenario: &Scenario, consumer: &ConsumerSettings, tape: &Tape) -> Option<Theory> {
    let queue = scenario.queues.get(consumer.queue.index())?;
    let feeders =
        || scenario.flows.iter().filter(|flow| flow.to_kind == Queue::KIND && flow.to == queue.name);
    let is_alone = scenario.consumers.iter().filter(|other| other.queue == consumer.queue).count() == 1
        && scenario.mappings.is_empty();
    let is_plain = queue.fifo.is_none()
        && queue.delay.is_zero()
        && consumer.prefetch.is_none()
        && consumer.failure_rate == 0.0
        && matches!(consumer.processing_mode, ProcessingMode::PerMessage);
    if !is_alone || !is_plain || feeders().count() == 0 || feeders().any(|flow| flow.from_kind != "producer")
    {
        return None;
    }
    let producers: Vec<&WithArrivals<ProducerSettings>> = scenario
        .producers
        .iter()
        .filter(|producer| producer.settings.target == EntityId(consumer.queue.index() as u32))
        .collect();
    if producers
        .iter()
        .any(|producer| producer.settings.poison_rate > 0.0 || producer.settings.delay_seconds.is_some())
    {
        return None;
    }
    let group = &consumer.group;
    let scales = !group.scaling.policies.is_empty() || !group.scaling.scheduled_actions.is_empty();
    if scales || !group.deployments.is_empty() || consumer.crashes.is_some() {
        return None;
    }
    let servers = group.desired_capacity.checked_mul(consumer.threads).filter(|servers| *servers > 0)?;
    let (service, service_variation) = service(consumer)?;
    let capacity = f64::from(servers) / service;
    let name = format!("{} → {}", queue.name, consumer.name);
    let steady: Option<Vec<(f64, f64)>> = producers.iter().map(|one| steady(one)).collect();
    let Some(steady) = steady else { return changing(name, (&queue.name, capacity), &producers, tape) };
    let rate: f64 = steady.iter().map(|(rate, _)| rate).sum();
    let arrival_variation = match steady.as_slice() {
        [(_, only)] => *only,
        several if several.iter().all(|(_, variation)| *variation == 1.0) => 1.0,
        _ => return None,
    };
    let station = Station { rate, arrival_variation, service, service_variation, servers };
    Some(in_steady_state(name, &station, (&queue.name, consumer), tape))
}

/// Mean (seconds) and squared coefficient of variation of the time a server is taken by a message.
fn service(consumer: &ConsumerSettings) -> Option<(f64, f64)> {
    let moments = |distribution: &Distribution| Some((distribution.mean()?, distribution.variance()?));
    let (mut mean, mut variance) = moments(&consumer.processing_time)?;
    if let Some((share, outliers)) = &consumer.outliers {
        let (other, others) = moments(outliers)?;
        let second = (1.0 - share) * (variance + mean * mean) + share * (others + other * other);
        mean = (1.0 - share) * mean + share * other;
        variance = second - mean * mean;
    }
    // Of a batch, calls are shared; what is left is near enough to a message's own part.
    let batch = f64::from(consumer.batch_size.max(1));
    for call in [&consumer.latency.receive, &consumer.latency.delete] {
        let (call_mean, call_variance) = moments(call)?;
        mean += call_mean / batch;
        variance += call_variance / batch;
    }
    // The same variation as an exponential time must not be missed by a last bit.
    let variation = variance / (mean * mean);
    let variation = if (variation - 1.0).abs() < 1e-9 { 1.0 } else { variation };
    (mean > 0.0).then_some((mean / 1e9, variation))
}

/// Rate and squared coefficient of variation of arrivals that do not change.
fn steady(producer: &WithArrivals<ProducerSettings>) -> Option<(f64, f64)> {
    match &producer.arrivals {
        ArrivalsConfig::Poisson(config) => Some((config.rate.as_per_second(), 1.0)),
        ArrivalsConfig::Constant(config) => Some((config.rate.as_per_second(), 0.0)),
        ArrivalsConfig::Renewal(config) => {
            let ArrivalsSource::Renewal(renewal) = &producer.source else { return None };
            let is_single = renewal.messages.mean() == Some(1.0) && renewal.messages.variance() == Some(0.0);
            let (mean, variance) = (renewal.interval.mean()?, renewal.interval.variance()?);
            let is_poisson = matches!(config.interval.spec, DistributionSpec::Exponential { .. });
            let variation = if is_poisson { 1.0 } else { variance / (mean * mean) };
            // Other distances of the same variation make no Poisson process: nothing exact is known.
            (is_single && (is_poisson || variation != 1.0)).then_some((1e9 / mean, variation))
        }
        _ => None,
    }
}

fn in_steady_state(
    name: String,
    station: &Station,
    (queue, consumer): (&str, &ConsumerSettings),
    tape: &Tape,
) -> Theory {
    let load = station.load();
    let (model, is_exact) = station.model();
    let percent = crate::expect::show(load, Unit::Ratio);
    if load >= 1.0 {
        let growth = station.rate - f64::from(station.servers) / station.service;
        let sentence = if load == 1.0 {
            format!(
                "{model} at a load of {percent} has no steady state: the backlog wanders upwards without end"
            )
        } else {
            format!(
                "{model} at a load of {percent} has no steady state: the backlog grows by {growth:.3} messages a second as \
                 long as this goes on"
            )
        };
        return Theory { name, sentence, rows: Vec::new() };
    }
    if consumer.batch_size > 1 {
        let sentence =
            format!("a load of {percent}; with batches of {} no formula fits", consumer.batch_size);
        return Theory { name, sentence, rows: Vec::new() };
    }
    let wait = station.wait();
    let is_markovian = station.arrival_variation == 1.0 && station.service_variation == 1.0;
    let worker = consumer.name.as_str();
    let mut rows = Vec::new();
    let mut row = |whose: &str, metric: &str, statistic: &str, theory: f64, unit| {
        let simulated = tape.value(whose, metric, statistic);
        let what = format!("{whose} {metric} {statistic}");
        rows.push(TheoryRow { what, theory, simulated, unit });
    };
    if is_markovian || station.servers == 1 && station.arrival_variation == 1.0 {
        row(queue, "queue_wait", "share_above_zero", station.erlang_c(), Unit::Ratio);
    }
    row(queue, "queue_wait", "mean", wait, Unit::Seconds);
    row(queue, "messages_visible", "mean", station.rate * wait, Unit::Count);
    row(worker, "end_to_end_latency", "mean", wait + station.service, Unit::Seconds);
    if is_markovian && station.servers == 1 {
        let slack = 1.0 / station.service - station.rate;
        row(worker, "end_to_end_latency", "p99", libm::log(100.0) / slack, Unit::Seconds);
    }
    let how = if is_exact { "" } else { ", an approximation (Allen and Cunneen)" };
    Theory { name, sentence: format!("{model} at a load of {percent}{how}"), rows }
}

/// What a fluid says when rates change.
fn changing(
    name: String,
    (queue, capacity): (&str, f64),
    producers: &[&WithArrivals<ProducerSettings>],
    tape: &Tape,
) -> Option<Theory> {
    let mut rates: Vec<Box<dyn Fn(f64) -> f64>> = Vec::new();
    for producer in producers {
        rates.push(rate_over_time(&producer.arrivals)?);
    }
    let end = tape.header.duration.as_seconds_f64();
    let all = |time: f64| rates.iter().map(|rate| rate(time)).sum::<f64>();
    let (level, when, gone) = fluid(all, capacity, end);
    if level < 1.0 {
        return None;
    }
    let shown = |seconds: f64| crate::expect::show(seconds, Unit::Seconds);
    let gone = match gone {
        Some(gone) => format!("gone after {}", shown(gone)),
        None => "not gone when the run ends".to_owned(),
    };
    let sentence = format!(
        "rates above what it does ({capacity:.3} a second): as a fluid the backlog is highest after {}, and {gone}",
        shown(when)
    );
    let simulated = tape.value(queue, "messages_visible", "max");
    let row = TheoryRow {
        what: format!("{queue} messages_visible max"),
        theory: level,
        simulated,
        unit: Unit::Count,
    };
    Some(Theory { name, sentence, rows: vec![row] })
}

/// The rate at each time, for rates that are known beforehand.
fn rate_over_time(arrivals: &ArrivalsConfig) -> Option<Box<dyn Fn(f64) -> f64>> {
    match arrivals {
        ArrivalsConfig::Poisson(config) | ArrivalsConfig::Constant(config) => {
            let rate = config.rate.as_per_second();
            Some(Box::new(move |_| rate))
        }
        ArrivalsConfig::Spikes(config) => {
            let config = config.clone();
            Some(Box::new(move |time| {
                let spike = config.spikes.iter().find(|spike| {
                    let at = spike.at.as_seconds();
                    (at..at + spike.duration.as_seconds()).contains(&time)
                });
                spike.map_or(config.base_rate, |spike| spike.rate).as_per_second()
            }))
        }
        ArrivalsConfig::Piecewise(config) if config.repeat_every.is_none() => {
            let config = config.clone();
            Some(Box::new(move |time| {
                let mut rate = 0.0;
                for point in &config.points {
                    let (at, ramp) = (point.at.as_seconds(), point.ramp.as_seconds());
                    if time < at {
                        break;
                    }
                    let share = if ramp > 0.0 { ((time - at) / ramp).min(1.0) } else { 1.0 };
                    rate += (point.rate.as_per_second() - rate) * share;
                }
                rate
            }))
        }
        _ => None,
    }
}
