//! A tape after `backward`: spent, without its parameters' buffers; and as it was before, for a reader that needs it.

use wengert_tensor::{Float, Tensor};

use crate::error::Line;
use crate::inner::Inner;
use crate::ops::Parameter;
use crate::{Error, Result, Tape};

impl<T: Float> Tape<T> {
    /// Runs `look` on this tape as it was before `backward` spent it, between `backward` and the optimiser's step: for a reader that
    /// needs gradients which the step does not, such as those of activations. `None` if a parameter was changed since, or the
    /// tape is borrowed. On a tape that is not spent it runs `look` and nothing else.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![3.0_f64]);
    /// let tape = Tape::new();
    /// let h = tape.param(&w).square();
    /// let loss = (h * 2.0).sum();
    /// loss.backward()?;
    /// let of_h = tape.unspent(|| loss.gradients()?.wrt(h).value()).unwrap()?;
    /// assert_eq!(of_h, tensor![2.0]);
    /// assert!(loss.gradients().is_err()); // it is spent again
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    pub fn unspent<R>(&self, look: impl FnOnce() -> R) -> Option<R> {
        /// Lets go of the parameters again, also if `look` panics.
        struct Again<'t, T: Float>(&'t Tape<T>, Line);
        impl<T: Float> Drop for Again<'_, T> {
            fn drop(&mut self) {
                if let Ok(mut inner) = self.0.inner.try_borrow_mut() {
                    inner.let_go(self.1);
                }
            }
        }
        let again = {
            let mut guard = self.inner.try_borrow_mut().ok()?;
            let inner = &mut *guard;
            let Some(spent) = inner.spent else {
                drop(guard);
                return Some(look());
            };
            let read = |&line: &u32| {
                let node = inner.nodes.at(line as usize);
                Some((line as usize, inner.value_of(node, "unspent", node.at).ok()?))
            };
            let values: Vec<_> = inner.params.iter().map(read).collect::<Option<_>>()?;
            for (line, value) in values {
                inner.nodes.set_value(line, value);
            }
            inner.spent = None;
            Again(self, spent)
        };
        let result = look();
        drop(again);
        Some(result)
    }

    /// Rejects a spent tape, and parameters that were written after the tape read them.
    pub(crate) fn ready(&self, verb: &'static str, at: Line) -> Result<()> {
        let Ok(inner) = self.inner.try_borrow_mut() else { return Err(Self::busy(verb, at)) };
        if let Some(spent) = inner.spent {
            return Err(Error::Spent { verb, spent, at });
        }
        for &index in &inner.params {
            let node = inner.nodes.at(index as usize);
            if let Some(Parameter { param, version }) = node.op.parameter()
                && node.wanted
                && param.version() != *version
            {
                return Err(Error::ParameterChanged {
                    verb,
                    name: param.path(),
                    read: inner.user_line(node),
                    at,
                });
            }
        }
        Ok(())
    }
}

impl<T: Float> Inner<T> {
    /// Spends the tape: lets go of the parameters' buffers and keeps their shapes, with NaN in place of the numbers, a view of one.
    pub(crate) fn let_go(&mut self, at: Line) {
        self.spent = Some(at);
        self.gone.resize(self.gone.len().max(self.params.len()), None);
        for (gone, &index) in self.gone.iter_mut().zip(&self.params) {
            let shape = self.nodes.value(index as usize).shape();
            let known = gone.take().filter(|gone| gone.shape() == shape);
            let Some(gone) = known.or_else(|| Tensor::scalar(T::NAN).expand(shape).ok()) else {
                continue;
            };
            self.nodes.set_value(index as usize, gone);
        }
    }
}
