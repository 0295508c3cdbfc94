//! Descent and the closed form of least squares lead to the same weights. A row of `docs/tutorials.md`.

use wengert::loss::penalty::Penalty;
use wengert::prelude64::*;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Full-batch gradient descent on the mean squared error of a linear model, with an L2 penalty.
fn descend(x: &Tensor, y: &Tensor, l2: f64, rate: f64, steps: usize) -> Fallible<Tensor> {
    let w = Param::new(Tensor::zeros([1, x.shape()[1]]));
    let mut optimizer = Sgd::new([w.clone()], rate);
    for _ in 0..steps {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs = tape.constant(x.clone()).linear(tape.param(&w), None)?;
        let cost = outputs.squared_error(y)?.mean();
        let objective = cost + Penalty::l2(l2).on(&tape, std::slice::from_ref(&w))?;
        objective.backward()?;
        optimizer.step()?;
    }
    Ok(w.value().flatten())
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    a.iter().zip(b.iter()).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
}

#[test]
fn descent_leads_to_the_closed_form() -> Fallible {
    // y = 3x + 4 + noise; a column of ones is the intercept.
    let rng = &mut Rng::new(0);
    let x = Tensor::rand([100, 1], rng).mul_scalar(10.0);
    let noise = Tensor::randn([100, 1], rng).mul_scalar(0.5);
    let y = x.mul_scalar(3.0).add_scalar(4.0).try_add(&noise)?;
    let features = Tensor::cat(&[x.clone(), Tensor::ones([100, 1])], 1)?;

    let found = features.lstsq(&y.flatten())?;
    assert!(found.is_unique());
    let descended = descend(&features, &y, 0.0, 0.02, 4000)?;
    assert!(apart(&descended, &found.solution) < 1e-6, "{descended} {found}");
    // The mean of the squares that are left is the variance of the noise.
    assert!((found.residual.item()? / 100.0 - 0.25).abs() < 0.05, "{found}");

    // With an L2 penalty of λ/2·‖w‖² next to a mean over 100 samples: ridge with strength 100·λ/2.
    let ridge = features.ridge(&y.flatten(), 100.0 * 0.3 / 2.0)?;
    let descended = descend(&features, &y, 0.3, 0.02, 4000)?;
    assert!(apart(&descended, &ridge) < 1e-6, "{descended} {ridge}");
    assert!(apart(&ridge, &found.solution) > 0.1);
    Ok(())
}

/// A feature twice: descent keeps the part of its start that no sample sees, and from 0 it finds the shortest solution.
#[test]
fn from_zero_descent_leads_to_the_shortest_of_many_solutions() -> Fallible {
    let rng = &mut Rng::new(1);
    let x = Tensor::randn([30, 2], rng);
    let features = Tensor::cat(&[x.clone(), x.narrow(1, 0, 1)?], 1)?;
    let y = Tensor::randn([30, 1], rng);
    let found = features.lstsq(&y.flatten())?;
    assert_eq!((found.rank, found.is_unique()), (2, false));
    let descended = descend(&features, &y, 0.0, 0.2, 2000)?;
    assert!(apart(&descended, &found.solution) < 1e-6, "{descended} {found}");
    Ok(())
}
