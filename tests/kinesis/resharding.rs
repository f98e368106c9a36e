//! Shards that are split and merged, by the owner and by AWS.

use super::{run, sum, value};

/// A stream that changes under load, and a consumer.
fn changing(shards: u32, changes: &str, consumer: &str) -> queuelab::record::Tape {
    run(&format!(
        "duration: 15m\nstreams: {{ s: {{ shards: {shards}, changes: {changes} }} }}\nproducers:\n  p:\n    \
         publishes_to: {{ stream: s }}\n    \
         arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 200/s }}, {{ at: 10m, rate: 0/s }}] }} }}\n    \
         message: {{ partition_key: {{ uniform: 50 }} }}\nstream_consumers:\n  \
         c: {{ reads_from: {{ stream: s }}, processing_time: 2ms{consumer} }}"
    ))
}

const SPLIT: &str = "[{ at: 2m, call: { split_shard: { shard: 0 } } }]";

#[test]
fn order_stays_when_parents_come_first() {
    for (shards, changes) in [
        (1, SPLIT),
        (2, "[{ at: 2m, call: { merge_shards: { shard: 1, adjacent_shard: 0 } } }]"),
        (3, "[{ at: 2m, call: { update_shard_count: 5 } }, { at: 6m, call: { update_shard_count: 3 } }]"),
    ] {
        let tape = changing(shards, changes, "");
        assert!(sum(&tape, "s", "splits") + sum(&tape, "s", "merges") > 0);
        assert_eq!(sum(&tape, "c", "out_of_order"), 0, "{changes}");
        assert_eq!(sum(&tape, "c", "messages_processed"), sum(&tape, "p", "messages_produced"), "{changes}");
    }
}

#[test]
fn order_is_lost_when_children_are_read_at_once() {
    // The consumer is behind when the shard is split.
    let slow = ", idle_time_between_reads: 60s, child_shards: at_once, instances: 2";
    assert!(sum(&changing(1, SPLIT, slow), "c", "out_of_order") > 0);
    let orderly = ", idle_time_between_reads: 60s, instances: 2";
    assert_eq!(sum(&changing(1, SPLIT, orderly), "c", "out_of_order"), 0);
}

#[test]
fn a_stream_that_is_being_changed_takes_no_other_change() {
    let tape = changing(
        2,
        "[{ at: 2m, call: { split_shard: { shard: 0 } } }, { at: 125s, call: { split_shard: { shard: 1 } } }, \
         { at: 3m, call: { split_shard: { shard: 0 } } }, { at: 4m, call: { split_shard: { shard: 1 } } }]",
        "",
    );
    let told: Vec<_> =
        tape.activities.iter().map(|activity| (activity.new_desired, activity.status)).collect();
    let expected = [
        (3, "Successful"),
        (2, "ResourceInUseException"),
        (3, "InvalidArgumentException"),
        (4, "Successful"),
    ];
    assert_eq!(told, expected);
    assert_eq!(value(&tape, "s", "open_shards", "last"), 4.0);
}

#[test]
fn the_shard_count_can_be_updated_ten_times_a_day_and_by_half_to_double() {
    let count =
        |minute: u32, target: u32| format!("{{ at: {minute}m, call: {{ update_shard_count: {target} }} }}");
    let changes: Vec<String> = (0..13).map(|number| count(5 * number, 1 + (number + 1) % 2)).collect();
    let tape = run(&format!(
        "duration: 2h\nstreams: {{ s: {{ changes: [{}, {}] }} }}\nproducers: {{}}",
        changes.join(", "),
        count(90, 5)
    ));
    let good = tape.activities.iter().filter(|activity| activity.status == "Successful").count();
    assert_eq!(good, 10);
    assert_eq!(tape.activities[10].status, "LimitExceededException");
    let tape = run(&format!(
        "duration: 1h\nstreams: {{ s: {{ shards: 4, changes: [{}, {}] }} }}",
        count(1, 9),
        count(2, 1)
    ));
    assert!(tape.activities.iter().all(|activity| activity.status == "InvalidArgumentException"));
}

#[test]
fn a_library_with_an_old_list_of_shards_sends_again_what_went_wrong() {
    let tape = run(
        "duration: 10m\nstreams: { s: { changes: [{ at: 2m, call: { split_shard: { shard: 0 } } }] } }\nproducers:\n  p:\n    \
         publishes_to: { stream: s }\n    \
         arrivals: { piecewise: { spacing: evenly, points: [{ at: 0s, rate: 1000/s }, { at: 5m, rate: 0/s }] } }\n    \
         message: { size: 100B, partition_key: { uniform: 50 } }\n    library: { kpl: {} }\n\
         stream_consumers:\n  c: { reads_from: { stream: s }, processing_time: 10us }",
    );
    assert!(sum(&tape, "p", "records_retried") > 0);
    assert_eq!(sum(&tape, "c", "messages_processed"), sum(&tape, "p", "messages_produced"));
    assert_eq!(sum(&tape, "c", "duplicates"), 0);
}

#[test]
fn a_stream_on_demand_throttles_until_its_warm_shards_are_split() {
    let tape = run(
        "duration: 40m\nstreams: { s: { capacity_mode: on_demand } }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { piecewise: { points: [{ at: 0s, rate: 40/s }, { at: 5m, rate: 250/s }] } }\n    \
         message: { size: 25000B, partition_key: random }\n    library: { put_records: {} }\n    \
         retries: { max_attempts: 1 }",
    );
    assert!(sum(&tape, "s", "write_throttled") > 5_000);
    let last = value(&tape, "s", "open_shards", "last");
    assert!((8.0..=24.0).contains(&last), "{last}");
    let throttled = tape.metrics.iter().find(|series| series.definition.name == "write_throttled");
    let throttled = throttled.expect("the metric is published");
    let share = |from: f64, to: f64| {
        let points =
            throttled.datapoints.iter().filter(|point| (from..to).contains(&point.time.as_seconds_f64()));
        points.map(|point| point.sum).sum::<f64>() / (250.0 * (to - from))
    };
    assert!(share(300.0, 600.0) > 0.3, "{}", share(300.0, 600.0));
    assert!(share(1_800.0, 2_400.0) < 0.02, "{}", share(1_800.0, 2_400.0));
}

#[test]
fn no_split_cures_a_hot_key() {
    let tape = run(
        "duration: 1h\nstreams: { s: { capacity_mode: on_demand } }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 150/s } }\n    message: { size: 10237B, partition_key: one }\n    \
         retries: { max_attempts: 1 }",
    );
    let refused = sum(&tape, "s", "write_throttled") as f64;
    let share = refused / sum(&tape, "p", "messages_produced") as f64;
    assert!((0.31..0.33).contains(&share), "{share}");
    assert!(value(&tape, "s", "open_shards", "last") > 6.0);
    // The key is known through all splits: no number of shards carries it.
    assert!(value(&tape, "s", "hottest_key_share", "mean") > 0.99);
    assert!(value(&tape, "s", "hottest_key_shard_load", "peak") > 1.46);
}

#[test]
fn capacity_modes_can_be_changed_twice_a_day_and_shards_stay() {
    let mode = |hour: u32, mode: &str| format!("{{ at: {hour}h, call: {{ update_stream_mode: {mode} }} }}");
    let tape = run(&format!(
        "duration: 5h\nstreams: {{ s: {{ shards: 3, changes: [{}, {}, {}, {{ at: 4h, call: {{ split_shard: {{ shard: 0 }} }} }}] }} }}",
        mode(1, "on_demand"),
        mode(2, "provisioned"),
        mode(3, "on_demand")
    ));
    let told: Vec<_> = tape.activities.iter().map(|activity| activity.status).collect();
    assert_eq!(told, ["Successful", "Successful", "LimitExceededException", "Successful"]);
    assert_eq!(value(&tape, "s", "open_shards", "last"), 4.0);
}

#[test]
fn a_stream_on_demand_begins_with_twice_its_peak_and_can_be_warmed_up() {
    let shards = |stream: &str| {
        let tape = run(&format!("duration: 1h\nstreams: {{ s: {stream} }}"));
        (value(&tape, "s", "open_shards", "min"), value(&tape, "s", "open_shards", "last"))
    };
    assert_eq!(shards("{ capacity_mode: on_demand }"), (4.0, 4.0));
    assert_eq!(shards("{ capacity_mode: on_demand, peak_write_throughput: 40MiB }"), (80.0, 80.0));
    let warm =
        "{ capacity_mode: on_demand, changes: [{ at: 1m, call: { update_stream_warm_throughput: 10MiB } }] }";
    assert_eq!(shards(warm), (4.0, 10.0));
}

/// A stream whose shards an alarm on its incoming records scales, by `UpdateShardCount` and its limits.
fn scaled(most: u32, adjustment: u32) -> queuelab::record::Tape {
    run(&format!(
        "duration: 40m\nassumptions: {{ alarm_evaluation_second: 0, kinesis_reshard_time: 30s }}\n\
         streams:\n  s:\n    shards: 2\n    application_auto_scaling:\n      maximum_capacity: {most}\n      policies:\n        \
         - step_scaling:\n            alarm: busy\n            adjustment_type: ChangeInCapacity\n            cooldown: 60s\n            \
         step_adjustments: [{{ lower_bound: 0, scaling_adjustment: {adjustment} }}]\nproducers:\n  p:\n    \
         publishes_to: {{ stream: s }}\n    arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 50/s }}, \
         {{ at: 30m, rate: 0/s }}] }} }}\n    message: {{ partition_key: {{ uniform: 100 }} }}\nstream_consumers:\n  \
         c: {{ reads_from: {{ stream: s }}, processing_time: 1ms }}\nalarms:\n  busy:\n    \
         metric: {{ stream: s, name: IncomingRecords }}\n    statistic: Sum\n    threshold: 1000\n    \
         comparison_operator: GreaterThanThreshold\n    evaluation_periods: 1\n"
    ))
}

#[test]
fn a_policy_changes_the_number_of_shards_within_the_limits_of_the_call() {
    let tape = scaled(5, 1);
    assert_eq!(value(&tape, "s", "open_shards", "last"), 5.0);
    assert_eq!(sum(&tape, "c", "out_of_order"), 0);
    assert_eq!(sum(&tape, "c", "messages_processed"), sum(&tape, "p", "messages_produced"));
    let calls = |tape: &queuelab::record::Tape| {
        let calls = tape.activities.iter().filter(|row| row.policy == "UpdateShardCount");
        calls.map(|row| (row.old_desired, row.new_desired, row.status)).collect::<Vec<_>>()
    };
    let good: Vec<_> = calls(&tape)
        .into_iter()
        .filter(|(.., status)| *status == "Successful")
        .map(|(a, b, _)| (a, b))
        .collect();
    assert_eq!(good, [(2, 3), (3, 4), (4, 5)]);
    // Six more at once are more than double: the call takes four, the next one eight.
    let tape = scaled(30, 6);
    let good: Vec<_> = calls(&tape)
        .into_iter()
        .filter(|(.., status)| *status == "Successful")
        .map(|(a, b, _)| (a, b))
        .collect();
    assert_eq!(good[..2], [(2, 4), (4, 8)]);
    // Ten calls in 24 hours, not more.
    assert!(good.len() <= 10, "{good:?}");
}

#[test]
fn what_policies_of_a_stream_cannot_be_is_told() {
    for (stream, told) in [
        ("capacity_mode: on_demand, application_auto_scaling: { maximum_capacity: 5 }", "scales by itself"),
        ("shards: 6, application_auto_scaling: { maximum_capacity: 5 }", "outside of these bounds"),
        ("application_auto_scaling: { minimum_capacity: 3, maximum_capacity: 2 }", "fewer than the fewest"),
        (
            "application_auto_scaling: { maximum_capacity: 2, policies: [{ step_scaling: { alarm: nobody, step_adjustments: [{ scaling_adjustment: 1 }] } }] }",
            "`nobody`",
        ),
    ] {
        let text = format!("name: x\nduration: 1m\nstreams: {{ s: {{ {stream} }} }}\n");
        let loaded =
            queuelab::scenario::Scenario::load("x.yaml", text.as_bytes(), &[], &queuelab::language::NoFiles);
        let error = loaded.expect_err("it is wrong").to_string();
        assert!(error.contains(told), "{stream}: {error}");
    }
}

#[test]
fn a_shard_is_split_so_long_after_it_became_warm() {
    for (duration, splits) in [("119s", 0), ("121s", 1)] {
        let tape = run(&format!(
            "duration: {duration}\nassumptions: {{ kinesis_split_delay: 2m }}\nstreams: {{ s: {{ capacity_mode: on_demand }} }}\n\
             producers:\n  p:\n    publishes_to: {{ stream: s }}\n    arrivals: {{ constant: {{ rate: 10/s }} }}\n    \
             message: {{ size: 60KiB, partition_key: k }}\n"
        ));
        assert_eq!(sum(&tape, "s", "splits"), splits, "{duration}");
    }
}
