//! `Embedding`: a table of vectors, one for each index.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Float, Rng, Tensor};

use crate::made::made;
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional, init};

/// A table of vectors, looked up by index: indices `[…]` give `[…, width]`.
///
/// The table starts from a normal distribution, as PyTorch's does.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::{Embedding, Module};
/// use wengert_tensor::{Rng, tensor};
///
/// let words = Embedding::<f32>::new(1000, 16, &mut Rng::new(0));
/// let tape = Tape::new();
/// let x = words.call(tape.input(tensor![[3_usize, 1, 4], [1, 5, 9]]))?;
/// assert_eq!(*x.shape(), [2, 3, 16]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct Embedding<T> {
    /// `[things, width]`
    pub weight: Param<T>,
    padding: Option<usize>,
}

impl<T: Float> Embedding<T> {
    /// With this number of vectors, each of this width.
    #[track_caller]
    pub fn new(things: usize, width: usize, rng: &mut Rng) -> Self {
        let weight = made("Embedding", init::normal([things, width], 0.0, 1.0, rng));
        Self::from_weights(weight)
    }

    /// With these vectors, `[things, width]`.
    pub fn from_weights(weight: Tensor<T>) -> Self {
        Self { weight: Param::new(weight), padding: None }
    }

    /// With zeros for this index, which are not trained. `forward` rejects an index that is not in the table.
    #[must_use]
    pub fn padding(mut self, index: usize) -> Self {
        self.padding = Some(index);
        self.weight.update(|weight, _| {
            if let &[things, width] = weight.shape()
                && index < things
            {
                weight.as_mut_slice()[index * width..][..width].fill(T::ZERO);
            }
        });
        self
    }
}

debug_as_described!(Embedding<T>);

impl<T: Float> Parts<T> for Embedding<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
    }
    fn describe(&self) -> Option<String> {
        Some(match self.weight.shape()[..] {
            [things, width] => format!("Embedding({things} x {width})"),
            _ => "Embedding".into(),
        })
    }
}

impl<T: Float> Module<T, Tensor<usize>> for Embedding<T> {
    #[track_caller]
    fn forward<'t>(&self, index: Var<'t, T, Tensor<usize>>) -> Result<Var<'t, T>> {
        functional::embedding(index, index.tape().param(&self.weight), self.padding)
    }
}
