//! Problems: what is wrong with the input, where, why, and what to try instead.

use super::nearest::suggest;
use super::place::Place;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot be used.
    Error,
    /// The scenario can be used, but probably does not mean what its author thinks.
    Warning,
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is; `None` when it is nowhere in particular.
    pub place: Option<Place>,
    /// One sentence without a full stop, names in backquotes.
    pub what: String,
    /// A few words under the caret.
    pub label: Option<String>,
    /// Why it is wrong, or what was expected: becomes a `note:` line.
    pub why: Option<String>,
    /// What to try: becomes a `help:` line.
    pub help: Option<String>,
}

impl Problem {
    fn new(severity: Severity, place: Option<Place>, what: String) -> Self {
        Problem { severity, place, what, label: None, why: None, help: None }
    }

    /// Puts a few words under the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Says why, or what was expected.
    pub fn why(&mut self, why: impl Into<String>) -> &mut Self {
        self.why = Some(why.into());
        self
    }

    /// Says what to try. An empty text is no help and is left out.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }
}

/// How many problems are kept. A file of a million wrong lines needs no million messages.
const KEPT: usize = 1_000;

/// All problems found so far. Checks push and go on; nobody stops at the first one.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    all: Vec<Problem>,
    errors: usize,
    left_out: usize,
    spare: Option<Problem>,
}

impl Problems {
    /// No problems.
    pub fn new() -> Self {
        Problems::default()
    }

    /// Adds an error and returns it, to be completed with a label, a why and a help.
    pub fn error(&mut self, place: impl Into<Option<Place>>, what: impl Into<String>) -> &mut Problem {
        self.push(Problem::new(Severity::Error, place.into(), what.into()))
    }

    /// Adds a warning and returns it, to be completed with a label, a why and a help.
    pub fn warning(&mut self, place: impl Into<Option<Place>>, what: impl Into<String>) -> &mut Problem {
        self.push(Problem::new(Severity::Warning, place.into(), what.into()))
    }

    /// Adds a problem. Beyond 1,000 they are counted, not kept.
    pub fn push(&mut self, problem: Problem) -> &mut Problem {
        self.errors += usize::from(problem.severity == Severity::Error);
        if self.all.len() >= KEPT {
            self.left_out += 1;
            return self.spare.insert(problem);
        }
        self.all.push(problem);
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    /// Whether any problem is an error: the input must not be used.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors were pushed, also those not kept.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// A help line for a misspelled name, as [`suggest`]; nothing once problems are only counted, since
    /// comparing names is the dear part of telling one.
    pub fn suggest(&self, name: &str, candidates: &[&str], noun: &str) -> String {
        if self.left_out > 0 { String::new() } else { suggest(name, candidates, noun) }
    }

    /// Whether there are no problems at all.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many problems were counted and not kept.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Adds all problems of another collection, their places changed by `change`.
    pub(super) fn adopt(&mut self, others: Problems, change: impl Fn(Place) -> Place) {
        self.errors += others.errors.saturating_sub(others.all_errors());
        self.left_out += others.left_out;
        for mut problem in others.all {
            problem.place = problem.place.map(&change);
            self.push(problem);
        }
    }

    fn all_errors(&self) -> usize {
        self.all.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// The problems in file order, those without a place first, each once.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut sorted: Vec<&Problem> = Vec::with_capacity(self.all.len());
        let mut by_place: Vec<&Problem> = self.all.iter().collect();
        by_place.sort_by_key(|problem| problem.place.map(|place| place.order()));
        for problem in by_place {
            // What is said twice of one place has the same position, so neighbours are enough.
            let said = sorted
                .iter()
                .rev()
                .take_while(|earlier| earlier.place == problem.place)
                .any(|earlier| *earlier == problem);
            if !said {
                sorted.push(problem);
            }
        }
        sorted
    }
}
