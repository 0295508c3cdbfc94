//! The value and the gradient that the handles to a parameter share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;

use wengert_tensor::{Element, Tensor};

use crate::handle::Copied;
use crate::row_grad::Grad;

pub(super) struct Shared<T> {
    pub(super) id: u64,
    pub(super) path: OnceLock<String>,
    /// Counts writes, so that a tape can tell that what it read is no longer the value. Written under the lock; read
    /// without it.
    pub(super) version: AtomicU64,
    pub(super) frozen: AtomicBool,
    /// Whether the gradient may be kept by rows. It is read in every step, so it stands outside of the lock.
    pub(super) by_rows: AtomicBool,
    pub(super) state: Mutex<State<T>>,
    /// Told when an update has ended.
    pub(super) updated: Condvar,
}

pub(super) struct State<T> {
    pub(super) value: Tensor<T>,
    pub(super) grad: Option<Grad<T>>,
    pub(super) uses: GradUse,
    /// The youngest tape that has read it, by number, and its line there: a tape finds its parameters without a table.
    pub(super) reader: (u64, u32),
    /// The thread whose closure works on copies of the value and the gradient: other threads wait before they write.
    pub(super) updating: Option<ThreadId>,
}

/// Whether an optimiser has already made a step with the gradient that a parameter holds.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradUse {
    /// No step was made with any part of it.
    New,
    /// A step was made with all of it.
    Stepped,
    /// A step was made with a part of it, and `backward` has added to it since: `zero_grad` was forgotten.
    SteppedInPart,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl<T> Shared<T> {
    pub(super) fn new(value: Tensor<T>) -> Self {
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            path: OnceLock::new(),
            version: AtomicU64::new(0),
            frozen: AtomicBool::new(false),
            by_rows: AtomicBool::new(false),
            state: Mutex::new(State {
                value,
                grad: None,
                uses: GradUse::New,
                reader: (0, 0),
                updating: None,
            }),
            updated: Condvar::new(),
        }
    }
}

/// The value and the settings; a copy has no gradient yet.
impl<T> Copied for Shared<T> {
    fn copied(&self) -> Self {
        let value = self.state.lock().unwrap_or_else(PoisonError::into_inner).value.clone();
        let flag = |flag: &AtomicBool| AtomicBool::new(flag.load(Ordering::Relaxed));
        let (frozen, by_rows) = (flag(&self.frozen), flag(&self.by_rows));
        Self { path: self.path.clone(), frozen, by_rows, ..Self::new(value) }
    }
}

impl<T: Element> State<T> {
    /// The gradient as one tensor, which it is from then on.
    pub(super) fn whole(&mut self) -> Option<&mut Tensor<T>> {
        if let Some(Grad::Rows(rows)) = &self.grad {
            self.grad = Some(Grad::Whole(rows.whole()));
        }
        match &mut self.grad {
            Some(Grad::Whole(g)) => Some(g),
            _ => None,
        }
    }

    /// Takes the gradient, to which something is added.
    pub(super) fn take_to_add(&mut self) -> Option<Grad<T>> {
        self.uses = match (&self.grad, self.uses) {
            (None, _) => GradUse::New,
            (Some(_), GradUse::Stepped) => GradUse::SteppedInPart,
            (Some(_), uses) => uses,
        };
        self.grad.take()
    }
}
