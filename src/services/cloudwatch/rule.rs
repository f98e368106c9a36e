//! The rule of a composite alarm: which states of other alarms make it go off ("Creating a composite alarm", rule
//! expressions).

use crate::wire::AlarmState;
use std::fmt::Write as _;

/// An alarm, by its position among its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmId {
    /// An alarm on a metric.
    Metric(u32),
    /// A composite alarm.
    Composite(u32),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `TRUE` or `FALSE`.
    Always(bool),
    /// `ALARM(x)`, `OK(x)`, `INSUFFICIENT_DATA(x)`.
    Is(AlarmState, AlarmId),
    /// `NOT x`
    Not(Box<Rule>),
    /// `x AND y`
    And(Box<Rule>, Box<Rule>),
    /// `x OR y`
    Or(Box<Rule>, Box<Rule>),
}

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Byte offset of the beginning.
    pub start: usize,
    /// Byte offset behind the end.
    pub end: usize,
    /// One sentence without a full stop.
    pub what: String,
    /// What to try; possibly empty.
    pub help: String,
}

/// Most alarms a rule may name, and most elements it may have (names, TRUE and FALSE, pairs of parentheses).
const MOST_CHILDREN: usize = 100;
const MOST_ELEMENTS: usize = 500;
/// So deep in parentheses and NOT.
const DEEPEST: usize = 100;

impl Rule {
    /// Reads a rule. `find` looks up an alarm by its name, or says what to try.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn read(
        text: &str,
        find: &mut dyn FnMut(&str) -> Result<AlarmId, String>,
    ) -> Result<Self, RuleError> {
        let mut reader = Reader { text, at: 0, find, elements: 0, depth: 0 };
        let rule = reader.any()?;
        if let Some((start, word)) = reader.peek() {
            return Err(error(start, word.len(), "the rule should end here", "AND or OR is missing"));
        }
        if reader.elements > MOST_ELEMENTS {
            return Err(error(0, text.len(), "a rule has at most 500 elements", ""));
        }
        let mut children = Vec::new();
        rule.children(&mut children);
        children.sort_unstable();
        children.dedup();
        if children.len() > MOST_CHILDREN {
            return Err(error(0, text.len(), "a rule names at most 100 alarms", ""));
        }
        Ok(rule)
    }

    /// Whether it holds.
    pub fn holds(&self, state: &dyn Fn(AlarmId) -> AlarmState) -> bool {
        match self {
            Rule::Always(always) => *always,
            Rule::Is(wanted, alarm) => state(*alarm) == *wanted,
            Rule::Not(rule) => !rule.holds(state),
            Rule::And(left, right) => left.holds(state) && right.holds(state),
            Rule::Or(left, right) => left.holds(state) || right.holds(state),
        }
    }

    /// The alarms it names, from left to right.
    pub fn children(&self, into: &mut Vec<AlarmId>) {
        match self {
            Rule::Always(_) => {}
            Rule::Is(_, alarm) => into.push(*alarm),
            Rule::Not(rule) => rule.children(into),
            Rule::And(left, right) | Rule::Or(left, right) => {
                left.children(into);
                right.children(into);
            }
        }
    }

    /// Changes the alarms it names.
    pub fn renumber(&mut self, new: &dyn Fn(AlarmId) -> AlarmId) {
        match self {
            Rule::Always(_) => {}
            Rule::Is(_, alarm) => *alarm = new(*alarm),
            Rule::Not(rule) => rule.renumber(new),
            Rule::And(left, right) | Rule::Or(left, right) => {
                left.renumber(new);
                right.renumber(new);
            }
        }
    }

    /// Why it holds or not: the states of the alarms it names.
    pub(super) fn because(&self, tell: &dyn Fn(AlarmId) -> (String, AlarmState)) -> String {
        let mut children = Vec::new();
        self.children(&mut children);
        let mut text = String::new();
        for (index, child) in children.iter().enumerate() {
            if children[..index].contains(child) {
                continue;
            }
            let (name, state) = tell(*child);
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{separator}{name} is {}", state.name());
        }
        text
    }
}

fn error(start: usize, length: usize, what: &str, help: &str) -> RuleError {
    RuleError { start, end: start + length, what: what.to_owned(), help: help.to_owned() }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    find: &'a mut dyn FnMut(&str) -> Result<AlarmId, String>,
    elements: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The next word or sign and where it begins.
    fn peek(&self) -> Option<(usize, &'a str)> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.find(|letter: char| !letter.is_whitespace())?;
        let rest = &self.text[start..];
        let sign = rest.chars().next().filter(|letter| matches!(letter, '(' | ')'));
        let length = match sign {
            Some(sign) => sign.len_utf8(),
            None => rest
                .find(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')'))
                .unwrap_or(rest.len()),
        };
        Some((start, &rest[..length]))
    }

    fn take(&mut self, wanted: &str) -> bool {
        match self.peek() {
            Some((start, word)) if word == wanted => {
                self.at = start + word.len();
                true
            }
            _ => false,
        }
    }

    fn any(&mut self) -> Result<Rule, RuleError> {
        let mut left = self.all()?;
        while self.take("OR") {
            left = Rule::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Rule, RuleError> {
        let mut left = self.one()?;
        while self.take("AND") {
            left = Rule::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Rule, RuleError> {
        self.depth += 1;
        let rule = self.one_of_this_depth();
        self.depth -= 1;
        rule
    }

    fn one_of_this_depth(&mut self) -> Result<Rule, RuleError> {
        let Some((start, word)) = self.peek() else {
            return Err(error(self.text.len(), 0, "an alarm is missing at the end", ""));
        };
        if self.depth > DEEPEST {
            return Err(error(start, word.len(), "the rule is nested too deep", ""));
        }
        self.at = start + word.len();
        match word {
            "NOT" => return Ok(Rule::Not(Box::new(self.one()?))),
            "(" => {
                self.elements += 1;
                let rule = self.any()?;
                self.close()?;
                return Ok(rule);
            }
            _ => {}
        }
        self.elements += 1;
        let state = match word {
            "ALARM" => AlarmState::Alarm,
            "OK" => AlarmState::Ok,
            "INSUFFICIENT_DATA" => AlarmState::InsufficientData,
            _ if word.eq_ignore_ascii_case("true") => return Ok(Rule::Always(true)),
            _ if word.eq_ignore_ascii_case("false") => return Ok(Rule::Always(false)),
            _ => {
                let help = "write `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`, TRUE, FALSE, joined by AND, OR, NOT";
                return Err(error(start, word.len(), &format!("`{word}` means nothing here"), help));
            }
        };
        if !self.take("(") {
            return Err(error(
                start,
                word.len(),
                &format!("`{word}` needs an alarm"),
                &format!("write `{word}(name)`"),
            ));
        }
        let alarm = self.name()?;
        self.close()?;
        Ok(Rule::Is(state, alarm))
    }

    fn close(&mut self) -> Result<(), RuleError> {
        if self.take(")") {
            return Ok(());
        }
        let (start, word) = self.peek().unwrap_or((self.text.len(), ""));
        Err(error(start, word.len(), "expected `)`", ""))
    }

    /// A name, with or without quotation marks.
    fn name(&mut self) -> Result<AlarmId, RuleError> {
        let Some((start, word)) = self.peek().filter(|(_, word)| *word != ")") else {
            return Err(error(self.at, 0, "the name of an alarm is missing", ""));
        };
        let quote = word.chars().next().filter(|letter| matches!(letter, '"' | '\''));
        let (name, end) = match quote {
            None => (word, start + word.len()),
            Some(quote) => {
                let Some(length) = self.text[start + 1..].find(quote) else {
                    return Err(error(
                        start,
                        word.len(),
                        "the name has no end",
                        "close it with the same quotation mark",
                    ));
                };
                (&self.text[start + 1..start + 1 + length], start + length + 2)
            }
        };
        self.at = end;
        (self.find)(name).map_err(|help| RuleError {
            start,
            end,
            what: format!("there is no alarm `{name}`"),
            help,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["a", "b", "c", "with space"];

    fn read(text: &str) -> Result<Rule, RuleError> {
        Rule::read(text, &mut |name| {
            let found = NAMES.iter().position(|known| *known == name);
            found.map(|index| AlarmId::Metric(index as u32)).ok_or_else(|| "try a".to_owned())
        })
    }

    /// The states of a, b and c: `A`, `O` or `I` each.
    fn holds(text: &str, states: &str) -> bool {
        let letter = |alarm| match alarm {
            AlarmId::Metric(index) => states.as_bytes().get(index as usize),
            AlarmId::Composite(_) => None,
        };
        let state = |alarm: AlarmId| match letter(alarm) {
            Some(b'A') => AlarmState::Alarm,
            Some(b'O') => AlarmState::Ok,
            _ => AlarmState::InsufficientData,
        };
        read(text).expect(text).holds(&state)
    }

    #[test]
    fn rules_of_the_guide() {
        let cases = [
            ("ALARM(a) AND ALARM(b)", "AAO", true),
            ("ALARM(a) AND ALARM(b)", "AOO", false),
            ("ALARM(a) AND NOT ALARM(b)", "AOO", true),
            ("(ALARM(\"a\") OR ALARM('b')) AND OK(c)", "OAO", true),
            ("(ALARM(a) OR ALARM(b)) AND OK(c)", "OAI", false),
            ("INSUFFICIENT_DATA(c)", "AAI", true),
            ("NOT NOT OK( a )", "OII", true),
            ("TRUE", "III", true),
            ("ALARM(a) OR False", "AII", true),
            // AND binds tighter than OR, NOT tighter than both.
            ("ALARM(a) OR ALARM(b) AND ALARM(c)", "AOO", true),
            ("NOT ALARM(a) AND ALARM(b)", "OAO", true),
            ("INSUFFICIENT_DATA(\"with space\")", "OOO", true),
        ];
        for (text, states, wanted) in cases {
            assert_eq!(holds(text, states), wanted, "{text} of {states}");
        }
    }

    #[test]
    fn rules_that_are_none() {
        let cases = [
            ("", 0, "an alarm is missing at the end"),
            ("ALARM(a) AND", 12, "an alarm is missing at the end"),
            ("ALARM(d)", 6, "there is no alarm `d`"),
            ("ALARM(a) ALARM(b)", 9, "the rule should end here"),
            ("(ALARM(a)", 9, "expected `)`"),
            ("ALARM a", 0, "`ALARM` needs an alarm"),
            ("ALARM()", 6, "the name of an alarm is missing"),
            ("BROKEN(a)", 0, "`BROKEN` means nothing here"),
            ("ALARM(\"a)", 6, "the name has no end"),
            ("AND ALARM(a)", 0, "`AND` means nothing here"),
        ];
        for (text, start, what) in cases {
            let error = read(text).expect_err(text);
            assert_eq!((error.start, error.what.as_str()), (start, what), "{text}");
        }
        let many = vec!["TRUE"; 501].join(" OR ");
        assert_eq!(read(&many).expect_err("too many").what, "a rule has at most 500 elements");
        assert!(read(&"NOT ".repeat(200)).is_err());
    }
}
