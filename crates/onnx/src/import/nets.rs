//! Products, convolution, pooling, norms, reductions and nets over sequences.

use wengert_autograd::{Result, Var};
use wengert_nn::functional::{self, Pool};
use wengert_tensor::recurrent::{Direction, Step};
use wengert_tensor::{Axes, Conv, Tensor, Window, keep};

use super::bound::elements;
use super::run::{Run, Value, refused};
use super::shape::axis_of;
use crate::proto::Node;

impl<'t> Run<'t> {
    pub(super) fn net(&self, node: &Node) -> Result<Var<'t, f32>> {
        let x = self.float(node, 0)?;
        match node.op.as_str() {
            "MatMul" => x.matmul(self.float(node, 1)?),
            "Gemm" => self.gemm(node, x),
            "Softmax" | "LogSoftmax" => self.softmax(node, x),
            "CumSum" => match self.integers(node, 1)?[..] {
                [axis] => x.cumsum(axis as isize),
                _ => Err(refused(node, "it sums along one axis")),
            },
            "Conv" | "ConvTranspose" => self.convolution(node, x),
            "MaxPool" => self.max_pool(node, x),
            "AveragePool" => match x.rank() {
                3 => self.pool::<1>(node, x),
                4 => self.pool::<2>(node, x),
                5 => self.pool::<3>(node, x),
                rank => Err(refused(node, format!("its input has {rank} axes"))),
            },
            "GlobalAveragePool" | "GlobalMaxPool" => {
                let axes = keep((2..x.rank() as isize).collect::<Vec<_>>());
                if node.op == "GlobalMaxPool" { x.max_over(axes) } else { x.mean_over(axes) }
            }
            "BatchNormalization" => {
                let mut column = vec![1; x.rank().max(2) - 1];
                let [scale, shift, mean, var] = [1, 2, 3, 4].map(|k| self.float(node, k));
                let (scale, shift, mean, var) = (scale?, shift?, mean?, var?);
                column[0] = scale.shape().first().copied().unwrap_or(1);
                let factor = scale.try_mul(var.add_scalar(node.float("epsilon", 1e-5)).rsqrt())?;
                let shift = shift.try_sub(mean.try_mul(factor)?)?;
                x.try_mul(factor.reshape(&column)?)?.try_add(shift.reshape(&column)?)
            }
            "LayerNormalization" => {
                let from = axis_of(node, node.int("axis", -1), x.rank())?;
                let axes: Vec<isize> = (from..x.rank()).map(|axis| axis as isize).collect();
                let y = x
                    .normalize(axes, node.float("epsilon", 1e-5))?
                    .try_mul(self.float(node, 1)?)?;
                match self.maybe(node, 2)? {
                    Some(shift) => y.try_add(shift),
                    None => Ok(y),
                }
            }
            _ => self.reduction(node, x),
        }
    }

    /// Before version 13 the axes from `axis` on, which is 1 if nothing is said, are one row.
    fn softmax(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let of = |x: Var<'t, f32>, axis| {
            if node.op == "Softmax" { x.softmax(axis) } else { x.log_softmax(axis) }
        };
        if self.opset >= 13 {
            return of(x, node.int("axis", -1) as isize);
        }
        let shape = x.shape();
        let (head, tail) = shape.split_at(axis_of(node, node.int("axis", 1), x.rank())?);
        of(x.reshape([elements(head), elements(tail)])?, 1)?.reshape(&shape)
    }

    fn gemm(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let (w, bias) = (self.float(node, 1)?, self.maybe(node, 2)?);
        let (alpha, beta) = (node.float("alpha", 1.0), node.float("beta", 1.0));
        let turned = |x: Var<'t, f32>, name: &str| if node.int(name, 0) == 0 { x } else { x.t() };
        let vector =
            bias.is_none_or(|bias| bias.rank() == 1 && bias.shape().first() == w.shape().first());
        if alpha == 1.0 && beta == 1.0 && node.int("transB", 0) == 1 && vector {
            return turned(x, "transA").linear(w, bias);
        }
        let y = turned(x, "transA").matmul(turned(w, "transB"))?.mul_scalar(alpha);
        match bias {
            Some(bias) => y.try_add(bias.mul_scalar(beta)),
            None => Ok(y),
        }
    }

    fn reduction(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let axes: Axes = match self.list(node, "axes", 1)? {
            Some(axes) => axes.iter().map(|&axis| axis as isize).collect::<Vec<_>>().into(),
            None if node.int("noop_with_empty_axes", 0) == 1 => return Ok(x),
            None => Axes::ALL,
        };
        let axes = if node.int("keepdims", 1) == 1 { keep(axes) } else { axes };
        match node.op.as_str() {
            "ReduceSum" => x.sum_over(axes),
            "ReduceMean" => x.mean_over(axes),
            "ReduceMax" => x.max_over(axes),
            "ReduceMin" => x.min_over(axes),
            "ReduceProd" => x.prod_over(axes),
            "ReduceL1" => x.norm_over(axes, 1.0),
            "ReduceL2" => x.norm_over(axes, 2.0),
            "ReduceLogSumExp" => x.logsumexp_over(axes),
            _ => Err(refused(node, "it is not known")),
        }
    }

    fn windows(&self, node: &Node, sizes: &[usize]) -> Result<Vec<Window>> {
        let d = sizes.len();
        let (strides, dilations) = (node.sizes("strides", d, 1)?, node.sizes("dilations", d, 1)?);
        let one = |i: usize| Window { size: sizes[i], stride: strides[i], dilation: dilations[i] };
        Ok((0..d).map(one).collect())
    }

    fn convolution(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let (w, bias) = (self.float(node, 1)?, self.maybe(node, 2)?);
        if w.rank() < 3 || x.rank() != w.rank() {
            return Err(refused(node, "a batch of channels and a weight of as many axes"));
        }
        let d = w.rank() - 2;
        let windows = self.windows(node, &w.shape()[2..])?;
        let pads = node.sizes("pads", 2 * d, 0)?;
        let padding: Vec<_> = (0..d).map(|i| (pads[i], pads[d + i])).collect();
        let groups = node.int("group", 1).clamp(1, 1 << 31) as usize;
        let conv = Conv::new(&windows).padding(&padding).groups(groups);
        if node.op == "Conv" {
            return x.conv(w, bias, conv);
        }
        let more = node.sizes("output_padding", d, 0)?;
        let mut sizes = Vec::new();
        for (i, window) in windows.iter().enumerate() {
            let reach = (x.shape()[2 + i].max(1) - 1) * window.stride + window.span() + more[i];
            match reach.checked_sub(padding[i].0 + padding[i].1) {
                Some(size) => sizes.push(size),
                None => return Err(refused(node, "it cuts more than there is")),
            }
        }
        let y = x.conv_input(w, sizes, conv)?;
        let Some(bias) = bias else { return Ok(y) };
        let mut column = vec![1; 1 + d];
        column[0] = bias.shape().first().copied().unwrap_or(1);
        y.try_add(bias.reshape(&column)?)
    }

    fn pool<const D: usize>(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let kernel = node.sizes("kernel_shape", D, 1)?;
        let pads = node.sizes("pads", 2 * D, 0)?;
        if pads[..D] != pads[D..] {
            return Err(refused(node, "its borders before and after differ"));
        }
        let windows = self.windows(node, &kernel)?;
        let of = |f: fn(&Window) -> usize| std::array::from_fn::<usize, D, _>(|i| f(&windows[i]));
        let mut pool =
            Pool::<D>::new(of(|w| w.size)).stride(of(|w| w.stride)).dilation(of(|w| w.dilation));
        pool = pool.padding(std::array::from_fn::<usize, D, _>(|i| pads[i]));
        if node.int("ceil_mode", 0) == 1 {
            pool = pool.ceil();
        }
        if node.int("count_include_pad", 0) == 1 {
            functional::avg_pool(x, pool)
        } else {
            functional::avg_pool_of_elements(x, pool)
        }
    }

    fn max_pool(&self, node: &Node, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let d = node.ints("kernel_shape").map_or(0, <[i64]>::len);
        let (windows, pads) = (
            self.windows(node, &node.sizes("kernel_shape", d, 1)?)?,
            node.sizes("pads", 2 * d, 0)?,
        );
        if x.rank() != d + 2 {
            let rule = format!("its input has {} axes, and its kernel {d}", x.rank());
            return Err(refused(node, rule));
        }
        let ceil = node.int("ceil_mode", 0) == 1;
        let axis = |(i, window): (usize, &Window)| {
            let (places, before) = (x.shape()[2 + i], pads[i]);
            if window.stride == 0 || window.dilation == 0 {
                return Err(refused(node, "a step is 0"));
            }
            let padded = places + before + pads[d + i];
            let whole = window.count(padded);
            // A window that begins in the border at the end would see nothing.
            let more =
                ceil && window.part(whole, before, places).len > 0 && padded >= window.span();
            let more = more && (padded - window.span()) % window.stride != 0;
            Ok((0..whole + usize::from(more)).map(|n| window.part(n, before, places)).collect())
        };
        let parts = windows.iter().enumerate().map(axis).collect::<Result<Vec<Vec<_>>>>()?;
        if parts.iter().any(Vec::is_empty) {
            return Err(refused(
                node,
                format!("a window spans more places than {:?} has", x.shape()),
            ));
        }
        x.max_pool(parts)
    }

    /// A net over sequences, of one direction or both: the states of all steps, the last, and the last memory of an LSTM.
    pub(super) fn recurrent(&self, node: &Node) -> Result<Vec<Value<'t>>> {
        let (x, w, u) = (self.float(node, 0)?, self.float(node, 1)?, self.float(node, 2)?);
        let (bias, h, c) = (self.maybe(node, 3)?, self.maybe(node, 5)?, self.maybe(node, 6)?);
        let hidden = u.shape().last().copied().unwrap_or(0);
        if x.rank() != 3
            || w.rank() != 3
            || u.rank() != 3
            || node.inputs.get(4).is_some_and(|n| !n.is_empty())
        {
            return Err(refused(node, "sequences of one length, time first, are known"));
        }
        if node.op == "GRU" && node.int("linear_before_reset", 0) != 1 {
            return Err(refused(
                node,
                "the reset after the product (linear_before_reset) is known",
            ));
        }
        // The order of the gates here, in terms of theirs.
        let relu = matches!(node.attribute("activations"), Some(crate::proto::Attribute::Texts(all)) if all.iter().any(|a| a == "Relu"));
        let (step, order): (_, &[usize]) = match node.op.as_str() {
            "RNN" => (if relu { Step::Relu } else { Step::Tanh }, &[0]),
            "GRU" => (Step::Gru, &[1, 0, 2]),
            _ => (Step::Lstm, &[0, 2, 3, 1]),
        };
        let rows: Vec<usize> = order.iter().flat_map(|&g| g * hidden..(g + 1) * hidden).collect();
        let (wide, rows) = (rows.len(), Tensor::from(rows));
        let directions = match node.text("direction") {
            Some("reverse") => vec![Direction::Backward],
            Some("bidirectional") => vec![Direction::Forward, Direction::Backward],
            _ => vec![Direction::Forward],
        };
        let (time, batch) = (x.shape()[0], x.shape()[1]);
        let (mut all, mut last, mut memory) = (vec![], vec![], vec![]);
        for (k, &direction) in directions.iter().enumerate() {
            let pick = |v: Var<'t, f32>| v.select(0, k)?.index_select(0, &rows);
            let state = |v: Option<Var<'t, f32>>| match v {
                Some(v) => v.select(0, k),
                None => Ok(self.tape.constant(Tensor::try_full([batch, hidden], 0.0)?)),
            };
            let (mut of_x, mut of_h) = (None, None);
            if let Some(bias) = bias {
                let bias = bias.select(0, k)?;
                of_x = Some(bias.narrow(0, 0, wide)?.index_select(0, &rows)?);
                of_h = Some(bias.narrow(0, wide, wide)?.index_select(0, &rows)?);
            }
            let c = if step == Step::Lstm { Some(state(c)?) } else { None };
            let y = x.linear(pick(w)?, of_x)?.recurrent(
                step,
                direction,
                state(h)?,
                pick(u)?,
                c,
                of_h,
            )?;
            if step == Step::Lstm {
                memory.push(y.select(0, time)?);
            }
            let y = y.narrow(0, 0, time)?;
            last.push(
                y.select(0, if direction == Direction::Forward { time.max(1) - 1 } else { 0 })?,
            );
            all.push(y);
        }
        let mut results =
            vec![Value::Float(Var::stack(&all, 1)?), Value::Float(Var::stack(&last, 0)?)];
        if step == Step::Lstm {
            results.push(Value::Float(Var::stack(&memory, 0)?));
        }
        Ok(results)
    }
}
