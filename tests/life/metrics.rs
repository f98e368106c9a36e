//! The metrics of a group as CloudWatch gets them.

use super::{changing, group, run};
use queuelab::record::Tape;

const NAMES: [&str; 21] = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolMinSize",
    "WarmPoolDesiredCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
];

fn published(tape: &Tape) -> Vec<&'static str> {
    let series = tape.metrics.iter().filter(|series| series.definition.namespace == "AWS/AutoScaling");
    let with_points = series.filter(|series| !series.datapoints.is_empty());
    let mut names: Vec<_> = with_points.filter_map(|series| series.definition.cloudwatch_name).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_group_publishes_what_it_collects() {
    let mut all = NAMES.to_vec();
    all.sort_unstable();
    let keys = "min_size: 1\nmax_size: 3\nwarm_pool: {}";
    assert_eq!(published(&run(&group(keys, 300))), all);
    assert!(published(&run(&group(&format!("{keys}\nmetrics_collection: none"), 300))).is_empty());
    let some = "metrics_collection: { only: [GroupDesiredCapacity, GroupMinSize] }";
    assert_eq!(
        published(&run(&group(&format!("{keys}\n{some}"), 300))),
        ["GroupDesiredCapacity", "GroupMinSize"]
    );
    let without_pool = published(&run(&group("min_size: 1\nmax_size: 3", 300)));
    assert!(without_pool.len() == 13 && without_pool.iter().all(|name| !name.contains("WarmPool")));
}

#[test]
fn without_its_metrics_a_group_has_no_backlog_per_instance() {
    let tracked = |collection: &str| {
        let keys = format!(
            "min_size: 1\nmax_size: 5\n{collection}policies: [{{ target_tracking: {{ metric: backlog_per_instance, target_value: 1 }} }}]"
        );
        let text = super::group_with_work(1_000, "10s", &keys, 1_200);
        run(&text).activities.iter().filter(|one| one.status == "Successful").count()
    };
    assert!(tracked("") > 0);
    assert_eq!(tracked("metrics_collection: none\n"), 0);
    assert_eq!(tracked("metrics_collection: { only: [GroupMinSize] }\n"), 0);
    assert!(tracked("metrics_collection: { only: [GroupInServiceInstances] }\n") > 0);
}

#[test]
fn alarms_can_watch_every_metric_of_a_group() {
    for name in NAMES {
        let text = changing(&group("min_size: 1\nmax_size: 3\nwarm_pool: {}", 300), 1).replace(
            "{ queue: q, name: ApproximateNumberOfMessagesVisible }",
            &format!("{{ consumer: w, name: {name} }}"),
        );
        let tape = run(&text);
        assert_eq!(tape.alarms.first().map(|change| change.new_state), Some("ALARM"), "{name}");
    }
}
