//! Long code that is generic over the float type alone, compiled in this crate, once for each of the two types.

use wengert_autograd::Tape;
use wengert_files::State;
use wengert_tensor::{Float, of_float};

use crate::parts::AnyParts;
use crate::state::{self, Mismatch};
use crate::trace;

/// The compiled code for a float type.
pub(crate) struct Compiled<T: Float> {
    /// The state of a model.
    pub(crate) state: fn(&dyn AnyParts<T>) -> State<T>,
    /// Writes the values of a state that match; nothing if all must match and some do not.
    pub(crate) load: fn(&dyn AnyParts<T>, &State<T>, bool) -> Mismatch,
    /// The path of a part of the second model that is one of the first.
    pub(crate) shared: fn(&dyn AnyParts<T>, &dyn AnyParts<T>) -> Option<String>,
    /// The name of a layer for an error, of the model that was called and the layer's scope.
    pub(crate) path: fn(&dyn AnyParts<T>, &Tape<T>, usize) -> String,
}

impl<T: Float> Compiled<T> {
    const fn new() -> Self {
        Self { state: state::of, load: state::load, shared: state::shared, path: trace::path_of }
    }
}

static F32: Compiled<f32> = Compiled::new();
static F64: Compiled<f64> = Compiled::new();

/// The compiled code for this float type.
#[inline]
pub(crate) fn compiled<T: Float>() -> &'static Compiled<T> {
    of_float(&F32, &F64)
}
