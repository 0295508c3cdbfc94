//! `per_sample_gradients`: the gradient of each sample's loss, for all samples in one sweep where the tape shows how.

mod samples;

use std::panic::Location;

use wengert_tensor::{Float, REST, Shape, Tensor};

use self::samples::{Batch, Samples};
use crate::algebra::Incoming;
use crate::ops::{
    Binary, Constant, Conv, IndexSelect, Linear, MatMul, Normalize, Operation as _, Permute,
    Reshape,
};
use crate::sweep::{AtTensors, Keep};
use crate::{Error, Result, Tape, Tensors, Var};

/// The gradient of each sample's loss: `f` maps a batch `[N, …]` and parameters to losses `[N]`, each of which must depend on
/// its own sample only. The batch is a tensor of floats or indices, or several. Returns `[N, parameter's shape…]` for each parameter.
///
/// ```
/// use wengert_autograd::per_sample_gradients;
/// use wengert_tensor::tensor;
///
/// // The loss of a sample is (w·x)², whose gradient is 2(w·x)·x.
/// let (batch, w) = (tensor![[1.0_f64, 2.0], [3.0, 4.0]], tensor![1.0, 1.0]);
/// let g = per_sample_gradients(|x, p| Ok(x.matmul(p[0])?.square()), &batch, &[w])?;
/// assert_eq!(g, [tensor![[6.0, 12.0], [42.0, 56.0]]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// One sweep finds the gradients of all samples for a parameter that is the weight or the bias of `linear`, `conv` or `layer_norm`, a factor of
/// `matmul`, a table of `rows`, or that is broadcast over the samples by `+`, `-`, `*` and the like, as long as the tape shows that the first axis
/// of what it meets is that of the samples. For every other parameter there is a sweep for each sample. The result is the same but for
/// rounding.
///
/// # Errors
/// The errors of the function, or an error if its result is not one number per sample.
#[track_caller]
pub fn per_sample_gradients<T: Float, K: Tensors>(
    f: impl for<'t> Fn(Var<'t, T, K>, &[Var<'t, T>]) -> Result<Var<'t, T>>,
    batch: &K,
    parameters: &[Tensor<T>],
) -> Result<Vec<Tensor<T>>> {
    let at = Location::caller();
    let tape = Tape::new();
    let x = tape.input(batch.clone());
    let mut lines = Vec::new();
    K::each(x.index, &mut |line| lines.push(line));
    // What is computed of the batch is recorded, so that it shows where the samples are.
    for &line in &lines {
        let nodes = &mut tape.inner.borrow_mut().nodes;
        if nodes.op(line as usize).is::<Constant>() {
            nodes.want(line as usize);
        }
    }
    let vars: Vec<Var<T>> = parameters.iter().map(|p| tape.var(p.clone())).collect();
    let losses = f(x, &vars)?;
    let n = batch.samples();
    if *losses.shape() != [n] {
        let rule = format!(
            "per_sample_gradients: the losses have shape {}, and must be [{n}]",
            losses.shape()
        );
        return Err(Error::Use(rule, at));
    }
    tape.check_vars("per_sample_gradients", &[losses], at)?;
    let mut found: Vec<Option<Tensor<T>>> = vec![None; vars.len()];
    if n > 0 && losses.wants_grad() {
        let seed = vec![(losses.index, Tensor::ones([n]))];
        let grads = tape.sweep(seed, Keep::All).map_err(|error| error.on_line(at))?;
        let inner = tape.inner.borrow();
        let batch = Batch::new(&inner, &lines, n);
        for (found, p) in found.iter_mut().zip(&vars) {
            *found = batch.gradients(p.index, &grads)?;
        }
    }
    // The others, sample by sample.
    let left: Vec<usize> = (0..vars.len()).filter(|&k| found[k].is_none()).collect();
    let of: Vec<Var<T>> = left.iter().map(|&k| vars[k]).collect();
    let mut parts: Vec<Vec<T>> = vec![Vec::new(); of.len()];
    for i in (0..n).filter(|_| !of.is_empty()) {
        let mut cotangent = Tensor::zeros([n]);
        cotangent.as_mut_slice()[i] = T::ONE;
        for (all, g) in parts.iter_mut().zip(losses.pull_tensors(&of, &cotangent)?) {
            all.extend(g.iter());
        }
    }
    for (k, part) in left.into_iter().zip(parts) {
        found[k] = Some(Tensor::from_vec(part, each(n, parameters[k].shape()))?);
    }
    Ok(found.into_iter().flatten().collect())
}

/// `[n, shape…]`
fn each(n: usize, shape: &[usize]) -> Shape {
    let mut each = Shape::new(&[n]);
    shape.iter().for_each(|&size| each.push(size));
    each
}

impl<T: Float> Batch<'_, T> {
    /// The gradients of all samples for the parameter on this line, if the tape shows how they are found.
    fn gradients(&self, param: u32, grads: &[Option<Tensor<T>>]) -> Result<Option<Tensor<T>>> {
        let mut sum: Option<Tensor<T>> = None;
        for (i, g) in grads.iter().enumerate() {
            let (Some(g), node) = (g, self.nodes.at(i)) else { continue };
            for k in (0..node.operands.len()).filter(|&k| node.operands[k] == param) {
                let part = match self.samples[i] {
                    Samples::Leading => self.part(i, k, g)?,
                    Samples::Absent => self.moved(i as u32, grads)?,
                    Samples::Unknown => None,
                };
                let Some(part) = part else { return Ok(None) };
                sum = Some(match sum {
                    None => part,
                    Some(sum) => sum.accumulate(&part)?,
                });
            }
        }
        let shape = each(self.n, self.nodes.value(param as usize).shape());
        Ok(Some(sum.unwrap_or_else(|| Tensor::zeros(shape))))
    }

    /// The gradients of a parameter from those of this line, which holds its numbers in another shape or order.
    fn moved(&self, line: u32, grads: &[Option<Tensor<T>>]) -> Result<Option<Tensor<T>>> {
        let node = self.nodes.at(line as usize);
        let order = match (node.op.is::<Reshape>(), node.op.get()) {
            (true, _) => None,
            (_, Some(Permute(order))) => Some(order),
            _ => return Ok(None),
        };
        let Some(moved) = self.gradients(line, grads)? else { return Ok(None) };
        let Some(order) = order else {
            let param = self.nodes.value(node.operands[0] as usize);
            return Ok(Some(moved.reshape(each(self.n, param.shape()))?));
        };
        let mut back = vec![0; order.len() + 1];
        for (to, &from) in order.iter().enumerate() {
            back[1 + from.rem_euclid(order.len() as isize) as usize] = 1 + to as isize;
        }
        Ok(Some(moved.permute(back)?.contiguous()))
    }

    /// The gradients of operand `k` of a node whose samples lead, from the gradient of its value; `None` if it is no op of the list.
    fn part(&self, index: usize, k: usize, g: &Tensor<T>) -> Result<Option<Tensor<T>>> {
        let (n, node) = (self.n, self.nodes.at(index));
        let operand = |k: usize| self.nodes.value(node.operands[k] as usize);
        let param = operand(k);
        let shape = each(n, param.shape());
        // [samples, places, size of the last axis]
        let places = |x: &Tensor<T>, last: usize| x.reshape([n, x.len() / (n * last.max(1)), last]);
        let (is_linear, is_matmul) = (node.op.is::<Linear>(), node.op.is::<MatMul>());
        if is_linear && k == 2 {
            return Ok(Some(places(g, param.len())?.sum_over(1)?));
        }
        if (is_linear || is_matmul) && k == 1 {
            let &[rows, columns] = param.shape() else { return Ok(None) };
            let (to, from) = if is_linear { (rows, columns) } else { (columns, rows) };
            let (g, x) = (places(g, to)?, places(operand(0), from)?);
            let (left, right) = if is_linear { (g, x) } else { (x, g) };
            let part = if left.shape()[1] == 1 {
                // One place a sample: each product stands for itself.
                left.transpose(1, 2)?.try_mul(&right)?
            } else {
                left.transpose(1, 2)?.matmul(&right)?
            };
            return Ok(Some(part.reshape(shape)?));
        }
        if let (Some(Conv(conv)), true) = (node.op.get(), k > 0) {
            let x = operand(0);
            let at_a_time = x.shape()[0] / n;
            let mut parts = Vec::with_capacity(n);
            for i in 0..n {
                let own = |x: &Tensor<T>| x.narrow(0, i * at_a_time, at_a_time);
                let g = own(g)?;
                parts.push(match k {
                    1 => own(x)?.conv_weight(&g, conv)?,
                    _ => g.transpose(0, 1)?.reshape([param.len(), REST])?.sum_over(1)?,
                });
            }
            return Ok(Some(Tensor::stack(&parts.iter().collect::<Vec<_>>(), 0)?));
        }
        if let (Some(IndexSelect(0, index)), 0) = (node.op.get(), k) {
            // The table once for each sample, all below each other.
            let rows = param.shape()[0];
            let each_has = index.values.len() / n;
            let places: Vec<usize> = index
                .values
                .iter()
                .enumerate()
                .map(|(at, row)| at / each_has.max(1) * rows + row)
                .collect();
            let mut tables = Shape::new(&[n * rows]);
            param.shape()[1..].iter().for_each(|&size| tables.push(size));
            let sum = Tensor::zeros(tables).index_add(0, &Tensor::from(places), g)?;
            return Ok(Some(sum.reshape(shape)?));
        }
        let rank = node.value.rank();
        let is_broadcast = param.rank() < rank || param.shape().first() == Some(&1);
        let normalized = node.op.get::<Normalize>().filter(|_| k > 0);
        if (node.op.is::<Binary>() || normalized.is_some())
            && is_broadcast
            && !node.value.is_empty()
        {
            let part = match normalized {
                Some(op) if k == 1 => g.try_mul(&op.without_weight().forward(&[operand(0)])?)?,
                Some(_) => g.clone(),
                None => {
                    let at =
                        AtTensors { values: self.nodes.values(), index, operands: node.operands };
                    node.op.pull(k, Incoming::Lent(g), &at)?.expand(node.value.shape())?
                }
            };
            let mut apart = Shape::new(&[n, node.value.shape()[0] / n]);
            node.value.shape()[1..].iter().for_each(|&size| apart.push(size));
            let mut to = Shape::new(&[n]);
            (param.rank()..rank).for_each(|_| to.push(1));
            param.shape().iter().for_each(|&size| to.push(size));
            return Ok(Some(part.reshape(&apart)?.sum_to(&to)?.reshape(shape)?));
        }
        Ok(None)
    }
}
