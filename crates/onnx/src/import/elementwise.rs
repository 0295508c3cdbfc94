//! Operators of single elements.

use wengert_autograd::{Result, Var};
use wengert_tensor::Tensor;

use super::run::{Run, Value, refused};
use crate::proto::Node;

impl<'t> Run<'t> {
    pub(super) fn elementwise(&self, node: &Node) -> Result<Value<'t>> {
        if matches!(node.op.as_str(), "Add" | "Sub" | "Mul" | "Div")
            && let (Value::Ints(a), Value::Ints(b)) = (self.value(node, 0)?, self.value(node, 1)?)
        {
            return self.of_integers(node, &a, &b).map(Value::Ints);
        }
        let x = self.float(node, 0)?;
        if node.op == "Greater" {
            let (a, b) = (x.value()?, self.float(node, 1)?.value()?);
            return Ok(Value::Mask(a.greater(&b)?));
        }
        self.of_floats(node, x).map(Value::Float)
    }

    fn of_floats(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let other = || self.float(node, 1);
        Ok(match node.op.as_str() {
            "Neg" => x.neg(),
            "Reciprocal" => x.recip(),
            "Sqrt" => x.sqrt(),
            "Abs" => x.abs(),
            "Sign" => x.sign(),
            "Floor" => x.floor(),
            "Ceil" => x.ceil(),
            "Round" => x.round(),
            "Exp" => x.exp(),
            "Log" => x.ln(),
            "Sin" => x.sin(),
            "Cos" => x.cos(),
            "Tan" => x.tan(),
            "Asin" => x.asin(),
            "Acos" => x.acos(),
            "Atan" => x.atan(),
            "Sinh" => x.sinh(),
            "Cosh" => x.cosh(),
            "Tanh" => x.tanh(),
            "Erf" => x.erf(),
            "Sigmoid" => x.sigmoid(),
            "Relu" => x.relu(),
            "Softsign" => x.softsign(),
            "HardSwish" => x.hardswish(),
            "Softplus" => x.softplus(1.0, 20.0),
            "LeakyRelu" => x.leaky_relu(node.float("alpha", 0.01)),
            "Elu" => x.elu(node.float("alpha", 1.0)),
            "Celu" => x.celu(node.float("alpha", 1.0)),
            "Selu" => x.selu(),
            "Gelu" if node.text("approximate") == Some("tanh") => x.gelu_tanh(),
            "Gelu" => x.gelu(),
            "Mish" => x.mish(),
            "Shrink" => {
                let (lambda, bias) = (node.float("lambd", 0.5), node.float("bias", 0.0));
                match bias {
                    0.0 => x.hardshrink(lambda),
                    b if b == lambda => x.softshrink(lambda),
                    _ => return Err(refused(node, "its bias is neither 0 nor lambd")),
                }
            }
            "HardSigmoid" => {
                let (alpha, beta) = (node.float("alpha", 0.2), node.float("beta", 0.5));
                x.mul_scalar(alpha).add_scalar(beta).clamp(0.0, 1.0)
            }
            "Clip" => {
                let bound = |k: usize, name: &str, none: f64| match self.maybe(node, k)? {
                    Some(bound) => Ok(f64::from(bound.value()?.item()?)),
                    None => Ok::<_, wengert_autograd::Error>(node.float(name, none)),
                };
                x.clamp(bound(1, "min", f64::NEG_INFINITY)?, bound(2, "max", f64::INFINITY)?)
            }
            "PRelu" => {
                let below = x.clamp(f64::NEG_INFINITY, 0.0).try_mul(other()?)?;
                x.relu().try_add(below)?
            }
            "Add" => x.try_add(other()?)?,
            "Sub" => x.try_sub(other()?)?,
            "Mul" => x.try_mul(other()?)?,
            "Div" => x.try_div(other()?)?,
            "Pow" => x.pow(other()?)?,
            "Max" | "Min" => {
                let mut y = x;
                for k in 1..node.inputs.len() {
                    let other = self.float(node, k)?;
                    y = if node.op == "Max" { y.maximum(other)? } else { y.minimum(other)? };
                }
                y
            }
            _ => return Err(refused(node, "it is not known")),
        })
    }

    /// Sizes that the graph computes.
    fn of_integers(&self, node: &Node, a: &Tensor<i64>, b: &Tensor<i64>) -> Result<Tensor<i64>> {
        let same = a.shape() == b.shape() || a.len() == 1 || b.len() == 1;
        if !same || a.is_empty() || b.is_empty() {
            return Err(refused(node, "integers of these shapes are not joined"));
        }
        let [of_a, of_b] = [a, b].map(|x| x.iter().collect::<Vec<i64>>());
        let at = |x: &[i64], i: usize| x[if x.len() == 1 { 0 } else { i }];
        let join = |i: usize| {
            let (a, b) = (at(&of_a, i), at(&of_b, i));
            match node.op.as_str() {
                "Add" => a.checked_add(b),
                "Sub" => a.checked_sub(b),
                "Mul" => a.checked_mul(b),
                _ => a.checked_div(b),
            }
        };
        let all: Option<Vec<i64>> = (0..a.len().max(b.len())).map(join).collect();
        let all = all.ok_or_else(|| refused(node, "an integer is out of range"))?;
        let shape = if a.len() >= b.len() { a.shape() } else { b.shape() };
        Ok(Tensor::from(all).reshape(shape)?)
    }
}
