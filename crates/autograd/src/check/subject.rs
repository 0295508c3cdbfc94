//! The functions that a gradient check can check: of inputs, of parameters, or the gradient of one of these.

use wengert_tensor::Tensor;

use crate::{Param, Result, Tape, Var};

/// A function to check, which records itself on a tape at given inputs: the inputs as vars, and the value.
pub(super) trait Subject {
    fn record<'t>(
        &self,
        tape: &'t Tape<f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<(Vec<Var<'t, f64>>, Var<'t, f64>)>;
}

pub(super) struct OfFunction<F>(pub(super) F);

impl<F: for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>> Subject for OfFunction<F> {
    fn record<'t>(
        &self,
        tape: &'t Tape<f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<(Vec<Var<'t, f64>>, Var<'t, f64>)> {
        let vars: Vec<Var<f64>> = inputs.iter().map(|x| tape.var(x.clone())).collect();
        let y = (self.0)(&vars)?;
        Ok((vars, y))
    }
}

pub(super) struct OfParameters<'a, F> {
    pub(super) parameters: &'a [Param<f64>],
    pub(super) f: F,
}

impl<F: for<'t> Fn(&'t Tape<f64>) -> Result<Var<'t, f64>>> Subject for OfParameters<'_, F> {
    fn record<'t>(
        &self,
        tape: &'t Tape<f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<(Vec<Var<'t, f64>>, Var<'t, f64>)> {
        for (p, x) in self.parameters.iter().zip(inputs) {
            p.set(x.clone());
        }
        let y = (self.f)(tape)?;
        Ok((self.parameters.iter().map(|p| tape.param(p)).collect(), y))
    }
}

/// The gradients of a subject as a subject, for the check of second order.
pub(super) struct GradientOf<'a> {
    pub(super) subject: &'a dyn Subject,
    /// The direction on which the result is projected.
    pub(super) u: Tensor<f64>,
}

impl Subject for GradientOf<'_> {
    fn record<'t>(
        &self,
        tape: &'t Tape<f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<(Vec<Var<'t, f64>>, Var<'t, f64>)> {
        let (x, y) = self.subject.record(tape, inputs)?;
        let u = tape.constant(self.u.clone());
        let gradients = y.pull_back("grad", &x, Some(u), std::panic::Location::caller())?;
        let flat: Vec<Var<f64>> = gradients.iter().map(|g| g.flatten()).collect();
        Ok((x, Var::cat(&flat, 0)?))
    }
}
