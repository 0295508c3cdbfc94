//! The gradients of all parameters as one vector, and those with which no step can be made.

use wengert_autograd::{Line, Param};
use wengert_tensor::{Float, Shape, Tensor};

use super::Lbfgs;
use crate::error::Misfit;
use crate::groups::names;
use crate::settings::NOT_NEGATIVE;
use crate::wolfe::Point;
use crate::{Error, Result};

impl<T: Float> Lbfgs<T> {
    /// Rejects a point whose loss or gradient is not finite: no direction can be computed there.
    pub(super) fn finite(&self, here: &Point<T>, at: Line) -> Result<()> {
        if self.allow_non_finite {
            return Ok(());
        }
        if !here.loss.is_finite() {
            return Err(Error::Loss { optimizer: "Lbfgs", loss: here.loss, at });
        }
        let Some(place) = here.gradient.iter().position(|x| !x.is_finite()) else { return Ok(()) };
        let mut end = 0;
        let holds = |param: &&Param<T>| {
            end += param.len();
            place < end
        };
        let name = self.free().find(holds).map(Param::path).unwrap_or_default();
        let found = here.gradient.get(&[place])?.to_f64();
        Err(Error::NotFinite { function: "Lbfgs", name, found, at })
    }

    pub(super) fn gradient(&self, at: Line) -> Result<Tensor<T>> {
        let (mut parts, mut missing) = (Vec::new(), Vec::new());
        for (param, name) in self.parameters.iter().zip(names(&self.parameters)) {
            match param.grad() {
                _ if param.is_frozen() => {}
                Some(g) if g.shape() == &param.shape()[..] => parts.push(g.flatten()),
                Some(g) => {
                    return Err(Error::Shape(Box::new(Misfit {
                        optimizer: "Lbfgs",
                        name,
                        shape: Shape::new(&param.shape()),
                        what: "gradient",
                        other: Shape::new(g.shape()),
                        help: "a gradient has its parameter's shape: nothing is broadcast",
                        at,
                    })));
                }
                None => missing.push(name),
            }
        }
        let of = parts.len() + missing.len();
        if !missing.is_empty() || of == 0 {
            return Err(Error::NoGradient { optimizer: "Lbfgs", names: missing, of, at });
        }
        Ok(Tensor::cat(&parts, 0)?)
    }

    pub(super) fn free(&self) -> impl Iterator<Item = &Param<T>> {
        self.parameters.iter().filter(|p| !p.is_frozen())
    }

    pub(super) fn check(&self) -> Result<()> {
        for (setting, x) in [
            ("learning_rate", self.learning_rate),
            ("tolerance_grad", self.tolerance_grad),
            ("tolerance_change", self.tolerance_change),
        ] {
            if let Some(rule) = NOT_NEGATIVE.broken_for::<T>(setting, x) {
                return Err(Error::Setting { optimizer: "Lbfgs", setting, rule, at: self.made });
            }
        }
        Ok(())
    }
}
