//! The program as its users meet it: what it prints, what it writes, and how it ends.

mod failures;
mod filter;
mod lessons;
mod reading;

use assert_cmd::Command;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A scenario of a few messages, one of whose expectations holds and one does not.
const SMALL: &str = "\
name: small
duration: 10s
queues:
  orders: {}
producers:
  shop:
    publishes_to: { queue: orders }
    arrivals: { constant: { rate: 1/s } }
consumers:
  workers:
    receives_from: { queue: orders }
    processing_time: 1s
expect:
  workers.messages_processed: [\"sum >= 5\", \"sum == 0\"]
";

/// How a run of the program ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

/// A folder with `small.yaml` in it, to run the program in.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Desk(tempfile::tempdir().expect("a temporary folder"));
        desk.put("small.yaml", SMALL);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// All names below the folder.
    fn tree(&self) -> BTreeSet<String> {
        fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
            for entry in fs::read_dir(folder).expect("the folder can be listed").flatten() {
                let path = entry.path();
                found.insert(path.strip_prefix(root).expect("below the root").display().to_string());
                if path.is_dir() {
                    walk(&path, root, found);
                }
            }
        }
        let mut found = BTreeSet::new();
        walk(self.0.path(), self.0.path(), &mut found);
        found
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn quickstart() -> String {
    crate::scenarios::folder().join("quickstart.yaml").display().to_string()
}

/// The tables of a report and their columns, as the product promises them.
const TABLES: [(&str, &str); 6] = [
    ("summary.csv", "kind,name,metric,statistic,value,unit"),
    (
        "metrics.csv",
        "timestamp,time_s,namespace,metric,dimensions,period_s,sample_count,sum,minimum,maximum,average,unit",
    ),
    ("ledger.csv", "kind,name,fate,messages"),
    ("alarms.csv", "timestamp,time_s,alarm,old_state,new_state,reason,actions"),
    ("scaling_activities.csv", "timestamp,time_s,group,policy,cause,old_desired,new_desired,status"),
    ("expectations.csv", "name,expression,observed,passed"),
];

#[test]
fn a_run_leaves_every_promised_file() {
    let desk = Desk::new();
    let ended = desk.run(&["run", &quickstart(), "-o", "out/report"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    let tree = desk.tree();
    for (name, columns) in TABLES {
        let text =
            fs::read_to_string(desk.path("out/report").join(name)).unwrap_or_else(|_| panic!("no {name}"));
        assert_eq!(text.lines().next(), Some(columns), "{name}");
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = table.records().map(|row| row.expect("every row has every column")).collect();
        assert!(!rows.is_empty(), "{name} has rows");
        assert!(ended.out.contains(name), "the summary names {name}:\n{}", ended.out);
    }
    let manifest = fs::read_to_string(desk.path("out/report/manifest.json")).expect("there is a manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("the manifest is JSON");
    assert_eq!(manifest["seed"], 42, "{manifest}");
    let listed = manifest["files"].as_array().expect("the manifest lists files");
    let there = tree.iter().filter(|name| name.starts_with("out/report/") && name.contains('.')).count();
    assert_eq!(listed.len() + 1, there, "every file but the manifest is in the manifest: {tree:?}");
    for kind in ["svg", "png"] {
        let charts =
            tree.iter().filter(|name| name.starts_with("out/report/charts/") && name.ends_with(kind));
        assert!(charts.count() >= 4, "{tree:?}");
    }
    // Nothing else is left, in particular no temporary folder.
    assert!(tree.iter().all(|name| name == "out" || name.starts_with("out/report") || name == "small.yaml"));
}

#[test]
fn the_default_folder_carries_the_scenarios_name_and_is_replaced_as_a_whole() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["run", "small.yaml", "--set", "expect={}"]).code, Some(0));
    assert!(desk.path("reports/small/charts").is_dir());
    assert!(!desk.path("reports/small/expectations.csv").exists(), "nothing is expected");
    assert_eq!(desk.run(&["run", "small.yaml", "--no-charts"]).code, Some(1));
    assert!(!desk.path("reports/small/charts").exists(), "the charts of the earlier run are gone");
    assert!(desk.path("reports/small/expectations.csv").exists());
}

#[test]
fn seeds_and_settings_reach_the_run() {
    let desk = Desk::new();
    let run = |more: &[&str]| {
        let arguments = [&["run", "small.yaml", "--quiet", "--no-charts", "-o", "out"], more].concat();
        let ended = desk.run(&arguments);
        assert_eq!((ended.out.as_str(), ended.err.as_str()), ("", ""), "quiet");
        fs::read_to_string(desk.path("out/summary.csv")).expect("there is a summary")
    };
    let first = run(&[]);
    assert_eq!(first, run(&[]));
    assert_eq!(first, run(&["--seed", "42"]));
    assert_ne!(first, run(&["--seed", "43"]));
    assert!(first.contains("producer,shop,messages_produced,sum,10,count"), "{first}");
    let faster = run(&["--set", "producers.shop.arrivals.constant.rate=3/s", "--set", "duration=20s"]);
    assert!(faster.contains("producer,shop,messages_produced,sum,60,count"), "{faster}");
}

/// What `check` prints, without how long it took.
fn timeless(out: &str) -> String {
    let without = |line: &str| match line.rsplit_once(", ") {
        Some((line, time)) if time.ends_with(" s") && line.contains("  seed ") => line.to_owned(),
        _ => line.to_owned(),
    };
    out.lines().map(|line| without(line) + "\n").collect()
}

#[test]
fn check_shows_observed_beside_wanted() {
    let desk = Desk::new();
    let ended = desk.run(&["check", "small.yaml"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
    insta::assert_snapshot!(timeless(&ended.out), @r"
    ✗ small.yaml  seed 42
        ✓ workers.messages_processed sum >= 5  observed 8
        ✗ workers.messages_processed sum == 0  observed 8

    1 scenario: 1 expectation passed, 1 failed
    ");
    desk.put("good/a.yaml", &SMALL.replace(", \"sum == 0\"", ""));
    desk.put(
        "good/deeper/b.yml",
        &SMALL.replace("expect:\n  workers.messages_processed: [\"sum >= 5\", \"sum == 0\"]\n", ""),
    );
    desk.put("good/notes.txt", "no scenario");
    let ended = desk.run(&["check", "good"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    insta::assert_snapshot!(timeless(&ended.out), @r"
    ✓ good/a.yaml  seed 42
        ✓ workers.messages_processed sum >= 5  observed 8
    ✓ good/deeper/b.yml  seed 42
        expects nothing

    2 scenarios: 1 expectation passed, 0 failed
    ");
    desk.put("bad.yaml", &SMALL.replace("duration", "duratoin"));
    let ended = desk.run(&["check", "bad.yaml", "small.yaml"]);
    assert_eq!(ended.code, Some(2), "what cannot be run is worse than what fails");
    assert!(
        ended.out.contains("✗ bad.yaml cannot be run") && ended.out.contains("✗ small.yaml"),
        "{}",
        ended.out
    );
    assert!(!desk.path("reports").exists(), "a check writes nothing");
}

#[test]
fn check_takes_seed_and_settings() {
    let desk = Desk::new();
    let ended = desk.run(&["check", "small.yaml", "--set", "consumers.workers.instances=0", "--seed", "7"]);
    assert!(ended.out.contains("✓ workers.messages_processed sum == 0  observed 0"), "{}", ended.out);
    assert_eq!(ended.code, Some(1));
}
