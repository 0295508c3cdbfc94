//! One order of derivatives: reverse mode against differences and against forward mode, element by element or along
//! random directions.

use std::cell::RefCell;

use wengert_tensor::pointwise::BinaryOp;
use wengert_tensor::{Rng, Shape, Tensor};

use super::report::{Finding, Tally, Verdict};
use super::slope::{NoSlope, Slope, Value, slope};
use super::subject::Subject;
use super::{DIRECTIONS, GradCheck, Report};
use crate::{Error, Result, Tape, Var};

/// An input of up to so many elements is checked element by element.
const FEW: usize = 16;

/// The comparison at one order.
pub(super) struct Order<'a> {
    pub(super) check: &'a GradCheck,
    pub(super) order: usize,
    pub(super) subject: &'a dyn Subject,
    pub(super) names: &'a [String],
    pub(super) inputs: &'a [Tensor<f64>],
    /// The magnitude of the function, at second order: its gradient has the function's rounding.
    pub(super) origin: f64,
}

/// The function on its tape, the direction on which its value is projected, and the gradients from the rules.
struct Recorded<'t> {
    tape: &'t Tape<f64>,
    x: Vec<Var<'t, f64>>,
    y: Var<'t, f64>,
    u: &'t Tensor<f64>,
    gradients: Vec<Tensor<f64>>,
    /// The magnitude of the projected value.
    magnitude: f64,
    /// The reason why forward mode was not compared.
    no_forward: RefCell<Option<String>>,
}

impl Order<'_> {
    /// Adds its findings to the report; returns the direction of the projection and the magnitude of the value.
    pub(super) fn run(&self, rng: &mut Rng, report: &mut Report) -> Result<(Tensor<f64>, f64)> {
        let tape = self.check.tape();
        let (x, y) = self.subject.record(&tape, self.inputs)?;
        // Never uniform, and no component near 0: a sum that ought to be there would not be missed.
        let u = Tensor::uniform(y.shape(), 0.5, 1.5, rng)?;
        let gradients = y.pull_tensors(&x, &u)?;
        let magnitude = projected(&y.value()?, &u).magnitude;
        let no_forward = RefCell::new(None);
        let recorded = Recorded { tape: &tape, x, y, u: &u, gradients, magnitude, no_forward };
        let mut directions = false;
        let before = report.findings.len();
        if !u.is_empty() {
            for i in 0..self.inputs.len() {
                directions |= self.input(i, &recorded, rng, report)?;
            }
        }
        doubt_what_rounding_hides(&mut report.findings[before..]);
        report.tallies.push(Tally {
            order: self.order,
            elements: self.inputs.iter().map(Tensor::len).sum(),
            directions: directions.then_some(DIRECTIONS),
            no_forward: recorded.no_forward.take(),
        });
        let magnitude = recorded.magnitude;
        Ok((u, magnitude))
    }

    /// Compares the gradient of one input; whether it was done along random directions.
    fn input(
        &self,
        i: usize,
        recorded: &Recorded,
        rng: &mut Rng,
        report: &mut Report,
    ) -> Result<bool> {
        let (shape, count) = (self.inputs[i].shape(), self.inputs[i].len());
        let mut doubted = None;
        if !self.check.full && count > FEW {
            let mut found = Vec::new();
            for d in 0..DIRECTIONS {
                let direction = Tensor::uniform(shape, -1.0, 1.0, rng)?;
                let place = format!(" along direction {d}");
                let finding = self.compare(i, place, &direction, recorded, report);
                let right = finding.verdict == Verdict::Right;
                found.push(Finding { elements: count, ..finding });
                if !right {
                    break;
                }
            }
            if found.iter().all(|f| f.verdict == Verdict::Right) {
                report.findings.extend(found);
                return Ok(true);
            }
            doubted = found.pop().filter(|f| f.verdict == Verdict::Wrong);
        }
        // A random direction mixes all elements: one at a time a kink or a mistake shows where it is.
        let before = report.findings.len();
        for e in 0..count {
            let mut direction = self.inputs[i].zeros_like();
            direction.as_mut_slice()[e] = 1.0;
            let place = format!(" {:?}", Shape::index_of(shape, e));
            let finding = self.compare(i, place, &direction, recorded, report);
            report.findings.push(finding);
        }
        // Slopes at several kinks together need not lie between the sides of each; else a direction is right if all its
        // elements are.
        if report.findings[before..].iter().all(|f| f.verdict == Verdict::Right) {
            report.findings.extend(doubted);
        }
        Ok(false)
    }

    /// The slope along one direction, three times: by the rules, by differences, by forward mode.
    fn compare(
        &self,
        i: usize,
        place: String,
        direction: &Tensor<f64>,
        recorded: &Recorded,
        report: &Report,
    ) -> Finding {
        let reverse = projected(&recorded.gradients[i], direction);
        let mut finding = Finding {
            verdict: Verdict::Undecided,
            order: self.order,
            input: self.names[i].clone(),
            place,
            elements: 1,
            reverse: reverse.value,
            differences: f64::NAN,
            uncertainty: f64::INFINITY,
            forward: None,
            why: None,
        };
        let length = self.inputs[i].iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let found = slope(|h| self.moved(i, direction, h, recorded.u), length);
        match &found {
            Ok(slope) => self.by_differences(slope, &mut finding),
            Err(NoSlope::Jump) if self.order > 1 && first_order_kink(report, &finding) => {
                finding.verdict = Verdict::Kink;
            }
            Err(why) => finding.why = Some(why.to_string()),
        }
        let noise = found.as_ref().map_or(0.0, |s| s.noise);
        self.by_forward_mode(i, direction, recorded, reverse, noise, &mut finding);
        finding
    }

    /// The projected value, with input `i` moved by `h` along a direction.
    fn moved(&self, i: usize, direction: &Tensor<f64>, h: f64, u: &Tensor<f64>) -> Option<Value> {
        let mut moved = self.inputs.to_vec();
        moved[i] = self.inputs[i].try_add(&direction.mul_scalar(h)).ok()?;
        // Second order sweeps over the tape, so something must be on it.
        let tape =
            if self.order > 1 { self.check.tape() } else { self.check.tape_without_gradients() };
        let (_, y) = self.subject.record(&tape, &moved).ok()?;
        let Value { value, magnitude } = projected(&y.value().ok()?, u);
        Some(Value { value, magnitude: magnitude + self.origin })
    }

    fn by_differences(&self, slope: &Slope, finding: &mut Finding) {
        let analytic = finding.reverse;
        finding.differences = slope.central;
        finding.uncertainty = slope.error;
        let (low, high) = slope.kink.unwrap_or((slope.central, slope.central));
        let slack = self.check.tolerance * low.abs().max(high.abs()) + 10.0 * slope.error;
        finding.verdict = if slope.kink.is_none() && !slope.is_settled() {
            finding.why = Some(NoSlope::Rough.to_string());
            Verdict::Undecided
        } else if !(analytic >= low - slack && analytic <= high + slack) {
            Verdict::Wrong
        } else if slope.kink.is_some() {
            Verdict::Kink
        } else {
            Verdict::Right
        };
        if let Some((low, high)) = slope.kink {
            finding.why = Some(format!("the slopes on the two sides are {low:.6e} and {high:.6e}"));
        }
    }

    /// Forward mode against reverse mode: ⟨Jv, u⟩ = ⟨v, Jᵀu⟩, with no step at all.
    fn by_forward_mode(
        &self,
        i: usize,
        direction: &Tensor<f64>,
        recorded: &Recorded,
        reverse: Value,
        noise: f64,
        finding: &mut Finding,
    ) {
        // The parameters have been moved since this tape read them; it still holds the values that it read.
        let inputs = vec![(recorded.x[i].index, direction.clone())];
        let at = std::panic::Location::caller();
        let pushed = recorded.tape.push_here(&inputs, recorded.y.index, at);
        let forward = match pushed {
            Ok(moved) => projected(&moved, recorded.u),
            Err(Error::NotDifferentiable { op, .. }) => {
                let why = format!("`{op}` has no forward rule");
                recorded.no_forward.borrow_mut().get_or_insert(why);
                return;
            }
            Err(error) => {
                finding.verdict = finding.verdict.max(Verdict::Undecided);
                finding.why = Some(format!("forward mode: {error}"));
                return;
            }
        };
        finding.forward = Some(forward.value);
        let size = forward.magnitude + reverse.magnitude;
        let magnitude = self.origin + recorded.magnitude;
        let rounding = noise.max(f64::EPSILON * magnitude);
        let apart = (forward.value - reverse.value).abs();
        let neither = !forward.value.is_finite() && !reverse.value.is_finite();
        // Two that are not finite agree on nothing; a NaN is never near.
        let near = apart <= 1e-10 * size + 10.0 * rounding;
        if !near && !neither {
            finding.verdict = Verdict::Wrong;
            finding.why = Some("forward mode and reverse mode disagree".into());
        }
    }
}

/// Differences of 1e20 + x are 0, whatever the slope: where they are less certain than a hundredth of the largest slope that the
/// rules give, they decide nothing. A slope on which forward mode does not agree is itself rounding.
fn doubt_what_rounding_hides(findings: &mut [Finding]) {
    let is_slope = |f: &&Finding| {
        f.forward.is_none_or(|forward| (forward - f.reverse).abs() <= 1e-6 * f.reverse.abs())
    };
    let largest = findings.iter().filter(is_slope).fold(0.0f64, |m, f| m.max(f.reverse.abs()));
    for finding in findings.iter_mut().filter(|f| f.verdict == Verdict::Right) {
        if largest > 0.0 && finding.uncertainty > 1e-3 * largest {
            finding.verdict = Verdict::Undecided;
            let why = "the function's rounding hides its slopes: take a large constant off, or make the inputs larger";
            finding.why = Some(why.into());
        }
    }
}

/// True if the first derivative jumps there: then it has no derivative.
fn first_order_kink(report: &Report, finding: &Finding) -> bool {
    report.findings.iter().any(|f| {
        f.order == 1
            && f.verdict == Verdict::Kink
            && f.input == finding.input
            && f.place == finding.place
    })
}

/// ⟨a, along⟩, and the sum of the magnitudes of its terms. Of the elements of a to which it does not go, none may be infinite for it.
fn projected(a: &Tensor<f64>, along: &Tensor<f64>) -> Value {
    let sums = || -> Result<(f64, f64)> {
        let terms = BinaryOp::Gate.apply(along, a)?;
        Ok((terms.sum().item()?, terms.abs().sum().item()?))
    };
    let (value, magnitude) = sums().unwrap_or((f64::NAN, f64::NAN));
    Value { value, magnitude }
}
