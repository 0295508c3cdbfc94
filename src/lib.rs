//! A minimal tensor framework with reverse-mode autograd.
#[doc(inline)]
pub use wengert_autograd as autograd;
#[doc(inline)]
pub use wengert_loss as loss;
#[doc(inline)]
pub use wengert_nn as nn;
#[doc(inline)]
pub use wengert_tensor as tensor;
