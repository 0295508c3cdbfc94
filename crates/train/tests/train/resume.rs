//! 2N epochs in one go, and N epochs, a file, and N more: the same weights, to the bit.

use std::path::PathBuf;

use wengert_autograd::Param;
use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{BatchNorm1d, Dropout, Linear, Parts, Relu, Sequential, save};
use wengert_optim::{Adam, NAdam, Optimizer, Sgd};
use wengert_tensor::{Float, Rng};
use wengert_train::{Checkpoint, train_epoch};

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
        train_epoch(&straight, &criterion, &mut optimizer, &loader, epoch).unwrap();
    }

    let file = file(name);
    let half = net::<T>(0);
    let mut first = make(half.parameters());
    for epoch in 0..N {
        train_epoch(&half, &criterion, &mut first, &loader, epoch).unwrap();
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
        train_epoch(&resumed, &criterion, &mut second, &loader, epoch).unwrap();
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
