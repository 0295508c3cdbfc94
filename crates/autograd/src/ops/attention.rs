//! Attention of sequences to themselves as one op, which keeps no scores.

use std::borrow::Cow;

use wengert_tensor::{Float, Tensor, keep};

use super::{Operation, Reads, Softmax, Where};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{Row, row};

/// softmax(q·kᵀ·scale)·v for each head, of queries, keys and values that lie next to each other: `[batch, time, 3 · width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelfAttention {
    /// The number of heads, each of which has its part of the width.
    pub heads: usize,
    /// Whether a place sees only the places up to its own.
    pub causal: bool,
    /// The factor of the scores.
    pub scale: f64,
}

impl SelfAttention {
    /// Queries, keys and values of all heads, `[batch, heads, time, size]`.
    fn apart<T: Float, A: Algebra<T>>(&self, x: &A) -> Result<[A; 3]> {
        let shape = x.shape();
        let (batch, time, width) = (shape[0], shape[1], shape[2] / 3);
        let part = |i: usize| {
            let part = x.narrow(2, i * width, width)?;
            part.reshape(&[batch, time, self.heads, width / self.heads])?.permute(&[0, 2, 1, 3])
        };
        Ok([part(0)?, part(1)?, part(2)?])
    }

    /// `[batch, heads, time, size]` as `[batch, time, width]`.
    fn together<T: Float, A: Algebra<T>>(&self, x: &A) -> Result<A> {
        let shape = x.shape();
        x.permute(&[0, 2, 1, 3])?.reshape(&[shape[0], shape[2], shape[1] * shape[3]])
    }

    /// The weights of all pairs of places, from the scores.
    fn weights<T: Float, A: Algebra<T>>(&self, scores: &A) -> Result<A> {
        let time = scores.shape()[2];
        let scores = scores.scaled(self.scale);
        if !self.causal {
            return A::run(Softmax(-1), &[&scores]);
        }
        let seen = Tensor::try_full([time, time], true)?.tril(0)?;
        let never = scores.fixed(Tensor::scalar(T::from_f64(f64::NEG_INFINITY)));
        A::run(Softmax(-1), &[&A::run(Where(seen.into()), &[&scores, &never])?])
    }

    /// The gradient of the scores before they are scaled, from that of the weights `p`; and their direction.
    fn of_scores<T: Float, A: Algebra<T>>(&self, p: &A, dp: A) -> Result<A> {
        let common = (dp.clone() * p.clone()).sum(keep(-1))?;
        Ok(p.clone() * (dp - common))
    }
}

impl<T: Float> Operation<T> for SelfAttention {
    fn name(&self) -> &'static str {
        "self_attention"
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("heads", self.heads.to_string()),
            ("causal", self.causal.to_string()),
            ("scale", self.scale.to_string()),
        ]
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].self_attention(self.heads, self.causal, self.scale)?)
    }
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let Self { heads, causal, scale } = *self;
        if let Some(numbers) = g.numbers() {
            let (x, y) = (at.x(0).tensor(), at.y().tensor());
            return Ok(g.fixed(x.self_attention_back(numbers, &y, heads, causal, scale)?));
        }
        let x = at.x(0);
        let [q, k, v] = self.apart(&x)?;
        let shape = q.shape();
        let p = self.weights(&q.matmul(&k.t()?)?)?;
        let (batch, time) = (shape[0], shape[2]);
        let g = g.reshape(&[batch, time, heads, shape[3]])?.permute(&[0, 2, 1, 3])?;
        let ds = self.of_scores(&p, g.matmul(&v.t()?)?)?.scaled(scale);
        let dq = self.together(&ds.matmul(&k)?)?;
        let dk = self.together(&ds.t()?.matmul(&q)?)?;
        let dv = self.together(&p.t()?.matmul(&g)?)?;
        A::cat(&[&dq, &dk, &dv], 2)
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], _: &A) -> Result<A> {
        let ([q, k, v], [dq, dk, dv]) = (self.apart(&x[0])?, self.apart(t)?);
        let p = self.weights(&q.matmul(&k.t()?)?)?;
        let ds = dq.matmul(&k.t()?)? + q.matmul(&dk.t()?)?;
        let dp = self.of_scores(&p, ds.scaled(self.scale))?;
        self.together(&(dp.matmul(&v)? + p.matmul(&dv)?))
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "of q: p·(g @ vᵀ - sum(g·y)) @ k, and so of k and v, with the weights p computed again"
            .into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::operand(0).and(Reads::RESULT)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let of = |shape: &'static [usize]| [(shape, -1.0, 1.0)];
        vec![
            row("self_attention", &of(&[2, 3, 12]), |x| x[0].self_attention(2, true, Some(0.8))),
            row("self_attention", &of(&[1, 4, 6]), |x| x[0].self_attention(1, false, None)),
        ]
    }
}
