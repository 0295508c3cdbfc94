//! Losses, costs, objectives and metrics, told apart by numbers. Rows of `docs/tutorials.md`.

use wengert::loss;
use wengert::prelude64::*;

use super::errata::slope;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Predictions move towards the targets; parameters move wherever the loss falls, here away from every target.
#[test]
fn predictions_and_not_parameters_move_towards_the_target() -> Outcome {
    // ŷ = w · x with x = -2 and target 6: the best w is -3.
    let w = Param::new(tensor![0.0]);
    let mut optimizer = Sgd::new([w.clone()], 0.05);
    let (mut predictions, mut weights) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let tape = Tape::new();
        optimizer.zero_grad();
        let prediction = tape.param(&w) * -2.0;
        predictions.push(prediction.sum().item()?);
        weights.push(w.value().sum().item()?);
        loss::mse(prediction, tensor![6.0])?.backward()?;
        optimizer.step()?;
    }
    let nearer =
        |numbers: &[f64]| numbers.windows(2).all(|n| (n[1] - 6.0).abs() < (n[0] - 6.0).abs());
    assert!(nearer(&predictions) && !nearer(&weights), "{predictions:?} {weights:?}");
    assert!((weights[19] + 3.0).abs() < 1e-3, "{weights:?}");
    Ok(())
}

/// Loss of a sample, cost of a batch, objective with its penalty: three numbers.
#[test]
fn loss_cost_and_objective_are_three_numbers() -> Outcome {
    let (x, y) = (tensor![1.0, 3.0], tensor![0.0, 0.0]);
    let tape = Tape::new();
    let losses = MseLoss::new().reduction(Reduction::None).forward(tape.var(x.clone()), &y)?;
    assert_eq!(losses.value()?, tensor![1.0, 9.0]);
    let cost = loss::mse(tape.var(x), &y)?;
    assert_eq!(cost.item()?, 5.0);
    let w = Param::new(tensor![2.0, -1.0]);
    let objective = cost + loss::penalty::l2(&tape, &[w], 0.1)?;
    assert_eq!(objective.item()?, 5.0 + 0.1 * 0.5 * 5.0);
    Ok(())
}

/// As many numbers as the forward pass makes, forwards and backwards: the cost of the loss is in proportion to its logits.
#[test]
fn multi_label_cross_entropy_costs_in_proportion_to_its_logits() -> Outcome {
    let elements = |n: usize, labels: usize| -> Result<usize, Box<dyn std::error::Error>> {
        let tape = Tape::new();
        let logits = tape.var(Tensor::zeros([n, labels]));
        loss::bce_with_logits(logits, Tensor::zeros([n, labels]))?;
        Ok(tape.stats().total.bytes)
    };
    let (one, ten) = (elements(100, 20)?, elements(1000, 20)?);
    let ratio = ten as f64 / one as f64;
    assert!((9.0..11.0).contains(&ratio), "{one} {ten}");

    // Without 1/(nm) its size grows with the batch, and the gradient with it.
    let of = |n: usize, reduction: Reduction| {
        let criterion = BceWithLogitsLoss::new().reduction(reduction);
        let y = Tensor::zeros([n, 20]);
        slope(Tensor::zeros([n, 20]), move |x| criterion.forward(x, &y))
    };
    let sizes = |reduction: Reduction| -> Result<[f64; 2], Box<dyn std::error::Error>> {
        Ok([of(100, reduction)?.sum().item()?, of(1000, reduction)?.sum().item()?])
    };
    let ([a, b], [c, d]) = (sizes(Reduction::Sum)?, sizes(Reduction::Mean)?);
    assert!((b / a - 10.0).abs() < 1e-9 && (d / c - 1.0).abs() < 1e-9, "{a} {b} {c} {d}");
    Ok(())
}

/// Binary and multi-class cross-entropy are two losses: of two classes they agree, of three they do not.
#[test]
fn binary_and_multi_class_cross_entropy_are_two_losses() -> Outcome {
    let tape = Tape::new();
    let binary = loss::bce_with_logits(tape.var(tensor![0.7]), tensor![1.0])?.item()?;
    let two = loss::cross_entropy(tape.var(tensor![[0.0, 0.7]]), &tensor![1_usize])?.item()?;
    assert!((binary - two).abs() < 1e-15, "{binary} {two}");
    let logits = tensor![[0.0, 0.7, 0.2]];
    let three = loss::cross_entropy(tape.var(logits.clone()), &tensor![1_usize])?.item()?;
    let each = loss::bce_with_logits(tape.var(logits), tensor![[0.0, 1.0, 0.0]])?.item()?;
    assert!((three - each).abs() > 0.1, "{three} {each}");
    Ok(())
}

/// Cross-entropy: its slope along a logit is at most 1, its value has no bound, nor has its slope along a probability.
#[test]
fn cross_entropy_is_bounded_in_its_slope_along_logits_alone() -> Outcome {
    for far in [10.0, 100.0, 1000.0] {
        let tape = Tape::new();
        let logits = tape.var(tensor![[0.0, far]]);
        let loss = loss::cross_entropy(logits, &tensor![0_usize])?;
        assert!((loss.item()? - far).abs() < 1e-4, "without a bound");
        let g = loss.gradients()?.wrt(logits).value()?;
        assert!(g.abs().max()?.item()? <= 1.0, "{g}");
    }
    for small in [1e-2, 1e-4, 1e-6] {
        let g = slope(tensor![small], |p| Ok(p.ln().neg().sum()))?;
        assert!((g.sum().item()? * small + 1.0).abs() < 1e-12, "-1/p: {g}");
    }
    Ok(())
}

/// Accuracy is no objective: it has no slope, and a better model can have the same.
#[test]
fn accuracy_is_a_metric_and_has_no_slope() -> Outcome {
    let labels = tensor![0_usize, 1];
    let (unsure, sure) = (tensor![[0.6, 0.4], [0.4, 0.6]], tensor![[9.0, 0.0], [0.0, 9.0]]);
    assert_eq!(metrics::accuracy(&unsure, &labels)?, metrics::accuracy(&sure, &labels)?);
    let moved = unsure.add_scalar(1e-3);
    assert_eq!(metrics::accuracy(&moved, &labels)?, metrics::accuracy(&unsure, &labels)?);
    let tape = Tape::new();
    let of = |x: &Tensor| loss::cross_entropy(tape.var(x.clone()), &labels)?.item();
    assert!(of(&sure)? < 0.01 * of(&unsure)?);
    Ok(())
}

/// The choice of the loss does not prevent overfitting: the same network overfits the same noise with either loss.
#[test]
fn the_choice_of_the_loss_does_not_prevent_overfitting() -> Outcome {
    let rng = &mut Rng::new(3);
    let x = Tensor::randn([24, 10], rng);
    let y: Tensor = Tensor::randn([24, 1], rng); // noise: there is nothing to learn
    let (test_x, test_y) = (Tensor::randn([24, 10], rng), Tensor::randn([24, 1], rng));
    let apart = |p: &Tensor, y: &Tensor| -> Result<f64, Box<dyn std::error::Error>> {
        Ok((p - y).abs().mean().item()?)
    };
    for squared in [true, false] {
        let rng = &mut Rng::new(4);
        let model = sequential![Linear::new(10, 64, rng), Tanh, Linear::new(64, 1, rng)];
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        for _ in 0..400 {
            let tape = Tape::new();
            optimizer.zero_grad();
            let p = model.forward(tape.constant(x.clone()))?;
            let loss = if squared { loss::mse(p, &y)? } else { loss::mae(p, &y)? };
            loss.backward()?;
            optimizer.step()?;
        }
        let train = apart(&model.predict(&x)?, &y)?;
        let test = apart(&model.predict(&test_x)?, &test_y)?;
        assert!(train < 0.3 && test > 0.6, "{squared}: {train} {test}");
    }
    Ok(())
}

/// A Laplace likelihood is absolute error, as a normal one is squared error.
#[test]
fn a_laplace_likelihood_is_absolute_error() -> Outcome {
    let (x, y) = (tensor![0.5, -1.0, 2.0], tensor![1.0, 0.0, 1.5]);
    // -ln (1/2b) e^(-|x - y|/b), with b = 1, over the samples.
    let laplace = slope(x.clone(), |x| Ok((x - &y).abs().mean() + 2.0_f64.ln()))?;
    assert_eq!(laplace, slope(x, |x| loss::mae(x, &y))?);
    Ok(())
}

/// The loss of a step was computed before its update: evaluated again with the new weights it is smaller.
#[test]
fn the_loss_of_a_step_is_that_before_its_update() -> Outcome {
    let run = |seed: u64| -> Result<(Vec<f64>, Vec<f64>), Box<dyn std::error::Error>> {
        let (x, y) = (Tensor::randn([16, 3], &mut Rng::new(0)), Tensor::ones([16, 1]));
        let model = Linear::new(3, 1, &mut Rng::new(seed));
        let mut optimizer = Sgd::new(model.parameters(), 0.1);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let tape = Tape::new();
            optimizer.zero_grad();
            let loss = loss::mse(model.forward(tape.constant(x.clone()))?, &y)?;
            before.push(loss.item()?);
            loss.backward()?;
            optimizer.step()?;
            after.push((model.predict(&x)? - &y).square().mean().item()?);
        }
        Ok((before, after))
    };
    let (before, after) = run(0)?;
    for step in 0..5 {
        assert!(after[step] < before[step], "{before:?} {after:?}");
        if step < 4 {
            assert!((after[step] - before[step + 1]).abs() < 1e-15, "the next step's loss");
        }
    }
    // And without a seed two runs cannot be compared: another seed is another run, the same seed the same.
    assert_eq!(run(0)?, run(0)?);
    assert_ne!(run(0)?.0, run(1)?.0);
    Ok(())
}

/// A random walk: a straight line through the past predicts worse than the last value, in the order of time.
#[test]
fn the_last_value_predicts_a_random_walk_better_than_a_line() -> Outcome {
    let (mut line, mut last, count) = (0.0, 0.0, 50);
    for seed in 0..count {
        let walk = Tensor::randn([200], &mut Rng::new(seed)).cumsum(0)?;
        let (past, future) = (walk.narrow(0, 0, 150)?, walk.narrow(0, 150, 50)?);
        // Least squares of the past on time, centred.
        let time = |from: f64, n: usize| Tensor::from_fn([n], |at| from + at[0] as f64 - 74.5);
        let t = time(0.0, 150);
        let slope = ((&t * &past).sum() / t.square().sum()).item()?;
        let fitted = time(150.0, 50).mul_scalar(slope).add_scalar(past.mean().item()?);
        line += (fitted - &future).abs().mean().item()?;
        last += future.add_scalar(-past.get(&[149])?).abs().mean().item()?;
    }
    assert!(last < 0.7 * line, "{last} {line}");
    Ok(())
}
