//! The number a quantity begins with, exact where it must be.

/// A decimal number as written: `digits` × 10^-`decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u128,
    decimals: u32,
}

impl Decimal {
    /// The number times `unit`, rounded to the nearest whole; `None` when that is beyond 64 bits.
    pub(super) fn times(self, unit: u64) -> Option<u64> {
        let product = self.digits.checked_mul(u128::from(unit))?;
        // Beyond 10^38 every product that fits into 128 bits rounds to zero.
        let Some(divisor) = 10_u128.checked_pow(self.decimals) else { return Some(0) };
        let whole = product / divisor + u128::from(product % divisor >= divisor.div_ceil(2));
        u64::try_from(whole).ok()
    }

    /// Whether a point was written.
    pub(super) fn is_whole(self) -> bool {
        self.decimals == 0
    }

    /// Whether it is zero.
    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }
}

/// A number without exponent at the beginning of `text`, and what follows it. Digits may be grouped by `_`.
pub(super) fn decimal(text: &str) -> Option<(Decimal, &str)> {
    let (mut digits, mut decimals) = (0_u128, 0_u32);
    let (mut seen, mut point, mut last) = (false, false, ' ');
    let mut rest = text;
    for (index, character) in text.char_indices() {
        rest = &text[index..];
        match character {
            '0'..='9' => {
                digits = digits.checked_mul(10)?.checked_add(u128::from(character as u8 - b'0'))?;
                decimals += u32::from(point);
                seen = true;
            }
            '_' if last.is_ascii_digit() && !point => {}
            '.' if !point && last != '_' => point = true,
            _ => break,
        }
        last = character;
        rest = &text[index + character.len_utf8()..];
    }
    (seen && !matches!(last, '_' | '.')).then_some((Decimal { digits, decimals }, rest))
}

/// A number, also with an exponent, at the beginning of `text`, and what follows it.
pub(super) fn float(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (_, mut rest) = decimal(unsigned)?;
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let behind = digits.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if behind.len() < digits.len() {
            rest = behind;
        }
    }
    let written = text[..text.len() - rest.len()].replace('_', "");
    Some((written.parse().ok()?, rest))
}
