//! The largest element of each part of the last axes: max pooling, in one pass.

use std::hint::select_unpredictable;

use crate::error::Fault;
use crate::kernel::level::{Arch, Kernel, Level, dispatch};
use crate::kernel::pool::{Shared, run};
use crate::{Error, Float, Result, Shape, Tensor};

/// The places of an axis that one place of a pooled axis is made of: `len` of them from `start` on, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first place.
    pub start: usize,
    /// The number of places.
    pub len: usize,
    /// The step from one place to the next.
    pub step: usize,
}

impl Part {
    /// The last place, if there is one and it can be counted, and each place is another one.
    fn last(self) -> Option<usize> {
        self.step.checked_sub(1)?;
        self.start.checked_add(self.len.checked_sub(1)?.checked_mul(self.step)?)
    }
}

impl<T: Float> Tensor<T> {
    /// The largest element of each part of the last axes, and the place where it lies, counted through these axes in row-major
    /// order. Of equal elements it is the first; NaN is larger than any number. `parts[i]` has the parts of one axis, of at
    /// most three.
    ///
    /// ```
    /// # use wengert_tensor::{Part, tensor};
    /// let x = tensor![1.0_f32, 5.0, 2.0, 3.0];
    /// let halves = [Part { start: 0, len: 2, step: 1 }, Part { start: 2, len: 2, step: 1 }];
    /// assert_eq!(x.max_pool(&[halves.to_vec()])?, (tensor![5.0, 3.0], tensor![1_usize, 3]));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are one to three lists, and as many axes; [`Error::Index`] if a part has no place, a step of 0, or a place
    /// outside its axis; [`Error::Size`] if there is no memory for the result.
    #[track_caller]
    pub fn max_pool(&self, parts: &[Vec<Part>]) -> Result<(Self, Tensor<usize>)> {
        const OP: &str = "max_pool";
        let d = parts.len();
        let Some(lead) = self.rank().checked_sub(d).filter(|_| (1..=3).contains(&d)) else {
            let rule = format!("{d} lists of parts, for one to three of the last axes");
            return Err(Error::Shape(Fault::new(OP, &[self.shape()], rule)));
        };
        let (outer, sizes) = self.shape().split_at(lead);
        for (axis, (parts, &size)) in parts.iter().zip(sizes).enumerate() {
            if let Some(part) = parts.iter().find(|part| part.last().is_none_or(|l| l >= size)) {
                let rule = format!(
                    "{part:?} must have places and a step, in axis {}'s {size} places",
                    lead + axis
                );
                return Err(Error::Index(Fault::new(OP, &[self.shape()], rule)));
            }
        }
        let shape: Shape = outer.iter().copied().chain(parts.iter().map(Vec::len)).collect();
        let len = Shape::len_or_refuse(OP, &shape)?;
        let mut values = Self::try_full(&shape, T::ZERO)?;
        let mut places = Tensor::<usize>::try_full(&shape, 0)?;
        if len == 0 {
            return Ok((values, places));
        }
        let x = if self.is_contiguous() { self.clone() } else { self.copied(OP)? };
        let whole = [Part { start: 0, len: 1, step: 1 }];
        let axis = |i: usize| (i + d).checked_sub(3).map_or(&whole[..], |i| &parts[i]);
        let size = |i: usize| (i + d).checked_sub(3).map_or(1, |i| sizes[i]);
        let (axes, across) = ([axis(0), axis(1), axis(2)], [size(1) * size(2), size(2)]);
        let plane: usize = sizes.iter().product();
        let each: usize = axes.iter().map(|parts| parts.len()).product();
        let seen = x.as_slice().unwrap_or(&[]);
        let by_twos =
            axes[0].len() == 1 && axes[0][0].len == 1 && axes[1..].iter().all(|a| are_pairs(a));
        let planes = len / each;
        let shares = if x.len() < WORTH { 1 } else { planes.min(SHARES) };
        let results =
            Shared((values.as_mut_slice().as_mut_ptr(), places.as_mut_slice().as_mut_ptr()));
        run(shares, &|share| {
            for i in planes * share / shares..planes * (share + 1) / shares {
                let x = &seen[i * plane..][..plane];
                let (values, places) = results.get();
                // SAFETY: there are `planes` times `each` results, and no two shares have a plane in common.
                let (values, places) = unsafe {
                    let places = std::slice::from_raw_parts_mut(places.add(i * each), each);
                    (std::slice::from_raw_parts_mut(values.add(i * each), each), places)
                };
                if by_twos {
                    let (first, width) = (axes[0][0].start * across[0], across[1]);
                    dispatch(Pairs { x, first, width, count: axes[2].len(), values, places });
                    continue;
                }
                let mut out = values.iter_mut().zip(places);
                for a in axes[0] {
                    for b in axes[1] {
                        for c in axes[2] {
                            let Some((value, place)) = out.next() else { continue };
                            (*value, *place) = largest(x, [a, b, c], across);
                        }
                    }
                }
            }
        });
        Ok((values, places))
    }
}

/// Elements from which on a second thread brings more than calling it costs.
const WORTH: usize = 1 << 16;
/// The number of shares that the planes are divided into.
const SHARES: usize = 16;

/// Whether the parts are pairs of neighbours, one next to another from the first place on.
fn are_pairs(parts: &[Part]) -> bool {
    parts.iter().enumerate().all(|(i, part)| *part == Part { start: 2 * i, len: 2, step: 1 })
}

/// The largest elements of squares of two by two, `count` in a row, in a plane from `first` on whose rows are `width` long: without
/// branches.
struct Pairs<'a, T> {
    x: &'a [T],
    first: usize,
    width: usize,
    count: usize,
    values: &'a mut [T],
    places: &'a mut [usize],
}

impl<T: Float> Kernel for Pairs<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, first, width, count, values, places } = self;
        let rows = values.chunks_exact_mut(count).zip(places.chunks_exact_mut(count));
        for (row, (values, places)) in rows.enumerate() {
            let start = first + 2 * row * width;
            let (upper, lower) = (&x[start..][..2 * count], &x[start + width..][..2 * count]);
            for j in 0..count {
                // One after another by hand: a loop over the four would be flattened too late for the vectoriser.
                let best = (upper[2 * j], start + 2 * j);
                let best = larger(best, (upper[2 * j + 1], start + 2 * j + 1));
                let best = larger(best, (lower[2 * j], start + 2 * j + width));
                (values[j], places[j]) =
                    larger(best, (lower[2 * j + 1], start + 2 * j + width + 1));
            }
        }
    }
}

/// The larger of two elements, with their places; the first of equal ones, and a NaN before any number.
#[inline(always)]
fn larger<T: Float>(best: (T, usize), next: (T, usize)) -> (T, usize) {
    let is_larger = (next.0 > best.0) | (next.0.is_nan() & !best.0.is_nan());
    (
        select_unpredictable(is_larger, next.0, best.0),
        select_unpredictable(is_larger, next.1, best.1),
    )
}

/// The largest element of a part of a plane, and its place.
#[inline]
fn largest<T: Float>(x: &[T], [a, b, c]: [&Part; 3], across: [usize; 2]) -> (T, usize) {
    let first = a.start * across[0] + b.start * across[1] + c.start;
    let (mut value, mut place) = (x[first], first);
    for i in 0..a.len {
        for j in 0..b.len {
            let row = first + i * a.step * across[0] + j * b.step * across[1];
            for k in 0..c.len {
                let at = row + k * c.step;
                if x[at] > value || (x[at].is_nan() && !value.is_nan()) {
                    (value, place) = (x[at], at);
                }
            }
        }
    }
    (value, place)
}
