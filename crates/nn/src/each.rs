//! Options that have one number for each axis: one number stands for all.

/// A number for each of `D` axes: `3` is the same as `[3, 3]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Each<const D: usize>(pub [usize; D]);

impl<const D: usize> From<usize> for Each<D> {
    fn from(all: usize) -> Self {
        Self([all; D])
    }
}

impl<const D: usize> From<[usize; D]> for Each<D> {
    fn from(each: [usize; D]) -> Self {
        Self(each)
    }
}

impl<const D: usize> std::fmt::Display for Each<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.split_first() {
            Some((first, rest)) if rest.iter().all(|n| n == first) => write!(f, "{first}"),
            _ => write!(f, "{:?}", self.0),
        }
    }
}

/// The places that are added before and after each axis of a convolution's input: a number, one for each axis, or
/// `Padding::Same`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const D: usize> {
    /// So many places before, and so many after.
    Places([usize; D]),
    /// As many as keep the sizes, for a stride of 1; the odd one comes after, as in PyTorch.
    Same,
}

impl<const D: usize, E: Into<Each<D>>> From<E> for Padding<D> {
    fn from(each: E) -> Self {
        Self::Places(each.into().0)
    }
}
