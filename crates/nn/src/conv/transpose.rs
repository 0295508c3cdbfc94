//! `ConvTranspose1d`, `ConvTranspose2d` and `ConvTranspose3d`: convolutions that go from the size of the output to that of the
//! input.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Float, Rng};

use super::described;
use crate::functional::{self, Convolution};
use crate::made::uniform;
use crate::parts::debug_as_described;
use crate::{Each, Module, Parts, Visitor};

/// A transposed convolution of `[N, C, L]`, or `[C, L]` for one sample; see [`ConvTranspose2d`].
pub type ConvTranspose1d<T> = ConvTranspose<T, 1>;
/// A transposed convolution of `[N, C, H, W]`, or `[C, H, W]` for one sample: each place of the input adds its multiple of the
/// kernel to the output, `stride` places further from one to the next.
///
/// ```
/// use wengert_nn::{ConvTranspose2d, Module};
/// use wengert_tensor::{Rng, Tensor};
///
/// let layer = ConvTranspose2d::<f32>::new(16, 3, 4, &mut Rng::new(0)).stride(2).padding(1);
/// assert_eq!(layer.predict(&Tensor::ones([8, 16, 14, 14]))?.shape(), [8, 3, 28, 28]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub type ConvTranspose2d<T> = ConvTranspose<T, 2>;
/// A transposed convolution of `[N, C, D, H, W]`, or `[C, D, H, W]` for one sample; see [`ConvTranspose2d`].
pub type ConvTranspose3d<T> = ConvTranspose<T, 3>;

/// A transposed convolution in `D` dimensions; see [`ConvTranspose2d`].
#[derive(Clone)]
pub struct ConvTranspose<T, const D: usize> {
    /// `[inputs, outputs / groups, …]`, with the sizes of the kernel at the end.
    pub weight: Param<T>,
    /// `[outputs]`
    pub bias: Option<Param<T>>,
    options: Convolution<D>,
    more: Each<D>,
}

impl<T: Float, const D: usize> ConvTranspose<T, D> {
    /// From so many channels to so many, with a kernel of these sizes and a bias.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, kernel: impl Into<Each<D>>, rng: &mut Rng) -> Self {
        Self::grouped(inputs, outputs, kernel, 1, rng)
    }

    /// With the channels in so many groups, each of which sees its own inputs alone. Groups that do not divide inputs and outputs
    /// are rejected by `forward`.
    #[track_caller]
    pub fn grouped(
        inputs: usize,
        outputs: usize,
        kernel: impl Into<Each<D>>,
        groups: usize,
        rng: &mut Rng,
    ) -> Self {
        let kernel = kernel.into().0;
        let mine = outputs / groups.max(1);
        let shape: Vec<usize> = [inputs, mine].into_iter().chain(kernel).collect();
        let fan = kernel.iter().fold(mine, |n, &size| n.saturating_mul(size));
        let weight = uniform("ConvTranspose", &shape, fan, rng);
        let bias = Some(uniform("ConvTranspose", &[outputs], fan, rng));
        Self { weight, bias, options: Convolution::new().groups(groups), more: Each([0; D]) }
    }

    /// With this step from one place of the input to the next, in places of the output (1).
    #[must_use]
    pub fn stride(mut self, stride: impl Into<Each<D>>) -> Self {
        self.options = self.options.stride(stride);
        self
    }

    /// With so many places cut off before and after each axis of the output (0): those that the convolution would have padded.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Each<D>>) -> Self {
        self.options = self.options.padding(padding.into().0);
        self
    }

    /// With so many places more after each axis of the output (0).
    #[must_use]
    pub fn output_padding(mut self, more: impl Into<Each<D>>) -> Self {
        self.more = more.into();
        self
    }

    /// With this step from one place of the kernel to the next (1).
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<Each<D>>) -> Self {
        self.options = self.options.dilation(dilation);
        self
    }

    /// Without bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }
}

debug_as_described!(ConvTranspose<T, D>);

impl<T: Float, const D: usize> Parts<T> for ConvTranspose<T, D> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
        v.module("bias", &self.bias);
    }
    fn describe(&self) -> Option<String> {
        let shape = self.weight.shape();
        let (&[inputs, mine, ..], groups) = (&shape[..], self.options.groups) else { return None };
        let channels = [inputs, mine.saturating_mul(groups)];
        let mut options = self.options.described();
        if self.more != Each([0; D]) {
            options += &format!(", output padding {}", self.more);
        }
        Some(described::<D>("ConvTranspose", channels, &shape, &options, self.bias.is_some()))
    }
}

impl<T: Float, const D: usize> Module<T> for ConvTranspose<T, D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let tape = x.tape();
        let bias = self.bias.as_ref().map(|bias| tape.param(bias));
        functional::conv_transpose(x, tape.param(&self.weight), bias, self.options, self.more)
    }
}
