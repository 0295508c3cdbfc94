//! Elements by index, and sums of elements into places by index, one by one and in bags.

use std::borrow::Cow;

use smallvec::SmallVec;
use wengert_tensor::{Float, Shape, Tensor};

use super::scan::along;
use super::shape::{linear, zeros};
use super::{Given, Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

family! {
    [inline(never)]
    /// Elements by index, and the adjoints.
    #[derive(Debug)]
    Index { Gather, Ungather, IndexSelect, Unindex, SumBags, Unbag }
}

/// Elements taken along an axis by an index for each element.
#[derive(Clone, Debug)]
pub struct Gather(pub isize, pub Given<usize>);

/// Zeros of a shape, with the operand's elements added along an axis by an index for each.
#[derive(Clone, Debug)]
pub struct Ungather(pub Shape, pub Gather);

/// Places of an axis by index.
#[derive(Clone, Debug)]
pub struct IndexSelect(pub isize, pub Given<usize>);

/// Zeros of a shape, with the operand's places of an axis added by index.
#[derive(Clone, Debug)]
pub struct Unindex(pub Shape, pub IndexSelect);

/// Sums of rows of a matrix, bag by bag.
///
/// It holds the rows of all bags one after another, and the place where each bag begins.
#[derive(Clone, Debug)]
pub struct SumBags(pub Given<usize>, pub Given<usize>);

/// Zeros of a shape, with a row of the operand added to each row that its bag holds.
#[derive(Clone, Debug)]
pub struct Unbag(pub Shape, pub SumBags);

linear! {
    Gather "gather": |op, x| Ok(x.gather(op.0, &op.1.values)?);
        adjoint |op, g, shape| A::run(Ungather(shape, op.clone()), &[&*g]), "scatter_add(index, g)";
        attributes |op| along(op.0); data |op| op.1.line;
        rows vec![row("gather", ANY, |x| x[0].square().gather(1, places()))];
    Ungather "scatter_add":
        |op, x| Ok(zeros(&op.0)?.scatter_add(op.1.0, &op.1.1.values, x)?);
        adjoint |op, g, _| A::run(op.1.clone(), &[&*g]), "gather(g, index)";
        attributes |op| along(op.1.0); data |op| op.1.1.line;
        rows vec![row("scatter_add", &[(&[3, 2], -2.0, 2.0)], |x| {
            x[0].square().apply(Ungather(Shape::new(&[3, 4]), Gather(1, places().into())))
        })];
    IndexSelect "index_select": |op, x| Ok(x.index_select(op.0, &op.1.values)?);
        adjoint |op, g, shape| A::run(Unindex(shape, op.clone()), &[&*g]), "index_add(index, g)";
        attributes |op| along(op.0); data |op| op.1.line;
        rows vec![row("index_select", ANY, |x| {
            x[0].square().index_select(0, wengert_tensor::tensor![2_usize, 0, 2])
        })];
    Unindex "index_add":
        |op, x| Ok(zeros(&op.0)?.index_add(op.1.0, &op.1.1.values, x)?);
        adjoint |op, g, _| A::run(op.1.clone(), &[&*g]), "index_select(g, index)";
        attributes |op| along(op.1.0); data |op| op.1.1.line;
        rows vec![row("index_add", ANY, |x| {
            let index = wengert_tensor::tensor![2_usize, 0, 2];
            x[0].square().apply(Unindex(Shape::new(&[4, 4]), IndexSelect(0, index.into())))
        })];
    SumBags "sum_bags": |op, x| Ok(x.sum_bags(&op.0.values, &op.1.values)?);
        adjoint |op, g, shape| A::run(Unbag(shape, op.clone()), &[&*g]), "add_bags(bags, g)";
        attributes |_| vec![]; data |op| op.0.line.into_iter().chain(op.1.line);
        rows vec![
            row("sum_bags", ANY, |x| x[0].square().sum_bags(bags().0.values, bags().1.values)),
            row("sum_bags", &[(&[3, 1], -2.0, 2.0)], |x| {
                x[0].square().sum_bags(bags().0.values, bags().1.values)
            }),
        ];
    Unbag "add_bags":
        |op, x| Ok(zeros(&op.0)?.add_bags(&op.1.0.values, &op.1.1.values, x)?);
        adjoint |op, g, _| A::run(op.1.clone(), &[&*g]), "sum_bags(g, bags)";
        attributes |_| vec![]; data |op| op.1.0.line.into_iter().chain(op.1.1.line);
        rows vec![row("add_bags", ANY, |x| {
            x[0].square().apply(Unbag(Shape::new(&[3, 4]), bags()))
        })];
}

/// Three bags, of which one is empty, and one has a row twice.
#[cfg(test)]
fn bags() -> SumBags {
    use wengert_tensor::tensor;
    SumBags(tensor![2_usize, 0, 2, 1].into(), tensor![0_usize, 3, 3].into())
}

#[cfg(test)]
fn places() -> Tensor<usize> {
    wengert_tensor::tensor![[0_usize, 0], [3, 1], [2, 2]]
}
