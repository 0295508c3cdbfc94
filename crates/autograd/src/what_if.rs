//! `value_if`: the value that a line would have if other lines had other values.

use wengert_tensor::{Float, Tensor};

use crate::Lines;
use crate::ops::{Op, Operation as _};

impl<T: Float> Lines<'_, T> {
    /// The value that a line would have if these lines had these values: the lines between them are run again, and nothing is recorded.
    /// `None` if one of them holds code of the user's own, or does not take the values, or if there is no such line.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(tensor![1.0, 2.0, 4.0]);
    /// let loss = (x - tensor![1.0, 4.0, 2.0]).square().sum();
    /// assert_eq!(loss.item()?, 8.0);
    /// let swapped = tape.lines().value_if(loss.index(), &[(x.index(), tensor![1.0, 4.0, 2.0])]);
    /// assert_eq!(swapped.unwrap().item()?, 0.0);
    /// assert!(tape.lines().value_if(usize::MAX, &[]).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value_if(&self, index: usize, others: &[(usize, Tensor<T>)]) -> Option<Tensor<T>> {
        self.get(index)?;
        let mut changed: Vec<Option<Tensor<T>>> = vec![None; index + 1];
        for (line, value) in others {
            *changed.get_mut(*line)? = Some(value.clone());
        }
        let first = others.iter().map(|(line, _)| *line).min().unwrap_or(index);
        for k in first..=index {
            let line = self.get(k)?;
            let operands = line.operands();
            let operands = &operands[..line.arity()];
            if changed[k].is_some() || operands.iter().all(|&j| changed[j].is_none()) {
                continue;
            }
            if matches!(line.op(), Op::Custom(_)) {
                return None;
            }
            let values = operands.iter().map(|&j| match &changed[j] {
                Some(value) => Some(value.clone()),
                None => self.get(j)?.value(),
            });
            let values = values.collect::<Option<Vec<_>>>()?;
            let values: Vec<&Tensor<T>> = values.iter().collect();
            changed[k] = Some(line.op().forward(&values).ok()?);
        }
        changed.swap_remove(index).or_else(|| self.get(index)?.value())
    }
}
