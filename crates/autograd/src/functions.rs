//! Derivatives of functions: along a direction, back from one, whole Jacobians and Hessians, and gradients sample by sample.

use std::panic::Location;

use wengert_tensor::{Float, Tensor, compiled};

use crate::algebra::Algebra;
use crate::error::Line;
use crate::ops::{Detach, Op, Operation as _};
use crate::sweep::Keep;
use crate::{Error, Result, Tape, Var};

impl<T: Float> Tape<T> {
    /// Forward mode over this tape: the direction of `y` when each input moves along its direction. It is exact and has no step
    /// size.
    ///
    /// # Errors
    /// If a direction does not have its input's shape, a var is on another tape, the tape is spent, or an op has no forward rule.
    #[track_caller]
    pub fn push_forward(&self, inputs: &[(Var<T>, Tensor<T>)], y: Var<T>) -> Result<Tensor<T>> {
        let at = Location::caller();
        self.check_vars("push_forward", &[y], at)?;
        for (x, _) in inputs {
            self.check_vars("push_forward", &[*x], at)?;
        }
        self.ready("push_forward", at)?;
        let inputs: Vec<_> = inputs.iter().map(|(x, t)| (x.index, t.clone())).collect();
        self.push_here(&inputs, y.index, at)
    }

    /// [`push_forward`](Self::push_forward).
    #[inline(never)]
    pub(crate) fn push_here(
        &self,
        inputs: &[(u32, Tensor<T>)],
        y: u32,
        at: Line,
    ) -> Result<Tensor<T>> {
        let inner = self.inner.borrow();
        let mut directions: Vec<Option<Tensor<T>>> = vec![None; inner.nodes.len()];
        for (x, t) in inputs {
            same_shape("push_forward", "direction", inner.nodes.value(*x as usize).shape(), t, at)?;
            directions[*x as usize] = Some(t.clone());
        }
        for (i, node) in inner.nodes.iter().enumerate().take(y as usize + 1) {
            if directions[i].is_some() || node.operands.is_empty() {
                continue;
            }
            let t: Vec<Option<Tensor<T>>> =
                node.operands.iter().map(|&j| directions[j as usize].clone()).collect();
            if t.iter().all(Option::is_none) {
                continue;
            }
            let x: Vec<Tensor<T>> =
                node.operands.iter().map(|&j| inner.nodes.value(j as usize).clone()).collect();
            directions[i] = if node.op.is::<Detach>() {
                None
            } else if let Some(segment) = node.op.segment() {
                Some(segment.push(&x, &t, at)?)
            } else {
                push(node.op, &x, &t, node.value)?
            };
        }
        Ok(directions[y as usize]
            .take()
            .unwrap_or_else(|| inner.nodes.value(y as usize).zeros_like()))
    }
}

/// The direction of the result, of operands `x` along the directions `t`.
fn push<T: Float, A: Algebra<T>>(op: &Op<T>, x: &[A], t: &[Option<A>], y: &A) -> Result<Option<A>> {
    let mut sum: Option<A> = None;
    for (k, t) in t.iter().enumerate() {
        if let Some(t) = t {
            let part = op.push(k, t, x, y)?;
            sum = Some(match sum {
                Some(sum) => sum + part,
                None => part,
            });
        }
    }
    Ok(sum)
}

fn same_shape<T: Float>(
    op: &'static str,
    what: &'static str,
    shape: &[usize],
    t: &Tensor<T>,
    at: Line,
) -> Result<()> {
    if t.shape() == shape {
        return Ok(());
    }
    let rule = format!("{op}: the {what} has shape {:?}, and must have {shape:?}", t.shape());
    Err(Error::Use(rule, at))
}

/// Forward mode: a function's value at `x`, and its derivative along `direction`.
///
/// ```
/// use wengert_autograd::jvp;
/// use wengert_tensor::tensor;
///
/// let (y, dy) = jvp(|x| Ok(x.square()), &tensor![1.0_f64, 2.0], &tensor![1.0, 10.0])?;
/// assert_eq!((y, dy), (tensor![1.0, 4.0], tensor![2.0, 40.0]));
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// The errors of the function, or an error if the direction does not have x's shape.
#[track_caller]
pub fn jvp<T: Float>(
    f: impl for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>,
    x: &Tensor<T>,
    direction: &Tensor<T>,
) -> Result<(Tensor<T>, Tensor<T>)> {
    same_shape("jvp", "direction", x.shape(), direction, Location::caller())?;
    let tape = Tape::new();
    let x = tape.var(x.clone());
    let y = f(x)?;
    Ok((y.value()?, tape.push_forward(&[(x, direction.clone())], y)?))
}

/// Reverse mode: a function's value at `x`, and the gradient of x from `cotangent`, a gradient of the result.
///
/// ```
/// use wengert_autograd::vjp;
/// use wengert_tensor::tensor;
///
/// let (_, g) = vjp(|x| Ok(x.square()), &tensor![1.0_f64, 2.0], &tensor![1.0, 10.0])?;
/// assert_eq!(g, tensor![2.0, 40.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// The errors of the function, or an error if the cotangent does not have the result's shape.
#[track_caller]
pub fn vjp<T: Float>(
    f: impl for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>,
    x: &Tensor<T>,
    cotangent: &Tensor<T>,
) -> Result<(Tensor<T>, Tensor<T>)> {
    let tape = Tape::new();
    let x = tape.var(x.clone());
    let y = f(x)?;
    same_shape("vjp", "cotangent", &y.shape(), cotangent, Location::caller())?;
    Ok((y.value()?, y.pull_tensors(&[x], cotangent)?.remove(0)))
}

impl<'t, T: Float> Var<'t, T> {
    /// The gradients of some vars, from `cotangent`, a gradient of this var; zeros for a var on which this one does not depend.
    ///
    /// # Errors
    /// If the cotangent does not have this var's shape, or the tape is spent.
    #[track_caller]
    pub fn pull_tensors(self, of: &[Self], cotangent: &Tensor<T>) -> Result<Vec<Tensor<T>>> {
        self.tape.pull_tensors(&[(self, cotangent)], of)
    }
}

impl<T: Float> Tape<T> {
    /// [`Var::pull_tensors`] from several vars in one sweep: the sums of the gradients from each of them.
    ///
    /// ```
    /// let tape = wengert_autograd::Tape::new();
    /// let x = tape.scalar(2.0_f64);
    /// let g = x.value()?;
    /// let both = tape.pull_tensors(&[(x.square(), &g), (x * 3.0, &g)], &[x])?;
    /// assert_eq!(both[0].item()?, 2.0 * 4.0 + 2.0 * 3.0);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a cotangent does not have the shape of its var, or the tape is spent.
    #[track_caller]
    #[inline(never)]
    pub fn pull_tensors<'t>(
        &'t self,
        from: &[(Var<'t, T>, &Tensor<T>)],
        of: &[Var<'t, T>],
    ) -> Result<Vec<Tensor<T>>> {
        const OP: &str = "pull_tensors";
        let at = Location::caller();
        for (y, cotangent) in from {
            self.check_vars(OP, &[*y], at)?;
            same_shape(OP, "cotangent", &y.shape(), cotangent, at)?;
        }
        self.check_vars(OP, of, at)?;
        let keep: Vec<u32> = of.iter().map(|x| x.index).collect();
        self.ready(OP, at)?;
        let seeds = from.iter().filter(|(y, _)| y.wants_grad());
        let seeds: Vec<_> = seeds.map(|(y, g)| (y.index, (*g).clone())).collect();
        let found = self.sweep(seeds, Keep::These(&keep)).map_err(|error| error.on_line(at))?;
        of.iter()
            .map(|x| match found.get(x.index()).and_then(Option::clone) {
                Some(g) => Ok(g),
                None => Ok(x.value()?.zeros_like()),
            })
            .collect()
    }
}

/// The Jacobian of a function at `x`: `[result's shape…, x's shape…]`, with one reverse sweep per row.
///
/// ```
/// use wengert_autograd::jacobian;
/// use wengert_tensor::tensor;
///
/// let j = jacobian(|x| Ok(x * x.sum()), &tensor![1.0_f64, 2.0])?;
/// assert_eq!(j, tensor![[4.0, 1.0], [2.0, 5.0]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// The errors of the function.
#[track_caller]
pub fn jacobian<T: Float>(
    f: impl for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>,
    x: &Tensor<T>,
) -> Result<Tensor<T>> {
    let tape = Tape::new();
    let x = tape.var(x.clone());
    rows(f(x)?, x)
}

/// The gradients of each number of y, one below the other.
#[track_caller]
fn rows<'t, T: Float>(y: Var<'t, T>, x: Var<'t, T>) -> Result<Tensor<T>> {
    let mut shape = y.shape().to_vec();
    shape.extend_from_slice(&x.shape());
    let mut rows = Vec::with_capacity(y.len());
    for i in 0..y.len() {
        let mut cotangent = Tensor::zeros(y.shape());
        cotangent.as_mut_slice()[i] = T::ONE;
        rows.extend(y.pull_tensors(&[x], &cotangent)?[0].iter());
    }
    Ok(Tensor::from_vec(rows, shape)?)
}

/// The Hessian of a function with one number as result: `[x's shape…, x's shape…]`.
///
/// ```
/// use wengert_autograd::hessian;
/// use wengert_tensor::tensor;
///
/// let h = hessian(|x| Ok(x.prod()), &tensor![2.0_f64, 3.0])?;
/// assert_eq!(h, tensor![[0.0, 1.0], [1.0, 0.0]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// The errors of the function, or an error if its result is not a single number.
#[track_caller]
pub fn hessian<T: Float>(
    f: impl for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>,
    x: &Tensor<T>,
) -> Result<Tensor<T>> {
    let tape = Tape::new();
    let x = tape.var(x.clone());
    rows(gradient("hessian", f(x)?, x)?, x)
}

/// The gradient of a number, recorded.
#[track_caller]
fn gradient<'t, T: Float>(op: &'static str, y: Var<'t, T>, x: Var<'t, T>) -> Result<Var<'t, T>> {
    let at = Location::caller();
    y.scalar_or_refuse(op, at)?;
    Ok(y.pull_back(op, &[x], None, at)?.remove(0))
}

/// The Hessian times a vector, without the Hessian: one sweep over a recorded sweep.
///
/// ```
/// use wengert_autograd::hvp;
/// use wengert_tensor::tensor;
///
/// // f = x³y, whose Hessian at (2, 3) is [[6xy, 3x²], [3x², 0]] = [[36, 12], [12, 0]].
/// let (at, v) = (tensor![2.0_f64, 3.0], tensor![1.0, 10.0]);
/// let hv = hvp(|x| x.powf(3.0).select(0, 0)?.try_mul(x.select(0, 1)?), &at, &v)?;
/// assert_eq!(hv, tensor![156.0, 12.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// The errors of the function, or an error if its result is not a single number.
#[track_caller]
pub fn hvp<T: Float>(
    f: impl for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>,
    x: &Tensor<T>,
    v: &Tensor<T>,
) -> Result<Tensor<T>> {
    same_shape("hvp", "vector", x.shape(), v, Location::caller())?;
    let tape = Tape::new();
    let x = tape.var(x.clone());
    let g = gradient("hvp", f(x)?, x)?;
    Ok(g.pull_tensors(&[x], v)?.remove(0))
}

compiled!(f32 f64: { Tape::<T>::push_here, Tape::<T>::pull_tensors });
