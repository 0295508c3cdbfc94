//! Tensors of random numbers: uniform, normal, Bernoulli, whole numbers, permutations. Elements are drawn in row-major
//! order, so that a seed gives the same tensor on every machine.

use rand_distr::{Distribution, StandardNormal};

use crate::error::{Fault, refuse};
use crate::kernel::write::written;
use crate::{Element, Error, Float, Result, Rng, Shape, Tensor};

/// A tensor of draws.
#[track_caller]
fn drawn<T: Element>(
    op: &'static str,
    shape: &[usize],
    mut draw: impl FnMut() -> T,
) -> Result<Tensor<T>> {
    written(op, Shape::new(shape), |out| {
        let len = shape.iter().fold(1usize, |n, &s| n.wrapping_mul(s));
        (0..len).for_each(|_| out.push(draw()));
    })
}

/// The result of a draw, which fails only if there is no memory for the shape, as [`Tensor::zeros`] does.
#[track_caller]
fn or_refuse<T>(drawn: Result<T>, twin: &str) -> T {
    match drawn {
        Ok(tensor) => tensor,
        Err(error) => refuse(&error, twin),
    }
}

#[track_caller]
#[cold]
fn bad(op: &'static str, shape: &[usize], rule: String) -> Error {
    Error::Value(Fault::new(op, &[shape], rule))
}

/// A number from 0 up to but excluding 1, with as many bits as the type has.
#[inline]
fn unit<T: Float>(rng: &mut Rng) -> f64 {
    if size_of::<T>() == 4 { rng.unit::<24>() } else { rng.unit::<53>() }
}

impl<T: Float> Tensor<T> {
    /// Uniform numbers from 0 up to but excluding 1.
    ///
    /// # Panics
    /// If there is no memory for the shape ([`uniform`](Self::uniform) returns this as an error).
    #[track_caller]
    pub fn rand(shape: impl AsRef<[usize]>, rng: &mut Rng) -> Self {
        let drawn = drawn("rand", shape.as_ref(), || T::from_f64(unit::<T>(rng)));
        or_refuse(drawn, "Tensor::uniform")
    }

    /// [`rand`](Self::rand) of this one's shape.
    ///
    /// # Panics
    /// As [`rand`](Self::rand).
    #[track_caller]
    pub fn rand_like(&self, rng: &mut Rng) -> Self {
        Self::rand(self.shape(), rng)
    }

    /// Uniform numbers from `low` up to but excluding `high` (`low` itself if they are equal).
    ///
    /// # Errors
    /// [`Error::Value`] unless `low` is at most `high` and both, and their distance, are finite; [`Error::Size`] if there
    /// is no memory for the shape.
    #[track_caller]
    pub fn uniform(shape: impl AsRef<[usize]>, low: f64, high: f64, rng: &mut Rng) -> Result<Self> {
        Self::uniform_here(shape.as_ref(), low, high, rng)
    }

    #[track_caller]
    #[inline(never)]
    fn uniform_here(shape: &[usize], low: f64, high: f64, rng: &mut Rng) -> Result<Self> {
        let (first, end) = (T::from_f64(low), T::from_f64(high));
        let span = high - low;
        if !(low <= high && span.is_finite() && first.is_finite() && end.is_finite()) {
            return Err(bad("uniform", shape, format!("{low} to {high} is not a finite range")));
        }
        drawn("uniform", shape, || {
            loop {
                let x = T::from_f64(low + span * unit::<T>(rng));
                // Rounding may have led to the end: drawn again, unless there is nothing between the two.
                if x < end {
                    return x;
                }
                if first == end || T::from_f64(low + span * 0.5) >= end {
                    return first;
                }
            }
        })
    }

    /// Normally distributed numbers with mean 0 and standard deviation 1.
    ///
    /// # Panics
    /// If there is no memory for the shape ([`normal`](Self::normal) returns this as an error).
    #[track_caller]
    pub fn randn(shape: impl AsRef<[usize]>, rng: &mut Rng) -> Self {
        or_refuse(Self::normal(shape, 0.0, 1.0, rng), "Tensor::normal")
    }

    /// [`randn`](Self::randn) of this one's shape.
    ///
    /// # Panics
    /// As [`randn`](Self::randn).
    #[track_caller]
    pub fn randn_like(&self, rng: &mut Rng) -> Self {
        Self::randn(self.shape(), rng)
    }

    /// Normally distributed numbers.
    ///
    /// # Errors
    /// [`Error::Value`] if mean or standard deviation are not finite or the latter is negative; [`Error::Size`] if there
    /// is no memory for the shape.
    #[track_caller]
    pub fn normal(shape: impl AsRef<[usize]>, mean: f64, std: f64, rng: &mut Rng) -> Result<Self> {
        Self::normal_here(shape.as_ref(), mean, std, rng)
    }

    #[track_caller]
    #[inline(never)]
    fn normal_here(shape: &[usize], mean: f64, std: f64, rng: &mut Rng) -> Result<Self> {
        if !(mean.is_finite() && std.is_finite() && std >= 0.0) {
            let rule =
                format!("there is no normal distribution of mean {mean} and deviation {std}");
            return Err(bad("normal", shape, rule));
        }
        drawn("normal", shape, || {
            let z: f64 = StandardNormal.sample(rng);
            T::from_f64(mean + std * z)
        })
    }

    /// Normally distributed numbers, truncated to `low` to `high` (either may be infinite). It is exact for
    /// bounds at any distance from the mean.
    ///
    /// # Errors
    /// [`Error::Value`] unless mean and standard deviation are finite, the latter is above 0 and `low` below `high`;
    /// [`Error::Size`] if there is no memory for the shape.
    #[track_caller]
    pub fn truncated_normal(
        shape: impl AsRef<[usize]>,
        mean: f64,
        std: f64,
        low: f64,
        high: f64,
        rng: &mut Rng,
    ) -> Result<Self> {
        let shape = shape.as_ref();
        if !(mean.is_finite() && std.is_finite() && std > 0.0 && low < high) {
            let rule = format!(
                "there is no normal distribution of mean {mean} and deviation {std} from {low} to {high}"
            );
            return Err(bad("truncated_normal", shape, rule));
        }
        drawn("truncated_normal", shape, || {
            let x = truncated(mean, std, low, high, rng);
            // Within the bounds after rounding, too.
            let (x, low, high) = (T::from_f64(x), T::from_f64(low), T::from_f64(high));
            if x < low {
                low
            } else if x > high {
                high
            } else {
                x
            }
        })
    }
}

/// One draw of a truncated normal distribution: by rejection, from proposals of which about one in three or more is taken.
fn truncated(mean: f64, std: f64, low: f64, high: f64, rng: &mut Rng) -> f64 {
    let (a, b) = ((low - mean) / std, (high - mean) / std);
    // A tail: beyond `a` a normal density falls almost as an exponential one, and faster.
    let tail = |from: f64, rng: &mut Rng| {
        let rate = from.min(f64::MAX);
        let width = (high - low) / std;
        loop {
            // `from` may be so large that nothing is added to it: what lies beyond it is drawn by itself.
            let beyond = -(rng.unit::<53>() * (-rate * width).exp_m1()).ln_1p() / rate;
            if rng.unit::<53>() <= (-0.5 * beyond * beyond).exp() {
                return beyond * std;
            }
        }
    };
    if a > 0.5 {
        return low + tail(a, rng);
    }
    if b < -0.5 {
        return high - tail(-b, rng);
    }
    loop {
        let z = if b - a > 2.5 {
            // A good part of the whole.
            let z: f64 = StandardNormal.sample(rng);
            if !(a <= z && z <= b) {
                continue;
            }
            z
        } else {
            // Narrow, around the middle: the density hardly changes.
            let z = a + (b - a) * rng.unit::<53>();
            if rng.unit::<53>() > (-0.5 * z * z).exp() {
                continue;
            }
            z
        };
        return mean + std * z;
    }
}

impl<T: Element> Tensor<T> {
    /// Ones (or `true`) with probability `p`, else zeros.
    ///
    /// ```
    /// # use wengert_tensor::{Rng, Tensor};
    /// let kept = Tensor::<bool>::bernoulli([1000], 0.9, &mut Rng::new(0))?;
    /// assert!((850..950).contains(&kept.count()));
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] if `p` is not from 0 to 1; [`Error::Size`] if there is no memory for the shape.
    #[track_caller]
    pub fn bernoulli(shape: impl AsRef<[usize]>, p: f64, rng: &mut Rng) -> Result<Self> {
        let shape = shape.as_ref();
        if !(0.0..=1.0).contains(&p) {
            return Err(bad("bernoulli", shape, format!("{p} is no probability")));
        }
        // First as truth values, which are compared and stored without a branch: no processor could guess it.
        let drawn = drawn("bernoulli", shape, || rng.unit::<53>() < p)?;
        Ok(drawn.cast())
    }
}

macro_rules! integers {
    ($($t:ident)*) => {$(
        impl Tensor<$t> {
            /// Uniform whole numbers from `low` up to but excluding `high`.
            ///
            /// # Errors
            /// [`Error::Value`] unless `low` is less than `high`; [`Error::Size`] if there is no memory for the shape.
            #[track_caller]
            pub fn randint(
                shape: impl AsRef<[usize]>,
                low: $t,
                high: $t,
                rng: &mut Rng,
            ) -> Result<Self> {
                let shape = shape.as_ref();
                if low >= high {
                    let rule = format!("there is no number from {low} up to but without {high}");
                    return Err(bad("randint", shape, rule));
                }
                let span = high.wrapping_sub(low) as u64;
                drawn("randint", shape, || low.wrapping_add(rng.below(span) as $t))
            }
        }
    )*};
}
integers!(i64 usize u8);

impl Tensor<usize> {
    /// The numbers below `n` in random order; every order is equally likely.
    ///
    /// # Panics
    /// If there is no memory for so many ([`try_permutation`](Self::try_permutation) returns this as an error).
    #[track_caller]
    pub fn permutation(n: usize, rng: &mut Rng) -> Self {
        or_refuse(Self::try_permutation(n, rng), "Tensor::try_permutation")
    }

    /// [`permutation`](Self::permutation), with an error instead of a panic.
    ///
    /// # Errors
    /// [`Error::Size`] if there is no memory for so many.
    #[track_caller]
    pub fn try_permutation(n: usize, rng: &mut Rng) -> Result<Self> {
        let mut order = Self::try_full([n], 0)?;
        let numbers = order.as_mut_slice();
        for (i, number) in numbers.iter_mut().enumerate() {
            *number = i;
        }
        rng.shuffle(numbers);
        Ok(order)
    }
}

compiled!(f32 f64: { Tensor::<T>::uniform_here, Tensor::<T>::normal_here });
