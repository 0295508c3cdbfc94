//! Functions of each element: an operator where there is one, else a few whose composition is the function.

use wengert_autograd::ops::{self, Elementwise};
use wengert_autograd::{Lines, TapeLine};
use wengert_tensor::Tensor;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::graph::Builder;
use crate::Result;
use crate::proto::Attribute;

type Line<'t> = TapeLine<'t, f32>;

impl<'t> Builder<'t> {
    pub(super) fn elementwise(&mut self, line: Line<'t>, op: &Elementwise<f32>) -> Result<String> {
        match op {
            Elementwise::Unary(ops::Unary(op)) => {
                let x = self.operand(line, 0)?;
                self.unary(*op, &x)
            }
            Elementwise::Binary(ops::Binary(op)) => {
                let (a, b) = (self.operand(line, 0)?, self.operand(line, 1)?);
                self.binary(*op, &a, &b)
            }
            Elementwise::Where(ops::Where(mask)) => self.choice(line, mask),
            _ => Err(self.no_image()),
        }
    }

    fn choice(&mut self, line: Line<'t>, mask: &ops::Given<bool>) -> Result<String> {
        // A choice between a value and its own detached copy, as of a padding row, is that value.
        let [a, b] = [0, 1].map(|k| line.operands()[k]);
        let is_copy = |of: usize, copy: usize| {
            let copy = self.line(copy);
            copy.op().is::<ops::Detach>() && copy.operands()[0] == of
        };
        if is_copy(a, b) || is_copy(b, a) {
            return self.name(a);
        }
        let mask = if self.all_others::<ops::Where>(line, |other| other.0.values == mask.values) {
            self.constant("mask", mask.values.clone())
        } else if self.is_where_positive(line) {
            let a = self.name(a)?;
            self.with("Greater", &a, 0.0)
        } else {
            return Err(self.refused("its mask depends on the input or on the batch"));
        };
        let (a, b) = (self.name(a)?, self.name(b)?);
        Ok(self.add("Where", &[&mask, &a, &b], vec![]))
    }

    /// True if in every recording the choice takes its first operand where that is positive, as in a `PRelu`.
    fn is_where_positive(&self, line: Line<'t>) -> bool {
        let holds = |lines: &Lines<'t, f32>| {
            let choice = lines.get(line.index())?;
            let a = lines.get(choice.operands()[0])?.value()?;
            let positive = a.greater(&Tensor::scalar(0.0)).ok()?;
            Some(choice.op().get::<ops::Where>()?.0.values == positive)
        };
        [self.a, self.b].into_iter().chain(self.others).all(|lines| holds(lines) == Some(true))
    }

    fn with(&mut self, op: &str, x: &str, c: f64) -> String {
        let c = self.scalar(c);
        self.add(op, &[x, &c], vec![])
    }

    fn before(&mut self, op: &str, c: f64, x: &str) -> String {
        let c = self.scalar(c);
        self.add(op, &[&c, x], vec![])
    }

    fn clip(&mut self, x: &str, min: f64, max: f64) -> String {
        let x = if min > f64::NEG_INFINITY { self.with("Max", x, min) } else { x.to_string() };
        if max < f64::INFINITY { self.with("Min", &x, max) } else { x }
    }

    #[allow(clippy::too_many_lines)] // A table of functions.
    fn unary(&mut self, op: UnaryOp, x: &str) -> Result<String> {
        use UnaryOp as U;
        let plain = match op {
            U::Neg => "Neg",
            U::Recip => "Reciprocal",
            U::Sqrt => "Sqrt",
            U::Abs => "Abs",
            U::Sign => "Sign",
            U::Floor => "Floor",
            U::Ceil => "Ceil",
            U::Round => "Round",
            U::Exp => "Exp",
            U::Ln => "Log",
            U::Sin => "Sin",
            U::Cos => "Cos",
            U::Tan => "Tan",
            U::Asin => "Asin",
            U::Acos => "Acos",
            U::Atan => "Atan",
            U::Sinh => "Sinh",
            U::Cosh => "Cosh",
            U::Tanh => "Tanh",
            U::Erf => "Erf",
            U::Sigmoid => "Sigmoid",
            U::Relu => "Relu",
            U::Softsign => "Softsign",
            U::Hardswish => "HardSwish",
            _ => "",
        };
        if !plain.is_empty() {
            return Ok(self.add(plain, &[x], vec![]));
        }
        let alpha = |a: f64| vec![("alpha", Attribute::Float(a as f32))];
        Ok(match op {
            U::AddScalar { c } => self.with("Add", x, c),
            U::RsubScalar { c } => self.before("Sub", c, x),
            U::MulScalar { c } => self.with("Mul", x, c),
            U::DivScalar { c } => self.with("Div", x, c),
            U::RdivScalar { c } => self.before("Div", c, x),
            U::PowScalar { exponent } => self.with("Pow", x, exponent),
            U::RpowScalar { base } => self.before("Pow", base, x),
            U::Square => self.add("Mul", &[x, x], vec![]),
            U::Rsqrt => {
                let root = self.add("Sqrt", &[x], vec![]);
                self.add("Reciprocal", &[&root], vec![])
            }
            U::Exp2 => self.before("Pow", 2.0, x),
            U::Log2 | U::Log10 => {
                let log = self.add("Log", &[x], vec![]);
                let base =
                    if op == U::Log2 { std::f64::consts::LN_2 } else { std::f64::consts::LN_10 };
                self.with("Div", &log, base)
            }
            U::LogSigmoid => {
                let minus = self.add("Neg", &[x], vec![]);
                let y = self.add("Softplus", &[&minus], vec![]);
                self.add("Neg", &[&y], vec![])
            }
            U::Softplus { beta, threshold } => {
                let scaled = if beta == 1.0 { x.to_string() } else { self.with("Mul", x, beta) };
                let y = self.add("Softplus", &[&scaled], vec![]);
                let y = if beta == 1.0 { y } else { self.with("Div", &y, beta) };
                // Above 16 both are x, to the last bit of a float.
                if threshold >= 16.0 {
                    return Ok(y);
                }
                let above = self.with("Greater", &scaled, threshold);
                self.add("Where", &[&above, x, &y], vec![])
            }
            U::Relu6 => self.clip(x, 0.0, 6.0),
            U::LeakyRelu { negative } => self.add("LeakyRelu", &[x], alpha(negative)),
            U::Elu { alpha: a } => self.add("Elu", &[x], alpha(a)),
            U::Celu { alpha: a } => self.add("Celu", &[x], alpha(a)),
            U::Selu => self.add("Selu", &[x], vec![]),
            U::Gelu => {
                let scaled = self.with("Mul", x, std::f64::consts::FRAC_1_SQRT_2);
                let erf = self.add("Erf", &[&scaled], vec![]);
                let one = self.with("Add", &erf, 1.0);
                let half = self.with("Mul", x, 0.5);
                self.add("Mul", &[&half, &one], vec![])
            }
            U::GeluTanh => {
                let cube = self.with("Pow", x, 3.0);
                let cube = self.with("Mul", &cube, 0.044715);
                let sum = self.add("Add", &[x, &cube], vec![]);
                let inner = self.with("Mul", &sum, (2.0 / std::f64::consts::PI).sqrt());
                let tanh = self.add("Tanh", &[&inner], vec![]);
                let one = self.with("Add", &tanh, 1.0);
                let half = self.with("Mul", x, 0.5);
                self.add("Mul", &[&half, &one], vec![])
            }
            U::Silu => {
                let y = self.add("Sigmoid", &[x], vec![]);
                self.add("Mul", &[x, &y], vec![])
            }
            U::Mish => {
                let y = self.add("Softplus", &[x], vec![]);
                let y = self.add("Tanh", &[&y], vec![]);
                self.add("Mul", &[x, &y], vec![])
            }
            U::Tanhshrink => {
                let y = self.add("Tanh", &[x], vec![]);
                self.add("Sub", &[x, &y], vec![])
            }
            U::Softshrink { lambda } | U::Hardshrink { lambda } => {
                let bias = if matches!(op, U::Softshrink { .. }) { lambda } else { 0.0 };
                let of = |x: f64| Attribute::Float(x as f32);
                self.add("Shrink", &[x], vec![("lambd", of(lambda)), ("bias", of(bias))])
            }
            U::Hardtanh { min, max } | U::Clamp { min, max } => self.clip(x, min, max),
            U::Hardsigmoid => self.add("HardSigmoid", &[x], alpha(1.0 / 6.0)),
            U::Threshold { threshold, value } => {
                let above = self.with("Greater", x, threshold);
                let value = self.scalar(value);
                self.add("Where", &[&above, x, &value], vec![])
            }
            _ => return Err(self.no_image()),
        })
    }

    fn binary(&mut self, op: BinaryOp, a: &str, b: &str) -> Result<String> {
        use BinaryOp as B;
        let name = match op {
            B::Add => "Add",
            B::Sub => "Sub",
            B::Mul => "Mul",
            B::Div => "Div",
            B::Pow => "Pow",
            B::Maximum | B::ClampMin => "Max",
            B::Minimum | B::ClampMax => "Min",
            B::SquaredError => {
                let d = self.add("Sub", &[a, b], vec![]);
                return Ok(self.add("Mul", &[&d, &d], vec![]));
            }
            B::AbsoluteError => {
                let d = self.add("Sub", &[a, b], vec![]);
                return Ok(self.add("Abs", &[&d], vec![]));
            }
            _ => return Err(self.no_image()),
        };
        Ok(self.add(name, &[a, b], vec![]))
    }
}
