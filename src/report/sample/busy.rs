//! A made-up run with a ramp, a spike, scaling and a quiet end: what charts are looked at with.

use super::{at, empty, metric};
use crate::engine::Span;
use crate::record::{
    DistributionCurve, Flow, InstrumentKind, MetricDefinition, QuantilePoint, QuantileSeries,
    ScalingActivity, Series, SeriesPoint, Tape, Unit,
};

static VISIBLE: MetricDefinition = metric("messages_visible", None, Unit::Count, InstrumentKind::Level);
static IN_FLIGHT: MetricDefinition = metric("messages_in_flight", None, Unit::Count, InstrumentKind::Level);
static AGE: MetricDefinition = metric("age_of_oldest_message", None, Unit::Seconds, InstrumentKind::Level);
static SENT: MetricDefinition = metric("messages_sent", None, Unit::Count, InstrumentKind::Counter);
static RECEIVED: MetricDefinition = metric("messages_received", None, Unit::Count, InstrumentKind::Counter);
static DELETED: MetricDefinition = metric("messages_deleted", None, Unit::Count, InstrumentKind::Counter);
static DESIRED: MetricDefinition = metric("desired_capacity", None, Unit::Count, InstrumentKind::Level);
static IN_SERVICE: MetricDefinition =
    metric("instances_in_service", None, Unit::Count, InstrumentKind::Level);
static PENDING: MetricDefinition = metric("instances_pending", None, Unit::Count, InstrumentKind::Level);
static LATENCY: MetricDefinition =
    metric("end_to_end_latency", None, Unit::Seconds, InstrumentKind::Distribution);

fn series(
    kind: &'static str,
    name: &str,
    definition: &'static MetricDefinition,
    points: Vec<SeriesPoint>,
) -> Series {
    Series { kind, name: name.to_owned(), definition, points }
}

fn point(second: u64, value: f64) -> SeriesPoint {
    SeriesPoint { time: at(second), value, minimum: value, maximum: value }
}

/// A portable wobble between -1 and 1.
fn wobble(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as f64 / f64::from(1u32 << 30) - 1.0
}

/// Four hours, or `hours` of them with steps of `step` seconds.
#[expect(clippy::too_many_lines, reason = "one made-up story, told from beginning to end")]
pub(in super::super) fn run(hours: u64, step: u64) -> Tape {
    let mut tape = empty();
    tape.header.scenario = "order-pipeline".to_owned();
    tape.header.duration = Span::from_hours(hours);
    tape.header.warm_up = Span::from_minutes(10 * hours / 4);
    let mut noise = 7;
    let (mut backlog, mut desired, mut serving, mut cooldown) = (0.0_f64, 2_u32, 2.0_f64, 0);
    let mut launching: Vec<u64> = Vec::new();
    let [mut visible, mut in_flight, mut age, mut sent, mut received, mut deleted] =
        [const { Vec::new() }; 6];
    let [mut wanted, mut service, mut pending] = [const { Vec::new() }; 3];
    let mut quantiles = Vec::new();
    let mut second = 0;
    while second < hours * 3600 {
        second += step;
        let phase = second as f64 / (hours as f64 * 3600.0);
        let ramp = if phase < 0.35 { 40.0 + 260.0 * phase } else { (220.0 - 200.0 * phase).max(25.0) };
        let spike = if (0.30..0.38).contains(&phase) { 160.0 } else { 0.0 };
        let rate = (ramp + spike) * (1.0 + 0.12 * wobble(&mut noise));
        launching.retain(|ready| {
            if *ready <= second {
                serving += 1.0;
            }
            *ready > second
        });
        let able = serving * 24.0 * (1.0 + 0.05 * wobble(&mut noise));
        let done = able.min(rate + backlog / step as f64);
        backlog = (backlog + (rate - done) * step as f64).max(0.0);
        let aim = ((backlog / 900.0) as u32 + (rate / 22.0) as u32).clamp(2, 14);
        if second > cooldown && (aim > desired || aim + 1 < desired) {
            let new = if aim > desired { aim } else { desired - 1 };
            tape.activities.push(ScalingActivity {
                time: at(second),
                group: "workers".to_owned(),
                policy: "backlog".to_owned(),
                cause: "alarm".to_owned(),
                old_desired: desired,
                new_desired: new,
                status: "Successful",
            });
            if new > desired {
                launching.extend((desired..new).map(|n| second + 95 + u64::from(n) * 4));
            } else {
                serving -= 1.0;
            }
            desired = new;
            cooldown = second + 240 * hours / 4;
        }
        let low = backlog * (1.0 - 0.08 * wobble(&mut noise).abs());
        visible.push(SeriesPoint {
            time: at(second),
            value: backlog,
            minimum: low,
            maximum: backlog * 1.03 + 3.0,
        });
        in_flight.push(point(second, done * 0.9));
        sent.push(point(second, rate));
        received.push(point(second, done * 1.01));
        deleted.push(point(second, done));
        wanted.push(point(second, f64::from(desired)));
        service.push(point(second, serving));
        pending.push(point(second, launching.len() as f64));
        if backlog > 1.0 || phase < 0.2 {
            age.push(point(second, backlog / done.max(1.0) + 0.2));
        }
        let p50 = 0.4 + backlog / done.max(1.0) + 0.05 * wobble(&mut noise);
        let tail = 1.0 + 0.2 * wobble(&mut noise).abs();
        if !(0.62..0.65).contains(&phase) {
            quantiles.push(QuantilePoint {
                time: at(second),
                count: done as u64,
                p50,
                p90: p50 * 1.6 * tail,
                p99: p50 * 2.3 * tail,
                maximum: p50 * 3.5 * tail * tail,
            });
        }
    }
    for (definition, points) in [
        (&VISIBLE, visible),
        (&IN_FLIGHT, in_flight),
        (&AGE, age),
        (&SENT, sent),
        (&RECEIVED, received),
        (&DELETED, deleted),
    ] {
        tape.series.push(series("queue", "orders", definition, points));
    }
    tape.series.push(series(
        "queue",
        "orders-dlq",
        &AGE,
        (0..40).map(|i| point(9000 + i * step, 30.0 * i as f64)).collect(),
    ));
    for (definition, points) in [(&DESIRED, wanted), (&IN_SERVICE, service), (&PENDING, pending)] {
        tape.series.push(series("consumer", "workers", definition, points));
    }
    tape.quantiles.push(QuantileSeries {
        kind: "consumer",
        name: "workers".to_owned(),
        definition: &LATENCY,
        points: quantiles,
    });
    let buckets = (0..2000).map(|i| {
        let value = 0.12 * libm::pow(1.004, f64::from(i));
        let distance = libm::log(value / 0.6);
        (value, (100_000.0 * libm::exp(-distance * distance / 1.2)) as u64 + u64::from(i < 1500) * 20)
    });
    let buckets = buckets.filter(|(_, count)| *count > 0).collect();
    tape.distributions.push(DistributionCurve {
        kind: "consumer",
        name: "workers".to_owned(),
        definition: &LATENCY,
        buckets,
    });
    let flow = |from_kind, from: &str, to_kind, to: &str| Flow {
        from_kind,
        from: from.to_owned(),
        to_kind,
        to: to.to_owned(),
    };
    tape.flows =
        vec![flow("producer", "checkout", "queue", "orders"), flow("queue", "orders", "consumer", "workers")];
    tape
}
