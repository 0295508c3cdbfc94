//! A minimal tensor framework with reverse-mode autograd.

#[doc(inline)]
pub use wengert_autograd as autograd;
#[doc(inline)]
pub use wengert_data as data;
#[doc(inline)]
pub use wengert_loss as loss;
#[doc(inline)]
pub use wengert_nn as nn;
pub use wengert_optim as optim;
#[doc(inline)]
pub use wengert_tensor as tensor;
#[doc(inline)]
pub use wengert_viz as viz;
