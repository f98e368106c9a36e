//! The operators, and who knows which.

/// What a condition can say besides a plain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `prefix`.
    Prefix,
    /// `suffix`.
    Suffix,
    /// `equals-ignore-case`.
    EqualsIgnoreCase,
    /// `wildcard`.
    Wildcard,
    /// `cidr`.
    Cidr,
    /// `numeric`.
    Numeric,
    /// `exists`.
    Exists,
    /// `anything-but`.
    AnythingBut,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Prefix,
        Self::Suffix,
        Self::EqualsIgnoreCase,
        Self::Wildcard,
        Self::Cidr,
        Self::Numeric,
        Self::Exists,
        Self::AnythingBut,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Prefix => "prefix",
            Operator::Suffix => "suffix",
            Operator::EqualsIgnoreCase => "equals-ignore-case",
            Operator::Wildcard => "wildcard",
            Operator::Cidr => "cidr",
            Operator::Numeric => "numeric",
            Operator::Exists => "exists",
            Operator::AnythingBut => "anything-but",
        }
    }

    /// The operator of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }
}

/// Whose policies they are, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SNS in September 2022: over attributes only, without `$or`, `suffix` and `equals-ignore-case`.
    Sns2022,
    /// SNS now.
    Sns,
    /// Lambda's event filtering ("Filter rule syntax"): no limit on keys and combinations.
    Lambda,
}

/// How well an operator is known to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Support {
    Known,
    /// Told of by others; the stored pages of AWS do not show it, and AWS refused some of it in 2024.
    Unsure,
    Refused,
}

impl Dialect {
    /// Whether it knows an operator.
    pub(super) fn support(self, operator: Operator) -> Support {
        use Operator::{AnythingBut, Cidr, EqualsIgnoreCase, Exists, Numeric, Prefix, Suffix, Wildcard};
        match (self, operator) {
            (_, Prefix | Numeric | Exists | AnythingBut)
            | (Dialect::Sns2022 | Dialect::Sns, Cidr)
            | (Dialect::Sns | Dialect::Lambda, Suffix | EqualsIgnoreCase) => Support::Known,
            (Dialect::Sns, Wildcard) => Support::Unsure,
            _ => Support::Refused,
        }
    }

    /// Whether it knows an operator inside of `anything-but`.
    pub(super) fn support_inside(self, operator: Operator) -> Support {
        use Operator::{EqualsIgnoreCase, Prefix, Suffix, Wildcard};
        match (self, operator) {
            (_, Prefix) => Support::Known,
            (Dialect::Sns, Suffix | Wildcard | EqualsIgnoreCase) => Support::Unsure,
            _ => Support::Refused,
        }
    }

    /// Whether it knows `$or` ("AND/OR logic").
    pub(super) fn has_or(self) -> bool {
        self != Dialect::Sns2022
    }

    /// Whether it has policies over the body ("Amazon SNS message filtering").
    pub(super) fn has_body_scope(self) -> bool {
        self != Dialect::Sns2022
    }

    /// Most keys and most combinations of values ("Filter policy constraints").
    pub(super) fn limits(self) -> Option<(usize, u64)> {
        match self {
            Dialect::Sns2022 | Dialect::Sns => Some((5, 150)),
            Dialect::Lambda => None,
        }
    }
}
