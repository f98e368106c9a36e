//! `queuelab validate`: say what is wrong with scenarios, run nothing.

use super::disk::{Loaded, load};
use super::files::scenarios;
use super::outcome::{GOOD, Outcome, print};
use clap::Args;
use std::path::PathBuf;

/// Check scenario files without running them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  queuelab validate scenarios/")]
pub(super) struct ValidateArguments {
    /// Scenario files, or folders with scenario files.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change a value of the scenario before it is checked. May be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

pub(super) fn validate(arguments: &ValidateArguments) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Well;
    for path in scenarios(&arguments.paths)? {
        match load(&path, &arguments.set)? {
            Loaded::Sound(_) | Loaded::PolicyTests(_) => {
                print(&format!("{GOOD}✓{GOOD:#} {}\n", path.display()))?;
            }
            Loaded::Unsound => outcome = Outcome::Wrong,
        }
    }
    Ok(outcome)
}
