//! What a trainer puts around a loss and an optimiser, so that `train_epoch` and `evaluate` serve it as they are.

use std::cell::RefCell;

use wengert_autograd::{Param, Var};
use wengert_data::metrics::RunningMean;
use wengert_loss::Loss;
use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule};
use wengert_optim::{Optimizer, State, clip_grad_norm, clip_grad_value};
use wengert_tensor::{Element, Fault, Float, Tensor};

use crate::{Progress, Result};

/// A measure of predictions and targets.
pub(crate) type Metric<'a, T, Y> =
    Box<dyn Fn(&Tensor<T>, &Tensor<Y>) -> wengert_data::Result<f64> + 'a>;

/// Where the learning rate comes from.
pub(crate) enum Rate<'a> {
    Stays,
    BySteps(Box<dyn Schedule + 'a>),
    ByEpochs(Box<dyn Schedule + 'a>),
    Plateau(ReduceLrOnPlateau),
}

/// What is done to gradients before a step.
#[derive(Clone, Copy)]
pub(crate) enum Clip {
    None,
    Norm(f64),
    Value(f64),
}

/// A loss that also measures what it is given.
pub(crate) struct Watched<'a, T: Float, Y: Element, L> {
    criterion: &'a L,
    metric: Option<&'a Metric<'a, T, Y>>,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    loss: f64,
    metric: RunningMean,
    /// Why the metric could not be had, which a loss's own error has no place for.
    failed: Option<wengert_data::Error>,
}

impl<'a, T: Float, Y: Element, L> Watched<'a, T, Y, L> {
    pub(crate) fn new(criterion: &'a L, metric: Option<&'a Metric<'a, T, Y>>) -> Self {
        Self { criterion, metric, seen: RefCell::default() }
    }

    /// The metric since this was last asked, if anything was measured.
    pub(crate) fn take_metric(&self) -> Option<f64> {
        let metric = &mut self.seen.borrow_mut().metric;
        (metric.count() > 0).then(|| metric.take())
    }

    /// The result, or if the metric is what failed, that.
    pub(crate) fn or_what_failed<R>(&self, result: Result<R>) -> Result<R> {
        match self.seen.borrow_mut().failed.take() {
            Some(failed) => Err(failed.into()),
            None => result,
        }
    }
}

impl<'t, T, Y, L> Loss<'t, T, &Tensor<Y>> for Watched<'_, T, Y, L>
where
    T: Float,
    Y: Element,
    L: for<'s, 'b> Loss<'s, T, &'b Tensor<Y>>,
{
    #[track_caller]
    fn forward(
        &self,
        prediction: Var<'t, T>,
        target: &Tensor<Y>,
    ) -> wengert_autograd::Result<Var<'t, T>> {
        let loss = self.criterion.forward(prediction, target)?;
        let mut seen = self.seen.borrow_mut();
        seen.loss = loss.item()?.to_f64();
        if let Some(metric) = self.metric {
            match metric(&prediction.value()?, target) {
                Ok(value) => {
                    let samples = target.shape().first().copied().unwrap_or(1);
                    seen.metric.add(value, samples);
                }
                Err(error) => {
                    let fault = Fault::new("metric", &[], error.to_string());
                    seen.failed = Some(error);
                    return Err(wengert_tensor::Error::Value(fault).into());
                }
            }
        }
        Ok(loss)
    }
}

/// An optimiser whose step is preceded by the schedule and the clipping, and followed by a stroke of progress.
pub(crate) struct Stepping<'s, 'a, T: Float, Y: Element, L, O: ?Sized> {
    pub(crate) optimizer: &'s mut O,
    pub(crate) rate: &'s Rate<'a>,
    pub(crate) clip: Clip,
    /// How many steps are done, over all epochs.
    pub(crate) step: usize,
    pub(crate) watched: &'s Watched<'s, T, Y, L>,
    pub(crate) progress: &'s mut Progress,
}

impl<T, Y, L, O> Optimizer<T> for Stepping<'_, '_, T, Y, L, O>
where
    T: Float,
    Y: Element,
    O: Optimizer<T> + ?Sized,
{
    #[track_caller]
    fn step(&mut self) -> wengert_optim::Result<()> {
        if let Rate::BySteps(schedule) = self.rate {
            self.optimizer.set_learning_rate(schedule.at(self.step));
            if let Some(momentum) = schedule.momentum(self.step) {
                self.optimizer.set_momentum(momentum)?;
            }
        }
        match self.clip {
            Clip::None => {}
            Clip::Norm(max) => {
                clip_grad_norm(self.optimizer.parameters(), max)?;
            }
            Clip::Value(max) => clip_grad_value(self.optimizer.parameters(), max)?,
        }
        self.optimizer.step()?;
        self.step += 1;
        let loss = self.watched.seen.borrow().loss;
        self.progress.advance(1, format_args!("loss {loss:.4}"));
        Ok(())
    }

    #[track_caller]
    fn apply(&mut self, gradients: &[(&Param<T>, &Tensor<T>)]) -> wengert_optim::Result<()> {
        self.optimizer.apply(gradients)
    }

    fn parameters(&self) -> &[Param<T>] {
        self.optimizer.parameters()
    }

    fn learning_rate(&self) -> f64 {
        self.optimizer.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    #[track_caller]
    fn set_momentum(&mut self, momentum: f64) -> wengert_optim::Result<()> {
        self.optimizer.set_momentum(momentum)
    }

    fn state(&self) -> State<T> {
        self.optimizer.state()
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_optim::Result<()> {
        self.optimizer.load_state(state)
    }
}
