//! `queuelab compare`: the same traffic and the same luck through several scenarios.

use super::disk::sound;
use super::experiments::{RunsArguments, failed, go_on, relative};
use super::knobs::sets;
use super::outcome::{DIM, Outcome, print, wrong};
use super::run::{refused, width};
use crate::expect::show;
use crate::experiment::{
    Contestant, Difference, LevelOverTime, Trial, VALUE_COLUMNS, differences, is_headline, value_rows,
    verdict,
};
use crate::record::Unit;
use crate::report::{
    Drawing, Experiment, Line, LineChart, LinePoint, Positions, Sheet, file_name, grid, number_text,
    write_experiment,
};
use crate::scenario::Scenario;
use clap::Args;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Run scenarios with the same traffic and random numbers, and tell how their results differ.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  queuelab compare scenarios/classic-simple-scaling.yaml scenarios/classic-step-scaling.yaml scenarios/classic-target-tracking.yaml\n  queuelab compare scenarios/quickstart.yaml --with workers.threads=4 --replications 20\n\nProducers of the same name send the same messages at the same times in all of them."
)]
pub(super) struct CompareArguments {
    /// The scenario files; the others are compared with the first.
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Also compare the first scenario with itself, so changed: `workers.threads=4`, several changes apart by `;`.
    #[arg(long, value_name = "PATH=VALUE")]
    with: Vec<String>,
    /// Change a value of every scenario. May be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all randomness, for all of them; by default the first scenario's.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Folder of the report; by default `reports/compare-<names>`.
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    runs: RunsArguments,
}

/// Replications unless somebody says otherwise.
const REPLICATIONS: u32 = 10;

pub(super) fn compare(arguments: &CompareArguments) -> anyhow::Result<Outcome> {
    let mut named: Vec<(String, Box<Scenario>)> = Vec::new();
    for path in &arguments.scenarios {
        let scenario = sound(path, &sets(path, &arguments.set)?)?;
        named.push((scenario.name().to_owned(), scenario));
    }
    let first = &arguments.scenarios[0];
    for with in &arguments.with {
        let mut all = arguments.set.clone();
        all.extend(with.split(';').map(|set| set.trim().to_owned()));
        named.push((with.clone(), sound(first, &sets(first, &all)?)?));
    }
    if named.len() < 2 {
        return Err(wrong("there is nothing to compare with: name another scenario, or `--with` a change"));
    }
    let crew = arguments.runs.crew()?;
    let seed = arguments.seed.unwrap_or(named[0].1.seed());
    let plan = arguments.runs.plan(REPLICATIONS);
    let count = plan.least as usize;
    // All runs of all scenarios are shared out, not one scenario after the other.
    let mut trials = crew
        .map(named.len() * count, |index| {
            Trial::play(&named[index / count].1, seed, (index % count) as u32, &go_on)
        })
        .into_iter();
    let mut contestants = Vec::new();
    for (name, scenario) in &named {
        let own: Result<Vec<Trial>, _> = trials.by_ref().take(count).collect();
        contestants.push(Contestant {
            name: name.clone(),
            trials: own.map_err(failed)?,
            seconds: (scenario.duration() - scenario.warm_up()).as_seconds_f64(),
        });
    }
    let confidence = arguments.runs.confidence;
    let (first, others) = contestants.split_at(1);
    let first = &first[0];
    let compared: Vec<(&Contestant, Vec<Difference>)> =
        others.iter().map(|other| (other, differences(first, other, confidence))).collect();
    let folder = arguments.output.clone().unwrap_or_else(|| default_folder(&contestants));
    let experiment = Experiment {
        title: "comparison".to_owned(),
        facts: facts(&named, seed, count),
        sheets: vec![sheet(first, &compared), all_values(&contestants)],
        charts: overlays(&contestants, count),
    };
    let files = write_experiment(&experiment, &folder).map_err(refused)?;
    let mut told = String::new();
    for (other, differences) in &compared {
        told += &table(first, other, differences, width());
        let _ = write!(told, "\n{}.\n\n", verdict(first, other, differences, &show)); // into a string
    }
    let _ = writeln!(
        told,
        "{DIM}{count} replications each, seed {seed}, paired; {} files in {}{DIM:#}",
        files.len(),
        folder.display()
    ); // into a string
    print(&told)?;
    Ok(Outcome::Well)
}

fn default_folder(contestants: &[Contestant]) -> PathBuf {
    let names: Vec<String> = contestants.iter().map(|one| file_name(&one.name)).collect();
    let name: String = format!("compare-{}", names.join("-and-")).chars().take(200).collect();
    Path::new("reports").join(name)
}

fn facts(named: &[(String, Box<Scenario>)], seed: u64, count: usize) -> Vec<(String, String)> {
    let mut facts = vec![
        ("kind".to_owned(), "comparison".to_owned()),
        ("seed".to_owned(), seed.to_string()),
        ("replications".to_owned(), count.to_string()),
    ];
    facts.extend(
        named.iter().map(|(name, scenario)| (format!("scenario {name}"), scenario.hash().to_owned())),
    );
    facts
}

/// The headlines of two scenarios beside each other.
fn table(first: &Contestant, other: &Contestant, differences: &[Difference], width: usize) -> String {
    let is_shown = |one: &&Difference| {
        is_headline(&one.first.key()) && (one.first.sample.mean != 0.0 || one.other.sample.mean != 0.0)
    };
    let rows: Vec<&Difference> = differences.iter().filter(is_shown).collect();
    let names: Vec<String> = rows
        .iter()
        .map(|one| {
            let (name, metric, statistic) = (&one.first.name, &one.first.metric, one.first.statistic);
            if one.first.kind == "run" {
                format!("{metric} {statistic}")
            } else {
                format!("{name} {metric} {statistic}")
            }
        })
        .collect();
    let column = |tell: &dyn Fn(&Difference) -> String| rows.iter().map(|one| Some(tell(one))).collect();
    let signed = |value: f64, unit: Unit| {
        let sign = if value > 0.0 {
            "+"
        } else if value < 0.0 {
            "-"
        } else {
            ""
        };
        format!("{sign}{}", show(value.abs(), unit))
    };
    grid(
        &format!("{} against {}", other.name, first.name),
        &names,
        vec![
            ("before", column(&|one| show(one.first.sample.mean, one.first.unit))),
            ("after", column(&|one| show(one.other.sample.mean, one.first.unit))),
            ("difference", column(&|one| signed(one.sample.mean, one.first.unit))),
            ("±", column(&|one| one.interval.map_or("–".to_owned(), |i| show(i.half_width, one.first.unit)))),
            ("relative", column(&|one| relative(one.sample.mean / one.first.sample.mean.abs()))),
            ("sure", column(&|one| if one.is_sure() { "yes".to_owned() } else { "no".to_owned() })),
        ],
        width,
    )
}

/// Every difference.
fn sheet(first: &Contestant, compared: &[(&Contestant, Vec<Difference>)]) -> Sheet {
    let columns = [
        "first",
        "other",
        "kind",
        "name",
        "metric",
        "statistic",
        "unit",
        "replications",
        "first_mean",
        "other_mean",
        "difference",
        "stddev",
        "low",
        "high",
        "sure",
        "variance_ratio",
    ];
    let mut sheet = Sheet::new("differences.csv", columns);
    for (other, differences) in compared {
        sheet.rows.extend(differences.iter().map(|one| {
            let ends = one.interval.map(|interval| (interval.low(), interval.high()));
            let told = |value: Option<f64>| value.map(number_text).unwrap_or_default();
            vec![
                first.name.clone(),
                other.name.clone(),
                one.first.kind.to_owned(),
                one.first.name.clone(),
                one.first.metric.clone(),
                one.first.statistic.to_owned(),
                one.first.unit.name().to_owned(),
                one.sample.count.to_string(),
                number_text(one.first.sample.mean),
                number_text(one.other.sample.mean),
                number_text(one.sample.mean),
                number_text(one.sample.stddev),
                told(ends.map(|(low, _)| low)),
                told(ends.map(|(_, high)| high)),
                one.is_sure().to_string(),
                number_text(one.saving),
            ]
        }));
    }
    sheet
}

/// Every statistic of every run.
fn all_values(contestants: &[Contestant]) -> Sheet {
    let columns = std::iter::once("scenario").chain(VALUE_COLUMNS);
    let mut sheet = Sheet::new("replications.csv", columns);
    for one in contestants {
        for (replication, trial) in one.trials.iter().enumerate() {
            let of_whom = |row: Vec<String>| std::iter::once(one.name.clone()).chain(row).collect();
            sheet.rows.extend(value_rows(replication, trial).map(of_whom));
        }
    }
    sheet
}

/// Levels over time, the scenarios above each other: the mean over replications, and the band they lie in.
fn overlays(contestants: &[Contestant], count: usize) -> Vec<(String, Drawing)> {
    let shown = |level: &&LevelOverTime| {
        matches!(
            level.metric,
            "messages_visible" | "instances_in_service" | "running_tasks" | "concurrent_executions"
        )
    };
    let first = contestants[0].trials.first();
    let levels = first.map(|trial| trial.levels.iter().filter(shown).collect::<Vec<_>>()).unwrap_or_default();
    levels
        .into_iter()
        .map(|level| {
            let lines: Vec<Line> = contestants
                .iter()
                .map(|one| Line { name: one.name.clone(), points: over_time(one, level) })
                .filter(|line| !line.points.is_empty())
                .collect();
            let end =
                lines.iter().filter_map(|line| line.points.last()).map(|point| point.x).fold(0.0, f64::max);
            let title = format!("{}: {}", level.name, level.metric.replace('_', " "));
            let drawing = Drawing::Lines(LineChart {
                subtitle: format!("mean of {count} replications, and the range they lie in"),
                x_title: "Simulated time".to_owned(),
                x: Positions::Time(end),
                y_title: title.clone(),
                title,
                unit: Unit::Count,
                lines,
            });
            (file_name(&format!("{}-{}-{}", level.kind, level.name, level.metric)), drawing)
        })
        .collect()
}

fn over_time(one: &Contestant, of: &LevelOverTime) -> Vec<LinePoint> {
    let same: Vec<&Vec<(f64, f64)>> = one
        .trials
        .iter()
        .flat_map(|trial| &trial.levels)
        .filter(|level| (level.kind, &level.name, level.metric) == (of.kind, &of.name, of.metric))
        .map(|level| &level.points)
        .collect();
    let length = same.iter().map(|points| points.len()).min().unwrap_or(0);
    (0..length)
        .map(|index| {
            let values = || same.iter().map(|points| points[index].1);
            LinePoint {
                x: same[0][index].0,
                y: values().sum::<f64>() / same.len() as f64,
                low: values().fold(f64::INFINITY, f64::min),
                high: values().fold(f64::NEG_INFINITY, f64::max),
            }
        })
        .collect()
}
