//! Shapes: the same numbers in another shape or order, repeated or summed back, parts and joins.

use std::borrow::Cow;

use smallvec::SmallVec;
use wengert_tensor::{Float, Shape, Slice, Tensor, axis_or_refuse};

use super::scan::along;
use super::{Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

family! {
    [inline(never)]
    /// Ops that move numbers, and their adjoints.
    #[derive(Debug)]
    Shaping {
        Reshape, Permute, Expand, SumTo, Slicing, Unslice, Diagonal, Undiagonal, Cat
    }
}

/// Another shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshape(pub Shape);

/// The axes in another order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permute(pub SmallVec<[isize; 4]>);

/// Axes of size 1 repeated, and axes added in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expand(pub Shape);

/// The sum to a shape that broadcasts to the operand's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumTo(pub Shape);

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing(pub Vec<Slice>);

/// Zeros of a shape, with the operand in the place of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unslice(pub Shape, pub Vec<Slice>);

/// The diagonal of two axes: offset, and the axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagonal(pub isize, pub isize, pub isize);

/// Zeros of a shape, with the operand on the diagonal of two axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undiagonal(pub Shape, pub Diagonal);

/// Operands joined along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cat(pub isize);

/// Ops of one operand that are linear in it and read no value. The forward rule of each is the op itself, run on the
/// direction; the reverse rule is its adjoint.
macro_rules! linear {
    ($($Op:ident $name:literal: $value:expr;
        adjoint $adjoint:expr, $formula:literal;
        attributes $attributes:expr; $(data $data:expr;)?
        rows $rows:expr;)*) => {$(
        impl<T: Float> Operation<T> for $Op {
            fn name(&self) -> &'static str {
                $name
            }
            fn attributes(&self) -> Vec<(&'static str, String)> {
                let attributes: fn(&$Op) -> Vec<(&'static str, String)> = $attributes;
                attributes(self)
            }
            fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
                let value: fn(&$Op, &Tensor<T>) -> Result<Tensor<T>> = $value;
                value(self, x[0])
            }
            fn pull<A: Algebra<T>>(
                &self,
                _: usize,
                g: Incoming<'_, A>,
                at: &impl At<A>,
            ) -> Result<A> {
                let adjoint: fn(&$Op, Incoming<'_, A>, Shape) -> Result<A> = $adjoint;
                adjoint(self, g, at.shape(0))
            }
            fn push<A: Algebra<T>>(&self, _: usize, t: &A, _: &[A], _: &A) -> Result<A> {
                A::run(self.clone(), &[t])
            }
            $(fn data(&self) -> SmallVec<[u32; 2]> {
                let lines: fn(&$Op) -> _ = $data;
                lines(self).into_iter().collect()
            })?
            fn formula(&self, _: usize) -> Cow<'static, str> {
                $formula.into()
            }
            fn reads(&self, _: usize) -> Reads {
                Reads::NOTHING
            }
            #[cfg(test)]
            fn rows() -> Vec<Row> {
                $rows
            }
        }
    )*};
}
pub(super) use linear;

linear! {
    Reshape "reshape": |op, x| Ok(x.reshape(&op.0)?);
        adjoint |_, g, shape| g.reshape(&shape), "reshape(g)";
        attributes |op| vec![("shape", op.0.to_string())];
        rows vec![row("reshape", ANY, |x| x[0].square().reshape([2, wengert_tensor::REST]))];
    Permute "permute": |op, x| Ok(x.permute(&op.0)?);
        adjoint |op, g, _| g.permute(&inverse(&op.0)), "permute(g)";
        attributes |op| vec![("order", format!("{:?}", op.0.as_slice()))];
        rows vec![row("permute", ANY, |x| Ok(x[0].square().t()))];
    Expand "expand": |op, x| Ok(x.expand(&op.0)?);
        adjoint |_, g, _| Ok(g.take()), "sum_to(g)";
        attributes |op| vec![("shape", op.0.to_string())];
        rows vec![row("expand", &[(&[3, 1], -2.0, 2.0)], |x| x[0].square().expand([2, 3, 4]))];
    SumTo "sum_to": |op, x| Ok(x.sum_to(&op.0)?);
        adjoint |_, g, shape| g.expand(&shape), "expand(g)";
        attributes |op| vec![("shape", op.0.to_string())];
        rows vec![row("sum_to", ANY, |x| x[0].square().apply(SumTo(Shape::new(&[3, 1]))))];
    Slicing "slice": |op, x| Ok(x.slice(&op.0)?);
        adjoint |op, g, shape| A::run(Unslice(shape, op.0.clone()), &[&*g]), "unslice(g)";
        attributes |op| vec![("part", format!("{:?}", op.0))];
        rows vec![
            row("slice", ANY, |x| x[0].square().slice(wengert_tensor::s![1.., ..;-2])),
            row("slice", ANY, |x| x[0].square().slice(wengert_tensor::s![0, 1..])),
        ];
    Unslice "unslice":
        |op, x| Ok(zeros(&op.0)?.slice_assign(&op.1, x)?);
        adjoint |op, g, _| g.slice(op.1.clone()), "slice(g)";
        attributes |op| vec![("shape", op.0.to_string()), ("part", format!("{:?}", op.1))];
        rows vec![row("unslice", ANY, |x| {
            let part = wengert_tensor::s![1.., ..;2].as_ref().to_vec();
            x[0].square().apply(Unslice(Shape::new(&[4, 8]), part))
        })];
    Diagonal "diagonal": |op, x| Ok(x.diagonal(op.0, op.1, op.2)?);
        adjoint |op, g, shape| A::run(Undiagonal(shape, *op), &[&*g]), "undiagonal(g)";
        attributes |op| op.described();
        rows vec![row("diagonal", ANY, |x| x[0].square().diagonal(1, 0, 1))];
    Undiagonal "undiagonal": |op, x| op.1.undone(&op.0, x);
        adjoint |op, g, _| A::run(op.1, &[&*g]), "diagonal(g)";
        attributes |op| op.1.described();
        rows vec![row("undiagonal", &[(&[3], -2.0, 2.0)], |x| {
            x[0].square().apply(Undiagonal(Shape::new(&[3, 4]), Diagonal(1, 0, 1)))
        })];
}

impl Diagonal {
    fn described(self) -> Vec<(&'static str, String)> {
        vec![("offset", self.0.to_string()), ("axes", format!("[{}, {}]", self.1, self.2))]
    }

    /// Zeros of `shape`, with x on this diagonal.
    fn undone<T: Float>(self, shape: &Shape, x: &Tensor<T>) -> Result<Tensor<T>> {
        let len = Shape::len_or_refuse("undiagonal", shape)?;
        // The places of the diagonal, as the diagonal of a tensor of places.
        let places =
            Tensor::<usize>::arange(0, len, 1)?.reshape(shape)?.diagonal(self.0, self.1, self.2)?;
        Ok(zeros(&[len])?.index_add(0, &places.flatten(), &x.flatten())?.reshape(shape)?)
    }
}

impl<T: Float> Operation<T> for Cat {
    fn name(&self) -> &'static str {
        "cat"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        along(self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(Tensor::cat(x, self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let axis = axis_or_refuse("cat", &at.shape(0), self.0)?;
        let start = (0..k).map(|j| at.shape(j)[axis]).sum();
        g.narrow(axis, start, at.shape(k)[axis])
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        let zeros: Vec<A> = x
            .iter()
            .map(|x| Ok(t.fixed(Tensor::try_full(x.shape(), T::ZERO)?)))
            .collect::<Result<_>>()?;
        let parts: Vec<&A> =
            zeros.iter().enumerate().map(|(j, zero)| if j == k { t } else { zero }).collect();
        A::run(*self, &parts)
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        format!("part(g, {k})").into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("cat", &[(&[2, 3], -2.0, 2.0), (&[2, 1], -2.0, 2.0)], |x| {
            crate::Var::cat(&[x[0].square(), x[1].exp()], 1)
        })]
    }
}

/// Zeros, as a view of one number: the op that writes into them makes the only copy.
pub(super) fn zeros<T: Float>(shape: &[usize]) -> Result<Tensor<T>> {
    Ok(Tensor::scalar(T::ZERO).expand(shape)?)
}

/// The order that undoes an order of axes.
pub(super) fn inverse(order: &[isize]) -> Vec<isize> {
    let rank = order.len() as isize;
    let mut back = vec![0; order.len()];
    for (i, &axis) in order.iter().enumerate() {
        back[(if axis < 0 { axis + rank } else { axis }) as usize] = i as isize;
    }
    back
}
