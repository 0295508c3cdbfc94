//! Reverse-mode automatic differentiation on a tape.
//!
//! A [`Tape`] lists what was computed, in order. A [`Var`] is a handle to one line of it. Going back over the list, each
//! line hands its gradient on to its operands: that is backpropagation. The [`lesson`] derives three gradients by hand.

#![forbid(unsafe_code)]

mod algebra;
mod backward;
pub mod check;
pub mod cross_entropy;
pub mod custom;
mod display;
mod distances;
mod einsum;
mod error;
mod fault;
mod functions;
mod gradients;
mod graph;
pub mod lesson;
mod methods;
mod non_finite;
mod operators;
pub mod ops;
mod param;
mod products;
mod recorded;
mod shapes;
mod sorting;
mod stats;
mod tape;
mod var;

pub use algebra::Algebra;
pub use check::{Blame, Finding, GradCheck, Report, Verdict, gradcheck};
pub use custom::Pointwise;
pub use einsum::einsum;
pub use error::{Error, Line, Result};
pub use functions::{hessian, hvp, jacobian, jvp, per_sample_gradients, vjp};
pub use gradients::{Gradient, Gradients, Wrt};
pub use graph::NodeInfo;
pub use methods::Operand;
pub use non_finite::NonFinite;
pub use ops::Op;
pub use param::Param;
pub use stats::{Cost, Stats};
pub use tape::{ScopeGuard, Tape};
pub use var::Var;
