//! `EmbeddingBag`: a table of vectors, of which those of each bag of indices are put together.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Element, Error, Fault, Float, Rng, Tensor};

use crate::functional::{Bag, Bags, embedding_bag};
use crate::made::made;
use crate::parts::debug_as_described;
use crate::several::several_inputs;
use crate::{Module, Parts, Visitor, init};

/// A table of vectors, of which those of each bag of indices are put together: a mean, unless something else is said.
///
/// It takes bags of one size `[bags, size]`; or `(indices, offsets)`, all indices in a row and the place where each bag begins;
/// or, for a sum, a factor for each index besides: `(indices, factors)` or `(indices, offsets, factors)`. It gives
/// `[bags, width]`. The table starts from a normal distribution, as PyTorch's does.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::EmbeddingBag;
/// use wengert_tensor::{Rng, tensor};
///
/// let words = EmbeddingBag::<f32>::new(1000, 16, &mut Rng::new(0));
/// let tape = Tape::new();
/// let texts = tape.input(tensor![[3_usize, 1, 4], [1, 5, 9]]);
/// assert_eq!(*words.call(texts)?.shape(), [2, 16]);
///
/// let (all, starts) = (tape.input(tensor![3_usize, 1, 4, 1, 5]), tape.input(tensor![0_usize, 4]));
/// assert_eq!(*words.call((all, starts))?.shape(), [2, 16]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct EmbeddingBag<T> {
    /// `[things, width]`
    pub weight: Param<T>,
    mode: Bag,
    padding: Option<usize>,
}

impl<T: Float> EmbeddingBag<T> {
    /// With this number of vectors, each of this width.
    #[track_caller]
    pub fn new(things: usize, width: usize, rng: &mut Rng) -> Self {
        Self::from_weights(made("EmbeddingBag", init::normal([things, width], 0.0, 1.0, rng)))
    }

    /// With these vectors, `[things, width]`.
    pub fn from_weights(weight: Tensor<T>) -> Self {
        Self { weight: Param::new(weight), mode: Bag::Mean, padding: None }
    }

    /// With vectors summed, averaged, or the greatest taken column by column.
    #[must_use]
    pub fn mode(mut self, mode: Bag) -> Self {
        self.mode = mode;
        self
    }

    /// This index is left out of its bag, and its vector is zeros, which are not trained.
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

    #[track_caller]
    fn run<'t>(
        &self,
        index: Var<'t, T, Tensor<usize>>,
        bags: Bags<'_>,
        scales: Option<Var<'t, T>>,
    ) -> Result<Var<'t, T>> {
        let weight = index.tape().param(&self.weight);
        embedding_bag(bags, weight, self.mode, self.padding, scales)
    }
}

debug_as_described!(EmbeddingBag<T>);
several_inputs!(EmbeddingBag<T> -> Tensor<T>);

impl<T: Float> Parts<T> for EmbeddingBag<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
    }
    fn describe(&self) -> Option<String> {
        Some(match self.weight.shape()[..] {
            [things, width] => format!("EmbeddingBag({things} x {width}, {:?})", self.mode),
            _ => "EmbeddingBag".into(),
        })
    }
}

impl<T: Float> Module<T, Tensor<usize>> for EmbeddingBag<T> {
    #[track_caller]
    fn forward<'t>(&self, index: Var<'t, T, Tensor<usize>>) -> Result<Var<'t, T>> {
        self.run(index, Bags::Rows(&index.value()?), None)
    }
}

impl<T: Float, E: Element> Module<T, (Tensor<usize>, Tensor<E>)> for EmbeddingBag<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T, (Tensor<usize>, Tensor<E>)>) -> Result<Var<'t, T>> {
        let (index, other) = x.unpack();
        let all = index.value()?;
        match (other.of::<Tensor<usize>>(), other.of::<Tensor<T>>()) {
            (Some(offsets), _) => self.run(index, Bags::From(&all, &offsets.value()?), None),
            (_, Some(scales)) => self.run(index, Bags::Rows(&all), Some(scales)),
            _ => {
                let rule = "the second input must be offsets, or factors of the layer's own floats";
                let fault = Fault::new("EmbeddingBag", &[&index.shape(), &other.shape()], rule);
                Err(Error::Value(fault).into())
            }
        }
    }
}

impl<T: Float> Module<T, (Tensor<usize>, Tensor<usize>, Tensor<T>)> for EmbeddingBag<T> {
    #[track_caller]
    fn forward<'t>(
        &self,
        x: Var<'t, T, (Tensor<usize>, Tensor<usize>, Tensor<T>)>,
    ) -> Result<Var<'t, T>> {
        let (index, offsets, scales) = x.unpack();
        self.run(index, Bags::From(&index.value()?, &offsets.value()?), Some(scales))
    }
}
