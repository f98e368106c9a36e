//! `queuelab filter`: does this message pass this filter policy, and if not, why?

use super::disk::reason;
use super::outcome::{BAD, DIM, GOOD, Outcome, broken, print, print_error, wrong};
use crate::filter::{Dialect, Document, Explanation, Policy, Scope, Vocabulary, explain};
use crate::language::{Problems, Sources, parse};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal as _, Read as _};

/// Say whether a message passes an SNS filter policy, and if not, at which key it fails.
///
/// Policy and message are files, JSON as it is (it begins with a bracket or a quote), or `-` for the standard input. The
/// exit code is 0 when the message passes, 1 when it does not, and 2 when AWS would refuse policy or message.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  queuelab filter '{\"type\": [\"order_placed\"]}' '{\"type\": \"order_placed\"}'\n  queuelab filter policy.json attributes.json\n  queuelab filter policy.yaml body.json --scope body\n\nAttributes are a mapping from names to values: a text, a number, a list (String.Array), or as AWS writes them:\n  {\"price\": {\"DataType\": \"Number\", \"StringValue\": \"10\"}}"
)]
pub(super) struct FilterArguments {
    /// The filter policy, JSON or YAML.
    #[arg(value_name = "POLICY")]
    policy: String,
    /// The attributes of the message or, with `--scope body`, its body; JSON.
    #[arg(value_name = "MESSAGE")]
    message: String,
    /// What the policy is about (`FilterPolicyScope`).
    #[arg(long, value_enum, default_value_t = ScopeArgument::Attributes)]
    scope: ScopeArgument,
    /// Which operators SNS has: those of now, or of September 2022.
    #[arg(long, value_enum, default_value_t = ProfileArgument::Current)]
    profile: ProfileArgument,
    /// Print nothing but problems.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScopeArgument {
    #[value(alias = "MessageAttributes")]
    Attributes,
    #[value(alias = "MessageBody")]
    Body,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileArgument {
    Current,
    #[value(name = "2022")]
    Exam2022,
}

pub(super) fn filter(arguments: &FilterArguments) -> anyhow::Result<Outcome> {
    if arguments.policy == "-" && arguments.message == "-" {
        return Err(wrong("only one of policy and message can come from the standard input"));
    }
    let scope = match arguments.scope {
        ScopeArgument::Attributes => Scope::MessageAttributes,
        ScopeArgument::Body => Scope::MessageBody,
    };
    let dialect = match arguments.profile {
        ProfileArgument::Current => Dialect::Sns,
        ProfileArgument::Exam2022 => Dialect::Sns2022,
    };
    let (name, text) = input(&arguments.policy, "policy")?;
    let Some(policy) = read_policy(&name, &text, scope, dialect) else { return Ok(Outcome::Wrong) };
    let (_, message) = input(&arguments.message, "message")?;
    let mut vocabulary = Vocabulary::default();
    let document = match scope {
        Scope::MessageAttributes => attributes(&message, &mut vocabulary)?,
        Scope::MessageBody => Document::of_body(&message, &mut vocabulary),
    };
    let explanation = explain(&policy, &document, &mut vocabulary);
    if !arguments.quiet {
        print(&told(&explanation))?;
    }
    Ok(if explanation.passes { Outcome::Well } else { Outcome::Failed })
}

/// A name for problems, and the text: as it stands, of a file, or of the standard input.
fn input(argument: &str, what: &str) -> anyhow::Result<(String, String)> {
    if argument.trim_start().starts_with(['{', '[', '"']) {
        return Ok((what.to_owned(), argument.to_owned()));
    }
    let read = if argument == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(argument)
    };
    read.map(|text| (argument.to_owned(), text)).map_err(|error| {
        let told = format!("cannot read the {what} `{argument}`: {}", reason(&error));
        match error.kind() {
            ErrorKind::NotFound => {
                wrong(format!("{told}\n  help: JSON on the command line begins with `{{`, `[` or `\"`"))
            }
            ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::InvalidData => wrong(told),
            _ => broken(told),
        }
    })
}

/// The policy; its problems are printed.
fn read_policy(name: &str, text: &str, scope: Scope, dialect: Dialect) -> Option<Policy> {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let node = parse(&mut sources, name, text, &mut problems);
    let policy = node.and_then(|node| Policy::read(&node, scope, dialect, &mut problems));
    print_error(&problems.render(&sources, std::io::stderr().is_terminal()));
    policy.filter(|_| !problems.has_errors())
}

fn attributes(message: &str, vocabulary: &mut Vocabulary) -> anyhow::Result<Document> {
    let json: serde_json::Value = serde_json::from_str(message)
        .map_err(|error| wrong(format!("the attributes are no JSON: {error}")))?;
    Document::of_attributes(&json, vocabulary).map_err(|what| {
        let help = "for a policy over the body say `--scope body`";
        wrong(format!("SNS would refuse the message: {what}\n  help: {help}"))
    })
}

fn told(explanation: &Explanation) -> String {
    if explanation.passes {
        return format!("{GOOD}✓{GOOD:#} the message passes\n");
    }
    let mut text = format!("{BAD}✗{BAD:#} the message does not pass\n");
    let several = explanation.failures.len() > 1;
    for (number, failure) in explanation.failures.iter().enumerate() {
        let which = if several { format!("{DIM}alternative {}:{DIM:#} ", number + 1) } else { String::new() };
        let _ = writeln!(text, "  {which}{failure}");
    }
    text
}
