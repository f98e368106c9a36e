//! The experiment file: a sweep that is kept.

use super::knob::values_of;
use crate::language::{
    Decode, Definitions, Json, Located, Name, Named, Node, Probability, Problems, section,
};

section! {
    /// A sweep: a scenario, what is varied in it, and how often each point is run.
    pub struct ExperimentConfig {
        /// What it is called; the folder of its report is called so.
        pub experiment: Name;
        /// What it is to show.
        pub description: String = String::new();
        /// The scenario file, relative to this one.
        pub scenario: String;
        /// Seed of all randomness, in place of the scenario's.
        pub seed: Option<u64>;
        /// How many replications each point has.
        pub replications: u32 = 1, within (1, 100_000);
        /// How sure the intervals are.
        pub confidence: Probability = Probability::new(0.95);
        /// What is changed at every point: `path=value`.
        pub set: Vec<String> = Vec::new();
        /// Settings with their values: all combinations are run.
        pub vary: Named<ValuesConfig>;
        /// In place of `vary`: single points, each with its settings.
        pub points: Vec<Named<ValueConfig>> = Vec::new();
        /// What the charts show: `workers.end_to_end_latency.p99`. By default the tails of latencies, and the cost.
        pub metrics: Vec<Located<String>> = Vec::new();
    }
    check ExperimentConfig::check;
}

/// Values of a setting: a range such as `5..50:5`, a list in a text such as `30s,60s`, or a list.
#[derive(Debug, Clone)]
pub struct ValuesConfig(pub Vec<String>);

/// One value of a setting.
#[derive(Debug, Clone)]
pub struct ValueConfig(pub String);

impl Decode for ValuesConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Some(list) = node.sequence() {
            let values: Option<Vec<String>> =
                list.iter().map(|node| ValueConfig::decode(node, problems).map(|value| value.0)).collect();
            return values.map(ValuesConfig);
        }
        let text = ValueConfig::decode(node, problems)?.0;
        match values_of(&text) {
            Ok(values) => Some(Self(values)),
            Err(what) => {
                problems.error(node.place, what);
                None
            }
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let one = String::schema(definitions);
        serde_json::json!({ "anyOf": [one, { "type": "array" }], "examples": ["5..50:5", ["30s", "60s"]] })
    }

    fn type_name() -> String {
        "values such as `5..50:5` or `[30s, 60s]`".to_owned()
    }
}

impl Decode for ValueConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let written = node.text().map(str::to_owned);
        if written.is_none() {
            problems.mismatch(node, "a value such as `30s`");
        }
        written.map(Self)
    }

    fn schema(_: &mut Definitions) -> Json {
        serde_json::json!({})
    }

    fn type_name() -> String {
        "value".to_owned()
    }
}

impl ExperimentConfig {
    fn check(&self, problems: &mut Problems) {
        if self.vary.is_empty() == self.points.is_empty() {
            problems
                .error(self.place, "an experiment has either `vary` or `points`")
                .help("vary: { workers.threads: 1..8:1 }");
        }
        if let Some(first) = self.points.first() {
            let names: Vec<&str> = first.names().collect();
            for point in &self.points {
                if point.names().ne(names.iter().copied()) {
                    let place = point.iter().next().map(|(name, _)| name.place);
                    problems
                        .error(
                            place.or(Some(self.place)),
                            "all points have the same settings, in the same order",
                        )
                        .why(format!("the first has {}", names.join(", ")));
                }
            }
        }
    }
}
