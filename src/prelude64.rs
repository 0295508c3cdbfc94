//! Everything that a training program needs, in `f64`: for gradient checks, and where digits count.

use crate::aliases::{aliases, prelude};

prelude!(f64);
