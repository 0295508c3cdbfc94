//! The doctor: what is wrong with a training, where, how sure that is, and what helps.
//!
//! It looks on while a loop trains, as a [`Companion`](crate::Companion) of a [`Trainer`](crate::Trainer) or by two calls in a loop of your own, and
//! writes a [`Report`]. Where it can it is exact: it reads the tape's structure, compares numbers that must be equal, and follows
//! parameters that nothing reaches. Other numbers are compared with their own history and with each other, never with a
//! fixed size of a norm.
//!
//! ```
//! use wengert_autograd::Tape;
//! use wengert_data::{DataLoader, synth};
//! use wengert_loss::{CrossEntropyLoss, Loss};
//! use wengert_nn::{Linear, Module, Parts, Relu, Sequential};
//! use wengert_optim::{Adam, Optimizer};
//! use wengert_tensor::Rng;
//! use wengert_train::{Doctor, Fault};
//!
//! let loader = DataLoader::new(synth::moons::<f32>(300, 0.1, 0), 30)?.shuffle(0);
//! let rng = &mut Rng::new(0);
//! let model = Sequential::new().with(Linear::new(2, 16, rng)).with(Relu).with(Linear::new(16, 2, rng));
//! // The first layer is forgotten.
//! let mut optimizer = Adam::new(model.parameters().split_off(2), 0.01);
//! let criterion = CrossEntropyLoss::new();
//!
//! let mut doctor = Doctor::new();
//! for (x, y) in loader.epoch(0) {
//!     let tape = Tape::new();
//!     optimizer.zero_grad();
//!     let loss = criterion.forward(model.call(tape.input(x))?, &y)?;
//!     loss.backward()?;
//!     doctor.before(loss, &optimizer);
//!     optimizer.step()?;
//!     doctor.after(&optimizer);
//! }
//! let report = doctor.report();
//! assert_eq!(report.findings()[0].fault, Fault::NotInOptimizer);
//! assert_eq!(report.findings()[0].place.layer.as_deref(), Some("0.weight"));
//! println!("{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod companion;
mod conclude;
mod cures;
mod evidence;
mod fault;
mod finding;
mod flow;
mod goal;
mod look;
mod losses;
mod mixed;
mod not_finite;
mod pairing;
mod preflight;
mod rate;
mod reading;
mod remedies;
mod report;
mod rows;
mod rules;
mod sharpness;
mod start;
mod strangers;
mod structure;
mod treatment;
mod units;
mod weights;
mod worst;

use wengert_autograd::{Line, Var};
use wengert_optim::Optimizer;
use wengert_tensor::Float;

pub use cures::{Case, Columns, Course, Cures, Tried};
pub use evidence::{Certainty, Evidence, Place};
pub use fault::Fault;
pub use finding::{Action, Finding, Remedy};
pub use flow::{Flow, FlowRow};
pub use report::Report;
pub use worst::{Sample, Worst, worst_samples};

use goal::Goal;
use losses::Losses;
use pairing::Pairing;
use rate::Rate;
use rows::Rows;
use sharpness::Sharpness;
use start::LayerStart;
use strangers::Strangers;
use units::Units;
use weights::Weights;

/// Looks on while a loop trains, and says what is wrong. See the example of the [module](self).
///
/// It reads the loss of every step. Weights, gradients, updates and activations are read at the first 16 steps, then
/// at every 4th, 16th and 96th, and whenever the loss makes it suspicious. It changes nothing.
#[derive(Clone, Debug)]
pub struct Doctor {
    step: usize,
    /// The step of the next look, and that of the next examination.
    next: usize,
    next_examination: usize,
    looking: bool,
    pub(crate) losses: Losses,
    pub(crate) weights: Weights,
    pub(crate) units: Vec<Units>,
    pub(crate) goal: Option<Goal>,
    pub(crate) rows: Rows,
    /// The number of lines of the tape that was read, how many different ones were, and the lines of its loss's terms.
    lines: usize,
    layouts: usize,
    terms: (Vec<usize>, Vec<usize>),
    /// Penalty over data.
    pub(crate) penalty: Option<f64>,
    pub(crate) penalty_peak: Option<f64>,
    pub(crate) penalty_at: Option<(&'static str, Line)>,
    /// The bounds of the prediction, and where they come from.
    pub(crate) bounds: Option<(f64, f64, String, &'static str, Line)>,
    pub(crate) start: Vec<LayerStart>,
    /// The loss over the mean of its parts, at the first look.
    pub(crate) summed: Option<(f64, &'static str, Line)>,
    pub(crate) batch: usize,
    pub(crate) rate: Rate,
    pub(crate) settings: Vec<(&'static str, f64)>,
    /// Looks at a whole step, and how many of them went up the gradient.
    pub(crate) looks: usize,
    pub(crate) uphill: usize,
    pub(crate) first_uphill: bool,
    /// The median of update : weight at the first look, and the largest at the next ones.
    pub(crate) first_ratio: f64,
    pub(crate) peak_ratio: f64,
    /// The curvature at the last step that was suspicious, and how many were.
    pub(crate) sharpness: Option<Sharpness>,
    suspicions: usize,
    /// The first step at which the loss rose far above its best.
    pub(crate) diverged: Option<usize>,
    /// The findings of the data, once enough of it was seen.
    pub(crate) data: Option<rules::Data>,
    pub(crate) validation: Vec<(f64, f64)>,
    pub(crate) frozen: Vec<String>,
    /// The line of the loss that nothing holds from below, and whether other terms pull up.
    pub(crate) bottomless: Option<(String, &'static str, Line, bool)>,
    pub(crate) strangers: Strangers,
    pub(crate) pairing: Pairing,
    /// The number of lines that compare a prediction with a target.
    pub(crate) comparisons: usize,
    findings: Vec<Finding>,
    /// The line of a trainer's `fit`, which stands for those of the trainer itself.
    fit_at: Option<Line>,
}

impl Default for Doctor {
    fn default() -> Self {
        Self::new()
    }
}

impl Doctor {
    /// One who has seen nothing yet.
    pub fn new() -> Self {
        Self {
            step: 0,
            next: 0,
            next_examination: 8,
            looking: false,
            losses: Losses::new(),
            weights: Weights::default(),
            units: Vec::new(),
            goal: None,
            rows: Rows::default(),
            lines: 0,
            layouts: 0,
            terms: (Vec::new(), Vec::new()),
            penalty: None,
            penalty_peak: None,
            penalty_at: None,
            bounds: None,
            start: Vec::new(),
            summed: None,
            batch: 0,
            rate: Rate::default(),
            settings: Vec::new(),
            looks: 0,
            uphill: 0,
            first_uphill: false,
            first_ratio: 0.0,
            peak_ratio: 0.0,
            sharpness: None,
            suspicions: 0,
            diverged: None,
            data: None,
            validation: Vec::new(),
            frozen: Vec::new(),
            bottomless: None,
            strangers: Strangers::default(),
            pairing: Pairing::default(),
            comparisons: 0,
            findings: Vec::new(),
            fit_at: None,
        }
    }

    /// Looks at a step between `backward` and the optimiser's step.
    pub fn before<T: Float>(&mut self, loss: Var<'_, T>, optimizer: &(impl Optimizer<T> + ?Sized)) {
        let value = loss.item().map_or(f64::NAN, |x| x.to_f64());
        self.losses.push(value);
        if !value.is_finite() {
            self.name_not_finite(loss, optimizer);
            return;
        }
        if self.losses.alarms() && self.diverged.is_none() && !self.pairing.rewarded {
            self.diverged = Some(self.step);
            self.next = self.step;
            self.next_examination = self.step;
        }
        self.rate.see(optimizer.learning_rate(), self.step);
        if self.step >= self.next {
            self.look(loss, optimizer);
            if self.is_suspicious() {
                self.suspicions += 1;
                self.sharpness = Sharpness::of(loss, optimizer, self.step).or(self.sharpness);
            }
        }
    }

    /// Whether the curvature is worth its price: the loss has risen far, or has hardly fallen. Three times at most.
    fn is_suspicious(&self) -> bool {
        let losses = &self.losses;
        let alarm = self.diverged == Some(self.step);
        let fallen = (losses.early - losses.fast) / losses.early.abs().max(f64::MIN_POSITIVE);
        let thrown = self.peak_ratio > 0.1 && fallen < 0.1;
        let slow = || fallen < 0.02 && self.weights.median_ratio().is_some_and(|r| r < 1e-4);
        let none = || self.goal.as_ref().and_then(Goal::skill).is_some_and(|skill| skill < 0.0);
        let checked = matches!(self.step, 12 | 20 | 64);
        self.suspicions < 3
            && (alarm
                || checked && (thrown || slow() || self.step > 20 && (fallen < 0.02 || none())))
    }

    /// Looks at the same step after the optimiser's.
    pub fn after<T: Float>(&mut self, optimizer: &(impl Optimizer<T> + ?Sized)) {
        if self.looking {
            self.looking = false;
            self.weights.after(optimizer, self.step);
            let along: f64 = self
                .weights
                .all
                .iter()
                .map(|w| w.now.along * w.shape.iter().product::<usize>() as f64)
                .sum();
            self.uphill += usize::from(along > 0.0);
            self.first_uphill |= self.looks == 0 && along > 0.0;
            if self.looks == 0 {
                self.first_ratio = self.weights.median_ratio().unwrap_or(0.0);
            }
            if (1..16).contains(&self.looks)
                && let Some(ratio) = self.weights.median_ratio()
            {
                self.peak_ratio = self.peak_ratio.max(ratio);
            }
            self.looks += 1;
            self.next = self.step + until_next_look(self.step);
        }
        if self.step >= self.next_examination {
            self.next_examination = self.step + (self.step / 2).max(8);
            self.examine();
        }
        self.step += 1;
    }

    /// The optimiser's step between [`before`](Self::before) and [`after`](Self::after). If the optimiser rejects a gradient that
    /// is not finite, the report names the op that made it.
    ///
    /// # Errors
    /// As the optimiser's step.
    #[track_caller]
    pub fn step<T: Float>(
        &mut self,
        loss: Var<'_, T>,
        optimizer: &mut (impl Optimizer<T> + ?Sized),
    ) -> wengert_optim::Result<()> {
        self.before(loss, optimizer);
        let done = optimizer.step();
        match done {
            Ok(()) => self.after(optimizer),
            Err(_) => self.name_not_finite(loss, optimizer),
        }
        done
    }
}

/// The number of steps to the next look.
fn until_next_look(step: usize) -> usize {
    match step {
        0..16 => 1,
        16..128 => 4,
        128..1024 => 16,
        _ => 96,
    }
}
