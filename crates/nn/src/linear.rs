//! `Linear` and `Bilinear`: products with weights.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Error, Fault, Float, Rng, Tensor};

use crate::made::uniform;
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional};

/// y = x·Wᵀ + b, on the last axis: `[…, inputs]` gives `[…, outputs]`.
///
/// Weight `[outputs, inputs]` and bias start uniform within ±1/√inputs, as PyTorch's do.
///
/// ```
/// use wengert_nn::{Linear, Module};
/// use wengert_tensor::{Rng, Tensor};
///
/// let layer = Linear::<f32>::new(4, 3, &mut Rng::new(0));
/// assert_eq!(layer.predict(&Tensor::ones([8, 4]))?.shape(), [8, 3]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct Linear<T> {
    /// `[outputs, inputs]`
    pub weight: Param<T>,
    /// `[outputs]`
    pub bias: Option<Param<T>>,
}

impl<T: Float> Linear<T> {
    /// A layer with bias.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        let weight = uniform("Linear", &[outputs, inputs], inputs, rng);
        Self { weight, bias: Some(uniform("Linear", &[outputs], inputs, rng)) }
    }

    /// Without bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }

    /// The layer with this weight `[outputs, inputs]` and bias `[outputs]`.
    ///
    /// ```
    /// use wengert_nn::{Linear, Module};
    /// use wengert_tensor::tensor;
    ///
    /// let layer = Linear::from_weights(tensor![[3.0_f32]], Some(tensor![4.0]))?;
    /// assert_eq!(layer.predict(&tensor![[1.0], [2.0]])?, tensor![[7.0], [10.0]]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes differ from these.
    #[track_caller]
    pub fn from_weights(weight: Tensor<T>, bias: Option<Tensor<T>>) -> Result<Self> {
        let fits = match (weight.shape(), bias.as_ref().map(Tensor::shape)) {
            (&[outputs, _], Some(bias)) => *bias == [outputs],
            (shape, None) => shape.len() == 2,
            _ => false,
        };
        if !fits {
            let mut shapes = vec![weight.shape()];
            shapes.extend(bias.as_ref().map(Tensor::shape));
            let rule = "the weight must be [outputs, inputs] and the bias [outputs]";
            return Err(Error::Shape(Fault::new("Linear", &shapes, rule)).into());
        }
        Ok(Self { weight: Param::new(weight), bias: bias.map(Param::new) })
    }
}

debug_as_described!(Linear<T>);

impl<T: Float> Parts<T> for Linear<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
        v.module("bias", &self.bias);
    }
    fn describe(&self) -> Option<String> {
        let shape = self.weight.shape();
        let sizes = match shape[..] {
            [outputs, inputs] => format!("{inputs} -> {outputs}"),
            _ => format!("{shape:?}"),
        };
        let bias = if self.bias.is_some() { "" } else { ", no bias" };
        Some(format!("Linear({sizes}{bias})"))
    }
}

impl<T: Float> Module<T> for Linear<T> {
    #[inline]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let tape = x.tape();
        x.linear(tape.param(&self.weight), self.bias.as_ref().map(|bias| tape.param(bias)))
    }
}

/// yₒ = x₁ᵀ·Wₒ·x₂ + bₒ, on the last axes: `[…, first]` and `[…, second]` give `[…, outputs]`.
///
/// Weight `[outputs, first, second]` and bias start uniform within ±1/√first, as PyTorch's do.
///
/// ```
/// use wengert_nn::{Bilinear, Module};
/// use wengert_tensor::{Rng, Tensor};
///
/// let layer = Bilinear::<f32>::new(3, 4, 2, &mut Rng::new(0));
/// let y = layer.predict(&(Tensor::ones([5, 3]), Tensor::ones([5, 4])))?;
/// assert_eq!(y.shape(), [5, 2]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct Bilinear<T> {
    /// `[outputs, first, second]`
    pub weight: Param<T>,
    /// `[outputs]`
    pub bias: Option<Param<T>>,
}

impl<T: Float> Bilinear<T> {
    /// A layer with bias.
    #[track_caller]
    pub fn new(first: usize, second: usize, outputs: usize, rng: &mut Rng) -> Self {
        let weight = uniform("Bilinear", &[outputs, first, second], first, rng);
        Self { weight, bias: Some(uniform("Bilinear", &[outputs], first, rng)) }
    }

    /// Without bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }
}

debug_as_described!(Bilinear<T>);

impl<T: Float> Parts<T> for Bilinear<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
        v.module("bias", &self.bias);
    }
}

impl<T: Float> Module<T, (Tensor<T>, Tensor<T>)> for Bilinear<T> {
    fn forward<'t>(&self, x: Var<'t, T, (Tensor<T>, Tensor<T>)>) -> Result<Var<'t, T>> {
        let (first, second) = x.unpack();
        let tape = x.tape();
        let bias = self.bias.as_ref().map(|bias| tape.param(bias));
        functional::bilinear(first, second, tape.param(&self.weight), bias)
    }
}
