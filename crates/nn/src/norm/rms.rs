//! `RmsNorm`: each sample divided by its root mean square.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::Float;

use super::{on, ones};
use crate::parts::debug_as_described;
use crate::{Module, OneOrEach, Parts, Visitor, functional};

/// Each sample divided by the root of its mean square over its last axes, then scaled.
#[derive(Clone)]
pub struct RmsNorm<T> {
    /// Has the normalised shape, and starts from 1.
    pub weight: Option<Param<T>>,
    shape: Vec<usize>,
    eps: Option<f64>,
}

impl<T: Float> RmsNorm<T> {
    /// Normalises over the last axes, which have these sizes; one size is of the last axis.
    #[track_caller]
    pub fn new(normalized_shape: impl Into<OneOrEach<usize>>) -> Self {
        let shape = normalized_shape.into().of(1);
        Self { weight: ones("RmsNorm", &shape), shape, eps: None }
    }

    /// With this number added to the mean square; the float type's epsilon by default.
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = Some(eps);
        self
    }

    /// Without weight.
    #[must_use]
    pub fn without_affine(mut self) -> Self {
        self.weight = None;
        self
    }
}

debug_as_described!(RmsNorm<T>);

impl<T: Float> Parts<T> for RmsNorm<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("weight", &self.weight);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("RmsNorm({:?})", self.shape))
    }
}

impl<T: Float> Module<T> for RmsNorm<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let weight = on(x.tape(), &self.weight);
        functional::rms_norm(x, &self.shape, weight, self.eps)
    }
}
