//! What AWS does not allow, and what connections, metrics and prices are.

use super::{problems, run, sum, value};

#[test]
fn combinations_that_aws_does_not_have_are_told_all_at_once() {
    let told = problems(
        "brokers:\n  a: { host_instance_type: mq.m5.large, deployment_mode: cluster_multi_az }\n  \
         b: { engine_type: rabbitmq, host_instance_type: mq.m5.large, deployment_mode: active_standby_multi_az }\n  \
         c: { host_instance_type: mq.m5.large, deployment_mode: active_standby_multi_az, storage_type: ebs }\n  \
         d: { host_instance_type: mq.t3.micro, storage_type: ebs }\n  \
         e: { engine_type: rabbitmq, host_instance_type: mq.m5.large, storage_type: efs }\n  \
         f: { host_instance_type: mq.m7g.large }\n  \
         g: { engine_type: rabbitmq, host_instance_type: mq.t3.micro, deployment_mode: cluster_multi_az }\n  \
         h: { host_instance_type: mq.m5.lage }\n  i: { host_instance_type: mq.m5.large, engine_version: '4.2' }\n  \
         j: { engine_type: rabbitmq, host_instance_type: mq.m5.large, when_full: fail }\n  \
         k: { host_instance_type: mq.m5.large, failures: [{ at: 1m, node: 2 }] }\n",
    );
    for sentence in [
        "an ActiveMQ broker cannot be a cluster",
        "a RabbitMQ broker has no standby",
        "active and standby instance share their storage",
        "`mq.t3.micro` cannot have `ebs`",
        "a RabbitMQ broker keeps its messages on `ebs`",
        "`mq.m7g.large` is for RabbitMQ",
        "`mq.t3.micro` cannot form a cluster",
        "there is no broker instance type `mq.m5.lage`",
        "mq.m5.large",
        "there is no version `4.2` of activemq",
        "`when_full` is for ActiveMQ",
        "there is no node 2",
    ] {
        assert!(told.contains(sentence), "{sentence}\n{told}");
    }
}

#[test]
fn clients_speak_what_their_broker_understands() {
    let told = problems(
        "brokers:\n  a: { host_instance_type: mq.m5.large }\n  r: { engine_type: rabbitmq, engine_version: '3.13', host_instance_type: mq.m5.large }\n\
         broker_queues: { qa: { broker: a, delivery_limit: 3 }, qr: { broker: r, memory_limit: 1MiB, delivery_limit: 3 } }\n\
         producers:\n  p: { publishes_to: { broker_queue: qa }, arrivals: { constant: { rate: 1/s } }, broker_client: { protocol: amqp_0_9_1, publisher_confirms: true } }\n  \
         o: { publishes_to: { broker_queue: qr }, arrivals: { constant: { rate: 1/s } }, broker_client: { protocol: amqp, use_async_send: true, qos: 1 } }\n\
         consumers:\n  w: { receives_from: { broker_queue: qr }, processing_time: 1s, broker_client: { acknowledgement: dups_ok, redelivery_policy: {} } }\n  \
         v: { receives_from: { broker_queue: qa }, processing_time: 1s, broker_client: { acknowledgement: none, transaction_size: 4 } }\n",
    );
    for sentence in [
        "`a` does not speak `amqp_0_9_1`",
        "publisher confirms are for RabbitMQ",
        "`r` does not speak `amqp`",
        "`use_async_send` is for ActiveMQ",
        "`qos` is for the protocol `mqtt`",
        "`delivery_limit` is for queues of RabbitMQ",
        "`memory_limit` is for queues of ActiveMQ",
        "a classic queue has no `delivery_limit`",
        "`r` has no acknowledgement `dups_ok`",
        "a redelivery policy is for clients of ActiveMQ",
        "`a` has no acknowledgement `none`",
        "`transaction_size` is for transactions",
    ] {
        assert!(told.contains(sentence), "{sentence}\n{told}");
    }
}

#[test]
fn keys_of_sqs_are_not_those_of_brokers() {
    let told = problems(
        "brokers: { a: { host_instance_type: mq.m5.large } }\nqueues: { s: {} }\nbroker_queues: { q: { broker: a }, lost: { broker: nobody } }\n\
         producers:\n  p: { publishes_to: { broker_queue: r }, arrivals: { constant: { rate: 1/s } } }\n\
         consumers:\n  w: { receives_from: { broker_queue: q }, processing_time: 1s, batch_size: 2, heartbeat: { interval: 1s, visibility_timeout: 9s } }\n  \
         v: { receives_from: { queue: s }, processing_time: 1s, broker_client: {} }\n",
    );
    for sentence in [
        "there is no broker `nobody`",
        "there is no queue of a broker `r`",
        "a consumer of a broker has no `batch_size`",
        "a consumer of a broker has no `heartbeat`",
        "`broker_client` is for consumers that receive from a broker",
    ] {
        assert!(told.contains(sentence), "{sentence}\n{told}");
    }
}

#[test]
fn references_between_destinations_stay_within_a_broker() {
    let told = problems(
        "brokers: { a: { host_instance_type: mq.m5.large }, r: { engine_type: rabbitmq, host_instance_type: mq.m5.large } }\n\
         broker_queues: { one: { broker: a, dead_letter_queue: two }, two: { broker: r }, three: { broker: a, dead_letter_queue: three } }\n\
         broker_topics: { t: { broker: a, bindings: [one] }, x: { broker: r, bindings: [one] } }\n\
         broker_subscriptions: { s: { topic: x } }\n",
    );
    for sentence in [
        "`two` is a queue of another broker than `one`",
        "`three` cannot be its own dead-letter queue",
        "a topic of ActiveMQ has no bindings",
        "`one` is a queue of another broker than `x`",
        "subscriptions of topics are for ActiveMQ",
    ] {
        assert!(told.contains(sentence), "{sentence}\n{told}");
    }
}

#[test]
fn a_broker_has_so_many_connections_and_no_more() {
    let text = |profile: &str| {
        format!(
            "quotas: '{profile}'\nduration: 60s\nbrokers: {{ b: {{ host_instance_type: mq.t3.micro }} }}\nbroker_queues: {{ q: {{ broker: b }} }}\n\
             consumers: {{ w: {{ receives_from: {{ broker_queue: q }}, threads: 350, processing_time: 1s }} }}\n"
        )
    };
    for (profile, most) in [("current", 300), ("2022", 100)] {
        let tape = run(&text(profile));
        assert_eq!(value(&tape, "b", "current_connections_count", "max") as u64, most);
        assert!(sum(&tape, "q", "consumers_refused") >= 350 - most);
    }
}

#[test]
fn instances_and_storage_cost_by_the_hour() {
    let cost = |broker: &str| {
        let tape = run(&format!("duration: 1h\nbrokers: {{ b: {broker} }}\n"));
        (value(&tape, "b", "broker_instance_hours", "sum"), value(&tape, "b", "estimated_cost", "sum"))
    };
    assert_eq!(cost("{ host_instance_type: mq.m5.large }"), (1.0, 0.3));
    let (hours, dollars) =
        cost("{ host_instance_type: mq.m5.xlarge, deployment_mode: active_standby_multi_az }");
    assert_eq!(hours, 2.0);
    assert!((dollars - 1.2).abs() < 1e-9);
    let cluster = "{ engine_type: rabbitmq, host_instance_type: mq.m7g.large, deployment_mode: cluster_multi_az, instance_price: 0.5 }";
    assert_eq!(cost(cluster), (3.0, 1.5));
}

#[test]
fn each_engine_has_its_own_metrics() {
    let names = |engine: &str| {
        let tape = run(&format!(
            "brokers: {{ b: {{ engine_type: {engine}, host_instance_type: mq.m5.large }} }}\nbroker_queues: {{ q: {{ broker: b }} }}\n"
        ));
        let series = tape.metrics.iter().filter(|series| matches!(series.kind, "broker" | "broker_queue"));
        let mut names: Vec<&str> = series.filter_map(|series| series.definition.cloudwatch_name).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let (activemq, rabbitmq) = (names("activemq"), names("rabbitmq"));
    for name in ["QueueSize", "EnqueueCount", "StorePercentUsage", "CpuUtilization", "TotalMessageCount"] {
        assert!(activemq.contains(&name) && !rabbitmq.contains(&name), "{name}");
    }
    for name in ["MessageReadyCount", "RabbitMQMemUsed", "SystemCpuUtilization", "AckRate"] {
        assert!(rabbitmq.contains(&name) && !activemq.contains(&name), "{name}");
    }
}

#[test]
fn a_group_scales_on_the_size_of_a_brokers_queue() {
    let tape = run(
        "duration: 30m\nbrokers: { b: { host_instance_type: mq.m5.large } }\nbroker_queues: { q: { broker: b } }\n\
         producers: { p: { publishes_to: { broker_queue: q }, arrivals: { constant: { rate: 10/s } } } }\n\
         consumers:\n  w:\n    receives_from: { broker_queue: q }\n    processing_time: 500ms\n    broker_client: { prefetch: 1 }\n    \
         auto_scaling_group:\n      max_size: 20\n      policies:\n        - target_tracking: { metric: backlog_per_instance, target_value: 10 }\n\
         alarms: { deep: { metric: { broker_queue: q, name: QueueSize }, threshold: 100 } }\n",
    );
    assert!(value(&tape, "w", "instances_in_service", "max") >= 5.0);
    assert!(tape.alarms.iter().any(|change| change.alarm == "deep"), "an alarm reads the metric of a queue");
}
