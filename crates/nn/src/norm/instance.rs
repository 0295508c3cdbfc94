//! `InstanceNorm1d`: each channel of each sample normalised by itself.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Error, Fault, Float};

use super::{Running, on, ones, zeros};
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional};

/// Each channel of each sample normalised by itself: `[N, C, L]`, or `[C, L]` for one sample. Unless told otherwise it has
/// neither weights nor running statistics, as PyTorch's.
#[derive(Clone)]
pub struct InstanceNorm1d<T> {
    /// `[C]`, starts from 1.
    pub weight: Option<Param<T>>,
    /// `[C]`, starts from 0.
    pub bias: Option<Param<T>>,
    /// The statistics that evaluation uses.
    pub running: Option<Running<T>>,
    channels: usize,
    eps: f64,
    momentum: Option<f64>,
}

impl<T: Float> InstanceNorm1d<T> {
    /// For so many channels.
    pub fn new(channels: usize) -> Self {
        Self { weight: None, bias: None, running: None, channels, eps: 1e-5, momentum: Some(0.1) }
    }

    /// With this number added to variances (1e-5).
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// With the newest batch weighing so much in the running statistics (0.1).
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = Some(momentum);
        self
    }

    /// With running statistics that are the plain mean over all batches so far.
    #[must_use]
    pub fn cumulative(mut self) -> Self {
        self.momentum = None;
        self
    }

    /// With weight and bias.
    #[must_use]
    pub fn affine(mut self) -> Self {
        (self.weight, self.bias) = (ones(&[self.channels]), zeros(&[self.channels]));
        self
    }

    /// With running statistics, by which evaluation goes.
    #[must_use]
    pub fn tracking(mut self) -> Self {
        self.running = Some(Running::new(self.channels));
        self
    }

    #[track_caller]
    fn run<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let shape = x.shape();
        let rank = shape.len();
        if !(2..=3).contains(&rank) || shape[rank - 2] != self.channels {
            let c = self.channels;
            let rule = format!("must be [N, {c}, L] or [{c}, L]");
            return Err(Error::Shape(Fault::new("InstanceNorm1d", &[&shape], rule)).into());
        }
        let tape = x.tape();
        let (weight, bias) = (on(tape, &self.weight), on(tape, &self.bias));
        let batch = if rank == 2 { x.unsqueeze(0)? } else { x };
        let y = match &self.running {
            None => functional::instance_norm(batch, None, weight, bias, true, 0.0, self.eps)?.0,
            Some(running) => {
                let (stats, by_input) = (running.stats(), tape.is_training());
                let batches = running.batches.get().saturating_add(1);
                let momentum = self.momentum.unwrap_or(1.0 / batches as f64);
                let (y, moved) = functional::instance_norm(
                    batch,
                    Some(&stats),
                    weight,
                    bias,
                    by_input,
                    momentum,
                    self.eps,
                )?;
                if let Some(moved) = moved
                    && tape.is_recording()
                {
                    running.set(moved);
                    // PyTorch's counts nothing here; a plain mean has to.
                    if self.momentum.is_none() {
                        running.batches.set(batches);
                    }
                }
                y
            }
        };
        if rank == 2 { y.squeeze(0) } else { Ok(y) }
    }
}

debug_as_described!(InstanceNorm1d<T>);

impl<T: Float> Parts<T> for InstanceNorm1d<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("weight", &self.weight);
        v.module("bias", &self.bias);
        v.module("", &self.running);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("InstanceNorm1d({})", self.channels))
    }
}

impl<T: Float> Module<T> for InstanceNorm1d<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        self.run(x)
    }
}
