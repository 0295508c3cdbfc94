//! A row of the sweep: an op, a function that runs it, and the shapes and ranges of its operands. Each op brings its own
//! rows.

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Rng, Tensor};

use crate::{Result, Var};

/// A function of vars.
pub(crate) type Function = Box<dyn for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>>;

/// The shape of an operand, and the range of its elements.
pub(crate) type Operand<'a> = (&'a [usize], f64, f64);

/// The shape of most operands.
pub(crate) const M: &[usize] = &[3, 4];

/// One operand of any sign.
pub(crate) const ANY: &[Operand<'static>] = &[(M, -2.0, 2.0)];

/// A row of the sweep.
pub(crate) struct Row {
    /// The name of the op on the tape.
    pub(crate) name: &'static str,
    /// The shapes and ranges of the inputs.
    pub(crate) operands: Vec<(Vec<usize>, f64, f64)>,
    /// The function, which runs the op.
    pub(crate) f: Function,
    /// The highest order of its derivatives: 2, or 1 for an op whose rule is not recorded.
    pub(crate) orders: usize,
}

/// A row for the op of this name.
pub(crate) fn row(
    name: &'static str,
    operands: &[Operand<'_>],
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>> + 'static,
) -> Row {
    let operands = operands.iter().map(|(s, low, high)| (s.to_vec(), *low, *high)).collect();
    Row { name, operands, f: Box::new(f), orders: 2 }
}

impl Row {
    /// A row for an op without a second derivative.
    pub(crate) fn of_first_order(self) -> Self {
        Self { orders: 1, ..self }
    }

    /// Random inputs.
    pub(crate) fn inputs(&self, seed: u64) -> Vec<Tensor<f64>> {
        let mut rng = Rng::new(seed);
        self.operands
            .iter()
            .map(|(s, low, high)| Tensor::uniform(s, *low, *high, &mut rng).unwrap())
            .collect()
    }
}

/// The range in which a function of the table is defined, and smooth enough for differences.
pub(crate) fn range(op: UnaryOp) -> (f64, f64) {
    match op.name() {
        "ln" | "log2" | "log10" | "sqrt" | "rsqrt" | "recip" | "rdiv_scalar" | "pow_scalar" => {
            (0.4, 2.5)
        }
        "log1p" => (-0.6, 2.0),
        "asin" | "acos" => (-0.8, 0.8),
        "tan" => (-1.2, 1.2),
        _ => (-2.0, 2.0),
    }
}

/// The ranges of a function of two operands.
pub(crate) fn binary_ranges(op: BinaryOp) -> [(f64, f64); 2] {
    match op.name() {
        "div" | "fmod" | "remainder" | "div_trunc" | "div_floor" => [(-2.0, 2.0), (0.6, 1.4)],
        "pow" | "hypot" | "atan2" => [(0.4, 2.0), (0.5, 1.5)],
        "xlogy" => [(-2.0, 2.0), (0.4, 2.0)],
        "bce" => [(0.1, 0.9), (0.1, 0.9)],
        _ => [(-2.0, 2.0), (-1.9, 2.1)],
    }
}
