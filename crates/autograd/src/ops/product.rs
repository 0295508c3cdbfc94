//! Matrix products.

use std::borrow::Cow;

use wengert_tensor::{Float, Tensor};

use super::{Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{Row, row};

family! {
    [inline]
    /// Matrix products.
    #[derive(Debug)]
    Product { MatMul, Linear }
}

/// The matrix product of two operands with two axes or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMul;

/// x · Wᵀ, or x · Wᵀ + b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear;

impl<T: Float> Operation<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    #[inline]
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].matmul(x[1])?)
    }
    #[inline]
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match k {
            0 => at.see(1, |b| g.matmul(&b.t()?)),
            _ => at.see(0, |a| a.t_matmul(&g)),
        }
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        if k == 0 { t.matmul(&x[1]) } else { x[0].matmul(t) }
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        if k == 0 { "g @ bᵀ".into() } else { "aᵀ @ g".into() }
    }
    fn reads(&self, k: usize) -> Reads {
        Reads::operand(1 - k)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let shapes: [[&[usize]; 2]; 4] =
            [[&[3, 4], &[4, 2]], [&[2, 3, 4], &[1, 4, 2]], [&[4], &[2, 4, 2]], [&[4], &[4]]];
        let each = shapes
            .map(|[a, b]| row("matmul", &[(a, -1.0, 1.0), (b, -1.0, 1.0)], |x| x[0].matmul(x[1])));
        each.into()
    }
}

impl<T: Float> Operation<T> for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }
    #[inline]
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].linear(x[1], x.get(2).copied())?)
    }
    #[inline]
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match (k, at.rank(0)) {
            // A single row is a matrix of one row.
            (0, 1) => at.see(1, |w| rows_of(&*g)?.matmul(w)?.reshape(&at.shape(0))),
            (0, _) => at.see(1, |w| g.matmul(w)),
            (1, 2) => at.see(0, |x| g.t_matmul(x)),
            (1, _) => at.see(0, |x| rows_of(&*g)?.t_matmul(&rows_of(x)?)),
            _ => g.over_rows(),
        }
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        match k {
            0 => A::run(Linear, &[t, &x[1]]),
            1 => A::run(Linear, &[&x[0], t]),
            _ => t.expand(&y.shape()),
        }
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        ["g @ b", "gᵀ @ a", "sum_to(g)"][k].into()
    }
    fn reads(&self, k: usize) -> Reads {
        if k < 2 { Reads::operand(1 - k) } else { Reads::NOTHING }
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let (matrix, weight, bias): (&[usize], &[usize], &[usize]) = (&[3, 4], &[2, 4], &[2]);
        let of = |shape| (shape, -1.0, 1.0);
        vec![
            row("linear", &[of(matrix), of(weight), of(bias)], |x| x[0].linear(x[1], Some(x[2]))),
            row("linear", &[of(&[2, 3, 4]), of(weight)], |x| x[0].linear(x[1], None)),
            row("linear", &[of(&[4]), of(weight), of(bias)], |x| x[0].linear(x[1], Some(x[2]))),
        ]
    }
}

/// […, n] as [rows, n].
fn rows_of<T: Float, A: Algebra<T>>(x: &A) -> Result<A> {
    let shape = x.shape();
    match *shape {
        [_, _] => Ok(x.clone()),
        [.., n] => x.reshape(&[shape[..shape.len() - 1].iter().product(), n]),
        [] => unreachable!("`linear` takes no scalar"),
    }
}
