//! The weight of the state in panels: every step multiplies with it, and a panel stays in the first cache while the rows pass by.

use super::slice;
use crate::matmul::{add_product_into, product_into};
use crate::room::Room;
use crate::{Float, Result, Tensor};

/// Columns of a panel.
const WIDTH: usize = 32;

/// A matrix `[k, n]`, panel by panel: `[n / 32, k, 32]`, and then the columns that are left.
pub(super) struct Panels<T> {
    k: usize,
    whole: Tensor<T>,
    rest: Tensor<T>,
}

impl<T: Float> Panels<T> {
    /// The panels of a matrix.
    pub(super) fn new(matrix: &Tensor<T>) -> Result<Self> {
        let [k, n] = [matrix.shape()[0], matrix.shape()[1]];
        let (count, rest) = (n / WIDTH, n % WIDTH);
        let whole = matrix.narrow(1, 0, n - rest)?;
        let whole = whole.reshape([k, count, WIDTH])?.permute([1, 0, 2])?.contiguous();
        Ok(Self { k, whole, rest: matrix.narrow(1, n - rest, rest)?.contiguous() })
    }

    /// The panels, where each begins, and the number of its columns.
    fn each(&self) -> impl Iterator<Item = (usize, usize, &[T])> {
        let k = self.k;
        let whole = slice(&self.whole).chunks_exact((k * WIDTH).max(1));
        let rest = slice(&self.rest);
        let (start, width) = (self.whole.shape()[0] * WIDTH, self.rest.shape()[1]);
        let whole = whole.enumerate().map(|(i, panel)| (i * WIDTH, WIDTH, panel));
        whole.chain((width > 0).then_some((start, width, rest)))
    }

    /// C = bias + A · this, the rows of C `down` apart.
    pub(super) fn product_into(&self, a: &[T], bias: Option<&[T]>, c: &mut Room<T>, down: usize) {
        let m = a.len() / self.k;
        for (start, width, panel) in self.each() {
            let bias = bias.map(|bias| &bias[start..][..width]);
            product_into(m, width, self.k, a, panel, bias, &mut c[start..], down);
        }
    }

    /// C += A · this.
    pub(super) fn add_product_into(&self, a: &[T], c: &mut [T], down: usize) {
        let m = a.len() / self.k;
        for (start, width, panel) in self.each() {
            add_product_into(m, width, self.k, a, panel, &mut c[start..], down);
        }
    }
}
