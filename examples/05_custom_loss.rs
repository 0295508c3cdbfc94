//! A loss of one's own: a closure of recorded ops, without a line of gradient code, checked and then minimised.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::loss::{custom, same_shape};
use wengert::prelude64::*;

/// The times of deliveries in minutes: most are quick, a few are not.
pub(crate) fn minutes() -> Tensor {
    Tensor::linspace(0.0, 1.0, 101).map(|u| 20.0 + 40.0 * u * u)
}

/// The results.
#[derive(Debug)]
pub(crate) struct Found {
    /// The minutes to promise, if a late delivery costs nine times what an early one does.
    pub(crate) promise: f64,
    /// Whether the loss's gradients passed the check.
    pub(crate) is_right: bool,
}

pub(crate) fn fit() -> Result<Found, Box<dyn Error>> {
    // An error to the one side costs nine times what it costs to the other.
    let criterion = custom(|promised: Var<'_>, took: &Tensor| {
        same_shape("late_delivery", promised, took)?;
        let late = promised.try_sub(took)?.neg();
        Ok((late.relu() * 9.0 + (-late).relu()).mean())
    });

    // Is its gradient right? Compared with differences, away from the kink.
    let took = minutes();
    let report = gradcheck(
        |x| criterion.forward(x[0], &tensor![21.0, 30.0, 58.0]),
        &[tensor![25.0, 26.0, 27.0]],
    );

    let promise = Param::new(Tensor::scalar(took.mean().item()?));
    let mut optimizer = Sgd::new([promise.clone()], 1.0);
    for step in 0..400 {
        // The loss has a kink where it is least: steps must get smaller to come to rest there.
        optimizer.set_learning_rate(4.0 / (1.0 + step as f64 / 10.0));
        let tape = Tape::new();
        optimizer.zero_grad();
        let promised = tape.param(&promise).expand(took.shape())?;
        let loss = criterion.forward(promised, &took)?;
        loss.backward()?;
        optimizer.step()?;
    }
    Ok(Found { promise: promise.value().item()?, is_right: report.is_right() })
}

fn main() -> Result<(), Box<dyn Error>> {
    let found = fit()?;
    println!("gradients right: {}", found.is_right);
    println!("promise {:.1} minutes: nine in ten deliveries take no longer", found.promise);
    println!("(on average they take {:.1})", minutes().mean().item()?);
    Ok(())
}
