//! `Rule`: the only thing in which optimisers differ, the formula of a step; and the macro for formulas.

use wengert_tensor::pointwise::{C, Real};
use wengert_tensor::{Float, Tensor};

use crate::settings::Settings;

/// Settings from which the formula of a step follows.
pub(crate) trait Rule: Settings {
    /// The formulas of this optimiser, one of which is chosen for a step.
    type Formula: Formula;

    /// A number that is carried from step to step: its name and its initial value.
    const CARRIED: Option<(&'static str, f64)> = None;

    /// The formula of a step with its constants; the first step is 1. It is the same for all parameters with these settings and
    /// this number of steps. The constants are computed in double precision for every type of parameter.
    fn formula(&self, step: u64, carried: &mut f64) -> Self::Formula;

    /// The initial value of a state tensor.
    fn start<T: Float>(&self, _name: &str, value: &Tensor<T>) -> Tensor<T> {
        value.zeros_like()
    }

    /// Whether a step leaves alone the rows of a table that it has no gradient for, and their state.
    fn is_by_rows(&self) -> bool {
        false
    }

    /// A conflict between settings: the setting, and the rule that is broken.
    fn conflict(&self) -> Option<(&'static str, String)> {
        None
    }
}

/// The update of a parameter and its state tensors in one step.
pub(crate) trait Formula: Copy {
    /// The names of the state tensors of a parameter of this rank.
    fn state(self, rank: usize) -> &'static [&'static str];

    /// Updates the parameter and its state tensors, which come in the order of their names.
    #[track_caller]
    fn update<T: Float>(
        self,
        value: &mut Tensor<T>,
        state: &mut [Tensor<T>],
        g: &Tensor<T>,
    ) -> wengert_tensor::Result<()>;

    /// The same for some rows of them: row `k` of the gradient belongs to row `rows[k]`. Only asked of formulas of
    /// [rules by rows](Rule::is_by_rows).
    #[track_caller]
    fn update_rows<T: Float>(
        self,
        _value: &mut Tensor<T>,
        _state: &mut [Tensor<T>],
        _rows: &Tensor<usize>,
        _g: &Tensor<T>,
    ) -> wengert_tensor::Result<()> {
        unreachable!("this formula sees whole tensors")
    }
}

/// A formula gets as many state tensors as it names.
#[cold]
pub(crate) fn other_state() -> ! {
    unreachable!("as many state tensors as the formula names")
}

/// In a dev build the update of a formula is compiled here: tests, examples and users' programs are not optimised, but the loop over a
/// parameter's numbers is.
macro_rules! compiled_in_dev {
    ($Formula:ty) => {
        #[cfg(debug_assertions)]
        ::wengert_tensor::compiled!(f32 f64: { <$Formula as $crate::rule::Formula>::update::<T> });
    };
}
pub(crate) use compiled_in_dev;

/// Defines the formulas of an optimiser for one element. First come the constants of a step. Then comes each formula: its name,
/// a variable for the parameter, variables for its state with the names of the state tensors, a variable for the gradient, and
/// the new values of the parameter and its state:
///
/// ```text
/// formulas! {
///     { rate: C, momentum: C }
///     /// v ← μ·v + g, θ ← θ - η·v
///     Momentum [p, v = "momentum_buffer"] g => {
///         let v = momentum * v + g;
///         [p - rate * v, v]
///     }
/// }
/// ```
///
/// The macro makes the struct `Constants` and an enum `Formula` that implements [`Formula`]: `Formula::Momentum(constants)`.
macro_rules! formulas {
    (
        { $($(#[$about:meta])* $constant:ident: $Type:ty),+ $(,)? }
        $($(#[$doc:meta])* $Name:ident [$p:ident $(, $x:ident = $name:literal)*] $g:ident => $new:block)+
    ) => {
        /// The constants of a step.
        #[derive(Clone, Copy)]
        pub(crate) struct Constants {
            $($(#[$about])* $constant: $Type,)+
        }

        /// The formula of a step, with its constants.
        #[derive(Clone, Copy)]
        pub(crate) enum Formula {
            $($(#[$doc])* $Name(Constants),)+
        }

        $crate::rule::formulas! {
            @updates ($($constant),+) $($Name [$p $(, $x)*] $g => $new)+
        }

        $crate::rule::compiled_in_dev!(Formula);

        impl $crate::rule::Formula for Formula {
            #[track_caller]
            #[inline(never)]
            fn update_rows<T: ::wengert_tensor::Float>(
                self,
                value: &mut ::wengert_tensor::Tensor<T>,
                state: &mut [::wengert_tensor::Tensor<T>],
                rows: &::wengert_tensor::Tensor<usize>,
                g: &::wengert_tensor::Tensor<T>,
            ) -> ::wengert_tensor::Result<()> {
                use ::wengert_tensor::pointwise::update_rows_in_place;
                match (self, state) {
                    $((Self::$Name(constants), [$($x),*]) => {
                        update_rows_in_place($Name(constants), [value $(, $x)*], rows, g)
                    })+
                    #[allow(unreachable_patterns)]
                    _ => $crate::rule::other_state(),
                }
            }

            #[inline]
            fn state(self, _: usize) -> &'static [&'static str] {
                match self {
                    $(Self::$Name(_) => &[$($name),*],)+
                }
            }

            #[track_caller]
            #[inline(never)]
            fn update<T: ::wengert_tensor::Float>(
                self,
                value: &mut ::wengert_tensor::Tensor<T>,
                state: &mut [::wengert_tensor::Tensor<T>],
                g: &::wengert_tensor::Tensor<T>,
            ) -> ::wengert_tensor::Result<()> {
                match (self, state) {
                    $((Self::$Name(constants), [$($x),*]) => {
                        let formula = $Name(constants);
                        ::wengert_tensor::pointwise::update_in_place(formula, [value $(, $x)*], g)
                    })+
                    #[allow(unreachable_patterns)]
                    _ => $crate::rule::other_state(),
                }
            }
        }
    };
    // One formula after another: the constants belong to each.
    (@updates $constants:tt) => {};
    (
        @updates $constants:tt
        $Name:ident [$p:ident $(, $x:ident)*] $g:ident => $new:block
        $($rest:tt)*
    ) => {
        $crate::rule::formulas! { @update $constants $Name [$p $(, $x)*] $g => $new }
        $crate::rule::formulas! { @updates $constants $($rest)* }
    };
    (
        @update ($($constant:ident),+)
        $Name:ident [$($x:ident),+] $g:ident => $new:block
    ) => {
        #[derive(Clone, Copy)]
        struct $Name(Constants);

        impl ::wengert_tensor::pointwise::Update<{ [$(stringify!($x)),+].len() }> for $Name {
            #[inline(always)]
            fn step<R: ::wengert_tensor::pointwise::Real>(
                self,
                [$($x),+]: [R; [$(stringify!($x)),+].len()],
                $g: R,
            ) -> [R; [$(stringify!($x)),+].len()] {
                #[allow(unused_variables)]
                let Constants { $($constant),+ } = self.0;
                $new
            }
        }
    };
}
pub(crate) use formulas;

/// The gradient of the objective, with sign and weight decay.
#[derive(Clone, Copy)]
pub(crate) struct Pull {
    /// -1 to maximise.
    sign: C,
    /// Weight decay that is added to the gradient: the slope of ½·λ·θ².
    decay: C,
}

impl Pull {
    pub(crate) fn new(maximize: bool, weight_decay: f64) -> Self {
        Self { sign: C(if maximize { -1.0 } else { 1.0 }), decay: C(weight_decay) }
    }

    /// ±g + λ·θ
    #[inline(always)]
    pub(crate) fn on<R: Real>(self, p: R, g: R) -> R {
        self.sign * g + self.decay * p
    }
}

/// A running mean: `keep` times the earlier mean, plus `1 - keep` times the new value.
#[inline(always)]
pub(crate) fn mean<R: Real>(keep: C, was: R, now: R) -> R {
    keep * was + C(1.0 - keep.0) * now
}

/// 1 - βᵗ: the total weight of the values in a running mean that started from 0, after t steps.
pub(crate) fn filled(beta: f64, step: u64) -> f64 {
    1.0 - beta.powf(step as f64)
}

/// Weight decay: as a part of the gradient, or decoupled from it, as the factor 1 - η·λ of the parameter itself.
pub(crate) fn decay(maximize: bool, decoupled: bool, rate: f64, weight_decay: f64) -> (Pull, C) {
    if decoupled {
        (Pull::new(maximize, 0.0), C(1.0 - rate * weight_decay))
    } else {
        (Pull::new(maximize, weight_decay), C(1.0))
    }
}
