//! `queuelab run`: simulate, write the report, print a summary.

use super::disk::{Loaded, load};
use super::outcome::{Failure, Outcome, broken, print, wrong};
use super::replicate::ReplicateArguments;
use crate::record::Tape;
use crate::report::{Options, ReportError, explain_scaling, summary, write_with};
use crate::scenario::Scenario;
use crate::world::{RunError, RunProgress};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Simulate a scenario, write its report and print a summary.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  queuelab run scenarios/quickstart.yaml\n  queuelab run scenarios/spike-into-small-group.yaml --seed 7 --set consumers.workers.threads=4\n  queuelab run scenarios/trace-replay.yaml --set producers.clients.arrivals.trace.file=/data/requests.csv\n  queuelab run scenarios/quickstart.yaml --replications 20\n  queuelab run scenarios/single-server-queue.yaml --until-precision 1% --metric server.end_to_end_latency.mean\n  queuelab run scenarios/single-server-queue.yaml --batches 20 --warm-up auto"
)]
pub(super) struct RunArguments {
    /// The scenario file.
    scenario: PathBuf,
    /// Seed of all randomness, in place of the scenario's.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Change a value of the scenario: `queues.orders.visibility_timeout=5m`. May be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Folder of the report; by default `reports/<scenario name>`.
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Write no charts.
    #[arg(long)]
    no_charts: bool,
    /// Also tell why: `scaling` tells each alarm and each scaling decision, and what kept policies from acting.
    #[arg(long, value_name = "WHAT")]
    explain: Option<Explain>,
    /// Print nothing but problems.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    replicate: ReplicateArguments,
}

/// What can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Explain {
    /// Alarms and scaling activities.
    Scaling,
}

pub(super) fn run(arguments: &RunArguments) -> anyhow::Result<Outcome> {
    let scenario = match load(&arguments.scenario, &arguments.set)? {
        Loaded::Sound(scenario) => scenario,
        Loaded::Unsound => return Ok(Outcome::Wrong),
        Loaded::PolicyTests(_) => {
            let path = arguments.scenario.display();
            return Err(wrong(format!("`{path}` holds policy tests: run `queuelab check {path}`")));
        }
    };
    let folder = arguments.output.clone().unwrap_or_else(|| Path::new("reports").join(scenario.name()));
    let seed = arguments.seed.unwrap_or(scenario.seed());
    let crew = arguments.replicate.runs.crew()?;
    let mut told = String::new();
    let scenario = arguments.replicate.prepared(*scenario, seed, &crew, &mut told)?;
    let mut tape = simulate(&scenario, seed)?;
    tape.theory = scenario.theory(&tape);
    let further = arguments.replicate.further(&scenario, seed, &tape, &crew, width())?;
    let options = Options { charts: !arguments.no_charts };
    let files = write_with(&tape, &folder, &options, &further.sheets).map_err(refused)?;
    if interrupted() {
        return Err(
            Failure { outcome: Outcome::Interrupted, what: "the report is complete".to_owned() }.into()
        );
    }
    if !arguments.quiet {
        print(&(summary(&tape, width(), &files) + &told + &further.told))?;
    }
    if arguments.explain == Some(Explain::Scaling) {
        print(&explain_scaling(&tape, width()))?;
    }
    let failed = tape.expectations.iter().any(|expectation| !expectation.passed);
    Ok(if further.failed.unwrap_or(failed) { Outcome::Failed } else { Outcome::Well })
}

/// A report that could not be written.
#[allow(clippy::needless_pass_by_value, reason = "it is given to map_err")]
pub(super) fn refused(error: ReportError) -> anyhow::Error {
    match error {
        // A folder that is taken is a mistake on the command line; all else is the machine's.
        ReportError::Occupied { .. } => wrong(error.to_string()),
        ReportError::Machine { .. } | ReportError::Leftover { .. } => broken(error.to_string()),
    }
}

/// Columns of the terminal; wide ones do not make tables easier to read.
pub(super) fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)).clamp(60, 140)
}

/// Set by Ctrl-C; runs look at it between two slices.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C was pressed.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

pub(super) fn listen_for_interrupts() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| {
        // Without a handler Ctrl-C still ends the program; only its message is less kind then.
        let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    });
}

/// Plays the scenario, with a progress bar when somebody watches and it takes a while.
pub(super) fn simulate(scenario: &Scenario, seed: u64) -> anyhow::Result<Tape> {
    listen_for_interrupts();
    let bar = progress_bar(scenario.name());
    let mut watch = |progress: RunProgress| {
        show_when_it_takes_long(&bar);
        bar.set_length(progress.end.as_nanos() / 1_000_000);
        bar.set_position(progress.now.as_nanos() / 1_000_000);
        !interrupted()
    };
    let played = scenario.run_with(seed, 0, &mut watch);
    bar.finish_and_clear();
    played.map_err(|error| match error {
        RunError::Interrupted => {
            Failure { outcome: Outcome::Interrupted, what: "nothing was written".to_owned() }.into()
        }
        RunError::StandsStill { .. } => wrong(error.to_string()),
        RunError::Unbalanced(_) | RunError::Fault { .. } => broken(format!(
            "{error}\n  scenario `{}` ({}), seed {seed}: please report this",
            scenario.name(),
            scenario.hash()
        )),
    })
}

/// Runs shorter than this need no progress bar.
const SHORT: Duration = Duration::from_secs(1);

fn progress_bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::hidden();
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}

/// The bar shows up when somebody watches and the run is not over at once.
fn show_when_it_takes_long(bar: &ProgressBar) {
    if bar.is_hidden() && bar.elapsed() > SHORT && std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
}
