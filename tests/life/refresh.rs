//! Instance refreshes: how many at once, checkpoints, what is in the way, failures and rollbacks.

use super::{activities, count, group, group_with_work, load, run, since, value};
use queuelab::record::Tape;

/// A group of so many instances that is refreshed at 100 s with these preferences.
fn refreshed(instances: u32, preferences: &str, more: &str, seconds: u32) -> String {
    group(&keys(instances, preferences, more), seconds)
}

fn keys(instances: u32, preferences: &str, more: &str) -> String {
    format!(
        "min_size: 0\nmax_size: 100\ndesired_capacity: {instances}\ninstance_refreshes:\n  - at: 100s\n    preferences: {{ {preferences} }}\n{more}"
    )
}

/// What the refresh told: second and status, without the rows of single instances.
fn told(tape: &Tape) -> Vec<(u64, &'static str)> {
    let is_told = |cause: &str| cause.to_lowercase().contains("refresh") && !cause.starts_with("Terminating");
    let refresh = tape.activities.iter().filter(|one| is_told(&one.cause));
    refresh.map(|one| (one.time.as_nanos() / 1_000_000_000, one.status)).collect()
}

/// Seconds at which instances launched during the run came into service.
fn arrivals(tape: &Tape, from: u64, to: u64) -> Vec<u64> {
    (from..=to).filter_map(|instance| since(tape, instance, "InService")).collect()
}

/// The fewest in service and the most in service or pending, from the start of the refresh on.
fn extremes(tape: &Tape) -> (u32, u32) {
    let mut states: Vec<&str> = Vec::new();
    let (mut fewest, mut most) = (u32::MAX, 0);
    let mut changes = tape.instances.iter().peekable();
    while let Some(change) = changes.next() {
        let place = change.instance as usize;
        if states.len() <= place {
            states.resize(place + 1, "");
        }
        states[place] = change.state;
        let is_last_of_instant = changes.peek().is_none_or(|next| next.time > change.time);
        if is_last_of_instant {
            let serving = states.iter().filter(|state| **state == "InService").count() as u32;
            let pending = states.iter().filter(|state| **state == "Pending").count() as u32;
            fewest = fewest.min(serving);
            most = most.max(serving + pending);
        }
    }
    (fewest, most)
}

#[test]
fn ninety_percent_of_ten_is_one_at_a_time() {
    let tape = run(&refreshed(10, "min_healthy_percentage: 90", "", 600));
    assert_eq!(arrivals(&tape, 11, 20), [120, 140, 160, 180, 200, 220, 240, 260, 280, 300]);
    assert_eq!(told(&tape), [(100, "InProgress"), (300, "Successful")]);
    assert_eq!(count(&tape, "w", "instances_refreshed"), 10);
    assert_eq!(extremes(&tape), (9, 10));
    // Old and new overlap: it is terminated and its replacement launched at the same time.
    assert_eq!(since(&tape, 1, "Terminating"), Some(100));
    assert_eq!(since(&tape, 11, "Pending"), Some(100));
    assert!(since(&tape, 21, "Pending").is_none());
}

#[test]
fn the_share_that_stays_is_rounded_up_and_without_room_it_is_one_at_a_time() {
    // 90 % of 5 are 4.5, so 5: no room. One at a time all the same.
    let tape = run(&refreshed(5, "min_healthy_percentage: 90", "", 600));
    assert_eq!(arrivals(&tape, 6, 10), [120, 140, 160, 180, 200]);
    let tape = run(&refreshed(5, "min_healthy_percentage: 100", "", 600));
    assert_eq!(arrivals(&tape, 6, 10), [120, 140, 160, 180, 200]);
    assert_eq!(extremes(&tape), (4, 5));
    // 41 % of 5 are 2.05, so 3: two at a time.
    let tape = run(&refreshed(5, "min_healthy_percentage: 41", "", 600));
    assert_eq!(arrivals(&tape, 6, 10), [120, 120, 140, 140, 160]);
    // None needs to stay: all at once.
    let tape = run(&refreshed(5, "min_healthy_percentage: 0", "", 600));
    assert_eq!(arrivals(&tape, 6, 10), [120; 5]);
    assert_eq!(extremes(&tape), (0, 5));
}

#[test]
fn above_one_hundred_percent_the_replacement_comes_first() {
    let tape = run(&refreshed(10, "min_healthy_percentage: 100, max_healthy_percentage: 110", "", 600));
    assert_eq!(arrivals(&tape, 11, 20), [120, 140, 160, 180, 200, 220, 240, 260, 280, 300]);
    assert_eq!(since(&tape, 1, "Terminating"), Some(120), "only when the new one is in service");
    assert_eq!(extremes(&tape), (10, 11));
    assert_eq!(told(&tape), [(100, "InProgress"), (300, "Successful")]);
    // 110 % of 4 are 4.4: one more at least.
    let tape = run(&refreshed(4, "min_healthy_percentage: 100, max_healthy_percentage: 110", "", 600));
    assert_eq!(extremes(&tape), (4, 5));
    // Room above and below: three at once.
    let tape = run(&refreshed(10, "min_healthy_percentage: 90, max_healthy_percentage: 120", "", 600));
    assert_eq!(arrivals(&tape, 11, 13), [120, 120, 120]);
    assert_eq!(extremes(&tape), (9, 12));
}

#[test]
fn the_group_stays_within_its_bounds() {
    for desired in [1, 2, 3, 7, 10] {
        for (min, max) in
            [(0, 100), (50, 100), (90, 100), (50, 150), (75, 110), (90, 120), (100, 110), (100, 200)]
        {
            let preferences = format!("min_healthy_percentage: {min}, max_healthy_percentage: {max}");
            let tape = run(&refreshed(desired, &preferences, "", 1_200));
            let what = format!("{desired} instances, {min} % to {max} %");
            let least = (desired * min).div_ceil(100);
            let is_tight = least == desired && max == 100;
            let most = (desired * max / 100).max(desired + u32::from(max > 100));
            let (fewest, found) = extremes(&tape);
            assert!(fewest >= least - u32::from(is_tight), "{what}: {fewest} in service");
            assert!(found <= most, "{what}: {found} there");
            assert_eq!(count(&tape, "w", "instances_refreshed"), u64::from(desired), "{what}");
            assert_eq!(value(&tape, "w", "instances_in_service", "last"), f64::from(desired), "{what}");
            assert_eq!(told(&tape).last().map(|row| row.1), Some("Successful"), "{what}");
        }
    }
}

#[test]
fn a_new_instance_counts_when_it_is_warm() {
    let own = run(&refreshed(2, "min_healthy_percentage: 50, instance_warmup: 60s", "", 600));
    assert_eq!(arrivals(&own, 3, 4), [120, 200]);
    assert_eq!(told(&own), [(100, "InProgress"), (260, "Successful")]);
    // The group's warm-up, then the grace period of its health checks.
    let of_group = run(&refreshed(2, "min_healthy_percentage: 50", "instance_warmup: 30s", 600));
    assert_eq!(arrivals(&of_group, 3, 4), [120, 170]);
    let of_checks =
        run(&refreshed(2, "min_healthy_percentage: 50", "health_check: { grace_period: 40s }", 600));
    assert_eq!(arrivals(&of_checks, 3, 4), [120, 180]);
}

#[test]
fn checkpoints_pause_it_and_hold_back_what_exceeds_them() {
    let preferences =
        "min_healthy_percentage: 80, checkpoint_percentages: [20, 50, 100], checkpoint_delay: 60s";
    let tape = run(&refreshed(10, preferences, "", 900));
    // Two until 20 %; after the pause two, then only one until 50 %; after the pause two, two and one.
    assert_eq!(arrivals(&tape, 11, 20), [120, 120, 200, 200, 220, 300, 300, 320, 320, 340]);
    let rows = [(100, "InProgress"), (120, "InProgress"), (220, "InProgress"), (340, "Successful")];
    assert_eq!(told(&tape), rows);
    let half = &tape.activities.iter().find(|one| one.cause.contains("50 %")).expect("a checkpoint").cause;
    assert!(half.contains("5 of 10 instances are new"), "{half}");
}

#[test]
fn the_last_checkpoint_ends_it_and_the_default_delay_is_an_hour() {
    let tape = run(&refreshed(4, "min_healthy_percentage: 50, checkpoint_percentages: [25, 50]", "", 7_200));
    assert_eq!(arrivals(&tape, 5, 8), [120, 3_740]);
    assert_eq!(told(&tape), [(100, "InProgress"), (120, "InProgress"), (3_740, "Successful")]);
}

#[test]
fn with_skip_matching_nothing_is_replaced_that_is_right_already() {
    let text = |version: &str| {
        group(
            &format!(
                "min_size: 0\nmax_size: 9\ndesired_capacity: 3\ninstance_refreshes:\n  - at: 100s\n    desired_configuration: {{ launch_template_version: \"{version}\" }}\n    preferences: {{ skip_matching: true, min_healthy_percentage: 0 }}"
            ),
            600,
        )
    };
    let same = run(&text("1"));
    assert_eq!(told(&same), [(100, "InProgress"), (100, "Successful")]);
    assert_eq!(count(&same, "w", "instances_refreshed"), 0);
    let other = run(&text("2"));
    assert_eq!(count(&other, "w", "instances_refreshed"), 3);
    // The second refresh to the same version finds nothing to do.
    let again = text("2")
        + "        - at: 300s\n          desired_configuration: { launch_template_version: \"2\" }\n          preferences: { skip_matching: true }\n";
    let again = run(&again);
    assert_eq!(count(&again, "w", "instances_refreshed"), 3);
    assert_eq!(told(&again).len(), 4);
}

#[test]
fn protected_instances_are_waited_for_ignored_or_replaced() {
    let with = |way: &str, protection: &str| {
        run(&refreshed(
            2,
            &format!("min_healthy_percentage: 0, scale_in_protected_instances: {way}"),
            &format!("instance_protection: [{protection}]"),
            5_000,
        ))
    };
    let on = "{ at: 50s, protected: true }";
    let waits = with("Wait", on);
    assert_eq!(told(&waits), [(100, "InProgress"), (3_700, "Failed")], "after an hour");
    let lifted = with("Wait", &format!("{on}, {{ at: 1000s, protected: false }}"));
    assert_eq!(count(&lifted, "w", "instances_refreshed"), 2);
    assert_eq!(told(&lifted)[0], (100, "InProgress"));
    let ignores = with("Ignore", on);
    assert_eq!(told(&ignores), [(100, "InProgress"), (100, "Successful")]);
    assert_eq!(count(&ignores, "w", "instances_refreshed"), 0);
    let replaces = with("Refresh", on);
    assert_eq!(told(&replaces), [(100, "InProgress"), (120, "Successful")]);
    assert_eq!(count(&replaces, "w", "instances_refreshed"), 2);
}

#[test]
fn instances_in_standby_are_waited_for_ignored_or_terminated() {
    let with = |way: &str, duration: &str| {
        run(&refreshed(
            2,
            &format!("min_healthy_percentage: 0, standby_instances: {way}"),
            &format!("standby: [{{ at: 50s{duration}, decrement: false }}]"),
            5_000,
        ))
    };
    assert_eq!(
        told(&with("Wait", "")).last(),
        Some(&(3_760, "Failed")),
        "at the first look an hour after it"
    );
    let ignores = with("Ignore", "");
    assert_eq!(told(&ignores).last(), Some(&(120, "Successful")));
    assert_eq!(super::states(&ignores, 1).last(), Some(&(50, "Standby")));
    let terminates = with("Terminate", "");
    assert_eq!(told(&terminates).last(), Some(&(120, "Successful")));
    assert_eq!(since(&terminates, 1, "Terminating"), Some(100));
}

#[test]
fn one_refresh_at_a_time_and_what_is_cancelled_stays_as_it_is() {
    let more = "  - at: 110s\n  - { at: 400s, cancelled_at: 450s }";
    let tape = run(&group(&format!("{}{more}", keys(10, "min_healthy_percentage: 80", "")), 600));
    let rows =
        [(100, "InProgress"), (110, "Failed"), (200, "Successful"), (400, "InProgress"), (450, "Cancelled")];
    assert_eq!(told(&tape), rows);
    // One at a time from 400 s on: two are in service, the third finishes its launch.
    assert_eq!(arrivals(&tape, 21, 30), [420, 440, 460]);
    assert_eq!(value(&tape, "w", "instances_in_service", "last"), 10.0);
}

/// A refresh to a version 2, and an alarm that goes off in the minute after 300 s.
fn alarmed(preferences: &str, more: &str) -> Tape {
    let keys = format!(
        "min_size: 0\nmax_size: 20\ndesired_capacity: 10\ninstance_refreshes:\n  - at: 240s\n    desired_configuration: {{ launch_template_version: \"2\" }}\n    preferences: {{ alarm_specification: {{ alarms: [bad] }}, {preferences} }}\n{more}"
    );
    run(&format!(
        "{}custom_metrics:
  bad: {{ values: [0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], metric_delay: 0s }}
alarms:
  bad: {{ metric: {{ custom_metric: bad }}, threshold: 1 }}
",
        group(&keys, 1_800)
    ))
}

#[test]
fn an_alarm_makes_it_fail_and_auto_rollback_undoes_it() {
    let fails = alarmed("min_healthy_percentage: 90", "");
    let rows = told(&fails);
    assert_eq!((rows.len(), rows[1].1), (2, "Failed"), "{rows:?}");
    assert!(fails.activities.iter().any(|one| one.cause.contains("alarm bad is in ALARM")));
    let at = rows[1].0;
    assert!((360..=430).contains(&at), "{at}: when the alarm has seen the minute that began at 300 s");
    // A replacement every 20 s from 240 s on; the rest stays as it was.
    let replaced = (at - 240).div_ceil(20);
    assert_eq!(count(&fails, "w", "instances_refreshed"), replaced);

    let undone = alarmed("min_healthy_percentage: 90, auto_rollback: true", "");
    let rows = told(&undone);
    let statuses: Vec<&str> = rows.iter().map(|row| row.1).collect();
    assert_eq!(statuses, ["InProgress", "RollbackInProgress", "RollbackSuccessful"]);
    assert_eq!(rows[1].0, at);
    assert_eq!(count(&undone, "w", "instances_refreshed"), 2 * replaced, "each new one once more");
    assert_eq!(value(&undone, "w", "instances_in_service", "last"), 10.0);

    let launches_first =
        "min_healthy_percentage: 100, max_healthy_percentage: 130, instance_warmup: 60s, auto_rollback: true";
    let first = alarmed(launches_first, "");
    let statuses: Vec<&str> = told(&first).iter().map(|row| row.1).collect();
    assert_eq!(statuses, ["InProgress", "RollbackInProgress", "RollbackSuccessful"]);
    assert_eq!(extremes(&first).0, 10, "never below");
    assert_eq!(value(&first, "w", "instances_in_service", "last"), 10.0);
}

#[test]
fn it_bakes_at_its_end_and_an_alarm_still_counts() {
    let tape = run(&refreshed(2, "min_healthy_percentage: 0, bake_time: 5m", "", 900));
    assert_eq!(told(&tape), [(100, "InProgress"), (120, "Baking"), (420, "Successful")]);
    let undone = alarmed("min_healthy_percentage: 0, bake_time: 10m, auto_rollback: true", "");
    let statuses: Vec<&str> = told(&undone).iter().map(|row| row.1).collect();
    assert_eq!(statuses, ["InProgress", "Baking", "RollbackInProgress", "RollbackSuccessful"]);
}

#[test]
fn it_is_rolled_back_by_hand() {
    let keys = "min_size: 0\nmax_size: 20\ndesired_capacity: 10\ninstance_refreshes:\n  - at: 100s\n    rolled_back_at: 150s\n    desired_configuration: { launch_template_version: \"2\" }\n    preferences: { min_healthy_percentage: 80 }";
    let tape = run(&group(keys, 600));
    let statuses: Vec<&str> = told(&tape).iter().map(|row| row.1).collect();
    assert_eq!(statuses, ["InProgress", "RollbackInProgress", "RollbackSuccessful"]);
    // Six were replaced or were about to be; the pending ones are replaced when they are in service.
    assert_eq!(count(&tape, "w", "instances_refreshed"), 12);
}

#[test]
fn launches_that_fail_make_it_fail_after_an_hour() {
    let more = "capacity_errors: { windows: [{ at: 90s, duration: 3h }] }\nlaunch_retry_maximum: 60s";
    let tape = run(&refreshed(10, "min_healthy_percentage: 80", more, 6_000));
    assert_eq!(told(&tape), [(100, "InProgress"), (3_700, "Failed")]);
    assert_eq!(count(&tape, "w", "instances_refreshed"), 2, "no more than it may");
    assert_eq!(extremes(&tape).0, 8);
}

#[test]
fn a_suspended_process_holds_it_up() {
    for process in ["InstanceRefresh", "Launch", "Terminate"] {
        let more = format!("suspended_processes: [{{ at: 90s, duration: 100s, processes: [{process}] }}]");
        let tape = run(&refreshed(2, "min_healthy_percentage: 50", &more, 600));
        assert_eq!(told(&tape).last().map(|row| row.1), Some("Successful"), "{process}");
        assert_eq!(count(&tape, "w", "instances_refreshed"), 2, "{process}");
        assert!(since(&tape, 3, "Pending").is_some_and(|at| at >= 190), "{process}");
    }
}

#[test]
fn scaling_goes_on_meanwhile_with_the_new_version() {
    let more = "set_desired_capacity: [{ at: 130s, desired_capacity: 14 }]";
    let tape = run(&refreshed(10, "min_healthy_percentage: 90", more, 900));
    assert_eq!(value(&tape, "w", "instances_in_service", "last"), 14.0);
    assert_eq!(count(&tape, "w", "instances_refreshed"), 10, "those launched meanwhile are new");
    assert_eq!(activities(&tape).last().map(|row| (row.1, row.2)), Some(("Successful", 14)));
}

#[test]
fn the_new_version_does_what_its_configuration_says() {
    let keys = "min_size: 1\nmax_size: 1\ninstance_refreshes:\n  - at: 0s\n    desired_configuration: { launch_template_version: \"2\", processing_time: 2s }\n    preferences: { min_healthy_percentage: 0 }";
    // The messages come at 30 s, when the new instance is in service since 20 s.
    let slow = run(&group_with_work(10, "1s", keys, 600));
    assert_eq!(value(&slow, "w", "processing_time", "min"), 2.0);
    let fails =
        run(&group_with_work(10, "1s", &keys.replace("processing_time: 2s", "failure_rate: 100%"), 200));
    assert_eq!(value(&fails, "w", "processing_time", "max"), 1.0);
    assert_eq!((count(&fails, "w", "failures"), count(&fails, "w", "messages_processed")), (10, 0));
}

#[test]
fn a_group_without_instances_is_refreshed_at_once() {
    let tape = run(&refreshed(0, "", "", 600));
    assert_eq!(told(&tape), [(100, "InProgress"), (100, "Successful")]);
}

#[test]
fn what_aws_refuses_of_a_refresh_is_an_error() {
    let wrong = |refresh: &str| {
        let text = group(&format!("max_size: 3\ninstance_refreshes:\n  - {{ at: 100s, {refresh} }}"), 600);
        load(&format!("name: life\n{text}")).expect_err(refresh)
    };
    let preferences = |keys: &str| wrong(&format!("preferences: {{ {keys} }}"));
    let cases = [
        (preferences("min_healthy_percentage: 101"), "from 0 to 100"),
        (preferences("min_healthy_percentage: 90, max_healthy_percentage: 99"), "from 100 to 200"),
        (preferences("max_healthy_percentage: 110"), "needs `min_healthy_percentage`"),
        (preferences("min_healthy_percentage: 50, max_healthy_percentage: 151"), "100 at most above"),
        (preferences("checkpoint_delay: 5m"), "needs `checkpoint_percentages`"),
        (preferences("checkpoint_percentages: [50, 20, 100]"), "checkpoints go up"),
        (preferences("checkpoint_percentages: [50, 50, 100]"), "checkpoints go up"),
        (preferences("checkpoint_percentages: [0, 100]"), "from 1 to 100"),
        (preferences("checkpoint_percentages: [100], checkpoint_delay: 49h"), "from 0s to 2d"),
        (preferences("bake_time: 49h"), "from 0s to 2d"),
        (preferences("auto_rollback: true"), "`auto_rollback` needs a `desired_configuration`"),
        (preferences("alarm_specification: { alarms: [nobody] }"), "no alarm"),
        (wrong("rolled_back_at: 200s"), "`rolled_back_at` needs a `desired_configuration`"),
        (wrong("cancelled_at: 50s"), "before the refresh starts"),
        (
            wrong("desired_configuration: { launch_template_version: \"1\", failure_rate: 5% }"),
            "has been said already",
        ),
    ];
    for (told, wanted) in &cases {
        assert!(told.contains(wanted), "{wanted:?} is told:\n{told}");
    }
}
