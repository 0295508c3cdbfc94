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

use crate::aliases::{aliases, prelude};

prelude!(f64);
pub use wengert_nn::parts64 as parts;
