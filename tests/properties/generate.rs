//! Random small scenarios, as the YAML a person would write.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fmt::Write as _;

/// A scenario in pieces: what it consists of, before references are given names.
#[derive(Debug, Clone)]
struct Pieces {
    globals: Globals,
    queues: Vec<QueuePiece>,
    producers: Vec<ProducerPiece>,
    consumers: Vec<ConsumerPiece>,
    requesters: Vec<RequesterPiece>,
    functions: Vec<FunctionPiece>,
    delivery: &'static str,
    video: Option<(&'static str, &'static str, &'static str)>,
}

#[derive(Debug, Clone)]
struct Globals {
    seconds: u32,
    warm_up: u32,
    latency: &'static str,
    copies: u32,
    sampling: bool,
    jitter: &'static str,
    in_flight: u64,
}

#[derive(Debug, Clone)]
struct QueuePiece {
    keys: String,
    /// The dead-letter queue, among the queues after this one.
    redrive: Option<(Index, u32)>,
}

#[derive(Debug, Clone)]
struct ProducerPiece {
    target: Index,
    messages: u32,
    arrivals: usize,
    keys: String,
}

#[derive(Debug, Clone)]
struct ConsumerPiece {
    source: Index,
    forward: Option<(Index, u32, &'static str)>,
    keys: String,
    scaling: Option<Scaling>,
    instances: u32,
}

#[derive(Debug, Clone)]
struct RequesterPiece {
    target: Index,
    requests: u32,
    arrivals: usize,
    replies: &'static str,
    keys: &'static str,
}

/// A function, and the mapping that invokes it.
#[derive(Debug, Clone)]
struct FunctionPiece {
    source: Index,
    forward: Option<(Index, u32)>,
    function: String,
    mapping: String,
}

#[derive(Debug, Clone)]
struct Scaling {
    minimum: u32,
    more: u32,
    keys: String,
    policies: Vec<(usize, u32)>,
}

/// YAML of a scenario that is in order.
pub(super) fn scenario() -> impl Strategy<Value = String> {
    let video = prop_oneof![2 => Just(None), 1 => (one(STREAMS), one(CAMERAS), one(VIEWERS)).prop_map(Some)];
    let takers =
        (vec(consumer(), 0..=3), vec(requester(), 0..=2), vec(function(), 0..=2), one(DELIVERIES), video);
    (globals(), vec(queue(), 1..=4), vec(producer(), 1..=3), takers).prop_map(
        |(globals, queues, producers, (consumers, requesters, functions, delivery, video))| {
            Pieces { globals, queues, producers, consumers, requesters, functions, delivery, video }.yaml()
        },
    )
}

/// Delivery streams that a world may have; a producer of its own puts records to it.
const DELIVERIES: &[&str] = &[
    "",
    "",
    "{ destination: { s3: { bucket: bucket, buffering_hints: { size: 1MiB, interval: 60s }, outages: [{ from: 1m, lasts: 10m }] } } }",
    "{ destination: { opensearch: { retry_duration: 10s, endpoint: { failure_rate: 50%, lost_responses: 20% }, \
     s3_backup: { mode: all_data, bucket: bucket } } } }",
    "{ destination: { http_endpoint: { endpoint: { failure_rate: 50%, failure_status: 413 }, s3_backup: { bucket: other } } } }",
    "{ dynamic_partitioning: { partition_by: { drawn: { uniform: 5 } } }, destination: { s3: { bucket: other } } }",
    "{ destination: { redshift: { s3: { bucket: bucket }, failure_rate: 50%, retry_duration: 0s } } }",
    "{ destination: { opensearch: { endpoint: { rejected_records: 30%, failure_rate: 20% }, s3_backup: { bucket: other } } } }",
];

/// Video streams that a world may have.
const STREAMS: &[&str] = &["{}", "{ data_retention: 1h }", "{ count: 5, data_retention: 24h }"];

/// Their cameras.
const CAMERAS: &[&str] = &[
    "",
    ", fragment_duration: { uniform: [500ms, 22s] }, tracks: 2",
    ", uplink: { bytes_per_second: 300kB, outages: [{ at: 20s, lasts: 50s }] }",
    ", bytes_per_second: { exponential: { mean: 2MB } }, uplink: { random_outages: { interval: 40s, lasts: 3s } }",
];

/// How they are watched; results of live viewers go to the first queue.
const VIEWERS: &[&str] = &[
    "get_media: now }, processing_time: 3s, forwards_to: { queue: q0, size: 100B",
    "get_media: earliest }, viewers: 4, every_nth_frame: 30, forwards_to: { queue: q0, size: 1B",
    "hls: {} }, viewers: 5, starts_after: { uniform: [0s, 60s]",
    "dash: { behind: 1 }",
    "fragment_list: { every: 30s }",
];

/// One of some texts.
fn one(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

fn globals() -> impl Strategy<Value = Globals> {
    let latency = one(&[
        "none",
        "fixed",
        "realistic",
        "{ custom: { send: 0s, receive: 3s, delete: { exponential: { mean: 1s } } } }",
        "{ custom: { send: { uniform: [0s, 90s] }, receive: 0s, delete: 40s } }",
    ]);
    let jitter = one(&["0s", "{ exponential: { mean: 20ms } }", "{ uniform: [0s, 40s] }"]);
    let seconds = prop_oneof![1..90_u32, 60..3_600_u32];
    (seconds, 0..100_u32, latency, 0..=20_u32, any::<bool>(), jitter, select(vec![1_u64, 5, 120_000]))
        .prop_map(|(seconds, warm_up, latency, copies, sampling, jitter, in_flight)| Globals {
            seconds,
            warm_up: seconds * warm_up / 150,
            latency,
            copies,
            sampling,
            jitter,
            in_flight,
        })
}

fn queue() -> impl Strategy<Value = QueuePiece> {
    let visibility = select(vec![0_u32, 1, 2, 5, 30, 600]);
    let retention = select(vec![60_u32, 61, 120, 345_600]);
    let delay = select(vec![0_u32, 0, 0, 1, 15, 900]);
    let wait = select(vec![0_u32, 0, 1, 20]);
    let size = one(&["", ", maximum_message_size: 1KiB", ", maximum_message_size: 64KiB"]);
    let keys =
        (visibility, retention, delay, wait, size).prop_map(|(visibility, retention, delay, wait, size)| {
            format!(
                "visibility_timeout: {visibility}s, message_retention_period: {retention}s, delay: {delay}s, \
             receive_message_wait_time: {wait}s{size}"
            )
        });
    (keys, proptest::option::of((any::<Index>(), 1..5_u32)))
        .prop_map(|(keys, redrive)| QueuePiece { keys, redrive })
}

fn producer() -> impl Strategy<Value = ProducerPiece> {
    let batching = one(&[
        "",
        ", batching: {}",
        ", batching: { max_entries: 3, linger: 5s }",
        ", batching: { max_entries: 1 }",
        ", batching: { max_bytes: 2KiB, linger: 1m }",
        ", batching: { linger: 0s }",
        ", batching: { linger: 200ms, max_inflight_batches: 1 }",
        ", batching: { linger: 0s, max_inflight_batches: 2 }",
    ]);
    let size = one(&[
        "1B",
        "2KiB",
        "{ uniform: [1B, 130KiB] }",
        "{ pareto: { shape: 0.6, minimum: 1KiB } }",
        "{ mixture: [ { weight: 1, distribution: 1MiB }, { weight: 1, distribution: 1KiB } ] }",
    ]);
    let delay = one(&[
        "",
        ", delay: 0s",
        ", delay: { uniform: [0s, 40s] }",
        ", delay: { exponential: { mean: 20m } }",
    ]);
    let attributes = one(&[
        "",
        ", attributes: { kind: order, n: { uniform: [1, 500] }, t: { one_of: { a: 1, bcd: 2 } } }",
    ]);
    let body = one(&["", ", body: { kind: { one_of: { a: 1, b: 2 } }, n: { uniform: [1, 500] } }"]);
    let large = one(&[
        "",
        ", large_payloads: { object_store: bucket }",
        ", large_payloads: { object_store: bucket, threshold: 1KiB, pointer_size: 2KiB }",
        ", large_payloads: { object_store: other, always_through_object_store: true }",
    ]);
    let keys = (batching, size, delay, (attributes, body), select(vec![0_u32, 0, 10, 100]), large).prop_map(
        |(batching, size, delay, (attributes, body), poison, large)| {
            format!(
                "message: {{ size: {size}, poison_rate: {poison}%{delay}{attributes}{body} }}{batching}{large}"
            )
        },
    );
    (any::<Index>(), 1..200_u32, 0..ARRIVALS.len(), keys)
        .prop_map(|(target, messages, arrivals, keys)| ProducerPiece { target, messages, arrivals, keys })
}

fn requester() -> impl Strategy<Value = RequesterPiece> {
    // `H` is a queue of its own.
    let replies = one(&[
        "{ virtual_queues: { host_queue: H } }",
        "{ virtual_queues: { host_queue: H, polling_threads: 3, max_wait_time: 2s, clean_up_interval: 7s } }",
        "{ virtual_queues: { host_queue: H, idle_queue_retention_period: 1s } }",
        "{ queue_per_requester: { queue: H } }",
        "{ queue_per_request: {} }",
        "{ queue_per_request: { ready_after: 0s, create_queue_latency: 0s, max_wait_time: 1s, \
         idle_queue_retention_period: 3s, clean_up_interval: 5s } }",
    ]);
    let keys = one(&[
        "",
        ", timeout: 1s, max_attempts: 3",
        ", timeout: 40s, request_size: 3KiB",
        ", crashes: { mean_time_between: 30s }",
        ", timeout: 100ms, max_attempts: 2, request_size: 200KiB",
    ]);
    (any::<Index>(), 1..100_u32, 0..ARRIVALS.len(), replies, keys).prop_map(
        |(target, requests, arrivals, replies, keys)| RequesterPiece {
            target,
            requests,
            arrivals,
            replies,
            keys,
        },
    )
}

fn function() -> impl Strategy<Value = FunctionPiece> {
    let time = one(&["50ms", "900ms", "{ exponential: { mean: 2s } }", "{ uniform: [0s, 4s] }"]);
    let code = (
        time,
        one(&["per_message", "per_batch"]),
        one(&["raise_error", "report_batch_item_failures"]),
        select(vec![0_u32, 10, 100]),
        one(&[
            "",
            ", reserved_concurrent_executions: 0",
            ", reserved_concurrent_executions: 2",
            ", provisioned_concurrent_executions: 3, init_duration: 5s",
        ]),
    );
    let function = code.prop_map(|(time, processing, failing, failures, concurrency)| {
        format!(
            "processing_time: {time}, processing: {processing}, on_message_failure: {failing}, \
             failure_rate: {failures}%, timeout: 1s{concurrency}"
        )
    });
    let mapping = (
        one(&["", ", batch_size: 1", ", batch_size: 40, maximum_batching_window: 2s"]),
        one(&[
            "",
            ", maximum_concurrency: 3",
            ", provisioned_poller_config: { minimum_pollers: 2, maximum_pollers: 3 }",
        ]),
        one(&["", ", function_response_types: [ReportBatchItemFailures]"]),
        one(&["", ", disabled: [{ from: 20s, until: 70s }]", ", enabled: false"]),
        one(&[
            "",
            ", filter_criteria: { filters: [{ pattern: { body: { kind: [a] } } }] }",
            ", filter_criteria: { filters: [{ pattern: { body: { n: [{ numeric: [\">\", 250] }] } } }, \
             { pattern: { body: { kind: [{ anything-but: a }] } } }] }",
        ]),
    )
        .prop_map(|(batch, cap, listens, off, filter)| [batch, cap, listens, off, filter].concat());
    let forward = proptest::option::of((any::<Index>(), select(vec![0_u32, 30, 60])));
    (any::<Index>(), forward, function, mapping)
        .prop_map(|(source, forward, function, mapping)| FunctionPiece { source, forward, function, mapping })
}

/// Kinds of arrivals: `N` messages in `T` seconds, at a mean rate of `R` an hour.
const ARRIVALS: &[&str] = &[
    "{ constant: { rate: R/h } }",
    "{ poisson: { rate: R/h } }",
    "{ piecewise: { points: [ { at: 0s, rate: R/h }, { at: Q, rate: 0/s, ramp: Q }, { at: H, rate: R/h } ] } }",
    "{ piecewise: { points: [ { at: 1s, rate: R/h, ramp: 2s } ], repeat_every: 7s, spacing: evenly } }",
    "{ daily: { mean: R/h, amplitude: 100%, period: 10m, peak_at: 3m } }",
    "{ on_off: { on_rate: R/h, off_rate: 1/h, mean_on: 40s, mean_off: 20s } }",
    "{ on_off: { on_rate: R/h, mean_on: 5s, mean_off: 1s, spacing: evenly } }",
    "{ spikes: { base_rate: R/h, spikes: [ { at: Q, rate: 3/s, duration: 20s } ] } }",
    "{ bursts: [ { at: 0s, messages: N }, { at: Q, messages: N }, { at: Q, messages: 1 } ] }",
    "{ trace: { file: recording.csv, scale: 0.7 } }",
    "{ trace: { file: recording.csv, speed_up: 9, spacing: poisson } }",
];

fn consumer() -> impl Strategy<Value = ConsumerPiece> {
    let processing = one(&[
        "100ms",
        "1s",
        "7s",
        "{ uniform: [100ms, 400ms] }",
        "{ exponential: { mean: 4s } }",
        "{ lognormal: { mean: 2s, p95: 5s } }",
        "{ constant: 45s }",
    ]);
    let loops = (
        1..=10_u32,
        1..=3_u32,
        select(vec![None, Some(0_u32), Some(1), Some(20)]),
        select(vec![1_u32, 5, 60]),
    );
    let work = (processing, any::<bool>(), any::<bool>(), any::<bool>(), select(vec![0_u32, 5, 50, 100]));
    let extras = (
        one(&[
            "",
            ", heartbeat: { interval: 500ms, visibility_timeout: 2s }",
            ", heartbeat: { interval: 20s, visibility_timeout: 12h }",
        ]),
        one(&[
            "",
            ", crashes: { mean_time_between: 2m }",
            ", crashes: { mean_time_between: 10s, restart_time: 0s }",
        ]),
        one(&["", ", outliers: { share: 10%, processing_time: 3m }"]),
        one(&[
            "",
            "",
            "",
            ", prefetch: { max_done_receive_batches: 2 }",
            ", prefetch: { max_inflight_receive_batches: 2, max_done_receive_batches: 3, long_poll_wait_timeout: 0s }",
            ", prefetch: { max_done_receive_batches: 0, visibility_timeout: 7s }",
        ]),
        one(&[
            "",
            ", answers_requests: {}",
            ", answers_requests: { reply_size: 130KiB }, lost_receives: 10%, lost_deletes: 10%",
            ", large_payloads: { object_store: bucket }, answers_requests: {}",
            ", large_payloads: { object_store: other, delete_payloads: false }",
        ]),
    );
    let keys = (loops, work, extras).prop_map(|((batch, threads, wait, pause), work, extras)| {
        let (processing, per_batch, whole_batch, again, failures) = work;
        let wait = wait.map_or(String::new(), |wait| format!(", wait_time: {wait}s"));
        let (per_batch, delete, again) = (
            if per_batch { "per_batch" } else { "per_message" },
            if whole_batch { "whole_batch" } else { "each_message" },
            if again { "make_visible_again" } else { "wait_for_timeout" },
        );
        let (heartbeat, crashes, outliers, prefetch, clients) = extras;
        let wait = if prefetch.is_empty() { wait } else { String::new() };
        format!(
            "batch_size: {batch}, threads: {threads}, pause_after_empty_receive: {pause}s{wait}, \
             processing_time: {processing}, processing: {per_batch}, delete: {delete}, on_failure: {again}, \
             failure_rate: {failures}%{heartbeat}{crashes}{outliers}{prefetch}{clients}"
        )
    });
    let size = one(&["", ", size: 3KiB", ", size: { uniform: [1B, 130KiB] }"]);
    let forward = proptest::option::of((any::<Index>(), select(vec![0_u32, 30, 60, 100]), size));
    (any::<Index>(), forward, keys, proptest::option::of(scaling()), 0..=3_u32).prop_map(
        |(source, forward, keys, scaling, instances)| ConsumerPiece {
            source,
            forward,
            keys,
            scaling,
            instances,
        },
    )
}

fn scaling() -> impl Strategy<Value = Scaling> {
    let termination =
        one(&["{ graceful: {} }", "{ graceful: { timeout: 2s } }", "{ graceful: { timeout: 0s } }", "kill"]);
    let launch = one(&["0s", "20s", "{ lognormal: { mean: 95s, p95: 150s } }"]);
    let gone = one(&["0s", "30s", "{ exponential: { mean: 5m } }"]);
    let which = one(&["OldestInstance", "NewestInstance"]);
    let warmup = select(vec![0_u32, 30, 300]);
    let refresh = one(&[
        "",
        "",
        ", instance_refreshes: [{ at: 20s }]",
        ", instance_refreshes: [{ at: 5s, preferences: { min_healthy_percentage: 0 } }, { at: 40s, \
         preferences: { min_healthy_percentage: 100, max_healthy_percentage: 150, bake_time: 1m } }]",
        ", instance_refreshes: [{ at: 10s, rolled_back_at: 50s, desired_configuration: { launch_template_version: '2', \
         processing_time: 10s }, preferences: { min_healthy_percentage: 50, checkpoint_percentages: [50, 100], \
         checkpoint_delay: 20s } }]",
    ]);
    let keys = (termination, launch, gone, which, warmup, refresh).prop_map(
        |(termination, launch, gone, which, warmup, refresh)| {
            format!(
                "termination: {termination}, launch_time: {launch}, termination_time: {gone}, \
             termination_policy: {which}, instance_warmup: {warmup}s, default_cooldown: {warmup}s{refresh}"
            )
        },
    );
    (0..=2_u32, 0..=4_u32, keys, vec((0..POLICIES.len(), 1..30_u32), 0..=2))
        .prop_map(|(minimum, more, keys, policies)| Scaling { minimum, more, keys, policies })
}

/// Kinds of policies; `A` is an alarm of their own with the threshold `V`.
const POLICIES: &[&str] = &[
    "{ target_tracking: { metric: backlog_per_instance, target_value: V } }",
    "{ target_tracking: { metric: backlog_per_instance, target_value: V, disable_scale_in: true } }",
    "{ simple_scaling: { alarm: A, adjustment_type: ChangeInCapacity, scaling_adjustment: 2, cooldown: 0s } }",
    "{ simple_scaling: { alarm: A, adjustment_type: ExactCapacity, scaling_adjustment: 1 } }",
    "{ simple_scaling: { alarm: A, adjustment_type: PercentChangeInCapacity, scaling_adjustment: -50, min_adjustment_magnitude: 2 } }",
    "{ step_scaling: { alarm: A, adjustment_type: ChangeInCapacity, step_adjustments: \
     [ { lower_bound: 0, upper_bound: 9, scaling_adjustment: 1 }, { lower_bound: 9, scaling_adjustment: 3 } ] } }",
    "{ step_scaling: { alarm: A, adjustment_type: PercentChangeInCapacity, step_adjustments: \
     [ { upper_bound: 0, scaling_adjustment: -100 }, { lower_bound: 0, scaling_adjustment: 100 } ] } }",
];

/// What `recording.csv` holds.
pub(super) const RECORDING: &str = "timestamp,value\n2026-01-01T00:00:00Z,13\n2026-01-01T00:01:00Z,0\n\
                                    2026-01-01T00:02:00Z,40\n2026-01-01T00:05:00Z,7\n2026-01-01T00:06:00Z,21\n";

/// Arrivals of this kind: so many in so many seconds.
fn arrivals_of(kind: usize, messages: u32, seconds: u32) -> String {
    let rate = f64::from(messages) * 3_600.0 / f64::from(seconds);
    ARRIVALS[kind]
        .replace('R', &format!("{rate:.3}"))
        .replace('Q', &format!("{}s", seconds / 4))
        .replace('H', &format!("{}s", seconds / 4 + seconds / 4 + 1))
        .replace('N', &messages.to_string())
}

impl Pieces {
    /// Video streams with their cameras and a viewer.
    fn film(&self) -> String {
        let Some((streams, camera, viewer)) = self.video else { return String::new() };
        format!(
            "video_streams: {{ film: {streams} }}\ncameras: {{ filmer: {{ sends_to: {{ video_stream: film }}{camera} }} }}\n\
             video_consumers: {{ watcher: {{ reads_from: {{ video_stream: film }}, retrieval: {{ {viewer} }} }} }}\n"
        )
    }

    fn yaml(&self) -> String {
        let Globals { seconds, warm_up, latency, copies, sampling, jitter, in_flight } = &self.globals;
        let mut text = format!(
            "name: random\nduration: {seconds}s\nwarm_up: {warm_up}s\napi_latency: {latency}\n\
             quotas: {{ profile: 2022, sqs_maximum_message_size: 128KiB, sqs_maximum_in_flight: {in_flight} }}\n\
             assumptions: {{ duplicate_probability: {copies}%, duplicate_delay: {{ uniform: [0s, 3m] }}, \
             short_poll_sampling: {sampling}, ordering_jitter: {jitter} }}\nqueues:\n"
        );
        let count = self.queues.len();
        for (number, queue) in self.queues.iter().enumerate() {
            let _ = write!(text, "  q{number}: {{ {}", queue.keys);
            if let Some((index, receives)) = queue.redrive.as_ref().filter(|_| number + 1 < count) {
                let dead = number + 1 + index.index(count - number - 1);
                let _ = write!(
                    text,
                    ", redrive_policy: {{ dead_letter_queue: q{dead}, max_receive_count: {receives} }}"
                );
            }
            text.push_str(" }\n");
        }
        for number in 0..self.requesters.len() {
            let _ = writeln!(text, "  h{number}: {{}}");
        }
        text.push_str(
            "object_stores: { bucket: {}, other: { put_latency: 0s, get_latency: 3s } }\nrequesters:\n",
        );
        for (number, requester) in self.requesters.iter().enumerate() {
            let arrivals = arrivals_of(requester.arrivals, requester.requests, *seconds);
            let (target, keys) = (requester.target.index(count), requester.keys);
            let replies = requester.replies.replace('H', &format!("h{number}"));
            let _ = writeln!(
                text,
                "  r{number}: {{ sends_requests_to: {{ queue: q{target} }}, arrivals: {arrivals}, \
                 replies_through: {replies}{keys} }}"
            );
        }
        text.push_str("producers:\n");
        for (number, producer) in self.producers.iter().enumerate() {
            let arrivals = arrivals_of(producer.arrivals, producer.messages, *seconds);
            let (target, keys) = (producer.target.index(count), &producer.keys);
            let _ = writeln!(
                text,
                "  p{number}: {{ publishes_to: {{ queue: q{target} }}, arrivals: {arrivals}, {keys} }}"
            );
        }
        if !self.delivery.is_empty() {
            let arrivals = arrivals_of(1, 100, *seconds);
            let _ = writeln!(
                text,
                "  deliverer: {{ publishes_to: {{ delivery_stream: delivered }}, arrivals: {arrivals}, message: \
                 {{ size: {{ uniform: [1B, 90KiB] }} }} }}\ndelivery_streams:\n  delivered: {}",
                self.delivery
            );
        }
        text.push_str(&self.film());
        let mut alarms = String::new();
        text.push_str("consumers:\n");
        for (number, consumer) in self.consumers.iter().enumerate() {
            let source = consumer.source.index(count);
            let _ = write!(text, "  c{number}: {{ receives_from: {{ queue: q{source} }}, {}", consumer.keys);
            if let Some((index, share, size)) = &consumer.forward {
                let to = index.index(count);
                // Round and round, results would multiply: on the way back only some are sent on.
                let share = if to <= source { (*share).min(60) } else { *share };
                let _ = write!(text, ", forwards_to: {{ queue: q{to}, share: {share}%{size} }}");
            }
            match &consumer.scaling {
                Some(scaling) => consumer_group(number, source, scaling, &mut text, &mut alarms),
                None => {
                    let _ = write!(text, ", instances: {}", consumer.instances);
                }
            }
            text.push_str(" }\n");
        }
        self.add_functions(count, &mut text);
        if !alarms.is_empty() {
            text.push_str("alarms:\n");
            text.push_str(&alarms);
        }
        text
    }
}

impl Pieces {
    /// Functions behind those queues that hide messages for as long as an invocation may run.
    fn add_functions(&self, count: usize, text: &mut String) {
        let mut mappings = String::new();
        for (number, piece) in self.functions.iter().enumerate() {
            let source = piece.source.index(count);
            if number == 0 {
                text.push_str("functions:\n");
            }
            let _ = write!(text, "  f{number}: {{ {}", piece.function);
            if let Some((index, share)) = &piece.forward {
                let _ = write!(text, ", forwards_to: {{ queue: q{}, share: {share}% }}", index.index(count));
            }
            text.push_str(" }\n");
            if !self.queues[source].keys.contains("visibility_timeout: 0s") {
                let _ = writeln!(
                    mappings,
                    "  m{number}: {{ queue: q{source}, function: f{number}{} }}",
                    piece.mapping
                );
            }
        }
        if !mappings.is_empty() {
            text.push_str("event_source_mappings:\n");
            text.push_str(&mappings);
        }
    }
}

fn consumer_group(number: usize, source: usize, scaling: &Scaling, text: &mut String, alarms: &mut String) {
    let maximum = scaling.minimum + scaling.more;
    let desired = scaling.minimum + scaling.more / 2;
    let _ = write!(
        text,
        ", auto_scaling_group: {{ min_size: {}, max_size: {maximum}, desired_capacity: {desired}, {}, policies: [",
        scaling.minimum, scaling.keys
    );
    let tracks =
        |policies: &[(usize, u32)]| policies.iter().any(|(kind, _)| POLICIES[*kind].contains("tracking"));
    for (position, (kind, value)) in scaling.policies.iter().enumerate() {
        // A group tracks a metric only once.
        if tracks(&scaling.policies[..position]) && tracks(&scaling.policies[position..=position]) {
            continue;
        }
        let alarm = format!("a{number}-{position}");
        let policy = POLICIES[*kind];
        // The placeholders are the only capitals A and V.
        let _ = write!(text, "{}, ", policy.replace('V', &value.to_string()).replace('A', &alarm));
        let used = policy.contains("alarm: A");
        if used {
            let comparison =
                if kind % 2 == 0 { "LessThanOrEqualToThreshold" } else { "GreaterThanThreshold" };
            let _ = writeln!(
                alarms,
                "  {alarm}: {{ metric: {{ queue: q{source}, name: messages_visible }}, threshold: {value}, \
                 comparison_operator: {comparison}, treat_missing_data: notBreaching }}"
            );
        }
    }
    text.push_str("] }");
}
