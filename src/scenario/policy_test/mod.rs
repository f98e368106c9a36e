//! Policy tests: metrics as given, and what scaling must make of them.
//!
//! A policy test is a scenario whose metrics come from outside: its group is a consumer of a queue nobody sends to, and
//! its alarms and policies are resolved and played as in every other run. Only the clock is stricter. The value of an
//! interval is published at its end, and can be read at once; alarms are evaluated a nanosecond after each whole
//! minute, and policies decide at that very instant.

mod config;
mod expected;
mod series;

use super::config::ScenarioConfig;
use super::{Scenario, ScenarioError, resolve};
use crate::engine::{Span, Time};
use crate::language::{
    Decode, Definitions, Files, Json, Key, Node, Place, Problems, Sources, Value, parse_bytes,
};
use crate::record::ExpectationResult;
use crate::wire::span;
use crate::world::{Feed, RunError};
pub use config::{AlarmStateConfig, ExpectedStateConfig, PolicyTestConfig, Timeline};
pub use series::SeriesConfig;

/// The name that the group (or service) has as the consumer it is.
const GROUP: &str = "group";

/// What is read at an instant has seen what happened at it.
const A_MOMENT: Span = Span::from_micros(1);

/// The policy tests of a file.
#[derive(Debug)]
pub struct PolicyTests {
    tests: Vec<PolicyTest>,
    warnings: String,
}

#[derive(Debug)]
struct PolicyTest {
    config: PolicyTestConfig,
    scenario: Scenario,
}

/// What came of one test.
#[derive(Debug)]
pub struct TestResult {
    /// What it shows.
    pub name: String,
    /// What was expected, beside what was observed.
    pub expectations: Vec<ExpectationResult>,
}

/// The keys that make a file one of policy tests: one test, or a list.
const KEYS: [&str; 2] = ["policy_test", "policy_tests"];

/// Whether a file is one of policy tests rather than a scenario: its top-level keys decide.
pub fn is_policy_test(text: &[u8]) -> bool {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let root = parse_bytes(&mut sources, "", text, &mut problems);
    root.is_some_and(|root| KEYS.iter().any(|key| root.get(key).is_some()))
}

/// The JSON Schema of files of policy tests (draft 2020-12), for editors.
pub fn policy_test_schema() -> Json {
    Definitions::document::<PolicyTestConfig>("queuelab policy test")
}

impl PolicyTests {
    /// Reads a file of policy tests. `name` is what problems call the file; `files` reads what it names.
    ///
    /// # Errors
    ///
    /// All problems of the file.
    pub fn load(name: &str, text: &[u8], files: &dyn Files) -> Result<Self, ScenarioError> {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        let root = parse_bytes(&mut sources, name, text, &mut problems);
        let mut tests = Vec::new();
        let nodes = root.map_or_else(Vec::new, |root| nodes(&root, &mut problems));
        for node in nodes {
            if let Some(test) = PolicyTest::read(&node, files, &mut problems) {
                tests.push(test);
            }
        }
        if problems.has_errors() {
            return Err(ScenarioError {
                plain: problems.render(&sources, false),
                coloured: problems.render(&sources, true),
                errors: problems.errors(),
            });
        }
        let warnings = if problems.is_empty() { String::new() } else { problems.render(&sources, false) };
        Ok(Self { tests, warnings })
    }

    /// Warnings found while reading, rendered; empty without any.
    pub fn warnings(&self) -> &str {
        &self.warnings
    }

    /// How many tests there are.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Runs all of them.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn run(&self) -> Result<Vec<TestResult>, RunError> {
        let run = |test: &PolicyTest| {
            let tape = test.scenario.run()?;
            let name = test.config.policy_test.clone();
            Ok(TestResult { name, expectations: expected::judge(&test.config, &tape) })
        };
        self.tests.iter().map(run).collect()
    }
}

/// The nodes of the tests of a file.
fn nodes(root: &Node, problems: &mut Problems) -> Vec<Node> {
    match root.get("policy_tests") {
        Some(list) => {
            if let Some((key, _)) =
                root.mapping().unwrap_or_default().iter().find(|(key, _)| key.name != "policy_tests")
            {
                problems
                    .error(key.place, format!("`{}` does not fit beside `policy_tests`", key.name))
                    .help("a file has one `policy_test`, or a list of `policy_tests`");
            }
            if list.sequence().is_none() {
                problems.mismatch(list, "a list of policy tests");
            }
            list.sequence().unwrap_or_default().to_vec()
        }
        None => vec![root.clone()],
    }
}

impl PolicyTest {
    fn read(node: &Node, files: &dyn Files, problems: &mut Problems) -> Option<Self> {
        let config = PolicyTestConfig::decode(node, problems)?;
        let interval = span(config.interval);
        let series: Vec<Option<Vec<Option<f64>>>> =
            config.input_series.iter().map(|(_, series)| series.values(interval, files, problems)).collect();
        let series: Vec<Vec<Option<f64>>> = series.into_iter().collect::<Option<_>>()?;
        let scenario_node = scenario_of(node, &config, duration(&config, &series));
        let scenario = ScenarioConfig::decode(&scenario_node, problems)?;
        let given: Vec<String> = config.input_series.names().map(str::to_owned).collect();
        let mut scenario = resolve::resolve(&scenario, String::new(), None, &given, files, problems)?;
        scenario.seed = config.seed;
        scenario.feed = Feed { interval, delay: span(config.metric_delay), series };
        let mut probes: Vec<Time> =
            config.expect_at.0.iter().map(|(time, ..)| Time::ZERO + span(*time) + A_MOMENT).collect();
        probes.dedup();
        scenario.probes = probes;
        // Alarms see a value the moment it is published, and act at once, unless the test says otherwise.
        let says = |key: &str| config.assumptions.as_ref().is_some_and(|a| a.places.key(key).is_some());
        if !says("alarm_action_delay") {
            scenario.cloudwatch.action_delay = Span::ZERO;
        }
        if !says("alarm_evaluation_second") {
            scenario.cloudwatch.alarm_phase = Some(Span::from_nanos(1));
        }
        if !says("metric_delay") {
            scenario.cloudwatch.metric_delay = crate::engine::Distribution::constant(0.0).ok()?;
        }
        Some(Self { config, scenario })
    }
}

/// How long the run must be: until the last value is judged and the last expectation is read.
fn duration(config: &PolicyTestConfig, series: &[Vec<Option<f64>>]) -> Span {
    let values = series.iter().map(Vec::len).max().unwrap_or(0);
    let series = span(config.interval).saturating_mul(values as u64);
    let last = config.expect_at.0.last().map_or(Span::ZERO, |(time, ..)| span(*time));
    series.max(last).saturating_add(Span::from_minutes(2))
}

/// The test as a scenario. What stands in the test keeps its place, so that problems point there.
fn scenario_of(node: &Node, config: &PolicyTestConfig, duration: Span) -> Node {
    let place = node.place;
    let text = |text: &str| Node::new(place, Value::String(text.to_owned()));
    let mapping = |entries: Vec<(&str, Node)>| mapping(place, entries);
    let group_key = if config.service.is_some() { "service" } else { "group" };
    let (consumer_key, at_once): (_, &[&str]) = if config.service.is_some() {
        ("ecs_service", &["task_start_up"])
    } else {
        ("auto_scaling_group", &["launch_time", "termination_time"])
    };
    let mut group = node.get(group_key).cloned().unwrap_or_else(|| mapping(Vec::new()));
    if let Value::Mapping(entries) = &mut group.value {
        let key = |name: &str| Key { name: name.to_owned(), place };
        for name in at_once {
            if entries.iter().all(|(key, _)| key.name != *name) {
                entries.push((key(name), text("0s")));
            }
        }
        if let Some(policies) = node.get("policies") {
            let own = entries.iter_mut().find(|(key, _)| key.name == "policies");
            match (own, policies.sequence()) {
                (Some((_, Node { value: Value::Sequence(own), .. })), Some(more)) => {
                    own.extend(more.iter().cloned());
                }
                _ => entries.push((key("policies"), policies.clone())),
            }
        }
    }
    let consumer = mapping(vec![
        ("receives_from", mapping(vec![("queue", text("silence"))])),
        ("wait_time", text("20s")),
        ("processing_time", text("1s")),
        (consumer_key, group),
    ]);
    let mut entries = vec![
        ("name", text("policy-test")),
        ("duration", text(&format!("{}ns", duration.as_nanos()))),
        ("queues", mapping(vec![("silence", mapping(Vec::new()))])),
        ("consumers", mapping(vec![(GROUP, consumer)])),
    ];
    for key in ["start", "alarms", "assumptions"] {
        entries.extend(node.get(key).map(|node| (key, node.clone())));
    }
    mapping(entries)
}

fn mapping(place: Place, entries: Vec<(&str, Node)>) -> Node {
    let entries = entries.into_iter().map(|(name, node)| (Key { name: name.to_owned(), place }, node));
    Node::new(place, Value::Mapping(entries.collect()))
}
