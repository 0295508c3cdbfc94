//! Pooling: the largest element or the mean of each window or part of the last axes.

mod adaptive;
mod average;
mod max;

use wengert_autograd::Result;
use wengert_tensor::{Error, Fault, Window};

use super::no_image;
use crate::Each;
pub use adaptive::{adaptive_avg_pool, adaptive_max_pool, adaptive_max_pool_at};
pub use average::{avg_pool, avg_pool_by, avg_pool_of_elements, lp_pool};
pub use max::{max_pool, max_pool_at, max_unpool};

/// The options of a pooling in `D` dimensions, with PyTorch's names and defaults.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{self, Pool};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let x = tape.var(tensor![[[1.0_f64, 3.0, 2.0, 4.0, 5.0]]]);
/// assert_eq!(functional::max_pool(x, Pool::<1>::new(2))?.value()?, tensor![[[3.0, 4.0]]]);
/// assert_eq!(functional::avg_pool(x, Pool::<1>::new(2).ceil())?.value()?, tensor![[[2.0, 3.0, 5.0]]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool<const D: usize> {
    pub(crate) kernel: Each<D>,
    pub(crate) stride: Each<D>,
    padding: Each<D>,
    dilation: Each<D>,
    ceil: bool,
}

impl<const D: usize> Pool<D> {
    /// With windows of so many places, one next to another.
    #[must_use]
    pub fn new(kernel: impl Into<Each<D>>) -> Self {
        let kernel = kernel.into();
        let [padding, dilation] = [Each([0; D]), Each([1; D])];
        Self { kernel, stride: kernel, padding, dilation, ceil: false }
    }

    /// With this step from one window to the next, instead of the size of a window.
    #[must_use]
    pub fn stride(self, stride: impl Into<Each<D>>) -> Self {
        Self { stride: stride.into(), ..self }
    }

    /// With so many places before and after each axis, which no maximum is taken of, and which count as 0 in a mean.
    #[must_use]
    pub fn padding(self, padding: impl Into<Each<D>>) -> Self {
        Self { padding: padding.into(), ..self }
    }

    /// With this step from one place that a window sees to the next. Means have none.
    #[must_use]
    pub fn dilation(self, dilation: impl Into<Each<D>>) -> Self {
        Self { dilation: dilation.into(), ..self }
    }

    /// With windows at the end that see fewer places, where the last whole one leaves places over.
    #[must_use]
    pub fn ceil(self) -> Self {
        Self { ceil: true, ..self }
    }

    /// The options as prints show them.
    pub(crate) fn described(&self) -> String {
        let mut text = format!("kernel {}", self.kernel);
        let defaults = Self::new(self.kernel);
        for (name, value, default) in [
            ("stride", self.stride, defaults.stride),
            ("padding", self.padding, defaults.padding),
            ("dilation", self.dilation, defaults.dilation),
        ] {
            if value != default {
                text += &format!(", {name} {value}");
            }
        }
        text + if self.ceil { ", ceil" } else { "" }
    }

    pub(super) fn window(&self, i: usize) -> Window {
        Window { size: self.kernel.0[i], stride: self.stride.0[i], dilation: self.dilation.0[i] }
    }

    /// The number of windows along axis `i` of so many places.
    pub(super) fn count(&self, i: usize, places: usize) -> usize {
        let (window, padding) = (self.window(i), self.padding.0[i]);
        let padded = places.saturating_add(padding.saturating_mul(2));
        let whole = window.count(padded);
        let Some(rest) = padded.checked_sub(window.span()) else { return 0 };
        // A window that begins in the padding at the end would see nothing.
        let more = self.ceil
            && rest % window.stride != 0
            && whole.saturating_mul(window.stride) < places.saturating_add(padding);
        whole + usize::from(more)
    }

    /// The numbers of windows, if the options can be applied to these last axes.
    #[track_caller]
    pub(super) fn counts(&self, op: &'static str, shape: &[usize]) -> Result<[usize; D]> {
        let lead = refuse_rank::<D>(op, shape)?;
        for i in 0..D {
            let (window, padding) = (self.window(i), self.padding.0[i]);
            if window.size == 0 || window.stride == 0 || window.dilation == 0 {
                let rule =
                    format!("kernel, stride and dilation are at least 1: {}", self.described());
                return Err(Error::Value(Fault::new(op, &[shape], rule)).into());
            }
            if padding > window.size / 2 {
                let rule = format!(
                    "the padding, {padding}, is more than half of the kernel, {}",
                    window.size
                );
                return Err(Error::Value(Fault::new(op, &[shape], rule)).into());
            }
            if self.count(i, shape[lead + i]) == 0 {
                let rule = format!(
                    "a window spans {} places, and axis {} has {} with its padding",
                    window.span(),
                    lead + i,
                    shape[lead + i].saturating_add(padding.saturating_mul(2))
                );
                return Err(Error::Shape(Fault::new(op, &[shape], rule)).into());
            }
        }
        Ok(std::array::from_fn(|i| self.count(i, shape[lead + i])))
    }
}

/// The number of axes before those that are pooled: 1 or 2.
#[track_caller]
pub(super) fn refuse_rank<const D: usize>(op: &'static str, shape: &[usize]) -> Result<usize> {
    match shape.len().checked_sub(D) {
        Some(lead @ 1..=2) => Ok(lead),
        _ => Err(no_image::<D>(op, &[shape]).into()),
    }
}
