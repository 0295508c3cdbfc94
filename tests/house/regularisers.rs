//! L2 in the loss, weight decay in the optimiser, and the lasso: where they are the same and where they are not.

use wengert::loss::penalty::Penalty;
use wengert::optim::ProximalStep;
use wengert::prelude64::*;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;
type Make = dyn Fn([Param; 1]) -> Box<dyn Optimizer<f64>>;

const DECAY: f64 = 0.3;

/// The weights of a regression after each of fifty steps, with the penalty in the loss or without.
fn trajectory(make: &Make, penalty: bool) -> Fallible<Vec<Tensor>> {
    let rng = &mut Rng::new(3);
    let (x, y) = (Tensor::randn([20, 4], rng), Tensor::randn([20, 1], rng));
    let w = Param::new(Tensor::randn([1, 4], rng));
    w.set_path("weight");
    let mut optimizer = make([w.clone()]);
    let mut steps = Vec::new();
    for _ in 0..50 {
        let tape = Tape::new();
        optimizer.zero_grad();
        let fit = tape.constant(x.clone()).linear(tape.param(&w), None)?;
        let mut loss = fit.squared_error(&y)?.mean();
        if penalty {
            loss = loss + Penalty::l2(DECAY).on(&tape, std::slice::from_ref(&w))?;
        }
        loss.backward()?;
        optimizer.step()?;
        steps.push(w.value());
    }
    Ok(steps)
}

fn farthest(a: &[Tensor], b: &[Tensor]) -> f64 {
    let apart = |(a, b): (&Tensor, &Tensor)| {
        a.iter().zip(b.iter()).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()))
    };
    a.iter().zip(b).map(apart).fold(0.0, f64::max)
}

#[test]
fn under_gradient_descent_l2_is_weight_decay_and_under_adam_it_is_not() -> Fallible {
    let l2 = |make: &Make| trajectory(make, true);
    let decay = |make: &Make| trajectory(make, false);

    // Gradient descent: one trajectory, with momentum too.
    for momentum in [0.0, 0.9] {
        let apart = farthest(
            &l2(&move |p| Box::new(Sgd::new(p, 0.05).momentum(momentum)))?,
            &decay(&move |p| Box::new(Sgd::new(p, 0.05).momentum(momentum).weight_decay(DECAY)))?,
        );
        assert!(apart < 1e-13, "momentum {momentum}: {apart}");
    }

    // Adam divides the pull of L2 as it divides the gradient, and so does its own `weight_decay`: one trajectory.
    let adam = l2(&|p| Box::new(Adam::new(p, 0.05)))?;
    let coupled = decay(&|p| Box::new(Adam::new(p, 0.05).weight_decay(DECAY)))?;
    assert!(farthest(&adam, &coupled) < 1e-9);
    // AdamW's decay is not divided: another trajectory, that ends at other weights.
    let adamw = decay(&|p| Box::new(AdamW::new(p, 0.05).weight_decay(DECAY)))?;
    assert!(farthest(&adam, &adamw) > 0.1, "{}", farthest(&adam, &adamw));
    // Without any, a third.
    let plain = decay(&|p| Box::new(Adam::new(p, 0.05)))?;
    assert!(farthest(&plain, &adamw) > 0.1 && farthest(&plain, &adam) > 0.1);
    Ok(())
}

/// Ten features of which two count: the lasso finds these, and its others are exactly 0, also in a trainer's loop.
#[test]
fn the_lasso_finds_the_features_that_count() -> Fallible {
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([200, 10], rng);
    let truth = Tensor::from_fn([1, 10], |at| match at[1] {
        2 => 3.0,
        7 => -2.0,
        _ => 0.0,
    });
    let y = x.linear(&truth, None)?.try_add(&Tensor::randn([200, 1], rng).mul_scalar(0.1))?;
    let loader = DataLoader::new(TensorDataset::new(x, y)?, 50)?.shuffle(0);
    let model = Linear::new(10, 1, rng);
    let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.05));
    Trainer::new(&model, &criterion, &mut optimizer)
        .with(ProximalStep::l1(0.2))
        .fit(&loader, 60)?;
    let weight = model.weight.value().to_vec();
    let counts: Vec<usize> = (0..10).filter(|&k| weight[k] != 0.0).collect();
    assert_eq!(counts, [2, 7], "{weight:?}");
    assert!((weight[2] - 2.9).abs() < 0.1 && (weight[7] + 1.9).abs() < 0.1, "{weight:?}");
    Ok(())
}
