//! Parts: what came of one point of a sweep, as a plain file of its own. Parts of several machines are laid together.

use serde_json::{Value, json};

/// What a part says of its sweep and of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHead {
    /// Hash of the whole sweep: scenario, settings, replications, version.
    pub experiment: String,
    /// The sweep's name.
    pub name: String,
    /// The paths that are varied.
    pub knobs: Vec<String>,
    /// Their values at this point.
    pub values: Vec<String>,
    /// Which point, from 0.
    pub point: usize,
    /// How many there are.
    pub points: usize,
    /// What the charts show: `name.metric.statistic`.
    pub metrics: Vec<String>,
}

/// The results of one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which point of which sweep.
    pub head: PartHead,
    /// Rows of `sweep.csv`, from the replication on.
    pub values: Vec<Vec<String>>,
    /// Rows of `intervals.csv`, from the kind on.
    pub intervals: Vec<Vec<String>>,
    /// Rows of `expectations.csv`, from the name on.
    pub expectations: Vec<Vec<String>>,
}

const MARK: &str = "# queuelab sweep part ";
const END: &str = "# end";

impl Part {
    /// The file's name; files of one sweep sort by point.
    pub fn file_name(point: usize) -> String {
        format!("point-{point:06}.csv")
    }

    /// As a file.
    pub fn to_text(&self) -> String {
        let PartHead { experiment, name, knobs, values, point, points, metrics } = &self.head;
        let head = json!({
            "experiment": experiment, "name": name, "point": point, "points": points,
            "knobs": knobs, "values": values, "metrics": metrics,
        });
        let mut table = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let all =
            [("value", &self.values), ("interval", &self.intervals), ("expectation", &self.expectations)];
        for (what, rows) in all {
            for row in rows {
                let cells = std::iter::once(what).chain(row.iter().map(String::as_str));
                let written = table.write_record(cells);
                debug_assert!(written.is_ok(), "writing to memory cannot fail");
            }
        }
        let table = table.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        format!("{MARK}{head}\n{}{END}\n", table.unwrap_or_default())
    }

    /// Reads such a file.
    ///
    /// # Errors
    ///
    /// Why it is none: also when its end is missing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
        let head = head.strip_prefix(MARK).and_then(read_head).ok_or("it is no part of a sweep")?;
        let table = rest.strip_suffix(&format!("{END}\n")).ok_or("its end is missing")?;
        let mut part = Self { head, values: Vec::new(), intervals: Vec::new(), expectations: Vec::new() };
        let reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table.as_bytes());
        for record in reader.into_records() {
            let record = record.map_err(|error| error.to_string())?;
            let cells = record.iter().skip(1).map(str::to_owned).collect();
            match record.get(0) {
                Some("value") => part.values.push(cells),
                Some("interval") => part.intervals.push(cells),
                Some("expectation") => part.expectations.push(cells),
                _ => return Err(format!("`{}` is no row of a part", record.get(0).unwrap_or_default())),
            }
        }
        Ok(part)
    }
}

fn read_head(text: &str) -> Option<PartHead> {
    let head: Value = serde_json::from_str(text).ok()?;
    let word = |key: &str| Some(head.get(key)?.as_str()?.to_owned());
    let number = |key: &str| usize::try_from(head.get(key)?.as_u64()?).ok();
    let words = |key: &str| {
        let list = head.get(key)?.as_array()?;
        list.iter().map(|word| word.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    };
    Some(PartHead {
        experiment: word("experiment")?,
        name: word("name")?,
        point: number("point")?,
        points: number("points")?,
        knobs: words("knobs")?,
        values: words("values")?,
        metrics: words("metrics")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_reads_back_whole_or_not_at_all() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let part = Part {
            head: PartHead {
                experiment: "ab".to_owned(),
                name: "sizes".to_owned(),
                knobs: row(&["workers.max_size"]),
                values: row(&["{ a: [1, 2] }"]),
                point: 3,
                points: 12,
                metrics: row(&[]),
            },
            values: vec![row(&["0", "queue", "a,b", "\"x\"", "", "1.5"])],
            intervals: vec![row(&["queue", "a"])],
            expectations: vec![row(&["w", "p99 < 30s", "2"])],
        };
        let text = part.to_text();
        assert_eq!(Part::parse(&text), Ok(part));
        let cut = &text[..text.len() - 3];
        assert_eq!(Part::parse(cut), Err("its end is missing".to_owned()));
        assert_eq!(Part::parse("kind,name\n"), Err("it is no part of a sweep".to_owned()));
    }
}
