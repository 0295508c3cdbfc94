//! Softmax, its logarithm, and the cross-entropy of it, each in one op.

use std::borrow::Cow;

use smallvec::SmallVec;
use wengert_tensor::{Float, Tensor, keep};

use super::scan::along;
use super::{Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};
use crate::cross_entropy::Targets;

family! {
    [inline(never)]
    /// Softmax and its kin.
    Softmaxes<T> { Softmax, LogSoftmax, CrossEntropy<T> }
}

/// eˣ / Σ eˣ along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax(pub isize);

/// x - ln Σ eˣ along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSoftmax(pub isize);

/// Softmax and negative log-likelihood together.
#[derive(Clone, Debug)]
pub struct CrossEntropy<T>(pub Targets<T>);

impl<T: Float> Operation<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        along(self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].softmax(self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match at.see_y(|y| one_pass(self.0, false, &*g, y)) {
            Some(dx) => Ok(dx),
            None => Ok(((*g).clone() - (g.take() * at.y()).sum(keep(self.0))?) * at.y()),
        }
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], y: &A) -> Result<A> {
        Ok(y.clone() * (t.clone() - (t.clone() * y.clone()).sum(keep(self.0))?))
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "y·(g - sum(g·y))".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::RESULT
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("softmax", ANY, |x| x[0].softmax(1)), row("softmax", ANY, |x| x[0].softmax(0))]
    }
}

impl<T: Float> Operation<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        along(self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].log_softmax(self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match at.see_y(|y| one_pass(self.0, true, &*g, y)) {
            Some(dx) => Ok(dx),
            None => Ok((*g).clone() - at.y().exp() * g.sum(keep(self.0))?),
        }
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], y: &A) -> Result<A> {
        Ok(t.clone() - (t.clone() * y.exp()).sum(keep(self.0))?)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "g - exp(y)·sum(g)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::RESULT
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("log_softmax", ANY, |x| x[0].log_softmax(-1))]
    }
}

/// The reverse rule of softmax, or of its logarithm, on numbers: in one pass, if the layout allows it.
fn one_pass<T: Float, A: Algebra<T>>(axis: isize, logarithm: bool, g: &A, y: &A) -> Option<A> {
    Some(g.fixed(y.numbers()?.pull_softmax(g.numbers()?, axis, logarithm)?))
}

impl<T: Float> Operation<T> for CrossEntropy<T> {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        self.0.forward(x[0])
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        at.see(0, |logits| match (g.numbers(), logits.numbers()) {
            (Some(g), Some(x)) => Ok(logits.fixed(self.0.pull_tensor(g.clone(), x)?)),
            _ => self.0.pull_recorded(g.take(), logits),
        })
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        self.0.push(&x[0], t)
    }
    fn data(&self) -> SmallVec<[u32; 2]> {
        self.0.line().into_iter().collect()
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "g·(softmax(x)·sum(q) - q)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        use wengert_tensor::tensor;

        vec![
            row("cross_entropy", ANY, |x| {
                let weights = tensor![1.0, 0.0, 2.0];
                let targets = Targets::weighted(tensor![0_usize, 9, 1], weights);
                x[0].cross_entropy(targets.sum_times(0.5))
            }),
            row("cross_entropy", &[(&[2, 3, 2], -2.0, 2.0)], |x| {
                let q = tensor![[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2], [0.0, 1.0, 0.0]];
                x[0].cross_entropy(Targets::dense(q))
            }),
            row("cross_entropy", &[(&[2, 3], -2.0, 2.0)], |x| {
                let q = tensor![[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]];
                x[0].cross_entropy(Targets::dense(q).sum_times(1.0))
            }),
            row("cross_entropy", &[(&[2, 3, 2], -2.0, 2.0)], |x| {
                x[0].cross_entropy(Targets::classes(tensor![[0_usize, 2], [1, 1]]))
            }),
        ]
    }
}
