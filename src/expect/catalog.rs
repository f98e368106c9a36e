//! Everything that can be expected something of, known before the run.

use super::expression::{Reader, unique};
use super::{Expectation, Origin};
use crate::language::{Located, Place, Problems};
use crate::record::{InstrumentKind, Unit};

/// One thing that can be expected something of.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogRow {
    /// Kind of the thing.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// A metric of it, or a fate of its ledger.
    pub metric: String,
    /// A statistic of that; `messages` for a fate.
    pub statistic: &'static str,
    /// What the statistic is counted in.
    pub unit: Unit,
    /// Where it is found when the run is over.
    pub origin: Origin,
}

/// Everything that can be expected something of.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The rows.
    pub rows: Vec<CatalogRow>,
    /// The end of the warm-up, in seconds.
    pub warm_up: f64,
    /// The end of the run, in seconds.
    pub end: f64,
}

/// CloudWatch's statistics of a datapoint ("CloudWatch statistics definitions").
pub(super) const CLOUDWATCH_STATISTICS: [&str; 5] = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];

impl Catalog {
    /// Adds a metric as CloudWatch has it.
    pub fn add_series(&mut self, kind: &'static str, name: &str, metric: &str, unit: Unit) {
        self.rows.extend(CLOUDWATCH_STATISTICS.map(|statistic| CatalogRow {
            kind,
            name: name.to_owned(),
            metric: metric.to_owned(),
            statistic,
            unit: if statistic == "SampleCount" { Unit::Count } else { unit },
            origin: Origin::Series,
        }));
    }

    /// Adds the activities of a group whose capacity policies change.
    pub fn add_activities(&mut self, kind: &'static str, name: &str) {
        for metric in ["scaling_activities", "scale_outs", "scale_ins"] {
            for (statistic, unit) in [("count", Unit::Count), ("first", Unit::Seconds)] {
                self.add((kind, name, metric), statistic, unit, Origin::Activities);
            }
        }
    }

    /// Adds the state of an alarm.
    pub fn add_alarm(&mut self, name: &str) {
        for (statistic, unit) in [("first_alarm", Unit::Seconds), ("alarms", Unit::Count)] {
            self.add(("alarm", name, "state"), statistic, unit, Origin::Alarm);
        }
    }

    fn add(
        &mut self,
        (kind, name, metric): (&'static str, &str, &str),
        statistic: &'static str,
        unit: Unit,
        origin: Origin,
    ) {
        let (name, metric) = (name.to_owned(), metric.to_owned());
        self.rows.push(CatalogRow { kind, name, metric, statistic, unit, origin });
    }

    /// Reads the expressions about one target; tells what is wrong with them.
    pub fn read(
        &self,
        target: &str,
        place: Place,
        expressions: &[Located<String>],
        problems: &mut Problems,
    ) -> Vec<Expectation> {
        let (of, per) = match target.split_once(" / ") {
            Some((of, per)) => (of.trim(), Some(per.trim())),
            None => (target, None),
        };
        let rows = self.find(of, place, problems);
        // Both sides are looked at, so that all problems are told.
        let per = per.map(|per| (per, self.find(per, place, problems)));
        let (Some(rows), None | Some((_, Some(_)))) = (rows, &per) else { return Vec::new() };
        let per = per.and_then(|(name, rows)| rows.map(|rows| (name, rows)));
        let reader =
            Reader { catalog: self, target, of, rows: &rows, per: per.as_ref().map(|(n, r)| (*n, &r[..])) };
        expressions.iter().filter_map(|text| reader.read(text, problems)).collect()
    }

    /// The rows of the target; names may contain dots, metrics do not.
    fn find(&self, target: &str, place: Place, problems: &mut Problems) -> Option<Vec<&CatalogRow>> {
        let Some((name, metric)) = target.rsplit_once('.') else {
            problems.error(place, format!("`{target}` names no metric")).help(
                "write the name of a thing, a dot, and one of its metrics: `workers.end_to_end_latency`",
            );
            return None;
        };
        let of_name: Vec<&CatalogRow> = self.rows.iter().filter(|row| row.name == name).collect();
        if of_name.is_empty() {
            let names = unique(self.rows.iter().map(|row| row.name.as_str()));
            let help = problems.suggest(name, &names, "names");
            problems.error(place, format!("nothing is named `{name}`")).help(help);
            return None;
        }
        let of_metric: Vec<&CatalogRow> =
            of_name.iter().copied().filter(|row| row.metric == metric).collect();
        if of_metric.is_empty() {
            let metrics = unique(of_name.iter().map(|row| row.metric.as_str()));
            let help = problems.suggest(metric, &metrics, "metrics");
            problems
                .error(place, format!("the {} `{name}` has no metric `{metric}`", of_name[0].kind))
                .help(help);
            return None;
        }
        // Things of different kinds may share a name; the first kind with such a metric is meant.
        let kind = of_metric[0].kind;
        Some(of_metric.into_iter().filter(|row| row.kind == kind).collect())
    }
}

/// The statistics that take a bound, by what they are of.
pub(super) fn bounded(origin: Origin) -> &'static [&'static str] {
    match origin {
        Origin::Instrument(InstrumentKind::Level) | Origin::Series => &["time_above", "time_below"],
        Origin::Instrument(InstrumentKind::Distribution) => &["share_above"],
        _ => &[],
    }
}
