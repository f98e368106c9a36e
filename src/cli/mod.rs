//! The command line: one file a verb. Reads arguments, calls the library, prints, and says how it went.

mod baselines;
mod check;
mod compare;
mod disk;
mod experiments;
mod extras;
mod files;
mod filter;
mod junit;
mod knobs;
mod lessons;
mod outcome;
mod replicate;
mod run;
mod schema;
mod sweep;
mod task;
mod tune;
mod validate;

use clap::{Parser, Subcommand};
pub use outcome::Outcome;
use std::process::ExitCode;

/// Simulates AWS messaging architectures: queues, consumers and the scaling between them.
///
/// A scenario file describes who sends messages, through which queues, to which consumers; queuelab plays it, event by
/// event, and writes tables, charts and a summary. The same scenario and seed give the same results everywhere.
#[derive(Debug, Parser)]
#[command(
    name = "queuelab",
    version,
    after_help = "Example:\n  queuelab run scenarios/quickstart.yaml\n\nExit codes: 0 all well, 1 an expectation failed, 2 the scenario or the command line is wrong,\n3 the machine failed us (disk full, unreadable file), 130 interrupted"
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::RunArguments),
    Validate(validate::ValidateArguments),
    Check(check::CheckArguments),
    Compare(compare::CompareArguments),
    Sweep(sweep::SweepArguments),
    Tune(tune::TuneArguments),
    Schema(schema::SchemaArguments),
    Completions(extras::CompletionsArguments),
    Man(extras::ManArguments),
    Filter(filter::FilterArguments),
    Lessons(lessons::LessonsArguments),
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; a closed pipe is none either.
            let _ = error.print();
            return if error.use_stderr() { Outcome::Wrong.into() } else { Outcome::Well.into() };
        }
    };
    let done = match arguments.verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Validate(arguments) => validate::validate(&arguments),
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Compare(arguments) => compare::compare(&arguments),
        Verb::Sweep(arguments) => sweep::sweep(&arguments),
        Verb::Tune(arguments) => tune::tune(&arguments),
        Verb::Schema(arguments) => schema::schema(&arguments),
        Verb::Completions(arguments) => extras::completions(&arguments),
        Verb::Man(arguments) => extras::man(&arguments),
        Verb::Filter(arguments) => filter::filter(&arguments),
        Verb::Lessons(arguments) => lessons::lessons(&arguments),
    };
    match done {
        Ok(outcome) => outcome.into(),
        Err(error) => outcome::tell(&error),
    }
}
