//! Reading an expression into a tree. AWS does not say which operators bind tighter; they bind as in mathematics: `^`
//! (from the right), the minus before a value, `*` and `/`, `+` and `-`, comparisons, AND, OR.

use super::function::Function;
use super::token::{Placed, Token, tokens};
use super::{MathError, Node, Operator, Term, Word};
use crate::language::suggest;

/// Parts in parts in parts: so deep, and no deeper.
const DEEPEST: usize = 60;

/// Reads an expression.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub fn read(text: &str) -> Result<Term, MathError> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, next: 0, end: text.len(), depth: 0 };
    let term = reader.binary(0)?;
    match reader.peek() {
        None => Ok(term),
        Some(extra) => Err(MathError {
            start: extra.start,
            end: extra.end,
            what: "the expression should end here".to_owned(),
            help: if matches!(extra.token, Token::Close) {
                "there are more `)` than `(`".to_owned()
            } else {
                "an operator is missing, or a comma".to_owned()
            },
        }),
    }
}

struct Reader<'a> {
    tokens: &'a [Placed],
    next: usize,
    /// Where the text ends.
    end: usize,
    depth: usize,
}

/// Operators by how tight they bind, the loosest first.
const LEVELS: &[&[Operator]] = &[
    &[Operator::Or],
    &[Operator::And],
    &[
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ],
    &[Operator::Add, Operator::Subtract],
    &[Operator::Multiply, Operator::Divide],
];

impl Reader<'_> {
    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.next)
    }

    fn is_next(&self, token: &Token) -> bool {
        self.peek().is_some_and(|next| next.token == *token)
    }

    fn take(&mut self, token: &Token) -> bool {
        let taken = self.is_next(token);
        self.next += usize::from(taken);
        taken
    }

    fn error(&self, what: impl Into<String>) -> MathError {
        let (start, end) = self.peek().map_or((self.end, self.end), |next| (next.start, next.end));
        MathError { start, end, what: what.into(), help: String::new() }
    }

    /// Where the last token ended.
    fn behind(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |last| self.tokens[last].end)
    }

    fn expect(&mut self, token: &Token, sign: &str) -> Result<(), MathError> {
        if self.take(token) { Ok(()) } else { Err(self.error(format!("expected `{sign}`"))) }
    }

    /// Goes one level down.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, MathError>) -> Result<T, MathError> {
        if self.depth == DEEPEST {
            return Err(self.error("the expression is nested too deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn binary(&mut self, level: usize) -> Result<Term, MathError> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(Token::Operator(operator)) = self.peek().map(|next| &next.token)
            && operators.contains(operator)
        {
            let operator = *operator;
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = join(operator, left, right);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Term, MathError> {
        let start = self.peek().map_or(self.end, |next| next.start);
        if self.take(&Token::Operator(Operator::Subtract)) {
            let operand = self.deeper(Self::unary)?;
            return Ok(Term { start, end: operand.end, node: Node::Negate(Box::new(operand)) });
        }
        let base = self.primary()?;
        if self.take(&Token::Operator(Operator::Power)) {
            let exponent = self.deeper(Self::unary)?;
            return Ok(join(Operator::Power, base, exponent));
        }
        Ok(base)
    }

    fn primary(&mut self) -> Result<Term, MathError> {
        let Some(Placed { start, end, token }) = self.peek().cloned() else {
            return Err(self.error("a value is missing at the end"));
        };
        let node = match token {
            Token::Number(number) => Node::Number(number),
            Token::Text(text) => Node::Text(text),
            Token::Id(name) => {
                self.refuse_lower_case_function(&name)?;
                Node::Id(name)
            }
            Token::Upper(name) => return self.upper(&name, start, end),
            Token::Open => {
                self.next += 1;
                let inner = self.deeper(|reader| reader.binary(0))?;
                self.expect(&Token::Close, ")")?;
                return Ok(Term { start, end: self.behind(), node: inner.node });
            }
            Token::OpenList => {
                self.next += 1;
                let items = self.items(&Token::CloseList, "]")?;
                return Ok(Term { start, end: self.behind(), node: Node::List(items) });
            }
            Token::Operator(_) | Token::Close | Token::CloseList | Token::Comma => {
                return Err(self.error("a value is missing here"));
            }
        };
        self.next += 1;
        Ok(Term { start, end, node })
    }

    fn refuse_lower_case_function(&self, name: &str) -> Result<(), MathError> {
        let called = self.tokens.get(self.next + 1).is_some_and(|next| next.token == Token::Open);
        if !called {
            return Ok(());
        }
        let error = self.error(format!("`{name}` is no function: their names are in upper case"));
        Err(error.help(suggest(&name.to_uppercase(), &Function::names(), "functions")))
    }

    /// A function with its arguments, or a word.
    fn upper(&mut self, name: &str, start: usize, end: usize) -> Result<Term, MathError> {
        let called = self.tokens.get(self.next + 1).is_some_and(|next| next.token == Token::Open);
        let function = Function::find(name);
        if !called {
            let word = match (name, function) {
                ("REPEAT", _) => Word::Repeat,
                ("LINEAR", _) => Word::Linear,
                ("ASC", _) => Word::Ascending,
                ("DESC", _) => Word::Descending,
                (_, Some(function)) => Word::By(function),
                _ => {
                    let error = self.error(format!("`{name}` is not known"));
                    return Err(error.help("ids begin with a lower-case letter, functions have parentheses"));
                }
            };
            self.next += 1;
            return Ok(Term { start, end, node: Node::Word(word) });
        }
        let Some(function) = function else {
            let what = format!("there is no function `{name}`");
            return Err(match Function::refused(name) {
                Some(why) => self.error(format!("`{name}` cannot be used here")).help(why),
                None => self.error(what).help(suggest(name, &Function::names(), "functions")),
            });
        };
        self.next += 2;
        let arguments = self.items(&Token::Close, ")")?;
        let term = Term { start, end: self.behind(), node: Node::Number(0.0) };
        let (fewest, most) = function.arguments();
        if (fewest..=most).contains(&arguments.len()) {
            return Ok(Term { node: Node::Call(function, arguments), ..term });
        }
        let wanted = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
        let given = arguments.len();
        Err(MathError::at(&term, format!("`{name}` takes {wanted} argument(s), not {given}")))
    }

    /// Parts with commas between them, up to the closing sign.
    fn items(&mut self, close: &Token, sign: &str) -> Result<Vec<Term>, MathError> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(self.deeper(|reader| reader.binary(0))?);
            if self.take(close) {
                return Ok(items);
            }
            if !self.take(&Token::Comma) {
                return Err(self.error(format!("expected `,` or `{sign}`")));
            }
        }
    }
}

fn join(operator: Operator, left: Term, right: Term) -> Term {
    Term { start: left.start, end: right.end, node: Node::Binary(operator, Box::new(left), Box::new(right)) }
}
