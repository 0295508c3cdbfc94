//! Attention of sequences to themselves, forward and back, from queries, keys and values that lie next to each other.

use crate::error::no_memory;
use crate::kernel::attention::{Heads, back, forward};
use crate::{Error, Fault, Float, Result, Shape, Tensor};

impl<T: Float> Tensor<T> {
    /// softmax(q·kᵀ·scale)·v for each head, of queries, keys and values next to each other: `[batch, time, 3 · width]` gives
    /// `[batch, time, width]`. Each head has its part of the width. If `causal`, place i sees the places up to i.
    ///
    /// No scores are kept, and those that nobody sees are not computed.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// // Scores of 0: each place is the mean of the values that it sees.
    /// let x = tensor![[[0.0, 0.0, 1.0], [0.0, 0.0, 3.0]]];
    /// assert_eq!(x.self_attention(1, true, 1.0)?, tensor![[[1.0], [2.0]]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the heads do not divide the width.
    #[track_caller]
    #[inline(never)]
    pub fn self_attention(&self, heads: usize, causal: bool, scale: f64) -> Result<Self> {
        let (heads, shape) = of("self_attention", self.shape(), heads, causal, scale)?;
        let x = self.contiguous();
        let x = x.as_slice().unwrap_or(&[]);
        // SAFETY: `forward` writes every element of `out`.
        let y = unsafe {
            Self::try_filled_by(shape.clone(), |out| forward(heads, x, out.as_mut_ptr().cast()))
        };
        y.ok_or_else(|| no_memory::<T>("self_attention", &shape))
    }

    /// The gradient of this var's numbers, whose [`self_attention`](Self::self_attention) is `y`, from that of `y`.
    ///
    /// # Errors
    /// As [`self_attention`](Self::self_attention).
    #[track_caller]
    #[inline(never)]
    pub fn self_attention_back(
        &self,
        g: &Self,
        y: &Self,
        heads: usize,
        causal: bool,
        scale: f64,
    ) -> Result<Self> {
        let (heads, shape) = of("self_attention", self.shape(), heads, causal, scale)?;
        if *g.shape() != *shape || *y.shape() != *shape {
            let rule = "the gradient and the result must be [batch, time, width]";
            let shapes = [self.shape(), g.shape(), y.shape()];
            return Err(Error::Shape(Fault::new("self_attention", &shapes, rule)));
        }
        let (x, g, y) = (self.contiguous(), g.contiguous(), y.contiguous());
        let mut dx = Self::try_full(x.shape(), T::ZERO)?;
        if let (Some(x), Some(g), Some(y)) = (x.as_slice(), g.as_slice(), y.as_slice()) {
            back(heads, x, g, y, dx.as_mut_slice());
        }
        Ok(dx)
    }
}

/// The sizes of heads, and the shape of the result.
#[track_caller]
fn of(
    op: &'static str,
    x: &[usize],
    heads: usize,
    causal: bool,
    scale: f64,
) -> Result<(Heads, Shape)> {
    match *x {
        [batch, time, wide] if heads > 0 && wide.is_multiple_of(heads.saturating_mul(3)) => {
            let size = wide / 3 / heads;
            let shape = Shape::new(&[batch, time, wide / 3]);
            Ok((Heads { batch, time, heads, size, causal, scale }, shape))
        }
        _ => {
            let rule =
                format!("must be [batch, time, 3 · width], of a width that {heads} heads divide");
            Err(Error::Shape(Fault::new(op, &[x], rule)))
        }
    }
}

compiled!(f32 f64: { Tensor::<T>::self_attention, Tensor::<T>::self_attention_back });
