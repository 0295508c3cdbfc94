//! `TimeFirst`: a layer of `[…, time, width]` for sequences whose first axis is time.

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;

use crate::{Module, Parts, Visitor};

/// A layer that counts places along the last axis but one, such as [`SinusoidalPositions`](crate::SinusoidalPositions) and
/// [`LearnedPositions`](crate::LearnedPositions), for sequences as `[time, …, width]`: the layout of attention and of recurrent layers
/// without `batch_first()`. The names of its parameters are those of the layer.
///
/// ```
/// use wengert_nn::{Module, SinusoidalPositions, TimeFirst, TransformerEncoderLayer, sequential};
/// use wengert_tensor::{Rng, Tensor};
///
/// // [time, batch, width]: the places of each sequence are numbered, and not the sequences of the batch.
/// let rng = &mut Rng::new(0);
/// let attention = TransformerEncoderLayer::<f32>::new(8, 2, rng).feedforward(16, rng);
/// let net = sequential![TimeFirst(SinusoidalPositions), attention];
/// let sequence = Tensor::randn([5, 1, 8], rng);
/// let (y, reversed) = (net.predict(&sequence)?, net.predict(&sequence.flip(0)?)?);
/// assert!(!y.allclose(&reversed.flip(0)?, 1e-3, 1e-3, false)?);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeFirst<L>(pub L);

impl<T: Float, L: Parts<T>> Parts<T> for TimeFirst<L> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        self.0.visit(v);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("TimeFirst({})", self.0.describe().unwrap_or_default()))
    }
}

impl<T: Float, L: Module<T>> Module<T> for TimeFirst<L> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        // One sequence has no batch.
        if x.rank() < 3 {
            return self.0.forward(x);
        }
        self.0.forward(x.move_axis(0, -2)?)?.move_axis(-2, 0)
    }
}
