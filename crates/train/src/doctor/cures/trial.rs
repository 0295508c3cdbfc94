//! A trial: a run under a remedy, from the state that is held and back to it.

use std::any::Any;

use wengert_autograd::{Param, Tape, Tensors, Var};
use wengert_data::{DataLoader, Dataset};
use wengert_loss::Loss;
use wengert_nn::{Module, Parts};
use wengert_optim::{ClipNorm, Optimizer};
use wengert_tensor::{Float, Tensor, keep};

use super::{Case, Columns, Course};
use crate::Result;
use crate::doctor::{Action, treatment};
use crate::epoch::{loss_on, value_of};
use crate::held::Held;

/// The course of a run under an action, from the state that is held and back to it.
pub(crate) fn course<T: Float>(
    case: &impl Case<T>,
    held: &mut Held<'_, T>,
    action: Option<Action>,
    steps: usize,
) -> Result<Course> {
    let all: Vec<Param<T>> = case.parts().parameters();
    let done = {
        let Some((optimizer, _)) = &mut held.optimizer else {
            unreachable!("a trial holds an optimiser")
        };
        let tape = Tape::new().seeded(0);
        case.loss(&tape, 0, Columns::AsGiven)?;
        let (each, mut other) = match action {
            Some(action) => treatment::apply(action, &tape, &mut **optimizer, &all),
            None => (treatment::Steps::default(), None),
        };
        drop(tape);
        let optimizer: &mut dyn Optimizer<T> = match &mut other {
            Some(adam) => adam,
            None => &mut **optimizer,
        };
        train(case, optimizer, each, steps)
    };
    held.put_back();
    done
}

fn train<T: Float>(
    case: &impl Case<T>,
    optimizer: &mut dyn Optimizer<T>,
    each: treatment::Steps,
    steps: usize,
) -> Result<Course> {
    let mut losses = Vec::with_capacity(steps);
    let columns = if each.standardise { Columns::Standardised } else { Columns::AsGiven };
    for step in 0..steps {
        let tape = Tape::new().seeded(step as u64);
        optimizer.zero_grad();
        let loss = case.loss(&tape, step, columns)?;
        let loss = each.loss_scale.map_or(loss, |scale| loss.mul_scalar(scale));
        let value = value_of("try_cures", loss)?;
        if !value.is_finite() {
            return Ok(Course { losses, end: f64::INFINITY });
        }
        losses.push(value);
        if loss.backward().is_err() {
            break;
        }
        if let Some(max) = each.clip {
            // What is not finite is told by the step.
            let _ = ClipNorm::new(max).clip(optimizer.parameters());
        }
        if optimizer.step().is_err() {
            return Ok(Course { losses, end: f64::INFINITY });
        }
    }
    let last = &losses[losses.len() - (losses.len() / 10).max(1).min(losses.len())..];
    let end = last.iter().sum::<f64>() / last.len().max(1) as f64;
    Ok(Course { losses, end })
}

/// A model, a loss and a loader as a case.
pub(super) struct Loaded<'a, M, L, D, X, Y, P> {
    pub(super) model: &'a M,
    pub(super) criterion: &'a L,
    pub(super) loader: &'a DataLoader<D>,
    pub(super) of: std::marker::PhantomData<fn(X, Y) -> P>,
}

impl<T, X, Y, P, D, M, L> Case<T> for Loaded<'_, M, L, D, X, Y, P>
where
    T: Float,
    X: Tensors,
    Y: Tensors,
    P: Tensors,
    D: Dataset<Batch = (X, Y)>,
    M: Module<T, X, P>,
    L: for<'t, 'a> Loss<'t, T, &'a Y, P>,
{
    fn parts(&self) -> &dyn Parts<T> {
        self.model
    }

    fn loss<'t>(
        &self,
        tape: &'t Tape<T>,
        step: usize,
        columns: Columns,
    ) -> wengert_autograd::Result<Var<'t, T>> {
        let batches = self.loader.batches().max(1);
        let wrong =
            |rule: String| wengert_autograd::Error::Use(rule, std::panic::Location::caller());
        let batch = self.loader.try_epoch(step / batches).nth(step % batches);
        let (x, y) = batch
            .ok_or_else(|| wrong("try_cures: the loader has no batch".into()))?
            .map_err(|error| wrong(format!("try_cures: {error}")))?;
        let x = if columns == Columns::Standardised { standardised::<T, X>(x) } else { x };
        loss_on(tape, self.model, self.criterion, x, &y)
    }
}

/// The columns with mean 0 and deviation 1 over the batch, if they are floats.
fn standardised<T: Float, X: Tensors>(x: X) -> X {
    let mut x = Some(x);
    let slot: &mut dyn Any = &mut x;
    if let Some(Some(floats)) = slot.downcast_mut::<Option<Tensor<T>>>()
        && let Ok(scaled) = columns_scaled(floats)
    {
        *floats = scaled;
    }
    match x {
        Some(x) => x,
        None => unreachable!("it is only lent"),
    }
}

/// The columns with mean 0 and deviation 1, and those that do not change as 0.
pub(crate) fn columns_scaled<T: Float>(x: &Tensor<T>) -> wengert_tensor::Result<Tensor<T>> {
    let mean = x.mean_over(keep(0))?;
    let off = x.try_sub(&mean)?;
    let deviation = off.square().mean_over(keep(0))?.sqrt();
    off.try_div(&deviation.add_scalar(1e-8))
}
