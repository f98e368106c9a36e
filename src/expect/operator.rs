//! Comparing what was observed with what was wanted.

/// How an observed value is compared with the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Operator {
    /// Longest first, so that `<=` is not read as `<`.
    pub(super) const ALL: &'static [(&'static str, Operator)] = &[
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Below),
        (">", Operator::Above),
    ];

    /// Whether `observed` compares so with `wanted`. Equality allows for the last bits of a fraction.
    pub fn holds(self, observed: f64, wanted: f64) -> bool {
        let equal = (observed - wanted).abs() <= 1e-9 * wanted.abs().max(1e-9);
        match self {
            Operator::Below => observed < wanted,
            Operator::AtMost => observed <= wanted || equal,
            Operator::Above => observed > wanted,
            Operator::AtLeast => observed >= wanted || equal,
            Operator::Equal => equal,
            Operator::NotEqual => !equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_compare() {
        assert!(Operator::AtMost.holds(0.1 + 0.2, 0.3));
        assert!(!Operator::Below.holds(2.0, 2.0));
        assert!(Operator::Equal.holds(0.0, 0.0));
        assert!(Operator::NotEqual.holds(1.0, 0.0));
        assert!(!Operator::AtMost.holds(f64::INFINITY, 1e300) && Operator::Above.holds(f64::INFINITY, 1.0));
    }
}
