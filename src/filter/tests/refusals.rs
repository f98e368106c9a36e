//! What AWS refuses in a policy, with its own words.

use crate::filter::{Dialect, Policy, Scope};
use std::fmt::Write as _;

fn refused(policy: &str, scope: Scope, dialect: Dialect) -> Option<String> {
    Policy::from_text("policy.json", policy, scope, dialect).err()
}

#[test]
fn what_aws_refuses_is_told_with_its_words() {
    let cases: &[(&str, &str)] = &[
        (r#"["a"]"#, "expected a filter policy"),
        (r#"{"k":"a"}"#, "\"k\\\" must be an object or an array"),
        (r#"{"k":5}"#, "must stand in a list"),
        (r#"{"k":[]}"#, "Empty arrays are not allowed"),
        (r#"{"k":[["a"]]}"#, "Match value must be String, number, true, false, or null"),
        (r#"{"k":[{"wrong-operator":true}]}"#, "Unrecognized match type wrong-operator"),
        (r#"{"k":[{"suffix":"a","prefix":"b"}]}"#, "Only one key allowed in match expression"),
        (r#"{"k":[{}]}"#, "Only one key allowed in match expression"),
        (r#"{"k":{"suffix":"a"}}"#, "does not support nested filter policy"),
        (r#"{"k":[{"suffix":100}]}"#, "suffix match pattern must be a string"),
        (r#"{"k":[{"suffix":null}]}"#, "suffix match pattern must be a string"),
        (r#"{"k":[{"prefix":["a","b"]}]}"#, "prefix match pattern must be a string"),
        (r#"{"k":[{"equals-ignore-case":true}]}"#, "equals-ignore-case match pattern must be a string"),
        (r#"{"k":[{"exists":null}]}"#, "exists match pattern must be either true or false."),
        (r#"{"k":[{"exists":"no"}]}"#, "exists match pattern must be either true or false."),
        (r#"{"k":[{"numeric":5}]}"#, "Value of numeric must be an array."),
        (r#"{"k":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]"),
        (r#"{"k":[{"numeric":["operator"]}]}"#, "Unrecognized numeric range operator: operator"),
        (r#"{"k":[{"numeric":[1,"<="]}]}"#, "Invalid member in numeric match: 1"),
        (r#"{"k":[{"numeric":["=","000"]}]}"#, "Value of equals must be numeric"),
        (r#"{"k":[{"numeric":[">="]}]}"#, "Value of >= must be numeric"),
        (r#"{"k":[{"numeric":["=",1,"<",2]}]}"#, "Too many elements in numeric expression"),
        (r#"{"k":[{"numeric":["<",100,">",10]}]}"#, "Too many elements in numeric expression"),
        (r#"{"k":[{"numeric":[">=",1,">",2]}]}"#, "Bad numeric range operator: >"),
        (r#"{"k":[{"numeric":[">",3,"<",1]}]}"#, "Bottom must be less than top"),
        (r#"{"k":[{"numeric":[">=",3,"<=",3]}]}"#, "Bottom must be less than top"),
        (r#"{"k":[{"numeric":[">",20,"<="]}]}"#, "Value of <= must be numeric"),
        (r#"{"k":[{"numeric":[">",20,30]}]}"#, "Bad value in numeric range: 30"),
        (r#"{"k":[{"numeric":[">",20,"test"]}]}"#, "Bad numeric range operator: test"),
        (r#"{"k":[{"numeric":[">","20","<","30"]}]}"#, "Value of > must be numeric"),
        (r#"{"k":[{"numeric":[">",20,"<","30"]}]}"#, "Value of < must be numeric"),
        (r#"{"k":[{"numeric":[">",20,"<",30,"<",50]}]}"#, "Too many terms in numeric range expression"),
        (r#"{"k":[{"numeric":["<",1000000000.1]}]}"#, "a bound lies between"),
        (r#"{"k":[{"cidr":5}]}"#, "cidr match pattern must be a string"),
        (r#"{"k":[{"cidr":"10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
        (r#"{"k":[{"cidr":"10.0.0.0/a"}]}"#, "Malformed CIDR, mask bits must be an integer"),
        (r#"{"k":[{"cidr":"10.0.0.0/33"}]}"#, "mask bits must be at most 32"),
        (r#"{"k":[{"cidr":"10.0.0/8"}]}"#, "Nonstandard IP address: 10.0.0"),
        (r#"{"k":[{"anything-but":{"wrong":null}}]}"#, "Unsupported anything-but pattern: wrong"),
        (r#"{"k":[{"anything-but":{"exists":false}}]}"#, "Unsupported anything-but pattern: exists"),
        (r#"{"k":[{"anything-but":{"prefix":false}}]}"#, "prefix match pattern must be a string"),
        (r#"{"k":[{"anything-but":[]}]}"#, "Value of anything-but must be an array or single string/number"),
        (
            r#"{"k":[{"anything-but":null}]}"#,
            "Value of anything-but must be an array or single string/number",
        ),
        (r#"{"k":[{"anything-but":["a",1]}]}"#, "mixed type is not supported"),
        (r#"{"k":[{"wildcard":"a**b"}]}"#, "Consecutive wildcard characters at pos 1"),
        (r#"{"k":[{"wildcard":"a\\b"}]}"#, "Invalid escape character at pos 1"),
        (r#"{"$or":[{"a":["x"]}]}"#, "Unrecognized match type a"),
        (
            r#"{"a":["x"],"b":["x"],"c":["x"],"d":["x"],"e":["x"],"f":["x"]}"#,
            "Filter policy can not have more than 5 keys",
        ),
    ];
    for (policy, words) in cases {
        let told = refused(policy, Scope::MessageAttributes, Dialect::Sns);
        let told = told.unwrap_or_else(|| panic!("{policy} is refused"));
        let words = words.replace("\"k\\\"", "\\\"k\\\"");
        assert!(told.contains(&words), "{policy}: {words}\n{told}");
        assert!(told.contains("policy.json:1:"), "{told}");
    }
    assert!(
        refused(r#"{"a":{}}"#, Scope::MessageBody, Dialect::Sns)
            .is_some_and(|told| told.contains("Empty objects"))
    );
}

#[test]
fn all_refusals_are_told_at_once() {
    let told = refused(r#"{"a":[],"b":[{"exists":1}],"c":"x"}"#, Scope::MessageAttributes, Dialect::Sns);
    let told = told.expect("it is refused");
    for words in ["Empty arrays", "exists match pattern", "must be an object or an array"] {
        assert!(told.contains(words), "{told}");
    }
}

fn list(number: usize) -> String {
    (0..number).fold(String::new(), |mut text, item| {
        let comma = if item > 0 { "," } else { "" };
        let _ = write!(text, "{comma}\"v{item}\"");
        text
    })
}

#[test]
fn combinations_are_counted_as_aws_counts_them() {
    let or = |last: usize| {
        format!(
            r#"{{"s":[{}],"$or":[{{"m":[{}]}},{{"t":[{}],"$or":[{{"i":[{}]}},{{"p":[{}]}}]}}]}}"#,
            list(3),
            list(6),
            list(4),
            list(4),
            list(last)
        )
    };
    let nested =
        |outer: usize| format!(r#"{{"a":{{"b":{{"c":[{}]}}}},"d":{{"e":[{}]}}}}"#, list(outer), list(3));
    // (3 × 6) + (3 × 4 × 4) + (3 × 4 × 7) = 150.
    let cases = [
        (format!(r#"{{"k":[{}]}}"#, list(150)), Scope::MessageAttributes, true),
        (format!(r#"{{"k":[{}]}}"#, list(151)), Scope::MessageAttributes, false),
        (format!(r#"{{"a":[{}],"b":[{}]}}"#, list(75), list(2)), Scope::MessageAttributes, true),
        (format!(r#"{{"a":[{}],"b":[{}]}}"#, list(76), list(2)), Scope::MessageAttributes, false),
        (or(7), Scope::MessageAttributes, true),
        (or(8), Scope::MessageAttributes, false),
        // Three levels times four values, two levels times three: 72. With nine values 162.
        (nested(4), Scope::MessageBody, true),
        (nested(8), Scope::MessageBody, true),
        (nested(9), Scope::MessageBody, false),
    ];
    for (policy, scope, sound) in cases {
        let told = refused(&policy, scope, Dialect::Sns);
        assert_eq!(told.is_none(), sound, "{policy}: {told:?}");
        assert!(told.is_none_or(|told| told.contains("Filter policy is too complex")));
    }
    // Of nested keys the outermost count.
    let keys = r#"{"a":{"1":["x"],"2":["x"],"3":["x"],"4":["x"],"5":["x"],"6":["x"]}}"#;
    assert_eq!(refused(keys, Scope::MessageBody, Dialect::Sns), None);
}

#[test]
fn a_policy_has_256_kib_at_most() {
    let policy = |bytes: usize| format!(r#"{{"k":["{}"]}}"#, "x".repeat(bytes - r#"{"k":[""]}"#.len()));
    assert_eq!(refused(&policy(262_144), Scope::MessageAttributes, Dialect::Sns), None);
    let told = refused(&policy(262_145), Scope::MessageAttributes, Dialect::Sns);
    assert!(told.is_some_and(|told| told.contains("262145 bytes")));
}

#[test]
fn a_dialect_knows_its_operators() {
    let known = |policy: &str, dialect: Dialect| refused(policy, Scope::MessageAttributes, dialect).is_none();
    let cases = [
        (r#"{"k":[{"prefix":"a"}]}"#, [true, true, true]),
        (r#"{"k":[{"cidr":"10.0.0.0/8"}]}"#, [true, true, false]),
        (r#"{"k":[{"anything-but":{"prefix":"a"}}]}"#, [true, true, true]),
        (r#"{"k":[{"suffix":"a"}]}"#, [false, true, true]),
        (r#"{"k":[{"equals-ignore-case":"a"}]}"#, [false, true, true]),
        (r#"{"k":[{"wildcard":"a*"}]}"#, [false, true, false]),
        (r#"{"k":[{"anything-but":{"suffix":"a"}}]}"#, [false, true, false]),
        (r#"{"$or":[{"a":["x"]},{"b":["x"]}]}"#, [false, true, true]),
        (r#"{"a":{"b":["x"]}}"#, [false, false, true]),
        (r#"{"a":["x"],"b":["x"],"c":["x"],"d":["x"],"e":["x"],"f":["x"]}"#, [false, false, true]),
    ];
    for (policy, wanted) in cases {
        for (dialect, wanted) in [Dialect::Sns2022, Dialect::Sns, Dialect::Lambda].into_iter().zip(wanted) {
            assert_eq!(known(policy, dialect), wanted, "{dialect:?}: {policy}");
        }
    }
    let told = refused(r#"{"k":["x"]}"#, Scope::MessageBody, Dialect::Sns2022);
    assert!(told.is_some_and(|told| told.contains("December 2022")));
}

#[test]
fn yaml_is_as_good_as_json() {
    let yaml = "type: [order_placed]\namount: [{ numeric: [\">\", 0] }]\n";
    let json = r#"{"type":["order_placed"],"amount":[{"numeric":[">",0]}]}"#;
    let read = |text| Policy::from_text("policy", text, Scope::MessageAttributes, Dialect::Sns);
    assert_eq!(read(yaml), read(json));
}
