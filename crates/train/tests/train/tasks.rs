//! Several losses of one model: two regressions whose targets differ by a factor of 1000, and what each rule makes of them.

use wengert_autograd::{Result as Recorded, Tape, Var};
use wengert_data::{DataLoader, TensorDataset};
use wengert_loss::mse;
use wengert_nn::{Linear, Module, Parts, Sequential, Tanh, parts, sequential};
use wengert_optim::{Adam, Optimizer};
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::{Checkpoint, MultiTask, Trainer};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A trunk that both tasks share, and a head for each.
struct Two {
    trunk: Sequential<f64>,
    near: Linear<f64>,
    far: Linear<f64>,
}
parts!(Two as f64 { trunk, near, far });

impl Two {
    fn new(seed: u64) -> Self {
        let rng = &mut Rng::new(seed);
        let trunk = sequential![Linear::new(1, 24, rng), Tanh];
        Self { trunk, near: Linear::new(24, 1, rng), far: Linear::new(24, 1, rng) }
    }

    /// The loss of each task.
    fn losses<'t>(&self, tape: &'t Tape<f64>, data: &Data) -> Recorded<[Var<'t, f64>; 2]> {
        let h = self.trunk.call(tape.constant(data.x.clone()))?;
        Ok([mse(self.near.call(h)?, &data.near)?, mse(self.far.call(h)?, &data.far)?])
    }
}

/// 0.03·sin 2x, and 30·cos 2x, with noise of a tenth of their scale: 1 to 1000.
struct Data {
    x: Tensor<f64>,
    near: Tensor<f64>,
    far: Tensor<f64>,
}

impl Data {
    fn new() -> Self {
        let rng = &mut Rng::new(7);
        let x = Tensor::uniform([64, 1], -1.5, 1.5, rng).unwrap();
        let near = (x.map(|x: f64| (2.0 * x).sin()) + Tensor::randn([64, 1], rng) * 0.1) * 0.03;
        let far = (x.map(|x: f64| (2.0 * x).cos()) + Tensor::randn([64, 1], rng) * 0.1) * 30.0;
        Self { x, near, far }
    }
}

const STEPS: usize = 4000;

/// The loss of each task after training by these weights of their sum.
fn reached(tasks: impl Fn(&Two) -> MultiTask<f64>) -> Outcome<[f64; 2]> {
    let (data, model) = (Data::new(), Two::new(0));
    let tasks = tasks(&model);
    let all = (&model, &tasks);
    let mut optimizer = Adam::new(all.parameters(), 0.02);
    for step in 0..STEPS {
        optimizer.set_learning_rate(0.03 * (1.0 - step as f64 / STEPS as f64));
        let tape = Tape::new();
        optimizer.zero_grad();
        tasks.combine(&model.losses(&tape, &data)?)?.backward()?;
        optimizer.step()?;
    }
    let tape = Tape::no_grad();
    let losses = model.losses(&tape, &data)?;
    Ok([losses[0].item()?, losses[1].item()?])
}

#[test]
fn scales_of_1_and_1000_are_both_learned() -> Outcome {
    let names = ["near", "far"];
    let fixed = |near: f64, far: f64| reached(|_| MultiTask::fixed([("near", near), ("far", far)]));
    let (near, far) = (fixed(1.0, 0.0)?[0], fixed(0.0, 1.0)?[1]);
    // The single losses are near the noise: 0.003² and 3².
    assert!(near < 9e-6 && far < 9.0, "{near} {far}");
    let fair = |[a, b]: [f64; 2]| assert!(a < 2.0 * near && b < 2.0 * far, "{a} {b}, {near} {far}");
    fair(fixed(1.0, 1e-6)?);
    fair(reached(|_| MultiTask::uncertainty(names))?);
    fair(reached(|m| MultiTask::grad_norm(names, m.trunk.parameters()))?);
    fair(reached(|_| MultiTask::dwa(names))?);
    // Surgery leaves scales as they are: the larger task is learned, and the smaller one is pulled about.
    let [a, b] = reached(|m| MultiTask::pcgrad(names, m.trunk.parameters()))?;
    assert!(a > 2.0 * near && a < 1e-4 && b < 2.0 * far, "{a} {b}");
    Ok(())
}

/// The gradient of a loss at a model's parameters, one after another.
fn gradient(model: &impl Parts<f64>) -> Vec<f64> {
    model.parameters().iter().flat_map(|p| p.grad().unwrap().to_vec()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn the_report_says_what_each_task_is() -> Outcome {
    let (data, model) = (Data::new(), Two::new(0));
    let tasks = MultiTask::fixed([("near", 2.0), ("far", 0.5)]).watching(model.trunk.parameters());
    assert!(tasks.report().is_none());
    // Each task alone.
    let mut alone = Vec::new();
    for task in 0..2 {
        let tape = Tape::new();
        model.zero_grad();
        model.losses(&tape, &data)?[task].backward()?;
        alone.push(gradient(&model.trunk));
    }
    let tape = Tape::new();
    let losses = model.losses(&tape, &data)?;
    let loss = tasks.combine(&losses)?;
    let values = [losses[0].item()?, losses[1].item()?];
    assert_eq!(loss.item()?, 2.0 * values[0] + 0.5 * values[1]);
    let report = tasks.report().unwrap();
    for (k, (task, g)) in report.tasks.iter().zip(&alone).enumerate() {
        assert_eq!((task.name.as_str(), task.loss), (["near", "far"][k], values[k]));
        assert_eq!(task.weight, [2.0, 0.5][k]);
        let norm = dot(g, g).sqrt();
        assert!((task.gradient_norm.unwrap() / norm - 1.0).abs() < 1e-12, "{report}");
    }
    let lengths = dot(&alone[0], &alone[0]).sqrt() * dot(&alone[1], &alone[1]).sqrt();
    let cosine = dot(&alone[0], &alone[1]) / lengths;
    assert!((report.cosines[0][1] - cosine).abs() < 1e-12, "{report}");
    assert!((report.cosines[1][1] - 1.0).abs() < 1e-12, "{report}");
    assert_eq!(report.step, 0);
    assert!(report.to_string().contains("cosine of near and far: "), "{report}");
    Ok(())
}

#[test]
fn surgery_leaves_no_conflict_at_the_shared_parameters() -> Outcome {
    // Two targets that pull one weight to opposite sides, and a second weight apart.
    let model = Linear::<f64>::from_weights(tensor![[0.0, 0.0]], None)?;
    let tasks = MultiTask::pcgrad(["a", "b"], model.parameters());
    let inputs = [tensor![[1.0, 0.0]], tensor![[-1.0, 1.0]]];
    let tape = Tape::new();
    let each = inputs.map(|x| mse(model.call(tape.constant(x)).unwrap(), tensor![[1.0]]).unwrap());
    tasks.combine(&each)?.backward()?;
    // The gradients are (-2, 0) and (2, -2), which conflict. Without their parts against each other: (-1, -1) and (0, -2).
    let g = model.weight.grad().unwrap();
    assert!(g.allclose(&tensor![[-1.0, -3.0]], 1e-14, 0.0, false)?, "{g}");
    assert!(tasks.report().unwrap().cosines[0][1] < -0.7);
    Ok(())
}

#[test]
fn uncertainty_is_the_likelihood_of_normal_noise() -> Outcome {
    let tasks = MultiTask::<f64>::uncertainty(["a", "b"]);
    let s = &tasks.parameters()[0];
    assert_eq!(s.path(), "log_variances");
    s.set(tensor![0.5, -1.0]);
    let tape = Tape::new();
    let (a, b) = (tape.var(tensor![3.0]).sum(), tape.var(tensor![0.2]).sum());
    let loss = tasks.combine(&[a, b])?;
    let expected = 0.5 * (3.0 * (-0.5_f64).exp() + 0.5 + 0.2 * 1.0_f64.exp() - 1.0);
    assert!((loss.item()? - expected).abs() < 1e-15);
    loss.backward()?;
    // ½(1 - L·e⁻ˢ): 0 where the variance is the loss.
    let g = s.grad().unwrap().to_vec();
    assert!((g[0] - 0.5 * (1.0 - 3.0 * (-0.5_f64).exp())).abs() < 1e-15, "{g:?}");
    let weights = tasks.weights();
    assert!((weights[1] - 0.5 * 1.0_f64.exp()).abs() < 1e-15, "{weights:?}");
    Ok(())
}

#[test]
fn averaging_follows_epochs_and_evaluation_moves_nothing() -> Outcome {
    let tasks = MultiTask::<f64>::dwa(["a", "b"]);
    let step = |a: f64, b: f64| -> Outcome {
        let tape = Tape::new();
        tasks.combine(&[tape.scalar(a), tape.scalar(b)])?;
        Ok(())
    };
    tasks.end_epoch();
    step(4.0, 1.0)?;
    step(2.0, 1.0)?;
    tasks.end_epoch();
    assert_eq!(tasks.weights(), [1.0, 1.0]);
    step(1.5, 1.0)?;
    tasks.end_epoch();
    // 1.5/3 and 1/1, by temperature 2.
    let (a, b) = (0.25_f64.exp(), 0.5_f64.exp());
    let weights = tasks.weights();
    assert!((weights[0] - 2.0 * a / (a + b)).abs() < 1e-15, "{weights:?}");
    let seen = tasks.report();
    let tape = Tape::no_grad();
    let loss = tasks.combine(&[tape.scalar(1.0), tape.scalar(10.0)])?;
    assert_eq!(loss.item()?, weights[0] + 10.0 * weights[1]);
    assert_eq!((tasks.report(), tasks.weights()), (seen, weights));
    Ok(())
}

#[test]
fn one_loss_for_each_task() -> Outcome {
    let tasks = MultiTask::<f64>::dwa(["a", "b"]);
    let tape = Tape::new();
    let error = tasks.combine(&[tape.scalar(1.0)]).unwrap_err().to_string();
    assert!(error.starts_with("combine: 1 losses for the tasks a, b\n"), "{error}");
    assert!(error.contains("tasks.rs"), "{error}");
    assert!(tasks.combine(&[tape.scalar(1.0), tape.var(tensor![1.0, 2.0])]).is_err());
    Ok(())
}

/// Trains for some epochs in a trainer, which goes on from a checkpoint if there is one.
fn in_trainer(
    tasks: impl Fn(&Two) -> MultiTask<f64>,
    epochs: usize,
    from: Option<&Checkpoint<f64>>,
) -> Outcome<(Checkpoint<f64>, f64)> {
    let data = Data::new();
    let both = Tensor::cat(&[data.near, data.far], 1)?;
    let loader = DataLoader::new(TensorDataset::new(data.x, both)?, 16)?.shuffle(3);
    let model = Two::new(0);
    let tasks = tasks(&model);
    let all = (&model, &tasks);
    let mut optimizer = Adam::new(all.parameters(), 0.02);
    let mut trainer =
        Trainer::custom(&all, &mut optimizer, |tape, x: Tensor<f64>, y: &Tensor<f64>| {
            let h = model.trunk.call(tape.constant(x))?;
            let (near, far) = (model.near.call(h)?, model.far.call(h)?);
            let targets = [y.narrow(1, 0, 1)?, y.narrow(1, 1, 1)?];
            let loss = tasks.combine(&[mse(near, &targets[0])?, mse(far, &targets[1])?])?;
            Ok((Var::cat(&[near, far], 1)?, loss))
        })
        .with(&tasks)
        .silent();
    if let Some(from) = from {
        trainer = trainer.resume(from)?;
    }
    let history = trainer.fit(&loader, epochs)?;
    let loss = history.epochs.last().unwrap().train_loss;
    Ok((trainer.checkpoint(), loss))
}

/// The tasks of a model.
type Rule<'a> = &'a dyn Fn(&Two) -> MultiTask<f64>;

#[test]
fn a_trainer_trains_them_and_goes_on_to_the_bit() -> Outcome {
    let rules: [Rule; 5] = [
        &|_| MultiTask::fixed([("near", 1.0), ("far", 1e-6)]),
        &|_| MultiTask::uncertainty(["near", "far"]),
        &|m| MultiTask::grad_norm(["near", "far"], m.trunk.parameters()),
        &|_| MultiTask::dwa(["near", "far"]),
        &|m| MultiTask::pcgrad(["near", "far"], m.trunk.parameters()),
    ];
    for rule in rules {
        let (_, first) = in_trainer(rule, 1, None)?;
        let (whole, last) = in_trainer(rule, 8, None)?;
        assert!(last < first, "{last} {first}");
        let (half, _) = in_trainer(rule, 4, None)?;
        let (resumed, loss) = in_trainer(rule, 4, Some(&half))?;
        assert_eq!(loss, last);
        assert_eq!((&resumed.model, &resumed.optimizer), (&whole.model, &whole.optimizer));
        let state = |c: &Checkpoint<f64>| {
            c.more.iter().find(|(n, _)| n.contains("MultiTask")).map(|(_, s)| s.clone())
        };
        assert!(state(&whole).is_some() && state(&whole) == state(&resumed));
        // Of other tasks it is refused.
        let others = |_: &Two| MultiTask::fixed([("left", 1.0), ("right", 1.0)]);
        assert!(in_trainer(others, 1, Some(&half)).is_err());
    }
    Ok(())
}
