//! `LayerNorm`: each sample normalised over its last axes.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::Float;

use super::{on, ones, zeros};
use crate::parts::debug_as_described;
use crate::{Module, OneOrEach, Parts, Visitor, functional};

/// Each sample normalised over its last axes, then scaled and shifted.
///
/// ```
/// use wengert_nn::{LayerNorm, Module};
/// use wengert_tensor::tensor;
///
/// let y = LayerNorm::<f64>::new([2]).predict(&tensor![[1.0, 3.0], [10.0, 30.0]])?;
/// assert!((y.get(&[0, 0])? + 1.0).abs() < 1e-5 && (y.get(&[1, 1])? - 1.0).abs() < 1e-5);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct LayerNorm<T> {
    /// Has the normalised shape, and starts from 1.
    pub weight: Option<Param<T>>,
    /// Has the normalised shape, and starts from 0.
    pub bias: Option<Param<T>>,
    shape: Vec<usize>,
    eps: f64,
}

impl<T: Float> LayerNorm<T> {
    /// Over the last axes, which have these sizes; one size is of the last axis.
    #[track_caller]
    pub fn new(normalized_shape: impl Into<OneOrEach<usize>>) -> Self {
        let shape = normalized_shape.into().of(1);
        Self {
            weight: ones("LayerNorm", &shape),
            bias: zeros("LayerNorm", &shape),
            shape,
            eps: 1e-5,
        }
    }

    /// With this number added to variances (1e-5).
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
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
}

debug_as_described!(LayerNorm<T>);

impl<T: Float> Parts<T> for LayerNorm<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("weight", &self.weight);
        v.module("bias", &self.bias);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("LayerNorm({:?})", self.shape))
    }
}

impl<T: Float> Module<T> for LayerNorm<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let (weight, bias) = (on(x.tape(), &self.weight), on(x.tape(), &self.bias));
        functional::layer_norm(x, &self.shape, weight, bias, self.eps)
    }
}
