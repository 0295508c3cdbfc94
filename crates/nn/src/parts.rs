//! `Parts`: the parts of a model, named once. Everything that uses names follows from it.

use std::panic::Location;

use wengert_autograd::{Param, Who, matches};
use wengert_tensor::Float;

use crate::Result;
use crate::buffer::{Buffer, Counter};
use crate::error::Error;
use crate::state::{self, Mismatch};
use wengert_files::State;

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
        self.visit(&mut Visitor { path: String::new(), see });
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
}

/// A model of any type. What reads a whole model takes it so, and is compiled once, not once for each type of layer.
pub(crate) trait AnyParts<T: Float> {
    fn walk(&self, see: &mut dyn FnMut(&str, Part<'_, T>));
    fn describe(&self) -> Option<String>;
    fn who(&self) -> Who;
}

/// A model to be taken as [`AnyParts`].
pub(crate) struct Any<'a, P: ?Sized>(pub(crate) &'a P);

impl<T: Float, P: Parts<T> + ?Sized> AnyParts<T> for Any<'_, P> {
    fn walk(&self, see: &mut dyn FnMut(&str, Part<'_, T>)) {
        self.0.walk(see);
    }
    fn describe(&self) -> Option<String> {
        self.0.describe()
    }
    fn who(&self) -> Who {
        self.0.who()
    }
}

pub(crate) fn named_parameters<T: Float>(model: &dyn AnyParts<T>) -> Vec<(String, Param<T>)> {
    let mut found: Vec<(String, Param<T>)> = Vec::new();
    let mut met = std::collections::HashSet::new();
    model.walk(&mut |path, part| {
        if let Part::Param(param) = part
            && met.insert(param.id())
        {
            found.push((path.to_string(), param.clone()));
        }
    });
    found
}

fn parameters<T: Float>(model: &dyn AnyParts<T>) -> Vec<Param<T>> {
    let named = named_parameters(model).into_iter();
    let told = named.map(|(path, param)| {
        if !path.is_empty() {
            param.set_path(&path);
        }
        param
    });
    told.collect()
}

#[track_caller]
fn set_frozen<T: Float>(
    verb: &'static str,
    parameters: Vec<(String, Param<T>)>,
    pattern: &str,
    frozen: bool,
) -> Result<usize> {
    let mut count = 0;
    for (_, param) in parameters.iter().filter(|(path, _)| matches(pattern, path)) {
        param.set_frozen(frozen);
        count += 1;
    }
    if count > 0 {
        return Ok(count);
    }
    let known = parameters.into_iter().map(|(path, _)| path).collect();
    Err(Error::NoSuchPath { verb, pattern: pattern.to_string(), known, at: Location::caller() })
}

/// A part, as a visitor sees it.
#[derive(Clone, Copy)]
pub enum Part<'a, T: Float> {
    /// A parameter, which is trained.
    Param(&'a Param<T>),
    /// A buffer, which is saved but not trained.
    Buffer(&'a Buffer<T>),
    /// A counter.
    Counter(&'a Counter),
    /// A module with parts of its own, which come next.
    Module(&'a dyn Parts<T>),
}

impl<T: Float> std::fmt::Debug for Part<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Param(p) => p.fmt(f),
            Self::Buffer(b) => b.fmt(f),
            Self::Counter(c) => c.fmt(f),
            Self::Module(m) => f.write_str(&m.describe().unwrap_or_default()),
        }
    }
}

/// Visits the parts of a model, and keeps track of the path.
pub struct Visitor<'a, T: Float> {
    path: String,
    see: &'a mut dyn FnMut(&str, Part<'_, T>),
}

impl<T: Float> std::fmt::Debug for Visitor<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Visitor at `{}`", self.path)
    }
}

impl<T: Float> Visitor<'_, T> {
    /// Names a parameter.
    pub fn param(&mut self, name: &str, param: &Param<T>) {
        self.within(name, |v| (v.see)(&v.path, Part::Param(param)));
    }

    /// Names a buffer.
    pub fn buffer(&mut self, name: &str, buffer: &Buffer<T>) {
        self.within(name, |v| (v.see)(&v.path, Part::Buffer(buffer)));
    }

    /// Names a counter.
    pub fn counter(&mut self, name: &str, counter: &Counter) {
        self.within(name, |v| (v.see)(&v.path, Part::Counter(counter)));
    }

    /// Names anything with parts: a module, a `Vec` or `Option` of modules, or a bare parameter, buffer or counter.
    pub fn module(&mut self, name: &str, module: &dyn Parts<T>) {
        self.within(name, |v| {
            (v.see)(&v.path, Part::Module(module));
            module.visit(v);
        });
    }

    /// With a name appended to the path. An empty name appends nothing, so a container with one unnamed part is that part.
    fn within(&mut self, name: &str, act: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        if !name.is_empty() {
            if before > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
        }
        act(self);
        self.path.truncate(before);
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
