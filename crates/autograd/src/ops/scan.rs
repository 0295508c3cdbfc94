//! Scans: running sums and products along an axis.

use std::borrow::Cow;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Float, Tensor, axis_or_refuse, keep};

use super::{Operation, Reads, Where, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, M, Row, row};

family! {
    [inline(never)]
    /// Scans along an axis.
    #[derive(Debug)]
    Scan { CumSum, CumProd, LogCumSumExp }
}

/// Sums of the first 1, 2, 3, … elements along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumSum(pub isize);

/// Products of the first 1, 2, 3, … elements along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumProd(pub isize);

/// Logarithms of the sums of the first 1, 2, 3, … exponentials along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCumSumExp(pub isize);

impl<T: Float> Operation<T> for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        along(self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].cumsum(self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match axis_of(self.0, &at.shape(0))? {
            Some(axis) => g.cumsum_from_end(axis),
            None => Ok(g.take()),
        }
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], _: &A) -> Result<A> {
        A::run(*self, &[t])
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "cumsum_from_end(g)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("cumsum", ANY, |x| x[0].square().cumsum(1))]
    }
}

impl<T: Float> Operation<T> for CumProd {
    fn name(&self) -> &'static str {
        "cumprod"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        along(self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].cumprod(self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let Some(axis) = axis_of(self.0, &at.shape(0))? else { return Ok(g.take()) };
        let (x, y) = (at.x(0), at.y());
        if super::reduce::can_be_divided(&y.tensor()) {
            return Ok((g.take() * y).cumsum_from_end(axis)? / x);
        }
        // dxᵢ = (x₁ ⋯ xᵢ₋₁)·sᵢ with sᵢ = gᵢ + xᵢ₊₁·sᵢ₊₁: by Horner's rule, without a division.
        let n = x.shape()[axis];
        let place = |v: &A, i: usize| v.narrow(axis, i, 1);
        let mut s = vec![place(&g, n - 1)?];
        for i in (0..n - 1).rev() {
            let next = place(&x, i + 1)? * s[s.len() - 1].clone();
            s.push(place(&g, i)? + next);
        }
        s.reverse();
        let mut parts = vec![s[0].clone()];
        for (i, s) in s.iter().enumerate().skip(1) {
            parts.push(place(&y, i - 1)? * s.clone());
        }
        A::cat(&parts.iter().collect::<Vec<_>>(), axis)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        // d(x₁ ⋯ xₖ) by the product rule, running: dₖ = dₖ₋₁·xₖ + yₖ₋₁·tₖ.
        let shape = t.shape();
        let Some(axis) = axis_of(self.0, &shape)? else { return Ok(t.clone()) };
        let place = |v: &A, i: usize| v.narrow(axis, i, 1);
        let mut parts = vec![place(t, 0)?];
        for i in 1..shape[axis] {
            let next = parts[i - 1].clone() * place(&x[0], i)? + place(y, i - 1)? * place(t, i)?;
            parts.push(next);
        }
        A::cat(&parts.iter().collect::<Vec<_>>(), axis)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "cumsum_from_end(g·y)/x".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("cumprod", &[(M, 0.5, 2.0)], |x| x[0].cumprod(0))]
    }
}

impl<T: Float> Operation<T> for LogCumSumExp {
    fn name(&self) -> &'static str {
        "logcumsumexp"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        along(self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].logcumsumexp(self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        // Σₖ gₖ·exp(xᵢ - yₖ) over k ≥ i, apart for positive and negative gradients, whose logarithms are summed as the
        // forward pass sums.
        let Some(axis) = axis_of(self.0, &at.shape(0))? else { return Ok(g.take()) };
        let (x, y) = (at.x(0), at.y());
        let part = |sign: f64| -> Result<A> {
            let there = g.tensor().map(|g| g.to_f64() * sign > 0.0);
            let one = g.fixed(Tensor::scalar(T::ONE));
            let least = g.fixed(Tensor::scalar(T::LEAST));
            let safe = A::run(Where(there.clone().into()), &[&g.scaled(sign), &one])?;
            let log =
                A::run(Where(there.into()), &[&(safe.unary(UnaryOp::Ln) - y.clone()), &least])?;
            let sums = A::run(LogCumSumExp(axis as isize), &[&log.flip(axis)?])?.flip(axis)?;
            Ok((sums + x.clone()).exp())
        };
        Ok(part(1.0)? - part(-1.0)?)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        // Σ tᵢ·exp(xᵢ) / exp(yₖ) over i ≤ k, shifted by the largest x so that nothing overflows.
        let a = &x[0];
        let top = a.tensor().max_over(keep(self.0))?;
        let top = a.fixed(top.map(|m| if m.is_finite() { m } else { T::ZERO }));
        let weighted = t.clone() * (a.clone() - top.clone()).exp();
        let sums = A::run(CumSum(self.0), &[&weighted])?;
        // A sum of e^-∞ alone has no slope.
        let there = y.tensor().map(|y| y != T::LEAST);
        (sums * (top - y.masked(there.clone())?).exp()).masked(there)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "cumsum_from_end(g·exp(-y))·exp(x)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("logcumsumexp", ANY, |x| x[0].logcumsumexp(1))]
    }
}

/// The axis as an attribute.
pub(super) fn along(axis: isize) -> Vec<(&'static str, String)> {
    vec![("axis", axis.to_string())]
}

/// The axis that a checked number means; `None` in a scalar, whose scan is the scalar itself.
fn axis_of(axis: isize, shape: &[usize]) -> Result<Option<usize>> {
    if shape.is_empty() { Ok(None) } else { Ok(Some(axis_or_refuse("axis", shape, axis)?)) }
}
