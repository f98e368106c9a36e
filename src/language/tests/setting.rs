//! `--set`: what it changes, and what it refuses.

use super::*;

const TEXT: &str = "name: n\nqueues:\n  orders: { visibility_timeout: 30s, weights: [1, 2] }\n  a.b:\n";

fn set(argument: &str) -> Result<Root, String> {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let mut root = parse(&mut sources, "scenario.yaml", TEXT, &mut problems).expect("a tree");
    apply_set(&mut root, &mut sources, argument, &["assumptions"], &mut problems);
    let decoded = Root::decode(&root, &mut problems);
    match decoded {
        Some(decoded) if !problems.has_errors() => Ok(decoded),
        _ => Err(problems.render(&sources, false)),
    }
}

#[test]
fn replaces_and_adds() {
    let timeout = |argument: &str, queue: &str| {
        let root = set(argument).unwrap_or_else(|problems| panic!("{problems}"));
        root.queues.get(queue).expect("the queue").visibility_timeout.to_string()
    };
    assert_eq!(timeout("queues.orders.visibility_timeout=5m", "orders"), "5m");
    assert_eq!(timeout("queues.\"a.b\".visibility_timeout=5m", "a.b"), "5m");
    assert_eq!(timeout("queues.new={ visibility_timeout: 7s }", "new"), "7s");
    let weights =
        |argument: &str| set(argument).expect("valid").queues.get("orders").expect("it").weights.clone();
    assert_eq!(weights("queues.orders.weights.1=5"), [1.0, 5.0]);
    assert_eq!(weights("queues.orders.weights[0]=5"), [5.0, 2.0]);
    assert_eq!(weights("queues.orders.weights=[7]"), [7.0]);
    assert_eq!(timeout("queues.orders=null", "orders"), "30s", "as if nothing stood behind the colon");
}

#[test]
fn refuses_with_a_place_in_the_argument() {
    let mut all = String::new();
    for argument in [
        "queues.ordrs.visibility_timeout=5m",
        "queues.orders.visiblity_timeout=5m",
        "queues.orders.visibility_timeout=5",
        "queues.orders.weights[7]=5",
        "name.first=x",
        "duration",
        "=4h",
        "name=[1",
    ] {
        let problems = set(argument).expect_err(argument);
        all.push_str(&problems);
        all.push('\n');
    }
    insta::assert_snapshot!(all, @r#"
    error: `queues` has no `ordrs`
     --> --set queues.ordrs.visibility_timeout=5m:1:8
      |
    1 | queues.ordrs.visibility_timeout=5m
      |        ^^^^^ does not exist
      |
      = help: did you mean `orders`?

    1 problem in --set queues.ordrs.visibility_timeout=5m

    error: unknown key `visiblity_timeout`
     --> --set queues.orders.visiblity_timeout=5m:1:15
      |
    1 | queues.orders.visiblity_timeout=5m
      |               ^^^^^^^^^^^^^^^^^ no such key here
      |
      = help: did you mean `visibility_timeout`?

    1 problem in --set queues.orders.visiblity_timeout=5m

    error: expected a duration such as `30s`, found the number 5
     --> --set queues.orders.visibility_timeout=5:1:34
      |
    1 | queues.orders.visibility_timeout=5
      |                                  ^
      |
      = help: write a unit: `5s` or `5ms`

    1 problem in --set queues.orders.visibility_timeout=5

    error: `queues.orders.weights` is a list and has no item `7`
     --> --set queues.orders.weights[7]=5:1:22
      |
    1 | queues.orders.weights[7]=5
      |                      ^^^ does not exist
      |
      = note: its items are numbered 0 to 1

    1 problem in --set queues.orders.weights[7]=5

    error: `name` is the text `n` and has no `first`
     --> --set name.first=x:1:6
      |
    1 | name.first=x
      |      ^^^^^ does not exist

    1 problem in --set name.first=x

    error: expected `path=value`
     --> --set duration:1:1
      |
    1 | duration
      | ^^^^^^^^ nothing is set to a value
      |
      = help: write `--set queues.orders.visibility_timeout=5m`

    1 problem in --set duration

    error: expected `path=value`
     --> --set =4h:1:1
      |
    1 | =4h
      | ^ a name is missing
      |
      = help: write `--set queues.orders.visibility_timeout=5m`

    1 problem in --set =4h

    error: this is not valid YAML: unclosed bracket '['
     --> --set name=[1:1:6
      |
    1 | name=[1
      |      ^

    1 problem in --set name=[1
    "#);
}

#[test]
fn only_settings_are_begun() {
    let told = |argument: &str| set(argument).expect_err(argument);
    // The section is begun, and then nobody knows it.
    assert!(
        told("assumptions.delay=3").contains("unknown key `assumptions`"),
        "{}",
        told("assumptions.delay=3")
    );
    assert!(told("prices.sqs=3").contains("the scenario has no `prices`"), "{}", told("prices.sqs=3"));
    let inner = told("queues.orders.redrive_policy.max_receive_count=3");
    assert!(inner.contains("`queues.orders` has no `redrive_policy`"), "{inner}");
}
