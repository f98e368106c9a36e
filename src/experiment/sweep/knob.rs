//! Knobs: settings that take several values, and what their values are.

use crate::language::Duration;

/// A setting that is varied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knob {
    /// Its path in the scenario.
    pub path: String,
    /// Its values, as they are written.
    pub values: Vec<String>,
}

/// More values than anybody means.
const MOST_VALUES: usize = 10_000;

impl Knob {
    /// Reads `path=5..50:5`, `path=30s,60s,120s` or `path=one`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (path, values) = text
            .split_once('=')
            .filter(|(path, values)| !path.trim().is_empty() && !values.trim().is_empty())
            .ok_or_else(|| format!("`{text}` varies nothing: write `path=5..50:5` or `path=30s,60s,120s`"))?;
        Ok(Self { path: path.trim().to_owned(), values: values_of(values)? })
    }
}

/// The values of `5..50:5` or `30s,60s,120s`.
///
/// # Errors
///
/// What is wrong with them.
pub fn values_of(text: &str) -> Result<Vec<String>, String> {
    if let Some(values) = range(text.trim())? {
        return Ok(values);
    }
    let values = parts(text);
    if values.iter().any(String::is_empty) {
        return Err(format!("a value is missing in `{text}`"));
    }
    Ok(values)
}

/// The parts between commas, but not between those within brackets or quotes.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0_i32, None);
    for letter in text.chars() {
        match letter {
            '"' | '\'' if quoted == Some(letter) => quoted = None,
            '"' | '\'' if quoted.is_none() => quoted = Some(letter),
            '[' | '{' if quoted.is_none() => depth += 1,
            ']' | '}' if quoted.is_none() => depth -= 1,
            ',' if depth == 0 && quoted.is_none() => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// A number and what stands behind it: `2.5` and `s`.
fn number(text: &str) -> Option<(f64, &str, usize)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    Some((digits.parse().ok()?, unit, decimals))
}

/// The values of a range, both ends included; `None` for what is no range.
fn range(text: &str) -> Result<Option<Vec<String>>, String> {
    let Some((from, rest)) = text.split_once("..") else { return Ok(None) };
    let wrong = |why: &str| Err(format!("`{text}` is no range ({why}): write `5..50:5` or `30s..120s:30s`"));
    let Some((to, step)) = rest.rsplit_once(':') else { return wrong("the step is missing") };
    let (Some(from), Some(to), Some(step)) = (number(from.trim()), number(to.trim()), number(step.trim()))
    else {
        return wrong("ends and step are numbers");
    };
    if from.1 != to.1 || (step.1 != to.1 && !step.1.is_empty()) {
        return wrong("ends and step have the same unit");
    }
    if step.0 <= 0.0 || to.0 < from.0 {
        return wrong("it goes upwards");
    }
    let count = ((to.0 - from.0) / step.0 + 1e-9).floor();
    if count >= MOST_VALUES as f64 {
        return wrong("it has more than 10,000 values");
    }
    let decimals = from.2.max(step.2);
    let value = |index: usize| format!("{:.decimals$}{}", from.0 + index as f64 * step.0, from.1);
    Ok(Some((0..=count as usize).map(value).collect()))
}

/// The values as numbers, and whether they are seconds; `None` when not all of them are numbers of one kind.
pub(super) fn numbers(values: &[&str]) -> Option<(Vec<f64>, bool)> {
    if let Some(plain) = values.iter().map(|value| value.replace('_', "").parse::<f64>().ok()).collect() {
        return Some((plain, false));
    }
    let seconds: Option<Vec<f64>> =
        values.iter().map(|value| value.parse::<Duration>().ok().map(Duration::as_seconds)).collect();
    seconds.map(|seconds| (seconds, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists() {
        for (text, wanted) in [
            ("a.b=5..20:5", vec!["5", "10", "15", "20"]),
            ("a=0.1..0.3:0.1", vec!["0.1", "0.2", "0.3"]),
            ("a=30s..100s:30s", vec!["30s", "60s", "90s"]),
            ("a=30s..90s:30", vec!["30s", "60s", "90s"]),
            (
                "a=30s, 1m,{ poisson: { rate: 5/s, x: [1,2] } }",
                vec!["30s", "1m", "{ poisson: { rate: 5/s, x: [1,2] } }"],
            ),
            ("a=one", vec!["one"]),
            ("a=3..3:1", vec!["3"]),
        ] {
            assert_eq!(
                Knob::parse(text).map(|knob| knob.values),
                Ok(wanted.iter().map(|v| (*v).to_owned()).collect())
            );
        }
        for wrong in [
            "a",
            "=1",
            "a=",
            "a=5..1:1",
            "a=1..5",
            "a=1..5:0",
            "a=1s..5m:1s",
            "a=x..y:1",
            "a=1,,2",
            "a=0..1e9:1",
            "a=0..99999999:1",
        ] {
            assert!(Knob::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(numbers(&["30s", "2m"]), Some((vec![30.0, 120.0], true)));
        assert_eq!(numbers(&["1", "2.5"]), Some((vec![1.0, 2.5], false)));
        assert_eq!(numbers(&["1", "many"]), None);
    }
}
