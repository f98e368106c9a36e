//! Operators one by one, refusals, limits, and an independent matcher.

mod index;
mod naive;
mod operators;
mod refusals;

use super::{Dialect, Document, Explanation, Policy, Scope, Vocabulary, explain};
use serde_json::Value as Json;

fn read(policy: &str, scope: Scope) -> Policy {
    Policy::from_text("policy", policy, scope, Dialect::Sns).expect("AWS takes the policy")
}

fn judge(policy: &Policy, message: &Json) -> Explanation {
    let mut vocabulary = Vocabulary::default();
    let document = match policy.scope {
        Scope::MessageAttributes => {
            Document::of_attributes(message, &mut vocabulary).expect("SNS takes the attributes")
        }
        Scope::MessageBody => Document::of_json(message, &mut vocabulary),
    };
    explain(policy, &document, &mut vocabulary)
}

fn passes(policy: &str, scope: Scope, message: &str) -> bool {
    let message: Json = serde_json::from_str(message).expect("the message is JSON");
    judge(&read(policy, scope), &message).passes
}
