//! The direction of a step, from the curvature along the last ones.

use std::collections::VecDeque;

use wengert_tensor::pointwise::{C, Real, Update, update_in_place};
use wengert_tensor::{Float, Tensor};

use super::Lbfgs;
use crate::Result;
use crate::wolfe::Point;

/// The history of the path. Each vector holds all parameters, one after another.
#[derive(Clone)]
pub(super) struct Memory<T: Float> {
    /// Iterations so far.
    pub(super) iterations: u64,
    pub(super) direction: Tensor<T>,
    /// The step size of the last iteration.
    pub(super) length: f64,
    pub(super) gradient: Tensor<T>,
    pub(super) loss: f64,
    pub(super) pairs: VecDeque<Pair<T>>,
    /// The scale of the inverse curvature, from the last pair.
    pub(super) scale: f64,
}

/// The change of the gradient along a step.
#[derive(Clone)]
pub(super) struct Pair<T: Float> {
    pub(super) change: Tensor<T>,
    pub(super) step: Tensor<T>,
    /// 1 / (change · step)
    pub(super) inverse: f64,
}

/// y ← y + a·x
#[derive(Clone, Copy)]
pub(super) struct Add(pub(super) C);

impl Update<1> for Add {
    #[inline(always)]
    fn step<R: Real>(self, [y]: [R; 1], x: R) -> [R; 1] {
        [y + self.0 * x]
    }
}

pub(super) fn dot<T: Float>(a: &Tensor<T>, b: &Tensor<T>) -> Result<f64> {
    Ok(a.dot(b)?.item()?.to_f64())
}

pub(super) fn largest<T: Float>(x: &Tensor<T>) -> Result<f64> {
    Ok(x.norm(f64::INFINITY)?.item()?.to_f64())
}

impl<T: Float> Lbfgs<T> {
    /// The direction, and the first step size.
    pub(super) fn direction(&mut self, here: &Point<T>) -> Result<(Tensor<T>, f64)> {
        let g = &here.gradient;
        let Some(memory) = &mut self.memory else {
            let length = (1.0 / g.norm(1.0)?.item()?.to_f64()).min(1.0) * self.learning_rate;
            return Ok((g.neg(), length));
        };
        let change = g.try_sub(&memory.gradient)?;
        let step = memory.direction.mul_scalar(memory.length);
        let curvature = dot(&change, &step)?;
        if curvature > 1e-10 && self.history > 0 {
            if memory.pairs.len() == self.history {
                memory.pairs.pop_front();
            }
            memory.scale = curvature / dot(&change, &change)?;
            memory.pairs.push_back(Pair { change, step, inverse: 1.0 / curvature });
        }
        // The inverse curvature times -g, by two loops over the pairs.
        let mut d = g.neg();
        let mut shares = Vec::with_capacity(memory.pairs.len());
        for pair in memory.pairs.iter().rev() {
            let share = dot(&pair.step, &d)? * pair.inverse;
            update_in_place(Add(C(-share)), [&mut d], &pair.change)?;
            shares.push(share);
        }
        let mut d = d.mul_scalar(memory.scale);
        for (pair, share) in memory.pairs.iter().zip(shares.into_iter().rev()) {
            let other = dot(&pair.change, &d)? * pair.inverse;
            update_in_place(Add(C(share - other)), [&mut d], &pair.step)?;
        }
        Ok((d, self.learning_rate))
    }

    pub(super) fn remember(&mut self, here: &Point<T>, direction: &Tensor<T>, length: f64) {
        let (pairs, scale, iterations) = match self.memory.take() {
            Some(memory) => (memory.pairs, memory.scale, memory.iterations),
            None => (VecDeque::new(), 1.0, 0),
        };
        self.memory = Some(Memory {
            iterations: iterations + 1,
            direction: direction.clone(),
            length,
            gradient: here.gradient.clone(),
            loss: here.loss,
            pairs,
            scale,
        });
    }
}
