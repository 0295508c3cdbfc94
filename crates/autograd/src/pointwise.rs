//! Functions of the user's own, of the elements of each place: a formula, differentiated by dual numbers.

use std::any::Any;
use std::array::from_fn;
use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use wengert_tensor::pointwise::Pointwise;
use wengert_tensor::{Float, Tensor};

use crate::algebra::Algebra as _;
use crate::ops::Own;
use crate::{Result, Tape, Var};

/// A [`Pointwise`] as the tape holds it.
#[doc(hidden)]
pub trait OwnFunction<T: Float>: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn options(&self) -> Vec<(&'static str, f64)>;
    fn operands(&self) -> usize;
    fn value(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>>;
    /// `g` times its derivative along operand `k`; 0 where `g` is.
    fn pull(&self, k: usize, g: Tensor<T>, x: &[&Tensor<T>]) -> Tensor<T>;
    /// Its derivative along operand `k`, recorded: functions of the table, which have derivatives of every order.
    fn recorded_slope<'t>(&self, k: usize, x: &[Var<'t, T>]) -> Var<'t, T>;
}

#[derive(Clone, Copy)]
struct Formula<F, const N: usize>(F);

impl<F: Pointwise<N>, const N: usize> fmt::Debug for Formula<F, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::NAME)
    }
}

impl<T: Float, F: Pointwise<N>, const N: usize> OwnFunction<T> for Formula<F, N> {
    fn name(&self) -> &'static str {
        F::NAME
    }
    fn options(&self) -> Vec<(&'static str, f64)> {
        self.0.options()
    }
    fn operands(&self) -> usize {
        N
    }
    fn value(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(self.0.apply(from_fn(|k| x[k]))?)
    }
    fn pull(&self, k: usize, g: Tensor<T>, x: &[&Tensor<T>]) -> Tensor<T> {
        self.0.pull(k, g, from_fn(|k| x[k]))
    }
    fn recorded_slope<'t>(&self, k: usize, x: &[Var<'t, T>]) -> Var<'t, T> {
        self.0.slope(k, from_fn(|k| x[k]))
    }
}

/// The formulas that a thread keeps at most.
const KEPT: usize = 16;

thread_local! {
    static FORMULAS: RefCell<Vec<Arc<dyn Any + Send + Sync>>> = RefCell::default();
}

/// A formula on the heap: in the place of one of its kind which no tape holds any more, so that a step like the last asks for no
/// memory.
fn kept<F: Copy + Send + Sync + 'static>(formula: F) -> Arc<F> {
    let again = FORMULAS.try_with(|all| {
        let mut all = all.try_borrow_mut().ok()?;
        for held in all.iter_mut() {
            if let Some(place) = Arc::get_mut(held).and_then(|held| held.downcast_mut()) {
                *place = formula;
                return Arc::clone(held).downcast().ok();
            }
        }
        let new = Arc::new(formula);
        if all.len() < KEPT {
            all.push(new.clone());
        }
        Some(new)
    });
    again.ok().flatten().unwrap_or_else(|| Arc::new(formula))
}

impl<'t, T: Float> Var<'t, T> {
    /// A function of your own, of each element: a [`Pointwise`].
    ///
    /// ```
    /// use wengert_autograd::{Pointwise, Tape};
    /// use wengert_tensor::pointwise::{ONE, Real};
    ///
    /// #[derive(Clone, Copy)]
    /// struct Swish;
    /// impl Pointwise for Swish {
    ///     const NAME: &'static str = "swish";
    ///     fn value<R: Real>(self, [x]: [R; 1]) -> R { x / (ONE + (-x).exp()) }
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
    #[track_caller]
    pub fn pointwise<F: Pointwise>(self, f: F) -> Self {
        self.infallible(Own(kept(Formula(f))))
    }
}

impl<T: Float> Tape<T> {
    /// A function of your own, of the elements of N vars at each place: one line of the tape, one pass over the data. The vars are
    /// broadcast against one another.
    ///
    /// ```
    /// use wengert_autograd::{Pointwise, Tape};
    /// use wengert_tensor::pointwise::{C, Real, ZERO};
    /// use wengert_tensor::tensor;
    ///
    /// /// The pinball loss of a prediction and a target.
    /// #[derive(Clone, Copy)]
    /// struct Pinball(C);
    /// impl Pointwise<2> for Pinball {
    ///     const NAME: &'static str = "pinball";
    ///     fn value<R: Real>(self, [prediction, target]: [R; 2]) -> R {
    ///         let e = target - prediction;
    ///         e.when_gt(ZERO, e * self.0, e * (self.0 - C(1.0)))
    ///     }
    /// }
    ///
    /// let tape = Tape::new();
    /// let (x, y) = (tape.var(tensor![1.0_f64, 5.0]), tape.constant(tensor![2.0, 3.0]));
    /// let loss = tape.pointwise(Pinball(C(0.75)), [x, y])?;
    /// assert_eq!(loss.value()?, tensor![0.75, 0.5]);
    /// assert_eq!(loss.sum().gradients()?.wrt(x).value()?, tensor![-0.75, 0.25]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast, or a var is on another tape.
    #[track_caller]
    pub fn pointwise<'t, F: Pointwise<N>, const N: usize>(
        &'t self,
        f: F,
        x: [Var<'t, T>; N],
    ) -> Result<Var<'t, T>> {
        self.check_vars(F::NAME, &x, Location::caller())?;
        self.record(Own(kept(Formula(f))), &x.map(|x| x.index))
    }
}

/// The reverse rule on vars, which is recorded.
pub(crate) fn pull_recorded<'t, T: Float>(
    op: &dyn OwnFunction<T>,
    k: usize,
    g: Var<'t, T>,
    x: &[Var<'t, T>],
) -> Result<Var<'t, T>> {
    let shape = g.shape();
    let alike: Vec<_> = x
        .iter()
        .map(|x| if x.shape() == shape { Ok(*x) } else { x.expand(&shape) })
        .collect::<Result<_>>()?;
    g.gate(op.recorded_slope(k, &alike))
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
        fn value<R: Real>(self, [x]: [R; 1]) -> R {
            let sum = x.powc(C(7.0)) + (x * C(2.0)).exp() + x.sin();
            x.when_gt(C(-5.0), sum, x * ONE)
        }
    }

    /// x²: its second derivative is a constant, its third is 0.
    #[derive(Clone, Copy)]
    struct Square;
    impl Pointwise for Square {
        const NAME: &'static str = "square";
        fn value<R: Real>(self, [x]: [R; 1]) -> R {
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
        fn value<R: Real>(self, [x]: [R; 1]) -> R {
            (-(x * x)).exp()
        }
    }

    /// e^(x³), whose first two inner slopes are 0 at 0.
    #[derive(Clone, Copy)]
    struct Flat;
    impl Pointwise for Flat {
        const NAME: &'static str = "flat";
        fn value<R: Real>(self, [x]: [R; 1]) -> R {
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

    /// x to a power.
    #[derive(Clone, Copy)]
    struct Power(C);
    impl Pointwise for Power {
        const NAME: &'static str = "power";
        fn options(self) -> Vec<(&'static str, f64)> {
            vec![("of", self.0.0)]
        }
        fn value<R: Real>(self, [x]: [R; 1]) -> R {
            x.powc(self.0)
        }
    }

    #[test]
    fn options_are_printed_and_the_next_step_has_its_own() {
        for of in [2.0, 3.0] {
            let tape = Tape::new();
            let x = tape.scalar(2.0_f64);
            let (y, z) = (x.pointwise(Power(C(of))), x.pointwise(Power(C(4.0))));
            assert_eq!([y.item().unwrap(), z.item().unwrap()], [2.0_f64.powf(of), 16.0]);
            assert!(tape.to_string().contains(&format!("power(%0, of={of})")), "{tape}");
        }
    }
}
