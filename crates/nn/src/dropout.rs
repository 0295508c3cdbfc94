//! `Dropout`: in training, each element, or each channel, becomes 0 with some probability.

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;

use crate::{Module, Parts, Visitor, functional};

/// In training, each element becomes 0 with probability `p`, and the others are multiplied by 1/(1 - p), which preserves the
/// mean. In evaluation, the input is returned unchanged. The mode is the tape's, and so are the random numbers: the tape
/// needs a seed, a different one for each step.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::{Dropout, Module};
/// use wengert_tensor::Tensor;
///
/// let tape = Tape::new().seeded(7);
/// let x = tape.constant(Tensor::<f32>::ones([1000]));
/// let y = Dropout::new(0.2).forward(x)?.value()?;
/// assert!(y.iter().all(|y| y == 0.0 || y == 1.25));
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    p: f64,
}

impl Default for Dropout {
    /// A half.
    fn default() -> Self {
        Self::new(0.5)
    }
}

impl Dropout {
    /// With this probability. `forward` rejects one that is not between 0 and 1.
    pub fn new(p: f64) -> Self {
        Self { p }
    }
}

impl<T: Float> Parts<T> for Dropout {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("Dropout({})", self.p))
    }
}

impl<T: Float> Module<T> for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        functional::dropout(x, self.p)
    }
}

/// [`ChannelDropout`] of `[N, C, L]`, or `[C, L]` for one sample.
pub type Dropout1d = ChannelDropout<1>;
/// [`ChannelDropout`] of `[N, C, H, W]`, or `[C, H, W]` for one sample.
pub type Dropout2d = ChannelDropout<2>;
/// [`ChannelDropout`] of `[N, C, D, H, W]`, or `[C, D, H, W]` for one sample.
pub type Dropout3d = ChannelDropout<3>;

/// In training, each channel of each sample becomes 0 as a whole with probability `p`, and the others are multiplied by
/// 1/(1 - p): elements next to one another are alike, so that leaving out single ones would change little. In all else it is
/// like [`Dropout`].
#[derive(Clone, Copy, Debug)]
pub struct ChannelDropout<const D: usize> {
    p: f64,
}

impl<const D: usize> Default for ChannelDropout<D> {
    /// A half.
    fn default() -> Self {
        Self::new(0.5)
    }
}

impl<const D: usize> ChannelDropout<D> {
    /// With this probability. `forward` rejects one that is not between 0 and 1.
    pub fn new(p: f64) -> Self {
        Self { p }
    }
}

impl<T: Float, const D: usize> Parts<T> for ChannelDropout<D> {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("Dropout{D}d({})", self.p))
    }
}

impl<T: Float, const D: usize> Module<T> for ChannelDropout<D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        functional::channel_dropout::<T, D>(x, self.p)
    }
}
