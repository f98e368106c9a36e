//! Checks expressions before a run: names, cycles, and the kinds of value that operators and functions take ("Metric math
//! syntax and functions").

use super::function::{Function, Shape};
use super::{Kind, MathError, Node, Operator, Query, QueryError, Term, Word};
use crate::language::suggest;

/// Checks all queries; gives the positions of expressions in an order in which they can be evaluated.
pub(super) fn check(queries: &[Query], returned: usize) -> Result<Vec<usize>, Vec<QueryError>> {
    let mut checker = Checker {
        queries,
        kinds: vec![None; queries.len()],
        states: Vec::new(),
        order: Vec::new(),
        errors: Vec::new(),
    };
    checker.states = queries.iter().map(|_| State::New).collect();
    for query in 0..queries.len() {
        checker.visit(query);
    }
    if checker.errors.is_empty()
        && let Some(term) = &queries[returned].expression
        && let Some(kind @ (Kind::Scalar | Kind::Array)) = checker.kinds[returned]
    {
        let help = if kind == Kind::Scalar {
            "make a time series of it: `TIME_SERIES(…)`"
        } else {
            "make one of it, for example with `SUM(…)` or `MAX(…)`"
        };
        let error = MathError::at(term, format!("the result must be one time series, and this is {kind}"));
        checker.errors.push(QueryError { query: returned, error: error.help(help) });
    }
    if checker.errors.is_empty() { Ok(checker.order) } else { Err(checker.errors) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Checker<'a> {
    queries: &'a [Query],
    /// `None` until it is known, and for what is wrong.
    kinds: Vec<Option<Kind>>,
    states: Vec<State>,
    order: Vec<usize>,
    errors: Vec<QueryError>,
}

impl Checker<'_> {
    fn visit(&mut self, query: usize) {
        if self.states[query] == State::Done {
            return;
        }
        self.states[query] = State::Open;
        match &self.queries[query].expression {
            None => self.kinds[query] = Some(Kind::Series),
            Some(term) => {
                match self.kind(term) {
                    Ok(kind) => self.kinds[query] = kind,
                    Err(error) => self.errors.push(QueryError { query, error }),
                }
                self.order.push(query);
            }
        }
        self.states[query] = State::Done;
    }

    /// The kind of a part; `None` when it depends on a query that has an error of its own.
    fn kind(&mut self, term: &Term) -> Result<Option<Kind>, MathError> {
        match &term.node {
            Node::Number(_) => Ok(Some(Kind::Scalar)),
            Node::Id(name) => self.id(name, term),
            Node::Text(_) => Err(MathError::at(term, "a text can only stand in `METRICS(\"…\")`")),
            Node::Word(_) => Err(MathError::at(term, "this word belongs to FILL or SORT")),
            Node::Negate(inner) => self.kind(inner),
            Node::Binary(operator, left, right) => self.binary(*operator, left, right, term),
            Node::List(items) => self.list(items, term),
            Node::Call(function, arguments) => self.call(*function, arguments, term),
        }
    }

    fn id(&mut self, name: &str, term: &Term) -> Result<Option<Kind>, MathError> {
        let Some(query) = self.queries.iter().position(|query| query.id == name) else {
            let ids: Vec<&str> = self.queries.iter().map(|query| query.id.as_str()).collect();
            let error = MathError::at(term, format!("no query has the id `{name}`"));
            return Err(error.help(suggest(name, &ids, "ids")));
        };
        if self.states[query] == State::Open {
            return Err(MathError::at(term, format!("`{name}` would be computed from itself")));
        }
        self.visit(query);
        Ok(self.kinds[query])
    }

    fn list(&mut self, items: &[Term], term: &Term) -> Result<Option<Kind>, MathError> {
        if items.is_empty() {
            return Err(MathError::at(term, "an array needs at least one time series"));
        }
        for item in items {
            if self.kind(item)? == Some(Kind::Scalar) {
                return Err(MathError::at(item, "an array holds time series, and this is a single number"));
            }
        }
        Ok(Some(Kind::Array))
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &Term,
        right: &Term,
        term: &Term,
    ) -> Result<Option<Kind>, MathError> {
        let (left_kind, right_kind) = (self.kind(left)?, self.kind(right)?);
        let (Some(left_kind), Some(right_kind)) = (left_kind, right_kind) else { return Ok(None) };
        let both = (left_kind, right_kind);
        match both {
            (Kind::Scalar, Kind::Scalar) => Ok(Some(Kind::Scalar)),
            (Kind::Array, Kind::Array) => {
                Err(MathError::at(term, "an operator cannot stand between two arrays of time series"))
            }
            (Kind::Array, _) | (_, Kind::Array) if !operator.is_arithmetic() => {
                Err(MathError::at(term, "arrays of time series cannot be compared or joined by AND and OR"))
            }
            (Kind::Array, _) | (_, Kind::Array) => Ok(Some(Kind::Array)),
            _ => Ok(Some(Kind::Series)),
        }
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[Term],
        term: &Term,
    ) -> Result<Option<Kind>, MathError> {
        match function {
            Function::Metrics => metrics(arguments).map(Some),
            Function::Fill => self.fill(arguments),
            Function::If => self.condition(arguments, term),
            Function::Sort => self.sort(arguments),
            Function::Slice => {
                self.wants(function, &arguments[0], Kind::Array)?;
                for argument in &arguments[1..] {
                    self.wants(function, argument, Kind::Scalar)?;
                }
                Ok(Some(Kind::Array))
            }
            Function::Period => {
                let Node::Id(name) = &arguments[0].node else {
                    return Err(MathError::at(&arguments[0], "`PERIOD` takes a metric"));
                };
                self.id(name, &arguments[0])?;
                if self.queries.iter().any(|query| query.id == *name && query.expression.is_some()) {
                    return Err(MathError::at(&arguments[0], "`PERIOD` takes a metric, not an expression"));
                }
                Ok(Some(Kind::Scalar))
            }
            _ => {
                let Some(kind) = self.kind(&arguments[0])? else { return Ok(None) };
                function.gives(kind).map(Some).ok_or_else(|| {
                    let error =
                        MathError::at(&arguments[0], format!("`{}` does not take {kind}", function.name()));
                    match (function.shape(), kind) {
                        (Shape::Special, Kind::Series) => error.help("write `[x]` for an array of one"),
                        (_, Kind::Scalar) => error.help("`TIME_SERIES(…)` makes a time series of a number"),
                        _ => error,
                    }
                })
            }
        }
    }

    /// An argument that must be of one kind.
    fn wants(&mut self, function: Function, argument: &Term, wanted: Kind) -> Result<(), MathError> {
        match self.kind(argument)? {
            Some(kind) if kind != wanted => Err(MathError::at(
                argument,
                format!("`{}` wants {wanted} here, and this is {kind}", function.name()),
            )),
            _ => Ok(()),
        }
    }

    fn fill(&mut self, arguments: &[Term]) -> Result<Option<Kind>, MathError> {
        let kind = self.kind(&arguments[0])?;
        if kind == Some(Kind::Scalar) {
            return Err(MathError::at(
                &arguments[0],
                "`FILL` fills time series, and this is a single number",
            ));
        }
        if matches!(arguments[1].node, Node::Word(Word::Repeat | Word::Linear)) {
            return Ok(kind);
        }
        if self.kind(&arguments[1])? == Some(Kind::Array) {
            return Err(MathError::at(
                &arguments[1],
                "`FILL` fills with a number, a time series, REPEAT or LINEAR",
            ));
        }
        Ok(kind)
    }

    /// "Using IF expressions": a series decides point by point, a number for the whole series.
    fn condition(&mut self, arguments: &[Term], term: &Term) -> Result<Option<Kind>, MathError> {
        let mut kinds = Vec::new();
        for argument in arguments {
            let kind = self.kind(argument)?;
            if kind == Some(Kind::Array) {
                return Err(MathError::at(
                    argument,
                    "`IF` takes time series and numbers, and this is an array",
                ));
            }
            kinds.push(kind);
        }
        let by_number = kinds[0] == Some(Kind::Scalar);
        if by_number && kinds[1..].contains(&Some(Kind::Scalar)) {
            return Err(MathError::at(
                term,
                "an `IF` with a number as condition chooses between time series",
            )
            .help("`TIME_SERIES(…)` makes a time series of a number"));
        }
        Ok(Some(Kind::Series))
    }

    fn sort(&mut self, arguments: &[Term]) -> Result<Option<Kind>, MathError> {
        self.wants(Function::Sort, &arguments[0], Kind::Array)?;
        let by = &arguments[1];
        let known = matches!(
            by.node,
            Node::Word(Word::By(Function::Avg | Function::Min | Function::Max | Function::Sum))
        );
        if !known {
            return Err(MathError::at(by, "`SORT` sorts by AVG, MIN, MAX or SUM"));
        }
        if !matches!(arguments[2].node, Node::Word(Word::Ascending | Word::Descending)) {
            return Err(MathError::at(&arguments[2], "the order is ASC or DESC"));
        }
        if let Some(limit) = arguments.get(3) {
            self.wants(Function::Sort, limit, Kind::Scalar)?;
        }
        Ok(Some(Kind::Array))
    }
}

fn metrics(arguments: &[Term]) -> Result<Kind, MathError> {
    match arguments {
        [] | [Term { node: Node::Text(_), .. }] => Ok(Kind::Array),
        [other, ..] => {
            Err(MathError::at(other, "`METRICS` takes a text that ids contain, in quotation marks"))
        }
    }
}

impl Operator {
    /// Whether it computes, rather than compares or joins.
    pub(super) fn is_arithmetic(self) -> bool {
        matches!(
            self,
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Power
        )
    }
}
