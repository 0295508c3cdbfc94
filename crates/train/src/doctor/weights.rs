//! The parameters of an optimiser over time: the sizes of weight, gradient and update, from a fixed part of each.

use wengert_autograd::{GradUse, Param};
use wengert_optim::Optimizer;
use wengert_tensor::{Float, Tensor};

use super::losses::Curve;

/// The number of elements of a parameter that are looked at.
const ELEMENTS: usize = 1024;

/// The looks at which the norm of all gradients is measured.
const NORMS: usize = 8;

/// The use that a model makes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The matrix of a product.
    Matrix,
    /// Added to a product.
    Bias,
    /// Anything else.
    Other,
}

/// Root mean squares at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sizes {
    pub(crate) weight: f64,
    pub(crate) gradient: f64,
    pub(crate) update: f64,
    /// The mean of update times gradient: below 0 if the step goes down.
    pub(crate) along: f64,
}

/// A parameter, as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) id: u64,
    pub(crate) path: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) role: Role,
    /// The place of its first use on the tape.
    pub(crate) order: usize,
    pub(crate) frozen: bool,
    stride: usize,
    before: Vec<f64>,
    /// At the first look, and at the last.
    pub(crate) first: Sizes,
    pub(crate) now: Sizes,
    /// Looks so far; those on which it had a gradient and did not change; those on which the step went up.
    pub(crate) looks: usize,
    pub(crate) still: usize,
    pub(crate) uphill: usize,
    /// Looks on which its rows, and those of its gradient, were equal.
    pub(crate) equal_rows: usize,
    /// Whether the rows of the weights alone were equal at the first look.
    pub(crate) started_equal: bool,
    pub(crate) without_gradient: usize,
    pub(crate) used_gradient: bool,
    /// The running mean of log₁₀(update : weight).
    pub(crate) log_ratio: f64,
    /// Gradient, and update : weight, over time.
    pub(crate) gradients: Curve,
    pub(crate) ratios: Curve,
}

impl Weight {
    fn new<T: Float>(param: &Param<T>) -> Self {
        let len = param.len();
        let stride = len.div_ceil(ELEMENTS).max(1);
        // Odd, so that it meets every column of the usual sizes.
        let stride = if stride > 1 { stride | 1 } else { 1 };
        Self {
            id: param.id(),
            path: param.path(),
            shape: param.shape(),
            role: Role::Other,
            order: usize::MAX,
            frozen: param.is_frozen(),
            stride,
            before: Vec::with_capacity(len.div_ceil(stride)),
            first: Sizes::default(),
            now: Sizes::default(),
            looks: 0,
            still: 0,
            uphill: 0,
            equal_rows: 0,
            started_equal: false,
            without_gradient: 0,
            used_gradient: false,
            log_ratio: f64::NAN,
            gradients: Curve::new(),
            ratios: Curve::new(),
        }
    }

    /// Update : weight, as a running mean.
    pub(crate) fn ratio(&self) -> f64 {
        10f64.powf(self.log_ratio)
    }
}

/// The parameters of the optimiser, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    pub(crate) all: Vec<Weight>,
    /// The norm of all gradients together at the first looks: the least, the greatest, and how many.
    norms: (f64, f64, usize),
}

impl Weights {
    /// Before a step: reads weights and gradients.
    pub(crate) fn before<T: Float>(
        &mut self,
        optimizer: &(impl Optimizer<T> + ?Sized),
        step: usize,
    ) {
        let params = optimizer.parameters();
        let same = self.all.len() == params.len()
            && self.all.iter().zip(params).all(|(weight, param)| weight.id == param.id());
        if !same {
            self.all = params.iter().map(Weight::new).collect();
        }
        let (mut squares, early) = (0.0, self.norms.2 < NORMS);
        for (weight, param) in self.all.iter_mut().zip(params) {
            weight.frozen = param.is_frozen();
            param.inspect(|value, gradient, uses| {
                weight.read(value, gradient, uses, step);
                if early && let Some(g) = gradient {
                    each(g, 1, |x| squares += x * x);
                }
            });
        }
        if early {
            let (least, most, looks) = self.norms;
            let norm = squares.sqrt();
            let least = if looks == 0 { norm } else { least.min(norm) };
            self.norms = (least, most.max(norm), looks + 1);
        }
    }

    /// The norm at which the gradients are clipped, if that is done at every step: it is the same at all of them, and one that a person
    /// would write.
    pub(crate) fn clipped(&self) -> Option<f64> {
        let (least, most, looks) = self.norms;
        let near = |a: f64, b: f64| (a - b).abs() <= 2e-5 * b;
        let unit = 10f64.powf(most.log10().floor() - 1.0);
        let written = (most / unit).round() * unit;
        (looks == NORMS && most > 0.0 && near(least, most) && near(most, written))
            .then_some(written)
    }

    /// After it: reads the updates.
    pub(crate) fn after<T: Float>(
        &mut self,
        optimizer: &(impl Optimizer<T> + ?Sized),
        step: usize,
    ) {
        for (weight, param) in self.all.iter_mut().zip(optimizer.parameters()) {
            param.inspect(|value, gradient, _| weight.compare(value, gradient, step));
        }
    }

    /// The matrices that are trained, in the order of the tape.
    pub(crate) fn matrices(&self) -> impl Iterator<Item = &Weight> {
        self.all.iter().filter(|w| w.role == Role::Matrix && !w.frozen)
    }

    /// The median of update : weight over the matrices, or over all parameters if there are none.
    pub(crate) fn median_ratio(&self) -> Option<f64> {
        let mut logs: Vec<f64> =
            self.matrices().map(|w| w.log_ratio).filter(|x| x.is_finite()).collect();
        if logs.is_empty() {
            logs = self.all.iter().map(|w| w.log_ratio).filter(|x| x.is_finite()).collect();
        }
        logs.sort_by(f64::total_cmp);
        logs.get(logs.len() / 2).map(|log| 10f64.powf(*log))
    }
}

impl Weight {
    fn read<T: Float>(
        &mut self,
        value: &Tensor<T>,
        gradient: Option<&Tensor<T>>,
        uses: GradUse,
        step: usize,
    ) {
        self.used_gradient |= uses == GradUse::SteppedInPart;
        self.before.clear();
        let mut squares = 0.0;
        each(value, self.stride, |x| {
            self.before.push(x);
            squares += x * x;
        });
        let count = self.before.len().max(1) as f64;
        self.now.weight = (squares / count).sqrt();
        self.now.gradient = 0.0;
        match gradient {
            Some(g) => {
                let mut squares = 0.0;
                each(g, self.stride, |x| squares += x * x);
                self.now.gradient = (squares / count).sqrt();
            }
            None => self.without_gradient += 1,
        }
        self.gradients.push(step, self.now.gradient);
        // Copies of units stay copies from the start, so the first looks are enough.
        if self.looks < 8 && self.shape.len() >= 2 && self.shape[0] > 1 {
            let equal = equal_rows(value);
            self.started_equal |= equal && self.looks == 0;
            let equal = equal && gradient.is_none_or(equal_rows);
            self.equal_rows += usize::from(equal);
        }
    }

    fn compare<T: Float>(&mut self, value: &Tensor<T>, gradient: Option<&Tensor<T>>, step: usize) {
        let (mut squares, mut along, mut k) = (0.0, 0.0, 0);
        let before = &self.before;
        each(value, self.stride, |x| {
            let moved = x - before.get(k).copied().unwrap_or(x);
            squares += moved * moved;
            k += 1;
        });
        if let Some(g) = gradient {
            let mut k = 0;
            each2(value, g, self.stride, |x, g| {
                along += (x - before.get(k).copied().unwrap_or(x)) * g;
                k += 1;
            });
        }
        let count = k.max(1) as f64;
        self.now.update = (squares / count).sqrt();
        self.now.along = along / count;
        let moved = self.now.gradient > 0.0;
        self.still += usize::from(moved && self.now.update == 0.0);
        self.uphill += usize::from(along > 0.0);
        if self.looks == 0 {
            self.first = self.now;
        }
        self.looks += 1;
        // Weights that start from 0 have to grow: they are measured by a usual start.
        let usual = 0.1 / (self.shape.last().copied().unwrap_or(1).max(1) as f64).sqrt();
        let size = self.now.weight.max(usual);
        if size > 0.0 {
            let ratio = self.now.update / size;
            self.ratios.push(step, ratio);
            let log = ratio.max(1e-30).log10();
            self.log_ratio =
                if self.log_ratio.is_nan() { log } else { 0.8 * self.log_ratio + 0.2 * log };
        }
    }
}

/// Each `stride`th element.
#[inline]
pub(crate) fn each<T: Float>(x: &Tensor<T>, stride: usize, mut see: impl FnMut(f64)) {
    match x.as_slice() {
        Some(all) => all.iter().step_by(stride).for_each(|x| see(x.to_f64())),
        None => x.iter().step_by(stride).for_each(|x| see(x.to_f64())),
    }
}

/// Each `stride`th element of two tensors.
fn each2<T: Float>(x: &Tensor<T>, y: &Tensor<T>, stride: usize, mut see: impl FnMut(f64, f64)) {
    match (x.as_slice(), y.as_slice()) {
        (Some(x), Some(y)) => {
            x.iter().zip(y).step_by(stride).for_each(|(x, y)| see(x.to_f64(), y.to_f64()));
        }
        _ => x.iter().zip(y.iter()).step_by(stride).for_each(|(x, y)| see(x.to_f64(), y.to_f64())),
    }
}

/// Whether all rows are equal but for rounding.
fn equal_rows<T: Float>(x: &Tensor<T>) -> bool {
    let (Some(all), [rows, rest @ ..]) = (x.as_slice(), x.shape()) else { return false };
    let width: usize = rest.iter().product();
    if width == 0 || *rows < 2 {
        return false;
    }
    let first = &all[..width];
    let size = first.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    let near = |(a, b): (&T, &T)| (a.to_f64() - b.to_f64()).abs() <= 1e-5 * size;
    all.chunks_exact(width).skip(1).all(|row| row.iter().zip(first).all(near))
}
