//! Reverse-mode automatic differentiation on a tape.
//!
//! A [`Tape`] is a list of the ops that were computed, in order. A [`Var`] is a handle to one line of it. Backpropagation is a
//! loop back over the list, in which each line passes its gradient on to its operands. The [`lesson`] derives three
//! gradients by hand.
//!
//! ```
//! use wengert_autograd::Tape;
//!
//! let tape = Tape::new();
//! let a = tape.scalar(3.0_f64);
//! let b = a + a;
//! let c = b * b;
//! assert_eq!(c.gradients()?.wrt(a).value()?.item()?, 24.0);
//!
//! // A derivative is a var too, so it has derivatives.
//! let first = c.grad(&[a])?[0];
//! assert_eq!(first.grad(&[a])?[0].item()?, 8.0);
//! println!("{tape}"); // every line with its op, value, rule and place in the program
//! # Ok::<(), wengert_autograd::Error>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | put data on a tape | [`Tape::input`], [`Tape::var`]; a [`Param`] by [`Tape::param`] |
//! | compute gradients | [`Var::backward`] into parameters, [`Var::gradients`] as values, [`Var::grad`] as vars |
//! | take derivatives of a function | [`vjp`], [`jvp`], [`jacobian`], [`hessian`], [`hvp`], [`per_sample_gradients`] |
//! | write a function of your own | [`Pointwise`] for one of the elements of each place, [`custom`](mod@custom) for any other |
//! | check gradients | [`gradcheck`], [`GradCheck`] |
//! | find a NaN | [`Tape::first_non_finite`], [`Tape::finite`] |
//! | find where digits are lost | [`Tape::precision`] |
//! | look up an op | [`cards`] |
//! | read a tape | [`Tape::lines`], [`Tape::stats`], [`Tape::scopes`] |

#![forbid(unsafe_code)]

mod algebra;
mod backward;
mod cards;
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
mod handle;
mod indexing;
mod inner;
mod leaves;
pub mod lesson;
mod lines;
mod methods;
mod nearest;
mod nodes;
mod non_finite;
mod normalizing;
mod operand;
mod operators;
pub mod ops;
mod param;
mod path;
mod per_sample;
mod pointwise;
mod precision;
mod products;
mod pulled;
mod recompute;
mod record;
mod recorded;
mod row_grad;
mod scope;
mod sequences;
mod shapes;
mod sorting;
mod spent;
mod stats;
mod sweep;
mod tape;
mod tensors;
mod triangle;
mod var;
mod views;
mod what_if;

pub use algebra::Algebra;
pub use cards::{Card, card_names, cards};
pub use check::{Blame, Finding, GradCheck, Report, Verdict, gradcheck};
#[doc(hidden)]
pub use display::{digest, number};
pub use einsum::einsum;
pub use error::{Error, Line, Result};
pub use functions::{hessian, hvp, jacobian, jvp, vjp};
pub use gradients::{Gradient, Gradients, Wrt};
#[doc(hidden)]
pub use handle::{Copied, Handle, deep_copy};
pub use lines::{Lines, TapeLine};
#[doc(hidden)]
pub use nearest::nearest;
pub use non_finite::NonFinite;
pub use operand::Operand;
pub use ops::Op;
#[doc(hidden)]
pub use param::GradUse;
pub use param::Param;
pub use path::matches;
pub use per_sample::per_sample_gradients;
pub use precision::{Precision, Rounded};
pub use pulled::Pulled;
pub use scope::{Scope, ScopeGuard, Who};
pub use stats::{Cost, Stats};
pub use tape::Tape;
pub use tensors::Tensors;
pub use var::Var;
pub use wengert_tensor::pointwise::Pointwise;
