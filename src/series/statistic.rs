//! Statistics of a metric over a period, and how they are written: "CloudWatch statistics definitions".

use std::fmt;

/// Where a trimmed statistic cuts. Of percentages, the share of samples; of numbers, their values, the lower exclusive
/// and the upper inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The lower end; `None` cuts nothing.
    pub lower: Option<f64>,
    /// The upper end; `None` cuts nothing.
    pub upper: Option<f64>,
    /// Whether the ends are percentages (0 to 100) of the samples.
    pub percent: bool,
}

/// A statistic of a metric over a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// `Average`: sum over sample count.
    Average,
    /// `Sum`.
    Sum,
    /// `Minimum`: smallest sample.
    Minimum,
    /// `Maximum`: largest sample.
    Maximum,
    /// `SampleCount`: number of samples.
    SampleCount,
    /// `p99.9`: the largest of the lowest 99.9 % of the samples.
    Percentile(f64),
    /// `tm99`, `TM(10%:90%)`, `IQM`: mean of the samples inside the bounds.
    TrimmedMean(Bounds),
    /// `wm99`, `WM(10%:90%)`: mean of all samples, those outside moved to the bound.
    WinsorizedMean(Bounds),
    /// `tc99`, `TC(150:1000)`: number of samples inside the bounds.
    TrimmedCount(Bounds),
    /// `ts99`, `TS(:80%)`: sum of the samples inside the bounds.
    TrimmedSum(Bounds),
    /// `PR(:300)`: percentage of the samples inside absolute bounds.
    PercentileRank(Bounds),
}

/// The samples of a period, gathered from datapoints.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// How many.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// Values and how often each; `None` when some datapoint is a statistic set whose values are not known.
    pub values: Option<Vec<(f64, f64)>>,
}

impl Samples {
    /// No samples yet.
    pub fn none() -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
            values: Some(Vec::new()),
        }
    }

    /// One sample.
    pub fn one(value: f64) -> Self {
        Self { count: 1.0, sum: value, minimum: value, maximum: value, values: Some(vec![(value, 1.0)]) }
    }

    /// One more sample; whoever wants its value kept adds it to the values.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
    }
}

impl Statistic {
    /// How the plain statistics are called.
    pub const PLAIN: &'static [(&'static str, Statistic)] = &[
        ("Average", Statistic::Average),
        ("Sum", Statistic::Sum),
        ("Minimum", Statistic::Minimum),
        ("Maximum", Statistic::Maximum),
        ("SampleCount", Statistic::SampleCount),
        ("IQM", Statistic::TrimmedMean(Bounds { lower: Some(25.0), upper: Some(75.0), percent: true })),
    ];

    /// Reads `Average`, `p99.9`, `tm95`, `TM(10%:90%)`, ….
    ///
    /// # Errors
    ///
    /// What is wrong with the text, in a few words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, statistic)) = Self::PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(*statistic);
        }
        if let Some((name, bounds)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            let bounds = Bounds::parse(bounds)?;
            return match name {
                "TM" => Ok(Statistic::TrimmedMean(bounds)),
                "WM" => Ok(Statistic::WinsorizedMean(bounds)),
                "TC" => Ok(Statistic::TrimmedCount(bounds)),
                "TS" => Ok(Statistic::TrimmedSum(bounds)),
                "PR" if bounds.percent => Err("PR takes values, not percentages".to_owned()),
                "PR" => Ok(Statistic::PercentileRank(bounds)),
                _ => Err(format!("there is no statistic `{name}(…)`")),
            };
        }
        let split = text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(text.len());
        let (name, number) = text.split_at(split);
        if !matches!(name, "p" | "tm" | "wm" | "tc" | "ts") || number.is_empty() {
            return Err(format!("there is no statistic `{text}`"));
        }
        let percent = percentage(number)?;
        let bounds = Bounds { lower: None, upper: Some(percent), percent: true };
        Ok(match name {
            "p" => Statistic::Percentile(percent),
            "tm" => Statistic::TrimmedMean(bounds),
            "wm" => Statistic::WinsorizedMean(bounds),
            "tc" => Statistic::TrimmedCount(bounds),
            _ => Statistic::TrimmedSum(bounds),
        })
    }

    /// Whether it needs the single values, not only their count, sum and extremes.
    pub fn needs_values(self) -> bool {
        !matches!(
            self,
            Statistic::Average
                | Statistic::Sum
                | Statistic::Minimum
                | Statistic::Maximum
                | Statistic::SampleCount
        )
    }

    /// The statistic of these samples; `None` without samples inside the bounds, or where values are needed and some
    /// are unknown or negative ("CloudWatch statistics definitions": percentiles need values of zero and above).
    pub fn of(self, mut samples: Samples) -> Option<f64> {
        if samples.count <= 0.0 {
            return None;
        }
        match self {
            Statistic::Average => Some(samples.sum / samples.count),
            Statistic::Sum => Some(samples.sum),
            Statistic::Minimum => Some(samples.minimum),
            Statistic::Maximum => Some(samples.maximum),
            Statistic::SampleCount => Some(samples.count),
            _ if samples.minimum < 0.0 => None,
            _ => {
                let mut values = samples.values.take()?;
                values.sort_by(|left, right| left.0.total_cmp(&right.0));
                self.of_sorted(&values, samples.count)
            }
        }
    }

    fn of_sorted(self, values: &[(f64, f64)], count: f64) -> Option<f64> {
        match self {
            Statistic::Percentile(percent) => at_rank(values, rank(percent, count)),
            Statistic::TrimmedMean(bounds) => {
                let (inside, sum) = bounds.inside(values, count);
                (inside > 0.0).then(|| sum / inside)
            }
            Statistic::TrimmedCount(bounds) => Some(bounds.inside(values, count).0),
            Statistic::TrimmedSum(bounds) => Some(bounds.inside(values, count).1),
            Statistic::PercentileRank(bounds) => Some(bounds.inside(values, count).0 / count * 100.0),
            Statistic::WinsorizedMean(bounds) => {
                let edge = |bound: Option<f64>| {
                    let bound = bound?;
                    if bounds.percent { at_rank(values, rank(bound, count)) } else { Some(bound) }
                };
                let lower = edge(bounds.lower).unwrap_or(f64::NEG_INFINITY);
                let upper = edge(bounds.upper).unwrap_or(f64::INFINITY);
                let sum: f64 = values.iter().map(|(value, n)| value.max(lower).min(upper) * n).sum();
                Some(sum / count)
            }
            _ => None,
        }
    }

    /// Fewer samples than this say little about the percentile ("Percentile-based alarms and low data samples"): 10
    /// over the share of samples beyond it, on its shorter side. `None` for other statistics.
    pub fn fewest_samples(self) -> Option<f64> {
        let Statistic::Percentile(percent) = self else { return None };
        let share = percent / 100.0;
        let tail = if share >= 0.5 { 1.0 - share } else { share };
        // 1 - 0.99 is a hair more than a hundredth: a thousand samples are enough for p99.
        (tail > 0.0).then(|| (10.0 / tail * (1.0 - 1e-9)).ceil())
    }
}

/// How many of the lowest samples make up `percent` of `count`.
fn rank(percent: f64, count: f64) -> f64 {
    let exact = percent * count / 100.0;
    let nearest = exact.round();
    if (exact - nearest).abs() < 1e-12 * exact.max(1.0) { nearest } else { exact.ceil() }
}

/// The value of the sample of this rank, from 1; ranks outside are those at the ends.
fn at_rank(values: &[(f64, f64)], rank: f64) -> Option<f64> {
    let mut below = 0.0;
    for (value, n) in values {
        below += n;
        if below >= rank.max(1.0) {
            return Some(*value);
        }
    }
    values.last().map(|(value, _)| *value)
}

impl Bounds {
    /// Number and sum of the samples inside.
    fn inside(&self, values: &[(f64, f64)], count: f64) -> (f64, f64) {
        let (mut inside, mut sum, mut below) = (0.0, 0.0, 0.0);
        let first = self.lower.map_or(0.0, |percent| rank(percent, count));
        let last = self.upper.map_or(count, |percent| rank(percent, count));
        for &(value, n) in values {
            let taken = if self.percent {
                ((below + n).min(last) - f64::max(below, first)).max(0.0)
            } else if self.lower.is_none_or(|lower| value > lower)
                && self.upper.is_none_or(|upper| value <= upper)
            {
                n
            } else {
                0.0
            };
            below += n;
            inside += taken;
            sum += value * taken;
        }
        (inside, sum)
    }

    /// Reads `10%:90%`, `150:1000`, `:80%`.
    fn parse(text: &str) -> Result<Self, String> {
        let Some((lower, upper)) = text.split_once(':') else {
            return Err("bounds are written `lower:upper`, such as `10%:90%`".to_owned());
        };
        let (lower, upper) = (lower.trim(), upper.trim());
        let percent = lower.ends_with('%') || upper.ends_with('%');
        let read = |side: &str| -> Result<Option<f64>, String> {
            match (side.strip_suffix('%'), percent) {
                _ if side.is_empty() => Ok(None),
                (Some(number), _) => percentage(number).map(Some),
                (None, true) => Err("both bounds are percentages, or both are values".to_owned()),
                (None, false) => number(side).map(Some),
            }
        };
        let bounds = Bounds { lower: read(lower)?, upper: read(upper)?, percent };
        match (bounds.lower, bounds.upper) {
            (None, None) => Err("at least one bound is needed".to_owned()),
            (Some(lower), Some(upper)) if lower >= upper => {
                Err("the lower bound must be below the upper one".to_owned())
            }
            _ => Ok(bounds),
        }
    }
}

fn number(text: &str) -> Result<f64, String> {
    let plain = !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let value = text.parse::<f64>().ok().filter(|value| plain && value.is_finite());
    value.ok_or_else(|| format!("`{text}` is not a number"))
}

/// A percentage with at most ten decimals.
fn percentage(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if value > 100.0 || decimals > 10 {
        return Err(format!("`{text}` is not a percentage from 0 to 100 with at most ten decimals"));
    }
    Ok(value)
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.percent { "%" } else { "" };
        if let Some(lower) = self.lower {
            write!(f, "{lower}{sign}")?;
        }
        f.write_str(":")?;
        self.upper.map_or(Ok(()), |upper| write!(f, "{upper}{sign}"))
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = Self::PLAIN.iter().find(|(_, statistic)| statistic == self) {
            return f.write_str(name);
        }
        match self {
            Statistic::Percentile(percent) => write!(f, "p{percent}"),
            Statistic::TrimmedMean(bounds) => write!(f, "TM({bounds})"),
            Statistic::WinsorizedMean(bounds) => write!(f, "WM({bounds})"),
            Statistic::TrimmedCount(bounds) => write!(f, "TC({bounds})"),
            Statistic::TrimmedSum(bounds) => write!(f, "TS({bounds})"),
            Statistic::PercentileRank(bounds) => write!(f, "PR({bounds})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Samples {
        let mut samples = Samples::none();
        for value in values {
            samples.add(*value);
        }
        Samples { values: Some(values.iter().map(|value| (*value, 1.0)).collect()), ..samples }
    }

    fn read(statistic: &str, values: &[f64]) -> Option<f64> {
        Statistic::parse(statistic).expect("a statistic").of(samples(values))
    }

    #[test]
    fn statistics_of_ten_samples() {
        let ten = [10.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let cases = [
            ("Average", 5.5),
            ("Sum", 55.0),
            ("Minimum", 1.0),
            ("Maximum", 10.0),
            ("SampleCount", 10.0),
            ("p0", 1.0),
            ("p50", 5.0),
            ("p90", 9.0),
            ("p90.0000000001", 10.0),
            ("p99.9", 10.0),
            ("p100", 10.0),
            ("tm90", 5.0),
            ("tc90", 9.0),
            ("ts90", 45.0),
            ("wm90", 5.4),
            ("TM(10%:90%)", 5.5),
            ("TM(:50%)", 3.0),
            ("TM(80%:)", 9.5),
            ("TM(2:5)", 4.0),
            ("WM(2:5)", 4.1),
            ("TC(2:5)", 3.0),
            ("TS(2:5)", 12.0),
            ("PR(2:5)", 30.0),
            ("PR(:3)", 30.0),
            ("PR(3:)", 70.0),
            ("IQM", 6.0),
        ];
        for (statistic, wanted) in cases {
            let found = read(statistic, &ten).expect(statistic);
            assert!((found - wanted).abs() < 1e-9, "{statistic}: {found}, not {wanted}");
        }
        assert_eq!(read("TM(20:30)", &ten), None);
        assert_eq!(read("TC(20:30)", &ten), Some(0.0));
    }

    #[test]
    fn values_count_as_often_as_they_were_seen() {
        let pairs = Samples {
            values: Some(vec![(5.0, 1.0), (1.0, 99.0)]),
            count: 100.0,
            sum: 104.0,
            minimum: 1.0,
            maximum: 5.0,
        };
        let read = |text: &str| Statistic::parse(text).expect("a statistic").of(pairs.clone());
        assert_eq!(
            (read("p99"), read("p99.1"), read("tc99"), read("ts99")),
            (Some(1.0), Some(5.0), Some(99.0), Some(99.0))
        );
    }

    #[test]
    fn percentiles_need_known_values_of_zero_and_above() {
        assert_eq!(read("p50", &[-1.0, 2.0]), None);
        assert_eq!(read("Average", &[-1.0, 2.0]), Some(0.5));
        let unknown = Samples { values: None, ..samples(&[1.0, 2.0]) };
        assert_eq!(Statistic::Percentile(50.0).of(unknown.clone()), None);
        assert_eq!(Statistic::Maximum.of(unknown), Some(2.0));
        assert_eq!(Statistic::Sum.of(Samples::none()), None);
    }

    #[test]
    fn statistics_are_written_as_they_are_read() {
        for text in
            ["Average", "IQM", "p99.9", "TM(10%:90%)", "TC(150:1000)", "WM(:80%)", "PR(3:)", "TS(0.5:)"]
        {
            assert_eq!(Statistic::parse(text).expect(text).to_string(), text);
        }
        for text in [
            "average",
            "p",
            "p101",
            "P99",
            "tm",
            "TM",
            "TM()",
            "TM(10%:90)",
            "TM(90%:10%)",
            "PR(1%:2%)",
            "p1e1",
            "p99.12345678901",
            "XX(1:2)",
            "TM(a:b)",
            "",
            "p-1",
        ] {
            assert!(Statistic::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn few_samples_are_ten_over_the_share_beyond() {
        let fewest = |text: &str| Statistic::parse(text).expect("a statistic").fewest_samples();
        assert_eq!(fewest("p99"), Some(1000.0));
        assert_eq!(fewest("p50"), Some(20.0));
        assert_eq!(fewest("p10"), Some(100.0));
        assert_eq!(fewest("p99.9"), Some(10_000.0));
        assert_eq!(fewest("Average"), None);
        assert_eq!(fewest("p100"), None);
    }
}
