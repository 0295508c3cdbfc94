//! Windows over the last axes, from which pooling and convolution are made, and their adjoint.

use std::borrow::Cow;

use smallvec::SmallVec;
use wengert_tensor::{Float, Shape, Tensor, Window};

use super::shape::linear;
use super::{Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{ANY, Row, row};

family! {
    [inline(never)]
    /// Windows over the last axes, and sums of windows.
    #[derive(Debug)]
    Windowing { Windows, Unwindows }
}

/// The windows over the last axes: those that see places of their own are in axes at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows(pub SmallVec<[Window; 2]>);

/// Zeros whose last axes have these sizes, with the operand's windows added in their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwindows(pub Shape, pub Windows);

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
