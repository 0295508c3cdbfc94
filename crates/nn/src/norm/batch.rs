//! `BatchNorm1d`, `BatchNorm2d` and `BatchNorm3d`: each channel normalised over the batch.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Error, Fault, Float};

use super::{Running, on, ones, zeros};
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional};

/// Each channel normalised over the batch, then scaled and shifted: `[N, C]` or `[N, C, L]`.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::{BatchNorm1d, Module};
/// use wengert_tensor::tensor;
///
/// let norm = BatchNorm1d::<f64>::new(1);
/// let running = norm.running.as_ref().unwrap();
/// let x = tensor![[1.0], [3.0]];
///
/// norm.call(Tape::new().constant(x.clone()))?;     // training: the batch's mean is 2, its variance 2
/// assert!((running.mean.value().item()? - 0.2).abs() < 1e-12);
/// assert!((running.var.value().item()? - 1.1).abs() < 1e-12);
///
/// norm.predict(&x)?;                                  // evaluation: nothing moves
/// assert_eq!(running.batches.get(), 1);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub type BatchNorm1d<T> = BatchNorm<T, 1>;

/// Each channel normalised over the batch, then scaled and shifted: `[N, C, H, W]`.
pub type BatchNorm2d<T> = BatchNorm<T, 2>;

/// Each channel normalised over the batch, then scaled and shifted: `[N, C, D, H, W]`.
pub type BatchNorm3d<T> = BatchNorm<T, 3>;

/// Each channel normalised over the batch, in `D` dimensions; see [`BatchNorm1d`].
#[derive(Clone)]
pub struct BatchNorm<T, const D: usize> {
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

impl<T: Float, const D: usize> BatchNorm<T, D> {
    /// For so many channels.
    #[track_caller]
    pub fn new(channels: usize) -> Self {
        Self {
            weight: ones("BatchNorm", &[channels]),
            bias: zeros("BatchNorm", &[channels]),
            running: Some(Running::new("BatchNorm", channels)),
            channels,
            eps: 1e-5,
            momentum: Some(0.1),
        }
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

    /// With running statistics that are the plain mean over all batches so far: PyTorch's `momentum=None`.
    #[must_use]
    pub fn cumulative(mut self) -> Self {
        self.momentum = None;
        self
    }

    /// Without weight and bias.
    #[must_use]
    pub fn without_affine(mut self) -> Self {
        (self.weight, self.bias) = (None, None);
        self
    }

    /// Without bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }

    /// Without running statistics: evaluation goes by the batch too.
    #[must_use]
    pub fn without_tracking(mut self) -> Self {
        self.running = None;
        self
    }

    #[track_caller]
    fn run<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let shape = x.shape();
        let ranks = if D == 1 { 2..=3 } else { D + 2..=D + 2 };
        if !ranks.contains(&shape.len()) || shape[1] != self.channels {
            let c = self.channels;
            let rule = match D {
                1 => format!("must be [N, {c}] or [N, {c}, L]"),
                2 => format!("must be [N, {c}, H, W]"),
                _ => format!("must be [N, {c}, …], of {} axes", D + 2),
            };
            return Err(Error::Shape(Fault::new("BatchNorm", &[&shape], rule)).into());
        }
        let tape = x.tape();
        let (weight, bias) = (on(tape, &self.weight), on(tape, &self.bias));
        let Some(running) = &self.running else {
            let (y, _) = functional::batch_norm(x, None, weight, bias, true, 0.0, self.eps)?;
            return Ok(y);
        };
        let training = tape.is_training();
        let batches = running.batches.get().saturating_add(1);
        let momentum = self.momentum.unwrap_or(1.0 / batches as f64);
        let stats = running.stats();
        let (y, moved) =
            functional::batch_norm(x, Some(&stats), weight, bias, training, momentum, self.eps)?;
        if let Some(moved) = moved
            && tape.is_recording()
            && running.moved_to(moved)
        {
            running.batches.set(batches);
        }
        Ok(y)
    }
}

debug_as_described!(BatchNorm<T, D>);

impl<T: Float, const D: usize> Parts<T> for BatchNorm<T, D> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("weight", &self.weight);
        v.module("bias", &self.bias);
        v.module("", &self.running);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("BatchNorm{D}d({})", self.channels))
    }
}

impl<T: Float, const D: usize> Module<T> for BatchNorm<T, D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        self.run(x)
    }
}
