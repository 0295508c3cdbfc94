//! `Sequential`: layers one after another, by name and number.

use std::any::Any;
use std::fmt;
use std::ops::Index;
use std::panic::Location;

use wengert_autograd::{Error, Line, Result, Var};
use wengert_tensor::Float;

use crate::trace::seen;
use crate::{Module, Parts, Visitor};

/// A module that is stored, and can be asked for by its type.
trait Stored<T: Float>: Module<T> + Any {}
impl<T: Float, M: Module<T> + 'static> Stored<T> for M {}

/// Layers one after another. Each has a name: its number unless another is given.
///
/// ```
/// use wengert_nn::{Linear, Module, Parts, Relu, Sequential, func};
/// use wengert_tensor::{Rng, Tensor};
///
/// let rng = &mut Rng::new(0);
/// let net = Sequential::<f32>::new()
///     .named("fc1", Linear::new(4, 16, rng))
///     .with(Relu)
///     .with(func(|x| Ok(x * 0.5)))
///     .named("fc2", Linear::new(16, 3, rng));
/// assert_eq!(net.predict(&Tensor::ones([2, 4]))?.shape(), [2, 3]);
///
/// let fc1: &Linear<f32> = net.get("fc1").unwrap();
/// assert_eq!(fc1.weight.shape(), [16, 4]);
/// assert_eq!(net.names().collect::<Vec<_>>(), ["fc1", "1", "2", "fc2"]);
/// assert_eq!(net.parameters().len(), 4);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub struct Sequential<T: Float> {
    layers: Vec<(String, Box<dyn Stored<T>>)>,
    /// A name that was given badly, and where. `forward` refuses it: building reads better without `?`.
    misnamed: Option<(String, Line)>,
}

impl<T: Float> Default for Sequential<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Sequential<T> {
    /// No layers: what comes in goes out.
    pub fn new() -> Self {
        Self { layers: Vec::new(), misnamed: None }
    }

    /// With a layer more, named by its number.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, layer: impl Module<T> + 'static) -> Self {
        self.push(layer);
        self
    }

    /// With a layer more, of this name. Two layers of one name, or a name with a dot, are refused by `forward`.
    #[must_use]
    #[track_caller]
    pub fn named(mut self, name: impl Into<String>, layer: impl Module<T> + 'static) -> Self {
        self.push_named(name, layer);
        self
    }

    /// Adds a layer, named by its number.
    #[track_caller]
    pub fn push(&mut self, layer: impl Module<T> + 'static) {
        self.push_named(self.layers.len().to_string(), layer);
    }

    /// Adds a layer of this name. Two layers of one name, or a name with a dot, are refused by `forward`.
    #[track_caller]
    pub fn push_named(&mut self, name: impl Into<String>, layer: impl Module<T> + 'static) {
        let name = name.into();
        let taken = self.layers.iter().any(|(n, _)| *n == name);
        if (taken || name.is_empty() || name.contains('.')) && self.misnamed.is_none() {
            let why = if taken { "is taken by another layer" } else { "is empty or has a dot" };
            let rule = format!("Sequential: the name `{name}` {why}");
            self.misnamed = Some((rule, Location::caller()));
        }
        self.layers.push((name, Box::new(layer)));
    }

    /// Puts another layer in the place of the one of this name, as a new head on an old backbone. Gives it back, if there is
    /// none of the name.
    ///
    /// # Errors
    /// The layer itself.
    pub fn replace<M: Module<T> + 'static>(&mut self, name: &str, layer: M) -> Result<(), M> {
        match self.layers.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => {
                *old = Box::new(layer);
                Ok(())
            }
            None => Err(layer),
        }
    }

    /// How many layers it has.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The layers' names.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.layers.iter().map(|(name, _)| name.as_str())
    }

    /// The layers with their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &dyn Module<T>)> {
        self.layers.iter().map(|(name, layer)| (name.as_str(), &**layer as &dyn Module<T>))
    }

    /// The layer of this name, if it is of this type.
    pub fn get<M: Module<T> + 'static>(&self, name: &str) -> Option<&M> {
        let (_, layer) = self.layers.iter().find(|(n, _)| n == name)?;
        (&**layer as &dyn Any).downcast_ref()
    }
}

impl<T: Float> Index<usize> for Sequential<T> {
    type Output = dyn Module<T>;
    /// # Panics
    /// If there are not so many.
    #[track_caller]
    fn index(&self, i: usize) -> &Self::Output {
        &*self.layers[i].1
    }
}

impl<T: Float> Index<&str> for Sequential<T> {
    type Output = dyn Module<T>;
    /// # Panics
    /// If there is none of the name; [`get`](Self::get) returns `None` then.
    #[track_caller]
    fn index(&self, name: &str) -> &Self::Output {
        match self.layers.iter().find(|(n, _)| n == name) {
            Some((_, layer)) => &**layer,
            None => panic!(
                "Sequential: there is no layer `{name}`; there are {:?}",
                self.names().collect::<Vec<_>>()
            ),
        }
    }
}

impl<T: Float> Parts<T> for Sequential<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        for (name, layer) in &self.layers {
            v.module(name, &**layer as &dyn Parts<T>);
        }
    }
}

/// The directory of this crate's files, as lines of code name it.
const HERE: &str = file!().split_at(file!().len() - "sequential.rs".len()).0;

impl<T: Float> Module<T> for Sequential<T> {
    #[track_caller]
    fn forward<'t>(&self, mut x: Var<'t, T>) -> Result<Var<'t, T>> {
        if let Some((rule, at)) = &self.misnamed {
            return Err(Error::Use(rule.clone(), at));
        }
        for (name, layer) in &self.layers {
            // What the layer records knows where it stands.
            let _within = x.tape().scope(name.as_str());
            x = match layer.forward(x) {
                Ok(y) => seen(&**layer, y),
                // A layer behind `dyn` does not know who called it; this does.
                Err(error) => {
                    return Err(error.in_layer(name).outside_of(HERE, Location::caller()));
                }
            };
        }
        Ok(seen(self, x))
    }
}

/// Prints the [tree](Parts::tree) of layers.
impl<T: Float> fmt::Display for Sequential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree())
    }
}

impl<T: Float> fmt::Debug for Sequential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree())
    }
}

/// A [`Sequential`] of these layers, in order; with names as `name: layer`.
///
/// ```
/// use wengert_nn::{Linear, Module, Tanh, sequential};
/// use wengert_tensor::Rng;
///
/// let rng = &mut Rng::new(0);
/// let net = sequential![Linear::<f32>::new(4, 8, rng), Tanh, Linear::new(8, 1, rng)];
/// let same = sequential![fc1: Linear::<f32>::new(4, 8, rng), act: Tanh, fc2: Linear::new(8, 1, rng)];
/// assert_eq!((net.len(), same.names().next()), (3, Some("fc1")));
/// ```
#[macro_export]
macro_rules! sequential {
    ($($name:ident: $layer:expr),+ $(,)?) => {
        $crate::Sequential::new()$(.named(stringify!($name), $layer))+
    };
    ($($layer:expr),* $(,)?) => { $crate::Sequential::new()$(.with($layer))* };
}
