//! Activations that need more than the element itself: a learned slope, a gate in the other half, a row to compete in.

use wengert_tensor::{Error as TensorError, Fault, Float, axis_or_refuse};

use crate::{Result, Var};

impl<'t, T: Float> Var<'t, T> {
    /// x where positive, else weight · x, with one weight, or one for each place of axis 1.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.constant(tensor![[-1.0_f64, -1.0], [2.0, -2.0]]);
    /// let weight = tape.var(tensor![0.5, 0.1]);
    /// let y = x.prelu(weight)?;
    /// assert_eq!(y.value(), tensor![[-0.5, -0.1], [2.0, -0.2]]);
    /// assert_eq!(y.sum().gradients()?.wrt(weight).value()?, tensor![-1.0, -3.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are several weights, and not one for each place of axis 1.
    #[track_caller]
    pub fn prelu(self, weight: Self) -> Result<Self> {
        let (shape, count) = (self.shape(), weight.len());
        let channels = shape.get(1).copied().unwrap_or(1);
        if weight.rank() > 1 || (count != 1 && count != channels) {
            let rule = format!("the weight must be [1] or [{channels}], one for each channel");
            let fault = Fault::new("prelu", &[&shape, &weight.shape()], rule);
            return Err(TensorError::Shape(fault).into());
        }
        let mut along = vec![1; shape.len()];
        if count != 1 {
            along[1] = count;
        }
        self.leaky(weight.reshape(along)?)
    }

    /// The first half along an axis, times the sigmoid of the second.
    ///
    /// # Errors
    /// If there is no such axis, or its size is odd.
    #[track_caller]
    pub fn glu(self, axis: isize) -> Result<Self> {
        let shape = self.shape();
        let size = shape[axis_or_refuse("glu", &shape, axis)?];
        if size % 2 != 0 {
            let rule = format!("axis {axis} has size {size}, and must have two halves");
            return Err(TensorError::Shape(Fault::new("glu", &[&shape], rule)).into());
        }
        let half = size / 2;
        self.narrow(axis, 0, half)?.try_mul(self.narrow(axis, half, half)?.sigmoid())
    }

    /// The softmax of -x along an axis: the smallest weighs most.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn softmin(self, axis: isize) -> Result<Self> {
        self.neg().softmax(axis)
    }
}
