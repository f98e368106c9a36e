//! `queuelab schema`: the scenario language, for editors and for readers.

use super::outcome::{Outcome, broken, print};
use clap::Args;

/// Print the JSON Schema of scenario files, for editors.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  queuelab schema > queuelab.schema.json\n\nThen begin a scenario with\n  # yaml-language-server: $schema=queuelab.schema.json"
)]
pub(super) struct SchemaArguments {
    /// Print the reference as Markdown tables instead.
    #[arg(long)]
    markdown: bool,
    /// The schema of policy tests, instead of that of scenarios.
    #[arg(long, conflicts_with = "markdown")]
    policy_tests: bool,
}

pub(super) fn schema(arguments: &SchemaArguments) -> anyhow::Result<Outcome> {
    let text = if arguments.markdown {
        crate::scenario::reference()
    } else {
        let schema = if arguments.policy_tests {
            crate::scenario::policy_test_schema()
        } else {
            crate::scenario::schema()
        };
        serde_json::to_string_pretty(&schema).map_err(|error| broken(error.to_string()))? + "\n"
    };
    print(&text)?;
    Ok(Outcome::Well)
}
