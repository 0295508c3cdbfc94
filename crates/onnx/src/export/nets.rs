//! Products, reductions, softmax, norms, and nets over sequences.

use wengert_autograd::TapeLine;
use wengert_autograd::ops::{self, Normalizing, Product, Reduce, Sequences, Softmaxes};
use wengert_tensor::recurrent::{Direction, Step};
use wengert_tensor::{Axes, Divisor, Tensor, keep};

use super::graph::{Builder, Dim};
use crate::Result;
use crate::proto::Attribute;

type Line<'t> = TapeLine<'t, f32>;

impl<'t> Builder<'t> {
    pub(super) fn product(&mut self, line: Line<'t>, op: &Product) -> Result<String> {
        let (x, w) = (self.operand(line, 0)?, self.operand(line, 1)?);
        if matches!(op, Product::MatMul(_)) {
            return Ok(self.add("MatMul", &[&x, &w], vec![]));
        }
        let bias = if line.arity() > 2 { Some(self.operand(line, 2)?) } else { None };
        if self.dims(line.operands()[0])?.len() == 2 {
            let inputs: Vec<&str> = [&x, &w].into_iter().chain(&bias).map(|s| &**s).collect();
            return Ok(self.add("Gemm", &inputs, vec![("transB", Attribute::Int(1))]));
        }
        let perm = vec![("perm", Attribute::Ints(vec![1, 0]))];
        let turned = self.add("Transpose", &[&w], perm);
        let y = self.add("MatMul", &[&x, &turned], vec![]);
        Ok(match bias {
            Some(bias) => self.add("Add", &[&y, &bias], vec![]),
            None => y,
        })
    }

    /// The axes that are reduced.
    fn reduced(&self, line: Line<'t>, axes: &Axes) -> Result<Vec<i64>> {
        let flags = axes.flags("reduction", &self.line(line.operands()[0]).shape())?;
        Ok((0_i64..).zip(flags).filter(|(_, reduced)| *reduced).map(|(axis, _)| axis).collect())
    }

    fn over(&mut self, op: &str, x: &str, axes: &[i64], kept: bool) -> String {
        let kept = ("keepdims", Attribute::Int(i64::from(kept)));
        if axes.is_empty() {
            return x.to_string();
        }
        if op == "ReduceSum" {
            let axes = self.ints("axes", axes);
            return self.add(op, &[x, &axes], vec![kept]);
        }
        self.add(op, &[x], vec![("axes", Attribute::Ints(axes.to_vec())), kept])
    }

    pub(super) fn reduce(&mut self, line: Line<'t>, op: &Reduce) -> Result<String> {
        let (name, axes) = match op {
            Reduce::Sum(ops::Sum(axes)) => {
                if let Some(y) = self.mean_pool(line, axes)? {
                    return Ok(y);
                }
                ("ReduceSum", axes)
            }
            Reduce::Mean(ops::Mean(axes)) => ("ReduceMean", axes),
            Reduce::Prod(ops::Prod(axes)) => ("ReduceProd", axes),
            Reduce::Max(ops::Max(axes)) => ("ReduceMax", axes),
            Reduce::Min(ops::Min(axes)) => ("ReduceMin", axes),
            Reduce::LogSumExp(ops::LogSumExp(axes)) => ("ReduceLogSumExp", axes),
            Reduce::Variance(ops::Variance(axes, correction))
            | Reduce::Std(ops::Std(axes, correction)) => {
                let y = self.variance(line, axes, *correction)?;
                let root = matches!(op, Reduce::Std(_));
                return Ok(if root { self.add("Sqrt", &[&y], vec![]) } else { y });
            }
            _ => return Err(self.no_image()),
        };
        let (x, over) = (self.operand(line, 0)?, self.reduced(line, axes)?);
        Ok(self.over(name, &x, &over, axes.keeps()))
    }

    fn centred(&mut self, x: &str, over: &[i64]) -> String {
        let mean = self.over("ReduceMean", x, over, true);
        self.add("Sub", &[x, &mean], vec![])
    }

    fn variance(&mut self, line: Line<'t>, axes: &Axes, correction: f64) -> Result<String> {
        let (x, over) = (self.operand(line, 0)?, self.reduced(line, axes)?);
        let dims = self.dims(line.operands()[0])?;
        if over.iter().any(|&axis| matches!(dims[axis as usize], Dim::Batch(_))) {
            return Err(self.refused("a variance over the batch depends on its size"));
        }
        let count: usize = over.iter().map(|&axis| dims[axis as usize].at(0)).product();
        let centred = self.centred(&x, &over);
        let square = self.add("Mul", &[&centred, &centred], vec![]);
        let sum = self.over("ReduceSum", &square, &over, axes.keeps());
        let freedom = self.scalar(count as f64 - correction);
        Ok(self.add("Div", &[&sum, &freedom], vec![]))
    }

    pub(super) fn softmax(&mut self, line: Line<'t>, op: &Softmaxes<f32>) -> Result<String> {
        let (name, axis) = match op {
            Softmaxes::Softmax(ops::Softmax(axis)) => ("Softmax", axis),
            Softmaxes::LogSoftmax(ops::LogSoftmax(axis)) => ("LogSoftmax", axis),
            _ => return Err(self.refused("a loss is not part of a model that is used elsewhere")),
        };
        let (x, axis) = (self.operand(line, 0)?, self.axis(line, *axis));
        Ok(self.add(name, &[&x], vec![("axis", Attribute::Int(axis))]))
    }

    pub(super) fn normalize(&mut self, line: Line<'t>, op: &Normalizing) -> Result<String> {
        let x = self.operand(line, 0)?;
        let (axes, epsilon, centred) = match op {
            Normalizing::Norm(ops::Norm(axes, p)) => {
                let over = self.reduced(line, axes)?;
                let (name, x) = match *p {
                    1.0 => ("ReduceL1", x),
                    2.0 => ("ReduceL2", x),
                    f64::INFINITY => ("ReduceMax", self.add("Abs", &[&x], vec![])),
                    _ => return Err(self.refused("norms of order 1, 2 and infinity have one")),
                };
                return Ok(self.over(name, &x, &over, axes.keeps()));
            }
            Normalizing::Normalize(ops::Normalize { axes, epsilon, divisor, .. }) => {
                let centred = match divisor {
                    Divisor::Deviation => {
                        let over = self.reduced(line, axes)?;
                        self.centred(&x, &over)
                    }
                    Divisor::RootMeanSquare => x,
                };
                (axes, epsilon, centred)
            }
            _ => return Err(self.no_image()),
        };
        let over = self.reduced(line, &keep(axes.clone()))?;
        let square = self.add("Mul", &[&centred, &centred], vec![]);
        let mean = self.over("ReduceMean", &square, &over, true);
        let epsilon = self.scalar(*epsilon);
        let sum = self.add("Add", &[&mean, &epsilon], vec![]);
        let root = self.add("Sqrt", &[&sum], vec![]);
        let mut y = self.add("Div", &[&centred, &root], vec![]);
        // A weight, and a bias.
        for (k, name) in (1..line.arity()).zip(["Mul", "Add"]) {
            let part = self.operand(line, k)?;
            y = self.add(name, &[&y, &part], vec![]);
        }
        Ok(y)
    }

    pub(super) fn sequence(&mut self, line: Line<'t>, op: &Sequences<f32>) -> Result<String> {
        match op {
            Sequences::SelfAttention(op) => self.attention(line, *op),
            Sequences::Recurrent(op) => self.recurrent(line, op.step, op.direction),
            _ => Err(self.no_image()),
        }
    }

    fn attention(&mut self, line: Line<'t>, op: ops::SelfAttention) -> Result<String> {
        let x = self.operand(line, 0)?;
        let dims = self.dims(line.operands()[0])?;
        let (batch, time, width) = (dims[0], dims[1], dims[2].at(0) / 3);
        let apart = [batch, time, Dim::Fixed(op.heads), Dim::Fixed(width / op.heads)];
        let parts = self.add_several("Split", &[&x], 3, vec![("axis", Attribute::Int(2))]);
        let turn = |perm: [i64; 4]| vec![("perm", Attribute::Ints(perm.to_vec()))];
        let mut heads = Vec::new();
        for (part, perm) in parts.iter().zip([[0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]]) {
            let part = self.reshape(part, &apart)?;
            heads.push(self.add("Transpose", &[&part], turn(perm)));
        }
        let scores = self.add("MatMul", &[&heads[0], &heads[1]], vec![]);
        let scale = self.scalar(op.scale);
        let mut scores = self.add("Mul", &[&scores, &scale], vec![]);
        if op.causal {
            let Dim::Fixed(time) = time else { return Err(self.no_image()) };
            let seen = Tensor::try_full([time, time], true)?.tril(0)?;
            let (seen, never) = (self.constant("mask", seen), self.scalar(f64::NEG_INFINITY));
            scores = self.add("Where", &[&seen, &scores, &never], vec![]);
        }
        let weights = self.add("Softmax", &[&scores], vec![("axis", Attribute::Int(3))]);
        let y = self.add("MatMul", &[&weights, &heads[2]], vec![]);
        let y = self.add("Transpose", &[&y], turn([0, 2, 1, 3]));
        self.reshape(&y, &[batch, time, Dim::Fixed(width)])
    }

    /// The operator of ONNX takes the inputs before their product, with the gates in another order. The product is made already, so
    /// its weight puts the gates in order and no more.
    fn recurrent(&mut self, line: Line<'t>, step: Step, direction: Direction) -> Result<String> {
        let hidden = self.line(line.operands()[1]).shape()[1];
        let (name, order): (_, &[usize]) = match step {
            Step::Tanh | Step::Relu => ("RNN", &[0]),
            Step::Gru => ("GRU", &[1, 0, 2]),
            Step::Lstm => ("LSTM", &[0, 3, 1, 2]),
        };
        let rows: Vec<usize> =
            order.iter().flat_map(|&gate| gate * hidden..(gate + 1) * hidden).collect();
        let (wide, rows) = (rows.len(), Tensor::from(rows));
        let identity = Tensor::<f32>::eye(wide).index_select(0, &rows)?;
        let w = self.constant("order", identity.unsqueeze(0)?);
        let (rows, zero) = (self.constant("gates", rows), self.ints("axes", &[0]));
        let along = |axis| vec![("axis", Attribute::Int(axis))];
        let x = self.operand(line, 0)?;
        let u = self.operand(line, 2)?;
        let u = self.add("Gather", &[&u, &rows], along(0));
        let u = self.add("Unsqueeze", &[&u, &zero], vec![]);
        let bias = if step == Step::Lstm { 4 } else { 3 };
        let bias = if line.arity() > bias {
            let (none, d) =
                (self.constant("none", Tensor::<f32>::zeros([wide])), self.operand(line, bias)?);
            let d = self.add("Gather", &[&d, &rows], along(0));
            let both = self.add("Concat", &[&none, &d], along(0));
            self.add("Unsqueeze", &[&both, &zero], vec![])
        } else {
            String::new()
        };
        let first = |me: &mut Self, k: usize| {
            let state = me.operand(line, k)?;
            Ok::<_, crate::Error>(me.add("Unsqueeze", &[&state, &zero], vec![]))
        };
        let h = first(self, 1)?;
        let mut attributes = vec![("hidden_size", Attribute::Int(hidden as i64))];
        if direction == Direction::Backward {
            attributes.push(("direction", Attribute::Text("reverse".into())));
        }
        let mut inputs = vec![x, w, u, bias, String::new(), h];
        match step {
            Step::Tanh => {}
            Step::Relu => {
                attributes.push(("activations", Attribute::Texts(vec!["Relu".into()])));
            }
            Step::Gru => attributes.push(("linear_before_reset", Attribute::Int(1))),
            Step::Lstm => inputs.push(first(self, 3)?),
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let results =
            self.add_several(name, &inputs, if step == Step::Lstm { 3 } else { 1 }, attributes);
        let one = self.ints("axes", &[1]);
        let y = self.add("Squeeze", &[&results[0], &one], vec![]);
        // The states of all steps, and behind them the last memory.
        Ok(if step == Step::Lstm { self.add("Concat", &[&y, &results[2]], along(0)) } else { y })
    }
}
