//! Settings: their bounds, and the macro that makes an optimiser of a list of them.

use wengert_files::Loader;
use wengert_tensor::Float;

/// The name of the learning rate in a saved state.
pub(crate) const LEARNING_RATE: &str = "learning_rate";

/// A setting in print: a small one with an exponent.
pub fn shown(x: f64) -> String {
    if x != 0.0 && x.abs() < 1e-4 { format!("{x:e}") } else { x.to_string() }
}

/// The bound of a setting.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// Whether a number is within the bound. NaN never is.
    pub(crate) holds: fn(f64) -> bool,
    /// In words, after "must".
    pub(crate) words: &'static str,
}

impl Bound {
    /// A number of a saved state within the bound.
    pub(crate) fn number<T: Float>(self, loader: &mut Loader<T>, name: &str) -> f64 {
        loader.number_in(name, self.words, self.holds)
    }

    /// The rule that a number breaks, if it does.
    pub(crate) fn broken_by(self, name: &str, x: f64) -> Option<String> {
        (!(self.holds)(x)).then(|| format!("`{name}` is {x}, and must {}", self.words))
    }

    /// The rule that a setting of parameters of type `T` breaks, if it does.
    pub(crate) fn broken_for<T: Float>(self, name: &str, x: f64) -> Option<String> {
        let too_large = x.is_finite() && !T::from_f64(x).is_finite();
        let rule = || format!("`{name}` is {x:e}, and must be finite as {}", T::NAME);
        self.broken_by(name, x).or_else(|| too_large.then(rule))
    }
}

pub(crate) const NOT_NEGATIVE: Bound =
    Bound { holds: |x| x >= 0.0 && x.is_finite(), words: "be finite, and not below 0" };
pub(crate) const POSITIVE: Bound =
    Bound { holds: |x| x > 0.0 && x.is_finite(), words: "be finite, and above 0" };
pub(crate) const FINITE: Bound = Bound { holds: f64::is_finite, words: "be finite" };
/// Fractions that a running mean keeps. At 1 no new value would enter.
pub(crate) const SHARE: Bound =
    Bound { holds: |x| (0.0..1.0).contains(&x), words: "be at least 0 and less than 1" };
pub(crate) const UP_TO_ONE: Bound =
    Bound { holds: |x| (0.0..=1.0).contains(&x), words: "be between 0 and 1" };
pub(crate) const BELOW_ONE: Bound =
    Bound { holds: |x| x > 0.0 && x < 1.0, words: "be above 0 and below 1" };
pub(crate) const ABOVE_ONE: Bound =
    Bound { holds: |x| x > 1.0 && x.is_finite(), words: "be finite, and above 1" };

/// The interface of every optimiser's settings.
pub(crate) trait Settings: Clone + Send + Sync + 'static {
    /// The optimiser's name.
    const NAME: &'static str;
    fn rate(&self) -> f64;
    fn set_rate(&mut self, rate: f64);
    /// Whether a group has a rate of its own.
    fn has_own_rate(&mut self) -> &mut bool;
    /// Sets the momentum, if there is one.
    fn set_momentum(&mut self, _momentum: f64) -> bool {
        false
    }
    /// Every number, with its name and bound.
    fn numbers(&self, see: &mut dyn FnMut(&'static str, f64, Bound));
}

/// Declares an optimiser and its settings, with the one that is its momentum, from a list: `method(number = default in BOUND, …);`,
/// then flags.
macro_rules! optimizer {
    (
        $(#[$doc:meta])*
        $Name:ident, $Settings:ident $(, momentum $momentum:ident)? {
        $($(#[$about:meta])* $set:ident($($field:ident = $default:literal in $bound:ident),+);)*
        } flags {
        $($(#[$flag_about:meta])* $flag:ident;)*
        }
    ) => {
        #[doc = concat!("The settings of [`", stringify!($Name), "`]: of all parameters, or of a group.")]
        #[derive(Clone, Debug)]
        pub struct $Settings {
            learning_rate: f64,
            own_rate: bool,
            $($($field: f64,)+)*
            $($flag: bool,)*
        }

        impl $Settings {
            pub(crate) fn new(learning_rate: f64) -> Self {
                Self {
                    learning_rate,
                    own_rate: false,
                    $($($field: $default,)+)*
                    $($flag: false,)*
                }
            }

            /// A learning rate of the group's own. When a schedule changes the optimiser's rate, this one keeps its
            /// ratio to it.
            #[must_use]
            pub fn learning_rate(mut self, learning_rate: f64) -> Self {
                self.learning_rate = learning_rate;
                self.own_rate = true;
                self
            }

            $(
                $(#[$about])*
                #[must_use]
                pub fn $set(mut self, $($field: f64),+) -> Self {
                    $(self.$field = $field;)+
                    self
                }
            )*
            $(
                $(#[$flag_about])*
                #[must_use]
                pub fn $flag(mut self) -> Self {
                    self.$flag = true;
                    self
                }
            )*
        }

        impl $crate::settings::Settings for $Settings {
            const NAME: &'static str = stringify!($Name);
            fn rate(&self) -> f64 {
                self.learning_rate
            }
            fn set_rate(&mut self, rate: f64) {
                self.learning_rate = rate;
            }
            fn has_own_rate(&mut self) -> &mut bool {
                &mut self.own_rate
            }
            $(
                fn set_momentum(&mut self, momentum: f64) -> bool {
                    self.$momentum = momentum;
                    true
                }
            )?
            fn numbers(&self, see: &mut dyn FnMut(&'static str, f64, $crate::settings::Bound)) {
                see("learning_rate", self.learning_rate, $crate::settings::NOT_NEGATIVE);
                $($(see(stringify!($field), self.$field, $crate::settings::$bound);)+)*
            }
        }

        $(#[$doc])*
        pub struct $Name<T>($crate::core::Core<T, $Settings>);

        impl<T: ::wengert_tensor::Float> $Name<T> {
            /// For these parameters, with this learning rate; all other settings have their defaults. Settings are
            /// checked by the first step, whose error names this line.
            #[track_caller]
            pub fn new(
                parameters: impl IntoIterator<Item = ::wengert_autograd::Param<T>>,
                learning_rate: f64,
            ) -> Self {
                Self($crate::core::Core::new(parameters, $Settings::new(learning_rate)))
            }

            $(
                $(#[$about])*
                #[must_use]
                pub fn $set(mut self, $($field: f64),+) -> Self {
                    self.0.change(|settings| settings.$set($($field),+));
                    self
                }
            )*
            $(
                $(#[$flag_about])*
                #[must_use]
                pub fn $flag(mut self) -> Self {
                    self.0.change(|settings| settings.$flag());
                    self
                }
            )*

            /// Settings of their own for the parameters whose path matches `pattern`, as
            /// [`matches`](wengert_autograd::matches()) does: `.group("*.bias", |g| g.weight_decay(0.0))`. What a group does not set is as for all parameters;
            /// where several groups match, the later ones take precedence. A pattern that matches nothing is an
            /// error of the first step.
            #[must_use]
            pub fn group(
                mut self,
                pattern: &str,
                settings: impl Fn($Settings) -> $Settings + Send + Sync + 'static,
            ) -> Self {
                self.0.group(pattern, Box::new(settings));
                self
            }

            /// Allows parameters without a gradient. Otherwise the first step is an error that names them.
            #[must_use]
            pub fn allow_unused(mut self) -> Self {
                self.0.allow().unused = true;
                self
            }

            /// Allows gradients that hold an infinity or NaN. Otherwise such a step is an error that names the
            /// parameter, and nothing is changed.
            #[must_use]
            pub fn allow_non_finite(mut self) -> Self {
                self.0.allow().non_finite = true;
                self
            }

            /// Allows gradients that were already used by a step, if gradients are added up over steps on purpose. Otherwise
            /// such a step is an error, because `zero_grad` was probably forgotten. Several `backward`s before one step are
            /// always allowed.
            #[must_use]
            pub fn allow_used_gradients(mut self) -> Self {
                self.0.allow().used = true;
                self
            }

            /// Changes settings between steps.
            pub fn change(&mut self, change: impl FnOnce($Settings) -> $Settings) {
                self.0.change(change);
            }
        }

        impl<T: ::wengert_tensor::Float> $crate::Optimizer<T> for $Name<T> {
            #[track_caller]
            fn step(&mut self) -> $crate::Result<()> {
                self.0.step()
            }
            #[track_caller]
            fn apply(
                &mut self,
                gradients: &[(&::wengert_autograd::Param<T>, &::wengert_tensor::Tensor<T>)],
            ) -> $crate::Result<()> {
                self.0.apply(gradients)
            }
            fn parameters(&self) -> &[::wengert_autograd::Param<T>] {
                self.0.parameters()
            }
            fn learning_rate(&self) -> f64 {
                self.0.learning_rate()
            }
            fn set_learning_rate(&mut self, learning_rate: f64) {
                self.0.set_learning_rate(learning_rate);
            }
            fn settings(&self) -> Vec<(&'static str, f64)> {
                self.0.settings()
            }
            #[track_caller]
            fn set_momentum(&mut self, momentum: f64) -> $crate::Result<()> {
                self.0.set_momentum(momentum)
            }
            fn state(&self) -> $crate::State<T> {
                self.0.state()
            }
            #[track_caller]
            fn load_state(&mut self, state: $crate::State<T>) -> $crate::Result<()> {
                self.0.load_state(state)
            }
        }

        impl<T: ::wengert_tensor::Float> ::std::fmt::Debug for $Name<T> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
pub(crate) use optimizer;
