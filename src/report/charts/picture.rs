//! A chart as a list of shapes, drawn through any backend: once as SVG, once as pixels.

use super::font;
use super::raster::Raster;
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, FontFamily, FontStyle,
    FontTransform,
};
use plotters_svg::SVGBackend;
use std::convert::Infallible;

/// Width and height of every chart, in pixels.
pub(super) const WIDTH: f64 = 1200.0;
pub(super) const HEIGHT: f64 = 720.0;

/// Backends count in whole numbers; a tenth of a pixel keeps curves smooth.
pub(super) const PARTS: i32 = 10;

/// A point in pixels, from the upper left corner.
pub(super) type Point = (f64, f64);

/// A colour and its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink(pub(super) u8, pub(super) u8, pub(super) u8, pub(super) f64);

impl Ink {
    /// The same colour, less opaque.
    pub(super) const fn faint(self, opacity: f64) -> Self {
        Self(self.0, self.1, self.2, opacity)
    }
}

/// The palette of Okabe and Ito, told apart with every kind of colour vision, and the greys around it.
pub(super) mod ink {
    use super::Ink;
    pub(in super::super) const BLACK: Ink = Ink(0x1a, 0x1a, 0x1a, 1.0);
    pub(in super::super) const GREY: Ink = Ink(0x5f, 0x63, 0x68, 1.0);
    pub(in super::super) const GRID: Ink = Ink(0xe3, 0xe6, 0xe8, 1.0);
    pub(in super::super) const AXIS: Ink = Ink(0x9a, 0xa0, 0xa6, 1.0);
    pub(in super::super) const WHITE: Ink = Ink(0xff, 0xff, 0xff, 1.0);
    pub(in super::super) const BLUE: Ink = Ink(0x00, 0x72, 0xb2, 1.0);
    pub(in super::super) const SKY: Ink = Ink(0x56, 0xb4, 0xe9, 1.0);
    pub(in super::super) const GREEN: Ink = Ink(0x00, 0x9e, 0x73, 1.0);
    pub(in super::super) const ORANGE: Ink = Ink(0xe6, 0x9f, 0x00, 1.0);
    pub(in super::super) const VERMILION: Ink = Ink(0xd5, 0x5e, 0x00, 1.0);
    pub(in super::super) const PURPLE: Ink = Ink(0xcc, 0x79, 0xa7, 1.0);
    pub(in super::super) const YELLOW: Ink = Ink(0xb8, 0xa5, 0x00, 1.0);
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pen {
    pub(super) ink: Ink,
    /// In pixels.
    pub(super) width: f64,
    /// Length of a dash and of the gap behind it, in pixels; none for a solid line.
    pub(super) dash: Option<(f64, f64)>,
}

impl Pen {
    pub(super) const fn solid(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: None }
    }

    pub(super) const fn dashed(ink: Ink, width: f64, dash: f64, gap: f64) -> Self {
        Self { ink, width, dash: Some((dash, gap)) }
    }
}

/// Which part of a text its point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// How a text is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// The em, in pixels.
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) ink: Ink,
    pub(super) align: Align,
    /// Reads upwards.
    pub(super) upright: bool,
}

impl Type {
    pub(super) const fn new(size: f64, ink: Ink, align: Align) -> Self {
        Self { size, bold: false, ink, align, upright: false }
    }
}

enum Shape {
    Line(Vec<Point>, Pen),
    Area(Vec<Point>, Ink),
    Box(Point, Point, Ink),
    Dot(Point, f64, Ink),
    Text(Point, String, Type),
}

/// A chart.
pub(super) struct Picture {
    title: String,
    description: String,
    shapes: Vec<Shape>,
}

impl Picture {
    /// An empty white chart; title and description are for readers who cannot see it.
    pub(super) fn new(title: &str, description: &str) -> Self {
        Self { title: title.to_owned(), description: description.to_owned(), shapes: Vec::new() }
    }

    /// A line through all points.
    pub(super) fn line(&mut self, points: &[Point], pen: Pen) {
        match pen.dash {
            Some((dash, gap)) => {
                let solid = Pen { dash: None, ..pen };
                self.shapes
                    .extend(dashes(points, dash, gap).into_iter().map(|part| Shape::Line(part, solid)));
            }
            None if points.len() > 1 => self.shapes.push(Shape::Line(points.to_vec(), pen)),
            None => {}
        }
    }

    /// What a closed line contains.
    pub(super) fn area(&mut self, outline: Vec<Point>, ink: Ink) {
        if outline.len() > 2 {
            self.shapes.push(Shape::Area(outline, ink));
        }
    }

    /// A filled rectangle between two corners.
    pub(super) fn rectangle(&mut self, upper_left: Point, lower_right: Point, ink: Ink) {
        self.shapes.push(Shape::Box(upper_left, lower_right, ink));
    }

    /// A filled circle.
    pub(super) fn dot(&mut self, center: Point, radius: f64, ink: Ink) {
        self.shapes.push(Shape::Dot(center, radius, ink));
    }

    /// A triangle around `center`, pointing up or down.
    pub(super) fn triangle(&mut self, (x, y): Point, size: f64, up: bool, ink: Ink) {
        let tip = if up { -size } else { size };
        self.area(vec![(x, y + tip), (x + size, y - tip * 0.75), (x - size, y - tip * 0.75)], ink);
    }

    /// A text; `y` is the middle of its small letters.
    pub(super) fn text(&mut self, at: Point, text: &str, face: Type) {
        if !text.is_empty() {
            self.shapes.push(Shape::Text(at, text.to_owned(), face));
        }
    }

    /// A text on a white ground, so that lines below do not disturb it.
    pub(super) fn label(&mut self, (x, y): Point, text: &str, face: Type) {
        let width = font::width(text, face.size, face.bold) + 6.0;
        let left = match face.align {
            Align::Left => x - 3.0,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width + 3.0,
        };
        let half = face.size * 0.7;
        self.rectangle((left, y - half), (left + width, y + half), ink::WHITE.faint(0.85));
        self.text((x, y), text, face);
    }

    /// The chart as SVG.
    pub(super) fn svg(&self) -> String {
        let size = (WIDTH as u32 * PARTS as u32, HEIGHT as u32 * PARTS as u32);
        let mut drawn = String::new();
        {
            let mut backend = SVGBackend::with_string(&mut drawn, size);
            // A raster begins white.
            let presented =
                backend.draw_rect((0, 0), part((WIDTH, HEIGHT)), &fill(ink::WHITE), true).and_then(|()| {
                    self.draw(&mut backend);
                    backend.present()
                });
            debug_assert!(presented.is_ok(), "drawing in memory cannot fail");
        }
        // plotters knows neither parts of a pixel nor titles: its opening tag makes way for one that does.
        let body = drawn.split_once('\n').map_or("", |(_, body)| body);
        let (title, description) = (escaped(&self.title), escaped(&self.description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {} {}\" \
             role=\"img\" aria-label=\"{title}\" stroke-linejoin=\"round\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n{body}",
            size.0, size.1
        )
    }

    /// The chart as PNG.
    pub(super) fn png(&self) -> Vec<u8> {
        let mut raster = Raster::new(WIDTH as u32, HEIGHT as u32);
        self.draw(&mut raster);
        raster.png()
    }

    fn draw<B: DrawingBackend>(&self, backend: &mut B) {
        for shape in &self.shapes {
            let drawn = match shape {
                Shape::Line(points, pen) => backend.draw_path(points.iter().map(|p| part(*p)), &Stroke(*pen)),
                Shape::Area(points, ink) => {
                    backend.fill_polygon(points.iter().map(|p| part(*p)), &fill(*ink))
                }
                Shape::Box(from, to, ink) => backend.draw_rect(part(*from), part(*to), &fill(*ink), true),
                Shape::Dot(center, radius, ink) => {
                    backend.draw_circle(part(*center), part((*radius, 0.0)).0 as u32, &fill(*ink), true)
                }
                Shape::Text(at, text, face) => backend.draw_text(text, face, part(*at)),
            };
            debug_assert!(drawn.is_ok(), "drawing in memory cannot fail");
        }
    }
}

/// Pixels to whole parts of a pixel. Absurd values end at the edge of the drawable world.
fn part((x, y): Point) -> (i32, i32) {
    let whole = |value: f64| (value * f64::from(PARTS)).round().clamp(-1e6, 1e6) as i32;
    (whole(x), whole(y))
}

struct Stroke(Pen);

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        let Ink(r, g, b, alpha) = self.0.ink;
        BackendColor { alpha, rgb: (r, g, b) }
    }

    fn stroke_width(&self) -> u32 {
        part((self.0.width, 0.0)).0 as u32
    }
}

fn fill(ink: Ink) -> Stroke {
    Stroke(Pen::solid(ink, 0.0))
}

impl BackendTextStyle for Type {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        BackendStyle::color(&fill(self.ink))
    }

    /// plotters counts in the height of a line, which it takes for 1.24 em.
    fn size(&self) -> f64 {
        self.size * f64::from(PARTS) * 1.24
    }

    fn transform(&self) -> FontTransform {
        if self.upright { FontTransform::Rotate270 } else { FontTransform::None }
    }

    fn style(&self) -> FontStyle {
        if self.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    fn anchor(&self) -> Pos {
        let h_pos = match self.align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        Pos::new(h_pos, VPos::Center)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::SansSerif
    }

    /// Not asked by our backends: texts are placed by their anchor.
    fn layout_box(&self, _text: &str) -> Result<((i32, i32), (i32, i32)), Infallible> {
        Ok(((0, 0), (0, 0)))
    }

    /// Not asked by our backends: SVG has letters of its own, and the raster sets them itself.
    fn draw<E, F: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _text: &str,
        _at: BackendCoord,
        _draw: F,
    ) -> Result<Result<(), E>, Infallible> {
        Ok(Ok(()))
    }
}

/// A text for HTML and XML.
pub(in crate::report) fn escaped(text: &str) -> String {
    // Control characters are not allowed in XML, escaped or not.
    let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn distance(a: Point, b: Point) -> f64 {
    let (x, y) = (b.0 - a.0, b.1 - a.1);
    (x * x + y * y).sqrt()
}

/// The parts of a line that are drawn when it is dashed.
fn dashes(points: &[Point], dash: f64, gap: f64) -> Vec<Vec<Point>> {
    let mut parts = Vec::new();
    let (mut left, mut drawing) = (dash, true);
    let mut current: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut rest = distance(from, to);
        while rest > left {
            let share = left / rest;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            rest -= left;
            if drawing {
                current.push(from);
                parts.push(std::mem::take(&mut current));
            } else {
                current = vec![from];
            }
            drawing = !drawing;
            left = if drawing { dash } else { gap };
        }
        left -= rest;
        if drawing {
            current.push(to);
        }
    }
    if drawing && current.len() > 1 {
        parts.push(current);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_into_dashes() {
        let parts = dashes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], 6.0, 3.0);
        assert_eq!(
            parts,
            [
                vec![(0.0, 0.0), (6.0, 0.0)],
                vec![(9.0, 0.0), (10.0, 0.0), (10.0, 5.0)],
                vec![(10.0, 8.0), (10.0, 10.0)]
            ]
        );
        assert!(dashes(&[], 6.0, 3.0).is_empty());
    }

    #[test]
    fn an_svg_has_words_for_those_who_cannot_see_it() {
        let svg = Picture::new("a <b>", "c & d\u{1}").svg();
        assert!(svg.contains("<title>a &lt;b&gt;</title>\n<desc>c &amp; d</desc>"), "{svg}");
        assert!(svg.ends_with("</svg>\n"));
    }
}
