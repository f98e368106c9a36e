//! Every operator: what passes, what does not, and values of other types.

use super::{judge, passes, read};
use crate::filter::Scope::{self, MessageAttributes, MessageBody};

/// A policy, messages that pass and messages that do not.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Rules that hold for attributes and bodies alike.
const BOTH: &[Case] = &[
    // Texts ("String value matching", exact matching).
    (
        r#"{"k":["rugby","tennis"]}"#,
        &[r#"{"k":"rugby"}"#, r#"{"k":"tennis","other":1}"#, r#"{"k":["baseball","tennis"]}"#],
        &[
            r#"{"k":"Rugby"}"#,
            r#"{"k":"rugby "}"#,
            r#"{"k":["baseball"]}"#,
            r#"{"other":"rugby"}"#,
            r#"{"k":[]}"#,
        ],
    ),
    (r#"{"k":[""]}"#, &[r#"{"k":""}"#], &[r#"{"k":" "}"#, r#"{"other":"x"}"#]),
    // Numbers are no texts, and the other way round.
    (
        r#"{"k":[100]}"#,
        &[r#"{"k":100}"#, r#"{"k":100.0}"#, r#"{"k":1e2}"#, r#"{"k":[5,100]}"#],
        &[r#"{"k":"100"}"#, r#"{"k":100.1}"#],
    ),
    (r#"{"k":["100"]}"#, &[r#"{"k":"100"}"#], &[r#"{"k":100}"#]),
    // Five digits behind the point count.
    (r#"{"k":[1.23456]}"#, &[r#"{"k":1.23456}"#, r#"{"k":1.234561}"#], &[r#"{"k":1.23457}"#]),
    // Keywords, in arrays of attributes and anywhere in bodies.
    (
        r#"{"k":[true,null]}"#,
        &[r#"{"k":[true]}"#, r#"{"k":[null]}"#, r#"{"k":["x",null]}"#],
        &[r#"{"k":[false]}"#, r#"{"k":"true"}"#, r#"{"k":"null"}"#, r#"{"k":[1]}"#, r#"{"other":"x"}"#],
    ),
    // `anything-but` needs the key, and one value that is not listed.
    (
        r#"{"k":[{"anything-but":["rugby","tennis"]}]}"#,
        &[
            r#"{"k":"baseball"}"#,
            r#"{"k":["rugby","baseball"]}"#,
            r#"{"k":5}"#,
            r#"{"k":[null]}"#,
            r#"{"k":"RUGBY"}"#,
        ],
        &[r#"{"k":"rugby"}"#, r#"{"k":["tennis","rugby"]}"#, r#"{"other":"baseball"}"#, r#"{"k":[]}"#],
    ),
    (r#"{"k":[{"anything-but":"rugby"}]}"#, &[r#"{"k":"tennis"}"#], &[r#"{"k":"rugby"}"#]),
    (
        r#"{"k":[{"anything-but":[100,500]}]}"#,
        &[
            r#"{"k":101}"#,
            r#"{"k":100.1}"#,
            r#"{"k":[100,50]}"#,
            r#"{"k":"100"}"#,
            r#"{"k":2e9}"#,
            r#"{"k":-1}"#,
        ],
        &[r#"{"k":100}"#, r#"{"k":5e2}"#, r#"{"k":[500,100]}"#],
    ),
    (r#"{"k":[{"anything-but":7}]}"#, &[r#"{"k":8}"#], &[r#"{"k":7.000001}"#]),
    (
        r#"{"k":[{"anything-but":{"prefix":"order-"}}]}"#,
        &[r#"{"k":"data-entry"}"#, r#"{"k":"order_number"}"#, r#"{"k":["order-1","x"]}"#, r#"{"k":3}"#],
        &[r#"{"k":"order-cancelled"}"#, r#"{"k":"order-"}"#, r#"{"other":"x"}"#],
    ),
    (r#"{"k":[{"anything-but":{"suffix":".png"}}]}"#, &[r#"{"k":"a.jpg"}"#], &[r#"{"k":"a.png"}"#]),
    (
        r#"{"k":[{"anything-but":{"equals-ignore-case":["a","b"]}}]}"#,
        &[r#"{"k":"c"}"#],
        &[r#"{"k":"A"}"#, r#"{"k":"b"}"#],
    ),
    (
        r#"{"k":[{"anything-but":{"wildcard":"a*z"}}]}"#,
        &[r#"{"k":"ab"}"#],
        &[r#"{"k":"abz"}"#, r#"{"k":"az"}"#],
    ),
    // Texts only.
    (
        r#"{"k":[{"prefix":"bas"}]}"#,
        &[r#"{"k":"baseball"}"#, r#"{"k":"bas"}"#, r#"{"k":["x","basket"]}"#],
        &[r#"{"k":"Baseball"}"#, r#"{"k":"ba"}"#, r#"{"k":[null]}"#],
    ),
    (r#"{"k":[{"prefix":"1"}]}"#, &[r#"{"k":"10"}"#], &[r#"{"k":10}"#]),
    (r#"{"k":[{"prefix":""}]}"#, &[r#"{"k":"x"}"#, r#"{"k":""}"#], &[r#"{"k":1}"#, r#"{"o":"x"}"#]),
    (
        r#"{"k":[{"suffix":"ball"}]}"#,
        &[r#"{"k":"baseball"}"#, r#"{"k":"ball"}"#],
        &[r#"{"k":"balls"}"#, r#"{"k":"Ball"}"#, r#"{"k":0}"#],
    ),
    (
        r#"{"k":[{"equals-ignore-case":"TenniS"}]}"#,
        &[r#"{"k":"tennis"}"#, r#"{"k":"TENNIS"}"#],
        &[r#"{"k":"tennis "}"#, r#"{"k":1}"#],
    ),
    (
        r#"{"k":[{"wildcard":"a*b*c"}]}"#,
        &[r#"{"k":"abc"}"#, r#"{"k":"a-b-b-c"}"#, r#"{"k":"aXbYc"}"#],
        &[r#"{"k":"ac"}"#, r#"{"k":"abcd"}"#, r#"{"k":"bac"}"#],
    ),
    (r#"{"k":[{"wildcard":"*"}]}"#, &[r#"{"k":""}"#, r#"{"k":"x"}"#], &[r#"{"k":1}"#]),
    (r#"{"k":[{"wildcard":"a\\*b"}]}"#, &[r#"{"k":"a*b"}"#], &[r#"{"k":"aXb"}"#]),
    (r#"{"k":[{"wildcard":"ab*ba"}]}"#, &[r#"{"k":"abba"}"#], &[r#"{"k":"aba"}"#]),
    // Networks.
    (
        r#"{"k":[{"cidr":"10.0.0.0/24"}]}"#,
        &[r#"{"k":"10.0.0.0"}"#, r#"{"k":"10.0.0.255"}"#],
        &[r#"{"k":"10.0.1.0"}"#, r#"{"k":"10.0.0"}"#, r#"{"k":"::1"}"#, r#"{"k":10}"#, r#"{"k":"x"}"#],
    ),
    (r#"{"k":[{"cidr":"0.0.0.0/0"}]}"#, &[r#"{"k":"255.1.2.3"}"#], &[r#"{"k":"::"}"#]),
    (r#"{"k":[{"cidr":"10.0.0.7/32"}]}"#, &[r#"{"k":"10.0.0.7"}"#], &[r#"{"k":"10.0.0.6"}"#]),
    (r#"{"k":[{"cidr":"2001:db8::/32"}]}"#, &[r#"{"k":"2001:db8:ffff::1"}"#], &[r#"{"k":"2001:db9::"}"#]),
    // Ranges of numbers.
    (
        r#"{"k":[{"numeric":["=",301.5]}]}"#,
        &[r#"{"k":301.5}"#, r#"{"k":3.015e2}"#],
        &[r#"{"k":301.50001}"#, r#"{"k":"301.5"}"#],
    ),
    (
        r#"{"k":[{"numeric":[">",0,"<=",150]}]}"#,
        &[r#"{"k":0.00001}"#, r#"{"k":150}"#, r#"{"k":[-1,3]}"#],
        &[r#"{"k":0}"#, r#"{"k":150.00001}"#, r#"{"k":0.000001}"#, r#"{"k":[0,151]}"#, r#"{"k":"5"}"#],
    ),
    (
        r#"{"k":[{"numeric":["<",0]}]}"#,
        &[r#"{"k":-0.5}"#, r#"{"k":-1e9}"#],
        &[r#"{"k":0}"#, r#"{"k":-1e10}"#],
    ),
    (
        r#"{"k":[{"numeric":[">=",5]}]}"#,
        &[r#"{"k":5}"#, r#"{"k":1e9}"#],
        &[r#"{"k":4.99999}"#, r#"{"k":1000000001}"#],
    ),
    (r#"{"k":[{"numeric":[">=",5,"<",6]}]}"#, &[r#"{"k":5.99999}"#], &[r#"{"k":6}"#]),
    // Numbers beyond what is compared are still equal to themselves.
    (r#"{"k":[5000000000]}"#, &[r#"{"k":5e9}"#], &[r#"{"k":5000000001}"#]),
    // Keys.
    (
        r#"{"k":[{"exists":true}]}"#,
        &[r#"{"k":"x"}"#, r#"{"k":0}"#, r#"{"k":[null]}"#],
        &[r#"{"other":"x"}"#, r#"{"k":[]}"#],
    ),
    (r#"{"k":[{"exists":false}]}"#, &[r#"{"other":"x"}"#], &[r#"{"k":"x"}"#, r#"{"k":0,"other":1}"#]),
    (
        r#"{"k":[{"exists":false},{"anything-but":"x"}]}"#,
        &[r#"{"other":1}"#, r#"{"k":"y"}"#],
        &[r#"{"k":"x"}"#],
    ),
    // And, or, alternatives.
    (
        r#"{"a":["1"],"b":["2","3"]}"#,
        &[r#"{"a":"1","b":"3"}"#],
        &[r#"{"a":"1"}"#, r#"{"b":"2"}"#, r#"{"a":"1","b":"4"}"#],
    ),
    (
        r#"{"s":["w"],"$or":[{"a":["1"]},{"b":["2"],"c":["3"]}]}"#,
        &[r#"{"s":"w","a":"1"}"#, r#"{"s":"w","b":"2","c":"3"}"#],
        &[r#"{"a":"1"}"#, r#"{"s":"w","b":"2"}"#, r#"{"s":"w"}"#],
    ),
    (
        r#"{"$or":[{"a":["1"]},{"x":["9"],"$or":[{"b":["2"]},{"c":["3"]}]}]}"#,
        &[r#"{"a":"1"}"#, r#"{"x":"9","b":"2"}"#, r#"{"x":"9","c":"3"}"#],
        &[r#"{"b":"2"}"#, r#"{"x":"9"}"#],
    ),
    // Over operators `$or` is a key like any other.
    (r#"{"$or":[{"prefix":"a"},{"prefix":"b"}]}"#, &[r#"{"$or":"apple"}"#], &[r#"{"k":"apple"}"#]),
];

/// Rules of the body: nested keys, arrays of mappings, keywords by themselves.
const BODY: &[Case] = &[
    (
        r#"{"o":{"k":[{"prefix":"auto-"},"fixed"],"n":[{"exists":false}]},"t":[{"exists":false}]}"#,
        &[r#"{"o":{"k":"auto-1"}}"#, r#"{"o":{"k":"fixed"}}"#],
        &[
            r#"{"o":{"k":"x-auto"}}"#,
            r#"{"o":{"k":"auto-1"},"t":"there"}"#,
            r#"{"o":{"k":"auto-1","n":"there"}}"#,
            r#"{"o":{"t":"auto-1"}}"#,
            r#"{"t":"auto-1"}"#,
        ],
    ),
    // Dots and nesting are the same.
    (
        r#"{"a.b.c":["x"]}"#,
        &[r#"{"a":{"b":{"c":"x"}}}"#, r#"{"a.b.c":"x"}"#, r#"{"a.b":{"c":"x"}}"#, r#"{"a":{"b.c":"x"}}"#],
        &[r#"{"a":{"b":"x"}}"#, r#"{"c":"x"}"#],
    ),
    (r#"{"k":[true]}"#, &[r#"{"k":true}"#], &[r#"{"k":false}"#, r#"{"k":"true"}"#, r#"{"k":1}"#]),
    (r#"{"k":[null]}"#, &[r#"{"k":null}"#], &[r#"{"k":""}"#, r#"{"k":"null"}"#, "{}"]),
    (
        r#"{"k":[{"exists":true}]}"#,
        &[r#"{"k":null}"#],
        &[r#"{"k":{"inner":1}}"#, r#"{"k":{}}"#, r#"{"k":[]}"#],
    ),
    (r#"{"k":[{"exists":false}]}"#, &["{}", r#"{"k":{"inner":1}}"#], &[r#"{"k":null}"#]),
    // Arrays: any element, also of arrays of arrays.
    (
        r#"{"h":{"to":["q1"]}}"#,
        &[r#"{"h":{"to":["q1","q2"]}}"#, r#"{"h":[{"to":"q2"},{"to":["q1"]}]}"#, r#"{"h":[[{"to":"q1"}]]}"#],
        &[r#"{"h":{"to":["q3"]}}"#, r#"{"h":{"to":[]}}"#, r#"{"h":"q1"}"#],
    ),
    // Two keys are not satisfied by different elements of one array.
    (
        r#"{"r":{"s":["a"],"e":["made"]}}"#,
        &[
            r#"{"r":[{"s":"a","e":"made"},{"s":"b","e":"gone"}]}"#,
            r#"{"r":[{"s":["x","a"],"e":"made"}]}"#,
            r#"{"r":[{"s":["x","a"],"e":["y","made"]}]}"#,
        ],
        &[r#"{"r":[{"s":"a","e":"gone"},{"s":"b","e":"made"}]}"#],
    ),
    // Bodies that are no mappings never match, whatever is wanted.
    (r#"{"k":[{"exists":false}]}"#, &[], &["[]", r#""text""#, "5", "null", r#"[{"x":1}]"#]),
];

/// Rules of attributes: their types.
const ATTRIBUTES: &[Case] = &[
    (
        r#"{"k":["99"]}"#,
        &[
            r#"{"k":{"Type":"String","Value":"99"}}"#,
            r#"{"k":{"DataType":"String.Array","StringValue":"[\"99\"]"}}"#,
        ],
        &[r#"{"k":{"Type":"Number","Value":"99"}}"#],
    ),
    (
        r#"{"k":[{"numeric":["=",99]}]}"#,
        &[
            r#"{"k":{"DataType":"Number","StringValue":"99"}}"#,
            r#"{"k":{"Type":"Number.float","Value":"9.9e1"}}"#,
        ],
        &[r#"{"k":{"Type":"String","Value":"99"}}"#, r#"{"k":{"Type":"String.Array","Value":"[\"99\"]"}}"#],
    ),
    (r#"{"k":[{"numeric":["<",9]}]}"#, &[r#"{"k":{"Type":"String.Array","Value":"[20, 3]"}}"#], &[]),
    // Binary attributes are not compared; the message still has attributes.
    (r#"{"k":[{"exists":true}]}"#, &[], &[r#"{"k":{"Type":"Binary","Value":"aGk="}}"#]),
    (r#"{"k":[{"exists":false}]}"#, &[r#"{"k":{"Type":"Binary","Value":"aGk="}}"#], &["{}"]),
    // An array that is none spoils the message.
    (
        r#"{"a":["x"]}"#,
        &[],
        &[
            r#"{"a":"x","b":{"Type":"String.Array","Value":"[1,"}}"#,
            r#"{"a":"x","b":{"Type":"String.Array","Value":"{}"}}"#,
            r#"{"a":"x","b":[["nested"]]}"#,
        ],
    ),
    // Without any key everything passes.
    ("{}", &["{}", r#"{"a":"x"}"#, r#"{"b":{"Type":"String.Array","Value":"[1,"}}"#], &[]),
    (r#"{"k":[null,{"anything-but":"whatever"}]}"#, &[r#"{"k":"x"}"#], &["{}", r#"{"k":"whatever"}"#]),
];

fn check(cases: &[Case], scope: Scope) {
    for (policy, yes, no) in cases {
        for message in *yes {
            assert!(passes(policy, scope, message), "{scope:?}: {policy} lets {message} pass");
        }
        for message in *no {
            assert!(!passes(policy, scope, message), "{scope:?}: {policy} holds {message} back");
        }
    }
}

#[test]
fn what_holds_for_attributes_and_bodies() {
    check(BOTH, MessageAttributes);
    check(BOTH, MessageBody);
}

#[test]
fn what_holds_for_bodies() {
    check(BODY, MessageBody);
}

#[test]
fn what_holds_for_attributes() {
    check(ATTRIBUTES, MessageAttributes);
}

#[test]
fn the_first_key_that_fails_is_told() {
    let policy =
        read(r#"{"type":["placed"],"$or":[{"amount":[{"numeric":[">",100]}]},{"vip":[true]}]}"#, MessageBody);
    let told = |message: &str| -> Vec<String> {
        let explanation = judge(&policy, &serde_json::from_str(message).expect("JSON"));
        explanation.failures.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        told(r#"{"type":"placed","amount":7}"#),
        [r#"`amount` is 7; wanted {"numeric":[">",100]}"#, "`vip` is not there; wanted true"]
    );
    assert_eq!(
        told(r#"{"type":["a","b"],"vip":true}"#),
        [r#"`type` is "a", "b"; wanted "placed""#, r#"`type` is "a", "b"; wanted "placed""#]
    );
    assert_eq!(told("3")[0], "the body is no JSON object");
    assert!(told(r#"{"type":"placed","vip":true}"#).is_empty());
    let policy = read(r#"{"r":{"s":["a"],"e":["made"]}}"#, MessageBody);
    let message = serde_json::json!({ "r": [{ "s": "a", "e": "gone" }, { "s": "b", "e": "made" }] });
    assert_eq!(
        judge(&policy, &message).failures[0].to_string(),
        "the keys fit only by values of different elements of an array"
    );
}
