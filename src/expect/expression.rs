//! Reading `p99 < 30s between 1h and 2h`: a statistic, a comparison, a value with its unit, and perhaps a window.

use super::catalog::{Catalog, CatalogRow, bounded};
use super::value::read_value;
use super::{Expectation, Operator, Origin, Quantity};
use crate::engine::{Span, Time};
use crate::language::{Duration, Located, Problems, list};
use crate::record::{InstrumentKind, Unit, WindowMetric, WindowRequest};

/// Reads the expressions about one target.
pub(super) struct Reader<'a> {
    pub(super) catalog: &'a Catalog,
    /// The left side, as written.
    pub(super) target: &'a str,
    /// What it names, and the rows of that.
    pub(super) of: &'a str,
    pub(super) rows: &'a [&'a CatalogRow],
    /// What it is divided by.
    pub(super) per: Option<(&'a str, &'a [&'a CatalogRow])>,
}

/// An expression in its parts.
struct Parts<'a> {
    statistic: &'a str,
    operator: Operator,
    wanted: &'a str,
    window: &'a str,
}

/// Words that begin a window.
const WINDOWS: [&str; 3] = [" between ", " after ", " before "];

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let at = WINDOWS.iter().filter_map(|word| text.rfind(word)).max();
        let (text, window) = text.split_at(at.unwrap_or(text.len()));
        if let Some(wanted) = text.trim().strip_prefix("drained_by ") {
            let (statistic, operator) = ("drained", Operator::AtMost);
            return Some(Self { statistic, operator, wanted: wanted.trim(), window: window.trim() });
        }
        let (statistic, operator, wanted) = Operator::ALL
            .iter()
            .filter_map(|(sign, operator)| {
                text.split_once(sign).map(|(left, right)| (left, *operator, right))
            })
            .min_by_key(|(left, _, _)| left.len())?;
        Some(Self { statistic: statistic.trim(), operator, wanted: wanted.trim(), window: window.trim() })
    }
}

impl Reader<'_> {
    pub(super) fn read(&self, text: &Located<String>, problems: &mut Problems) -> Option<Expectation> {
        let Some(parts) = Parts::of(&text.value) else {
            problems
                .error(text.place, format!("`{}` is no expectation", text.value))
                .help("write a statistic, a comparison and a value: `p99 < 30s`, `sum == 0`");
            return None;
        };
        let window = self.window(parts.window, text, problems)?;
        let (of, unit) = quantity(self.of, self.rows, parts.statistic, window, text, problems)?;
        let (per, unit) = match self.per {
            None => (None, unit),
            Some((name, rows)) => {
                let (per, under) = quantity(name, rows, parts.statistic, window, text, problems)?;
                (Some(per), quotient(unit, under))
            }
        };
        let value = match read_value(parts.wanted, unit) {
            Ok(value) => value,
            Err(expected) => {
                let wanted = parts.wanted;
                let problem = problems.error(text.place, format!("expected {expected}, found `{wanted}`"));
                if wanted.contains(' ') {
                    problem
                        .help("a part of the run is written `between 1h and 2h`, `after 1h` or `before 2h`");
                }
                return None;
            }
        };
        Some(Expectation {
            target: self.target.to_owned(),
            text: text.value.clone(),
            line: text.place.line_in_file(),
            of,
            per,
            operator: parts.operator,
            value,
            unit,
        })
    }

    /// The part of the run that is meant, in seconds: all after the warm-up when nothing is said (`Some(None)`).
    #[allow(clippy::option_option, reason = "a problem was told, nothing was said, or a window")]
    fn window(
        &self,
        window: &str,
        text: &Located<String>,
        problems: &mut Problems,
    ) -> Option<Option<(f64, f64)>> {
        if window.is_empty() {
            return Some(None);
        }
        let Catalog { warm_up, end, .. } = *self.catalog;
        let (word, rest) = window.split_once(' ').unwrap_or((window, ""));
        let ends = match (word, rest.split_once(" and ")) {
            ("between", Some((from, to))) => Some((Some(from), Some(to))),
            ("between", None) => None,
            ("after", _) => Some((Some(rest), None)),
            _ => Some((None, Some(rest))),
        };
        let seconds = |text: &str| text.trim().parse::<Duration>().ok().map(Duration::as_seconds);
        let ends = ends.and_then(|(from, to)| {
            Some((from.map_or(Some(warm_up), seconds)?, to.map_or(Some(end), seconds)?))
        });
        let Some((from, to)) = ends else {
            problems
                .error(text.place, format!("`{window}` is no part of the run"))
                .help("write times since the start: `between 1h and 2h`, `after 1h` or `before 2h`");
            return None;
        };
        let problem = if from < warm_up {
            Some("it begins within the warm-up, which is left out of all statistics")
        } else if to > end {
            Some("it ends after the run")
        } else if from >= to {
            Some("it ends before it begins")
        } else {
            None
        };
        if let Some(why) = problem {
            let run = format!("{why}: the warm-up ends after {warm_up} s, the run after {end} s");
            problems.error(text.place, format!("`{window}` is no part of the run")).why(run);
            return None;
        }
        Some(Some((from, to)))
    }
}

/// What a statistic of one of the rows is of, and its unit.
fn quantity(
    target: &str,
    rows: &[&CatalogRow],
    statistic: &str,
    window: Option<(f64, f64)>,
    text: &Located<String>,
    problems: &mut Problems,
) -> Option<(Quantity, Unit)> {
    let (name, argument) = match statistic.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix(')').map(str::trim)),
        None => (statistic, None),
    };
    let first = rows[0];
    // `count` and `rate` have a unit of their own; what a bound is compared with is the metric itself.
    let values = rows.iter().find(|row| matches!(row.statistic, "mean" | "Average")).unwrap_or(&first);
    let is_level = first.origin == Origin::Instrument(InstrumentKind::Level);
    let (row, bound, unit) = if bounded(first.origin).contains(&name) {
        let example = if values.unit == Unit::Seconds { "30s" } else { "100" };
        let Some(argument) = argument else {
            problems
                .error(text.place, format!("`{name}` needs a bound"))
                .help(format!("write `{name}({example})`"));
            return None;
        };
        match read_value(argument, values.unit) {
            Ok(bound) if name == "share_above" => (first, Some(bound), Unit::Ratio),
            Ok(bound) => (first, Some(bound), Unit::Seconds),
            Err(expected) => {
                problems.error(text.place, format!("expected {expected} in `{statistic}`"));
                return None;
            }
        }
    } else if is_level && statistic == "drained" {
        (first, None, Unit::Seconds)
    } else if let Some(row) = rows.iter().find(|row| row.statistic == statistic) {
        (*row, None, row.unit)
    } else {
        let mut statistics: Vec<String> =
            unique(rows.iter().map(|row| row.statistic)).into_iter().map(str::to_owned).collect();
        statistics.extend(bounded(first.origin).iter().map(|name| format!("{name}(…)")));
        statistics.extend(is_level.then(|| "drained".to_owned()));
        let statistics: Vec<&str> = statistics.iter().map(String::as_str).collect();
        let meant = if argument.is_some() { format!("{name}(…)") } else { statistic.to_owned() };
        let help = problems.suggest(&meant, &statistics, "statistics");
        // The help is the nearest of them, or a list of them.
        let all = if help.starts_with("did you mean") { list(&statistics) } else { String::new() };
        let problem = problems.error(text.place, format!("`{target}` has no statistic `{statistic}`"));
        if !all.is_empty() {
            problem.why(format!("it has {all}"));
        }
        problem.help(help);
        return None;
    };
    if window.is_some() && matches!(row.origin, Origin::Summary | Origin::Ledger) {
        problems
            .error(text.place, format!("`{target}` is known of the whole run only"))
            .help("counters, levels and distributions, CloudWatch's metrics, alarms and scaling activities are known of parts of it");
        return None;
    }
    // What the summary has not is measured apart.
    let is_apart = window.is_some() || bound.is_some() || statistic == "drained";
    Some((
        Quantity {
            kind: row.kind,
            name: row.name.clone(),
            metric: row.metric.clone(),
            statistic: name.to_owned(),
            origin: row.origin,
            bound,
            window,
            is_apart: is_apart && matches!(row.origin, Origin::Instrument(_)),
            parts: values.unit.parts(),
        },
        unit,
    ))
}

impl Quantity {
    /// What must be measured apart for it, if anything. The run is from the end of its warm-up to its end, in seconds.
    pub(super) fn request(&self, run: (f64, f64)) -> Option<WindowRequest> {
        // A warm-up that was made longer has no statistics either.
        let (from, to) = self.window.unwrap_or(run);
        let (from, to) = (from.max(run.0), to.max(run.0));
        let at = |seconds: f64| Time::ZERO + Span::from_nanos((seconds * 1e9).round() as u64);
        let (kind, name, metric) = (self.kind, self.name.clone(), self.metric.clone());
        self.is_apart.then(|| WindowRequest {
            of: Some(WindowMetric { kind, name, metric }),
            from: at(from),
            to: at(to),
            bound: self.bound.map(|bound| {
                // 30 s are 30,000,000,000 ns, not a little more.
                let (exact, whole) = (bound * self.parts, (bound * self.parts).round());
                if (exact - whole).abs() <= 1e-9 * whole.abs() { whole } else { exact }
            }),
        })
    }
}

/// The unit of one thing divided by another.
fn quotient(of: Unit, per: Unit) -> Unit {
    if of == per {
        Unit::Ratio
    } else if per == Unit::Count {
        of
    } else {
        Unit::Count
    }
}

/// Unique texts in the order they come.
pub(super) fn unique<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}
