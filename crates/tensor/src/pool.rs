//! The largest element of each part of the last axes: max pooling, in one pass, and one back.

use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Fault, no_memory};
use crate::kernel::level::dispatch;
use crate::kernel::pool::{Shared, run};
use crate::kernel::squares::Pairs;
use crate::room::{Room, part, two, written_mut};
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
    #[inline(never)]
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
                    "{part:?} must name places that lie in axis {}'s {size} places, with a step of at least 1",
                    lead + axis
                );
                return Err(Error::Index(Fault::new(OP, &[self.shape()], rule)));
            }
        }
        let shape: Shape = outer.iter().copied().chain(parts.iter().map(Vec::len)).collect();
        if Shape::len_or_refuse(OP, &shape)? == 0 {
            return Ok((Self::try_full(&shape, T::ZERO)?, Tensor::try_full(&shape, 0)?));
        }
        let x = self.lying(OP)?;
        let whole = [Part { start: 0, len: 1, step: 1 }];
        let axis = |i: usize| (i + d).checked_sub(3).map_or(&whole[..], |i| &parts[i]);
        let size = |i: usize| (i + d).checked_sub(3).map_or(1, |i| sizes[i]);
        let (axes, across) = ([axis(0), axis(1), axis(2)], [size(1) * size(2), size(2)]);
        let (plane, each) = (sizes.iter().product(), shape[lead..].iter().product());
        let by_twos =
            axes[0].len() == 1 && axes[0][0].len == 1 && axes[1..].iter().all(|a| are_pairs(a));
        let fill = |values: &mut Room<T>, places: &mut Room<usize>| {
            let all = Shared((values.as_mut_ptr(), places.as_mut_ptr()));
            each_plane(values.len(), each, x.len(), &|i, at| {
                let x = &x.as_slice().unwrap_or(&[])[i * plane..][..plane];
                let (values, places) = all.get();
                // SAFETY: `at` are the places of this plane, which no other call has.
                let (values, places) = unsafe { (part(values, at.clone()), part(places, at)) };
                if by_twos {
                    let (first, width) = (axes[0][0].start * across[0], across[1]);
                    dispatch(Pairs { x, first, width, count: axes[2].len(), values, places });
                    return;
                }
                let mut out = values.iter_mut().zip(places);
                for a in axes[0] {
                    for b in axes[1] {
                        for c in axes[2] {
                            let Some((value, place)) = out.next() else { continue };
                            let (largest, at) = largest(x, [a, b, c], across);
                            value.write(largest);
                            place.write(at);
                        }
                    }
                }
            });
        };
        // SAFETY: there are as many values and places in a plane as there are parts, and each is written.
        unsafe { two(OP, shape.clone(), shape, fill) }
    }

    /// Zeros whose last axes have these sizes, with each of these elements added at its place of its plane, as
    /// [`max_pool`](Self::max_pool) gives the places: the way back of the largest.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let g = tensor![1.0_f32, 2.0];
    /// assert_eq!(g.max_pool_back(&tensor![1_usize, 3], &[4])?, tensor![0.0, 1.0, 0.0, 2.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is a place for each element and no more sizes than axes; [`Error::Index`] if a place lies outside its
    /// plane; [`Error::Size`] if there is no memory for the result.
    #[track_caller]
    #[inline(never)]
    pub fn max_pool_back(&self, places: &Tensor<usize>, sizes: &[usize]) -> Result<Self> {
        const OP: &str = "max_pool_back";
        let lead = self.rank().checked_sub(sizes.len()).filter(|_| self.shape() == places.shape());
        let Some(lead) = lead else {
            let rule = format!("a place for each element, and planes of {sizes:?}");
            return Err(Error::Shape(Fault::new(OP, &[self.shape(), places.shape()], rule)));
        };
        let shape: Shape = self.shape()[..lead].iter().chain(sizes).copied().collect();
        let len = Shape::len_or_refuse(OP, &shape)?;
        if len == 0 {
            let zeros = Self::try_full(&shape, T::ZERO)?;
            return if self.is_empty() { Ok(zeros) } else { Err(outside(OP, self.shape(), sizes)) };
        }
        let plane: usize = sizes.iter().product();
        let each = self.len() / (len / plane);
        let g = self.lying(OP)?;
        let (g, places) = (g.as_slice().unwrap_or(&[]), places.contiguous());
        let places = places.as_slice().unwrap_or(&[]);
        let all_inside = AtomicBool::new(true);
        let fill = |out: &mut Room<T>| {
            let all = Shared(out.as_mut_ptr());
            each_plane(out.len(), plane, out.len(), &|i, at| {
                // SAFETY: `at` are the places of this plane, which no other call has.
                let out = unsafe { part(all.get(), at) };
                out.fill(MaybeUninit::new(T::ZERO));
                // SAFETY: they were just written.
                let out = unsafe { written_mut(out) };
                let from = i * each..(i + 1) * each;
                for (&g, &place) in g[from.clone()].iter().zip(&places[from]) {
                    match out.get_mut(place) {
                        Some(out) => *out = out.plus(g),
                        None => all_inside.store(false, Ordering::Relaxed),
                    }
                }
            });
        };
        // SAFETY: each place of each plane is written.
        let out = unsafe { Self::try_filled_by(shape.clone(), fill) };
        match (out, all_inside.into_inner()) {
            (Some(out), true) => Ok(out),
            (Some(_), false) => Err(outside(OP, self.shape(), sizes)),
            (None, _) => Err(no_memory::<T>(OP, &shape)),
        }
    }
}

/// The error of a place that is not in its plane.
#[track_caller]
fn outside(op: &'static str, shape: &[usize], plane: &[usize]) -> Error {
    Error::Index(Fault::new(op, &[shape], format!("a place lies outside its plane {plane:?}")))
}

/// Calls `one` with each plane's number and places in a result of `len` elements, of which a plane has `each`; on several threads
/// if `work` is enough.
fn each_plane(len: usize, each: usize, work: usize, one: &(dyn Fn(usize, Range<usize>) + Sync)) {
    let planes = len.checked_div(each).unwrap_or(0);
    let shares = if work < WORTH { 1 } else { planes.min(SHARES) };
    run(shares, &|share| {
        for i in planes * share / shares..planes * (share + 1) / shares {
            one(i, i * each..(i + 1) * each);
        }
    });
}

/// Elements from which on a second thread brings more than calling it costs.
const WORTH: usize = 1 << 16;
/// The number of shares that the planes are divided into.
const SHARES: usize = 16;

/// Whether the parts are pairs of neighbours, one next to another from the first place on.
fn are_pairs(parts: &[Part]) -> bool {
    parts.iter().enumerate().all(|(i, part)| *part == Part { start: 2 * i, len: 2, step: 1 })
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

compiled!(f32 f64: { Tensor::<T>::max_pool, Tensor::<T>::max_pool_back });
