//! Pooling layers: the maximum, the mean or the norm of each window or part of the last axes.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Float, Tensor};

use crate::functional::{self, Pool};
use crate::{Each, Module, Parts, Visitor};

/// Names of a layer by its number of dimensions.
macro_rules! dimensions {
    ($($Layer:ident: $($Name:ident $d:literal $axes:literal),*;)*) => {$($(
        #[doc = concat!("[`", stringify!($Layer), "`] of `", $axes, "`, with or without a batch before it.")]
        pub type $Name = $Layer<$d>;
    )*)*};
}
dimensions! {
    MaxPool: MaxPool1d 1 "[C, L]", MaxPool2d 2 "[C, H, W]", MaxPool3d 3 "[C, D, H, W]";
    AvgPool: AvgPool1d 1 "[C, L]", AvgPool2d 2 "[C, H, W]", AvgPool3d 3 "[C, D, H, W]";
    LpPool: LpPool1d 1 "[C, L]", LpPool2d 2 "[C, H, W]", LpPool3d 3 "[C, D, H, W]";
    AdaptiveAvgPool: AdaptiveAvgPool1d 1 "[C, L]", AdaptiveAvgPool2d 2 "[C, H, W]", AdaptiveAvgPool3d 3 "[C, D, H, W]";
    AdaptiveMaxPool: AdaptiveMaxPool1d 1 "[C, L]", AdaptiveMaxPool2d 2 "[C, H, W]", AdaptiveMaxPool3d 3 "[C, D, H, W]";
}

/// The options that pooling layers share.
macro_rules! options {
    ($($(#[$doc:meta])* $name:ident $kind:ty;)*) => {
        /// With this step from one window to the next, instead of the size of a window.
        #[must_use]
        pub fn stride(mut self, stride: impl Into<Each<D>>) -> Self {
            self.pool = self.pool.stride(stride);
            self
        }

        /// With windows at the end that see fewer places, where the last whole one leaves places over.
        #[must_use]
        pub fn ceil(mut self) -> Self {
            self.pool = self.pool.ceil();
            self
        }

        $($(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $kind) -> Self {
            self.pool = self.pool.$name($name);
            self
        })*
    };
}

/// The largest element of each window of the last `D` axes; of NaN and numbers it is NaN.
///
/// ```
/// use wengert_nn::{MaxPool2d, Module};
/// use wengert_tensor::Tensor;
///
/// let x = Tensor::<f32>::ones([8, 3, 28, 28]);
/// assert_eq!(MaxPool2d::new(2).predict(&x)?.shape(), [8, 3, 14, 14]);
/// assert_eq!(MaxPool2d::new(3).stride(2).padding(1).predict(&x)?.shape(), [8, 3, 14, 14]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct MaxPool<const D: usize> {
    pool: Pool<D>,
}

impl<const D: usize> MaxPool<D> {
    /// With windows of so many places, one next to another.
    pub fn new(kernel: impl Into<Each<D>>) -> Self {
        Self { pool: Pool::new(kernel) }
    }

    options! {
        /// With so many places before and after each axis, of which no maximum is taken.
        padding impl Into<Each<D>>;
        /// With this step from one place that a window sees to the next.
        dilation impl Into<Each<D>>;
    }

    /// The layer's result, and the place of each element in its plane, counted in row-major order: PyTorch's `return_indices`,
    /// which [`functional::max_unpool`] takes.
    ///
    /// # Errors
    /// As for [`functional::max_pool`].
    #[track_caller]
    pub fn forward_at<'t, T: Float>(&self, x: Var<'t, T>) -> Result<(Var<'t, T>, Tensor<usize>)> {
        functional::max_pool_at(x, self.pool)
    }
}

/// The mean of each window of the last `D` axes, with the padding as zeros.
#[derive(Clone, Copy)]
pub struct AvgPool<const D: usize> {
    pool: Pool<D>,
    by: Divisor,
}

/// The number by which the sum of a window is divided.
#[derive(Clone, Copy, Debug)]
enum Divisor {
    Places,
    Elements,
    Number(isize),
}

impl Divisor {
    fn described(self) -> String {
        match self {
            Self::Places => String::new(),
            Self::Elements => ", of elements".into(),
            Self::Number(divisor) => format!(", divisor {divisor}"),
        }
    }
}

impl<const D: usize> AvgPool<D> {
    /// With windows of so many places, one next to another.
    pub fn new(kernel: impl Into<Each<D>>) -> Self {
        Self { pool: Pool::new(kernel), by: Divisor::Places }
    }

    options! {
        /// With so many places before and after each axis, which count as 0.
        padding impl Into<Each<D>>;
    }

    /// With the mean of the elements alone, without the padding: PyTorch's `count_include_pad=False`.
    #[must_use]
    pub fn of_elements(mut self) -> Self {
        self.by = Divisor::Elements;
        self
    }

    /// With sums divided by this number: PyTorch's `divisor_override`.
    #[must_use]
    pub fn divisor(mut self, divisor: isize) -> Self {
        self.by = Divisor::Number(divisor);
        self
    }
}

/// The p-norm of each window of the last `D` axes: (Σ xᵖ)^(1/p).
#[derive(Clone, Copy)]
pub struct LpPool<const D: usize> {
    p: f64,
    pool: Pool<D>,
}

impl<const D: usize> LpPool<D> {
    /// With this power, and windows of so many places, one next to another.
    pub fn new(p: f64, kernel: impl Into<Each<D>>) -> Self {
        Self { p, pool: Pool::new(kernel) }
    }

    options! {}
}

/// The mean of each of so many parts of the last `D` axes, as nearly equal as can be.
///
/// ```
/// use wengert_nn::{AdaptiveAvgPool2d, Module};
/// use wengert_tensor::Tensor;
///
/// let x = Tensor::<f32>::ones([8, 3, 28, 20]);
/// assert_eq!(AdaptiveAvgPool2d::new([1, 6]).predict(&x)?.shape(), [8, 3, 1, 6]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct AdaptiveAvgPool<const D: usize> {
    sizes: Each<D>,
}

/// The largest element of each of so many parts of the last `D` axes, as nearly equal as can be.
#[derive(Clone, Copy)]
pub struct AdaptiveMaxPool<const D: usize> {
    sizes: Each<D>,
}

impl<const D: usize> AdaptiveAvgPool<D> {
    /// To these sizes.
    pub fn new(sizes: impl Into<Each<D>>) -> Self {
        Self { sizes: sizes.into() }
    }
}

impl<const D: usize> AdaptiveMaxPool<D> {
    /// To these sizes.
    pub fn new(sizes: impl Into<Each<D>>) -> Self {
        Self { sizes: sizes.into() }
    }
}

/// A layer by its text and its function.
macro_rules! layers {
    ($($Layer:ident |$me:ident, $x:ident| $text:expr => $y:expr;)*) => {$(
        impl<T: Float, const D: usize> Parts<T> for $Layer<D> {
            fn visit(&self, _: &mut Visitor<'_, T>) {}
            fn describe(&self) -> Option<String> {
                Some(format!("{self:?}"))
            }
        }

        impl<const D: usize> std::fmt::Debug for $Layer<D> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let $me = self;
                write!(f, "{}{D}d({})", stringify!($Layer), $text)
            }
        }

        impl<T: Float, const D: usize> Module<T> for $Layer<D> {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Result<Var<'t, T>> {
                let $me = self;
                $y
            }
        }
    )*};
}
layers! {
    MaxPool |me, x| me.pool.described() => functional::max_pool(x, me.pool);
    AvgPool |me, x| me.pool.described() + &me.by.described() => match me.by {
        Divisor::Places => functional::avg_pool(x, me.pool),
        Divisor::Elements => functional::avg_pool_of_elements(x, me.pool),
        Divisor::Number(divisor) => functional::avg_pool_by(x, me.pool, divisor),
    };
    LpPool |me, x| format!("{}, {}", me.p, me.pool.described()) => functional::lp_pool(x, me.p, me.pool);
    AdaptiveAvgPool |me, x| me.sizes => functional::adaptive_avg_pool(x, me.sizes);
    AdaptiveMaxPool |me, x| me.sizes => functional::adaptive_max_pool(x, me.sizes);
}
