//! The gradient check: reverse mode against differences and against forward mode, by input or by parameter name, and when
//! they disagree, which op is to blame.

mod blame;
#[cfg(test)]
mod formula;
#[cfg(test)]
pub(crate) mod planted;
mod report;
#[cfg(test)]
pub(crate) mod row;
mod slope;
#[cfg(test)]
mod sweep;

use wengert_tensor::{Rng, Tensor};

pub use report::{Blame, Finding, Report, Verdict};

use crate::{Param, Result, Tape, Var};

/// Checks the gradients of a function at some inputs, to second order, with random projections. Always in double
/// precision; never panics.
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

/// How a gradient check is done.
#[derive(Clone, Debug)]
pub struct GradCheck {
    orders: usize,
    full: bool,
    directions: usize,
    tolerance: f64,
    seed: u64,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self::new()
    }
}

/// A function to check, which records itself on a tape at given inputs.
trait Subject {
    fn record<'t>(
        &self,
        tape: &'t Tape<f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<(Vec<Var<'t, f64>>, Var<'t, f64>)>;
}

struct OfFunction<F>(F);

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

struct OfParameters<'a, F> {
    parameters: &'a [Param<f64>],
    f: F,
    seed: u64,
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
        // The same dropout each time.
        tape.reseed(self.seed);
        let y = (self.f)(tape)?;
        Ok((self.parameters.iter().map(|p| tape.param(p)).collect(), y))
    }
}

/// The gradients of a subject as a subject: what second order is checked by.
struct GradientOf<'a, S: ?Sized> {
    subject: &'a S,
    /// The direction on which the result is projected.
    u: Tensor<f64>,
}

impl<S: Subject + ?Sized> Subject for GradientOf<'_, S> {
    fn record<'t>(
        &self,
        tape: &'t Tape<f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<(Vec<Var<'t, f64>>, Var<'t, f64>)> {
        let (x, y) = self.subject.record(tape, inputs)?;
        let gradients = y.pull_back(
            "grad",
            &x,
            Some(tape.constant(self.u.clone())),
            std::panic::Location::caller(),
        )?;
        let flat: Vec<Var<f64>> = gradients.iter().map(|g| g.flatten()).collect();
        Ok((x, Var::cat(&flat, 0)?))
    }
}

impl GradCheck {
    /// First and second order, three random directions an input.
    pub fn new() -> Self {
        Self { orders: 2, full: false, directions: 3, tolerance: 1e-6, seed: 0 }
    }

    /// Up to this order: 1 or 2.
    #[must_use]
    pub fn orders(mut self, orders: usize) -> Self {
        self.orders = orders.clamp(1, 2);
        self
    }

    /// Every element of every input by itself, instead of random directions.
    #[must_use]
    pub fn full(mut self) -> Self {
        self.full = true;
        self
    }

    /// The relative difference that passes. It can be made smaller, for what is very smooth.
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
    pub fn check_parameters(
        &self,
        parameters: &[Param<f64>],
        f: impl for<'t> Fn(&'t Tape<f64>) -> Result<Var<'t, f64>>,
    ) -> Report {
        let names: Vec<String> = parameters.iter().map(|p| format!("`{}`", p.path())).collect();
        let values: Vec<Tensor<f64>> = parameters.iter().map(Param::value).collect();
        let report = self.run(&OfParameters { parameters, f, seed: self.seed }, &names, &values);
        for (p, value) in parameters.iter().zip(values) {
            p.set(value);
        }
        report
    }

    fn run(&self, subject: &dyn Subject, names: &[String], inputs: &[Tensor<f64>]) -> Report {
        let mut report = Report::default();
        let mut rng = Rng::new(self.seed ^ 0x6772_6164);
        if let Err(error) = self.run_orders(subject, names, inputs, &mut rng, &mut report) {
            report.failure = Some(error.to_string());
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
        let u = self.order(1, subject, names, inputs, rng, report)?;
        if report.worst() == Verdict::Wrong {
            let tape = Tape::new().seeded(0);
            subject.record(&tape, inputs)?;
            report.blames = blame::blame(&tape, rng);
            return Ok(());
        }
        if self.orders > 1 {
            let second = GradientOf { subject, u };
            self.order(2, &second, names, inputs, rng, report)?;
            if report.worst() == Verdict::Wrong {
                let tape = Tape::new().seeded(0);
                second.record(&tape, inputs)?;
                report.blames = blame::blame(&tape, rng);
            }
        }
        Ok(())
    }

    /// One order; gives the projection of the result that it used.
    fn order<S: Subject + ?Sized>(
        &self,
        order: usize,
        subject: &S,
        names: &[String],
        inputs: &[Tensor<f64>],
        rng: &mut Rng,
        report: &mut Report,
    ) -> Result<Tensor<f64>> {
        let tape = Tape::new().seeded(0);
        let (x, y) = subject.record(&tape, inputs)?;
        // Never uniform, and no component near 0: a sum that ought to be there would not be missed.
        let u = Tensor::uniform(y.shape(), 0.5, 1.5, rng)?;
        let gradients = y.pull_tensors(&x, &u)?;
        let along = |i: usize, direction: &Tensor<f64>, h: f64| -> Option<f64> {
            let mut moved = inputs.to_vec();
            moved[i] = inputs[i].try_add(&direction.mul_scalar(h)).ok()?;
            let tape = Tape::no_grad().seeded(0).training();
            let tape = if order > 1 { Tape::new().seeded(0) } else { tape };
            let (_, y) = subject.record(&tape, &moved).ok()?;
            let s = y.value().ok()?.try_mul(&u).ok()?.sum().item().ok()?;
            s.is_finite().then_some(s)
        };
        for (i, name) in names.iter().enumerate() {
            if inputs[i].is_empty() {
                continue;
            }
            let mut elementwise = self.full;
            if !self.full {
                for d in 0..self.directions {
                    let direction = Tensor::uniform(inputs[i].shape(), -1.0, 1.0, rng)?;
                    let place = format!(" along direction {d}");
                    let finding =
                        self.compare(order, name, place, &gradients[i], &direction, |h| {
                            along(i, &direction, h)
                        });
                    elementwise |= matches!(
                        finding.verdict,
                        Verdict::Wrong | Verdict::Undecided | Verdict::Kink
                    );
                    if !elementwise {
                        report.findings.push(finding);
                    }
                    self.forward(
                        order,
                        name,
                        &tape,
                        x[i],
                        y,
                        &u,
                        &gradients[i],
                        &direction,
                        report,
                    );
                }
            }
            if elementwise {
                // A random direction mixes all elements: one at a time a kink shows where it is.
                for e in 0..inputs[i].len() {
                    let mut direction = inputs[i].zeros_like();
                    direction.as_mut_slice()[e] = 1.0;
                    let place = format!(" {:?}", index_of(e, inputs[i].shape()));
                    let finding =
                        self.compare(order, name, place, &gradients[i], &direction, |h| {
                            along(i, &direction, h)
                        });
                    report.findings.push(finding);
                }
            }
        }
        Ok(u)
    }

    fn compare(
        &self,
        order: usize,
        name: &str,
        place: String,
        g: &Tensor<f64>,
        direction: &Tensor<f64>,
        f: impl FnMut(f64) -> Option<f64>,
    ) -> Finding {
        let analytic =
            g.try_mul(direction).map_or(f64::NAN, |p| p.sum().item().unwrap_or(f64::NAN));
        let magnitude = g.try_mul(direction).map_or(0.0, |p| p.abs().sum().item().unwrap_or(0.0));
        let mut finding = Finding {
            verdict: Verdict::Undecided,
            order,
            input: name.to_string(),
            place,
            analytic,
            numeric: f64::NAN,
            uncertainty: f64::INFINITY,
            against: "numeric",
        };
        let Some(s) = slope::slope(f, 0.02) else { return finding };
        finding.numeric = s.central;
        finding.uncertainty = s.error;
        let scale = s.central.abs().max(magnitude).max(1e-3);
        let slack = self.tolerance * scale + 10.0 * s.error;
        finding.verdict = if s.kink {
            let inside = analytic >= s.sides.0 - slack && analytic <= s.sides.1 + slack;
            if inside { Verdict::Kink } else { Verdict::Wrong }
        } else if (analytic - s.central).abs() <= slack && s.error <= 1e-3 * scale {
            Verdict::Right
        } else if s.error > 1e-3 * scale {
            Verdict::Undecided
        } else {
            Verdict::Wrong
        };
        finding
    }

    /// Forward mode against reverse mode: ⟨Jv, u⟩ = ⟨v, Jᵀu⟩, with no step at all.
    #[allow(clippy::too_many_arguments)]
    fn forward(
        &self,
        order: usize,
        name: &str,
        tape: &Tape<f64>,
        x: Var<f64>,
        y: Var<f64>,
        u: &Tensor<f64>,
        g: &Tensor<f64>,
        direction: &Tensor<f64>,
        report: &mut Report,
    ) {
        // A custom op has no forward rule; then only differences can tell.
        let Ok(moved) = tape.push_forward(&[(x, direction.clone())], y) else { return };
        let inner = |a: &Tensor<f64>, b: &Tensor<f64>| -> (f64, f64) {
            match a.try_mul(b) {
                Ok(p) => {
                    (p.sum().item().unwrap_or(f64::NAN), p.abs().sum().item().unwrap_or(f64::NAN))
                }
                Err(_) => (f64::NAN, f64::NAN),
            }
        };
        let ((forward, m), (reverse, n)) = (inner(&moved, u), inner(g, direction));
        let uncertainty = 1e-12 * (m + n).max(1e-8);
        let agree = (forward - reverse).abs() <= 100.0 * uncertainty
            || (forward.is_nan() && reverse.is_nan());
        report.findings.push(Finding {
            verdict: if agree { Verdict::Right } else { Verdict::Wrong },
            order,
            input: name.to_string(),
            place: " along a direction".into(),
            analytic: reverse,
            numeric: forward,
            uncertainty,
            against: "forward mode",
        });
    }
}

fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        *i = place % size;
        place /= size;
    }
    index
}
