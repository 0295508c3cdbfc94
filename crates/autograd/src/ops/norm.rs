//! Norms of vectors.

use std::borrow::Cow;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Axes, Float, Tensor};

use super::reduce::{or_zero, over, ties};
use super::{Operation, Reads, Where};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

/// The norm of this order over axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm(pub Axes, pub f64);

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
