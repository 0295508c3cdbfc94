//! Distributions and losses with parameters of their own, trained as users train them.

use wengert::autograd::GradCheck;
use wengert::loss::dist::{Likelihood, Mixture, Normal, Poisson};
use wengert::prelude64::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Trains a model by the loss of its prediction.
fn train(
    model: &impl Module<f64>,
    x: &Tensor,
    steps: usize,
    loss: impl for<'t> Fn(Var<'t>) -> wengert::autograd::Result<Var<'t>>,
) -> Outcome {
    let mut optimizer = Adam::new(model.parameters(), 0.02);
    for _ in 0..steps {
        let tape = Tape::new();
        optimizer.zero_grad();
        loss(model.call(tape.constant(x.clone()))?)?.backward()?;
        optimizer.step()?;
    }
    Ok(())
}

#[test]
fn a_predicted_deviation_is_that_of_the_noise() -> Outcome {
    // The noise grows with x: its deviation is e^(x - 1).
    let rng = &mut Rng::new(0);
    let x = Tensor::uniform([2000, 1], -1.0, 1.0, rng)?;
    let noise = Tensor::randn([2000, 1], rng) * (&x - 1.0).exp();
    let y = &x * 2.0 + noise;
    // Mean and logarithm of the deviation, each a line.
    let model = Linear::new(1, 2, rng);
    train(&model, &x, 800, |out| {
        let (mean, log_std) = (out.narrow(1, 0, 1)?, out.narrow(1, 1, 1)?);
        Normal::new(mean, log_std.exp())?.nll(&y)
    })?;
    let (w, b) = (model.weight.value().to_vec(), model.bias.as_ref().unwrap().value().to_vec());
    let found = [w[0], w[1], b[0], b[1]];
    for (found, expected) in found.iter().zip([2.0, 1.0, 0.0, -1.0]) {
        assert!((found - expected).abs() < 0.1, "{w:?} {b:?}");
    }
    Ok(())
}

/// Logits, means and logarithms of deviations of two components, `[N, 2]` each.
fn parts_of(out: Var<'_>) -> wengert::autograd::Result<[Var<'_>; 3]> {
    let parts = out.reshape([out.shape()[0], 3, 2])?;
    Ok([parts.select(1, 0)?, parts.select(1, 1)?, parts.select(1, 2)?])
}

#[test]
fn a_mixture_finds_both_values_where_a_mean_square_predicts_between_them() -> Outcome {
    // The same input leads to about 3 in a third of all cases, and to about -1 in the others.
    let rng = &mut Rng::new(1);
    let noise = Tensor::randn([900, 1], rng) * 0.2;
    let y = Tensor::from_fn([900, 1], |at| if at[0] % 3 == 0 { 3.0 } else { -1.0 }) + noise;
    let x = Tensor::ones([900, 1]);
    let single = Linear::new(1, 1, rng);
    train(&single, &x, 600, |out| wengert::loss::mse(out, &y))?;
    let between = single.predict(&tensor![[1.0]])?.item()?;
    assert!((between - 1.0 / 3.0).abs() < 0.05, "{between}");

    // The two means start apart: two that are alike stay so for long.
    let model = Linear::new(1, 6, rng);
    model.bias.as_ref().unwrap().set(tensor![0.0, 0.0, 1.0, -1.0, 0.0, 0.0]);
    let column = y.squeeze(1)?;
    train(&model, &x, 600, |out| {
        let [logits, means, log_stds] = parts_of(out)?;
        Mixture::new(logits, means, log_stds.exp())?.nll(&column)
    })?;
    let tape = Tape::no_grad();
    let [logits, means, log_stds] = parts_of(model.call(tape.constant(tensor![[1.0]]))?)?;
    let (means, weights) = (means.value()?.to_vec(), logits.softmax(1)?.value()?.to_vec());
    let (high, low) = if means[0] > means[1] { (0, 1) } else { (1, 0) };
    assert!((means[high] - 3.0).abs() < 0.05 && (means[low] + 1.0).abs() < 0.05, "{means:?}");
    assert!((weights[high] - 1.0 / 3.0).abs() < 0.02, "{weights:?}");
    let stds = log_stds.exp().value()?;
    assert!(stds.iter().all(|s| (s - 0.2).abs() < 0.03), "{stds}");
    Ok(())
}

#[test]
fn counts_lead_to_their_rate() -> Outcome {
    // The rate is e^(1 + x/2), and the counts are drawn from it.
    let rng = &mut Rng::new(2);
    let x = Tensor::uniform([2000, 1], -2.0, 2.0, rng)?;
    let tape = Tape::new();
    let counts = Poisson::new(tape.constant(&x * 0.5 + 1.0)).sample(rng)?;
    let model = Linear::new(1, 1, rng);
    train(&model, &x, 600, |out| Poisson::new(out).nll(&counts))?;
    let (w, b) = (model.weight.value().item()?, model.bias.as_ref().unwrap().value().item()?);
    assert!((w - 0.5).abs() < 0.05 && (b - 1.0).abs() < 0.05, "{w} {b}");
    Ok(())
}

#[test]
fn the_parameters_of_a_loss_are_checked_trained_and_saved() -> Outcome {
    let data = wengert::data::synth::linear::<f64>(40, 3.0, 4.0, 0.5, 0);
    let (x, y) = (data.features().clone(), data.targets().clone());
    let criterion = AdaptiveRobustLoss::new();
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let report = GradCheck::new().check_parameters(&criterion.parameters(), |tape| {
        criterion.forward(model.call(tape.constant(x.clone()))?, &y)
    });
    assert!(report.is_right(), "{report}");

    let trained = |epochs: usize, from: Option<&Checkpoint>| -> Outcome<Checkpoint> {
        let criterion = AdaptiveRobustLoss::new();
        let model = Linear::new(1, 1, &mut Rng::new(0));
        let all = (&model, criterion.parameters());
        let mut optimizer = Adam::new(all.parameters(), 0.05);
        let loader = DataLoader::new(&data, 16)?.shuffle(0);
        let mut trainer = Trainer::custom(&all, &mut optimizer, |tape, x: Tensor, y: &Tensor| {
            let prediction = model.call(tape.constant(x))?;
            Ok((prediction, criterion.forward(prediction, y)?))
        })
        .silent();
        if let Some(from) = from {
            trainer = trainer.resume(from)?;
        }
        trainer.fit(&loader, epochs)?;
        let before = (criterion.latent_alpha.value(), criterion.log_scale.value());
        assert!(before.0 != Tensor::scalar(0.0) && before.1 != Tensor::scalar(0.0));
        Ok(trainer.checkpoint())
    };
    let (whole, half) = (trained(6, None)?, trained(3, None)?);
    let resumed = trained(3, Some(&half))?;
    assert_eq!((&resumed.model, &resumed.optimizer), (&whole.model, &whole.optimizer));
    // Weight, bias, and the two of the loss.
    assert_eq!(whole.model.iter().count(), 4);
    Ok(())
}
