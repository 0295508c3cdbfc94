//! The precision audit: a forward pass once more in `f64`, and the lines whose values are furthest from it.

use std::fmt;

use wengert_tensor::{Float, Tensor};

use crate::error::Line;
use crate::ops::{Elementwise, Leaf, Op, Operation as _, Recurrent, Sequences, Softmaxes, Unary};
use crate::{Lines, Tape, TapeLine, number};
use wengert_tensor::pointwise::UnaryOp;

/// The lines of a tape by the error of their values, the worst first; see [`Tape::precision`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Precision {
    /// The lines with an error, the worst first; of equal ones, first those for which there is another op, then the first on the tape.
    pub lines: Vec<Rounded>,
    /// The lines that could not be run again: an op of your own, a parameter that was changed since. From these, `f64` goes on with
    /// the rounded values.
    pub skipped: Vec<usize>,
}

/// A line of a tape whose value differs from that in `f64`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rounded {
    /// Its number on the tape.
    pub index: usize,
    /// Its name.
    pub op: &'static str,
    /// The path of its layer.
    pub layer: String,
    /// The line of the program.
    pub at: Line,
    /// The largest relative error of an element: its distance from that in `f64`, over the larger of both. 1 says that no digit is
    /// right; an infinity where only one of them is finite.
    pub error: f64,
    /// The largest error of an operand, so that it can be seen where the error grows.
    pub before: f64,
    /// The value of that element.
    pub value: f64,
    /// Its value in `f64`.
    pub exact: f64,
    /// The op that computes the same without the loss, if one is known.
    pub instead: Option<&'static str>,
}

impl<T: Float> Tape<T> {
    /// Runs the forward pass once more in `f64`, from the same data and parameters, and ranks the lines by the relative error of
    /// their values. Where a formula loses digits and there is an op that does not, the op is named.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![-1.0_f32, 0.5, 20.0]);
    /// x.sigmoid().ln(); // sigmoid(20) rounds to 1, so that its logarithm is 0
    /// let report = tape.precision();
    /// let worst = &report.lines[0];
    /// assert_eq!((worst.op, worst.error), ("ln", 1.0));
    /// assert!(worst.instead.unwrap().contains("log_sigmoid"));
    /// ```
    pub fn precision(&self) -> Precision {
        let lines = self.lines();
        let mut exact: Vec<Option<Tensor<f64>>> = Vec::with_capacity(lines.len());
        let mut errors: Vec<f64> = Vec::with_capacity(lines.len());
        let (mut found, mut skipped) = (Vec::new(), Vec::new());
        for line in lines.iter() {
            let value = line.value().map(|x| x.cast::<f64>());
            let (again, is_run) = match again(&line, &exact) {
                Some(again) => (Some(again), true),
                None => (value.clone(), false),
            };
            if !is_run && (value.is_none() && line.data().is_none() || !is_leaf(line.op())) {
                skipped.push(line.index());
            }
            let worst = match (&value, &again) {
                (Some(value), Some(again)) => furthest(value, again),
                _ => None,
            };
            let error = worst.map_or(0.0, |worst| worst.0);
            if let Some((error, value, exact)) = worst.filter(|worst| worst.0 > 0.0) {
                let before = line.operands().iter().map(|&j| errors[j]).fold(0.0, f64::max);
                found.push(Rounded {
                    index: line.index(),
                    op: line.op().name(),
                    layer: line.layer(),
                    at: line.at(),
                    error,
                    before,
                    value,
                    exact,
                    instead: instead(&lines, &line, error > 8.0 * before),
                });
            }
            errors.push(error);
            exact.push(again);
        }
        // Stable: of equal errors, the first line comes first.
        let unknown = |line: &Rounded| line.instead.is_none();
        found.sort_by(|a, b| b.error.total_cmp(&a.error).then(unknown(a).cmp(&unknown(b))));
        Precision { lines: found, skipped }
    }
}

fn is_leaf<T: Float>(op: &Op<T>) -> bool {
    matches!(op, Op::Leaf(leaf) if !matches!(leaf, Leaf::Detach(_)))
}

/// The value of a line in `f64`, if it can be computed.
fn again<T: Float>(line: &TapeLine<'_, T>, exact: &[Option<Tensor<f64>>]) -> Option<Tensor<f64>> {
    let op = widened(line.op())?;
    let operands = line.operands();
    let operands = operands[..line.arity()].iter().map(|&j| exact[j].as_ref());
    op.forward(&operands.collect::<Option<Vec<_>>>()?).ok()
}

/// An op as one of `f64`; `None` for leaves, and for ops that hold code of the user's own.
fn widened<T: Float>(op: &Op<T>) -> Option<Op<f64>> {
    Some(match op {
        Op::Leaf(Leaf::Detach(op)) => Op::Leaf(Leaf::Detach(*op)),
        Op::Leaf(_) | Op::Custom(_) | Op::Elementwise(Elementwise::Own(_)) => return None,
        Op::Elementwise(Elementwise::Unary(op)) => (*op).into(),
        Op::Elementwise(Elementwise::Binary(op)) => (*op).into(),
        Op::Elementwise(Elementwise::Where(op)) => op.clone().into(),
        Op::Product(op) => Op::Product(op.clone()),
        Op::Reduce(op) => Op::Reduce(op.clone()),
        Op::Scan(op) => Op::Scan(op.clone()),
        Op::Softmaxes(Softmaxes::Softmax(op)) => (*op).into(),
        Op::Softmaxes(Softmaxes::LogSoftmax(op)) => (*op).into(),
        Op::Softmaxes(Softmaxes::CrossEntropy(op)) => {
            crate::ops::CrossEntropy(op.0.widened()).into()
        }
        Op::Normalizing(op) => Op::Normalizing(op.clone()),
        Op::Shaping(op) => Op::Shaping(op.clone()),
        Op::Index(op) => Op::Index(op.clone()),
        Op::Sequences(Sequences::Recurrent(op)) => Recurrent::new(op.step, op.direction).into(),
        Op::Sequences(Sequences::SelfAttention(op)) => (*op).into(),
        Op::Windowing(op) => Op::Windowing(op.clone()),
        Op::Convolution(op) => Op::Convolution(op.clone()),
    })
}

/// The largest relative error of an element, with both numbers.
fn furthest(value: &Tensor<f64>, exact: &Tensor<f64>) -> Option<(f64, f64, f64)> {
    let errors = value.iter().zip(exact.iter()).map(|(y, e)| {
        let error = match (y.is_finite(), e.is_finite()) {
            _ if y == e || y.is_nan() && e.is_nan() => 0.0,
            (true, true) => (y - e).abs() / y.abs().max(e.abs()),
            _ => f64::INFINITY,
        };
        (error, y, e)
    });
    errors.reduce(|a, b| if b.0 > a.0 { b } else { a })
}

/// The op that replaces a formula which loses digits. A sum is at fault only if the error grows in it.
fn instead<T: Float>(
    lines: &Lines<'_, T>,
    line: &TapeLine<'_, T>,
    grows: bool,
) -> Option<&'static str> {
    let operand = |line: &TapeLine<'_, T>, k: usize| {
        let mut line = lines.get(*line.operands().get(k)?)?;
        while line.op().moves_numbers() && line.arity() == 1 {
            line = lines.get(line.operands()[0])?;
        }
        Some(line)
    };
    let name = |line: &TapeLine<'_, T>, k: usize| operand(line, k).map_or("", |l| l.op().name());
    let added = |line: &TapeLine<'_, T>| match line.op().get::<Unary>() {
        Some(Unary(UnaryOp::AddScalar { c } | UnaryOp::RsubScalar { c })) => Some(*c),
        _ => None,
    };
    let x = operand(line, 0)?;
    Some(match (line.op().name(), x.op().name()) {
        ("ln" | "log2" | "log10", "sigmoid") => "`x.log_sigmoid()` computes ln(sigmoid(x))",
        ("ln" | "log2" | "log10", "softmax") => {
            "`x.log_softmax(axis)`, or a cross-entropy of logits"
        }
        ("ln", "sum") if name(&x, 0) == "exp" => "`x.logsumexp_over(axes)` computes ln Σ eˣ",
        ("ln", "add") if name(&x, 0) == "exp" && name(&x, 1) == "exp" => {
            "`a.logaddexp(b)` computes ln(eᵃ + eᵇ)"
        }
        ("ln", "cosh") => "`x.log_cosh()` computes ln(cosh(x))",
        ("ln", "rsub_scalar") if added(&x) == Some(1.0) && name(&x, 0) == "sigmoid" => {
            "`(-x).log_sigmoid()` computes ln(1 - sigmoid(x))"
        }
        ("ln", "add_scalar") if added(&x) == Some(1.0) && name(&x, 0) == "exp" => {
            "`x.softplus(1.0, 20.0)` computes ln(1 + eˣ)"
        }
        ("ln", "add_scalar") if added(&x) == Some(1.0) => "`x.log1p()` computes ln(1 + x)",
        ("add_scalar", "exp") if added(line) == Some(-1.0) => "`x.expm1()` computes eˣ - 1",
        ("rsub_scalar", "exp") if added(line) == Some(1.0) => "`-x.expm1()` computes 1 - eˣ",
        ("rsub_scalar", "sigmoid") if added(line) == Some(1.0) => {
            "`(-x).sigmoid()` computes 1 - sigmoid(x)"
        }
        ("rsub_scalar", "cos") if added(line) == Some(1.0) => {
            "`(x * 0.5).sin().square() * 2.0` computes 1 - cos(x)"
        }
        ("sqrt", "add") if name(&x, 0) == "square" && name(&x, 1) == "square" => {
            "`a.hypot(b)` computes √(a² + b²)"
        }
        ("sqrt", "sum") if name(&x, 0) == "square" => "`x.norm_over(axes, 2.0)` computes √Σ x²",
        ("sqrt", "add_scalar") if name(&x, 0) == "square" => "`a.hypot(√c)` computes √(a² + c)",
        ("div", "exp") if name(line, 1) == "sum" => "`x.softmax(axis)` computes eˣ / Σ eˣ",
        ("sub", "mean") if x.operands().len() == 1 && name(&x, 0) == "square" => {
            "`x.var_over(axes, 0.0)` computes mean(x²) - mean(x)²"
        }
        ("sub" | "add" | "add_scalar" | "rsub_scalar", _) if grows => {
            "the operands nearly cancel: take the difference before they are rounded, or compute this part in f64"
        }
        _ => return None,
    })
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        if self.lines.is_empty() {
            writeln!(f, "every value is that of f64")?;
        } else {
            writeln!(f, "{:<10} {:<10} {:<18} recorded", "error", "operands'", "line")?;
        }
        for line in self.lines.iter().take(SHOWN) {
            let name = format!("%{} {}", line.index, line.op);
            writeln!(f, "{:<10.1e} {:<10.1e} {name:<18} {}", line.error, line.before, line.at)?;
            let (value, exact) = (number(line.value), number(line.exact));
            if value != exact {
                writeln!(f, "  {value}, and {exact} in f64")?;
            }
            if let Some(instead) = line.instead.filter(|_| line.error > 1e-5) {
                writeln!(f, "  help: {instead}")?;
            }
        }
        if self.lines.len() > SHOWN {
            writeln!(f, "and {} lines with smaller errors", self.lines.len() - SHOWN)?;
        }
        if !self.skipped.is_empty() {
            writeln!(f, "not run again, for they hold code of your own: {:?}", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
