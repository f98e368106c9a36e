//! A metric as it was recorded: the values of a CSV file, laid on intervals.

use crate::engine::Span;
use crate::language::{
    Files, Located, Problems, RecordingColumns, RecordingError, RecordingRow, read_recording, section,
};

section! {
    /// A recorded metric: a CSV with a timestamp and a value column, as CloudWatch exports. Its earliest row is laid on
    /// the first interval; intervals without a row, or with an empty cell, have no datapoint.
    pub struct RecordingConfig {
        /// The file, relative to the scenario.
        pub file: Located<String>;
        /// The column with timestamps; by default `timestamp`, or the first.
        pub timestamp_column: Option<String>;
        /// The column with values; by default `value`, `Sum`, `Average` and the like, or the second.
        pub value_column: Option<String>;
    }
}

/// More intervals than this are a wrong interval, or a wrong file.
const MOST_INTERVALS: usize = 1_000_000;

impl RecordingConfig {
    /// One value for each interval, from that of the earliest row on; `None` when a problem was told.
    pub fn values(
        &self,
        interval: Span,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Vec<Option<f64>>> {
        let Located { value: path, place } = &self.file;
        let read = files.read(path).map_err(|why| {
            problems
                .error(*place, format!("cannot read the recording `{path}`: {why}"))
                .help("the path is relative to the scenario file");
        });
        let columns = RecordingColumns {
            timestamp: self.timestamp_column.as_deref(),
            value: self.value_column.as_deref(),
        };
        let values = read_recording(&read.ok()?, columns).and_then(|rows| laid_on(rows, interval));
        values
            .map_err(|error| {
                problems.error(*place, format!("in `{path}`: {error}"));
            })
            .ok()
    }
}

fn laid_on(mut rows: Vec<RecordingRow>, interval: Span) -> Result<Vec<Option<f64>>, RecordingError> {
    rows.sort_by_key(|row| row.nanoseconds);
    let Some(first) = rows.first().map(|row| row.nanoseconds) else {
        return Err(RecordingError { line: 0, what: "the file has a header but no rows".to_owned() });
    };
    let mut values = Vec::new();
    let mut filled: Option<(usize, u64)> = None;
    for RecordingRow { line, stamp, nanoseconds, value } in rows {
        let wrong = |what: String| Err(RecordingError { line, what });
        let slot = ((nanoseconds - first) / i128::from(interval.as_nanos().max(1))) as usize;
        if slot >= MOST_INTERVALS {
            return wrong(format!("{stamp} is more than {MOST_INTERVALS} intervals after the first row"));
        }
        if let Some((_, other)) = filled.filter(|(last, _)| *last == slot) {
            return wrong(format!("{stamp} lies in the same interval of {interval} as line {other}"));
        }
        if value.is_some_and(|value| !value.is_finite()) {
            return wrong(format!("{} is no value of a metric", value.unwrap_or_default()));
        }
        filled = Some((slot, line));
        values.resize(slot, None);
        values.push(value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(text: &str, seconds: u64) -> Result<Vec<Option<f64>>, String> {
        let rows = read_recording(text, RecordingColumns::default()).map_err(|error| error.to_string())?;
        laid_on(rows, Span::from_seconds(seconds)).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_find_their_intervals_in_any_order() {
        let text = "Timestamp,Average\n2026-03-02T08:03:00Z,4\n2026-03-02T08:00:00Z,1\n2026-03-02T08:01:30Z,2\n2026-03-02T08:04:00Z,\n";
        assert_eq!(laid(text, 60), Ok(vec![Some(1.0), Some(2.0), None, Some(4.0), None]));
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_line() {
        let text = "time,value\n2026-03-02T08:00:00Z,1\n2026-03-02T08:00:30Z,2\n";
        assert_eq!(
            laid(text, 60),
            Err("line 3: 2026-03-02T08:00:30Z lies in the same interval of 1m as line 2".to_owned())
        );
        assert_eq!(laid(text, 30), Ok(vec![Some(1.0), Some(2.0)]));
        assert_eq!(laid("time,value\n", 60), Err("the file has a header but no rows".to_owned()));
        assert!(laid("time,value\n2026-03-02,inf\n", 60).is_err_and(|error| error.starts_with("line 2")));
    }
}
