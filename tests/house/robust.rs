//! Outliers and wrong labels: what each loss makes of them. Rows of `docs/tutorials.md`.

use super::tutorials::minimise;
use wengert::loss;
use wengert::prelude64::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// 200 points of the line 3x + 4 with normal noise of deviation ½, of which this fraction is 30 too high.
fn line(outliers: f64) -> Outcome<(Tensor, Tensor)> {
    let (x, y) = wengert::data::synth::linear(200, 3.0, 4.0, 0.5, 42).into_parts();
    let mut y = y.to_vec();
    let count = (outliers * y.len() as f64).round() as usize;
    // Spread over the whole line, by steps that meet each point once.
    (0..count).for_each(|k| y[(k * 77) % 200] += 30.0);
    Ok((x, Tensor::from_vec(y, [200, 1])?))
}

/// How far the line of least loss is from 3x + 4: the largest difference for x from -10 to 10. The descent starts from the
/// line of least absolute error, since losses that forget outliers have local minima.
fn off(
    outliers: f64,
    criterion: impl for<'t> Fn(Var<'t>, &Tensor) -> wengert::autograd::Result<Var<'t>>,
) -> Outcome<f64> {
    let (x, y) = line(outliers)?;
    let model = Linear::new(1, 1, &mut Rng::new(0));
    minimise(&model, |tape| loss::charbonnier(model.call(tape.constant(x.clone()))?, &y, 0.1))?;
    minimise(&model, |tape| criterion(model.call(tape.constant(x.clone()))?, &y))?;
    let ends = model.predict(&tensor![[-10.0], [10.0]])? - tensor![[-26.0], [34.0]];
    Ok(ends.abs().max()?.item()?)
}

#[test]
fn the_more_a_loss_forgets_the_more_outliers_it_bears() -> Outcome {
    // From the loss that an outlier pulls hardest to those that forget it.
    let at = |outliers: f64| -> Outcome<[f64; 9]> {
        Ok([
            off(outliers, |x, y| loss::mse(x, y))?,
            off(outliers, |x, y| loss::log_cosh(x, y))?,
            off(outliers, |x, y| loss::huber(x, y, 1.0))?,
            off(outliers, |x, y| loss::charbonnier(x, y, 0.5))?,
            off(outliers, |x, y| loss::mae(x, y))?,
            off(outliers, |x, y| loss::cauchy(x, y, 0.5))?,
            off(outliers, |x, y| loss::tukey(x, y, 4.685 * 0.5))?,
            off(outliers, |x, y| loss::general_robust(x, y, -2.0, 0.5))?,
            off(outliers, |x, y| loss::general_robust(x, y, f64::NEG_INFINITY, 1.0))?,
        ])
    };
    let shares = [0.0, 0.1, 0.2, 0.3, 0.4];
    let curve = shares.iter().map(|&share| at(share)).collect::<Outcome<Vec<_>>>()?;
    let told = format!("{curve:.3?}");
    // Without outliers all are close; the mean square is the best, as it should be for normal noise.
    assert!(curve[0].iter().all(|off| *off < 0.2), "{told}");
    for errors in &curve[2..] {
        // The squares break first, then those of a slope that stays, in the order of the pull of a small error.
        let [mse, log_cosh, huber, charbonnier, mae, ..] = *errors;
        assert!(mse > log_cosh && log_cosh > huber && huber > charbonnier, "{told}");
        assert!(charbonnier > mae && mse > 10.0 * charbonnier, "{told}");
        // A slope that falls to 0 bears them all.
        assert!(errors[5..].iter().all(|off| *off < mae.min(0.2)), "{told}");
    }
    for (few, many) in curve.iter().zip(&curve[1..]) {
        assert!((0..5).all(|loss| many[loss] > few[loss]), "{told}");
    }
    Ok(())
}

#[test]
fn the_learned_shape_falls_as_outliers_are_added() -> Outcome {
    let learned = |outliers: f64| -> Outcome<(f64, f64, f64)> {
        let (x, y) = line(outliers)?;
        let model = Linear::new(1, 1, &mut Rng::new(0));
        let criterion = AdaptiveRobustLoss::new();
        let all = (&model, criterion.parameters());
        let mut optimizer = Adam::new(all.parameters(), 0.05);
        for _ in 0..1500 {
            let tape = Tape::new();
            optimizer.zero_grad();
            criterion.forward(model.call(tape.constant(x.clone()))?, &y)?.backward()?;
            optimizer.step()?;
        }
        Ok((criterion.alpha()?, criterion.scale()?, model.weight.value().item()?))
    };
    let shares = [0.0, 0.02, 0.05, 0.1, 0.2];
    let found = shares.iter().map(|&share| learned(share)).collect::<Outcome<Vec<_>>>()?;
    // α from near the normal distribution's 2 to near Cauchy's 0; c stays about the noise, and the line where it is.
    assert!(found[0].0 > 1.0 && found[1].0 < 0.1, "{found:?}");
    assert!(found.windows(2).all(|w| w[1].0 < w[0].0), "{found:?}");
    assert!(found.iter().all(|(_, c, w)| (0.2..0.5).contains(c) && (w - 3.0).abs() < 0.01));
    Ok(())
}

/// A net that can learn 200 wrong labels by heart, trained on them by a loss: the model.
fn trained(
    data: &TensorDataset,
    criterion: &impl for<'t, 'a> Loss<'t, f64, &'a Labels>,
) -> Outcome<Sequential> {
    let rng = &mut Rng::new(0);
    let model = sequential![
        Linear::new(2, 64, rng),
        Tanh,
        Linear::new(64, 64, rng),
        Tanh,
        Linear::new(64, 2, rng)
    ];
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    Trainer::new(&model, criterion, &mut optimizer).fit(&DataLoader::full(data)?, 400)?;
    Ok(model)
}

#[test]
fn wrong_labels_are_forgiven_and_found() -> Outcome {
    let (train, test) = wengert::data::synth::moons(600, 0.1, 1).split(0.5, 1)?;
    // One label in five is wrong.
    let labels = train.labels().to_vec().into_iter().enumerate();
    let labels =
        Labels::from(labels.map(|(i, y)| if i % 5 == 0 { 1 - y } else { y }).collect::<Vec<_>>());
    let spoilt = TensorDataset::new(train.features().clone(), labels.clone())?;
    let accuracy = |model: &Sequential| -> Outcome<f64> {
        Ok(metrics::accuracy(&model.predict(test.features())?, test.labels())?)
    };
    let plain = accuracy(&trained(&spoilt, &CrossEntropyLoss::new())?)?;
    let symmetric = trained(&spoilt, &SymmetricCrossEntropyLoss::new().alpha(0.01))?;
    let general = trained(&spoilt, &GeneralizedCrossEntropyLoss::new().q(0.9))?;
    let (symmetric, of_general) = (accuracy(&symmetric)?, accuracy(&general)?);
    // Plain cross-entropy has learned the wrong labels by heart.
    assert!(
        plain < 0.9 && symmetric > 0.98 && of_general > 0.98,
        "{plain} {symmetric} {of_general}"
    );
    // The 60 that cost the forgiving model most are the 60 that are wrong, but for a few.
    let each = CrossEntropyLoss::new().reduction(Reduction::None);
    let worst = loss::worst_samples(&each, &general.predict(spoilt.features())?, &labels, 60)?;
    let found = worst.iter().filter(|s| s.index % 5 == 0).count();
    assert!(found >= 57, "{found}");
    Ok(())
}
