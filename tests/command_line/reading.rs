//! What the program says of scenarios it cannot use, and of itself.

use super::{Desk, SMALL, quickstart};

#[test]
fn all_problems_at_once_in_the_order_of_the_file() {
    let desk = Desk::new();
    let wrong = SMALL
        .replace("publishes_to", "publish_to")
        .replace("processing_time: 1s", "processing_time: 1 parsec")
        .replace("orders: {}", "orders: { visibility_timeout: 13h }");
    desk.put("wrong.yaml", &wrong);
    let ended = desk.run(&["validate", "wrong.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ended.err, @r"
    error: `visibility_timeout` is 13h; it must be from 0s to 12h
     --> wrong.yaml:4:33
      |
    4 |   orders: { visibility_timeout: 13h }
      |                                 ^^^ must be from 0s to 12h

    error: the key `publishes_to` is missing
     --> wrong.yaml:6:3
      |
    6 |   shop:
      |   ^^^^ `publishes_to` must be given here
      |
      = note: `publishes_to`: Where the messages go.

    error: unknown key `publish_to`
     --> wrong.yaml:7:5
      |
    7 |     publish_to: { queue: orders }
      |     ^^^^^^^^^^ no such key here
      |
      = help: did you mean `publishes_to`?

    error: expected a duration such as `30s`, found the text `1 parsec`
      --> wrong.yaml:12:22
       |
    12 |     processing_time: 1 parsec
       |                      ^^^^^^^^
       |
       = help: the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d` and `w`

    4 problems in wrong.yaml
    ");
    for verb in ["run", "check"] {
        let again = desk.run(&[verb, "wrong.yaml"]);
        assert_eq!((again.code, &again.err), (Some(2), &ended.err), "{verb} says the same");
    }
    assert_eq!(desk.tree().len(), 2, "nothing is written: {:?}", desk.tree());
}

#[test]
fn a_reference_to_nothing() {
    let desk = Desk::new();
    desk.put(
        "wrong.yaml",
        &SMALL.replace("receives_from: { queue: orders }", "receives_from: { queue: order }"),
    );
    let ended = desk.run(&["run", "wrong.yaml"]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.err, @r"
    error: there is no queue `order`
      --> wrong.yaml:11:29
       |
    11 |     receives_from: { queue: order }
       |                             ^^^^^ no such queue
       |
       = help: did you mean `orders`?

    1 problem in wrong.yaml
    ");
}

#[test]
fn an_expectation_of_nothing() {
    let desk = Desk::new();
    desk.put("wrong.yaml", &SMALL.replace("sum >= 5", "p98 > 3").replace("sum == 0", "sum == 3s"));
    let ended = desk.run(&["check", "wrong.yaml"]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.err, @r#"
    error: `workers.messages_processed` has no statistic `p98`
      --> wrong.yaml:14:32
       |
    14 |   workers.messages_processed: ["p98 > 3", "sum == 3s"]
       |                                ^^^^^^^^^
       |
       = help: the statistics are `sum` and `rate`

    error: expected a number such as `20`, found `3s`
      --> wrong.yaml:14:43
       |
    14 |   workers.messages_processed: ["p98 > 3", "sum == 3s"]
       |                                           ^^^^^^^^^^^

    2 problems in wrong.yaml
    "#);
}

#[test]
fn a_metric_tracked_twice() {
    let desk = Desk::new();
    let policy = "{ target_tracking: { metric: backlog_per_instance, target_value: 9 } }";
    let group = |policies: &str| {
        let group =
            format!("processing_time: 1s\n    auto_scaling_group: {{ max_size: 2, policies: [{policies}] }}");
        SMALL.replace("processing_time: 1s", &group)
    };
    desk.put("once.yaml", &group(policy));
    desk.put("twice.yaml", &group(&format!("{policy}, {policy}")));
    assert_eq!(desk.run(&["validate", "once.yaml"]).code, Some(0));
    let ended = desk.run(&["validate", "twice.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("only one target tracking policy of the same metric"), "{}", ended.err);
}

#[test]
fn a_setting_of_nothing() {
    let desk = Desk::new();
    let ended = desk.run(&["run", "small.yaml", "--set", "queues.order.delay=3s"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ended.err, @r"
    error: `queues` has no `order`
     --> --set queues.order.delay=3s:1:8
      |
    1 | queues.order.delay=3s
      |        ^^^^^ does not exist
      |
      = help: did you mean `orders`?

    1 problem in --set queues.order.delay=3s
    ");
    let ended = desk.run(&["run", "small.yaml", "--set", "queues.orders.dellay=3s"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("unknown key `dellay`") && ended.err.contains("`delay`"), "{}", ended.err);
    let ended = desk.run(&["validate", "small.yaml", "--set", "nonsense"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("expected `path=value`"), "{}", ended.err);
    assert!(!desk.path("reports").exists());
}

#[test]
fn validate_goes_through_folders() {
    let desk = Desk::new();
    desk.put("many/b.yaml", SMALL);
    desk.put("many/a.yaml", SMALL);
    desk.put("many/c/d.yml", SMALL);
    desk.put("many/readme.md", "# not a scenario");
    let ended = desk.run(&["validate", "many", "small.yaml"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(ended.out, "✓ many/a.yaml\n✓ many/b.yaml\n✓ many/c/d.yml\n✓ small.yaml\n");
    desk.put("many/a.yaml", "name: 1\n");
    let ended = desk.run(&["validate", "many"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("many/a.yaml") && ended.out.contains("many/c/d.yml"), "the rest is looked at");
    desk.put("empty/readme.md", "nothing");
    let ended = desk.run(&["validate", "empty"]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.err, @"error: there are no scenarios (*.yaml) under `empty`");
}

#[test]
fn nothing_piped_has_colours() {
    let desk = Desk::new();
    desk.put("wrong.yaml", &SMALL.replace("10s", "10 parsecs"));
    for arguments in [
        &["run", "small.yaml"][..],
        &["check", "small.yaml", "wrong.yaml"],
        &["validate", "wrong.yaml"],
        &["--help"],
    ] {
        for setting in [None, Some(("NO_COLOR", "1"))] {
            let mut command = desk.command(arguments);
            command.envs(setting);
            let ended = super::ended(&mut command);
            assert!(ended.out.len() + ended.err.len() > 20);
            assert!(
                !ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'),
                "{arguments:?}: {ended:?}"
            );
        }
    }
    // What no colours are asked of has none even where colours are forced otherwise.
    let mut command = desk.command(&["check", "small.yaml"]);
    command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    assert!(
        super::ended(&mut command).out.contains('\u{1b}'),
        "colours can be forced, so their absence means something"
    );
}

#[test]
fn every_verb_explains_itself_with_an_example() {
    let desk = Desk::new();
    for verb in ["run", "validate", "check", "schema", "completions", "man"] {
        for flag in ["--help", "-h"] {
            let ended = desk.run(&[verb, flag]);
            assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{verb}");
            let example = ended.out.split_once("Example").map_or("", |(_, rest)| rest);
            assert!(example.contains(&format!("  queuelab {verb}")), "{verb} {flag}:\n{}", ended.out);
        }
    }
    let ended = desk.run(&["--help"]);
    assert!(ended.out.contains("Exit codes: 0 all well, 1 an expectation failed, 2"), "{}", ended.out);
    assert_eq!(desk.run(&["--version"]).out, format!("queuelab {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn command_lines_that_mean_nothing() {
    let desk = Desk::new();
    for arguments in
        [&[][..], &["rum"], &["run"], &["check"], &["run", "small.yaml", "--seed", "-1"], &["run", "a", "b"]]
    {
        let ended = desk.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.contains("Usage: queuelab"), "{arguments:?}: {}", ended.err);
    }
    assert!(desk.run(&["rum", "x"]).err.contains("similar subcommand exists: 'run'"));
}

#[test]
fn the_schema_is_one_editors_know() {
    let desk = Desk::new();
    let ended = desk.run(&["schema"]);
    assert_eq!(ended.code, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&ended.out).expect("the schema is JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let text = ended.out.as_str();
    for name in ["visibility_timeout", "dead_letter_queue", "auto_scaling_group", "processing_time"] {
        assert!(text.contains(&format!("\"{name}\"")), "the schema knows `{name}`");
    }
    // Every `$ref` leads somewhere.
    let mut references = 0;
    for reference in text.split("\"$ref\": \"").skip(1) {
        let path = reference.split('"').next().unwrap_or("");
        let pointer = path.strip_prefix('#').expect("references stay inside");
        assert!(schema.pointer(pointer).is_some(), "`{path}` leads nowhere");
        references += 1;
    }
    assert!(references > 20, "{references} references");
    let markdown = desk.run(&["schema", "--markdown"]);
    assert!(markdown.out.contains("| `visibility_timeout` |"), "{}", markdown.out);
}

#[test]
fn help_for_shells_and_for_man() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = desk.run(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{shell}");
        assert!(ended.out.contains("validate") && ended.out.contains("no-charts"), "{shell}");
    }
    assert_eq!(desk.run(&["completions", "cmd"]).code, Some(2));
    let man = desk.run(&["man"]);
    assert_eq!(man.code, Some(0));
    assert!(man.out.contains(".TH queuelab 1") && man.out.contains("validate"), "{}", man.out);
}

#[test]
fn the_quickstart_is_in_order() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["validate", &quickstart()]).code, Some(0));
}

#[test]
fn what_stands_beside_an_error_is_none_itself() {
    let desk = Desk::new();
    let wrong = SMALL.replace("orders: {}", "orders: { dely: 3s }");
    let more = "  news.all.delivered: [\"messages > 1\"]
  log/shardId-000000000000.incoming_records: [\"sum > 1\"]
  gone.messages: [\"sum > 1\"]
topics: { news: { subscriptions: [{ name: all, queue: orders }] } }
streams: { log: { shards: 1 } }
";
    desk.put("wrong.yaml", &(wrong + more));
    let told = desk.run(&["validate", "wrong.yaml"]).err;
    assert!(told.contains("unknown key `dely`") && told.contains("nothing is named `gone`"), "{told}");
    assert!(told.ends_with("2 problems in wrong.yaml\n"), "{told}");
}

#[test]
fn settings_may_be_begun_on_the_command_line() {
    let desk = Desk::new();
    desk.put("small.yaml", SMALL);
    let told = |set: &str| desk.run(&["validate", "small.yaml", "--set", set]);
    for well in ["assumptions.duplicate_probability=0", "quotas.profile=2022", "queues.orders=null"] {
        assert_eq!(told(well).code, Some(0), "{well}: {}", told(well).err);
    }
    for (wrong, words) in [
        ("queue.orders.delay=3s", "did you mean `queues`?"),
        ("queues.orders.fifo_queue=true", "the name ends in `.fifo`: `orders.fifo`"),
        ("queues.orders.delay_seconds=3s", "did you mean `delay`?"),
        (
            "queues.orders.redrive_policy.max_receive_count=3",
            "give all of it: `queues.orders.redrive_policy={ … }`",
        ),
        ("producers.shop.publishes_to={ stream: x }", "the scenario defines no stream"),
        ("producers.shop.publishes_to={ queue: zz }", "the only one of the queues is `orders`"),
    ] {
        let ended = told(wrong);
        assert_eq!(ended.code, Some(2), "{wrong}");
        assert!(ended.err.contains(words), "{wrong}: {}", ended.err);
    }
}
