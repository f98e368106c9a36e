//! Numbers as policies compare them: five digits behind the point.

/// A number of a policy or a message. Between -10⁹ and 10⁹ it is a whole number of hundred-thousandths ("Filter policy
/// constraints": five digits of accuracy); beyond, it is only equal to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(i64);

/// The largest number that is compared, in hundred-thousandths.
const LARGEST: i64 = 100_000_000_000_000;

impl Number {
    /// The smallest number that is compared.
    pub const MIN: Self = Self(-LARGEST);
    /// The largest number that is compared.
    pub const MAX: Self = Self(LARGEST);

    /// A number as it is compared.
    pub fn new(value: f64) -> Self {
        let scaled = value * 1e5;
        if scaled.abs() <= LARGEST as f64 {
            return Self(scaled.round() as i64);
        }
        // The bits of a positive number are in its order, and far above all that is compared.
        let bits = value.abs().to_bits() as i64;
        Self(if value < 0.0 { -bits } else { bits })
    }

    /// Whether `numeric` conditions can hold for it.
    pub fn is_comparable(self) -> bool {
        (Self::MIN..=Self::MAX).contains(&self)
    }

    /// The next larger number.
    pub(super) fn above(self) -> Self {
        Self(self.0 + 1)
    }

    /// The next smaller number.
    pub(super) fn below(self) -> Self {
        Self(self.0 - 1)
    }

    /// The number again.
    pub fn to_f64(self) -> f64 {
        if self.is_comparable() {
            return self.0 as f64 / 1e5;
        }
        let size = f64::from_bits(self.0.unsigned_abs());
        if self.0 < 0 { -size } else { size }
    }
}
