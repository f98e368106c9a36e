//! Experiments: what many runs say together, whoever runs them and however often they are interrupted.

mod baselines;
mod expectations;
mod long;
mod replications;
mod slurm;
mod sweeps;

use assert_cmd::Command;
use queuelab::language::NoFiles;
use queuelab::scenario::Scenario;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A queue with exponential workers that are busy most of the time.
const STATION: &str = "\
name: station
duration: 6m
warm_up: 1m
api_latency: none
assumptions: { duplicate_probability: 0, ordering_jitter: 0s }
queues:
  line: { visibility_timeout: 1h, receive_message_wait_time: 20s }
producers:
  shop: { publishes_to: { queue: line }, arrivals: { poisson: { rate: 8/s } } }
consumers:
  workers: { receives_from: { queue: line }, instances: 1, processing_time: { exponential: { mean: 100ms } } }
expect:
  workers.messages_processed: [\"sum > 1000\"]
";

pub(crate) fn load(text: &str) -> Scenario {
    Scenario::load("test.yaml", text.as_bytes(), &[], &NoFiles)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A folder with `station.yaml` in it, to run the program in.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        bench.write("station.yaml", STATION);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the program; its exit code, and what it told.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
        for variable in ["SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"] {
            command.env_remove(variable);
        }
        let ended = command.current_dir(self.0.path()).args(arguments).output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints text");
        (ended.status.code().expect("it ends by itself"), text(ended.stdout), text(ended.stderr))
    }

    /// Runs the program, which must end well.
    pub(crate) fn well(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}\n{out}\n{err}");
        out
    }

    /// Everything in a folder.
    pub(crate) fn contents(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.path(folder), &self.path(folder), &mut found);
        assert!(!found.is_empty(), "{folder} holds files");
        found
    }
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("it is inside").to_owned();
            found.insert(name, fs::read(&path).expect("a file can be read"));
        }
    }
}
