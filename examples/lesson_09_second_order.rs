//! Lesson 9: second derivatives: a gradient is recorded too, and can be differentiated.

#![allow(clippy::print_stdout)]

use wengert::autograd::{Result, hessian, hvp};
use wengert::prelude64::{Tape, Tensor, Var, tensor};

/// A valley that bends: Rosenbrock's function, 0 at (1, 1).
fn valley(x: Var<'_>) -> Result<Var<'_>> {
    let (a, b) = (x.select(0, 0)?, x.select(0, 1)?);
    Ok((1.0 - a).square() + (b - a.square()).square() * 100.0)
}

/// The value and the gradient at a point.
fn at(x: &Tensor) -> Result<(f64, Tensor)> {
    let tape = Tape::new();
    let x = tape.var(x.clone());
    let y = valley(x)?;
    Ok((y.item()?, y.gradients()?.wrt(x).value()?))
}

pub(crate) fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut x = tensor![-1.2, 1.0];

    // The whole Hessian, and its product with a vector at the cost of two gradients, without it.
    let h = hessian(valley, &x)?;
    println!("Hessian at the start\n{h:.1}");
    println!("times (1, 2) {:.1}", hvp(valley, &x, &tensor![1.0, 2.0])?);

    // Descent goes to and fro across the valley, and hardly along it. Newton's method divides by the curvature.
    let mut slow = x.clone();
    for _ in 0..1000 {
        slow = &slow - at(&slow)?.1 * 0.001;
    }
    println!("1000 steps of descent: {:.4}, value {:.1e}", slow, at(&slow)?.0);
    for _ in 0..6 {
        let (h, g) = (hessian(valley, &x)?, at(&x)?.1);
        let (a, b, d) = (h.get(&[0, 0])?, h.get(&[0, 1])?, h.get(&[1, 1])?);
        let inverse = tensor![[d, -b], [-b, a]] / (a * d - b * b);
        x = &x - inverse.matmul(&g)?;
    }
    println!("6 steps of Newton: {:.4}, value {:.1e}", x, at(&x)?.0);
    Ok(())
}
