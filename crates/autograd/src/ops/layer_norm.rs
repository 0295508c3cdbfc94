//! Layer normalisation with weight and bias, in one pass there and one back for each operand.

use std::borrow::Cow;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Float, Tensor, keep};

use super::reduce::over;
use super::{Normalize, Operation, Reads, RmsNormalize, Variance};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{Row, row};

/// (x - mean) / √(variance + epsilon) · weight + bias over the last axes.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm(pub Axes, pub f64);

/// x / √(mean of x² + epsilon) · weight over the last axes.
#[derive(Clone, Debug, PartialEq)]
pub struct RmsNorm(pub Axes, pub f64);

/// The reverse rule along x or the weight: on numbers in one pass. Else from plain ops: with y the normalised x, and d what y is
/// divided by, it is g·y along the weight, and (g·w - mean(g·w) - y·mean(g·w·y)) / d along x, without the first mean where
/// no mean was taken away.
fn pull<T: Float, A: Algebra<T>>(
    k: usize,
    (axes, epsilon): (&Axes, f64),
    centred: bool,
    g: Incoming<'_, A>,
    at: &impl At<A>,
) -> Result<A> {
    let x = at.x(0);
    if let Some(numbers) = g.numbers() {
        let pulled = match k {
            0 => x.tensor().pull_layer_norm(numbers, &at.x(1).tensor(), epsilon, centred),
            _ => x.tensor().pull_layer_norm_weight(numbers, &at.shape(1), epsilon, centred),
        };
        if let Some(pulled) = pulled {
            return Ok(g.fixed(pulled));
        }
    }
    let y = match centred {
        true => A::run(Normalize(axes.clone(), epsilon), &[&x])?,
        false => A::run(RmsNormalize(axes.clone(), epsilon), &[&x])?,
    };
    if k == 1 {
        return Ok(g.take() * y);
    }
    let scaled = g.take() * at.x(1);
    let axes = keep(axes.clone());
    let along = y.clone() * (scaled.clone() * y).mean(axes.clone())?;
    let (rest, square) = match centred {
        true => (
            scaled.clone() - scaled.mean(axes.clone())? - along,
            A::run(Variance(axes, 0.0), &[&x])?,
        ),
        false => (scaled - along, x.unary(UnaryOp::Square).mean(axes)?),
    };
    Ok(rest * square.unary(UnaryOp::AddScalar { c: epsilon }).unary(UnaryOp::Rsqrt))
}

/// The axes and epsilon as attributes.
fn described(axes: &Axes, epsilon: f64) -> Vec<(&'static str, String)> {
    let mut attributes = over(axes);
    attributes.push(("epsilon", epsilon.to_string()));
    attributes
}

impl<T: Float> Operation<T> for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        described(&self.0, self.1)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].layer_norm(x[1], x.get(2).copied(), self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        if k == 2 { Ok(g.take()) } else { pull(k, (&self.0, self.1), true, g, at) }
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let axes = keep(self.0.clone());
        let variance = A::run(Variance(axes.clone(), 0.0), &[&x[0]])?;
        let deviation = variance.unary(UnaryOp::AddScalar { c: self.1 }).unary(UnaryOp::Sqrt);
        let normal = (x[0].clone() - x[0].mean(axes.clone())?) / deviation.clone();
        match k {
            0 => {
                let t = t.clone() - t.mean(axes.clone())?;
                let along = normal.clone() * (normal * t.clone()).mean(axes)?;
                Ok((t - along) / deviation * x[1].clone())
            }
            1 => Ok(normal * t.clone()),
            _ => t.expand(&y.shape()),
        }
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        [
            "(g·b - mean(g·b) - (a - mean(a))·mean(g·b·(a - mean(a)))/(var(a) + epsilon))/sqrt(var(a) + epsilon)",
            "g·(a - mean(a))/sqrt(var(a) + epsilon)",
            "g",
        ][k]
        .into()
    }
    fn reads(&self, k: usize) -> Reads {
        reads(k)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let of = |shape| (shape, -2.0, 2.0);
        let (x, last, two): (&[usize], &[usize], &[usize]) = (&[2, 3, 4], &[4], &[3, 4]);
        vec![
            row("layer_norm", &[of(x), of(last), of(last)], |x| {
                x[0].layer_norm(x[1], Some(x[2]), 1e-3)
            }),
            row("layer_norm", &[of(x), of(two), of(two)], |x| {
                x[0].layer_norm(x[1], Some(x[2]), 1e-3)
            }),
            row("layer_norm", &[of(two), of(last)], |x| x[0].layer_norm(x[1], None, 1e-3)),
            row("layer_norm", &[of(last), of(last)], |x| x[0].layer_norm(x[1], None, 1e-3)),
        ]
    }
}

impl<T: Float> Operation<T> for RmsNorm {
    fn name(&self) -> &'static str {
        "rms_norm"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        described(&self.0, self.1)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].rms_norm(x[1], self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        pull(k, (&self.0, self.1), false, g, at)
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        let axes = keep(self.0.clone());
        let square = x[0].unary(UnaryOp::Square).mean(axes.clone())?;
        let root = square.unary(UnaryOp::AddScalar { c: self.1 }).unary(UnaryOp::Sqrt);
        let normal = x[0].clone() / root.clone();
        if k == 1 {
            return Ok(normal * t.clone());
        }
        let along = normal.clone() * (normal * t.clone()).mean(axes)?;
        Ok((t.clone() - along) / root * x[1].clone())
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        [
            "(g·b - a·mean(g·b·a)/(mean(a·a) + epsilon))/sqrt(mean(a·a) + epsilon)",
            "g·a/sqrt(mean(a·a) + epsilon)",
        ][k]
            .into()
    }
    fn reads(&self, k: usize) -> Reads {
        reads(k)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let of = |shape| (shape, -2.0, 2.0);
        let (x, last, two): (&[usize], &[usize], &[usize]) = (&[2, 3, 4], &[4], &[3, 4]);
        vec![
            row("rms_norm", &[of(x), of(last)], |x| x[0].rms_norm(x[1], 1e-3)),
            row("rms_norm", &[of(x), of(two)], |x| x[0].rms_norm(x[1], 1e-3)),
            row("rms_norm", &[of(last), of(last)], |x| x[0].rms_norm(x[1], 1e-3)),
        ]
    }
}

/// x and the weight along x, x along the weight.
fn reads(k: usize) -> Reads {
    match k {
        0 => Reads::operand(0).and(Reads::operand(1)),
        1 => Reads::operand(0),
        _ => Reads::NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use wengert_tensor::{Axes, Float, Rng, Tensor, set_threads};

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
    }
}
