//! Numbers brought to one scale: the core of layer and batch normalisation. Over the last axes, with a weight and a bias if there
//! are any, it is one pass there and one back for each operand.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Divisor, Float, Tensor, keep};

use super::reduce::over;
use super::{Norm, Operation, Reads, Variance, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

family! {
    [inline(never)]
    /// Norms and normalisation.
    #[derive(Debug)]
    Normalizing { Norm, Normalize }
}

/// Numbers less their mean, or not, over the divisor, over axes. If it has weights, the second operand scales the result, and the
/// third, if there is one, shifts it.
///
/// `normalize`, `rms_normalize`, `layer_norm`, `rms_norm` and `affine_normalize` are this op.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    /// The axes over which mean and divisor are taken.
    pub axes: Axes,
    /// The number that is added under the root of the divisor.
    pub epsilon: f64,
    /// The divisor.
    pub divisor: Divisor,
    /// The weights that scale and shift the result.
    pub weights: Weights,
}

/// The weights that scale and shift numbers that were brought to one scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// There are none.
    None,
    /// A number for each place of the axes, which are the last ones.
    LastAxes,
    /// Numbers that broadcast to the operand.
    Broadcast,
}

impl Normalize {
    /// (x - mean) / √(variance + epsilon) over axes.
    pub(crate) fn by_deviation(axes: Axes, epsilon: f64) -> Self {
        Self { axes, epsilon, divisor: Divisor::Deviation, weights: Weights::None }
    }

    /// x / √(mean of x² + epsilon) over axes.
    pub(crate) fn by_mean_square(axes: Axes, epsilon: f64) -> Self {
        Self { divisor: Divisor::RootMeanSquare, ..Self::by_deviation(axes, epsilon) }
    }

    /// (x - mean) / √(variance + epsilon) · weight + bias over the last axes.
    pub(crate) fn layer_norm(axes: Axes, epsilon: f64) -> Self {
        Self { weights: Weights::LastAxes, ..Self::by_deviation(axes, epsilon) }
    }

    /// x / √(mean of x² + epsilon) · weight over the last axes.
    pub(crate) fn rms_norm(axes: Axes, epsilon: f64) -> Self {
        Self { weights: Weights::LastAxes, ..Self::by_mean_square(axes, epsilon) }
    }

    /// (x - mean) / √(variance + epsilon) · weight + bias over axes.
    pub(crate) fn affine(axes: Axes, epsilon: f64) -> Self {
        Self { weights: Weights::Broadcast, ..Self::by_deviation(axes, epsilon) }
    }

    /// The same without a weight.
    pub(crate) fn without_weight(&self) -> Self {
        Self { weights: Weights::None, ..self.clone() }
    }

    /// True if it has weights.
    fn is_weighted(&self) -> bool {
        self.weights != Weights::None
    }

    /// x less its mean, if a mean is taken away.
    fn centred<T: Float, A: Algebra<T>>(&self, x: &A) -> Result<A> {
        Ok(match self.divisor {
            Divisor::Deviation => x.clone() - x.mean(keep(self.axes.clone()))?,
            Divisor::RootMeanSquare => x.clone(),
        })
    }

    /// The square of the divisor.
    fn square<T: Float, A: Algebra<T>>(&self, x: &A) -> Result<A> {
        let axes = keep(self.axes.clone());
        let square = match self.divisor {
            Divisor::Deviation => A::run(Variance(axes, 0.0), &[x])?,
            Divisor::RootMeanSquare => x.unary(UnaryOp::Square).mean(axes)?,
        };
        Ok(square.unary(UnaryOp::AddScalar { c: self.epsilon }))
    }
}

impl<T: Float> Operation<T> for Normalize {
    fn name(&self) -> &'static str {
        match (self.divisor, self.weights) {
            (Divisor::Deviation, Weights::None) => "normalize",
            (Divisor::RootMeanSquare, Weights::None) => "rms_normalize",
            (Divisor::Deviation, Weights::LastAxes) => "layer_norm",
            (Divisor::RootMeanSquare, _) => "rms_norm",
            (Divisor::Deviation, Weights::Broadcast) => "affine_normalize",
        }
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = over(&self.axes);
        attributes.push(("epsilon", self.epsilon.to_string()));
        attributes
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        let (axes, epsilon) = (self.axes.clone(), self.epsilon);
        let bias = x.get(2).copied();
        Ok(match (self.divisor, self.weights) {
            (Divisor::Deviation, Weights::None) => x[0].normalize(axes, epsilon),
            (Divisor::RootMeanSquare, Weights::None) => x[0].rms_normalize(axes, epsilon),
            (Divisor::Deviation, Weights::LastAxes) => x[0].layer_norm(x[1], bias, epsilon),
            (Divisor::RootMeanSquare, _) => x[0].rms_norm(x[1], epsilon),
            (Divisor::Deviation, Weights::Broadcast) => {
                x[0].affine_normalize(axes, x[1], bias, epsilon)
            }
        }?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        if k == 2 {
            return Ok(g.take());
        }
        let (x, epsilon) = (at.x(0), self.epsilon);
        if let Some(numbers) = g.numbers() {
            let (x, weight) = (x.tensor(), self.is_weighted().then(|| at.x(1).tensor()));
            let pulled = match k {
                0 => x.pull_normalize(numbers, weight.as_ref(), &self.axes, epsilon, self.divisor),
                _ => x.pull_normalize_weight(
                    numbers,
                    &at.shape(1),
                    &self.axes,
                    epsilon,
                    self.divisor,
                ),
            };
            if let Some(pulled) = pulled {
                return Ok(g.fixed(pulled));
            }
        }
        let y = if self.is_weighted() { A::run(self.without_weight(), &[&x])? } else { at.y() };
        if k == 1 {
            return Ok(g.take() * y);
        }
        let g = if self.is_weighted() { g.take() * at.x(1) } else { g.take() };
        let along = y.clone() * (g.clone() * y).mean(keep(self.axes.clone()))?;
        Ok((self.centred(&g)? - along) * self.square(&x)?.unary(UnaryOp::Rsqrt))
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let divisor = self.square(&x[0])?.unary(UnaryOp::Sqrt);
        let normal = self.centred(&x[0])? / divisor.clone();
        match k {
            0 => {
                let t = self.centred(t)?;
                let along = normal.clone() * (normal * t.clone()).mean(keep(self.axes.clone()))?;
                let moved = (t - along) / divisor;
                Ok(if self.is_weighted() { moved * x[1].clone() } else { moved })
            }
            1 => Ok(normal * t.clone()),
            _ => t.expand(&y.shape()),
        }
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        match (self.divisor, self.is_weighted(), k) {
            (Divisor::Deviation, false, _) => "(g - mean(g) - y·mean(g·y))/sqrt(var(x) + epsilon)",
            (Divisor::RootMeanSquare, false, _) => "(g - y·mean(g·y))/sqrt(mean(x·x) + epsilon)",
            (Divisor::Deviation, true, 0) => {
                "(g·b - mean(g·b) - (a - mean(a))·mean(g·b·(a - mean(a)))/(var(a) + epsilon))/sqrt(var(a) + epsilon)"
            }
            (Divisor::RootMeanSquare, true, 0) => {
                "(g·b - a·mean(g·b·a)/(mean(a·a) + epsilon))/sqrt(mean(a·a) + epsilon)"
            }
            (Divisor::Deviation, true, 1) => "g·(a - mean(a))/sqrt(var(a) + epsilon)",
            (Divisor::RootMeanSquare, true, 1) => "g·a/sqrt(mean(a·a) + epsilon)",
            (_, true, _) => "g",
        }
        .into()
    }
    fn reads(&self, k: usize) -> Reads {
        match k {
            0 if self.is_weighted() => Reads::operand(0).and(Reads::operand(1)),
            0 => Reads::operand(0).and(Reads::RESULT),
            1 => Reads::operand(0),
            _ => Reads::NOTHING,
        }
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let of = |shape| (shape, -2.0, 2.0);
        let (x, last, two): (&[usize], &[usize], &[usize]) = (&[2, 3, 4], &[4], &[3, 4]);
        let mut rows = vec![
            row("normalize", ANY, |x| x[0].normalize(1, 1e-3)),
            row("normalize", ANY, |x| x[0].normalize(0, 1e-3)),
            row("rms_normalize", ANY, |x| x[0].rms_normalize(1, 1e-3)),
            row("rms_normalize", ANY, |x| x[0].rms_normalize(0, 1e-3)),
        ];
        for weight in [last, two] {
            let all = [of(x), of(weight), of(weight)];
            rows.push(row("layer_norm", &all, |x| x[0].layer_norm(x[1], Some(x[2]), 1e-3)));
            rows.push(row("rms_norm", &all[..2], |x| x[0].rms_norm(x[1], 1e-3)));
        }
        for x in [two, last] {
            let both = [of(x), of(last)];
            rows.push(row("layer_norm", &both, |x| x[0].layer_norm(x[1], None, 1e-3)));
        }
        rows.push(row("rms_norm", &[of(last), of(last)], |x| x[0].rms_norm(x[1], 1e-3)));
        // A batch, groups of channels, channels by themselves, and a weight that belongs to no axis.
        let affine: [(&'static [usize], &'static [usize], &'static [isize]); 5] = [
            (&[3, 2, 2], &[2, 1], &[0, 2]),
            (&[4, 3], &[3], &[0]),
            (&[2, 2, 2, 3], &[2, 2, 1], &[2, 3]),
            (&[2, 2, 3], &[2, 1], &[2]),
            (&[2, 2, 3], &[1, 1, 3], &[0, 1]),
        ];
        for (x, weight, axes) in affine {
            let all = [of(x), of(weight), of(weight)];
            rows.push(row("affine_normalize", &all, move |x| {
                x[0].affine_normalize(axes, x[1], Some(x[2]), 1e-3)
            }));
        }
        rows.push(row("affine_normalize", &[of(&[3, 2, 2]), of(&[2, 1])], |x| {
            x[0].affine_normalize([0, 2], x[1], None, 1e-3)
        }));
        rows
    }
}
