//! Gradients that vanish or explode through depth: what does it, and what cures it. Rows of `docs/tutorials.md`.

use wengert::loss;
use wengert::prelude64::*;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Thirty layers of tanh: the norm of the gradient at the input over that at the output.
fn arrives(gain: f64, residual: bool, normalised: bool) -> Outcome<f64> {
    let rng = &mut Rng::new(0);
    let tape = Tape::new();
    let first = tape.var(Tensor::randn([64, 32], rng));
    let mut h = first;
    for _ in 0..30 {
        let weight = Tensor::randn([32, 32], rng).mul_scalar(gain / 32.0_f64.sqrt());
        let x = h.matmul(&weight)?;
        let x = if normalised { functional::layer_norm(x, &[32], None, None, 1e-5)? } else { x };
        h = if residual { h + x.tanh() } else { x.tanh() };
    }
    let direction = Tensor::randn([64, 32], rng);
    let slopes = h.try_mul(&direction)?.sum().gradients()?;
    let norm = |x| -> Outcome<f64> { Ok(slopes.wrt(x).value()?.norm(2.0)?.item()?) };
    Ok(norm(first)? / norm(h)?)
}

/// Small weights make the gradient vanish through depth; starting values, residual paths and normalisation keep it.
#[test]
fn starting_values_residual_paths_and_normalisation_keep_the_gradient() -> Outcome<()> {
    let small = arrives(0.3, false, false)?;
    assert!(small < 1e-10, "{small}");
    for (cure, ratio) in [
        ("Xavier", arrives(1.0, false, false)?),
        ("residual", arrives(0.3, true, false)?),
        ("normalisation", arrives(0.3, false, true)?),
    ] {
        assert!((1e-3..1e3).contains(&ratio), "{cure}: {ratio}");
    }
    Ok(())
}

/// A gradient that has underflowed to 0: Adam and RMSprop divide 0 by its own size and stay, and a penalty adds its pull to 0.
#[test]
fn adam_and_penalties_come_after_the_gradient() -> Outcome<()> {
    // The gradient is 0 exactly: it has underflowed.
    let step = |mut optimizer: Box<dyn Optimizer<f64>>,
                w: &Param|
     -> Result<f64, Box<dyn std::error::Error>> {
        let before = w.value().sum().item()?;
        w.set_grad(Some(tensor![0.0]));
        optimizer.step()?;
        Ok(w.value().sum().item()? - before)
    };
    let w = Param::new(tensor![0.5]);
    assert_eq!(step(Box::new(Adam::new([w.clone()], 0.1)), &w)?, 0.0);
    assert_eq!(step(Box::new(RmsProp::new([w.clone()], 0.1)), &w)?, 0.0);
    let decayed = step(Box::new(Sgd::new([w.clone()], 0.1).weight_decay(0.1)), &w)?;
    assert!((decayed + 0.1 * 0.1 * 0.5).abs() < 1e-15, "only the pull to 0: {decayed}");
    Ok(())
}

/// An explosion grows by a factor a layer, whatever the loss (here its slope is bounded); better starting values cure it, and
/// clipping bounds the step alone.
#[test]
fn an_explosion_grows_through_depth() -> Outcome<()> {
    let run = |gain: f64| -> Outcome<(f64, Vec<Param>)> {
        let rng = &mut Rng::new(0);
        let scale = gain / 32.0_f64.sqrt();
        let weights: Vec<Param> =
            (0..30).map(|_| Param::new(Tensor::randn([32, 32], rng).mul_scalar(scale))).collect();
        let tape = Tape::new();
        let mut h = tape.constant(Tensor::randn([8, 32], rng));
        for weight in &weights {
            h = h.matmul(tape.param(weight))?;
        }
        let loss = loss::mae(h, Tensor::zeros([8, 32]))?;
        loss.backward()?;
        let first = weights[0].grad().ok_or("no gradient")?.norm(2.0)?.item()?;
        Ok((first, weights))
    };
    let ((right, _), (large, weights)) = (run(1.0)?, run(3.0)?);
    // Of the thirty factors of 3, the first layer's gradient sees twenty-nine.
    let factor = (large / right).powf(1.0 / 29.0);
    assert!((factor - 3.0).abs() < 1e-6, "{factor}");
    clip_grad_norm(&weights, 1.0)?;
    let squares = weights.iter().filter_map(Param::grad).map(|g| g.square().sum().item());
    let norm = squares.sum::<wengert::tensor::Result<f64>>()?.sqrt();
    assert!((norm - 1.0).abs() < 1e-6, "{norm}");
    Ok(())
}
