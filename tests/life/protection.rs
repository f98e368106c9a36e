//! Scale-in protection and termination policies.

use super::{acts_at, changing, check_close, count, group, group_with_work, load, run, states, value};

const TWO: &str = "min_size: 1\nmax_size: 2\ndesired_capacity: 2\ntermination: kill\n";

#[test]
fn protected_instances_stay_although_desired_falls() {
    let keys = format!(
        "{TWO}new_instances_protected_from_scale_in: true\ninstance_protection: [{{ at: 300s, protected: false }}]"
    );
    let tape = run(&changing(&group(&keys, 600), -1));
    check_close(value(&tape, "w", "desired_capacity", "last"), 1.0, "desired");
    assert_eq!(tape.activities[0].status, "Successful");
    assert_eq!(states(&tape, 1), [(0, "InService"), (300, "Terminating"), (330, "Terminated")]);
    assert_eq!(states(&tape, 2).len(), 1);
}

#[test]
fn protection_may_also_be_set() {
    let keys = format!("{TWO}instance_protection: [{{ at: 10s, protected: true }}]");
    let tape = run(&changing(&group(&keys, 600), -1));
    check_close(value(&tape, "w", "instances_in_service", "min"), 2.0, "in service");
}

#[test]
fn an_instance_that_works_protects_itself_until_it_has_finished() {
    let keys = format!("{TWO}protect_while_processing: true");
    let tape = run(&changing(&group_with_work(2, "100s", &keys, 600), -1));
    assert_eq!(count(&tape, "w", "messages_abandoned"), 0);
    assert_eq!(count(&tape, "w", "messages_processed"), 2);
    // Both are busy when the policy acts; the first that finishes goes.
    let gone = [(0, "InService"), (130, "Terminating"), (160, "Terminated")];
    let (first, second) = (states(&tape, 1), states(&tape, 2));
    assert!((first == gone) != (second == gone), "{first:?} {second:?}");
    let unprotected = run(&changing(&group_with_work(2, "100s", TWO, 600), -1));
    assert_eq!(count(&unprotected, "w", "messages_abandoned"), 1);
}

#[test]
fn an_idle_instance_goes_before_the_busy_one() {
    let keys = format!("{TWO}protect_while_processing: true\ntermination_policy: OldestInstance");
    let tape = run(&changing(&group_with_work(1, "100s", &keys, 600), -1));
    assert_eq!(states(&tape, 1).len(), 1, "the oldest has the message");
    assert_eq!(states(&tape, 2)[1], (acts_at(), "Terminating"));
}

#[test]
fn protection_is_from_scale_in_only() {
    let keys =
        |what: &str| format!("min_size: 1\nmax_size: 2\nnew_instances_protected_from_scale_in: true\n{what}");
    let by_hand = run(&group(&keys("terminate_instances: [{ at: 100s }]"), 600));
    assert_eq!(states(&by_hand, 1)[1], (100, "Terminating"));
    let unhealthy = run(&group(&keys("instance_failures: [{ at: 100s }]"), 600));
    assert_eq!(states(&unhealthy, 1)[1], (120, "Terminating"));
    let spot = "spot: { on_demand_percentage_above_base_capacity: 0%, interruptions: [{ at: 100s }] }";
    assert_eq!(states(&run(&group(&keys(spot), 600)), 1)[1], (240, "Terminating"));
}

/// Three instances; the first is replaced at 10 s, so that they are 2, 3 and 4, the last of them launched later.
fn first_to_go(policies: &str) -> u64 {
    let keys = format!(
        "min_size: 1\nmax_size: 3\ndesired_capacity: 3\nterminate_instances: [{{ at: 10s }}]\n{policies}"
    );
    let tape = run(&changing(&group(&keys, 300), -1));
    let gone = (2..=4).filter(|instance| states(&tape, *instance).last().unwrap().1 == "Terminated");
    let gone: Vec<u64> = gone.collect();
    assert_eq!(gone.len(), 1, "{policies}: {gone:?}");
    gone[0]
}

#[test]
fn termination_policies_choose_as_they_say() {
    assert_eq!(first_to_go("termination_policy: OldestInstance"), 2);
    assert_eq!(first_to_go("termination_policy: NewestInstance"), 4);
    // At about 100 s the one launched at 10 s is furthest from its next hour.
    assert!(first_to_go("termination_policy: ClosestToNextInstanceHour") < 4);
    assert!(first_to_go("termination_policy: Default") < 4);
    assert_eq!(first_to_go("termination_policies: [ClosestToNextInstanceHour, NewestInstance]"), 3);
    assert_eq!(first_to_go("termination_policies: [ClosestToNextInstanceHour, OldestInstance]"), 2);
    assert_eq!(first_to_go("termination_policies: [NewestInstance, Default]"), 4);
}

#[test]
fn the_allocation_strategy_keeps_the_mix() {
    let keys = "min_size: 2\nmax_size: 4\ndesired_capacity: 4\nspot: { on_demand_base_capacity: 2, on_demand_percentage_above_base_capacity: 0% }\ntermination_policies: [AllocationStrategy, OldestInstance]";
    let tape = run(&changing(&group(keys, 300), -2));
    let ends: Vec<_> = (1..=4).map(|instance| states(&tape, instance).last().unwrap().1).collect();
    assert_eq!(ends, ["InService", "InService", "Terminated", "Terminated"]);
}

#[test]
fn policies_in_an_order_that_aws_refuses_are_told() {
    let problem = |policies: &str| {
        let text = group(&format!("min_size: 1\nmax_size: 1\n{policies}"), 60);
        load(&format!("name: life\n{text}")).expect_err("it is refused")
    };
    assert!(problem("termination_policies: [Default, OldestInstance]").contains("must be the last"));
    assert!(problem("termination_policies: [OldestInstance, OldestInstance]").contains("there twice"));
    let both = "termination_policy: Default\ntermination_policies: [Default]";
    assert!(problem(both).contains("either `termination_policy` or `termination_policies`"));
}
