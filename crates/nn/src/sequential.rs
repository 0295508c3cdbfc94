//! `Sequential`: layers one after another, by name and number.

use std::any::Any;
use std::fmt;
use std::ops::Index;
use std::panic::Location;

use wengert_autograd::{Error, Line, Result, Tensors, Var};
use wengert_tensor::{Float, Tensor};

use crate::layer::Layer;
use crate::module::run;
use crate::parts::too_deep;
use crate::{Module, Parts, Visitor};

/// A layer and its name.
type Named<T, In> = (String, Layer<T, In>);

/// Layers one after another. Each has a name: its number unless another is given. A clone has clones of the layers, and so the same
/// parameters; [`deep_copy`](Parts::deep_copy) has its own. A layer of yours must be `Clone`.
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
///
/// The first layer decides the type of the input; the later layers take tensors of floats:
///
/// ```
/// use wengert_nn::{Embedding, Linear, Module, sequential};
/// use wengert_tensor::{Rng, tensor};
///
/// let rng = &mut Rng::new(0);
/// let text = sequential![words: Embedding::<f32>::new(100, 8, rng), head: Linear::new(8, 3, rng)];
/// assert_eq!(text.predict(&tensor![[3_usize, 1, 4]])?.shape(), [1, 3, 3]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub struct Sequential<T: Float, In: Tensors = Tensor<T>> {
    first: Option<Named<T, In>>,
    rest: Vec<Named<T, Tensor<T>>>,
    /// An invalid name or a layer that is too deep, and its line. A call rejects it, because building reads better without `?`.
    fault: Option<(String, Line)>,
}

impl<T: Float, In: Tensors> Clone for Sequential<T, In> {
    fn clone(&self) -> Self {
        Self { first: self.first.clone(), rest: self.rest.clone(), fault: self.fault.clone() }
    }
}

impl<T: Float> Default for Sequential<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Sequential<T> {
    /// No layers: the result is the input.
    pub fn new() -> Self {
        Self { first: None, rest: Vec::new(), fault: None }
    }

    /// Replaces the layer of this name, for example by a new head on an old backbone.
    ///
    /// # Errors
    /// The new layer, if there is no layer of this name, or if the new one lies too deep.
    pub fn replace<M: Module<T> + Clone + 'static>(
        &mut self,
        name: &str,
        layer: M,
    ) -> Result<(), M> {
        let mut layers = self.first.iter_mut().chain(&mut self.rest);
        match layers.find(|(n, _)| n == name).filter(|_| too_deep(&layer).is_none()) {
            Some((_, old)) => {
                *old = Layer::new(layer);
                Ok(())
            }
            None => Err(layer),
        }
    }

    /// The layers with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &dyn Module<T>)> {
        self.layers().map(|(name, layer)| (name.as_str(), &**layer))
    }

    fn layers(&self) -> impl Iterator<Item = &Named<T, Tensor<T>>> {
        self.first.iter().chain(&self.rest)
    }
}

impl<T: Float, In: Tensors> Sequential<T, In> {
    /// A first layer, which may take another input than a tensor of floats.
    #[must_use]
    #[track_caller]
    pub fn starting(name: impl Into<String>, layer: impl Module<T, In> + Clone + 'static) -> Self {
        let mut start = Self { first: None, rest: Vec::new(), fault: None };
        let name = name.into();
        if start.takes(&name, &layer) {
            start.first = Some((name, Layer::new(layer)));
        }
        start
    }

    /// With one more layer, named by its number.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, layer: impl Module<T> + Clone + 'static) -> Self {
        self.push(layer);
        self
    }

    /// With one more layer, of this name. Two layers of one name, a name with a dot, and a layer of more
    /// than 200 modules within one another are rejected by `call`.
    #[must_use]
    #[track_caller]
    pub fn named(
        mut self,
        name: impl Into<String>,
        layer: impl Module<T> + Clone + 'static,
    ) -> Self {
        self.push_named(name, layer);
        self
    }

    /// Adds a layer, named by its number.
    #[track_caller]
    pub fn push(&mut self, layer: impl Module<T> + Clone + 'static) {
        self.push_named(self.len().to_string(), layer);
    }

    /// Adds a layer of this name. Two layers of one name, a name with a dot, and a layer of more
    /// than 200 modules within one another are rejected by `call`.
    #[track_caller]
    pub fn push_named(&mut self, name: impl Into<String>, layer: impl Module<T> + Clone + 'static) {
        let name = name.into();
        if self.takes(&name, &layer) {
            self.rest.push((name, Layer::new(layer)));
        }
    }

    /// Notes a name that is invalid, and a layer that is too deep. Returns whether the layer can be stored.
    #[track_caller]
    fn takes(&mut self, name: &str, layer: &dyn Parts<T>) -> bool {
        let deep = too_deep(layer);
        let is_deep = deep.is_some();
        let rule = deep.or_else(|| unfit(name, self.names().any(|n| n == name)));
        if let (Some(rule), None) = (rule, &self.fault) {
            self.fault = Some((format!("Sequential: {rule}"), Location::caller()));
        }
        !is_deep
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Whether it has no layers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The layers' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let first = self.first.iter().map(|(name, _)| name.as_str());
        first.chain(self.rest.iter().map(|(name, _)| name.as_str()))
    }

    /// The layer of this name, if it is of this type.
    pub fn get<M: Any>(&self, name: &str) -> Option<&M> {
        if let Some((n, layer)) = &self.first
            && n == name
        {
            return layer.downcast();
        }
        let (_, layer) = self.rest.iter().find(|(n, _)| n == name)?;
        layer.downcast()
    }
}

/// The rule that a layer's name breaks.
fn unfit(name: &str, is_taken: bool) -> Option<String> {
    if is_taken {
        Some(format!("the name `{name}` is taken by another layer"))
    } else if name.is_empty() || name.contains('.') {
        Some(format!("the name `{name}` is empty or has a dot"))
    } else {
        None
    }
}

impl<T: Float> Index<usize> for Sequential<T> {
    type Output = dyn Module<T>;
    /// # Panics
    /// If there are not that many.
    #[track_caller]
    fn index(&self, i: usize) -> &Self::Output {
        match self.layers().nth(i) {
            Some((_, layer)) => &**layer,
            None => panic!("Sequential: there is no layer {i}; there are {}", self.len()),
        }
    }
}

impl<T: Float> Index<&str> for Sequential<T> {
    type Output = dyn Module<T>;
    /// # Panics
    /// If there is none of this name; [`get`](Self::get) returns `None` then.
    #[track_caller]
    fn index(&self, name: &str) -> &Self::Output {
        match self.layers().find(|(n, _)| n == name) {
            Some((_, layer)) => &**layer,
            None => panic!(
                "Sequential: there is no layer `{name}`; there are {:?}",
                self.names().collect::<Vec<_>>()
            ),
        }
    }
}

impl<T: Float, In: Tensors> Parts<T> for Sequential<T, In> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        if let Some((name, layer)) = &self.first {
            v.module(name, &**layer as &dyn Parts<T>);
        }
        for (name, layer) in &self.rest {
            v.module(name, &**layer as &dyn Parts<T>);
        }
    }
}

impl<T: Float, In: Tensors> Module<T, In> for Sequential<T, In> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T, In>) -> Result<Var<'t, T>> {
        let at = Location::caller();
        if let Some((rule, at)) = &self.fault {
            return Err(Error::Use(rule.clone(), at));
        }
        let mut y = match (&self.first, x.of::<Tensor<T>>()) {
            (Some((name, layer)), _) => run(&**layer, x, name, at)?,
            (None, Some(x)) => x,
            // Only a model of floats can be made without a first layer.
            (None, None) => unreachable!("a model that takes something else has a first layer"),
        };
        for (name, layer) in &self.rest {
            y = run(&**layer, y, name, at)?;
        }
        Ok(y)
    }
}

impl<T: Float, In: Tensors> fmt::Debug for Sequential<T, In> {
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
    ($name:ident: $layer:expr $(, $names:ident: $layers:expr)* $(,)?) => {
        $crate::Sequential::starting(stringify!($name), $layer)$(.named(stringify!($names), $layers))*
    };
    ($layer:expr $(, $layers:expr)* $(,)?) => {
        $crate::Sequential::starting("0", $layer)$(.with($layers))*
    };
    () => { $crate::Sequential::new() };
}
