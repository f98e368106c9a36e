//! Arrivals replayed from a recording: timestamped counts, as CloudWatch exports them.

use super::arrivals::Spacing;
use crate::engine::{Span, Stream, Time};
use crate::language::{RecordingColumns, RecordingError, RecordingRow, read_recording};

/// One row of a recording: `messages` during the interval that begins at `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Beginning of the interval, in run time.
    pub start: Time,
    /// Its length.
    pub length: Span,
    /// Messages during it.
    pub messages: u64,
}

/// How a recording is turned into arrivals.
#[derive(Debug, Clone)]
pub struct TraceOptions {
    /// The column with timestamps; `None` takes `timestamp` or the first.
    pub timestamp_column: Option<String>,
    /// The column with counts; `None` takes `value`, `count`, `Sum` or the second.
    pub count_column: Option<String>,
    /// Counts are multiplied by this.
    pub scale: f64,
    /// Time runs this many times faster.
    pub speed_up: f64,
}

/// A recording, read and laid onto run time: its first row is at time zero.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Its intervals, earliest first.
    pub intervals: Vec<Interval>,
    /// Stretches without rows.
    pub gaps: Vec<Gap>,
    /// The usual distance of rows, after the speed-up.
    pub step: Span,
}

/// A stretch of a recording without rows; nothing arrives in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The line of the file after the gap.
    pub line: u64,
    /// Timestamp of the row before it, as written.
    pub after: String,
    /// Timestamp of the row after it, as written.
    pub before: String,
    /// Rows missing, by the usual distance.
    pub missing_rows: u64,
}

impl Trace {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// When the file is not such a CSV: no rows, no such column, a timestamp or count that cannot be read, a count
    /// that is negative, timestamps that do not increase.
    pub fn read(text: &str, options: &TraceOptions) -> Result<Self, RecordingError> {
        let rows = read_rows(text, options)?;
        let whole = |what: &str| RecordingError { line: 0, what: what.to_owned() };
        let Some(first) = rows.first() else { return Err(whole("the file has a header but no rows")) };
        for pair in rows.windows(2) {
            if pair[1].nanoseconds <= pair[0].nanoseconds {
                return Err(RecordingError {
                    line: pair[1].line,
                    what: format!(
                        "the timestamp {} is not after the one before it, {}",
                        pair[1].stamp, pair[0].stamp
                    ),
                });
            }
        }
        let mut steps: Vec<i128> =
            rows.windows(2).map(|pair| pair[1].nanoseconds - pair[0].nanoseconds).collect();
        steps.sort_unstable();
        let step = steps.get(steps.len() / 2).copied().unwrap_or(60_000_000_000);
        let run_time = |nanoseconds: i128| {
            let since = (nanoseconds - first.nanoseconds) as f64 / options.speed_up;
            u64::try_from(since.round() as i128).map(Time::from_nanos).ok()
        };
        let mut trace =
            Trace { step: Span::from_nanos((step as f64 / options.speed_up) as u64), ..Trace::default() };
        let (mut exact, mut emitted) = (0.0_f64, 0_u64);
        for (index, row) in rows.iter().enumerate() {
            let next = rows.get(index + 1);
            let mut ends = row.nanoseconds + step;
            if let Some(next) = next {
                if 2 * (next.nanoseconds - row.nanoseconds) > 3 * step {
                    let missing = ((next.nanoseconds - row.nanoseconds + step / 2) / step - 1).max(1);
                    trace.gaps.push(Gap {
                        line: next.line,
                        after: row.stamp.clone(),
                        before: next.stamp.clone(),
                        missing_rows: missing as u64,
                    });
                } else {
                    ends = next.nanoseconds;
                }
            }
            // Fractions are carried over, so that the total is right to the message.
            exact += row.count * options.scale;
            let messages = (exact + 1e-9).floor().max(0.0) as u64 - emitted;
            emitted += messages;
            let (Some(start), Some(end)) = (run_time(row.nanoseconds), run_time(ends)) else {
                return Err(RecordingError {
                    line: row.line,
                    what: "the recording is longer than 584 years".to_owned(),
                });
            };
            trace.intervals.push(Interval { start, length: end - start, messages });
        }
        Ok(trace)
    }

    /// Messages in the whole recording.
    pub fn messages(&self) -> u64 {
        self.intervals.iter().map(|interval| interval.messages).sum()
    }

    /// When the last interval ends.
    pub fn end(&self) -> Time {
        self.intervals.last().map_or(Time::ZERO, |last| last.start + last.length)
    }
}

/// A row whose number is one of messages.
struct Row {
    line: u64,
    stamp: String,
    nanoseconds: i128,
    count: f64,
}

fn read_rows(text: &str, options: &TraceOptions) -> Result<Vec<Row>, RecordingError> {
    let columns = RecordingColumns {
        timestamp: options.timestamp_column.as_deref(),
        value: options.count_column.as_deref(),
    };
    let row = |RecordingRow { line, stamp, nanoseconds, value }: RecordingRow| {
        let Some(count) = value else {
            return Err(RecordingError { line, what: format!("{stamp} has no number of messages") });
        };
        if !count.is_finite() || count < 0.0 || count * options.scale > 1e15 {
            return Err(RecordingError { line, what: format!("{count} cannot be a number of messages") });
        }
        Ok(Row { line, stamp, nanoseconds, count })
    };
    read_recording(text, columns)?.into_iter().map(row).collect()
}

/// Arrivals of a recording, interval by interval.
#[derive(Debug)]
pub struct TraceArrivals {
    intervals: Vec<Interval>,
    spacing: Spacing,
    stream: Stream,
    /// The interval being played, and how many of its messages came already.
    index: usize,
    played: u64,
    at: Time,
}

impl TraceArrivals {
    /// Replays `trace`. Evenly: the messages of an interval lie in the middles of equal parts of it. Poisson: at
    /// random times, as those of a Poisson process are once their number is known. The counts are the trace's
    /// either way.
    pub fn new(trace: Trace, spacing: Spacing, stream: Stream) -> Self {
        Self { intervals: trace.intervals, spacing, stream, index: 0, played: 0, at: Time::ZERO }
    }

    /// The time of the next arrival; `None` after the last.
    pub fn next_arrival(&mut self) -> Option<Time> {
        loop {
            let interval = *self.intervals.get(self.index)?;
            if self.played == interval.messages {
                self.index += 1;
                self.played = 0;
                continue;
            }
            let length = u128::from(interval.length.as_nanos());
            let offset = match self.spacing {
                Spacing::Evenly => {
                    (length * u128::from(2 * self.played + 1) / u128::from(2 * interval.messages)) as u64
                }
                Spacing::Poisson => {
                    // The next of k uniform times in what is left is the smallest of k: a power of one uniform.
                    let begun = if self.played == 0 { interval.start } else { self.at };
                    let left = (interval.start + interval.length) - begun;
                    let share =
                        -libm::expm1(-self.stream.exponential() / (interval.messages - self.played) as f64);
                    let last = interval.length.as_nanos().saturating_sub(1);
                    ((begun - interval.start).as_nanos() + (left.as_nanos() as f64 * share) as u64).min(last)
                }
            };
            self.played += 1;
            self.at = interval.start + Span::from_nanos(offset);
            return Some(self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: TraceOptions =
        TraceOptions { timestamp_column: None, count_column: None, scale: 1.0, speed_up: 1.0 };

    fn counts(trace: Trace, spacing: Spacing) -> Vec<u64> {
        let intervals = trace.intervals.clone();
        let mut arrivals = TraceArrivals::new(trace, spacing, Stream::new(3, 0, "p", "arrivals"));
        let mut counts = vec![0; intervals.len()];
        let mut last = Time::ZERO;
        while let Some(at) = arrivals.next_arrival() {
            assert!(at >= last, "arrivals do not run back");
            last = at;
            let index = intervals.iter().position(|i| i.start <= at && at < i.start + i.length).unwrap();
            counts[index] += 1;
        }
        counts
    }

    #[test]
    fn counts_are_the_recordings_whatever_the_spacing() {
        let text =
            "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,0\n2014-04-10 00:14:00,187\n";
        for spacing in [Spacing::Evenly, Spacing::Poisson] {
            let trace = Trace::read(text, &OPTIONS).unwrap();
            assert_eq!(trace.step, Span::from_minutes(5));
            assert_eq!(counts(trace, spacing), [94, 0, 187]);
        }
    }

    #[test]
    fn fractions_are_carried_and_time_is_squeezed() {
        let text = "time,count\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,1\n2026-01-01T00:02:00Z,1\n2026-01-01T00:03:00Z,1";
        let trace = Trace::read(text, &TraceOptions { scale: 0.5, speed_up: 60.0, ..OPTIONS }).unwrap();
        assert_eq!(trace.end(), Time::ZERO + Span::from_seconds(4));
        assert_eq!(counts(trace, Spacing::Evenly), [0, 1, 0, 1]);
    }

    #[test]
    fn gaps_are_told_and_stay_empty() {
        let text = "timestamp,value\n2026-01-01 00:00,5\n2026-01-01 00:05,5\n2026-01-01 00:10,5\n2026-01-01 00:30,5\n2026-01-01 00:35,5\n";
        let trace = Trace::read(text, &OPTIONS).unwrap();
        assert_eq!(trace.gaps.len(), 1);
        assert_eq!((trace.gaps[0].line, trace.gaps[0].missing_rows), (5, 3));
        assert_eq!(trace.intervals[2].length, Span::from_minutes(5));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let tell = |text: &str| Trace::read(text, &OPTIONS).unwrap_err().to_string();
        assert_eq!(tell("timestamp,value\n"), "the file has a header but no rows");
        assert_eq!(tell("timestamp,value\n2026-01-01,x\n"), "line 2: `x` in column `value` is not a number");
        assert_eq!(
            tell("timestamp,value\n2026-01-01 00:00,-3\n"),
            "line 2: -3 cannot be a number of messages"
        );
        assert_eq!(
            tell("timestamp,value\n2026-01-01 00:00,NaN\n"),
            "line 2: NaN cannot be a number of messages"
        );
        assert!(tell("timestamp,value\nyesterday,3\n").starts_with("line 2: `yesterday` is not a timestamp"));
        assert!(tell("timestamp,value\n2026-01-02,3\n2026-01-01,3\n").starts_with("line 3: the timestamp"));
        let options = TraceOptions { count_column: Some("Sum".to_owned()), ..OPTIONS };
        let error = Trace::read("timestamp,value\n2026-01-01,1\n", &options).unwrap_err();
        assert_eq!(error.to_string(), "line 1: there is no column `Sum`; the file has `timestamp`, `value`");
    }
}
