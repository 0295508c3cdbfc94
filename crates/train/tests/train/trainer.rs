//! A trainer is the loop: the same bits, with and without its company.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert_data::{DataLoader, TensorDataset, metrics, synth};
use wengert_loss::{CrossEntropyLoss, Loss, MseLoss};
use wengert_nn::{BatchNorm1d, Dropout, Linear, Module, Parts, Relu, Sequential};
use wengert_optim::schedule::{CosineAnnealingLr, ExponentialLr, ReduceLrOnPlateau, Schedule};
use wengert_optim::{Adam, Optimizer, Sgd, clip_grad_norm};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{
    Cause, Checkpoint, Companion, EarlyStopping, Error, Result, Step, Trainer, Why, batch_seed,
    evaluate, train_epoch_seeded,
};

type Set = TensorDataset<f32>;

fn net() -> Sequential<f32> {
    let rng = &mut Rng::new(0);
    Sequential::new()
        .with(Linear::new(2, 16, rng))
        .with(Relu)
        .with(Dropout::new(0.1))
        .with(Linear::new(16, 2, rng))
}

fn loaders() -> (DataLoader<Set>, DataLoader<Set>) {
    let (train, test) = synth::moons(110, 0.2, 0).split(0.3, 0).unwrap();
    (DataLoader::new(train, 20).unwrap().shuffle(1), DataLoader::new(test, 20).unwrap())
}

#[test]
fn told_nothing_it_is_train_epoch() {
    let ((train, test), criterion) = (loaders(), CrossEntropyLoss::new());
    let by_hand = net();
    let mut optimizer = Adam::new(by_hand.parameters(), 0.01);
    let mut losses = Vec::new();
    for epoch in 0..6 {
        let loss =
            train_epoch_seeded(&by_hand, &criterion, &mut optimizer, &train, epoch, 9).unwrap();
        losses.push((loss, evaluate(&by_hand, &criterion, &test).unwrap()));
    }

    let model = net();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut seen = 0;
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .validation(&test)
        .each_epoch(|_| seen += 1)
        .silent();
    // In two parts, the second going on where the first ended.
    let (a, b) = (trainer.fit(&train, 4).unwrap(), trainer.fit(&train, 2).unwrap());
    drop(trainer);
    assert_eq!(seen, 6);
    assert_eq!(model.state(), by_hand.state());
    let fitted: Vec<_> = a.epochs.iter().chain(&b.epochs).collect();
    let told: Vec<_> = fitted.iter().map(|e| (e.train_loss, e.validation_loss.unwrap())).collect();
    assert_eq!(told, losses);
    assert_eq!(fitted.iter().map(|e| e.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(fitted.iter().all(|e| e.learning_rate == 0.01 && e.seconds > 0.0));
    assert!(a.stopped.is_none());
}

#[test]
fn schedule_and_clipping_are_those_of_the_five_lines() {
    let ((train, _), criterion) = (loaders(), CrossEntropyLoss::new());
    let steps = 5 * train.batches();
    let schedule = || CosineAnnealingLr::new(0.1, steps).warm_up(3);
    let by_hand = net();
    let mut optimizer = Sgd::new(by_hand.parameters(), 0.1).momentum(0.9);
    let mut step = 0;
    for epoch in 0..5 {
        for (place, (inputs, labels)) in train.epoch(epoch).enumerate() {
            use wengert_loss::Loss;
            use wengert_nn::Module;
            optimizer.set_learning_rate(schedule().rate(step));
            let tape = wengert_autograd::Tape::new().seeded(batch_seed(9, epoch, place));
            optimizer.zero_grad();
            let outputs = by_hand.forward(tape.constant(inputs)).unwrap();
            criterion.forward(outputs, &labels).unwrap().backward().unwrap();
            clip_grad_norm(optimizer.parameters(), 0.2).unwrap();
            optimizer.step().unwrap();
            step += 1;
        }
    }

    let model = net();
    let mut optimizer = Sgd::new(model.parameters(), 0.1).momentum(0.9);
    // Three epochs, a checkpoint, and the last two from it.
    Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .schedule(schedule())
        .clip_norm(0.2)
        .fit(&train, 3)
        .unwrap();
    let checkpoint = Checkpoint::of(&model, &optimizer, 3);
    let resumed = net();
    let mut optimizer = Sgd::new(resumed.parameters(), 0.1).momentum(0.9);
    let done = checkpoint.restore(&resumed, &mut optimizer).unwrap();
    let history = Trainer::new(&resumed, &criterion, &mut optimizer)
        .seed(9)
        .schedule(schedule())
        .clip_norm(0.2)
        .epochs_done(done)
        .fit(&train, 2)
        .unwrap();
    assert_eq!(resumed.state(), by_hand.state());
    assert_eq!(history.epochs[0].number, 4);
    assert_eq!(history.epochs[1].learning_rate, schedule().rate(steps - 1));
}

#[test]
fn rates_by_epoch_and_by_plateau() {
    let ((train, _), criterion) = (loaders(), CrossEntropyLoss::new());
    let model = net();
    let mut optimizer = Sgd::new(model.parameters(), 0.5);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .schedule_by_epoch(ExponentialLr::new(0.5, 0.5))
        .fit(&train, 3)
        .unwrap();
    assert_eq!(history.learning_rates().collect::<Vec<_>>(), [0.5, 0.25, 0.125]);

    // Nothing is better than what is not learnt at all.
    model.parameters().iter().for_each(|p| p.set(p.value() * 0.0));
    let mut optimizer = Sgd::new(model.parameters(), 1e-12);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .plateau(ReduceLrOnPlateau::new(1e-12).patience(1).factor(0.5).eps(0.0))
        .clip_value(0.1)
        .fit(&train, 4)
        .unwrap();
    assert_eq!(history.learning_rates().collect::<Vec<_>>(), [1e-12, 1e-12, 1e-12, 5e-13]);
}

#[test]
fn the_metric_is_per_sample_and_its_error_is_its_own() {
    let ((train, test), criterion) = (loaders(), CrossEntropyLoss::new());
    let model = net();
    let mut optimizer = Adam::new(model.parameters(), 0.02);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .metric("accuracy", metrics::accuracy)
        .validation(&test)
        .fit(&train, 10)
        .unwrap();
    let (x, y) = test.dataset().clone().into_parts();
    use wengert_nn::Module;
    let accuracy = metrics::accuracy(&model.predict(&x).unwrap(), &y).unwrap();
    // 33 samples in batches of 20 and 13: a mean of the batches' means would be another number.
    let told = history.epochs[9].validation_metric.unwrap();
    assert!((told - accuracy).abs() < 1e-12, "{told} {accuracy}");
    assert_eq!(history.train_metrics().count(), 10);
    let table = history.to_string();
    assert!(table.starts_with("epoch      loss   accuracy  val. loss   val. accuracy"), "{table}");
    assert_eq!((table.lines().count(), table.ends_with('\n')), (11, false));

    let error = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .metric("top 5", |scores, labels| metrics::top_k_accuracy(scores, labels, 5))
        .fit(&train, 1)
        .unwrap_err();
    assert!(matches!(error, Error::Data(_)), "{error}");
}

#[test]
fn early_stopping_gives_the_best_weights_however_it_ends() {
    let ((train, test), criterion) = (loaders(), CrossEntropyLoss::new());
    for (patience, epochs) in [(3, 400), (1000, 7)] {
        let model = net();
        let mut optimizer = Adam::new(model.parameters(), 0.1);
        let history = Trainer::new(&model, &criterion, &mut optimizer)
            .seed(9)
            .validation(&test)
            .stopping(EarlyStopping::new().patience(patience))
            .fit(&train, epochs)
            .unwrap();
        let stopped = history.stopped.unwrap();
        let best = history.best().unwrap();
        assert_eq!(stopped.best_epoch, best.number);
        assert_eq!(evaluate(&model, &criterion, &test).unwrap(), best.validation_loss.unwrap());
        let why = if patience == 3 { Why::NoImprovement(3) } else { Why::Epochs(7) };
        assert_eq!((stopped.why, stopped.epoch), (why, history.epochs.len()));
        assert!(history.to_string().contains("stopped after epoch"), "{history}");
    }
}

#[test]
fn a_layer_that_is_not_named_is_found_before_it_is_not_trained() {
    struct Two(Linear<f32>, Linear<f32>);
    impl Parts<f32> for Two {
        fn visit(&self, visitor: &mut wengert_nn::Visitor<'_, f32>) {
            visitor.module("first", &self.0);
        }
    }
    impl wengert_nn::Module<f32> for Two {
        fn forward<'t>(
            &self,
            x: wengert_autograd::Var<'t, f32>,
        ) -> wengert_autograd::Result<wengert_autograd::Var<'t, f32>> {
            self.1.forward(self.0.forward(x)?)
        }
    }
    let (rng, (train, _)) = (&mut Rng::new(0), loaders());
    let model = Two(Linear::new(2, 4, rng), Linear::new(4, 2, rng));
    let (criterion, before) = (CrossEntropyLoss::new(), model.state());
    let mut optimizer = Adam::new(model.parameters(), 0.1);
    let error = Trainer::new(&model, &criterion, &mut optimizer).fit(&train, 1).unwrap_err();
    assert!(error.to_string().contains("used, but not named"), "{error}");
    assert_eq!(model.state(), before);
}

#[test]
fn gradient_descent_stops_where_it_is_flat() {
    let line = DataLoader::full(synth::linear::<f64>(100, 3.0, 4.0, 0.5, 0)).unwrap();
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.02));
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .stopping(EarlyStopping::new().grad_norm_below(1e-6))
        .fit(&line, 10_000)
        .unwrap();
    let stopped = history.stopped.unwrap();
    assert!(stopped.why == Why::GradNormBelow(1e-6) && stopped.epoch < 1000, "{stopped}");
    assert!((model.weight.value().item().unwrap() - 3.0).abs() < 0.05);
}

#[test]
fn a_loss_that_is_no_number_is_an_error_or_the_best_weights() {
    let (train, criterion) = (loaders().0, CrossEntropyLoss::new());
    let model = Linear::new(2, 2, &mut Rng::new(0));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    model.weight.set(Tensor::full([2, 2], f32::INFINITY));
    let error = Trainer::new(&model, &criterion, &mut optimizer).fit(&train, 3).unwrap_err();
    assert!(matches!(error, Error::NotFinite { epoch: 1, .. }), "{error}");

    let model = Linear::new(2, 2, &mut Rng::new(0));
    let first = model.state();
    let mut optimizer = Sgd::new(model.parameters(), 0.0);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .schedule_by_epoch(|epoch| if epoch == 0 { 0.0 } else { 1e38 })
        .stopping(EarlyStopping::new())
        .fit(&train, 3)
        .unwrap();
    assert_eq!(history.stopped.unwrap().why, Why::NotFinite);
    assert_eq!(model.state(), first);
}

#[test]
fn the_seed_of_a_trainer_decides_its_masks() {
    let ((train, _), criterion) = (loaders(), CrossEntropyLoss::new());
    let run = |seed: u64| {
        let model = net();
        let mut optimizer = Sgd::new(model.parameters(), 0.1);
        let trained = Trainer::new(&model, &criterion, &mut optimizer).seed(seed).fit(&train, 1);
        (trained.unwrap().epochs[0].train_loss, model.state())
    };
    // Without a seed it says where to give one.
    let model = net();
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let error = Trainer::new(&model, &criterion, &mut optimizer).fit(&train, 1).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("`.seed(") && text.contains("tests/train/trainer.rs:"), "{text}");
    assert_eq!(format!("{error:?}"), text);

    let [one, again, two] = [run(1), run(1), run(2)];
    assert!(one == again && one.0 != two.0 && one.1 != two.1);
    let seeds: std::collections::HashSet<u64> = (0..8)
        .flat_map(|seed| (0..8).flat_map(move |e| (0..8).map(move |b| batch_seed(seed, e, b))))
        .collect();
    assert_eq!(seeds.len(), 512);
}

#[test]
fn what_is_not_finite_in_the_data_is_blamed_before_the_learning_rate() {
    let criterion = MseLoss::new();
    let (x, y) = synth::linear::<f32>(40, 3.0, 4.0, 0.5, 0).into_parts();
    let with = |t: &Tensor<f32>, bad: f32| {
        Tensor::from_fn([40, 1], |i| if i[0] == 27 { bad } else { t.get(&[i[0], 0]).unwrap() })
    };
    let set = |x: Tensor<f32>, y: Tensor<f32>| TensorDataset::new(x, y).unwrap();
    let good = DataLoader::new(set(x.clone(), y.clone()), 20).unwrap();
    let x_bad = DataLoader::new(set(with(&x, f32::NAN), y.clone()), 20).unwrap();
    let y_bad = DataLoader::new(set(x.clone(), with(&y, f32::INFINITY)), 20).unwrap();
    let fit = |train: &DataLoader<Set2>, test: &DataLoader<Set2>, rate: f64, weight: f32| {
        let model = Linear::new(1, 1, &mut Rng::new(0));
        model.weight.set(Tensor::full([1, 1], weight));
        let mut optimizer = Sgd::new(model.parameters(), rate);
        let error = Trainer::new(&model, &criterion, &mut optimizer)
            .validation(test)
            .stopping(EarlyStopping::new())
            .fit(train, 50)
            .map(|history| history.stopped.unwrap().why);
        if let Err(error) = &error {
            let text = error.to_string();
            assert!(text.contains("at crates/train/tests/train/trainer.rs:"), "{text}");
        }
        error
    };
    match fit(&x_bad, &good, 0.01, 1.0).unwrap_err() {
        Error::NotFinite { epoch: 1, batch: 2, cause: Cause::Input { sample: 7, .. }, .. } => {}
        error => panic!("{error}"),
    }
    let error = fit(&y_bad, &good, 0.01, 1.0).unwrap_err();
    assert!(error.to_string().contains("the target of sample 7 of the batch"), "{error}");
    assert!(!error.to_string().contains("learning rate"), "{error}");
    match fit(&good, &x_bad, 0.01, 1.0).unwrap_err() {
        Error::Validation { cause: Cause::Input { .. }, .. } => {}
        error => panic!("{error}"),
    }
    match fit(&good, &good, 0.01, f32::NAN).unwrap_err() {
        Error::NotFinite { cause: Cause::Parameter { name, .. }, .. } => assert_eq!(name, "weight"),
        error => panic!("{error}"),
    }
    // It diverges in a later epoch, and goes back to the best weights.
    assert_eq!(fit(&good, &good, 1.0, 1.0).unwrap(), Why::NotFinite);
}

type Set2 = TensorDataset<f32, f32>;

#[test]
fn epochs_are_numbered_alike_after_a_restart() {
    let ((train, _), criterion) = (loaders(), CrossEntropyLoss::new());
    let model = net();
    let mut optimizer = Sgd::new(model.parameters(), 0.0);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(9)
        .stopping(EarlyStopping::new().patience(2).min_delta(10.0))
        .epochs_done(5)
        .fit(&train, 5)
        .unwrap();
    let stopped = history.stopped.unwrap();
    assert_eq!(history.epochs[0].number, 6);
    assert_eq!(stopped.epoch, history.epochs.last().unwrap().number);
    assert!(stopped.best_epoch >= 6, "{stopped}");
}

#[test]
fn errors_of_the_loop_name_the_line_that_asked_for_it() {
    let ((train, test), criterion) = (loaders(), CrossEntropyLoss::new());
    let wrong = Linear::<f32>::new(3, 2, &mut Rng::new(0));
    let mut optimizer = Sgd::new(wrong.parameters(), 0.1);
    let trained = train_epoch_seeded(&wrong, &criterion, &mut optimizer, &train, 0, 0);
    let fitted = Trainer::new(&wrong, &criterion, &mut optimizer).fit(&train, 1).map(|_| 0.0);
    let evaluated = evaluate(&wrong, &criterion, &test);
    let right = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    let mut negative = Sgd::new(right.parameters(), 0.1).allow_unused();
    right.parameters().iter().for_each(|p| p.set_frozen(true));
    right.weight.set_frozen(false);
    let mut other = Sgd::new(wrong.parameters(), 0.1);
    let stepped = Trainer::new(&right, &criterion, &mut other).fit(&train, 1).map(|_| 0.0);
    for result in [trained, fitted, evaluated, stepped] {
        let text = result.unwrap_err().to_string();
        assert!(text.contains("at crates/train/tests/train/trainer.rs:"), "{text}");
    }
    assert!(Trainer::new(&right, &criterion, &mut negative).fit(&train, 1).is_ok());
}

/// The ways in which a batch comes to no step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fails {
    Never,
    NotFinite,
    InThePass,
    ByAPanic,
    InTheMetric,
    BeforeTheStep,
    InTheStep,
}

/// Refuses one batch before its step.
struct Refuses<'a>(Fails, &'a Cell<bool>);

impl Companion<f32> for Refuses<'_> {
    fn before_step(&mut self, _: &mut Step<'_, f32>) -> Result<()> {
        if self.0 == Fails::BeforeTheStep && self.1.take() {
            return Err(wengert_autograd::Error::from(bad_shape()).into());
        }
        Ok(())
    }
}

fn bad_shape() -> wengert_tensor::Error {
    Tensor::<f32>::zeros([2]).matmul(&Tensor::zeros([3])).unwrap_err()
}

/// A batch that comes to no step changes neither running statistics nor metrics, and training goes on with it as if nothing had been.
#[test]
fn a_batch_without_a_step_changes_nothing() {
    let mut x = Tensor::<f32>::randn([40, 2], &mut Rng::new(5));
    x.set(&[20, 0], 7.5).unwrap();
    let data = TensorDataset::new(x, Tensor::from_fn([40], |i| i[0] % 2)).unwrap();
    let (loader, criterion) = (DataLoader::new(data, 10).unwrap(), CrossEntropyLoss::new());
    let run = |fails: Fails| {
        let rng = &mut Rng::new(0);
        let model = Sequential::new()
            .with(Linear::new(2, 8, rng))
            .with(BatchNorm1d::new(8))
            .with(Linear::new(8, 2, rng));
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        // Set while the third batch is on its way for the first time.
        let (on_its_way, met) = (Cell::new(false), Cell::new(false));
        let mut trainer =
            Trainer::custom(&model, &mut optimizer, |tape, x: Tensor<f32>, y: &Tensor<usize>| {
                if tape.is_recording() && x.iter().any(|x| x == 7.5) {
                    on_its_way.set(!met.replace(true));
                }
                let x =
                    if fails == Fails::NotFinite && on_its_way.take() { &x * f32::NAN } else { x };
                let prediction = model.call(tape.constant(x))?;
                let mut loss = criterion.forward(prediction, y)?;
                if fails == Fails::InThePass && on_its_way.take() {
                    return Err(bad_shape().into());
                }
                assert!(fails != Fails::ByAPanic || !on_its_way.take(), "a pass of one's own");
                if fails == Fails::InTheStep && on_its_way.take() {
                    // 0, and its gradient is infinite.
                    loss = loss + (prediction * 0.0).sqrt().sum();
                }
                Ok((prediction, loss))
            })
            .metric("accuracy", |p, y: &Tensor<usize>| match fails {
                Fails::InTheMetric if on_its_way.take() => Err(bad_shape().into()),
                _ => metrics::accuracy(p, y),
            })
            .with(Refuses(fails, &on_its_way))
            .silent();
        if fails != Fails::Never {
            let ended = catch_unwind(AssertUnwindSafe(|| trainer.fit(&loader, 1)));
            assert_eq!(ended.is_err(), fails == Fails::ByAPanic, "{fails:?}");
            assert!(ended.is_err() || ended.is_ok_and(|ended| ended.is_err()), "{fails:?}");
            let counted = model.get::<BatchNorm1d<f32>>("1").unwrap().running.as_ref().unwrap();
            assert_eq!(counted.batches.get(), 2, "{fails:?}");
        }
        let history = trainer.fit(&loader, 1).unwrap();
        let epoch = history.epochs[0];
        (trainer.checkpoint().model, epoch.train_loss, epoch.train_metric)
    };
    let straight = run(Fails::Never);
    for fails in [
        Fails::NotFinite,
        Fails::InThePass,
        Fails::ByAPanic,
        Fails::InTheMetric,
        Fails::BeforeTheStep,
        Fails::InTheStep,
    ] {
        assert_eq!(run(fails), straight, "{fails:?}");
    }
}
