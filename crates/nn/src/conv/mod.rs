//! `Conv1d`, `Conv2d`, `Conv3d`, and their transposes.

mod transpose;

pub use transpose::{ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d};

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Border, Float, Rng};

use crate::functional::{self, Convolution};
use crate::made::uniform;
use crate::parts::debug_as_described;
use crate::{Each, Module, Padding, Parts, Visitor};

/// A convolution of `[N, C, L]`, or `[C, L]` for one sample; see [`Conv2d`].
pub type Conv1d<T> = Conv<T, 1>;
/// A convolution of `[N, C, H, W]`, or `[C, H, W]` for one sample.
///
/// ```
/// use wengert_nn::{Conv2d, Module, Padding};
/// use wengert_tensor::{Rng, Tensor};
///
/// let (x, rng) = (Tensor::<f32>::ones([8, 3, 28, 28]), &mut Rng::new(0));
/// assert_eq!(Conv2d::new(3, 16, 5, rng).predict(&x)?.shape(), [8, 16, 24, 24]);
/// assert_eq!(Conv2d::new(3, 16, 3, rng).stride(2).padding(1).predict(&x)?.shape(), [8, 16, 14, 14]);
/// assert_eq!(Conv2d::new(3, 16, [5, 3], rng).padding(Padding::Same).predict(&x)?.shape(), [8, 16, 28, 28]);
/// assert_eq!(Conv2d::grouped(3, 6, 3, 3, rng).predict(&x)?.shape(), [8, 6, 26, 26]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub type Conv2d<T> = Conv<T, 2>;
/// A convolution of `[N, C, D, H, W]`, or `[C, D, H, W]` for one sample; see [`Conv2d`].
pub type Conv3d<T> = Conv<T, 3>;

/// A convolution in `D` dimensions; see [`Conv2d`].
///
/// Weight and bias start uniform within ±1/√(number of elements that a window sees), as PyTorch's do.
#[derive(Clone)]
pub struct Conv<T, const D: usize> {
    /// `[outputs, inputs / groups, …]`, with the sizes of the kernel at the end.
    pub weight: Param<T>,
    /// `[outputs]`
    pub bias: Option<Param<T>>,
    options: Convolution<D>,
}

impl<T: Float, const D: usize> Conv<T, D> {
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
        let mine = inputs / groups.max(1);
        let shape: Vec<usize> = [outputs, mine].into_iter().chain(kernel).collect();
        let fan = kernel.iter().fold(mine, |n, &size| n.saturating_mul(size));
        let weight = uniform("Conv", &shape, fan, rng);
        let bias = Some(uniform("Conv", &[outputs], fan, rng));
        Self { weight, bias, options: Convolution::new().groups(groups) }
    }

    /// With one kernel for each channel, which sees that channel alone.
    #[track_caller]
    pub fn depthwise(channels: usize, kernel: impl Into<Each<D>>, rng: &mut Rng) -> Self {
        Self::grouped(channels, channels, kernel, channels, rng)
    }

    /// With this step from one window to the next (1).
    #[must_use]
    pub fn stride(mut self, stride: impl Into<Each<D>>) -> Self {
        self.options = self.options.stride(stride);
        self
    }

    /// With so many places before and after each axis (0), or [`Padding::Same`].
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding<D>>) -> Self {
        self.options = self.options.padding(padding);
        self
    }

    /// With this step from one place that a window sees to the next (1).
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<Each<D>>) -> Self {
        self.options = self.options.dilation(dilation);
        self
    }

    /// With the padding filled from within, not with zeros.
    #[must_use]
    pub fn padding_mode(mut self, border: Border) -> Self {
        self.options = self.options.padding_mode(border);
        self
    }

    /// Without bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }
}

debug_as_described!(Conv<T, D>);

/// The text of a layer of this weight `[a, b, …]`, from so many channels to so many.
fn described<const D: usize>(
    name: &str,
    [inputs, outputs]: [usize; 2],
    weight: &[usize],
    options: &str,
    biased: bool,
) -> String {
    let kernel: [usize; D] = std::array::from_fn(|i| weight.get(2 + i).copied().unwrap_or(0));
    let bias = if biased { "" } else { ", no bias" };
    format!("{name}{D}d({inputs} -> {outputs}, kernel {}{options}{bias})", Each(kernel))
}

impl<T: Float, const D: usize> Parts<T> for Conv<T, D> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
        v.module("bias", &self.bias);
    }
    fn describe(&self) -> Option<String> {
        let shape = self.weight.shape();
        let (&[outputs, mine, ..], groups) = (&shape[..], self.options.groups) else { return None };
        let channels = [mine.saturating_mul(groups), outputs];
        Some(described::<D>(
            "Conv",
            channels,
            &shape,
            &self.options.described(),
            self.bias.is_some(),
        ))
    }
}

impl<T: Float, const D: usize> Module<T> for Conv<T, D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let tape = x.tape();
        let bias = self.bias.as_ref().map(|bias| tape.param(bias));
        functional::conv(x, tape.param(&self.weight), bias, self.options)
    }
}
