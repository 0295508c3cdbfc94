//! Ops of the user's own: a function of each element, differentiated for them, or an op on tensors with its own rule.

use std::fmt;
use std::sync::Arc;

use wengert_tensor::pointwise::{Dual, Real, Unary};
use wengert_tensor::{Float, Tensor};

use crate::error::Line;
use crate::ops::{Custom, Op, OwnUnary};
use crate::recompute::Segment;
use crate::{Error, Result, Tape, Var};

/// A function of each element, written over any [`Real`]: its derivatives, of every order, are found by dual numbers.
///
/// ```
/// use wengert_autograd::{Pointwise, Tape};
/// use wengert_tensor::pointwise::{ONE, Real};
///
/// #[derive(Clone, Copy)]
/// struct Swish;
/// impl Pointwise for Swish {
///     const NAME: &'static str = "swish";
///     fn value<R: Real>(self, x: R) -> R { x / (ONE + (-x).exp()) }
/// }
///
/// let tape = Tape::new();
/// let x = tape.scalar(0.0_f64);
/// let y = x.pointwise(Swish);
/// let slope = y.grad(&[x])?[0];
/// assert_eq!(slope.item()?, 0.5);
/// assert_eq!(slope.grad(&[x])?[0].item()?, 0.5);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub trait Pointwise: Copy + Send + Sync + 'static {
    /// The name in prints and reports.
    const NAME: &'static str;
    /// Its value at x.
    fn value<R: Real>(self, x: R) -> R;
}

/// A [`Pointwise`] or its first derivative, as the tape holds it.
#[doc(hidden)]
pub trait CustomUnary<T: Float>: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn value(&self, x: &Tensor<T>) -> Tensor<T>;
    /// Its derivative at x.
    fn slope(&self, x: &Tensor<T>) -> Tensor<T>;
    /// Its derivative at x, recorded, so that it can be differentiated again.
    fn recorded_slope<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>>;
}

/// Derivative `order` of a function, up to the second: each of them runs over the elements once.
#[derive(Clone, Copy)]
struct Derivative<F> {
    f: F,
    order: usize,
}

/// The derivative of `value` in the direction of its own variable.
#[inline(always)]
fn derivative<R: Real>(x: R, value: impl Fn(Dual<R>) -> Dual<R>) -> R {
    value(Dual::variable(x)).slope
}

impl<F: Pointwise> Unary for Derivative<F> {
    #[inline(always)]
    fn value<R: Real>(self, x: R) -> R {
        let f = self.f;
        match self.order {
            0 => f.value(x),
            1 => derivative(x, |x| f.value(x)),
            _ => derivative(x, |x| derivative(x, |x| f.value(x))),
        }
    }
    #[inline(always)]
    fn slope<R: Real>(self, x: R, _: R) -> R {
        self.next().value(x)
    }
}

impl<F: Pointwise> Derivative<F> {
    fn next(self) -> Self {
        Self { f: self.f, order: self.order + 1 }
    }
}

impl<F: Pointwise> fmt::Debug for Derivative<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", F::NAME, "'".repeat(self.order))
    }
}

impl<T: Float, F: Pointwise> CustomUnary<T> for Derivative<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }
    fn value(&self, x: &Tensor<T>) -> Tensor<T> {
        x.apply(*self)
    }
    fn slope(&self, x: &Tensor<T>) -> Tensor<T> {
        x.apply(self.next())
    }
    fn recorded_slope<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        match self.order {
            0 => x.apply(OwnUnary(Arc::new(self.next()))),
            // Dual numbers of vars record the formula of the second derivative as functions of the table, and these have
            // derivatives of every order.
            _ => Ok(self.next().value(x)),
        }
    }
}

/// An op on tensors with a rule of its own.
#[doc(hidden)]
pub trait CustomOp<T: Float>: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>>;
    /// The gradient of each operand from `g`; `None` if it gets no gradient.
    fn pull(&self, g: &Tensor<T>, x: &[Tensor<T>], y: &Tensor<T>)
    -> Result<Vec<Option<Tensor<T>>>>;
    fn at(&self) -> Line;
    /// The part of a computation that it runs again, if it is one.
    #[allow(private_interfaces)]
    fn segment(&self) -> Option<&Segment<T>> {
        None
    }
}

type Forward<T> = dyn Fn(&[&Tensor<T>]) -> Result<Tensor<T>> + Send + Sync;
type Pull<T> =
    dyn Fn(&Tensor<T>, &[Tensor<T>], &Tensor<T>) -> Result<Vec<Option<Tensor<T>>>> + Send + Sync;

/// A [`CustomOp`] of two closures.
struct Closures<T> {
    name: &'static str,
    forward: Box<Forward<T>>,
    pull: Box<Pull<T>>,
    at: Line,
}

impl<T> fmt::Debug for Closures<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<T: Float> CustomOp<T> for Closures<T> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        (self.forward)(x)
    }
    fn pull(
        &self,
        g: &Tensor<T>,
        x: &[Tensor<T>],
        y: &Tensor<T>,
    ) -> Result<Vec<Option<Tensor<T>>>> {
        (self.pull)(g, x, y)
    }
    fn at(&self) -> Line {
        self.at
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// A function of your own, of each element; see [`Pointwise`].
    #[track_caller]
    pub fn pointwise<F: Pointwise>(self, f: F) -> Self {
        self.infallible(OwnUnary(Arc::new(Derivative { f, order: 0 })))
    }
}

impl<T: Float> Tape<T> {
    /// An op of your own on tensors: its value, and what an incoming gradient gives each operand, from the gradient, the
    /// operands and the value. It has a first derivative only: a second one is an error that names the op.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0]);
    /// let cube = tape.custom(
    ///     "cube",
    ///     &[x],
    ///     |x| Ok(x[0] * x[0] * x[0]),
    ///     |g, x, _| Ok(vec![Some(g * x[0].square() * 3.0)]),
    /// )?;
    /// assert_eq!(cube.sum().gradients()?.wrt(x).value()?, tensor![3.0, 12.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of `forward`, or an error if an operand is on another tape.
    #[track_caller]
    pub fn custom<'t>(
        &'t self,
        name: &'static str,
        operands: &[Var<'t, T>],
        forward: impl Fn(&[&Tensor<T>]) -> Result<Tensor<T>> + Send + Sync + 'static,
        pull: impl Fn(&Tensor<T>, &[Tensor<T>], &Tensor<T>) -> Result<Vec<Option<Tensor<T>>>>
        + Send
        + Sync
        + 'static,
    ) -> Result<Var<'t, T>> {
        let at = std::panic::Location::caller();
        if operands.iter().any(|x| !std::ptr::eq(x.tape, self)) {
            return Err(Error::OtherTape { op: name, at });
        }
        let indices: Vec<u32> = operands.iter().map(|x| x.index).collect();
        let op = Closures { name, forward: Box::new(forward), pull: Box::new(pull), at };
        self.record(Op::Custom(Custom(Arc::new(op))), &indices)
    }
}

#[cfg(test)]
mod tests {
    use wengert_tensor::pointwise::{C, ONE, Real};
    use wengert_tensor::tensor;

    use crate::{Pointwise, Tape, Var, gradcheck};

    /// x⁷ + e²ˣ + sin x, with a choice that takes the first branch.
    #[derive(Clone, Copy)]
    struct Mixed;
    impl Pointwise for Mixed {
        const NAME: &'static str = "mixed";
        fn value<R: Real>(self, x: R) -> R {
            let sum = x.powc(C(7.0)) + (x * C(2.0)).exp() + x.sin();
            x.when_gt(C(-5.0), sum, x * ONE)
        }
    }

    /// x²: its second derivative is a constant, its third is 0.
    #[derive(Clone, Copy)]
    struct Square;
    impl Pointwise for Square {
        const NAME: &'static str = "square";
        fn value<R: Real>(self, x: R) -> R {
            x * x
        }
    }

    #[test]
    fn a_function_of_ones_own_has_derivatives_of_every_order() {
        let at = [0.3_f64, 1.2];
        let tape = Tape::new();
        let x = tape.var(tensor![0.3_f64, 1.2]);
        let mut y: Var<f64> = x.pointwise(Mixed);
        let mut falling = 1.0;
        for order in 1..=8_i32 {
            y = y.sum().grad(&[x]).unwrap()[0];
            falling *= f64::from(8 - order);
            for (found, x) in y.value().unwrap().iter().zip(at) {
                let power = if order <= 7 { falling * x.powi(7 - order) } else { 0.0 };
                let sine = (x + f64::from(order) * std::f64::consts::FRAC_PI_2).sin();
                let want = power + 2.0_f64.powi(order) * (2.0 * x).exp() + sine;
                assert!(
                    (found - want).abs() < 1e-9 * want.abs(),
                    "{order} at {x}: {found}, {want}"
                );
            }
        }
    }

    /// e^(-x²), whose inner slope is 0 at 0.
    #[derive(Clone, Copy)]
    struct Bump;
    impl Pointwise for Bump {
        const NAME: &'static str = "bump";
        fn value<R: Real>(self, x: R) -> R {
            (-(x * x)).exp()
        }
    }

    /// e^(x³), whose first two inner slopes are 0 at 0.
    #[derive(Clone, Copy)]
    struct Flat;
    impl Pointwise for Flat {
        const NAME: &'static str = "flat";
        fn value<R: Real>(self, x: R) -> R {
            (x * x * x).exp()
        }
    }

    #[test]
    fn an_inner_slope_of_0_loses_no_derivative() {
        fn at_0<'t>(mut y: Var<'t, f64>, x: Var<'t, f64>) -> [f64; 6] {
            [(); 6].map(|()| {
                y = y.grad(&[x]).unwrap()[0];
                y.item().unwrap()
            })
        }
        let tape = Tape::new();
        let x = tape.scalar(0.0_f64);
        // By the series: 1 - x² + x⁴/2 - x⁶/6, and 1 + x³ + x⁶/2.
        assert_eq!(at_0(x.pointwise(Bump), x), [0.0, -2.0, 0.0, 12.0, 0.0, -120.0]);
        assert_eq!(at_0(x.pointwise(Flat), x), [0.0, 0.0, 6.0, 0.0, 0.0, 360.0]);
        let inputs = [tensor![-1.0, 0.0, 2.0]];
        for report in [
            gradcheck(|x| Ok(x[0].pointwise(Bump)), &inputs),
            gradcheck(|x| Ok(x[0].pointwise(Flat)), &inputs),
        ] {
            assert!(report.is_right(), "{report}");
        }
    }

    #[test]
    fn a_derivative_that_is_constant_keeps_the_shape() {
        let tape = Tape::new();
        let x = tape.var(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
        let first = x.pointwise(Square).sum().grad(&[x]).unwrap()[0];
        let second = first.sum().grad(&[x]).unwrap()[0];
        assert_eq!(second.value().unwrap(), tensor![[2.0, 2.0], [2.0, 2.0]]);
        let third = second.sum().grad_or_zero(&[x]).unwrap()[0];
        assert_eq!(third.value().unwrap(), tensor![[0.0, 0.0], [0.0, 0.0]]);
    }
}
