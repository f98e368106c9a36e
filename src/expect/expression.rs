//! Reading `p99 < 30s`: a statistic, an operator, a value with its unit.

use crate::language::{Bytes, Duration, Located, Place, Probability, Problems, Rate};
use crate::record::Unit;

/// How an observed value is compared with the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Operator {
    /// Longest first, so that `<=` is not read as `<`.
    const ALL: &'static [(&'static str, Operator)] = &[
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Below),
        (">", Operator::Above),
    ];

    /// Whether `observed` compares so with `wanted`. Equality allows for the last bits of a fraction.
    pub fn holds(self, observed: f64, wanted: f64) -> bool {
        let equal = (observed - wanted).abs() <= 1e-9 * wanted.abs().max(1e-9);
        match self {
            Operator::Below => observed < wanted,
            Operator::AtMost => observed <= wanted || equal,
            Operator::Above => observed > wanted,
            Operator::AtLeast => observed >= wanted || equal,
            Operator::Equal => equal,
            Operator::NotEqual => !equal,
        }
    }
}

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
}

/// Everything that can be expected something of: the rows that `summary.csv` and `ledger.csv` will have.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The rows.
    pub rows: Vec<CatalogRow>,
}

/// What a run must show.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The left side, as written: `workers.end_to_end_latency`.
    pub target: String,
    /// The expression, as written: `p99 < 30s`.
    pub text: String,
    /// Kind of the thing.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its metric, or the fate.
    pub metric: String,
    /// The statistic; `messages` for a fate.
    pub statistic: String,
    /// The comparison.
    pub operator: Operator,
    /// The wanted value, in `unit`.
    pub value: f64,
    /// What it is counted in.
    pub unit: Unit,
}

/// Unique texts in the order they come.
fn unique<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

impl Catalog {
    /// Reads the expressions about one target; tells what is wrong with them.
    pub fn read(
        &self,
        target: &str,
        place: Place,
        expressions: &[Located<String>],
        problems: &mut Problems,
    ) -> Vec<Expectation> {
        let Some(rows) = self.find(target, place, problems) else { return Vec::new() };
        expressions.iter().filter_map(|text| read_expression(target, text, &rows, problems)).collect()
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

fn read_expression(
    target: &str,
    text: &Located<String>,
    rows: &[&CatalogRow],
    problems: &mut Problems,
) -> Option<Expectation> {
    let parts = Operator::ALL
        .iter()
        .filter_map(|(sign, operator)| {
            text.value.split_once(sign).map(|(left, right)| (left, *operator, right))
        })
        .min_by_key(|(left, _, _)| left.len());
    let Some((statistic, operator, wanted)) = parts else {
        problems
            .error(text.place, format!("`{}` is no expectation", text.value))
            .help("write a statistic, a comparison and a value: `p99 < 30s`, `sum == 0`");
        return None;
    };
    let (statistic, wanted) = (statistic.trim(), wanted.trim());
    let Some(row) = rows.iter().find(|row| row.statistic == statistic) else {
        let statistics = unique(rows.iter().map(|row| row.statistic));
        let help = problems.suggest(statistic, &statistics, "statistics");
        problems
            .error(text.place, format!("`{target}` has no statistic `{statistic}`"))
            .why(format!("it has {}", crate::language::list(&statistics)))
            .help(help);
        return None;
    };
    let value = match read_value(wanted, row.unit) {
        Ok(value) => value,
        Err(expected) => {
            problems.error(text.place, format!("expected {expected}, found `{wanted}`"));
            return None;
        }
    };
    Some(Expectation {
        target: target.to_owned(),
        text: text.value.clone(),
        kind: row.kind,
        name: row.name.clone(),
        metric: row.metric.clone(),
        statistic: statistic.to_owned(),
        operator,
        value,
        unit: row.unit,
    })
}

/// A value in the unit of its statistic; the error says what was expected.
fn read_value(text: &str, unit: Unit) -> Result<f64, &'static str> {
    let number = || text.replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite());
    match unit {
        Unit::Seconds => {
            text.parse::<Duration>().map(Duration::as_seconds).map_err(|_| "a duration such as `30s`")
        }
        Unit::Milliseconds => text
            .parse::<Duration>()
            .map(|time| time.as_seconds() * 1e3)
            .map_err(|_| "a duration such as `30s`"),
        Unit::Bytes => {
            text.parse::<Bytes>().map(|bytes| bytes.as_u64() as f64).map_err(|_| "a size such as `64KiB`")
        }
        Unit::Ratio => number()
            .or_else(|| text.parse::<Probability>().ok().map(Probability::as_f64))
            .ok_or("a share such as `0.8` or `80%`"),
        Unit::PerSecond => number()
            .or_else(|| text.parse::<Rate>().ok().map(Rate::as_per_second))
            .ok_or("a rate such as `120/s`"),
        Unit::Dollars => {
            number().or_else(|| text.strip_prefix('$')?.trim().parse().ok()).ok_or("dollars such as `12.50`")
        }
        Unit::Hours => number().ok_or("a number of hours such as `48`"),
        Unit::Percent => {
            text.strip_suffix('%').unwrap_or(text).trim().parse().map_err(|_| "a percentage such as `80%`")
        }
        Unit::Count => number().ok_or("a number such as `20`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_units_of_their_statistics() {
        let cases = [
            ("30s", Unit::Seconds, Ok(30.0)),
            ("1h30m", Unit::Seconds, Ok(5400.0)),
            ("30", Unit::Seconds, Err("a duration such as `30s`")),
            ("64KiB", Unit::Bytes, Ok(65536.0)),
            ("80%", Unit::Ratio, Ok(0.8)),
            ("1.2", Unit::Ratio, Ok(1.2)),
            ("1_000", Unit::Count, Ok(1000.0)),
            ("30s", Unit::Count, Err("a number such as `20`")),
            ("NaN", Unit::Count, Err("a number such as `20`")),
            ("3000/min", Unit::PerSecond, Ok(50.0)),
            ("$0.5", Unit::Dollars, Ok(0.5)),
        ];
        for (text, unit, expected) in cases {
            assert_eq!(read_value(text, unit), expected, "{text}");
        }
    }

    #[test]
    fn operators_compare() {
        assert!(Operator::AtMost.holds(0.1 + 0.2, 0.3));
        assert!(!Operator::Below.holds(2.0, 2.0));
        assert!(Operator::Equal.holds(0.0, 0.0));
        assert!(Operator::NotEqual.holds(1.0, 0.0));
    }
}
