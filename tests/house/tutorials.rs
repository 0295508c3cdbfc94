//! What the tutorials teach, as claims that are run: what each method finds, how fast, and where it fails.

#![allow(clippy::unwrap_used)]

use wengert::autograd::hessian;
use wengert::loss;
use wengert::prelude64::*;
use wengert::train::curvature;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The tutorials' line, 3x + 4 and noise, with x from -10 to 10.
fn line() -> (Tensor, Tensor) {
    wengert::data::synth::linear(100, 3.0, 4.0, 0.5, 42).into_parts()
}

/// Minimises a loss of a model's parameters by L-BFGS.
pub(crate) fn minimise(
    model: &impl Parts<f64>,
    loss: impl for<'t> Fn(&'t Tape) -> wengert::autograd::Result<Var<'t>>,
) -> Outcome {
    let mut optimizer = Lbfgs::new(model.parameters(), 1.0).strong_wolfe();
    optimizer = optimizer.tolerance_grad(1e-12).tolerance_change(1e-15);
    for _ in 0..20 {
        optimizer.step(|| {
            let tape = Tape::new();
            model.parameters().iter().for_each(Param::zero_grad);
            let loss = loss(&tape)?;
            loss.backward()?;
            Ok::<_, Box<dyn std::error::Error>>(loss.item()?)
        })?;
    }
    Ok(())
}

fn slope(model: &Linear) -> f64 {
    model.weight.value().item().unwrap()
}

#[test]
fn mini_batches_weighted_by_their_size_give_the_full_gradient() -> Outcome {
    let (x, y) = line();
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let gradient = |x: Tensor, y: &Tensor| -> Result<f64, Box<dyn std::error::Error>> {
        let tape = Tape::new();
        let loss = MseLoss::new().forward(model.call(tape.constant(x))?, y)?;
        Ok(loss.gradients()?.wrt(&model.weight).value()?.item()?)
    };
    let full = gradient(x.clone(), &y)?;
    let data = TensorDataset::new(x, y)?;
    // All, one at a time, and 15 with a short last batch.
    for (batch, steps) in [(100, 1), (1, 100), (15, 7)] {
        let loader = DataLoader::new(&data, batch)?.shuffle(1);
        let mut mean = RunningMean::new();
        for (x, y) in loader.epoch(0) {
            mean.add(gradient(x, &y)?, y.len());
        }
        assert_eq!((loader.batches(), mean.count()), (steps, 100));
        assert!((mean.mean() - full).abs() < 1e-12 * full.abs());
    }
    Ok(())
}

#[test]
fn an_outlier_moves_the_line_of_mse_and_not_that_of_huber() -> Outcome {
    let (x, y) = line();
    let mut spoilt = y.to_vec();
    spoilt[99] += 1000.0;
    let spoilt = Tensor::from_vec(spoilt, [100, 1])?;
    let fitted = |y: &Tensor, huber: bool| -> Result<f64, Box<dyn std::error::Error>> {
        let model = Linear::new(1, 1, &mut Rng::new(0));
        minimise(&model, |tape| {
            let outputs = model.call(tape.constant(x.clone()))?;
            if huber { HuberLoss::new().forward(outputs, y) } else { loss::mse(outputs, y) }
        })?;
        Ok(slope(&model))
    };
    let moved = |huber| {
        Ok::<_, Box<dyn std::error::Error>>(fitted(&spoilt, huber)? / fitted(&y, huber)? - 1.0)
    };
    let (mse, huber) = (moved(false)?, moved(true)?);
    assert!((0.9..1.1).contains(&mse) && huber.abs() < 0.01, "{mse} {huber}");
    Ok(())
}

#[test]
fn the_constant_of_least_absolute_error_is_the_median() -> Outcome {
    let y = tensor![1.0, 2.0, 3.0, 7.0, 100.0];
    let side = |at: f64| -> Result<f64, Box<dyn std::error::Error>> {
        let tape = Tape::new();
        let c = tape.scalar(at);
        Ok(loss::mae(c.expand([5])?, &y)?.gradients()?.wrt(c).value()?.item()?)
    };
    assert!(side(2.999)? < 0.0 && side(3.0)? == 0.0 && side(3.001)? > 0.0);
    Ok(())
}

#[test]
fn logistic_regression_ends_at_the_maximum_likelihood() -> Outcome {
    // Two clouds that overlap: of clouds apart the weights would grow for ever.
    let rng = &mut Rng::new(3);
    let labels =
        Tensor::from((0..200).map(|i| f64::from(i % 2)).collect::<Vec<_>>()).unsqueeze(1)?;
    let x = Tensor::randn([200, 2], rng) + &labels * 1.5;
    let criterion = BceWithLogitsLoss::new();

    let model = Linear::new(2, 1, rng);
    minimise(&model, |tape| criterion.forward(model.call(tape.constant(x.clone()))?, &labels))?;
    let found = model.weight.value().to_vec();

    // Newton's method, with our Hessian.
    let with_one = Tensor::cat(&[x, Tensor::ones([200, 1])], 1)?;
    let mut theta = Tensor::zeros([3]);
    for _ in 0..10 {
        let tape = Tape::new();
        let at = tape.var(theta.clone());
        let logits = tape.constant(with_one.clone()).matmul(at.unsqueeze(1)?)?;
        let g = criterion.forward(logits, &labels)?.gradients()?.wrt(at).value()?;
        let h = hessian(
            |theta| {
                let x = theta.tape().constant(with_one.clone());
                criterion.forward(x.matmul(theta.unsqueeze(1)?)?, &labels)
            },
            &theta,
        )?;
        theta = theta - solve(&h, &g);
    }
    for (a, b) in found.iter().zip(theta.iter()) {
        assert!((a - b).abs() < 1e-6, "{found:?} {theta}");
    }
    Ok(())
}

/// x of a·x = b, by elimination.
fn solve(a: &Tensor, b: &Tensor) -> Tensor {
    let n = b.len();
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            let share = a[j * n + i] / a[i * n + i];
            (0..n).for_each(|k| a[j * n + k] -= share * a[i * n + k]);
            b[j] -= share * b[i];
        }
    }
    Tensor::from((0..n).map(|i| b[i] / a[i * n + i]).collect::<Vec<_>>())
}

/// A linear model of least mean hinge and ½·strength·‖w‖², by gradient descent with a falling rate.
fn support_vector_machine(
    x: &Tensor,
    sides: &Tensor,
    strength: f64,
) -> Result<Linear, Box<dyn std::error::Error>> {
    let model = Linear::new(2, 1, &mut Rng::new(0));
    let mut optimizer = Sgd::new(model.parameters(), 1.0);
    for step in 0..20_000 {
        optimizer.set_learning_rate(1.0 / (strength * (step + 50) as f64));
        let tape = Tape::new();
        optimizer.zero_grad();
        let hinge = loss::hinge(model.call(tape.constant(x.clone()))?, sides)?;
        let objective = hinge + loss::penalty::l2(&tape, &model.parameters(), strength)?;
        objective.backward()?;
        optimizer.step()?;
    }
    Ok(model)
}

#[test]
fn hinge_and_a_penalty_find_the_widest_margin() -> Outcome {
    // The nearest are at x = ±1, so the margin is 2 wide.
    let x = tensor![[1.0, 0.0], [2.0, 1.0], [2.0, -1.0], [-1.0, 0.0], [-2.0, 1.0], [-2.0, -1.0]];
    let sides = tensor![[1.0], [1.0], [1.0], [-1.0], [-1.0], [-1.0]];
    let model = support_vector_machine(&x, &sides, 0.025)?;
    let found = loss::separation(&model.predict(&x)?, &sides, &model.weight.value())?;
    assert!((found.margin - 2.0).abs() < 0.02, "{found}");
    assert_eq!(found.support, [0, 3], "{found}");
    // No slack: all are on their side of the margin.
    assert!(found.slack.iter().all(|slack| *slack < 0.02) && found.is_complete(), "{found}");
    Ok(())
}

#[test]
fn a_soft_margin_gives_slack_to_what_is_on_the_wrong_side() -> Outcome {
    // The six, and one more among the others. By hand: its slack 2 - w/2 falls as w grows with b = w - 1, which keeps the
    // nearest of the others at -1, until the penalty stops it: λw = ½/7. So w = 10/7, b = 3/7, and the slack is 9/7.
    let x = tensor![
        [1.0, 0.0],
        [2.0, 1.0],
        [2.0, -1.0],
        [-1.0, 0.0],
        [-2.0, 1.0],
        [-2.0, -1.0],
        [-0.5, 0.0]
    ];
    let sides = tensor![[1.0], [1.0], [1.0], [-1.0], [-1.0], [-1.0], [1.0]];
    let model = support_vector_machine(&x, &sides, 0.05)?;
    let scores = model.predict(&x)?;
    let found = loss::separation(&scores, &sides, &model.weight.value())?;
    // The slack is the hinge loss of each sample, and is 0 for all but the support vectors.
    let tape = Tape::no_grad();
    let each = HingeLoss::new().reduction(Reduction::None);
    let losses = each.forward(tape.constant(scores), &sides)?.value()?.to_vec();
    assert_eq!(found.slack, losses);
    assert!(!found.is_complete() && found.slack[6] > 1.0, "{found}");
    assert_eq!(found.support, [3, 6], "{found}");
    assert!((found.margin / 1.4 - 1.0).abs() < 0.02, "{found}");
    assert!((found.slack[6] - 9.0 / 7.0).abs() < 0.02, "{found} {:?}", found.slack);
    Ok(())
}

#[test]
fn a_logistic_regression_of_separated_sides_has_no_end() -> Outcome {
    // The norm of the weights and what is said of them, after so many steps.
    let after = |gap: f64, penalty: f64| -> Result<Vec<(f64, bool)>, Box<dyn std::error::Error>> {
        let rng = &mut Rng::new(5);
        let sides = Tensor::from((0..60).map(|i| f64::from(i % 2) * 2.0 - 1.0).collect::<Vec<_>>());
        let sides = sides.unsqueeze(1)?;
        let x = Tensor::randn([60, 2], rng) + &sides * gap;
        let model = Linear::new(2, 1, rng);
        let mut optimizer = Sgd::new(model.parameters(), 0.5);
        let mut found = Vec::new();
        for step in 1..=10_000 {
            let tape = Tape::new();
            optimizer.zero_grad();
            let likelihood = loss::soft_margin(model.call(tape.constant(x.clone()))?, &sides)?;
            let penalty = loss::penalty::l2(&tape, &model.parameters(), penalty)?;
            (likelihood + penalty).backward()?;
            optimizer.step()?;
            if [100, 1000, 10_000].contains(&step) {
                let weight = model.weight.value();
                let seen = loss::separation(&model.predict(&x)?, &sides, &weight)?;
                assert_eq!(seen.to_string().contains("grow without bound"), seen.is_complete());
                found.push((weight.square().sum().sqrt().item()?, seen.is_complete()));
            }
        }
        Ok(found)
    };
    // Separated: the norm grows by about as much for each factor of ten in steps, and that is said.
    let apart = after(3.0, 0.0)?;
    assert!(apart.iter().all(|(_, complete)| *complete), "{apart:?}");
    let growth = [apart[1].0 - apart[0].0, apart[2].0 - apart[1].0];
    assert!(growth.iter().all(|g| *g > 0.5) && growth[1] > 0.7 * growth[0], "{apart:?}");
    // Overlapping sides, or a penalty, have an end.
    for (gap, penalty, complete) in [(0.7, 0.0, false), (3.0, 0.05, true)] {
        let found = after(gap, penalty)?;
        assert!((found[2].0 - found[1].0).abs() < 1e-3 && found[2].1 == complete, "{found:?}");
    }
    Ok(())
}

#[test]
fn weighing_the_rare_class_finds_it() -> Outcome {
    let data = wengert::data::synth::imbalanced(4000, 0.01, 0)?;
    let (train, test) = data.stratified_split(0.5, 0)?;
    let recall = |weighed: bool| -> Result<f64, Box<dyn std::error::Error>> {
        let rng = &mut Rng::new(0);
        let model = Linear::new(train.features().shape()[1], 2, rng);
        let criterion = match weighed {
            true => CrossEntropyLoss::new().weight(train.class_weights()?),
            false => CrossEntropyLoss::new(),
        };
        let mut optimizer = Adam::new(model.parameters(), 0.05);
        let loader = DataLoader::full(&train)?;
        Trainer::new(&model, &criterion, &mut optimizer).fit(&loader, 200)?;
        let scores = model.predict(test.features())?;
        let confusion = metrics::Confusion::of_scores(&scores, test.labels())?;
        Ok(confusion.recall(1).unwrap_or(0.0))
    };
    let (plain, weighed) = (recall(false)?, recall(true)?);
    assert!(weighed > 0.7 && plain < weighed - 0.2, "{plain} {weighed}");
    Ok(())
}

/// How many steps until ½(x² + 1000·y²) is below a millionth, from (1, 1).
fn steps(mut step: impl FnMut(&Param) -> Result<f64, Box<dyn std::error::Error>>) -> usize {
    let w = Param::new(tensor![1.0, 1.0]);
    (0..100_000).find(|_| step(&w).unwrap() < 1e-6).unwrap_or(usize::MAX)
}

fn valley<'t>(tape: &'t Tape, w: &Param) -> wengert::autograd::Result<Var<'t>> {
    tape.param(w).square().try_mul(tensor![0.5, 500.0]).map(Var::sum)
}

#[test]
fn bad_conditioning_is_what_momentum_adam_and_lbfgs_are_for() -> Outcome {
    struct Valley(Param);
    impl Parts<f64> for Valley {
        fn visit(&self, visitor: &mut wengert::nn::Visitor<'_, f64>) {
            visitor.param("w", &self.0);
        }
    }
    impl Module<f64> for Valley {
        fn forward<'t>(&self, x: Var<'t>) -> wengert::autograd::Result<Var<'t>> {
            valley(x.tape(), &self.0)
        }
    }
    let as_it_is = loss::custom(|y: Var<'_>, _: &Tensor| Ok(y));
    let at = Valley(Param::new(tensor![1.0, 1.0]));
    let c = curvature(&at, &as_it_is, &tensor![0.0], &tensor![0.0])?;
    assert!((c.condition() - 1000.0).abs() < 1e-6, "{c}");

    let run = |make: &dyn Fn(&Param) -> Box<dyn Optimizer<f64>>| {
        let mut optimizer = None;
        steps(|w| {
            let optimizer = optimizer.get_or_insert_with(|| make(w));
            let tape = Tape::new();
            optimizer.zero_grad();
            let loss = valley(&tape, w)?;
            loss.backward()?;
            optimizer.step()?;
            Ok(loss.item()?)
        })
    };
    // The best that each can do: rates and momentum by the two curvatures.
    let descent = run(&|w| Box::new(Sgd::new([w.clone()], 2.0 / (c.most + c.least))));
    let (fast, slow) = (c.most.sqrt(), c.least.sqrt());
    let momentum = ((fast - slow) / (fast + slow)).powi(2);
    let rate = 4.0 / (fast + slow).powi(2);
    let heavy = run(&|w| Box::new(Sgd::new([w.clone()], rate).momentum(momentum)));
    let adam = run(&|w| Box::new(Adam::new([w.clone()], 0.1)));
    let mut lbfgs = None;
    let evaluations = std::cell::Cell::new(0);
    steps(|w| {
        let optimizer = lbfgs.get_or_insert_with(|| Lbfgs::new([w.clone()], 1.0).strong_wolfe());
        let closure = || {
            evaluations.set(evaluations.get() + 1);
            let tape = Tape::new();
            w.zero_grad();
            let loss = valley(&tape, w)?;
            loss.backward()?;
            Ok::<_, Box<dyn std::error::Error>>(loss.item()?)
        };
        optimizer.step(closure)?;
        Ok(valley(&Tape::no_grad(), w)?.item()?)
    });
    let lbfgs = evaluations.get();
    let told = format!("descent {descent}, momentum {heavy}, Adam {adam}, L-BFGS {lbfgs}");
    assert!(descent > 10 * heavy && descent > 10 * adam && descent > 100 * lbfgs, "{told}");
    Ok(())
}
