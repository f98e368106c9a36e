//! The words and signs an expression is made of.

use super::{MathError, Operator};

/// A word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// A word that begins with a lower-case letter.
    Id(String),
    /// A word that begins with an upper-case letter.
    Upper(String),
    Text(String),
    Operator(Operator),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) token: Token,
}

/// Signs, the longer first.
const SIGNS: &[(&str, Token)] = &[
    ("==", Token::Operator(Operator::Equal)),
    ("!=", Token::Operator(Operator::NotEqual)),
    ("<=", Token::Operator(Operator::LessOrEqual)),
    (">=", Token::Operator(Operator::GreaterOrEqual)),
    ("&&", Token::Operator(Operator::And)),
    ("||", Token::Operator(Operator::Or)),
    ("<", Token::Operator(Operator::Less)),
    (">", Token::Operator(Operator::Greater)),
    ("+", Token::Operator(Operator::Add)),
    ("-", Token::Operator(Operator::Subtract)),
    ("*", Token::Operator(Operator::Multiply)),
    ("/", Token::Operator(Operator::Divide)),
    ("^", Token::Operator(Operator::Power)),
    ("(", Token::Open),
    (")", Token::Close),
    ("[", Token::OpenList),
    ("]", Token::CloseList),
    (",", Token::Comma),
];

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, MathError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (length, token) = next(text, at, letter)?;
        found.push(Placed { start: at, end: at + length, token });
        at += length;
    }
    Ok(found)
}

fn next(text: &str, at: usize, letter: char) -> Result<(usize, Token), MathError> {
    let rest = &text[at..];
    let error = |length: usize, what: String, help: &str| MathError {
        start: at,
        end: at + length,
        what,
        help: help.to_owned(),
    };
    let span = |belongs: &dyn Fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    if letter.is_ascii_digit() || letter == '.' {
        let mut length = span(&|c| c.is_ascii_digit() || c == '.');
        if let Some(exponent) = exponent(&rest[length..]) {
            length += exponent;
        }
        let number = rest[..length].parse::<f64>().ok().filter(|number| number.is_finite());
        let Some(number) = number else {
            return Err(error(length, format!("`{}` is not a number", &rest[..length]), ""));
        };
        return Ok((length, Token::Number(number)));
    }
    if letter.is_ascii_alphabetic() {
        let length = span(&|c| c.is_ascii_alphanumeric() || c == '_');
        let word = &rest[..length];
        return Ok((
            length,
            match word {
                "AND" => Token::Operator(Operator::And),
                "OR" => Token::Operator(Operator::Or),
                _ if letter.is_ascii_lowercase() => Token::Id(word.to_owned()),
                _ => Token::Upper(word.to_owned()),
            },
        ));
    }
    if letter == '"' || letter == '\'' {
        let Some(length) = rest[1..].find(letter) else {
            return Err(error(
                rest.len(),
                "the text has no end".to_owned(),
                "close it with the same quotation mark",
            ));
        };
        return Ok((length + 2, Token::Text(rest[1..=length].to_owned())));
    }
    if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((sign.len(), token.clone()));
    }
    let help = match letter {
        '=' => "to compare, write `==`",
        '!' => "write `x == 0`: there is no NOT",
        '&' => "write `AND`",
        '|' => "write `OR`",
        '%' => "write `* 100`",
        _ => "",
    };
    Err(error(letter.len_utf8(), format!("`{letter}` means nothing here"), help))
}

/// The length of `e-12` at the beginning of a text.
fn exponent(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(['e', 'E'])?;
    let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let number = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (number > 0).then(|| text.len() - digits.len() + number)
}
