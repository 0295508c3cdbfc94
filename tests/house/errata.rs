//! What tutorials say that is not so, with the right thing run: the right-hand column of `docs/tutorials.md`.

use wengert::loss;
use wengert::prelude64::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The gradient of a loss at some numbers.
pub(crate) fn slope(
    x: Tensor,
    loss: impl for<'t> Fn(Var<'t>) -> wengert::autograd::Result<Var<'t>>,
) -> Result<Tensor, Box<dyn std::error::Error>> {
    let tape = Tape::new();
    let x = tape.var(x);
    Ok(loss(x)?.gradients()?.wrt(x).value()?)
}

#[test]
fn the_gradient_of_cross_entropy_is_probability_minus_target_over_n() -> Outcome {
    let logits = tensor![[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]];
    let labels = tensor![2_usize, 1];
    let g = slope(logits.clone(), |x| loss::cross_entropy(x, &labels))?;
    let p_minus_y = (logits.softmax(1)? - labels.one_hot::<f64>(3)?) / 2.0;
    assert!(g.allclose(&p_minus_y, 1e-14, 1e-15, false)?, "{g}");

    // Both sums: over samples, and over the classes of each.
    let q = labels.one_hot::<f64>(3)?;
    let both = -(q * logits.log_softmax(1)?).sum() / 2.0;
    let tape = Tape::new();
    let loss = loss::cross_entropy(tape.var(logits), &labels)?;
    assert!((loss.item()? - both.item()?).abs() < 1e-15);
    Ok(())
}

#[test]
fn nothing_flows_into_the_target() -> Outcome {
    let tape = Tape::new();
    let (prediction, target) = (tape.var(tensor![1.0, 2.0]), tape.constant(tensor![0.0, 0.0]));
    let loss = loss::mse(prediction, target)?;
    assert!(prediction.wants_grad() && !target.wants_grad());
    // Both feed the loss.
    let drawn = wengert::viz::tape_mermaid(&tape);
    assert!(drawn.contains("n0 --> n2") && drawn.contains("n1 --> n2"), "{drawn}");
    loss.gradients()?.wrt(prediction).value()?;
    Ok(())
}

#[test]
fn cross_entropy_keeps_its_gradient_where_squared_error_loses_it() -> Outcome {
    // Sure, and wrong.
    let logit = tensor![-20.0];
    let ce = slope(logit.clone(), |x| loss::bce_with_logits(x, tensor![1.0]))?.item()?;
    let mse = slope(logit, |x| loss::mse(x.sigmoid(), tensor![1.0]))?.item()?;
    assert!((ce + 1.0).abs() < 1e-8 && mse.abs() < 1e-7, "{ce} {mse}");
    Ok(())
}

#[test]
fn a_mean_of_batches_means_is_not_that_of_samples() {
    let losses = [1.0, 1.0, 1.0, 1.0, 9.0];
    let mut per_sample = RunningMean::new();
    let mut means = Vec::new();
    for batch in losses.chunks(4) {
        let mean = batch.iter().sum::<f64>() / batch.len() as f64;
        per_sample.add(mean, batch.len());
        means.push(mean);
    }
    assert_eq!(means.iter().sum::<f64>() / means.len() as f64, 5.0);
    assert_eq!(per_sample.take(), 2.6);
}

#[test]
fn mse_is_a_mean() -> Outcome {
    let tape = Tape::new();
    let (one, four) = (tensor![3.0], tensor![3.0, 3.0, 3.0, 3.0]);
    let of_one = loss::mse(tape.var(one), Tensor::zeros([1]))?.item()?;
    let of_four = loss::mse(tape.var(four.clone()), Tensor::zeros([4]))?.item()?;
    let sum = MseLoss::new().reduction(Reduction::Sum);
    assert_eq!((of_one, of_four), (9.0, 9.0));
    assert_eq!(sum.forward(tape.var(four), &Tensor::zeros([4]))?.item()?, 36.0);
    Ok(())
}

#[test]
fn a_probability_of_0_or_1_costs_without_bound_and_logits_do_not_reach_it() -> Outcome {
    let tape = Tape::new();
    let by_hand = (1.0 - tape.scalar(1.0)).ln().neg();
    assert_eq!(by_hand.item()?, f64::INFINITY);
    let logits = loss::bce_with_logits(tape.var(tensor![1000.0]), tensor![0.0])?;
    assert_eq!(logits.item()?, 1000.0);
    Ok(())
}

#[test]
fn the_training_loss_falls_while_the_validation_loss_rises() -> Outcome {
    let (train, test) = wengert::data::synth::moons(240, 0.5, 1).split(0.75, 1)?;
    let (train, test) = (DataLoader::full(train)?, DataLoader::full(test)?);
    let rng = &mut Rng::new(0);
    let model = sequential![
        Linear::new(2, 64, rng),
        Tanh,
        Linear::new(64, 64, rng),
        Tanh,
        Linear::new(64, 2, rng)
    ];
    let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 0.01));
    let history =
        Trainer::new(&model, &criterion, &mut optimizer).validation(&test).fit(&train, 400)?;
    let (best, last) = (history.best().unwrap(), history.epochs.last().unwrap());
    assert!(last.train_loss < 0.5 * best.train_loss, "{best} {last}");
    assert!(last.validation_loss > best.validation_loss.map(|l| 1.5 * l), "{best} {last}");
    Ok(())
}

#[test]
fn a_likelihood_can_be_below_0() -> Outcome {
    let tape = Tape::new();
    let loss = loss::gaussian_nll(tape.var(tensor![1.0]), tensor![1.0], tensor![0.01])?;
    assert!(loss.item()? < -2.0);
    Ok(())
}

#[test]
fn a_large_error_is_a_large_gradient_of_mse_alone() -> Outcome {
    let y = tensor![0.0, 0.0];
    let x = tensor![1000.0, 1.0];
    assert_eq!(slope(x.clone(), |x| loss::mse(x, &y))?.to_vec()[0], 1000.0);
    assert_eq!(slope(x.clone(), |x| loss::mae(x, &y))?.to_vec()[0], 0.5);
    assert_eq!(slope(x, |x| loss::huber(x, &y, 1.0))?.to_vec()[0], 0.5);
    Ok(())
}

#[test]
fn standard_normal_weights_drive_tanh_to_its_ends() -> Outcome {
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([1000, 10], rng);
    let at_an_end = |w: Tensor| -> Result<f64, Box<dyn std::error::Error>> {
        let h = x.matmul(&w)?.tanh().abs();
        Ok(h.map(|h| if h > 0.99 { 1.0 } else { 0.0 }).mean().item()?)
    };
    let normal = at_an_end(Tensor::randn([10, 50], &mut Rng::new(1)))?;
    let xavier = at_an_end(init::xavier_normal([10, 50], 1.0, &mut Rng::new(1))?)?;
    assert!(normal > 0.35 && xavier < 0.01, "{normal} {xavier}");
    Ok(())
}

#[test]
fn likelihoods_of_other_kinds_are_other_losses() -> Outcome {
    let (x, y) = (tensor![0.5, -1.0, 2.0], tensor![1.0, 0.0, 1.0]);
    let gaussian = slope(x.clone(), |x| loss::gaussian_nll(x, &y, Tensor::ones([3])))?;
    let half_mse = slope(x.clone(), |x| Ok(loss::mse(x, &y)? * 0.5))?;
    assert!(gaussian.allclose(&half_mse, 1e-12, 0.0, false)?, "{gaussian} {half_mse}");
    let entropy = slope(x, |x| loss::bce_with_logits(x, &y))?;
    assert!(!entropy.allclose(&half_mse, 0.1, 0.0, false)?, "{entropy}");
    Ok(())
}

#[test]
fn the_rate_of_adagrad_dies_out() -> Outcome {
    let w = Param::new(tensor![0.0]);
    let mut optimizer = Adagrad::new([w.clone()], 0.1);
    let mut moved = Vec::new();
    for _ in 0..10_000 {
        let before = w.value().item()?;
        w.set_grad(Some(tensor![1.0]));
        optimizer.step()?;
        moved.push((w.value().item()? - before).abs());
    }
    // As 1/√t, though the slope stays the same.
    assert!((moved[0] - 0.1).abs() < 1e-9 && (moved[9999] - 0.001).abs() < 1e-9);
    Ok(())
}

#[test]
fn backward_changes_no_parameter() -> Outcome {
    let model = Linear::new(3, 2, &mut Rng::new(0));
    let before = model.state();
    let tape = Tape::new();
    model.call(tape.constant(Tensor::ones([4, 3])))?.square().mean().backward()?;
    assert_eq!(model.state(), before);
    assert!(model.weight.grad().is_some());
    Sgd::new(model.parameters(), 0.1).step()?;
    assert_ne!(model.state(), before);
    Ok(())
}

#[test]
fn the_gradient_says_where_and_the_rate_how_far() -> Outcome {
    let moved = |rate: f64| -> Result<f64, Box<dyn std::error::Error>> {
        let w = Param::new(tensor![1.0]);
        w.set_grad(Some(tensor![2.0]));
        Sgd::new([w.clone()], rate).step()?;
        Ok(w.value().item()? - 1.0)
    };
    assert_eq!((moved(0.25)?, moved(0.5)?), (-0.5, -1.0));
    Ok(())
}
