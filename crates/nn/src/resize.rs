//! Layers that change the sizes of images: `Upsample`, `PixelShuffle`, `ChannelShuffle`, `Unfold` and `Fold`.

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;

use crate::functional::{self, Convolution, Interpolation};
use crate::{Each, Module, OneOrEach, Parts, Visitor};

/// `[N, C, …]` with its last axes in other sizes, by the nearest place unless told otherwise.
///
/// ```
/// use wengert_nn::{Module, Upsample};
/// use wengert_nn::functional::Interpolation;
/// use wengert_tensor::Tensor;
///
/// let x = Tensor::<f32>::ones([8, 3, 14, 10]);
/// assert_eq!(Upsample::by(2.0).predict(&x)?.shape(), [8, 3, 28, 20]);
/// assert_eq!(Upsample::by([2.0, 1.5]).predict(&x)?.shape(), [8, 3, 28, 15]);
/// let layer = Upsample::to([32, 32]).mode(Interpolation::Linear);
/// assert_eq!(layer.predict(&x)?.shape(), [8, 3, 32, 32]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Upsample {
    sizes: Sizes,
    how: Interpolation,
}

#[derive(Clone, Debug)]
enum Sizes {
    To(OneOrEach<usize>),
    By(OneOrEach<f64>),
}

impl Upsample {
    /// To this size, or to these sizes, one for each axis after the second.
    pub fn to(sizes: impl Into<OneOrEach<usize>>) -> Self {
        Self { sizes: Sizes::To(sizes.into()), how: Interpolation::Nearest }
    }

    /// By this factor, or by these factors, one for each axis after the second.
    pub fn by(factors: impl Into<OneOrEach<f64>>) -> Self {
        Self { sizes: Sizes::By(factors.into()), how: Interpolation::Nearest }
    }

    /// With places between filled so.
    #[must_use]
    pub fn mode(mut self, how: Interpolation) -> Self {
        self.how = how;
        self
    }
}

/// Channels as places: `[…, C·r², H, W]` gives `[…, C, H·r, W·r]`.
#[derive(Clone, Copy, Debug)]
pub struct PixelShuffle {
    r: usize,
}

impl PixelShuffle {
    /// With r times as many places along each axis.
    pub fn new(r: usize) -> Self {
        Self { r }
    }
}

/// Places as channels: `[…, C, H·r, W·r]` gives `[…, C·r², H, W]`.
#[derive(Clone, Copy, Debug)]
pub struct PixelUnshuffle {
    r: usize,
}

impl PixelUnshuffle {
    /// With one r-th of the places along each axis.
    pub fn new(r: usize) -> Self {
        Self { r }
    }
}

/// The channels of `[N, C, …]` in another order: of so many groups, first the first of each, then the second of each.
#[derive(Clone, Copy, Debug)]
pub struct ChannelShuffle {
    groups: usize,
}

impl ChannelShuffle {
    /// With the channels in so many groups.
    pub fn new(groups: usize) -> Self {
        Self { groups }
    }
}

/// The windows of `[N, C, H, W]` as columns, `[N, C·kernel, windows]`.
#[derive(Clone, Copy, Debug)]
pub struct Unfold {
    kernel: Each<2>,
    options: Convolution<2>,
}

/// The adjoint of [`Unfold`]: columns `[N, C·kernel, windows]` added in their windows, `[N, C, H, W]`.
#[derive(Clone, Copy, Debug)]
pub struct Fold {
    sizes: Each<2>,
    kernel: Each<2>,
    options: Convolution<2>,
}

/// The options of windows.
macro_rules! options {
    () => {
        /// With this step from one window to the next (1).
        #[must_use]
        pub fn stride(mut self, stride: impl Into<Each<2>>) -> Self {
            self.options = self.options.stride(stride);
            self
        }

        /// With so many zeros before and after each axis (0).
        #[must_use]
        pub fn padding(mut self, padding: impl Into<Each<2>>) -> Self {
            self.options = self.options.padding(padding.into().0);
            self
        }

        /// With this step from one place that a window sees to the next (1).
        #[must_use]
        pub fn dilation(mut self, dilation: impl Into<Each<2>>) -> Self {
            self.options = self.options.dilation(dilation);
            self
        }
    };
}

impl Unfold {
    /// With windows of these sizes.
    pub fn new(kernel: impl Into<Each<2>>) -> Self {
        Self { kernel: kernel.into(), options: Convolution::new() }
    }

    options!();
}

impl Fold {
    /// To images of these sizes, from windows of these sizes.
    pub fn new(sizes: impl Into<Each<2>>, kernel: impl Into<Each<2>>) -> Self {
        Self { sizes: sizes.into(), kernel: kernel.into(), options: Convolution::new() }
    }

    options!();
}

/// A layer by its text and its function.
macro_rules! layers {
    ($($Layer:ident |$me:ident, $x:ident| $text:expr => $y:expr;)*) => {$(
        impl<T: Float> Parts<T> for $Layer {
            fn visit(&self, _: &mut Visitor<'_, T>) {}
            fn describe(&self) -> Option<String> {
                let $me = self;
                Some(format!("{}({})", stringify!($Layer), $text))
            }
        }

        impl<T: Float> Module<T> for $Layer {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Result<Var<'t, T>> {
                let $me = self;
                $y
            }
        }
    )*};
}
layers! {
    Upsample |me, x| match &me.sizes {
        Sizes::To(sizes) => format!("to {sizes:?}, {:?}", me.how),
        Sizes::By(factors) => format!("by {factors:?}, {:?}", me.how),
    } => {
        let axes = x.rank().saturating_sub(2);
        match &me.sizes {
            Sizes::To(sizes) => functional::interpolate(x, sizes.of(axes), me.how),
            Sizes::By(factors) => functional::interpolate_by(x, factors.of(axes), me.how),
        }
    };
    PixelShuffle |me, x| me.r => functional::pixel_shuffle(x, me.r);
    PixelUnshuffle |me, x| me.r => functional::pixel_unshuffle(x, me.r);
    ChannelShuffle |me, x| me.groups => functional::channel_shuffle(x, me.groups);
    Unfold |me, x| format!("kernel {}{}", me.kernel, me.options.described()) =>
        functional::unfold(x, me.kernel, me.options);
    Fold |me, x| format!("{}, kernel {}{}", me.sizes, me.kernel, me.options.described()) =>
        functional::fold(x, me.sizes, me.kernel, me.options);
}
