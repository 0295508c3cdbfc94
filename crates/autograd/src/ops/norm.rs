//! Norms of vectors, and the core of layer and batch normalisation.

use std::borrow::Cow;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Float, Tensor, keep};

use super::reduce::{or_zero, over, ties};
use super::{LayerNorm, Operation, Reads, RmsNorm, Variance, Where, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

family! {
    [inline(never)]
    /// Norms and normalisation.
    #[derive(Debug)]
    Normalizing { Norm, Normalize, RmsNormalize, LayerNorm, RmsNorm }
}

/// The norm of this order over axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm(pub Axes, pub f64);

/// (x - mean) / √(variance + epsilon) over axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize(pub Axes, pub f64);

/// x / √(mean of x² + epsilon) over axes.
#[derive(Clone, Debug, PartialEq)]
pub struct RmsNormalize(pub Axes, pub f64);

impl<T: Float> Operation<T> for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = over(&self.0);
        attributes.push(("p", self.1.to_string()));
        attributes
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].norm_over(self.0.clone(), self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        self.gradient(g.take(), &at.x(0), &at.y())
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        // Along t the norm grows by Σ t·∂y/∂x, and ∂y/∂x is what a gradient of 1 gives x.
        let one = y.fixed(Tensor::try_full(y.shape(), T::ONE)?);
        (t.clone() * self.gradient(one, &x[0], y)?).sum(self.0.clone())
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        match self.1 {
            0.0 => "0",
            1.0 => "spread(g)·sign(x)",
            2.0 => "spread(g / y)·x",
            p if p.is_infinite() => "spread(g)·ties(abs(x), y)·sign(x)",
            _ => "spread(g)·sign(x)·pow(abs(x) / spread(y), p - 1)",
        }
        .into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("norm", ANY, |x| x[0].norm_over(1, 2.0)),
            row("norm", ANY, |x| x[0].norm_over(0, 1.0)),
            row("norm", ANY, |x| x[0].norm_over(.., 3.0)),
            row("norm", ANY, |x| x[0].norm_over(1, f64::INFINITY)),
        ]
    }
}

impl Norm {
    /// The gradient of x, of whose norm y it is g. 0 where the norm is 0.
    fn gradient<T: Float, A: Algebra<T>>(&self, g: A, x: &A, y: &A) -> Result<A> {
        let Self(axes, p) = self;
        let shape = x.shape();
        let (sign, size) = (|| x.unary(UnaryOp::Sign), || x.unary(UnaryOp::Abs));
        if *p == 0.0 {
            return Ok(x.fixed(Tensor::try_full(&shape, T::ZERO)?));
        }
        if *p == 1.0 {
            return Ok(g.spread(axes, &shape)? * sign());
        }
        if p.is_infinite() {
            return Ok(g.spread(axes, &shape)? * ties(&size(), axes, y)? * sign());
        }
        if *p == 2.0 {
            return Ok(or_zero(&g, y)?.spread(axes, &shape)? * x.clone());
        }
        // sign(x)·(|x| / y)^(p - 1), so that no power overflows where the norm does not.
        let y = y.spread(axes, &shape)?;
        let ratio = or_zero(&size(), &y)?;
        // Where the norm is 0 the gradient is 0 for every order: of a negative order it is 0 with a single element.
        let there = |x: &A| x.tensor().map(|x| x != T::ZERO);
        let nonzero = there(x).logical_and(&there(&y))?;
        let one = x.fixed(Tensor::scalar(T::ONE));
        let safe = A::run(Where(nonzero.clone().into()), &[&ratio, &one])?;
        let power = safe.unary(UnaryOp::PowScalar { exponent: p - 1.0 }).masked(nonzero)?;
        Ok(g.spread(axes, &shape)? * power * sign())
    }
}

impl<T: Float> Operation<T> for Normalize {
    fn name(&self) -> &'static str {
        "normalize"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = over(&self.0);
        attributes.push(("epsilon", self.1.to_string()));
        attributes
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].normalize(self.0.clone(), self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        if let Some(dx) = one_pass(&self.0, self.1, true, &*g, at) {
            return Ok(dx);
        }
        let (y, axes) = (at.y(), keep(self.0.clone()));
        let variance = A::run(Variance(axes.clone(), 0.0), &[&at.x(0)])?;
        let scale = variance.unary(UnaryOp::AddScalar { c: self.1 }).unary(UnaryOp::Rsqrt);
        let g = g.take();
        Ok((g.clone() - g.mean(axes.clone())? - y.clone() * (g * y).mean(axes)?) * scale)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let axes = keep(self.0.clone());
        let variance = A::run(Variance(axes.clone(), 0.0), &[&x[0]])?;
        let deviation = variance.unary(UnaryOp::AddScalar { c: self.1 }).unary(UnaryOp::Sqrt);
        let t = t.clone() - t.mean(axes.clone())?;
        Ok((t.clone() - y.clone() * (y.clone() * t).mean(axes)?) / deviation)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "(g - mean(g) - y·mean(g·y))/sqrt(var(x) + epsilon)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("normalize", ANY, |x| x[0].normalize(1, 1e-3)),
            row("normalize", ANY, |x| x[0].normalize(0, 1e-3)),
        ]
    }
}

/// The reverse rule on numbers in one pass, if the axes are the last ones.
fn one_pass<T: Float, A: Algebra<T>>(
    axes: &Axes,
    epsilon: f64,
    centred: bool,
    g: &A,
    at: &impl At<A>,
) -> Option<A> {
    let numbers = g.numbers()?;
    let (x, y) = (at.x(0).tensor(), at.y().tensor());
    Some(g.fixed(y.pull_normalize(numbers, &x, axes, epsilon, centred)?))
}

impl<T: Float> Operation<T> for RmsNormalize {
    fn name(&self) -> &'static str {
        "rms_normalize"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = over(&self.0);
        attributes.push(("epsilon", self.1.to_string()));
        attributes
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].rms_normalize(self.0.clone(), self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        if let Some(dx) = one_pass(&self.0, self.1, false, &*g, at) {
            return Ok(dx);
        }
        let (y, axes) = (at.y(), keep(self.0.clone()));
        let square = at.x(0).unary(UnaryOp::Square).mean(axes.clone())?;
        let scale = square.unary(UnaryOp::AddScalar { c: self.1 }).unary(UnaryOp::Rsqrt);
        let g = g.take();
        Ok((g.clone() - y.clone() * (g * y).mean(axes)?) * scale)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let axes = keep(self.0.clone());
        let square = x[0].unary(UnaryOp::Square).mean(axes.clone())?;
        let root = square.unary(UnaryOp::AddScalar { c: self.1 }).unary(UnaryOp::Sqrt);
        Ok((t.clone() - y.clone() * (y.clone() * t.clone()).mean(axes)?) / root)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "(g - y·mean(g·y))/sqrt(mean(x·x) + epsilon)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("rms_normalize", ANY, |x| x[0].rms_normalize(1, 1e-3)),
            row("rms_normalize", ANY, |x| x[0].rms_normalize(0, 1e-3)),
        ]
    }
}
