//! Channels brought to mean 0 and variance 1, over a batch or within a sample, then scaled and shifted, each by its weight and bias
//! if there are any; and the reverse rules. The numbers that are normalised together are read once, and then stay in a cache.

use super::folds::SquaredDeviations;
use super::level::{Arch, dispatch};
use super::pool::{self, Shared};
use super::softmax::THREADS_FROM;
use super::tree::{Counter, Fold, Sum, total};
use crate::{Float, Shape, Tensor};

mod passes;

use passes::{Forward, Moments, Pull, PullWeight};

/// Numbers `[samples, channels, inner]`, of which some channels are normalised together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Channels {
    pub(crate) samples: usize,
    pub(crate) channels: usize,
    pub(crate) inner: usize,
    pub(crate) together: Together,
    pub(crate) epsilon: f64,
}

/// The numbers that have one mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Together {
    /// Those of a channel, in all samples.
    Batch,
    /// Those of so many neighbouring channels of a sample.
    Group(usize),
}

/// The numbers that are normalised together: runs of neighbours, each of one channel.
#[derive(Clone, Copy)]
struct Unit {
    /// The start of the first run, and the distance to the next.
    first: usize,
    step: usize,
    runs: usize,
    /// The channel of the first run, and the distance to that of the next.
    channel: usize,
    next: usize,
}

impl Unit {
    /// The start of a run, and its channel.
    #[inline(always)]
    fn run(self, i: usize) -> (usize, usize) {
        (self.first + i * self.step, self.channel + i * self.next)
    }
}

impl Channels {
    fn units(self) -> usize {
        match self.together {
            Together::Batch => self.channels,
            Together::Group(size) => self.samples * (self.channels / size),
        }
    }

    fn unit(self, i: usize) -> Unit {
        let Self { samples, channels, inner, .. } = self;
        match self.together {
            Together::Batch => Unit {
                first: i * inner,
                step: channels * inner,
                runs: samples,
                channel: i,
                next: 0,
            },
            Together::Group(size) => Unit {
                first: i * size * inner,
                step: inner,
                runs: size,
                channel: i * size % channels,
                next: 1,
            },
        }
    }

    /// `x` normalised, scaled by the weight and shifted by the bias.
    pub(crate) fn normalize<T: Float>(
        self,
        x: &Tensor<T>,
        weight: Option<&Tensor<T>>,
        bias: Option<&Tensor<T>>,
    ) -> Option<Tensor<T>> {
        let [weight, bias] = [weight, bias].map(|part| part.map(Tensor::contiguous));
        let [weight, bias] = [&weight, &bias].map(|part| part.as_ref()?.as_slice());
        let x = x.contiguous();
        let source = x.as_slice()?;
        // SAFETY: the units are all of x, and `Forward` writes each number of its unit.
        Some(unsafe {
            self.filled(x.layout().shape.clone(), |i, out| {
                dispatch(Forward { all: self, unit: self.unit(i), x: source, weight, bias, out });
            })
        })
    }

    /// The gradient of `x`, from the incoming gradient.
    pub(crate) fn pull<T: Float>(
        self,
        g: &Tensor<T>,
        x: &Tensor<T>,
        weight: Option<&Tensor<T>>,
    ) -> Option<Tensor<T>> {
        let (g, x, weight) = (g.contiguous(), x.contiguous(), weight.map(Tensor::contiguous));
        let (gs, xs) = (g.as_slice()?, x.as_slice()?);
        let weight = weight.as_ref().and_then(Tensor::as_slice);
        // SAFETY: as above, by `Pull`.
        Some(unsafe {
            self.filled(x.layout().shape.clone(), |i, out| {
                dispatch(Pull { all: self, unit: self.unit(i), g: gs, x: xs, weight, out });
            })
        })
    }

    /// The gradient of the weight, a number for each channel: the sum of `g` times the normalised `x`.
    pub(crate) fn pull_weight<T: Float>(self, g: &Tensor<T>, x: &Tensor<T>) -> Option<Tensor<T>> {
        let (g, x) = (g.contiguous(), x.contiguous());
        let (gs, xs) = (g.as_slice()?, x.as_slice()?);
        // A number for each channel, and in groups for each sample too: their order is that of the units.
        let rows = if self.together == Together::Batch { 1 } else { self.samples };
        // SAFETY: `PullWeight` writes a number for each channel of its unit.
        let sums = unsafe {
            self.filled(Shape::new(&[rows, self.channels]), |i, out| {
                dispatch(PullWeight { all: self, index: i, g: gs, x: xs, out });
            })
        };
        sums.sum_over(0).ok()
    }

    /// Mean and variance of each unit, in two rows.
    pub(crate) fn moments<T: Float>(self, x: &Tensor<T>) -> Option<Tensor<T>> {
        let x = x.contiguous();
        let xs = x.as_slice()?;
        let units = self.units();
        // SAFETY: `Moments` writes the two numbers of its unit.
        Some(unsafe {
            self.filled(Shape::new(&[2, units]), |i, out: *mut T| {
                let out = [i, units + i].map(|i| out.wrapping_add(i));
                dispatch(Moments { all: self, unit: self.unit(i), x: xs, out });
            })
        })
    }

    /// A tensor of this shape. `write` gets the number of a unit, and where the tensor begins.
    ///
    /// # Safety
    /// `write` writes places of its own for each unit, and for all units all places.
    unsafe fn filled<T: Float>(
        self,
        shape: Shape,
        write: impl Fn(usize, *mut T) + Sync,
    ) -> Tensor<T> {
        // SAFETY: the caller's.
        unsafe {
            Tensor::filled_by("affine_normalize", shape, |out| {
                let target = Shared(out.as_mut_ptr().cast::<T>());
                let unit = |i: usize| write(i, target.get());
                if self.samples * self.channels * self.inner < THREADS_FROM {
                    (0..self.units()).for_each(unit);
                } else {
                    pool::run(self.units(), &unit);
                }
            })
        }
    }

    /// The fold of a unit.
    #[inline(always)]
    fn fold<A: Arch, T: Float, F: Fold<T, Out = T>>(
        self,
        fold: F,
        unit: Unit,
        x: &[T],
        about: T,
    ) -> T {
        if unit.step == self.inner {
            return total::<A, F, T>(fold, &x[unit.first..][..unit.runs * self.inner], about);
        }
        let mut runs = Counter::new();
        for i in 0..unit.runs {
            let x = &x[unit.run(i).0..][..self.inner];
            runs.add(total::<A, F, T>(fold, x, about), F::join);
        }
        runs.total(F::join).unwrap_or(F::START)
    }

    fn count<T: Float>(self, unit: Unit) -> T {
        T::from_f64((unit.runs * self.inner) as f64)
    }

    /// Mean and variance of a unit.
    #[inline(always)]
    fn mean_and_variance<A: Arch, T: Float>(self, unit: Unit, x: &[T]) -> (T, T) {
        let count = self.count::<T>(unit);
        let mean = self.fold::<A, T, Sum>(Sum, unit, x, T::ZERO).over(count);
        let squares = self.fold::<A, T, SquaredDeviations>(SquaredDeviations, unit, x, mean);
        (mean, squares.over(count))
    }

    /// The mean that is taken away from a unit, and the factor of what is left.
    #[inline(always)]
    fn scale<A: Arch, T: Float>(self, unit: Unit, x: &[T]) -> (T, T) {
        let (mean, variance) = self.mean_and_variance::<A, T>(unit, x);
        (mean, T::ONE.over(variance.plus(T::from_f64(self.epsilon)).sqrt()))
    }
}
