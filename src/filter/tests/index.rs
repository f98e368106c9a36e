//! The index finds what a search one by one finds.

use super::read;
use crate::filter::{Document, Matcher, Policy, Scope, Vocabulary};
use serde_json::json;

fn policies(number: u32) -> Vec<Policy> {
    let policy = |position: u32| {
        let text = match position % 5 {
            0 => format!(r#"{{"customer":["c{position}"],"kind":["a","b"]}}"#),
            1 => format!(r#"{{"amount":[{{"numeric":[">=",{position},"<",{}]}}]}}"#, position + 10),
            2 => format!(r#"{{"customer":[{{"prefix":"c{position}"}}]}}"#),
            3 => format!(r#"{{"$or":[{{"customer":["c{position}"]}},{{"amount":[{position}]}}]}}"#),
            _ => format!(r#"{{"kind":[{{"anything-but":"a"}}],"amount":[{position}]}}"#),
        };
        read(&text, Scope::MessageAttributes)
    };
    (0..number).map(policy).collect()
}

#[test]
fn the_index_leaves_nobody_out() {
    let policies = policies(2_000);
    let mut vocabulary = Vocabulary::default();
    let messages: Vec<Document> = (0..400)
        .map(|number| {
            let kind = ["a", "b", "z"][number % 3];
            let customer = format!("c{}", number * 7 % 2_500);
            let message = json!({ "customer": customer, "kind": kind, "amount": number * 3 });
            Document::of_attributes(&message, &mut vocabulary).expect("attributes")
        })
        .collect();
    let mut all =
        Matcher::new(policies.iter().zip(0..).map(|(policy, number)| (number, policy)), &mut vocabulary);
    let mut singles: Vec<Matcher> =
        policies.iter().map(|policy| Matcher::new([(0, policy)], &mut vocabulary)).collect();
    let mut wanted = 0;
    for message in &messages {
        let mut found = Vec::new();
        all.matching(message, &mut found);
        let one_by_one: Vec<u32> = singles
            .iter_mut()
            .zip(0..)
            .filter_map(|(matcher, number)| matcher.passes(message).then_some(number))
            .collect();
        wanted += one_by_one.len();
        assert_eq!(found, one_by_one, "{message:?}");
    }
    assert!(wanted > 1_000, "the messages are wanted by some: {wanted}");
}
