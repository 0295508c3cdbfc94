//! Value, gradient and direction of the cross-entropy of rows of logits.

use wengert_tensor::{Float, Tensor, keep};

use super::{Rows, Targets, class_axis, classes_of, picks, positions};
use crate::Result;
use crate::algebra::Algebra;
use crate::ops::Softmax;

impl<T: Float> Targets<T> {
    pub(crate) fn forward(&self, logits: &Tensor<T>) -> Result<Tensor<T>> {
        let x = self.flat(logits)?;
        let n = classes_of(logits.shape());
        let losses = match &self.rows {
            Rows::Classes(classes, weights) => {
                let (classes, weights) = picks(classes, weights.as_ref());
                let mut losses = Tensor::try_full([classes.len()], T::ZERO)?;
                let out = losses.as_mut_slice();
                // Where the logit of sample i's class is, and the class's weight; nothing for one that is ignored, whose class
                // may not exist.
                let each = |i: usize| match weights.map(|w| w[i]) {
                    Some(w) if w == T::ZERO => None,
                    w => Some((i * n + classes[i], w.unwrap_or(T::ONE))),
                };
                if x.len() <= SHORT {
                    let logs = x.log_softmax(-1)?.contiguous();
                    let logs = logs.as_slice().unwrap_or(&[]);
                    for (i, out) in out.iter_mut().enumerate() {
                        if let Some((place, w)) = each(i) {
                            *out = T::ZERO.minus(logs[place]).times(w);
                        }
                    }
                } else {
                    let top = x.logsumexp_over(-1)?.contiguous();
                    let x = x.contiguous();
                    let (x, top) = (x.as_slice().unwrap_or(&[]), top.as_slice().unwrap_or(&[]));
                    for (i, out) in out.iter_mut().enumerate() {
                        if let Some((place, w)) = each(i) {
                            *out = top[i].minus(x[place]).times(w);
                        }
                    }
                }
                losses
            }
            // 0 where q is: -∞ has no part in what it does not weigh.
            Rows::Dense(q) => -q.gate(&x.log_softmax(-1)?)?.sum_over(-1)?,
        };
        Ok(match self.scale {
            None => losses.reshape(positions(logits.shape()))?,
            Some(scale) => losses.sum().mul_scalar(scale),
        })
    }

    /// q, dense, `[positions, C]`.
    fn all_weights(&self, n: usize) -> Result<Tensor<T>> {
        match &self.rows {
            Rows::Dense(q) => Ok(q.clone()),
            Rows::Classes(classes, weights) => {
                let (classes, weights) = picks(classes, weights.as_ref());
                let mut q = vec![T::ZERO; classes.len() * n];
                for (i, &class) in classes.iter().enumerate() {
                    if class < n {
                        q[i * n + class] = weights.map_or(T::ONE, |w| w[i]);
                    }
                }
                Ok(Tensor::from_vec(q, [classes.len(), n])?)
            }
        }
    }

    /// The gradient of the logits from `g`, on tensors: softmax·Σq - q in one buffer.
    pub(crate) fn pull_tensor(&self, g: Tensor<T>, logits: &Tensor<T>) -> Result<Tensor<T>> {
        let mut p = self.flat(logits)?.softmax(-1)?;
        let n = classes_of(logits.shape());
        // One number for each row, or one for all.
        let g = match self.scale {
            None => g.contiguous(),
            Some(scale) => g.mul_scalar(scale).contiguous(),
        };
        let gs = g.as_slice().unwrap_or(&[]);
        let g = |i: usize| if self.scale.is_none() { gs[i] } else { gs[0] };
        let out = p.as_mut_slice();
        match &self.rows {
            Rows::Classes(classes, weights) => {
                let (classes, weights) = picks(classes, weights.as_ref());
                for (i, (&class, row)) in
                    classes.iter().zip(out.chunks_exact_mut(n.max(1))).enumerate()
                {
                    let w = weights.map_or(T::ONE, |w| w[i]);
                    let c = g(i).times(w);
                    // A row that does not count gets nothing, whatever the gradient is.
                    if c == T::ZERO || w == T::ZERO {
                        row.fill(T::ZERO);
                        continue;
                    }
                    for p in row.iter_mut() {
                        *p = p.times(c);
                    }
                    row[class] = row[class].minus(c);
                }
            }
            Rows::Dense(q) => {
                let total = q.sum_over(-1)?.contiguous();
                let (q, total) = (q.contiguous(), total.as_slice().unwrap_or(&[]).to_vec());
                let q = q.as_slice().unwrap_or(&[]);
                for (i, row) in out.chunks_exact_mut(n.max(1)).enumerate() {
                    for (p, &q) in row.iter_mut().zip(&q[i * n..]) {
                        *p = g(i).times(p.times(total[i]).minus(q));
                    }
                }
            }
        }
        self.unflat(p, logits.shape())
    }

    /// The gradient of the logits from `g`, in recorded ops.
    pub(crate) fn pull_recorded<A: Algebra<T>>(&self, g: A, logits: &A) -> Result<A> {
        let shape = logits.shape();
        let axis = class_axis(shape.len());
        let q = self.all_weights(classes_of(&shape))?;
        let total = self.unflat(q.sum_over(keep(-1))?.expand(q.shape())?.contiguous(), &shape)?;
        let q = logits.fixed(self.unflat(q, &shape)?);
        let p = A::run(Softmax(axis as isize), &[logits])?;
        let g = match self.scale {
            Some(scale) => g.scaled(scale),
            None => {
                let mut kept = shape.to_vec();
                kept[axis] = 1;
                g.reshape(&kept)?
            }
        };
        Ok(g * (p * logits.fixed(total) - q))
    }

    /// The direction of the loss along `t`: the same slopes, summed over the classes.
    pub(crate) fn push<A: Algebra<T>>(&self, logits: &A, t: &A) -> Result<A> {
        let shape = logits.shape();
        let axis = class_axis(shape.len()) as isize;
        // d(-Σ q·log_softmax(x)) = -Σ q·(t - Σ p·t)
        let q = logits.fixed(self.unflat(self.all_weights(classes_of(&shape))?, &shape)?);
        let p = A::run(Softmax(axis), &[logits])?;
        let mean = (p * t.clone()).sum(keep(axis))?;
        let rows = -(q * (t.clone() - mean)).sum(wengert_tensor::Axes::from(axis))?;
        match self.scale {
            None => Ok(rows),
            Some(scale) => Ok(rows.sum(wengert_tensor::Axes::ALL)?.scaled(scale)),
        }
    }
}

/// Logits up to which the logarithms of all classes are had in one pass; beyond it only those that are asked for.
const SHORT: usize = 1 << 14;
