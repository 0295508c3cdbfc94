//! Options that have one number for each axis: one number stands for all.

/// A number for each of `D` axes: `3` is the same as `[3, 3]` and `(3, 3)`.
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

impl From<(usize, usize)> for Each<2> {
    fn from((a, b): (usize, usize)) -> Self {
        Self([a, b])
    }
}

impl From<(usize, usize, usize)> for Each<3> {
    fn from((a, b, c): (usize, usize, usize)) -> Self {
        Self([a, b, c])
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

/// One number, or one for each of any number of axes.
///
/// ```
/// use wengert_nn::{LayerNorm, OneOrEach, Upsample};
///
/// let (one, each) = (LayerNorm::<f32>::new(4), LayerNorm::<f32>::new([3, 4]));
/// assert_eq!([one.to_string(), each.to_string()], ["LayerNorm([4])", "LayerNorm([3, 4])"]);
/// assert_eq!(Upsample::by(2.0).to_string(), "Upsample(by 2.0, Nearest)");
/// assert_eq!(OneOrEach::from(7).of(2), [7, 7]); // of two axes
/// ```
#[derive(Clone, PartialEq)]
pub enum OneOrEach<N> {
    /// One number, for each axis that there is.
    One(N),
    /// A number for each axis.
    Each(Vec<N>),
}

impl<N: Copy> OneOrEach<N> {
    /// The numbers, of which one stands for so many axes.
    pub fn of(&self, axes: usize) -> Vec<N> {
        match self {
            Self::One(n) => vec![*n; axes],
            Self::Each(numbers) => numbers.clone(),
        }
    }
}

/// As the number or the list.
impl<N: std::fmt::Debug> std::fmt::Debug for OneOrEach<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(n) => n.fmt(f),
            Self::Each(numbers) => numbers.fmt(f),
        }
    }
}

impl<N> From<N> for OneOrEach<N> {
    fn from(one: N) -> Self {
        Self::One(one)
    }
}

macro_rules! lists {
    ($([$($K:tt)*] $List:ty),*) => {$(
        impl<N: Copy $($K)*> From<$List> for OneOrEach<N> {
            fn from(each: $List) -> Self {
                Self::Each(each[..].to_vec())
            }
        }
    )*};
}
lists! { [] Vec<N>, [] &Vec<N>, [] &[N], [, const D: usize] [N; D], [, const D: usize] &[N; D] }
