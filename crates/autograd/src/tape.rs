//! `Tape`: the list of what was computed, in order. Append order is the topological order, so the reverse sweep is a loop.

use std::cell::{Cell, RefCell};
use std::panic::Location;

use wengert_tensor::{Float, Rng};

use crate::fault::Fault;
use crate::inner::{self, Held};
use crate::{Error, Result};

/// A list of all ops that were computed, in order and with their values, from which gradients are computed backwards.
///
/// A tape lives for one step: make one, record the forward pass, call `backward`, drop it. Vars are handles into it and
/// cannot outlive it, so no graph is kept alive by accident:
///
/// ```compile_fail
/// use wengert_autograd::{Tape, Var};
/// let kept: Var<f32>;
/// {
///     let tape = Tape::<f32>::new();
///     kept = tape.scalar(1.0);
/// }
/// println!("{kept}");
/// ```
pub struct Tape<T> {
    pub(crate) inner: Held<T>,
    pub(crate) recording: Cell<bool>,
    pub(crate) training: Cell<bool>,
    /// Whether layers change their running statistics, where that is not whether the tape records.
    pub(crate) updates: Cell<Option<bool>>,
    pub(crate) keep_adjoints: Cell<bool>,
    pub(crate) finite: Cell<bool>,
    pub(crate) timing: Cell<bool>,
    pub(crate) faults: RefCell<Vec<Fault>>,
    /// The generator of random numbers, once a seed was given.
    pub(crate) rng: RefCell<Option<Rng>>,
}

impl<T: Float> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Tape<T> {
    /// An empty tape that records, in training mode.
    pub fn new() -> Self {
        Self {
            inner: Held::new(),
            recording: Cell::new(true),
            training: Cell::new(true),
            updates: Cell::new(None),
            keep_adjoints: Cell::new(false),
            finite: Cell::new(false),
            timing: Cell::new(false),
            faults: RefCell::default(),
            rng: RefCell::new(None),
        }
    }

    /// A tape that computes without recording ops, for evaluation. It is in evaluation mode.
    pub fn no_grad() -> Self {
        let tape = Self::new();
        tape.recording.set(false);
        tape.training.set(false);
        tape
    }

    /// In evaluation mode: dropout passes everything, batch normalisation uses its running statistics.
    #[must_use]
    pub fn evaluating(self) -> Self {
        self.training.set(false);
        self
    }

    /// In training mode.
    #[must_use]
    pub fn training(self) -> Self {
        self.training.set(true);
        self
    }

    /// With this seed for random ops such as dropout. A draw depends only on the seed and on the earlier draws of this tape;
    /// without a seed it is an error. Give each step a seed of its own, or every step draws the same numbers.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let (run, step) = (7, 42);
    /// let draw = |rng: &mut Rng| Tensor::<f32>::rand([3], rng);
    /// let tape = Tape::<f32>::new().seeded(run << 32 | step);
    /// let again = Tape::<f32>::new().seeded(run << 32 | step);
    /// assert_eq!(tape.with_rng("noise", draw)?, again.with_rng("noise", draw)?);
    /// assert!(Tape::<f32>::new().with_rng("noise", draw).is_err());
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        self.reseed(seed);
        self
    }

    /// [`seeded`](Self::seeded), of a tape that is in use.
    pub(crate) fn reseed(&self, seed: u64) {
        self.rng.replace(Some(Rng::new(seed)));
    }

    /// With the gradient of every node kept, so that printing the tape shows them.
    #[must_use]
    pub fn keeping_adjoints(self) -> Self {
        self.keep_adjoints.set(true);
        self
    }

    /// With `backward` rejecting a loss or a parameter's gradient that is not finite: the error names the op that produced
    /// it, and no gradient is written. A healthy step costs one read of each gradient more.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![0.0_f32, 4.0]);
    /// let tape = Tape::new().finite();
    /// let error = tape.param(&w).sqrt().sum().backward().unwrap_err().to_string();
    /// assert!(error.starts_with("the gradient through %1 sqrt is inf at [0], of [1.0, 0.0]"), "{error}");
    /// assert_eq!(w.grad(), None);
    /// ```
    #[must_use]
    pub fn finite(self) -> Self {
        self.finite.set(true);
        self
    }

    /// Whether it is in training mode.
    pub fn is_training(&self) -> bool {
        self.training.get()
    }

    /// Whether it records. A layer that keeps running statistics changes them if it does; in a part that is
    /// [run again](Self::recompute) for its gradients it does not say so, and the statistics stay.
    pub fn is_recording(&self) -> bool {
        self.updates.get().unwrap_or(self.recording.get())
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.inner.borrow().nodes.len()
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all nodes, and is as new but for its modes. Vars cannot be alive: they borrow the tape.
    pub fn reset(&mut self) {
        let inner = self.inner.get_mut();
        inner.clear();
        self.faults.get_mut().clear();
        // Parameters that it has read it has not read any more.
        inner.number = inner::next_number();
    }

    /// Lets `draw`, a part of the op `op`, draw random numbers from this tape's seed.
    ///
    /// # Errors
    /// If the tape has no seed, or this is called within a `draw`, which has the generator already.
    #[track_caller]
    pub fn with_rng<R>(&self, op: &'static str, draw: impl FnOnce(&mut Rng) -> R) -> Result<R> {
        let at = Location::caller();
        let Ok(mut rng) = self.rng.try_borrow_mut() else {
            let rule = format!(
                "{op}: `with_rng` was called within `with_rng`\n  help: draw from the generator that the closure was given"
            );
            return Err(Error::Use(rule, at));
        };
        match rng.as_mut() {
            Some(rng) => Ok(draw(rng)),
            None => Err(Error::Unseeded { op, at }),
        }
    }
}

impl<T> std::fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tape of {} nodes", self.inner.borrow().nodes.len())
    }
}
