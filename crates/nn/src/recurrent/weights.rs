//! The weights of one layer of a recurrent net in one direction.

use wengert_autograd::{Param, Tape, Var};
use wengert_tensor::{Float, Rng};

use crate::Visitor;
use crate::made::uniform;
use wengert_tensor::recurrent::Step;

/// The weights of one layer of a recurrent net in one direction. They start uniform within ±1/√hidden, as PyTorch's do.
///
/// The gates of a [`Gru`](crate::Gru) are stacked in the order reset, update, new, those of an [`Lstm`](crate::Lstm) in the
/// order input, forget, new, output.
///
/// ```
/// use wengert_nn::Lstm;
/// use wengert_tensor::Rng;
///
/// let lstm = Lstm::<f32>::new(8, 16, &mut Rng::new(0));
/// assert_eq!(lstm.weights[0].weight_ih.shape(), [4 * 16, 8]);
/// ```
#[derive(Clone)]
pub struct RecurrentWeights<T> {
    /// W, from the input: `[gates · hidden, inputs]`.
    pub weight_ih: Param<T>,
    /// U, from the state: `[gates · hidden, outputs]`.
    pub weight_hh: Param<T>,
    /// `[gates · hidden]`
    pub bias_ih: Option<Param<T>>,
    /// `[gates · hidden]`
    pub bias_hh: Option<Param<T>>,
    /// The projection of the state of an [`Lstm`](crate::Lstm): `[outputs, hidden]`.
    pub weight_hr: Option<Param<T>>,
}

impl<T: Float> std::fmt::Debug for RecurrentWeights<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (ih, hh) = (self.weight_ih.shape(), self.weight_hh.shape());
        write!(f, "RecurrentWeights({ih:?}, {hh:?})")
    }
}

/// Weights of this shape, if there are any. (No closure: in there, the caller's line would be lost.)
#[track_caller]
fn optional<T: Float, const N: usize>(
    layer: &str,
    shape: Option<[usize; N]>,
    hidden: usize,
    rng: &mut Rng,
) -> Option<Param<T>> {
    Some(uniform(layer, &shape?, hidden, rng))
}

impl<T: Float> RecurrentWeights<T> {
    #[track_caller]
    pub(crate) fn new(
        layer: &str,
        kind: Step,
        inputs: usize,
        hidden: usize,
        projection: Option<usize>,
        bias: bool,
        rng: &mut Rng,
    ) -> Self {
        let rows = kind.gates().saturating_mul(hidden);
        let bias_of = if bias { Some([rows]) } else { None };
        let projected = projection.map(|outputs| [outputs, hidden]);
        Self {
            weight_ih: uniform(layer, &[rows, inputs], hidden, rng),
            weight_hh: uniform(layer, &[rows, projection.unwrap_or(hidden)], hidden, rng),
            bias_ih: optional(layer, bias_of, hidden, rng),
            bias_hh: optional(layer, bias_of, hidden, rng),
            weight_hr: optional(layer, projected, hidden, rng),
        }
    }

    /// Names the weights as PyTorch does, with this at the end of each name.
    pub(crate) fn name(&self, suffix: &str, v: &mut Visitor<'_, T>) {
        let name = |what: &str| format!("{what}{suffix}");
        v.param(&name("weight_ih"), &self.weight_ih);
        v.param(&name("weight_hh"), &self.weight_hh);
        let others = [
            ("bias_ih", &self.bias_ih),
            ("bias_hh", &self.bias_hh),
            ("weight_hr", &self.weight_hr),
        ];
        for (what, param) in others {
            if let Some(param) = param {
                v.param(&name(what), param);
            }
        }
    }

    pub(crate) fn on<'t>(&self, tape: &'t Tape<T>) -> OnTape<'t, T> {
        let on = |param: &Option<Param<T>>| param.as_ref().map(|p| tape.param(p));
        OnTape {
            ih: tape.param(&self.weight_ih),
            hh: tape.param(&self.weight_hh),
            bias_ih: on(&self.bias_ih),
            bias_hh: on(&self.bias_hh),
            hr: on(&self.weight_hr),
        }
    }
}

/// [`RecurrentWeights`] on a tape.
#[derive(Clone, Copy)]
pub(crate) struct OnTape<'t, T: Float> {
    pub(crate) ih: Var<'t, T>,
    pub(crate) hh: Var<'t, T>,
    pub(crate) bias_ih: Option<Var<'t, T>>,
    pub(crate) bias_hh: Option<Var<'t, T>>,
    pub(crate) hr: Option<Var<'t, T>>,
}
