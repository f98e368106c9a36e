//! Files that a scenario names: recordings and tables. Who reads them is for the caller to say.

use super::distribution::{DistributionOf, DistributionSpec, Unit};
use super::place::{Located, Place};
use super::problem::Problems;
use crate::engine::{Distribution, DistributionError};

/// Where files come from: a disk for the command line, anything else for a library or a browser.
pub trait Files {
    /// The text of the file at `path`, as the scenario names it.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot be read.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// No files at all: reading fails with a sentence that says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<String, String> {
        Err("no files can be read here".to_owned())
    }
}

impl<U: Unit> DistributionOf<U> {
    /// The sampler, in base units (nanoseconds, bytes, events per second, plain numbers).
    pub fn build(&self, files: &dyn Files, problems: &mut Problems) -> Option<Distribution> {
        build(&self.spec, self.place, files, problems)
    }
}

fn build(
    spec: &DistributionSpec,
    place: Option<Place>,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Distribution> {
    let built = match spec {
        DistributionSpec::Constant(value) => Distribution::constant(*value),
        DistributionSpec::Uniform { minimum, maximum } => Distribution::uniform(*minimum, *maximum),
        DistributionSpec::Exponential { mean } => Distribution::exponential(*mean),
        DistributionSpec::Normal { mean, standard_deviation, minimum, maximum } => {
            Distribution::normal_truncated(*mean, *standard_deviation, *minimum, *maximum)
        }
        DistributionSpec::LognormalMeanP95 { mean, p95 } => Distribution::lognormal_mean_p95(*mean, *p95),
        DistributionSpec::LognormalMedianSigma { median, sigma, maximum } => {
            Distribution::lognormal_median_sigma(*median, *sigma, *maximum)
        }
        DistributionSpec::Gamma { shape, scale } => Distribution::gamma(*shape, *scale),
        DistributionSpec::Erlang { k, mean } => Distribution::erlang(*k, *mean),
        DistributionSpec::Weibull { shape, scale } => Distribution::weibull(*shape, *scale),
        DistributionSpec::Pareto { shape, minimum } => Distribution::pareto(*shape, *minimum),
        DistributionSpec::Triangular { minimum, mode, maximum } => {
            Distribution::triangular(*minimum, *mode, *maximum)
        }
        DistributionSpec::Empirical(values) => Distribution::empirical(values),
        DistributionSpec::EmpiricalFile { path, column, unit } => {
            let values = read_column(path, column.as_ref(), *unit, files, problems)?;
            Distribution::empirical(&values)
        }
        DistributionSpec::Mixture(parts) => {
            let built: Vec<Option<(f64, Distribution)>> = parts
                .iter()
                .map(|part| {
                    Some((part.weight, build(&part.distribution, Some(part.place), files, problems)?))
                })
                .collect();
            Distribution::mixture(built.into_iter().collect::<Option<Vec<_>>>()?)
        }
    };
    let refuse = |error: DistributionError| {
        problems.error(place, format!("this distribution is impossible: {error}"));
    };
    built.map_err(refuse).ok()
}

/// The numbers of a column of a CSV file, each with weight 1.
fn read_column(
    path: &Located<String>,
    column: Option<&Located<String>>,
    unit: f64,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Vec<(f64, f64)>> {
    let text = match files.read(&path.value) {
        Ok(text) => text,
        Err(why) => {
            problems.error(path.place, format!("cannot read `{}`: {why}", path.value));
            return None;
        }
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            problems.error(path.place, format!("`{}` is not CSV: {error}", path.value));
            return None;
        }
    };
    let names: Vec<&str> = header.iter().collect();
    let index = match column {
        None => 0,
        Some(wanted) => {
            let index = names.iter().position(|name| *name == wanted.value);
            if index.is_none() {
                let help = problems.suggest(&wanted.value, &names, "columns");
                problems
                    .error(wanted.place, format!("`{}` has no column `{}`", path.value, wanted.value))
                    .help(help);
            }
            index?
        }
    };
    let mut values = Vec::new();
    for record in reader.records() {
        let cell = record.as_ref().ok().and_then(|record| record.get(index)).unwrap_or("");
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => values.push((value * unit, 1.0)),
            _ => {
                let line =
                    record.as_ref().ok().and_then(csv::StringRecord::position).map_or(0, csv::Position::line);
                problems.error(
                    path.place,
                    format!("line {line} of `{}`: `{cell}` is not a number of at least 0", path.value),
                );
                return None;
            }
        }
    }
    Some(values)
}
