//! Everything that a training program needs, in `f64`: for gradient checks, and where digits count. The names are those of
//! the [`prelude`](crate::prelude); use one of the two in a file.
//!
//! ```
//! use wengert::prelude64::*;
//!
//! struct Scaled {
//!     gain: Param,
//!     linear: Linear,
//! }
//! parts!(Scaled { gain, linear }); // of f64, here
//!
//! impl Module<f64> for Scaled {
//!     fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
//!         self.linear.call(x.try_mul(x.tape().param(&self.gain))?)
//!     }
//! }
//!
//! let rng = &mut Rng::new(0);
//! let model = Scaled { gain: Param::new(Tensor::ones([3])), linear: Linear::new(3, 1, rng) };
//! let x = Tensor::randn([8, 3], rng);
//! let check = GradCheck::new()
//!     .check_parameters(&model.parameters(), |tape| Ok(model.call(tape.constant(x.clone()))?.square().mean()));
//! assert!(check.is_right(), "{check}");
//! ```
//!
//! Gradients are checked in `f64` only, as differences of `f32` have too few digits. A model that is generic over its float
//! trains in `f32`, and `Net::<f64>` is checked:
//!
//! ```
//! use wengert::autograd::{self, GradCheck, Var};
//! use wengert::nn::{Linear, Module, Parts, parts};
//! use wengert::tensor::{Float, Rng, Tensor};
//!
//! struct Net<T> {
//!     hidden: Linear<T>,
//!     out: Linear<T>,
//! }
//! parts!(Net<T> { hidden, out });
//!
//! impl<T: Float> Module<T> for Net<T> {
//!     fn forward<'t>(&self, x: Var<'t, T>) -> autograd::Result<Var<'t, T>> {
//!         self.out.forward(self.hidden.forward(x)?.tanh())
//!     }
//! }
//!
//! impl<T: Float> Net<T> {
//!     fn new(rng: &mut Rng) -> Self {
//!         Self { hidden: Linear::new(3, 4, rng), out: Linear::new(4, 1, rng) }
//!     }
//! }
//!
//! let rng = &mut Rng::new(0);
//! let trained = Net::<f32>::new(rng);
//! # let _ = trained;
//! let checked = Net::<f64>::new(rng);
//! let x = Tensor::randn([8, 3], rng);
//! let report = GradCheck::new()
//!     .check_parameters(&checked.parameters(), |tape| Ok(checked.forward(tape.constant(x.clone()))?.square().mean()));
//! assert!(report.is_right(), "{report}");
//! ```

use crate::aliases::{aliases, prelude};

prelude!(f64);
pub use wengert_nn::parts64 as parts;
