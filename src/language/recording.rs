//! Recordings: CSV files of timestamps and numbers, as CloudWatch exports them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use std::fmt;

/// A row of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingRow {
    /// The line of the file.
    pub line: u64,
    /// The timestamp as written.
    pub stamp: String,
    /// The timestamp in nanoseconds since 1970.
    pub nanoseconds: i128,
    /// The number; `None` where the cell is empty.
    pub value: Option<f64>,
}

/// What is wrong with a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingError {
    /// The line of the file; zero when the file as a whole is meant.
    pub line: u64,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 { write!(f, "line {}: {}", self.line, self.what) } else { f.write_str(&self.what) }
    }
}

/// Which columns of a recording are read: a name each, or `None` for the usual names and places.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordingColumns<'a> {
    /// Timestamps; by default `timestamp` or `time`, or the first column.
    pub timestamp: Option<&'a str>,
    /// Numbers; by default `value`, `count`, `Sum`, …, or the second column.
    pub value: Option<&'a str>,
}

/// Usual names of columns.
const TIMESTAMPS: &[&str] = &["timestamp", "time", "Timestamp"];
const VALUES: &[&str] = &["value", "count", "Sum", "SampleCount", "Average", "Maximum", "Minimum"];

/// Reads the rows of a recording, in the order of the file.
///
/// # Errors
///
/// When it is not such a CSV: no such column, a timestamp or number that cannot be read.
pub fn read_recording(
    text: &str,
    columns: RecordingColumns<'_>,
) -> Result<Vec<RecordingRow>, RecordingError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let fail = |error: &csv::Error| RecordingError {
        line: error.position().map_or(0, csv::Position::line),
        what: format!("this is not CSV: {error}"),
    };
    let header = reader.headers().map_err(|error| fail(&error))?.clone();
    let stamp_column = find_column(&header, columns.timestamp, TIMESTAMPS, 0)?;
    let value_column = find_column(&header, columns.value, VALUES, 1)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| fail(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(column).unwrap_or("");
        let stamp = cell(stamp_column);
        let nanoseconds = read_stamp(stamp).ok_or_else(|| RecordingError {
            line,
            what: format!(
                "`{stamp}` is not a timestamp such as `2026-03-02 08:05:00` or `2026-03-02T08:05:00Z`"
            ),
        })?;
        let text = cell(value_column);
        let value = text.parse::<f64>().map(Some).or_else(|_| {
            let what = || format!("`{text}` in column `{}` is not a number", &header[value_column]);
            if text.is_empty() { Ok(None) } else { Err(RecordingError { line, what: what() }) }
        })?;
        rows.push(RecordingRow { line, stamp: stamp.to_owned(), nanoseconds, value });
    }
    Ok(rows)
}

fn find_column(
    header: &csv::StringRecord,
    wanted: Option<&str>,
    usual: &[&str],
    position: usize,
) -> Result<usize, RecordingError> {
    let columns = || header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        return header.iter().position(|name| name == wanted).ok_or_else(|| RecordingError {
            line: 1,
            what: format!("there is no column `{wanted}`; the file has {}", columns()),
        });
    }
    let found = usual.iter().find_map(|name| header.iter().position(|column| column == *name));
    found.or((header.len() > position).then_some(position)).ok_or_else(|| RecordingError {
        line: 1,
        what: format!("a column of timestamps and one of numbers are needed; the file has {}", columns()),
    })
}

/// Nanoseconds since 1970. Timestamps without a zone are taken as UTC; a number is seconds since 1970, or milliseconds when it
/// has thirteen digits.
fn read_stamp(text: &str) -> Option<i128> {
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.as_nanosecond());
    }
    if text.bytes().all(|letter| letter.is_ascii_digit()) {
        let unit = match text.len() {
            9 | 10 => 1_000_000_000,
            13 => 1_000_000,
            _ => return None,
        };
        return text.parse::<i128>().ok().map(|number| number * unit);
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_those_that_people_export() {
        let at = |text: &str| read_stamp(text).map(|nanoseconds| nanoseconds / 1_000_000);
        let instant = Some(1_397_088_240_000);
        for text in [
            "2014-04-10 00:04:00",
            "2014-04-10T00:04:00Z",
            "2014-04-10T02:04:00+02:00",
            "1397088240",
            "1397088240000",
        ] {
            assert_eq!(at(text), instant, "{text}");
        }
        assert_eq!(at("20140410"), None);
        assert_eq!(at("-1"), None);
    }

    #[test]
    fn an_empty_cell_is_no_number() {
        let rows =
            read_recording("Timestamp,Average\n1397088240,\n1397088300,-2.5\n", RecordingColumns::default());
        let values: Vec<Option<f64>> = rows.expect("it can be read").iter().map(|row| row.value).collect();
        assert_eq!(values, [None, Some(-2.5)]);
    }
}
