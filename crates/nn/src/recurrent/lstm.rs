//! `Lstm` as a module: its state is a pair.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Float, Tensor};

use super::Lstm;
use super::step::State;
use crate::Module;

/// The state of a net with a memory: h and c.
type Pair<T> = (Tensor<T>, Tensor<T>);
/// The result of an [`Lstm`].
type OfLstm<T> = (Tensor<T>, Pair<T>);

impl<T: Float> Lstm<T> {
    #[track_caller]
    fn run<'t>(
        &self,
        x: Var<'t, T>,
        state: Option<(Var<'t, T>, Var<'t, T>)>,
        lengths: Option<&Tensor<usize>>,
    ) -> Result<Var<'t, T, OfLstm<T>>> {
        let start = state.map(|(h, c)| State { h, c: Some(c) });
        let (y, State { h, c }) = self.settings.run(&self.weights, x, start, lengths)?;
        match c {
            Some(c) => Var::pack((y, (h, c))),
            None => unreachable!("an `Lstm` has a memory"),
        }
    }
}

impl<T: Float> Module<T, Tensor<T>, OfLstm<T>> for Lstm<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T, OfLstm<T>>> {
        self.run(x, None, None)
    }
}

impl<T: Float> Module<T, (Tensor<T>, Pair<T>), OfLstm<T>> for Lstm<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T, (Tensor<T>, Pair<T>)>) -> Result<Var<'t, T, OfLstm<T>>> {
        let (x, state) = x.unpack();
        self.run(x, Some(state), None)
    }
}

impl<T: Float> Module<T, (Tensor<T>, Tensor<usize>), OfLstm<T>> for Lstm<T> {
    #[track_caller]
    fn forward<'t>(
        &self,
        x: Var<'t, T, (Tensor<T>, Tensor<usize>)>,
    ) -> Result<Var<'t, T, OfLstm<T>>> {
        let (x, lengths) = x.unpack();
        self.run(x, None, Some(&lengths.value()?))
    }
}

impl<T: Float> Module<T, (Tensor<T>, Pair<T>, Tensor<usize>), OfLstm<T>> for Lstm<T> {
    #[track_caller]
    fn forward<'t>(
        &self,
        x: Var<'t, T, (Tensor<T>, Pair<T>, Tensor<usize>)>,
    ) -> Result<Var<'t, T, OfLstm<T>>> {
        let (x, state, lengths) = x.unpack();
        self.run(x, Some(state), Some(&lengths.value()?))
    }
}
