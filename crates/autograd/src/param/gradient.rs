//! The gradient of a parameter: read, added to, used by a step; whole or by rows.

use std::sync::atomic::Ordering;

use wengert_tensor::{Element, Float, Tensor};

use super::{GradUse, Param};
use crate::row_grad::{Grad, RowPart, Rows, whole_of_rows};

impl<T: Element> Param<T> {
    /// The gradient that `backward` has added up since `zero_grad`; `None` if none has arrived.
    pub fn grad(&self) -> Option<Tensor<T>> {
        self.state().whole().cloned()
    }

    /// Writes the gradient.
    pub fn set_grad(&self, grad: Option<Tensor<T>>) {
        let mut state = self.writable();
        (state.grad, state.uses) = (grad.map(Grad::Whole), GradUse::New);
    }

    /// Forgets the gradient.
    pub fn zero_grad(&self) {
        self.set_grad(None);
    }

    /// Changes the gradient in place, if there is one: clipping. It is still the gradient that it was.
    #[doc(hidden)]
    pub fn change_grad(&self, change: impl FnOnce(&Tensor<T>) -> Tensor<T>) {
        let mut state = self.writable();
        if let Some(g) = state.whole() {
            *g = change(g);
        }
    }

    /// Looks at value and gradient without a copy: what an optimiser checks before it changes anything. The closure runs
    /// under the lock, so it must not ask this parameter for anything.
    #[doc(hidden)]
    #[inline]
    pub fn inspect<R>(&self, see: impl FnOnce(&Tensor<T>, Option<&Tensor<T>>, GradUse) -> R) -> R {
        let mut guard = self.state();
        let state = &mut *guard;
        state.whole();
        see(&state.value, state.grad.as_ref().and_then(Grad::as_whole), state.uses)
    }

    /// A step of an optimiser: changes the value by the gradient, and notes that the gradient was used. As
    /// [`inspect`](Self::inspect), under the lock.
    #[doc(hidden)]
    #[inline]
    pub fn step<R>(&self, change: impl FnOnce(&mut Tensor<T>, &Tensor<T>) -> R) -> Option<R> {
        let mut guard = self.writable();
        let state = &mut *guard;
        state.whole();
        let g = state.grad.as_ref()?.as_whole()?;
        self.written();
        state.uses = GradUse::Stepped;
        Some(change(&mut state.value, g))
    }
}

impl<T: Float> Param<T> {
    /// Adds to the gradient. An error if the gradient that was set has another shape.
    pub(crate) fn add_grad(&self, g: Tensor<T>) -> wengert_tensor::Result<()> {
        let mut state = self.writable();
        state.whole();
        state.grad = Some(Grad::Whole(match state.take_to_add().and_then(Grad::into_whole) {
            Some(sum) => sum.accumulate(&g)?,
            None => g,
        }));
        Ok(())
    }

    /// Adds a gradient of some rows.
    pub(crate) fn add_row_grad(&self, part: RowPart<T>) -> wengert_tensor::Result<()> {
        let mut state = self.writable();
        self.0.by_rows.store(true, Ordering::Relaxed);
        state.grad = Some(match state.take_to_add() {
            Some(Grad::Whole(sum)) => {
                let part = whole_of_rows(sum.shape(), &[part]);
                Grad::Whole(sum.accumulate(&part)?)
            }
            Some(Grad::Rows(mut rows)) => {
                rows.push(part);
                Grad::Rows(rows)
            }
            None => Grad::Rows(Rows::new(state.value.shape(), part)),
        });
        Ok(())
    }

    /// The gradient by rows, if it came from rows that were looked up, as those of an embedding, and nobody has asked for the whole
    /// since: the numbers of the rows, rising, and their gradients, one below the other. For optimisers that leave the other rows
    /// alone.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let table = Param::new(tensor![[1.0_f32], [2.0], [3.0]]);
    /// let tape = Tape::new();
    /// tape.param(&table).rows(&tensor![2_usize, 0, 2])?.sum().backward()?;
    /// assert_eq!(table.row_grad(), Some((tensor![0_usize, 2], tensor![[1.0], [2.0]])));
    /// assert_eq!(table.grad(), Some(tensor![[1.0], [0.0], [2.0]]));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    pub fn row_grad(&self) -> Option<(Tensor<usize>, Tensor<T>)> {
        if !self.0.by_rows.load(Ordering::Relaxed) {
            return None;
        }
        let mut guard = self.state();
        let state = &mut *guard;
        match &mut state.grad {
            // Not of a value that was set to another shape since.
            Some(Grad::Rows(rows)) if rows.shape() == state.value.shape() => Some(rows.sorted()),
            _ => None,
        }
    }

    /// Changes the value after a look at the gradient by rows, which counts as stepped with.
    #[doc(hidden)]
    pub fn step_by_rows<R>(&self, change: impl FnOnce(&mut Tensor<T>) -> R) -> R {
        let mut guard = self.writable();
        let state = &mut *guard;
        self.written();
        state.uses = GradUse::Stepped;
        change(&mut state.value)
    }

    /// The use of the gradient so far.
    #[doc(hidden)]
    pub fn grad_use(&self) -> GradUse {
        self.state().uses
    }
}
