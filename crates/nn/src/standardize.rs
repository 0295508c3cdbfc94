//! `Standardize`: the model itself standardises its inputs, so that the scale is saved with the weights.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Tensor};

use crate::made::made;
use crate::parts::debug_as_described;
use crate::{Buffer, Module, OneOrEach, Parts, Visitor, init};

/// Subtracts the mean of each column from the inputs and divides by its standard deviation. As the first layer it lets a model
/// take raw inputs, in training and later, and a saved model holds its scale.
///
/// The numbers are learned from the training part of the data, by `wengert_data`'s `Standardizer` for example. They are
/// buffers: no gradient changes them.
///
/// ```
/// use wengert_nn::{Linear, Module, Parts, Standardize, sequential};
/// use wengert_tensor::{Rng, tensor};
///
/// let scale = Standardize::<f32>::of(&tensor![10.0, 0.0], &tensor![2.0, 0.5])?;
/// assert_eq!(scale.predict(&tensor![[12.0, 1.0], [10.0, -0.5]])?, tensor![[1.0, 2.0], [0.0, -1.0]]);
/// let trained = sequential![scale: scale, layer: Linear::new(2, 1, &mut Rng::new(0))];
///
/// // A model to load it into does not know the numbers yet.
/// let fresh = sequential![scale: Standardize::new([2]), layer: Linear::new(2, 1, &mut Rng::new(1))];
/// fresh.load_state(&trained.state())?;
/// let x = tensor![[12.0, 1.0]];
/// assert_eq!(fresh.predict(&x)?, trained.predict(&x)?);
/// # Ok::<(), wengert_nn::Error>(())
/// ```
#[derive(Clone)]
pub struct Standardize<T> {
    /// The columns' means, in the shape of a row.
    pub mean: Buffer<T>,
    /// The columns' standard deviations, in the shape of a row.
    pub deviation: Buffer<T>,
}

impl<T: Float> Standardize<T> {
    /// For rows of this shape, or of so many columns, with means of 0 and deviations of 1, which change nothing; a state can be loaded into it.
    #[track_caller]
    pub fn new(row: impl Into<OneOrEach<usize>>) -> Self {
        let row = row.into().of(1);
        let mean = Buffer::new(made("Standardize", init::zeros(&row)));
        Self { mean, deviation: Buffer::new(made("Standardize", init::ones(&row))) }
    }

    /// With these means and deviations, as doubles; they are rounded to the model's type.
    ///
    /// # Errors
    /// [`Error::Shape`] unless both have one shape; [`Error::Value`] unless all are finite and every deviation is positive,
    /// also after rounding.
    #[track_caller]
    pub fn of(mean: &Tensor<f64>, deviation: &Tensor<f64>) -> Result<Self> {
        let shapes = [mean.shape(), deviation.shape()];
        if shapes[0] != shapes[1] {
            let rule = "the means and the deviations must have one shape, that of a row";
            return Err(Error::Shape(Fault::new("Standardize", &shapes, rule)).into());
        }
        let (means, deviations) = (mean.cast::<T>(), deviation.cast::<T>());
        for (column, (m, d)) in means.iter().zip(deviations.iter()).enumerate() {
            if !(m.is_finite() && d.is_finite() && d > T::ZERO) {
                let rule = format!(
                    "column {column} has mean {m} and deviation {d}; both must be finite, and the deviation positive"
                );
                return Err(Error::Value(Fault::new("Standardize", &shapes, rule)).into());
            }
        }
        Ok(Self { mean: Buffer::new(means), deviation: Buffer::new(deviations) })
    }
}

debug_as_described!(Standardize<T>);

impl<T: Float> Parts<T> for Standardize<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.buffer("mean", &self.mean);
        v.buffer("deviation", &self.deviation);
    }
    fn describe(&self) -> Option<String> {
        Some(format!("Standardize({:?})", self.mean.shape()))
    }
}

impl<T: Float> Module<T> for Standardize<T> {
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let row = self.mean.shape();
        if x.shape().get(1..) != Some(&row) {
            let rule =
                format!("the input must be samples of shape {row:?}, one on each place of axis 0");
            return Err(Error::Shape(Fault::new("Standardize", &[&x.shape()], rule)).into());
        }
        let tape = x.tape();
        let centred = x.try_sub(tape.constant(self.mean.value()))?;
        centred.try_div(tape.constant(self.deviation.value()))
    }
}
