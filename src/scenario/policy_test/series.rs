//! A series of values in shorthand: `20x10 400x6 10+5x12 _x3`.

use crate::engine::Span;
use crate::language::{Decode, Definitions, Files, Json, Node, Problems, Value};
use crate::series::RecordingConfig;

/// One value an interval; `None` where the datapoint is missing.
#[derive(Debug, Clone)]
pub enum SeriesConfig {
    /// In shorthand.
    Values(Vec<Option<f64>>),
    /// As they were recorded.
    Recording(RecordingConfig),
}

/// More values than this are a slip of the pen.
const MOST_VALUES: usize = 100_000;

/// Reads one word: a value, `_`, or one of them with how often it comes and by how much it grows each time.
fn word(text: &str, values: &mut Vec<Option<f64>>) -> Result<(), String> {
    let (what, times) = match text.rsplit_once('x') {
        Some((what, times)) => {
            let times: usize = times.parse().map_err(|_| format!("`{times}` is no number of repetitions"))?;
            (what, times)
        }
        None => (text, 1),
    };
    if values.len().saturating_add(times) > MOST_VALUES {
        return Err(format!("a series has at most {MOST_VALUES} values"));
    }
    if what == "_" {
        values.extend(std::iter::repeat_n(None, times));
        return Ok(());
    }
    // The sign of the first number, and that of an exponent, part nothing.
    let sign = what
        .char_indices()
        .skip(1)
        .find(|(at, letter)| matches!(letter, '+' | '-') && !what[..*at].ends_with(['e', 'E']));
    let (start, step) = match sign {
        Some((at, _)) => (&what[..at], &what[at..]),
        None => (what, "0"),
    };
    let number = |text: &str| {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        value.ok_or_else(|| format!("`{text}` is no number"))
    };
    let (start, step) = (number(start)?, number(step)?);
    values.extend((0..times).map(|index| Some(start + step * index as f64)));
    Ok(())
}

impl SeriesConfig {
    fn read(text: &str) -> Result<Self, String> {
        let mut values = Vec::new();
        for part in text.split_whitespace() {
            word(part, &mut values).map_err(|error| format!("`{part}`: {error}"))?;
        }
        if values.is_empty() {
            Err("a series has at least one value".to_owned())
        } else {
            Ok(Self::Values(values))
        }
    }
}

impl SeriesConfig {
    /// Its values, those of a recording laid on the intervals; `None` when a problem was told.
    pub(super) fn values(
        &self,
        interval: Span,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Vec<Option<f64>>> {
        match self {
            SeriesConfig::Values(values) => Some(values.clone()),
            SeriesConfig::Recording(recording) => recording.values(interval, files, problems),
        }
    }
}

impl Decode for SeriesConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.value, Value::Mapping(_)) {
            return RecordingConfig::decode(node, problems).map(SeriesConfig::Recording);
        }
        let text = match node.sequence() {
            Some(items) => {
                let words: Option<Vec<&str>> = items.iter().map(Node::text).collect();
                words.map(|words| words.join(" "))
            }
            None => node.text().map(str::to_owned),
        };
        let Some(text) = text else {
            problems.mismatch(node, "a series such as `20x10 400x6`");
            return None;
        };
        SeriesConfig::read(&text)
            .map_err(|error| {
                problems.error(node.place, format!("this is no series: {error}")).help(
                    "write values and how often each comes: `20x10 _x3`, or `10+5x12` for 10, 15, … twelve values",
                );
            })
            .ok()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let recording = RecordingConfig::schema(definitions);
        let schema = serde_json::json!({
            "anyOf": [{ "type": "string" }, { "type": "number" }, { "type": "array" }, recording],
            "examples": ["20x10 400x6 20x30", "10+5x12 _x3"]
        });
        let meaning = "Values of a metric, one an interval: `20x10` is ten times 20, `10+5x12` twelve values from 10 on that \
                       grow by 5, `_` a missing datapoint; or a recording: `{ file: backlog.csv }`.";
        definitions.form("SeriesConfig", module_path!(), meaning, schema)
    }

    fn type_name() -> String {
        "series such as `20x10 400x6`".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthand() {
        let read = |text: &str| {
            SeriesConfig::read(text).map(|series| match series {
                SeriesConfig::Values(values) => values,
                SeriesConfig::Recording(_) => Vec::new(),
            })
        };
        let some = |values: &[f64]| values.iter().map(|value| Some(*value)).collect::<Vec<_>>();
        assert_eq!(read("0x3"), Ok(some(&[0.0, 0.0, 0.0])));
        assert_eq!(read("10+5x3 7"), Ok(some(&[10.0, 15.0, 20.0, 7.0])));
        assert_eq!(read("10-5x4"), Ok(some(&[10.0, 5.0, 0.0, -5.0])));
        assert_eq!(read("-1.5x2 1e2 1e-1+1x2"), Ok(some(&[-1.5, -1.5, 100.0, 0.1, 1.1])));
        assert_eq!(read("_ 1 _x2"), Ok(vec![None, Some(1.0), None, None]));
        for (text, wanted) in [
            ("", "at least one"),
            ("ax3", "no number"),
            ("1xx", "repetitions"),
            ("1x", "repetitions"),
            ("1x200000", "at most"),
            ("1+x3", "no number"),
            ("nan", "no number"),
            ("infx2", "no number"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
