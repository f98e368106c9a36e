//! A drawing backend with pixels: smooth lines and well-set text without help from the system.
//!
//! plotters' own bitmap backend draws joins of thick lines with gaps and sets letters without their bearings;
//! a chart for a manager deserves better. Coverage comes from distances (`+ - * /` and the square root only),
//! so the pixels are the same on every machine.

use super::font;
use super::picture::PARTS;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};
use std::convert::Infallible;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// An image being drawn.
pub(super) struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// How much of each pixel the present shape covers, 0 to 1; all 0 between shapes.
    coverage: Vec<f32>,
}

/// A part of the image: first and last column, first and last row, both beyond.
#[derive(Clone, Copy)]
struct Region {
    columns: (usize, usize),
    rows: (usize, usize),
}

impl Raster {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, pixels: vec![255; width * height * 3], coverage: vec![0.0; width * height] }
    }

    /// The image as PNG.
    pub(super) fn png(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let encoded = self.encode(&mut out);
        debug_assert!(encoded.is_ok(), "encoding into memory cannot fail");
        out
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        // Charts are flat: lines equal the line above.
        encoder.set_filter(png::FilterType::Up);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()
    }

    /// The pixels that a box in pixels touches.
    fn region(&self, from: (f64, f64), to: (f64, f64)) -> Region {
        let clip = |low: f64, high: f64, size: usize| {
            let last = size as f64;
            (low.floor().clamp(0.0, last) as usize, (high.ceil() + 1.0).clamp(0.0, last) as usize)
        };
        Region { columns: clip(from.0, to.0, self.width), rows: clip(from.1, to.1, self.height) }
    }

    /// Paints the covered pixels of a region and forgets the coverage.
    fn paint(&mut self, region: Region, color: BackendColor) {
        let (r, g, b) = color.rgb;
        for row in region.rows.0..region.rows.1 {
            for index in row * self.width + region.columns.0..row * self.width + region.columns.1 {
                let alpha = self.coverage[index].min(1.0) * color.alpha as f32;
                self.coverage[index] = 0.0;
                if alpha > 0.0 {
                    for (pixel, ink) in self.pixels[index * 3..index * 3 + 3].iter_mut().zip([r, g, b]) {
                        let below = f32::from(*pixel);
                        *pixel = (below + (f32::from(ink) - below) * alpha + 0.5) as u8;
                    }
                }
            }
        }
    }

    /// Covers what is within `radius` of the line from `a` to `b`; overlapping lines do not add up.
    fn cover_line(&mut self, a: (f64, f64), b: (f64, f64), radius: f64) -> Region {
        let reach = radius + 1.0;
        let region = self.region(
            (a.0.min(b.0) - reach, a.1.min(b.1) - reach),
            (a.0.max(b.0) + reach, a.1.max(b.1) + reach),
        );
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let square = dx * dx + dy * dy;
        for row in region.rows.0..region.rows.1 {
            let y = row as f64 + 0.5 - a.1;
            for column in region.columns.0..region.columns.1 {
                let x = column as f64 + 0.5 - a.0;
                let along = if square > 0.0 { ((x * dx + y * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
                let (ex, ey) = (x - along * dx, y - along * dy);
                let covered = (radius + 0.5 - (ex * ex + ey * ey).sqrt()).clamp(0.0, (2.0 * radius).min(1.0));
                let pixel = &mut self.coverage[row * self.width + column];
                *pixel = pixel.max(covered as f32);
            }
        }
        region
    }

    /// Covers what a closed line contains, by the even-odd rule; exact along rows, four samples across.
    fn cover_area(&mut self, outline: &[(f64, f64)]) -> Region {
        const SAMPLES: usize = 4;
        let low = outline.iter().fold((f64::MAX, f64::MAX), |m, p| (m.0.min(p.0), m.1.min(p.1)));
        let high = outline.iter().fold((f64::MIN, f64::MIN), |m, p| (m.0.max(p.0), m.1.max(p.1)));
        let region = self.region(low, high);
        let rows = region.rows.1.saturating_sub(region.rows.0);
        let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); rows * SAMPLES];
        let closing = outline.last().copied().into_iter().chain(outline.iter().copied());
        for (a, b) in closing.zip(outline.iter().copied()) {
            let (top, bottom) = if a.1 < b.1 { (a, b) } else { (b, a) };
            let sample =
                |y: f64| ((y - region.rows.0 as f64) * SAMPLES as f64 - 0.5).ceil().max(0.0) as usize;
            for index in sample(top.1)..sample(bottom.1).min(crossings.len()) {
                let y = region.rows.0 as f64 + (index as f64 + 0.5) / SAMPLES as f64;
                crossings[index].push(top.0 + (bottom.0 - top.0) * (y - top.1) / (bottom.1 - top.1));
            }
        }
        for (index, crossed) in crossings.iter_mut().enumerate() {
            crossed.sort_by(f64::total_cmp);
            let start = (region.rows.0 + index / SAMPLES) * self.width;
            for pair in crossed.chunks_exact(2) {
                let (from, to) = (pair[0].max(0.0), pair[1].min(self.width as f64));
                let mut column = from as usize;
                while (column as f64) < to {
                    let covered = to.min(column as f64 + 1.0) - from.max(column as f64);
                    self.coverage[start + column] += (covered / SAMPLES as f64) as f32;
                    column += 1;
                }
            }
        }
        region
    }
}

/// Parts of a pixel to pixels.
fn pixels((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x) / f64::from(PARTS), f64::from(y) / f64::from(PARTS))
}

fn join(a: Region, b: Region) -> Region {
    let wider = |a: (usize, usize), b: (usize, usize)| (a.0.min(b.0), a.1.max(b.1));
    Region { columns: wider(a.columns, b.columns), rows: wider(a.rows, b.rows) }
}

impl DrawingBackend for Raster {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width as u32 * PARTS as u32, self.height as u32 * PARTS as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let at = pixels(point);
        let region = self.cover_line(at, at, 0.5);
        self.paint(region, color);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let radius = f64::from(style.stroke_width()) / f64::from(PARTS) / 2.0;
        let points: Vec<_> = path.into_iter().map(pixels).collect();
        let mut touched: Option<Region> = None;
        for pair in points.windows(2) {
            let region = self.cover_line(pair[0], pair[1], radius);
            touched = Some(touched.map_or(region, |before| join(before, region)));
        }
        if let Some(region) = touched {
            self.paint(region, style.color());
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        if fill {
            self.fill_polygon(corners, style)
        } else {
            self.draw_path(corners.into_iter().chain([(left, top)]), style)
        }
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let region = self.cover_line(pixels(center), pixels(center), f64::from(radius) / f64::from(PARTS));
        self.paint(region, style.color());
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let outline: Vec<_> = path.into_iter().map(pixels).collect();
        let region = self.cover_area(&outline);
        self.paint(region, style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let size = style.size() / 1.24 / f64::from(PARTS);
        let bold = matches!(style.style(), FontStyle::Bold);
        let (x, y) = pixels(at);
        let begin = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -font::width(text, size, bold) / 2.0,
            HPos::Right => -font::width(text, size, bold),
        };
        // Half the height of an x, as SVG's `0.5ex` does.
        let baseline = size * 0.273;
        let upright = matches!(style.transform(), FontTransform::Rotate270);
        // Upright text is set around the origin and turned pixel by pixel.
        let (set_x, set_y) = if upright { (begin, baseline) } else { (x + begin, y + baseline) };
        let (turn_x, turn_y) = (x.floor() as i64, y.floor() as i64);
        let mut region: Option<Region> = None;
        for outline in font::outlines(text, size, bold, set_x, set_y) {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
            outline.draw(|dx, dy, covered| {
                let (mut column, mut row) = (left + i64::from(dx), top + i64::from(dy));
                if upright {
                    (column, row) = (turn_x + row, turn_y - 1 - column);
                }
                let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else { return };
                if column < self.width && row < self.height {
                    self.coverage[row * self.width + column] += covered;
                    let here = Region { columns: (column, column + 1), rows: (row, row + 1) };
                    region = Some(region.map_or(here, |before| join(before, here)));
                }
            });
        }
        if let Some(region) = region {
            self.paint(region, style.color());
        }
        Ok(())
    }
}
