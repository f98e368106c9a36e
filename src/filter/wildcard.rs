//! Patterns with `*`, which stands for any characters or none.

/// A pattern: the pieces between its asterisks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    pieces: Vec<String>,
    written: String,
}

impl Wildcard {
    /// Reads a pattern. A backslash takes the meaning from an asterisk or a backslash.
    ///
    /// # Errors
    ///
    /// What AWS says of a pattern that it refuses.
    pub fn parse(written: &str) -> Result<Self, String> {
        let mut pieces = vec![String::new()];
        let mut characters = written.chars().enumerate();
        let mut after_asterisk = false;
        while let Some((position, character)) = characters.next() {
            if character == '*' {
                if after_asterisk {
                    return Err(format!("Consecutive wildcard characters at pos {}", position - 1));
                }
                after_asterisk = true;
                pieces.push(String::new());
                continue;
            }
            after_asterisk = false;
            let literal = match character {
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => escaped,
                    _ => return Err(format!("Invalid escape character at pos {position}")),
                },
                other => other,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        Ok(Self { pieces, written: written.to_owned() })
    }

    /// Whether the pattern covers the whole text.
    pub fn covers(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|piece| piece == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            // The earliest place leaves the most for the pieces that follow.
            let Some(at) = rest.find(piece.as_str()) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }

    /// The pattern as it was written.
    pub fn written(&self) -> &str {
        &self.written
    }
}
