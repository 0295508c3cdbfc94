//! Lesson 3: a gradient by hand, by differences, and by the tape.

#![allow(clippy::print_stdout)]

use wengert::prelude64::*;

/// The mean squared error of the line w·x + b.
fn loss(w: f64, b: f64, x: &Tensor, y: &Tensor) -> Result<f64, Box<dyn std::error::Error>> {
    Ok((w * x + b - y).square().mean().item()?)
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [x, y]: [Tensor; 2] = [tensor![1.0, 2.0, 3.0], tensor![5.0, 9.0, 10.0]];
    let (w, b) = (2.0, 1.0);

    // By hand: the loss is the mean of e², with e = w·x + b - y. Its slope with respect to e is 2e/n; w moves e by x, and b by 1.
    let e = w * &x + b - &y;
    let by_hand = [2.0 * (&e * &x).mean().item()?, 2.0 * e.mean().item()?];
    println!("by hand         {:.6} {:.6}", by_hand[0], by_hand[1]);

    // By differences: one parameter is moved a little to both sides. Two losses for each parameter: too slow for a thousand of
    // them, and good enough to check.
    let h = 1e-5;
    let by_w = (loss(w + h, b, &x, &y)? - loss(w - h, b, &x, &y)?) / (2.0 * h);
    let by_b = (loss(w, b + h, &x, &y)? - loss(w, b - h, &x, &y)?) / (2.0 * h);
    println!("by differences  {by_w:.6} {by_b:.6}");

    // By the tape: the same formula on vars, and one sweep for all parameters.
    let tape = Tape::new();
    let (w, b) = (tape.scalar(w), tape.scalar(b));
    let loss = (w * &x + b - &y).square().mean();
    let gradients = loss.gradients()?;
    let by_tape = [gradients.wrt(w).value()?.item()?, gradients.wrt(b).value()?.item()?];
    println!("by the tape     {:.6} {:.6}", by_tape[0], by_tape[1]);

    // The first and the last agree but for rounding; differences have lost half of the digits.
    let apart = |a: f64, b: f64| (a - b).abs();
    println!("tape and hand agree to 1e-12: {}", apart(by_tape[0], by_hand[0]) < 1e-12);
    println!("differences and hand agree to 1e-6: {}", apart(by_w, by_hand[0]) < 1e-6);
    Ok(())
}
