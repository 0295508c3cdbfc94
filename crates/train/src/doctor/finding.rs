//! `Finding`: a fault with its place, its evidence and its remedies.

use std::fmt;

use wengert_autograd::Line;

use super::Fault;
use super::evidence::{Certainty, Evidence, Place};

/// A remedy for a fault.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Remedy {
    /// In words.
    pub text: String,
    /// The change that [`try_cures`](super::Finding::try_cures) makes to try it.
    pub action: Action,
}

/// A change that can be tried on a copy of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// The learning rate times this.
    ScaleRate(f64),
    /// This learning rate.
    SetRate(f64),
    /// All gradients together clipped to this norm.
    ClipNorm(f64),
    /// The layers' weights drawn again, uniform within ±√(3/inputs), and biases 0.
    Restart,
    /// [`Restart`](Self::Restart), and the learning rate times this.
    RestartAndScaleRate(f64),
    /// The loss times this.
    ScaleLoss(f64),
    /// The columns of the input with mean 0 and deviation 1.
    StandardiseInput,
    /// All parameters unfrozen, and trained by Adam with this learning rate.
    AdamOnAll(f64),
    /// [`Restart`](Self::Restart), and [`AdamOnAll`](Self::AdamOnAll).
    RestartAndAdam(f64),
    /// Only the user can: the line of code as it should be.
    Code(&'static str),
}

impl Action {
    /// Whether it can be tried without the user.
    pub fn can_be_tried(self) -> bool {
        !matches!(self, Self::Code(_))
    }
}

/// A fault that the doctor has found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The fault, by name.
    pub fault: Fault,
    /// The certainty.
    pub certainty: Certainty,
    /// The place.
    pub place: Place,
    /// The numbers that say so.
    pub evidence: Vec<Evidence>,
    /// The remedies, the first to try first.
    pub remedies: Vec<Remedy>,
    /// The step at which it was found, from 0; `None` before the first.
    pub step: Option<usize>,
    /// Earlier in the chain of causes than its fault usually is.
    pub(crate) rank: u8,
    /// It follows from one tape, so later steps do not speak against it.
    pub(crate) stays: bool,
}

impl Finding {
    pub(crate) fn new(fault: Fault, certainty: Certainty) -> Self {
        let remedies = super::remedies::of(fault);
        let (place, evidence) = (Place::default(), Vec::new());
        Self {
            fault,
            certainty,
            place,
            evidence,
            remedies,
            step: None,
            rank: fault.rank(),
            stays: certainty == Certainty::Certain,
        }
    }

    pub(crate) fn certain(fault: Fault) -> Self {
        Self::new(fault, Certainty::Certain)
    }

    pub(crate) fn likely(fault: Fault) -> Self {
        Self::new(fault, Certainty::Likely)
    }

    pub(crate) fn possible(fault: Fault) -> Self {
        Self::new(fault, Certainty::Possible)
    }

    pub(crate) fn layer(mut self, layer: impl Into<String>) -> Self {
        self.place.layer = Some(layer.into()).filter(|layer: &String| !layer.is_empty());
        self
    }

    pub(crate) fn op(mut self, op: &'static str, line: Line) -> Self {
        (self.place.op, self.place.line) = (Some(op), Some(line));
        self
    }

    pub(crate) fn line(mut self, line: Option<Line>) -> Self {
        self.place.line = line;
        self
    }

    pub(crate) fn row(mut self, row: usize) -> Self {
        self.place.row = Some(row);
        self
    }

    pub(crate) fn column(mut self, column: usize) -> Self {
        self.place.column = Some(column);
        self
    }

    pub(crate) fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    pub(crate) fn staying(mut self) -> Self {
        self.stays = true;
        self
    }

    /// A number beside its threshold.
    pub(crate) fn because(mut self, what: impl Into<String>, value: f64, threshold: f64) -> Self {
        let threshold = Some(threshold);
        self.evidence.push(Evidence { what: what.into(), value, threshold, steps: None });
        self
    }

    /// A number that has no threshold.
    pub(crate) fn noting(mut self, what: impl Into<String>, value: f64) -> Self {
        self.evidence.push(Evidence { what: what.into(), value, threshold: None, steps: None });
        self
    }

    /// The evidence, in words.
    pub(crate) fn seeing(self, what: impl Into<String>) -> Self {
        self.noting(what, f64::NAN)
    }

    /// A remedy before all others.
    pub(crate) fn first_by(mut self, text: impl Into<String>, action: Action) -> Self {
        self.remedies.insert(0, Remedy { text: text.into(), action });
        self
    }

    /// The steps over which the evidence was measured.
    pub(crate) fn over(mut self, first: usize, last: usize) -> Self {
        for evidence in &mut self.evidence {
            evidence.steps.get_or_insert((first, last));
        }
        self
    }

    /// The key by which the worst comes first: the sure before the likely, causes before what follows from them.
    pub(crate) fn order(&self) -> (u8, std::cmp::Reverse<Certainty>, usize) {
        (self.rank, std::cmp::Reverse(self.certainty), self.step.unwrap_or(0))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.fault, self.certainty)?;
        if !self.place.is_unknown() {
            write!(f, "\n  where     {}", self.place)?;
        }
        for (k, evidence) in self.evidence.iter().enumerate() {
            write!(f, "\n  {:<9} {evidence}", if k == 0 { "evidence" } else { "" })?;
        }
        if let Some(step) = self.step {
            write!(f, "\n  found     at step {step}")?;
        }
        write!(f, "\n  why       {}", self.fault.why())?;
        for (k, remedy) in self.remedies.iter().enumerate() {
            write!(
                f,
                "\n  {:<9} {}. {}",
                if k == 0 { "remedies" } else { "" },
                k + 1,
                remedy.text
            )?;
            if let Action::Code(code) = remedy.action
                && !code.is_empty()
            {
                write!(f, ": `{code}`")?;
            }
        }
        Ok(())
    }
}
