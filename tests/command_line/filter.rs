//! `queuelab filter`: what it says and how it ends.

use super::Desk;

const POLICY: &str = r#"{"type":["order_placed"],"amount":[{"numeric":[">",100]}]}"#;

#[test]
fn a_message_passes_or_the_key_is_told() {
    let desk = Desk::new();
    desk.put("policy.yaml", "type: [order_placed]\namount: [{ numeric: [\">\", 100] }]\n");
    desk.put("message.json", r#"{"type":"order_placed","amount":{"DataType":"Number","StringValue":"250"}}"#);
    let ended = desk.run(&["filter", "policy.yaml", "message.json"]);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), "✓ the message passes\n", ""));
    let ended = desk.run(&["filter", POLICY, r#"{"type":"order_placed","amount":7}"#]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.out, "✗ the message does not pass\n  `amount` is 7; wanted {\"numeric\":[\">\",100]}\n");
    let ended = desk.run(&["filter", POLICY, "{}"]);
    assert_eq!(ended.out, "✗ the message does not pass\n  the message has no attributes at all\n");
    let ended = desk.run(&["filter", POLICY, r#"{"type":"order_placed"}"#, "--quiet"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
}

#[test]
fn the_scope_says_what_the_message_is() {
    let desk = Desk::new();
    let nested = r#"{"order":{"kind":["gift"]}}"#;
    let ended = desk.run(&["filter", nested, r#"{"order":{"kind":"gift"}}"#, "--scope", "body"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let ended = desk.run(&["filter", nested, r#""just text""#, "--scope", "body"]);
    assert_eq!(ended.out, "✗ the message does not pass\n  the body is no JSON object\n");
    let ended = desk.run(&["filter", nested, "{}"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("does not support nested filter policy"), "{}", ended.err);
}

#[test]
fn what_aws_refuses_ends_in_two() {
    let desk = Desk::new();
    let refused = |arguments: &[&str], words: &str| {
        let ended = desk.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.contains(words), "{arguments:?}: {}", ended.err);
    };
    refused(&["filter", r#"{"k":[]}"#, r#"{"k":"a"}"#], "Empty arrays are not allowed");
    refused(
        &["filter", r#"{"k":[{"suffix":"a"}]}"#, r#"{"k":"a"}"#, "--profile", "2022"],
        "`suffix` is not known",
    );
    refused(&["filter", POLICY, r#"{"k":{"DataType":"Number","StringValue":"x"}}"#], "is no number");
    refused(&["filter", POLICY, "{"], "no JSON");
    refused(&["filter", "nothing.json", "{}"], "there is no such file");
    desk.put("empty.yaml", "# nothing\n");
    refused(&["filter", "empty.yaml", "{}"], "the file is empty");
    refused(&["filter", "-", "-"], "only one of policy and message");
}
