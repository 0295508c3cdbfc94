//! Elements that differ, and how often each occurs.

use std::cmp::Ordering;

use crate::error::room_or_refuse;
use crate::{Element, Number, Order, Result, Tensor};

/// The elements of a tensor that differ; see [`Tensor::unique`].
#[derive(Clone, Debug, PartialEq)]
pub struct Unique<T: Element> {
    /// Each of them once, the smallest first.
    pub values: Tensor<T>,
    /// The number of times that each occurs.
    pub counts: Tensor<usize>,
    /// For each element of the tensor, in its shape, the place of its value in `values`.
    pub inverse: Tensor<usize>,
}

impl<T: Number> Tensor<T> {
    /// Its elements, each once and in order, how often each occurs, and where each element of the tensor is among them. NaN is one
    /// value and counts as largest, as in NumPy; the two zeros are one value, that which comes first.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[3.0_f32, 1.0], [1.0, 2.0]];
    /// let unique = x.unique()?;
    /// assert_eq!(unique.values, tensor![1.0, 2.0, 3.0]);
    /// assert_eq!(unique.counts, tensor![2, 1, 1]);
    /// assert_eq!(unique.inverse, tensor![[2, 0], [0, 1]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`](crate::Error::Size) if the system has no memory to sort them.
    #[track_caller]
    #[inline(never)]
    pub fn unique(&self) -> Result<Unique<T>> {
        room_or_refuse::<(T, usize)>("unique", self.shape())?;
        let mut placed: Vec<(T, usize)> = self.iter().zip(0..).collect();
        placed.sort_by(|a, b| Order::Ascending.compare(a.0, b.0));
        let (mut values, mut counts) = (Vec::<T>::new(), Vec::<usize>::new());
        let mut inverse = Tensor::try_full(self.shape(), 0)?;
        let places = inverse.as_mut_slice();
        for (x, place) in placed {
            match (values.last(), counts.last_mut()) {
                (Some(&last), Some(count))
                    if Order::Ascending.compare(last, x) == Ordering::Equal =>
                {
                    *count += 1;
                }
                _ => {
                    values.push(x);
                    counts.push(1);
                }
            }
            places[place] = values.len() - 1;
        }
        Ok(Unique { values: values.into(), counts: counts.into(), inverse })
    }
}

impl Tensor<usize> {
    /// The number of times that each number occurs, from 0 up to the largest, or up to `least - 1` if that is more: of labels, the
    /// number of samples of each class.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let labels = tensor![1_usize, 3, 1];
    /// assert_eq!(labels.bincount(0)?, tensor![0, 2, 0, 1]);
    /// assert_eq!(labels.bincount(6)?, tensor![0, 2, 0, 1, 0, 0]); // of six classes
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`](crate::Error::Size) if a number is so large that the system has no memory for so many counts.
    #[track_caller]
    pub fn bincount(&self, least: usize) -> Result<Self> {
        let size = self.iter().max().map_or(0, |largest| largest.saturating_add(1)).max(least);
        room_or_refuse::<usize>("bincount", &[size])?;
        let mut counts = Self::try_full([size], 0)?;
        let numbers = counts.as_mut_slice();
        self.iter().for_each(|number| numbers[number] += 1);
        Ok(counts)
    }
}

compiled!(f32 f64 i64 usize: { Tensor::<T>::unique });
