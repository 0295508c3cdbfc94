//! Pooling: the largest element or the mean of each window or part of the last axes.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Part, REST, Shape, Tensor, Window, keep};

use super::{no_image, pad};
use crate::Each;

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

    fn window(&self, i: usize) -> Window {
        Window { size: self.kernel.0[i], stride: self.stride.0[i], dilation: self.dilation.0[i] }
    }

    /// The number of windows along axis `i` of so many places.
    fn count(&self, i: usize, places: usize) -> usize {
        let (window, padding) = (self.window(i), self.padding.0[i]);
        let whole = window.count(places + 2 * padding);
        let Some(rest) = (places + 2 * padding).checked_sub(window.span()) else { return 0 };
        // A window that begins in the padding at the end would see nothing.
        let more =
            self.ceil && rest % window.stride != 0 && whole * window.stride < places + padding;
        whole + usize::from(more)
    }

    /// The numbers of windows, if the options can be applied to these last axes.
    #[track_caller]
    fn counts(&self, op: &'static str, shape: &[usize]) -> Result<[usize; D]> {
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
                    shape[lead + i] + 2 * padding
                );
                return Err(Error::Shape(Fault::new(op, &[shape], rule)).into());
            }
        }
        Ok(std::array::from_fn(|i| self.count(i, shape[lead + i])))
    }
}

/// The number of axes before those that are pooled: 1 or 2.
#[track_caller]
fn refuse_rank<const D: usize>(op: &'static str, shape: &[usize]) -> Result<usize> {
    match shape.len().checked_sub(D) {
        Some(lead @ 1..=2) => Ok(lead),
        _ => Err(no_image::<D>(op, &[shape]).into()),
    }
}

/// The largest element of each window; of NaN and numbers it is NaN.
///
/// # Errors
/// If the input is not `[N, C, …]` or `[C, …]`, the padding is more than half of the kernel, or a window is larger than the padded
/// input.
#[track_caller]
pub fn max_pool<T: Float, const D: usize>(x: Var<'_, T>, pool: Pool<D>) -> Result<Var<'_, T>> {
    Ok(max_pool_at(x, pool)?.0)
}

/// [`max_pool`], and the place of each element in its plane, counted in row-major order: PyTorch's `return_indices`.
///
/// # Errors
/// As for [`max_pool`].
#[track_caller]
pub fn max_pool_at<T: Float, const D: usize>(
    x: Var<'_, T>,
    pool: Pool<D>,
) -> Result<(Var<'_, T>, Tensor<usize>)> {
    const OP: &str = "max_pool";
    let shape = x.shape();
    let counts = pool.counts(OP, &shape)?;
    let parts: Vec<Vec<Part>> = (0..D)
        .map(|i| {
            let (places, window, padding) =
                (shape[shape.len() - D + i], pool.window(i), pool.padding.0[i]);
            let part = |n: usize| {
                // The places before the axis are left out, in whole steps, and those after it.
                let start = n * window.stride;
                let before = padding.saturating_sub(start).div_ceil(window.dilation);
                let start = (start + before * window.dilation).saturating_sub(padding);
                let fit = places.saturating_sub(start).div_ceil(window.dilation);
                Part {
                    start,
                    len: fit.min(window.size.saturating_sub(before)),
                    step: window.dilation,
                }
            };
            (0..counts[i]).map(part).collect()
        })
        .collect();
    largest(x, &parts)
}

/// The largest element of each part of the last axes, and its place.
#[track_caller]
fn largest<'t, T: Float>(
    x: Var<'t, T>,
    parts: &[Vec<Part>],
) -> Result<(Var<'t, T>, Tensor<usize>)> {
    let (_, places) = x.value()?.max_pool(parts)?;
    let lead = x.rank() - parts.len();
    let y = x.flatten_axes(lead as isize, -1)?;
    let y = y.gather(lead as isize, &places.flatten_axes(lead as isize, -1)?)?;
    Ok((y.reshape(places.shape())?, places))
}

/// The mean of each window, with the padding as zeros.
///
/// # Errors
/// As for [`max_pool`], and if there is a dilation.
#[track_caller]
pub fn avg_pool<T: Float, const D: usize>(x: Var<'_, T>, pool: Pool<D>) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let sums = sums_of_windows(x, pool)?;
    let padded = |i: usize| shape[shape.len() - D + i] + 2 * pool.padding.0[i];
    // A window that begins in the places added by `ceil` ends at the padding.
    divided::<T, D>(sums, |i, n| {
        let start = n * pool.stride.0[i];
        (start + pool.kernel.0[i]).min(padded(i)) - start
    })
}

/// The mean of the elements in each window, without the padding: PyTorch's `count_include_pad=False`.
///
/// # Errors
/// As for [`avg_pool`].
#[track_caller]
pub fn avg_pool_of_elements<T: Float, const D: usize>(
    x: Var<'_, T>,
    pool: Pool<D>,
) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let sums = sums_of_windows(x, pool)?;
    divided::<T, D>(sums, |i, n| {
        let (places, padding) = (shape[shape.len() - D + i], pool.padding.0[i]);
        let (start, end) = (n * pool.stride.0[i], n * pool.stride.0[i] + pool.kernel.0[i]);
        end.min(places + padding) - start.max(padding)
    })
}

/// The sum of each window divided by this number, which need not be that of its elements: PyTorch's `divisor_override`.
///
/// # Errors
/// As for [`avg_pool`], and if the divisor is 0.
#[track_caller]
pub fn avg_pool_by<T: Float, const D: usize>(
    x: Var<'_, T>,
    pool: Pool<D>,
    divisor: isize,
) -> Result<Var<'_, T>> {
    if divisor == 0 {
        let rule = "the divisor is 0";
        return Err(Error::Value(Fault::new("avg_pool", &[&x.shape()], rule)).into());
    }
    Ok(sums_of_windows(x, pool)?.div_scalar(divisor as f64))
}

/// The sum of each window, the padding being zeros.
#[track_caller]
fn sums_of_windows<T: Float, const D: usize>(x: Var<'_, T>, pool: Pool<D>) -> Result<Var<'_, T>> {
    const OP: &str = "avg_pool";
    let shape = x.shape();
    let counts = pool.counts(OP, &shape)?;
    if pool.dilation != Each([1; D]) {
        let rule = "a mean has no dilation";
        return Err(Error::Value(Fault::new(OP, &[&shape], rule)).into());
    }
    let lead = shape.len() - D;
    let mut widths = vec![(0, 0); lead];
    for i in 0..D {
        let window = pool.window(i);
        let padding = pool.padding.0[i];
        let reach = (counts[i] - 1) * window.stride + window.span();
        widths.push((padding as isize, reach.saturating_sub(padding + shape[lead + i]) as isize));
    }
    let x = if widths.iter().all(|&w| w == (0, 0)) { x } else { pad(x, widths, T::ZERO)? };
    let windows: Vec<Window> = (0..D).map(|i| pool.window(i)).collect();
    let seen: Vec<isize> = (1..=D as isize).map(|i| -i).collect();
    x.windows(windows)?.sum_over(seen)
}

/// Sums divided by the product of a number for each axis and place.
#[track_caller]
fn divided<T: Float, const D: usize>(
    sums: Var<'_, T>,
    of: impl Fn(usize, usize) -> usize,
) -> Result<Var<'_, T>> {
    let shape = sums.shape();
    let lead = shape.len() - D;
    let (mut same, mut by) = (1.0, None::<Tensor<T>>);
    for i in 0..D {
        let numbers: Vec<usize> = (0..shape[lead + i]).map(|n| of(i, n)).collect();
        if numbers.iter().all(|n| *n == numbers[0]) {
            same *= numbers.first().map_or(1.0, |&n| n as f64);
            continue;
        }
        let mut along = vec![1; D];
        along[i] = numbers.len();
        let numbers = Tensor::from(numbers).cast::<T>().reshape(along)?;
        by = Some(match by {
            None => numbers,
            Some(by) => by.try_mul(&numbers)?,
        });
    }
    match by {
        None => Ok(sums.div_scalar(same)),
        Some(by) => sums.try_div(by.mul_scalar(same)),
    }
}

/// The p-norm of each window: (Σ xᵖ)^(1/p), which is the sum for p = 1.
///
/// # Errors
/// As for [`avg_pool`], and if there is padding or p is 0.
#[track_caller]
pub fn lp_pool<T: Float, const D: usize>(
    x: Var<'_, T>,
    p: f64,
    pool: Pool<D>,
) -> Result<Var<'_, T>> {
    if p == 0.0 || pool.padding != Each([0; D]) {
        let rule = "the power is not 0, and there is no padding";
        return Err(Error::Value(Fault::new("lp_pool", &[&x.shape()], rule)).into());
    }
    let places: usize = pool.kernel.0.iter().product();
    // By the mean, as PyTorch: a window that sees fewer places counts as a whole one.
    Ok(avg_pool(x.powf(p), pool)?.mul_scalar(places as f64).powf(1.0 / p))
}

/// The parts of an axis that adaptive pooling to so many places takes, which may overlap by one place: first and last, which is
/// not included.
fn parts(places: usize, into: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..into).map(move |i| (i * places / into, ((i + 1) * places).div_ceil(into)))
}

/// The mean of each of so many parts of each axis, as nearly equal as can be; [`REST`](wengert_tensor::REST) leaves an axis as it is.
///
/// # Errors
/// If the input is not `[N, C, …]` or `[C, …]`, or an axis has no place.
#[track_caller]
pub fn adaptive_avg_pool<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
) -> Result<Var<'_, T>> {
    const OP: &str = "adaptive_avg_pool";
    let shape = x.shape();
    let lead = refuse_rank::<D>(OP, &shape)?;
    let sizes = wanted(OP, &shape, lead, sizes.into())?;
    let mut y = x;
    for (i, &into) in sizes.iter().enumerate() {
        let (axis, places) = (lead + i, shape[lead + i]);
        if into == 0 {
            y = y.narrow(axis as isize, 0, 0)?;
        } else if places.is_multiple_of(into) {
            let sizes = [&y.shape()[..axis], &[into, places / into], &y.shape()[axis + 1..]];
            y = y.reshape(sizes.concat())?.mean_over(axis as isize + 1)?;
        } else {
            let means = parts(places, into).map(|(from, to)| {
                y.narrow(axis as isize, from, to - from)?.mean_over(keep(axis as isize))
            });
            y = Var::cat(&means.collect::<Result<Vec<_>>>()?, axis as isize)?;
        }
    }
    Ok(y)
}

/// The largest element of each of so many parts of each axis, and its place in its plane, counted in row-major order.
///
/// # Errors
/// As for [`adaptive_avg_pool`].
#[track_caller]
pub fn adaptive_max_pool_at<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
) -> Result<(Var<'_, T>, Tensor<usize>)> {
    const OP: &str = "adaptive_max_pool";
    let shape = x.shape();
    let lead = refuse_rank::<D>(OP, &shape)?;
    let sizes = wanted(OP, &shape, lead, sizes.into())?;
    let part = |(start, end): (usize, usize)| Part { start, len: end - start, step: 1 };
    let all: Vec<Vec<Part>> =
        (0..D).map(|i| parts(shape[lead + i], sizes[i]).map(part).collect()).collect();
    largest(x, &all)
}

/// The largest element of each of so many parts of each axis.
///
/// # Errors
/// As for [`adaptive_avg_pool`].
#[track_caller]
pub fn adaptive_max_pool<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
) -> Result<Var<'_, T>> {
    Ok(adaptive_max_pool_at(x, sizes)?.0)
}

/// The sizes to pool to, each `REST` being the size that there is. Axes without places are rejected: they have neither mean nor
/// maximum.
#[track_caller]
fn wanted<const D: usize>(
    op: &'static str,
    shape: &[usize],
    lead: usize,
    sizes: Each<D>,
) -> Result<[usize; D]> {
    if shape[lead..].contains(&0) {
        return Err(Error::Shape(Fault::new(op, &[shape], "an axis has no place")).into());
    }
    let sizes = std::array::from_fn(|i| match sizes.0[i] {
        REST => shape[lead + i],
        size => size,
    });
    Shape::len_or_refuse(op, &[&shape[..lead], &sizes[..]].concat())?;
    Ok(sizes)
}

/// Zeros with these last axes, and the elements of `x` at their places, as [`max_pool_at`] gives them. Where a place is named
/// several times, the last element stays.
///
/// # Errors
/// If the shapes differ, or a place lies outside the plane.
#[track_caller]
pub fn max_unpool<'t, T: Float, const D: usize>(
    x: Var<'t, T>,
    places: &Tensor<usize>,
    sizes: impl Into<Each<D>>,
) -> Result<Var<'t, T>> {
    const OP: &str = "max_unpool";
    let (shape, sizes) = (x.shape(), sizes.into().0);
    let lead = refuse_rank::<D>(OP, &shape)?;
    if places.shape() != &*shape {
        let rule = "there is a place for each element";
        return Err(Error::Shape(Fault::new(OP, &[&shape, places.shape()], rule)).into());
    }
    let whole: Vec<usize> = shape[..lead].iter().chain(&sizes).copied().collect();
    Shape::len_or_refuse(OP, &whole)?;
    let axis = lead as isize;
    let places = places.flatten_axes(axis, -1)?;
    let plane: usize = sizes.iter().product();
    let flat: Vec<usize> = shape[..lead].iter().copied().chain([plane]).collect();
    let x = x.flatten_axes(axis, -1)?;
    let kept = last_of_each(&places, plane);
    let x = if kept.count() == x.len() { x } else { x.masked_fill(&!kept, T::ZERO)? };
    let zeros = x.tape().constant(Tensor::try_full(&flat, T::ZERO)?);
    zeros.scatter_add(axis, &places, x)?.reshape(whole)
}

/// Whether an element is the last of its plane that names its place.
fn last_of_each(places: &Tensor<usize>, plane: usize) -> Tensor<bool> {
    let each = places.shape().last().copied().unwrap_or(1).max(1);
    let numbers = places.to_vec();
    let mut kept = vec![true; numbers.len()];
    for (row, numbers) in numbers.chunks(each).enumerate() {
        let mut met = vec![false; plane];
        for (i, &n) in numbers.iter().enumerate().rev() {
            // One outside is rejected where it is written.
            if let Some(met) = met.get_mut(n) {
                kept[row * each + i] = !std::mem::replace(met, true);
            }
        }
    }
    match Tensor::from(kept).reshape(places.shape()) {
        Ok(mask) => mask,
        Err(_) => unreachable!("as many as places"),
    }
}
