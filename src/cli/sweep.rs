//! `queuelab sweep`: a scenario at many settings, on one machine or on several.

use super::disk::{Loaded, experiment, is_experiment, read, reason, sound, write_whole};
use super::experiments::{RunsArguments, failed, go_on, no_statistic};
use super::knobs::{knobs, points, sets};
use super::outcome::{DIM, Failure, Outcome, broken, print, print_error, wrong};
use super::run::{interrupted, refused};
use super::task::{Task, TaskArguments};
use crate::experiment::{Crew, ExperimentConfig, Part, ReplicationPlan, Sweep, merge, points_of_task};
use crate::report::write_experiment;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::io::{ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};

/// Run a scenario at many settings; tables and charts of how results follow from them.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  queuelab sweep scenarios/quickstart.yaml --vary workers.threads=1..8:1 --replications 5\n  queuelab sweep scenarios/spike-into-small-group.yaml --vary workers.auto_scaling_group.max_size=5..50:5 --vary orders.visibility_timeout=30s,60s,120s\n  queuelab sweep experiment.yaml\n  queuelab sweep experiment.yaml --task-index 3 --task-count 8\n  queuelab sweep merge reports/my-sweep.parts\n\nInterrupted, it goes on where it stopped when the same command is given again."
)]
pub(super) struct SweepArguments {
    #[command(subcommand)]
    verb: Option<SweepVerb>,
    /// A scenario file, or an experiment file.
    #[arg(required = true, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A setting and its values: `workers.threads=1..8:1`, `orders.visibility_timeout=30s,60s`. Given several times, all
    /// combinations are run.
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// Change a value at every point. May be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all randomness, in place of the scenario's.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// What the charts show: `workers.end_to_end_latency.p99`. By default the tails of latencies, and the cost.
    #[arg(long, value_name = "STATISTIC")]
    metric: Vec<String>,
    /// Folder of the report; by default `reports/sweep-<name>`. Parts stand beside it, in `<folder>.parts`, until all are there.
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    task: TaskArguments,
    #[command(flatten)]
    runs: RunsArguments,
}

#[derive(Debug, Subcommand)]
enum SweepVerb {
    /// Lay the parts of a sweep together that several tasks have run.
    Merge {
        /// Folders of parts.
        #[arg(required = true, value_name = "FOLDER")]
        parts: Vec<PathBuf>,
        /// Folder of the report; by default that of the first parts, without `.parts`.
        #[arg(long, short, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
}

/// A sweep with where its scenario is and what is changed at every point.
struct Order {
    sweep: Sweep,
    scenario: PathBuf,
    set: Vec<String>,
    seed: Option<u64>,
}

pub(super) fn sweep(arguments: &SweepArguments) -> anyhow::Result<Outcome> {
    if let Some(SweepVerb::Merge { parts, output }) = &arguments.verb {
        return merge_parts(parts, output.as_deref());
    }
    let task = arguments.task.task()?;
    let file = arguments.file.as_deref().ok_or_else(|| wrong("name a scenario or an experiment file"))?;
    let order =
        if is_experiment(file)? { arguments.of_experiment(file)? } else { arguments.of_scenario(file)? };
    let crew = arguments.runs.crew()?;
    let folder = arguments
        .output
        .clone()
        .unwrap_or_else(|| Path::new("reports").join(format!("sweep-{}", order.sweep.name)));
    let parts = beside(&folder);
    let Some(hash) = order.check(&crew)? else { return Ok(Outcome::Wrong) };
    let own = match task {
        Some(Task { index, count }) => points_of_task(order.sweep.points.len(), index, count),
        None => (0..order.sweep.points.len()).collect(),
    };
    order.run(&own, &hash, &parts, &crew)?;
    if let Some(Task { index, count }) = task {
        print(&format!(
            "Task {index} of {count}: {} of {} points are in {}\n{DIM}When all tasks are done: queuelab sweep merge {}{DIM:#}\n",
            own.len(),
            order.sweep.points.len(),
            parts.display(),
            parts.display()
        ))?;
        return Ok(Outcome::Well);
    }
    let all: Vec<PathBuf> = own.iter().map(|point| parts.join(Part::file_name(*point))).collect();
    write_merged(&all, &folder)?;
    remove(&parts);
    Ok(Outcome::Well)
}

impl SweepArguments {
    fn of_scenario(&self, file: &Path) -> anyhow::Result<Order> {
        let knobs = knobs(file, &self.vary)?;
        if knobs.is_empty() {
            return Err(wrong("nothing is varied\n  help: add `--vary workers.threads=1..8:1`"));
        }
        let set = sets(file, &self.set)?;
        let scenario = sound(file, &set)?;
        Ok(Order {
            sweep: Sweep {
                name: scenario.name().to_owned(),
                points: points(&knobs)?,
                knobs: knobs.into_iter().map(|knob| knob.path).collect(),
                plan: self.runs.plan(scenario.replications()),
                metrics: self.metric.clone(),
            },
            scenario: file.to_owned(),
            set,
            seed: self.seed,
        })
    }

    fn of_experiment(&self, file: &Path) -> anyhow::Result<Order> {
        let Some(config) = experiment(file)? else {
            return Err(wrong(format!("`{}` cannot be run", file.display())));
        };
        let scenario = file.parent().unwrap_or(Path::new("")).join(&config.scenario);
        let (paths, all) = varied(&scenario, &config, &self.vary)?;
        let mut set = sets(&scenario, &config.set)?;
        set.extend(sets(&scenario, &self.set)?);
        let confidence = config.confidence.as_f64();
        let replications = self.runs.replications.unwrap_or(config.replications);
        let own: Vec<String> = config.metrics.iter().map(|metric| metric.value.clone()).collect();
        Ok(Order {
            sweep: Sweep {
                name: config.experiment.text.clone(),
                knobs: paths,
                points: all,
                plan: ReplicationPlan::exactly(replications, confidence),
                metrics: if self.metric.is_empty() { own } else { self.metric.clone() },
            },
            scenario,
            set,
            seed: self.seed.or(config.seed),
        })
    }
}

/// What an experiment varies: the paths, and the values at each point.
fn varied(
    scenario: &Path,
    config: &ExperimentConfig,
    more: &[String],
) -> anyhow::Result<(Vec<String>, Vec<Vec<String>>)> {
    let whole = |path: &str| -> anyhow::Result<String> {
        crate::scenario::whole_path(&super::disk::text(scenario)?, path).map_err(wrong)
    };
    if let Some(first) = config.points.first() {
        if !more.is_empty() {
            return Err(wrong("an experiment with `points` cannot be varied further"));
        }
        let paths = first.names().map(whole).collect::<anyhow::Result<_>>()?;
        let values =
            config.points.iter().map(|point| point.iter().map(|(_, value)| value.0.clone()).collect());
        return Ok((paths, values.collect()));
    }
    let mut all = Vec::new();
    for (name, values) in config.vary.iter() {
        let path = whole(name.as_str())?;
        all.push(crate::experiment::Knob { path, values: values.0.clone() });
    }
    all.extend(knobs(scenario, more)?);
    Ok((all.iter().map(|knob| knob.path.clone()).collect(), points(&all)?))
}

impl Order {
    fn sets(&self, point: usize) -> Vec<String> {
        self.set.iter().cloned().chain(self.sweep.sets(point)).collect()
    }

    /// Whether the scenario is in order at every point; then the hash of the sweep. What is wrong has been printed.
    fn check(&self, crew: &Crew) -> anyhow::Result<Option<String>> {
        let looked = crew.map(self.sweep.points.len(), |point| read(&self.scenario, &self.sets(point)));
        let (mut hashes, mut unsound) = (Vec::new(), 0);
        for (point, looked) in looked.into_iter().enumerate() {
            match looked? {
                (Loaded::Sound(scenario), _) => {
                    if point == 0 {
                        known(&self.sweep.metrics, &scenario.statistics())?;
                    }
                    hashes.push(scenario.hash().to_owned());
                }
                (Loaded::PolicyTests(_), _) => return Err(wrong("policy tests cannot be swept")),
                (Loaded::Unsound, told) => {
                    unsound += 1;
                    if unsound == 1 {
                        print_error(&format!("{told}point {point} ({})\n", self.sweep.label(point)));
                    }
                }
            }
        }
        if unsound > 0 {
            print_error(&format!("{unsound} of {} points cannot be run\n", self.sweep.points.len()));
            return Ok(None);
        }
        Ok(Some(self.sweep.hash(self.seed, &hashes)))
    }

    /// Runs the points that are not there yet; each leaves its part as soon as it is done.
    fn run(&self, points: &[usize], hash: &str, parts: &Path, crew: &Crew) -> anyhow::Result<()> {
        let missing: Vec<usize> = points
            .iter()
            .copied()
            .filter(|point| {
                let text = std::fs::read_to_string(parts.join(Part::file_name(*point))).unwrap_or_default();
                Part::parse(&text).map_or(true, |part| part.head.experiment != hash)
            })
            .collect();
        let bar = ProgressBar::new(missing.len() as u64);
        bar.set_draw_target(if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        let work = |index: usize| -> anyhow::Result<()> {
            let point = missing[index];
            if interrupted() {
                return Err(Failure { outcome: Outcome::Interrupted, what: String::new() }.into());
            }
            let (Loaded::Sound(scenario), _) = read(&self.scenario, &self.sets(point))? else {
                return Err(wrong(format!("`{}` has changed meanwhile", self.scenario.display())));
            };
            let seed = self.seed.unwrap_or(scenario.seed());
            let part = self.sweep.run_point(point, hash, (&scenario, seed), crew, &go_on).map_err(failed)?;
            write_whole(&parts.join(Part::file_name(point)), &part.to_text())?;
            bar.inc(1);
            Ok(())
        };
        let done = crew.map(missing.len(), work);
        bar.finish_and_clear();
        if interrupted() {
            let what = if parts.exists() {
                format!("what is done is kept in {}; the same command goes on from there", parts.display())
            } else {
                "nothing was written".to_owned()
            };
            return Err(Failure { outcome: Outcome::Interrupted, what }.into());
        }
        done.into_iter().collect()
    }
}

/// Refuses charts of what there is not.
fn known(metrics: &[String], statistics: &[String]) -> anyhow::Result<()> {
    let Some(unknown) = metrics.iter().find(|metric| !statistics.contains(metric)) else { return Ok(()) };
    Err(no_statistic(unknown, statistics))
}

/// Where parts stand until all are there.
fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".parts");
    PathBuf::from(name)
}

fn merge_parts(folders: &[PathBuf], output: Option<&Path>) -> anyhow::Result<Outcome> {
    let mut files = Vec::new();
    for folder in folders {
        let refused = |error: std::io::Error| {
            let what = format!("cannot read `{}`: {}", folder.display(), reason(&error));
            if error.kind() == ErrorKind::NotFound { wrong(what) } else { broken(what) }
        };
        for entry in std::fs::read_dir(folder).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with("point-")) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    let output = match output {
        Some(output) => output.to_owned(),
        None => folders[0]
            .to_str()
            .and_then(|folder| folder.trim_end_matches('/').strip_suffix(".parts"))
            .map(PathBuf::from)
            .ok_or_else(|| wrong("say with `--output` where the report is to be"))?,
    };
    write_merged(&files, &output)?;
    Ok(Outcome::Well)
}

fn write_merged(files: &[PathBuf], folder: &Path) -> anyhow::Result<()> {
    let mut parts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| broken(format!("cannot read `{}`: {}", file.display(), reason(&error))))?;
        parts.push(Part::parse(&text).map_err(|error| wrong(format!("`{}`: {error}", file.display())))?);
    }
    let points = parts.len();
    let experiment = merge(parts).map_err(wrong)?;
    let written = write_experiment(&experiment, folder).map_err(refused)?;
    let names: Vec<String> = written
        .iter()
        .filter_map(|file| Some(file.strip_prefix(folder).ok()?.display().to_string()))
        .filter(|name| Path::new(name).extension().is_none_or(|end| end != "png"))
        .collect();
    print(&format!("{points} points in {}\n{DIM}{}{DIM:#}\n", folder.display(), names.join(", ")))
}

/// Removes parts that have been laid together, and nothing else.
fn remove(parts: &Path) {
    let Ok(entries) = std::fs::read_dir(parts) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours =
            name.to_str().is_some_and(|name| name.starts_with("point-") || name.starts_with(".queuelab-"));
        if is_ours {
            let _ = std::fs::remove_file(entry.path()); // what stays is in nobody's way
        }
    }
    let _ = std::fs::remove_dir(parts);
}
