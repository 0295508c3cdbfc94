//! Numbers brought to one scale: the core of layer and batch normalisation. Over the last axes, with a weight and a bias if there
//! are any, it is one pass there and one back for each operand.

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

    /// Whether the second operand is a weight.
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

#[cfg(test)]
mod tests {
    use wengert_tensor::{Axes, Float, Rng, Tensor, keep, set_threads};

    use crate::{Result, Tape, Var};

    /// The value and the gradients of what `f` makes of x, weight and bias, from a gradient that differs from place to place.
    fn value_and_gradients<T: Float>(
        of: &[Tensor<T>; 3],
        f: impl for<'t> Fn([Var<'t, T>; 3]) -> Result<Var<'t, T>>,
    ) -> Vec<Tensor<T>> {
        let tape = Tape::new();
        let vars = of.each_ref().map(|x| tape.var(x.clone()));
        let y = f(vars).unwrap();
        let far = y.value().unwrap().map(|y| y.times(T::from_f64(1.5)).plus(T::ONE));
        let mut all = y.pull_tensors(&vars, &far).unwrap();
        all.insert(0, y.value().unwrap());
        all
    }

    fn compare<T: Float>(shape: &[usize], last: usize, tolerance: f64) {
        let rng = &mut Rng::new(5);
        let sizes = &shape[shape.len() - last..];
        let of: [Tensor<T>; 3] =
            [Tensor::randn(shape, rng), Tensor::randn(sizes, rng), Tensor::randn(sizes, rng)];
        let axes = Axes::last(last);
        let one = value_and_gradients(&of, |[x, w, b]| x.layer_norm(w, Some(b), 1e-5));
        let composed = value_and_gradients(&of, |[x, w, b]| {
            x.normalize(axes.clone(), 1e-5)?.try_mul(w)?.try_add(b)
        });
        let one_rms = value_and_gradients(&of, |[x, w, b]| x.rms_norm(w, 1e-5)?.try_add(b));
        let composed_rms = value_and_gradients(&of, |[x, w, b]| {
            x.rms_normalize(axes.clone(), 1e-5)?.try_mul(w)?.try_add(b)
        });
        for (one, composed) in [(one, composed), (one_rms, composed_rms)] {
            assert_eq!(one[0].shape(), shape);
            assert!(one[0].equal(&composed[0]).unwrap().all(), "{shape:?}: another value");
            for (one, composed) in one.iter().zip(&composed) {
                assert_eq!(one.shape(), composed.shape());
                for (a, b) in one.iter().zip(composed.iter()) {
                    let (a, b) = (a.to_f64(), b.to_f64());
                    assert!(
                        (a - b).abs() <= tolerance * (1.0 + b.abs()),
                        "{shape:?}: {a}, not {b}"
                    );
                }
            }
        }
    }

    #[test]
    fn one_op_is_what_plain_ops_compose() {
        let shapes: [(&[usize], usize); 11] = [
            (&[4], 1),
            (&[1], 1),
            (&[5, 1], 1),
            (&[1, 7], 1),
            (&[0, 4], 1),
            (&[3, 0], 1),
            (&[2, 3, 4], 2),
            (&[2, 1, 4], 3),
            (&[32, 128], 1),
            (&[70, 33], 1),
            (&[3, 1100], 1),
        ];
        for (shape, last) in shapes {
            compare::<f64>(shape, last, 1e-11);
            compare::<f32>(shape, last, 2e-4);
        }
    }

    /// x of this shape, and weight and bias of that one, over axes: one op, and what plain ops compose.
    fn compare_affine<T: Float>(shape: &[usize], weight: &[usize], axes: &[isize], tolerance: f64) {
        let rng = &mut Rng::new(7);
        let x: Tensor<T> = Tensor::randn(shape, rng).mul_scalar(2.0).add_scalar(3.0);
        // Also of a view.
        let mut turned = shape.to_vec();
        turned.swap(0, 1);
        let view: Tensor<T> = Tensor::randn(&turned, rng).transpose(0, 1).unwrap();
        for x in [x, view] {
            let of = [x, Tensor::randn(weight, rng), Tensor::randn(weight, rng)];
            let one =
                value_and_gradients(&of, |[x, w, b]| x.affine_normalize(axes, w, Some(b), 1e-5));
            let composed = value_and_gradients(&of, |[x, w, b]| {
                let centred = x.try_sub(x.mean_over(keep(axes))?)?;
                let root = centred.square().mean_over(keep(axes))?.add_scalar(1e-5).sqrt();
                centred.try_div(root)?.try_mul(w)?.try_add(b)
            });
            for (k, (one, composed)) in one.iter().zip(&composed).enumerate() {
                assert_eq!(one.shape(), composed.shape());
                for (a, b) in one.iter().zip(composed.iter()) {
                    let (a, b) = (a.to_f64(), b.to_f64());
                    let close = (a - b).abs() <= tolerance * (1.0 + b.abs());
                    assert!(close, "{shape:?} {weight:?} {axes:?}, part {k}: {a}, not {b}");
                }
            }
        }
    }

    #[test]
    fn batches_groups_and_channels_are_what_plain_ops_compose() {
        let cases: [(&[usize], &[usize], &[isize]); 16] = [
            // Batches: long runs and short ones, one sample, one channel, one number a channel.
            (&[5, 3, 4, 6], &[3, 1, 1], &[0, 2, 3]),
            (&[70, 3, 40], &[3, 1], &[0, 2]),
            (&[5, 3, 4], &[3, 1], &[0, 2]),
            (&[300, 7], &[7], &[0]),
            (&[1, 3, 20], &[3, 1], &[0, 2]),
            (&[6, 1, 17], &[1, 1], &[0, 2]),
            (&[3, 4, 2, 3, 16], &[4, 2, 1, 1], &[0, 3, 4]),
            // Groups, long and short.
            (&[3, 2, 4, 18], &[2, 4, 1], &[2, 3]),
            (&[3, 2, 4, 5], &[2, 4, 1], &[2, 3]),
            (&[3, 1, 4, 18], &[1, 4, 1], &[2, 3]),
            (&[3, 4, 1, 18], &[4, 1, 1], &[2, 3]),
            // Channels by themselves.
            (&[3, 4, 5, 6], &[4, 1, 1], &[2, 3]),
            (&[3, 1, 20], &[1, 1], &[2]),
            // Neither: a weight of the last axis, one of two axes apart, one number.
            (&[3, 4, 5], &[1, 1, 5], &[0, 1]),
            (&[3, 4, 20], &[3, 1, 20], &[1]),
            (&[3, 4, 20], &[1], &[0, 1, 2]),
        ];
        for (shape, weight, axes) in cases {
            compare_affine::<f64>(shape, weight, axes, 1e-9);
            compare_affine::<f32>(shape, weight, axes, 1e-3);
        }
        compare_affine::<f64>(&[0, 3, 4], &[3, 1], &[0, 2], 0.0);
        compare_affine::<f64>(&[2, 3, 0], &[3, 1], &[2], 0.0);
    }

    #[test]
    fn weights_that_do_not_broadcast_are_refused() {
        let x = Tensor::<f64>::zeros([2, 3, 4]);
        for wrong in [vec![3], vec![1, 2, 3, 4], vec![2, 1]] {
            let weight = Tensor::zeros(&wrong);
            let error = x.affine_normalize([0, 2], &weight, None, 1e-5).unwrap_err().to_string();
            let rule = "affine_normalize: [2, 3, 4] and ";
            assert!(error.starts_with(rule) && error.contains("must broadcast"), "{error}");
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let rng = &mut Rng::new(6);
        let of: [Tensor<f32>; 3] =
            [Tensor::randn([700, 130], rng), Tensor::randn([130], rng), Tensor::randn([130], rng)];
        let with = |threads| {
            set_threads(threads);
            value_and_gradients(&of, |[x, w, b]| x.layer_norm(w, Some(b), 1e-5))
        };
        assert_eq!(with(1), with(3));
        let of: [Tensor<f32>; 3] = [
            Tensor::randn([40, 6, 30, 30], rng),
            Tensor::randn([6, 1, 1], rng),
            Tensor::randn([6, 1, 1], rng),
        ];
        for axes in [&[0, 2, 3][..], &[2, 3]] {
            let with = |threads| {
                set_threads(threads);
                value_and_gradients(&of, |[x, w, b]| x.affine_normalize(axes, w, Some(b), 1e-5))
            };
            assert_eq!(with(1), with(3));
        }
    }
}
