//! The embedded font: how wide text is, and the shapes of its letters.

use ab_glyph::{Font, FontRef, Glyph, GlyphId, OutlinedGlyph, PxScale, point};
use std::sync::LazyLock;

static BOOK: &[u8] = include_bytes!("../../../assets/dejavu/DejaVuSans-subset.ttf");
static BOLD: &[u8] = include_bytes!("../../../assets/dejavu/DejaVuSans-Bold-subset.ttf");

static FACES: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [BOOK, BOLD]
        .map(|bytes| FontRef::try_from_slice(bytes).expect("the embedded fonts are sound: a test reads them"))
});

fn face(bold: bool) -> &'static FontRef<'static> {
    &FACES[usize::from(bold)]
}

/// Pixels of an em to the font's own idea of a scale, the height of its line.
fn scale(font: &FontRef<'_>, size: f64) -> f64 {
    let em = font.units_per_em().unwrap_or(2048.0);
    size * f64::from(font.height_unscaled() / em)
}

/// The letters of a text with their distance from its beginning, in pixels at an em of `size` pixels.
fn letters(text: &str, size: f64, bold: bool) -> (Vec<(GlyphId, f64)>, f64) {
    let font = face(bold);
    let per_unit = size / f64::from(font.units_per_em().unwrap_or(2048.0));
    let mut at = 0.0;
    let placed = text
        .chars()
        .map(|letter| {
            let glyph = font.glyph_id(letter);
            let here = at;
            at += f64::from(font.h_advance_unscaled(glyph)) * per_unit;
            (glyph, here)
        })
        .collect();
    (placed, at)
}

/// The width of a text in pixels, at an em of `size` pixels.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    letters(text, size, bold).1
}

/// The text itself, or its beginning and `…` when it is wider than `room` pixels.
pub(super) fn shortened(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if width(&candidate, size, bold) <= room {
            return candidate;
        }
    }
    String::new()
}

/// The outlines of a text whose baseline begins at (`x`, `y`), in pixels.
pub(super) fn outlines(
    text: &str,
    size: f64,
    bold: bool,
    x: f64,
    y: f64,
) -> impl Iterator<Item = OutlinedGlyph> {
    let font = face(bold);
    let scale = PxScale::from(scale(font, size) as f32);
    letters(text, size, bold).0.into_iter().filter_map(move |(id, offset)| {
        font.outline_glyph(Glyph { id, scale, position: point((x + offset) as f32, y as f32) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_fonts_are_sound() {
        for bold in [false, true] {
            for letter in ('!'..='~').chain("äßµ–—…→≤≥≈−×·".chars()) {
                assert!(face(bold).glyph_id(letter).0 > 0, "{letter} is missing");
            }
        }
        assert!(width("WWWW", 10.0, false) > 2.0 * width("llll", 10.0, false));
    }

    #[test]
    fn text_is_shortened_to_fit() {
        assert_eq!(shortened("abc", 10.0, false, 100.0), "abc");
        let short = shortened("a very long name of a scenario", 10.0, false, 60.0);
        assert!(short.ends_with('…') && width(&short, 10.0, false) <= 60.0, "{short}");
        assert_eq!(shortened("abc", 10.0, false, 0.0), "");
    }
}
