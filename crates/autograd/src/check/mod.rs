//! The gradient check: reverse mode against differences and against forward mode, by input or by parameter name, and when
//! they disagree, which op is to blame.

mod blame;
mod compare;
#[cfg(test)]
mod formula;
#[cfg(test)]
pub(crate) mod planted;
mod report;
#[cfg(test)]
pub(crate) mod row;
mod slope;
mod subject;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

use wengert_tensor::{Rng, Tensor};

pub use report::{Blame, Finding, Report, Verdict};

use self::compare::Order;
use self::subject::{GradientOf, OfFunction, OfParameters, Subject};
use crate::{Error, Param, Result, Tape, Var};

/// Checks the gradients of a function at some inputs, to second order, in double precision. It never panics.
///
/// The gradient that the reverse rules give is compared with differences of the function and with forward mode: element by
/// element for small inputs, along random directions for large ones. [`Report::is_right`] says what right means.
///
/// ```
/// use wengert_autograd::gradcheck;
/// use wengert_tensor::tensor;
///
/// let report = gradcheck(|x| Ok((x[0] * x[1]).tanh()), &[tensor![0.3, -0.2], tensor![1.0, 2.0]]);
/// assert!(report.is_right(), "{report}");
/// ```
pub fn gradcheck(
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>,
    inputs: &[Tensor<f64>],
) -> Report {
    GradCheck::new().check(f, inputs)
}

/// Asserts that the gradients of a function are right; see [`gradcheck`].
///
/// ```
/// use wengert_autograd::assert_gradients;
/// use wengert_tensor::tensor;
///
/// assert_gradients!(|x| Ok(x[0].exp() * 2.0), tensor![0.1, 0.2]);
/// ```
///
/// ```should_panic
/// # use wengert_autograd::assert_gradients;
/// # use wengert_tensor::tensor;
/// // A rule with a mistake: 3x² for x².
/// assert_gradients!(
///     |x| x[0].tape().custom("square", &[x[0]], |x| Ok(x[0].square()), |g, x, _| Ok(vec![Some(g * &x[0] * 3.0)])),
///     tensor![0.1, 0.2]
/// );
/// ```
#[macro_export]
macro_rules! assert_gradients {
    ($f:expr, $($input:expr),+ $(,)?) => {
        $crate::gradcheck($f, &[$($input),+]).assert_right()
    };
}

/// The number of random directions along which a large input is compared.
const DIRECTIONS: usize = 3;

/// The settings of a gradient check.
#[derive(Clone, Debug)]
pub struct GradCheck {
    /// The orders that were asked for; by default two, if the first derivative can be recorded.
    orders: Option<usize>,
    full: bool,
    tolerance: f64,
    seed: u64,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl GradCheck {
    /// First and second order. An input of up to 16 elements is compared element by element, a larger one along three
    /// random directions.
    pub fn new() -> Self {
        Self { orders: None, full: false, tolerance: 1e-6, seed: 0 }
    }

    /// Up to this order: 1 or 2. Without it a function whose first derivative cannot be recorded, as that of a
    /// [custom](Tape::custom) op, is compared to first order, and the report says so; after `orders(2)` it fails.
    #[must_use]
    pub fn orders(mut self, orders: usize) -> Self {
        self.orders = Some(orders.clamp(1, 2));
        self
    }

    /// Every element of every input by itself, however large it is.
    #[must_use]
    pub fn full(mut self) -> Self {
        self.full = true;
        self
    }

    /// The difference that passes, relative to the slope that was measured. It can be made smaller, for what is very
    /// smooth. Ten times the measured uncertainty of the differences is added to it.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The seed of projections and directions.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks a function of some inputs.
    pub fn check(
        &self,
        f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>,
        inputs: &[Tensor<f64>],
    ) -> Report {
        let names: Vec<String> = (0..inputs.len()).map(|i| format!("input {i}")).collect();
        self.run(&OfFunction(f), &names, inputs)
    }

    /// Checks a function of parameters, by their paths. Their values are as before when it is done. The tape that the
    /// function is given starts from the same seed each time, so dropout stays the same.
    ///
    /// Parameters of `f32` are not checked: differences of them have too few digits. Write the model over any
    /// [`Float`](wengert_tensor::Float), train it in `f32`, and check it in `f64`.
    ///
    /// ```
    /// use wengert_autograd::{GradCheck, Param};
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![0.5, -1.0]);
    /// let report = GradCheck::new().check_parameters(&[w.clone()], |tape| Ok(tape.param(&w).tanh().sum()));
    /// assert!(report.is_right(), "{report}");
    /// ```
    pub fn check_parameters(
        &self,
        parameters: &[Param<f64>],
        f: impl for<'t> Fn(&'t Tape<f64>) -> Result<Var<'t, f64>>,
    ) -> Report {
        let names: Vec<String> = parameters.iter().map(|p| format!("`{}`", p.path())).collect();
        let values: Vec<Tensor<f64>> = parameters.iter().map(Param::value).collect();
        let report = self.run(&OfParameters { parameters, f }, &names, &values);
        for (p, value) in parameters.iter().zip(values) {
            p.set(value);
        }
        report
    }

    fn run(&self, subject: &dyn Subject, names: &[String], inputs: &[Tensor<f64>]) -> Report {
        let mut report = Report::default();
        let mut rng = Rng::new(self.seed ^ 0x6772_6164);
        if inputs.iter().all(Tensor::is_empty) {
            report.failure = Some("the inputs have no elements, so nothing was compared".into());
        } else if let Err(error) = self.run_orders(subject, names, inputs, &mut rng, &mut report) {
            report.failure = Some(error.to_string());
        } else if report.findings.is_empty() {
            report.failure = Some("the value has no elements, so nothing was compared".into());
        }
        report.sort();
        report
    }

    fn run_orders(
        &self,
        subject: &dyn Subject,
        names: &[String],
        inputs: &[Tensor<f64>],
        rng: &mut Rng,
        report: &mut Report,
    ) -> Result<()> {
        let first = Order { check: self, order: 1, subject, names, inputs, origin: 0.0 };
        let (u, origin) = first.run(rng, report)?;
        let orders = self.orders.unwrap_or(2);
        if report.worst() == Verdict::Wrong || report.findings.is_empty() || orders < 2 {
            return self.blame(subject, inputs, rng, report);
        }
        let gradient = GradientOf { subject, u };
        let second = Order { order: 2, subject: &gradient, origin, ..first };
        match second.run(rng, report) {
            // A function whose first derivative cannot be recorded is checked to first order, unless more was asked for.
            Err(error @ Error::NotDifferentiable { .. }) if self.orders.is_none() => {
                report.no_second_order = Some(error.to_string());
                Ok(())
            }
            Err(error) => Err(error),
            Ok(_) => self.blame(&gradient, inputs, rng, report),
        }
    }

    /// Looks for the ops to blame, if something is wrong.
    fn blame(
        &self,
        subject: &dyn Subject,
        inputs: &[Tensor<f64>],
        rng: &mut Rng,
        report: &mut Report,
    ) -> Result<()> {
        if report.worst() == Verdict::Wrong {
            let tape = self.tape();
            subject.record(&tape, inputs)?;
            report.blames = blame::blame(&tape, rng);
        }
        Ok(())
    }

    /// A tape for one run of the function: the same random draws each time.
    fn tape(&self) -> Tape<f64> {
        Tape::new().seeded(self.seed)
    }

    fn tape_without_gradients(&self) -> Tape<f64> {
        Tape::no_grad().training().seeded(self.seed)
    }
}
