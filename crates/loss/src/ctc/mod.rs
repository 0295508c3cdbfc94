//! Connectionist temporal classification: labels of a sequence whose places in time are not known; and how they are read off.

mod decode;
mod loss;

pub use decode::{ctc_beam, ctc_greedy};
pub use loss::{CtcLoss, CtcTarget, ctc};
