//! `queuelab tune`: the cheapest setting that meets what a scenario expects.

use super::disk::{Loaded, read, sound};
use super::experiments::{RunsArguments, failed, go_on};
use super::knobs::{knobs, points, sets};
use super::outcome::{BAD, DIM, GOOD, Outcome, print, print_error, wrong};
use super::run::{refused, width};
use crate::expect::show;
use crate::experiment::{Met, ReplicationPlan, Replications, Sweep, Trial, cost, met};
use crate::record::Unit;
use crate::report::{Experiment, Sheet, grid, number_text, write_experiment};
use crate::scenario::Scenario;
use clap::Args;
use std::path::{Path, PathBuf};

/// Find the cheapest of some settings that meets a scenario's expectations.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  queuelab tune scenarios/quickstart.yaml --vary workers.auto_scaling_group.max_size=8..20:4 --vary orders.visibility_timeout=30s,2m\n\nEvery setting is run a few times. Then, from the cheapest up, each gets more replications until it is known whether it\nmeets the expectations. Exit code 1 when none surely does."
)]
pub(super) struct TuneArguments {
    /// The scenario file, with what must be met in `expect`.
    scenario: PathBuf,
    /// A setting and its values: `workers.threads=1..8:1`. Given several times, all combinations are tried.
    #[arg(long, value_name = "PATH=VALUES", required = true)]
    vary: Vec<String>,
    /// Change a value at every point. May be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all randomness, in place of the scenario's.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Folder of the report; by default `reports/tune-<name>`.
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    runs: RunsArguments,
}

/// Replications of every setting at first.
const FIRST_LOOK: u32 = 4;

/// Replications that a setting gets at most unless somebody says otherwise.
const MOST: u32 = 64;

/// A setting that is tried.
struct Setting {
    label: String,
    scenario: Scenario,
    runs: Replications,
    /// Whether it was looked at more closely, or judged at all.
    verdict: Option<Met>,
}

pub(super) fn tune(arguments: &TuneArguments) -> anyhow::Result<Outcome> {
    let file = &arguments.scenario;
    let set = sets(file, &arguments.set)?;
    let base = sound(file, &set)?;
    if base.expectations() == 0 {
        return Err(wrong("the scenario expects nothing: there is nothing to meet\n  help: add `expect`"));
    }
    let knobs = knobs(file, &arguments.vary)?;
    let sweep = Sweep {
        name: base.name().to_owned(),
        points: points(&knobs)?,
        knobs: knobs.into_iter().map(|knob| knob.path).collect(),
        plan: ReplicationPlan::exactly(1, arguments.runs.confidence),
        metrics: Vec::new(),
    };
    let Some(scenarios) = load_all(file, &set, &sweep)? else { return Ok(Outcome::Wrong) };
    let crew = arguments.runs.crew()?;
    let seed = arguments.seed.unwrap_or(base.seed());
    let most = arguments.runs.replications.unwrap_or(MOST).max(2);
    let first = FIRST_LOOK.min(most) as usize;
    let mut trials = crew
        .map(scenarios.len() * first, |index| {
            Trial::play(&scenarios[index / first], seed, (index % first) as u32, &go_on)
        })
        .into_iter();
    let mut settings = Vec::new();
    for (point, scenario) in scenarios.into_iter().enumerate() {
        let own: Result<Vec<Trial>, _> = trials.by_ref().take(first).collect();
        let runs = Replications { trials: own.map_err(failed)?, is_precise: true };
        settings.push(Setting { label: sweep.label(point), scenario, runs, verdict: None });
    }
    // Stable: equal costs stay in the order of the grid.
    settings.sort_by(|a, b| cost(&a.runs.trials).mean.total_cmp(&cost(&b.runs.trials).mean));
    let mut found = None;
    for (rank, setting) in settings.iter_mut().enumerate() {
        let mut verdict = met(&setting.scenario, &setting.runs, arguments.runs.confidence);
        while verdict == Met::Undecided && (setting.runs.trials.len() as u32) < most {
            let count = (setting.runs.trials.len() as u32 * 2).min(most);
            let plan = ReplicationPlan::exactly(count, arguments.runs.confidence);
            let so_far = std::mem::take(&mut setting.runs.trials);
            setting.runs = plan.play_on(so_far, (&setting.scenario, seed), &crew, &go_on).map_err(failed)?;
            verdict = met(&setting.scenario, &setting.runs, arguments.runs.confidence);
        }
        setting.verdict = Some(verdict);
        if verdict == Met::Surely {
            found = Some(rank);
            break;
        }
    }
    let folder = arguments
        .output
        .clone()
        .unwrap_or_else(|| Path::new("reports").join(format!("tune-{}", base.name())));
    let experiment = Experiment {
        title: format!("tuning of {}", base.name()),
        facts: vec![
            ("kind".to_owned(), "tuning".to_owned()),
            ("scenario_sha256".to_owned(), base.hash().to_owned()),
            ("seed".to_owned(), seed.to_string()),
            ("varied".to_owned(), sweep.knobs.join(", ")),
        ],
        sheets: vec![sheet(&settings)],
        charts: Vec::new(),
    };
    write_experiment(&experiment, &folder).map_err(refused)?;
    print(&told(&settings, found, arguments.runs.confidence, &folder))?;
    Ok(if found.is_some() { Outcome::Well } else { Outcome::Failed })
}

/// The scenario at every point; `None` when it is not in order at one, which has been printed.
fn load_all(file: &Path, set: &[String], sweep: &Sweep) -> anyhow::Result<Option<Vec<Scenario>>> {
    let mut scenarios = Vec::new();
    for point in 0..sweep.points.len() {
        let sets: Vec<String> = set.iter().cloned().chain(sweep.sets(point)).collect();
        match read(file, &sets)? {
            (Loaded::Sound(scenario), _) => scenarios.push(*scenario),
            (_, problems) => {
                print_error(&format!("{problems}point {point} ({})\n", sweep.label(point)));
                return Ok(None);
            }
        }
    }
    Ok(Some(scenarios))
}

fn word(setting: &Setting) -> &'static str {
    match setting.verdict {
        Some(Met::Surely) => "met",
        Some(Met::Missed) => "missed",
        Some(Met::Undecided) => "undecided",
        None => "dearer",
    }
}

/// The expectation that held in fewest replications.
fn hardest(setting: &Setting) -> String {
    let held = crate::experiment::held(&setting.runs.trials);
    let hardest = held.iter().min_by_key(|one| one.held);
    hardest
        .map(|one| format!("{} {} held in {} of {}", one.name, one.expression, one.held, one.of))
        .unwrap_or_default()
}

fn sheet(settings: &[Setting]) -> Sheet {
    let columns = ["rank", "setting", "verdict", "replications", "cost_mean", "cost_stddev", "hardest"];
    let rows = settings.iter().enumerate().map(|(rank, setting)| {
        let cost = cost(&setting.runs.trials);
        vec![
            (rank + 1).to_string(),
            setting.label.clone(),
            word(setting).to_owned(),
            cost.count.to_string(),
            number_text(cost.mean),
            number_text(cost.stddev),
            hardest(setting),
        ]
    });
    Sheet { rows: rows.collect(), ..Sheet::new("tune.csv", columns) }
}

fn told(settings: &[Setting], found: Option<usize>, confidence: f64, folder: &Path) -> String {
    const SHOWN: usize = 25;
    let shown = &settings[..settings.len().min(found.map_or(SHOWN, |found| (found + 4).max(SHOWN)))];
    let names: Vec<String> = shown.iter().map(|setting| setting.label.clone()).collect();
    let column = |tell: &dyn Fn(&Setting) -> String| shown.iter().map(|one| Some(tell(one))).collect();
    let text = grid(
        "Settings, cheapest first",
        &names,
        vec![
            ("cost", column(&|one| show(cost(&one.runs.trials).mean, Unit::Dollars))),
            ("runs", column(&|one| one.runs.trials.len().to_string())),
            ("expectations", column(&|one| word(one).to_owned())),
            ("hardest", column(&hardest)),
        ],
        width(),
    );
    let percent = number_text(100.0 * confidence);
    let runs: usize = settings.iter().map(|setting| setting.runs.trials.len()).sum();
    let answer = match found {
        Some(rank) => {
            let setting = &settings[rank];
            let undecided = settings[..rank].iter().filter(|one| one.verdict == Some(Met::Undecided)).count();
            let cheaper = match (rank, undecided) {
                (0, _) => "no setting that was tried is cheaper".to_owned(),
                (1, 0) => "the only cheaper one misses them, as surely".to_owned(),
                (_, 0) => format!("all {rank} cheaper ones miss them, as surely"),
                _ => format!("of {rank} cheaper ones {undecided} could not be decided; the others miss them"),
            };
            format!(
                "\n{GOOD}{}{GOOD:#} is the cheapest that meets all expectations with {percent}% confidence ({} replications, \
                 {}): {cheaper}.\n",
                setting.label,
                setting.runs.trials.len(),
                show(cost(&setting.runs.trials).mean, Unit::Dollars),
            )
        }
        None => format!("\n{BAD}No setting{BAD:#} meets all expectations with {percent}% confidence.\n"),
    };
    let tried = format!(
        "{DIM}{runs} runs of {} settings; only these were tried, and their order is that of their mean costs. Report: {}{DIM:#}\n",
        settings.len(),
        folder.display()
    );
    text + &answer + &tried
}
