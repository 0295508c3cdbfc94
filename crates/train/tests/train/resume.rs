//! 2N epochs in one go, and N epochs, a file, and N more: the same weights, to the bit.

use std::path::PathBuf;

use wengert_autograd::Param;
use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{BatchNorm1d, Dropout, Linear, Parts, Relu, Sequential, save};
use wengert_optim::schedule::ReduceLrOnPlateau;
use wengert_optim::{Adam, AdamW, Average, NAdam, Optimizer, Resume, Sgd};
use wengert_tensor::{Float, Rng};
use wengert_train::{Checkpoint, EarlyStopping, Error, Trainer, train_epoch_seeded};

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wengert-resume-{}-{name}.safetensors", std::process::id()))
}

/// With batch normalisation, whose buffers must come back, and dropout, whose draws must.
fn net<T: Float>(seed: u64) -> Sequential<T> {
    let rng = &mut Rng::new(seed);
    Sequential::new()
        .with(Linear::new(2, 16, rng))
        .with(BatchNorm1d::new(16))
        .with(Relu)
        .with(Dropout::new(0.2))
        .with(Linear::new(16, 3, rng))
}

fn loader<T: Float>() -> DataLoader<TensorDataset<T>> {
    let data = synth::spirals(90, 3, 0.02, 0).unwrap();
    DataLoader::new(data, 20).unwrap().shuffle(3)
}

fn resumed_is_straight<T: Float, O: Optimizer<T>>(name: &str, make: impl Fn(Vec<Param<T>>) -> O) {
    const N: usize = 4;
    let (loader, criterion) = (loader::<T>(), CrossEntropyLoss::new());

    let straight = net::<T>(0);
    let mut optimizer = make(straight.parameters());
    for epoch in 0..2 * N {
        train_epoch_seeded(&straight, &criterion, &mut optimizer, &loader, epoch, 5).unwrap();
    }

    let file = file(name);
    let half = net::<T>(0);
    let mut first = make(half.parameters());
    for epoch in 0..N {
        train_epoch_seeded(&half, &criterion, &mut first, &loader, epoch, 5).unwrap();
    }
    let checkpoint = Checkpoint::of(&half, &first, N);
    checkpoint.save(&file).unwrap();
    let read = Checkpoint::<T>::load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(read, checkpoint);

    let resumed = net::<T>(99);
    let mut second = make(resumed.parameters());
    let done = read.restore(&resumed, &mut second).unwrap();
    assert_eq!(done, N);
    for epoch in done..2 * N {
        train_epoch_seeded(&resumed, &criterion, &mut second, &loader, epoch, 5).unwrap();
    }
    assert_eq!(resumed.state(), straight.state(), "{name}");
    assert_eq!(second.state(), optimizer.state(), "{name}");
}

#[test]
fn going_on_from_a_file_is_going_on() {
    resumed_is_straight::<f32, _>("adam", |p| Adam::new(p, 0.01));
    resumed_is_straight::<f64, _>("momentum", |p| Sgd::new(p, 0.05).momentum(0.9));
    resumed_is_straight::<f32, _>("nadam", |p| NAdam::new(p, 0.01));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let (model, other) = (net::<f32>(0), Linear::new(2, 3, &mut Rng::new(0)));
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let checkpoint = Checkpoint::of(&model, &optimizer, 1);
    let (before, rate) = (other.state(), optimizer.learning_rate());
    optimizer.set_learning_rate(0.5);
    let error = checkpoint.restore(&other, &mut optimizer).unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("unexpected"), "{error}");
    assert_eq!(other.state(), before);
    assert_ne!(optimizer.learning_rate(), rate);
}

#[test]
fn other_files_are_refused_by_name() {
    let model = net::<f32>(0);
    let weights = file("weights");
    save(&weights, &model.state()).unwrap();
    let error = Checkpoint::<f32>::load(&weights).unwrap_err().to_string();
    assert!(error.contains("is no part of a checkpoint") && error.contains("nn::load"), "{error}");

    let optimizer = Adam::new(model.parameters(), 0.01);
    Checkpoint::of(&model, &optimizer, 1).save(&weights).unwrap();
    let error = Checkpoint::<f64>::load(&weights).unwrap_err().to_string();
    assert!(error.contains("load the checkpoint as f32"), "{error}");
    std::fs::remove_file(&weights).unwrap();
    assert!(Checkpoint::<f32>::load(&weights).is_err());
}

#[test]
fn another_optimisers_checkpoint_is_rejected_by_name_and_changes_nothing() {
    let model = net::<f32>(0);
    let file = file("kind");
    Checkpoint::of(&model, &Adam::new(model.parameters(), 0.01), 1).save(&file).unwrap();
    let checkpoint = Checkpoint::<f32>::load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let other = net::<f32>(7);
    let before = other.state();
    let mut adamw = AdamW::new(other.parameters(), 0.01);
    let error = checkpoint.restore(&other, &mut adamw).unwrap_err();
    assert!(error.to_string().starts_with("AdamW: this state was made by `Adam`"), "{error}");
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_eq!(other.state(), before);
}

#[test]
fn what_else_remembers_comes_back_from_the_file() {
    let model = net::<f32>(0);
    let optimizer = Adam::new(model.parameters(), 0.01);
    let mut average = Average::new(model.parameters(), 0.5);
    let mut plateau = ReduceLrOnPlateau::new(0.5).patience(3);
    let mut stopping = EarlyStopping::new().patience(2);
    stopping.after(&model, 0.5).unwrap();
    stopping.after(&model, 0.75).unwrap();
    plateau.step(2.0);
    plateau.step(3.0);
    model.parameters()[0].update(|w, _| *w = &*w * 2.0);
    average.update().unwrap();
    let file = file("more");
    Checkpoint::of(&model, &optimizer, 2)
        .with("average", &average)
        .with("plateau", &plateau)
        .with("stopping", &stopping)
        .save(&file)
        .unwrap();
    let read = Checkpoint::<f32>::load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();

    let mut again = EarlyStopping::new().patience(2);
    read.restore_into("stopping", &mut again).unwrap();
    assert!(Resume::state(&again) == Resume::state(&stopping));
    let mut mean = Average::new(model.parameters(), 0.5);
    read.restore_into("average", &mut mean).unwrap();
    assert_eq!(mean.values(), average.values());
    let mut rates = ReduceLrOnPlateau::new(0.5).patience(3);
    read.restore_into("plateau", &mut rates).unwrap();
    assert_eq!(rates.state(), plateau.state());
    // The third epoch ends the patience of two, and the weights are those of the first.
    let stopped = again.after(&model, 0.6).unwrap().unwrap();
    assert_eq!((stopped.epoch, stopped.best_epoch, stopped.best_loss), (3, 1, 0.5));
    assert!(stopped.restored);

    assert!(matches!(read.restore_into("plateau", &mut again), Err(Error::File(_))));
    let error = read.restore_into("swa", &mut average).unwrap_err().to_string();
    assert!(error.contains("no `swa` was saved") && error.contains("resume.rs"), "{error}");
    let mut hostile = read.more["stopping"].clone();
    hostile.insert_number("epoch", f64::NAN);
    let error = Resume::load_state(&mut again, hostile).unwrap_err().to_string();
    assert!(error.contains("epoch is NaN, and must be a whole number"), "{error}");
}

#[test]
fn a_trainer_goes_on_with_its_plateau_and_its_early_stopping() {
    let (loader, criterion) = (loader::<f32>(), CrossEntropyLoss::new());
    let file = file("trainer");
    let run = |seed: u64, resume: bool, epochs: usize| {
        let model = net::<f32>(seed);
        let mut optimizer = Sgd::new(model.parameters(), 0.4).momentum(0.9);
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
            .seed(3)
            .plateau(ReduceLrOnPlateau::new(0.4).factor(0.5).patience(0))
            .stopping(EarlyStopping::new().patience(6))
            .checkpoint_to(&file)
            .silent();
        if resume {
            trainer = trainer.resume(&Checkpoint::load(&file).unwrap()).unwrap();
        }
        let history = trainer.fit(&loader, epochs).unwrap();
        drop(trainer);
        (model.state(), optimizer.state(), history)
    };
    let straight = run(0, false, 12);
    run(0, false, 5);
    let resumed = run(99, true, 7);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(resumed.0, straight.0);
    assert_eq!(resumed.1, straight.1);
    assert_eq!(resumed.2.stopped, straight.2.stopped);
    assert_eq!(resumed.2.epochs[0].number, 6);
    let rates: Vec<f64> = straight.2.learning_rates().collect();
    assert!(rates.last() < rates.first(), "the plateau has lowered nothing: {rates:?}");
}
