//! Numbers brought to one scale over any axes, then scaled and shifted: batch, instance and group normalisation.

use smallvec::SmallVec;

use crate::error::room_or_refuse;
use crate::kernel::channels::{Channels, Together};
use crate::{Axes, Error, Fault, Float, Result, Shape, Tensor};

/// The places of a channel that follow one another, from which on one pass over it is faster than plain ops over whole rows.
#[doc(hidden)]
pub const LONG_CHANNEL: usize = 16;

impl<T: Float> Tensor<T> {
    /// (x - mean) / √(variance + epsilon) · weight + bias over axes, where weight and bias broadcast to x: `[C, 1, 1]` for a number a
    /// channel of `[N, C, H, W]`. This is the function of batch, instance and group normalisation, in one pass.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (x, weight, bias) = (tensor![[1.0, 10.0], [3.0, 30.0]], tensor![2.0, 5.0], tensor![0.5, 0.0]);
    /// assert_eq!(x.affine_normalize(0, &weight, Some(&bias), 0.0)?, tensor![[-1.5, -5.0], [2.5, 5.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if there are no such axes, [`Error::Shape`] if weight or bias do not broadcast to x.
    #[track_caller]
    pub fn affine_normalize(
        &self,
        axes: impl Into<Axes>,
        weight: &Self,
        bias: Option<&Self>,
        epsilon: f64,
    ) -> Result<Self> {
        self.affine_normalize_here(axes.into(), weight, bias, epsilon)
    }

    #[track_caller]
    #[inline(never)]
    fn affine_normalize_here(
        &self,
        axes: Axes,
        weight: &Self,
        bias: Option<&Self>,
        epsilon: f64,
    ) -> Result<Self> {
        const OP: &str = "affine_normalize";
        axes.flags(OP, self.shape())?;
        if !self.is_contiguous() {
            room_or_refuse::<T>(OP, self.shape())?;
        }
        for part in [Some(weight), bias].into_iter().flatten() {
            let both = Shape::broadcast(self.shape(), part.shape());
            if both.is_none_or(|both| *both != *self.shape()) {
                let rule = "weight and bias must broadcast to the shape of x";
                let fault = Fault::new(OP, &[self.shape(), part.shape()], rule);
                return Err(Error::Shape(match self.shape() {
                    [_, channels, places @ ..] if !places.is_empty() => {
                        let mut shape = vec![*channels];
                        shape.resize(self.rank() - 1, 1);
                        fault.help(format!("a number for each channel has shape {shape:?}"))
                    }
                    _ => fault,
                }));
            }
        }
        let alike = bias.is_none_or(|bias| bias.shape() == weight.shape());
        if alike
            && let Some(channels) = self.channels(&axes, Some(weight.shape()), epsilon)
            && let Some(y) = channels.normalize(self, Some(weight), bias)
        {
            return Ok(y);
        }
        let y = self.normalize(axes, epsilon)?.try_mul(weight)?;
        match bias {
            Some(bias) => y.try_add(bias),
            None => Ok(y),
        }
    }

    /// [`normalize`](Self::normalize) over axes that are not the last ones, if what is left are neighbouring axes.
    #[inline(never)]
    pub(crate) fn normalize_channels(&self, axes: &Axes, epsilon: f64) -> Option<Self> {
        self.channels(axes, None, epsilon)?.normalize(self, None, None)
    }

    /// The gradient of this operand, which was normalised over axes and scaled by a weight.
    #[inline(never)]
    pub(crate) fn pull_channels(
        &self,
        g: &Self,
        weight: Option<&Self>,
        axes: &Axes,
        epsilon: f64,
    ) -> Option<Self> {
        self.channels(axes, weight.map(Self::shape), epsilon)?.pull(g, self, weight)
    }

    /// The gradient of the weight, of shape `weight`, of this operand.
    #[inline(never)]
    pub(crate) fn pull_channels_weight(
        &self,
        g: &Self,
        weight: &[usize],
        axes: &Axes,
        epsilon: f64,
    ) -> Option<Self> {
        let channels = self.channels(axes, Some(weight), epsilon)?;
        channels.pull_weight(g, self)?.reshape(weight).ok()
    }

    /// Mean and variance over axes, without Bessel's correction, in one pass: those of all that is left, in a row each. `None` if the
    /// kernels have no way for these axes, or there are no elements.
    #[doc(hidden)]
    #[inline(never)]
    pub fn moments(&self, axes: &Axes) -> Option<[Self; 2]> {
        let both = self.channels(axes, None, 0.0)?.moments(self)?;
        Some([both.select(0, 0).ok()?, both.select(0, 1).ok()?])
    }

    /// The channels that a weight of this shape scales; without one those that are left by the axes. `None` if the kernels have no way
    /// for these shapes, or there are no elements.
    fn channels(&self, axes: &Axes, weight: Option<&[usize]>, epsilon: f64) -> Option<Channels> {
        let shape = self.shape();
        let flags = axes.flags("normalize", shape).ok()?;
        if self.is_empty() {
            return None;
        }
        // Axes of size 1 are of either kind.
        let folded = |i: usize| flags[i] || shape[i] == 1;
        let kept = |i: usize| !flags[i] || shape[i] == 1;
        let own: SmallVec<[bool; 8]> = match weight {
            Some(weight) => {
                let missing = shape.len().checked_sub(weight.len())?;
                let fits = weight.iter().zip(&shape[missing..]).all(|(w, x)| *w == 1 || w == x);
                if !fits {
                    return None;
                }
                (0..shape.len()).map(|i| i >= missing && weight[i - missing] != 1).collect()
            }
            None => flags.iter().zip(shape).map(|(&flag, &size)| !flag && size != 1).collect(),
        };
        // The axes of the channels; one channel stands where the axes begin that are folded.
        let start = (0..shape.len()).find(|&i| !kept(i)).unwrap_or(0);
        let first = own.iter().position(|&own| own).unwrap_or(start);
        let last = own.iter().rposition(|&own| own).map_or(start, |last| last + 1);
        if (first..last).any(|i| !own[i] && shape[i] != 1) {
            return None;
        }
        let size = |axes: std::ops::Range<usize>| shape[axes].iter().product::<usize>();
        let [samples, channels, inner] =
            [size(0..first), size(first..last), size(last..shape.len())];
        if inner < LONG_CHANNEL {
            return None;
        }
        let whole = Channels { samples, channels, inner, together: Together::Batch, epsilon };
        let outside = |i: &usize| !(first..last).contains(i);
        if (first..last).all(kept) && (0..shape.len()).filter(outside).all(folded) {
            return Some(whole);
        }
        // Groups: all axes from one on.
        let whole_samples = (0..start).all(kept) && (start..shape.len()).all(folded);
        if !whole_samples || start < first || start > last {
            return None;
        }
        Some(Channels { together: Together::Group(size(start..last)), ..whole })
    }
}

compiled!(f32 f64: {
    Tensor::<T>::normalize_channels,
    Tensor::<T>::pull_channels,
    Tensor::<T>::pull_channels_weight,
    Tensor::<T>::moments,
    Tensor::<T>::affine_normalize_here,
});
