//! A parameter read by a tape.

use std::cmp::Ordering;

use wengert_tensor::{Element, Tensor};

use super::Param;

/// The answer to a tape that reads a parameter.
pub(crate) enum Reading<T> {
    /// It has read it already, on this line.
    Known(u32),
    /// A younger tape has read it since, so it may have.
    Unsure,
    /// Never before. Value, version and frozen.
    First(Tensor<T>, u64, bool),
}

impl<T: Element> Param<T> {
    /// Value, version and frozen under one lock: what a tape reads.
    pub(crate) fn read(&self) -> (Tensor<T>, u64, bool) {
        let state = self.state();
        (state.value.clone(), self.version(), self.is_frozen())
    }

    /// The answer to tape number `tape`, under one lock. If it is the tape's first read, the parameter gets line `index`.
    #[inline(always)]
    pub(crate) fn read_by(&self, tape: u64, index: u32) -> Reading<T> {
        let mut state = self.state();
        match state.reader.0.cmp(&tape) {
            Ordering::Equal => return Reading::Known(state.reader.1),
            Ordering::Greater => return Reading::Unsure,
            Ordering::Less => state.reader = (tape, index),
        }
        Reading::First(state.value.clone(), self.version(), self.is_frozen())
    }
}
