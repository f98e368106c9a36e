//! The documentation says what is so: its commands, links and tables are held against the code.
//!
//! Generated parts stand between `<!-- begin generated: … -->` and `<!-- end generated: … -->`. After a change of the
//! code they come from, write them anew:
//!
//!     QUEUELAB_BLESS=1 cargo test --test main documentation

use queuelab::language::Files;
use queuelab::record::{InstrumentKind, MetricDefinition, Tape};
use queuelab::report::{Options, summary, write};
use queuelab::scenario::{Scenario, reference, schema};
use queuelab::services::client::ClientMetrics;
use queuelab::services::compute::{
    ConsumerMetrics, GroupCapacityMetrics, GroupMetrics, PayloadMetrics, PrefetchMetrics, ReplyMetrics,
    ServiceMetrics, WarmPoolMetrics,
};
use queuelab::services::firehose::{BackupMetrics, DeliveryMetrics, DeliveryStreamMetrics};
use queuelab::services::flink::{FlinkMetrics, SqlMetrics};
use queuelab::services::kinesis::{ShardMetrics, StreamConsumerMetrics, StreamMetrics};
use queuelab::services::lambda::{AccountMetrics, FunctionMetrics, MappingMetrics, StreamMappingMetrics};
use queuelab::services::mq::{BrokerMetrics, BrokerQueueMetrics, BrokerTopicMetrics};
use queuelab::services::object_store::ObjectStoreMetrics;
use queuelab::services::producer::ProducerMetrics;
use queuelab::services::requester::{RequesterMetrics, TemporaryQueueMetrics};
use queuelab::services::sns::TopicMetrics;
use queuelab::services::sqs::QueueMetrics;
use queuelab::services::video::{CameraMetrics, VideoConsumerMetrics, VideoStreamMetrics};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
}

/// The files of a folder with this extension, by name.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is part of the project");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{folder} holds files");
    found
}

/// Every page of the documentation.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    pages.extend(files("docs", "md"));
    pages
}

/// The lines of the fenced blocks of a page, and the lines outside of them.
fn fenced(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut inside, mut blocks, mut prose) = (false, Vec::new(), Vec::new());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            blocks.push(line);
        } else {
            prose.push(line);
        }
    }
    (blocks, prose)
}

#[test]
fn the_readme_says_how_to_run_and_how_to_test() {
    let text = read(&root().join("README.md"));
    let (commands, _) = fenced(&text);
    for command in ["cargo run --release -- run scenarios/quickstart.yaml", "cargo test"] {
        assert!(commands.contains(&command), "README.md has the command `{command}` in a block of its own");
    }
    let scenarios: Vec<&str> = commands
        .iter()
        .flat_map(|line| line.split_whitespace())
        .filter(|word| word.starts_with("scenarios/"))
        .collect();
    for scenario in scenarios {
        assert!(root().join(scenario).exists(), "README.md names {scenario}, which exists");
    }
}

/// The targets of the links and images of a page.
fn links(text: &str) -> Vec<String> {
    let (_, prose) = fenced(text);
    let mut found = Vec::new();
    for line in prose {
        let mut rest = line;
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            let Some(end) = rest.find(')') else { break };
            found.push(rest[..end].to_owned());
        }
    }
    found
}

/// The anchors that the headings of a page get.
fn anchors(text: &str) -> BTreeSet<String> {
    let (_, prose) = fenced(text);
    prose
        .iter()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = read(&page);
        for link in links(&text) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() {
                page.clone()
            } else {
                page.parent().expect("a page lies in a folder").join(file)
            };
            assert!(target.exists(), "{} links to {link}, which exists", page.display());
            if !anchor.is_empty() && target.extension().is_some_and(|extension| extension == "md") {
                let known = anchors(&read(&target)).contains(anchor);
                assert!(known, "{} links to {link}: there is such a heading", page.display());
            }
        }
    }
}

/// Replaces the generated part `name` of a page, or fails because it is stale.
fn fresh(page: &str, name: &str, generated: &str) {
    let path = root().join(page);
    let text = read(&path);
    let (begin, end) =
        (format!("<!-- begin generated: {name} -->"), format!("<!-- end generated: {name} -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} has the marker `{begin}`"));
    let (written, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{page} has the marker `{end}`"));
    let wanted = format!("\n\n{}\n\n", generated.trim());
    if written == wanted {
        return;
    }
    if std::env::var_os("QUEUELAB_BLESS").is_some() {
        fs::write(&path, format!("{before}{begin}{wanted}{end}{after}")).expect("the page can be written");
        return;
    }
    let differs = written.lines().zip(wanted.lines()).find(|(written, wanted)| written != wanted);
    panic!(
        "the part `{name}` of {page} is stale; write it anew with\n  QUEUELAB_BLESS=1 cargo test --test main documentation\n\
         first difference: {differs:?}"
    );
}

#[test]
fn the_scenario_reference_is_fresh() {
    fresh("docs/scenario-reference.md", "scenario language", &reference());
}

/// Runs a bundled scenario, with changes.
fn run(name: &str, sets: &[&str]) -> Tape {
    let path = root().join("scenarios").join(name);
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let scenario = Scenario::load(name, read(&path).as_bytes(), &sets, &Beside(root().join("scenarios")))
        .unwrap_or_else(|error| panic!("{error}"));
    scenario.run().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_summary_and_the_chart_of_the_readme_are_fresh() {
    let tape = run("quickstart.yaml", &[]);
    let printed = summary(&tape, 100, &[]);
    let plain = anstream::adapter::strip_str(&printed).to_string();
    let (_, shown) = plain.split_once("\n\n").expect("a summary begins with a header");
    fresh("README.md", "quickstart summary", &format!("```text\n{}\n```", shown.trim()));

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write(&tape, &folder.path().join("report"), &Options { charts: true })
        .expect("the report can be written");
    let drawn =
        fs::read(folder.path().join("report/charts/backlog-and-capacity-workers.png")).expect("the chart");
    let kept = root().join("docs/images/quickstart-backlog-and-capacity.png");
    if fs::read(&kept).is_ok_and(|kept| kept == drawn) {
        return;
    }
    assert!(std::env::var_os("QUEUELAB_BLESS").is_some(), "{} is stale; bless it", kept.display());
    fs::write(&kept, drawn).expect("the picture can be written");
}

#[test]
fn the_figures_of_queueing_theory_are_fresh() {
    const RATE: &str = "producers.arrivals.arrivals.poisson.rate";
    const TIME: &str = "consumers.server.processing_time";
    let (faster, many) = (format!("{RATE}=9/s"), format!("{RATE}=24/s"));
    let (constant, uniform) = (format!("{TIME}=100ms"), format!("{TIME}={{ uniform: [0s, 200ms] }}"));
    let rows: [(&str, &str, &str, &[&str]); 5] = [
        ("M/M/1", "8/s", "400.0 ms", &[]),
        ("M/M/1", "9/s", "900.0 ms", &[&faster]),
        ("M/D/1", "8/s", "200.0 ms", &[&constant]),
        ("M/G/1, uniform from 0 to 200 ms", "8/s", "266.7 ms", &[&uniform]),
        ("M/M/3", "24/s", "107.9 ms", &["consumers.server.threads=3", &many]),
    ];
    let mut text = String::from(
        "| model, mean processing time 100 ms | λ | W_q by formula | W_q simulated |\n|---|---|---|---|\n",
    );
    for (model, rate, formula, sets) in rows {
        let tape = run("single-server-queue.yaml", sets);
        let wait = tape.value("line", "queue_wait", "mean").expect("messages were received") * 1e3;
        let _ = writeln!(text, "| {model} | {rate} | {formula} | {wait:.1} ms |");
    }
    fresh("docs/queueing-theory.md", "figures", &text);
}

fn kind(kind: InstrumentKind) -> &'static str {
    match kind {
        InstrumentKind::Counter => "counter",
        InstrumentKind::Level => "level",
        InstrumentKind::Distribution => "distribution",
    }
}

fn metrics_table(title: &str, definitions: &[MetricDefinition]) -> String {
    let Some(first) = definitions.first() else { return String::new() };
    let mut text = format!(
        "### {title}\n\nNamespace `{}`, dimension `{}`.\n\n| metric | kind | unit | CloudWatch name | meaning |\n|---|---|---|---|---|\n",
        first.namespace, first.dimension
    );
    for definition in definitions {
        let cloudwatch = definition.cloudwatch_name.map_or(String::new(), |name| format!("`{name}`"));
        let meaning = definition.documentation.trim();
        let (name, unit) = (definition.name, definition.unit.name());
        let _ =
            writeln!(text, "| `{name}` | {} | {unit} | {cloudwatch} | {meaning} |", kind(definition.kind));
    }
    text + "\n"
}

#[test]
fn the_metrics_reference_is_fresh() {
    let mut text = String::from("| kind | statistics |\n|---|---|\n");
    for instrument in [InstrumentKind::Counter, InstrumentKind::Level, InstrumentKind::Distribution] {
        let statistics: Vec<String> =
            instrument.statistics().iter().map(|statistic| format!("`{statistic}`")).collect();
        let _ = writeln!(text, "| {} | {} |", kind(instrument), statistics.join(", "));
    }
    text.push('\n');
    for (title, definitions) in [
        ("Metrics of a queue", QueueMetrics::DEFINITIONS),
        ("Metrics of a topic", TopicMetrics::DEFINITIONS),
        ("Metrics of a consumer", ConsumerMetrics::DEFINITIONS),
        ("Metrics of a consumer's Auto Scaling group", GroupMetrics::DEFINITIONS),
        ("Metrics of a consumer's ECS service", ServiceMetrics::DEFINITIONS),
        ("More metrics of an Auto Scaling group", GroupCapacityMetrics::DEFINITIONS),
        ("Metrics of a warm pool", WarmPoolMetrics::DEFINITIONS),
        ("Metrics of a producer", ProducerMetrics::DEFINITIONS),
        ("Metrics of a scripted client", ClientMetrics::DEFINITIONS),
        ("Metrics of a requester", RequesterMetrics::DEFINITIONS),
        ("Metrics of a requester's temporary queues", TemporaryQueueMetrics::DEFINITIONS),
        ("Metrics of a consumer that answers requests", ReplyMetrics::DEFINITIONS),
        ("Metrics of a consumer of large payloads", PayloadMetrics::DEFINITIONS),
        ("Metrics of a consumer that receives ahead", PrefetchMetrics::DEFINITIONS),
        ("Metrics of an object store", ObjectStoreMetrics::DEFINITIONS),
        ("Metrics of a Lambda function", FunctionMetrics::DEFINITIONS),
        ("Metrics of an event source mapping", MappingMetrics::DEFINITIONS),
        ("Metrics of the account's functions together", AccountMetrics::DEFINITIONS),
        ("Metrics of a stream", StreamMetrics::DEFINITIONS),
        ("Metrics of a shard", ShardMetrics::DEFINITIONS),
        ("Metrics of a stream consumer", StreamConsumerMetrics::DEFINITIONS),
        ("Metrics of an event source mapping of a stream", StreamMappingMetrics::DEFINITIONS),
        ("Metrics of a delivery stream", DeliveryStreamMetrics::DEFINITIONS),
        ("Metrics of a delivery stream to Amazon S3", DeliveryMetrics::S3),
        ("Metrics of a delivery stream to Amazon Redshift", DeliveryMetrics::REDSHIFT),
        ("Metrics of a delivery stream to Amazon OpenSearch Service", DeliveryMetrics::OPENSEARCH),
        (
            "Metrics of a delivery stream to Amazon OpenSearch Serverless",
            DeliveryMetrics::OPENSEARCH_SERVERLESS,
        ),
        ("Metrics of a delivery stream to an HTTP endpoint", DeliveryMetrics::HTTP),
        ("Metrics of a delivery stream to Splunk", DeliveryMetrics::SPLUNK),
        ("Metrics of a delivery stream to Apache Iceberg", DeliveryMetrics::ICEBERG),
        ("Metrics of a delivery stream to Snowflake", DeliveryMetrics::SNOWFLAKE),
        ("Metrics of the bucket of a delivery stream", BackupMetrics::DEFINITIONS),
        ("Metrics of a Flink application", FlinkMetrics::DEFINITIONS),
        ("More metrics of a SQL application", SqlMetrics::DEFINITIONS),
        ("Metrics of video streams", VideoStreamMetrics::DEFINITIONS),
        ("Metrics of cameras", CameraMetrics::DEFINITIONS),
        ("Metrics of a consumer of video", VideoConsumerMetrics::DEFINITIONS),
        ("Metrics of a broker", BrokerMetrics::DEFINITIONS),
        ("Metrics of a broker's queue or subscription", BrokerQueueMetrics::DEFINITIONS),
        ("Metrics of a broker's topic", BrokerTopicMetrics::DEFINITIONS),
    ] {
        text += &metrics_table(title, definitions);
    }
    fresh("docs/outputs.md", "metrics", &text);
}

/// The default of a key, as the reference shows it.
fn default_of(section: &str, key: &str) -> String {
    let reference = reference();
    let (_, page) =
        reference.split_once(&format!("### {section}\n")).expect("the section is in the reference");
    let row = page.lines().find(|line| line.starts_with(&format!("| `{key}` |"))).expect("the key has a row");
    row.split(" | ").nth(2).expect("a row has a default").to_owned()
}

#[test]
fn every_assumption_is_explained_with_its_default() {
    let text = read(&root().join("docs/assumptions.md"));
    let schema = schema();
    let keys = schema["$defs"]["AssumptionsConfig"]["properties"].as_object().expect("a section has keys");
    assert!(!keys.is_empty());
    for key in keys.keys() {
        let default = default_of("AssumptionsConfig", key);
        let row = format!("| `assumptions.{key}` | {default} |");
        assert!(text.contains(&row), "docs/assumptions.md has a row that begins with `{row}`");
    }
    let launch = format!(
        "| `auto_scaling_group.launch_time` | {} |",
        default_of("AutoScalingGroupConfig", "launch_time")
    );
    assert!(text.contains(&launch), "docs/assumptions.md has a row that begins with `{launch}`");
}

#[test]
fn the_changelog_knows_this_version() {
    let text = read(&root().join("CHANGELOG.md"));
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(text.lines().any(|line| line.starts_with(&heading)), "CHANGELOG.md has an entry `{heading}`");
}

/// Files beside a scenario.
struct Beside(PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

#[test]
fn every_scenario_is_introduced() {
    let introduced: String = pages().iter().map(|page| read(page)).collect();
    for path in files("scenarios", "yaml") {
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are text");
        assert!(introduced.contains(name), "a page of the documentation introduces {name}");
    }
}

/// What the comments of a scenario suggest: every `--set PATH=VALUE`.
fn suggestions(text: &str) -> Vec<String> {
    let comments = text.lines().filter_map(|line| line.trim_start().strip_prefix('#'));
    comments
        .flat_map(|comment| comment.split("--set ").skip(1))
        .filter_map(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_scenarios_suggest_to_try_can_be_tried() {
    let mut tried = 0;
    for path in files("scenarios", "yaml") {
        let text = read(&path);
        for set in suggestions(&text) {
            // A place where a reader's own file would lie.
            if set.contains("=/data/") {
                continue;
            }
            tried += 1;
            Scenario::load("suggestion", text.as_bytes(), &[set], &Beside(root().join("scenarios")))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    assert!(tried > 10, "scenarios suggest what to try: {tried}");
}
