//! Companions: when they are called, what they see and change, and a run that is interrupted in mid-epoch.

use std::path::PathBuf;

use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{BatchNorm1d, Dropout, Linear, Parts, Relu, Sequential, State};
use wengert_optim::schedule::{CosineAnnealingLr, ReduceLrOnPlateau};
use wengert_optim::{Loader, Optimizer, Resume, Sgd, grad_norm};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{
    Checkpoint, Companion, EarlyStopping, EpochEnd, Error, Fit, Result, Step, Trainer, Why,
    batch_seed,
};

fn net(seed: u64) -> Sequential<f32> {
    let rng = &mut Rng::new(seed);
    Sequential::new()
        .with(Linear::new(2, 16, rng))
        .with(BatchNorm1d::new(16))
        .with(Relu)
        .with(Dropout::new(0.2))
        .with(Linear::new(16, 3, rng))
}

fn loader() -> DataLoader<TensorDataset<f32>> {
    let data = synth::spirals(270, 3, 0.02, 0).unwrap();
    DataLoader::new(data, 40).unwrap().shuffle(3)
}

#[derive(Default)]
struct Diary(Vec<String>);

impl Companion<f32> for Diary {
    fn before_fit(&mut self, fit: &Fit) -> Result<()> {
        self.0.push(format!("fit {} {} {}", fit.epochs_done, fit.epochs, fit.batches));
        Ok(())
    }
    fn before_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        assert!(grad_norm(step.optimizer.parameters())? > 0.0);
        assert_eq!(f64::from(step.loss.item()?), step.loss_value);
        assert!(!step.tape.lines().is_empty() && step.model.parameters().len() == 6);
        self.0.push(format!("before {} {} {}", step.epoch, step.batch, step.step));
        Ok(())
    }
    fn after_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        self.0.push(format!("after {} {} {}", step.epoch, step.batch, step.step));
        Ok(())
    }
    fn after_epoch(&mut self, end: &mut EpochEnd<'_, f32>) -> Result<()> {
        assert_eq!(end.history.epochs.last(), Some(end.epoch));
        self.0.push(format!("epoch {}", end.epoch.number));
        if end.epoch.number == 2 {
            end.stop();
        }
        Ok(())
    }
    fn after_fit(&mut self, end: &mut EpochEnd<'_, f32>) -> Result<()> {
        self.0.push(format!("end {}", end.epoch.number));
        Ok(())
    }
}

#[test]
fn they_are_called_between_the_lines() {
    let (loader, criterion, model) = (loader(), CrossEntropyLoss::new(), net(0));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let mut diary = Diary::default();
    let mut trainer =
        Trainer::new(&model, &criterion, &mut optimizer).seed(1).with(&mut diary).silent();
    assert!(trainer.to_string().contains("with            Diary\n"), "{trainer}");
    let history = trainer.fit(&loader, 9).unwrap();
    assert_eq!(trainer.history().epochs, history.epochs);
    drop(trainer);
    let stopped = history.stopped.unwrap();
    assert_eq!((stopped.why, stopped.epoch, stopped.restored), (Why::Companion, 2, false));
    assert!(history.to_string().contains("stopped after epoch 2: a companion ended the training"));
    assert_eq!(loader.batches(), 7);
    let steps = |epoch: usize| {
        (0..7).flat_map(move |b| {
            let step = 7 * epoch + b;
            [format!("before {epoch} {b} {step}"), format!("after {epoch} {b} {step}")]
        })
    };
    let mut told = vec!["fit 0 9 7".to_string()];
    told.extend(steps(0).chain(["epoch 1".into()]).chain(steps(1)));
    told.extend(["epoch 2".to_string(), "end 2".into()]);
    assert_eq!(diary.0, told);
}

/// Halves the learning rate at each step, and remembers how often.
#[derive(Default)]
struct Halving {
    times: u64,
    /// At which step the run is interrupted: by an error, or by `stop`.
    fails: Option<usize>,
    stops: Option<usize>,
}

impl Companion<f32> for Halving {
    fn before_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        self.times += 1;
        step.optimizer.set_learning_rate(0.1 * 0.97_f64.powi(self.times as i32));
        Ok(())
    }
    fn after_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        if self.stops == Some(step.step) {
            step.stop();
        }
        match self.fails == Some(step.step) {
            true => Err(Error::other("the power is gone")),
            false => Ok(()),
        }
    }
    fn memory(&mut self) -> Option<&mut dyn Resume<f32>> {
        Some(self)
    }
}

impl Resume<f32> for Halving {
    fn state(&self) -> wengert_optim::State<f32> {
        let mut state = wengert_optim::State::of("Halving");
        state.insert_number("times", self.times as f64);
        state
    }
    fn load_state(&mut self, state: wengert_optim::State<f32>) -> wengert_files::Result<()> {
        let mut loader = Loader::new("Halving", state)?;
        let times = loader.count("times");
        loader.finish()?;
        self.times = times;
        Ok(())
    }
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wengert-loop-{}-{name}.safetensors", std::process::id()))
}

type End = (State<f32>, wengert_optim::State<f32>, Vec<(usize, f64, Option<f64>)>, String);

/// Eight epochs of 7 batches, or what is left of them after a checkpoint.
fn run(halving: Halving, from: Option<&PathBuf>, to: Option<&PathBuf>) -> Result<End> {
    let (loader, criterion) = (loader(), CrossEntropyLoss::new());
    let model = net(if from.is_some() { 99 } else { 0 });
    let mut optimizer = Sgd::new(model.parameters(), 0.1).momentum(0.9);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(3)
        .validation(&loader)
        .metric("accuracy", wengert_data::metrics::accuracy)
        .clip_norm(1.0)
        .with(halving)
        .stopping(EarlyStopping::new().patience(100))
        .silent();
    if let Some(file) = to {
        trainer = trainer.checkpoint_to(file).checkpoint_every(5);
    }
    let mut epochs = 8;
    if let Some(file) = from {
        let checkpoint = Checkpoint::load(file)?;
        epochs -= checkpoint.epoch;
        trainer = trainer.resume(&checkpoint)?;
    }
    trainer.fit(&loader, epochs)?;
    let told = trainer.history().epochs.iter();
    let told = told.map(|e| (e.number, e.train_loss, e.train_metric)).collect();
    let stopped = trainer.history().stopped.map(|s| s.to_string()).unwrap_or_default();
    drop(trainer);
    Ok((model.state(), optimizer.state(), told, stopped))
}

#[test]
fn a_run_that_is_interrupted_in_mid_epoch_ends_with_the_same_bits() {
    let straight = run(Halving::default(), None, None).unwrap();
    assert_eq!(straight.2.len(), 8);

    // The power goes in the 27th step; the file is that of the 25th, the fourth batch of the fourth epoch.
    let path = file("power");
    let gone = Halving { fails: Some(26), ..Halving::default() };
    let error = run(gone, None, Some(&path)).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the power is gone");
    let checkpoint = Checkpoint::<f32>::load(&path).unwrap();
    assert_eq!((checkpoint.epoch, checkpoint.batch), (3, 4));
    let resumed = run(Halving::default(), Some(&path), None).unwrap();
    assert!(resumed == straight, "{resumed:?}\n{straight:?}");

    for (step, at) in [(24, (3, 4)), (27, (3, 7)), (28, (4, 1)), (0, (0, 1))] {
        let stops = Halving { stops: Some(step), ..Halving::default() };
        let (_, _, epochs, stopped) = run(stops, None, Some(&path)).unwrap();
        assert_eq!(epochs.len(), at.0);
        assert!(stopped.contains("a companion ended the training"), "{stopped}");
        let checkpoint = Checkpoint::<f32>::load(&path).unwrap();
        assert_eq!((checkpoint.epoch, checkpoint.batch), at);
        let resumed = run(Halving::default(), Some(&path), None).unwrap();
        assert!(resumed == straight, "stopped at step {step}: {resumed:?}\n{straight:?}");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_fit_that_was_stopped_goes_on_in_the_next() {
    let (loader, criterion) = (loader(), CrossEntropyLoss::new());
    let train = |stops: Option<usize>| {
        let model = net(0);
        let mut optimizer = Sgd::new(model.parameters(), 0.1);
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
            .seed(3)
            .with(Halving { stops, ..Halving::default() })
            .silent();
        while trainer.history().epochs.len() < 3 {
            trainer.fit(&loader, 3 - trainer.history().epochs.len()).unwrap();
        }
        let losses: Vec<f64> = trainer.history().train_losses().collect();
        drop(trainer);
        (model.state(), losses)
    };
    assert!(train(None) == train(Some(9)));
}

#[test]
fn a_checkpoint_that_does_not_fit_changes_neither_companion_nor_model() {
    let criterion = CrossEntropyLoss::new();
    let model = net(0);
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let mut plateau = ReduceLrOnPlateau::new(0.1);
    plateau.step(3.0);
    let other = Linear::<f32>::new(2, 3, &mut Rng::new(0));
    let other_optimizer = Sgd::new(other.parameters(), 0.1);
    let checkpoint = Checkpoint::of(&other, &other_optimizer, 2)
        .with("ReduceLrOnPlateau", &ReduceLrOnPlateau::new(0.7));
    let (before, remembered) = (model.state(), plateau.state());
    let trainer: Trainer<'_, f32, _, Tensor<usize>> =
        Trainer::new(&model, &criterion, &mut optimizer).with(&mut plateau);
    assert!(trainer.resume(&checkpoint).is_err());
    assert_eq!(model.state(), before);
    assert_eq!(plateau.state(), remembered);
}

#[test]
fn of_a_setting_that_is_made_twice_the_later_counts() {
    let (criterion, model) = (CrossEntropyLoss::new(), net(0));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let trainer: Trainer<'_, f32, _, Tensor<usize>> =
        Trainer::new(&model, &criterion, &mut optimizer)
            .clip_norm(1.0)
            .clip_norm(0.5)
            .schedule(CosineAnnealingLr::new(0.1, 9))
            .schedule(CosineAnnealingLr::new(0.2, 9));
    let text = trainer.to_string();
    assert!(text.contains("learning rate   by a schedule, step by step\n"), "{text}");
    assert!(text.contains("clipping        all gradients together to length 0.5\n"), "{text}");
    assert_ne!(batch_seed(0, 0, 0), batch_seed(0, 0, 1));
}

#[test]
fn a_small_learning_rate_prints_with_an_exponent() {
    let (criterion, model) = (CrossEntropyLoss::new(), net(0));
    for (rate, text) in [(4e-8, "4e-8"), (0.001, "0.001"), (0.0, "0"), (2.0, "2")] {
        let mut optimizer = Sgd::new(model.parameters(), rate);
        let trainer: Trainer<'_, f32, _, Tensor<usize>> =
            Trainer::new(&model, &criterion, &mut optimizer);
        let printed = trainer.to_string();
        assert!(printed.starts_with(&format!("learning rate   {text}, and stays\n")), "{printed}");
    }
}
