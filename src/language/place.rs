//! Places: where in which text something was written, and the texts themselves.

/// Identifies one text in [`Sources`]: a scenario file or one `--set` argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub u16);

/// Where something was written. Ordered by source, then by position in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The text it stands in.
    pub source: SourceId,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset behind the last byte; at least `start`.
    pub end: usize,
}

impl Place {
    /// The first byte of a text.
    pub const fn start_of(source: SourceId) -> Self {
        Place { source, line: 1, column: 1, start: 0, end: 0 }
    }

    /// The place of the bytes `start..end` of `text`, which was written here; all of the place where the text is not
    /// written as it is (on several lines, or with escapes).
    #[must_use]
    pub fn part(&self, text: &str, start: usize, end: usize) -> Self {
        let quotes = match (self.end - self.start).checked_sub(text.len()) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return *self,
        };
        let Some(before) = text.get(..start) else { return *self };
        Place {
            column: self.column + quotes as u32 + before.chars().count() as u32,
            start: self.start + quotes + start,
            end: self.start + quotes + end.clamp(start, text.len()),
            ..*self
        }
    }

    /// Its line, when it stands in the scenario file and not in an override or in a file beside it.
    pub fn line_in_file(&self) -> Option<u32> {
        (self.source == SourceId(0)).then_some(self.line)
    }

    /// The order in which a reader of the files meets the places.
    pub fn order(&self) -> (SourceId, usize, usize) {
        (self.source, self.start, self.end)
    }
}

/// One text that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// How messages call it: a file name, or `--set duration=4h`.
    pub name: String,
    /// All of it, as written.
    pub text: String,
}

/// Every text that was read, so that a problem can show the line it speaks of.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Self {
        Sources::default()
    }

    /// Keeps a text and gives the id under which places refer to it.
    ///
    /// After 65,536 texts the last id is given again: places then name the wrong text, nothing worse.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.all.push(Source { name: name.into(), text: text.into() });
        SourceId(u16::try_from(self.all.len() - 1).unwrap_or(u16::MAX))
    }

    /// The text of an id given by [`Sources::add`].
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.all.get(usize::from(id.0))
    }

    /// All texts, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}
