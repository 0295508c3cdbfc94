//! Cures that were tried: each remedy of a finding applied to a copy of the run, and trained beside the run as it is.

mod trial;

use std::fmt;

use wengert_autograd::{Tape, Tensors, Var};
use wengert_data::{DataLoader, Dataset};
use wengert_loss::Loss;
use wengert_nn::{Module, Parts};
use wengert_optim::Optimizer;
use wengert_tensor::Float;

use super::evidence::{BARS, number};
use super::{Action, Finding, Remedy};
use crate::Result;
use crate::held::Held;
use trial::{Loaded, course};

/// A run that remedies can be tried on: its parts, and the loss of each of its steps. What is no model, loss and loader implements it.
pub trait Case<T: Float> {
    /// The parts that are trained.
    fn parts(&self) -> &dyn Parts<T>;

    /// The loss of a step, counted from 0, on a tape that is seeded. With `Columns::Standardised` the columns of the input have mean 0 and
    /// deviation 1; a case without columns ignores it.
    ///
    /// # Errors
    /// As the forward pass and the loss.
    fn loss<'t>(
        &self,
        tape: &'t Tape<T>,
        step: usize,
        columns: Columns,
    ) -> wengert_autograd::Result<Var<'t, T>>;
}

/// The scale of the columns of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// As they are.
    AsGiven,
    /// With mean 0 and deviation 1.
    Standardised,
}

/// The losses of a trial.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Course {
    /// The loss of each step; it ends early where one is not finite.
    pub losses: Vec<f64>,
    /// The mean loss of the last tenth of the steps. Infinite if the trial broke off.
    pub end: f64,
}

/// A remedy, and what came of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tried {
    /// The remedy.
    pub remedy: Remedy,
    /// The trial.
    pub course: Course,
    /// Whether the loss ends below that of the run as it is: by a fifth of it.
    pub helped: bool,
}

/// The remedies of a finding that were tried, in their order, beside the run as it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cures {
    /// The run as it is, for the same steps from the same state.
    pub untreated: Course,
    /// The remedies that can be tried.
    pub tried: Vec<Tried>,
    /// The remedies that only the user can apply.
    pub left: Vec<Remedy>,
}

impl Cures {
    /// The first remedy that helped.
    pub fn first(&self) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.helped)
    }

    /// The remedy after which the loss is least.
    pub fn best(&self) -> Option<&Tried> {
        self.tried.iter().min_by(|a, b| a.course.end.total_cmp(&b.course.end))
    }
}

impl Finding {
    /// Tries the remedies of this finding in their order. Each starts from the state in which the run is, with the same seeds and batches,
    /// and so does the run as it is; afterwards weights, gradients, buffers and optimiser are bit for bit what they were.
    ///
    /// ```
    /// use wengert_data::{DataLoader, synth};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Parts, Sequential, Tanh};
    /// use wengert_optim::Sgd;
    /// use wengert_tensor::Rng;
    /// use wengert_train::{Doctor, Fault, Trainer};
    ///
    /// let loader = DataLoader::new(synth::moons::<f32>(300, 0.1, 0), 30)?.shuffle(0);
    /// let rng = &mut Rng::new(0);
    /// let model = Sequential::new().with(Linear::new(2, 16, rng)).with(Tanh).with(Linear::new(16, 2, rng));
    /// let (criterion, mut doctor) = (CrossEntropyLoss::new(), Doctor::new());
    /// let mut optimizer = Sgd::new(model.parameters(), 1e-5);
    /// Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 5)?;
    ///
    /// let report = doctor.report();
    /// let finding = &report.findings()[0];
    /// assert_eq!(finding.fault, Fault::RateTooLow);
    /// let before = model.state();
    /// let cures = finding.try_cures(&model, &criterion, &mut optimizer, &loader, 200)?;
    /// println!("{cures}");
    /// assert!(cures.best().unwrap().course.end < 0.5 * cures.untreated.end);
    /// assert_eq!(model.state(), before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As the forward pass and the loss of the first step; a trial that breaks off later is no error.
    #[track_caller]
    pub fn try_cures<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
        &self,
        model: &impl Module<T, X, P>,
        criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
        optimizer: &mut impl Optimizer<T>,
        loader: &DataLoader<impl Dataset<Batch = (X, Y)>>,
        steps: usize,
    ) -> Result<Cures> {
        let of = std::marker::PhantomData;
        self.try_cures_on(&Loaded { model, criterion, loader, of }, optimizer, steps)
    }

    /// [`try_cures`](Self::try_cures) of what is no model, loss and loader.
    ///
    /// # Errors
    /// As [`try_cures`](Self::try_cures).
    pub fn try_cures_on<T: Float>(
        &self,
        case: &impl Case<T>,
        optimizer: &mut dyn Optimizer<T>,
        steps: usize,
    ) -> Result<Cures> {
        let (tried, left): (Vec<_>, Vec<_>) =
            self.remedies.iter().cloned().partition(|remedy| remedy.action.can_be_tried());
        let mut held = Held::of(case.parts()).and(optimizer);
        let untreated = course(case, &mut held, None, steps)?;
        let tried = tried
            .into_iter()
            .map(|remedy| {
                let course = course(case, &mut held, Some(remedy.action), steps)?;
                let helped = course.end.is_finite()
                    && (!untreated.end.is_finite()
                        || course.end < untreated.end - 0.2 * untreated.end.abs());
                Ok(Tried { remedy, course, helped })
            })
            .collect::<Result<_>>()?;
        Ok(Cures { untreated, tried, left })
    }
}

impl Course {
    /// The losses as a line of bars, of this many characters at most.
    pub fn bars(&self, width: usize) -> String {
        let chunk = self.losses.len().div_ceil(width.max(1)).max(1);
        let means: Vec<f64> =
            self.losses.chunks(chunk).map(|c| c.iter().sum::<f64>() / c.len() as f64).collect();
        let least = means.iter().copied().fold(f64::INFINITY, f64::min);
        let most = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bar = |x: &f64| {
            let height = if most > least { (x - least) / (most - least) * 7.0 } else { 0.0 };
            BARS[(height.round() as usize).min(7)]
        };
        let bars: String = means.iter().map(bar).collect();
        if self.end.is_finite() { bars } else { format!("{bars}✗") }
    }
}

impl fmt::Display for Cures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide =
            self.tried.iter().map(|t| t.remedy.text.chars().count()).max().unwrap_or(0).max(10);
        let row = |f: &mut fmt::Formatter<'_>, name: &str, course: &Course, word: &str| {
            let first = course.losses.first().copied().unwrap_or(f64::NAN);
            writeln!(
                f,
                "{name:<wide$}  {:>9} -> {:>9}  {:<24} {word}",
                number(first),
                number(course.end),
                course.bars(24)
            )
        };
        writeln!(f, "loss over {} steps", self.untreated.losses.len())?;
        row(f, "as it is", &self.untreated, "")?;
        for tried in &self.tried {
            row(f, &tried.remedy.text, &tried.course, if tried.helped { "helps" } else { "" })?;
        }
        for remedy in &self.left {
            write!(f, "yours to do: {}", remedy.text)?;
            match remedy.action {
                Action::Code(code) if !code.is_empty() => writeln!(f, ": `{code}`")?,
                _ => writeln!(f)?,
            }
        }
        Ok(())
    }
}
