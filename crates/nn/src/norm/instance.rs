//! `InstanceNorm1d`, `InstanceNorm2d` and `InstanceNorm3d`: each channel of each sample normalised by itself.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Error, Fault, Float};

use super::{Running, on, ones, zeros};
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional};

/// [`InstanceNorm`] of `[N, C, L]`, or `[C, L]` for one sample.
pub type InstanceNorm1d<T> = InstanceNorm<T, 1>;
/// [`InstanceNorm`] of `[N, C, H, W]`, or `[C, H, W]` for one sample.
pub type InstanceNorm2d<T> = InstanceNorm<T, 2>;
/// [`InstanceNorm`] of `[N, C, D, H, W]`, or `[C, D, H, W]` for one sample.
pub type InstanceNorm3d<T> = InstanceNorm<T, 3>;

/// Each channel of each sample normalised by itself, in `D` dimensions. Unless told otherwise it has
/// neither weights nor running statistics, as PyTorch's.
#[derive(Clone)]
pub struct InstanceNorm<T, const D: usize> {
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

impl<T: Float, const D: usize> InstanceNorm<T, D> {
    /// For so many channels.
    #[track_caller]
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
    #[track_caller]
    pub fn affine(mut self) -> Self {
        (self.weight, self.bias) =
            (ones("InstanceNorm", &[self.channels]), zeros("InstanceNorm", &[self.channels]));
        self
    }

    /// With running statistics, by which evaluation goes.
    #[must_use]
    #[track_caller]
    pub fn tracking(mut self) -> Self {
        self.running = Some(Running::new("InstanceNorm", self.channels));
        self
    }

    #[track_caller]
    fn run<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let shape = x.shape();
        let rank = shape.len();
        if ![D + 1, D + 2].contains(&rank) || shape[rank - D - 1] != self.channels {
            let c = self.channels;
            let axes = ["L", "H, W", "D, H, W"].get(D - 1).unwrap_or(&"…");
            let rule = format!("must be [N, {c}, {axes}] or [{c}, {axes}]");
            return Err(Error::Shape(Fault::new("InstanceNorm", &[&shape], rule)).into());
        }
        let tape = x.tape();
        let (weight, bias) = (on(tape, &self.weight), on(tape, &self.bias));
        let batch = if rank == D + 1 { x.unsqueeze(0)? } else { x };
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
                    && running.moved_to(moved)
                    // PyTorch's counts nothing here; a plain mean has to.
                    && self.momentum.is_none()
                {
                    running.batches.set(batches);
                }
                y
            }
        };
        if rank == D + 1 { y.squeeze(0) } else { Ok(y) }
    }
}

debug_as_described!(InstanceNorm<T, D>);

impl<T: Float, const D: usize> Parts<T> for InstanceNorm<T, D> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("weight", &self.weight);
        v.module("bias", &self.bias);
        v.module("", &self.running);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("InstanceNorm{D}d({})", self.channels))
    }
}

impl<T: Float, const D: usize> Module<T> for InstanceNorm<T, D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        self.run(x)
    }
}
