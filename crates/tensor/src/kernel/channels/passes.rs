//! The passes over the numbers of a unit.

use super::{Channels, Together, Unit};
use crate::Float;
use crate::kernel::level::{Arch, Kernel, Level};
use crate::kernel::tree::{Counter, Sum, WIDE, halved, total};

/// The sum of g times the normalised x, over a run. The order is set by its length alone.
#[inline(always)]
fn product<T: Float>(g: &[T], x: &[T], mean: T, scale: T) -> T {
    let term = |g: T, x: T| g.times(x.minus(mean).times(scale));
    let mut lanes = [T::ZERO; WIDE];
    let ((gs, g), (xs, x)) = (g.as_chunks::<WIDE>(), x.as_chunks::<WIDE>());
    for (g, x) in gs.iter().zip(xs) {
        for i in 0..WIDE {
            lanes[i] = lanes[i].plus(term(g[i], x[i]));
        }
    }
    for (lane, (&g, &x)) in lanes.iter_mut().zip(g.iter().zip(x)) {
        *lane = lane.plus(term(g, x));
    }
    halved(lanes, T::plus)
}

/// Writes a run.
///
/// # Safety
/// `out` has a place for each number of `of`'s run.
#[inline(always)]
unsafe fn put<T>(out: *mut T, len: usize, of: impl Fn(usize) -> T) {
    for j in 0..len {
        // SAFETY: `out` has this place.
        unsafe { out.add(j).write(of(j)) };
    }
}

/// A unit, written where it stands in `out`.
pub(super) struct Forward<'a, T> {
    pub(super) all: Channels,
    pub(super) unit: Unit,
    pub(super) x: &'a [T],
    pub(super) weight: Option<&'a [T]>,
    pub(super) bias: Option<&'a [T]>,
    pub(super) out: *mut T,
}

impl<T: Float> Kernel for Forward<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let (unit, inner) = (self.unit, self.all.inner);
        let (mean, scale) = self.all.scale::<A, T>(unit, self.x);
        for i in 0..unit.runs {
            let (start, channel) = unit.run(i);
            let x = &self.x[start..][..inner];
            let out = self.out.wrapping_add(start);
            let y = |j: usize| x[j].minus(mean).times(scale);
            // SAFETY: `out` has a place for each element of `x`.
            unsafe {
                match (self.weight.map(|w| w[channel]), self.bias.map(|b| b[channel])) {
                    (None, _) => put(out, inner, y),
                    (Some(w), None) => put(out, inner, |j| y(j).times(w)),
                    (Some(w), Some(b)) => put(out, inner, |j| y(j).times(w).plus(b)),
                }
            }
        }
    }
}

/// The gradient of a unit, written where it stands in `out`.
pub(super) struct Pull<'a, T> {
    pub(super) all: Channels,
    pub(super) unit: Unit,
    pub(super) g: &'a [T],
    pub(super) x: &'a [T],
    pub(super) weight: Option<&'a [T]>,
    pub(super) out: *mut T,
}

impl<T: Float> Kernel for Pull<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let (unit, inner) = (self.unit, self.all.inner);
        let (mean, scale) = self.all.scale::<A, T>(unit, self.x);
        let weight = |channel: usize| self.weight.map_or(T::ONE, |w| w[channel]);
        let (mut middle, mut along) = (Counter::new(), Counter::new());
        for i in 0..unit.runs {
            let (start, channel) = unit.run(i);
            let (g, x, w) = (&self.g[start..][..inner], &self.x[start..][..inner], weight(channel));
            middle.add(total::<A, Sum, T>(Sum, g, T::ZERO).times(w), T::plus);
            along.add(product(g, x, mean, scale).times(w), T::plus);
        }
        let count = self.all.count::<T>(unit);
        let mean_of = |sum: Counter<T>| sum.total(T::plus).unwrap_or(T::ZERO).over(count);
        let (middle, along) = (mean_of(middle), mean_of(along));
        for i in 0..unit.runs {
            let (start, channel) = unit.run(i);
            let (g, x, w) = (&self.g[start..][..inner], &self.x[start..][..inner], weight(channel));
            let y = |j: usize| x[j].minus(mean).times(scale);
            // SAFETY: `out` has a place for each element of `x`.
            unsafe {
                put(self.out.wrapping_add(start), inner, |j| {
                    g[j].times(w).minus(middle).minus(y(j).times(along)).times(scale)
                });
            }
        }
    }
}

/// The sums of `g` times the normalised `x` of a unit: one number, or, in groups, one for each channel.
pub(super) struct PullWeight<'a, T> {
    pub(super) all: Channels,
    pub(super) index: usize,
    pub(super) g: &'a [T],
    pub(super) x: &'a [T],
    pub(super) out: *mut T,
}

impl<T: Float> Kernel for PullWeight<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let (unit, inner) = (self.all.unit(self.index), self.all.inner);
        let (mean, scale) = self.all.scale::<A, T>(unit, self.x);
        let of = |i: usize| {
            let (start, _) = unit.run(i);
            product(&self.g[start..][..inner], &self.x[start..][..inner], mean, scale)
        };
        // SAFETY: units write places of their own: a unit of a batch one, one of groups as many as it has channels.
        unsafe {
            if self.all.together == Together::Batch {
                let mut sum = Counter::new();
                (0..unit.runs).for_each(|i| sum.add(of(i), T::plus));
                self.out.add(self.index).write(sum.total(T::plus).unwrap_or(T::ZERO));
            } else {
                put(self.out.add(self.index * unit.runs), unit.runs, of);
            }
        }
    }
}

/// Mean and variance of a unit.
pub(super) struct Moments<'a, T> {
    pub(super) all: Channels,
    pub(super) unit: Unit,
    pub(super) x: &'a [T],
    pub(super) out: [*mut T; 2],
}

impl<T: Float> Kernel for Moments<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let (mean, variance) = self.all.mean_and_variance::<A, T>(self.unit, self.x);
        // SAFETY: two places of its own.
        unsafe {
            self.out[0].write(mean);
            self.out[1].write(variance);
        }
    }
}
