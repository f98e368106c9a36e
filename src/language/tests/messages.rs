//! What people read when something is wrong.

use super::*;

fn parse_problems(bytes: &[u8]) -> String {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let root = parse_bytes(&mut sources, "scenario.yaml", bytes, &mut problems);
    assert!(root.is_none() && problems.has_errors(), "{root:?}");
    problems.render(&sources, false)
}

#[test]
fn all_problems_at_once_in_file_order() {
    let text = "queues:\n  orders:\n    VisibilityTimeout: 30s\n    visibility_timeout: 13h\n    \
        redrive_policy: { max_receive_count: 0 }\n    arrivals: { poissn: { rate: 3 } }\n    type: fif\n    \
        weights: [1, 0, x]\n  a/b: []\n";
    insta::assert_snapshot!(problems_of(text), @r#"
    error: the key `name` is missing
     --> scenario.yaml:1:1
      |
    1 | queues:
      | ^^^^^^ `name` must be given here
      |
      = note: `name`: What it is called.

    error: unknown key `VisibilityTimeout`
     --> scenario.yaml:3:5
      |
    3 |     VisibilityTimeout: 30s
      |     ^^^^^^^^^^^^^^^^^ no such key here
      |
      = help: did you mean `visibility_timeout`?

    error: `visibility_timeout` is 13h; it must be from 0s to 12h
     --> scenario.yaml:4:25
      |
    4 |     visibility_timeout: 13h
      |                         ^^^ must be from 0s to 12h

    error: the key `dead_letter_queue` is missing
     --> scenario.yaml:5:5
      |
    5 |     redrive_policy: { max_receive_count: 0 }
      |     ^^^^^^^^^^^^^^ `dead_letter_queue` must be given here
      |
      = note: `dead_letter_queue`: The queue they go to.

    error: `max_receive_count` is 0; it must be from 1 to 1000
     --> scenario.yaml:5:42
      |
    5 |     redrive_policy: { max_receive_count: 0 }
      |                                          ^ must be from 1 to 1000

    error: unknown choice `poissn`
     --> scenario.yaml:6:17
      |
    6 |     arrivals: { poissn: { rate: 3 } }
      |                 ^^^^^^ no such choice here
      |
      = help: did you mean `poisson`?

    error: expected one of `standard` and `fifo`, found the text `fif`
     --> scenario.yaml:7:11
      |
    7 |     type: fif
      |           ^^^
      |
      = help: did you mean `fifo`?

    error: expected a number such as `0.5`, found the text `x`
     --> scenario.yaml:8:21
      |
    8 |     weights: [1, 0, x]
      |                     ^

    error: the name `a/b` contains `/`
     --> scenario.yaml:9:3
      |
    9 |   a/b: []
      |   ^^^
      |
      = note: a name has up to 80 letters, digits, `-`, `_` and `.`

    error: expected a mapping, found an empty list
     --> scenario.yaml:9:3
      |
    9 |   a/b: []
      |   ^^^
      |
      = note: its keys are `visibility_timeout`, `receive_message_wait_time`, `redrive_policy`, `arrivals`, `processing_time`, `failure_rate`, `weights` and `type`

    10 problems in scenario.yaml
    "#);
}

#[test]
fn checks_between_keys() {
    let text = "name: n\nqueues:\n  q: { visibility_timeout: 5s, receive_message_wait_time: 10s }\n";
    insta::assert_snapshot!(problems_of(text), @r#"
    error: waits longer than messages stay hidden
     --> scenario.yaml:3:59
      |
    3 |   q: { visibility_timeout: 5s, receive_message_wait_time: 10s }
      |                                                           ^^^

    1 problem in scenario.yaml
    "#);
}

#[test]
fn choices() {
    let text = "name: n\nqueues:\n  a: { arrivals: {} }\n  b: { arrivals: { every: 1s, none: } }\n  \
        c: { arrivals: poisson }\n  d: { arrivals: none }\n  e: { arrivals: { none: 3 } }\n";
    insta::assert_snapshot!(problems_of(text), @r#"
    error: expected one of `poisson`, `every` and `none`, found an empty mapping
     --> scenario.yaml:3:8
      |
    3 |   a: { arrivals: {} }
      |        ^^^^^^^^

    error: only one of `every` and `none` may stand here
     --> scenario.yaml:4:31
      |
    4 |   b: { arrivals: { every: 1s, none: } }
      |                               ^^^^ a second choice
      |
      = note: the choices are `poisson`, `every` and `none`

    error: expected one of `poisson`, `every` and `none`, found the text `poisson`
     --> scenario.yaml:5:18
      |
    5 |   c: { arrivals: poisson }
      |                  ^^^^^^^
      |
      = help: `poisson` needs a value: write `poisson: …`

    error: `none` takes no value
     --> scenario.yaml:7:20
      |
    7 |   e: { arrivals: { none: 3 } }
      |                    ^^^^
      |
      = help: write `none`

    4 problems in scenario.yaml
    "#);
}

#[test]
#[allow(clippy::too_many_lines)] // they are the messages
fn texts_that_are_no_document() {
    let mut all = String::new();
    for bytes in [
        "".as_bytes(),
        b"# only a comment\n",
        b"a: 1\n---\nb: 2\n",
        b"a: 1\nb: 2\na: 3\n",
        b"a: \xff\n",
        b"a:\n\t- b\n",
        b"a: [1, 2\nb: 3\n",
        b"a: *nowhere\n",
        b"a: &x [*x]\n",
        b"a: !Ref queue\n",
        b"<<: 3\na: 1\n",
        b"[1]: 2\n",
    ] {
        all.push_str(&parse_problems(bytes));
        all.push('\n');
    }
    insta::assert_snapshot!(all, @r#"
    error: the file is empty
     --> scenario.yaml:1:1
      |
    1 |
      | ^
      |
      = help: a scenario is a YAML mapping: begin with `name: my-scenario`

    1 problem in scenario.yaml

    error: the file is empty
     --> scenario.yaml:1:1
      |
    1 | # only a comment
      | ^
      |
      = help: a scenario is a YAML mapping: begin with `name: my-scenario`

    1 problem in scenario.yaml

    error: the file holds more than one YAML document
     --> scenario.yaml:2:1
      |
    2 | ---
      | ^^^ a second document begins here
      |
      = help: put each scenario into a file of its own

    1 problem in scenario.yaml

    error: the key `a` occurs twice
     --> scenario.yaml:3:1
      |
    3 | a: 3
      | ^ again here
      |
      = note: it was first given in line 1
      = help: keep one of the two

    1 problem in scenario.yaml

    error: the file is not UTF-8 text
     --> scenario.yaml:1:4
      |
    1 | a: �
      |    ^ this byte is not valid UTF-8
      |
      = help: save the file as UTF-8

    1 problem in scenario.yaml

    error: this is not valid YAML: tabs disallowed within this context (block indentation)
     --> scenario.yaml:2:2
      |
    2 |     - b
      |     ^
      |
      = help: indent with spaces

    1 problem in scenario.yaml

    error: this is not valid YAML: illegal placement of ':' indicator
     --> scenario.yaml:2:2
      |
    2 | b: 3
      |  ^

    1 problem in scenario.yaml

    error: this is not valid YAML: while parsing node, found unknown anchor
     --> scenario.yaml:1:4
      |
    1 | a: *nowhere
      |    ^

    1 problem in scenario.yaml

    error: an alias may not stand inside the value it stands for
     --> scenario.yaml:1:8
      |
    1 | a: &x [*x]
      |        ^^ this value would contain itself

    1 problem in scenario.yaml

    error: the tag `!Ref` has no meaning here
     --> scenario.yaml:1:9
      |
    1 | a: !Ref queue
      |         ^^^^^
      |
      = help: leave the tag out

    1 problem in scenario.yaml

    error: `<<` merges mappings, found the number 3
     --> scenario.yaml:1:1
      |
    1 | <<: 3
      | ^^
      |
      = help: write `<<: *name`, where `&name` marks a mapping

    1 problem in scenario.yaml

    error: a key must be a word, found a list
     --> scenario.yaml:1:1
      |
    1 | [1]: 2
      | ^^^
      |
      = help: write keys as plain words: `name: value`

    1 problem in scenario.yaml
    "#);
}

#[test]
fn no_problems_are_no_text() {
    assert_eq!(Problems::new().render(&Sources::new(), false), "");
}

#[test]
fn a_problem_told_twice_is_shown_once_and_many_are_counted() {
    let mut sources = Sources::new();
    let source = sources.add("f", "text");
    let mut problems = Problems::new();
    for _ in 0..3 {
        problems.warning(Place::start_of(source), "the same");
    }
    assert!(!problems.has_errors());
    assert!(problems.render(&sources, false).ends_with("\n1 warning in f\n"));
    for number in 0..5_000 {
        problems.error(None, format!("number {number}"));
    }
    let text = problems.render(&sources, false);
    assert!(problems.has_errors() && text.len() < 10_000, "{}", text.len());
    assert!(text.contains("more\n") && text.ends_with("problems in f\n"));
}

#[test]
fn colours_only_on_request() {
    let mut sources = Sources::new();
    let source = sources.add("f", "text");
    let mut problems = Problems::new();
    problems.error(Place::start_of(source), "wrong");
    assert!(problems.render(&sources, true).contains('\u{1b}'));
    assert!(!problems.render(&sources, false).contains('\u{1b}'));
}

#[test]
fn nearest_names() {
    let names = ["visibility_timeout", "receive_message_wait_time", "delay"];
    for (wrong, right) in [
        ("VisibilityTimeout", Some("visibility_timeout")),
        ("visibility-timeuot", Some("visibility_timeout")),
        ("visibility", Some("visibility_timeout")),
        ("wait_time", Some("receive_message_wait_time")),
        ("dleay", Some("delay")),
        ("delay_seconds", Some("delay")),
        ("message_wait", Some("receive_message_wait_time")),
        ("colour", None),
        ("", None),
    ] {
        assert_eq!(nearest(wrong, names), right, "{wrong}");
    }
    assert_eq!(suggest("colour", &["a", "b"], "keys"), "the keys are `a` and `b`");
    assert_eq!(
        suggest("colour", &["a"], &plural("queue of a broker")),
        "the only one of the queues of a broker is `a`"
    );
}
