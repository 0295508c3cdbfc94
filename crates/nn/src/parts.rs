//! `Parts`: the parts of a model, named once. Everything that uses names follows from it.

mod any;
mod visitor;

use wengert_autograd::{Param, Who};
use wengert_tensor::Float;

use crate::Result;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::state::{self, Mismatch};
use wengert_files::State;

pub(crate) use any::{Any, AnyParts, named_parameters};
use any::{parameters, set_frozen};
pub(crate) use visitor::too_deep;
pub use visitor::{Part, Visitor};

/// Something with named parts: parameters, buffers, other modules. [`parts!`](crate::parts) implements it for a struct.
///
/// By hand it is one line per field:
///
/// ```
/// use wengert_autograd::{Param, Who};
/// use wengert_nn::{Linear, Parts, Visitor};
/// use wengert_tensor::{Rng, tensor};
///
/// struct Scaled {
///     inner: Linear<f32>,
///     scale: Param<f32>,
/// }
///
/// impl Parts<f32> for Scaled {
///     fn visit(&self, v: &mut Visitor<'_, f32>) {
///         v.module("inner", &self.inner);
///         v.param("scale", &self.scale);
///     }
/// }
///
/// let model = Scaled { inner: Linear::new(3, 2, &mut Rng::new(0)), scale: Param::new(tensor![1.0]) };
/// assert_eq!(model.num_parameters(), 3 * 2 + 2 + 1);
/// assert_eq!(model.parameters()[2].path(), "scale");
/// ```
#[diagnostic::on_unimplemented(
    message = "the parts of `{Self}` are not named for `{T}`",
    label = "no `parts!` names its parameters and layers",
    note = "write `parts!(Model {{ l1, l2 }});` next to the struct, with each field that holds parameters; one of f64 is `parts!(Model as f64 {{ … }});`, and `prelude64` does that by itself",
    note = "a layer of f32 in a model of f64, or the other way round, is rejected too: take all types from one prelude"
)]
pub trait Parts<T: Float>: Send + Sync {
    /// Names each part to the visitor.
    fn visit(&self, v: &mut Visitor<'_, T>);

    /// The name in prints: the type's name, with sizes if they help. `None` for a container that only holds parts together.
    fn describe(&self) -> Option<String> {
        Some(Who::of(self).kind().to_string())
    }

    /// The identity by which a tape knows it.
    #[doc(hidden)]
    fn who(&self) -> Who {
        Who::of(self)
    }

    /// Calls `see` with the path of each part, and the part.
    fn walk(&self, see: &mut dyn FnMut(&str, Part<'_, T>)) {
        self.visit(&mut Visitor::new(see));
    }

    /// The parameters with their paths, in the order in which they are named. A parameter with several names is
    /// listed once, under the first.
    fn named_parameters(&self) -> Vec<(String, Param<T>)> {
        named_parameters(&Any(self))
    }

    /// The parameters, from which an optimiser is made. From this call on each knows its path, so that errors, prints and saved
    /// states can name it.
    fn parameters(&self) -> Vec<Param<T>> {
        parameters(&Any(self))
    }

    /// The buffers with their paths.
    fn named_buffers(&self) -> Vec<(String, Buffer<T>)> {
        let mut found = Vec::new();
        self.walk(&mut |path, part| {
            if let Part::Buffer(buffer) = part {
                found.push((path.to_string(), buffer.clone()));
            }
        });
        found
    }

    /// The number of elements of its parameters, including frozen ones.
    fn num_parameters(&self) -> usize {
        self.named_parameters().iter().map(|(_, p)| p.len()).sum()
    }

    /// The model as a tree of layers, as PyTorch prints one.
    ///
    /// ```
    /// use wengert_nn::{Linear, Parts, Tanh, sequential};
    /// use wengert_tensor::Rng;
    ///
    /// let rng = &mut Rng::new(0);
    /// let body = sequential![Linear::<f32>::new(4, 8, rng), Tanh];
    /// let model = sequential![body: body, head: Linear::<f32>::new(8, 2, rng)];
    /// assert_eq!(model.tree(), "\
    /// Sequential(
    ///   (body): Sequential(
    ///     (0): Linear(4 -> 8)
    ///     (1): Tanh
    ///   )
    ///   (head): Linear(8 -> 2)
    /// )");
    /// assert_eq!(model.to_string(), model.tree());
    /// ```
    fn tree(&self) -> String {
        crate::tree::tree(&Any(self))
    }

    /// Clears all gradients.
    fn zero_grad(&self) {
        for (_, param) in self.named_parameters() {
            param.zero_grad();
        }
    }

    /// Excludes the parameters whose paths match from training, and returns their number. Tapes keep nothing for them, and they
    /// get no gradient. See [`matches`](crate::matches()).
    ///
    /// ```
    /// use wengert_nn::{Linear, Parts, Sequential, Tanh};
    /// use wengert_tensor::Rng;
    ///
    /// let rng = &mut Rng::new(0);
    /// let backbone = Sequential::new().with(Linear::new(4, 8, rng)).with(Tanh);
    /// let model = Sequential::<f32>::new().named("backbone", backbone).named("head", Linear::new(8, 2, rng));
    /// assert_eq!(model.freeze("backbone.*")?, 2);
    /// assert!(model.freeze("bakbone.*").is_err());
    /// # Ok::<(), wengert_nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If no path matches: otherwise a typing error would train parameters that should stay fixed.
    #[track_caller]
    fn freeze(&self, pattern: &str) -> Result<usize> {
        set_frozen("freeze", self.named_parameters(), pattern, true)
    }

    /// Includes the parameters whose paths match in training again; see [`freeze`](Self::freeze).
    ///
    /// # Errors
    /// If no path matches.
    #[track_caller]
    fn unfreeze(&self, pattern: &str) -> Result<usize> {
        set_frozen("unfreeze", self.named_parameters(), pattern, false)
    }

    /// A snapshot of all parameters and buffers by path. Further training does not change it.
    fn state(&self) -> State<T> {
        state::of(&Any(self))
    }

    /// Loads all values of a state or, if names or shapes do not match, none.
    ///
    /// # Errors
    /// [`Error::State`], which lists every name that is missing, unexpected, or of another shape.
    #[track_caller]
    fn load_state(&self, state: &State<T>) -> Result<()> {
        let mismatch = state::load(&Any(self), state, true);
        if mismatch.is_empty() { Ok(()) } else { Err(Error::State(Box::new(mismatch))) }
    }

    /// Loads the values of a state whose names and shapes match, and returns the mismatches: for transfer learning with another
    /// head.
    fn load_matching(&self, state: &State<T>) -> Mismatch {
        state::load(&Any(self), state, false)
    }

    /// A copy with parameters and buffers of its own, as PyTorch's `copy.deepcopy(model)`: a `clone` has those of the model, and a step
    /// of one is a step of both. What is shared within the model is shared within the copy. Values, paths and frozen parameters are as
    /// in the model; there are no gradients. The model must be `Clone`.
    ///
    /// ```
    /// use wengert_nn::{Linear, Parts, Tanh, sequential};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let model = sequential![Linear::<f32>::new(4, 8, &mut Rng::new(0)), Tanh];
    /// let (same, copy) = (model.clone(), model.deep_copy()?);
    /// let before = model.state();
    /// model.parameters()[0].set(Tensor::zeros([8, 4]));
    /// assert!(same.state() == model.state() && copy.state() == before);
    /// # Ok::<(), wengert_nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a part is behind an `Arc` or a reference, whose clone is the part itself.
    #[track_caller]
    fn deep_copy(&self) -> Result<Self>
    where
        Self: Sized + Clone,
    {
        let copy = wengert_autograd::deep_copy(|| self.clone());
        match state::shared(&Any(self), &Any(&copy)) {
            None => Ok(copy),
            Some(path) => {
                let rule = format!(
                    "deep_copy: `{path}` would be shared with the model: it is behind an `Arc` or a reference, whose clone is the part itself\n  help: hold the layer itself, or in a `Box`"
                );
                Err(wengert_autograd::Error::Use(rule, std::panic::Location::caller()).into())
            }
        }
    }
}

/// `Debug` that prints a layer's own description.
macro_rules! debug_as_described {
    ($Layer:ident<T $(, $D:ident)?>) => {
        impl<T: Float $(, const $D: usize)?> std::fmt::Debug for $Layer<T $(, $D)?> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&Parts::<T>::describe(self).unwrap_or_default())
            }
        }
    };
}
pub(crate) use debug_as_described;

/// Names the fields of a struct that are its parts: parameters, buffers, modules, and any `Vec`, `Option`, `Box`, array,
/// `BTreeMap` or tuple of these. (For a struct with other generics than an element type, write [`Parts::visit`] by hand.)
///
/// ```
/// use wengert_autograd::{Param, Who};
/// use wengert_nn::{Linear, Parts, parts};
/// use wengert_tensor::{Float, Rng, tensor};
///
/// struct Net {
///     layers: Vec<Linear<f32>>,
///     scale: Param<f32>,
///     name: String, // no part
/// }
/// parts!(Net { layers, scale });
///
/// struct Generic<T> {
///     linear: Linear<T>,
/// }
/// parts!(Generic<T> { linear });
///
/// struct Exact {
///     linear: Linear<f64>,
/// }
/// parts!(Exact as f64 { linear }); // with `wengert::prelude64`, whose `parts!` means f64, as the first
///
/// let rng = &mut Rng::new(0);
/// let layers = vec![Linear::new(2, 3, rng), Linear::new(3, 1, rng)];
/// let net = Net { layers, scale: Param::new(tensor![1.0]), name: "net".into() };
/// let paths: Vec<String> = net.parameters().iter().map(Param::path).collect();
/// assert_eq!(paths, ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "scale"]);
/// ```
#[macro_export]
macro_rules! parts {
    ($Model:ident { $($field:ident),* $(,)? }) => {
        $crate::parts!($Model as f32 { $($field),* });
    };
    ($Model:ident as $T:ty { $($field:ident),* $(,)? }) => {
        impl $crate::Parts<$T> for $Model {
            fn visit(&self, v: &mut $crate::Visitor<'_, $T>) {
                $(v.module(stringify!($field), &self.$field);)*
                let _ = v;
            }
        }
    };
    ($Model:ident<$T:ident> { $($field:ident),* $(,)? }) => {
        impl<$T: $crate::hidden::Float> $crate::Parts<$T> for $Model<$T> {
            fn visit(&self, v: &mut $crate::Visitor<'_, $T>) {
                $(v.module(stringify!($field), &self.$field);)*
                let _ = v;
            }
        }
    };
}

/// [`parts!`] of `wengert::prelude64`: with f64 as the default type.
#[doc(hidden)]
#[macro_export]
macro_rules! parts64 {
    ($Model:ident { $($field:ident),* $(,)? }) => {
        $crate::parts!($Model as f64 { $($field),* });
    };
    ($($said:tt)*) => {
        $crate::parts!($($said)*);
    };
}
