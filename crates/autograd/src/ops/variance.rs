//! Variance and standard deviation.

use std::borrow::Cow;

use wengert_tensor::{Axes, Float, Tensor, keep};

use super::reduce::{or_zero, over};
use super::{Operation, Reads};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

/// The variance over axes, with the number that is subtracted from the count.
#[derive(Clone, Debug, PartialEq)]
pub struct Variance(pub Axes, pub f64);

/// The standard deviation over axes, with the number that is subtracted from the count.
#[derive(Clone, Debug, PartialEq)]
pub struct Std(pub Axes, pub f64);

impl<T: Float> Operation<T> for Variance {
    fn name(&self) -> &'static str {
        "var"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        corrected(&self.0, self.1)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].var_over(self.0.clone(), self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let shape = at.shape(0);
        let scale = 2.0 / freedom(&self.0, self.1, &shape)?;
        Ok(g.scaled(scale).spread(&self.0, &shape)? * centred(&at.x(0), &self.0)?)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        let scale = 2.0 / freedom(&self.0, self.1, &x[0].shape())?;
        Ok((t.clone() * centred(&x[0], &self.0)?).sum(self.0.clone())?.scaled(scale))
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "spread(g)·2·(x - mean(x))/(n - correction)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("var", ANY, |x| x[0].var_over(0, 1.0)),
            row("var", ANY, |x| x[0].var_over(.., 0.0)),
        ]
    }
}

impl<T: Float> Operation<T> for Std {
    fn name(&self) -> &'static str {
        "std"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        corrected(&self.0, self.1)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].std_over(self.0.clone(), self.1)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let shape = at.shape(0);
        let scale = 1.0 / freedom(&self.0, self.1, &shape)?;
        let g = or_zero(&*g, &at.y())?.scaled(scale);
        Ok(g.spread(&self.0, &shape)? * centred(&at.x(0), &self.0)?)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let scale = 1.0 / freedom(&self.0, self.1, &x[0].shape())?;
        let along = (t.clone() * centred(&x[0], &self.0)?).sum(self.0.clone())?;
        or_zero(&along.scaled(scale), y)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "spread(g / y)·(x - mean(x))/(n - correction)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("std", ANY, |x| x[0].std_over(1, 1.0))]
    }
}

fn corrected(axes: &Axes, correction: f64) -> Vec<(&'static str, String)> {
    let mut attributes = over(axes);
    attributes.push(("correction", correction.to_string()));
    attributes
}

/// The degrees of freedom of a variance: the count less the correction.
fn freedom(axes: &Axes, correction: f64, shape: &[usize]) -> Result<f64> {
    Ok((axes.count(shape)? - correction).max(0.0))
}

/// x - mean(x)
fn centred<T: Float, A: Algebra<T>>(x: &A, axes: &Axes) -> Result<A> {
    Ok(x.clone() - x.mean(keep(axes.clone()))?)
}
