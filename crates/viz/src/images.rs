//! Grids of small grey pictures, each with a caption.

use wengert_tensor::{Error, Fault, Float, Result, Tensor, compiled};

use crate::chart::{COLOURS, fraction};
use crate::svg::{Anchor, Svg};

/// A grey picture with its caption.
#[derive(Clone)]
pub struct Picture<T> {
    /// The pixels, `[rows, columns]`.
    pub points: Tensor<T>,
    /// The caption.
    pub caption: String,
    /// Frames around parts of it, in pixels: left, top, right and bottom. The first is blue, the second orange.
    pub frames: Vec<[f64; 4]>,
}

impl<T> Picture<T> {
    /// A picture without frames.
    pub fn new(points: Tensor<T>, caption: impl Into<String>) -> Self {
        Self { points, caption: caption.into(), frames: Vec::new() }
    }

    /// With one more frame around a part of it.
    #[must_use]
    pub fn frame(mut self, corners: [f64; 4]) -> Self {
        self.frames.push(corners);
        self
    }
}

impl<T> std::fmt::Debug for Picture<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture {:?} of {:?}", self.caption, self.points.shape())
    }
}

/// Pictures side by side in rows of `across`, darkest where a picture's points are largest, as SVG text.
///
/// ```
/// use wengert_tensor::tensor;
/// use wengert_viz::{Picture, image_grid};
///
/// let cross = Picture::new(tensor![[1.0_f32, 0.0], [0.0, 1.0]], "a cross").frame([0.0, 0.0, 1.0, 2.0]);
/// let svg = image_grid("one picture", &[cross], 4)?;
/// assert!(svg.contains("a cross") && svg.contains("stroke=\"#0072b2\""));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if a picture is not `[rows, columns]`.
#[track_caller]
#[inline(never)]
pub fn image_grid<T: Float>(title: &str, pictures: &[Picture<T>], across: usize) -> Result<String> {
    const CELL: f64 = 96.0;
    const CAPTION: f64 = 22.0;
    let across = across.max(1);
    let mut svg = Svg::new();
    let columns = across.min(pictures.len().max(1)) as f64;
    let rows = pictures.len().div_ceil(across) as f64;
    let width = (columns * (CELL + 12.0) + 12.0).max(8.0 * title.len() as f64 + 24.0);
    svg.text(width / 2.0, 22.0, 15.0, Anchor::Middle, title);
    for (i, picture) in pictures.iter().enumerate() {
        let &[h, w] = picture.points.shape() else {
            let rule = "a picture must be [rows, columns]";
            return Err(Error::Shape(Fault::new("image_grid", &[picture.points.shape()], rule)));
        };
        let (x, y) = (
            12.0 + (i % across) as f64 * (CELL + 12.0),
            36.0 + (i / across) as f64 * (CELL + CAPTION + 6.0),
        );
        let point = CELL / h.max(w).max(1) as f64;
        let values: Vec<f64> = picture.points.iter().map(|p| p.to_f64()).collect();
        let (least, most) = values
            .iter()
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        svg.rect(x, y, w as f64 * point, h as f64 * point, "fill=\"white\" stroke=\"#bbb\"");
        for (place, v) in values.iter().enumerate() {
            let share = fraction(*v, (least, most));
            if share > 0.02 {
                let grey = (255.0 * (1.0 - share)) as u8;
                let style =
                    format!("fill=\"rgb({grey},{grey},{grey})\" shape-rendering=\"crispEdges\"");
                svg.rect(
                    x + (place % w) as f64 * point,
                    y + (place / w) as f64 * point,
                    point,
                    point,
                    &style,
                );
            }
        }
        let frames = picture.frames.iter().filter(|corners| corners.iter().all(|c| c.is_finite()));
        for (corners, colour) in frames.zip(COLOURS.into_iter().cycle()) {
            // Frames of nothing, or far outside, stay within the cell.
            let [left, top, right, bottom] = corners.map(|c| (c * point).clamp(0.0, CELL));
            let style = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"");
            let (wide, high) = ((right - left).max(0.0), (bottom - top).max(0.0));
            svg.rect(x + left, y + top, wide, high, &style);
        }
        svg.text(x + CELL / 2.0, y + CELL + 15.0, 12.0, Anchor::Middle, &picture.caption);
    }
    Ok(svg.finish(width, 36.0 + rows * (CELL + CAPTION + 6.0) + 6.0))
}

compiled!(f32: { image_grid::<T> });
