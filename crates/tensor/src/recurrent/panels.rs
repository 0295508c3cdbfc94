//! The weight of the state in panels: every step multiplies with it, and a panel stays in the first cache while the rows pass by.

use super::room::Room;
use super::slice;
use crate::matmul::{add_product_into, product_into};
use crate::{Float, Tensor};

/// Columns of a panel.
const WIDTH: usize = 32;

/// A matrix `[k, n]`, panel by panel: `[n / width, k, width]`.
pub(super) struct Panels<T> {
    k: usize,
    width: usize,
    elements: Tensor<T>,
}

impl<T: Float> Panels<T> {
    /// The panels of a matrix; it is one if no whole ones fill it.
    pub(super) fn new(matrix: &Tensor<T>) -> Self {
        let [k, n] = [matrix.shape()[0], matrix.shape()[1]];
        // Looked at first: an error would ask for memory in every step.
        let whole = n.is_multiple_of(WIDTH).then(|| matrix.reshape([k, n / WIDTH, WIDTH]));
        match whole.map(|panels| panels.and_then(|panels| panels.permute([1, 0, 2]))) {
            Some(Ok(panels)) => Self { k, width: WIDTH, elements: panels.contiguous() },
            _ => Self { k, width: n, elements: matrix.contiguous() },
        }
    }

    /// The panels, and where each begins.
    fn each(&self) -> impl Iterator<Item = (usize, &[T])> {
        let panels = slice(&self.elements).chunks_exact((self.k * self.width).max(1));
        panels.enumerate().map(|(i, panel)| (i * self.width, panel))
    }

    /// C = bias + A · this, the rows of C `down` apart.
    pub(super) fn product_into(&self, a: &[T], bias: Option<&[T]>, c: &mut Room<T>, down: usize) {
        let (m, width) = (a.len() / self.k, self.width);
        for (start, panel) in self.each() {
            let bias = bias.map(|bias| &bias[start..][..width]);
            product_into(m, width, self.k, a, panel, bias, &mut c[start..], down);
        }
    }

    /// C += A · this.
    pub(super) fn add_product_into(&self, a: &[T], c: &mut [T], down: usize) {
        let (m, width) = (a.len() / self.k, self.width);
        for (start, panel) in self.each() {
            add_product_into(m, width, self.k, a, panel, &mut c[start..], down);
        }
    }
}
