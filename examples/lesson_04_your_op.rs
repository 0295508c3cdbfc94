//! Lesson 4: an op of your own, in two ways.

#![allow(clippy::print_stdout)]

use wengert::autograd::{Pointwise, gradcheck};
use wengert::prelude64::*;
use wengert::tensor::pointwise::{ONE, Real};

/// The first way: a function of each element, written once over every kind of number. Run on dual numbers it gives its own
/// derivative, run on vars it records itself: so it has derivatives of every order.
#[derive(Clone, Copy)]
struct Swish;

impl Pointwise for Swish {
    const NAME: &'static str = "swish";

    fn value<R: Real>(self, [x]: [R; 1]) -> R {
        x / (ONE + (-x).exp())
    }
}

/// The second way: an op on whole tensors with a rule of its own, as two closures. The value reverses the order of the numbers;
/// the rule takes the gradient of the result to that of the operand. Reversing is its own way back.
fn reversed(x: Var<'_>) -> wengert::autograd::Result<Var<'_>> {
    x.tape().custom("reversed", &[x], |x| Ok(x[0].flip(0)?), |g, _, _| Ok(vec![Some(g.flip(0)?)]))
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tape = Tape::new();
    let x = tape.var(tensor![-1.0, 0.0, 1.0]);
    let y = x.pointwise(Swish);
    println!("value   {:.4}", y.value()?);
    let slope = y.sum().grad(&[x])?[0];
    println!("slope   {:.4}", slope.value()?);
    println!("second  {:.4}", slope.sum().grad(&[x])?[0].value()?);

    // An op of your own stands on the tape as any other, and is checked as any other: against differences.
    let weights = tensor![1.0, 10.0, 100.0];
    let z = (reversed(x)? * &weights).sum();
    println!("weights, reversed, are the gradient {:.0}", z.gradients()?.wrt(x).value()?);
    let at = [tensor![-1.0, 0.3, 1.0]];
    let report = gradcheck(|x| Ok((reversed(x[0].pointwise(Swish))? * &weights).sum()), &at);
    println!("checked: {}", report.is_right());
    Ok(())
}
