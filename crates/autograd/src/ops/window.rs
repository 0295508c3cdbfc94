//! Windows over the last axes, from which pooling and convolution are made, their adjoint, and the largest elements of windows.

use std::borrow::Cow;
use std::cell::OnceCell;

use smallvec::SmallVec;
use wengert_tensor::{Float, Part, Shape, Tensor, Window};

use super::shape::linear;
use super::{Gather, Operation, Reads, Ungather, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

family! {
    [inline(never)]
    /// Windows over the last axes, sums of windows, and largest elements.
    #[derive(Debug)]
    Windowing { Windows, Unwindows, MaxPool }
}

/// The windows over the last axes: those that see places of their own are in axes at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows(pub SmallVec<[Window; 2]>);

/// Zeros whose last axes have these sizes, with the operand's windows added in their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwindows(pub Shape, pub Windows);

/// The largest element of each part of the last axes.
#[derive(Debug)]
pub struct MaxPool {
    /// The parts of each axis.
    pub parts: Vec<Vec<Part>>,
    /// The places of the largest, once it has run.
    places: OnceCell<Tensor<usize>>,
}

linear! {
    Windows "windows": |op, x| Ok(x.windows(&op.0)?);
        adjoint |op, g, shape| {
            let sizes = Shape::new(&shape[shape.len() - op.0.len()..]);
            A::run(Unwindows(sizes, op.clone()), &[&*g])
        }, "unwindows(g)";
        attributes |op| described(&op.0);
        rows vec![
            row("windows", ANY, |x| x[0].square().windows([Window::new(1), Window::new(1)])),
            row("windows", ANY, |x| x[0].square().windows([Window::new(2).stride(2)])),
            row("windows", &[(&[2, 5, 4], -2.0, 2.0)], |x| {
                x[0].square().windows([Window::new(2).dilation(3), Window::new(3)])
            }),
        ];
    Unwindows "unwindows": |op, x| Ok(x.unwindows(&op.0, &op.1.0)?);
        adjoint |op, g, _| A::run(op.1.clone(), &[&*g]), "windows(g)";
        attributes |op| [described(&op.1.0), vec![("sizes", op.0.to_string())]].concat();
        rows vec![row("unwindows", &[(&[2, 3, 2], -2.0, 2.0)], |x| {
            let windows = Windows(SmallVec::from_slice(&[Window::new(2).stride(2)]));
            x[0].square().apply(Unwindows(Shape::new(&[7]), windows))
        })];
}

/// The attributes of windows.
pub(super) fn described(windows: &[Window]) -> Vec<(&'static str, String)> {
    let each =
        |of: fn(&Window) -> usize| format!("{:?}", windows.iter().map(of).collect::<Vec<_>>());
    vec![
        ("size", each(|w| w.size)),
        ("stride", each(|w| w.stride)),
        ("dilation", each(|w| w.dilation)),
    ]
}

impl Clone for MaxPool {
    fn clone(&self) -> Self {
        Self::new(self.parts.clone())
    }
}

impl MaxPool {
    /// The op of these parts.
    pub(crate) fn new(parts: Vec<Vec<Part>>) -> Self {
        Self { parts, places: OnceCell::new() }
    }

    /// The place of the largest element of each part, once the op has run; see [`Tensor::max_pool`].
    pub fn places(&self) -> Option<&Tensor<usize>> {
        self.places.get()
    }

    /// The op as elements by index: the planes of `shape`, that of x, become one axis each.
    fn flat<T: Float>(&self, shape: &[usize], x: impl FnOnce() -> Tensor<T>) -> Result<Flat> {
        let lead = shape.len() - self.parts.len();
        let places = match self.places.get() {
            Some(places) => places.clone(),
            None => x().max_pool(&self.parts)?.1,
        };
        let plane = shape[lead..].iter().product();
        let planes = shape[..lead].iter().copied().chain([plane]).collect();
        let axis = lead as isize;
        Ok(Flat { planes, gather: Gather(axis, places.flatten_axes(axis, -1)?.into()) })
    }
}

/// Elements taken from planes of one axis.
struct Flat {
    /// The shape of x with such planes.
    planes: Shape,
    gather: Gather,
}

impl<T: Float> Operation<T> for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let longest = |parts: &Vec<Part>| parts.iter().map(|part| part.len).max().unwrap_or(0);
        vec![("size", format!("{:?}", self.parts.iter().map(longest).collect::<Vec<_>>()))]
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        let (y, places) = x[0].max_pool(&self.parts)?;
        self.places.get_or_init(|| places);
        Ok(y)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let shape = at.shape(0);
        if let (Some(numbers), Some(places)) = (g.numbers(), self.places.get()) {
            let sizes = &shape[shape.len() - self.parts.len()..];
            return Ok(g.fixed(numbers.max_pool_back(places, sizes)?));
        }
        let Flat { planes, gather } = self.flat(&shape, || at.x(0).tensor())?;
        let g = g.reshape(gather.1.values.shape())?;
        A::run(Ungather(planes, gather), &[&g])?.reshape(&shape)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let Flat { planes, gather } = self.flat(&x[0].shape(), || x[0].tensor())?;
        A::run(gather, &[&t.reshape(&planes)?])?.reshape(&y.shape())
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "unpool(g)".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let of = |start, len, step| Part { start, len, step };
        vec![
            row("max_pool", &[(&[2, 5, 4], -2.0, 2.0)], move |x| {
                let axis = |n: usize| match n {
                    0 => vec![],
                    n => vec![of(0, 1, 1), of(0, n.min(2), 1), of(n / 2, n - n / 2, 1)],
                };
                let shape = x[0].shape();
                x[0].square().max_pool(&[axis(shape[1]), axis(shape[2])])
            }),
            row("max_pool", &[(&[2, 4, 6], -2.0, 2.0)], move |x| {
                let pairs = |n: usize| (0..n / 2).map(|i| of(2 * i, 2, 1)).collect();
                let shape = x[0].shape();
                x[0].square().max_pool(&[pairs(shape[1]), pairs(shape[2])])
            }),
        ]
    }
}
