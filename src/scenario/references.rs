//! References of a file whose sections have problems of their own: looked up all the same, so that everything that is
//! wrong is told at once. A file without such problems has its references looked up when it is resolved.

use super::directory::no_such;
use crate::language::{Node, Problems, Value};

/// Where references stand (`*`: each entry), the section they lead to, and what that holds.
const REFERENCES: &[(&str, &str, &str)] = &[
    ("queues.*.redrive_policy.dead_letter_queue", "queues", "queue"),
    ("queues.*.redrive_allow_policy.by_queue.*", "queues", "queue"),
    ("clients.*.script.*.*.queue", "queues", "queue"),
    ("clients.*.script.*.*.source", "queues", "queue"),
    ("clients.*.script.*.*.destination", "queues", "queue"),
    ("clients.*.script.*.*.redrive_policy.dead_letter_queue", "queues", "queue"),
    ("producers.*.publishes_to.queue", "queues", "queue"),
    ("producers.*.publishes_to.topic", "topics", "topic"),
    ("topics.*.subscriptions.*.queue", "queues", "queue"),
    ("topics.*.subscriptions.*.redrive_policy.dead_letter_queue", "queues", "queue"),
    ("clients.*.script.*.*.topic", "topics", "topic"),
    ("producers.*.publishes_to.stream", "streams", "stream"),
    ("stream_consumers.*.reads_from.stream", "streams", "stream"),
    ("stream_mappings.*.stream", "streams", "stream"),
    ("stream_mappings.*.function", "functions", "function"),
    ("stream_mappings.*.on_failure.queue", "queues", "queue"),
    ("stream_mappings.*.on_failure.topic", "topics", "topic"),
    ("consumers.*.receives_from.queue", "queues", "queue"),
    ("consumers.*.forwards_to.queue", "queues", "queue"),
    ("consumers.*.forwards_to.topic", "topics", "topic"),
    ("consumers.*.forwards_to.stream", "streams", "stream"),
    ("stream_consumers.*.forwards_to.queue", "queues", "queue"),
    ("stream_consumers.*.forwards_to.topic", "topics", "topic"),
    ("stream_consumers.*.forwards_to.stream", "streams", "stream"),
    ("consumers.*.receives_from.stream_consumer", "stream_consumers", "stream consumer"),
    ("consumers.*.auto_scaling_group.policies.*.step_scaling.alarm", "alarms", "alarm"),
    ("consumers.*.auto_scaling_group.policies.*.simple_scaling.alarm", "alarms", "alarm"),
    ("consumers.*.ecs_service.policies.*.step_scaling.alarm", "alarms", "alarm"),
    ("streams.*.application_auto_scaling.policies.*.step_scaling.alarm", "alarms", "alarm"),
    ("consumers.*.auto_scaling_group.policies.*.predictive_scaling.load_metric.queue", "queues", "queue"),
    ("producers.*.large_payloads.object_store", "object_stores", "object store"),
    ("consumers.*.large_payloads.object_store", "object_stores", "object store"),
    ("requesters.*.sends_requests_to.queue", "queues", "queue"),
    ("requesters.*.replies_through.virtual_queues.host_queue", "queues", "queue"),
    ("requesters.*.replies_through.queue_per_requester.queue", "queues", "queue"),
    ("producers.*.publishes_to.function", "functions", "function"),
    ("event_source_mappings.*.queue", "queues", "queue"),
    ("event_source_mappings.*.function", "functions", "function"),
    ("functions.*.forwards_to.queue", "queues", "queue"),
    ("functions.*.forwards_to.topic", "topics", "topic"),
    ("functions.*.forwards_to.stream", "streams", "stream"),
    ("functions.*.dead_letter_queue", "queues", "queue"),
    ("functions.*.event_invoke_config.on_failure.queue", "queues", "queue"),
    ("alarms.*.metric.queue", "queues", "queue"),
    ("alarms.*.metric.consumer", "consumers", "consumer"),
    ("alarms.*.metric.producer", "producers", "producer"),
    ("alarms.*.metric.function", "functions", "function"),
    ("alarms.*.metric.event_source_mapping", "event_source_mappings", "event source mapping"),
    ("alarms.*.metric.topic", "topics", "topic"),
    ("alarms.*.alarm_actions.*.topic", "topics", "topic"),
    ("alarms.*.ok_actions.*.topic", "topics", "topic"),
    ("alarms.*.insufficient_data_actions.*.topic", "topics", "topic"),
    (
        "consumers.*.auto_scaling_group.instance_refreshes.*.preferences.alarm_specification.alarms.*",
        "alarms",
        "alarm",
    ),
    ("alarms.*.alarm_actions.*.function", "functions", "function"),
    ("alarms.*.ok_actions.*.function", "functions", "function"),
    ("alarms.*.insufficient_data_actions.*.function", "functions", "function"),
    ("composite_alarms.*.alarm_actions.*.topic", "topics", "topic"),
    ("composite_alarms.*.ok_actions.*.topic", "topics", "topic"),
    ("composite_alarms.*.insufficient_data_actions.*.topic", "topics", "topic"),
    ("composite_alarms.*.alarm_actions.*.function", "functions", "function"),
    ("composite_alarms.*.ok_actions.*.function", "functions", "function"),
    ("composite_alarms.*.insufficient_data_actions.*.function", "functions", "function"),
    ("alarms.*.metric.stream", "streams", "stream"),
    ("alarms.*.metric.stream_consumer", "stream_consumers", "stream consumer"),
    ("alarms.*.metric.backlog_per_instance", "consumers", "consumer"),
    ("alarms.*.metric.custom_metric", "custom_metrics", "custom metric"),
    ("alarms.*.metrics.*.metric.custom_metric", "custom_metrics", "custom metric"),
    ("custom_metrics.*.metric.queue", "queues", "queue"),
    ("custom_metrics.*.metric.consumer", "consumers", "consumer"),
    ("custom_metrics.*.metric.producer", "producers", "producer"),
    ("custom_metrics.*.metric.function", "functions", "function"),
    ("custom_metrics.*.metric.event_source_mapping", "event_source_mappings", "event source mapping"),
    ("custom_metrics.*.metrics.*.metric.queue", "queues", "queue"),
    ("custom_metrics.*.metrics.*.metric.consumer", "consumers", "consumer"),
    ("custom_metrics.*.metrics.*.metric.producer", "producers", "producer"),
    ("custom_metrics.*.metrics.*.metric.function", "functions", "function"),
    (
        "custom_metrics.*.metrics.*.metric.event_source_mapping",
        "event_source_mappings",
        "event source mapping",
    ),
    ("alarms.*.metrics.*.metric.queue", "queues", "queue"),
    ("alarms.*.metrics.*.metric.consumer", "consumers", "consumer"),
    ("alarms.*.metrics.*.metric.producer", "producers", "producer"),
    ("alarms.*.metrics.*.metric.function", "functions", "function"),
    ("alarms.*.metrics.*.metric.event_source_mapping", "event_source_mappings", "event source mapping"),
    ("custom_metrics.*.metric.stream", "streams", "stream"),
    ("custom_metrics.*.metric.stream_consumer", "stream_consumers", "stream consumer"),
    ("custom_metrics.*.metrics.*.metric.stream", "streams", "stream"),
    ("custom_metrics.*.metrics.*.metric.stream_consumer", "stream_consumers", "stream consumer"),
    ("alarms.*.metrics.*.metric.stream", "streams", "stream"),
    ("alarms.*.metrics.*.metric.stream_consumer", "stream_consumers", "stream consumer"),
    ("alarms.*.metric.stream_mapping", "stream_mappings", "stream mapping"),
    ("alarms.*.metrics.*.metric.stream_mapping", "stream_mappings", "stream mapping"),
    ("custom_metrics.*.metric.stream_mapping", "stream_mappings", "stream mapping"),
    ("custom_metrics.*.metrics.*.metric.stream_mapping", "stream_mappings", "stream mapping"),
    ("topics.*.subscriptions.*.function", "functions", "function"),
    ("producers.*.publishes_to.object_store", "object_stores", "object store"),
    ("object_stores.*.notifications.*.topic", "topics", "topic"),
    ("object_stores.*.notifications.*.queue", "queues", "queue"),
    ("object_stores.*.notifications.*.function", "functions", "function"),
    ("consumers.*.auto_scaling_group.notifications.*.topic", "topics", "topic"),
    ("producers.*.publishes_to.phone_number", "phone_numbers", "phone number"),
    ("producers.*.publishes_to.platform_endpoint", "platform_endpoints", "platform endpoint"),
    ("clients.*.script.*.*.phone_number", "phone_numbers", "phone number"),
    ("clients.*.script.*.*.platform_endpoint", "platform_endpoints", "platform endpoint"),
    ("producers.*.publishes_to.delivery_stream", "delivery_streams", "delivery stream"),
    ("delivery_streams.*.reads_from.stream", "streams", "stream"),
    ("delivery_streams.*.data_transformation.function", "functions", "function"),
    ("stream_mappings.*.on_failure.object_store", "object_stores", "object store"),
    ("delivery_streams.*.destination.*.bucket", "object_stores", "object store"),
    ("delivery_streams.*.destination.*.s3.bucket", "object_stores", "object store"),
    ("delivery_streams.*.destination.*.source_backup.bucket", "object_stores", "object store"),
    ("delivery_streams.*.destination.*.s3_backup.bucket", "object_stores", "object store"),
    ("alarms.*.metric.delivery_stream", "delivery_streams", "delivery stream"),
    ("alarms.*.metrics.*.metric.delivery_stream", "delivery_streams", "delivery stream"),
    ("custom_metrics.*.metric.delivery_stream", "delivery_streams", "delivery stream"),
    ("custom_metrics.*.metrics.*.metric.delivery_stream", "delivery_streams", "delivery stream"),
    ("clients.*.script.*.*.delivery_stream", "delivery_streams", "delivery stream"),
    ("topics.*.subscriptions.*.firehose", "delivery_streams", "delivery stream"),
    ("cameras.*.sends_to.video_stream", "video_streams", "video stream"),
    ("video_consumers.*.reads_from.video_stream", "video_streams", "video stream"),
    ("video_consumers.*.forwards_to.queue", "queues", "queue"),
    ("video_consumers.*.forwards_to.topic", "topics", "topic"),
    ("video_consumers.*.forwards_to.stream", "streams", "stream"),
    ("clients.*.script.*.*.video_stream", "video_streams", "video stream"),
    ("alarms.*.metric.video_stream", "video_streams", "video stream"),
    ("alarms.*.metrics.*.metric.video_stream", "video_streams", "video stream"),
    ("custom_metrics.*.metric.video_stream", "video_streams", "video stream"),
    ("custom_metrics.*.metrics.*.metric.video_stream", "video_streams", "video stream"),
    ("flink_applications.*.reads_from.stream", "streams", "stream"),
    ("flink_applications.*.sinks.*.stream", "streams", "stream"),
    ("flink_applications.*.sinks.*.delivery_stream", "delivery_streams", "delivery stream"),
    ("flink_applications.*.sinks.*.function", "functions", "function"),
    ("flink_applications.*.late_data.stream", "streams", "stream"),
    ("flink_applications.*.late_data.delivery_stream", "delivery_streams", "delivery stream"),
    ("flink_applications.*.late_data.function", "functions", "function"),
    ("sql_applications.*.reads_from.stream", "streams", "stream"),
    ("sql_applications.*.reads_from.delivery_stream", "delivery_streams", "delivery stream"),
    ("sql_applications.*.sinks.*.stream", "streams", "stream"),
    ("sql_applications.*.sinks.*.delivery_stream", "delivery_streams", "delivery stream"),
    ("sql_applications.*.sinks.*.function", "functions", "function"),
    ("sql_applications.*.error_stream.stream", "streams", "stream"),
    ("sql_applications.*.error_stream.delivery_stream", "delivery_streams", "delivery stream"),
    ("sql_applications.*.error_stream.function", "functions", "function"),
    ("alarms.*.metric.sql_application", "sql_applications", "SQL application"),
    ("alarms.*.metrics.*.metric.sql_application", "sql_applications", "SQL application"),
    ("custom_metrics.*.metric.sql_application", "sql_applications", "SQL application"),
    ("custom_metrics.*.metrics.*.metric.sql_application", "sql_applications", "SQL application"),
    ("alarms.*.metric.flink_application", "flink_applications", "Flink application"),
    ("alarms.*.metrics.*.metric.flink_application", "flink_applications", "Flink application"),
    ("custom_metrics.*.metric.flink_application", "flink_applications", "Flink application"),
    ("custom_metrics.*.metrics.*.metric.flink_application", "flink_applications", "Flink application"),
    ("broker_queues.*.broker", "brokers", "broker"),
    ("broker_topics.*.broker", "brokers", "broker"),
    ("broker_queues.*.dead_letter_queue", "broker_queues", "queue of a broker"),
    ("broker_topics.*.bindings.*", "broker_queues", "queue of a broker"),
    ("broker_subscriptions.*.topic", "broker_topics", "topic of a broker"),
    ("producers.*.publishes_to.broker_queue", "broker_queues", "queue of a broker"),
    ("producers.*.publishes_to.broker_topic", "broker_topics", "topic of a broker"),
    ("consumers.*.receives_from.broker_queue", "broker_queues", "queue of a broker"),
    ("consumers.*.receives_from.broker_subscription", "broker_subscriptions", "subscription"),
    ("consumers.*.forwards_to.broker_queue", "broker_queues", "queue of a broker"),
    ("alarms.*.metric.broker", "brokers", "broker"),
    ("alarms.*.metric.broker_queue", "broker_queues", "queue of a broker"),
    ("alarms.*.metrics.*.metric.broker", "brokers", "broker"),
    ("alarms.*.metrics.*.metric.broker_queue", "broker_queues", "queue of a broker"),
    ("custom_metrics.*.metric.broker_queue", "broker_queues", "queue of a broker"),
    ("custom_metrics.*.metrics.*.metric.broker_queue", "broker_queues", "queue of a broker"),
    ("clients.*.script.*.*.broker_queue", "broker_queues", "queue of a broker"),
    ("clients.*.script.*.*.broker_subscription", "broker_subscriptions", "subscription"),
    ("clients.*.script.*.*.broker_topic", "broker_topics", "topic of a broker"),
];

/// Sections whose entries an expectation can name.
const NAMED: &[&str] = &[
    "queues",
    "consumers",
    "producers",
    "clients",
    "alarms",
    "composite_alarms",
    "requesters",
    "object_stores",
    "topics",
    "functions",
    "event_source_mappings",
    "streams",
    "stream_consumers",
    "stream_mappings",
    "phone_numbers",
    "platform_endpoints",
    "delivery_streams",
    "video_streams",
    "cameras",
    "video_consumers",
    "flink_applications",
    "sql_applications",
    "brokers",
    "broker_queues",
    "broker_subscriptions",
    "broker_topics",
];

/// Tells every reference and every expectation that names nothing.
pub(super) fn check(root: &Node, problems: &mut Problems) {
    for (path, section, noun) in REFERENCES {
        let names = names(root, section);
        let steps: Vec<&str> = path.split('.').collect();
        each(root, &steps, &mut |node| {
            let Some(text) = node.text().filter(|text| !names.contains(text)) else { return };
            no_such(text, node.place, (&names, noun), problems);
        });
    }
    let mut known: Vec<&str> = NAMED.iter().flat_map(|section| names(root, section)).collect();
    known.extend(root.get("name").and_then(Node::text));
    // Custom metrics are expected of by their namespace.
    let custom = root.get("custom_metrics").and_then(Node::mapping).unwrap_or_default();
    known.extend(custom.iter().filter_map(|(_, metric)| metric.get("namespace")?.text()));
    for (key, _) in root.get("expect").and_then(Node::mapping).unwrap_or_default() {
        for target in key.name.split(" / ") {
            let name = target.trim().rsplit_once('.').map_or(target, |(name, _)| name);
            // Subscriptions (`topic.name`) and shards (`stream/shard`) are parts of what has a name.
            let is_part = || name.match_indices(['.', '/']).any(|(end, _)| known.contains(&&name[..end]));
            if !known.contains(&name) && !is_part() {
                let help = problems.suggest(name, &known, "names");
                problems.error(key.place, format!("nothing is named `{name}`")).help(help);
            }
        }
    }
}

/// The names that a section defines.
fn names<'a>(root: &'a Node, section: &str) -> Vec<&'a str> {
    let entries = root.get(section).and_then(Node::mapping).unwrap_or_default();
    entries.iter().map(|(key, _)| key.name.as_str()).collect()
}

/// Visits every node at the path.
fn each<'a>(node: &'a Node, steps: &[&str], visit: &mut dyn FnMut(&'a Node)) {
    let Some((step, rest)) = steps.split_first() else {
        visit(node);
        return;
    };
    match (&node.value, *step) {
        (Value::Mapping(entries), "*") => entries.iter().for_each(|(_, entry)| each(entry, rest, visit)),
        (Value::Sequence(entries), "*") => entries.iter().for_each(|entry| each(entry, rest, visit)),
        _ => {
            if let Some(next) = node.get(step) {
                each(next, rest, visit);
            }
        }
    }
}
