//! The bundled scenarios: sound, explained, and meeting what they expect.

use queuelab::language::Files;
use queuelab::record::ExpectationResult;
use queuelab::scenario::Scenario;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder of the bundled scenarios.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Files beside the bundled scenarios.
pub(crate) struct Beside(pub(crate) PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

/// All bundled scenarios with their texts, by path.
pub(crate) fn bundled() -> Vec<(PathBuf, String)> {
    let mut folders = vec![folder()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the scenarios can be listed").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                let text = fs::read_to_string(&path).expect("a scenario can be read");
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no scenarios under {}", folder().display());
    found
}

fn load(path: &Path, text: &str) -> Result<Scenario, String> {
    let beside = Beside(path.parent().map_or_else(PathBuf::new, Path::to_owned));
    Scenario::load(&path.display().to_string(), text.as_bytes(), &[], &beside)
        .map_err(|error| error.to_string())
}

#[test]
fn every_scenario_is_sound_explained_and_called_as_its_file() {
    let mut wrong = Vec::new();
    for (path, text) in bundled() {
        let mut tell = |what: &str| wrong.push(format!("{}: {what}", path.display()));
        let scenario = match load(&path, &text) {
            Ok(scenario) => scenario,
            Err(problems) => {
                tell(&problems);
                continue;
            }
        };
        if !scenario.warnings().is_empty() {
            tell(scenario.warnings());
        }
        if Some(scenario.name()) != path.file_stem().and_then(|stem| stem.to_str()) {
            tell(&format!("its name is `{}`", scenario.name()));
        }
        if scenario.expectations() == 0 {
            tell("it expects nothing");
        }
        if !text.starts_with("# ") {
            tell("it does not begin with a comment that says what it shows");
        }
        if !text.contains("queuelab ") {
            tell("its comment does not say how to run it");
        }
        if !text.contains("\ndescription: ") {
            tell("it has no description");
        }
        if let Some(line) = text.lines().find(|line| line.ends_with(' ') || line.contains('\t')) {
            tell(&format!("white space at the end of a line, or a tab: `{line}`"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What a scenario's run shows of what it should.
fn judge(path: &Path, text: &str) -> Result<Vec<ExpectationResult>, String> {
    let scenario = load(path, text)?;
    let tape = scenario.run().map_err(|error| error.to_string())?;
    assert_eq!(tape.expectations.len(), scenario.expectations(), "all are judged");
    Ok(tape.expectations)
}

/// What a scenario's run does not show of what it should.
fn unmet(path: &Path, judged: &Result<Vec<ExpectationResult>, String>) -> Vec<String> {
    let told = |what: String| format!("{}: {what}", path.display());
    match judged {
        Err(problem) => vec![told(problem.clone())],
        Ok(expectations) => {
            let unmet = expectations.iter().filter(|expectation| !expectation.passed);
            unmet.map(|e| told(format!("{} {}: observed {}", e.name, e.expression, e.observed))).collect()
        }
    }
}

/// What the runs of all bundled scenarios show, by path. They run once, whichever tests ask.
pub(crate) fn judged() -> &'static BTreeMap<PathBuf, Result<Vec<ExpectationResult>, String>> {
    static JUDGED: OnceLock<BTreeMap<PathBuf, Result<Vec<ExpectationResult>, String>>> = OnceLock::new();
    JUDGED.get_or_init(|| {
        let scenarios = bundled();
        let workers = std::thread::available_parallelism().map_or(2, usize::from).min(scenarios.len());
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            while let Some((path, text)) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                found.push((path.clone(), judge(path, text)));
            }
            found
        };
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            handles.into_iter().flat_map(|handle| handle.join().expect("no scenario panics")).collect()
        })
    })
}

#[test]
fn every_scenario_meets_its_expectations() {
    let unmet: Vec<String> = judged().iter().flat_map(|(path, judged)| unmet(path, judged)).collect();
    assert!(unmet.is_empty(), "\n{}", unmet.join("\n"));
}

#[test]
fn an_unmet_expectation_would_be_noticed() {
    let (path, text) = &bundled()[0];
    let impossible =
        "name: n\nduration: 10s\nqueues: { q: {} }\nexpect: { q.messages_sent: [\"sum > 0\"] }\n";
    assert_eq!(unmet(path, &judge(path, impossible)).len(), 1);
    assert_eq!(unmet(path, &judge(path, &text.replace("name:", "nane:"))).len(), 1);
}
