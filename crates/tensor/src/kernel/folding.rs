//! A fold as the walks over tensors see it: a table of its kernels.
//!
//! What finds the runs and rows of a tensor is compiled once for each kind of element, and not once for each fold.

use super::columns::{Rows, Total};
use super::level::dispatch;
use super::pieces::{Piece, Pieces};
use super::tree::{By, ColumnFold, Fold, Runs};
use crate::Element;

/// A [`Fold`] whose type is not known.
pub(crate) struct Folding<'a, T, O> {
    /// [`Fold::START`].
    pub(crate) start: O,
    /// [`Fold::ABOUT`].
    pub(crate) is_about: bool,
    /// [`Fold::FEW_ROWS`].
    pub(crate) few_rows: Option<ColumnFold<T, O>>,
    pub(crate) kernels: &'a dyn Kernels<T, O>,
}

impl<'a, T: Element, O> Folding<'a, T, O> {
    pub(crate) fn new<F: Fold<T, Out = O>>(fold: &'a F) -> Self {
        Self { start: F::START, is_about: F::ABOUT, few_rows: F::FEW_ROWS, kernels: fold }
    }
}

/// The kernels of a fold.
pub(crate) trait Kernels<T, O>: Sync {
    /// [`Fold::join`].
    fn join(&self, a: O, b: O) -> O;
    /// The folds of runs of neighbours.
    fn runs(&self, runs: Runs<T, O>);
    /// One more run joined into a leaf.
    fn piece(&self, piece: Piece<T, O>);
    /// The fold of a leaf, which is then empty.
    fn take(&self, leaf: &mut Pieces<O>) -> O;
    /// A leaf of rows.
    fn rows(&self, rows: Rows<T, O>);
    /// The folds of columns, from those of their leaves.
    fn total(&self, total: Total<T, O>);
}

impl<F: Fold<T>, T: Element> Kernels<T, F::Out> for F {
    fn join(&self, a: F::Out, b: F::Out) -> F::Out {
        F::join(a, b)
    }
    fn runs(&self, runs: Runs<T, F::Out>) {
        dispatch(By(*self, runs));
    }
    fn piece(&self, piece: Piece<T, F::Out>) {
        dispatch(By(*self, piece));
    }
    fn take(&self, leaf: &mut Pieces<F::Out>) -> F::Out {
        leaf.take::<F, T>()
    }
    fn rows(&self, rows: Rows<T, F::Out>) {
        dispatch(By(*self, rows));
    }
    fn total(&self, total: Total<T, F::Out>) {
        dispatch(By(*self, total));
    }
}
