//! `Residual` and `Parallel`: layers with a way around them, and layers next to each other.

use std::panic::Location;

use wengert_autograd::{Error, Line, Result, Var};
use wengert_tensor::Float;

use crate::layer::Layer;
use crate::module::run;
use crate::parts::too_deep;
use crate::{Module, Parts, Visitor};

/// x + f(x): a layer with a way around it.
///
/// ```
/// use wengert_nn::{Linear, Module, Residual, Tanh, sequential};
/// use wengert_tensor::{Rng, Tensor};
///
/// let rng = &mut Rng::new(0);
/// let block = Residual::new(sequential![Linear::<f32>::new(8, 8, rng), Tanh]);
/// assert_eq!(block.predict(&Tensor::ones([2, 8]))?.shape(), [2, 8]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Residual<M> {
    /// The layer f.
    pub inner: M,
}

impl<M> Residual<M> {
    /// Around this layer, whose result must have the shape of its input.
    pub fn new(inner: M) -> Self {
        Self { inner }
    }
}

impl<T: Float, M: Parts<T>> Parts<T> for Residual<M> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.module("inner", &self.inner);
    }
    fn describe(&self) -> Option<String> {
        Some("Residual".into())
    }
}

impl<T: Float, M: Module<T>> Module<T> for Residual<M> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        x.try_add(run(&self.inner, x, "inner", Location::caller())?)
    }
}

/// Several layers that take the same input, their results joined along an axis. A clone has the same parameters.
///
/// ```
/// use wengert_nn::{Linear, Module, Parallel, Tanh, sequential};
/// use wengert_tensor::{Rng, Tensor};
///
/// let rng = &mut Rng::new(0);
/// let wide = sequential![Linear::<f32>::new(4, 8, rng), Tanh];
/// let both = Parallel::new(-1).with(wide).with(Linear::new(4, 2, rng));
/// assert_eq!(both.predict(&Tensor::ones([3, 4]))?.shape(), [3, 10]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct Parallel<T: Float> {
    layers: Vec<Layer<T>>,
    axis: isize,
    /// A layer that is too deep, and its line. A call rejects it.
    fault: Option<(String, Line)>,
}

impl<T: Float> Parallel<T> {
    /// No layers yet, whose results are joined along this axis.
    pub fn new(axis: isize) -> Self {
        Self { layers: Vec::new(), axis, fault: None }
    }

    /// With one more layer, named by its number.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, layer: impl Module<T> + Clone + 'static) -> Self {
        match too_deep(&layer) {
            None => self.layers.push(Layer::new(layer)),
            Some(rule) => self.fault = Some((format!("Parallel: {rule}"), Location::caller())),
        }
        self
    }
}

impl<T: Float> std::fmt::Debug for Parallel<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.tree())
    }
}

impl<T: Float> Parts<T> for Parallel<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        for (i, layer) in self.layers.iter().enumerate() {
            v.module(&i.to_string(), &**layer as &dyn Parts<T>);
        }
    }
    fn describe(&self) -> Option<String> {
        Some("Parallel".into())
    }
}

impl<T: Float> Module<T> for Parallel<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let at = Location::caller();
        if let Some((rule, at)) = &self.fault {
            return Err(Error::Use(rule.clone(), at));
        }
        let mut results = Vec::with_capacity(self.layers.len());
        for (i, layer) in self.layers.iter().enumerate() {
            results.push(run(&**layer, x, &i.to_string(), at)?);
        }
        Var::cat(&results, self.axis)
    }
}
