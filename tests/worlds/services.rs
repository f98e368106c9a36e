//! What each service brings into a random world. Messages only go down: from producers to topics, streams and brokers, on
//! to the first queue, and from its consumers to the last.

use super::{Dice, World};

type Service = fn(&mut World, &mut Dice<'_>);

/// Services that a world may have; some need what others bring, and look whether it is there.
pub(super) const ALL: &[Service] = &[
    streams,
    topics,
    delivery_streams,
    functions,
    stream_readers,
    buckets,
    requesters,
    video,
    applications,
    activemq,
    rabbitmq,
];

impl World {
    fn has(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }

    /// A place to send results to, of those that are there.
    fn target(&self, dice: &mut Dice<'_>) -> String {
        let targets: Vec<&str> =
            ["queue: last", "queue: first"].into_iter().chain(self.targets.iter().copied()).collect();
        targets[dice.below(targets.len())].to_owned()
    }
}

/// Two queues with a dead-letter queue, and who works on them.
pub(super) fn always(world: &mut World, dice: &mut Dice<'_>) {
    let timeout = dice.one(&["30s", "2s", "10m"]);
    let receives = dice.one(&["3", "1", "10"]);
    let keys =
        dice.one(&["", ", delay: 5s", ", message_retention_period: 60s", ", receive_message_wait_time: 20s"]);
    let policy = "policy: [{ principals: [s3.amazonaws.com], actions: [send_message] }]";
    world.add("queues", &format!("first: {{ visibility_timeout: {timeout}, {policy}, redrive_policy: {{ dead_letter_queue: letters, max_receive_count: {receives} }}{keys} }}"));
    world.add("queues", "last: { receive_message_wait_time: 20s }");
    world.add("queues", "letters: {}");
    world.produces("visitors", "queue: first", "", dice);
    let time = dice.one(&["100ms", "{ exponential: { mean: 1s } }", "3s"]);
    let failures = dice.one(&["0%", "20%"]);
    let extra =
        dice.one(&["", ", lost_deletes: 10%", ", crashes: { mean_time_between: 1m }", ", instances: 3"]);
    world.add("consumers", &format!("workers: {{ receives_from: {{ queue: first }}, wait_time: 20s, processing_time: {time}, failure_rate: {failures}, forwards_to: {{ queue: last, share: 70% }}{extra} }}"));
    world.add(
        "consumers",
        "readers: { receives_from: { queue: last }, processing_time: 50ms, batch_size: 10 }",
    );
}

/// Streams, with changes of their shards, and what is put on them.
fn streams(world: &mut World, dice: &mut Dice<'_>) {
    let capacity = dice.one(&["shards: 1", "shards: 4", "capacity_mode: on_demand"]);
    let changes = dice.one(&[
        "",
        ", changes: [{ at: 20s, call: { split_shard: { shard: 0 } } }, { at: 90s, call: { update_shard_count: 2 } }]",
    ]);
    let changes = if capacity.contains("on_demand") { "" } else { changes };
    world.add("streams", &format!("clicks: {{ {capacity}{changes} }}"));
    world.add("streams", "results: { shards: 1 }");
    let library = dice.one(&[
        "",
        ", library: { put_records: { linger: 500ms } }",
        ", library: { kpl: {} }",
        ", library: { agent: {} }",
        ", library: { put_record: { sequence_number_for_ordering: true } }",
    ]);
    let key = dice.one(&["{ uniform: 50 }", "random", "{ hot: { key: k, share: 60%, others: 9 } }"]);
    let size = dice.one(&["200B", "{ uniform: [1B, 50KiB] }"]);
    world.produces(
        "web",
        "stream: clicks",
        &format!(", message: {{ size: {size}, partition_key: {key} }}{library}"),
        dice,
    );
    let forward = world.target(dice);
    let reading = dice.one(&[
        "",
        ", retrieval: enhanced_fan_out, instances: 2",
        ", instances: 2, stops: [{ at: 25s, worker: 0, down_for: 60s }]",
        ", replays: [{ at: 20s, from: trim_horizon }]",
        ", instances: 3, processing_threads: 1, client_library: { kcl_3: { variance_balancing_frequency: 1 } }, \
         stops: [{ at: 25s, worker: 0, down_for: 30s, graceful: true }, { at: 30s, worker: 1 }]",
    ]);
    world.add("stream_consumers", &format!("app: {{ reads_from: {{ stream: clicks }}, processing_time: 3ms, forwards_to: {{ {forward}, share: 10% }}{reading} }}"));
    world.targets.push("stream: results");
}

/// A topic that delivers to whatever there is.
fn topics(world: &mut World, dice: &mut Dice<'_>) {
    let mut subscriptions = vec![dice.one(&[
        "{ queue: first }",
        "{ queue: first, raw_message_delivery: true, filter_policy: { kind: [a] } }",
    ])];
    subscriptions.push(dice.one(&[
        "{ queue: last, filter_policy: { kind: [{ anything-but: a }] } }",
        "{ queue: last, outages: [{ from: 20s, lasts: 40s }] }",
    ]));
    subscriptions.push(dice.one(&[
        "{ https: { failure_rate: 20% }, redrive_policy: { dead_letter_queue: letters } }",
        "{ email: {} }",
        "{ sms: { failure_rate: 10% } }",
    ]));
    world.add(
        "topics",
        &format!(
            "news: {{ policy: [{{ principals: [s3.amazonaws.com] }}], subscriptions: [{}] }}",
            subscriptions.join(", ")
        ),
    );
    world.produces(
        "editors",
        "topic: news",
        ", message: { attributes: { kind: { one_of: { a: 1, b: 1 } } } }",
        dice,
    );
    world.targets.push("topic: news");
}

/// Delivery streams: one that producers put to, one that reads a stream.
fn delivery_streams(world: &mut World, dice: &mut Dice<'_>) {
    let destination = dice.one(&[
        "s3: { bucket: lake, buffering_hints: { size: 1MiB, interval: 60s } }",
        "s3: { bucket: lake, buffering_hints: { size: 1MiB, interval: 0s }, outages: [{ from: 10s, lasts: 2m }] }",
        "http_endpoint: { endpoint: { failure_rate: 30%, lost_responses: 20% }, s3_backup: { bucket: lake, mode: all_data } }",
        "opensearch: { retry_duration: 10s, endpoint: { failure_rate: 50% }, s3_backup: { bucket: lake } }",
        "redshift: { s3: { bucket: lake }, failure_rate: 20% }",
        "snowflake: { endpoint: { rejected_records: 20%, failure_rate: 20% }, s3_backup: { bucket: lake } }",
    ]);
    world.add("object_stores", "lake: {}");
    world.add("delivery_streams", &format!("archive: {{ destination: {{ {destination} }} }}"));
    world.produces(
        "loggers",
        "delivery_stream: archive",
        ", library: { put_record_batch: { linger: 1s } }",
        dice,
    );
    if world.has("streams") {
        world.add(
            "delivery_streams",
            "copy: { reads_from: { stream: clicks }, destination: { s3: { bucket: lake } } }",
        );
    }
}

/// Functions behind the last queue.
fn functions(world: &mut World, dice: &mut Dice<'_>) {
    let code = dice.one(&[
        "processing_time: 100ms",
        "processing_time: { exponential: { mean: 500ms } }, failure_rate: 20%, timeout: 2s",
        "processing_time: 1s, reserved_concurrent_executions: 2, on_message_failure: report_batch_item_failures, failure_rate: 30%",
    ]);
    world.add("functions", &format!("code: {{ {code}, forwards_to: {{ queue: first, share: 10% }} }}"));
    let mapping = dice.one(&[
        "",
        ", batch_size: 40, maximum_batching_window: 5s",
        ", function_response_types: [ReportBatchItemFailures]",
        ", maximum_concurrency: 2",
    ]);
    world.add("event_source_mappings", &format!("mapped: {{ queue: last, function: code{mapping} }}"));
    if world.has("topics") {
        world.add("topics", "told: { subscriptions: [{ function: code }] }");
        world.produces("tellers", "topic: told", "", dice);
    }
}

/// A function that reads a stream.
fn stream_readers(world: &mut World, dice: &mut Dice<'_>) {
    if !world.has("streams") {
        return;
    }
    let code = dice.one(&[
        "processing_time: 20ms",
        "processing_time: 50ms, failure_rate: 5%",
        "processing_time: 200ms, reserved_concurrent_executions: 1",
    ]);
    let forward = world.target(dice);
    let forward = if forward.contains("results") { "queue: last".to_owned() } else { forward };
    world.add("functions", &format!("counts: {{ {code}, forwards_to: {{ {forward}, share: 5% }} }}"));
    let mapping = dice.one(&[
        "",
        ", batch_size: 500, parallelization_factor: 3",
        ", bisect_batch_on_function_error: true, maximum_retry_attempts: 2, on_failure: { queue: letters }",
        ", tumbling_window: { length: 30s }",
        ", retrieval: enhanced_fan_out",
        ", filter_criteria: { filters: [{ pattern: { data: { kind: [a] } } }] }",
        ", maximum_retry_attempts: 0, on_failure: { object_store: kept }",
    ]);
    world.add("object_stores", "kept: {}");
    world.add("stream_mappings", &format!("counting: {{ stream: clicks, function: counts{mapping} }}"));
}

/// A bucket that tells of its uploads.
fn buckets(world: &mut World, dice: &mut Dice<'_>) {
    let told = if world.has("topics") { dice.one(&["queue: first", "topic: news"]) } else { "queue: first" };
    world.add(
        "object_stores",
        &format!("photos: {{ notifications: [{{ {told}, events: [object_created] }}] }}"),
    );
    world.produces("phones", "object_store: photos", ", message: { size: 300KiB }", dice);
}

/// Requests and their replies.
fn requesters(world: &mut World, dice: &mut Dice<'_>) {
    world.add("queues", "questions: { receive_message_wait_time: 20s }");
    world.add("queues", "host: {}");
    let replies = dice.one(&[
        "{ virtual_queues: { host_queue: host } }",
        "{ queue_per_requester: { queue: host } }",
        "{ queue_per_request: {} }",
    ]);
    world.add("requesters", &format!("asks: {{ sends_requests_to: {{ queue: questions }}, arrivals: {{ poisson: {{ rate: 30/min }} }}, replies_through: {replies}, timeout: 5s, max_attempts: 2 }}"));
    world.add(
        "consumers",
        "answers: { receives_from: { queue: questions }, wait_time: 20s, processing_time: 1s, answers_requests: {} }",
    );
}

/// Cameras, and who watches them.
fn video(world: &mut World, dice: &mut Dice<'_>) {
    let streams = dice.one(&["{}", "{ data_retention: 1h }", "{ count: 4, data_retention: 24h }"]);
    world.add("video_streams", &format!("film: {streams}"));
    let camera = dice.one(&[
        "",
        ", fragment_duration: { uniform: [500ms, 22s] }, tracks: 2",
        ", uplink: { bytes_per_second: 300kB, outages: [{ at: 15s, lasts: 40s, share: 50% }] }",
        ", uplink: { latency: { uniform: [10ms, 2s] }, random_outages: { interval: 40s, lasts: 3s } }",
    ]);
    world.add("cameras", &format!("filmer: {{ sends_to: {{ video_stream: film }}{camera} }}"));
    let forward = world.target(dice);
    let looking = dice.one(&["", ", processing_time: 3s", ", every_nth_frame: 30, viewers: 4"]);
    world.add("video_consumers", &format!("looks: {{ reads_from: {{ video_stream: film }}, retrieval: {{ get_media: earliest }}, forwards_to: {{ {forward}, size: 1KiB }}{looking} }}"));
    let playing =
        dice.one(&["hls: {} }, viewers: 5", "dash: { behind: 1 } }", "fragment_list: { every: 20s } }"]);
    world.add(
        "video_consumers",
        &format!("plays: {{ reads_from: {{ video_stream: film }}, retrieval: {{ {playing} }}"),
    );
}

/// An application that computes over a stream, if there is one.
fn applications(world: &mut World, dice: &mut Dice<'_>) {
    if !world.has("streams") {
        return;
    }
    let operators = dice.one(&[
        "{ map: { size_ratio: 0.5 } }",
        "{ key_by: partition_key }, { window: { tumbling: { size: 10s } } }",
        "{ filter: { share: 50% } }, { window: { session: { gap: 2s }, allowed_lateness: 5s } }",
        "{ key_by: partition_key }, { window: { sliding: { size: 20s, slide: 7s }, time: processing_time } }",
    ]);
    let faults = dice.one(&[
        "",
        ", failures: [{ at: 25s }, { at: 70s }], checkpoints: { interval: 10s }",
        ", stops: [{ at: 20s, down_for: 5s, force: true }]",
        ", updates: [{ at: 30s, parallelism: 2 }]",
    ]);
    let more =
        dice.one(&["", ", retrieval: enhanced_fan_out", ", starting_position: trim_horizon, parallelism: 3"]);
    world.add("flink_applications", &format!("counts: {{ reads_from: {{ stream: clicks }}, operators: [{operators}], sinks: [{{ stream: results }}]{faults}{more} }}"));
}

/// Failures of a broker, or of nodes of it.
const FAILURES: &[&str] = &[
    "",
    ", failures: [{ at: 12s, lasts: 5s }]",
    ", failures: [{ at: 10s, lasts: 30s, kind: reboot }, { at: 25s, lasts: 10s }, { at: 70s, lasts: 20s }]",
];
const CRASHES: &[&str] =
    &["", ", crashes: { mean_time_between: 20s, restart_time: 3s }, instances: 3", ", threads: 4"];

/// A broker of ActiveMQ with a queue, a virtual topic, and subscriptions of both kinds.
fn activemq(world: &mut World, dice: &mut Dice<'_>) {
    let failures = dice.one(FAILURES);
    let room = dice.one(&[
        "",
        ", storage_limit: 20KiB",
        ", memory_limit: 10KiB, temporary_storage_limit: 10KiB, when_full: fail",
        ", concurrent_store_and_dispatch_queues: false, storage_type: ebs",
    ]);
    world.add("brokers", &format!("amq: {{ host_instance_type: mq.m5.large{failures}{room} }}"));
    world.add("broker_topics", "VirtualTopic.News: { broker: amq }");
    world.add("broker_topics", "plain: { broker: amq }");
    let keys = dice.one(&["", ", memory_limit: 5KiB", ", exclusive_consumer: true"]);
    world.add("broker_queues", &format!("jobs: {{ broker: amq{keys} }}"));
    world.add("broker_queues", "Consumer.A.VirtualTopic.News: { broker: amq }");
    world.add("broker_queues", "Consumer.B.VirtualTopic.News: { broker: amq, dead_letter_queue: jobs }");
    world.add("broker_subscriptions", "durable: { topic: plain, durable: true }");
    world.add("broker_subscriptions", "fleeting: { topic: plain }");
    let client = dice.one(&[
        "{}",
        "{ persistent: false }",
        "{ use_async_send: true, time_to_live: 20s }",
        "{ connections: 3, sends_at_once: 2 }",
        "{ protocol: mqtt, qos: 2 }",
    ]);
    world.produces(
        "senders",
        "broker_queue: jobs",
        &format!(", message: {{ poison_rate: 2% }}, broker_client: {client}"),
        dice,
    );
    world.produces(
        "announcers",
        "broker_topic: VirtualTopic.News",
        &format!(", broker_client: {client}"),
        dice,
    );
    world.produces("callers", "broker_topic: plain", "", dice);
    let reader = dice.one(&[
        "{}",
        "{ prefetch: 1 }",
        "{ prefetch: 0, acknowledgement: client }",
        "{ acknowledgement: dups_ok, prefetch: 20 }",
        "{ acknowledgement: transacted, transaction_size: 5, redelivery_policy: { maximum_redeliveries: 2, use_exponential_back_off: true } }",
    ]);
    let forward = world.target(dice);
    let crashes = dice.one(CRASHES);
    world.add("consumers", &format!("jobbers: {{ receives_from: {{ broker_queue: jobs }}, processing_time: {{ exponential: {{ mean: 300ms }} }}, failure_rate: 5%, forwards_to: {{ {forward}, share: 20% }}, broker_client: {reader}{crashes} }}"));
    world.add("consumers", &format!("a: {{ receives_from: {{ broker_queue: Consumer.A.VirtualTopic.News }}, processing_time: 100ms, failure_rate: 10%{crashes} }}"));
    let threads = dice.one(&["", ", threads: 2"]);
    world.add(
        "consumers",
        &format!(
            "d: {{ receives_from: {{ broker_subscription: durable }}, processing_time: 200ms{threads} }}"
        ),
    );
    world.add(
        "consumers",
        &format!(
            "f: {{ receives_from: {{ broker_subscription: fleeting }}, processing_time: 200ms{crashes} }}"
        ),
    );
}

/// A broker of RabbitMQ with an exchange.
fn rabbitmq(world: &mut World, dice: &mut Dice<'_>) {
    let failures = dice.one(FAILURES);
    let mode = dice.one(&["", ", deployment_mode: cluster_multi_az", ", engine_version: '3.13'"]);
    let room = dice.one(&["", ", memory_limit: 30KiB"]);
    world.add(
        "brokers",
        &format!(
            "rabbit: {{ engine_type: rabbitmq, host_instance_type: mq.m5.large{mode}{failures}{room} }}"
        ),
    );
    world.add("broker_topics", "exchange: { broker: rabbit, bindings: [tasks, spare] }");
    let keys = dice.one(&["", ", max_length: 10", ", message_ttl: 10s", ", consumer_timeout: 5s"]);
    world.add("broker_queues", &format!("tasks: {{ broker: rabbit, dead_letter_queue: spare{keys} }}"));
    world.add("broker_queues", "spare: { broker: rabbit }");
    let client =
        dice.one(&["{}", "{ publisher_confirms: false }", "{ sends_at_once: 20, persistent: false }"]);
    world.produces("publishers", "broker_topic: exchange", &format!(", broker_client: {client}"), dice);
    world.produces(
        "taskers",
        "broker_queue: tasks",
        &format!(", message: {{ poison_rate: 2% }}, broker_client: {client}"),
        dice,
    );
    let reader = dice.one(&["{}", "{ prefetch: 1 }", "{ prefetch: 10, acknowledgement: none }"]);
    let crashes = dice.one(CRASHES);
    world.add("consumers", &format!("taskmen: {{ receives_from: {{ broker_queue: tasks }}, processing_time: {{ exponential: {{ mean: 300ms }} }}, failure_rate: 5%, forwards_to: {{ broker_queue: spare, share: 10% }}, broker_client: {reader}{crashes} }}"));
    world.add("consumers", "sparemen: { receives_from: { broker_queue: spare }, processing_time: 50ms }");
}
