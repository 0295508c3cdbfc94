//! Activations as layers, one line each, with PyTorch's defaults. Their values and slopes are in the table of derivatives.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Error, Fault, Float};

use crate::made::made;
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional, init};

/// Layers without parameters: `Name { settings } |x| result`.
macro_rules! activations {
    ($(
        $(#[$doc:meta])*
        $Name:ident $({ $($(#[$field_doc:meta])* $field:ident: $Type:ty),* $(; default $($value:expr),*)? })?
            |$layer:ident, $x:ident| $y:expr;
    )*) => {$(
        activations!(@struct [$(#[$doc])*] $Name $({ $($(#[$field_doc])* $field: $Type),* $(; default $($value),*)? })?);

        impl<T: Float> Parts<T> for $Name {
            fn visit(&self, _: &mut Visitor<'_, T>) {}
            $(fn describe(&self) -> Option<String> {
                let settings = [$(format!("{:?}", self.$field)),*];
                Some(format!("{}({})", stringify!($Name), settings.join(", ")))
            })?
        }

        impl<T: Float> Module<T> for $Name {
            #[track_caller]
            #[inline]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Result<Var<'t, T>> {
                let $layer = self;
                let _ = $layer;
                let y = $y;
                Ok(y)
            }
        }
    )*};
    (@struct [$(#[$doc:meta])*] $Name:ident) => {
        $(#[$doc])*
        ///
        /// It has a size of one byte, so that each has an address of its own, by which a model identifies its layers.
        #[derive(Clone, Copy, Default)]
        pub struct $Name {
            _place: u8,
        }
        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($Name))
            }
        }
        #[doc = concat!("The layer [`", stringify!($Name), "`](struct@", stringify!($Name), ").")]
        #[allow(non_upper_case_globals)]
        pub const $Name: $Name = $Name { _place: 0 };
    };
    (@struct [$(#[$doc:meta])*] $Name:ident {
        $($(#[$field_doc:meta])* $field:ident: $Type:ty),* $(; default $($value:expr),*)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Name {
            $($(#[$field_doc])* pub $field: $Type,)*
        }
        impl $Name {
            /// With these settings.
            pub fn new($($field: $Type),*) -> Self {
                Self { $($field),* }
            }
        }
        $(impl Default for $Name {
            /// PyTorch's.
            fn default() -> Self {
                Self::new($($value),*)
            }
        })?
    };
}

activations! {
    /// The hyperbolic tangent.
    Tanh |layer, x| x.tanh();
    /// 1 / (1 + e⁻ˣ)
    Sigmoid |layer, x| x.sigmoid();
    /// x where positive, else 0.
    Relu |layer, x| x.relu();
    /// x limited to 0…6.
    Relu6 |layer, x| x.relu6();
    /// The self-normalising elu.
    Selu |layer, x| x.selu();
    /// x · sigmoid(x)
    Silu |layer, x| x.silu();
    /// x · tanh(ln(1 + eˣ))
    Mish |layer, x| x.mish();
    /// x / (1 + |x|)
    Softsign |layer, x| x.softsign();
    /// x - tanh(x)
    Tanhshrink |layer, x| x.tanhshrink();
    /// x / 6 + ½, limited to 0…1.
    Hardsigmoid |layer, x| x.hardsigmoid();
    /// x · hardsigmoid(x)
    Hardswish |layer, x| x.hardswish();
    /// ln(sigmoid(x)), without overflow.
    LogSigmoid |layer, x| x.log_sigmoid();

    /// x where positive, else negative_slope·x.
    LeakyRelu {
        /// 0.01
        negative_slope: f64; default 0.01
    } |layer, x| number("LeakyRelu", x, layer.negative_slope)?.leaky_relu(layer.negative_slope);
    /// x where positive, else alpha·(eˣ - 1).
    Elu {
        /// 1
        alpha: f64; default 1.0
    } |layer, x| number("Elu", x, layer.alpha)?.elu(layer.alpha);
    /// x where positive, else alpha·(e^(x/alpha) - 1).
    Celu {
        /// 1
        alpha: f64; default 1.0
    } |layer, x| number("Celu", x, 1.0 / layer.alpha)?.celu(layer.alpha);
    /// ln(1 + e^(beta·x)) / beta, and x itself where beta·x is above the threshold.
    Softplus {
        /// 1
        beta: f64,
        /// 20
        threshold: f64; default 1.0, 20.0
    } |layer, x| {
        number("Softplus", x, 1.0 / layer.beta)?.softplus(layer.beta, layer.threshold)
    };
    /// x outside of ±lambda, moved towards 0 by it; 0 inside.
    Softshrink {
        /// ½
        lambda: f64; default 0.5
    } |layer, x| {
        refuse_unless(layer.lambda >= 0.0, "Softshrink", x, || {
            format!("lambda is {}, and must not be negative", layer.lambda)
        })?;
        x.softshrink(layer.lambda)
    };
    /// x outside of ±lambda, 0 inside.
    Hardshrink {
        /// ½
        lambda: f64; default 0.5
    } |layer, x| number("Hardshrink", x, layer.lambda)?.hardshrink(layer.lambda);
    /// x limited to min…max, flat at the bounds.
    Hardtanh {
        /// -1
        min: f64,
        /// 1
        max: f64; default -1.0, 1.0
    } |layer, x| {
        refuse_unless(layer.min <= layer.max, "Hardtanh", x, || {
            format!("the least is {}, above the most, {}", layer.min, layer.max)
        })?;
        x.hardtanh(layer.min, layer.max)
    };
    /// x above the threshold, else the value.
    Threshold {
        /// The threshold, up to which x is replaced.
        threshold: f64,
        /// The value in its place.
        value: f64
    } |layer, x| x.threshold(layer.threshold, layer.value);

    /// eˣ / Σ eˣ along an axis. Losses that take logits apply it themselves, and reject its result.
    Softmax {
        /// Negative: from the end.
        axis: isize
    } |layer, x| x.softmax(layer.axis)?;
    /// x - ln Σ eˣ along an axis.
    LogSoftmax {
        /// Negative: from the end.
        axis: isize
    } |layer, x| x.log_softmax(layer.axis)?;
    /// e⁻ˣ / Σ e⁻ˣ along an axis.
    Softmin {
        /// Negative: from the end.
        axis: isize
    } |layer, x| x.neg().softmax(layer.axis)?;
    /// The first half of an axis times the sigmoid of the second.
    Glu {
        /// -1
        axis: isize; default -1
    } |layer, x| functional::glu(x, layer.axis)?;
}

/// Rejects meaningless settings.
#[track_caller]
fn refuse_unless<T: Float>(
    sound: bool,
    layer: &'static str,
    x: Var<'_, T>,
    rule: impl FnOnce() -> String,
) -> Result<()> {
    if sound {
        return Ok(());
    }
    Err(Error::Value(Fault::new(layer, &[&x.shape()], rule())).into())
}

/// x, for a layer whose option, or what it divides by, is a number.
#[track_caller]
fn number<'t, T: Float>(layer: &'static str, x: Var<'t, T>, option: f64) -> Result<Var<'t, T>> {
    refuse_unless(option.is_finite(), layer, x, || {
        let rule = "its option must be finite, and not 0 where it divides";
        format!("{rule}; here it, or one over it, is {option}")
    })?;
    Ok(x)
}

/// x · Φ(x), Φ the normal distribution; by its error function, or by the tanh that approximates it.
///
/// ```
/// use wengert_nn::{Gelu, Module};
/// use wengert_tensor::tensor;
///
/// let (exact, fast) = (Gelu::new().predict(&tensor![1.0_f64])?, Gelu::tanh().predict(&tensor![1.0])?);
/// assert!((exact - fast).abs().item()? < 2e-4);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Gelu {
    /// By the error function.
    #[default]
    Exact,
    /// By the tanh that approximates it.
    Tanh,
}

impl Gelu {
    /// The exact one, by the error function.
    pub fn new() -> Self {
        Self::Exact
    }
    /// The approximation by a tanh.
    pub fn tanh() -> Self {
        Self::Tanh
    }
}

impl<T: Float> Parts<T> for Gelu {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

impl std::fmt::Debug for Gelu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Exact { "Gelu" } else { "Gelu(tanh)" })
    }
}

impl<T: Float> Module<T> for Gelu {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let y = match self {
            Self::Exact => x.gelu(),
            Self::Tanh => x.gelu_tanh(),
        };
        Ok(y)
    }
}

/// x where positive, else weight·x, the weight being trained: one for all, or one a channel (axis 1).
///
/// ```
/// use wengert_nn::{Module, PRelu};
/// use wengert_tensor::tensor;
///
/// assert_eq!(PRelu::new(1).predict(&tensor![2.0_f32, -2.0])?, tensor![2.0, -0.5]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct PRelu<T> {
    /// `[1]` or `[channels]`, starts from ¼.
    pub weight: Param<T>,
}

impl<T: Float> PRelu<T> {
    /// With so many weights.
    #[track_caller]
    pub fn new(weights: usize) -> Self {
        Self { weight: Param::new(made("PRelu", init::constant([weights], 0.25))) }
    }
}

debug_as_described!(PRelu<T>);

impl<T: Float> Parts<T> for PRelu<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
    }
}

impl<T: Float> Module<T> for PRelu<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        functional::prelu(x, x.tape().param(&self.weight))
    }
}
