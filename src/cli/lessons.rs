//! `queuelab lessons`: the scenarios that are bundled with the program, listed, shown and run.

use super::outcome::{Outcome, print, print_error, wrong};
use super::run::{refused, simulate, width};
use crate::language::{Files, nearest};
use crate::report::{Options, summary, write};
use crate::scenario::Scenario;
use clap::Args;
use include_dir::{Dir, include_dir};
use std::path::Path;

/// The scenarios and the files they name.
static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");
/// The page that introduces each of them with a sentence.
const INTRODUCTIONS: &str = include_str!("../../docs/README.md");

/// List the bundled scenarios, show one, or run it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  queuelab lessons\n  queuelab lessons fifo\n  queuelab lessons fifo-group-lock\n  queuelab lessons fifo-group-lock --run\n  queuelab lessons fifo-group-lock > mine.yaml"
)]
pub(super) struct LessonsArguments {
    /// The name of a scenario, which is printed; or words, and the scenarios about them are listed.
    words: Vec<String>,
    /// Run the scenario, write its report and print a summary, as `queuelab run` does.
    #[arg(long, requires = "words")]
    run: bool,
}

/// A bundled scenario.
struct Lesson {
    name: &'static str,
    shows: &'static str,
}

pub(super) fn lessons(arguments: &LessonsArguments) -> anyhow::Result<Outcome> {
    let lessons = introduced();
    if let [word] = &arguments.words[..] {
        let wanted = word.strip_suffix(".yaml").unwrap_or(word);
        if let Some(lesson) = lessons.iter().find(|lesson| lesson.name == wanted) {
            return if arguments.run { run(lesson) } else { print(&text(lesson)).map(|()| Outcome::Well) };
        }
    }
    let words: Vec<String> = arguments.words.iter().map(|word| word.to_lowercase()).collect();
    let is_about = |lesson: &&Lesson| {
        let told = format!("{} {}", lesson.name, lesson.shows).to_lowercase();
        words.iter().all(|word| told.contains(word.as_str()))
    };
    let found: Vec<&Lesson> = lessons.iter().filter(is_about).collect();
    if found.is_empty() || arguments.run {
        let asked = arguments.words.join(" ");
        let help = nearest(&asked, lessons.iter().map(|lesson| lesson.name))
            .map_or("`queuelab lessons` lists them".to_owned(), |name| format!("did you mean `{name}`?"));
        return Err(wrong(format!("no bundled scenario is called `{asked}`\n  help: {help}")));
    }
    print(&listed(&found))?;
    Ok(Outcome::Well)
}

/// Every scenario of the list in `docs/README.md`, in its order.
fn introduced() -> Vec<Lesson> {
    let row = |line: &'static str| {
        let (name, rest) = line.strip_prefix("| [")?.split_once(".yaml](../scenarios/")?;
        let shows = rest.split_once(") | ")?.1.strip_suffix(" |")?;
        Some(Lesson { name, shows })
    };
    INTRODUCTIONS.lines().filter_map(row).collect()
}

fn listed(lessons: &[&Lesson]) -> String {
    let longest = lessons.iter().map(|lesson| lesson.name.len()).max().unwrap_or(0);
    let line = |lesson: &&Lesson| format!("{:longest$}  {}\n", lesson.name, lesson.shows);
    lessons.iter().map(line).collect()
}

fn text(lesson: &Lesson) -> String {
    Bundled.read(&format!("{}.yaml", lesson.name)).unwrap_or_default()
}

/// The files beside a bundled scenario.
struct Bundled;

impl Files for Bundled {
    fn read(&self, path: &str) -> Result<String, String> {
        let file = SCENARIOS.get_file(path).and_then(|file| file.contents_utf8());
        file.map(str::to_owned).ok_or_else(|| "it is not bundled".to_owned())
    }
}

fn run(lesson: &Lesson) -> anyhow::Result<Outcome> {
    let name = format!("{}.yaml", lesson.name);
    let scenario = match Scenario::load(&name, text(lesson).as_bytes(), &[], &Bundled) {
        Ok(scenario) => scenario,
        Err(error) => {
            print_error(&error.to_string());
            return Ok(Outcome::Wrong);
        }
    };
    let mut tape = simulate(&scenario, scenario.seed())?;
    tape.theory = scenario.theory(&tape);
    let folder = Path::new("reports").join(scenario.name());
    let files = write(&tape, &folder, &Options::default()).map_err(refused)?;
    print(&summary(&tape, width(), &files))?;
    let failed = tape.expectations.iter().any(|expectation| !expectation.passed);
    Ok(if failed { Outcome::Failed } else { Outcome::Well })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_scenario_is_a_lesson_that_can_be_read() {
        let lessons = introduced();
        let files = SCENARIOS.files().filter(|file| file.path().extension().is_some_and(|end| end == "yaml"));
        assert_eq!(lessons.len(), files.count());
        assert!(
            lessons.iter().all(|lesson| text(lesson).contains("queuelab run") && !lesson.shows.is_empty())
        );
        let replay =
            Scenario::load("it", &Bundled.read("trace-replay.yaml").unwrap().into_bytes(), &[], &Bundled);
        assert!(replay.is_ok(), "the recording is bundled, too");
    }
}
