//! How it went: exit codes, and failures as they are told.

use anstyle::{AnsiColor, Style};
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All well: 0.
    Well,
    /// An expectation failed: 1.
    Failed,
    /// The scenario or the command line is wrong: 2.
    Wrong,
    /// The machine failed us, or queuelab did: 3.
    Broken,
    /// Ctrl-C: 130.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Well => 0,
            Outcome::Failed => 1,
            Outcome::Wrong => 2,
            Outcome::Broken => 3,
            Outcome::Interrupted => 130,
        })
    }
}

/// A failure with its outcome and what is told about it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) outcome: Outcome,
    pub(super) what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// The machine failed us.
pub(super) fn broken(what: impl Into<String>) -> anyhow::Error {
    Failure { outcome: Outcome::Broken, what: what.into() }.into()
}

/// The scenario or the command line is wrong.
pub(super) fn wrong(what: impl Into<String>) -> anyhow::Error {
    Failure { outcome: Outcome::Wrong, what: what.into() }.into()
}

/// Style of words that say something is wrong, and of those that say it is right.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const DIM: Style = Style::new().dimmed();

/// Prints to standard output; a reader that went away (a closed pipe) is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(broken(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints to standard error; when that fails there is nobody left to tell.
pub(super) fn print_error(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Tells a failure and gives its exit code.
pub(super) fn tell(error: &anyhow::Error) -> ExitCode {
    let outcome = error.downcast_ref::<Failure>().map_or(Outcome::Broken, |failure| failure.outcome);
    match outcome {
        Outcome::Interrupted => print_error(&format!("{BAD}interrupted{BAD:#}: {error}\n")),
        _ => print_error(&format!("{BAD}error{BAD:#}: {error:#}\n")),
    }
    outcome.into()
}
