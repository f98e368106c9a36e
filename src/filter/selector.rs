//! Message selectors of JMS: which messages a consumer wants, as a condition over their properties ("Message Selectors" in the
//! documentation of ActiveMQ's `Selectors`, and in the JMS specification).
//!
//! Comparisons, `BETWEEN`, `IN`, `LIKE`, `IS NULL`, `AND`, `OR`, `NOT` and parentheses. A comparison with a property that a
//! message does not have is neither true nor false, and only messages for which the whole is true are wanted. Arithmetic is not
//! part of it.

use super::document::Document;
use super::number::Number;
use super::vocabulary::{Atom, Vocabulary, Word};
use std::cmp::Ordering;

/// A selector.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    /// The property equals the value.
    Equals(Word, Atom),
    /// The property is a number that compares so with this one.
    Compares(Word, [bool; 3], Number),
    /// The property is one of these texts.
    OneOf(Word, Vec<Word>),
    /// The message does not have the property.
    IsNull(Word),
}

/// Deepest nesting of parentheses and `NOT`.
const DEEPEST: u32 = 100;

impl Selector {
    /// Reads a selector. The vocabulary knows every text that can come.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn read(text: &str, vocabulary: &mut Vocabulary) -> Result<Self, String> {
        let mut reader = Reader { tokens: tokens(text)?, next: 0, depth: 0, vocabulary };
        let root = reader.disjunction()?;
        match reader.tokens.get(reader.next) {
            None => Ok(Self { root }),
            Some(token) => Err(format!("{} is not expected here", token.shown())),
        }
    }

    /// Whether a message is wanted.
    pub fn accepts(&self, message: &Document) -> bool {
        self.root.holds(message) == Some(true)
    }
}

impl Node {
    /// Whether it holds; `None` when nobody can tell.
    fn holds(&self, message: &Document) -> Option<bool> {
        let property = |key: &Word| message.fields.iter().find(|field| field.key == *key);
        match self {
            Node::And(one, other) => match (one.holds(message), other.holds(message)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Node::Or(one, other) => match (one.holds(message), other.holds(message)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Node::Not(one) => one.holds(message).map(|holds| !holds),
            Node::Equals(key, value) => property(key).map(|field| field.value == *value),
            Node::Compares(key, [less, equal, greater], number) => property(key).map(|field| {
                let Atom::Number(value) = field.value else { return false };
                match value.cmp(number) {
                    Ordering::Less => *less,
                    Ordering::Equal => *equal,
                    Ordering::Greater => *greater,
                }
            }),
            Node::OneOf(key, words) => property(key)
                .map(|field| matches!(field.value, Atom::Word(word) if words.binary_search(&word).is_ok())),
            Node::IsNull(key) => Some(property(key).is_none()),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A property or a word of the language.
    Name(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Token::Name(name) => format!("`{name}`"),
            Token::Text(text) => format!("'{text}'"),
            Token::Number(number) => format!("{number}"),
            Token::Sign(sign) => format!("`{sign}`"),
        }
    }
}

const SIGNS: [&str; 9] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let of_name =
            |character: char| character.is_alphanumeric() || ['_', '$', '.', '-'].contains(&character);
        let taken = if first == '\'' {
            let (text, taken) = quoted(rest).ok_or_else(|| format!("the quote of {rest} does not end"))?;
            tokens.push(Token::Text(text));
            taken
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            sign.len()
        } else if first.is_ascii_digit() || first == '-' || first == '+' || first == '.' {
            let of_number = |character: char| character.is_ascii_digit() || ".eE+-".contains(character);
            let taken = rest.find(|character| !of_number(character)).unwrap_or(rest.len());
            let number = rest[..taken].parse().map_err(|_| format!("`{}` is no number", &rest[..taken]))?;
            tokens.push(Token::Number(number));
            taken
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let taken = rest.find(|character| !of_name(character)).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..taken].to_owned()));
            taken
        } else {
            return Err(format!("`{first}` is not known; a selector has no arithmetic here"));
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

/// A text in quotes, a doubled one in it standing for one; and how long it is as written.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((position, character)) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Some((value, position + 1));
        }
    }
    None
}

struct Reader<'a> {
    tokens: Vec<Token>,
    next: usize,
    depth: u32,
    vocabulary: &'a mut Vocabulary,
}

impl Reader<'_> {
    fn take(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token.ok_or_else(|| "the selector ends too early".to_owned())
    }

    fn is_sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.next), Some(Token::Sign(next)) if *next == sign);
        self.next += usize::from(is);
        is
    }

    /// Whether this word of the language comes next, in small or capital letters.
    fn is_word(&mut self, word: &str) -> bool {
        let next = self.tokens.get(self.next);
        let is = matches!(next, Some(Token::Name(name)) if name.eq_ignore_ascii_case(word));
        self.next += usize::from(is);
        is
    }

    fn must(&mut self, is_there: bool, what: &str) -> Result<(), String> {
        if is_there {
            return Ok(());
        }
        let found = self.tokens.get(self.next).map_or("the end".to_owned(), Token::shown);
        Err(format!("{what} is missing before {found}"))
    }

    fn disjunction(&mut self) -> Result<Node, String> {
        let mut node = self.conjunction()?;
        while self.is_word("OR") {
            node = Node::Or(Box::new(node), Box::new(self.conjunction()?));
        }
        Ok(node)
    }

    fn conjunction(&mut self) -> Result<Node, String> {
        let mut node = self.negation()?;
        while self.is_word("AND") {
            node = Node::And(Box::new(node), Box::new(self.negation()?));
        }
        Ok(node)
    }

    fn negation(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the selector is nested too deeply".to_owned());
        }
        let node = if self.is_word("NOT") {
            Ok(Node::Not(Box::new(self.negation()?)))
        } else if self.is_sign("(") {
            let node = self.disjunction()?;
            let ends = self.is_sign(")");
            self.must(ends, "`)`")?;
            Ok(node)
        } else {
            self.predicate()
        };
        self.depth -= 1;
        node
    }

    fn predicate(&mut self) -> Result<Node, String> {
        let name = match self.take()? {
            Token::Name(name) => name,
            other => return Err(format!("{} is no property", other.shown())),
        };
        let key = self.vocabulary.word(&name);
        if self.is_word("IS") {
            let negated = self.is_word("NOT");
            let is_there = self.is_word("NULL");
            self.must(is_there, "`NULL`")?;
            return Ok(negate(negated, Node::IsNull(key)));
        }
        let negated = self.is_word("NOT");
        if self.is_word("BETWEEN") {
            let low = self.number()?;
            let is_there = self.is_word("AND");
            self.must(is_there, "`AND`")?;
            let high = self.number()?;
            let above = Node::Compares(key, [false, true, true], low);
            let below = Node::Compares(key, [true, true, false], high);
            return Ok(negate(negated, Node::And(Box::new(above), Box::new(below))));
        }
        if self.is_word("IN") {
            let words = self.list()?;
            return Ok(negate(negated, Node::OneOf(key, words)));
        }
        if self.is_word("LIKE") {
            let words = self.like()?;
            return Ok(negate(negated, Node::OneOf(key, words)));
        }
        self.must(!negated, "`BETWEEN`, `IN` or `LIKE`")?;
        let Some(Token::Sign(sign)) = self.tokens.get(self.next).cloned() else {
            // A property that is true or false by itself.
            return Ok(Node::Equals(key, Atom::True));
        };
        if sign == ")" {
            return Ok(Node::Equals(key, Atom::True));
        }
        self.next += 1;
        self.comparison(key, sign)
    }

    fn comparison(&mut self, key: Word, sign: &str) -> Result<Node, String> {
        let value = match self.take()? {
            Token::Text(text) => Atom::Word(self.vocabulary.word(&text)),
            Token::Number(number) => Atom::Number(Number::new(number)),
            Token::Name(name) if name.eq_ignore_ascii_case("TRUE") => Atom::True,
            Token::Name(name) if name.eq_ignore_ascii_case("FALSE") => Atom::False,
            other => return Err(format!("{} is no value to compare with", other.shown())),
        };
        let node = match (sign, value) {
            ("=", _) => Node::Equals(key, value),
            ("<>", _) => Node::Not(Box::new(Node::Equals(key, value))),
            ("<", Atom::Number(number)) => Node::Compares(key, [true, false, false], number),
            ("<=", Atom::Number(number)) => Node::Compares(key, [true, true, false], number),
            (">", Atom::Number(number)) => Node::Compares(key, [false, false, true], number),
            (">=", Atom::Number(number)) => Node::Compares(key, [false, true, true], number),
            (sign, Atom::Number(_)) => return Err(format!("`{sign}` is no comparison")),
            (sign, _) => return Err(format!("`{sign}` compares numbers only")),
        };
        Ok(node)
    }

    fn number(&mut self) -> Result<Number, String> {
        match self.take()? {
            Token::Number(number) => Ok(Number::new(number)),
            other => Err(format!("{} is no number", other.shown())),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        match self.take()? {
            Token::Text(text) => Ok(text),
            other => Err(format!("{} is no text in quotes", other.shown())),
        }
    }

    /// The texts of an `IN`, in their order.
    fn list(&mut self) -> Result<Vec<Word>, String> {
        let begins = self.is_sign("(");
        self.must(begins, "`(`")?;
        let mut words = Vec::new();
        loop {
            let text = self.text()?;
            words.push(self.vocabulary.word(&text));
            if !self.is_sign(",") {
                break;
            }
        }
        let ends = self.is_sign(")");
        self.must(ends, "`)`")?;
        words.sort_unstable();
        Ok(words)
    }

    /// The texts that are like a pattern: `%` stands for any characters, `_` for one.
    fn like(&mut self) -> Result<Vec<Word>, String> {
        let pattern = self.text()?;
        let escape = if self.is_word("ESCAPE") { self.text()?.chars().next() } else { None };
        let mut parts = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                _ if Some(character) == escape => {
                    Like::One(characters.next().ok_or("nothing is escaped at the end of the pattern")?)
                }
                '%' => Like::AnyNumber,
                '_' => Like::AnyOne,
                other => Like::One(other),
            });
        }
        Ok(self.vocabulary.those(|text| is_like(&parts, &text.chars().collect::<Vec<_>>())))
    }
}

fn negate(negated: bool, node: Node) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy)]
enum Like {
    One(char),
    AnyOne,
    AnyNumber,
}

fn is_like(pattern: &[Like], text: &[char]) -> bool {
    // Which beginnings of the text the pattern so far can be.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for part in pattern {
        match part {
            Like::AnyNumber => {
                let mut any = false;
                for place in &mut reached {
                    any |= *place;
                    *place = any;
                }
            }
            one => {
                for place in (0..text.len()).rev() {
                    let fits = match one {
                        Like::One(character) => text[place] == *character,
                        _ => true,
                    };
                    reached[place + 1] = reached[place] && fits;
                }
                reached[0] = false;
            }
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether messages with these properties are wanted.
    fn wanted(selector: &str, messages: &[&str]) -> Vec<bool> {
        let mut vocabulary = Vocabulary::default();
        let documents: Vec<Document> = messages
            .iter()
            .map(|text| {
                let attributes: serde_json::Value = serde_json::from_str(text).expect("JSON");
                Document::of_attributes(&attributes, &mut vocabulary).expect("attributes")
            })
            .collect();
        let selector = Selector::read(selector, &mut vocabulary).expect("a selector");
        documents.iter().map(|document| selector.accepts(document)).collect()
    }

    #[test]
    fn conditions_hold_as_jms_says() {
        let messages = [
            r#"{"type":"order","amount":100}"#,
            r#"{"type":"refund","amount":100.5}"#,
            r#"{"amount":"100"}"#,
            r#"{"type":"order_express"}"#,
        ];
        let cases: &[(&str, [u8; 4])] = &[
            ("type = 'order'", [1, 0, 0, 0]),
            // Nobody can tell of a message without the property, so it is not wanted either way.
            ("type <> 'order'", [0, 1, 0, 1]),
            ("NOT (type = 'order')", [0, 1, 0, 1]),
            ("type IS NULL", [0, 0, 1, 0]),
            ("type is not null", [1, 1, 0, 1]),
            ("amount = 100", [1, 0, 0, 0]),
            ("amount > 100", [0, 1, 0, 0]),
            ("amount >= 100 AND amount <= 100.5", [1, 1, 0, 0]),
            ("amount BETWEEN 100 AND 100.4", [1, 0, 0, 0]),
            ("amount NOT BETWEEN 100 AND 100.4", [0, 1, 1, 0]),
            ("type IN ('order', 'refund')", [1, 1, 0, 0]),
            ("type NOT IN ('order', 'refund')", [0, 0, 0, 1]),
            ("type LIKE 'order%'", [1, 0, 0, 1]),
            ("type LIKE 'order\\_%' ESCAPE '\\'", [0, 0, 0, 1]),
            ("type LIKE '______'", [0, 1, 0, 0]),
            ("type = 'order' OR amount > 100", [1, 1, 0, 0]),
            // AND binds more strongly than OR.
            ("type = 'refund' OR type = 'order' AND amount > 100", [0, 1, 0, 0]),
            ("(type = 'refund' OR type = 'order') AND amount > 100", [0, 1, 0, 0]),
            ("type IS NULL OR amount < 1e2", [0, 0, 1, 0]),
        ];
        for (selector, expected) in cases {
            let expected = expected.map(|one| one == 1);
            assert_eq!(wanted(selector, &messages), expected, "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_is_told() {
        let cases = [
            ("", "ends too early"),
            ("type =", "ends too early"),
            ("type = order", "`order` is no value"),
            ("type > 'a'", "compares numbers only"),
            ("(type = 'a'", "`)` is missing"),
            ("type = 'a' b", "`b` is not expected"),
            ("type IN 'a'", "`(` is missing"),
            ("type LIKE 5", "5 is no text"),
            ("amount * 2 > 5", "`*` is not known"),
            ("type = 'a", "does not end"),
            ("type NOT 'a'", "`BETWEEN`, `IN` or `LIKE` is missing"),
        ];
        for (selector, words) in cases {
            let error = Selector::read(selector, &mut Vocabulary::default()).expect_err(selector);
            assert!(error.contains(words), "{selector}: {error}");
        }
    }
}
