//! The schema and the reference that come out of the declarations.

use super::*;

#[test]
fn the_schema_of_a_section() {
    let document = Definitions::document::<Root>("a scenario");
    insta::assert_snapshot!(format!("{:#}", document["$defs"]["QueueConfig"]), @r##"
    {
      "type": [
        "object",
        "null"
      ],
      "description": "An SQS queue.\n\nIt keeps messages until somebody deletes them.",
      "properties": {
        "visibility_timeout": {
          "$ref": "#/$defs/Duration",
          "description": "How long a received message stays hidden\nfrom other consumers.\n\nRange: from 0s to 12h.",
          "default": "30s"
        },
        "receive_message_wait_time": {
          "$ref": "#/$defs/Duration",
          "description": "How long a receive call waits for messages.\n\nRange: at most 20s.",
          "default": "0s"
        },
        "redrive_policy": {
          "$ref": "#/$defs/RedrivePolicy",
          "description": "Where messages go that were received too often."
        },
        "arrivals": {
          "$ref": "#/$defs/Arrivals",
          "description": "How messages arrive."
        },
        "processing_time": {
          "$ref": "#/$defs/DistributionOfDuration",
          "description": "How long handling takes.",
          "default": "1s"
        },
        "failure_rate": {
          "$ref": "#/$defs/Probability",
          "description": "A share.",
          "default": "0%"
        },
        "weights": {
          "type": "array",
          "items": {
            "type": "number",
            "exclusiveMinimum": 0
          },
          "description": "How many.\n\nRange: more than 0.",
          "default": []
        },
        "type": {
          "$ref": "#/$defs/Kind",
          "description": "Whether order is kept.",
          "default": "standard"
        }
      },
      "additionalProperties": false
    }
    "##);
    insta::assert_snapshot!(document["$defs"]["Arrivals"].to_string(), @r##"{"description":"When messages arrive.","anyOf":[{"type":"object","description":"Independently.","properties":{"poisson":{"$ref":"#/$defs/Poisson","description":"Independently."}},"required":["poisson"],"additionalProperties":false},{"type":"object","description":"At a fixed distance.","properties":{"every":{"$ref":"#/$defs/Duration","description":"At a fixed distance."}},"required":["every"],"additionalProperties":false},{"const":"none","description":"Never."}]}"##);
    insta::assert_snapshot!(document["$defs"]["Duration"].to_string(), @r#"{"anyOf":[{"type":"string","pattern":"^\\s*(0|(\\d[\\d_]*(\\.\\d+)?\\s*(ns|nanoseconds?|us|µs|μs|microseconds?|ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\\s*)+)$"},{"const":0}],"examples":["30s","5m","1h30m","400ms","14d"],"description":"A length of simulated time: numbers with units `ns`, `us`, `ms`, `s`, `m`, `h`, `d` (24 hours) or `w`, the largest unit first. A unit must be written, except for `0`. At most ten years."}"#);
    assert_eq!(document["$ref"], "#/$defs/Root");
}

#[test]
fn every_reference_in_the_schema_is_defined() {
    let document = Definitions::document::<Root>("a scenario");
    let text = document.to_string();
    for part in text.split("\"#/$defs/").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(document["$defs"].get(name).is_some_and(|schema| !schema.is_null()), "{name}");
    }
}

#[test]
fn the_reference() {
    let text = markdown::<Root>();
    let queue = text.split("### ").find(|page| page.starts_with("QueueConfig")).expect("its page");
    insta::assert_snapshot!(queue, @r#"
    QueueConfig

    An SQS queue.

    It keeps messages until somebody deletes them.

    | key | type | default | range | meaning |
    |---|---|---|---|---|
    | `visibility_timeout` | duration | `30s` | from 0s to 12h | How long a received message stays hidden from other consumers. |
    | `receive_message_wait_time` | duration | `0s` | at most 20s | How long a receive call waits for messages. |
    | `redrive_policy` | [`RedrivePolicy`](#redrivepolicy) | none |  | Where messages go that were received too often. |
    | `arrivals` | [`Arrivals`](#arrivals) | none |  | How messages arrive. |
    | `processing_time` | [`DistributionOfDuration`](#distributionofduration) | `1s` |  | How long handling takes. |
    | `failure_rate` | probability | `0%` |  | A share. |
    | `weights` | list of number | `[]` | more than 0 | How many. |
    | `type` | [`Kind`](#kind) | `standard` |  | Whether order is kept. |
    "#);
    let kind = text.split("### ").find(|page| page.starts_with("Kind")).expect("its page");
    insta::assert_snapshot!(kind, @r#"
    Kind

    A kind of queue.

    | word | meaning |
    |---|---|
    | `standard` | Any order. |
    | `fifo` | First in, first out. |
    "#);
}
