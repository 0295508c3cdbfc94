//! Reductions over axes: sums, means, products, extremes, spreads.

use std::borrow::Cow;

use wengert_tensor::{Axes, Float, Tensor, keep};

use super::{Operation, Reads, Std, Variance, Where, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, M, Row, row};

family! {
    [inline(never)]
    /// Reductions over axes.
    #[derive(Debug)]
    Reduce { Sum, Mean, Prod, Max, Min, Variance, Std, LogSumExp }
}

/// The sum over axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum(pub Axes);

/// The mean over axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mean(pub Axes);

/// The product over axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prod(pub Axes);

/// The largest over axes; tied elements get equal parts of the gradient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Max(pub Axes);

/// The smallest over axes; tied elements get equal parts of the gradient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Min(pub Axes);

/// ln Σ eˣ over axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSumExp(pub Axes);

impl<T: Float> Operation<T> for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        over(&self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(if self.0 == Axes::ALL { x[0].sum() } else { x[0].sum_over(self.0.clone())? })
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        g.spread(&self.0, &at.shape(0))
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], _: &A) -> Result<A> {
        t.sum(self.0.clone())
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "spread(g)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("sum", ANY, |x| Ok(x[0].square().sum())),
            row("sum", ANY, |x| x[0].square().sum_over(0)),
            row("sum", ANY, |x| x[0].square().sum_over(keep(-1))),
        ]
    }
}

impl<T: Float> Operation<T> for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        over(&self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(if self.0 == Axes::ALL { x[0].mean() } else { x[0].mean_over(self.0.clone())? })
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        g.share(&self.0, &at.shape(0))
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], _: &A) -> Result<A> {
        t.mean(self.0.clone())
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "spread(g / n)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("mean", ANY, |x| Ok(x[0].square().mean())),
            row("mean", ANY, |x| x[0].square().mean_over(1)),
        ]
    }
}

/// Reductions of one rule: the gradient times a slope of each element, which is made of the elements and the result.
macro_rules! sloped {
    ($($Op:ident $name:literal $over:ident, $slope:ident $text:literal, $rows:expr;)*) => {$(
        impl<T: Float> Operation<T> for $Op {
            fn name(&self) -> &'static str {
                $name
            }
            fn attributes(&self) -> Vec<(&'static str, String)> {
                over(&self.0)
            }
            fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
                Ok(x[0].$over(self.0.clone())?)
            }
            fn pull<A: Algebra<T>>(
                &self,
                _: usize,
                g: Incoming<'_, A>,
                at: &impl At<A>,
            ) -> Result<A> {
                Ok(g.spread(&self.0, &at.shape(0))? * $slope(&at.x(0), &self.0, &at.y())?)
            }
            fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
                (t.clone() * $slope(&x[0], &self.0, y)?).sum(self.0.clone())
            }
            fn formula(&self, _: usize) -> Cow<'static, str> {
                concat!("spread(g)·", $text).into()
            }
            fn reads(&self, _: usize) -> Reads {
                Reads::operand(0).and(Reads::RESULT)
            }
            #[cfg(test)]
            fn rows() -> Vec<Row> {
                $rows
            }
        }
    )*};
}
sloped! {
    Prod "prod" prod_over, others "others(x)", vec![
        row("prod", &[(M, 0.5, 2.0)], |x| x[0].prod_over(1)),
        row("prod", &[(&[2, 3], -2.0, 2.0)], |x| Ok(x[0].prod())),
    ];
    Max "max" max_over, ties "ties(x, y)",
        vec![row("max", ANY, |x| x[0].max_over(0)), row("max", ANY, |x| x[0].max())];
    Min "min" min_over, ties "ties(x, y)",
        vec![row("min", ANY, |x| x[0].min_over(keep(1)))];
    LogSumExp "logsumexp" logsumexp_over, softmax_of "exp(x - spread(y))",
        vec![row("logsumexp", ANY, |x| x[0].logsumexp_over(0))];
}

/// The axes as an attribute; none, if they are all axes.
pub(super) fn over(axes: &Axes) -> Vec<(&'static str, String)> {
    if *axes == Axes::ALL { Vec::new() } else { vec![("axes", axes.to_string())] }
}

/// g / y, and 0 where y is 0: the slope that is chosen where a root has none.
pub(super) fn or_zero<T: Float, A: Algebra<T>>(g: &A, y: &A) -> Result<A> {
    let nonzero = y.tensor().map(|y| y != T::ZERO);
    // Elsewhere the divisor is 1, so that the branch not taken is finite too.
    let one = y.fixed(Tensor::scalar(T::ONE));
    let safe = A::run(Where(nonzero.clone().into()), &[y, &one])?;
    (g.clone() / safe).masked(nonzero)
}

/// 1 shared among the elements that equal the extreme `y`, 0 elsewhere. A constant: between ties it does not change.
pub(super) fn ties<T: Float, A: Algebra<T>>(x: &A, axes: &Axes, y: &A) -> Result<A> {
    let (tensor, y) = (x.tensor(), y.kept(axes, &x.shape())?.tensor());
    // A NaN is the extreme wherever it stands.
    let both_nan = tensor.is_nan().logical_and(&y.is_nan())?;
    let equal = tensor.equal(&y)?.logical_or(&both_nan)?.cast::<T>();
    let fraction = equal.try_div(&equal.sum_over(keep(axes.clone()))?)?;
    Ok(x.fixed(fraction))
}

/// exp(x - logsumexp(x)): the softmax over any axes; 0 where all are -∞.
fn softmax_of<T: Float, A: Algebra<T>>(x: &A, axes: &Axes, y: &A) -> Result<A> {
    let y = y.spread(axes, &x.shape())?;
    let finite = y.tensor().map(|y| y != T::LEAST);
    (x.clone() - y.masked(finite.clone())?).exp().masked(finite)
}

/// Whether products are normal numbers, so that dividing by an element leaves the product of the others.
pub(super) fn can_be_divided<T: Float>(products: &Tensor<T>) -> bool {
    let least = f64::from(f32::MIN_POSITIVE);
    products.iter().all(|y| y.is_finite() && y.to_f64().abs() >= least)
}

/// For each element the product of all others over the axes.
fn others<T: Float, A: Algebra<T>>(x: &A, axes: &Axes, y: &A) -> Result<A> {
    let shape = x.shape();
    if can_be_divided(&y.tensor()) {
        return Ok(y.spread(axes, &shape)? / x.clone());
    }
    // Of a product that is 0, or has left the range of normal numbers, no quotient gives the others' product back. The
    // reduced axes go last and become one; the product of the elements before each
    // element is multiplied with the product of those after it.
    let flags = axes.flags("prod", &shape)?;
    let reduced = (0..shape.len()).filter(|&i| flags[i]);
    let order: Vec<isize> = (0..shape.len())
        .filter(|&i| !flags[i])
        .chain(reduced.clone())
        .map(|i| i as isize)
        .collect();
    let permuted = x.permute(&order)?;
    let n: usize = reduced.map(|i| shape[i]).product();
    let flat = permuted.reshape(&[shape.iter().product::<usize>() / n.max(1), n])?;
    let ones = flat.fixed(Tensor::try_full([flat.shape()[0], 1], T::ONE)?);
    let (mut before, mut after) = (vec![ones.clone()], vec![ones]);
    for i in 1..n {
        before.push(before[i - 1].clone() * flat.narrow(1, i - 1, 1)?);
        after.push(after[i - 1].clone() * flat.narrow(1, n - i, 1)?);
    }
    let products: Vec<A> =
        before.into_iter().zip(after.into_iter().rev()).map(|(a, b)| a * b).collect();
    let joined = A::cat(&products.iter().collect::<Vec<_>>(), 1)?;
    joined.reshape(&permuted.shape())?.permute(&super::shape::inverse(&order))
}
