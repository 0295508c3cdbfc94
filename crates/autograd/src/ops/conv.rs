//! Convolution and its adjoints. Each of the three is linear in both of its operands, and the rules of each are the other two, so
//! that derivatives of every order are made of the same three kernels.

use std::borrow::Cow;

use wengert_tensor::{Axes, Float, Shape, Tensor};

use super::{Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{Row, row};

family! {
    [inline(never)]
    /// Convolution and its adjoints.
    #[derive(Debug)]
    Convolution { Conv, ConvInput, ConvWeight }
}

/// The convolution of an input with a weight, and a bias if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv(pub wengert_tensor::Conv);

/// Of an output and a weight, the input, whose last axes have these sizes: the adjoint along the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvInput(pub wengert_tensor::Conv, pub Shape);

/// Of an input and an output, the weight: the adjoint along the weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvWeight(pub wengert_tensor::Conv);

/// The attributes of a convolution.
fn described(conv: &wengert_tensor::Conv) -> Vec<(&'static str, String)> {
    let mut all = super::window::described(&conv.windows);
    if conv.padding.iter().any(|&p| p != (0, 0)) {
        all.push(("padding", format!("{:?}", conv.padding.as_slice())));
    }
    if conv.groups != 1 {
        all.push(("groups", conv.groups.to_string()));
    }
    all
}

/// The sizes of the last axes of an input.
fn places(shape: &Shape) -> Shape {
    Shape::new(&shape[2..])
}

impl<T: Float> Operation<T> for Conv {
    fn name(&self) -> &'static str {
        "conv"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        described(&self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].conv(x[1], x.get(2).copied(), &self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match k {
            0 => {
                let input = ConvInput(self.0.clone(), places(&at.shape(0)));
                at.see(1, |w| A::run(input, &[&*g, w]))
            }
            1 => at.see(0, |x| A::run(ConvWeight(self.0.clone()), &[x, &*g])),
            _ => {
                let others = std::iter::once(0).chain(2..g.shape().len() as isize);
                g.sum(Axes::from(others.collect::<Vec<_>>()))
            }
        }
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        match k {
            0 => A::run(self.clone(), &[t, &x[1]]),
            1 => A::run(self.clone(), &[&x[0], t]),
            _ => {
                let shape = y.shape();
                let mut column = vec![1; shape.len() - 1];
                column[0] = shape[1];
                t.reshape(&column)?.expand(&shape)
            }
        }
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        ["conv_input(g, b)", "conv_weight(a, g)", "channels(g)"][k].into()
    }
    fn reads(&self, k: usize) -> Reads {
        if k < 2 { Reads::operand(1 - k) } else { Reads::NOTHING }
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![
            row("conv", &[tests::of(&[2, 2, 4]), tests::of(&[3, 2, 2]), tests::of(&[3])], |x| {
                x[0].conv(x[1], Some(x[2]), tests::conv(x[1].shape()[2], 1))
            }),
            row("conv", &[tests::of(&[1, 4, 3, 4]), tests::of(&[2, 2, 2, 2])], |x| {
                let size = x[1].shape()[2];
                let groups = x[0].shape()[1].checked_div(x[1].shape()[1]).unwrap_or(1);
                let window = wengert_tensor::Window::new(size).dilation(2);
                let conv = wengert_tensor::Conv::new([window, window.dilation(1).stride(2)]);
                x[0].conv(x[1], None, conv.padding([(1, 0), (0, 1)]).groups(groups))
            }),
        ]
    }
}

impl<T: Float> Operation<T> for ConvInput {
    fn name(&self) -> &'static str {
        "conv_input"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        [described(&self.0), vec![("sizes", self.1.to_string())]].concat()
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].conv_input(x[1], &self.1, &self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match k {
            0 => at.see(1, |w| A::run(Conv(self.0.clone()), &[&*g, w])),
            _ => at.see(0, |y| A::run(ConvWeight(self.0.clone()), &[&*g, y])),
        }
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        A::run(self.clone(), &if k == 0 { [t, &x[1]] } else { [&x[0], t] })
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        ["conv(g, b)", "conv_weight(g, a)"][k].into()
    }
    fn reads(&self, k: usize) -> Reads {
        Reads::operand(1 - k)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("conv_input", &[(&[2, 3, 2], -1.0, 1.0), (&[3, 2, 3], -1.0, 1.0)], |x| {
            let (count, size) = (x[0].shape()[2], x[1].shape()[2]);
            let places = 2 * count.saturating_sub(1) + size;
            x[0].conv_input(x[1], [places], tests::conv(size, 2))
        })]
    }
}

impl<T: Float> Operation<T> for ConvWeight {
    fn name(&self) -> &'static str {
        "conv_weight"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        described(&self.0)
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].conv_weight(x[1], &self.0)?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        match k {
            0 => {
                let input = ConvInput(self.0.clone(), places(&at.shape(0)));
                at.see(1, |y| A::run(input, &[y, &*g]))
            }
            _ => at.see(0, |x| A::run(Conv(self.0.clone()), &[x, &*g])),
        }
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        A::run(self.clone(), &if k == 0 { [t, &x[1]] } else { [&x[0], t] })
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        ["conv_input(b, g)", "conv(a, g)"][k].into()
    }
    fn reads(&self, k: usize) -> Reads {
        Reads::operand(1 - k)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        vec![row("conv_weight", &[(&[2, 3, 4], -1.0, 1.0), (&[2, 2, 3], -1.0, 1.0)], |x| {
            let size = (x[0].shape()[2] + 1).saturating_sub(x[1].shape()[2]);
            x[0].conv_weight(x[1], tests::conv(size, 1))
        })]
    }
}

#[cfg(test)]
mod tests {
    use wengert_tensor::{Conv, Window};

    use crate::check::row::Operand;

    pub(super) fn of(shape: &[usize]) -> Operand<'_> {
        (shape, -1.0, 1.0)
    }

    pub(super) fn conv(size: usize, stride: usize) -> Conv {
        Conv::new([Window::new(size).stride(stride)])
    }
}
