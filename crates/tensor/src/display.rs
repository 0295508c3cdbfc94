//! Printing: nested brackets, aligned columns, one precision for all numbers, long axes elided, long lines wrapped.

use std::fmt::{self, Write};

use crate::{Element, Tensor};

/// More elements than this, and long axes are elided.
const THRESHOLD: usize = 1000;
/// Places that are shown at either end of an elided axis.
const EDGE: usize = 3;
/// Columns of a line.
const LINE: usize = 80;
/// The most decimals, unless told otherwise.
const DECIMALS: usize = 4;

/// The values. Numbers have as many decimals as the longest of them, four at most, so that `1.0` is 1 and `1.0000` may be
/// rounded; where the range asks for it they are written in powers of ten.
///
/// ```
/// use wengert_tensor::{Tensor, tensor};
///
/// let x: Tensor<f32> = tensor![[1.0, -2.5, 1.0 / 3.0], [10.0, f32::NAN, f32::NEG_INFINITY]];
/// assert_eq!(x.to_string(), "\
/// [[ 1.0000, -2.5000,  0.3333],
///  [10.0000,     NaN,    -inf]]");
///
/// assert_eq!(format!("{x:.1}"), "\
/// [[ 1.0, -2.5,  0.3],
///  [10.0,  NaN, -inf]]");
///
/// assert_eq!(tensor![1.0_f32, 2.0].to_string(), "[1.0, 2.0]");
/// assert_eq!(tensor![1.5_f32, 2e-7].to_string(), "[ 1.5e0, 2.0e-7]");
/// assert_eq!(tensor![[true], [false]].to_string(), "[[ true],\n [false]]");
/// assert_eq!(Tensor::scalar(0.5_f32).to_string(), "0.5");
///
/// let long = Tensor::arange(0_i64, 2000, 1)?.reshape([500, 4])?;
/// assert_eq!(long.to_string(), "\
/// [[   0,    1,    2,    3],
///  [   4,    5,    6,    7],
///  [   8,    9,   10,   11],
///  ...,
///  [1988, 1989, 1990, 1991],
///  [1992, 1993, 1994, 1995],
///  [1996, 1997, 1998, 1999]]");
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
impl<T: Element> fmt::Display for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            // Brackets do not show the sizes of the other axes.
            return match self.rank() {
                1 => f.write_str("[]"),
                _ => write!(f, "[] of shape {:?}", self.shape()),
            };
        }
        let mut edge = if self.len() > THRESHOLD { EDGE } else { self.len() };
        // Many short axes flood the screen as well: fewer places of each; then of the outermost axes only the first.
        let mut lone = 0;
        let shown = |lone: usize, edge: usize| {
            let sizes = self.shape()[lone..].iter().map(|&n| n.min(2 * edge));
            sizes.fold(1, usize::saturating_mul)
        };
        while shown(lone, edge) > THRESHOLD {
            if edge > 1 { edge -= 1 } else { lone += 1 }
        }
        let page = Page::new(self, lone, edge, f.precision());
        page.write(f, &mut Vec::with_capacity(self.rank()))
    }
}

/// The element type and the shape, and below them the values.
///
/// ```
/// # use wengert_tensor::tensor;
/// let x = tensor![[1_usize, 20], [300, 4]];
/// assert_eq!(format!("{x:?}"), "\
/// Tensor<usize> [2, 2]
/// [[  1,  20],
///  [300,   4]]");
/// ```
impl<T: Element> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Tensor<{}> {:?}", T::NAME, self.shape())?;
        if self.is_empty() { f.write_str("[]") } else { fmt::Display::fmt(self, f) }
    }
}

/// The format of all numbers of a tensor.
#[derive(Clone, Copy)]
enum Style {
    /// As the type itself is.
    Plain,
    /// With this many decimals.
    Fixed(usize),
    /// In powers of ten, with this many decimals.
    Powers(usize),
}

impl Style {
    fn cell<T: Element>(self, x: T) -> String {
        let number = x.to_f64();
        match self {
            Self::Fixed(decimals) if number.is_finite() => format!("{number:.decimals$}"),
            Self::Powers(decimals) if number.is_finite() => format!("{number:.decimals$e}"),
            _ => x.to_string(),
        }
    }

    /// The one that shows these elements best.
    fn of<T: Element>(elements: &[T], precision: Option<usize>) -> Self {
        if !matches!(T::NAME, "f32" | "f64") {
            return Self::Plain;
        }
        if let Some(decimals) = precision {
            return Self::Fixed(decimals);
        }
        let sizes =
            || elements.iter().map(|x| x.to_f64().abs()).filter(|x| x.is_finite() && *x > 0.0);
        let (least, most) =
            sizes().fold((f64::INFINITY, 0.0_f64), |(a, b), x| (a.min(x), b.max(x)));
        let whole = sizes().all(|x| x.fract() == 0.0);
        // Beyond these, four decimals show noise, or nothing.
        let powers = if whole { most >= 1e8 } else { most >= 1e6 || least < 1e-4 };
        let style = if powers { Self::Powers } else { Self::Fixed };
        // As many decimals as any element has, four at most: 0.99999 is not printed as 1.0, which is another number.
        let needed = elements.iter().filter(|x| x.to_f64().is_finite()).map(|&x| {
            // The shortest text that is this number and no other of its type.
            let shortest: f64 = x.to_string().parse().unwrap_or(f64::NAN);
            let text = if powers { format!("{shortest:e}") } else { shortest.to_string() };
            let mantissa = text.split('e').next().unwrap_or_default();
            mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len()).min(DECIMALS)
        });
        style(needed.max().unwrap_or(1).max(1))
    }
}

/// The printed part of a tensor.
struct Page {
    /// The places shown of each axis; `None` stands for those between.
    places: Vec<Vec<Option<usize>>>,
    /// The shown elements as text, in row-major order, all of one width.
    cells: Vec<String>,
    width: usize,
}

impl Page {
    /// Of the first `lone` axes the first place, of the others `edge` places at either end.
    fn new<T: Element>(x: &Tensor<T>, lone: usize, edge: usize, precision: Option<usize>) -> Self {
        let shown = |(axis, &n): (usize, &usize)| -> Vec<Option<usize>> {
            if axis < lone && n > 1 {
                return vec![Some(0), None];
            }
            if n <= 2 * edge {
                return (0..n).map(Some).collect();
            }
            (0..edge).map(Some).chain([None]).chain((n - edge..n).map(Some)).collect()
        };
        let places: Vec<_> = x.shape().iter().enumerate().map(shown).collect();
        let mut part = x.clone();
        for (axis, places) in places.iter().enumerate() {
            if axis < lone {
                part = part.stepped(axis, 0, 1, 1);
            } else if places.contains(&None) {
                part = without_middle(&part, axis, edge);
            }
        }
        let elements = part.to_vec();
        let style = Style::of(&elements, precision);
        let cells: Vec<String> = elements.into_iter().map(|x| style.cell(x)).collect();
        let width = cells.iter().map(String::len).max().unwrap_or(0);
        Self { places, cells, width }
    }

    /// Writes the axes after those that `at` has numbers for: places among the shown ones.
    fn write(&self, f: &mut fmt::Formatter<'_>, at: &mut Vec<usize>) -> fmt::Result {
        let (depth, rank) = (at.len(), self.places.len());
        if depth == rank {
            return self.cell(f, at);
        }
        let indent = depth + 1;
        let a_line = (LINE.saturating_sub(indent) / (self.width + 2)).max(1);
        f.write_char('[')?;
        let mut place = 0;
        for (i, shown) in self.places[depth].iter().enumerate() {
            if i > 0 {
                f.write_char(',')?;
                match rank - indent {
                    0 if i % a_line != 0 => f.write_char(' ')?,
                    0 => write!(f, "\n{:indent$}", "")?,
                    // A line for each row, an empty one between matrices, two between stacks of them.
                    below => {
                        (0..below).try_for_each(|_| f.write_char('\n'))?;
                        write!(f, "{:indent$}", "")?;
                    }
                }
            }
            if shown.is_none() {
                f.write_str("...")?;
                continue;
            }
            at.push(place);
            self.write(f, at)?;
            at.pop();
            place += 1;
        }
        f.write_char(']')
    }

    fn cell(&self, f: &mut fmt::Formatter<'_>, at: &[usize]) -> fmt::Result {
        let flat = at
            .iter()
            .zip(&self.places)
            .fold(0, |flat, (i, places)| flat * places.iter().flatten().count() + i);
        write!(f, "{:>1$}", self.cells[flat], self.width)
    }
}

/// The first and the last `edge` places of an axis.
fn without_middle<T: Element>(x: &Tensor<T>, axis: usize, edge: usize) -> Tensor<T> {
    let size = x.shape()[axis];
    let mut shape = x.layout().shape.clone();
    shape.set(axis, 2 * edge);
    // The places from the end are reached by one longer step in the middle: an axis of its own of size 2.
    let mut layout = x.layout().clone();
    let step = layout.strides[axis];
    layout.shape.remove(axis);
    layout.shape.insert(axis, edge);
    layout.shape.insert(axis, 2);
    layout.strides.insert(axis, step * (size - edge) as isize);
    match x.with_layout(layout).reshape(&shape) {
        Ok(part) => part,
        Err(_) => unreachable!("the number of elements is the same"),
    }
}
