//! `mlp`: a net of linear layers from the list of its widths.

use wengert_tensor::{Float, Rng};

use crate::{Linear, Sequential};

/// A [`Linear`] layer from each width to the next, and between two of them what the closure adds.
///
/// ```
/// use wengert_nn::{Dropout, Parts, Relu, mlp};
/// use wengert_tensor::Rng;
///
/// let net = mlp::<f32>(&[64, 32, 16, 10], |net| net.push(Relu), &mut Rng::new(0));
/// assert_eq!((net.len(), net.parameters().len()), (5, 6));
///
/// let dropping = |net: &mut wengert_nn::Sequential<f32>| {
///     net.push(Relu);
///     net.push(Dropout::new(0.1));
/// };
/// assert_eq!(mlp(&[64, 32, 10], dropping, &mut Rng::new(0)).len(), 4);
/// ```
///
/// One width or none gives a net without layers.
#[must_use]
#[track_caller]
pub fn mlp<T: Float>(
    widths: &[usize],
    between: impl Fn(&mut Sequential<T>),
    rng: &mut Rng,
) -> Sequential<T> {
    let mut net = Sequential::new();
    for pair in widths.windows(2) {
        if !net.is_empty() {
            between(&mut net);
        }
        net.push(Linear::new(pair[0], pair[1], rng));
    }
    net
}
