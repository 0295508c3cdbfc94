//! Linear regression as one writes it in NumPy, with gradients by hand; then by the tape, and by least squares. All agree.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::prelude64::*;

/// The results.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) w: f64,
    pub(crate) b: f64,
    pub(crate) loss: f64,
    /// The loss at every hundredth epoch, before that epoch's update, as the tutorial prints it.
    pub(crate) losses: Vec<(usize, f64)>,
    /// w and b without descent: least squares has a formula.
    pub(crate) least_squares: (f64, f64),
    /// The largest distance of the tape's gradients from those by hand.
    pub(crate) apart: f64,
}

pub(crate) fn fit() -> Result<Found, Box<dyn Error>> {
    // Initialise the parameters.
    let rng = &mut Rng::new(42);
    let mut w = Tensor::randn([], rng).item()?;
    let mut b = Tensor::randn([], rng).item()?;

    // Set the learning rate. Above 2/λ = 0.0294, λ being the largest curvature of this loss, descent would diverge.
    let alpha = 0.01;

    // Make the training data.
    let x = Tensor::linspace(-10.0, 10.0, 100);
    let y = 3.0 * &x + 4.0 + Tensor::randn([100], rng) * 0.5;

    // Train the model.
    let (mut losses, mut apart) = (Vec::new(), 0.0_f64);
    for epoch in 0..1000 {
        // The predictions.
        let y_pred = w * &x + b;

        // The loss.
        let loss = (&y - &y_pred).square().mean().item()?;

        // The gradients.
        let dw = -2.0 * ((&y - &y_pred) * &x).mean().item()?;
        let db = -2.0 * (&y - &y_pred).mean().item()?;
        apart = apart.max(by_the_tape(w, b, &x, &y, [dw, db])?);

        // Update the parameters.
        w -= alpha * dw;
        b -= alpha * db;

        if (epoch + 1) % 100 == 0 {
            losses.push((epoch + 1, loss));
        }
    }
    let loss = (&y - (w * &x + b)).square().mean().item()?;

    let (x_mean, y_mean) = (x.mean().item()?, y.mean().item()?);
    let slope = ((&x - x_mean) * (&y - y_mean)).sum() / (&x - x_mean).square().sum();
    let slope = slope.item()?;
    let least_squares = (slope, y_mean - slope * x_mean);
    Ok(Found { w, b, loss, losses, least_squares, apart })
}

/// The distance of the tape's gradients from these.
fn by_the_tape(
    w: f64,
    b: f64,
    x: &Tensor,
    y: &Tensor,
    by_hand: [f64; 2],
) -> Result<f64, Box<dyn Error>> {
    let tape = Tape::new();
    let (w, b) = (tape.scalar(w), tape.scalar(b));
    let loss = (w * x + b - y).square().mean();
    let gradients = loss.gradients()?;
    let [dw, db] = by_hand;
    let apart = |g: f64, by_hand: f64| (g - by_hand).abs() / by_hand.abs().max(1.0);
    Ok(apart(gradients.wrt(w).value()?.item()?, dw)
        .max(apart(gradients.wrt(b).value()?.item()?, db)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let found = fit()?;
    for (epoch, loss) in &found.losses {
        println!("Epoch {epoch}, loss before its update: {loss}");
    }
    println!("w = {:.6}, b = {:.6}, loss {:.4}", found.w, found.b, found.loss);
    println!("least squares: w = {:.6}, b = {:.6}", found.least_squares.0, found.least_squares.1);
    println!("the tape's gradients and those by hand differ by {:.0e} at most", found.apart);
    Ok(())
}
