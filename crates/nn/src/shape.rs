//! `Identity` and `Flatten`: layers without arithmetic.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, axis_or_refuse};

use crate::{Module, Parts, Visitor};

/// Returns its input unchanged, to replace a layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

impl<T: Float> Parts<T> for Identity {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
}

impl<T: Float> Module<T> for Identity {
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        Ok(x)
    }
}

/// Merges axes into one: all but the first, unless others are named.
///
/// ```
/// use wengert_nn::{Flatten, Module};
/// use wengert_tensor::Tensor;
///
/// let x = Tensor::<f32>::ones([2, 3, 4, 5]);
/// assert_eq!(Flatten::default().predict(&x)?.shape(), [2, 60]);
/// assert_eq!(Flatten::new(0, 1).predict(&x)?.shape(), [6, 4, 5]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Flatten {
    from: isize,
    to: isize,
}

impl Default for Flatten {
    fn default() -> Self {
        Self::new(1, -1)
    }
}

impl Flatten {
    /// Axes `from` to `to`, both included, made one.
    pub fn new(from: isize, to: isize) -> Self {
        Self { from, to }
    }
}

impl<T: Float> Parts<T> for Flatten {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
}

impl<T: Float> Module<T> for Flatten {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let shape = x.shape();
        let from = axis_or_refuse("Flatten", &shape, self.from)?;
        let to = axis_or_refuse("Flatten", &shape, self.to)?;
        if from > to {
            let rule = format!("axis {from} comes after axis {to}");
            return Err(Error::Axis(Fault::new("Flatten", &[&shape], rule)).into());
        }
        let mut sizes = shape[..from].to_vec();
        sizes.push(shape[from..=to].iter().product());
        sizes.extend_from_slice(&shape[to + 1..]);
        x.reshape(sizes)
    }
}
