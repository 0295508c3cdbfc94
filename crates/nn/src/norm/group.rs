//! `GroupNorm`: each sample normalised over groups of its channels.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::Float;

use super::{on, ones, zeros};
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional};

/// `[N, C, …]`, each sample normalised over groups of its channels, then scaled and shifted channel by channel.
#[derive(Clone)]
pub struct GroupNorm<T> {
    /// `[C]`, starts from 1.
    pub weight: Option<Param<T>>,
    /// `[C]`, starts from 0.
    pub bias: Option<Param<T>>,
    groups: usize,
    channels: usize,
    eps: f64,
}

impl<T: Float> GroupNorm<T> {
    /// With this number of groups and of channels. `forward` rejects a number of channels that the groups do not divide.
    #[track_caller]
    pub fn new(groups: usize, channels: usize) -> Self {
        let (weight, bias) = (ones("GroupNorm", &[channels]), zeros("GroupNorm", &[channels]));
        Self { weight, bias, groups, channels, eps: 1e-5 }
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

debug_as_described!(GroupNorm<T>);

impl<T: Float> Parts<T> for GroupNorm<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("weight", &self.weight);
        v.module("bias", &self.bias);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("GroupNorm({} of {})", self.groups, self.channels))
    }
}

impl<T: Float> Module<T> for GroupNorm<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let (weight, bias) = (on(x.tape(), &self.weight), on(x.tape(), &self.bias));
        functional::group_norm(x, self.groups, weight, bias, self.eps)
    }
}
