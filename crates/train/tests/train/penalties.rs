//! Penalties in a trainer: the loss of the data, each penalty and the objective are told apart, by name.

use wengert_autograd::Tape;
use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::penalty::Penalty;
use wengert_loss::{CrossEntropyLoss, Loss};
use wengert_nn::{Dropout, Linear, Module, Parts, Sequential, Tanh};
use wengert_optim::{Adam, Optimizer, ProximalStep, Sgd};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{Checkpoint, Companion, Error, Result, Step, Trainer, batch_seed};

type Set = TensorDataset<f64>;

fn net() -> Sequential<f64> {
    let rng = &mut Rng::new(0);
    Sequential::new()
        .with(Linear::new(2, 8, rng))
        .with(Tanh)
        .with(Dropout::new(0.1))
        .with(Linear::new(8, 2, rng))
}

fn loader() -> DataLoader<Set> {
    DataLoader::new(synth::moons(90, 0.2, 0), 20).unwrap().shuffle(1)
}

/// Two penalties and one that is done after the step, in a trainer.
fn trainer<'a>(
    model: &'a Sequential<f64>,
    criterion: &'a CrossEntropyLoss<f64>,
    optimizer: &'a mut dyn Optimizer<f64>,
) -> Trainer<'a, f64, Tensor<f64>, Tensor<usize>> {
    Trainer::new(model, criterion, optimizer)
        .penalty("l2", |tape, parameters| Penalty::l2(0.01).on(tape, parameters))
        .penalty("rows", |tape, parameters| Penalty::group_lasso(0.001).on(tape, parameters))
        .with(ProximalStep::max_norm(2.0))
        .seed(3)
        .silent()
}

#[test]
fn a_trainer_with_penalties_is_the_loop_with_an_objective() {
    let (loader, criterion) = (loader(), CrossEntropyLoss::new());
    let by_hand = net();
    let mut optimizer = Adam::new(by_hand.parameters(), 0.01);
    let bound = ProximalStep::max_norm(2.0);
    let mut told = Vec::new();
    for epoch in 0..3 {
        let (mut sums, mut count) = ([0.0; 3], 0.0);
        for (batch, (inputs, targets)) in loader.epoch(epoch).enumerate() {
            let tape = Tape::new().seeded(batch_seed(3, epoch, batch));
            optimizer.zero_grad();
            let samples = targets.len() as f64;
            let outputs = by_hand.call(tape.constant(inputs)).unwrap();
            let loss = criterion.forward(outputs, &targets).unwrap();
            let l2 = Penalty::l2(0.01).on(&tape, &by_hand.parameters()).unwrap();
            let rows = Penalty::group_lasso(0.001).on(&tape, &by_hand.parameters()).unwrap();
            for (sum, x) in sums.iter_mut().zip([loss, l2, rows]) {
                *sum += x.item().unwrap() * samples;
            }
            count += samples;
            (loss + l2 + rows).backward().unwrap();
            optimizer.step().unwrap();
            bound.after(&optimizer).unwrap();
        }
        told.push(sums.map(|sum| sum / count));
    }

    let model = net();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let history = trainer(&model, &criterion, &mut optimizer).fit(&loader, 3).unwrap();
    assert_eq!(model.state(), by_hand.state());
    let names: Vec<&str> = history.penalties.iter().map(|p| &*p.name).collect();
    assert_eq!(names, ["l2", "rows"]);
    assert!(history.penalty("l1").is_none());
    for (k, [loss, l2, rows]) in told.into_iter().enumerate() {
        let epoch = history.epochs[k];
        let got =
            [epoch.train_loss, history.penalty("l2").unwrap()[k], history.penalties[1].means[k]];
        for (got, expected) in got.iter().zip([loss, l2, rows]) {
            assert!((got - expected).abs() < 1e-14, "{got} {expected}");
        }
        assert_eq!(epoch.objective, got[0] + got[1] + got[2]);
        // Stopping and the plateau go by the loss of the data.
        assert_eq!(epoch.loss(), epoch.train_loss);
    }
    assert_eq!(history.objectives().count(), 3);
    let table = history.to_string();
    let head: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head[..5], ["epoch", "loss", "l2", "rows", "objective"], "{table}");
    let row: Vec<&str> = table.lines().nth(3).unwrap().split_whitespace().collect();
    assert_eq!(row[4], format!("{:.4}", history.epochs[2].objective), "{table}");
}

#[test]
fn without_penalties_the_objective_is_the_loss() {
    let (model, criterion) = (net(), CrossEntropyLoss::new());
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(0)
        .silent()
        .fit(&loader(), 2)
        .unwrap();
    assert!(history.epochs.iter().all(|e| e.objective == e.train_loss));
    assert!(!history.to_string().contains("objective"));
}

/// Stops in the middle of the second epoch.
struct StopAt(usize);

impl Companion<f64> for StopAt {
    fn after_step(&mut self, step: &mut Step<'_, f64>) -> Result<()> {
        assert!(step.objective_value > step.loss_value);
        if step.step == self.0 {
            step.stop();
        }
        Ok(())
    }
}

/// Interrupted in mid-epoch, saved to a file and continued: the same weights and the same history, to the bit.
#[test]
fn means_of_penalties_survive_a_checkpoint_in_mid_epoch() {
    let (loader, criterion) = (loader(), CrossEntropyLoss::new());
    let whole = net();
    let mut optimizer = Adam::new(whole.parameters(), 0.01);
    let expected = trainer(&whole, &criterion, &mut optimizer).fit(&loader, 4).unwrap();

    let model = net();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut first = trainer(&model, &criterion, &mut optimizer).with(StopAt(7));
    first.fit(&loader, 4).unwrap();
    let file = std::env::temp_dir().join(format!("penalties-{}.safetensors", std::process::id()));
    first.checkpoint().save(&file).unwrap();
    let checkpoint = Checkpoint::load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((checkpoint.epoch, checkpoint.batch), (1, 3));

    let again = net();
    let mut optimizer = Adam::new(again.parameters(), 0.01);
    let mut second = trainer(&again, &criterion, &mut optimizer).resume(&checkpoint).unwrap();
    second.fit(&loader, 3).unwrap();
    let history = second.history().clone();
    drop(second);
    assert_eq!(again.state(), whole.state());
    assert_eq!(history.penalties, expected.penalties);
    for (got, expected) in history.epochs.iter().zip(&expected.epochs) {
        assert_eq!((got.train_loss, got.objective), (expected.train_loss, expected.objective));
    }

    // A trainer with other penalties does not take it up.
    let mut optimizer = Adam::new(again.parameters(), 0.01);
    let error = Trainer::<f64, Tensor<f64>, Tensor<usize>>::new(&again, &criterion, &mut optimizer)
        .penalty("l1", |tape, parameters| Penalty::l1(0.01).on(tape, parameters))
        .resume(&checkpoint)
        .unwrap_err()
        .to_string();
    assert!(error.contains("missing: `penalty.l1.sum`"), "{error}");
}

#[test]
fn one_name_twice_is_numbered_and_a_penalty_that_is_not_finite_is_an_error() {
    let (model, criterion) = (net(), CrossEntropyLoss::new());
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let before = model.state();
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .penalty("l2", |tape, parameters| Penalty::l2(0.01).of("0.*").on(tape, parameters))
        .penalty("l2", |tape, _| Ok(tape.constant(Tensor::scalar(f64::INFINITY))))
        .seed(0)
        .silent();
    assert!(
        trainer.to_string().contains("penalty         l2\npenalty         l2 2\n"),
        "{trainer}"
    );
    let error = trainer.fit(&loader(), 1).unwrap_err();
    assert!(matches!(error, Error::NotFinite { loss: f64::INFINITY, .. }), "{error}");
    assert_eq!(model.state(), before);
}
