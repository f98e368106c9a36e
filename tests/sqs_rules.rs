//! What AWS would not create is told when the scenario is read.

use queuelab::language::NoFiles;
use queuelab::scenario::Scenario;

/// The problems of a scenario with these lines.
fn problems(text: &str) -> String {
    let yaml = format!("name: rules\nduration: 1m\n{text}");
    match Scenario::load("rules.yaml", yaml.as_bytes(), &[], &NoFiles) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_aws_would_not_create_is_told() {
    let cases = [
        ("queues: { q: { content_based_deduplication: true } }", "is for FIFO queues"),
        ("queues: { q.fifo: { ordering_jitter: 1s } }", "is for standard queues"),
        (
            "queues: { q.fifo: { redrive_policy: { dead_letter_queue: d } }, d: {} }",
            "cannot be the dead-letter queue of `q.fifo`",
        ),
        (
            "queues: { q: { redrive_policy: { dead_letter_queue: d } }, d: { redrive_allow_policy: deny_all } }",
            "`d` does not allow `q` to use it",
        ),
        (
            "queues: { q: { redrive_policy: { dead_letter_queue: d } }, o: {}, d: { redrive_allow_policy: { by_queue: [o] } } }",
            "`d` does not allow `q` to use it",
        ),
        (
            "queues: { q.fifo: { fifo_throughput_limit: per_message_group_id } }",
            "needs `deduplication_scope: message_group`",
        ),
        ("queues: { q: { message_retention_period: 15d } }", "from 1m to 14d"),
        ("queues: { q: { delay: 901s } }", "from 0s to 15m"),
        ("queues: { q: { receive_message_wait_time: 21s } }", "from 0s to 20s"),
        ("queues: { q: { visibility_timeout: 43201s } }", "from 0s to 12h"),
        ("region: us-east-9\nqueues: { q: {} }", "did you mean"),
        ("account: 123\nqueues: { q: {} }", "is no AWS account"),
        ("queues: { q: { policy: [ { principals: [nobody] } ] } }", "there is no principal `nobody`"),
    ];
    for (text, expected) in cases {
        let found = problems(text);
        assert!(found.contains(expected), "{text}\nexpected: {expected}\nfound: {found}");
    }
}

#[test]
fn what_a_fifo_queue_would_refuse_of_a_producer_is_told() {
    let producer = |queue: &str, message: &str| {
        problems(&format!(
            "queues: {{ {queue}: {{}} }}\nproducers: {{ p: {{ publishes_to: {{ queue: {queue} }}, \
             arrivals: {{ constant: {{ rate: 1/s }} }}, message: {message} }} }}"
        ))
    };
    assert!(producer("q.fifo", "{}").contains("need a `message_group_id`"));
    assert!(
        producer("q.fifo", "{ message_group_id: g, delay: 1s }").contains("cannot have a delay of its own")
    );
    assert_eq!(producer("q.fifo", "{ message_group_id: { zipf: { groups: 9 } } }"), "");
    assert!(producer("q", "{ message_group_id: { one_of: { a: -1 } } }").contains("impossible"));
    assert_eq!(producer("q", "{ message_group_id: { one_of: { a: 1, b: 3 } } }"), "");
}

#[test]
fn a_script_with_a_slip_is_told_with_its_place() {
    let script = |steps: &str| {
        problems(&format!("queues: {{ q: {{}} }}\nclients: {{ me: {{ script: [ {steps} ] }} }}"))
    };
    let cases = [
        ("{ at: 0s }", "this step makes no call"),
        (
            "{ at: 0s, purge_queue: { queue: q }, get_queue_attributes: { queue: q } }",
            "a step makes one call",
        ),
        (
            "{ at: 1s, purge_queue: { queue: q } }, { at: 0s, purge_queue: { queue: q } }",
            "before the one above it",
        ),
        ("{ at: 0s, purge_queue: { queue: r } }", "there is no queue `r`"),
        (
            "{ at: 0s, receive_message: { queue: q, as: first } }, { at: 0s, delete_message: { queue: q, handle: frist[0] } }",
            "did you mean `first`",
        ),
        ("{ at: 0s, delete_message: { queue: q, handle: first } }", "is no receipt handle"),
        ("{ at: 0s, cancel_message_move_task: { task: t } }", "no earlier step of this client"),
        ("{ at: 0s, receive_message: { queue: q, wait_time: 1500ms } }", "whole number of seconds"),
    ];
    for (steps, expected) in cases {
        let found = script(steps);
        assert!(found.contains(expected), "{steps}\nexpected: {expected}\nfound: {found}");
    }
}

#[test]
fn an_unmet_expectation_of_a_step_is_told() {
    let yaml = "name: unmet\nduration: 1m\nqueues: { q: {} }\nclients:\n  me:\n    script:\n      \
                - { at: 0s, receive_message: { queue: q }, expect: { bodies: [A] } }\n      \
                - { at: 50s, receive_message: { queue: q, wait_time: 20s }, expect: { outcome: Success } }\n";
    let scenario = Scenario::load("unmet.yaml", yaml.as_bytes(), &[], &NoFiles).expect("it is sound");
    let tape = scenario.run().expect("it runs");
    let told: Vec<(bool, &str)> =
        tape.expectations.iter().map(|told| (told.passed, told.observed.as_str())).collect();
    assert_eq!(told, [(false, "bodies []"), (false, "no answer")]);
}
