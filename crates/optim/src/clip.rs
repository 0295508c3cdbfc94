//! Clipping: gradients that are too long are shortened before the step, number by number or as a whole.

use std::panic::Location;

use wengert_autograd::{Line, Param};
use wengert_tensor::Float;

use crate::{Error, Result};

/// Scales the gradients of these parameters down, as one vector, to a norm of at most `max_norm`: PyTorch's
/// `clip_grad_norm_`. Returns the norm before. Parameters without a gradient are ignored.
///
/// ```
/// # use wengert_autograd::Param;
/// # use wengert_optim::clip_grad_norm;
/// # use wengert_tensor::tensor;
/// let (w, b) = (Param::new(tensor![0.0_f64, 0.0]), Param::new(tensor![0.0]));
/// w.set_grad(Some(tensor![2.0, 4.0]));
/// b.set_grad(Some(tensor![4.0]));
/// assert_eq!(clip_grad_norm(&[w.clone(), b.clone()], 3.0)?, 6.0);
/// assert!(w.grad().unwrap().allclose(&tensor![1.0, 2.0], 1e-6, 0.0, false)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::NotFinite`], which names the parameter, if a gradient holds an infinity or NaN: no gradient is changed.
/// [`Error::Setting`] if `max_norm` is below 0 or NaN.
#[track_caller]
pub fn clip_grad_norm<T: Float>(parameters: &[Param<T>], max_norm: f64) -> Result<f64> {
    ClipNorm::new(max_norm).clip(parameters)
}

/// Scales each parameter's gradient down to a norm of at most `max_norm`. Returns the norms before; 0 if there is no gradient.
///
/// # Errors
/// As [`clip_grad_norm`].
#[track_caller]
pub fn clip_each_grad_norm<T: Float>(parameters: &[Param<T>], max_norm: f64) -> Result<Vec<f64>> {
    let clip = ClipNorm::new(max_norm);
    let norms = clip.norms("clip_each_grad_norm", parameters, Location::caller())?;
    let mut seen = std::collections::HashSet::new();
    for (param, &norm) in parameters.iter().zip(&norms) {
        // A parameter that is named twice is scaled once.
        if seen.insert(param.id()) {
            scale(param, clip.coefficient(norm));
        }
    }
    Ok(norms)
}

/// Bounds every number of the gradients by ±`max`: PyTorch's `clip_grad_value_`. NaN stays NaN.
///
/// ```
/// # use wengert_autograd::Param;
/// # use wengert_optim::clip_grad_value;
/// # use wengert_tensor::tensor;
/// let w = Param::new(tensor![0.0_f32, 0.0]);
/// w.set_grad(Some(tensor![0.25, -4.0]));
/// clip_grad_value(&[w.clone()], 0.5)?;
/// assert_eq!(w.grad(), Some(tensor![0.25, -0.5]));
/// # Ok::<(), wengert_optim::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] if `max` is below 0 or NaN.
#[track_caller]
pub fn clip_grad_value<T: Float>(parameters: &[Param<T>], max: f64) -> Result<()> {
    valid("clip_grad_value", "max", max, Location::caller())?;
    for param in parameters {
        param.change_grad(|g| g.clamp(-max, max));
    }
    Ok(())
}

/// The norm of the gradients of these parameters, as one vector: PyTorch's `get_total_norm`.
///
/// # Errors
/// [`Error::NotFinite`], which names the parameter, if a gradient holds an infinity or NaN.
#[track_caller]
pub fn grad_norm<T: Float>(parameters: &[Param<T>]) -> Result<f64> {
    ClipNorm::new(f64::INFINITY).clip(parameters)
}

/// [`clip_grad_norm`] with options.
///
/// ```
/// # use wengert_autograd::Param;
/// # use wengert_optim::ClipNorm;
/// # use wengert_tensor::tensor;
/// let w = Param::new(tensor![0.0_f64, 0.0]);
/// w.set_grad(Some(tensor![2.0, -4.0]));
/// let clip = ClipNorm::new(1.0).norm(f64::INFINITY);
/// assert_eq!(clip.clip(&[w.clone()])?, 4.0);
/// # Ok::<(), wengert_optim::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClipNorm {
    max: f64,
    p: f64,
    allow_non_finite: bool,
}

impl ClipNorm {
    /// With this largest norm.
    pub fn new(max_norm: f64) -> Self {
        Self { max: max_norm, p: 2.0, allow_non_finite: false }
    }

    /// The largest norm.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The p of the norm, which is the p-th root of a sum of p-th powers, or for infinity the largest number; `norm_type`, 2 by default.
    #[must_use]
    pub fn norm(self, p: f64) -> Self {
        Self { p, ..self }
    }

    /// Does with gradients that are not finite what PyTorch does unless told `error_if_nonfinite`: an infinite norm makes
    /// all gradients 0, and one that is NaN all of them NaN.
    #[must_use]
    pub fn allow_non_finite(self) -> Self {
        Self { allow_non_finite: true, ..self }
    }

    /// Scales the gradients down, and returns the norm before.
    ///
    /// # Errors
    /// As [`clip_grad_norm`], and [`Error::Setting`] if p is not above 0.
    #[track_caller]
    pub fn clip<T: Float>(&self, parameters: &[Param<T>]) -> Result<f64> {
        // A parameter that is named twice counts once.
        let parameters = &Param::each_once(parameters.iter().cloned());
        let norms = self.norms("clip_grad_norm", parameters, Location::caller())?;
        let total = total(&norms, self.p);
        let coefficient = self.coefficient(total);
        if coefficient != 1.0 {
            parameters.iter().for_each(|param| scale(param, coefficient));
        }
        Ok(total)
    }

    /// min(1, max / (norm + 1e-6)), as PyTorch has it.
    fn coefficient(&self, norm: f64) -> f64 {
        let coefficient = self.max / (norm + 1e-6);
        // Not `min`, which would take a NaN for 1.
        if coefficient > 1.0 { 1.0 } else { coefficient }
    }

    /// The norm of each gradient.
    fn norms<T: Float>(
        &self,
        function: &'static str,
        parameters: &[Param<T>],
        at: Line,
    ) -> Result<Vec<f64>> {
        valid(function, "max_norm", self.max, at)?;
        if self.p.is_nan() || self.p <= 0.0 {
            let rule = format!("`norm` is {}, and must be above 0", self.p);
            return Err(Error::Setting { optimizer: function, setting: "norm", rule, at });
        }
        let mut norms = Vec::with_capacity(parameters.len());
        for param in parameters {
            let Some(g) = param.grad().filter(|g| !g.is_empty()) else {
                norms.push(0.0);
                continue;
            };
            let mut norm = g.norm(self.p)?.item()?.to_f64();
            if !norm.is_finite() {
                // Finite numbers may have a norm beyond their type's largest.
                norm = g.cast::<f64>().norm(self.p)?.item()?;
            }
            if !norm.is_finite() && !self.allow_non_finite {
                let found = g.iter().find(|x| !x.is_finite()).map_or(norm, |x| x.to_f64());
                return Err(Error::NotFinite { function, name: param.path(), found, at });
            }
            norms.push(norm);
        }
        Ok(norms)
    }
}

/// The norm of a vector whose parts have these norms, in units of the largest, so that nothing overflows.
fn total(norms: &[f64], p: f64) -> f64 {
    if norms.iter().any(|n| n.is_nan()) {
        return f64::NAN;
    }
    let top = norms.iter().fold(0.0_f64, |top, &n| top.max(n));
    if p.is_infinite() || top == 0.0 || top.is_infinite() {
        return top;
    }
    top * norms.iter().map(|n| (n / top).powf(p)).sum::<f64>().powf(1.0 / p)
}

fn scale<T: Float>(param: &Param<T>, coefficient: f64) {
    if coefficient == 1.0 {
        return;
    }
    param.change_grad(|g| g.mul_scalar(coefficient));
}

fn valid(function: &'static str, setting: &'static str, x: f64, at: Line) -> Result<()> {
    if x >= 0.0 {
        return Ok(());
    }
    let rule = format!("`{setting}` is {x}, and must not be below 0: it would turn every gradient");
    Err(Error::Setting { optimizer: function, setting, rule, at })
}
