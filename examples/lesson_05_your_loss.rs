//! Lesson 5: a loss of your own is a closure; nobody writes its gradient.

#![allow(clippy::print_stdout)]

use wengert::loss::{audit, custom, same_shape};
use wengert::prelude64::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Errors in percent of the target, so that small targets count as much as large ones. Shapes are checked: [3] against [3, 1]
    // would broadcast to nine errors, and train something else.
    let relative = custom(|prediction: Var<'_>, target: &Tensor| {
        same_shape("relative", prediction, target)?;
        Ok((prediction.try_sub(target)? / target * 100.0).square().mean())
    });

    // An audit before it is used: is the gradient that of the value, is it finite for large predictions, a mean or a sum?
    let (prediction, target) = (tensor![1.5, 12.0, 90.0], tensor![1.0, 10.0, 100.0]);
    let audit = audit(&relative, &prediction, &target)?;
    println!("gradient right {}, faults {}", audit.gradients.is_right(), audit.faults().len());
    println!("finite for predictions up to {:e}", audit.finite_up_to);
    println!("a mean, so that batches of any size agree: {:?}", audit.batch);
    println!("an outlier pulls without bound: {}", audit.largest_slope.is_none());

    // Used as any other. The best constant under squared error is the mean of the targets; under this loss the small ones pull it
    // to Σ 1/t over Σ 1/t², close to the least.
    let guess = Param::new(tensor![37.0]);
    let mut optimizer = Sgd::new([guess.clone()], 1e-4);
    for _ in 0..50 {
        let tape = Tape::new();
        optimizer.zero_grad();
        let loss = relative.forward(tape.param(&guess).expand([3])?, &target)?;
        loss.backward()?;
        optimizer.step()?;
    }
    let formula = target.recip().sum().item()? / target.recip().square().sum().item()?;
    println!("the mean of the targets {}", target.mean().item()?);
    println!("the best constant {:.3}, by the formula {formula:.3}", guess.value().item()?);
    Ok(())
}
