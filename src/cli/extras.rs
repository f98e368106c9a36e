//! `queuelab completions` and `queuelab man`: help for shells and for `man`, from the same declaration as `--help`.

use super::Arguments;
use super::outcome::{Outcome, broken, print};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  queuelab completions bash > ~/.local/share/bash-completion/completions/queuelab"
)]
pub(super) struct CompletionsArguments {
    /// The shell.
    shell: Shell,
}

/// Print the man page.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  queuelab man > queuelab.1")]
pub(super) struct ManArguments {}

pub(super) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "queuelab", &mut text);
    print(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Well)
}

pub(super) fn man(_: &ManArguments) -> anyhow::Result<Outcome> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Arguments::command())
        .render(&mut text)
        .map_err(|error| broken(error.to_string()))?;
    print(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Well)
}
